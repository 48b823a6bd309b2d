/* commands_watch.c - what one does about zones and scopes that are watched: families of zones, status reset, thresholds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/clock.h"
#include "ipamtui/levels.h"
#include "ipamtui/overview.h"
#include "ipamtui/query.h"
#include "ipamtui/text.h"

/* ------------------------------------------------------------------ families of zones */
static bool shows_zones(const struct ui *ui)
{
    const struct object_type *object = ui->panes[ui->pane].ops->object;

    return !ui->panes[ui->pane].ops->canvas && (object == &catalog_zones || object == &catalog_zoneservers);
}

static bool show_family(struct ui *ui, const char *family, struct err *err)
{
    size_t pane = shows_zones(ui) ? ui->pane : ui_pane_find(ui, "zones");
    struct buf filter = { 0 };
    bool ok = query_put(ui->panes[pane].ops->object, shows_zones(ui) ? ui_table(ui)->filter : "", "family", family, &filter, err);

    if (ok) {
        ui_goto(ui, pane, buf_at(&filter), NULL, 0);
        free(ui_pane(ui)->crumb);
        ui_pane(ui)->crumb = NULL;
    }
    buf_done(&filter);
    return ok;
}

#define FAMILY(name, word)                                       \
    static bool name(struct command_call *call, struct err *err) \
    {                                                            \
        return show_family(call->ui, word, err);                 \
    }
FAMILY(zones_forward, "forward")
FAMILY(zones_reverse4, "reverse4")
FAMILY(zones_reverse6, "reverse6")
FAMILY(zones_all, NULL)

/* ------------------------------------------------------------------ written on the errand thread */
struct watch_job {
    struct ui *ui;
    const struct object_type *object;
    row_id *ids;
    size_t count;
    bool (*write)(struct store *store, struct watch_job *job, struct err *err);
    void (*said)(const struct watch_job *job);
    struct value over, under; /* levels */
    size_t zones;             /* reset */
    int64_t rows;
};

static void watch_job_free(struct watch_job *job)
{
    free(job->ids);
    free(job);
}

static bool work(struct store *store, void *ctx, struct err *err)
{
    struct watch_job *job = ctx;

    return job->write(store, job, err);
}

static void done(void *ctx, bool ok, const struct err *err)
{
    struct watch_job *job = ctx;

    if (ok) {
        job->said(job);
        ui_table(job->ui)->moved_ms = 0; /* the operator waits for it: no rest first */
        ui_store_changed(job->ui);
    } else if (err->kind != ERR_CANCELLED) {
        ui_error(job->ui, err);
    }
    watch_job_free(job);
}

static bool start(struct command_call *call, const struct watch_job *like)
{
    struct watch_job *job = x_alloc(sizeof *job);

    *job = *like;
    job->ui = call->ui;
    job->object = call->object;
    job->ids = x_calloc(call->count + 1, sizeof *job->ids);
    memcpy(job->ids, call->ids, call->count * sizeof *call->ids);
    job->count = call->count;
    ui_errand_write(call->ui, work, done, job);
    return true;
}

/* ------------------------------------------------------------------ reset zone status */
static int by_name(const void *a, const void *b)
{
    return text_casecmp(*(const char *const *)a, *(const char *const *)b);
}

/* The zones of these rows, each once: one has a row for each of its servers, and is reset as a whole. */
static size_t zone_names(const struct watch_job *job, const struct row *rows, const char **names)
{
    int zone = catalog_property(job->object, "zone");
    size_t count = 0, kept = 0;

    for (size_t i = 0; i < job->count; i++) {
        if (rows[i].id != 0 && rows[i].values[zone].type == VALUE_TEXT)
            names[count++] = rows[i].values[zone].s;
    }
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || by_name(&names[kept - 1], &names[i]) != 0)
            names[kept++] = names[i];
    }
    return kept;
}

static bool reset_zones(struct store *store, struct watch_job *job, struct err *err)
{
    struct row *rows = x_calloc(job->count + 1, sizeof *rows);
    const char **names = x_calloc(job->count + 1, sizeof *names);
    int64_t *changed = x_calloc(job->count + 1, sizeof *changed);
    struct arena mem = { 0 };
    bool ok = store_rows(store, job->object, job->ids, job->count, &mem, rows, err);

    if (ok) {
        job->zones = zone_names(job, rows, names);
        ok = store_zone_reset(store, names, job->zones, clock_now_s(), changed, err);
    }
    for (size_t i = 0; i < job->zones; i++)
        job->rows += changed[i];
    arena_done(&mem);
    free(changed);
    free(names);
    free(rows);
    return ok;
}

static void said_reset(const struct watch_job *job)
{
    ui_say(job->ui, LOOK_NORMAL, "Status of %zu zone%s reset, %" PRId64 " server%s in all: events up to now do not count any more", job->zones,
           job->zones == 1 ? "" : "s", job->rows, job->rows == 1 ? "" : "s");
}

static bool zone_reset(struct command_call *call, struct err *err)
{
    if (call->object != &catalog_zones && call->object != &catalog_zoneservers)
        return err_set(err, ERR_INPUT, "", "zones are reset in a list of zones (:zones, :zoneservers)");
    return start(call, &(struct watch_job){ .write = reset_zones, .said = said_reset });
}

/* ------------------------------------------------------------------ thresholds */
static bool set_levels(struct store *store, struct watch_job *job, struct err *err)
{
    return levels_set(store, job->object, job->ids, job->count, job->over, job->under, err);
}

static const char *level_text(struct value v, double of_all, char *out, size_t size)
{
    snprintf(out, size, v.type == VALUE_NULL ? "%g%% (as for all)" : "%g%%", v.type == VALUE_NULL ? of_all : v.d);
    return out;
}

static void said_levels(const struct watch_job *job)
{
    const struct options *options = job->ui->options;
    char over[40], under[40];

    ui_say(job->ui, LOOK_NORMAL, "%zu scope%s: over above %s, under below %s", job->count, job->count == 1 ? "" : "s",
           level_text(job->over, options->over_percent, over, sizeof over), level_text(job->under, options->under_percent, under, sizeof under));
}

static bool level(struct command_call *call, struct err *err)
{
    struct watch_job job = { .write = set_levels, .said = said_levels };
    char over[32] = "", under[32] = "", more;
    int words = sscanf(call->args, "%31s %31s %c", over, under, &more);

    if (call->object != &catalog_scopes && call->object != &catalog_scopes6)
        return err_set(err, ERR_INPUT, "", "thresholds are set in a list of scopes (2, :scopes6)");
    if (words == 1 && strcmp(over, "default") == 0)
        return start(call, &job); /* both unknown: as for all */
    if (words != 2)
        return err_set(err, ERR_INPUT, "level", "expected two percentages, over and under (90 10), or \"default\"");
    return levels_percent("over", over, &job.over, err) && levels_percent("under", under, &job.under, err) && start(call, &job);
}

static void complete_level(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    (void)call;
    (void)at;
    fn(ctx, "default", "as configured for all scopes");
}

static const struct command rows[] = {
    { .name = "zones-forward", .help = "Forward lookup zones only; what else the filter says stays", .group = GROUP_GO, .run = zones_forward },
    { .name = "zones-reverse4", .help = "IPv4 reverse zones only", .group = GROUP_GO, .run = zones_reverse4 },
    { .name = "zones-reverse6", .help = "IPv6 reverse zones only", .group = GROUP_GO, .run = zones_reverse6 },
    { .name = "zones-all", .help = "Zones of every family", .group = GROUP_GO, .run = zones_all },
    { .name = "zone-reset", .help = "Reset zone status: events up to now do not count any more", .on = ON_MARKED, .effect = EFFECT_STORE, .group = GROUP_DATA, .run = zone_reset },
    { .name = "level", .args = "over under", .help = "Thresholds of these scopes: percentages, - as for all; or default", .on = ON_MARKED, .effect = EFFECT_STORE, .group = GROUP_DATA, .run = level, .complete = complete_level },
};
const struct command_table ui_watch_commands = { rows, COUNT(rows) };
