/* The session's own messages: handshake, pool states, end (psrp.md 4, 6.2). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "ipamtui/text.h"

static const struct guid zero_guid;

/* One Data packet with two messages: the only time that more than one goes out before an ack. */
void session_begin(struct psrp *psrp)
{
    struct buf packet = { 0 };
    static const uint32_t types[] = { MSG_SESSION_CAPABILITY, MSG_INIT_RUNSPACEPOOL };

    for (size_t i = 0; i < COUNT(types); i++) {
        struct buf body = { 0 }, bytes = { 0 };
        if (types[i] == MSG_SESSION_CAPABILITY)
            request_capability(&body);
        else
            request_init_pool(&body, psrp->runspaces);
        struct message message = { .destination = 2, .type = types[i], .pool = psrp->pool, .body = buf_at(&body),
                                   .body_len = body.len };
        message_write(&bytes, &message);
        for (size_t sent = 0, fragment = 0; sent < bytes.len; fragment++)
            sent = fragment_write(&packet, psrp->next_object, fragment, buf_at(&bytes), bytes.len, sent);
        psrp->next_object++;
        buf_done(&body);
        buf_done(&bytes);
    }
    packet_write_data(&psrp->out, &zero_guid, false, buf_at(&packet), packet.len);
    buf_done(&packet);
    psrp->session.unacked = true;
}

/* -------------------------------------------------------------- its messages */

static bool read_body(struct psrp *psrp, const struct message *message, struct ps_value *out, struct err *err)
{
    arena_reset(&psrp->arena);
    return clixml_read(psrp->reader, message->body, message->body_len, &psrp->arena, out, err);
}

static void copy_text(const struct ps_value *value, struct arena *arena, char *out, size_t size)
{
    const char *text = ps_text(value, arena);

    if (text)
        text_printable(text, out, size);
}

static bool take_capability(struct psrp *psrp, const struct ps_value *value, struct err *err)
{
    char version[32] = "";

    copy_text(ps_get(value, "protocolversion"), &psrp->arena, version, sizeof version);
    if (strncmp(version, "2.", 2) != 0)
        return err_set(err, ERR_REMOTE, psrp->where,
                       "speaks version \"%s\" of PowerShell remoting, not 2.x: it needs PowerShell 3 or later", version);
    psrp->capable = true;
    return true;
}

static bool take_private_data(struct psrp *psrp, const struct ps_value *value, struct err *err)
{
    const struct ps_value *table = ps_get(value, "ApplicationPrivateData.PSVersionTable");

    (void)err;
    copy_text(ps_get(table, "PSVersion"), &psrp->arena, psrp->version, sizeof psrp->version);
    copy_text(ps_get(table, "PSEdition"), &psrp->arena, psrp->edition, sizeof psrp->edition);
    return true;
}

enum pool_state { POOL_OPENED = 2, POOL_CLOSED = 3, POOL_BROKEN = 5 };

static bool take_pool_state(struct psrp *psrp, const struct ps_value *value, struct err *err)
{
    const struct ps_value *record = ps_get(value, "ExceptionAsErrorRecord");
    struct ps_error why = { .message = "" };
    int64_t state;

    if (!ps_int(ps_get(value, "RunspaceState"), &state))
        return err_set(err, ERR_REMOTE, psrp->where, "sent a state of its runspaces that is no number");
    if (state == POOL_OPENED && !psrp->capable)
        return err_set(err, ERR_REMOTE, psrp->where, "opened runspaces before it said what it can do");
    if (state == POOL_OPENED)
        psrp->pool_opened = true;
    if ((state != POOL_CLOSED && state != POOL_BROKEN) || psrp->close_sent)
        return true;
    if (record && record->type != PS_NULL)
        record_error(record, &psrp->arena, &why);
    const char *verb = state == POOL_CLOSED ? "closed" : "broke";
    return err_set(err, ERR_REMOTE, psrp->where, "PowerShell %s the session%s%s", verb, *why.message ? ": " : "",
                   *why.message ? text_printable_in(&psrp->arena, why.message) : "");
}

static bool take_host_call(struct psrp *psrp, const struct ps_value *value, struct err *err)
{
    (void)err;
    record_host_call(psrp, &psrp->session, MSG_RUNSPACEPOOL_HOST_RESPONSE, value);
    return true;
}

static const struct {
    uint32_t type;
    bool (*take)(struct psrp *psrp, const struct ps_value *value, struct err *err);
} handlers[] = {
    { MSG_SESSION_CAPABILITY, take_capability },
    { MSG_APPLICATION_PRIVATE_DATA, take_private_data },
    { MSG_RUNSPACEPOOL_STATE, take_pool_state },
    { MSG_RUNSPACEPOOL_HOST_CALL, take_host_call },
};

static bool take_message(struct psrp *psrp, void *ctx, const struct message *message, struct err *err)
{
    struct ps_value value;

    (void)ctx;
    for (size_t i = 0; i < COUNT(handlers); i++)
        if (handlers[i].type == message->type)
            return read_body(psrp, message, &value, err) && handlers[i].take(psrp, &value, err);
    return true; /* user events, answers to what we never ask */
}

/* ------------------------------------------------------------------- packets */

static void open_if_ready(struct psrp *psrp)
{
    if (psrp->state != SESSION_NEGOTIATING || !psrp->pool_opened || psrp->session.unacked)
        return;
    psrp->state = SESSION_OPEN;
    psrp->noise_bytes = 0;
    if (psrp->events.opened)
        psrp->events.opened(psrp->ctx);
    calls_start(psrp);
}

void session_closed(struct psrp *psrp)
{
    psrp->state = SESSION_CLOSED;
    if (psrp->events.closed)
        psrp->events.closed(psrp->ctx);
}

bool session_packet(struct psrp *psrp, const struct packet *packet, struct err *err)
{
    switch (packet->kind) {
    case PACKET_DATA:
        if (!channel_receive(psrp, &psrp->session, packet, take_message, NULL, err))
            return false;
        break;
    case PACKET_DATA_ACK: psrp->session.unacked = false; break;
    case PACKET_CLOSE_ACK:
        if (psrp->close_sent && psrp->state != SESSION_CLOSED)
            session_closed(psrp);
        return true;
    default: break;
    }
    channel_pump(psrp, &psrp->session);
    open_if_ready(psrp);
    session_close_if_ready(psrp);
    return true;
}

void session_close_if_ready(struct psrp *psrp)
{
    if (!psrp->close_wanted || psrp->close_sent || psrp->state == SESSION_BROKEN)
        return;
    if (!spare_close(psrp) || psrp->calls_open || !channel_idle(&psrp->session))
        return;
    psrp->close_sent = true;
    psrp->state = SESSION_CLOSING;
    packet_write(&psrp->out, PACKET_CLOSE, &zero_guid);
}

void psrp_close(struct psrp *psrp)
{
    if (psrp->close_wanted || psrp->state >= SESSION_CLOSING)
        return;
    psrp->close_wanted = true;
    calls_stop_all(psrp);
    session_close_if_ready(psrp);
}
