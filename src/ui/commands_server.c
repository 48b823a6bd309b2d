/* commands_server.c - our own list of servers: added, changed, removed, imported. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "complete.h"
#include "ipamtui/serverlist.h"
#include "ipamtui/text.h"

enum server_errand { SERVER_ADD, SERVER_SET, SERVER_REMOVE, SERVER_IMPORT };
struct server_job {
    struct ui *ui;
    enum server_errand errand;
    char *args; /* "name key=value ...", "key=value ..." or a path; settings point into it */
    char *name;
    struct server_setting settings[32];
    size_t setting_count;
    server_id *servers;
    size_t server_count;
    struct import_report report;
    char complaint[300];
};

static void server_job_free(struct server_job *job)
{
    free(job->args);
    free(job->servers);
    free(job);
}

/* Splits words at blanks; '...' and "..." hold blanks together. NULL at the end. */
static char *next_word(char **at)
{
    char *from, *out;

    *at += strspn(*at, " ");
    if (**at == '\0')
        return NULL;
    for (from = out = *at; **at && **at != ' ';) {
        char quote = **at;

        if (quote != '\'' && quote != '"') {
            *out++ = *(*at)++;
            continue;
        }
        for (++*at; **at && **at != quote;)
            *out++ = *(*at)++;
        *at += **at != '\0';
    }
    *at += **at != '\0';
    *out = '\0';
    return from;
}

static bool read_settings(struct server_job *job, char *at, struct err *err)
{
    for (char *word; (word = next_word(&at));) {
        if (job->setting_count == COUNT(job->settings))
            return err_set(err, ERR_INPUT, "", "too many settings");
        if (!serverlist_split(word, &job->settings[job->setting_count++], err))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ on the errand thread */

static void complain(void *ctx, const char *text)
{
    struct server_job *job = ctx;

    if (!job->complaint[0])
        snprintf(job->complaint, sizeof job->complaint, "%s", text);
}

static bool import_file(struct store *store, struct server_job *job, struct err *err)
{
    FILE *file = fopen(job->args, "re");
    struct buf text = { .limit = 64 << 20 };
    char piece[65536];
    size_t n;
    bool ok = true;

    if (!file)
        return err_errno(err, job->args, "cannot read the file");
    while (ok && (n = fread(piece, 1, sizeof piece, file)) > 0)
        ok = buf_add(&text, piece, n);
    fclose(file);
    if (!ok)
        err_set(err, ERR_INPUT, job->args, "the file is larger than 64 MiB");
    else
        ok = serverlist_import(store, job->args, buf_at(&text), text.len, true, complain, job, &job->report, err);
    buf_done(&text);
    return ok;
}

static bool work(struct store *store, void *ctx, struct err *err)
{
    struct server_job *job = ctx;
    server_id added;
    bool ok = true;

    switch (job->errand) {
    case SERVER_ADD: return serverlist_add(store, job->name, job->settings, job->setting_count, &added, err);
    case SERVER_IMPORT: return import_file(store, job, err);
    case SERVER_SET:
        for (size_t i = 0; ok && i < job->server_count; i++)
            ok = serverlist_set(store, job->servers[i], job->settings, job->setting_count, err);
        return ok;
    default:
        for (size_t i = 0; ok && i < job->server_count; i++)
            ok = store_server_remove(store, job->servers[i], err);
        return ok;
    }
}

static void said(const struct server_job *job)
{
    struct ui *ui = job->ui;
    const char *plural = job->server_count == 1 ? "" : "s";

    switch (job->errand) {
    case SERVER_ADD: ui_say(ui, LOOK_NORMAL, "%s added; R on it asks it", job->name); break;
    case SERVER_SET: ui_say(ui, LOOK_NORMAL, "%zu server%s changed", job->server_count, plural); break;
    case SERVER_REMOVE: ui_say(ui, LOOK_NORMAL, "%zu server%s removed from the list", job->server_count, plural); break;
    case SERVER_IMPORT:
        ui_say(ui, LOOK_NORMAL, "%s: %zu added, %zu changed, %zu as they were", job->args, job->report.added, job->report.updated,
               job->report.unchanged);
        break;
    }
}

static void done(void *ctx, bool ok, const struct err *err)
{
    struct server_job *job = ctx;
    struct ui *ui = job->ui;

    if (ok) {
        said(job);
        for (size_t i = 0; i < job->server_count && ui->collector; i++)
            collector_server_changed(ui->collector, job->servers[i]);
        ui_table(ui)->moved_ms = 0; /* the operator waits for it: no rest first */
        ui_store_changed(ui);
    } else if (job->complaint[0]) {
        ui_say(ui, LOOK_ERROR, "%s: %s (%zu error%s, nothing imported)", job->args, job->complaint, job->report.errors,
               job->report.errors == 1 ? "" : "s");
    } else if (err->kind != ERR_CANCELLED) {
        ui_error(ui, err);
    }
    server_job_free(job);
}

static bool start(struct server_job *job)
{
    ui_errand_write(job->ui, work, done, job);
    return true;
}

/* ------------------------------------------------------------------ commands */

static struct server_job *job_new(struct command_call *call, enum server_errand errand)
{
    struct server_job *job = x_alloc(sizeof *job);

    job->ui = call->ui;
    job->errand = errand;
    job->args = x_strdup(call->args);
    job->servers = x_calloc(call->count + 1, sizeof *job->servers);
    return job;
}

/* Rows of the servers pane are servers; elsewhere a name is needed. */
static bool take_servers(struct command_call *call, struct server_job *job, struct err *err)
{
    if (call->object != &catalog_servers)
        return err_set(err, ERR_INPUT, "", "this is done in the pane of servers (1)");
    memcpy(job->servers, call->ids, call->count * sizeof *call->ids);
    job->server_count = call->count;
    return true;
}

static bool server_add(struct command_call *call, struct err *err)
{
    struct server_job *job = job_new(call, SERVER_ADD);
    char *at = job->args;

    job->name = next_word(&at);
    if (!read_settings(job, at, err)) {
        server_job_free(job);
        return false;
    }
    return start(job);
}

static bool server_set(struct command_call *call, struct err *err)
{
    struct server_job *job = job_new(call, SERVER_SET);

    if (!take_servers(call, job, err) || !read_settings(job, job->args, err)) {
        server_job_free(job);
        return false;
    }
    return start(job);
}

static bool server_import(struct command_call *call, struct err *err)
{
    struct server_job *job = job_new(call, SERVER_IMPORT);
    char *path = path_expand(job->args);

    (void)err;
    free(job->args);
    job->args = path;
    return start(job);
}

static void remove_answer(struct ui *ui, int button, const char *const *answers, void *ctx)
{
    struct server_job *job = ctx;

    (void)ui;
    (void)answers;
    if (button == 0)
        start(job);
    else
        server_job_free(job);
}

static bool server_remove(struct command_call *call, struct err *err)
{
    static const char *const buttons[] = { "Remove", "Cancel" };
    struct server_job *job = job_new(call, SERVER_REMOVE);
    struct table *table = ui_table(call->ui);
    struct buf text = { 0 };
    size_t named = 0;

    if (!take_servers(call, job, err)) {
        server_job_free(job);
        return false;
    }
    buf_addf(&text, "Remove %zu server%s from the list, with all that was learnt:\n", call->count, call->count == 1 ? "" : "s");
    for (size_t i = 0; i < call->count && named < 3; i++) {
        size_t place = view_find(table->view, call->ids[i]);
        const struct row *row = place == SIZE_MAX ? NULL : view_row(table->view, place);

        if (row && row->values[0].type == VALUE_TEXT)
            buf_addf(&text, "%s%s", named++ ? ", " : "", row->values[0].s);
    }
    if (named < call->count && named > 0)
        buf_addf(&text, " and %zu more", call->count - named);
    buf_adds(&text, "\nNothing is changed on them.");
    ui_dialog(call->ui, "Remove servers", buf_at(&text), buttons, 2, 1, NULL, 0, remove_answer, job);
    buf_done(&text);
    return true;
}

static void complete_setting(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    char word[80];

    (void)call;
    (void)at;
    for (size_t i = 0; i < catalog_servers.property_count; i++) {
        const struct property *p = &catalog_servers.properties[i];

        if (!(p->flags & PROP_LOCAL) || (p->flags & PROP_KEY))
            continue;
        if (p->values) {
            for (size_t v = 0; p->values[v]; v++) {
                snprintf(word, sizeof word, "%s=%s", p->name, p->values[v]);
                if (!fn(ctx, word, p->help))
                    return;
            }
            continue;
        }
        snprintf(word, sizeof word, "%s=", p->name);
        if (!fn(ctx, word, p->help))
            return;
    }
}

static const struct command rows[] = {
    { .name = "server-add", .args = "name role=dhcp [address=HOST] [key=value]", .help = "Add a server to the list", .label = "New", .effect = EFFECT_STORE, .group = GROUP_DATA, .run = server_add, .complete = complete_setting },
    { .name = "server-set", .args = "key=value", .help = "Set how the marked servers are reached; an empty value takes a setting away", .on = ON_MARKED, .effect = EFFECT_STORE, .group = GROUP_DATA, .run = server_set, .complete = complete_setting },
    { .name = "server-remove", .help = "Remove servers from the list; nothing is changed on them", .label = "Del", .on = ON_MARKED, .effect = EFFECT_STORE, .group = GROUP_DATA, .run = server_remove },
    { .name = "server-import", .args = "file", .help = "Add and change servers from a CSV file", .effect = EFFECT_STORE, .group = GROUP_DATA, .run = server_import, .complete = complete_file_arg },
};
const struct command_table ui_server_commands = { rows, COUNT(rows) };
