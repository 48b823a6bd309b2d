#include <stdlib.h>

#include "cli/round.h"
#include "ipamtui/clock.h"
#include "ipamtui/text.h"

static uint64_t start(struct round *r, const server_id *ids, size_t count)
{
    return collector_retrieve(r->collector, ids, count, *(const unsigned *)r->ctx);
}

static void server_done(struct round *r, const struct note *note)
{
    char name[128], text[512];
    text_printable(note->server_name, name, sizeof(name));
    text_printable(note->text[0] || note->ok ? note->text : note->err.text, text, sizeof(text));
    if (r->bar && note->ok)
        return;
    round_clear_bar(r);
    printf("%-20s %-8s %s\n", name, note->ok ? "done" : "failed", text);
    fflush(stdout);
}

static int summary(const struct round *r)
{
    size_t left = r->total - MIN(r->total, r->ok + r->failed);
    double seconds = (double)(clock_mono_ms() - r->started_ms) / 1000;
    printf("%zu of %zu server%s in %.1f s", r->ok, r->total, r->total == 1 ? "" : "s", seconds);
    if (r->failed)
        printf(", %zu failed", r->failed);
    if (left)
        printf(", %zu not asked", left);
    printf("%s\n", r->cancelled ? "; cancelled" : "");
    return cli_flush(round_status(r));
}

static int run_round(struct cli *cli, const server_id *ids, size_t count, unsigned what)
{
    struct err err = { 0 };
    struct round r = { .start = start, .take = server_done, .ctx = &what };
    return round_run(cli, &r, ids, count, &err) ? summary(&r) : cli_fail(&err);
}

int cli_run_retrieve(struct cli *cli)
{
    struct err err = { 0 };
    struct store *store = NULL;
    unsigned what = WHAT_DEFAULT;
    if (cli->flags[FLAG_WHAT] && !what_parse(cli->flags[FLAG_WHAT], "--what", &what, &err))
        return cli_fail(&err);
    if (!cli_store(cli, STORE_WRITE, &store, &err))
        return cli_fail(&err);
    server_id *ids = NULL;
    size_t count = 0;
    int status = STATUS_DONE;
    char *query = cli_join(cli, 0);
    bool ok = cli_servers(store, query, &ids, &count, &status);
    store_close(store);
    if (ok && !count)
        cli_note(*query ? "no server matches: %s" : "no servers yet; add them with: ipamtui server add NAME --role "
                                                      "dhcp,dns --address HOST%s", query);
    else if (ok)
        status = run_round(cli, ids, count, what);
    free(ids);
    free(query);
    return status;
}
