/* The tree that is built of a message's elements: primitives, containers, objects, references (psrp.md 7.1, 7.3). */
#include <stdlib.h>
#include <string.h>

#include "clixml_reader.h"
#include "ipamtui/psrp_wire.h"
#include "lexical.h"

/* Copies text to the arena and decodes its escapes. */
static char *decoded(struct clixml_reader *r, const char *text, size_t len, size_t *out_len)
{
    char *copy = arena_strndup(r->arena, text, len);
    size_t n = lexical_unescape(copy, len);

    if (out_len)
        *out_len = n;
    return copy;
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

/* The children of <Props> or <MS>, each with its name. */
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
        reader_fail(r, "an object has two values");
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
        reader_fail(r, "a dictionary has an entry that is no pair of Key and Value");
        return;
    }
    if (strcmp(pair[0].name, "Value") == 0 && strcmp(pair[1].name, "Key") == 0) {
        struct slot swapped = pair[0];
        pair[0] = pair[1];
        pair[1] = swapped;
    }
    if (strcmp(pair[0].name, "Key") != 0 || strcmp(pair[1].name, "Value") != 0)
        reader_fail(r, "a dictionary has an entry that is no pair of Key and Value");
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
        reader_fail(r, "the answer's <%s> \"%.40s\" cannot be read", frame->element->tag, buf_at(&r->text));
}

static void end_ref(struct clixml_reader *r, const struct frame *frame)
{
    struct slot slot = { .name = frame->name, .ref = frame->id, .definition = NO_DEFINITION };

    if (frame->id == NO_ID)
        reader_fail(r, "the answer has a <Ref> without RefId");
    else
        deliver(r, &slot);
}

/* frame is popped already: the parent is the topmost one. */
void reader_end_element(struct clixml_reader *r, struct frame *frame)
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
        reader_fail(r, "the answer refers to an object %llu that is not in it", (unsigned long long)fixup->id);
}

static void resolve_types(struct clixml_reader *r, const struct fixup *fixup)
{
    struct type_list key = { .id = fixup->id };
    const struct type_list *found = bsearch(&key, r->type_lists, r->type_list_count, sizeof key, by_type_list);

    if (!found) {
        reader_fail(r, "the answer refers to a type list %llu that is not in it", (unsigned long long)fixup->id);
        return;
    }
    fixup->object->type_names = found->names;
    fixup->object->type_name_count = found->count;
}

/* A reference gets a copy of the value's struct, whose parts are shared: cycles and all. */
void reader_resolve(struct clixml_reader *r)
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
