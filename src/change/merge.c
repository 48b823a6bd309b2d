/* merge.c - plans put together, and parts of plans. */
#include "inner.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ another plan's steps */
static bool same_value_of(const struct change_step *a, const struct change_step *b)
{
    return a->no != 0 && a->server == b->server && a->object == b->object && key_equal(a->object, a->key, b->key) &&
           (a->op == OP_SET) == (b->op == OP_SET) && a->property == b->property;
}

static void withdraw(struct change_plan *plan, struct change_step *step)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].rests_on == step->no)
            plan->steps[i].rests_on = 0;
    step->no = 0;
}

static void amend(struct change_plan *plan, struct change_step *mine, const struct change_step *other)
{
    if (mine->op != OP_SET) {
        if (mine->op != other->op) /* added and removed: as if nothing had been planned */
            withdraw(plan, mine);
        return;
    }
    mine->after = value_in(other->after, &plan->mem);
    if (mine->before.type != VALUE_NULL &&
        same_value(&mine->object->properties[mine->property], mine->before, mine->after))
        mine->no = 0;
}

/* Numbers are a plan's own: a pair is found again by the new ones. */
static void add_step(struct change_plan *plan, const struct change_step *step, int *new_of)
{
    struct change_step copy = step_copy(step, &plan->mem), *kept = plan_add_step(plan);

    copy.no = kept->no;
    copy.state = CHANGE_PLANNED;
    new_of[step->no] = copy.no;
    *kept = copy;
}

void change_plan_merge(struct change_plan *plan, const struct change_plan *other)
{
    size_t ordered = plan->count;
    int *new_of = x_calloc((size_t)other->next_no + 1, sizeof(*new_of));

    for (size_t i = 0; i < other->count; i++) {
        const struct change_step *step = &other->steps[i];
        size_t first, count = plan_group(plan, ordered, step->server_name, step->server, step_group(step), &first), k = 0;

        while (k < count && !same_value_of(&plan->steps[first + k], step))
            k++;
        if (k < count)
            amend(plan, &plan->steps[first + k], step);
        else
            add_step(plan, step, new_of);
    }
    for (size_t i = ordered; i < plan->count; i++)
        plan->steps[i].rests_on = plan->steps[i].rests_on > 0 ? new_of[plan->steps[i].rests_on] : 0;
    free(new_of);
    if (plan->what[0] == '\0') {
        plan_set_what(plan, other->what);
        if (plan->id == 0) {
            plan->of = other->of;
            plan->relation = other->relation[0] != '\0' ? arena_strdup(&plan->mem, other->relation) : "";
        }
    } else {
        char *what = x_asprintf("%.140s; %.140s", plan->what, other->what);

        plan_set_what(plan, what);
        free(what);
    }
    plan_order(plan);
    if (plan->count == 0)
        plan_set_what(plan, "");
}

/* ------------------------------------------------------------------ the part of some targets */
struct target_key {
    server_id server;
    struct value group;
};

static int by_target(const void *pa, const void *pb)
{
    const struct target_key *a = pa, *b = pb;

    if (a->server != b->server)
        return a->server < b->server ? -1 : 1;
    return value_compare(a->group, b->group);
}

void change_plan_keep_targets(struct change_plan *plan, const struct change_targets *targets)
{
    size_t count = change_targets_count(targets);
    const struct key_places *keys = target_keys(targets);
    struct target_key *list = x_calloc(count + 1, sizeof(*list));

    for (size_t i = 0; i < count; i++) {
        const struct row *row = change_targets_row(targets, i);

        list[i] = (struct target_key){ row->server, keys->count > 0 ? row->values[keys->at[0]] : V_NULL };
    }
    if (count > 1)
        qsort(list, count, sizeof(*list), by_target);
    for (size_t i = 0; i < plan->count; i++) {
        struct target_key key = { plan->steps[i].server, step_group(&plan->steps[i]) };

        if (count == 0 || bsearch(&key, list, count, sizeof(*list), by_target) == NULL)
            plan->steps[i].no = 0;
    }
    free(list);
    plan_order(plan);
}
