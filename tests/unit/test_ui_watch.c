/* A change that is watched: each server's steps are counted once, answered ones before they are read back, rates and lines follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/apply_watch.h"

#define STEPS 6
static struct value key = { .type = VALUE_INT, .i = 0x0a000000 };

static struct change_step step_of(int no, server_id server, enum change_state state, bool answered)
{
    return (struct change_step){ .no = no, .server = server, .server_name = server == 1 ? "dhcp-a" : "dhcp-b", .object = &catalog_scopes,
                                 .key = &key, .title = "floor", .op = OP_SET, .property = catalog_property(&catalog_scopes, "delay"),
                                 .state = state, .answered = answered, .text = "", .error_id = "", .hint = "" };
}

/* Four steps on the first server, two on the second. */
static void begin(struct apply_watch *watch)
{
    struct change_step steps[STEPS];
    struct change_plan plan = { .steps = steps, .count = STEPS };

    for (int i = 0; i < STEPS; i++)
        steps[i] = step_of(i + 1, i < 4 ? 1 : 2, CHANGE_PLANNED, false);
    apply_watch_begin(watch, &plan, 1000);
}

static void tell(struct apply_watch *watch, int no, enum change_state state, bool answered)
{
    struct change_step step = step_of(no, no <= 4 ? 1 : 2, state, answered);

    apply_watch_step(watch, &step);
}

static void counted_once(void **state)
{
    struct apply_watch watch = { 0 };
    char rate[64];

    (void)state;
    begin(&watch);
    assert_int_equal(watch.count, 2);
    assert_int_equal(apply_watch_answered(&watch), 0);
    assert_string_equal(apply_watch_rate(&watch, 3000, rate, sizeof rate), "");
    tell(&watch, 1, CHANGE_OPEN, false);
    assert_int_equal(apply_watch_answered(&watch), 0);
    tell(&watch, 1, CHANGE_OPEN, true);
    tell(&watch, 1, CHANGE_OPEN, true); /* told twice */
    assert_int_equal(apply_watch_answered(&watch), 1);
    tell(&watch, 1, CHANGE_DONE, true);
    assert_int_equal(apply_watch_answered(&watch), 1);
    tell(&watch, 2, CHANGE_FAILED, true);
    tell(&watch, 5, CHANGE_SKIPPED, false);
    assert_int_equal(apply_watch_answered(&watch), 3);
    assert_int_equal(watch.rows[0].counts[CHANGE_DONE], 1);
    assert_int_equal(watch.rows[0].counts[CHANGE_FAILED], 1);
    assert_int_equal(watch.rows[0].counts[CHANGE_OPEN], 0);
    assert_string_equal(apply_watch_rate(&watch, 4000, rate, sizeof rate), "1.0/s, about 3 s left");
    assert_string_equal(apply_watch_rate(&watch, 1000 + 600000, rate, sizeof rate), "0.0/s, about 10 min left");
    apply_watch_done(&watch);
}

static void lines_in_order(void **state)
{
    struct apply_watch watch = { 0 };
    struct preview out = { 0 };

    (void)state;
    begin(&watch);
    tell(&watch, 1, CHANGE_OPEN, false);
    for (int no = 5; no <= 6; no++)
        tell(&watch, no, CHANGE_CONFLICT, false);
    apply_watch_preview(&watch, (struct watch_room){ 4, 80 }, false, 2000, &out);
    assert_int_equal(out.count, 3);
    assert_string_equal(out.lines[0].text, "Applying [#######-------------] 2/6, 2.0/s, about 2 s left");
    /* What needs a look comes first, also when it has ended. */
    assert_string_equal(out.lines[1].text, "dhcp-b         done    [##########] 2/2, 2 conflict");
    assert_string_equal(out.lines[2].text, "dhcp-a         running [----------] 0/4  10.0.0.0 floor");
    preview_done(&out);
    out = (struct preview){ 0 };
    apply_watch_preview(&watch, (struct watch_room){ 1, 40 }, true, 1000, &out);
    assert_int_equal(out.count, 2);
    assert_string_equal(out.lines[0].text, "Stopping [###-------] 2/6");
    assert_string_equal(out.lines[1].text, "... of 2 servers: 1 with failures, 1 running");
    preview_done(&out);
    apply_watch_done(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(counted_once), cmocka_unit_test(lines_in_order) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
