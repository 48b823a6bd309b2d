#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "ipamtui/clock.h"

/* The list rests this long after a movement key before a reload may move rows. */
#define REST_MS 3000

void table_init(struct table *table, const struct pane_ops *ops, struct view_worker *worker)
{
    *table = (struct table){ .ops = ops, .height = 20, .total = -1 };
    table->view = view_new(worker, ops->object);
    table->filter = x_strdup("");
    table_columns_default(table, 0);
}

void table_done(struct table *table)
{
    view_free(table->view);
    free(table->columns);
    free(table->filter);
    free(table->find);
    idset_clear(&table->marks);
    idset_clear(&table->found);
    *table = (struct table){ 0 };
}

/* ------------------------------------------------------------------ taking in a new list */

static void keep_visible(struct table *table)
{
    size_t height = (size_t)MAX(table->height, 1), count = view_count(table->view);
    size_t more = MIN((size_t)MAX(table->edge, 1) - 1, height / 2);

    if (table->at < table->top)
        table->top = table->at - MIN(table->at, more);
    else if (table->at >= table->top + height)
        table->top = table->at - height + 1 + more;
    if (count <= height)
        table->top = 0;
    else if (table->top + height > count)
        table->top = count - height;
}

bool table_sync(struct table *table)
{
    uint64_t generation = view_generation(table->view);
    size_t count = view_count(table->view), line = table->at - MIN(table->at, table->top), place;

    if (generation == table->synced)
        return false;
    table->synced = generation;
    if (table->cursor != 0 && view_id(table->view, table->at) == table->cursor)
        place = table->at;
    else
        place = table->cursor ? view_find(table->view, table->cursor) : 0;
    if (place == SIZE_MAX) {
        place = count > 0 ? MIN(table->at, count - 1) : 0;
        /* While the list is filling, the row may still come. */
        if (view_complete(table->view))
            table->cursor = view_id(table->view, place);
    }
    table->at = place;
    table->top = place > line ? place - line : 0;
    keep_visible(table);
    if (view_complete(table->view)) {
        table_count_hidden(table);
        if (!table->only_marked && (table->filter[0] == '\0' || table->filter_off))
            table->total = (int64_t)count;
    }
    return true;
}

void table_height(struct table *table, int rows)
{
    table->height = rows;
    keep_visible(table);
}

int64_t table_reload_due(const struct table *table, int64_t now_ms)
{
    int64_t rested = table->moved_ms ? table->moved_ms + REST_MS : 0;

    if (!table->reload_wanted || table->frozen || !view_complete(table->view))
        return -1;
    return MAX(rested, now_ms);
}

void table_reload(struct table *table, int64_t now_ms)
{
    bool rested = table->moved_ms == 0 || now_ms >= table->moved_ms + REST_MS;

    if (table->frozen || !rested || !view_complete(table->view)) {
        table->reload_wanted = true;
        if (!table->frozen)
            view_refresh(table->view);
        return;
    }
    table->reload_wanted = false;
    table->arrived = 0;
    table->check_marks = true;
    view_reload(table->view);
}

/* ------------------------------------------------------------------ moving */

row_id table_cursor(const struct table *table)
{
    return view_id(table->view, table->at);
}

const struct row *table_row(const struct table *table)
{
    return view_count(table->view) ? view_row(table->view, table->at) : NULL;
}

void table_go(struct table *table, size_t place)
{
    size_t count = view_count(table->view);

    if (count == 0)
        return;
    if (table->range_from && !table->range_sticky)
        table_range_end(table);
    table->at = MIN(place, count - 1);
    table->cursor = view_id(table->view, table->at);
    table->moved_ms = clock_mono_ms();
    keep_visible(table);
}

void table_move(struct table *table, int64_t by)
{
    int64_t at = (int64_t)table->at + by, last = (int64_t)view_count(table->view) - 1;

    table_go(table, (size_t)MAX(0, MIN(at, last)));
}

void table_go_id(struct table *table, row_id id)
{
    size_t place = view_find(table->view, id);

    if (place != SIZE_MAX)
        table_go(table, place);
    table->cursor = id;
}

void table_scroll(struct table *table, int by)
{
    if (by < 0)
        table->scroll -= MIN(table->scroll, (size_t)-by);
    else if (table->hidden_right > 0)
        table->scroll += (size_t)by;
}

/* ------------------------------------------------------------------ marks */

static bool in_range(const struct table *table, size_t place)
{
    size_t from;

    if (!table->range_from)
        return false;
    from = view_find(table->view, table->range_from);
    if (from == SIZE_MAX)
        return false;
    return place >= MIN(from, table->at) && place <= MAX(from, table->at);
}

bool table_marked(const struct table *table, size_t place)
{
    return idset_has(&table->marks, view_id(table->view, place)) || (table->range_from && in_range(table, place));
}

void table_mark_toggle(struct table *table)
{
    row_id id = table_cursor(table);

    table_range_end(table);
    if (idset_has(&table->marks, id))
        idset_remove(&table->marks, id);
    else
        idset_add(&table->marks, id);
}

void table_mark_all(struct table *table)
{
    const row_id *ids = view_ids(table->view);

    table_range_drop(table);
    for (size_t i = 0; i < view_count(table->view); i++)
        idset_add(&table->marks, ids[i]);
    table_count_hidden(table);
}

void table_mark_none(struct table *table)
{
    table_range_drop(table);
    idset_clear(&table->marks);
    table->hidden_marks = 0;
    table_only_marked(table, false);
}

void table_mark_invert(struct table *table)
{
    const row_id *ids = view_ids(table->view);

    table_range_end(table);
    for (size_t i = 0; i < view_count(table->view); i++) {
        if (idset_has(&table->marks, ids[i]))
            idset_remove(&table->marks, ids[i]);
        else
            idset_add(&table->marks, ids[i]);
    }
    table_count_hidden(table);
}

void table_range(struct table *table, bool sticky)
{
    if (table->range_from && sticky) {
        table_range_end(table);
    } else if (!table->range_from) {
        table->range_from = table_cursor(table);
        table->range_sticky = sticky;
    }
}

void table_range_end(struct table *table)
{
    size_t from = table->range_from ? view_find(table->view, table->range_from) : SIZE_MAX;

    table->range_from = 0;
    if (from == SIZE_MAX)
        return;
    for (size_t i = MIN(from, table->at); i <= MAX(from, table->at); i++)
        idset_add(&table->marks, view_id(table->view, i));
}

void table_range_drop(struct table *table)
{
    table->range_from = 0;
}

void table_only_marked(struct table *table, bool only)
{
    row_id *ids;

    if (!only && !table->only_marked)
        return;
    table_range_end(table);
    table->only_marked = only;
    ids = only ? idset_list(&table->marks) : NULL;
    view_only(table->view, ids, table->marks.count);
    free(ids);
    table_sync(table);
}

void table_count_hidden(struct table *table)
{
    const row_id *ids = view_ids(table->view);
    size_t shown = 0;

    if (table->marks.count == 0) {
        table->hidden_marks = 0;
        return;
    }
    for (size_t i = 0; i < view_count(table->view); i++)
        shown += idset_has(&table->marks, ids[i]);
    table->hidden_marks = table->marks.count - shown;
}

row_id *table_targets(struct table *table, bool hidden, size_t *count)
{
    const row_id *ids = view_ids(table->view);
    struct idset rest = { 0 };
    row_id *out;

    table_range_end(table);
    *count = 0;
    if (table->marks.count == 0) {
        out = x_alloc(sizeof *out);
        if (view_count(table->view) > 0)
            out[(*count)++] = table_cursor(table);
        return out;
    }
    out = x_calloc(table->marks.count + 1, sizeof *out);
    for (size_t i = 0; i < view_count(table->view); i++) {
        if (idset_has(&table->marks, ids[i]))
            out[(*count)++] = ids[i];
    }
    if (hidden && *count < table->marks.count) {
        for (size_t i = 0; i < *count; i++)
            idset_add(&rest, out[i]);
        for (size_t i = 0; i < table->marks.cap; i++) {
            if (table->marks.slots[i] && !idset_has(&rest, table->marks.slots[i]))
                out[(*count)++] = table->marks.slots[i];
        }
        idset_clear(&rest);
    }
    return out;
}

/* ------------------------------------------------------------------ question */

bool table_filter(struct table *table, const char *text, size_t *at, struct err *err)
{
    char *copy;

    if (!view_filter(table->view, text, at, err))
        return false;
    copy = x_strdup(text); /* text may be table->filter itself */
    free(table->filter);
    table->filter = copy;
    table->filter_off = false;
    return true;
}

void table_filter_switch(struct table *table, bool off)
{
    struct err ignored = { 0 };

    table->filter_off = off;
    view_filter(table->view, off ? "" : table->filter, NULL, &ignored);
}

void table_sort(struct table *table, const struct sort_key *keys, size_t count)
{
    table->key_count = MIN(count, COUNT(table->keys));
    if (count > 0)
        memmove(table->keys, keys, table->key_count * sizeof *keys);
    view_sort(table->view, table->keys, table->key_count);
}

bool table_find_next(struct table *table, int step)
{
    size_t count = view_count(table->view), at = table->at;

    for (size_t i = 0; i < count; i++) {
        at = step > 0 ? (at + 1 == count ? 0 : at + 1) : (at == 0 ? count - 1 : at - 1);
        if (idset_has(&table->found, view_id(table->view, at))) {
            table_go(table, at);
            return true;
        }
    }
    return false;
}
