/* The desk: targets, previews, the pending plan, applying and undoing from another thread, over simulated hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>

#include "estate.h"
#include "ipamtui/change_desk.h"
#include "ipamtui/clock.h"
#include "ipamtui/ip.h"
#include "ipamtui/journal.h"

enum { SERVERS = 3, SCOPES = 12 };

static struct estate estate;
static char db[96];
static struct options options;
static struct mailbox *notes;
static struct change_desk *desk;

/* ------------------------------------------------------------------ the world */
/* The scopes of a server as its dump has them: enough to choose targets from. */
static void put_scopes(struct store *store, server_id server, const char *name)
{
    char *argv[] = { estate.simhost, "dump", estate.dir, (char *)name, NULL };
    const struct object_type *o = &catalog_scopes;
    struct value v[96];
    struct child_output said = { 0 };
    struct err err = { 0 };
    bool first = true;

    assert_true(child_run(argv, NULL, 10000, NULL, &said, &err));
    for (char *line = strtok(buf_at(&said.out), "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *delay = strstr(line, "\tDelay=");
        char ip[32];
        uint32_t scope;

        if (sscanf(line, "DhcpServerv4Scope\tScopeId=%31[0-9.]", ip) != 1 || !ip4_parse(ip, &scope))
            continue;
        memset(v, 0, sizeof(v));
        v[catalog_property(o, "scope")] = V_INT(scope);
        v[catalog_property(o, "mask")] = V_INT(0xffffff00);
        v[catalog_property(o, "name")] = V_TEXT("net");
        v[catalog_property(o, "delay")] = V_INT(delay != NULL ? atoi(delay + 7) : 0);
        assert_true(store_put_rows(store, server, o, 0, v, 1, first, 1000, &err));
        first = false;
    }
    store_round_forget(store, server);
    child_output_done(&said);
}

/* Hosts of the test's own, made on the desk's thread. */
static struct {
    struct loop *loop;
    struct store *store;
    struct transport_hub *hub;
    struct change_pool *pool;
} reach;

static struct change_wire reach_open(void *ctx, struct loop *loop)
{
    struct err err = { 0 };

    (void)ctx;
    assert_true(store_open(db, STORE_READ, &reach.store, &err));
    reach.loop = loop;
    reach.hub = transport_hub_new(loop, &(struct transport_hub_options){ 0 });
    reach.pool = change_pool_new(loop, reach.hub, reach.store, &options, NULL, NULL);
    return change_pool_wire(reach.pool);
}

static void reach_close(const struct change_wire *wire)
{
    (void)wire;
    change_pool_free(reach.pool);
    loop_turn(reach.loop, 0); /* hosts that were freed from within a callback end with this turn */
    transport_hub_free(reach.hub);
    store_close(reach.store);
}

static const struct desk_options how = { .db_path = db, .reach = { .open = reach_open, .close = reach_close } };

static int begin(void **state)
{
    struct store *store = NULL;
    struct err err = { 0 };

    (void)state;
    estate_make_as(&estate, (const char *const[]){ "--role", "dhcp", "--clean", "--even", "--latency-ms", "1", NULL }, SERVERS, SCOPES, 2);
    snprintf(db, sizeof(db), "%s/t.db", estate.dir);
    options_init(&options);
    if (!store_open(db, STORE_WRITE, &store, &err) || !store_begin(store, &err))
        return -1;
    for (size_t i = 0; i < estate.count; i++) {
        const struct estate_server *s = &estate.servers[i];
        struct value *row = estate_row(s->name, s->address, s->role, s->command);
        server_id id;

        if (!store_server_add(store, row, &id, &err))
            return -1;
        put_scopes(store, id, s->name);
        free(row);
    }
    store_commit(store, &err);
    store_close(store);
    notes = mailbox_new();
    return change_desk_start(&how, &options, notes, &desk, &err) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    change_desk_stop(desk);
    mailbox_free(notes, desk_note_free);
    options_done(&options);
    estate_done(&estate);
    return 0;
}

/* The next note of this kind; others are dropped. */
static struct desk_note *wait_for(enum desk_note_kind kind)
{
    int64_t limit = clock_mono_ms() + 20000;

    for (;;) {
        struct pollfd fd = { .fd = mailbox_fd(notes), .events = POLLIN };
        struct desk_note *note = mailbox_get(notes);

        if (note != NULL && note->kind == kind)
            return note;
        if (note != NULL && note->kind == DESK_FAULT)
            fail_msg("%s", note->err.text);
        desk_note_free(note);
        if (note == NULL && poll(&fd, 1, 1000) < 0)
            continue;
        if (clock_mono_ms() > limit)
            fail_msg("note %d does not come", kind);
    }
}

static struct change_targets *all_targets(void)
{
    struct list_spec spec = { .object = &catalog_scopes };
    struct change_targets *targets = NULL;
    struct store *store = NULL;
    struct err err = { 0 };

    assert_true(store_open(db, STORE_READ, &store, &err));
    assert_true(change_targets_list(store, &spec, &targets, &err));
    store_close(store);
    return targets;
}

static size_t pending_steps(void)
{
    struct desk_note *note = wait_for(DESK_PENDING);
    size_t steps = note->totals.steps;

    if (note->err.kind != ERR_NONE)
        fail_msg("%s", note->err.text);
    desk_note_free(note);
    return steps;
}

/* How many scopes have this delay on the hosts. */
static size_t with_delay(const char *delay)
{
    char *argv[] = { estate.simhost, "dump", estate.dir, NULL };
    char want[32];
    struct child_output said = { 0 };
    struct err err = { 0 };
    size_t count = 0;

    snprintf(want, sizeof(want), "\tDelay=%s\t", delay);
    assert_true(child_run(argv, NULL, 10000, NULL, &said, &err));
    for (const char *at = strstr(buf_at(&said.out), want); at != NULL; at = strstr(at + 1, want))
        count++;
    child_output_done(&said);
    return count;
}

/* Every edit here is of one property of scopes. */
static struct change_edit delay_edit(const char *text)
{
    return (struct change_edit){ .how = EDIT_SET, .object = &catalog_scopes, .property = catalog_property(&catalog_scopes, "delay"),
                                 .text = text };
}

static void previews(struct change_targets *targets)
{
    struct change_edit edit = delay_edit("17");
    uint64_t request = desk_preview(desk, targets, &edit, 1);
    struct desk_note *note = wait_for(DESK_PREVIEW);

    assert_int_equal(note->request, request);
    assert_int_equal(note->totals.steps, SCOPES);
    desk_note_free(note);
    edit = delay_edit("70000");
    desk_preview(desk, targets, &edit, 1);
    note = wait_for(DESK_PREVIEW);
    assert_int_equal(note->err.kind, ERR_INPUT);
    desk_note_free(note);
}

/* All to 17, the first to 18 after all, the second not at all. */
static void edits_pend(struct change_targets *targets)
{
    struct change_edit edit = delay_edit("17");

    desk_edit(desk, targets, &edit, 1);
    assert_int_equal(pending_steps(), SCOPES);
    edit = delay_edit("18");
    desk_edit_rows(desk, &catalog_scopes, (row_id[]){ change_targets_row(targets, 0)->id }, 1, &edit, 1);
    assert_int_equal(pending_steps(), SCOPES);
    desk_drop(desk, change_targets_row(targets, 1)->server, &catalog_scopes,
              &change_targets_row(targets, 1)->values[catalog_property(&catalog_scopes, "scope")]);
    assert_int_equal(pending_steps(), SCOPES - 1);
}

static change_id applies(void)
{
    struct desk_note *note;
    size_t results = 0;
    change_id change;

    desk_apply(desk, NULL, NULL);
    assert_int_equal(pending_steps(), 0);
    while (results < SCOPES - 1) {
        note = wait_for(DESK_STEP);
        for (size_t i = 0; i < note->step_count; i++)
            results += note->steps[i].state == CHANGE_DONE;
        desk_note_free(note);
    }
    note = wait_for(DESK_APPLIED);
    assert_int_equal(note->err.kind, ERR_NONE);
    assert_int_equal(note->settling, 0);
    assert_int_equal(note->progress.counts[CHANGE_DONE], SCOPES - 1);
    change = note->change;
    desk_note_free(note);
    assert_int_equal(with_delay("17"), SCOPES - 2);
    assert_int_equal(with_delay("18"), 1);
    return change;
}

static void undoes(change_id change)
{
    struct desk_note *note;

    desk_undo(desk, change, NULL, 0);
    note = wait_for(DESK_PLAN);
    assert_int_equal(note->totals.steps, SCOPES - 1);
    desk_apply(desk, note->plan, NULL);
    desk_apply(desk, note->plan, NULL); /* one at a time */
    desk_note_free(note);
    note = wait_for(DESK_APPLIED);
    assert_int_equal(note->err.kind, ERR_CONFLICT);
    desk_note_free(note);
    note = wait_for(DESK_APPLIED);
    assert_int_equal(note->progress.counts[CHANGE_DONE], SCOPES - 1);
    desk_note_free(note);
}

static void a_day_at_the_desk(void **state)
{
    struct change_targets *targets = all_targets();
    size_t zero = with_delay("0");

    (void)state;
    assert_int_equal(pending_steps(), 0); /* what was pending when the desk opened */
    previews(targets);
    edits_pend(targets);
    undoes(applies());
    assert_int_equal(with_delay("0"), zero);
    change_targets_free(targets);
}

static void it_stops_in_the_middle(void **state)
{
    struct change_targets *targets = all_targets();
    struct change_edit edit = delay_edit("21");
    struct desk_note *note;

    (void)state;
    desk_edit(desk, targets, &edit, 1);
    desk_apply(desk, NULL, &(struct apply_limits){ .servers = 1 });
    desk_stop_apply(desk);
    note = wait_for(DESK_APPLIED);
    assert_int_equal(note->progress.counts[CHANGE_DONE] + note->progress.counts[CHANGE_SKIPPED], SCOPES);
    assert_int_equal(with_delay("21"), note->progress.counts[CHANGE_DONE]);
    desk_note_free(note);
    change_targets_free(targets);
}

/* An edit that is taken back is one transaction: the same row of the store has the one plan or the other, never none. */
static void a_plan_takes_the_place_of_another(void **state)
{
    struct change_targets *targets = all_targets();
    struct change_edit edit = delay_edit("31");
    struct change_plan *first, *empty = change_plan_new(), *kept = NULL;
    struct store *store = NULL;
    struct err err = { 0 };
    struct desk_note *note;
    change_id id;

    (void)state;
    desk_edit(desk, targets, &edit, 1);
    note = wait_for(DESK_PENDING);
    id = note->plan->id;
    assert_true(id > 0 && note->plan->count == SCOPES);
    first = change_plan_copy(note->plan);
    desk_note_free(note);
    edit = delay_edit("32");
    desk_edit(desk, targets, &edit, 1);
    desk_note_free(wait_for(DESK_PENDING));

    desk_replace(desk, first);
    note = wait_for(DESK_PENDING);
    assert_int_equal(note->err.kind, ERR_NONE);
    assert_int_equal(note->plan->id, id);
    desk_note_free(note);
    assert_true(store_open(db, STORE_READ, &store, &err));
    assert_true(change_pending_load(store, &kept, &err));
    store_close(store);
    assert_int_equal(kept->id, id);
    assert_int_equal(kept->count, SCOPES);
    assert_int_equal(kept->steps[0].after.i, 31);
    change_plan_free(kept);

    desk_replace(desk, empty);
    note = wait_for(DESK_PENDING);
    assert_int_equal(note->plan->count, 0);
    assert_int_equal(note->plan->id, 0);
    desk_note_free(note);
    desk_replace(desk, first);
    note = wait_for(DESK_PENDING);
    assert_int_equal(note->err.kind, ERR_NONE);
    assert_int_equal(note->plan->count, SCOPES);
    assert_true(note->plan->id > 0);
    desk_note_free(note);
    desk_replace(desk, empty);
    desk_note_free(wait_for(DESK_PENDING));
    change_plan_free(first);
    change_plan_free(empty);
    change_targets_free(targets);
}

/* The operator who goes on and leaves at once takes them for kept. */
static void edits_that_wait_are_kept_when_it_is_left(void **state)
{
    struct change_targets *targets = all_targets();
    struct change_edit edit = delay_edit("35");
    struct change_plan *plans[2];
    struct desk_note *note;
    struct err err = { 0 };

    (void)state;
    desk_edit(desk, targets, &edit, 1);
    note = wait_for(DESK_PENDING);
    plans[0] = change_plan_copy(note->plan);
    plans[1] = change_plan_new();
    desk_note_free(note);
    for (size_t i = 0; i < 21; i++)
        desk_replace(desk, plans[i % 2]);
    desk_drop(desk, plans[0]->steps[0].server, NULL, NULL);
    change_desk_stop(desk);
    desk_note_free(wait_for(DESK_PENDING)); /* the first of many */
    for (struct desk_note *old; (old = mailbox_get(notes)) != NULL;)
        desk_note_free(old);

    assert_true(change_desk_start(&how, &options, notes, &desk, &err));
    note = wait_for(DESK_PENDING);
    assert_true(note->totals.servers == SERVERS - 1);
    desk_note_free(note);
    desk_replace(desk, plans[1]);
    desk_note_free(wait_for(DESK_PENDING));
    change_plan_free(plans[0]);
    change_plan_free(plans[1]);
    change_targets_free(targets);
}

/* The end of settling is told from the end of a change that began meanwhile. */
static void what_another_process_left_is_settled_at_start(void **state)
{
    struct change_targets *targets = all_targets();
    struct change_edit edit = delay_edit("41");
    struct journal_owner dead;
    struct store *store = NULL;
    struct err err = { 0 };
    struct desk_note *note;
    change_id id;

    (void)state;
    desk_edit(desk, targets, &edit, 1);
    note = wait_for(DESK_PENDING);
    id = note->plan->id;
    desk_note_free(note);
    change_targets_free(targets);
    change_desk_stop(desk);
    journal_me(&dead);
    dead.start = 1;
    assert_true(store_open(db, STORE_WRITE, &store, &err));
    assert_true(journal_begin(store, id, &dead, 1000, &err));
    store_close(store);

    assert_true(change_desk_start(&how, &options, notes, &desk, &err));
    note = wait_for(DESK_SETTLING);
    assert_int_equal(note->settling, 1);
    desk_note_free(note);
    note = wait_for(DESK_APPLIED);
    assert_int_equal(note->settling, 1);
    assert_int_equal(note->progress.counts[CHANGE_SKIPPED], SCOPES);
    desk_note_free(note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_at_the_desk),
        cmocka_unit_test(it_stops_in_the_middle),
        cmocka_unit_test(a_plan_takes_the_place_of_another),
        cmocka_unit_test(edits_that_wait_are_kept_when_it_is_left),
        cmocka_unit_test(what_another_process_left_is_settled_at_start),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
