/* statistics.c - T: the counters of the marked servers, or of a zone on its servers, asked for in the background over the sessions that
 * are open anyway; what they say is shown when all have answered. */
#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "ipamtui/clock.h"
#include "ipamtui/statistics.h"

struct statistics_job {
    uint64_t job; /* the collector's */
    char *title;
    struct statistics *answers;
    struct statistics_job *next;
};

static void job_free(struct statistics_job *job)
{
    statistics_free(job->answers);
    free(job->title);
    free(job);
}

void ui_statistics_asked(struct ui *ui, uint64_t number, const char *zone)
{
    struct statistics_job *job = x_alloc(sizeof *job);

    *job = (struct statistics_job){ .job = number, .answers = statistics_new(zone), .next = ui->statistics };
    job->title = zone ? x_asprintf("Statistics of the zone %s", zone) : x_strdup("Statistics");
    ui->statistics = job;
}

static void show(struct ui *ui, struct statistics_job *job, const struct job_entry *entry)
{
    struct child_output said = { 0 };
    double seconds = (double)job_entry_ms(entry, clock_mono_ms()) / 1000;
    size_t answered = job_entry_answered(entry);

    ui_say(ui, entry->failed || entry->stopped ? LOOK_WARN : LOOK_NORMAL, "%s: %zu of %zu server%s answered in %.1f s%s", job->title,
           answered, entry->total, entry->total == 1 ? "" : "s", seconds, entry->failed ? "; why not is in the list" : "");
    statistics_write(job->answers, LISTING_TABLE, false, &said.out);
    ui_show_output(ui, job->title, &said);
    child_output_done(&said);
}

bool ui_statistics_note(struct ui *ui, const struct note *note, const struct job_entry *entry)
{
    struct statistics_job **at = &ui->statistics, *job;

    while (*at && (*at)->job != note->job)
        at = &(*at)->next;
    job = *at;
    if (!job)
        return false;
    if (note->kind == NOTE_SERVER || note->kind == NOTE_ANSWER)
        statistics_take(job->answers, note, clock_now_s());
    if (note->kind == NOTE_FINISHED) {
        *at = job->next;
        show(ui, job, entry);
        job_free(job);
    }
    return true;
}

void ui_statistics_done(struct ui *ui)
{
    while (ui->statistics) {
        struct statistics_job *job = ui->statistics;

        ui->statistics = job->next;
        job_free(job);
    }
}

static bool statistics(struct command_call *call, struct err *err)
{
    bool zone = call->object == &catalog_zones || call->object == &catalog_zoneservers;

    if (call->object == &catalog_zones && call->count > 1)
        return err_set(err, ERR_INPUT, "", "the statistics of one zone at a time: %zu are marked", call->count);
    ui_retrieve(call->ui, call->ids, call->count, call->object, WHAT_STATISTICS, JOB_ASKED);
    if (zone)
        ui_say(call->ui, LOOK_NORMAL, "Asking for the statistics of the zone ...");
    else
        ui_say(call->ui, LOOK_NORMAL, "Asking the servers of %zu %s%s for their statistics ...", call->count, call->object->noun,
               call->count == 1 ? "" : "s");
    return true;
}

static const struct command rows[] = {
    { .name = "statistics", .help = "Ask the marked servers, or those of the zone, for their counters: queries, errors, transfers, leases", .on = ON_MARKED, .effect = EFFECT_FETCH, .group = GROUP_DATA, .run = statistics },
};
const struct command_table ui_statistics_commands = { rows, COUNT(rows) };
