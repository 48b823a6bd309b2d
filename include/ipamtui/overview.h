/* overview.h - is anything wrong? Counts by state, the newest changes of state, what could not be verified. From the store alone. */
#ifndef IPAM_OVERVIEW_H
#define IPAM_OVERVIEW_H

#include "ipamtui/store.h"

enum overview_grade {
    OVERVIEW_GOOD,
    OVERVIEW_BAD,        /* not well */
    OVERVIEW_UNVERIFIED, /* not known: never asked, not reachable, refused */
    OVERVIEW_NEUTRAL,    /* a state that somebody may want */
};
/* So many rows of object have this word in property; word "" = not known. The query lists exactly them. */
struct overview_count {
    const char *object, *property, *word, *query;
    int64_t count;
    enum overview_grade grade;
};
/* fn false = stop; strings live until it returns. */
typedef bool overview_count_fn(void *ctx, const struct overview_count *count);
bool store_overview(struct store *store, overview_count_fn *fn, void *ctx, struct err *err);

struct overview_change {
    const char *server, *object, *name, *property, *before, *after; /* words; "" = not known */
    int64_t at;
};
typedef bool overview_change_fn(void *ctx, const struct overview_change *change);
bool store_newest_changes(struct store *store, int limit, overview_change_fn *fn, void *ctx, struct err *err); /* newest first */

/* A call of a server that did not end well the last time. */
struct overview_fault {
    const char *server, *object, *source, *result, *error;
    int64_t at, ok_at; /* ok_at 0 = never */
    size_t calls;      /* by reason: how many of the server's calls ended so; the source is one of them */
};
typedef bool overview_fault_fn(void *ctx, const struct overview_fault *fault);
/* By server; by_reason: one for all calls of a server that ended for the same reason, else one a call. */
bool store_unverified(struct store *store, bool by_reason, int limit, overview_fault_fn *fn, void *ctx, struct err *err);

/* 'Reset zone status': events about these zones that are older than now do not count any more. changed[i]: on so many servers; 0 =
 * none has the i-th zone. Opens a transaction of its own: all of them, or none. */
bool store_zone_reset(struct store *store, const char *const *zones, size_t count, int64_t now_s, int64_t *changed, struct err *err);

#endif
