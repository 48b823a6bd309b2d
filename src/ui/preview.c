/* preview.c - the text about the row under the cursor. Made on the query worker, from the store, when the cursor rests. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "changes.h"

#define REST_MS 80

static char *format(struct arena *arena, const char *fmt, va_list args)
{
    struct buf text = { 0 };
    char *copy;

    buf_vaddf(&text, fmt, args);
    copy = arena_strdup(arena, buf_at(&text));
    buf_done(&text);
    return copy;
}

void preview_title(struct preview *preview, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    preview->title = format(&preview->mem, fmt, args);
    va_end(args);
}

void preview_add(struct preview *preview, enum look look, const char *fmt, ...)
{
    va_list args;

    x_grow(&preview->lines, &preview->cap, preview->count + 1, sizeof *preview->lines);
    va_start(args, fmt);
    preview->lines[preview->count++] = (struct preview_line){ .text = format(&preview->mem, fmt, args), .look = look };
    va_end(args);
}

void preview_done(struct preview *preview)
{
    arena_done(&preview->mem);
    free(preview->lines);
    *preview = (struct preview){ 0 };
}

char *preview_bar(double percent, int cells, char *out, size_t size)
{
    int full = (int)(percent * cells / 100 + 0.5), i;

    /* Neither the last free address nor the first used one is rounded away. */
    if (percent > 0 && full == 0)
        full = 1;
    if (percent < 100 && full == cells)
        full = cells - 1;
    cells = MIN(cells, (int)size - 1);
    for (i = 0; i < cells; i++)
        out[i] = i < full ? '#' : '-';
    out[i] = '\0';
    return out;
}

/* ------------------------------------------------------------------ asking the worker */

struct question {
    struct ui *ui;
    const struct pane_ops *pane;
    row_id id;
    int64_t now_s;
    struct preview preview;
};

static bool work(struct store *store, void *job, struct err *err)
{
    struct question *question = job;

    (void)err;
    question->pane->preview(store, question->id, question->now_s, &question->preview);
    return true;
}

static void done(void *job, bool ok, const struct err *err)
{
    struct question *question = job;
    struct ui *ui = question->ui;

    (void)err;
    if (ui->preview_asked == question->id)
        ui->preview_asked = 0;
    if (ok && question->pane == ui_pane(ui)->ops && question->id == table_cursor(ui_table(ui))) {
        preview_done(&ui->preview);
        ui_changes_preview(ui, question->pane->object, table_row(ui_table(ui)), &question->preview);
        ui_changes_progress(ui, question->pane->object, table_row(ui_table(ui)), &question->preview);
        ui->preview = question->preview;
        if (ui->preview_id != question->id)
            ui->preview_scroll = 0;
        ui->preview_id = question->id;
        ui->preview_server = table_row(ui_table(ui)) ? table_row(ui_table(ui))->server : 0;
        ui->preview_pane = question->pane;
        ui->preview_behind = ui->preview_blank = false;
        question->preview = (struct preview){ 0 };
        ui_dirty(ui);
    }
    preview_done(&question->preview);
    free(question);
}

static void rested(void *ctx)
{
    struct ui *ui = ctx;
    row_id id = table_cursor(ui_table(ui));
    struct question *question;

    if (id == 0 || id == ui->preview_asked || !ui_pane(ui)->ops->preview)
        return;
    question = x_alloc(sizeof *question);
    *question = (struct question){ .ui = ui, .pane = ui_pane(ui)->ops, .id = id, .now_s = ui->now_s };
    ui->preview_asked = id;
    ui->preview_stale = false;
    view_worker_ask(ui->worker, TOPIC_PREVIEW, work, done, question);
}

void ui_preview_moved(struct ui *ui)
{
    row_id id = table_cursor(ui_table(ui));

    if (id == 0 && ui->preview_id != 0) {
        preview_done(&ui->preview);
        ui->preview_id = 0;
        ui_dirty(ui);
    }
    if (id == 0 || ui->wish.preview == PREVIEW_OFF)
        return;
    if (id == ui->preview_id && ui->preview_pane == ui_pane(ui)->ops && !ui->preview_stale)
        return;
    if (id == ui->preview_asked && !ui->preview_stale)
        return;
    loop_timer_in(ui->loop, &ui->preview_timer, ui->preview_id == 0 ? 0 : REST_MS, rested, ui);
}

void ui_preview_changed(struct ui *ui)
{
    ui->preview_stale = true;
    ui_preview_moved(ui);
}

/* Beside a list that is scrolled with a key held down, a preview would be sent again for each move, and never be of the row
 * under the cursor: it is left out until the cursor rests. */
void ui_preview_scrolled(struct ui *ui)
{
    const struct table *table = ui_table(ui);
    bool behind = ui->preview_id != table_cursor(table);

    if (behind && ui->preview_behind && ui->layout.beside && table->top != ui->preview_top)
        ui->preview_blank = true;
    else if (!behind)
        ui->preview_blank = false;
    ui->preview_behind = behind;
    ui->preview_top = table->top;
}
