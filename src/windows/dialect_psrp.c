#include "dialect.h"

#include <stdlib.h>

/* PowerShell Remoting Protocol: the psrp room does all of it. */
struct psrp_dialect {
    struct dialect base;
    struct psrp *psrp;
};

static struct psrp *of(const struct dialect *dialect)
{
    return ((const struct psrp_dialect *)dialect)->psrp;
}

static struct dialect *dialect_open(const char *where, int runspaces, const struct psrp_events *events, void *ctx)
{
    struct psrp_dialect *d = x_alloc(sizeof(*d));

    d->base.ops = &dialect_psrp;
    d->psrp = psrp_new(where, runspaces, NULL, events, ctx);
    return &d->base;
}

static void dialect_free(struct dialect *dialect)
{
    psrp_free(of(dialect));
    free(dialect);
}

static void dialect_feed(struct dialect *dialect, const void *bytes, size_t len)
{
    struct err err = { 0 };

    psrp_feed(of(dialect), bytes, len, &err); /* a failure comes by broken() as well */
}

static void dialect_eof(struct dialect *dialect, const char *stderr_text)
{
    psrp_eof(of(dialect), stderr_text);
}

static struct buf *dialect_out(struct dialect *dialect)
{
    return psrp_out(of(dialect));
}

static psrp_call_id dialect_invoke(struct dialect *dialect, const struct ps_call *call,
                                   const struct ps_call_events *events, void *ctx)
{
    return psrp_invoke(of(dialect), call, events, ctx);
}

static void dialect_stop(struct dialect *dialect, psrp_call_id id)
{
    psrp_stop(of(dialect), id);
}

static void dialect_close(struct dialect *dialect)
{
    psrp_close(of(dialect));
}

static const char *dialect_version(const struct dialect *dialect)
{
    return psrp_version(of(dialect));
}

static const char *dialect_edition(const struct dialect *dialect)
{
    return psrp_edition(of(dialect));
}

static const char *dialect_noise(const struct dialect *dialect)
{
    return psrp_noise(of(dialect));
}

const struct dialect_ops dialect_psrp = {
    .name = "psrp",
    .title = "PowerShell remoting",
    .command = "powershell.exe -s -NoLogo -NoProfile",
    .stops_calls = true,
    .open = dialect_open,
    .free = dialect_free,
    .feed = dialect_feed,
    .eof = dialect_eof,
    .out = dialect_out,
    .invoke = dialect_invoke,
    .stop = dialect_stop,
    .close = dialect_close,
    .version = dialect_version,
    .edition = dialect_edition,
    .noise = dialect_noise,
};
