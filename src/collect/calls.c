/* calls.c - calls that another thread makes over the collector's sessions: a change, while the collector goes on retrieving.
 *
 * The caller's end keeps what waits for an answer; the collector's end relays: a call goes there as a copy, what is answered comes
 * back as copies, in messages of up to BATCH parts, the last of which ends it. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"
#include "ipamtui/call_copy.h"

enum { BATCH = 256 };

/* ------------------------------------------------------------------ what goes between the threads */
struct part {
    bool is_error;
    struct ps_value value;
    struct ps_error error;
    struct part *next;
};
struct answer {
    uint64_t id; /* 0: nothing comes after this */
    server_id server;
    struct arena mem;
    struct part *first, **last;
    size_t count;
    bool ended;
    enum ps_end end;
    bool has_why;
    struct ps_error why;
    struct err err; /* PS_LOST: why the server cannot be reached */
    unsigned session;
};

static struct answer *answer_new(uint64_t id, server_id server)
{
    struct answer *answer = x_alloc(sizeof(*answer));

    answer->id = id;
    answer->server = server;
    answer->last = &answer->first;
    return answer;
}

static void answer_free(void *message)
{
    struct answer *answer = message;

    if (!answer)
        return;
    arena_done(&answer->mem);
    free(answer);
}

/* ------------------------------------------------------------------ the caller's end */
struct waiting {
    uint64_t id;
    struct ps_call_events events;
    void *ctx;
    struct waiting *next;
};
/* What the last call of a server said about how it is reached. */
struct reached {
    server_id server;
    unsigned session;
    struct err err; /* kind ERR_NONE: it was not lost */
};
struct collector_calls {
    struct collector *c;
    struct loop_watch *watch;
    struct mailbox *answers;
    uint64_t next_id;
    unsigned look; /* raised when the way to a server is to be looked up again */
    struct waiting *waiting;
    struct reached *reached;
    size_t reached_count, reached_cap;
};

static struct waiting **find(struct collector_calls *calls, uint64_t id)
{
    struct waiting **at = &calls->waiting;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static struct reached *reached_of(struct collector_calls *calls, server_id server)
{
    for (size_t i = 0; i < calls->reached_count; i++)
        if (calls->reached[i].server == server)
            return &calls->reached[i];
    x_grow(&calls->reached, &calls->reached_cap, calls->reached_count + 1, sizeof(*calls->reached));
    calls->reached[calls->reached_count] = (struct reached){ .server = server };
    return &calls->reached[calls->reached_count++];
}

/* A callback may forget any call, also its own. */
static void deliver(struct collector_calls *calls, const struct answer *answer)
{
    struct waiting **at = NULL, *waiting = NULL;

    for (const struct part *part = answer->first; part; part = part->next) {
        waiting = *find(calls, answer->id);
        if (!waiting)
            return;
        if (part->is_error && waiting->events.error)
            waiting->events.error(waiting->ctx, &part->error);
        else if (!part->is_error && waiting->events.output)
            waiting->events.output(waiting->ctx, &part->value);
    }
    at = find(calls, answer->id);
    waiting = *at;
    if (!waiting || !answer->ended)
        return;
    *at = waiting->next;
    *reached_of(calls, answer->server) = (struct reached){ .server = answer->server, .session = answer->session, .err = answer->err };
    if (waiting->events.done)
        waiting->events.done(waiting->ctx, answer->end, answer->has_why ? &answer->why : NULL);
    free(waiting);
}

static void on_answers(void *ctx, int fd, short revents)
{
    struct collector_calls *calls = ctx;
    struct answer *answer = NULL;

    (void)fd;
    (void)revents;
    while ((answer = mailbox_get(calls->answers))) {
        deliver(calls, answer);
        answer_free(answer);
    }
}

struct collector_calls *collector_calls_new(struct collector *c, struct loop *loop)
{
    struct collector_calls *calls = x_alloc(sizeof(*calls));

    calls->c = c;
    calls->look = 1;
    calls->answers = mailbox_new();
    calls->watch = loop_watch(loop, mailbox_fd(calls->answers), POLLIN, on_answers, calls);
    return calls;
}

void collector_calls_look_again(struct collector_calls *calls)
{
    calls->look++;
}

uint64_t collector_call(struct collector_calls *calls, server_id server, const struct ps_call *call, int64_t timeout_ms,
                        const struct ps_call_events *events, void *ctx)
{
    struct call_request *request = x_alloc(sizeof(*request));
    struct waiting *waiting = x_alloc(sizeof(*waiting));

    waiting->id = ++calls->next_id;
    waiting->events = *events;
    waiting->ctx = ctx;
    waiting->next = calls->waiting;
    calls->waiting = waiting;
    request->kind = CALL_MAKE;
    request->calls = calls;
    request->id = waiting->id;
    request->server = server;
    request->look = calls->look;
    request->timeout_ms = timeout_ms;
    request->call = call_copy(call, &request->mem);
    collector_put_call(calls->c, request);
    return waiting->id;
}

static void put_plain(struct collector_calls *calls, enum call_request_kind kind, uint64_t id, server_id server)
{
    struct call_request *request = x_alloc(sizeof(*request));

    request->kind = kind;
    request->calls = calls;
    request->id = id;
    request->server = server;
    collector_put_call(calls->c, request);
}

void collector_call_forget(struct collector_calls *calls, uint64_t id)
{
    struct waiting **at = find(calls, id), *waiting = *at;

    if (!waiting)
        return;
    *at = waiting->next;
    free(waiting);
    put_plain(calls, CALL_FORGET, id, 0);
}

const struct err *collector_call_error(struct collector_calls *calls, server_id server)
{
    return &reached_of(calls, server)->err;
}

unsigned collector_call_session(struct collector_calls *calls, server_id server)
{
    return reached_of(calls, server)->session;
}

void collector_call_hold(struct collector_calls *calls, server_id server, bool hold)
{
    put_plain(calls, hold ? CALL_HOLD : CALL_RELEASE, 0, server);
}

/* Waits for the collector's word that it sends nothing any more. */
static void wait_for_last(struct collector_calls *calls)
{
    struct pollfd fd = { .fd = mailbox_fd(calls->answers), .events = POLLIN };
    bool last = false;

    while (!last) {
        struct answer *answer = mailbox_get(calls->answers);

        if (!answer)
            poll(&fd, 1, -1);
        last = answer && answer->id == 0;
        answer_free(answer);
    }
}

void collector_calls_free(struct collector_calls *calls)
{
    if (!calls)
        return;
    loop_unwatch(calls->watch);
    put_plain(calls, CALL_END, 0, 0);
    wait_for_last(calls);
    while (calls->waiting) {
        struct waiting *next = calls->waiting->next;
        free(calls->waiting);
        calls->waiting = next;
    }
    mailbox_free(calls->answers, answer_free);
    free(calls->reached);
    free(calls);
}

/* ------------------------------------------------------------------ the collector's end */
struct relay {
    struct collector_calls *calls;
    uint64_t id;
    struct server *server;
    host_call_id call;
    struct answer *answer;
    struct relay *next;
};

static void send_answer(struct relay *relay)
{
    mailbox_put_take(relay->calls->answers, relay->answer);
    relay->answer = NULL;
}

static struct part *part_new(struct relay *relay)
{
    struct answer *answer = relay->answer;
    struct part *part = NULL;

    if (answer && answer->count == BATCH) {
        send_answer(relay);
        answer = NULL;
    }
    if (!answer)
        answer = relay->answer = answer_new(relay->id, relay->server->id);
    part = arena_alloc(&answer->mem, sizeof(*part));
    *answer->last = part;
    answer->last = &part->next;
    answer->count++;
    return part;
}

static void on_output(void *ctx, const struct ps_value *value)
{
    struct part *part = part_new(ctx);

    part->value = value_copy(value, &((struct relay *)ctx)->answer->mem);
}

static void on_error(void *ctx, const struct ps_error *error)
{
    struct part *part = part_new(ctx);

    part->is_error = true;
    part->error = error_copy(error, &((struct relay *)ctx)->answer->mem);
}

bool server_is_lent(const struct server *server)
{
    return server->relays > 0 || server->holds > 0;
}

static void relay_free(struct relay *relay)
{
    struct relay **at = &relay->server->c->relays;

    while (*at != relay)
        at = &(*at)->next;
    *at = relay->next;
    relay->server->relays--;
    answer_free(relay->answer);
    free(relay);
}

static void relay_end(struct relay *relay, enum ps_end end, const struct ps_error *why, const struct err *err)
{
    struct answer *answer = relay->answer ? relay->answer : answer_new(relay->id, relay->server->id);

    answer->ended = true;
    answer->end = end;
    answer->has_why = why != NULL;
    if (why)
        answer->why = error_copy(why, &answer->mem);
    if (end == PS_LOST)
        answer->err = *err;
    answer->session = relay->server->host ? host_session(relay->server->host) : 0;
    relay->answer = answer;
    send_answer(relay);
    relay_free(relay);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct relay *relay = ctx;

    relay_end(relay, end, why, host_error(relay->server->host));
}

static void relay_refuse(struct relay *relay, const struct err *err)
{
    struct ps_error why = { .message = err->text, .id = "ConnectionLost", .category = 27 /* ConnectionError */ };

    relay_end(relay, PS_LOST, &why, err);
}

/* How a server is reached is read once for each change, and never while something runs over its session. */
static bool reach(struct server *server, unsigned look, struct err *err)
{
    if (server->host && (server->task || server->relays > 0 || server->looked == look))
        return true;
    server->looked = look;
    return server_prepare(server, true, err);
}

static void relay_start(struct collector *c, struct call_request *request)
{
    static const struct ps_call_events events = { .output = on_output, .error = on_error, .done = on_done };
    struct server *server = server_get(c, request->server);
    struct err err = { 0 };
    bool reached = reach(server, request->look, &err);
    struct relay *relay = x_alloc(sizeof(*relay));

    *relay = (struct relay){ .calls = request->calls, .id = request->id, .server = server, .next = c->relays };
    c->relays = relay;
    server->relays++;
    if (reached)
        relay->call = host_invoke_first(server->host, &request->call, request->timeout_ms, &events, relay);
    else
        relay_refuse(relay, &err);
}

/* Those of one caller, or one of them (id not 0): without a word. */
static void relays_forget(struct collector *c, const struct collector_calls *calls, uint64_t id)
{
    for (struct relay *relay = c->relays, *next = NULL; relay; relay = next) {
        next = relay->next;
        if (relay->calls == calls && (id == 0 || relay->id == id)) {
            host_forget(relay->server->host, relay->call);
            relay_free(relay);
        }
    }
}

/* What was changed meanwhile about how it is reached holds from now on. */
static void release(struct server *server, size_t holds)
{
    server->holds -= holds;
    for (size_t i = 0; i < holds && server->host; i++)
        host_hold(server->host, false);
    if (server->changed && !server->task && !server_is_lent(server))
        server_drop(server);
}

static void hold(struct server *server, const struct collector_calls *calls)
{
    server->holds++;
    server->holder = calls;
    if (server->host)
        host_hold(server->host, true);
}

static void release_all(struct collector *c, const struct collector_calls *calls)
{
    for (size_t i = 0; i < c->server_count; i++)
        if (c->servers[i]->holder == calls)
            release(c->servers[i], c->servers[i]->holds);
}

void relays_lose(struct server *server)
{
    struct err err = { 0 };

    err_set(&err, ERR_CANCELLED, server->name, "the session was given up: the server is reached in another way now, or not any more");
    for (struct relay *relay = server->c->relays, *next = NULL; relay; relay = next) {
        next = relay->next;
        if (relay->server == server)
            relay_refuse(relay, &err);
    }
}

void calls_take(struct collector *c, struct call_request *request)
{
    switch (request->kind) {
    case CALL_MAKE:
        relay_start(c, request);
        break;
    case CALL_FORGET:
        relays_forget(c, request->calls, request->id);
        break;
    case CALL_HOLD:
        hold(server_get(c, request->server), request->calls);
        break;
    case CALL_RELEASE:
        if (server_get(c, request->server)->holds > 0)
            release(server_get(c, request->server), 1);
        break;
    case CALL_END:
        relays_forget(c, request->calls, 0);
        release_all(c, request->calls);
        mailbox_put_take(request->calls->answers, answer_new(0, 0));
        break;
    }
}

void call_request_free(struct call_request *request)
{
    if (!request)
        return;
    arena_done(&request->mem);
    free(request);
}
