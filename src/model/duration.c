#include "ipamtui/duration.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SECONDS_UNLIMITED INT64_C(0xffffffff) /* what DHCP sends for a lease without end */
#define TICKS_PER_SECOND INT64_C(10000000)

static const struct {
    char letter;
    int64_t seconds;
} units[] = { { 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

static int64_t unit_seconds(char letter)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (units[i].letter == tolower((unsigned char)letter))
            return units[i].seconds;
    return 0;
}

/* Decimal digits at *at; moves past them. Too many stay at a number that is over every limit. */
static bool number(const char **at, int64_t *out)
{
    const char *p = *at;
    int64_t n = 0;

    if (!isdigit((unsigned char)*p))
        return false;
    for (; isdigit((unsigned char)*p); p++)
        if (n < INT64_C(100000000000))
            n = n * 10 + (*p - '0');
    *at = p;
    *out = n;
    return true;
}

/* "4h30m": numbers with units, each unit smaller than the one before. */
static bool with_units(const char *text, int64_t *seconds)
{
    int64_t sum = 0, last = INT64_MAX, n;
    const char *p = text;

    if (*p == '\0')
        return false;
    while (*p != '\0') {
        int64_t unit;

        while (*p == ' ' && p > text)
            p++;
        if (!number(&p, &n))
            return false;
        while (*p == ' ')
            p++;
        unit = unit_seconds(*p);
        if (unit == 0 || unit >= last)
            return false;
        p++;
        last = unit;
        sum += n * unit;
        if (sum > INT64_C(100000000000))
            sum = INT64_C(100000000000);
    }
    *seconds = sum;
    return true;
}

/* .NET TimeSpan: [d.]hh:mm[:ss[.fffffff]]; a fraction is cut off. */
static bool time_span(const char *text, int64_t *seconds)
{
    int64_t days = 0, h, m, s = 0, fraction;
    const char *p = text;

    if (!number(&p, &h))
        return false;
    if (*p == '.') {
        days = h;
        p++;
        if (!number(&p, &h))
            return false;
    }
    if (*p++ != ':' || !number(&p, &m))
        return false;
    if (*p == ':') {
        p++;
        if (!number(&p, &s))
            return false;
        if (*p == '.') {
            p++;
            if (!number(&p, &fraction))
                return false;
        }
    }
    if (*p != '\0' || h > 23 || m > 59 || s > 59)
        return false;
    if (days > INT64_C(11000000)) /* past TimeSpan.MaxValue; only keeps the sum from overflowing */
        days = INT64_C(11000000);
    *seconds = days * 86400 + h * 3600 + m * 60 + s;
    return true;
}

static bool is_unlimited(const char *text)
{
    return strcasecmp(text, "unlimited") == 0 || strcasecmp(text, "infinite") == 0 || strcmp(text, "-1") == 0;
}

bool duration_parse(const char *text, const char *field, int64_t *seconds, struct err *err)
{
    int64_t got = 0;
    const char *p = text;
    int64_t bare;

    if (is_unlimited(text)) {
        *seconds = DURATION_UNLIMITED;
        return true;
    }
    if (time_span(text, &got)) {
        *seconds = got >= SECONDS_UNLIMITED ? DURATION_UNLIMITED : got;
        return true;
    }
    if (number(&p, &bare) && *p == '\0')
        return err_set(err, ERR_INPUT, field, "\"%.40s\" needs a unit: w, d, h, m or s, as in 8d or 4h30m", text);
    if (!with_units(text, &got))
        return err_set(err, ERR_INPUT, field,
                       "\"%.40s\" is no duration: write 8d, 4h30m, 8.00:00:00 or unlimited", text);
    if (got >= SECONDS_UNLIMITED)
        return err_set(err, ERR_INPUT, field,
                       "\"%.40s\" is too long: the longest is 49710d6h28m14s, or write unlimited", text);
    *seconds = got;
    return true;
}

char *duration_format(int64_t seconds, char out[DURATION_TEXT_SIZE])
{
    size_t at = 0;

    if (seconds == DURATION_UNLIMITED) {
        snprintf(out, DURATION_TEXT_SIZE, "unlimited");
        return out;
    }
    if (seconds <= 0) {
        snprintf(out, DURATION_TEXT_SIZE, "%" PRId64 "s", seconds);
        return out;
    }
    /* Days are the largest unit shown: 14d compares with 8d at a glance, 2w does not. */
    for (size_t i = 1; i < sizeof(units) / sizeof(units[0]); i++) {
        int64_t n = seconds / units[i].seconds;

        seconds %= units[i].seconds;
        if (n > 0 && at < DURATION_TEXT_SIZE)
            at += (size_t)snprintf(out + at, DURATION_TEXT_SIZE - at, "%" PRId64 "%c", n, units[i].letter);
    }
    return out;
}

/* A negative TimeSpan is no lease; it must not become -1, which means unlimited. */
int64_t duration_from_ticks(int64_t ticks)
{
    int64_t seconds = ticks < 0 ? 0 : ticks / TICKS_PER_SECOND;

    return seconds >= SECONDS_UNLIMITED ? DURATION_UNLIMITED : seconds;
}

int64_t duration_to_ticks(int64_t seconds)
{
    if (seconds == DURATION_UNLIMITED)
        seconds = SECONDS_UNLIMITED;
    return seconds * TICKS_PER_SECOND;
}
