/* talk.h - what an ssh or ssh-add of ours asks the operator, and what it says beside the remote's output.
 *
 * Three FIFOs in the hub's private folder: question, answer (both for the askpass script), and ssh's own messages (ssh -E). */
#ifndef IPAM_TRANSPORT_TALK_H
#define IPAM_TRANSPORT_TALK_H

#include "stream.h"

#define TALK_SAID ((size_t)8192)

struct talk {
    struct transport_hub *hub;
    struct transport *(*asker)(void *ctx); /* through whom questions go now; NULL result: refused */
    void (*line)(void *ctx, const char *line); /* one message of ssh's; may be NULL */
    void *ctx;
    const char *host;    /* for questions */
    char *path;          /* of the FIFOs, without .q, .a, .e */
    char *said_path;     /* for ssh -E */
    char *env_ask, *env_pass;
    const char *env[5];  /* for child_start */
    int q, a, e;
    struct loop_watch *q_watch, *e_watch;
    struct buf asked, said; /* the last TALK_SAID bytes of messages */
    size_t said_seen;       /* of said: handed to line() */
    struct question question;
    bool asking, answered_from_memory;
    char key[256];          /* of the passphrase that is asked for */
    void (*moved)(void *ctx); /* a question was answered; may be NULL */
};

/* can_ask false: env answers every question no. The caller fills asker, line, ctx, host, moved before; talk_done() after. */
bool talk_start(struct talk *talk, struct transport_hub *hub, bool can_ask, struct err *err);
void talk_done(struct talk *talk); /* also on a zeroed one */
void talk_drain(struct talk *talk); /* reads what ssh said last */

/* Reads ssh's question (untrusted text) into *ask; key gets the key file's name of a passphrase question. */
void talk_understand(const char *text, const char *host, struct transport_ask *ask, char *key, size_t key_size);

#endif
