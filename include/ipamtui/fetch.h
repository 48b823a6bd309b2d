/* fetch.h - retrieval from the catalogue's rows: which calls bring an object type's properties, and how answers become rows.
 *
 * No I/O of its own: the caller gives a host and a sink. Same thread as the host. */
#ifndef IPAM_FETCH_H
#define IPAM_FETCH_H

#include "ipamtui/catalog.h"
#include "ipamtui/host.h"

/* Rows of one source's answer. values is row_count * object->property_count, untouched properties VALUE_NULL; only
 * properties of that source and keys are meant. Strings live in the fetch until the sink returns. */
struct fetch_rows {
    const struct object_type *object;
    int source;
    const struct value *values;
    size_t row_count;
};
enum fetch_result {
    FETCH_DONE,        /* answered whole */
    FETCH_NOT_OFFERED, /* optional source, cmdlet missing there */
    FETCH_DENIED,      /* not allowed to see */
    FETCH_FAILED,      /* the server's error, unreadable answer, time-out */
    FETCH_LOST,        /* connection gone */
};
struct fetch_sink {
    /* Rows as they arrive, in batches of at most 512. first: this is the source's first batch. */
    void (*rows)(void *ctx, const struct fetch_rows *rows, bool first);
    /* Source ended; rows of SOURCE_DEFINES not named by now are gone if FETCH_DONE. */
    void (*source_done)(void *ctx, const struct object_type *object, int source, enum fetch_result result,
                        const struct err *err, size_t row_count);
    void (*done)(void *ctx); /* all sources ended; once */
};
struct fetch;
/* Asks all sources of all catalogue objects that `what` and `role` call for. */
struct fetch *fetch_start(struct host *host, const char *server_name, unsigned what, unsigned role, int64_t call_timeout_ms,
                          const struct fetch_sink *sink, void *ctx);
/* Asks what is asked on demand only (catalog_on_demand): all that role calls for, or about one thing (a zone's name; NULL). One row an
 * object, no text in it. */
struct fetch *fetch_on_demand(struct host *host, const char *server_name, unsigned role, const char *about, int64_t call_timeout_ms,
                              const struct fetch_sink *sink, void *ctx);
void fetch_cancel(struct fetch *fetch); /* stops its calls; no callbacks any more; frees it */
/* One answer object to one row (values of object->property_count), for the change engine's re-reading as well. ERR_REMOTE: a key
 * is missing or unreadable. */
bool fetch_row(const struct object_type *object, int source, const struct ps_value *answer, struct arena *arena,
               struct value *values, struct err *err);
/* A property's value as a typed argument of a call (KIND_DURATION -> TimeSpan, KIND_IPV4 -> string ...). In arena. */
struct ps_value fetch_argument(const struct property *property, struct value v, struct arena *arena);
/* A server's error in one sentence for people, and its kind: category, id ("DHCP 20005"), what to try. */
void fetch_explain(const struct ps_error *error, const char *where, struct err *out);

#endif
