/* calls_dns.c - zones of several kinds behind one cmdlet, and asking the server for them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "run.h"

static const char *const zone_classes[] = { "DnsServerPrimaryZone", "DnsServerSecondaryZone",
                                            "DnsServerStubZone", "DnsServerConditionalForwarderZone" };

const struct sim_object *sim_zone_find(const struct sim_server *server, const char *name)
{
    for (size_t i = 0; i < COUNT(zone_classes); i++) {
        const struct sim_list *list = sim_list(server, zone_classes[i]);
        const struct sim_object *exact = sim_find1(server, zone_classes[i], name);
        if (exact)
            return exact;
        for (size_t j = 0; j < list->count; j++) /* names of zones fold case */
            if (strcasecmp(sim_value(list->items[j], "ZoneName"), name) == 0)
                return list->items[j];
    }
    return NULL;
}

bool sim_no_zone(struct sim_run *run, const char *name)
{
    return sim_fail(run, "WIN32 9601", 13, name, "The zone %s was not found on server %s.", name,
                    run->server->name);
}

bool call_zones(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_arg *names = sim_arg(run->bound, "Name");
    (void)call;

    for (size_t i = 0; !names && i < COUNT(zone_classes); i++) {
        const struct sim_list *list = sim_list(run->server, zone_classes[i]);
        for (size_t j = 0; j < list->count; j++)
            sim_emit(run, list->items[j]);
    }
    for (size_t i = 0; names && i < names->count && !run->failed; i++) {
        const struct sim_object *zone = sim_zone_find(run->server, names->items[i]);
        if (zone)
            sim_emit(run, zone);
        else
            sim_no_zone(run, names->items[i]);
    }
    return !run->failed;
}

static void emit_aging(struct sim_run *run, const char *name)
{
    const struct sim_object *zone = sim_zone_find(run->server, name);

    if (!zone) {
        sim_no_zone(run, name);
    } else if (strcmp(zone->class->name, "DnsServerPrimaryZone") != 0) {
        sim_fail(run, "WIN32 9611", 5, name,
                 "Failed to get the aging settings of zone %s on server %s: invalid DNS zone type.", name,
                 run->server->name);
    } else {
        const struct sim_object *aging =
            sim_find1(run->server, "DnsServerZoneAging", sim_value(zone, "ZoneName"));
        if (aging)
            sim_emit(run, aging);
    }
}

bool call_zone_aging(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_arg *names = sim_arg(run->bound, "Name");
    (void)call;

    for (size_t i = 0; names && i < names->count && !run->failed; i++)
        emit_aging(run, names->items[i]);
    return !run->failed;
}

bool call_nothing(struct sim_run *run, const struct sim_call *call)
{
    (void)call;
    return !run->failed;
}

/* ------------------------------------------------------------------ Resolve-DnsName */

#define RESOLVE_COMMAND "Microsoft.DnsClient.Commands.ResolveDnsName"

static bool no_answer(struct sim_run *run, const char *id, int category, const char *name, const char *words)
{
    return sim_raise(run, (struct sim_error){ .id = id,
                                              .category = category,
                                              .reason = "Win32Exception",
                                              .message = arena_printf(run->mem, "%s : %s", name, words),
                                              .target = name,
                                              .target_type = "String",
                                              .command = RESOLVE_COMMAND });
}

static void emit_soa(struct sim_run *run, const struct sim_object *zone)
{
    struct sim_object *soa = sim_object_new(run->mem, sim_class_find("Soa"));
    const char *primary = sim_value(zone, "PrimaryServer"), *serial = sim_value(zone, "Serial");
    const char *const values[][2] = {
        { "Name", sim_value(zone, "ZoneName") },
        { "Type", "SOA" },
        { "TTL", "3600" },
        { "Section", "Answer" },
        { "PrimaryServer", primary ? primary : "ns1.partner.example" },
        { "NameAdministrator", "hostmaster.example.net" },
        { "SerialNumber", serial ? serial : "2026010100" },
        { "TimeToZoneRefresh", "900" },
        { "TimeToZoneFailureRetry", "600" },
        { "TimeToExpiration", "86400" },
        { "DefaultTTL", "3600" },
    };

    for (size_t i = 0; i < COUNT(values); i++)
        sim_set(run->mem, soa, values[i][0], values[i][1]);
    sim_emit(run, soa);
}

static bool is_true(const struct sim_object *object, const char *property)
{
    const char *text = sim_value(object, property);

    return text && strcmp(text, "true") == 0;
}

bool call_resolve(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_object *service = sim_find1(run->server, "ServiceController", "DNS");
    const char *name = sim_arg_text(run->bound, "Name"), *type = sim_arg_text(run->bound, "Type");
    const struct sim_object *zone = name ? sim_zone_find(run->server, name) : NULL;
    (void)call;

    if (!name)
        return true;
    /* A paused server listens and does not answer. */
    if (!service || strcmp(sim_value(service, "Status"), "Running") != 0)
        return no_answer(run, "ERROR_TIMEOUT", 15, name,
                         "This operation returned because the timeout period expired");
    if (!zone)
        return no_answer(run, "DNS_ERROR_RCODE_NAME_ERROR", 21, name, "DNS name does not exist");
    const char *answer = sim_value(zone, "Answer");
    if (is_true(zone, "IsPaused") || is_true(zone, "IsShutdown") ||
        (answer && strcmp(answer, "servfail") == 0))
        return no_answer(run, "DNS_ERROR_RCODE_SERVER_FAILURE", 21, name, "DNS server failure");
    if (answer && strcmp(answer, "refused") == 0)
        return no_answer(run, "DNS_ERROR_RCODE_REFUSED", 21, name, "DNS operation refused");
    if (type && strcasecmp(type, "SOA") == 0)
        emit_soa(run, zone);
    return true;
}
