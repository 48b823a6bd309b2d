/* One machine under several entries of the list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipamtui/overview.h"
#include "store_test.h"

static struct store *store;

static server_id add(const char *name, const char *role)
{
    server_id id = 0;

    OK(add_server_as(store, name, role, &id));
    return id;
}

static void answers(server_id server, const char *source, const char *property, const char *text)
{
    struct value *row = x_calloc(catalog_servers.property_count, sizeof(*row));
    struct err err = { 0 };

    row[catalog_property(&catalog_servers, property)] = V_TEXT(text);
    if (!store_put_rows(store, server, &catalog_servers, catalog_source(&catalog_servers, source), row, 1, true, 1000, &err))
        fail_msg("%s", err.text);
    free(row);
}

static void is(server_id server, const char *computer, const char *machine)
{
    answers(server, "computer", "computer", computer);
    answers(server, "machine", "machine", machine);
}

static void has_scope(server_id server, const char *network)
{
    struct test_scope scope = { network, "net", "active", -1, 0 };

    OK(put_round(store, server, "scopes", &scope, 1, 1000));
}

static int64_t scopes(server_id server)
{
    struct value params[] = { V_INT(server) };
    struct list_spec spec = { .object = &catalog_scopes, .where = "o.server = ?", .params = params, .param_count = 1 };
    struct err err = { 0 };
    int64_t n = -1;

    assert_true(store_count(store, &spec, &n, &err));
    return n;
}

static struct value shown(server_id server, const char *property, struct arena *mem)
{
    struct row row = { 0 };
    struct err err = { 0 };

    assert_true(store_rows(store, &catalog_servers, &server, 1, mem, &row, &err) && row.id == server);
    return row.values[catalog_property(&catalog_servers, property)];
}

static unsigned covered(server_id server, const char *by)
{
    unsigned roles = 99;
    char name[64];

    OK(store_server_covered(store, server, &roles, name, E));
    assert_string_equal(name, by);
    return roles;
}

static void reachable(server_id server, const char *word, int64_t now)
{
    OK(store_server_fact(store, server, catalog_property(&catalog_servers, "reachable"), V_TEXT(word), now, E));
}

static void counted_once(void **state)
{
    struct arena mem = { 0 };
    server_id a = add("a", "dhcp"), b = add("b", "dhcp"), clone = add("clone", "dhcp"), other_role = add("c", "dns");

    (void)state;
    assert_int_equal(shown(a, "duplicate", &mem).type, VALUE_NULL); /* not known */
    is(b, "HOST", "guid-1");
    is(a, "host", "GUID-1"); /* case does not matter */
    /* Neither has any yet: both are asked, and who has told them first has them. */
    assert_int_equal(covered(b, ""), 0);
    has_scope(b, "10.0.0.0");
    assert_int_equal(scopes(b), 1);
    assert_int_equal(covered(a, "b"), ROLE_DHCP);
    has_scope(a, "10.0.0.0");
    assert_int_equal(scopes(a), 0);
    OK(store_server_remove(store, b, E));
    has_scope(a, "10.0.0.0");
    b = add("b", "dhcp");
    has_scope(b, "10.0.0.0");
    assert_int_equal(scopes(b), 1);
    is(b, "HOST", "guid-1"); /* what it had goes over when it turns out to be a machine that the older one has */
    assert_int_equal(scopes(b), 0);
    assert_int_equal(shown(b, "scope_count", &mem).type, VALUE_NULL); /* not 0: it was not answered */
    has_scope(b, "10.0.0.0");
    assert_int_equal(scopes(a), 1);
    assert_int_equal(scopes(b), 0);
    assert_int_equal(covered(b, "a"), ROLE_DHCP);
    assert_int_equal(covered(a, ""), 0);
    assert_string_equal(shown(b, "same_as", &mem).s, "a");
    assert_string_equal(shown(a, "same_as", &mem).s, "b");
    assert_string_equal(shown(b, "duplicate", &mem).s, "yes");
    assert_string_equal(shown(a, "duplicate", &mem).s, "no");
    assert_int_equal(shown(a, "error", &mem).type, VALUE_NULL); /* it is well */
    assert_non_null(strstr(shown(b, "error", &mem).s, "the same machine as a, which has"));

    /* A clone has the id and another name. */
    is(clone, "HOST2", "guid-1");
    has_scope(clone, "10.1.0.0");
    assert_int_equal(scopes(clone), 1);
    assert_int_equal(shown(clone, "same_as", &mem).type, VALUE_NULL);
    /* For another role nothing is shared. */
    is(other_role, "host", "guid-1");
    assert_int_equal(covered(other_role, ""), 0);
    assert_string_equal(shown(other_role, "duplicate", &mem).s, "no");
    assert_int_equal(shown(other_role, "error", &mem).type, VALUE_NULL);
    assert_int_equal(shown(other_role, "same_as", &mem).type, VALUE_TEXT);

    /* Another machine than before answers as the older one: the newer one has its own again. */
    is(a, "host", "guid-9");
    assert_int_equal(covered(b, ""), 0);
    has_scope(b, "10.0.0.0");
    assert_int_equal(scopes(b), 1);
    arena_done(&mem);
}

static row_id scope_of(server_id server, struct row *row, struct arena *mem)
{
    struct value *key = x_calloc(catalog_scopes.property_count, sizeof(*key));
    row_id id = 0;

    key[catalog_property(&catalog_scopes, "scope")] = V_INT(0x0a090000);
    OK(store_row_find(store, server, &catalog_scopes, key, &id, E));
    OK(store_rows(store, &catalog_scopes, &id, 1, mem, row, E));
    free(key);
    return id;
}

/* The entry that has them does not answer any more, another one does: it takes over what is known, and keeps it. */
static void taken_over(void **state)
{
    struct arena mem = { 0 };
    server_id old = add("old", "dhcp"), new = add("new", "dhcp");
    int over = catalog_property(&catalog_scopes, "over");
    struct row row = { 0 };
    row_id id;

    (void)state;
    is(old, "MOVED", "guid-m");
    reachable(old, "yes", 100);
    has_scope(old, "10.9.0.0");
    id = scope_of(old, &row, &mem);
    OK(store_scope_thresholds(store, &catalog_scopes, id, V_REAL(90), V_NULL, E));
    is(new, "MOVED", "guid-m");
    reachable(new, "yes", 110);
    assert_int_equal(covered(new, "old"), ROLE_DHCP);
    reachable(old, "no", 120);
    assert_int_equal(covered(new, ""), 0); /* it is asked */
    is(new, "MOVED", "guid-m");
    assert_int_equal(scope_of(new, &row, &mem), id);
    assert_true(value_equal(row.values[over], V_REAL(90)));
    assert_int_equal(scopes(old), 0);
    assert_int_equal(covered(old, "new"), ROLE_DHCP);
    assert_int_equal(shown(new, "scope_count", &mem).i, 1);
    assert_int_equal(shown(old, "scope_count", &mem).type, VALUE_NULL);
    has_scope(new, "10.9.0.0");
    assert_int_equal(scope_of(new, &row, &mem), id);
    /* It stays where it is when the first one is back. */
    reachable(old, "yes", 130);
    is(old, "MOVED", "guid-m");
    assert_int_equal(covered(old, "new"), ROLE_DHCP);
    assert_int_equal(scope_of(new, &row, &mem), id);
    arena_done(&mem);
}

static void has_zone(server_id server)
{
    int source = catalog_source(&catalog_zoneservers, "zones");
    struct value *row = x_calloc(catalog_zoneservers.property_count, sizeof(*row));

    row[catalog_property(&catalog_zoneservers, "zone")] = V_TEXT("corp.example");
    OK(store_put_rows(store, server, &catalog_zoneservers, source, row, 1, true, 200, E));
    OK(store_source_done(store, server, &catalog_zoneservers, source, true, "done", NULL, 200, E));
    free(row);
}

static int64_t zones(server_id server)
{
    struct value params[] = { V_INT(server) };
    struct list_spec spec = { .object = &catalog_zoneservers, .where = "o.server = ?", .params = params, .param_count = 1 };
    int64_t n = -1;

    OK(store_count(store, &spec, &n, E));
    return n;
}

/* Asked at once, one was first with its scopes and the other with its zones: each keeps what it has, and is not asked for the rest. */
static void each_role_for_itself(void **state)
{
    struct arena mem = { 0 };
    server_id a = add("first", "dhcp,dns"), b = add("second", "dhcp,dns");

    (void)state;
    is(a, "BOTH", "guid-b");
    is(b, "BOTH", "guid-b");
    has_zone(b);
    assert_int_equal(covered(a, "second"), ROLE_DNS);
    has_scope(a, "10.8.0.0");
    assert_int_equal(covered(b, "first"), ROLE_DHCP);
    assert_int_equal(covered(a, "second"), ROLE_DNS);
    has_scope(b, "10.8.0.0");
    has_zone(a);
    is(a, "BOTH", "guid-b");
    assert_int_equal(scopes(a), 1);
    assert_int_equal(scopes(b), 0);
    assert_int_equal(zones(a), 0);
    assert_int_equal(zones(b), 1);
    assert_non_null(strstr(shown(a, "error", &mem).s, "second, which has its zones"));
    assert_non_null(strstr(shown(b, "error", &mem).s, "first, which has its scopes"));
    arena_done(&mem);
}

static void set(server_id server, const char *property, const char *text)
{
    OK(store_server_set(store, server, catalog_property(&catalog_servers, property), text ? V_TEXT(text) : V_NULL, E));
}

static row_id with_threshold(server_id server)
{
    struct arena mem = { 0 };
    struct row row = { 0 };
    row_id id = scope_of(server, &row, &mem);

    OK(store_scope_thresholds(store, &catalog_scopes, id, V_REAL(91), V_NULL, E));
    arena_done(&mem);
    return id;
}

static void threshold_is_kept(server_id server, row_id id)
{
    struct arena mem = { 0 };
    struct row row = { 0 };
    row_id found = scope_of(server, &row, &mem);

    if (id)
        assert_int_equal(found, id);
    assert_true(value_equal(row.values[catalog_property(&catalog_scopes, "over")], V_REAL(91)));
    assert_int_equal(scopes(server), 1);
    arena_done(&mem);
}

/* The scopes went over to the entry for DHCP only while the one for both did not answer: it comes back, and has its zones. */
static void back_with_another_role(void **state)
{
    server_id both = add("dc1", "dhcp,dns"), dhcp = add("dhcp1", "dhcp");
    row_id id;

    (void)state;
    is(both, "DC1", "guid-dc1");
    is(dhcp, "DC1", "guid-dc1");
    has_scope(both, "10.9.0.0");
    has_zone(both);
    id = with_threshold(both);
    reachable(both, "no", 100);
    is(dhcp, "DC1", "guid-dc1");
    threshold_is_kept(dhcp, id);
    assert_int_equal(zones(both), 1);
    reachable(both, "yes", 110);
    is(both, "DC1", "guid-dc1");
    assert_int_equal(covered(both, "dhcp1"), ROLE_DHCP);
    assert_int_equal(covered(dhcp, ""), 0);
    has_scope(both, "10.9.0.0");
    is(both, "DC1", "guid-dc1");
    is(dhcp, "DC1", "guid-dc1");
    threshold_is_kept(dhcp, id);
    assert_int_equal(scopes(both), 0);
    assert_int_equal(zones(both), 1);
}

/* A role is given to an entry, or taken from it. */
static void roles_change(void **state)
{
    server_id dns = add("dc2", "dns"), dhcp = add("dhcp2", "dhcp");
    struct test_scope counted = { "10.9.0.0", "net", "active", 5, 5 };
    row_id id;

    (void)state;
    is(dns, "DC2", "guid-dc2");
    is(dhcp, "DC2", "guid-dc2");
    has_scope(dhcp, "10.9.0.0");
    has_zone(dns);
    id = with_threshold(dhcp);
    set(dns, "role", "dhcp,dns");
    OK(put_round(store, dns, "scope-statistics", &counted, 1, 1000));
    has_scope(dns, "10.9.0.0");
    is(dns, "DC2", "guid-dc2");
    assert_int_equal(covered(dns, "dhcp2"), ROLE_DHCP);
    threshold_is_kept(dhcp, id);
    assert_int_equal(scopes(dns), 0);
    /* DHCP is not managed at the one that has the scopes any more. */
    set(dhcp, "role", "dns");
    is(dns, "DC2", "guid-dc2");
    threshold_is_kept(dns, id);
    assert_int_equal(scopes(dhcp), 0);
    assert_int_equal(covered(dhcp, "dc2"), ROLE_DNS);
    /* At none of them: what is known stays where it is. */
    set(dns, "role", "dns");
    is(dns, "DC2", "guid-dc2");
    threshold_is_kept(dns, id);
}

/* How full scopes are was told, but not which there are. */
static void counters_are_no_list(void **state)
{
    server_id a = add("count", "dhcp"), b = add("list", "dhcp");
    struct test_scope counted = { "10.9.0.0", "net", "active", 5, 5 };
    row_id id;

    (void)state;
    OK(put_round(store, a, "scope-statistics", &counted, 1, 1000));
    has_scope(b, "10.9.0.0");
    id = with_threshold(b);
    is(a, "COUNT", "guid-count");
    is(b, "COUNT", "guid-count");
    assert_int_equal(covered(a, "list"), ROLE_DHCP);
    threshold_is_kept(b, id);
    assert_int_equal(scopes(a), 0);
    /* The list is refused to it now: the other one is asked, and has them when it has told them. */
    OK(store_source_done(store, b, &catalog_scopes, source_at(&catalog_scopes, "scopes"), false, "timed out", "no answer", 1100, E));
    assert_int_equal(covered(a, "list"), ROLE_DHCP);
    OK(store_source_done(store, b, &catalog_scopes, source_at(&catalog_scopes, "scopes"), false, "denied", "no", 1200, E));
    assert_int_equal(covered(a, ""), 0);
    is(a, "COUNT", "guid-count");
    threshold_is_kept(b, id);
    has_scope(a, "10.9.0.0");
    threshold_is_kept(a, 0);
    assert_int_equal(scopes(b), 0);
    assert_int_equal(covered(b, "count"), ROLE_DHCP);
}

static bool count_sample(void *ctx, int64_t at_s, int64_t in_use, int64_t free_addresses)
{
    (void)at_s;
    (void)in_use;
    (void)free_addresses;
    ++*(int *)ctx;
    return true;
}

/* Both had the same scope before anybody knew that they are one machine: nothing of either is lost. */
static void both_had_it(void **state)
{
    enum { DAY = 86400 };
    struct test_scope had[] = { { "10.9.0.0", "net", "active", 5, 5 }, { "10.10.0.0", "other", "active", 5, 5 } };
    struct arena mem = { 0 };
    struct row row = { 0 };
    server_id a = add("had", "dhcp"), b = add("had-too", "dhcp");
    row_id id;
    int samples = 0;

    (void)state;
    OK(put_both(store, b, had, 2, 10 * DAY));
    with_threshold(b);
    OK(put_both(store, b, had, 2, 11 * DAY));
    OK(put_both(store, a, had, 1, 12 * DAY));
    id = scope_of(a, &row, &mem);
    is(a, "HAD", "guid-had");
    is(b, "HAD", "guid-had");
    assert_int_equal(scopes(b), 0);
    assert_int_equal(scopes(a), 2);
    assert_int_equal(shown(a, "scope_count", &mem).i, 2);
    assert_int_equal(scope_of(a, &row, &mem), id);
    assert_true(value_equal(row.values[catalog_property(&catalog_scopes, "over")], V_REAL(91)));
    OK(store_scope_history(store, &catalog_scopes, id, 0, count_sample, &samples, E));
    assert_int_equal(samples, 3);
    arena_done(&mem);
}

/* The one that has them is taken out of the list: the other one has them, or the one that has the role. */
static void removed(void **state)
{
    server_id a = add("gone", "dhcp,dns"), dns = add("rest-dns", "dns"), dhcp = add("rest-dhcp", "dhcp");
    row_id id;

    (void)state;
    has_scope(a, "10.9.0.0");
    has_zone(a);
    id = with_threshold(a);
    is(a, "GONE", "guid-gone");
    is(dns, "GONE", "guid-gone");
    is(dhcp, "GONE", "guid-gone");
    OK(store_server_remove(store, a, E));
    threshold_is_kept(dhcp, id);
    assert_int_equal(zones(dns), 1);
    assert_int_equal(zones(dhcp), 0);
    OK(store_server_remove(store, dhcp, E));
    assert_int_equal(scopes(dns), 0);
    assert_int_equal(zones(dns), 1);
}

static void shows(server_id server, const char *read_only, const char *label, const char *ask)
{
    static const char *const names[] = { "read_only", "label", "ask" };
    const char *expected[] = { read_only, label, ask };
    struct arena mem = { 0 };

    for (size_t i = 0; i < COUNT(names); i++) {
        struct value v = shown(server, names[i], &mem);
        const char *text = v.type == VALUE_NULL ? "" : v.type == VALUE_INT ? (v.i ? "yes" : "no") : v.s;

        if (strcmp(text, expected[i]) != 0)
            fail_msg("%s is %s, not %s", names[i], text, expected[i]);
    }
    arena_done(&mem);
}

/* Rows go over to an entry: what protects them goes with them, also where each entry is for another role. */
static void protected_as_a_machine(void **state)
{
    server_id a = add("prod", "dhcp"), b = add("prod-too", "dhcp"), other = add("lab", "dhcp");

    (void)state;
    OK(store_server_set(store, a, catalog_property(&catalog_servers, "read_only"), V_INT(1), E));
    set(a, "label", "PROD");
    set(a, "ask", "typed");
    set(other, "ask", "less");
    shows(a, "yes", "PROD", "typed"); /* who it is, is not known */
    shows(b, "no", "", "");
    is(a, "PROD", "guid-prod");
    is(b, "PROD", "guid-prod");
    is(other, "LAB", "guid-prod");
    shows(a, "yes", "PROD", "typed");
    shows(b, "yes", "PROD", "typed");
    shows(other, "no", "", "less");
    set(b, "label", "EDGE");
    set(b, "ask", "less");
    shows(b, "yes", "EDGE, PROD", "typed");
    set(a, "label", NULL);
    set(a, "ask", NULL);
    OK(store_server_set(store, a, catalog_property(&catalog_servers, "read_only"), V_NULL, E));
    shows(b, "no", "EDGE", ""); /* as normal */
    set(a, "ask", "less");
    shows(b, "no", "EDGE", "less");
}

static bool note_change(void *ctx, const struct overview_change *change)
{
    struct buf *out = ctx;

    buf_addf(out, "%s %s: %s -> %s;", change->server, change->property, change->before, change->after);
    return true;
}

static void changes_have_times(void **state)
{
    struct buf out = { 0 };
    struct arena mem = { 0 };
    struct err err = { 0 };
    server_id d = add("d", "dhcp");

    (void)state;
    is(d, "ONE", "g1");
    is(d, "TWO", "g1");
    is(d, "TWO", "g2");
    assert_true(store_newest_changes(store, 2, note_change, &out, &err));
    assert_string_equal(buf_at(&out), "d machine: g1 -> g2;d computer: ONE -> TWO;");
    /* 'since' is of what it does, not of who it is. */
    assert_int_equal(shown(d, "since", &mem).type, VALUE_NULL);
    arena_done(&mem);
    buf_done(&out);
}

static int setup(void **state)
{
    return store_test_setup(state) == 0 && store_open(store_test_path("identity.db"), STORE_WRITE, &store, E) ? 0 : -1;
}

static int teardown(void **state)
{
    store_close(store);
    return store_test_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_once),
        cmocka_unit_test(taken_over),
        cmocka_unit_test(each_role_for_itself),
        cmocka_unit_test(back_with_another_role),
        cmocka_unit_test(roles_change),
        cmocka_unit_test(counters_are_no_list),
        cmocka_unit_test(both_had_it),
        cmocka_unit_test(removed),
        cmocka_unit_test(protected_as_a_machine),
        cmocka_unit_test(changes_have_times),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
