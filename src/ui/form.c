/* form.c - the edit form: the fields of the marked rows, what each should become, and the plan live beside or below it. Only touched
 * fields change anything. Enter puts it into the plan; Esc keeps what was typed until the form is opened again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "ipamtui/text.h"
#include "screen.h"

enum form_do { DO_LEAVE, DO_SET, DO_ADD, DO_FRONT, DO_REPLACE, DO_CLEAR, DO_REMOVE, DO_COUNT };
static const char *const do_words[DO_COUNT] = { "leave", "set", "add", "in front", "replace", "clear", "remove" };

struct form_field {
    const struct object_type *object; /* of a child: its rows are added, removed, replaced */
    int property;                     /* -1: rows of the child */
    char *now;
    enum form_do what;
    struct edit text;
    char error[256];
};
/* What was typed in a form that was left. */
struct form_draft {
    const struct object_type *object;
    size_t count;
    struct { int property; enum form_do what; char *text; } rows[64];
};
struct form {
    struct overlay overlay;
    struct ui *ui;
    const struct object_type *object;
    row_id *ids;
    size_t id_count, hidden;
    struct change_targets *targets; /* NULL until they are here */
    uint64_t targets_asked, preview_asked;
    bool preview_again;
    struct arena mem; /* fields' texts */
    struct form_field *fields;
    size_t count, at, top;
    bool typing;      /* the cursor is in the new value, else on what to do */
    struct change_plan *plan;
    struct plan_totals totals;
    struct err err;   /* of the preview */
    struct arena lines_mem;
    const struct plan_line *lines;
    size_t line_count, line_top;
    int line_rows;
};
/* Targets whose answer is still to come when the form is closed. */
struct retired {
    struct retired *next;
    struct change_targets *targets;
    uint64_t waits_for;
};
static struct retired *retired;

void form_retire(struct ui *ui, uint64_t answered)
{
    (void)ui;
    for (struct retired **at = &retired; *at;) {
        struct retired *old = *at;

        if (old->waits_for > answered) {
            at = &old->next;
            continue;
        }
        *at = old->next;
        change_targets_free(old->targets);
        free(old);
    }
}

void form_draft_free(struct form_draft *draft)
{
    for (size_t i = 0; draft && i < draft->count; i++)
        free(draft->rows[i].text);
    free(draft);
}

/* ------------------------------------------------------------------ what a field may do */
static const struct property *property_of(const struct form_field *field)
{
    return field->property >= 0 ? &field->object->properties[field->property] : NULL;
}

static bool is_choice(const struct form_field *field)
{
    const struct property *p = property_of(field);

    return p && (p->kind == KIND_ENUM || p->kind == KIND_BOOL);
}

static bool offers(const struct form_field *field, enum form_do what)
{
    const struct property *p = property_of(field);
    bool text = p && p->kind == KIND_TEXT && !p->values;

    switch (what) {
    case DO_LEAVE: return true;
    case DO_SET: return p != NULL;
    case DO_ADD: return text || !p;
    case DO_FRONT:
    case DO_CLEAR: return text;
    case DO_REPLACE: return !is_choice(field);
    case DO_REMOVE: return !p;
    default: return false;
    }
}

static bool has_text(const struct form_field *field)
{
    return field->what != DO_LEAVE && field->what != DO_CLEAR && !is_choice(field);
}

static void next_do(struct form_field *field)
{
    do
        field->what = (enum form_do)((field->what + 1) % DO_COUNT);
    while (!offers(field, field->what));
}

/* Space on words: leave, the first, the second ... and leave again. */
static void next_word(struct form_field *field)
{
    static const char *const yes_no[] = { "yes", "no", NULL };
    const struct property *p = property_of(field);
    const char *const *words = p->kind == KIND_BOOL ? yes_no : p->values;
    size_t i = 0;

    if (field->what == DO_LEAVE) {
        field->what = DO_SET;
        edit_set(&field->text, words[0]);
        return;
    }
    while (words[i] && strcmp(words[i], edit_text(&field->text)) != 0)
        i++;
    if (!words[i] || !words[i + 1]) {
        field->what = DO_LEAVE;
        edit_set(&field->text, "");
    } else {
        edit_set(&field->text, words[i + 1]);
    }
}

/* ------------------------------------------------------------------ edits */
/* "/old/new/", "old -> new": both halves in mem. */
static bool split(const char *text, struct arena *mem, const char **old, const char **new)
{
    char *copy = arena_strdup(mem, text), *at;

    if (copy[0] == '/') {
        *old = copy + 1;
        if (!(at = strchr(copy + 1, '/')))
            return false;
        *at = '\0';
        *new = at + 1;
        if ((at = strchr(at + 1, '/')))
            *at = '\0';
        return (*old)[0] != '\0';
    }
    if (!(at = strstr(copy, "->")))
        return false;
    *new = at + 2 + strspn(at + 2, " ");
    while (at > copy && at[-1] == ' ')
        at--;
    *at = '\0';
    *old = copy;
    return copy[0] != '\0';
}

/* false: err says why, or the field is not filled in yet (kind NONE). */
static bool field_edit(struct form *form, const struct form_field *field, struct arena *mem, struct change_edit *out, struct err *err)
{
    const char *text = edit_text(&field->text);
    struct change_edit edit = { .object = field->object, .property = field->property, .text = text };
    bool rows = field->property < 0;

    switch (field->what) {
    case DO_SET: edit.how = EDIT_SET; break;
    case DO_ADD: edit.how = rows ? EDIT_ROW_ADD : EDIT_APPEND; break;
    case DO_FRONT: edit.how = EDIT_PREPEND; break;
    case DO_CLEAR: edit.how = EDIT_SET; edit.text = ""; break;
    case DO_REMOVE: edit.how = EDIT_ROW_REMOVE; edit.find = text; edit.text = NULL; break;
    case DO_REPLACE:
        edit.how = rows ? EDIT_ROW_REPLACE : EDIT_REPLACE;
        if (text[0] && !split(text, mem, &edit.find, &edit.text))
            return err_set(err, ERR_INPUT, "", "write old -> new, or /old/new/");
        break;
    default: return false;
    }
    if (text[0] == '\0' && field->what != DO_CLEAR)
        return false; /* nothing typed yet */
    if (!change_edit_check(form->object, &edit, err))
        return false;
    *out = edit;
    return true;
}

/* All edits of the form; *bad: a field cannot be used as it stands. */
static size_t form_edits(struct form *form, struct arena *mem, struct change_edit *edits, bool *bad)
{
    size_t count = 0;

    *bad = false;
    for (size_t i = 0; i < form->count; i++) {
        struct form_field *field = &form->fields[i];
        struct err err = { 0 };

        field->error[0] = '\0';
        if (field_edit(form, field, mem, &edits[count], &err))
            count++;
        else if (err.kind != ERR_NONE) {
            snprintf(field->error, sizeof field->error, "%s", err.text);
            *bad = true;
        }
    }
    return count;
}

static void ask_preview(struct form *form)
{
    struct arena mem = { 0 };
    struct change_edit *edits;
    size_t count;
    bool bad;

    if (!form->targets)
        return;
    if (form->preview_asked) {
        form->preview_again = true;
        return;
    }
    edits = x_calloc(form->count + 1, sizeof *edits);
    count = form_edits(form, &mem, edits, &bad);
    if (count > 0) {
        form->preview_asked = desk_preview(form->ui->changes->desk, form->targets, edits, count);
    } else {
        change_plan_free(form->plan);
        form->plan = NULL;
        form->line_count = form->line_top = 0;
        form->err = (struct err){ 0 };
    }
    free(edits);
    arena_done(&mem);
}

static void form_changed(struct form *form)
{
    struct change_edit *edits = x_calloc(form->count + 1, sizeof *edits);
    struct arena mem = { 0 };
    bool bad;

    form_edits(form, &mem, edits, &bad); /* says what is wrong while it is typed */
    free(edits);
    arena_done(&mem);
    ask_preview(form);
    ui_dirty(form->ui);
}

/* ------------------------------------------------------------------ fields */
static struct form_field *add_field(struct form *form, size_t *cap, const struct object_type *object, int property, const char *now)
{
    struct form_field *field;

    x_grow(&form->fields, cap, form->count + 1, sizeof *form->fields);
    field = &form->fields[form->count++];
    *field = (struct form_field){ .object = object, .property = property, .now = arena_strdup(&form->mem, now) };
    edit_init(&field->text, "", false, NULL);
    return field;
}

/* Types whose rows can be made and removed below those of object. */
static bool is_child(const struct object_type *child, const struct object_type *object)
{
    int mine[8], theirs[8];
    size_t n = journal_key_places(object, mine, COUNT(mine)), m = journal_key_places(child, theirs, COUNT(theirs));

    if (child == object || !child->add || n == 0 || n >= m)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(object->properties[mine[i]].name, child->properties[theirs[i]].name) != 0)
            return false;
    }
    return true;
}

static void add_children(struct form *form, size_t *cap)
{
    for (size_t o = 0; catalog_objects[o]; o++) {
        const struct object_type *child = catalog_objects[o];
        size_t all = 0, with = 0;
        char now[120];

        if (!is_child(child, form->object))
            continue;
        for (size_t i = 0; i < change_targets_count(form->targets); i++) {
            const struct row *first;
            size_t n = change_targets_children(form->targets, i, child, &first);

            all += n;
            with += n > 0;
        }
        snprintf(now, sizeof now, all ? "%zu on %zu %s%s" : "none", all, with, form->object->noun, with == 1 ? "" : "s");
        add_field(form, cap, child, -1, now);
    }
}

static void apply_draft(struct form *form)
{
    struct form_draft *draft = form->ui->changes->draft;

    for (size_t i = 0; draft && draft->object == form->object && i < draft->count; i++) {
        for (size_t f = 0; f < form->count; f++) {
            struct form_field *field = &form->fields[f];

            if (field->property != draft->rows[i].property || !offers(field, draft->rows[i].what))
                continue;
            field->what = draft->rows[i].what;
            edit_set(&field->text, draft->rows[i].text);
        }
    }
}

static void make_fields(struct form *form)
{
    size_t cap = 0, count;
    const struct change_field *list = change_fields(form->targets, &form->mem, &count);

    for (size_t i = 0; i < count; i++) {
        char now[300];

        change_field_show(form->targets, &list[i], now, sizeof now);
        add_field(form, &cap, form->object, list[i].property, now);
    }
    add_children(form, &cap);
    apply_draft(form);
}

/* ------------------------------------------------------------------ answers */
static void take_plan(struct form *form, struct desk_note *note)
{
    form->err = note->err;
    if (note->err.kind != ERR_NONE)
        return;
    change_plan_free(form->plan);
    form->plan = note->plan;
    form->totals = note->totals;
    note->plan = NULL;
    arena_reset(&form->lines_mem);
    form->lines = change_plan_lines(form->plan, NULL, NULL, &form->lines_mem, &form->line_count);
    form->line_top = MIN(form->line_top, form->line_count ? form->line_count - 1 : 0);
}

bool form_note(struct ui *ui, struct desk_note *note)
{
    struct form *form = ui->changes->form;

    if (!form)
        return false;
    if (note->kind == DESK_TARGETS && note->request == form->targets_asked) {
        if (note->err.kind != ERR_NONE) {
            ui_error(ui, &note->err);
            ui_drop(ui, &form->overlay);
            return true;
        }
        form->targets = note->targets;
        note->targets = NULL;
        make_fields(form);
        form_changed(form);
        return true;
    }
    if (note->kind != DESK_PREVIEW || note->request != form->preview_asked)
        return false;
    form->preview_asked = 0;
    take_plan(form, note);
    if (form->preview_again) {
        form->preview_again = false;
        ask_preview(form);
    }
    return true;
}

/* ------------------------------------------------------------------ drawing */
static void draw_field(struct form *form, size_t at, int y, struct rect r)
{
    const struct form_field *field = &form->fields[at];
    const struct property *p = property_of(field);
    bool here = at == form->at, touched = field->what != DO_LEAVE;
    int label_w = r.w >= 100 ? 22 : 18, now_w = r.w >= 100 ? 30 : 22, x = r.x;
    const char *label = p ? p->title : field->object->noun;
    char text[400];
    enum look look = touched ? LOOK_MARK : LOOK_NORMAL;

    snprintf(text, sizeof text, "%s %s", here ? glyph(GLYPH_CURSOR) : " ", p ? p->name : label);
    screen_put(y, x, label_w - 1, here ? LOOK_TITLE : look, text);
    x += label_w;
    screen_put(y, x, now_w - 1, LOOK_DIM, field->now);
    x += now_w;
    screen_put(y, x, 8, here && !form->typing ? LOOK_CURSOR : look, do_words[field->what]);
    if (here && !form->typing)
        screen_cursor(y, x);
    x += 9;
    if (has_text(field) || (is_choice(field) && touched)) {
        const char *typed = edit_text(&field->text);
        int w = r.x + r.w - x - 2, cursor;
        char *before = x_strndup(typed, field->text.at);

        cursor = text_width(before);
        while (cursor > w - 1 && *typed) {
            const char *next = typed;

            cursor -= text_rune_width(text_next(&next, typed + strlen(typed)));
            typed = next;
        }
        free(before);
        screen_text(y, x, 1, LOOK_DIM, is_choice(field) ? "" : "[");
        screen_put(y, x + 1, w, field->error[0] ? LOOK_ERROR : here && form->typing ? LOOK_MATCH : look, typed);
        screen_text(y, x + 1 + w, 1, LOOK_DIM, is_choice(field) ? "" : "]");
        if (here && form->typing)
            screen_cursor(y, x + 1 + cursor);
    }
}

/* What is wrong, or what may be typed here. */
static void hint(const struct form *form, char *out, size_t size)
{
    const struct form_field *field = form->count ? &form->fields[form->at] : NULL;
    const struct property *p = field ? property_of(field) : NULL;

    out[0] = '\0';
    if (!field)
        return;
    if (field->error[0])
        snprintf(out, size, "%s", field->error);
    else if (field->what == DO_REPLACE)
        snprintf(out, size, "old -> new, or /old/new/%s", p && p->kind == KIND_TEXT ? "; blanks count in the second" : "");
    else if (!p && field->what != DO_LEAVE)
        snprintf(out, size, field->what == DO_REMOVE ? "A range, or all; .10-.20 is meant within each %s" : "A range; .10-.20 is meant within each %s", form->object->noun);
    else if (p && p->kind == KIND_ENUM && p->values) {
        size_t used = (size_t)snprintf(out, size, "%s: Space goes through", p->help);

        for (size_t i = 0; p->values[i] && used < size; i++)
            used += (size_t)snprintf(out + used, size - used, "%s %s", i ? "," : "", p->values[i]);
    } else if (p)
        snprintf(out, size, "%s%s", p->help, p->kind == KIND_IPV4 ? "; .20 is meant within each network" : p->kind == KIND_DURATION ? "; 8h, 4d, unlimited" : "");
}

static void draw_plan_line(struct form *form, size_t at, int y, struct rect r, bool wide)
{
    struct arena mem = { 0 };
    struct plan_text t;
    char text[900];
    enum look look;

    change_plan_text(form->plan, &form->lines[at], &mem, &t);
    look = t.mark == '!' ? LOOK_BAD : t.mark == '=' ? LOOK_DIM : t.mark == '>' ? LOOK_TITLE : LOOK_NORMAL;
    if (form->lines[at].kind == PLAN_LINE_SERVER)
        snprintf(text, sizeof text, "%s   %s", t.server, t.what);
    else if (form->lines[at].kind == PLAN_LINE_NOTE)
        snprintf(text, sizeof text, "%c %s %s %s", t.mark, t.server, t.object, t.what);
    else
        snprintf(text, sizeof text, wide ? "%c %.24s  %s" : "%c %.24s  %s", t.mark, t.object, t.what);
    screen_put(y, r.x, r.w, look, text);
    arena_done(&mem);
}

/* Refused ones first: they decide whether the form is right. */
static size_t line_at(const struct form *form, size_t place)
{
    size_t notes = 0;

    for (size_t i = form->line_count; i > 0 && form->lines[i - 1].kind == PLAN_LINE_NOTE; i--)
        notes++;
    if (form->totals.refused == 0)
        return place;
    return place < notes ? form->line_count - notes + place : place - notes;
}

static void draw_plan(struct form *form, struct rect r, bool wide)
{
    char text[300] = " plan: ";

    if (form->err.kind != ERR_NONE)
        snprintf(text, sizeof text, " %s ", form->err.text);
    else if (form->plan)
        change_plan_summary(form->plan, text + strlen(text), sizeof text - strlen(text) - 1);
    else
        snprintf(text, sizeof text, " nothing is changed yet ");
    if (!wide)
        screen_rule(r.y, r.x, r.w);
    screen_text(r.y, r.x + (wide ? 0 : 1), r.w - 1, form->err.kind != ERR_NONE ? LOOK_ERROR : LOOK_TITLE, text);
    form->line_rows = MAX(r.h - 1, 1);
    if (!form->plan)
        return;
    for (int i = 0; i < r.h - 1 && form->line_top + (size_t)i < form->line_count; i++) {
        size_t place = form->line_top + (size_t)i;

        if (i == r.h - 2 && place + 1 < form->line_count) {
            snprintf(text, sizeof text, "  ... %zu more (PgDn)", form->line_count - place);
            screen_put(r.y + 1 + i, r.x, r.w, LOOK_DIM, text);
        } else {
            draw_plan_line(form, line_at(form, place), r.y + 1 + i, r, wide);
        }
    }
}

static void form_draw(struct ui *ui, struct overlay *overlay)
{
    struct form *form = (struct form *)overlay;
    struct rect all, fields, plan;
    char text[400];
    int w, h, rows;
    bool wide;

    screen_size(&w, &h);
    all = (struct rect){ .y = ui->layout.title.y, .x = 0, .h = h - ui->layout.title.y, .w = w };
    wide = w >= LAYOUT_BESIDE_W && !ui->options->accessible;
    screen_fill(all, LOOK_NORMAL);
    snprintf(text, sizeof text, "%s %s edit %zu %s%s", ui_pane(ui)->ops->title, glyph(GLYPH_CRUMB), form->id_count, form->object->noun,
             form->id_count == 1 ? "" : "s");
    if (form->hidden)
        snprintf(text + strlen(text), sizeof text - strlen(text), " (%zu of them hidden by the filter)", form->hidden);
    screen_put(all.y, 0, w, LOOK_TITLE, text);
    fields = (struct rect){ .y = all.y + 2, .x = 0, .w = wide ? w * 3 / 5 : w };
    rows = h - fields.y - 2; /* hint and keys */
    fields.h = MIN((int)MAX(form->count, 1), wide ? rows : MAX(rows / 2, 3));
    plan = wide ? (struct rect){ .y = all.y + 1, .x = fields.w + 2, .h = rows + 1, .w = w - fields.w - 2 }
                : (struct rect){ .y = fields.y + fields.h, .x = 0, .h = rows - fields.h, .w = w };
    snprintf(text, sizeof text, "%-*s%-*s%-9sNew", fields.w >= 100 ? 22 : 18, "  Field", fields.w >= 100 ? 30 : 22, "Now", "Do");
    screen_put(all.y + 1, 0, fields.w, LOOK_HEAD, text);
    if (!form->targets)
        screen_text(fields.y, 2, w, LOOK_DIM, "Reading ...");
    if (form->at < form->top)
        form->top = form->at;
    if (form->at >= form->top + (size_t)fields.h)
        form->top = form->at - (size_t)fields.h + 1;
    for (int i = 0; i < fields.h && form->top + (size_t)i < form->count; i++)
        draw_field(form, form->top + (size_t)i, fields.y + i, fields);
    if (form->top + (size_t)fields.h < form->count)
        screen_text(fields.y + fields.h - 1, fields.w - 2, 2, LOOK_DIM, glyph(GLYPH_DOWN));
    if (wide)
        screen_rule_down(all.y + 1, fields.w, rows + 1);
    if (plan.h > 0)
        draw_plan(form, plan, wide);
    hint(form, text, sizeof text);
    screen_put(h - 2, 0, w, form->count && form->fields[form->at].error[0] ? LOOK_ERROR : LOOK_DIM, text);
    screen_put(h - 1, 0, w, LOOK_KEY, "Tab Next  Space Do  C-u Clear  C-r Leave all  PgDn Plan  Enter Plan it  Esc Close");
}

/* ------------------------------------------------------------------ keys */
static void keep_draft(struct form *form)
{
    struct changes *changes = form->ui->changes;
    struct form_draft *draft = x_alloc(sizeof *draft);

    draft->object = form->object;
    for (size_t i = 0; i < form->count && draft->count < COUNT(draft->rows); i++) {
        const struct form_field *field = &form->fields[i];

        if (field->what == DO_LEAVE)
            continue;
        draft->rows[draft->count].property = field->property;
        draft->rows[draft->count].what = field->what;
        draft->rows[draft->count++].text = x_strdup(edit_text(&field->text));
    }
    form_draft_free(changes->draft);
    changes->draft = NULL;
    if (draft->count == 0) {
        form_draft_free(draft);
        return;
    }
    changes->draft = draft;
    ui_say(form->ui, LOOK_NORMAL, "Nothing is planned; what was typed comes back with the next e");
}

static void form_accept(struct form *form)
{
    struct ui *ui = form->ui;
    struct changes *changes = ui->changes;
    struct command_call call = { .object = form->object, .ids = form->ids, .count = form->id_count, .ui = ui };
    struct change_edit *edits = x_calloc(form->count + 1, sizeof *edits);
    struct arena mem = { 0 };
    struct buf what = { 0 };
    struct err err = { 0 };
    bool bad;
    size_t count = form_edits(form, &mem, edits, &bad);

    for (size_t i = 0; bad && i < form->count; i++) {
        if (form->fields[i].error[0]) {
            form->at = i;
            break;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_adds(&what, ", ");
        change_edit_show(&edits[i], &what);
    }
    if (!bad && form->targets && form->err.kind == ERR_NONE) {
        if (count == 0) {
            ui_say(ui, LOOK_NORMAL, "No field was touched");
        } else if (changes_edit_rows(&call, edits, count, buf_at(&what), &err)) {
            form_draft_free(changes->draft);
            changes->draft = NULL;
        } else {
            ui_error(ui, &err);
        }
        ui_drop(ui, &form->overlay);
        if (count > 0 && ui_pane_find(ui, "plan") != SIZE_MAX)
            ui_run_line(ui, "plan");
    }
    free(edits);
    arena_done(&mem);
    buf_done(&what);
}

static void go(struct form *form, int64_t at)
{
    form->at = form->count == 0 || at < 0 ? 0 : MIN((size_t)at, form->count - 1);
    form->typing = false;
}

static void tab(struct form *form, bool back)
{
    struct form_field *field = &form->fields[form->at];

    if (!back && !form->typing && has_text(field)) {
        form->typing = true;
    } else if (back && form->typing) {
        form->typing = false;
    } else {
        go(form, (int64_t)((form->at + (back ? form->count - 1 : 1)) % form->count));
        form->typing = back && has_text(&form->fields[form->at]);
    }
}

static bool move_key(struct form *form, int key)
{
    switch (key) {
    case K_UP:
    case K_CTRL('p'): go(form, (int64_t)form->at - 1); return true;
    case K_DOWN:
    case K_CTRL('n'): go(form, (int64_t)form->at + 1); return true;
    case K_TAB: tab(form, false); return true;
    case K_BACKTAB: tab(form, true); return true;
    case K_PGDN:
        if (form->line_top + (size_t)form->line_rows < form->line_count)
            form->line_top += (size_t)form->line_rows - 1;
        return true;
    case K_PGUP: form->line_top -= MIN(form->line_top, (size_t)form->line_rows - 1); return true;
    default: return false;
    }
}

static void type_key(struct form *form, int key)
{
    struct form_field *field = &form->fields[form->at];

    if (!form->typing) {
        if (key == ' ') {
            if (is_choice(field))
                next_word(field);
            else
                next_do(field);
            form_changed(form);
            return;
        }
        if (key == K_CTRL('u') || key == K_BACKSPACE || key == K_DELETE) {
            field->what = DO_LEAVE;
            edit_set(&field->text, "");
            form_changed(form);
            return;
        }
        if ((key < ' ' || key >= 0x110000) && key != K_PASTE)
            return;
        if (is_choice(field))
            return;
        if (!has_text(field)) /* typing says what is wanted */
            field->what = offers(field, DO_SET) ? DO_SET : DO_ADD;
        form->typing = true;
    }
    if (key == K_PASTE)
        edit_insert(&field->text, screen_paste(), strlen(screen_paste()));
    else if (edit_key(&field->text, key) != EDIT_CHANGED)
        return;
    form_changed(form);
}

static void form_key(struct ui *ui, struct overlay *overlay, int key)
{
    struct form *form = (struct form *)overlay;

    if (key == K_ESC || key == K_CTRL('c') || key == K_CTRL('g')) {
        keep_draft(form);
        ui_drop(ui, overlay);
    } else if (form->count == 0) {
        return;
    } else if (key == K_ENTER || key == '\n') {
        form_accept(form);
    } else if (key == K_CTRL('r')) {
        for (size_t i = 0; i < form->count; i++) {
            form->fields[i].what = DO_LEAVE;
            edit_set(&form->fields[i].text, "");
        }
        form->typing = false;
        form_changed(form);
    } else if (!move_key(form, key)) {
        type_key(form, key);
    }
}

static void form_done(struct ui *ui, struct overlay *overlay)
{
    struct form *form = (struct form *)overlay;

    if (form->preview_asked) {
        struct retired *old = x_alloc(sizeof *old);

        *old = (struct retired){ retired, form->targets, form->preview_asked };
        retired = old;
    } else {
        change_targets_free(form->targets);
    }
    for (size_t i = 0; i < form->count; i++)
        edit_done(&form->fields[i].text);
    free(form->fields);
    free(form->ids);
    change_plan_free(form->plan);
    arena_done(&form->mem);
    arena_done(&form->lines_mem);
    free(form);
    ui->changes->form = NULL;
}

static const struct overlay_ops form_ops = { .draw = form_draw, .key = form_key, .done = form_done };

void form_open(struct ui *ui, const struct object_type *object, const row_id *ids, size_t count)
{
    struct form *form = x_alloc(sizeof *form);

    form->overlay.ops = &form_ops;
    form->ui = ui;
    form->object = object;
    form->ids = x_calloc(count + 1, sizeof *form->ids);
    memcpy(form->ids, ids, count * sizeof *ids);
    form->id_count = count;
    for (size_t i = 0; ui_table(ui)->hidden_marks > 0 && i < count; i++)
        form->hidden += view_find(ui_table(ui)->view, ids[i]) == SIZE_MAX;
    form->targets_asked = desk_targets(ui->changes->desk, object, ids, count);
    ui->changes->form = form;
    ui_push(ui, &form->overlay);
}
