/* bench_change - what an operator waits for when changing much in one go.
 *
 *   change [--servers N] [--scopes M per server] [--latency MS] [--per-server N] [--rounds R, warm ones] [--plan 0]
 *
 * 1. A plan over 40,000 scopes on 250 servers: targets from the store, edits, the first screen of lines, kept as pending.
 * 2. N x M one-property changes on N simulated servers that take MS per call; the time beside what calls, delay and the limit
 *    per server allow, and the journal's share. Cold: the sessions are opened within. Warm: they are open.
 * Prints name and number, one a line; status 1 when a goal is missed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "estate.h"
#include "ipamtui/change.h"
#include "ipamtui/clock.h"
#include "ipamtui/collect.h"
#include "ipamtui/query.h"
#include "measure.h"

static int missed;

static void stop(bool ok, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "change: %s: %s\n", err->where, err->text);
    exit(1);
}

static double since_ms(int64_t begun_us)
{
    return (double)(clock_mono_us() - begun_us) / 1000.0;
}

static void goal(const char *name, double got, double most, const char *unit)
{
    printf("%-34s %10.2f %s  (goal: at most %.2f)%s\n", name, got, unit, most, got > most ? "  MISSED" : "");
    missed |= got > most;
}

static struct change_targets *targets_of(struct store *store, const char *text)
{
    struct query query = { 0 };
    struct list_spec spec = { .object = &catalog_scopes };
    struct change_targets *targets = NULL;
    struct err err = { 0 };

    stop(query_compile(&catalog_scopes, text, &query, NULL, &err), &err);
    spec.where = buf_at(&query.where);
    spec.params = query.params;
    spec.param_count = query.param_count;
    stop(change_targets_list(store, &spec, &targets, &err), &err);
    query_done(&query);
    return targets;
}

static struct change_plan *plan_of(const struct change_targets *targets, const char *const *texts, size_t count)
{
    struct change_plan *plan = change_plan_new();
    struct arena arena = { 0 };
    struct change_edit edits[4];
    struct err err = { 0 };

    for (size_t i = 0; i < count; i++)
        stop(change_edit_parse(&catalog_scopes, texts[i], &arena, &edits[i], &err), &err);
    stop(change_plan_edit(plan, targets, edits, count, &err), &err);
    arena_done(&arena);
    return plan;
}

/* ------------------------------------------------------------------ 1: planning */
static void fill(const char *db, const char *program)
{
    char *argv[] = { (char *)program, (char *)db, "250", "40000", NULL };
    struct child_output said = { 0 };
    struct err err = { 0 };

    stop(child_run(argv, NULL, 300000, NULL, &said, &err), &err);
    if (said.status != 0) {
        fprintf(stderr, "change: %s failed\n", program);
        exit(1);
    }
    child_output_done(&said);
}

static void bench_plan(const char *dir, const char *fill_program)
{
    static const char *const edits[] = { "lease_duration=4d", "description+= (moved)" };
    char db[128], line[700];
    struct store *store = NULL;
    struct change_targets *targets;
    struct change_plan *plan;
    struct arena arena = { 0 };
    struct plan_text text;
    struct err err = { 0 };
    size_t count;
    int64_t begun, whole;

    snprintf(db, sizeof(db), "%s/plan.db", dir);
    fill(db, fill_program);
    stop(store_open(db, STORE_WRITE, &store, &err), &err);
    whole = begun = clock_mono_us();
    targets = targets_of(store, "");
    printf("%-34s %10.1f ms  (%zu scopes, %zu servers)\n", "plan: targets read", since_ms(begun),
           change_targets_count(targets), change_targets_servers(targets));
    begun = clock_mono_us();
    plan = plan_of(targets, edits, COUNT(edits));
    printf("%-34s %10.1f ms  (%zu steps)\n", "plan: edits planned and checked", since_ms(begun), plan->count);
    begun = clock_mono_us();
    const struct plan_line *lines = change_plan_lines(plan, NULL, NULL, &arena, &count);
    for (size_t i = 0; i < MIN(count, 60); i++) {
        change_plan_text(plan, &lines[i], &arena, &text);
        snprintf(line, sizeof(line), "%c %s %s %s", text.mark, text.server, text.object, text.what);
    }
    printf("%-34s %10.1f ms  (%zu lines)\n", "plan: a screen of it", since_ms(begun), count);
    goal("plan on screen", since_ms(whole) / 1000, 1.0, "s");
    begun = clock_mono_us();
    stop(change_pending_keep(store, plan, "bench", &err), &err);
    printf("%-34s %10.1f ms\n", "plan: kept as pending", since_ms(begun));
    arena_done(&arena);
    change_plan_free(plan);
    change_targets_free(targets);
    store_close(store);
}

/* ------------------------------------------------------------------ 2: applying */
struct run {
    bool over;
    struct apply_progress progress;
    struct err err;
};

static void on_done(void *ctx, const struct apply_progress *progress, const struct err *err)
{
    struct run *run = ctx;

    run->over = true;
    run->progress = *progress;
    run->err = *err;
}

/* Servers into the store, and what they have. */
static void retrieve(const char *db, const struct estate *e, struct options *options)
{
    struct mailbox *notes = mailbox_new();
    struct collector_options how = { .db_path = db };
    struct collector *collector = NULL;
    server_id *ids = x_calloc(e->count, sizeof(*ids));
    struct store *store = NULL;
    struct err err = { 0 };
    struct note *note;
    bool over = false;

    stop(store_open(db, STORE_WRITE, &store, &err), &err);
    for (size_t i = 0; i < e->count; i++) {
        struct value *row = estate_row(e->servers[i].name, e->servers[i].address, e->servers[i].role, e->servers[i].command);

        stop(store_server_add(store, row, &ids[i], &err), &err);
        free(row);
    }
    store_close(store);
    stop(collector_start(&how, options, notes, &collector, &err), &err);
    collector_retrieve(collector, ids, e->count, WHAT_DHCP);
    while (!over) {
        struct pollfd fd = { .fd = mailbox_fd(notes), .events = POLLIN };

        poll(&fd, 1, 1000);
        while ((note = mailbox_get(notes)) != NULL) {
            over = over || note->kind == NOTE_FINISHED;
            free(note);
        }
    }
    collector_stop(collector);
    mailbox_free(notes, free);
    free(ids);
}

/* One edit of all scopes over sessions of pool. The bound: the calls of the busiest server, one after the other. */
static void bench_apply(struct loop *loop, struct store *store, struct change_pool *pool, const char *edit, const char *name,
                        int64_t latency_ms, const struct apply_limits *limits, bool judged)
{
    struct apply_events events = { .done = on_done };
    struct change_wire wire = change_pool_wire(pool);
    struct change_targets *targets = targets_of(store, "");
    struct change_plan *plan = plan_of(targets, &edit, 1);
    struct change_apply *apply = NULL;
    struct run run = { 0 };
    struct err err = { 0 };
    double hosts = hosts_cpu(), cpu = cpu_of(RUSAGE_SELF), wall, bound, journal;
    int64_t begun;
    char title[64];

    wire.close = NULL;
    stop(change_pending_keep(store, plan, "bench", &err), &err); /* as the console has it */
    begun = clock_mono_us();
    stop(change_apply_start(loop, store, &wire, plan, "bench", limits, &events, &run, &apply, &err), &err);
    while (!run.over)
        loop_turn(loop, -1);
    wall = since_ms(begun);
    cpu = cpu_of(RUSAGE_SELF) - cpu;
    hosts = hosts_cpu() - hosts;
    stop(run.err.kind == ERR_NONE, &run.err);
    bound = (double)run.progress.calls / (double)run.progress.servers * (double)latency_ms / MAX(limits->per_server, 1);
    journal = (double)run.progress.journal_us / 1000.0;
    printf("%-34s %10.1f ms  (%lld done of %zu, %zu servers, %zu calls; CPU: ours %.2f s, hosts' %.2f s)\n", name, wall,
           (long long)run.progress.counts[CHANGE_DONE], plan->count, run.progress.servers, run.progress.calls,
           cpu, hosts);
    printf("%-34s %10.1f ms\n", "  calls x delay / limit", bound);
    snprintf(title, sizeof(title), "  %s: of the bound", name);
    if (judged)
        goal(title, wall / bound, 1.3, "x");
    else
        printf("%-34s %10.2f x\n", title, wall / bound);
    snprintf(title, sizeof(title), "  %s: journal", name);
    goal(title, journal / wall * 100, 5.0, "%");
    if (run.progress.counts[CHANGE_DONE] != (int64_t)plan->count) {
        fprintf(stderr, "change: not all was done\n");
        missed = 1;
    }
    change_apply_free(apply);
    change_plan_free(plan);
    change_targets_free(targets);
}

int main(int argc, char **argv)
{
    int servers = 100, scopes = 40, latency = 20, rounds = 1;
    struct apply_limits limits = { .servers = 1000, .per_server = 1 };
    char fill_program[PATH_MAX] = "", dir[] = "/tmp/ipamtui-bench-XXXXXX", db[64], total[16], ms[16];
    struct options options;
    struct estate estate;
    bool plan = true;

    for (int i = 1; i + 1 < argc; i += 2) {
        int n = atoi(argv[i + 1]);

        if (strcmp(argv[i], "--servers") == 0)
            servers = n;
        else if (strcmp(argv[i], "--scopes") == 0)
            scopes = n;
        else if (strcmp(argv[i], "--latency") == 0)
            latency = n;
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = n;
        else if (strcmp(argv[i], "--plan") == 0)
            plan = n != 0;
        else if (strcmp(argv[i], "--per-server") == 0)
            limits.per_server = n;
    }
    if (readlink("/proc/self/exe", fill_program, sizeof(fill_program) - 32) < 0 || mkdtemp(dir) == NULL)
        return 1;
    strcat(dirname(fill_program), "/store_fill");
    if (plan)
        bench_plan(dir, fill_program);

    snprintf(ms, sizeof(ms), "%d", latency);
    snprintf(total, sizeof(total), "%d", servers * scopes);
    estate_make_as(&estate, (const char *const[]){ "--role", "dhcp", "--clean", "--even", "--latency-ms", ms, NULL }, servers,
                   servers * scopes, 3);
    options_init(&options);
    options.max_hosts = 1000;
    options.max_calls_per_host = MAX(limits.per_server, 4);
    snprintf(db, sizeof(db), "%s/apply.db", dir);
    retrieve(db, &estate, &options);

    struct store *store = NULL;
    struct err err = { 0 };
    stop(store_open(db, STORE_WRITE, &store, &err), &err);
    struct loop *loop = loop_new();
    struct transport_hub *hub = transport_hub_new(loop, &(struct transport_hub_options){ 0 });
    struct change_pool *pool = change_pool_new(loop, hub, store, &options, NULL, NULL);
    bench_apply(loop, store, pool, "delay=7", "apply, cold", latency, &limits, false);
    for (int i = 0; i < rounds; i++)
        bench_apply(loop, store, pool, i % 2 == 0 ? "delay=8" : "delay=7", "apply, warm", latency, &limits, true);
    change_pool_free(pool);
    loop_turn(loop, 0);
    transport_hub_free(hub);
    loop_free(loop);
    store_close(store);
    options_done(&options);
    estate_done(&estate);
    char *const rm[] = { "rm", "-rf", dir, NULL };
    child_run(rm, NULL, 20000, NULL, NULL, &err);
    return missed;
}
