/* What queries find: compiled, run on a store, compared with what a person expects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ipamtui/query.h"
#include "store_test.h"

static struct store *store;

/* Names tell which rows are found. */
static int setup(void **state)
{
    static const struct test_scope lon[] = {
        { "10.1.1.0", "voice-one", "active", 90, 10 },   { "10.1.2.0", "voice two", "inactive", 50, 50 },
        { "10.1.3.0", "office", "active", 10, 90 },      { "10.1.4.0", "100%_sure", "active", -1, 0 },
        { "10.2.0.0", "state", "active", 80, 20 },
    };
    static const struct test_scope ams[] = {
        { "10.1.1.0", "ams-voice", "inactive", 0, 0 },   { "172.16.0.0", "and", "active", 100, 0 },
        { "192.168.0.0", "Dev\xc3\xa9", "active", 20, 80 },
    };
    struct value *v = x_calloc(catalog_scopes.property_count, sizeof(*v));
    server_id server = 0;

    if (store_test_setup(state) != 0 || !store_open(store_test_path("query.db"), STORE_WRITE, &store, E))
        return -1;
    if (!add_server(store, "lon-dhcp-1", &server) || !put_both(store, server, lon, COUNT(lon), 100))
        return -1;
    if (!store_server_fact(store, server, at(&catalog_servers, "reachable"), V_TEXT("yes"), 100, E) ||
        !store_server_set(store, server, at(&catalog_servers, "group"), V_TEXT("lab"), E))
        return -1;
    if (!add_server(store, "AMS-dhcp-1", &server) || !put_both(store, server, ams, COUNT(ams), 100) ||
        !store_server_set(store, server, at(&catalog_servers, "role"), V_TEXT("dhcp,dns"), E))
        return -1;
    fill_scope(v, &ams[1]);
    v[at(&catalog_scopes, "lease_duration")] = V_INT(-1);
    v[at(&catalog_scopes, "description")] = V_TEXT("(quoted) \"text\"");
    if (!store_put_rows(store, server, &catalog_scopes, 0, v, 1, false, 100, E))
        return -1;
    v[at(&catalog_exclusions, "scope")] = V_INT(0x0a010100);
    v[at(&catalog_exclusions, "start")] = V_INT(0x0a010110);
    v[at(&catalog_exclusions, "end")] = V_INT(0x0a010120);
    if (!store_put_rows(store, server, &catalog_exclusions, 0, v, 1, true, 100, E))
        return -1;
    free(v);
    return 0;
}

static int teardown(void **state)
{
    store_close(store);
    return store_test_teardown(state);
}

static bool add_name(void *ctx, const struct row *row)
{
    struct buf *names = ctx;
    const struct value *v = &row->values[at(&catalog_scopes, "name")];

    buf_addf(names, "%s%s", names->len ? "|" : "", v->type == VALUE_TEXT ? v->s : "?");
    return true;
}

static void find(const struct object_type *object, const char *text, list_row_fn *fn, void *ctx)
{
    struct query query = { 0 };
    struct err err = { 0 };
    struct list_spec spec = { .object = object };

    if (!query_compile(object, text, &query, NULL, &err))
        fail_msg("%s: %s", text, err.text);
    spec.where = buf_at(&query.where);
    spec.params = query.params;
    spec.param_count = query.param_count;
    if (!store_list_rows(store, &spec, fn, ctx, &err))
        fail_msg("%s: %s (%s)", text, err.text, spec.where);
    query_done(&query);
}

/* A query, and the names of the scopes that it finds, by server, then scope. */
struct found {
    const char *text, *names;
};

/* Words stand for whatever is shown, alone and with and, or, not and brackets. */
static const struct found by_words[] = {
    { "", "ams-voice|and|Dev\xc3\xa9|voice-one|voice two|office|100%_sure|state" },
    { "voice", "ams-voice|voice-one|voice two" },
    { "VOICE", "ams-voice|voice-one|voice two" },
    { "voice one", "voice-one" },
    { "\"voice two\"", "voice two" },
    { "voice*", "voice-one|voice two" },
    { "*voice", "ams-voice" },
    { "voi?e-one", "voice-one" },
    { "lon-dhcp", "voice-one|voice two|office|100%_sure|state" },
    { "ams", "ams-voice|and|Dev\xc3\xa9" },
    { "ams voice", "ams-voice" },
    { "lon-*", "voice-one|voice two|office|100%_sure|state" },
    { "10.1.2.0", "voice two" },
    { "10.1.2.0/24", "voice two" },
    { "172.16", "and" },
    { "%", "and|Dev\xc3\xa9|voice-one|voice two|office|100%_sure|state" }, /* all with a percentage, and one name */
    { "\"%_\"", "100%_sure" },
    { "_", "100%_sure" },
    { "0%_s", "100%_sure" },
    { "\"and\"", "and" },
    { "inactive", "ams-voice|voice two" },
    { "nothing-has-this", "" },
    { "not voice", "and|Dev\xc3\xa9|office|100%_sure|state" },
    { "-voice", "and|Dev\xc3\xa9|office|100%_sure|state" },
    { "not not voice", "ams-voice|voice-one|voice two" },
    { "voice not lon", "ams-voice" },
    { "voice or office", "ams-voice|voice-one|voice two|office" },
    { "(voice or office) lon", "voice-one|voice two|office" },
    { "voice or office lon", "ams-voice|voice-one|voice two|office" },
    { "not (voice or office)", "and|Dev\xc3\xa9|100%_sure|state" },
    { "voice AND NOT one OR office", "ams-voice|voice two|office" },
    { "over", "and|voice-one" },
    { "ove", "and|voice-one" },
    { "8d", "ams-voice|Dev\xc3\xa9|voice-one|voice two|office|100%_sure|state" },
    { "unlim", "and" },
    { "90%", "voice-one" },
    { "9?%", "voice-one" },
    { "10.1.2.200", "voice two" }, /* the last address, which is shown */
    { "8d voice", "ams-voice|voice-one|voice two" },
    { "not 8d", "and" },
    { "voice over", "voice-one" },
    { "dev\xc3\xa9", "Dev\xc3\xa9" },
};

/* Properties by their names: words, numbers, durations, and what is unknown. */
static const struct found by_property[] = {
    { "state:active", "and|Dev\xc3\xa9|voice-one|office|100%_sure|state" },
    { "state:Inactive", "ams-voice|voice two" },
    { "state:active,inactive", "ams-voice|and|Dev\xc3\xa9|voice-one|voice two|office|100%_sure|state" },
    { "state:in*", "ams-voice|voice two" },
    { "state!=active", "ams-voice|voice two" },
    { "state=inactive", "ams-voice|voice two" },
    { "-state:active", "ams-voice|voice two" },
    { "name:state", "state" },
    { "name:OFFICE", "office" },
    { "name:*o*e*", "ams-voice|voice-one|voice two|office" },
    { "name:\"*\"", "" },
    { "name~ic", "ams-voice|voice-one|voice two|office" },
    { "name~%", "100%_sure" },
    { "server:lon-*", "voice-one|voice two|office|100%_sure|state" },
    { "server:ams-dhcp-1", "ams-voice|and|Dev\xc3\xa9" },
    { "server:lon-* state:active util>80", "voice-one" },
    { "util>80", "and|voice-one" },
    { "util>=80", "and|voice-one|state" },
    { "util:80", "state" },
    { "util:>80", "and|voice-one" },
    { "util:20..80", "Dev\xc3\xa9|voice two|state" },
    { "util:..20", "Dev\xc3\xa9|office" },
    { "util:90..", "and|voice-one" },
    { "util:", "ams-voice|100%_sure" },
    { "util:\"\"", "ams-voice|100%_sure" },
    { "not util>80", "ams-voice|Dev\xc3\xa9|voice two|office|100%_sure|state" }, /* with what is unknown */
    { "level:over", "and|voice-one" },
    { "level:over,under", "and|voice-one|office" },
    { "lease_duration:unlimited", "and" },
    { "lease_duration>8d", "and" },
    { "lease_duration<=8d", "ams-voice|Dev\xc3\xa9|voice-one|voice two|office|100%_sure|state" },
    { "lease_duration:-1", "and" },
    { "prefix:24 name:office", "office" },
    { "description:\"(quoted) \\\"text\\\"\"", "and" },
    { "description:", "ams-voice|Dev\xc3\xa9|voice-one|voice two|office|100%_sure|state" },
    { "in_use>5 in_use<95 free:10", "voice-one" },
    { "voice (server:ams-* or util>80)", "ams-voice|voice-one" },
};

/* Where an address or a network is. */
static const struct found by_address[] = {
    { "ip:10.1.2.77", "voice two" },
    { "ip:10.1.1.5", "ams-voice|voice-one" },
    { "ip:10.1.1.5 lon", "voice-one" },
    { "ip:10.1.9.9", "" },
    { "ip:10.1.2.0/25", "voice two" },
    { "ip:10.1.2.1,172.16.0.9", "and|voice two" },
    { "-ip:10.1.2.77", "ams-voice|and|Dev\xc3\xa9|voice-one|office|100%_sure|state" },
    { "ip:10.1.2.77 or office", "voice two|office" },
    { "net:10.1.0.0/16", "ams-voice|voice-one|voice two|office|100%_sure" },
    { "net:10.0.0.0/8 state:inactive", "ams-voice|voice two" },
    { "net:10.1.2.0/24", "voice two" },
    { "net:10.1.2.0/25", "" },
    { "net:10.1.1.0-10.1.3.255", "ams-voice|voice-one|voice two|office" },
    { "not net:10.0.0.0/8", "and|Dev\xc3\xa9" },
    { "scope:10.1.*", "ams-voice|voice-one|voice two|office|100%_sure" },
    { "scope:10.1.2.0", "voice two" },
    { "scope>=172.16.0.0", "and|Dev\xc3\xa9" },
    { "scope~16.0", "and" },
};

static void finds(const struct found *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct buf names = { 0 };

        find(&catalog_scopes, cases[i].text, add_name, &names);
        if (strcmp(buf_at(&names), cases[i].names) != 0)
            fail_msg("%s: found %s, not %s", cases[i].text, buf_at(&names), cases[i].names);
        buf_done(&names);
    }
}

static void scopes(void **state)
{
    (void)state;
    finds(by_words, COUNT(by_words));
    finds(by_property, COUNT(by_property));
    finds(by_address, COUNT(by_address));
}

/* The same rows when the words of a server are not together, as after a change to one of its scopes. */
static void without_words(void **state)
{
    assert_int_equal(run_sql(store_test_path("query.db"), "DELETE FROM scope_words"), 0);
    scopes(state);
}

/* What only helps to pass over servers never takes a row away: any query finds the same without it. */
static void servers_first_changes_nothing(void **state)
{
    static const char *const atoms[] = { "voice", "lon", "over", "*o*", "nothing", "name:voice*", "state:active", "util>50", "superscope:",
                                         "name:", "server:ams*", "ip:10.1.1.5", "net:10.1.0.0/16", "of", "e", "10.1", "net:10.0.0.0/8" };
    static const char *const joins[] = { " ", " or ", " not ", " or not ", " (", ") ", " and " };
    static struct id_vector with, without;
    uint32_t seed = 3;
    int compiled = 0;
    (void)state;

    for (int round = 0; round < 4000; round++) {
        struct buf text = { 0 };
        struct query query = { 0 };
        struct list_spec spec = { .object = &catalog_scopes };
        const char *mark;

        for (int n = 0; n < 1 + round % 5; n++) {
            seed = seed * 1664525u + 1013904223u;
            buf_addf(&text, "%s%s", n ? joins[(seed >> 10) % COUNT(joins)] : "", atoms[(seed >> 20) % COUNT(atoms)]);
        }
        if (query_compile(&catalog_scopes, buf_at(&text), &query, NULL, NULL)) {
            compiled++;
            spec.where = buf_at(&query.where);
            spec.params = query.params;
            spec.param_count = query.param_count;
            with = without = (struct id_vector){ .count = 0 };
            OK(store_list_ids(store, &spec, take_ids, &with, E));
            mark = strstr(spec.where, QUERY_ROWS);
            for (const char *at = spec.where; mark && at < mark; at++)
                if (*at == '?') {
                    spec.params++;
                    spec.param_count--;
                }
            spec.where = mark ? mark : spec.where;
            OK(store_list_ids(store, &spec, take_ids, &without, E));
            if (with.count != without.count || memcmp(with.ids, without.ids, with.count * sizeof(row_id)) != 0)
                fail_msg("%s: %zu and %zu rows", buf_at(&text), with.count, without.count);
            query_done(&query);
        }
        buf_done(&text);
    }
    assert_true(compiled > 1000);
}

static bool add_key(void *ctx, const struct row *row)
{
    buf_addf(ctx, "%s ", row->values[0].s);
    return true;
}

static void servers_and_exclusions(void **state)
{
    static const struct {
        const struct object_type *object;
        const char *text, *names;
    } cases[] = {
        { &catalog_servers, "", "AMS-dhcp-1 lon-dhcp-1 " },
        { &catalog_servers, "lon", "lon-dhcp-1 " },
        { &catalog_servers, "lon*", "lon-dhcp-1 " },
        { &catalog_servers, "lab", "lon-dhcp-1 " },
        { &catalog_servers, "not lab", "AMS-dhcp-1 " },
        { &catalog_servers, "role:dns", "AMS-dhcp-1 " },
        { &catalog_servers, "role:dhcp", "AMS-dhcp-1 lon-dhcp-1 " },
        { &catalog_servers, "role!=dns", "lon-dhcp-1 " },
        { &catalog_servers, "server:AMS*", "AMS-dhcp-1 " },
        { &catalog_servers, "group:lab", "lon-dhcp-1 " },
        { &catalog_servers, "group:", "AMS-dhcp-1 " },
        { &catalog_servers, "reachable:yes", "lon-dhcp-1 " },
        { &catalog_servers, "reachable:", "AMS-dhcp-1 " },
        { &catalog_servers, "read_only:no", "AMS-dhcp-1 lon-dhcp-1 " },
        { &catalog_servers, "scope_count>4", "lon-dhcp-1 " },
        { &catalog_exclusions, "ip:10.1.1.24", "AMS-dhcp-1 " },
        { &catalog_exclusions, "ip:10.1.1.15", "" },
        { &catalog_exclusions, "net:10.1.1.0/24", "AMS-dhcp-1 " },
        { &catalog_exclusions, "10.1.1.16", "AMS-dhcp-1 " },
        { &catalog_exclusions, "scope_name:ams-voice", "AMS-dhcp-1 " },
        { &catalog_exclusions, "size:17", "AMS-dhcp-1 " },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf names = { 0 };

        find(cases[i].object, cases[i].text, add_key, &names);
        if (strcmp(buf_at(&names), cases[i].names) != 0)
            fail_msg("%s %s: found %s", cases[i].object->name, cases[i].text, buf_at(&names));
        buf_done(&names);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes),
        cmocka_unit_test(servers_first_changes_nothing),
        cmocka_unit_test(without_words),
        cmocka_unit_test(servers_and_exclusions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
