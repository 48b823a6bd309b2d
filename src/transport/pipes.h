/* pipes.h - a stream over the stdin and stdout of a child process: `command` and `openssh`. */
#ifndef IPAM_TRANSPORT_PIPES_H
#define IPAM_TRANSPORT_PIPES_H

#include "ipamtui/child.h"
#include "stream.h"

struct pipes {
    struct transport *t;
    struct child child;
    struct loop_watch *in, *out, *errs, *end;
    struct loop_timer timer; /* after one of two ends came: the other is not waited for for ever */
    bool out_ended, ended, finishing;
    int status; /* as from waitpid, once ended */
    void (*first_data)(struct pipes *p); /* before the first bytes of stdout go on; may be NULL */
    void (*errs_data)(struct pipes *p, const char *bytes, size_t len); /* its stderr; NULL: is the remote's */
    void (*over)(struct pipes *p);       /* the process ended: says how by stream_ended() */
};

/* Takes over a child that runs; p lives until pipes_done(). */
void pipes_start(struct pipes *p, struct transport *t);
void pipes_wrote(struct pipes *p);
void pipes_paused(struct pipes *p);
void pipes_drain_errs(struct pipes *p); /* what it has said on stderr so far */
void pipes_finish(struct pipes *p); /* stdin ends; stream_gone() when the process has ended */
void pipes_done(struct pipes *p);   /* kills what still runs */
/* "ended with status 3", "was ended by signal 9 (Killed)". False: status 0. */
bool pipes_how(int status, char *out, size_t size);

#endif
