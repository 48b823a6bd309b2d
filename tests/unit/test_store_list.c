/* Lists: order, chunks, conditions, whole rows, stopping. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store_test.h"

static struct store *store;

/* Ten servers in an order that is not that of their names, with 200 scopes each. */
static int setup(void **state)
{
    static const char *const servers[] = { "lon", "AMS", "fra", "nyc", "sin", "syd", "osl", "par", "prg", "bru" };
    struct test_scope scopes[200];
    char nets[200][24], names[200][24];

    if (store_test_setup(state) != 0 || !store_open(store_test_path("list.db"), STORE_WRITE, &store, E))
        return -1;
    for (size_t s = 0; s < COUNT(servers); s++) {
        server_id server = 0;

        for (int i = 0; i < 200; i++) {
            snprintf(nets[i], sizeof(nets[i]), "10.%zu.%d.0", s, (i * 37) % 200);
            snprintf(names[i], sizeof(names[i]), "%s-%d", i % 3 ? "voice" : "Office", i);
            scopes[i] = (struct test_scope){ nets[i], names[i], i % 5 ? "active" : "inactive", i % 7 ? i % 100 : -1, 20 };
        }
        if (!add_server(store, servers[s], &server) || !put_both(store, server, scopes, 200, 100))
            return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    store_close(store);
    return store_test_teardown(state);
}

static struct row *rows_of(const struct id_vector *ids, struct arena *mem)
{
    struct row *rows = arena_alloc(mem, ids->count * sizeof(*rows));

    OK(store_rows(store, &catalog_scopes, ids->ids, ids->count, mem, rows, E));
    return rows;
}

static void check_order(const char *sort, bool descending, const char *where)
{
    struct arena mem = { 0 };
    struct id_vector ids;
    const int place = at(&catalog_scopes, sort);

    OK(list_ids(store, &catalog_scopes, where, sort, descending, &ids));
    assert_true(ids.count > 0);
    struct row *rows = rows_of(&ids, &mem);
    for (size_t i = 1; i < ids.count; i++) {
        int order = value_compare(rows[i - 1].values[place], rows[i].values[place]);

        if (descending ? order < 0 : order > 0)
            fail_msg("%s: row %zu is out of order", sort, i);
    }
    arena_done(&mem);
}

static void standard_order(void **state)
{
    struct arena mem = { 0 };
    struct id_vector ids;
    const int server = at(&catalog_scopes, "server"), scope = at(&catalog_scopes, "scope");
    (void)state;

    OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(ids.count, 2000);
    assert_int_equal(ids.first_chunk, 64); /* a screen, at once */
    struct row *rows = rows_of(&ids, &mem);
    assert_string_equal(rows[0].values[server].s, "AMS");
    for (size_t i = 1; i < ids.count; i++) {
        int order = value_compare(rows[i - 1].values[server], rows[i].values[server]);

        assert_true(order < 0 || (order == 0 && rows[i - 1].values[scope].i < rows[i].values[scope].i));
    }
    arena_done(&mem);
}

static void any_order(void **state)
{
    static const char *const wheres[] = { NULL, "o.\"state\" = 'active'", "has(f.find, 'voice')", "s.name LIKE 'l%'" };
    (void)state;

    for (size_t w = 0; w < COUNT(wheres); w++)
        for (size_t i = 0; i < catalog_scopes.property_count; i += w ? 5 : 1) {
            enum kind kind = catalog_scopes.properties[i].kind;

            if (kind == KIND_ENUM || kind == KIND_DURATION)
                continue; /* these order by rank: below */
            check_order(catalog_scopes.properties[i].name, false, wheres[w]);
            check_order(catalog_scopes.properties[i].name, true, wheres[w]);
        }
}

/* A condition takes rows out of a sorted list and changes nothing of its order, whichever way the list is read. */
static void conditions_keep_the_order(void **state)
{
    static const char *const wheres[] = { "has(f.find, 'voice')", "s.name LIKE 'l%'", "has(f.find, 'office-9') AND s.id > 0",
                                          "1 AND s.id > 0 AND /*rows*/ has(f.find, 'voice-1')", "has(f.find, 'nobody')",
                                          "s.id > 3 AND o.\"state\" = 'inactive'" };
    static const char *const sorts[] = { "util", "name", "scope", "lease_duration" };
    static struct id_vector all, some, sorted;
    (void)state;

    for (size_t s = 0; s < COUNT(sorts); s++)
        for (int descending = 0; descending < 2; descending++)
            for (size_t w = 0; w < COUNT(wheres); w++) {
                size_t next = 0;

                OK(list_ids(store, &catalog_scopes, NULL, sorts[s], descending, &all));
                OK(list_ids(store, &catalog_scopes, wheres[w], NULL, false, &some));
                OK(list_ids(store, &catalog_scopes, wheres[w], sorts[s], descending, &sorted));
                assert_int_equal(some.count, sorted.count);
                for (size_t i = 0; i < all.count && next < sorted.count; i++)
                    next += all.ids[i] == sorted.ids[next];
                if (next != sorted.count)
                    fail_msg("%s by %s: place %zu of %zu", wheres[w], sorts[s], next, sorted.count);
            }
}

static void words_order_by_rank(void **state)
{
    static const char *const ranks[] = { "", "under", "optimal", "over" };
    struct arena mem = { 0 };
    struct id_vector ids;
    size_t last = 0;
    (void)state;

    OK(list_ids(store, &catalog_scopes, NULL, "level", false, &ids));
    struct row *rows = rows_of(&ids, &mem);
    for (size_t i = 0; i < ids.count; i++) {
        struct value v = rows[i].values[at(&catalog_scopes, "level")];
        size_t rank = 0;

        while (v.type == VALUE_TEXT && strcmp(ranks[rank], v.s) != 0)
            rank++;
        assert_true(rank >= last); /* unknown, under, optimal, over */
        last = rank;
    }
    assert_int_equal(last, 3);
    arena_done(&mem);
}

static void conditions(void **state)
{
    struct id_vector ids;
    const struct value params[] = { V_TEXT("inactive"), V_INT(50) };
    struct list_spec spec = { .object = &catalog_scopes, .params = params, .param_count = 2,
                              .where = "o.\"state\" = ? AND o.in_use > ?" };
    int64_t count = 0;
    (void)state;

    ids = (struct id_vector){ .count = 0 };
    OK(store_list_ids(store, &spec, take_ids, &ids, E));
    OK(store_count(store, &spec, &count, E));
    assert_int_equal(ids.count, (size_t)count);
    assert_int_equal(count, run_sql(store_test_path("list.db"), "SELECT count(*) FROM scope WHERE state = 'inactive' AND in_use > 50"));
    assert_true(count > 0);

    OK(list_ids(store, &catalog_scopes, "has(f.find, 'voice-7')", NULL, false, &ids)); /* voice-7, -71, -73 ... */
    assert_int_equal(ids.count, run_sql(store_test_path("list.db"), "SELECT count(*) FROM scope WHERE name LIKE '%voice-7%'"));
    OK(list_ids(store, &catalog_scopes, "has(f.find, '10.3.77.0/24')", NULL, false, &ids));
    assert_int_equal(ids.count, 1);
    FAILS(list_ids(store, &catalog_scopes, "no such thing", NULL, false, &ids), ERR_IO);

    /* The thresholds of the one who asks. */
    spec = (struct list_spec){ .object = &catalog_scopes };
    char *where = x_asprintf("%s = 'over'", store_expression(&catalog_scopes, at(&catalog_scopes, "level")));
    int64_t over_60 = 0;
    spec.where = where;
    store_set_thresholds(store, (struct thresholds){ .over = 60, .under = 20 });
    OK(store_count(store, &spec, &over_60, E));
    store_set_thresholds(store, THRESHOLDS_DEFAULT);
    OK(store_count(store, &spec, &count, E));
    assert_true(over_60 > count);
    free(where);
}

static void servers(void **state)
{
    struct arena mem = { 0 };
    struct id_vector ids;
    (void)state;

    OK(list_ids(store, &catalog_servers, NULL, NULL, false, &ids));
    assert_int_equal(ids.count, 10);
    assert_string_equal(value_of(store, &catalog_servers, ids.ids[0], "server", &mem).s, "AMS");
    OK(list_ids(store, &catalog_servers, "s.name LIKE 'p%'", "util", true, &ids));
    assert_int_equal(ids.count, 2);
    arena_done(&mem);
}

static void rows_that_are_gone(void **state)
{
    const row_id ids[] = { 1, 999999, 2 };
    struct arena mem = { 0 };
    struct row rows[3];
    (void)state;

    OK(store_rows(store, &catalog_scopes, ids, 3, &mem, rows, E));
    assert_true(rows[0].id == 1 && rows[1].id == 0 && rows[2].id == 2);
    assert_int_equal(rows[1].values[0].type, VALUE_NULL);
    OK(store_rows(store, &catalog_scopes, ids, 0, &mem, rows, E));
    arena_done(&mem);
}

struct streamed {
    size_t count, stop_at;
    row_id first;
    char name[64];
};

static bool see_row(void *ctx, const struct row *row)
{
    struct streamed *s = ctx;

    if (s->count == 0) {
        s->first = row->id;
        snprintf(s->name, sizeof(s->name), "%s", row->values[at(&catalog_scopes, "name")].s);
    }
    return ++s->count != s->stop_at;
}

static void whole_rows(void **state)
{
    struct list_spec spec = { .object = &catalog_scopes };
    struct streamed seen = { .count = 0 };
    struct id_vector ids;
    (void)state;

    OK(store_list_rows(store, &spec, see_row, &seen, E));
    assert_int_equal(seen.count, 2000);
    spec.keys[0] = (struct sort_key){ at(&catalog_scopes, "util"), true };
    spec.key_count = 1;
    spec.where = "has(f.find, 'office')";
    seen = (struct streamed){ .stop_at = 5 };
    OK(store_list_rows(store, &spec, see_row, &seen, E));
    assert_int_equal(seen.count, 5);
    OK(list_ids(store, &catalog_scopes, spec.where, "util", true, &ids));
    assert_int_equal(seen.first, ids.ids[0]);
    assert_memory_equal(seen.name, "Office", 6);
}

static bool no_more(void *ctx, const row_id *ids, size_t count)
{
    (void)ids;
    *(size_t *)ctx += count;
    return false;
}

/* Rows may be read while a list is: a screen that scrolls. */
static bool rows_between(void *ctx, const row_id *ids, size_t count)
{
    struct arena mem = { 0 };
    struct row rows[8];

    OK(store_rows(store, &catalog_scopes, ids, MIN(count, 8), &mem, rows, E));
    assert_true(rows[0].id == ids[0]);
    arena_done(&mem);
    *(size_t *)ctx += count;
    return true;
}

static void stopping(void **state)
{
    struct list_spec spec = { .object = &catalog_scopes };
    size_t seen = 0;
    (void)state;

    OK(store_list_ids(store, &spec, no_more, &seen, E));
    assert_int_equal(seen, 64);
    seen = 0;
    OK(store_list_ids(store, &spec, rows_between, &seen, E));
    assert_int_equal(seen, 2000);
}

static void *interrupter(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 200; i++) {
        usleep(1000);
        store_interrupt(store);
    }
    return NULL;
}

static void interrupted(void **state)
{
    /* Something that takes a while: every pair of scopes. */
    struct list_spec spec = { .object = &catalog_scopes,
                              .where = "(SELECT count(*) FROM scope a WHERE a.name > o.name AND a.in_use < o.in_use) < 0" };
    pthread_t thread;
    int64_t count = 0;
    (void)state;

    assert_int_equal(pthread_create(&thread, NULL, interrupter, NULL), 0);
    for (int i = 0; i < 20; i++) {
        store_test_err = (struct err){ 0 };
        if (!store_count(store, &spec, &count, E))
            break;
    }
    pthread_join(thread, NULL);
    assert_int_equal(store_test_err.kind, ERR_CANCELLED);
    OK(store_count(store, &(struct list_spec){ .object = &catalog_scopes }, &count, E)); /* and goes on */
    assert_int_equal(count, 2000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_order), cmocka_unit_test(any_order),  cmocka_unit_test(words_order_by_rank),
        cmocka_unit_test(conditions_keep_the_order),
        cmocka_unit_test(conditions),     cmocka_unit_test(servers),    cmocka_unit_test(rows_that_are_gone),
        cmocka_unit_test(whole_rows),     cmocka_unit_test(stopping),   cmocka_unit_test(interrupted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
