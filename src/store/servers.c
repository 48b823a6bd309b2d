/* servers.c - the list of servers, what is set by hand, facts, settings. */
#include <stdlib.h>
#include <string.h>

#include "ipamtui/clock.h"
#include "store_int.h"

static const struct property *server_property(int property)
{
    return &catalog_servers.properties[property];
}

static const char *name_of(const struct value *values)
{
    int name = catalog_property(&catalog_servers, "server");

    return values[name].type == VALUE_TEXT ? values[name].s : NULL;
}

static bool conflict(struct store *store, const char *name, struct err *err)
{
    if (sqlite3_errcode(store->db) == SQLITE_CONSTRAINT)
        return err_set(err, ERR_CONFLICT, name, "there is a server of this name already");
    return store_fail(store, "writing a server", err);
}

bool store_server_add(struct store *store, const struct value *values, server_id *out, struct err *err)
{
    struct buf columns = { 0 }, marks = { 0 };
    const char *name = name_of(values);
    sqlite3_stmt *stmt;
    char *sql;
    int at = 0, rc;

    if (!name || name[0] == '\0')
        return err_set(err, ERR_INPUT, "server", "a server needs a name");
    for (size_t i = 0; i < catalog_servers.property_count; i++)
        if (server_property((int)i)->flags & PROP_LOCAL) {
            buf_addf(&columns, ", \"%s\"", schema_column(server_property((int)i)));
            buf_adds(&marks, ", ?");
        }
    sql = x_asprintf("INSERT INTO server(added_at%s) VALUES(?%s)", buf_at(&columns), buf_at(&marks));
    stmt = store_prepare(store, sql, err);
    free(sql);
    buf_done(&columns);
    buf_done(&marks);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, ++at, clock_now_s());
    for (size_t i = 0; i < catalog_servers.property_count; i++)
        if (server_property((int)i)->flags & PROP_LOCAL)
            store_bind(stmt, ++at, values[i]);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_DONE)
        *out = sqlite3_last_insert_rowid(store->db);
    else
        conflict(store, name, err);
    store_release(store, stmt);
    return rc == SQLITE_DONE;
}

/* UPDATE server SET column = v; ERR_NOT_FOUND when there is no such server. */
static bool put_column(struct store *store, server_id server, int property, struct value v, struct err *err)
{
    char *sql = x_asprintf("UPDATE server SET \"%s\" = ?1 WHERE id = ?2", schema_column(server_property(property)));
    sqlite3_stmt *stmt = store_prepare(store, sql, err);
    bool ok = false;

    free(sql);
    if (!stmt)
        return false;
    store_bind(stmt, 1, v);
    sqlite3_bind_int64(stmt, 2, server);
    if (sqlite3_step(stmt) != SQLITE_DONE)
        conflict(store, v.type == VALUE_TEXT ? v.s : "server", err);
    else
        ok = sqlite3_changes(store->db) > 0 || err_set(err, ERR_NOT_FOUND, "server", "this server is not in the list any more");
    store_release(store, stmt);
    return ok;
}

bool store_server_set(struct store *store, server_id server, int property, struct value v, struct err *err)
{
    const struct property *p = server_property(property);

    if (!(p->flags & PROP_LOCAL))
        return err_set(err, ERR_INPUT, p->name, "%s is not set by hand: it is what the server answers", p->name);
    if ((p->flags & PROP_KEY) && (v.type != VALUE_TEXT || v.s[0] == '\0'))
        return err_set(err, ERR_INPUT, p->name, "a server needs a name");
    return put_column(store, server, property, v, err);
}

static bool remove_row(struct store *store, server_id server, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "DELETE FROM server WHERE id = ?1", err);
    bool ok = false;

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    if (sqlite3_step(stmt) != SQLITE_DONE)
        store_fail(store, "removing a server", err);
    else
        ok = sqlite3_changes(store->db) > 0 || err_set(err, ERR_NOT_FOUND, "server", "this server is not in the list any more");
    store_release(store, stmt);
    return ok;
}

bool store_server_remove(struct store *store, server_id server, struct err *err)
{
    bool own = sqlite3_get_autocommit(store->db), ok = !own || store_begin(store, err);

    ok = ok && identity_leave(store, server, err) && remove_row(store, server, err);
    if (ok)
        store_round_forget(store, server);
    ok = ok && store_settle(store, &server, 1, clock_now_s(), err) && (!own || store_commit(store, err));
    if (own && !ok)
        store_rollback(store);
    return ok;
}

bool store_server_find(struct store *store, const char *name, server_id *out, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT id FROM server WHERE name = ?1", err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    else if (rc == SQLITE_DONE)
        err_set(err, ERR_NOT_FOUND, name, "there is no server of this name: `ipamtui server list` has them all");
    else
        store_fail(store, "looking for a server", err);
    store_release(store, stmt);
    return rc == SQLITE_ROW;
}

/* ------------------------------------------------------------------ facts */
/* The server's name and the property's value before. ERR_NOT_FOUND. Texts in arena. */
static bool fact_before(struct store *store, server_id server, int property, struct arena *arena, const char **name,
                        struct value *before, struct err *err)
{
    char *sql = x_asprintf("SELECT name, \"%s\" FROM server WHERE id = ?1", schema_column(server_property(property)));
    sqlite3_stmt *stmt = store_prepare(store, sql, err);
    int rc;

    free(sql);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        *name = arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 0));
        *before = store_column(stmt, 1);
        if (before->type == VALUE_TEXT)
            before->s = arena_strdup(arena, before->s);
    } else if (rc == SQLITE_DONE) {
        err_set(err, ERR_NOT_FOUND, "server", "this server is not in the list any more");
    } else {
        store_fail(store, "reading a server", err);
    }
    store_release(store, stmt);
    return rc == SQLITE_ROW;
}

/* since: the newest change of a state we saw, or when a state was first found ("at least since"). */
static bool note_since(struct store *store, server_id server, bool seen_changing, int64_t now_s, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store,
                                       seen_changing ? "UPDATE server SET since = ?1, since_at_least = 0 WHERE id = ?2"
                                                     : "UPDATE server SET since = ?1, since_at_least = 1 WHERE id = ?2"
                                                       " AND since IS NULL", err);

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, now_s);
    sqlite3_bind_int64(stmt, 2, server);
    return store_run(store, stmt, "writing a server", err);
}

bool store_server_fact(struct store *store, server_id server, int property, struct value v, int64_t now_s, struct err *err)
{
    const struct property *p = server_property(property);
    struct arena arena = { 0 };
    const char *name = "";
    struct value before = V_NULL;
    bool ok;

    if (!schema_column(p) || (p->flags & PROP_LOCAL))
        return err_set(err, ERR_INPUT, p->name, "%s is no fact of a server", p->name);
    ok = fact_before(store, server, property, &arena, &name, &before, err);
    if (ok && !value_equal(before, v)) {
        ok = put_column(store, server, property, v, err) &&
             states_note(store, server, &catalog_servers, server, name, p, before, v, now_s, err);
        if (ok && (p->flags & PROP_STATE) && p->kind == KIND_ENUM && v.type != VALUE_NULL)
            ok = note_since(store, server, before.type != VALUE_NULL, now_s, err);
    }
    arena_done(&arena);
    return ok;
}

/* ------------------------------------------------------------------ settings */
bool store_setting_put(struct store *store, const char *key, const char *value, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, value ? "INSERT OR REPLACE INTO setting VALUES(?1, ?2)"
                                                    : "DELETE FROM setting WHERE key = ?1", err);

    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
    if (value)
        sqlite3_bind_text(stmt, 2, value, -1, SQLITE_STATIC);
    return store_run(store, stmt, "keeping a setting", err);
}

bool store_setting_read(struct store *store, const char *key, char **out, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT value FROM setting WHERE key = ?1", err);
    int rc;

    *out = NULL;
    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out = x_strdup((const char *)sqlite3_column_text(stmt, 0));
    else if (rc != SQLITE_DONE)
        store_fail(store, "reading a setting", err);
    store_release(store, stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

char *store_setting_get(struct store *store, const char *key)
{
    char *value;

    store_setting_read(store, key, &value, NULL);
    return value;
}

bool store_server_dialect_put(struct store *store, server_id server, const char *dialect, struct err *err)
{
    char *key = x_asprintf("dialect.%lld", (long long)server);
    bool ok = store_setting_put(store, key, dialect, err);

    free(key);
    return ok;
}

char *store_server_dialect(struct store *store, server_id server)
{
    char *key = x_asprintf("dialect.%lld", (long long)server);
    char *dialect = store_setting_get(store, key);

    free(key);
    return dialect;
}
