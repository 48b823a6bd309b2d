/* jobs.c - what was asked for, how far it is, and the notes about it. */
#include <stdio.h>
#include <stdlib.h>

#include "inner.h"
#include "ipamtui/clock.h"

enum { NOTE_MS = 100, STORED_MS = 250 };

struct note *note_new(enum note_kind kind, uint64_t job)
{
    struct note *note = x_alloc(sizeof(*note));

    note->kind = kind;
    note->job = job;
    return note;
}

struct job *job_new(struct collector *c, uint64_t id, size_t total, unsigned what, bool quiet)
{
    struct job *job = x_alloc(sizeof(*job));
    struct job **end = &c->jobs;

    job->id = id;
    job->total = total;
    job->what = what;
    job->quiet = quiet;
    while (*end)
        end = &(*end)->next;
    *end = job;
    return job;
}

struct job *job_find(struct collector *c, uint64_t id)
{
    struct job *job = c->jobs;

    while (job && job->id != id)
        job = job->next;
    return job;
}

static struct note *counted(enum note_kind kind, const struct job *job)
{
    struct note *note = note_new(kind, job->id);

    note->done = job->done;
    note->failed = job->failed;
    note->cancelled = job->not_asked;
    note->total = job->total;
    note->running = job->running;
    note->what = job->what;
    note->regular = job->quiet;
    return note;
}

static void note_round(struct collector *c, struct job *job)
{
    struct note *note = counted(NOTE_ROUND, job);

    note->server = job->about;
    snprintf(note->server_name, sizeof(note->server_name), "%s", job->about_name);
    snprintf(note->text, sizeof(note->text), "%s", job->about_text);
    job->moved = false;
    job->noted_ms = clock_mono_ms();
    mailbox_put_take(c->notes, note);
}

/* Sends what has waited long enough; comes again for the rest. */
static void on_note_due(void *ctx)
{
    struct collector *c = ctx;
    int64_t now = clock_mono_ms(), next = INT64_MAX;

    for (struct job *job = c->jobs; job; job = job->next) {
        if (!job->moved)
            continue;
        if (now - job->noted_ms >= NOTE_MS)
            note_round(c, job);
        else
            next = MIN(next, job->noted_ms + NOTE_MS);
    }
    if (next != INT64_MAX)
        loop_timer_at(c->loop, &c->note_timer, next, on_note_due, c);
}

void job_moved(struct collector *c, struct job *job, const struct server *server, const char *text)
{
    if (server) {
        job->about = server->id;
        snprintf(job->about_name, sizeof(job->about_name), "%s", server->name);
    }
    snprintf(job->about_text, sizeof(job->about_text), "%s", text);
    job->moved = true;
    if (c->note_timer.place == 0)
        on_note_due(c);
}

/* ------------------------------------------------------------------ the store has news */
static void on_stored_due(void *ctx)
{
    struct collector *c = ctx;

    c->stored = false;
    c->stored_ms = clock_mono_ms();
    mailbox_put_take(c->notes, note_new(NOTE_STORED, 0));
}

void jobs_note_stored(struct collector *c)
{
    if (c->stored)
        return;
    c->stored = true;
    loop_timer_at(c->loop, &c->stored_timer, MAX(clock_mono_ms(), c->stored_ms + STORED_MS), on_stored_due, c);
}

/* ------------------------------------------------------------------ the end of a job */
static void job_end(struct collector *c, struct job *job)
{
    struct job **at = &c->jobs;
    struct note *note = counted(NOTE_FINISHED, job);

    if (c->stored) { /* who hears that the job is over finds its data */
        loop_timer_stop(&c->stored_timer);
        on_stored_due(c);
    }
    if (job->cancelled)
        err_set(&note->err, ERR_CANCELLED, "", "cancelled");
    note->ok = job->failed == 0 && !job->cancelled;
    mailbox_put_take(c->notes, note);
    while (*at && *at != job)
        at = &(*at)->next;
    if (*at)
        *at = job->next;
    free(job);
}

void job_server_done(struct collector *c, struct job *job, const struct server *server, const char *name, bool ran,
                     const struct err *err, const char *text)
{
    struct note *note = NULL;

    if (ran)
        job->running--;
    job->done++;
    if (err && err->kind == ERR_CANCELLED)
        job->not_asked++;
    else if (err)
        job->failed++;
    note = counted(NOTE_SERVER, job);
    note->ok = err == NULL;
    note->server = server ? server->id : 0;
    snprintf(note->server_name, sizeof(note->server_name), "%s", name);
    snprintf(note->text, sizeof(note->text), "%.*s", (int)sizeof(note->text) - 1, err ? err->text : text);
    if (err)
        note->err = *err;
    mailbox_put_take(c->notes, note);
    if (job->done >= job->total)
        job_end(c, job);
    else
        job_moved(c, job, server, err ? "failed" : "done");
}

void job_check(struct collector *c, struct job *job)
{
    if (job->done >= job->total)
        job_end(c, job);
}

void jobs_note_fault(struct collector *c, const struct err *err)
{
    struct note *note = note_new(NOTE_FAULT, 0);

    note->err = *err;
    snprintf(note->text, sizeof(note->text), "%.*s", (int)sizeof(note->text) - 1, err->text);
    mailbox_put_take(c->notes, note);
}

void jobs_done(struct collector *c)
{
    loop_timer_stop(&c->note_timer);
    loop_timer_stop(&c->stored_timer);
    while (c->jobs) {
        struct job *job = c->jobs;
        c->jobs = job->next;
        free(job);
    }
}
