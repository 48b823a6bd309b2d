/* view.h - a live list for a pane: row ids sorted and filtered by SQLite on the query worker's thread; only the rows near
 * the window are loaded. Screen thread only; it never waits.
 *
 * One worker (thread, own read connection) serves all views; a newer question interrupts an older one of the same view. */
#ifndef IPAM_VIEW_H
#define IPAM_VIEW_H

#include "ipamtui/catalog.h"
#include "ipamtui/query.h"
#include "ipamtui/store.h"

struct view_worker;
bool view_worker_start(const char *db_path, struct thresholds t, struct view_worker **out, struct err *err);
void view_worker_stop(struct view_worker *worker);
int view_worker_fd(const struct view_worker *worker); /* readable: call view_worker_turn() */
void view_worker_turn(struct view_worker *worker);    /* takes in answers; views change only here */

/* Anything else that reads the store: work(store, job) on the worker's thread, then done(job, ok, err) on the screen's, inside
 * view_worker_turn(). work must not keep a transaction open. A newer question with the same topic (not 0) drops one that has not
 * begun: done then gets ERR_CANCELLED. done always comes once, at the latest from view_worker_stop(). */
typedef bool view_work_fn(struct store *store, void *job, struct err *err);
typedef void view_done_fn(void *job, bool ok, const struct err *err);
void view_worker_ask(struct view_worker *worker, int topic, view_work_fn *work, view_done_fn *done, void *job);
/* The same for what must not be lost, as something that is written: view_worker_stop() waits until it has had its turn (questions
 * that have not begun are left out). work does not use the store it gets: that is interrupted then. done gets ERR_CANCELLED from
 * view_worker_stop() even so, unless work failed: err says why. */
void view_worker_owe(struct view_worker *worker, view_work_fn *work, view_done_fn *done, void *job);
/* Why a list or rows could not be read (store damaged, gone), of what the newest view_worker_turn() took in; else kind ERR_NONE. */
const struct err *view_worker_fault(const struct view_worker *worker);

struct view;
struct view *view_new(struct view_worker *worker, const struct object_type *object);
void view_free(struct view *view);
/* New question; rows of the old list stay until the first rows of the new one are here. */
bool view_filter(struct view *view, const char *text, size_t *at, struct err *err); /* a bad query: the old list stays */
/* What the list's columns are, for the plain words of its filter (copied). A filter in force is applied anew if that matters to it. */
void view_shown(struct view *view, const struct query_shown *shown);
void view_sort(struct view *view, const struct sort_key *keys, size_t count);
void view_reload(struct view *view); /* the store changed: the same question again; the old list stays until the new one is whole */
void view_refresh(struct view *view); /* only the values of the rows near the window, not their order */
/* Shows only these rows of the list (copied), in its order; NULL: all again. */
void view_only(struct view *view, const row_id *ids, size_t count);
/* The whole question that is shown, for an export: where and params live until the next view_filter(). */
void view_spec(const struct view *view, struct list_spec *out);
size_t view_count(const struct view *view);          /* rows known so far */
bool view_complete(const struct view *view);         /* the list is whole and answers the newest question */
/* Are rows that were looked at on their way? */
bool view_reading(const struct view *view);
const struct err *view_fault(const struct view *view); /* why the newest list could not be read; kind ERR_NONE: it could */
int64_t view_cost_ms(const struct view *view);       /* how long the last whole list took: do not reload more often */
row_id view_id(const struct view *view, size_t at);
size_t view_find(const struct view *view, row_id id); /* place, or SIZE_MAX */
const struct row *view_row(const struct view *view, size_t at); /* NULL: not loaded yet */
void view_window(struct view *view, size_t first, size_t count); /* load these and a screenful around */
uint64_t view_generation(const struct view *view);   /* changes when anything drawn from it may have changed */
/* Ids of all rows, while complete. */
const row_id *view_ids(const struct view *view);

#endif
