/* writes.c - facts on their way into the store: gathered for a moment, written in one short transaction.
 *
 * The transaction is opened, filled and committed in one go, so none is ever open while something is waited for, and a
 * writer on the operator's side waits a few milliseconds at most. */
#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "inner.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"

enum { GATHER_MS = 50, ROWS_MAX = 2000, BYTES_MAX = 8 << 20, BUSY_TRIES = 3, BUSY_WAIT_MS = 500 };

enum op_kind { OP_ROWS, OP_SOURCE, OP_FACT, OP_END };
struct write_op {
    enum op_kind kind;
    server_id server;
    const struct object_type *object;
    int source;
    int64_t now_s;
    /* OP_ROWS */
    const struct value *values;
    size_t row_count;
    bool first;
    /* OP_SOURCE */
    bool ok;
    const char *result, *error;
    /* OP_FACT: source is the property's place */
    struct value fact;
    /* OP_END */
    struct task *task;
    struct write_op *next;
};

static void on_due(void *ctx)
{
    writes_flush(ctx);
}

static struct write_op *op_new(struct collector *c, enum op_kind kind, server_id server)
{
    struct writes *w = &c->writes;
    struct write_op *op = arena_alloc(&w->mem, sizeof(*op));

    assert(!w->flushing);
    op->kind = kind;
    op->server = server;
    op->now_s = clock_now_s();
    if (!w->first) {
        w->end = &w->first;
        loop_timer_in(c->loop, &w->timer, GATHER_MS, on_due, c);
    }
    *w->end = op;
    w->end = &op->next;
    return op;
}

static void flush_if_full(struct collector *c)
{
    const struct writes *w = &c->writes;
    size_t times = w->tries > 0 ? 4 : 1; /* while the store is held by another, more is gathered before it is tried again */

    if (w->rows >= times * ROWS_MAX || w->mem.used >= times * BYTES_MAX)
        writes_flush(c);
}

static struct value keep(struct arena *mem, struct value v)
{
    if (v.type == VALUE_TEXT)
        v.s = arena_strdup(mem, v.s);
    return v;
}

void writes_rows(struct collector *c, server_id server, const struct fetch_rows *rows, bool first)
{
    struct write_op *op = op_new(c, OP_ROWS, server);
    size_t count = rows->row_count * rows->object->property_count;
    struct value *values = arena_alloc(&c->writes.mem, count * sizeof(*values));

    for (size_t i = 0; i < count; i++)
        values[i] = keep(&c->writes.mem, rows->values[i]);
    op->object = rows->object;
    op->source = rows->source;
    op->values = values;
    op->row_count = rows->row_count;
    op->first = first;
    c->writes.rows += rows->row_count;
    flush_if_full(c);
}

void writes_source(struct collector *c, server_id server, const struct object_type *object, int source, bool ok,
                   const char *result, const char *error)
{
    struct write_op *op = op_new(c, OP_SOURCE, server);

    op->object = object;
    op->source = source;
    op->ok = ok;
    op->result = result;
    op->error = error ? arena_strdup(&c->writes.mem, error) : NULL;
}

void writes_fact(struct collector *c, server_id server, const char *property, struct value v)
{
    struct write_op *op = NULL;
    int place = catalog_property(&catalog_servers, property);

    if (place < 0)
        return;
    op = op_new(c, OP_FACT, server);
    op->source = place;
    op->fact = keep(&c->writes.mem, v);
}

void writes_end(struct collector *c, struct task *task)
{
    op_new(c, OP_END, task->server->id)->task = task;
}

/* ------------------------------------------------------------------ the transaction */
static bool op_write(struct store *store, const struct write_op *op, struct err *err)
{
    switch (op->kind) {
    case OP_ROWS:
        return store_put_rows(store, op->server, op->object, op->source, op->values, op->row_count, op->first, op->now_s,
                              err);
    case OP_SOURCE:
        return store_source_done(store, op->server, op->object, op->source, op->ok, op->result, op->error, op->now_s, err);
    case OP_FACT:
        return store_server_fact(store, op->server, op->source, op->fact, op->now_s, err);
    case OP_END:
        break;
    }
    return true;
}

/* What is summed up over servers is, when a server has told everything: half an answer makes no state. */
static bool write_all(struct store *store, const struct write_op *first, struct err *err)
{
    server_id *ended = NULL;
    size_t count = 0, cap = 0;
    bool ok = store_begin(store, err);

    if (!ok)
        return false;
    for (const struct write_op *op = first; ok && op; op = op->next) {
        ok = op_write(store, op, err);
        if (op->kind == OP_END) {
            x_grow(&ended, &cap, count + 1, sizeof(*ended));
            ended[count++] = op->server;
        }
    }
    ok = ok && (count == 0 || store_settle(store, ended, count, clock_now_s(), err)) && store_commit(store, err);
    if (!ok)
        store_rollback(store);
    free(ended);
    return ok;
}

static bool server_exists(struct store *store, server_id server)
{
    struct arena mem = { 0 };
    struct row row = { 0 };
    struct err err = { 0 };
    bool gone = store_rows(store, &catalog_servers, &server, 1, &mem, &row, &err) && row.id == 0;

    arena_done(&mem);
    return !gone;
}

/* Another process may have removed a server meanwhile: what was learnt of it has no place any more. True if there were such. */
static bool drop_removed(struct collector *c, struct write_op **first)
{
    server_id checked = 0;
    bool exists = true, any = false;

    for (struct write_op **at = first; *at;) {
        struct write_op *op = *at;
        if (op->server != checked) {
            checked = op->server;
            exists = server_exists(c->store, checked);
            if (!exists)
                tasks_server_removed(c, checked);
        }
        if (exists || op->kind == OP_END) {
            at = &op->next;
        } else {
            *at = op->next;
            any = true;
        }
    }
    return any;
}

static int64_t thread_cpu_us(void)
{
    struct timespec t = { 0 };

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void count(struct collector *c, size_t rows, int64_t began_us, int64_t cpu_us)
{
    int64_t cpu_now = thread_cpu_us();

    atomic_fetch_add(&c->stats.rows, (int64_t)rows);
    atomic_fetch_add(&c->stats.store_us, clock_mono_us() - began_us);
    atomic_fetch_add(&c->stats.store_cpu_us, cpu_now - cpu_us);
    atomic_fetch_add(&c->stats.commits, 1);
    atomic_store(&c->stats.cpu_us, cpu_now);
}

/* Another program holds the store: what was gathered is kept and tried again in a moment. */
static bool wait_for_others(struct collector *c, const struct err *err)
{
    struct writes *w = &c->writes;

    if (err->kind != ERR_TIMEOUT || ++w->tries >= BUSY_TRIES)
        return false;
    for (w->end = &w->first; *w->end;)
        w->end = &(*w->end)->next;
    loop_timer_in(c->loop, &w->timer, BUSY_WAIT_MS, on_due, c);
    return true;
}

/* It is in the store, or it never will be. */
static void settle(struct collector *c, bool ok, const struct err *err)
{
    struct writes *w = &c->writes;

    w->tries = 0;
    if (ok)
        jobs_note_stored(c);
    else
        tasks_fault(c, err);
    for (struct write_op *op = w->first; op; op = op->next)
        if (op->kind == OP_END)
            task_stored(op->task);
    w->first = NULL;
    w->rows = 0;
    arena_reset(&w->mem);
}

void writes_flush(struct collector *c)
{
    struct writes *w = &c->writes;
    struct err err = { 0 };
    int64_t began_us = clock_mono_us(), cpu_us = thread_cpu_us();
    bool ok = false;

    if (!w->first || w->flushing)
        return;
    w->flushing = true;
    loop_timer_stop(&w->timer);
    ok = write_all(c->store, w->first, &err);
    if (!ok && drop_removed(c, &w->first)) {
        err_clear(&err);
        ok = write_all(c->store, w->first, &err);
    }
    if (log_on())
        log_line("store", "%zu rows written in %lld ms%s%s", w->rows, (long long)(clock_mono_us() - began_us) / 1000,
                 ok ? "" : ": ", ok ? "" : err.text);
    count(c, ok ? w->rows : 0, began_us, cpu_us);
    if (ok || !wait_for_others(c, &err))
        settle(c, ok, &err);
    w->flushing = false;
}

void writes_done(struct collector *c)
{
    loop_timer_stop(&c->writes.timer);
    arena_done(&c->writes.mem);
}
