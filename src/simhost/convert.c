/* convert.c - what PowerShell's binder makes of a value for a typed parameter (psrp.md 5.3, 12), as CLIXML
 * text. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipamtui/ip.h"
#include "run.h"

#define TICKS_S INT64_C(10000000)

/* ------------------------------------------------------------------ durations */

const char *sim_span(struct arena *mem, int64_t ticks)
{
    struct buf out = { 0 };
    uint64_t left = ticks < 0 ? 0 - (uint64_t)ticks : (uint64_t)ticks;
    uint64_t days = left / (86400 * TICKS_S), hours = left / (3600 * TICKS_S) % 24,
             minutes = left / (60 * TICKS_S) % 60;
    uint64_t seconds = left / TICKS_S % 60, fraction = left % TICKS_S;

    buf_adds(&out, ticks < 0 ? "-P" : "P");
    if (days)
        buf_addf(&out, "%lluD", (unsigned long long)days);
    if (hours || minutes || seconds || fraction || !days)
        buf_addc(&out, 'T');
    if (hours)
        buf_addf(&out, "%lluH", (unsigned long long)hours);
    if (minutes)
        buf_addf(&out, "%lluM", (unsigned long long)minutes);
    if (fraction) {
        buf_addf(&out, "%llu.%07llu", (unsigned long long)seconds, (unsigned long long)fraction);
        while (buf_at(&out)[out.len - 1] == '0')
            out.len--;
        buf_addc(&out, 'S');
    } else if (seconds || (!days && !hours && !minutes)) {
        buf_addf(&out, "%lluS", (unsigned long long)seconds);
    }
    const char *text = arena_strndup(mem, buf_at(&out), out.len);
    buf_done(&out);
    return text;
}

const char *sim_local_time(struct arena *mem, int64_t when_s, const char *region)
{
    static const struct {
        const char *region;
        int hours;
    } zones[] = { { "fra", 1 }, { "nyc", -5 }, { "sin", 8 } };
    int hours = 0;
    struct tm tm;

    for (size_t i = 0; region && i < COUNT(zones); i++)
        if (strcmp(zones[i].region, region) == 0)
            hours = zones[i].hours;
    time_t local = (time_t)(when_s + hours * 3600);
    gmtime_r(&local, &tm);
    return arena_printf(mem, "%04d-%02d-%02dT%02d:%02d:%02d.%07d%c%02d:00", tm.tm_year + 1900, tm.tm_mon + 1,
                        tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(when_s % 997) * 10000,
                        hours < 0 ? '-' : '+', abs(hours));
}

/* Seconds with an optional fraction of up to seven digits. */
static bool read_seconds(const char **at, int64_t *ticks)
{
    char *end;
    int64_t whole = strtoll(*at, &end, 10), part = 0;

    if (end == *at)
        return false;
    if (*end == '.') {
        int64_t unit = TICKS_S;
        for (end++; isdigit((unsigned char)*end); end++)
            part += (unit /= 10) * (*end - '0');
    }
    *ticks = whole * TICKS_S + part;
    *at = end;
    return true;
}

static bool xs_duration(const char *text, int64_t *ticks)
{
    bool minus = *text == '-', clock = false;
    int64_t sum = 0;

    for (text += minus + 1; *text;) {
        int64_t n = 0;
        if (*text == 'T') {
            clock = true;
            text++;
            continue;
        }
        if (!read_seconds(&text, &n))
            return false;
        int64_t factor = *text == 'D' && !clock  ? 86400
                         : *text == 'H'          ? 3600
                         : *text == 'M' && clock ? 60
                         : *text == 'S'          ? 1
                                                 : 0;
        if (!factor || n > INT64_MAX / factor)
            return false;
        sum += n * factor;
        text++;
    }
    *ticks = minus ? -sum : sum;
    return true;
}

/* "[-][d.]hh:mm[:ss[.fffffff]]" or a number of days. */
static bool dotnet_span(const char *text, int64_t *ticks)
{
    bool minus = *text == '-';
    long long days = 0, hours = 0, minutes = 0;
    int used = 0;
    int64_t seconds = 0;

    text += minus;
    if (sscanf(text, "%lld.%lld:%lld%n", &days, &hours, &minutes, &used) == 3)
        ;
    else if (days = 0, sscanf(text, "%lld:%lld%n", &hours, &minutes, &used) == 2)
        ;
    else if (hours = 0, sscanf(text, "%lld%n", &days, &used) == 1 && text[used] == '\0')
        ;
    else
        return false;
    text += used;
    if (*text == ':') {
        text++;
        if (!read_seconds(&text, &seconds))
            return false;
    }
    if (*text || hours > 23 || minutes > 59 || seconds >= 60 * TICKS_S || days > 10675199)
        return false;
    *ticks = ((days * 24 + hours) * 60 + minutes) * 60 * TICKS_S + seconds;
    *ticks = minus ? -*ticks : *ticks;
    return true;
}

bool sim_span_parse(const char *text, int64_t *ticks)
{
    if (text[text[0] == '-'] == 'P')
        return xs_duration(text, ticks);
    return dotnet_span(text, ticks);
}

/* ------------------------------------------------------------------ one type each */

typedef bool convert_fn(const struct ps_value *value, struct arena *mem, const char **text);

static bool to_string(const struct ps_value *value, struct arena *mem, const char **text)
{
    if (value->type == PS_BOOL) {
        *text = value->b ? "True" : "False";
        return true;
    }
    *text = ps_text(value, mem);
    return *text != NULL;
}

/* The engine refuses strings for Booleans, not numbers. */
static bool to_bool(const struct ps_value *value, struct arena *mem, const char **text)
{
    bool on = false;
    int64_t number = 0;
    (void)mem;

    if (value->type == PS_STRING || value->type == PS_LIST)
        return false;
    if (!ps_bool(value, &on)) {
        if (!ps_int(value, &number))
            return false;
        on = number != 0;
    }
    *text = on ? "true" : "false";
    return true;
}

static bool to_number(const struct ps_value *value, int64_t min, uint64_t max, struct arena *mem,
                      const char **text)
{
    int64_t number = 0;

    if (value->type == PS_BOOL || value->type == PS_LIST || !ps_int(value, &number) || number < min ||
        (number > 0 && (uint64_t)number > max))
        return false;
    *text = arena_printf(mem, "%lld", (long long)number);
    return true;
}

static bool to_byte(const struct ps_value *value, struct arena *mem, const char **text)
{
    return to_number(value, 0, UINT8_MAX, mem, text);
}

static bool to_uint16(const struct ps_value *value, struct arena *mem, const char **text)
{
    return to_number(value, 0, UINT16_MAX, mem, text);
}

static bool to_uint32(const struct ps_value *value, struct arena *mem, const char **text)
{
    return to_number(value, 0, UINT32_MAX, mem, text);
}

static bool to_int32(const struct ps_value *value, struct arena *mem, const char **text)
{
    return to_number(value, INT32_MIN, INT32_MAX, mem, text);
}

/* "10" is 0.0.0.10, as for the engine. */
static bool to_address(const struct ps_value *value, struct arena *mem, const char **text)
{
    const char *given = value->type == PS_LIST ? NULL : ps_text(value, mem);
    uint32_t ip;
    struct ip6 ip6;
    char out[IP6_TEXT_SIZE];

    if (!given || !*given)
        return false;
    if (ip4_parse(given, &ip)) {
        *text = arena_strdup(mem, ip4_format(ip, out));
    } else if (given[strspn(given, "0123456789")] == '\0' && strtoull(given, NULL, 10) <= UINT32_MAX) {
        *text = arena_strdup(mem, ip4_format((uint32_t)strtoull(given, NULL, 10), out));
    } else if (ip6_parse(given, &ip6)) {
        *text = arena_strdup(mem, ip6_format(&ip6, out));
    } else {
        return false;
    }
    return true;
}

static bool to_span(const struct ps_value *value, struct arena *mem, const char **text)
{
    int64_t ticks = 0;

    if (value->type == PS_STRING) {
        if (!sim_span_parse(value->s, &ticks))
            return false;
    } else if (value->type != PS_TIMESPAN && value->type != PS_I64 && value->type != PS_I32) {
        return false;
    } else {
        ticks = value->type == PS_TIMESPAN ? value->ticks : value->i;
    }
    *text = sim_span(mem, ticks);
    return true;
}

static bool to_time(const struct ps_value *value, struct arena *mem, const char **text)
{
    int64_t seconds = 0;
    struct tm tm;

    if (value->type == PS_STRING)
        return value->len >= 10 && isdigit((unsigned char)value->s[0]) && value->s[4] == '-' &&
               (*text = value->s) != NULL;
    if (value->type != PS_DATETIME || !ps_time_s(value, &seconds))
        return false;
    gmtime_r(&(time_t){ seconds }, &tm);
    *text = arena_printf(mem, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                         tm.tm_hour, tm.tm_min, tm.tm_sec);
    return true;
}

static bool to_guid(const struct ps_value *value, struct arena *mem, const char **text)
{
    *text = ps_text(value, mem);
    return *text && strlen(*text) == 36;
}

static bool to_switch(const struct ps_value *value, struct arena *mem, const char **text)
{
    const struct ps_value *present = value->type == PS_OBJECT ? ps_get(value, "IsPresent") : value;

    return present && to_bool(present, mem, text);
}

static bool to_int64(const struct ps_value *value, struct arena *mem, const char **text)
{
    return to_number(value, INT64_MIN, INT64_MAX, mem, text);
}

/* What is in it is for the command to read: sim_arg.value. */
static bool to_table(const struct ps_value *value, struct arena *mem, const char **text)
{
    (void)mem;
    *text = "";
    return value->type == PS_DICT;
}

static const struct {
    const char *type;
    convert_fn *convert;
} conversions[] = {
    { "String", to_string },
    { "IPAddress", to_address },
    { "TimeSpan", to_span },
    { "Boolean", to_bool },
    { "SwitchParameter", to_switch },
    { "UInt32", to_uint32 },
    { "Int32", to_int32 },
    { "UInt16", to_uint16 },
    { "Byte", to_byte },
    { "DateTime", to_time },
    { "Guid", to_guid },
    { "Int64", to_int64 },
    { "Hashtable", to_table },
};

bool sim_convert(const char *type, const struct ps_value *value, struct arena *mem, const char **text)
{
    *text = NULL;
    if (value->type == PS_NULL)
        return true;
    for (size_t i = 0; i < COUNT(conversions); i++)
        if (strcmp(conversions[i].type, type) == 0)
            return conversions[i].convert(value, mem, text);
    return false; /* CimSession, PSCredential, CimInstance ...: not held here */
}
