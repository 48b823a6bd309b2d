/* The client against a host that is played here: what it may send when (psrp.md 1.5), calls that wait, stopping, host calls, and
 * streams that are no PowerShell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

static void on_opened(void *ctx)
{
    struct bench *b = ctx;
    buf_adds(&b->log, "opened\n");
}

static void on_closed(void *ctx)
{
    struct bench *b = ctx;
    buf_adds(&b->log, "closed\n");
}

static void on_broken(void *ctx, const struct err *err)
{
    struct bench *b = ctx;
    buf_addf(&b->log, "broken %s: %s\n", err->where, err->text);
}

static void on_output(void *ctx, const struct ps_value *value)
{
    struct callbacks *c = ctx;

    c->bench->outputs++;
    buf_addf(&c->bench->log, "out %d %s\n", c->number, ps_text(value, &c->bench->arena));
    if (c->stop_after && --c->stop_after == 0)
        psrp_stop(c->bench->psrp, c->id);
}

static void on_error(void *ctx, const struct ps_error *e)
{
    struct callbacks *c = ctx;
    buf_addf(&c->bench->log, "error %d %s", c->number, e->message);
    if (*e->id)
        buf_addf(&c->bench->log, " (%s, %s, %s, about %s, by %s)", e->id, ps_category_name(e->category), e->reason, e->target,
                 e->activity);
    buf_addc(&c->bench->log, '\n');
}

static void on_record(void *ctx, enum ps_stream stream, const char *text)
{
    struct callbacks *c = ctx;
    buf_addf(&c->bench->log, "record %d %s\n", stream, text);
}

static void on_progress(void *ctx, const struct ps_progress *p)
{
    struct callbacks *c = ctx;
    buf_addf(&c->bench->log, "progress %s|%s|%s|%d\n", p->activity, p->status, p->operation, p->percent);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
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
static void drain(struct bench *b)
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

static struct bench *bench_new(int runspaces, const struct psrp_limits *limits)
{
    static const struct psrp_events events = { on_opened, on_closed, on_broken };
    struct bench *b = x_alloc(sizeof *b);

    b->psrp = psrp_new("host1", runspaces, limits, &events, b);
    drain(b);
    buf_clear(&b->log);
    return b;
}

static void bench_free(struct bench *b)
{
    psrp_free(b->psrp);
    buf_done(&b->log);
    arena_done(&b->arena);
    free(b);
}

/* The log since the last look. */
static void expect(struct bench *b, const char *want)
{
    drain(b);
    if (strcmp(buf_at(&b->log), want) != 0)
        fail_msg("happened:\n%swanted:\n%s", buf_at(&b->log), want);
    buf_clear(&b->log);
}

static bool feed(struct bench *b, const char *bytes)
{
    return psrp_feed(b->psrp, bytes, strlen(bytes), NULL);
}

static void guid_of(struct bench *b, int pipeline, struct guid *out)
{
    *out = (struct guid){ 0 };
    if (pipeline)
        *out = b->guids[pipeline - 1];
}

static void ack(struct bench *b, enum packet_kind kind, int pipeline)
{
    struct buf line = { 0 };
    struct guid guid;

    guid_of(b, pipeline, &guid);
    packet_write(&line, kind, &guid);
    psrp_feed(b->psrp, buf_at(&line), line.len, NULL);
    buf_done(&line);
}

/* One message as a line of text, without line end. */
static char *message_line(struct bench *b, int pipeline, uint32_t type, const char *body)
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

static bool say(struct bench *b, int pipeline, uint32_t type, const char *body)
{
    char *line = message_line(b, pipeline, type, body);
    bool ok = feed(b, line) && feed(b, "\r\n");

    free(line);
    return ok;
}

static void open_session(struct bench *b)
{
    say(b, 0, MSG_SESSION_CAPABILITY, CAPABILITY);
    say(b, 0, MSG_RUNSPACEPOOL_STATE, OPENED);
    ack(b, PACKET_DATA_ACK, 0);
    expect(b, "opened\n");
    assert_true(psrp_is_open(b->psrp));
}

static struct callbacks *call_text(struct bench *b, const char *text, bool has_input)
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

static struct callbacks *call(struct bench *b)
{
    return call_text(b, "1", false);
}

/* Up to where the host runs pipeline n. */
static void begin(struct bench *b, int n)
{
    drain(b);
    ack(b, PACKET_COMMAND_ACK, n);
    ack(b, PACKET_DATA_ACK, n);
    drain(b);
    buf_clear(&b->log);
}

/* ------------------------------------------------------------------ the rules */

static void order_of_one_call(void **state)
{
    struct bench *b = bench_new(1, NULL);

    (void)state;
    call(b);
    expect(b, ""); /* not open yet: waits */
    say(b, 0, MSG_SESSION_CAPABILITY, CAPABILITY);
    say(b, 0, MSG_RUNSPACEPOOL_STATE, OPENED);
    expect(b, ""); /* the DataAck of the handshake is missing */
    ack(b, PACKET_DATA_ACK, 0);
    expect(b, "opened\nsent Command 1\n");
    ack(b, PACKET_DATA_ACK, 1); /* nobody asked */
    expect(b, "");
    ack(b, PACKET_COMMAND_ACK, 1);
    expect(b, "sent Data 1\n");
    say(b, 1, MSG_PIPELINE_OUTPUT, "<S>x</S>");
    say(b, 1, MSG_PIPELINE_STATE, STATE(4));
    expect(b, "out 1 x\ndone 1 completed\n"); /* its DataAck is still missing: no Close */
    ack(b, PACKET_DATA_ACK, 1);
    expect(b, "sent Close 1\n");
    ack(b, PACKET_DATA_ACK, 1);
    ack(b, PACKET_SIGNAL_ACK, 1);
    say(b, 1, MSG_PIPELINE_OUTPUT, "<S>late</S>");
    expect(b, "");
    assert_int_equal(psrp_calls_open(b->psrp), 1);
    ack(b, PACKET_CLOSE_ACK, 1);
    ack(b, PACKET_CLOSE_ACK, 1);
    say(b, 1, MSG_PIPELINE_OUTPUT, "<S>later</S>");
    expect(b, "");
    assert_int_equal(psrp_calls_open(b->psrp), 0);
    psrp_close(b->psrp);
    psrp_close(b->psrp);
    expect(b, "sent Close 0\n");
    say(b, 0, MSG_RUNSPACEPOOL_STATE, "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">3</I32></MS></Obj>");
    ack(b, PACKET_CLOSE_ACK, 0);
    expect(b, "closed\n");
    assert_true(feed(b, "anything\n"));
    psrp_eof(b->psrp, NULL);
    expect(b, "");
    assert_int_equal(call(b)->id, 0);
    bench_free(b);
}

/* A request of several fragments: each waits for its ack. */
static void long_request(void **state)
{
    struct bench *b = bench_new(1, NULL);
    char *text = x_alloc(100001);

    (void)state;
    open_session(b);
    memset(text, 'a', 100000);
    struct callbacks *c = call_text(b, text, false);
    expect(b, "sent Command 1\n");
    ack(b, PACKET_COMMAND_ACK, 1);
    expect(b, "sent Data 1\n");
    psrp_stop(b->psrp, c->id); /* what was begun is sent to its end first */
    for (int i = 0; i < 3; i++) {
        ack(b, PACKET_DATA_ACK, 1);
        expect(b, "sent Data 1\n");
    }
    ack(b, PACKET_DATA_ACK, 1);
    expect(b, "sent Signal 1\n");
    bench_free(b);
    free(text);
}

static void runspaces_and_queue(void **state)
{
    struct bench *b = bench_new(2, NULL);

    (void)state;
    open_session(b);
    for (int i = 0; i < 4; i++)
        call(b);
    expect(b, "sent Command 1\nsent Command 2\n");
    begin(b, 1);
    begin(b, 2);
    say(b, 2, MSG_PIPELINE_STATE, STATE(4));
    expect(b, "done 2 completed\nsent Close 2\nsent Command 3\n"); /* its runspace is free before its CloseAck */
    ack(b, PACKET_CLOSE_ACK, 2);
    expect(b, "");
    psrp_stop(b->psrp, b->calls[3].id); /* never begun */
    expect(b, "done 4 stopped: stopped\n");
    psrp_stop(b->psrp, b->calls[3].id);
    psrp_stop(b->psrp, 12345);
    expect(b, "");
    assert_int_equal(psrp_calls_open(b->psrp), 2);
    bench_free(b);
}

static void stopping(void **state)
{
    struct bench *b = bench_new(1, NULL);

    (void)state;
    open_session(b);
    struct callbacks *c = call(b);
    begin(b, 1);
    psrp_stop(b->psrp, c->id);
    psrp_stop(b->psrp, c->id);
    expect(b, "sent Signal 1\n");
    say(b, 1, MSG_PIPELINE_OUTPUT, "<S>still coming</S>");
    say(b, 1, MSG_PIPELINE_STATE, STATE(4)); /* it was faster */
    expect(b, "out 1 still coming\ndone 1 completed\n");
    ack(b, PACKET_SIGNAL_ACK, 1);
    expect(b, "sent Close 1\n");
    ack(b, PACKET_CLOSE_ACK, 1);

    /* a pipeline that the host never understood: acks, no state */
    c = call(b);
    begin(b, 2);
    psrp_stop(b->psrp, c->id);
    ack(b, PACKET_SIGNAL_ACK, 2);
    expect(b, "sent Signal 2\nsent Close 2\n");
    ack(b, PACKET_CLOSE_ACK, 2);
    expect(b, "done 2 stopped: stopped\n");

    /* before the CommandAck, from within a callback, and with the end of the session */
    c = call(b);
    psrp_stop(b->psrp, c->id);
    expect(b, "sent Command 3\n");
    ack(b, PACKET_COMMAND_ACK, 3);
    ack(b, PACKET_DATA_ACK, 3);
    expect(b, "sent Data 3\nsent Signal 3\n");
    say(b, 3, MSG_PIPELINE_STATE, STATE(3));
    ack(b, PACKET_SIGNAL_ACK, 3);
    ack(b, PACKET_CLOSE_ACK, 3);
    expect(b, "done 3 stopped: stopped\nsent Close 3\n");
    c = call(b);
    begin(b, 4);
    c->stop_after = 1;
    c->then_close = 1;
    say(b, 4, MSG_PIPELINE_OUTPUT, "<S>x</S>");
    expect(b, "out 4 x\nsent Signal 4\n");
    ack(b, PACKET_SIGNAL_ACK, 4);
    say(b, 4, MSG_PIPELINE_STATE, STATE(3));
    expect(b, "done 4 stopped: stopped\nsent Close 4\n");
    ack(b, PACKET_CLOSE_ACK, 4);
    expect(b, "sent Close 0\n");
    bench_free(b);
}

static void closing_with_calls(void **state)
{
    struct bench *b = bench_new(1, NULL);

    (void)state;
    open_session(b);
    call(b);
    call(b);
    begin(b, 1);
    psrp_close(b->psrp);
    expect(b, "done 2 stopped: stopped\nsent Signal 1\n");
    assert_int_equal(call(b)->id, 0);
    say(b, 1, MSG_PIPELINE_STATE, STATE(3));
    ack(b, PACKET_SIGNAL_ACK, 1);
    expect(b, "done 1 stopped: stopped\nsent Close 1\n");
    ack(b, PACKET_CLOSE_ACK, 1);
    expect(b, "sent Close 0\n");
    psrp_eof(b->psrp, NULL); /* the host went without CloseAck: closed all the same */
    expect(b, "closed\n");
    bench_free(b);
}

static void input(void **state)
{
    struct bench *b = bench_new(1, NULL);
    struct ps_value value = PS_S("x");

    (void)state;
    open_session(b);
    struct callbacks *c = call_text(b, "$input", true);
    assert_true(psrp_call_input(b->psrp, c->id, &value));
    assert_true(psrp_call_input(b->psrp, c->id, &value));
    assert_true(psrp_call_end_input(b->psrp, c->id));
    assert_false(psrp_call_input(b->psrp, c->id, &value));
    expect(b, "sent Command 1\n");
    ack(b, PACKET_COMMAND_ACK, 1);
    for (int i = 0; i < 4; i++) {
        expect(b, "sent Data 1\n");
        ack(b, PACKET_DATA_ACK, 1);
    }
    expect(b, "");
    say(b, 1, MSG_PIPELINE_STATE, STATE(4));
    ack(b, PACKET_CLOSE_ACK, 1);
    expect(b, "done 1 completed\nsent Close 1\n");

    c = call_text(b, "$input", true); /* ends before it has read all */
    for (int i = 0; i < 3; i++)
        psrp_call_input(b->psrp, c->id, &value);
    begin(b, 2);
    say(b, 2, MSG_PIPELINE_STATE, STATE(5));
    expect(b, "done 2 failed: failed without saying why\n");
    ack(b, PACKET_DATA_ACK, 2);
    expect(b, "sent Close 2\n");
    assert_false(psrp_call_input(b->psrp, c->id, &value));
    assert_false(psrp_call_input(b->psrp, 99, &value));
    bench_free(b);
}

#define HOST_CALL(id) "<Obj RefId=\"0\"><MS><I64 N=\"ci\">" id "</I64><Obj N=\"mi\" RefId=\"1\"><ToString>ReadLine</ToString>" \
                      "<I32>11</I32></Obj><Obj N=\"mp\" RefId=\"2\"><LST /></Obj></MS></Obj>"

static void host_calls(void **state)
{
    struct bench *b = bench_new(1, NULL);

    (void)state;
    open_session(b);
    call(b);
    begin(b, 1);
    say(b, 1, MSG_PIPELINE_HOST_CALL, HOST_CALL("-100")); /* waits for nothing */
    expect(b, "");
    say(b, 1, MSG_PIPELINE_HOST_CALL, HOST_CALL("1"));
    expect(b, "sent Data 1 prompt\n");
    say(b, 1, MSG_PIPELINE_HOST_CALL, HOST_CALL("2"));
    expect(b, ""); /* one Data at a time */
    ack(b, PACKET_DATA_ACK, 1);
    expect(b, "sent Data 1 prompt\n");
    ack(b, PACKET_DATA_ACK, 1);
    expect(b, "sent Signal 1\n");
    ack(b, PACKET_SIGNAL_ACK, 1);
    expect(b, "sent Close 1\n");
    say(b, 0, MSG_RUNSPACEPOOL_HOST_CALL, HOST_CALL("7"));
    expect(b, "sent Data 0 prompt\n");
    bench_free(b);
}

/* A host that asks on and on without taking an answer. */
static void flood_of_host_calls(void **state)
{
    struct bench *b = bench_new(1, NULL);

    (void)state;
    open_session(b);
    call(b);
    begin(b, 1);
    for (int i = 0; i < 1000; i++)
        say(b, 1, MSG_PIPELINE_HOST_CALL, HOST_CALL("1"));
    for (int i = 0; i < 17; i++) {
        expect(b, "sent Data 1 prompt\n");
        ack(b, PACKET_DATA_ACK, 1);
    }
    expect(b, "sent Signal 1\n");
    bench_free(b);
}

/* The refusal has the shape of an answer, with an error record instead of a result. */
static void host_call_refusal(void **state)
{
    struct bench *b = bench_new(1, NULL);
    struct buf bytes = { 0 };
    struct message message;
    struct ps_value value;
    struct clixml_reader *reader = clixml_reader_new(0);

    (void)state;
    open_session(b);
    say(b, 0, MSG_RUNSPACEPOOL_HOST_CALL, HOST_CALL("7"));
    struct buf *out = psrp_out(b->psrp);
    struct packet p = packet_parse(buf_at(out), out->len - 1);
    assert_true(base64_decode(p.base64, p.base64_len, &bytes));
    assert_true(message_parse(buf_at(&bytes) + 21, bytes.len - 21, &message, NULL));
    assert_int_equal(message.type, MSG_RUNSPACEPOOL_HOST_RESPONSE);
    assert_true(clixml_read(reader, message.body, message.body_len, &b->arena, &value, NULL));
    assert_int_equal(ps_get(&value, "ci")->i, 7);
    assert_true(ps_is(ps_get(&value, "mi"), "System.Management.Automation.Remoting.RemoteHostMethodId"));
    assert_int_equal(ps_get(&value, "mi")->i, 11);
    assert_string_equal(ps_get(&value, "me.FullyQualifiedErrorId")->s, "RemoteHostExecutionException");
    assert_null(ps_get(&value, "mr"));
    clixml_reader_free(reader);
    buf_done(&bytes);
    bench_free(b);
}

/* ------------------------------------------------------------- bad pipelines */

/* A message of one pipeline that cannot be read fails that pipeline; the others go on. */
static void unreadable_answer(void **state)
{
    static const struct { const char *body, *says; } cases[] = {
        { "<S>a", "not well-formed" },
        { "<!DOCTYPE x [<!ENTITY e \"e\">]><S>&e;</S>", "document type" },
        { "<Evil/>", "unknown element" },
        { "<I32>x</I32>", "<I32> \"x\" cannot be read" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench *b = bench_new(2, NULL);
        open_session(b);
        call(b);
        call(b);
        begin(b, 1);
        begin(b, 2);
        assert_true(say(b, 1, MSG_PIPELINE_OUTPUT, cases[i].body));
        drain(b);
        if (!strstr(buf_at(&b->log), "done 1 failed: the answer") || !strstr(buf_at(&b->log), cases[i].says) ||
            !strstr(buf_at(&b->log), "sent Signal 1\n"))
            fail_msg("%s: %s", cases[i].body, buf_at(&b->log));
        buf_clear(&b->log);
        say(b, 1, MSG_PIPELINE_OUTPUT, "<S>dropped</S>");
        say(b, 1, MSG_PIPELINE_STATE, STATE(3));
        ack(b, PACKET_SIGNAL_ACK, 1);
        say(b, 2, MSG_PIPELINE_OUTPUT, "<S>y</S>");
        say(b, 2, MSG_PIPELINE_STATE, STATE(4));
        expect(b, "out 2 y\ndone 2 completed\nsent Close 1\nsent Close 2\n"); /* nothing more of 1 */
        bench_free(b);
    }
}

static void depth_of_an_answer(void **state)
{
    struct psrp_limits limits = { .depth = 20 };
    struct bench *b = bench_new(1, &limits);
    struct buf body = { 0 };

    (void)state;
    open_session(b);
    call(b);
    begin(b, 1);
    for (int i = 0; i < 11; i++)
        buf_adds(&body, "<Obj><LST>");
    for (int i = 0; i < 11; i++)
        buf_adds(&body, "</LST></Obj>");
    say(b, 1, MSG_PIPELINE_OUTPUT, buf_at(&body));
    expect(b, "done 1 failed: the answer is nested deeper than 20 elements\nsent Signal 1\n");
    buf_done(&body);
    bench_free(b);
}

/* Memory does not grow with the number of objects. */
static void endless_output(void **state)
{
    struct bench *b = bench_new(1, NULL);

    (void)state;
    open_session(b);
    call(b);
    begin(b, 1);
    for (int i = 0; i < 20000; i++) {
        say(b, 1, MSG_PIPELINE_OUTPUT, "<Obj RefId=\"0\"><MS><S N=\"a\">some text for each of them</S></MS></Obj>");
        buf_clear(&b->log);
        arena_reset(&b->arena);
        assert_int_equal(psrp_out(b->psrp)->len, 0);
    }
    assert_int_equal(b->outputs, 20000);
    bench_free(b);
}

#define ERROR_TYPES "<TN RefId=\"0\"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>"

/* Records as Windows PowerShell 5.1 sends them, whole and with parts missing. */
static void records(void **state)
{
    static const struct { uint32_t type; const char *body, *log; } cases[] = {
        { MSG_ERROR_RECORD,
          "<Obj RefId=\"0\">" ERROR_TYPES "<ToString>short</ToString><MS><B N=\"writeErrorStream\">true</B>"
          "<Obj N=\"Exception\" RefId=\"1\"><TN RefId=\"1\"><T>Microsoft.Management.Infrastructure.CimException</T></TN><ToString>long</ToString>"
          "<Props><S N=\"Message\">Failed to get scope 10.9.0.0 on DHCP server S1.</S><S N=\"MessageId\">DHCP 20005</S></Props></Obj>"
          "<Obj N=\"TargetObject\" RefId=\"2\"><TN RefId=\"2\"><T>Microsoft.Management.Infrastructure.CimInstance#root/Microsoft/Windows/DHCP/PS_DhcpServerv4Scope</T>"
          "</TN><ToString>PS_DhcpServerv4Scope</ToString><Props><Nil N=\"PSComputerName\" /></Props></Obj>"
          "<S N=\"FullyQualifiedErrorId\">DHCP 20005,Get-DhcpServerv4Scope</S><I32 N=\"ErrorCategory_Category\">13</I32>"
          "<S N=\"ErrorCategory_Activity\">Get-DhcpServerv4Scope</S><S N=\"ErrorCategory_Reason\">CimException</S>"
          "<S N=\"ErrorCategory_TargetName\">10.9.0.0</S></MS></Obj>",
          "error 1 Failed to get scope 10.9.0.0 on DHCP server S1. (DHCP 20005,Get-DhcpServerv4Scope, ObjectNotFound, CimException, "
          "about 10.9.0.0, by Get-DhcpServerv4Scope)\n" },
        { MSG_ERROR_RECORD,
          "<Obj RefId=\"0\">" ERROR_TYPES "<MS><Nil N=\"TargetObject\" /><S N=\"ErrorDetails_Message\">preferred</S><S N=\"FullyQualifiedErrorId\">X</S>"
          "<I32 N=\"ErrorCategory_Category\">77</I32><S N=\"ErrorCategory_TargetName\">name</S></MS></Obj>",
          "error 1 preferred (X, NotSpecified, , about name, by )\n" },
        { MSG_ERROR_RECORD, "<Obj RefId=\"0\">" ERROR_TYPES "<ToString>only this</ToString></Obj>", "error 1 only this\n" },
        { MSG_ERROR_RECORD, "<S>a string</S>", "error 1 a string\n" },
        { MSG_ERROR_RECORD, "<Nil />", "error 1 \n" },
        { MSG_WARNING_RECORD, "<Obj RefId=\"0\"><ToString>t</ToString><MS><S N=\"InformationalRecord_Message\">m</S></MS></Obj>", "record 0 m\n" },
        { MSG_VERBOSE_RECORD, "<Obj RefId=\"0\"><ToString>t</ToString></Obj>", "record 1 t\n" },
        { MSG_DEBUG_RECORD, "<S>d</S>", "record 2 d\n" },
        { MSG_INFORMATION_RECORD,
          "<Obj RefId=\"0\"><MS><Obj N=\"MessageData\" RefId=\"1\"><TN RefId=\"0\"><T>System.Management.Automation.HostInformationMessage</T></TN><ToString>x</ToString>"
          "<Props><S N=\"Message\">hello</S><B N=\"NoNewLine\">false</B></Props></Obj></MS></Obj>", "record 3 hello\n" },
        { MSG_PROGRESS_RECORD,
          "<Obj RefId=\"0\"><MS><S N=\"Activity\">Preparing modules for first use.</S><I32 N=\"ActivityId\">0</I32><Nil N=\"StatusDescription\" />"
          "<Nil N=\"CurrentOperation\" /><I32 N=\"PercentComplete\">-1</I32></MS></Obj>", "progress Preparing modules for first use.|||-1\n" },
        { MSG_PROGRESS_RECORD, "<S>x</S>", "progress |||-1\n" },
        { MSG_PIPELINE_OUTPUT, "", "out 1 (null)\n" },
        { MSG_PIPELINE_STATE, STATE(1), "" }, /* Running: never seen, of no use */
        { MSG_PIPELINE_STATE, "<S>x</S>", "" },
        { 0x00041099, "<Whatever/>", "" },
    };
    struct bench *b = bench_new(1, NULL);

    (void)state;
    open_session(b);
    call(b);
    begin(b, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        say(b, 1, cases[i].type, cases[i].body);
        expect(b, cases[i].log);
    }
    bench_free(b);
    assert_string_equal(ps_category_name(0), "NotSpecified");
    assert_string_equal(ps_category_name(18), "PermissionDenied");
    assert_string_equal(ps_category_name(31), "NotEnabled");
    assert_string_equal(ps_category_name(32), "NotSpecified");
    assert_string_equal(ps_category_name(-1), "NotSpecified");
}

/* -------------------------------------------------------------- other streams */

static void repeat(struct buf *out, const char *text, size_t bytes)
{
    while (out->len < bytes)
        buf_adds(out, text);
}

/* Before the session is open: what comes, what is said. NULL: nothing is wrong yet. */
static void not_powershell(void **state)
{
    static const struct {
        const char *text;
        size_t repeat;      /* up to this many bytes */
        const char *eof;    /* NULL: the stream stays open; else it ends, with this on stderr */
        const char *says;
    } cases[] = {
        { "Welcome to the jungle!\r\n", 0, NULL, NULL },
        { "Welcome to the jungle!\r\n", 0, "", "not PowerShell remoting: first bytes were \"Welcome to the jungle!\"" },
        { "'powershell.exe' is not recognized", 0, "", "not PowerShell remoting: first bytes were \"'powershell.exe' is not recognized\"" },
        { "noise noise\n", 300000, NULL, "not PowerShell remoting: first bytes were \"noise noise\"" },
        { "no line end ", 300000, NULL, "not PowerShell remoting: first bytes were \"no line end no line end" },
        { "\x1b[2J\x1b]0;title\x07$ ", 300000, NULL, "not PowerShell remoting: first bytes were \"^[[2J^[]0;title^G$ " },
        { "\x16\x03\x01\xff\xfe", 0, "", "not PowerShell remoting: first bytes were" },
        { "HTTP/1.1 400 Bad Request\r\n\r\n", 0, "x", "first bytes were \"HTTP/1.1 400 Bad Request\"" },
        { "", 0, "", "PowerShell could not be started" },
        { "", 0, "bash: pwsh: command not found\n", "PowerShell could not be started: bash: pwsh: command not found" },
        { "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>", 0, "", "PowerShell could not be started" },
        { "\n\r\n\n", 0, NULL, NULL },
        { "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>!!!!</Data>\n", 0, NULL, "not base64" },
        { "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>AAAA</Data>\n", 0, "", "PowerShell ended while starting" },
        /* a fragment of 2 GB, and one with the object number 0 */
        { "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>AAAAAAAAAAEAAAAAAAAAAAOAAAAA</Data>\n", 0, NULL, "over the limit" },
        { "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>AAAAAAAAAAAAAAAAAAAAAAMAAAAA</Data>\n", 0, NULL, "object number 0" },
        /* a message shorter than its header */
        { "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>AAAAAAAAAAEAAAAAAAAAAAMAAAABQQ==</Data>\n", 0, NULL, "shorter than its header" },
        { "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>AAAA", 2000000, NULL, "longer than the limit" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t step = 1; step <= 65536; step *= 256) {
            if (step == 1 && cases[i].repeat)
                continue;
            struct bench *b = bench_new(1, NULL);
            struct buf bytes = { 0 };
            struct err err = { 0 };
            bool ok = true;
            call(b);
            buf_adds(&bytes, cases[i].text);
            repeat(&bytes, cases[i].text, cases[i].repeat);
            for (size_t at = 0; at < bytes.len; at += step)
                ok = psrp_feed(b->psrp, buf_at(&bytes) + at, MIN(step, bytes.len - at), &err);
            if (cases[i].eof)
                psrp_eof(b->psrp, cases[i].eof);
            drain(b);
            const char *broken = strstr(buf_at(&b->log), "broken host1: ");
            if (!broken != !cases[i].says || (broken && !strstr(broken, cases[i].says)) ||
                (broken && strncmp(buf_at(&b->log), "done 1 lost: ", 13) != 0) || (ok && broken && !cases[i].eof))
                fail_msg("case %zu, step %zu: %s", i, step, buf_at(&b->log));
            /* nothing is said twice */
            buf_clear(&b->log);
            if (broken || cases[i].eof) {
                psrp_feed(b->psrp, "more\n", 5, &err);
                psrp_eof(b->psrp, NULL);
                assert_int_equal(b->log.len, 0);
                assert_int_equal(call(b)->id, 0);
            }
            buf_done(&bytes);
            bench_free(b);
        }
    }
}

/* A prompt has no line end: what there is of it is shown, and no packet is taken for one. */
static void noise_without_end(void **state)
{
    struct bench *b = bench_new(1, NULL);

    (void)state;
    feed(b, "\xef");
    feed(b, "\xbb\xbf<Da");
    feed(b, "ta Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>");
    assert_string_equal(psrp_noise(b->psrp), "");
    bench_free(b);
    b = bench_new(1, NULL);
    feed(b, "C:\\Wind");
    assert_string_equal(psrp_noise(b->psrp), "C:\\Wind");
    feed(b, "ows> ");
    assert_string_equal(psrp_noise(b->psrp), "C:\\Windows> ");
    feed(b, "now\nand more");
    assert_string_equal(psrp_noise(b->psrp), "C:\\Windows> now");
    bench_free(b);
}

/* A banner, a profile's output and a prompt without line end are passed over; the first of them is kept to be shown. */
static void noise_is_skipped(void **state)
{
    struct bench *b = bench_new(1, NULL);

    (void)state;
    feed(b, "\xef\xbb\xbfLoading personal and system profiles took 1503ms.\r\n");
    feed(b, "PS C:\\Users\\admin> ");
    say(b, 0, MSG_SESSION_CAPABILITY, CAPABILITY);
    say(b, 0, MSG_RUNSPACEPOOL_STATE, OPENED);
    ack(b, PACKET_DATA_ACK, 0);
    expect(b, "opened\n");
    assert_string_equal(psrp_noise(b->psrp), "Loading personal and system profiles took 1503ms.");
    struct buf much = { 0 };
    repeat(&much, "WARNING: something\r\n", 5 << 20);
    assert_false(psrp_feed(b->psrp, buf_at(&much), much.len, NULL)); /* but not without end */
    buf_done(&much);
    bench_free(b);
}

static void wrong_session(void **state)
{
    static const struct { uint32_t type; const char *body, *says; } cases[] = {
        { MSG_SESSION_CAPABILITY, "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">3.0</Version></MS></Obj>",
          "version \"3.0\" of PowerShell remoting" },
        { MSG_SESSION_CAPABILITY, "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">1.1</Version></MS></Obj>",
          "version \"1.1\" of PowerShell remoting" },
        { MSG_SESSION_CAPABILITY, "<Obj RefId=\"0\"><MS/></Obj>", "version \"\"" },
        { MSG_SESSION_CAPABILITY, "<Obj", "not well-formed" },
        { MSG_RUNSPACEPOOL_STATE, OPENED, "before it said what it can do" },
        { MSG_RUNSPACEPOOL_STATE, "<S>x</S>", "no number" },
        { MSG_RUNSPACEPOOL_STATE, "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">5</I32></MS></Obj>", "broke the session" },
        { MSG_RUNSPACEPOOL_STATE, "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">3</I32><Obj N=\"ExceptionAsErrorRecord\" RefId=\"1\"><MS>"
          "<S N=\"ErrorDetails_Message\">out of _x000A_memory</S></MS></Obj></MS></Obj>", "closed the session: out of  memory" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench *b = bench_new(1, NULL);
        assert_false(say(b, 0, cases[i].type, cases[i].body));
        drain(b);
        if (!strstr(buf_at(&b->log), "broken host1: ") || !strstr(buf_at(&b->log), cases[i].says))
            fail_msg("%s: %s", cases[i].body, buf_at(&b->log));
        bench_free(b);
    }
}

/* `cat`, or a terminal that echoes. */
static void echo(void **state)
{
    struct bench *b = x_alloc(sizeof *b);
    static const struct psrp_events events = { on_opened, on_closed, on_broken };

    (void)state;
    b->psrp = psrp_new("host1", 1, NULL, &events, b);
    struct buf *out = psrp_out(b->psrp);
    assert_false(psrp_feed(b->psrp, buf_at(out), out->len, NULL));
    assert_non_null(strstr(buf_at(&b->log), "sends back what it is sent"));
    bench_free(b);
}

static void death_in_mid_answer(void **state)
{
    struct bench *b = bench_new(2, NULL);

    (void)state;
    open_session(b);
    for (int i = 0; i < 3; i++)
        call(b);
    begin(b, 1);
    begin(b, 2);
    say(b, 1, MSG_PIPELINE_OUTPUT, "<S>half</S>");
    char *line = message_line(b, 1, MSG_PIPELINE_OUTPUT, "<S>the other half</S>");
    line[strlen(line) / 2] = '\0';
    feed(b, line);
    free(line);
    expect(b, "out 1 half\n");
    psrp_eof(b->psrp, "first\nThe remote host went away\r\n");
    drain(b);
    assert_non_null(strstr(buf_at(&b->log), "broken host1: the connection ended: The remote host went away\n"));
    for (int i = 1; i <= 3; i++) {
        char want[80];
        snprintf(want, sizeof want, "done %d lost: the connection ended", i);
        assert_non_null(strstr(buf_at(&b->log), want));
    }
    assert_int_equal(psrp_calls_open(b->psrp), 0);
    bench_free(b);
}

static void fragments_out_of_order(void **state)
{
    struct bench *b = bench_new(1, NULL);

    (void)state;
    open_session(b);
    call(b);
    begin(b, 1);
    struct buf fragment = { 0 }, line = { 0 };
    char *big = x_alloc(40000);
    fragment_write(&fragment, 9, 1, big, 40000, FRAGMENT_BLOB_MAX);
    packet_write_data(&line, &b->guids[0], false, buf_at(&fragment), fragment.len);
    assert_false(psrp_feed(b->psrp, buf_at(&line), line.len, NULL));
    drain(b);
    assert_non_null(strstr(buf_at(&b->log), "done 1 lost: fragment 1 of object 9 is out of order"));
    free(big);
    buf_done(&fragment);
    buf_done(&line);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_one_call),  cmocka_unit_test(long_request),     cmocka_unit_test(runspaces_and_queue),
        cmocka_unit_test(stopping),           cmocka_unit_test(closing_with_calls), cmocka_unit_test(input),
        cmocka_unit_test(host_calls),         cmocka_unit_test(host_call_refusal), cmocka_unit_test(flood_of_host_calls), cmocka_unit_test(unreadable_answer),
        cmocka_unit_test(records), cmocka_unit_test(depth_of_an_answer), cmocka_unit_test(endless_output),   cmocka_unit_test(not_powershell),
        cmocka_unit_test(noise_is_skipped), cmocka_unit_test(noise_without_end),   cmocka_unit_test(wrong_session),    cmocka_unit_test(echo),
        cmocka_unit_test(death_in_mid_answer), cmocka_unit_test(fragments_out_of_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
