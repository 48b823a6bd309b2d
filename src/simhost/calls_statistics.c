/* calls_statistics.c - counters of servers and zones: they count from the start of the service on, faster where there is more, so that
 * two looks differ. Nothing of it is kept in the estate. */
#include <string.h>

#include "ipamtui/clock.h"
#include "ipamtui/hash.h"
#include "run.h"

enum { DAY_S = 86400, RESTARTS_S = 45 * DAY_S, TICKS_S = 10000000 };

/* What a counter counts with. */
enum pace { PER_QUERY, PER_ZONE_DAY, LEVEL };
/* By class and property: so many of a million queries; so many a day and a hundred zones; a level. Others stay 0. */
static const struct pace_row {
    const char *class, *property;
    enum pace pace;
    uint32_t amount;
} paces[] = {
    { "DnsServerQueryStatistics", "UdpQueries", PER_QUERY, 985000 },
    { "DnsServerQueryStatistics", "UdpResponses", PER_QUERY, 984100 },
    { "DnsServerQueryStatistics", "UdpQueriesSent", PER_QUERY, 212000 },
    { "DnsServerQueryStatistics", "UdpResponsesReceived", PER_QUERY, 208000 },
    { "DnsServerQueryStatistics", "TcpClientConnections", PER_QUERY, 9000 },
    { "DnsServerQueryStatistics", "TcpQueries", PER_QUERY, 15000 },
    { "DnsServerQueryStatistics", "TcpResponses", PER_QUERY, 14990 },
    { "DnsServerQueryStatistics", "TcpQueriesSent", PER_QUERY, 900 },
    { "DnsServerQueryStatistics", "TcpResponsesReceived", PER_QUERY, 880 },
    { "DnsServerQuery2Statistics", "TotalQueries", PER_QUERY, 1000000 },
    { "DnsServerQuery2Statistics", "Standard", PER_QUERY, 994000 },
    { "DnsServerQuery2Statistics", "Notify", PER_QUERY, 1000 },
    { "DnsServerQuery2Statistics", "Update", PER_QUERY, 4000 },
    { "DnsServerQuery2Statistics", "TKeyNego", PER_QUERY, 1000 },
    { "DnsServerQuery2Statistics", "TypeA", PER_QUERY, 520000 },
    { "DnsServerQuery2Statistics", "TypeNs", PER_QUERY, 3000 },
    { "DnsServerQuery2Statistics", "TypeSoa", PER_QUERY, 21000 },
    { "DnsServerQuery2Statistics", "TypeMx", PER_QUERY, 6000 },
    { "DnsServerQuery2Statistics", "TypePtr", PER_QUERY, 118000 },
    { "DnsServerQuery2Statistics", "TypeSrv", PER_QUERY, 73000 },
    { "DnsServerQuery2Statistics", "TypeAll", PER_QUERY, 700 },
    { "DnsServerQuery2Statistics", "TypeOther", PER_QUERY, 252300 },
    { "DnsServerErrorStatistics", "NoError", PER_QUERY, 861000 },
    { "DnsServerErrorStatistics", "NxDomain", PER_QUERY, 131000 },
    { "DnsServerErrorStatistics", "ServFail", PER_QUERY, 5200 },
    { "DnsServerErrorStatistics", "Refused", PER_QUERY, 1900 },
    { "DnsServerErrorStatistics", "FormError", PER_QUERY, 12 },
    { "DnsServerRecursionStatistics", "QueriesRecursed", PER_QUERY, 198000 },
    { "DnsServerRecursionStatistics", "TotalQuestionsRecursed", PER_QUERY, 204000 },
    { "DnsServerRecursionStatistics", "Sends", PER_QUERY, 212900 },
    { "DnsServerRecursionStatistics", "Forwards", PER_QUERY, 205000 },
    { "DnsServerRecursionStatistics", "Responses", PER_QUERY, 208900 },
    { "DnsServerRecursionStatistics", "Retries", PER_QUERY, 8700 },
    { "DnsServerRecursionStatistics", "TimedoutQueries", PER_QUERY, 2400 },
    { "DnsServerRecursionStatistics", "RecursionFailure", PER_QUERY, 2600 },
    { "DnsServerRecursionStatistics", "ServerFailure", PER_QUERY, 2300 },
    { "DnsServerDnssecStatistics", "SuccessfulValidations", PER_QUERY, 41000 },
    { "DnsServerDnssecStatistics", "FailedValidations", PER_QUERY, 6 },
    { "DnsServerMasterStatistics", "NotifySent", PER_ZONE_DAY, 900 },
    { "DnsServerMasterStatistics", "Request", PER_ZONE_DAY, 700 },
    { "DnsServerMasterStatistics", "AxfrRequest", PER_ZONE_DAY, 90 },
    { "DnsServerMasterStatistics", "AxfrSuccess", PER_ZONE_DAY, 80 },
    { "DnsServerMasterStatistics", "IxfrRequest", PER_ZONE_DAY, 610 },
    { "DnsServerMasterStatistics", "IxfrUpdateSuccess", PER_ZONE_DAY, 600 },
    { "DnsServerMasterStatistics", "Refused", PER_ZONE_DAY, 12 },
    { "DnsServerMasterStatistics", "Failure", PER_ZONE_DAY, 3 },
    { "DnsServerSecondaryStatistics", "NotifyReceived", PER_ZONE_DAY, 400 },
    { "DnsServerSecondaryStatistics", "SoaRequest", PER_ZONE_DAY, 2400 },
    { "DnsServerSecondaryStatistics", "SoaResponse", PER_ZONE_DAY, 2390 },
    { "DnsServerSecondaryStatistics", "AxfrRequest", PER_ZONE_DAY, 45 },
    { "DnsServerSecondaryStatistics", "AxfrSuccess", PER_ZONE_DAY, 40 },
    { "DnsServerSecondaryStatistics", "AxfrRefused", PER_ZONE_DAY, 4 },
    { "DnsServerSecondaryStatistics", "IxfrTcpRequest", PER_ZONE_DAY, 310 },
    { "DnsServerSecondaryStatistics", "IxfrTcpSuccess", PER_ZONE_DAY, 300 },
    { "DnsServerUpdateStatistics", "Received", PER_QUERY, 4000 },
    { "DnsServerUpdateStatistics", "Completed", PER_QUERY, 3100 },
    { "DnsServerUpdateStatistics", "NoOps", PER_QUERY, 600 },
    { "DnsServerUpdateStatistics", "Rejected", PER_QUERY, 300 },
    { "DnsServerUpdateStatistics", "RefusedNonSecure", PER_QUERY, 240 },
    { "DnsServerUpdateStatistics", "RefusedAccessDenied", PER_QUERY, 60 },
    { "DnsServerUpdateStatistics", "SecureSuccess", PER_QUERY, 2900 },
    { "DnsServerUpdateStatistics", "SecureFailure", PER_QUERY, 60 },
    { "DnsServerUpdateStatistics", "InQueue", LEVEL, 2 },
    { "DnsServerRRLStatistics", "TotalResponsesSent", PER_QUERY, 999000 },
    { "DnsServerRRLStatistics", "TotalResponsesDropped", PER_QUERY, 70 },
    { "DnsServerRRLStatistics", "TotalResponsesTruncated", PER_QUERY, 35 },
    { "DnsServerRecordStatistics", "InUse", LEVEL, 52000 },
    { "DnsServerRecordStatistics", "Memory", LEVEL, 7340032 },
    { "DnsServerRecordStatistics", "CacheCurrent", LEVEL, 18000 },
    { "DnsServerRecordStatistics", "CacheTotal", PER_QUERY, 201000 },
    { "DnsServerRecordStatistics", "CacheTimeouts", PER_QUERY, 200000 },
    { "DnsServerDatabaseStatistics", "NodeInUse", LEVEL, 31000 },
    { "DnsServerDatabaseStatistics", "NodeMemory", LEVEL, 5505024 },
    { "DnsServerMemoryStatistics", "Memory", LEVEL, 141557760 },
    { "DnsServerZoneQueryStatistics", "QueriesReceived", PER_QUERY, 9000 },
    { "DnsServerZoneQueryStatistics", "QueriesResponded", PER_QUERY, 8800 },
    { "DnsServerZoneQueryStatistics", "QueriesNameError", PER_QUERY, 1300 },
    { "DnsServerZoneQueryStatistics", "QueriesFailure", PER_QUERY, 200 },
    { "DnsServerZoneTransferStatistics", "RequestReceived", PER_ZONE_DAY, 30 },
    { "DnsServerZoneTransferStatistics", "SuccessSent", PER_ZONE_DAY, 28 },
    { "DnsServerZoneUpdateStatistics", "DynamicUpdateReceived", PER_QUERY, 40 },
    { "DnsServerZoneUpdateStatistics", "DynamicUpdateRejected", PER_QUERY, 3 },
};

/* What the numbers of a server follow from. */
struct counting {
    struct sim_run *run;
    const char *region;
    uint64_t hash;
    int64_t now_s, started_s, cleared_s; /* cleared_s 0 = never */
    uint64_t queries, zones;             /* since then; on it */
};

static uint64_t hash_of(const char *text)
{
    uint64_t hash = hash_bytes(HASH_START, text, strlen(text));

    return hash ^ hash >> 29;
}

static size_t zones_of(const struct sim_server *server)
{
    return sim_list(server, "DnsServerPrimaryZone")->count + sim_list(server, "DnsServerSecondaryZone")->count;
}

/* Each server is restarted every now and then, at a time of its own; on one of four the counters were cleared since. */
static struct counting counting_on(struct sim_run *run, const char *about)
{
    struct counting c = { .run = run, .region = sim_value(sim_host(run->server), "Region"), .now_s = clock_now_s() };
    uint64_t of_server = hash_of(run->server->name);
    int64_t up_s = (c.now_s + (int64_t)(of_server % RESTARTS_S)) % RESTARTS_S;

    c.hash = about ? hash_of(about) ^ of_server : of_server;
    c.started_s = c.now_s - up_s;
    if (of_server / 8 % 4 == 0)
        c.cleared_s = c.started_s + up_s / 3;
    c.zones = zones_of(run->server);
    c.queries = (uint64_t)(c.now_s - MAX(c.started_s, c.cleared_s)) * (2 + of_server / 64 % 60);
    return c;
}

static uint64_t counted(const struct counting *c, const char *class, const char *property)
{
    uint64_t seconds = (uint64_t)(c->now_s - MAX(c->started_s, c->cleared_s)), percent = 50 + c->hash % 100;

    for (size_t i = 0; i < COUNT(paces); i++) {
        if (strcmp(paces[i].class, class) != 0 || strcmp(paces[i].property, property) != 0)
            continue;
        if (paces[i].pace == LEVEL)
            return paces[i].amount * percent / 100;
        if (paces[i].pace == PER_QUERY)
            return (uint64_t)((double)c->queries * paces[i].amount / 1000000);
        return seconds * c->zones * paces[i].amount / 100 / DAY_S;
    }
    return 0;
}

static const char *time_text(const struct counting *c, const char *property)
{
    bool clear = strstr(property, "Clear");

    if (strncmp(property, "TimeElapsed", 11) == 0)
        return sim_span(c->run->mem, (c->now_s - (clear ? MAX(c->started_s, c->cleared_s) : c->started_s)) * TICKS_S);
    return clear && !c->cleared_s ? NULL : sim_local_time(c->run->mem, clear ? c->cleared_s : c->started_s, c->region);
}

/* An object of the class as the value of a property. */
static void put_object(const struct counting *c, const char *name, const char *text_property, const char *text, struct buf *out)
{
    const struct sim_class *class = sim_class_find(name);

    for (size_t i = 0; i < class->count; i++) {
        const struct sim_property *p = &class->properties[i];
        const char *value = NULL;

        if (p->type == SIM_OBJECT)
            continue;
        if (p->type == SIM_TIMESPAN || p->type == SIM_DATETIME)
            value = time_text(c, p->name);
        else if (text_property && strcmp(p->name, text_property) == 0)
            value = text;
        else
            value = arena_printf(c->run->mem, "%llu", (unsigned long long)counted(c, name, p->name));
        if (value)
            buf_addf(out, "%s%s=%s", out->len && buf_at(out)[out->len - 1] != SIM_LIST_SEPARATOR ? "," : "", p->name, value);
    }
}

static void set_object(const struct counting *c, struct sim_object *object, const struct sim_property *p)
{
    struct buf text = { 0 };

    put_object(c, p->values, NULL, NULL, &text);
    sim_set(c->run->mem, object, p->name, buf_at(&text));
    buf_done(&text);
}

/* An object for each of these types. */
static void set_list(const struct counting *c, struct sim_object *object, const struct sim_property *p, const char *property,
                     const char *const *types)
{
    struct buf text = { 0 };

    for (; *types; types++) {
        if (text.len)
            buf_addc(&text, SIM_LIST_SEPARATOR);
        put_object(c, p->values, property, *types, &text);
    }
    sim_set(c->run->mem, object, p->name, buf_at(&text));
    buf_done(&text);
}

/* Response rate limiting came with Windows Server 2016. */
static bool is_missing(const struct counting *c, const struct sim_property *p)
{
    const char *os = sim_value(sim_host(c->run->server), "OS");

    return strstr(p->name, "RRL") && os && strncmp(os, "6.", 2) == 0;
}

static struct sim_object *statistics_object(const struct counting *c, const char *name)
{
    static const char *const records[] = { "A", "AAAA", "PTR", "CNAME", "MX", "SRV", "NS", "SOA", "ALL", "OTHERS", NULL };
    static const char *const transfers[] = { "AXFR", "IXFR", NULL };
    struct sim_object *out = sim_object_new(c->run->mem, sim_class_find(name));

    for (size_t i = 0; i < out->class->count; i++) {
        const struct sim_property *p = &out->class->properties[i];

        if (p->type != SIM_OBJECT || is_missing(c, p))
            continue;
        if (p->is_list && strstr(p->name, "Transfer"))
            set_list(c, out, p, "TransferType", transfers);
        else if (p->is_list)
            set_list(c, out, p, "RecordType", records);
        else
            set_object(c, out, p);
    }
    return out;
}

static void emit_zone(struct sim_run *run, const char *name)
{
    const struct sim_object *zone = sim_zone_find(run->server, name);
    struct counting c = counting_on(run, name);

    if (!zone) {
        sim_no_zone(run, name);
        return;
    }
    c.zones = 1;
    c.queries = c.queries * (1 + c.hash % 9) / 100;
    struct sim_object *out = statistics_object(&c, "DnsServerZoneStatistics");
    sim_set(run->mem, out, "Name", sim_value(zone, "ZoneName"));
    sim_set(run->mem, out, "StatsCollectionStartTime", sim_local_time(run->mem, MAX(c.started_s, c.cleared_s), c.region));
    sim_emit(run, out);
}

bool call_dns_statistics(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_arg *zones = sim_arg(run->bound, "ZoneName");
    struct counting c = counting_on(run, NULL);
    const char *os = sim_value(sim_host(run->server), "OS");
    (void)call;

    if (zones && os && strncmp(os, "6.2", 3) == 0)
        return sim_throw(run, "NamedParameterNotFound", 5, "ParameterBindingException", "",
                         "A parameter cannot be found that matches parameter name 'ZoneName'.");
    if (!zones)
        sim_emit(run, statistics_object(&c, "DnsServerStatistics"));
    for (size_t i = 0; zones && i < zones->count && !run->failed; i++)
        emit_zone(run, zones->items[i]);
    return !run->failed;
}

/* ------------------------------------------------------------------ DHCP */
static void set_number(struct sim_run *run, struct sim_object *object, const char *property, uint64_t n)
{
    sim_set(run->mem, object, property, arena_printf(run->mem, "%llu", (unsigned long long)n));
}

static void set_share(struct sim_run *run, struct sim_object *object, const char *property, uint64_t part, uint64_t whole)
{
    sim_set(run->mem, object, property, arena_printf(run->mem, "%.7g", whole ? 100.0 * (double)part / (double)whole : 0.0));
}

bool call_dhcp_statistics(struct sim_run *run, const struct sim_call *call)
{
    /* A lease is renewed every four days; clients come and go by a twentieth of that. */
    static const struct {
        const char *property;
        uint64_t per_cent;
    } shares[] = { { "Discovers", 30 }, { "Offers", 29 },   { "Requests", 104 }, { "Acks", 100 },
                   { "Naks", 2 },       { "Declines", 1 },  { "Releases", 6 },   { "DelayedOffers", 0 } };
    struct sim_object *out = sim_object_new(run->mem, sim_class_find(call->class));
    struct counting c = counting_on(run, NULL);
    struct dhcp_totals t = sim_dhcp_totals(run);
    uint64_t renewals = (uint64_t)(c.now_s - c.started_s) * t.in_use / (4 * DAY_S), free = t.addresses - MIN(t.addresses, t.in_use);

    for (size_t i = 0; i < COUNT(shares); i++)
        set_number(run, out, shares[i].property, renewals * shares[i].per_cent / 100);
    sim_set(run->mem, out, "ServerStartTime", sim_local_time(run->mem, c.started_s, c.region));
    set_number(run, out, "TotalScopes", t.scopes);
    set_number(run, out, "ScopesWithDelayConfigured", t.delayed);
    set_number(run, out, "TotalAddresses", t.addresses);
    set_number(run, out, "AddressesInUse", t.in_use);
    set_number(run, out, "AddressesAvailable", free);
    set_number(run, out, "PendingOffers", t.pending);
    set_share(run, out, "PercentageInUse", t.in_use, t.addresses);
    set_share(run, out, "PercentageAvailable", free, t.addresses);
    set_share(run, out, "PercentagePendingOffers", t.pending, t.addresses);
    sim_emit(run, out);
    return true;
}
