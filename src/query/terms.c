/* terms.c - what one term means in SQL. Values are always bound, never spelled into it. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/ip.h"
#include "ipamtui/text.h"
#include "query_int.h"

#define UNLIMITED_SQL 4294967295 /* an unlimited lease is longer than every other */

/* ------------------------------------------------------------------ expressions */
const char *query_expression(struct parser *p, const struct property *property)
{
    if (property->sql)
        return arena_printf(&p->out->mem, "(%s)", property->sql);
    return arena_printf(&p->out->mem, "o.\"%s\"", property->column ? property->column : property->name);
}

/* The expression that orders: what < and ranges compare. */
static const char *ordered(struct parser *p, const struct property *property)
{
    const char *plain = query_expression(p, property);

    if (property->kind != KIND_DURATION)
        return plain;
    return arena_printf(&p->out->mem, "(CASE %s WHEN -1 THEN %" PRId64 " ELSE %s END)", plain, (int64_t)UNLIMITED_SQL, plain);
}

static bool is_number(enum kind kind)
{
    return kind == KIND_INT || kind == KIND_IPV4 || kind == KIND_PREFIX || kind == KIND_DURATION || kind == KIND_PERCENT ||
           kind == KIND_TIME;
}

/* Reads a value of the property's kind, without the limits of writing. Its error points at the word. */
static bool parse_value(struct parser *p, const struct property *property, const char *text, size_t at, struct value *out)
{
    struct property free_of_limits = *property;
    struct err err = { 0 };

    free_of_limits.min = free_of_limits.max = 0;
    free_of_limits.flags &= ~(unsigned)PROP_LOCAL;
    if (!property_parse(&free_of_limits, text, &p->out->mem, out, &err))
        return query_error(p, at, "%s", err.text);
    if (property->kind == KIND_DURATION && out->i == -1)
        out->i = UNLIMITED_SQL;
    return true;
}

/* ------------------------------------------------------------------ addresses */
/* "10.1.*" and "10.*.*.*" as the network they are; false = some other pattern. */
static bool network_pattern(const char *text, struct ip4_range *out)
{
    uint32_t ip = 0;
    int octets = 0;
    const char *at = text;

    while (octets < 4 && isdigit((unsigned char)*at)) {
        char *end;
        unsigned long n = strtoul(at, &end, 10);

        if (n > 255 || *end != '.')
            return false;
        ip = ip << 8 | (uint32_t)n;
        octets++;
        at = end + 1;
    }
    if (octets == 0 || octets > 3 || strspn(at, "*.") != strlen(at))
        return false;
    out->first = ip << (8 * (4 - octets));
    out->last = out->first | ~ip4_prefix_mask(8 * octets);
    return true;
}

static bool parse_range(struct parser *p, const struct word *word, const char *field, struct ip4_range *out)
{
    struct err err = { 0 };

    if (word->wild && network_pattern(word->text, out))
        return true;
    if (ip4_range_parse(word->text, field, out, &err))
        return true;
    return query_error(p, word->at, "%s", err.text);
}

/* The networks that may hold an address are its own under every prefix: 33 look-ups instead of a search. */
static const char *holder_networks(struct parser *p, uint32_t ip)
{
    struct buf list = { 0 };
    uint32_t last = 0;
    const char *text;

    for (int prefix = 0; prefix <= 32; prefix++) {
        uint32_t net = ip & ip4_prefix_mask(prefix);

        if (prefix > 0 && net == last)
            continue;
        buf_addf(&list, "%s%u", prefix ? "," : "", net);
        last = net;
    }
    text = arena_strdup(&p->out->mem, buf_at(&list));
    buf_done(&list);
    return text;
}

static void one_of_networks(struct parser *p, uint32_t ip)
{
    const char *networks = holder_networks(p, ip), *first = p->object->range_first;

    query_sql(p, "%s IN (%s) AND ", first, networks);
    query_server_sql(p, "s.id IN (SELECT o.server FROM \"%s\" o WHERE %s IN (%s))", p->object->table, first, networks);
}

/* A small network is on few servers. For a big one this would only be work. */
static void servers_with_networks(struct parser *p, struct ip4_range r)
{
    query_server_sql(p, "s.id IN (SELECT o.server FROM \"%s\" o WHERE %s BETWEEN ? AND ?)", p->object->table,
                     p->object->range_first);
    query_server_param(p, V_INT(r.first));
    query_server_param(p, V_INT(r.last));
}

static void address_condition(struct parser *p, bool holds, struct ip4_range r)
{
    const char *first = p->object->range_first, *last = p->object->range_last;

    query_sql(p, "(");
    if (holds && p->object->first_is_network)
        one_of_networks(p, r.first);
    else if (!holds && p->object->first_is_network && ip4_range_size(r) <= 65536)
        servers_with_networks(p, r);
    else
        query_server_sql(p, "1");
    if (holds)
        query_sql(p, "%s <= ? AND %s >= ?)", first, last);
    else
        query_sql(p, "%s BETWEEN ? AND ? AND %s <= ?)", first, last);
    query_param(p, V_INT(r.first));
    query_param(p, V_INT(r.last));
    if (!holds)
        query_param(p, V_INT(r.last));
}

static bool address_term(struct parser *p, bool holds, size_t name_at, enum compare op, const struct word *values,
                         size_t count)
{
    if (!p->object->range_first)
        return query_error(p, name_at, "%s have no address range: ip: and net: are for scopes and their ranges",
                           p->object->name);
    if (op != IS)
        return query_error(p, name_at, "%s goes with a colon: %s", holds ? "ip" : "net",
                           holds ? "ip:10.1.2.3" : "net:10.1.0.0/16");
    query_sql(p, "(");
    query_server_sql(p, "(");
    for (size_t i = 0; i < count; i++) {
        struct ip4_range r;

        if (!parse_range(p, &values[i], holds ? "ip" : "net", &r))
            return false;
        query_sql(p, i ? " OR " : "");
        query_server_sql(p, i ? " OR " : "");
        address_condition(p, holds, r);
    }
    query_sql(p, ")");
    query_server_sql(p, ")");
    return true;
}

/* ------------------------------------------------------------------ field:value */
static bool is_empty(struct parser *p, const struct property *property)
{
    const char *sql = query_expression(p, property);

    query_sql(p, is_number(property->kind) || property->kind == KIND_BOOL ? "%s IS NULL" : "(%s IS NULL OR %s = '')", sql, sql);
    return true;
}

/* a..b, both included; either may be missing. */
static bool is_range(struct parser *p, const struct property *property, const struct word *word, const char *dots)
{
    const char *sql = ordered(p, property);
    const char *low = arena_strndup(&p->out->mem, word->text, (size_t)(dots - word->text)), *high = dots + 2;
    struct value v;

    query_sql(p, "(");
    if (*low) {
        if (!parse_value(p, property, low, word->at, &v))
            return false;
        query_sql(p, "%s >= ?", sql);
        query_param(p, v);
    }
    if (*high) {
        if (!parse_value(p, property, high, word->at + (size_t)(high - word->text), &v))
            return false;
        query_sql(p, "%s%s <= ?", *low ? " AND " : "", sql);
        query_param(p, v);
    }
    if (!*low && !*high)
        return query_error(p, word->at, "a range needs an end: 20..80, 20.. or ..80");
    query_sql(p, ")");
    return true;
}

static bool is_address(struct parser *p, const struct property *property, const struct word *word)
{
    struct ip4_range r;

    if (!parse_range(p, word, property->name, &r))
        return false;
    query_sql(p, "%s BETWEEN ? AND ?", query_expression(p, property));
    query_param(p, V_INT(r.first));
    query_param(p, V_INT(r.last));
    return true;
}

/* A day is all of its seconds; a percentage is what is shown as that. */
static bool is_rounded(struct parser *p, const struct property *property, const struct word *word, bool *done)
{
    struct value v;

    if (!parse_value(p, property, word->text, word->at, &v))
        return false;
    *done = property->kind == KIND_PERCENT || (property->kind == KIND_TIME && strlen(word->text) == 10);
    if (property->kind == KIND_PERCENT) {
        query_sql(p, strchr(word->text, '.') ? "abs(%s - ?) < 0.00005" : "round(%s) = ?", query_expression(p, property));
        query_param(p, v);
    } else if (*done) {
        query_sql(p, "%s BETWEEN ? AND ?", query_expression(p, property));
        query_param(p, v);
        query_param(p, V_INT(v.i + 86399));
    }
    return true;
}

/* "dhcp,dns" has the word dns. */
static bool is_in_list(struct parser *p, const struct property *property, const struct word *word)
{
    struct value v;

    if (!parse_value(p, property, word->text, word->at, &v))
        return false;
    query_sql(p, "(',' || %s || ',') LIKE ?", query_expression(p, property));
    query_param(p, V_TEXT(arena_printf(&p->out->mem, "%%,%s,%%", v.s)));
    return true;
}

static bool is_text(struct parser *p, const struct property *property, const struct word *word)
{
    struct value v;

    if (word->wild) {
        query_sql(p, "%s LIKE ? ESCAPE '\\'", query_expression(p, property));
        query_param(p, V_TEXT(word->pattern));
        return true;
    }
    if (property->kind == KIND_TEXT && property->values)
        return is_in_list(p, property, word);
    if (!parse_value(p, property, word->text, word->at, &v))
        return false;
    query_sql(p, "%s = ? COLLATE NOCASE", query_expression(p, property));
    query_param(p, v);
    return true;
}

static bool is_value(struct parser *p, const struct property *property, const struct word *word)
{
    const char *dots = word->quoted ? NULL : strstr(word->text, "..");
    bool done = false;
    struct value v;

    if (word->text[0] == '\0')
        return is_empty(p, property);
    if (dots && is_number(property->kind))
        return is_range(p, property, word, dots);
    if (property->kind == KIND_IPV4)
        return is_address(p, property, word);
    if (!is_number(property->kind) && property->kind != KIND_BOOL)
        return is_text(p, property, word);
    if (word->wild)
        return query_error(p, word->at, "%s is no text: * and ? do not go with it, a range does (20..80)", property->name);
    if (!is_rounded(p, property, word, &done) || done)
        return done;
    if (!parse_value(p, property, word->text, word->at, &v))
        return false;
    query_sql(p, "%s = ?", ordered(p, property));
    query_param(p, v);
    return true;
}

/* A value of a text field that is searched: servers that do not have its letters at all have no such row. Nothing as the value:
 * servers that have something in all rows have none. */
static void server_has_value(struct parser *p, const struct property *property, const struct word *word)
{
    const char *literal = query_literal(p, word);
    bool find = !property->sql && query_in_find(p->object, property);

    /* Words of an enum are on every server: asking would only cost. */
    if (find && literal[0] && property->kind == KIND_TEXT)
        query_server_has(p, literal);
    else if (find && word->text[0] == '\0')
        query_server_sql(p, "coalesce((SELECT instr(w.empty, ',%s,') FROM \"%s_words\" w WHERE w.server = s.id), 1)",
                         property->name, p->object->table);
    else
        query_server_sql(p, "1");
}

static bool any_value(struct parser *p, const struct property *property, enum compare op, const struct word *values,
                      size_t count)
{
    query_sql(p, "(");
    query_server_sql(p, "(");
    for (size_t i = 0; i < count; i++) {
        query_sql(p, i ? " OR " : "");
        query_server_sql(p, i ? " OR " : "");
        if (op == IS)
            server_has_value(p, property, &values[i]);
        else
            query_server_sql(p, "1");
        if (!is_value(p, property, &values[i]))
            return false;
    }
    query_sql(p, op == IS_NOT ? ") IS NOT TRUE" : ")");
    query_server_sql(p, ")");
    return true;
}

/* ------------------------------------------------------------------ field<value, field~word */
static bool compare_term(struct parser *p, const struct property *property, size_t name_at, enum compare op,
                         const struct word *word)
{
    static const char *const sql[] = { [LESS] = "<", [LESS_EQUAL] = "<=", [GREATER] = ">", [GREATER_EQUAL] = ">=" };
    struct value v;

    if (property->kind == KIND_ENUM || property->kind == KIND_BOOL || property->kind == KIND_VERSION ||
        property->kind == KIND_IPV6)
        return query_error(p, name_at, "%s has no greater and less: write %s:value", property->name, property->name);
    if (word->text[0] == '\0')
        return query_error(p, word->at, "a value is missing here, as in %s%s%s", property->name, sql[op],
                           property->kind == KIND_DURATION ? "8h" : property->kind == KIND_IPV4 ? "10.1.0.0" : "80");
    if (!parse_value(p, property, word->text, word->at, &v))
        return false;
    query_sql(p, "%s %s ?", ordered(p, property), sql[op]);
    query_param(p, v);
    return true;
}

/* Contains, for every kind: numbers as they are written. */
static bool contains_term(struct parser *p, const struct property *property, const struct word *word)
{
    const char *sql = query_expression(p, property);

    if (property->kind == KIND_IPV4)
        sql = arena_printf(&p->out->mem, "((%s>>24)||'.'||(%s>>16&255)||'.'||(%s>>8&255)||'.'||(%s&255))", sql, sql, sql, sql);
    query_sql(p, "contains(%s, ?)", sql);
    query_param(p, V_TEXT(word->text));
    return true;
}

/* ------------------------------------------------------------------ the field */
static bool no_such_field(struct parser *p, const char *name, size_t at)
{
    const char *best = NULL;
    int distance = 4;

    for (size_t i = 0; i < p->object->property_count; i++) {
        int d = text_distance(p->object->properties[i].name, name);

        if (d < distance) {
            distance = d;
            best = p->object->properties[i].name;
        }
    }
    if (best)
        return query_error(p, at, "%s have no field \"%.40s\": did you mean %s?", p->object->name, name, best);
    return query_error(p, at, "%s have no field \"%.40s\"; to search for the words themselves put them in quotes",
                       p->object->name, name);
}

bool query_field(struct parser *p, const char *name, size_t name_at, enum compare op, const struct word *values,
                 size_t count)
{
    int place = catalog_property(p->object, name);

    if (text_casecmp(name, "ip") == 0 || text_casecmp(name, "net") == 0)
        return address_term(p, text_casecmp(name, "ip") == 0, name_at, op, values, count);
    if (place < 0)
        return no_such_field(p, name, name_at);
    if (op == IS || op == IS_NOT)
        return any_value(p, &p->object->properties[place], op, values, count);
    query_server_sql(p, "1");
    if (op == CONTAINS)
        return contains_term(p, &p->object->properties[place], &values[0]);
    return compare_term(p, &p->object->properties[place], name_at, op, &values[0]);
}
