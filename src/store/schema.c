/* schema.c - the catalogue as tables, indexes, triggers and views, and bringing a file up to them.
 *
 * A new property is a new column at the next opening. Everything but tables can be made again at any time, so when its text
 * differs it is dropped and made anew. A file that has columns we do not know was used by a newer ipamtui: what that one made
 * stays as it is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/hash.h"
#include "ipamtui/text.h"
#include "store_int.h"

const char *schema_column(const struct property *property)
{
    if (property->sql && !(property->flags & (PROP_FACT | PROP_LOCAL)))
        return NULL;
    return property->column ? property->column : property->name;
}

static const char *affinity(enum kind kind)
{
    switch (kind) {
    case KIND_TEXT:
    case KIND_IPV6:
    case KIND_ENUM:
    case KIND_VERSION: return "TEXT COLLATE NOCASE";
    case KIND_PERCENT: return "REAL";
    default: return "INTEGER";
    }
}

static bool is_server(const struct object_type *object)
{
    return strcmp(object->table, "server") == 0;
}

static bool word_char(char c)
{
    return c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Copies a property's SQL with its alias "o." replaced, and the thresholds by their defaults. */
static void add_sql(struct buf *out, const char *sql, const char *alias)
{
    for (const char *p = sql; *p;) {
        bool start = p == sql || !word_char(p[-1]);

        if (start && p[0] == 'o' && p[1] == '.') {
            buf_adds(out, alias);
            p += 2;
        } else if (strncmp(p, ":over", 5) == 0) {
            buf_adds(out, "80");
            p += 5;
        } else if (strncmp(p, ":under", 6) == 0) {
            buf_adds(out, "20");
            p += 6;
        } else {
            buf_addc(out, *p++);
        }
    }
}

/* The value of a property in SQL, with this alias ("o.", "new.", ""). */
static void add_expression(struct buf *out, const struct property *p, const char *alias)
{
    if (p->sql)
        add_sql(out, p->sql, alias);
    else
        buf_addf(out, "%s\"%s\"", alias, schema_column(p));
}

static void add_dotted(struct buf *out, const char *expression)
{
    buf_addf(out, "((%s)>>24)||'.'||((%s)>>16&255)||'.'||((%s)>>8&255)||'.'||((%s)&255)", expression, expression,
             expression, expression);
}

/* ------------------------------------------------------------------ tables */
static void add_keys(struct buf *out, const struct object_type *object, const char *before)
{
    for (size_t i = 0; i < object->property_count; i++)
        if (object->properties[i].flags & PROP_KEY)
            buf_addf(out, ", %s\"%s\"", before, schema_column(&object->properties[i]));
}

static void table_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE TABLE \"%s\"(id INTEGER PRIMARY KEY AUTOINCREMENT,"
             " server INTEGER NOT NULL REFERENCES server(id) ON DELETE CASCADE, first_seen INTEGER", object->table);
    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *p = &object->properties[i];

        if (schema_column(p))
            buf_addf(out, ", \"%s\" %s%s", schema_column(p), affinity(p->kind), p->flags & PROP_KEY ? " NOT NULL" : "");
    }
    buf_adds(out, ", UNIQUE(server");
    add_keys(out, object, "");
    buf_adds(out, "))");
}

static void find_table_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE TABLE \"%s_find\"(server INTEGER NOT NULL", object->table);
    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *p = &object->properties[i];

        if (p->flags & PROP_KEY)
            buf_addf(out, ", \"%s\" %s NOT NULL", schema_column(p), affinity(p->kind));
    }
    buf_adds(out, ", row INTEGER NOT NULL, find TEXT NOT NULL, PRIMARY KEY(server");
    add_keys(out, object, "");
    buf_adds(out, ")) WITHOUT ROWID");
}

/* All searched text of a server's rows in one piece: a word that is not in it is in none of them. The bitmaps of its runs of
 * three and of two bytes are much smaller and say so for most words; empty names the columns that some row has nothing
 * in (",name,state,"). Missing = not known; the triggers throw it away,
 * store_source_done() makes it. */
static void words_table_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE TABLE \"%s_words\"(server INTEGER PRIMARY KEY REFERENCES server(id) ON DELETE CASCADE,"
             " empty TEXT, threes BLOB, twos BLOB, text TEXT)", object->table);
}

/* ------------------------------------------------------------------ free text */
/* Calls fn for each free-text property of the object's own table. */
static void each_free_text(const struct object_type *object, void (*fn)(struct buf *, const struct property *, const char *),
                           struct buf *out, const char *alias)
{
    for (const char *at = object->free_text; *at;) {
        size_t len = strcspn(at, ",");
        char name[64];
        int place;

        snprintf(name, sizeof(name), "%.*s", (int)len, at);
        place = catalog_property(object, name);
        if (place >= 0 && !(object->properties[place].sql && strncmp(object->properties[place].sql, "s.", 2) == 0))
            fn(out, &object->properties[place], alias);
        at += len + (at[len] == ',');
    }
}

/* One property's part of the searched text: as it is shown, lower case. "/24" stays next to its network. */
static void add_find_part(struct buf *out, const struct property *p, const char *alias)
{
    struct buf expression = { 0 };

    add_expression(&expression, p, alias);
    if (p->kind == KIND_IPV4) {
        buf_adds(out, "||char(10)||coalesce(");
        add_dotted(out, buf_at(&expression));
        buf_adds(out, ",'')");
    } else {
        buf_addf(out, "||%s||coalesce(%s,'')", p->kind == KIND_PREFIX ? "'/'" : "char(10)", buf_at(&expression));
    }
    buf_done(&expression);
}

/* Columns that a property is made of: its own, or those that its SQL names. */
static void add_find_columns(struct buf *out, const struct property *p, const char *alias)
{
    (void)alias;
    if (!p->sql) {
        buf_addf(out, "%s\"%s\"", out->len ? "," : "", schema_column(p));
        return;
    }
    for (const char *at = strstr(p->sql, "o."); at; at = strstr(at + 1, "o."))
        if (at == p->sql || !word_char(at[-1]))
            buf_addf(out, "%s%.*s", out->len ? "," : "", (int)strspn(at + 2, "abcdefghijklmnopqrstuvwxyz_0123456789"), at + 2);
}

/* "|| iif(max(name is empty), 'name,', '')" for one property. */
static void add_empty_part(struct buf *out, const struct property *p, const char *alias)
{
    (void)alias;
    if (!p->sql)
        buf_addf(out, " || iif(max(coalesce(\"%s\", '') = ''), '%s,', '')", schema_column(p), p->name);
}

void schema_words_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "INSERT INTO \"%s_words\" SELECT ?1, (SELECT ','", object->table);
    each_free_text(object, add_empty_part, out, "");
    buf_addf(out, " FROM \"%s\" WHERE server = ?1), runs(t, 3), runs(t, 2), t FROM (SELECT coalesce(group_concat(find, char(10)), '')"
             " AS t FROM \"%s_find\" WHERE server = ?1) WHERE NOT EXISTS (SELECT 1 FROM \"%s_words\" WHERE server = ?1)",
             object->table, object->table, object->table);
}

static void find_expression(const struct object_type *object, const char *alias, struct buf *out)
{
    buf_adds(out, "lower(''");
    each_free_text(object, add_find_part, out, alias);
    buf_adds(out, ")");
}

static void find_new_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE TRIGGER \"%s_find_new\" AFTER INSERT ON \"%s\" BEGIN INSERT OR REPLACE INTO \"%s_find\" VALUES(new.server",
             object->table, object->table, object->table);
    add_keys(out, object, "new.");
    buf_adds(out, ", new.id, ");
    find_expression(object, "new.", out);
    buf_addf(out, "); DELETE FROM \"%s_words\" WHERE server = new.server; END", object->table);
}

static void find_where(const struct object_type *object, const char *alias, struct buf *out)
{
    buf_addf(out, " WHERE server = %sserver", alias);
    for (size_t i = 0; i < object->property_count; i++)
        if (object->properties[i].flags & PROP_KEY)
            buf_addf(out, " AND \"%s\" = %s\"%s\"", schema_column(&object->properties[i]), alias,
                     schema_column(&object->properties[i]));
}

static void find_set_sql(const struct object_type *object, struct buf *out)
{
    struct buf columns = { 0 };

    each_free_text(object, add_find_columns, &columns, "");
    buf_addf(out, "CREATE TRIGGER \"%s_find_set\" AFTER UPDATE OF %s ON \"%s\" BEGIN UPDATE \"%s_find\" SET find = ",
             object->table, buf_at(&columns), object->table, object->table);
    find_expression(object, "new.", out);
    find_where(object, "new.", out);
    buf_addf(out, "; DELETE FROM \"%s_words\" WHERE server = new.server; END", object->table);
    buf_done(&columns);
}

static void find_gone_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE TRIGGER \"%s_find_gone\" AFTER DELETE ON \"%s\" BEGIN DELETE FROM \"%s_find\"", object->table,
             object->table, object->table);
    find_where(object, "old.", out);
    buf_adds(out, "; END");
}

/* ------------------------------------------------------------------ what is summed up over servers */
static void touch_table_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE TABLE \"%s_touch\"(server INTEGER NOT NULL, key TEXT COLLATE NOCASE NOT NULL, PRIMARY KEY(server, key))"
             " WITHOUT ROWID", object->table);
}

static void touch_new_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE TRIGGER \"%s_touch_new\" AFTER INSERT ON \"%s\" BEGIN INSERT OR IGNORE INTO \"%s_touch\" VALUES(new.server,"
             " new.\"%s\"); END",
             object->table, object->table, object->table, object->touch);
}

/* Only what comes from a server or from the operator: what the summing up itself writes must not touch the row again. */
static void add_touch_set(const struct object_type *object, bool local, struct buf *out)
{
    const char *comma = "";

    buf_addf(out, "CREATE TRIGGER \"%s_touch_%s\" AFTER UPDATE OF ", object->table, local ? "own" : "set");
    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *p = &object->properties[i];

        if (!schema_column(p) || !(local ? (p->flags & PROP_LOCAL) != 0 : p->read.source != NULL))
            continue;
        buf_addf(out, "%s\"%s\"", comma, schema_column(p));
        comma = ", ";
    }
    buf_addf(out, " ON \"%s\" BEGIN INSERT OR IGNORE INTO \"%s_touch\" VALUES(%s, new.\"%s\"); END", object->table, object->table,
             local ? "0" : "new.server", object->touch);
}

static void touch_set_sql(const struct object_type *object, struct buf *out)
{
    add_touch_set(object, false, out);
}

/* By the operator, while the server may be in the middle of its answer: server 0. */
static void touch_own_sql(const struct object_type *object, struct buf *out)
{
    add_touch_set(object, true, out);
}

static void touch_gone_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE TRIGGER \"%s_touch_gone\" AFTER DELETE ON \"%s\" BEGIN INSERT OR IGNORE INTO \"%s_touch\" VALUES(old.server,"
             " old.\"%s\"); END",
             object->table, object->table, object->table, object->touch);
}

/* By the server's own state, which needs no other answer to be judged: server 0. */
static void touch_server_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE TRIGGER \"%s_touch_server\" AFTER UPDATE OF %s ON server BEGIN INSERT OR IGNORE INTO \"%s_touch\""
             " SELECT 0, \"%s\" FROM \"%s\" WHERE server = new.id; END",
             object->table, object->touch_server, object->table, object->touch, object->table);
}

/* ------------------------------------------------------------------ views: for people with sqlite3 */
static void add_view_value(struct buf *out, const struct property *p)
{
    struct buf expression = { 0 };

    add_expression(&expression, p, "o.");
    if (p->kind == KIND_IPV4)
        add_dotted(out, buf_at(&expression));
    else if (p->kind == KIND_TIME)
        buf_addf(out, "strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', %s, 'unixepoch')", buf_at(&expression));
    else
        buf_adds(out, buf_at(&expression));
    buf_done(&expression);
}

static void view_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "CREATE VIEW \"%s\" AS SELECT o.id AS id", object->name);
    for (size_t i = 0; i < object->property_count; i++) {
        buf_adds(out, ", ");
        add_view_value(out, &object->properties[i]);
        buf_addf(out, " AS \"%s\"", object->properties[i].name);
    }
    buf_addf(out, " FROM \"%s\" o", object->table);
    if (!is_server(object) && !object->apart)
        buf_adds(out, " JOIN server s ON s.id = o.server");
}

/* ------------------------------------------------------------------ all of it, as rows */
enum thing_kind { THING_TABLE, THING_CACHE /* a table that can be filled again */, THING_INDEX, THING_TRIGGER, THING_VIEW };
struct thing {
    enum thing_kind kind;
    char *name, *sql;
};
struct things {
    struct thing *rows;
    size_t count, cap;
};

static void add_thing(struct things *things, enum thing_kind kind, char *name_take, struct buf *sql_take)
{
    x_grow(&things->rows, &things->cap, things->count + 1, sizeof(*things->rows));
    things->rows[things->count++] = (struct thing){ kind, name_take, buf_steal(sql_take) };
}

static void things_done(struct things *things)
{
    for (size_t i = 0; i < things->count; i++) {
        free(things->rows[i].name);
        free(things->rows[i].sql);
    }
    free(things->rows);
}

static void add_indexes(struct things *things, const struct object_type *object)
{
    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *p = &object->properties[i];
        struct buf sql = { 0 };

        if (!(p->flags & PROP_INDEX))
            continue;
        buf_addf(&sql, "CREATE INDEX \"%s_by_%s\" ON \"%s\"(%s", object->table, p->name, object->table, p->sql ? "(" : "");
        add_expression(&sql, p, "");
        buf_adds(&sql, p->sql ? "))" : ")");
        add_thing(things, THING_INDEX, x_asprintf("%s_by_%s", object->table, p->name), &sql);
    }
}

static void add_find(struct things *things, const struct object_type *object)
{
    static const struct {
        enum thing_kind kind;
        const char *suffix;
        void (*sql)(const struct object_type *, struct buf *);
    } parts[] = { { THING_TABLE, "find", find_table_sql },
                  { THING_CACHE, "words", words_table_sql },
                  { THING_TRIGGER, "find_new", find_new_sql },
                  { THING_TRIGGER, "find_set", find_set_sql },
                  { THING_TRIGGER, "find_gone", find_gone_sql } };

    for (size_t i = 0; object->find_table && i < COUNT(parts); i++) {
        struct buf sql = { 0 };

        parts[i].sql(object, &sql);
        add_thing(things, parts[i].kind, x_asprintf("%s_%s", object->table, parts[i].suffix), &sql);
    }
}

static void add_touch(struct things *things, const struct object_type *object)
{
    static const struct {
        enum thing_kind kind;
        const char *suffix;
        void (*sql)(const struct object_type *, struct buf *);
    } parts[] = { { THING_CACHE, "touch", touch_table_sql },
                  { THING_TRIGGER, "touch_new", touch_new_sql },
                  { THING_TRIGGER, "touch_set", touch_set_sql },
                  { THING_TRIGGER, "touch_own", touch_own_sql },
                  { THING_TRIGGER, "touch_gone", touch_gone_sql },
                  { THING_TRIGGER, "touch_server", touch_server_sql } };

    for (size_t i = 0; object->touch && i < COUNT(parts); i++) {
        struct buf sql = { 0 };

        parts[i].sql(object, &sql);
        add_thing(things, parts[i].kind, x_asprintf("%s_%s", object->table, parts[i].suffix), &sql);
    }
}

static void things_of(const struct object_type *object, struct things *things)
{
    struct buf sql = { 0 };

    if (!is_server(object) && !object->apart) {
        table_sql(object, &sql);
        add_thing(things, THING_TABLE, x_strdup(object->table), &sql);
    }
    add_find(things, object);
    add_touch(things, object);
    add_indexes(things, object);
    view_sql(object, &sql);
    add_thing(things, THING_VIEW, x_strdup(object->name), &sql);
}

/* The columns of the server table come by ALTER alone; they belong to the text that tells one schema from another. */
static void server_columns(const struct object_type *object, struct buf *out)
{
    for (size_t i = 0; is_server(object) && i < object->property_count; i++) {
        const struct property *p = &object->properties[i];

        if (schema_column(p))
            buf_addf(out, "-- server.%s %s\n", schema_column(p), affinity(p->kind));
    }
}

void schema_object_ddl(const struct object_type *object, struct buf *out)
{
    struct things things = { 0 };

    server_columns(object, out);
    things_of(object, &things);
    for (size_t i = 0; i < things.count; i++)
        buf_addf(out, "%s;\n", things.rows[i].sql);
    things_done(&things);
}

/* ------------------------------------------------------------------ is it ours */
/* A hash of the text of the whole schema. */
static void fingerprint(char out[17])
{
    struct buf ddl = { 0 };

    for (size_t i = 0; catalog_objects[i]; i++)
        schema_object_ddl(catalog_objects[i], &ddl);
    snprintf(out, 17, "%016" PRIx64, hash_bytes(HASH_START, buf_at(&ddl), ddl.len));
    buf_done(&ddl);
}

static bool same_fingerprint(struct store *store, bool *same, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    char ours[17];
    int rc;

    fingerprint(ours);
    if (sqlite3_prepare_v2(store->db, "SELECT value = ?1 FROM meta WHERE key = 'catalogue'", -1, &stmt, NULL) != SQLITE_OK)
        return store_fail(store, "opening", err);
    sqlite3_bind_text(stmt, 1, ours, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    *same = rc == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 1;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        store_fail(store, "opening", err);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

bool schema_check(struct store *store, bool *current, struct err *err)
{
    int64_t application = 0, version = 0, tables = 0;

    *current = false;
    if (!store_integer(store, "PRAGMA application_id", 0, &application, err) ||
        !store_integer(store, "PRAGMA user_version", 0, &version, err) ||
        !store_integer(store, "SELECT count(*) FROM sqlite_schema", 0, &tables, err))
        return false;
    if (tables == 0)
        return true;
    if (application != STORE_APPLICATION_ID)
        return err_set(err, ERR_INPUT, store_where(store),
                       "this database belongs to another program; it was left as it is: name another with --db");
    if (version > (int64_t)store_step_count)
        return err_set(err, ERR_INPUT, store_where(store),
                       "this database was written by a newer ipamtui (its schema is %" PRId64 ", this one knows %zu): use "
                       "the newer one, or name another database with --db", version, store_step_count);
    return version < (int64_t)store_step_count || same_fingerprint(store, current, err);
}

/* ------------------------------------------------------------------ bringing it up */
static bool run_steps(struct store *store, struct err *err)
{
    int64_t version = 0;
    char sql[64];

    if (!store_integer(store, "PRAGMA user_version", 0, &version, err))
        return false;
    for (size_t i = (size_t)version; i < store_step_count; i++)
        if (!store_exec(store, store_steps[i].sql, store_steps[i].name, err))
            return false;
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu; PRAGMA application_id = %d", store_step_count, STORE_APPLICATION_ID);
    return store_exec(store, sql, "setting up the database", err);
}

/* What sqlite_schema has under this name; *sql is the caller's to free, NULL = nothing. */
static bool existing_sql(struct store *store, const char *name, char **sql, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT sql FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE", err);
    int rc;

    *sql = NULL;
    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *sql = x_strdup((const char *)sqlite3_column_text(stmt, 0));
    else if (rc != SQLITE_DONE)
        store_fail(store, "reading the schema", err);
    store_release(store, stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

static bool known_column(const struct object_type *object, const char *name)
{
    static const char *const own[] = { "id", "server", "first_seen", "added_at" };

    for (size_t i = 0; i < COUNT(own); i++)
        if (strcmp(own[i], name) == 0)
            return true;
    for (size_t i = 0; i < object->property_count; i++)
        if (schema_column(&object->properties[i]) && text_casecmp(schema_column(&object->properties[i]), name) == 0)
            return true;
    return false;
}

/* Marks which properties have their column (have[property_count]); *newer: there are columns we do not know. */
static bool read_columns(struct store *store, const struct object_type *object, bool *have, bool *newer, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT name FROM pragma_table_info(?1)", err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, object->table, -1, SQLITE_STATIC);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);

        *newer = *newer || !known_column(object, name);
        for (size_t i = 0; i < object->property_count; i++)
            if (schema_column(&object->properties[i]) && text_casecmp(schema_column(&object->properties[i]), name) == 0)
                have[i] = true;
    }
    if (rc != SQLITE_DONE)
        store_fail(store, "reading the schema", err);
    store_release(store, stmt);
    return rc == SQLITE_DONE;
}

static bool add_columns(struct store *store, const struct object_type *object, bool *newer, struct err *err)
{
    bool *have = x_calloc(object->property_count, sizeof(*have));
    bool ok = read_columns(store, object, have, newer, err);

    for (size_t i = 0; ok && i < object->property_count; i++) {
        const struct property *p = &object->properties[i];
        char *sql;

        if (have[i] || !schema_column(p))
            continue;
        sql = x_asprintf("ALTER TABLE \"%s\" ADD COLUMN \"%s\" %s", object->table, schema_column(p), affinity(p->kind));
        ok = store_exec(store, sql, "adding a column", err);
        free(sql);
    }
    free(have);
    return ok;
}

/* Makes one thing that is missing or different. *made: it was not there like this before. */
static bool make_thing(struct store *store, const struct thing *thing, bool keep, bool *made, struct err *err)
{
    static const char *const words[] = { "TABLE", "TABLE", "INDEX", "TRIGGER", "VIEW" };
    char *old = NULL, *drop = NULL;
    bool ok = existing_sql(store, thing->name, &old, err);

    *made = ok && !(old && (thing->kind == THING_TABLE || keep || strcmp(old, thing->sql) == 0));
    if (ok && *made && old) {
        drop = x_asprintf("DROP %s \"%s\"", words[thing->kind], thing->name);
        ok = store_exec(store, drop, "updating the schema", err);
    }
    if (ok && *made)
        ok = store_exec(store, thing->sql, "updating the schema", err);
    free(drop);
    free(old);
    return ok;
}

/* The searched text of all rows, when what is searched has changed. */
static bool fill_find(struct store *store, const struct object_type *object, struct err *err)
{
    struct buf sql = { 0 };
    bool ok;

    buf_addf(&sql, "DELETE FROM \"%s_find\"; INSERT INTO \"%s_find\" SELECT o.server", object->table, object->table);
    add_keys(&sql, object, "o.");
    buf_adds(&sql, ", o.id, ");
    find_expression(object, "o.", &sql);
    buf_addf(&sql, " FROM \"%s\" o; DELETE FROM \"%s_words\"", object->table, object->table);
    ok = store_exec(store, buf_at(&sql), "updating the searched text", err);
    buf_done(&sql);
    return ok;
}

static bool update_object(struct store *store, const struct object_type *object, bool *any_newer, struct err *err)
{
    struct things things = { 0 };
    bool newer = false, find_changed = false, made, ok = true;

    things_of(object, &things);
    /* Tables first: what follows names their columns. */
    for (size_t i = 0; ok && i < things.count; i++)
        if (things.rows[i].kind == THING_TABLE)
            ok = make_thing(store, &things.rows[i], false, &made, err);
    ok = ok && (object->apart || add_columns(store, object, &newer, err));
    for (size_t i = 0; ok && i < things.count; i++) {
        if (things.rows[i].kind == THING_TABLE)
            continue;
        ok = make_thing(store, &things.rows[i], newer, &made, err);
        find_changed = find_changed || (made && things.rows[i].kind == THING_TRIGGER);
    }
    if (ok && find_changed && object->find_table)
        ok = fill_find(store, object, err);
    *any_newer = *any_newer || newer;
    things_done(&things);
    return ok;
}

static bool keep_fingerprint(struct store *store, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "INSERT OR REPLACE INTO meta VALUES('catalogue', ?1)", err);
    char ours[17];

    if (!stmt)
        return false;
    fingerprint(ours);
    sqlite3_bind_text(stmt, 1, ours, -1, SQLITE_STATIC);
    return store_run(store, stmt, "setting up the database", err);
}

bool schema_update(struct store *store, struct err *err)
{
    bool newer = false, current = false, ok;

    if (!store_begin(store, err))
        return false;
    /* Another process may have done it while we waited. */
    ok = schema_check(store, &current, err);
    if (ok && !current) {
        ok = run_steps(store, err);
        for (size_t i = 0; ok && catalog_objects[i]; i++)
            ok = update_object(store, catalog_objects[i], &newer, err);
        if (ok && !newer)
            ok = keep_fingerprint(store, err);
    }
    if (ok && store_commit(store, err))
        return true;
    store_rollback(store);
    return false;
}
