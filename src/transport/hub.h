/* hub.h - what the streams of one loop share. */
#ifndef IPAM_TRANSPORT_HUB_H
#define IPAM_TRANSPORT_HUB_H

#include "stream.h"

struct transport_hub {
    struct loop *loop;
    struct transport *streams;
    int64_t connect_ms, kex_ms, login_ms;
    int max_handshakes, max_handshakes_per_host;
    int max_programs, programs; /* ssh programs that carry a host: at most, and now (openssh.c) */
    int programs_leaving;       /* of these, asked to go */
    struct openssh *program_queue;
    struct loop_timer programs_turn;
    char *ssh_config; /* NULL: the operator's */

    struct job *jobs; /* helper processes, in order (job.c) */
    int jobs_running;
    struct loop_timer jobs_turn;

    struct conf_entry *confs; /* answers of ssh -G (conf.c) */
    struct conf_rests {       /* the files of the latest, looked into */
        char *read, *files;
        uint64_t stamp;
        bool lasting;
    } conf_rests;

    struct answers *answers;      /* of ssh -G and ssh-keygen -F (answers.c) */
    struct known_lookup *lookups; /* under way (known.c) */

    struct secret *secrets; /* locked memory (secret.c) */

    struct agent *agents;       /* agent.c */
    struct keyfile *keyfiles;   /* keyfile.c */
    struct own_agent *own_agent;
    bool keyfile_busy;
    struct loop_timer keyfile_turn;

    struct session *dead_sessions; /* freed in the next turn (session.c) */
    struct loop_timer bury;
    struct gate *gates; /* gate.c */
    struct gate_pass *gate_queue;
    int handshakes;
    struct jump *jumps;         /* jump.c */
    struct master *masters;     /* master.c */
    struct fallback *fallbacks; /* hosts that libssh2 cannot talk to (fallback.c) */

    char *run_dir; /* private folder of this hub, made when first needed (rundir.c) */
    unsigned run_count;
};

/* libssh2 failed with this address in a way that the ssh program may not: it is used from now on. */
void hub_remember_fallback(struct transport_hub *hub, const char *address, const char *why);
const char *hub_fallback(const struct transport_hub *hub, const char *address); /* or NULL */
void hub_fallbacks_end(struct transport_hub *hub);

/* The hub's private folder (mode 0700), with the script that asks for ssh in it. NULL and err: it cannot be made. */
const char *hub_run_dir(struct transport_hub *hub, struct err *err);
void hub_run_dir_end(struct transport_hub *hub); /* removes it */

#endif
