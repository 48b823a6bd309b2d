#include "ipamtui/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ipamtui/mem.h"

#define SUFFIX4 "in-addr.arpa"
#define SUFFIX6 "ip6.arpa"

/* Length of what stands before ".suffix" (0 for the suffix alone); -1 = another name. */
static int before_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name), want = strlen(suffix);
    if (len > 0 && name[len - 1] == '.')
        len--;
    if (len < want || strncasecmp(name + len - want, suffix, want) != 0)
        return -1;
    if (len == want)
        return 0;
    return name[len - want - 1] == '.' ? (int)(len - want - 1) : -1;
}

enum zone_family zone_family(const char *name)
{
    if (before_suffix(name, SUFFIX4) >= 0)
        return ZONE_REVERSE4;
    return before_suffix(name, SUFFIX6) >= 0 ? ZONE_REVERSE6 : ZONE_FORWARD;
}

const char *zone_family_name(enum zone_family family)
{
    static const char *const names[] = { "forward", "ipv4 reverse", "ipv6 reverse" };
    return names[family];
}

/* Labels of name[0..len), last first; false: an empty label or too many. */
struct label {
    const char *at;
    size_t len;
};
static bool split_labels(const char *name, size_t len, struct label *labels, size_t cap, size_t *count)
{
    *count = 0;
    while (len > 0) {
        size_t start = len;
        while (start > 0 && name[start - 1] != '.')
            start--;
        if (start == len || *count == cap)
            return false;
        labels[(*count)++] = (struct label){ name + start, len - start };
        len = start > 0 ? start - 1 : 0;
    }
    return true;
}

static bool decimal(const char *at, size_t len, unsigned max, unsigned *out)
{
    unsigned v = 0;
    if (len == 0 || len > 3)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        v = v * 10 + (unsigned)(at[i] - '0');
    }
    *out = v;
    return v <= max;
}

/* RFC 2317: "0/25" is first address and prefix length, "0-127" (in use, though not in the RFC) first and last. */
static bool classless(struct label label, uint32_t network, struct ip4_range *out)
{
    const char *slash = memchr(label.at, '/', label.len), *dash = memchr(label.at, '-', label.len);
    const char *mark = slash ? slash : dash;
    unsigned first, second;
    if (!mark || !decimal(label.at, (size_t)(mark - label.at), 255, &first) ||
        !decimal(mark + 1, label.len - (size_t)(mark - label.at) - 1, 255, &second))
        return false;
    unsigned last = second;
    if (slash) {
        if (second < 25 || second > 32)
            return false;
        last = first + (1u << (32 - second)) - 1;
    }
    if (last < first || last > 255)
        return false;
    *out = (struct ip4_range){ network + first, network + last };
    return true;
}

bool zone_range4(const char *name, struct ip4_range *out)
{
    struct label labels[6];
    size_t count;
    int len = before_suffix(name, SUFFIX4);
    uint32_t network = 0;

    if (len < 0 || !split_labels(name, (size_t)len, labels, 6, &count) || count > 4)
        return false;
    for (size_t i = 0; i < count; i++) {
        unsigned octet;
        if (!decimal(labels[i].at, labels[i].len, 255, &octet))
            return i == 3 && classless(labels[i], network, out);
        network |= octet << (24 - 8 * i);
    }
    uint32_t host = count == 4 ? 0 : UINT32_MAX >> (8 * count);
    *out = (struct ip4_range){ network, network | host };
    return true;
}

/* "10.1.2.0/24", or "first-last" where it is no power of two. */
static void show_range4(struct ip4_range range, char out[ZONE_NETWORK_SIZE])
{
    char first[IP4_TEXT_SIZE], last[IP4_TEXT_SIZE];
    int prefix = ip4_mask_prefix(~(range.first ^ range.last));
    ip4_format(range.first, first);
    ip4_format(range.last, last);
    if (prefix >= 0 && (range.first & ~ip4_prefix_mask(prefix)) == 0)
        snprintf(out, ZONE_NETWORK_SIZE, "%s/%d", first, prefix);
    else
        snprintf(out, ZONE_NETWORK_SIZE, "%s-%s", first, last);
}

static bool network6(const char *name, char out[ZONE_NETWORK_SIZE])
{
    struct label labels[33];
    size_t count;
    struct ip6 ip = { { 0 } };
    int len = before_suffix(name, SUFFIX6);

    if (len < 0 || !split_labels(name, (size_t)len, labels, 32, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = labels[i].len == 1 ? strchr(digits, labels[i].at[0] | 0x20) : NULL;
        if (!digit || !*digit)
            return false;
        ip.b[i / 2] |= (uint8_t)((digit - digits) << (i % 2 ? 0 : 4));
    }
    char text[IP6_TEXT_SIZE];
    snprintf(out, ZONE_NETWORK_SIZE, "%s/%zu", ip6_format(&ip, text), count * 4);
    return true;
}

bool zone_network(const char *name, char out[ZONE_NETWORK_SIZE])
{
    struct ip4_range range;
    if (zone_range4(name, &range)) {
        show_range4(range, out);
        return true;
    }
    return network6(name, out);
}

int zone_serial_compare(uint32_t a, uint32_t b)
{
    uint32_t ahead = a - b;
    if (ahead == 0 || ahead == UINT32_C(0x80000000))
        return 0;
    return ahead < UINT32_C(0x80000000) ? 1 : -1;
}

uint32_t zone_serial_lag(uint32_t secondary, uint32_t primary)
{
    return zone_serial_compare(secondary, primary) < 0 ? primary - secondary : 0;
}

static const char *const health_names[] = { "unknown", "ok", "warning", "error" };

const char *health_name(enum health health)
{
    return health_names[health];
}

enum health health_named(const char *name)
{
    for (size_t i = 0; i < COUNT(health_names); i++)
        if (strcmp(health_names[i], name) == 0)
            return (enum health)i;
    return HEALTH_UNKNOWN;
}

enum health health_aggregate(const enum health *servers, size_t count)
{
    size_t of[4] = { 0 };
    for (size_t i = 0; i < count; i++)
        of[servers[i]]++;
    if (of[HEALTH_UNKNOWN] == count)
        return HEALTH_UNKNOWN;
    if (of[HEALTH_OK] == count)
        return HEALTH_OK;
    return of[HEALTH_OK] + of[HEALTH_WARNING] > 0 ? HEALTH_WARNING : HEALTH_ERROR;
}
