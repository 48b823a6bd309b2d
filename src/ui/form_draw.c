/* form_draw.c - how the edit form looks: the fields, the plan live beside or below them, what is said about the field in hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form.h"
#include "ipamtui/text.h"
#include "screen.h"

/* From so many cells on, fields have room for longer names and values. */
#define ROOMY_W 92

static const char *const do_words[DO_COUNT] = { "leave", "set", "add", "in front", "replace", "clear", "remove" };

/* ------------------------------------------------------------------ fields */
/* The text that is typed, scrolled so that the cursor is seen. */
static void draw_typed(const struct form_field *field, int y, int x, int w, enum look look, bool cursor_here)
{
    const char *typed = edit_text(&field->text);
    char *before = x_strndup(typed, field->text.at);
    int cursor = text_width(before);

    free(before);
    while (cursor > w - 1 && *typed) {
        const char *next = typed;

        cursor -= text_rune_width(text_next(&next, typed + strlen(typed)));
        typed = next;
    }
    screen_put(y, x, w, look, typed);
    if (cursor_here)
        screen_cursor(y, x + cursor);
}

static void draw_field(const struct form *form, size_t at, int y, struct rect r)
{
    const struct form_field *field = &form->fields[at];
    const struct property *p = form_property(field);
    bool here = at == form->at, touched = field->what != DO_LEAVE, choice = form_is_choice(field);
    int label_w = r.w >= ROOMY_W ? 32 : 20, now_w = r.w >= ROOMY_W ? 30 : 21, x = r.x;
    char text[400];
    enum look look = touched ? LOOK_MARK : LOOK_NORMAL;

    snprintf(text, sizeof text, "%s %s", here ? glyph(GLYPH_CURSOR) : " ", p ? p->name : field->object->noun);
    screen_put(y, x, label_w - 1, here ? LOOK_TITLE : look, text);
    x += label_w;
    screen_put(y, x, now_w - 1, LOOK_DIM, field->now);
    x += now_w;
    screen_put(y, x, 8, here && !form->typing ? LOOK_CURSOR : look, do_words[field->what]);
    if (here && !form->typing)
        screen_cursor(y, x);
    x += 9;
    if (form_has_text(field) || (choice && touched)) {
        int w = r.x + r.w - x - 4; /* brackets, and the sign that more follows */

        screen_text(y, x, 1, LOOK_DIM, choice ? "" : "[");
        draw_typed(field, y, x + 1, w, field->error[0] ? LOOK_ERROR : here && form->typing ? LOOK_MATCH : look,
                   here && form->typing);
        screen_text(y, x + 1 + w, 1, LOOK_DIM, choice ? "" : "]");
    }
}

static void draw_fields(struct form *form, struct rect r)
{
    char text[200];
    bool roomy = r.w >= ROOMY_W;

    snprintf(text, sizeof text, "%-*s%-*s%-9sNew", roomy ? 32 : 20, "  Field", roomy ? 30 : 21, "Now", "Do");
    screen_put(r.y - 1, 0, r.w, LOOK_HEAD, text);
    if (!form->targets)
        screen_text(r.y, 2, r.w, LOOK_DIM, "Reading ...");
    if (form->at < form->top)
        form->top = form->at;
    if (form->at >= form->top + (size_t)r.h)
        form->top = form->at - (size_t)r.h + 1;
    for (int i = 0; i < r.h && form->top + (size_t)i < form->count; i++)
        draw_field(form, form->top + (size_t)i, r.y + i, r);
    if (form->top > 0)
        screen_text(r.y, r.w - 1, 1, LOOK_KEY, glyph(GLYPH_UP));
    if (form->top + (size_t)r.h < form->count)
        screen_text(r.y + r.h - 1, r.w - 1, 1, LOOK_KEY, glyph(GLYPH_DOWN));
}

/* ------------------------------------------------------------------ what is said about the field in hand */
/* Its name and all of what is there now: the columns have room for a part only. */
static void now_line(const struct form *form, char *out, size_t size)
{
    const struct form_field *field = form->count ? &form->fields[form->at] : NULL;
    const struct property *p = field ? form_property(field) : NULL;

    out[0] = '\0';
    if (field)
        snprintf(out, size, "%s%s: %s", p ? p->name : field->object->noun,
                 !p || form->id_count == 1 ? "" : field->mixed ? ", mixed" : ", the same in all", field->now);
}

static void words_hint(const struct property *p, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s (", p->help);

    for (size_t i = 0; p->values[i] && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", p->values[i]);
    if (used < size)
        snprintf(out + used, size - used, ")");
}

/* What is wrong, or what may be typed here. */
static void hint(const struct form *form, char *out, size_t size)
{
    const struct form_field *field = form->count ? &form->fields[form->at] : NULL;
    const struct property *p = field ? form_property(field) : NULL;

    out[0] = '\0';
    if (!field)
        return;
    if (field->error[0])
        snprintf(out, size, "%s", field->error);
    else if (field->what == DO_REPLACE)
        snprintf(out, size, "old -> new, or /old/new/%s", p && p->kind == KIND_TEXT ? "; blanks count in the second" : "");
    else if (!p && field->what == DO_LEAVE)
        snprintf(out, size, "Space: add, replace or remove one in every %s", form->object->noun);
    else if (!p)
        snprintf(out, size, field->what == DO_REMOVE ? "A range, or all; .10-.20 is meant within each %s" : "A range; .10-.20 is meant within each %s", form->object->noun);
    else if (p->kind == KIND_ENUM && p->values)
        words_hint(p, out, size);
    else if (p->kind == KIND_BOOL)
        snprintf(out, size, "%s (yes, no)", p->help);
    else
        snprintf(out, size, "%s%s", p->help, p->kind == KIND_IPV4 ? "; .20 is meant within each network" : p->kind == KIND_DURATION ? "; 8h, 4d, unlimited" : "");
}

/* ------------------------------------------------------------------ the plan */
/* At most `cells` of text, and blanks up to there. */
static void pad(char *out, size_t size, const char *text, int cells)
{
    int used = 0;
    size_t len = text_fit(text, cells, &used);

    snprintf(out, size, "%.*s%*s", (int)len, text, cells - used, "");
}

static void draw_plan_line(struct form *form, size_t at, int y, struct rect r)
{
    struct arena mem = { 0 };
    struct plan_text t;
    char text[900], object[200];
    enum look look;

    change_plan_text(form->plan, &form->lines[at], &mem, &t);
    look = t.mark == '!' ? LOOK_BAD : t.mark == '=' ? LOOK_DIM : t.mark == '>' ? LOOK_TITLE : LOOK_NORMAL;
    if (form->lines[at].kind == PLAN_LINE_SERVER) {
        const char *label = caution_label(&form->ui->known.cautions, form->lines[at].server);

        snprintf(text, sizeof text, label[0] ? "%s [%s]   %s" : "%s%s   %s", t.server, label, t.what);
    } else if (form->lines[at].kind == PLAN_LINE_NOTE) { /* why matters more than what it is called */
        pad(object, sizeof object, t.object, MIN((int)strcspn(t.object, " "), 15));
        snprintf(text, sizeof text, "%c %.12s %s %s", t.mark, t.server, object, t.what);
    } else {
        pad(object, sizeof object, t.object, r.w >= ROOMY_W ? 34 : 26);
        snprintf(text, sizeof text, "%c %s  %s", t.mark, object, t.what);
    }
    screen_put(y, r.x, r.w, look, text);
    arena_done(&mem);
}

static void draw_plan(struct form *form, struct rect r, bool wide)
{
    char text[300] = " plan: ";

    if (form->err.kind != ERR_NONE)
        snprintf(text, sizeof text, " %s ", form->err.text);
    else if (form->plan)
        change_plan_summary(form->plan, text + strlen(text), sizeof text - strlen(text) - 2);
    else
        snprintf(text, sizeof text, " nothing is changed yet");
    strcat(text, " ");
    if (!wide)
        screen_rule(r.y, r.x, r.w);
    screen_text(r.y, r.x + (wide ? 0 : 1), r.w - 1,
                form->err.kind != ERR_NONE ? LOOK_ERROR : form->plan && form->totals.refused ? LOOK_WARN : LOOK_TITLE, text);
    form->line_rows = MAX(r.h - 1, 1);
    if (!form->plan)
        return;
    for (int i = 0; i < r.h - 1 && form->line_top + (size_t)i < form->line_count; i++) {
        size_t place = form->line_top + (size_t)i;

        if (i == r.h - 2 && place + 1 < form->line_count) {
            snprintf(text, sizeof text, "  ... %zu more (PgDn)", form->line_count - place);
            screen_put(r.y + 1 + i, r.x, r.w, LOOK_DIM, text);
        } else {
            draw_plan_line(form, place, r.y + 1 + i, r);
        }
    }
}

/* ------------------------------------------------------------------ all of it */
static void draw_bottom(const struct form *form, int w, int h, bool two)
{
    bool wrong = form->count && form->fields[form->at].error[0];
    char text[400];

    if (two) {
        now_line(form, text, sizeof text);
        screen_put(h - 3, 0, w, LOOK_DIM, text);
    }
    hint(form, text, sizeof text);
    screen_put(h - 2, 0, w, wrong ? LOOK_ERROR : LOOK_NORMAL, text);
    screen_put(h - 1, 0, w, LOOK_KEY,
               w >= 80 ? "F1 Keys Tab Next Space Do C-u Leave C-r Reset PgDn Plan Enter Plan it Esc Close"
                       : "F1 Keys  Space Do  C-u Clear  PgDn Plan  Enter Plan it  Esc Close");
}

void form_draw(struct ui *ui, struct overlay *overlay)
{
    struct form *form = (struct form *)overlay;
    struct rect all, fields, plan;
    char text[400];
    int w, h, rows, used;
    bool wide, two;

    screen_size(&w, &h);
    all = (struct rect){ .y = ui->layout.title.y, .x = 0, .h = h - ui->layout.title.y, .w = w };
    wide = w >= LAYOUT_BESIDE_W && !ui->options->accessible;
    two = h >= 20;
    screen_fill(all, LOOK_NORMAL);
    snprintf(text, sizeof text, "%s %s edit %zu %s%s", ui_pane(ui)->ops->title, glyph(GLYPH_CRUMB), form->id_count, form->object->noun,
             form->id_count == 1 ? "" : "s");
    if (form->hidden)
        snprintf(text + strlen(text), sizeof text - strlen(text), " (%zu of them hidden by the filter)", form->hidden);
    used = screen_put(all.y, 0, w, LOOK_TITLE, text);
    screen_text(all.y, used, w - used, LOOK_WARN, form->labels ? form->labels : "");
    fields = (struct rect){ .y = all.y + 2, .x = 0, .w = wide ? MIN(w * 3 / 5, 110) : w };
    rows = h - fields.y - (two ? 3 : 2); /* what is said about the field, and keys */
    fields.h = MIN((int)MAX(form->count, 1), wide ? rows : MAX(rows / 2, 3));
    plan = wide ? (struct rect){ .y = all.y + 1, .x = fields.w + 2, .h = rows + 1, .w = w - fields.w - 2 }
                : (struct rect){ .y = fields.y + fields.h, .x = 0, .h = rows - fields.h, .w = w };
    draw_fields(form, fields);
    if (wide)
        screen_rule_down(all.y + 1, fields.w, rows + 1);
    if (plan.h > 0)
        draw_plan(form, plan, wide);
    draw_bottom(form, w, h, two);
}
