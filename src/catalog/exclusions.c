/* exclusions.c - ranges of a scope that are never leased. A range has no name: its addresses are what it is, so an edit is
 * one removed and one added. */
#include <stddef.h>

#include "ipamtui/catalog.h"

static const struct source exclusion_sources[] = {
    { .name = "exclusions", .cmdlet = "Get-DhcpServerv4ExclusionRange", .mode = SOURCE_DEFINES, .what = WHAT_DHCP,
      .role = ROLE_DHCP },
};

static const struct property exclusion_properties[] = {
    { .name = "server", .title = "Server", .help = "Server that has the scope", .kind = KIND_TEXT, .width = 12,
      .flags = PROP_DEFAULT | PROP_FLEX | PROP_OF_SERVER, .sql = "s.name" },
    { .name = "scope", .title = "Scope", .help = "Network of the scope", .kind = KIND_IPV4, .width = 15,
      .flags = PROP_KEY | PROP_DEFAULT, .read = { "exclusions", "ScopeId" }, .write = { .parameter = "ScopeId" } },
    { .name = "start", .title = "Start", .help = "First address that is not leased", .kind = KIND_IPV4, .width = 15,
      .flags = PROP_KEY | PROP_DEFAULT, .read = { "exclusions", "StartRange" }, .write = { .parameter = "StartRange" } },
    { .name = "end", .title = "End", .help = "Last address that is not leased", .kind = KIND_IPV4, .width = 15,
      .flags = PROP_KEY | PROP_DEFAULT, .read = { "exclusions", "EndRange" }, .write = { .parameter = "EndRange" } },
    { .name = "size", .title = "Size", .help = "Number of its addresses", .kind = KIND_INT, .width = 7,
      .flags = PROP_DEFAULT | PROP_RIGHT, .sql = "o.\"end\" - o.start + 1" },
    { .name = "scope_name", .title = "Name", .help = "Name of the scope", .kind = KIND_TEXT, .width = 14,
      .flags = PROP_DEFAULT | PROP_FLEX,
      .sql = "(SELECT n.name FROM scope n WHERE n.server = o.server AND n.scope = o.scope)" },
};

const struct object_type catalog_exclusions = {
    .name = "exclusions",
    .noun = "exclusion",
    .table = "exclusion",
    .properties = exclusion_properties,
    .property_count = COUNT(exclusion_properties),
    .sources = exclusion_sources,
    .source_count = COUNT(exclusion_sources),
    .sort = "server,scope,start",
    .title_property = "scope_name",
    .free_text = "server,scope,start,end",
    .find_table = true,
    .range_first = "o.start",
    .range_last = "o.\"end\"",
    .add = "Add-DhcpServerv4ExclusionRange",
    .remove = "Remove-DhcpServerv4ExclusionRange",
};
