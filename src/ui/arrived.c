/* arrived.c - how many rows a list that is held still would gain: "12 new". Counted on the query worker; rows are numbered as
 * they are learnt, so those above the list's highest number are new to it. */
#include <stdlib.h>

#include "app.h"


struct arrived {
    struct ui *ui;
    const struct pane_ops *pane;
    struct arena mem;
    struct list_spec spec; /* in mem */
    int64_t count;
};

static bool count_new(struct store *store, void *ctx, struct err *err)
{
    struct arrived *job = ctx;

    return store_count(store, &job->spec, &job->count, err);
}

static void counted(void *ctx, bool ok, const struct err *err)
{
    struct arrived *job = ctx;
    struct table *table = ui_table(job->ui);

    ui_failed(job->ui, err);
    if (ok && ui_pane(job->ui)->ops == job->pane && table->reload_wanted && table->arrived != job->count) {
        table->arrived = job->count;
        ui_dirty(job->ui);
    }
    arena_done(&job->mem);
    free(job);
}

/* The list's own question, for rows above its highest number. */
static void ask_above(struct arrived *job, const struct view *view)
{
    struct value *params;
    row_id above = 0;
    struct buf where = { 0 };
    bool all;

    for (size_t i = 0; i < view_count(view); i++)
        above = MAX(above, view_ids(view)[i]);
    view_spec(view, &job->spec);
    params = arena_alloc(&job->mem, (job->spec.param_count + 1) * sizeof *params);
    for (size_t i = 0; i < job->spec.param_count; i++) {
        params[i] = job->spec.params[i];
        if (params[i].type == VALUE_TEXT)
            params[i].s = arena_strdup(&job->mem, params[i].s);
    }
    job->spec.params = params;
    job->spec.key_count = 0;
    all = !job->spec.where || !job->spec.where[0];
    buf_addf(&where, "%s%s%so.id > %lld", all ? "" : "(", all ? "" : job->spec.where, all ? "" : ") AND ", (long long)above);
    job->spec.where = arena_strdup(&job->mem, buf_at(&where));
    buf_done(&where);
}

void ui_count_arrived(struct ui *ui)
{
    struct table *table = ui_table(ui);
    struct arrived *job;

    if (ui_pane(ui)->ops->canvas || !view_complete(table->view) || table->only_marked)
        return;
    job = x_alloc(sizeof *job);
    job->ui = ui;
    job->pane = table->ops;
    ask_above(job, table->view);
    view_worker_ask(ui->worker, TOPIC_ARRIVED, count_new, counted, job);
}
