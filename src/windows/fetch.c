#include "ipamtui/fetch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "fetch_int.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"

enum {
    OBJECTS_MAX = 1000000, /* of one source; more is a server gone wrong */
    TIMEOUTS_MAX = 8,      /* rows in a row without an answer, until the rest is not waited for */
    NOT_FOUND = 13,        /* ErrorCategory.ObjectNotFound */
};

/* ------------------------------------------------------------------ answers */
/* A server may lack some of what is asked for on demand; an answer that has none of it is something else. */
static bool says_something(const struct ask *ask, const struct value *row, struct err *err)
{
    for (size_t i = 0; i < ask->object->property_count; i++)
        if (row[i].type != VALUE_NULL)
            return true;
    return ask->object->table || err_set(err, ERR_REMOTE, ask->row->cmdlet, "%s answered an object that cannot be read", ask->row->cmdlet);
}

static void add_row(struct ask *ask, const struct ps_value *answer)
{
    struct value *row = NULL;
    struct err err = { 0 };

    if (!ask->filling)
        ask->filling = batch_new(BATCH_ROWS, ask->object->property_count);
    row = ask->filling->values + ask->filling->rows * ask->object->property_count;
    if (!row_plan_read(&ask->plan, answer, &ask->filling->mem, row, &err) || !says_something(ask, row, &err)) {
        memset(row, 0, ask->object->property_count * sizeof(*row));
        if (ask->unreadable++ == 0)
            ask->bad = err;
        return;
    }
    if (ask->wants_keys)
        keys_add(&ask->keys, row);
    if (++ask->filling->rows == BATCH_ROWS)
        batch_full(ask);
}

/* A row of its own making: next place in the batch. */
static struct value *new_row(struct ask *ask)
{
    if (!ask->filling)
        ask->filling = batch_new(BATCH_ROWS, ask->object->property_count);
    return ask->filling->values + ask->filling->rows * ask->object->property_count;
}

static void row_made(struct ask *ask)
{
    if (++ask->filling->rows == BATCH_ROWS)
        batch_full(ask);
}

static int key_of(const struct object_type *object)
{
    for (size_t i = 0; i < object->property_count; i++)
        if (object->properties[i].flags & PROP_KEY)
            return (int)i;
    return 0;
}

/* "DNS_ERROR_RCODE_REFUSED,Microsoft.DnsClient.Commands.ResolveDnsName": up to the comma. */
static void add_row_error(struct ask *ask, const struct ps_error *error)
{
    int at = catalog_property(ask->object, ask->row->row_error);
    struct value *row = new_row(ask);

    row[key_of(ask->object)] = V_TEXT(arena_strdup(&ask->filling->mem, error->target));
    row[at] = V_TEXT(arena_strndup(&ask->filling->mem, error->id, strcspn(error->id, ",")));
    row_made(ask);
}

/* Nobody listens where it is asked: waiting for each row would take hours, and says nothing about any. */
static void give_up_rows(struct ask *ask)
{
    if (ask->filling)
        ask->filling->rows = 0;
    ask->refused = true;
    ask->result = FETCH_FAILED;
    err_set(&ask->err, ERR_TIMEOUT, ask->fetch->name, "%s: nothing answers on the host itself", ask->row->cmdlet);
    host_stop(ask->fetch->host, ask->call);
}

/* Is this error an answer: about one row, by name? */
static bool error_is_answer(struct ask *ask, const struct ps_error *error)
{
    struct err err = { 0 };

    if (ask->row->empty_error && strncmp(error->id ? error->id : "", ask->row->empty_error, strlen(ask->row->empty_error)) == 0)
        return true;
    if (!ask->row->row_error || !error->target || !error->target[0] || !error->id || !error->id[0] ||
        strncmp(error->id, "CommandNotFoundException", 24) == 0)
        return false;
    fetch_explain(error, ask->fetch->name, &err);
    if (err.kind == ERR_DENIED)
        return false;
    if (ask->refused)
        return true;
    add_row_error(ask, error);
    if (ask->objects == 0 && strncmp(error->id, "ERROR_TIMEOUT", 13) == 0 && ++ask->timeouts >= TIMEOUTS_MAX)
        give_up_rows(ask);
    return true;
}

/* An event as XML: a row, if it is the newest one about a zone. */
static void add_event(struct ask *ask, const struct ps_value *answer)
{
    struct value *row = new_row(ask);
    struct zone_event_row event;

    if (!zone_event_read(answer, &ask->filling->mem, &event))
        return;
    for (size_t i = 0; i < ask->named_count; i++)
        if (text_casecmp(ask->named[i], event.zone) == 0)
            return;
    x_grow(&ask->named, &ask->named_cap, ask->named_count + 1, sizeof(*ask->named));
    ask->named[ask->named_count++] = x_strdup(event.zone);
    row[key_of(ask->object)] = V_TEXT(event.zone);
    for (size_t i = 0; i < ask->plan.count; i++) {
        const struct property *p = &ask->object->properties[ask->plan.items[i].property];

        if (strcmp(p->read.property, "Id") == 0)
            row[ask->plan.items[i].property] = V_INT(event.id);
        else if (strcmp(p->read.property, "TimeCreated") == 0)
            row[ask->plan.items[i].property] = V_INT(event.at_s);
        else if (strcmp(p->read.property, "Grade") == 0)
            row[ask->plan.items[i].property] = V_TEXT(event.grade);
    }
    row_made(ask);
}

bool error_not_found(const struct ps_error *error)
{
    return error && error->category == NOT_FOUND;
}

void ask_note_error(struct ask *ask, const struct ps_error *error, bool lost)
{
    struct err err = { 0 };
    bool missing = false;

    fetch_explain(error, ask->fetch->name, &err);
    missing = error && error->id &&
              (strncmp(error->id, "CommandNotFoundException", 24) == 0 || strncmp(error->id, "NamedParameterNotFound", 22) == 0);
    if (ask->refused)
        return; /* the first one is kept */
    ask->refused = true;
    ask->not_found = error_not_found(error);
    ask->err = err;
    err_wrap(&ask->err, "%s", ask->row->cmdlet);
    if (lost)
        ask->result = FETCH_LOST;
    else if (missing && ask->row->optional)
        ask->result = FETCH_NOT_OFFERED;
    else
        ask->result = err.kind == ERR_DENIED ? FETCH_DENIED : FETCH_FAILED;
}

static void on_output(void *ctx, const struct ps_value *value)
{
    struct ask *ask = ctx;
    struct err none = { 0 };

    if (value->type == PS_NULL && !value->object)
        return; /* $null in the output is no object */
    if (++ask->objects == OBJECTS_MAX) {
        err_set(&none, ERR_REMOTE, ask->fetch->name, "%s answered more than %d objects; stopped", ask->row->cmdlet,
                OBJECTS_MAX);
        ask->refused = true;
        ask->result = FETCH_FAILED;
        ask->err = none;
        host_stop(ask->fetch->host, ask->call);
    }
    if (ask->objects >= OBJECTS_MAX || (ask->row->mode == SOURCE_SINGLE && ask->objects > 1))
        return;
    if (ask->row->zone_events)
        add_event(ask, value);
    else
        add_row(ask, value);
}

static void on_error(void *ctx, const struct ps_error *error)
{
    if (!error_is_answer(ctx, error))
        ask_note_error(ctx, error, false);
}

/* ------------------------------------------------------------------ ends */
static void fetch_free(struct fetch *fetch);

/* A thing that is not there, or that we may not see, is an answer where the catalogue has a word for it. */
static void conclude(struct ask *ask)
{
    const char *word = ask->result == FETCH_DENIED ? ask->row->denied : ask->not_found ? ask->row->absent : NULL;

    if (ask->result == FETCH_DONE || ask->result == FETCH_LOST || ask->objects > 0 || !word)
        return;
    for (size_t i = 0; i < ask->plan.count; i++) {
        int at = ask->plan.items[i].property;
        if (ask->object->properties[at].kind != KIND_ENUM)
            continue;
        if (!ask->filling)
            ask->filling = batch_new(BATCH_ROWS, ask->object->property_count);
        ask->filling->values[at] = V_TEXT(word);
        ask->filling->rows = 1;
    }
    if (ask->result == FETCH_FAILED) {
        ask->result = FETCH_DONE;
        err_clear(&ask->err);
    }
}

void ask_finish(struct ask *ask)
{
    struct fetch *fetch = ask->fetch;

    conclude(ask);
    if (ask->unreadable > 0 && ask->result == FETCH_DONE) {
        ask->result = FETCH_FAILED;
        ask->err = ask->bad;
        err_wrap(&ask->err, "%zu of %zu answers could not be read", ask->unreadable, ask->objects);
    }
    if (ask->row->mode == SOURCE_SINGLE && ask->objects == 0 && !ask->not_found && ask->result == FETCH_DONE) {
        ask->result = FETCH_FAILED;
        err_set(&ask->err, ERR_REMOTE, fetch->name, "%s gave no answer", ask->row->cmdlet);
    }
    ask->state = ASK_ENDED;
    batch_release(ask);
    if (log_on())
        log_line(fetch->name, "%s: %zu objects, %zu rows, result %d %s", ask->row->name, ask->objects, ask->rows,
                 (int)ask->result, ask->err.text);
    if (!ask->silent && fetch->sink.source_done)
        fetch->sink.source_done(fetch->ctx, ask->object, ask->source, ask->result,
                                ask->result == FETCH_DONE ? NULL : &ask->err, ask->rows);
    fetch->open--;
}

/* BY_ORDER: gives the rows their keys, if the order can be trusted. */
static bool keys_agree(const struct ask *ask)
{
    const struct ask *from = ask->defines;

    return from->result == FETCH_DONE && !ask->refused && ask->unreadable == 0 && ask->objects == from->keys.count;
}

static void put_keys_by_order(struct ask *ask)
{
    size_t at = 0;

    for (struct batch *b = ask->held; b; b = b->next)
        for (size_t i = 0; i < b->rows; i++)
            keys_put(&ask->defines->keys, at++, b->values + i * ask->object->property_count);
}

static void by_order_settle(struct ask *ask)
{
    const struct ask *from = ask->defines;
    bool whole = ask->result == FETCH_LOST || ask->result == FETCH_NOT_OFFERED || ask->result == FETCH_DENIED ||
                 ask->err.kind == ERR_TIMEOUT;

    batch_hold(ask);
    if (keys_agree(ask)) {
        put_keys_by_order(ask);
        ask_finish(ask);
        return;
    }
    batches_free(ask->held); /* rows nobody can name */
    ask->held = NULL;
    ask->held_end = &ask->held;
    ask->objects = ask->unreadable = 0;
    if (!whole && from->result == FETCH_DONE && from->keys.count > 0) {
        ask->refused = false;
        ask->result = FETCH_DONE;
        err_clear(&ask->err);
        groups_start(ask);
        return;
    }
    if (!whole) {
        ask->result = from->result == FETCH_LOST ? FETCH_LOST : FETCH_FAILED;
        err_set(&ask->err, ERR_REMOTE, ask->fetch->name, "%s: its answers do not say whose they are, and %s was not answered whole",
                ask->row->cmdlet, from->row->cmdlet);
    }
    ask_finish(ask);
}

/* The question was answered; its rows may have to wait for those that they add to. */
static void ask_settle(struct ask *ask)
{
    if (ask->defines && ask->defines->state != ASK_ENDED) {
        ask->state = ASK_WAITING;
        return;
    }
    if (ask->row->mode == SOURCE_BY_ORDER)
        by_order_settle(ask);
    else
        ask_finish(ask);
}

static void on_end(void *ctx)
{
    struct fetch *fetch = ctx;

    if (fetch->sink.done)
        fetch->sink.done(fetch->ctx);
    fetch_free(fetch);
}

/* The end is told from the loop: the host may still be in the middle of its own callback. */
void fetch_check_end(struct fetch *fetch)
{
    if (fetch->open == 0)
        loop_timer_in(host_loop(fetch->host), &fetch->end, 0, on_end, fetch);
}

static void settle_and_followers(struct ask *ask)
{
    struct fetch *fetch = ask->fetch;

    ask_settle(ask);
    for (size_t i = 0; ask->state == ASK_ENDED && i < fetch->count; i++)
        if (fetch->asks[i].defines == ask && fetch->asks[i].state == ASK_WAITING)
            ask_settle(&fetch->asks[i]);
        else if (fetch->asks[i].defines == ask && fetch->asks[i].row->mode == SOURCE_ADDS)
            batch_release(&fetch->asks[i]);
    fetch_check_end(fetch);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    static const struct ps_error stopped = { .message = "stopped", .id = "PipelineStopped", .category = 14,
                                             .reason = "", .target = "", .activity = "" };
    struct ask *ask = ctx;

    ask->call = 0;
    if (end != PS_COMPLETED && !(why && ask->row->empty_error && error_is_answer(ask, why)))
        ask_note_error(ask, why ? why : &stopped, end == PS_LOST);
    settle_and_followers(ask);
}

/* ------------------------------------------------------------------ the start */
static size_t put_args(const struct source_arg *args, size_t most, struct ps_param *params)
{
    size_t count = 0;

    while (count < most && args[count].name) {
        params[count] = (struct ps_param){ .name = args[count].name,
                                           .value = args[count].text ? PS_S(args[count].text) : PS_B(true) };
        count++;
    }
    params[count++] = (struct ps_param){ .name = "ErrorAction", .value = PS_S("Continue") };
    return count;
}

enum { STEPS = COUNT(((struct source *)0)->before), STEP_ARGS = COUNT(((struct source_step *)0)->args) };

static void ask_call(struct ask *ask)
{
    static const struct ps_call_events events = { .output = on_output, .error = on_error, .done = on_done };
    struct ps_param front_params[] = { { .name = "ErrorAction", .value = PS_S("Continue") } };
    struct ps_param params[COUNT(ask->row->args) + 2], step_params[STEPS][STEP_ARGS + 1];
    struct ps_command commands[STEPS + 2];
    struct ps_call call = { .commands = commands };
    size_t count = put_args(ask->row->args, COUNT(ask->row->args), params);

    if (ask->row->about)
        params[count++] = (struct ps_param){ .name = ask->row->about, .value = PS_S(ask->fetch->about) };

    if (ask->row->mode == SOURCE_BY_ORDER)
        commands[call.command_count++] = (struct ps_command){ .name = ask->row->pipe_from, .params = front_params,
                                                              .param_count = COUNT(front_params) };
    for (size_t i = 0; i < STEPS && ask->row->before[i].cmdlet; i++)
        commands[call.command_count++] =
            (struct ps_command){ .name = ask->row->before[i].cmdlet, .params = step_params[i],
                                 .param_count = put_args(ask->row->before[i].args, STEP_ARGS, step_params[i]) };
    commands[call.command_count++] = (struct ps_command){ .name = ask->row->cmdlet, .params = params, .param_count = count };
    ask->call = host_invoke(ask->fetch->host, &call, ask->fetch->timeout_ms, &events, ask);
}

static void ask_init(struct fetch *fetch, const struct object_type *object, int source, bool silent)
{
    struct ask *ask = &fetch->asks[fetch->count++];

    *ask = (struct ask){ .fetch = fetch, .object = object, .source = source, .row = &object->sources[source],
                         .silent = silent };
    ask->held_end = &ask->held;
    row_plan_init(&ask->plan, object, source);
    keys_init(&ask->keys, object);
}

static bool called_for(const struct source *row, unsigned what, unsigned role)
{
    return (row->what & what) != 0 && (row->role == 0 || (row->role & role) != 0);
}

static struct ask *ask_of(struct fetch *fetch, const struct object_type *object, enum source_mode mode, const char *cmdlet)
{
    for (size_t i = 0; i < fetch->count; i++) {
        struct ask *ask = &fetch->asks[i];
        if (ask->object == object && ask->row->mode == mode && (!cmdlet || text_casecmp(ask->row->cmdlet, cmdlet) == 0))
            return ask;
    }
    return NULL;
}

/* The place of the source that defines an object's rows by this cmdlet (any, if NULL); -1 = none. */
static int defining_source(const struct object_type *object, const char *cmdlet)
{
    for (size_t i = 0; i < object->source_count; i++)
        if (object->sources[i].mode == SOURCE_DEFINES && text_casecmp(object->sources[i].cmdlet, cmdlet) == 0)
            return (int)i;
    return -1;
}

static size_t sources_of(const struct object_type *const *objects)
{
    size_t count = 0;

    for (size_t i = 0; objects[i]; i++)
        count += objects[i]->source_count;
    return count;
}

static void plan_object(struct fetch *fetch, const struct object_type *object, unsigned what, unsigned role)
{
    size_t first = fetch->count;

    for (size_t i = 0; i < object->source_count; i++)
        if (called_for(&object->sources[i], what, role) && !object->sources[i].about == !fetch->about)
            ask_init(fetch, object, (int)i, false);
    /* What answers by order needs the keys of the rows in front of it, asked for or not. */
    for (size_t i = first, end = fetch->count; i < end; i++) {
        const struct source *row = fetch->asks[i].row;
        int defining = -1;

        if (row->mode != SOURCE_BY_ORDER || ask_of(fetch, object, SOURCE_DEFINES, row->pipe_from))
            continue;
        defining = defining_source(object, row->pipe_from);
        if (defining >= 0)
            ask_init(fetch, object, defining, true);
    }
    for (size_t i = first; i < fetch->count; i++) {
        struct ask *ask = &fetch->asks[i];
        if (ask->row->mode == SOURCE_BY_ORDER)
            ask->defines = ask_of(fetch, object, SOURCE_DEFINES, ask->row->pipe_from);
        else if (ask->row->mode == SOURCE_ADDS)
            ask->defines = ask_of(fetch, object, SOURCE_DEFINES, NULL);
        assert(ask->defines || ask->row->mode != SOURCE_BY_ORDER); /* the catalogue names a cmdlet that lists the rows */
        if (ask->defines && ask->row->mode == SOURCE_BY_ORDER)
            ask->defines->wants_keys = true;
    }
}

static struct fetch *fetch_new(struct host *host, const char *server_name, int64_t call_timeout_ms, const struct fetch_sink *sink,
                               void *ctx)
{
    struct fetch *fetch = x_alloc(sizeof(*fetch));

    fetch->host = host;
    fetch->name = x_strdup(server_name);
    fetch->timeout_ms = call_timeout_ms;
    fetch->sink = *sink;
    fetch->ctx = ctx;
    return fetch;
}

static struct fetch *ask_all(struct fetch *fetch, const struct object_type *const *objects, unsigned what, unsigned role)
{
    fetch->asks = x_calloc(2 * sources_of(objects) + 1, sizeof(*fetch->asks));
    for (size_t i = 0; objects[i]; i++)
        plan_object(fetch, objects[i], what, role);
    fetch->open = fetch->count;
    fetch_check_end(fetch);
    for (size_t i = 0; i < fetch->count; i++)
        ask_call(&fetch->asks[i]);
    return fetch;
}

struct fetch *fetch_start(struct host *host, const char *server_name, unsigned what, unsigned role, int64_t call_timeout_ms,
                          const struct fetch_sink *sink, void *ctx)
{
    return ask_all(fetch_new(host, server_name, call_timeout_ms, sink, ctx), catalog_objects, what, role);
}

struct fetch *fetch_on_demand(struct host *host, const char *server_name, unsigned role, const char *about, int64_t call_timeout_ms,
                              const struct fetch_sink *sink, void *ctx)
{
    struct fetch *fetch = fetch_new(host, server_name, call_timeout_ms, sink, ctx);

    fetch->about = about ? x_strdup(about) : NULL;
    return ask_all(fetch, catalog_on_demand, ~0u, role);
}

static void ask_done(struct ask *ask)
{
    groups_done(ask, false);
    for (size_t i = 0; i < ask->named_count; i++)
        free(ask->named[i]);
    free(ask->named);
    batch_free(ask->filling);
    batches_free(ask->held);
    row_plan_done(&ask->plan);
    free(ask->keys.values);
    arena_done(&ask->keys.mem);
}

static void fetch_free(struct fetch *fetch)
{
    loop_timer_stop(&fetch->end);
    for (size_t i = 0; i < fetch->count; i++)
        ask_done(&fetch->asks[i]);
    free(fetch->asks);
    free(fetch->about);
    free(fetch->name);
    free(fetch);
}

void fetch_cancel(struct fetch *fetch)
{
    if (!fetch)
        return;
    for (size_t i = 0; i < fetch->count; i++) {
        if (fetch->asks[i].call)
            host_forget(fetch->host, fetch->asks[i].call);
        groups_done(&fetch->asks[i], true);
    }
    fetch_free(fetch);
}
