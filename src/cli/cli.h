/* cli.h - what the subcommands share: their rows, their flags, how they say that something went wrong. */
#ifndef IPAM_CLI_ROOM_H
#define IPAM_CLI_ROOM_H

#include <stdio.h>

#include "ipamtui/catalog.h"
#include "ipamtui/cli.h"
#include "ipamtui/serverlist.h"
#include "ipamtui/store.h"

enum flag {
    FLAG_HELP, FLAG_VERSION, FLAG_DB, FLAG_CONFIG, FLAG_DEBUG_LOG, FLAG_SSH_CONFIG,
    FLAG_PANE, FLAG_FILTER, FLAG_SCRIPT, FLAG_READ_ONLY, FLAG_FRESH, FLAG_OFFLINE,
    FLAG_COLUMNS, FLAG_SORT, FLAG_FORMAT, FLAG_RAW, FLAG_LIMIT,
    FLAG_WHAT, FLAG_UPDATE, FLAG_SERVERS, FLAG_SCOPES, FLAG_SEED, FLAG_KEEP, FLAG_PREPARE, FLAG_ROFF,
    FLAG_DRY_RUN, FLAG_YES, FLAG_SAVE, FLAG_STEPS, FLAG_CONFLICTS, FLAG_STOP_AFTER, FLAG_PER_SERVER,
    FLAG_OVER, FLAG_UNDER, FLAG_ZONE,
    FLAG_COUNT
};
#define F(flag) (UINT64_C(1) << (flag))
#define FLAGS_EVERYWHERE (F(FLAG_HELP) | F(FLAG_VERSION) | F(FLAG_DB) | F(FLAG_CONFIG) | F(FLAG_DEBUG_LOG) | F(FLAG_SSH_CONFIG))
struct flag_row {
    const char *name; /* "--db" */
    const char *arg;  /* "FILE"; NULL: takes none */
    const char *help;
};
extern const struct flag_row cli_flags[FLAG_COUNT];

struct cli;
struct subcommand {
    const char *name; /* "server add"; "" is the console */
    const char *args; /* "NAME KEY=VALUE..." or "" */
    const char *help; /* one line */
    const char *more; /* examples and the rest, or NULL */
    uint64_t flags;   /* beside FLAGS_EVERYWHERE */
    bool settings;    /* every setting of a server is a flag as well */
    bool lists;       /* LIST in args is one of the catalogue's: help names them */
    int min_args, max_args; /* -1: any number */
    int (*run)(struct cli *cli);
};
extern const struct subcommand cli_subcommands[];
extern const size_t cli_subcommand_count;

/* One run. */
struct cli {
    const struct subcommand *command;
    const char *flags[FLAG_COUNT]; /* "" for one without argument; NULL: not given */
    const char **args;
    int arg_count;
    struct server_setting *settings; /* keys are ours */
    size_t setting_count;
    struct options options;
    char *db_path;
    cli_console_fn *console;
};

int cli_run_console(struct cli *cli);
int cli_run_list(struct cli *cli);
int cli_run_server_add(struct cli *cli);
int cli_run_server_list(struct cli *cli);
int cli_run_server_show(struct cli *cli);
int cli_run_server_set(struct cli *cli);
int cli_run_server_remove(struct cli *cli);
int cli_run_server_import(struct cli *cli);
int cli_run_server_export(struct cli *cli);
int cli_run_server_test(struct cli *cli);
int cli_run_server_statistics(struct cli *cli);
int cli_run_retrieve(struct cli *cli);
int cli_run_collect(struct cli *cli);
int cli_run_status(struct cli *cli);
int cli_run_scope_level(struct cli *cli);
int cli_run_scope6_level(struct cli *cli);
int cli_run_zone_reset(struct cli *cli);
int cli_run_demo(struct cli *cli);
int cli_run_schema(struct cli *cli);
int cli_run_set(struct cli *cli);
int cli_run_apply(struct cli *cli);
int cli_run_exclusion_add(struct cli *cli);
int cli_run_exclusion_remove(struct cli *cli);
int cli_run_exclusion_replace(struct cli *cli);
int cli_run_scope_activate(struct cli *cli);
int cli_run_scope_deactivate(struct cli *cli);
int cli_run_change_list(struct cli *cli);
int cli_run_change_show(struct cli *cli);
int cli_run_change_retry(struct cli *cli);
int cli_run_change_undo(struct cli *cli);
int cli_run_change_settle(struct cli *cli);
int cli_run_help(struct cli *cli);

/* Says it on stderr and gives the exit status: the one table from error kinds to statuses. */
int cli_fail(const struct err *err);
/* Wrong usage: a sentence and where help is. */
int cli_usage(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A line on stderr that is no failure. */
void cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "servers, scopes and exclusions", from the catalogue. The caller frees. */
char *cli_list_names(void);
/* Nearest of count names, or NULL. name_at gives the i-th. */
const char *cli_nearest(const char *word, const char *(*name_at)(size_t i), size_t count);
void cli_print_help(const struct subcommand *command, FILE *out);
void cli_print_overview(FILE *out);

/* The database: with --db what is named, else the XDG folder's, made (0700) when it is not there. Thresholds are set. */
bool cli_store(struct cli *cli, enum store_mode mode, struct store **out, struct err *err);
/* Where it is to be: the XDG folders are made; a folder that was named and is not there is a typing error, whatever the command. */
bool cli_store_place(const struct cli *cli, struct err *err);
/* Closes what was opened for reading. Gives status, or STATUS_ERROR and says why when what was read cannot be trusted. */
int cli_store_done(struct store *store, int status);
/* A bad query: the sentence, the query and a mark under its character. Gives the exit status. */
int cli_bad_query(const char *query, size_t at, const struct err *err);
/* Arguments from first on, with blanks between them. The caller frees. */
char *cli_join(const struct cli *cli, int first);
/* Ids of the servers that query (NULL: all) chooses. The caller frees. false: status is the exit status. */
bool cli_servers(struct store *store, const char *query, server_id **ids, size_t *count, int *status);
/* Bytes to stdout, for listing_write(). */
bool cli_stdout(void *ctx, const char *bytes, size_t len);
/* Did everything reach stdout? Else says so. Gives status or STATUS_ERROR. */
int cli_flush(int status);
/* Says which servers' data of object is missing or old, and why; of those that query is about. */
void cli_note_missing(struct store *store, const struct object_type *object, const char *query);
/* Blocks the signals that end a program, here and in the threads started from now on (children get them back), and gives a
 * descriptor that is readable (struct signalfd_siginfo) when one came. Call it before starting a thread. */
int cli_signal_fd(void);
/* Cells of the terminal on stdout, 0 if it is none. */
int cli_terminal_width(void);
/* The number of a flag that was given, or *out as it is. */
bool cli_number(const struct cli *cli, enum flag flag, int64_t least, int64_t most, int64_t *out, struct err *err);

#endif
