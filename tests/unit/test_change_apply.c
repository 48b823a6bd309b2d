/* Applying over an estate in this process: results per step, the journal, losses, stops, settling, undo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "fakewire.h"

static char dir[64];
static struct store *store;
static struct loop *loop;
static struct fake_estate *estate;

static void begin_world(size_t servers, size_t scopes)
{
    struct err err = { 0 };
    char path[96];

    snprintf(dir, sizeof(dir), "/tmp/ipamtui-apply-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/t.db", dir);
    if (!store_open(path, STORE_WRITE, &store, &err))
        fail_msg("%s", err.text);
    loop = loop_new();
    estate = x_alloc(sizeof(*estate));
    fake_make(estate, loop, store, servers, scopes);
}

static void end_world(void)
{
    char command[128];

    fake_done(estate);
    free(estate);
    loop_free(loop);
    store_close(store);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

/* ------------------------------------------------------------------ plans and runs */
static struct change_plan *plan_edits(const char *where, const char *const *texts, size_t count)
{
    struct list_spec spec = { .object = &catalog_scopes, .where = where };
    struct change_plan *plan = change_plan_new();
    struct change_targets *t = NULL;
    struct arena arena = { 0 };
    struct change_edit edits[8];
    struct err err = { 0 };

    assert_true(count <= COUNT(edits));
    for (size_t i = 0; i < count; i++)
        if (!change_edit_parse(&catalog_scopes, texts[i], &arena, &edits[i], &err))
            fail_msg("%s", err.text);
    if (!change_targets_list(store, &spec, &t, &err) || !change_plan_edit(plan, t, edits, count, &err))
        fail_msg("%s", err.text);
    change_targets_free(t);
    arena_done(&arena);
    return plan;
}

static struct change_plan *plan_edit(const char *where, const char *text)
{
    return plan_edits(where, &text, 1);
}

static void plan_rows(struct change_plan *plan, const char *where, enum edit_how how, const char *find, const char *text)
{
    struct list_spec spec = { .object = &catalog_scopes, .where = where };
    struct change_edit e = { .how = how, .object = &catalog_exclusions, .property = -1, .find = find, .text = text };
    struct change_targets *t = NULL;
    struct err err = { 0 };

    if (!change_targets_list(store, &spec, &t, &err) || !change_plan_edit(plan, t, &e, 1, &err))
        fail_msg("%s", err.text);
    change_targets_free(t);
}

struct run {
    bool ended;
    struct apply_progress progress;
    struct err err;
    struct change_apply *apply;
    size_t stop_at; /* stop after so many results; 0 = never */
    size_t results;
};

static void on_step(void *ctx, const struct change_step *step)
{
    struct run *run = ctx;

    if (step->state == CHANGE_OPEN || step->state == CHANGE_PLANNED)
        return;
    if (++run->results == run->stop_at)
        change_apply_stop(run->apply);
}

static void on_done(void *ctx, const struct apply_progress *progress, const struct err *err)
{
    struct run *run = ctx;

    assert_false(run->ended);
    run->ended = true;
    run->progress = *progress;
    run->err = *err;
}

static const struct apply_events events = { .step = on_step, .done = on_done };

static void turn_until_end(struct run *run)
{
    int64_t limit = clock_mono_ms() + 30000;

    while (!run->ended) {
        if (clock_mono_ms() > limit)
            fail_msg("it does not end");
        loop_turn(loop, 100);
    }
}

static const struct apply_limits quick = { .gone_ms = 300, .call_timeout_ms = 1000 };

static change_id apply_plan(struct change_plan *plan, const struct apply_limits *limits, struct run *run)
{
    struct change_wire wire = fake_wire(estate);
    struct err err = { 0 };

    if (!change_apply_start(loop, store, &wire, plan, "test", limits, &events, run, &run->apply, &err))
        fail_msg("%s", err.text);
    turn_until_end(run);
    change_plan_free(plan);
    change_apply_free(run->apply);
    return run->progress.change;
}

static void counts_are(const struct apply_progress *p, int done, int failed, int skipped, int conflict, int unknown)
{
    assert_int_equal(p->counts[CHANGE_DONE], done);
    assert_int_equal(p->counts[CHANGE_FAILED], failed);
    assert_int_equal(p->counts[CHANGE_SKIPPED], skipped);
    assert_int_equal(p->counts[CHANGE_CONFLICT], conflict);
    assert_int_equal(p->counts[CHANGE_UNKNOWN], unknown);
    assert_int_equal(p->counts[CHANGE_OPEN], 0);
    assert_int_equal(p->counts[CHANGE_PLANNED], 0);
}

/* The journal says the same as what was told. */
static void journal_is(change_id change, const struct apply_progress *p)
{
    struct arena arena = { 0 };
    struct change_info info;
    struct err err = { 0 };

    if (!journal_info(store, change, &arena, &info, &err))
        fail_msg("%s", err.text);
    assert_int_equal(info.phase, PHASE_ENDED);
    for (int i = 0; i < CHANGE_STATES; i++)
        assert_int_equal(info.counts[i], p->counts[i]);
    arena_done(&arena);
}

static void step_is(change_id change, const char *server, const char *key, enum change_state state, const char *text)
{
    struct arena arena = { 0 };
    struct change_step *steps;
    struct err err = { 0 };
    size_t count;

    assert_true(journal_steps(store, change, &arena, &steps, &count, NULL, &err));
    for (size_t i = 0; i < count; i++)
        if (strcmp(steps[i].server_name, server) == 0 &&
            strcmp(journal_key_text(steps[i].object, steps[i].key, &arena), key) == 0) {
            if (steps[i].state != state || (text != NULL && strcmp(steps[i].text, text) != 0))
                fail_msg("%s %s is %s: %s", server, key, change_state_name(steps[i].state), steps[i].text);
            arena_done(&arena);
            return;
        }
    fail_msg("there is no step for %s %s", server, key);
}

static void undo(change_id change, struct run *run)
{
    struct change_plan *plan = NULL;
    struct err err = { 0 };

    if (!change_plan_undo(store, change, NULL, 0, &plan, &err))
        fail_msg("%s", err.text);
    if (plan->count > 0)
        apply_plan(plan, &quick, run);
    else
        change_plan_free(plan);
}

/* ------------------------------------------------------------------ tests */
static void all_is_done_and_undone(void **state)
{
    static const char *const edits[] = { "lease_duration=4d", "description+= (moved)", "name_protection=yes", "end=.200" };
    struct run run = { 0 }, back = { 0 };
    struct change_plan *plan;
    char *before, *after;
    change_id change;

    (void)state;
    begin_world(5, 12);
    before = fake_dump(estate);
    plan = plan_edits("", edits, COUNT(edits));
    plan_rows(plan, "o.scope & 0x100 = 0", EDIT_ROW_REPLACE, ".10-.19", ".10-.14");
    change = apply_plan(plan, &quick, &run);
    counts_are(&run.progress, 5 * 12 * 4 + 5 * 6 * 2, 0, 0, 0, 0);
    journal_is(change, &run.progress);
    assert_int_equal(estate->servers[3].scopes[4].lease_s, 345600);
    assert_string_equal(estate->servers[3].scopes[4].description, "floor 4 (moved)");
    assert_int_equal(estate->servers[3].scopes[4].end & 255, 200);
    assert_true(estate->servers[3].scopes[4].protection);
    assert_int_equal(estate->servers[3].scopes[4].exclusions[0].last & 255, 14);
    assert_int_equal(estate->writes, 5 * 12 * 2 + 5 * 6 * 2); /* two cmdlets a scope, two calls a replaced exclusion */
    undo(change, &back);
    counts_are(&back.progress, 5 * 12 * 4 + 5 * 6 * 2, 0, 0, 0, 0);
    after = fake_dump(estate);
    assert_string_equal(before, after);
    free(before);
    free(after);
    end_world();
}

/* What another process would read in the journal while a change is being sent. */
static enum fake_fate look_into_journal(void *ctx, struct fake_server *server, const char *cmdlet, uint32_t scope)
{
    static const char sql[] = "SELECT state, opened_at > 0, session, typeof(before) FROM change_step WHERE server_name = ? AND key = ?";
    size_t *looked = ctx;
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    char path[96], key[IP4_TEXT_SIZE], session[32];

    if (strncmp(cmdlet, "Get-", 4) == 0)
        return FATE_DO;
    snprintf(path, sizeof(path), "%s/t.db", dir);
    snprintf(session, sizeof(session), "pid %d", server->pid);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    sqlite3_bind_text(stmt, 1, server->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, ip4_format(scope, key), -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "open");
    assert_int_equal(sqlite3_column_int(stmt, 1), 1);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 2), session);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 3), "integer");
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    (*looked)++;
    return FATE_DO;
}

static void it_is_in_the_journal_before_it_is_sent(void **state)
{
    struct change_plan *plan;
    struct run run = { 0 };
    size_t looked = 0;

    (void)state;
    begin_world(3, 6);
    plan = plan_edit("", "delay=7");
    plan->steps[2].before = plan->steps[8].before = V_NULL; /* not known: opened when it was read */
    estate->delay_ms = 3;
    estate->fate = look_into_journal;
    estate->fate_ctx = &looked;
    apply_plan(plan, &quick, &run);
    counts_are(&run.progress, 18, 0, 0, 0, 0);
    assert_int_equal(looked, 18);
    { /* and says in words what was found */
        struct list_spec spec = { .object = &catalog_change_steps, .where = "o.what = 'delay 0 -> 7'" };
        struct err err = { 0 };
        int64_t count;

        assert_true(store_count(store, &spec, &count, &err));
        assert_int_equal(count, 18);
    }
    end_world();
}

/* The session is another one when the values have been read: closed and opened, with no call under way that could tell. */
static enum fake_fate replace_process(void *ctx, struct fake_server *server, const char *cmdlet, uint32_t scope)
{
    size_t *looked = ctx;

    assert_int_equal(server->holds, 1);
    if (strcmp(cmdlet, "Get-DhcpServerv4Scope") == 0 && *looked == 0 && server->pid < 2000)
        server->pid += 1000;
    return look_into_journal(ctx, server, cmdlet, scope);
}

static void the_journal_names_the_process_that_does_it(void **state)
{
    struct run run = { 0 };
    size_t looked = 0;

    (void)state;
    begin_world(1, 6);
    estate->fate = replace_process;
    estate->fate_ctx = &looked;
    apply_plan(plan_edit("", "delay=7"), &quick, &run);
    counts_are(&run.progress, 6, 0, 0, 0, 0);
    assert_int_equal(looked, 6);
    assert_int_equal(estate->servers[0].holds, 0);
    end_world();
}

/* Of a scope that gets a new value only this is read; an endpoint without Select-Object shows it whole. */
static void no_more_is_read_than_needed(void **state)
{
    (void)state;
    for (int refused = 0; refused < 2; refused++) {
        struct run run = { 0 };
        static const char *const edits[] = { "lease_duration=4d", "end=.251", "name_protection=yes" };

        begin_world(2, 4);
        estate->no_select = refused;
        apply_plan(plan_edits("", edits, COUNT(edits)), &quick, &run);
        counts_are(&run.progress, 24, 0, 0, 0, 0);
        assert_int_equal(estate->wholes, refused ? 2 * 8 : 0);
        end_world();
    }
}

/* What the lists show is what was read back. */
static void the_store_follows(void **state)
{
    struct run run = { 0 };
    struct list_spec spec = { .object = &catalog_scopes, .where = "o.lease_duration = 345600" };
    struct list_spec kept = { .object = &catalog_scopes, .where = "o.name LIKE 'net-%' AND o.description LIKE 'floor%'" };
    struct list_spec gone = { .object = &catalog_exclusions };
    struct change_plan *plan;
    struct err err = { 0 };
    int64_t count;

    (void)state;
    begin_world(2, 4);
    plan = plan_edit("", "lease_duration=4d");
    plan_rows(plan, "s.name = 's00'", EDIT_ROW_REMOVE, "all", NULL);
    apply_plan(plan, &quick, &run);
    assert_true(store_count(store, &spec, &count, &err));
    assert_int_equal(count, 8);
    assert_true(store_count(store, &kept, &count, &err)); /* what was not read stays */
    assert_int_equal(count, 8);
    assert_true(store_count(store, &gone, &count, &err));
    assert_int_equal(count, 2);
    end_world();
}

static void what_changed_meanwhile_stops_alone(void **state)
{
    struct run run = { 0 };
    change_id change;

    (void)state;
    begin_world(2, 6);
    estate->servers[0].scopes[2].lease_s = 7200;
    estate->servers[0].scopes[3].lease_s = 345600;
    estate->servers[1].scope_count = 5;
    change = apply_plan(plan_edit("", "lease_duration=4d"), &quick, &run);
    counts_are(&run.progress, 9, 0, 1, 2, 0);
    step_is(change, "s00", "10.0.2.0", CHANGE_CONFLICT, "changed meanwhile: the server has 2h, the plan was made for 8h");
    step_is(change, "s00", "10.0.3.0", CHANGE_SKIPPED, "was so already on the server");
    step_is(change, "s01", "10.1.5.0", CHANGE_CONFLICT, "the scope is not on the server any more");
    assert_int_equal(estate->servers[0].scopes[2].lease_s, 7200);
    end_world();
}

static enum fake_fate refuse_one(void *ctx, struct fake_server *server, const char *cmdlet, uint32_t scope)
{
    (void)ctx;
    (void)cmdlet;
    if (strcmp(server->name, "s01") == 0 && scope == 0x0a010200)
        return FATE_REFUSE;
    return strcmp(server->name, "s01") == 0 && scope == 0x0a010300 ? FATE_LIE : FATE_DO;
}

static void failures_are_told_and_tried_again_alone(void **state)
{
    struct run run = { 0 }, again = { 0 };
    struct change_plan *plan = NULL;
    struct err err = { 0 };
    change_id change;
    size_t writes;

    (void)state;
    begin_world(3, 5);
    estate->fate = refuse_one;
    estate->servers[2].down = true;
    change = apply_plan(plan_edit("", "delay=12"), &quick, &run);
    counts_are(&run.progress, 8, 7, 0, 0, 0);
    step_is(change, "s01", "10.1.2.0", CHANGE_FAILED, "Access is denied.");
    step_is(change, "s01", "10.1.3.0", CHANGE_FAILED, "the server reported no error, but has 0");
    step_is(change, "s02", "10.2.0.0", CHANGE_FAILED, "no route to s02");
    estate->fate = NULL;
    estate->servers[2].down = false;
    writes = estate->writes;
    assert_true(change_plan_retry(store, change, NULL, 0, &plan, &err));
    apply_plan(plan, &quick, &again);
    counts_are(&again.progress, 7, 0, 0, 0, 0);
    assert_int_equal(estate->writes, writes + 7);
    end_world();
}

struct losing {
    size_t at, seen;
    enum fake_fate how;
};

static enum fake_fate lose_once(void *ctx, struct fake_server *server, const char *cmdlet, uint32_t scope)
{
    struct losing *l = ctx;

    (void)server;
    (void)scope;
    return strncmp(cmdlet, "Get-", 4) != 0 && l->seen++ == l->at ? l->how : FATE_DO;
}

/* A connection that breaks in a call: it is found out what became of the call, it is not sent again, the rest is. */
static void a_lost_call_is_settled_by_reading(void **state)
{
    (void)state;
    for (int after = 0; after <= 1; after++) {
        struct losing losing = { .at = 3, .how = after ? FATE_LOSE_AFTER : FATE_LOSE_BEFORE };
        struct run run = { 0 };
        change_id change;

        begin_world(1, 8);
        estate->fate = lose_once;
        estate->fate_ctx = &losing;
        change = apply_plan(plan_edit("", "delay=12"), &quick, &run);
        counts_are(&run.progress, after ? 8 : 7, after ? 0 : 1, 0, 0, 0);
        step_is(change, "s00", "10.0.3.0", after ? CHANGE_DONE : CHANGE_FAILED,
                after ? "the connection broke; read back: done" : "the connection broke; read back: not done");
        assert_int_equal(losing.seen, 8); /* nothing twice */
        end_world();
    }
}

static void it_stops_when_told(void **state)
{
    struct run run = { .stop_at = 1 };
    struct apply_progress *p = &run.progress;
    change_id change;

    (void)state;
    begin_world(3, 40);
    estate->delay_ms = 1;
    change = apply_plan(plan_edit("", "delay=12"), &(struct apply_limits){ .servers = 1, .gone_ms = 300 }, &run);
    assert_int_equal(p->counts[CHANGE_DONE] + p->counts[CHANGE_SKIPPED], 120);
    assert_int_equal(p->counts[CHANGE_DONE], estate->writes);
    assert_true(p->counts[CHANGE_DONE] >= 1 && p->counts[CHANGE_DONE] <= 40);
    journal_is(change, p);
    end_world();
}

static enum fake_fate refuse_all(void *ctx, struct fake_server *server, const char *cmdlet, uint32_t scope)
{
    (void)ctx;
    (void)server;
    (void)scope;
    return strncmp(cmdlet, "Set-", 4) == 0 ? FATE_REFUSE : FATE_DO;
}

static void it_stops_after_failures(void **state)
{
    struct run run = { 0 };

    (void)state;
    begin_world(6, 3);
    estate->fate = refuse_all;
    apply_plan(plan_edit("", "delay=12"), &(struct apply_limits){ .servers = 1, .stop_after = 3, .gone_ms = 300 }, &run);
    counts_are(&run.progress, 0, 3, 15, 0, 0);
    end_world();
}

static void pairs_hold_together(void **state)
{
    struct run run = { 0 };
    struct change_plan *plan = change_plan_new();
    change_id change;

    (void)state;
    begin_world(1, 2);
    plan_rows(plan, "", EDIT_ROW_REPLACE, ".10-.19", ".10-.29");
    assert_int_equal(plan->count, 2);
    estate->fate = refuse_one; /* only s01: nothing happens */
    estate->servers[0].scopes[0].exclusions[0].last++; /* what is removed is not there any more */
    change = apply_plan(plan, &quick, &run);
    step_is(change, "s00", "10.0.0.0 10.0.0.10 10.0.0.19", CHANGE_SKIPPED, "is gone already on the server");
    step_is(change, "s00", "10.0.0.0 10.0.0.10 10.0.0.29", CHANGE_FAILED, "The range overlaps.");
    end_world();
}

/* ------------------------------------------------------------------ a dead owner */
/* As if another process had begun it and ended. */
static void make_owner_dead(change_id change)
{
    char path[96], sql[100];
    sqlite3 *db;

    snprintf(path, sizeof(path), "%s/t.db", dir);
    snprintf(sql, sizeof(sql), "UPDATE change SET owner_start = 1 WHERE id = %lld", (long long)change);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* The process dies at some point of its work: here it lets everything fall and what the servers were told goes on. */
static void what_a_dead_process_left_is_settled(void **state)
{
    (void)state;
    for (int turns = 1; turns < 60; turns += 3) {
        struct run run = { 0 }, settled = { 0 }, back = { 0 };
        struct change_wire wire;
        struct change_plan *plan;
        struct err err = { 0 };
        change_id change;
        char *before, *after;
        size_t needed = 0, writes;

        begin_world(3, 9);
        before = fake_dump(estate);
        estate->delay_ms = 1;
        wire = fake_wire(estate);
        plan = plan_edit("", "description+= (moved)");
        assert_true(change_apply_start(loop, store, &wire, plan, "test", &quick, &events, &run, &run.apply, &err));
        for (int i = 0; i < turns && !run.ended; i++)
            loop_turn(loop, 2);
        change = 1;
        for (struct fake_request *r = estate->requests; r != NULL; r = r->next) { /* orphans */
            r->events = (struct ps_call_events){ 0 };
            if (strncmp(r->cmdlet, "Get-", 4) != 0)
                fake_write(r);
        }
        change_apply_free(run.apply);
        for (size_t i = 0; i < estate->server_count; i++)
            estate->servers[i].pid += 5000;
        change_plan_free(plan);
        writes = estate->writes;
        if (!run.ended) {
            assert_true(change_settle_needed(store, &needed, &err));
            assert_int_equal(needed, 0); /* this process lives: it is not touched */
            make_owner_dead(change);
            assert_true(change_settle_needed(store, &needed, &err));
            assert_int_equal(needed, 1);
            if (!change_settle_start(loop, store, &wire, &quick, &events, &settled, &settled.apply, &err))
                fail_msg("%s", err.text);
            turn_until_end(&settled);
            change_apply_free(settled.apply);
        }
        assert_int_equal(estate->writes, writes); /* settling sends nothing */
        undo(change, &back);
        after = fake_dump(estate);
        assert_string_equal(before, after);
        assert_int_equal(back.progress.counts[CHANGE_CONFLICT], 0);
        free(before);
        free(after);
        end_world();
    }
}

static void undo_refuses_what_changed_since(void **state)
{
    struct run run = { 0 }, back = { 0 };
    struct change_plan *plan = NULL;
    struct plan_totals totals;
    struct err err = { 0 };
    change_id change;

    (void)state;
    begin_world(1, 4);
    change = apply_plan(plan_edit("", "delay=12"), &quick, &run);
    estate->servers[0].scopes[1].delay = 99; /* nobody told us */
    estate->servers[0].scopes[2].delay = 98; /* this one was retrieved since */
    assert_true(store_begin(store, &err));
    fake_put(estate, store, &(struct fake_server){ .id = estate->servers[0].id, .scope_count = 4,
                                                    .scopes = { estate->servers[0].scopes[0], estate->servers[0].scopes[3],
                                                                estate->servers[0].scopes[2], estate->servers[0].scopes[3] } });
    assert_true(store_commit(store, &err));
    (void)totals;
    assert_true(change_plan_undo(store, change, NULL, 0, &plan, &err));
    change_plan_totals(plan, &totals);
    assert_int_equal(totals.changed_since + totals.steps, 4);
    assert_true(totals.changed_since >= 1);
    apply_plan(plan, &quick, &back);
    assert_int_equal(estate->servers[0].scopes[1].delay, 99);
    assert_int_equal(estate->servers[0].scopes[2].delay, 98);
    assert_int_equal(estate->servers[0].scopes[0].delay, 0);
    end_world();
}

static bool take_row(void *ctx, const struct row *row)
{
    struct buf *out = ctx;
    char text[200];

    for (size_t i = 0; i < 8; i++)
        buf_addf(out, "%s%s", i > 0 ? "|" : "",
                 row->values[i].type == VALUE_INT ? (snprintf(text, sizeof(text), "%lld", (long long)row->values[i].i), text)
                 : row->values[i].type == VALUE_TEXT ? row->values[i].s : "-");
    buf_addc(out, '\n');
    return true;
}

/* Changes and their steps are lists like all others: the panes and `list changes` are made from the catalogue. */
static void history_is_a_list(void **state)
{
    struct list_spec changes = { .object = &catalog_changes }, steps = { .object = &catalog_change_steps, .where = "o.change = 1" };
    struct run run = { 0 }, back = { 0 };
    struct buf out = { 0 };
    struct err err = { 0 };
    change_id change;
    int64_t count;

    (void)state;
    begin_world(1, 2);
    change = apply_plan(plan_edit("", "delay=12"), &quick, &run);
    undo(change, &back);
    assert_true(store_list_rows(store, &changes, take_row, &out, &err));
    assert_memory_equal(buf_at(&out), "2|", 2); /* the newest first */
    assert_non_null(strstr(buf_at(&out), "|undo change 1: set delay=12 on 2 scopes|1|2\n1|"));
    buf_clear(&out);
    assert_true(store_list_rows(store, &steps, take_row, &out, &err));
    assert_string_equal(buf_at(&out), "1|1|done|s00|10.0.0.0|net-0-0|delay 0 -> 12|-\n"
                                      "1|2|done|s00|10.0.1.0|net-0-1|delay 0 -> 12|-\n");
    assert_true(store_count(store, &steps, &count, &err));
    assert_int_equal(count, 2);
    buf_done(&out);
    end_world();
}

static void several_calls_on_one_server(void **state)
{
    struct run run = { 0 };
    struct change_plan *plan;
    int64_t begun;

    (void)state;
    begin_world(1, 40);
    estate->delay_ms = 10;
    plan = plan_edit("", "delay=12");
    begun = clock_mono_ms();
    apply_plan(plan, &(struct apply_limits){ .per_server = 8, .gone_ms = 300 }, &run);
    counts_are(&run.progress, 40, 0, 0, 0, 0);
    assert_true(clock_mono_ms() - begun < 350); /* one by one it is 430 ms and more */
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_done_and_undone),
        cmocka_unit_test(it_is_in_the_journal_before_it_is_sent),
        cmocka_unit_test(the_journal_names_the_process_that_does_it),
        cmocka_unit_test(no_more_is_read_than_needed),
        cmocka_unit_test(the_store_follows),
        cmocka_unit_test(what_changed_meanwhile_stops_alone),
        cmocka_unit_test(failures_are_told_and_tried_again_alone),
        cmocka_unit_test(a_lost_call_is_settled_by_reading),
        cmocka_unit_test(it_stops_when_told),
        cmocka_unit_test(it_stops_after_failures),
        cmocka_unit_test(pairs_hold_together),
        cmocka_unit_test(what_a_dead_process_left_is_settled),
        cmocka_unit_test(undo_refuses_what_changed_since),
        cmocka_unit_test(history_is_a_list),
        cmocka_unit_test(several_calls_on_one_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
