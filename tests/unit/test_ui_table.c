/* The list of a pane over a store: the cursor belongs to a row, marks to ids, and both survive what happens around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>

#include "ipamtui/clock.h"
#include "ipamtui/pane.h"
#include "store_test.h"
#include "ui/table.h"

#define SCOPES 200
static const struct pane_ops pane = {
    .name = "scopes", .noun = "scope", .title = "Scopes", .object = &catalog_scopes,
    .columns = "scope:16 name:14 util:5 level:7", .computed_from = "scope-statistics", .seen = "seen", .stale = "level",
};
static struct test_scope scopes[SCOPES];
static char scope_names[SCOPES][24], scope_nets[SCOPES][24];

static void fill(struct store *store, server_id server, size_t from, size_t count)
{
    for (size_t i = 0; i < SCOPES; i++) {
        snprintf(scope_names[i], sizeof scope_names[i], "name-%03zu%s", (i * 7) % SCOPES, i % 10 == 0 ? " voice" : "");
        snprintf(scope_nets[i], sizeof scope_nets[i], "10.1.%zu.0", i);
        scopes[i] = (struct test_scope){ scope_nets[i], scope_names[i], "active", (int64_t)i, (int64_t)(SCOPES - i) };
    }
    OK(put_both(store, server, scopes + from, count, 1000));
}

struct fixture {
    struct store *store;
    server_id server;
    struct view_worker *worker;
    struct table table;
};

/* Until the list is whole and the rows near the window are there. */
static void settle(struct fixture *f)
{
    int64_t until = clock_mono_ms() + 5000;

    for (;;) {
        struct pollfd wait = { .fd = view_worker_fd(f->worker), .events = POLLIN };

        view_worker_turn(f->worker);
        table_sync(&f->table);
        view_window(f->table.view, f->table.top, (size_t)f->table.height);
        if (view_complete(f->table.view) && (view_count(f->table.view) == 0 || table_row(&f->table)))
            return;
        if (clock_mono_ms() > until)
            fail_msg("the list does not come");
        poll(&wait, 1, 100);
    }
}

static void filter(struct fixture *f, const char *text)
{
    OK(table_filter(&f->table, text, NULL, E));
    settle(f);
}

static void begin(struct fixture *f, const char *name)
{
    *f = (struct fixture){ 0 };
    OK(store_open(store_test_path(name), STORE_WRITE, &f->store, E));
    OK(add_server(f->store, "lon-1", &f->server));
    fill(f->store, f->server, 0, SCOPES);
    OK(view_worker_start(store_test_path(name), THRESHOLDS_DEFAULT, &f->worker, E));
    table_init(&f->table, &pane, f->worker);
    table_height(&f->table, 10);
    filter(f, "");
    assert_int_equal(view_count(f->table.view), SCOPES);
}

static void end(struct fixture *f)
{
    table_done(&f->table);
    view_worker_stop(f->worker);
    store_close(f->store);
}

static const char *net_at_cursor(struct fixture *f)
{
    static char text[IP4_TEXT_SIZE];
    const struct row *row = table_row(&f->table);

    return row ? ip4_format((uint32_t)row->values[at(&catalog_scopes, "scope")].i, text) : "none";
}

static void cursor_belongs_to_a_row(void **state)
{
    struct fixture f;
    struct sort_key by_name = { .property = at(&catalog_scopes, "name") };
    (void)state;

    begin(&f, "cursor.db");
    assert_string_equal(net_at_cursor(&f), "10.1.0.0");
    table_move(&f.table, 33);
    settle(&f);
    assert_string_equal(net_at_cursor(&f), "10.1.33.0");
    assert_true(f.table.at >= f.table.top && f.table.at < f.table.top + 10);
    table_sort(&f.table, &by_name, 1);
    settle(&f);
    assert_string_equal(net_at_cursor(&f), "10.1.33.0");
    assert_true(f.table.at >= f.table.top && f.table.at < f.table.top + 10);
    table_sort(&f.table, NULL, 0);
    settle(&f);
    /* Rows before it go away: the cursor stays on its row; its own row goes: on the next one's place. */
    fill(f.store, f.server, 20, SCOPES - 20);
    view_reload(f.table.view);
    settle(&f);
    assert_int_equal(view_count(f.table.view), SCOPES - 20);
    assert_string_equal(net_at_cursor(&f), "10.1.33.0");
    fill(f.store, f.server, 100, SCOPES - 100);
    view_reload(f.table.view);
    settle(&f);
    assert_string_equal(net_at_cursor(&f), "10.1.113.0");
    fill(f.store, f.server, 0, 0);
    view_reload(f.table.view);
    settle(&f);
    assert_int_equal(table_cursor(&f.table), 0);
    table_move(&f.table, 1);
    table_mark_toggle(&f.table);
    assert_int_equal(f.table.marks.count, 0);
    end(&f);
}

static void a_bad_query_changes_nothing(void **state)
{
    struct fixture f;
    size_t place = 0;
    (void)state;

    begin(&f, "query.db");
    filter(&f, "voice");
    assert_int_equal(view_count(f.table.view), SCOPES / 10);
    FAILS(table_filter(&f.table, "voice util>", &place, E), ERR_INPUT);
    assert_true(place >= 6 && place <= 11);
    settle(&f);
    assert_int_equal(view_count(f.table.view), SCOPES / 10);
    assert_string_equal(f.table.filter, "voice");
    table_filter_switch(&f.table, true);
    settle(&f);
    assert_int_equal(view_count(f.table.view), SCOPES);
    assert_int_equal(f.table.total, SCOPES);
    table_filter_switch(&f.table, false);
    settle(&f);
    assert_int_equal(view_count(f.table.view), SCOPES / 10);
    end(&f);
}

static void marks(void **state)
{
    struct fixture f;
    size_t count;
    row_id *ids, first;
    (void)state;

    begin(&f, "marks.db");
    first = table_cursor(&f.table);
    table_mark_toggle(&f.table);
    table_go(&f.table, 20);
    table_range(&f.table, true);
    table_move(&f.table, -3);
    for (size_t i = 17; i <= 20; i++)
        assert_true(table_marked(&f.table, i));
    table_range(&f.table, true);
    assert_int_equal(f.table.marks.count, 5);
    filter(&f, "voice"); /* 0, 10, 20 ...: of the marked ones 0 and 20 stay */
    assert_int_equal(f.table.hidden_marks, 3);
    ids = table_targets(&f.table, false, &count);
    assert_int_equal(count, 2);
    assert_int_equal(ids[0], first);
    free(ids);
    ids = table_targets(&f.table, true, &count);
    assert_int_equal(count, 5);
    free(ids);
    table_mark_invert(&f.table); /* only within what is shown */
    assert_int_equal(f.table.marks.count, 3 + SCOPES / 10 - 2);
    table_only_marked(&f.table, true);
    assert_int_equal(view_count(f.table.view), SCOPES / 10 - 2);
    table_only_marked(&f.table, false);
    table_mark_none(&f.table);
    ids = table_targets(&f.table, true, &count);
    assert_int_equal(count, 1); /* none marked: the row under the cursor */
    assert_int_equal(ids[0], table_cursor(&f.table));
    free(ids);
    table_mark_all(&f.table);
    assert_int_equal(f.table.marks.count, SCOPES / 10);
    end(&f);
}

static void columns(void **state)
{
    struct fixture f;
    struct buf text = { 0 };
    struct slot slots[SLOTS_MAX];
    size_t count;
    (void)state;

    begin(&f, "columns.db");
    count = table_layout(&f.table, 60, slots);
    assert_int_equal(count, 4);
    assert_int_equal(slots[0].x, GUTTER);
    assert_int_equal(slots[3].x + slots[3].w, 60); /* spare cells went to the name */
    count = table_layout(&f.table, 30, slots);
    assert_true(count < 4 && f.table.hidden_right > 0);
    table_scroll(&f.table, 1);
    count = table_layout(&f.table, 30, slots);
    assert_int_equal(slots[0].column, 0); /* the first stays */
    assert_int_equal(slots[1].column, 2);
    table_columns_load(&f.table, "util name:30! nonsense util");
    table_columns_save(&f.table, &text);
    assert_string_equal(buf_at(&text), "util:5 name:30!");
    buf_clear(&text);
    table_sort_load(&f.table, "util- name nonsense");
    table_sort_save(&f.table, &text);
    assert_string_equal(buf_at(&text), "util- name");
    table_columns_load(&f.table, "nonsense");
    assert_false(f.table.columns_chosen); /* nothing usable: the default */
    buf_done(&text);
    end(&f);
}

/* Unknown, unreadable, refused, not offered, empty: five different cells. */
static void missing_values(void **state)
{
    static const struct { const char *result, *cell; } cases[] = {
        { "failed", "?" }, { "lost", "?" }, { "denied", "denied" }, { "not offered", "n/a" },
    };
    struct fixture f;
    struct test_scope bare = { "10.9.0.0", "", "active", -1, -1 };
    struct cell cell;
    server_id other;
    (void)state;

    begin(&f, "missing.db");
    OK(add_server(f.store, "lon-2", &other));
    OK(put_round(f.store, other, "scopes", &bare, 1, 1000));
    filter(&f, "server:lon-2");
    assert_int_equal(view_count(f.table.view), 1);
    table_cell(&f.table, table_row(&f.table), at(&catalog_scopes, "util"), DATES_AGE, 2000, &cell);
    assert_string_equal(cell.text, "-");
    table_cell(&f.table, table_row(&f.table), at(&catalog_scopes, "name"), DATES_AGE, 2000, &cell);
    assert_string_equal(cell.text, "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct known known = { 0 };

        OK(store_begin(f.store, E));
        OK(store_source_done(f.store, other, &catalog_scopes, source_at(&catalog_scopes, "scope-statistics"), false,
                             cases[i].result, "why", 1500, E));
        OK(store_commit(f.store, E));
        OK(known_load(f.store, &known, E));
        f.table.known = &known;
        table_cell(&f.table, table_row(&f.table), at(&catalog_scopes, "util"), DATES_AGE, 2000, &cell);
        if (strcmp(cell.text, cases[i].cell) != 0)
            fail_msg("%s shows as \"%s\"", cases[i].result, cell.text);
        f.table.known = NULL;
        known_done(&known);
    }
    end(&f);
}

/* A server that cannot be reached: what it said is old, and the row says how old. */
static void old_values(void **state)
{
    struct fixture f;
    struct known known = { 0 };
    struct cell cell;
    (void)state;

    begin(&f, "old.db");
    OK(store_begin(f.store, E));
    OK(store_server_fact(f.store, f.server, at(&catalog_servers, "last_seen"), V_INT(1000), 1000, E));
    OK(store_server_fact(f.store, f.server, at(&catalog_servers, "reachable"), V_TEXT("no"), 5000, E));
    OK(store_commit(f.store, E));
    OK(known_load(f.store, &known, E));
    assert_int_equal(known.unreachable, 1);
    f.table.known = &known;
    table_cell(&f.table, table_row(&f.table), at(&catalog_scopes, "level"), DATES_AGE, 1000 + 7200, &cell);
    assert_string_equal(cell.text, "2 h old");
    table_cell(&f.table, table_row(&f.table), at(&catalog_scopes, "seen"), DATES_AGE, 1000 + 7200, &cell);
    assert_string_equal(cell.text, "! 2 h");
    f.table.known = NULL;
    known_done(&known);
    end(&f);
}

static void scrolling(void **state)
{
    struct fixture f;
    (void)state;

    begin(&f, "scroll.db");
    table_go(&f.table, 9);
    assert_int_equal(f.table.top, 0);
    table_move(&f.table, 1);
    assert_int_equal(f.table.top, 1);
    f.table.edge = 4;
    table_move(&f.table, 1);
    assert_int_equal(f.table.top, 5);
    table_move(&f.table, -6);
    assert_int_equal(f.table.top, 5);
    table_move(&f.table, -1);
    assert_int_equal(f.table.top, 1);
    f.table.edge = 100; /* no more than half a page: neighbours stay in sight */
    table_move(&f.table, 7);
    assert_int_equal(f.table.top, 7);
    table_go(&f.table, SIZE_MAX);
    assert_int_equal(f.table.at, SCOPES - 1);
    assert_int_equal(f.table.top, SCOPES - 10);
    table_move(&f.table, -1000000);
    assert_int_equal(f.table.at, 0);
    assert_int_equal(f.table.top, 0);
    end(&f);
}

static void a_reload_waits_for_fingers(void **state)
{
    struct fixture f;
    int64_t now = clock_mono_ms();
    (void)state;

    begin(&f, "rest.db");
    table_move(&f.table, 1);
    table_reload(&f.table, now);
    assert_true(f.table.reload_wanted);
    assert_true(table_reload_due(&f.table, now) > now);
    f.table.frozen = true;
    assert_int_equal(table_reload_due(&f.table, now + 100000), -1);
    f.table.frozen = false;
    assert_int_equal(table_reload_due(&f.table, now + 100000), now + 100000);
    table_reload(&f.table, now + 100000);
    assert_false(f.table.reload_wanted);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_belongs_to_a_row),
        cmocka_unit_test(a_bad_query_changes_nothing),
        cmocka_unit_test(marks),
        cmocka_unit_test(columns),
        cmocka_unit_test(missing_values),
        cmocka_unit_test(old_values),
        cmocka_unit_test(scrolling),
        cmocka_unit_test(a_reload_waits_for_fingers),
    };
    return cmocka_run_group_tests(tests, store_test_setup, store_test_teardown);
}
