/* The client against a host that is played here: what it may send when (psrp.md 1.5), calls that wait, stopping, host calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "psrp_bench.h"

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
    struct bench *b = bench_open(1, 0);
    char *text = x_alloc(100001);

    (void)state;
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
    struct bench *b = bench_open(2, 4);

    (void)state;
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
    struct bench *b = bench_open(1, 0);

    (void)state;
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
    expect(b, "sent Command 4\n"); /* for the next; 3 was sent with 2 */
    ack(b, PACKET_COMMAND_ACK, 3);
    ack(b, PACKET_DATA_ACK, 3);
    expect(b, "sent Data 3\nsent Signal 3\n");
    say(b, 3, MSG_PIPELINE_STATE, STATE(3));
    ack(b, PACKET_SIGNAL_ACK, 3);
    ack(b, PACKET_CLOSE_ACK, 3);
    expect(b, "done 3 stopped: stopped\nsent Close 3\n");
    c = call(b);
    begin(b, 4);
    ack(b, PACKET_COMMAND_ACK, 5);
    c->stop_after = 1;
    c->then_close = 1;
    say(b, 4, MSG_PIPELINE_OUTPUT, "<S>x</S>");
    expect(b, "out 4 x\nsent Signal 4\n");
    ack(b, PACKET_SIGNAL_ACK, 4);
    say(b, 4, MSG_PIPELINE_STATE, STATE(3));
    expect(b, "done 4 stopped: stopped\nsent Close 4\nsent Close 5\n");
    ack(b, PACKET_CLOSE_ACK, 4);
    expect(b, "");
    ack(b, PACKET_CLOSE_ACK, 5);
    expect(b, "sent Close 0\n");
    bench_free(b);
}

/* Where calls follow one another the next one's pipeline is there before it is needed: one round trip for each. */
static void one_after_the_other(void **state)
{
    struct bench *b = bench_open(1, 1);

    (void)state;
    begin(b, 1);
    say(b, 1, MSG_PIPELINE_STATE, STATE(4));
    call(b);
    expect(b, "done 1 completed\nsent Close 1\nsent Command 2\nsent Command 3\n");
    ack(b, PACKET_COMMAND_ACK, 3);
    begin(b, 2);
    say(b, 2, MSG_PIPELINE_STATE, STATE(4));
    call(b);
    expect(b, "done 2 completed\nsent Close 2\nsent Data 3\nsent Command 4\n");
    ack(b, PACKET_DATA_ACK, 3);
    say(b, 3, MSG_PIPELINE_STATE, STATE(4));
    call(b); /* before its CommandAck */
    expect(b, "done 3 completed\nsent Close 3\nsent Command 5\n");
    call(b); /* waits for the one runspace; 5 is for who need not wait */
    ack(b, PACKET_COMMAND_ACK, 4);
    expect(b, "sent Data 4\n");
    ack(b, PACKET_DATA_ACK, 4);
    say(b, 4, MSG_PIPELINE_STATE, STATE(4));
    expect(b, "done 4 completed\nsent Close 4\nsent Command 6\n");
    psrp_stop(b->psrp, b->calls[4].id);
    begin(b, 6);
    ack(b, PACKET_SIGNAL_ACK, 6);
    for (int i = 1; i <= 6; i++)
        if (i != 5)
            ack(b, PACKET_CLOSE_ACK, i);
    buf_clear(&b->log);
    drain(b);
    buf_clear(&b->log);

    /* what was never used is closed before the pool, once it is there */
    psrp_close(b->psrp);
    expect(b, "");
    ack(b, PACKET_COMMAND_ACK, 5);
    expect(b, "sent Close 5\n");
    ack(b, PACKET_CLOSE_ACK, 5);
    expect(b, "sent Close 0\n");
    bench_free(b);
}

static void closing_with_calls(void **state)
{
    struct bench *b = bench_open(1, 2);

    (void)state;
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
    struct bench *b = bench_open(1, 0);
    struct ps_value value = PS_S("x");

    (void)state;
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
    struct bench *b = bench_open(1, 1);

    (void)state;
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
    struct bench *b = bench_open(1, 1);

    (void)state;
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
    struct bench *b = bench_open(1, 0);
    struct buf bytes = { 0 };
    struct message message;
    struct ps_value value;
    struct clixml_reader *reader = clixml_reader_new(0);

    (void)state;
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
        struct bench *b = bench_open(2, 2);
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
    struct bench *b = bench_open(1, 1);

    (void)state;
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
    struct bench *b = bench_open(1, 1);

    (void)state;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_one_call),
        cmocka_unit_test(long_request),
        cmocka_unit_test(runspaces_and_queue),
        cmocka_unit_test(stopping), cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(closing_with_calls),
        cmocka_unit_test(input),
        cmocka_unit_test(host_calls),
        cmocka_unit_test(host_call_refusal),
        cmocka_unit_test(flood_of_host_calls),
        cmocka_unit_test(unreadable_answer),
        cmocka_unit_test(records),
        cmocka_unit_test(depth_of_an_answer),
        cmocka_unit_test(endless_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
