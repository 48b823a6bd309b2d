/* desk.c - the screen's side of the desk: requests into its inbox. */
#include <stdlib.h>
#include <string.h>

#include "desk_int.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"

/* ------------------------------------------------------------------ messages */
void desk_note_free(void *message)
{
    struct desk_note *note = message;

    if (note == NULL)
        return;
    change_targets_free(note->targets);
    change_plan_free(note->plan);
    arena_done(&note->mem);
    free(note);
}

void desk_request_free(void *message)
{
    struct desk_request *r = message;

    if (r == NULL)
        return;
    free(r->ids);
    free(r->only);
    change_plan_free(r->plan);
    arena_done(&r->mem);
    free(r);
}

static struct desk_request *request_new(struct change_desk *desk, enum desk_job job)
{
    struct desk_request *r = x_alloc(sizeof(*r));

    r->job = job;
    r->number = ++desk->next_number;
    return r;
}

static uint64_t put(struct change_desk *desk, struct desk_request *r)
{
    uint64_t number = r->number;

    mailbox_put_take(desk->inbox, r);
    return number;
}

static void copy_edits(struct desk_request *r, const struct change_edit *edits, size_t count)
{
    r->edits = arena_alloc(&r->mem, MAX(count, 1) * sizeof(*r->edits));
    r->edit_count = count;
    for (size_t i = 0; i < count; i++) {
        r->edits[i] = edits[i];
        r->edits[i].text = edits[i].text != NULL ? arena_strdup(&r->mem, edits[i].text) : NULL;
        r->edits[i].find = edits[i].find != NULL ? arena_strdup(&r->mem, edits[i].find) : NULL;
    }
}

static void copy_ids(struct desk_request *r, const struct object_type *object, const row_id *ids, size_t count)
{
    r->object = object;
    r->ids = x_calloc(count + 1, sizeof(*ids));
    r->id_count = count;
    if (count > 0)
        memcpy(r->ids, ids, count * sizeof(*ids));
}

/* ------------------------------------------------------------------ requests */
uint64_t desk_targets(struct change_desk *desk, const struct object_type *object, const row_id *ids, size_t count)
{
    struct desk_request *r = request_new(desk, JOB_TARGETS);

    copy_ids(r, object, ids, count);
    return put(desk, r);
}

static uint64_t put_edits(struct change_desk *desk, enum desk_job job, const struct change_targets *targets,
                          const struct change_edit *edits, size_t count)
{
    struct desk_request *r = request_new(desk, job);

    r->targets = targets;
    copy_edits(r, edits, count);
    return put(desk, r);
}

uint64_t desk_preview(struct change_desk *desk, const struct change_targets *targets, const struct change_edit *edits, size_t count)
{
    return put_edits(desk, JOB_PREVIEW, targets, edits, count);
}

uint64_t desk_edit(struct change_desk *desk, const struct change_targets *targets, const struct change_edit *edits, size_t count)
{
    return put_edits(desk, JOB_EDIT, targets, edits, count);
}

uint64_t desk_edit_rows(struct change_desk *desk, const struct object_type *object, const row_id *ids, size_t id_count,
                        const struct change_edit *edits, size_t count)
{
    struct desk_request *r = request_new(desk, JOB_EDIT_ROWS);

    copy_ids(r, object, ids, id_count);
    copy_edits(r, edits, count);
    return put(desk, r);
}

void desk_drop(struct change_desk *desk, server_id server, const struct object_type *object, const struct value *key)
{
    struct desk_request *r = request_new(desk, JOB_DROP);
    struct key_places places;

    r->server = server;
    r->object = object;
    if (key != NULL) {
        struct value *copy;

        key_places(object, &places);
        copy = arena_alloc(&r->mem, MAX(places.count, 1) * sizeof(*copy));
        for (size_t i = 0; i < places.count; i++)
            copy[i] = value_in(key[i], &r->mem);
        r->key = copy;
    }
    put(desk, r);
}

static uint64_t put_after(struct change_desk *desk, enum desk_job job, change_id change, const int *only, size_t count)
{
    struct desk_request *r = request_new(desk, job);

    r->change = change;
    if (only != NULL) {
        r->only = x_calloc(count + 1, sizeof(*only));
        r->only_count = count;
        memcpy(r->only, only, count * sizeof(*only));
    }
    return put(desk, r);
}

uint64_t desk_undo(struct change_desk *desk, change_id change, const int *only, size_t only_count)
{
    return put_after(desk, JOB_UNDO, change, only, only_count);
}

uint64_t desk_retry(struct change_desk *desk, change_id change, const int *only, size_t only_count)
{
    return put_after(desk, JOB_RETRY, change, only, only_count);
}

void desk_pend(struct change_desk *desk, const struct change_plan *plan)
{
    struct desk_request *r = request_new(desk, JOB_PEND);

    r->plan = change_plan_copy(plan);
    put(desk, r);
}

void desk_replace(struct change_desk *desk, const struct change_plan *plan)
{
    struct desk_request *r = request_new(desk, JOB_REPLACE);

    r->plan = change_plan_copy(plan);
    put(desk, r);
}

void desk_apply(struct change_desk *desk, const struct change_plan *plan, const struct apply_limits *limits)
{
    struct desk_request *r = request_new(desk, JOB_APPLY);

    r->plan = plan != NULL ? change_plan_copy(plan) : NULL;
    if (limits != NULL)
        r->limits = *limits;
    put(desk, r);
}

void desk_stop_apply(struct change_desk *desk)
{
    put(desk, request_new(desk, JOB_STOP_APPLY));
}

/* ------------------------------------------------------------------ the thread */
static void on_inbox(void *ctx, int fd, short revents);

static void work_soon(struct change_desk *desk);

static void on_work(void *ctx)
{
    struct change_desk *desk = ctx;
    struct desk_request *r = desk->first;

    if (r == NULL)
        return;
    desk->first = r->next;
    if (desk->first == NULL)
        desk->last = &desk->first;
    desk_do(desk, r);
    desk_request_free(r);
    work_soon(desk);
}

/* One request a turn, so that sessions are served in between. */
static void work_soon(struct change_desk *desk)
{
    if (desk->first != NULL)
        loop_timer_in(desk->loop, &desk->work, 0, on_work, desk);
}

/* A newer preview makes an older one that still waits pointless. */
static void drop_old_preview(struct change_desk *desk)
{
    for (struct desk_request **at = &desk->first; *at != NULL; at = &(*at)->next)
        if ((*at)->job == JOB_PREVIEW) {
            struct desk_request *old = *at;

            *at = old->next;
            if (*at == NULL)
                desk->last = at;
            desk_request_free(old);
            return;
        }
}

static void on_inbox(void *ctx, int fd, short revents)
{
    struct change_desk *desk = ctx;
    struct desk_request *r;

    (void)fd;
    (void)revents;
    while ((r = mailbox_get(desk->inbox)) != NULL) {
        if (r->job == JOB_STOP_APPLY || r->job == JOB_QUIT) { /* these do not queue */
            desk_do(desk, r);
            desk_request_free(r);
            continue;
        }
        if (r->job == JOB_PREVIEW)
            drop_old_preview(desk);
        r->next = NULL;
        *desk->last = r;
        desk->last = &r->next;
    }
    work_soon(desk);
}

/* Edits of the pending plan that still wait when it is left: the operator takes them for kept. */
static void keep_waiting(struct change_desk *desk)
{
    while (desk->first != NULL) {
        struct desk_request *r = desk->first;

        desk->first = r->next;
        if (r->job == JOB_EDIT || r->job == JOB_EDIT_ROWS || r->job == JOB_DROP || r->job == JOB_PEND || r->job == JOB_REPLACE)
            desk_do(desk, r);
        desk_request_free(r);
    }
}

static void *desk_main(void *ctx)
{
    struct change_desk *desk = ctx;

    desk->loop = loop_new();
    desk->watch = loop_watch(desk->loop, mailbox_fd(desk->inbox), POLLIN, on_inbox, desk);
    desk_open(desk);
    while (!desk->quitting ||
           ((desk->apply != NULL || desk->settle != NULL) && clock_mono_ms() < desk->quit_ms))
        loop_turn(desk->loop, desk->quitting ? 50 : -1);
    keep_waiting(desk);
    desk_close(desk);
    loop_unwatch(desk->watch);
    loop_free(desk->loop);
    return NULL;
}

static void desk_free(struct change_desk *desk)
{
    mailbox_free(desk->inbox, desk_request_free);
    free(desk->db_path);
    free(desk->changed);
    free(desk);
}

bool change_desk_start(const struct desk_options *how, const struct options *options, struct mailbox *notes,
                       struct change_desk **out, struct err *err)
{
    struct change_desk *desk = x_alloc(sizeof(*desk));
    int failed;

    desk->inbox = mailbox_new();
    desk->notes = notes;
    desk->db_path = x_strdup(how->db_path);
    desk->reach = how->reach;
    desk->last = &desk->first;
    desk->max_hosts = (int)options->max_hosts;
    desk->call_timeout_ms = options->call_timeout_s * 1000;
    desk->keep_changes_s = options->keep_changes_s;
    failed = pthread_create(&desk->thread, NULL, desk_main, desk);
    if (failed != 0) {
        desk_free(desk);
        return err_set(err, ERR_IO, "changes", "the thread for changes cannot be started: %s", strerror(failed));
    }
    *out = desk;
    return true;
}

void change_desk_stop(struct change_desk *desk)
{
    if (desk == NULL)
        return;
    put(desk, request_new(desk, JOB_QUIT));
    pthread_join(desk->thread, NULL);
    desk_free(desk);
}
