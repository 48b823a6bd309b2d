/* list.c - lists: ids in order, streamed; whole rows.
 *
 * SQLite is told the order of its loops (CROSS JOIN), for we know more than it does: the default order of a big object comes
 * straight from the indexes (server by name, then UNIQUE(server, keys)), so that the first rows of 500,000 are there at
 * once. Plain words are looked for in TABLE_find, which is small, in the same order, and read from end to end if need be. */
#include <stdlib.h>
#include <string.h>

#include "ipamtui/clock.h"
#include "store_int.h"

enum { FIRST_CHUNK = 64, CHUNK_MAX = 8192 };

/* ------------------------------------------------------------------ expressions */
/* All expressions of an object are needed again and again, by pointer: "o.\"name\"" is made once per property. */
static char *expressions[32][128];

static bool is_server(const struct object_type *object)
{
    return strcmp(object->table, "server") == 0;
}

const char *store_expression(const struct object_type *object, int property)
{
    const struct property *p = &object->properties[property];
    size_t place = 0;
    char *made, *none = NULL;

    if (p->sql)
        return p->sql;
    while (catalog_objects[place] && catalog_objects[place] != object)
        place++;
    if (place >= COUNT(expressions) || (size_t)property >= COUNT(expressions[0]))
        return "NULL";
    /* Two threads may make the same text; one of them is kept. */
    made = __atomic_load_n(&expressions[place][property], __ATOMIC_ACQUIRE);
    if (made)
        return made;
    made = x_asprintf("o.\"%s\"", schema_column(p));
    if (!__atomic_compare_exchange_n(&expressions[place][property], &none, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        free(made);
        made = none;
    }
    return made;
}

/* ------------------------------------------------------------------ order */
struct order {
    struct sort_key keys[8];
    size_t count;
    bool standard; /* the object's own order: comes from the indexes */
};

static void default_order(const struct object_type *object, struct order *order)
{
    for (const char *at = object->sort; *at && order->count < COUNT(order->keys);) {
        size_t len = strcspn(at, ",");
        bool descending = *at == '-';
        char name[64] = "";

        memcpy(name, at + descending, MIN(len - descending, sizeof(name) - 1));
        order->keys[order->count++] =
            (struct sort_key){ .property = catalog_property(object, name), .descending = descending };
        at += len + (at[len] == ',');
    }
}

/* Keys that are the beginning of the default order, all upwards, are the default order. */
static void make_order(const struct list_spec *spec, struct order *order)
{
    struct order standard = { .count = 0 };

    default_order(spec->object, &standard);
    standard.standard = true;
    for (size_t i = 0; i < spec->key_count; i++)
        if (i >= standard.count || spec->keys[i].descending || spec->keys[i].property != standard.keys[i].property)
            standard.standard = false;
    *order = standard;
    if (standard.standard)
        return;
    order->count = spec->key_count;
    memcpy(order->keys, spec->keys, spec->key_count * sizeof(*spec->keys));
}

/* Words of an enum sort as the catalogue lists them (under, optimal, over), others behind. */
static void add_sort_value(struct buf *sql, const struct object_type *object, int property)
{
    const struct property *p = &object->properties[property];

    if (p->kind == KIND_DURATION) {
        /* An unlimited lease is the longest. */
        buf_addf(sql, "CASE %s WHEN -1 THEN 4294967295 ELSE %s END", store_expression(object, property),
                 store_expression(object, property));
        return;
    }
    if (p->kind != KIND_ENUM || !p->values) {
        buf_adds(sql, store_expression(object, property));
        return;
    }
    buf_addf(sql, "CASE %s", store_expression(object, property));
    for (int i = 0; p->values[i]; i++)
        buf_addf(sql, " WHEN '%s' THEN %d", p->values[i], i);
    buf_addf(sql, " ELSE iif(%s IS NULL, NULL, 99) END", store_expression(object, property));
}

static void add_order(struct buf *sql, const struct list_spec *spec, const struct order *order, bool find)
{
    buf_adds(sql, " ORDER BY ");
    for (size_t i = 0; i < order->count; i++) {
        const struct property *p = &spec->object->properties[order->keys[i].property];

        if (order->standard && find && (p->flags & PROP_KEY))
            buf_addf(sql, "f.\"%s\"", schema_column(p)); /* the loop's own table: no sorting */
        else if (order->standard)
            buf_adds(sql, store_expression(spec->object, order->keys[i].property));
        else
            add_sort_value(sql, spec->object, order->keys[i].property);
        buf_adds(sql, order->keys[i].descending ? " DESC, " : ", ");
    }
    if (order->standard) {
        sql->len -= 2; /* the keys are unique; the ", " is taken back */
        buf_at(sql)[sql->len] = '\0';
        return;
    }
    /* An index ends in the row's id: the same direction comes without sorting. */
    buf_adds(sql, order->keys[0].descending ? "o.id DESC" : "o.id");
}

/* ------------------------------------------------------------------ which loop is outside */
/* Does where speak of the rows' keys? Then the servers' loop finds them by UNIQUE(server, keys). */
static bool mentions_keys(const struct list_spec *spec, const char *where)
{
    for (size_t i = 0; i < spec->object->property_count; i++)
        if ((spec->object->properties[i].flags & PROP_KEY) && strstr(where, store_expression(spec->object, (int)i)))
            return true;
    return spec->object->range_first && strstr(where, spec->object->range_first);
}

static bool servers_outside(const struct list_spec *spec, const struct order *order, const char *where)
{
    if (order->standard)
        return true;
    for (size_t i = 0; i < order->count; i++) {
        const struct property *p = &spec->object->properties[order->keys[i].property];

        if (p->sql && strncmp(p->sql, "s.", 2) == 0)
            return true;
    }
    return strstr(where, "s.") || mentions_keys(spec, where);
}

static void add_from(struct buf *sql, const struct list_spec *spec, const struct order *order, bool find, bool whole_rows)
{
    const char *table = spec->object->table, *where = spec->where ? spec->where : "";

    if (spec->object->apart)
        buf_addf(sql, " FROM \"%s\" o", table);
    else if (is_server(spec->object))
        buf_adds(sql, " FROM server o CROSS JOIN server s ON s.id = o.id");
    else if (find)
        buf_addf(sql, " FROM server s CROSS JOIN \"%s_find\" f ON f.server = s.id CROSS JOIN \"%s\" o ON o.id = f.row", table,
                 table);
    else if (servers_outside(spec, order, where))
        buf_addf(sql, " FROM server s CROSS JOIN \"%s\" o ON o.server = s.id", table);
    else if (whole_rows)
        buf_addf(sql, " FROM \"%s\" o CROSS JOIN server s ON s.id = o.server", table);
    else
        buf_addf(sql, " FROM \"%s\" o", table); /* nothing asks for the server */
}

/* ------------------------------------------------------------------ statements */
/* Our thresholds by name, the caller's parameters in their order. */
static void bind_all(struct store *store, sqlite3_stmt *stmt, const struct value *params, size_t count)
{
    int all = sqlite3_bind_parameter_count(stmt);
    size_t next = 0;

    for (int i = 1; i <= all; i++) {
        const char *name = sqlite3_bind_parameter_name(stmt, i);

        if (!name && next < count)
            store_bind(stmt, i, params[next++]);
        else if (name && strcmp(name, ":over") == 0)
            sqlite3_bind_double(stmt, i, store->thresholds.over);
        else if (name && strcmp(name, ":under") == 0)
            sqlite3_bind_double(stmt, i, store->thresholds.under);
    }
}

/* SELECT select FROM ... WHERE ... [ORDER BY ...], ready to be stepped. */
static sqlite3_stmt *list_statement(struct store *store, const struct list_spec *spec, const char *select, bool ordered,
                                    struct err *err)
{
    const bool whole_rows = strchr(select, ',') != NULL;
    struct buf sql = { 0 };
    struct order order;
    bool where = spec->where && spec->where[0];
    bool find = where && spec->object->find_table && strstr(spec->where, "f.find");
    sqlite3_stmt *stmt;

    make_order(spec, &order);
    buf_addf(&sql, "SELECT %s", select);
    add_from(&sql, spec, &order, find, whole_rows);
    if (where)
        buf_addf(&sql, " WHERE %s", spec->where);
    if (ordered)
        add_order(&sql, spec, &order, find);
    stmt = store_prepare(store, buf_at(&sql), err);
    buf_done(&sql);
    if (stmt)
        bind_all(store, stmt, spec->params, spec->param_count);
    return stmt;
}

/* ------------------------------------------------------------------ the first rows of a sorted list */
/* Sorting what a condition leaves of a big object takes a while. But when the order is that of an index, its beginning can be
 * found by walking the index: at once if many rows meet the condition. If few do, the walk is given up after PROBE_MS, and the
 * rest is quick. Both give the same order, so that the list goes on where the walk ended. */
#define ROWS_MARK "/*rows*/"
enum { PROBE_MS = 30, PROBE_STEPS = 2000 };

struct probe {
    int64_t deadline_ms;
    bool over;
};

static int on_progress(void *ctx)
{
    struct probe *probe = ctx;

    probe->over = clock_mono_ms() >= probe->deadline_ms;
    return probe->over;
}

static bool worth_probing(const struct list_spec *spec, const struct order *order)
{
    return !order->standard && !is_server(spec->object) && !spec->object->apart && spec->where && spec->where[0] &&
           (spec->object->properties[order->keys[0].property].flags & PROP_INDEX) && servers_outside(spec, order, spec->where);
}

/* The walk: only the condition on rows; asking for the server first would be done for every row here. */
static sqlite3_stmt *probe_statement(struct store *store, const struct list_spec *spec, const struct order *order,
                                     struct err *err)
{
    const char *mark = strstr(spec->where, ROWS_MARK), *where = mark ? mark + strlen(ROWS_MARK) : spec->where;
    const char *table = spec->object->table;
    struct buf sql = { 0 };
    sqlite3_stmt *stmt;
    size_t skipped = 0;

    for (const char *at = spec->where; at < where; at++)
        skipped += *at == '?';
    buf_addf(&sql, "SELECT o.id FROM \"%s\" o CROSS JOIN server s ON s.id = o.server", table);
    if (spec->object->find_table && strstr(where, "f.find")) {
        buf_addf(&sql, " CROSS JOIN \"%s_find\" f ON f.server = o.server", table);
        for (size_t i = 0; i < spec->object->property_count; i++)
            if (spec->object->properties[i].flags & PROP_KEY)
                buf_addf(&sql, " AND f.\"%s\" = %s", schema_column(&spec->object->properties[i]),
                         store_expression(spec->object, (int)i));
    }
    buf_addf(&sql, " WHERE %s", where);
    add_order(&sql, spec, order, false);
    stmt = store_prepare(store, buf_at(&sql), err);
    buf_done(&sql);
    if (stmt && skipped <= spec->param_count)
        bind_all(store, stmt, spec->params + skipped, spec->param_count - skipped);
    return stmt;
}

/* Up to FIRST_CHUNK ids; *whole: there are no more. */
static bool probe(struct store *store, const struct list_spec *spec, const struct order *order, row_id *ids, size_t *count,
                  bool *whole, struct err *err)
{
    struct probe limit = { .deadline_ms = clock_mono_ms() + PROBE_MS };
    sqlite3_stmt *stmt = probe_statement(store, spec, order, err);
    int rc = SQLITE_ROW;

    if (!stmt)
        return false;
    sqlite3_progress_handler(store->db, PROBE_STEPS, on_progress, &limit);
    while (*count < FIRST_CHUNK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        ids[(*count)++] = sqlite3_column_int64(stmt, 0);
    sqlite3_progress_handler(store->db, 0, NULL, NULL);
    *whole = rc == SQLITE_DONE;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE && !limit.over)
        store_fail(store, "reading a list", err);
    store_release(store, stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE || limit.over;
}

/* ------------------------------------------------------------------ ids */
/* The list from its beginning on, the first `skip` ids left out: fn has them already. */
static bool stream_ids(struct store *store, const struct list_spec *spec, size_t skip, list_ids_fn *fn, void *ctx,
                       struct err *err)
{
    sqlite3_stmt *stmt = list_statement(store, spec, "o.id", true, err);
    size_t count = 0, chunk = FIRST_CHUNK;
    row_id *ids;
    int rc = SQLITE_ERROR;
    bool more = true;

    if (!stmt)
        return false;
    ids = x_calloc(CHUNK_MAX, sizeof(*ids));
    while (more && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (skip > 0) {
            skip--;
            continue;
        }
        ids[count++] = sqlite3_column_int64(stmt, 0);
        if (count < chunk)
            continue;
        more = fn(ctx, ids, count);
        count = 0;
        chunk = MIN(chunk * 4, CHUNK_MAX);
    }
    if (more && count > 0 && rc == SQLITE_DONE)
        fn(ctx, ids, count);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        store_fail(store, "reading a list", err);
    store_release(store, stmt);
    free(ids);
    return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

/* Ends what only read. Nothing is taken back: the rounds that go on are as sure as before. */
static void end_reading(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

bool store_list_ids(struct store *store, const struct list_spec *spec, list_ids_fn *fn, void *ctx, struct err *err)
{
    bool own = sqlite3_get_autocommit(store->db), whole = false, more = true, ok;
    row_id first[FIRST_CHUNK];
    struct order order;
    size_t found = 0;

    make_order(spec, &order);
    if (!worth_probing(spec, &order))
        return stream_ids(store, spec, 0, fn, ctx, err);
    /* The walk and the list have to see the same. */
    ok = !own || store_exec(store, "BEGIN", "reading a list", err);
    ok = ok && probe(store, spec, &order, first, &found, &whole, err);
    if (ok && found > 0)
        more = fn(ctx, first, found);
    if (ok && more && !whole)
        ok = stream_ids(store, spec, found, fn, ctx, err);
    if (own)
        end_reading(store);
    return ok;
}

bool store_count(struct store *store, const struct list_spec *spec, int64_t *out, struct err *err)
{
    sqlite3_stmt *stmt = list_statement(store, spec, "count(*)", false, err);
    bool ok;

    if (!stmt)
        return false;
    ok = sqlite3_step(stmt) == SQLITE_ROW;
    if (ok)
        *out = sqlite3_column_int64(stmt, 0);
    else
        store_fail(store, "counting", err);
    store_release(store, stmt);
    return ok;
}

/* ------------------------------------------------------------------ rows */
static void add_select(struct buf *sql, const struct object_type *object)
{
    buf_addf(sql, "o.id, %s", object->apart ? "0" : is_server(object) ? "o.id" : "o.server");
    for (size_t i = 0; i < object->property_count; i++)
        buf_addf(sql, ", %s", store_expression(object, (int)i));
}

static sqlite3_stmt *row_statement(struct store *store, const struct object_type *object, struct err *err)
{
    struct buf sql = { 0 };
    sqlite3_stmt *stmt;

    buf_adds(&sql, "SELECT ");
    add_select(&sql, object);
    if (object->apart)
        buf_addf(&sql, " FROM \"%s\" o WHERE o.id = ?", object->table);
    else
        buf_addf(&sql, " FROM \"%s\" o CROSS JOIN server s ON s.id = %s WHERE o.id = ?", object->table,
                 is_server(object) ? "o.id" : "o.server");
    stmt = store_prepare(store, buf_at(&sql), err);
    buf_done(&sql);
    if (stmt)
        bind_all(store, stmt, NULL, 0);
    return stmt;
}

/* The parameter that is the row's id: the only one without a name. */
static int id_parameter(sqlite3_stmt *stmt)
{
    int at = 1;

    while (sqlite3_bind_parameter_name(stmt, at))
        at++;
    return at;
}

/* The statement's current row; texts copied into arena, or alive until the next step if arena is NULL. */
static void take_row(sqlite3_stmt *stmt, const struct object_type *object, struct arena *arena, struct row *row)
{
    row->id = sqlite3_column_int64(stmt, 0);
    row->server = sqlite3_column_int64(stmt, 1);
    for (size_t i = 0; i < object->property_count; i++) {
        row->values[i] = store_column(stmt, (int)i + 2);
        if (arena && row->values[i].type == VALUE_TEXT)
            row->values[i].s = arena_strdup(arena, row->values[i].s);
    }
}

/* One row; id 0 if it is gone. */
static bool read_row(struct store *store, sqlite3_stmt *stmt, int parameter, const struct object_type *object, row_id id,
                     struct arena *arena, struct row *row, struct err *err)
{
    int rc;

    sqlite3_bind_int64(stmt, parameter, id);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        take_row(stmt, object, arena, row);
    else
        row->id = 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        store_fail(store, "reading rows", err);
    if (arena)
        sqlite3_reset(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

bool store_rows(struct store *store, const struct object_type *object, const row_id *ids, size_t count, struct arena *arena,
                struct row *out, struct err *err)
{
    sqlite3_stmt *stmt = row_statement(store, object, err);
    int parameter = stmt != NULL ? id_parameter(stmt) : 0;
    bool own = count > 1 && sqlite3_get_autocommit(store->db);
    /* One state of the store for all of them, and one lock: not 40,000. */
    bool ok = stmt != NULL && (!own || store_exec(store, "BEGIN", "reading rows", err));

    for (size_t i = 0; ok && i < count; i++) {
        out[i] = (struct row){ .values = arena_alloc(arena, object->property_count * sizeof(struct value)) };
        ok = read_row(store, stmt, parameter, object, ids[i], arena, &out[i], err);
    }
    store_release(store, stmt);
    if (own)
        end_reading(store);
    return ok;
}

/* In the default order rows come as they are read. */
static bool stream_rows(struct store *store, const struct list_spec *spec, struct row *row, list_row_fn *fn, void *ctx,
                        struct err *err)
{
    struct buf select = { 0 };
    sqlite3_stmt *stmt;
    int rc = SQLITE_DONE;

    add_select(&select, spec->object);
    stmt = list_statement(store, spec, buf_at(&select), true, err);
    buf_done(&select);
    if (!stmt)
        return false;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        take_row(stmt, spec->object, NULL, row);
        if (!fn(ctx, row))
            break;
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        store_fail(store, "reading a list", err);
    store_release(store, stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

struct id_list {
    row_id *ids;
    size_t count, cap;
};

static bool keep_ids(void *ctx, const row_id *ids, size_t count)
{
    struct id_list *list = ctx;

    x_grow(&list->ids, &list->cap, list->count + count, sizeof(*ids));
    memcpy(list->ids + list->count, ids, count * sizeof(*ids));
    list->count += count;
    return true;
}

/* In any other order only ids are sorted, not whole rows. */
static bool sorted_rows(struct store *store, const struct list_spec *spec, struct row *row, list_row_fn *fn, void *ctx,
                        struct err *err)
{
    struct id_list list = { 0 };
    sqlite3_stmt *stmt = NULL;
    bool ok = store_list_ids(store, spec, keep_ids, &list, err) && (stmt = row_statement(store, spec->object, err));
    int parameter = ok ? id_parameter(stmt) : 0;
    bool more = true;

    for (size_t i = 0; ok && more && i < list.count; i++) {
        ok = read_row(store, stmt, parameter, spec->object, list.ids[i], NULL, row, err);
        more = !ok || row->id == 0 || fn(ctx, row);
        sqlite3_reset(stmt);
    }
    store_release(store, stmt);
    free(list.ids);
    return ok;
}

bool store_list_rows(struct store *store, const struct list_spec *spec, list_row_fn *fn, void *ctx, struct err *err)
{
    struct value *values = x_calloc(spec->object->property_count, sizeof(*values));
    struct row row = { .values = values };
    struct order order;
    bool own = sqlite3_get_autocommit(store->db), ok;

    make_order(spec, &order);
    /* One state of the store for the whole list. */
    ok = !own || store_exec(store, "BEGIN", "reading a list", err);
    if (ok)
        ok = order.standard ? stream_rows(store, spec, &row, fn, ctx, err) : sorted_rows(store, spec, &row, fn, ctx, err);
    if (own)
        end_reading(store);
    free(values);
    return ok;
}
