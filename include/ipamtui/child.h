/* child.h - child processes of ours: ssh, ssh-keygen, ssh-add, simulated hosts, pipes.
 *
 * Never a shell: an argument vector. Descriptors are close-on-exec. Any thread may start one; the starter ends it. */
#ifndef IPAM_CHILD_H
#define IPAM_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "ipamtui/err.h"
#include "ipamtui/mem.h"

struct child {
    pid_t pid; /* 0 = none */
    int in;    /* write end of its stdin, non-blocking; -1 = none */
    int out;   /* read end of its stdout, non-blocking */
    int errs;  /* read end of its stderr, non-blocking */
    int pidfd; /* polls readable when it has ended; -1 = not available */
};

enum child_flags {
    CHILD_NEW_SESSION = 1,  /* setsid: no controlling terminal, a group of its own, so that child_end reaches all */
    CHILD_STDIN_NULL = 2,   /* stdin is /dev/null; in is -1 */
    CHILD_STDERR_NULL = 4,
};
/* argv[0] is looked up in PATH. env_extra: NULL-terminated "NAME=VALUE" put over the environment, or NULL.
 * ERR_NOT_FOUND: no such program; ERR_IO: anything else. */
bool child_start(struct child *child, char *const argv[], char *const env_extra[], unsigned flags, struct err *err);
/* Splits 'PROGRAM ARGS' as a command line: blanks separate, '...' and "..." and backslash quote. argv is one block
 * to free(). ERR_INPUT names the column of an open quote. */
bool child_split(const char *command, char ***argv, struct err *err);
/* Ended? Then *status is as from waitpid and pid becomes 0. Never waits. */
bool child_ended(struct child *child, int *status);
/* Closes the descriptors, SIGTERM to it (or its session), SIGKILL after grace_ms to what is left of them, be it only others that it
 * has left behind; reaps. Waits at most grace_ms. */
void child_end(struct child *child, int grace_ms);

/* What a program said, and how it ended. Zeroed = nothing yet. */
struct child_output {
    struct buf out, errs;     /* at most 1 MiB of each */
    bool out_cut, errs_cut;   /* it said more */
    int status;               /* as from waitpid, of one that was not ended by us */
};
void child_output_done(struct child_output *said);
/* Runs it to its end in a session of its own (blocking, at most timeout_ms) and collects what it says: into said, which may be NULL;
 * what was said until then is there also when this fails. input: its stdin; NULL = /dev/null. stop (NULL = never): once true, which
 * any thread may do at any time, it is told to end at once, and ended within two seconds. For workers and tools, never the screen thread.
 * ERR_TIMEOUT, ERR_CANCELLED: its session was ended. */
bool child_run(char *const argv[], const char *input, int timeout_ms, const atomic_bool *stop, struct child_output *said,
               struct err *err);

#endif
