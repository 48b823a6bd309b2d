/* cells.c - shows(): does the cell of a value show a word? It is asked of each row of a list, so what it said of a value is kept:
 * a column of half a million rows has few different values. */
#include <stdlib.h>
#include <string.h>

#include "ipamtui/text.h"
#include "store_int.h"

enum { ARG_OBJECT, ARG_PROPERTY, ARG_DATES, ARG_NOW, ARG_PATTERN, ARG_WILD, ARG_VALUE, ARGS, SLOTS = 1024 };

/* Of one shows() of a statement, while it runs. */
struct cells {
    const struct property *property;
    enum date_mode dates;
    int64_t now_s;
    const char *pattern; /* lower case where it is no pattern; lives behind this struct */
    bool wild;
    struct {
        int64_t bits; /* of the value */
        unsigned char type, said; /* enum value_type; VALUE_NULL: nothing is kept here */
    } slots[SLOTS];
};

static struct cells *make_cells(sqlite3_value **args)
{
    int object = sqlite3_value_int(args[ARG_OBJECT]), property = sqlite3_value_int(args[ARG_PROPERTY]), count = 0;
    const char *pattern = (const char *)sqlite3_value_text(args[ARG_PATTERN]);
    size_t len = pattern ? strlen(pattern) : 0;
    struct cells *cells;

    while (catalog_objects[count])
        count++;
    if (!pattern || object < 0 || object >= count || property < 0 ||
        (size_t)property >= catalog_objects[object]->property_count)
        return NULL;
    cells = x_calloc(1, sizeof(*cells) + len + 1);
    cells->property = &catalog_objects[object]->properties[property];
    cells->dates = (enum date_mode)MAX(0, MIN(sqlite3_value_int(args[ARG_DATES]), (int)DATES_FULL));
    cells->now_s = sqlite3_value_int64(args[ARG_NOW]);
    cells->wild = sqlite3_value_int(args[ARG_WILD]);
    cells->pattern = memcpy(cells + 1, pattern, len + 1);
    return cells;
}

static bool says(const struct cells *cells, struct value v)
{
    char shown[512];

    property_show_dated(cells->property, v, cells->dates, cells->now_s, shown, sizeof(shown));
    return cells->wild ? sqlite3_strlike(cells->pattern, shown, '\\') == 0 : text_contains(shown, cells->pattern);
}

static bool says_kept(struct cells *cells, struct value v)
{
    int64_t bits;
    size_t slot;

    if (v.type == VALUE_TEXT)
        return says(cells, v);
    memcpy(&bits, v.type == VALUE_INT ? (const void *)&v.i : (const void *)&v.d, sizeof(bits));
    slot = (size_t)(((uint64_t)bits * UINT64_C(0x9e3779b97f4a7c15)) >> 54);
    if (cells->slots[slot].type != v.type || cells->slots[slot].bits != bits) {
        cells->slots[slot].bits = bits;
        cells->slots[slot].type = (unsigned char)v.type;
        cells->slots[slot].said = says(cells, v);
    }
    return cells->slots[slot].said;
}

static struct value argument(sqlite3_value *value)
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: return V_INT(sqlite3_value_int64(value));
    case SQLITE_FLOAT: return V_REAL(sqlite3_value_double(value));
    case SQLITE_TEXT: return V_TEXT((const char *)sqlite3_value_text(value));
    default: return V_NULL;
    }
}

void store_sql_shows(sqlite3_context *context, int count, sqlite3_value **args)
{
    struct cells *cells = sqlite3_get_auxdata(context, ARG_PATTERN);
    struct value v = argument(args[ARG_VALUE]);
    bool made = !cells;

    (void)count;
    if (v.type == VALUE_NULL || (made && !(cells = make_cells(args)))) {
        sqlite3_result_int(context, 0);
        return;
    }
    sqlite3_result_int(context, says_kept(cells, v));
    if (made)
        sqlite3_set_auxdata(context, ARG_PATTERN, cells, free);
}
