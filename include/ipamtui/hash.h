/* hash.h - FNV-1a, 64 bits: for tables and fingerprints of what is ours, not against people who look for collisions. Pure; any thread.
 *
 * Values are kept in files: it gives the same everywhere and always. */
#ifndef IPAM_HASH_H
#define IPAM_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(14695981039346656037)

/* hash, begun with HASH_START, with these bytes behind what it has had. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len);

#endif
