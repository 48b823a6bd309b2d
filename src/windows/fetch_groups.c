/* fetch_groups.c - BY_ORDER answers that could not be told apart when all were asked in one pipeline: one was missing, or an error came.
 *
 * Asked again for some rows at a time, named by their keys: `Get-Scope -ScopeId a, b, c | Get-Setting`. A group that comes out even is
 * good; of the others halves are asked, down to single rows. So one bad row among a thousand costs some twenty calls, not a thousand. */
#include <stdlib.h>
#include <string.h>

#include "fetch_int.h"
#include "ipamtui/log.h"

enum { GROUP_ROWS = 64, GROUPS_AT_ONCE = 4, GROUPS_FAILED_MAX = 20 };

struct group_range {
    size_t from, count; /* of the keys */
};
struct group {
    struct ask *ask;
    struct group_range range;
    host_call_id call;
    struct batch *batch;
    size_t objects;
    bool refused;
    struct group *next;
};

static void groups_more(struct ask *ask);

static void push_range(struct ask *ask, size_t from, size_t count)
{
    x_grow(&ask->ranges, &ask->range_cap, ask->range_count + 1, sizeof(*ask->ranges));
    ask->ranges[ask->range_count++] = (struct group_range){ from, count };
}

/* ------------------------------------------------------------------ answers */
static void on_output(void *ctx, const struct ps_value *value)
{
    struct group *group = ctx;
    struct ask *ask = group->ask;
    struct batch *batch = group->batch;
    struct value *row = batch->values + batch->rows * ask->object->property_count;
    struct err err = { 0 };

    if ((value->type == PS_NULL && !value->object) || ++group->objects > group->range.count)
        return;
    if (row_plan_read(&ask->plan, value, &batch->mem, row, &err)) {
        keys_put(&ask->defines->keys, group->range.from + batch->rows++, row);
    } else if (group->range.count == 1) {
        ask->objects++;
        if (ask->unreadable++ == 0)
            ask->bad = err;
    }
}

/* Of a row that is gone since the list was made nothing is wanted any more. */
static void row_failed(struct ask *ask, const struct ps_error *error, bool lost)
{
    if (!lost && error_not_found(error))
        return;
    ask->groups_failed++;
    ask_note_error(ask, error, lost);
}

static void on_error(void *ctx, const struct ps_error *error)
{
    struct group *group = ctx;

    group->refused = true;
    if (group->range.count == 1)
        row_failed(group->ask, error, false);
}

static bool give_up(const struct ask *ask)
{
    return ask->result == FETCH_LOST || ask->result == FETCH_DENIED || ask->result == FETCH_NOT_OFFERED ||
           ask->groups_failed >= GROUPS_FAILED_MAX;
}

static void settle(struct group *group, enum ps_end end, const struct ps_error *why)
{
    struct ask *ask = group->ask;
    size_t from = group->range.from, count = group->range.count;

    if (end == PS_COMPLETED && !group->refused && group->objects == count && group->batch->rows == count) {
        ask->objects += count;
        batch_deliver(ask, group->batch);
    } else if (count == 1 || end == PS_LOST) {
        if (end != PS_COMPLETED)
            row_failed(ask, why, end == PS_LOST);
    } else {
        /* A call that does not end takes its time: not for ever. */
        if (host_call_stopped(end, why) && ++ask->groups_failed >= GROUPS_FAILED_MAX)
            ask_note_error(ask, why, false);
        push_range(ask, from + count / 2, count - count / 2);
        push_range(ask, from, count / 2);
    }
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct group *group = ctx;
    struct ask *ask = group->ask;
    struct group **at = &ask->groups;

    settle(group, end, why);
    while (*at && *at != group)
        at = &(*at)->next;
    if (*at)
        *at = group->next;
    batch_free(group->batch);
    free(group);
    ask->groups_running--;
    groups_more(ask);
    if (ask->groups_running == 0 && ask->state == ASK_GROUPS) {
        ask_finish(ask);
        fetch_check_end(ask->fetch);
    }
}

/* ------------------------------------------------------------------ questions */
#define CONTINUE ((struct ps_param){ .name = "ErrorAction", .value = PS_S("Continue") })

/* One row: its own cmdlet with all keys. */
static void ask_row(struct group *group, struct arena *mem)
{
    static const struct ps_call_events events = { .output = on_output, .error = on_error, .done = on_done };
    struct ask *ask = group->ask;
    const struct key_list *keys = &ask->defines->keys;
    struct ps_param params[KEYS_MAX + 1];
    struct ps_command command = { .name = ask->row->cmdlet, .params = params };
    struct ps_call call = { .commands = &command, .command_count = 1 };

    for (int i = 0; i < keys->width; i++) {
        const struct property *p = &ask->object->properties[keys->property[i]];

        params[command.param_count++] = (struct ps_param){
            .name = p->read.property,
            .value = fetch_argument(p, keys->values[group->range.from * (size_t)keys->width + (size_t)i], mem),
        };
    }
    params[command.param_count++] = CONTINUE;
    group->call = host_invoke(ask->fetch->host, &call, ask->fetch->timeout_ms, &events, group);
}

/* Several: the cmdlet in front takes a list of keys, and answers in its order. */
static void ask_rows(struct group *group, struct arena *mem)
{
    static const struct ps_call_events events = { .output = on_output, .error = on_error, .done = on_done };
    struct ask *ask = group->ask;
    const struct key_list *keys = &ask->defines->keys;
    const struct property *key = &ask->object->properties[keys->property[0]];
    struct ps_value *items = arena_alloc(mem, group->range.count * sizeof(*items));
    struct ps_param front[2] = { { .name = key->read.property }, CONTINUE }, rest[1] = { CONTINUE };
    struct ps_command commands[] = { { .name = ask->row->pipe_from, .params = front, .param_count = COUNT(front) },
                                     { .name = ask->row->cmdlet, .params = rest, .param_count = COUNT(rest) } };
    struct ps_call call = { .commands = commands, .command_count = COUNT(commands) };

    for (size_t i = 0; i < group->range.count; i++)
        items[i] = fetch_argument(key, keys->values[group->range.from + i], mem);
    front[0].value = (struct ps_value){ .type = PS_LIST, .items = items, .len = group->range.count };
    group->call = host_invoke(ask->fetch->host, &call, ask->fetch->timeout_ms, &events, group);
}

static void group_ask(struct ask *ask, struct group_range range)
{
    struct group *group = x_alloc(sizeof(*group));
    struct arena mem = { 0 };

    *group = (struct group){ .ask = ask, .range = range, .next = ask->groups };
    group->batch = batch_new(range.count, ask->object->property_count);
    ask->groups = group;
    ask->groups_running++;
    if (range.count == 1)
        ask_row(group, &mem);
    else
        ask_rows(group, &mem);
    arena_done(&mem);
}

static void groups_more(struct ask *ask)
{
    while (ask->groups_running < GROUPS_AT_ONCE && ask->range_count > 0 && !give_up(ask))
        group_ask(ask, ask->ranges[--ask->range_count]);
}

void groups_start(struct ask *ask)
{
    size_t count = ask->defines->keys.count, rows = ask->defines->keys.width == 1 ? GROUP_ROWS : 1;

    ask->state = ASK_GROUPS;
    if (log_on())
        log_line(ask->fetch->name, "%s: asked again for %zu rows, %zu at a time", ask->row->cmdlet, count, rows);
    for (size_t end = count; end > 0;) { /* the first ones are asked first */
        size_t from = (end - 1) / rows * rows;

        push_range(ask, from, end - from);
        end = from;
    }
    groups_more(ask);
    if (ask->groups_running == 0)
        ask_finish(ask);
}

void groups_done(struct ask *ask, bool forget)
{
    while (ask->groups) {
        struct group *group = ask->groups;

        ask->groups = group->next;
        if (forget)
            host_forget(ask->fetch->host, group->call);
        batch_free(group->batch);
        free(group);
    }
    free(ask->ranges);
    ask->ranges = NULL;
    ask->range_count = ask->range_cap = 0;
}
