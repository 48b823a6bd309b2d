/* ip.h - IPv4 and IPv6 addresses, masks, prefixes, ranges. Pure; any thread.
 *
 * IPv4 is uint32_t in host byte order. IPv6 is 16 bytes in network order. */
#ifndef IPAM_IP_H
#define IPAM_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/err.h"

#define IP4_TEXT_SIZE 16
#define IP6_TEXT_SIZE 46

struct ip6 {
    uint8_t b[16];
};
struct ip4_range {
    uint32_t first, last; /* both belong to it; first <= last */
};

/* Dotted quad, four decimal numbers, no leading zeros ("010" is refused: octal elsewhere). */
bool ip4_parse(const char *text, uint32_t *out);
char *ip4_format(uint32_t ip, char out[IP4_TEXT_SIZE]);
/* A mask's length, 0-32; -1 = not contiguous. */
int ip4_mask_prefix(uint32_t mask);
uint32_t ip4_prefix_mask(int prefix);
/* "10.1.0.0/16", "10.1.2.3" (one address), "10.1.0.0-10.1.0.20". Host bits under a prefix are cut off.
 * field names the input in the error. */
bool ip4_range_parse(const char *text, const char *field, struct ip4_range *out, struct err *err);
bool ip4_range_holds(struct ip4_range outer, struct ip4_range inner);
bool ip4_range_overlaps(struct ip4_range a, struct ip4_range b);
uint64_t ip4_range_size(struct ip4_range r);

bool ip6_parse(const char *text, struct ip6 *out); /* RFC 4291; a %zone is dropped */
char *ip6_format(const struct ip6 *ip, char out[IP6_TEXT_SIZE]); /* RFC 5952 */
int ip6_compare(const struct ip6 *a, const struct ip6 *b);
struct ip6 ip6_network(const struct ip6 *ip, int prefix);

#endif
