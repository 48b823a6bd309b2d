/* plan_pane.c - the pane of the plan: one line per target under its server, what is skipped and why, and the call in words. It draws
 * itself from the plan in memory: texts are made only for the lines that are seen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "changes.h"
#include "complete.h"
#include "ipamtui/ui_changes.h"
#include "ipamtui/text.h"
#include "screen.h"

struct plan_view {
    const struct change_plan *of; /* lines were made from this one */
    struct arena mem;
    const struct plan_line *lines;
    size_t count, at, top;
    int height;
    server_id *folded;
    size_t folded_count, folded_cap;
    struct plan_totals totals;
    char summary[300];
};
static struct plan_view view; /* there is one screen */

/* ------------------------------------------------------------------ lines */
static bool is_folded(void *ctx, server_id server)
{
    (void)ctx;
    for (size_t i = 0; i < view.folded_count; i++) {
        if (view.folded[i] == server)
            return true;
    }
    return false;
}

static void make_lines(const struct change_plan *plan)
{
    arena_reset(&view.mem);
    view.lines = NULL;
    view.count = 0;
    view.totals = (struct plan_totals){ 0 };
    view.summary[0] = '\0';
    if (plan) { /* once a plan, not once a frame: it may have 40,000 steps */
        view.lines = change_plan_lines(plan, is_folded, NULL, &view.mem, &view.count);
        change_plan_totals(plan, &view.totals);
        change_plan_summary(plan, view.summary, sizeof view.summary);
    }
    view.of = plan;
    view.at = view.count ? MIN(view.at, view.count - 1) : 0;
}

void plan_pane_changed(struct ui *ui)
{
    bool other = view.of && view.of != changes_plan(ui) && ui->changes->other;

    if (other)
        view.at = view.top = 0;
    make_lines(changes_plan(ui));
    ui_dirty(ui);
}

void plan_pane_done(void)
{
    arena_done(&view.mem);
    free(view.folded);
    view = (struct plan_view){ 0 };
}

static const struct plan_line *current(struct ui *ui)
{
    if (view.of != changes_plan(ui))
        make_lines(changes_plan(ui));
    return view.at < view.count ? &view.lines[view.at] : NULL;
}

static void move_to(int64_t at)
{
    view.at = view.count == 0 || at < 0 ? 0 : MIN((size_t)at, view.count - 1);
}

/* ------------------------------------------------------------------ drawing */
static enum look look_of(char mark)
{
    return mark == '!' ? LOOK_BAD : mark == '-' ? LOOK_WARN : mark == '+' ? LOOK_GOOD : mark == '=' ? LOOK_DIM : LOOK_NORMAL;
}

static int widest(const struct change_plan *plan, int w)
{
    (void)plan;
    return w >= 120 ? 34 : w >= 90 ? 28 : 25;
}

static void draw_line(const struct ui *ui, const struct change_plan *plan, size_t at, int y, struct rect r, bool focused)
{
    const struct plan_line *line = &view.lines[at];
    struct arena mem = { 0 };
    struct plan_text t;
    int object_w = widest(plan, r.w), x = 2;
    enum look look;

    change_plan_text(plan, line, &mem, &t);
    look = focused ? LOOK_CURSOR : look_of(t.mark);
    screen_put(y, r.x, r.w, focused ? LOOK_CURSOR : LOOK_NORMAL, focused ? glyph(GLYPH_CURSOR) : "");
    if (line->kind == PLAN_LINE_SERVER) {
        char text[300];

        const char *label = caution_label(&ui->known.cautions, line->server);

        snprintf(text, sizeof text, label[0] ? "%s %s [%s]   %s%s" : "%s %s%s   %s%s", line->folded ? "[+]" : "[-]", t.server, label,
                 t.what, line->folded ? ", folded" : "");
        screen_text(y, r.x + x, r.w - x, focused ? LOOK_CURSOR : LOOK_TITLE, text);
    } else {
        char mark[2] = { t.mark, '\0' };

        screen_text(y, r.x + x, 1, look, mark);
        x += 2;
        if (line->kind == PLAN_LINE_NOTE) {
            screen_text(y, r.x + x, 12, look, t.server);
            x += 13;
        }
        screen_text(y, r.x + x, object_w, look, t.object);
        x += object_w + 1;
        screen_text(y, r.x + x, r.w - x, look, t.what);
    }
    if (focused)
        screen_cursor(y, r.x);
    arena_done(&mem);
}

static void detail(struct rect r, int *y, enum look look, const char *text)
{
    /* Long values go on in the next line, indented. */
    const char *at = text;
    bool first = true;

    while (*y < r.y + r.h) {
        int w = first ? r.w : r.w - 4;
        size_t cut = ui_wrap(at, MAX(w, 8));
        char *part = x_strndup(at, cut);

        screen_text((*y)++, first ? r.x : r.x + 4, w, look, part);
        free(part);
        at += cut;
        at += strspn(at, " ");
        first = false;
        if (!*at)
            break;
    }
}

static void draw_call(const struct change_plan *plan, const struct plan_line *line, struct rect r, int *y)
{
    for (size_t i = 0, n; i < line->count; i += n) {
        const struct change_step *first = &plan->steps[line->first + i];
        struct buf text = { 0 };

        for (n = 1; i + n < line->count && plan->steps[line->first + i + n].call == first->call; n++)
            ;
        change_call_show(first, n, &text);
        detail(r, y, LOOK_DIM, buf_at(&text));
        buf_done(&text);
    }
}

static void draw_details(struct ui *ui, const struct change_plan *plan, struct rect r)
{
    const struct plan_line *line = current(ui);
    struct arena mem = { 0 };
    struct plan_text t;
    char text[1200];
    int y = r.y;

    if (!line || r.h <= 0)
        return;
    change_plan_text(plan, line, &mem, &t);
    snprintf(text, sizeof text, "%s%s%s", t.server, t.object[0] ? " " : "", t.object);
    if (ui->layout.beside) {
        screen_put(y, r.x, r.w, LOOK_TITLE, text);
        y += 2;
    } else {
        char title[400];

        snprintf(title, sizeof title, " %.380s ", text);
        screen_text(ui->layout.rule.y, ui->layout.rule.x + 2, ui->layout.rule.w - 4, LOOK_TITLE, title);
    }
    if (line->kind == PLAN_LINE_TARGET) {
        for (size_t i = 0; i < line->count; i++) {
            const struct change_step *step = &plan->steps[line->first + i];
            char what[700];

            snprintf(text, sizeof text, "%c %s%s", step->op == OP_SET ? '~' : step->op == OP_ADD ? '+' : '-',
                     change_step_show(step, what, sizeof what),
                     step->op == OP_SET && step->before.type == VALUE_NULL ? " (not known yet: checked when applied)" : "");
            detail(r, &y, LOOK_NORMAL, text);
        }
        draw_call(plan, line, r, &y);
    } else if (line->kind == PLAN_LINE_NOTE) {
        detail(r, &y, t.mark == '!' ? LOOK_BAD : LOOK_NORMAL, t.what);
    } else {
        snprintf(text, sizeof text, "%s to change here; Enter folds, x takes them all out", t.what);
        detail(r, &y, LOOK_NORMAL, text);
    }
    arena_done(&mem);
}

static void draw_title(struct ui *ui, const struct change_plan *plan)
{
    struct rect r = ui->layout.title;
    struct changes *changes = ui->changes;
    char left[600], place[60] = "";

    if (changes && changes->other)
        snprintf(left, sizeof left, "Plan %s %s of change %lld (not kept yet)", glyph(GLYPH_CRUMB), changes->other->relation,
                 (long long)changes->other->of);
    else
        snprintf(left, sizeof left, "Plan %s pending%s%s", glyph(GLYPH_CRUMB), plan && plan->what[0] ? ": " : "", plan ? plan->what : "");
    if (view.count > 0)
        snprintf(place, sizeof place, "line %zu of %zu", view.at + 1, view.count);
    screen_put(r.y, r.x, r.w - text_width(place) - 1, LOOK_TITLE, left);
    screen_put_right(r.y, r.x + r.w - text_width(place), text_width(place), LOOK_NORMAL, place);
}

static void draw_empty(struct ui *ui)
{
    struct rect r = ui->layout.list;
    char text[300];

    if (ui->changes && ui->changes->edit) { /* a large one takes a moment */
        snprintf(text, sizeof text, "Planning %.270s ...", ui->changes->edit);
        screen_text(r.y + 1, r.x + 3, r.w - 3, LOOK_NORMAL, text);
        return;
    }
    screen_text(r.y + 1, r.x + 3, r.w - 3, LOOK_NORMAL, "Nothing is planned.");
    if (r.h > 3)
        screen_text(r.y + 2, r.x + 3, r.w - 3, LOOK_DIM, "In Scopes (2): mark rows with Space and press e, or c l for one property.");
}

static void plan_draw(struct ui *ui)
{
    const struct change_plan *plan = changes_plan(ui);
    struct rect list = ui->layout.list, head = ui->layout.head;
    char summary[320];

    current(ui);
    draw_title(ui, plan);
    if (head.h) {
        bool problems = view.totals.refused + view.totals.changed_since > 0;

        snprintf(summary, sizeof summary, "  %s", view.summary);
        screen_put(head.y, head.x, head.w, problems ? LOOK_WARN : LOOK_HEAD, summary);
    }
    if (!plan || view.count == 0) {
        draw_empty(ui);
        return;
    }
    view.height = MAX(list.h, 1);
    if (view.at < view.top)
        view.top = view.at;
    if (view.at >= view.top + (size_t)view.height)
        view.top = view.at - (size_t)view.height + 1;
    if (view.top + (size_t)view.height > view.count)
        view.top = view.count > (size_t)view.height ? view.count - (size_t)view.height : 0;
    for (int i = 0; i < list.h && view.top + (size_t)i < view.count; i++)
        draw_line(ui, plan, view.top + (size_t)i, list.y + i, list, view.top + (size_t)i == view.at);
    if (ui->layout.preview.h > 0) {
        if (ui->layout.beside)
            screen_rule_down(ui->layout.rule.y, ui->layout.rule.x, ui->layout.rule.h);
        else
            screen_rule(ui->layout.rule.y, ui->layout.rule.x, ui->layout.rule.w);
        draw_details(ui, plan, ui->layout.preview);
    }
}

static bool plan_click(struct ui *ui, int line)
{
    size_t at = view.top + (size_t)MAX(line, 0);
    bool was_there = at == view.at;

    current(ui);
    if (line < 0 || line >= view.height || at >= view.count)
        return false;
    move_to((int64_t)at);
    return was_there;
}

static const char *const plan_hints[] = { "plan-undo", "help", "quit", NULL };
static const struct pane_canvas plan_canvas = { .draw = plan_draw, .click = plan_click, .hints = plan_hints };

/* ------------------------------------------------------------------ commands: moving */
#define MOVE(name, where)                                       \
    static bool name(struct command_call *call, struct err *err) \
    {                                                           \
        (void)err;                                              \
        current(call->ui);                                      \
        move_to(where);                                         \
        return true;                                            \
    }
MOVE(cursor_down, (int64_t)view.at + 1)
MOVE(cursor_up, (int64_t)view.at - 1)
MOVE(page_down, (int64_t)view.at + view.height)
MOVE(page_up, (int64_t)view.at - view.height)
MOVE(half_down, (int64_t)view.at + view.height / 2)
MOVE(half_up, (int64_t)view.at - view.height / 2)
MOVE(cursor_first, 0)
MOVE(cursor_last, (int64_t)1 << 40)

/* Does the operator have to look at it: refused, changed since, or a value nobody knows here? */
static bool is_problem(const struct change_plan *plan, const struct plan_line *line)
{
    if (line->kind == PLAN_LINE_NOTE)
        return plan->notes[line->first].kind == PLAN_REFUSED || plan->notes[line->first].kind == PLAN_CHANGED_SINCE;
    for (size_t i = 0; line->kind == PLAN_LINE_TARGET && i < line->count; i++) {
        const struct change_step *step = &plan->steps[line->first + i];

        if (step->op == OP_SET && step->before.type == VALUE_NULL)
            return true;
    }
    return false;
}

static bool is_server(const struct change_plan *plan, const struct plan_line *line)
{
    (void)plan;
    return line->kind == PLAN_LINE_SERVER;
}

static bool find_line(struct ui *ui, int step, bool (*wanted)(const struct change_plan *, const struct plan_line *), const char *none)
{
    current(ui);
    for (int64_t i = (int64_t)view.at + step; i >= 0 && i < (int64_t)view.count; i += step) {
        if (wanted(changes_plan(ui), &view.lines[i])) {
            move_to(i);
            return true;
        }
    }
    ui_say(ui, LOOK_NORMAL, none, step > 0 ? "further down" : "above");
    return true;
}

#define FIND(name, step, wanted, none)                           \
    static bool name(struct command_call *call, struct err *err) \
    {                                                            \
        (void)err;                                               \
        return find_line(call->ui, step, wanted, none);          \
    }
FIND(next_problem, 1, is_problem, "No problem %s: nothing refused, nothing unknown")
FIND(previous_problem, -1, is_problem, "No problem %s")
FIND(next_server, 1, is_server, "No server %s")
FIND(previous_server, -1, is_server, "No server %s")

static void fold(server_id server, bool on)
{
    for (size_t i = 0; i < view.folded_count; i++) {
        if (view.folded[i] == server) {
            if (!on)
                view.folded[i] = view.folded[--view.folded_count];
            return;
        }
    }
    if (!on)
        return;
    x_grow(&view.folded, &view.folded_cap, view.folded_count + 1, sizeof *view.folded);
    view.folded[view.folded_count++] = server;
}

static void go_server(server_id server)
{
    for (size_t i = 0; i < view.count; i++) {
        if (view.lines[i].kind == PLAN_LINE_SERVER && view.lines[i].server == server)
            view.at = i;
    }
}

static bool plan_fold(struct command_call *call, struct err *err)
{
    const struct plan_line *line = current(call->ui);
    server_id server;

    if (!line || line->kind == PLAN_LINE_NOTE)
        return err_set(err, ERR_INPUT, "", "this line belongs to no server of the plan");
    server = line->server;
    fold(server, !is_folded(NULL, server));
    make_lines(changes_plan(call->ui));
    go_server(server);
    return true;
}

static bool plan_fold_all(struct command_call *call, struct err *err)
{
    const struct plan_line *line = current(call->ui);
    const struct change_plan *plan = changes_plan(call->ui);
    server_id server = line ? line->server : 0;
    bool on = view.folded_count == 0;

    (void)err;
    view.folded_count = 0;
    for (size_t i = 0; plan && on && i < plan->count; i++) {
        if (i == 0 || plan->steps[i].server != plan->steps[i - 1].server)
            fold(plan->steps[i].server, true);
    }
    make_lines(plan);
    go_server(server);
    return true;
}

/* ------------------------------------------------------------------ commands: the plan */
static bool plan_drop(struct command_call *call, struct err *err)
{
    const struct plan_line *line = current(call->ui);

    if (!line || line->kind == PLAN_LINE_NOTE)
        return err_set(err, ERR_INPUT, "", line ? "this line is not sent anyway" : "the plan is empty");
    changes_take_out(call->ui, &changes_plan(call->ui)->steps[line->first], line->kind == PLAN_LINE_SERVER);
    ui_say(call->ui, LOOK_NORMAL, "Taken out of the plan (u brings it back)");
    return true;
}

static void drop_all(struct ui *ui, void *ctx)
{
    struct changes *changes = ui->changes;

    (void)ctx;
    if (changes->other) {
        changes_show_other(ui, NULL);
    } else {
        changes_remember(changes);
        desk_drop(changes->desk, 0, NULL, NULL);
    }
    ui_say(ui, LOOK_NORMAL, "The plan is dropped; nothing was sent");
}

static bool has_plan(struct ui *ui, struct err *err)
{
    const struct change_plan *plan = changes_plan(ui);

    if (!plan || !ui->changes->desk)
        return err_set(err, ERR_IO, "", "the plan has not been read yet");
    if (ui->changes->edit)
        return err_set(err, ERR_CONFLICT, "", "%.100s is still being planned: in a moment", ui->changes->edit);
    return plan->count > 0 || err_set(err, ERR_INPUT, "", "the plan is empty: e or c on marked rows fills it");
}

static bool plan_drop_all(struct command_call *call, struct err *err)
{
    char text[120];

    if (!has_plan(call->ui, err))
        return false;
    snprintf(text, sizeof text, "Drop all %zu changes of this plan?", changes_plan(call->ui)->count);
    ui_ask_line(call->ui, text, drop_all, NULL, NULL);
    return true;
}

static bool plan_apply(struct command_call *call, struct err *err)
{
    struct changes *changes = call->ui->changes;
    int stop_after = 0;
    char keys[32];

    if (!has_plan(call->ui, err))
        return false;
    if (changes->applying)
        return err_set(err, ERR_CONFLICT, "", "change %lld is being applied; wait for its end, or %s stops it", (long long)changes->change,
                       changes_stop_key(call->ui, keys, sizeof keys));
    if (call->args[0]) {
        char *end;
        unsigned long n = strtoul(call->args, &end, 10);

        if (*end || n == 0 || n > 1000000)
            return err_set(err, ERR_INPUT, call->args, "a number of failures after which to stop is expected");
        stop_after = (int)n;
    }
    changes_ask_apply(call->ui, stop_after);
    return true;
}

static bool plan_keep(struct command_call *call, struct err *err)
{
    struct changes *changes = call->ui->changes;

    if (!changes || !changes->other)
        return err_set(err, ERR_INPUT, "", "this plan is kept already");
    changes_remember(changes);
    desk_pend(changes->desk, changes->other);
    changes_show_other(call->ui, NULL);
    ui_say(call->ui, LOOK_NORMAL, "Added to the pending plan");
    return true;
}

/* Files are written on the errand thread, from a copy. */
struct save_job {
    struct ui *ui;
    struct change_plan *plan;
    char *path;
};

static bool save_work(struct store *store, void *ctx, struct err *err)
{
    struct save_job *job = ctx;

    (void)store;
    return change_plan_save(job->plan, job->path, err);
}

static void save_over(void *ctx, bool ok, const struct err *err)
{
    struct save_job *job = ctx;

    if (ok)
        ui_say(job->ui, LOOK_NORMAL, "%zu changes written to %s; `ipamtui apply` takes it", job->plan->count, job->path);
    else if (err->kind != ERR_CANCELLED)
        ui_error(job->ui, err);
    change_plan_free(job->plan);
    free(job->path);
    free(job);
}

static void save_start(struct ui *ui, void *path)
{
    struct save_job *job;

    if (!changes_plan(ui))
        return;
    job = x_alloc(sizeof *job);
    *job = (struct save_job){ ui, change_plan_copy(changes_plan(ui)), x_strdup(path) };
    ui_errand_file(ui, save_work, save_over, job);
}

static void save_to(struct ui *ui, const char *typed)
{
    char *path = path_expand(typed), text[400];

    if (access(path, F_OK) == 0) {
        const char *name = strrchr(path, '/'); /* the line has no room for more */

        snprintf(text, sizeof text, "%.300s is there already. Overwrite it?", name ? name + 1 : path);
        ui_ask_line(ui, text, save_start, path, free);
        return;
    }
    save_start(ui, path);
    free(path);
}

static void save_accept(struct ui *ui, const char *text, void *ctx)
{
    (void)ctx;
    if (text[0])
        save_to(ui, text);
}

static void save_complete(struct ui *ui, const char *text, size_t at, size_t *from, struct word_list *out, void *ctx)
{
    (void)ui;
    (void)ctx;
    *from = 0;
    path_words(text, at, out);
}

static const struct prompt_ops save_prompt = { .accept = save_accept, .complete = save_complete };

static bool plan_save(struct command_call *call, struct err *err)
{
    char label[100];

    if (!has_plan(call->ui, err))
        return false;
    if (call->args[0]) {
        save_to(call->ui, call->args);
        return true;
    }
    snprintf(label, sizeof label, "Write %zu changes to (CSV): ", changes_plan(call->ui)->count);
    ui_prompt(call->ui, &save_prompt, label, "plan.csv", NULL, NULL);
    return true;
}

/* What one line says, or the call that it makes. */
static bool plan_copy(struct command_call *call, struct err *err)
{
    const struct plan_line *line = current(call->ui);
    const struct change_plan *plan = changes_plan(call->ui);
    struct buf text = { 0 };

    if (!line)
        return err_set(err, ERR_INPUT, "", "the plan is empty");
    if (line->kind == PLAN_LINE_TARGET) {
        change_call_show(&plan->steps[line->first], line->count, &text);
    } else {
        struct arena mem = { 0 };
        struct plan_text t;

        change_plan_text(plan, line, &mem, &t);
        buf_addf(&text, "%s %s %s", t.server, t.object, t.what);
        arena_done(&mem);
    }
    if (screen_copy(buf_at(&text), text.len))
        ui_say(call->ui, LOOK_NORMAL, "The line is copied, as the call it makes");
    buf_done(&text);
    return true;
}

static bool plan_refresh(struct command_call *call, struct err *err)
{
    (void)err;
    plan_pane_changed(call->ui);
    return true;
}

static const struct command rows[] = {
    { .name = "apply", .args = "[stop-after]", .help = "Send this plan to the servers; asks first; a number stops after so many failures", .label = "Apply", .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = plan_apply },
    { .name = "plan-drop", .help = "Take the target, or the whole server, out of the plan", .label = "Drop", .group = GROUP_DATA, .run = plan_drop },
    { .name = "plan-drop-all", .help = "Drop the whole plan; nothing is sent", .label = "Drop all", .group = GROUP_DATA, .run = plan_drop_all },
    { .name = "plan-keep", .help = "Add this undo or retry to the pending plan instead of applying it now", .effect = EFFECT_PLAN, .group = GROUP_DATA, .run = plan_keep },
    { .name = "open", .help = "Fold or unfold the server", .label = "Fold", .group = GROUP_VIEW, .run = plan_fold },
    { .name = "plan-fold-all", .help = "Fold or unfold every server", .group = GROUP_VIEW, .run = plan_fold_all },
    { .name = "export", .args = "[file]", .help = "Write the plan to a file that `ipamtui apply` takes", .label = "Save", .group = GROUP_DATA, .run = plan_save, .complete = complete_file_arg },
    { .name = "copy-row", .help = "Copy the line as the PowerShell call it makes", .group = GROUP_DATA, .run = plan_copy },
    { .name = "find-next", .help = "Next problem: refused, changed since, or a value that is not known yet", .label = "Problem", .group = GROUP_LIST, .run = next_problem },
    { .name = "find-previous", .help = "Previous problem", .group = GROUP_LIST, .run = previous_problem },
    { .name = "next-server", .help = "Next server", .group = GROUP_LIST, .run = next_server },
    { .name = "previous-server", .help = "Previous server", .group = GROUP_LIST, .run = previous_server },
    { .name = "retrieve", .help = "Draw the plan anew", .group = GROUP_DATA, .run = plan_refresh },
    { .name = "cursor-down", .help = "Next line", .group = GROUP_GO, .run = cursor_down },
    { .name = "cursor-up", .help = "Previous line", .group = GROUP_GO, .run = cursor_up },
    { .name = "cursor-first", .help = "First line", .group = GROUP_GO, .run = cursor_first },
    { .name = "cursor-last", .help = "Last line", .group = GROUP_GO, .run = cursor_last },
    { .name = "page-down", .help = "A page down", .group = GROUP_GO, .run = page_down },
    { .name = "page-up", .help = "A page up", .group = GROUP_GO, .run = page_up },
    { .name = "half-page-down", .help = "Half a page down", .group = GROUP_GO, .run = half_down },
    { .name = "half-page-up", .help = "Half a page up", .group = GROUP_GO, .run = half_up },
};

/* The list below it is never shown: its filter (changes.c) leaves it without rows, so that what acts on rows says so. */
const struct pane_ops plan_pane = {
    .name = "plan",
    .noun = "change",
    .title = "Plan",
    .help = "What will be changed, as a diff, before anything is sent",
    .object = &catalog_change_steps,
    .commands = rows,
    .command_count = COUNT(rows),
    .empty = "Nothing is planned.",
    .canvas = &plan_canvas,
};
