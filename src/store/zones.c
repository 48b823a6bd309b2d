/* zones.c - what is summed up over the servers of a zone: health on each, lag, and one line a zone. Only zones whose rows were
 * touched are looked at again, and only what changed is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/text.h"
#include "ipamtui/zone.h"
#include "store_int.h"

/* A zone on one server. Texts live in the arena of the zone. */
struct member {
    row_id id;
    server_id server;
    const char *server_name, *zone, *type;
    bool ad, automatic;
    struct value serial, lag, since, since_at_least, health, cause;
    const char *soa_primary;
    bool half_told; /* its server is still answering: it stays as it was judged last */
    struct zone_facts facts;
    enum health now;
    char why[96];
};
struct zone_sum {
    struct store *store;
    int64_t now_s;
    const char *zone;
    struct arena mem;
    struct member *members;
    size_t count, cap;
};

static const char *const families[] = { "forward", "reverse4", "reverse6" };

/* ------------------------------------------------------------------ reading */
#define MEMBER_SQL                                                                                                          \
    "SELECT o.id, o.server, s.name, o.zone, o.type, o.ad_integrated, o.auto_created, o.soa_serial, o.lag, o.since,"         \
    " o.since_at_least, o.health, o.cause, o.soa_primary, s.reachable, s.dns_service, o.paused, o.shutdown, o.masters,"     \
    " o.transfer_result, o.soa_error, (SELECT a.result FROM source a WHERE a.server = o.server AND a.object = 'zoneservers'" \
    " AND a.source = 'zone-soa'), CASE WHEN o.event_at > coalesce(o.acknowledged, 0) THEN o.event END, o.event_grade,"      \
    " EXISTS(SELECT 1 FROM zoneserver_touch t WHERE t.server = o.server AND t.key = o.zone)"                                \
    " FROM zoneserver o CROSS JOIN server s ON s.id = o.server WHERE o.zone = ?1 ORDER BY s.name"

static struct value kept(struct zone_sum *sum, sqlite3_stmt *stmt, int at)
{
    struct value v = store_column(stmt, at);

    if (v.type == VALUE_TEXT)
        v.s = arena_strdup(&sum->mem, v.s);
    return v;
}

static const char *text_of(struct zone_sum *sum, sqlite3_stmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    return text ? arena_strdup(&sum->mem, text) : NULL;
}

static void read_member(struct zone_sum *sum, sqlite3_stmt *stmt)
{
    struct member *m;

    x_grow(&sum->members, &sum->cap, sum->count + 1, sizeof(*sum->members));
    m = &sum->members[sum->count++];
    *m = (struct member){
        .id = sqlite3_column_int64(stmt, 0),
        .server = sqlite3_column_int64(stmt, 1),
        .server_name = text_of(sum, stmt, 2),
        .zone = text_of(sum, stmt, 3),
        .type = text_of(sum, stmt, 4),
        .ad = sqlite3_column_int(stmt, 5) == 1,
        .automatic = sqlite3_column_int(stmt, 6) == 1,
        .serial = kept(sum, stmt, 7),
        .lag = kept(sum, stmt, 8),
        .since = kept(sum, stmt, 9),
        .since_at_least = kept(sum, stmt, 10),
        .health = kept(sum, stmt, 11),
        .cause = kept(sum, stmt, 12),
        .soa_primary = text_of(sum, stmt, 13),
        .half_told = sqlite3_column_int(stmt, 24) == 1,
    };
    m->facts = (struct zone_facts){
        .name = m->zone,
        .type = m->type,
        .reachable = text_of(sum, stmt, 14),
        .service = text_of(sum, stmt, 15),
        .paused = sqlite3_column_int(stmt, 16) == 1,
        .shutdown = sqlite3_column_int(stmt, 17) == 1,
        .has_masters = sqlite3_column_type(stmt, 18) == SQLITE_NULL || sqlite3_column_bytes(stmt, 18) > 0,
        .transfer_result = sqlite3_column_type(stmt, 19) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, 19),
        .has_serial = m->serial.type == VALUE_INT,
        .soa_error = text_of(sum, stmt, 20),
        .soa_result = text_of(sum, stmt, 21),
        .lag = -1,
        .event = sqlite3_column_int64(stmt, 22),
        .event_grade = text_of(sum, stmt, 23),
    };
}

static bool read_members(struct zone_sum *sum, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(sum->store, MEMBER_SQL, err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, sum->zone, -1, SQLITE_STATIC);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        read_member(sum, stmt);
    if (rc != SQLITE_DONE)
        store_fail(sum->store, "reading a zone", err);
    store_release(sum->store, stmt);
    return rc == SQLITE_DONE;
}

/* ------------------------------------------------------------------ judging */
static bool is_type(const struct member *m, const char *type)
{
    return m->type && strcmp(m->type, type) == 0;
}

/* The serial of a secondary's primary: the one that its SOA names, or the only one there is. Primaries in Active Directory each
 * have serials of their own, so among several only the named one counts. */
static struct value primary_serial(const struct zone_sum *sum, const struct member *secondary)
{
    const struct member *only = NULL;
    size_t primaries = 0;

    for (size_t i = 0; i < sum->count; i++) {
        const struct member *m = &sum->members[i];

        if (!is_type(m, "primary") || m->serial.type != VALUE_INT)
            continue;
        if (m->soa_primary && secondary->soa_primary && text_casecmp(m->soa_primary, secondary->soa_primary) == 0)
            return m->serial;
        primaries++;
        only = m;
    }
    return primaries == 1 ? only->serial : V_NULL;
}

static bool write_member(struct zone_sum *sum, const struct member *m, struct value lag, struct err *err)
{
    struct value health = V_TEXT(health_name(m->now)), cause = m->why[0] ? V_TEXT(m->why) : V_NULL;
    bool same_health = value_equal(health, m->health);
    /* Never judged before, or its lag could not be told before: the state may be older than our seeing it. */
    bool found = m->health.type == VALUE_NULL || (m->lag.type == VALUE_NULL && lag.type != VALUE_NULL);
    char network[ZONE_NETWORK_SIZE];
    sqlite3_stmt *stmt;

    if (same_health && value_equal(cause, m->cause) && value_equal(lag, m->lag))
        return true;
    stmt = store_prepare(sum->store, "UPDATE zoneserver SET health = ?1, cause = ?2, lag = ?3, since = ?4, since_at_least = ?5,"
                         " family = ?6, network = ?7 WHERE id = ?8", err);
    if (!stmt)
        return false;
    store_bind(stmt, 1, health);
    store_bind(stmt, 2, cause);
    store_bind(stmt, 3, lag);
    store_bind(stmt, 4, same_health ? m->since : V_INT(sum->now_s));
    store_bind(stmt, 5, same_health ? m->since_at_least : V_INT(found));
    sqlite3_bind_text(stmt, 6, families[zone_family(m->zone)], -1, SQLITE_STATIC);
    store_bind(stmt, 7, zone_network(m->zone, network) ? V_TEXT(network) : V_NULL);
    sqlite3_bind_int64(stmt, 8, m->id);
    return store_run(sum->store, stmt, "writing a zone", err) &&
           (found || states_note(sum->store, m->server, &catalog_zoneservers, m->id, m->zone,
                       &catalog_zoneservers.properties[catalog_property(&catalog_zoneservers, "health")], m->health, health,
                       sum->now_s, err));
}

/* As it was judged before its server began to answer anew; never judged, it does not count yet. */
static void keep_judgement(struct member *m)
{
    if (m->health.type == VALUE_TEXT)
        m->now = health_named(m->health.s);
    if (m->cause.type == VALUE_TEXT)
        snprintf(m->why, sizeof(m->why), "%s", m->cause.s);
    m->facts.lag = m->lag.type == VALUE_INT ? m->lag.i : -1;
}

static bool judge(struct zone_sum *sum, struct err *err)
{
    for (size_t i = 0; i < sum->count; i++) {
        struct member *m = &sum->members[i];
        struct value lag = V_NULL, primary;

        if (m->half_told) {
            keep_judgement(m);
            continue;
        }
        if (is_type(m, "secondary") && m->serial.type == VALUE_INT) {
            primary = primary_serial(sum, m);
            if (primary.type == VALUE_INT)
                lag = V_INT(zone_serial_lag((uint32_t)m->serial.i, (uint32_t)primary.i));
        }
        m->facts.lag = lag.type == VALUE_INT ? lag.i : -1;
        m->now = zone_health(&m->facts, m->why, sizeof(m->why));
        if (!write_member(sum, m, lag, err))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ the line of a zone */
struct line {
    const struct member *worst;
    enum health health;
    size_t servers, answering, bad, lagging;
    char types[64], storage[16], serials[32];
};

static void add_word(char *list, size_t size, const char *word)
{
    size_t len = strlen(list);

    if (word && !text_contains(list, word))
        snprintf(list + len, size - len, "%s%s", len ? "," : "", word);
}

static int badness(enum health health)
{
    static const int order[] = { [HEALTH_OK] = 0, [HEALTH_UNKNOWN] = 1, [HEALTH_WARNING] = 2, [HEALTH_ERROR] = 3 };

    return order[health];
}

/* Servers that make a zone by themselves, for loopback and broadcast, would fill the list with what nobody manages. */
static bool counts(const struct member *m)
{
    bool judged = !m->half_told || m->health.type != VALUE_NULL;

    return judged && !m->automatic && !is_type(m, "cache");
}

/* Its serial may be from before the service stopped. */
static bool answers(const struct member *m)
{
    return m->facts.has_serial && m->now != HEALTH_UNKNOWN && (!m->facts.service || strcmp(m->facts.service, "running") == 0);
}

static void sum_serials(const struct zone_sum *sum, struct line *line)
{
    uint32_t low = 0, high = 0;
    bool any = false;

    for (size_t i = 0; i < sum->count; i++) {
        uint32_t serial = (uint32_t)sum->members[i].serial.i;

        if (!counts(&sum->members[i]) || sum->members[i].serial.type != VALUE_INT)
            continue;
        if (!any || zone_serial_compare(serial, low) < 0)
            low = serial;
        if (!any || zone_serial_compare(serial, high) > 0)
            high = serial;
        any = true;
    }
    if (any && low == high)
        snprintf(line->serials, sizeof(line->serials), "%u", low);
    else if (any)
        snprintf(line->serials, sizeof(line->serials), "%u-%u", low, high);
}

static void sum_up(const struct zone_sum *sum, struct line *line)
{
    enum health *health = x_calloc(sum->count + 1, sizeof(*health));
    size_t judged = 0;
    bool authoritative = false;

    for (size_t i = 0; i < sum->count; i++)
        authoritative = authoritative || (counts(&sum->members[i]) && zone_authoritative(sum->members[i].type));
    for (size_t i = 0; i < sum->count; i++) {
        const struct member *m = &sum->members[i];

        if (!counts(m))
            continue;
        line->servers++;
        add_word(line->types, sizeof(line->types), m->type);
        add_word(line->storage, sizeof(line->storage), m->ad ? "ad" : "file");
        line->lagging += m->facts.lag > 0;
        if (authoritative && !zone_authoritative(m->type))
            continue;
        health[judged++] = m->now;
        line->bad += m->now != HEALTH_OK;
        line->answering += answers(m);
        if (!line->worst || badness(m->now) > badness(line->worst->now))
            line->worst = m;
    }
    line->health = health_aggregate(health, judged);
    sum_serials(sum, line);
    free(health);
}

/* The line as it is. */
struct line_before {
    row_id id; /* 0: there is none yet */
    struct value health, since, at_least;
    int64_t servers;
};

static bool line_read(struct zone_sum *sum, struct line_before *out, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(sum->store, "SELECT id, health, since, since_at_least, servers FROM zone WHERE zone = ?1", err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, sum->zone, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    *out = (struct line_before){ .health = V_NULL, .since = V_NULL, .at_least = V_NULL };
    if (rc == SQLITE_ROW)
        *out = (struct line_before){ sqlite3_column_int64(stmt, 0), kept(sum, stmt, 1), kept(sum, stmt, 2), kept(sum, stmt, 3),
                                     sqlite3_column_int64(stmt, 4) };
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        store_fail(sum->store, "reading a zone", err);
    store_release(sum->store, stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

static bool remove_line(struct zone_sum *sum, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(sum->store, "DELETE FROM zone WHERE zone = ?1", err);

    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, sum->zone, -1, SQLITE_STATIC);
    return store_run(sum->store, stmt, "writing a zone", err);
}

static void bind_line(sqlite3_stmt *stmt, const struct line *line, char network[ZONE_NETWORK_SIZE])
{
    const struct member *worst = line->worst;

    sqlite3_bind_text(stmt, 1, worst->zone, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, families[zone_family(worst->zone)], -1, SQLITE_STATIC);
    store_bind(stmt, 3, zone_network(worst->zone, network) ? V_TEXT(network) : V_NULL);
    sqlite3_bind_text(stmt, 4, line->types, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 5, line->storage, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 6, (int64_t)line->servers);
    sqlite3_bind_int64(stmt, 7, (int64_t)line->answering);
    sqlite3_bind_int64(stmt, 8, (int64_t)line->bad);
    sqlite3_bind_text(stmt, 9, health_name(line->health), -1, SQLITE_STATIC);
    store_bind(stmt, 13, line->serials[0] ? V_TEXT(line->serials) : V_NULL);
    sqlite3_bind_int64(stmt, 14, (int64_t)line->lagging);
}

static bool write_line(struct zone_sum *sum, const struct line *line, struct err *err)
{
    struct value now = V_TEXT(health_name(line->health));
    struct line_before was;
    char cause[192] = "", network[ZONE_NETWORK_SIZE];
    sqlite3_stmt *stmt;
    bool same, found;

    if (!line_read(sum, &was, err))
        return false;
    same = value_equal(was.health, now);
    /* A server more or less that is managed now makes another sum, but nothing happened to the zone. */
    found = was.id == 0 || was.servers != (int64_t)line->servers;
    if (line->worst->why[0])
        snprintf(cause, sizeof(cause), "%s: %s", line->worst->server_name, line->worst->why);
    stmt = store_prepare(sum->store,
                         "INSERT INTO zone(zone, family, network, types, storage, servers, answering, bad, health, cause, since,"
                         " since_at_least, serials, lagging) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
                         " ON CONFLICT(zone) DO UPDATE SET types = ?4, storage = ?5, servers = ?6, answering = ?7, bad = ?8,"
                         " health = ?9, cause = ?10, since = ?11, since_at_least = ?12, serials = ?13, lagging = ?14", err);
    if (!stmt)
        return false;
    bind_line(stmt, line, network);
    store_bind(stmt, 10, cause[0] ? V_TEXT(cause) : V_NULL);
    store_bind(stmt, 11, same ? was.since : V_INT(sum->now_s));
    store_bind(stmt, 12, same ? was.at_least : V_INT(found));
    return store_run(sum->store, stmt, "writing a zone", err) &&
           (found || states_note(sum->store, line->worst->server, &catalog_zones, was.id, line->worst->zone,
                                 &catalog_zones.properties[catalog_property(&catalog_zones, "health")], was.health, now,
                                 sum->now_s, err));
}

static bool settle_zone(struct store *store, const char *zone, int64_t now_s, struct err *err)
{
    struct zone_sum sum = { .store = store, .now_s = now_s, .zone = zone };
    struct line line = { 0 };
    bool ok = read_members(&sum, err) && judge(&sum, err);

    if (ok) {
        sum_up(&sum, &line);
        ok = line.worst ? write_line(&sum, &line, err) : remove_line(&sum, err);
    }
    arena_done(&sum.mem);
    free(sum.members);
    return ok;
}

/* ------------------------------------------------------------------ all that were touched */
struct touched {
    struct arena mem;
    char **zones;
    size_t count, cap;
};

/* Takes the zones that one server touched; 0: those touched by a server's state, or by the operator. */
static bool take_touched(struct store *store, server_id server, struct touched *out, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "DELETE FROM zoneserver_touch WHERE server = ?1 RETURNING key", err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        x_grow(&out->zones, &out->cap, out->count + 1, sizeof(*out->zones));
        out->zones[out->count++] = arena_strdup(&out->mem, (const char *)sqlite3_column_text(stmt, 0));
    }
    if (rc != SQLITE_DONE)
        store_fail(store, "reading zones", err);
    store_release(store, stmt);
    return rc == SQLITE_DONE;
}

static int compare_zones(const void *a, const void *b)
{
    return text_casecmp(*(char *const *)a, *(char *const *)b);
}

/* Each zone once, however many servers touched it. */
static bool settle_touched(struct store *store, struct touched *touched, int64_t now_s, struct err *err)
{
    bool ok = true;

    if (touched->count > 1)
        qsort(touched->zones, touched->count, sizeof(*touched->zones), compare_zones);
    for (size_t i = 0; ok && i < touched->count; i++)
        if (i == 0 || compare_zones(&touched->zones[i - 1], &touched->zones[i]) != 0)
            ok = settle_zone(store, touched->zones[i], now_s, err);
    arena_done(&touched->mem);
    free(touched->zones);
    return ok;
}

bool store_settle(struct store *store, const server_id *servers, size_t count, int64_t now_s, struct err *err)
{
    struct touched touched = { 0 };
    bool ok = take_touched(store, 0, &touched, err);

    for (size_t i = 0; ok && i < count; i++)
        ok = take_touched(store, servers[i], &touched, err);
    return settle_touched(store, &touched, now_s, err) && ok;
}
