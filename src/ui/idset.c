#include "idset.h"

#include <stdlib.h>

static size_t slot_of(const struct idset *set, row_id id)
{
    size_t at = (size_t)((uint64_t)id * 0x9e3779b97f4a7c15u >> 20) & (set->cap - 1);

    while (set->slots[at] != 0 && set->slots[at] != id)
        at = (at + 1) & (set->cap - 1);
    return at;
}

bool idset_has(const struct idset *set, row_id id)
{
    return set->count > 0 && id != 0 && set->slots[slot_of(set, id)] == id;
}

static void resize(struct idset *set, size_t cap)
{
    struct idset bigger = { .slots = x_calloc(cap, sizeof(row_id)), .cap = cap };

    for (size_t i = 0; i < set->cap; i++) {
        if (set->slots[i] != 0)
            bigger.slots[slot_of(&bigger, set->slots[i])] = set->slots[i];
    }
    bigger.count = set->count;
    free(set->slots);
    *set = bigger;
}

void idset_add(struct idset *set, row_id id)
{
    size_t at;

    if (id == 0)
        return;
    if ((set->count + 1) * 2 > set->cap)
        resize(set, set->cap ? set->cap * 2 : 64);
    at = slot_of(set, id);
    if (set->slots[at] == 0) {
        set->slots[at] = id;
        set->count++;
    }
}

void idset_remove(struct idset *set, row_id id)
{
    size_t hole, at;

    if (!idset_has(set, id))
        return;
    hole = slot_of(set, id);
    set->slots[hole] = 0;
    set->count--;
    /* What had stepped over the hole is put again. */
    for (at = (hole + 1) & (set->cap - 1); set->slots[at] != 0; at = (at + 1) & (set->cap - 1)) {
        row_id moved = set->slots[at];

        set->slots[at] = 0;
        set->slots[slot_of(set, moved)] = moved;
    }
}

void idset_clear(struct idset *set)
{
    free(set->slots);
    *set = (struct idset){ 0 };
}

row_id *idset_list(const struct idset *set)
{
    row_id *list = x_alloc((set->count + 1) * sizeof *list);
    size_t count = 0;

    for (size_t i = 0; i < set->cap; i++) {
        if (set->slots[i] != 0)
            list[count++] = set->slots[i];
    }
    return list;
}
