/* scopes6.c - what an IPv6 scope is. It has 2^64 addresses, so "free" is a number that only text can hold. */
#include <stddef.h>

#include "ipamtui/catalog.h"
#include "common_rows.h"
#include "words.h"

static const struct source scope6_sources[] = {
    { .name = "scopes6", .cmdlet = "Get-DhcpServerv6Scope", .mode = SOURCE_DEFINES, .what = WHAT_DHCP, .role = ROLE_DHCP,
      .optional = true },
    { .name = "scope6-statistics", .cmdlet = "Get-DhcpServerv6ScopeStatistics", .mode = SOURCE_ADDS, .what = WHAT_UTILIZATION,
      .role = ROLE_DHCP, .optional = true, .history = true },
};

static const struct property scope6_properties[] = {
    { .name = "server", .title = "Server", .help = "Server that has the scope", .kind = KIND_TEXT, .width = 12,
      .flags = PROP_DEFAULT | PROP_FLEX | PROP_OF_SERVER, .sql = "s.name" },
    { .name = "scope", .title = "Prefix", .help = "Prefix of the scope; its id on the server", .kind = KIND_IPV6, .width = 22,
      .flags = PROP_KEY | PROP_DEFAULT, .read = { "scopes6", "Prefix" }, .write = { .parameter = "Prefix" } },
    { .name = "prefix_length", .title = "Len", .help = "Length of the prefix", .kind = KIND_INT, .width = 3,
      .flags = PROP_WIDE | PROP_RIGHT, .read = { "scopes6", "PrefixLength" } },
    { .name = "name", .title = "Name", .help = "Name of the scope", .kind = KIND_TEXT, .width = 14,
      .flags = PROP_DEFAULT | PROP_FLEX, .read = { "scopes6", "Name" }, .max = 256 },
    { .name = "state", .title = "State", .help = "Active: leases are handed out", .kind = KIND_ENUM, .width = 8,
      .flags = PROP_DEFAULT | PROP_STATE, .read = { "scopes6", "State" }, .values = words_active, .remote = words_active_remote },
    { .name = "util", .title = "Used%", .help = "Percentage in use as the server counts it", .kind = KIND_PERCENT, .width = 5,
      .flags = PROP_DEFAULT | PROP_RIGHT, .read = { "scope6-statistics", "PercentageInUse" }, UNREPORTED },
    { .name = "in_use", .title = "In use", .help = "Addresses leased", .kind = KIND_INT, .width = 8,
      .flags = PROP_DEFAULT | PROP_RIGHT, .read = { "scope6-statistics", "AddressesInUse" }, UNREPORTED },
    { .name = "free", .title = "Free", .help = "Addresses free to lease", .kind = KIND_TEXT, .width = 20,
      .flags = PROP_WIDE | PROP_RIGHT, .read = { "scope6-statistics", "AddressesFree" }, UNREPORTED },
    LEVEL_ROW("o.util"),
    { .name = "reserved", .title = "Res", .help = "Addresses reserved for clients", .kind = KIND_INT, .width = 5,
      .flags = PROP_WIDE | PROP_RIGHT, .read = { "scope6-statistics", "ReservedAddress" }, UNREPORTED },
    { .name = "pending", .title = "Offers", .help = "Advertisements that wait for the client's answer", .kind = KIND_INT,
      .width = 6, .flags = PROP_RIGHT, .read = { "scope6-statistics", "PendingAdvertises" }, UNREPORTED },
    { .name = "preference", .title = "Pref", .help = "Preference that the server announces", .kind = KIND_INT, .width = 4,
      .flags = PROP_NOTE | PROP_RIGHT, .read = { "scopes6", "Preference" } },
    { .name = "preferred_lifetime", .title = "Preferred", .help = "How long an address is preferred", .kind = KIND_DURATION,
      .width = 9, .flags = PROP_NOTE | PROP_RIGHT, .read = { "scopes6", "PreferredLifetime" } },
    { .name = "valid_lifetime", .title = "Valid", .help = "How long an address is valid", .kind = KIND_DURATION, .width = 6,
      .flags = PROP_WIDE | PROP_RIGHT, .read = { "scopes6", "ValidLifetime" } },
    { .name = "t1", .title = "T1", .help = "When clients renew", .kind = KIND_DURATION, .width = 6,
      .flags = PROP_NOTE | PROP_RIGHT, .read = { "scopes6", "T1" } },
    { .name = "t2", .title = "T2", .help = "When clients rebind", .kind = KIND_DURATION, .width = 6,
      .flags = PROP_NOTE | PROP_RIGHT, .read = { "scopes6", "T2" } },
    { .name = "description", .title = "Description", .help = "Description of the scope", .kind = KIND_TEXT, .width = 20,
      .flags = PROP_WIDE | PROP_FLEX, .read = { "scopes6", "Description" }, .max = 256 },
    TREND_ROWS,
    THRESHOLD_ROWS,
    LEARNT_ROWS("scopes6", "IPv6 scopes", "scope6-statistics"),
};

const struct object_type catalog_scopes6 = {
    .name = "scopes6",
    .noun = "scope6",
    .table = "scope6",
    .properties = scope6_properties,
    .property_count = COUNT(scope6_properties),
    .sources = scope6_sources,
    .source_count = COUNT(scope6_sources),
    .sort = "server,scope",
    .title_property = "name",
    .free_text = "server,scope,name,description,state",
};
