/* known.h - why a value is not there: each server's sources with their latest result, so that a list can tell "never asked"
 * from "could not be read", "not allowed to see" and "not offered"; and which ones their operators are careful with. Filled on the query worker, read on the screen. */
#ifndef IPAM_UI_KNOWN_H
#define IPAM_UI_KNOWN_H

#include "ipamtui/change.h"
#include "ipamtui/store.h"

enum known_result { KNOWN_NEVER, KNOWN_DONE, KNOWN_NOT_OFFERED, KNOWN_DENIED, KNOWN_FAILED };
#define KNOWN_OBJECTS 16
#define KNOWN_SOURCES 16
struct known_server {
    server_id id;
    bool unreachable;
    unsigned char results[KNOWN_OBJECTS][KNOWN_SOURCES]; /* by place in catalog_objects and object->sources */
};
struct known {
    struct known_server *rows; /* by id */
    size_t count, cap;
    int64_t oldest, newest; /* last_seen of servers that can be reached; 0 = none */
    size_t never, unreachable;
    int64_t version; /* store_data_version() when it was read; 0 = not yet */
    struct cautions cautions;
};
bool known_load(struct store *store, struct known *out, struct err *err); /* out: zeroed */
void known_done(struct known *known);
const struct known_server *known_server(const struct known *known, server_id server);
enum known_result known_result(const struct known *known, server_id server, const struct object_type *object, const char *source);

#endif
