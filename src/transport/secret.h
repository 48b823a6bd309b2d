/* secret.h - what an operator typed, for this run: in locked memory, not in core dumps, wiped when forgotten. */
#ifndef IPAM_TRANSPORT_SECRET_H
#define IPAM_TRANSPORT_SECRET_H

#include "stream.h"

#define SECRET_SIZE 256 /* longest, with its end */

/* Keeps value under name (a key file). False: it is too long or the place is full; then it is asked for again. */
bool secret_put(struct transport_hub *hub, const char *name, const char *value);
const char *secret_get(struct transport_hub *hub, const char *name); /* NULL: not kept */
void secret_forget(struct transport_hub *hub, const char *name);
void secrets_end(struct transport_hub *hub);

#endif
