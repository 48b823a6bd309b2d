/* make_dhcp.c - scopes as they are found: most are well, some full, some idle, some badly named. */
#include <stdlib.h>
#include <string.h>

#include "ipamtui/ip.h"
#include "make.h"

static const char *const uses[] = { "Data",    "Voice", "Wireless", "Guest",      "Printers",
                                    "Servers", "Lab",   "Cameras",  "Management", "Building control" };
/* What people type, and what nobody should. */
static const char *const odd_names[] = {
    "B\xc3\xbcro 2. OG",
    "Z\xc3\xbcrich G\xc3\xa4ste-WLAN",
    "\xe6\x9d\xb1\xe4\xba\xac \xe9\x96\x8b\xe7\x99\xba",
    "Paris \xe2\x80\x94 \xc3\xa9tage 5",
    "red\x1b[31malert\x1b[0m",
    "two\nlines",
    "=cmd|' /C calc'!A0",
    "\xd7\xa2\xd7\x91\xd7\xa8\xd7\x99\xd7\xaa \xe2\x80\xae"
    "drawkcab",
    "\xef\xbd\x97\xef\xbd\x89\xef\xbd\x84\xef\xbd\x85 \xef\xbd\x8e\xef\xbd\x81\xef\xbd\x8d\xef\xbd\x85",
    "comma, \"quoted\"\tand tab",
    "_x0041_ is text",
    "",
    "a name so long that no column of any terminal will ever show the whole of it, because somebody pasted a "
    "ticket into it",
    "\xf0\x9f\x96\xa8 printers \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
};

struct scope {
    struct ip4_range range;
    uint32_t network;
    int prefix;
    const char *id, *superscope;
    uint64_t excluded;
};

static const char *address(struct making *m, uint32_t ip)
{
    char text[IP4_TEXT_SIZE];

    return arena_strdup(&m->mem, ip4_format(ip, text));
}

static const char *number(struct making *m, uint64_t n)
{
    return make_text(m, "%llu", (unsigned long long)n);
}

static uint32_t next_network(struct making *m, int prefix)
{
    uint32_t size = prefix >= 24 ? 256 : UINT32_C(1) << (32 - prefix);
    uint32_t network = (*m->network + size - 1) & ~(size - 1);

    *m->network = network + size;
    return network;
}

static int some_prefix(struct random *r)
{
    static const int prefixes[] = { 24, 24, 24, 24, 24, 24, 24, 23, 25, 26, 24, 24, 22, 24, 24, 27 };

    return prefixes[random_below(r, (int)COUNT(prefixes))];
}

static const char *some_lease(struct random *r)
{
    static const char *const leases[] = { "P8D",   "P8D",  "P8D",   "P8D", "P8D",
                                          "P1D",   "PT8H", "PT12H", "P4D", "P30D",
                                          "PT30M", "P8D",  "P8D",   "P8D", "P3DT4H5M6S",
                                          "P1D",   "P8D",  "P8D",   "P4D", "P10675199DT2H48M5.4775807S" };

    return leases[random_below(r, (int)COUNT(leases))];
}

/* In use, of all that can be leased: over, optimal and under, and the limits themselves. */
static uint64_t some_use(struct random *r, uint64_t total)
{
    int kind = random_below(r, 100);

    if (kind < 6)
        return total;
    if (kind < 20)
        return total * (uint64_t)(81 + random_below(r, 19)) / 100;
    if (kind < 24)
        return total * 4 / 5;
    if (kind < 27)
        return total / 5;
    if (kind < 45)
        return total * (uint64_t)random_below(r, 20) / 100;
    if (kind < 50)
        return 0;
    return total * (uint64_t)(20 + random_below(r, 60)) / 100;
}

static void make_exclusion(struct making *m, struct scope *s, uint32_t first, uint32_t last)
{
    make_object(m, "DhcpServerv4ExclusionRange", "ScopeId", s->id, "StartRange", address(m, first),
                "EndRange", address(m, last), NULL);
    s->excluded += ip4_range_size((struct ip4_range){ first, last });
}

/* Up to three that do not touch; now and then one over everything. */
static void make_exclusions(struct making *m, struct scope *s)
{
    uint32_t size = s->range.last - s->range.first + 1, third = size / 3;
    int count = random_below(&m->random, 4);

    if (random_below(&m->random, 150) == 0) {
        make_exclusion(m, s, s->range.first, s->range.last);
        return;
    }
    for (int i = 0; i < count && third >= 4; i++) {
        uint32_t first =
            s->range.first + (uint32_t)i * third + (uint32_t)random_below(&m->random, (int)third / 2);
        make_exclusion(m, s, first, first + (uint32_t)random_below(&m->random, (int)third / 4));
    }
}

static void make_dns_setting(struct making *m, const char *scope)
{
    static const char *const updates[] = { "OnClientRequest", "Always", "Never" };

    make_object(m, "DhcpServerv4DnsSetting", "ScopeId", scope, "DynamicUpdates",
                updates[scope ? random_below(&m->random, 3) : 0], "DeleteDnsRROnLeaseExpiry",
                random_percent(&m->random, 80) ? "true" : "false", "UpdateDnsRRForOlderClients",
                random_percent(&m->random, 20) ? "true" : "false", "NameProtection", "false",
                "DisableDnsPtrRRUpdate", random_percent(&m->random, 10) ? "true" : "false", "DnsSuffix",
                scope ? make_text(m, "%s.example.net", m->region) : "", NULL);
}

static const char *some_name(struct making *m, int i)
{
    char upper[8] = { 0 };

    if (random_below(&m->random, 40) == 0)
        return odd_names[random_below(&m->random, (int)COUNT(odd_names))];
    for (int k = 0; m->region[k] && k < 7; k++)
        upper[k] = (char)(m->region[k] - 32);
    return make_text(m, "%s Floor %d %s", upper, i / 10 % 40 + 1, uses[i % 10]);
}

static void scope_line(struct making *m, const struct scope *s, int i)
{
    struct random *r = &m->random;
    uint64_t total =
                 s->range.last - s->range.first + 1 - MIN(s->excluded, s->range.last - s->range.first + 1),
             in_use = some_use(r, total);

    make_object(m, "DhcpServerv4Scope", "ScopeId", s->id, "Name", some_name(m, i), "Description",
                random_percent(r, 30) ? make_text(m, "VLAN %d, ticket #%d", 100 + random_below(r, 3900),
                                                  10000 + random_below(r, 90000))
                                      : "",
                "SubnetMask", address(m, ip4_prefix_mask(s->prefix)), "StartRange",
                address(m, s->range.first), "EndRange", address(m, s->range.last), "SuperscopeName",
                s->superscope, "LeaseDuration", some_lease(r), "NapProfile", "", "NapEnable", "false",
                "Delay", random_percent(r, 4) ? "500" : "0", "State",
                random_percent(r, 7) ? "Inactive" : "Active", "Type", random_percent(r, 2) ? "Both" : "Dhcp",
                "MaxBootpClients", "4294967295", "ActivatePolicies", random_percent(r, 95) ? "true" : "false",
                "InUse", number(m, in_use), "Pending",
                number(m, random_percent(r, 10) ? (uint64_t)random_below(r, 5) : 0), "Reserved",
                number(m, random_percent(r, 40) ? (uint64_t)random_below(r, 20) : 0), NULL);
}

static void make_scope(struct making *m, int i, const char **superscope, int *members)
{
    struct scope s = { .prefix = some_prefix(&m->random) };
    uint32_t first = random_percent(&m->random, 50) ? 1 : 10;

    if (*members == 0 && random_below(&m->random, 25) == 0) {
        *members = 2 + random_below(&m->random, 3);
        *superscope = make_text(m, "Super %s %d", m->region, i);
    }
    s.superscope = *members > 0 ? *superscope : "";
    *members -= *members > 0;
    s.network = next_network(m, s.prefix);
    s.id = address(m, s.network);
    s.range = (struct ip4_range){ s.network + first, (s.network | ~ip4_prefix_mask(s.prefix)) - 1 };
    make_exclusions(m, &s);
    scope_line(m, &s, i);
    if (random_percent(&m->random, 20))
        make_dns_setting(m, s.id);
}

void make_dhcp(struct making *m, int scopes)
{
    const char *superscope = "";
    int members = 0;

    make_object(m, "DhcpServerSetting", "IsDomainJoined", "true", "IsAuthorized",
                m->place % 17 == 16 ? "false" : "true", "DynamicBootp", "true", "RestoreStatus", "false",
                "NapEnabled", "false", "ConflictDetectionAttempts", m->place % 5 ? "0" : "2",
                "NpsUnreachableAction", "Full", "ActivatePolicies", "true", NULL);
    make_object(m, "DhcpServerAuditLog", "Enable", "true", "Path", "C:\\Windows\\system32\\dhcp",
                "MaxMBFileSize", "70", "DiskCheckInterval", "50", "MinMBDiskSpace", "20", NULL);
    make_object(m, "DhcpServerDatabase", "FileName", "C:\\Windows\\system32\\dhcp\\dhcp.mdb", "BackupPath",
                "C:\\Windows\\system32\\dhcp\\backup", "BackupInterval", "60", "CleanupInterval", "60",
                "LoggingEnabled", "true", "RestoreFromBackup", "false", NULL);
    make_dns_setting(m, NULL);
    for (int i = 0; i < scopes; i++)
        make_scope(m, i, &superscope, &members);
}
