/* view_job.h - what the screen's thread asks the query worker, and what comes back. Private to view.c and view_worker.c. */
#ifndef IPAM_VIEW_JOB_H
#define IPAM_VIEW_JOB_H

#include <pthread.h>

#include "ipamtui/mailbox.h"
#include "ipamtui/view.h"

enum job_kind { JOB_ROWS, JOB_LIST, JOB_ASK, JOB_KINDS };

/* Rows that were read together; handed from the worker to the view. */
struct row_block {
    struct arena mem;
    struct row *rows; /* in mem; id 0 = gone meanwhile */
    row_id *ids;      /* what was asked, same order; in mem */
    size_t count;
};

/* One question; the worker frees it, or it travels back inside its answer (JOB_ASK). */
struct view_job {
    struct view_job *next;
    enum job_kind kind;
    uint64_t view;     /* view's number; views may be gone when the answer comes */
    uint64_t question; /* of that view */
    /* JOB_LIST; where, params and keys live in mem */
    struct arena mem;
    struct list_spec spec;
    bool whole;              /* one answer at the end, instead of pieces as they come */
    size_t window;           /* rows to send along with the first piece */
    /* JOB_ROWS */
    const struct object_type *object;
    row_id *ids;             /* in mem */
    size_t count;
    /* JOB_ASK */
    int topic;
    bool owed; /* its turn comes even when the worker stops */
    view_work_fn *work;
    view_done_fn *done;
    void *ctx;
};

/* One answer; view_worker_turn() frees it. */
struct view_answer {
    enum job_kind kind;
    uint64_t view, question;
    row_id *ids; /* heap: the next ids of the list */
    size_t count;
    bool first, last;
    int64_t cost_ms;
    struct row_block *block; /* may come with ids, or alone */
    struct view_job *job;    /* JOB_ASK */
    bool ok;
    struct err err;
};

struct view_worker {
    pthread_t thread;
    pthread_mutex_t lock; /* guards queue, stopping, busy_*; never held over a query */
    pthread_cond_t wake;
    struct view_job *queue[JOB_KINDS], **queue_end[JOB_KINDS];
    bool stopping;
    uint64_t busy_view; /* whose list is being read; 0 = none */
    bool busy_stale;    /* nobody wants that list any more */
    struct store *store;
    struct mailbox *answers;
    /* screen's side */
    struct view *views;
    uint64_t last_number;
    struct err fault;
};

void view_worker_put(struct view_worker *worker, struct view_job *job); /* takes job */
void view_job_free(struct view_job *job);
void row_block_free(struct row_block *block);
/* In view.c: puts an answer into the view it is for. */
void view_take_answer(struct view_worker *worker, struct view_answer *answer);

#endif
