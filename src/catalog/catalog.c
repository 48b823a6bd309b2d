/* catalog.c - finding object types, properties and sources by name. */
#include "ipamtui/catalog.h"

#include <string.h>
#include <strings.h>

#include "ipamtui/text.h"

const struct object_type *const catalog_objects[] = { &catalog_servers, &catalog_scopes,       &catalog_exclusions,
                                                      &catalog_changes, &catalog_change_steps, &catalog_scopes6,
                                                      &catalog_zones,   &catalog_zoneservers,  NULL };

const struct object_type *catalog_find(const char *name)
{
    for (size_t i = 0; catalog_objects[i]; i++)
        if (text_casecmp(catalog_objects[i]->name, name) == 0 || text_casecmp(catalog_objects[i]->noun, name) == 0)
            return catalog_objects[i];
    return NULL;
}

int catalog_property(const struct object_type *object, const char *name)
{
    for (size_t i = 0; i < object->property_count; i++)
        if (text_casecmp(object->properties[i].name, name) == 0)
            return (int)i;
    return -1;
}

int catalog_source(const struct object_type *object, const char *name)
{
    for (size_t i = 0; i < object->source_count; i++)
        if (strcmp(object->sources[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* The next key property from *at on; NULL = there is none. */
static const struct property *next_key(const struct object_type *object, size_t *at)
{
    while (*at < object->property_count)
        if (object->properties[(*at)++].flags & PROP_KEY)
            return &object->properties[*at - 1];
    return NULL;
}

static bool is_below(const struct object_type *child, const struct object_type *parent)
{
    size_t c = 0, p = 0;
    const struct property *its = next_key(parent, &p), *own = next_key(child, &c);

    if (!its)
        return false;
    for (; its && own && strcmp(its->name, own->name) == 0; own = next_key(child, &c))
        its = next_key(parent, &p);
    return !its && own;
}

const struct object_type *catalog_parent(const struct object_type *child)
{
    for (size_t i = 0; catalog_objects[i]; i++)
        if (is_below(child, catalog_objects[i]))
            return catalog_objects[i];
    return NULL;
}

unsigned catalog_roles(const char *text)
{
    static const struct {
        const char *word;
        unsigned bit;
    } roles[] = { { "dhcp", ROLE_DHCP }, { "dns", ROLE_DNS } };
    unsigned bits = 0;

    while (text && *text) {
        size_t len = strcspn(text, ", ");

        for (size_t i = 0; i < COUNT(roles); i++)
            if (len == strlen(roles[i].word) && strncasecmp(text, roles[i].word, len) == 0)
                bits |= roles[i].bit;
        text += len;
        text += strspn(text, ", ");
    }
    return bits;
}
