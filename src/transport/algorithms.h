/* algorithms.h - what we let libssh2 offer, and what it has in common with the operator's configuration. */
#ifndef IPAM_TRANSPORT_ALGORITHMS_H
#define IPAM_TRANSPORT_ALGORITHMS_H

#include <stdbool.h>
#include <stddef.h>

enum algorithm { ALG_HOSTKEY, ALG_KEX, ALG_CIPHER, ALG_MAC };
/* Ours, best first, comma-separated. */
const char *algorithms_ours(enum algorithm which);
/* True if ours and list share a name. NULL list: true. */
bool algorithms_common(enum algorithm which, const char *list);
/* Ours that are in list (NULL: all), in our order; false: none. */
bool algorithms_pick(enum algorithm which, const char *list, char *out, size_t size);
/* True if name is an item of the comma-separated list. */
bool algorithms_has(const char *list, const char *name, size_t len);

#endif
