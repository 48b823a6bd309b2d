/* calls.c - what the cmdlets do, a row each. Most are one of four verbs over the objects of a class. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ipamtui/psrp.h"
#include "run.h"

static sim_call_fn call_get, call_set, call_add, call_remove;

/* clang-format off: a row is a line */
static const struct sim_call call_table[] = {
    { .cmdlet = "Get-Service", .class = "ServiceController", .run = call_service },
    { .cmdlet = "Get-Command", .class = "CommandInfo", .run = call_command },
    { .cmdlet = "Get-Module", .class = "ModuleInfo", .run = call_module },
    { .cmdlet = "Get-WinEvent", .class = "EventLogRecord", .run = call_events },
    { .cmdlet = "ForEach-Object", .run = call_for_each },
    { .cmdlet = "Get-Date", .run = call_date },
    { .cmdlet = "Get-Variable", .run = call_variable },
    { .cmdlet = "Get-Process", .run = call_process },
    { .cmdlet = "Get-ItemProperty", .class = "ItemProperty", .run = call_item_property },
    { .cmdlet = "Select-Object", .run = call_select },
    { .cmdlet = "Where-Object", .run = call_where },

    { .cmdlet = "Get-DhcpServerVersion", .class = "DhcpServerVersion", .run = call_get },
    { .cmdlet = "Get-DhcpServerSetting", .class = "DhcpServerSetting", .run = call_get },
    { .cmdlet = "Set-DhcpServerSetting", .class = "DhcpServerSetting", .run = call_set },
    { .cmdlet = "Get-DhcpServerAuditLog", .class = "DhcpServerAuditLog", .run = call_get },
    { .cmdlet = "Set-DhcpServerAuditLog", .class = "DhcpServerAuditLog", .run = call_set },
    { .cmdlet = "Get-DhcpServerDatabase", .class = "DhcpServerDatabase", .run = call_get },
    { .cmdlet = "Set-DhcpServerDatabase", .class = "DhcpServerDatabase", .run = call_set },
    { .cmdlet = "Get-DhcpServerv4Binding", .class = "DhcpServerv4Binding", .run = call_get },

    { .cmdlet = "Get-DhcpServerv4Scope", .class = "DhcpServerv4Scope", .run = call_get },
    { .cmdlet = "Set-DhcpServerv4Scope",
      .class = "DhcpServerv4Scope",
      .run = call_set,
      .check = check_scope },
    { .cmdlet = "Add-DhcpServerv4Scope",
      .class = "DhcpServerv4Scope",
      .run = call_add,
      .check = check_scope },
    { .cmdlet = "Remove-DhcpServerv4Scope",
      .class = "DhcpServerv4Scope",
      .run = call_remove,
      .check = check_scope_removal },
    { .cmdlet = "Get-DhcpServerv4ScopeStatistics",
      .class = "DhcpServerv4ScopeStatistics",
      .run = call_scope_statistics },
    { .cmdlet = "Get-DhcpServerv4Statistics", .class = "DhcpServerv4Statistics", .run = call_dhcp_statistics },
    { .cmdlet = "Get-DhcpServerv4Superscope", .class = "DhcpServerv4Superscope", .run = call_superscopes },
    { .cmdlet = "Get-DhcpServerv4ExclusionRange",
      .class = "DhcpServerv4ExclusionRange",
      .run = call_get,
      .parent = "DhcpServerv4Scope" },
    { .cmdlet = "Add-DhcpServerv4ExclusionRange",
      .class = "DhcpServerv4ExclusionRange",
      .run = call_add,
      .check = check_exclusion,
      .parent = "DhcpServerv4Scope" },
    { .cmdlet = "Remove-DhcpServerv4ExclusionRange",
      .class = "DhcpServerv4ExclusionRange",
      .run = call_remove,
      .parent = "DhcpServerv4Scope" },
    { .cmdlet = "Get-DhcpServerv4DnsSetting",
      .class = "DhcpServerv4DnsSetting",
      .run = call_dns_setting_get },
    { .cmdlet = "Set-DhcpServerv4DnsSetting",
      .class = "DhcpServerv4DnsSetting",
      .run = call_dns_setting_set },
    { .cmdlet = "Get-DhcpServerv6Scope", .class = "DhcpServerv6Scope", .run = call_get },
    { .cmdlet = "Set-DhcpServerv6Scope",
      .class = "DhcpServerv6Scope",
      .run = call_set,
      .check = check_scope6 },
    { .cmdlet = "Add-DhcpServerv6Scope",
      .class = "DhcpServerv6Scope",
      .run = call_add,
      .check = check_scope6 },
    { .cmdlet = "Remove-DhcpServerv6Scope", .class = "DhcpServerv6Scope", .run = call_remove },
    { .cmdlet = "Get-DhcpServerv6ScopeStatistics",
      .class = "DhcpServerv6ScopeStatistics",
      .run = call_scope6_statistics },
    { .cmdlet = "Get-DhcpServerv6ExclusionRange",
      .class = "DhcpServerv6ExclusionRange",
      .run = call_get,
      .parent = "DhcpServerv6Scope" },

    { .cmdlet = "Get-DnsServerZone", .class = "DnsServerPrimaryZone", .run = call_zones },
    { .cmdlet = "Set-DnsServerPrimaryZone", .class = "DnsServerPrimaryZone", .run = call_set },
    { .cmdlet = "Get-DnsServerZoneAging", .class = "DnsServerZoneAging", .run = call_zone_aging },
    { .cmdlet = "Set-DnsServerZoneAging", .class = "DnsServerZoneAging", .run = call_set },
    { .cmdlet = "Get-DnsServerZoneTransferPolicy", .class = "DnsServerZoneAging", .run = call_nothing },
    { .cmdlet = "Get-DnsServerStatistics", .class = "DnsServerStatistics", .run = call_dns_statistics },
    { .cmdlet = "Resolve-DnsName", .class = "Soa", .run = call_resolve },
    { .cmdlet = "Get-DhcpServerv4Failover", .class = "DhcpServerv4Failover", .run = call_get },
};
/* clang-format on */

const struct sim_call *sim_call_find(const char *cmdlet)
{
    for (size_t i = 0; i < COUNT(call_table); i++)
        if (strcmp(call_table[i].cmdlet, cmdlet) == 0)
            return &call_table[i];
    return NULL;
}

/* ------------------------------------------------------------------ words for errors */

static const struct {
    const char *class, *noun, *missing, *exists;
} class_words[] = {
    { "DhcpServerv4Scope", "scope", "DHCP 20005", "DHCP 20052" },
    { "DhcpServerv4ExclusionRange", "exclusion range of scope", "DHCP 20006", "DHCP 20023" },
    { "DhcpServerv4Failover", "failover relationship", "DHCP 20116", "DHCP 20115" },
    { "DhcpServerv6Scope", "scope", "DHCP 20005", "DHCP 20052" },
    { "DnsServerPrimaryZone", "zone", "WIN32 9601", "WIN32 9609" },
    { "DnsServerZoneAging", "zone", "WIN32 9601", "WIN32 9609" },
    { "", "object", "WIN32 2", "WIN32 183" },
};

static size_t words_of(const char *class)
{
    size_t i = 0;

    while (*class_words[i].class && strcmp(class_words[i].class, class) != 0)
        i++;
    return i;
}

static bool missing(struct sim_run *run, const char *class, const char *verb, const char *key)
{
    size_t i = words_of(class);

    return sim_fail(run, class_words[i].missing, 13, key ? key : "", "Failed to %s %s %s on server %s.", verb,
                    class_words[i].noun, key ? key : "", run->server->name);
}

/* ------------------------------------------------------------------ faults */

static bool changes(const struct sim_cmdlet *cmdlet)
{
    return strncmp(cmdlet->name, "Get-", 4) != 0 && cmdlet->should_process;
}

static bool access_denied(struct sim_run *run)
{
    sim_fail(run, "WIN32 5", 18, run->server->name, "Access is denied on %s.", run->server->name);
    return true;
}

/* "fail-set:DHCP 20013:ReadError": what changes something fails so. */
static bool failing_change(struct sim_run *run, const char *text)
{
    size_t len = strcspn(text, ":");
    const char *id = arena_strndup(run->mem, text, len),
               *category = text[len] ? text + len + 1 : "InvalidOperation";
    int number = atoi(category);

    for (int i = 0; !number && i < 32; i++)
        if (strcasecmp(ps_category_name(i), category) == 0)
            number = i;
    sim_fail(run, id, number, run->server->name, "The server %s could not carry out the change.",
             run->server->name);
    return true;
}

/* Its service does not run: nobody is at the other end of the cmdlet's RPC. */
static bool service_stopped(struct sim_run *run, const struct sim_cmdlet *cmdlet)
{
    bool dhcp = strcmp(cmdlet->module, "DhcpServer") == 0;
    const struct sim_object *service =
        sim_find1(run->server, "ServiceController", dhcp ? "DHCPServer" : "DNS");
    const char *status = service ? sim_value(service, "Status") : NULL;

    if (!status || strcmp(status, "Stopped") != 0)
        return false;
    sim_fail(run, dhcp ? "WIN32 1753" : "WIN32 1722", 0, run->server->name,
             "Failed to reach the service on %s: %s", run->server->name,
             dhcp ? "There are no more endpoints available from the endpoint mapper."
                  : "The RPC server is unavailable.");
    return true;
}

bool sim_refused(struct sim_run *run)
{
    const char *fault = sim_value(sim_host(run->server), "Fault");
    const struct sim_cmdlet *cmdlet = run->bound->cmdlet;
    bool cim = strcmp(cmdlet->module, "DhcpServer") == 0 || strcmp(cmdlet->module, "DnsServer") == 0;

    if (!cim)
        return false;
    if (!fault || !*fault)
        return service_stopped(run, cmdlet);
    if (strcmp(fault, "denied") == 0 || (strcmp(fault, "denied-set") == 0 && changes(cmdlet)))
        return access_denied(run);
    if (strncmp(fault, "fail-set:", 9) == 0 && changes(cmdlet))
        return failing_change(run, fault + 9);
    return service_stopped(run, cmdlet);
}

/* ------------------------------------------------------------------ the four verbs */

/* The property's argument, unless it is one that all cmdlets have under this name. */
static const struct sim_arg *arg_of(const struct sim_bound *bound, const struct sim_property *property)
{
    return sim_arg(bound, property->name);
}

/* Do the keys that were given (the first one: as item) fit? */
static bool keys_fit(const struct sim_bound *bound, const struct sim_object *object, const char *item)
{
    bool first = true;

    for (size_t i = 0; i < object->class->count; i++) {
        const struct sim_property *property = &object->class->properties[i];
        if (!property->is_key)
            continue;
        const struct sim_arg *arg = arg_of(bound, property);
        const char *want = first ? item : arg && arg->count ? arg->items[0] : NULL;
        first = false;
        if (want && (!object->values[i] || strcasecmp(want, object->values[i]) != 0))
            return false;
    }
    return true;
}

static bool any_key_given(const struct sim_bound *bound, const struct sim_class *class)
{
    for (size_t i = 0; i < class->count; i++)
        if (class->properties[i].is_key && arg_of(bound, &class->properties[i]))
            return true;
    return false;
}

static const struct sim_property *first_key(const struct sim_class *class)
{
    for (size_t i = 0; i < class->count; i++)
        if (class->properties[i].is_key)
            return &class->properties[i];
    return NULL;
}

static bool parent_there(struct sim_run *run, const struct sim_call *call, const char *verb, const char *key)
{
    if (!call->parent || !key || sim_find1(run->server, call->parent, key))
        return true;
    return missing(run, call->parent, verb, key);
}

static void get_item(struct sim_run *run, const struct sim_call *call, const char *item)
{
    const struct sim_list *list = sim_list(run->server, call->class);
    bool all = !item && !any_key_given(run->bound, sim_class_find(call->class));
    size_t found = 0;

    if (!parent_there(run, call, "get", item))
        return;
    for (size_t i = 0; i < list->count; i++) {
        if (!all && !keys_fit(run->bound, list->items[i], item))
            continue;
        sim_emit(run, list->items[i]);
        found++;
    }
    if (!found && item && !call->parent)
        missing(run, call->class, "get", item);
}

static bool call_get(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_property *key = first_key(sim_class_find(call->class));
    const struct sim_arg *arg = key ? arg_of(run->bound, key) : NULL;

    if (!arg || arg->null)
        get_item(run, call, NULL);
    else
        for (size_t i = 0; i < arg->count && !run->failed; i++)
            get_item(run, call, arg->items[i]);
    return !run->failed;
}

/* In the class's own spelling ("InActive" -> "Inactive"). */
static const char *spelled(struct arena *mem, const struct sim_property *property, const char *text)
{
    size_t len;
    const char *word = text && *property->values ? sim_word(property->values, text, &len) : NULL;

    return word ? arena_strndup(mem, word, len) : text;
}

static const char *joined(struct arena *mem, const struct sim_arg *arg)
{
    const char *text = arg->count ? arg->items[0] : "";

    for (size_t i = 1; i < arg->count; i++)
        text = arena_printf(mem, "%s%c%s", text, SIM_LIST_SEPARATOR, arg->items[i]);
    return text;
}

/* Every argument that has a property's name becomes its value. */
static void apply_args(struct sim_run *run, struct sim_object *object, bool keys)
{
    for (size_t i = 0; i < object->class->count; i++) {
        const struct sim_property *property = &object->class->properties[i];
        const struct sim_arg *arg =
            property->hidden && !property->is_key ? NULL : arg_of(run->bound, property);
        if (!arg || (property->is_key && !keys))
            continue;
        object->values[i] = property->is_list ? joined(run->mem, arg)
                            : arg->null       ? NULL
                                              : spelled(run->mem, property, arg->items[0]);
    }
}

static void after_change(struct sim_run *run, const struct sim_object *object)
{
    if (sim_switch(run->bound, "PassThru"))
        sim_emit(run, object);
}

static bool store_object(struct sim_run *run, const struct sim_object *object)
{
    struct err err = { 0 };

    if (sim_store(run->server, object, &err))
        return true;
    return sim_fail(run, "WIN32 29", 23, run->server->name, "%s: %s", err.where, err.text);
}

static bool locked(struct sim_run *run)
{
    struct err err = { 0 };

    if (sim_server_lock(run->server, &err))
        return true;
    return sim_fail(run, "WIN32 33", 19, run->server->name, "%s: %s", err.where, err.text);
}

static void set_locked(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_class *class = sim_class_find(call->class);
    struct sim_object *wanted = sim_object_new(run->mem, class);

    apply_args(run, wanted, true);
    const struct sim_object *before = sim_same(run->server, wanted);
    if (!before) {
        const struct sim_property *key = first_key(class);
        missing(run, call->class, "modify", key ? sim_arg_text(run->bound, key->name) : "");
        return;
    }
    struct sim_object *after = sim_object_copy(run->mem, before);
    apply_args(run, after, false);
    if ((!call->check || call->check(run, after, before)) && store_object(run, after))
        after_change(run, after);
}

static bool call_set(struct sim_run *run, const struct sim_call *call)
{
    if (!locked(run))
        return false;
    set_locked(run, call);
    sim_server_unlock(run->server);
    return !run->failed;
}

static void add_locked(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_class *class = sim_class_find(call->class);
    struct sim_object *object = sim_object_new(run->mem, class);
    const struct sim_property *key = first_key(class);
    size_t words = words_of(call->class);

    apply_args(run, object, true);
    if (call->parent && !parent_there(run, call, "add to", sim_arg_text(run->bound, key->name)))
        return;
    if (call->check && !call->check(run, object, NULL))
        return;
    if (sim_same(run->server, object)) {
        sim_fail(run, class_words[words].exists, 20, sim_value(object, key->name),
                 "Failed to add %s %s on server %s: it exists already.", class_words[words].noun,
                 sim_value(object, key->name), run->server->name);
        return;
    }
    if (store_object(run, object))
        after_change(run, object);
}

static bool call_add(struct sim_run *run, const struct sim_call *call)
{
    if (!locked(run))
        return false;
    add_locked(run, call);
    sim_server_unlock(run->server);
    return !run->failed;
}

static void remove_item(struct sim_run *run, const struct sim_call *call, const char *item)
{
    const struct sim_list *list = sim_list(run->server, call->class);
    size_t found = 0;

    if (!parent_there(run, call, "delete from", item))
        return;
    for (size_t i = list->count; i-- > 0;) {
        struct sim_object *object = list->items[i];
        struct err err = { 0 };
        if (!keys_fit(run->bound, object, item))
            continue;
        found++;
        if (call->check && !call->check(run, object, object))
            return;
        if (!sim_drop(run->server, object, &err)) {
            sim_fail(run, "WIN32 29", 23, item, "%s: %s", err.where, err.text);
            return;
        }
        after_change(run, object);
    }
    if (!found)
        missing(run, call->class, "delete", item);
}

static bool call_remove(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_property *key = first_key(sim_class_find(call->class));
    const struct sim_arg *arg = key ? arg_of(run->bound, key) : NULL;

    if (!locked(run))
        return false;
    for (size_t i = 0; arg && i < arg->count && !run->failed; i++)
        remove_item(run, call, arg->items[i]);
    sim_server_unlock(run->server);
    return !run->failed;
}
