/* agent_wire.c - the messages of the agent protocol (draft-miller-ssh-agent). */
#include <stdlib.h>

#include "agent.h"
#include "wire.h"

enum { AGENT_IDENTITIES_ANSWER = 12, AGENT_SIGN_REQUEST = 13, AGENT_SIGN_RESPONSE = 14 };

bool agent_read_identities(const unsigned char *body, size_t len, struct agent_keys *keys)
{
    if (len < 5 || body[0] != AGENT_IDENTITIES_ANSWER)
        return false;
    struct wire_in in = { .at = body + 1, .end = body + len };
    uint32_t count = wire_in_u32(&in);

    for (uint32_t i = 0; i < count && i < AGENT_KEYS_MAX && !in.bad; i++) {
        size_t blob_len, comment_len;
        const unsigned char *blob = wire_in_string(&in, &blob_len);
        const unsigned char *comment = wire_in_string(&in, &comment_len);
        if (in.bad)
            return false;
        x_grow(&keys->rows, &keys->cap, keys->count + 1, sizeof(*keys->rows));
        struct agent_key *key = &keys->rows[keys->count++];
        key->blob = arena_alloc(&keys->mem, blob_len + 1);
        memcpy(key->blob, blob, blob_len);
        key->len = blob_len;
        key->comment = arena_strndup(&keys->mem, (const char *)comment, comment_len);
    }
    return !in.bad;
}

bool agent_read_signature(const unsigned char *body, size_t len, const unsigned char **sig, size_t *sig_len)
{
    if (len < 1 || body[0] != AGENT_SIGN_RESPONSE)
        return false;
    struct wire_in in = { .at = body + 1, .end = body + len };
    size_t n, type_len;
    const unsigned char *whole = wire_in_string(&in, &n);
    struct wire_in inner = { .at = whole, .end = whole + n };

    wire_in_string(&inner, &type_len);
    const unsigned char *bare = wire_in_string(&inner, &n);
    if (in.bad || inner.bad)
        return false;
    *sig = bare;
    *sig_len = n;
    return true;
}

void agent_write_sign(struct buf *out, const unsigned char *blob, size_t blob_len, const unsigned char *data,
                      size_t data_len, uint32_t flags)
{
    buf_addc(out, AGENT_SIGN_REQUEST);
    wire_string(out, blob, blob_len);
    wire_string(out, data, data_len);
    wire_u32(out, flags);
}

void agent_keys_done(struct agent_keys *keys)
{
    arena_done(&keys->mem);
    free(keys->rows);
    *keys = (struct agent_keys){ 0 };
}

const struct agent_key *agent_find(const struct agent_keys *keys, const unsigned char *blob, size_t len)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->rows[i].len == len && memcmp(keys->rows[i].blob, blob, len) == 0)
            return &keys->rows[i];
    return NULL;
}
