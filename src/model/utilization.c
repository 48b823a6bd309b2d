#include "ipamtui/utilization.h"

#include <stdlib.h>
#include <string.h>

bool percent_parse(const char *text, double *out)
{
    char *end;
    double percent = strtod(text, &end);

    /* strtod reads "nan", "inf" and hexadecimal as well: none of them is a percentage. */
    if (end == text || (*end != '\0' && strcmp(end, "%") != 0) || strpbrk(text, "xXnNiIpP") || !(percent >= 0 && percent <= 100))
        return false;
    *out = percent;
    return true;
}

double utilization_percent(int64_t in_use, int64_t free)
{
    /* A 2012 server reports a superscope member with no pool as 0 of 0. That is "no counters yet", not "full". */
    if (in_use < 0 || free < 0 || in_use + free <= 0)
        return -1;
    return 100.0 * (double)in_use / (double)(in_use + free);
}

enum level utilization_level(double percent, struct thresholds t)
{
    if (percent < 0)
        return LEVEL_UNKNOWN;
    if (percent > t.over)
        return LEVEL_OVER;
    return percent < t.under ? LEVEL_UNDER : LEVEL_OPTIMAL;
}

const char *level_name(enum level level)
{
    static const char *const names[] = { "", "under", "optimal", "over" };

    return (unsigned)level < sizeof(names) / sizeof(names[0]) ? names[level] : "";
}
