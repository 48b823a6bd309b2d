/* Looking into values: tolerant of every shape a host may send (psrp.md 7.3 to 7.5). */
#include "ipamtui/clixml.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "ipamtui/text.h"
#include "lexical.h"

/* ------------------------------------------------------------- properties */

static bool same_name(const char *a, const char *b, size_t len)
{
    if ((a[0] | 32) != (b[0] | 32) && len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char x = a[i], y = b[i];
        if (x >= 'A' && x <= 'Z')
            x = (char)(x + 32);
        if (y >= 'A' && y <= 'Z')
            y = (char)(y + 32);
        if (x != y || x == '\0')
            return false;
    }
    return a[len] == '\0';
}

static const struct ps_value *find(const struct ps_property *list, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (same_name(list[i].name, name, len))
            return list[i].value;
    return NULL;
}

static const struct ps_value *find_key(const struct ps_value *dict, const char *name, size_t len)
{
    for (size_t i = 0; i < dict->len; i++) {
        const struct ps_value *key = dict->pairs[i].key;
        if (key->type == PS_STRING && same_name(key->s, name, len))
            return dict->pairs[i].value;
    }
    return NULL;
}

static const char *without_prefix(const char *name)
{
    static const char prefix[] = "Deserialized.";
    return strncasecmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : name;
}

static bool is_cim(const struct ps_object *object)
{
    static const char type[] = "Microsoft.Management.Infrastructure.CimInstance";
    return object->type_name_count > 0 &&
           strncasecmp(without_prefix(object->type_names[0]), type, sizeof type - 1) == 0;
}

/* CIM objects say the same in MS for local use only: their Props first. */
static const struct ps_value *get_one(const struct ps_value *value, const char *name, size_t len)
{
    const struct ps_object *o = value->object;
    const struct ps_value *found = NULL;

    if (o && is_cim(o))
        found = find(o->props, o->prop_count, name, len);
    if (!found && o)
        found = find(o->members, o->member_count, name, len);
    if (!found && o)
        found = find(o->props, o->prop_count, name, len);
    if (!found && value->type == PS_DICT)
        found = find_key(value, name, len);
    return found;
}

const struct ps_value *ps_get(const struct ps_value *value, const char *name)
{
    while (value && name) {
        size_t len = strcspn(name, ".");
        const struct ps_value *whole = name[len] ? get_one(value, name, strlen(name)) : NULL;

        if (whole) /* a name with a dot in it */
            return whole;
        value = get_one(value, name, len);
        if (name[len] == '\0')
            return value;
        name += len + 1;
    }
    return NULL;
}

/* -------------------------------------------------------------------- text */

#define TEXT_NODES 100000 /* values visited for one text: shared parts can make a small message endless */
#define TEXT_DEPTH 16

struct text_job {
    struct buf out;
    int nodes, depth;
};

static void put_text(struct text_job *job, const struct ps_value *value);

static void put_items(struct text_job *job, const struct ps_value *value)
{
    for (size_t i = 0; i < value->len && job->nodes < TEXT_NODES; i++) {
        if (i)
            buf_adds(&job->out, ", ");
        put_text(job, &value->items[i]);
    }
}

static void put_named(struct text_job *job, const char *name, const struct ps_value *value, bool first)
{
    if (!first)
        buf_adds(&job->out, "; ");
    buf_adds(&job->out, name);
    buf_addc(&job->out, '=');
    put_text(job, value);
}

static void put_dict(struct text_job *job, const struct ps_value *value)
{
    for (size_t i = 0; i < value->len && job->nodes < TEXT_NODES; i++) {
        if (i)
            buf_adds(&job->out, "; ");
        put_text(job, value->pairs[i].key);
        buf_addc(&job->out, '=');
        put_text(job, value->pairs[i].value);
    }
}

/* "@{a=1; b=2}", as PowerShell shows an object without a text of its own. */
static void put_object(struct text_job *job, const struct ps_object *object)
{
    bool first = true;

    if (!object || object->prop_count + object->member_count == 0)
        return;
    buf_adds(&job->out, "@{");
    for (size_t i = 0; i < object->prop_count && job->nodes < TEXT_NODES; i++, first = false)
        put_named(job, object->props[i].name, object->props[i].value, first);
    for (size_t i = 0; i < object->member_count && job->nodes < TEXT_NODES; i++, first = false)
        put_named(job, object->members[i].name, object->members[i].value, first);
    buf_addc(&job->out, '}');
}

static void put_bytes(struct text_job *job, const struct ps_value *value)
{
    for (size_t i = 0; i < value->len && ++job->nodes < TEXT_NODES; i++)
        buf_addf(&job->out, i ? ", %u" : "%u", value->bytes[i]);
}

static void put_char(struct text_job *job, uint64_t unit)
{
    char utf8[4];
    bool is_text = unit != 0 && (unit < 0xd800 || (unit > 0xdfff && unit <= 0xffff));

    buf_add(&job->out, utf8, lexical_put_utf8(is_text ? (uint32_t)unit : 0xfffd, utf8));
}

static void put_plain(struct text_job *job, const struct ps_value *value)
{
    char text[LEXICAL_SIZE];

    switch (value->type) {
    case PS_NULL: break;
    case PS_BOOL: buf_adds(&job->out, value->b ? "True" : "False"); break;
    case PS_CHAR: put_char(job, value->u); break;
    case PS_BYTE: case PS_U16: case PS_U32: case PS_U64: buf_addf(&job->out, "%" PRIu64, value->u); break;
    case PS_SBYTE: case PS_I16: case PS_I32: case PS_I64: buf_addf(&job->out, "%" PRId64, value->i); break;
    case PS_FLOAT: case PS_DOUBLE:
        buf_adds(&job->out, lexical_put_double(value->d, value->type == PS_FLOAT, text));
        break;
    case PS_DATETIME: buf_adds(&job->out, lexical_put_datetime(value, text)); break;
    case PS_TIMESPAN: buf_adds(&job->out, lexical_put_timespan(value->ticks, text)); break;
    case PS_BYTES: put_bytes(job, value); break;
    case PS_LIST: case PS_STACK: case PS_QUEUE: case PS_ENUMERABLE: put_items(job, value); break;
    case PS_DICT: put_dict(job, value); break;
    case PS_OBJECT: put_object(job, value->object); break;
    default: buf_add(&job->out, value->s, value->len);
    }
}

static bool is_text(enum ps_type type)
{
    return type == PS_STRING || type == PS_DECIMAL || (type >= PS_GUID && type <= PS_SECURE);
}

static void put_text(struct text_job *job, const struct ps_value *value)
{
    if (!value || ++job->nodes > TEXT_NODES || job->depth == TEXT_DEPTH)
        return;
    job->depth++;
    if (value->object && value->object->to_string && !is_text(value->type))
        buf_adds(&job->out, value->object->to_string);
    else
        put_plain(job, value);
    job->depth--;
}

const char *ps_text(const struct ps_value *value, struct arena *arena)
{
    if (!value || (value->type == PS_NULL && !(value->object && value->object->to_string)))
        return NULL;
    if (is_text(value->type))
        return arena_strndup(arena, value->s, value->len);
    if (value->object && value->object->to_string)
        return arena_strdup(arena, value->object->to_string);
    struct text_job job = { .nodes = 0 };
    put_text(&job, value);
    const char *text = arena_strndup(arena, buf_at(&job.out), job.out.len);
    buf_done(&job.out);
    return text;
}

/* ------------------------------------------------------------------ numbers */

static bool is_signed(enum ps_type type)
{
    return type == PS_SBYTE || type == PS_I16 || type == PS_I32 || type == PS_I64;
}

static bool is_unsigned(enum ps_type type)
{
    return type == PS_BYTE || type == PS_U16 || type == PS_U32 || type == PS_U64;
}

/* The text a number may be in: a string, or what an object without a base value says of itself. */
static bool as_text(const struct ps_value *value, const char **text, size_t *len)
{
    if (is_text(value->type)) {
        *text = value->s;
        *len = value->len;
        return true;
    }
    if (value->type != PS_OBJECT || !value->object || !value->object->to_string)
        return false;
    *text = value->object->to_string;
    *len = strlen(*text);
    return true;
}

bool ps_int(const struct ps_value *value, int64_t *out)
{
    const char *text;
    size_t len;

    if (!value)
        return false;
    if (is_signed(value->type)) {
        *out = value->i;
        return true;
    }
    if (is_unsigned(value->type)) {
        if (value->u > INT64_MAX)
            return false;
        *out = (int64_t)value->u;
        return true;
    }
    if (value->type == PS_DOUBLE || value->type == PS_FLOAT) {
        if (!(fabs(value->d) < 9e18) || value->d != trunc(value->d))
            return false;
        *out = (int64_t)value->d;
        return true;
    }
    return as_text(value, &text, &len) && lexical_i64(text, len, out);
}

bool ps_double(const struct ps_value *value, double *out)
{
    const char *text;
    size_t len;

    if (!value)
        return false;
    if (value->type == PS_DOUBLE || value->type == PS_FLOAT)
        *out = value->d;
    else if (is_signed(value->type))
        *out = (double)value->i;
    else if (is_unsigned(value->type))
        *out = (double)value->u;
    else
        return as_text(value, &text, &len) && lexical_double(text, len, out);
    return true;
}

bool ps_bool(const struct ps_value *value, bool *out)
{
    const char *text;
    size_t len;

    if (!value)
        return false;
    if (value->type == PS_BOOL) {
        *out = value->b;
        return true;
    }
    const struct ps_value *present = ps_get(value, "IsPresent");
    if (present && present->type == PS_BOOL) {
        *out = present->b;
        return true;
    }
    return as_text(value, &text, &len) && lexical_bool(text, len, out);
}

/* --------------------------------------------------------------------- time */

bool ps_ticks(const struct ps_value *value, int64_t *out)
{
    const char *text;
    size_t len;

    if (!value)
        return false;
    if (value->type == PS_TIMESPAN) {
        *out = value->ticks;
        return true;
    }
    const struct ps_value *ticks = ps_get(value, "Ticks");
    if (ticks && ps_int(ticks, out))
        return true;
    return as_text(value, &text, &len) && (lexical_duration(text, len, out) || lexical_timespan(text, len, out));
}

static bool time_of(const struct ps_value *value, int64_t *out)
{
    int64_t ticks = value->ticks - TICKS_AT_1970;

    if (value->zone == PS_ZONE_OFFSET)
        ticks -= value->zone_minutes * 60 * TICKS_PER_SECOND;
    *out = ticks / TICKS_PER_SECOND - (ticks % TICKS_PER_SECOND < 0);
    return true;
}

bool ps_time_s(const struct ps_value *value, int64_t *out)
{
    struct ps_value time = { .type = PS_DATETIME };
    const char *text;
    size_t len;

    if (!value)
        return false;
    if (value->type == PS_DATETIME)
        return time_of(value, out);
    const struct ps_value *utc = ps_get(value, "UtcDateTime"); /* DateTimeOffset */
    if (utc && utc->type == PS_DATETIME)
        return time_of(utc, out);
    return as_text(value, &text, &len) && lexical_datetime(text, len, &time) && time_of(&time, out);
}

/* -------------------------------------------------------------------- types */

static bool names_type(const char *have, const char *want)
{
    static const char cim[] = "Microsoft.Management.Infrastructure.CimInstance#";

    have = without_prefix(have);
    if (text_casecmp(have, want) == 0)
        return true;
    if (strncasecmp(have, cim, sizeof cim - 1) != 0)
        return false;
    have += sizeof cim - 1;
    const char *slash = strrchr(have, '/'); /* "root/Microsoft/Windows/DHCP/DhcpServerv4Scope" */
    return text_casecmp(have, want) == 0 || (slash && text_casecmp(slash + 1, want) == 0);
}

bool ps_is(const struct ps_value *value, const char *type_name)
{
    if (!value || !value->object)
        return false;
    for (size_t i = 0; i < value->object->type_name_count; i++)
        if (names_type(value->object->type_names[i], type_name))
            return true;
    return false;
}
