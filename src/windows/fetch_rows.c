/* fetch_rows.c - rows on their way to the sink: in batches, held back while those that they add to are still on theirs; and the keys of
 * rows, for answers that do not name theirs. */
#include <stdlib.h>
#include <string.h>

#include "fetch_int.h"

/* ------------------------------------------------------------------ batches */
struct batch *batch_new(size_t rows, size_t properties)
{
    struct batch *batch = x_alloc(sizeof(*batch));

    batch->values = x_calloc(rows * properties, sizeof(*batch->values));
    return batch;
}

void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    arena_done(&batch->mem);
    free(batch->values);
    free(batch);
}

void batches_free(struct batch *batch)
{
    while (batch) {
        struct batch *next = batch->next;
        batch_free(batch);
        batch = next;
    }
}

void batch_deliver(struct ask *ask, struct batch *batch)
{
    struct fetch *fetch = ask->fetch;
    struct fetch_rows rows = { .object = ask->object, .source = ask->source, .values = batch->values,
                               .row_count = batch->rows };

    if (batch->rows == 0)
        return;
    ask->rows += batch->rows;
    if (!ask->silent && fetch->sink.rows)
        fetch->sink.rows(fetch->ctx, &rows, !ask->any);
    ask->any = true;
}

/* May rows go out as they come? Not while the rows that they add to are still on their way, nor without a name. */
static bool may_deliver(const struct ask *ask)
{
    if (ask->row->mode == SOURCE_BY_ORDER && ask->state != ASK_GROUPS)
        return false;
    return !ask->defines || ask->defines->state == ASK_ENDED;
}

static void hand_on_filling(struct ask *ask)
{
    struct batch *batch = ask->filling;

    if (!batch)
        return;
    batch_deliver(ask, batch);
    memset(batch->values, 0, batch->rows * ask->object->property_count * sizeof(*batch->values));
    batch->rows = 0;
    arena_reset(&batch->mem);
}

void batch_hold(struct ask *ask)
{
    if (!ask->filling)
        return;
    *ask->held_end = ask->filling;
    ask->held_end = &ask->filling->next;
    ask->filling = NULL;
}

void batch_full(struct ask *ask)
{
    if (may_deliver(ask))
        hand_on_filling(ask);
    else
        batch_hold(ask);
}

void batch_release(struct ask *ask)
{
    for (struct batch *b = ask->held; b; b = b->next)
        batch_deliver(ask, b);
    batches_free(ask->held);
    ask->held = NULL;
    ask->held_end = &ask->held;
    hand_on_filling(ask);
}

/* ------------------------------------------------------------------ keys */
void keys_init(struct key_list *keys, const struct object_type *object)
{
    for (size_t i = 0; i < object->property_count && keys->width < KEYS_MAX; i++)
        if ((object->properties[i].flags & PROP_KEY) && object->properties[i].read.property)
            keys->property[keys->width++] = (int)i;
}

void keys_add(struct key_list *keys, const struct value *row)
{
    size_t width = (size_t)keys->width;

    x_grow(&keys->values, &keys->cap, (keys->count + 1) * width, sizeof(*keys->values));
    for (size_t i = 0; i < width; i++) {
        struct value v = row[keys->property[i]];
        if (v.type == VALUE_TEXT)
            v.s = arena_strdup(&keys->mem, v.s);
        keys->values[keys->count * width + i] = v;
    }
    keys->count++;
}

void keys_put(const struct key_list *keys, size_t at, struct value *row)
{
    for (int i = 0; i < keys->width; i++)
        row[keys->property[i]] = keys->values[at * (size_t)keys->width + (size_t)i];
}
