/* Zones summed up over their servers: health on each, lag, the line of a zone, changes with their times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipamtui/overview.h"
#include "store_test.h"

/* A zone as one server has it, and what it answered for its SOA. */
struct copy {
    const char *server, *zone, *type;
    bool ad, paused, automatic;
    int64_t serial; /* -1: no answer */
    const char *soa_error, *soa_primary;
};
enum { COPIES_MAX = 8, SERVERS_MAX = 5 };

static struct store *store;
static server_id ids[SERVERS_MAX];
static int number; /* of the store */
static const char *const names[SERVERS_MAX] = { "a", "b", "c", "d", "e" };

static void fill(struct value *v, const struct copy *c, bool soa)
{
    const struct object_type *o = &catalog_zoneservers;

    v[at(o, "zone")] = V_TEXT(c->zone);
    if (soa) {
        v[at(o, "soa_serial")] = c->serial >= 0 ? V_INT(c->serial) : V_NULL;
        v[at(o, "soa_error")] = c->soa_error ? V_TEXT(c->soa_error) : V_NULL;
        v[at(o, "soa_primary")] = c->soa_primary ? V_TEXT(c->soa_primary) : V_NULL;
        return;
    }
    v[at(o, "type")] = V_TEXT(c->type);
    v[at(o, "ad_integrated")] = V_INT(c->ad);
    v[at(o, "paused")] = V_INT(c->paused);
    v[at(o, "shutdown")] = V_INT(0);
    v[at(o, "auto_created")] = V_INT(c->automatic);
    v[at(o, "masters")] = strcmp(c->type, "primary") == 0 ? V_NULL : V_TEXT("10.0.0.1");
}

/* A whole answer of one server: those of the copies that are its. */
static void put(server_id server, const char *name, const struct copy *copies, bool soa, int64_t now)
{
    const struct object_type *o = &catalog_zoneservers;
    int source = source_at(o, soa ? "zone-soa" : "zones");
    struct value *rows = x_calloc(COPIES_MAX * o->property_count, sizeof(*rows));
    size_t count = 0;

    for (const struct copy *c = copies; c->server; c++)
        if (strcmp(c->server, name) == 0)
            fill(rows + o->property_count * count++, c, soa);
    if (count > 0)
        OK(store_put_rows(store, server, o, source, rows, count, true, now, E));
    OK(store_source_done(store, server, o, source, true, "done", NULL, now, E));
    free(rows);
}

static void round_of(const struct copy *copies, int64_t now)
{
    OK(store_begin(store, E));
    for (size_t i = 0; i < COUNT(names); i++) {
        put(ids[i], names[i], copies, false, now);
        put(ids[i], names[i], copies, true, now);
    }
    OK(store_settle(store, ids, COUNT(ids), now, E));
    OK(store_commit(store, E));
}

static void fact(size_t server, const char *property, const char *word, int64_t now)
{
    OK(store_begin(store, E));
    OK(store_server_fact(store, ids[server], at(&catalog_servers, property), V_TEXT(word), now, E));
    OK(store_settle(store, ids, COUNT(ids), now, E));
    OK(store_commit(store, E));
}

static void begin(void)
{
    char name[32];

    snprintf(name, sizeof(name), "zones%d.db", ++number);
    OK(store_open(store_test_path(name), STORE_WRITE, &store, E));
    for (size_t i = 0; i < COUNT(names); i++) {
        OK(add_server_as(store, names[i], "dns", &ids[i]));
        fact(i, "reachable", "yes", 1);
        fact(i, "dns_service", "running", 1);
    }
}

struct wanted {
    const struct object_type *object;
    const char *where; /* "o.zone = 'x'" */
    struct arena *mem;
    struct buf *out;
    const char *columns;
};

static bool add_row(void *ctx, const struct row *row)
{
    struct wanted *w = ctx;
    char *copy = x_strdup(w->columns), *rest = copy;

    for (char *name; (name = strsep(&rest, ","));) {
        int place = at(w->object, name);

        kind_write(w->object->properties[place].kind, row->values[place], w->out);
        buf_addc(w->out, rest ? '|' : ';');
    }
    free(copy);
    return true;
}

/* Rows as text: columns with '|' between, ';' behind each. */
static void shows(const struct object_type *object, const char *where, const char *columns, const char *expected)
{
    struct buf out = { 0 };
    struct wanted w = { .object = object, .out = &out, .columns = columns };
    struct list_spec spec = { .object = object, .where = where };

    OK(store_list_rows(store, &spec, add_row, &w, E));
    if (strcmp(buf_at(&out), expected) != 0)
        fail_msg("%s of %s where %s: %s, not %s", columns, object->name, where, buf_at(&out), expected);
    buf_done(&out);
}

#define LINE(zone, columns, expected) shows(&catalog_zones, "o.zone = '" zone "'", columns, expected)
#define COPY(server, zone, columns, expected) shows(&catalog_zoneservers, "s.name = '" server "' AND o.zone = '" zone "'", columns, expected)

/* ------------------------------------------------------------------ tests */
static void aggregates(void **state)
{
    static const struct copy copies[] = {
        /* Serials of Active Directory are each server's own. */
        { "a", "ad.example", "primary", .ad = true, .serial = 100, .soa_primary = "a" },
        { "b", "ad.example", "primary", .ad = true, .serial = 140, .soa_primary = "b" },
        { "c", "AD.Example", "primary", .ad = true, .serial = 120, .soa_primary = "c" }, /* one zone, however it is written */
        /* One of two paused: a warning, with its cause. */
        { "a", "half.example", "primary", .ad = true, .paused = true, .serial = -1, .soa_error = "DNS_ERROR_RCODE_SERVER_FAILURE" },
        { "b", "half.example", "primary", .ad = true, .serial = 7 },
        /* None answers well. */
        { "c", "dead.example", "primary", .serial = -1, .soa_error = "DNS_ERROR_RCODE_SERVER_FAILURE" },
        /* Made by the server itself: in no list. */
        { "d", "127.in-addr.arpa", "primary", .automatic = true, .serial = 1 },
        { NULL },
    };

    (void)state;
    begin();
    round_of(copies, 1000);
    LINE("ad.example", "health,types,storage,servers,answering,bad,serials,lagging,cause", "ok|primary|ad|3|3|0|100-140|0|;");
    COPY("b", "ad.example", "health,lag,family", "ok||forward;");
    LINE("half.example", "health,servers,answering,bad,cause", "warning|2|1|1|a: paused;");
    COPY("a", "half.example", "health,cause", "error|paused;");
    LINE("dead.example", "health,cause", "error|c: does not answer for its SOA: server failure (not loaded?);");
    LINE("127.in-addr.arpa", "health", "");
    COPY("d", "127.in-addr.arpa", "health", "ok;");
    store_close(store);
}

static void lags(void **state)
{
    static const struct {
        int64_t primary, secondary;
        const char *copy, *line; /* of the secondary: health,lag */
    } cases[] = {
        { 100, 100, "ok|0;", "ok|0;" },
        { 100, 97, "warning|3;", "warning|1;" },
        { 100, 101, "ok|0;", "ok|0;" },              /* newer: no lag */
        { 2, 4294967295, "warning|3;", "warning|1;" }, /* RFC 1982: over the end of the numbers */
        { 4294967295, 2, "ok|0;", "ok|0;" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct copy copies[] = {
            { "a", "f.example", "primary", .serial = cases[i].primary, .soa_primary = "a.example" },
            { "b", "f.example", "secondary", .serial = cases[i].secondary, .soa_primary = "A.example" },
            { NULL },
        };

        begin();
        round_of(copies, 1000);
        COPY("b", "f.example", "health,lag", cases[i].copy);
        LINE("f.example", "health,lagging", cases[i].line);
        COPY("a", "f.example", "lag", ";");
        store_close(store);
    }
}

/* With several primaries only the one that its SOA names counts. */
static void lag_of_the_named_primary(void **state)
{
    const struct copy copies[] = {
        { "a", "m.example", "primary", .ad = true, .serial = 50, .soa_primary = "a.example" },
        { "b", "m.example", "primary", .ad = true, .serial = 90, .soa_primary = "b.example" },
        { "c", "m.example", "secondary", .serial = 50, .soa_primary = "a.example" },
        { "d", "m.example", "secondary", .serial = 80, .soa_primary = "b.example" },
        { "e", "m.example", "secondary", .serial = 1, .soa_primary = "elsewhere.example" },
        { NULL },
    };

    (void)state;
    begin();
    round_of(copies, 1000);
    COPY("c", "m.example", "health,lag", "ok|0;");
    COPY("d", "m.example", "health,lag", "warning|10;");
    COPY("e", "m.example", "health,lag", "ok|;"); /* not known here */
    store_close(store);
}

static bool add_change(void *ctx, const struct overview_change *change)
{
    buf_addf(ctx, "%lld %s %s %s -> %s;", (long long)change->at, change->object, change->name, change->before, change->after);
    return true;
}

static void changes_are(const char *expected)
{
    struct buf out = { 0 };

    OK(store_newest_changes(store, 10, add_change, &out, E));
    assert_string_equal(buf_at(&out), expected);
    buf_done(&out);
}

static void changes_have_times(void **state)
{
    struct copy copies[] = {
        { "a", "z.example", "primary", .ad = true, .serial = 5 },
        { "b", "z.example", "primary", .ad = true, .serial = 5 },
        { NULL },
        { NULL },
    };

    (void)state;
    begin();
    round_of(copies, 1000);
    changes_are(""); /* found so: nobody saw it change */
    LINE("z.example", "health,since,since_at_least", "ok|1970-01-01T00:16:40Z|true;");
    round_of(copies, 2000); /* nothing new */
    LINE("z.example", "since,since_at_least", "1970-01-01T00:16:40Z|true;");
    copies[0].paused = true;
    round_of(copies, 3000);
    changes_are("3000 zones z.example ok -> warning;3000 zoneservers z.example ok -> error;");
    LINE("z.example", "health,since,since_at_least", "warning|1970-01-01T00:50:00Z|false;");
    COPY("a", "z.example", "since,since_at_least", "1970-01-01T00:50:00Z|false;");
    COPY("b", "z.example", "since,since_at_least", "1970-01-01T00:16:40Z|true;");
    copies[0].paused = false;
    round_of(copies, 4000);
    LINE("z.example", "health,since", "ok|1970-01-01T01:06:40Z;");
    /* One more server that is ill makes another sum, but nothing happened to the zone. */
    copies[2] = (struct copy){ "c", "z.example", "primary", .ad = true, .paused = true, .serial = -1 };
    round_of(copies, 5000);
    LINE("z.example", "health,servers,since_at_least", "warning|3|true;");
    changes_are("4000 zones z.example warning -> ok;4000 zoneservers z.example error -> ok;"
                "3000 zones z.example ok -> warning;3000 zoneservers z.example ok -> error;");
    store_close(store);
}

/* Zones follow their server: its service, whether it is reached, and that it is managed at all. */
static void servers_matter(void **state)
{
    const struct copy copies[] = {
        { "a", "s.example", "primary", .ad = true, .serial = 5 },
        { "b", "s.example", "primary", .ad = true, .serial = 5 },
        { NULL },
    };

    (void)state;
    begin();
    round_of(copies, 1000);
    fact(0, "dns_service", "stopped", 2000);
    LINE("s.example", "health,cause", "warning|a: DNS service stopped;");
    fact(1, "reachable", "no", 3000);
    COPY("b", "s.example", "health,cause", "unknown|server cannot be reached;");
    LINE("s.example", "health,answering", "error|0;"); /* none answers well */
    fact(0, "dns_service", "running", 4000);
    LINE("s.example", "health,answering", "warning|1;");
    OK(store_server_remove(store, ids[1], E));
    LINE("s.example", "health,servers", "ok|1;");
    OK(store_server_remove(store, ids[0], E));
    LINE("s.example", "health", "");
    store_close(store);
}

static void what_is_gone_goes(void **state)
{
    const struct copy both[] = { { "a", "g.example", "primary", .serial = 5 }, { "b", "g.example", "secondary", .serial = 5 }, { NULL } };
    const struct copy one[] = { { "a", "g.example", "primary", .serial = 5 }, { NULL } }, none[] = { { NULL } };

    (void)state;
    begin();
    round_of(both, 1000);
    LINE("g.example", "servers,types", "2|primary,secondary;");
    round_of(one, 2000);
    LINE("g.example", "servers,types", "1|primary;");
    round_of(none, 3000);
    LINE("g.example", "servers", "");
    store_close(store);
}

/* Nothing was touched: nothing is written. */
static void untouched(void **state)
{
    const struct copy copies[] = { { "a", "u.example", "primary", .serial = 5 }, { NULL } };
    struct store *reader = NULL;
    char path[128];
    int64_t before;

    (void)state;
    begin();
    snprintf(path, sizeof(path), "%s/zones%d.db", store_test_folder, number);
    round_of(copies, 1000);
    OK(store_open(path, STORE_READ, &reader, E));
    before = store_data_version(reader);
    OK(store_begin(store, E));
    OK(store_settle(store, ids, COUNT(ids), 2000, E));
    OK(store_commit(store, E));
    round_of(copies, 3000);
    assert_int_not_equal(store_data_version(reader), before); /* that it was asked is kept */
    before = store_data_version(reader);
    OK(store_begin(store, E));
    OK(store_settle(store, ids, COUNT(ids), 4000, E));
    OK(store_commit(store, E));
    assert_int_equal(store_data_version(reader), before);
    LINE("u.example", "since", "1970-01-01T00:16:40Z;");
    store_close(reader);
    store_close(store);
}

/* While one server is in the middle of its answer another one ends: the half of it makes no state, neither on that server nor
 * of the zone; when it has ended all is judged, as found. */
static void half_an_answer(void **state)
{
    const struct copy copies[] = { { "a", "h.example", "primary", .ad = true, .serial = 5 },
                                   { "b", "h.example", "primary", .ad = true, .serial = 7 }, { NULL } };
    const struct copy paused[] = { { "a", "h.example", "primary", .ad = true, .serial = 5, .paused = true }, { NULL } };
    int64_t changed = 0;

    (void)state;
    begin();
    OK(store_begin(store, E));
    put(ids[0], "a", copies, false, 1000);
    put(ids[1], "b", copies, false, 1000);
    put(ids[1], "b", copies, true, 1000);
    OK(store_settle(store, &ids[1], 1, 1000, E));
    OK(store_commit(store, E));
    LINE("h.example", "servers,health,serials", "1|ok|7;");
    OK(store_begin(store, E));
    put(ids[0], "a", copies, true, 1001);
    OK(store_settle(store, &ids[0], 1, 1001, E));
    OK(store_commit(store, E));
    LINE("h.example", "servers,health,serials", "2|ok|5-7;");
    changes_are("");
    /* Nor do a reset by hand and a server that is removed meanwhile. */
    OK(store_begin(store, E));
    put(ids[0], "a", paused, false, 1002);
    OK(store_commit(store, E));
    OK(store_zone_reset(store, &copies->zone, 1, 1003, &changed, E));
    LINE("h.example", "servers,health", "2|ok;");
    OK(store_begin(store, E));
    OK(store_server_remove(store, ids[1], E));
    OK(store_commit(store, E));
    LINE("h.example", "servers,health", "1|ok;");
    OK(store_begin(store, E));
    OK(store_settle(store, &ids[0], 1, 1004, E));
    OK(store_commit(store, E));
    LINE("h.example", "servers,health", "1|error;");
    store_close(store);
}

static void put_event(const char *zone, int64_t id, int64_t when, const char *grade, int64_t now)
{
    const struct object_type *o = &catalog_zoneservers;
    int source = source_at(o, "zone-events");
    struct value *v = x_calloc(o->property_count, sizeof(*v));

    v[at(o, "zone")] = V_TEXT(zone);
    v[at(o, "event")] = V_INT(id);
    v[at(o, "event_at")] = V_INT(when);
    v[at(o, "event_grade")] = V_TEXT(grade);
    OK(store_begin(store, E));
    OK(store_put_rows(store, ids[0], o, source, v, 1, true, now, E));
    OK(store_source_done(store, ids[0], o, source, true, "done", NULL, now, E));
    OK(store_settle(store, ids, COUNT(ids), now, E));
    OK(store_commit(store, E));
    free(v);
}

static void events_until_reset(void **state)
{
    const struct copy copies[] = { { "a", "e.example", "primary", .serial = 5 }, { NULL } };
    const char *const name = "e.example", *const two[] = { "none.example", "E.EXAMPLE" };
    int64_t changed[2] = { 0 };

    (void)state;
    begin();
    round_of(copies, 1000);
    put_event("e.example", 6520, 1100, "good", 1200);
    LINE("e.example", "health", "ok;");
    put_event("e.example", 4006, 1300, "bad", 1400);
    LINE("e.example", "health,cause", "warning|a: event 4006: AD records of a name not loaded;");
    OK(store_zone_reset(store, two, 2, 1500, changed, E));
    assert_int_equal(changed[0], 0);
    assert_int_equal(changed[1], 1);
    LINE("e.example", "health", "ok;");
    put_event("e.example", 4006, 1300, "bad", 1600); /* the same again */
    LINE("e.example", "health", "ok;");
    put_event("e.example", 4007, 1700, "bad", 1800); /* a new one */
    LINE("e.example", "health", "warning;");
    /* The reset of a clock that is behind the server's covers the event that was shown. */
    OK(store_zone_reset(store, &name, 1, 1000, changed, E));
    LINE("e.example", "health", "ok;");
    store_close(store);
}

/* What nobody is authoritative for: forwarders and stubs are judged by themselves; beside an authoritative server they do not count. */
static void others_answer(void **state)
{
    const struct copy copies[] = {
        { "a", "fw.example", "forwarder", .serial = -1 },
        { "b", "st.example", "stub", .serial = -1, .soa_error = "ERROR_TIMEOUT" },
        { "a", "mix.example", "primary", .ad = true, .serial = 9 },
        { "b", "mix.example", "stub", .serial = -1, .paused = true },
        { NULL },
    };

    (void)state;
    begin();
    round_of(copies, 1000);
    LINE("fw.example", "health,types", "ok|forwarder;");
    LINE("st.example", "health", "ok;");
    LINE("mix.example", "health,types,servers,bad", "ok|primary,stub|2|0;");
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggregates),        cmocka_unit_test(lags),           cmocka_unit_test(lag_of_the_named_primary),
        cmocka_unit_test(changes_have_times), cmocka_unit_test(servers_matter), cmocka_unit_test(what_is_gone_goes),
        cmocka_unit_test(untouched),         cmocka_unit_test(half_an_answer), cmocka_unit_test(events_until_reset), cmocka_unit_test(others_answer),
    };

    return cmocka_run_group_tests(tests, store_test_setup, store_test_teardown);
}
