/* bind.c - PowerShell's parameter binder for the cmdlets of cmdlets.tsv: names, aliases, positions, sets,
 * mandatory ones, types. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "run.h"

/* The parameters that every cmdlet has. They are checked and, but for ErrorAction, let alone. */
static const struct sim_param common_params[] = {
    { .name = "ErrorAction",
      .aliases = "ea",
      .type = "String",
      .sets = ALL_SETS,
      .accepted = "SilentlyContinue|Stop|Continue|Inquire|Ignore|Suspend|Break" },
    { .name = "WarningAction",
      .aliases = "wa",
      .type = "String",
      .sets = ALL_SETS,
      .accepted = "SilentlyContinue|Stop|Continue|Inquire|Ignore|Suspend|Break" },
    { .name = "InformationAction",
      .aliases = "infa",
      .type = "String",
      .sets = ALL_SETS,
      .accepted = "SilentlyContinue|Stop|Continue|Inquire|Ignore|Suspend|Break" },
    { .name = "Verbose", .aliases = "vb", .type = "SwitchParameter", .sets = ALL_SETS, .accepted = "" },
    { .name = "Debug", .aliases = "db", .type = "SwitchParameter", .sets = ALL_SETS, .accepted = "" },
    { .name = "ErrorVariable", .aliases = "ev", .type = "String", .sets = ALL_SETS, .accepted = "" },
    { .name = "WarningVariable", .aliases = "wv", .type = "String", .sets = ALL_SETS, .accepted = "" },
    { .name = "OutVariable", .aliases = "ov", .type = "String", .sets = ALL_SETS, .accepted = "" },
    { .name = "OutBuffer", .aliases = "ob", .type = "Int32", .sets = ALL_SETS, .accepted = "" },
};

static bool binding_error(struct sim_error *error, const struct sim_cmdlet *cmdlet, const char *id,
                          int category, const char *reason, const char *target, const char *message)
{
    *error = (struct sim_error){ .id = id,
                                 .category = category,
                                 .reason = reason,
                                 .message = message,
                                 .target = target,
                                 .target_type = "String",
                                 .command = cmdlet->name,
                                 .fatal = true };
    return false;
}

/* ------------------------------------------------------------------ names */

/* 3 = exact name or alias, 1 = a beginning of the name, 0 = no. */
static int name_fits(const struct sim_param *param, const char *name)
{
    size_t len;

    if (strcasecmp(param->name, name) == 0 || sim_word(param->aliases, name, &len))
        return 3;
    return strncasecmp(param->name, name, strlen(name)) == 0;
}

static const struct sim_param *find_in(const struct sim_param *params, size_t count, const char *name,
                                       int fit, int *found)
{
    const struct sim_param *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (name_fits(&params[i], name) < fit)
            continue;
        best = &params[i];
        (*found)++;
    }
    return best;
}

static const struct sim_param *find_param(const struct sim_cmdlet *cmdlet, const char *name,
                                          struct arena *mem, struct sim_error *error)
{
    const char *bare = *name == '-' ? name + 1 : name;
    const struct sim_param *param = NULL;

    for (int fit = 3; fit >= 1; fit -= 2) {
        int found = 0;
        const struct sim_param *own = find_in(cmdlet->params, cmdlet->param_count, bare, fit, &found);
        const struct sim_param *common = find_in(common_params, COUNT(common_params), bare, fit, &found);
        param = own ? own : common;
        if (found > 1) {
            binding_error(
                error, cmdlet, "AmbiguousParameter", 5, "ParameterBindingException", bare,
                arena_printf(mem,
                             "Parameter cannot be processed because the parameter name '%s' is ambiguous.",
                             bare));
            return NULL;
        }
        if (param)
            return param;
    }
    binding_error(error, cmdlet, "NamedParameterNotFound", 5, "ParameterBindingException", bare,
                  arena_printf(mem, "A parameter cannot be found that matches parameter name '%s'.", bare));
    return NULL;
}

/* ------------------------------------------------------------------ values */

static bool bad_value(const struct sim_cmdlet *cmdlet, const struct sim_param *param,
                      const struct ps_value *value, struct arena *mem, struct sim_error *error)
{
    const char *text = ps_text(value, mem);

    return binding_error(error, cmdlet, "ParameterArgumentTransformationError", 6,
                         "ParameterBindingArgumentTransformationException", param->name,
                         arena_printf(mem,
                                      "Cannot process argument transformation on parameter '%s'. Cannot "
                                      "convert value \"%s\" to type \"%s\".",
                                      param->name, text ? text : "", param->type));
}

static bool not_valid(const struct sim_cmdlet *cmdlet, const struct sim_param *param, const char *id,
                      struct arena *mem, const char *why, struct sim_error *error)
{
    return binding_error(
        error, cmdlet, id, 6, "ParameterBindingValidationException", param->name,
        arena_printf(mem, "Cannot validate argument on parameter '%s'. %s", param->name, why));
}

static bool check_bounds(const struct sim_param *param, const char *text)
{
    size_t len = strlen(text);

    if (param->len_max && (len < (size_t)param->len_min || len > (size_t)param->len_max))
        return false;
    if (!param->has_range)
        return true;
    int64_t number = strtoll(text, NULL, 10);
    return number >= param->min && number <= param->max;
}

/* Sets, ranges and lengths; a word of a set comes back in the set's spelling. */
static bool check_text(const struct sim_cmdlet *cmdlet, const struct sim_param *param, struct arena *mem,
                       const char **text, struct sim_error *error)
{
    size_t len = 0;
    const char *word;

    if (!*text && (param->mandatory || *param->accepted) && !param->allow_null)
        return not_valid(cmdlet, param, "ParameterArgumentValidationErrorNullNotAllowed", mem,
                         "The argument is null.", error);
    if (!*text)
        return true;
    if (!**text && param->mandatory && !param->allow_empty)
        return not_valid(cmdlet, param, "ParameterArgumentValidationErrorEmptyStringNotAllowed", mem,
                         "The argument is an empty string.", error);
    if (*param->accepted) {
        word = sim_word(param->accepted, *text, &len);
        if (!word)
            return not_valid(cmdlet, param, "ParameterArgumentValidationError", mem,
                             arena_printf(mem, "The argument \"%s\" does not belong to the set \"%s\".",
                                          *text, param->accepted),
                             error);
        *text = arena_strndup(mem, word, len);
    }
    if (!check_bounds(param, *text))
        return not_valid(cmdlet, param, "ParameterArgumentValidationError", mem,
                         arena_printf(mem, "The argument \"%s\" is out of range.", *text), error);
    return true;
}

static bool bind_value(const struct sim_cmdlet *cmdlet, const struct sim_param *param,
                       const struct ps_value *value, struct arena *mem, struct sim_arg *out,
                       struct sim_error *error)
{
    bool list = value->type == PS_LIST && param->array;
    size_t count = list ? value->len : 1;

    *out = (struct sim_arg){ .param = param, .count = count, .null = value->type == PS_NULL, .value = value };
    out->items = arena_alloc(mem, (count + 1) * sizeof *out->items);
    for (size_t i = 0; i < count; i++) {
        const struct ps_value *item = list ? &value->items[i] : value;
        /* A list of one binds to a parameter that is none. */
        if (!list && value->type == PS_LIST && value->len == 1)
            item = &value->items[0];
        if (!sim_convert(param->type, item, mem, &out->items[i]))
            return bad_value(cmdlet, param, item, mem, error);
        if (!check_text(cmdlet, param, mem, &out->items[i], error))
            return false;
    }
    return true;
}

static bool bind_one(const struct sim_cmdlet *cmdlet, const struct sim_param *param,
                     const struct ps_value *value, struct arena *mem, struct sim_bound *out,
                     struct sim_error *error)
{
    for (size_t i = 0; i < out->count; i++)
        if (out->args[i].param == param)
            return binding_error(
                error, cmdlet, "ParameterAlreadyBound", 5, "ParameterBindingException", param->name,
                arena_printf(mem, "Cannot bind parameter because parameter '%s' is specified more than once.",
                             param->name));
    if (out->count == SIM_ARGS_MAX)
        return binding_error(error, cmdlet, "TooManyParameters", 5, "ParameterBindingException", "",
                             "Too many parameters.");
    return bind_value(cmdlet, param, value, mem, &out->args[out->count], error) && ++out->count;
}

static bool bind_named(const struct sim_cmdlet *cmdlet, const struct sim_command *command, struct arena *mem,
                       struct sim_bound *out, struct sim_error *error)
{
    for (size_t i = 0; i < command->sent_count; i++) {
        if (!command->sent[i].name)
            continue;
        const struct sim_param *param = find_param(cmdlet, command->sent[i].name, mem, error);
        if (!param || !bind_one(cmdlet, param, command->sent[i].value, mem, out, error))
            return false;
    }
    return true;
}

static bool given(const struct sim_bound *bound, const struct sim_param *param)
{
    for (size_t i = 0; i < bound->count; i++)
        if (bound->args[i].param == param)
            return true;
    return false;
}

/* The parameter with the lowest position that has no value yet. */
static const struct sim_param *next_position(const struct sim_cmdlet *cmdlet, const struct sim_bound *bound)
{
    const struct sim_param *best = NULL;

    for (size_t i = 0; i < cmdlet->param_count; i++) {
        const struct sim_param *param = &cmdlet->params[i];
        if (param->position && !given(bound, param) && (!best || param->position < best->position))
            best = param;
    }
    return best;
}

static bool bind_positional(const struct sim_cmdlet *cmdlet, const struct sim_command *command,
                            struct arena *mem, struct sim_bound *out, struct sim_error *error)
{
    for (size_t i = 0; i < command->sent_count; i++) {
        if (command->sent[i].name)
            continue;
        const struct sim_param *param = next_position(cmdlet, out);
        if (!param) {
            const char *text = ps_text(command->sent[i].value, mem);
            return binding_error(
                error, cmdlet, "PositionalParameterNotFound", 5, "ParameterBindingException", text,
                arena_printf(mem, "A positional parameter cannot be found that accepts argument '%s'.",
                             text ? text : ""));
        }
        if (!bind_one(cmdlet, param, command->sent[i].value, mem, out, error))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ sets */

static uint64_t all_sets(const struct sim_cmdlet *cmdlet)
{
    return cmdlet->set_count >= 64 ? ALL_SETS : (UINT64_C(1) << cmdlet->set_count) - 1;
}

/* Sets that have every bound parameter. */
static uint64_t possible_sets(const struct sim_cmdlet *cmdlet, const struct sim_bound *bound)
{
    uint64_t sets = all_sets(cmdlet);

    for (size_t i = 0; i < bound->count; i++)
        sets &= bound->args[i].param->sets;
    return sets;
}

/* Those of sets whose mandatory parameters are bound, or can still come by pipeline. */
static uint64_t complete_sets(const struct sim_cmdlet *cmdlet, const struct sim_bound *bound, uint64_t sets,
                              bool more_coming)
{
    for (size_t i = 0; i < cmdlet->param_count; i++) {
        const struct sim_param *param = &cmdlet->params[i];
        bool may_come = more_coming && (param->by_name || param->by_value);
        if (param->mandatory && !may_come && !given(bound, param))
            sets &= ~param->mandatory;
    }
    return sets;
}

static const char *missing_names(const struct sim_cmdlet *cmdlet, const struct sim_bound *bound, uint64_t set,
                                 struct arena *mem)
{
    struct buf names = { 0 };

    for (size_t i = 0; i < cmdlet->param_count; i++)
        if ((cmdlet->params[i].mandatory & set) && !given(bound, &cmdlet->params[i]))
            buf_addf(&names, "%s%s", names.len ? " " : "", cmdlet->params[i].name);
    const char *text = arena_strndup(mem, buf_at(&names), names.len);
    buf_done(&names);
    return text;
}

static bool choose_set(const struct sim_cmdlet *cmdlet, struct sim_bound *bound, bool more_coming,
                       struct arena *mem, struct sim_error *error)
{
    uint64_t possible = possible_sets(cmdlet, bound), fallback = UINT64_C(1) << cmdlet->default_set;
    uint64_t complete = complete_sets(cmdlet, bound, possible, more_coming);
    bool one_left = complete && (complete & (complete - 1)) == 0;

    if (!possible || (complete && !one_left && !(complete & fallback)))
        return binding_error(error, cmdlet, "AmbiguousParameterSet", 5, "ParameterBindingException", "",
                             "Parameter set cannot be resolved using the specified named parameters.");
    if (complete)
        return true;
    uint64_t set = possible & fallback ? fallback : possible & (0 - possible);
    const char *names = missing_names(cmdlet, bound, set, mem);
    return binding_error(
        error, cmdlet, "MissingMandatoryParameter", 5, "ParameterBindingException", "",
        arena_printf(mem, "Cannot process command because of one or more missing mandatory parameters: %s.",
                     names));
}

bool sim_bind(const struct sim_cmdlet *cmdlet, const struct sim_command *command, bool more_coming,
              struct arena *mem, struct sim_bound *out, struct sim_error *error)
{
    *out = (struct sim_bound){ .cmdlet = cmdlet };
    if (!bind_named(cmdlet, command, mem, out, error) || !bind_positional(cmdlet, command, mem, out, error) ||
        !choose_set(cmdlet, out, more_coming, mem, error))
        return false;
    const char *action = sim_arg_text(out, "ErrorAction");
    out->stop_on_error = action && strcasecmp(action, "Stop") == 0;
    out->quiet_errors =
        action && (strcasecmp(action, "SilentlyContinue") == 0 || strcasecmp(action, "Ignore") == 0);
    out->what_if = sim_switch(out, "WhatIf");
    return true;
}

/* ------------------------------------------------------------------ from the pipeline */

static struct ps_value list_item(const char *text, size_t len, struct arena *mem)
{
    return (struct ps_value){ .type = PS_STRING, .s = arena_strndup(mem, text, len), .len = len };
}

/* The record's property as a value; false = it has none, or $null. */
static bool input_value(const struct sim_record *input, const struct sim_param *param, struct arena *mem,
                        struct ps_value *out)
{
    const struct sim_class *class = input->object ? input->object->class : NULL;
    int at = class ? sim_property_find(class, param->name) : -1;

    for (const char *alias = param->aliases; at < 0 && class && *alias;
         alias += strcspn(alias, "|"), alias += *alias == '|') {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(alias, "|"), alias);
        at = sim_property_find(class, name);
    }
    if (at < 0 || class->properties[at].hidden || !input->object->values[at])
        return false;
    const char *text = input->object->values[at];
    *out = list_item(text, strlen(text), mem);
    if (class->properties[at].type == SIM_BOOLEAN)
        *out = PS_B(strcmp(text, "true") == 0);
    return true;
}

bool sim_bind_input(struct sim_bound *bound, const struct sim_record *input, struct arena *mem,
                    struct sim_error *error)
{
    bool any = false;

    for (size_t i = 0; i < bound->cmdlet->param_count; i++) {
        const struct sim_param *param = &bound->cmdlet->params[i];
        struct ps_value value;
        if (given(bound, param) || strcmp(param->type, "type") == 0) {
            any = any || strcmp(param->type, "type") == 0;
            continue;
        }
        bool found = (param->by_name && input_value(input, param, mem, &value)) ||
                     (param->by_value && input->text &&
                      (value = list_item(input->text, strlen(input->text), mem), true));
        if (!found)
            continue;
        any = true;
        if (!bind_one(bound->cmdlet, param, &value, mem, bound, error))
            return false;
        bound->args[bound->count - 1].piped = true;
        bound->args[bound->count - 1].value = NULL; /* it was made here */
    }
    if (any)
        return choose_set(bound->cmdlet, bound, false, mem, error);
    binding_error(
        error, bound->cmdlet, "InputObjectNotBound", 5, "ParameterBindingException", "",
        "The input object cannot be bound to any parameters for the command either because the command does "
        "not take pipeline input or "
        "the input and its properties do not match any of the parameters that take pipeline input.");
    error->fatal = false;
    return false;
}
