/* serverlist_row.h - one server's settings as values, shared by single changes and imports. */
#ifndef IPAM_SERVERLIST_ROW_H
#define IPAM_SERVERLIST_ROW_H

#include "ipamtui/serverlist.h"

int serverlist_name_place(void); /* place of the name in catalog_servers */
/* What a person wrote for the property at place; "" takes it away. Text lives in arena. */
bool serverlist_value(int place, const char *text, struct arena *arena, struct value *out, struct err *err);
/* Do a server's settings go together? */
bool serverlist_fits(const struct value *values, struct err *err);
/* Writes the touched ones. Inside begin/commit. */
bool serverlist_put(struct store *store, server_id server, const struct value *values, const bool *touched,
                    struct err *err);

#endif
