/* events.h - an event of a Windows log, as its XML says it. */
#ifndef WINDOWS_EVENTS_H
#define WINDOWS_EVENTS_H

#include "ipamtui/clixml.h"

struct zone_event_row {
    const char *zone; /* in the arena */
    int64_t id, at_s;
    const char *grade; /* "good", "warn", "bad" */
};
/* false: it is no event about a zone's health, or cannot be read. */
bool zone_event_read(const struct ps_value *answer, struct arena *arena, struct zone_event_row *out);

#endif
