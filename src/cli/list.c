#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ipamtui/listing.h"

#define WIDE_TERMINAL 132

static const char *object_name(size_t i)
{
    return catalog_objects[i]->name;
}

static const struct object_type *find_object(const struct cli *cli, const char *name, int *status)
{
    const struct object_type *object = catalog_find(name);
    size_t count = 0;
    while (catalog_objects[count])
        count++;
    if (object)
        return object;
    const char *near = cli_nearest(name, object_name, count);
    char *names = cli_list_names();
    if (near)
        *status = cli_usage(cli, "there is no list \"%s\"; did you mean %s?", name, near);
    else
        *status = cli_usage(cli, "there is no list \"%s\"; there are %s", name, names);
    free(names);
    return NULL;
}

/* What the flags say. *columns is the caller's to free. */
static bool read_flags(const struct cli *cli, struct listing *listing, int **columns, struct err *err)
{
    const char *const *flags = cli->flags;
    listing->width = cli_terminal_width();
    listing->to_terminal = isatty(STDOUT_FILENO);
    listing->raw = flags[FLAG_RAW] != NULL;
    if (flags[FLAG_FORMAT] && !listing_format_parse(flags[FLAG_FORMAT], &listing->format, err))
        return false;
    if (!cli_number(cli, FLAG_LIMIT, 1, INT64_MAX, &listing->limit, err))
        return false;
    if (flags[FLAG_SORT] &&
        !listing_sort_parse(listing->object, flags[FLAG_SORT], listing->keys, &listing->key_count, err))
        return false;
    if (flags[FLAG_COLUMNS])
        return listing_columns_parse(listing->object, flags[FLAG_COLUMNS], columns, &listing->column_count, err);
    /* People get the view of the pane; programs get everything, so that no column is missed. */
    if (listing->format != LISTING_TABLE)
        return listing_columns_parse(listing->object, "all", columns, &listing->column_count, err);
    *columns = listing_columns_default(listing->object, listing->width >= WIDE_TERMINAL, &listing->column_count);
    return true;
}

static void note_empty(struct cli *cli, struct store *store, const struct listing *listing)
{
    struct list_spec spec = { .object = listing->object };
    int64_t all = 0;
    (void)cli;
    if (!store_count(store, &spec, &all, NULL))
        return;
    if (all)
        cli_note("none of %lld %s matches: %s%s", (long long)all, listing->object->name, listing->query,
                 listing->search.chosen ? " (plain words are looked for in the columns of --columns)" : "");
    else if (listing->object == &catalog_servers)
        cli_note("no servers yet; add them with: ipamtui server add NAME --role dhcp,dns --address HOST");
    else
        cli_note("no %s are known", listing->object->name);
}

static int print(struct cli *cli, struct store *store, struct listing *listing)
{
    struct err err = { 0 };
    size_t at = 0;
    int64_t rows = 0;
    if (!listing_write(store, listing, cli_stdout, NULL, &rows, &at, &err)) {
        fflush(stdout);
        return err.kind == ERR_INPUT ? cli_bad_query(listing->query, at, &err) : cli_fail(&err);
    }
    int status = cli_flush(STATUS_DONE);
    if (!rows)
        note_empty(cli, store, listing);
    cli_note_missing(store, listing->object, listing->query);
    return status;
}

static int list_object(struct cli *cli, const struct object_type *object, int first_word)
{
    struct listing listing = { .object = object };
    struct store *store = NULL;
    struct err err = { 0 };
    int *columns = NULL;
    if (!read_flags(cli, &listing, &columns, &err) || !cli_store(cli, STORE_READ, &store, &err)) {
        free(columns);
        return cli_fail(&err);
    }
    char *query = cli_join(cli, first_word);
    listing.columns = columns;
    /* Without a choice the same words choose the same rows, whatever the format and the width of the terminal. */
    listing.search.dates = DATES_FULL;
    if (cli->flags[FLAG_COLUMNS]) {
        listing.search.chosen = true;
        listing.search.columns = columns;
        listing.search.count = listing.column_count;
    }
    listing.query = query;
    int status = cli_store_done(store, print(cli, store, &listing));
    free(columns);
    free(query);
    return status;
}

int cli_run_list(struct cli *cli)
{
    int status = STATUS_USAGE;
    const struct object_type *object = find_object(cli, cli->args[0], &status);
    return object ? list_object(cli, object, 1) : status;
}

int cli_run_server_list(struct cli *cli)
{
    return list_object(cli, &catalog_servers, 0);
}
