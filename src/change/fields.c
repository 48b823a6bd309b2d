/* fields.c - the form's fields: a writable property and what its values are over all targets. */
#include "inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b, void *ctx)
{
    const struct value *x = a, *y = b;
    int order = value_compare(*x, *y);

    (void)ctx;
    if (order == 0 && x->type == VALUE_TEXT && y->type == VALUE_TEXT) /* "Voice" and "voice" are two values */
        order = strcmp(x->s, y->s);
    return order;
}

static void note_run(struct change_field *field, struct value v, size_t count)
{
    size_t at = field->top_count;

    field->different++;
    while (at > 0 && field->top[at - 1].count < count)
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

static void fill_field(const struct change_targets *targets, int property, struct value *room, struct change_field *out)
{
    const struct object_type *object = change_targets_object(targets);
    size_t count = change_targets_count(targets), from = 0;

    *out = (struct change_field){ .property = property };
    for (size_t i = 0; i < count; i++) {
        room[i] = known_value(object, property, change_targets_row(targets, i)->values[property]);
        if (room[i].type == VALUE_NULL)
            out->unknown++;
    }
    qsort_r(room, count, sizeof(*room), by_value, NULL);
    for (size_t i = 1; i <= count; i++) {
        if (i < count && value_equal(room[i], room[from]))
            continue;
        if (count > 0)
            note_run(out, room[from], i - from);
        from = i;
    }
    out->mixed = out->different > 1;
    out->value = out->different == 1 ? room[0] : V_NULL;
}

const struct change_field *change_fields(const struct change_targets *targets, struct arena *arena, size_t *count)
{
    const struct object_type *object = change_targets_object(targets);
    struct change_field *fields = arena_alloc(arena, object->property_count * sizeof(*fields));
    struct value *room = x_calloc(MAX(change_targets_count(targets), 1), sizeof(*room));

    *count = 0;
    for (size_t i = 0; i < object->property_count; i++)
        if (property_is_writable(&object->properties[i]))
            fill_field(targets, (int)i, room, &fields[(*count)++]);
    free(room);
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
