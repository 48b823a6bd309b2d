/* Strings of CLIXML: UTF-16 code units as _xHHHH_ (psrp.md 7.2). */
#include "lexical.h"

#include <string.h>

#include "ipamtui/text.h"

#define REPLACEMENT 0xfffd
#define NO_UNIT UINT32_MAX

size_t lexical_put_utf8(uint32_t rune, char out[4])
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        out[0] = (char)(0xc0 | rune >> 6);
        out[1] = (char)(0x80 | (rune & 0x3f));
        return 2;
    }
    if (rune < 0x10000) {
        out[0] = (char)(0xe0 | rune >> 12);
        out[1] = (char)(0x80 | (rune >> 6 & 0x3f));
        out[2] = (char)(0x80 | (rune & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | rune >> 18);
    out[1] = (char)(0x80 | (rune >> 12 & 0x3f));
    out[2] = (char)(0x80 | (rune >> 6 & 0x3f));
    out[3] = (char)(0x80 | (rune & 0x3f));
    return 4;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f')
        return (c | 32) - 'a' + 10;
    return -1;
}

/* The escape at text, if it is exactly one: its code unit (or code point, with 8 digits) and its length. */
static uint32_t escape_at(const char *text, size_t len, size_t *used)
{
    uint32_t value = 0;
    size_t digits = 0;

    if (len < 7 || text[0] != '_' || (text[1] | 32) != 'x')
        return NO_UNIT;
    while (digits < 8 && digits + 2 < len && hex_value(text[2 + digits]) >= 0) {
        value = value << 4 | (uint32_t)hex_value(text[2 + digits]);
        digits++;
    }
    if ((digits != 4 && digits != 8) || digits + 2 >= len || text[2 + digits] != '_' || value > 0x10ffff)
        return NO_UNIT;
    *used = digits + 3;
    return value;
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Decodes the escape (pair) at text[*at]; false: it is plain text. */
static bool take_escape(const char *text, size_t len, size_t *at, uint32_t *rune)
{
    size_t used, more;
    uint32_t unit = escape_at(text + *at, len - *at, &used);

    if (unit == NO_UNIT)
        return false;
    *at += used;
    if (is_high(unit)) {
        uint32_t low = escape_at(text + *at, len - *at, &more);
        if (low != NO_UNIT && is_low(low)) {
            *at += more;
            *rune = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            return true;
        }
    }
    *rune = unit == 0 || is_high(unit) || is_low(unit) ? REPLACEMENT : unit;
    return true;
}

/* Every escape is longer than what it stands for, so writing never overtakes reading. */
size_t lexical_unescape(char *text, size_t len)
{
    char *first = memchr(text, '_', len);

    if (!first) {
        text[len] = '\0';
        return len;
    }
    size_t from = (size_t)(first - text), to = from;
    while (from < len) {
        uint32_t rune;
        if (text[from] == '_' && take_escape(text, len, &from, &rune))
            to += lexical_put_utf8(rune, text + to);
        else
            text[to++] = text[from++];
    }
    text[to] = '\0';
    return to;
}

static void put_unit(struct buf *out, uint32_t unit)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[8] = { '_', 'x', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15],
                     digits[unit & 15], '_', '\0' };

    buf_add(out, text, 7);
}

static void put_rune(struct buf *out, uint32_t rune)
{
    char utf8[4];

    if (rune >= 0x10000) {
        put_unit(out, 0xd800 + ((rune - 0x10000) >> 10));
        put_unit(out, 0xdc00 + ((rune - 0x10000) & 0x3ff));
    } else if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || rune >= 0xfffe) {
        put_unit(out, rune); /* U+FFFE and U+FFFF are no characters of XML 1.0 */
    } else {
        buf_add(out, utf8, lexical_put_utf8(rune, utf8));
    }
}

/* Is this byte written as it is, whatever follows? */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '&' && c != '<' && c != '>' && c != '"' && c != '_';
}

void lexical_escape(struct buf *out, const char *text, size_t len, bool attribute)
{
    const char *at = text, *end = text + len;

    while (at < end) {
        const char *run = at;
        while (at < end && is_plain((unsigned char)*at))
            at++;
        buf_add(out, run, (size_t)(at - run));
        if (at == end)
            break;
        switch (*at) {
        case '&': buf_adds(out, "&amp;"); at++; break;
        case '<': buf_adds(out, "&lt;"); at++; break;
        case '>': buf_adds(out, "&gt;"); at++; break;
        case '"': buf_adds(out, attribute ? "&quot;" : "\""); at++; break;
        case '_':
            buf_adds(out, at + 1 < end && (at[1] | 32) == 'x' ? "_x005F_" : "_");
            at++;
            break;
        default:
            put_rune(out, text_next(&at, end));
        }
    }
}
