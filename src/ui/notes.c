/* notes.c - what the collector says: progress, failures; and how old things are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asks.h"
#include "changes.h"
#include "ipamtui/clock.h"
#include "ipamtui/text.h"


/* ------------------------------------------------------------------ outcomes */

static void keep_outcome(struct ui *ui, const struct note *note)
{
    struct outcome *at = NULL;

    for (size_t i = 0; i < ui->outcome_count && !at; i++) {
        if (ui->outcomes[i].server == note->server)
            at = &ui->outcomes[i];
    }
    if (!at) {
        x_grow(&ui->outcomes, &ui->outcome_cap, ui->outcome_count + 1, sizeof *ui->outcomes);
        at = &ui->outcomes[ui->outcome_count++];
        *at = (struct outcome){ .server = note->server, .ok = true };
    }
    ui->failed_count -= !at->ok;
    ui->failed_count += !note->ok;
    at->ok = note->ok;
}

/* ------------------------------------------------------------------ notes */

static void say_finished(struct ui *ui, const struct job_entry *entry)
{
    double seconds = (double)job_entry_ms(entry, clock_mono_ms()) / 1000;
    const char *plural = entry->total == 1 ? "" : "s";

    if (entry->stopped)
        ui_say(ui, LOOK_WARN, "Stopped after %zu of %zu server%s; what had come is kept", entry->done - entry->cancelled, entry->total, plural);
    else if (entry->failed > 0)
        ui_say(ui, LOOK_WARN, "Retrieved %zu of %zu server%s in %.1f s; %zu failed (:jobs says why)", job_entry_answered(entry),
               entry->total, plural, seconds, entry->failed);
    else
        ui_say(ui, LOOK_NORMAL, "Retrieved %zu server%s in %.1f s", entry->total, plural, seconds);
}

static void take_note(struct ui *ui, const struct note *note)
{
    const struct job_entry *entry = job_log_note(&ui->jobs, note, clock_now_s(), clock_mono_ms());
    bool statistics = ui_statistics_note(ui, note, entry);

    switch (note->kind) {
    case NOTE_ROUND:
    case NOTE_ANSWER: break;
    case NOTE_SERVER:
        if (note->err.kind == ERR_CANCELLED)
            break;
        if (!statistics) /* they say nothing about what is known of it */
            keep_outcome(ui, note);
        if (!note->ok)
            ui_log_only(ui, LOOK_BAD, "%s: %s", note->server_name, note->err.text[0] ? note->err.text : note->text);
        break;
    case NOTE_FINISHED:
        if (!note->regular && !statistics) /* of those the strip and :jobs have what failed */
            say_finished(ui, entry);
        break;
    case NOTE_STORED: ui_store_changed(ui); break;
    case NOTE_ASK: ui_ask(ui, note->ask_id, note->server_name, &note->ask); break;
    case NOTE_ASK_GONE: ui_ask_gone(ui, note->ask_id); break;
    case NOTE_FAULT: ui_error(ui, &note->err); break;
    }
    ui_dirty(ui);
}

void ui_notes_turn(struct ui *ui)
{
    struct note *note;

    while ((note = mailbox_get(ui->notes))) {
        take_note(ui, note);
        free(note);
    }
}

void ui_notes_done(struct ui *ui)
{
    ui_asks_done(ui);
    ui_statistics_done(ui);
    free(ui->outcomes);
    job_log_done(&ui->jobs);
    known_done(&ui->known);
    mailbox_free(ui->notes, free);
}

/* ------------------------------------------------------------------ asking servers */

struct retrieval {
    struct ui *ui;
    const struct object_type *object;
    struct store *store; /* while they are looked for */
    row_id *ids; /* NULL: every server */
    size_t count;
    server_id *servers;
    size_t server_count, server_cap;
    unsigned what;
    enum job_why why;
    char *zone; /* statistics: of this one */
};

static bool add_server(void *ctx, const struct row *row)
{
    struct retrieval *r = ctx;

    x_grow(&r->servers, &r->server_cap, r->server_count + 1, sizeof *r->servers);
    r->servers[r->server_count++] = row->server;
    return true;
}

/* A server's rows lie together in most orders, so the last one added is looked at first. */
static void add_once(struct retrieval *r, server_id server)
{
    for (size_t i = r->server_count; i > 0; i--) {
        if (r->servers[i - 1] == server)
            return;
    }
    x_grow(&r->servers, &r->server_cap, r->server_count + 1, sizeof *r->servers);
    r->servers[r->server_count++] = server;
}

/* Steps of a change name their server as it was called; one that was removed since is not asked. */
static bool add_server_of(void *ctx, const struct row *row)
{
    struct retrieval *r = ctx;
    int name = row->server ? -1 : catalog_property(&catalog_change_steps, "server");
    struct err err = { 0 };
    server_id server = row->server;

    if (name < 0 || (row->values[name].type == VALUE_TEXT && store_server_find(r->store, row->values[name].s, &server, &err)))
        add_once(r, server);
    return true;
}

/* A zone is on several servers, a change is about several: those are asked. */
static bool find_servers_of(struct store *store, struct retrieval *r, const struct row *rows, size_t count, struct err *err)
{
    bool zones = r->object == &catalog_zones;
    int zone = catalog_property(&catalog_zones, "zone");
    struct value *names = x_calloc(count, sizeof *names);
    struct list_spec spec = { .object = zones ? &catalog_zoneservers : &catalog_change_steps, .params = names };
    struct buf where = { 0 };
    bool ok;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].id)
            names[spec.param_count++] = zones ? rows[i].values[zone] : V_INT(rows[i].id);
    }
    buf_adds(&where, zones ? "o.zone IN (" : "o.change IN (");
    for (size_t i = 0; i < spec.param_count; i++)
        buf_adds(&where, i ? ", ?" : "?");
    buf_adds(&where, ")");
    spec.where = buf_at(&where);
    ok = store_list_rows(store, &spec, add_server_of, r, err);
    buf_done(&where);
    free(names);
    return ok;
}

/* Statistics are of a zone where the rows are zones, and then of one. */
static bool find_zone(struct retrieval *r, const struct row *rows, size_t count, struct err *err)
{
    int zone = catalog_property(r->object, "zone");

    for (size_t i = 0; i < count; i++) {
        if (!rows[i].id)
            continue;
        if (!r->zone)
            r->zone = x_strdup(rows[i].values[zone].s);
        else if (text_casecmp(r->zone, rows[i].values[zone].s) != 0)
            return err_set(err, ERR_INPUT, "", "the statistics of one zone at a time: several are marked");
    }
    return true;
}

static bool find_servers(struct store *store, void *job, struct err *err)
{
    struct retrieval *r = job;
    struct list_spec all = { .object = &catalog_servers };
    const size_t piece = 500;

    r->store = store;
    if (!r->ids)
        return store_list_rows(store, &all, add_server, r, err);
    for (size_t at = 0; at < r->count; at += piece) {
        size_t count = MIN(piece, r->count - at);
        struct arena arena = { 0 };
        struct row *rows = x_calloc(count, sizeof *rows);
        bool ok = store_rows(store, r->object, r->ids + at, count, &arena, rows, err);

        if (ok && (r->what & WHAT_STATISTICS) && (r->object == &catalog_zones || r->object == &catalog_zoneservers))
            ok = find_zone(r, rows, count, err);
        if (ok && (r->object == &catalog_zones || r->object == &catalog_changes))
            ok = find_servers_of(store, r, rows, count, err);
        else
            for (size_t i = 0; ok && i < count; i++)
                if (rows[i].id)
                    add_server_of(r, &rows[i]);
        free(rows);
        arena_done(&arena);
        if (!ok)
            return false;
    }
    return true;
}

static void servers_found(void *job, bool ok, const struct err *err)
{
    struct retrieval *r = job;

    if (!ok && err->kind != ERR_CANCELLED)
        ui_error(r->ui, err);
    if (ok && r->server_count == 0 && r->count > 0)
        ui_say(r->ui, LOOK_WARN, "There is no server to ask: it is not managed any more");
    if (ok && r->server_count > 0 && r->ui->collector) {
        bool statistics = r->what & WHAT_STATISTICS;
        uint64_t number = statistics ? collector_statistics(r->ui->collector, r->servers, r->server_count, r->zone)
                                     : collector_retrieve(r->ui->collector, r->servers, r->server_count, r->what);

        if (statistics)
            ui_statistics_asked(r->ui, number, r->zone);
        job_log_asked(&r->ui->jobs, number, r->what, r->server_count, r->why, clock_now_s(), clock_mono_ms());
    }
    free(r->zone);
    free(r->ids);
    free(r->servers);
    free(r);
}

void ui_retrieve(struct ui *ui, const row_id *ids, size_t count, const struct object_type *object, unsigned what,
                 enum job_why why)
{
    struct retrieval *r = x_alloc(sizeof *r);

    r->ui = ui;
    r->object = object;
    r->what = what;
    r->why = why;
    if (ids) {
        r->ids = x_alloc((count + 1) * sizeof *ids);
        memcpy(r->ids, ids, count * sizeof *ids);
        r->count = count;
    }
    view_worker_ask(ui->worker, TOPIC_NONE, find_servers, servers_found, r);
}

/* ------------------------------------------------------------------ what is known, and how old it is */

struct known_job {
    struct ui *ui;
    struct known known;
};

static bool load_known(struct store *store, void *job, struct err *err)
{
    return known_load(store, &((struct known_job *)job)->known, err);
}

static void known_loaded(void *ctx, bool ok, const struct err *err)
{
    struct known_job *job = ctx;
    struct ui *ui = job->ui;

    if (ok) {
        known_done(&ui->known);
        ui->known = job->known;
        job->known = (struct known){ 0 };
        ui_dirty(ui);
    }
    ui_failed(ui, err);
    known_done(&job->known);
    free(job);
}

void ui_cache_age(struct ui *ui)
{
    struct known_job *job = x_alloc(sizeof *job);

    job->ui = ui;
    view_worker_ask(ui->worker, TOPIC_CACHE, load_known, known_loaded, job);
}

bool ui_busy(const struct ui *ui)
{
    return job_log_going(&ui->jobs).asked;
}

/* All rounds as one: what is going on, how far it is, where it is now. */
static void strip_rounds(const struct job_sum *sum, struct buf *text)
{
    buf_addf(text, "%s %zu/%zu: %zu running, %zu waiting, %zu failed", sum->asked ? "Retrieving" : "Verifying", sum->done, sum->total,
             sum->running, sum->total - MIN(sum->total, sum->done + sum->running), sum->failed);
    if (sum->shown->about[0])
        buf_addf(text, " | %s", sum->shown->about);
}

void ui_strip(const struct ui *ui, char *out, size_t size)
{
    struct job_sum going = job_log_going(&ui->jobs);
    struct buf text = { 0 };
    char age[32];

    ui_changes_strip(ui, &text);
    bool programs = ui_programs_strip(ui, &text);
    if (going.jobs > 0) {
        buf_adds(&text, programs ? " | " : "");
        strip_rounds(&going, &text);
    } else {
        buf_adds(&text, programs ? "" : "idle");
        if (ui->failed_count > 0)
            buf_addf(&text, ", %zu server%s failed (:jobs)", ui->failed_count, ui->failed_count == 1 ? "" : "s");
    }
    if (ui->known.oldest)
        buf_addf(&text, " | cache %s", date_show(DATES_AGE, ui->known.oldest, ui->now_s, age, sizeof age));
    if (ui->known.unreachable && going.jobs == 0)
        buf_addf(&text, ", %zu unreachable older", ui->known.unreachable);
    if (ui->known.never)
        buf_addf(&text, ", %zu never seen", ui->known.never);
    snprintf(out, size, "%s", buf_at(&text));
    buf_done(&text);
}
