/* show.c - a plan as lines: one per target, under its server. A line's text is made when it is shown. */
#include "inner.h"

#include <stdio.h>
#include <string.h>

#include "ipamtui/ip.h"

/* ------------------------------------------------------------------ lines */
static bool same_line(const struct change_step *a, const struct change_step *b)
{
    return a->server == b->server && a->op == b->op && a->object == b->object && key_equal(a->object, a->key, b->key);
}

static void add_server(const struct change_plan *plan, size_t first, size_t end, bool folded, struct plan_line *lines,
                       size_t *count)
{
    struct plan_line *head = &lines[(*count)++];

    *head = (struct plan_line){ .kind = PLAN_LINE_SERVER, .first = first, .server = plan->steps[first].server,
                                .folded = folded };
    for (size_t i = first, from = first; i < end; i = from) {
        for (from = i + 1; from < end && same_line(&plan->steps[i], &plan->steps[from]); from++)
            ;
        /* A scope with an exclusion removed and another added is one target, on two lines. */
        head->count += i == first || !value_equal(step_group(&plan->steps[i]), step_group(&plan->steps[i - 1]));
        if (!folded)
            lines[(*count)++] = (struct plan_line){ .kind = PLAN_LINE_TARGET, .first = i, .count = from - i,
                                                    .server = head->server };
    }
}

const struct plan_line *change_plan_lines(const struct change_plan *plan, bool (*folded)(void *ctx, server_id server), void *ctx,
                                          struct arena *arena, size_t *count)
{
    struct plan_line *lines = arena_alloc(arena, (2 * plan->count + plan->note_count + 1) * sizeof(*lines));

    *count = 0;
    for (size_t i = 0, end; i < plan->count; i = end) {
        for (end = i + 1; end < plan->count && plan->steps[end].server == plan->steps[i].server; end++)
            ;
        add_server(plan, i, end, folded != NULL && folded(ctx, plan->steps[i].server), lines, count);
    }
    for (size_t i = 0; i < plan->note_count; i++)
        lines[(*count)++] = (struct plan_line){ .kind = PLAN_LINE_NOTE, .first = i, .server = plan->notes[i].server };
    return lines;
}

/* ------------------------------------------------------------------ texts */
static const char *value_text(const struct property *p, struct value v, char *out, size_t size)
{
    if (v.type == VALUE_NULL)
        snprintf(out, size, "?");
    else if (v.type == VALUE_TEXT && v.s[0] == '\0')
        snprintf(out, size, "(empty)");
    else if (v.type == VALUE_TEXT && p->kind == KIND_TEXT)
        snprintf(out, size, "\"%s\"", v.s);
    else
        property_show(p, v, out, size);
    return out;
}

char *change_step_show(const struct change_step *step, char *out, size_t size)
{
    char before[300], after[300];

    if (step->op != OP_SET) {
        snprintf(out, size, "%s %s", step->object->noun, journal_own_key(step->object, step->key, after, sizeof(after)));
        return out;
    }
    snprintf(out, size, "%s %s -> %s", step->object->properties[step->property].name,
             value_text(&step->object->properties[step->property], step->before, before, sizeof(before)),
             value_text(&step->object->properties[step->property], step->after, after, sizeof(after)));
    return out;
}

/* Rows below another are shown as that one: an exclusion's line stands at its scope. */
static void object_text(const struct object_type *object, const struct value *key, const char *title, char *out, size_t size)
{
    const struct object_type *parent = catalog_parent(object);
    struct key_places places;
    size_t used = 0;

    key_places(parent != NULL ? parent : object, &places);
    out[0] = '\0';
    for (size_t i = 0; i < places.count && used < size; i++) {
        char text[128];

        kind_show((parent != NULL ? parent : object)->properties[places.at[i]].kind, key[i], text, sizeof(text));
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? " " : "", text);
    }
    if (title != NULL && title[0] != '\0' && used < size)
        snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", title);
}

char *change_step_object(const struct change_step *step, char *out, size_t size)
{
    object_text(step->object, step->key, step->title, out, size);
    return out;
}

static void note_text(const struct plan_note *note, struct arena *arena, struct plan_text *out)
{
    char object[300];
    const char *name;

    object_text(note->object, note->key, note->title, object, sizeof(object));
    out->mark = note->kind == PLAN_SAME || note->kind == PLAN_NOT_APPLICABLE ? '=' : '!';
    out->server = note->server_name;
    out->object = arena_strdup(arena, object);
    /* a refusal names its property itself */
    name = note->property >= 0 && note->kind != PLAN_REFUSED ? property_name(note->object, note->property) : "";
    out->what = arena_printf(arena, "%s%s%s%s", name, name[0] != '\0' ? " " : "", note->why,
                             out->mark == '=' ? ": nothing to do" : "");
}

static void target_text(const struct change_plan *plan, const struct plan_line *line, struct arena *arena,
                        struct plan_text *out)
{
    static const char marks[] = { [OP_SET] = '~', [OP_ADD] = '+', [OP_REMOVE] = '-' };
    const struct change_step *step = &plan->steps[line->first];
    struct buf what = { 0 };
    char text[700];

    for (size_t i = 0; i < line->count; i++) {
        change_step_show(&step[i], text, sizeof(text));
        buf_addf(&what, "%s%s", i > 0 ? "; " : "", text);
        if (step[i].op == OP_SET && step[i].before.type == VALUE_NULL)
            buf_adds(&what, " (not known yet: checked when applied)");
    }
    out->mark = marks[step->op];
    out->server = step->server_name;
    out->object = arena_strdup(arena, change_step_object(step, text, sizeof(text)));
    out->what = arena_strdup(arena, buf_at(&what));
    buf_done(&what);
}

void change_plan_text(const struct change_plan *plan, const struct plan_line *line, struct arena *arena, struct plan_text *out)
{
    switch (line->kind) {
    case PLAN_LINE_SERVER:
        out->mark = '>';
        out->server = plan->steps[line->first].server_name;
        out->object = "";
        out->what = arena_printf(arena, "%zu target%s", line->count, line->count != 1 ? "s" : "");
        break;
    case PLAN_LINE_TARGET: target_text(plan, line, arena, out); break;
    case PLAN_LINE_NOTE: note_text(&plan->notes[line->first], arena, out); break;
    }
}
