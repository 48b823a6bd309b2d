/* apply_call.c - a call on its way: its answers go to what was read, its first error record is kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply_int.h"
#include "ipamtui/fetch.h"
#include "ipamtui/text.h"

static void on_output(void *ctx, const struct ps_value *value)
{
    struct apply_call *call = ctx;

    if (call->kind == CALL_READ)
        seen_take(&call->server->seen, &call->server->reads[call->read], value);
    else if (call->kind == CALL_PID)
        (void)ps_int(value, &call->number);
    else if (call->kind == CALL_GONE)
        call->number = 1; /* there it is */
}

bool call_is_unknown(const char *error_id)
{
    static const char *const ids[] = { "CommandNotFound", "NamedParameterNotFound", "CouldNotAutoLoadModule" };

    for (size_t i = 0; i < COUNT(ids); i++)
        if (strncmp(error_id, ids[i], strlen(ids[i])) == 0)
            return true;
    return false;
}

/* Does the error say no more than that the thing asked about is not there? */
static bool says_absent(const struct ps_error *error)
{
    return !(error->id != NULL && call_is_unknown(error->id)) && error->category == 13; /* ObjectNotFound */
}

static void keep_error(struct apply_call *call, const struct ps_error *error)
{
    if (call->errored && !call->absent)
        return;
    call->errored = true;
    call->absent = says_absent(error);
    fetch_explain(error, call->server->name, &call->err);
    text_printable(error->message != NULL ? error->message : "", call->words, sizeof(call->words));
    /* "DHCP 20005,Get-DhcpServerv4Scope": the cmdlet is known */
    snprintf(call->error_id, sizeof(call->error_id), "%.*s", (int)MIN(strcspn(error->id != NULL ? error->id : "", ","), 90),
             error->id != NULL ? error->id : "");
    text_printable(arena_strdup(&call->server->read_mem, call->error_id), call->error_id, sizeof(call->error_id));
}

static void on_error(void *ctx, const struct ps_error *error)
{
    keep_error(ctx, error);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct apply_call *call = ctx;

    if (end == PS_FAILED && why != NULL)
        keep_error(call, why);
    call->id = 0;
    apply_server_answered(call, end, why);
}

bool apply_call_start(struct apply_server *server, enum call_kind kind, const struct ps_call *ps, struct apply_call **out)
{
    static const struct ps_call_events events = { .output = on_output, .error = on_error, .done = on_done };
    struct change_apply *apply = server->apply;
    struct apply_call *call = x_alloc(sizeof(*call));

    *call = (struct apply_call){ .server = server, .kind = kind, .next = server->calls };
    server->calls = call;
    server->in_flight++;
    apply->calls++;
    *out = call;
    call->id = apply->wire.invoke(apply->wire.ctx, server->id, ps, apply->limits.call_timeout_ms, &events, call);
    if (call->id != 0)
        return true;
    apply_call_free(call);
    return false;
}

void apply_call_free(struct apply_call *call)
{
    struct apply_server *server = call->server;

    for (struct apply_call **at = &server->calls; *at != NULL; at = &(*at)->next)
        if (*at == call) {
            *at = call->next;
            server->in_flight--;
            break;
        }
    if (call->id != 0)
        server->apply->wire.forget(server->apply->wire.ctx, server->id, call->id);
    free(call);
}
