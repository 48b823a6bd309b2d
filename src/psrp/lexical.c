#include "lexical.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKS_PER_MINUTE (60 * TICKS_PER_SECOND)
#define TICKS_PER_HOUR (60 * TICKS_PER_MINUTE)
#define TICKS_PER_DAY (24 * TICKS_PER_HOUR)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && (**text == ' ' || (**text >= '\t' && **text <= '\r')))
        (*text)++, (*len)--;
    while (*len > 0 && ((*text)[*len - 1] == ' ' || ((*text)[*len - 1] >= '\t' && (*text)[*len - 1] <= '\r')))
        (*len)--;
}

/* ---------------------------------------------------------------- numbers */

bool lexical_u64(const char *text, size_t len, uint64_t *out)
{
    uint64_t value = 0;

    trim(&text, &len);
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool lexical_i64(const char *text, size_t len, int64_t *out)
{
    uint64_t value;

    trim(&text, &len);
    bool negative = len > 0 && text[0] == '-';
    size_t sign = negative || (len > 0 && text[0] == '+');
    if (len == sign || !is_digit(text[sign]) || !lexical_u64(text + sign, len - sign, &value) ||
        value > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static locale_t plain_locale;

static void make_plain_locale(void)
{
    plain_locale = newlocale(LC_ALL_MASK, "C", NULL);
}

/* strtod and printf follow LC_NUMERIC of the process; CLIXML always has a point. */
static locale_t use_plain_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_plain_locale);
    return plain_locale ? uselocale(plain_locale) : NULL;
}

static void restore_locale(locale_t old)
{
    if (old)
        uselocale(old);
}

static const struct {
    const char *name;
    double value;
} special_doubles[] = { { "INF", INFINITY }, { "-INF", -INFINITY }, { "NaN", NAN } };

bool lexical_double(const char *text, size_t len, double *out)
{
    char copy[512], *end;

    trim(&text, &len);
    for (size_t i = 0; i < COUNT(special_doubles); i++) {
        if (len == strlen(special_doubles[i].name) && memcmp(text, special_doubles[i].name, len) == 0) {
            *out = special_doubles[i].value;
            return true;
        }
    }
    /* Only digits, sign, point and exponent: strtod alone would take "nan(...)" and hexadecimal as well. */
    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (strspn(copy, "0123456789+-.eE") < len)
        return false;
    locale_t old = use_plain_locale();
    double value = strtod(copy, &end);
    restore_locale(old);
    if (end == copy || *end != '\0')
        return false;
    *out = value;
    return true;
}

/* The shortest form that reads back the same, as .NET writes it. */
char *lexical_put_double(double value, bool single, char out[LEXICAL_SIZE])
{
    if (isnan(value) || isinf(value)) {
        snprintf(out, LEXICAL_SIZE, "%s", isnan(value) ? "NaN" : value > 0 ? "INF" : "-INF");
        return out;
    }
    locale_t old = use_plain_locale();
    for (int digits = single ? 6 : 15; digits <= (single ? 9 : 17); digits++) {
        snprintf(out, LEXICAL_SIZE, "%.*G", digits, value);
        if (single ? strtof(out, NULL) == (float)value : strtod(out, NULL) == value)
            break;
    }
    restore_locale(old);
    return out;
}

bool lexical_bool(const char *text, size_t len, bool *out)
{
    trim(&text, &len);
    if (len == 4 && (memcmp(text, "true", 4) == 0 || memcmp(text, "True", 4) == 0))
        *out = true;
    else if (len == 5 && (memcmp(text, "false", 5) == 0 || memcmp(text, "False", 5) == 0))
        *out = false;
    else
        return false;
    return true;
}

/* -------------------------------------------------------------- durations */

/* Digits at *at as a number below 10^18; false: none, or too many. */
static bool take_number(const char **at, const char *end, uint64_t *out)
{
    const char *start = *at;
    uint64_t value = 0;

    while (*at < end && is_digit(**at) && *at - start < 18)
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    *out = value;
    return *at > start && (*at == end || !is_digit(**at));
}

/* ".1234567" at *at as ticks; digits past the seventh are dropped. false: a point without digits. */
static bool take_fraction(const char **at, const char *end, uint64_t *ticks)
{
    *ticks = 0;
    if (*at == end || **at != '.')
        return true;
    const char *start = ++*at;
    uint64_t unit = (uint64_t)TICKS_PER_SECOND / 10;
    for (; *at < end && is_digit(**at); (*at)++, unit /= 10)
        *ticks += unit * (uint64_t)(**at - '0');
    return *at > start;
}

/* sum += count * unit; false: past 64 bits. */
static bool add_units(uint64_t *sum, uint64_t count, int64_t unit)
{
    uint64_t product;

    return !__builtin_mul_overflow(count, (uint64_t)unit, &product) && !__builtin_add_overflow(*sum, product, sum);
}

static bool with_sign(uint64_t ticks, bool negative, int64_t *out)
{
    if (ticks > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - ticks) : (int64_t)ticks;
    return true;
}

static const struct {
    char letter;
    bool time; /* after the T */
    int64_t ticks;
} duration_units[] = {
    { 'D', false, TICKS_PER_DAY }, { 'H', true, TICKS_PER_HOUR }, { 'M', true, TICKS_PER_MINUTE }, { 'S', true, TICKS_PER_SECOND },
};

/* One "8D" of a duration; *unit: index of the last unit seen, they come in order. */
static bool take_duration_part(const char **at, const char *end, bool time, size_t *unit, uint64_t *ticks)
{
    uint64_t count, fraction;

    if (!take_number(at, end, &count) || !take_fraction(at, end, &fraction) || *at == end)
        return false;
    bool has_fraction = (*at)[-1] != '.' && fraction != 0;
    for (size_t i = *unit; i < COUNT(duration_units); i++) {
        if (duration_units[i].letter != **at || duration_units[i].time != time)
            continue;
        if (has_fraction && duration_units[i].letter != 'S')
            return false;
        (*at)++;
        *unit = i + 1;
        return add_units(ticks, count, duration_units[i].ticks) && add_units(ticks, fraction, 1);
    }
    return false;
}

bool lexical_duration(const char *text, size_t len, int64_t *out)
{
    uint64_t ticks = 0;
    size_t unit = 0;
    bool time = false;

    trim(&text, &len);
    const char *at = text, *end = text + len;
    bool negative = at < end && *at == '-';
    at += negative;
    if (end - at < 3 || *at++ != 'P')
        return false;
    while (at < end) {
        if (*at == 'T') {
            if (time || ++at == end)
                return false;
            time = true;
        }
        if (!take_duration_part(&at, end, time, &unit, &ticks))
            return false;
    }
    return with_sign(ticks, negative, out);
}

/* ".5" without trailing zeros, or nothing. Returns the new end. */
static char *put_fraction(char *at, uint64_t ticks)
{
    if (ticks == 0)
        return at;
    at += sprintf(at, ".%07" PRIu64, ticks);
    while (at[-1] == '0')
        *--at = '\0';
    return at;
}

struct clock_parts {
    uint64_t days, hours, minutes, seconds, fraction;
};

static struct clock_parts split_ticks(uint64_t ticks)
{
    return (struct clock_parts){
        .days = ticks / (uint64_t)TICKS_PER_DAY,
        .hours = ticks / (uint64_t)TICKS_PER_HOUR % 24,
        .minutes = ticks / (uint64_t)TICKS_PER_MINUTE % 60,
        .seconds = ticks / (uint64_t)TICKS_PER_SECOND % 60,
        .fraction = ticks % (uint64_t)TICKS_PER_SECOND,
    };
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

char *lexical_put_duration(int64_t ticks, char out[LEXICAL_SIZE])
{
    struct clock_parts p = split_ticks(magnitude(ticks));
    char *at = out + sprintf(out, "%sP", ticks < 0 ? "-" : "");

    if (p.days)
        at += sprintf(at, "%" PRIu64 "D", p.days);
    if (p.hours || p.minutes || p.seconds || p.fraction || ticks == 0)
        at += sprintf(at, "T");
    if (p.hours)
        at += sprintf(at, "%" PRIu64 "H", p.hours);
    if (p.minutes)
        at += sprintf(at, "%" PRIu64 "M", p.minutes);
    if (p.seconds || p.fraction || ticks == 0) {
        at += sprintf(at, "%" PRIu64, p.seconds);
        at = put_fraction(at, p.fraction);
        sprintf(at, "S");
    }
    return out;
}

/* Numbers of "d.hh:mm:ss" or "hh:mm". */
bool lexical_timespan(const char *text, size_t len, int64_t *out)
{
    static const int64_t units[] = { TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND };
    static const uint64_t most[] = { 23, 59, 59 };
    uint64_t ticks = 0, number, fraction;

    trim(&text, &len);
    const char *at = text, *end = text + len;
    bool negative = at < end && *at == '-';
    at += negative;
    if (!take_number(&at, end, &number))
        return false;
    if (at == end || *at == '.') { /* days, alone or before the clock */
        if (!add_units(&ticks, number, TICKS_PER_DAY))
            return false;
        if (at == end)
            return with_sign(ticks, negative, out);
        at++;
        if (!take_number(&at, end, &number))
            return false;
    }
    for (size_t i = 0; i < COUNT(units); i++) {
        if (number > most[i] || !add_units(&ticks, number, units[i]))
            return false;
        if (at == end)
            return i > 0 && with_sign(ticks, negative, out);
        if (i == COUNT(units) - 1 || *at++ != ':' || !take_number(&at, end, &number))
            break;
    }
    return *at == '.' && take_fraction(&at, end, &fraction) && at == end && add_units(&ticks, fraction, 1) &&
           with_sign(ticks, negative, out);
}

char *lexical_put_timespan(int64_t ticks, char out[LEXICAL_SIZE])
{
    struct clock_parts p = split_ticks(magnitude(ticks));
    char *at = out + sprintf(out, "%s", ticks < 0 ? "-" : "");

    if (p.days)
        at += sprintf(at, "%" PRIu64 ".", p.days);
    at += sprintf(at, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, p.hours, p.minutes, p.seconds);
    if (p.fraction)
        sprintf(at, ".%07" PRIu64, p.fraction);
    return out;
}

/* ---------------------------------------------------------- points in time */

/* Days from 0001-01-01 to the date (proleptic Gregorian, as .NET). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    int64_t y = year - 1;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return y * 365 + y / 4 - y / 100 + y / 400 + before[month - 1] + (leap && month > 2) + day - 1;
}

static int days_in_month(int64_t year, int64_t month)
{
    return (int)(days_of(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - days_of(year, month, 1));
}

/* Exactly `digits` digits, then `after` (0 = nothing in particular). */
static bool take_field(const char **at, const char *end, int digits, char after, int64_t *out)
{
    int64_t value = 0;

    if (end - *at < digits + (after != 0))
        return false;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (!is_digit(**at))
            return false;
        value = value * 10 + (**at - '0');
    }
    *out = value;
    return after == 0 || *(*at)++ == after;
}

/* "", "Z" or "+01:00". */
static bool take_zone(const char *at, const char *end, struct ps_value *out)
{
    int64_t hours, minutes;

    out->zone = PS_ZONE_UNSPECIFIED;
    out->zone_minutes = 0;
    if (at == end)
        return true;
    if (*at == 'Z') {
        out->zone = PS_ZONE_UTC;
        return at + 1 == end;
    }
    if (*at != '+' && *at != '-')
        return false;
    bool west = *at++ == '-';
    if (!take_field(&at, end, 2, ':', &hours) || !take_field(&at, end, 2, 0, &minutes) || at != end || hours > 14 ||
        minutes > 59)
        return false;
    out->zone = PS_ZONE_OFFSET;
    out->zone_minutes = (int)(hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

bool lexical_datetime(const char *text, size_t len, struct ps_value *out)
{
    int64_t year, month, day, hour, minute, second;
    uint64_t fraction;

    trim(&text, &len);
    const char *at = text, *end = text + len;
    if (!take_field(&at, end, 4, '-', &year) || !take_field(&at, end, 2, '-', &month) ||
        !take_field(&at, end, 2, 'T', &day) || !take_field(&at, end, 2, ':', &hour) ||
        !take_field(&at, end, 2, ':', &minute) || !take_field(&at, end, 2, 0, &second) ||
        !take_fraction(&at, end, &fraction))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 59 || !take_zone(at, end, out))
        return false;
    out->ticks = days_of(year, month, day) * TICKS_PER_DAY + hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE +
                 second * TICKS_PER_SECOND + (int64_t)fraction;
    return true;
}

/* Year, month and day of a day number; inverse of days_of(). */
static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    *year = days / 366 + 1;
    while (days_of(*year + 1, 1, 1) <= days)
        (*year)++;
    *month = 1;
    while (*month < 12 && days_of(*year, *month + 1, 1) <= days)
        (*month)++;
    *day = days - days_of(*year, *month, 1) + 1;
}

char *lexical_put_datetime(const struct ps_value *value, char out[LEXICAL_SIZE])
{
    static const int64_t last = INT64_C(3155378975999999999); /* 9999-12-31T23:59:59.9999999 */
    struct clock_parts p = split_ticks((uint64_t)MIN(MAX(value->ticks, 0), last));
    int64_t year, month, day;
    int zone = value->zone_minutes < 0 ? -value->zone_minutes : value->zone_minutes;

    date_of((int64_t)p.days, &year, &month, &day);
    char *at = out + sprintf(out, "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
                             year, month, day, p.hours, p.minutes, p.seconds);
    at = put_fraction(at, p.fraction);
    if (value->zone == PS_ZONE_UTC)
        strcpy(at, "Z");
    else if (value->zone == PS_ZONE_OFFSET)
        sprintf(at, "%c%02d:%02d", value->zone_minutes < 0 ? '-' : '+', zone / 60 % 100, zone % 60);
    return out;
}
