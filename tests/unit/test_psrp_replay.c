/* Every recorded conversation, again: the client makes the same calls, gets the server's lines, and has to send what the recorded
 * client sent and to hand on what tests/data/psrp/transcripts.txt says (UPDATE=1 rewrites it; the diff is reviewed).
 *
 * GUIDs are random, so the server's lines are rewritten to ours: PSGuid and the GUIDs in the message header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipamtui/psrp.h"
#include "ipamtui/text.h"
#include "psrp_capture.h"

#define TRANSCRIPTS "tests/data/psrp/transcripts.txt"
#define MAX_CALLS 64

struct expectation {
    const char *name;
    bool other_handshake; /* recorded with other values than ours: several runspaces, 2.4, a host */
    bool other_requests;  /* options that we never send: merging, invocation info, a host, a request left incomplete */
    int extra;            /* packets that we send and the recorded client did not: Signal before Close, refused host calls */
    bool breaks;          /* the session ends unasked */
};

/* In the order of capture_names. */
static const struct expectation expectations[] = {
    { "01-open-close", false, false, 0, false },
    { "02-command-output", false, false, 0, false },
    { "03-typed-params", false, false, 0, false },
    { "04-nonterminating-error", false, true, 0, false },
    { "05-terminating-error", false, false, 0, false },
    { "06-command-not-found", false, false, 0, false },
    { "07-multi-fragment", false, false, 0, false },
    { "08-stop", false, false, 0, false },
    { "09-close-running", false, false, 1, false },
    { "10-streams", false, true, 0, false },
    { "11-unicode", false, false, 0, false },
    { "12-types", false, false, 0, false },
    { "13-two-commands", false, true, 0, false },
    { "14-parallel", true, false, 0, false },
    { "15-queued", true, false, 0, false },
    { "16-input", false, false, 0, false },
    { "17-host-null", false, false, 0, false },
    { "18-host-calls", true, true, 1, false },
    { "19-transport-errors", false, false, 0, true },
    { "20-runspace-ops", true, false, 0, false },
    { "21-protocol-2.4", true, false, 0, false },
    { "22-nolanguage", false, false, 0, false },
    { "23-reopen", false, false, 0, false },
    { "24-bad-messages", false, true, 1, true },
    { "25-stdout-noise", false, false, 0, false },
};

struct replay {
    const struct expectation *expect;
    const struct capture *capture;
    size_t at;         /* line of the capture */
    size_t chunk;      /* bytes fed at once; 0 = the whole line */
    const char *newline;
    struct psrp *psrp;
    struct buf log[MAX_CALLS + 1]; /* by call, 0 = session */
    struct replay_call {
        struct replay *replay;
        int number;
        struct guid recorded, ours;
        psrp_call_id id;
        struct buf sent, wanted; /* kinds of packets, a letter each */
        struct defragmenter out;
    } calls[MAX_CALLS];
    int call_count, extra, pools;
    bool ahead;        /* a Command was sent for a call that is not made yet: this GUID */
    struct guid spare;
    struct guid pool; /* ours */
    size_t requests_compared;
    struct arena arena;
    struct clixml_reader *reader;
};

/* ----------------------------------------------------------------- transcript */

static void put_quoted(struct buf *log, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (!text) {
        buf_adds(log, "null");
    } else if (len <= 600) {
        text_json(log, text);
    } else {
        char *start = x_strndup(text, 60);
        text_json(log, start);
        buf_addf(log, "... (%zu bytes)", len);
        free(start);
    }
}

static void on_output(void *ctx, const struct ps_value *value)
{
    static const char *const kinds[] = {
        "null", "string", "char", "bool", "byte", "sbyte", "u16", "i16", "u32", "i32", "u64", "i64", "float", "double",
        "decimal", "datetime", "timespan", "bytes", "guid", "uri", "version", "xml", "script", "secure", "list", "stack",
        "queue", "enumerable", "dict", "object",
    };
    struct replay_call *call = ctx;
    struct buf *log = &call->replay->log[call->number];
    struct arena arena = { 0 };

    buf_addf(log, "out %s ", kinds[value->type]);
    if (value->object && value->object->type_name_count)
        buf_addf(log, "%s ", value->object->type_names[0]);
    put_quoted(log, ps_text(value, &arena));
    buf_addc(log, '\n');
    arena_done(&arena);
}

static void put_error(struct buf *log, const char *what, const struct ps_error *e)
{
    buf_addf(log, "%s ", what);
    put_quoted(log, e->id);
    buf_addf(log, " %s reason ", ps_category_name(e->category));
    put_quoted(log, e->reason);
    buf_adds(log, " target ");
    put_quoted(log, e->target);
    buf_adds(log, " activity ");
    put_quoted(log, e->activity);
    buf_adds(log, " ");
    put_quoted(log, e->message);
    buf_addc(log, '\n');
}

static void on_error(void *ctx, const struct ps_error *error)
{
    struct replay_call *call = ctx;
    put_error(&call->replay->log[call->number], "error", error);
}

static void on_record(void *ctx, enum ps_stream stream, const char *text)
{
    static const char *const names[] = { "warning", "verbose", "debug", "information" };
    struct replay_call *call = ctx;

    buf_addf(&call->replay->log[call->number], "%s ", names[stream]);
    put_quoted(&call->replay->log[call->number], text);
    buf_addc(&call->replay->log[call->number], '\n');
}

static void on_progress(void *ctx, const struct ps_progress *progress)
{
    struct replay_call *call = ctx;
    buf_addf(&call->replay->log[call->number], "progress %s | %s | %s | %d\n", progress->activity, progress->status,
             progress->operation, progress->percent);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    static const char *const names[] = { "completed", "stopped", "failed", "lost" };
    struct replay_call *call = ctx;
    struct buf *log = &call->replay->log[call->number];

    assert_true((why == NULL) == (end == PS_COMPLETED));
    if (why)
        put_error(log, names[end], why);
    else
        buf_addf(log, "%s\n", names[end]);
}

static void on_opened(void *ctx)
{
    struct replay *r = ctx;
    buf_addf(&r->log[0], "opened %s %s\n", psrp_version(r->psrp), psrp_edition(r->psrp));
}

static void on_closed(void *ctx)
{
    struct replay *r = ctx;
    buf_adds(&r->log[0], "closed\n");
}

static void on_broken(void *ctx, const struct err *err)
{
    struct replay *r = ctx;
    buf_addf(&r->log[0], "broken %s: %s: %s\n", err_kind_name(err->kind), err->where, err->text);
}

/* --------------------------------------------------------------- what we send */

static struct replay_call *find_call(struct replay *r, const struct guid *guid, bool ours)
{
    for (int i = 0; i < r->call_count; i++)
        if (guid_equal(ours ? &r->calls[i].ours : &r->calls[i].recorded, guid))
            return &r->calls[i];
    return NULL;
}

static void feed(struct replay *r, const char *line)
{
    struct buf bytes = { 0 };

    buf_adds(&bytes, line);
    buf_adds(&bytes, r->newline);
    size_t step = r->chunk ? r->chunk : bytes.len;
    for (size_t at = 0; at < bytes.len; at += step)
        psrp_feed(r->psrp, buf_at(&bytes) + at, MIN(step, bytes.len - at), NULL);
    buf_done(&bytes);
}

static void ack(struct replay *r, enum packet_kind kind, const struct guid *guid)
{
    struct buf line = { 0 };

    packet_write(&line, kind, guid);
    char *text = buf_steal(&line);
    text[strcspn(text, "\n")] = '\0';
    feed(r, text);
    free(text);
}

/* The recorded body as we would write it: the recording client's empty lists were longer, and a NUL does not survive reading. */
static char *normalized(const char *body, size_t len, size_t *out_len)
{
    static const struct { const char *from, *to; } changes[] = { { "<LST></LST>", "<LST />" }, { "_x0000_", "\xef\xbf\xbd" } };
    struct buf out = { 0 };

    for (size_t at = 0; at < len;) {
        size_t i = 0, size = 0;
        for (; i < COUNT(changes); i++) {
            size = strlen(changes[i].from);
            if (len - at >= size && memcmp(body + at, changes[i].from, size) == 0)
                break;
        }
        if (i < COUNT(changes)) {
            buf_adds(&out, changes[i].to);
            at += size;
        } else {
            buf_addc(&out, body[at++]);
        }
    }
    *out_len = out.len;
    return buf_steal(&out);
}

static void compare_body(struct replay *r, const struct message *got, const struct message *want)
{
    size_t len;
    char *text = normalized(want->body, want->body_len, &len);

    if (got->type != want->type || got->destination != 2)
        fail_msg("%s: message %x instead of %x", r->expect->name, got->type, want->type);
    if (got->body_len != len || memcmp(got->body, text, len) != 0) {
        if (!r->expect->other_requests)
            fail_msg("%s:\n%.*s\ninstead of\n%s", r->expect->name, (int)got->body_len, got->body, text);
    } else {
        r->requests_compared++;
    }
    free(text);
}

struct wanted {
    struct replay *replay;
    const struct guid *pipeline;
    size_t skip;
    bool found;
    struct message message;
    struct buf copy;
};

/* The skip-th message of the recorded client for this pipeline. */
static void pick_message(void *ctx, const struct message *message)
{
    struct wanted *w = ctx;

    if (!guid_equal(&message->pipeline, w->pipeline) || w->found || w->skip-- > 0)
        return;
    w->found = true;
    w->message = *message;
    buf_add(&w->copy, message->body, message->body_len);
    w->message.body = buf_at(&w->copy);
}

static void compare_message(struct replay *r, struct replay_call *call, const struct message *got, size_t number)
{
    struct wanted w = { .replay = r, .pipeline = &call->recorded, .skip = number };

    assert_true(guid_equal(&got->pool, &r->pool));
    assert_true(guid_equal(&got->pipeline, &call->ours));
    capture_messages(r->capture, 'C', pick_message, &w);
    if (w.found && got->type != MSG_PIPELINE_HOST_RESPONSE)
        compare_body(r, got, &w.message);
    buf_done(&w.copy);
}

static char letter(enum packet_kind kind)
{
    return "?DdCcSsXx"[kind];
}

static void take_data(struct replay *r, struct replay_call *call, const struct packet *p)
{
    struct buf bytes = { 0 };
    struct message message;
    struct err err = { 0 };
    const char *at;
    size_t len, number = 0;

    assert_true(base64_decode(p->base64, p->base64_len, &bytes));
    assert_true(bytes.len <= 32768);
    for (size_t i = 0; i < call->sent.len; i++)
        number += buf_at(&call->sent)[i] == 'm';
    assert_true(defragmenter_add(&call->out, buf_at(&bytes), bytes.len, &err));
    while (defragmenter_next(&call->out, &at, &len, &err)) {
        assert_true(message_parse(at, len, &message, &err));
        compare_message(r, call, &message, number++);
        buf_addc(&call->sent, 'm');
    }
    assert_int_equal(err.kind, ERR_NONE);
    buf_done(&bytes);
}

/* The handshake, or the end of the pool. */
static void take_session_packet(struct replay *r, const struct packet *p)
{
    struct buf bytes = { 0 }, recorded = { 0 };
    const struct packet *want = &r->capture->lines[r->at].packet;

    if (p->kind != PACKET_DATA) {
        assert_int_equal(p->kind, PACKET_CLOSE);
        return;
    }
    assert_true(base64_decode(p->base64, p->base64_len, &bytes));
    assert_true(base64_decode(want->base64, want->base64_len, &recorded));
    /* .NET order: what differs from the recording is the pool's GUID, twice */
    size_t second = 21 + (size_t)(unsigned char)buf_at(&bytes)[20] + 21;
    struct message message;
    assert_true(message_parse(buf_at(&bytes) + 21, bytes.len - 21, &message, NULL));
    r->pool = message.pool;
    if (!r->expect->other_handshake) {
        assert_int_equal(bytes.len, recorded.len);
        memcpy(buf_at(&bytes) + 21 + 8, buf_at(&recorded) + 21 + 8, 16);
        memcpy(buf_at(&bytes) + second + 8, buf_at(&recorded) + second + 8, 16);
        if (r->pools > 1) { /* 23: the recorded client went on counting its messages */
            memcpy(buf_at(&bytes), buf_at(&recorded), 8);
            memcpy(buf_at(&bytes) + second - 21, buf_at(&recorded) + second - 21, 8);
        }
        assert_memory_equal(buf_at(&bytes), buf_at(&recorded), bytes.len);
    }
    buf_done(&bytes);
    buf_done(&recorded);
}

static void take_packet(struct replay *r, const struct packet *p)
{
    struct replay_call *call;

    if (guid_is_zero(&p->guid)) {
        take_session_packet(r, p);
        return;
    }
    if (r->ahead && guid_equal(&r->spare, &p->guid)) { /* no call came */
        assert_int_equal(p->kind, PACKET_CLOSE);
        r->ahead = false;
        ack(r, PACKET_CLOSE_ACK, &p->guid);
        return;
    }
    call = find_call(r, &p->guid, true);
    if (!call) { /* the Command of the call that was just made, or one for the next */
        assert_int_equal(p->kind, PACKET_COMMAND);
        call = &r->calls[r->call_count - 1];
        if (!guid_is_zero(&call->ours)) {
            assert_false(r->ahead);
            r->ahead = true;
            r->spare = p->guid;
            return;
        }
        call->ours = p->guid;
    }
    if (p->kind == PACKET_DATA)
        take_data(r, call, p);
    size_t place = 0;
    for (size_t i = 0; i < call->sent.len; i++)
        place += buf_at(&call->sent)[i] != 'm';
    buf_addc(&call->sent, letter(p->kind));
    if (place < call->wanted.len && buf_at(&call->wanted)[place] == letter(p->kind) &&
        (p->kind != PACKET_DATA || !p->prompt_response))
        return;
    if (p->kind == PACKET_DATA && p->prompt_response)
        return; /* refused host call; the recorded one was answered, so its ack comes */
    /* not in the recording: nobody else will acknowledge it */
    buf_take(&call->sent, 0);
    r->extra++;
    call->sent.len--;
    ack(r, p->kind == PACKET_SIGNAL ? PACKET_SIGNAL_ACK : PACKET_CLOSE_ACK, &p->guid);
}

static void drain(struct replay *r)
{
    struct buf *out = psrp_out(r->psrp);
    const char *newline;

    while ((newline = memchr(buf_at(out), '\n', out->len)) != NULL) {
        size_t len = (size_t)(newline - buf_at(out));
        char *line = x_strndup(buf_at(out), len);
        struct packet p = packet_parse(line, len);
        buf_take(out, len + 1);
        assert_true(p.kind != PACKET_NONE && p.at == 0);
        take_packet(r, &p);
        free(line);
    }
    assert_int_equal(out->len, 0);
}

/* ------------------------------------------------------------- what we are asked */

static void take_create(void *ctx, const struct message *message)
{
    struct wanted *w = ctx;

    if (message->type == MSG_CREATE_PIPELINE)
        pick_message(ctx, message);
    (void)w;
}

/* The call that the recorded request describes. */
static void invoke(struct replay *r, struct replay_call *call)
{
    static const struct ps_call_events events = { on_output, on_error, on_record, on_progress, on_done };
    struct wanted w = { .pipeline = &call->recorded };
    struct ps_value body;
    struct ps_command commands[4] = { 0 };
    struct ps_call request = { .commands = commands };
    bool flag;

    capture_messages(r->capture, 'C', take_create, &w);
    assert_true(w.found);
    arena_reset(&r->arena);
    assert_true(clixml_read(r->reader, w.message.body, w.message.body_len, &r->arena, &body, NULL));
    request.has_input = ps_bool(ps_get(&body, "NoInput"), &flag) && !flag;
    const struct ps_value *list = ps_get(&body, "PowerShell.Cmds");
    for (size_t i = 0; list && i < list->len && i < COUNT(commands); i++, request.command_count++) {
        const struct ps_value *cmd = &list->items[i], *args = ps_get(cmd, "Args");
        struct ps_param *params = arena_alloc(&r->arena, (args->len + 1) * sizeof *params);
        for (size_t k = 0; k < args->len; k++)
            params[k] = (struct ps_param){ ps_text(ps_get(&args->items[k], "N"), &r->arena), *ps_get(&args->items[k], "V") };
        commands[i].name = ps_text(ps_get(cmd, "Cmd"), &r->arena);
        ps_bool(ps_get(cmd, "IsScript"), &commands[i].is_script);
        commands[i].params = params;
        commands[i].param_count = args->len;
    }
    call->id = psrp_invoke(r->psrp, &request, &events, call);
    assert_true(call->id != 0);
    buf_done(&w.copy);
}

static void start_call(struct replay *r, const struct guid *recorded)
{
    struct replay_call *call = &r->calls[r->call_count++];

    assert_true(r->call_count < MAX_CALLS);
    *call = (struct replay_call){ .replay = r, .number = r->call_count, .recorded = *recorded };
    for (size_t i = r->at; i < r->capture->count; i++)
        if (r->capture->lines[i].from == 'C' && guid_equal(&r->capture->lines[i].packet.guid, recorded))
            buf_addc(&call->wanted, letter(r->capture->lines[i].packet.kind));
    if (r->ahead) {
        call->ours = r->spare;
        buf_addc(&call->sent, letter(PACKET_COMMAND));
        r->ahead = false;
    }
    invoke(r, call);
}

struct input {
    struct replay *replay;
    struct replay_call *call;
    size_t skip;
};

/* Input messages are given when the recorded client sent them. */
static void give_input(struct replay *r, struct replay_call *call)
{
    size_t number = 0;
    struct ps_value value;
    struct wanted w = { .pipeline = &call->recorded };

    for (size_t i = 0; i < r->at; i++)
        if (r->capture->lines[i].from == 'C' && r->capture->lines[i].packet.kind == PACKET_DATA &&
            guid_equal(&r->capture->lines[i].packet.guid, &call->recorded))
            number++;
    w.skip = number;
    capture_messages(r->capture, 'C', pick_message, &w);
    if (w.found && w.message.type == MSG_PIPELINE_INPUT) {
        arena_reset(&r->arena);
        assert_true(clixml_read(r->reader, w.message.body, w.message.body_len, &r->arena, &value, NULL));
        assert_true(psrp_call_input(r->psrp, call->id, &value));
    } else if (w.found && w.message.type == MSG_END_OF_PIPELINE_INPUT) {
        assert_true(psrp_call_end_input(r->psrp, call->id));
        assert_false(psrp_call_end_input(r->psrp, call->id));
    }
    buf_done(&w.copy);
}

static void new_pool(struct replay *r)
{
    static const struct psrp_events events = { on_opened, on_closed, on_broken };

    psrp_free(r->psrp);
    r->pools++;
    r->ahead = false;
    r->psrp = psrp_new("dhcp01", r->expect->other_handshake ? 8 : 1, NULL, &events, r);
}

static void client_line(struct replay *r, const struct packet *p)
{
    struct replay_call *call = find_call(r, &p->guid, false);
    bool session = guid_is_zero(&p->guid);

    if (session && p->kind == PACKET_DATA && (r->at == 0 || r->capture->lines[r->at - 1].packet.kind == PACKET_CLOSE_ACK))
        new_pool(r);
    else if (session && p->kind == PACKET_CLOSE) {
        psrp_close(r->psrp);
        if (r->ahead)
            ack(r, PACKET_COMMAND_ACK, &r->spare);
    } else if (p->kind == PACKET_COMMAND)
        start_call(r, &p->guid);
    else if (call && (p->kind == PACKET_SIGNAL || p->kind == PACKET_CLOSE)) {
        size_t log = r->log[call->number].len;
        bool ended = log > 0 && (strstr(buf_at(&r->log[call->number]), "completed\n") ||
                                 strstr(buf_at(&r->log[call->number]), "failed ") ||
                                 strstr(buf_at(&r->log[call->number]), "stopped "));
        if (!ended)
            psrp_stop(r->psrp, call->id);
    } else if (call && p->kind == PACKET_DATA && !p->prompt_response)
        give_input(r, call);
    drain(r);
}

/* ------------------------------------------------------------ what the server says */

/* .NET order of the header's GUIDs: written through message_write() by way of an empty message. */
static void put_header_guids(struct buf *bytes, const struct guid *pool, const struct guid *pipeline)
{
    struct message message = { .pool = *pool, .pipeline = *pipeline, .body = "" };
    struct buf header = { 0 };

    message_write(&header, &message);
    memcpy(buf_at(bytes) + 21 + 8, buf_at(&header) + 8, 32);
    buf_done(&header);
}

static void server_line(struct replay *r, const struct capture_line *line)
{
    const struct packet *p = &line->packet;
    struct replay_call *call = find_call(r, &p->guid, false);
    struct guid guid = call ? call->ours : p->guid;
    struct buf out = { 0 }, bytes = { 0 };

    if (p->kind == PACKET_NONE) {
        buf_add(&out, line->text, line->len);
    } else if (p->kind != PACKET_DATA) {
        packet_write(&out, p->kind, &guid);
    } else {
        struct message message;
        assert_true(base64_decode(p->base64, p->base64_len, &bytes));
        if (buf_at(&bytes)[16] & 1) { /* a first fragment: it has the message's header */
            assert_true(message_parse(buf_at(&bytes) + 21, bytes.len - 21, &message, NULL));
            put_header_guids(&bytes, guid_is_zero(&message.pool) ? &message.pool : &r->pool, &guid);
        }
        packet_write_data(&out, &guid, p->prompt_response, buf_at(&bytes), bytes.len);
    }
    char *text = buf_steal(&out);
    text[strcspn(text, "\n")] = '\0';
    feed(r, text);
    free(text);
    buf_done(&bytes);
    drain(r);
}

/* ------------------------------------------------------------------- whole files */

static void check_sent(struct replay *r)
{
    for (int i = 0; i < r->call_count; i++) {
        struct replay_call *call = &r->calls[i];
        struct buf kinds = { 0 };
        for (size_t k = 0; k < call->sent.len; k++)
            if (buf_at(&call->sent)[k] != 'm')
                buf_addc(&kinds, buf_at(&call->sent)[k]);
        /* 24: the recording ends with a pipeline that is never closed */
        if (strcmp(buf_at(&kinds), buf_at(&call->wanted)) != 0)
            fail_msg("%s: call %d sent %s instead of %s", r->expect->name, call->number, buf_at(&kinds),
                     buf_at(&call->wanted));
        buf_done(&kinds);
    }
}

/* The transcript of one capture, fed in pieces of this size; the caller frees it. */
static char *replay(size_t index, size_t chunk, const char *newline, size_t *compared)
{
    struct capture capture = capture_named(capture_names[index]);
    struct replay *r = x_alloc(sizeof *r);
    struct buf text = { 0 };

    *r = (struct replay){ .expect = &expectations[index], .capture = &capture, .chunk = chunk, .newline = newline,
                          .reader = clixml_reader_new(0) };
    assert_string_equal(expectations[index].name, capture_names[index]);
    assert_true(capture.count > 0);
    for (; r->at < capture.count; r->at++) {
        if (capture.lines[r->at].from == 'C')
            client_line(r, &capture.lines[r->at].packet);
        else
            server_line(r, &capture.lines[r->at]);
    }
    psrp_eof(r->psrp, "the last line\r\n");
    check_sent(r);
    assert_int_equal(r->extra, r->expect->extra);
    assert_int_equal(psrp_calls_open(r->psrp), 0);
    buf_addf(&text, "== %s\n%s", r->expect->name, buf_at(&r->log[0]));
    assert_true(strstr(buf_at(&text), r->expect->breaks ? "broken" : "closed\n") != NULL);
    for (int i = 0; i < r->call_count; i++) {
        buf_addf(&text, "-- call %d\n%s", i + 1, buf_at(&r->log[i + 1]));
        buf_done(&r->log[i + 1]);
        buf_done(&r->calls[i].sent);
        buf_done(&r->calls[i].wanted);
        defragmenter_done(&r->calls[i].out);
    }
    *compared += r->requests_compared;
    psrp_free(r->psrp);
    clixml_reader_free(r->reader);
    arena_done(&r->arena);
    buf_done(&r->log[0]);
    free(r);
    capture_done(&capture);
    return buf_steal(&text);
}

static char *all(size_t chunk, const char *newline, size_t *compared)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < COUNT(capture_names); i++) {
        char *one = replay(i, chunk, newline, compared);
        buf_adds(&text, one);
        free(one);
    }
    return buf_steal(&text);
}

static void as_recorded(void **state)
{
    size_t compared = 0;
    char *text = all(0, "\n", &compared);
    struct buf want = { 0 };
    FILE *file;
    int c;

    (void)state;
    if (getenv("UPDATE")) {
        file = fopen(TRANSCRIPTS, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
    }
    file = fopen(TRANSCRIPTS, "r");
    assert_non_null(file);
    while ((c = getc(file)) != EOF)
        buf_addc(&want, (char)c);
    fclose(file);
    if (strcmp(text, buf_at(&want)) != 0) {
        size_t at = 0;
        while (text[at] && text[at] == buf_at(&want)[at])
            at++;
        while (at > 0 && text[at - 1] != '\n')
            at--;
        fail_msg("the transcripts differ:\ngot  %.300s\nwant %.300s", text + at, buf_at(&want) + at);
    }
    print_message("%zu requests identical to the recorded ones\n", compared);
    assert_true(compared > 60);
    buf_done(&want);
    free(text);
}

/* However the bytes arrive, with either line end: the same. */
static void in_pieces(void **state)
{
    static const struct { size_t chunk; const char *newline; } ways[] = { { 1, "\n" }, { 7, "\r\n" }, { 4096, "\r\n" } };
    size_t compared = 0;
    char *whole = all(0, "\n", &compared);

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        char *text = all(ways[i].chunk, ways[i].newline, &compared);
        assert_string_equal(text, whole);
        free(text);
    }
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(as_recorded), cmocka_unit_test(in_pieces) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
