#include "ipamtui/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/call_copy.h"
#include "host_int.h"

static char *own(const char *text)
{
    return text && text[0] != '\0' ? x_strdup(text) : NULL;
}

static struct transport_target own_target(const struct transport_target *from)
{
    struct transport_target out = *from;

    out.name = x_strdup(from->name ? from->name : "");
    out.address = own(from->address);
    out.user = own(from->user);
    out.jump = own(from->jump);
    out.command = own(from->command);
    if (!out.command && from->kind == TRANSPORT_COMMAND)
        out.command = x_strdup(""); /* its error names the step */
    return out;
}

static void choose_dialect(struct host *host)
{
    enum host_dialect wanted = host->options.dialect == HOST_DIALECT_AUTO ? host->options.first : host->options.dialect;

    host->dialect = wanted == HOST_DIALECT_PLAIN ? &dialect_plain : &dialect_psrp;
    if (!command_of(host))
        host->dialect = &dialect_psrp;
}

struct host *host_new(struct transport_hub *hub, struct loop *loop, const struct transport_target *target,
                      const struct host_options *options, const struct host_events *events, void *ctx)
{
    struct host *host = x_alloc(sizeof(*host));

    host->loop = loop;
    host->hub = hub;
    host->target = own_target(target);
    if (options)
        host->options = *options;
    host->options.plain_command = own(host->options.plain_command);
    choose_dialect(host);
    if (host->options.runspaces <= 0)
        host->options.runspaces = RUNSPACES;
    if (host->options.start_timeout_ms <= 0)
        host->options.start_timeout_ms = START_TIMEOUT_MS;
    if (events)
        host->events = *events;
    host->ctx = ctx;
    return host;
}

void host_destroy(struct host *host)
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
    free((char *)host->options.plain_command);
    free(host);
}

void host_free(struct host *host)
{
    if (!host)
        return;
    host->dead = true;
    if (host->depth == 0)
        host_destroy(host);
}

/* Behind those that were sent and those that go before as well. */
static struct host_call **place_for(struct host *host, bool first)
{
    struct host_call **at = &host->calls;

    while (*at && (!first || (*at)->remote != 0 || (*at)->first))
        at = &(*at)->next;
    return at;
}

static host_call_id invoke(struct host *host, const struct ps_call *call, bool first, int64_t timeout_ms,
                           const struct ps_call_events *events, void *ctx)
{
    struct host_call *made = x_alloc(sizeof(*made)), **at = place_for(host, first);
    host_call_id id = ++host->next_id;

    made->host = host;
    made->id = id;
    made->first = first;
    made->call = call_copy(call, &made->mem);
    made->events = *events;
    made->ctx = ctx;
    made->timeout_ms = timeout_ms;
    made->next = *at;
    *at = made;
    watch_idle(host);
    host_enter(host);
    if (!host->session)
        connect_host(host);
    else
        send_calls(host);
    host_leave(host);
    return id;
}

host_call_id host_invoke(struct host *host, const struct ps_call *call, int64_t timeout_ms,
                         const struct ps_call_events *events, void *ctx)
{
    return invoke(host, call, false, timeout_ms, events, ctx);
}

host_call_id host_invoke_first(struct host *host, const struct ps_call *call, int64_t timeout_ms,
                               const struct ps_call_events *events, void *ctx)
{
    return invoke(host, call, true, timeout_ms, events, ctx);
}

void host_hold(struct host *host, bool hold)
{
    host->holds += hold ? 1 : -1;
    watch_idle(host);
}

unsigned host_session(const struct host *host)
{
    return host->opened;
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

    host_enter(host);
    call_end(call, PS_STOPPED, NULL);
    watch_idle(host);
    host_leave(host);
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
    host_enter(host);
    transport_answer(host->session->stream, answers);
    host_leave(host);
}

void host_close(struct host *host)
{
    struct session *session = host->session;
    struct err err = { 0 };

    if (!session)
        return;
    host_enter(host);
    loop_timer_stop(&host->idle);
    if (session->open) {
        session_retire(host, CLOSE_GRACE_MS);
        session->dialect->ops->close(session->dialect);
        session_flush(session);
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
    host_leave(host);
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

const char *host_edition(const struct host *host)
{
    return host->edition;
}

enum host_dialect host_dialect(const struct host *host)
{
    return host->dialect == &dialect_plain ? HOST_DIALECT_PLAIN : HOST_DIALECT_PSRP;
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
