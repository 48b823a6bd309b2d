/* make.h - a new simulated estate: one state file per server and servers.csv, the same for the same seed. */
#ifndef SIMHOST_MAKE_H
#define SIMHOST_MAKE_H

#include "estate.h"

struct make_options {
    const char *dir, *command; /* command: what serves "DIR NAME"; NULL = this program */
    const char *role;          /* "dhcp", "dns", "both"; NULL = a mixture */
    const char *shape;         /* of every server; NULL = a mixture */
    int servers, scopes, zones, zone_copies,
        latency_ms; /* zones: different ones; each is on so many servers */
    uint64_t seed;
    bool clean; /* nobody is down, slow or refusing */
    bool even;  /* every DHCP server has as many scopes */
    bool log_calls;
};
bool simhost_make(const struct make_options *options, struct err *err);

/* -------- within make*.c */
struct random {
    uint64_t state;
};
uint64_t random_next(struct random *r);
int random_below(struct random *r, int limit); /* 0 .. limit-1 */
bool random_percent(struct random *r, int percent);

/* One server that is being made. */
struct making {
    const struct make_options *options;
    struct arena mem;
    struct buf out; /* its state file */
    struct random random;
    const char *name, *region, *role, *address;
    int place;                    /* among all servers */
    int dns_place, dns_count;     /* among those with DNS; how many */
    const char *const *dns_names; /* of all those, full */
    int events;                   /* made so far */
    uint32_t *network;            /* where the next free scope begins */
};
/* Writes one object: pairs of property and value, NULL at the end. */
void make_object(struct making *m, const char *class, ...) __attribute__((sentinel));
const char *make_text(struct making *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void make_dhcp(struct making *m, int scopes);
void make_dhcp6(struct making *m, int scopes);
void make_dns(struct making *m);
/* An event of a log, so many seconds ago: id, level (2 error, 3 warning, 4 information), its parameters
 * separated by '|'. Oldest first. */
void make_event(struct making *m, const char *log, int id, int level, int64_t ago_s, const char *data,
                const char *message);

#endif
