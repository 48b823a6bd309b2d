/* stream.h - what the kinds of transport share: the stream as its owner sees it, and the hub.
 *
 * A carrier brings the bytes of one stream: a child process or an SSH session. It reports by stream_*(); after
 * stream_ended(), and whenever stream_wants() turned false, it must not touch the stream's owner any more. Carriers call
 * stream_*() only from the loop, never from within transport_open() or transport_write(). */
#ifndef IPAM_TRANSPORT_STREAM_H
#define IPAM_TRANSPORT_STREAM_H

#include "ipamtui/loop.h"
#include "ipamtui/mem.h"
#include "ipamtui/transport.h"

#define STREAM_TAIL ((size_t)4096)      /* kept of the remote stderr */
#define STREAM_CHUNK ((size_t)65536)    /* read at once */
#define STREAM_GRACE_MS 3000            /* between the polite end and the end */

/* A question on its way to the operator through one stream. */
struct question {
    struct transport_ask ask;
    void (*answered)(void *ctx, const char *const *answers); /* NULL answers: refused */
    void *ctx;
    struct transport *via; /* NULL: not asked now */
    bool gone;             /* answered NULL because the stream closed, not by a person */
};

struct carrier {
    void (*start)(struct transport *t);  /* begin; failures by stream_ended(), later */
    void (*wrote)(struct transport *t);  /* t->out got bytes */
    void (*paused)(struct transport *t); /* t->paused changed */
    void (*finish)(struct transport *t); /* no more bytes will come; end politely, then stream_gone() */
    void (*drop)(struct transport *t);   /* end at once and free what is carried; no call back */
};

enum stream_state { STREAM_OPENING, STREAM_OPEN, STREAM_ENDED };

struct transport {
    struct transport_hub *hub;
    struct transport *next, **link; /* in hub->streams */
    struct transport_events events;
    void *ctx;
    char *name, *address, *user, *jump, *command;
    int port;
    enum transport_kind kind;      /* as asked for */
    const struct carrier *carrier; /* NULL once it was dropped */
    void *carried;                 /* the carrier's own */
    struct buf out;                /* written by the owner, not yet taken by the carrier */
    enum stream_state state;
    enum transport_step step;
    int hops;                      /* jump hosts that it was told of */
    bool paused;
    int64_t resting_ms;            /* since when nothing is wanted of it; 0: something is */
    bool closing;                  /* the owner let go: no callbacks */
    struct question *question;     /* waiting for transport_answer() */
    struct buf tail;               /* last bytes of the remote stderr */
    char *fallback;                /* why the ssh program was chosen by ourselves, or NULL */
    struct loop_timer soon, grace;
    char about[320];               /* transport_describe() */
};

/* True while the owner takes data. */
static inline bool stream_wants(const struct transport *t)
{
    return !t->closing && t->state != STREAM_ENDED && !t->paused;
}

void stream_step(struct transport *t, enum transport_step step);
void stream_hop(struct transport *t, const char *host);
void stream_opened(struct transport *t);
void stream_data(struct transport *t, const void *bytes, size_t len);
void stream_stderr(struct transport *t, const void *bytes, size_t len);
/* The stream is over. err->kind ERR_NONE: clean end. The carrier is dropped here. */
void stream_ended(struct transport *t, enum transport_step step, const struct err *err);
/* After finish(): nothing is left of the carrier. */
void stream_gone(struct transport *t);
/* Goes on with another carrier (the ssh program instead of libssh2), before opened only. why is shown. */
void stream_switch(struct transport *t, const struct carrier *carrier, const char *why);

/* Asks through t; false: it has nobody to ask. The question stays the asker's and must outlive its answer or
 * question_cancel(). When t closes meanwhile, it is answered NULL. */
bool question_ask(struct question *q, struct transport *t);
void question_cancel(struct question *q); /* also when not asked */
/* The last line of what a server prompts with, into prompt at of ask. sshd puts in front of it what PAM has to tell. Returns where in
 * text it begins. */
const char *question_prompt(struct transport_ask *ask, int at, const char *text);

extern const struct carrier command_carrier; /* any program */
extern const struct carrier ssh_carrier;     /* a libssh2 session (session.c) */

#endif
