/* fields.c - the form's fields: a writable property and what its values are over all targets. */
#include "inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/hash.h"

/* Different values with how often each is there, found by hash: a form over 40,000 scopes sorts none of them. */
struct tally {
    struct { struct value value; size_t count; } *rows;
    size_t count, cap;   /* rows in use, room; cap is a power of two */
    size_t *places;      /* 1 + place in rows; 2 * cap of them */
};

static uint64_t hash_of(struct value v)
{
    uint64_t h = HASH_START ^ (uint64_t)v.type;

    if (v.type == VALUE_TEXT)
        h = hash_bytes(h, v.s, strlen(v.s));
    else if (v.type != VALUE_NULL)
        h = hash_bytes(h, &v.i, sizeof(v.i));
    /* Addresses differ in their high bits only: those must reach the low ones. */
    h = (h ^ (h >> 32)) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

static size_t *place_of(const struct tally *tally, struct value v)
{
    size_t mask = 2 * tally->cap - 1, at = hash_of(v) & mask;

    while (tally->places[at] != 0 && !value_equal(tally->rows[tally->places[at] - 1].value, v))
        at = (at + 1) & mask;
    return &tally->places[at];
}

static void grow(struct tally *tally)
{
    tally->cap = tally->cap != 0 ? 2 * tally->cap : 64;
    tally->rows = x_realloc(tally->rows, tally->cap * sizeof(*tally->rows));
    free(tally->places);
    tally->places = x_calloc(2 * tally->cap, sizeof(*tally->places));
    for (size_t i = 0; i < tally->count; i++)
        *place_of(tally, tally->rows[i].value) = i + 1;
}

static void add_value(struct tally *tally, struct value v)
{
    size_t *place;

    if (tally->count == tally->cap)
        grow(tally);
    place = place_of(tally, v);
    if (*place == 0) {
        tally->rows[tally->count].value = v;
        tally->rows[tally->count].count = 0;
        *place = ++tally->count;
    }
    tally->rows[*place - 1].count++;
}

/* Of two that are as frequent the lesser value comes first, so that the same targets always show the same. */
static bool goes_before(struct value v, size_t count, struct value other, size_t other_count)
{
    int order = count != other_count ? 0 : value_compare(v, other);

    if (order == 0 && count == other_count && v.type == VALUE_TEXT && other.type == VALUE_TEXT) /* "Voice", "voice" */
        order = strcmp(v.s, other.s);
    return count > other_count || order < 0;
}

static void note_value(struct change_field *field, struct value v, size_t count)
{
    size_t at = field->top_count;

    while (at > 0 && goes_before(v, count, field->top[at - 1].value, field->top[at - 1].count))
        at--;
    if (at >= CHANGE_FIELD_TOP)
        return;
    if (field->top_count < CHANGE_FIELD_TOP)
        field->top_count++;
    for (size_t i = field->top_count - 1; i > at; i--)
        field->top[i] = field->top[i - 1];
    field->top[at].value = v;
    field->top[at].count = count;
}

static void fill_field(const struct change_targets *targets, int property, struct tally *tally, struct change_field *out)
{
    const struct object_type *object = change_targets_object(targets);
    size_t count = change_targets_count(targets);

    *out = (struct change_field){ .property = property };
    if (tally->count > 0)
        memset(tally->places, 0, 2 * tally->cap * sizeof(*tally->places));
    tally->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct value v = known_value(object, property, change_targets_row(targets, i)->values[property]);

        out->unknown += v.type == VALUE_NULL;
        add_value(tally, v);
    }
    for (size_t i = 0; i < tally->count; i++)
        note_value(out, tally->rows[i].value, tally->rows[i].count);
    out->different = tally->count;
    out->mixed = out->different > 1;
    out->value = out->different == 1 ? tally->rows[0].value : V_NULL;
}

const struct change_field *change_fields(const struct change_targets *targets, struct arena *arena, size_t *count)
{
    const struct object_type *object = change_targets_object(targets);
    struct change_field *fields = arena_alloc(arena, object->property_count * sizeof(*fields));
    struct tally tally = { 0 };

    *count = 0;
    for (size_t i = 0; i < object->property_count; i++)
        if (property_is_writable(&object->properties[i]))
            fill_field(targets, (int)i, &tally, &fields[(*count)++]);
    free(tally.rows);
    free(tally.places);
    return fields;
}

char *change_field_show(const struct change_targets *targets, const struct change_field *field, char *out, size_t size)
{
    const struct property *property = &change_targets_object(targets)->properties[field->property];
    char text[300];
    size_t used = 0;

    if (field->different > CHANGE_FIELD_TOP && field->top[0].count == 1) {
        snprintf(out, size, "%zu different", field->different);
        return out;
    }
    out[0] = '\0';
    for (size_t i = 0; i < field->top_count && used < size; i++) {
        struct value v = field->top[i].value;

        if (v.type == VALUE_NULL)
            snprintf(text, sizeof(text), "unknown");
        else if (v.type == VALUE_TEXT && v.s[0] == '\0')
            snprintf(text, sizeof(text), "(empty)");
        else
            property_show(property, v, text, sizeof(text));
        if (field->mixed)
            used += (size_t)snprintf(out + used, size - used, "%s%s (%zu)", i > 0 ? ", " : "", text, field->top[i].count);
        else
            used += (size_t)snprintf(out + used, size - used, "%s", text);
    }
    if (field->different > field->top_count && used < size)
        snprintf(out + used, size - used, ", %zu more", field->different - field->top_count);
    return out;
}
