/* servers.c - what a managed server is. Its row holds three sorts of things: what was set by hand (PROP_LOCAL), what the
 * collector found out while reaching for it (PROP_FACT), and what the server itself answered. */
#include <stddef.h>

#include "ipamtui/catalog.h"
#include "words.h"

static const char *const words_role[] = { "dhcp", "dns", NULL };
static const char *const words_transport[] = { "ssh", "openssh", "command", NULL };
static const char *const words_dialect[] = { "psrp", "plain", NULL };
static const char *const words_ask[] = { "less", "normal", "typed", NULL };
static const char *const words_nps[] = { "full", "restricted", "no-access", NULL };
static const char *const words_nps_remote[] = { "Full", "Restricted", "NoAccess", NULL };

/* Which machine answers: anybody may read these, and Windows writes them in no language. */
#define MACHINE_PATH "HKLM:\\SOFTWARE\\Microsoft\\Cryptography"
#define COMPUTER_PATH "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"

static const struct source server_sources[] = {
    { .name = "machine", .cmdlet = "Get-ItemProperty", .mode = SOURCE_SINGLE, .what = WHAT_SERVICE,
      .args = { { "Path", MACHINE_PATH }, { "Name", "MachineGuid" } }, .optional = true, .absent = "absent", .denied = "denied" },
    { .name = "computer", .cmdlet = "Get-ItemProperty", .mode = SOURCE_SINGLE, .what = WHAT_SERVICE,
      .args = { { "Path", COMPUTER_PATH } }, .optional = true, .absent = "absent", .denied = "denied" },
    { .name = "dhcp-service", .cmdlet = "Get-Service", .mode = SOURCE_SINGLE, .what = WHAT_SERVICE, .role = ROLE_DHCP,
      .args = { { "Name", "DHCPServer" } }, .absent = "absent", .denied = "denied" },
    { .name = "dns-service", .cmdlet = "Get-Service", .mode = SOURCE_SINGLE, .what = WHAT_SERVICE, .role = ROLE_DNS,
      .args = { { "Name", "DNS" } }, .absent = "absent", .denied = "denied" },
    { .name = "dhcp-setting", .cmdlet = "Get-DhcpServerSetting", .mode = SOURCE_SINGLE, .what = WHAT_DHCP,
      .role = ROLE_DHCP },
    { .name = "dhcp-version", .cmdlet = "Get-DhcpServerVersion", .mode = SOURCE_SINGLE, .what = WHAT_DHCP,
      .role = ROLE_DHCP, .optional = true },
};

/* Windows by its build. Where only the DHCP server's own version is known (dhcp-version), that is the best answer. */
#define VERSION_SQL "coalesce(o.version, o.dhcp_major || '.' || o.dhcp_minor)"
#define SYSTEM_SQL                                                                                                   \
    "CASE WHEN o.version LIKE '6.2.%' THEN '2012' WHEN o.version LIKE '6.3.%' THEN '2012 R2'"                        \
    " WHEN o.version LIKE '10.0.%' THEN CASE CAST(substr(o.version, 6) AS INTEGER) WHEN 14393 THEN '2016'"           \
    " WHEN 17763 THEN '2019' WHEN 20348 THEN '2022' WHEN 25398 THEN '23H2' WHEN 26100 THEN '2025'"                   \
    " ELSE 'build ' || substr(o.version, 6) END"                                                                     \
    " WHEN o.dhcp_major = 6 AND o.dhcp_minor = 2 THEN '2012' WHEN o.dhcp_major = 6 AND o.dhcp_minor = 3 THEN '2012 R2'" \
    " WHEN o.dhcp_major >= 10 THEN '2016 or later' END"
#define UTIL_SQL "CASE WHEN o.in_use + o.free > 0 THEN o.in_use * 100.0 / (o.in_use + o.free) END"

#define SAME_AS_SQL "(SELECT group_concat(d.name, ', ') FROM server d WHERE " SAME_MACHINE_SQL " AND d.id <> o.id)"
#define DUPLICATE_SQL "CASE WHEN EXISTS (SELECT 1 " COVERED_BY_SQL ") THEN 'yes' WHEN o.computer IS NOT NULL AND o.machine IS NOT NULL THEN 'no' END"
/* What went wrong comes first: it may be why there is nothing newer. */
#define ERROR_SQL                                                                                                    \
    "coalesce(o.error, (SELECT 'the same machine as ' || d.name || ', which has its ' || CASE WHEN NOT " COVERS_DNS_SQL \
    " THEN 'scopes' WHEN NOT " COVERS_DHCP_SQL " THEN 'zones' ELSE 'scopes and zones' END " COVERED_BY_SQL " ORDER BY d.id LIMIT 1))"

/* What protects a machine does, whichever of its entries it was set for: rows go over from one to another. What is set for
 * one entry is its column, what counts is this. */
#define OF_MACHINE_SQL(sql) "(SELECT " sql " FROM server d WHERE " SAME_MACHINE_SQL ")"
#define READ_ONLY_SQL "coalesce(" OF_MACHINE_SQL("max(d.read_only)") ", o.read_only, 0)" /* not set is no, not unknown */
#define LABEL_SQL                                                                                                    \
    "coalesce((SELECT group_concat(label, ', ') FROM (SELECT DISTINCT d.label AS label FROM server d WHERE " SAME_MACHINE_SQL \
    " AND d.label IS NOT NULL ORDER BY 1)), o.label)"
#define ASK_SQL                                                                                                      \
    "CASE " OF_MACHINE_SQL("max(CASE d.ask WHEN 'typed' THEN 2 WHEN 'less' THEN 0 ELSE 1 END)")            \
    " WHEN 2 THEN 'typed' WHEN 1 THEN iif(o.ask = 'normal', o.ask, NULL) ELSE o.ask END"

/* Named as what the configuration has for all. */
#define INTERVAL(key, head, words)                                                                                    \
    { .name = key, .title = head, .help = words, .kind = KIND_DURATION, .width = 8,                                   \
      .flags = PROP_LOCAL | PROP_NOTE | PROP_RIGHT, .max = 365 * 86400, .empty = "as configured for all" }

static const struct property server_properties[] = {
    { .name = "server", .title = "Server", .help = "Name under which this server is managed here", .kind = KIND_TEXT,
      .width = 14, .flags = PROP_KEY | PROP_LOCAL | PROP_DEFAULT | PROP_FLEX, .column = "name", .max = 63 },
    { .name = "address", .title = "Address", .help = "Host name, ssh alias or address to connect to", .kind = KIND_TEXT,
      .width = 20, .flags = PROP_LOCAL | PROP_WIDE | PROP_FLEX, .max = 255, .empty = "the server's name" },
    { .name = "role", .title = "Role", .help = "What is managed on it: dhcp, dns or both", .kind = KIND_TEXT, .width = 8,
      .flags = PROP_LOCAL | PROP_DEFAULT, .values = words_role },
    { .name = "reachable", .title = "Reach", .help = "Did it answer when last asked", .kind = KIND_ENUM, .width = 5,
      .flags = PROP_FACT | PROP_STATE | PROP_DEFAULT, .values = words_yes_no, .empty = "never tried" },
    { .name = "step", .title = "Fails at", .help = "Step at which reaching it failed: name lookup, host key, login ...",
      .kind = KIND_TEXT, .width = 14, .flags = PROP_FACT | PROP_WIDE },
    { .name = "dhcp_service", .title = "DHCP", .help = "State of the DHCP Server service", .kind = KIND_ENUM, .width = 8,
      .flags = PROP_STATE | PROP_DEFAULT, .read = { "dhcp-service", "Status" }, .values = words_service,
      .remote = words_service_remote, .empty = "not reported yet" },
    { .name = "dns_service", .title = "DNS", .help = "State of the DNS Server service", .kind = KIND_ENUM, .width = 8,
      .flags = PROP_STATE | PROP_DEFAULT, .read = { "dns-service", "Status" }, .values = words_service,
      .remote = words_service_remote, .empty = "not reported yet" },
    { .name = "since", .title = "Since", .help = "When reachability or a service last changed as far as we saw",
      .kind = KIND_TIME, .width = 16, .flags = PROP_FACT | PROP_NOTE },
    { .name = "since_at_least", .title = "Or longer", .help = "The state was found so: it may be older than 'since'",
      .kind = KIND_BOOL, .width = 9, .flags = PROP_FACT | PROP_NOTE },
    { .name = "scope_count", .title = "Scopes", .help = "Number of its IPv4 scopes", .kind = KIND_INT, .width = 6,
      .flags = PROP_DEFAULT | PROP_RIGHT, .total = { "scopes", "count(*)" }, .empty = "not reported yet" },
    { .name = "util", .title = "Used%", .help = "Share of the leasable addresses of all its scopes in use",
      .kind = KIND_PERCENT, .width = 5, .flags = PROP_DEFAULT | PROP_RIGHT, .sql = UTIL_SQL,
      .empty = "not reported yet" },
    { .name = "level", .title = "Level", .help = "under, optimal or over, by the thresholds", .kind = KIND_ENUM,
      .width = 7, .flags = 0, .values = words_level,
      .sql = "CASE WHEN " UTIL_SQL " > :over THEN 'over' WHEN " UTIL_SQL " < :under THEN 'under' WHEN " UTIL_SQL
             " IS NOT NULL THEN 'optimal' END" },
    { .name = "in_use", .title = "In use", .help = "Addresses leased, over all its scopes", .kind = KIND_INT, .width = 8,
      .flags = PROP_RIGHT, .total = { "scopes", "sum(x.in_use)" }, .empty = "not reported yet" },
    { .name = "free", .title = "Free", .help = "Addresses free to lease, over all its scopes", .kind = KIND_INT,
      .width = 8, .flags = PROP_RIGHT, .total = { "scopes", "sum(x.free)" }, .empty = "not reported yet" },
    { .name = "total", .title = "Total", .help = "Leasable addresses, over all its scopes", .kind = KIND_INT, .width = 8,
      .flags = PROP_RIGHT, .sql = "o.in_use + o.free", .empty = "not reported yet" },
    { .name = "last_seen", .title = "Seen", .help = "When it last answered", .kind = KIND_TIME, .width = 10,
      .flags = PROP_FACT | PROP_DEFAULT | PROP_RIGHT, .empty = "never" },
    { .name = "last_try", .title = "Tried", .help = "When it was last asked", .kind = KIND_TIME, .width = 10,
      .flags = PROP_FACT | PROP_NOTE | PROP_RIGHT, .empty = "never" },
    { .name = "error", .title = "Error", .help = "What went wrong when it was last asked, or with its entry in the list",
      .kind = KIND_TEXT, .width = 20, .flags = PROP_FACT | PROP_WIDE | PROP_FLEX, .sql = ERROR_SQL },
    { .name = "version", .title = "Version", .help = "Version of Windows, or of its DHCP server", .kind = KIND_VERSION,
      .width = 11, .flags = PROP_FACT, .sql = VERSION_SQL },
    { .name = "system", .title = "System", .help = "Windows Server release, as far as the version tells",
      .kind = KIND_TEXT, .width = 8, .flags = PROP_WIDE, .sql = SYSTEM_SQL },
    { .name = "powershell_version", .title = "PowerShell", .help = "Version of the PowerShell that answers",
      .kind = KIND_VERSION, .width = 14, .flags = PROP_FACT | PROP_NOTE },
    { .name = "path", .title = "Path", .help = "How it was reached: transport, user, jump hosts", .kind = KIND_TEXT,
      .width = 30, .flags = PROP_FACT | PROP_NOTE },
    { .name = "warning", .title = "Warning", .help = "Newest warning of its PowerShell", .kind = KIND_TEXT, .width = 30,
      .flags = PROP_FACT | PROP_NOTE },

    { .name = "computer", .title = "Computer", .help = "Name that the machine itself has", .kind = KIND_TEXT, .width = 15,
      .flags = PROP_NOTE | PROP_STATE | PROP_INDEX, .read = { "computer", "Hostname" }, .empty = "not reported yet" },
    { .name = "domain", .title = "DNS domain", .help = "Domain that the machine itself has", .kind = KIND_TEXT, .width = 16,
      .flags = PROP_NOTE | PROP_STATE, .read = { "computer", "Domain" }, .empty = "not reported yet" },
    { .name = "machine", .title = "Machine", .help = "Id of its Windows: another one after it was installed anew",
      .kind = KIND_TEXT, .width = 36, .flags = PROP_NOTE | PROP_STATE, .read = { "machine", "MachineGuid" },
      .empty = "not reported yet" },
    { .name = "same_as", .title = "Same as", .help = "Entries of the list that are the same machine", .kind = KIND_TEXT,
      .width = 16, .flags = PROP_NOTE, .sql = SAME_AS_SQL, .empty = "no other entry" },
    { .name = "duplicate", .title = "Duplicate", .help = "Is it the same machine as another entry, which has its scopes and zones",
      .kind = KIND_ENUM, .width = 9, .flags = PROP_NOTE, .values = words_yes_no, .sql = DUPLICATE_SQL, .empty = "not known" },

    { .name = "transport", .title = "Transport", .help = "How it is reached: ssh (libssh2), openssh (the ssh program) or command",
      .kind = KIND_ENUM, .width = 9, .flags = PROP_LOCAL | PROP_NOTE, .values = words_transport,
      .empty = "as configured for all" },
    { .name = "command", .title = "Command", .help = "Transport command: the program that speaks for this server",
      .kind = KIND_TEXT, .width = 20, .flags = PROP_LOCAL | PROP_NOTE, .max = 4095 },
    { .name = "user", .title = "User", .help = "Login name", .kind = KIND_TEXT, .width = 12,
      .flags = PROP_LOCAL | PROP_NOTE, .max = 255, .empty = "as ssh -G says" },
    { .name = "port", .title = "Port", .help = "TCP port of its sshd", .kind = KIND_INT, .width = 5,
      .flags = PROP_LOCAL | PROP_NOTE | PROP_RIGHT, .min = 1, .max = 65535, .empty = "as ssh -G says" },
    { .name = "jump", .title = "Jump", .help = "Jump hosts, as ProxyJump has them", .kind = KIND_TEXT, .width = 14,
      .flags = PROP_LOCAL | PROP_NOTE, .max = 1023, .empty = "as ssh -G says" },
    { .name = "dialect", .title = "Dialect", .help = "How PowerShell is spoken to: psrp, or plain lines",
      .kind = KIND_ENUM, .width = 7, .flags = PROP_LOCAL | PROP_NOTE, .values = words_dialect,
      .empty = "chosen automatically" },
    { .name = "powershell", .title = "Remote program", .help = "What is executed on the host", .kind = KIND_TEXT,
      .width = 20, .flags = PROP_LOCAL | PROP_NOTE, .max = 1023, .empty = "as configured for all" },
    { .name = "group", .title = "Group", .help = "A group of yours, for filters: group:lab", .kind = KIND_TEXT,
      .width = 10, .flags = PROP_LOCAL, .max = 255 },
    { .name = "tags", .title = "Tags", .help = "Words of yours, for filters: tags:*pci*", .kind = KIND_TEXT, .width = 14,
      .flags = PROP_LOCAL | PROP_NOTE, .max = 1023 },
    { .name = "read_only", .title = "Read only", .help = "Nothing is ever changed on it", .kind = KIND_BOOL, .width = 9,
      .flags = PROP_LOCAL | PROP_NOTE, .sql = READ_ONLY_SQL },
    { .name = "label", .title = "Label", .help = "A word of warning, such as PROD: beside its rows, in plans and in questions",
      .kind = KIND_TEXT, .width = 8, .flags = PROP_LOCAL, .max = 24, .sql = LABEL_SQL },
    { .name = "ask", .title = "Ask", .help = "How changes on it are confirmed: typed is by the number of objects, always",
      .kind = KIND_ENUM, .width = 6, .flags = PROP_LOCAL | PROP_NOTE, .values = words_ask, .sql = ASK_SQL, .empty = "normal" },

    INTERVAL("verify_service", "Verify service", "How often its service states are verified; 0s never"),
    INTERVAL("verify_utilization", "Verify use", "How often the utilization of its scopes is read; 0s never"),
    INTERVAL("verify_zones", "Verify zones", "How often its zones are verified; 0s never"),
    INTERVAL("verify_configuration", "Verify config", "How often everything else of it is read; 0s never"),

    { .name = "domain_joined", .title = "Domain", .help = "Is it a member of a domain", .kind = KIND_BOOL, .width = 6,
      .flags = PROP_NOTE, .read = { "dhcp-setting", "IsDomainJoined" } },
    { .name = "authorized", .title = "Authorized", .help = "Is it authorized in Active Directory to hand out leases",
      .kind = KIND_BOOL, .width = 10, .flags = PROP_NOTE | PROP_STATE, .read = { "dhcp-setting", "IsAuthorized" } },
    { .name = "dynamic_bootp", .title = "Dynamic BOOTP", .help = "Are BOOTP clients served dynamically",
      .kind = KIND_BOOL, .width = 13, .flags = PROP_NOTE, .read = { "dhcp-setting", "DynamicBootp" } },
    { .name = "restore_status", .title = "Restoring", .help = "Is it about to restore its database from a backup",
      .kind = KIND_BOOL, .width = 9, .flags = PROP_NOTE, .read = { "dhcp-setting", "RestoreStatus" } },
    { .name = "nap_enabled", .title = "NAP", .help = "Network Access Protection on the server", .kind = KIND_BOOL,
      .width = 5, .flags = PROP_NOTE, .read = { "dhcp-setting", "NapEnabled" },
      .write = { .cmdlet = "Set-DhcpServerSetting", .parameter = "NapEnabled" } },
    { .name = "nps_unreachable_action", .title = "NPS unreachable",
      .help = "What a client gets when the policy server does not answer", .kind = KIND_ENUM, .width = 15,
      .flags = PROP_NOTE, .read = { "dhcp-setting", "NpsUnreachableAction" },
      .write = { .cmdlet = "Set-DhcpServerSetting", .parameter = "NpsUnreachableAction" }, .values = words_nps,
      .remote = words_nps_remote },
    { .name = "conflict_attempts", .title = "Pings", .help = "Pings before an address is handed out, 0 to 5",
      .kind = KIND_INT, .width = 5, .flags = PROP_NOTE | PROP_RIGHT,
      .read = { "dhcp-setting", "ConflictDetectionAttempts" },
      .write = { .cmdlet = "Set-DhcpServerSetting", .parameter = "ConflictDetectionAttempts" }, .min = 0, .max = 5 },
    { .name = "policies", .title = "Policies", .help = "Are the server's own policies applied", .kind = KIND_BOOL,
      .width = 8, .flags = PROP_NOTE, .read = { "dhcp-setting", "ActivatePolicies" },
      .write = { .cmdlet = "Set-DhcpServerSetting", .parameter = "ActivatePolicies" } },
    { .name = "dhcp_major", .title = "DHCP major", .help = "Version of the DHCP server, first number", .kind = KIND_INT,
      .width = 10, .flags = PROP_NOTE | PROP_RIGHT, .read = { "dhcp-version", "MajorVersion" } },
    { .name = "dhcp_minor", .title = "DHCP minor", .help = "Version of the DHCP server, second number", .kind = KIND_INT,
      .width = 10, .flags = PROP_NOTE | PROP_RIGHT, .read = { "dhcp-version", "MinorVersion" } },
};

const struct object_type catalog_servers = {
    .name = "servers",
    .noun = "server",
    .table = "server",
    .properties = server_properties,
    .property_count = COUNT(server_properties),
    .sources = server_sources,
    .source_count = COUNT(server_sources),
    .sort = "server",
    .free_text = "server,address,role,dhcp_service,dns_service,step,error,system,group,tags,label",
};
