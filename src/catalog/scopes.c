/* scopes.c - what an IPv4 scope is. */
#include <stddef.h>

#include "ipamtui/catalog.h"
#include "common_rows.h"
#include "words.h"

static const char *const words_type[] = { "dhcp", "bootp", "both", NULL };
static const char *const words_type_remote[] = { "Dhcp", "Bootp", "Both", NULL };
static const char *const words_updates[] = { "always", "never", "on-client-request", NULL };
static const char *const words_updates_remote[] = { "Always", "Never", "OnClientRequest", NULL };

static const struct source scope_sources[] = {
    { .name = "scopes", .cmdlet = "Get-DhcpServerv4Scope", .mode = SOURCE_DEFINES, .what = WHAT_DHCP, .role = ROLE_DHCP },
    { .name = "scope-statistics", .cmdlet = "Get-DhcpServerv4ScopeStatistics", .mode = SOURCE_ADDS,
      .what = WHAT_UTILIZATION, .role = ROLE_DHCP, .history = true },
    { .name = "scope-dns", .cmdlet = "Get-DhcpServerv4DnsSetting", .pipe_from = "Get-DhcpServerv4Scope",
      .mode = SOURCE_BY_ORDER, .what = WHAT_DHCP, .role = ROLE_DHCP },
    /* Without -Failover these counters are not the server's, so they have a call of their own. */
    { .name = "failover-statistics", .cmdlet = "Get-DhcpServerv4ScopeStatistics", .mode = SOURCE_ADDS,
      .what = WHAT_FAILOVER, .role = ROLE_DHCP, .args = { { "Failover", NULL } }, .optional = true },
};

#define SET_SCOPE(p) .write = { .cmdlet = "Set-DhcpServerv4Scope", .parameter = p, .set = "" }
#define SET_RANGE(p, other) \
    .write = { .cmdlet = "Set-DhcpServerv4Scope", .parameter = p, .set = "WithRange", .needs = other }
#define SET_DNS(p) .write = { .cmdlet = "Set-DhcpServerv4DnsSetting", .parameter = p, .set = "" }

#define UTIL_SQL "CASE WHEN o.in_use + o.free > 0 THEN o.in_use * 100.0 / (o.in_use + o.free) END"
#define P(n, mask) " WHEN " #mask " THEN " #n
#define PREFIX_SQL                                                                                                   \
    "CASE o.mask" P(24, 4294967040) P(23, 4294966784) P(22, 4294966272) P(25, 4294967168) P(26, 4294967232)          \
    P(27, 4294967264) P(28, 4294967280) P(21, 4294965248) P(20, 4294963200) P(16, 4294901760) P(29, 4294967288)      \
    P(30, 4294967292) P(31, 4294967294) P(32, 4294967295) P(19, 4294959104) P(18, 4294950912) P(17, 4294934528)      \
    P(15, 4294836224) P(14, 4294705152) P(13, 4294443008) P(12, 4293918720) P(11, 4292870144) P(10, 4290772992)      \
    P(9, 4286578688) P(8, 4278190080) P(7, 4261412864) P(6, 4227858432) P(5, 4160749568) P(4, 4026531840)            \
    P(3, 3758096384) P(2, 3221225472) P(1, 2147483648) P(0, 0) " END"

static const struct property scope_properties[] = {
    { .name = "server", .title = "Server", .help = "Server that has the scope", .kind = KIND_TEXT, .width = 12,
      .flags = PROP_DEFAULT | PROP_FLEX | PROP_OF_SERVER, .sql = "s.name" },
    { .name = "scope", .title = "Scope", .help = "Network of the scope; its id on the server", .kind = KIND_IPV4,
      .width = 15, .flags = PROP_KEY | PROP_DEFAULT | PROP_INDEX, .read = { "scopes", "ScopeId" },
      .write = { .parameter = "ScopeId" } },
    { .name = "prefix", .title = "Pfx", .help = "Length of the mask", .kind = KIND_PREFIX, .width = 3,
      .flags = PROP_DEFAULT, .sql = PREFIX_SQL },
    { .name = "name", .title = "Name", .help = "Name of the scope", .kind = KIND_TEXT, .width = 14,
      .flags = PROP_DEFAULT | PROP_FLEX | PROP_INDEX, .read = { "scopes", "Name" }, SET_SCOPE("Name"), .max = 256 },
    { .name = "state", .title = "State", .help = "Active: leases are handed out", .kind = KIND_ENUM, .width = 8,
      .flags = PROP_DEFAULT | PROP_STATE, .read = { "scopes", "State" }, SET_SCOPE("State"), .values = words_active,
      .remote = words_active_remote, .works = "active" },
    { .name = "lease_duration", .title = "Lease", .help = "How long a client may keep its address", .kind = KIND_DURATION,
      .width = 6, .flags = PROP_DEFAULT | PROP_RIGHT, .read = { "scopes", "LeaseDuration" },
      SET_SCOPE("LeaseDuration"), .min = 1, .max = 4294967294 },
    { .name = "util", .title = "Used%", .help = "Share of leasable addresses in use; - until the server reports",
      .kind = KIND_PERCENT, .width = 5, .flags = PROP_DEFAULT | PROP_RIGHT | PROP_INDEX, .sql = UTIL_SQL, UNREPORTED },
    { .name = "free", .title = "Free", .help = "Addresses free to lease", .kind = KIND_INT, .width = 6,
      .flags = PROP_DEFAULT | PROP_RIGHT, .read = { "scope-statistics", "AddressesFree" }, UNREPORTED },
    LEVEL_ROW(UTIL_SQL),
    { .name = "in_use", .title = "In use", .help = "Addresses leased", .kind = KIND_INT, .width = 6,
      .flags = PROP_WIDE | PROP_RIGHT, .read = { "scope-statistics", "AddressesInUse" }, UNREPORTED },
    { .name = "total", .title = "Total", .help = "Leasable addresses: in use and free", .kind = KIND_INT, .width = 6,
      .flags = PROP_RIGHT, .sql = "o.in_use + o.free", UNREPORTED },
    { .name = "reserved", .title = "Res", .help = "Addresses reserved for clients", .kind = KIND_INT, .width = 5,
      .flags = PROP_WIDE | PROP_RIGHT, .read = { "scope-statistics", "ReservedAddress" }, UNREPORTED },
    { .name = "pending", .title = "Offers", .help = "Offers that wait for the client's answer", .kind = KIND_INT,
      .width = 6, .flags = PROP_RIGHT, .read = { "scope-statistics", "PendingOffers" }, UNREPORTED },
    { .name = "superscope", .title = "Superscope", .help = "Superscope the scope belongs to", .kind = KIND_TEXT,
      .width = 12, .flags = PROP_WIDE, .read = { "scopes", "SuperscopeName" }, SET_SCOPE("SuperscopeName"),
      .max = 256, .empty = "none" },
    { .name = "start", .title = "Start", .help = "First address that may be leased", .kind = KIND_IPV4, .width = 15,
      .flags = PROP_WIDE, .read = { "scopes", "StartRange" }, SET_RANGE("StartRange", "end") },
    { .name = "end", .title = "End", .help = "Last address that may be leased", .kind = KIND_IPV4, .width = 15,
      .flags = PROP_WIDE, .read = { "scopes", "EndRange" }, SET_RANGE("EndRange", "start") },
    { .name = "mask", .title = "Mask", .help = "Subnet mask; fixed when the scope is made", .kind = KIND_IPV4,
      .width = 15, .flags = 0, .read = { "scopes", "SubnetMask" }, .write = { .parameter = "SubnetMask" } },
    { .name = "description", .title = "Description", .help = "Description of the scope", .kind = KIND_TEXT, .width = 20,
      .flags = PROP_WIDE | PROP_FLEX, .read = { "scopes", "Description" }, SET_SCOPE("Description"), .max = 256 },
    { .name = "delay", .title = "Delay", .help = "Milliseconds the server waits before it answers", .kind = KIND_INT,
      .width = 5, .flags = PROP_RIGHT, .read = { "scopes", "Delay" }, SET_SCOPE("Delay"), .min = 0, .max = 65535 },
    { .name = "type", .title = "Type", .help = "Which clients are served: dhcp, bootp or both", .kind = KIND_ENUM,
      .width = 5, .flags = PROP_NOTE, .read = { "scopes", "Type" }, SET_SCOPE("Type"), .values = words_type,
      .remote = words_type_remote },
    { .name = "max_bootp_clients", .title = "BOOTP max", .help = "How many BOOTP clients may have an address",
      .kind = KIND_INT, .width = 10, .flags = PROP_NOTE | PROP_RIGHT, .read = { "scopes", "MaxBootpClients" },
      SET_SCOPE("MaxBootpClients"), .min = 0, .max = 4294967295 },
    { .name = "activate_policies", .title = "Policies", .help = "Are the policies of the scope applied",
      .kind = KIND_BOOL, .width = 8, .flags = PROP_NOTE, .read = { "scopes", "ActivatePolicies" },
      SET_SCOPE("ActivatePolicies") },
    { .name = "nap_enable", .title = "NAP", .help = "Network Access Protection in this scope", .kind = KIND_BOOL,
      .width = 5, .flags = PROP_NOTE, .read = { "scopes", "NapEnable" }, SET_SCOPE("NapEnable") },
    { .name = "nap_profile", .title = "NAP profile", .help = "Network Access Protection profile", .kind = KIND_TEXT,
      .width = 12, .flags = PROP_NOTE, .read = { "scopes", "NapProfile" }, SET_SCOPE("NapProfile"), .max = 256 },

    { .name = "dynamic_updates", .title = "DNS updates", .help = "When the server updates DNS for its clients",
      .kind = KIND_ENUM, .width = 17, .flags = PROP_NOTE, .read = { "scope-dns", "DynamicUpdates" },
      SET_DNS("DynamicUpdates"), .values = words_updates, .remote = words_updates_remote, UNREPORTED },
    { .name = "delete_dns_rr_on_lease_expiry", .title = "DNS delete",
      .help = "Are DNS records removed when the lease ends", .kind = KIND_BOOL, .width = 10, .flags = PROP_NOTE,
      .read = { "scope-dns", "DeleteDnsRROnLeaseExpiry" }, SET_DNS("DeleteDnsRROnLeaseExpiry"), UNREPORTED },
    { .name = "update_dns_rr_for_older_clients", .title = "DNS old clients",
      .help = "Is DNS updated for clients that do not ask for it", .kind = KIND_BOOL, .width = 15, .flags = PROP_NOTE,
      .read = { "scope-dns", "UpdateDnsRRForOlderClients" }, SET_DNS("UpdateDnsRRForOlderClients"), UNREPORTED },
    { .name = "name_protection", .title = "Name protection", .help = "Is a name in DNS kept for the client that has it",
      .kind = KIND_BOOL, .width = 15, .flags = PROP_NOTE, .read = { "scope-dns", "NameProtection" },
      SET_DNS("NameProtection"), UNREPORTED },
    { .name = "disable_dns_ptr_rr_update", .title = "No PTR", .help = "Are PTR records left alone (2012 R2 and later)",
      .kind = KIND_BOOL, .width = 6, .flags = PROP_NOTE, .read = { "scope-dns", "DisableDnsPtrRRUpdate" },
      SET_DNS("DisableDnsPtrRRUpdate"), .empty = "not reported, or not offered by this server" },
    { .name = "dns_suffix", .title = "DNS suffix", .help = "Suffix under which clients are registered (2012 R2 and later)",
      .kind = KIND_TEXT, .width = 16, .flags = PROP_NOTE, .read = { "scope-dns", "DnsSuffix" }, SET_DNS("DnsSuffix"),
      .max = 255, .empty = "not reported, or not offered by this server" },

    { .name = "reported_percent", .title = "Reported%", .help = "Percentage in use as the server itself counts it",
      .kind = KIND_PERCENT, .width = 9, .flags = PROP_NOTE | PROP_RIGHT,
      .read = { "scope-statistics", "PercentageInUse" }, UNREPORTED },
    { .name = "statistics_superscope", .title = "Superscope (st)",
      .help = "Superscope as the statistics name it", .kind = KIND_TEXT, .width = 12, .flags = PROP_NOTE,
      .read = { "scope-statistics", "SuperscopeName" } },
    { .name = "free_here", .title = "Free here", .help = "Failover: free addresses of this server's share",
      .kind = KIND_INT, .width = 9, .flags = PROP_NOTE | PROP_RIGHT,
      .read = { "failover-statistics", "AddressesFreeOnThisServer" } },
    { .name = "free_partner", .title = "Free there", .help = "Failover: free addresses of the partner's share",
      .kind = KIND_INT, .width = 10, .flags = PROP_NOTE | PROP_RIGHT,
      .read = { "failover-statistics", "AddressesFreeOnPartnerServer" } },
    { .name = "in_use_here", .title = "Used here", .help = "Failover: addresses leased by this server",
      .kind = KIND_INT, .width = 9, .flags = PROP_NOTE | PROP_RIGHT,
      .read = { "failover-statistics", "AddressesInUseOnThisServer" } },
    { .name = "in_use_partner", .title = "Used there", .help = "Failover: addresses leased by the partner",
      .kind = KIND_INT, .width = 10, .flags = PROP_NOTE | PROP_RIGHT,
      .read = { "failover-statistics", "AddressesInUseOnPartnerServer" } },

    TREND_ROWS,
    THRESHOLD_ROWS,

    LEARNT_ROWS("scopes", "scopes", "scope-statistics"),
};

const struct object_type catalog_scopes = {
    .name = "scopes",
    .noun = "scope",
    .table = "scope",
    .properties = scope_properties,
    .property_count = COUNT(scope_properties),
    .sources = scope_sources,
    .source_count = COUNT(scope_sources),
    .sort = "server,scope",
    .title_property = "name",
    .free_text = "server,scope,prefix,name,description,superscope,state",
    .find_table = true,
    .range_first = "o.scope",
    .range_last = "(o.scope + 4294967295 - o.mask)",
    .first_is_network = true,
    .add = "Add-DhcpServerv4Scope",
    .remove = "Remove-DhcpServerv4Scope",
};
