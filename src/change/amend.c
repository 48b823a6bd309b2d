/* amend.c - edits of targets become steps of the plan: built on what is planned already, checked per target, steps that lead
 * back to what is there withdrawn. */
#include "inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row below the target as it would be. */
struct child {
    const struct value *key;
    bool named; /* as a target itself */
    struct change_step *pending; /* its OP_ADD in the plan, or NULL: the server has it */
    bool gone;                   /* removed by the plan or by this edit */
    bool added;                  /* by this edit */
    const struct value *instead; /* added in place of this one, which is removed; NULL = no pair */
};
struct amending {
    struct change_plan *plan;
    const struct change_targets *targets;
    const struct object_type *object, *child_type;
    struct key_places keys, child_keys;
    const struct change_edit *edits;
    size_t edit_count;
    size_t ordered;  /* steps that plan_group may search */
    struct arena scratch; /* dies with the target */
    /* of the target at hand */
    size_t at;
    const struct row *row;
    const struct value *key;
    size_t group_first, group_count;
    struct value *values; /* as it would be */
    struct child *children;
    size_t child_count, child_cap;
    const char *nothing; /* why a row edit had no effect, or NULL */
};

/* ------------------------------------------------------------------ notes */
static void note(struct amending *a, enum plan_note_kind kind, int property, const char *why)
{
    struct plan_note *n = plan_add_note(a->plan, kind);

    n->server = a->row->server;
    n->server_name = arena_strdup(&a->plan->mem, target_server_name(a->targets, a->at));
    n->title = arena_strdup(&a->plan->mem, target_title(a->targets, a->at));
    n->object = a->object;
    n->key = key_of_row(a->object, &a->keys, a->row->values, &a->plan->mem);
    n->property = property;
    n->why = arena_strdup(&a->plan->mem, why);
}

/* ------------------------------------------------------------------ the target as planned so far */
static struct change_step *pending_set(struct amending *a, int property)
{
    for (size_t i = a->group_first; i < a->group_first + a->group_count; i++) {
        struct change_step *step = &a->plan->steps[i];

        if (step->no != 0 && step->op == OP_SET && step->object == a->object && step->property == property &&
            key_equal(a->object, step->key, a->key))
            return step;
    }
    return NULL;
}

static struct child *add_child(struct amending *a, const struct value *key)
{
    x_grow(&a->children, &a->child_cap, a->child_count + 1, sizeof(*a->children));
    a->children[a->child_count] = (struct child){ .key = key };
    return &a->children[a->child_count++];
}

static struct child *find_child(struct amending *a, const struct value *key)
{
    for (size_t i = 0; i < a->child_count; i++)
        if (key_equal(a->child_type, a->children[i].key, key))
            return &a->children[i];
    return NULL;
}

static void take_children(struct amending *a)
{
    const struct row *first;
    size_t count = change_targets_children(a->targets, a->at, a->child_type, &first);

    for (size_t i = 0; i < count; i++)
        add_child(a, key_of_row(a->child_type, &a->child_keys, first[i].values, &a->scratch))->named =
            target_child_selected(a->targets, first[i].id);
    for (size_t i = a->group_first; i < a->group_first + a->group_count; i++) {
        struct change_step *step = &a->plan->steps[i];
        struct child *child;

        if (step->no == 0 || step->object != a->child_type)
            continue;
        child = find_child(a, step->key);
        if (step->op == OP_REMOVE && child != NULL)
            child->gone = true;
        if (step->op == OP_ADD && child == NULL)
            add_child(a, step->key)->pending = step;
    }
}

static void begin_target(struct amending *a, size_t at)
{
    struct value group;

    arena_reset(&a->scratch);
    a->at = at;
    a->row = change_targets_row(a->targets, at);
    a->key = key_of_row(a->object, &a->keys, a->row->values, &a->scratch);
    group = a->keys.count > 0 ? a->key[0] : V_NULL;
    a->group_count = plan_group(a->plan, a->ordered, target_server_name(a->targets, at), a->row->server, group,
                                &a->group_first);
    a->values = arena_alloc(&a->scratch, a->object->property_count * sizeof(*a->values));
    memcpy(a->values, a->row->values, a->object->property_count * sizeof(*a->values));
    for (size_t i = a->group_first; i < a->group_first + a->group_count; i++) {
        const struct change_step *step = &a->plan->steps[i];

        if (step->no != 0 && step->op == OP_SET && step->object == a->object && key_equal(a->object, step->key, a->key))
            a->values[step->property] = step->after;
    }
    a->child_count = 0;
    a->nothing = NULL;
    if (a->child_type != NULL)
        take_children(a);
}

/* ------------------------------------------------------------------ edits of rows below */
static void child_add(struct amending *a, const struct value *key, const struct value *instead)
{
    struct child *known = find_child(a, key);

    if (known != NULL && !known->gone) {
        a->nothing = "has it already";
        return;
    }
    if (known != NULL) { /* removed by the plan, and now back */
        known->gone = false;
        return;
    }
    known = add_child(a, key);
    known->added = true;
    known->instead = instead;
}

static bool is_meant(struct amending *a, const struct child *child, bool all, const struct value *find)
{
    if (child->gone || child->added)
        return false;
    return all || (find != NULL ? key_equal(a->child_type, child->key, find) : child->named);
}

static bool edit_children(struct amending *a, const struct change_edit *edit, struct err *err)
{
    bool all = edit->how != EDIT_ROW_ADD && edit->find != NULL && strcmp(edit->find, "all") == 0;
    size_t count = a->child_count, hits = 0, same = 0;
    struct value *find = NULL, *key = NULL;

    if (edit->how != EDIT_ROW_REMOVE) {
        key = arena_alloc(&a->scratch, KEY_MAX * sizeof(*key));
        if (!edit_child_key(a->child_type, a->object, a->key, edit->text, &a->scratch, key, err))
            return false;
    }
    if (edit->how == EDIT_ROW_ADD) {
        child_add(a, key, NULL);
        return true;
    }
    if (!all && edit->find != NULL) {
        find = arena_alloc(&a->scratch, KEY_MAX * sizeof(*find));
        if (!edit_child_key(a->child_type, a->object, a->key, edit->find, &a->scratch, find, err))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct value *old = a->children[i].key;

        if (!is_meant(a, &a->children[i], all, find))
            continue;
        hits++;
        if (key != NULL && key_equal(a->child_type, old, key)) {
            same++;
            continue;
        }
        a->children[i].gone = true;
        if (key != NULL && (find_child(a, key) == NULL || find_child(a, key)->gone))
            child_add(a, key, a->children[i].pending == NULL ? old : NULL);
    }
    if (hits == 0)
        a->nothing = arena_printf(&a->scratch, "has no such %s", a->child_type->noun);
    else if (same == hits)
        a->nothing = "is so already";
    return true;
}

/* ------------------------------------------------------------------ checking */
static bool check_now(struct amending *a, int *property, struct err *err)
{
    const struct value **keys = arena_alloc(&a->scratch, MAX(a->child_count, 1) * sizeof(*keys));
    const struct value **added = arena_alloc(&a->scratch, MAX(a->child_count, 1) * sizeof(*added));
    struct check_row row = { .object = a->object, .values = a->values, .was = a->row->values, .child = a->child_type,
                             .children = keys, .new_children = added };

    for (size_t i = 0; i < a->child_count; i++) {
        if (a->children[i].gone)
            continue;
        keys[row.child_count++] = a->children[i].key;
        if (a->children[i].added || a->children[i].pending != NULL)
            added[row.new_count++] = a->children[i].key;
    }
    return check_target(&row, property, err);
}

/* All edits of this target into values and children; false: refused, *property = where. */
static bool try_edits(struct amending *a, int *property, struct err *err)
{
    for (size_t i = 0; i < a->edit_count; i++) {
        const struct change_edit *edit = &a->edits[i];
        struct value v;

        *property = edit->property;
        if (edit->how >= EDIT_ROW_ADD) {
            if (!edit_children(a, edit, err))
                return false;
            continue;
        }
        if (!edit_apply(a->object, edit, a->row->values, a->values[edit->property], &a->scratch, &v, err))
            return false;
        a->values[edit->property] = v;
    }
    return check_now(a, property, err);
}

/* ------------------------------------------------------------------ steps */
static struct change_step *new_step(struct amending *a, enum change_op op, const struct object_type *object,
                                    const struct value *key)
{
    struct change_step *step = plan_add_step(a->plan);
    struct change_step plain = *step;

    plain.server = a->row->server;
    plain.server_name = target_server_name(a->targets, a->at);
    plain.title = target_title(a->targets, a->at);
    plain.object = object;
    plain.key = key;
    plain.op = op;
    *step = step_copy(&plain, &a->plan->mem);
    return step;
}

static void plan_set(struct amending *a, const struct change_edit *edit)
{
    const struct property *p = &a->object->properties[edit->property];
    struct value before = known_value(a->object, edit->property, a->row->values[edit->property]);
    struct value after = a->values[edit->property];
    struct change_step *step = pending_set(a, edit->property);

    if (before.type != VALUE_NULL && same_value(p, before, after)) {
        if (step != NULL)
            step->no = 0;
        else
            note(a, edit->how == EDIT_REPLACE ? PLAN_NOT_APPLICABLE : PLAN_SAME, edit->property,
                 edit->how == EDIT_REPLACE ? "does not have it" : "is so already");
        return;
    }
    if (edit->how == EDIT_REPLACE && before.type == VALUE_NULL && after.type == VALUE_NULL) {
        note(a, PLAN_NOT_APPLICABLE, edit->property, "is not known yet: retrieve first");
        return;
    }
    if (step == NULL) {
        step = new_step(a, OP_SET, a->object, a->key);
        step->property = edit->property;
    }
    step->before = value_in(before, &a->plan->mem);
    step->after = value_in(after, &a->plan->mem);
}

static struct change_step *pending_row(struct amending *a, enum change_op op, const struct value *key)
{
    for (size_t i = a->group_first; i < a->group_first + a->group_count; i++) {
        struct change_step *step = &a->plan->steps[i];

        if (step->no != 0 && step->op == op && step->object == a->child_type &&
            key_equal(a->child_type, step->key, key))
            return step;
    }
    return NULL;
}

static void withdraw(struct amending *a, struct change_step *step)
{
    for (size_t i = a->group_first; i < a->group_first + a->group_count; i++)
        if (a->plan->steps[i].rests_on == step->no)
            a->plan->steps[i].rests_on = 0;
    step->no = 0;
}

/* Children as they would be against the steps there are: what is missing is added, what is too much withdrawn. */
static void plan_children(struct amending *a)
{
    for (size_t i = 0; i < a->child_count; i++) {
        struct child *c = &a->children[i];
        struct change_step *removes = pending_row(a, OP_REMOVE, c->key), *adds = pending_row(a, OP_ADD, c->key);

        if (c->added)
            continue;
        if (c->gone && adds != NULL)
            withdraw(a, adds);
        else if (c->gone && removes == NULL)
            new_step(a, OP_REMOVE, a->child_type, c->key);
        else if (!c->gone && removes != NULL)
            withdraw(a, removes);
    }
    for (size_t i = 0; i < a->child_count; i++) {
        struct child *c = &a->children[i];
        int rests_on = 0;

        if (!c->added || c->gone)
            continue;
        for (size_t k = a->plan->count; c->instead != NULL && k > 0 && rests_on == 0; k--) {
            const struct change_step *step = &a->plan->steps[k - 1];

            if (step->server != a->row->server || step->op != OP_REMOVE || step->object != a->child_type)
                continue;
            if (key_equal(a->child_type, step->key, c->instead))
                rests_on = step->no;
        }
        new_step(a, OP_ADD, a->child_type, c->key)->rests_on = rests_on;
    }
}

static bool has_row_edit(const struct amending *a)
{
    for (size_t i = 0; i < a->edit_count; i++)
        if (a->edits[i].how >= EDIT_ROW_ADD)
            return true;
    return false;
}

static void amend_target(struct amending *a, size_t at)
{
    const char *barred = target_barred(a->targets, at);
    struct err err = { 0 };
    int property = -1;

    begin_target(a, at);
    if (barred != NULL) {
        note(a, PLAN_REFUSED, -1, barred);
        return;
    }
    if (!try_edits(a, &property, &err)) {
        note(a, PLAN_REFUSED, property, err.text);
        return;
    }
    for (size_t i = 0; i < a->edit_count; i++)
        if (a->edits[i].how < EDIT_ROW_ADD)
            plan_set(a, &a->edits[i]);
    if (!has_row_edit(a))
        return;
    plan_children(a);
    if (a->nothing != NULL)
        note(a, strncmp(a->nothing, "has no", 6) == 0 ? PLAN_NOT_APPLICABLE : PLAN_SAME, -1, a->nothing);
}

/* ------------------------------------------------------------------ the whole edit */
static bool check_edits(const struct object_type *object, const struct change_edit *edits, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!change_edit_check(object, &edits[i], err))
            return false;
        for (size_t k = 0; k < i; k++)
            if (edits[i].property >= 0 && edits[k].property == edits[i].property)
                return err_set(err, ERR_CONFLICT, object->properties[edits[i].property].name,
                               "%s is given twice: one new value for a property", object->properties[edits[i].property].name);
    }
    return true;
}

static const struct object_type *child_of(const struct object_type *object, const struct change_edit *edits, size_t count)
{
    const struct object_type *types[1];

    for (size_t i = 0; i < count; i++)
        if (edits[i].how >= EDIT_ROW_ADD)
            return edits[i].object;
    return change_child_types(object, types, 1) > 0 ? types[0] : NULL;
}

static void name_plan(struct change_plan *plan, const struct amending *a)
{
    struct buf what = { 0 };
    size_t targets = change_targets_count(a->targets);

    if (plan->what[0] != '\0')
        buf_addf(&what, "%s; ", plan->what);
    for (size_t i = 0; i < a->edit_count; i++) {
        if (i > 0)
            buf_adds(&what, ", ");
        change_edit_show(&a->edits[i], &what);
    }
    buf_addf(&what, " on %zu %s%s", targets, a->object->noun, targets != 1 ? "s" : "");
    if (what.len <= 300)
        plan_set_what(plan, buf_at(&what));
    else if (plan->what[0] == '\0' || strstr(plan->what, "; and more") == NULL) {
        char *cut = x_asprintf("%.250s; and more", plan->what[0] != '\0' ? plan->what : buf_at(&what));

        plan_set_what(plan, cut);
        free(cut);
    }
    buf_done(&what);
}

bool change_plan_edit(struct change_plan *plan, const struct change_targets *targets, const struct change_edit *edits,
                      size_t edit_count, struct err *err)
{
    const struct object_type *object = change_targets_object(targets);
    struct amending a = { .plan = plan, .targets = targets, .object = object, .edits = edits, .edit_count = edit_count,
                          .ordered = plan->count };

    if (!check_edits(object, edits, edit_count, err))
        return false;
    a.child_type = child_of(object, edits, edit_count);
    key_places(object, &a.keys);
    if (a.child_type != NULL)
        key_places(a.child_type, &a.child_keys);
    plan->note_count = 0;
    for (size_t i = 0; i < change_targets_count(targets); i++)
        amend_target(&a, i);
    plan_order(plan);
    if (plan->count > 0)
        name_plan(plan, &a);
    else
        plan_set_what(plan, "");
    arena_done(&a.scratch);
    free(a.children);
    return true;
}

/* ------------------------------------------------------------------ plans that did not come from edits of what is there */
/* Rows of the targets that a plan is about: of the object itself, or what its rows lie below. */
static bool find_targets(struct store *store, const struct change_plan *plan, const struct object_type *object, row_id *ids,
                         size_t *count, struct err *err)
{
    struct value *values = x_calloc(object->property_count, sizeof(*values));
    struct key_places places;
    bool ok = true;

    key_places(object, &places);
    *count = 0;
    for (size_t i = 0; ok && i < plan->count; i++) {
        const struct change_step *step = &plan->steps[i];
        struct err inner = { 0 };

        if (step->object != object && catalog_parent(step->object) != object)
            continue;
        for (size_t k = 0; k < places.count; k++)
            values[places.at[k]] = step->key[k];
        if (!store_row_find(store, step->server, object, values, &ids[*count], &inner))
            ok = inner.kind == ERR_NOT_FOUND || (*err = inner, false);
        else if (*count == 0 || ids[*count - 1] != ids[*count])
            (*count)++;
    }
    free(values);
    return ok;
}

static void check_as_planned(struct amending *a, size_t at)
{
    const char *barred = target_barred(a->targets, at);
    struct err err = { 0 };
    int property = -1;

    begin_target(a, at);
    if (barred == NULL && check_now(a, &property, &err))
        return;
    note(a, PLAN_REFUSED, barred != NULL ? -1 : property, barred != NULL ? barred : err.text);
    for (size_t i = a->group_first; i < a->group_first + a->group_count; i++)
        if (a->plan->steps[i].object == a->object || a->plan->steps[i].object == a->child_type)
            a->plan->steps[i].no = 0;
}

static bool check_object(struct store *store, struct change_plan *plan, const struct object_type *object, struct err *err)
{
    struct amending a = { .plan = plan, .object = object, .ordered = plan->count };
    row_id *ids = x_calloc(plan->count + 1, sizeof(*ids));
    struct change_targets *targets = NULL;
    size_t count;
    bool ok = find_targets(store, plan, object, ids, &count, err);

    if (ok && count > 0)
        ok = change_targets_load(store, object, ids, count, &targets, err);
    free(ids);
    if (!ok || count == 0)
        return ok;
    a.targets = targets;
    a.child_type = child_of(object, NULL, 0);
    key_places(object, &a.keys);
    if (a.child_type != NULL)
        key_places(a.child_type, &a.child_keys);
    for (size_t i = 0; i < change_targets_count(targets); i++)
        check_as_planned(&a, i);
    change_targets_free(targets);
    arena_done(&a.scratch);
    free(a.children);
    return true;
}

bool plan_check(struct store *store, struct change_plan *plan, struct err *err)
{
    for (size_t i = 0; catalog_objects[i] != NULL; i++) {
        if (catalog_parent(catalog_objects[i]) != NULL)
            continue; /* seen with what they lie below */
        if (!check_object(store, plan, catalog_objects[i], err))
            return false;
        plan_order(plan);
    }
    return true;
}
