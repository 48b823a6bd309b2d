/* host.h - one managed Windows host: a transport with PowerShell at its end. Calls in, objects and errors out.
 *
 * Belongs to the thread of its hub's loop. Opened by the first call, kept, closed after idle time. */
#ifndef IPAM_HOST_H
#define IPAM_HOST_H

#include "ipamtui/catalog.h"
#include "ipamtui/psrp.h"
#include "ipamtui/transport.h"

enum host_state { HOST_CLOSED, HOST_CONNECTING, HOST_STARTING /* PowerShell */, HOST_OPEN, HOST_FAILED };

/* How PowerShell is spoken to: by its remoting protocol, or by plain lines to `powershell.exe -Command -`. AUTO: the second when the
 * first does not open; which it was, host_dialect() tells. */
enum host_dialect { HOST_DIALECT_AUTO, HOST_DIALECT_PSRP, HOST_DIALECT_PLAIN };
struct host_options {
    int runspaces;            /* pipelines at once */
    int reserved;             /* of these: for host_invoke_first() alone, as far as another one is left */
    int64_t start_timeout_ms; /* remote program to PowerShell's answer; 0 = 60 s */
    int64_t idle_close_ms;    /* 0 = never */
    enum host_dialect dialect;
    enum host_dialect first;  /* AUTO: begin with this one, which worked the last time; AUTO = psrp */
    const char *plain_command;/* what is executed for the plain dialect; NULL: the usual, with kind `command` none */
};
struct host_events {
    void (*state)(void *ctx, enum host_state state, const struct err *err); /* err: only with HOST_FAILED */
    void (*ask)(void *ctx, const struct transport_ask *ask);                /* NULL: refused */
    void (*hop)(void *ctx, const char *host); /* logged in to this jump host on the way, the nearest first; may be NULL */
};
struct host;
struct host *host_new(struct transport_hub *hub, struct loop *loop, const struct transport_target *target,
                      const struct host_options *options, const struct host_events *events, void *ctx);
/* Drops running calls without callbacks. NULL is fine. From within a callback of this host it ends with the next turn of
 * the loop: then the hub must live until that turn. */
void host_free(struct host *host);

/* What the configuration says for all servers; "" or NULL and 0 = what ssh -G says. */
struct host_defaults {
    enum transport_kind transport;
    const char *user, *jump, *powershell;
    int port;
};
/* How a server is reached, from its row of catalog_servers: fills *target, and the dialect in *options. Strings are those of row and
 * defaults. ERR_INPUT: the row lacks what its transport needs. */
bool host_target(const struct row *server, const struct host_defaults *defaults, struct transport_target *target,
                 struct host_options *options, struct err *err);
/* All that host_target() found, as one text (heap): another text means another host. */
char *host_way(const struct transport_target *target, const struct host_options *options);

/* "psrp" or "plain"; NULL and anything else: AUTO. */
enum host_dialect host_dialect_parse(const char *word);

typedef uint64_t host_call_id;
/* timeout_ms: from its start on the host to done, 0 = none. At the limit the call is stopped and, if that does not help within
 * 10 s, the connection dropped: done(PS_FAILED or PS_LOST). When the host cannot be reached, done(PS_LOST) with why->message = the
 * reason; see host_error() for the whole error. */
host_call_id host_invoke(struct host *host, const struct ps_call *call, int64_t timeout_ms,
                         const struct ps_call_events *events, void *ctx);
/* The same for what an operator waits for: sent before all calls that wait. */
host_call_id host_invoke_first(struct host *host, const struct ps_call *call, int64_t timeout_ms,
                               const struct ps_call_events *events, void *ctx);
/* Of what done() was told: stopped, by us or at its limit. */
bool host_call_stopped(enum ps_end end, const struct ps_error *why);
void host_stop(struct host *host, host_call_id id);   /* done(PS_STOPPED or what it became) follows */
void host_forget(struct host *host, host_call_id id); /* host_stop() without any callback from now on */
void host_answer(struct host *host, const char *const *answers);
/* More calls follow: the session is neither closed for being idle nor for who waits for an ssh program. Counted. */
void host_hold(struct host *host, bool hold);
/* Which session it is: another number for each that opened. 0 = none yet. */
unsigned host_session(const struct host *host);
void host_close(struct host *host); /* politely; the next call opens it again */
bool host_closing(const struct host *host); /* a session of it is being closed politely */
enum host_state host_state(const struct host *host);
const struct err *host_error(const struct host *host); /* why HOST_FAILED; kind ERR_NONE if not */
enum transport_step host_failed_step(const struct host *host); /* STEP_OPEN: PowerShell itself */
enum transport_step host_step(const struct host *host); /* while HOST_CONNECTING: how far it got */
const char *host_version(const struct host *host);     /* PowerShell: "5.1.20348.2110", "" before */
const char *host_edition(const struct host *host);     /* "Desktop" (Windows PowerShell) or "Core", "" before */
enum host_dialect host_dialect(const struct host *host);  /* the one in use, or tried last: never AUTO */
const char *host_describe(const struct host *host);
const char *host_warning(const struct host *host);     /* the latest warning text of a call, "" */
struct loop *host_loop(const struct host *host);

#endif
