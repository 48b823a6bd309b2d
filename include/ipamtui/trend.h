/* trend.h - where a scope's use is going: a straight line through its history. Pure; any thread. */
#ifndef IPAM_TREND_H
#define IPAM_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trend_point {
    int64_t at_s;  /* seconds since 1970 */
    double in_use; /* addresses */
};
struct trend {
    double per_day;    /* addresses a day, least squares */
    double noise;      /* standard deviation from the line, addresses */
    double days_left;  /* until total is in use; -1 = not by this trend */
};
/* Points in any order. false: fewer than 3 points, or less than six hours of them: no trend is better than a wrong one.
 * days_left is given only where the growth over the observed time exceeds its noise. */
bool trend_of(const struct trend_point *points, size_t count, double total, struct trend *out);

#endif
