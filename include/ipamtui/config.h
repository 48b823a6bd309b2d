/* config.h - ipamtui.conf and keymaps, read with libconfig and checked. Screen thread or main.
 *
 * An option is a row of a table (config_rows()): name, kind, default, help; ipamtui.conf(5) is made from the same rows.
 * Every error is ERR_INPUT with where = file and the text "line N, column M: ...". Nothing is half applied. */
#ifndef IPAM_CONFIG_H
#define IPAM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/err.h"
#include "ipamtui/utilization.h"

struct options {
    double over_percent, under_percent;
    int64_t max_hosts;            /* hosts asked at once */
    int64_t max_calls_per_host;   /* pipelines at once on one host (its runspaces) */
    int64_t call_timeout_s;       /* one call */
    int64_t connect_timeout_s;    /* one connection until PowerShell answers */
    int64_t idle_close_s;         /* a session unused so long is closed */
    char *transport;              /* default kind: "ssh", "openssh", "command" */
    char *ssh_user;               /* "" = what ssh -G says */
    char *ssh_jump;               /* "" = what ssh -G says */
    int64_t ssh_port;             /* 0 = what ssh -G says */
    int64_t max_ssh_programs;     /* hosts that they carry at once: transport openssh, and where libssh2 is not enough */
    bool ssh_answers;             /* keep what ssh -G and ssh-keygen -F say for the next run */
    char *powershell;             /* what is executed on the host */
    char *keymap;                 /* "default", "vim", "emacs" or a file */
    bool mouse, ascii, accessible;
    char *theme;                  /* "default", "mono", "light", "dark", "high-contrast" */
    char *start;                  /* pane that the console opens on, which ui_run() looks at; "last": that of the last session */
    char *footer;                 /* "fkeys", "letters", "off" */
    int64_t guard_targets;        /* a plan with more targets asks for their number */
    int64_t keep_changes_s;       /* changes that ended longer ago are forgotten; 0 = never */
    bool retrieve_on_start;       /* retrieve what is old when the console opens */
    /* seconds between regular verifications */
    int64_t verify_service_s, verify_utilization_s, verify_zones_s, verify_configuration_s;
};

enum option_kind { OPT_BOOL, OPT_INT, OPT_DURATION, OPT_PERCENT, OPT_TEXT };
struct option_row {
    const char *name;     /* as in the file: max_hosts (max-hosts is understood as well) */
    enum option_kind kind;
    size_t at;            /* offset in struct options */
    const char *fallback; /* the default, as a person writes it */
    int64_t min, max;     /* OPT_INT, OPT_DURATION (seconds), OPT_PERCENT */
    const char *const *values; /* OPT_TEXT: NULL-terminated choices, or NULL for any text */
    const char *help;
};
const struct option_row *config_rows(size_t *count);
/* Sets one option from text, as a person writes it ("15m", "80", "yes"). ERR_INPUT: what was expected; where = its name. */
bool option_parse(const struct option_row *row, const char *text, struct options *out, struct err *err);
/* Its value as a person writes it; the caller frees. */
char *option_text(const struct option_row *row, const struct options *options);

/* All defaults. The caller owns *out: options_done() it. */
void options_init(struct options *out);
/* Defaults, then path. A missing file is fine unless must_exist. */
bool options_load(const char *path, bool must_exist, struct options *out, struct err *err);
void options_done(struct options *options); /* also on a zeroed one */

/* XDG places, each the caller's to free: .../ipamtui/ipamtui.conf, .../ipamtui/ipamtui.db, .../ipamtui/ssh-answers (what can be
 * asked again). Folders are not made here. */
char *config_default_path(void);
char *config_default_db(void);
char *config_default_answers(void);

/* Keymap: rows of pane ("global" or a pane's name), key sequence, command line, note. */
struct binding {
    char *pane; /* "global", "servers", "scopes", ... */
    char *keys; /* as in the file: "g g", "C-d", "space", "f1", "enter" */
    char *run;  /* "cursor-first" or "set lease_duration 8h" */
    char *note; /* shown in help instead of the command's help line, or NULL */
    int line, column; /* of the row's key */
};
struct keymap {
    struct binding *rows;
    size_t count;
    char *path;
};
/* check tells whether a command (first word of run) exists in a pane; with command NULL: whether the pane exists. check NULL:
 * not looked at. Refused with file and line: an unknown command, a key bound twice in one pane, a key that hides a longer
 * one (also between a pane and "global"), a key name that does not exist, a section that is no pane.
 * A file may start from another one (extends = "default";): its rows replace those of the same pane and key, and
 * run = "unbind" takes one away. */
bool keymap_load(const char *path, bool (*check)(const char *pane, const char *command, void *ctx), void *ctx,
                 struct keymap *out, struct err *err);
/* Finds a keymap by name ("default") in IPAMTUI_DATA_DIR, beside the program, in the install folder; or path itself.
 * The caller frees. NULL: not found. */
char *keymap_find(const char *name_or_path);
void keymap_done(struct keymap *map);

/* Names of keys that are not a character: "space", "enter", "f1" ...; NULL-terminated. Before a key: C- M- S-. */
extern const char *const key_names[];
/* One key of a sequence ("g", "C-d", "M-left", "f1", "enter"): does it exist? */
bool key_name_known(const char *key);

#endif
