/* view.c - a pane's list as the screen sees it: ids, and the rows near the window. */
#include "ipamtui/view.h"

#include <stdlib.h>
#include <string.h>

#include "ipamtui/query.h"
#include "view_job.h"

enum { ROWS_TRIES = 2 };

struct view {
    struct view *next;
    struct view_worker *worker;
    const struct object_type *object;
    uint64_t number, question, generation;
    struct query query;
    char *text; /* of query; NULL: none */
    struct query_shown search; /* columns are ours */
    struct sort_key keys[4];
    size_t key_count;

    row_id *ids; /* the list */
    size_t count, cap;
    row_id *only; /* sorted; NULL: no restriction */
    size_t only_count;
    row_id *shown; /* those of ids that are in only */
    size_t shown_count;
    bool complete, asked_list;
    struct err fault; /* of the newest list */
    int64_t cost_ms;

    struct row_block *block; /* rows near the window */
    bool rows_asked, rows_stale;
    int rows_failed; /* times in a row: after ROWS_TRIES the window has to move, or somebody to ask anew */
    size_t window_first, window_count;
    size_t find_hint;
};

struct view *view_new(struct view_worker *worker, const struct object_type *object)
{
    struct view *view = x_alloc(sizeof *view);

    view->worker = worker;
    view->object = object;
    view->number = ++worker->last_number;
    view->window_count = 50;
    view->next = worker->views;
    worker->views = view;
    return view;
}

void view_free(struct view *view)
{
    if (!view)
        return;
    for (struct view **at = &view->worker->views; *at; at = &(*at)->next) {
        if (*at == view) {
            *at = view->next;
            break;
        }
    }
    query_done(&view->query);
    free(view->text);
    free((void *)view->search.columns);
    row_block_free(view->block);
    free(view->ids);
    free(view->only);
    free(view->shown);
    free(view);
}

/* ------------------------------------------------------------------ asking */

static void ask_list(struct view *view, bool whole)
{
    struct view_job *job = x_alloc(sizeof *job);
    struct value *params = arena_alloc(&job->mem, (view->query.param_count + 1) * sizeof *params);

    job->kind = JOB_LIST;
    job->view = view->number;
    job->question = ++view->question;
    job->whole = whole;
    job->window = 2 * view->window_count;
    view_spec(view, &job->spec);
    for (size_t i = 0; i < view->query.param_count; i++) {
        params[i] = view->query.params[i];
        if (params[i].type == VALUE_TEXT)
            params[i].s = arena_strdup(&job->mem, params[i].s);
    }
    job->spec.params = params;
    job->spec.where = arena_strdup(&job->mem, buf_at(&view->query.where));
    view->complete = false;
    view->fault.kind = ERR_NONE;
    view->rows_failed = 0;
    view->asked_list = true;
    view->generation++;
    view_worker_put(view->worker, job);
}

void view_spec(const struct view *view, struct list_spec *out)
{
    *out = (struct list_spec){ .object = view->object,
                               .where = buf_at(&view->query.where),
                               .params = view->query.params,
                               .param_count = view->query.param_count,
                               .key_count = view->key_count };
    memcpy(out->keys, view->keys, sizeof out->keys);
}

static void take_query(struct view *view, const struct query *query)
{
    query_done(&view->query);
    view->query = *query;
}

bool view_filter(struct view *view, const char *text, size_t *at, struct err *err)
{
    struct query query = { 0 };
    char *copy;

    if (!query_compile_shown(view->object, &view->search, text, &query, at, err))
        return false;
    copy = x_strdup(text);
    free(view->text);
    view->text = copy;
    take_query(view, &query);
    ask_list(view, false);
    return true;
}

static bool same_shown(const struct query_shown *a, const struct query_shown *b)
{
    return a->chosen == b->chosen && a->dates == b->dates && a->count == b->count &&
           (a->count == 0 || memcmp(a->columns, b->columns, a->count * sizeof *a->columns) == 0);
}

static bool same_query(const struct query *a, const struct query *b)
{
    if (a->param_count != b->param_count || strcmp(buf_at(&a->where), buf_at(&b->where)) != 0)
        return false;
    for (size_t i = 0; i < a->param_count; i++) {
        if (!value_equal(a->params[i], b->params[i]))
            return false;
    }
    return true;
}

void view_shown(struct view *view, const struct query_shown *shown)
{
    struct query query = { 0 };
    int *columns;

    if (same_shown(&view->search, shown))
        return;
    columns = x_calloc(shown->count + 1, sizeof *columns);
    if (shown->count > 0)
        memcpy(columns, shown->columns, shown->count * sizeof *columns);
    free((void *)view->search.columns);
    view->search = *shown;
    view->search.columns = columns;
    if (!view->text || !query_compile_shown(view->object, &view->search, view->text, &query, NULL, NULL))
        return;
    if (same_query(&query, &view->query)) {
        query_done(&query);
    } else {
        take_query(view, &query);
        ask_list(view, false);
    }
}

void view_sort(struct view *view, const struct sort_key *keys, size_t count)
{
    view->key_count = MIN(count, COUNT(view->keys));
    if (view->key_count > 0)
        memcpy(view->keys, keys, view->key_count * sizeof *keys);
    if (view->asked_list)
        ask_list(view, false);
}

void view_reload(struct view *view)
{
    struct query query = { 0 };

    /* Ages are shown, and so found, as they are now. */
    if (view->text && query_compile_shown(view->object, &view->search, view->text, &query, NULL, NULL))
        take_query(view, &query);
    /* A list that is on its way in pieces will be as new as a second one; asking again would start it over. */
    if (!view->asked_list || view->complete)
        ask_list(view, view->asked_list && view->count > 0);
    view_refresh(view);
}

void view_refresh(struct view *view)
{
    view->rows_failed = 0;
    view->rows_stale = true;
    view->generation++;
}

static void ask_rows(struct view *view, size_t first, size_t count)
{
    size_t total = view_count(view);
    size_t from = first > count ? first - count : 0;
    size_t until = MIN(total, first + 2 * count);
    struct view_job *job;

    if (from >= until)
        return;
    job = x_alloc(sizeof *job);
    job->kind = JOB_ROWS;
    job->view = view->number;
    job->question = view->question;
    job->object = view->object;
    job->count = until - from;
    job->ids = arena_alloc(&job->mem, job->count * sizeof *job->ids);
    memcpy(job->ids, view_ids(view) + from, job->count * sizeof *job->ids);
    view->rows_asked = true;
    view->rows_stale = false;
    view_worker_put(view->worker, job);
}

/* ------------------------------------------------------------------ answers */

static int compare_ids(const void *a, const void *b)
{
    row_id x = *(const row_id *)a, y = *(const row_id *)b;

    return x < y ? -1 : x > y;
}

static void show_only(struct view *view, size_t from)
{
    if (!view->only)
        return;
    if (from == 0)
        view->shown_count = 0;
    view->shown = x_realloc(view->shown, (view->only_count + 1) * sizeof *view->shown);
    for (size_t i = from; i < view->count && view->shown_count < view->only_count; i++) {
        if (bsearch(&view->ids[i], view->only, view->only_count, sizeof *view->only, compare_ids))
            view->shown[view->shown_count++] = view->ids[i];
    }
}

void view_only(struct view *view, const row_id *ids, size_t count)
{
    free(view->only);
    view->only = NULL;
    view->only_count = 0;
    if (ids) {
        view->only = x_alloc((count + 1) * sizeof *ids);
        view->only_count = count;
        if (count > 0)
            memcpy(view->only, ids, count * sizeof *ids);
        qsort(view->only, count, sizeof *ids, compare_ids);
        show_only(view, 0);
    }
    view->generation++;
}

static void take_ids(struct view *view, struct view_answer *answer)
{
    if (!answer->ok) {
        /* The old list stays; a question that failed is over all the same. */
        view->complete = true;
        view->fault = answer->err;
        return;
    }
    if (answer->first) {
        free(view->ids);
        view->ids = answer->ids;
        view->count = view->cap = answer->count;
        answer->ids = NULL;
        show_only(view, 0);
    } else if (answer->count > 0) {
        size_t from = view->count;

        x_grow(&view->ids, &view->cap, view->count + answer->count, sizeof *view->ids);
        memcpy(view->ids + view->count, answer->ids, answer->count * sizeof *view->ids);
        view->count += answer->count;
        show_only(view, from);
    }
    if (answer->last) {
        view->complete = true;
        view->cost_ms = answer->cost_ms;
    }
}

void view_take_answer(struct view_worker *worker, struct view_answer *answer)
{
    struct view *view = worker->views;

    while (view && view->number != answer->view)
        view = view->next;
    if (!view)
        return;
    view->generation++;
    if (answer->kind == JOB_ROWS) {
        view->rows_asked = false;
        if (answer->ok)
            view->rows_failed = 0;
        else
            view->rows_failed += answer->err.kind != ERR_CANCELLED;
    } else if (answer->question != view->question) {
        return;
    }
    if (answer->block) {
        row_block_free(view->block);
        view->block = answer->block;
        answer->block = NULL;
    }
    if (answer->kind == JOB_LIST)
        take_ids(view, answer);
}

/* ------------------------------------------------------------------ looking */

size_t view_count(const struct view *view)
{
    return view->only ? view->shown_count : view->count;
}

const struct err *view_fault(const struct view *view)
{
    return &view->fault;
}

bool view_complete(const struct view *view)
{
    return view->complete;
}

bool view_reading(const struct view *view)
{
    return view->rows_asked;
}

int64_t view_cost_ms(const struct view *view)
{
    return view->cost_ms;
}

const row_id *view_ids(const struct view *view)
{
    return view->only ? view->shown : view->ids;
}

row_id view_id(const struct view *view, size_t at)
{
    return at < view_count(view) ? view_ids(view)[at] : 0;
}

size_t view_find(const struct view *view, row_id id)
{
    const row_id *ids = view_ids(view);
    size_t count = view_count(view);

    for (size_t i = 0; id != 0 && i < count; i++) {
        if (ids[i] == id)
            return i;
    }
    return SIZE_MAX;
}

static const struct row *block_row(const struct view *view, row_id id, size_t guess)
{
    const struct row_block *block = view->block;

    if (!block || id == 0)
        return NULL;
    if (guess < block->count && block->ids[guess] == id)
        return block->rows[guess].id ? &block->rows[guess] : NULL;
    for (size_t i = 0; i < block->count; i++) {
        if (block->ids[i] == id)
            return block->rows[i].id ? &block->rows[i] : NULL;
    }
    return NULL;
}

static bool in_block(const struct view *view, size_t at)
{
    row_id id = view_id(view, at);

    for (size_t i = 0; view->block && i < view->block->count; i++) {
        if (view->block->ids[i] == id)
            return true;
    }
    return false;
}

const struct row *view_row(const struct view *view, size_t at)
{
    size_t from = view->window_first > view->window_count ? view->window_first - view->window_count : 0;

    return block_row(view, view_id(view, at), at >= from ? at - from : 0);
}

void view_window(struct view *view, size_t first, size_t count)
{
    size_t total = view_count(view), last = MIN(first + count, total);
    /* Half a window around the visible one is kept loaded, so that scrolling seldom shows a gap. */
    size_t before = first > count / 2 ? first - count / 2 : 0;
    size_t after = MIN(last + count / 2, total);

    if (first != view->window_first)
        view->rows_failed = 0;
    view->window_first = first;
    view->window_count = MAX(count, 1);
    if (view->rows_asked || view->rows_failed >= ROWS_TRIES || first >= last)
        return;
    if (view->rows_stale || !in_block(view, first) || !in_block(view, last - 1) || !in_block(view, before) ||
        !in_block(view, after - 1))
        ask_rows(view, first, count);
}

uint64_t view_generation(const struct view *view)
{
    return view->generation;
}
