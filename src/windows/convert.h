/* convert.h - from what PowerShell answers to the catalogue's values. */
#ifndef IPAM_CONVERT_H
#define IPAM_CONVERT_H

#include "ipamtui/catalog.h"
#include "ipamtui/clixml.h"

/* Where the properties of one source's answers are found. Made once for a source; at remembers where each was in the last answer,
 * because all answers of a cmdlet have their properties in one order. */
struct row_plan {
    const struct object_type *object;
    const struct source *source;
    struct row_item {
        int property;
        bool key; /* without it the row cannot be named */
        size_t at;
    } *items;
    size_t count;
};
void row_plan_init(struct row_plan *plan, const struct object_type *object, int source);
void row_plan_done(struct row_plan *plan);
/* As fetch_row(). values must be zeroed (VALUE_NULL). */
bool row_plan_read(struct row_plan *plan, const struct ps_value *answer, struct arena *arena, struct value *values,
                   struct err *err);
/* One value by the property's kind. false: it is there and cannot be read as one. NULL or $null is VALUE_NULL. */
bool convert_value(const struct property *property, const struct ps_value *from, struct arena *arena, struct value *out);

#endif
