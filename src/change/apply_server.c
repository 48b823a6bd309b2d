/* apply_server.c - one server's way through its steps.
 *
 *   asking pid -> reading -> journaling -> sending -> reading back -> next window ... ended
 *                                             | a call was lost
 *                                             v
 *                                         settling <-> gone asking, gone waiting -> the rest of the window from reading
 *
 * Nothing is ever sent again by itself: what was lost is read until it is sure what became of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply_int.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"

enum { GONE_AGAIN_MS = 50, GONE_AGAIN_MOST_MS = 2000, REACH_AGAIN_MS = 3000, SESSIONS_MAX = 5 };

static void window_open(struct apply_server *server);
static void server_send(struct apply_server *server);
static void settle_next(struct apply_server *server);
static void read_begin(struct apply_server *server, enum server_phase phase);
static void open_ahead(struct apply_server *server);

/* ------------------------------------------------------------------ windows */
static bool is_waiting(const struct change_apply *apply, size_t at)
{
    enum change_state state = apply->steps[at].state;

    if (apply->settling)
        return (state == CHANGE_OPEN || state == CHANGE_UNKNOWN) && apply->work[at].dirty == false;
    return state == CHANGE_PLANNED || (state == CHANGE_OPEN && !apply->work[at].sent);
}

/* Everything of the server that is not sent yet gets one state and reason; counts as one failure at most. */
static void end_rest(struct apply_server *server, enum change_state state, const char *text, const char *hint)
{
    struct change_apply *apply = server->apply;
    size_t failures = apply->failures;
    bool any = false;

    for (size_t i = server->first; i < server->end; i++)
        if (is_waiting(apply, i)) {
            apply->steps[i].hint = hint;
            step_settle(apply, i, state, text);
            any = true;
        }
    if (apply->failures > failures) {
        apply->failures = failures;
        apply_failure(apply);
    }
    if (any)
        apply_journal_soon(apply, false);
}

static void hold_session(struct apply_server *server, bool hold)
{
    const struct change_wire *wire = &server->apply->wire;

    if (wire->hold != NULL && server->held != hold)
        wire->hold(wire->ctx, server->id, hold);
    server->held = hold;
}

static void server_end(struct apply_server *server)
{
    loop_timer_stop(&server->timer);
    hold_session(server, false);
    server->phase = SERVER_ENDED;
    apply_server_ended(server);
}

static size_t window_end(const struct apply_server *server, size_t from)
{
    const struct change_apply *apply = server->apply;
    size_t to = from;

    while (to < server->end && to - from < WINDOW_STEPS &&
           (!apply->settling || strcmp(apply->work[to].session, apply->work[from].session) == 0))
        to++;
    /* a call is not cut in two */
    while (to < server->end && to > from && apply->steps[to].call == apply->steps[to - 1].call &&
           apply->work[to].change == apply->work[to - 1].change)
        to++;
    return to;
}

static void settle_window(struct apply_server *server)
{
    struct change_apply *apply = server->apply;
    int64_t opened_s = 0, limit_ms, now_s = clock_now_s();

    for (size_t i = server->from; i < server->to; i++) {
        apply->work[i].sent = true;
        opened_s = MAX(opened_s, apply->steps[i].opened_at);
    }
    snprintf(server->lost_session, sizeof(server->lost_session), "%s", apply->work[server->from].session);
    /* The owner may have died this moment; but what was opened long ago has run out whatever happened. */
    limit_ms = (now_s - opened_s) * 1000 - apply->limits.call_timeout_ms - apply->limits.fresh_ms;
    server->lost_ms = clock_mono_ms() - (opened_s != 0 && limit_ms > 0 ? limit_ms : 0);
    server->gone = false;
    server->lost = true;
    settle_next(server);
}

static void window_open(struct apply_server *server)
{
    struct change_apply *apply = server->apply;
    size_t from = server->to;

    while (from < server->end && !is_waiting(apply, from))
        from++;
    server->from = server->next = from;
    server->to = from < server->end ? window_end(server, from) : from;
    server->journaled = false;
    server->retries = 0;
    if (from == server->end) {
        server_end(server);
    } else if (apply->settling) {
        settle_window(server);
    } else if (apply->stopping) {
        end_rest(server, CHANGE_SKIPPED, "stopped before it was sent", "retry it");
        server_end(server);
    } else {
        open_ahead(server);
        read_begin(server, SERVER_READING);
    }
}

/* wire.invoke() knows nobody to call. */
static const char *why_none(struct apply_server *server)
{
    const struct change_wire *wire = &server->apply->wire;
    const struct err *err = wire->error != NULL ? wire->error(wire->ctx, server->id) : NULL;

    return err != NULL && err->kind != ERR_NONE ? err->text : "the server is not in the list of servers any more";
}

/* ------------------------------------------------------------------ which process is at the other end */
/* What a journal must know to tell later whether a call that was under way can still do something. */
static void ask_pid(struct apply_server *server)
{
    struct ps_param params[] = { { .name = "Name", .value = PS_S("PID") }, { .name = "ValueOnly", .value = PS_B(true) },
                                 { .name = "ErrorAction", .value = PS_S("Continue") } };
    struct ps_command command = { .name = "Get-Variable", .params = params, .param_count = COUNT(params) };
    struct ps_call call = { .commands = &command, .command_count = 1 };
    struct apply_call *made;

    server->phase = SERVER_ASKING_PID;
    if (!apply_call_start(server, CALL_PID, &call, &made)) {
        end_rest(server, CHANGE_FAILED, why_none(server), "");
        server_end(server);
    }
}

static const char *why_lost(struct apply_server *server, const struct ps_error *why, char *out, size_t size)
{
    const struct err *err = server->apply->wire.error != NULL
                                ? server->apply->wire.error(server->apply->wire.ctx, server->id)
                                : NULL;

    if (err != NULL && err->kind != ERR_NONE)
        snprintf(out, size, "%s", err->text);
    else
        snprintf(out, size, "%s", why != NULL && why->message != NULL ? why->message : "the connection was lost");
    return out;
}

static unsigned session_no(const struct apply_server *server)
{
    const struct change_wire *wire = &server->apply->wire;

    return wire->session != NULL ? wire->session(wire->ctx, server->id) : 0;
}

static void pid_answered(struct apply_server *server, enum ps_end end, int64_t number, const struct ps_error *why)
{
    char text[300];

    server->session_asked = true;
    server->session_no = session_no(server);
    server->session[0] = '\0';
    if (end == PS_LOST) {
        end_rest(server, CHANGE_FAILED, why_lost(server, why, text, sizeof(text)), "nothing was sent; retry when it answers");
        server_end(server);
        return;
    }
    if (number > 0)
        snprintf(server->session, sizeof(server->session), "pid %lld", (long long)number);
    if (server->next < server->to) { /* in the middle of a window, after a loss: another session will carry it out */
        open_ahead(server);
        read_begin(server, SERVER_READING);
    } else {
        window_open(server);
    }
}

/* ------------------------------------------------------------------ reading */
/* Which steps of the window does a reading serve? */
static bool is_read(const struct apply_server *server, size_t at, enum server_phase phase)
{
    const struct step_work *work = &server->apply->work[at];
    enum change_state state = server->apply->steps[at].state;

    if (phase == SERVER_READING)
        return is_waiting(server->apply, at);
    return work->sent && (state == CHANGE_OPEN || state == CHANGE_UNKNOWN);
}

static void read_more(struct apply_server *server);

static void read_begin(struct apply_server *server, enum server_phase phase)
{
    struct change_apply *apply = server->apply;
    const struct change_step **list;
    size_t count = 0;

    server->phase = phase;
    arena_reset(&server->read_mem);
    list = arena_alloc(&server->read_mem, (server->to - server->from + 1) * sizeof(*list));
    for (size_t i = phase == SERVER_READING ? server->next : server->from; i < server->to; i++)
        if (is_read(server, i, phase))
            list[count++] = &apply->steps[i];
    seen_clear(&server->seen);
    server->seen.at_ms = clock_mono_ms();
    server->read_count = count > 0 ? reread_calls(list, count, server->whole, &server->read_mem, &server->reads) : 0;
    server->read_next = 0;
    server->reads_open = 0;
    read_more(server);
}

static void reading_done(struct apply_server *server);

static void read_more(struct apply_server *server)
{
    struct apply_call *call;

    while (server->reads_open < READS_AT_ONCE && server->read_next < server->read_count) {
        size_t read = server->read_next++;

        if (!apply_call_start(server, CALL_READ, &server->reads[read].call, &call)) {
            server->seen.failed = true;
            err_set(&server->seen.err, ERR_NOT_FOUND, server->name, "%s", why_none(server));
            server->read_next = server->read_count;
            break;
        }
        call->read = read;
        server->reads_open++;
    }
    if (server->reads_open == 0 && server->read_next >= server->read_count)
        reading_done(server);
}

static void read_failed(struct apply_server *server, struct apply_call *call, enum ps_end end, const struct ps_error *why)
{
    struct seen *seen = &server->seen;
    char text[300];

    seen->failed = true;
    if (seen->err.kind != ERR_NONE)
        return;
    if (end == PS_LOST) {
        seen->lost = true;
        err_set(&seen->err, ERR_UNREACHABLE, server->name, "%s", why_lost(server, why, text, sizeof(text)));
        server->read_next = server->read_count;
        return;
    }
    if (!call->errored) {
        err_set(&seen->err, ERR_CANCELLED, server->name, "reading was stopped");
        return;
    }
    seen->err = call->err;
    snprintf(seen->error_id, sizeof(seen->error_id), "%s", call->error_id);
    snprintf(seen->words, sizeof(seen->words), "%s", call->words);
}

static void read_answered(struct apply_call *call, enum ps_end end, const struct ps_error *why)
{
    struct apply_server *server = call->server;

    server->reads_open--;
    if (end != PS_COMPLETED ? !(end == PS_FAILED && call->errored && call->absent) : call->errored && !call->absent)
        read_failed(server, call, end, why);
    apply_call_free(call);
    read_more(server);
}

/* ------------------------------------------------------------------ before sending */
static void open_step(struct apply_server *server, size_t at)
{
    struct change_apply *apply = server->apply;

    apply->steps[at].state = CHANGE_OPEN;
    apply->steps[at].opened_at = clock_now_s();
    apply->work[at].dirty = true;
    apply_step_changed(apply, at);
}

/* Journaled while they are being read, so that nobody waits for the disk afterwards: open means that it may have been sent.
 * A value that is not known yet must be in the journal first, for the way back: that step is opened when it was read. */
static void open_ahead(struct apply_server *server)
{
    struct change_apply *apply = server->apply;
    bool any = false;

    for (size_t i = server->next; i < server->to; i++)
        if (is_waiting(apply, i) && (apply->steps[i].op != OP_SET || apply->steps[i].before.type != VALUE_NULL)) {
            open_step(server, i);
            any = true;
        }
    server->opened = any;
    server->journaled = !any;
    if (any)
        apply_journal_soon(apply, true);
}

static void open_rest(struct apply_server *server)
{
    struct change_apply *apply = server->apply;
    bool any = false;

    for (size_t i = server->next; i < server->to; i++)
        if (apply->work[i].send && apply->steps[i].state != CHANGE_OPEN) {
            open_step(server, i);
            any = true;
        }
    if (any) {
        server->opened = true;
        server->journaled = false;
        apply_journal_soon(apply, true);
    }
}

static void send_or_wait(struct apply_server *server)
{
    struct change_apply *apply = server->apply;
    bool any = false;

    for (size_t i = server->next; i < server->to; i++)
        any = any || apply->work[i].send;
    if (!any) { /* nothing of it is to be sent */
        server->next = server->to;
        apply_journal_soon(apply, false);
        server_send(server);
        return;
    }
    open_rest(server);
    if (server->journaled)
        server_send(server);
    else
        server->phase = SERVER_JOURNALING;
}

static void judge_window(struct apply_server *server)
{
    struct change_apply *apply = server->apply;
    size_t first = server->next;

    for (size_t i = first; i < server->to; first = i) {
        while (i < server->to && apply->steps[i].call == apply->steps[first].call)
            i++;
        judge_before(apply, &server->seen, first, i - first);
    }
}

static void read_before_done(struct apply_server *server)
{
    if (server->seen.lost) {
        if (server->retries++ == 0 && !server->apply->stopping) { /* a session that broke meanwhile: once more */
            ask_pid(server);
            return;
        }
        end_rest(server, CHANGE_FAILED, server->seen.err.text, "nothing was sent; retry when it answers");
        server_end(server);
        return;
    }
    /* The session was opened anew meanwhile: another process will carry out what is sent, and the journal must know which. */
    if (session_no(server) != server->session_no && server->retries++ < SESSIONS_MAX && !server->apply->stopping) {
        ask_pid(server);
        return;
    }
    server->retries = 0;
    server->sent_since_read = 0;
    if (server->apply->stopping) {
        end_rest(server, CHANGE_SKIPPED, "stopped before it was sent", "retry it");
        server->next = server->to;
        server_send(server);
        return;
    }
    judge_window(server);
    send_or_wait(server);
}

void apply_server_journaled(struct apply_server *server)
{
    if (server->opened)
        server->journaled = true;
    server->opened = false;
    if (server->phase == SERVER_JOURNALING)
        server_send(server);
}

/* ------------------------------------------------------------------ sending */
static bool rests_well(struct apply_server *server, const struct change_step *step)
{
    struct change_apply *apply = server->apply;

    for (size_t i = server->first; step->rests_on != 0 && i < server->end; i++)
        if (apply->steps[i].no == step->rests_on && apply->work[i].change == apply->work[step - apply->steps].change)
            return apply->steps[i].state == CHANGE_DONE || (apply->work[i].answered && !apply->work[i].refused) ||
                   (apply->steps[i].state == CHANGE_SKIPPED && apply->steps[i].op == OP_REMOVE);
    return true;
}

static bool group_is_busy(const struct apply_server *server, struct value group)
{
    for (const struct apply_call *call = server->calls; call != NULL; call = call->next)
        if (call->kind == CALL_SEND && value_equal(call->group, group))
            return true;
    return false;
}

static void send_call(struct apply_server *server, size_t first, size_t count)
{
    struct change_apply *apply = server->apply;
    struct arena mem = { 0 };
    const struct change_step **list = arena_alloc(&mem, count * sizeof(*list));
    const struct seen_row *row;
    struct apply_call *call;
    struct ps_call ps;
    struct err err = { 0 };
    size_t n = 0;

    for (size_t i = first; i < first + count; i++)
        if (apply->work[i].send)
            list[n++] = &apply->steps[i];
    row = seen_find(&server->seen, list[0]);
    if (!steps_call(list, n, row != NULL ? row->values : NULL, &mem, &ps, &err)) {
        for (size_t i = first; i < first + count; i++)
            if (apply->work[i].send)
                step_settle(apply, i, CHANGE_FAILED, err.text);
    } else if (apply_call_start(server, CALL_SEND, &ps, &call)) {
        server->sent_since_read++;
        call->first = first;
        call->count = count;
        call->group = step_group(&apply->steps[first]);
        for (size_t i = first; i < first + count; i++)
            apply->work[i].sent = apply->work[i].sent || apply->work[i].send;
    } else {
        end_rest(server, CHANGE_FAILED, why_none(server), "");
    }
    arena_done(&mem);
}

/* The next call of the window. false: none now. */
static bool send_next(struct apply_server *server)
{
    struct change_apply *apply = server->apply;
    size_t first = server->next, end = first;
    bool any = false;

    while (end < server->to && apply->steps[end].call == apply->steps[first].call) {
        if (apply->work[end].send && !rests_well(server, &apply->steps[end]))
            step_settle(apply, end, CHANGE_SKIPPED, "what it takes the place of could not be removed");
        any = any || apply->work[end].send;
        end++;
    }
    if (any && group_is_busy(server, step_group(&apply->steps[first])))
        return false;
    if (any)
        send_call(server, first, end - first);
    server->next = end;
    return true;
}

static void sending_done(struct apply_server *server)
{
    bool any = false;

    for (size_t i = server->from; i < server->to; i++)
        any = any || is_read(server, i, SERVER_READING_BACK);
    if (any && server->lost) {
        server->gone = false;
        settle_next(server);
    } else if (any) {
        read_begin(server, SERVER_READING_BACK);
    } else {
        window_open(server);
    }
}

static void server_send(struct apply_server *server)
{
    struct change_apply *apply = server->apply;

    server->phase = SERVER_SENDING;
    while (server->next < server->to && !server->lost && server->in_flight < (size_t)apply->limits.per_server) {
        if (apply->stopping) {
            end_rest(server, CHANGE_SKIPPED, "stopped before it was sent", "retry it");
            server->next = server->to;
            break;
        }
        if (server->sent_since_read > 0 && clock_mono_ms() - server->seen.at_ms > apply->limits.fresh_ms) {
            if (server->in_flight == 0) { /* what was sent is read back now, not when the slow window has ended: results are waited for */
                server->to = server->next;
                sending_done(server);
            }
            return; /* else: when what is in flight has ended */
        }
        if (!send_next(server))
            return;
    }
    if (server->in_flight == 0 && (server->next >= server->to || server->lost))
        sending_done(server);
}

/* The error of a call goes to each of its steps. */
static void keep_refusal(struct apply_server *server, const struct apply_call *call, size_t at)
{
    struct change_apply *apply = server->apply;
    struct change_step *step = &apply->steps[at];
    const char *words = call->words[0] != '\0' ? call->words : call->err.text;

    step->text = arena_strdup(&apply->mem, words);
    step->error_id = arena_strdup(&apply->mem, call->error_id);
    step->hint = strcmp(words, call->err.text) != 0 ? arena_strdup(&apply->mem, call->err.text) : "";
}

static void send_answered(struct apply_call *call, enum ps_end end, const struct ps_error *why)
{
    struct apply_server *server = call->server;
    struct change_apply *apply = server->apply;
    bool late = host_call_stopped(end, why);
    char text[300];

    for (size_t i = call->first; i < call->first + call->count; i++) {
        struct step_work *work = &apply->work[i];

        if (!work->send || !work->sent)
            continue;
        work->send = false;
        if (end == PS_LOST || late) {
            apply->steps[i].text = end == PS_LOST ? arena_strdup(&apply->mem, why_lost(server, why, text, sizeof(text)))
                                                  : "the call took too long and was stopped";
            continue;
        }
        work->answered = apply->steps[i].answered = true;
        work->refused = call->errored;
        if (call->errored) {
            keep_refusal(server, call, i);
            apply_failure(apply); /* now: whoever stops after K failures does not want the window's rest */
        }
        apply_step_changed(apply, i);
    }
    if (end == PS_LOST && !server->lost) {
        server->lost = true;
        server->lost_ms = clock_mono_ms();
        server->session_asked = false;
        /* sent over another session than the journal knows: which process it was cannot be asked about */
        snprintf(server->lost_session, sizeof(server->lost_session), "%s",
                 session_no(server) == server->session_no ? server->session : "");
    }
    apply_call_free(call);
    server_send(server);
}

/* ------------------------------------------------------------------ settling what is uncertain */
static bool time_is_over(const struct apply_server *server)
{
    return clock_mono_ms() - server->lost_ms >= server->apply->limits.gone_ms;
}

static void settle_next(struct apply_server *server)
{
    server->gone_again_ms = MAX(server->gone_again_ms, GONE_AGAIN_MS);
    read_begin(server, SERVER_SETTLING);
}

static void ask_gone(struct apply_server *server)
{
    int64_t pid = strtoll(server->lost_session + strcspn(server->lost_session, "0123456789"), NULL, 10);
    struct ps_param params[] = { { .name = "Id", .value = { .type = PS_I32, .i = pid } },
                                 { .name = "ErrorAction", .value = PS_S("Continue") } };
    struct ps_command command = { .name = "Get-Process", .params = params, .param_count = COUNT(params) };
    struct ps_call call = { .commands = &command, .command_count = 1 };
    struct apply_call *made;

    server->phase = SERVER_GONE_ASKING;
    if (!apply_call_start(server, CALL_GONE, &call, &made)) {
        server->gone = true;
        settle_next(server);
    }
}

static void on_waited(void *ctx)
{
    struct apply_server *server = ctx;

    if (server->lost_session[0] != '\0' && !time_is_over(server))
        ask_gone(server);
    else
        settle_next(server);
}

static void wait_gone(struct apply_server *server, int64_t most_ms)
{
    int64_t rest = server->lost_ms + server->apply->limits.gone_ms - clock_mono_ms();

    server->phase = SERVER_GONE_WAITING;
    loop_timer_in(server->apply->loop, &server->timer, MAX(0, MIN(rest, most_ms)), on_waited, server);
}

static void gone_answered(struct apply_call *call, enum ps_end end)
{
    struct apply_server *server = call->server;
    bool there = call->number != 0;

    if (!there && call->errored && call->absent) {
        server->gone = true;
    } else if (!there || end == PS_LOST) {
        server->lost_session[0] = '\0'; /* it cannot be asked about: only time tells */
    }
    apply_call_free(call);
    if (server->gone)
        settle_next(server);
    else
        wait_gone(server, there ? server->gone_again_ms : INT64_MAX / 2);
    server->gone_again_ms = MIN(server->gone_again_ms * 2, GONE_AGAIN_MOST_MS);
}

/* After a loss the rest of the window is sent over the new connection, freshly read; its session is another one. */
static void go_on(struct apply_server *server)
{
    server->lost = false;
    server->journaled = false;
    while (server->next < server->to && !is_waiting(server->apply, server->next))
        server->next++;
    if (server->next >= server->to || server->apply->settling) {
        server->to = server->apply->settling ? server->to : MAX(server->to, server->next);
        if (!server->apply->settling && !server->session_asked) {
            server->from = server->next = server->to;
            ask_pid(server);
            return;
        }
        window_open(server);
    } else if (!server->session_asked) {
        ask_pid(server);
    } else {
        read_begin(server, SERVER_READING);
    }
}

/* What was read goes to the lists with the next commit; what is read next begins anew. */
static void keep_values(struct apply_server *server)
{
    struct change_apply *apply = server->apply;
    struct fresh_values *fresh;

    if (server->seen.count == 0)
        return;
    x_grow(&apply->fresh, &apply->fresh_cap, apply->fresh_count + 1, sizeof(*apply->fresh));
    fresh = &apply->fresh[apply->fresh_count++];
    *fresh = (struct fresh_values){ .server = server, .seen = server->seen, .from = server->from, .to = server->to };
    server->seen = (struct seen){ .at_ms = fresh->seen.at_ms, .failed = fresh->seen.failed, .lost = fresh->seen.lost,
                                  .err = fresh->seen.err };
}

static void settled_read(struct apply_server *server)
{
    struct change_apply *apply = server->apply;
    bool unreachable = server->seen.lost;
    /* A server that restarts comes back; a start of the console does not wait for it, nor does who stopped. */
    bool final = server->gone || time_is_over(server) || (unreachable && (apply->settling || apply->stopping));
    bool all = true;
    char text[300];

    for (size_t i = server->from; i < server->to; i++)
        if (is_read(server, i, SERVER_SETTLING) && !(apply->settling && apply->work[i].dirty) &&
            !judge_after(apply, &server->seen, i, final))
            all = false;
    keep_values(server);
    apply_journal_soon(apply, false);
    if (!all) {
        if (unreachable)
            wait_gone(server, REACH_AGAIN_MS);
        else if (server->lost_session[0] != '\0')
            ask_gone(server);
        else
            wait_gone(server, INT64_MAX / 2);
        return;
    }
    if (unreachable && !apply->settling) {
        snprintf(text, sizeof(text), "not sent: %.250s", server->seen.err.text);
        end_rest(server, CHANGE_FAILED, text, "retry when it answers");
        server_end(server);
        return;
    }
    go_on(server);
}

/* ------------------------------------------------------------------ a reading has ended */
static void reading_done(struct apply_server *server)
{
    struct change_apply *apply = server->apply;

    if (server->seen.failed && !server->whole && call_is_unknown(server->seen.error_id)) {
        server->whole = true; /* an endpoint with few commands: Select-Object is none of them */
        read_begin(server, server->phase);
        return;
    }
    switch (server->phase) {
    case SERVER_READING: read_before_done(server); break;
    case SERVER_READING_BACK:
        if (server->seen.lost && server->retries++ == 0) { /* over a new connection, once */
            read_begin(server, SERVER_READING_BACK);
            break;
        }
        for (size_t i = server->from; i < server->to; i++)
            if (is_read(server, i, SERVER_READING_BACK))
                judge_after(apply, &server->seen, i, true);
        keep_values(server);
        apply_journal_soon(apply, false);
        window_open(server);
        break;
    case SERVER_SETTLING:
        settled_read(server);
        break;
    default: break;
    }
}

void apply_server_answered(struct apply_call *call, enum ps_end end, const struct ps_error *why)
{
    struct apply_server *server = call->server;
    int64_t number = call->number;

    switch (call->kind) {
    case CALL_PID:
        apply_call_free(call);
        pid_answered(server, end, number, why);
        break;
    case CALL_READ: read_answered(call, end, why); break;
    case CALL_SEND: send_answered(call, end, why); break;
    case CALL_GONE: gone_answered(call, end); break;
    }
}

/* ------------------------------------------------------------------ begin and end */
void apply_server_start(struct apply_server *server)
{
    struct change_apply *apply = server->apply;

    server->from = server->to = server->next = server->first;
    if (apply->settling || apply->stopping) {
        window_open(server);
    } else {
        hold_session(server, true);
        ask_pid(server);
    }
}

void apply_server_free(struct apply_server *server)
{
    loop_timer_stop(&server->timer);
    hold_session(server, false);
    while (server->calls != NULL)
        apply_call_free(server->calls);
    seen_done(&server->seen);
    arena_done(&server->read_mem);
}
