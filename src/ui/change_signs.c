/* change_signs.c - what is planned, and what is being done, as it stands beside other things: signs beside the rows of a list, lines
 * in their previews. */
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "ipamtui/clock.h"
#include "ipamtui/hash.h"

struct sign {
    uint64_t hash;
    char mark;
};

static uint64_t object_hash(server_id server, const struct object_type *object, const struct value *key, size_t count)
{
    uint64_t h = hash_bytes(hash_bytes(HASH_START, &server, sizeof server), &object, sizeof object);

    for (size_t i = 0; i < count; i++) {
        if (key[i].type == VALUE_TEXT)
            h = hash_bytes(h, key[i].s, strlen(key[i].s) + 1);
        else
            h = hash_bytes(h, &key[i].i, sizeof key[i].i);
    }
    return h;
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = ((const struct sign *)a)->hash, y = ((const struct sign *)b)->hash;

    return x < y ? -1 : x > y;
}

void changes_make_signs(struct changes *changes)
{
    static const char marks[] = { [OP_SET] = '~', [OP_ADD] = '+', [OP_REMOVE] = '-' };
    const struct change_plan *plan = changes->pending;
    int places[8];

    free(changes->signs);
    changes->sign_count = 0;
    changes->signs = x_calloc(plan->count * 3 + 1, sizeof *changes->signs);
    for (size_t i = 0; i < plan->count; i++) {
        const struct change_step *step = &plan->steps[i];
        const struct object_type *parent = catalog_parent(step->object);
        size_t n = journal_key_places(step->object, places, COUNT(places));

        changes->signs[changes->sign_count++] =
            (struct sign){ object_hash(step->server, step->object, step->key, n), marks[step->op] };
        if (parent)
            changes->signs[changes->sign_count++] =
                (struct sign){ object_hash(step->server, parent, step->key, journal_key_places(parent, places, COUNT(places))), '~' };
        changes->signs[changes->sign_count++] = (struct sign){ object_hash(step->server, &catalog_servers, NULL, 0), '~' };
    }
    qsort(changes->signs, changes->sign_count, sizeof *changes->signs, by_hash);
}

static size_t row_key(const struct object_type *object, const struct row *row, struct value *key, size_t room)
{
    int places[8];
    size_t n = object == &catalog_servers ? 0 : journal_key_places(object, places, COUNT(places));

    for (size_t i = 0; i < n && i < room; i++)
        key[i] = row->values[places[i]];
    return n;
}

char ui_changes_sign(const struct ui *ui, const struct object_type *object, const struct row *row)
{
    struct sign wanted, *found;
    struct value key[8];
    size_t n;

    if (!ui->changes || ui->changes->sign_count == 0 || !row)
        return ' ';
    n = row_key(object, row, key, COUNT(key));
    wanted.hash = object_hash(row->server, object, key, n);
    found = bsearch(&wanted, ui->changes->signs, ui->changes->sign_count, sizeof wanted, by_hash);
    return found ? found->mark : ' ';
}

/* ------------------------------------------------------------------ previews */
/* Is the step about this row, or about something below it? */
static bool step_of_row(const struct change_step *step, const struct object_type *object, const struct value *key, size_t n)
{
    if (object == &catalog_servers)
        return true;
    if (step->object != object && catalog_parent(step->object) != object)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!value_equal(step->key[i], key[i]))
            return false;
    }
    return true;
}

/* What was added from `first` on goes in front of the rest. */
static void to_front(struct preview *preview, size_t first)
{
    size_t added = preview->count - first;
    struct preview_line *lines;

    if (first == 0 || added == 0)
        return;
    lines = x_calloc(preview->count, sizeof *lines);
    memcpy(lines, preview->lines + first, added * sizeof *lines);
    memcpy(lines + added, preview->lines, first * sizeof *lines);
    free(preview->lines);
    preview->lines = lines;
    preview->cap = preview->count;
}

void ui_changes_preview(struct ui *ui, const struct object_type *object, const struct row *row, struct preview *preview)
{
    struct changes *changes = ui->changes;
    struct value key[8];
    size_t n, found = 0, first = preview->count;

    if (!changes || !changes->pending || ui_changes_sign(ui, object, row) == ' ')
        return;
    n = row_key(object, row, key, COUNT(key));
    for (size_t i = 0; i < changes->pending->count; i++) {
        const struct change_step *step = &changes->pending->steps[i];
        char text[700];

        if (step->server != row->server || !step_of_row(step, object, key, n))
            continue;
        if (++found > 3)
            continue;
        change_step_show(step, text, sizeof text);
        preview_add(preview, LOOK_MARK, "Pending  %c %s", step->op == OP_SET ? '~' : step->op == OP_ADD ? '+' : '-', text);
    }
    if (found > 3)
        preview_add(preview, LOOK_MARK, "Pending  ... and %zu more (w)", found - 3);
    to_front(preview, first); /* it decides what the rest will be */
}

void ui_changes_progress(struct ui *ui, const struct object_type *object, const struct row *row, struct preview *preview)
{
    struct changes *changes = ui->changes;
    bool steps = object == &catalog_change_steps, about = steps || object == &catalog_changes;
    int h = ui->layout.preview.h;
    /* A line or two are left for the result under the cursor. */
    struct watch_room room = { steps ? (size_t)MAX(h > 14 ? h / 2 : h - 3, 1) : 0, ui->layout.preview.w };
    size_t first = preview->count;

    if (!about || !row || !changes || !changes->applying || row->values[catalog_property(object, "change")].i != changes->change)
        return;
    apply_watch_preview(&changes->watch, room, changes->stopping, clock_mono_ms(), preview);
    to_front(preview, first);
}
