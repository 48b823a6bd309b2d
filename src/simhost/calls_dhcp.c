/* calls_dhcp.c - the DHCP calls that are more than a verb over a class. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ipamtui/ip.h"
#include "run.h"

#define NOBODY "DHCP 20005"

static bool address(const struct sim_object *object, const char *property, uint32_t *out)
{
    const char *text = sim_value(object, property);

    return text && ip4_parse(text, out);
}

static bool range_of(const struct sim_object *object, struct ip4_range *out)
{
    return address(object, "StartRange", &out->first) && address(object, "EndRange", &out->last);
}

static bool invalid_range(struct sim_run *run, const char *scope, const char *why)
{
    return sim_fail(run, "DHCP 20023", 6, scope, "The specified range on scope %s is not valid: %s.",
                    scope ? scope : "", why);
}

/* ------------------------------------------------------------------ scopes */

static void set_default(struct sim_run *run, struct sim_object *object, const char *property,
                        const char *value)
{
    if (!sim_value(object, property))
        sim_set(run->mem, object, property, value);
}

/* Add-DhcpServerv4Scope has no ScopeId: it is the network of the start address. */
static bool complete_scope(struct sim_run *run, struct sim_object *scope)
{
    static const char *const defaults[][2] = {
        { "Description", "" },
        { "SuperscopeName", "" },
        { "LeaseDuration", "P8D" },
        { "NapProfile", "" },
        { "NapEnable", "false" },
        { "Delay", "0" },
        { "State", "Active" },
        { "Type", "Dhcp" },
        { "MaxBootpClients", "4294967295" },
        { "ActivatePolicies", "true" },
        { "InUse", "0" },
        { "Pending", "0" },
        { "Reserved", "0" },
    };
    uint32_t start, mask;
    char text[IP4_TEXT_SIZE];

    if (!address(scope, "StartRange", &start) || !address(scope, "SubnetMask", &mask) ||
        ip4_mask_prefix(mask) < 1)
        return invalid_range(run, sim_value(scope, "SubnetMask"), "the mask is no mask");
    sim_set(run->mem, scope, "ScopeId", ip4_format(start & mask, text));
    for (size_t i = 0; i < COUNT(defaults); i++)
        set_default(run, scope, defaults[i][0], defaults[i][1]);
    return true;
}

static bool exclusions_inside(const struct sim_run *run, const struct sim_object *scope,
                              struct ip4_range range)
{
    const struct sim_list *list = sim_list(run->server, "DhcpServerv4ExclusionRange");
    struct ip4_range excluded;

    for (size_t i = 0; i < list->count; i++)
        if (strcmp(sim_value(list->items[i], "ScopeId"), sim_value(scope, "ScopeId")) == 0 &&
            range_of(list->items[i], &excluded) && !ip4_range_holds(range, excluded))
            return false;
    return true;
}

bool check_scope(struct sim_run *run, struct sim_object *scope, const struct sim_object *before)
{
    struct ip4_range range;
    uint32_t network, mask;
    int64_t ticks = 0;

    if (!before && !complete_scope(run, scope))
        return false;
    const char *id = sim_value(scope, "ScopeId"), *lease = sim_value(scope, "LeaseDuration");
    if (!address(scope, "ScopeId", &network) || !address(scope, "SubnetMask", &mask) ||
        !range_of(scope, &range))
        return invalid_range(run, id, "an address is missing");
    if (range.first > range.last || (range.first & mask) != network || (range.last & mask) != network)
        return invalid_range(run, id, "it is not inside the subnet");
    if (!exclusions_inside(run, scope, range))
        return invalid_range(run, id, "it does not hold the exclusion ranges");
    if (!lease || !sim_span_parse(lease, &ticks) || ticks <= 0)
        return sim_fail(run, "WIN32 87", 5, id, "The lease duration of scope %s must be above zero.", id);
    if (sim_number(scope, "Delay") > 1000)
        return sim_fail(run, "WIN32 87", 5, id,
                        "The delay of scope %s must be between 0 and 1000 milliseconds.", id);
    return true;
}

/* What hangs on the scope goes with it. */
static bool drop_of(struct sim_run *run, const char *class, const char *scope)
{
    const struct sim_list *list = sim_list(run->server, class);
    struct err err = { 0 };

    for (size_t i = list->count; i-- > 0;)
        if (strcmp(sim_value(list->items[i], "ScopeId") ? sim_value(list->items[i], "ScopeId") : "", scope) ==
                0 &&
            !sim_drop(run->server, list->items[i], &err))
            return sim_fail(run, "WIN32 29", 23, scope, "%s: %s", err.where, err.text);
    return true;
}

bool check_scope_removal(struct sim_run *run, struct sim_object *scope, const struct sim_object *before)
{
    const char *id = sim_value(scope, "ScopeId");
    (void)before;

    if (sim_number(scope, "InUse") && !sim_switch(run->bound, "Force"))
        return sim_fail(run, "DHCP 20007", 7, id,
                        "Scope %s on DHCP server %s has active leases; it is only deleted with -Force.", id,
                        run->server->name);
    return drop_of(run, "DhcpServerv4ExclusionRange", id) && drop_of(run, "DhcpServerv4DnsSetting", id);
}

bool check_exclusion(struct sim_run *run, struct sim_object *exclusion, const struct sim_object *before)
{
    const char *id = sim_value(exclusion, "ScopeId");
    const struct sim_object *scope = sim_find1(run->server, "DhcpServerv4Scope", id);
    const struct sim_list *list = sim_list(run->server, "DhcpServerv4ExclusionRange");
    struct ip4_range whole, range, other;
    (void)before;

    if (!range_of(exclusion, &range) || range.first > range.last)
        return invalid_range(run, id, "it ends before it begins");
    if (!scope || !range_of(scope, &whole) || !ip4_range_holds(whole, range))
        return invalid_range(run, id, "it is outside the scope's range");
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(sim_value(list->items[i], "ScopeId"), id) == 0 && range_of(list->items[i], &other) &&
            ip4_range_overlaps(other, range))
            return invalid_range(run, id, "it overlaps another exclusion range");
    return true;
}

/* ------------------------------------------------------------------ statistics */

struct excluded {
    const char *scope;
    uint64_t addresses;
};

static int excluded_order(const void *a, const void *b)
{
    return strcmp(((const struct excluded *)a)->scope, ((const struct excluded *)b)->scope);
}

/* Excluded addresses by scope, sorted by its text: one pass, however many scopes are asked for. */
static struct excluded *excluded_by_scope(struct sim_run *run, size_t *count)
{
    const struct sim_list *list = sim_list(run->server, "DhcpServerv4ExclusionRange");
    struct excluded *all = arena_alloc(run->mem, (list->count + 1) * sizeof *all);
    size_t n = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct ip4_range range = { 0 };
        if (range_of(list->items[i], &range))
            all[i] = (struct excluded){ sim_value(list->items[i], "ScopeId"), ip4_range_size(range) };
        else
            all[i] = (struct excluded){ "", 0 };
    }
    qsort(all, list->count, sizeof *all, excluded_order);
    for (size_t i = 0; i < list->count; i++) {
        if (n > 0 && strcmp(all[n - 1].scope, all[i].scope) == 0)
            all[n - 1].addresses += all[i].addresses;
        else
            all[n++] = all[i];
    }
    *count = n;
    return all;
}

/* Addresses that a scope can lease. */
static uint64_t total_of(const struct sim_object *scope, const struct excluded *all, size_t count)
{
    struct excluded want = { .scope = sim_value(scope, "ScopeId") };
    const struct excluded *excluded = bsearch(&want, all, count, sizeof *all, excluded_order);
    struct ip4_range range = { 0, 0 };
    uint64_t total = range_of(scope, &range) ? ip4_range_size(range) : 0;

    return total - MIN(total, excluded ? excluded->addresses : 0);
}

static void emit_statistics(struct sim_run *run, const struct sim_object *scope, const struct excluded *all,
                            size_t count)
{
    struct sim_object *out = sim_object_new(run->mem, sim_class_find("DhcpServerv4ScopeStatistics"));
    uint64_t in_use = sim_number(scope, "InUse"), total = total_of(scope, all, count);
    uint64_t available = total - MIN(total, in_use);

    sim_set(run->mem, out, "ScopeId", sim_value(scope, "ScopeId"));
    sim_set(run->mem, out, "SuperscopeName", sim_value(scope, "SuperscopeName"));
    sim_set(run->mem, out, "AddressesFree", arena_printf(run->mem, "%llu", (unsigned long long)available));
    sim_set(run->mem, out, "AddressesInUse", arena_printf(run->mem, "%llu", (unsigned long long)in_use));
    sim_set(run->mem, out, "PendingOffers", sim_value(scope, "Pending"));
    sim_set(run->mem, out, "ReservedAddress", sim_value(scope, "Reserved"));
    sim_set(run->mem, out, "PercentageInUse",
            arena_printf(run->mem, "%.7g",
                         in_use + available ? 100.0 * (double)in_use / (double)(in_use + available) : 0.0));
    sim_emit(run, out);
}

static bool no_scope(struct sim_run *run, const char *what, const char *scope)
{
    return sim_fail(run, NOBODY, 13, scope, "Failed to %s for scope %s on DHCP server %s.", what, scope,
                    run->server->name);
}

bool call_scope_statistics(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_list *scopes = sim_list(run->server, "DhcpServerv4Scope");
    const struct sim_arg *arg = sim_arg(run->bound, "ScopeId");
    size_t count = 0;
    const struct excluded *all = excluded_by_scope(run, &count);
    (void)call;

    for (size_t i = 0; !arg && i < scopes->count; i++)
        emit_statistics(run, scopes->items[i], all, count);
    for (size_t i = 0; arg && i < arg->count && !run->failed; i++) {
        const struct sim_object *scope = sim_find1(run->server, "DhcpServerv4Scope", arg->items[i]);
        if (scope)
            emit_statistics(run, scope, all, count);
        else
            no_scope(run, "get scope statistics", arg->items[i]);
    }
    return !run->failed;
}

struct dhcp_totals sim_dhcp_totals(struct sim_run *run)
{
    const struct sim_list *scopes = sim_list(run->server, "DhcpServerv4Scope");
    size_t count = 0;
    const struct excluded *all = excluded_by_scope(run, &count);
    struct dhcp_totals t = { .scopes = scopes->count };

    for (size_t i = 0; i < scopes->count; i++) {
        t.addresses += total_of(scopes->items[i], all, count);
        t.in_use += sim_number(scopes->items[i], "InUse");
        t.pending += sim_number(scopes->items[i], "Pending");
        t.delayed += sim_number(scopes->items[i], "Delay") > 0;
    }
    return t;
}

bool call_superscopes(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_list *scopes = sim_list(run->server, "DhcpServerv4Scope");
    struct sim_object *out = NULL;

    for (size_t i = 0; i < scopes->count; i++) {
        const char *name = sim_value(scopes->items[i], "SuperscopeName"),
                   *id = sim_value(scopes->items[i], "ScopeId");
        const char *wanted = sim_arg_text(run->bound, "SuperscopeName");
        if (!name || !*name || (wanted && strcasecmp(wanted, name) != 0))
            continue;
        if (out && strcmp(sim_value(out, "SuperscopeName"), name) == 0) { /* members are made side by side */
            sim_set(run->mem, out, "ScopeId",
                    arena_printf(run->mem, "%s%c%s", sim_value(out, "ScopeId"), SIM_LIST_SEPARATOR, id));
            continue;
        }
        out = sim_object_new(run->mem, sim_class_find(call->class));
        sim_set(run->mem, out, "SuperscopeName", name);
        sim_set(run->mem, out, "ScopeId", id);
        sim_emit(run, out);
    }
    return true;
}

/* ------------------------------------------------------------------ DNS settings */

/* A scope (or reservation) without settings of its own has the server's. */
static struct sim_object *dns_setting(struct sim_run *run, const char *scope)
{
    struct sim_object *wanted = sim_object_new(run->mem, sim_class_find("DhcpServerv4DnsSetting"));
    const char *ip = sim_arg_text(run->bound, "IPAddress"), *policy = sim_arg_text(run->bound, "PolicyName");

    sim_set(run->mem, wanted, "ScopeId", scope);
    sim_set(run->mem, wanted, "IPAddress", ip);
    sim_set(run->mem, wanted, "PolicyName", policy);
    const struct sim_object *own = sim_same(run->server, wanted);
    if (own)
        return sim_object_copy(run->mem, own);
    const struct sim_object *general = sim_find1(run->server, "DhcpServerv4DnsSetting", NULL);
    struct sim_object *out = general ? sim_object_copy(run->mem, general) : wanted;
    sim_set(run->mem, out, "ScopeId", scope);
    sim_set(run->mem, out, "IPAddress", ip);
    sim_set(run->mem, out, "PolicyName", policy);
    return out;
}

/* "bad-scopes:10.0.0.0,10.0.1.0" */
static bool is_bad(const struct sim_run *run, const char *scope)
{
    const char *fault = sim_value(sim_host(run->server), "Fault");
    size_t len = strlen(scope);

    if (!fault || strncmp(fault, "bad-scopes:", 11) != 0)
        return false;
    for (const char *at = fault + 10; *at; at += 1 + strcspn(at + 1, ","))
        if (strcspn(at + 1, ",") == len && memcmp(at + 1, scope, len) == 0)
            return true;
    return false;
}

bool call_dns_setting_get(struct sim_run *run, const struct sim_call *call)
{
    const char *scope = sim_arg_text(run->bound, "ScopeId");
    (void)call;

    if (scope && !sim_find1(run->server, "DhcpServerv4Scope", scope))
        return no_scope(run, "get DNS settings", scope);
    if (scope && is_bad(run, scope))
        return sim_raise(run, (struct sim_error){ .id = "WIN32 1359", .reason = "CimException", .target = scope,
                                                  .message = "An internal error occurred.", .fatal = true,
                                                  .command = run->bound->cmdlet->name });
    sim_emit(run, dns_setting(run, scope));
    return true;
}

static void dns_setting_set_locked(struct sim_run *run, const char *scope)
{
    struct sim_object *setting = dns_setting(run, scope);
    struct err err = { 0 };

    for (size_t i = 0; i < setting->class->count; i++) {
        const struct sim_property *property = &setting->class->properties[i];
        const struct sim_arg *arg = property->is_key ? NULL : sim_arg(run->bound, property->name);
        if (arg)
            sim_set(run->mem, setting, property->name, arg->null ? "" : arg->items[0]);
    }
    if (!sim_store(run->server, setting, &err))
        sim_fail(run, "WIN32 29", 23, scope, "%s: %s", err.where, err.text);
    else if (sim_switch(run->bound, "PassThru"))
        sim_emit(run, setting);
}

bool call_dns_setting_set(struct sim_run *run, const struct sim_call *call)
{
    const char *scope = sim_arg_text(run->bound, "ScopeId");
    struct err err = { 0 };
    (void)call;

    if (!sim_server_lock(run->server, &err))
        return sim_fail(run, "WIN32 33", 19, scope, "%s: %s", err.where, err.text);
    if (scope && !sim_find1(run->server, "DhcpServerv4Scope", scope))
        no_scope(run, "set DNS settings", scope);
    else
        dns_setting_set_locked(run, scope);
    sim_server_unlock(run->server);
    return !run->failed;
}
