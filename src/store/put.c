/* put.c - what was learnt goes in. Rows are found by their keys and compared first: what is as before is not written, so
 * that a round over an unchanged estate writes next to nothing. */
#include <stdlib.h>
#include <string.h>

#include "store_int.h"

enum { COLUMNS_MAX = 64 };

/* Which properties of an object one source brings, and the statements for them. */
struct putter {
    struct store *store;
    server_id server;
    const struct object_type *object;
    const struct source *source;
    const bool *known; /* by property: what there is of the source's; NULL = all */
    int keys[COLUMNS_MAX], columns[COLUMNS_MAX];
    int key_count, column_count;
    bool may_insert, partly; /* partly: not all of the source's properties are known */
    sqlite3_stmt *find, *insert, *update;
    uint64_t updating; /* columns that update writes, a bit each */
    int64_t now_s;
};

/* ------------------------------------------------------------------ rounds */
static struct round *round_find(struct store *store, server_id server, const struct object_type *object, int source)
{
    for (size_t i = 0; i < store->round_count; i++) {
        struct round *r = &store->rounds[i];

        if (r->server == server && r->object == object && r->source == source)
            return r;
    }
    return NULL;
}

static struct round *round_open(struct store *store, server_id server, const struct object_type *object, int source,
                                bool first)
{
    struct round *r = round_find(store, server, object, source);

    if (!r) {
        x_grow(&store->rounds, &store->round_cap, store->round_count + 1, sizeof(*store->rounds));
        r = &store->rounds[store->round_count++];
        *r = (struct round){ .server = server, .object = object, .source = source };
    }
    if (first) {
        r->count = 0;
        r->unsure = false;
    }
    return r;
}

static void round_close(struct store *store, struct round *r)
{
    if (!r)
        return;
    free(r->ids);
    *r = store->rounds[--store->round_count];
}

static void round_name(struct round *r, row_id id)
{
    x_grow(&r->ids, &r->cap, r->count + 1, sizeof(*r->ids));
    r->ids[r->count++] = id;
}

static int compare_ids(const void *a, const void *b)
{
    row_id left = *(const row_id *)a, right = *(const row_id *)b;

    return (left > right) - (left < right);
}

/* Sorted, each once: a server may name the same thing twice. */
static void round_sort(struct round *r)
{
    size_t kept = 0;

    if (!r || r->count == 0)
        return;
    qsort(r->ids, r->count, sizeof(*r->ids), compare_ids);
    for (size_t i = 0; i < r->count; i++)
        if (kept == 0 || r->ids[kept - 1] != r->ids[i])
            r->ids[kept++] = r->ids[i];
    r->count = kept;
}

static bool round_names(const struct round *r, row_id id)
{
    return r && r->count && bsearch(&id, r->ids, r->count, sizeof(id), compare_ids);
}

void store_round_forget(struct store *store, server_id server)
{
    for (size_t i = store->round_count; i-- > 0;)
        if (store->rounds[i].server == server)
            round_close(store, &store->rounds[i]);
}

/* ------------------------------------------------------------------ statements of a source */
static void find_sql(const struct putter *p, struct buf *sql)
{
    buf_adds(sql, "SELECT id");
    for (int i = 0; i < p->column_count; i++)
        buf_addf(sql, ", \"%s\"", schema_column(&p->object->properties[p->columns[i]]));
    buf_addf(sql, " FROM \"%s\" WHERE server = ?", p->object->table);
    for (int i = 0; i < p->key_count; i++)
        buf_addf(sql, " AND \"%s\" = ?", schema_column(&p->object->properties[p->keys[i]]));
}

static void insert_sql(const struct putter *p, struct buf *sql)
{
    buf_addf(sql, "INSERT INTO \"%s\"(server, first_seen", p->object->table);
    for (int i = 0; i < p->key_count; i++)
        buf_addf(sql, ", \"%s\"", schema_column(&p->object->properties[p->keys[i]]));
    for (int i = 0; i < p->column_count; i++)
        buf_addf(sql, ", \"%s\"", schema_column(&p->object->properties[p->columns[i]]));
    buf_adds(sql, ") VALUES(?, ?");
    for (int i = 0; i < p->key_count + p->column_count; i++)
        buf_adds(sql, ", ?");
    buf_adds(sql, ")");
}

/* Only what differs: indexes and the texts to search are not made anew for a row whose free addresses changed. */
static void update_sql(const struct putter *p, struct buf *sql)
{
    const char *comma = "";

    buf_addf(sql, "UPDATE \"%s\" SET ", p->object->table);
    for (int i = 0; i < p->column_count; i++)
        if (p->updating >> i & 1) {
            buf_addf(sql, "%s\"%s\" = ?", comma, schema_column(&p->object->properties[p->columns[i]]));
            comma = ", ";
        }
    buf_adds(sql, " WHERE id = ?");
}

static sqlite3_stmt *prepare_with(const struct putter *p, void (*write)(const struct putter *, struct buf *), struct err *err)
{
    struct buf sql = { 0 };
    sqlite3_stmt *stmt;

    write(p, &sql);
    stmt = store_prepare(p->store, buf_at(&sql), err);
    buf_done(&sql);
    return stmt;
}

static void choose_columns(struct putter *p)
{
    for (size_t i = 0; i < p->object->property_count && p->column_count < COLUMNS_MAX; i++) {
        const struct property *property = &p->object->properties[i];

        if ((property->flags & PROP_KEY) && p->key_count < COLUMNS_MAX)
            p->keys[p->key_count++] = (int)i;
        else if (property->read.source && strcmp(property->read.source, p->source->name) == 0 && schema_column(property)) {
            if (!p->known || p->known[i])
                p->columns[p->column_count++] = (int)i;
            else
                p->partly = true;
        }
    }
}

/* Has the source that defines the object's rows been answered, and is none of its rounds open? Then a row that it does not
 * have is none, whoever else still mentions it. */
static bool defined(const struct putter *p)
{
    sqlite3_stmt *stmt;
    bool answered;

    for (size_t i = 0; i < p->object->source_count; i++) {
        if (p->object->sources[i].mode != SOURCE_DEFINES)
            continue;
        if (round_find(p->store, p->server, p->object, (int)i))
            return false;
        stmt = store_prepare(p->store, "SELECT 1 FROM source WHERE server = ?1 AND object = ?2 AND source = ?3 AND ok_at > 0",
                             NULL);
        if (!stmt)
            return false;
        sqlite3_bind_int64(stmt, 1, p->server);
        sqlite3_bind_text(stmt, 2, p->object->name, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 3, p->object->sources[i].name, -1, SQLITE_STATIC);
        answered = sqlite3_step(stmt) == SQLITE_ROW;
        store_release(p->store, stmt);
        if (!answered)
            return false;
    }
    return true;
}

/* The list of an object makes rows; so do additions where that list is refused, but not those that may speak of anything: an
 * event log knows zones that are gone, and an error may name the server itself. */
static bool makes_rows(const struct putter *p)
{
    if (p->source->mode == SOURCE_DEFINES)
        return true;
    return !p->source->row_error && !p->source->zone_events && !defined(p);
}

static void putter_done(struct putter *p)
{
    store_release(p->store, p->find);
    store_release(p->store, p->insert);
    store_release(p->store, p->update);
}

static bool putter_init(struct putter *p, struct err *err)
{
    choose_columns(p);
    p->may_insert = !p->partly && makes_rows(p);
    p->find = prepare_with(p, find_sql, err);
    p->insert = p->find ? prepare_with(p, insert_sql, err) : NULL;
    if (p->insert)
        return true;
    putter_done(p);
    return false;
}

/* ------------------------------------------------------------------ one row */
/* "10.1.2.0 10.1.2.5": what a row is called in the history. */
static void row_name(const struct putter *p, const struct value *row, struct buf *out)
{
    for (int i = 0; i < p->key_count; i++) {
        if (i > 0)
            buf_addc(out, ' ');
        kind_write(p->object->properties[p->keys[i]].kind, row[p->keys[i]], out);
    }
}

static bool note_states(const struct putter *p, row_id id, const struct value *row, const struct value *before,
                        struct err *err)
{
    struct buf name = { 0 };
    bool ok = true;

    for (int i = 0; ok && i < p->column_count; i++) {
        const struct property *property = &p->object->properties[p->columns[i]];

        if (!(property->flags & PROP_STATE) || value_equal(before[i], row[p->columns[i]]))
            continue;
        buf_clear(&name);
        row_name(p, row, &name);
        ok = states_note(p->store, p->server, p->object, id, buf_at(&name), property, before[i], row[p->columns[i]],
                         p->now_s, err);
    }
    buf_done(&name);
    return ok;
}

static bool end_step(const struct putter *p, sqlite3_stmt *stmt, const char *doing, struct err *err)
{
    bool ok = sqlite3_step(stmt) == SQLITE_DONE || store_fail(p->store, doing, err);

    sqlite3_reset(stmt);
    return ok;
}

static bool insert_row(const struct putter *p, const struct value *row, row_id *id, struct err *err)
{
    int at = 0;

    sqlite3_bind_int64(p->insert, ++at, p->server);
    sqlite3_bind_int64(p->insert, ++at, p->now_s);
    for (int i = 0; i < p->key_count; i++)
        store_bind(p->insert, ++at, row[p->keys[i]]);
    for (int i = 0; i < p->column_count; i++)
        store_bind(p->insert, ++at, row[p->columns[i]]);
    if (!end_step(p, p->insert, "writing rows", err))
        return false;
    *id = sqlite3_last_insert_rowid(p->store->db);
    return true;
}

/* Rows of one answer mostly differ in the same columns: the statement stays until they do not. */
static bool update_row(struct putter *p, const struct value *row, uint64_t changed, row_id id, struct err *err)
{
    int at = 0;

    if (p->updating != changed) {
        store_release(p->store, p->update);
        p->updating = changed;
        p->update = prepare_with(p, update_sql, err);
    }
    if (!p->update)
        return false;
    for (int i = 0; i < p->column_count; i++)
        if (changed >> i & 1)
            store_bind(p->update, ++at, row[p->columns[i]]);
    sqlite3_bind_int64(p->update, ++at, id);
    return end_step(p, p->update, "writing rows", err);
}

/* The row with these keys; *id = 0 if there is none. before: its columns, alive until p->find is reset. */
static bool find_row(const struct putter *p, const struct value *row, row_id *id, struct value *before, struct err *err)
{
    int rc;

    sqlite3_bind_int64(p->find, 1, p->server);
    for (int i = 0; i < p->key_count; i++)
        store_bind(p->find, i + 2, row[p->keys[i]]);
    rc = sqlite3_step(p->find);
    *id = rc == SQLITE_ROW ? sqlite3_column_int64(p->find, 0) : 0;
    for (int i = 0; rc == SQLITE_ROW && i < p->column_count; i++)
        before[i] = store_column(p->find, i + 1);
    return rc == SQLITE_ROW || rc == SQLITE_DONE || store_fail(p->store, "reading rows", err);
}

static bool put_row(struct putter *p, struct round *round, const struct value *row, struct err *err)
{
    struct value before[COLUMNS_MAX];
    uint64_t changed = 0;
    row_id id;
    bool ok = find_row(p, row, &id, before, err);

    for (int i = 0; ok && id != 0 && i < p->column_count; i++)
        changed |= (uint64_t)!value_equal(before[i], row[p->columns[i]]) << i;
    if (ok && id == 0 && p->may_insert)
        ok = insert_row(p, row, &id, err);
    else if (ok && changed != 0)
        ok = note_states(p, id, row, before, err) && update_row(p, row, changed, id, err);
    sqlite3_reset(p->find);
    if (ok && id != 0 && round)
        round_name(round, id);
    return ok;
}

static bool keys_are_there(const struct putter *p, const struct value *row)
{
    for (int i = 0; i < p->key_count; i++)
        if (row[p->keys[i]].type == VALUE_NULL)
            return false;
    return true;
}

/* A server's own properties go the way of its facts: states with their times. */
static bool put_server(struct putter *p, const struct value *row, struct err *err)
{
    choose_columns(p);
    for (int i = 0; i < p->column_count; i++)
        if (!store_server_fact(p->store, p->server, p->columns[i], row[p->columns[i]], p->now_s, err))
            return false;
    return identity_settle(p->store, p->server, err);
}

/* round: where the rows are named; NULL = of none. */
static bool put_rows(struct putter *p, struct round *round, const struct value *values, size_t row_count, struct err *err)
{
    bool ok = true, covered;

    if (!identity_covers(p->store, p->server, p->object, p->source, &covered, err))
        return false;
    if (covered)
        return true;
    if (!putter_init(p, err))
        return false;
    for (size_t i = 0; ok && i < row_count; i++) {
        const struct value *row = values + i * p->object->property_count;

        ok = keys_are_there(p, row) ? put_row(p, round, row, err)
                                    : err_set(err, ERR_REMOTE, p->source->name, "a row came without what identifies it");
    }
    putter_done(p);
    return ok;
}

bool store_put_rows(struct store *store, server_id server, const struct object_type *object, int source,
                    const struct value *values, size_t row_count, bool first, int64_t now_s, struct err *err)
{
    struct putter p = { .store = store, .server = server, .object = object, .source = &object->sources[source], .now_s = now_s };

    if (object == &catalog_servers)
        return row_count == 0 || put_server(&p, values, err);
    return put_rows(&p, round_open(store, server, object, source, first), values, row_count, err);
}

bool store_put_again(struct store *store, server_id server, const struct object_type *object, int source,
                     const struct value *values, size_t row_count, const bool *known, int64_t now_s, struct err *err)
{
    struct putter p = { .store = store, .server = server, .object = object, .source = &object->sources[source],
                        .known = known, .now_s = now_s };

    if (object == &catalog_servers)
        return row_count == 0 || put_server(&p, values, err);
    return put_rows(&p, NULL, values, row_count, err);
}

/* ------------------------------------------------------------------ the end of a round */
static bool count_rows(struct store *store, server_id server, const struct object_type *object, size_t *out, struct err *err)
{
    char *sql = x_asprintf("SELECT count(*) FROM \"%s\" WHERE server = ?1", object->table);
    sqlite3_stmt *stmt = store_prepare(store, sql, err);
    bool ok = false;

    free(sql);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    ok = sqlite3_step(stmt) == SQLITE_ROW;
    if (ok)
        *out = (size_t)sqlite3_column_int64(stmt, 0);
    else
        store_fail(store, "counting rows", err);
    store_release(store, stmt);
    return ok;
}

/* Runs action (one parameter: the row's id) on the server's rows that the round did not name. */
static bool each_unnamed(struct store *store, server_id server, const struct object_type *object, const struct round *round,
                         const char *action, struct err *err)
{
    char *sql = x_asprintf("SELECT id FROM \"%s\" WHERE server = ?1", object->table);
    sqlite3_stmt *list = store_prepare(store, sql, err), *stmt;
    row_id *ids = NULL;
    size_t count = 0, cap = 0;
    int rc = SQLITE_ERROR;
    bool ok;

    free(sql);
    if (list) {
        sqlite3_bind_int64(list, 1, server);
        while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
            row_id id = sqlite3_column_int64(list, 0);

            if (round_names(round, id))
                continue;
            x_grow(&ids, &cap, count + 1, sizeof(*ids));
            ids[count++] = id;
        }
        if (rc != SQLITE_DONE)
            store_fail(store, "reading rows", err);
        store_release(store, list);
    }
    ok = rc == SQLITE_DONE;
    stmt = ok && count ? store_prepare(store, action, err) : NULL;
    ok = ok && (count == 0 || stmt);
    for (size_t i = 0; ok && i < count; i++) {
        sqlite3_bind_int64(stmt, 1, ids[i]);
        ok = sqlite3_step(stmt) == SQLITE_DONE || store_fail(store, "removing rows", err);
        sqlite3_reset(stmt);
    }
    store_release(store, stmt);
    free(ids);
    return ok;
}

/* What happens to a row that a whole answer did not name: gone, or its properties of this source unknown. NULL: nothing. */
static bool unnamed_action(const struct object_type *object, int source, struct buf *sql)
{
    struct putter p = { .object = object, .source = &object->sources[source] };

    if (p.source->mode == SOURCE_DEFINES) {
        buf_addf(sql, "DELETE FROM \"%s\" WHERE id = ?1", object->table);
        return true;
    }
    choose_columns(&p);
    if (p.source->mode == SOURCE_SINGLE || p.column_count == 0)
        return false;
    buf_addf(sql, "UPDATE \"%s\" SET ", object->table);
    for (int i = 0; i < p.column_count; i++)
        buf_addf(sql, "%s\"%s\" = NULL", i ? ", " : "", schema_column(&object->properties[p.columns[i]]));
    buf_adds(sql, " WHERE id = ?1 AND (");
    for (int i = 0; i < p.column_count; i++)
        buf_addf(sql, "%s\"%s\" IS NOT NULL", i ? " OR " : "", schema_column(&object->properties[p.columns[i]]));
    buf_adds(sql, ")");
    return true;
}

static bool settle_unnamed(struct store *store, server_id server, const struct object_type *object, int source,
                           struct round *round, struct err *err)
{
    struct buf action = { 0 };
    size_t rows = 0, named;
    bool ok = true, unsure = round && round->unsure;

    round_sort(round);
    named = round ? round->count : 0;
    if (unnamed_action(object, source, &action))
        ok = count_rows(store, server, object, &rows, err) &&
             ((rows == named && !unsure) || each_unnamed(store, server, object, round, buf_at(&action), err));
    buf_done(&action);
    return ok;
}

static bool keep_result(struct store *store, server_id server, const char *object, const char *source, bool ok,
                        const char *result, const char *error, int64_t now_s, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store,
                                       "INSERT INTO source VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET"
                                       " result = excluded.result, error = excluded.error, done_at = excluded.done_at,"
                                       " ok_at = coalesce(excluded.ok_at, ok_at)", err);

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    sqlite3_bind_text(stmt, 2, object, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, source, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 4, result, -1, SQLITE_STATIC);
    if (error && error[0] && !ok)
        sqlite3_bind_text(stmt, 5, error, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 6, now_s);
    if (ok)
        sqlite3_bind_int64(stmt, 7, now_s);
    return store_run(store, stmt, "keeping how it ended", err);
}

bool store_source_done(struct store *store, server_id server, const struct object_type *object, int source, bool ok,
                       const char *result, const char *error, int64_t now_s, struct err *err)
{
    struct round *round = round_find(store, server, object, source);
    bool done, covered;

    done = identity_covers(store, server, object, &object->sources[source], &covered, err);
    if (!done || covered) {
        round_close(store, round);
        return done;
    }
    if (ok && object != &catalog_servers)
        done = settle_unnamed(store, server, object, source, round, err) && totals_update(store, server, object, err) &&
               words_update(store, server, object, err);
    if (done && ok && object->sources[source].history)
        done = history_note(store, server, object, now_s, err);
    round_close(store, round);
    return done && keep_result(store, server, object->name, object->sources[source].name, ok, result, error, now_s, err) &&
           (!ok || object->sources[source].mode != SOURCE_DEFINES || identity_settle(store, server, err));
}

bool store_sources(struct store *store, server_id server, store_source_fn *fn, void *ctx, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store,
                                       "SELECT object, source, result, error, done_at, ok_at FROM source WHERE server = ?1"
                                       " ORDER BY object, source", err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *text[4];

        for (int i = 0; i < 4; i++)
            text[i] = (const char *)sqlite3_column_text(stmt, i);
        if (!fn(ctx, text[0], text[1], text[2], text[3], sqlite3_column_int64(stmt, 4), sqlite3_column_int64(stmt, 5)))
            break;
    }
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        store_fail(store, "reading how retrievals ended", err);
    store_release(store, stmt);
    return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

/* ------------------------------------------------------------------ single rows */
bool store_row_remove(struct store *store, const struct object_type *object, row_id row, struct err *err)
{
    char *sql = x_asprintf("DELETE FROM \"%s\" WHERE id = ?1", object->table);
    sqlite3_stmt *stmt = store_prepare(store, sql, err);

    free(sql);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, row);
    return store_run(store, stmt, "removing a row", err);
}

bool store_row_find(struct store *store, server_id server, const struct object_type *object, const struct value *values,
                    row_id *out, struct err *err)
{
    /* No source: only the keys are looked at. */
    static const struct source none = { .name = "" };
    struct putter p = { .store = store, .server = server, .object = object, .source = &none };
    struct value before[1];
    row_id id = 0;
    bool ok;

    choose_columns(&p);
    if (object == &catalog_servers) { /* a server's own row: its number says it all */
        p.find = store_prepare(store, "SELECT id FROM server WHERE id = ?1", err);
        p.key_count = 0;
    } else {
        p.find = prepare_with(&p, find_sql, err);
    }
    if (!p.find)
        return false;
    ok = find_row(&p, values, &id, before, err);
    store_release(store, p.find);
    if (ok && id == 0)
        return err_set(err, ERR_NOT_FOUND, object->noun, "this %s is not in the database", object->noun);
    if (ok)
        *out = id;
    return ok;
}
