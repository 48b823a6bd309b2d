/* idset.h - a set of row ids: marks, found rows. Zeroed = empty. */
#ifndef IPAM_UI_IDSET_H
#define IPAM_UI_IDSET_H

#include "ipamtui/catalog.h"

struct idset {
    row_id *slots; /* open addressing; 0 = free (ids are never 0) */
    size_t count, cap;
};
bool idset_has(const struct idset *set, row_id id);
void idset_add(struct idset *set, row_id id);
void idset_remove(struct idset *set, row_id id);
void idset_clear(struct idset *set); /* frees */
/* All ids, in no order; the caller frees. */
row_id *idset_list(const struct idset *set);

#endif
