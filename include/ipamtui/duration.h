/* duration.h - durations as people and as Windows write them. Pure; any thread.
 *
 * Seconds in int64_t; DURATION_UNLIMITED is a lease that never ends (DHCP: 0xffffffff seconds). */
#ifndef IPAM_DURATION_H
#define IPAM_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/err.h"

#define DURATION_UNLIMITED INT64_C(-1)
#define DURATION_TEXT_SIZE 32

/* "8d", "4h30m", "1w", "90s", "8.00:00:00", "00:30:00", "unlimited" ("infinite", "-1"). A bare number needs a unit.
 * TimeSpans of 49710.06:28:15 and above (what Windows shows for an unlimited lease) are DURATION_UNLIMITED.
 * Between 0 and 0xfffffffe seconds. field names the input in the error. */
bool duration_parse(const char *text, const char *field, int64_t *seconds, struct err *err);
/* Short and exact: "8d", "4h30m", "unlimited", "0s". */
char *duration_format(int64_t seconds, char out[DURATION_TEXT_SIZE]);
/* .NET TimeSpan ticks (100 ns) to seconds, with the unlimited rule; and back. */
int64_t duration_from_ticks(int64_t ticks);
int64_t duration_to_ticks(int64_t seconds);

#endif
