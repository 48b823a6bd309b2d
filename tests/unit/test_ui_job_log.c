/* The record of rounds: made of notes, bounded, with the words, the counts and the time that are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ui/job_log.h"

static void tell(struct job_log *log, struct note note, int64_t now_ms)
{
    note.total = 3;
    note.what = WHAT_DNS;
    job_log_note(log, &note, 1000, now_ms);
}

static void one_job_from_asked_to_done(void **state)
{
    struct job_log log = { 0 };
    struct note failed = { .kind = NOTE_SERVER, .job = 7, .done = 1, .failed = 1, .running = 1, .server_name = "dc1", .text = "no answer" };
    const struct job_entry *entry;

    (void)state;
    job_log_asked(&log, 7, WHAT_DNS, 3, JOB_START, 1000, 50);
    entry = &log.rows[0];
    assert_int_equal(job_entry_state(entry), JOB_WAITING);
    assert_int_equal(job_entry_waiting(entry), 3);
    tell(&log, (struct note){ .kind = NOTE_ROUND, .job = 7, .running = 2, .server_name = "dc1", .text = "asking" }, 60);
    assert_int_equal(job_entry_state(entry), JOB_RUNNING);
    assert_int_equal(job_entry_waiting(entry), 1);
    assert_string_equal(entry->about, "dc1: asking");
    assert_int_equal(job_entry_ms(entry, 90), 40);
    tell(&log, failed, 100);
    tell(&log, (struct note){ .kind = NOTE_FINISHED, .job = 7, .done = 3, .failed = 1 }, 250);
    assert_int_equal(log.count, 1);
    assert_int_equal(job_entry_state(entry), JOB_DONE);
    assert_int_equal(job_entry_ms(entry, 9999), 200);
    assert_int_equal(entry->why, JOB_START);
    assert_int_equal(entry->fault_count, 1);
    assert_string_equal(entry->faults[0].server, "dc1");
    assert_string_equal(entry->faults[0].text, "no answer");
    job_log_done(&log);
}

/* What goes on, as one: of a regular verification and a job that was asked for the latter is shown. */
static void what_goes_on_is_one(void **state)
{
    struct job_log log = { 0 };
    struct job_sum sum = job_log_going(&log);

    (void)state;
    assert_int_equal(sum.jobs, 0);
    assert_null(sum.shown);
    tell(&log, (struct note){ .kind = NOTE_ROUND, .job = 1, .done = 1, .running = 2, .regular = true }, 10);
    sum = job_log_going(&log);
    assert_false(sum.asked);
    assert_int_equal(sum.shown->job, 1);
    job_log_asked(&log, 2, WHAT_DHCP, 5, JOB_ASKED, 1000, 20);
    tell(&log, (struct note){ .kind = NOTE_ROUND, .job = 3, .failed = 1, .done = 1, .regular = true }, 30);
    sum = job_log_going(&log);
    assert_true(sum.asked);
    assert_int_equal(sum.jobs, 3);
    assert_int_equal(sum.total, 11);
    assert_int_equal(sum.done, 2);
    assert_int_equal(sum.failed, 1);
    assert_int_equal(sum.running, 2);
    assert_int_equal(sum.shown->job, 2);
    tell(&log, (struct note){ .kind = NOTE_FINISHED, .job = 2, .done = 3 }, 40);
    sum = job_log_going(&log);
    assert_false(sum.asked);
    assert_int_equal(sum.jobs, 2);
    assert_int_equal(sum.shown->job, 3);
    job_log_done(&log);
}

static void failed_and_stopped_have_their_words(void **state)
{
    struct job_log log = { 0 };

    (void)state;
    tell(&log, (struct note){ .kind = NOTE_FINISHED, .job = 1, .done = 3, .failed = 3, .regular = true }, 10);
    tell(&log, (struct note){ .kind = NOTE_FINISHED, .job = 2, .done = 3, .cancelled = 2, .err.kind = ERR_CANCELLED }, 10);
    tell(&log, (struct note){ .kind = NOTE_STORED, .job = 3 }, 10);
    assert_int_equal(log.count, 2);
    assert_string_equal(job_state_word(job_entry_state(&log.rows[0])), "failed");
    assert_string_equal(job_why_word(log.rows[0].why), "regular");
    assert_string_equal(job_state_word(job_entry_state(&log.rows[1])), "stopped");
    assert_int_equal(job_entry_answered(&log.rows[1]), 1);
    tell(&log, (struct note){ .kind = NOTE_SERVER, .job = 2, .server_name = "dc9", .err.kind = ERR_CANCELLED }, 12);
    assert_int_equal(log.rows[1].fault_count, 0); /* not asked any more is no failure */
    assert_string_equal(job_why_word(log.rows[1].why), "asked");
    job_log_done(&log);
}

static void only_the_newest_are_kept_and_what_runs(void **state)
{
    struct job_log log = { 0 };

    (void)state;
    job_log_asked(&log, 1, WHAT_ALL, 3, JOB_ASKED, 0, 0); /* never ends */
    for (uint64_t job = 2; job <= JOB_LOG_MAX + 20; job++)
        tell(&log, (struct note){ .kind = NOTE_FINISHED, .job = job, .done = 3 }, 10);
    assert_int_equal(log.count, JOB_LOG_MAX);
    assert_int_equal(log.rows[0].job, 1);
    assert_int_equal(log.rows[1].job, 22);
    assert_int_equal(log.rows[log.count - 1].number, JOB_LOG_MAX + 20);
    for (int i = 0; i < JOB_FAULTS_MAX + 5; i++)
        tell(&log, (struct note){ .kind = NOTE_SERVER, .job = 1, .done = (size_t)i, .failed = (size_t)i, .server_name = "x", .text = "y" }, 10);
    assert_int_equal(log.rows[0].fault_count, JOB_FAULTS_MAX);
    job_log_done(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_job_from_asked_to_done),
        cmocka_unit_test(what_goes_on_is_one), cmocka_unit_test(failed_and_stopped_have_their_words),
        cmocka_unit_test(only_the_newest_are_kept_and_what_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
