/* keyfile.h - private key files of the operator, used through an ssh-agent of our own.
 *
 * libssh2 reads only some formats, signs RSA with SHA-1 and would decrypt once a session, on the loop. So a file is read by
 * ssh-add into an agent that belongs to this hub and dies with it: once, in another process, whatever its format and type. The
 * passphrase is asked only when a server has accepted the public key, kept in locked memory, and asked once a run. */
#ifndef IPAM_TRANSPORT_KEYFILE_H
#define IPAM_TRANSPORT_KEYFILE_H

#include "agent.h"
#include "stream.h"

struct keyfile; /* one path; lives as long as the hub */

/* NULL: there is no such file. */
struct keyfile *keyfile_at(struct transport_hub *hub, const char *path);
const char *keyfile_path(const struct keyfile *key);
/* The public key without a passphrase: from PATH.pub or an OpenSSH file. NULL: unknown until loaded. */
const unsigned char *keyfile_public(const struct keyfile *key, size_t *len);

struct keyfile_wait;
typedef void keyfile_fn(void *ctx, struct agent *agent, const struct err *err); /* agent NULL: err says why */
/* Loads it (once) into our agent; asker(who): the stream to ask a passphrase through, looked up when it is needed. */
struct keyfile_wait *keyfile_load(struct keyfile *key, struct transport *(*asker)(void *who), keyfile_fn *fn, void *who,
                                  void *ctx);
void keyfile_cancel(struct keyfile_wait *wait); /* NULL is fine */
void keyfiles_end(struct transport_hub *hub);

/* Reads the public key from PATH.pub alone (the private one may be in an agent only). */
bool keyfile_public_beside(const char *path, struct buf *blob);
/* Reads the public half out of the text of PATH.pub ("type base64 comment") or of an OpenSSH private key. */
bool keyfile_read_public(const char *text, struct buf *blob);

#endif
