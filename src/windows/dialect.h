/* dialect.h - one way of speaking to PowerShell over a byte stream: calls in, objects and errors out.
 *
 * host.c owns the stream, the queue of calls and every time limit; a dialect only turns calls into bytes and bytes into
 * callbacks. PowerShell remoting is one (dialect_psrp.c), the plain `powershell.exe -Command -` the other. */
#ifndef IPAM_DIALECT_H
#define IPAM_DIALECT_H

#include "ipamtui/psrp.h"

struct dialect;
struct dialect_ops {
    const char *name;    /* "psrp": shown, remembered per host */
    const char *title;   /* "PowerShell remoting": what the other side is not, in errors */
    const char *command; /* what is executed on a host when nobody says otherwise */
    bool stops_calls;    /* a running call can be stopped; false: only by dropping the connection */
    int runspaces_max;   /* calls at once at most; 0 = as many as asked for */
    struct dialect *(*open)(const char *where, int runspaces, const struct psrp_events *events, void *ctx);
    void (*free)(struct dialect *dialect); /* no callbacks; not from within one */
    void (*feed)(struct dialect *dialect, const void *bytes, size_t len);
    /* The stream ended: every call gets PS_LOST, then broken(). */
    void (*eof)(struct dialect *dialect, const char *stderr_text);
    struct buf *(*out)(struct dialect *dialect); /* bytes to send, taken by the owner of the stream */
    /* Everything in call outlives the call. Only used while open, never more at once than it has runspaces. */
    psrp_call_id (*invoke)(struct dialect *dialect, const struct ps_call *call, const struct ps_call_events *events,
                           void *ctx);
    void (*stop)(struct dialect *dialect, psrp_call_id id);
    void (*close)(struct dialect *dialect); /* politely: closed() follows */
    const char *(*version)(const struct dialect *dialect);
    const char *(*edition)(const struct dialect *dialect); /* "": it has no word for it, as before 5.1 */
    const char *(*noise)(const struct dialect *dialect); /* first bytes that were no protocol, printable */
};
/* Every dialect begins with this. */
struct dialect {
    const struct dialect_ops *ops;
};
extern const struct dialect_ops dialect_psrp, dialect_plain;

#endif
