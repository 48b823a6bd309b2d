/* parse.c - reading what a person typed for a property, and the words of Windows. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/catalog.h"
#include "ipamtui/clock.h"
#include "ipamtui/duration.h"
#include "ipamtui/ip.h"
#include "ipamtui/text.h"
#include "ipamtui/utilization.h"

/* Place of word among words; -1 = not there. */
static int word_place(const char *const *words, const char *word)
{
    for (int i = 0; words && words[i]; i++)
        if (words[i][0] != '\0' && text_casecmp(words[i], word) == 0)
            return i;
    return -1;
}

const char *property_word(const struct property *property, const char *remote, struct arena *arena)
{
    int place = word_place(property->remote ? property->remote : property->values, remote);
    char *word;

    if (place < 0)
        place = word_place(property->values, remote);
    if (place >= 0)
        return property->values[place];
    word = arena_strdup(arena, remote);
    for (char *p = word; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return word;
}

const char *property_remote_word(const struct property *property, const char *word)
{
    int place = word_place(property->values, word);

    if (place < 0 || !property->remote || property->remote[place][0] == '\0')
        return word;
    return property->remote[place];
}

/* "under, optimal or over" */
static void list_words(const char *const *words, char *out, size_t size)
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i] && at < size; i++) {
        const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";

        at += (size_t)snprintf(out + at, size - at, "%s%s", between, words[i]);
    }
}

static bool parse_enum(const struct property *p, const char *text, struct arena *arena, struct value *out,
                       struct err *err)
{
    int place = word_place(p->values, text);
    char choices[160];

    (void)arena;
    if (place < 0)
        place = word_place(p->remote, text);
    if (place >= 0) {
        *out = V_TEXT(p->values[place]);
        return true;
    }
    list_words(p->values, choices, sizeof(choices));
    return err_set(err, ERR_INPUT, p->name, "\"%.40s\" is no %s: it is %s", text, p->name, choices);
}

/* A comma list of words comes out in the catalogue's order, each once. */
static bool parse_word_list(const struct property *p, const char *text, struct arena *arena, struct value *out,
                            struct err *err)
{
    struct buf list = { 0 };
    unsigned long seen = 0;

    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ", ");

        if (len > 0) {
            char *word = arena_strndup(arena, at, len);
            int place = word_place(p->values, word);
            char choices[160];

            if (place < 0) {
                list_words(p->values, choices, sizeof(choices));
                return err_set(err, ERR_INPUT, p->name, "\"%.40s\" is no %s: it is a comma list of %s", word, p->name,
                               choices);
            }
            seen |= 1ul << place;
        }
        at += len;
        at += strspn(at, ", ");
    }
    for (int i = 0; p->values[i]; i++)
        if (seen & 1ul << i)
            buf_addf(&list, "%s%s", list.len ? "," : "", p->values[i]);
    *out = V_TEXT(arena_strdup(arena, buf_at(&list)));
    buf_done(&list);
    return true;
}

static bool parse_text(const struct property *p, const char *text, struct arena *arena, struct value *out,
                       struct err *err)
{
    size_t len = strlen(text);

    if (p->values)
        return parse_word_list(p, text, arena, out, err);
    if (p->max > 0 && len > (size_t)p->max)
        return err_set(err, ERR_INPUT, p->name, "%s has %zu bytes, at most %" PRId64 " are allowed", p->name, len, p->max);
    if (!text_is_utf8(text, len))
        return err_set(err, ERR_INPUT, p->name, "%s is not valid UTF-8", p->name);
    *out = V_TEXT(arena_strndup(arena, text, len));
    return true;
}

static bool in_limits(const struct property *p, int64_t n, struct err *err)
{
    if ((p->min == 0 && p->max == 0) || (n >= p->min && n <= p->max))
        return true;
    return err_set(err, ERR_INPUT, p->name, "%s is between %" PRId64 " and %" PRId64 ", not %" PRId64, p->name, p->min,
                   p->max, n);
}

static bool parse_int(const struct property *p, const char *text, struct arena *arena, struct value *out,
                      struct err *err)
{
    char *end;
    long long n;

    (void)arena;
    errno = 0;
    n = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0)
        return err_set(err, ERR_INPUT, p->name, "\"%.40s\" is no whole number", text);
    if (!in_limits(p, n, err))
        return false;
    *out = V_INT(n);
    return true;
}

static bool parse_bool(const struct property *p, const char *text, struct arena *arena, struct value *out,
                       struct err *err)
{
    static const char *const yes[] = { "yes", "true", "on", "1", NULL };
    static const char *const no[] = { "no", "false", "off", "0", NULL };

    (void)arena;
    if (word_place(yes, text) >= 0)
        *out = V_INT(1);
    else if (word_place(no, text) >= 0)
        *out = V_INT(0);
    else
        return err_set(err, ERR_INPUT, p->name, "\"%.40s\" is neither yes nor no", text);
    return true;
}

static bool parse_ipv4(const struct property *p, const char *text, struct arena *arena, struct value *out,
                       struct err *err)
{
    uint32_t ip;

    (void)arena;
    if (!ip4_parse(text, &ip))
        return err_set(err, ERR_INPUT, p->name, "\"%.40s\" is no IPv4 address like 10.1.2.3", text);
    *out = V_INT(ip);
    return true;
}

static bool parse_ipv6(const struct property *p, const char *text, struct arena *arena, struct value *out,
                       struct err *err)
{
    char plain[IP6_TEXT_SIZE];
    struct ip6 ip;

    if (!ip6_parse(text, &ip))
        return err_set(err, ERR_INPUT, p->name, "\"%.60s\" is no IPv6 address like 2001:db8::1", text);
    *out = V_TEXT(arena_strdup(arena, ip6_format(&ip, plain)));
    return true;
}

static bool parse_prefix(const struct property *p, const char *text, struct arena *arena, struct value *out,
                         struct err *err)
{
    struct value n;
    uint32_t mask;

    if (ip4_parse(text, &mask) && ip4_mask_prefix(mask) >= 0) {
        *out = V_INT(ip4_mask_prefix(mask));
        return true;
    }
    if (!parse_int(p, text[0] == '/' ? text + 1 : text, arena, &n, NULL) || n.i < 0 || n.i > 32)
        return err_set(err, ERR_INPUT, p->name, "\"%.40s\" is no prefix length: 0 to 32, as in /24", text);
    *out = n;
    return true;
}

/* How often we do something: none of the durations of Windows, and may be never. */
static bool parse_interval(const struct property *p, const char *text, struct value *out, struct err *err)
{
    char high[DURATION_TEXT_SIZE];
    int64_t s = 0;

    if (text_casecmp(text, "never") != 0 && strcmp(text, "0") != 0) {
        if (!duration_parse(text, p->name, &s, err))
            return false;
        if (s < 0 || s > p->max)
            return err_set(err, ERR_INPUT, p->name, "%s is at most %s, or never", p->name, duration_format(p->max, high));
    }
    *out = V_INT(s);
    return true;
}

static bool parse_duration(const struct property *p, const char *text, struct arena *arena, struct value *out,
                           struct err *err)
{
    int64_t s;
    char low[DURATION_TEXT_SIZE], high[DURATION_TEXT_SIZE];

    (void)arena;
    if (p->flags & PROP_LOCAL)
        return parse_interval(p, text, out, err);
    if (!duration_parse(text, p->name, &s, err))
        return false;
    if (s != DURATION_UNLIMITED && (p->min != 0 || p->max != 0) && (s < p->min || s > p->max))
        return err_set(err, ERR_INPUT, p->name, "%s is between %s and %s, or unlimited", p->name,
                       duration_format(p->min, low), duration_format(p->max, high));
    *out = V_INT(s);
    return true;
}

static bool parse_percent(const struct property *p, const char *text, struct arena *arena, struct value *out,
                          struct err *err)
{
    double d;

    (void)arena;
    if (!percent_parse(text, &d))
        return err_set(err, ERR_INPUT, p->name, "\"%.40s\" is no percentage between 0 and 100", text);
    *out = V_REAL(d);
    return true;
}

/* "2026-11-25", "2026-11-25T10:00:00Z", or how long ago: "2h". */
static bool parse_time(const struct property *p, const char *text, struct arena *arena, struct value *out,
                       struct err *err)
{
    int64_t when, ago;
    char *day = arena_printf(arena, "%sT00:00:00Z", text);

    if (clock_parse_iso(text, &when) || clock_parse_iso(day, &when))
        *out = V_INT(when);
    else if (duration_parse(text[0] == '-' ? text + 1 : text, p->name, &ago, NULL) && ago != DURATION_UNLIMITED)
        *out = V_INT(clock_now_s() - ago);
    else
        return err_set(err, ERR_INPUT, p->name,
                       "\"%.40s\" is no time: write 2026-11-25, 2026-11-25T10:00:00Z, or 2h for two hours ago", text);
    return true;
}

typedef bool parse_fn(const struct property *p, const char *text, struct arena *arena, struct value *out,
                      struct err *err);
static parse_fn *const parsers[] = {
    [KIND_TEXT] = parse_text,         [KIND_INT] = parse_int,       [KIND_BOOL] = parse_bool,
    [KIND_IPV4] = parse_ipv4,         [KIND_IPV6] = parse_ipv6,     [KIND_PREFIX] = parse_prefix,
    [KIND_ENUM] = parse_enum,         [KIND_DURATION] = parse_duration, [KIND_PERCENT] = parse_percent,
    [KIND_TIME] = parse_time,         [KIND_VERSION] = parse_text,
};

bool property_parse(const struct property *property, const char *text, struct arena *arena, struct value *out,
                    struct err *err)
{
    /* What is set by hand can be unset: then the default for all holds again. */
    if (text[0] == '\0' && (property->flags & PROP_LOCAL) && !(property->flags & PROP_KEY)) {
        *out = V_NULL;
        return true;
    }
    return parsers[property->kind](property, text, arena, out, err);
}

char *property_show(const struct property *property, struct value v, char *out, size_t size)
{
    return kind_show(property->kind, v, out, size);
}

char *property_show_dated(const struct property *property, struct value v, enum date_mode dates, int64_t now_s, char *out,
                          size_t size)
{
    if (property->kind == KIND_TIME && v.type == VALUE_INT)
        return date_show(dates, v.i, now_s, out, size);
    return property_show(property, v, out, size);
}
