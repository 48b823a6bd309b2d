/* Bodies of the messages that a client sends (psrp.md 4.1, 5.1, 6.3), as value trees for the CLIXML writer. */
#include <string.h>

#include "client.h"

/* ---------------------------------------------------------- building trees */

/* A property bag in the making: an object with MS and nothing else. */
struct bag {
    struct arena *arena;
    struct ps_property list[16];
    size_t count;
};

static void bag_add(struct bag *bag, const char *name, struct ps_value value)
{
    struct ps_value *copy = arena_alloc(bag->arena, sizeof *copy);

    *copy = value;
    bag->list[bag->count++] = (struct ps_property){ name, copy };
}

static struct ps_value bag_value(const struct bag *bag)
{
    struct ps_property *list = arena_alloc(bag->arena, bag->count * sizeof *list);
    struct ps_object *object = arena_alloc(bag->arena, sizeof *object);

    memcpy(list, bag->list, bag->count * sizeof *list);
    *object = (struct ps_object){ .members = list, .member_count = bag->count };
    return (struct ps_value){ .type = PS_OBJECT, .object = object };
}

#define ENUM_TYPES(name) (const char *const[]){ name, "System.Enum", "System.ValueType", "System.Object" }
#define ENUM(name, text) { .type_names = ENUM_TYPES(name), .type_name_count = 4, .to_string = text }

static const struct ps_object thread_default = ENUM("System.Management.Automation.Runspaces.PSThreadOptions", "Default");
static const struct ps_object apartment_unknown = ENUM("System.Threading.ApartmentState", "Unknown");
static const struct ps_object stream_options_none = ENUM("System.Management.Automation.RemoteStreamOptions", "0");
static const struct ps_object merge_none =
    ENUM("System.Management.Automation.Runspaces.PipelineResultTypes", "None");

static struct ps_value enum_value(int number, const struct ps_object *object)
{
    return (struct ps_value){ .type = PS_I32, .i = number, .object = object };
}

static struct ps_value string(const char *text)
{
    return (struct ps_value){ .type = PS_STRING, .s = text, .len = strlen(text) };
}

/* No host at all: what asks the user then fails on the server instead of waiting for us (psrp.md 6.3). */
static struct ps_value host_info(struct arena *arena, bool use_runspace_host)
{
    struct bag bag = { .arena = arena };

    bag_add(&bag, "_isHostNull", PS_B(true));
    bag_add(&bag, "_isHostUINull", PS_B(true));
    bag_add(&bag, "_isHostRawUINull", PS_B(true));
    bag_add(&bag, "_useRunspaceHost", PS_B(use_runspace_host));
    return bag_value(&bag);
}

/* --------------------------------------------------------------- handshake */

static struct ps_value version(const char *text)
{
    return (struct ps_value){ .type = PS_VERSION, .s = text, .len = strlen(text) };
}

void request_capability(struct buf *out)
{
    struct arena arena = { 0 };
    struct bag bag = { .arena = &arena };

    bag_add(&bag, "protocolversion", version("2.3"));
    bag_add(&bag, "PSVersion", version("2.0"));
    bag_add(&bag, "SerializationVersion", version("1.1.0.1"));
    struct ps_value body = bag_value(&bag);
    clixml_write(out, NULL, &body);
    arena_done(&arena);
}

void request_init_pool(struct buf *out, int runspaces)
{
    static const char *const types[] = { "System.Management.Automation.PSPrimitiveDictionary", "System.Collections.Hashtable",
                                         "System.Object" };
    static const struct ps_object dictionary = { .type_names = types, .type_name_count = COUNT(types) };
    struct arena arena = { 0 };
    struct bag bag = { .arena = &arena };

    bag_add(&bag, "MinRunspaces", PS_INT(1));
    bag_add(&bag, "MaxRunspaces", PS_INT(runspaces));
    bag_add(&bag, "PSThreadOptions", enum_value(0, &thread_default));
    bag_add(&bag, "ApartmentState", enum_value(2, &apartment_unknown));
    bag_add(&bag, "HostInfo", host_info(&arena, false));
    bag_add(&bag, "ApplicationArguments", (struct ps_value){ .type = PS_DICT, .object = &dictionary });
    struct ps_value body = bag_value(&bag);
    clixml_write(out, NULL, &body);
    arena_done(&arena);
}

/* --------------------------------------------------------------- pipelines */

static struct ps_value list(const struct ps_value *items, size_t count)
{
    return (struct ps_value){ .type = PS_LIST, .items = items, .len = count };
}

static struct ps_value parameters(struct arena *arena, const struct ps_command *command)
{
    struct ps_value *items = arena_alloc(arena, (command->param_count + 1) * sizeof *items);

    for (size_t i = 0; i < command->param_count; i++) {
        struct bag bag = { .arena = arena };
        bag_add(&bag, "N", command->params[i].name ? string(command->params[i].name) : PS_NIL);
        bag_add(&bag, "V", command->params[i].value);
        items[i] = bag_value(&bag);
    }
    return list(items, command->param_count);
}

static struct ps_value command_value(struct arena *arena, const struct ps_command *command)
{
    static const char *const merges[] = { "MergeMyResult", "MergeToResult", "MergePreviousResults", "MergeError",
                                          "MergeWarning", "MergeVerbose", "MergeDebug", "MergeInformation" };
    struct bag bag = { .arena = arena };

    bag_add(&bag, "Cmd", string(command->name));
    bag_add(&bag, "IsScript", PS_B(command->is_script));
    bag_add(&bag, "UseLocalScope", command->use_local_scope ? PS_B(true) : PS_NIL);
    for (size_t i = 0; i < COUNT(merges); i++)
        bag_add(&bag, merges[i], enum_value(0, &merge_none));
    bag_add(&bag, "Args", parameters(arena, command));
    return bag_value(&bag);
}

static struct ps_value powershell(struct arena *arena, const struct ps_call *call)
{
    struct ps_value *commands = arena_alloc(arena, (call->command_count + 1) * sizeof *commands);
    struct bag bag = { .arena = arena };

    for (size_t i = 0; i < call->command_count; i++)
        commands[i] = command_value(arena, &call->commands[i]);
    bag_add(&bag, "IsNested", PS_B(false));
    bag_add(&bag, "Cmds", list(commands, call->command_count));
    bag_add(&bag, "History", PS_NIL);
    bag_add(&bag, "RedirectShellErrorOutputPipe", PS_B(true));
    return bag_value(&bag);
}

/* Each of these properties is required: without one the server acknowledges and then is silent for ever. */
bool request_create_pipeline(struct buf *out, const struct ps_call *call)
{
    struct arena arena = { 0 };
    struct bag bag = { .arena = &arena };

    bag_add(&bag, "NoInput", PS_B(!call->has_input));
    bag_add(&bag, "ApartmentState", enum_value(2, &apartment_unknown));
    bag_add(&bag, "RemoteStreamOptions", enum_value(0, &stream_options_none));
    bag_add(&bag, "AddToHistory", PS_B(false));
    bag_add(&bag, "HostInfo", host_info(&arena, true));
    bag_add(&bag, "PowerShell", powershell(&arena, call));
    bag_add(&bag, "IsNested", PS_B(false));
    struct ps_value body = bag_value(&bag);
    bool ok = clixml_write(out, NULL, &body);
    arena_done(&arena);
    return ok;
}

/* --------------------------------------------------------------- host calls */

static struct ps_value refusal(struct arena *arena)
{
    static const char text[] = "This client has no console that a host call could use.";
    static const char *const exception_types[] = { "System.Exception", "System.Object" };
    static const char *const record_types[] = { "System.Management.Automation.ErrorRecord", "System.Object" };
    struct ps_object *exception = arena_alloc(arena, sizeof *exception), *record = arena_alloc(arena, sizeof *record);
    struct bag props = { .arena = arena }, members = { .arena = arena };

    bag_add(&props, "Message", string(text));
    *exception = (struct ps_object){ .type_names = exception_types, .type_name_count = COUNT(exception_types),
                                     .to_string = text };
    exception->props = bag_value(&props).object->members;
    exception->prop_count = props.count;
    bag_add(&members, "Exception", (struct ps_value){ .type = PS_OBJECT, .object = exception });
    bag_add(&members, "TargetObject", PS_NIL);
    bag_add(&members, "FullyQualifiedErrorId", string("RemoteHostExecutionException"));
    bag_add(&members, "InvocationInfo", PS_NIL);
    bag_add(&members, "ErrorCategory_Category", PS_INT(11)); /* NotImplemented */
    bag_add(&members, "ErrorCategory_Activity", string(""));
    bag_add(&members, "ErrorCategory_Reason", string("Exception"));
    bag_add(&members, "ErrorCategory_TargetName", string(""));
    bag_add(&members, "ErrorCategory_TargetType", string(""));
    bag_add(&members, "ErrorCategory_Message", string("NotImplemented: (:) [], Exception"));
    bag_add(&members, "SerializeExtendedInfo", PS_B(false));
    *record = (struct ps_object){ .type_names = record_types, .type_name_count = COUNT(record_types),
                                  .to_string = text };
    record->members = bag_value(&members).object->members;
    record->member_count = members.count;
    return (struct ps_value){ .type = PS_OBJECT, .object = record };
}

/* Nothing of what the host sent is sent back but the number. */
static struct ps_value method_value(struct arena *arena, const struct ps_value *method)
{
    static const char *const types[] = { "System.Management.Automation.Remoting.RemoteHostMethodId", "System.Enum", "System.ValueType", "System.Object" };
    struct ps_object *object = arena_alloc(arena, sizeof *object);
    int64_t number = 0;

    ps_int(method, &number);
    number = MIN(MAX(number, 0), INT32_MAX);
    *object = (struct ps_object){ .type_names = types, .type_name_count = COUNT(types),
                                  .to_string = arena_printf(arena, "%d", (int)number) };
    return enum_value((int)number, object);
}

void request_refuse_host_call(struct buf *out, int64_t call_id, const struct ps_value *method)
{
    struct arena arena = { 0 };
    struct bag bag = { .arena = &arena };

    bag_add(&bag, "ci", (struct ps_value){ .type = PS_I64, .i = call_id });
    bag_add(&bag, "mi", method_value(&arena, method));
    bag_add(&bag, "me", refusal(&arena));
    struct ps_value body = bag_value(&bag);
    clixml_write(out, NULL, &body);
    arena_done(&arena);
}
