/* commands_list.c - filter, find, sort, columns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/clock.h"
#include "ipamtui/query.h"
#include "ipamtui/text.h"
#include "screen.h"


/* ------------------------------------------------------------------ filter */

struct words_ctx {
    struct word_list *out;
};

static bool add_word(void *ctx, const char *word, const char *help)
{
    struct words_ctx *words = ctx;

    word_list_add(words->out, word, help, "", 0);
    return words->out->count < 200;
}

static void complete_query(struct ui *ui, const char *text, size_t at, size_t *from, struct word_list *out, void *ctx)
{
    struct words_ctx words = { out };

    (void)ctx;
    *from = at;
    while (*from > 0 && !strchr(" ()", text[*from - 1])) /* words come with their field: "state:active" */
        --*from;
    query_complete(ui_table(ui)->ops->object, text, at, add_word, &words);
}

/* How many there are without the filter, for "38 of 412". */
struct total_job {
    struct ui *ui;
    struct table *table;
    const struct object_type *object;
    int64_t count;
};

static bool count_all(struct store *store, void *job, struct err *err)
{
    struct total_job *total = job;
    struct list_spec all = { .object = total->object };

    return store_count(store, &all, &total->count, err);
}

static void counted(void *job, bool ok, const struct err *err)
{
    struct total_job *total = job;

    ui_failed(total->ui, err);
    if (ok) {
        total->table->total = total->count;
        ui_dirty(total->ui);
    }
    free(total);
}

void ui_know_total(struct ui *ui, bool anew)
{
    const struct table *table = ui_table(ui);
    bool part = (table->filter[0] && !table->filter_off) || table->only_marked;
    struct total_job *total;

    if ((table->total >= 0 && !anew) || !part || ui_pane(ui)->ops->canvas)
        return;
    total = x_alloc(sizeof *total);
    *total = (struct total_job){ .ui = ui, .table = ui_table(ui), .object = table->ops->object };
    view_worker_ask(ui->worker, TOPIC_COUNT, count_all, counted, total);
}

static void filter_changed(struct ui *ui, const char *text, void *ctx)
{
    struct err err = { 0 };
    size_t at = 0;

    (void)ctx;
    if (table_filter(ui_table(ui), text, &at, &err))
        ui_prompt_error(ui, NULL, 0);
    else
        ui_prompt_error(ui, err.text, at);
    ui_know_total(ui, false);
}

static void filter_accept(struct ui *ui, const char *text, void *ctx)
{
    struct err err = { 0 };

    (void)ctx;
    if (strcmp(ui_table(ui)->filter, text) != 0 && !table_filter(ui_table(ui), text, NULL, &err))
        ui_error(ui, &err);
}

static void filter_cancel(struct ui *ui, void *ctx)
{
    struct err err = { 0 };

    (void)ctx;
    table_filter(ui_table(ui), "", NULL, &err);
    free(ui_pane(ui)->crumb);
    ui_pane(ui)->crumb = NULL;
}

static const struct prompt_ops filter_prompt = {
    .label = "/", .changed = filter_changed, .accept = filter_accept, .cancel = filter_cancel, .complete = complete_query
};

static bool filter(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    size_t at = 0;

    if (call->args[0]) {
        bool ok = table_filter(ui_table(ui), call->args, &at, err);
        ui_know_total(ui, false);
        return ok;
    }
    ui_prompt(ui, &filter_prompt, NULL, ui_table(ui)->filter, &ui->filter_history, NULL);
    return true;
}

static void complete_filter(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    query_complete(call->object, call->args, at, fn, ctx);
}

static bool filter_clear(struct command_call *call, struct err *err)
{
    free(ui_pane(call->ui)->crumb);
    ui_pane(call->ui)->crumb = NULL;
    return table_filter(ui_table(call->ui), "", NULL, err);
}

static bool filter_toggle(struct command_call *call, struct err *err)
{
    struct table *table = ui_table(call->ui);

    if (table->filter[0] == '\0')
        return err_set(err, ERR_INPUT, "", "there is no filter to switch");
    table_filter_switch(table, !table->filter_off);
    return true;
}

/* ------------------------------------------------------------------ find */

/* Rows of a query, gathered on the worker. */
struct find_job {
    struct ui *ui;
    struct table *table;
    struct query query;
    struct list_spec spec;
    struct idset found;
    int step;
    char *text;
    void (*then)(struct find_job *job);
};

static bool gather(void *ctx, const row_id *ids, size_t count)
{
    struct find_job *job = ctx;

    for (size_t i = 0; i < count; i++)
        idset_add(&job->found, ids[i]);
    return true;
}

static bool find_work(struct store *store, void *ctx, struct err *err)
{
    struct find_job *job = ctx;

    return store_list_ids(store, &job->spec, gather, job, err);
}

static void find_job_free(struct find_job *job)
{
    query_done(&job->query);
    idset_clear(&job->found);
    free(job->text);
    free(job);
}

static void find_done(void *ctx, bool ok, const struct err *err)
{
    struct find_job *job = ctx;

    if (ok)
        job->then(job);
    else if (err->kind != ERR_CANCELLED)
        ui_error(job->ui, err);
    ui_dirty(job->ui);
    find_job_free(job);
}

/* Runs query over the pane's objects and hands the rows to then. */
static bool start_find(struct ui *ui, const char *text, int step, void (*then)(struct find_job *job), struct err *err)
{
    struct find_job *job = x_alloc(sizeof *job);
    struct query_shown shown;
    size_t at = 0;
    int *columns;
    bool ok;

    job->ui = ui;
    job->table = ui_table(ui);
    job->step = step;
    job->then = then;
    job->text = x_strdup(text);
    columns = x_calloc(job->table->column_count + 1, sizeof *columns);
    table_shown(job->table, ui->dates, columns, &shown);
    ok = query_compile_shown(job->table->ops->object, &shown, text, &job->query, &at, err);
    free(columns);
    if (!ok) {
        err_wrap(err, "at character %zu", at + 1);
        find_job_free(job);
        return false;
    }
    job->spec = (struct list_spec){ .object = job->table->ops->object,
                                    .where = buf_at(&job->query.where),
                                    .params = job->query.params,
                                    .param_count = job->query.param_count };
    view_worker_ask(ui->worker, 0, find_work, find_done, job);
    return true;
}

static void found(struct find_job *job)
{
    struct table *table = job->table;

    idset_clear(&table->found);
    table->found = job->found;
    job->found = (struct idset){ 0 };
    free(table->find);
    table->find = x_strdup(job->text);
    if (table->found.count == 0)
        ui_say(job->ui, LOOK_WARN, "Nothing found for %s", job->text);
    else if (!table_find_next(table, job->step))
        ui_say(job->ui, LOOK_WARN, "%s is only in rows that the filter hides", job->text);
    else
        ui_say(job->ui, LOOK_NORMAL, "%zu found (n, N)", table->found.count);
    if (job->ui->panes[job->ui->pane].ops == table->ops)
        ui_preview_moved(job->ui);
}

static void find_accept(struct ui *ui, const char *text, void *ctx)
{
    struct err err = { 0 };

    (void)ctx;
    if (text[0] && !start_find(ui, text, 1, found, &err))
        ui_error(ui, &err);
}

static const struct prompt_ops find_prompt = { .label = "Find: ", .accept = find_accept, .complete = complete_query };

static bool find(struct command_call *call, struct err *err)
{
    if (call->args[0])
        return start_find(call->ui, call->args, 1, found, err);
    ui_prompt(call->ui, &find_prompt, NULL, "", &call->ui->find_history, NULL);
    return true;
}

static bool find_step(struct command_call *call, int step, struct err *err)
{
    struct table *table = ui_table(call->ui);

    if (!table->find)
        return find(call, err);
    if (!table_find_next(table, step))
        return err_set(err, ERR_NOT_FOUND, "", "nothing in this list is found by %s", table->find);
    return true;
}

static bool find_next(struct command_call *call, struct err *err)
{
    return find_step(call, 1, err);
}

static bool find_previous(struct command_call *call, struct err *err)
{
    return find_step(call, -1, err);
}

/* ------------------------------------------------------------------ marks by query */

static void mark_found(struct find_job *job)
{
    struct table *table = job->table;
    const row_id *ids = view_ids(table->view);
    size_t changed = 0;

    for (size_t i = 0; i < view_count(table->view); i++) {
        if (!idset_has(&job->found, ids[i]) || idset_has(&table->marks, ids[i]) == (job->step > 0))
            continue;
        if (job->step > 0)
            idset_add(&table->marks, ids[i]);
        else
            idset_remove(&table->marks, ids[i]);
        changed++;
    }
    table_count_hidden(table);
    ui_say(job->ui, LOOK_NORMAL, "%zu %ss %s", changed, table->ops->noun, job->step > 0 ? "marked" : "unmarked");
}

bool ui_mark_query(struct ui *ui, const char *text, int step, struct err *err);
bool ui_mark_query(struct ui *ui, const char *text, int step, struct err *err)
{
    return start_find(ui, text, step, mark_found, err);
}

/* ------------------------------------------------------------------ sort */

static const struct property *property_at(struct ui *ui, int property)
{
    return &ui_table(ui)->ops->object->properties[property];
}

static void sort_by(struct ui *ui, int property, bool add)
{
    struct table *table = ui_table(ui);
    struct sort_key keys[4];
    size_t count = 0;

    if (add) {
        for (size_t i = 0; i < table->key_count && count < 3; i++) {
            if (table->keys[i].property != property)
                keys[count++] = table->keys[i];
        }
    }
    /* Numbers are looked at for their largest first. */
    keys[count] = (struct sort_key){ .property = property,
                                     .descending = property_at(ui, property)->kind == KIND_PERCENT };
    if (!add && table->key_count > 0 && table->keys[0].property == property)
        keys[count].descending = !table->keys[0].descending;
    table_sort(table, keys, count + 1);
}

static const char sort_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static void sort_accept(struct ui *ui, struct chooser *chooser, const struct choice *choice)
{
    bool add = chooser->number;
    int property = choice->tag;

    ui_drop(ui, &chooser->overlay);
    sort_by(ui, property, add);
}

static bool sort_key_pressed(struct ui *ui, struct chooser *chooser, int key)
{
    if (key == '+') {
        chooser->number = !chooser->number;
        free(chooser->title);
        chooser->title = x_strdup(chooser->number ? "Then by" : "Sort by");
        return true;
    }
    for (size_t i = 0; i < chooser->count; i++) {
        if (key < 0x80 && chooser->rows[i].left[0] == key) {
            struct choice copy = chooser->rows[i];

            sort_accept(ui, chooser, &copy);
            return true;
        }
    }
    return false;
}

static const struct chooser_ops sort_chooser = { .accept = sort_accept, .key = sort_key_pressed };

static bool sort_args(struct ui *ui, const char *args, struct err *err)
{
    struct table *table = ui_table(ui);
    char word[64];
    size_t len = strcspn(args, " ");

    snprintf(word, sizeof word, "%.*s", (int)MIN(len, sizeof word - 1), args);
    word[strcspn(word, "-")] = '\0';
    if (strcmp(word, "none") == 0) {
        table_sort(table, NULL, 0);
        return true;
    }
    if (catalog_property(table->ops->object, word) < 0)
        return err_set(err, ERR_INPUT, word, "%ss have no such column", table->ops->noun);
    table_sort_load(table, args);
    return true;
}

static bool sort(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    struct table *table = ui_table(ui);
    struct chooser *chooser;
    size_t letter = 0;
    bool add = strcmp(call->args, "+") == 0;

    if (call->args[0] && !add)
        return sort_args(ui, call->args, err);
    chooser = chooser_new(&sort_chooser, add ? "Then by" : "Sort by", "letter or Enter; again reverses; + adds a key");
    chooser->number = add;
    for (int pass = 0; pass < 2; pass++) { /* shown columns first */
        for (size_t c = 0; c < table->column_count && letter < strlen(sort_letters); c++) {
            char left[80];

            if (table->columns[c].shown != (pass == 0))
                continue;
            snprintf(left, sizeof left, "%c  %s", sort_letters[letter++], property_at(ui, table->columns[c].property)->title);
            chooser_add(chooser, left, property_at(ui, table->columns[c].property)->help, table->columns[c].property);
        }
    }
    ui_push(ui, &chooser->overlay);
    return true;
}

static void complete_column(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    const struct object_type *object = call->object;

    (void)at;
    for (size_t i = 0; i < object->property_count; i++) {
        if (!fn(ctx, object->properties[i].name, object->properties[i].help))
            return;
    }
}

static bool sort_reverse(struct command_call *call, struct err *err)
{
    struct table *table = ui_table(call->ui);
    struct sort_key keys[4];
    size_t count = table->key_count;

    (void)err;
    memcpy(keys, table->keys, sizeof keys);
    if (count == 0) {
        size_t first = 0;

        while (first < table->column_count && !table->columns[first].shown)
            first++;
        keys[0] = (struct sort_key){ .property = table->columns[first].property };
        count = 1;
    }
    for (size_t i = 0; i < count; i++)
        keys[i].descending = !keys[i].descending;
    table_sort(table, keys, count);
    return true;
}

/* < and >: the neighbour of the column that the list is sorted by. */
static bool sort_step(struct command_call *call, int step)
{
    struct table *table = ui_table(call->ui);
    int shown[128], count = 0, at = -1;
    struct sort_key key;

    for (size_t c = 0; c < table->column_count && count < 128; c++) {
        if (!table->columns[c].shown)
            continue;
        if (table->key_count > 0 && table->columns[c].property == table->keys[0].property)
            at = count;
        shown[count++] = table->columns[c].property;
    }
    if (count == 0)
        return true;
    at = at < 0 ? 0 : MAX(0, MIN(count - 1, at + step));
    key = (struct sort_key){ .property = shown[at] };
    key.descending = call->ui->panes[call->ui->pane].ops->object->properties[shown[at]].kind == KIND_PERCENT;
    table_sort(table, &key, 1);
    return true;
}

static bool sort_right(struct command_call *call, struct err *err)
{
    (void)err;
    return sort_step(call, 1);
}

static bool sort_left(struct command_call *call, struct err *err)
{
    (void)err;
    return sort_step(call, -1);
}

/* ------------------------------------------------------------------ columns */

static void fill_columns(struct ui *ui, struct chooser *chooser)
{
    struct table *table = ui_table(ui);
    size_t at = chooser->at, top = chooser->top;

    chooser_clear(chooser);
    for (size_t c = 0; c < table->column_count; c++) {
        const struct property *p = property_at(ui, table->columns[c].property);
        char left[80];

        snprintf(left, sizeof left, "%-16s %3d", p->title, table->columns[c].width);
        chooser_add(chooser, left, p->help, (int)c)->checked = table->columns[c].shown;
    }
    chooser->at = at;
    chooser->top = top;
}

/* Neighbours are only where they seem to be when all are shown. */
static void swap_columns(struct ui *ui, struct chooser *chooser, int step)
{
    struct table *table = ui_table(ui);
    size_t a = chooser->at, b = a + (size_t)step;
    struct column column;

    if (edit_text(&chooser->narrow)[0]) {
        ui_say(ui, LOOK_ERROR, "Columns are moved among all of them: Esc shows all");
        return;
    }
    if (b >= table->column_count) /* also below zero */
        return;
    column = table->columns[a];
    table->columns[a] = table->columns[b];
    table->columns[b] = column;
    chooser->at = b;
}

static bool columns_key(struct ui *ui, struct chooser *chooser, int key)
{
    struct table *table = ui_table(ui);
    const struct choice *current = chooser_current(chooser);
    struct column *column = &table->columns[current ? current->tag : 0];
    size_t shown = 0;

    if (!current)
        return false; /* nothing matches */
    switch (key) {
    case ' ':
        for (size_t c = 0; c < table->column_count; c++)
            shown += table->columns[c].shown;
        if (column->shown && shown == 1) {
            ui_say(ui, LOOK_ERROR, "At least one column stays");
            return true;
        }
        column->shown = !column->shown;
        break;
    case 'J': swap_columns(ui, chooser, 1); break;
    case 'K': swap_columns(ui, chooser, -1); break;
    case '+':
    case '-':
        column->width = MAX(3, MIN(80, column->width + (key == '+' ? 1 : -1)));
        column->fixed = true;
        break;
    case '=': table_width_fit(table, (size_t)current->tag, ui->dates, ui->now_s); break;
    case 'd':
        table_columns_default(table, ui->layout.list.w);
        fill_columns(ui, chooser);
        return true;
    default: return false;
    }
    table->columns_chosen = true;
    fill_columns(ui, chooser);
    return true;
}

static const struct chooser_ops columns_chooser = { .key = columns_key, .checks = true, .slash = true };

/* "name:30,scope util": a width that is given holds. Into the form that is saved, or false for an unknown column. */
static bool columns_spec(const struct object_type *object, const char *args, struct buf *out, struct err *err)
{
    while (*args) {
        size_t len = strcspn(args, " ,"), name = strcspn(args, " ,:");
        char *column = x_strndup(args, MIN(name, len));
        bool known = catalog_property(object, column) >= 0;

        if (known)
            buf_addf(out, "%s%.*s%s", out->len ? " " : "", (int)len, args, name < len ? "!" : "");
        else
            err_set(err, ERR_INPUT, column, "%ss have no such column", object->noun);
        free(column);
        if (!known)
            return false;
        args += len;
        args += strspn(args, " ,");
    }
    return true;
}

static bool columns(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    struct chooser *chooser;

    if (strcmp(call->args, "default") == 0) {
        table_columns_default(ui_table(ui), ui->layout.list.w);
        return true;
    }
    if (call->args[0]) {
        struct buf spec = { 0 };
        bool ok = columns_spec(call->object, call->args, &spec, err);

        if (ok)
            table_columns_load(ui_table(ui), buf_at(&spec));
        buf_done(&spec);
        return ok;
    }
    chooser = chooser_new(&columns_chooser, "Columns", "Space show  / find  J K move  + - width  = fit  d default  Enter done");
    fill_columns(ui, chooser);
    ui_push(ui, &chooser->overlay);
    return true;
}

/* The first visible column, or the one that the list is sorted by. */
static size_t column_of_interest(struct table *table)
{
    struct slot slots[SLOTS_MAX];
    size_t count = table_layout(table, 80, slots);

    for (size_t c = 0; c < table->column_count && table->key_count > 0; c++) {
        if (table->columns[c].shown && table->columns[c].property == table->keys[0].property)
            return c;
    }
    return count > 0 ? slots[0].column : 0;
}

static bool column_fit(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    struct table *table = ui_table(ui);
    size_t only = column_of_interest(table);

    (void)err;
    if (strcmp(call->args, "all") != 0) {
        table_width_fit(table, only, ui->dates, ui->now_s);
        return true;
    }
    for (size_t c = 0; c < table->column_count; c++) {
        if (table->columns[c].shown)
            table_width_fit(table, c, ui->dates, ui->now_s);
    }
    return true;
}

static bool freeze(struct command_call *call, struct err *err)
{
    struct table *table = ui_table(call->ui);

    (void)err;
    table->frozen = !table->frozen;
    if (!table->frozen && table->reload_wanted) {
        table->moved_ms = 0;
        table_reload(table, clock_mono_ms());
        ui_know_total(call->ui, true);
    }
    ui_say(call->ui, LOOK_NORMAL, table->frozen ? "Frozen: rows keep their places and values" : "No longer frozen");
    return true;
}

static const struct command rows[] = {
    { .name = "filter", .args = "[query]", .help = "Show only rows that match a query", .label = "Filter", .group = GROUP_LIST, .run = filter, .complete = complete_filter },
    { .name = "filter-toggle", .help = "Switch the filter off and on", .group = GROUP_LIST, .run = filter_toggle },
    { .name = "filter-clear", .help = "Take the filter away", .group = GROUP_LIST, .run = filter_clear },
    { .name = "find", .args = "[query]", .help = "Go to the next row that matches, hiding nothing", .label = "Find", .group = GROUP_LIST, .run = find, .complete = complete_filter },
    { .name = "find-next", .help = "Next found row", .group = GROUP_LIST, .run = find_next },
    { .name = "find-previous", .help = "Previous found row", .group = GROUP_LIST, .run = find_previous },
    { .name = "sort", .args = "[column]", .help = "Sort by a column; '+' adds a second key, \"util- name\" says it in words", .label = "Sort", .group = GROUP_LIST, .run = sort, .complete = complete_column },
    { .name = "sort-reverse", .help = "Reverse the order", .group = GROUP_LIST, .run = sort_reverse },
    { .name = "sort-left", .help = "Sort by the column to the left", .group = GROUP_LIST, .run = sort_left },
    { .name = "sort-right", .help = "Sort by the column to the right", .group = GROUP_LIST, .run = sort_right },
    { .name = "columns", .args = "[name,...]", .help = "Choose, order and size columns", .label = "Cols", .group = GROUP_LIST, .run = columns, .complete = complete_column },
    { .name = "column-fit", .args = "[all]", .help = "Make the column as wide as what it shows", .group = GROUP_LIST, .run = column_fit },
    { .name = "freeze", .help = "Hold rows and order still", .group = GROUP_LIST, .run = freeze },
};
const struct command_table ui_list_commands = { rows, COUNT(rows) };
