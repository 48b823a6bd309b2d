/* openssh.c - the kind `openssh`: a whole `ssh -T` child carries the host. */
#include "openssh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "gate.h"
#include "hostkey.h"
#include "hub.h"
#include "ipamtui/child.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"
#include "pipes.h"
#include "talk.h"

#define HUMAN_MS 110000 /* sshd gives up after 120 s */
#define HOPS_MOST 8
#define PLACE_MS 60000  /* in which at least one of the other ssh programs is to end */

struct openssh {
    struct transport *t;
    struct conf_wait *conf_wait;
    struct ssh_conf *conf;
    struct pipes pipes;
    bool piped;
    struct buf inner; /* a line of the ssh programs of the jump hosts */
    struct talk talk;
    struct loop_timer limit, admission;
    struct gate_pass pass;
    struct conf_wait *hop_wait;
    int hops_followed;
    struct known_lookup *lookup; /* where the revoked key is on file */
    struct err ended;            /* and what it ended with */
    enum transport_step ended_step;
    struct openssh *queue_next;
    bool queued, placed; /* waits for, or is, one of the hub's max_programs */
    bool leaving;        /* was asked to leave its place to another */
    enum transport_step step;
    bool authenticated;
    char method[40];
};

/* The chain in front of it, or NULL. */
static const char *jump_of(const struct openssh *o)
{
    const char *jump = o->t->jump ? o->t->jump : o->conf ? o->conf->jump : NULL;
    return jump && strcmp(jump, "none") != 0 ? jump : NULL;
}

static void describe(struct openssh *o)
{
    struct transport *t = o->t;
    const struct ssh_conf *conf = o->conf;
    const char *jump = jump_of(o);
    size_t n = (size_t)snprintf(t->about, sizeof(t->about), "openssh as %s to %s:%d", conf && conf->user ? conf->user : "?",
                                conf ? conf->host : t->address, conf ? conf->port : t->port);
    if (jump && n < sizeof(t->about))
        n += (size_t)snprintf(t->about + n, sizeof(t->about) - n, " through %s", jump);
    if (o->method[0] && n < sizeof(t->about))
        n += (size_t)snprintf(t->about + n, sizeof(t->about) - n, ", %s", o->method);
    if (t->fallback && n < sizeof(t->about))
        n += (size_t)snprintf(t->about + n, sizeof(t->about) - n, " (%s)", t->fallback);
    if (conf && n < sizeof(t->about))
        snprintf(t->about + n, sizeof(t->about) - n, "%s", conf_strict_note(conf));
}

static void fail(struct openssh *o, enum transport_step step, const struct err *err)
{
    stream_ended(o->t, step, err);
}

static void on_limit(void *ctx)
{
    struct openssh *o = ctx;
    struct err err = { 0 };
    err_set(&err, ERR_TIMEOUT, o->t->name, "no answer from %s within the limit of this step (%s)",
            o->conf ? o->conf->host : o->t->address, transport_step_name(o->step));
    fail(o, o->step, &err);
}

static int64_t step_limit(const struct openssh *o)
{
    const struct transport_hub *hub = o->t->hub;
    switch (o->step) {
    case STEP_KEX:
    case STEP_HOSTKEY:
        return hub->kex_ms;
    case STEP_LOGIN:
        return hub->login_ms;
    case STEP_JUMP: /* a whole login of its own */
        return hub->connect_ms + hub->kex_ms + hub->login_ms;
    default:
        return hub->connect_ms + 2000; /* ssh's own ConnectTimeout comes first and tells more */
    }
}

static void restart_limit(struct openssh *o)
{
    if (o->t->state == STREAM_OPENING)
        loop_timer_in(o->t->hub->loop, &o->limit, o->talk.asking ? HUMAN_MS : step_limit(o), on_limit, o);
}

static void on_moved(void *ctx)
{
    restart_limit(ctx);
}

static struct transport *asker(void *ctx)
{
    struct openssh *o = ctx;
    loop_timer_in(o->t->hub->loop, &o->limit, HUMAN_MS, on_limit, o);
    gate_pause(&o->pass);
    return o->t;
}

/* debug1: Authenticated to h ([1.2.3.4]:22) using "publickey". */
static void note_method(struct openssh *o, const char *line)
{
    const char *at = strstr(line, "using \"");
    char raw[40];
    if (!at)
        return;
    snprintf(raw, sizeof(raw), "%.*s", (int)strcspn(at + 7, "\""), at + 7);
    text_printable(raw, o->method, sizeof(o->method));
}

static void opened(struct openssh *o)
{
    loop_timer_stop(&o->limit);
    gate_leave(&o->pass, GATE_GOOD);
    stream_opened(o->t);
}

static void on_line(void *ctx, const char *line)
{
    struct openssh *o = ctx;
    enum transport_step step;
    if (o->t->state != STREAM_OPENING || o->t->closing)
        return;
    if (openssh_progress(line, &step)) {
        if (step == STEP_EXEC) {
            o->authenticated = true;
            note_method(o, line);
            describe(o);
            /* Banners that were shown before the logins are nothing that the remote program said. */
            pipes_drain_errs(&o->pipes);
            buf_clear(&o->inner);
            buf_clear(&o->t->tail);
        }
        o->step = step;
        stream_step(o->t, step);
        restart_limit(o);
    } else if (strncmp(line, "debug1: Sending command:", 24) == 0 && o->authenticated) {
        opened(o);
    }
}

static void on_first(struct pipes *p)
{
    struct openssh *o = (struct openssh *)((char *)p - offsetof(struct openssh, pipes));
    talk_drain(&o->talk);
    opened(o);
}

/* A line on stderr: of the ssh programs that lead through the jump hosts, or the remote's. */
static void inner_line(struct openssh *o, const char *line, size_t len)
{
    static const char sign[] = "Authenticated to ";
    char host[128];
    if (strncmp(line, sign, sizeof(sign) - 1) == 0 && !o->authenticated) {
        snprintf(host, sizeof(host), "%.*s", (int)strcspn(line + sizeof(sign) - 1, " \r\n"), line + sizeof(sign) - 1);
        stream_hop(o->t, host);
        restart_limit(o);
        return;
    }
    if (!openssh_chatter(line))
        stream_stderr(o->t, line, len);
}

static void on_inner(struct pipes *p, const char *bytes, size_t len)
{
    struct openssh *o = (struct openssh *)((char *)p - offsetof(struct openssh, pipes));
    buf_add(&o->inner, bytes, len);
    for (const char *end; (end = memchr(buf_at(&o->inner), '\n', o->inner.len)) || o->inner.len > STREAM_TAIL;) {
        size_t line = end ? (size_t)(end - buf_at(&o->inner)) + 1 : o->inner.len;
        inner_line(o, buf_at(&o->inner), line);
        buf_take(&o->inner, line);
    }
}

/* The ssh that carries us to the jump host speaks on our stderr. Its words count before ours, which only tell that it ended. */
static bool jump_failure(struct openssh *o, enum transport_step *step, struct err *err)
{
    const struct transport *t = o->t;
    const char *jump = jump_of(o);
    enum transport_step inner = STEP_CONFIG;
    if (!jump || o->authenticated || t->tail.len == 0 || !openssh_failure(buf_at(&t->tail), jump, &inner, err))
        return false;
    *step = inner == STEP_HOSTKEY ? STEP_HOSTKEY : STEP_JUMP;
    return !err_wrap(err, "jump host");
}

/* ssh does not say where a revoked key is on file. */
static void on_revoked_place(void *ctx, struct known_keys *keys, const struct err *err)
{
    struct openssh *o = ctx;
    char print[FINGERPRINT_SIZE];
    const struct known_key *row = NULL;
    (void)err;
    o->lookup = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        hostkey_fingerprint(keys->rows[i].blob, keys->rows[i].len, print);
        if (keys->rows[i].revoked && (!row || strstr(buf_at(&o->talk.said), print)))
            row = &keys->rows[i];
    }
    if (row)
        err_set(&o->ended, ERR_DENIED, o->conf->host, "the host key of %.50s is revoked and refused: %.100s:%d; ask who revoked it",
                o->conf->host, row->file, row->line);
    fail(o, o->ended_step, &o->ended);
}

static void ended(struct openssh *o, enum transport_step step, const struct err *err)
{
    bool revoked = step == STEP_HOSTKEY && strstr(buf_at(&o->talk.said), "REVOKED HOST KEY");
    if (!revoked) {
        fail(o, step, err);
        return;
    }
    loop_timer_stop(&o->limit);
    o->ended = *err;
    o->ended_step = step;
    struct known_lookup *lookup = known_find(o->t->hub, o->conf, on_revoked_place, o); /* NULL: o may be gone */
    if (lookup)
        o->lookup = lookup;
}

static void over(struct pipes *p)
{
    struct openssh *o = (struct openssh *)((char *)p - offsetof(struct openssh, pipes));
    struct transport *t = o->t;
    struct err err = { 0 };
    char how[80];
    enum transport_step step = t->state == STREAM_OPEN ? STEP_OPEN : o->step;

    talk_drain(&o->talk);
    if (o->inner.len > 0)
        inner_line(o, buf_at(&o->inner), o->inner.len);
    if (t->state == STREAM_ENDED)
        return;
    bool by_ssh = WIFEXITED(p->status) && WEXITSTATUS(p->status) == 255;
    if (by_ssh || !o->authenticated) {
        if (!jump_failure(o, &step, &err))
            openssh_failure(buf_at(&o->talk.said), o->conf ? o->conf->host : t->address, &step, &err);
        if (step == STEP_OPEN && t->state == STREAM_OPENING)
            step = o->step;
    } else if (pipes_how(p->status, how, sizeof(how)))
        err_set(&err, ERR_REMOTE, t->name, "the program on %s %s", o->conf->host, how);
    else
        err_set(&err, ERR_NONE, t->name, "the program on %s ended", o->conf->host);
    ended(o, step, &err);
}

static bool start_child(struct openssh *o, struct err *err)
{
    struct transport *t = o->t;
    struct arena mem = { 0 };
    const char *argv[OPENSSH_ARGS];
    bool can_ask = t->events.ask != NULL;
    bool ok = false;

    o->talk.asker = asker;
    o->talk.line = on_line;
    o->talk.moved = on_moved;
    o->talk.ctx = o;
    o->talk.host = o->conf->host;
    if (talk_start(&o->talk, t->hub, can_ask, err)) {
        struct openssh_how how = {
            .config = t->hub->ssh_config,
            .log = o->talk.said_path,
            .user = t->user,
            .jump = t->jump,
            .address = t->address,
            .port = t->port,
            .connect_timeout_s = (int)MAX(t->hub->connect_ms / 1000, 1),
            .alive_s = o->conf->alive_s,
            .can_ask = can_ask,
            .tells_hops = jump_of(o) != NULL,
            .accept_new = o->conf->strict == STRICT_OFF,
            .command = t->command,
        };
        openssh_argv(&how, &mem, argv);
        ok = child_start(&o->pipes.child, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)o->talk.env,
                         CHILD_NEW_SESSION, err);
    }
    arena_done(&mem);
    return ok;
}

static void start(void *ctx);

static void admitted(void *ctx)
{
    struct openssh *o = ctx;
    loop_timer_in(o->t->hub->loop, &o->admission, 0, start, o);
}

/* Where sshds count logins: the target's, or that of the jump host, to which every ssh logs in by itself. */
static void enter_gate(struct openssh *o)
{
    const char *jump = jump_of(o);
    char key[400];
    if (jump)
        snprintf(key, sizeof(key), "jump %s", jump);
    else
        snprintf(key, sizeof(key), "%s:%d", o->conf->host, o->conf->port);
    o->pass.admitted = admitted;
    o->pass.ctx = o;
    gate_enter(o->t->hub, &o->pass, key);
}

/* ---- a place among the ssh programs that run */

static void leave_queue(struct openssh *o)
{
    for (struct openssh **at = &o->t->hub->program_queue; *at; at = &(*at)->queue_next)
        if (*at == o) {
            *at = o->queue_next;
            break;
        }
    o->queued = false;
}

static void take_place(struct openssh *o)
{
    loop_timer_stop(&o->limit);
    o->t->hub->programs++;
    o->placed = true;
    enter_gate(o);
}

static void on_no_place(void *ctx)
{
    struct openssh *o = ctx;
    struct err err = { 0 };
    err_set(&err, ERR_TIMEOUT, o->t->name, "%d ssh programs run already and none has ended (max_ssh_programs)%s", o->t->hub->max_programs,
            o->t->fallback ? "" : "; transport ssh needs none");
    fail(o, STEP_CONNECT, &err);
}

/* The stream that rests longest in a place of which nothing was said yet, or NULL. */
static struct transport *longest_at_rest(const struct transport_hub *hub)
{
    struct transport *best = NULL;
    for (struct transport *t = hub->streams; t; t = t->next) {
        const struct openssh *o = t->carrier == &openssh_carrier ? t->carried : NULL;
        if (o && o->placed && !o->leaving && t->resting_ms && t->events.wanted && !t->closing &&
            (!best || t->resting_ms <= best->resting_ms))
            best = t;
    }
    return best;
}

/* As many are asked to go as there are that wait. */
static void on_share(void *ctx)
{
    struct transport_hub *hub = ctx;
    struct transport *t;
    int wanted = 0;
    for (const struct openssh *o = hub->program_queue; o; o = o->queue_next)
        wanted++;
    while (hub->programs_leaving < wanted && (t = longest_at_rest(hub))) {
        log_line(t->name, "leaves its ssh program's place to another host");
        ((struct openssh *)t->carried)->leaving = true;
        hub->programs_leaving++;
        t->events.wanted(t->ctx);
    }
}

void openssh_share_places(struct transport_hub *hub)
{
    if (hub->program_queue)
        loop_timer_in(hub->loop, &hub->programs_turn, 0, on_share, hub);
}

static void want_place(struct openssh *o)
{
    struct openssh **at = &o->t->hub->program_queue;
    if (o->t->hub->programs < o->t->hub->max_programs) {
        take_place(o);
        return;
    }
    while (*at)
        at = &(*at)->queue_next;
    *at = o;
    o->queued = true;
    loop_timer_in(o->t->hub->loop, &o->limit, PLACE_MS, on_no_place, o);
    openssh_share_places(o->t->hub);
}

static void leave_place(struct openssh *o)
{
    struct openssh *next = o->t->hub->program_queue;
    if (o->queued)
        leave_queue(o);
    if (!o->placed)
        return;
    o->placed = false;
    o->t->hub->programs--;
    o->t->hub->programs_leaving -= o->leaving;
    if (next) {
        leave_queue(next);
        take_place(next);
    }
    for (struct openssh *waits = o->t->hub->program_queue; waits; waits = waits->queue_next) /* it goes on */
        loop_timer_in(o->t->hub->loop, &waits->limit, PLACE_MS, on_no_place, waits);
}

/* ---- circles: ssh would start itself for each hop, for ever */

static bool follow(struct openssh *o, const char *chain);

static void on_hop_conf(void *ctx, struct ssh_conf *conf, const struct err *why)
{
    struct openssh *o = ctx;
    o->hop_wait = NULL;
    if (why->kind == ERR_INPUT) { /* of the ssh program that it would start nobody hears more than the end */
        struct err err = *why;
        err_wrap(&err, "jump host %.60s", err.where);
        fail(o, STEP_JUMP, &err);
        return;
    }
    bool on = conf && conf->jump && follow(o, conf->jump);
    conf_release(conf);
    if (!on && o->t->state != STREAM_ENDED)
        want_place(o);
}

/* The first hop of a chain is reached by its own configuration, later ones through it. False: nothing to follow, or failed. */
static bool follow(struct openssh *o, const char *chain)
{
    struct conf_hop hop = conf_hop(chain);
    struct err err = { 0 };
    bool circle = o->hops_followed++ >= HOPS_MOST, on = circle;
    if (circle) {
        err_set(&err, ERR_INPUT, hop.host, "ProxyJump goes in a circle at %.60s; mend ~/.ssh/config", hop.host);
        fail(o, STEP_JUMP, &err);
    } else if (conf_check_name(hop.host, hop.user, &err)) {
        on = true;
        o->hop_wait = conf_get(o->t->hub, hop.host, hop.user, hop.port, true, on_hop_conf, o);
    }
    conf_hop_done(&hop);
    return on;
}

static void on_conf(void *ctx, struct ssh_conf *conf, const struct err *why)
{
    struct openssh *o = ctx;
    struct err err = *why;

    o->conf_wait = NULL;
    o->conf = conf;
    if (!conf) {
        fail(o, STEP_CONFIG, &err);
        return;
    }
    describe(o);
    if (!jump_of(o) || !follow(o, jump_of(o)))
        want_place(o);
}

static void start(void *ctx)
{
    struct openssh *o = ctx;
    struct err err = { 0 };

    o->step = STEP_CONNECT;
    stream_step(o->t, STEP_CONNECT);
    if (!start_child(o, &err)) {
        err_wrap(&err, "cannot start the ssh program");
        fail(o, STEP_CONNECT, &err);
        return;
    }
    o->pipes.first_data = on_first;
    o->pipes.over = over;
    o->pipes.errs_data = jump_of(o) ? on_inner : NULL;
    o->piped = true;
    pipes_start(&o->pipes, o->t);
    restart_limit(o);
}

static void openssh_start(struct transport *t)
{
    struct openssh *o = x_alloc(sizeof(*o));
    struct err err = { 0 };

    o->t = t;
    t->carried = o;
    stream_step(t, STEP_CONFIG);
    if (!conf_check_name(t->address, t->user, &err))
        fail(o, STEP_CONFIG, &err);
    else
        o->conf_wait = conf_get(t->hub, t->address, t->user, t->port, false, on_conf, o);
}

static void openssh_wrote(struct transport *t)
{
    struct openssh *o = t->carried;
    if (o->piped)
        pipes_wrote(&o->pipes);
}

static void openssh_paused(struct transport *t)
{
    struct openssh *o = t->carried;
    if (o->piped)
        pipes_paused(&o->pipes);
}

static void openssh_finish(struct transport *t)
{
    struct openssh *o = t->carried;
    pipes_finish(&o->pipes);
}

static void openssh_drop(struct transport *t)
{
    struct openssh *o = t->carried;
    if (!o)
        return;
    conf_cancel(o->conf_wait);
    conf_cancel(o->hop_wait);
    known_cancel(o->lookup);
    loop_timer_stop(&o->limit);
    loop_timer_stop(&o->admission);
    gate_leave(&o->pass, GATE_BAD);
    if (o->piped)
        pipes_done(&o->pipes);
    talk_done(&o->talk);
    leave_place(o);
    buf_done(&o->inner);
    conf_release(o->conf);
    free(o);
}

const struct carrier openssh_carrier = {
    .start = openssh_start,
    .wrote = openssh_wrote,
    .paused = openssh_paused,
    .finish = openssh_finish,
    .drop = openssh_drop,
};
