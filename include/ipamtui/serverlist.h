/* serverlist.h - our own list of servers, changed by text: `server add`, import and the console's form run the same checks.
 *
 * Changes one store; the caller opened it for writing. Nothing is half applied. Any thread. */
#ifndef IPAM_SERVERLIST_H
#define IPAM_SERVERLIST_H

#include "ipamtui/catalog.h"
#include "ipamtui/store.h"

/* One setting, "role" = "dhcp,dns". An empty value takes the setting away. */
struct server_setting {
    const char *key, *value;
};
/* ERR_INPUT: an unknown key (with a near one), a value that cannot be; ERR_CONFLICT: the name is taken. */
bool serverlist_add(struct store *store, const char *name, const struct server_setting *settings, size_t count,
                    server_id *out, struct err *err);
bool serverlist_set(struct store *store, server_id server, const struct server_setting *settings, size_t count,
                    struct err *err);
/* Place of the property that key names in catalog_servers ("name" is the server's own name); -1: none that can be set. */
int serverlist_property(const char *key, struct err *err);
/* Splits "key=value"; both point into text, which is changed. */
bool serverlist_split(char *text, struct server_setting *out, struct err *err);

struct import_report {
    size_t added, updated, unchanged, errors;
};
/* One error of a file: "line 3, column 5: ...". */
typedef void import_error_fn(void *ctx, const char *text);
/* Reads CSV (RFC 4180, first line names: name, role, address, transport, command ...; name or server is needed). The whole file is
 * checked first: every error is told, and then nothing is changed (ERR_INPUT). Names that are there already: refused, or
 * updated with `update` (columns that the file has not stay as they are). file names it in errors. */
bool serverlist_import(struct store *store, const char *file, const char *text, size_t len, bool update,
                       import_error_fn *complain, void *ctx, struct import_report *report, struct err *err);
/* Columns of an export that an import reads back. The caller frees. */
int *serverlist_columns(size_t *count);

#endif
