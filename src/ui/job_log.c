/* job_log.c - the record of rounds, made of the collector's notes. */
#include "job_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/mem.h"

static void entry_done(struct job_entry *entry)
{
    for (size_t i = 0; i < entry->fault_count; i++) {
        free(entry->faults[i].server);
        free(entry->faults[i].text);
    }
    free(entry->faults);
}

/* The oldest that is over goes; what goes on is only given up where nothing else is left. */
static void drop_one(struct job_log *log)
{
    size_t at = 0;

    while (at < log->count && !log->rows[at].ended)
        at++;
    if (at == log->count)
        at = 0;
    entry_done(&log->rows[at]);
    log->count--;
    memmove(log->rows + at, log->rows + at + 1, (log->count - at) * sizeof *log->rows);
}

static struct job_entry *find(struct job_log *log, uint64_t job)
{
    for (size_t i = log->count; i > 0; i--)
        if (log->rows[i - 1].job == job)
            return &log->rows[i - 1];
    return NULL;
}

static struct job_entry *begin(struct job_log *log, uint64_t job, unsigned what, enum job_why why, int64_t now_s, int64_t now_ms)
{
    struct job_entry *entry;

    if (log->count == JOB_LOG_MAX)
        drop_one(log);
    x_grow(&log->rows, &log->cap, log->count + 1, sizeof *log->rows);
    entry = &log->rows[log->count++];
    *entry = (struct job_entry){ .job = job, .number = ++log->numbers, .what = what, .why = why, .started_s = now_s, .started_ms = now_ms };
    return entry;
}

void job_log_asked(struct job_log *log, uint64_t job, unsigned what, size_t servers, enum job_why why, int64_t now_s, int64_t now_ms)
{
    begin(log, job, what, why, now_s, now_ms)->total = servers;
}

static void add_fault(struct job_entry *entry, const struct note *note)
{
    if (entry->fault_count == JOB_FAULTS_MAX)
        return;
    x_grow(&entry->faults, &entry->fault_cap, entry->fault_count + 1, sizeof *entry->faults);
    entry->faults[entry->fault_count++] =
        (struct job_fault){ note->server, x_strdup(note->server_name), x_strdup(note->err.text[0] ? note->err.text : note->text) };
}

const struct job_entry *job_log_note(struct job_log *log, const struct note *note, int64_t now_s, int64_t now_ms)
{
    struct job_entry *entry;

    if (note->kind != NOTE_ROUND && note->kind != NOTE_SERVER && note->kind != NOTE_FINISHED)
        return NULL;
    entry = find(log, note->job);
    if (!entry)
        entry = begin(log, note->job, note->what, note->regular ? JOB_REGULAR : JOB_ASKED, now_s, now_ms);
    entry->done = note->done;
    entry->failed = note->failed;
    entry->cancelled = note->cancelled;
    entry->total = note->total;
    entry->running = note->running;
    if (note->kind == NOTE_ROUND && note->server_name[0])
        snprintf(entry->about, sizeof entry->about, "%s: %s", note->server_name, note->text);
    if (note->kind == NOTE_SERVER && !note->ok && note->err.kind != ERR_CANCELLED)
        add_fault(entry, note);
    if (note->kind == NOTE_FINISHED) {
        entry->ended = true;
        entry->ended_ms = now_ms;
        entry->stopped = note->err.kind == ERR_CANCELLED;
    }
    return entry;
}

void job_log_done(struct job_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        entry_done(&log->rows[i]);
    free(log->rows);
    *log = (struct job_log){ 0 };
}

struct job_sum job_log_going(const struct job_log *log)
{
    struct job_sum sum = { 0 };

    for (size_t i = 0; i < log->count; i++) {
        const struct job_entry *entry = &log->rows[i];

        if (entry->ended)
            continue;
        sum.jobs++;
        sum.done += entry->done;
        sum.failed += entry->failed;
        sum.total += entry->total;
        sum.running += entry->running;
        if (entry->why != JOB_REGULAR || !sum.asked)
            sum.shown = entry;
        sum.asked = sum.asked || entry->why != JOB_REGULAR;
    }
    return sum;
}

enum job_state job_entry_state(const struct job_entry *entry)
{
    if (!entry->ended)
        return entry->running > 0 || entry->done > 0 ? JOB_RUNNING : JOB_WAITING;
    if (entry->stopped)
        return JOB_STOPPED;
    return entry->failed > 0 && entry->failed >= entry->done ? JOB_FAILED : JOB_DONE;
}

const char *job_state_word(enum job_state state)
{
    static const char *const words[] = { "waiting", "running", "done", "failed", "stopped" };

    return words[state];
}

const char *job_why_word(enum job_why why)
{
    static const char *const words[] = { "asked", "start", "regular" };

    return words[why];
}

size_t job_entry_answered(const struct job_entry *entry)
{
    size_t others = entry->failed + entry->cancelled;

    return entry->done > others ? entry->done - others : 0;
}

size_t job_entry_waiting(const struct job_entry *entry)
{
    size_t begun = entry->done + entry->running;

    return entry->total > begun ? entry->total - begun : 0;
}

int64_t job_entry_ms(const struct job_entry *entry, int64_t now_ms)
{
    return (entry->ended ? entry->ended_ms : now_ms) - entry->started_ms;
}
