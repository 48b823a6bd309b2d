/* clock.h - what time it is, and times as text.
 *
 * Wall times are seconds since 1970-01-01 UTC (int64_t, 0 = never). Durations for time-outs are milliseconds of
 * a clock that does not jump. Tests fix the wall clock with IPAMTUI_NOW=SECONDS in the environment. Any thread. */
#ifndef IPAM_CLOCK_H
#define IPAM_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int64_t clock_now_s(void);    /* wall clock */
int64_t clock_mono_ms(void);  /* monotonic; counts while the machine is suspended (CLOCK_BOOTTIME) */
int64_t clock_mono_us(void);

#define CLOCK_ISO_SIZE 21
/* "2026-11-25T10:12:00Z" into out[CLOCK_ISO_SIZE]; returns out. */
char *clock_iso(int64_t when_s, char *out);
/* Reads what clock_iso writes, also without Z, with fraction or +hh:mm. */
bool clock_parse_iso(const char *text, int64_t *when_s);
/* Age in words for a column: "now", "40 s", "4 min", "2 h 10 m", "9 d". A negative age (the clock jumped) is "now". */
char *clock_age(int64_t age_s, char *out, size_t size);

#endif
