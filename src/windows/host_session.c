/* host_session.c - connections and their states: from a stream to PowerShell that answers, and every way it ends. */
#include "host_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/log.h"
#include "ipamtui/text.h"

void session_free(struct session *session)
{
    struct session **at = &session->host->retired;

    while (*at && *at != session)
        at = &(*at)->next;
    if (*at)
        *at = session->next;
    loop_timer_stop(&session->timer);
    transport_close(session->stream);
    if (session->dialect)
        session->dialect->ops->free(session->dialect);
    while (session->orphans) {
        struct host_call *call = session->orphans;
        session->orphans = call->next;
        call_free(call);
    }
    free(session);
}

static void on_retired(void *ctx)
{
    session_free(ctx);
}

/* Out of use; freed after delay_ms. */
void session_retire(struct host *host, int64_t delay_ms)
{
    struct session *session = host->session;

    if (!session)
        return;
    host->session = NULL;
    session->retired = true;
    session->next = host->retired;
    host->retired = session;
    loop_timer_in(host->loop, &session->timer, delay_ms, on_retired, session);
}

void session_flush(struct session *session)
{
    struct buf *out = NULL;

    if (!session || !session->dialect || session->feeding)
        return;
    out = session->dialect->ops->out(session->dialect);
    if (out->len == 0)
        return;
    transport_write(session->stream, buf_at(out), out->len);
    buf_take(out, out->len);
}

static void on_destroy(void *ctx)
{
    host_destroy(ctx);
}

void host_enter(struct host *host)
{
    host->depth++;
}

/* A host that was freed by one of its own callbacks ends with the next turn of the loop. */
void host_leave(struct host *host)
{
    if (--host->depth == 0 && host->dead)
        loop_timer_in(host->loop, &host->idle, 0, on_destroy, host);
}

void set_state(struct host *host, enum host_state state)
{
    if (host->state == state)
        return;
    host->state = state;
    if (state != HOST_FAILED)
        err_clear(&host->error);
    if (!host->dead && host->events.state)
        host->events.state(host->ctx, state, state == HOST_FAILED ? &host->error : NULL);
}

static void on_idle(void *ctx)
{
    host_close(ctx);
}

void watch_idle(struct host *host)
{
    if (host->dead)
        return;
    if (host->session)
        transport_rest(host->session->stream, !host->calls && host->holds == 0);
    if (!host->calls && host->holds == 0 && host->session && host->options.idle_close_ms > 0)
        loop_timer_in(host->loop, &host->idle, host->options.idle_close_ms, on_idle, host);
    else
        loop_timer_stop(&host->idle);
}

/* ------------------------------------------------------------------ states */
/* What is executed on the host. NULL: nobody knows a command for this dialect. */
const char *command_of(const struct host *host)
{
    const char *own = host->target.command;

    if (host->dialect == &dialect_psrp)
        return own ? own : dialect_psrp.command;
    if (host->options.plain_command)
        return host->options.plain_command;
    if (host->target.kind == TRANSPORT_COMMAND)
        return host->options.dialect == HOST_DIALECT_PLAIN ? own : NULL;
    /* What is configured for remoting ("powershell.exe -s ...") would not read plain lines. */
    return own && !strstr(own, " -s") ? own : dialect_plain.command;
}

/* PSRP does not open: perhaps plain lines do, and the other way round for a host that was better the last time. */
static bool try_other_dialect(struct host *host, enum transport_step step, const struct err *err)
{
    const struct session *session = host->session;
    const struct dialect_ops *now = host->dialect;

    if (host->options.dialect != HOST_DIALECT_AUTO || host->other_tried || step != STEP_OPEN || !session ||
        !session->dialect || session->open)
        return false;
    host->dialect = now == &dialect_psrp ? &dialect_plain : &dialect_psrp;
    if (!command_of(host)) {
        host->dialect = now;
        return false;
    }
    log_line(host->target.name, "%s does not open (%s); trying %s", now->name, err->text, host->dialect->name);
    host->other_tried = true;
    host->first_error = *err;
    session_retire(host, 0);
    connect_host(host);
    return true;
}

/* Both dialects failed: what the first one said is told, and it goes first the next time. */
static const struct err *told_error(struct host *host, const struct err *err)
{
    if (!host->other_tried)
        return err;
    host->other_tried = false;
    host->dialect = host->dialect == &dialect_psrp ? &dialect_plain : &dialect_psrp;
    return &host->first_error;
}

/* The connection is of no use any more: the reason is kept, every call gets PS_LOST. */
void host_fail(struct host *host, enum transport_step step, const struct err *err)
{
    if (try_other_dialect(host, step, err))
        return;
    err = told_error(host, err);
    loop_timer_stop(&host->idle);
    session_retire(host, 0);
    host->running = 0;
    host->failed_step = step;
    host->error = *err;
    if (host->error.where[0] == '\0')
        snprintf(host->error.where, sizeof(host->error.where), "%s", host->target.name);
    log_line(host->target.name, "failed at %s: %s", transport_step_name(step), err->text);
    host->state = HOST_CLOSED; /* so that a second failure in a row is told as well */
    set_state(host, HOST_FAILED);
    lose_calls(host);
}

static const char *noise_of(const struct session *session)
{
    return session->dialect ? session->dialect->ops->noise(session->dialect) : "";
}

static void say_noise(const struct session *session, struct err *err)
{
    char shown[100];
    const char *noise = noise_of(session);
    size_t fit = text_fit(noise, 90, NULL);

    snprintf(shown, sizeof(shown), "%.*s", (int)MIN(fit, sizeof(shown) - 1), noise);
    err_set(err, ERR_REMOTE, session->host->target.name, "not %s: first bytes were \"%s\"",
            session->dialect->ops->title, shown);
}

/* stderr of the remote side behind the sentence, as far as it fits. */
static void add_stderr(struct err *err, const char *tail)
{
    size_t len = strlen(err->text);

    if (tail && tail[0] != '\0' && len + 16 < sizeof(err->text) && !strstr(err->text, tail))
        snprintf(err->text + len, sizeof(err->text) - len, "; it said: %s", tail);
}

static void on_start_limit(void *ctx)
{
    struct session *session = ctx;
    struct host *host = session->host;
    long long limit_s = (long long)((host->options.start_timeout_ms + 999) / 1000);
    struct err err = { 0 };
    const char *noise = noise_of(session);

    if (noise[0] != '\0')
        err_set(&err, ERR_TIMEOUT, host->target.name,
                "PowerShell did not answer within %lld s; first bytes were \"%.*s\"", limit_s,
                (int)text_fit(noise, 90, NULL), noise);
    else
        err_set(&err, ERR_TIMEOUT, host->target.name,
                "PowerShell did not answer within %lld s; see whether \"%s\" starts there", limit_s,
                command_of(host));
    host_enter(host);
    host_fail(host, STEP_OPEN, &err);
    host_leave(host);
}

static void on_ps_opened(void *ctx)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (session->retired)
        return;
    session->open = true;
    host->opened++;
    host->other_tried = false;
    loop_timer_stop(&session->timer);
    const char *edition = session->dialect->ops->edition(session->dialect);
    snprintf(host->version, sizeof(host->version), "%s", session->dialect->ops->version(session->dialect));
    text_printable(*edition ? edition : "Desktop", host->edition, sizeof(host->edition));
    set_state(host, HOST_OPEN);
    send_calls(host);
    watch_idle(host);
}

static void on_ps_closed(void *ctx)
{
    struct session *session = ctx;

    if (session->retired)
        loop_timer_in(session->host->loop, &session->timer, 0, on_retired, session);
}

static void on_ps_broken(void *ctx, const struct err *err)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (session->retired)
        loop_timer_in(host->loop, &session->timer, 0, on_retired, session);
    else
        host_fail(host, STEP_OPEN, err);
}

static const struct psrp_events ps_events = { .opened = on_ps_opened, .closed = on_ps_closed, .broken = on_ps_broken };

static void on_stream_step(void *ctx, enum transport_step step)
{
    struct session *session = ctx;

    if (!session->retired)
        session->host->step = step;
}

static void on_stream_hop(void *ctx, const char *name)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (!session->retired && !host->dead && host->events.hop)
        host->events.hop(host->ctx, name);
}

static void on_stream_opened(void *ctx)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (session->retired)
        return;
    host_enter(host);
    session->dialect = host->dialect->open(host->target.name, runspaces_of(host), &ps_events, session);
    loop_timer_in(host->loop, &session->timer, host->options.start_timeout_ms, on_start_limit, session);
    set_state(host, HOST_STARTING);
    session_flush(session);
    host_leave(host);
}

static void on_stream_data(void *ctx, const void *bytes, size_t len)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (!session->dialect)
        return;
    host_enter(host);
    session->feeding = true; /* what its calls bring is written in one go */
    session->dialect->ops->feed(session->dialect, bytes, len);
    session->feeding = false;
    session_flush(session);
    host_leave(host);
}

static void on_stream_ask(void *ctx, const struct transport_ask *ask)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (session->retired || host->dead) {
        transport_answer(session->stream, NULL);
        return;
    }
    host_enter(host);
    host->events.ask(host->ctx, ask);
    host_leave(host);
}

/* More hosts than may be connected at once take turns. */
static void on_stream_wanted(void *ctx)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (!session->retired && !host->dead && !host->calls)
        host_close(host);
}

/* What to tell when the stream ended. */
static void say_ended(struct session *session, const struct err *err, const char *stderr_tail, struct err *told)
{
    *told = *err;
    if (session->dialect && !session->open && noise_of(session)[0] != '\0')
        say_noise(session, told);
    else if (err->kind == ERR_NONE && session->open)
        err_set(told, ERR_REMOTE, session->host->target.name, "PowerShell ended the connection");
    else if (err->kind == ERR_NONE)
        err_set(told, ERR_REMOTE, session->host->target.name,
                "the remote program ended before PowerShell answered (\"%s\")",
                command_of(session->host));
    if (session->open && session->host->running > 0)
        err_wrap(told, "cut off before its answer was whole");
    add_stderr(told, stderr_tail);
}

static void on_stream_closed(void *ctx, enum transport_step step, const struct err *err, const char *stderr_tail)
{
    struct session *session = ctx;
    struct host *host = session->host;
    struct err told = { 0 };

    if (session->retired) {
        loop_timer_in(host->loop, &session->timer, 0, on_retired, session);
        return;
    }
    host_enter(host);
    say_ended(session, err, stderr_tail, &told);
    if (session->dialect) {
        session->retired = true; /* its broken() tells less than we know */
        session->dialect->ops->eof(session->dialect, stderr_tail);
        step = STEP_OPEN;
    }
    host_fail(host, step, &told);
    host_leave(host);
}

void connect_host(struct host *host)
{
    static const struct transport_events asking = {
        .step = on_stream_step, .hop = on_stream_hop, .opened = on_stream_opened, .data = on_stream_data,
        .ask = on_stream_ask, .wanted = on_stream_wanted, .closed = on_stream_closed,
    };
    static const struct transport_events silent = {
        .step = on_stream_step, .hop = on_stream_hop, .opened = on_stream_opened, .data = on_stream_data,
        .wanted = on_stream_wanted, .closed = on_stream_closed,
    };
    struct session *session = x_alloc(sizeof(*session));
    struct transport_target target = host->target;

    target.command = command_of(host);
    session->host = host;
    host->session = session;
    host->step = STEP_CONFIG;
    set_state(host, HOST_CONNECTING);
    session->stream = transport_open(host->hub, &target, host->events.ask ? &asking : &silent, session);
}
