#include "ipamtui/call_copy.h"

#include <string.h>

static bool is_text(enum ps_type type)
{
    return type == PS_STRING || type == PS_DECIMAL || (type >= PS_GUID && type <= PS_SECURE);
}

static bool has_items(enum ps_type type)
{
    return type >= PS_LIST && type <= PS_ENUMERABLE;
}

static const struct ps_value *copied(const struct ps_value *value, struct arena *arena)
{
    struct ps_value *out = NULL;

    if (!value)
        return NULL;
    out = arena_alloc(arena, sizeof(*out));
    *out = value_copy(value, arena);
    return out;
}

static const struct ps_property *copy_properties(const struct ps_property *from, size_t count, struct arena *arena)
{
    struct ps_property *out = arena_alloc(arena, (count + 1) * sizeof(*out));

    for (size_t i = 0; i < count; i++) {
        out[i].name = arena_strdup(arena, from[i].name);
        out[i].value = copied(from[i].value, arena);
    }
    return out;
}

static const struct ps_object *copy_object(const struct ps_object *from, struct arena *arena)
{
    struct ps_object *out = NULL;
    const char **names = NULL;

    if (!from)
        return NULL;
    out = arena_alloc(arena, sizeof(*out));
    names = arena_alloc(arena, (from->type_name_count + 1) * sizeof(*names));
    for (size_t i = 0; i < from->type_name_count; i++)
        names[i] = arena_strdup(arena, from->type_names[i]);
    *out = *from;
    out->type_names = names;
    out->to_string = from->to_string ? arena_strdup(arena, from->to_string) : NULL;
    out->props = copy_properties(from->props, from->prop_count, arena);
    out->members = copy_properties(from->members, from->member_count, arena);
    return out;
}

struct ps_value value_copy(const struct ps_value *value, struct arena *arena)
{
    struct ps_value out = *value;

    if (is_text(value->type)) {
        out.s = value->s ? arena_strndup(arena, value->s, value->len) : "";
    } else if (value->type == PS_BYTES) {
        uint8_t *bytes = arena_alloc(arena, value->len + 1);
        if (value->len > 0)
            memcpy(bytes, value->bytes, value->len);
        out.bytes = bytes;
    } else if (has_items(value->type)) {
        struct ps_value *items = arena_alloc(arena, (value->len + 1) * sizeof(*items));
        for (size_t i = 0; i < value->len; i++)
            items[i] = value_copy(&value->items[i], arena);
        out.items = items;
    } else if (value->type == PS_DICT) {
        struct ps_pair *pairs = arena_alloc(arena, (value->len + 1) * sizeof(*pairs));
        for (size_t i = 0; i < value->len; i++)
            pairs[i] = (struct ps_pair){ copied(value->pairs[i].key, arena), copied(value->pairs[i].value, arena) };
        out.pairs = pairs;
    }
    out.object = copy_object(value->object, arena);
    return out;
}

struct ps_call call_copy(const struct ps_call *call, struct arena *arena)
{
    struct ps_call out = *call;
    struct ps_command *commands = arena_alloc(arena, (call->command_count + 1) * sizeof(*commands));

    for (size_t i = 0; i < call->command_count; i++) {
        const struct ps_command *from = &call->commands[i];
        struct ps_param *params = arena_alloc(arena, (from->param_count + 1) * sizeof(*params));

        for (size_t p = 0; p < from->param_count; p++) {
            params[p].name = from->params[p].name ? arena_strdup(arena, from->params[p].name) : NULL;
            params[p].value = value_copy(&from->params[p].value, arena);
        }
        commands[i] = *from;
        commands[i].name = arena_strdup(arena, from->name);
        commands[i].params = params;
    }
    out.commands = commands;
    out.has_input = false; /* nothing could be sent later: the caller is gone by then */
    return out;
}

static const char *text_copy(const char *text, struct arena *arena)
{
    return text ? arena_strdup(arena, text) : "";
}

struct ps_error error_copy(const struct ps_error *error, struct arena *arena)
{
    return (struct ps_error){ .message = text_copy(error->message, arena), .id = text_copy(error->id, arena),
                              .category = error->category, .reason = text_copy(error->reason, arena),
                              .target = text_copy(error->target, arena), .activity = text_copy(error->activity, arena) };
}
