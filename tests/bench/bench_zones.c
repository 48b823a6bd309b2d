/* bench_zones.c - zones at size: 25,000 zones, each on 4 of 250 servers (100,000 rows), summed up; then the list and the overview. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/clock.h"
#include "ipamtui/overview.h"

enum { SERVERS = 250, ZONES = 25000, COPIES = 4, SCREEN = 60 };

static void stop(bool ok, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "bench_zones: %s: %s\n", err->where, err->text);
    exit(1);
}

static struct value *value(struct value *row, const char *name)
{
    return &row[catalog_property(&catalog_zoneservers, name)];
}

/* What server number n says of its zones, by one of the sources. */
static void put(struct store *store, server_id server, int n, const char *source, uint32_t serial, struct err *err)
{
    const size_t width = catalog_zoneservers.property_count;
    int at = catalog_source(&catalog_zoneservers, source);
    struct value *rows = x_calloc(ZONES * COPIES / SERVERS * width, sizeof(*rows));
    struct arena mem = { 0 };
    size_t count = 0;

    for (int zone = n % (SERVERS / COPIES); zone < ZONES && count < ZONES * COPIES / SERVERS; zone += SERVERS / COPIES) {
        struct value *row = rows + width * count++;

        *value(row, "zone") = V_TEXT(arena_printf(&mem, zone % 3 ? "%d.%d.10.in-addr.arpa" : "site%d-%d.example.net", zone % 256, zone / 256));
        *value(row, "type") = V_TEXT("primary");
        *value(row, "paused") = V_INT(zone % 50 == 0);
        *value(row, "ad_integrated") = V_INT(1);
        *value(row, "soa_serial") = V_INT(serial + (uint32_t)zone);
    }
    stop(store_put_rows(store, server, &catalog_zoneservers, at, rows, count, true, 1000, err), err);
    stop(store_source_done(store, server, &catalog_zoneservers, at, true, "done", NULL, 1000, err), err);
    free(rows);
    arena_done(&mem);
}

static void round_of(struct store *store, const server_id *servers, uint32_t serial, const char *name, struct err *err)
{
    int64_t began = clock_mono_us();

    for (int n = 0; n < SERVERS; n++) {
        stop(store_begin(store, err), err);
        put(store, servers[n], n, "zones", serial, err);
        put(store, servers[n], n, "zone-soa", serial, err);
        stop(store_settle(store, &servers[n], 1, 1000, err) && store_commit(store, err), err);
    }
    printf("%-34s %8.1f ms\n", name, (double)(clock_mono_us() - began) / 1000);
}

struct list {
    int64_t first_us;
    row_id ids[SCREEN];
    size_t first, count;
};

static bool take(void *ctx, const row_id *ids, size_t count)
{
    struct list *list = ctx;

    if (list->count == 0) {
        list->first = count < SCREEN ? count : SCREEN;
        memcpy(list->ids, ids, list->first * sizeof(*ids));
        list->first_us = clock_mono_us();
    }
    list->count += count;
    return true;
}

static void show(struct store *store, const char *name, const struct list_spec *spec, struct err *err)
{
    struct list list = { 0 };
    struct row rows[SCREEN];
    struct arena mem = { 0 };
    int64_t began = clock_mono_us(), whole, screen;

    stop(store_list_ids(store, spec, take, &list, err), err);
    whole = clock_mono_us();
    stop(store_rows(store, spec->object, list.ids, list.first, &mem, rows, err), err);
    screen = clock_mono_us();
    printf("%-34s first %6.2f ms   whole list %7.2f ms   with a screenful of rows %7.2f ms   %zu rows\n", name,
           (double)(list.first_us - began) / 1000, (double)(whole - began) / 1000, (double)(screen - began) / 1000, list.count);
    arena_done(&mem);
}

static bool count_one(void *ctx, const struct overview_count *count)
{
    *(int64_t *)ctx += count->count;
    return true;
}

static struct list_spec sorted(const struct object_type *object, const char *by)
{
    return (struct list_spec){ .object = object, .keys = { { .property = catalog_property(object, by) } }, .key_count = 1 };
}

int main(void)
{
    char folder[] = "/tmp/ipamtui-bench-zones-XXXXXX", file[64], command[128];
    server_id servers[SERVERS];
    struct store *store = NULL;
    struct err err = { 0 };
    int64_t began, sum = 0;

    if (!mkdtemp(folder))
        return 1;
    snprintf(file, sizeof(file), "%s/zones.db", folder);
    stop(store_open(file, STORE_WRITE, &store, &err), &err);
    for (int n = 0; n < SERVERS; n++) {
        struct value *v = x_calloc(catalog_servers.property_count, sizeof(*v));
        char name[32];

        snprintf(name, sizeof(name), "dns%03d", n);
        v[catalog_property(&catalog_servers, "server")] = V_TEXT(name);
        v[catalog_property(&catalog_servers, "role")] = V_TEXT("dns");
        stop(store_server_add(store, v, &servers[n], &err), &err);
        free(v);
    }
    round_of(store, servers, 1, "100,000 rows, new", &err);
    round_of(store, servers, 1, "the same, nothing changed", &err);
    round_of(store, servers, 2, "the same, every serial changed", &err);
    struct list_spec zones = { .object = &catalog_zones }, rows = { .object = &catalog_zoneservers };
    struct list_spec by_health = sorted(&catalog_zones, "health"), by_zone = sorted(&catalog_zoneservers, "zone");
    show(store, "zones", &zones, &err);
    show(store, "zones, by health", &by_health, &err);
    show(store, "zones on servers", &rows, &err);
    show(store, "zones on servers, by zone", &by_zone, &err);
    began = clock_mono_us();
    stop(store_overview(store, count_one, &sum, &err), &err);
    printf("%-34s %8.2f ms\n", "overview", (double)(clock_mono_us() - began) / 1000);
    store_close(store);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command) != 0;
}
