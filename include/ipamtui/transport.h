/* transport.h - a byte stream to a host: libssh2, the ssh program, or any command.
 *
 * One hub per loop (and so per thread) holds what its streams share: jump sessions, the agent, cached `ssh -G` answers,
 * limits. Nothing here blocks. Decisions and traps: in the comments of src/transport/, after libssh2 1.10 as measured. */
#ifndef IPAM_TRANSPORT_H
#define IPAM_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/err.h"
#include "ipamtui/loop.h"

enum transport_kind { TRANSPORT_SSH, TRANSPORT_OPENSSH, TRANSPORT_COMMAND };
const char *transport_kind_name(enum transport_kind kind); /* "ssh", "openssh", "command" */
bool transport_kind_parse(const char *name, enum transport_kind *out);

/* Steps in order; an error names the one that failed. */
enum transport_step {
    STEP_CONFIG,  /* ssh -G */
    STEP_RESOLVE, STEP_CONNECT, STEP_JUMP, STEP_KEX, STEP_HOSTKEY, STEP_LOGIN, STEP_EXEC, STEP_OPEN
};
const char *transport_step_name(enum transport_step step); /* "name lookup", "TCP connection", "host key", "login" ... */

/* Where to. Strings are copied. NULL or "" = what ssh -G says. */
struct transport_target {
    const char *name;    /* the server's name in our store, for messages */
    enum transport_kind kind;
    const char *address; /* host or alias, as one would say `ssh ADDRESS` */
    const char *user, *jump;
    int port;            /* 0 = what ssh -G says */
    const char *command; /* COMMAND: 'PROGRAM ARGS'; ssh kinds: what is executed on the host */
};

enum ask_kind { ASK_HOSTKEY, ASK_PASSWORD, ASK_PASSPHRASE, ASK_PROMPTS /* keyboard-interactive */ };
/* A question to the operator. Lives until answered or the stream closes. */
struct transport_ask {
    enum ask_kind kind;
    char host[128];        /* which host asks (may be a jump) */
    char text[512];        /* the question, printable: host key type and SHA256 fingerprint; key file; instruction */
    char prompts[4][128];  /* ASK_PROMPTS */
    bool echo[4];
    int prompt_count;      /* answers wanted; 1 for password and passphrase, 0 for a host key */
};

struct transport;
struct transport_events {
    void (*step)(void *ctx, enum transport_step step);           /* progress; may be NULL */
    void (*hop)(void *ctx, const char *host);                    /* logged in to this jump host, the nearest first; may be NULL */
    void (*opened)(void *ctx);                                   /* the remote program runs */
    void (*data)(void *ctx, const void *bytes, size_t len);      /* its stdout */
    /* A question; answer with transport_answer(). NULL: every question is answered no. */
    void (*ask)(void *ctx, const struct transport_ask *ask);
    /* It rests (transport_rest()), and another stream waits for the place of its ssh program: close it. May be NULL. */
    void (*wanted)(void *ctx);
    /* Ended, by failure or by the other side; exactly once, not after transport_close(). err->kind ERR_NONE: clean end. step: the one
     * that failed. stderr_tail: last printable words of the remote stderr, "" if none. */
    void (*closed)(void *ctx, enum transport_step step, const struct err *err, const char *stderr_tail);
};

struct transport_hub;
struct transport_hub_options {
    int64_t connect_timeout_ms; /* of each step; 0 = defaults of 10 s (connect), 15 s (kex), 20 s (login) */
    int max_handshakes;         /* connections not yet logged in, in all; 0 = 32 */
    int max_handshakes_per_host;/* per sshd; 0 = 8 */
    int max_programs;           /* `ssh` programs of this hub at once that carry a host (kind openssh, or in its place); 0 = 100 */
    const char *ssh_config;     /* -F FILE for ssh -G and ssh; NULL = the operator's */
};
/* What ssh -G and ssh-keygen -F answer is kept in this file from one run to the next, while the files that they read stay as they are;
 * NULL, as at first: only within a run. Before the first hub; for all of the process. */
void transport_keep_answers(const char *path);
/* Ignores SIGPIPE and raises the soft limit of descriptors of the process, which hundreds of hosts need. */
struct transport_hub *transport_hub_new(struct loop *loop, const struct transport_hub_options *options);
void transport_hub_free(struct transport_hub *hub); /* closes what is left, without callbacks */

/* Starts to open. Never fails at once: failures come by closed(), from the loop. The caller owns the result:
 * transport_close() it, also after closed(). */
struct transport *transport_open(struct transport_hub *hub, const struct transport_target *target,
                                 const struct transport_events *events, void *ctx);
void transport_write(struct transport *t, const void *bytes, size_t len); /* queued; never partial */
size_t transport_queued(const struct transport *t);                      /* bytes not yet handed to the system */
void transport_pause(struct transport *t, bool paused);                  /* stop reading: backpressure */
/* Whether nothing is wanted of it just now; at first something is. Where max_programs run and others wait, those that rest longest
 * are asked to go, by wanted(). */
void transport_rest(struct transport *t, bool resting);
/* answers: prompt_count strings (wiped here after use); NULL = refused. For ASK_HOSTKEY any non-NULL = accept. */
void transport_answer(struct transport *t, const char *const *answers);
/* Ends it: polite end of stdin, a grace of 3 s in the background, then dropped. No callbacks after this. NULL is fine. */
void transport_close(struct transport *t);
/* How long to wait before another try: 1, 2, 5, 15, 30, then 60 s, each +-20 % at random so that many hosts do not come back
 * together. attempt counts from 0. Never for a refused login: that is not tried again by itself. */
int64_t transport_backoff_ms(int attempt);
/* One line for `server show`: "ssh as admin to dhcp-ams-01:22 through jump-ams, key agent"; openssh: with the reason. */
const char *transport_describe(const struct transport *t);

#endif
