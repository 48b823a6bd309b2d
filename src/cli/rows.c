#include "cli/cli.h"
#include "ipamtui/mem.h"

const struct flag_row cli_flags[FLAG_COUNT] = {
    [FLAG_HELP] = { "--help", NULL, "Say what this does" },
    [FLAG_VERSION] = { "--version", NULL, "Say which version this is" },
    [FLAG_DB] = { "--db", "FILE", "Database; otherwise ipamtui/ipamtui.db in $XDG_DATA_HOME or ~/.local/share" },
    [FLAG_CONFIG] = { "--config", "FILE", "Options; otherwise ipamtui/ipamtui.conf in $XDG_CONFIG_HOME or ~/.config" },
    [FLAG_DEBUG_LOG] = { "--debug-log", "FILE", "Append every step and every call to FILE; never a secret" },
    [FLAG_SSH_CONFIG] = { "--ssh-config", "FILE", "Read this instead of ~/.ssh/config" },
    [FLAG_PANE] = { "--pane", "NAME", "Pane that is shown first: servers, scopes ..." },
    [FLAG_FILTER] = { "--filter", "QUERY", "Its filter" },
    [FLAG_SCRIPT] = { "--script", "FILE", "Replay command lines and keys from FILE" },
    [FLAG_READ_ONLY] = { "--read-only", NULL, "Refuse everything that would change something" },
    [FLAG_FRESH] = { "--fresh", NULL, "Forget columns, order and filters of the last session" },
    [FLAG_OFFLINE] = { "--offline", NULL, "Ask no server by itself" },
    [FLAG_COLUMNS] = { "--columns", "a,b,c", "Columns in this order; all; default. Plain words search these" },
    [FLAG_SORT] = { "--sort", "c,-d", "Order; a dash sorts the other way round" },
    [FLAG_FORMAT] = { "--format", "FORMAT", "table (for people), csv, tsv or json" },
    [FLAG_RAW] = { "--raw", NULL, "CSV: leave cells that a spreadsheet would execute as they are" },
    [FLAG_LIMIT] = { "--limit", "N", "At most N rows" },
    [FLAG_WHAT] = { "--what", "a,b", WHAT_NAMES "; otherwise service, dhcp, utilization and dns" },
    [FLAG_UPDATE] = { "--update", NULL, "Change servers that are there already instead of refusing them" },
    [FLAG_SERVERS] = { "--servers", "N", "Servers of the simulated estate; otherwise 40" },
    [FLAG_SCOPES] = { "--scopes", "N", "Its scopes in all; otherwise 1500" },
    [FLAG_SEED] = { "--seed", "N", "Another number makes another estate" },
    [FLAG_KEEP] = { "--keep", "DIR", "Make it in DIR, which is left behind, instead of a temporary folder" },
    [FLAG_PREPARE] = { "--prepare", NULL, "With --keep: make the estate and its database DIR/demo.db, open no console" },
    [FLAG_DRY_RUN] = { "--dry-run", NULL, "Show the plan; nothing is sent" },
    [FLAG_YES] = { "--yes", NULL, "Apply the plan without asking" },
    [FLAG_SAVE] = { "--save", "FILE", "Write the plan to FILE (CSV) for `ipamtui apply`; nothing is sent" },
    [FLAG_CONFLICTS] = { "--conflicts", NULL, "Only what had changed meanwhile, over the value that is there now" },
    [FLAG_STEPS] = { "--steps", "3,7-9", "Only these steps of the change" },
    [FLAG_STOP_AFTER] = { "--stop-after", "N", "Send nothing more after N failures" },
    [FLAG_OVER] = { "--over", "PERCENT", "Above this a scope is over; - as configured for all" },
    [FLAG_UNDER] = { "--under", "PERCENT", "Below this a scope is under; - as configured for all" },
    [FLAG_ZONE] = { "--zone", "ZONE", "Of this zone on them" },
    [FLAG_PER_SERVER] = { "--per-server", "N", "Calls in flight on one server at once; otherwise 1" },
    [FLAG_ROFF] = { "--roff", NULL, "As source of a manual page" },
};

#define LIST_FLAGS (F(FLAG_COLUMNS) | F(FLAG_SORT) | F(FLAG_FORMAT) | F(FLAG_RAW) | F(FLAG_LIMIT))
#define CHANGE_FLAGS \
    (F(FLAG_DRY_RUN) | F(FLAG_YES) | F(FLAG_SAVE) | F(FLAG_FORMAT) | F(FLAG_STOP_AFTER) | F(FLAG_PER_SERVER))
#define CONSOLE_FLAGS \
    (F(FLAG_PANE) | F(FLAG_FILTER) | F(FLAG_SCRIPT) | F(FLAG_READ_ONLY) | F(FLAG_FRESH) | F(FLAG_OFFLINE))

const struct subcommand cli_subcommands[] = {
    { .name = "", .args = "", .help = "Open the console", .flags = CONSOLE_FLAGS, .run = cli_run_console },
    { .name = "server add", .args = "NAME", .help = "Manage one more server", .settings = true,
      .more = "Example: ipamtui server add dhcp-ams-01 --role dhcp,dns --address dhcp-ams-01.corp.example",
      .min_args = 1, .max_args = 1, .run = cli_run_server_add },
    { .name = "server list", .args = "['QUERY']", .help = "The managed servers (list servers)", .flags = LIST_FLAGS,
      .max_args = -1, .run = cli_run_server_list },
    { .name = "server show", .args = "NAME", .help = "Everything that is known about one server", .min_args = 1,
      .max_args = 1, .flags = F(FLAG_FORMAT), .run = cli_run_server_show },
    { .name = "server set", .args = "NAME KEY=VALUE...", .help = "Change settings of one server; KEY= takes one away",
      .more = "Example: ipamtui server set dhcp-ams-01 jump=jump-ams user=svc-ipam", .min_args = 2, .max_args = -1,
      .run = cli_run_server_set },
    { .name = "server remove", .args = "NAME...", .help = "Manage servers no longer; what was learnt of them goes too",
      .min_args = 1, .max_args = -1, .run = cli_run_server_remove },
    { .name = "server import", .args = "FILE.csv", .help = "Add all servers of a file; \"-\" reads standard input",
      .more = "The first line names the columns: name, role, address, transport, command, user, port, jump ...\n"
              "The whole file is checked first. With one error in it nothing is changed.",
      .min_args = 1, .max_args = 1, .flags = F(FLAG_UPDATE), .run = cli_run_server_import },
    { .name = "server export", .args = "['QUERY']", .help = "The servers and their settings as import reads them",
      .max_args = -1, .flags = F(FLAG_RAW), .run = cli_run_server_export },
    { .name = "server test", .args = "NAME...", .help = "Reach servers step by step and say what is wrong",
      .more = "Name lookup, TCP, jump host, host key, login, PowerShell, its dialect and language mode, commands and modules,\n"
              "what can be read, what the groups of the login could change, the clock: each with its time, and what to\n"
              "do about one that fails. Exit status 3: something failed.",
      .min_args = 1, .max_args = -1, .flags = F(FLAG_FORMAT), .run = cli_run_server_test },
    { .name = "server statistics", .args = "NAME...|'QUERY'", .help = "Ask servers for their counters now: queries, errors, recursion, transfers, leases",
      .more = "DNS: Get-DnsServerStatistics; DHCP: Get-DhcpServerv4Statistics. Each counter with its rate since it began; nothing is kept.\n"
              "  ipamtui server statistics 'role:dns server:lon-*' --format json\n"
              "  ipamtui server statistics --zone corp.example\n"
              "With --zone and no server: of the zone on all servers that are known to have it. Exit status 3: some could not be asked.",
      .max_args = -1, .flags = F(FLAG_FORMAT) | F(FLAG_RAW) | F(FLAG_ZONE), .run = cli_run_server_statistics },
    { .name = "retrieve", .args = "['QUERY']", .help = "Ask servers and keep what they answer",
      .more = "QUERY chooses servers: ipamtui retrieve 'server:lon-* role:dhcp'. Exit status 3: some could not be asked.",
      .max_args = -1, .flags = F(FLAG_WHAT), .run = cli_run_retrieve },
    { .name = "collect", .args = "", .help = "Verify all servers regularly, in the foreground, until it is ended",
      .more = "For a systemd unit: what the console does while it is open, without one. The intervals are in ipamtui.conf(5).\n"
              "Only one process a database verifies; a second one waits until the first is gone.",
      .run = cli_run_collect },
    { .name = "status", .args = "", .help = "Is anything wrong: counts by state, newest changes, what could not be verified",
      .more = "Exit status: 0 all is well, 4 something is not well, 3 something could not be verified. --format is table, json or\n"
              "prometheus (for the text files of node_exporter):\n"
              "  ipamtui status --format prometheus >/var/lib/node_exporter/ipamtui.prom.new\n"
              "It says what the database knows; `ipamtui collect` keeps that fresh.",
      .flags = F(FLAG_FORMAT), .run = cli_run_status },
    { .name = "scope level", .args = "QUERY", .help = "Thresholds of some scopes: when they are over or under",
      .more = "What is not named is as configured for all again. Nothing is sent to a server.\n"
              "  ipamtui scope level 'scope:10.1.2.0' --over 95\n"
              "  ipamtui scope level 'name:*voice*' --over 90 --under 5",
      .flags = F(FLAG_OVER) | F(FLAG_UNDER), .min_args = 1, .max_args = -1, .run = cli_run_scope_level },
    { .name = "scope6 level", .args = "QUERY", .help = "Thresholds of some IPv6 scopes: when they are over or under",
      .more = "What is not named is as configured for all again. Nothing is sent to a server.\n"
              "  ipamtui scope6 level 'server:lon-*' --over 95",
      .flags = F(FLAG_OVER) | F(FLAG_UNDER), .min_args = 1, .max_args = -1, .run = cli_run_scope6_level },
    { .name = "zone reset", .args = "ZONE...", .help = "Reset the status of zones: events up to now do not count any more",
      .min_args = 1, .max_args = -1, .run = cli_run_zone_reset },
    { .name = "list", .args = "LIST ['QUERY']", .lists = true,
      .help = "Print what is known, without asking any server",
      .more = "Example: ipamtui list scopes 'server:lon-* state:active util>80' --columns server,scope,util --format csv\n"
              "csv, tsv and json have all columns unless --columns says otherwise. ipamtui-query(7) has the language.",
      .min_args = 1, .max_args = -1, .flags = LIST_FLAGS, .run = cli_run_list },
    { .name = "set", .args = "scopes 'QUERY' PROPERTY=VALUE...", .help = "Change properties of all scopes that match",
      .more = "property=value sets, property+=text puts text behind, property^=text in front, property/old/new/ replaces.\n"
              "Example: ipamtui set scopes 'server:lon-* voice' lease_duration=4d description+=' (moved)' --dry-run\n"
              "Without --dry-run, --yes or --save it shows the plan and asks, on a terminal.\n"
              "Exit status 3: some targets failed, were refused or had changed meanwhile.",
      .min_args = 3, .max_args = -1, .flags = CHANGE_FLAGS, .run = cli_run_set },
    { .name = "scope activate", .args = "'QUERY'", .help = "Activate all scopes that match; active ones stay as they are",
      .min_args = 1, .max_args = -1, .flags = CHANGE_FLAGS, .run = cli_run_scope_activate },
    { .name = "scope deactivate", .args = "'QUERY'", .help = "Deactivate all scopes that match", .min_args = 1,
      .max_args = -1, .flags = CHANGE_FLAGS, .run = cli_run_scope_deactivate },
    { .name = "exclusion add", .args = "'QUERY' RANGE", .help = "Exclude a range in all scopes that match",
      .more = "RANGE is 10.1.2.10-10.1.2.20, one address, or relative to each scope's network: .10-.20",
      .min_args = 2, .max_args = 2, .flags = CHANGE_FLAGS, .run = cli_run_exclusion_add },
    { .name = "exclusion remove", .args = "'QUERY' RANGE|all", .help = "Exclude a range no longer", .min_args = 2,
      .max_args = 2, .flags = CHANGE_FLAGS, .run = cli_run_exclusion_remove },
    { .name = "exclusion replace", .args = "'QUERY' RANGE NEW", .help = "Replace an excluded range by another one",
      .min_args = 3, .max_args = 3, .flags = CHANGE_FLAGS, .run = cli_run_exclusion_replace },
    { .name = "apply", .args = "FILE|pending", .help = "Apply a plan that was saved, or the console's pending one",
      .min_args = 1, .max_args = 1, .flags = CHANGE_FLAGS, .run = cli_run_apply },
    { .name = "change list", .args = "", .help = "All changes: who, when, from where, what, and how they went",
      .flags = F(FLAG_FORMAT), .run = cli_run_change_list },
    { .name = "change show", .args = "ID", .help = "A change's steps and their results", .min_args = 1, .max_args = 1,
      .flags = F(FLAG_FORMAT), .run = cli_run_change_show },
    { .name = "change retry", .args = "ID", .help = "What failed or was not sent, again", .min_args = 1, .max_args = 1,
      .flags = CHANGE_FLAGS | F(FLAG_STEPS) | F(FLAG_CONFLICTS), .run = cli_run_change_retry },
    { .name = "change undo", .args = "ID", .help = "Take a change back; what has changed since is left alone and shown",
      .min_args = 1, .max_args = 1, .flags = CHANGE_FLAGS | F(FLAG_STEPS), .run = cli_run_change_undo },
    { .name = "change settle", .args = "", .help = "Read what became of steps that an ended process left open",
      .flags = F(FLAG_FORMAT), .run = cli_run_change_settle },
    { .name = "demo", .args = "", .help = "Open the console on a simulated estate; nothing is left of it afterwards",
      .flags = CONSOLE_FLAGS | F(FLAG_SERVERS) | F(FLAG_SCOPES) | F(FLAG_SEED) | F(FLAG_KEEP) | F(FLAG_PREPARE),
      .run = cli_run_demo },
    { .name = "schema", .args = "[LIST|options|commands|flags|statuses]", .lists = true,
      .help = "The columns of each list; the options; the subcommands", .max_args = 1,
      .flags = F(FLAG_FORMAT) | F(FLAG_ROFF), .run = cli_run_schema },
    { .name = "help", .args = "[SUBCOMMAND]", .help = "Say what a subcommand does", .max_args = 2, .run = cli_run_help },
};
const size_t cli_subcommand_count = COUNT(cli_subcommands);
