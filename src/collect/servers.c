/* servers.c - the servers that were asked here, and their sessions: kept between rounds, dropped when the way changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"
#include "ipamtui/log.h"

struct server *server_known(struct collector *c, server_id id)
{
    for (size_t i = 0; i < c->server_count; i++)
        if (c->servers[i]->id == id)
            return c->servers[i];
    return NULL;
}

struct server *server_get(struct collector *c, server_id id)
{
    struct server *server = server_known(c, id);

    if (server)
        return server;
    server = x_alloc(sizeof(*server));
    server->c = c;
    server->id = id;
    snprintf(server->name, sizeof(server->name), "server %lld", (long long)id);
    x_grow(&c->servers, &c->server_cap, c->server_count + 1, sizeof(struct server *));
    c->servers[c->server_count++] = server;
    return server;
}

static const char *text_of(const struct row *row, const char *property)
{
    int at = catalog_property(&catalog_servers, property);

    return at >= 0 && row->values[at].type == VALUE_TEXT ? row->values[at].s : "";
}

/* PSRP where nothing is remembered. */
static enum host_dialect remembered(const struct server *server)
{
    char *word = store_server_dialect(server->c->store, server->id);
    enum host_dialect dialect = host_dialect_parse(word);

    free(word);
    return dialect == HOST_DIALECT_AUTO ? HOST_DIALECT_PSRP : dialect;
}

static void remember(const struct server *server)
{
    enum host_dialect dialect = host_dialect(server->host);
    struct err err = { 0 };

    if (dialect == server->dialect)
        return;
    if (!store_server_dialect_put(server->c->store, server->id, dialect == HOST_DIALECT_PLAIN ? "plain" : NULL, &err))
        log_line(server->name, "the dialect is not remembered: %s", err.text);
}

/* ------------------------------------------------------------------ the session */
static const char *const state_texts[] = {
    [HOST_CONNECTING] = "connecting",
    [HOST_STARTING] = "starting PowerShell",
    [HOST_OPEN] = "asking",
    [HOST_FAILED] = NULL,
};

static void on_state(void *ctx, enum host_state state, const struct err *err)
{
    struct server *server = ctx;

    asks_gone(server);
    if (state == HOST_FAILED) {
        server->failure = *err;
        server->failed_step = host_failed_step(server->host);
    } else {
        tasks_progress(server, state_texts[state]);
    }
    if (state == HOST_OPEN) {
        remember(server);
        server->dialect = host_dialect(server->host);
    }
}

static void on_ask(void *ctx, const struct transport_ask *ask)
{
    asks_ask(ctx, ask);
}

static void session_make(struct server *server, const struct transport_target *target, struct host_options options)
{
    static const struct host_events asking = { .state = on_state, .ask = on_ask };
    static const struct host_events silent = { .state = on_state };
    struct collector *c = server->c;

    options.runspaces = c->set.max_calls + 1; /* one more for what an operator waits for */
    options.reserved = 1;
    options.start_timeout_ms = c->set.connect_timeout_ms;
    options.idle_close_ms = c->set.idle_close_ms;
    options.first = server->dialect = remembered(server);
    server->host = host_new(c->hub, c->loop, target, &options, c->interactive ? &asking : &silent, server);
    for (size_t i = 0; i < server->holds; i++)
        host_hold(server->host, true);
}

void server_drop(struct server *server)
{
    asks_gone(server);
    relays_lose(server);
    host_free(server->host);
    server->host = NULL;
    free(server->way);
    server->way = NULL;
    server->changed = false;
}

bool server_identify(struct server *server, const struct row *row, struct err *err)
{
    unsigned before = server->covered;

    snprintf(server->machine, sizeof(server->machine), "%s", text_of(row, "machine"));
    if (text_of(row, "same_as")[0] == '\0') {
        server->covered = 0;
        server->covered_by[0] = '\0';
    } else if (!store_server_covered(server->c->store, server->id, &server->covered, server->covered_by, err)) {
        return false;
    }
    if (before & ~server->covered)
        verify_anew(server);
    return true;
}

unsigned server_asked(const struct server *server, unsigned what)
{
    if (server->covered & ROLE_DHCP)
        what &= ~(unsigned)(WHAT_DHCP | WHAT_UTILIZATION | WHAT_FAILOVER);
    if (server->covered & ROLE_DNS)
        what &= ~(unsigned)(WHAT_DNS | WHAT_EVENTS);
    return what;
}

static bool server_make(struct server *server, const struct row *row, bool begins, struct err *err)
{
    const struct settings *set = &server->c->set;
    struct host_defaults defaults = { .transport = set->transport, .user = set->user, .jump = set->jump,
                                      .powershell = set->powershell, .port = set->port };
    struct transport_target target;
    struct host_options options = { 0 };
    char *way = NULL;

    snprintf(server->name, sizeof(server->name), "%s", text_of(row, "server"));
    server->role = catalog_roles(text_of(row, "role"));
    server->down = strcmp(text_of(row, "reachable"), "no") == 0;
    if (!server_identify(server, row, err))
        return false;
    if (!host_target(row, &defaults, &target, &options, err))
        return false;
    way = host_way(&target, &options);
    if (server->host && (begins ? server->relays == 0 : !server_is_lent(server)) && (server->changed || strcmp(way, server->way) != 0))
        server_drop(server);
    if (server->host) {
        free(way);
        return true;
    }
    session_make(server, &target, options);
    server->way = way;
    return true;
}

bool server_prepare(struct server *server, bool begins, struct err *err)
{
    struct arena mem = { 0 };
    struct row row = { 0 };
    bool ok = store_rows(server->c->store, &catalog_servers, &server->id, 1, &mem, &row, err);

    if (ok && row.id == 0)
        ok = err_set(err, ERR_NOT_FOUND, server->name, "the server is not managed any more");
    ok = ok && server_make(server, &row, begins, err);
    arena_done(&mem);
    return ok;
}

void servers_done(struct collector *c)
{
    for (size_t i = 0; i < c->server_count; i++) {
        server_drop(c->servers[i]);
        free(c->servers[i]);
    }
    free(c->servers);
    c->servers = NULL;
    c->server_count = c->server_cap = 0;
}
