#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "algorithms.h"
#include "hub.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "job.h"
#include "openssh.h"
#include "talk.h"

#define TURN_US 5000    /* a root works so long before other descriptors get their turn */
#define STEPS_MAX 64
#define TUNNEL_WINDOW (256 * 1024)
#define READS_PER_STEP 8
#define QUEUE_REST 4096

const char *session_host(const struct session *s)
{
    return s->conf ? s->conf->host : s->alias;
}

struct transport *session_asker(void *ctx)
{
    struct session *s = ctx;
    if (s->stream && s->stream->events.ask && !s->stream->closing && !s->stream->question)
        return s->stream;
    for (struct session *kid = s->kids; kid; kid = kid->next_kid) {
        struct transport *t = session_asker(kid);
        if (t)
            return t;
    }
    return NULL;
}

/* The stream and those that wait behind a jump host see how far it is. */
static void tell_step(struct session *s, enum transport_step step)
{
    s->step = step;
    if (s->stream)
        stream_step(s->stream, step);
    else
        log_line(session_host(s), "jump host: %s", transport_step_name(step));
}

/* ---- the tree */

void session_attach(struct session *kid, struct session *via)
{
    struct session **at = &via->kids;
    while (*at)
        at = &(*at)->next_kid;
    kid->via = via;
    kid->next_kid = NULL;
    kid->kid_link = at;
    *at = kid;
}

void session_detach(struct session *kid)
{
    struct session *via = kid->via;
    if (!via)
        return;
    *kid->kid_link = kid->next_kid;
    if (kid->next_kid)
        kid->next_kid->kid_link = kid->kid_link;
    kid->next_kid = NULL;
    kid->via = NULL;
    if (kid->tunnel && via->ssh && via->state != SESSION_DEAD) {
        x_grow(&via->spent, &via->spent_cap, via->spent_count + 1, sizeof(LIBSSH2_CHANNEL *));
        via->spent[via->spent_count++] = kid->tunnel;
        session_wake(via);
    }
    kid->tunnel = NULL;
}

static struct session *root_of(struct session *s)
{
    while (s->via)
        s = s->via;
    return s;
}

/* ---- sockets of a root */

static void received(struct session *s, const char *bytes, size_t len)
{
    size_t more = MIN(len, sizeof(s->first) - s->first_len);
    memcpy(s->first + s->first_len, bytes, more);
    s->first_len += more;
    s->received += len;
    buf_add(&s->in, bytes, len);
}

/* Hundreds of idle sessions: an empty queue costs nothing. */
static void rest(struct buf *queue)
{
    if (queue->len == 0 && queue->cap > QUEUE_REST)
        buf_done(queue);
}

static bool root_read(struct session *s)
{
    char chunk[STREAM_CHUNK];
    bool moved = false;
    for (int i = 0; i < READS_PER_STEP && s->fd_in >= 0 && !s->in_eof && !s->io_err && s->in.len < QUEUE_HIGH; i++) {
        ssize_t n = read(s->fd_in, chunk, sizeof(chunk));
        if (n > 0) {
            received(s, chunk, (size_t)n);
            moved = true;
            if ((size_t)n == sizeof(chunk))
                continue;
        } else if (n == 0)
            moved = s->in_eof = true;
        else if (errno != EAGAIN && errno != EINTR) {
            s->io_err = errno;
            moved = true;
        }
        break;
    }
    return moved;
}

static bool root_write(struct session *s)
{
    bool moved = false;
    while (s->out.len > 0 && s->fd_out >= 0 && !s->io_err) {
        ssize_t n = write(s->fd_out, buf_at(&s->out), s->out.len);
        if (n > 0) {
            buf_take(&s->out, (size_t)n);
            moved = true;
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            s->io_err = errno;
            moved = true;
        }
        break;
    }
    return moved;
}

/* ---- what a jump host carries */

static struct session *next_to_open(struct session *s)
{
    struct session *best = NULL;
    for (struct session *kid = s->kids; kid; kid = kid->next_kid)
        if (kid->state == SESSION_TUNNEL && !kid->tunnel && (!best || gate_rank(&kid->pass) > gate_rank(&best->pass)))
            best = kid;
    return best;
}

static void open_failed(struct session *s, struct session *kid, int rc)
{
    struct err err = { 0 };
    char *said = NULL;
    libssh2_session_last_error(s->ssh, &said, NULL, 0);
    if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE && said && strstr(said, "prohibited"))
        err_set(&err, ERR_DENIED, session_host(s),
                "the jump host %.60s refuses to forward to %.60s:%d; allow it in its sshd_config (AllowTcpForwarding, PermitOpen)",
                session_host(s), session_host(kid), kid->conf->port);
    else if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
        err_set(&err, ERR_UNREACHABLE, session_host(kid),
                "the jump host %.60s cannot connect to %.60s:%d; is the sshd service running there, and the name known to the jump host?",
                session_host(s), session_host(kid), kid->conf->port);
    else
        err_set(&err, ERR_UNREACHABLE, session_host(s), "the jump host %.60s was lost while it opened a channel", session_host(s));
    session_fail(kid, rc == LIBSSH2_ERROR_CHANNEL_FAILURE && said && !strstr(said, "prohibited") ? STEP_CONNECT : STEP_JUMP,
                 &err);
}

/* Channel opens, strictly one at a time. */
static bool step_opens(struct session *s)
{
    struct session *kid = s->opening;
    if (s->no_more_opens)
        return false;
    if (!kid) {
        kid = s->opening = next_to_open(s);
        if (!kid)
            return false;
        session_limit(kid, s->hub->connect_ms);
    }
    struct buf message = { 0 };
    const char *host = session_host(kid);
    unsigned char bytes[4] = { 0, 0, (unsigned char)(strlen(host) >> 8), (unsigned char)strlen(host) };
    buf_add(&message, bytes, 4);
    buf_adds(&message, host);
    buf_add(&message, (unsigned char[]){ 0, 0, (unsigned char)(kid->conf->port >> 8), (unsigned char)kid->conf->port }, 4);
    buf_add(&message, "\0\0\0\x09" "127.0.0.1" "\0\0\0\x16", 17);
    kid->tunnel = libssh2_channel_open_ex(s->ssh, "direct-tcpip", 12, TUNNEL_WINDOW, LIBSSH2_CHANNEL_PACKET_DEFAULT,
                                          buf_at(&message), (unsigned)message.len);
    buf_done(&message);
    if (kid->tunnel) {
        s->opening = NULL;
        kex_begin(kid);
        return true;
    }
    int rc = libssh2_session_last_errno(s->ssh);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return false;
    s->opening = NULL;
    open_failed(s, kid, rc);
    return true;
}

static bool step(struct session *s);

/* What it carries is then told so by its own end, with the right words. */
static bool is_lost(const struct session *s)
{
    return s->in_eof || s->io_err;
}

static bool tunnel_read(struct session *kid)
{
    bool moved = false;
    char chunk[LIBSSH2_CHANNEL_PACKET_DEFAULT];
    for (int i = 0; i < READS_PER_STEP && kid->in.len < QUEUE_HIGH && !kid->in_eof && !kid->io_err; i++) {
        ssize_t n = libssh2_channel_read(kid->tunnel, chunk, sizeof(chunk));
        if (n > 0) {
            received(kid, chunk, (size_t)n);
            moved = true;
            continue;
        }
        if (n == 0 && libssh2_channel_eof(kid->tunnel))
            moved = kid->in_eof = true;
        else if (n < 0 && n != LIBSSH2_ERROR_EAGAIN && !is_lost(kid->via)) {
            kid->io_err = EIO;
            moved = true;
        }
        break;
    }
    return moved;
}

static bool tunnel_write(struct session *s, struct session *kid)
{
    bool moved = false;
    while (kid->out.len > 0 && !kid->io_err && s->out.len < QUEUE_HIGH) {
        ssize_t n = libssh2_channel_write(kid->tunnel, buf_at(&kid->out), kid->out.len);
        if (n > 0) {
            buf_take(&kid->out, (size_t)n);
            moved = true;
            continue;
        }
        if (n < 0 && n != LIBSSH2_ERROR_EAGAIN && !is_lost(s)) {
            kid->io_err = EIO;
            moved = true;
        }
        break;
    }
    return moved;
}

/* Channels of those that are gone. Never while an open is under way: libssh2 1.10 mixes the two up. */
static void free_spent(struct session *s)
{
    while (s->spent_count > 0 && !s->opening && !s->no_more_opens) {
        if (libssh2_channel_free(s->spent[s->spent_count - 1]) == LIBSSH2_ERROR_EAGAIN)
            break;
        s->spent_count--;
    }
}

static bool carry(struct session *s)
{
    free_spent(s);
    bool moved = step_opens(s);
    for (struct session *kid = s->kids, *next; kid && s->state != SESSION_DEAD; kid = next) {
        next = kid->next_kid;
        if (kid->tunnel)
            moved |= tunnel_read(kid);
        moved |= step(kid);
        if (kid->via == s && kid->tunnel) {
            moved |= tunnel_write(s, kid);
            rest(&kid->in);
            rest(&kid->out);
        }
    }
    return moved;
}

/* ---- states */

static bool step_route(struct session *s)
{
    if (s->lookup || !s->conf) /* still waiting for its answer */
        return false;
    connect_route(s);
    return true;
}

static bool step_wait_route(struct session *s)
{
    if (s->via ? s->via->state != SESSION_READY : !master_ready(s))
        return false;
    if (s->master)
        jump_tell_master(s);
    connect_gate(s);
    return true;
}

static bool step_gate(struct session *s)
{
    if (!s->pass.passed)
        return false;
    connect_begin(s);
    return true;
}

static void logged_in(struct session *s)
{
    gate_leave(&s->pass, GATE_GOOD);
    login_free(s);
    loop_timer_stop(&s->limit);
    s->heard_ms = clock_mono_ms();
    if (s->pool) {
        s->state = SESSION_READY;
        jump_ready(s);
        return;
    }
    s->state = SESSION_CHANNEL;
    tell_step(s, STEP_EXEC);
    session_limit(s, s->hub->kex_ms);
    run_describe(s);
}

static void login_failed(struct session *s, const struct err *err)
{
    const char *why = login_needs_openssh(s);
    char reason[200];
    if (!why || s->io_err || s->in_eof) {
        session_fail(s, STEP_LOGIN, err);
        return;
    }
    snprintf(reason, sizeof(reason), "%s", why);
    if (s->stream)
        stream_switch(s->stream, &openssh_carrier, reason);
    else
        jump_needs_openssh(s, reason);
}

static bool step_login(struct session *s)
{
    struct err err = { 0 };
    switch (login_step(s, &err)) {
    case LOGIN_DONE:
        logged_in(s);
        return true;
    case LOGIN_FAILED:
        login_failed(s, &err);
        return true;
    default:
        return false;
    }
}

static bool (*const state_steps[SESSION_DEAD + 1])(struct session *s) = {
    [SESSION_KNOWN] = step_route, [SESSION_ROUTE] = step_wait_route, [SESSION_GATE] = step_gate,
    [SESSION_KEX] = kex_step,     [SESSION_HOSTKEY] = hostkey_step,  [SESSION_LOGIN] = step_login,
    [SESSION_CHANNEL] = run_step, [SESSION_EXEC] = run_step,         [SESSION_RUN] = run_step,
};

/* Closed by the other side, with everything read that it had said. */
static void check_lost(struct session *s)
{
    struct err err = { 0 };
    if (s->state < SESSION_HOSTKEY || s->state >= SESSION_PAUSE || !is_lost(s) || s->in.len > 0)
        return;
    if (s->state == SESSION_RUN && s->stream && s->stream->paused && !s->stream->closing)
        return;
    if (s->finishing) {
        stream_gone(s->stream);
        s->state = SESSION_PAUSE; /* nothing more is done with it */
        return;
    }
    const char *why = s->io_err ? strerror(s->io_err) : "closed by the other side";
    err_set(&err, ERR_UNREACHABLE, session_host(s), "the connection to %.60s was lost (%s)", session_host(s), why);
    session_fail(s, s->state == SESSION_LOGIN || s->state == SESSION_HOSTKEY ? STEP_LOGIN : STEP_OPEN, &err);
}

static bool step(struct session *s)
{
    bool moved = false, again = true;
    for (int i = 0; i < STEPS_MAX && again; i++) {
        again = state_steps[s->state] ? state_steps[s->state](s) : false;
        moved |= again;
    }
    if (s->state == SESSION_READY)
        moved |= carry(s);
    check_lost(s);
    return moved;
}

static void pump(void *ctx)
{
    struct session *root = ctx;
    int64_t until = clock_mono_us() + TURN_US;
    bool moved;

    do {
        moved = root_read(root);
        moved |= step(root);
        if (root->state == SESSION_DEAD)
            return;
        if (root->via) { /* it found a jump host to go through */
            session_wake(root);
            return;
        }
        moved |= root_write(root);
    } while (moved && clock_mono_us() < until);
    rest(&root->in);
    rest(&root->out);
    if (moved)
        session_wake(root);
    connect_watch(root);
}

void session_pump(void *ctx)
{
    pump(ctx);
}

void session_wake(struct session *s)
{
    struct session *root = root_of(s);
    if (root->state != SESSION_DEAD && root->wake.place == 0)
        loop_timer_in(root->hub->loop, &root->wake, 0, pump, root);
}

/* ---- limits */

static void timed_out(struct session *s, enum transport_step step, const char *what)
{
    struct err err = { 0 };
    err_set(&err, ERR_TIMEOUT, session_host(s), "%.60s:%d %s", session_host(s), s->conf ? s->conf->port : s->port, what);
    session_fail(s, step, &err);
}

static void on_limit(void *ctx)
{
    struct session *s = ctx;
    switch (s->state) {
    case SESSION_CONNECT:
        connect_next_address(s);
        break;
    case SESSION_RESOLVE:
        timed_out(s, STEP_RESOLVE, "could not be looked up in time; is the name server reachable?");
        break;
    case SESSION_TUNNEL: /* the drop finds out that the jump session is stuck in this open */
        timed_out(s, STEP_CONNECT, "does not answer the jump host; is it up, and does a firewall let port 22 through?");
        break;
    case SESSION_KEX:
        timed_out(s, STEP_KEX, s->received == 0 ? "accepts connections but never says anything; is it an SSH server?"
                                                : "did not finish the key exchange in time");
        break;
    case SESSION_HOSTKEY:
        timed_out(s, STEP_HOSTKEY, "shows a new host key and nobody answered the question about it");
        break;
    case SESSION_LOGIN:
        timed_out(s, STEP_LOGIN, "did not finish the login in time");
        break;
    case SESSION_CHANNEL:
    case SESSION_EXEC:
        timed_out(s, STEP_EXEC, "did not start the remote program in time");
        break;
    case SESSION_PAUSE:
        connect_route(s);
        break;
    default:
        break;
    }
}

void session_waits_for_person(struct session *s)
{
    session_limit(s, HUMAN_MS);
    gate_pause(&s->pass);
    if (s->pool)
        jump_asked(s);
}

void session_limit(struct session *s, int64_t ms)
{
    loop_timer_in(s->hub->loop, &s->limit, ms, on_limit, s);
}

/* ---- beginning and end */

struct session *session_new(struct transport_hub *hub, const char *alias, const char *user, int port, const char *jump_spec)
{
    struct session *s = x_alloc(sizeof(*s));
    *s = (struct session){ .hub = hub, .alias = x_strdup(alias), .user = user ? x_strdup(user) : NULL, .port = port,
                           .jump_spec = jump_spec ? x_strdup(jump_spec) : NULL, .fd_in = -1, .fd_out = -1 };
    s->proxy = (struct child){ .in = -1, .out = -1, .errs = -1, .pidfd = -1 };
    return s;
}

static void on_known(void *ctx, struct known_keys *keys, const struct err *err)
{
    struct session *s = ctx;
    const char *why = NULL;

    s->lookup = NULL;
    if (err->kind != ERR_NONE) {
        session_fail(s, STEP_HOSTKEY, err);
        return;
    }
    s->known = *keys;
    *keys = (struct known_keys){ 0 };
    const char *allowed = s->conf->host_key_algorithms;
    if (!known_preference(&s->known, allowed ? allowed : algorithms_ours(ALG_HOSTKEY), s->host_key_order,
                          sizeof(s->host_key_order), &why)) {
        if (s->stream)
            stream_switch(s->stream, &openssh_carrier, why);
        else
            jump_needs_openssh(s, why);
        return;
    }
    session_wake(s);
}

static void on_conf(void *ctx, struct ssh_conf *conf, const struct err *err)
{
    struct session *s = ctx;
    s->conf_wait = NULL;
    if (!conf) {
        session_fail(s, STEP_CONFIG, err);
        return;
    }
    s->conf = conf;
    const char *why = conf_needs_openssh(conf);
    if (why && s->stream)
        stream_switch(s->stream, &openssh_carrier, why);
    else if (why)
        jump_needs_openssh(s, why);
    else {
        s->state = SESSION_KNOWN;
        struct known_lookup *lookup = known_find(s->hub, conf, on_known, s);
        if (lookup)
            s->lookup = lookup;
    }
}

void session_start(struct session *s)
{
    struct err err = { 0 };
    tell_step(s, STEP_CONFIG);
    if (!conf_check_name(s->alias, s->user, &err))
        session_fail(s, STEP_CONFIG, &err);
    else
        s->conf_wait = conf_get(s->hub, s->alias, s->user, s->port, s->pool != NULL, on_conf, s);
}

void session_fail(struct session *s, enum transport_step step, const struct err *err)
{
    struct err copy = *err;
    if (s->state == SESSION_DEAD)
        return;
    log_line(session_host(s), "failed in %s: %s", transport_step_name(step), copy.text);
    if (s->stream) {
        stream_ended(s->stream, step, &copy); /* drops s */
        return;
    }
    if (s->pool)
        jump_lost(s, &copy);
    session_drop(s);
}

/* A word of farewell, if it can still be sent. */
static void say_goodbye(struct session *s)
{
    if (!s->ssh || s->in_eof || s->io_err || s->state < SESSION_LOGIN)
        return;
    if (s->login && s->state == SESSION_LOGIN) /* it may be in the middle of a call */
        return;
    libssh2_session_disconnect(s->ssh, "done");
    if (s->via && s->tunnel && s->via->state == SESSION_READY)
        tunnel_write(s->via, s);
    else if (!s->via)
        root_write(s);
}

static void bury(void *ctx)
{
    struct transport_hub *hub = ctx;
    while (hub->dead_sessions) {
        struct session *s = hub->dead_sessions;
        hub->dead_sessions = s->next_dead;
        s->io_err = s->io_err ? s->io_err : ECONNRESET;
        login_free(s);
        kex_end(s);
        connect_close(s);
        conf_release(s->conf);
        known_keys_done(&s->known);
        buf_done(&s->in);
        buf_done(&s->out);
        free(s->spent);
        free(s->alias);
        free(s->user);
        free(s->jump_spec);
        free(s);
    }
}

void session_drop(struct session *s)
{
    struct session *via = s->via;
    if (s->state == SESSION_DEAD)
        return;
    bool stuck = via && via->opening == s;
    question_cancel(&s->question);
    conf_cancel(s->conf_wait);
    known_cancel(s->lookup);
    job_cancel(s->resolve_job);
    s->conf_wait = NULL;
    s->lookup = NULL;
    s->resolve_job = NULL;
    say_goodbye(s);
    gate_leave(&s->pass, GATE_BAD);
    s->state = SESSION_DEAD;
    s->stream = NULL;
    loop_timer_stop(&s->limit);
    loop_timer_stop(&s->wake);
    loop_timer_stop(&s->ping);
    connect_watch(s);
    session_detach(s);
    master_leave(s);
    if (via && via->state != SESSION_DEAD) {
        if (stuck)
            jump_stuck(via);
        session_wake(via);
        jump_idle(via);
    }
    s->next_dead = s->hub->dead_sessions;
    s->hub->dead_sessions = s;
    loop_timer_in(s->hub->loop, &s->hub->bury, 0, bury, s->hub);
}

void sessions_end(struct transport_hub *hub)
{
    jumps_end(hub);
    masters_end(hub);
    bury(hub);
    loop_timer_stop(&hub->bury);
}

/* ---- the carrier */

static void ssh_start(struct transport *t)
{
    const char *why = t->address ? hub_fallback(t->hub, t->address) : NULL;
    if (why) {
        stream_switch(t, &openssh_carrier, why);
        return;
    }
    struct session *s = session_new(t->hub, t->address ? t->address : "", t->user, t->port, t->jump);
    s->stream = t;
    t->carried = s;
    snprintf(t->about, sizeof(t->about), "ssh to %s", s->alias);
    session_start(s);
}

static void ssh_changed(struct transport *t)
{
    session_wake(t->carried);
}

static void ssh_finish(struct transport *t)
{
    struct session *s = t->carried;
    s->finishing = true;
    session_wake(s);
}

static void ssh_drop(struct transport *t)
{
    if (t->carried)
        session_drop(t->carried);
}

const struct carrier ssh_carrier = {
    .start = ssh_start,
    .wrote = ssh_changed,
    .paused = ssh_changed,
    .finish = ssh_finish,
    .drop = ssh_drop,
};
