/* pool.c - hosts for the servers of the store, made when first called: how a change without a console reaches them. */
#include "ipamtui/change.h"

#include <stdlib.h>
#include <string.h>

#include "ipamtui/host.h"

struct pool_host {
    struct change_pool *pool;
    server_id server;
    struct host *host;
};
struct change_pool {
    struct loop *loop;
    struct transport_hub *hub;
    struct store *store;
    const struct options *options;
    change_ask_fn *ask;
    void *ask_ctx;
    struct pool_host **hosts; /* by server */
    size_t count, cap;
    server_id refused_server; /* the last for which no host could be made, and why */
    struct err refused;
};

struct change_pool *change_pool_new(struct loop *loop, struct transport_hub *hub, struct store *store,
                                    const struct options *options, change_ask_fn *ask, void *ctx)
{
    struct change_pool *pool = x_alloc(sizeof(*pool));

    *pool = (struct change_pool){ .loop = loop, .hub = hub, .store = store, .options = options, .ask = ask, .ask_ctx = ctx };
    return pool;
}

static void pool_host_free(struct pool_host *h)
{
    host_free(h->host);
    free(h);
}

void change_pool_free(struct change_pool *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < pool->count; i++)
        pool_host_free(pool->hosts[i]);
    free(pool->hosts);
    free(pool);
}

/* ------------------------------------------------------------------ a host */
static enum host_dialect remembered(struct store *store, server_id server)
{
    char *word = store_server_dialect(store, server);
    enum host_dialect dialect = host_dialect_parse(word);

    free(word);
    return dialect;
}

static void on_ask(void *ctx, const struct transport_ask *ask)
{
    struct pool_host *h = ctx;

    h->pool->ask(h->pool->ask_ctx, h->server, ask);
}

/* Whatever was asked: in another state nobody waits for the answer. */
static void on_state(void *ctx, enum host_state state, const struct err *err)
{
    struct pool_host *h = ctx;

    (void)state;
    (void)err;
    if (h->pool->ask != NULL)
        h->pool->ask(h->pool->ask_ctx, h->server, NULL);
}

static struct pool_host *pool_find(const struct change_pool *pool, server_id server, size_t *place)
{
    size_t low = 0, high = pool->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (pool->hosts[middle]->server < server)
            low = middle + 1;
        else
            high = middle;
    }
    *place = low;
    return low < pool->count && pool->hosts[low]->server == server ? pool->hosts[low] : NULL;
}

/* What the store and the options say now. Texts in mem. */
static bool find_target(const struct change_pool *pool, server_id server, struct arena *mem, struct transport_target *target,
                        struct host_options *how, struct err *err)
{
    const struct options *o = pool->options;
    struct host_defaults defaults = { .user = o->ssh_user, .jump = o->ssh_jump, .powershell = o->powershell,
                                      .port = (int)o->ssh_port };
    struct row row = { 0 };

    if (o->transport != NULL)
        transport_kind_parse(o->transport, &defaults.transport);
    return store_rows(pool->store, &catalog_servers, &server, 1, mem, &row, err) && row.id != 0 &&
           host_target(&row, &defaults, target, how, err);
}

static struct pool_host *pool_make(struct change_pool *pool, server_id server, size_t place)
{
    const struct options *o = pool->options;
    struct host_options how = { .runspaces = (int)MAX(o->max_calls_per_host, 1),
                                .start_timeout_ms = o->connect_timeout_s * 1000,
                                .idle_close_ms = o->idle_close_s * 1000 };
    struct host_events events = { .state = on_state, .ask = pool->ask != NULL ? on_ask : NULL };
    struct pool_host *h;
    struct transport_target target;
    struct arena mem = { 0 };
    struct err err = { 0 };

    if (!find_target(pool, server, &mem, &target, &how, &err)) {
        arena_done(&mem);
        pool->refused_server = server;
        pool->refused = err;
        return NULL;
    }
    how.first = remembered(pool->store, server);
    h = x_alloc(sizeof(*h));
    h->pool = pool;
    h->server = server;
    h->host = host_new(pool->hub, pool->loop, &target, &how, &events, h);
    arena_done(&mem);
    x_grow(&pool->hosts, &pool->cap, pool->count + 1, sizeof(struct pool_host *));
    memmove(pool->hosts + place + 1, pool->hosts + place, (pool->count - place) * sizeof(struct pool_host *));
    pool->hosts[place] = h;
    pool->count++;
    return h;
}

/* ------------------------------------------------------------------ the wire */
static host_call_id pool_invoke(void *ctx, server_id server, const struct ps_call *call, int64_t timeout_ms,
                                const struct ps_call_events *events, void *call_ctx)
{
    struct change_pool *pool = ctx;
    size_t place;
    struct pool_host *h = pool_find(pool, server, &place);

    if (h == NULL)
        h = pool_make(pool, server, place);
    return h != NULL ? host_invoke(h->host, call, timeout_ms, events, call_ctx) : 0;
}

static void pool_forget(void *ctx, server_id server, host_call_id id)
{
    size_t place;
    struct pool_host *h = pool_find(ctx, server, &place);

    if (h != NULL)
        host_forget(h->host, id);
}

static void pool_close(void *ctx, server_id server)
{
    size_t place;
    struct pool_host *h = pool_find(ctx, server, &place);

    if (h != NULL)
        host_close(h->host);
}

static const struct err *pool_error(void *ctx, server_id server)
{
    const struct change_pool *pool = ctx;
    size_t place;
    struct pool_host *h = pool_find(pool, server, &place);

    if (h != NULL)
        return host_error(h->host);
    return pool->refused_server == server ? &pool->refused : NULL;
}

static void pool_hold(void *ctx, server_id server, bool hold)
{
    struct change_pool *pool = ctx;
    size_t place;
    struct pool_host *h = pool_find(pool, server, &place);

    if (h == NULL && hold)
        h = pool_make(pool, server, place);
    if (h != NULL)
        host_hold(h->host, hold);
}

static unsigned pool_session(void *ctx, server_id server)
{
    size_t place;
    struct pool_host *h = pool_find(ctx, server, &place);

    return h != NULL ? host_session(h->host) : 0;
}

struct change_wire change_pool_wire(struct change_pool *pool)
{
    return (struct change_wire){ .invoke = pool_invoke, .forget = pool_forget, .close = pool_close, .error = pool_error, .hold = pool_hold, .session = pool_session,
                                 .ctx = pool };
}

void change_pool_answer(struct change_pool *pool, server_id server, const char *const *answers)
{
    size_t place;
    struct pool_host *h = pool_find(pool, server, &place);

    if (h != NULL)
        host_answer(h->host, answers);
}
