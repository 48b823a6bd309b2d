/* desk_apply.c - the desk's thread: a change at work, and what it tells the screen. */
#include <stdlib.h>
#include <string.h>

#include "desk_int.h"

enum { FLUSH_MS = 100 };

/* ------------------------------------------------------------------ results to the screen */
static int by_place(const void *a, const void *b)
{
    const struct change_step *x = *(const struct change_step *const *)a, *y = *(const struct change_step *const *)b;

    return (x > y) - (x < y);
}

/* Each step once, however often it moved since it was told. */
static void sort_changed(struct change_desk *desk)
{
    size_t kept = 0;

    qsort(desk->changed, desk->changed_count, sizeof(*desk->changed), by_place);
    for (size_t i = 0; i < desk->changed_count; i++)
        if (kept == 0 || desk->changed[kept - 1] != desk->changed[i])
            desk->changed[kept++] = desk->changed[i];
    desk->changed_count = kept;
}

static void say_steps(struct change_desk *desk)
{
    struct desk_note *note;

    if (desk->changed_count == 0)
        return;
    sort_changed(desk);
    note = desk_note_new(desk, DESK_STEP);
    note->steps = arena_alloc(&note->mem, desk->changed_count * sizeof(*note->steps));
    for (size_t i = 0; i < desk->changed_count; i++)
        note->steps[note->step_count++] = step_copy(desk->changed[i], &note->mem);
    change_apply_progress(desk->apply, &note->progress);
    note->change = note->progress.change;
    desk->changed_count = 0;
    desk_say(desk, note);
}

static void say_progress(struct change_desk *desk)
{
    struct desk_note *note = desk_note_new(desk, DESK_PROGRESS);

    change_apply_progress(desk->apply, &note->progress);
    note->change = note->progress.change;
    desk_say(desk, note);
}

static void on_flush(void *ctx)
{
    struct change_desk *desk = ctx;

    if (desk->apply == NULL)
        return;
    say_steps(desk);
    say_progress(desk);
}

static void on_step(void *ctx, const struct change_step *step)
{
    struct change_desk *desk = ctx;

    x_grow(&desk->changed, &desk->changed_cap, desk->changed_count + 1, sizeof(*desk->changed));
    desk->changed[desk->changed_count++] = step;
    if (desk->flush.place == 0)
        loop_timer_in(desk->loop, &desk->flush, FLUSH_MS, on_flush, desk);
}

/* ------------------------------------------------------------------ the end */
static void on_sweep(void *ctx)
{
    struct change_desk *desk = ctx;

    if (desk->apply_over) {
        change_apply_free(desk->apply);
        desk->apply = NULL;
        desk->apply_over = false;
    }
    if (desk->settle_over) {
        change_apply_free(desk->settle);
        desk->settle = NULL;
        desk->settle_over = false;
    }
}

/* settled: so many changes of dead owners; 0 = a change of this desk. */
static void say_applied(struct change_desk *desk, const struct apply_progress *progress, size_t settled, const struct err *err)
{
    struct desk_note *note = desk_note_new(desk, DESK_APPLIED);

    note->change = progress->change;
    note->progress = *progress;
    note->settling = settled;
    note->err = *err;
    desk_say(desk, note);
    desk_say(desk, desk_note_new(desk, DESK_CHANGES));
}

static void on_done(void *ctx, const struct apply_progress *progress, const struct err *err)
{
    struct change_desk *desk = ctx;

    loop_timer_stop(&desk->flush);
    say_steps(desk);
    say_applied(desk, progress, 0, err);
    desk->apply_over = true;
    loop_timer_in(desk->loop, &desk->sweep, 0, on_sweep, desk);
}

static void on_settled(void *ctx, const struct apply_progress *progress, const struct err *err)
{
    struct change_desk *desk = ctx;

    say_applied(desk, progress, desk->settling, err);
    desk->settle_over = true;
    loop_timer_in(desk->loop, &desk->sweep, 0, on_sweep, desk);
}

/* ------------------------------------------------------------------ the beginning */
static void fill_limits(const struct change_desk *desk, struct apply_limits *limits)
{
    if (limits->servers <= 0)
        limits->servers = desk->max_hosts;
    if (limits->call_timeout_ms <= 0)
        limits->call_timeout_ms = desk->call_timeout_ms;
}

void desk_settle_begin(struct change_desk *desk)
{
    static const struct apply_events events = { .done = on_settled };
    struct apply_limits limits = { 0 };
    struct err err = { 0 };
    struct desk_note *note;
    bool ok;

    fill_limits(desk, &limits);
    ok = change_settle_needed(desk->store, &desk->settling, &err) &&
         (desk->settling == 0 || change_settle_start(desk->loop, desk->store, &desk->wire, &limits, &events, desk, &desk->settle, &err));
    if (ok && desk->settling == 0)
        return;
    note = desk_note_new(desk, ok ? DESK_SETTLING : DESK_FAULT);
    note->settling = desk->settling;
    note->err = err;
    desk_say(desk, note);
}

/* The pending plan is the running change now: a new, empty one begins. */
static void pending_taken(struct change_desk *desk)
{
    change_plan_free(desk->pending);
    desk->pending = change_plan_new();
    desk_say_pending(desk, NULL);
}

void desk_run(struct change_desk *desk, struct desk_request *r)
{
    static const struct apply_events events = { .step = on_step, .done = on_done };
    const struct change_plan *plan = r->plan != NULL ? r->plan : desk->pending;
    struct apply_progress progress = { 0 };
    struct err err = { 0 };
    const char *tool = plan->relation[0] != '\0' ? plan->relation : "console";

    desk->changed_count = 0;
    fill_limits(desk, &r->limits);
    if (desk->reach.look_again != NULL)
        desk->reach.look_again(&desk->wire); /* a server that was mended meanwhile is reached as it is set now */
    if (desk->apply != NULL)
        err_set(&err, ERR_CONFLICT, "changes", "a change is at work; stop it or wait for its end");
    else if (change_apply_start(desk->loop, desk->store, &desk->wire, plan, tool, &r->limits, &events, desk, &desk->apply, &err) &&
             r->plan == NULL)
        pending_taken(desk);
    if (err.kind == ERR_NONE) {
        desk_say(desk, desk_note_new(desk, DESK_CHANGES));
        say_progress(desk);
    } else {
        say_applied(desk, &progress, 0, &err);
    }
}

void desk_stop_running(struct change_desk *desk)
{
    if (desk->apply != NULL && !desk->apply_over)
        change_apply_stop(desk->apply);
    if (desk->quitting && desk->settle != NULL && !desk->settle_over)
        change_apply_stop(desk->settle);
}
