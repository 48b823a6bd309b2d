/* desk_work.c - the desk's thread: targets, previews, the pending plan. */
#include <stdlib.h>
#include <string.h>

#include "desk_int.h"
#include "ipamtui/clock.h"

enum { QUIT_MS = 3000 };

struct desk_note *desk_note_new(struct change_desk *desk, enum desk_note_kind kind)
{
    struct desk_note *note = x_alloc(sizeof(*note));

    (void)desk;
    note->kind = kind;
    return note;
}

void desk_say(struct change_desk *desk, struct desk_note *note)
{
    mailbox_put_take(desk->notes, note);
}

static void say_fault(struct change_desk *desk, const struct err *err)
{
    struct desk_note *note = desk_note_new(desk, DESK_FAULT);

    note->err = *err;
    desk_say(desk, note);
}

/* ------------------------------------------------------------------ opening */
void desk_open(struct change_desk *desk)
{
    struct err err = { 0 };

    desk->pending = change_plan_new();
    if (!store_open(desk->db_path, STORE_WRITE, &desk->store, &err)) {
        say_fault(desk, &err);
        return;
    }
    desk->wire = desk->reach.open(desk->reach.ctx, desk->loop);
    desk->wire.close = NULL; /* sessions are closed when they have been idle: the next change may follow soon */
    change_forget_old(desk->store, desk->keep_changes_s);
    desk_say_pending(desk, desk_pending_reload(desk, &err) ? NULL : &err);
    desk_settle_begin(desk);
}

void desk_close(struct change_desk *desk)
{
    loop_timer_stop(&desk->work);
    loop_timer_stop(&desk->flush);
    loop_timer_stop(&desk->sweep);
    change_apply_free(desk->apply);
    change_apply_free(desk->settle);
    if (desk->store != NULL)
        desk->reach.close(&desk->wire);
    change_plan_free(desk->pending);
    store_close(desk->store);
}

/* ------------------------------------------------------------------ the pending plan */
void desk_say_pending(struct change_desk *desk, const struct err *err)
{
    struct desk_note *note = desk_note_new(desk, DESK_PENDING);

    note->plan = change_plan_copy(desk->pending);
    change_plan_totals(desk->pending, &note->totals);
    if (err != NULL)
        note->err = *err;
    desk_say(desk, note);
}

bool desk_pending_reload(struct change_desk *desk, struct err *err)
{
    struct change_plan *plan;

    if (!change_pending_load(desk->store, &plan, err))
        return false;
    change_plan_free(desk->pending);
    desk->pending = plan;
    return true;
}

/* Keeps what was made of the pending plan; when another process was quicker, its plan is what counts. */
static void keep_pending(struct change_desk *desk)
{
    struct err err = { 0 }, again = { 0 };

    if (!change_pending_keep(desk->store, desk->pending, "console", &err) && !desk_pending_reload(desk, &again))
        err = again;
    desk_say_pending(desk, err.kind != ERR_NONE ? &err : NULL);
}

/* ------------------------------------------------------------------ requests */
static void do_targets(struct change_desk *desk, struct desk_request *r)
{
    struct desk_note *note = desk_note_new(desk, DESK_TARGETS);

    note->request = r->number;
    change_targets_load(desk->store, r->object, r->ids, r->id_count, &note->targets, &note->err);
    desk_say(desk, note);
}

static void do_preview(struct change_desk *desk, struct desk_request *r)
{
    struct desk_note *note = desk_note_new(desk, DESK_PREVIEW);
    struct change_plan *plan = change_plan_copy(desk->pending);

    note->request = r->number;
    if (change_plan_edit(plan, r->targets, r->edits, r->edit_count, &note->err)) {
        change_plan_keep_targets(plan, r->targets);
        change_plan_totals(plan, &note->totals);
        note->plan = plan;
    } else {
        change_plan_free(plan);
    }
    desk_say(desk, note);
}

static void edit_pending(struct change_desk *desk, const struct change_targets *targets, struct desk_request *r)
{
    struct err err = { 0 };

    if (change_plan_edit(desk->pending, targets, r->edits, r->edit_count, &err))
        keep_pending(desk);
    else
        desk_say_pending(desk, &err);
}

static void do_edit_rows(struct change_desk *desk, struct desk_request *r)
{
    struct change_targets *targets;
    struct err err = { 0 };

    if (!change_targets_load(desk->store, r->object, r->ids, r->id_count, &targets, &err)) {
        desk_say_pending(desk, &err);
        return;
    }
    edit_pending(desk, targets, r);
    change_targets_free(targets);
}

/* The same row of the store gets other steps; where there was none, or none is left, it is made or dropped. */
static void do_replace(struct change_desk *desk, struct desk_request *r)
{
    struct change_plan *plan = r->plan, *was = desk->pending;

    r->plan = NULL;
    plan->id = was->id;
    plan->revision = was->revision;
    if (was->id != 0) {
        plan->of = was->of;
        plan->relation = arena_strdup(&plan->mem, was->relation);
    }
    plan->next_no = MAX(plan->next_no, was->next_no);
    desk->pending = plan;
    change_plan_free(was);
    keep_pending(desk);
}

static void do_after(struct change_desk *desk, struct desk_request *r)
{
    struct desk_note *note = desk_note_new(desk, DESK_PLAN);
    bool ok;

    note->request = r->number;
    note->change = r->change;
    ok = r->job == JOB_UNDO ? change_plan_undo(desk->store, r->change, r->only, r->only_count, &note->plan, &note->err)
                            : change_plan_retry(desk->store, r->change, r->only, r->only_count, &note->plan, &note->err);
    if (ok)
        change_plan_totals(note->plan, &note->totals);
    desk_say(desk, note);
}

static void do_quit(struct change_desk *desk)
{
    desk->quitting = true;
    desk->quit_ms = clock_mono_ms() + QUIT_MS;
    desk_stop_running(desk);
}

static void refuse(struct change_desk *desk, struct desk_request *r)
{
    static const enum desk_note_kind answers[] = { [JOB_TARGETS] = DESK_TARGETS, [JOB_PREVIEW] = DESK_PREVIEW,
                                                   [JOB_UNDO] = DESK_PLAN, [JOB_RETRY] = DESK_PLAN, [JOB_APPLY] = DESK_APPLIED };
    bool own = r->job == JOB_TARGETS || r->job == JOB_PREVIEW || r->job == JOB_UNDO || r->job == JOB_RETRY || r->job == JOB_APPLY;
    struct desk_note *note = desk_note_new(desk, own ? answers[r->job] : DESK_PENDING);

    note->request = r->number;
    err_set(&note->err, ERR_IO, "changes", "the database could not be opened for changes");
    desk_say(desk, note);
}

void desk_do(struct change_desk *desk, struct desk_request *r)
{
    if (desk->store == NULL && r->job < JOB_STOP_APPLY) {
        refuse(desk, r);
        return;
    }
    switch (r->job) {
    case JOB_TARGETS: do_targets(desk, r); break;
    case JOB_PREVIEW: do_preview(desk, r); break;
    case JOB_EDIT: edit_pending(desk, r->targets, r); break;
    case JOB_EDIT_ROWS: do_edit_rows(desk, r); break;
    case JOB_DROP:
        change_plan_drop(desk->pending, r->server, r->object, r->key);
        keep_pending(desk);
        break;
    case JOB_UNDO:
    case JOB_RETRY: do_after(desk, r); break;
    case JOB_PEND:
        change_plan_merge(desk->pending, r->plan);
        keep_pending(desk);
        break;
    case JOB_REPLACE: do_replace(desk, r); break;
    case JOB_APPLY: desk_run(desk, r); break;
    case JOB_STOP_APPLY: desk_stop_running(desk); break;
    case JOB_QUIT: do_quit(desk); break;
    }
}
