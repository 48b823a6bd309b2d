/* places.c - going from pane to pane, and back to where one was with filter, order and cursor. */
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/clock.h"

#define PLACES_MAX 100

size_t ui_pane_find(const struct ui *ui, const char *name)
{
    for (size_t i = 0; i < ui->pane_count; i++) {
        if (strcmp(ui->panes[i].ops->name, name) == 0)
            return i;
    }
    return SIZE_MAX;
}

static void place_done(struct place *place)
{
    free(place->filter);
    free(place->crumb);
}

static void remember(struct ui *ui, struct place *place)
{
    const struct pane_state *pane = ui_pane(ui);
    const struct table *table = &pane->table;

    *place = (struct place){ .pane = ui->pane,
                             .filter = x_strdup(table->filter),
                             .crumb = pane->crumb ? x_strdup(pane->crumb) : NULL,
                             .filter_off = table->filter_off,
                             .key_count = table->key_count,
                             .cursor = table_cursor(table) };
    memcpy(place->keys, table->keys, sizeof place->keys);
}

/* Leaving a place: what was ahead is forgotten, as in a browser. */
static void push_place(struct ui *ui)
{
    while (ui->place_count > ui->place_at)
        place_done(&ui->places[--ui->place_count]);
    if (ui->place_count == PLACES_MAX) {
        place_done(&ui->places[0]);
        memmove(ui->places, ui->places + 1, --ui->place_count * sizeof *ui->places);
    }
    x_grow(&ui->places, &ui->place_cap, ui->place_count + 2, sizeof *ui->places);
    remember(ui, &ui->places[ui->place_count++]);
    ui->place_at = ui->place_count;
}

void ui_pane_show(struct ui *ui, size_t at)
{
    struct pane_state *pane = &ui->panes[at];
    struct err err = { 0 };
    bool stale = pane->stale;

    if (at != ui->pane)
        ui->last_pane = ui->pane;
    ui->pane = at;
    ui->preview_focus = false;
    ui->preview_scroll = 0;
    if (pane->ops->canvas) {
        pane->opened = true; /* it draws itself: there is no list to ask for */
    } else if (!pane->opened) {
        pane->opened = true;
        if (!table_filter(&pane->table, pane->table.filter, NULL, &err)) {
            /* A filter that was saved by another version: said, and left out. */
            ui_error(ui, &err);
            table_filter(&pane->table, "", NULL, &err);
        }
    } else if (stale) {
        table_reload(&pane->table, clock_mono_ms());
    }
    pane->stale = false;
    table_sync(&pane->table);
    if (pane->ops->canvas && pane->ops->canvas->stored)
        pane->ops->canvas->stored(ui);
    ui_know_total(ui, stale);
    ui_preview_moved(ui);
    ui_dirty(ui);
}

void ui_goto(struct ui *ui, size_t at, const char *filter, const char *crumb, row_id cursor)
{
    struct pane_state *pane = &ui->panes[at];
    struct err err = { 0 };

    push_place(ui);
    if (filter && !pane->ops->canvas) {
        pane->opened = true;
        if (pane->stale)
            pane->table.total = -1;
        pane->stale = false;
        table_only_marked(&pane->table, false);
        if (!table_filter(&pane->table, filter, NULL, &err))
            ui_error(ui, &err);
    }
    if (filter || crumb) {
        free(pane->crumb);
        pane->crumb = crumb ? x_strdup(crumb) : NULL;
    }
    ui_pane_show(ui, at);
    if (cursor)
        table_go_id(&pane->table, cursor);
}

static void restore(struct ui *ui, const struct place *place)
{
    struct pane_state *pane = &ui->panes[place->pane];
    struct table *table = &pane->table;
    struct err err = { 0 };
    bool same_question = strcmp(table->filter, place->filter) == 0 && table->filter_off == place->filter_off;

    if (table->key_count != place->key_count || memcmp(table->keys, place->keys, place->key_count * sizeof *place->keys) != 0)
        table_sort(table, place->keys, place->key_count);
    if (!same_question && !pane->ops->canvas) {
        pane->opened = true;
        table_filter(table, place->filter, NULL, &err);
        if (place->filter_off)
            table_filter_switch(table, true);
    }
    free(pane->crumb);
    pane->crumb = place->crumb ? x_strdup(place->crumb) : NULL;
    ui_pane_show(ui, place->pane);
    if (place->cursor)
        table_go_id(table, place->cursor);
}

bool ui_history_go(struct ui *ui, int step)
{
    struct place here;

    if ((step < 0 && ui->place_at == 0) || (step > 0 && ui->place_at + 1 >= ui->place_count))
        return false;
    x_grow(&ui->places, &ui->place_cap, ui->place_count + 2, sizeof *ui->places);
    remember(ui, &here);
    if (ui->place_at == ui->place_count) {
        ui->places[ui->place_count++] = here;
    } else {
        place_done(&ui->places[ui->place_at]);
        ui->places[ui->place_at] = here;
    }
    ui->place_at = step < 0 ? ui->place_at - 1 : ui->place_at + 1;
    restore(ui, &ui->places[ui->place_at]);
    return true;
}

void ui_store_changed(struct ui *ui)
{
    for (size_t i = 0; i < ui->pane_count; i++) {
        if (i != ui->pane && ui->panes[i].opened)
            ui->panes[i].stale = true;
    }
    if (ui_pane(ui)->ops->canvas) {
        if (ui_pane(ui)->ops->canvas->stored)
            ui_pane(ui)->ops->canvas->stored(ui);
    } else {
        /* Not at once: plan_reload() decides when, so that answers that come in a row make one reload. */
        ui_table(ui)->reload_wanted = true;
        if (!ui_table(ui)->frozen)
            view_refresh(ui_table(ui)->view);
        ui_count_arrived(ui);
        ui_preview_changed(ui);
    }
    ui_cache_age(ui);
    ui_dirty(ui);
}

void ui_panes_done(struct ui *ui)
{
    for (size_t i = 0; i < ui->pane_count; i++) {
        struct pane_state *pane = &ui->panes[i];

        if (pane->table.view)
            table_done(&pane->table);
        free(pane->crumb);
        free(pane->columns_saved);
        free(pane->sort_saved);
        free(pane->filter_saved);
        saved_done(&pane->saved);
    }
    free(ui->panes);
    ui->panes = NULL;
    for (size_t i = 0; i < ui->place_count; i++)
        place_done(&ui->places[i]);
    free(ui->places);
}
