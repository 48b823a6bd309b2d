/* calls_dhcp6.c - IPv6 scopes: the calls that are more than a verb over a class. */
#include <stdlib.h>
#include <string.h>

#include "ipamtui/ip.h"
#include "run.h"

bool check_scope6(struct sim_run *run, struct sim_object *scope, const struct sim_object *before)
{
    static const char *const defaults[][2] = {
        { "Description", "" },    { "Preference", "0" },       { "PreferredLifetime", "P8D" },
        { "PrefixLength", "64" }, { "State", "Active" },       { "T1", "P4D" },
        { "T2", "P6DT9H36M" },    { "ValidLifetime", "P12D" }, { "InUse", "0" },
        { "Reserved", "0" },
    };
    const char *prefix = sim_value(scope, "Prefix"),
               *spans[] = { "PreferredLifetime", "ValidLifetime", "T1", "T2" };
    int64_t ticks[COUNT(spans)] = { 0 };
    struct ip6 ip;

    for (size_t i = 0; !before && i < COUNT(defaults); i++)
        if (!sim_value(scope, defaults[i][0]))
            sim_set(run->mem, scope, defaults[i][0], defaults[i][1]);
    if (!prefix || !ip6_parse(prefix, &ip))
        return sim_fail(run, "WIN32 87", 5, prefix, "The prefix %s is no IPv6 prefix.", prefix ? prefix : "");
    for (size_t i = 0; i < COUNT(spans); i++)
        if (!sim_span_parse(sim_value(scope, spans[i]), &ticks[i]) || ticks[i] <= 0)
            return sim_fail(run, "WIN32 87", 5, prefix, "%s of scope %s must be above zero.", spans[i],
                            prefix);
    if (ticks[0] > ticks[1] || ticks[2] > ticks[3])
        return sim_fail(run, "WIN32 87", 5, prefix, "The times of scope %s do not fit together.", prefix);
    return true;
}

static void emit_statistics(struct sim_run *run, const struct sim_object *scope)
{
    struct sim_object *out = sim_object_new(run->mem, sim_class_find("DhcpServerv6ScopeStatistics"));
    uint64_t in_use = sim_number(scope, "InUse");

    sim_set(run->mem, out, "Prefix", sim_value(scope, "Prefix"));
    sim_set(run->mem, out, "AddressesFree",
            arena_printf(run->mem, "%llu", (unsigned long long)(UINT64_MAX - in_use)));
    sim_set(run->mem, out, "AddressesInUse", arena_printf(run->mem, "%llu", (unsigned long long)in_use));
    sim_set(run->mem, out, "PendingAdvertises", "0");
    sim_set(run->mem, out, "ReservedAddress", sim_value(scope, "Reserved"));
    sim_set(run->mem, out, "PercentageInUse",
            arena_printf(run->mem, "%.7g", 100.0 * (double)in_use / 18446744073709551616.0));
    sim_emit(run, out);
}

bool call_scope6_statistics(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_list *scopes = sim_list(run->server, "DhcpServerv6Scope");
    const struct sim_arg *arg = sim_arg(run->bound, "Prefix");
    (void)call;

    for (size_t i = 0; !arg && i < scopes->count; i++)
        emit_statistics(run, scopes->items[i]);
    for (size_t i = 0; arg && i < arg->count && !run->failed; i++) {
        const struct sim_object *scope = sim_find1(run->server, "DhcpServerv6Scope", arg->items[i]);
        if (scope)
            emit_statistics(run, scope);
        else
            sim_fail(run, "DHCP 20005", 13, arg->items[i],
                     "Failed to get scope statistics for %s on server %s.", arg->items[i], run->server->name);
    }
    return !run->failed;
}
