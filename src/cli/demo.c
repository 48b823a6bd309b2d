/* demo.c - the console on a simulated estate. Everything lies in one folder, which goes when the console is left. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/demo_folder.h"
#include "ipamtui/account.h"
#include "ipamtui/child.h"
#include "ipamtui/clock.h"
#include "ipamtui/mem.h"

#define MAKE_TIMEOUT_MS 120000

/* The simulator lies beside the program in a build tree, in its own folder when installed. */
static char *find_simhost(void)
{
    const char *named = getenv("IPAMTUI_SIMHOST");
    if (named && *named)
        return x_strdup(named);
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    static const char *const beside[] = { "%s/simhost", "%s/../lib/ipamtui/simhost" };
    for (size_t i = 0; slash && i < COUNT(beside); i++) {
        char *path = x_asprintf(beside[i], self);
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return x_strdup(IPAMTUI_LIBEXEC "/simhost");
}

/* The folder that is kept, by its full name. */
static bool keep_folder(const char *keep, char **out, struct err *err)
{
    char *inside = x_asprintf("%s/x", keep);
    bool ok = account_make_folders(inside, err);
    free(inside);
    *out = ok ? realpath(keep, NULL) : NULL;
    return ok && (*out || err_errno(err, keep, "cannot be used"));
}

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
    stopped = sig;
}

/* Until the console takes them over, a signal only keeps it from opening: what was made is still removed. */
static void catch_signals(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    for (size_t i = 0; i < COUNT(signals); i++)
        sigaction(signals[i], &action, NULL);
}

static void drain(int fd, struct buf *out)
{
    char words[512];
    ssize_t got;
    while ((got = read(fd, words, sizeof(words))) > 0)
        buf_add(out, words, (size_t)got);
}

/* Runs the simulator to its end, or to the signal that ends us. What it says on stderr goes to errs. */
static bool run_simhost(char *const argv[], struct buf *errs, int *status, struct err *err)
{
    struct child child;
    struct buf ignored = { 0 };
    if (!child_start(&child, argv, NULL, CHILD_STDIN_NULL, err))
        return false;
    int64_t end_ms = clock_mono_ms() + MAKE_TIMEOUT_MS;
    while (!stopped && clock_mono_ms() < end_ms && !child_ended(&child, status)) {
        struct pollfd fds[3] = { { .fd = child.errs, .events = POLLIN },
                                 { .fd = child.out, .events = POLLIN },
                                 { .fd = child.pidfd, .events = POLLIN } };
        poll(fds, 3, 100);
        drain(child.errs, errs);
        drain(child.out, &ignored);
        buf_clear(&ignored);
    }
    drain(child.errs, errs);
    bool over = child.pid == 0;
    child_end(&child, 1000);
    buf_done(&ignored);
    if (stopped)
        return err_set(err, ERR_CANCELLED, "demo", "ended before the console was open");
    return over ||
           err_set(err, ERR_TIMEOUT, argv[0], "the simulated estate was not made within %d s", MAKE_TIMEOUT_MS / 1000);
}

static bool make_estate(const struct cli *cli, const char *folder, struct err *err)
{
    int64_t servers = 40, scopes = 1500, seed = 1;
    if (!cli_number(cli, FLAG_SERVERS, 1, 100000, &servers, err) || !cli_number(cli, FLAG_SCOPES, 0, 10000000, &scopes, err) ||
        !cli_number(cli, FLAG_SEED, 0, INT64_MAX, &seed, err))
        return false;
    char *simhost = find_simhost();
    char of_servers[24], of_scopes[24], of_seed[24];
    snprintf(of_servers, sizeof(of_servers), "%lld", (long long)servers);
    snprintf(of_scopes, sizeof(of_scopes), "%lld", (long long)scopes);
    snprintf(of_seed, sizeof(of_seed), "%lld", (long long)seed);
    char *argv[] = { simhost,        (char *)"make",     (char *)folder,   (char *)"--servers", of_servers,
                     (char *)"--scopes", of_scopes, (char *)"--seed", of_seed,        NULL };
    struct buf errs = { 0 };
    int status = 0;
    bool ok = run_simhost(argv, &errs, &status, err);
    if (!ok && err->kind == ERR_NOT_FOUND)
        err_set(err, ERR_NOT_FOUND, simhost, "the simulator is not there; it is built and installed with ipamtui");
    else if (ok && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        ok = err_set(err, ERR_IO, simhost, "the simulated estate could not be made: %.150s", buf_at(&errs));
    buf_done(&errs);
    free(simhost);
    return ok;
}

static bool read_csv(const char *path, struct buf *out, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return err_errno(err, path, "cannot be read");
    char block[65536];
    for (size_t got; (got = fread(block, 1, sizeof(block), file)) > 0;)
        buf_add(out, block, got);
    bool ok = !ferror(file);
    fclose(file);
    return ok || err_errno(err, path, "cannot be read");
}

static bool make_store(struct cli *cli, const char *folder, struct err *err)
{
    char *csv = x_asprintf("%s/servers.csv", folder);
    struct buf text = { 0 };
    struct store *store = NULL;
    struct import_report report;
    free(cli->db_path);
    cli->db_path = x_asprintf("%s/demo.db", folder);
    bool ok = read_csv(csv, &text, err) && store_open(cli->db_path, STORE_WRITE, &store, err) &&
              serverlist_import(store, csv, buf_at(&text), text.len, true, NULL, NULL, &report, err);
    store_close(store);
    buf_done(&text);
    free(csv);
    return ok;
}

static bool open_console(struct cli *cli, const char *label, const char *first_pane, struct err *err)
{
    struct cli_console how = {
        .db_path = cli->db_path,
        .options = &cli->options,
        .config = cli->flags[FLAG_CONFIG],
        .ssh_config = cli->flags[FLAG_SSH_CONFIG],
        .pane = cli->flags[FLAG_PANE] ? cli->flags[FLAG_PANE] : first_pane,
        .filter = cli->flags[FLAG_FILTER],
        .script = cli->flags[FLAG_SCRIPT],
        .label = label,
        .read_only = cli->flags[FLAG_READ_ONLY] != NULL,
        .fresh = cli->flags[FLAG_FRESH] != NULL,
        .offline = cli->flags[FLAG_OFFLINE] != NULL,
    };
    return cli->console(&how, err);
}

/* All of it, in a folder that is there. */
static bool run_in(struct cli *cli, const char *folder, struct err *err)
{
    bool ok = make_estate(cli, folder, err) && make_store(cli, folder, err);
    if (ok && stopped)
        ok = err_set(err, ERR_CANCELLED, "demo", "ended before the console was open");
    return ok && (cli->flags[FLAG_PREPARE] || open_console(cli, "demo", "servers", err));
}

int cli_run_demo(struct cli *cli)
{
    struct err err = { 0 };
    const char *keep = cli->flags[FLAG_KEEP];
    bool prepare = cli->flags[FLAG_PREPARE] != NULL, ok;
    if (prepare && !keep)
        return cli_usage(cli, "--prepare needs --keep DIR");
    if (!prepare && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
        return cli_usage(cli, "the console needs a terminal; --keep DIR --prepare makes the estate without one");
    catch_signals();
    if (keep) {
        char *folder = NULL;
        ok = keep_folder(keep, &folder, &err) && run_in(cli, folder, &err);
        free(folder);
    } else {
        struct demo_folder folder = { 0 };
        ok = demo_folder_make(&folder, &err) && run_in(cli, folder.path, &err);
        demo_folder_remove(&folder);
    }
    return ok ? STATUS_DONE : cli_fail(&err);
}

int cli_run_console(struct cli *cli)
{
    struct err err = { 0 };
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return cli_usage(cli, "the console needs a terminal; `ipamtui --help` lists what works without one");
    if (!cli_store_place(cli, &err))
        return cli_fail(&err);
    return open_console(cli, NULL, NULL, &err) ? STATUS_DONE : cli_fail(&err);
}
