/* CLIXML to value trees, on libxml2's SAX2 interface (psrp.md 7).
 *
 * Nothing is allocated per node but what the tree itself needs, from the caller's arena; the reader's own arrays and its
 * libxml2 context are kept for the next message. */
#include "ipamtui/clixml.h"

#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clixml_reader.h"
#include "ipamtui/text.h"
#include "lexical.h"

#define DEFAULT_DEPTH 200
#define MAX_DEPTH 250 /* libxml2's own limit is 256 */
#define KEEP_SLOTS 4096 /* more are given back after a message */
#define MOST_ATTRIBUTES 8
#define LONGEST_TAG 65536
#define MOST_NAMES 1000 /* interned ones; ours are some fifty */
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC)

static const struct element elements[] = {
    { "Obj", SHAPE_OBJ, PS_OBJECT, 0, 0 },
    { "TN", SHAPE_TYPE_NAMES, PS_NULL, 0, 0 },
    { "T", SHAPE_TYPE_NAME, PS_NULL, 0, 0 },
    { "TNRef", SHAPE_TYPE_REF, PS_NULL, 0, 0 },
    { "ToString", SHAPE_TO_STRING, PS_NULL, 0, 0 },
    { "Props", SHAPE_PROPS, PS_NULL, 0, 0 },
    { "MS", SHAPE_MEMBERS, PS_NULL, 0, 0 },
    { "LST", SHAPE_ITEMS, PS_LIST, 0, 0 },
    { "STK", SHAPE_ITEMS, PS_STACK, 0, 0 },
    { "QUE", SHAPE_ITEMS, PS_QUEUE, 0, 0 },
    { "IE", SHAPE_ITEMS, PS_ENUMERABLE, 0, 0 },
    { "DCT", SHAPE_DICT, PS_DICT, 0, 0 },
    { "En", SHAPE_ENTRY, PS_NULL, 0, 0 },
    { "Ref", SHAPE_REF, PS_NULL, 0, 0 },
    { "Nil", SHAPE_NIL, PS_NULL, 0, 0 },
    { "S", SHAPE_TEXT, PS_STRING, 0, 0 },
    { "C", SHAPE_TEXT, PS_CHAR, 0, UINT16_MAX },
    { "B", SHAPE_TEXT, PS_BOOL, 0, 0 },
    { "By", SHAPE_TEXT, PS_BYTE, 0, UINT8_MAX },
    { "SB", SHAPE_TEXT, PS_SBYTE, INT8_MIN, INT8_MAX },
    { "U16", SHAPE_TEXT, PS_U16, 0, UINT16_MAX },
    { "I16", SHAPE_TEXT, PS_I16, INT16_MIN, INT16_MAX },
    { "U32", SHAPE_TEXT, PS_U32, 0, UINT32_MAX },
    { "I32", SHAPE_TEXT, PS_I32, INT32_MIN, INT32_MAX },
    { "U64", SHAPE_TEXT, PS_U64, 0, UINT64_MAX },
    { "I64", SHAPE_TEXT, PS_I64, INT64_MIN, INT64_MAX },
    { "Sg", SHAPE_TEXT, PS_FLOAT, 0, 0 },
    { "Db", SHAPE_TEXT, PS_DOUBLE, 0, 0 },
    { "D", SHAPE_TEXT, PS_DECIMAL, 0, 0 },
    { "DT", SHAPE_TEXT, PS_DATETIME, 0, 0 },
    { "TS", SHAPE_TEXT, PS_TIMESPAN, 0, 0 },
    { "BA", SHAPE_TEXT, PS_BYTES, 0, 0 },
    { "G", SHAPE_TEXT, PS_GUID, 0, 0 },
    { "URI", SHAPE_TEXT, PS_URI, 0, 0 },
    { "Version", SHAPE_TEXT, PS_VERSION, 0, 0 },
    { "XD", SHAPE_TEXT, PS_XML, 0, 0 },
    { "SBK", SHAPE_TEXT, PS_SCRIPT, 0, 0 },
    { "SS", SHAPE_TEXT, PS_SECURE, 0, 0 },
    { "Objs", SHAPE_DOCUMENT, PS_LIST, 0, 0 },
    { "PR", SHAPE_SKIPPED, PS_NULL, 0, 0 },
};
_Static_assert(COUNT(elements) == ELEMENT_COUNT, "ELEMENT_COUNT is the number of rows");

void reader_fail(struct clixml_reader *r, const char *fmt, ...)
{
    char text[sizeof r->err.text], shown[sizeof text];
    va_list args;

    if (r->failed)
        return;
    r->failed = true;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    err_set(&r->err, ERR_REMOTE, "", "%s", text_printable(text, shown, sizeof shown));
    xmlStopParser(r->context);
}

/* Memory of slots counts like the tree's: a message of empty elements must not get round the arena's limit. */
static bool over_limit(const struct clixml_reader *r)
{
    return r->arena->over_limit ||
           (r->arena->limit && r->arena->used + r->slot_count * sizeof *r->slots > r->arena->limit);
}

/* ------------------------------------------------------------ element start */

static size_t tag_hash(const xmlChar *interned)
{
    uint64_t bits = (uint64_t)(uintptr_t)interned;
    return (size_t)((bits * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

static const struct element *find_element(const struct clixml_reader *r, const xmlChar *name)
{
    for (size_t at = tag_hash(name);; at = (at + 1) % COUNT(r->by_tag)) {
        if (r->by_tag[at] == 0)
            return NULL;
        if (r->tags[r->by_tag[at] - 1] == name)
            return &elements[r->by_tag[at] - 1];
    }
}

/* libxml2 hands on an ampersand in an attribute as "&#38;" as long as it is not told to replace entities. */
static size_t plain_ampersands(char *text, size_t len)
{
    static const char ref[] = "&#38;";
    size_t to = 0;

    for (size_t from = 0; from < len; to++) {
        bool is_ref = len - from >= sizeof ref - 1 && memcmp(text + from, ref, sizeof ref - 1) == 0;
        text[to] = text[from];
        from += is_ref ? sizeof ref - 1 : 1;
    }
    return to;
}

static const char *decoded_name(struct clixml_reader *r, const char *text, size_t len)
{
    char *copy = arena_strndup(r->arena, text, len);

    if (memchr(copy, '&', len))
        len = plain_ampersands(copy, len);
    lexical_unescape(copy, len);
    return copy;
}

static void read_attributes(struct clixml_reader *r, struct frame *frame, int count, const xmlChar **attributes)
{
    for (int i = 0; i < count; i++, attributes += 5) {
        const char *value = (const char *)attributes[3];
        size_t len = (size_t)(attributes[4] - attributes[3]);

        if (attributes[0] == r->attribute_n)
            frame->name = decoded_name(r, value, len);
        else if (attributes[0] == r->attribute_refid && (!lexical_u64(value, len, &frame->id) || frame->id == NO_ID)) {
            reader_fail(r, "the RefId \"%.*s\" is no number", (int)MIN(len, 20u), value);
            return; /* the parser is stopped, its buffers may be gone */
        }
    }
}

static bool is_value(enum shape shape)
{
    return shape <= SHAPE_DICT;
}

/* May an element of this shape stand in that parent? The format allows more orders than are ever sent; all are taken. */
static bool fits(enum shape shape, const struct frame *parent)
{
    if (!parent)
        return is_value(shape) || shape == SHAPE_DOCUMENT || shape == SHAPE_SKIPPED;
    switch (parent->element->shape) {
    case SHAPE_OBJ:
        return is_value(shape) || (shape >= SHAPE_PROPS && shape <= SHAPE_TO_STRING && shape != SHAPE_TYPE_NAME);
    case SHAPE_PROPS:
    case SHAPE_MEMBERS: /* a named MS in MS is a member set */
        return is_value(shape) || shape == SHAPE_MEMBERS || shape == SHAPE_SKIPPED;
    case SHAPE_ITEMS:
    case SHAPE_ENTRY:
    case SHAPE_DOCUMENT:
        return is_value(shape) || shape == SHAPE_SKIPPED;
    case SHAPE_DICT:
        return shape == SHAPE_ENTRY;
    case SHAPE_TYPE_NAMES:
        return shape == SHAPE_TYPE_NAME;
    default:
        return false;
    }
}

static void push_frame(struct clixml_reader *r, const struct element *element)
{
    if (r->frame_count == r->frame_cap)
        x_grow(&r->frames, &r->frame_cap, r->frame_count + 1, sizeof *r->frames);
    struct frame *frame = &r->frames[r->frame_count++];
    frame->element = element;
    frame->name = NULL;
    frame->id = NO_ID;
    frame->first_slot = r->slot_count;
    frame->first_type = r->type_count;
    if (element->shape == SHAPE_OBJ) {
        frame->has_base = frame->base_wrapped = false;
        frame->object = (struct ps_object){ 0 };
        frame->type_ref = NO_ID;
    }
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespace_count,
                     const xmlChar **namespaces, int attribute_count, int defaulted, const xmlChar **attributes)
{
    struct clixml_reader *r = ctx;

    (void)prefix, (void)uri, (void)namespaces, (void)defaulted;
    if (r->failed)
        return;
    if (attribute_count + namespace_count > MOST_ATTRIBUTES) {
        reader_fail(r, "the answer has an element with %d attributes", attribute_count + namespace_count);
        return;
    }
    if (++r->depth > r->max_depth) {
        reader_fail(r, "the answer is nested deeper than %d elements", r->max_depth);
        return;
    }
    if (r->skipping)
        return;
    if (over_limit(r)) {
        reader_fail(r, "an object takes more than the limit of %zu bytes", r->arena->limit);
        return;
    }
    const struct element *element = find_element(r, name);
    if (!element) {
        reader_fail(r, "the answer has an unknown element \"%.40s\"", (const char *)name);
        return;
    }
    const struct frame *parent = r->frame_count ? &r->frames[r->frame_count - 1] : NULL;
    if (!fits(element->shape, parent)) {
        reader_fail(r, "the answer has <%s> in <%s>", element->tag, parent ? parent->element->tag : "");
        return;
    }
    push_frame(r, element);
    if (attribute_count)
        read_attributes(r, &r->frames[r->frame_count - 1], attribute_count, attributes);
    if (element->shape == SHAPE_SKIPPED)
        r->skipping = r->depth;
    if (r->text.len)
        buf_clear(&r->text);
}

/* -------------------------------------------------------------- characters */

static bool wants_text(enum shape shape)
{
    return shape == SHAPE_TEXT || shape == SHAPE_TYPE_NAME || shape == SHAPE_TO_STRING;
}

static void on_characters(void *ctx, const xmlChar *text, int len)
{
    struct clixml_reader *r = ctx;

    if (r->failed || r->skipping || r->frame_count == 0)
        return;
    const struct frame *frame = &r->frames[r->frame_count - 1];
    if (wants_text(frame->element->shape)) {
        if (r->arena->limit && r->text.len + (size_t)len > r->arena->limit)
            reader_fail(r, "a text takes more than the limit of %zu bytes", r->arena->limit);
        else
            buf_add(&r->text, text, (size_t)len);
        return;
    }
    for (int i = 0; i < len; i++) {
        if (text[i] != ' ' && text[i] != '\n' && text[i] != '\r' && text[i] != '\t') {
            reader_fail(r, "the answer has text in <%s>", frame->element->tag);
            return;
        }
    }
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct clixml_reader *r = ctx;

    (void)name, (void)prefix, (void)uri;
    if (r->failed)
        return;
    int depth = r->depth--;
    if (r->skipping && depth > r->skipping)
        return;
    r->skipping = 0;
    /* The frame stays valid while its element ends: nothing pushes one meanwhile. */
    reader_end_element(r, &r->frames[--r->frame_count]);
}

/* ------------------------------------------------------------------- driving */

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    reader_fail(ctx, "the answer has a document type; that is never read");
}

static void on_error(void *ctx, xmlErrorPtr error)
{
    (void)ctx, (void)error; /* kept in the context; this only keeps it off stderr */
}

static const xmlSAXHandler handlers = {
    .initialized = XML_SAX2_MAGIC,
    .internalSubset = on_doctype,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_characters,
    .ignorableWhitespace = on_characters,
    .cdataBlock = on_characters,
    .serror = on_error,
};

static void intern_names(struct clixml_reader *r)
{
    xmlDictPtr dict = r->context->dict;

    memset(r->by_tag, 0, sizeof r->by_tag);
    r->attribute_n = xmlDictLookup(dict, (const xmlChar *)"N", -1);
    r->attribute_refid = xmlDictLookup(dict, (const xmlChar *)"RefId", -1);
    for (size_t i = 0; i < COUNT(elements); i++) {
        r->tags[i] = xmlDictLookup(dict, (const xmlChar *)elements[i].tag, -1);
        size_t at = tag_hash(r->tags[i]);
        while (r->by_tag[at])
            at = (at + 1) % COUNT(r->by_tag);
        r->by_tag[at] = (uint8_t)(i + 1);
    }
}

/* A fresh context: at first, and after an error, which may have left anything in it. */
static bool new_context(struct clixml_reader *r)
{
    if (r->context)
        xmlFreeParserCtxt(r->context);
    r->context = xmlNewParserCtxt();
    if (!r->context)
        return false;
    *r->context->sax = handlers;
    r->context->userData = r;
    intern_names(r);
    return true;
}

struct clixml_reader *clixml_reader_new(int max_depth)
{
    struct clixml_reader *r = x_alloc(sizeof *r);

    xmlInitParser();
    r->max_depth = max_depth > 0 ? MIN(max_depth, MAX_DEPTH) : DEFAULT_DEPTH;
    new_context(r);
    return r;
}

void clixml_reader_free(struct clixml_reader *r)
{
    if (!r)
        return;
    if (r->context)
        xmlFreeParserCtxt(r->context);
    free(r->frames);
    free(r->slots);
    free(r->types);
    free(r->definitions);
    free(r->type_lists);
    free(r->fixups);
    buf_done(&r->text);
    buf_done(&r->bytes);
    buf_done(&r->message);
    free(r);
}

static void begin(struct clixml_reader *r, struct arena *arena, struct ps_value *out)
{
    r->arena = arena;
    r->out = out;
    r->have_root = r->failed = false;
    r->depth = r->skipping = 0;
    r->frame_count = r->slot_count = r->type_count = 0;
    r->definition_count = r->type_list_count = r->fixup_count = 0;
    err_clear(&r->err);
}

/* Gives back what an unusually large message needed. */
static void shrink(struct clixml_reader *r)
{
    if (r->slot_cap > KEEP_SLOTS) {
        free(r->slots);
        r->slots = NULL;
        r->slot_cap = 0;
    }
    if (r->definition_cap > KEEP_SLOTS) {
        free(r->definitions);
        r->definitions = NULL;
        r->definition_cap = 0;
    }
    if (r->text.cap > 1 << 20)
        buf_done(&r->text);
    if (r->bytes.cap > 1 << 20)
        buf_done(&r->bytes);
    if (r->message.cap > 1 << 16) {
        xmlCtxtReset(r->context); /* lets go of it */
        buf_done(&r->message);
    }
}

/* The parser's own complaint as part of a sentence. */
static void fail_malformed(struct clixml_reader *r)
{
    const char *why = r->context->lastError.message;
    size_t len = why ? strcspn(why, "\r\n") : 0;

    reader_fail(r, "the answer is not well-formed XML: %.*s", len ? (int)MIN(len, 120u) : 12, len ? why : "it has no end");
}

/* xmlCtxtReadMemory() without its input buffer, which costs a third of the time: the parser reads our copy where it lies. */
static bool parse_text(struct clixml_reader *r, const char *text, size_t len)
{
    buf_clear(&r->message);
    buf_add(&r->message, text, len);
    xmlCtxtReset(r->context);
    xmlCtxtUseOptions(r->context, PARSE_OPTIONS);
    xmlParserInputPtr input = xmlNewStringInputStream(r->context, (const xmlChar *)buf_at(&r->message));
    if (!input || inputPush(r->context, input) < 0)
        return err_set(&r->err, ERR_IO, "", "libxml2 takes no input: out of memory");
    if ((size_t)(input->end - input->base) == len)
        xmlParseDocument(r->context);
    else
        reader_fail(r, "the answer is not well-formed XML: there is a NUL in it");
    return true;
}

/* One attempt. *code: libxml2's error number, 0 = none. */
static bool parse(struct clixml_reader *r, const char *text, size_t len, struct arena *arena, struct ps_value *out,
                  int *code)
{
    begin(r, arena, out);
    *code = 0;
    if (!r->context && !new_context(r)) {
        err_set(&r->err, ERR_IO, "", "libxml2 gives no parser: out of memory");
        return false;
    }
    if (!parse_text(r, text, len))
        return false;
    *code = r->failed ? 0 : r->context->lastError.code;
    if (!r->failed && (!r->context->wellFormed || !r->have_root))
        fail_malformed(r);
    if (!r->failed)
        reader_resolve(r);
    if (!r->failed && over_limit(r))
        reader_fail(r, "an object takes more than the limit of %zu bytes", arena->limit);
    shrink(r);
    return !r->failed;
}

/* U+FFFE and U+FFFF come as &#xFFFE; which XML 1.0 forbids (psrp.md 7.2). In a copy they become U+FFFD. NULL: none there. */
static char *without_noncharacters(const char *text, size_t len)
{
    static const char *const refs[] = { "&#xFFFE;", "&#xFFFF;", "&#xfffe;", "&#xffff;", "&#65534;", "&#65535;",
                                        "\xef\xbf\xbe", "\xef\xbf\xbf" };
    char *copy = NULL;

    for (size_t i = 0; i < COUNT(refs); i++) {
        size_t size = strlen(refs[i]);
        const char *at = text, *hit;
        while ((hit = memmem(at, len - (size_t)(at - text), refs[i], size)) != NULL) {
            if (!copy)
                copy = memcpy(x_realloc(NULL, len), text, len); /* there may be a NUL in it */
            memcpy(copy + (hit - text), size == 3 ? "\xef\xbf\xbd" : "&#xFFFD;", size);
            at = hit + size;
        }
    }
    return copy;
}

/* libxml2 compares each attribute of an element with all others before it hands them on: a tag of megabytes would take hours. */
static bool has_endless_tag(const char *text, size_t len)
{
    const char *end = text + len, *at = text;

    if (len <= LONGEST_TAG)
        return false;
    while (at < end && (at = memchr(at, '<', (size_t)(end - at))) != NULL) {
        const char *start = at;
        char quote = 0;
        for (at++; at < end && (quote || *at != '>'); at++) {
            if (quote ? *at == quote : *at == '"' || *at == '\'')
                quote = quote ? 0 : *at;
        }
        if (at - start > LONGEST_TAG)
            return true;
    }
    return false;
}

bool clixml_read(struct clixml_reader *r, const char *text, size_t len, struct arena *arena, struct ps_value *out,
                 struct err *err)
{
    struct ps_value value = { 0 };
    int code;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3, len -= 3;
    if (len == 0) {
        *out = PS_NIL;
        return true;
    }
    if (has_endless_tag(text, len))
        return err_set(err, ERR_REMOTE, "", "the answer has a tag longer than %d bytes", LONGEST_TAG);
    if (len > INT32_MAX)
        return err_set(err, ERR_REMOTE, "", "an answer of %zu bytes is too long", len);
    bool ok = parse(r, text, len, arena, &value, &code);
    char *copy = ok || code == 0 ? NULL : without_noncharacters(text, len);
    if (copy) {
        new_context(r);
        ok = parse(r, copy, len, arena, &value, &code);
        free(copy);
    }
    if (!ok || xmlDictSize(r->context->dict) > MOST_NAMES)
        new_context(r);
    if (ok)
        *out = value;
    else if (err)
        *err = r->err;
    return ok;
}
