/* psrp.h - the client half of the PowerShell Remoting Protocol over a byte stream (MS-PSRP; stdio framing).
 *
 * No I/O: psrp_feed() is given what the host sent, psrp_out() holds what must be sent. One thread per object. Values handed to
 * a callback live until it returns. */
#ifndef IPAM_PSRP_H
#define IPAM_PSRP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/clixml.h"
#include "ipamtui/err.h"
#include "ipamtui/mem.h"

/* ------------------------------------------------------------------ calls */
struct ps_param {
    const char *name; /* without dash; NULL = positional */
    struct ps_value value;
};
struct ps_command {
    const char *name; /* a command's name, or a script's text */
    bool is_script;
    bool use_local_scope;
    const struct ps_param *params;
    size_t param_count;
};
struct ps_call {
    const struct ps_command *commands; /* several = a pipeline A | B */
    size_t command_count;
    bool has_input; /* input follows by psrp_call_input(), psrp_call_end_input() */
};

/* MS-PSRP 2.2.2.15; ids and category are for code, message is for people. */
struct ps_error {
    const char *message;
    const char *id;          /* FullyQualifiedErrorId: "DHCP 20005,Get-DhcpServerv4Scope" */
    int category;            /* ErrorCategory; 0 NotSpecified, 13 ObjectNotFound, 18 PermissionDenied ... */
    const char *reason;      /* exception class: "CimException" */
    const char *target;      /* what it was about, as text; "" = not said */
    const char *activity;    /* the command */
};
const char *ps_category_name(int category); /* "PermissionDenied" */

enum ps_stream { PS_STREAM_WARNING, PS_STREAM_VERBOSE, PS_STREAM_DEBUG, PS_STREAM_INFORMATION };
struct ps_progress {
    const char *activity, *status, *operation;
    int percent; /* -1 = unknown */
};
enum ps_end { PS_COMPLETED, PS_STOPPED, PS_FAILED, PS_LOST /* the connection went; outcome unknown */ };

/* Any of them may be NULL. done comes exactly once, last. */
struct ps_call_events {
    void (*output)(void *ctx, const struct ps_value *value);
    void (*error)(void *ctx, const struct ps_error *error); /* ERROR_RECORD: the pipeline goes on */
    void (*record)(void *ctx, enum ps_stream stream, const char *text);
    void (*progress)(void *ctx, const struct ps_progress *progress);
    void (*done)(void *ctx, enum ps_end end, const struct ps_error *why); /* why: NULL when completed */
};
struct psrp_events {
    void (*opened)(void *ctx); /* calls run from now on; calls made before were queued */
    void (*closed)(void *ctx); /* CloseAck of the pool came, or the stream ended after the pool's Close */
    /* Protocol error or the pool broke: nothing will be answered any more. All calls got PS_LOST before. Not repeated. */
    void (*broken)(void *ctx, const struct err *err);
};

struct psrp;
typedef uint64_t psrp_call_id; /* 0 = none */

struct psrp_limits { /* zeroed = defaults */
    size_t line;     /* longest packet line, 1 MiB */
    size_t message;  /* longest reassembled message, 64 MiB */
    size_t noise;    /* bytes of non-protocol lines tolerated before opened, 256 KiB; later 16 times that between packets */
    int depth;       /* nesting of CLIXML, 200 elements */
};
/* where names the host in errors (copied). runspaces: pipelines at once (MaxRunspaces). The handshake is in psrp_out() at once. */
struct psrp *psrp_new(const char *where, int runspaces, const struct psrp_limits *limits, const struct psrp_events *events,
                      void *ctx);
void psrp_free(struct psrp *psrp); /* no callbacks; NULL is fine. Not from within a callback. */

/* What the host sent on stdout. false: broken (also reported by the callback). Not from within a callback, nor psrp_eof(). */
bool psrp_feed(struct psrp *psrp, const void *bytes, size_t len, struct err *err);
/* The stream ended: calls get PS_LOST, then broken(). stderr_text: last words of the host for the message, or NULL. */
void psrp_eof(struct psrp *psrp, const char *stderr_text);
/* Bytes to send; the owner of the stream takes them with buf_take(). */
struct buf *psrp_out(struct psrp *psrp);
/* First bytes that were no protocol, printable, for "not PowerShell remoting: first bytes were ..."; "" if none. */
const char *psrp_noise(const struct psrp *psrp);

bool psrp_is_open(const struct psrp *psrp);
/* From APPLICATION_PRIVATE_DATA; "" until opened. */
const char *psrp_version(const struct psrp *psrp); /* "5.1.20348.2110" */
const char *psrp_edition(const struct psrp *psrp); /* "Desktop", "Core" */

/* Starts (or queues, when all runspaces are taken). Everything in call is copied. 0, and no event ever: the session is
 * closing, closed or broken, or a value is nested deeper than clixml_write() takes. */
psrp_call_id psrp_invoke(struct psrp *psrp, const struct ps_call *call, const struct ps_call_events *events, void *ctx);
/* Input is queued without a limit of its own. false: no such call, it takes none (any more), or the value cannot be written. */
bool psrp_call_input(struct psrp *psrp, psrp_call_id id, const struct ps_value *value);
bool psrp_call_end_input(struct psrp *psrp, psrp_call_id id);
/* Signal: done(PS_STOPPED or what it became) follows, maybe late; for a call that had not begun, from within this one. Unknown ids
 * are ignored. A host that does not stop answers nothing: the caller's limit, then the connection. */
void psrp_stop(struct psrp *psrp, psrp_call_id id);
/* Closes the pool politely once every pipeline is closed. Running ones are stopped; those that had not begun get done() now. */
void psrp_close(struct psrp *psrp);
size_t psrp_calls_open(const struct psrp *psrp);

#endif
