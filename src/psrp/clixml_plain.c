/* clixml_plain.c - the form that PowerShell's serializer itself writes, read without libxml2.
 *
 * Nearly every message is of it: elements of the table with N and RefId in double quotes and nothing between tags but text. To
 * libxml2 that is any XML, at several times the cost, and reading is most of what a client of hundreds of hosts does. What is not
 * exactly of this form, or not right in any way, is not judged here: then libxml2 reads the message from its beginning. */
#include <stdlib.h>
#include <string.h>

#include "clixml_reader.h"
#include "lexical.h"

/* What may stand in a text as it is. 0: ends the run. */
enum { RUN_END, RUN_PLAIN, RUN_WIDE };
static const uint8_t text_bytes[256] = {
    ['\t'] = RUN_PLAIN, ['\n'] = RUN_PLAIN, [' ' ... '%'] = RUN_PLAIN, ['\'' ... ';'] = RUN_PLAIN, ['=' ... '\\'] = RUN_PLAIN,
    ['^' ... '~'] = RUN_PLAIN, [0xc2 ... 0xf4] = RUN_WIDE, /* neither & nor < nor ] nor a control character */
};

struct cursor {
    const char *at, *end;
};

static bool skip(struct cursor *c, const char *text, size_t len)
{
    if ((size_t)(c->end - c->at) < len || memcmp(c->at, text, len) != 0)
        return false;
    c->at += len;
    return true;
}
#define SKIP(c, text) skip(c, text, sizeof(text) - 1)

static size_t tag_place(const char *tag, size_t len)
{
    return ((size_t)(unsigned char)tag[0] * 7 + (size_t)(unsigned char)tag[len - 1] * 31 + len * 13) % 256;
}

void plain_prepare(struct clixml_reader *r, const struct element *elements)
{
    for (size_t i = 0; i < ELEMENT_COUNT; i++) {
        size_t at = tag_place(elements[i].tag, strlen(elements[i].tag));

        while (r->by_text[at])
            at = (at + 1) % COUNT(r->by_text);
        r->by_text[at] = &elements[i];
    }
}

static const struct element *element_of(const struct clixml_reader *r, const char *tag, size_t len)
{
    const struct element *element;

    for (size_t at = tag_place(tag, len); (element = r->by_text[at]) != NULL; at = (at + 1) % COUNT(r->by_text))
        if (strncmp(element->tag, tag, len) == 0 && element->tag[len] == '\0')
            return element;
    return NULL;
}

/* ------------------------------------------------------------------ tags */
/* Up to the closing quote; what would have to be decoded is left to libxml2. */
static bool quoted(struct cursor *c, const char **text, size_t *len)
{
    *text = c->at;
    while (c->at < c->end && *c->at != '"') {
        unsigned char byte = (unsigned char)*c->at++;

        if (byte < 0x20 || byte > 0x7e || byte == '&' || byte == '<')
            return false;
    }
    *len = (size_t)(c->at - *text);
    return SKIP(c, "\"");
}

static bool attributes(struct clixml_reader *r, struct cursor *c, struct frame *frame)
{
    const char *text;
    size_t len;

    for (;;) {
        if (SKIP(c, " N=\"")) {
            if (frame->name || !quoted(c, &text, &len))
                return false;
            char *copy = arena_strndup(r->arena, text, len);
            lexical_unescape(copy, len);
            frame->name = copy;
        } else if (SKIP(c, " RefId=\"")) {
            if (frame->id != NO_ID || !quoted(c, &text, &len) || !lexical_u64(text, len, &frame->id) || frame->id == NO_ID)
                return false;
        } else {
            return true;
        }
    }
}

static bool start_tag(struct clixml_reader *r, struct cursor *c)
{
    const char *tag = c->at;

    while (c->at < c->end && ((*c->at >= 'A' && *c->at <= 'Z') || (*c->at >= 'a' && *c->at <= 'z') || (*c->at >= '0' && *c->at <= '9')))
        c->at++;
    const struct element *element = c->at > tag ? element_of(r, tag, (size_t)(c->at - tag)) : NULL;
    struct frame *frame = element && element->shape != SHAPE_SKIPPED ? reader_begin_element(r, element) : NULL;
    if (!frame || !attributes(r, c, frame))
        return false;
    if (SKIP(c, ">"))
        return true;
    if (!SKIP(c, " />") && !SKIP(c, "/>"))
        return false;
    reader_leave_element(r);
    return !r->failed;
}

static bool end_tag(struct clixml_reader *r, struct cursor *c)
{
    const char *tag = r->frame_count ? r->frames[r->frame_count - 1].element->tag : NULL;

    if (!tag || !skip(c, tag, strlen(tag)) || !SKIP(c, ">"))
        return false;
    reader_leave_element(r);
    return !r->failed;
}

/* ------------------------------------------------------------------ text */
static bool continues(const char *at, const char *end, int count)
{
    for (int i = 0; i < count; i++, at++)
        if (at >= end || ((unsigned char)*at & 0xc0) != 0x80)
            return false;
    return true;
}

/* One UTF-8 character that XML allows. Surrogates, overlong forms and noncharacters are libxml2's to judge. */
static bool wide(struct cursor *c)
{
    unsigned char first = (unsigned char)*c->at;
    int more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;

    if (first < 0xc2 || first > 0xf4 || !continues(c->at + 1, c->end, more))
        return false;
    unsigned char second = (unsigned char)c->at[1];
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xef && second > 0xbe) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
        return false;
    c->at += more + 1;
    return true;
}

static bool entity(struct cursor *c, struct buf *out)
{
    static const struct { const char *text; size_t len; char means; } entities[] = {
        { "&lt;", 4, '<' }, { "&gt;", 4, '>' }, { "&amp;", 5, '&' }, { "&quot;", 6, '"' }, { "&apos;", 6, '\'' },
    };

    for (size_t i = 0; i < COUNT(entities); i++)
        if (skip(c, entities[i].text, entities[i].len))
            return buf_addc(out, entities[i].means);
    return false;
}

static bool text_run(struct clixml_reader *r, struct cursor *c)
{
    while (c->at < c->end && *c->at != '<') {
        const char *run = c->at;

        while (c->at < c->end && text_bytes[(unsigned char)*c->at] != RUN_END)
            if (text_bytes[(unsigned char)*c->at] == RUN_PLAIN)
                c->at++;
            else if (!wide(c))
                return false;
        buf_add(&r->text, run, (size_t)(c->at - run));
        if (c->at < c->end && *c->at == ']' && !(c->end - c->at >= 2 && c->at[1] == ']')) {
            buf_addc(&r->text, ']');
            c->at++;
        } else if (c->at < c->end && *c->at != '<' && !entity(c, &r->text)) {
            return false;
        }
        if (r->arena->limit && r->text.len > r->arena->limit)
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ the whole */
bool plain_read(struct clixml_reader *r, const char *text, size_t len)
{
    struct cursor c = { text, text + len };

    while (c.at < c.end) {
        const struct frame *frame = r->frame_count ? &r->frames[r->frame_count - 1] : NULL;

        if (SKIP(&c, "</")) {
            if (!end_tag(r, &c))
                return false;
        } else if (SKIP(&c, "<")) {
            if ((!frame && r->have_root) || !start_tag(r, &c))
                return false;
        } else if (!frame || !reader_wants_text(frame->element->shape) || !text_run(r, &c)) {
            return false;
        }
    }
    return r->have_root && r->frame_count == 0;
}
