/* vanished.c - marks of rows that a retrieval took away are dropped, with a word. A mark that only the filter hides stays. */
#include <stdlib.h>
#include <string.h>

#include "app.h"

#define PIECE 500

struct vanished {
    struct ui *ui;
    struct table *table;
    row_id *ids; /* hidden marks */
    size_t count;
    bool *gone;
};

static bool look(struct store *store, void *ctx, struct err *err)
{
    struct vanished *job = ctx;

    for (size_t at = 0; at < job->count; at += PIECE) {
        size_t count = MIN(PIECE, job->count - at);
        struct row *rows = x_calloc(count, sizeof *rows);
        struct arena arena = { 0 };
        bool ok = store_rows(store, job->table->ops->object, job->ids + at, count, &arena, rows, err);

        for (size_t i = 0; ok && i < count; i++)
            job->gone[at + i] = rows[i].id == 0;
        arena_done(&arena);
        free(rows);
        if (!ok)
            return false;
    }
    return true;
}

static void looked(void *ctx, bool ok, const struct err *err)
{
    struct vanished *job = ctx;
    size_t dropped = 0;

    ui_failed(job->ui, err);
    for (size_t i = 0; ok && i < job->count; i++) {
        if (job->gone[i] && idset_has(&job->table->marks, job->ids[i])) {
            idset_remove(&job->table->marks, job->ids[i]);
            dropped++;
        }
    }
    if (dropped > 0) {
        table_count_hidden(job->table);
        ui_say(job->ui, LOOK_WARN, "%zu marked %s%s gone: no longer marked", dropped, job->table->ops->noun,
               dropped == 1 ? " is" : "s are");
    }
    free(job->ids);
    free(job->gone);
    free(job);
}

void ui_check_marks(struct ui *ui)
{
    struct table *table = ui_table(ui);
    struct idset shown = { 0 };
    struct vanished *job;

    if (!table->check_marks || !view_complete(table->view))
        return;
    table->check_marks = false;
    if (table->hidden_marks == 0)
        return;
    job = x_alloc(sizeof *job);
    *job = (struct vanished){ .ui = ui, .table = table, .ids = x_calloc(table->marks.count + 1, sizeof(row_id)),
                              .gone = x_calloc(table->marks.count + 1, sizeof(bool)) };
    for (size_t i = 0; i < view_count(table->view); i++) {
        if (idset_has(&table->marks, view_id(table->view, i)))
            idset_add(&shown, view_id(table->view, i));
    }
    for (size_t i = 0; i < table->marks.cap; i++) {
        if (table->marks.slots[i] && !idset_has(&shown, table->marks.slots[i]))
            job->ids[job->count++] = table->marks.slots[i];
    }
    idset_clear(&shown);
    view_worker_ask(ui->worker, 0, look, looked, job);
}
