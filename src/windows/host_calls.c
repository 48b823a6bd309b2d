/* host_calls.c - calls in the order they came: sent when a runspace is free, each with its limit, ended exactly once. */
#include "host_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"

void call_free(struct host_call *call)
{
    loop_timer_stop(&call->timer);
    arena_done(&call->mem);
    free(call);
}

static void call_unlink(struct host_call *call)
{
    struct host_call **at = &call->host->calls;

    while (*at && *at != call)
        at = &(*at)->next;
    if (*at)
        *at = call->next;
}

#define CALL_TIMEOUT "CallTimeout"

bool host_call_stopped(enum ps_end end, const struct ps_error *why)
{
    return end == PS_STOPPED || (end == PS_FAILED && why && why->id && strcmp(why->id, CALL_TIMEOUT) == 0);
}

static const char *call_name(const struct host_call *call)
{
    size_t count = call->call.command_count;

    return count == 0 ? "the call" : call->call.commands[count - 1].is_script ? "a script" : call->call.commands[count - 1].name;
}

static void timeout_text(const struct host_call *call, char *text, size_t size)
{
    snprintf(text, size, "%s did not answer within %lld s and was stopped", call_name(call),
             (long long)(call->timeout_ms / 1000));
}

/* The end of a call: out of the list, told, freed. */
void call_end(struct host_call *call, enum ps_end end, const struct ps_error *why)
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
    struct ps_error late = { .message = text, .id = CALL_TIMEOUT, .category = CATEGORY_TIMEOUT,
                             .reason = "", .target = "", .activity = call_name(call) };

    call->finished = true;
    if (call->orphan || end == PS_LOST)
        return; /* lost: told when the reason is known, broken() comes next */
    host->running--;
    if (call->timed_out && end != PS_COMPLETED) {
        timeout_text(call, text, sizeof(text));
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
    host_enter(host);
    host_fail(host, STEP_OPEN, &err);
    host_leave(host);
}

/* Where nothing else stops a call, its PowerShell goes; calls that wait get a new one. */
static void on_drop(void *ctx)
{
    struct host_call *call = ctx;
    struct host *host = call->host;
    char text[200];
    struct ps_error late = { .message = text, .id = CALL_TIMEOUT, .category = CATEGORY_TIMEOUT, .reason = "", .target = "",
                             .activity = call_name(call) };

    host_enter(host);
    timeout_text(call, text, sizeof(text));
    session_retire(host, 0);
    host->running = 0;
    set_state(host, HOST_CLOSED);
    call_end(call, call->timed_out ? PS_FAILED : PS_STOPPED, call->timed_out ? &late : NULL);
    if (host->calls && !host->session && !host->dead)
        connect_host(host);
    host_leave(host);
}

void call_stop(struct host_call *call)
{
    struct host *host = call->host;

    if (call->stopped)
        return;
    call->stopped = true;
    if (!host->dialect->stops_calls) {
        loop_timer_in(host->loop, &call->timer, 0, on_drop, call);
        return;
    }
    loop_timer_in(host->loop, &call->timer, STOP_GRACE_MS, on_stop_limit, call);
    host_enter(host);
    host->session->dialect->ops->stop(host->session->dialect, call->remote);
    session_flush(host->session);
    host_leave(host);
}

static void on_call_limit(void *ctx)
{
    struct host_call *call = ctx;

    call->timed_out = true;
    call_stop(call);
}

int runspaces_of(const struct host *host)
{
    int most = host->dialect->runspaces_max;

    return most > 0 ? MIN(most, host->options.runspaces) : host->options.runspaces;
}

/* Sends what waits, as far as runspaces are free. */
void send_calls(struct host *host)
{
    struct session *session = host->session;

    if (host->state != HOST_OPEN || !session || host->dead)
        return;
    for (struct host_call *call = host->calls; call && host->running < runspaces_of(host); call = call->next) {
        if (call->remote != 0 || call->stopped)
            continue;
        if (!call->first && host->running >= MAX(runspaces_of(host) - host->options.reserved, 1))
            break; /* those that go before come before it */
        host->running++;
        call->session = session;
        call->started_ms = clock_mono_ms();
        if (log_on())
            log_line(host->target.name, "calling %s", call_name(call));
        call->remote = session->dialect->ops->invoke(session->dialect, &call->call, &call_events, call);
        if (call->timeout_ms > 0)
            loop_timer_in(host->loop, &call->timer, call->timeout_ms, on_call_limit, call);
    }
    session_flush(session);
}

/* One that is not newer than this. */
static struct host_call *call_before(const struct host *host, host_call_id last)
{
    struct host_call *call = host->calls;

    while (call && call->id > last)
        call = call->next;
    return call;
}

/* Ends all calls that the connection took with it. New calls that this brings are not theirs. */
void lose_calls(struct host *host)
{
    struct ps_error why = { .id = "ConnectionLost", .category = CATEGORY_CONNECTION, .reason = "", .target = "",
                            .activity = "" };
    char text[sizeof(host->error.text)];
    host_call_id last = host->next_id;

    snprintf(text, sizeof(text), "%s", host->error.text);
    why.message = text;
    for (struct host_call *call; !host->dead && (call = call_before(host, last)) != NULL;)
        call_end(call, PS_LOST, &why);
}
