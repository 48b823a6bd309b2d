/* change_text.c - plans, results and changes as text for people and as JSON for programs. */
#include <stdio.h>
#include <string.h>

#include "ipamtui/change_run.h"
#include "ipamtui/clock.h"
#include "ipamtui/text.h"

/* ------------------------------------------------------------------ for people */
static int widest(int width, const char *text)
{
    return MIN(MAX(width, text_width(text)), 40);
}

static void add_cell(struct buf *out, const char *text, int width)
{
    char shown[512];

    text_printable(text, shown, sizeof(shown));
    buf_addf(out, "%s%*s", shown, MAX(width - text_width(shown), 0) + 2, "");
}

void change_print_plan(const struct change_plan *plan, struct buf *out)
{
    struct arena arena = { 0 };
    struct plan_text text;
    int server = 0, object = 0;
    size_t count;
    const struct plan_line *lines = change_plan_lines(plan, NULL, NULL, &arena, &count);

    for (size_t i = 0; i < count; i++) {
        change_plan_text(plan, &lines[i], &arena, &text);
        server = widest(server, text.server);
        object = widest(object, text.object);
    }
    for (size_t i = 0; i < count; i++) {
        if (lines[i].kind == PLAN_LINE_SERVER)
            continue; /* every line names its server: lines are for grep */
        change_plan_text(plan, &lines[i], &arena, &text);
        buf_addf(out, "%c ", text.mark);
        add_cell(out, text.server, server);
        add_cell(out, text.object, object);
        buf_addf(out, "%s\n", text_printable_in(&arena, text.what));
    }
    arena_done(&arena);
}

void change_print_step(const struct change_step *step, struct buf *out)
{
    struct arena arena = { 0 };
    char text[1400];

    buf_addf(out, "%-8s ", change_state_name(step->state));
    add_cell(out, step->server_name, 14);
    add_cell(out, change_step_object(step, text, sizeof(text)), 28);
    change_step_show(step, text, sizeof(text));
    buf_addf(out, "%s%s", step->op == OP_ADD ? "add " : step->op == OP_REMOVE ? "remove " : "",
             text_printable_in(&arena, text));
    if (step->text[0] != '\0')
        buf_addf(out, ": %s", text_printable_in(&arena, step->text));
    if (step->error_id[0] != '\0')
        buf_addf(out, " (%s)", text_printable_in(&arena, step->error_id));
    if (step->hint[0] != '\0')
        buf_addf(out, " - %s", text_printable_in(&arena, step->hint));
    buf_addc(out, '\n');
    arena_done(&arena);
}

char *change_counts(const int64_t counts[CHANGE_STATES], char *out, size_t size)
{
    static const enum change_state order[] = { CHANGE_DONE, CHANGE_FAILED, CHANGE_CONFLICT, CHANGE_UNKNOWN, CHANGE_SKIPPED,
                                               CHANGE_OPEN, CHANGE_PLANNED };
    size_t used = 0;

    snprintf(out, size, "nothing");
    for (size_t i = 0; i < COUNT(order) && used < size; i++)
        if (counts[order[i]] > 0)
            used += (size_t)snprintf(out + used, size - used, "%s%lld %s", used > 0 ? ", " : "", (long long)counts[order[i]],
                                     change_state_name(order[i]));
    return out;
}

const char *change_phase_name(const struct change_info *info)
{
    if (info->phase == PHASE_RUNNING)
        return journal_owner_life(&info->owner) == OWNER_DEAD ? "interrupted" : "running";
    return info->phase == PHASE_PENDING ? "pending" : "ended";
}

void change_print_info(const struct change_info *info, struct buf *out)
{
    struct arena arena = { 0 };
    char when[CLOCK_ISO_SIZE], counts[200];

    clock_iso(info->begun_at != 0 ? info->begun_at : info->made_at, when);
    buf_addf(out, "%5lld  %s  %-11s  ", (long long)info->id, when, change_phase_name(info));
    add_cell(out, info->who, 10);
    add_cell(out, info->from, 15);
    buf_addf(out, "%s", text_printable_in(&arena, info->what));
    buf_addf(out, "  [%s]\n", change_counts(info->counts, counts, sizeof(counts)));
    arena_done(&arena);
}

const char *plan_note_name(enum plan_note_kind kind)
{
    static const char *const names[] = { [PLAN_SAME] = "same", [PLAN_NOT_APPLICABLE] = "not applicable",
                                         [PLAN_REFUSED] = "refused", [PLAN_CHANGED_SINCE] = "changed since" };

    return names[kind];
}

/* ------------------------------------------------------------------ for programs */
static void field(struct buf *out, const char *name)
{
    buf_addf(out, "%s\"%s\":", buf_at(out)[out->len - 1] == '{' ? "" : ",", name);
}

static void text_field(struct buf *out, const char *name, const char *text)
{
    field(out, name);
    if (text == NULL || text[0] == '\0')
        buf_adds(out, "null");
    else
        text_json(out, text);
}

static void number_field(struct buf *out, const char *name, int64_t number)
{
    field(out, name);
    if (number != 0)
        buf_addf(out, "%lld", (long long)number);
    else
        buf_adds(out, "null");
}

static void time_field(struct buf *out, const char *name, int64_t when_s)
{
    field(out, name);
    kind_json(KIND_TIME, when_s != 0 ? V_INT(when_s) : V_NULL, out);
}

/* The key as fields of its own, by the names that lists have ("scope", "start", "end"). */
static void key_fields(struct buf *out, const struct object_type *object, const struct value *key)
{
    int places[8];
    size_t count = journal_key_places(object, places, COUNT(places));

    field(out, "key");
    buf_addc(out, '{');
    for (size_t i = 0; i < count; i++) {
        field(out, object->properties[places[i]].name);
        kind_json(object->properties[places[i]].kind, key[i], out);
    }
    buf_addc(out, '}');
}

static void value_field(struct buf *out, const char *name, const struct change_step *step, struct value v)
{
    field(out, name);
    if (step->op == OP_SET)
        kind_json(step->object->properties[step->property].kind, v, out);
    else
        buf_adds(out, "null");
}

void change_json_step(change_id change, const struct change_step *step, struct buf *out)
{
    buf_addc(out, '{');
    number_field(out, "change", change);
    number_field(out, "step", step->no);
    text_field(out, "server", step->server_name);
    text_field(out, "object", step->object->name);
    key_fields(out, step->object, step->key);
    text_field(out, "name", step->title);
    text_field(out, "action", change_op_name(step->op));
    text_field(out, "property", step->op == OP_SET ? step->object->properties[step->property].name : NULL);
    value_field(out, "before", step, step->before);
    value_field(out, "after", step, step->after);
    number_field(out, "call", step->call);
    text_field(out, "state", change_state_name(step->state));
    value_field(out, "found", step, step->found);
    text_field(out, "message", step->text);
    text_field(out, "error_id", step->error_id);
    text_field(out, "hint", step->hint);
    time_field(out, "opened_at", step->opened_at);
    time_field(out, "settled_at", step->settled_at);
    buf_addc(out, '}');
}

void change_json_note(const struct plan_note *note, struct buf *out)
{
    buf_addc(out, '{');
    number_field(out, "change", 0);
    number_field(out, "step", 0);
    text_field(out, "server", note->server_name);
    text_field(out, "object", note->object->name);
    key_fields(out, note->object, note->key);
    text_field(out, "name", note->title);
    text_field(out, "action", "none");
    text_field(out, "property", note->property >= 0 ? note->object->properties[note->property].name : NULL);
    text_field(out, "state", plan_note_name(note->kind));
    text_field(out, "message", note->why);
    buf_addc(out, '}');
}

void change_json_info(const struct change_info *info, struct buf *out)
{
    buf_addc(out, '{');
    number_field(out, "change", info->id);
    text_field(out, "phase", change_phase_name(info));
    text_field(out, "what", info->what);
    text_field(out, "who", info->who);
    text_field(out, "from", info->from);
    text_field(out, "host", info->owner.host);
    text_field(out, "tool", info->tool);
    time_field(out, "made_at", info->made_at);
    time_field(out, "begun_at", info->begun_at);
    time_field(out, "ended_at", info->ended_at);
    number_field(out, "of", info->of);
    text_field(out, "relation", info->relation);
    field(out, "servers");
    buf_addf(out, "%lld", (long long)info->servers);
    field(out, "steps");
    buf_addf(out, "%lld", (long long)info->steps);
    for (int i = 0; i < CHANGE_STATES; i++) {
        field(out, change_state_name((enum change_state)i));
        buf_addf(out, "%lld", (long long)info->counts[i]);
    }
    buf_addc(out, '}');
}
