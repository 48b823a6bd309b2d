/* session.h - one libssh2 session: to a target (it carries a stream) or to a jump host (it carries other sessions).
 *
 * All I/O of libssh2 goes through our queues: its send callback appends to out and never would block, its receive callback
 * takes from in. A root session has descriptors; a nested one lives in a direct-tcpip channel of the session `via`. libssh2
 * 1.10 loses sessions when a send is partial; this way it never sees one.
 * Only pump() of a root session calls libssh2, for the root and everything nested in it; all else wakes it. */
#ifndef IPAM_TRANSPORT_SESSION_H
#define IPAM_TRANSPORT_SESSION_H

#include <libssh2.h>
#include <sys/socket.h>

#include "conf.h"
#include "gate.h"
#include "hostkey.h"
#include "ipamtui/child.h"
#include "stream.h"

#define QUEUE_HIGH ((size_t)256 * 1024) /* a queue above this is not fed */
#define HUMAN_MS 110000                 /* a question may stand so long; sshd gives up after 120 s */
#define ADDRESSES_MAX 8
#define FIRST_BYTES 96

enum session_state {
    SESSION_CONF,    /* waits for ssh -G */
    SESSION_KNOWN,   /* waits for ssh-keygen -F */
    SESSION_ROUTE,   /* waits until the jump host is logged in */
    SESSION_GATE,    /* waits for its turn to connect */
    SESSION_RESOLVE, /* name lookup */
    SESSION_CONNECT, /* TCP */
    SESSION_TUNNEL,  /* waits for its channel through the jump host */
    SESSION_KEX,
    SESSION_HOSTKEY, /* a person decides */
    SESSION_LOGIN,
    SESSION_READY, /* a jump host that carries others */
    SESSION_CHANNEL,
    SESSION_EXEC,
    SESSION_RUN,
    SESSION_PAUSE, /* before another try */
    SESSION_DEAD,
};

struct addresses {
    struct sockaddr_storage item[ADDRESSES_MAX];
    socklen_t len[ADDRESSES_MAX];
    size_t count, at;
};

struct session {
    struct transport_hub *hub;
    enum session_state state;
    enum transport_step step;
    char *alias, *user, *jump_spec; /* as asked for; jump_spec NULL: as configured, "none": direct */
    int port;
    struct transport *stream;  /* a target's; NULL for a jump host's */
    struct jump *pool;         /* a jump host's; NULL for a target's */

    struct conf_wait *conf_wait;
    struct ssh_conf *conf;
    struct known_lookup *lookup;
    struct known_keys known;
    char host_key_order[256];

    struct session *via;                /* carries us; NULL: a root */
    struct session *kids;               /* carried by us, in order of arrival */
    struct session *next_kid, **kid_link;
    struct session *opening;            /* the kid whose channel is being opened: one at a time (libssh2 keeps the state) */
    bool no_more_opens;                 /* an open was abandoned in it */
    LIBSSH2_CHANNEL **spent;            /* channels of kids that are gone, to be freed between opens */
    size_t spent_count, spent_cap;

    struct gate_pass pass;

    struct job *resolve_job;
    struct addresses addresses;
    int fd_in, fd_out;                  /* -1: none; equal for a socket */
    struct loop_watch *watch_in, *watch_out;
    struct child proxy;                 /* its stdin and stdout are the descriptors */
    struct talk *talk;                  /* with an `ssh -W` */
    struct master *master;              /* which goes through this `ssh -M` */
    struct session *master_next;
    struct loop_watch *proxy_errs;

    LIBSSH2_SESSION *ssh;
    struct block *blocks;               /* all that libssh2 holds for it (kex.c) */
    LIBSSH2_CHANNEL *tunnel, *exec;
    struct buf in, out;
    bool in_eof;
    int io_err;                         /* errno; the callbacks answer with it */
    size_t received;                    /* bytes, ever */
    char first[FIRST_BYTES];            /* the first of them, for "this is no SSH server" */
    size_t first_len;

    struct question question;           /* the host key's */
    enum { ANSWER_NONE, ANSWER_YES, ANSWER_NO } answer; /* to it */
    struct login *login;
    char method[120];                   /* "agent key admin@bastion" */
    struct loop_timer limit, wake, ping;
    int64_t connecting_ms;              /* since when it connects and logs in */
    int64_t heard_ms, pinged_ms;        /* last data from the host; ping under way since, 0 = none */
    int tries;
    bool finishing, eof_sent, exec_ended;
    int64_t exec_ended_ms;
    struct session *next_dead;
};

struct session *session_new(struct transport_hub *hub, const char *alias, const char *user, int port, const char *jump_spec);
void session_start(struct session *s);
void session_wake(struct session *s); /* something it waits for may have happened: pumps its root in the next turn */
/* The session ends with an error: its stream, or all that it carries, hears of it. */
void session_fail(struct session *s, enum transport_step step, const struct err *err);
/* Ends at once, silently; freed in the next turn. Kids must be gone. */
void session_drop(struct session *s);
void session_limit(struct session *s, int64_t ms); /* of the present state */
void session_waits_for_person(struct session *s); /* its limit is a person's now */
void session_pump(void *session); /* of a root, when a descriptor is ready */
void session_attach(struct session *kid, struct session *via);
void session_detach(struct session *kid);
/* Who can be asked on behalf of s: its stream, or one that waits for it. NULL: nobody. */
struct transport *session_asker(void *session);
/* The host, for sentences. */
const char *session_host(const struct session *s);
void sessions_end(struct transport_hub *hub);

/* connect.c: what the states before the key exchange do. False: failed (s is dropped). */
void connect_route(struct session *s);
void connect_gate(struct session *s);  /* its way is free: waits for its turn */
void connect_begin(struct session *s); /* the gate let it pass */
void connect_next_address(struct session *s);
void connect_close(struct session *s);
void connect_watch(struct session *s);

/* kex.c: session start, host key. */
void kex_begin(struct session *s);
bool kex_step(struct session *s); /* true: something moved */
bool hostkey_step(struct session *s); /* an answer about the host key has come */
void *kex_alloc(struct session *s, size_t size); /* for what libssh2 frees itself */
void kex_end(struct session *s); /* frees the libssh2 session, which must not be in a call */

/* run.c: the channel of a target. */
bool run_step(struct session *s);
void run_describe(struct session *s);

/* login.c. */
enum login_result { LOGIN_WAIT, LOGIN_DONE, LOGIN_FAILED };
enum login_result login_step(struct session *s, struct err *err);
void login_free(struct session *s);
/* After LOGIN_FAILED: why the ssh program could do better, or NULL. */
const char *login_needs_openssh(const struct session *s);

/* master.c: a jump host that only the ssh program can log in to. */
bool master_join(struct session *s, const char *spec, struct err *err); /* starts it if need be; ready later, with a wake */
bool master_ready(const struct session *s);
const char *master_host(const struct session *s);
bool master_pipe(struct session *s, struct err *err); /* starts s->proxy: ssh -W through it */
void master_leave(struct session *s);                 /* also when in none */
void masters_end(struct transport_hub *hub);

/* jump.c. */
/* Attaches s to a session of the pool for spec, made when there is none. False and err: a loop, a bad name. */
bool jump_join(struct session *s, const char *spec, struct err *err);
void jump_ready(struct session *s);                          /* a pool's session is logged in */
void jump_tell_master(struct session *s);                    /* the master that s goes through is: s and what is below it hear of it */
void jump_lost(struct session *s, const struct err *err);    /* a pool's session failed: its kids hear of it */
void jump_stuck(struct session *s);                          /* an open got no answer: waiting kids go elsewhere */
void jump_needs_openssh(struct session *s, const char *why); /* kids get there by ssh -W */
const char *jump_pipe_reason(struct transport_hub *hub, const char *spec); /* or NULL */
void jump_asked(struct session *s);                          /* its login needed a person */
void jump_idle(struct session *s);                           /* has it no kids left? */
void jumps_end(struct transport_hub *hub);

#endif
