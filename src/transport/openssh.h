/* openssh.h - the ssh program as a transport: its arguments, its steps and its failures read from what it says. */
#ifndef IPAM_TRANSPORT_OPENSSH_H
#define IPAM_TRANSPORT_OPENSSH_H

#include "conf.h"
#include "stream.h"

struct openssh_how {
    const char *config;    /* -F, or NULL */
    const char *log;       /* -E: a FIFO */
    const char *user, *jump, *address;
    int port;
    int connect_timeout_s;
    int alive_s;           /* ServerAliveInterval; 0 = ours */
    bool can_ask;          /* not BatchMode */
    bool tells_hops;       /* the ssh programs that it starts for jump hosts tell how far they are, on stderr */
    bool accept_new;       /* configured is "no", which would let a changed key pass */
    const char *command;   /* executed on the host; NULL: pipe_to is set, or neither */
    const char *pipe_to;   /* -W '[host]:port' */
    const char *control;   /* socket of a master that we start (is_master) or go through */
    bool is_master;
};
#define OPENSSH_ARGS 64
/* NULL-terminated into argv[OPENSSH_ARGS]; strings live as long as how and mem. */
void openssh_argv(const struct openssh_how *how, struct arena *mem, const char **argv);

/* A line of ssh's debug messages that tells how far it is. False: not such a line. */
bool openssh_progress(const char *line, enum transport_step *step);
/* Not a reason: debug messages, the statistics at the end, an empty line. */
bool openssh_chatter(const char *line);
/* Why ssh ended, from everything that it said. host: for the sentence. *step: how far it was, and then what failed. False: its
 * words are not known; err holds the last of them. */
bool openssh_failure(const char *said, const char *host, enum transport_step *step, struct err *err);

/* Where streams wait for max_programs, some that rest are asked to go; soon. */
void openssh_share_places(struct transport_hub *hub);

extern const struct carrier openssh_carrier;

#endif
