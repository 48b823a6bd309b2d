/* apply_read.c - what a re-reading brought: rows by key, told apart by the source that showed them. */
#include <stdlib.h>
#include <string.h>

#include "apply_int.h"
#include "ipamtui/clock.h"
#include "ipamtui/fetch.h"
#include "ipamtui/log.h"

void seen_clear(struct seen *seen)
{
    seen->count = 0;
    seen->failed = seen->lost = false;
    seen->error_id[0] = '\0';
    seen->words[0] = '\0';
    err_clear(&seen->err);
    arena_reset(&seen->mem);
}

void seen_done(struct seen *seen)
{
    free(seen->rows);
    arena_done(&seen->mem);
    memset(seen, 0, sizeof(*seen));
}

static struct seen_row *find_row(const struct seen *seen, const struct object_type *object, const struct key_places *places,
                                 const struct value *key)
{
    for (size_t i = seen->count; i > 0; i--) {
        struct seen_row *row = &seen->rows[i - 1];
        size_t k = 0;

        if (row->object != object)
            continue;
        while (k < places->count && value_equal(row->values[places->at[k]], key[k]))
            k++;
        if (k == places->count)
            return row;
    }
    return NULL;
}

static struct seen_row *add_row(struct seen *seen, const struct object_type *object)
{
    struct seen_row *row;

    x_grow(&seen->rows, &seen->cap, seen->count + 1, sizeof(*seen->rows));
    row = &seen->rows[seen->count++];
    *row = (struct seen_row){ .object = object,
                              .values = arena_alloc(&seen->mem, object->property_count * sizeof(*row->values)),
                              .known = arena_alloc(&seen->mem, object->property_count * sizeof(*row->known)) };
    return row;
}

/* A property of "servers" that is ours is no answer of the server's: its key comes from the step. */
static bool has_local_key(const struct object_type *object, const struct key_places *places)
{
    return places->count > 0 && (object->properties[places->at[0]].flags & PROP_LOCAL) != 0;
}

void seen_take(struct seen *seen, const struct reread_call *read, const struct ps_value *answer)
{
    const struct object_type *object = read->object;
    struct value *values = arena_alloc(&seen->mem, object->property_count * sizeof(*values));
    struct value key[KEY_MAX];
    struct key_places places;
    struct seen_row *row;
    struct err err = { 0 };

    key_places(object, &places);
    if (!fetch_row(object, read->source, answer, &seen->mem, values, &err)) {
        seen->failed = true;
        if (seen->err.kind == ERR_NONE)
            seen->err = err;
        return;
    }
    for (size_t i = 0; i < places.count; i++)
        key[i] = read->key != NULL || has_local_key(object, &places) ? read->key[i] : values[places.at[i]];
    row = find_row(seen, object, &places, key);
    if (row == NULL)
        row = add_row(seen, object);
    for (size_t i = 0; i < places.count; i++)
        row->values[places.at[i]] = value_in(key[i], &seen->mem);
    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *p = &object->properties[i];

        if (!(p->flags & PROP_KEY) && (read->only == NULL || read->only[i]) && p->read.source != NULL &&
            strcmp(p->read.source, object->sources[read->source].name) == 0) {
            row->values[i] = values[i];
            row->known[i] = true;
        }
    }
    row->sources |= 1u << read->source;
}

const struct seen_row *seen_find(const struct seen *seen, const struct change_step *step)
{
    struct key_places places;

    key_places(step->object, &places);
    return find_row(seen, step->object, &places, step->key);
}

bool seen_value(const struct seen *seen, const struct change_step *step, struct value *out, bool *there)
{
    const struct seen_row *row = seen_find(seen, step);
    const char *name = step->op == OP_SET ? step->object->properties[step->property].read.source : NULL;
    int source = name != NULL ? catalog_source(step->object, name) : object_defining_source(step->object);

    *there = row != NULL && source >= 0 && (row->sources & 1u << source) != 0;
    *out = V_NULL;
    if (*there && step->op == OP_SET) {
        *out = row->values[step->property];
        if (step->object->properties[step->property].kind == KIND_TEXT && out->type == VALUE_NULL)
            *out = V_TEXT("");
    }
    return *there || !seen->failed;
}

/* ------------------------------------------------------------------ into the store */
/* All rows that one source showed, in one go: they were asked for the same properties. */
static bool put_rows(struct change_apply *apply, const struct fresh_values *fresh, const struct object_type *object,
                     size_t source, struct err *err)
{
    const struct seen *seen = &fresh->seen;
    struct value *values = NULL;
    const bool *known = NULL;
    size_t count = 0;
    bool ok = true;

    for (size_t i = 0; i < seen->count; i++)
        if (seen->rows[i].object == object && (seen->rows[i].sources & 1u << source) != 0) {
            if (values == NULL)
                values = x_calloc(seen->count * object->property_count, sizeof(*values));
            memcpy(values + count++ * object->property_count, seen->rows[i].values,
                   object->property_count * sizeof(*values));
            known = seen->rows[i].known;
        }
    if (count > 0)
        ok = store_put_again(apply->store, fresh->server->id, object, (int)source, values, count, known, clock_now_s(), err);
    free(values);
    return ok;
}

static bool forget_row(struct change_apply *apply, struct apply_server *server, const struct change_step *step,
                       struct err *err)
{
    struct arena mem = { 0 };
    struct value *values = arena_alloc(&mem, step->object->property_count * sizeof(*values));
    struct key_places places;
    struct err inner = { 0 };
    row_id id;
    bool ok;

    key_places(step->object, &places);
    for (size_t i = 0; i < places.count; i++)
        values[places.at[i]] = step->key[i];
    ok = store_row_find(apply->store, server->id, step->object, values, &id, &inner)
             ? store_row_remove(apply->store, step->object, id, err)
             : inner.kind == ERR_NOT_FOUND || (*err = inner, false);
    arena_done(&mem);
    return ok;
}

static bool fresh_put(struct change_apply *apply, struct fresh_values *fresh, struct err *err)
{
    for (size_t i = 0; catalog_objects[i] != NULL; i++)
        for (size_t source = 0; source < catalog_objects[i]->source_count; source++)
            if (!put_rows(apply, fresh, catalog_objects[i], source, err))
                return false;
    for (size_t i = fresh->from; i < fresh->to; i++)
        if (apply->steps[i].op == OP_REMOVE && apply->steps[i].state == CHANGE_DONE &&
            !forget_row(apply, fresh->server, &apply->steps[i], err))
            return false;
    return true;
}

void fresh_drop(struct change_apply *apply)
{
    for (size_t i = 0; i < apply->fresh_count; i++)
        seen_done(&apply->fresh[i].seen);
    apply->fresh_count = 0;
}

void fresh_store(struct change_apply *apply)
{
    struct err err = { 0 };
    bool ok;

    if (apply->fresh_count == 0)
        return;
    ok = store_begin(apply->store, &err);
    for (size_t i = 0; ok && i < apply->fresh_count; i++)
        ok = fresh_put(apply, &apply->fresh[i], &err);
    if (!ok || !store_commit(apply->store, &err)) {
        store_rollback(apply->store);
        log_line("changes", "what was read back is not in the lists: %s", err.text);
    }
    fresh_drop(apply);
}
