/* plan.c - the plan as a container: steps in the order of sending, notes, totals. */
#include "inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/text.h"

struct change_plan *change_plan_new(void)
{
    struct change_plan *plan = x_alloc(sizeof(*plan));

    plan->what = x_strdup("");
    plan->relation = "";
    plan->next_no = 1;
    return plan;
}

void change_plan_free(struct change_plan *plan)
{
    if (plan == NULL)
        return;
    free(plan->steps);
    free(plan->notes);
    free(plan->what);
    arena_done(&plan->mem);
    free(plan);
}

static const struct value *copy_key(const struct object_type *object, const struct value *key, struct arena *arena)
{
    struct key_places places;
    struct value *copy;

    if (key == NULL)
        return NULL;
    key_places(object, &places);
    copy = arena_alloc(arena, MAX(places.count, 1) * sizeof(*copy));
    for (size_t i = 0; i < places.count; i++)
        copy[i] = value_in(key[i], arena);
    return copy;
}

static const char *copy_text(const char *text, struct arena *arena)
{
    return text == NULL || text[0] == '\0' ? "" : arena_strdup(arena, text);
}

struct change_step step_copy(const struct change_step *step, struct arena *arena)
{
    struct change_step copy = *step;

    copy.server_name = copy_text(step->server_name, arena);
    copy.key = copy_key(step->object, step->key, arena);
    copy.title = copy_text(step->title, arena);
    copy.before = value_in(step->before, arena);
    copy.after = value_in(step->after, arena);
    copy.found = value_in(step->found, arena);
    copy.text = copy_text(step->text, arena);
    copy.error_id = copy_text(step->error_id, arena);
    copy.hint = copy_text(step->hint, arena);
    return copy;
}

static const char *same_relation(const char *relation)
{
    return strcmp(relation, "undo") == 0 ? "undo" : strcmp(relation, "retry") == 0 ? "retry" : "";
}

struct change_plan *change_plan_copy(const struct change_plan *plan)
{
    struct change_plan *copy = change_plan_new();

    x_grow(&copy->steps, &copy->cap, MAX(plan->count, 1), sizeof(*copy->steps));
    for (size_t i = 0; i < plan->count; i++)
        copy->steps[copy->count++] = step_copy(&plan->steps[i], &copy->mem);
    for (size_t i = 0; i < plan->note_count; i++) {
        struct plan_note *note = plan_add_note(copy, plan->notes[i].kind);

        *note = plan->notes[i];
        note->server_name = copy_text(note->server_name, &copy->mem);
        note->title = copy_text(note->title, &copy->mem);
        note->why = copy_text(note->why, &copy->mem);
        note->key = copy_key(note->object, note->key, &copy->mem);
    }
    plan_set_what(copy, plan->what);
    copy->id = plan->id;
    copy->of = plan->of;
    copy->relation = same_relation(plan->relation);
    copy->next_no = plan->next_no;
    return copy;
}

void plan_set_what(struct change_plan *plan, const char *what)
{
    char *copy = x_strdup(what);

    free(plan->what);
    plan->what = copy;
}

struct change_step *plan_add_step(struct change_plan *plan)
{
    struct change_step *step;

    x_grow(&plan->steps, &plan->cap, plan->count + 1, sizeof(*plan->steps));
    step = &plan->steps[plan->count++];
    *step = (struct change_step){ .no = plan->next_no++, .property = -1, .server_name = "", .title = "", .text = "",
                                  .error_id = "", .hint = "" };
    return step;
}

struct plan_note *plan_add_note(struct change_plan *plan, enum plan_note_kind kind)
{
    struct plan_note *note;

    x_grow(&plan->notes, &plan->note_cap, plan->note_count + 1, sizeof(*plan->notes));
    note = &plan->notes[plan->note_count++];
    *note = (struct plan_note){ .kind = kind, .property = -1, .server_name = "", .title = "", .why = "" };
    return note;
}

/* ------------------------------------------------------------------ order */
static int compare_group(const char *name_a, server_id a, struct value group_a, const char *name_b, server_id b,
                         struct value group_b)
{
    int order = text_casecmp(name_a, name_b);

    if (order != 0)
        return order;
    if (a != b)
        return a < b ? -1 : 1;
    return value_compare(group_a, group_b);
}

/* Within a group what is removed makes room first, then values, then what is added. */
static int rank(const struct change_step *step)
{
    return step->op == OP_REMOVE ? 0 : step->op == OP_SET ? 1 : 2;
}

static int compare_rest(const struct change_step *a, const struct change_step *b)
{
    struct key_places places;

    if (a->object != b->object)
        return strcmp(a->object->name, b->object->name);
    key_places(a->object, &places);
    for (size_t i = 0; i < places.count; i++) {
        int order = value_compare(a->key[i], b->key[i]);

        if (order != 0)
            return order;
    }
    if (a->op == OP_SET) { /* one cmdlet's properties side by side, so that they can share a call */
        const struct write_row *wa = &a->object->properties[a->property].write;
        const struct write_row *wb = &b->object->properties[b->property].write;
        int order = wa->cmdlet != wb->cmdlet ? strcmp(wa->cmdlet, wb->cmdlet) : 0;

        if (order != 0)
            return order;
    }
    return a->property - b->property;
}

static int by_sending(const void *pa, const void *pb)
{
    const struct change_step *a = pa, *b = pb;
    int order = compare_group(a->server_name, a->server, step_group(a), b->server_name, b->server, step_group(b));

    if (order == 0)
        order = rank(a) - rank(b);
    if (order == 0)
        order = compare_rest(a, b);
    return order != 0 ? order : a->no - b->no;
}

/* Sets that exclude each other (A: WithRange, B: another one) begin a new call even where neighbours would join. */
static bool joins_all(const struct change_plan *plan, size_t first, size_t at)
{
    for (size_t i = first; i < at; i++)
        if (!steps_join(&plan->steps[i], &plan->steps[at]))
            return false;
    return true;
}

static void number_calls(struct change_plan *plan)
{
    size_t first = 0;
    int call = 0;

    for (size_t i = 0; i < plan->count; i++) {
        if (i == 0 || !joins_all(plan, first, i)) {
            first = i;
            call++;
        }
        plan->steps[i].call = call;
    }
}

void plan_order(struct change_plan *plan)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].no != 0)
            plan->steps[kept++] = plan->steps[i];
    plan->count = kept;
    if (plan->count > 1)
        qsort(plan->steps, plan->count, sizeof(*plan->steps), by_sending);
    number_calls(plan);
}

static int group_side(const struct change_step *step, const char *server_name, server_id server, struct value group)
{
    return compare_group(step->server_name, step->server, step_group(step), server_name, server, group);
}

size_t plan_group(const struct change_plan *plan, size_t ordered, const char *server_name, server_id server, struct value group,
                  size_t *first)
{
    size_t low = 0, high = ordered, end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (group_side(&plan->steps[middle], server_name, server, group) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < ordered && group_side(&plan->steps[end], server_name, server, group) == 0; end++)
        ;
    *first = low;
    return end - low;
}

/* ------------------------------------------------------------------ taking out */
/* The half of a pair that is left stands alone. */
static void unlink_step(struct change_plan *plan, int no)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].rests_on == no)
            plan->steps[i].rests_on = 0;
}

/* A key of a parent ("the scope") takes the rows below it along. */
static bool is_meant(const struct change_step *step, const struct object_type *object, const struct value *key)
{
    struct key_places places;

    if (key == NULL)
        return true;
    if (step->object != object && catalog_parent(step->object) != object)
        return false;
    key_places(object, &places);
    for (size_t i = 0; i < places.count; i++)
        if (!value_equal(step->key[i], key[i]))
            return false;
    return true;
}

size_t change_plan_drop(struct change_plan *plan, server_id server, const struct object_type *object, const struct value *key)
{
    size_t dropped = 0;

    for (size_t i = 0; i < plan->count; i++) {
        if ((server != 0 && plan->steps[i].server != server) || !is_meant(&plan->steps[i], object, key))
            continue;
        if (plan->steps[i].op == OP_REMOVE)
            unlink_step(plan, plan->steps[i].no);
        plan->steps[i].no = 0;
        dropped++;
    }
    plan_order(plan);
    if (plan->count == 0)
        plan_set_what(plan, "");
    return dropped;
}

/* ------------------------------------------------------------------ counting */
static bool same_target(const struct change_step *a, const struct change_step *b)
{
    return a->server == b->server && value_equal(step_group(a), step_group(b));
}

static bool is_hard(const struct change_step *step)
{
    const struct property *p = step->op == OP_SET ? &step->object->properties[step->property] : NULL;

    if (p == NULL)
        return step->op == OP_REMOVE;
    return p->works != NULL && step->after.type == VALUE_TEXT && strcmp(step->after.s, p->works) != 0;
}

void change_plan_totals(const struct change_plan *plan, struct plan_totals *out)
{
    *out = (struct plan_totals){ .steps = plan->count };
    for (size_t i = 0; i < plan->count; i++) {
        const struct change_step *step = &plan->steps[i], *last = i > 0 ? step - 1 : NULL;

        out->servers += last == NULL || last->server != step->server;
        out->targets += last == NULL || !same_target(last, step);
        out->calls += last == NULL || last->call != step->call;
        out->unchecked += step->op == OP_SET && step->before.type == VALUE_NULL;
        out->hard += is_hard(step);
    }
    for (size_t i = 0; i < plan->note_count; i++)
        switch (plan->notes[i].kind) {
        case PLAN_SAME: out->same++; break;
        case PLAN_NOT_APPLICABLE: out->not_applicable++; break;
        case PLAN_REFUSED: out->refused++; break;
        case PLAN_CHANGED_SINCE: out->changed_since++; break;
        }
}

char *change_plan_warning(const struct plan_totals *totals, char *out, size_t size)
{
    out[0] = '\0';
    if (totals->hard > 0)
        snprintf(out, size, "%zu of them take%s something away or out of service.", totals->hard, totals->hard == 1 ? "s" : "");
    return out;
}

static void add_count(char *out, size_t size, size_t *used, const char *before, size_t n, const char *what, bool plural)
{
    if (n > 0 && *used < size)
        *used += (size_t)snprintf(out + *used, size - *used, "%s%zu %s%s", before, n, what, plural && n != 1 ? "s" : "");
}

char *change_plan_summary(const struct change_plan *plan, char *out, size_t size)
{
    struct plan_totals t;
    size_t used;

    change_plan_totals(plan, &t);
    if (t.steps == 0)
        used = (size_t)snprintf(out, size, "nothing to do");
    else
        used = (size_t)snprintf(out, size, "%zu change%s on %zu target%s, %zu server%s, %zu call%s", t.steps,
                                t.steps != 1 ? "s" : "", t.targets, t.targets != 1 ? "s" : "", t.servers,
                                t.servers != 1 ? "s" : "", t.calls, t.calls != 1 ? "s" : "");
    add_count(out, size, &used, "; ", t.same, "already so", false);
    add_count(out, size, &used, "; ", t.not_applicable, "not applicable", false);
    add_count(out, size, &used, "; ", t.refused, "refused", false);
    add_count(out, size, &used, "; ", t.changed_since, "changed since", false);
    add_count(out, size, &used, "; ", t.unchecked, "not known yet: checked when applied", false);
    return out;
}
