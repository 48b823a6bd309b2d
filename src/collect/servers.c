/* servers.c - the servers that were asked here, and their sessions: kept between rounds, dropped when the way changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"
#include "ipamtui/log.h"

/* What a server's row says about reaching it, the configuration filled in. */
struct way {
    enum transport_kind kind;
    const char *address, *user, *jump, *command;
    int port;
    enum host_dialect dialect;
};

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

static const char *first_of(const char *a, const char *b)
{
    return a[0] != '\0' ? a : b ? b : "";
}

static enum host_dialect dialect_of(const char *word)
{
    return strcmp(word, "plain") == 0 ? HOST_DIALECT_PLAIN : strcmp(word, "psrp") == 0 ? HOST_DIALECT_PSRP : HOST_DIALECT_AUTO;
}

/* The dialect that a server was found to speak, where nobody chose one: trying the other first costs a time-out. */
static enum host_dialect remembered(const struct server *server)
{
    char *key = x_asprintf("dialect.%lld", (long long)server->id);
    char *word = store_setting_get(server->c->store, key);
    enum host_dialect dialect = dialect_of(word ? word : "");

    free(word);
    free(key);
    return dialect;
}

static void remember(const struct server *server)
{
    enum host_dialect dialect = host_dialect(server->host);
    char *key = NULL;
    struct err err = { 0 };

    if (dialect == server->dialect)
        return;
    key = x_asprintf("dialect.%lld", (long long)server->id);
    if (!store_setting_put(server->c->store, key, dialect == HOST_DIALECT_PLAIN ? "plain" : NULL, &err))
        log_line(server->name, "the dialect is not remembered: %s", err.text);
    free(key);
}

static struct way way_of(const struct row *row, const struct settings *set, const char *name)
{
    struct way way = { .kind = set->transport, .port = set->port };
    int port = catalog_property(&catalog_servers, "port");

    transport_kind_parse(text_of(row, "transport"), &way.kind);
    way.address = first_of(text_of(row, "address"), name);
    way.user = first_of(text_of(row, "user"), set->user);
    way.jump = first_of(text_of(row, "jump"), set->jump);
    way.command = way.kind == TRANSPORT_COMMAND ? text_of(row, "command")
                                                : first_of(text_of(row, "powershell"), set->powershell);
    way.dialect = dialect_of(text_of(row, "dialect"));
    if (port >= 0 && row->values[port].type == VALUE_INT)
        way.port = (int)row->values[port].i;
    return way;
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

static void session_make(struct server *server, const struct way *way)
{
    static const struct host_events asking = { .state = on_state, .ask = on_ask };
    static const struct host_events silent = { .state = on_state };
    struct collector *c = server->c;
    struct transport_target target = {
        .name = server->name, .kind = way->kind, .address = way->address, .user = way->user, .jump = way->jump,
        .port = way->port, .command = way->command,
    };
    struct host_options options = { .runspaces = c->set.max_calls, .start_timeout_ms = c->set.connect_timeout_ms,
                                    .idle_close_ms = c->set.idle_close_ms, .dialect = way->dialect };

    server->dialect = remembered(server) == HOST_DIALECT_PLAIN ? HOST_DIALECT_PLAIN : HOST_DIALECT_PSRP;
    options.first = server->dialect;
    server->host = host_new(c->hub, c->loop, &target, &options, c->interactive ? &asking : &silent, server);
}

void server_drop(struct server *server)
{
    asks_gone(server);
    host_free(server->host);
    server->host = NULL;
    free(server->way);
    server->way = NULL;
    server->changed = false;
}

bool server_prepare(struct server *server, struct err *err)
{
    struct arena mem = { 0 };
    struct row row = { 0 };
    struct way way;
    char *text = NULL;
    bool ok = false;

    if (!store_rows(server->c->store, &catalog_servers, &server->id, 1, &mem, &row, err))
        goto out;
    if (row.id == 0) {
        err_set(err, ERR_NOT_FOUND, server->name, "the server is not managed any more");
        goto out;
    }
    snprintf(server->name, sizeof(server->name), "%s", text_of(&row, "server"));
    server->role = catalog_roles(text_of(&row, "role"));
    server->down = strcmp(text_of(&row, "reachable"), "no") == 0;
    way = way_of(&row, &server->c->set, server->name);
    if (way.kind == TRANSPORT_COMMAND && way.command[0] == '\0') {
        err_set(err, ERR_INPUT, server->name, "transport command needs a program: server set %s command='PROGRAM ARGS'",
                server->name);
        goto out;
    }
    text = x_asprintf("%s\n%d\n%s\n%s\n%s\n%d\n%d\n%s", server->name, (int)way.kind, way.address, way.user, way.jump, way.port,
                      (int)way.dialect, way.command);
    if (server->host && (server->changed || strcmp(text, server->way) != 0))
        server_drop(server);
    if (!server->host) {
        session_make(server, &way);
        server->way = text;
        text = NULL;
    }
    ok = true;
out:
    free(text);
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
