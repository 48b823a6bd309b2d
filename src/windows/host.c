#include "ipamtui/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call_copy.h"
#include "dialect.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"

enum {
    START_TIMEOUT_MS = 60000, /* the first DHCP command of a session may wait for antivirus and module loading */
    STOP_GRACE_MS = 10000,    /* a stop is carried out only when the cmdlet lets go; after this the connection is dropped */
    CLOSE_GRACE_MS = 3000,
    RUNSPACES = 3,
    CATEGORY_TIMEOUT = 15, CATEGORY_CONNECTION = 27,
};

/* A call lives from host_invoke() to its done. Calls run in the order they came. */
struct host_call {
    struct host *host;
    host_call_id id;
    psrp_call_id remote; /* 0 = not sent yet */
    struct arena mem;    /* of call */
    struct ps_call call;
    struct ps_call_events events; /* zeroed: nobody listens any more */
    void *ctx;
    int64_t timeout_ms, started_ms;
    bool stopped, timed_out;
    bool finished; /* the dialect is done with it */
    struct session *session; /* where it runs; NULL = not sent */
    bool orphan;             /* ended for its caller, while the dialect still knows it: lives as long as the session */
    struct loop_timer timer;
    struct host_call *next;
};

/* One connection: a stream and a dialect at its end. Retired ones wait for their polite end, or for the next turn of
 * the loop (nothing is freed from within its own callback). */
struct session {
    struct host *host;
    struct transport *stream;
    struct dialect *dialect; /* NULL until the remote program runs */
    bool open;               /* PowerShell has answered */
    bool retired;
    struct host_call *orphans;
    struct loop_timer timer; /* limit of the state, or the end */
    struct session *next;
};

struct host {
    struct loop *loop;
    struct transport_hub *hub;
    struct transport_target target; /* strings are ours */
    struct host_options options;
    struct host_events events;
    void *ctx;
    const struct dialect_ops *dialect;
    enum host_state state;
    struct err error;
    enum transport_step failed_step, step;
    struct host_call *calls;
    host_call_id next_id;
    int running;
    struct session *session; /* the one that is used; NULL = none */
    struct session *retired;
    struct loop_timer idle;
    int depth; /* callbacks that are on the stack */
    bool dead;
    char version[64], warning[256], describe[320];
};

static void send_calls(struct host *host);
static void fail(struct host *host, enum transport_step step, const struct err *err);

/* ------------------------------------------------------------------ sessions */
static void call_free(struct host_call *call)
{
    loop_timer_stop(&call->timer);
    arena_done(&call->mem);
    free(call);
}

static void session_free(struct session *session)
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
static void session_retire(struct host *host, int64_t delay_ms)
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

static void flush(struct session *session)
{
    struct buf *out = NULL;

    if (!session || !session->dialect)
        return;
    out = session->dialect->ops->out(session->dialect);
    if (out->len == 0)
        return;
    transport_write(session->stream, buf_at(out), out->len);
    buf_take(out, out->len);
}

static void destroy(struct host *host);

static void on_destroy(void *ctx)
{
    destroy(ctx);
}

static void enter(struct host *host)
{
    host->depth++;
}

/* A host that was freed by one of its own callbacks ends with the next turn of the loop. */
static void leave(struct host *host)
{
    if (--host->depth == 0 && host->dead)
        loop_timer_in(host->loop, &host->idle, 0, on_destroy, host);
}

static void set_state(struct host *host, enum host_state state)
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

static void watch_idle(struct host *host)
{
    if (host->dead)
        return;
    if (!host->calls && host->session && host->options.idle_close_ms > 0)
        loop_timer_in(host->loop, &host->idle, host->options.idle_close_ms, on_idle, host);
    else
        loop_timer_stop(&host->idle);
}

/* ------------------------------------------------------------------ calls */
static void call_unlink(struct host_call *call)
{
    struct host_call **at = &call->host->calls;

    while (*at && *at != call)
        at = &(*at)->next;
    if (*at)
        *at = call->next;
}

static const char *call_name(const struct host_call *call)
{
    size_t count = call->call.command_count;

    return count == 0 ? "the call" : call->call.commands[count - 1].is_script ? "a script" : call->call.commands[count - 1].name;
}

/* The end of a call: out of the list, told, freed. */
static void call_end(struct host_call *call, enum ps_end end, const struct ps_error *why)
{
    struct host *host = call->host;

    if (log_on())
        log_line(host->target.name, "%s ended as %d after %lld ms%s%s", call_name(call), (int)end,
                 call->started_ms ? (long long)(clock_mono_ms() - call->started_ms) : 0LL, why ? ": " : "",
                 why && why->message ? why->message : "");
    call_unlink(call);
    loop_timer_stop(&call->timer);
    if (!host->dead && call->events.done)
        call->events.done(call->ctx, end, why);
    if (call->session && !call->finished) {
        memset(&call->events, 0, sizeof(call->events));
        call->orphan = true;
        call->next = call->session->orphans;
        call->session->orphans = call;
    } else {
        call_free(call);
    }
}

static void on_output(void *ctx, const struct ps_value *value)
{
    struct host_call *call = ctx;

    if (!call->host->dead && call->events.output)
        call->events.output(call->ctx, value);
}

static void on_error(void *ctx, const struct ps_error *error)
{
    struct host_call *call = ctx;

    if (!call->host->dead && call->events.error)
        call->events.error(call->ctx, error);
}

static void on_record(void *ctx, enum ps_stream stream, const char *text)
{
    struct host_call *call = ctx;

    if (stream == PS_STREAM_WARNING)
        text_printable(text, call->host->warning, sizeof(call->host->warning));
    if (!call->host->dead && call->events.record)
        call->events.record(call->ctx, stream, text);
}

static void on_progress(void *ctx, const struct ps_progress *progress)
{
    struct host_call *call = ctx;

    if (!call->host->dead && call->events.progress)
        call->events.progress(call->ctx, progress);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct host_call *call = ctx;
    struct host *host = call->host;
    char text[200];
    struct ps_error late = { .message = text, .id = "CallTimeout", .category = CATEGORY_TIMEOUT,
                             .reason = "", .target = "", .activity = call_name(call) };

    call->finished = true;
    if (call->orphan || end == PS_LOST)
        return; /* lost: told when the reason is known, broken() comes next */
    host->running--;
    if (call->timed_out && end != PS_COMPLETED) {
        snprintf(text, sizeof(text), "%s did not answer within %lld s and was stopped", call_name(call),
                 (long long)(call->timeout_ms / 1000));
        end = PS_FAILED;
        why = &late;
    }
    call_unlink(call);
    send_calls(host);
    call_end(call, end, why);
    watch_idle(host);
}

static const struct ps_call_events call_events = {
    .output = on_output, .error = on_error, .record = on_record, .progress = on_progress, .done = on_done,
};

/* A stop that is not carried out: only the end of the connection ends the call. */
static void on_stop_limit(void *ctx)
{
    struct host_call *call = ctx;
    struct host *host = call->host;
    struct err err = { 0 };

    err_set(&err, ERR_TIMEOUT, host->target.name, "%s did not end within %d s of being stopped; the connection was dropped",
            call_name(call), STOP_GRACE_MS / 1000);
    enter(host);
    fail(host, STEP_OPEN, &err);
    leave(host);
}

static void call_stop(struct host_call *call)
{
    struct host *host = call->host;

    if (call->stopped)
        return;
    call->stopped = true;
    if (!host->dialect->stops_calls) {
        loop_timer_in(host->loop, &call->timer, 0, on_stop_limit, call);
        return;
    }
    loop_timer_in(host->loop, &call->timer, STOP_GRACE_MS, on_stop_limit, call);
    enter(host);
    host->session->dialect->ops->stop(host->session->dialect, call->remote);
    flush(host->session);
    leave(host);
}

static void on_call_limit(void *ctx)
{
    struct host_call *call = ctx;

    call->timed_out = true;
    call_stop(call);
}

/* Sends what waits, as far as runspaces are free. */
static void send_calls(struct host *host)
{
    struct session *session = host->session;

    if (host->state != HOST_OPEN || !session || host->dead)
        return;
    for (struct host_call *call = host->calls; call && host->running < host->options.runspaces; call = call->next) {
        if (call->remote != 0 || call->stopped)
            continue;
        host->running++;
        call->session = session;
        call->started_ms = clock_mono_ms();
        if (log_on())
            log_line(host->target.name, "calling %s", call_name(call));
        call->remote = session->dialect->ops->invoke(session->dialect, &call->call, &call_events, call);
        if (call->timeout_ms > 0)
            loop_timer_in(host->loop, &call->timer, call->timeout_ms, on_call_limit, call);
    }
    flush(session);
}

/* Ends all calls that the connection took with it. New calls that this brings are not theirs. */
static void lose_calls(struct host *host)
{
    struct ps_error why = { .id = "ConnectionLost", .category = CATEGORY_CONNECTION, .reason = "", .target = "",
                            .activity = "" };
    char text[sizeof(host->error.text)];
    host_call_id last = host->next_id;

    snprintf(text, sizeof(text), "%s", host->error.text);
    why.message = text;
    while (host->calls && host->calls->id <= last && !host->dead) {
        struct host_call *call = host->calls;
        call_end(call, PS_LOST, &why);
    }
}

/* ------------------------------------------------------------------ states */
/* The connection is of no use any more: the reason is kept, every call gets PS_LOST. */
static void fail(struct host *host, enum transport_step step, const struct err *err)
{
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
    err_set(err, ERR_REMOTE, session->host->target.name, "not PowerShell remoting: first bytes were \"%s\"", shown);
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
                host->target.command ? host->target.command : "");
    enter(host);
    fail(host, STEP_OPEN, &err);
    leave(host);
}

static void on_ps_opened(void *ctx)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (session->retired)
        return;
    session->open = true;
    loop_timer_stop(&session->timer);
    snprintf(host->version, sizeof(host->version), "%s", session->dialect->ops->version(session->dialect));
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
    struct err told = *err;

    if (session->retired) {
        loop_timer_in(host->loop, &session->timer, 0, on_retired, session);
        return;
    }
    if (!session->open && noise_of(session)[0] != '\0')
        say_noise(session, &told);
    fail(host, STEP_OPEN, &told);
}

static const struct psrp_events ps_events = { .opened = on_ps_opened, .closed = on_ps_closed, .broken = on_ps_broken };

static void on_stream_step(void *ctx, enum transport_step step)
{
    struct session *session = ctx;

    if (!session->retired)
        session->host->step = step;
}

static void on_stream_opened(void *ctx)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (session->retired)
        return;
    enter(host);
    session->dialect = host->dialect->open(host->target.name, host->options.runspaces, &ps_events, session);
    loop_timer_in(host->loop, &session->timer, host->options.start_timeout_ms, on_start_limit, session);
    set_state(host, HOST_STARTING);
    flush(session);
    leave(host);
}

static void on_stream_data(void *ctx, const void *bytes, size_t len)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (!session->dialect)
        return;
    enter(host);
    session->dialect->ops->feed(session->dialect, bytes, len);
    flush(session);
    leave(host);
}

static void on_stream_ask(void *ctx, const struct transport_ask *ask)
{
    struct session *session = ctx;
    struct host *host = session->host;

    if (session->retired || host->dead) {
        transport_answer(session->stream, NULL);
        return;
    }
    enter(host);
    host->events.ask(host->ctx, ask);
    leave(host);
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
                session->host->target.command ? session->host->target.command : "");
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
    enter(host);
    say_ended(session, err, stderr_tail, &told);
    if (session->dialect) {
        session->retired = true; /* its broken() tells less than we know */
        session->dialect->ops->eof(session->dialect, stderr_tail);
        step = STEP_OPEN;
    }
    fail(host, step, &told);
    leave(host);
}

static void connect_host(struct host *host)
{
    static const struct transport_events asking = {
        .step = on_stream_step, .opened = on_stream_opened, .data = on_stream_data, .ask = on_stream_ask,
        .closed = on_stream_closed,
    };
    static const struct transport_events silent = {
        .step = on_stream_step, .opened = on_stream_opened, .data = on_stream_data, .closed = on_stream_closed,
    };
    struct session *session = x_alloc(sizeof(*session));

    session->host = host;
    host->session = session;
    host->step = STEP_CONFIG;
    set_state(host, HOST_CONNECTING);
    session->stream = transport_open(host->hub, &host->target, host->events.ask ? &asking : &silent, session);
}

/* ------------------------------------------------------------------ the interface */
static char *own(const char *text)
{
    return text && text[0] != '\0' ? x_strdup(text) : NULL;
}

static struct transport_target own_target(const struct transport_target *from, const struct dialect_ops *dialect)
{
    struct transport_target out = *from;

    out.name = x_strdup(from->name ? from->name : "");
    out.address = own(from->address);
    out.user = own(from->user);
    out.jump = own(from->jump);
    out.command = own(from->command);
    if (!out.command && from->kind != TRANSPORT_COMMAND)
        out.command = x_strdup(dialect->command);
    return out;
}

struct host *host_new(struct transport_hub *hub, struct loop *loop, const struct transport_target *target,
                      const struct host_options *options, const struct host_events *events, void *ctx)
{
    struct host *host = x_alloc(sizeof(*host));

    host->loop = loop;
    host->hub = hub;
    host->dialect = &dialect_psrp;
    host->target = own_target(target, host->dialect);
    if (options)
        host->options = *options;
    if (host->options.runspaces <= 0)
        host->options.runspaces = RUNSPACES;
    if (host->options.start_timeout_ms <= 0)
        host->options.start_timeout_ms = START_TIMEOUT_MS;
    if (events)
        host->events = *events;
    host->ctx = ctx;
    return host;
}

static void destroy(struct host *host)
{
    loop_timer_stop(&host->idle);
    session_retire(host, 0);
    while (host->retired)
        session_free(host->retired);
    while (host->calls) {
        struct host_call *call = host->calls;
        host->calls = call->next;
        call_free(call);
    }
    free((char *)host->target.name);
    free((char *)host->target.address);
    free((char *)host->target.user);
    free((char *)host->target.jump);
    free((char *)host->target.command);
    free(host);
}

void host_free(struct host *host)
{
    if (!host)
        return;
    host->dead = true;
    if (host->depth == 0)
        destroy(host);
}

host_call_id host_invoke(struct host *host, const struct ps_call *call, int64_t timeout_ms,
                         const struct ps_call_events *events, void *ctx)
{
    struct host_call *made = x_alloc(sizeof(*made));
    struct host_call **end = &host->calls;
    host_call_id id = ++host->next_id;

    made->host = host;
    made->id = id;
    made->call = call_copy(call, &made->mem);
    made->events = *events;
    made->ctx = ctx;
    made->timeout_ms = timeout_ms;
    while (*end)
        end = &(*end)->next;
    *end = made;
    loop_timer_stop(&host->idle);
    enter(host);
    if (!host->session)
        connect_host(host);
    else
        send_calls(host);
    leave(host);
    return id;
}

static struct host_call *call_find(struct host *host, host_call_id id)
{
    struct host_call *call = host->calls;

    while (call && call->id != id)
        call = call->next;
    return call;
}

/* A call that was never sent ends here. */
static void on_unsent(void *ctx)
{
    struct host_call *call = ctx;
    struct host *host = call->host;

    enter(host);
    call_end(call, PS_STOPPED, NULL);
    watch_idle(host);
    leave(host);
}

void host_stop(struct host *host, host_call_id id)
{
    struct host_call *call = call_find(host, id);

    if (!call || call->stopped)
        return;
    if (call->remote != 0) {
        call_stop(call);
        return;
    }
    call->stopped = true;
    loop_timer_in(host->loop, &call->timer, 0, on_unsent, call);
}

void host_forget(struct host *host, host_call_id id)
{
    struct host_call *call = call_find(host, id);

    if (!call)
        return;
    memset(&call->events, 0, sizeof(call->events));
    host_stop(host, id);
}

void host_answer(struct host *host, const char *const *answers)
{
    if (!host->session)
        return;
    enter(host);
    transport_answer(host->session->stream, answers);
    leave(host);
}

void host_close(struct host *host)
{
    struct session *session = host->session;
    struct err err = { 0 };

    if (!session)
        return;
    enter(host);
    loop_timer_stop(&host->idle);
    if (session->open) {
        session_retire(host, CLOSE_GRACE_MS);
        session->dialect->ops->close(session->dialect);
        flush(session);
    } else {
        session_retire(host, 0);
    }
    host->running = 0;
    err_set(&err, ERR_CANCELLED, host->target.name, "the connection was closed");
    set_state(host, HOST_CLOSED);
    host->error = err;
    lose_calls(host);
    if (host->state == HOST_CLOSED)
        err_clear(&host->error);
    leave(host);
}

bool host_closing(const struct host *host)
{
    return host->retired != NULL;
}

enum host_state host_state(const struct host *host)
{
    return host->state;
}

const struct err *host_error(const struct host *host)
{
    return &host->error;
}

enum transport_step host_failed_step(const struct host *host)
{
    return host->failed_step;
}

enum transport_step host_step(const struct host *host)
{
    return host->step;
}

const char *host_version(const struct host *host)
{
    return host->version;
}

const char *host_describe(const struct host *host)
{
    struct host *mine = (struct host *)host;

    if (host->session)
        snprintf(mine->describe, sizeof(mine->describe), "%s, %s", transport_describe(host->session->stream),
                 host->dialect->name);
    return host->describe;
}

const char *host_warning(const struct host *host)
{
    return host->warning;
}

struct loop *host_loop(const struct host *host)
{
    return host->loop;
}
