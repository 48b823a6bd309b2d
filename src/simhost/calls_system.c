/* calls_system.c - services, commands, modules, Select-Object. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "ipamtui/text.h"
#include "run.h"

/* ------------------------------------------------------------------ Get-Service */

#define SERVICE_COMMAND "Microsoft.PowerShell.Commands.GetServiceCommand"

static size_t emit_services(struct sim_run *run, const char *pattern)
{
    const struct sim_list *list = sim_list(run->server, "ServiceController");
    size_t found = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (pattern && !text_glob(pattern, sim_value(list->items[i], "ServiceName")))
            continue;
        sim_emit(run, list->items[i]);
        found++;
    }
    return found;
}

bool call_service(struct sim_run *run, const struct sim_call *call)
{
    const char *fault = sim_value(sim_host(run->server), "Fault");
    const struct sim_arg *names = sim_arg(run->bound, "Name");
    (void)call;

    /* The service control manager has rights of its own. */
    if (fault && (strcmp(fault, "denied") == 0 || strcmp(fault, "denied-service") == 0))
        return sim_raise(
            run, (struct sim_error){
                     .id = "System.InvalidOperationException",
                     .category = 0,
                     .reason = "InvalidOperationException",
                     .message =
                         "Cannot open Service Control Manager on computer '.'. This operation might require "
                         "other privileges.",
                     .command = SERVICE_COMMAND,
                     .fatal = true });
    if (!names)
        emit_services(run, NULL);
    for (size_t i = 0; names && i < names->count && !run->failed; i++) {
        const char *name = names->items[i];
        if (emit_services(run, name) || strpbrk(name, "*?"))
            continue;
        sim_raise(run,
                  (struct sim_error){ .id = "NoServiceFoundForGivenName",
                                      .category = 13,
                                      .reason = "ServiceCommandException",
                                      .message = arena_printf(
                                          run->mem, "Cannot find any service with service name '%s'.", name),
                                      .target = name,
                                      .target_type = "String",
                                      .command = SERVICE_COMMAND });
    }
    return !run->failed;
}

/* ------------------------------------------------------------------ Get-Command, Get-Module */

static void emit_command(struct sim_run *run, const struct sim_cmdlet *cmdlet)
{
    struct sim_object *out = sim_object_new(run->mem, sim_class_find("CommandInfo"));

    sim_set(run->mem, out, "Name", cmdlet->name);
    sim_set(run->mem, out, "ModuleName", cmdlet->module);
    sim_set(run->mem, out, "CommandType", "Function");
    sim_set(run->mem, out, "Version", "2.0.0.0");
    sim_emit(run, out);
}

static bool any_fits(const struct sim_arg *patterns, const char *text)
{
    if (!patterns)
        return true;
    for (size_t i = 0; i < patterns->count; i++)
        if (text_glob(patterns->items[i], text))
            return true;
    return false;
}

static size_t emit_commands(struct sim_run *run, const char *name)
{
    size_t found = 0;

    for (size_t i = 0; sim_cmdlet_at(i); i++) {
        const struct sim_cmdlet *cmdlet = sim_cmdlet_at(i);
        if ((name && !text_glob(name, cmdlet->name)) ||
            !any_fits(sim_arg(run->bound, "Module"), cmdlet->module) || !sim_offered(run->server, cmdlet))
            continue;
        emit_command(run, cmdlet);
        found++;
    }
    return found;
}

bool call_command(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_arg *names = sim_arg(run->bound, "Name");
    (void)call;

    if (!names)
        emit_commands(run, NULL);
    for (size_t i = 0; names && i < names->count && !run->failed; i++) {
        const char *name = names->items[i];
        if (emit_commands(run, name) || strpbrk(name, "*?"))
            continue;
        sim_raise(
            run, (struct sim_error){
                     .id = "CommandNotFoundException",
                     .category = 13,
                     .reason = "CommandNotFoundException",
                     .target = name,
                     .target_type = "String",
                     .command = "Microsoft.PowerShell.Commands.GetCommandCommand",
                     .message = arena_printf(
                         run->mem,
                         "The term '%s' is not recognized as the name of a cmdlet, function, script file, or "
                         "operable program.",
                         name) });
    }
    return !run->failed;
}

bool call_module(struct sim_run *run, const struct sim_call *call)
{
    const char *last = "";

    for (size_t i = 0; sim_cmdlet_at(i); i++) {
        const struct sim_cmdlet *cmdlet = sim_cmdlet_at(i);
        if (strcmp(cmdlet->module, last) == 0 || !any_fits(sim_arg(run->bound, "Name"), cmdlet->module) ||
            !sim_offered(run->server, cmdlet))
            continue;
        last = cmdlet->module;
        struct sim_object *out = sim_object_new(run->mem, sim_class_find(call->class));
        sim_set(run->mem, out, "Name", last);
        sim_set(run->mem, out, "Version", "2.0.0.0");
        sim_emit(run, out);
    }
    return true;
}

bool call_date(struct sim_run *run, const struct sim_call *call)
{
    const char *region = sim_value(sim_host(run->server), "Region");
    (void)call;

    sim_emit_record(run,
                    (struct sim_record){ .tag = "DT", .text = sim_local_time(run->mem, time(NULL), region) });
    return true;
}

/* ------------------------------------------------------------------ Get-Variable PID, Get-Process -Id */

/* The one variable that tells hosts apart: the process that serves this session. */
bool call_variable(struct sim_run *run, const struct sim_call *call)
{
    const char *name = sim_arg_text(run->bound, "Name");
    (void)call;

    if (!name || strcasecmp(name, "PID") != 0)
        return sim_fail(run, "VariableNotFound", 13, name ? name : "",
                        "Cannot find a variable with the name '%s'.", name ? name : "");
    sim_emit_record(
        run, (struct sim_record){ .tag = "I32", .text = arena_printf(run->mem, "%ld", (long)getpid()) });
    return true;
}

/* A process that ended and that nobody has waited for yet is none any more. */
static bool process_lives(long pid)
{
    char path[64], line[512] = "";
    FILE *file;
    const char *at;

    if (pid <= 0 || (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
        return false;
    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return true;
    at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
    fclose(file);
    return !at || (strncmp(at, ") Z", 3) != 0 && strncmp(at, ") X", 3) != 0);
}

bool call_process(struct sim_run *run, const struct sim_call *call)
{
    const char *id = sim_arg_text(run->bound, "Id");
    long pid = id ? strtol(id, NULL, 10) : 0;
    (void)call;

    if (!process_lives(pid))
        return sim_raise(
            run, (struct sim_error){
                     .id = "NoProcessFoundForGivenId",
                     .category = 13,
                     .reason = "ProcessCommandException",
                     .target = id,
                     .target_type = "Int32",
                     .command = "Microsoft.PowerShell.Commands.GetProcessCommand",
                     .message = arena_printf(
                         run->mem, "Cannot find a process with the process identifier %s.", id ? id : "") });
    sim_emit_record(run, (struct sim_record){ .tag = "I32", .text = id });
    return true;
}

/* ------------------------------------------------------------------ Select-Object */

struct select_state {
    uint64_t seen, passed;
};

static bool within_limits(struct sim_run *run)
{
    const char *first = sim_arg_text(run->bound, "First"), *skip = sim_arg_text(run->bound, "Skip");

    if (!run->state)
        run->state = arena_alloc(run->mem, sizeof(struct select_state));
    struct select_state *state = run->state;
    if (state->seen++ < (skip ? strtoull(skip, NULL, 10) : 0))
        return false;
    return state->passed++ < (first ? strtoull(first, NULL, 10) : UINT64_MAX);
}

static bool expand(struct sim_run *run, const struct sim_record *input, const char *name)
{
    int at = input->object ? sim_property_find(input->object->class, name) : -1;

    if (at < 0)
        return sim_raise(run, (struct sim_error){
                                  .id = "ExpandPropertyNotFound",
                                  .category = 5,
                                  .reason = "PSArgumentException",
                                  .message = arena_printf(run->mem, "Property \"%s\" cannot be found.", name),
                                  .target = "",
                                  .target_type = "",
                                  .command = "Microsoft.PowerShell.Commands.SelectObjectCommand" });
    if (input->object->values[at])
        sim_emit_record(
            run, (struct sim_record){ .text = input->object->values[at],
                                      .tag = sim_type_tag(input->object->class->properties[at].type) });
    return true;
}

bool call_select(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_arg *properties = sim_arg(run->bound, "Property");
    const char *one = sim_arg_text(run->bound, "ExpandProperty");
    (void)call;

    if (!run->input || !within_limits(run))
        return true;
    if (one)
        return expand(run, run->input, one);
    struct sim_record record = *run->input;
    if (properties && !(properties->count == 1 && strcmp(properties->items[0], "*") == 0) && record.object) {
        record.selected = properties->items;
        record.selected_count = properties->count;
    }
    sim_emit_record(run, record);
    return true;
}

/* Compared as text, case folded, which is right for the words and names that anybody compares. */
bool call_where(struct sim_run *run, const struct sim_call *call)
{
    const char *name = sim_arg_text(run->bound, "Property"), *wanted = sim_arg_text(run->bound, "Value");
    const struct sim_object *object = run->input ? run->input->object : NULL;
    int at = object && name ? sim_property_find(object->class, name) : -1;
    const char *text = at >= 0 && object->values[at] ? object->values[at] : "";
    bool same = strcasecmp(text, wanted ? wanted : "") == 0;
    (void)call;

    if (run->input && same != sim_switch(run->bound, "NE"))
        sim_emit_record(run, *run->input);
    return true;
}
