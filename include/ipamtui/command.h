/* command.h - what a key, ":", the menu, a script or a subcommand runs: one row per command.
 *
 * The row is all there is: help, completion, menu, footer and the check of keymaps are made from it. `on` and `effect` are
 * checked before run is called, so that a command cannot forget that nothing is marked or that the console is read-only. */
#ifndef IPAM_COMMAND_H
#define IPAM_COMMAND_H

#include "ipamtui/catalog.h"

/* What it takes. */
enum command_on {
    ON_NOTHING, /* needs no row */
    ON_ROW,     /* the row under the cursor */
    ON_MARKED,  /* the marked rows, or the row under the cursor when none is marked */
    ON_SHOWN,   /* the marked rows, or all that the list shows */
};
/* What it does to the world. */
enum command_effect {
    EFFECT_LOOK,  /* only what is on screen */
    EFFECT_FETCH, /* asks servers, changes nothing there */
    EFFECT_STORE, /* our own list of servers; refused with --read-only */
    EFFECT_PLAN,  /* adds to the pending plan; refused with --read-only and on read-only servers */
};
/* Heading in help and menu, in this order. */
enum command_group { GROUP_GO, GROUP_LIST, GROUP_MARK, GROUP_DATA, GROUP_VIEW, GROUP_CONSOLE };
#define COMMAND_GROUPS 6
extern const char *const command_group_titles[COMMAND_GROUPS];

struct ui;
struct command;
/* Targets and arguments; live until run returns. */
struct command_call {
    const struct command *command;
    const char *args;                 /* without leading and trailing blanks; "" = none */
    const struct object_type *object; /* what ids are; NULL: no list */
    const row_id *ids;
    size_t count;
    struct ui *ui;                    /* the screen that called; NULL without one */
};
/* false: err is shown on the message line. Runs on the screen thread and never waits: work is handed to a thread that may. */
typedef bool command_fn(struct command_call *call, struct err *err);
/* One completion; false = enough. */
typedef bool command_word_fn(void *ctx, const char *word, const char *help);
/* Offers words for the argument text that ends at args+at. Never waits. call->args is the whole argument text. */
typedef void command_complete_fn(struct command_call *call, size_t at, command_word_fn *fn, void *ctx);

struct command {
    const char *name;  /* "mark-all": lower case, what ":" and keymaps say */
    const char *args;  /* "property [value]"; NULL = takes none. Words in [] may be left out; called without one that may
                          not, the command line opens with the name filled in */
    const char *help;  /* one line */
    const char *label; /* short, for the footer: "Filter"; NULL = never there */
    enum command_on on;
    enum command_effect effect;
    enum command_group group;
    bool of_list; /* is about the list as a whole: off in a pane that draws itself. So are the groups List and Marks */
    command_fn *run;
    command_complete_fn *complete; /* NULL: nothing to offer */
};

/* Does args ask for at least one word? */
bool command_needs_args(const struct command *command);
/* Row of that name, or NULL. */
const struct command *command_find(const struct command *rows, size_t count, const char *name);

#endif
