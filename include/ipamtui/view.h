/* view.h - a live list for a pane: row ids sorted and filtered by SQLite on the query worker's thread; only the rows near
 * the window are loaded. Screen thread only; it never waits.
 *
 * One worker (thread, own read connection) serves all views; a newer question interrupts an older one of the same view. */
#ifndef IPAM_VIEW_H
#define IPAM_VIEW_H

#include "ipamtui/catalog.h"
#include "ipamtui/store.h"

struct view_worker;
bool view_worker_start(const char *db_path, struct thresholds t, struct view_worker **out, struct err *err);
void view_worker_stop(struct view_worker *worker);
int view_worker_fd(const struct view_worker *worker); /* readable: call view_worker_turn() */
void view_worker_turn(struct view_worker *worker);    /* takes in answers; views change only here */

struct view;
struct view *view_new(struct view_worker *worker, const struct object_type *object);
void view_free(struct view *view);
/* New question; rows of the old list stay until the first rows of the new one are here. */
bool view_filter(struct view *view, const char *text, size_t *at, struct err *err); /* a bad query: the old list stays */
void view_sort(struct view *view, const struct sort_key *keys, size_t count);
void view_reload(struct view *view); /* the store changed */
size_t view_count(const struct view *view);          /* rows known so far */
bool view_complete(const struct view *view);         /* the list is whole */
row_id view_id(const struct view *view, size_t at);
size_t view_find(const struct view *view, row_id id); /* place, or SIZE_MAX */
const struct row *view_row(const struct view *view, size_t at); /* NULL: not loaded yet */
void view_window(struct view *view, size_t first, size_t count); /* load these and a screenful around */
uint64_t view_generation(const struct view *view);   /* changes when anything drawn from it may have changed */
/* One row in full, wherever it is (preview). NULL: not loaded yet; asked for. */
const struct row *view_detail(struct view *view, row_id id);
/* Ids of all rows, while complete. */
const row_id *view_ids(const struct view *view);

#endif
