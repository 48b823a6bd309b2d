/* Value trees to CLIXML (psrp.md 7), in the form and numbering that the engine's own serializer uses. */
#include "ipamtui/clixml.h"

#include <stdlib.h>
#include <string.h>

#include "ipamtui/psrp_wire.h"
#include "lexical.h"

#define MAX_VALUES (1 << 20) /* in one message: parts that are shared can make a small tree endless */
#define MAX_NESTING 100 /* values in values; the engine's own serializer stops at 50 */

static const char *const tags[] = {
    [PS_NULL] = "Nil", [PS_STRING] = "S", [PS_CHAR] = "C", [PS_BOOL] = "B", [PS_BYTE] = "By", [PS_SBYTE] = "SB",
    [PS_U16] = "U16", [PS_I16] = "I16", [PS_U32] = "U32", [PS_I32] = "I32", [PS_U64] = "U64", [PS_I64] = "I64",
    [PS_FLOAT] = "Sg", [PS_DOUBLE] = "Db", [PS_DECIMAL] = "D", [PS_DATETIME] = "DT", [PS_TIMESPAN] = "TS",
    [PS_BYTES] = "BA", [PS_GUID] = "G", [PS_URI] = "URI", [PS_VERSION] = "Version", [PS_XML] = "XD",
    [PS_SCRIPT] = "SBK", [PS_SECURE] = "SS", [PS_LIST] = "LST", [PS_STACK] = "STK", [PS_QUEUE] = "QUE",
    [PS_ENUMERABLE] = "IE", [PS_DICT] = "DCT", [PS_OBJECT] = "Obj",
};

/* Type names of containers that come without any: what a plain list and a plain dictionary are to PowerShell. */
static const char *const list_types[] = { "System.Collections.ArrayList", "System.Object" };
static const char *const dict_types[] = { "System.Collections.Hashtable", "System.Object" };

/* An object that is being written: to find a cycle. */
struct open_object {
    const struct ps_value *value;
    unsigned ref_id;
};
struct type_list {
    const char *const *names;
    size_t count;
};
struct writer {
    struct buf *out;
    unsigned next_ref;
    struct type_list *types;
    size_t type_count, type_cap;
    struct open_object open[MAX_NESTING];
    int depth, values;
};

static bool write_value(struct writer *w, const char *name, const struct ps_value *value);

/* Every object has a number or two: printf would be most of the work. */
static void add_number(struct writer *w, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    buf_add(w->out, digits + at, sizeof digits - at);
}

static void open_tag(struct writer *w, const char *tag, const char *name)
{
    buf_addc(w->out, '<');
    buf_adds(w->out, tag);
    if (name) {
        buf_adds(w->out, " N=\"");
        lexical_escape(w->out, name, strlen(name), true);
        buf_addc(w->out, '"');
    }
}

static void close_tag(struct writer *w, const char *tag)
{
    buf_adds(w->out, "</");
    buf_adds(w->out, tag);
    buf_addc(w->out, '>');
}

/* ------------------------------------------------------------- primitives */

static void write_lexical(struct writer *w, const struct ps_value *value)
{
    char text[LEXICAL_SIZE];

    switch (value->type) {
    case PS_BOOL: buf_adds(w->out, value->b ? "true" : "false"); break;
    case PS_CHAR: add_number(w, value->u & 0xffff); break;
    case PS_BYTE: case PS_U16: case PS_U32: case PS_U64: add_number(w, value->u); break;
    case PS_SBYTE: case PS_I16: case PS_I32: case PS_I64:
        if (value->i < 0)
            buf_addc(w->out, '-');
        add_number(w, value->i < 0 ? -(uint64_t)value->i : (uint64_t)value->i);
        break;
    case PS_FLOAT: case PS_DOUBLE:
        buf_adds(w->out, lexical_put_double(value->d, value->type == PS_FLOAT, text));
        break;
    case PS_DATETIME: buf_adds(w->out, lexical_put_datetime(value, text)); break;
    case PS_TIMESPAN: buf_adds(w->out, lexical_put_duration(value->ticks, text)); break;
    case PS_BYTES: base64_encode(value->bytes, value->len, w->out); break;
    default: lexical_escape(w->out, value->s, value->len, false);
    }
}

/* Strings keep their pair of tags when empty, as the engine writes them. */
static void write_primitive(struct writer *w, const char *name, const struct ps_value *value)
{
    const char *tag = tags[value->type];

    open_tag(w, tag, name);
    if (value->type == PS_NULL || (value->type == PS_BYTES && value->len == 0)) {
        buf_adds(w->out, " />");
        return;
    }
    buf_addc(w->out, '>');
    write_lexical(w, value);
    close_tag(w, tag);
}

/* -------------------------------------------------------------- containers */

static bool is_container(enum ps_type type)
{
    return type >= PS_LIST && type <= PS_DICT;
}

static bool write_entry(struct writer *w, const struct ps_pair *pair)
{
    buf_adds(w->out, "<En>");
    bool ok = write_value(w, "Key", pair->key) && write_value(w, "Value", pair->value);
    buf_adds(w->out, "</En>");
    return ok;
}

static bool write_container(struct writer *w, const struct ps_value *value)
{
    const char *tag = tags[value->type];
    bool ok = true;

    if (value->len == 0) {
        buf_addf(w->out, "<%s />", tag);
        return true;
    }
    open_tag(w, tag, NULL);
    buf_addc(w->out, '>');
    for (size_t i = 0; i < value->len && ok; i++)
        ok = value->type == PS_DICT ? write_entry(w, &value->pairs[i]) : write_value(w, NULL, &value->items[i]);
    close_tag(w, tag);
    return ok;
}

/* ----------------------------------------------------------------- objects */

static bool same_types(const struct type_list *a, const char *const *names, size_t count)
{
    if (a->count != count)
        return false;
    if (a->names == names)
        return true;
    for (size_t i = 0; i < count; i++)
        if (strcmp(a->names[i], names[i]) != 0)
            return false;
    return true;
}

/* The list, or a reference to it if it was written before. */
static void write_types(struct writer *w, const char *const *names, size_t count)
{
    if (count == 0)
        return;
    for (size_t i = 0; i < w->type_count; i++) {
        if (same_types(&w->types[i], names, count)) {
            buf_adds(w->out, "<TNRef RefId=\"");
            add_number(w, i);
            buf_adds(w->out, "\" />");
            return;
        }
    }
    x_grow(&w->types, &w->type_cap, w->type_count + 1, sizeof *w->types);
    buf_adds(w->out, "<TN RefId=\"");
    add_number(w, w->type_count);
    buf_adds(w->out, "\">");
    w->types[w->type_count++] = (struct type_list){ names, count };
    for (size_t i = 0; i < count; i++) {
        buf_adds(w->out, "<T>");
        lexical_escape(w->out, names[i], strlen(names[i]), false);
        buf_adds(w->out, "</T>");
    }
    buf_adds(w->out, "</TN>");
}

static bool write_properties(struct writer *w, const char *tag, const struct ps_property *list, size_t count)
{
    bool ok = true;

    if (count == 0)
        return true;
    open_tag(w, tag, NULL);
    buf_addc(w->out, '>');
    for (size_t i = 0; i < count && ok; i++)
        ok = write_value(w, list[i].name, list[i].value);
    close_tag(w, tag);
    return ok;
}

/* The same parts mean the same object: the struct itself may be a copy (clixml_read() makes them for <Ref>). */
static bool same_object(const struct ps_value *a, const struct ps_value *b)
{
    if (a == b)
        return true;
    if (a->type != b->type || a->object != b->object)
        return false;
    return is_container(a->type) ? a->len && a->len == b->len && a->items == b->items : a->object != NULL;
}

static const struct open_object *enclosing(const struct writer *w, const struct ps_value *value)
{
    for (int i = 0; i < w->depth; i++)
        if (same_object(w->open[i].value, value))
            return &w->open[i];
    return NULL;
}

static bool write_parts(struct writer *w, const struct ps_value *value)
{
    static const struct ps_object plain;
    const struct ps_object *object = value->object ? value->object : &plain;

    if (object->type_name_count == 0 && is_container(value->type))
        write_types(w, value->type == PS_DICT ? dict_types : list_types, 2);
    else
        write_types(w, object->type_names, object->type_name_count);
    if (object->to_string) {
        buf_adds(w->out, "<ToString>");
        lexical_escape(w->out, object->to_string, strlen(object->to_string), false);
        buf_adds(w->out, "</ToString>");
    }
    if (is_container(value->type)) {
        if (!write_container(w, value))
            return false;
    } else if (value->type != PS_OBJECT) {
        write_primitive(w, NULL, value);
    }
    return write_properties(w, "Props", object->props, object->prop_count) &&
           write_properties(w, "MS", object->members, object->member_count);
}

static bool write_object(struct writer *w, const char *name, const struct ps_value *value)
{
    const struct open_object *cycle = enclosing(w, value);

    if (cycle) {
        open_tag(w, "Ref", name);
        buf_adds(w->out, " RefId=\"");
        add_number(w, cycle->ref_id);
        buf_adds(w->out, "\" />");
        return true;
    }
    if (w->depth == MAX_NESTING)
        return false;
    open_tag(w, "Obj", name);
    buf_adds(w->out, " RefId=\"");
    add_number(w, w->next_ref);
    buf_adds(w->out, "\">");
    w->open[w->depth++] = (struct open_object){ value, w->next_ref++ };
    bool ok = write_parts(w, value);
    w->depth--;
    buf_adds(w->out, "</Obj>");
    return ok;
}

static bool write_value(struct writer *w, const char *name, const struct ps_value *value)
{
    static const struct ps_value null;

    if (++w->values > MAX_VALUES || (w->out->limit && w->out->len >= w->out->limit))
        return false;
    if (!value)
        value = &null;
    if (value->object || is_container(value->type) || value->type == PS_OBJECT)
        return write_object(w, name, value);
    write_primitive(w, name, value);
    return true;
}

bool clixml_write(struct buf *out, const char *name, const struct ps_value *value)
{
    struct writer w = { .out = out };
    bool ok = write_value(&w, name, value);

    free(w.types);
    return ok;
}
