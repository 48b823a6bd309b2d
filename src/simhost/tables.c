#include "tables.h"

#include <string.h>
#include <strings.h>

#include "ipamtui/mem.h"
#include "simhost_tables.h"

_Static_assert(COUNT(class_table) <= SIM_CLASSES_MAX, "more classes than there is room for");

const struct sim_cmdlet *sim_cmdlet_at(size_t place)
{
    return place < COUNT(cmdlet_table) ? &cmdlet_table[place] : NULL;
}

const struct sim_cmdlet *sim_cmdlet_find(const char *name)
{
    for (size_t i = 0; i < COUNT(cmdlet_table); i++)
        if (strcasecmp(cmdlet_table[i].name, name) == 0)
            return &cmdlet_table[i];
    return NULL;
}

const struct sim_class *sim_class_at(size_t place)
{
    return place < COUNT(class_table) ? &class_table[place] : NULL;
}

const struct sim_class *sim_class_find(const char *name)
{
    for (size_t i = 0; i < COUNT(class_table); i++)
        if (strcmp(class_table[i].name, name) == 0)
            return &class_table[i];
    return NULL;
}

size_t sim_class_place(const struct sim_class *class)
{
    return (size_t)(class - class_table);
}

int sim_property_find(const struct sim_class *class, const char *name)
{
    /* Nearly always it is spelled as it is there. */
    for (size_t i = 0; i < class->count; i++)
        if (class->properties[i].name[0] == name[0] && strcmp(class->properties[i].name, name) == 0)
            return (int)i;
    for (size_t i = 0; i < class->count; i++)
        if (strcasecmp(class->properties[i].name, name) == 0)
            return (int)i;
    return -1;
}

const char *sim_word(const char *words, const char *text, size_t *len)
{
    size_t want = strlen(text);

    for (const char *at = words; *at;) {
        size_t n = strcspn(at, "|");
        if (n == want && strncasecmp(at, text, n) == 0) {
            *len = n;
            return at;
        }
        at += n + (at[n] == '|');
    }
    return NULL;
}

const char *sim_type_tag(enum sim_type type)
{
    static const char *const tags[] = {
        [SIM_STRING] = "S",    [SIM_BOOLEAN] = "B", [SIM_UINT16] = "U16",  [SIM_UINT32] = "U32",
        [SIM_UINT64] = "U64",  [SIM_SINGLE] = "Sg", [SIM_IPADDRESS] = "S", [SIM_TIMESPAN] = "TS",
        [SIM_DATETIME] = "DT", [SIM_BYTE] = "By",   [SIM_INT32] = "I32",   [SIM_INT64] = "I64",
        [SIM_OBJECT] = "Obj",
    };

    return tags[type];
}
