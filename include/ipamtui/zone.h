/* zone.h - what zone names and states mean: the network a reverse zone covers, serials, health. Pure; any thread.
 *
 * RFC 1035 3.5 (in-addr.arpa), RFC 2317 (classless), RFC 3596 2.5 (ip6.arpa), RFC 1982 (serials). */
#ifndef IPAM_ZONE_H
#define IPAM_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/ip.h"

enum zone_family { ZONE_FORWARD, ZONE_REVERSE4, ZONE_REVERSE6 };
enum zone_family zone_family(const char *name); /* trailing dot and case do not matter */
const char *zone_family_name(enum zone_family family); /* "forward", "ipv4 reverse", "ipv6 reverse" */

/* The network that a reverse zone covers: "2.1.10.in-addr.arpa" is 10.1.2.0/24, "0/25.2.1.10.in-addr.arpa" and
 * "0-127.2.1.10.in-addr.arpa" are 10.1.2.0/25 (RFC 2317), "128-255.…" as a range; "8.b.d.0.1.0.0.2.ip6.arpa" is
 * 2001:db8::/32. false: a forward zone, or labels that are no address. */
#define ZONE_NETWORK_SIZE 64
bool zone_network(const char *name, char out[ZONE_NETWORK_SIZE]);
/* The IPv4 addresses it covers. false: not an IPv4 reverse zone. */
bool zone_range4(const char *name, struct ip4_range *out);

/* RFC 1982: negative = a is older than b, positive = newer, 0 = equal or not comparable (half the circle apart). */
int zone_serial_compare(uint32_t a, uint32_t b);
/* How far behind is a secondary: 0 when it has primary's serial or a newer one. */
uint32_t zone_serial_lag(uint32_t secondary, uint32_t primary);

enum health { HEALTH_UNKNOWN, HEALTH_OK, HEALTH_WARNING, HEALTH_ERROR };
const char *health_name(enum health health); /* "unknown", "ok", "warning", "error" */
enum health health_named(const char *name);  /* the other way round; any other word: HEALTH_UNKNOWN */
/* Over all authoritative servers: OK when all are; Warning when some is not; Error when none answers well; Unknown when nothing is
 * known of any. A server of which nothing is known keeps the rest from being OK: Warning. */
enum health health_aggregate(const enum health *servers, size_t count);

/* ------------------------------------------------------------------ one zone on one server */
/* What is known of it; NULL = not known. Words are those of the catalogue. */
struct zone_facts {
    const char *name;
    const char *type;            /* "primary", "secondary", "stub", "forwarder" */
    const char *reachable;       /* of the server: "yes", "no" */
    const char *service;         /* its DNS service: "running", "stopped", "paused" ... */
    bool paused, shutdown;
    bool has_masters;
    int64_t transfer_result;     /* 0 = well, -1 = not known, else a Windows error */
    bool has_serial;
    const char *soa_error;       /* id of the error with which it refused its SOA: "DNS_ERROR_RCODE_REFUSED" */
    const char *soa_result;      /* how asking for all SOAs ended: "done", "not offered", "denied", "failed", "lost" */
    int64_t lag;                 /* secondary: behind its primary; -1 = not known */
    int64_t event;               /* newest event about it that was not acknowledged; 0 = none */
    const char *event_grade;     /* "good", "warn", "bad" */
};
/* Its health there. The cause is "" where there is nothing to say. Forwarders and stubs answer for others: their SOA comes from
 * elsewhere and does not make them ill. Events are of the past: by themselves they make a Warning, never an Error. */
enum health zone_health(const struct zone_facts *facts, char *cause, size_t size);
/* Does this type of zone answer with authority? */
bool zone_authoritative(const char *type);

/* ------------------------------------------------------------------ events of the log "DNS Server" about a zone */
enum zone_event_grade { ZONE_EVENT_GOOD, ZONE_EVENT_WARN, ZONE_EVENT_BAD };
struct zone_event {
    int id;
    int zone; /* which of its data, counted from 1, is the zone */
    enum zone_event_grade grade;
    const char *text;
};
const struct zone_event *zone_event_find(int64_t id); /* NULL: says nothing about a zone's health */
const char *zone_event_grade_name(enum zone_event_grade grade); /* "good", "warn", "bad" */

#endif
