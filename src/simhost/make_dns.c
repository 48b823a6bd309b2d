/* make_dns.c - zones shared by several DNS servers: AD-integrated with serials of their own, file-based with
 * secondaries, some of which lag, expire, are paused or answer nothing. */
#include <string.h>
#include <time.h>

#include "ipamtui/clock.h"
#include "make.h"
#include "run.h"

enum zone_kind { ZONE_AD, ZONE_FILE, ZONE_STUB, ZONE_FORWARDER };
enum trouble {
    TROUBLE_NONE,
    TROUBLE_PAUSED,
    TROUBLE_SHUTDOWN,
    TROUBLE_EXPIRED,
    TROUBLE_LAG,
    TROUBLE_SERVFAIL
};

/* One zone as all its servers see it: the same on each, because it follows from its number alone. */
struct zone {
    const char *name;
    enum zone_kind kind;
    bool reverse;
    uint32_t serial;
    int first; /* DNS server that has it first; the others follow with a stride */
};
/* This server's copy. */
struct copy {
    int number; /* 0 = the first server */
    enum trouble trouble;
};

static const char *const odd_zones[] = {
    "b\xc3\xbc"
    "cher.example.net",
    "with space.example.net",
    "back\\slash.example.net",
    "esc\x1b[7mape.example.net",
    "\xe6\x9d\xb1\xe4\xba\xac.example.net",
    "UPPER.Example.NET",
};

static const char *forward_name(struct making *m, int k)
{
    static const char *const fixed[] = { "corp.example.com", "_msdcs.corp.example.com", "example.net" };

    if (k < (int)COUNT(fixed))
        return fixed[k];
    if (k % 23 == 22)
        return make_text(m, k / 23 < (int)COUNT(odd_zones) ? "%s" : "%s.%d",
                         odd_zones[k / 23 % (int)COUNT(odd_zones)], k);
    return make_text(m, "site%03d.example.net", k);
}

static struct zone zone_at(struct making *m, int k)
{
    struct zone z = { .kind = ZONE_AD, .first = k };
    struct random r = { m->options->seed * 7919 + (uint64_t)k };

    switch (k % 10) {
    case 3:
    case 7:
        z.kind = ZONE_FILE;
        break;
    case 9:
        z.kind = k % 20 == 9 ? ZONE_STUB : ZONE_FORWARDER;
        break;
    default:
        break;
    }
    z.reverse = k > 3 && (k % 10 == 4 || k % 10 == 6 || k % 10 == 7);
    z.name = !z.reverse     ? forward_name(m, k)
             : k % 30 == 26 ? make_text(m, "0.0.%x.%x.8.b.d.0.1.0.0.2.ip6.arpa", k % 16, k / 16 % 16)
             : k % 50 == 14 ? make_text(m, "0/25.%d.%d.10.in-addr.arpa", k % 256, k / 256 % 256)
                            : make_text(m, "%d.%d.10.in-addr.arpa", k % 256, k / 256 % 256);
    z.serial = k % 4 ? 2026110000 + (uint32_t)random_below(&r, 2500) : 100 + (uint32_t)random_below(&r, 5000);
    return z;
}

/* Which copy of zone k this server has; -1 = none. The first three are on every server of a small estate. */
static int copy_of(const struct making *m, int k)
{
    int copies = MIN(k < 3 && m->dns_count <= 60 ? m->dns_count : m->options->zone_copies, m->dns_count),
        stride = MAX(m->dns_count / MAX(copies, 1), 1);
    int distance = ((m->dns_place - k) % m->dns_count + m->dns_count) % m->dns_count;

    return distance % stride == 0 && distance / stride < copies ? distance / stride : -1;
}

static int server_of(const struct making *m, int k, int number)
{
    int copies = MIN(m->options->zone_copies, m->dns_count), stride = MAX(m->dns_count / MAX(copies, 1), 1);

    return (k + number * stride) % m->dns_count;
}

static enum trouble trouble_of(const struct making *m, int k, const struct zone *z, int number)
{
    if (m->options->clean || k < 3)
        return TROUBLE_NONE;
    if (z->kind == ZONE_FILE && number > 0)
        return k % 4 == 3 ? TROUBLE_LAG : k % 7 == 3 ? TROUBLE_EXPIRED : TROUBLE_NONE;
    if (k % 19 == 5 && number == 0)
        return TROUBLE_PAUSED;
    if (k % 29 == 12 && number == 1)
        return TROUBLE_SHUTDOWN;
    return k % 31 == 8 && number <= (k % 2) ? TROUBLE_SERVFAIL : TROUBLE_NONE;
}

static const char *ago(struct making *m, int64_t seconds)
{
    return sim_local_time(&m->mem, clock_now_s() - seconds, m->region);
}

static const char *dns_address(struct making *m, int place)
{
    return make_text(m, "10.255.%d.%d", place / 250, place % 250 + 1);
}

static void make_aging(struct making *m, const char *name, bool on)
{
    make_object(m, "DnsServerZoneAging", "ZoneName", name, "AgingEnabled", on ? "true" : "false",
                "AvailForScavengeTime", on ? ago(m, 86400) : NULL, "RefreshInterval", "P7D",
                "NoRefreshInterval", "P7D", "ScavengeServers", "", NULL);
}

static const char *serial(struct making *m, uint32_t number)
{
    return make_text(m, "%u", (unsigned)number);
}

static void make_primary(struct making *m, const struct zone *z, struct copy c, int k)
{
    static const char *const updates[] = { "Secure", "Secure", "None", "NonsecureAndSecure" };
    bool ad = z->kind == ZONE_AD;

    make_object(
        m, "DnsServerPrimaryZone", "DistinguishedName",
        ad ? make_text(m, "DC=%s,cn=MicrosoftDNS,DC=DomainDnsZones,DC=corp,DC=example,DC=com", z->name)
           : NULL,
        "ZoneName", z->name, "ZoneType", "Primary", "IsPaused",
        c.trouble == TROUBLE_PAUSED ? "true" : "false", "IsDsIntegrated", ad ? "true" : "false",
        "IsAutoCreated", "false", "IsReverseLookupZone", z->reverse ? "true" : "false", "IsReadOnly", "false",
        "IsShutdown", c.trouble == TROUBLE_SHUTDOWN ? "true" : "false", "DirectoryPartitionName",
        ad ? "DomainDnsZones.corp.example.com" : NULL, "ReplicationScope", ad ? "Domain" : "None", "ZoneFile",
        ad ? NULL : make_text(m, "%s.dns", z->name), "Notify", ad ? "NoNotify" : "NotifyServers",
        "NotifyServers", ad ? "" : dns_address(m, server_of(m, k, 1)), "SecureSecondaries",
        ad ? "NoTransfer" : "TransferToSecureServers", "SecondaryServers",
        ad ? "" : dns_address(m, server_of(m, k, 1)), "DynamicUpdate", ad ? updates[k % 4] : "None",
        "IsWinsEnabled", "false", "IsSigned", k % 40 == 2 ? "true" : "false",
        "AllowedDcForNsRecordsAutoCreation", "", "IsPluginEnabled", "false", "IgnorePolicies", "false",
        "Serial", serial(m, z->serial + (ad ? (uint32_t)random_below(&m->random, 40) : 0)), "PrimaryServer",
        m->address, "Answer", c.trouble == TROUBLE_SERVFAIL ? "servfail" : NULL, NULL);
    make_aging(m, z->name, ad && k % 3 != 0);
}

static void make_secondary(struct making *m, const struct zone *z, struct copy c, int k)
{
    int primary = server_of(m, k, 0);
    int64_t late = c.trouble == TROUBLE_EXPIRED ? 4 * 86400 : c.trouble == TROUBLE_LAG ? 7200 : 300;
    const char *result = c.trouble == TROUBLE_EXPIRED ? "9005" : c.trouble == TROUBLE_LAG ? "1460" : "0";

    make_object(m, "DnsServerSecondaryZone", "ZoneName", z->name, "ZoneType", "Secondary", "IsPaused",
                "false", "IsDsIntegrated", "false", "IsAutoCreated", "false", "IsReverseLookupZone",
                z->reverse ? "true" : "false", "IsReadOnly", "false", "IsShutdown",
                c.trouble == TROUBLE_EXPIRED ? "true" : "false", "ZoneFile", make_text(m, "%s.dns", z->name),
                "MasterServers", dns_address(m, primary), "IsWinsEnabled", "false", "LastSuccessfulSoaCheck",
                ago(m, late), "LastZoneTransferAttempt", ago(m, 300), "LastSuccessfulZoneTransfer",
                ago(m, late), "LastZoneTransferResult", result, "IgnorePolicies", "false", "Serial",
                serial(m, z->serial - (c.trouble == TROUBLE_LAG ? 1 + (uint32_t)k % 50 : 0)), "PrimaryServer",
                m->dns_names[primary], NULL);
}

static void make_other(struct making *m, const struct zone *z, int k)
{
    const char *masters = make_text(m, "192.0.2.%d|192.0.2.%d", k % 250 + 1, k % 250 + 2);

    if (z->kind == ZONE_STUB)
        make_object(m, "DnsServerStubZone", "ZoneName", z->name, "ZoneType", "Stub", "IsPaused", "false",
                    "IsDsIntegrated", "false", "IsAutoCreated", "false", "IsReverseLookupZone", "false",
                    "IsReadOnly", "false", "IsShutdown", "false", "ReplicationScope", "None", "ZoneFile",
                    make_text(m, "%s.dns", z->name), "MasterServers", masters, "LocalMasters", "",
                    "LastSuccessfulSoaCheck", ago(m, 600), "LastZoneTransferAttempt", ago(m, 600),
                    "LastSuccessfulZoneTransfer", ago(m, 600), "LastZoneTransferResult", "0", "Serial",
                    serial(m, z->serial), "PrimaryServer", "ns1.partner.example", NULL);
    else
        make_object(m, "DnsServerConditionalForwarderZone", "ZoneName", z->name, "ZoneType", "Forwarder",
                    "IsPaused", "false", "IsDsIntegrated", "true", "IsAutoCreated", "false",
                    "IsReverseLookupZone", "false", "IsReadOnly", "false", "IsShutdown", "false",
                    "DirectoryPartitionName", "ForestDnsZones.corp.example.com", "ReplicationScope", "Forest",
                    "MasterServers", masters, "UseRecursion", "false", "ForwarderTimeout", "5", NULL);
}

void make_event(struct making *m, const char *log, int id, int level, int64_t ago_s, const char *data,
                const char *message)
{
    static const char *const levels[] = { "", "Critical", "Error", "Warning", "Information" };

    make_object(m, "EventLogRecord", "RecordId", make_text(m, "%d", 1000 + ++m->events), "Id",
                make_text(m, "%d", id), "Version", "0", "Level", make_text(m, "%d", level), "Task", "0",
                "LogName", log, "ProviderName", "Microsoft-Windows-DNS-Server-Service", "MachineName",
                m->address, "TimeCreated", ago(m, ago_s), "LevelDisplayName", levels[level], "Message",
                message, "Data", data, "UserSid", "S-1-5-18", NULL);
}

/* What the log says of a zone in trouble; of others now and then that they were written or transferred. */
static void make_zone_event(struct making *m, const struct zone *z, struct copy c)
{
    static const struct {
        int id, level;
        const char *words;
    } of_trouble[] = {
        [TROUBLE_SHUTDOWN] = { 4007, 2, "The DNS server was unable to open zone %s in Active Directory." },
        [TROUBLE_EXPIRED] = { 6527, 2,
                              "Zone %s expired before it could obtain a successful zone transfer; it has "
                              "been shut down." },
        [TROUBLE_LAG] = { 6523, 3,
                          "Zone %s failed zone refresh check: the master server could not be contacted." },
        [TROUBLE_SERVFAIL] = { 4006, 2, "The DNS server was unable to load the records of zone %s." },
    };
    int64_t since = MAX(INT64_C(2) * 86400 - m->events * INT64_C(300), 60); /* later ones are newer */
    bool troubled = c.trouble < COUNT(of_trouble) && of_trouble[c.trouble].id;

    if (troubled)
        make_event(m, "DNS Server", of_trouble[c.trouble].id, of_trouble[c.trouble].level, since,
                   of_trouble[c.trouble].id == 4006 ? make_text(m, "host1|%s", z->name) : z->name,
                   make_text(m, of_trouble[c.trouble].words, z->name));
    else if (random_percent(&m->random, 10))
        make_event(m, "DNS Server", z->kind == ZONE_FILE && c.number ? 6520 : 3150, 4, since,
                   z->kind == ZONE_FILE && c.number ? make_text(m, "%s|%u", z->name, (unsigned)z->serial)
                                                    : make_text(m, "%u|%s", (unsigned)z->serial, z->name),
                   make_text(m, "Version %u of zone %s was written.", (unsigned)z->serial, z->name));
}

/* Every Windows DNS server has these. */
static void make_automatic(struct making *m)
{
    static const char *const names[] = { "0.in-addr.arpa", "127.in-addr.arpa", "255.in-addr.arpa" };

    for (size_t i = 0; i < COUNT(names); i++)
        make_object(m, "DnsServerPrimaryZone", "ZoneName", names[i], "ZoneType", "Primary", "IsPaused",
                    "false", "IsDsIntegrated", "false", "IsAutoCreated", "true", "IsReverseLookupZone",
                    "true", "IsReadOnly", "false", "IsShutdown", "false", "ReplicationScope", "None",
                    "Notify", "NoNotify", "SecureSecondaries", "NoTransfer", "DynamicUpdate", "None",
                    "IsWinsEnabled", "false", "IsSigned", "false", "IsPluginEnabled", "false",
                    "IgnorePolicies", "false", "Serial", "1", "PrimaryServer", m->address, NULL);
}

void make_dns(struct making *m)
{
    make_automatic(m);
    make_event(m, "DNS Server", 2, 4, 20 * 86400, "", "The DNS server has started.");
    make_event(m, "DNS Server", 4, 4, 20 * 86400, "",
               "The DNS server has finished the background loading and signing of zones.");
    for (int k = 0; k < m->options->zones; k++) {
        struct copy c = { .number = copy_of(m, k) };
        if (c.number < 0)
            continue;
        struct zone z = zone_at(m, k);
        c.trouble = trouble_of(m, k, &z, c.number);
        if (z.kind == ZONE_AD || (z.kind == ZONE_FILE && c.number == 0))
            make_primary(m, &z, c, k);
        else if (z.kind == ZONE_FILE)
            make_secondary(m, &z, c, k);
        else
            make_other(m, &z, k);
        make_zone_event(m, &z, c);
    }
}
