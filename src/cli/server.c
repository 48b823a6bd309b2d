#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ipamtui/clock.h"
#include "ipamtui/listing.h"
#include "ipamtui/text.h"

#define IMPORT_LIMIT (64u << 20)

/* ------------------------------------------------------------------ add, set, remove */
int cli_run_server_add(struct cli *cli)
{
    struct store *store = NULL;
    struct err err = { 0 };
    server_id id;
    bool ok = cli_store(cli, STORE_WRITE, &store, &err) &&
              serverlist_add(store, cli->args[0], cli->settings, cli->setting_count, &id, &err);
    store_close(store);
    return ok ? STATUS_DONE : cli_fail(&err);
}

struct name_list {
    char **names;
    size_t count, cap;
};

static bool take_name(void *ctx, const struct row *row)
{
    struct name_list *list = ctx;
    int place = catalog_property(&catalog_servers, "server");
    x_grow(&list->names, &list->cap, list->count + 1, sizeof(*list->names));
    list->names[list->count++] = x_strdup(row->values[place].type == VALUE_TEXT ? row->values[place].s : "");
    return true;
}

/* A server by name; a near name helps when it is mistyped. */
static bool find_server(struct store *store, const char *name, server_id *out, struct err *err)
{
    if (store_server_find(store, name, out, err))
        return true;
    if (err->kind != ERR_NOT_FOUND)
        return false;
    struct name_list list = { 0 };
    struct list_spec spec = { .object = &catalog_servers };
    struct text_nearest near = { .word = name };
    store_list_rows(store, &spec, take_name, &list, NULL);
    for (size_t i = 0; i < list.count; i++)
        text_nearest_offer(&near, list.names[i]);
    if (near.best)
        err_set(err, ERR_NOT_FOUND, name, "there is no such server; did you mean %s?", near.best);
    else
        err_set(err, ERR_NOT_FOUND, name, "there is no such server");
    for (size_t i = 0; i < list.count; i++)
        free(list.names[i]);
    free(list.names);
    return false;
}

int cli_run_server_set(struct cli *cli)
{
    struct store *store = NULL;
    struct err err = { 0 };
    server_id id;
    size_t count = (size_t)cli->arg_count - 1;
    struct server_setting *settings = x_calloc(count, sizeof(*settings));
    char **texts = x_calloc(count, sizeof(*texts));
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        texts[i] = x_strdup(cli->args[i + 1]);
        ok = serverlist_split(texts[i], &settings[i], &err);
    }
    ok = ok && cli_store(cli, STORE_WRITE, &store, &err) && find_server(store, cli->args[0], &id, &err) &&
         serverlist_set(store, id, settings, count, &err);
    store_close(store);
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
    free(settings);
    return ok ? STATUS_DONE : cli_fail(&err);
}

int cli_run_server_remove(struct cli *cli)
{
    struct store *store = NULL;
    struct err err = { 0 };
    size_t count = (size_t)cli->arg_count;
    server_id *ids = x_calloc(count, sizeof(*ids));
    bool ok = cli_store(cli, STORE_WRITE, &store, &err);
    bool began = ok && store_begin(store, &err);
    ok = began;
    for (size_t i = 0; ok && i < count; i++)
        ok = find_server(store, cli->args[i], &ids[i], &err);
    for (size_t i = 0; ok && i < count; i++)
        ok = store_server_remove(store, ids[i], &err);
    ok = ok && store_commit(store, &err);
    if (began && !ok)
        store_rollback(store);
    store_close(store);
    free(ids);
    return ok ? STATUS_DONE : cli_fail(&err);
}

/* ------------------------------------------------------------------ show */
struct shown_sources {
    struct buf before; /* the error shown last */
    bool any;
};

/* A host that is down fails every call in the same words: they are printed once. */
static bool show_source(void *ctx, const char *object, const char *source, const char *result, const char *error,
                        int64_t done_at, int64_t ok_at)
{
    struct arena arena = { 0 };
    char when[CLOCK_ISO_SIZE] = "never";
    struct shown_sources *shown = ctx;
    struct buf *before = &shown->before;
    shown->any = true;
    (void)object;
    (void)done_at;
    if (ok_at)
        clock_iso(ok_at, when);
    printf("  %-20s %-12s answered %s\n", source, result ? result : "not asked", when);
    if (error && *error && strcmp(buf_at(before), error) != 0)
        printf("  %-20s %s\n", "", text_printable_in(&arena, error));
    buf_clear(before);
    buf_adds(before, error ? error : "");
    arena_done(&arena);
    return true;
}

static void show_row(const struct row *row)
{
    for (size_t i = 0; i < catalog_servers.property_count; i++) {
        const struct property *property = &catalog_servers.properties[i];
        char shown[512], text[512];
        if (row->values[i].type == VALUE_NULL)
            snprintf(shown, sizeof(shown), "-%s%s%s", property->empty ? " (" : "", property->empty ? property->empty : "",
                     property->empty ? ")" : "");
        else if (property->kind == KIND_TIME)
            clock_iso(row->values[i].i, shown);
        else
            property_show(property, row->values[i], shown, sizeof(shown));
        printf("%-22s %s\n", property->name, text_printable(shown, text, sizeof(text)));
    }
}

static int show_table(struct store *store, server_id id)
{
    struct arena arena = { 0 };
    struct row row = { 0 };
    struct err err = { 0 };
    struct shown_sources shown = { 0 };
    bool ok = store_rows(store, &catalog_servers, &id, 1, &arena, &row, &err);
    if (ok && !row.id)
        ok = err_set(&err, ERR_NOT_FOUND, "server", "the server is gone");
    if (ok) {
        show_row(&row);
        printf("\nWhat was asked:\n");
        ok = store_sources(store, id, show_source, &shown, &err);
        if (ok && !shown.any)
            printf("  nothing yet\n");
    }
    buf_done(&shown.before);
    arena_done(&arena);
    return ok ? cli_flush(STATUS_DONE) : cli_fail(&err);
}

static int show_listing(struct store *store, server_id id, enum listing_format format)
{
    struct listing listing = { .object = &catalog_servers, .ids = &id, .id_count = 1, .format = format,
                               .to_terminal = isatty(STDOUT_FILENO) };
    struct err err = { 0 };
    int *columns = NULL;
    bool ok = listing_columns_parse(&catalog_servers, "all", &columns, &listing.column_count, &err);
    listing.columns = columns;
    ok = ok && listing_write(store, &listing, cli_stdout, NULL, NULL, NULL, &err);
    free(columns);
    return ok ? cli_flush(STATUS_DONE) : cli_fail(&err);
}

int cli_run_server_show(struct cli *cli)
{
    struct store *store = NULL;
    struct err err = { 0 };
    enum listing_format format = LISTING_TABLE;
    server_id id;
    if ((cli->flags[FLAG_FORMAT] && !listing_format_parse(cli->flags[FLAG_FORMAT], &format, &err)) ||
        !cli_store(cli, STORE_READ, &store, &err) || !find_server(store, cli->args[0], &id, &err)) {
        store_close(store);
        return cli_fail(&err);
    }
    return cli_store_done(store, format == LISTING_TABLE ? show_table(store, id) : show_listing(store, id, format));
}

/* ------------------------------------------------------------------ import, export */
static bool read_all(const char *path, struct buf *out, struct err *err)
{
    int fd = strcmp(path, "-") != 0 ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (fd < 0)
        return err_errno(err, path, "cannot be read");
    out->limit = IMPORT_LIMIT;
    ssize_t got = 1;
    bool fits = true;
    while (got > 0 && fits) {
        char block[65536];
        got = read(fd, block, sizeof(block));
        fits = got <= 0 || buf_add(out, block, (size_t)got);
    }
    bool ok = got >= 0 ? true : err_errno(err, path, "cannot be read");
    if (fd != STDIN_FILENO)
        close(fd);
    if (ok && !fits)
        return err_set(err, ERR_INPUT, path, "is larger than a list of servers can be (64 MiB)");
    return ok;
}

static void complain(void *ctx, const char *text)
{
    cli_note("%s: %s", (const char *)ctx, text);
}

int cli_run_server_import(struct cli *cli)
{
    struct store *store = NULL;
    struct err err = { 0 };
    struct buf text = { 0 };
    struct import_report report = { 0 };
    const char *path = cli->args[0];
    bool ok = read_all(path, &text, &err) && cli_store(cli, STORE_WRITE, &store, &err) &&
              serverlist_import(store, path, buf_at(&text), text.len, cli->flags[FLAG_UPDATE] != NULL, complain,
                                (void *)path, &report, &err);
    store_close(store);
    buf_done(&text);
    if (!ok)
        return cli_fail(&err);
    cli_note("%zu added, %zu changed, %zu as they were", report.added, report.updated, report.unchanged);
    return STATUS_DONE;
}

int cli_run_server_export(struct cli *cli)
{
    struct listing listing = { .object = &catalog_servers, .format = LISTING_CSV, .search = { .dates = DATES_FULL },
                               .raw = cli->flags[FLAG_RAW] != NULL, .to_terminal = isatty(STDOUT_FILENO) };
    struct store *store = NULL;
    struct err err = { 0 };
    size_t at = 0;
    int *columns = serverlist_columns(&listing.column_count);
    char *query = cli_join(cli, 0);
    listing.columns = columns;
    listing.query = query;
    bool ok = cli_store(cli, STORE_READ, &store, &err) &&
              listing_write(store, &listing, cli_stdout, NULL, NULL, &at, &err);
    int status = ok ? cli_flush(STATUS_DONE) : err.kind == ERR_INPUT ? cli_bad_query(query, at, &err) : cli_fail(&err);
    status = cli_store_done(store, status);
    free(columns);
    free(query);
    return status;
}
