/* reread.c - which calls bring the present values of what a server's steps are about.
 *
 * A source that defines or adds to rows takes the first keys of all of them as one list; one whose answers do not name
 * their row is asked row by row, so that no value is ever taken for another row's. */
#include "inner.h"

#include <string.h>

#include "ipamtui/fetch.h"

/* Has one of these steps to do with this source? Rows that are added or removed are looked up in the defining one. */
static bool concerns(const struct change_step *step, const struct object_type *object, int source)
{
    const struct property *p;

    if (step->object != object)
        return false;
    if (step->op != OP_SET)
        return source == object_defining_source(object);
    p = &object->properties[step->property];
    /* what must go along with a property is read with it: the same source, by rule of the catalogue */
    return p->read.source != NULL && strcmp(p->read.source, object->sources[source].name) == 0;
}

static const struct property *first_key(const struct object_type *object)
{
    struct key_places places;

    key_places(object, &places);
    for (size_t i = 0; i < places.count; i++)
        if (!(object->properties[places.at[i]].flags & PROP_LOCAL))
            return &object->properties[places.at[i]];
    return NULL;
}

/* ------------------------------------------------------------------ no more than is needed */
/* Which properties the steps need of the source. NULL: all, since a row is added or removed, or a part of a property would be
 * flattened on its way. */
static const bool *needed(const struct change_step *const *steps, size_t count, const struct object_type *object, int source,
                          struct arena *arena)
{
    bool *only = arena_alloc(arena, object->property_count * sizeof(*only));

    for (size_t i = 0; i < count; i++) {
        const struct property *p;
        int along;

        if (!concerns(steps[i], object, source))
            continue;
        if (steps[i]->op != OP_SET)
            return NULL;
        p = &object->properties[steps[i]->property];
        along = p->write.needs != NULL ? catalog_property(object, p->write.needs) : -1;
        only[steps[i]->property] = true;
        if (along >= 0)
            only[along] = true;
    }
    for (size_t i = 0; i < object->property_count; i++)
        if (only[i] && strchr(object->properties[i].read.property, '.') != NULL)
            return NULL;
    return only;
}

/* Select-Object with these properties and the keys that name the rows. */
static struct ps_command selecting(const struct object_type *object, const struct source *source, const bool *only,
                                   struct arena *arena)
{
    struct ps_value *names = arena_alloc(arena, object->property_count * sizeof(*names));
    struct ps_param *params = arena_alloc(arena, sizeof(*params));
    size_t count = 0;

    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *p = &object->properties[i];

        if (only[i] || ((p->flags & PROP_KEY) && p->read.property != NULL && source->mode != SOURCE_BY_ORDER))
            names[count++] = PS_S(p->flags & PROP_KEY && source->key_from != NULL ? source->key_from : p->read.property);
    }
    params[0] = (struct ps_param){ .name = "Property", .value = { .type = PS_LIST, .items = names, .len = count } };
    return (struct ps_command){ .name = "Select-Object", .params = params, .param_count = 1 };
}

/* ------------------------------------------------------------------ calls */
static void make_call(struct reread_call *out, const struct object_type *object, int source, struct ps_value rows,
                      const bool *only, struct arena *arena)
{
    const struct source *from = &object->sources[source];
    const struct property *key = first_key(object);
    struct ps_param *params = arena_alloc(arena, (COUNT(from->args) + 2) * sizeof(*params));
    struct ps_command *commands = arena_alloc(arena, 2 * sizeof(*commands));
    size_t count = 0;

    for (size_t i = 0; i < COUNT(from->args) && from->args[i].name != NULL; i++)
        params[count++] = (struct ps_param){ .name = from->args[i].name,
                                             .value = from->args[i].text != NULL ? PS_S(from->args[i].text) : PS_B(true) };
    if (key != NULL && from->mode != SOURCE_SINGLE)
        params[count++] = (struct ps_param){ .name = key->write.parameter != NULL ? key->write.parameter : key->read.property,
                                             .value = rows };
    /* a profile that says Stop would make one missing row the end of all */
    params[count++] = (struct ps_param){ .name = "ErrorAction", .value = PS_S("Continue") };
    commands[0] = (struct ps_command){ .name = from->cmdlet, .params = params, .param_count = count };
    if (only != NULL)
        commands[1] = selecting(object, from, only, arena);
    *out = (struct reread_call){ .object = object, .source = source, .only = only,
                                 .call = { .commands = commands, .command_count = only != NULL ? 2 : 1 } };
}

/* Distinct first keys; steps of one server are ordered by them. */
static size_t distinct_keys(const struct change_step *const *steps, size_t count, const struct object_type *object,
                            int source, const struct value **keys)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        bool known = false;

        if (!concerns(steps[i], object, source))
            continue;
        for (size_t k = n; k > 0 && !known; k--)
            known = value_equal(keys[k - 1][0], steps[i]->key[0]);
        if (!known)
            keys[n++] = steps[i]->key;
    }
    return n;
}

static size_t calls_of_source(const struct change_step *const *steps, size_t count, const struct object_type *object,
                              int source, bool whole, struct arena *arena, struct reread_call *out)
{
    const struct value **keys = arena_alloc(arena, MAX(count, 1) * sizeof(*keys));
    size_t n = distinct_keys(steps, count, object, source, keys);
    const struct property *key = first_key(object);
    struct ps_value *list = arena_alloc(arena, MAX(n, 1) * sizeof(*list));
    const bool *only;

    if (n == 0)
        return 0;
    only = whole ? NULL : needed(steps, count, object, source, arena);
    if (key == NULL || object->sources[source].mode == SOURCE_SINGLE) {
        make_call(out, object, source, PS_NIL, only, arena);
        out->key = keys[0];
        return 1;
    }
    for (size_t i = 0; i < n; i++)
        list[i] = fetch_argument(key, keys[i][0], arena);
    if (object->sources[source].mode != SOURCE_BY_ORDER) {
        make_call(out, object, source, (struct ps_value){ .type = PS_LIST, .items = list, .len = n }, only, arena);
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        make_call(&out[i], object, source, list[i], only, arena);
        out[i].key = keys[i];
    }
    return n;
}

size_t reread_calls(const struct change_step *const *steps, size_t count, bool whole, struct arena *arena,
                    struct reread_call **out)
{
    size_t total = 0, room = 0;

    for (size_t i = 0; catalog_objects[i] != NULL; i++)
        room += catalog_objects[i]->source_count * MAX(count, 1);
    *out = arena_alloc(arena, room * sizeof(**out));
    for (size_t i = 0; catalog_objects[i] != NULL; i++)
        for (size_t s = 0; s < catalog_objects[i]->source_count; s++)
            total += calls_of_source(steps, count, catalog_objects[i], (int)s, whole, arena, *out + total);
    return total;
}
