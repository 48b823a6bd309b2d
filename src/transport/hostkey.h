/* hostkey.h - which host keys are on file, and what follows from the one that a host shows.
 *
 * Files are asked by `ssh-keygen -F`, which knows hashed names, wildcards, negation and markers; never read by libssh2, which takes
 * a revoked key for a good one. The decision (hostkey_judge) is a pure function. */
#ifndef IPAM_TRANSPORT_HOSTKEY_H
#define IPAM_TRANSPORT_HOSTKEY_H

#include "conf.h"
#include "stream.h"

struct known_key {
    char *file;
    int line;
    char *type; /* "ssh-ed25519" */
    unsigned char *blob;
    size_t len;
    bool revoked, authority;
    bool bare; /* found under the name without its port: counts only when it matches */
};
struct known_keys {
    struct arena mem;
    struct known_key *rows;
    size_t count, cap;
};

/* Adds what one `ssh-keygen -F` said about file. */
void known_parse(const char *answer, const char *file, struct known_keys *keys);
void known_keys_done(struct known_keys *keys);

/* The name under which conf's host is on file: alias, host or [host]:port. */
void known_name(const struct ssh_conf *conf, char *out, size_t size);

/* Order of host key types to ask for: those on file first. False: only types that libssh2 lacks, or only authorities, are on
 * file, so the ssh program must decide; *why says it. */
bool known_preference(const struct known_keys *keys, const char *allowed, char *out, size_t size, const char **why);

enum hostkey_verdict {
    HOSTKEY_GOOD,
    HOSTKEY_NEW,   /* nothing on file: StrictHostKeyChecking decides */
    HOSTKEY_OTHER, /* only keys of other types are on file: a person must decide */
    HOSTKEY_CHANGED,
    HOSTKEY_REVOKED,
};
/* *row: the entry that decided, or NULL. */
enum hostkey_verdict hostkey_judge(const struct known_keys *keys, const unsigned char *blob, size_t len,
                                   const struct known_key **row);

#define FINGERPRINT_SIZE 80
/* "SHA256:..." as ssh prints it. */
void hostkey_fingerprint(const unsigned char *blob, size_t len, char *out);
/* "ED25519" for "ssh-ed25519", as ssh says it. */
const char *hostkey_type_short(const char *type);
/* Fills kind and text. other: what is on file under another type ("file:line"), or NULL. */
void hostkey_question(struct transport_ask *ask, const char *type, const char *fingerprint, const char *other);

/* Appends one line to the first of conf's user files as ssh would: mode 0600, folder 0700, hashed if HashKnownHosts. */
bool hostkey_append(const struct ssh_conf *conf, const unsigned char *blob, size_t len, struct err *err);

/* Looks name (and, with a port, the bare name) up in all files of conf. keys belongs to the receiver (known_keys_done). */
struct known_lookup;
typedef void known_fn(void *ctx, struct known_keys *keys, const struct err *err);
/* When nothing has to be asked, fn is called before known_find() returns, with the result NULL. */
struct known_lookup *known_find(struct transport_hub *hub, struct ssh_conf *conf, known_fn *fn, void *ctx);
void known_cancel(struct known_lookup *lookup); /* NULL is fine */

#endif
