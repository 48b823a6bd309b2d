/* verify.c - regular verification: each server again after an interval, jittered, less often while it does not answer.
 *
 * One process a database does it: the one that holds the lock on DATABASE.lock. The others look every minute whether it
 * is free. Due times are of the monotonic clock, so a wall clock that jumps moves nothing. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "inner.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"

enum { TICK_MS = 60000, SOON_MS = 1000, FIRST_MS = 20000, BACKOFF_MAX = 3, JITTER_PERCENT = 10 };

static const struct round {
    unsigned what;
    size_t interval;  /* for all: offset in struct settings */
    const char *name; /* property of a server that says otherwise */
} rounds[] = {
    { WHAT_SERVICE, offsetof(struct settings, verify_service_s), "verify_service" },
    { WHAT_UTILIZATION, offsetof(struct settings, verify_utilization_s), "verify_utilization" },
    { WHAT_DNS, offsetof(struct settings, verify_zones_s), "verify_zones" },
    { WHAT_DHCP, offsetof(struct settings, verify_configuration_s), "verify_configuration" },
};
_Static_assert(COUNT(rounds) == VERIFY_ROUNDS, "a due time a round");

struct verifier {
    struct collector *c;
    struct loop_timer timer;
    int lock; /* descriptor, -1 = not open */
    bool ours;
    unsigned random;
    /* of one tick: servers by what they are due for */
    struct due {
        server_id id;
        unsigned what;
    } *due;
    size_t due_count, due_cap;
    int64_t next_ms;
};

static int64_t interval_s(const struct collector *c, const struct row *server, size_t round)
{
    int at = catalog_property(&catalog_servers, rounds[round].name);
    int64_t s = 0;

    memcpy(&s, (const char *)&c->set + rounds[round].interval, sizeof(s));
    return at >= 0 && server->values[at].type == VALUE_INT ? server->values[at].i : s;
}

static int64_t random_below(struct verifier *v, int64_t limit)
{
    return limit > 0 ? (int64_t)((double)rand_r(&v->random) / ((double)RAND_MAX + 1) * (double)limit) : 0;
}

/* The interval, a little more or less, doubled for each time in a row that the server did not answer. */
static int64_t wait_ms(struct verifier *v, const struct server *server, size_t round)
{
    int64_t ms = (server->every_s[round] * 1000) << MIN(server->misses, BACKOFF_MAX);
    int64_t spread = ms * JITTER_PERCENT / 100;

    return ms - spread + random_below(v, 2 * spread);
}

/* ------------------------------------------------------------------ when it was asked last */
struct ages {
    int64_t done_at[COUNT(rounds)];
};

static bool note_age(void *ctx, const char *object, const char *source, const char *result, const char *error,
                     int64_t done_at, int64_t ok_at)
{
    struct ages *ages = ctx;
    const struct object_type *type = catalog_find(object);
    int at = type ? catalog_source(type, source) : -1;

    (void)result;
    (void)error;
    (void)ok_at;
    for (size_t i = 0; at >= 0 && i < COUNT(rounds); i++)
        if (type->sources[at].what & rounds[i].what)
            ages->done_at[i] = ages->done_at[i] == 0 ? done_at : MIN(ages->done_at[i], done_at);
    return true;
}

/* A server seen for the first time is due when its facts are as old as the interval; what never was asked is due soon. */
static void first_due(struct verifier *v, struct server *server)
{
    struct ages ages = { 0 };
    struct err err = { 0 };
    int64_t now_ms = clock_mono_ms(), now_s = clock_now_s();

    store_sources(v->c->store, server->id, note_age, &ages, &err);
    for (size_t i = 0; i < COUNT(rounds); i++) {
        int64_t age_ms = ages.done_at[i] ? MAX(now_s - ages.done_at[i], 0) * 1000 : INT64_MAX;
        int64_t wait = wait_ms(v, server, i);

        server->due_ms[i] = age_ms >= wait ? now_ms + random_below(v, MIN(wait, (int64_t)FIRST_MS)) : now_ms + wait - age_ms;
    }
}

void verify_asked(struct server *server, unsigned what, bool reached)
{
    struct verifier *v = server->c->verifier;

    if (!v)
        return;
    server->misses = reached ? 0 : server->misses + 1;
    for (size_t i = 0; i < COUNT(rounds); i++)
        if (rounds[i].what & what)
            server->due_ms[i] = clock_mono_ms() + wait_ms(v, server, i);
}

void verify_anew(struct server *server)
{
    for (size_t i = 0; i < COUNT(rounds); i++)
        server->due_ms[i] = 1;
}

/* ------------------------------------------------------------------ a tick */
/* True if they are other ones than before. */
static bool read_intervals(const struct verifier *v, struct server *server, const struct row *row)
{
    bool changed = false;

    for (size_t i = 0; i < COUNT(rounds); i++) {
        int64_t s = interval_s(v->c, row, i);

        changed = changed || s != server->every_s[i];
        server->every_s[i] = s;
    }
    return changed;
}

static bool look_at(void *ctx, const struct row *row)
{
    struct verifier *v = ctx;
    struct server *server = server_get(v->c, row->id);
    int64_t now_ms = clock_mono_ms();
    struct err err = { 0 };
    unsigned what = 0;

    if (!server_identify(server, row, &err))
        log_line(server->name, "%s", err.text);
    if (read_intervals(v, server, row) || server->due_ms[0] == 0)
        first_due(v, server);
    for (size_t i = 0; i < COUNT(rounds); i++) {
        if (server->every_s[i] <= 0)
            continue;
        if (server->due_ms[i] <= now_ms) {
            what |= server_asked(server, rounds[i].what); /* nothing, where another entry has it */
            server->due_ms[i] = now_ms + wait_ms(v, server, i);
        }
        v->next_ms = MIN(v->next_ms, server->due_ms[i]);
    }
    if (what != 0) {
        x_grow(&v->due, &v->due_cap, v->due_count + 1, sizeof(*v->due));
        v->due[v->due_count++] = (struct due){ row->id, what };
    }
    return true;
}

static int by_what(const void *a, const void *b)
{
    const struct due *x = a, *y = b;

    return x->what != y->what ? (x->what < y->what ? -1 : 1) : (x->id > y->id) - (x->id < y->id);
}

/* One job for all that are due for the same. */
static void start_rounds(struct verifier *v)
{
    struct collector *c = v->c;
    server_id *ids = x_calloc(v->due_count + 1, sizeof(*ids));

    if (v->due_count > 0)
        qsort(v->due, v->due_count, sizeof(*v->due), by_what);
    for (size_t at = 0; at < v->due_count;) {
        unsigned what = v->due[at].what;
        size_t count = 0;
        struct job *job = NULL;

        while (at < v->due_count && v->due[at].what == what)
            ids[count++] = v->due[at++].id;
        job = job_new(c, atomic_fetch_add(&c->next_job, 1) + 1, count, what, true);
        tasks_add(c, job, ids, count, what, NULL);
        job_check(c, job);
    }
    free(ids);
    v->due_count = 0;
}

static void try_lock(struct verifier *v)
{
    if (v->ours)
        return;
    if (v->lock < 0) {
        char *path = x_asprintf("%s.lock", store_path(v->c->store));
        v->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        free(path);
    }
    v->ours = v->lock >= 0 && flock(v->lock, LOCK_EX | LOCK_NB) == 0;
}

static void on_tick(void *ctx)
{
    struct verifier *v = ctx;
    struct list_spec all = { .object = &catalog_servers };
    struct err err = { 0 };

    v->next_ms = clock_mono_ms() + TICK_MS;
    try_lock(v);
    if (v->ours) {
        if (!store_list_rows(v->c->store, &all, look_at, v, &err))
            log_line("verify", "%s", err.text);
        start_rounds(v);
    }
    loop_timer_at(v->c->loop, &v->timer, MAX(v->next_ms, clock_mono_ms() + SOON_MS), on_tick, v);
}

void verify_start(struct collector *c, struct verifier **out)
{
    struct verifier *v = x_alloc(sizeof(*v));

    v->c = c;
    v->lock = -1;
    v->random = (unsigned)clock_mono_us() ^ (unsigned)getpid();
    *out = v;
    loop_timer_in(c->loop, &v->timer, 0, on_tick, v);
}

void verify_done(struct verifier *v)
{
    if (!v)
        return;
    loop_timer_stop(&v->timer);
    if (v->lock >= 0)
        close(v->lock); /* and with it the lock */
    free(v->due);
    free(v);
}
