/* levels.h - thresholds of single scopes: for `ipamtui scope level`, `scope6 level` and the console's level. */
#ifndef IPAM_LEVELS_H
#define IPAM_LEVELS_H

#include "ipamtui/store.h"

/* A percentage as a person types it, for the property "over" or "under"; NULL, "" or "-": as configured for all (V_NULL). ERR_INPUT. */
bool levels_percent(const char *name, const char *text, struct value *out, struct err *err);
/* All of these scopes (object: scopes or scopes6) or none, in a transaction of its own. ERR_INPUT: over below under. */
bool levels_set(struct store *store, const struct object_type *object, const row_id *ids, size_t count, struct value over,
                struct value under, struct err *err);

#endif
