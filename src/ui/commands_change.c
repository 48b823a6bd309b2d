/* commands_change.c - edits of the marked rows go into the pending plan; changes that were made are retried and undone, as plans
 * again. Nothing here sends anything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "ipamtui/text.h"
#include "ipamtui/ui_changes.h"

/* ------------------------------------------------------------------ what can be edited */
static bool writable(const struct property *p)
{
    return p->write.cmdlet != NULL;
}

static bool editable(const struct object_type *object, struct err *err)
{
    for (size_t i = 0; object && i < object->property_count; i++) {
        if (writable(&object->properties[i]))
            return true;
    }
    return err_set(err, ERR_INPUT, "", "%ss cannot be changed here; scopes can (2)", object ? object->noun : "thing");
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ------------------------------------------------------------------ a line that is asked for */
/* What the line is for: kept until it is answered, with the rows it will act on. */
struct asked {
    struct command_call call;
    row_id *ids;
    const struct object_type *object;
    enum edit_how how;
    int property;
};
static struct asked asked; /* one line is asked for at a time */

static void asked_done(void)
{
    free(asked.ids);
    asked = (struct asked){ 0 };
}

static void asked_begin(const struct command_call *call, enum edit_how how, const struct object_type *object, int property)
{
    asked_done();
    asked.call = *call;
    asked.ids = x_calloc(call->count + 1, sizeof *asked.ids);
    memcpy(asked.ids, call->ids, call->count * sizeof *asked.ids);
    asked.call.ids = asked.ids;
    asked.call.args = "";
    asked.how = how;
    asked.object = object;
    asked.property = property;
}

/* In the list of exclusions it is their scopes whose rows are added, removed, replaced. */
static const struct object_type *targets_of(const struct object_type *shown, const struct change_edit *edit)
{
    return shown == &catalog_exclusions && edit->object == shown && edit->property < 0 ? &catalog_scopes : shown;
}

static bool plan_edit(struct command_call *call, const struct change_edit *edit, struct err *err)
{
    struct buf what = { 0 };
    bool ok = change_edit_check(targets_of(call->object, edit), edit, err);

    change_edit_show(edit, &what);
    ok = ok && changes_edit_rows(call, edit, 1, buf_at(&what), err);
    buf_done(&what);
    return ok;
}

/* The edit that a line stands for. "old -> new" and "old new" for a replacement. */
static bool asked_edit(const char *text, char **copy, struct change_edit *out, struct err *err)
{
    bool exact = asked.property >= 0 && asked.object->properties[asked.property].kind == KIND_TEXT;
    size_t len = strlen(text);

    while (!exact && len > 0 && text[len - 1] == ' ') /* completion leaves one */
        len--;
    *copy = x_strndup(text, len);
    *out = (struct change_edit){ .how = asked.how, .object = asked.object, .property = asked.property, .text = *copy };
    if (asked.how == EDIT_ROW_REMOVE) {
        out->find = *copy;
        out->text = NULL;
    } else if (asked.how == EDIT_ROW_REPLACE) {
        if (asked.call.object != asked.object) {
            char *rest;

            len = strcspn(*copy, " ");
            rest = *copy + len;
            rest += strspn(rest, " ");
            if (strncmp(rest, "->", 2) == 0)
                rest += 2 + strspn(rest + 2, " ");
            if (!*rest)
                return err_set(err, ERR_INPUT, "", "two ranges are needed: old new");
            (*copy)[len] = '\0';
            out->find = *copy;
            out->text = rest;
        }
    }
    return change_edit_check(targets_of(asked.call.object, out), out, err);
}

static void asked_changed(struct ui *ui, const char *text, void *ctx)
{
    struct change_edit edit;
    struct err err = { 0 };
    char *copy = NULL;

    (void)ctx;
    if (text[0] == '\0' || asked_edit(text, &copy, &edit, &err))
        ui_prompt_error(ui, NULL, 0);
    else
        ui_prompt_error(ui, err.text, 0);
    free(copy);
}

static void asked_accept(struct ui *ui, const char *text, void *ctx)
{
    struct change_edit edit;
    struct err err = { 0 };
    char *copy = NULL;

    (void)ctx;
    if (!asked_edit(text, &copy, &edit, &err) || !plan_edit(&asked.call, &edit, &err))
        ui_error(ui, &err);
    free(copy);
    asked_done();
}

static void asked_cancel(struct ui *ui, void *ctx)
{
    (void)ui;
    (void)ctx;
    asked_done();
}

static void asked_complete(struct ui *ui, const char *text, size_t at, size_t *from, struct word_list *out, void *ctx)
{
    const struct property *p = asked.property >= 0 ? &asked.object->properties[asked.property] : NULL;

    (void)ui;
    (void)ctx;
    *from = 0;
    if (!p)
        return;
    for (size_t i = 0; p->values && p->values[i]; i++) {
        if (strncmp(p->values[i], text, at) == 0)
            word_list_add(out, p->values[i], "", "", 0);
    }
    if (p->kind == KIND_BOOL) {
        word_list_add(out, "yes", "", "", 0);
        word_list_add(out, "no", "", "", 0);
    }
}

static const struct prompt_ops asked_prompt = { .label = "", .changed = asked_changed, .accept = asked_accept, .cancel = asked_cancel, .complete = asked_complete };
static const struct prompt_ops asked_words = { .label = "", .changed = asked_changed, .accept = asked_accept, .cancel = asked_cancel, .complete = asked_complete, .popup = true };

static const struct row *row_of(struct ui *ui, row_id id)
{
    struct table *table = ui_table(ui);
    size_t place = view_find(table->view, id);

    return place == SIZE_MAX ? NULL : view_row(table->view, place);
}

/* ------------------------------------------------------------------ set, replace, activate */
static bool ask_value(struct command_call *call, int property)
{
    const struct property *p = &call->object->properties[property];
    const struct row *row = call->count == 1 ? row_of(call->ui, call->ids[0]) : NULL;
    bool words = p->values != NULL || p->kind == KIND_BOOL;
    char now[300] = "", label[120];

    if (row && !words && row->values[property].type != VALUE_NULL)
        property_show(p, row->values[property], now, sizeof now);
    snprintf(label, sizeof label, "%s of %zu %s%s: ", p->name, call->count, call->object->noun, plural(call->count));
    asked_begin(call, EDIT_SET, call->object, property);
    ui_prompt(call->ui, words ? &asked_words : &asked_prompt, label, now, NULL, NULL);
    return true;
}

static bool set(struct command_call *call, struct err *err)
{
    size_t len = strcspn(call->args, " =+^/");
    struct change_edit edit = { .how = EDIT_SET, .object = call->object };
    struct arena mem = { 0 };
    char name[64];
    bool ok;

    if (!editable(call->object, err))
        return false;
    snprintf(name, sizeof name, "%.*s", (int)MIN(len, sizeof name - 1), call->args);
    edit.property = catalog_property(call->object, name);
    if (edit.property >= 0 && !writable(&call->object->properties[edit.property]))
        return err_set(err, ERR_INPUT, name, "%s cannot be changed", name);
    if (edit.property >= 0 && call->args[len] == '\0')
        return ask_value(call, edit.property);
    if (edit.property >= 0 && call->args[len] == ' ' && !strchr("=+^/", call->args[len + strspn(call->args + len, " ")])) {
        edit.text = call->args + len + strspn(call->args + len, " ");
        return plan_edit(call, &edit, err);
    }
    if (edit.property < 0 && strchr(" ", call->args[len])) /* "lease 8h": it is the name that is wrong */
        ok = change_edit_parse(call->object, arena_printf(&mem, "%s=", name), &mem, &edit, err);
    else
        ok = change_edit_parse(call->object, call->args, &mem, &edit, err) && plan_edit(call, &edit, err);
    arena_done(&mem);
    return ok;
}

static bool replace(struct command_call *call, struct err *err)
{
    struct change_edit edit;
    struct arena mem = { 0 };
    bool ok = editable(call->object, err) && change_edit_parse(call->object, call->args, &mem, &edit, err);

    if (ok && edit.how != EDIT_REPLACE)
        ok = err_set(err, ERR_INPUT, call->args, "write property/old/new/, as in description/old site/new site/");
    ok = ok && plan_edit(call, &edit, err);
    arena_done(&mem);
    return ok;
}

static bool set_state(struct command_call *call, const char *state, struct err *err)
{
    struct change_edit edit = { .how = EDIT_SET, .object = call->object, .text = state };

    edit.property = call->object ? catalog_property(call->object, "state") : -1;
    if (edit.property < 0 || !writable(&call->object->properties[edit.property]))
        return err_set(err, ERR_INPUT, "", "scopes are activated and deactivated in their pane (2)");
    return plan_edit(call, &edit, err);
}

static bool activate(struct command_call *call, struct err *err)
{
    return set_state(call, "active", err);
}

static bool deactivate(struct command_call *call, struct err *err)
{
    return set_state(call, "inactive", err);
}

/* Words for "set": properties, then the values of an enum. */
static void complete_set(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    size_t len = strcspn(call->args, " ");
    char name[64];
    int property;

    snprintf(name, sizeof name, "%.*s", (int)MIN(len, sizeof name - 1), call->args);
    property = call->object && at > len ? catalog_property(call->object, name) : -1;
    if (property >= 0) {
        const struct property *p = &call->object->properties[property];

        for (size_t i = 0; p->values && p->values[i]; i++) {
            if (!fn(ctx, p->values[i], p->help))
                return;
        }
        return;
    }
    for (size_t i = 0; call->object && i < call->object->property_count; i++) {
        const struct property *p = &call->object->properties[i];

        if (writable(p) && !fn(ctx, p->name, p->help))
            return;
    }
}

/* ------------------------------------------------------------------ exclusions */
static bool about_exclusions(const struct command_call *call, struct err *err)
{
    if (call->object == &catalog_scopes || call->object == &catalog_exclusions)
        return true;
    return err_set(err, ERR_INPUT, "", "exclusions are changed in the panes of scopes (2) and exclusions");
}

static bool exclusion(struct command_call *call, enum edit_how how, const char *label, struct err *err)
{
    bool rows = call->object == &catalog_exclusions && how != EDIT_ROW_ADD; /* these very ones */
    char *copy = NULL, text[120];
    struct change_edit edit = { 0 };
    bool ok;

    if (!about_exclusions(call, err))
        return false;
    asked_begin(call, how, &catalog_exclusions, -1);
    if (rows && how == EDIT_ROW_REMOVE) {
        edit = (struct change_edit){ .how = how, .object = &catalog_exclusions, .property = -1 };
        ok = changes_edit_rows(call, &edit, 1, "remove exclusions", err);
        asked_done();
        return ok;
    }
    if (call->args[0]) {
        ok = asked_edit(call->args, &copy, &edit, err) && plan_edit(call, &edit, err);
        free(copy);
        asked_done();
        return ok;
    }
    snprintf(text, sizeof text, label, call->count, call->object->noun, plural(call->count));
    ui_prompt(call->ui, &asked_prompt, text, "", NULL, NULL);
    return true;
}

static bool exclusion_add(struct command_call *call, struct err *err)
{
    return exclusion(call, EDIT_ROW_ADD, call->object == &catalog_exclusions ? "Exclude in the scopes of %zu %s%s (.10-.20): " : "Exclude in %zu %s%s (.10-.20): ", err);
}

static bool exclusion_remove(struct command_call *call, struct err *err)
{
    return exclusion(call, EDIT_ROW_REMOVE, "Remove from %zu %s%s (a range, or all): ", err);
}

static bool exclusion_replace(struct command_call *call, struct err *err)
{
    return exclusion(call, EDIT_ROW_REPLACE, call->object == &catalog_exclusions ? "New range for %zu %s%s: " : "In %zu %s%s: old new, as .10-.20 .10-.30: ", err);
}

/* ------------------------------------------------------------------ the form, the plan */
static bool edit_form(struct command_call *call, struct err *err)
{
    if (call->object == &catalog_exclusions)
        return exclusion_replace(call, err);
    if (!editable(call->object, err))
        return false;
    if (!call->ui->changes || !call->ui->changes->desk)
        return err_set(err, ERR_IO, "changes", "the change engine is not running");
    form_open(call->ui, call->object, call->ids, call->count);
    return true;
}

static bool plan(struct command_call *call, struct err *err)
{
    struct changes *changes = call->ui->changes;
    size_t pane = ui_pane_find(call->ui, "plan");

    if (!changes || pane == SIZE_MAX)
        return err_set(err, ERR_IO, "changes", "the change engine is not running");
    if (pane == call->ui->pane)
        return true;
    changes_show_other(call->ui, NULL); /* an undo that was left is not what w means now */
    ui_goto(call->ui, pane, NULL, NULL, 0);
    return true;
}

static bool repeat(struct command_call *call, struct err *err)
{
    return changes_repeat(call, err);
}

static bool plan_undo(struct command_call *call, struct err *err)
{
    return changes_undo_edit(call->ui, false, err);
}

static bool plan_redo(struct command_call *call, struct err *err)
{
    return changes_undo_edit(call->ui, true, err);
}

static bool change_stop(struct command_call *call, struct err *err)
{
    return ui_changes_stop(call->ui) || err_set(err, ERR_INPUT, "", "no change is being applied");
}

static const struct command rows[] = {
    { .name = "edit", .help = "Edit the marked rows in a form, with the plan beside it", .label = "Edit", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = edit_form },
    { .name = "set", .args = "property [value]", .help = "Plan a new value of one property for the marked rows", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = set, .complete = complete_set },
    { .name = "replace", .args = "property/old/new/", .help = "Find and replace within one property of the marked rows", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = replace, .complete = complete_set },
    { .name = "activate", .help = "Plan to activate the marked scopes that are inactive", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = activate },
    { .name = "deactivate", .help = "Plan to deactivate the marked scopes that are active", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = deactivate },
    { .name = "exclusion-add", .args = "[range]", .help = "Plan an exclusion range in the marked scopes", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = exclusion_add },
    { .name = "exclusion-remove", .args = "[range]", .help = "Plan to remove exclusion ranges of the marked scopes", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = exclusion_remove },
    { .name = "exclusion-replace", .args = "[old new]", .help = "Plan another range in place of one, in the marked scopes", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = exclusion_replace },
    { .name = "repeat", .help = "Plan the latest edit again, on the marked rows or this one", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = repeat },
    { .name = "plan", .help = "Show what is planned; nothing is sent before it is applied there", .group = GROUP_DATA, .run = plan },
    { .name = "plan-undo", .help = "Take back the last edit of the plan", .label = "Undo", .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = plan_undo },
    { .name = "plan-redo", .help = "Make the edit again that was taken back", .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = plan_redo },
    { .name = "change-stop", .help = "Stop the change that is being applied", .group = GROUP_DATA, .run = change_stop },
};
const struct command_table ui_change_commands = { rows, COUNT(rows) };

/* ------------------------------------------------------------------ lists of changes */
/* Rows of changes or of steps, read on the errand thread: which change, which steps. */
struct after_job {
    struct ui *ui;
    const struct object_type *object;
    row_id *ids;
    size_t count;
    bool whole, undo;
    change_id change;
    int *steps;
    size_t step_count, step_cap;
};

static bool after_work(struct store *store, void *ctx, struct err *err)
{
    struct after_job *job = ctx;
    int change = catalog_property(job->object, "change"), no = catalog_property(job->object, "step");
    const size_t piece = 500;
    bool ok = true;

    for (size_t at = 0; ok && at < job->count; at += piece) {
        size_t count = MIN(piece, job->count - at);
        struct row *list = x_calloc(count, sizeof *list);
        struct arena mem = { 0 };

        ok = store_rows(store, job->object, job->ids + at, count, &mem, list, err);
        for (size_t i = 0; ok && i < count; i++) {
            if (list[i].id == 0)
                continue;
            if (job->change && job->change != list[i].values[change].i)
                ok = err_set(err, ERR_INPUT, "", "the marked rows belong to several changes: mark those of one");
            job->change = list[i].values[change].i;
            if (no >= 0) {
                x_grow(&job->steps, &job->step_cap, job->step_count + 1, sizeof *job->steps);
                job->steps[job->step_count++] = (int)list[i].values[no].i;
            }
        }
        free(list);
        arena_done(&mem);
    }
    return ok && (job->change || err_set(err, ERR_NOT_FOUND, "", "this change is gone"));
}

static void after_over(void *ctx, bool ok, const struct err *err)
{
    struct after_job *job = ctx;
    struct changes *changes = job->ui->changes;
    bool part = !job->whole && job->step_count > 0;

    if (!ok && err->kind != ERR_CANCELLED)
        ui_error(job->ui, err);
    if (ok && changes && changes->desk) {
        if (job->undo)
            desk_undo(changes->desk, job->change, part ? job->steps : NULL, part ? job->step_count : 0);
        else
            desk_retry(changes->desk, job->change, part ? job->steps : NULL, part ? job->step_count : 0);
    }
    free(job->ids);
    free(job->steps);
    free(job);
}

/* Marked steps if there are any, else the whole change of the row under the cursor. */
static bool after(struct command_call *call, bool undo)
{
    struct view_worker *errands = ui_errands(call->ui);
    struct after_job *job;

    if (!errands)
        return true;
    job = x_alloc(sizeof *job);
    *job = (struct after_job){ .ui = call->ui, .object = call->object, .count = call->count, .undo = undo };
    job->whole = ui_table(call->ui)->marks.count == 0;
    job->ids = x_calloc(call->count + 1, sizeof *job->ids);
    memcpy(job->ids, call->ids, call->count * sizeof *job->ids);
    view_worker_ask(errands, 0, after_work, after_over, job);
    return true;
}

static bool change_retry(struct command_call *call, struct err *err)
{
    (void)err;
    return after(call, false);
}

static bool change_undo(struct command_call *call, struct err *err)
{
    (void)err;
    return after(call, true);
}

/* Enter on a change shows its steps, on a step all about it. */
static bool change_open(struct command_call *call, struct err *err)
{
    const struct row *row = row_of(call->ui, call->ids[0]);
    size_t pane = ui_pane_find(call->ui, "steps");
    char filter[48], crumb[64];
    long long change;

    if (call->object == &catalog_change_steps)
        return ui_run_line(call->ui, "zoom");
    if (!row || pane == SIZE_MAX)
        return err_set(err, ERR_NOT_FOUND, "", "this row is still being read; try again");
    change = (long long)row->values[catalog_property(call->object, "change")].i;
    snprintf(filter, sizeof filter, "change=%lld", change);
    snprintf(crumb, sizeof crumb, "Changes > %lld", change);
    ui_goto(call->ui, pane, filter, crumb, 0);
    return true;
}

const struct command change_list_commands[CHANGE_LIST_COMMANDS] = {
    { .name = "open", .help = "Open it: the results of a change; all about one result", .label = "Open", .on = ON_ROW, .group = GROUP_GO, .run = change_open },
    { .name = "change-retry", .help = "Plan what failed of this change, or the marked steps, again", .label = "Retry", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = change_retry },
    { .name = "change-undo", .help = "Plan the way back of this change, or of the marked steps; previewed first", .label = "Undo", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = change_undo },
    { .name = "plan-undo", .help = "Plan the way back of this change, or of the marked steps; previewed first", .on = ON_MARKED, .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = change_undo },
};
