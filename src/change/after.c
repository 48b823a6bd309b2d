/* after.c - the pending plan in the store, and the plans that follow a change: its way back, and its failed steps again. */
#include "inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/clock.h"

/* ------------------------------------------------------------------ the pending plan */
static bool load_steps(struct store *store, change_id id, struct change_plan *plan, struct err *err)
{
    struct change_step *steps;
    size_t count;

    if (!journal_steps(store, id, &plan->mem, &steps, &count, NULL, err))
        return false;
    x_grow(&plan->steps, &plan->cap, MAX(count, 1), sizeof(*plan->steps));
    if (count > 0)
        memcpy(plan->steps, steps, count * sizeof(*steps));
    plan->count = count;
    for (size_t i = 0; i < count; i++)
        plan->next_no = MAX(plan->next_no, steps[i].no + 1);
    return true;
}

bool change_pending_load(struct store *store, struct change_plan **out, struct err *err)
{
    struct change_plan *plan = change_plan_new();
    struct change_info info;
    change_id id;
    bool ok = journal_pending(store, &id, err);

    if (ok && id != 0) {
        ok = journal_info(store, id, &plan->mem, &info, err) && load_steps(store, id, plan, err);
        if (ok) {
            plan->id = id;
            plan->revision = info.revision;
            plan->of = info.of;
            plan->relation = arena_strdup(&plan->mem, info.relation);
            plan_set_what(plan, info.what);
            plan_order(plan);
        }
    }
    if (!ok) {
        change_plan_free(plan);
        return false;
    }
    *out = plan;
    return true;
}

bool change_pending_keep(struct store *store, struct change_plan *plan, const char *tool, struct err *err)
{
    struct journal_owner me;
    struct change_info info = { .phase = PHASE_PENDING, .what = plan->what, .tool = tool, .of = plan->of,
                                .relation = plan->relation, .made_at = clock_now_s() };

    if (plan->count == 0) {
        if (plan->id != 0 && !journal_drop(store, plan->id, err))
            return false;
        plan->id = 0;
        plan->of = 0;
        plan->relation = "";
        return true;
    }
    if (plan->id != 0)
        return journal_replan(store, plan->id, plan->what, plan->steps, plan->count, &plan->revision, err);
    journal_me(&me);
    info.who = me.who;
    info.from = me.from;
    if (!journal_make(store, &info, plan->steps, plan->count, &plan->id, err))
        return false;
    plan->revision = 1;
    return true;
}

/* ------------------------------------------------------------------ what the store shows now */
/* Present values by server and key, one row at a time. */
static bool row_now(struct store *store, const struct change_step *step, struct arena *arena, struct row *out,
                    bool *there, struct err *err)
{
    struct value *values = arena_alloc(arena, step->object->property_count * sizeof(*values));
    struct key_places places;
    struct err inner = { 0 };
    row_id id;

    key_places(step->object, &places);
    for (size_t i = 0; i < places.count; i++)
        values[places.at[i]] = step->key[i];
    *there = store_row_find(store, step->server, step->object, values, &id, &inner);
    if (!*there)
        return inner.kind == ERR_NOT_FOUND || (*err = inner, false);
    if (!store_rows(store, step->object, &id, 1, arena, out, err))
        return false;
    *there = out->id != 0;
    return true;
}

static void note_about(struct change_plan *plan, enum plan_note_kind kind, const struct change_step *step, const char *why)
{
    struct plan_note *note = plan_add_note(plan, kind);
    struct change_step copy = step_copy(step, &plan->mem);

    note->server = copy.server;
    note->server_name = copy.server_name;
    note->title = copy.title;
    note->object = copy.object;
    note->key = copy.key;
    note->property = copy.property;
    note->why = arena_strdup(&plan->mem, why);
}

static bool is_wanted(int no, const int *only, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (only[i] == no)
            return true;
    return only == NULL;
}

/* When did the server last show the rows of a step's value? */
struct looking {
    const struct change_step *step;
    const char *source;
    int64_t ok_at;
};

static bool look_at_source(void *ctx, const char *object, const char *source, const char *result, const char *error,
                           int64_t done_at, int64_t ok_at)
{
    struct looking *l = ctx;

    (void)result;
    (void)error;
    (void)done_at;
    if (strcmp(object, l->step->object->name) == 0 && l->source != NULL && strcmp(source, l->source) == 0)
        l->ok_at = ok_at;
    return true;
}

/* Is what the store shows from after the step was settled? Then it counts against what the step found. */
static bool is_newer(struct store *store, const struct change_step *step, bool *newer, struct err *err)
{
    struct looking l = { .step = step };
    int source = object_defining_source(step->object);

    l.source = step->op == OP_SET ? step->object->properties[step->property].read.source
               : source >= 0      ? step->object->sources[source].name
                                  : NULL;
    if (!store_sources(store, step->server, look_at_source, &l, err))
        return false;
    *newer = l.ok_at > step->settled_at;
    return true;
}

/* ------------------------------------------------------------------ undo */
struct undo_judgement {
    const char *why; /* why it is not undone; NULL = it can be */
    bool back;       /* it has the value from before already */
    bool there;      /* the row is there */
};

/* A third value in the store was not ours. The one from before may only be an old reading. */
static bool judge_undo_set(struct store *store, const struct change_step *step, struct value now, struct arena *arena,
                           struct undo_judgement *out, struct err *err)
{
    const struct property *p = &step->object->properties[step->property];
    char text[300];
    bool newer = true;

    if (now.type == VALUE_NULL || same_value(p, now, step->after))
        return true;
    if (same_value(p, now, step->before) && !is_newer(store, step, &newer, err))
        return false;
    out->back = newer && same_value(p, now, step->before);
    if (newer)
        out->why = arena_printf(arena, out->back ? "is %s again already" : "was changed since, to %s: not undone",
                                property_show(p, now, text, sizeof(text)));
    return true;
}

static bool judge_undo(struct store *store, const struct change_step *step, struct arena *arena, struct undo_judgement *out,
                       struct err *err)
{
    struct row row;
    bool newer;

    *out = (struct undo_judgement){ 0 };
    if (!row_now(store, step, arena, &row, &out->there, err) || !is_newer(store, step, &newer, err))
        return false;
    if (step->op == OP_SET && step->before.type == VALUE_NULL) {
        out->why = "what it was before is not known";
    } else if (step->op == OP_SET && out->there) {
        return judge_undo_set(store, step, known_value(step->object, step->property, row.values[step->property]), arena,
                              out, err);
    } else if (step->op == OP_SET && newer) {
        out->why = arena_printf(arena, "the %s is not there any more: not undone", step->object->noun);
    } else if (step->op != OP_SET && !newer) {
        out->there = step->op == OP_ADD; /* as the step left it */
    }
    return true;
}

static void add_undo(struct change_plan *plan, const struct change_step *step)
{
    struct change_step back = step_copy(step, &plan->mem), *kept = plan_add_step(plan);

    back.no = kept->no;
    back.op = step->op == OP_ADD ? OP_REMOVE : step->op == OP_REMOVE ? OP_ADD : OP_SET;
    back.before = step->op == OP_SET ? back.after : V_NULL;
    back.after = step->op == OP_SET ? value_in(step->before, &plan->mem) : V_NULL;
    back.rests_on = 0;
    back.state = CHANGE_PLANNED;
    back.found = V_NULL;
    back.text = back.error_id = back.hint = "";
    back.opened_at = back.settled_at = 0;
    *kept = back;
}

/* The value was changed and is as it was: two steps of one value cancel each other. */
static bool undo_step(struct store *store, struct change_plan *plan, const struct change_step *step, struct arena *arena,
                      struct err *err)
{
    struct undo_judgement judged;

    arena_reset(arena);
    if (step->state != CHANGE_DONE)
        return true; /* nothing to take back */
    if (!judge_undo(store, step, arena, &judged, err))
        return false;
    if (judged.why != NULL)
        note_about(plan, judged.back ? PLAN_SAME : PLAN_CHANGED_SINCE, step, judged.why);
    else if (step->op == OP_ADD && !judged.there)
        note_about(plan, PLAN_SAME, step, "is gone already");
    else if (step->op == OP_REMOVE && judged.there)
        note_about(plan, PLAN_SAME, step, "is there again already");
    else
        add_undo(plan, step);
    return true;
}

/* A removed row that comes back where another was added: that one goes first. */
static void pair_undo(struct change_plan *plan, const struct change_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct change_step *add = NULL, *remove = NULL;
        const struct change_step *pair = NULL;

        if (steps[i].op != OP_ADD || steps[i].rests_on == 0)
            continue;
        for (size_t k = 0; k < count && pair == NULL; k++)
            if (steps[k].no == steps[i].rests_on)
                pair = &steps[k];
        for (size_t k = 0; pair != NULL && k < plan->count; k++) {
            struct change_step *s = &plan->steps[k];

            if (s->server == pair->server && s->op == OP_ADD && s->object == pair->object &&
                key_equal(s->object, s->key, pair->key))
                add = s;
            if (s->server == steps[i].server && s->op == OP_REMOVE && s->object == steps[i].object &&
                key_equal(s->object, s->key, steps[i].key))
                remove = s;
        }
        if (add != NULL && remove != NULL)
            add->rests_on = remove->no;
    }
}

static bool not_running(struct store *store, change_id change, const char *verb, struct arena *arena,
                        struct change_info *info, struct err *err)
{
    if (!journal_info(store, change, arena, info, err))
        return false;
    if (info->phase == PHASE_PENDING)
        return err_set(err, ERR_CONFLICT, "change", "change %lld is the pending plan: nothing of it was sent", (long long)change);
    if (info->phase == PHASE_RUNNING && journal_owner_life(&info->owner) != OWNER_DEAD)
        return err_set(err, ERR_CONFLICT, "change", "change %lld is still at work (process %lld on %s): %s it when it has ended",
                       (long long)change, (long long)info->owner.pid, info->owner.host, verb);
    if (info->counts[CHANGE_OPEN] > 0)
        return err_set(err, ERR_CONFLICT, "change",
                       "change %lld has open steps; they are settled first: `ipamtui change settle`", (long long)change);
    return true;
}

bool change_plan_undo(struct store *store, change_id change, const int *only, size_t only_count, struct change_plan **out,
                      struct err *err)
{
    struct change_plan *plan = change_plan_new();
    struct arena mem = { 0 }, scratch = { 0 };
    struct change_info info;
    struct change_step *steps;
    size_t count = 0;
    bool ok = not_running(store, change, "undo", &mem, &info, err) &&
              journal_steps(store, change, &mem, &steps, &count, NULL, err);

    for (size_t i = 0; ok && i < count; i++)
        if (is_wanted(steps[i].no, only, only_count))
            ok = undo_step(store, plan, &steps[i], &scratch, err);
    if (ok) {
        char *what = x_asprintf("undo change %lld: %.200s", (long long)change, info.what);

        pair_undo(plan, steps, count);
        plan_order(plan);
        ok = plan_check(store, plan, err);
        plan_set_what(plan, what);
        free(what);
        plan->of = change;
        plan->relation = "undo";
    }
    if (ok)
        *out = plan;
    else
        change_plan_free(plan);
    arena_done(&scratch);
    arena_done(&mem);
    return ok;
}

/* ------------------------------------------------------------------ retry */
static bool is_unfinished(enum change_state state)
{
    return state == CHANGE_FAILED || state == CHANGE_SKIPPED || state == CHANGE_UNKNOWN || state == CHANGE_PLANNED;
}

static bool is_conflict(enum change_state state)
{
    return state == CHANGE_CONFLICT;
}

/* The value before is the newest that is known: what the step found, or what was retrieved since. */
static bool retry_step(struct store *store, struct change_plan *plan, const struct change_step *step, struct arena *arena,
                       struct err *err)
{
    struct change_step again = step_copy(step, &plan->mem), *kept;
    struct row row;
    bool there, newer;

    arena_reset(arena);
    if (!row_now(store, step, arena, &row, &there, err) || !is_newer(store, step, &newer, err))
        return false;
    if (step->op == OP_SET && (there || step->found.type != VALUE_NULL)) {
        const struct property *p = &step->object->properties[step->property];
        struct value now = there ? known_value(step->object, step->property, row.values[step->property]) : V_NULL;

        if (step->found.type != VALUE_NULL && !newer && !same_value(p, now, step->after))
            now = step->found;
        again.before = value_in(now, &plan->mem);
        if (again.before.type != VALUE_NULL && same_value(p, again.before, again.after)) {
            note_about(plan, PLAN_SAME, step, "is so already");
            return true;
        }
    }
    if (step->op == OP_SET && !there && step->state == CHANGE_CONFLICT && step->found.type == VALUE_NULL) {
        note_about(plan, PLAN_CHANGED_SINCE, step, arena_printf(arena, "the %s is not on the server any more", step->object->noun));
        return true;
    }
    kept = plan_add_step(plan);
    again.no = kept->no;
    again.rests_on = 0;
    again.state = CHANGE_PLANNED;
    again.found = V_NULL;
    again.text = again.error_id = again.hint = "";
    again.opened_at = again.settled_at = 0;
    *kept = again;
    return true;
}

static bool plan_again(struct store *store, change_id change, bool (*is_meant)(enum change_state state), const int *only,
                       size_t only_count, struct change_plan **out, struct err *err)
{
    struct change_plan *plan = change_plan_new();
    struct arena mem = { 0 }, scratch = { 0 };
    struct change_info info;
    struct change_step *steps;
    size_t count = 0;
    bool ok = not_running(store, change, "retry", &mem, &info, err) &&
              journal_steps(store, change, &mem, &steps, &count, NULL, err);

    for (size_t i = 0; ok && i < count; i++)
        if (is_meant(steps[i].state) && is_wanted(steps[i].no, only, only_count))
            ok = retry_step(store, plan, &steps[i], &scratch, err);
    if (ok) {
        char *what = x_asprintf("retry change %lld: %.200s", (long long)change, info.what);

        plan_order(plan);
        ok = plan_check(store, plan, err);
        plan_set_what(plan, what);
        free(what);
        plan->of = change;
        plan->relation = "retry";
    }
    if (ok)
        *out = plan;
    else
        change_plan_free(plan);
    arena_done(&scratch);
    arena_done(&mem);
    return ok;
}

bool change_plan_retry(struct store *store, change_id change, const int *only, size_t only_count, struct change_plan **out,
                       struct err *err)
{
    return plan_again(store, change, is_unfinished, only, only_count, out, err);
}

bool change_plan_retry_conflicts(struct store *store, change_id change, const int *only, size_t only_count,
                                 struct change_plan **out, struct err *err)
{
    return plan_again(store, change, is_conflict, only, only_count, out, err);
}
