/* edit.c - what an operator asked for, read and applied to one value. */
#include "inner.h"

#include <stdlib.h>
#include <string.h>

#include "ipamtui/ip.h"
#include "ipamtui/text.h"

/* ------------------------------------------------------------------ "property=value" */
static bool unknown_property(const struct object_type *object, const char *name, struct err *err)
{
    const char *near = NULL;
    int best = 4; /* further away is another word, not a slip */

    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *p = &object->properties[i];
        int distance = property_is_writable(p) ? text_distance(name, p->name) : best;

        if (property_is_writable(p) && strlen(name) > 2 && text_contains(p->name, name))
            distance = 0; /* "lease" for lease_duration */
        if (distance < best) {
            best = distance;
            near = object->properties[i].name;
        }
    }
    if (near != NULL)
        return err_set(err, ERR_INPUT, name, "%s have no property \"%s\"; did you mean %s?", object->name, name, near);
    return err_set(err, ERR_INPUT, name, "%s have no property \"%s\"", object->name, name);
}

static bool find_property(const struct object_type *object, const char *name, int *out, struct err *err)
{
    int place = catalog_property(object, name);

    if (place < 0)
        return unknown_property(object, name, err);
    if (!property_is_writable(&object->properties[place]))
        return err_set(err, ERR_INPUT, name, "%s cannot be changed here: it is only read from the server", name);
    *out = place;
    return true;
}

/* "/old/new/": the first character separates; a backslash in front of it keeps it. */
static bool split_replace(const char *text, struct arena *arena, struct change_edit *out, struct err *err)
{
    char *part[2] = { arena_alloc(arena, strlen(text) + 1), arena_alloc(arena, strlen(text) + 1) };
    char separator = *text++;

    for (size_t i = 0; i < 2; i++) {
        char *to = part[i];

        for (; *text != '\0' && *text != separator; text++) {
            if (text[0] == '\\' && text[1] == separator)
                text++;
            *to++ = *text;
        }
        if (i == 0 && *text == '\0')
            return err_set(err, ERR_INPUT, "edit", "find and replace is written property/old/new/");
        if (*text != '\0')
            text++;
    }
    if (*text != '\0' || part[0][0] == '\0')
        return err_set(err, ERR_INPUT, "edit", "find and replace is written property/old/new/, and old is not empty");
    out->find = part[0];
    out->text = part[1];
    return true;
}

static bool parse_operator(const char *at, struct arena *arena, struct change_edit *out, struct err *err)
{
    static const struct { const char *sign; enum edit_how how; } signs[] = {
        { "+=", EDIT_APPEND }, { "^=", EDIT_PREPEND }, { "=", EDIT_SET },
    };

    for (size_t i = 0; i < COUNT(signs); i++) {
        if (strncmp(at, signs[i].sign, strlen(signs[i].sign)) != 0)
            continue;
        out->how = signs[i].how;
        out->text = arena_strdup(arena, at + strlen(signs[i].sign));
        return true;
    }
    out->how = EDIT_REPLACE;
    return split_replace(at, arena, out, err);
}

bool change_edit_parse(const struct object_type *object, const char *text, struct arena *arena, struct change_edit *out,
                       struct err *err)
{
    size_t len = strcspn(text, "=+^/");
    struct change_edit edit = { .object = object };
    char *name;

    while (len > 0 && text[len - 1] == ' ')
        len--;
    name = arena_strndup(arena, text, len);
    if (len == 0 || text[strcspn(text, "=+^/")] == '\0')
        return err_set(err, ERR_INPUT, text, "\"%s\" is no edit: write property=value, property+=text or property/old/new/",
                       text);
    if (!find_property(object, name, &edit.property, err) ||
        !parse_operator(text + strcspn(text, "=+^/"), arena, &edit, err) || !change_edit_check(object, &edit, err))
        return false;
    *out = edit;
    return true;
}

/* ------------------------------------------------------------------ an edit on its own */
static bool is_relative(const struct property *property, const char *text)
{
    return property->kind == KIND_IPV4 && text[0] == '.';
}

static bool in_limits(const struct property *property, struct value v, struct err *err)
{
    char low[48], high[48];

    if (v.type != VALUE_INT || (property->min == 0 && property->max == 0) ||
        (property->kind == KIND_DURATION && v.i == -1))
        return true;
    if (v.i >= property->min && v.i <= property->max)
        return true;
    kind_show(property->kind, V_INT(property->min), low, sizeof(low));
    kind_show(property->kind, V_INT(property->max), high, sizeof(high));
    return err_set(err, ERR_INPUT, property->name, "%s must be between %s and %s", property->name, low, high);
}

static bool parse_value(const struct property *property, const char *text, struct arena *arena, struct value *out,
                        struct err *err)
{
    struct value v;

    if (property->kind == KIND_TEXT) { /* as typed: blanks at the ends may be meant */
        if (property->max > 0 && strlen(text) > (size_t)property->max)
            return err_set(err, ERR_INPUT, property->name, "%s would be %zu bytes long; %lld is the most", property->name,
                           strlen(text), (long long)property->max);
        if (!text_is_utf8(text, strlen(text)))
            return err_set(err, ERR_INPUT, property->name, "%s is not valid UTF-8", property->name);
        *out = V_TEXT(arena_strdup(arena, text));
        return true;
    }
    if (!property_parse(property, text, arena, &v, err) || !in_limits(property, v, err))
        return false;
    if (property->kind == KIND_DURATION && v.type == VALUE_INT && v.i == 0 && property->min != 0)
        return err_set(err, ERR_INPUT, property->name, "%s must not be zero", property->name);
    if (v.type == VALUE_NULL)
        return err_set(err, ERR_INPUT, property->name, "%s needs a value", property->name);
    *out = v;
    return true;
}

/* Texts that no target could be given: tried below a network that holds every address. */
static bool check_row_edit(const struct object_type *object, const struct change_edit *edit, struct err *err)
{
    struct value key[KEY_MAX] = { V_INT(0) }, parent[KEY_MAX] = { V_INT(0) };
    struct arena arena = { 0 };
    bool ok = true;

    if (edit->object->add == NULL || edit->object->remove == NULL || catalog_parent(edit->object) != object)
        return err_set(err, ERR_INPUT, edit->object->name, "%s cannot be added or removed here", edit->object->name);
    if (edit->how != EDIT_ROW_REMOVE)
        ok = edit_child_key(edit->object, object, parent, edit->text, &arena, key, err);
    if (ok && edit->how != EDIT_ROW_ADD && edit->find != NULL && strcmp(edit->find, "all") != 0)
        ok = edit_child_key(edit->object, object, parent, edit->find, &arena, key, err);
    arena_done(&arena);
    return ok;
}

bool change_edit_check(const struct object_type *object, const struct change_edit *edit, struct err *err)
{
    const struct property *property;
    struct arena arena = { 0 };
    struct value v;
    bool ok = true;

    if (edit->how >= EDIT_ROW_ADD)
        return check_row_edit(object, edit, err);
    property = &object->properties[edit->property];
    if ((edit->how == EDIT_APPEND || edit->how == EDIT_PREPEND) && property->kind != KIND_TEXT)
        return err_set(err, ERR_INPUT, property->name, "%s is no text: += and ^= do not work on it, = does", property->name);
    if (edit->how == EDIT_REPLACE && property->kind != KIND_TEXT && !is_relative(property, edit->find))
        ok = parse_value(property, edit->find, &arena, &v, err);
    if (ok && !is_relative(property, edit->text))
        ok = parse_value(property, edit->text, &arena, &v, err);
    arena_done(&arena);
    return ok;
}

void change_edit_show(const struct change_edit *edit, struct buf *out)
{
    const char *name = edit->property >= 0 ? edit->object->properties[edit->property].name : edit->object->noun;
    const char *find = edit->find != NULL ? edit->find : "";

    switch (edit->how) {
    case EDIT_SET: buf_addf(out, "set %s=%s", name, edit->text); break;
    case EDIT_APPEND: buf_addf(out, "set %s+=%s", name, edit->text); break;
    case EDIT_PREPEND: buf_addf(out, "set %s^=%s", name, edit->text); break;
    case EDIT_REPLACE: buf_addf(out, "replace in %s %s by %s", name, find, edit->text); break;
    case EDIT_ROW_ADD: buf_addf(out, "add %s %s", name, edit->text); break;
    case EDIT_ROW_REMOVE: buf_addf(out, "remove %s%s%s", name, edit->find != NULL ? " " : "s", find); break;
    case EDIT_ROW_REPLACE: buf_addf(out, "replace %s%s%s by %s", name, edit->find != NULL ? " " : "s", find, edit->text); break;
    }
}

/* ------------------------------------------------------------------ applied to a target */
bool edit_address(const char *text, const char *field, struct value network, int64_t *out, struct err *err)
{
    uint32_t tail = 0, ip;
    const char *at = text;
    char *end;

    if (text[0] != '.') {
        if (!ip4_parse(text, &ip))
            return err_set(err, ERR_INPUT, field, "\"%s\" is no IPv4 address", text);
        *out = ip;
        return true;
    }
    if (network.type != VALUE_INT)
        return err_set(err, ERR_INPUT, field, "\"%s\" is relative to a network, and there is none here", text);
    for (int part = 0; *at == '.'; part++, at = end) {
        unsigned long n = strtoul(at + 1, &end, 10);

        if (end == at + 1 || at[1] == '+' || at[1] == '-' || n > 255 || part > 2)
            return err_set(err, ERR_INPUT, field, "\"%s\" is no end of an address like .20 or .1.20", text);
        tail = tail << 8 | (uint32_t)n;
    }
    if (*at != '\0')
        return err_set(err, ERR_INPUT, field, "\"%s\" is no end of an address like .20 or .1.20", text);
    *out = network.i + tail;
    if (*out > INT64_C(0xffffffff))
        return err_set(err, ERR_INPUT, field, "\"%s\" lies past the last address there is", text);
    return true;
}

static bool parse_for(const struct object_type *object, const struct property *property, const char *text,
                      const struct value *row, struct arena *arena, struct value *out, struct err *err)
{
    struct key_places places;
    int64_t ip;

    if (!is_relative(property, text))
        return parse_value(property, text, arena, out, err);
    key_places(object, &places);
    if (!edit_address(text, property->name, places.count > 0 ? row[places.at[0]] : V_NULL, &ip, err))
        return false;
    *out = V_INT(ip);
    return true;
}

static const char *replaced(const char *text, const char *find, const char *by, struct arena *arena)
{
    struct buf out = { 0 };
    const char *hit, *kept;

    for (; (hit = strstr(text, find)) != NULL; text = hit + strlen(find)) {
        buf_add(&out, text, (size_t)(hit - text));
        buf_adds(&out, by);
    }
    buf_adds(&out, text);
    kept = arena_strdup(arena, buf_at(&out));
    buf_done(&out);
    return kept;
}

static bool apply_replace(const struct object_type *object, const struct change_edit *edit, const struct value *row,
                          struct value base, struct arena *arena, struct value *out, struct err *err)
{
    const struct property *property = &object->properties[edit->property];
    struct value find;

    *out = base;
    if (property->kind == KIND_TEXT)
        return base.type != VALUE_TEXT ||
               parse_value(property, replaced(base.s, edit->find, edit->text, arena), arena, out, err);
    if (!parse_for(object, property, edit->find, row, arena, &find, err))
        return false;
    return !same_value(property, base, find) || parse_for(object, property, edit->text, row, arena, out, err);
}

bool edit_apply(const struct object_type *object, const struct change_edit *edit, const struct value *row, struct value base,
                struct arena *arena, struct value *out, struct err *err)
{
    const struct property *property = &object->properties[edit->property];
    const char *was = base.type == VALUE_TEXT ? base.s : "";

    base = known_value(object, edit->property, base);
    if ((edit->how == EDIT_APPEND || edit->how == EDIT_PREPEND) && base.type != VALUE_TEXT)
        return err_set(err, ERR_INPUT, property->name, "%s is not known yet, so nothing can be added to it: retrieve first",
                       property->name);
    switch (edit->how) {
    case EDIT_APPEND: return parse_value(property, arena_printf(arena, "%s%s", was, edit->text), arena, out, err);
    case EDIT_PREPEND: return parse_value(property, arena_printf(arena, "%s%s", edit->text, was), arena, out, err);
    case EDIT_REPLACE: return apply_replace(object, edit, row, base, arena, out, err);
    default: return parse_for(object, property, edit->text, row, arena, out, err);
    }
}

/* ------------------------------------------------------------------ rows below a target */
/* The key properties of child that parent does not have: two of kind IPv4 are a range, otherwise one word each. */
bool edit_child_key(const struct object_type *child, const struct object_type *parent, const struct value *parent_key,
                    const char *text, struct arena *arena, struct value *key, struct err *err)
{
    struct key_places c, p;
    const char *part[2];
    char *dash;

    key_places(child, &c);
    key_places(parent, &p);
    memcpy(key, parent_key, p.count * sizeof(*key));
    if (c.count != p.count + 2)
        return err_set(err, ERR_INPUT, child->noun, "%s cannot be written as a range", child->name);
    part[0] = part[1] = arena_strdup(arena, text);
    dash = strchr(part[0], '-');
    if (dash != NULL) {
        *dash = '\0';
        part[1] = dash + 1;
    }
    for (size_t i = 0; i < 2; i++) {
        int64_t ip;

        if (!edit_address(part[i], child->noun, p.count > 0 ? parent_key[0] : V_NULL, &ip, err))
            return false;
        key[p.count + i] = V_INT(ip);
    }
    if (key[p.count].i > key[p.count + 1].i)
        return err_set(err, ERR_INPUT, child->noun, "the %s %s ends before it begins", child->noun, text);
    return true;
}
