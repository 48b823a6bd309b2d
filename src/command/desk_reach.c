/* desk_reach.c - the wire of the change engine, over the collector. */
#include "ipamtui/desk_reach.h"

static host_call_id reach_invoke(void *ctx, server_id server, const struct ps_call *call, int64_t timeout_ms,
                                 const struct ps_call_events *events, void *call_ctx)
{
    return collector_call(ctx, server, call, timeout_ms, events, call_ctx);
}

static void reach_forget(void *ctx, server_id server, host_call_id id)
{
    (void)server;
    collector_call_forget(ctx, id);
}

static const struct err *reach_error(void *ctx, server_id server)
{
    return collector_call_error(ctx, server);
}

static void reach_hold(void *ctx, server_id server, bool hold)
{
    collector_call_hold(ctx, server, hold);
}

static unsigned reach_session(void *ctx, server_id server)
{
    return collector_call_session(ctx, server);
}

static struct change_wire reach_open(void *ctx, struct loop *loop)
{
    return (struct change_wire){ .invoke = reach_invoke, .forget = reach_forget, .error = reach_error, .hold = reach_hold, .session = reach_session,
                                 .ctx = collector_calls_new(ctx, loop) };
}

static void reach_look_again(const struct change_wire *wire)
{
    collector_calls_look_again(wire->ctx);
}

static void reach_close(const struct change_wire *wire)
{
    collector_calls_free(wire->ctx);
}

struct desk_reach desk_reach_collector(struct collector *collector)
{
    return (struct desk_reach){ .open = reach_open, .look_again = reach_look_again, .close = reach_close, .ctx = collector };
}
