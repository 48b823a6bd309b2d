/* CLIXML to value trees, on libxml2's SAX2 interface (psrp.md 7).
 *
 * One frame per open element; values that wait for their container to end are slots on a stack. Nothing is allocated per node
 * but what the tree itself needs, from the caller's arena; the reader's own arrays are kept for the next message. */
#include "ipamtui/clixml.h"

#include <assert.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/psrp_wire.h"
#include "ipamtui/text.h"
#include "lexical.h"

#define DEFAULT_DEPTH 200
#define MAX_DEPTH 250 /* libxml2's own limit is 256 */
#define KEEP_SLOTS 4096 /* more are given back after a message */
#define MOST_ATTRIBUTES 8
#define LONGEST_TAG 65536
#define MOST_NAMES 1000 /* interned ones; ours are some fifty */
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC)

/* --------------------------------------------------------------- elements */

enum shape {
    SHAPE_TEXT,      /* a primitive: its text is the value */
    SHAPE_NIL, SHAPE_REF, SHAPE_OBJ,
    SHAPE_ITEMS, SHAPE_DICT, SHAPE_ENTRY,
    SHAPE_PROPS, SHAPE_MEMBERS,
    SHAPE_TYPE_NAMES, SHAPE_TYPE_NAME, SHAPE_TYPE_REF, SHAPE_TO_STRING,
    SHAPE_DOCUMENT, /* <Objs>: the root of files and of the plain dialect */
    SHAPE_SKIPPED   /* <PR>: nothing of it is used */
};

struct element {
    const char *tag;
    enum shape shape;
    enum ps_type type;
    int64_t min;  /* range of the signed and unsigned integers */
    uint64_t max;
};

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

/* ---------------------------------------------------------------- reader */

#define NO_ID UINT64_MAX
#define NO_DEFINITION (-1)

/* A value that waits for its container to end. */
struct slot {
    struct ps_value value;
    const char *name;  /* N, or NULL */
    uint64_t ref;      /* RefId of a <Ref>; NO_ID otherwise */
    int definition;    /* head of the chain of RefIds it has; wrapped objects have several */
};

/* RefId -> where the value came to lie. */
struct definition {
    uint64_t id;
    struct ps_value *at;
    int next;
};
struct type_list {
    uint64_t id;
    const char *const *names;
    size_t count;
};
struct fixup { /* resolved when the message is complete */
    uint64_t id;
    struct ps_value *value;   /* a <Ref> */
    struct ps_object *object; /* or a <TNRef> that could not be resolved at once */
};

struct frame {
    const struct element *element;
    const char *name;
    uint64_t id;          /* RefId of Obj, TN, TNRef, Ref */
    size_t first_slot;    /* slots from here on are its children */
    size_t first_type;    /* TN: its names in r->types */
    /* Obj: what has been seen so far */
    bool has_base, base_wrapped;
    struct slot base;
    struct ps_object object;
    uint64_t type_ref; /* TNRef still to be resolved */
};

struct clixml_reader {
    xmlParserCtxtPtr context;
    int max_depth;
    const xmlChar *attribute_n, *attribute_refid; /* interned */
    const xmlChar *tags[COUNT(elements)];         /* interned, by index of elements[] */
    uint8_t by_tag[256];                          /* hash of the interned pointer -> index + 1 */

    struct arena *arena; /* of the message being read */
    struct ps_value *out;
    bool have_root, failed;
    struct err err;
    int depth, skipping; /* skipping: depth at which a skipped element began */
    struct frame *frames;
    size_t frame_count, frame_cap;
    struct slot *slots;
    size_t slot_count, slot_cap;
    const char **types;
    size_t type_count, type_cap;
    struct definition *definitions;
    size_t definition_count, definition_cap;
    struct type_list *type_lists;
    size_t type_list_count, type_list_cap;
    struct fixup *fixups;
    size_t fixup_count, fixup_cap;
    struct buf text, bytes;
};

__attribute__((cold, format(printf, 2, 3))) static void fail(struct clixml_reader *r, const char *fmt, ...)
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

/* Copies text to the arena and decodes its escapes. */
static char *decoded(struct clixml_reader *r, const char *text, size_t len, size_t *out_len)
{
    char *copy = arena_strndup(r->arena, text, len);
    size_t n = lexical_unescape(copy, len);

    if (out_len)
        *out_len = n;
    return copy;
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
            fail(r, "the RefId \"%.*s\" is no number", (int)MIN(len, 20u), value);
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
        fail(r, "the answer has an element with %d attributes", attribute_count + namespace_count);
        return;
    }
    if (++r->depth > r->max_depth) {
        fail(r, "the answer is nested deeper than %d elements", r->max_depth);
        return;
    }
    if (r->skipping)
        return;
    if (over_limit(r)) {
        fail(r, "an object takes more than the limit of %zu bytes", r->arena->limit);
        return;
    }
    const struct element *element = find_element(r, name);
    if (!element) {
        fail(r, "the answer has an unknown element \"%.40s\"", (const char *)name);
        return;
    }
    const struct frame *parent = r->frame_count ? &r->frames[r->frame_count - 1] : NULL;
    if (!fits(element->shape, parent)) {
        fail(r, "the answer has <%s> in <%s>", element->tag, parent ? parent->element->tag : "");
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
            fail(r, "a text takes more than the limit of %zu bytes", r->arena->limit);
        else
            buf_add(&r->text, text, (size_t)len);
        return;
    }
    for (int i = 0; i < len; i++) {
        if (text[i] != ' ' && text[i] != '\n' && text[i] != '\r' && text[i] != '\t') {
            fail(r, "the answer has text in <%s>", frame->element->tag);
            return;
        }
    }
}

/* -------------------------------------------------------------- primitives */

static bool read_integer(const struct element *element, const char *text, size_t len, struct ps_value *out)
{
    if (element->min < 0)
        return lexical_i64(text, len, &out->i) && out->i >= element->min &&
               (out->i < 0 || (uint64_t)out->i <= element->max);
    return lexical_u64(text, len, &out->u) && out->u <= element->max;
}

static bool read_bytes(struct clixml_reader *r, struct ps_value *out)
{
    size_t kept = 0;
    char *text = buf_at(&r->text);

    /* Long values may be broken into lines. */
    for (size_t i = 0; i < r->text.len; i++)
        if (text[i] != ' ' && text[i] != '\n' && text[i] != '\r' && text[i] != '\t')
            text[kept++] = text[i];
    buf_clear(&r->bytes);
    if (!base64_decode(text, kept, &r->bytes))
        return false;
    out->len = r->bytes.len;
    out->bytes = (const uint8_t *)arena_strndup(r->arena, buf_at(&r->bytes), r->bytes.len);
    return true;
}

/* The value of a primitive's text in r->text. */
static bool read_primitive(struct clixml_reader *r, const struct element *element, struct ps_value *out)
{
    const char *text = buf_at(&r->text);
    size_t len = r->text.len;

    switch (element->type) {
    case PS_BOOL:
        return lexical_bool(text, len, &out->b);
    case PS_FLOAT:
    case PS_DOUBLE:
        return lexical_double(text, len, &out->d);
    case PS_DATETIME:
        return lexical_datetime(text, len, out);
    case PS_TIMESPAN:
        return lexical_duration(text, len, &out->ticks);
    case PS_BYTES:
        return read_bytes(r, out);
    default:
        if (element->max > 0)
            return read_integer(element, text, len, out);
        out->s = decoded(r, text, len, &out->len);
        return true;
    }
}

/* ------------------------------------------------------------- placing values */

static void note_fixup(struct clixml_reader *r, struct fixup fixup)
{
    x_grow(&r->fixups, &r->fixup_cap, r->fixup_count + 1, sizeof *r->fixups);
    r->fixups[r->fixup_count++] = fixup;
}

/* The value of slot now lies at `at` for good. */
static inline void place(struct clixml_reader *r, const struct slot *slot, struct ps_value *at)
{
    *at = slot->value;
    if (slot->ref != NO_ID)
        note_fixup(r, (struct fixup){ .id = slot->ref, .value = at });
    for (int i = slot->definition; i != NO_DEFINITION; i = r->definitions[i].next)
        r->definitions[i].at = at;
}

/* The children of frame, placed side by side. */
static struct ps_value *place_children(struct clixml_reader *r, const struct frame *frame, size_t *count)
{
    *count = r->slot_count - frame->first_slot;
    if (*count == 0)
        return NULL;
    struct ps_value *values = arena_alloc(r->arena, *count * sizeof *values);
    for (size_t i = 0; i < *count; i++)
        place(r, &r->slots[frame->first_slot + i], &values[i]);
    return values;
}

/* `name` is what Obj's children do not have: only <Props> and <MS> give one to each. */
static void take_properties(struct clixml_reader *r, const struct frame *frame, struct frame *parent)
{
    size_t count;
    struct ps_value *values = place_children(r, frame, &count);
    struct ps_property *list = arena_alloc(r->arena, (count ? count : 1) * sizeof *list);

    for (size_t i = 0; i < count; i++)
        list[i] = (struct ps_property){ r->slots[frame->first_slot + i].name, &values[i] };
    for (size_t i = 0; i < count; i++)
        if (!list[i].name)
            list[i].name = "";
    r->slot_count = frame->first_slot;
    if (parent->element->shape != SHAPE_OBJ)
        return; /* a member set: its RefIds count, nothing else */
    if (frame->element->shape == SHAPE_PROPS) {
        parent->object.props = list;
        parent->object.prop_count = count;
    } else {
        parent->object.members = list;
        parent->object.member_count = count;
    }
}

/* An <Obj> whose base is another one has what both say; the outer comes first (psrp.md 7.3). */
static void take_base(struct clixml_reader *r, struct frame *obj, const struct slot *slot)
{
    if (obj->has_base) {
        fail(r, "an object has two values");
        return;
    }
    obj->has_base = true;
    obj->base = *slot;
}

static void deliver(struct clixml_reader *r, const struct slot *slot)
{
    if (r->frame_count == 0) {
        r->have_root = true;
        place(r, slot, r->out);
        return;
    }
    struct frame *parent = &r->frames[r->frame_count - 1];
    if (parent->element->shape == SHAPE_OBJ) {
        take_base(r, parent, slot);
        return;
    }
    if (r->slot_count >= r->slot_cap)
        x_grow(&r->slots, &r->slot_cap, r->slot_count + 1, sizeof *r->slots);
    r->slots[r->slot_count++] = *slot;
}

static void deliver_value(struct clixml_reader *r, const struct frame *frame, const struct ps_value *value)
{
    struct slot slot = { .value = *value, .name = frame->name, .ref = NO_ID, .definition = NO_DEFINITION };
    deliver(r, &slot);
}

/* ---------------------------------------------------------- structured elements */

static void end_items(struct clixml_reader *r, const struct frame *frame)
{
    struct ps_value value = { .type = frame->element->type };

    value.items = place_children(r, frame, &value.len);
    r->slot_count = frame->first_slot;
    deliver_value(r, frame, &value);
}

/* Leaves exactly two slots, key and value, for the <DCT>. */
static void end_entry(struct clixml_reader *r, const struct frame *frame)
{
    struct slot *pair = &r->slots[frame->first_slot];

    if (r->slot_count != frame->first_slot + 2 || !pair[0].name || !pair[1].name) {
        fail(r, "a dictionary has an entry that is no pair of Key and Value");
        return;
    }
    if (strcmp(pair[0].name, "Value") == 0 && strcmp(pair[1].name, "Key") == 0) {
        struct slot swapped = pair[0];
        pair[0] = pair[1];
        pair[1] = swapped;
    }
    if (strcmp(pair[0].name, "Key") != 0 || strcmp(pair[1].name, "Value") != 0)
        fail(r, "a dictionary has an entry that is no pair of Key and Value");
}

static void end_dict(struct clixml_reader *r, const struct frame *frame)
{
    struct ps_value value = { .type = PS_DICT };
    size_t count;
    struct ps_value *values = place_children(r, frame, &count);

    value.len = count / 2;
    struct ps_pair *pairs = arena_alloc(r->arena, (value.len ? value.len : 1) * sizeof *pairs);
    for (size_t i = 0; i < value.len; i++)
        pairs[i] = (struct ps_pair){ &values[2 * i], &values[2 * i + 1] };
    value.pairs = pairs;
    r->slot_count = frame->first_slot;
    deliver_value(r, frame, &value);
}

static const struct ps_property *joined(struct clixml_reader *r, const struct ps_property *a, size_t a_count,
                                        const struct ps_property *b, size_t b_count)
{
    if (b_count == 0 || a_count == 0)
        return a_count ? a : b;
    struct ps_property *all = arena_alloc(r->arena, (a_count + b_count) * sizeof *all);
    memcpy(all, a, a_count * sizeof *a);
    memcpy(all + a_count, b, b_count * sizeof *b);
    return all;
}

/* What a wrapped object says beside its wrapper. */
static void merge_wrapped(struct clixml_reader *r, struct ps_object *outer, const struct ps_object *inner)
{
    if (outer->type_name_count == 0) {
        outer->type_names = inner->type_names;
        outer->type_name_count = inner->type_name_count;
    }
    if (!outer->to_string)
        outer->to_string = inner->to_string;
    outer->props = joined(r, outer->props, outer->prop_count, inner->props, inner->prop_count);
    outer->prop_count += inner->prop_count;
    outer->members = joined(r, outer->members, outer->member_count, inner->members, inner->member_count);
    outer->member_count += inner->member_count;
}

static int add_definition(struct clixml_reader *r, uint64_t id, int next)
{
    x_grow(&r->definitions, &r->definition_cap, r->definition_count + 1, sizeof *r->definitions);
    r->definitions[r->definition_count] = (struct definition){ .id = id, .next = next };
    return (int)r->definition_count++;
}

static void end_obj(struct clixml_reader *r, struct frame *frame)
{
    struct slot slot = { .value = { .type = PS_OBJECT }, .ref = NO_ID, .definition = NO_DEFINITION };

    if (frame->has_base)
        slot = frame->base;
    slot.name = frame->name;
    if (slot.value.object)
        merge_wrapped(r, &frame->object, slot.value.object);
    struct ps_object *object = arena_alloc(r->arena, sizeof *object);
    *object = frame->object;
    slot.value.object = object;
    if (frame->type_ref != NO_ID)
        note_fixup(r, (struct fixup){ .id = frame->type_ref, .object = object });
    if (frame->id != NO_ID && slot.ref == NO_ID && r->definition_count < INT32_MAX)
        slot.definition = add_definition(r, frame->id, slot.definition);
    deliver(r, &slot);
}

static void end_type_names(struct clixml_reader *r, const struct frame *frame, struct frame *obj)
{
    size_t count = r->type_count - frame->first_type;
    const char **names = arena_alloc(r->arena, (count ? count : 1) * sizeof *names);

    if (count)
        memcpy(names, r->types + frame->first_type, count * sizeof *names);
    r->type_count = frame->first_type;
    obj->object.type_names = names;
    obj->object.type_name_count = count;
    if (frame->id == NO_ID)
        return;
    x_grow(&r->type_lists, &r->type_list_cap, r->type_list_count + 1, sizeof *r->type_lists);
    r->type_lists[r->type_list_count++] = (struct type_list){ frame->id, names, count };
}

static void end_type_ref(struct clixml_reader *r, const struct frame *frame, struct frame *obj)
{
    if (frame->id < r->type_list_count && r->type_lists[frame->id].id == frame->id) {
        obj->object.type_names = r->type_lists[frame->id].names;
        obj->object.type_name_count = r->type_lists[frame->id].count;
    } else if (frame->id != NO_ID) {
        obj->type_ref = frame->id;
    }
}

static void end_text(struct clixml_reader *r, const struct frame *frame)
{
    struct ps_value value = { .type = frame->element->type };

    if (read_primitive(r, frame->element, &value))
        deliver_value(r, frame, &value);
    else
        fail(r, "the answer's <%s> \"%.40s\" cannot be read", frame->element->tag, buf_at(&r->text));
}

static void end_ref(struct clixml_reader *r, const struct frame *frame)
{
    struct slot slot = { .name = frame->name, .ref = frame->id, .definition = NO_DEFINITION };

    if (frame->id == NO_ID)
        fail(r, "the answer has a <Ref> without RefId");
    else
        deliver(r, &slot);
}

/* frame is popped already: the parent is the topmost one. */
static void end_element(struct clixml_reader *r, struct frame *frame)
{
    struct frame *parent = r->frame_count ? &r->frames[r->frame_count - 1] : NULL;
    static const struct ps_value null;

    switch (frame->element->shape) {
    case SHAPE_TEXT: end_text(r, frame); break;
    case SHAPE_NIL:
    case SHAPE_SKIPPED: deliver_value(r, frame, &null); break;
    case SHAPE_REF: end_ref(r, frame); break;
    case SHAPE_OBJ: end_obj(r, frame); break;
    case SHAPE_ITEMS:
    case SHAPE_DOCUMENT: end_items(r, frame); break;
    case SHAPE_DICT: end_dict(r, frame); break;
    case SHAPE_ENTRY: end_entry(r, frame); break;
    case SHAPE_PROPS:
    case SHAPE_MEMBERS: take_properties(r, frame, parent); break;
    case SHAPE_TYPE_NAMES: end_type_names(r, frame, parent); break;
    case SHAPE_TYPE_NAME:
        x_grow(&r->types, &r->type_cap, r->type_count + 1, sizeof *r->types);
        r->types[r->type_count++] = decoded(r, buf_at(&r->text), r->text.len, NULL);
        break;
    case SHAPE_TYPE_REF: end_type_ref(r, frame, parent); break;
    case SHAPE_TO_STRING: parent->object.to_string = decoded(r, buf_at(&r->text), r->text.len, NULL); break;
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
    end_element(r, &r->frames[--r->frame_count]);
}

/* ---------------------------------------------------------------- references */

static int by_definition(const void *a, const void *b)
{
    const struct definition *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_type_list(const void *a, const void *b)
{
    const struct type_list *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static void resolve_value(struct clixml_reader *r, const struct fixup *fixup)
{
    struct definition key = { .id = fixup->id };
    const struct definition *found =
        bsearch(&key, r->definitions, r->definition_count, sizeof key, by_definition);

    if (found && found->at)
        *fixup->value = *found->at;
    else
        fail(r, "the answer refers to an object %llu that is not in it", (unsigned long long)fixup->id);
}

static void resolve_types(struct clixml_reader *r, const struct fixup *fixup)
{
    struct type_list key = { .id = fixup->id };
    const struct type_list *found = bsearch(&key, r->type_lists, r->type_list_count, sizeof key, by_type_list);

    if (!found) {
        fail(r, "the answer refers to a type list %llu that is not in it", (unsigned long long)fixup->id);
        return;
    }
    fixup->object->type_names = found->names;
    fixup->object->type_name_count = found->count;
}

/* A reference gets a copy of the value's struct, whose parts are shared: cycles and all. */
static void resolve(struct clixml_reader *r)
{
    if (r->fixup_count == 0)
        return;
    if (r->definition_count)
        qsort(r->definitions, r->definition_count, sizeof *r->definitions, by_definition);
    if (r->type_list_count)
        qsort(r->type_lists, r->type_list_count, sizeof *r->type_lists, by_type_list);
    for (size_t i = 0; i < r->fixup_count && !r->failed; i++) {
        if (r->fixups[i].value)
            resolve_value(r, &r->fixups[i]);
        else
            resolve_types(r, &r->fixups[i]);
    }
}

/* ------------------------------------------------------------------- driving */

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    fail(ctx, "the answer has a document type; that is never read");
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
}

/* The parser's own complaint as part of a sentence. */
static void fail_malformed(struct clixml_reader *r)
{
    const char *why = r->context->lastError.message;
    size_t len = why ? strcspn(why, "\r\n") : 0;

    fail(r, "the answer is not well-formed XML: %.*s", len ? (int)MIN(len, 120u) : 12, len ? why : "it has no end");
}

/* One attempt. *code: libxml2's error number, 0 = none. */
static bool parse(struct clixml_reader *r, const char *text, size_t len, struct arena *arena, struct ps_value *out,
                  int *code)
{
    begin(r, arena, out);
    if (!r->context && !new_context(r)) {
        err_set(&r->err, ERR_IO, "", "libxml2 gives no parser: out of memory");
        return false;
    }
    xmlDocPtr doc = xmlCtxtReadMemory(r->context, text, (int)len, NULL, NULL, PARSE_OPTIONS);
    if (doc)
        xmlFreeDoc(doc);
    *code = r->failed ? 0 : r->context->lastError.code;
    if (!r->failed && (!r->context->wellFormed || !r->have_root))
        fail_malformed(r);
    if (!r->failed)
        resolve(r);
    if (!r->failed && over_limit(r))
        fail(r, "an object takes more than the limit of %zu bytes", arena->limit);
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
