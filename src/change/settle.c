/* settle.c - at start: what processes that are dead left open is read, and only read, until it is known. Also what an ended
 * change could not find out because the server was away. */
#include "ipamtui/change.h"

#include <stdlib.h>
#include <string.h>

#include "apply_int.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"

/* Changes to look at. */
struct settling {
    struct arena mem;
    change_id *ids;
    bool *orphans; /* running, and the owner is dead */
    size_t count, cap, orphan_cap;
};

static bool take_info(void *ctx, const struct change_info *info)
{
    struct settling *s = ctx;
    bool orphan = info->phase == PHASE_RUNNING && journal_owner_life(&info->owner) == OWNER_DEAD;

    if (!orphan && !(info->phase == PHASE_ENDED && info->counts[CHANGE_UNKNOWN] > 0))
        return true;
    x_grow(&s->ids, &s->cap, s->count + 1, sizeof(*s->ids));
    x_grow(&s->orphans, &s->orphan_cap, s->count + 1, sizeof(*s->orphans));
    s->ids[s->count] = info->id;
    s->orphans[s->count++] = orphan;
    return true;
}

static void settling_done(struct settling *s)
{
    free(s->ids);
    free(s->orphans);
    arena_done(&s->mem);
}

bool change_settle_needed(struct store *store, size_t *changes, struct err *err)
{
    struct settling s = { 0 };
    bool ok = journal_list(store, take_info, &s, err);

    if (ok)
        *changes = s.count;
    settling_done(&s);
    return ok;
}

/* ------------------------------------------------------------------ steps of all of them, by server */
struct pair {
    struct change_step step;
    struct step_work work;
};

static int by_server(const void *pa, const void *pb)
{
    const struct pair *a = pa, *b = pb;

    if (a->step.server != b->step.server)
        return a->step.server < b->step.server ? -1 : 1;
    if (a->work.change != b->work.change)
        return a->work.change < b->work.change ? -1 : 1;
    if (a->step.call != b->step.call)
        return a->step.call - b->step.call;
    return a->step.no - b->step.no;
}

static void take_steps(struct change_apply *apply, change_id change, const struct change_step *steps, size_t count,
                       const char *const *sessions, struct pair **pairs, size_t *n, size_t *cap)
{
    for (size_t i = 0; i < count; i++) {
        struct pair *pair;

        if (steps[i].state != CHANGE_PLANNED && steps[i].state != CHANGE_OPEN && steps[i].state != CHANGE_UNKNOWN)
            continue;
        x_grow(pairs, cap, *n + 1, sizeof(**pairs));
        pair = &(*pairs)[(*n)++];
        pair->step = step_copy(&steps[i], &apply->mem);
        pair->work = (struct step_work){ .change = change, .session = arena_strdup(&apply->mem, sessions[i]) };
        if (pair->step.state == CHANGE_PLANNED) {
            pair->step.state = CHANGE_SKIPPED;
            pair->step.text = "its process ended before it was sent";
            pair->step.hint = "retry it";
            pair->step.settled_at = clock_now_s();
            pair->work.dirty = true;
        }
    }
}

static void divide(struct change_apply *apply, struct pair *pairs, size_t count)
{
    if (count > 1)
        qsort(pairs, count, sizeof(*pairs), by_server);
    apply->steps = x_calloc(count + 1, sizeof(*apply->steps));
    apply->work = x_calloc(count + 1, sizeof(*apply->work));
    apply->count = count;
    for (size_t i = 0; i < count; i++) {
        apply->steps[i] = pairs[i].step;
        apply->work[i] = pairs[i].work;
    }
}

/* Another process that starts at the same moment may be quicker: its changes are its business then. */
static bool claim(struct change_apply *apply, const struct settling *s, size_t at, bool *mine, struct err *err)
{
    struct journal_owner me;
    struct err inner = { 0 };

    *mine = true;
    if (!s->orphans[at])
        return true;
    journal_me(&me);
    if (journal_claim(apply->store, s->ids[at], &me, &inner))
        return true;
    *mine = false;
    return inner.kind == ERR_CONFLICT || (*err = inner, false);
}

bool change_settle_start(struct loop *loop, struct store *store, const struct change_wire *wire, const struct apply_limits *limits,
                         const struct apply_events *events, void *ctx, struct change_apply **out, struct err *err)
{
    struct change_apply *apply = apply_new(loop, store, wire, limits, events, ctx);
    struct settling s = { 0 };
    struct pair *pairs = NULL;
    size_t count = 0, cap = 0;
    bool ok = journal_list(store, take_info, &s, err);

    apply->settling = true;
    for (size_t i = s.count; ok && i-- > 0;) { /* oldest first */
        struct change_step *steps;
        const char **sessions;
        size_t n;
        bool mine;

        ok = claim(apply, &s, i, &mine, err);
        if (!ok || !mine)
            continue;
        ok = journal_steps(store, s.ids[i], &s.mem, &steps, &n, &sessions, err);
        if (!ok)
            continue;
        take_steps(apply, s.ids[i], steps, n, sessions, &pairs, &count, &cap);
        apply_add_change(apply, s.ids[i], s.orphans[i]);
    }
    if (ok)
        divide(apply, pairs, count);
    free(pairs);
    settling_done(&s);
    if (!ok) {
        change_apply_free(apply);
        return false;
    }
    apply_begin(apply);
    *out = apply;
    return true;
}

void change_forget_old(struct store *store, int64_t keep_s)
{
    struct err err = { 0 };
    int64_t count = 0;

    if (keep_s <= 0)
        return;
    if (!journal_forget(store, clock_now_s() - keep_s, &count, &err))
        log_line("changes", "old ones are not forgotten: %s", err.text);
    else if (count > 0)
        log_line("changes", "%lld old ones are forgotten", (long long)count);
}
