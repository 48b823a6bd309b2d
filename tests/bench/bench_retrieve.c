/* bench_retrieve - retrieval of many simulated servers over the transport `command` into a new store.
 *
 *   retrieve [--servers N] [--scopes M per server] [--dns N more, with DNS] [--zones M per server, each on 4 of them]
 *            [--rounds R] [--kinds R rounds of each kind] [--hang PERCENT] [--db FILE kept]
 *
 * Prints name and number, one a line. Shares are of the collector thread's wall time: parsing is its CPU outside the store,
 * waiting is what it neither computed nor spent in the store. hosts_cpu is what the simulated hosts used of the same cores. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "estate.h"
#include "ipamtui/clock.h"
#include "ipamtui/collect.h"
#include "ipamtui/store.h"
#include "measure.h"

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

/* The servers of all estates, and where they are in the store. */
struct fleet {
    const struct estate *estates;
    size_t estate_count;
    server_id *ids;
    size_t count, cap;
};

static void fill_store(const char *db, struct fleet *fleet)
{
    struct store *store = NULL;
    struct err err = { 0 };

    if (!store_open(db, STORE_WRITE, &store, &err) || !store_begin(store, &err))
        die(&err);
    for (size_t n = 0; n < fleet->estate_count; n++)
        for (size_t i = 0; i < fleet->estates[n].count; i++) {
            const struct estate_server *s = &fleet->estates[n].servers[i];
            struct value *row = estate_row(s->name, s->address, s->role, s->command);

            x_grow(&fleet->ids, &fleet->cap, fleet->count + 1, sizeof(*fleet->ids));
            if (!store_server_add(store, row, &fleet->ids[fleet->count++], &err))
                die(&err);
            free(row);
        }
    if (!store_commit(store, &err))
        die(&err);
    store_close(store);
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

/* A stretch of time: what was used before it. */
struct stretch {
    const char *name;
    int64_t began_ms;
    double own_cpu, hosts_cpu;
    struct collector_stats stats;
};

static struct stretch stretch_begin(const char *name, const struct collector *collector)
{
    return (struct stretch){ .name = name, .own_cpu = cpu_of(RUSAGE_SELF), .hosts_cpu = hosts_cpu(),
                             .stats = collector_stats(collector), .began_ms = clock_mono_ms() };
}

static void report(const struct stretch *s, const struct collector *collector, size_t failed)
{
    double seconds = (double)(clock_mono_ms() - s->began_ms) / 1000, wall_us = seconds * 1e6;
    struct collector_stats a = s->stats, b = collector_stats(collector);
    double cpu = (double)(b.cpu_us - a.cpu_us), store = (double)(b.store_us - a.store_us);
    double store_cpu = (double)(b.store_cpu_us - a.store_cpu_us), parse = cpu - store_cpu;
    int64_t rows = b.rows - a.rows;

    printf("%s_seconds %.2f\n", s->name, seconds);
    printf("%s_objects %lld\n", s->name, (long long)rows);
    printf("%s_objects_per_second %.0f\n", s->name, (double)rows / seconds);
    printf("%s_share_parsing_percent %.1f\n", s->name, 100 * parse / wall_us);
    printf("%s_share_storing_percent %.1f\n", s->name, 100 * store / wall_us);
    printf("%s_share_storing_cpu_percent %.1f\n", s->name, 100 * store_cpu / wall_us);
    printf("%s_share_waiting_percent %.1f\n", s->name, 100 * (wall_us - parse - store) / wall_us);
    printf("%s_cpu_seconds %.2f\n", s->name, cpu_of(RUSAGE_SELF) - s->own_cpu);
    printf("%s_hosts_cpu_seconds %.2f\n", s->name, hosts_cpu() - s->hosts_cpu);
    printf("%s_commits %lld\n", s->name, (long long)(b.commits - a.commits));
    printf("%s_failed %zu\n", s->name, failed);
    printf("%s_peak_mib %.1f\n", s->name, (double)peak_kib() / 1024);
    fflush(stdout);
}

static void round_of(struct collector *collector, struct mailbox *notes, const struct fleet *fleet, const char *name, unsigned what)
{
    struct stretch stretch = stretch_begin(name, collector);
    struct note *end = wait_finished(notes, collector_retrieve(collector, fleet->ids, fleet->count, what), 0);

    report(&stretch, collector, end->failed);
    free(end);
}

static void rounds_of_kinds(struct collector *collector, struct mailbox *notes, const struct fleet *fleet, int count)
{
    static const struct {
        const char *name;
        unsigned what;
    } kinds[] = { { "service", WHAT_SERVICE },
                  { "utilization", WHAT_UTILIZATION },
                  { "configuration", WHAT_DHCP },
                  { "zones", WHAT_DNS } };

    for (size_t k = 0; k < COUNT(kinds); k++)
        for (int i = 0; i < count; i++) {
            char name[32];

            snprintf(name, sizeof(name), "%s%d", kinds[k].name, i + 1);
            round_of(collector, notes, fleet, name, kinds[k].what);
        }
}

/* ------------------------------------------------------------------ hosts that hang */
/* So many of every hundred, spread evenly, have this fault from now on; the ids of the others. */
static size_t pick(const struct fleet *fleet, int percent, const char *fault, server_id *healthy)
{
    size_t well = 0, at = 0;

    for (size_t n = 0; n < fleet->estate_count; n++)
        for (size_t i = 0; i < fleet->estates[n].count; i++, at++) {
            bool chosen = (at * (size_t)percent) / 100 != ((at + 1) * (size_t)percent) / 100;

            if (chosen)
                estate_fault(&fleet->estates[n], fleet->estates[n].servers[i].name, fault);
            else
                healthy[well++] = fleet->ids[at];
        }
    return well;
}

/* How long until so many have answered; *best keeps the shortest. What still waits then is given up. */
static void until_well(struct collector *collector, struct mailbox *notes, const server_id *ids, size_t count, size_t well,
                       const char *name, double *best)
{
    struct stretch stretch = stretch_begin(name, collector);
    uint64_t job = collector_retrieve(collector, ids, count, WHAT_DEFAULT);
    double seconds = 0;

    free(wait_finished(notes, job, well));
    seconds = (double)(clock_mono_ms() - stretch.began_ms) / 1000;
    printf("%s_seconds %.2f\n", name, seconds);
    printf("%s_cpu_seconds %.2f\n", name, cpu_of(RUSAGE_SELF) - stretch.own_cpu);
    printf("%s_hosts_cpu_seconds %.2f\n", name, hosts_cpu() - stretch.hosts_cpu);
    fflush(stdout);
    if (well < count) {
        collector_cancel(collector, job);
        free(wait_finished(notes, job, 0));
    }
    *best = *best == 0 ? seconds : MIN(*best, seconds);
}

static void forget_sessions(struct collector *collector, const server_id *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        collector_server_changed(collector, ids[i]);
}

/* The healthy ones alone, then together with those that hang: over warm sessions, and all anew. Several times, because other things
 * run on these cores; the best of each counts. */
static void with_hanging(struct collector *collector, struct mailbox *notes, const struct fleet *fleet, int percent)
{
    enum { TIMES = 3 };
    server_id *healthy = x_calloc(fleet->count + 1, sizeof(*healthy));
    double warm = 0, cold = 0, first = 0, again = 0, anew = 0;
    size_t well = 0;

    for (int i = 0; i < TIMES; i++) {
        well = pick(fleet, percent, "none", healthy);
        if (i > 0)
            forget_sessions(collector, fleet->ids, fleet->count);
        free(wait_finished(notes, collector_retrieve(collector, fleet->ids, fleet->count, WHAT_DEFAULT), 0));
        until_well(collector, notes, healthy, well, well, "healthy_alone", &warm);
        pick(fleet, percent, "hang", healthy);
        until_well(collector, notes, fleet->ids, fleet->count, well, "healthy_with_hanging_first", &first);
        until_well(collector, notes, fleet->ids, fleet->count, well, "healthy_with_hanging_again", &again);
        forget_sessions(collector, healthy, well);
        until_well(collector, notes, healthy, well, well, "healthy_alone_cold", &cold);
        forget_sessions(collector, fleet->ids, fleet->count);
        until_well(collector, notes, fleet->ids, fleet->count, well, "healthy_with_hanging_cold", &anew);
    }
    printf("hanging %zu\n", fleet->count - well);
    printf("healthy_ratio_first %.2f\n", first / warm);
    printf("healthy_ratio_again %.2f\n", again / warm);
    printf("healthy_ratio_cold %.2f\n", anew / cold);
    free(healthy);
}

static void rounds(const char *db, const struct fleet *fleet, int count, int kinds, int percent)
{
    struct mailbox *notes = mailbox_new();
    struct collector_options how = { .db_path = db };
    struct collector *collector = NULL;
    struct options options;
    struct err err = { 0 };

    options_init(&options);
    options.idle_close_s = 0;
    options.call_timeout_s = 300;
    if (!collector_start(&how, &options, notes, &collector, &err))
        die(&err);
    for (int i = 0; i < count; i++) {
        char name[32];

        snprintf(name, sizeof(name), i == 0 ? "cold" : "warm%d", i);
        round_of(collector, notes, fleet, name, WHAT_DEFAULT);
    }
    rounds_of_kinds(collector, notes, fleet, kinds);
    if (percent > 0)
        with_hanging(collector, notes, fleet, percent);
    printf("peak_mib %.1f\n", (double)peak_kib() / 1024);
    collector_stop(collector);
    options_done(&options);
    mailbox_free(notes, free);
}

int main(int argc, char **argv)
{
    int servers = 200, scopes = 1000, dns = 0, zones = 350, count = 2, kinds = 0, percent = 0;
    const struct {
        const char *name;
        int *number;
    } numbers[] = { { "--servers", &servers }, { "--scopes", &scopes }, { "--dns", &dns },     { "--zones", &zones },
                    { "--rounds", &count },    { "--kinds", &kinds },   { "--hang", &percent } };
    const char *keep = NULL;
    char db[128], different[16];
    struct estate estates[2];
    struct fleet fleet = { .estates = estates, .estate_count = 1 };

    for (int i = 1; i + 1 < argc; i += 2) {
        for (size_t n = 0; n < COUNT(numbers); n++)
            if (strcmp(argv[i], numbers[n].name) == 0)
                *numbers[n].number = atoi(argv[i + 1]);
        if (strcmp(argv[i], "--db") == 0)
            keep = argv[i + 1];
    }
    estate_make_as(&estates[0], (const char *[]){ "--role", "dhcp", "--even", "--latency-ms", "0", "--clean", NULL }, servers,
                   servers * scopes, 1);
    snprintf(different, sizeof(different), "%d", dns * zones / 4);
    if (dns > 0)
        estate_make_as(&estates[fleet.estate_count++], (const char *[]){ "--role", "dns", "--zones", different, "--zone-copies", "4", "--latency-ms",
                                                      "0", "--clean", NULL }, dns, 0, 1);
    snprintf(db, sizeof(db), "%s", keep ? keep : "");
    if (!keep)
        snprintf(db, sizeof(db), "%s/bench.db", estates[0].dir);
    fill_store(db, &fleet);
    printf("servers %zu\n", fleet.count);
    rounds(db, &fleet, count, kinds, percent);
    printf("stored_scopes %lld\n", (long long)stored(db, &catalog_scopes));
    printf("stored_exclusions %lld\n", (long long)stored(db, &catalog_exclusions));
    printf("stored_zones %lld\n", (long long)stored(db, &catalog_zones));
    printf("stored_zones_on_servers %lld\n", (long long)stored(db, &catalog_zoneservers));
    free(fleet.ids);
    for (size_t n = 0; n < fleet.estate_count; n++)
        estate_done(&estates[n]);
    return 0;
}
