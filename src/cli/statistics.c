/* statistics.c - `server statistics`: the counters of servers, or of a zone on them, as they are now. Nothing of it is kept. */
#include <stdlib.h>
#include <string.h>

#include "cli/round.h"
#include "ipamtui/clock.h"
#include "ipamtui/statistics.h"

struct asked {
    const char *zone;
    struct statistics *answers;
    server_id *ids;
    size_t count, cap;
};

static uint64_t start(struct round *r, const server_id *ids, size_t count)
{
    return collector_statistics(r->collector, ids, count, ((struct asked *)r->ctx)->zone);
}

static void take(struct round *r, const struct note *note)
{
    statistics_take(((struct asked *)r->ctx)->answers, note, clock_now_s());
}

/* ------------------------------------------------------------------ which servers */
static void add(struct asked *a, server_id id)
{
    x_grow(&a->ids, &a->cap, a->count + 1, sizeof(*a->ids));
    a->ids[a->count++] = id;
}

/* Names of servers are meant as names, however they would read as a query. */
static bool are_names(struct cli *cli, struct store *store, struct asked *a)
{
    struct err err = { 0 };
    server_id id;
    for (int i = 0; i < cli->arg_count; i++) {
        if (!store_server_find(store, cli->args[i], &id, &err)) {
            a->count = 0;
            return false;
        }
        add(a, id);
    }
    return true;
}

static bool add_server(void *ctx, const struct row *row)
{
    add(ctx, row->server);
    return true;
}

static bool have_zone(struct store *store, struct asked *a, int *status)
{
    struct value name = V_TEXT(a->zone);
    struct list_spec spec = { .object = &catalog_zoneservers, .where = "o.zone = ? COLLATE NOCASE", .params = &name, .param_count = 1 };
    struct err err = { 0 };
    if (!store_list_rows(store, &spec, add_server, a, &err)) {
        *status = cli_fail(&err);
        return false;
    }
    if (!a->count)
        cli_note("no server is known to have the zone %s (ipamtui retrieve --what dns asks them)", a->zone);
    return true;
}

static bool chosen(struct cli *cli, struct store *store, struct asked *a, int *status)
{
    if (!cli->arg_count)
        return have_zone(store, a, status);
    if (are_names(cli, store, a))
        return true;
    char *query = cli_join(cli, 0);
    bool ok = cli_servers(store, query, &a->ids, &a->count, status);
    if (ok && !a->count)
        cli_note("no server matches: %s", query);
    free(query);
    return ok;
}

/* ------------------------------------------------------------------ the command */
static int ask(struct cli *cli, struct asked *a, enum listing_format format)
{
    struct err err = { 0 };
    struct buf out = { 0 };
    struct round r = { .start = start, .take = take, .ctx = a };
    if (!round_run(cli, &r, a->ids, a->count, &err))
        return cli_fail(&err);
    statistics_write(a->answers, format, cli->flags[FLAG_RAW] != NULL, &out);
    cli_stdout(NULL, buf_at(&out), out.len);
    buf_done(&out);
    return cli_flush(round_status(&r));
}

int cli_run_server_statistics(struct cli *cli)
{
    struct store *store = NULL;
    struct err err = { 0 };
    enum listing_format format = LISTING_TABLE;
    struct asked a = { .zone = cli->flags[FLAG_ZONE] };
    int status = STATUS_DONE;
    if (!cli->arg_count && !a.zone)
        return cli_usage(cli, "name servers, or a query that chooses them");
    if (cli->flags[FLAG_FORMAT] && !listing_format_parse(cli->flags[FLAG_FORMAT], &format, &err))
        return cli_fail(&err);
    if (!cli_store(cli, STORE_WRITE, &store, &err))
        return cli_fail(&err);
    bool ok = chosen(cli, store, &a, &status);
    store_close(store);
    a.answers = statistics_new(a.zone);
    if (ok)
        status = a.count ? ask(cli, &a, format) : STATUS_DONE;
    statistics_free(a.answers);
    free(a.ids);
    return status;
}
