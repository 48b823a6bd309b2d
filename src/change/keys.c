/* keys.c - what identifies a row, and small questions to the catalogue. */
#include "inner.h"

#include <string.h>

#include "ipamtui/text.h"

/* Asked for in every comparison of a sort: remembered, as object types never change. */
void key_places(const struct object_type *object, struct key_places *out)
{
    static _Thread_local struct {
        const struct object_type *object;
        struct key_places places;
    } memo[16];
    size_t at = ((uintptr_t)object >> 4) % COUNT(memo);

    if (memo[at].object != object) {
        memo[at].places.count = journal_key_places(object, memo[at].places.at, KEY_MAX);
        memo[at].object = object;
    }
    *out = memo[at].places;
}

struct value value_in(struct value v, struct arena *arena)
{
    if (v.type == VALUE_TEXT)
        v.s = arena_strdup(arena, v.s);
    return v;
}

const struct value *key_of_row(const struct object_type *object, const struct key_places *places, const struct value *values,
                               struct arena *arena)
{
    struct value *key = arena_alloc(arena, MAX(places->count, 1) * sizeof(*key));

    (void)object;
    for (size_t i = 0; i < places->count; i++)
        key[i] = value_in(values[places->at[i]], arena);
    return key;
}

bool key_equal(const struct object_type *object, const struct value *a, const struct value *b)
{
    struct key_places places;

    key_places(object, &places);
    for (size_t i = 0; i < places.count; i++)
        if (!value_equal(a[i], b[i]))
            return false;
    return true;
}

struct value step_group(const struct change_step *step)
{
    struct key_places places;

    key_places(step->object, &places);
    return places.count > 0 ? step->key[0] : V_NULL;
}

size_t change_child_types(const struct object_type *object, const struct object_type **out, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; catalog_objects[i] != NULL && count < room; i++)
        if (catalog_objects[i]->add != NULL && catalog_parent(catalog_objects[i]) == object)
            out[count++] = catalog_objects[i];
    return count;
}

bool property_is_writable(const struct property *property)
{
    return property->write.cmdlet != NULL && !(property->flags & PROP_KEY);
}

static bool no_text(struct value v)
{
    return v.type == VALUE_NULL || (v.type == VALUE_TEXT && v.s[0] == '\0');
}

bool same_value(const struct property *property, struct value a, struct value b)
{
    if (property->kind == KIND_TEXT && no_text(a) && no_text(b))
        return true;
    if (property->kind == KIND_ENUM && a.type == VALUE_TEXT && b.type == VALUE_TEXT)
        return text_casecmp(a.s, b.s) == 0;
    return value_equal(a, b);
}

struct value known_value(const struct object_type *object, int property, struct value v)
{
    const struct property *p = &object->properties[property];
    int source = p->read.source != NULL ? catalog_source(object, p->read.source) : -1;

    if (v.type == VALUE_NULL && p->kind == KIND_TEXT && source >= 0 && object->sources[source].mode == SOURCE_DEFINES)
        return V_TEXT("");
    return v;
}

const char *property_name(const struct object_type *object, int property)
{
    return property >= 0 ? object->properties[property].name : object->noun;
}

int object_defining_source(const struct object_type *object)
{
    for (size_t i = 0; i < object->source_count; i++)
        if (object->sources[i].mode == SOURCE_DEFINES)
            return (int)i;
    return -1;
}
