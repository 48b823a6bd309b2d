#include "ipamtui/trend.h"

#include <math.h>

#define DAY 86400.0
#define SHORTEST_S (6 * 3600)

bool trend_of(const struct trend_point *points, size_t count, double total, struct trend *out)
{
    double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0, squares = 0;
    if (count < 3)
        return false;
    int64_t first = points[0].at_s, last = points[0].at_s;
    for (size_t i = 1; i < count; i++) {
        if (points[i].at_s < first)
            first = points[i].at_s;
        if (points[i].at_s > last)
            last = points[i].at_s;
    }
    if (last - first < SHORTEST_S)
        return false;
    for (size_t i = 0; i < count; i++) { /* relative to the first: seconds since 1970 squared lose digits */
        double x = (double)(points[i].at_s - first) / DAY;
        sum_x += x;
        sum_y += points[i].in_use;
        sum_xx += x * x;
        sum_xy += x * points[i].in_use;
    }
    double n = (double)count, spread = n * sum_xx - sum_x * sum_x;
    if (spread <= 0)
        return false;
    double slope = (n * sum_xy - sum_x * sum_y) / spread, at_zero = (sum_y - slope * sum_x) / n;
    for (size_t i = 0; i < count; i++) {
        double x = (double)(points[i].at_s - first) / DAY, off = points[i].in_use - (at_zero + slope * x);
        squares += off * off;
    }
    double days = (double)(last - first) / DAY, now = at_zero + slope * days;
    *out = (struct trend){ .per_day = slope, .noise = sqrt(squares / n), .days_left = -1 };
    if (slope > 0 && slope * days > out->noise && total > now)
        out->days_left = (total - now) / slope;
    return true;
}
