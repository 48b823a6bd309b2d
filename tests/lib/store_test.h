/* store_test.h - for tests of the store: a folder of their own, servers and scopes in few words. */
#ifndef STORE_TEST_H
#define STORE_TEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "ipamtui/ip.h"
#include "ipamtui/store.h"

static char store_test_folder[64];
static struct err store_test_err;

/* The error in the message, so that a failing line says why. */
#define OK(call)                                                                                        \
    do {                                                                                                \
        store_test_err = (struct err){ 0 };                                                             \
        if (!(call))                                                                                    \
            fail_msg("%s: %s: %s", #call, store_test_err.where, store_test_err.text);                   \
    } while (0)
#define FAILS(call, expected)                                                                           \
    do {                                                                                                \
        store_test_err = (struct err){ 0 };                                                             \
        if (call)                                                                                       \
            fail_msg("%s worked", #call);                                                               \
        if (store_test_err.kind != (expected) || !store_test_err.text[0])                               \
            fail_msg("%s: kind %d, not %d: %s", #call, store_test_err.kind, (expected), store_test_err.text); \
    } while (0)
#define E (&store_test_err)

static inline int store_test_setup(void **state)
{
    snprintf(store_test_folder, sizeof(store_test_folder), "/tmp/ipamtui-store-XXXXXX");
    *state = NULL;
    return mkdtemp(store_test_folder) ? 0 : -1;
}

static inline int store_test_teardown(void **state)
{
    char command[96];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", store_test_folder);
    return system(command);
}

static inline const char *store_test_path(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, 128, "%s/%s", store_test_folder, name);
    return path;
}

static inline int at(const struct object_type *object, const char *property)
{
    int place = catalog_property(object, property);

    if (place < 0) {
        fprintf(stderr, "no property %s\n", property);
        abort();
    }
    return place;
}

static inline int source_at(const struct object_type *object, const char *source)
{
    int place = catalog_source(object, source);

    if (place < 0) {
        fprintf(stderr, "no source %s\n", source);
        abort();
    }
    return place;
}

/* role: "dhcp", "dns", "dhcp,dns". */
static inline bool add_server_as(struct store *store, const char *name, const char *role, server_id *out)
{
    struct value *values = x_calloc(catalog_servers.property_count, sizeof(*values));
    bool ok;

    values[at(&catalog_servers, "server")] = V_TEXT(name);
    values[at(&catalog_servers, "role")] = V_TEXT(role);
    ok = store_server_add(store, values, out, E);
    free(values);
    return ok;
}

static inline bool add_server(struct store *store, const char *name, server_id *out)
{
    return add_server_as(store, name, "dhcp", out);
}

/* One scope as the source "scopes" answers it. */
struct test_scope {
    const char *scope, *name, *state;
    int64_t in_use, free; /* -1: no counters */
};

static inline void fill_scope(struct value *v, const struct test_scope *s)
{
    const struct object_type *o = &catalog_scopes;
    uint32_t net = 0;

    ip4_parse(s->scope, &net);
    v[at(o, "scope")] = V_INT(net);
    v[at(o, "mask")] = V_INT(0xffffff00);
    v[at(o, "start")] = V_INT(net + 10);
    v[at(o, "end")] = V_INT(net + 200);
    v[at(o, "name")] = V_TEXT(s->name);
    v[at(o, "state")] = V_TEXT(s->state);
    v[at(o, "lease_duration")] = V_INT(691200);
    if (s->in_use >= 0) {
        v[at(o, "in_use")] = V_INT(s->in_use);
        v[at(o, "free")] = V_INT(s->free);
    }
}

/* A whole round of one source, in one transaction of its own. */
static inline bool put_round(struct store *store, server_id server, const char *source, const struct test_scope *scopes,
                             size_t count, int64_t now)
{
    const struct object_type *o = &catalog_scopes;
    struct value *values = x_calloc(count * o->property_count + 1, sizeof(*values));
    bool ok;

    for (size_t i = 0; i < count; i++)
        fill_scope(values + i * o->property_count, &scopes[i]);
    ok = store_begin(store, E) &&
         (count == 0 || store_put_rows(store, server, o, source_at(o, source), values, count, true, now, E)) &&
         store_source_done(store, server, o, source_at(o, source), true, "done", NULL, now, E) && store_commit(store, E);
    if (!ok)
        store_rollback(store);
    free(values);
    return ok;
}

static inline bool put_both(struct store *store, server_id server, const struct test_scope *scopes, size_t count, int64_t now)
{
    return put_round(store, server, "scopes", scopes, count, now) &&
           put_round(store, server, "scope-statistics", scopes, count, now);
}

struct id_vector {
    row_id ids[4096];
    size_t count, chunks, first_chunk;
};

static inline bool take_ids(void *ctx, const row_id *ids, size_t count)
{
    struct id_vector *v = ctx;

    for (size_t i = 0; i < count && v->count < COUNT(v->ids); i++)
        v->ids[v->count++] = ids[i];
    if (v->chunks++ == 0)
        v->first_chunk = count;
    return true;
}

/* Ids of a list; where may be NULL. */
static inline bool list_ids(struct store *store, const struct object_type *object, const char *where, const char *sort,
                            bool descending, struct id_vector *out)
{
    struct list_spec spec = { .object = object, .where = where };

    *out = (struct id_vector){ .count = 0 };
    if (sort) {
        spec.keys[0] = (struct sort_key){ at(object, sort), descending };
        spec.key_count = 1;
    }
    return store_list_ids(store, &spec, take_ids, out, E);
}

/* One property of one row; text in mem. */
static inline struct value value_of(struct store *store, const struct object_type *object, row_id id, const char *property,
                                    struct arena *mem)
{
    struct row row;

    if (!store_rows(store, object, &id, 1, mem, &row, E) || row.id == 0)
        return V_NULL;
    return row.values[at(object, property)];
}

/* Runs SQL as somebody else would, without our functions. Returns the first number it answers, -1 on an error. */
static inline int64_t run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t answer = -1;

    if (sqlite3_open(path, &db) == SQLITE_OK) {
        sqlite3_busy_timeout(db, 5000);
        for (const char *rest = sql; rest && *rest;) {
            if (sqlite3_prepare_v2(db, rest, -1, &stmt, &rest) != SQLITE_OK || !stmt)
                break;
            answer = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : sqlite3_errcode(db) == SQLITE_DONE ? 0 : -1;
            sqlite3_finalize(stmt);
            if (answer < 0)
                break;
        }
        if (sqlite3_errcode(db) != SQLITE_OK && sqlite3_errcode(db) != SQLITE_DONE && sqlite3_errcode(db) != SQLITE_ROW) {
            fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
            answer = -1;
        }
    }
    sqlite3_close(db);
    return answer;
}

#endif
