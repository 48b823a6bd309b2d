/* zone_event.c - which events of the DNS server are about a zone, and which of their data names it. Messages are localized; ids and the
 * order of the data are not. What administrators changed says nothing about health and is not here. */
#include <stddef.h>

#include "ipamtui/zone.h"

static const struct zone_event events[] = { /* ascending */
    { 500, 1, ZONE_EVENT_BAD, "zone registry data bad" },
    { 501, 1, ZONE_EVENT_BAD, "zone type missing in the registry" },
    { 502, 1, ZONE_EVENT_BAD, "primary zone without a file name" },
    { 503, 1, ZONE_EVENT_BAD, "secondary zone without masters" },
    { 504, 1, ZONE_EVENT_BAD, "zone could not be created from the registry" },
    { 505, 1, ZONE_EVENT_BAD, "one registry value of the zone bad" },
    { 769, 1, ZONE_EVENT_GOOD, "zone loaded from file" },
    { 777, 1, ZONE_EVENT_BAD, "unsigning failed" },
    { 800, 1, ZONE_EVENT_WARN, "updates allowed but the SOA primary has no A record" },
    { 1201, 1, ZONE_EVENT_BAD, "zone in boot file not created" },
    { 1501, 2, ZONE_EVENT_BAD, "zone file cannot be parsed: zone not loaded" },
    { 1524, 2, ZONE_EVENT_BAD, "signatures expired: names fail to validate" },
    { 1525, 2, ZONE_EVENT_WARN, "signatures about to expire" },
    { 3150, 2, ZONE_EVENT_GOOD, "zone written to file" },
    { 3151, 2, ZONE_EVENT_BAD, "zone file not written, disk full?" },
    { 4001, 1, ZONE_EVENT_BAD, "AD zone cannot be opened" },
    { 4002, 1, ZONE_EVENT_BAD, "AD zone not added" },
    { 4003, 1, ZONE_EVENT_BAD, "AD zone not deleted" },
    { 4004, 1, ZONE_EVENT_BAD, "AD zone enumeration failed" },
    { 4006, 2, ZONE_EVENT_BAD, "AD records of a name not loaded" },
    { 4007, 1, ZONE_EVENT_BAD, "AD zone in a partition cannot be opened" },
    { 4010, 2, ZONE_EVENT_BAD, "record not created from AD data" },
    { 4011, 2, ZONE_EVENT_BAD, "update not written to AD" },
    { 4019, 1, ZONE_EVENT_BAD, "background load of the AD zone failed" },
    { 4021, 1, ZONE_EVENT_GOOD, "background load done" },
    { 4511, 1, ZONE_EVENT_WARN, "old copy of moved zone not deleted" },
    { 4515, 1, ZONE_EVENT_WARN, "same zone found in two partitions" },
    { 4521, 2, ZONE_EVENT_WARN, "AD zone not loaded, retries" },
    { 6002, 2, ZONE_EVENT_WARN, "transfer aborted by the secondary" },
    { 6004, 2, ZONE_EVENT_WARN, "transfer asked for a zone not held" },
    { 6520, 1, ZONE_EVENT_GOOD, "secondary updated from master" },
    { 6521, 1, ZONE_EVENT_GOOD, "secondary already in step with master" },
    { 6523, 1, ZONE_EVENT_WARN, "refresh failed, master unreachable" },
    { 6524, 1, ZONE_EVENT_BAD, "bad answer from master" },
    { 6525, 1, ZONE_EVENT_BAD, "transfer refused by master" },
    { 6526, 1, ZONE_EVENT_WARN, "local version newer than the master's" },
    { 6527, 1, ZONE_EVENT_BAD, "secondary zone EXPIRED: not served" },
    { 6530, 1, ZONE_EVENT_WARN, "record outside the zone in transfer" },
    { 6531, 1, ZONE_EVENT_WARN, "CNAME clash in transfer" },
    { 6532, 1, ZONE_EVENT_WARN, "CNAME loop in transfer" },
    { 6534, 1, ZONE_EVENT_BAD, "transfer failed or aborted by master" },
    { 6535, 1, ZONE_EVENT_WARN, "bad IXFR answer, falls back" },
    { 6536, 1, ZONE_EVENT_WARN, "bad IXFR data" },
    { 7648, 1, ZONE_EVENT_WARN, "key master role seized from us" },
    { 7652, 1, ZONE_EVENT_BAD, "zone signing failed" },
    { 7654, 2, ZONE_EVENT_BAD, "dynamic update not signed, rejected" },
    { 7655, 2, ZONE_EVENT_BAD, "scavenging change not signed" },
    { 7656, 2, ZONE_EVENT_BAD, "replicated change not signed" },
    { 7657, 2, ZONE_EVENT_BAD, "signatures not refreshed" },
    { 7658, 1, ZONE_EVENT_BAD, "re-signing failed" },
    { 7659, 2, ZONE_EVENT_BAD, "DS from child not signed" },
    { 7660, 2, ZONE_EVENT_BAD, "DS from child not valid" },
    { 7661, 2, ZONE_EVENT_BAD, "admin change not signed, rejected" },
    { 7662, 2, ZONE_EVENT_WARN, "DS set cannot refresh itself" },
    { 7663, 1, ZONE_EVENT_BAD, "key descriptor invalid" },
    { 7664, 1, ZONE_EVENT_BAD, "signing configuration invalid" },
    { 7665, 1, ZONE_EVENT_BAD, "key not accessible" },
    { 7666, 1, ZONE_EVENT_BAD, "signing failed at load" },
    { 7671, 2, ZONE_EVENT_BAD, "rollover failed, no more attempts" },
    { 7672, 2, ZONE_EVENT_WARN, "rollover failed, will retry" },
    { 7674, 1, ZONE_EVENT_WARN, "signed zone with WINS records transferred" },
    { 7677, 2, ZONE_EVENT_BAD, "scope signing failed" },
    { 7679, 2, ZONE_EVENT_BAD, "scope unsigning failed" },
};

const struct zone_event *zone_event_find(int64_t id)
{
    size_t low = 0, high = sizeof(events) / sizeof(*events);

    while (low < high) {
        size_t at = (low + high) / 2;

        if (events[at].id == id)
            return &events[at];
        if (events[at].id < id)
            low = at + 1;
        else
            high = at;
    }
    return NULL;
}

const char *zone_event_grade_name(enum zone_event_grade grade)
{
    static const char *const names[] = { "good", "warn", "bad" };

    return names[grade];
}
