/* What was learnt goes in and comes out: rounds, ids, what is gone, what is unknown, states, totals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store_test.h"

static const struct test_scope three[] = {
    { "10.1.1.0", "voice", "active", 90, 10 },
    { "10.1.2.0", "office", "active", 0, 0 },
    { "10.1.3.0", "Guest", "inactive", 10, 90 },
};

static struct store *fresh(const char *name)
{
    struct store *store = NULL;

    OK(store_open(store_test_path(name), STORE_WRITE, &store, E));
    return store;
}

static void rows_keep_their_ids(void **state)
{
    struct store *store = fresh("ids.db");
    struct test_scope changed[3];
    struct id_vector before, after;
    server_id server = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    OK(put_both(store, server, three, 3, 100));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &before));
    assert_int_equal(before.count, 3);
    memcpy(changed, three, sizeof(three));
    changed[1].name = "renamed";
    OK(put_round(store, server, "scopes", changed, 3, 200));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &after));
    assert_memory_equal(before.ids, after.ids, 3 * sizeof(row_id));
    store_close(store);
}

static void what_is_not_named_is_gone(void **state)
{
    struct store *store = fresh("gone.db");
    struct id_vector before, after;
    server_id ams = 0, fra = 0;
    (void)state;

    OK(add_server(store, "ams", &ams));
    OK(add_server(store, "fra", &fra));
    OK(put_both(store, ams, three, 3, 100));
    OK(put_both(store, fra, three, 3, 100));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &before));
    OK(put_round(store, ams, "scopes", three, 2, 200));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &after));
    assert_int_equal(after.count, 5);
    assert_int_equal(after.ids[2], before.ids[3]); /* fra's are all there */

    /* A round that ended badly deletes nothing, an empty one that ended well everything. */
    OK(store_begin(store, E));
    OK(store_source_done(store, ams, &catalog_scopes, 0, false, "failed", "no", 300, E));
    OK(store_commit(store, E));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &after));
    assert_int_equal(after.count, 5);
    OK(put_round(store, ams, "scopes", NULL, 0, 400));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &after));
    assert_int_equal(after.count, 3);

    /* A new row never gets the number of one that is gone: a mark on the old one must not fall on it. */
    OK(put_round(store, fra, "scopes", NULL, 0, 500));
    OK(put_round(store, fra, "scopes", three, 1, 600));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &after));
    assert_true(after.ids[0] > before.ids[5]);
    store_close(store);
}

static void rounds_given_up(void **state)
{
    struct store *store = fresh("givenup.db");
    struct value *v = x_calloc(catalog_scopes.property_count, sizeof(*v));
    struct id_vector ids;
    server_id server = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    OK(put_round(store, server, "scopes", three, 3, 100));
    fill_scope(v, &three[0]);
    OK(store_put_rows(store, server, &catalog_scopes, 0, v, 1, true, 200, E));
    store_round_forget(store, server); /* the operator stopped it */
    fill_scope(v, &three[1]);
    OK(store_put_rows(store, server, &catalog_scopes, 0, v, 1, true, 300, E));
    OK(store_source_done(store, server, &catalog_scopes, 0, true, "done", NULL, 300, E));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(ids.count, 1);
    free(v);
    store_close(store);
}

static void a_part_of_a_row_read_again(void **state)
{
    struct store *store = fresh("again.db");
    size_t count = catalog_scopes.property_count;
    struct value *v = x_calloc(count, sizeof(*v));
    bool *known = x_calloc(count, sizeof(*known));
    int delay = catalog_property(&catalog_scopes, "delay"), scope = catalog_property(&catalog_scopes, "scope");
    struct arena mem = { 0 };
    struct id_vector ids;
    server_id server = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    OK(put_round(store, server, "scopes", three, 3, 100));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    fill_scope(v, &three[0]);
    v[catalog_property(&catalog_scopes, "name")] = V_NULL;
    v[delay] = V_INT(77);
    known[delay] = true;
    OK(store_put_again(store, server, &catalog_scopes, 0, v, 1, known, 200, E));
    assert_true(value_equal(value_of(store, &catalog_scopes, ids.ids[0], "delay", &mem), V_INT(77)));
    assert_int_equal(value_of(store, &catalog_scopes, ids.ids[0], "name", &mem).type, VALUE_TEXT);

    /* Half a row makes none; a whole one does. */
    v[scope] = V_INT(v[scope].i + (200 << 8));
    OK(store_put_again(store, server, &catalog_scopes, 0, v, 1, known, 200, E));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(ids.count, 3);
    OK(store_put_again(store, server, &catalog_scopes, 0, v, 1, NULL, 200, E));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(ids.count, 4);

    /* It was no round: the next one that ends with nothing knows nothing of it. */
    OK(store_source_done(store, server, &catalog_scopes, 0, true, "done", NULL, 300, E));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(ids.count, 0);
    free(known);
    free(v);
    arena_done(&mem);
    store_close(store);
}

static void counters_of_what_is_not_there(void **state)
{
    struct store *store = fresh("adds.db");
    struct arena mem = { 0 };
    struct id_vector ids;
    server_id server = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    OK(put_round(store, server, "scopes", three, 2, 100));
    /* The statistics name a scope that the list of scopes did not: it is none. */
    OK(put_round(store, server, "scope-statistics", three, 3, 110));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(ids.count, 2);
    assert_true(value_equal(value_of(store, &catalog_scopes, ids.ids[0], "in_use", &mem), V_INT(90)));

    /* They no longer name one: its counters are unknown, not as they were. */
    OK(put_round(store, server, "scope-statistics", three + 1, 1, 200));
    assert_int_equal(value_of(store, &catalog_scopes, ids.ids[0], "in_use", &mem).type, VALUE_NULL);
    assert_int_equal(value_of(store, &catalog_scopes, ids.ids[0], "util", &mem).type, VALUE_NULL);
    assert_string_equal(value_of(store, &catalog_scopes, ids.ids[0], "name", &mem).s, "voice");

    /* Where the list of scopes was never answered (denied), the statistics make the rows. */
    server_id other = 0;
    OK(add_server(store, "fra", &other));
    OK(put_round(store, other, "scope-statistics", three, 3, 300));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(ids.count, 5);
    arena_done(&mem);
    store_close(store);
}

static void computed(void **state)
{
    struct store *store = fresh("computed.db");
    struct arena mem = { 0 };
    struct id_vector ids;
    server_id server = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    OK(put_both(store, server, three, 3, 100));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_true(value_equal(value_of(store, &catalog_scopes, ids.ids[0], "util", &mem), V_REAL(90)));
    assert_true(value_equal(value_of(store, &catalog_scopes, ids.ids[0], "total", &mem), V_INT(100)));
    assert_string_equal(value_of(store, &catalog_scopes, ids.ids[0], "level", &mem).s, "over");
    assert_int_equal(value_of(store, &catalog_scopes, ids.ids[1], "util", &mem).type, VALUE_NULL); /* 0 of 0 */
    assert_int_equal(value_of(store, &catalog_scopes, ids.ids[1], "level", &mem).type, VALUE_NULL);
    assert_string_equal(value_of(store, &catalog_scopes, ids.ids[2], "level", &mem).s, "under");
    assert_true(value_equal(value_of(store, &catalog_scopes, ids.ids[0], "prefix", &mem), V_INT(24)));
    assert_true(value_equal(value_of(store, &catalog_scopes, ids.ids[0], "seen", &mem), V_INT(100)));
    assert_string_equal(value_of(store, &catalog_scopes, ids.ids[0], "server", &mem).s, "ams");
    store_set_thresholds(store, (struct thresholds){ .over = 95, .under = 5 });
    assert_string_equal(value_of(store, &catalog_scopes, ids.ids[0], "level", &mem).s, "optimal");
    assert_string_equal(value_of(store, &catalog_scopes, ids.ids[2], "level", &mem).s, "optimal");

    /* The server's totals. */
    assert_true(value_equal(value_of(store, &catalog_servers, server, "scope_count", &mem), V_INT(3)));
    assert_true(value_equal(value_of(store, &catalog_servers, server, "in_use", &mem), V_INT(100)));
    assert_true(value_equal(value_of(store, &catalog_servers, server, "util", &mem), V_REAL(50)));
    arena_done(&mem);
    store_close(store);
}

/* Every mask gives its prefix in SQL, and one that is none gives unknown. */
static void prefixes(void **state)
{
    struct store *store = fresh("prefix.db");
    struct value *v = x_calloc(catalog_scopes.property_count, sizeof(*v));
    struct arena mem = { 0 };
    struct id_vector ids;
    server_id server = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    for (int prefix = 0; prefix <= 33; prefix++) {
        v[at(&catalog_scopes, "scope")] = V_INT(prefix);
        v[at(&catalog_scopes, "mask")] = prefix == 33 ? V_INT(0xff00ff00) : V_INT(ip4_prefix_mask(prefix));
        OK(store_put_rows(store, server, &catalog_scopes, 0, v, 1, prefix == 0, 1, E));
    }
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    for (int prefix = 0; prefix <= 32; prefix++)
        assert_true(value_equal(value_of(store, &catalog_scopes, ids.ids[prefix], "prefix", &mem), V_INT(prefix)));
    assert_int_equal(value_of(store, &catalog_scopes, ids.ids[33], "prefix", &mem).type, VALUE_NULL);
    arena_done(&mem);
    free(v);
    store_close(store);
}

static void states_have_times(void **state)
{
    struct store *store = fresh("states.db");
    struct test_scope changed[3];
    struct arena mem = { 0 };
    struct id_vector ids;
    server_id server = 0;
    const int reachable = at(&catalog_servers, "reachable");
    (void)state;

    OK(add_server(store, "ams", &server));
    OK(put_round(store, server, "scopes", three, 3, 100));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(value_of(store, &catalog_scopes, ids.ids[0], "since", &mem).type, VALUE_NULL); /* found so */
    memcpy(changed, three, sizeof(three));
    changed[0].state = "inactive";
    OK(put_round(store, server, "scopes", changed, 3, 200));
    OK(put_round(store, server, "scopes", changed, 3, 300));
    assert_true(value_equal(value_of(store, &catalog_scopes, ids.ids[0], "since", &mem), V_INT(200)));
    assert_int_equal(run_sql(store_test_path("states.db"), "SELECT count(*) FROM state_change WHERE before = 'active' AND"
                                                           " after = 'inactive' AND name = '10.1.1.0' AND at = 200"), 1);

    /* A server: at least since it was found so, then exactly since it changed. */
    OK(store_server_fact(store, server, reachable, V_TEXT("yes"), 1000, E));
    assert_true(value_equal(value_of(store, &catalog_servers, server, "since", &mem), V_INT(1000)));
    assert_true(value_equal(value_of(store, &catalog_servers, server, "since_at_least", &mem), V_INT(1)));
    OK(store_server_fact(store, server, reachable, V_TEXT("yes"), 1100, E));
    assert_true(value_equal(value_of(store, &catalog_servers, server, "since", &mem), V_INT(1000)));
    OK(store_server_fact(store, server, reachable, V_TEXT("no"), 1200, E));
    assert_true(value_equal(value_of(store, &catalog_servers, server, "since", &mem), V_INT(1200)));
    assert_true(value_equal(value_of(store, &catalog_servers, server, "since_at_least", &mem), V_INT(0)));
    FAILS(store_server_fact(store, 999, reachable, V_TEXT("no"), 1, E), ERR_NOT_FOUND);
    FAILS(store_server_fact(store, server, at(&catalog_servers, "address"), V_TEXT("x"), 1, E), ERR_INPUT);
    arena_done(&mem);
    store_close(store);
}

static void services_are_a_source(void **state)
{
    struct store *store = fresh("services.db");
    struct value *v = x_calloc(catalog_servers.property_count, sizeof(*v));
    const int source = source_at(&catalog_servers, "dhcp-service");
    struct arena mem = { 0 };
    server_id server = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    v[at(&catalog_servers, "dhcp_service")] = V_TEXT("running");
    v[at(&catalog_servers, "dns_service")] = V_TEXT("paused"); /* not of this source: not meant */
    OK(store_put_rows(store, server, &catalog_servers, source, v, 1, true, 100, E));
    v[at(&catalog_servers, "dhcp_service")] = V_TEXT("stopped");
    OK(store_put_rows(store, server, &catalog_servers, source, v, 1, true, 200, E));
    OK(store_source_done(store, server, &catalog_servers, source, true, "done", NULL, 200, E));
    assert_string_equal(value_of(store, &catalog_servers, server, "dhcp_service", &mem).s, "stopped");
    assert_int_equal(value_of(store, &catalog_servers, server, "dns_service", &mem).type, VALUE_NULL);
    assert_true(value_equal(value_of(store, &catalog_servers, server, "since", &mem), V_INT(200)));
    arena_done(&mem);
    free(v);
    store_close(store);
}

struct seen_source {
    char text[256];
    int count;
    int64_t done_at, ok_at;
};

static bool see_source(void *ctx, const char *object, const char *source, const char *result, const char *error, int64_t done_at,
                       int64_t ok_at)
{
    struct seen_source *seen = ctx;

    snprintf(seen->text, sizeof(seen->text), "%s %s %s %s", object, source, result, error ? error : "-");
    seen->count++;
    seen->done_at = done_at;
    seen->ok_at = ok_at;
    return true;
}

static void sources_remember(void **state)
{
    struct store *store = fresh("sources.db");
    struct seen_source seen = { .count = 0 };
    server_id server = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    OK(put_round(store, server, "scopes", three, 1, 100));
    OK(store_source_done(store, server, &catalog_scopes, 0, false, "denied", "access is denied", 200, E));
    OK(store_sources(store, server, see_source, &seen, E));
    assert_string_equal(seen.text, "scopes scopes denied access is denied");
    assert_true(seen.count == 1 && seen.done_at == 200 && seen.ok_at == 100);
    OK(store_source_done(store, server, &catalog_scopes, 0, true, "done", NULL, 300, E));
    OK(store_sources(store, server, see_source, &seen, E));
    assert_string_equal(seen.text, "scopes scopes done -");
    assert_int_equal(seen.ok_at, 300);
    store_close(store);
}

static void unchanged_writes_nothing(void **state)
{
    struct store *store = fresh("unchanged.db");
    server_id server = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    OK(put_both(store, server, three, 3, 100));
    int before = (int)run_sql(store_test_path("unchanged.db"), "PRAGMA wal_checkpoint(TRUNCATE); SELECT count(*) FROM scope");
    assert_int_equal(before, 3);
    struct value *v = x_calloc(3 * catalog_scopes.property_count, sizeof(*v));
    for (size_t i = 0; i < 3; i++)
        fill_scope(v + i * catalog_scopes.property_count, &three[i]);
    OK(store_begin(store, E));
    OK(store_put_rows(store, server, &catalog_scopes, 0, v, 3, true, 200, E));
    OK(store_commit(store, E));
    char wal[160];
    snprintf(wal, sizeof(wal), "%s-wal", store_test_path("unchanged.db"));
    FILE *f = fopen(wal, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    assert_int_equal(ftell(f), 0); /* not one page */
    fclose(f);
    free(v);
    store_close(store);
}

static void keys_must_be_there(void **state)
{
    struct store *store = fresh("keys.db");
    struct value *v = x_calloc(catalog_scopes.property_count, sizeof(*v));
    server_id server = 0;
    row_id row = 0;
    (void)state;

    OK(add_server(store, "ams", &server));
    FAILS(store_put_rows(store, server, &catalog_scopes, 0, v, 1, true, 1, E), ERR_REMOTE);
    fill_scope(v, &three[0]);
    FAILS(store_row_find(store, server, &catalog_scopes, v, &row, E), ERR_NOT_FOUND);
    OK(put_round(store, server, "scopes", three, 3, 1));
    OK(store_row_find(store, server, &catalog_scopes, v, &row, E));
    assert_true(row > 0);
    OK(store_row_remove(store, &catalog_scopes, row, E));
    FAILS(store_row_find(store, server, &catalog_scopes, v, &row, E), ERR_NOT_FOUND);
    /* No such server: the file's own rules refuse it. */
    FAILS(store_put_rows(store, 4711, &catalog_scopes, 0, v, 1, true, 1, E), ERR_CONFLICT);
    free(v);
    store_close(store);
}

static void the_list_of_servers(void **state)
{
    struct store *store = fresh("servers.db");
    struct arena mem = { 0 };
    server_id ams = 0, fra = 0, found = 0;
    struct id_vector ids;
    const int name = at(&catalog_servers, "server"), user = at(&catalog_servers, "user");
    (void)state;

    OK(add_server(store, "ams", &ams));
    FAILS(add_server(store, "AMS", &fra), ERR_CONFLICT);
    FAILS(add_server(store, "", &fra), ERR_INPUT);
    OK(add_server(store, "fra", &fra));
    OK(store_server_find(store, "Fra", &found, E));
    assert_int_equal(found, fra);
    FAILS(store_server_find(store, "nyc", &found, E), ERR_NOT_FOUND);
    OK(store_server_set(store, fra, user, V_TEXT("admin"), E));
    OK(store_server_set(store, fra, name, V_TEXT("frankfurt"), E));
    FAILS(store_server_set(store, fra, name, V_TEXT("ams"), E), ERR_CONFLICT);
    FAILS(store_server_set(store, fra, name, V_NULL, E), ERR_INPUT);
    FAILS(store_server_set(store, fra, at(&catalog_servers, "reachable"), V_TEXT("yes"), E), ERR_INPUT);
    FAILS(store_server_set(store, 999, user, V_TEXT("x"), E), ERR_NOT_FOUND);
    assert_string_equal(value_of(store, &catalog_servers, fra, "user", &mem).s, "admin");
    OK(store_server_set(store, fra, user, V_NULL, E));
    assert_int_equal(value_of(store, &catalog_servers, fra, "user", &mem).type, VALUE_NULL);

    /* It goes with all that was learnt of it, and its number never comes back. */
    OK(put_both(store, fra, three, 3, 100));
    OK(store_server_remove(store, fra, E));
    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(ids.count, 0);
    assert_int_equal(run_sql(store_test_path("servers.db"), "SELECT count(*) FROM scope_find"), 0);
    assert_int_equal(run_sql(store_test_path("servers.db"), "SELECT count(*) FROM source"), 0);
    FAILS(store_server_remove(store, fra, E), ERR_NOT_FOUND);
    OK(add_server(store, "fra", &found));
    assert_true(found > fra);
    arena_done(&mem);
    store_close(store);
}

static void settings(void **state)
{
    struct store *store = fresh("settings.db");
    char *value;
    (void)state;

    assert_null(store_setting_get(store, "columns.scopes"));
    OK(store_setting_put(store, "columns.scopes", "server,scope", E));
    OK(store_setting_put(store, "columns.scopes", "scope", E));
    value = store_setting_get(store, "columns.scopes");
    assert_string_equal(value, "scope");
    free(value);
    OK(store_setting_put(store, "columns.scopes", NULL, E));
    assert_null(store_setting_get(store, "columns.scopes"));
    store_close(store);
}

/* Hostile names come out as they went in. */
static void names_are_kept(void **state)
{
    static const char *const names[] = { "a'b\"c", "line\nbreak", "\x1b[31mred", "\xe2\x80\xae" "evil", "\xe6\xbc\xa2\xe5\xad\x97", "=1+1" };
    struct store *store = fresh("names.db");
    struct arena mem = { 0 };
    struct id_vector ids;
    server_id server = 0;
    (void)state;

    OK(add_server(store, "'; DROP TABLE scope; --", &server));
    for (size_t i = 0; i < COUNT(names); i++) {
        struct test_scope s = { "10.1.1.0", names[i], "active", -1, 0 };

        OK(put_round(store, server, "scopes", &s, 1, (int64_t)i));
        OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
        assert_string_equal(value_of(store, &catalog_scopes, ids.ids[0], "name", &mem).s, names[i]);
    }
    arena_done(&mem);
    store_close(store);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_keep_their_ids), cmocka_unit_test(what_is_not_named_is_gone), cmocka_unit_test(rounds_given_up),
        cmocka_unit_test(a_part_of_a_row_read_again), cmocka_unit_test(counters_of_what_is_not_there),
        cmocka_unit_test(computed), cmocka_unit_test(prefixes),
        cmocka_unit_test(states_have_times), cmocka_unit_test(services_are_a_source), cmocka_unit_test(sources_remember),
        cmocka_unit_test(unchanged_writes_nothing), cmocka_unit_test(keys_must_be_there), cmocka_unit_test(the_list_of_servers),
        cmocka_unit_test(settings), cmocka_unit_test(names_are_kept),
    };
    return cmocka_run_group_tests(tests, store_test_setup, store_test_teardown);
}
