/* estate.h - a simulated estate in a folder of the test's own, and a store with its servers.
 *
 * simhost is found by IPAMTUI_SIMHOST, or beside the folder of the test program. Include after cmocka.h. */
#ifndef TEST_ESTATE_H
#define TEST_ESTATE_H

#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipamtui/catalog.h"
#include "ipamtui/child.h"
#include "ipamtui/mem.h"

struct estate_server {
    char name[64], address[64], role[16], command[512];
};
struct estate {
    char dir[64], simhost[PATH_MAX];
    struct estate_server *servers;
    size_t count;
};

static inline void estate_find_simhost(struct estate *e)
{
    const char *given = getenv("IPAMTUI_SIMHOST");
    char self[PATH_MAX - 32] = "";

    if (given) {
        snprintf(e->simhost, sizeof(e->simhost), "%s", given);
    } else {
        if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
            self[0] = '\0';
        snprintf(e->simhost, sizeof(e->simhost), "%s/../simhost", dirname(self));
    }
    if (access(e->simhost, X_OK) != 0) {
        fprintf(stderr, "no simulated host at %s; build it, or set IPAMTUI_SIMHOST\n", e->simhost);
        exit(1);
    }
}

static inline void estate_run(const struct estate *e, const char *const *args)
{
    char *argv[20] = { (char *)e->simhost };
    struct child_output said = { 0 };
    struct err err = { 0 };

    for (size_t i = 0; args[i] && i + 2 < COUNT(argv); i++)
        argv[i + 1] = (char *)args[i];
    if (!child_run(argv, NULL, 120000, NULL, &said, &err) || said.status != 0) {
        fprintf(stderr, "simhost %s: %s %s\n", args[0], err.text, buf_at(&said.errs));
        exit(1);
    }
    child_output_done(&said);
}

/* One field of a CSV line, RFC 4180. Returns where the next begins. */
static inline const char *estate_field(const char *at, char *out, size_t size)
{
    bool quoted = *at == '"';
    size_t len = 0;

    if (quoted)
        at++;
    for (; *at && (quoted || (*at != ',' && *at != '\n' && *at != '\r')); at++) {
        if (quoted && *at == '"' && *++at != '"')
            break;
        if (len + 1 < size)
            out[len++] = *at;
    }
    out[len] = '\0';
    return *at == ',' ? at + 1 : at;
}

static inline void estate_read(struct estate *e)
{
    char path[96], line[2048], transport[16];
    FILE *f = NULL;
    size_t cap = 0;

    snprintf(path, sizeof(path), "%s/servers.csv", e->dir);
    f = fopen(path, "r");
    if (!f || !fgets(line, sizeof(line), f)) { /* the heads */
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    while (fgets(line, sizeof(line), f)) {
        struct estate_server *s = NULL;
        const char *at = line;

        x_grow(&e->servers, &cap, e->count + 1, sizeof(*e->servers));
        s = &e->servers[e->count++];
        at = estate_field(at, s->name, sizeof(s->name));
        at = estate_field(at, s->address, sizeof(s->address));
        at = estate_field(at, s->role, sizeof(s->role));
        at = estate_field(at, transport, sizeof(transport));
        estate_field(at, s->command, sizeof(s->command));
    }
    fclose(f);
}

/* A host that is not well; kinds as `simhost fault` has them. */
static inline void estate_fault(const struct estate *e, const char *server, const char *kind)
{
    const char *args[] = { "fault", e->dir, server, kind, NULL };

    estate_run(e, args);
}

/* scopes: in all. more: further arguments of `simhost make`. */
static inline void estate_make_as(struct estate *e, const char *const *more, int servers, int scopes, int seed)
{
    char n[16], m[16], s[16];
    const char *args[20] = { "make", e->dir, "--servers", n, "--scopes", m, "--seed", s };

    *e = (struct estate){ .dir = "/tmp/ipamtui-estate-XXXXXX" };
    estate_find_simhost(e);
    if (!mkdtemp(e->dir)) {
        perror(e->dir);
        exit(1);
    }
    for (size_t i = 0; more[i] && i + 9 < COUNT(args); i++)
        args[8 + i] = more[i];
    snprintf(n, sizeof(n), "%d", servers);
    snprintf(m, sizeof(m), "%d", scopes);
    snprintf(s, sizeof(s), "%d", seed);
    estate_run(e, args);
    estate_read(e);
}

/* All of them well, quick and with both roles. */
static inline void estate_make(struct estate *e, int servers, int scopes, int seed)
{
    estate_make_as(e, (const char *[]){ "--role", "both", "--clean", "--latency-ms", "0", NULL }, servers, scopes, seed);
}

static inline void estate_done(struct estate *e)
{
    char *argv[] = { "rm", "-rf", e->dir, NULL };
    struct err err = { 0 };

    child_run(argv, NULL, 60000, NULL, NULL, &err);
    free(e->servers);
    *e = (struct estate){ 0 };
}

/* A row for store_server_add(); texts are the caller's. */
static inline struct value *estate_row(const char *name, const char *address, const char *role, const char *command)
{
    struct value *row = x_calloc(catalog_servers.property_count, sizeof(*row));

    row[catalog_property(&catalog_servers, "server")] = V_TEXT(name);
    row[catalog_property(&catalog_servers, "address")] = V_TEXT(address);
    row[catalog_property(&catalog_servers, "role")] = V_TEXT(role);
    row[catalog_property(&catalog_servers, "transport")] = V_TEXT("command");
    row[catalog_property(&catalog_servers, "command")] = V_TEXT(command);
    return row;
}

#endif
