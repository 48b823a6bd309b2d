#include "ipamtui/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* One decimal number 0-255 without leading zeros; moves *at past it. */
static bool octet(const char **at, uint32_t *out)
{
    const char *p = *at;
    uint32_t n = 0;

    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    while (*p >= '0' && *p <= '9' && n <= 255)
        n = n * 10 + (uint32_t)(*p++ - '0');
    *at = p;
    *out = n;
    return n <= 255;
}

/* An address at *at; moves *at past it. */
static bool address(const char **at, uint32_t *out)
{
    const char *p = *at;
    uint32_t ip = 0;

    for (int i = 0; i < 4; i++) {
        uint32_t n;

        if (i > 0 && *p++ != '.')
            return false;
        if (!octet(&p, &n))
            return false;
        ip = ip << 8 | n;
    }
    *at = p;
    *out = ip;
    return true;
}

bool ip4_parse(const char *text, uint32_t *out)
{
    const char *p = text;
    uint32_t ip;

    if (!text || !address(&p, &ip) || *p != '\0')
        return false;
    *out = ip;
    return true;
}

char *ip4_format(uint32_t ip, char out[IP4_TEXT_SIZE])
{
    snprintf(out, IP4_TEXT_SIZE, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
    return out;
}

uint32_t ip4_prefix_mask(int prefix)
{
    if (prefix <= 0)
        return 0;
    return prefix >= 32 ? UINT32_MAX : UINT32_MAX << (32 - prefix);
}

int ip4_mask_prefix(uint32_t mask)
{
    int prefix = __builtin_popcount(mask);

    return mask == ip4_prefix_mask(prefix) ? prefix : -1;
}

/* What may stand behind an address: nothing, "/24" or "-10.1.0.20". */
static bool range_tail(const char *p, struct ip4_range *r)
{
    uint32_t n;

    if (*p == '\0') {
        r->last = r->first;
        return true;
    }
    if (*p == '-') {
        p++;
        return address(&p, &r->last) && *p == '\0';
    }
    if (*p++ != '/' || !octet(&p, &n) || *p != '\0' || n > 32)
        return false;
    r->first &= ip4_prefix_mask((int)n);
    r->last = r->first | ~ip4_prefix_mask((int)n);
    return true;
}

bool ip4_range_parse(const char *text, const char *field, struct ip4_range *out, struct err *err)
{
    const char *p = text;
    struct ip4_range r = { 0, 0 };

    if (!address(&p, &r.first) || !range_tail(p, &r))
        return err_set(err, ERR_INPUT, field,
                       "\"%.80s\" is no IPv4 network, address or range: write 10.1.0.0/16, 10.1.2.3 or 10.1.0.0-10.1.0.20",
                       text);
    if (r.first > r.last)
        return err_set(err, ERR_INPUT, field, "\"%.80s\" ends before it begins: the lower address comes first", text);
    *out = r;
    return true;
}

bool ip4_range_holds(struct ip4_range outer, struct ip4_range inner)
{
    return outer.first <= inner.first && inner.last <= outer.last;
}

bool ip4_range_overlaps(struct ip4_range a, struct ip4_range b)
{
    return a.first <= b.last && b.first <= a.last;
}

uint64_t ip4_range_size(struct ip4_range r)
{
    return (uint64_t)r.last - r.first + 1;
}

bool ip6_parse(const char *text, struct ip6 *out)
{
    char plain[IP6_TEXT_SIZE];
    size_t len;

    if (!text)
        return false;
    len = strcspn(text, "%");
    if (len == 0 || len >= sizeof(plain))
        return false;
    memcpy(plain, text, len);
    plain[len] = '\0';
    struct ip6 got;
    if (inet_pton(AF_INET6, plain, got.b) != 1)
        return false;
    *out = got;
    return true;
}

/* Longest run of two or more zero groups; -1 = none. The first wins a tie (RFC 5952 4.2.3). */
static int zero_run(const unsigned group[8], int *len)
{
    int best = -1, best_len = 1;

    for (int i = 0; i < 8; i++) {
        int n = 0;

        while (i + n < 8 && group[i + n] == 0)
            n++;
        if (n > best_len) {
            best = i;
            best_len = n;
        }
        if (n > 0)
            i += n - 1;
    }
    *len = best_len;
    return best;
}

/* ::ffff:a.b.c.d is written with its IPv4 address (RFC 5952 5); other embeddings stay hexadecimal. */
static bool is_mapped(const struct ip6 *ip)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    return memcmp(ip->b, mapped, sizeof(mapped)) == 0;
}

char *ip6_format(const struct ip6 *ip, char out[IP6_TEXT_SIZE])
{
    unsigned group[8];
    int run_len, run;
    size_t at = 0;

    for (int i = 0; i < 8; i++)
        group[i] = (unsigned)ip->b[2 * i] << 8 | ip->b[2 * i + 1];
    if (is_mapped(ip)) {
        snprintf(out, IP6_TEXT_SIZE, "::ffff:%u.%u.%u.%u", ip->b[12], ip->b[13], ip->b[14], ip->b[15]);
        return out;
    }
    run = zero_run(group, &run_len);
    for (int i = 0; i < 8; i++) {
        if (i == run) {
            at += (size_t)snprintf(out + at, IP6_TEXT_SIZE - at, "::");
            i += run_len - 1;
            continue;
        }
        if (i > 0 && !(run >= 0 && i == run + run_len))
            at += (size_t)snprintf(out + at, IP6_TEXT_SIZE - at, ":");
        at += (size_t)snprintf(out + at, IP6_TEXT_SIZE - at, "%x", group[i]);
    }
    return out;
}

int ip6_compare(const struct ip6 *a, const struct ip6 *b)
{
    int order = memcmp(a->b, b->b, sizeof(a->b));

    return (order > 0) - (order < 0);
}

struct ip6 ip6_network(const struct ip6 *ip, int prefix)
{
    struct ip6 net = *ip;

    for (int i = 0; i < 16; i++) {
        int bits = prefix - 8 * i;

        if (bits <= 0)
            net.b[i] = 0;
        else if (bits < 8)
            net.b[i] = (uint8_t)(net.b[i] & (0xff00 >> bits));
    }
    return net;
}
