/* apply.c - a change at work: servers in parallel, limits, progress, its end. */
#include "ipamtui/change.h"

#include <stdlib.h>
#include <string.h>

#include "apply_int.h"
#include "ipamtui/clock.h"

struct change_apply *apply_new(struct loop *loop, struct store *store, const struct change_wire *wire,
                               const struct apply_limits *limits, const struct apply_events *events, void *ctx)
{
    struct change_apply *apply = x_alloc(sizeof(*apply));

    apply->loop = loop;
    apply->store = store;
    apply->wire = *wire;
    if (limits != NULL)
        apply->limits = *limits;
    if (apply->limits.servers <= 0)
        apply->limits.servers = 64;
    if (apply->limits.per_server <= 0)
        apply->limits.per_server = 1;
    if (apply->limits.call_timeout_ms <= 0)
        apply->limits.call_timeout_ms = 60000;
    if (apply->limits.fresh_ms <= 0)
        apply->limits.fresh_ms = 5000;
    if (apply->limits.gone_ms <= 0)
        apply->limits.gone_ms = 30000;
    apply->events = *events;
    apply->ctx = ctx;
    apply->started_ms = clock_mono_ms();
    return apply;
}

/* ------------------------------------------------------------------ the turn: servers begin, the whole ends */
static void finish(struct change_apply *apply)
{
    struct apply_progress progress;

    apply->over = true;
    apply->journal.failures = 0;
    if (!apply_journal_now(apply) && apply->err.kind == ERR_NONE)
        err_set(&apply->err, ERR_IO, "journal", "the results could not be written; the next start reads them again");
    change_apply_progress(apply, &progress);
    if (apply->events.done != NULL)
        apply->events.done(apply->ctx, &progress, &apply->err);
}

static void on_turn(void *ctx)
{
    struct change_apply *apply = ctx;

    apply->in_start = true;
    while (apply->server_next < apply->server_count &&
           (apply->stopping || apply->active < (size_t)apply->limits.servers)) {
        struct apply_server *server = &apply->servers[apply->server_next++];

        server->active = true;
        apply->active++;
        apply_server_start(server);
    }
    apply->in_start = false;
    if (apply->ended == apply->server_count && !apply->over)
        finish(apply);
}

static void turn_soon(struct change_apply *apply)
{
    if (!apply->over)
        loop_timer_in(apply->loop, &apply->turn, 0, on_turn, apply);
}

void apply_server_ended(struct apply_server *server)
{
    struct change_apply *apply = server->apply;

    apply->ended++;
    if (server->active)
        apply->active--;
    server->active = false;
    if (apply->wire.close != NULL && !apply->settling)
        apply->wire.close(apply->wire.ctx, server->id);
    turn_soon(apply);
}

void apply_step_changed(struct change_apply *apply, size_t at)
{
    if (apply->events.step != NULL)
        apply->events.step(apply->ctx, &apply->steps[at]);
}

void apply_failure(struct change_apply *apply)
{
    apply->failures++;
    if (apply->limits.stop_after > 0 && apply->failures >= (size_t)apply->limits.stop_after)
        apply->stopping = true;
}

/* The journal cannot be written: what is in flight is waited for, nothing more is sent. */
void apply_abort(struct change_apply *apply, const struct err *err)
{
    if (err != &apply->err)
        apply->err = *err;
    apply->stopping = true;
    for (size_t i = 0; i < apply->server_count; i++)
        apply_server_journaled(&apply->servers[i]); /* stopping: what waits is not sent */
    turn_soon(apply);
}

void apply_add_change(struct change_apply *apply, change_id change, bool ends)
{
    x_grow(&apply->changes, &apply->change_cap, apply->change_count + 1, sizeof(*apply->changes));
    apply->changes[apply->change_count++] = (struct apply_change){ .id = change, .ends = ends };
}

static size_t servers_of(const struct change_step *steps, size_t count)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += i == 0 || steps[i].server != steps[i - 1].server;
    return n;
}

void apply_begin(struct change_apply *apply)
{
    struct apply_server *server = NULL;

    apply->servers = x_calloc(servers_of(apply->steps, apply->count) + 1, sizeof(*apply->servers));
    for (size_t i = 0; i < apply->count; i++) {
        if (server == NULL || server->id != apply->steps[i].server) {
            server = &apply->servers[apply->server_count++];
            *server = (struct apply_server){ .apply = apply, .id = apply->steps[i].server,
                                             .name = apply->steps[i].server_name, .first = i };
        }
        server->end = i + 1;
    }
    turn_soon(apply);
}

/* ------------------------------------------------------------------ start */
static bool begin_journal(struct change_apply *apply, const struct change_plan *plan, const char *tool, struct err *err)
{
    struct journal_owner me;
    struct change_info info = { .phase = PHASE_RUNNING, .what = plan->what, .tool = tool, .of = plan->of,
                                .relation = plan->relation, .made_at = clock_now_s(), .begun_at = clock_now_s() };
    int64_t begun = clock_mono_us();
    bool ok;

    journal_me(&me);
    if (plan->id != 0) {
        apply->change = plan->id;
        ok = journal_begin(apply->store, plan->id, &me, clock_now_s(), err);
        apply->journal.total_us = clock_mono_us() - begun;
        return ok;
    }
    info.who = me.who;
    info.from = me.from;
    info.owner = me;
    ok = journal_make(apply->store, &info, plan->steps, plan->count, &apply->change, err);
    apply->journal.total_us = clock_mono_us() - begun;
    return ok;
}

bool change_apply_start(struct loop *loop, struct store *store, const struct change_wire *wire, const struct change_plan *plan,
                        const char *tool, const struct apply_limits *limits, const struct apply_events *events, void *ctx,
                        struct change_apply **out, struct err *err)
{
    struct change_apply *apply;

    if (plan->count == 0)
        return err_set(err, ERR_INPUT, "plan", "the plan is empty: there is nothing to apply");
    apply = apply_new(loop, store, wire, limits, events, ctx);
    if (!begin_journal(apply, plan, tool, err)) {
        change_apply_free(apply);
        return false;
    }
    apply->steps = x_calloc(plan->count, sizeof(*apply->steps));
    apply->work = x_calloc(plan->count, sizeof(*apply->work));
    apply->count = plan->count;
    for (size_t i = 0; i < plan->count; i++) {
        apply->steps[i] = step_copy(&plan->steps[i], &apply->mem);
        apply->work[i] = (struct step_work){ .change = apply->change, .session = "" };
    }
    apply_add_change(apply, apply->change, true);
    apply_begin(apply);
    *out = apply;
    return true;
}

void change_apply_stop(struct change_apply *apply)
{
    if (apply->stopping || apply->over)
        return;
    apply->stopping = true;
    turn_soon(apply);
}

void change_apply_progress(const struct change_apply *apply, struct apply_progress *out)
{
    *out = (struct apply_progress){ .change = apply->change, .servers = apply->server_count, .servers_ended = apply->ended,
                                    .stopping = apply->stopping, .calls = apply->calls,
                                    .journal_us = apply->journal.total_us, .started_ms = apply->started_ms };
    for (size_t i = 0; i < apply->count; i++)
        out->counts[apply->steps[i].state]++;
}

const struct change_step *change_apply_steps(const struct change_apply *apply, size_t *count)
{
    *count = apply->count;
    return apply->steps;
}

void change_apply_free(struct change_apply *apply)
{
    if (apply == NULL)
        return;
    loop_timer_stop(&apply->turn);
    loop_timer_stop(&apply->journal.timer);
    for (size_t i = 0; i < apply->server_count; i++)
        apply_server_free(&apply->servers[i]);
    fresh_drop(apply);
    free(apply->fresh);
    free(apply->servers);
    free(apply->steps);
    free(apply->work);
    free(apply->changes);
    arena_done(&apply->mem);
    free(apply);
}
