/* table_draw.c - a table on the screen. */
#include <stdio.h>
#include <string.h>

#include "ipamtui/text.h"
#include "screen.h"
#include "table.h"

static const struct property *property_of(const struct table *table, const struct slot *slot)
{
    return &table->ops->object->properties[table->columns[slot->column].property];
}

static void draw_head(struct table *table, struct rect r, const struct slot *slots, size_t count)
{
    screen_put(r.y, r.x, r.w, LOOK_HEAD, "");
    for (size_t i = 0; i < count; i++) {
        const struct property *p = property_of(table, &slots[i]);
        char title[64];
        const char *sign = "";

        for (size_t k = 0; k < table->key_count; k++) {
            if (table->keys[k].property == table->columns[slots[i].column].property)
                sign = glyph(table->keys[k].descending ? GLYPH_DOWN : GLYPH_UP);
        }
        /* The sign of the order takes the title's last cell rather than a cell of its own. */
        snprintf(title, sizeof title, "%s", p->title);
        if (sign[0]) {
            title[text_fit(title, slots[i].w - 1, NULL)] = '\0';
            strncat(title, sign, sizeof title - strlen(title) - 1);
        }
        if (p->flags & PROP_RIGHT)
            screen_put_right(r.y, r.x + slots[i].x, slots[i].w, LOOK_HEAD, title);
        else
            screen_put(r.y, r.x + slots[i].x, slots[i].w, LOOK_HEAD, title);
    }
    if (table->scroll > 0)
        screen_text(r.y, r.x + GUTTER - 1, 1, LOOK_HEAD, glyph(GLYPH_MORE_LEFT));
    if (table->hidden_right > 0)
        screen_text(r.y, r.x + r.w - 1, 1, LOOK_HEAD, glyph(GLYPH_MORE_RIGHT));
}

/* The row under the cursor has one look throughout: fewer bytes when the cursor moves, and colours stay legible. */
static enum look row_look(enum look look, bool cursor, bool marked)
{
    if (cursor)
        return LOOK_CURSOR;
    return marked && look == LOOK_NORMAL ? LOOK_MARK : look;
}

static void draw_row(struct table *table, struct rect r, int y, size_t place, const struct slot *slots, size_t count,
                     const struct table_style *style)
{
    const struct row *row = view_row(table->view, place);
    bool cursor = place == table->at, marked = table_marked(table, place);
    int end = count ? slots[count - 1].x + slots[count - 1].w : 0;

    if (cursor)
        screen_put(y, r.x, MIN(end, r.w), style->focused ? LOOK_CURSOR : LOOK_TITLE, glyph(GLYPH_CURSOR));
    if (marked)
        screen_text(y, r.x + 1, 1, row_look(LOOK_MARK, cursor && style->focused, true), glyph(GLYPH_MARK));
    if (row && table->sign) {
        char sign[2] = { table->sign(table->sign_ctx, table->ops->object, row), '\0' };

        if (sign[0] != ' ')
            screen_text(y, r.x + 2, 1, row_look(LOOK_MARK, cursor && style->focused, true), sign);
    }
    for (size_t i = 0; i < count; i++) {
        struct cell cell = { .text = "", .look = LOOK_DIM };
        enum look look;

        if (row)
            table_cell(table, row, table->columns[slots[i].column].property, style->dates, style->now_s, &cell);
        else if (i == 0)
            strcpy(cell.text, "...");
        look = row_look(cell.look, cursor && style->focused, marked);
        if (property_of(table, &slots[i])->flags & PROP_RIGHT)
            screen_put_right(y, r.x + slots[i].x, slots[i].w, look, cell.text);
        else
            screen_put(y, r.x + slots[i].x, slots[i].w, look, cell.text);
    }
    if (cursor && style->focused)
        screen_cursor(y, r.x);
}

void table_draw(struct table *table, struct rect head, struct rect list, const struct table_style *style)
{
    struct slot slots[SLOTS_MAX];
    size_t count = table_layout(table, list.w, slots);

    if (list.h != table->height)
        table_height(table, list.h);
    view_window(table->view, table->top, (size_t)MAX(list.h, 1));
    draw_head(table, head, slots, count);
    for (int i = 0; i < list.h && table->top + (size_t)i < view_count(table->view); i++)
        draw_row(table, list, list.y + i, table->top + (size_t)i, slots, count, style);
}

size_t table_place_at(const struct table *table, struct rect list, int y)
{
    size_t place = table->top + (size_t)MAX(0, y - list.y);

    return y < list.y || y >= list.y + list.h || place >= view_count(table->view) ? SIZE_MAX : place;
}

int table_column_at(struct table *table, struct rect list, int x)
{
    struct slot slots[SLOTS_MAX];
    size_t count = table_layout(table, list.w, slots);

    for (size_t i = 0; i < count; i++) {
        if (x >= list.x + slots[i].x && x <= list.x + slots[i].x + slots[i].w)
            return (int)slots[i].column;
    }
    return -1;
}
