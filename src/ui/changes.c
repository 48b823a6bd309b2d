/* changes.c - what the desk says: the pending plan, results; undo of edits, the strip, leaving. */
#include "changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asks.h"
#include "ipamtui/change_run.h"
#include "ipamtui/clock.h"
#include "ipamtui/desk_reach.h"
#include "ipamtui/journal.h"
#include "ipamtui/text.h"

/* ------------------------------------------------------------------ undo while pending */
static void stack_push(struct plan_stack *stack, struct change_plan *take_plan)
{
    if (stack->count == PLAN_UNDO_MAX) {
        change_plan_free(stack->rows[0]);
        memmove(stack->rows, stack->rows + 1, --stack->count * sizeof *stack->rows);
    }
    stack->rows[stack->count++] = take_plan;
}

static void stack_clear(struct plan_stack *stack)
{
    while (stack->count > 0)
        change_plan_free(stack->rows[--stack->count]);
}

void changes_remember(struct changes *changes)
{
    if (changes->pending)
        stack_push(&changes->undo, change_plan_copy(changes->pending));
    stack_clear(&changes->redo);
}

void changes_show_other(struct ui *ui, struct change_plan *take_plan)
{
    struct changes *changes = ui->changes;

    stack_clear(&changes->other_undo);
    change_plan_free(changes->other);
    changes->other = take_plan;
    plan_pane_changed(ui);
}

void changes_take_out(struct ui *ui, const struct change_step *step, bool whole)
{
    struct changes *changes = ui->changes;
    const struct object_type *object = whole ? NULL : step->object;
    const struct value *key = whole ? NULL : step->key;

    if (changes->other) {
        stack_push(&changes->other_undo, change_plan_copy(changes->other));
        change_plan_drop(changes->other, step->server, object, key);
        plan_pane_changed(ui);
    } else {
        changes_remember(changes);
        desk_drop(changes->desk, step->server, object, key);
    }
}

/* An undo or a retry that is looked at: only what was taken out of it can come back. */
static bool undo_other(struct ui *ui, bool redo, struct err *err)
{
    struct changes *changes = ui->changes;

    if (redo || changes->other_undo.count == 0)
        return err_set(err, ERR_INPUT, "", redo ? "there is nothing to do again in this plan" : "nothing was taken out of this plan; q leaves it");
    change_plan_free(changes->other);
    changes->other = changes->other_undo.rows[--changes->other_undo.count];
    plan_pane_changed(ui);
    ui_say(ui, LOOK_NORMAL, "Undone: the plan has %zu change%s now", changes->other->count, changes->other->count == 1 ? "" : "s");
    return true;
}

bool changes_undo_edit(struct ui *ui, bool redo, struct err *err)
{
    struct changes *changes = ui->changes;
    struct plan_stack *from = redo ? &changes->redo : &changes->undo, *to = redo ? &changes->undo : &changes->redo;
    struct change_plan *plan;

    if (changes->other && strcmp(ui_pane(ui)->ops->name, "plan") == 0)
        return undo_other(ui, redo, err);
    if (from->count == 0 || !changes->desk || !changes->pending)
        return err_set(err, ERR_INPUT, "", redo ? "there is nothing to do again" : "no edit of this session is pending any more; what was applied is undone in Changes (5)");
    plan = from->rows[--from->count];
    stack_push(to, change_plan_copy(changes->pending));
    desk_replace(changes->desk, plan);
    ui_say(ui, LOOK_NORMAL, "%s: the plan has %zu change%s now", redo ? "Done again" : "Undone", plan->count, plan->count == 1 ? "" : "s");
    change_plan_free(plan);
    return true;
}

/* ------------------------------------------------------------------ edits by commands */
static void forget_edits(struct changes *changes)
{
    free(changes->repeat);
    free(changes->repeat_what);
    arena_done(&changes->repeat_mem);
    changes->repeat = NULL;
    changes->repeat_what = NULL;
    changes->repeat_count = 0;
}

/* For ".". What was said of rows themselves (exclusions removed where they stand) is said of those that are meant then. */
static void keep_edits(struct changes *changes, const struct object_type *object, const struct change_edit *edits, size_t count, const char *what)
{
    if (edits == changes->repeat)
        return;
    forget_edits(changes);
    changes->repeat = x_calloc(count + 1, sizeof *changes->repeat);
    for (size_t i = 0; i < count; i++) {
        struct change_edit edit = edits[i];

        edit.text = edit.text ? arena_strdup(&changes->repeat_mem, edit.text) : NULL;
        edit.find = edit.find ? arena_strdup(&changes->repeat_mem, edit.find) : NULL;
        changes->repeat[changes->repeat_count++] = edit;
    }
    changes->repeat_object = object;
    changes->repeat_what = x_strdup(what);
}

bool changes_repeat(struct command_call *call, struct err *err)
{
    struct changes *changes = call->ui->changes;
    char *what;
    bool ok;

    if (!changes || changes->repeat_count == 0)
        return err_set(err, ERR_INPUT, "", "nothing was edited in this session yet: e or c does, then this repeats it on other rows");
    if (call->object != changes->repeat_object)
        return err_set(err, ERR_INPUT, "", "the last edit (%s) was about %ss", changes->repeat_what, changes->repeat_object->noun);
    what = x_strdup(changes->repeat_what);
    ok = changes_edit_rows(call, changes->repeat, changes->repeat_count, what, err);
    free(what);
    return ok;
}

bool changes_edit_rows(struct command_call *call, const struct change_edit *edits, size_t count, const char *what,
                       struct err *err)
{
    struct changes *changes = call->ui->changes;

    if (!changes || !changes->desk)
        return err_set(err, ERR_IO, "changes", "the change engine is not running");
    changes_remember(changes);
    free(changes->edit);
    changes->edit = x_strdup(what);
    changes->edit_targets = call->count;
    changes->edit_count = count;
    keep_edits(changes, call->object, edits, count, what);
    desk_edit_rows(changes->desk, call->object, call->ids, call->count, edits, count);
    return true;
}

/* The first target that is refused, and why. */
static void first_refused(const struct change_plan *plan, struct buf *out)
{
    for (size_t i = 0; i < plan->note_count; i++) {
        struct plan_line line = { .kind = PLAN_LINE_NOTE, .first = i };
        struct arena mem = { 0 };
        struct plan_text note;

        if (plan->notes[i].kind != PLAN_REFUSED)
            continue;
        change_plan_text(plan, &line, &mem, &note);
        buf_addf(out, ": %s %s", note.object, note.what);
        arena_done(&mem);
        return;
    }
}

/* What became of an edit, in targets. */
struct edit_outcome {
    size_t same, not_applicable, refused;
};

static bool same_target(const struct plan_note *a, const struct plan_note *b)
{
    int places[8];
    size_t count = journal_key_places(a->object, places, COUNT(places));

    if (a->server != b->server || a->object != b->object)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!value_equal(a->key[i], b->key[i]))
            return false;
    }
    return true;
}

/* A target that is refused has one note; otherwise each edit without an effect on it leaves one, and they stand side by side: it is
 * left out when all of them do. */
static struct edit_outcome outcome_of(const struct change_plan *plan, size_t edits)
{
    struct edit_outcome out = { 0 };

    for (size_t i = 0, end; i < plan->note_count; i = end) {
        const struct plan_note *first = &plan->notes[i];
        bool same = false;

        for (end = i; end < plan->note_count && same_target(first, &plan->notes[end]); end++)
            same = same || plan->notes[end].kind == PLAN_SAME;
        if (first->kind == PLAN_REFUSED)
            out.refused++;
        else if (end - i >= edits && same)
            out.same++;
        else if (end - i >= edits)
            out.not_applicable++;
    }
    return out;
}

/* "set lease_duration=8h: planned for 58 of 60, 1 already so, 1 refused (w shows the plan): 10.1.2.0 lies outside ...". How many
 * comes before what: the line is cut where it ends. */
static void say_edit(struct ui *ui, const struct change_plan *plan)
{
    struct changes *changes = ui->changes;
    bool shown = strcmp(ui_pane(ui)->ops->name, "plan") == 0;
    struct edit_outcome t = outcome_of(plan, changes->edit_count);
    struct buf text = { 0 };
    size_t not_so, fit;
    char keys[32];

    not_so = MIN(changes->edit_targets, t.same + t.not_applicable + t.refused);
    buf_addf(&text, "planned for %zu of %zu", changes->edit_targets - not_so, changes->edit_targets);
    if (t.same)
        buf_addf(&text, ", %zu already so", t.same);
    if (t.not_applicable)
        buf_addf(&text, ", %zu it does not apply to", t.not_applicable);
    if (t.refused)
        buf_addf(&text, ", %zu refused", t.refused);
    keytable_keys_of(&ui->keys, ui_pane(ui)->ops->name, "plan", keys, sizeof keys);
    if (!shown && not_so < changes->edit_targets)
        buf_addf(&text, " (%s shows the plan)", keys[0] ? keys : ":plan");
    fit = text_fit(changes->edit, MAX(ui->layout.message.w - text_width(buf_at(&text)) - 3, 12), NULL);
    if (t.refused)
        first_refused(plan, &text);
    ui_say(ui, t.refused ? LOOK_WARN : LOOK_NORMAL, "%.*s%s: %s", (int)fit, changes->edit, changes->edit[fit] ? "…" : "", buf_at(&text));
    buf_done(&text);
}

/* ------------------------------------------------------------------ notes */
static void take_pending(struct ui *ui, struct desk_note *note)
{
    struct changes *changes = ui->changes;

    if (note->plan) {
        change_plan_free(changes->pending);
        changes->pending = note->plan;
        changes->totals = note->totals;
        note->plan = NULL;
        changes_make_signs(changes);
        plan_pane_changed(ui);
        ui_preview_changed(ui);
    }
    if (note->err.kind != ERR_NONE)
        ui_error(ui, &note->err);
    else if (changes->edit && changes->pending)
        say_edit(ui, changes->pending);
    else if (!changes->plan_told && changes->totals.steps > 0)
        ui_say(ui, LOOK_NORMAL, "%zu change%s pending from the last session (w shows the plan)", changes->totals.steps,
               changes->totals.steps == 1 ? " is" : "s are");
    changes->plan_told = true;
    free(changes->edit);
    changes->edit = NULL;
}

/* What was asked for is gone to; not under a menu or a question, which are about what is seen behind them. */
static void show_arrived(struct ui *ui)
{
    struct changes *changes = ui->changes;
    size_t pane = ui_pane_find(ui, "plan");
    struct change_plan *plan = changes->arrived;

    changes->arrived = NULL;
    changes_show_other(ui, plan);
    if (pane != SIZE_MAX && pane != ui->pane)
        ui_goto(ui, pane, NULL, NULL, 0);
    ui_say(ui, plan->note_count ? LOOK_WARN : LOOK_NORMAL,
           plan->count == 0 ? "Nothing can be sent: the lines with ! say why" : "Nothing is sent yet: w applies this, q leaves it");
}

static void show_steps(struct ui *ui)
{
    struct changes *changes = ui->changes;
    size_t pane = ui_pane_find(ui, "steps");
    char filter[48], crumb[64];

    changes->shown = true;
    snprintf(filter, sizeof filter, "change=%lld", (long long)changes->change);
    snprintf(crumb, sizeof crumb, "Changes > %lld", (long long)changes->change);
    if (pane != SIZE_MAX)
        ui_goto(ui, pane, filter, crumb, 0);
}

void ui_changes_follow(struct ui *ui)
{
    struct changes *changes = ui->changes;

    if (!changes || ui->overlay)
        return;
    if (changes->arrived)
        show_arrived(ui);
    if (changes->change != 0 && !changes->shown)
        show_steps(ui);
}

static void take_plan(struct ui *ui, struct desk_note *note)
{
    struct changes *changes = ui->changes;

    if (note->err.kind != ERR_NONE) {
        ui_error(ui, &note->err);
        return;
    }
    if (note->plan->count == 0 && note->plan->note_count == 0) {
        ui_say(ui, LOOK_NORMAL, "Change %lld: nothing to do", (long long)note->change);
        return;
    }
    change_plan_free(changes->arrived);
    changes->arrived = note->plan;
    note->plan = NULL;
    if (ui->overlay)
        ui_say(ui, LOOK_NORMAL, "The plan is made: it is shown when this is closed");
    ui_changes_follow(ui);
}

static int64_t settled(const struct apply_progress *p)
{
    return p->counts[CHANGE_DONE] + p->counts[CHANGE_FAILED] + p->counts[CHANGE_SKIPPED] + p->counts[CHANGE_CONFLICT] +
           p->counts[CHANGE_UNKNOWN];
}

static void take_progress(struct ui *ui, const struct desk_note *note)
{
    struct changes *changes = ui->changes;

    changes->progress = note->progress;
    changes->change = note->change;
    changes->stopping = note->progress.stopping;
    ui_changes_follow(ui);
}

static void take_steps(struct ui *ui, const struct desk_note *note)
{
    struct changes *changes = ui->changes;

    for (size_t i = 0; changes->applying && i < note->step_count; i++)
        apply_watch_step(&changes->watch, &note->steps[i]);
    ui_store_changed(ui);
}

/* "; r plans what failed again, u the way back", where these keys are at hand. */
static const char *what_now(struct ui *ui, bool well, char *out, size_t size)
{
    const char *pane = ui_pane(ui)->ops->name;
    char retry[32], undo[32];
    bool here = keytable_keys_of(&ui->keys, pane, "change-retry", retry, sizeof retry)[0] != '\0';

    here = keytable_keys_of(&ui->keys, pane, "change-undo", undo, sizeof undo)[0] != '\0' && here;
    out[0] = '\0';
    if (here && well)
        snprintf(out, size, "; %s plans the way back", undo);
    else if (here)
        snprintf(out, size, "; %s plans the rest again, %s the way back", retry, undo);
    return out;
}

static void take_applied(struct ui *ui, const struct desk_note *note)
{
    struct changes *changes = ui->changes;
    char counts[200], now[120];
    bool settling = note->settling > 0, mine = changes->applying && !settling;

    if (mine)
        changes->applying = changes->stopping = false;
    if (settling)
        changes->settling = 0;
    if (settled(&note->progress) > 0) {
        bool well = note->progress.counts[CHANGE_DONE] == settled(&note->progress);

        change_counts(note->progress.counts, counts, sizeof counts);
        if (!settling)
            ui_say(ui, well ? LOOK_GOOD : LOOK_WARN, "Change %lld: %s%s", (long long)note->change, counts, what_now(ui, well, now, sizeof now));
        else
            ui_say(ui, LOOK_WARN, "Open steps of a process that ended were settled by reading again: %s (Changes, 5)", counts);
    }
    if (note->err.kind != ERR_NONE)
        ui_error(ui, &note->err);
    ui_store_changed(ui);
    if (mine && changes->quit_after)
        ui->quit = true;
}

/* ------------------------------------------------------------------ notes in their order */
static void take_note(struct ui *ui, struct desk_note *note)
{
    switch (note->kind) {
    case DESK_TARGETS:
    case DESK_PREVIEW: form_note(ui, note); break;
    case DESK_PENDING: take_pending(ui, note); break;
    case DESK_PLAN: take_plan(ui, note); break;
    case DESK_STEP: take_steps(ui, note); break;
    case DESK_PROGRESS: take_progress(ui, note); break;
    case DESK_SETTLING:
        ui->changes->settling = note->settling;
        ui_say(ui, LOOK_WARN, "%zu change%s left open by a process that ended: what became of %s is being read again", note->settling,
               note->settling == 1 ? " was" : "s were", note->settling == 1 ? "it" : "them");
        break;
    case DESK_APPLIED: take_applied(ui, note); break;
    case DESK_CHANGES: ui_store_changed(ui); break;
    case DESK_FAULT: ui_error(ui, &note->err); break;
    }
    if (note->request)
        form_retire(ui, note->request);
}

static void take_notes(void *ctx, int fd, short revents)
{
    struct ui *ui = ctx;
    struct desk_note *note;

    (void)fd;
    (void)revents;
    while ((note = mailbox_get(ui->changes->notes))) {
        take_note(ui, note);
        desk_note_free(note);
    }
    ui_dirty(ui);
}

/* ------------------------------------------------------------------ the strip, leaving */
char *changes_stop_key(const struct ui *ui, char *out, size_t size)
{
    const char *pane = ui->panes[ui->pane].ops->name;

    if (!keytable_keys_of(&ui->keys, pane, "change-stop", out, size)[0] && !keytable_keys_of(&ui->keys, pane, "cancel", out, size)[0])
        snprintf(out, size, ":change-stop");
    return out;
}

static void strip_apply(const struct ui *ui, struct buf *out)
{
    const struct changes *changes = ui->changes;
    const struct apply_progress *p = &changes->progress;
    int64_t bad = p->counts[CHANGE_FAILED] + p->counts[CHANGE_CONFLICT] + p->counts[CHANGE_UNKNOWN];
    char rate[64], keys[32];

    buf_addf(out, "%s %zu/%zu", changes->stopping ? "Stopping" : "Applying", apply_watch_answered(&changes->watch), changes->applied.steps);
    if (bad)
        buf_addf(out, ", %lld not done", (long long)bad);
    if (apply_watch_rate(&changes->watch, clock_mono_ms(), rate, sizeof rate)[0])
        buf_addf(out, ", %s", rate);
    changes_stop_key(ui, keys, sizeof keys);
    if (!changes->stopping)
        buf_addf(out, " (%s stops)", keys);
    buf_addf(out, ", %zu of %zu server%s done | ", p->servers_ended, p->servers, p->servers == 1 ? "" : "s");
}

size_t ui_changes_pending(const struct ui *ui)
{
    return ui->changes ? ui->changes->totals.steps : 0;
}

void ui_changes_strip(const struct ui *ui, struct buf *out)
{
    const struct changes *changes = ui->changes;

    if (!changes)
        return;
    if (changes->applying)
        strip_apply(ui, out);
    if (changes->settling)
        buf_addf(out, "Settling %zu change%s | ", changes->settling, changes->settling == 1 ? "" : "s");
    if (changes->totals.steps > 0)
        buf_addf(out, "%zu change%s pending (w) | ", changes->totals.steps, changes->totals.steps == 1 ? "" : "s");
}

bool ui_changes_stop(struct ui *ui)
{
    struct changes *changes = ui->changes;

    if (!changes || !changes->applying)
        return false;
    changes->stopping = true;
    desk_stop_apply(changes->desk);
    ui_say(ui, LOOK_NORMAL, "Stopping: what is in flight is settled, the rest stays undone");
    return true;
}

bool ui_changes_suspend(struct ui *ui)
{
    struct changes *changes = ui->changes;
    bool say = changes && changes->applying && !changes->suspend_told;

    if (say)
        ui_say(ui, LOOK_WARN, "The change would stand still, too, and calls would time out; once more suspends");
    if (changes)
        changes->suspend_told = say;
    return say;
}

static void quit_answer(struct ui *ui, int button, const char *const *answers, void *ctx)
{
    struct changes *changes = ui->changes;

    (void)answers;
    (void)ctx;
    if (button != 0 && button != 1) {
        if (changes->quit_after)
            ui_say(ui, LOOK_NORMAL, "Staying");
        changes->quit_after = false;
        return;
    }
    if (!changes->applying) { /* it ended while the question stood */
        ui->quit = true;
        return;
    }
    changes->quit_after = true;
    if (button == 1)
        ui_changes_stop(ui);
    ui_say(ui, LOOK_NORMAL, button == 0 ? "Leaving when the change has ended" : "Stopping; leaving when what is in flight is settled");
}

bool ui_changes_quit(struct ui *ui)
{
    static const char *const buttons[] = { "Wait, then leave", "Stop and leave", "Cancel" };
    char text[300];

    if (!ui->changes || !ui->changes->applying)
        return false;
    snprintf(text, sizeof text,
             "Change %lld is being applied: %lld of %zu settled.\n\nStopping settles what is in flight; the rest stays undone and can be "
             "retried from Changes (5).",
             (long long)ui->changes->change, (long long)settled(&ui->changes->progress), ui->changes->applied.steps);
    ui_dialog(ui, "A change is at work", text, buttons, 3, 2, NULL, 0, quit_answer, NULL);
    return true;
}

/* ------------------------------------------------------------------ beginning and end */
struct change_plan *changes_plan(struct ui *ui)
{
    return ui->changes ? ui->changes->other ? ui->changes->other : ui->changes->pending : NULL;
}

bool ui_changes_start(struct ui *ui, struct err *err)
{
    struct desk_options how = { .db_path = ui->how->db_path, .reach = desk_reach_collector(ui->collector) };
    struct changes *changes = x_alloc(sizeof *changes);

    changes->ui = ui;
    changes->notes = mailbox_new();
    ui->changes = changes;
    loop_watch(ui->loop, mailbox_fd(changes->notes), POLLIN, take_notes, ui);
    return change_desk_start(&how, ui->options, changes->notes, &changes->desk, err);
}

void ui_changes_done(struct ui *ui)
{
    struct changes *changes = ui->changes;

    if (!changes)
        return;
    change_desk_stop(changes->desk);
    for (struct desk_note *note; (note = mailbox_get(changes->notes)); desk_note_free(note)) {
        if (note->kind == DESK_PENDING && note->err.kind != ERR_NONE)
            ui_not_kept(ui, &note->err);
    }
    form_retire(ui, UINT64_MAX);
    form_draft_free(changes->draft);
    plan_pane_done();
    apply_watch_done(&changes->watch);
    forget_edits(changes);
    stack_clear(&changes->undo);
    stack_clear(&changes->redo);
    change_plan_free(changes->pending);
    stack_clear(&changes->other_undo);
    change_plan_free(changes->other);
    change_plan_free(changes->arrived);
    mailbox_free(changes->notes, desk_note_free);
    free(changes->signs);
    free(changes->edit);
    free(changes);
    ui->changes = NULL;
}
