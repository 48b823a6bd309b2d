/* One PSGuid's messages, out and in. */
#include <stdlib.h>
#include <string.h>

#include "client.h"

void channel_init(struct channel *channel, const struct guid *guid)
{
    *channel = (struct channel){ .guid = *guid };
    channel->last = &channel->first;
}

static void free_outgoing(struct outgoing *first)
{
    while (first) {
        struct outgoing *next = first->next;
        /* Arguments may hold a password. */
        x_wipe(first->bytes, first->len);
        free(first);
        first = next;
    }
}

void channel_done(struct channel *channel)
{
    free_outgoing(channel->first);
    defragmenter_done(&channel->in[0]);
    defragmenter_done(&channel->in[1]);
}

void channel_push(struct psrp *psrp, struct channel *channel, uint32_t type, const char *body, size_t body_len,
                  bool prompt_response)
{
    struct message message = { .destination = 2, .type = type, .pool = psrp->pool, .pipeline = channel->guid,
                               .body = body, .body_len = body_len };
    struct buf bytes = { 0 };

    message_write(&bytes, &message);
    struct outgoing *out = x_alloc(sizeof *out + bytes.len);
    out->prompt_response = prompt_response;
    out->len = bytes.len;
    memcpy(out->bytes, buf_at(&bytes), bytes.len);
    x_wipe(bytes.data, bytes.cap);
    buf_done(&bytes);
    *channel->last = out;
    channel->last = &out->next;
}

static void pop_first(struct channel *channel)
{
    struct outgoing *out = channel->first;

    channel->first = out->next;
    if (!channel->first)
        channel->last = &channel->first;
    out->next = NULL;
    free_outgoing(out);
}

void channel_pump(struct psrp *psrp, struct channel *channel)
{
    struct outgoing *out = channel->first;
    struct buf fragment = { 0 };

    if (channel->unacked || !out)
        return;
    if (out->sent == 0)
        out->object = psrp->next_object++;
    out->sent = fragment_write(&fragment, out->object, out->fragment++, out->bytes, out->len, out->sent);
    packet_write_data(&psrp->out, &channel->guid, out->prompt_response, buf_at(&fragment), fragment.len);
    x_wipe(fragment.data, fragment.cap);
    buf_done(&fragment);
    channel->unacked = true;
    if (out->sent == out->len)
        pop_first(channel);
}

bool channel_idle(const struct channel *channel)
{
    return !channel->unacked && !channel->first;
}

void channel_drop_unsent(struct channel *channel)
{
    struct outgoing *begun = channel->first && channel->first->sent ? channel->first : NULL;

    if (begun) {
        free_outgoing(begun->next);
        begun->next = NULL;
        channel->last = &begun->next;
        return;
    }
    free_outgoing(channel->first);
    channel->first = NULL;
    channel->last = &channel->first;
}

bool channel_receive(struct psrp *psrp, struct channel *channel, const struct packet *packet,
                     bool (*take)(struct psrp *psrp, void *ctx, const struct message *message, struct err *err), void *ctx,
                     struct err *err)
{
    struct defragmenter *in = &channel->in[packet->prompt_response];
    struct message message;
    const char *bytes;
    size_t len;

    in->limit = psrp->limits.message;
    buf_clear(&psrp->scratch);
    if (!base64_decode(packet->base64, packet->base64_len, &psrp->scratch))
        return err_set(err, ERR_REMOTE, psrp->where, "a packet's content is not base64");
    if (!defragmenter_add(in, buf_at(&psrp->scratch), psrp->scratch.len, err))
        return false;
    while (defragmenter_next(in, &bytes, &len, err)) {
        if (!message_parse(bytes, len, &message, err))
            return false;
        if (message.destination != 1)
            return err_set(err, ERR_REMOTE, psrp->where,
                           "the host sends back what it is sent: no PowerShell reads it (a terminal, or cat?)");
        if (!take(psrp, ctx, &message, err))
            return false;
    }
    return !err || err->kind == ERR_NONE;
}
