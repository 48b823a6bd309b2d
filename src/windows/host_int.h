/* host_int.h - the parts of a host: its calls (host_calls.c), its sessions (host_session.c), its interface (host.c). */
#ifndef IPAM_HOST_INT_H
#define IPAM_HOST_INT_H

#include "dialect.h"
#include "ipamtui/host.h"

enum {
    START_TIMEOUT_MS = 60000, /* the first DHCP command of a session may wait for antivirus and module loading */
    STOP_GRACE_MS = 10000,    /* a stop is carried out only when the cmdlet lets go; after this the connection is dropped */
    CLOSE_GRACE_MS = 3000,
    RUNSPACES = 3,
    CATEGORY_TIMEOUT = 15, CATEGORY_CONNECTION = 27,
};

/* A call lives from host_invoke() to its done. Calls run in the order they came, those of host_invoke_first() before the others. */
struct host_call {
    struct host *host;
    host_call_id id;
    psrp_call_id remote; /* 0 = not sent yet */
    struct arena mem;    /* of call */
    struct ps_call call;
    struct ps_call_events events; /* zeroed: nobody listens any more */
    void *ctx;
    int64_t timeout_ms, started_ms;
    bool stopped, timed_out;
    bool first;    /* goes before those that are not */
    bool finished; /* the dialect is done with it */
    struct session *session; /* where it runs; NULL = not sent */
    bool orphan;             /* ended for its caller, while the dialect still knows it: lives as long as the session */
    struct loop_timer timer;
    struct host_call *next;
};

/* One connection: a stream and a dialect at its end. Retired ones wait for their polite end, or for the next turn of
 * the loop (nothing is freed from within its own callback). */
struct session {
    struct host *host;
    struct transport *stream;
    struct dialect *dialect; /* NULL until the remote program runs */
    bool open;               /* PowerShell has answered */
    bool retired;
    bool feeding;            /* what came is being looked at: what goes out is gathered */
    struct host_call *orphans;
    struct loop_timer timer; /* limit of the state, or the end */
    struct session *next;
};

struct host {
    struct loop *loop;
    struct transport_hub *hub;
    struct transport_target target; /* strings are ours */
    struct host_options options;
    struct host_events events;
    void *ctx;
    const struct dialect_ops *dialect;
    bool other_tried;       /* AUTO: both dialects were tried since the last success */
    struct err first_error; /* why the first one did not open */
    enum host_state state;
    struct err error;
    enum transport_step failed_step, step;
    struct host_call *calls;
    host_call_id next_id;
    int running;
    int holds;
    unsigned opened; /* sessions, so far */
    struct session *session; /* the one that is used; NULL = none */
    struct session *retired;
    struct loop_timer idle;
    int depth; /* callbacks that are on the stack */
    bool dead;
    char version[64], edition[24], warning[256], describe[320];
};

/* ------------------------------------------------------------------ host_calls.c */
void call_free(struct host_call *call);
/* The end of a call: out of the list, told, freed (later, if the dialect still knows it). */
void call_end(struct host_call *call, enum ps_end end, const struct ps_error *why);
void call_stop(struct host_call *call);
int runspaces_of(const struct host *host);
/* Sends what waits, as far as runspaces are free. */
void send_calls(struct host *host);
/* Ends all calls that the connection took with it: PS_LOST with host->error. New calls that this brings are not theirs. */
void lose_calls(struct host *host);

/* ------------------------------------------------------------------ host_session.c */
/* Around everything that may call back: a host that was freed by one of its own callbacks ends with the next turn. */
void host_enter(struct host *host);
void host_leave(struct host *host);
void host_destroy(struct host *host); /* host.c */
void set_state(struct host *host, enum host_state state);
void watch_idle(struct host *host);
void connect_host(struct host *host);
/* Out of use; freed after delay_ms. */
void session_retire(struct host *host, int64_t delay_ms);
void session_free(struct session *session);
void session_flush(struct session *session); /* NULL is fine */
/* The connection is of no use any more: another dialect is tried, or the reason is kept and every call gets PS_LOST. */
void host_fail(struct host *host, enum transport_step step, const struct err *err);
/* What is executed on the host. NULL: nobody knows a command for this dialect. */
const char *command_of(const struct host *host);

#endif
