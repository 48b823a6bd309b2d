/* statistics.c - the counters of a server, and of one zone on it. They are asked for on demand only and kept nowhere, so these objects
 * have no table and are not among catalog_objects. Properties are called as Windows calls them: by their path in the answer. */
#include <stddef.h>

#include "ipamtui/catalog.h"

#define NOT_OFFERED .empty = "not offered by this server"
#define ROW(from, path, word, says, of, how) \
    { .name = path, .title = word, .help = says, .kind = of, .flags = how, .read = { from, path }, NOT_OFFERED }

/* ------------------------------------------------------------------ a DNS server */
static const struct source dns_sources[] = {
    { .name = "dns-statistics", .cmdlet = "Get-DnsServerStatistics", .mode = SOURCE_SINGLE, .what = WHAT_STATISTICS, .role = ROLE_DNS,
      .optional = true },
};

#define DNS_COUNTER(path, word, says) ROW("dns-statistics", path, word, says, KIND_INT, PROP_COUNTER)
#define DNS_LEVEL(path, word, says) ROW("dns-statistics", path, word, says, KIND_INT, 0)
static const struct property dns_properties[] = {
    ROW("dns-statistics", "TimeStatistics.ServerStartTime", "Service started", "When its DNS service was started", KIND_TIME, 0),
    ROW("dns-statistics", "TimeStatistics.LastClearTime", "Counters cleared", "When its counters were last set to zero", KIND_TIME, 0),
    ROW("dns-statistics", "TimeStatistics.TimeElapsedSinceLastClearedStatistics", "Counted for", "How long the counters have counted",
        KIND_DURATION, 0),
    DNS_COUNTER("QueryStatistics.UdpQueries", "UDP queries received", "Queries of clients by UDP"),
    DNS_COUNTER("QueryStatistics.UdpResponses", "UDP responses sent", "Responses to them"),
    DNS_COUNTER("QueryStatistics.TcpQueries", "TCP queries received", "Queries of clients by TCP"),
    DNS_COUNTER("QueryStatistics.TcpResponses", "TCP responses sent", "Responses to them"),
    DNS_COUNTER("QueryStatistics.TcpClientConnections", "TCP connections", "Connections that clients opened"),
    DNS_COUNTER("QueryStatistics.UdpQueriesSent", "UDP queries sent", "Queries to other servers by UDP"),
    DNS_COUNTER("QueryStatistics.UdpResponsesReceived", "UDP responses received", "What those answered"),
    DNS_COUNTER("QueryStatistics.TcpQueriesSent", "TCP queries sent", "Queries to other servers by TCP"),
    DNS_COUNTER("QueryStatistics.TcpResponsesReceived", "TCP responses received", "What those answered"),
    DNS_COUNTER("Query2Statistics.TotalQueries", "Requests, all kinds", "Standard queries, notifications, updates, key negotiations"),
    DNS_COUNTER("Query2Statistics.Standard", "Standard queries", "Of all requests: standard queries"),
    DNS_COUNTER("Query2Statistics.TypeA", "Queries for A", "Queries for IPv4 addresses"),
    DNS_COUNTER("Query2Statistics.TypePtr", "Queries for PTR", "Queries for names of addresses"),
    DNS_COUNTER("Query2Statistics.TypeSrv", "Queries for SRV", "Queries for services"),
    DNS_COUNTER("Query2Statistics.TypeMx", "Queries for MX", "Queries for mail servers"),
    DNS_COUNTER("Query2Statistics.TypeSoa", "Queries for SOA", "Queries for the start of a zone"),
    DNS_COUNTER("Query2Statistics.TypeNs", "Queries for NS", "Queries for name servers"),
    DNS_COUNTER("Query2Statistics.TypeAll", "Queries for any type", "Queries for all records of a name"),
    DNS_COUNTER("Query2Statistics.TypeOther", "Queries for other types", "Queries for other records, AAAA too"),
    DNS_COUNTER("ErrorStatistics.NoError", "Answered without error", "Responses that say NOERROR"),
    DNS_COUNTER("ErrorStatistics.NxDomain", "Answered NXDOMAIN", "Responses: there is no such name"),
    DNS_COUNTER("ErrorStatistics.ServFail", "Answered SERVFAIL", "Responses: the server failed"),
    DNS_COUNTER("ErrorStatistics.Refused", "Answered REFUSED", "Responses: the server refuses"),
    DNS_COUNTER("ErrorStatistics.FormError", "Answered FORMERR", "Responses: the query cannot be read"),
    DNS_COUNTER("ErrorStatistics.NotImpl", "Answered NOTIMP", "Responses: such a query is not served"),
    DNS_COUNTER("RecursionStatistics.QueriesRecursed", "Recursion: queries", "Queries of clients that had to be asked elsewhere"),
    DNS_COUNTER("RecursionStatistics.Sends", "Recursion: sent", "Queries sent elsewhere for them"),
    DNS_COUNTER("RecursionStatistics.Forwards", "Recursion: to forwarders", "Of these: to forwarders"),
    DNS_COUNTER("RecursionStatistics.Responses", "Recursion: responses", "Responses from elsewhere"),
    DNS_COUNTER("RecursionStatistics.Retries", "Recursion: retries", "Queries that were sent elsewhere once more"),
    DNS_COUNTER("RecursionStatistics.TimedoutQueries", "Recursion: timed out", "Queries of clients that nobody elsewhere answered in time"),
    DNS_COUNTER("RecursionStatistics.RecursionFailure", "Recursion: failures", "Queries of clients for which recursion failed"),
    DNS_COUNTER("RecursionStatistics.ServerFailure", "Recursion: SERVFAIL sent", "Failures that the client was told as SERVFAIL"),
    DNS_COUNTER("DnssecStatistics.SuccessfulValidations", "DNSSEC: valid", "Answers from elsewhere whose signature is good"),
    DNS_COUNTER("DnssecStatistics.FailedValidations", "DNSSEC: not valid", "Answers from elsewhere whose signature is bad"),
    DNS_COUNTER("MasterStatistics.NotifySent", "Primary: notifications sent", "Secondaries told that a zone changed"),
    DNS_COUNTER("MasterStatistics.Request", "Primary: transfers requested", "Zone transfers that secondaries asked of it"),
    DNS_COUNTER("MasterStatistics.AxfrSuccess", "Primary: full ones sent", "Transfers of whole zones (AXFR) that went well"),
    DNS_COUNTER("MasterStatistics.IxfrUpdateSuccess", "Primary: increments sent", "Transfers of changes (IXFR) that went well"),
    DNS_COUNTER("MasterStatistics.Refused", "Primary: refused", "Zone transfers that it refused"),
    DNS_COUNTER("MasterStatistics.Failure", "Primary: failed", "Zone transfers from it that failed"),
    DNS_COUNTER("SecondaryStatistics.NotifyReceived", "Secondary: notifications", "Notifications of primaries that a zone changed"),
    DNS_COUNTER("SecondaryStatistics.SoaRequest", "Secondary: SOA asked", "SOA queries to primaries"),
    DNS_COUNTER("SecondaryStatistics.AxfrRequest", "Secondary: full ones asked", "Whole zones (AXFR) that it asked for"),
    DNS_COUNTER("SecondaryStatistics.AxfrSuccess", "Secondary: full ones got", "Of these: that went well"),
    DNS_COUNTER("SecondaryStatistics.AxfrRefused", "Secondary: refused", "Of these: that the primary refused"),
    DNS_COUNTER("SecondaryStatistics.AxfrInvalid", "Secondary: not readable", "Of these: that could not be read"),
    DNS_COUNTER("SecondaryStatistics.IxfrTcpRequest", "Secondary: increments asked", "Changes (IXFR by TCP) that it asked for"),
    DNS_COUNTER("SecondaryStatistics.IxfrTcpSuccess", "Secondary: increments got", "Of these: that went well"),
    DNS_COUNTER("UpdateStatistics.Received", "Updates received", "Dynamic updates that clients sent"),
    DNS_COUNTER("UpdateStatistics.Completed", "Updates made", "Dynamic updates that were made"),
    DNS_COUNTER("UpdateStatistics.NoOps", "Updates without effect", "Dynamic updates of what was so already"),
    DNS_COUNTER("UpdateStatistics.Rejected", "Updates rejected", "Dynamic updates that were rejected"),
    DNS_COUNTER("UpdateStatistics.RefusedNonSecure", "Updates rejected: not secure", "Rejected: the zone takes secure updates only"),
    DNS_COUNTER("UpdateStatistics.RefusedAccessDenied", "Updates rejected: not allowed", "Rejected: another account owns the record"),
    DNS_COUNTER("UpdateStatistics.SecureSuccess", "Secure updates made", "Of those made: secure ones"),
    DNS_COUNTER("UpdateStatistics.SecureFailure", "Secure updates failed", "Secure updates that failed"),
    DNS_LEVEL("UpdateStatistics.InQueue", "Updates waiting", "Dynamic updates that wait now"),
    DNS_COUNTER("RRLStatistics.TotalResponsesDropped", "Rate limit: dropped", "Responses that rate limiting dropped (2016 and later)"),
    DNS_COUNTER("RRLStatistics.TotalResponsesTruncated", "Rate limit: truncated", "Responses that it cut short (2016 and later)"),
    DNS_LEVEL("RecordStatistics.CacheCurrent", "Cache: records", "Records that are in its cache now"),
    DNS_COUNTER("RecordStatistics.CacheTotal", "Cache: records put in", "Records that were put into its cache"),
    DNS_COUNTER("RecordStatistics.CacheTimeouts", "Cache: expired", "Records that left it by age"),
    DNS_LEVEL("RecordStatistics.InUse", "Records in memory", "All records that it holds now"),
    DNS_LEVEL("RecordStatistics.Memory", "Records, bytes", "Memory for them"),
    DNS_LEVEL("DatabaseStatistics.NodeInUse", "Names in memory", "All names that it holds now"),
    DNS_LEVEL("DatabaseStatistics.NodeMemory", "Names, bytes", "Memory for them"),
    DNS_LEVEL("MemoryStatistics.Memory", "Memory, bytes", "All memory that the service took"),
};

const struct object_type catalog_dns_statistics = {
    .name = "dns-statistics",
    .noun = "DNS server",
    .properties = dns_properties,
    .property_count = COUNT(dns_properties),
    .sources = dns_sources,
    .source_count = COUNT(dns_sources),
};

/* ------------------------------------------------------------------ a DHCP server */
static const struct source dhcp_sources[] = {
    { .name = "dhcp-statistics", .cmdlet = "Get-DhcpServerv4Statistics", .mode = SOURCE_SINGLE, .what = WHAT_STATISTICS,
      .role = ROLE_DHCP, .optional = true },
};

#define DHCP_COUNTER(path, word, says) ROW("dhcp-statistics", path, word, says, KIND_INT, PROP_COUNTER)
#define DHCP_LEVEL(path, word, says) ROW("dhcp-statistics", path, word, says, KIND_INT, 0)
static const struct property dhcp_properties[] = {
    ROW("dhcp-statistics", "ServerStartTime", "Service started", "When its DHCP service was started", KIND_TIME, 0),
    DHCP_COUNTER("Discovers", "Discovers received", "Clients that looked for a server"),
    DHCP_COUNTER("Offers", "Offers sent", "Addresses offered to them"),
    DHCP_COUNTER("DelayedOffers", "Offers delayed", "Of these: held back, because a scope is to answer late"),
    DHCP_COUNTER("Requests", "Requests received", "Clients that asked for an address, or for theirs again"),
    DHCP_COUNTER("Acks", "Acks sent", "Leases given or renewed"),
    DHCP_COUNTER("Naks", "Naks sent", "Requests denied"),
    DHCP_COUNTER("Declines", "Declines received", "Addresses that clients found to be taken"),
    DHCP_COUNTER("Releases", "Releases received", "Leases that clients gave back"),
    DHCP_LEVEL("TotalScopes", "Scopes", "Its IPv4 scopes"),
    DHCP_LEVEL("ScopesWithDelayConfigured", "Scopes that answer late", "Of these: with a delay"),
    DHCP_LEVEL("TotalAddresses", "Addresses", "Of all its scopes"),
    DHCP_LEVEL("AddressesInUse", "Addresses in use", "Of these: leased"),
    DHCP_LEVEL("AddressesAvailable", "Addresses free", "Of these: free"),
    DHCP_LEVEL("PendingOffers", "Addresses offered", "Of these: offered, not yet asked for"),
    ROW("dhcp-statistics", "PercentageInUse", "Addresses in use, share", "Share of its addresses that is leased", KIND_PERCENT, 0),
};

const struct object_type catalog_dhcp_statistics = {
    .name = "dhcp-statistics",
    .noun = "DHCP server",
    .properties = dhcp_properties,
    .property_count = COUNT(dhcp_properties),
    .sources = dhcp_sources,
    .source_count = COUNT(dhcp_sources),
};

/* ------------------------------------------------------------------ a zone on one DNS server */
static const struct source zone_sources[] = {
    { .name = "zone-statistics", .cmdlet = "Get-DnsServerStatistics", .mode = SOURCE_SINGLE, .what = WHAT_STATISTICS, .role = ROLE_DNS,
      .about = "ZoneName", .optional = true },
};

/* A server counts queries for each type of record apart, and transfers for AXFR and IXFR. */
#define ZONE_SUM(path, word, says) ROW("zone-statistics", path, word, says, KIND_INT, PROP_COUNTER | PROP_SUM)
#define ZONE_COUNTER(path, word, says) ROW("zone-statistics", path, word, says, KIND_INT, PROP_COUNTER)
static const struct property zone_properties[] = {
    ROW("zone-statistics", "StatsCollectionStartTime", "Counted since", "When its counters began", KIND_TIME, 0),
    ZONE_SUM("ZoneQueryStatistics.QueriesReceived", "Queries received", "Queries for names in the zone, all types"),
    ZONE_SUM("ZoneQueryStatistics.QueriesResponded", "Queries answered", "Of these: answered"),
    ZONE_SUM("ZoneQueryStatistics.QueriesNameError", "Queries for unknown names", "Of these: NXDOMAIN"),
    ZONE_SUM("ZoneQueryStatistics.QueriesFailure", "Queries failed", "Of these: failed"),
    ZONE_SUM("ZoneTransferStatistics.RequestReceived", "Transfers requested", "Transfers that secondaries asked for"),
    ZONE_SUM("ZoneTransferStatistics.SuccessSent", "Transfers sent", "Of these: went well"),
    ZONE_SUM("ZoneTransferStatistics.RequestSent", "Transfers asked", "Secondary: transfers that it asked its primary for"),
    ZONE_SUM("ZoneTransferStatistics.ResponseReceived", "Transfer responses", "Of these: responses"),
    ZONE_SUM("ZoneTransferStatistics.SuccessReceived", "Transfers got", "Of these: went well"),
    ZONE_COUNTER("ZoneUpdateStatistics.DynamicUpdateReceived", "Updates received", "Dynamic updates of the zone"),
    ZONE_COUNTER("ZoneUpdateStatistics.DynamicUpdateRejected", "Updates rejected", "Dynamic updates that were rejected"),
    ZONE_COUNTER("ZoneRRLStatistics.TotalResponsesDropped", "Rate limit: dropped", "Responses that rate limiting dropped (2016 and later)"),
    ZONE_COUNTER("ZoneRRLStatistics.TotalResponsesTruncated", "Rate limit: truncated", "Responses that it cut short (2016 and later)"),
};

const struct object_type catalog_zone_statistics = {
    .name = "zone-statistics",
    .noun = "zone",
    .properties = zone_properties,
    .property_count = COUNT(zone_properties),
    .sources = zone_sources,
    .source_count = COUNT(zone_sources),
};

const struct object_type *const catalog_on_demand[] = { &catalog_dns_statistics, &catalog_dhcp_statistics, &catalog_zone_statistics, NULL };
