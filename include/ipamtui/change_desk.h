/* change_desk.h - the change engine for a screen: one thread that loads targets, builds and keeps the pending plan, applies and
 * settles, so that the screen never waits for disk or network.
 *
 * Requests return at once; answers are heap `struct desk_note` in the mailbox, freed with desk_note_free(). Objects in a note
 * (targets, plan) become the receiver's: set the pointer to NULL to keep one. Requests are worked through in order; a newer
 * preview drops an older one that has not begun; while an apply runs everything else but previews goes on as well. */
#ifndef IPAM_CHANGE_DESK_H
#define IPAM_CHANGE_DESK_H

#include "ipamtui/change.h"
#include "ipamtui/mailbox.h"

enum desk_note_kind {
    DESK_TARGETS,  /* desk_targets(): targets */
    DESK_PREVIEW,  /* desk_preview(): plan as it would be with these edits, or err */
    DESK_PENDING,  /* the pending plan changed (also at start): plan (a copy), totals; err: it could not be kept */
    DESK_PLAN,     /* desk_undo(), desk_retry(): plan to show, or err. desk_pend() makes it pending, desk_apply() sends it */
    DESK_STEP,     /* results while applying: change, steps (copies) */
    DESK_PROGRESS, /* change, progress; at most every 100 ms */
    DESK_APPLIED,  /* an apply or the settling at start ended: change (0 = several), progress, err; settling as in DESK_SETTLING, 0 = an apply */
    DESK_SETTLING, /* at start: what dead owners left open is being read again; settling = number of changes. DESK_APPLIED follows */
    DESK_CHANGES,  /* the list of changes is not what it was: read it again */
    DESK_FAULT,    /* the desk itself: err */
};
struct desk_note {
    enum desk_note_kind kind;
    uint64_t request;            /* of DESK_TARGETS, DESK_PREVIEW, DESK_PLAN: what the request returned */
    struct change_targets *targets;
    struct change_plan *plan;
    struct plan_totals totals;
    change_id change;
    size_t settling;
    struct apply_progress progress;
    struct change_step *steps;   /* in mem */
    size_t step_count;
    struct arena mem;
    struct err err;
};
void desk_note_free(void *note); /* for mailbox_free() */

/* How the desk reaches servers. All of it is called on the desk's thread. */
struct desk_reach {
    struct change_wire (*open)(void *ctx, struct loop *loop); /* first of all: calls over this loop */
    void (*look_again)(const struct change_wire *wire);       /* a change begins: how servers are reached may have changed; may be NULL */
    void (*close)(const struct change_wire *wire);            /* nothing is under way any more */
    void *ctx;
};
struct change_desk;
struct desk_options {
    const char *db_path; /* copied */
    struct desk_reach reach;
};
/* Starts the thread; it opens the store, reports the pending plan and settles what dead owners left open. options are copied. */
bool change_desk_start(const struct desk_options *how, const struct options *options, struct mailbox *notes,
                       struct change_desk **out, struct err *err);
/* Stops a running apply (what is in flight is settled, at most 3 s; later it stays open for the next start), makes the edits of the
 * pending plan that still wait, and ends. Notes may be in the mailbox then. NULL is fine. */
void change_desk_stop(struct change_desk *desk);

/* ids are copied. Returns the request's number (never 0). */
uint64_t desk_targets(struct change_desk *desk, const struct object_type *object, const row_id *ids, size_t count);
/* Edits (copied) on targets that came in a note and that the caller keeps alive until the answer is here. */
uint64_t desk_preview(struct change_desk *desk, const struct change_targets *targets, const struct change_edit *edits, size_t count);
/* The same for keeps: into the pending plan. DESK_PENDING follows (with err when refused). */
uint64_t desk_edit(struct change_desk *desk, const struct change_targets *targets, const struct change_edit *edits, size_t count);
/* Without a form: edits on rows by id ("set lease_duration 8h" on the marked ones). DESK_PENDING follows. */
uint64_t desk_edit_rows(struct change_desk *desk, const struct object_type *object, const row_id *ids, size_t id_count,
                        const struct change_edit *edits, size_t count);
/* Out of the pending plan; server 0 = everything; key NULL = the whole server. */
void desk_drop(struct change_desk *desk, server_id server, const struct object_type *object, const struct value *key);
uint64_t desk_undo(struct change_desk *desk, change_id change, const int *only, size_t only_count);
uint64_t desk_retry(struct change_desk *desk, change_id change, const int *only, size_t only_count);
/* Adds a plan (a copy is taken) to the pending one. DESK_PENDING follows. */
void desk_pend(struct change_desk *desk, const struct change_plan *plan);
/* Puts a plan (a copy is taken; empty = none) in the place of the pending one, in one transaction: whatever happens, the store has
 * the one or the other. DESK_PENDING follows. */
void desk_replace(struct change_desk *desk, const struct change_plan *plan);
/* Applies the pending plan (plan NULL) or that plan (a copy is taken). One apply at a time: DESK_APPLIED with ERR_CONFLICT. */
void desk_apply(struct change_desk *desk, const struct change_plan *plan, const struct apply_limits *limits);
void desk_stop_apply(struct change_desk *desk);

#endif
