/* change_ask.c - may it be applied? A line for a few harmless changes, a box for more, a number to type for what takes away or is
 * large. Answers cannot be typed ahead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "ipamtui/clock.h"
#include "ipamtui/text.h"
#include "screen.h"

/* ------------------------------------------------------------------ a question of one line */
struct ask_line {
    struct overlay overlay;
    char *text;
    void (*yes)(struct ui *ui, void *ctx);
    void (*over)(void *ctx);
    void *ctx;
};

static void line_draw(struct ui *ui, struct overlay *overlay)
{
    struct ask_line *ask = (struct ask_line *)overlay;
    struct rect r = ui->layout.message;
    int used;

    screen_put(r.y, 0, r.w, LOOK_TITLE, ask->text);
    used = MIN(text_width(ask->text), r.w - 1);
    screen_cursor(r.y, used);
}

static void line_key(struct ui *ui, struct overlay *overlay, int key)
{
    struct ask_line *ask = (struct ask_line *)overlay;
    void (*yes)(struct ui *, void *) = ask->yes;

    if (key == 'y' || key == 'Y')
        yes(ui, ask->ctx);
    else
        ui_say(ui, LOOK_NORMAL, "Not done");
    ui_drop(ui, overlay);
}

static void line_done(struct ui *ui, struct overlay *overlay)
{
    struct ask_line *ask = (struct ask_line *)overlay;

    (void)ui;
    if (ask->over)
        ask->over(ask->ctx);
    free(ask->text);
    free(ask);
}

static const struct overlay_ops line_ops = { .draw = line_draw, .key = line_key, .done = line_done, .guarded = true };

void ui_ask_line(struct ui *ui, const char *text, void (*yes)(struct ui *ui, void *ctx), void *ctx, void (*over)(void *ctx))
{
    struct ask_line *ask = x_alloc(sizeof *ask);

    *ask = (struct ask_line){ .overlay.ops = &line_ops, .text = x_asprintf("%s y/N ", text), .yes = yes, .over = over, .ctx = ctx };
    ui_push(ui, &ask->overlay);
}

/* ------------------------------------------------------------------ applying */
struct question {
    int stop_after;
    size_t targets;
};

static void start(struct ui *ui, int stop_after)
{
    struct changes *changes = ui->changes;
    struct apply_limits limits = { .stop_after = stop_after };
    const struct change_plan *plan = changes_plan(ui);

    if (changes->applying || !plan || plan->count == 0)
        return;
    change_plan_totals(plan, &changes->applied);
    changes->applying = true;
    changes->shown = changes->stopping = changes->suspend_told = false;
    changes->change = 0;
    changes->progress = (struct apply_progress){ 0 };
    apply_watch_begin(&changes->watch, plan, clock_mono_ms());
    desk_apply(changes->desk, changes->other, &limits);
    changes_show_other(ui, NULL);
    ui_say(ui, LOOK_NORMAL, "Applying %zu change%s on %zu server%s", changes->applied.steps, changes->applied.steps == 1 ? "" : "s",
           changes->applied.servers, changes->applied.servers == 1 ? "" : "s");
}

static void yes(struct ui *ui, void *ctx)
{
    start(ui, ((struct question *)ctx)->stop_after);
}

static void box_answer(struct ui *ui, int button, const char *const *answers, void *ctx)
{
    struct question *question = ctx;

    (void)answers;
    if (button == 0 || button == 1)
        start(ui, button == 1 ? 1 : question->stop_after);
    else
        ui_say(ui, LOOK_NORMAL, "Nothing was sent; the plan is kept");
    free(question);
}

static void number_answer(struct ui *ui, int button, const char *const *answers, void *ctx)
{
    struct question *question = ctx;
    char *end = NULL;
    unsigned long typed = button == 0 && answers[0] ? strtoul(answers[0], &end, 10) : 0;

    if (button == 0 && end && end != answers[0] && *end == '\0' && typed == question->targets)
        start(ui, question->stop_after);
    else
        ui_say(ui, LOOK_NORMAL, "Nothing was sent; the plan is kept%s", button == 0 ? " (the number was another one)" : "");
    free(question);
}

/* What happens, by kind: "lease_duration 60, exclusions added 3". */
static void add_kinds(const struct change_plan *plan, struct buf *out)
{
    struct { const char *name, *verb; size_t count; } kinds[16];
    size_t count = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const struct change_step *step = &plan->steps[i];
        const char *name = step->op == OP_SET ? step->object->properties[step->property].name : step->object->noun;
        const char *verb = step->op == OP_SET ? "" : step->op == OP_ADD ? " added" : " removed";
        size_t k = 0;

        while (k < count && (strcmp(kinds[k].name, name) != 0 || strcmp(kinds[k].verb, verb) != 0))
            k++;
        if (k == COUNT(kinds))
            continue;
        if (k == count) {
            kinds[count].name = name;
            kinds[count].verb = verb;
            kinds[count++].count = 0;
        }
        kinds[k].count++;
    }
    for (size_t k = 0; k < count; k++)
        buf_addf(out, "%s%s%s %zu", k ? ", " : "", kinds[k].name, kinds[k].verb, kinds[k].count);
}

static void add_servers(const struct change_plan *plan, struct buf *out)
{
    size_t named = 0, left = 0;

    for (size_t i = 0, end; i < plan->count; i = end) {
        for (end = i + 1; end < plan->count && plan->steps[end].server == plan->steps[i].server; end++)
            ;
        if (named < 6)
            buf_addf(out, "%s%s %zu", named++ ? ", " : "", plan->steps[i].server_name, end - i);
        else
            left++;
    }
    if (left)
        buf_addf(out, " and %zu more servers", left);
}

static void add_objects(const struct change_plan *plan, size_t targets, struct buf *out)
{
    char last[300] = "", text[300];
    size_t named = 0;

    for (size_t i = 0; i < plan->count && named < 3; i++) {
        change_step_object(&plan->steps[i], text, sizeof text);
        if (strcmp(text, last) == 0)
            continue;
        buf_addf(out, "%s%s", named++ ? ", " : "", text);
        snprintf(last, sizeof last, "%s", text);
    }
    if (targets > named)
        buf_addf(out, " and %zu more", targets - named);
}

static void describe(const struct ui *ui, const struct change_plan *plan, const struct plan_totals *t, int stop_after,
                     struct buf *out)
{
    char warning[100];

    change_plan_cautions(plan, &ui->known.cautions, out);
    buf_addf(out, "%s\n\n", plan->what);
    add_objects(plan, t->targets, out);
    buf_addf(out, "\n\nServers:  ");
    add_servers(plan, out);
    buf_addf(out, "\nChanges:  ");
    add_kinds(plan, out);
    buf_addf(out, "\nCalls:    %zu, each value is read again before it is overwritten", t->calls);
    if (t->hard)
        buf_addf(out, "\n%s", change_plan_warning(t, warning, sizeof warning));
    if (t->unchecked)
        buf_addf(out, "\n%zu value%s not known here: read when applied.", t->unchecked, t->unchecked == 1 ? " is" : "s are");
    if (t->refused + t->changed_since)
        buf_addf(out, "\n%zu refused: they are not sent.", t->refused + t->changed_since);
    if (stop_after > 0)
        buf_addf(out, "\nStops after %d failure%s.", stop_after, stop_after == 1 ? "" : "s");
    buf_addf(out, "\nIt can be undone from Changes (5).\n");
}

void changes_ask_apply(struct ui *ui, int stop_after)
{
    static const char *const buttons[] = { "Yes, apply", "Stop at first failure", "Cancel" };
    static const char *const number_buttons[] = { "Apply", "Cancel" };
    const struct change_plan *plan = changes_plan(ui);
    struct question *question = x_alloc(sizeof *question);
    struct plan_totals t;
    struct buf title = { 0 }, text = { 0 };
    char label[80];
    struct dialog_field field = { label, true };

    change_plan_totals(plan, &t);
    *question = (struct question){ stop_after, t.targets };
    buf_addf(&title, "Apply %zu change%s on %zu server%s", t.steps, t.steps == 1 ? "" : "s", t.servers, t.servers == 1 ? "" : "s");
    change_plan_labels(plan, &ui->known.cautions, &title);
    describe(ui, plan, &t, stop_after, &text);
    switch (change_plan_question(plan, &t, &ui->known.cautions, ui->options->guard_targets)) {
    case PLAN_ASK_LINE:
        buf_adds(&title, "?");
        ui_ask_line(ui, buf_at(&title), yes, question, free);
        break;
    case PLAN_ASK_BOX:
        ui_dialog(ui, buf_at(&title), buf_at(&text), buttons, 3, 2, NULL, 0, box_answer, question);
        break;
    case PLAN_ASK_NUMBER:
        snprintf(label, sizeof label, "Type the number of objects (%zu):", t.targets);
        ui_dialog(ui, buf_at(&title), buf_at(&text), number_buttons, 2, 1, &field, 1, number_answer, question);
        break;
    }
    buf_done(&title);
    buf_done(&text);
}
