#include "ipamtui/change_run.h"

#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "ipamtui/clock.h"
#include "ipamtui/loop.h"

enum { PROGRESS_MS = 100 };

/* One run on this thread. */
struct running {
    const struct change_run *how;
    struct loop *loop;
    struct transport_hub *hub;
    struct change_pool *pool;
    struct loop_watch *signals;
    struct loop_timer tick;
    struct change_apply *apply;
    struct apply_progress *out;
    struct err *err;
    bool over, stopped, left;
};

static void on_step(void *ctx, const struct change_step *step)
{
    struct running *r = ctx;

    if (r->how->step != NULL)
        r->how->step(r->how->ctx, step);
}

static void on_done(void *ctx, const struct apply_progress *progress, const struct err *err)
{
    struct running *r = ctx;

    r->over = true;
    *r->out = *progress;
    *r->err = *err;
}

static const struct apply_events events = { .step = on_step, .done = on_done };

static void on_tick(void *ctx)
{
    struct running *r = ctx;
    struct apply_progress progress;

    if (r->apply != NULL && !r->over) {
        change_apply_progress(r->apply, &progress);
        r->how->progress(r->how->ctx, &progress);
    }
    loop_timer_in(r->loop, &r->tick, PROGRESS_MS, on_tick, r);
}

static void on_signal(void *ctx, int fd, short revents)
{
    struct running *r = ctx;
    struct signalfd_siginfo info;

    (void)revents;
    if (read(fd, &info, sizeof(info)) != sizeof(info))
        return;
    r->left = r->stopped;
    r->stopped = true;
    if (r->apply != NULL)
        change_apply_stop(r->apply);
}

static void on_ask(void *ctx, server_id server, const struct transport_ask *ask)
{
    struct running *r = ctx;
    const char *answers[4] = { 0 };

    if (ask != NULL)
        change_pool_answer(r->pool, server, r->how->ask(r->how->ctx, ask, answers) ? answers : NULL);
}

static void run_begin(struct running *r)
{
    const struct change_run *how = r->how;
    struct transport_hub_options hub = { .connect_timeout_ms = how->options->connect_timeout_s * 1000,
                                         .max_programs = (int)how->options->max_ssh_programs,
                                         .ssh_config = how->ssh_config };

    r->loop = loop_new();
    r->hub = transport_hub_new(r->loop, &hub);
    r->pool = change_pool_new(r->loop, r->hub, how->store, how->options, how->ask != NULL ? on_ask : NULL, r);
    if (how->signal_fd >= 0)
        r->signals = loop_watch(r->loop, how->signal_fd, POLLIN, on_signal, r);
    if (how->progress != NULL)
        loop_timer_in(r->loop, &r->tick, PROGRESS_MS, on_tick, r);
}

static void run_until_over(struct running *r)
{
    while (!r->over && !r->left)
        loop_turn(r->loop, -1);
    if (!r->over) {
        change_apply_progress(r->apply, r->out);
        err_set(r->err, ERR_CANCELLED, "change", "left while it was at work: `ipamtui change settle` finds out what became of it");
    }
}

static void run_end(struct running *r)
{
    change_apply_free(r->apply);
    loop_timer_stop(&r->tick);
    loop_unwatch(r->signals);
    change_pool_free(r->pool);
    loop_turn(r->loop, 0); /* hosts freed from within a callback end with this turn */
    transport_hub_free(r->hub);
    loop_free(r->loop);
}

static void fill_limits(const struct change_run *how, struct apply_limits *limits)
{
    *limits = how->limits;
    if (limits->servers <= 0)
        limits->servers = (int)how->options->max_hosts;
    if (limits->call_timeout_ms <= 0)
        limits->call_timeout_ms = how->options->call_timeout_s * 1000;
}

bool change_run_plan(const struct change_run *how, const struct change_plan *plan, const char *tool, change_steps_fn *take,
                     struct apply_progress *out, struct err *err)
{
    struct running r = { .how = how, .out = out, .err = err };
    struct apply_limits limits;
    struct change_wire wire;
    bool ok;

    fill_limits(how, &limits);
    run_begin(&r);
    wire = change_pool_wire(r.pool);
    ok = change_apply_start(r.loop, how->store, &wire, plan, tool, &limits, &events, &r, &r.apply, err);
    if (ok) {
        run_until_over(&r);
        ok = err->kind == ERR_NONE;
        if (take != NULL) {
            size_t count;
            const struct change_step *steps = change_apply_steps(r.apply, &count);

            take(how->ctx, steps, count);
        }
    }
    run_end(&r);
    if (ok)
        change_forget_old(how->store, how->options->keep_changes_s);
    return ok;
}

bool change_run_settle(const struct change_run *how, struct apply_progress *out, struct err *err)
{
    struct running r = { .how = how, .out = out, .err = err };
    struct apply_limits limits;
    struct change_wire wire;
    bool ok;

    *out = (struct apply_progress){ 0 };
    fill_limits(how, &limits);
    run_begin(&r);
    wire = change_pool_wire(r.pool);
    ok = change_settle_start(r.loop, how->store, &wire, &limits, &events, &r, &r.apply, err);
    if (ok) {
        run_until_over(&r);
        ok = err->kind == ERR_NONE;
    }
    run_end(&r);
    return ok;
}
