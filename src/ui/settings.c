/* settings.c - what the console remembers from one session to the next. Read before the screen opens, written after it has
 * closed: the screen never waits for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/store.h"

/* err: that it could not be read. */
static char *get(struct store *store, const char *pane, const char *what, struct err *err)
{
    char key[128], *text;

    snprintf(key, sizeof key, "ui.%s%s%s", pane ? pane : "", pane ? "." : "", what);
    store_setting_read(store, key, &text, err);
    return text;
}

static void load_pane(struct pane_state *pane, struct store *store, struct err *err)
{
    pane->columns_saved = get(store, pane->ops->name, "columns", err);
    pane->sort_saved = get(store, pane->ops->name, "sort", err);
    pane->filter_saved = get(store, pane->ops->name, "filter", err);
    if (pane->columns_saved)
        table_columns_load(&pane->table, pane->columns_saved);
    if (pane->sort_saved)
        table_sort_load(&pane->table, pane->sort_saved);
    if (pane->filter_saved) {
        free(pane->table.filter);
        pane->table.filter = x_strdup(pane->filter_saved);
    }
}

static void load_history(struct edit_history *history, struct store *store, const char *what, struct err *err)
{
    char *text = get(store, NULL, what, err), *save = NULL;

    for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
        edit_history_add(history, line);
    free(text);
}

static void load_all(struct ui *ui, struct store *store, struct err *err)
{
    char *text;

    ui_saved_load(ui, store, err);
    if (ui->how->fresh)
        return;
    for (size_t i = 0; i < ui->pane_count; i++)
        load_pane(&ui->panes[i], store, err);
    text = get(store, NULL, "pane", err);
    if (text && ui_pane_find(ui, text) != SIZE_MAX)
        ui->pane = ui_pane_find(ui, text);
    free(text);
    text = get(store, NULL, "preview", err);
    if (text) {
        int mode = PREVIEW_NORMAL, percent = 0, dates = 0;

        if (sscanf(text, "%d %d %d", &mode, &percent, &dates) == 3 && mode >= PREVIEW_OFF && mode <= PREVIEW_BIG &&
            dates >= 0 && dates < DATE_MODES) {
            ui->wish.preview = (enum preview_mode)mode;
            ui->wish.percent = percent;
            ui->dates = (enum date_mode)dates;
        }
    }
    free(text);
    load_history(&ui->command_history, store, "commands", err);
    load_history(&ui->filter_history, store, "filters", err);
    load_history(&ui->find_history, store, "finds", err);
}

void ui_settings_load(struct ui *ui, struct store *store)
{
    struct err err = { 0 };

    load_all(ui, store, &err);
    if (err.kind != ERR_NONE)
        ui_error(ui, &err);
}

/* ------------------------------------------------------------------ saving */

static void put(struct store *store, const char *pane, const char *what, const char *value)
{
    char key[128];
    struct err ignored = { 0 };

    snprintf(key, sizeof key, "ui.%s%s%s", pane ? pane : "", pane ? "." : "", what);
    store_setting_put(store, key, value[0] ? value : NULL, &ignored);
}

static void put_changed(struct store *store, const char *pane, const char *what, const char *old, const char *value)
{
    if (strcmp(old ? old : "", value) != 0)
        put(store, pane, what, value);
}

static void save_pane(const struct pane_state *pane, struct store *store)
{
    struct buf text = { 0 };

    if (pane->table.columns_chosen)
        table_columns_save(&pane->table, &text);
    put_changed(store, pane->ops->name, "columns", pane->columns_saved, buf_at(&text));
    buf_clear(&text);
    table_sort_save(&pane->table, &text);
    put_changed(store, pane->ops->name, "sort", pane->sort_saved, buf_at(&text));
    put_changed(store, pane->ops->name, "filter", pane->filter_saved, pane->table.filter);
    buf_done(&text);
}

static void save_history(const struct edit_history *history, struct store *store, const char *what)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < history->count; i++)
        buf_addf(&text, "%s\n", history->lines[i]);
    put(store, NULL, what, buf_at(&text));
    buf_done(&text);
}

void ui_settings_save(struct ui *ui)
{
    struct store *store;
    struct err err = { 0 };
    char preview[64];

    if (!store_open(ui->how->db_path, STORE_WRITE, &store, &err))
        return;
    if (store_begin(store, &err)) {
        for (size_t i = 0; i < ui->pane_count; i++)
            save_pane(&ui->panes[i], store);
        put(store, NULL, "pane", ui_pane(ui)->ops->name);
        snprintf(preview, sizeof preview, "%d %d %d", (int)ui->wish.preview, ui->wish.percent, (int)ui->dates);
        put(store, NULL, "preview", preview);
        save_history(&ui->command_history, store, "commands");
        save_history(&ui->filter_history, store, "filters");
        save_history(&ui->find_history, store, "finds");
        store_commit(store, &err);
    }
    store_close(store);
}
