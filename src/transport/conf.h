/* conf.h - what the operator's ssh configuration says about a host: the answer of `ssh -G`, read and kept.
 *
 * We never read ~/.ssh/config: Match, Include, canonicalization and defaults are ssh's. What -G leaves unexpanded (~, %h, ${VAR})
 * is expanded here. */
#ifndef IPAM_TRANSPORT_CONF_H
#define IPAM_TRANSPORT_CONF_H

#include "stream.h"

enum strict_key { STRICT_ASK, STRICT_YES, STRICT_NEW, STRICT_OFF };

#define CONF_LIST_MAX 32
struct conf_list {
    char *item[CONF_LIST_MAX];
    size_t count;
};

struct ssh_conf {
    int refs;
    char **texts;     /* owns all strings */
    size_t text_count, text_cap;
    char *alias;      /* what was asked about */
    char *host, *user;
    int port;
    char *jump;          /* ProxyJump "a@b:22,c", or NULL */
    char *proxy_command; /* unexpanded, or NULL */
    char *key_alias;     /* HostKeyAlias, or NULL */
    struct conf_list identity_files; /* expanded; existing or not */
    struct conf_list certificate_files;
    char *agent; /* socket of the agent, or NULL */
    struct conf_list known_user, known_global;
    enum strict_key strict;
    bool hash_known, identities_only;
    bool pubkey, password, kbdint, gssapi;
    int connect_timeout_s, alive_s; /* 0 = not set */
    char family;                    /* '4', '6' or 0 */
    char *bind_address, *preferred;
    char *pkcs11, *known_command; /* NULL: none */
    bool verify_dns;
    char *host_key_algorithms, *ciphers, *macs, *kex; /* what ssh would offer and libssh2 has; NULL: not said */
};

/* Reads the output of ssh -G for alias. home: for ~ and %d; NULL: the password file's, as ssh has it. Never fails on an unknown word; ERR_INPUT: there is no host in it.
 * The caller owns *out: conf_release(). */
bool conf_parse(const char *text, const char *alias, const char *home, struct ssh_conf **out, struct err *err);
/* Expands ~, %-tokens and ${VAR} of text; unknown tokens stay. conf owns the result. */
char *conf_expand(struct ssh_conf *conf, const char *text, const char *home);
void conf_release(struct ssh_conf *conf); /* NULL is fine */

/* The lines of an answer that conf_parse() reads, algorithms cut down to those of libssh2: what is kept. The caller frees. */
char *conf_digest(const char *answer);

/* conf_files.c: on what an answer rests. said: what ssh -v said beside it; config: its -F or NULL. */
void conf_read_files(const char *said, const char *config, struct buf *files); /* those that it read, or would have, one a line */
/* Adds, for answers_stamp(), what could come in by their Include lines, the variables that they name and the ssh program. False: it
 * cannot be said. */
bool conf_more_files(struct buf *files);
/* False: a command was run for it (Match exec) or a name looked up, so the next answer may be another one. */
bool conf_lasts(const char *said, const char *answer);

/* One host of a ProxyJump: "user@host:port", "user@[v6]:port"; ends at a comma. user NULL, port 0: as configured. */
struct conf_hop {
    char *user, *host;
    int port;
};
struct conf_hop conf_hop(const char *text);
void conf_hop_done(struct conf_hop *hop); /* frees its strings */

/* Host and user as they may be handed to ssh: no leading minus, nothing a shell would take apart. */
bool conf_check_name(const char *host, const char *user, struct err *err);

struct conf_wait;
typedef void conf_fn(void *ctx, struct ssh_conf *conf, const struct err *err);
/* Asks ssh -G once per (address, user, port); answers are kept, also for later runs (answers.h), until a file changes that took part.
 * user NULL, port 0: as configured. first: before others that wait, for they wait for this one as well.
 * fn is called from the loop; conf belongs to its receiver (conf_release) and is NULL on an error. */
struct conf_wait *conf_get(struct transport_hub *hub, const char *address, const char *user, int port, bool first, conf_fn *fn,
                           void *ctx);
void conf_cancel(struct conf_wait *wait); /* NULL is fine */
void confs_end(struct transport_hub *hub);

/* ", unknown host keys are accepted (StrictHostKeyChecking accept-new)", or "". */
const char *conf_strict_note(const struct ssh_conf *conf);
/* Why libssh2 cannot do what is configured for this host, or NULL. */
const char *conf_needs_openssh(const struct ssh_conf *conf);

#endif
