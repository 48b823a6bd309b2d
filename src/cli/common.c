#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ipamtui/account.h"
#include "ipamtui/query.h"
#include "ipamtui/text.h"

static bool folder_there(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return true;
    char *folder = x_strndup(path, (size_t)(slash - path));
    bool ok = access(folder, F_OK) == 0 || errno != ENOENT ||
              err_set(err, ERR_NOT_FOUND, path, "there is no database yet: the folder %.100s does not exist", folder);
    free(folder);
    return ok;
}

bool cli_store_place(const struct cli *cli, struct err *err)
{
    if (cli->flags[FLAG_DB])
        return folder_there(cli->db_path, err);
    return access(cli->db_path, F_OK) == 0 || account_make_folders(cli->db_path, err);
}

bool cli_store(struct cli *cli, enum store_mode mode, struct store **out, struct err *err)
{
    if (!cli_store_place(cli, err))
        return false;
    if (!cli->flags[FLAG_DB] && access(cli->db_path, F_OK) != 0)
        mode = STORE_WRITE; /* the first run makes it, whatever it asks for */
    if (!store_open(cli->db_path, mode, out, err)) {
        /* A database that cannot be used is no wrong usage. */
        if (err->kind == ERR_INPUT)
            err->kind = ERR_IO;
        return false;
    }
    store_set_thresholds(*out, (struct thresholds){ cli->options.over_percent, cli->options.under_percent });
    return true;
}

int cli_store_done(struct store *store, int status)
{
    struct err err = { 0 };
    if (store && !store_unchanged(store, &err))
        status = cli_fail(&err);
    store_close(store);
    return status;
}

int cli_bad_query(const char *query, size_t at, const struct err *err)
{
    struct arena arena = { 0 };
    int status = cli_fail(err);
    if (err->kind == ERR_INPUT && at <= strlen(query)) {
        const char *before = text_printable_in(&arena, arena_strndup(&arena, query, at));
        fprintf(stderr, "  %s\n  %*s^\n", text_printable_in(&arena, query), text_width(before), "");
    }
    arena_done(&arena);
    return status;
}

char *cli_join(const struct cli *cli, int first)
{
    struct buf text = { 0 };
    for (int i = first; i < cli->arg_count; i++)
        buf_addf(&text, "%s%s", i > first ? " " : "", cli->args[i]);
    char *joined = buf_steal(&text);
    return joined ? joined : x_strdup("");
}

struct id_list {
    server_id *ids;
    size_t count, cap;
};

static bool take_ids(void *ctx, const row_id *ids, size_t count)
{
    struct id_list *list = ctx;
    x_grow(&list->ids, &list->cap, list->count + count, sizeof(*list->ids));
    memcpy(list->ids + list->count, ids, count * sizeof(*ids));
    list->count += count;
    return true;
}

bool cli_servers(struct store *store, const char *query, server_id **ids, size_t *count, int *status)
{
    struct query compiled = { 0 };
    struct id_list list = { 0 };
    struct err err = { 0 };
    size_t at = 0;
    if (!query_compile(&catalog_servers, query ? query : "", &compiled, &at, &err)) {
        *status = cli_bad_query(query, at, &err);
        return false;
    }
    struct list_spec spec = { .object = &catalog_servers,
                              .where = buf_at(&compiled.where),
                              .params = compiled.params,
                              .param_count = compiled.param_count };
    bool ok = store_list_ids(store, &spec, take_ids, &list, &err);
    query_done(&compiled);
    if (!ok) {
        free(list.ids);
        *status = cli_fail(&err);
        return false;
    }
    *ids = list.ids;
    *count = list.count;
    return true;
}

static bool reader_gone;

bool cli_stdout(void *ctx, const char *bytes, size_t len)
{
    (void)ctx;
    bool ok = fwrite(bytes, 1, len, stdout) == len;
    reader_gone = reader_gone || (!ok && errno == EPIPE);
    return ok;
}

int cli_flush(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    /* A reader that has seen enough (head) is no error of ours. */
    if (reader_gone || errno == EPIPE)
        return status;
    struct err err;
    err_errno(&err, "standard output", "cannot be written");
    return cli_fail(&err);
}

bool cli_number(const struct cli *cli, enum flag flag, int64_t least, int64_t most, int64_t *out, struct err *err)
{
    const char *text = cli->flags[flag];
    char *end;

    if (!text)
        return true;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end || errno || n < least || n > most)
        return err_set(err, ERR_INPUT, cli_flags[flag].name, "expected a number from %lld to %lld, not \"%s\"", (long long)least,
                       (long long)most, text);
    *out = n;
    return true;
}

int cli_terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    const char *columns = getenv("COLUMNS");
    if (columns && atoi(columns) > 0)
        return atoi(columns);
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

int cli_signal_fd(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}
