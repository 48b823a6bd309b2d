/* app.h - the console's state, shared by the files of src/ui. Screen thread only. */
#ifndef IPAM_UI_APP_H
#define IPAM_UI_APP_H

#include "edit.h"
#include "ipamtui/child.h"
#include "ipamtui/listing.h"
#include "ipamtui/loop.h"
#include "ipamtui/ui.h"
#include "job_log.h"
#include "keytable.h"
#include "saved.h"
#include "table.h"

struct ui;
/* ------------------------------------------------------------------ what lies over the panes */
struct overlay;
struct overlay_ops {
    void (*draw)(struct ui *ui, struct overlay *overlay);
    void (*key)(struct ui *ui, struct overlay *overlay, int key);
    void (*done)(struct ui *ui, struct overlay *overlay); /* frees it */
    bool guarded; /* keys typed before it was drawn are dropped */
};
/* First member of each kind. The topmost gets the keys. */
struct overlay {
    const struct overlay_ops *ops;
    struct overlay *below;
};
void ui_push(struct ui *ui, struct overlay *overlay); /* takes it */
/* The same for what comes by itself: below what is open, so that it does not take the keys of what is being typed. */
void ui_push_below(struct ui *ui, struct overlay *overlay);
void ui_drop(struct ui *ui, struct overlay *overlay); /* wherever it is; frees it */

/* One thing that may be completed or chosen. */
struct word {
    char *word, *help, *key; /* heap */
    int score;
};
struct word_list {
    struct word *rows;
    size_t count, cap;
};
void word_list_add(struct word_list *list, const char *word, const char *help, const char *key, int score);
void word_list_sort(struct word_list *list); /* best score first, stable */
void word_list_done(struct word_list *list);

/* A line typed on the message row. */
struct prompt_ops {
    const char *label;
    void (*changed)(struct ui *ui, const char *text, void *ctx);       /* may be NULL */
    void (*accept)(struct ui *ui, const char *text, void *ctx);        /* the prompt is closed by then */
    void (*cancel)(struct ui *ui, void *ctx);                          /* may be NULL */
    /* Words for what ends at text+at; *from = where the word to be replaced begins. */
    void (*complete)(struct ui *ui, const char *text, size_t at, size_t *from, struct word_list *out, void *ctx);
    bool popup; /* completions are shown while typing, not only after Tab */
};
void ui_prompt(struct ui *ui, const struct prompt_ops *ops, const char *label, const char *text, struct edit_history *history,
               void *ctx);
/* What is wrong with what is being typed, under its character; NULL: nothing. */
void ui_prompt_error(struct ui *ui, const char *text, size_t at);

/* A list to look at or to choose from. */
struct choice {
    char *left, *right; /* heap */
    int tag;
    bool checked, heading;
    char *off; /* heap; why it cannot be chosen now, or NULL */
};
struct chooser;
struct chooser_ops {
    void (*accept)(struct ui *ui, struct chooser *chooser, const struct choice *choice); /* closed before; NULL: only to look at */
    bool (*key)(struct ui *ui, struct chooser *chooser, int key); /* true: taken */
    void (*moved)(struct ui *ui, struct chooser *chooser);        /* another row may be the current one; may be NULL */
    void (*left)(struct ui *ui, struct chooser *chooser);         /* by Esc, before it is freed; may be NULL */
    void (*draw)(struct ui *ui, struct chooser *chooser);         /* over the box; may be NULL */
    bool checks; /* boxes are shown */
    bool narrow; /* typing narrows the list */
    bool slash;  /* "/" does, until Enter or Esc: letters are keys otherwise */
};
struct chooser {
    struct overlay overlay;
    const struct chooser_ops *ops;
    char *title, *hint;
    struct choice *rows;
    size_t count, cap, at, top;
    struct edit narrow;
    bool typing; /* after "/" */
    int number, left_w;    /* free use; width of the left column */
    struct rect placed;    /* h 0 = in the middle, as large as needed */
};
struct chooser *chooser_new(const struct chooser_ops *ops, const char *title, const char *hint);
struct choice *chooser_add(struct chooser *chooser, const char *left, const char *right, int tag);
void chooser_clear(struct chooser *chooser);
bool chooser_matches(const struct chooser *chooser, const struct choice *choice);
const struct choice *chooser_current(const struct chooser *chooser);

/* A question with buttons and, for passwords, lines to type. */
typedef void dialog_fn(struct ui *ui, int button, const char *const *answers, void *ctx); /* button -1 = Esc */
struct dialog_field {
    const char *label;
    bool echo;
};
struct overlay *ui_dialog(struct ui *ui, const char *title, const char *text, const char *const *buttons, int button_count,
                          int focus, const struct dialog_field *fields, int field_count, dialog_fn *fn, void *ctx);

/* ------------------------------------------------------------------ messages */
struct message {
    int64_t at_s;
    enum look look;
    char *text;
};
struct message_log {
    struct message *rows;
    size_t count, cap;
};

/* ------------------------------------------------------------------ places */
struct place {
    size_t pane;
    char *filter, *crumb; /* heap */
    bool filter_off;
    struct sort_key keys[4];
    size_t key_count;
    row_id cursor;
};

/* A pane with its list. */
struct pane_state {
    const struct pane_ops *ops;
    struct table table;
    bool opened;  /* its list has been asked for */
    bool stale;   /* the store changed while it was not shown */
    char *crumb;  /* heap: "Servers > dhcp-ams-01 > Scopes"; NULL = plain */
    char *columns_saved, *sort_saved, *filter_saved; /* as in the store */
    struct saved_list saved;
};

/* Questions to the query worker of which only the newest counts. */
enum ui_topic { TOPIC_NONE, TOPIC_PREVIEW, TOPIC_CACHE, TOPIC_COUNT, TOPIC_ARRIVED, TOPIC_OVERVIEW, TOPIC_VERSION };

/* One server's latest outcome: how many fail is counted. */
struct outcome {
    server_id server;
    bool ok;
};

struct ask_item {
    struct ask_item *next;
    uint64_t id;
    char server[64];
    struct transport_ask ask;
    struct overlay *dialog;
};

struct changes; /* changes.h */
/* A pane that draws itself: title, head, list and preview of ui->layout are its own. */
struct page; /* page.h */
struct pane_canvas {
    void (*draw)(struct ui *ui);
    bool (*click)(struct ui *ui, int line); /* on a line of its list; true: the cursor stood there already. NULL: it has a page */
    struct page *(*page)(struct ui *ui); /* what movement keys and the mouse move in; NULL: its own commands do that */
    void (*stored)(struct ui *ui);       /* it is shown, or the store changed while it is; may be NULL */
    void (*done)(void);                  /* the console ends; may be NULL */
    bool whole;                          /* it needs no preview */
    const char *const *hints;            /* commands of the console for the footer, after its own; NULL-terminated */
};
struct page *ui_page(struct ui *ui); /* of the pane that is shown; NULL = it has none */


struct ui {
    const struct ui_options *how;
    const struct options *options;
    struct loop *loop;
    struct view_worker *worker;
    struct view_worker *errands; /* long reads and writes; started when first needed */
    struct view_worker *runner;  /* of other programs; the same */
    struct program *programs;    /* that it runs, or that wait for it */
    struct mailbox *notes;
    struct collector *collector;
    struct changes *changes; /* NULL before it has been started */
    struct keymap keymap;
    struct keytable keys;
    bool dirty, quit;
    bool leaving;
    struct err not_kept; /* the first of what could not be written while leaving */

    struct pane_state *panes;
    size_t pane_count, pane, last_pane;
    struct place *places; /* behind and ahead */
    size_t place_count, place_cap, place_at;

    struct overlay *overlay;
    bool drop_keys; /* a question has just appeared: what was typed was not meant for it */
    int pending[KEYS_MAX];
    int pending_count;
    bool pending_box;
    struct loop_timer pending_timer;

    char message[600];
    enum look message_look;
    bool message_stays; /* until a key */
    struct message_log log;

    struct layout_wish wish;
    struct layout layout;
    bool preview_focus;
    struct preview preview;
    const struct pane_ops *preview_pane;
    row_id preview_id, preview_asked;
    server_id preview_server; /* of preview_id; 0 = none */
    size_t preview_scroll;
    bool preview_stale;
    bool preview_behind, preview_blank; /* of an older row in the last frame, too; not shown until the cursor rests */
    size_t preview_top;                 /* of the list in the last frame */
    struct loop_timer preview_timer, reload_timer, clock_timer, script_timer;

    enum date_mode dates;
    int64_t now_s;
    int64_t minute_s; /* the now of ages in lists: at most a minute old, so that they change in a frame of their own */
    struct statistics_job *statistics; /* asked for, not answered yet */
    struct outcome *outcomes;
    size_t outcome_count, outcome_cap, failed_count;
    struct job_log jobs;
    struct known known;
    struct others *others; /* others.c */
    struct ask_item *asks;

    char *filter_before; /* heap; the filter while saved ones are tried, or NULL */
    bool filter_before_off;
    struct edit_history pipe_history;
    struct edit_history command_history, filter_history, find_history;
    char *script; /* what is left to replay */
    size_t script_at;
    bool script_wait;
    int64_t ctrl_c_ms;
};

/* ---- ui.c */
struct pane_state *ui_pane(struct ui *ui);
struct table *ui_table(struct ui *ui);
void ui_dirty(struct ui *ui);
void ui_key(struct ui *ui, int key);
struct view_worker *ui_errands(struct ui *ui); /* NULL: could not be started; said so */
struct view_worker *ui_runner(struct ui *ui);  /* the same; for what runs another program */
/* write(store, ctx) on the errand thread, with a connection of its own that may write; then done() on the screen's, once and always
 * (ERR_CANCELLED: nothing more is to be said). */
void ui_errand_write(struct ui *ui, view_work_fn *write, view_done_fn *done, void *ctx);
void ui_errand_file(struct ui *ui, view_work_fn *write, view_done_fn *done, void *ctx); /* the same without a store */
/* Of something that was to be written: when the console is being left, nobody sees it said any more, and ui_run() fails with it. */
void ui_not_kept(struct ui *ui, const struct err *err);

/* ---- draw.c */
void ui_draw(struct ui *ui);
size_t ui_wrap(const char *text, int w); /* bytes of text for one line of w cells: whole words where that is possible */

/* ---- message.c */
void ui_say(struct ui *ui, enum look look, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void ui_error(struct ui *ui, const struct err *err);
void ui_failed(struct ui *ui, const struct err *err); /* the same of what came back from the store; cancelled is nothing */
void ui_log_only(struct ui *ui, enum look look, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void message_log_done(struct message_log *log);

/* ---- run.c: command lines */
/* "set lease_duration 8h": finds the command, checks that it may run, runs it. Errors are shown. */
bool ui_run_line(struct ui *ui, const char *line);
const struct command *ui_find_command(struct ui *ui, const char *name);
/* Calls fn for every command of the current pane and of the console. */
void ui_each_command(struct ui *ui, void (*fn)(struct ui *ui, const struct command *command, void *ctx), void *ctx);
/* Why it cannot run now, in out; NULL: it can. */
const char *ui_command_off(struct ui *ui, const struct command *command, char *out, size_t size);

/* ---- panes.c: going places */
void ui_pane_show(struct ui *ui, size_t pane);
/* Goes to a pane; filter NULL = as it is; crumb NULL = plain; cursor 0 = as it is. */
void ui_goto(struct ui *ui, size_t pane, const char *filter, const char *crumb, row_id cursor);
size_t ui_pane_find(const struct ui *ui, const char *name); /* SIZE_MAX = none */
bool ui_history_go(struct ui *ui, int step);
void ui_store_changed(struct ui *ui);
void ui_panes_done(struct ui *ui);
/* ---- vanished.c: after a reload */
void ui_check_marks(struct ui *ui);

/* ---- arrived.c */
void ui_count_arrived(struct ui *ui); /* the store changed while the list is held still: counts into table->arrived */

/* ---- preview.c */
void ui_preview_moved(struct ui *ui);  /* the cursor may be elsewhere */
void ui_preview_changed(struct ui *ui); /* the store changed */
void ui_preview_scrolled(struct ui *ui); /* before a frame: is there still one worth showing? */

/* ---- notes.c: the collector */
void ui_notes_turn(struct ui *ui);
void ui_notes_done(struct ui *ui);
void ui_retrieve(struct ui *ui, const row_id *ids, size_t count, const struct object_type *object,
                unsigned what, enum job_why why); /* NULL ids: all servers; what: WHAT_...; STATISTICS of zones: of one zone */
void ui_cache_age(struct ui *ui); /* asks for it */
bool ui_busy(const struct ui *ui); /* is something that was asked for going on? */
void ui_strip(const struct ui *ui, char *out, size_t size);

/* ---- commands_list.c: a filtered list says how many there are without the filter ("3 of 40"): asked where that is not known, or
 * may be different now */
void ui_know_total(struct ui *ui, bool anew);

/* ---- others.c: from start to stop (after the worker's last answers) what other processes write into the store is seen as well */
void ui_others_start(struct ui *ui);
void ui_others_stop(struct ui *ui);

/* ---- statistics.c */
/* A job of collector_statistics() was begun: its answers are gathered, and shown when it ends. zone: NULL = of servers. */
void ui_statistics_asked(struct ui *ui, uint64_t job, const char *zone);
/* true: it is about such a job. entry: that job's. */
bool ui_statistics_note(struct ui *ui, const struct note *note, const struct job_entry *entry);
void ui_statistics_done(struct ui *ui);

/* ---- commands_data.c: asks what to retrieve, for the call's rows, or for every server where it has none */
bool ui_retrieve_choose(struct command_call *call, struct err *err);

/* ---- programs.c: a program that is run for a command. The command has one, zeroed, in its job: begin before the runner is asked,
 * run on its thread (at most once), end when the answer is there. */
struct program {
    struct program *next;
    atomic_bool stop; /* it was stopped, or will not begin */
    struct child_output said;
};
void ui_program_begin(struct ui *ui, struct program *program);
bool ui_program_run(struct program *program, char *const argv[], const char *input, int timeout_ms, struct err *err);
void ui_program_end(struct ui *ui, struct program *program); /* frees what was said */
bool ui_programs_stop(struct ui *ui);                        /* all; false: there is none */
bool ui_programs_strip(const struct ui *ui, struct buf *out); /* "1 program runs (C-c stops)"; false: none is */

/* ---- pipe.c: what a program said, its complaints first, in a list that typing narrows; nothing, if it said nothing */
void ui_show_output(struct ui *ui, const char *title, const struct child_output *said);

/* ---- settings.c */
void ui_settings_load(struct ui *ui, struct store *store);
void ui_settings_save(struct ui *ui);

/* ---- commands_data.c: the marked rows, or all shown, as text: with() on the runner's thread, then() on the screen's, once and
 * always (what: "3 scopes"; ERR_CANCELLED: nothing more is to be said) */
typedef bool list_text_fn(const char *text, void *ctx, struct err *err);
typedef void list_text_done_fn(struct ui *ui, const char *what, bool ok, const struct err *err, void *ctx);
void ui_list_text(struct ui *ui, enum listing_format format, list_text_fn *with, list_text_done_fn *then, void *ctx);

/* ---- commands_saved.c */
void ui_saved_load(struct ui *ui, struct store *store, struct err *err); /* err: what could not be read; the rest is */

/* ---- script.c */
bool ui_script_load(struct ui *ui, const char *path, struct err *err);
void ui_script_step(struct ui *ui);

/* ---- menus.c, help.c, filter.c, sort.c ... */
void ui_help(struct ui *ui, const char *narrow);
void ui_menu(struct ui *ui);
void ui_command_line(struct ui *ui, const char *text);
char *query_quote(const char *text, char *out, size_t size); /* server:"..." */

/* The console's own commands, by file. */
struct command_table {
    const struct command *rows;
    size_t count;
};
extern const struct command_table ui_move_commands, ui_list_commands, ui_mark_commands, ui_data_commands, ui_view_commands,
    ui_server_commands, ui_change_commands, ui_watch_commands, ui_saved_commands, ui_pipe_commands, ui_test_commands, ui_statistics_commands;
extern const struct command_table *const ui_command_tables[]; /* NULL-terminated */

#endif
