/* psrp_bench.h - the PSRP client on a bench: its peer is played by the test, packet by packet. After cmocka.h. */
#ifndef IPAM_TEST_PSRP_BENCH_H
#define IPAM_TEST_PSRP_BENCH_H

#include "ipamtui/psrp.h"
#include "psrp_capture.h"

#define CAPABILITY "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.3</Version><Version N=\"PSVersion\">2.0</Version>" \
                   "<Version N=\"SerializationVersion\">1.1.0.1</Version></MS></Obj>"
#define OPENED "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">2</I32></MS></Obj>"
#define STATE(n) "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">" #n "</I32></MS></Obj>"

/* A client and all that happened to it, as text: "opened", "out 1 x", "done 1 completed", "sent Command 1" ... */
struct bench {
    struct psrp *psrp;
    struct buf log;
    struct guid guids[8]; /* of pipelines, in the order of their Command */
    int count;
    uint64_t object;
    size_t outputs;
    struct arena arena;
    struct callbacks {
        struct bench *bench;
        int number;
        int stop_after; /* outputs, then psrp_stop() from within the callback */
        int then_close; /* psrp_close() from within done() */
        psrp_call_id id;
    } calls[8];
};

static inline void on_opened(void *ctx)
{
    struct bench *b = ctx;
    buf_adds(&b->log, "opened\n");
}

static inline void on_closed(void *ctx)
{
    struct bench *b = ctx;
    buf_adds(&b->log, "closed\n");
}

static inline void on_broken(void *ctx, const struct err *err)
{
    struct bench *b = ctx;
    buf_addf(&b->log, "broken %s: %s\n", err->where, err->text);
}

static inline void on_output(void *ctx, const struct ps_value *value)
{
    struct callbacks *c = ctx;

    c->bench->outputs++;
    buf_addf(&c->bench->log, "out %d %s\n", c->number, ps_text(value, &c->bench->arena));
    if (c->stop_after && --c->stop_after == 0)
        psrp_stop(c->bench->psrp, c->id);
}

static inline void on_error(void *ctx, const struct ps_error *e)
{
    struct callbacks *c = ctx;
    buf_addf(&c->bench->log, "error %d %s", c->number, e->message);
    if (*e->id)
        buf_addf(&c->bench->log, " (%s, %s, %s, about %s, by %s)", e->id, ps_category_name(e->category), e->reason, e->target,
                 e->activity);
    buf_addc(&c->bench->log, '\n');
}

static inline void on_record(void *ctx, enum ps_stream stream, const char *text)
{
    struct callbacks *c = ctx;
    buf_addf(&c->bench->log, "record %d %s\n", stream, text);
}

static inline void on_progress(void *ctx, const struct ps_progress *p)
{
    struct callbacks *c = ctx;
    buf_addf(&c->bench->log, "progress %s|%s|%s|%d\n", p->activity, p->status, p->operation, p->percent);
}

static inline void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    static const char *const names[] = { "completed", "stopped", "failed", "lost" };
    struct callbacks *c = ctx;

    buf_addf(&c->bench->log, "done %d %s%s%s\n", c->number, names[end], why ? ": " : "", why ? why->message : "");
    if (c->then_close)
        psrp_close(c->bench->psrp);
}

static const struct ps_call_events call_events = { .output = on_output, .error = on_error, .record = on_record, .progress = on_progress,
                                                   .done = on_done };

/* Adds what the client sent since the last time to the log, so after what it reported; its GUIDs become numbers. */
static inline void drain(struct bench *b)
{
    struct buf *out = psrp_out(b->psrp);
    static const char *const names[] = { "?", "Data", "DataAck", "Command", "CommandAck", "Signal", "SignalAck", "Close",
                                         "CloseAck" };
    const char *end;

    while ((end = memchr(buf_at(out), '\n', out->len)) != NULL) {
        struct packet p = packet_parse(buf_at(out), (size_t)(end - buf_at(out)));
        int n = 0;
        if (p.kind == PACKET_COMMAND)
            b->guids[b->count++] = p.guid;
        while (n < b->count && !guid_equal(&b->guids[n], &p.guid))
            n++;
        buf_addf(&b->log, "sent %s %d%s\n", names[p.kind], guid_is_zero(&p.guid) ? 0 : n + 1,
                 p.prompt_response ? " prompt" : "");
        buf_take(out, (size_t)(end - buf_at(out)) + 1);
    }
}

/* What the client sends first is still in psrp_out(). */
static inline struct bench *bench_raw(int runspaces, const struct psrp_limits *limits)
{
    static const struct psrp_events events = { on_opened, on_closed, on_broken };
    struct bench *b = x_alloc(sizeof *b);

    b->psrp = psrp_new("host1", runspaces, limits, &events, b);
    return b;
}

static inline struct bench *bench_new(int runspaces, const struct psrp_limits *limits)
{
    struct bench *b = bench_raw(runspaces, limits);

    drain(b);
    buf_clear(&b->log);
    return b;
}

static inline void bench_free(struct bench *b)
{
    psrp_free(b->psrp);
    buf_done(&b->log);
    arena_done(&b->arena);
    free(b);
}

/* The log since the last look. */
static inline void expect(struct bench *b, const char *want)
{
    drain(b);
    if (strcmp(buf_at(&b->log), want) != 0)
        fail_msg("happened:\n%swanted:\n%s", buf_at(&b->log), want);
    buf_clear(&b->log);
}

static inline bool feed(struct bench *b, const char *bytes)
{
    return psrp_feed(b->psrp, bytes, strlen(bytes), NULL);
}

static inline void guid_of(struct bench *b, int pipeline, struct guid *out)
{
    *out = (struct guid){ 0 };
    if (pipeline)
        *out = b->guids[pipeline - 1];
}

static inline void ack(struct bench *b, enum packet_kind kind, int pipeline)
{
    struct buf line = { 0 };
    struct guid guid;

    guid_of(b, pipeline, &guid);
    packet_write(&line, kind, &guid);
    psrp_feed(b->psrp, buf_at(&line), line.len, NULL);
    buf_done(&line);
}

/* One message as a line of text, without line end. */
static inline char *message_line(struct bench *b, int pipeline, uint32_t type, const char *body)
{
    struct message message = { .destination = 1, .type = type, .body = body, .body_len = strlen(body) };
    struct buf bytes = { 0 }, fragment = { 0 }, line = { 0 };

    guid_of(b, pipeline, &message.pipeline);
    message_write(&bytes, &message);
    fragment_write(&fragment, ++b->object, 0, buf_at(&bytes), bytes.len, 0);
    packet_write_data(&line, &message.pipeline, false, buf_at(&fragment), fragment.len);
    buf_done(&bytes);
    buf_done(&fragment);
    char *text = buf_steal(&line);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static inline bool say(struct bench *b, int pipeline, uint32_t type, const char *body)
{
    char *line = message_line(b, pipeline, type, body);
    bool ok = feed(b, line) && feed(b, "\r\n");

    free(line);
    return ok;
}

static inline void open_session(struct bench *b)
{
    say(b, 0, MSG_SESSION_CAPABILITY, CAPABILITY);
    say(b, 0, MSG_RUNSPACEPOOL_STATE, OPENED);
    ack(b, PACKET_DATA_ACK, 0);
    expect(b, "opened\n");
    assert_true(psrp_is_open(b->psrp));
}

static inline struct callbacks *call_text(struct bench *b, const char *text, bool has_input)
{
    struct ps_command command = { .name = text, .is_script = true };
    struct ps_call call = { .commands = &command, .command_count = 1, .has_input = has_input };
    int n = 0;

    while (b->calls[n].bench)
        n++;
    b->calls[n] = (struct callbacks){ .bench = b, .number = n + 1 };
    b->calls[n].id = psrp_invoke(b->psrp, &call, &call_events, &b->calls[n]);
    return &b->calls[n];
}

static inline struct callbacks *call(struct bench *b)
{
    return call_text(b, "1", false);
}

/* A session that is open, and so many calls made in it. */
static inline struct bench *bench_open(int runspaces, int calls)
{
    struct bench *b = bench_new(runspaces, NULL);

    open_session(b);
    for (int i = 0; i < calls; i++)
        call(b);
    return b;
}

/* Up to where the host runs pipeline n. */
static inline void begin(struct bench *b, int n)
{
    drain(b);
    ack(b, PACKET_COMMAND_ACK, n);
    ack(b, PACKET_DATA_ACK, n);
    drain(b);
    buf_clear(&b->log);
}

#endif
