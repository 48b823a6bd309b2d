/* ui.h - the console: takes the terminal, shows panes, returns after quit.
 *
 * Called by main() on the main thread; starts the query worker and the collector itself and ends them. */
#ifndef IPAM_UI_H
#define IPAM_UI_H

#include "ipamtui/config.h"
#include "ipamtui/pane.h"

struct ui_options {
    const char *db_path;
    const struct options *options;        /* loaded; options->keymap names the keymap, found and loaded by ui_run() */
    const struct pane_ops *const *panes;  /* panes_all */
    const char *config;                   /* the file that --config named, for programs run from here; NULL = none named */
    const char *ssh_config;               /* for the collector; NULL = the operator's */
    const char *pane;                     /* first shown: "scopes"; NULL = that of the last time */
    const char *filter;                   /* its filter; NULL = that of the last time */
    const char *script;                   /* FILE of command lines and "keys ..." to replay; NULL = none */
    bool read_only;                       /* refuses every command that changes anything */
    bool fresh;                           /* forgets what the last session left (columns, sort, filter) */
    bool offline;                         /* asks no server by itself; R still does */
    const char *label;                    /* first word of the bar ("demo"); NULL = "ipamtui" */
};
/* Runs until the operator quits, the terminal goes or a signal ends it: true. false: it could not start (no terminal, a bad
 * keymap, a database that cannot be used), or what was still to be written when it was left could not be; the terminal is as before. Sets LC_CTYPE from the environment. */
bool ui_run(const struct ui_options *how, struct err *err);

/* A command of the console or of the pane ("global": of any), for checking keymaps. ctx: the panes (ui_options.panes). */
bool ui_knows_command(const char *pane, const char *command, void *ctx);

#endif
