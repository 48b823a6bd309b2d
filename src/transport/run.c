/* run.c - the channel of a target's session: the remote program, its bytes, its end, and pings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"
#include "session.h"

#define CHANNEL_WINDOW (1024 * 1024)
#define READS_PER_STEP 8
#define PING_MS 30000      /* silence after which the host is asked for a sign of life */
#define PING_LIMIT_MS 45000 /* no sign of life so long after it was asked for: dead */
#define PING_GRID_MS 5000
#define PINGS_MISSED 3       /* the same, where ServerAliveInterval says how often */
#define END_WAIT_MS 1000   /* for the exit status after the end of output */

void run_describe(struct session *s)
{
    struct transport *t = s->stream;
    size_t size = sizeof(t->about), n;
    n = (size_t)snprintf(t->about, size, "ssh as %s to %s:%d", s->conf->user ? s->conf->user : "?", s->conf->host, s->conf->port);
    if (s->via || s->talk) {
        const char *through = s->jump_spec ? s->jump_spec : s->conf->jump;
        n += (size_t)snprintf(t->about + n, n < size ? size - n : 0, " through %.100s", through ? through : "a jump host");
        const char *why = s->talk && through ? jump_pipe_reason(s->hub, through) : NULL;
        if (why && n < size)
            n += (size_t)snprintf(t->about + n, size - n, " by ssh -W (%.100s)", why);
    } else if (s->proxy.pid > 0)
        n += (size_t)snprintf(t->about + n, n < size ? size - n : 0, " by ProxyCommand");
    if (s->method[0] && n < size)
        n += (size_t)snprintf(t->about + n, size - n, ", %s", s->method);
    if (n < size)
        snprintf(t->about + n, size - n, "%s", conf_strict_note(s->conf));
}

static void fail_lost(struct session *s, enum transport_step step, const char *doing, int rc)
{
    struct err err = { 0 };
    char *said = NULL;
    libssh2_session_last_error(s->ssh, &said, NULL, 0);
    if (s->in_eof || s->io_err)
        err_set(&err, ERR_UNREACHABLE, session_host(s), "the connection to %.60s was lost", session_host(s));
    else
        err_set(&err, ERR_REMOTE, session_host(s), "%s on %.60s failed: %.100s (libssh2 error %d)", doing, session_host(s),
                said ? said : "", rc);
    session_fail(s, step, &err);
}

/* ---- pings */

static void on_ping_time(void *ctx);

static int64_t ping_every(const struct session *s)
{
    return s->conf->alive_s > 0 ? (int64_t)s->conf->alive_s * 1000 : PING_MS;
}

static int64_t ping_limit(const struct session *s)
{
    return s->conf->alive_s > 0 ? PINGS_MISSED * ping_every(s) : PING_LIMIT_MS;
}

/* Rounded up to a common grid: hundreds of sessions through one jump host are then looked at together, not each for itself. */
static void plan_ping(struct session *s, int64_t delay_ms)
{
    int64_t due = clock_mono_ms() + delay_ms;
    if (delay_ms >= PING_GRID_MS)
        due += PING_GRID_MS - due % PING_GRID_MS;
    loop_timer_at(s->hub->loop, &s->ping, due, on_ping_time, s);
}

static void on_ping_time(void *ctx)
{
    struct session *s = ctx;
    struct err err = { 0 };
    int64_t now = clock_mono_ms();
    int64_t every = ping_every(s);

    if (s->pinged_ms && now - s->pinged_ms >= ping_limit(s)) {
        err_set(&err, ERR_TIMEOUT, session_host(s), "%.60s does not answer any more (silent for %d s)", session_host(s),
                (int)((now - s->heard_ms) / 1000));
        session_fail(s, STEP_OPEN, &err);
        return;
    }
    if (!s->pinged_ms && now - s->heard_ms < every) {
        plan_ping(s, every - (now - s->heard_ms));
        return;
    }
    if (!s->pinged_ms)
        s->pinged_ms = now;
    plan_ping(s, ping_limit(s));
    session_wake(s);
}

/* A request that every sshd refuses after the exec: its refusal is the sign of life. Not libssh2_keepalive_*: that leaks. */
static void step_ping(struct session *s)
{
    if (!s->pinged_ms)
        return;
    int rc = libssh2_channel_setenv(s->exec, "PING", "1");
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return;
    if (rc == 0 || rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) {
        s->heard_ms = clock_mono_ms();
        s->pinged_ms = 0;
        plan_ping(s, ping_every(s));
    }
}

/* ---- the program */

static bool step_channel(struct session *s)
{
    s->exec = libssh2_channel_open_ex(s->ssh, "session", 7, CHANNEL_WINDOW, LIBSSH2_CHANNEL_PACKET_DEFAULT, NULL, 0);
    if (s->exec) {
        s->state = SESSION_EXEC;
        return true;
    }
    int rc = libssh2_session_last_errno(s->ssh);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return false;
    fail_lost(s, STEP_EXEC, "opening a session channel", rc);
    return true;
}

static bool step_exec(struct session *s)
{
    const char *command = s->stream->command;
    int rc = libssh2_channel_process_startup(s->exec, command ? "exec" : "shell", command ? 4 : 5, command,
                                             command ? (unsigned)strlen(command) : 0);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return false;
    if (rc) {
        fail_lost(s, STEP_EXEC, "starting the remote program", rc);
        return true;
    }
    loop_timer_stop(&s->limit);
    s->state = SESSION_RUN;
    s->heard_ms = clock_mono_ms();
    plan_ping(s, ping_every(s));
    stream_opened(s->stream);
    return true;
}

static bool step_write(struct session *s)
{
    struct buf *out = &s->stream->out;
    bool moved = false;
    while (out->len > 0 && s->out.len < QUEUE_HIGH && !s->eof_sent) {
        ssize_t n = libssh2_channel_write(s->exec, buf_at(out), out->len);
        if (n <= 0)
            break; /* no window, or lost: reading tells */
        buf_take(out, (size_t)n);
        moved = true;
    }
    if (s->finishing && out->len == 0 && !s->eof_sent) {
        libssh2_channel_send_eof(s->exec);
        s->eof_sent = true;
    }
    return moved;
}

static bool step_read(struct session *s)
{
    char chunk[32768];
    bool moved = false;
    ssize_t n = 0;

    for (int i = 0; i < READS_PER_STEP && s->state == SESSION_RUN && (s->finishing || stream_wants(s->stream)); i++) {
        n = libssh2_channel_read(s->exec, chunk, sizeof(chunk));
        if (n <= 0)
            break;
        moved = true;
        s->heard_ms = clock_mono_ms();
        if (!s->finishing)
            stream_data(s->stream, chunk, (size_t)n);
    }
    if (n < 0 && n != LIBSSH2_ERROR_EAGAIN && s->state == SESSION_RUN && !s->finishing) {
        fail_lost(s, STEP_OPEN, "reading from the remote program", (int)n);
        return true;
    }
    while (s->state == SESSION_RUN && (n = libssh2_channel_read_stderr(s->exec, chunk, sizeof(chunk))) > 0) {
        s->heard_ms = clock_mono_ms();
        stream_stderr(s->stream, chunk, (size_t)n);
        moved = true;
    }
    return moved;
}

static void on_end_wait(void *ctx)
{
    session_wake(ctx);
}

static void program_ended(struct session *s)
{
    struct err err = { 0 };
    char *signal_name = NULL, shown[32];
    int status = libssh2_channel_get_exit_status(s->exec);

    if (s->finishing) {
        stream_gone(s->stream);
        s->state = SESSION_PAUSE; /* dropped in the next turn */
        return;
    }
    libssh2_channel_get_exit_signal(s->exec, &signal_name, NULL, NULL, NULL, NULL, NULL);
    if (signal_name)
        err_set(&err, ERR_REMOTE, session_host(s), "the program on %.60s was ended by signal %s", session_host(s),
                text_printable(signal_name, shown, sizeof(shown)));
    else if (status)
        err_set(&err, ERR_REMOTE, session_host(s), "the program on %.60s ended with status %d", session_host(s), status);
    else
        err_set(&err, ERR_NONE, session_host(s), "the program on %.60s ended", session_host(s));
    if (signal_name)
        libssh2_free(s->ssh, signal_name);
    session_fail(s, STEP_OPEN, &err);
}

/* The status may come after the end of output; a server that never closes the channel is not waited for. */
static bool step_end(struct session *s)
{
    if (s->state != SESSION_RUN || !libssh2_channel_eof(s->exec))
        return false;
    if (!s->exec_ended) {
        s->exec_ended = true;
        s->exec_ended_ms = clock_mono_ms();
        loop_timer_in(s->hub->loop, &s->ping, END_WAIT_MS, on_end_wait, s);
    }
    int rc = libssh2_channel_wait_closed(s->exec);
    if (rc == LIBSSH2_ERROR_EAGAIN && clock_mono_ms() - s->exec_ended_ms < END_WAIT_MS)
        return false;
    program_ended(s);
    return true;
}

bool run_step(struct session *s)
{
    if (s->state == SESSION_CHANNEL)
        return step_channel(s);
    if (s->state == SESSION_EXEC)
        return step_exec(s);
    bool moved = step_write(s);
    moved |= step_read(s);
    if (s->state == SESSION_RUN && !s->exec_ended)
        step_ping(s);
    moved |= step_end(s);
    return moved;
}
