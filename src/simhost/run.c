#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct sim_item *item_add(struct sim_items *items, enum sim_item_kind kind)
{
    x_grow(&items->items, &items->cap, items->count + 1, sizeof *items->items);
    struct sim_item *item = &items->items[items->count++];

    *item = (struct sim_item){ .kind = kind };
    return item;
}

void sim_emit(struct sim_run *run, const struct sim_object *object)
{
    item_add(run->out, ITEM_RECORD)->record.object = object;
}

void sim_emit_record(struct sim_run *run, struct sim_record record)
{
    item_add(run->out, ITEM_RECORD)->record = record;
}

bool sim_raise(struct sim_run *run, struct sim_error error)
{
    error.target = error.target ? error.target : "";
    if (error.fatal || run->bound->stop_on_error) {
        run->failed = true;
        run->error = error;
    } else if (!run->bound->quiet_errors) {
        item_add(run->out, ITEM_ERROR)->error = error;
    }
    return false;
}

static const char *format_in(struct arena *mem, const char *fmt, va_list args)
{
    char text[1024];

    vsnprintf(text, sizeof text, fmt, args);
    return arena_strdup(mem, text);
}

bool sim_fail(struct sim_run *run, const char *id, int category, const char *target, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *message = format_in(run->mem, fmt, args);
    va_end(args);

    return sim_raise(run, (struct sim_error){ .id = id,
                                              .category = category,
                                              .reason = "CimException",
                                              .message = message,
                                              .target = target,
                                              .target_type = "String",
                                              .command = run->bound->cmdlet->name });
}

bool sim_throw(struct sim_run *run, const char *id, int category, const char *reason, const char *target,
               const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *message = format_in(run->mem, fmt, args);
    va_end(args);

    return sim_raise(run, (struct sim_error){ .id = id,
                                              .category = category,
                                              .reason = reason,
                                              .message = message,
                                              .target = target,
                                              .target_type = "String",
                                              .command = run->bound->cmdlet->name,
                                              .fatal = true });
}

const struct sim_arg *sim_arg(const struct sim_bound *bound, const char *name)
{
    size_t len;

    for (size_t i = 0; i < bound->count; i++)
        if (strcasecmp(bound->args[i].param->name, name) == 0 ||
            sim_word(bound->args[i].param->aliases, name, &len))
            return &bound->args[i];
    return NULL;
}

const char *sim_arg_text(const struct sim_bound *bound, const char *name)
{
    const struct sim_arg *arg = sim_arg(bound, name);

    return arg && arg->count ? arg->items[0] : NULL;
}

bool sim_switch(const struct sim_bound *bound, const char *name)
{
    const char *text = sim_arg_text(bound, name);

    return text && strcmp(text, "true") == 0;
}

/* ------------------------------------------------------------------ pipelines */

static bool not_found(const char *name, struct arena *mem, struct sim_error *error)
{
    *error = (struct sim_error){
        .id = "CommandNotFoundException",
        .category = 13,
        .reason = "CommandNotFoundException",
        .target = name,
        .target_type = "String",
        .command = "",
        .fatal = true,
        .message = arena_printf(mem,
                                "The term '%s' is not recognized as the name of a cmdlet, function, script "
                                "file, or operable program. Check "
                                "the spelling of the name, or if a path was included, verify that the path "
                                "is correct and try again.",
                                name),
    };
    return false;
}

/* A host has the modules of its roles; "no-module": as on a host without the tools. */
bool sim_offered(const struct sim_server *server, const struct sim_cmdlet *cmdlet)
{
    const char *fault = sim_value(sim_host(server), "Fault"), *role = sim_value(sim_host(server), "Role");
    bool dhcp = strcmp(cmdlet->module, "DhcpServer") == 0, dns = strcmp(cmdlet->module, "DnsServer") == 0;

    if (!dhcp && !dns)
        return true;
    if (fault && strcmp(fault, "no-module") == 0)
        return false;
    return !role || strcmp(role, "both") == 0 || strcmp(role, dhcp ? "dhcp" : "dns") == 0;
}

static bool run_step(struct sim_run *run, const struct sim_call *call, struct sim_bound bound,
                     const struct sim_record *input)
{
    struct sim_error error;

    if (input && !sim_bind_input(&bound, input, run->mem, &error)) {
        run->bound = &bound;
        sim_raise(run, error);
        return !run->failed;
    }
    run->bound = &bound;
    run->input = input;
    if (bound.what_if)
        return true;
    if (!sim_refused(run))
        call->run(run, call);
    return !run->failed;
}

/* Errors of an earlier command go to the client; its records are the input of the next. */
static void run_over(struct sim_run *run, const struct sim_call *call, const struct sim_bound *bound,
                     const struct sim_items *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) {
        const struct sim_item *item = &inputs->items[i];
        if (item->kind == ITEM_RECORD) {
            if (!run_step(run, call, *bound, &item->record))
                return;
        } else {
            *item_add(run->out, item->kind) = *item;
        }
    }
}

static bool run_command(struct sim_run *run, const struct sim_command *command,
                        const struct sim_items *inputs)
{
    const struct sim_cmdlet *cmdlet = sim_cmdlet_find(command->name);
    const struct sim_call *call = cmdlet ? sim_call_find(cmdlet->name) : NULL;
    struct sim_bound bound;

    run->failed = true; /* until it is bound */
    if (!cmdlet || !sim_offered(run->server, cmdlet))
        return not_found(command->name, run->mem, &run->error);
    if (!sim_bind(cmdlet, command, inputs != NULL, run->mem, &bound, &run->error))
        return false;
    run->failed = false;
    run->state = NULL;
    run->bound = &bound;
    if (!call)
        return sim_throw(run, "NotImplemented", 11, "NotImplementedException", cmdlet->name,
                         "simhost does not hold what %s asks for.", cmdlet->name);
    if (inputs)
        run_over(run, call, &bound, inputs);
    else
        run_step(run, call, bound, NULL);
    return !run->failed;
}

bool sim_pipeline(struct sim_server *server, const struct sim_command *commands, size_t count,
                  const struct sim_items *input, struct arena *mem, struct sim_items *out,
                  struct sim_error *error)
{
    struct sim_run run = { .server = server, .mem = mem };
    struct sim_items between = { 0 };

    for (size_t i = 0; i < count && !run.failed; i++) {
        struct sim_items outputs = { 0 };
        run.out = &outputs;
        run_command(&run, &commands[i], i ? &between : input);
        free(between.items);
        between = outputs;
    }
    *out = between;
    if (run.failed)
        *error = run.error;
    return !run.failed;
}
