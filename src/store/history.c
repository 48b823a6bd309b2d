/* history.c - how full scopes were, and where that is going.
 *
 * At most one sample an hour, and none when nothing changed within a day: most scopes of most estates are quiet. Older than KEEP_FINE
 * the last one of a day stays, older than KEEP none. A sample of the future was written by a clock that was wrong. */
#include <stdlib.h>

#include "ipamtui/trend.h"
#include "store_int.h"

enum { HOUR = 3600, DAY = 86400, KEEP_FINE = 3 * DAY, KEEP = 90 * DAY, TREND_S = 14 * DAY, FUTURE_S = HOUR };

/* A statement about TABLE, its history TABLE_history ("%1$s"), and free addresses ("%2$s"): an IPv6 scope has 2^64 of them, as text;
 * more than 2^62 say no more than that. */
static sqlite3_stmt *prepare(struct store *store, const struct object_type *object, const char *format, struct err *err)
{
    bool text = object->properties[catalog_property(object, "free")].kind == KIND_TEXT;
    char *sql = x_asprintf(format, object->table, text ? "CAST(min(CAST(o.free AS REAL), 4611686018427387904.0) AS INTEGER)"
                                                       : "o.free");
    sqlite3_stmt *stmt = store_prepare(store, sql, err);

    free(sql);
    return stmt;
}

/* Runs a statement whose ?1 is the server and ?2 a time. */
static bool run_at(struct store *store, const struct object_type *object, const char *format, server_id server, int64_t at,
                   int64_t other, struct err *err)
{
    sqlite3_stmt *stmt = prepare(store, object, format, err);

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    sqlite3_bind_int64(stmt, 2, at);
    if (sqlite3_bind_parameter_count(stmt) > 2)
        sqlite3_bind_int64(stmt, 3, other);
    return store_run(store, stmt, "keeping the history", err);
}

#define PRUNE_SQL                                                                                                            \
    "DELETE FROM %1$s_history WHERE scope IN (SELECT id FROM %1$s WHERE server = ?1) AND (at > ?2 OR at < ?3)"
/* Of a day that is old, all but its last sample. */
#define THIN_SQL                                                                                                             \
    "DELETE FROM %1$s_history WHERE scope IN (SELECT id FROM %1$s WHERE server = ?1) AND at < ?2 AND at >= ?3"               \
    " AND EXISTS (SELECT 1 FROM %1$s_history n WHERE n.scope = %1$s_history.scope AND n.at > %1$s_history.at"                \
    " AND n.at / 86400 = %1$s_history.at / 86400)"
/* 3000: an hour, less what rounds jitter. */
#define SAMPLE_SQL                                                                                                           \
    "INSERT OR IGNORE INTO %1$s_history SELECT o.id, ?2, o.in_use, %2$s FROM %1$s o WHERE o.server = ?1"                     \
    " AND o.in_use IS NOT NULL AND o.free IS NOT NULL AND NOT EXISTS (SELECT 1 FROM (SELECT at, in_use, free FROM"           \
    " %1$s_history h WHERE h.scope = o.id ORDER BY h.at DESC LIMIT 1) l WHERE l.at > ?2 - 3000"                              \
    " OR (l.at > ?2 - 86400 AND l.in_use = o.in_use AND l.free = %2$s))"

/* ------------------------------------------------------------------ the trend */
struct points {
    struct trend_point *rows;
    size_t count, cap;
    double total;
};

static bool add_point(void *ctx, int64_t at_s, int64_t in_use, int64_t free_addresses)
{
    struct points *points = ctx;

    x_grow(&points->rows, &points->cap, points->count + 1, sizeof(*points->rows));
    points->rows[points->count++] = (struct trend_point){ .at_s = at_s, .in_use = (double)in_use };
    points->total = (double)in_use + (double)free_addresses;
    return true;
}

static bool write_trend(struct store *store, const struct object_type *object, row_id scope, const struct trend *trend, struct err *err)
{
    sqlite3_stmt *stmt = prepare(store, object, "UPDATE %1$s SET per_week = ?1, full_in = ?2 WHERE id = ?3 AND (per_week IS NOT ?1"
                                 " OR full_in IS NOT ?2)", err);

    if (!stmt)
        return false;
    if (trend) {
        double week = trend->per_day * 7;

        sqlite3_bind_int64(stmt, 1, (int64_t)(week < 0 ? week - 0.5 : week + 0.5));
        if (trend->days_left >= 0 && trend->days_left < 36500)
            sqlite3_bind_int64(stmt, 2, (int64_t)(trend->days_left + 0.5));
    }
    sqlite3_bind_int64(stmt, 3, scope);
    return store_run(store, stmt, "writing a trend", err);
}

static bool update_trend(struct store *store, const struct object_type *object, row_id scope, int64_t now_s, struct err *err)
{
    struct points points = { 0 };
    struct trend trend;
    bool ok = store_scope_history(store, object, scope, now_s - TREND_S, add_point, &points, err);

    if (ok)
        ok = write_trend(store, object, scope, trend_of(points.rows, points.count, points.total, &trend) ? &trend : NULL, err);
    free(points.rows);
    return ok;
}

/* Scopes that got a sample just now. */
static bool update_trends(struct store *store, const struct object_type *object, server_id server, int64_t now_s, struct err *err)
{
    sqlite3_stmt *stmt = prepare(store, object, "SELECT h.scope FROM %1$s o CROSS JOIN %1$s_history h ON h.scope = o.id AND h.at = ?2"
                                 " WHERE o.server = ?1", err);
    row_id *ids = NULL;
    size_t count = 0, cap = 0;
    int rc;
    bool ok;

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    sqlite3_bind_int64(stmt, 2, now_s);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        x_grow(&ids, &cap, count + 1, sizeof(*ids));
        ids[count++] = sqlite3_column_int64(stmt, 0);
    }
    ok = rc == SQLITE_DONE || store_fail(store, "reading the history", err);
    store_release(store, stmt);
    for (size_t i = 0; ok && i < count; i++)
        ok = update_trend(store, object, ids[i], now_s, err);
    free(ids);
    return ok;
}

/* Samples of scopes that are gone. From scope to scope by the index, not over each sample. */
#define SWEEP_SQL                                                                                                            \
    "WITH RECURSIVE has(id) AS (SELECT min(scope) FROM %1$s_history UNION ALL SELECT (SELECT min(scope) FROM %1$s_history"   \
    " WHERE scope > has.id) FROM has WHERE has.id IS NOT NULL) DELETE FROM %1$s_history WHERE scope IN"                      \
    " (SELECT id FROM has WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM %1$s))"

static bool keeps_history(const struct object_type *object)
{
    for (size_t i = 0; i < object->source_count; i++)
        if (object->sources[i].history)
            return true;
    return false;
}

/* Once a day, and once after the store was opened. */
static bool sweep(struct store *store, int64_t now_s, struct err *err)
{
    bool ok = true;

    if (store->swept_s != 0 && now_s >= store->swept_s && now_s - store->swept_s < DAY)
        return true;
    for (size_t i = 0; ok && catalog_objects[i]; i++) {
        sqlite3_stmt *stmt = NULL;

        if (!keeps_history(catalog_objects[i]))
            continue;
        stmt = prepare(store, catalog_objects[i], SWEEP_SQL, err);
        ok = stmt && store_run(store, stmt, "keeping the history", err);
    }
    if (ok)
        store->swept_s = now_s;
    return ok;
}

bool history_note(struct store *store, server_id server, const struct object_type *object, int64_t now_s, struct err *err)
{
    return sweep(store, now_s, err) && run_at(store, object, PRUNE_SQL, server, now_s + FUTURE_S, now_s - KEEP, err) &&
           run_at(store, object, THIN_SQL, server, now_s - KEEP_FINE, now_s - KEEP_FINE - 2 * DAY, err) &&
           run_at(store, object, SAMPLE_SQL, server, now_s, 0, err) && update_trends(store, object, server, now_s, err);
}

bool store_scope_history(struct store *store, const struct object_type *object, row_id scope, int64_t since_s, store_history_fn *fn,
                         void *ctx, struct err *err)
{
    sqlite3_stmt *stmt = prepare(store, object, "SELECT at, in_use, free FROM %1$s_history WHERE scope = ?1 AND at >= ?2 ORDER BY at", err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, scope);
    sqlite3_bind_int64(stmt, 2, since_s);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        if (!fn(ctx, sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2)))
            break;
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        store_fail(store, "reading the history", err);
    store_release(store, stmt);
    return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

/* ------------------------------------------------------------------ thresholds of one scope */
static double number(struct value v, double fallback)
{
    return v.type == VALUE_REAL ? v.d : v.type == VALUE_INT ? (double)v.i : fallback;
}

bool store_scope_thresholds(struct store *store, const struct object_type *object, row_id scope, struct value over,
                            struct value under, struct err *err)
{
    double top = number(over, store->thresholds.over), bottom = number(under, store->thresholds.under);
    char *sql;
    sqlite3_stmt *stmt;

    if (top < bottom)
        return err_set(err, ERR_INPUT, object->noun, "over (%g) may not be below under (%g)", top, bottom);
    if (top > 100 || bottom < 0)
        return err_set(err, ERR_INPUT, object->noun, "thresholds are percentages, 0 to 100");
    sql = x_asprintf("UPDATE \"%s\" SET over = ?1, under = ?2 WHERE id = ?3", object->table);
    stmt = store_prepare(store, sql, err);
    free(sql);
    if (!stmt)
        return false;
    store_bind(stmt, 1, over);
    store_bind(stmt, 2, under);
    sqlite3_bind_int64(stmt, 3, scope);
    return store_run(store, stmt, "keeping thresholds", err);
}
