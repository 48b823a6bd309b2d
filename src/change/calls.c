/* calls.c - steps become calls, from catalogue rows alone: cmdlet, parameters of the key, of the properties, and Force.
 *
 * Several properties of one row travel together while their cmdlet and its parameter set allow it. */
#include "inner.h"

#include <stdio.h>
#include <string.h>

#include "ipamtui/duration.h"
#include "ipamtui/fetch.h"
#include "ipamtui/text.h"

static const char *set_of(const struct change_step *step)
{
    const char *set = step->object->properties[step->property].write.set;

    return set != NULL ? set : "";
}

bool steps_join(const struct change_step *a, const struct change_step *b)
{
    const struct write_row *wa, *wb;

    if (a->op != OP_SET || b->op != OP_SET || a->server != b->server || a->object != b->object ||
        !key_equal(a->object, a->key, b->key))
        return false;
    wa = &a->object->properties[a->property].write;
    wb = &b->object->properties[b->property].write;
    if (strcmp(wa->cmdlet, wb->cmdlet) != 0)
        return false;
    return set_of(a)[0] == '\0' || set_of(b)[0] == '\0' || strcmp(set_of(a), set_of(b)) == 0;
}

/* ------------------------------------------------------------------ building */
struct params {
    struct ps_param *list;
    size_t count;
};

static void add_param(struct params *params, const char *name, struct ps_value value)
{
    params->list[params->count++] = (struct ps_param){ .name = name, .value = value };
}

static bool has_param(const struct params *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++)
        if (text_casecmp(params->list[i].name, name) == 0)
            return true;
    return false;
}

/* The keys of a server's own row are ours ("lon-1"): no parameter says them. */
static void add_key(struct params *params, const struct object_type *object, const struct value *key, struct arena *arena)
{
    struct key_places places;

    key_places(object, &places);
    for (size_t i = 0; i < places.count; i++) {
        const struct property *p = &object->properties[places.at[i]];

        if (!(p->flags & PROP_LOCAL))
            add_param(params, p->write.parameter != NULL ? p->write.parameter : p->read.property,
                      fetch_argument(p, key[i], arena));
    }
}

/* A parameter set that wants two ends of a range gets the other one as it is on the server. */
static bool add_needed(struct params *params, const struct change_step *step, const struct value *row, struct arena *arena,
                       struct err *err)
{
    const char *needs = step->object->properties[step->property].write.needs;
    int place = needs != NULL ? catalog_property(step->object, needs) : -1;
    const struct property *p;

    if (place < 0)
        return true;
    p = &step->object->properties[place];
    if (has_param(params, p->write.parameter))
        return true;
    if (row == NULL || row[place].type == VALUE_NULL)
        return err_set(err, ERR_INPUT, p->name, "%s must go along and is not known: retrieve first", p->name);
    add_param(params, p->write.parameter, fetch_argument(p, row[place], arena));
    return true;
}

/* A text that is not set any more is an empty one to the cmdlet. */
static struct ps_value argument_of(const struct property *p, struct value v, struct arena *arena)
{
    if (v.type == VALUE_NULL && p->kind == KIND_TEXT)
        v = V_TEXT("");
    return fetch_argument(p, v, arena);
}

static bool add_properties(struct params *params, const struct change_step *const *steps, size_t count,
                           const struct value *row, struct arena *arena, struct err *err)
{
    bool force = false;

    for (size_t i = 0; i < count; i++) {
        const struct property *p = &steps[i]->object->properties[steps[i]->property];

        add_param(params, p->write.parameter, argument_of(p, steps[i]->after, arena));
        force = force || p->write.force;
    }
    for (size_t i = 0; i < count; i++)
        if (!add_needed(params, steps[i], row, arena, err))
            return false;
    if (force)
        add_param(params, "Force", PS_B(true));
    return true;
}

bool steps_call(const struct change_step *const *steps, size_t count, const struct value *row, struct arena *arena,
                struct ps_call *out, struct err *err)
{
    const struct change_step *step = steps[0];
    struct ps_command *command = arena_alloc(arena, sizeof(*command));
    struct params params = { .list = arena_alloc(arena, (KEY_MAX + 2 * count + 2) * sizeof(struct ps_param)) };

    add_key(&params, step->object, step->key, arena);
    switch (step->op) {
    case OP_ADD: command->name = step->object->add; break;
    case OP_REMOVE: command->name = step->object->remove; break;
    case OP_SET:
        command->name = step->object->properties[step->property].write.cmdlet;
        if (!add_properties(&params, steps, count, row, arena, err))
            return false;
        break;
    }
    if (step->op == OP_REMOVE && step->object->remove_force)
        add_param(&params, "Force", PS_B(true));
    if (step->op == OP_ADD && step->object->add_force)
        add_param(&params, "Force", PS_B(true));
    command->params = params.list;
    command->param_count = params.count;
    *out = (struct ps_call){ .commands = command, .command_count = 1 };
    return true;
}

/* ------------------------------------------------------------------ in words */
static bool is_plain(const char *text)
{
    return text[0] != '\0' && text[0] != '-' &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:")] == '\0';
}

static void add_quoted(struct buf *out, const char *text)
{
    if (is_plain(text)) {
        buf_adds(out, text);
        return;
    }
    buf_addc(out, '\'');
    for (; *text != '\0'; text++)
        buf_adds(out, *text == '\'' ? "''" : (char[2]){ *text, '\0' });
    buf_addc(out, '\'');
}

static void add_timespan(struct buf *out, int64_t ticks)
{
    int64_t s = ticks / 10000000;

    buf_addf(out, "%lld.%02lld:%02lld:%02lld", (long long)(s / 86400), (long long)(s / 3600 % 24), (long long)(s / 60 % 60),
             (long long)(s % 60));
}

static void add_value(struct buf *out, const struct ps_value *value)
{
    struct arena arena = { 0 };
    const char *text;

    if (value->type == PS_TIMESPAN) {
        add_timespan(out, value->ticks);
    } else if (value->type == PS_BOOL) {
        buf_adds(out, value->b ? "$true" : "$false");
    } else if (value->type == PS_LIST) {
        for (size_t i = 0; i < value->len; i++) {
            if (i > 0)
                buf_addc(out, ',');
            add_value(out, &value->items[i]);
        }
    } else {
        text = ps_text(value, &arena);
        add_quoted(out, text != NULL ? text : "$null");
    }
    arena_done(&arena);
}

void steps_call_text(const struct ps_call *call, struct buf *out)
{
    for (size_t i = 0; i < call->command_count; i++) {
        const struct ps_command *command = &call->commands[i];

        buf_addf(out, "%s%s", i > 0 ? " | " : "", command->name);
        for (size_t k = 0; k < command->param_count; k++) {
            const struct ps_param *p = &command->params[k];

            buf_addf(out, " -%s", p->name);
            if (strcmp(p->name, "Force") == 0)
                continue;
            buf_addc(out, ' ');
            add_value(out, &p->value);
        }
    }
}

/* The other end of a range goes along as the server has it: nobody knows it before it was read. */
static void show_without(const struct change_step *const *list, size_t count, const char *missing, struct arena *arena, struct buf *out)
{
    const struct object_type *object = list[0]->object;
    struct params params = { .list = arena_alloc(arena, (KEY_MAX + count + 1) * sizeof(struct ps_param)) };
    struct ps_command command = { .name = object->properties[list[0]->property].write.cmdlet };
    int place = catalog_property(object, missing);

    add_key(&params, object, list[0]->key, arena);
    for (size_t i = 0; i < count; i++) {
        const struct property *p = &object->properties[list[i]->property];

        add_param(&params, p->write.parameter, argument_of(p, list[i]->after, arena));
    }
    command.params = params.list;
    command.param_count = params.count;
    steps_call_text(&(struct ps_call){ .commands = &command, .command_count = 1 }, out);
    if (place >= 0)
        buf_addf(out, " -%s (as it is there)", object->properties[place].write.parameter);
}

void change_call_show(const struct change_step *steps, size_t count, struct buf *out)
{
    struct arena arena = { 0 };
    const struct change_step **list = arena_alloc(&arena, MAX(count, 1) * sizeof(*list));
    struct ps_call call;
    struct err err = { 0 };

    for (size_t i = 0; i < count; i++)
        list[i] = &steps[i];
    if (count == 0)
        ;
    else if (steps_call(list, count, NULL, &arena, &call, &err))
        steps_call_text(&call, out);
    else
        show_without(list, count, err.where, &arena, out);
    arena_done(&arena);
}
