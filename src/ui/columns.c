/* columns.c - the columns of a table: which, in what order, how wide; and what their cells say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/clock.h"
#include "ipamtui/text.h"
#include "table.h"

#define WIDTH_MIN 3
#define WIDTH_MAX 80

static const struct property *property_of(const struct table *table, int property)
{
    return &table->ops->object->properties[property];
}

/* Every property has a column; those not named come after, not shown. */
static void complete_columns(struct table *table)
{
    for (size_t p = 0; p < table->ops->object->property_count; p++) {
        bool there = false;

        for (size_t c = 0; c < table->column_count; c++)
            there = there || table->columns[c].property == (int)p;
        if (!there)
            table->columns[table->column_count++] =
                (struct column){ .property = (int)p, .width = property_of(table, (int)p)->width };
    }
}

/* Reads "name[:width][!]" words; ! = width chosen by the operator. */
static void read_columns(struct table *table, const char *text)
{
    size_t count = table->ops->object->property_count;

    table->columns = x_realloc(table->columns, (count + 1) * sizeof *table->columns);
    table->column_count = 0;
    while (*text) {
        char word[64], *colon;
        size_t len = strcspn(text, " ");
        int property, width = 0;

        snprintf(word, sizeof word, "%.*s", (int)MIN(len, sizeof word - 1), text);
        text += len;
        text += strspn(text, " ");
        colon = strchr(word, ':');
        if (colon) {
            *colon = '\0';
            width = atoi(colon + 1);
        }
        property = catalog_property(table->ops->object, word);
        for (size_t c = 0; c < table->column_count && property >= 0; c++) {
            if (table->columns[c].property == property)
                property = -1;
        }
        if (property < 0)
            continue;
        table->columns[table->column_count++] = (struct column){
            .property = property,
            .shown = true,
            .width = width >= WIDTH_MIN && width <= WIDTH_MAX ? width : property_of(table, property)->width,
            .fixed = colon && strchr(colon + 1, '!'),
        };
    }
}

/* Cells that flexible columns would like beyond their own width. */
#define FLEX_ROOM 8

void table_columns_default(struct table *table, int w)
{
    const struct object_type *object = table->ops->object;
    int used = GUTTER, flexible = 0;

    if (table->ops->columns) {
        read_columns(table, table->ops->columns);
        complete_columns(table);
    } else {
        read_columns(table, "");
        complete_columns(table);
        for (size_t c = 0; c < table->column_count; c++)
            table->columns[c].shown = object->properties[table->columns[c].property].flags & PROP_DEFAULT;
    }
    for (size_t c = 0; c < table->column_count; c++) {
        if (table->columns[c].shown) {
            used += table->columns[c].width + 1;
            flexible += object->properties[table->columns[c].property].flags & PROP_FLEX ? 1 : 0;
        }
    }
    for (size_t c = 0; c < table->column_count; c++) {
        struct column *column = &table->columns[c];

        if (!column->shown && (object->properties[column->property].flags & PROP_WIDE) &&
            used + column->width + 1 + flexible * FLEX_ROOM <= w) {
            column->shown = true;
            used += column->width + 1;
        }
    }
    table->columns_for = w;
    table->columns_chosen = false;
}

void table_shown(const struct table *table, enum date_mode dates, int *columns, struct query_shown *out)
{
    size_t count = 0;

    for (size_t c = 0; c < table->column_count; c++) {
        if (table->columns[c].shown)
            columns[count++] = table->columns[c].property;
    }
    *out = (struct query_shown){ .columns = columns, .count = count, .chosen = table->columns_chosen, .dates = dates,
                                 .text_sql = table->ops->text_sql };
}

void table_tell_shown(struct table *table, enum date_mode dates)
{
    int *columns = x_calloc(table->column_count + 1, sizeof *columns);
    struct query_shown shown;

    table_shown(table, dates, columns, &shown);
    view_shown(table->view, &shown);
    free(columns);
}

void table_columns_save(const struct table *table, struct buf *out)
{
    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];

        if (column->shown)
            buf_addf(out, "%s%s:%d%s", out->len ? " " : "", property_of(table, column->property)->name, column->width,
                     column->fixed ? "!" : "");
    }
}

void table_columns_load(struct table *table, const char *text)
{
    read_columns(table, text);
    if (table->column_count == 0) {
        table_columns_default(table, 0);
        return;
    }
    complete_columns(table);
    table->columns_chosen = true;
}

void table_sort_save(const struct table *table, struct buf *out)
{
    for (size_t i = 0; i < table->key_count; i++)
        buf_addf(out, "%s%s%s", i ? " " : "", property_of(table, table->keys[i].property)->name,
                 table->keys[i].descending ? "-" : "");
}

void table_sort_load(struct table *table, const char *text)
{
    struct sort_key keys[COUNT(table->keys)];
    size_t count = 0;

    while (*text && count < COUNT(keys)) {
        char word[64];
        size_t len = strcspn(text, " "), used;
        int property;

        used = MIN(len, sizeof word - 1);
        memcpy(word, text, used);
        word[used] = '\0';
        text += len;
        text += strspn(text, " ");
        keys[count].descending = used > 0 && word[used - 1] == '-';
        if (keys[count].descending)
            word[used - 1] = '\0';
        property = catalog_property(table->ops->object, word);
        if (property >= 0)
            keys[count++].property = property;
    }
    table_sort(table, keys, count);
}

void table_width_fit(struct table *table, size_t column, enum date_mode dates, int64_t now_s)
{
    struct column *c = &table->columns[column];
    int width = text_width(property_of(table, c->property)->title);
    size_t until = MIN(table->top + (size_t)table->height, view_count(table->view));

    for (size_t i = table->top; i < until; i++) {
        const struct row *row = view_row(table->view, i);
        struct cell cell;
        char printable[512];

        if (!row)
            continue;
        table_cell(table, row, c->property, dates, now_s, &cell);
        width = MAX(width, text_width(text_printable(cell.text, printable, sizeof printable)));
    }
    c->width = MAX(WIDTH_MIN, MIN(width, WIDTH_MAX));
    c->fixed = true;
    table->columns_chosen = true;
}

/* ------------------------------------------------------------------ laying out */

/* Shares spare cells among the flexible columns, up to what still helps. */
static void share_spare(const struct table *table, struct slot *slots, size_t count, int spare)
{
    while (spare > 0) {
        bool any = false;

        for (size_t i = 0; i < count && spare > 0; i++) {
            const struct column *column = &table->columns[slots[i].column];

            if (!(property_of(table, column->property)->flags & PROP_FLEX) || column->fixed || slots[i].w >= 40)
                continue;
            slots[i].w++;
            spare--;
            any = true;
        }
        if (!any)
            return;
    }
}

size_t table_layout(struct table *table, int w, struct slot slots[SLOTS_MAX])
{
    size_t count = 0, skipped = 0, hidden = 0;
    int x = GUTTER;

    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];

        if (!column->shown)
            continue;
        if (count > 0 && skipped < table->scroll) {
            skipped++;
            continue;
        }
        if (hidden > 0 || count == SLOTS_MAX || (x + MIN(column->width, WIDTH_MIN + 2) > w && count > 0)) {
            hidden++;
            continue;
        }
        slots[count].column = c;
        slots[count].w = MIN(column->width, w - x);
        x += slots[count].w + 1;
        count++;
    }
    table->scroll = MIN(table->scroll, skipped);
    table->hidden_right = hidden;
    table->drawn_columns = count;
    if (hidden == 0)
        share_spare(table, slots, count, w - x + 1); /* no gap after the last */
    x = GUTTER;
    for (size_t i = 0; i < count; i++) {
        slots[i].x = x;
        x += slots[i].w + 1;
    }
    return count;
}

/* ------------------------------------------------------------------ cells */

/* Unknown, unreadable, refused and not offered never look alike. */
static void missing_cell(const struct table *table, const struct row *row, const struct property *p, struct cell *cell)
{
    static const struct { const char *text; enum look look; } rows[] = {
        [KNOWN_NEVER] = { "-", LOOK_DIM },          [KNOWN_DONE] = { "-", LOOK_DIM },
        [KNOWN_NOT_OFFERED] = { "n/a", LOOK_DIM },  [KNOWN_DENIED] = { "denied", LOOK_UNKNOWN },
        [KNOWN_FAILED] = { "?", LOOK_UNKNOWN },
    };
    const char *source = p->read.source ? p->read.source : p->sql ? table->ops->computed_from : NULL;
    enum known_result result = KNOWN_NEVER;

    if (table->known && source)
        result = known_result(table->known, row->server, table->ops->object, source);
    snprintf(cell->text, sizeof cell->text, "%s", rows[result].text);
    cell->look = rows[result].look;
}

/* What a server that cannot be reached said before is old, and says so where it is looked at first. */
static void stale_cell(const struct table *table, const struct row *row, int64_t now_s, struct cell *cell)
{
    const struct known_server *server = table->known ? known_server(table->known, row->server) : NULL;
    int seen = catalog_property(table->ops->object, table->ops->seen);
    char age[32];

    if (!server || !server->unreachable || seen < 0 || row->values[seen].type != VALUE_INT)
        return;
    snprintf(cell->text, sizeof cell->text, "%s old", clock_age(now_s - row->values[seen].i, age, sizeof age));
    cell->look = LOOK_WARN;
}

void table_cell(const struct table *table, const struct row *row, int property, enum date_mode dates, int64_t now_s,
                struct cell *cell)
{
    const struct property *p = property_of(table, property);
    struct value v = row->values[property];

    cell->look = LOOK_NORMAL;
    if (v.type == VALUE_NULL)
        missing_cell(table, row, p, cell);
    else
        property_show_dated(p, v, dates, now_s, cell->text, sizeof cell->text);
    if (table->ops->cell)
        table->ops->cell(row, property, now_s, cell);
    if (table->ops->stale && strcmp(p->name, table->ops->stale) == 0)
        stale_cell(table, row, now_s, cell);
    if (table->ops->seen && strcmp(p->name, table->ops->seen) == 0 && table->known) {
        const struct known_server *server = known_server(table->known, row->server);

        if (server && server->unreachable && v.type != VALUE_NULL) {
            memmove(cell->text + 2, cell->text, MIN(strlen(cell->text) + 1, sizeof cell->text - 2));
            memcpy(cell->text, "! ", 2);
            cell->text[sizeof cell->text - 1] = '\0';
            cell->look = LOOK_BAD;
        }
    }
}
