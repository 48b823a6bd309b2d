/* Pipelines: from psrp_invoke() to CloseAck (psrp.md 1.5, 5, 6, 11). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define CATEGORY_STOPPED 14   /* OperationStopped */
#define CATEGORY_PROTOCOL 26  /* ProtocolError */
#define CATEGORY_CONNECTION 27 /* ConnectionError */

/* ------------------------------------------------------------------- lists */

static void call_free(struct call *call)
{
    channel_done(&call->channel);
    free(call);
}

static void unlink_call(struct call **list, const struct call *call)
{
    while (*list && *list != call)
        list = &(*list)->next;
    if (*list)
        *list = call->next;
}

static void unqueue(struct psrp *psrp, const struct call *call)
{
    unlink_call(&psrp->queued, call);
    psrp->queued_last = &psrp->queued;
    while (*psrp->queued_last)
        psrp->queued_last = &(*psrp->queued_last)->next;
}

static struct call *find_call(const struct psrp *psrp, psrp_call_id id)
{
    for (struct call *call = psrp->active; call; call = call->next)
        if (call->id == id)
            return call;
    for (struct call *call = psrp->queued; call; call = call->next)
        if (call->id == id)
            return call;
    return NULL;
}

struct call *call_by_guid(struct psrp *psrp, const struct guid *guid)
{
    for (struct call *call = psrp->active; call; call = call->next)
        if (guid_equal(&call->channel.guid, guid))
            return call;
    return NULL;
}

static int running(const struct psrp *psrp)
{
    int count = 0;

    for (const struct call *call = psrp->active; call; call = call->next)
        count += !call->ended && call->state != CALL_CLOSING;
    return count;
}

/* ---------------------------------------------------------------- reporting */

static void report(struct call *call, enum ps_end end, const struct ps_error *why)
{
    if (call->reported)
        return;
    call->reported = true;
    if (call->events.done)
        call->events.done(call->ctx, end, end == PS_COMPLETED ? NULL : why);
}

static struct ps_error plain_error(const char *message, const char *id, int category)
{
    return (struct ps_error){ .message = message, .id = id, .category = category, .reason = "", .target = "",
                              .activity = "" };
}

static void report_stopped(struct call *call)
{
    struct ps_error why = plain_error("stopped", "PipelineStopped", CATEGORY_STOPPED);
    report(call, PS_STOPPED, &why);
}

/* ------------------------------------------------------------- what is sent */

/* Sends what the acknowledgements allow. Signal and Close only when all data is acknowledged, Close also after SignalAck:
 * the host works on lines in any order, so whatever must be ordered is separated by an ack. */
static void advance(struct psrp *psrp, struct call *call)
{
    if (call->state != CALL_LIVE)
        return;
    channel_pump(psrp, &call->channel);
    if (!channel_idle(&call->channel) || (call->signalled && !call->signal_acked))
        return;
    if (call->ended || call->signal_acked) {
        packet_write(&psrp->out, PACKET_CLOSE, &call->channel.guid);
        call->state = CALL_CLOSING;
    } else if (call->stop_wanted) {
        packet_write(&psrp->out, PACKET_SIGNAL, &call->channel.guid);
        call->signalled = true;
    }
}

static void start(struct psrp *psrp, struct call *call, enum call_state state)
{
    call->next = psrp->active;
    psrp->active = call;
    call->state = state;
}

void calls_start(struct psrp *psrp)
{
    while (psrp->state == SESSION_OPEN && psrp->queued && running(psrp) < psrp->runspaces) {
        struct call *call = psrp->queued;
        unqueue(psrp, call);
        start(psrp, call, CALL_COMMAND);
        packet_write(&psrp->out, PACKET_COMMAND, &call->channel.guid);
    }
}

/* ------------------------------------------------------ a pipeline for the next */

/* Only where calls follow one another: what is created must be closed. Not before the pool is open: the host takes
 * what a pipeline needs from it. */
static void spare_prepare(struct psrp *psrp)
{
    if (psrp->state != SESSION_OPEN || psrp->close_wanted || !psrp->any_ended || psrp->spare.state != SPARE_NONE)
        return;
    psrp->spare = (struct spare){ .state = SPARE_ASKED, .guid = guid_random() };
    packet_write(&psrp->out, PACKET_COMMAND, &psrp->spare.guid);
}

/* For a call that can start at once. CALL_QUEUED: there is none to take, *guid stays. */
static enum call_state spare_take(struct psrp *psrp, struct guid *guid)
{
    enum spare_state state = psrp->spare.state;

    if (psrp->state != SESSION_OPEN || psrp->queued || running(psrp) >= psrp->runspaces ||
        (state != SPARE_ASKED && state != SPARE_READY))
        return CALL_QUEUED;
    *guid = psrp->spare.guid;
    psrp->spare.state = SPARE_NONE;
    return state == SPARE_READY ? CALL_LIVE : CALL_COMMAND;
}

bool spare_packet(struct psrp *psrp, const struct packet *packet)
{
    struct spare *spare = &psrp->spare;

    if (spare->state == SPARE_NONE || !guid_equal(&spare->guid, &packet->guid))
        return false;
    if (packet->kind == PACKET_COMMAND_ACK && spare->state == SPARE_ASKED)
        spare->state = SPARE_READY;
    else if (packet->kind == PACKET_CLOSE_ACK && spare->state == SPARE_CLOSING)
        spare->state = SPARE_NONE;
    session_close_if_ready(psrp);
    return true;
}

bool spare_close(struct psrp *psrp)
{
    if (psrp->spare.state == SPARE_READY) {
        packet_write(&psrp->out, PACKET_CLOSE, &psrp->spare.guid);
        psrp->spare.state = SPARE_CLOSING;
    }
    return psrp->spare.state == SPARE_NONE;
}

/* A pipeline that was begun: its first message must be out before a Signal, input need not be. */
static void stop_active(struct psrp *psrp, struct call *call)
{
    if (call->stop_wanted || call->ended)
        return;
    call->stop_wanted = true;
    call->has_input = false;
    if (call->state == CALL_LIVE)
        channel_drop_unsent(&call->channel);
    advance(psrp, call);
}

static void stop_queued(struct psrp *psrp, struct call *call)
{
    unqueue(psrp, call);
    psrp->calls_open--;
    report_stopped(call);
    call_free(call);
}

/* ---------------------------------------------------------- what is received */

static bool read_body(struct psrp *psrp, const struct message *message, struct ps_value *out, struct err *err)
{
    arena_reset(&psrp->arena);
    return clixml_read(psrp->reader, message->body, message->body_len, &psrp->arena, out, err);
}

static void take_output(struct psrp *psrp, struct call *call, const struct ps_value *value)
{
    (void)psrp;
    if (call->events.output)
        call->events.output(call->ctx, value);
}

static void take_error(struct psrp *psrp, struct call *call, const struct ps_value *value)
{
    struct ps_error error;

    record_error(value, &psrp->arena, &error);
    if (call->events.error)
        call->events.error(call->ctx, &error);
}

static void take_record(struct psrp *psrp, struct call *call, const struct ps_value *value, enum ps_stream stream)
{
    const char *text = stream == PS_STREAM_INFORMATION ? record_information(value, &psrp->arena)
                                                       : record_text(value, &psrp->arena);
    if (call->events.record)
        call->events.record(call->ctx, stream, text);
}

static void take_warning(struct psrp *psrp, struct call *call, const struct ps_value *value)
{
    take_record(psrp, call, value, PS_STREAM_WARNING);
}

static void take_verbose(struct psrp *psrp, struct call *call, const struct ps_value *value)
{
    take_record(psrp, call, value, PS_STREAM_VERBOSE);
}

static void take_debug(struct psrp *psrp, struct call *call, const struct ps_value *value)
{
    take_record(psrp, call, value, PS_STREAM_DEBUG);
}

static void take_information(struct psrp *psrp, struct call *call, const struct ps_value *value)
{
    take_record(psrp, call, value, PS_STREAM_INFORMATION);
}

static void take_progress(struct psrp *psrp, struct call *call, const struct ps_value *value)
{
    struct ps_progress progress;

    record_progress(value, &psrp->arena, &progress);
    if (call->events.progress)
        call->events.progress(call->ctx, &progress);
}

/* Nobody can be asked: the call is refused and the pipeline stopped, so that neither side waits. */
static void take_host_call(struct psrp *psrp, struct call *call, const struct ps_value *value)
{
    if (!record_host_call(psrp, &call->channel, MSG_PIPELINE_HOST_RESPONSE, value))
        return;
    call->stop_wanted = true;
    call->has_input = false;
    advance(psrp, call);
}

static void take_state(struct psrp *psrp, struct call *call, const struct ps_value *value)
{
    static const enum ps_end ends[] = { [3] = PS_STOPPED, [4] = PS_COMPLETED, [5] = PS_FAILED };
    const struct ps_value *record = ps_get(value, "ExceptionAsErrorRecord");
    struct ps_error why = plain_error("failed without saying why", "", 0);
    int64_t state;

    if (!ps_int(ps_get(value, "PipelineState"), &state) || state < 3 || state > 5)
        return; /* Running and the like: never sent, of no use */
    call->ended = psrp->any_ended = true;
    call->has_input = false;
    channel_drop_unsent(&call->channel);
    if (call->channel.first) /* the rest of a message that nobody reads any more */
        call->channel.first->sent = 0, channel_drop_unsent(&call->channel);
    if (record && record->type != PS_NULL)
        record_error(record, &psrp->arena, &why);
    else if (state == 3)
        why = plain_error("stopped", "PipelineStopped", CATEGORY_STOPPED);
    advance(psrp, call);
    report(call, ends[state], &why);
}

static const struct {
    uint32_t type;
    void (*take)(struct psrp *psrp, struct call *call, const struct ps_value *value);
} handlers[] = {
    { MSG_PIPELINE_OUTPUT, take_output },         { MSG_ERROR_RECORD, take_error },
    { MSG_PIPELINE_STATE, take_state },           { MSG_WARNING_RECORD, take_warning },
    { MSG_VERBOSE_RECORD, take_verbose },         { MSG_DEBUG_RECORD, take_debug },
    { MSG_INFORMATION_RECORD, take_information }, { MSG_PROGRESS_RECORD, take_progress },
    { MSG_PIPELINE_HOST_CALL, take_host_call },
};

/* Fails the pipeline whose message cannot be read; the session and the other pipelines go on. */
static void fail_call(struct psrp *psrp, struct call *call, const struct err *err)
{
    struct ps_error why = plain_error(err->text, "UnreadableAnswer", CATEGORY_PROTOCOL);

    stop_active(psrp, call);
    report(call, PS_FAILED, &why);
}

static bool take_message(struct psrp *psrp, void *ctx, const struct message *message, struct err *err)
{
    struct call *call = ctx;
    struct ps_value value;

    for (size_t i = 0; i < COUNT(handlers); i++) {
        if (handlers[i].type != message->type)
            continue;
        /* After done() only the end of the pipeline is of interest. */
        if (call->ended || (call->reported && message->type != MSG_PIPELINE_STATE))
            return true;
        if (read_body(psrp, message, &value, err))
            handlers[i].take(psrp, call, &value);
        else
            fail_call(psrp, call, err);
        err_clear(err);
        return true;
    }
    return true;
}

static void gone(struct psrp *psrp, struct call *call)
{
    unlink_call(&psrp->active, call);
    psrp->calls_open--;
    report_stopped(call); /* if no terminal state came: the host never understood it */
    call_free(call);
    calls_start(psrp);
    session_close_if_ready(psrp);
}

bool call_packet(struct psrp *psrp, struct call *call, const struct packet *packet, struct err *err)
{
    switch (packet->kind) {
    case PACKET_DATA:
        if (!channel_receive(psrp, &call->channel, packet, take_message, call, err))
            return false;
        break;
    case PACKET_COMMAND_ACK:
        if (call->state == CALL_COMMAND)
            call->state = CALL_LIVE;
        break;
    case PACKET_DATA_ACK: call->channel.unacked = false; break;
    case PACKET_SIGNAL_ACK: call->signal_acked = call->signalled; break;
    case PACKET_CLOSE_ACK:
        if (call->state == CALL_CLOSING) {
            gone(psrp, call);
            return true;
        }
        break;
    default: break;
    }
    advance(psrp, call);
    calls_start(psrp);
    return true;
}

/* ------------------------------------------------------------- whole session */

void calls_stop_all(struct psrp *psrp)
{
    while (psrp->queued)
        stop_queued(psrp, psrp->queued);
    for (struct call *call = psrp->active; call; call = call->next)
        stop_active(psrp, call);
}

static struct call *take_all(struct psrp *psrp)
{
    struct call *all = psrp->queued;

    *psrp->queued_last = psrp->active;
    if (!all)
        all = psrp->active;
    psrp->queued = psrp->active = NULL;
    psrp->queued_last = &psrp->queued;
    psrp->calls_open = 0;
    return all;
}

void calls_lose(struct psrp *psrp, const char *why)
{
    struct ps_error error = plain_error(why, "ConnectionLost", CATEGORY_CONNECTION);
    struct call *call = take_all(psrp), *next;

    for (; call; call = next) {
        next = call->next;
        report(call, PS_LOST, &error);
        call_free(call);
    }
}

void calls_free(struct psrp *psrp)
{
    struct call *call = take_all(psrp), *next;

    for (; call; call = next) {
        next = call->next;
        call_free(call);
    }
}

/* -------------------------------------------------------------------- offered */

psrp_call_id psrp_invoke(struct psrp *psrp, const struct ps_call *request, const struct ps_call_events *events, void *ctx)
{
    struct guid guid = guid_random();
    struct buf body = { 0 };
    enum call_state opened;

    if (psrp->state > SESSION_OPEN || psrp->close_wanted || !request_create_pipeline(&body, request)) {
        buf_done(&body);
        return 0;
    }
    opened = spare_take(psrp, &guid);
    struct call *call = x_alloc(sizeof *call);
    call->id = ++psrp->last_id;
    channel_init(&call->channel, &guid);
    if (events)
        call->events = *events;
    call->ctx = ctx;
    call->has_input = request->has_input;
    channel_push(psrp, &call->channel, MSG_CREATE_PIPELINE, buf_at(&body), body.len, false);
    x_wipe(body.data, body.cap);
    buf_done(&body);
    psrp->calls_open++;
    if (opened == CALL_QUEUED) {
        *psrp->queued_last = call;
        psrp->queued_last = &call->next;
        calls_start(psrp);
    } else {
        start(psrp, call, opened);
        advance(psrp, call);
    }
    spare_prepare(psrp);
    return call->id;
}

bool psrp_call_input(struct psrp *psrp, psrp_call_id id, const struct ps_value *value)
{
    struct call *call = find_call(psrp, id);
    struct buf body = { 0 };

    bool ok = call && call->has_input && clixml_write(&body, NULL, value);
    if (ok) {
        channel_push(psrp, &call->channel, MSG_PIPELINE_INPUT, buf_at(&body), body.len, false);
        advance(psrp, call);
    }
    buf_done(&body);
    return ok;
}

bool psrp_call_end_input(struct psrp *psrp, psrp_call_id id)
{
    struct call *call = find_call(psrp, id);

    if (!call || !call->has_input)
        return false;
    call->has_input = false;
    channel_push(psrp, &call->channel, MSG_END_OF_PIPELINE_INPUT, "", 0, false);
    advance(psrp, call);
    return true;
}

void psrp_stop(struct psrp *psrp, psrp_call_id id)
{
    struct call *call = find_call(psrp, id);

    if (!call)
        return;
    if (call->state == CALL_QUEUED)
        stop_queued(psrp, call);
    else
        stop_active(psrp, call);
    session_close_if_ready(psrp);
}

size_t psrp_calls_open(const struct psrp *psrp)
{
    return psrp->calls_open;
}
