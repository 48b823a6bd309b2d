/* jump.c - jump hosts: a pool of sessions for each chain, shared by all hosts behind it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "session.h"

#define POOL_MAX 8       /* sessions that still open channels; sshd lets 10 log in at once */
#define STUCK_MAX 28     /* and that only carry what they have, because an open got no answer */
#define POOL_QUEUE 8       /* waiting opens of one session above which another is made, at least */
#define POOL_QUEUE_MS 500  /* what they may take, one round trip after the other */
#define LOGIN_TRIPS 10     /* round trips of a login, about */
#define FAILED_MS 1000     /* a login that failed is not tried again so long: all that wait hear the same */
#define IDLE_MS 60000      /* a session that carries nothing is kept so long */
#define CHAIN_MAX 8

struct jump {
    struct transport_hub *hub;
    struct jump *next;
    char *spec;                 /* "a@b:22,c": the chain up to and including this host */
    struct conf_hop hop; /* the last one */
    char *before;        /* the chain in front of it, or NULL */
    struct session *sessions[POOL_MAX + STUCK_MAX];
    size_t count;
    size_t queue_most;   /* POOL_QUEUE, or more where a round trip is short */
    bool no_growing;     /* a login needed a person, or one more was refused: no other for the sake of speed */
    struct err failed;
    int64_t failed_until_ms;
    char *pipe_reason; /* libssh2 cannot go there: `ssh -W` does */
    struct loop_timer idle;
};

static struct jump *jump_at(struct transport_hub *hub, const char *spec)
{
    struct jump *jump;
    for (jump = hub->jumps; jump; jump = jump->next)
        if (strcmp(jump->spec, spec) == 0)
            return jump;
    jump = x_alloc(sizeof(*jump));
    *jump = (struct jump){ .hub = hub, .next = hub->jumps, .spec = x_strdup(spec), .queue_most = POOL_QUEUE };
    const char *last = strrchr(spec, ',');
    if (last)
        jump->before = x_strndup(spec, (size_t)(last - spec));
    jump->hop = conf_hop(last ? last + 1 : spec);
    hub->jumps = jump;
    return jump;
}

const char *jump_pipe_reason(struct transport_hub *hub, const char *spec)
{
    for (const struct jump *jump = hub->jumps; jump; jump = jump->next)
        if (strcmp(jump->spec, spec) == 0)
            return jump->pipe_reason;
    return NULL;
}

static size_t waiting_opens(const struct session *s)
{
    size_t n = 0;
    for (const struct session *kid = s->kids; kid; kid = kid->next_kid)
        n += kid->tunnel == NULL;
    return n;
}

/* Is s among what carries candidate? Then s would carry itself. */
static bool carries(const struct session *s, const struct session *candidate, int *depth)
{
    *depth = 0;
    for (; candidate; candidate = candidate->via, (*depth)++)
        if (candidate == s)
            return true;
    return false;
}

static struct session *new_session(struct jump *jump)
{
    struct session *s = session_new(jump->hub, jump->hop.host, jump->hop.user, jump->hop.port, jump->before);
    s->pool = jump;
    jump->sessions[jump->count++] = s;
    session_start(s);
    return s;
}

/* The session with the shortest queue, ready rather than not; another one while that is long and logging in is a matter of machines. */
static struct session *choose(struct jump *jump)
{
    struct session *best = NULL;
    size_t shortest = 0, usable = 0;

    for (size_t i = 0; i < jump->count; i++) {
        if (jump->sessions[i]->no_more_opens)
            continue;
        size_t queue = waiting_opens(jump->sessions[i]);
        usable++;
        bool ready = jump->sessions[i]->state == SESSION_READY;
        if (!best || (best->state == SESSION_READY ? ready && queue < shortest : ready || queue < shortest)) {
            best = jump->sessions[i];
            shortest = queue;
        }
    }
    bool room = usable < POOL_MAX && jump->count < COUNT(jump->sessions);
    if (room && (!best || (shortest >= jump->queue_most && !jump->no_growing && best->state == SESSION_READY)))
        return new_session(jump);
    return best;
}

/* All streams that wait below hear that this jump host is logged in to; once, also when they change to another session of it. */
static void tell_hop(struct session *below, int depth, const char *host)
{
    if (below->stream && below->stream->hops < depth) {
        below->stream->hops = depth;
        stream_hop(below->stream, host);
    }
    for (struct session *kid = below->kids; kid; kid = kid->next_kid)
        tell_hop(kid, depth, host);
}

void jump_tell_master(struct session *s)
{
    tell_hop(s, 1, master_host(s));
}

/* The place of via on the way, from 1; a master counts as one. */
static int depth_of(const struct session *via)
{
    int depth = 0;
    for (; via; via = via->via)
        depth += via->master ? 2 : 1;
    return depth;
}

/* Those that were there before s came, the nearest first. */
static void tell_hops(struct session *s, const struct session *via)
{
    if (!via)
        return;
    tell_hops(s, via->via);
    if (master_ready(via))
        tell_hop(s, 1, master_host(via));
    if (via->state == SESSION_READY)
        tell_hop(s, depth_of(via), via->pool->hop.host);
}

bool jump_join(struct session *s, const char *spec, struct err *err)
{
    struct jump *jump = jump_at(s->hub, spec);
    int depth = 0;

    loop_timer_stop(&jump->idle);
    if (s->pool == jump)
        return err_set(err, ERR_INPUT, jump->hop.host, "the jump host %.60s is to be reached through itself; exclude it in "
                       "~/.ssh/config: Host * !%.60s", jump->hop.host, jump->hop.host);
    if (!conf_check_name(jump->hop.host, jump->hop.user, err))
        return err_wrap(err, "ProxyJump");
    if (clock_mono_ms() < jump->failed_until_ms) {
        *err = jump->failed;
        return false;
    }
    struct session *via = choose(jump);
    if (!via)
        return err_set(err, ERR_TIMEOUT, jump->hop.host, "the jump host %.60s opens no more connections", jump->hop.host);
    if (carries(s, via, &depth) || depth >= CHAIN_MAX)
        return err_set(err, ERR_INPUT, jump->hop.host, "ProxyJump goes in a circle at %.60s; mend ~/.ssh/config", jump->hop.host);
    session_attach(s, via);
    tell_hops(s, via);
    return true;
}

static void forget(struct jump *jump, const struct session *s)
{
    for (size_t i = 0; i < jump->count; i++)
        if (jump->sessions[i] == s) {
            jump->sessions[i] = jump->sessions[--jump->count];
            return;
        }
}

static void on_idle(void *ctx)
{
    struct jump *jump = ctx;
    for (size_t i = jump->count; i-- > 0;) {
        struct session *s = jump->sessions[i];
        if (s->kids)
            continue;
        log_line(jump->hop.host, "jump session is not used any more");
        forget(jump, s);
        session_drop(s);
    }
}

void jump_asked(struct session *s)
{
    s->pool->no_growing = true;
}

/* A kid whose channel nobody has begun to open looks for a route again. */
static void reroute(struct session *kid)
{
    gate_leave(&kid->pass, GATE_UNTRIED);
    session_detach(kid);
    kid->state = SESSION_KNOWN;
    session_wake(kid);
}

/* They all came while the first session was still logging in, and far away a channel takes a round trip after the other: as many
 * more sessions as the queue calls for. */
static void grow(struct jump *jump, const struct session *s)
{
    size_t usable = 0;
    int64_t trip_ms = MAX((clock_mono_ms() - s->connecting_ms) / LOGIN_TRIPS, 1);
    jump->queue_most = (size_t)MAX(POOL_QUEUE_MS / trip_ms, POOL_QUEUE);
    for (size_t i = 0; i < jump->count; i++)
        usable += !jump->sessions[i]->no_more_opens;
    for (size_t want = waiting_opens(s) / jump->queue_most + 1; usable < MIN(want, POOL_MAX) && jump->count < COUNT(jump->sessions); usable++)
        new_session(jump);
}

/* A session that has become ready takes its share of what waits for the others. */
static void share(struct jump *jump, const struct session *s)
{
    size_t ready = 0;
    for (size_t i = 0; i < jump->count; i++)
        ready += jump->sessions[i]->state == SESSION_READY && !jump->sessions[i]->no_more_opens;
    for (size_t i = 0; i < jump->count; i++) {
        struct session *from = jump->sessions[i];
        size_t surplus = from == s || from->state != SESSION_READY ? 0 : waiting_opens(from) / ready;
        /* The last to come go: the first ones are about to be opened. They choose the shortest queue themselves. */
        size_t skip = from->kids && surplus ? waiting_opens(from) - surplus : 0;
        for (struct session *kid = from->kids, *next; kid && surplus; kid = next) {
            next = kid->next_kid;
            if (kid->tunnel || kid == from->opening || kid->state > SESSION_TUNNEL)
                continue;
            if (skip > 0)
                skip--;
            else
                reroute(kid);
        }
    }
}

void jump_ready(struct session *s)
{
    log_line(s->pool->hop.host, "jump session ready");
    for (struct session *kid = s->kids; kid; kid = kid->next_kid) {
        tell_hop(kid, depth_of(s), s->pool->hop.host);
        session_wake(kid);
    }
    share(s->pool, s);
    if (!s->pool->no_growing)
        grow(s->pool, s);
    jump_idle(s);
}

void jump_idle(struct session *s)
{
    struct jump *jump = s->pool;
    if (!s->kids && s->no_more_opens) { /* of no use to anybody */
        forget(jump, s);
        session_drop(s);
    } else if (!s->kids && jump)
        loop_timer_in(jump->hub->loop, &jump->idle, IDLE_MS, on_idle, jump);
}

static void reroute_all(struct session *s)
{
    while (s->kids)
        reroute(s->kids);
}

static bool has_ready(const struct jump *jump)
{
    for (size_t i = 0; i < jump->count; i++)
        if (jump->sessions[i]->state == SESSION_READY && !jump->sessions[i]->no_more_opens)
            return true;
    return false;
}

/* s could not log in. True: it was to help others, which carry all without it. */
static bool can_do_without(struct jump *jump, struct session *s)
{
    forget(jump, s);
    if (s->state == SESSION_READY || !has_ready(jump))
        return false;
    jump->no_growing = true;
    reroute_all(s);
    return true;
}

void jump_lost(struct session *s, const struct err *err)
{
    struct jump *jump = s->pool;
    struct err wrapped = *err;

    if (can_do_without(jump, s))
        return;
    err_wrap(&wrapped, "jump host %.60s", jump->hop.host);
    if (s->state != SESSION_READY) {
        jump->failed_until_ms = clock_mono_ms() + FAILED_MS;
        jump->failed = wrapped;
    }
    while (s->kids) {
        struct session *kid = s->kids;
        session_detach(kid);
        session_fail(kid, STEP_JUMP, &wrapped);
    }
}

void jump_stuck(struct session *s)
{
    s->no_more_opens = true;
    s->opening = NULL;
    for (struct session *kid = s->kids, *next; kid; kid = next) {
        next = kid->next_kid;
        if (kid->tunnel || kid->state == SESSION_DEAD)
            continue;
        reroute(kid);
    }
}

void jump_needs_openssh(struct session *s, const char *why)
{
    struct jump *jump = s->pool;
    if (!can_do_without(jump, s)) {
        free(jump->pipe_reason);
        jump->pipe_reason = x_strdup(why);
        log_line(jump->hop.host, "goes through ssh -W: %s", why);
        reroute_all(s);
    }
    session_drop(s);
}

void jumps_end(struct transport_hub *hub)
{
    while (hub->jumps) {
        struct jump *jump = hub->jumps;
        hub->jumps = jump->next;
        loop_timer_stop(&jump->idle);
        for (size_t i = 0; i < jump->count; i++) {
            while (jump->sessions[i]->kids)
                session_detach(jump->sessions[i]->kids);
            session_drop(jump->sessions[i]);
        }
        free(jump->spec);
        conf_hop_done(&jump->hop);
        free(jump->before);
        free(jump->pipe_reason);
        free(jump);
    }
}
