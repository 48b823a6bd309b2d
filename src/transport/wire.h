/* wire.h - the data types of the SSH protocols (RFC 4251 5): big-endian numbers and length-prefixed strings. */
#ifndef IPAM_TRANSPORT_WIRE_H
#define IPAM_TRANSPORT_WIRE_H

#include <string.h>

#include "ipamtui/mem.h"

static inline uint32_t wire_get32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void wire_u32(struct buf *out, uint32_t v)
{
    unsigned char bytes[4] = { (unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8),
                               (unsigned char)v };
    buf_add(out, bytes, sizeof(bytes));
}

static inline void wire_string(struct buf *out, const void *bytes, size_t len)
{
    wire_u32(out, (uint32_t)len);
    buf_add(out, bytes, len);
}

/* Reading: after the first thing that does not fit, bad is true and everything read is empty. */
struct wire_in {
    const unsigned char *at, *end;
    bool bad;
};

static inline uint32_t wire_in_u32(struct wire_in *in)
{
    if (in->bad || in->end - in->at < 4) {
        in->bad = true;
        return 0;
    }
    in->at += 4;
    return wire_get32(in->at - 4);
}

static inline const unsigned char *wire_in_string(struct wire_in *in, size_t *len)
{
    size_t n = wire_in_u32(in);
    if (in->bad || n > (size_t)(in->end - in->at)) {
        in->bad = true;
        *len = 0;
        return in->at;
    }
    *len = n;
    in->at += n;
    return in->at - n;
}

static inline bool wire_is(const unsigned char *bytes, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(bytes, text, len) == 0;
}

#endif
