/* job_log.h - what each round of the collector did: what was asked, why, how far it is, how long it took, which servers failed.
 * Of this session, the newest ones. Nothing here draws. */
#ifndef IPAM_UI_JOB_LOG_H
#define IPAM_UI_JOB_LOG_H

#include "ipamtui/collect.h"

enum { JOB_LOG_MAX = 200, JOB_FAULTS_MAX = 300 };
enum job_why { JOB_ASKED, JOB_START, JOB_REGULAR }; /* somebody asked; the console's start; regular verification */
enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_STOPPED };

struct job_fault {
    server_id id;
    char *server, *text; /* heap; its name then */
};
struct job_entry {
    uint64_t job;    /* the collector's number */
    unsigned number; /* shown: 1 is the first of the session */
    unsigned what;   /* WHAT_... */
    enum job_why why;
    size_t done, failed, cancelled, total, running; /* servers; done has the failed and the cancelled ones in it */
    int64_t started_s;
    int64_t started_ms, ended_ms; /* monotonic */
    bool ended, stopped;
    char about[300];              /* where it is now */
    struct job_fault *faults;     /* the first JOB_FAULTS_MAX of failed */
    size_t fault_count, fault_cap;
};
struct job_log {
    struct job_entry *rows; /* oldest first */
    size_t count, cap;
    unsigned numbers;
};
/* A job that was just handed to the collector: it waits until its first note. */
void job_log_asked(struct job_log *log, uint64_t job, unsigned what, size_t servers, enum job_why why, int64_t now_s, int64_t now_ms);
/* NOTE_ROUND, NOTE_SERVER and NOTE_FINISHED; of a job that is not known it begins the entry. The entry, valid until the next call;
 * others are nothing: NULL. */
const struct job_entry *job_log_note(struct job_log *log, const struct note *note, int64_t now_s, int64_t now_ms);
void job_log_done(struct job_log *log);

/* All jobs that go on, as one. */
struct job_sum {
    size_t jobs, done, failed, total, running;
    bool asked;                    /* one of them is no regular verification */
    const struct job_entry *shown; /* the newest of those asked for, else the newest; NULL: none goes on */
};
struct job_sum job_log_going(const struct job_log *log);

/* failed: of no server there was an answer. */
enum job_state job_entry_state(const struct job_entry *entry);
const char *job_state_word(enum job_state state);
const char *job_why_word(enum job_why why);
size_t job_entry_answered(const struct job_entry *entry);              /* servers that were asked and did not fail */
size_t job_entry_waiting(const struct job_entry *entry);               /* servers that were not begun yet */
int64_t job_entry_ms(const struct job_entry *entry, int64_t now_ms);   /* how long it took; so far while it goes on */

#endif
