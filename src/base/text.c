#include "ipamtui/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REPLACEMENT 0xFFFDu

static bool is_continuation(const char *at, const char *end)
{
    return at < end && ((unsigned char)*at & 0xC0) == 0x80;
}

uint32_t text_next(const char **at, const char *end)
{
    const unsigned char *p = (const unsigned char *)*at;
    uint32_t first = *p, rune;
    int more;

    (*at)++;
    if (first < 0x80)
        return first;
    if (first >= 0xC2 && first <= 0xDF) {
        rune = first & 0x1F;
        more = 1;
    } else if (first >= 0xE0 && first <= 0xEF) {
        rune = first & 0x0F;
        more = 2;
    } else if (first >= 0xF0 && first <= 0xF4) {
        rune = first & 0x07;
        more = 3;
    } else {
        return REPLACEMENT;
    }
    const char *from = *at;
    for (int i = 0; i < more; i++, from++) {
        if (!is_continuation(from, end))
            return REPLACEMENT;
        rune = rune << 6 | ((unsigned char)*from & 0x3F);
    }
    /* Overlong forms, surrogates and what is past Unicode are malformed (RFC 3629). */
    if ((more == 2 && rune < 0x800) || (more == 3 && rune < 0x10000) || rune > 0x10FFFF ||
        (rune >= 0xD800 && rune <= 0xDFFF))
        return REPLACEMENT;
    *at = from;
    return rune;
}

bool text_is_utf8(const char *text, size_t len)
{
    const char *at = text, *end = text + len;
    while (at < end) {
        const char *before = at;
        if (text_next(&at, end) == REPLACEMENT && !(at - before == 3))
            return false;
    }
    return true;
}

bool text_find_byte(const char *text, size_t len, int *line, int *column, unsigned *byte)
{
    const char *end = text + len;
    *line = *column = 1;
    while (text < end) {
        const char *before = text;
        text_next(&text, end);
        *byte = (unsigned char)*before;
        if (*byte == 0 || !text_is_utf8(before, (size_t)(text - before)))
            return true;
        ++*column;
        if (*before == '\n') {
            ++*line;
            *column = 1;
        }
    }
    return false;
}

/* C0, DEL, C1: shown as ^X; the rest that draws nothing but moves or hides other text is dropped. */
static bool is_control(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7F && rune < 0xA0);
}

static bool is_dropped(uint32_t rune)
{
    return rune == 0x00AD || rune == 0x061C || (rune >= 0x200B && rune <= 0x200F) ||
           (rune >= 0x202A && rune <= 0x202E) || (rune >= 0x2060 && rune <= 0x206F) || rune == 0xFEFF ||
           (rune >= 0xFFF9 && rune <= 0xFFFB) || rune == 0x2028 || rune == 0x2029 || (rune >= 0xE0000 && rune <= 0xE0FFF);
}

static size_t put_rune(char out[4], uint32_t rune)
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        out[0] = (char)(0xC0 | rune >> 6);
        out[1] = (char)(0x80 | (rune & 0x3F));
        return 2;
    }
    if (rune < 0x10000) {
        out[0] = (char)(0xE0 | rune >> 12);
        out[1] = (char)(0x80 | (rune >> 6 & 0x3F));
        out[2] = (char)(0x80 | (rune & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | rune >> 18);
    out[1] = (char)(0x80 | (rune >> 12 & 0x3F));
    out[2] = (char)(0x80 | (rune >> 6 & 0x3F));
    out[3] = (char)(0x80 | (rune & 0x3F));
    return 4;
}

/* One code point made printable; 0 bytes = dropped. */
static size_t printable_rune(uint32_t rune, char out[4])
{
    if (rune == '\t' || rune == '\n' || rune == '\r') {
        out[0] = ' ';
        return 1;
    }
    if (is_control(rune)) {
        out[0] = '^';
        out[1] = rune == 0x7F ? '?' : (char)((rune & 0x1F) + '@');
        return 2;
    }
    return is_dropped(rune) ? 0 : put_rune(out, rune);
}

char *text_printable(const char *text, char *out, size_t size)
{
    const char *at = text, *end = text + strlen(text);
    size_t len = 0;

    while (at < end) {
        char piece[4];
        size_t n = printable_rune(text_next(&at, end), piece);
        if (len + n + 1 > size)
            break;
        memcpy(out + len, piece, n);
        len += n;
    }
    out[len] = '\0';
    return out;
}

char *text_printable_in(struct arena *arena, const char *text)
{
    size_t size = strlen(text) * 3 + 1; /* a malformed byte becomes three */
    return text_printable(text, arena_alloc(arena, size), size);
}

size_t text_fit(const char *text, int cells, int *used)
{
    const char *at = text, *end = text + strlen(text);
    int taken = 0;

    while (at < end) {
        const char *next = at;
        int width = text_rune_width(text_next(&next, end));
        if (taken + width > cells)
            break;
        taken += width;
        at = next;
    }
    if (used)
        *used = taken;
    return (size_t)(at - text);
}

int text_width(const char *text)
{
    const char *at = text, *end = text + strlen(text);
    int width = 0;
    while (at < end)
        width += text_rune_width(text_next(&at, end));
    return width;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

int text_casecmp(const char *a, const char *b)
{
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return (unsigned char)fold(*a) - (unsigned char)fold(*b);
}

bool text_contains(const char *text, const char *word)
{
    return strcasestr(text, word) != NULL;
}

bool text_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == '?') {
            pattern++;
            text_next(&text, text + strlen(text));
        } else if (*pattern && fold(*pattern) == fold(*text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

int text_fuzzy(const char *pattern, const char *text)
{
    int score = 0, run = 0;
    const char *at = text;

    for (; *pattern; pattern++) {
        if (*pattern == ' ')
            continue;
        const char *from = at;
        while (*at && fold(*at) != fold(*pattern))
            at++;
        if (!*at)
            return -1;
        bool word_start = at == text || strchr(" -_:.", at[-1]) != NULL;
        run = at == from ? run + 1 : 1;
        score += 1 + 2 * run + (word_start ? 6 : 0);
        at++;
    }
    int spare = (int)strlen(at);
    return score * 64 - (spare < 63 ? spare : 63);
}

char *text_thousands(int64_t n, char *out, size_t size)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRId64, n);
    size_t at = 0;

    for (int i = 0; i < len && at + 2 < size; i++) {
        if (i > (n < 0) && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

void text_json(struct buf *out, const char *v)
{
    const char *at = v, *end = v + strlen(v);

    buf_addc(out, '"');
    while (at < end) {
        uint32_t rune = text_next(&at, end);
        char piece[4];
        if (rune == '"' || rune == '\\')
            buf_addf(out, "\\%c", (int)rune);
        else if (rune == '\n')
            buf_adds(out, "\\n");
        else if (rune == '\t')
            buf_adds(out, "\\t");
        else if (rune == '\r')
            buf_adds(out, "\\r");
        else if (rune < 0x20 || rune == 0x7F)
            buf_addf(out, "\\u%04x", rune);
        else
            buf_add(out, piece, put_rune(piece, rune));
    }
    buf_addc(out, '"');
}

int text_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    int row[64];
    if (n >= 64 || m >= 64)
        return 1000;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int cost = diagonal + (fold(a[i - 1]) != fold(b[j - 1]));
            diagonal = row[j];
            row[j] = MIN(cost, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[m];
}
