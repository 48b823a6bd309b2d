/* view_worker.c - the thread that reads the store for the screen. */
#include "view_job.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipamtui/clock.h"
#include "ipamtui/log.h"

/* Ids gathered before they are sent on; and the longest that the screen waits for some. */
#define PIECE_IDS 32768
#define PIECE_MS 25

void view_job_free(struct view_job *job)
{
    if (!job)
        return;
    arena_done(&job->mem);
    free(job);
}

void row_block_free(struct row_block *block)
{
    if (!block)
        return;
    arena_done(&block->mem);
    free(block);
}

static void answer_free(void *message)
{
    struct view_answer *answer = message;

    row_block_free(answer->block);
    view_job_free(answer->job);
    free(answer->ids);
    free(answer);
}

static void answer_ask(struct view_worker *worker, struct view_job *job, bool ok, const struct err *err)
{
    struct view_answer *answer = x_alloc(sizeof *answer);

    answer->kind = JOB_ASK;
    answer->job = job;
    answer->ok = ok;
    answer->err = *err;
    mailbox_put_take(worker->answers, answer);
}

/* ------------------------------------------------------------------ the queue */

/* Drops what job makes needless. Returns an older question with the same topic, to be answered "cancelled". */
static struct view_job *drop_older(struct view_worker *worker, const struct view_job *job)
{
    struct view_job **at = &worker->queue[job->kind];
    struct view_job *dropped = NULL;

    while (*at) {
        struct view_job *old = *at;
        bool same = job->kind == JOB_ASK ? job->topic != 0 && old->topic == job->topic : old->view == job->view;

        if (!same) {
            at = &old->next;
            continue;
        }
        *at = old->next;
        if (job->kind == JOB_ASK)
            dropped = old;
        else
            view_job_free(old);
    }
    worker->queue_end[job->kind] = at;
    return dropped;
}

void view_worker_put(struct view_worker *worker, struct view_job *job)
{
    struct view_job *dropped;

    pthread_mutex_lock(&worker->lock);
    dropped = drop_older(worker, job);
    job->next = NULL;
    *worker->queue_end[job->kind] = job;
    worker->queue_end[job->kind] = &job->next;
    if (job->kind == JOB_LIST && worker->busy_view == job->view) {
        worker->busy_stale = true;
        store_interrupt(worker->store);
    }
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    if (dropped) {
        struct err err = { .kind = ERR_CANCELLED };

        answer_ask(worker, dropped, false, &err);
    }
}

/* The next one that must not be lost, or NULL. Lock held. */
static struct view_job *pop_owed(struct view_worker *worker)
{
    for (struct view_job **at = &worker->queue[JOB_ASK]; *at; at = &(*at)->next) {
        struct view_job *job = *at;

        if (!job->owed)
            continue;
        *at = job->next;
        if (!job->next)
            worker->queue_end[JOB_ASK] = at;
        return job;
    }
    return NULL;
}

/* The next job in order of urgency, or NULL; lists: also a list. Lock held. */
static struct view_job *pop(struct view_worker *worker, bool lists)
{
    for (int kind = 0; kind < JOB_KINDS; kind++) {
        struct view_job *job = worker->queue[kind];

        if (!job || (kind == JOB_LIST && !lists))
            continue;
        worker->queue[kind] = job->next;
        if (!job->next)
            worker->queue_end[kind] = &worker->queue[kind];
        return job;
    }
    return NULL;
}

/* ------------------------------------------------------------------ on the worker's thread */

static struct row_block *read_block(struct view_worker *worker, const struct object_type *object, const row_id *ids,
                                    size_t count, struct err *err)
{
    struct row_block *block = x_alloc(sizeof *block);

    block->ids = arena_alloc(&block->mem, MAX(count, 1) * sizeof *ids);
    block->rows = arena_alloc(&block->mem, MAX(count, 1) * sizeof *block->rows);
    block->count = count;
    if (count > 0) {
        memcpy(block->ids, ids, count * sizeof *ids);
        if (!store_rows(worker->store, object, ids, count, &block->mem, block->rows, err)) {
            row_block_free(block);
            return NULL;
        }
    }
    return block;
}

static void work_rows(struct view_worker *worker, struct view_job *job)
{
    struct view_answer *answer = x_alloc(sizeof *answer);

    answer->kind = JOB_ROWS;
    answer->view = job->view;
    answer->question = job->question;
    answer->block = read_block(worker, job->object, job->ids, job->count, &answer->err);
    answer->ok = answer->block != NULL;
    mailbox_put_take(worker->answers, answer);
    view_job_free(job);
}

static void work_ask(struct view_worker *worker, struct view_job *job)
{
    struct err err = { 0 };
    bool ok = job->work(worker->store, job->ctx, &err);

    answer_ask(worker, job, ok, &err);
}

/* Rows and previews do not wait for a long list to end. */
static void work_between(struct view_worker *worker)
{
    for (;;) {
        struct view_job *job;

        pthread_mutex_lock(&worker->lock);
        job = worker->stopping || worker->busy_stale ? NULL : pop(worker, false);
        pthread_mutex_unlock(&worker->lock);
        if (!job)
            return;
        if (job->kind == JOB_ROWS)
            work_rows(worker, job);
        else
            work_ask(worker, job);
    }
}

/* A list being read. */
struct listing {
    struct view_worker *worker;
    const struct view_job *job;
    row_id *ids; /* not sent yet */
    size_t count, cap;
    bool begun; /* the first piece is out */
    int64_t started_ms, sent_ms;
};

static struct view_answer *list_answer(struct listing *list)
{
    struct view_answer *answer = x_alloc(sizeof *answer);

    answer->kind = JOB_LIST;
    answer->view = list->job->view;
    answer->question = list->job->question;
    answer->ok = true;
    answer->first = !list->begun;
    answer->ids = list->ids;
    answer->count = list->count;
    answer->cost_ms = clock_mono_ms() - list->started_ms;
    list->begun = true;
    list->ids = NULL;
    list->count = list->cap = 0;
    list->sent_ms = clock_mono_ms();
    return answer;
}

static bool stale(struct view_worker *worker)
{
    bool is;

    pthread_mutex_lock(&worker->lock);
    is = worker->busy_stale || worker->stopping;
    pthread_mutex_unlock(&worker->lock);
    return is;
}

/* The rows on screen go out with the first ids, so that a new list never shows up empty. */
static void send_piece(struct listing *list)
{
    struct view_answer *answer = list_answer(list);

    if (answer->first && list->job->window > 0)
        answer->block = read_block(list->worker, list->job->spec.object, answer->ids,
                                   MIN(answer->count, list->job->window), &answer->err);
    mailbox_put_take(list->worker->answers, answer);
}

static bool on_ids(void *ctx, const row_id *ids, size_t count)
{
    struct listing *list = ctx;

    if (stale(list->worker))
        return false;
    x_grow(&list->ids, &list->cap, list->count + count, sizeof *ids);
    memcpy(list->ids + list->count, ids, count * sizeof *ids);
    list->count += count;
    if (!list->job->whole && (!list->begun || list->count >= PIECE_IDS || clock_mono_ms() - list->sent_ms > PIECE_MS))
        send_piece(list);
    work_between(list->worker);
    return true;
}

static void work_list(struct view_worker *worker, struct view_job *job)
{
    struct listing list = { .worker = worker, .job = job, .started_ms = clock_mono_ms() };
    struct view_answer *answer;
    struct err err = { 0 };
    bool ok;

    list.sent_ms = list.started_ms;
    ok = store_list_ids(worker->store, &job->spec, on_ids, &list, &err);
    if (!stale(worker)) {
        answer = list_answer(&list);
        answer->last = true;
        answer->ok = ok;
        answer->err = err;
        mailbox_put_take(worker->answers, answer);
    }
    log_line("query", "list of %s: %lld ms", job->spec.object->name, (long long)(clock_mono_ms() - list.started_ms));
    free(list.ids);
    view_job_free(job);
}

static struct view_job *next_job(struct view_worker *worker)
{
    struct view_job *job = NULL;

    pthread_mutex_lock(&worker->lock);
    worker->busy_view = 0;
    worker->busy_stale = false;
    while (!worker->stopping && !(job = pop(worker, true)))
        pthread_cond_wait(&worker->wake, &worker->lock);
    if (!job)
        job = pop_owed(worker);
    if (job && job->kind == JOB_LIST)
        worker->busy_view = job->view;
    pthread_mutex_unlock(&worker->lock);
    return job;
}

static void *worker_main(void *ctx)
{
    struct view_worker *worker = ctx;
    struct view_job *job;

    pthread_setname_np(pthread_self(), "query");
    while ((job = next_job(worker))) {
        if (job->kind == JOB_LIST)
            work_list(worker, job);
        else if (job->kind == JOB_ROWS)
            work_rows(worker, job);
        else
            work_ask(worker, job);
    }
    return NULL;
}

/* ------------------------------------------------------------------ on the screen's thread */

bool view_worker_start(const char *db_path, struct thresholds t, struct view_worker **out, struct err *err)
{
    struct view_worker *worker = x_alloc(sizeof *worker);

    if (!store_open(db_path, STORE_READ, &worker->store, err)) {
        free(worker);
        return false;
    }
    store_set_thresholds(worker->store, t);
    worker->answers = mailbox_new();
    for (int i = 0; i < JOB_KINDS; i++)
        worker->queue_end[i] = &worker->queue[i];
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
        store_close(worker->store);
        mailbox_free(worker->answers, answer_free);
        free(worker);
        return err_set(err, ERR_IO, "query worker", "cannot start a thread");
    }
    *out = worker;
    return true;
}

/* Whoever asked learns that no answer will come. */
static void fail_questions(struct view_worker *worker)
{
    static const struct err cancelled = { .kind = ERR_CANCELLED };
    struct view_answer *answer;

    for (int kind = 0; kind < JOB_KINDS; kind++) {
        while (worker->queue[kind]) {
            struct view_job *job = worker->queue[kind];

            worker->queue[kind] = job->next;
            if (job->kind == JOB_ASK)
                job->done(job->ctx, false, &cancelled);
            view_job_free(job);
        }
    }
    while ((answer = mailbox_get(worker->answers))) {
        if (answer->kind == JOB_ASK)
            answer->job->done(answer->job->ctx, false, answer->job->owed && !answer->ok ? &answer->err : &cancelled);
        answer_free(answer);
    }
}

void view_worker_stop(struct view_worker *worker)
{
    struct timespec until;
    int joined;

    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    /* Interrupting is repeated: a statement that begins just after it would not see it. */
    do {
        store_interrupt(worker->store);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 20 * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            until.tv_sec++;
        }
        joined = pthread_timedjoin_np(worker->thread, NULL, &until);
    } while (joined != 0);
    fail_questions(worker);
    store_close(worker->store);
    mailbox_free(worker->answers, answer_free);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->wake);
    free(worker);
}

int view_worker_fd(const struct view_worker *worker)
{
    return mailbox_fd(worker->answers);
}

void view_worker_turn(struct view_worker *worker)
{
    struct view_answer *answer;

    worker->fault.kind = ERR_NONE;
    while ((answer = mailbox_get(worker->answers))) {
        bool failed = answer->err.kind != ERR_NONE && answer->err.kind != ERR_CANCELLED;

        if (answer->kind == JOB_ASK)
            answer->job->done(answer->job->ctx, answer->ok, &answer->err);
        else
            view_take_answer(worker, answer);
        if (failed && answer->kind != JOB_ASK)
            worker->fault = answer->err;
        answer_free(answer);
    }
}

const struct err *view_worker_fault(const struct view_worker *worker)
{
    return &worker->fault;
}

static struct view_job *ask_job(view_work_fn *work, view_done_fn *done, void *ctx)
{
    struct view_job *job = x_alloc(sizeof *job);

    job->kind = JOB_ASK;
    job->work = work;
    job->done = done;
    job->ctx = ctx;
    return job;
}

void view_worker_ask(struct view_worker *worker, int topic, view_work_fn *work, view_done_fn *done, void *ctx)
{
    struct view_job *job = ask_job(work, done, ctx);

    job->topic = topic;
    view_worker_put(worker, job);
}

void view_worker_owe(struct view_worker *worker, view_work_fn *work, view_done_fn *done, void *ctx)
{
    struct view_job *job = ask_job(work, done, ctx);

    job->owed = true;
    view_worker_put(worker, job);
}
