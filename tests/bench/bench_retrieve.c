/* bench_retrieve - retrieval of many simulated servers over the transport `command` into a new store.
 *
 *   retrieve [--servers N] [--scopes M per server] [--rounds R] [--service R rounds of service state] [--hang PERCENT] [--db FILE kept]
 *
 * Prints name and number, one a line. Shares are of the collector thread's wall time: parsing is its CPU outside the store,
 * waiting is what it neither computed nor spent in the store. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "estate.h"
#include "ipamtui/clock.h"
#include "ipamtui/collect.h"
#include "ipamtui/store.h"

static void die(const struct err *err)
{
    fprintf(stderr, "retrieve: %s: %s\n", err->where, err->text);
    exit(1);
}

static long peak_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

static double cpu_s(int who)
{
    struct rusage r = { 0 };

    getrusage(who, &r);
    return (double)r.ru_utime.tv_sec + (double)r.ru_stime.tv_sec + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static server_id *fill_store(const char *db, const struct estate *e)
{
    server_id *ids = x_calloc(e->count, sizeof(*ids));
    struct store *store = NULL;
    struct err err = { 0 };

    if (!store_open(db, STORE_WRITE, &store, &err) || !store_begin(store, &err))
        die(&err);
    for (size_t i = 0; i < e->count; i++) {
        const struct estate_server *s = &e->servers[i];
        struct value *row = estate_row(s->name, s->address, s->role, s->command);
        if (!store_server_add(store, row, &ids[i], &err))
            die(&err);
        free(row);
    }
    if (!store_commit(store, &err))
        die(&err);
    store_close(store);
    return ids;
}

/* well: return when so many servers have answered; 0 = when the job is over. */
static struct note *wait_finished(struct mailbox *notes, uint64_t job, size_t well)
{
    struct pollfd p = { .fd = mailbox_fd(notes), .events = POLLIN };
    size_t ok = 0;

    for (;;) {
        struct note *note = mailbox_get(notes);
        if (!note) {
            poll(&p, 1, 600000);
            continue;
        }
        if (note->kind == NOTE_FINISHED && note->job == job)
            return note;
        ok += note->kind == NOTE_SERVER && note->job == job && note->ok;
        if (well > 0 && ok == well)
            return note;
        if (note->kind == NOTE_FAULT || (note->kind == NOTE_SERVER && !note->ok && note->err.kind != ERR_CANCELLED))
            fprintf(stderr, "%s: %s\n", note->server_name, note->text);
        free(note);
    }
}

static int64_t stored(const char *db, const struct object_type *object)
{
    struct list_spec spec = { .object = object };
    struct store *store = NULL;
    struct err err = { 0 };
    int64_t n = 0;

    if (!store_open(db, STORE_READ, &store, &err) || !store_count(store, &spec, &n, &err))
        die(&err);
    store_close(store);
    return n;
}

static void report(const char *name, double seconds, struct collector_stats a, struct collector_stats b, double own_cpu)
{
    double wall_us = seconds * 1e6;
    double cpu = (double)(b.cpu_us - a.cpu_us), store = (double)(b.store_us - a.store_us);
    double store_cpu = (double)(b.store_cpu_us - a.store_cpu_us), parse = cpu - store_cpu;
    int64_t rows = b.rows - a.rows;

    printf("%s_seconds %.2f\n", name, seconds);
    printf("%s_objects %lld\n", name, (long long)rows);
    printf("%s_objects_per_second %.0f\n", name, (double)rows / seconds);
    printf("%s_share_parsing_percent %.1f\n", name, 100 * parse / wall_us);
    printf("%s_share_storing_percent %.1f\n", name, 100 * store / wall_us);
    printf("%s_share_storing_cpu_percent %.1f\n", name, 100 * store_cpu / wall_us);
    printf("%s_share_waiting_percent %.1f\n", name, 100 * (wall_us - parse - store) / wall_us);
    printf("%s_cpu_seconds %.2f\n", name, own_cpu);
    printf("%s_commits %lld\n", name, (long long)(b.commits - a.commits));
    fflush(stdout);
}

/* Hosts that never answer, from now on. */
static size_t hang(const struct estate *e, int percent)
{
    size_t hanging = e->count * (size_t)percent / 100;

    for (size_t i = 0; i < hanging; i++)
        estate_fault(e, e->servers[i * e->count / hanging].name, "hang");
    return hanging;
}

/* All sessions anew: how long until so many have answered. */
static void from_cold(struct collector *collector, struct mailbox *notes, const server_id *ids, size_t count, size_t well,
                      const char *name)
{
    int64_t began = 0;
    uint64_t job = 0;

    for (size_t i = 0; i < count; i++)
        collector_server_changed(collector, ids[i]);
    began = clock_mono_ms();
    job = collector_retrieve(collector, ids, count, WHAT_DEFAULT);
    free(wait_finished(notes, job, well));
    printf("%s_seconds %.2f\n", name, (double)(clock_mono_ms() - began) / 1000);
    fflush(stdout);
    if (well < count) {
        collector_cancel(collector, job);
        free(wait_finished(notes, job, 0));
    }
}

static void rounds(const char *db, const struct estate *e, const server_id *ids, int count, int service, int percent)
{
    struct mailbox *notes = mailbox_new();
    struct collector_options how = { .db_path = db };
    struct collector *collector = NULL;
    struct options options;
    struct err err = { 0 };
    struct collector_stats before = { 0 };

    options_init(&options);
    options.idle_close_s = 0;
    options.call_timeout_s = 300;
    if (!collector_start(&how, &options, notes, &collector, &err))
        die(&err);
    for (int i = 0; i < count; i++) {
        double cpu = cpu_s(RUSAGE_SELF);
        int64_t began = clock_mono_ms();
        struct note *end = wait_finished(notes, collector_retrieve(collector, ids, e->count, WHAT_DEFAULT), 0);
        struct collector_stats now = collector_stats(collector);
        char name[32];

        snprintf(name, sizeof(name), i == 0 ? "cold" : "warm%d", i);
        report(name, (double)(clock_mono_ms() - began) / 1000, before, now, cpu_s(RUSAGE_SELF) - cpu);
        printf("%s_failed %zu\n", name, end->failed);
        free(end);
        before = now;
    }
    for (int i = 0; i < service; i++) {
        int64_t began = clock_mono_ms();
        free(wait_finished(notes, collector_retrieve(collector, ids, e->count, WHAT_SERVICE), 0));
        printf("service%d_seconds %.2f\n", i + 1, (double)(clock_mono_ms() - began) / 1000);
    }
    if (percent > 0) {
        size_t hanging = 0;
        from_cold(collector, notes, ids, e->count, e->count, "all_well");
        hanging = hang(e, percent);
        from_cold(collector, notes, ids, e->count, e->count - hanging, "healthy_first");
        from_cold(collector, notes, ids, e->count, e->count - hanging, "healthy_again");
    }
    printf("peak_mib %.1f\n", (double)peak_kib() / 1024);
    collector_stop(collector);
    printf("hosts_cpu_seconds %.2f\n", cpu_s(RUSAGE_CHILDREN));
    options_done(&options);
    mailbox_free(notes, free);
}

int main(int argc, char **argv)
{
    int servers = 200, scopes = 1000, count = 2, service = 0, percent = 0;
    const char *keep = NULL;
    char db[128];
    struct estate e;
    server_id *ids = NULL;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--servers") == 0)
            servers = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--scopes") == 0)
            scopes = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--rounds") == 0)
            count = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--service") == 0)
            service = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--hang") == 0)
            percent = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--db") == 0)
            keep = argv[i + 1];
    }
    estate_make_as(&e, (const char *[]){ "--role", "dhcp", "--even", "--latency-ms", "0", "--clean", NULL }, servers,
                   servers * scopes, 1);
    snprintf(db, sizeof(db), "%s", keep ? keep : "");
    if (!keep)
        snprintf(db, sizeof(db), "%s/bench.db", e.dir);
    ids = fill_store(db, &e);
    printf("servers %zu\n", e.count);
    rounds(db, &e, ids, count, service, percent);
    printf("stored_scopes %lld\n", (long long)stored(db, &catalog_scopes));
    printf("stored_exclusions %lld\n", (long long)stored(db, &catalog_exclusions));
    free(ids);
    estate_done(&e);
    return 0;
}
