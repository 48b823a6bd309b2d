/* overview.c - counts by state, newest changes, what could not be verified. */
#include "ipamtui/overview.h"

#include <stdio.h>
#include <string.h>

#include "ipamtui/text.h"
#include "store_int.h"

/* What is counted, of which rows: in SQL, and the same in words of the query language. */
static const struct {
    const struct object_type *object;
    const char *property, *where, *query;
} counted[] = {
    { &catalog_servers, "reachable", NULL, "" },
    { &catalog_servers, "duplicate", "EXISTS (SELECT 1 " COVERED_BY_SQL ")", "" },
    { &catalog_servers, "dhcp_service", "o.role LIKE '%dhcp%'", "role~dhcp " },
    { &catalog_servers, "dns_service", "o.role LIKE '%dns%'", "role~dns " },
    { &catalog_scopes, "state", NULL, "" },
    { &catalog_scopes, "level", NULL, "" },
    { &catalog_scopes6, "state", NULL, "" },
    { &catalog_scopes6, "level", NULL, "" },
    { &catalog_zones, "health", NULL, "" },
};

/* What a word means; others are neutral. */
static const struct {
    const char *property, *word;
    enum overview_grade grade;
} grades[] = {
    { "reachable", "yes", OVERVIEW_GOOD },
    { "reachable", "no", OVERVIEW_UNVERIFIED },
    { "reachable", "", OVERVIEW_UNVERIFIED },
    { "duplicate", "yes", OVERVIEW_BAD },
    { "dhcp_service", "running", OVERVIEW_GOOD },
    { "dhcp_service", "denied", OVERVIEW_UNVERIFIED },
    { "dhcp_service", "unknown", OVERVIEW_UNVERIFIED },
    { "dhcp_service", "", OVERVIEW_UNVERIFIED },
    { "dhcp_service", NULL, OVERVIEW_BAD },
    { "dns_service", "running", OVERVIEW_GOOD },
    { "dns_service", "denied", OVERVIEW_UNVERIFIED },
    { "dns_service", "unknown", OVERVIEW_UNVERIFIED },
    { "dns_service", "", OVERVIEW_UNVERIFIED },
    { "dns_service", NULL, OVERVIEW_BAD },
    { "level", "over", OVERVIEW_BAD },
    { "level", "optimal", OVERVIEW_GOOD },
    { "health", "ok", OVERVIEW_GOOD },
    { "health", "unknown", OVERVIEW_UNVERIFIED },
    { "health", "warning", OVERVIEW_BAD },
    { "health", "error", OVERVIEW_BAD },
};

static enum overview_grade grade_of(const char *property, const char *word)
{
    for (size_t i = 0; i < COUNT(grades); i++)
        if (strcmp(grades[i].property, property) == 0 && (!grades[i].word || text_casecmp(grades[i].word, word) == 0))
            return grades[i].grade;
    return OVERVIEW_NEUTRAL;
}

static void bind_thresholds(struct store *store, sqlite3_stmt *stmt)
{
    int over = sqlite3_bind_parameter_index(stmt, ":over"), under = sqlite3_bind_parameter_index(stmt, ":under");

    if (over)
        sqlite3_bind_double(stmt, over, store->thresholds.over);
    if (under)
        sqlite3_bind_double(stmt, under, store->thresholds.under);
}

static sqlite3_stmt *count_statement(struct store *store, size_t i, struct err *err)
{
    const struct object_type *object = counted[i].object;
    const char *expression = store_expression(object, catalog_property(object, counted[i].property));
    struct buf sql = { 0 };
    sqlite3_stmt *stmt;

    buf_addf(&sql, "SELECT coalesce(%s, ''), count(*) FROM \"%s\" o", expression, object->table);
    if (counted[i].where)
        buf_addf(&sql, " WHERE %s", counted[i].where);
    buf_adds(&sql, " GROUP BY 1 ORDER BY 2 DESC");
    stmt = store_prepare(store, buf_at(&sql), err);
    buf_done(&sql);
    if (stmt)
        bind_thresholds(store, stmt);
    return stmt;
}

static const char *text_at(sqlite3_stmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    return text ? text : "";
}

/* The end of a loop over rows. */
static bool rows_end(struct store *store, sqlite3_stmt *stmt, int rc, struct err *err)
{
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        store_fail(store, "reading the overview", err);
    store_release(store, stmt);
    return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

bool store_overview(struct store *store, overview_count_fn *fn, void *ctx, struct err *err)
{
    bool more = true, ok = true;

    for (size_t i = 0; ok && more && i < COUNT(counted); i++) {
        sqlite3_stmt *stmt = count_statement(store, i, err);
        int rc;

        if (!stmt)
            return false;
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && more) {
            char query[160];
            struct overview_count count = { .object = counted[i].object->name, .property = counted[i].property,
                                            .word = text_at(stmt, 0), .count = sqlite3_column_int64(stmt, 1) };

            count.grade = grade_of(count.property, count.word);
            snprintf(query, sizeof(query), "%s%s:%s", counted[i].query, count.property, count.word);
            count.query = query;
            more = fn(ctx, &count);
        }
        ok = rows_end(store, stmt, rc, err);
    }
    return ok;
}

bool store_newest_changes(struct store *store, int limit, overview_change_fn *fn, void *ctx, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store,
                                       "SELECT s.name, c.object, c.name, c.property, c.before, c.after, c.at FROM state_change c"
                                       " JOIN server s ON s.id = c.server ORDER BY c.at DESC, c.id DESC LIMIT ?1", err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_int(stmt, 1, limit);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct overview_change change = { text_at(stmt, 0), text_at(stmt, 1), text_at(stmt, 2), text_at(stmt, 3),
                                          text_at(stmt, 4), text_at(stmt, 5), sqlite3_column_int64(stmt, 6) };

        if (!fn(ctx, &change))
            break;
    }
    return rows_end(store, stmt, rc, err);
}

bool store_unverified(struct store *store, bool by_reason, int limit, overview_fault_fn *fn, void *ctx, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, by_reason
                                       ? "SELECT s.name, min(a.object), min(a.source), a.result, a.error, max(a.done_at), max(a.ok_at), count(*)"
                                         " FROM source a JOIN server s ON s.id = a.server WHERE a.result IN ('failed', 'denied', 'lost')"
                                         " GROUP BY s.id, a.result, a.error ORDER BY s.name LIMIT ?1"
                                       : "SELECT s.name, a.object, a.source, a.result, a.error, a.done_at, a.ok_at, 1 FROM source a"
                                         " JOIN server s ON s.id = a.server WHERE a.result IN ('failed', 'denied', 'lost')"
                                         " ORDER BY s.name, a.object, a.source LIMIT ?1", err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_int(stmt, 1, limit);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct overview_fault fault = { text_at(stmt, 0), text_at(stmt, 1), text_at(stmt, 2), text_at(stmt, 3), text_at(stmt, 4),
                                        sqlite3_column_int64(stmt, 5), sqlite3_column_int64(stmt, 6), (size_t)sqlite3_column_int64(stmt, 7) };

        if (!fn(ctx, &fault))
            break;
    }
    return rows_end(store, stmt, rc, err);
}

static bool reset_zone(struct store *store, const char *zone, int64_t now_s, int64_t *changed, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "UPDATE zoneserver SET acknowledged = max(?1, coalesce(event_at, 0)) WHERE zone = ?2", err);

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, now_s);
    sqlite3_bind_text(stmt, 2, zone, -1, SQLITE_STATIC);
    if (!store_run(store, stmt, "resetting the status of a zone", err))
        return false;
    *changed = sqlite3_changes(store->db);
    return true;
}

bool store_zone_reset(struct store *store, const char *const *zones, size_t count, int64_t now_s, int64_t *changed, struct err *err)
{
    bool ok = store_begin(store, err);

    if (!ok)
        return false;
    for (size_t i = 0; ok && i < count; i++)
        ok = reset_zone(store, zones[i], now_s, &changed[i], err);
    if (ok && store_settle(store, NULL, 0, now_s, err) && store_commit(store, err))
        return true;
    store_rollback(store);
    return false;
}
