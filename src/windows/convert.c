#include "convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/duration.h"
#include "ipamtui/fetch.h"
#include "ipamtui/ip.h"
#include "ipamtui/text.h"

/* ------------------------------------------------------------------ one value */
static bool read_text(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out)
{
    const char *text = ps_text(from, arena);

    (void)property;
    if (text)
        *out = V_TEXT(text);
    return true;
}

static bool read_int(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out)
{
    int64_t i = 0;

    (void)property;
    (void)arena;
    if (!ps_int(from, &i))
        return false;
    *out = V_INT(i);
    return true;
}

static bool read_bool(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out)
{
    bool b = false;

    (void)property;
    (void)arena;
    if (!ps_bool(from, &b))
        return false;
    *out = V_INT(b);
    return true;
}

/* Text without a copy, where the value has one of its own: a string, or what an object says of itself. */
static const char *text_at(const struct ps_value *from)
{
    if (from->type == PS_STRING)
        return from->s;
    return from->object ? from->object->to_string : NULL;
}

/* An address is text, an IPAddress object (ToString), or rarely only its number: network bytes, little-endian. */
static bool ipv4_of(const struct ps_value *from, uint32_t *out)
{
    const char *text = text_at(from);
    int64_t number = 0;

    if (text && ip4_parse(text, out))
        return true;
    if (!ps_int(ps_get(from, "Address"), &number) || number < 0 || number > UINT32_MAX)
        return false;
    *out = __builtin_bswap32((uint32_t)number);
    return true;
}

static bool read_ipv4(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out)
{
    uint32_t ip = 0;
    const char *text = text_at(from);

    (void)property;
    (void)arena;
    if (text && text[0] == '\0')
        return true; /* an address that is not set */
    if (!ipv4_of(from, &ip))
        return false;
    *out = V_INT(ip);
    return true;
}

static bool read_ipv6(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out)
{
    const char *text = text_at(from);
    char shown[IP6_TEXT_SIZE];
    struct ip6 ip;

    (void)property;
    if (text && text[0] == '\0')
        return true;
    if (!text || !ip6_parse(text, &ip))
        return false;
    *out = V_TEXT(arena_strdup(arena, ip6_format(&ip, shown)));
    return true;
}

/* "255.255.255.0" or a length. */
static bool read_prefix(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out)
{
    uint32_t mask = 0;
    int64_t length = 0;

    (void)property;
    (void)arena;
    if (ipv4_of(from, &mask))
        length = ip4_mask_prefix(mask);
    else if (!ps_int(from, &length))
        return false;
    if (length < 0 || length > 32)
        return false;
    *out = V_INT(length);
    return true;
}

/* Numbers of enumerations, where Windows may send a number alone. Those of the provider classes come as text. */
static const struct enum_number {
    const char *word;
    int number;
} enum_numbers[] = {
    /* System.ServiceProcess.ServiceControllerStatus */
    { "Stopped", 1 },      { "StartPending", 2 },    { "StopPending", 3 }, { "Running", 4 },
    { "ContinuePending", 5 }, { "PausePending", 6 }, { "Paused", 7 },
};

static const char *word_of_number(int64_t number)
{
    for (size_t i = 0; i < COUNT(enum_numbers); i++)
        if (enum_numbers[i].number == number)
            return enum_numbers[i].word;
    return NULL;
}

/* A word that the catalogue does not know (a newer Windows) is kept as it came: it is a fact, and no other one. */
static bool read_enum(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out)
{
    const char *text = text_at(from);
    int64_t number = 0;

    if (!text)
        text = ps_text(from, arena);
    if (!text || text[0] == '\0')
        return true;
    if (text[strspn(text, "0123456789")] == '\0' && ps_int(from, &number) && word_of_number(number))
        text = word_of_number(number);
    *out = V_TEXT(property_word(property, text, arena));
    return true;
}

static bool read_duration(const struct property *property, const struct ps_value *from, struct arena *arena,
                          struct value *out)
{
    int64_t ticks = 0, seconds = 0;

    (void)property;
    (void)arena;
    if (!(from->type >= PS_BYTE && from->type <= PS_I64) && ps_ticks(from, &ticks))
        *out = V_INT(duration_from_ticks(ticks));
    else if (ps_int(from, &seconds)) /* some providers count seconds */
        *out = V_INT(seconds == UINT32_MAX ? DURATION_UNLIMITED : seconds);
    else
        return false;
    return true;
}

static bool read_percent(const struct property *property, const struct ps_value *from, struct arena *arena,
                         struct value *out)
{
    double d = 0;

    (void)property;
    (void)arena;
    if (!ps_double(from, &d) || !isfinite(d))
        return false;
    *out = V_REAL(d);
    return true;
}

static bool read_time(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out)
{
    int64_t when = 0;

    (void)property;
    (void)arena;
    if (!ps_time_s(from, &when))
        return false;
    if (when > 0) /* 0001-01-01 is how .NET says "never" */
        *out = V_INT(when);
    return true;
}

typedef bool read_fn(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out);
static read_fn *const readers[] = {
    [KIND_TEXT] = read_text,         [KIND_INT] = read_int,         [KIND_BOOL] = read_bool,
    [KIND_IPV4] = read_ipv4,         [KIND_IPV6] = read_ipv6,       [KIND_PREFIX] = read_prefix,
    [KIND_ENUM] = read_enum,         [KIND_DURATION] = read_duration, [KIND_PERCENT] = read_percent,
    [KIND_TIME] = read_time,         [KIND_VERSION] = read_text,
};

bool convert_value(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out)
{
    *out = V_NULL;
    if (!from || (from->type == PS_NULL && !from->object))
        return true;
    if ((size_t)property->kind >= COUNT(readers) || !readers[property->kind])
        return false;
    return readers[property->kind](property, from, arena, out);
}

/* ------------------------------------------------------------------ one row */
void row_plan_init(struct row_plan *plan, const struct object_type *object, int source)
{
    const struct source *row = &object->sources[source];
    bool named = row->mode == SOURCE_DEFINES || row->mode == SOURCE_ADDS; /* do the answers name their row? */

    *plan = (struct row_plan){ .object = object, .source = row };
    plan->items = x_calloc(object->property_count + 1, sizeof(*plan->items));
    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *p = &object->properties[i];
        bool own = p->read.source && strcmp(p->read.source, row->name) == 0;
        bool key = named && (p->flags & PROP_KEY) && p->read.property;
        bool error = row->row_error && strcmp(p->name, row->row_error) == 0; /* not of the answers */

        if ((own && !error) || key)
            plan->items[plan->count++] = (struct row_item){ .property = (int)i, .key = key };
    }
}

void row_plan_done(struct row_plan *plan)
{
    free(plan->items);
    *plan = (struct row_plan){ 0 };
}

/* The one list that holds an answer's properties, if there is only one to look in: CIM objects have theirs in Props (MS repeats them
 * for local use), objects of Select-Object all in MS. */
static size_t only_list(const struct ps_value *answer, const struct ps_property **list)
{
    const struct ps_object *object = answer->object;

    if (!object)
        return 0;
    if (object->prop_count == 0) {
        *list = object->members;
        return object->member_count;
    }
    *list = object->props;
    if (object->member_count == 0 ||
        (object->type_name_count > 0 && strstr(object->type_names[0], "Management.Infrastructure.CimInstance")))
        return object->prop_count;
    return 0;
}

/* ps_get() with a first look where the property was in the last answer. */
static const struct ps_value *find(struct row_item *item, const struct ps_value *answer, const char *name,
                                   const struct ps_property *list, size_t count)
{
    if (item->at < count && strcmp(list[item->at].name, name) == 0)
        return list[item->at].value;
    for (size_t i = 0; i < count; i++)
        if (text_casecmp(list[i].name, name) == 0) {
            item->at = i;
            return list[i].value;
        }
    return ps_get(answer, name);
}

/* "A.B" of an answer whose A is a list: the sum of what its items have as B. VALUE_NULL if none has it. */
static struct value sum_at(const struct property *property, const struct ps_value *answer, struct arena *arena)
{
    const char *path = property->read.property, *dot = strchr(path, '.');
    const struct ps_value *list = ps_get(answer, arena_strndup(arena, path, (size_t)(dot - path)));
    bool many = list && (list->type == PS_LIST || list->type == PS_ENUMERABLE);
    struct value one;
    int64_t sum = 0;
    bool any = false;

    for (size_t i = 0; list && i < (many ? list->len : 1); i++) {
        if (!convert_value(property, ps_get(many ? &list->items[i] : list, dot + 1), arena, &one) || one.type != VALUE_INT)
            continue;
        if (__builtin_add_overflow(sum, one.i, &sum))
            return V_NULL;
        any = true;
    }
    return any ? V_INT(sum) : V_NULL;
}

bool row_plan_read(struct row_plan *plan, const struct ps_value *answer, struct arena *arena, struct value *values,
                   struct err *err)
{
    const struct ps_property *list = NULL;
    size_t count = only_list(answer, &list);

    for (size_t i = 0; i < plan->count; i++) {
        struct row_item *item = &plan->items[i];
        const struct property *p = &plan->object->properties[item->property];
        const char *name = item->key && plan->source->key_from ? plan->source->key_from : p->read.property;
        const struct ps_value *from = NULL;
        struct value v;

        if (p->flags & PROP_SUM) {
            values[item->property] = sum_at(p, answer, arena);
            continue;
        }
        from = find(item, answer, name, list, count);
        /* A property that cannot be read is unknown; one that names the row makes the answer useless. */
        if (!convert_value(p, from, arena, &v))
            v = V_NULL;
        if (item->key && v.type == VALUE_NULL)
            return err_set(err, ERR_REMOTE, plan->source->cmdlet, "%s answered an object without a readable %s",
                           plan->source->cmdlet, name);
        values[item->property] = v;
    }
    return true;
}

bool fetch_row(const struct object_type *object, int source, const struct ps_value *answer, struct arena *arena,
               struct value *values, struct err *err)
{
    struct row_plan plan;
    bool ok = false;

    for (size_t i = 0; i < object->property_count; i++)
        values[i] = V_NULL;
    row_plan_init(&plan, object, source);
    ok = row_plan_read(&plan, answer, arena, values, err);
    row_plan_done(&plan);
    return ok;
}

/* ------------------------------------------------------------------ the way back */
static struct ps_value text_value(struct arena *arena, const char *text)
{
    const char *copy = arena_strdup(arena, text);

    return PS_S(copy);
}

static struct ps_value int_argument(const struct property *property, int64_t i, struct arena *arena)
{
    char shown[IP4_TEXT_SIZE];

    switch (property->kind) {
    case KIND_BOOL:
        return PS_B(i != 0);
    case KIND_IPV4:
        return text_value(arena, ip4_format((uint32_t)i, shown));
    case KIND_PREFIX: /* Windows wants the mask */
        return text_value(arena, ip4_format(ip4_prefix_mask((int)i), shown));
    case KIND_DURATION:
        /* Windows takes and shows an unlimited lease as the largest TimeSpan. */
        return PS_TS(i == DURATION_UNLIMITED ? INT64_MAX : duration_to_ticks(i));
    case KIND_TIME:
        return (struct ps_value){ .type = PS_DATETIME, .ticks = (i + INT64_C(62135596800)) * 10000000, .zone = PS_ZONE_UTC };
    default:
        break;
    }
    if (i >= INT32_MIN && i <= INT32_MAX)
        return (struct ps_value){ .type = PS_I32, .i = i };
    return (struct ps_value){ .type = PS_I64, .i = i };
}

struct ps_value fetch_argument(const struct property *property, struct value v, struct arena *arena)
{
    switch (v.type) {
    case VALUE_INT:
        return int_argument(property, v.i, arena);
    case VALUE_REAL:
        return (struct ps_value){ .type = PS_DOUBLE, .d = v.d };
    case VALUE_TEXT:
        return text_value(arena, property->kind == KIND_ENUM ? property_remote_word(property, v.s) : v.s);
    case VALUE_NULL:
        break;
    }
    return PS_NIL;
}
