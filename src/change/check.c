/* check.c - can a row be so? What Windows would refuse, or worse, take: refused before anything is sent.
 *
 * Rules over one property are limits in its catalogue row. These here are the ones over several, one row a rule. */
#include "inner.h"

#include <string.h>

#include "ipamtui/ip.h"

/* Value of an integer property by name; false: there is none or it is not known (the server will say). */
static bool number(const struct check_row *row, const char *name, int64_t *out, int *place)
{
    int at = catalog_property(row->object, name);

    if (at < 0 || row->values[at].type != VALUE_INT)
        return false;
    *out = row->values[at].i;
    if (place != NULL)
        *place = at;
    return true;
}

static bool changed(const struct check_row *row, const char *name)
{
    int at = catalog_property(row->object, name);

    return at >= 0 && (row->was == NULL || !value_equal(row->values[at], row->was[at]));
}

static const char *ip_text(int64_t ip, char out[IP4_TEXT_SIZE])
{
    return ip4_format((uint32_t)ip, out);
}

/* The addresses that hosts of a network may have: not its own number, not broadcast, where it has both. */
static bool network_of(const struct check_row *row, struct ip4_range *out)
{
    int64_t network, mask;
    int prefix;

    if (!number(row, "scope", &network, NULL) || !number(row, "mask", &mask, NULL))
        return false;
    prefix = ip4_mask_prefix((uint32_t)mask);
    if (prefix < 0)
        return false;
    out->first = (uint32_t)network & ip4_prefix_mask(prefix);
    out->last = out->first | ~ip4_prefix_mask(prefix);
    return true;
}

static bool end_in_network(const struct check_row *row, const char *name, int *property, struct err *err)
{
    struct ip4_range net;
    int64_t ip;
    char a[IP4_TEXT_SIZE], b[IP4_TEXT_SIZE], c[IP4_TEXT_SIZE];

    if (!changed(row, name) || !network_of(row, &net) || !number(row, name, &ip, property))
        return true;
    if (ip < net.first || ip > net.last)
        return err_set(err, ERR_INPUT, name, "%s %s lies outside the network %s-%s", name, ip_text(ip, a),
                       ip_text(net.first, b), ip_text(net.last, c));
    if (net.last - net.first > 1 && (ip == net.first || ip == net.last))
        return err_set(err, ERR_INPUT, name, "%s %s is the network's %s, no address for a client", name, ip_text(ip, a),
                       ip == net.first ? "own number" : "broadcast address");
    return true;
}

static bool check_start(const struct check_row *row, int *property, struct err *err)
{
    return end_in_network(row, "start", property, err);
}

static bool check_end(const struct check_row *row, int *property, struct err *err)
{
    return end_in_network(row, "end", property, err);
}

static bool check_order(const struct check_row *row, int *property, struct err *err)
{
    int64_t start, end;
    char a[IP4_TEXT_SIZE], b[IP4_TEXT_SIZE];
    bool known = number(row, "end", &end, property) && number(row, "start", &start, NULL);

    if (!known || (!changed(row, "start") && !changed(row, "end")) || start <= end)
        return true;
    return err_set(err, ERR_INPUT, "end", "the range would end (%s) before it begins (%s)", ip_text(end, b),
                   ip_text(start, a));
}

/* The last two values of a child's key are its range. */
static bool child_range(const struct check_row *row, const struct value *key, struct ip4_range *out)
{
    struct key_places places;

    key_places(row->child, &places);
    if (places.count < 3 || key[places.count - 2].type != VALUE_INT || key[places.count - 1].type != VALUE_INT)
        return false;
    out->first = (uint32_t)key[places.count - 2].i;
    out->last = (uint32_t)key[places.count - 1].i;
    return true;
}

static bool is_new(const struct check_row *row, const struct value *key)
{
    for (size_t i = 0; i < row->new_count; i++)
        if (row->new_children[i] == key)
            return true;
    return false;
}

/* Exclusions lie within the range: those that are added, and all of them when the range moves. */
static bool check_children_inside(const struct check_row *row, int *property, struct err *err)
{
    bool moves = changed(row, "start") || changed(row, "end");
    int64_t start, end;
    char a[IP4_TEXT_SIZE], b[IP4_TEXT_SIZE], c[IP4_TEXT_SIZE], d[IP4_TEXT_SIZE];

    *property = -1;
    if (!number(row, "start", &start, NULL) || !number(row, "end", &end, NULL))
        return true;
    for (size_t i = 0; i < row->child_count; i++) {
        struct ip4_range r;

        if (!child_range(row, row->children[i], &r) || (!moves && !is_new(row, row->children[i])) ||
            (r.first >= start && r.last <= end))
            continue;
        return err_set(err, ERR_INPUT, row->child->noun, "the %s %s-%s %s outside the range %s-%s", row->child->noun,
                       ip_text(r.first, a), ip_text(r.last, b),
                       is_new(row, row->children[i]) ? "lies" : "would be left", ip_text(start, c), ip_text(end, d));
    }
    return true;
}

static bool check_children_apart(const struct check_row *row, int *property, struct err *err)
{
    char a[IP4_TEXT_SIZE], b[IP4_TEXT_SIZE], c[IP4_TEXT_SIZE], d[IP4_TEXT_SIZE];

    *property = -1;
    for (size_t i = row->new_count; i-- > 0;) /* the newest first: that is the one just asked for */
        for (size_t k = 0; k < row->child_count; k++) {
            struct ip4_range mine, other;

            if (row->children[k] == row->new_children[i] || !child_range(row, row->new_children[i], &mine) ||
                !child_range(row, row->children[k], &other) || !ip4_range_overlaps(mine, other))
                continue;
            return err_set(err, ERR_INPUT, row->child->noun, "the %s %s-%s overlaps %s-%s", row->child->noun,
                           ip_text(mine.first, a), ip_text(mine.last, b), ip_text(other.first, c), ip_text(other.last, d));
        }
    return true;
}

static bool check_name(const struct check_row *row, int *property, struct err *err)
{
    int at = catalog_property(row->object, "name");

    *property = at;
    if (at < 0 || !changed(row, "name") || row->values[at].type != VALUE_TEXT ||
        row->values[at].s[strspn(row->values[at].s, " \t")] != '\0')
        return true;
    return err_set(err, ERR_INPUT, "name", "a %s cannot be without a name", row->object->noun);
}

static bool check_lease(const struct check_row *row, int *property, struct err *err)
{
    int64_t lease;

    if (!number(row, "lease_duration", &lease, property) || lease != 0 || !changed(row, "lease_duration"))
        return true;
    return err_set(err, ERR_INPUT, "lease_duration", "a lease of zero gives no client an address");
}

typedef bool check_fn(const struct check_row *row, int *property, struct err *err);
static const struct {
    const char *object;
    check_fn *check;
} checks[] = {
    { "scopes", check_name },
    { "scopes", check_lease },
    { "scopes", check_start },
    { "scopes", check_end },
    { "scopes", check_order },
    { "scopes", check_children_inside },
    { "scopes", check_children_apart },
};

bool check_target(const struct check_row *row, int *property, struct err *err)
{
    for (size_t i = 0; i < COUNT(checks); i++) {
        *property = -1;
        if (strcmp(checks[i].object, row->object->name) == 0 && !checks[i].check(row, property, err))
            return false;
    }
    *property = -1;
    return true;
}
