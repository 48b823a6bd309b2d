/* commands_saved.c - f: the queries that are kept for a pane. The one under the cursor is tried on the list behind the menu. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/store.h"
#include "ipamtui/text.h"
#include "screen.h"

static char *setting_of(const struct pane_ops *pane)
{
    return x_asprintf("ui.%s.saved", pane->name);
}

void ui_saved_load(struct ui *ui, struct store *store, struct err *err)
{
    for (size_t i = 0; i < ui->pane_count; i++) {
        char *key = setting_of(ui->panes[i].ops), *text;

        if (store_setting_read(store, key, &text, err) && text)
            saved_parse(&ui->panes[i].saved, text);
        free(text);
        free(key);
    }
}

/* ------------------------------------------------------------------ keeping them, on the errand thread */

struct keep {
    struct ui *ui;
    const struct pane_ops *pane;
    char name[SAVED_NAME_MAX + 1];
    char *query; /* NULL = it is taken away */
};

/* Into what is there now: another console may have saved some as well. */
static bool keep_work(struct store *store, void *ctx, struct err *err)
{
    struct keep *job = ctx;
    struct saved_list list = { 0 };
    struct buf text = { 0 };
    char *key = setting_of(job->pane), *old = NULL;
    bool ok = store_begin(store, err) && store_setting_read(store, key, &old, err);

    if (old)
        saved_parse(&list, old);
    saved_put(&list, job->name, job->query);
    saved_write(&list, &text);
    ok = ok && store_setting_put(store, key, text.len ? buf_at(&text) : NULL, err) && store_commit(store, err);
    saved_done(&list);
    buf_done(&text);
    free(old);
    free(key);
    return ok;
}

static void keep_done(void *ctx, bool ok, const struct err *err)
{
    struct keep *job = ctx;

    if (!ok && err->kind != ERR_CANCELLED)
        ui_error(job->ui, err);
    free(job->query);
    free(job);
}

static void keep(struct ui *ui, const char *name, const char *query)
{
    struct keep *job = x_alloc(sizeof *job);

    saved_put(&ui_pane(ui)->saved, name, query);
    *job = (struct keep){ .ui = ui, .pane = ui_pane(ui)->ops, .query = query ? x_strdup(query) : NULL };
    snprintf(job->name, sizeof job->name, "%s", name);
    ui_errand_write(ui, keep_work, keep_done, job);
}

/* ------------------------------------------------------------------ saving the filter */

static bool save_as(struct ui *ui, const char *typed, struct err *err)
{
    struct pane_state *pane = ui_pane(ui);
    char name[SAVED_NAME_MAX + 1];
    bool there;

    if (!saved_name(typed, name))
        return err_set(err, ERR_INPUT, "", "a name of 1 to %d characters is needed", SAVED_NAME_MAX);
    there = saved_find(&pane->saved, name) != NULL;
    keep(ui, name, pane->table.filter);
    ui_say(ui, LOOK_NORMAL, "/%s is %s as %s (%zu for %ss)", pane->table.filter, there ? "now saved" : "saved", name, pane->saved.count,
           pane->ops->noun);
    return true;
}

static void name_accept(struct ui *ui, const char *text, void *ctx)
{
    struct err err = { 0 };

    (void)ctx;
    if (text[0] && !save_as(ui, text, &err))
        ui_error(ui, &err);
}

static const struct prompt_ops name_prompt = { .accept = name_accept };

static bool filter_save(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    const char *filter = ui_table(ui)->filter;
    char label[160];

    if (filter[0] == '\0')
        return err_set(err, ERR_INPUT, "", "there is no filter to save: / makes one");
    if (call->args[0])
        return save_as(ui, call->args, err);
    snprintf(label, sizeof label, "Save /%.*s as: ", (int)text_fit(filter, 60, NULL), filter);
    ui_prompt(ui, &name_prompt, label, "", NULL, NULL);
    return true;
}

/* ------------------------------------------------------------------ the menu */

static void fill(struct ui *ui, struct chooser *chooser)
{
    const struct saved_list *saved = &ui_pane(ui)->saved;

    chooser_clear(chooser);
    for (size_t i = 0; i < saved->count; i++) {
        char *left = i < 9 ? x_asprintf("%zu %s", i + 1, saved->rows[i].name) : x_asprintf("  %s", saved->rows[i].name);

        chooser_add(chooser, left, saved->rows[i].query, (int)i);
        free(left);
    }
}

static bool apply(struct ui *ui, const char *query, struct err *err)
{
    struct table *table = ui_table(ui);

    return (strcmp(table->filter, query) == 0 && !table->filter_off) || table_filter(table, query, NULL, err);
}

/* The filter that was there before the menu. */
static void restore(struct ui *ui)
{
    struct err ignored = { 0 };

    if (!ui->filter_before)
        return;
    apply(ui, ui->filter_before, &ignored);
    if (ui->filter_before_off)
        table_filter_switch(ui_table(ui), true);
    free(ui->filter_before);
    ui->filter_before = NULL;
}

static void tried(struct ui *ui, struct chooser *chooser)
{
    const struct choice *choice = chooser_current(chooser);
    struct err err = { 0 };

    if (choice && !apply(ui, ui_pane(ui)->saved.rows[choice->tag].query, &err))
        ui_error(ui, &err); /* a field that is not there any more */
}

static void pick(struct ui *ui, struct chooser *chooser, size_t at)
{
    struct pane_state *pane = ui_pane(ui);
    struct err err = { 0 };

    restore(ui);
    if (!apply(ui, pane->saved.rows[at].query, &err))
        ui_error(ui, &err);
    ui_drop(ui, &chooser->overlay);
}

static void accept(struct ui *ui, struct chooser *chooser, const struct choice *choice)
{
    pick(ui, chooser, (size_t)choice->tag);
}

static void forget(struct ui *ui, struct chooser *chooser)
{
    const struct choice *choice = chooser_current(chooser);
    struct saved_list *saved = &ui_pane(ui)->saved;
    char name[SAVED_NAME_MAX + 1];
    size_t at = chooser->at;

    if (!choice)
        return;
    snprintf(name, sizeof name, "%s", saved->rows[choice->tag].name);
    ui_say(ui, LOOK_NORMAL, "%s is forgotten; it was /%s", name, saved->rows[choice->tag].query);
    keep(ui, name, NULL);
    if (saved->count == 0) {
        restore(ui);
        ui_drop(ui, &chooser->overlay);
        return;
    }
    fill(ui, chooser);
    chooser->at = at;
    if (!chooser_current(chooser) && at > 0) /* it was the last of those that match */
        chooser->at--;
    tried(ui, chooser);
}

static bool menu_key(struct ui *ui, struct chooser *chooser, int key)
{
    const struct saved_list *saved = &ui_pane(ui)->saved;
    bool typed = edit_text(&chooser->narrow)[0] != '\0';

    if (!typed && key >= '1' && key <= '9' && (size_t)(key - '1') < saved->count) {
        pick(ui, chooser, (size_t)(key - '1'));
    } else if (!typed && key == '+') {
        restore(ui);
        ui_drop(ui, &chooser->overlay);
        ui_run_line(ui, "filter-save");
    } else if (key == K_DELETE || (!typed && key == '-')) {
        forget(ui, chooser);
    } else {
        return false;
    }
    return true;
}

static void menu_left(struct ui *ui, struct chooser *chooser)
{
    (void)chooser;
    restore(ui);
}

static const struct chooser_ops saved_chooser = {
    .accept = accept, .key = menu_key, .moved = tried, .left = menu_left, .narrow = true
};

static bool filter_saved(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    struct pane_state *pane = ui_pane(ui);
    const char *query = call->args[0] ? saved_find(&pane->saved, call->args) : NULL;
    struct chooser *chooser;

    if (query)
        return apply(ui, query, err);
    if (call->args[0])
        return err_set(err, ERR_NOT_FOUND, call->args, "no query is saved under this name for %ss", pane->ops->noun);
    if (pane->saved.count == 0) {
        if (pane->table.filter[0])
            return filter_save(call, err);
        ui_say(ui, LOOK_NORMAL, "No query is saved for %ss yet: make a filter with /, then this saves it", pane->ops->noun);
        return true;
    }
    free(ui->filter_before);
    ui->filter_before = x_strdup(pane->table.filter);
    ui->filter_before_off = pane->table.filter_off;
    chooser = chooser_new(&saved_chooser, "Saved queries", "1-9 Enter pick  + save the filter  - forget");
    chooser->placed = (struct rect){ .y = ui->layout.list.y, .x = ui->layout.bar.w / 3, .w = 1 };
    fill(ui, chooser);
    ui_push(ui, &chooser->overlay);
    tried(ui, chooser);
    return true;
}

static void complete_saved(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    const struct saved_list *saved = &ui_pane(call->ui)->saved;

    (void)at;
    for (size_t i = 0; i < saved->count; i++) {
        if (!fn(ctx, saved->rows[i].name, saved->rows[i].query))
            return;
    }
}

static const struct command rows[] = {
    { .name = "filter-saved", .args = "[name]", .help = "Queries kept for this pane: try, pick, save, forget", .group = GROUP_LIST, .run = filter_saved, .complete = complete_saved },
    { .name = "filter-save", .args = "[name]", .help = "Keep the filter in force under a name", .group = GROUP_LIST, .run = filter_save, .complete = complete_saved },
};
const struct command_table ui_saved_commands = { rows, COUNT(rows) };
