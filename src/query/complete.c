/* complete.c - what may stand at the end of a half-typed query. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "query_int.h"

struct completion {
    const struct object_type *object;
    const char *prefix; /* of the word before what is completed: "-", "state:active," */
    size_t prefix_len;
    const char *typed;
    size_t typed_len;
    query_word_fn *fn;
    void *ctx;
};

/* Offers prefix + word + tail if word begins with what was typed; false = stop. */
static bool offer(const struct completion *c, const char *word, const char *tail, const char *help)
{
    char text[256];

    if (strncasecmp(word, c->typed, c->typed_len) != 0)
        return true;
    snprintf(text, sizeof(text), "%.*s%s%s", (int)c->prefix_len, c->prefix, word, tail);
    return c->fn(c->ctx, text, help);
}

static bool offer_fields(const struct completion *c)
{
    for (size_t i = 0; i < c->object->property_count; i++)
        if (!offer(c, c->object->properties[i].name, ":", c->object->properties[i].help))
            return false;
    if (!c->object->range_first)
        return true;
    return offer(c, "ip", ":", "The one that holds this address: ip:10.1.2.3") &&
           offer(c, "net", ":", "All inside this network: net:10.1.0.0/16");
}

static void offer_values(const struct completion *c, const struct property *property)
{
    static const char *const yes_no[] = { "yes", "no", NULL };
    const char *const *words = property->kind == KIND_BOOL ? yes_no : property->values;

    for (size_t i = 0; words && words[i]; i++)
        if (!offer(c, words[i], "", property->help))
            return;
}

/* Where the word that ends at `at` begins. Blanks within quotes do not end it. */
static size_t word_start(const char *text, size_t at)
{
    size_t start = 0;
    bool quoted = false;

    for (size_t i = 0; i < at; i++) {
        if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (isspace((unsigned char)text[i]) || text[i] == '(' || text[i] == ')'))
            start = i + 1;
    }
    return start;
}

/* The value is what follows the operator or the last comma. */
static void complete_value(struct completion *c, const char *word, size_t len, size_t name_at, size_t name_len)
{
    char name[64];
    size_t value = name_at + name_len;
    enum compare op;
    int place;

    snprintf(name, sizeof(name), "%.*s", (int)name_len, word + name_at);
    place = catalog_property(c->object, name);
    value += query_operator(word + value, &op);
    for (size_t i = value; i < len; i++)
        if (word[i] == ',')
            value = i + 1;
    if (place < 0 || value > len)
        return;
    c->prefix_len = value;
    c->typed = word + value;
    c->typed_len = len - value;
    offer_values(c, &c->object->properties[place]);
}

void query_complete(const struct object_type *object, const char *text, size_t at, query_word_fn *fn, void *ctx)
{
    size_t start = word_start(text, at), len = at - start;
    const char *word = text + start;
    struct completion c = { .object = object, .prefix = word, .typed = word, .typed_len = len, .fn = fn, .ctx = ctx };
    size_t sign = len > 0 && (word[0] == '-' || word[0] == '!'), name_len;

    name_len = query_name(word + sign);
    if (name_len > 0 && sign + name_len < len) {
        complete_value(&c, word, len, sign, name_len);
        return;
    }
    c.prefix_len = sign;
    c.typed += sign;
    c.typed_len -= sign;
    if (!offer_fields(&c) || sign)
        return;
    if (offer(&c, "and", " ", "Both sides; the same as a blank") && offer(&c, "or", " ", "Either side"))
        offer(&c, "not", " ", "Not what follows; the same as a leading -");
}
