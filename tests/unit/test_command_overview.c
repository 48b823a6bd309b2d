/* The overview's counts and the queries that list them: as many rows as were counted, for every word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ipamtui/overview.h"
#include "ipamtui/query.h"
#include "store_test.h"

static struct store *store;

static void fact(server_id server, const char *property, const char *word)
{
    OK(store_server_fact(store, server, at(&catalog_servers, property), V_TEXT(word), 100, E));
}

static void put_zones(server_id server, const char *const *names, size_t count, bool paused)
{
    struct value *v = x_calloc(catalog_zoneservers.property_count, sizeof(*v));

    for (size_t i = 0; i < count; i++) {
        v[at(&catalog_zoneservers, "zone")] = V_TEXT(names[i]);
        v[at(&catalog_zoneservers, "type")] = V_TEXT("primary");
        v[at(&catalog_zoneservers, "paused")] = V_INT(paused && i == 0);
        OK(store_put_rows(store, server, &catalog_zoneservers, 0, v, 1, i == 0, 100, E));
    }
    OK(store_source_done(store, server, &catalog_zoneservers, 0, true, "done", NULL, 100, E));
    free(v);
}

/* Servers that answered, did not, were never asked; services in all states; scopes of all levels; a zone that is paused. */
static int setup(void **state)
{
    static const struct { const char *name, *role, *reachable, *dhcp, *dns; } servers[] = {
        { "a", "dhcp", "yes", "running", NULL },     { "b", "dhcp", "yes", "stopped", NULL },
        { "c", "dhcp,dns", "no", NULL, "paused" },   { "d", "dns", "yes", NULL, "running" },
        { "e", "dns", NULL, NULL, NULL },            { "f", "dhcp", "yes", "denied", NULL },
        { "g", "dns", "yes", NULL, "unknown" },
    };
    static const struct test_scope scopes[] = {
        { "10.1.1.0", "one", "active", 90, 10 },   { "10.1.2.0", "two", "inactive", 50, 50 },
        { "10.1.3.0", "three", "active", 10, 90 }, { "10.1.4.0", "four", "active", -1, 0 },
    };
    static const char *const zones[] = { "corp.example", "2.1.10.in-addr.arpa", "a b\\c" };
    server_id server = 0, ids[COUNT(servers)];

    if (store_test_setup(state) != 0 || !store_open(store_test_path("overview.db"), STORE_WRITE, &store, E))
        return -1;
    for (size_t i = 0; i < COUNT(servers); i++) {
        if (!add_server_as(store, servers[i].name, servers[i].role, &server))
            return -1;
        ids[i] = server;
        if (servers[i].reachable)
            fact(server, "reachable", servers[i].reachable);
        if (servers[i].dhcp)
            fact(server, "dhcp_service", servers[i].dhcp);
        if (servers[i].dns)
            fact(server, "dns_service", servers[i].dns);
        if (i == 0 && !put_both(store, server, scopes, COUNT(scopes), 100))
            return -1;
        if (i == 3 || i == 6)
            put_zones(server, zones, COUNT(zones), i == 3);
    }
    OK(store_settle(store, ids, COUNT(ids), 100, E));
    return 0;
}

static int teardown(void **state)
{
    store_close(store);
    return store_test_teardown(state);
}

struct seen {
    size_t rows, unknown;
    bool zones, services;
};

static bool check_count(void *ctx, const struct overview_count *count)
{
    struct seen *seen = ctx;
    const struct object_type *object = catalog_find(count->object);
    struct query query = { 0 };
    int64_t listed = -1;
    size_t at_byte = 0;

    assert_non_null(object);
    if (!query_compile(object, count->query, &query, &at_byte, E))
        fail_msg("\"%s\" of %s: %s", count->query, count->object, E->text);
    struct list_spec spec = { .object = object, .where = buf_at(&query.where), .params = query.params,
                              .param_count = query.param_count };

    OK(store_count(store, &spec, &listed, E));
    if (listed != count->count)
        fail_msg("%s: \"%s\" lists %lld rows, counted were %lld", count->object, count->query, (long long)listed,
                 (long long)count->count);
    query_done(&query);
    seen->rows++;
    seen->unknown += count->word[0] == '\0';
    seen->zones = seen->zones || strcmp(count->property, "health") == 0;
    seen->services = seen->services || strcmp(count->property, "dns_service") == 0;
    return true;
}

static void as_many_as_counted(void **state)
{
    struct seen seen = { 0 };
    (void)state;

    OK(store_overview(store, check_count, &seen, E));
    assert_true(seen.rows >= 15);
    assert_true(seen.unknown >= 3);
    assert_true(seen.zones && seen.services);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(as_many_as_counted) };

    return cmocka_run_group_tests(tests, setup, teardown);
}
