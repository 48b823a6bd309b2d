/* cli.h - the command line: subcommands without a screen, and what leads to the console.
 *
 * Called by main() on the main thread. Everything that a key can do has a subcommand; help and the man page are made from the
 * same rows. */
#ifndef IPAM_CLI_H
#define IPAM_CLI_H

#include "ipamtui/config.h"

/* Exit statuses; a contract with scripts. */
enum cli_status {
    STATUS_DONE = 0,
    STATUS_ERROR = 1,    /* it could not be done; configuration, keymap or database cannot be used */
    STATUS_USAGE = 2,    /* the command line, a query or a CSV file said something that cannot be */
    STATUS_PARTIAL = 3,  /* some targets failed */
    STATUS_NOT_WELL = 4, /* `status`: something is not well */
};

/* What the console is opened with. */
struct cli_console {
    const char *db_path;
    const struct options *options;
    const char *config, *ssh_config, *pane, *filter, *script, *label;
    bool read_only, fresh, offline;
};
/* Opens it and returns after quit; the command line knows no screen itself. */
typedef bool cli_console_fn(const struct cli_console *how, struct err *err);

int cli_main(int argc, char **argv, cli_console_fn *console);

#endif
