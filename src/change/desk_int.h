/* desk_int.h - inside of the desk: its thread's state and the requests that come to it. */
#ifndef IPAM_DESK_INT_H
#define IPAM_DESK_INT_H

#include <pthread.h>

#include "inner.h"
#include "ipamtui/change_desk.h"

enum desk_job {
    JOB_TARGETS, JOB_PREVIEW, JOB_EDIT, JOB_EDIT_ROWS, JOB_DROP, JOB_UNDO, JOB_RETRY, JOB_PEND, JOB_REPLACE, JOB_APPLY,
    JOB_STOP_APPLY, JOB_QUIT,
};
struct desk_request {
    enum desk_job job;
    uint64_t number;
    const struct object_type *object;
    row_id *ids; /* heap */
    size_t id_count;
    const struct change_targets *targets; /* the caller's */
    struct arena mem; /* edits, key */
    struct change_edit *edits;
    size_t edit_count;
    server_id server;
    const struct value *key;
    change_id change;
    int *only; /* heap */
    size_t only_count;
    struct change_plan *plan; /* ours */
    struct apply_limits limits;
    struct desk_request *next; /* waiting */
};

struct change_desk {
    /* the screen's side */
    pthread_t thread;
    struct mailbox *inbox;
    uint64_t next_number;
    /* the thread's side */
    struct mailbox *notes;
    char *db_path;
    int max_hosts;
    int64_t call_timeout_ms, keep_changes_s;
    struct loop *loop;
    struct store *store;
    struct desk_reach reach;
    struct change_wire wire; /* while store is open */
    struct change_plan *pending;
    struct desk_request *first, **last; /* requests that wait */
    struct loop_watch *watch;
    struct loop_timer work;  /* takes the next request */
    struct loop_timer flush; /* results to the screen */
    struct loop_timer sweep; /* frees what has ended */
    struct change_apply *apply, *settle;
    bool apply_over, settle_over, quitting;
    size_t settling; /* changes of dead owners that settle reads again */
    int64_t quit_ms;
    const struct change_step **changed; /* of apply, not told yet */
    size_t changed_count, changed_cap;
};

/* -------- desk_work.c: on the thread */
void desk_open(struct change_desk *desk);
void desk_close(struct change_desk *desk);
void desk_do(struct change_desk *desk, struct desk_request *request);
void desk_request_free(void *request);
struct desk_note *desk_note_new(struct change_desk *desk, enum desk_note_kind kind);
void desk_say(struct change_desk *desk, struct desk_note *note);

/* -------- desk_apply.c: on the thread */
void desk_run(struct change_desk *desk, struct desk_request *request);
void desk_settle_begin(struct change_desk *desk);
void desk_stop_running(struct change_desk *desk);
void desk_say_pending(struct change_desk *desk, const struct err *err);
bool desk_pending_reload(struct change_desk *desk, struct err *err);

#endif
