/* utilization.h - how full a scope is: percent, and under, optimal or over. Pure; any thread. */
#ifndef IPAM_UTILIZATION_H
#define IPAM_UTILIZATION_H

#include <stdbool.h>
#include <stdint.h>

struct thresholds {
    double over, under; /* percent; over 80 and under 20 by default. The limits themselves are optimal. */
};
#define THRESHOLDS_DEFAULT ((struct thresholds){ 80, 20 })

enum level { LEVEL_UNKNOWN, LEVEL_UNDER, LEVEL_OPTIMAL, LEVEL_OVER };

/* "80", "0.5%": decimal, 0 to 100; false for anything else. */
bool percent_parse(const char *text, double *out);
/* Leasable addresses in use, 0-100; -1 = unknown (no counters, or 0 of 0: a member without a pool). */
double utilization_percent(int64_t in_use, int64_t free);
enum level utilization_level(double percent, struct thresholds t);
const char *level_name(enum level level); /* "under", "optimal", "over"; "" for unknown */

#endif
