/* agent.h - a client of ssh-agent that never blocks: identities and signatures.
 *
 * Not libssh2_agent_*: that one blocks the loop, sends through the session's callbacks and cannot sign RSA with SHA-2. One
 * request at a time per socket, as agents answer in order. A signature may need a touch or a confirmation and take a minute. */
#ifndef IPAM_TRANSPORT_AGENT_H
#define IPAM_TRANSPORT_AGENT_H

#include "stream.h"

#define AGENT_KEYS_MAX 256
#define AGENT_REPLY_LIMIT ((size_t)1 << 20)

struct agent_key {
    unsigned char *blob;
    size_t len;
    char *comment;
};
struct agent_keys {
    struct arena mem;
    struct agent_key *rows;
    size_t count, cap;
};

/* The protocol's messages, without their length word. False: not what was asked for, or malformed. */
bool agent_read_identities(const unsigned char *body, size_t len, struct agent_keys *keys);
bool agent_read_signature(const unsigned char *body, size_t len, const unsigned char **sig, size_t *sig_len);
void agent_write_sign(struct buf *out, const unsigned char *blob, size_t blob_len, const unsigned char *data,
                      size_t data_len, uint32_t flags);
void agent_keys_done(struct agent_keys *keys);
const struct agent_key *agent_find(const struct agent_keys *keys, const unsigned char *blob, size_t len);

struct agent;
struct agent_request;
/* The client for one socket, made when first asked for; lives as long as the hub. */
struct agent *agent_at(struct transport_hub *hub, const char *path);
void agents_end(struct transport_hub *hub);

/* keys is NULL when the agent could not be asked; it lives during the call only. */
typedef void agent_list_fn(void *ctx, const struct agent_keys *keys, const struct err *err);
/* sig: the bare signature, NULL when refused or lost. */
typedef void agent_sign_fn(void *ctx, const unsigned char *sig, size_t len, const struct err *err);
/* fn is called from the loop, once, unless cancelled. */
struct agent_request *agent_list(struct agent *agent, agent_list_fn *fn, void *ctx);
struct agent_request *agent_sign(struct agent *agent, const unsigned char *blob, size_t blob_len,
                                 const unsigned char *data, size_t data_len, uint32_t flags, agent_sign_fn *fn, void *ctx);
void agent_cancel(struct agent_request *request); /* NULL is fine */

#endif
