/* store_fill.c - makes a store of many servers and scopes through the store's own interface, for benchmarks and for trying
 * the console at size: store_fill FILE [SERVERS [SCOPES]], 500 and 500,000 unless said. The same numbers make the same rows. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/clock.h"
#include "ipamtui/ip.h"
#include "ipamtui/store.h"

static const char *const sites[] = { "lon", "ams", "fra", "nyc", "sin", "syd", "osl", "par", "prg", "rom" };
static const char *const uses[] = { "voice", "office", "print", "wifi", "guest", "server", "lab", "camera" };

static uint32_t random_at(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static int place(const struct object_type *object, const char *name)
{
    int at = catalog_property(object, name);

    if (at < 0) {
        fprintf(stderr, "store_fill: no property %s\n", name);
        exit(2);
    }
    return at;
}

static void stop(bool ok, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "store_fill: %s: %s\n", err->where, err->text);
    exit(1);
}

static server_id add_server(struct store *store, int number, struct arena *mem, struct err *err)
{
    struct value *v = arena_alloc(mem, catalog_servers.property_count * sizeof(*v));
    server_id server = 0;

    v[place(&catalog_servers, "server")] =
        V_TEXT(arena_printf(mem, "dhcp-%s-%03d", sites[(size_t)number % COUNT(sites)], number));
    v[place(&catalog_servers, "role")] = V_TEXT("dhcp");
    v[place(&catalog_servers, "address")] = V_TEXT(arena_printf(mem, "dhcp%03d.corp.example", number));
    stop(store_server_add(store, v, &server, err), err);
    return server;
}

static void make_scope(struct value *v, int server, int scope, struct arena *mem, uint32_t *seed)
{
    const struct object_type *o = &catalog_scopes;
    uint32_t net = (10u << 24 | (uint32_t)server << 17) + ((uint32_t)scope << 7);
    const char *site = sites[(size_t)server % COUNT(sites)], *use = uses[random_at(seed) % COUNT(uses)];
    int64_t in_use = random_at(seed) % 120, total = 100 + random_at(seed) % 26;

    v[place(o, "scope")] = V_INT(net);
    v[place(o, "mask")] = V_INT(0xffffff80);
    v[place(o, "name")] = V_TEXT(arena_printf(mem, "%s-%s-%d", use, site, scope));
    v[place(o, "description")] = V_TEXT(arena_printf(mem, "%s network, floor %u, building %c", use, random_at(seed) % 20,
                                                     'A' + (int)(random_at(seed) % 26)));
    v[place(o, "state")] = V_TEXT(random_at(seed) % 10 ? "active" : "inactive");
    v[place(o, "lease_duration")] = V_INT(random_at(seed) % 3 ? 691200 : 28800);
    v[place(o, "start")] = V_INT(net + 1);
    v[place(o, "end")] = V_INT(net + (uint32_t)total);
    v[place(o, "delay")] = V_INT(0);
    v[place(o, "type")] = V_TEXT("dhcp");
    v[place(o, "max_bootp_clients")] = V_INT(4294967295);
    v[place(o, "activate_policies")] = V_INT(1);
    v[place(o, "nap_enable")] = V_INT(0);
    v[place(o, "in_use")] = V_INT(MIN(in_use, total));
    v[place(o, "free")] = V_INT(total - MIN(in_use, total));
    v[place(o, "reserved")] = V_INT(random_at(seed) % 30);
    v[place(o, "pending")] = V_INT(0);
    v[place(o, "dynamic_updates")] = V_TEXT("on-client-request");
    v[place(o, "name_protection")] = V_INT(0);
}

/* The same batches a retrieval makes: 128 rows, one source after the other. */
static void put_scopes(struct store *store, server_id server, const struct value *rows, size_t count, int64_t now,
                       struct err *err)
{
    static const char *const sources[] = { "scopes", "scope-statistics", "scope-dns" };
    const struct object_type *o = &catalog_scopes;

    for (size_t s = 0; s < COUNT(sources); s++) {
        int source = catalog_source(o, sources[s]);

        for (size_t at = 0; at < count; at += 128)
            stop(store_put_rows(store, server, o, source, rows + at * o->property_count, MIN(count - at, 128), at == 0, now,
                                err), err);
        stop(store_source_done(store, server, o, source, true, "done", NULL, now, err), err);
    }
}

static void put_facts(struct store *store, server_id server, int number, int64_t now, struct err *err)
{
    const struct object_type *o = &catalog_servers;
    bool up = number % 23 != 0;

    stop(store_server_fact(store, server, place(o, "reachable"), V_TEXT(up ? "yes" : "no"), now, err), err);
    stop(store_server_fact(store, server, place(o, "last_seen"), V_INT(now), now, err), err);
    stop(store_server_fact(store, server, place(o, "dhcp_service"), V_TEXT("running"), now, err), err);
    stop(store_server_fact(store, server, place(o, "version"), V_TEXT("10.0.20348"), now, err), err);
}

int main(int argc, char **argv)
{
    int servers = argc > 2 ? atoi(argv[2]) : 500, scopes = argc > 3 ? atoi(argv[3]) : 500000;
    struct store *store = NULL;
    struct err err = { 0 };
    int64_t now = clock_now_s(), started = clock_mono_ms();
    uint32_t seed = 1;

    if (argc < 2 || servers < 1 || scopes < 0) {
        fprintf(stderr, "usage: store_fill FILE [SERVERS [SCOPES]]\n");
        return 2;
    }
    if (access(argv[1], F_OK) == 0) {
        fprintf(stderr, "store_fill: %s is there already\n", argv[1]);
        return 1;
    }
    stop(store_open(argv[1], STORE_WRITE, &store, &err), &err);
    for (int i = 0; i < servers; i++) {
        int count = scopes / servers + (i < scopes % servers);
        struct arena mem = { 0 };
        struct value *rows = x_calloc((size_t)MAX(count, 1) * catalog_scopes.property_count, sizeof(*rows));

        stop(store_begin(store, &err), &err);
        server_id server = add_server(store, i, &mem, &err);
        for (int n = 0; n < count; n++)
            make_scope(rows + (size_t)n * catalog_scopes.property_count, i, n, &mem, &seed);
        put_scopes(store, server, rows, (size_t)count, now, &err);
        put_facts(store, server, i, now, &err);
        stop(store_commit(store, &err), &err);
        free(rows);
        arena_done(&mem);
    }
    store_close(store);
    printf("store_fill: %d servers, %d scopes in %.1f s\n", servers, scopes, (double)(clock_mono_ms() - started) / 1000);
    return 0;
}
