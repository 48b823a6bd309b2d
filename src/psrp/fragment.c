/* The binary layers inside a Data packet: fragments (psrp.md 2) and message headers (psrp.md 3). */
#include "ipamtui/psrp_wire.h"

#include <inttypes.h>
#include <string.h>

#define FRAGMENT_HEADER 21
#define MESSAGE_HEADER 40
#define FLAG_START 1
#define FLAG_END 2
#define DEFAULT_LIMIT ((size_t)64 << 20)

static uint64_t get_be(const uint8_t *at, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static void put_be(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

static uint32_t get_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_le32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

/* .NET writes the first three groups of a GUID as little-endian numbers. The swap is its own inverse. */
static void swap_guid(uint8_t *out, const uint8_t *in)
{
    static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

    for (size_t i = 0; i < sizeof order; i++)
        out[i] = in[order[i]];
}

/* --------------------------------------------------------------- messages */

bool message_parse(const char *bytes, size_t len, struct message *out, struct err *err)
{
    const uint8_t *at = (const uint8_t *)bytes;

    if (len < MESSAGE_HEADER)
        return err_set(err, ERR_REMOTE, "", "a message of %zu bytes is shorter than its header of %d", len,
                       MESSAGE_HEADER);
    out->destination = get_le32(at);
    out->type = get_le32(at + 4);
    swap_guid(out->pool.b, at + 8);
    swap_guid(out->pipeline.b, at + 24);
    out->body = bytes + MESSAGE_HEADER;
    out->body_len = len - MESSAGE_HEADER;
    if (out->body_len >= 3 && memcmp(out->body, "\xef\xbb\xbf", 3) == 0) {
        out->body += 3;
        out->body_len -= 3;
    }
    return true;
}

void message_write(struct buf *out, const struct message *message)
{
    uint8_t header[MESSAGE_HEADER];

    put_le32(header, message->destination);
    put_le32(header + 4, message->type);
    swap_guid(header + 8, message->pool.b);
    swap_guid(header + 24, message->pipeline.b);
    buf_add(out, header, sizeof header);
    buf_add(out, message->body, message->body_len);
}

/* -------------------------------------------------------------- fragments */

size_t fragment_write(struct buf *out, uint64_t object, uint64_t fragment, const void *message, size_t len,
                      size_t offset)
{
    uint8_t header[FRAGMENT_HEADER];
    size_t blob = MIN(len - offset, (size_t)FRAGMENT_BLOB_MAX);

    put_be(header, object, 8);
    put_be(header + 8, fragment, 8);
    header[16] = (uint8_t)((offset == 0 ? FLAG_START : 0) | (offset + blob == len ? FLAG_END : 0));
    put_be(header + 17, blob, 4);
    buf_add(out, header, sizeof header);
    buf_add(out, (const char *)message + offset, blob);
    return offset + blob;
}

static size_t limit_of(const struct defragmenter *d)
{
    return d->limit ? d->limit : DEFAULT_LIMIT;
}

/* Is the fragment whose header stands at the front of raw one that we would take? */
static bool header_check(const struct defragmenter *d, const uint8_t *at, struct err *err)
{
    uint64_t object = get_be(at, 8), number = get_be(at + 8, 8), blob = get_be(at + 17, 4);
    bool start = at[16] & FLAG_START;

    if (object == 0)
        return err_set(err, ERR_REMOTE, "", "a fragment has the object number 0");
    if (blob > limit_of(d))
        return err_set(err, ERR_REMOTE, "", "a fragment claims %" PRIu64 " bytes, over the limit of %zu", blob,
                       limit_of(d));
    if (start && number != 0)
        return err_set(err, ERR_REMOTE, "", "object %" PRIu64 " starts with fragment %" PRIu64, object, number);
    if (start)
        return true;
    if (!d->in_object || object != d->object || number != d->next_fragment)
        return err_set(err, ERR_REMOTE, "", "fragment %" PRIu64 " of object %" PRIu64 " is out of order", number,
                       object);
    if (blob + d->message.len > limit_of(d))
        return err_set(err, ERR_REMOTE, "", "a message is longer than the limit of %zu bytes", limit_of(d));
    return true;
}

/* The header is judged as soon as it is there: nothing is stored for a fragment that will be refused. */
bool defragmenter_add(struct defragmenter *d, const void *bytes, size_t len, struct err *err)
{
    if (!buf_add(&d->raw, bytes, len))
        return err_set(err, ERR_REMOTE, "", "more fragments than can be kept");
    if (d->raw.len > limit_of(d) * 2 + FRAGMENT_HEADER)
        return err_set(err, ERR_REMOTE, "", "more than %zu bytes of fragments wait", limit_of(d) * 2);
    return true;
}

/* Takes the fragment in front of raw. Returns its flags, 0x80 = it is not complete yet, -1 = error. */
static int take_fragment(struct defragmenter *d, struct err *err)
{
    const uint8_t *at = (const uint8_t *)buf_at(&d->raw);

    if (d->raw.len < FRAGMENT_HEADER)
        return 0x80;
    if (!header_check(d, at, err))
        return -1;
    size_t blob = (size_t)get_be(at + 17, 4);
    if (d->raw.len - FRAGMENT_HEADER < blob)
        return 0x80;
    int flags = at[16] & (FLAG_START | FLAG_END);
    if (flags & FLAG_START) { /* drops whatever was unfinished */
        buf_clear(&d->message);
        d->object = get_be(at, 8);
        d->next_fragment = 0;
    }
    d->in_object = !(flags & FLAG_END);
    d->next_fragment++;
    buf_add(&d->message, at + FRAGMENT_HEADER, blob);
    buf_take(&d->raw, FRAGMENT_HEADER + blob);
    return flags;
}

bool defragmenter_next(struct defragmenter *d, const char **bytes, size_t *len, struct err *err)
{
    int flags;

    err_clear(err);
    do {
        flags = take_fragment(d, err);
        if (flags < 0 || flags == 0x80)
            return false;
    } while (!(flags & FLAG_END));
    *bytes = buf_at(&d->message);
    *len = d->message.len;
    return true;
}

void defragmenter_done(struct defragmenter *d)
{
    buf_done(&d->raw);
    buf_done(&d->message);
    *d = (struct defragmenter){ 0 };
}
