/* pipeline.c - one pipeline of a served session: CREATE_PIPELINE to PIPELINE_STATE. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "serve.h"

/* ------------------------------------------------------------------ life */

struct pipeline *pipeline_new(struct session *s, const struct guid *guid)
{
    struct pipeline *p = x_alloc(sizeof *p);

    *p = (struct pipeline){ .session = s, .guid = *guid };
    x_grow(&s->pipelines, &s->pipeline_cap, s->pipeline_count + 1, sizeof(struct pipeline *));
    s->pipelines[s->pipeline_count++] = p;
    return p;
}

struct pipeline *pipeline_find(const struct session *s, const struct guid *guid)
{
    for (size_t i = 0; i < s->pipeline_count; i++)
        if (guid_equal(&s->pipelines[i]->guid, guid))
            return s->pipelines[i];
    return NULL;
}

static void run_next(struct session *s);

void pipeline_free(struct pipeline *p)
{
    struct session *s = p->session;

    for (size_t i = 0; i < s->pipeline_count; i++) {
        if (s->pipelines[i] != p)
            continue;
        memmove(&s->pipelines[i], &s->pipelines[i + 1],
                (s->pipeline_count - i - 1) * sizeof(struct pipeline *));
        s->pipeline_count--;
        break;
    }
    if (p->state == PIPE_RUNNING)
        s->running--;
    loop_timer_stop(&p->timer);
    defragmenter_done(&p->in);
    arena_done(&p->mem);
    free(p->input.items);
    free(p);
}

static void send_state(struct pipeline *p, int state, const struct sim_error *error)
{
    struct buf body = { 0 };

    answer_state(&body, state, error);
    session_send(p->session, MSG_PIPELINE_STATE, &p->session->pool, p, &body);
    buf_done(&body);
}

static void end_pipeline(struct pipeline *p, int state, const struct sim_error *error)
{
    bool was_running = p->state == PIPE_RUNNING;

    p->state = PIPE_ENDED;
    p->endless = false;
    loop_timer_stop(&p->timer);
    send_state(p, state, error);
    if (was_running) {
        p->session->running--;
        run_next(p->session);
    }
}

void pipeline_stop(struct pipeline *p)
{
    static const struct sim_error stopped = { .id = "PipelineStopped",
                                              .category = 14,
                                              .reason = "PipelineStoppedException",
                                              .message = "The pipeline has been stopped.",
                                              .target = "",
                                              .target_type = "",
                                              .command = "" };

    if (p->state == PIPE_RUNNING)
        end_pipeline(p, 3, &stopped);
    else if (p->state == PIPE_QUEUED || p->state == PIPE_INPUT)
        end_pipeline(p, 3, NULL); /* before it began there is no error in it */
}

/* ------------------------------------------------------------------ answers */

static void send_progress(struct session *s, struct pipeline *p)
{
    struct buf body = { 0 };

    buf_adds(
        &body,
        "<Obj RefId=\"0\"><MS><S N=\"Activity\">Preparing modules for first use.</S><I32 "
        "N=\"ActivityId\">0</I32>"
        "<S N=\"StatusDescription\">Completed</S><S N=\"CurrentOperation\"></S><I32 "
        "N=\"ParentActivityId\">-1</I32>"
        "<I32 N=\"PercentComplete\">-1</I32><Obj N=\"Type\" RefId=\"1\"><TN RefId=\"0\">"
        "<T>System.Management.Automation.ProgressRecordType</T><T>System.Enum</T><T>System.ValueType</"
        "T><T>System.Object</T></TN>"
        "<ToString>Completed</ToString><I32>1</I32></Obj><I32 N=\"SecondsRemaining\">-1</I32></MS></Obj>");
    session_send(s, MSG_PROGRESS_RECORD, &s->pool, p, &body);
    buf_done(&body);
    s->prepared = true;
}

/* Is it the first record of its class in these items? (For the schema that comes with the first object.) */
static bool first_of_class(const struct sim_items *items, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (items->items[i].kind == ITEM_RECORD && items->items[i].record.object &&
            items->items[i].record.object->class == items->items[at].record.object->class)
            return false;
    return true;
}

static void send_item(struct pipeline *p, const struct sim_items *items, size_t at, enum sim_shape shape,
                      struct buf *body)
{
    struct session *s = p->session;
    const struct sim_item *item = &items->items[at];
    bool first = shape == SHAPE_METADATA && item->kind == ITEM_RECORD && item->record.object &&
                 first_of_class(items, at);

    buf_clear(body);
    if (item->kind == ITEM_ERROR) {
        answer_error(body, NULL, &item->error, 0);
        session_send(s, MSG_ERROR_RECORD, &s->pool, p, body);
    } else {
        answer_record(body, &item->record, shape, first, s->server.name);
        session_send(s, MSG_PIPELINE_OUTPUT, &s->pool, p, body);
    }
}

static void run_pipeline(struct pipeline *p)
{
    struct session *s = p->session;
    struct sim_items items = { 0 };
    struct sim_error error = { 0 };
    struct err err = { 0 };
    struct buf body = { 0 };

    if (!sim_server_refresh(&s->server, &err))
        session_violation(s, err.text);
    bool completed = sim_pipeline(&s->server, p->commands, p->command_count, p->has_input ? &p->input : NULL,
                                  &p->mem, &items, &error);
    if (!s->prepared)
        send_progress(s, p);
    for (size_t i = 0; i < items.count; i++)
        send_item(p, &items, i, sim_shape_of(&s->server), &body);
    buf_done(&body);
    free(items.items);
    end_pipeline(p, completed ? 4 : 5, completed ? NULL : &error);
}

/* The turn that a timer began ends as one that input began. */
static void on_latency(void *ctx)
{
    struct pipeline *p = ctx;
    struct session *s = p->session;

    if (!fault_instead(p))
        run_pipeline(p);
    session_flush(s);
}

static void start(struct pipeline *p)
{
    struct session *s = p->session;
    int64_t delay = (int64_t)sim_number(sim_host(&s->server), "LatencyMs");
    struct err err = { 0 };

    p->state = PIPE_RUNNING;
    s->running++;
    s->calls++;
    sim_server_refresh(&s->server, &err);
    sim_log_call(&s->server, p->commands, p->command_count);
    if (fault_is(s, "slow"))
        delay += atoll(fault_argument(s));
    loop_timer_in(s->loop, &p->timer, delay, on_latency, p);
}

static void run_next(struct session *s)
{
    for (size_t i = 0; i < s->pipeline_count && s->running < s->max_runspaces; i++)
        if (s->pipelines[i]->state == PIPE_QUEUED)
            start(s->pipelines[i]);
}

static void ready(struct pipeline *p)
{
    p->state = PIPE_QUEUED;
    run_next(p->session);
}

/* ------------------------------------------------------------------ CREATE_PIPELINE */

static bool has_all(const struct ps_value *value, const char *const *names)
{
    for (; *names; names++)
        if (!ps_get(value, *names))
            return false;
    return true;
}

static bool read_args(struct pipeline *p, const struct ps_value *args, struct sim_command *command)
{
    struct sim_sent *sent = arena_alloc(&p->mem, (args->len + 1) * sizeof *sent);

    for (size_t i = 0; i < args->len; i++) {
        const struct ps_value *name = ps_get(&args->items[i], "N"), *value = ps_get(&args->items[i], "V");
        if (!name || !value)
            return false;
        sent[i] = (struct sim_sent){ .name = name->type == PS_STRING ? name->s : NULL, .value = value };
    }
    command->sent = sent;
    command->sent_count = args->len;
    return true;
}

static bool read_command(struct pipeline *p, const struct ps_value *from, struct sim_command *out,
                         bool *script)
{
    static const char *const needed[] = { "Cmd",           "IsScript",
                                          "UseLocalScope", "MergeMyResult",
                                          "MergeToResult", "MergePreviousResults",
                                          "Args",          NULL };
    const struct ps_value *args = ps_get(from, "Args");

    if (!has_all(from, needed) || args->type != PS_LIST || ps_get(from, "Cmd")->type != PS_STRING)
        return false;
    out->name = ps_get(from, "Cmd")->s;
    bool is_script = true;
    if (!ps_bool(ps_get(from, "IsScript"), &is_script))
        return false;
    *script = *script || is_script;
    return read_args(p, args, out);
}

/* false: met with silence, as the engine does. */
static bool read_pipeline(struct pipeline *p, const struct ps_value *body, bool *script)
{
    static const char *const needed[] = { "NoInput",
                                          "ApartmentState",
                                          "RemoteStreamOptions",
                                          "AddToHistory",
                                          "HostInfo",
                                          "PowerShell",
                                          "IsNested",
                                          NULL };
    static const char *const inner[] = { "Cmds", "IsNested", "History", "RedirectShellErrorOutputPipe",
                                         NULL };
    bool no_input = true;

    if (!has_all(body, needed) || !has_all(ps_get(body, "PowerShell"), inner) ||
        !ps_bool(ps_get(body, "NoInput"), &no_input))
        return false;
    const struct ps_value *commands = ps_get(ps_get(body, "PowerShell"), "Cmds");
    if (commands->type != PS_LIST || commands->len == 0)
        return false;
    p->has_input = !no_input;
    p->command_count = commands->len;
    p->commands = arena_alloc(&p->mem, commands->len * sizeof *p->commands);
    for (size_t i = 0; i < commands->len; i++)
        if (!read_command(p, &commands->items[i], &p->commands[i], script))
            return false;
    return true;
}

/* As an endpoint in NoLanguage mode: commands only. */
static void refuse_script(struct pipeline *p)
{
    static const struct sim_error refused = {
        .id = "ScriptsNotAllowed",
        .category = 0,
        .reason = "RemoteException",
        .message = "The syntax is not supported by this runspace. This can occur if the runspace is in "
                   "no-language mode.",
        .target = "",
        .target_type = "",
        .command = ""
    };

    end_pipeline(p, 5, &refused);
}

static void create(struct pipeline *p, const struct message *message)
{
    struct session *s = p->session;
    struct ps_value body;
    struct err err = { 0 };
    bool script = false;

    if (!guid_equal(&message->pool, &s->pool)) { /* a wrong RPID closes the pool */
        session_pool_state(s, 4);
        session_pool_state(s, 3);
        s->opened = false;
        return;
    }
    p->mem.limit = 64 << 20;
    if (!clixml_read(s->reader, message->body, message->body_len, &p->mem, &body, &err))
        return session_violation(s, err.text);
    if (!read_pipeline(p, &body, &script))
        return session_violation(s, "CREATE_PIPELINE lacks a property");
    if (script)
        refuse_script(p);
    else if (p->has_input)
        p->state = PIPE_INPUT;
    else
        ready(p);
}

static void add_input(struct pipeline *p, const struct message *message)
{
    struct ps_value value;
    struct err err = { 0 };

    if (!clixml_read(p->session->reader, message->body, message->body_len, &p->mem, &value, &err))
        return session_violation(p->session, err.text);
    x_grow(&p->input.items, &p->input.cap, p->input.count + 1, sizeof *p->input.items);
    const char *text = ps_text(&value, &p->mem);
    p->input.items[p->input.count++] =
        (struct sim_item){ .kind = ITEM_RECORD, .record.text = text ? text : "" };
}

void pipeline_message(struct pipeline *p, const struct message *message)
{
    bool ours = message->destination == 2 && guid_equal(&message->pipeline, &p->guid);

    if (!ours)
        session_violation(p->session, "a message with another pipeline's id");
    else if (message->type == MSG_CREATE_PIPELINE && p->state == PIPE_MADE && p->session->opened)
        create(p, message);
    else if (message->type == MSG_PIPELINE_INPUT && p->state == PIPE_INPUT)
        add_input(p, message);
    else if (message->type == MSG_END_OF_PIPELINE_INPUT && p->state == PIPE_INPUT)
        ready(p);
    else if (p->state != PIPE_ENDED)
        session_violation(p->session, "a message that does not fit the pipeline's state");
}

/* ------------------------------------------------------------------ what never ends */

void pipelines_pump(struct session *s)
{
    struct buf body = { 0 };

    buf_adds(&body, "<S>and one more</S>");
    for (size_t i = 0; i < s->pipeline_count; i++)
        for (int n = 0; s->pipelines[i]->endless && n < 200; n++)
            session_send(s, MSG_PIPELINE_OUTPUT, &s->pool, s->pipelines[i], &body);
    buf_done(&body);
}
