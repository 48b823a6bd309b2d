/* changes.h - the console's side of the change engine: the pending plan, what is being applied, and what both say on the screen.
 * The engine itself works on the desk's thread (change_desk.h). Screen thread only. */
#ifndef IPAM_UI_CHANGES_H
#define IPAM_UI_CHANGES_H

#include "app.h"
#include "apply_watch.h"
#include "ipamtui/change_desk.h"

struct form;
struct form_draft;
struct sign;

/* Plans as they were before an edit, for undo while pending; newest last. */
#define PLAN_UNDO_MAX 20
struct plan_stack {
    struct change_plan *rows[PLAN_UNDO_MAX];
    size_t count;
};

struct changes {
    struct ui *ui;
    struct mailbox *notes;
    struct change_desk *desk;     /* NULL: could not be started */
    struct change_plan *pending;  /* a copy; NULL before the desk has told */
    struct plan_totals totals;
    struct change_plan *other;    /* an undo or a retry that is being looked at; NULL = the pending plan is */
    struct change_plan *arrived;  /* the next one to look at, once nothing lies over the panes */
    struct plan_stack undo, redo;
    struct plan_stack other_undo; /* of `other`: what was taken out of it comes back */
    struct sign *signs;           /* by hash */
    size_t sign_count;
    char *edit;                   /* what was asked for by a command whose answer is to be said; heap */
    size_t edit_targets, edit_count;
    bool plan_told;               /* the pending plan at start has been mentioned */

    bool applying, stopping, shown;
    bool quit_after, suspend_told;
    size_t settling;              /* changes of processes that ended, being read again */
    struct apply_progress progress;
    change_id change;             /* at work, or the latest one */
    struct plan_totals applied;   /* of what is at work */
    struct apply_watch watch;     /* server by server */

    struct change_edit *repeat;   /* the latest edits of rows, for "." */
    size_t repeat_count;
    const struct object_type *repeat_object;
    char *repeat_what;
    struct arena repeat_mem;

    struct form *form;            /* open */
    struct form_draft *draft;
};

/* ---- changes.c */
bool ui_changes_start(struct ui *ui, struct err *err);
void ui_changes_done(struct ui *ui);
/* The plan that the plan pane shows, or NULL while nothing is known yet. */
struct change_plan *changes_plan(struct ui *ui);
/* Edits of rows by a command; `what` is said with its outcome. false: err says why not. */
bool changes_edit_rows(struct command_call *call, const struct change_edit *edits, size_t count, const char *what,
                       struct err *err);
/* The plan to look at instead of the pending one, or NULL: the pending one again. */
void changes_show_other(struct ui *ui, struct change_plan *take_plan);
/* Takes an object (key NULL: a whole server) out of the plan that is shown. */
void changes_take_out(struct ui *ui, const struct change_step *step, bool whole);
/* Before an edit goes to the desk: what the plan is now can be brought back. */
void changes_remember(struct changes *changes);
/* The latest edits again, on other rows. */
bool changes_repeat(struct command_call *call, struct err *err);
bool changes_undo_edit(struct ui *ui, bool redo, struct err *err); /* of the plan that is shown */
/* Goes to what was asked for and has come meanwhile (a plan, the results of a change), unless something lies over the panes. */
void ui_changes_follow(struct ui *ui);
/* "3 changes pending (w) | ", "Applying 21/36 ... | ". */
void ui_changes_strip(const struct ui *ui, struct buf *out);
/* Quit was asked for: true when a question is asked instead. */
bool ui_changes_quit(struct ui *ui);
/* The key that does this where one is: "x", in the plan "C-c". Returns out. */
char *changes_stop_key(const struct ui *ui, char *out, size_t size);
/* Stops what is being applied; false: nothing is. */
bool ui_changes_stop(struct ui *ui);
/* Suspending was asked for: true when it was only said that the change would stand still. */
bool ui_changes_suspend(struct ui *ui);
/* Values that are pending: the number beside Changes in the bar. */
size_t ui_changes_pending(const struct ui *ui);
/* The store has new values of steps. */

/* ---- change_signs.c */
void changes_make_signs(struct changes *changes); /* of the pending plan, anew */
/* "~" "+" "-" or " " for a row of a list. */
char ui_changes_sign(const struct ui *ui, const struct object_type *object, const struct row *row);
/* Puts what is pending for the row in front of its preview. */
void ui_changes_preview(struct ui *ui, const struct object_type *object, const struct row *row, struct preview *preview);
/* Puts what a change at work does now, server by server, in front of the preview of its results. */
void ui_changes_progress(struct ui *ui, const struct object_type *object, const struct row *row, struct preview *preview);

/* ---- change_ask.c: may it be applied? */
void changes_ask_apply(struct ui *ui, int stop_after);
/* A question of one line: y is yes, everything else no. */
void ui_ask_line(struct ui *ui, const char *text, void (*yes)(struct ui *ui, void *ctx), void *ctx, void (*done)(void *ctx));

/* ---- form.c: the edit form */
void form_open(struct ui *ui, const struct object_type *object, const row_id *ids, size_t count);
bool form_note(struct ui *ui, struct desk_note *note); /* true: it was the form's */
void form_draft_free(struct form_draft *draft);
void form_retire(struct ui *ui, uint64_t answered); /* frees what waited for an answer */

/* ---- plan_pane.c */
void plan_pane_changed(struct ui *ui);
void plan_pane_done(void);

#endif
