/* Hundreds of calls against a host that answers in any order that psrp.md 1.5 allows (seeded; SEED=n tries another): acks before or
 * after data, pipelines interleaved, stops at any moment. The host checks every packet it gets against the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/psrp.h"
#include "ipamtui/psrp_wire.h"

#define CALLS 300
#define RUNSPACES 3

static uint64_t random_state = 88172645463325252;

static size_t below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % limit);
}

/* What the host still has to send for a pipeline. */
struct pipeline {
    struct guid guid;
    bool command_acked;
    int unacked_data;      /* Data packets without their DataAck: never more than one */
    struct defragmenter in;
    bool begun;            /* there is a call for it: its first Data came */
    bool created;          /* CREATE_PIPELINE is complete: it runs */
    int outputs_left;
    bool signalled, signal_acked, ended, closed, gone;
    uint64_t object;
};

struct host {
    struct psrp *psrp;
    struct pipeline pipelines[CALLS + 1]; /* one may be left for a call that never came */
    int count, session_unacked;
    bool session_closed, client_closed;
    int ends[4];
    int done[CALLS], outputs[CALLS], broken;
    psrp_call_id ids[CALLS];
    int made, finished;
};

/* ------------------------------------------------------------ the client's side */

struct call_ref {
    struct host *host;
    int number;
};
static struct call_ref refs[CALLS];

static void on_output(void *ctx, const struct ps_value *value)
{
    struct call_ref *ref = ctx;

    (void)value;
    assert_int_equal(ref->host->done[ref->number], 0);
    ref->host->outputs[ref->number]++;
    if (below(50) == 0)
        psrp_stop(ref->host->psrp, ref->host->ids[ref->number]);
}

static void invoke(struct host *h);

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct call_ref *ref = ctx;

    assert_true((end == PS_COMPLETED) == (why == NULL));
    assert_true(end == PS_COMPLETED || end == PS_STOPPED || end == PS_FAILED);
    assert_int_equal(ref->host->done[ref->number]++, 0);
    ref->host->finished++;
    ref->host->ends[end]++;
    if (below(2))
        invoke(ref->host); /* the next one from within the end of the last */
}

static void invoke(struct host *h)
{
    static const struct ps_call_events events = { .output = on_output, .done = on_done };
    static char text[80001];
    struct ps_command command = { .name = "Get-DhcpServerv4Scope" };
    struct ps_call call = { .commands = &command, .command_count = 1 };

    if (h->made == CALLS)
        return;
    if (below(8) == 0) { /* a request of several fragments */
        memset(text, 'x', sizeof text - 1);
        command.name = text;
    }
    int number = h->made++;
    refs[number] = (struct call_ref){ h, number };
    psrp_call_id id = psrp_invoke(h->psrp, &call, &events, &refs[number]);
    h->ids[number] = id;
    assert_true(id != 0);
}

static void on_broken(void *ctx, const struct err *err)
{
    struct host *h = ctx;
    h->broken++;
    fail_msg("broken: %s", err->text);
}

static void on_closed(void *ctx)
{
    struct host *h = ctx;
    h->client_closed = true;
}

/* ---------------------------------------------------------------- the host's side */

static struct pipeline *find(struct host *h, const struct guid *guid)
{
    for (int i = 0; i < h->count; i++)
        if (guid_equal(&h->pipelines[i].guid, guid))
            return &h->pipelines[i];
    return NULL;
}

static int running(const struct host *h)
{
    int count = 0;

    for (int i = 0; i < h->count; i++)
        count += h->pipelines[i].begun && !h->pipelines[i].ended && !h->pipelines[i].closed;
    return count;
}

static void take_data(struct pipeline *p, const struct packet *packet)
{
    struct buf bytes = { 0 };
    struct message message;
    const char *at;
    size_t len;
    struct err err = { 0 };

    assert_true(p->command_acked);          /* 1.5 rule 2 */
    assert_int_equal(p->unacked_data, 0);   /* rule 1 */
    assert_false(p->closed || p->signalled || p->created);
    p->unacked_data = 1;
    p->begun = true;
    assert_true(base64_decode(packet->base64, packet->base64_len, &bytes));
    assert_true(defragmenter_add(&p->in, buf_at(&bytes), bytes.len, &err));
    while (defragmenter_next(&p->in, &at, &len, &err)) {
        assert_true(message_parse(at, len, &message, &err));
        assert_int_equal(message.type, MSG_CREATE_PIPELINE);
        assert_true(guid_equal(&message.pipeline, &p->guid));
        p->created = true;
        p->outputs_left = (int)below(6);
    }
    assert_int_equal(err.kind, ERR_NONE);
    buf_done(&bytes);
}

static void take_packet(struct host *h, const struct packet *packet)
{
    struct pipeline *p = find(h, &packet->guid);

    assert_false(h->session_closed);
    if (guid_is_zero(&packet->guid)) {
        if (packet->kind == PACKET_DATA) {
            h->session_unacked++;
            return;
        }
        assert_int_equal(packet->kind, PACKET_CLOSE);
        for (int i = 0; i < h->count; i++)
            assert_true(h->pipelines[i].gone); /* rule 3 */
        h->session_closed = true;
        return;
    }
    switch (packet->kind) {
    case PACKET_COMMAND:
        assert_null(p);
        h->pipelines[h->count++].guid = packet->guid;
        break;
    case PACKET_DATA:
        take_data(p, packet);
        assert_true(running(h) <= RUNSPACES);
        break;
    case PACKET_SIGNAL:
        assert_true(p->created && !p->unacked_data && !p->signalled && !p->closed);
        p->signalled = true;
        break;
    case PACKET_CLOSE:
        assert_false(p->closed || p->unacked_data || (p->signalled && !p->signal_acked));
        assert_true(p->ended || p->signal_acked || (p->command_acked && !p->begun));
        p->closed = true;
        break;
    default: fail_msg("the client sent a packet of kind %d", packet->kind);
    }
}

static void drain(struct host *h)
{
    struct buf *out = psrp_out(h->psrp);
    const char *end;

    while ((end = memchr(buf_at(out), '\n', out->len)) != NULL) {
        struct packet packet = packet_parse(buf_at(out), (size_t)(end - buf_at(out)));
        take_packet(h, &packet);
        buf_take(out, (size_t)(end - buf_at(out)) + 1);
    }
}

static void send_ack(struct host *h, enum packet_kind kind, const struct guid *guid)
{
    struct buf line = { 0 };

    packet_write(&line, kind, guid);
    psrp_feed(h->psrp, buf_at(&line), line.len, NULL);
    buf_done(&line);
}

static void send_message(struct host *h, const struct guid *guid, uint64_t object, uint32_t type, const char *body)
{
    struct message message = { .destination = 1, .type = type, .pipeline = *guid, .body = body, .body_len = strlen(body) };
    struct buf bytes = { 0 }, fragment = { 0 }, line = { 0 };

    message_write(&bytes, &message);
    fragment_write(&fragment, object, 0, buf_at(&bytes), bytes.len, 0);
    packet_write_data(&line, guid, false, buf_at(&fragment), fragment.len);
    psrp_feed(h->psrp, buf_at(&line), line.len, NULL);
    buf_done(&bytes);
    buf_done(&fragment);
    buf_done(&line);
}

static void send_state(struct host *h, struct pipeline *p)
{
    static const char *const states[] = {
        "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">4</I32></MS></Obj>",
        "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">5</I32></MS></Obj>",
        "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">3</I32></MS></Obj>",
    };

    p->ended = true;
    send_message(h, &p->guid, ++p->object, MSG_PIPELINE_STATE, states[p->signalled ? 2 : below(2)]);
}

/* One of the things that may happen to this pipeline now; false: none may. */
static bool step(struct host *h, struct pipeline *p)
{
    enum { COMMAND_ACK, DATA_ACK, OUTPUT, STATE, SIGNAL_ACK, CLOSE_ACK, KINDS };
    bool may[KINDS] = {
        [COMMAND_ACK] = !p->command_acked,
        [DATA_ACK] = p->unacked_data > 0,
        [OUTPUT] = p->created && !p->ended && p->outputs_left > 0,
        [STATE] = p->created && !p->ended && (p->outputs_left == 0 || p->signalled),
        [SIGNAL_ACK] = p->signalled && !p->signal_acked,
        [CLOSE_ACK] = p->closed && !p->gone,
    };
    size_t kind = below(KINDS), tries = 0;

    while (!may[kind] && tries++ < KINDS)
        kind = (kind + 1) % KINDS;
    if (!may[kind])
        return false;
    switch (kind) {
    case COMMAND_ACK: p->command_acked = true; send_ack(h, PACKET_COMMAND_ACK, &p->guid); break;
    case DATA_ACK: p->unacked_data = 0; send_ack(h, PACKET_DATA_ACK, &p->guid); break;
    case OUTPUT:
        p->outputs_left--;
        send_message(h, &p->guid, ++p->object, MSG_PIPELINE_OUTPUT, "<I32>1</I32>");
        break;
    case STATE: send_state(h, p); break;
    case SIGNAL_ACK: p->signal_acked = true; send_ack(h, PACKET_SIGNAL_ACK, &p->guid); break;
    default: p->gone = true; send_ack(h, PACKET_CLOSE_ACK, &p->guid);
    }
    return true;
}

static void open_host(struct host *h)
{
    static const struct psrp_events events = { .broken = on_broken, .closed = on_closed };
    static const struct guid zero;

    h->psrp = psrp_new("host", RUNSPACES, NULL, &events, h);
    drain(h);
    assert_int_equal(h->session_unacked, 1);
    send_message(h, &zero, 1, MSG_SESSION_CAPABILITY, "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.3</Version></MS></Obj>");
    send_message(h, &zero, 2, MSG_RUNSPACEPOOL_STATE, "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">2</I32></MS></Obj>");
    send_ack(h, PACKET_DATA_ACK, &zero);
}

static void one_run(bool close_early)
{
    static struct host h;
    static const struct guid zero;
    bool asked = false;

    memset(&h, 0, sizeof h);
    open_host(&h);
    for (int turn = 0; turn < 100000 && !(h.session_closed); turn++) {
        if (!asked && below(4) == 0)
            invoke(&h);
        if (h.made && below(40) == 0)
            psrp_stop(h.psrp, h.ids[below((size_t)h.made)]);
        drain(&h);
        int first = h.count > 12 ? h.count - 12 : 0; /* old ones are gone, or get their turn below */
        if (h.count)
            step(&h, &h.pipelines[first + (int)below((size_t)(h.count - first))]);
        if (turn % 8 == 0)
            for (int i = 0; i < first; i++)
                step(&h, &h.pipelines[i]);
        drain(&h);
        if (!asked && (h.finished == CALLS || (close_early && h.made > 20))) {
            h.made = CALLS; /* no more from within done() */
            asked = true;
            psrp_close(h.psrp);
        }
    }
    assert_true(h.session_closed);
    send_ack(&h, PACKET_CLOSE_ACK, &zero);
    assert_true(h.client_closed);
    assert_int_equal(h.broken, 0);
    assert_int_equal(psrp_calls_open(h.psrp), 0);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(h.done[i], h.ids[i] != 0);
    print_message("%d completed, %d stopped, %d failed\n", h.ends[PS_COMPLETED], h.ends[PS_STOPPED], h.ends[PS_FAILED]);
    for (int i = 0; i < h.count; i++)
        defragmenter_done(&h.pipelines[i].in);
    psrp_free(h.psrp);
}

static void any_order(void **state)
{
    (void)state;
    for (int run = 0; run < 8; run++)
        one_run(run % 4 == 3);
}

int main(void)
{
    const char *seed = getenv("SEED");
    const struct CMUnitTest tests[] = { cmocka_unit_test(any_order) };

    random_state += seed ? strtoull(seed, NULL, 10) * 7919 : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
