/* apply_journal.c - the journal's commits: many steps to one, durable, and never more than a small share of the time.
 *
 * A commit waits for the disk and the loop with it. So commits have an allowance: something to begin with, when all servers
 * want one at once, then a share of the time that passes. Who comes while it is used up shares the next one. */
#include "apply_int.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"

enum {
    SHARE_PERCENT = 3,     /* of the time may be the journal's */
    BEGIN_US = 45000,      /* and this much more */
    GATHER_MS = 10,         /* for servers that come a moment later */
    PATIENCE_MS = 150,     /* a server never waits longer */
    RESULTS_MS = 300,      /* results that nobody waits for */
    FAILURES_MAX = 3,
    FAILED_AGAIN_MS = 1000,
};

static bool write_change(struct change_apply *apply, change_id change, const struct change_step **list, struct err *err)
{
    for (size_t s = 0; s < apply->server_count; s++) {
        struct apply_server *server = &apply->servers[s];
        size_t n = 0;

        for (size_t i = server->first; i < server->end; i++)
            if (apply->work[i].dirty && apply->work[i].change == change)
                list[n++] = &apply->steps[i];
        if (n > 0 && !journal_write(apply->store, change, list, n, server->session, err))
            return false;
    }
    return true;
}

static bool write_all(struct change_apply *apply, struct err *err)
{
    struct arena mem = { 0 };
    const struct change_step **list = arena_alloc(&mem, (apply->count + 1) * sizeof(*list));
    bool ok = store_begin(apply->store, err);

    if (!ok) {
        arena_done(&mem);
        return false;
    }
    for (size_t i = 0; ok && i < apply->change_count; i++)
        ok = write_change(apply, apply->changes[i].id, list, err) &&
             (!apply->over || !apply->changes[i].ends ||
              journal_end(apply->store, apply->changes[i].id, clock_now_s(), err));
    arena_done(&mem);
    if (ok && store_commit_durable(apply->store, err))
        return true;
    store_rollback(apply->store);
    return false;
}

static void committed(struct change_apply *apply)
{
    apply->journal.failures = 0;
    apply->journal.wanted = false;
    apply->journal.commits++;
    for (size_t i = 0; i < apply->count; i++)
        apply->work[i].dirty = false;
}

static bool commit(struct change_apply *apply)
{
    int64_t begun = clock_mono_us();
    struct err err = { 0 };
    bool ok = write_all(apply, &err);

    apply->journal.last_end_us = clock_mono_us();
    apply->journal.last_cost_us = apply->journal.last_end_us - begun;
    apply->journal.total_us += apply->journal.last_cost_us;
    if (ok) {
        committed(apply);
        fresh_store(apply);
        return true;
    }
    log_line("journal", "%s", err.text);
    if (++apply->journal.failures >= FAILURES_MAX || err.kind != ERR_TIMEOUT) {
        err_wrap(&err, "the journal cannot be written, so nothing more is sent");
        apply->journal.failures = FAILURES_MAX;
        apply->err = err;
    }
    return false;
}

static void on_timer(void *ctx)
{
    struct change_apply *apply = ctx;
    bool wanted = apply->journal.wanted;

    if (!commit(apply)) {
        if (apply->journal.failures < FAILURES_MAX) {
            apply->journal.wanted = wanted;
            loop_timer_in(apply->loop, &apply->journal.timer, FAILED_AGAIN_MS, on_timer, apply);
        } else {
            apply_abort(apply, &apply->err);
        }
        return;
    }
    for (size_t i = 0; i < apply->server_count && !apply->over; i++)
        apply_server_journaled(&apply->servers[i]);
}

/* How long until the allowance has room for one more commit. */
static int64_t rest_ms(const struct change_apply *apply)
{
    int64_t allowed = BEGIN_US + (clock_mono_ms() - apply->started_ms) * 1000 * SHARE_PERCENT / 100;
    int64_t over = apply->journal.total_us + apply->journal.last_cost_us - allowed;

    return over > 0 ? MIN(over * 100 / SHARE_PERCENT / 1000, PATIENCE_MS) : 0;
}

void apply_journal_soon(struct change_apply *apply, bool wanted)
{
    int64_t due = clock_mono_ms() + (wanted ? MAX(rest_ms(apply), GATHER_MS) : MAX(rest_ms(apply), RESULTS_MS));

    if (wanted && apply->journal.wanted) /* asked for already: not put off by who comes later */
        return;
    apply->journal.wanted = apply->journal.wanted || wanted;
    if (apply->journal.timer.place == 0 || apply->journal.timer.due_ms > due)
        loop_timer_at(apply->loop, &apply->journal.timer, due, on_timer, apply);
}

bool apply_journal_now(struct change_apply *apply)
{
    loop_timer_stop(&apply->journal.timer);
    for (int i = 0; i < FAILURES_MAX; i++) {
        if (commit(apply))
            return true;
        if (apply->journal.failures >= FAILURES_MAX)
            return false;
    }
    return false;
}
