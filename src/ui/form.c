/* form.c - the edit form: the fields of the marked rows, what each should become, and the plan live beside or below it. Only touched
 * fields change anything. Enter puts it into the plan; Esc keeps what was typed until the form is opened again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form.h"
#include "screen.h"

/* What was typed in a form that was left. */
struct form_draft {
    const struct object_type *object;
    size_t count;
    struct { int property; enum form_do what; char *text; } rows[64];
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
const struct property *form_property(const struct form_field *field)
{
    return field->property >= 0 ? &field->object->properties[field->property] : NULL;
}

bool form_is_choice(const struct form_field *field)
{
    const struct property *p = form_property(field);

    return p && (p->kind == KIND_ENUM || p->kind == KIND_BOOL);
}

static bool offers(const struct form_field *field, enum form_do what)
{
    const struct property *p = form_property(field);
    bool text = p && p->kind == KIND_TEXT && !p->values;

    switch (what) {
    case DO_LEAVE: return true;
    case DO_SET: return p != NULL;
    case DO_ADD: return text || !p;
    case DO_FRONT:
    case DO_CLEAR: return text;
    case DO_REPLACE: return !form_is_choice(field);
    case DO_REMOVE: return !p;
    default: return false;
    }
}

bool form_has_text(const struct form_field *field)
{
    return field->what != DO_LEAVE && field->what != DO_CLEAR && !form_is_choice(field);
}

static void next_do(struct form_field *field)
{
    do
        field->what = (enum form_do)((field->what + 1) % DO_COUNT);
    while (!offers(field, field->what));
}

static const char *const *words_of(const struct form_field *field)
{
    static const char *const yes_no[] = { "yes", "no", NULL };
    const struct property *p = form_property(field);

    return p->kind == KIND_BOOL ? yes_no : p->values;
}

/* Space on words: leave, the first, the second ... and leave again. */
static void next_word(struct form_field *field)
{
    const char *const *words = words_of(field);
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

/* The next word that begins with this letter. false: none does. */
static bool word_by_letter(struct form_field *field, int letter)
{
    const char *const *words = words_of(field);
    size_t count = 0, from = 0;

    for (; words[count]; count++) {
        if (field->what == DO_SET && strcmp(words[count], edit_text(&field->text)) == 0)
            from = count + 1;
    }
    for (size_t i = 0; i < count; i++) {
        const char *word = words[(from + i) % count];

        if (word[0] == (letter | 0x20)) {
            field->what = DO_SET;
            edit_set(&field->text, word);
            return true;
        }
    }
    return false;
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

static void add_children(struct form *form, size_t *cap)
{
    const struct object_type *types[8];
    size_t type_count = change_child_types(form->object, types, COUNT(types));

    for (size_t o = 0; o < type_count; o++) {
        const struct object_type *child = types[o];
        size_t all = 0, with = 0;
        char now[120];

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
    struct buf labels = { 0 };

    change_targets_labels(form->targets, &form->ui->known.cautions, &labels);
    form->labels = arena_strdup(&form->mem, labels.len ? buf_at(&labels) : "");
    buf_done(&labels);
    for (size_t i = 0; i < count; i++) {
        char now[300];

        change_field_show(form->targets, &list[i], now, sizeof now);
        add_field(form, &cap, form->object, list[i].property, now)->mixed = list[i].mixed;
    }
    add_children(form, &cap);
    apply_draft(form);
    while (form->at < form->count && form->fields[form->at].what == DO_LEAVE)
        form->at++;
    if (form->at == form->count)
        form->at = 0;
}

/* ------------------------------------------------------------------ answers */
/* Refused ones first: they decide whether the form is right. */
static const struct plan_line *in_order(struct form *form, const struct plan_line *lines)
{
    struct plan_line *out = arena_alloc(&form->lines_mem, (form->line_count + 1) * sizeof *out);
    size_t count = 0;

    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < form->line_count; i++) {
            bool note = lines[i].kind == PLAN_LINE_NOTE;
            bool refused = note && form->plan->notes[lines[i].first].kind == PLAN_REFUSED;

            if (pass == (refused ? 0 : note ? 2 : 1))
                out[count++] = lines[i];
        }
    }
    return out;
}

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
    form->lines = in_order(form, change_plan_lines(form->plan, NULL, NULL, &form->lines_mem, &form->line_count));
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

    if (!back && !form->typing && form_has_text(field)) {
        form->typing = true;
    } else if (back && form->typing) {
        form->typing = false;
    } else {
        go(form, (int64_t)((form->at + (back ? form->count - 1 : 1)) % form->count));
        form->typing = back && form_has_text(&form->fields[form->at]);
    }
}

static bool move_key(struct form *form, int key)
{
    switch (key) {
    case K_UP:
    case K_CTRL('p'): go(form, (int64_t)form->at - 1); return true;
    case K_DOWN:
    case K_CTRL('n'): go(form, (int64_t)form->at + 1); return true;
    case K_HOME:
    case K_END:
        if (form->typing) /* within the text then */
            return false;
        go(form, key == K_HOME ? 0 : (int64_t)form->count - 1);
        return true;
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
            if (form_is_choice(field))
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
        if (form_is_choice(field)) {
            if (key != K_PASTE && word_by_letter(field, key))
                form_changed(form);
            return;
        }
        if (!form_has_text(field)) /* typing says what is wanted */
            field->what = offers(field, DO_SET) ? DO_SET : DO_ADD;
        form->typing = true;
    }
    if (key == K_PASTE)
        edit_insert(&field->text, screen_paste(), strlen(screen_paste()));
    else if (edit_key(&field->text, key) != EDIT_CHANGED)
        return;
    form_changed(form);
}

/* ------------------------------------------------------------------ help */
static void form_help(struct ui *ui)
{
    static const struct { const char *keys, *text; } rows[] = {
        { "Tab, S-Tab", "The value of this field, then the next field; back" },
        { "Down, Up, C-n, C-p", "Next field, previous field" },
        { "Home, End", "First, last field; in a value its beginning, its end" },
        { "Space", "Leave, set, add, in front, replace, clear; next word" },
        { "letters", "Begin the new value; the next word that begins so" },
        { "C-u, Backspace", "Leave this field as it is" },
        { "C-r", "Leave all of them as they are" },
        { "PgDn, PgUp", "Through the plan" },
        { "Enter", "Into the pending plan; nothing is sent yet" },
        { "Esc, C-c", "Close; what was typed comes back the next time" },
        { "F1", "This list" },
        { "", "" },
        { ".20", "Of addresses: within each row's own network" },
        { "old -> new", "Replace; /old/new/ where blanks count" },
        { "8h 4d unlimited", "Durations" },
    };
    static const struct chooser_ops look = { .narrow = true };
    struct chooser *chooser = chooser_new(&look, "Keys of the form", "typing narrows; Esc closes");

    for (size_t i = 0; i < COUNT(rows); i++)
        chooser_add(chooser, rows[i].keys, rows[i].text, 0);
    ui_push(ui, &chooser->overlay);
}

static void form_key(struct ui *ui, struct overlay *overlay, int key)
{
    struct form *form = (struct form *)overlay;

    if (key == K_ESC || key == K_CTRL('c') || key == K_CTRL('g')) {
        keep_draft(form);
        ui_drop(ui, overlay);
    } else if (key == K_F0 + 1) {
        form_help(ui);
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
