#include "ipamtui/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t clock_now_s(void)
{
    const char *fixed = getenv("IPAMTUI_NOW"); /* tests: a clock that stands */
    if (fixed && *fixed)
        return strtoll(fixed, NULL, 10);
    return (int64_t)time(NULL);
}

int64_t clock_mono_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

char *clock_iso(int64_t when_s, char *out)
{
    struct tm tm;
    time_t t = (time_t)when_s;
    if (!gmtime_r(&t, &tm) || tm.tm_year > 8099 || tm.tm_year < -1900) {
        memcpy(out, "0000-00-00T00:00:00Z", CLOCK_ISO_SIZE);
        return out;
    }
    strftime(out, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return out;
}

bool clock_parse_iso(const char *text, int64_t *when_s)
{
    struct tm tm = { 0 };
    const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!at)
        at = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    if (!at)
        return false;
    if (*at == '.' || *at == ',') {
        at++;
        at += strspn(at, "0123456789");
    }
    int64_t offset = 0;
    if (*at == '+' || *at == '-') {
        int hours, minutes = 0, used = 0;
        int sign = *at == '-' ? -1 : 1;
        if (sscanf(at + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || at[1 + used] != '\0')
            return false;
        offset = sign * (hours * 3600 + minutes * 60);
        at = "";
    }
    if (strcmp(at, "") != 0 && strcmp(at, "Z") != 0)
        return false;
    *when_s = (int64_t)timegm(&tm) - offset;
    return true;
}

char *clock_age(int64_t age_s, char *out, size_t size)
{
    long long s = age_s;
    if (s < 5)
        snprintf(out, size, "now");
    else if (s < 60)
        snprintf(out, size, "%lld s", s);
    else if (s < 3600)
        snprintf(out, size, "%lld min", s / 60);
    else if (s < 86400 && s % 3600 >= 60)
        snprintf(out, size, "%lld h %lld m", s / 3600, s % 3600 / 60);
    else if (s < 86400)
        snprintf(out, size, "%lld h", s / 3600);
    else
        snprintf(out, size, "%lld d", s / 86400);
    return out;
}
