/* The client against streams that are no PowerShell, or damaged ones: noise, silence, another session, half an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "psrp_bench.h"

static void repeat(struct buf *out, const char *text, size_t bytes)
{
    while (out->len < bytes)
        buf_adds(out, text);
}

/* Before the session is open: what comes, what is said. */
struct stranger {
    const char *text;
    size_t repeat;      /* up to this many bytes */
    const char *eof;    /* NULL: the stream stays open; else it ends, with this on stderr */
    const char *says;   /* NULL: nothing is wrong yet */
};
static const struct stranger strangers[] = {
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

/* All that the stranger sends, step bytes at a time; false when the last of them was refused. */
static bool hears(struct bench *b, const struct stranger *from, size_t step)
{
    struct buf bytes = { 0 };
    struct err err = { 0 };
    bool ok = true;

    buf_adds(&bytes, from->text);
    repeat(&bytes, from->text, from->repeat);
    for (size_t at = 0; at < bytes.len; at += step)
        ok = psrp_feed(b->psrp, buf_at(&bytes) + at, MIN(step, bytes.len - at), &err);
    if (from->eof)
        psrp_eof(b->psrp, from->eof);
    buf_done(&bytes);
    return ok;
}

/* Nothing is said twice. */
static void says_nothing_more(struct bench *b)
{
    buf_clear(&b->log);
    psrp_feed(b->psrp, "more\n", 5, NULL);
    psrp_eof(b->psrp, NULL);
    assert_int_equal(b->log.len, 0);
    assert_int_equal(call(b)->id, 0);
}

static void meets(const struct stranger *from, size_t step)
{
    struct bench *b = bench_new(1, NULL);
    bool ok;

    call(b);
    ok = hears(b, from, step);
    drain(b);
    const char *broken = strstr(buf_at(&b->log), "broken host1: ");
    if (!broken != !from->says || (broken && !strstr(broken, from->says)) ||
        (broken && strncmp(buf_at(&b->log), "done 1 lost: ", 13) != 0) || (ok && broken && !from->eof))
        fail_msg("case %zu, step %zu: %s", (size_t)(from - strangers), step, buf_at(&b->log));
    if (broken || from->eof)
        says_nothing_more(b);
    bench_free(b);
}

static void not_powershell(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(strangers); i++) {
        if (!strangers[i].repeat)
            meets(&strangers[i], 1);
        meets(&strangers[i], 256);
        meets(&strangers[i], 65536);
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
    struct bench *b = bench_raw(1, NULL);
    struct buf *out = psrp_out(b->psrp);

    (void)state;
    assert_false(psrp_feed(b->psrp, buf_at(out), out->len, NULL));
    assert_non_null(strstr(buf_at(&b->log), "sends back what it is sent"));
    bench_free(b);
}

static void death_in_mid_answer(void **state)
{
    struct bench *b = bench_open(2, 3);

    (void)state;
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
    struct bench *b = bench_open(1, 1);

    (void)state;
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
        cmocka_unit_test(not_powershell),
        cmocka_unit_test(noise_is_skipped),
        cmocka_unit_test(noise_without_end),
        cmocka_unit_test(wrong_session),
        cmocka_unit_test(echo),
        cmocka_unit_test(death_in_mid_answer),
        cmocka_unit_test(fragments_out_of_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
