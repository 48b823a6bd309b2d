/* bench_store.c - what an operator waits for: store [FILE]. Without FILE one of 500 servers and 500,000 scopes is made by
 * store_fill, which lies beside it, and thrown away. Prints one line a measure: milliseconds until the first rows are there
 * (50 whole rows), milliseconds for the whole list, rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ipamtui/clock.h"
#include "ipamtui/query.h"
#include "ipamtui/store.h"

enum { SCREEN = 50 };

static const char *path;

static void stop(bool ok, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "bench_store: %s: %s\n", err->where, err->text);
    exit(1);
}

struct run {
    struct store *store;
    const struct object_type *object;
    int64_t started_us, first_us;
    size_t rows;
    bool first_only;
};

/* As the query worker does it: with the first ids come the rows of the screen. */
static bool on_ids(void *ctx, const row_id *ids, size_t count)
{
    struct run *run = ctx;

    if (run->first_us == 0) {
        struct arena mem = { 0 };
        struct row rows[SCREEN];
        struct err err = { 0 };

        stop(store_rows(run->store, run->object, ids, MIN(count, SCREEN), &mem, rows, &err), &err);
        arena_done(&mem);
        run->first_us = clock_mono_us();
    }
    run->rows += count;
    return !run->first_only;
}

static struct run list(struct store *store, const char *text, const char *sort, bool descending, bool first_only)
{
    struct run run = { .store = store, .object = &catalog_scopes, .first_only = first_only, .started_us = clock_mono_us() };
    struct query query = { 0 };
    struct err err = { 0 };
    struct list_spec spec = { .object = &catalog_scopes };

    stop(query_compile(&catalog_scopes, text, &query, NULL, &err), &err);
    spec.where = buf_at(&query.where);
    spec.params = query.params;
    spec.param_count = query.param_count;
    if (sort) {
        spec.keys[0] = (struct sort_key){ catalog_property(&catalog_scopes, sort), descending };
        spec.key_count = 1;
    }
    stop(store_list_ids(store, &spec, on_ids, &run, &err), &err);
    query_done(&query);
    if (run.first_us == 0)
        run.first_us = clock_mono_us();
    return run;
}

static void measure(struct store *store, const char *name, const char *text, const char *sort, bool descending)
{
    struct run run = list(store, text, sort, descending, false);

    printf("%-34s first %8.2f ms   whole %8.1f ms   %7zu rows\n", name, (double)(run.first_us - run.started_us) / 1000,
           (double)(clock_mono_us() - run.started_us) / 1000, run.rows);
    fflush(stdout);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/* Words typed letter by letter: every keystroke is a new list, of which the first rows count. */
static void keystrokes(struct store *store)
{
    static const char *const words[] = { "voice", "lon-3", "floor 19", "10.200.1", "dhcp-syd-333", "camera-ams-99", "building q",
                                         "nothing-has-this", "state:inactive", "net:10.77.0.0/16 util>80", "ip:10.200.7.9" };
    double times[1000];
    size_t count = 0;

    for (size_t w = 0; w < COUNT(words); w++)
        for (size_t len = 1; len <= strlen(words[w]) && count < COUNT(times); len++) {
            char text[64];
            struct query query = { 0 };
            struct run run;

            snprintf(text, sizeof(text), "%.*s", (int)len, words[w]);
            if (!query_compile(&catalog_scopes, text, &query, NULL, NULL))
                continue; /* half a query: the old list stays */
            query_done(&query);
            run = list(store, text, NULL, false, true);
            times[count] = (double)(run.first_us - run.started_us) / 1000;
            if (times[count] > 20)
                printf("    \"%s\": %.1f ms\n", text, times[count]);
            count++;
        }
    qsort(times, count, sizeof(*times), compare);
    printf("%-34s p50 %.2f ms   p90 %.2f ms   p99 %.2f ms   max %.2f ms   (%zu)\n", "keystroke to first rows", times[count / 2],
           times[count * 9 / 10], times[count * 99 / 100], times[count - 1], count);
}

static void opening(void)
{
    int64_t started = clock_mono_us();
    struct store *store = NULL;
    struct err err = { 0 };
    struct run run;

    stop(store_open(path, STORE_READ, &store, &err), &err);
    int64_t opened = clock_mono_us();
    run = list(store, "", NULL, false, true);
    printf("%-34s open %.2f ms   first rows after %.2f ms\n", "open", (double)(opened - started) / 1000,
           (double)(run.first_us - started) / 1000);
    store_close(store);
}

static bool count_row(void *ctx, const struct row *row)
{
    *(size_t *)ctx += row->id != 0;
    return true;
}

static char folder[] = "/tmp/ipamtui-bench-XXXXXX";

static void clean_up(void)
{
    char command[sizeof(folder) + 16];

    snprintf(command, sizeof(command), "rm -rf %s", folder);
    if (system(command) != 0)
        fprintf(stderr, "bench_store: %s stays behind\n", folder);
}

/* A store of our own, made by the program that lies beside this one. */
static const char *make_store(const char *program)
{
    static char file[sizeof(folder) + 16];
    char command[4096];
    const char *slash = strrchr(program, '/');

    if (!mkdtemp(folder))
        return NULL;
    atexit(clean_up);
    snprintf(file, sizeof(file), "%s/big.db", folder);
    snprintf(command, sizeof(command), "'%.*s/store_fill' %s", slash ? (int)(slash - program) : 1, slash ? program : ".", file);
    return system(command) == 0 ? file : NULL;
}

int main(int argc, char **argv)
{
    struct store *store = NULL;
    struct err err = { 0 };
    struct rusage usage;
    struct list_spec all = { .object = &catalog_scopes };
    size_t rows = 0;
    int64_t started;

    path = argc > 1 ? argv[1] : make_store(argv[0]);
    if (argc > 2 || !path) {
        fprintf(stderr, "usage: store [FILE]\n");
        return 2;
    }
    opening();
    stop(store_open(path, STORE_READ, &store, &err), &err);
    measure(store, "all, by server and scope", "", NULL, false);
    measure(store, "x", "x", NULL, false);
    measure(store, "voice", "voice", NULL, false);
    measure(store, "nothing-has-this", "nothing-has-this", NULL, false);
    measure(store, "lon-* (wildcard)", "*lon-3*", NULL, false);
    measure(store, "state:inactive", "state:inactive", NULL, false);
    measure(store, "util>80", "util>80", NULL, false);
    measure(store, "level:over server:dhcp-lon-*", "level:over server:dhcp-lon-*", NULL, false);
    measure(store, "ip:10.200.7.9", "ip:10.200.7.9", NULL, false);
    measure(store, "net:10.77.0.0/16", "net:10.77.0.0/16", NULL, false);
    measure(store, "sorted by util, highest first", "", "util", true);
    measure(store, "state:inactive by util", "state:inactive", "util", true);
    measure(store, "voice by util", "voice", "util", true);
    measure(store, "sorted by name", "", "name", false);
    measure(store, "sorted by lease_duration", "", "lease_duration", false);
    keystrokes(store);
    started = clock_mono_us();
    stop(store_list_rows(store, &all, count_row, &rows, &err), &err);
    printf("%-34s whole %8.1f ms   %zu rows\n", "whole rows (export)", (double)(clock_mono_us() - started) / 1000, rows);
    store_close(store);
    getrusage(RUSAGE_SELF, &usage);
    printf("%-34s %.1f MB\n", "peak memory", (double)usage.ru_maxrss / 1024);
    return 0;
}
