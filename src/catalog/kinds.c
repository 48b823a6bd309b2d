/* kinds.c - values: comparing, showing, writing. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ipamtui/catalog.h"
#include "ipamtui/clock.h"
#include "ipamtui/duration.h"
#include "ipamtui/ip.h"
#include "ipamtui/text.h"

static double value_number(struct value v)
{
    return v.type == VALUE_INT ? (double)v.i : v.d;
}

bool value_equal(struct value a, struct value b)
{
    if (a.type != b.type) {
        bool numbers = (a.type == VALUE_INT && b.type == VALUE_REAL) || (a.type == VALUE_REAL && b.type == VALUE_INT);

        return numbers && value_number(a) == value_number(b);
    }
    switch (a.type) {
    case VALUE_INT: return a.i == b.i;
    case VALUE_REAL: return a.d == b.d;
    case VALUE_TEXT: return strcmp(a.s, b.s) == 0;
    case VALUE_NULL: break;
    }
    return true;
}

static int value_rank(enum value_type type)
{
    return type == VALUE_NULL ? 0 : type == VALUE_TEXT ? 2 : 1;
}

int value_compare(struct value a, struct value b)
{
    int rank = value_rank(a.type) - value_rank(b.type);

    if (rank != 0 || a.type == VALUE_NULL)
        return rank;
    if (a.type == VALUE_TEXT)
        return text_casecmp(a.s, b.s);
    if (a.type == VALUE_INT && b.type == VALUE_INT)
        return (a.i > b.i) - (a.i < b.i);
    return (value_number(a) > value_number(b)) - (value_number(a) < value_number(b));
}

/* A value whose type does not go with its kind (a newer writer, a hand-edited store) is shown as it is. */
static void raw_text(struct value v, char *out, size_t size)
{
    switch (v.type) {
    case VALUE_INT: snprintf(out, size, "%" PRId64, v.i); break;
    case VALUE_REAL: snprintf(out, size, "%.10g", v.d); break;
    case VALUE_TEXT: snprintf(out, size, "%s", v.s); break;
    case VALUE_NULL: snprintf(out, size, "%s", ""); break;
    }
}

/* Never rounds something to all or to nothing. */
static void percent_show(double p, char *out, size_t size)
{
    if (p > 0 && p < 1)
        snprintf(out, size, "<1%%");
    else if (p > 99 && p < 100)
        snprintf(out, size, ">99%%");
    else
        snprintf(out, size, "%.0f%%", p);
}

static void time_format(const struct tm *tm, const char *format, int64_t when_s, char *out, size_t size)
{
    if (!tm || strftime(out, size, format, tm) == 0)
        snprintf(out, size, "%" PRId64, when_s);
}

typedef struct tm *day_fn(const time_t *when, struct tm *out); /* localtime_r or gmtime_r */

/* The time alone if it is of today, else with its date. */
static void day_show(day_fn *day, int64_t when_s, int64_t now_s, const char *time, const char *dated, char *out, size_t size)
{
    time_t when = (time_t)when_s, now = (time_t)now_s;
    struct tm tm, today;
    bool same = day(&when, &tm) && day(&now, &today) && tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday;

    time_format(day(&when, &tm), same ? time : dated, when_s, out, size);
}

/* "4 min", "in 3 d". Drawn once a minute: seconds would be wrong for the rest of it. */
static void age_show(int64_t age_s, char *out, size_t size)
{
    char text[32];
    int64_t apart_s = age_s < 0 ? -age_s : age_s;

    clock_age(apart_s < 60 ? 0 : apart_s, text, sizeof(text));
    snprintf(out, size, "%s%s", age_s <= -60 ? "in " : "", text);
}

char *date_show(enum date_mode mode, int64_t when_s, int64_t now_s, char *out, size_t size)
{
    time_t when = (time_t)when_s;
    struct tm tm;
    char iso[CLOCK_ISO_SIZE];

    switch (mode) {
    case DATES_FULL: time_format(localtime_r(&when, &tm), "%Y-%m-%d %H:%M", when_s, out, size); break;
    case DATES_LOCAL: day_show(localtime_r, when_s, now_s, "%H:%M:%S", "%Y-%m-%d %H:%M", out, size); break;
    case DATES_UTC: day_show(gmtime_r, when_s, now_s, "%H:%M:%SZ", "%Y-%m-%d %H:%MZ", out, size); break;
    case DATES_ISO: snprintf(out, size, "%s", clock_iso(when_s, iso)); break;
    case DATES_AGE: age_show(now_s - when_s, out, size); break;
    }
    return out;
}

static bool integer_show(enum kind kind, int64_t i, char *out, size_t size)
{
    char text[DURATION_TEXT_SIZE];

    switch (kind) {
    case KIND_BOOL: snprintf(out, size, "%s", i ? "yes" : "no"); return true;
    case KIND_IPV4: snprintf(out, size, "%s", ip4_format((uint32_t)i, text)); return true;
    case KIND_PREFIX: snprintf(out, size, "/%" PRId64, i); return true;
    case KIND_DURATION: snprintf(out, size, "%s", duration_format(i, text)); return true;
    case KIND_PERCENT: percent_show((double)i, out, size); return true;
    case KIND_TIME: date_show(DATES_FULL, i, 0, out, size); return true;
    default: return false;
    }
}

_Static_assert(DURATION_TEXT_SIZE >= IP4_TEXT_SIZE, "one buffer for both");

char *kind_show(enum kind kind, struct value v, char *out, size_t size)
{
    if (v.type == VALUE_NULL)
        snprintf(out, size, "-");
    else if (v.type == VALUE_REAL && kind == KIND_PERCENT)
        percent_show(v.d, out, size);
    else if (v.type != VALUE_INT || !integer_show(kind, v.i, out, size))
        raw_text(v, out, size);
    return out;
}

/* ------------------------------------------------------------------ what a shown value may contain */
/* What a shown value is made of: letters around its digits, and the longest runs without a digit. letters NULL: anything. */
struct alphabet {
    const char *letters, *runs[6];
    bool apart; /* no letter directly behind a digit */
};
static const struct alphabet alphabets[] = {
    [KIND_INT] = { "-", { "-" } },         [KIND_IPV4] = { ".", { "." } },
    [KIND_PREFIX] = { "/", { "/" } },      [KIND_DURATION] = { "-dhms", { "-", "d", "h", "m", "s", "unlimited" } },
    [KIND_PERCENT] = { "-<>%", { "-", "<", ">", "%" } }, [KIND_BOOL] = { "", { "yes", "no" } },
    [KIND_VERSION] = { NULL, { NULL } },
};
static const struct alphabet date_alphabets[] = {
    [DATES_AGE] = { " dhmin", { " d", " h ", " min", " m", "now", "in " }, true },
    [DATES_LOCAL] = { "- :", { "-", " ", ":" } },
    [DATES_UTC] = { "- :z", { "-", " ", ":", "z" } },
    [DATES_ISO] = { "-t:z", { "-", "t", ":", "z" } },
    [DATES_FULL] = { "- :", { "-", " ", ":" } },
};

static bool made_of(const struct alphabet *alphabet, const char *text)
{
    bool digit = false, before;

    for (; *text; text++) {
        before = digit;
        digit = *text >= '0' && *text <= '9';
        if ((!digit && !strchr(alphabet->letters, *text)) || (alphabet->apart && before && *text >= 'a' && *text <= 'z'))
            return false;
    }
    return true;
}

bool kind_may_show(enum kind kind, enum date_mode dates, const char *text)
{
    const struct alphabet *alphabet = kind == KIND_TIME ? &date_alphabets[dates] : &alphabets[kind];

    if (!alphabet->letters || text[0] == '\0')
        return true;
    if (strpbrk(text, "0123456789"))
        return made_of(alphabet, text);
    for (size_t i = 0; i < COUNT(alphabet->runs) && alphabet->runs[i]; i++)
        if (strstr(alphabet->runs[i], text))
            return true;
    return false;
}

/* At most four decimals, without trailing zeros; infinities are no numbers anywhere. */
static void real_write(double d, struct buf *out)
{
    char text[340];
    size_t len;

    if (!isfinite(d))
        return;
    snprintf(text, sizeof(text), "%.4f", d);
    len = strlen(text);
    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    buf_add(out, text, len);
}

static void integer_write(enum kind kind, int64_t i, struct buf *out)
{
    char text[CLOCK_ISO_SIZE > IP4_TEXT_SIZE ? CLOCK_ISO_SIZE : IP4_TEXT_SIZE];

    switch (kind) {
    case KIND_BOOL: buf_adds(out, i ? "true" : "false"); break;
    case KIND_IPV4: buf_adds(out, ip4_format((uint32_t)i, text)); break;
    case KIND_TIME: buf_adds(out, clock_iso(i, text)); break;
    default: buf_addf(out, "%" PRId64, i); break;
    }
}

void kind_write(enum kind kind, struct value v, struct buf *out)
{
    switch (v.type) {
    case VALUE_INT: integer_write(kind, v.i, out); break;
    case VALUE_REAL: real_write(v.d, out); break;
    case VALUE_TEXT: buf_adds(out, v.s); break;
    case VALUE_NULL: break;
    }
}

void kind_json(enum kind kind, struct value v, struct buf *out)
{
    bool quoted = v.type == VALUE_INT && (kind == KIND_IPV4 || kind == KIND_TIME);

    if (v.type == VALUE_NULL || (v.type == VALUE_REAL && !isfinite(v.d))) {
        buf_adds(out, "null");
    } else if (v.type == VALUE_TEXT) {
        text_json(out, v.s);
    } else {
        if (quoted)
            buf_addc(out, '"');
        kind_write(kind, v, out);
        if (quoted)
            buf_addc(out, '"');
    }
}
