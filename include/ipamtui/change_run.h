/* change_run.h - changes without a screen: one plan applied on the calling thread, and plans and changes as text.
 *
 * What `ipamtui set`, apply, exclusion, scope and change share with scripts. Blocks until the change has ended. */
#ifndef IPAM_CHANGE_RUN_H
#define IPAM_CHANGE_RUN_H

#include "ipamtui/change.h"

struct change_run {
    struct store *store;             /* opened for writing */
    const struct options *options;
    const char *ssh_config;          /* NULL = the operator's */
    struct apply_limits limits;
    int signal_fd;                   /* a signalfd: the first signal stops the change, the second one leaves it; -1 = none */
    /* Asks the operator; answers as transport_answer() takes them, NULL = no. NULL: every question is answered no. */
    bool (*ask)(void *ctx, const struct transport_ask *ask, const char *answers[4]);
    void (*step)(void *ctx, const struct change_step *step);          /* a result or a new state; may be NULL */
    void (*progress)(void *ctx, const struct apply_progress *progress); /* about ten times a second; may be NULL */
    void *ctx;
};
/* Applies plan. false: it could not begin or went on badly (the journal); results of single steps are in progress. take (may be
 * NULL) is handed all steps at the end. */
typedef void change_steps_fn(void *ctx, const struct change_step *steps, size_t count);
bool change_run_plan(const struct change_run *run, const struct change_plan *plan, const char *tool, change_steps_fn *take,
                     struct apply_progress *out, struct err *err);
/* Settles what dead processes left open. *out counts what was settled. */
bool change_run_settle(const struct change_run *run, struct apply_progress *out, struct err *err);

/* -------- texts: printable, columns aligned */
/* The plan as a diff, a line per target. */
void change_print_plan(const struct change_plan *plan, struct buf *out);
/* A result: "failed   s00  10.0.0.0 net  lease_duration 8h -> 4d: Access is denied. (WIN32 5) - what to try". */
void change_print_step(const struct change_step *step, struct buf *out);
void change_print_info(const struct change_info *info, struct buf *out); /* one line of `change list` */
/* "58 done, 1 failed, 1 conflict". */
char *change_counts(const int64_t counts[CHANGE_STATES], char *out, size_t size);
/* JSON objects with stable names and native types. */
void change_json_step(change_id change, const struct change_step *step, struct buf *out);
void change_json_note(const struct plan_note *note, struct buf *out);
void change_json_info(const struct change_info *info, struct buf *out);
const char *plan_note_name(enum plan_note_kind kind); /* "same", "not applicable", "refused", "changed since" */
/* Where a change stands: "pending", "running", "ended", "interrupted" (its process is dead). */
const char *change_phase_name(const struct change_info *info);

#endif
