/* commands_data.c - retrieving, exporting, copying. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "changes.h"
#include "complete.h"
#include "ipamtui/listing.h"
#include "ipamtui/text.h"
#include "screen.h"

/* ------------------------------------------------------------------ retrieving */

static void retrieve_rows(struct ui *ui, const row_id *ids, size_t count, const struct object_type *object, unsigned what)
{
    char of[80] = "", words[120];

    ui_retrieve(ui, ids, count, object, what, JOB_ASKED);
    if (what != WHAT_DEFAULT)
        snprintf(of, sizeof of, " for %.70s", what_show(what, words, sizeof words));
    if (ids)
        ui_say(ui, LOOK_NORMAL, "Asking the servers of %zu %s%s%s ...", count, object->noun, count == 1 ? "" : "s", of);
    else
        ui_say(ui, LOOK_NORMAL, "Asking all servers%s ...", of);
}

static bool what_of(const struct command_call *call, unsigned *what, struct err *err)
{
    *what = WHAT_DEFAULT;
    return !call->args[0] || what_parse(call->args, call->command->name, what, err);
}

static bool retrieve(struct command_call *call, struct err *err)
{
    unsigned what;

    if (!what_of(call, &what, err))
        return false;
    retrieve_rows(call->ui, call->ids, call->count, call->object, what);
    return true;
}

static bool retrieve_all(struct command_call *call, struct err *err)
{
    unsigned what;

    if (!what_of(call, &what, err))
        return false;
    retrieve_rows(call->ui, NULL, 0, NULL, what);
    return true;
}

static void complete_what(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    (void)call;
    (void)at;
    for (size_t i = 0; i < WHAT_WORDS && fn(ctx, what_words[i].name, what_words[i].help); i++)
        ;
}

/* ------------------------------------------------------------------ choosing what to retrieve */
struct choosing {
    row_id *ids; /* NULL: every server */
    size_t count;
    const struct object_type *object;
};
/* What was chosen the last time: it is offered again. One chooser of this kind is open at most. */
static unsigned chosen_what = WHAT_DEFAULT;
static struct choosing choosing;

static void what_accept(struct ui *ui, struct chooser *chooser, const struct choice *choice)
{
    unsigned what = 0;

    for (size_t i = 0; i < chooser->count; i++)
        what |= chooser->rows[i].checked ? what_words[chooser->rows[i].tag].what : 0;
    if (what == 0) /* nothing checked: the row under the cursor is meant */
        what = what_words[choice->tag].what;
    ui_drop(ui, &chooser->overlay);
    chosen_what = what;
    retrieve_rows(ui, choosing.ids, choosing.count, choosing.object, what);
    free(choosing.ids);
    choosing = (struct choosing){ 0 };
}

static bool what_key(struct ui *ui, struct chooser *chooser, int key)
{
    struct choice *row = &chooser->rows[chooser->at];

    (void)ui;
    if (key != ' ')
        return false;
    row->checked = !row->checked;
    return true;
}

static const struct chooser_ops what_chooser = { .accept = what_accept, .key = what_key, .checks = true };

bool ui_retrieve_choose(struct command_call *call, struct err *err)
{
    struct chooser *chooser = chooser_new(&what_chooser, "Retrieve server data: what?", "Space checks  Enter asks the servers  Esc leaves");

    (void)err;
    free(choosing.ids);
    choosing = (struct choosing){ .count = call->count, .object = call->object };
    if (call->ids) {
        choosing.ids = x_calloc(call->count + 1, sizeof *call->ids);
        memcpy(choosing.ids, call->ids, call->count * sizeof *call->ids);
    }
    for (int i = 0; i < WHAT_WORDS - 1; i++) /* "all" is each of them */
        chooser_add(chooser, what_words[i].title, what_words[i].help, i)->checked = (chosen_what & what_words[i].what) != 0;
    ui_push(call->ui, &chooser->overlay);
    return true;
}

static bool cancel(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;

    (void)err;
    if (ui_changes_stop(ui)) /* what writes goes first, then what was run: reading goes on in the background all day */
        return true;
    if (ui_programs_stop(ui)) {
        ui_say(ui, LOOK_NORMAL, "Stopping what was run ...");
    } else if (job_log_going(&ui->jobs).jobs > 0) {
        collector_cancel(ui->collector, 0);
        ui_say(ui, LOOK_NORMAL, "Stopping what is being retrieved ...");
    } else if (ui_table(ui)->range_from) {
        table_range_drop(ui_table(ui));
    } else {
        ui_say(ui, LOOK_NORMAL, "Nothing is going on (Q quits)");
    }
    return true;
}

/* ------------------------------------------------------------------ a list as text, made beside the screen's thread */

struct text_job {
    struct ui *ui;
    struct listing listing;
    char *query;
    row_id *ids;
    int *columns;
    char *path;       /* export: where to; NULL = copy */
    char what[80];    /* "3 scopes" for the message */
    FILE *file;
    struct buf text;
    list_text_fn *with;      /* of ui_list_text(), with ctx; NULL = copy or export */
    list_text_done_fn *then;
    void *ctx;
    int64_t rows;
    int failed;       /* errno of the file */
};

static void text_job_free(struct text_job *job)
{
    free(job->query);
    free(job->ids);
    free(job->columns);
    free(job->path);
    buf_done(&job->text);
    free(job);
}

static bool text_out(void *ctx, const char *bytes, size_t len)
{
    struct text_job *job = ctx;

    if (!job->path)
        return buf_add(&job->text, bytes, len);
    if (fwrite(bytes, 1, len, job->file) == len)
        return true;
    job->failed = errno;
    return false;
}

/* With a store of its own: a file is written to its end when the console is left meanwhile, and the thread's is interrupted then. */
static bool write_rows(struct text_job *job, struct err *err)
{
    const struct options *options = job->ui->options;
    struct store *store;
    bool ok = store_open(job->ui->how->db_path, STORE_READ, &store, err);

    if (!ok)
        return false;
    store_set_thresholds(store, (struct thresholds){ options->over_percent, options->under_percent });
    ok = listing_write(store, &job->listing, text_out, job, &job->rows, NULL, err);
    store_close(store);
    return ok;
}

/* Written beside its place and moved there when whole: an export that fails leaves what was there before. */
static bool write_file(struct store *none, void *ctx, struct err *err)
{
    struct text_job *job = ctx;
    char *part = x_asprintf("%s.part", job->path);
    bool ok;

    (void)none;
    job->file = fopen(part, "wxe");
    if (!job->file) {
        err_errno(err, job->path, "cannot write the file");
        free(part);
        return false;
    }
    ok = write_rows(job, err);
    if (fclose(job->file) != 0 && !job->failed)
        job->failed = errno;
    if (ok && job->failed) {
        errno = job->failed;
        ok = err_errno(err, job->path, "cannot write the file");
    }
    if (ok && rename(part, job->path) != 0)
        ok = err_errno(err, job->path, "cannot put the file in its place");
    if (!ok)
        unlink(part);
    free(part);
    return ok;
}

static bool text_work(struct store *store, void *ctx, struct err *err)
{
    struct text_job *job = ctx;

    return listing_write(store, &job->listing, text_out, job, &job->rows, NULL, err) &&
           (!job->with || job->with(job->text.len ? buf_at(&job->text) : "", job->ctx, err));
}

static void text_done(void *ctx, bool ok, const struct err *err)
{
    struct text_job *job = ctx;
    struct ui *ui = job->ui;

    if (job->then) {
        job->then(ui, job->what, ok, err, job->ctx);
    } else if (!ok) {
        if (err->kind != ERR_CANCELLED)
            ui_error(ui, err);
    } else if (job->path) {
        ui_say(ui, LOOK_NORMAL, "%lld rows written to %s", (long long)job->rows, job->path);
    } else if (screen_copy(buf_at(&job->text), job->text.len)) {
        ui_say(ui, LOOK_NORMAL, "Copied %s, %zu bytes, to the terminal's clipboard", job->what, job->text.len);
    } else {
        ui_say(ui, LOOK_ERROR, "%s: %zu bytes are too many for a terminal's clipboard; use :export FILE", job->what, job->text.len);
    }
    text_job_free(job);
}

/* The list as it is shown: its columns, its rows. */
static struct text_job *text_job(struct ui *ui, const row_id *ids, size_t count)
{
    struct table *table = ui_table(ui);
    struct text_job *job = x_alloc(sizeof *job);

    job->ui = ui;
    job->columns = x_calloc(table->column_count + 1, sizeof *job->columns);
    table_shown(table, ui->dates, job->columns, &job->listing.search);
    job->listing.columns = job->columns;
    job->listing.column_count = job->listing.search.count;
    job->listing.object = table->ops->object;
    if (ids) {
        job->ids = x_alloc((count + 1) * sizeof *ids);
        memcpy(job->ids, ids, count * sizeof *ids);
        job->listing.ids = job->ids;
        job->listing.id_count = count;
    } else {
        job->query = x_strdup(table->filter_off ? "" : table->filter);
        job->listing.query = job->query;
        memcpy(job->listing.keys, table->keys, sizeof job->listing.keys);
        job->listing.key_count = table->key_count;
    }
    snprintf(job->what, sizeof job->what, "%zu %s%s", ids ? count : view_count(table->view), table->ops->noun,
             (ids ? count : view_count(table->view)) == 1 ? "" : "s");
    return job;
}

static void text_start(struct text_job *job)
{
    static const struct err no_thread = { .kind = ERR_CANCELLED }; /* it has been said why */
    struct view_worker *worker;

    if (job->path) {
        ui_errand_file(job->ui, write_file, text_done, job);
        return;
    }
    worker = job->with ? ui_runner(job->ui) : ui_errands(job->ui);
    if (worker)
        view_worker_ask(worker, 0, text_work, text_done, job);
    else
        text_done(job, false, &no_thread);
}

/* ------------------------------------------------------------------ export */

/* The marked rows, hidden ones too, or all that the list shows. */
static struct text_job *rows_job(struct ui *ui)
{
    struct table *table = ui_table(ui);
    size_t count = 0;
    bool marked = table->marks.count > 0 || table->range_from;
    row_id *ids = marked ? table_targets(table, true, &count) : NULL;
    struct text_job *job = text_job(ui, marked ? ids : NULL, count);

    if (!marked && table->only_marked) {
        job->listing.ids = job->ids = x_calloc(view_count(table->view) + 1, sizeof *ids);
        job->listing.id_count = view_count(table->view);
        memcpy(job->ids, view_ids(table->view), job->listing.id_count * sizeof *ids);
    }
    free(ids);
    return job;
}

void ui_list_text(struct ui *ui, enum listing_format format, list_text_fn *with, list_text_done_fn *then, void *ctx)
{
    struct text_job *job = rows_job(ui);

    job->listing.format = format;
    job->with = with;
    job->then = then;
    job->ctx = ctx;
    text_start(job);
}

static void start_export(struct ui *ui, const char *path)
{
    struct text_job *job = rows_job(ui);

    job->path = x_strdup(path);
    job->listing.format = listing_format_of_file(path);
    ui_say(ui, LOOK_NORMAL, "Writing %s to %s ...", job->what, path);
    text_start(job);
}

static void overwrite_answer(struct ui *ui, int button, const char *const *answers, void *ctx)
{
    (void)answers;
    if (button == 0)
        start_export(ui, ctx);
    free(ctx);
}

static void export_to(struct ui *ui, const char *typed)
{
    static const char *const buttons[] = { "Overwrite", "Cancel" };
    char *path = path_expand(typed);

    /* access() on a local file is as quick as drawing; a hanging mount is the operator's choice of path. */
    if (access(path, F_OK) == 0) {
        char *text = x_asprintf("%s is there already.", path);

        ui_dialog(ui, "Export", text, buttons, 2, 1, NULL, 0, overwrite_answer, path);
        free(text);
        return;
    }
    start_export(ui, path);
    free(path);
}

static void export_accept(struct ui *ui, const char *text, void *ctx)
{
    (void)ctx;
    if (text[0])
        export_to(ui, text);
}

static void complete_path(struct ui *ui, const char *text, size_t at, size_t *from, struct word_list *out, void *ctx)
{
    (void)ui;
    (void)ctx;
    *from = 0;
    path_words(text, at, out);
}

static const struct prompt_ops export_prompt = { .accept = export_accept, .complete = complete_path };

static bool export(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    struct table *table = ui_table(ui);
    char label[128], name[64];

    (void)err;
    if (call->args[0]) {
        export_to(ui, call->args);
        return true;
    }
    snprintf(label, sizeof label, "Export %zu %ss to (.csv .tsv .json .txt): ",
             table->marks.count ? table->marks.count : view_count(table->view), table->ops->noun);
    snprintf(name, sizeof name, "%s.csv", table->ops->name);
    ui_prompt(ui, &export_prompt, label, name, NULL, NULL);
    return true;
}

static bool add_path(struct word_list *words, command_word_fn *fn, void *ctx)
{
    for (size_t i = 0; i < words->count; i++) {
        if (!fn(ctx, words->rows[i].word, words->rows[i].help))
            return false;
    }
    return true;
}

void complete_file_arg(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    struct word_list words = { 0 };

    path_words(call->args, at, &words);
    add_path(&words, fn, ctx);
    word_list_done(&words);
}

/* ------------------------------------------------------------------ copy */

static bool copy_text(struct ui *ui, const char *text, const char *what, struct err *err)
{
    char printable[120];

    if (!screen_copy(text, strlen(text)))
        return err_set(err, ERR_INPUT, "", "%s is too long for a terminal's clipboard", what);
    ui_say(ui, LOOK_NORMAL, "Copied %s to the terminal's clipboard", text_printable(text, printable, sizeof printable));
    return true;
}

static bool copy_cell(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    struct table *table = ui_table(ui);
    const struct row *row = table_row(table);
    const char *name = call->args;
    struct buf text = { 0 };
    int property = -1;
    bool ok;

    if (!row)
        return err_set(err, ERR_NOT_FOUND, "", "this row is still being read; try again");
    if (name[0])
        property = catalog_property(call->object, name);
    else
        for (size_t c = 0; c < table->column_count && property < 0; c++)
            property = table->columns[c].shown ? table->columns[c].property : -1;
    if (property < 0)
        return err_set(err, ERR_INPUT, name, "%ss have no such column", call->object->noun);
    kind_write(call->object->properties[property].kind, row->values[property], &text);
    ok = copy_text(ui, buf_at(&text), "the cell", err);
    buf_done(&text);
    return ok;
}

static bool copy_ids(struct ui *ui, const row_id *ids, size_t count, enum listing_format format)
{
    struct text_job *job = text_job(ui, ids, count);

    job->listing.format = format;
    text_start(job);
    return true;
}

static bool copy_row(struct command_call *call, struct err *err)
{
    (void)err;
    return copy_ids(call->ui, call->ids, call->count, LISTING_TSV);
}

static bool copy_table(struct command_call *call, struct err *err)
{
    (void)err;
    return copy_ids(call->ui, call->ids, call->count, LISTING_TABLE);
}

static bool copy_csv(struct command_call *call, struct err *err)
{
    (void)err;
    return copy_ids(call->ui, call->ids, call->count, LISTING_CSV);
}

/* The same list without a screen, for a script or a colleague. */
static bool copy_command(struct command_call *call, struct err *err)
{
    struct table *table = ui_table(call->ui);
    struct buf text = { 0 };
    const char *gap = " --columns ";
    bool ok;

    buf_addf(&text, "ipamtui list %s", table->ops->object->name);
    if (table->filter[0] && !table->filter_off) {
        buf_adds(&text, " '");
        for (const char *c = table->filter; *c; c++)
            *c == '\'' ? buf_adds(&text, "'\\''") : buf_addc(&text, *c);
        buf_adds(&text, "'");
    }
    for (size_t c = 0; c < table->column_count; c++) {
        if (!table->columns[c].shown)
            continue;
        buf_addf(&text, "%s%s", gap, call->object->properties[table->columns[c].property].name);
        gap = ",";
    }
    for (size_t i = 0; i < table->key_count; i++)
        buf_addf(&text, "%s%s%s", i ? "," : " --sort ", table->keys[i].descending ? "-" : "",
                 call->object->properties[table->keys[i].property].name);
    ok = copy_text(call->ui, buf_at(&text), "the command", err);
    buf_done(&text);
    return ok;
}

static void complete_property(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    (void)at;
    for (size_t i = 0; i < call->object->property_count; i++) {
        if (!fn(ctx, call->object->properties[i].name, call->object->properties[i].help))
            return;
    }
}

static const struct command rows[] = {
    { .name = "retrieve", .args = "[what,...]", .help = "Ask the servers of these rows again", .complete = complete_what, .label = "Refresh", .on = ON_SHOWN, .effect = EFFECT_FETCH, .group = GROUP_DATA, .run = retrieve },
    { .name = "retrieve-data", .help = "Retrieve server data: choose what (services, DHCP, DNS ...), for the marked servers or all shown", .on = ON_SHOWN, .effect = EFFECT_FETCH, .group = GROUP_DATA, .run = ui_retrieve_choose },
    { .name = "retrieve-all", .args = "[what,...]", .help = "Ask every server again", .label = "Ask all", .complete = complete_what, .effect = EFFECT_FETCH, .group = GROUP_DATA, .run = retrieve_all },
    { .name = "cancel", .help = "Stop what is going on: changes being applied, then other programs, then what is being retrieved", .group = GROUP_DATA, .run = cancel },
    { .name = "export", .args = "[file]", .help = "Write the rows shown, or the marked ones, to a .csv, .tsv, .json or text file", .group = GROUP_DATA, .of_list = true, .run = export, .complete = complete_file_arg },
    { .name = "copy-row", .help = "Copy the row, or the marked ones, tab-separated", .on = ON_MARKED, .group = GROUP_DATA, .run = copy_row },
    { .name = "copy-cell", .args = "[column]", .help = "Copy one value of this row; without a column the first", .on = ON_ROW, .group = GROUP_DATA, .run = copy_cell, .complete = complete_property },
    { .name = "copy-table", .help = "Copy what is shown, or marked, as a table", .on = ON_SHOWN, .group = GROUP_DATA, .run = copy_table },
    { .name = "copy-csv", .help = "Copy what is shown, or marked, as CSV", .on = ON_SHOWN, .group = GROUP_DATA, .run = copy_csv },
    { .name = "copy-command", .help = "Copy the subcommand that lists the same", .group = GROUP_DATA, .of_list = true, .run = copy_command },
};
const struct command_table ui_data_commands = { rows, COUNT(rows) };
