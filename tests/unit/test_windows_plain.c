/* The plain dialect against a stand-in for `powershell.exe -Command -`, which is this program itself, and the choice between the
 * two dialects. The real engine is asked by tests/e2e. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/clock.h"
#include "ipamtui/host.h"
#include "ipamtui/psrp_wire.h"

#define OBJS "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">"

/* ------------------------------------------------------------------ the stand-in */
static void say(const char *id, const char *kind, const char *xml)
{
    struct buf doc = { 0 }, line = { 0 };

    buf_addf(&doc, OBJS "\r\n  %s\r\n</Objs>", xml);
    buf_addf(&line, "<ipam %s %s ", id, kind);
    base64_encode(buf_at(&doc), doc.len, &line);
    buf_adds(&line, ">\r\n");
    fwrite(buf_at(&line), 1, line.len, stdout);
    fflush(stdout);
    buf_done(&doc);
    buf_done(&line);
}

#define ERROR_XML(message, id, category)                                                                                \
    "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N=\"Key\">m</S>" \
    "<S N=\"Value\">" message "</S></En><En><S N=\"Key\">i</S><S N=\"Value\">" id "</S></En><En><S N=\"Key\">c</S>"      \
    "<I32 N=\"Value\">" #category "</I32></En></DCT></Obj>"

static void answer_echo(const char *id, const struct ps_value *command)
{
    const struct ps_value *params = ps_get(command, "p");

    for (size_t i = 0; i < params->len; i++) {
        struct buf xml = { 0 };
        clixml_write(&xml, NULL, ps_get(&params->items[i], "v"));
        say(id, "out", buf_at(&xml));
        buf_done(&xml);
    }
    printf("a line of a program that nobody asked for\r\n");
    say(id, "end", "<S>ok</S>");
}

static void answer(const char *id, const struct ps_value *commands)
{
    struct arena mem = { 0 };
    const struct ps_value *last = &commands->items[commands->len - 1];
    const char *name = ps_text(ps_get(last, "n"), &mem);

    if (strcmp(name, "Echo") == 0) {
        answer_echo(id, last);
    } else if (strcmp(name, "Complain") == 0) {
        say(id, "warn", "<S>beware</S>");
        say(id, "err", ERROR_XML("first", "DHCP 20005,Complain", 13));
        say(id, "end", "<S>ok</S>");
    } else if (strcmp(name, "Fail") == 0) {
        say(id, "fail", ERROR_XML("gone _x001B_[31m", "CommandNotFoundException", 13));
    } else if (strcmp(name, "Garble") == 0) {
        printf("<ipam %s out ***>\r\n", id);
        fflush(stdout);
    } else if (strcmp(name, "Stale") == 0) {
        say("999", "out", "<S>of another call</S>");
        say(id, "end", "<S>ok</S>");
    } else if (strcmp(name, "Die") == 0) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    } /* Hang: nothing */
    arena_done(&mem);
}

static void read_call(char *line)
{
    char *id = line + strlen("ipam "), *quote = strchr(id, '\''), *end = NULL;
    struct clixml_reader *reader = clixml_reader_new(0);
    struct buf xml = { 0 };
    struct arena mem = { 0 };
    struct ps_value commands;
    struct err err = { 0 };

    quote[-1] = '\0';
    base64_decode(quote + 1, strcspn(quote + 1, "'"), &xml);
    end = strstr(buf_at(&xml), "</Objs>");
    if (!end || strncmp(buf_at(&xml), OBJS, strlen(OBJS)) != 0 ||
        !clixml_read(reader, buf_at(&xml) + strlen(OBJS), (size_t)(end - buf_at(&xml)) - strlen(OBJS), &mem, &commands, &err))
        exit(9);
    answer(id, &commands);
    arena_done(&mem);
    buf_done(&xml);
    clixml_reader_free(reader);
}

static int stand_in(const char *mode)
{
    static char line[1 << 20];

    while (fgets(line, sizeof(line), stdin)) {
        if (strstr(line, " hello ")) {
            printf("Windows PowerShell\r\nprompt> <ipam 0 hello 5.1.17763.1 %s Core>\r\n", mode);
            if (strcmp(mode, "ConstrainedLanguage") == 0)
                fprintf(stderr, "Cannot invoke method.\n");
        } else if (strncmp(line, "ipam_w 0 ready", 14) == 0 && strcmp(mode, "FullLanguage") == 0) {
            printf("<ipam 0 ready MTIz>\r\n");
        } else if (strncmp(line, "ipam ", 5) == 0) {
            read_call(line);
        } else if (strncmp(line, "exit", 4) == 0) {
            return 0;
        }
        fflush(stdout);
    }
    return 0;
}

/* ------------------------------------------------------------------ the test's side */
static char self[PATH_MAX + 64];

static const char *stand_in_as(const char *mode)
{
    static char command[4][PATH_MAX + 128];
    static int turn;
    char *out = command[turn++ % 4];

    snprintf(out, sizeof(command[0]), "%s --stand-in %s", self, mode);
    return out;
}

struct heard {
    int outputs, errors, warnings, done;
    enum ps_end end;
    char last[128], why[256], id[64];
};
struct world {
    struct loop *loop;
    struct transport_hub *hub;
    struct host *host;
};

static void on_output(void *ctx, const struct ps_value *value)
{
    struct heard *h = ctx;
    struct arena mem = { 0 };
    const char *text = ps_text(value, &mem);

    h->outputs++;
    snprintf(h->last, sizeof(h->last), "%d:%s", (int)value->type, text ? text : "");
    arena_done(&mem);
}

static void on_error(void *ctx, const struct ps_error *error)
{
    struct heard *h = ctx;

    h->errors++;
    snprintf(h->id, sizeof(h->id), "%s/%d", error->id, error->category);
}

static void on_record(void *ctx, enum ps_stream stream, const char *text)
{
    struct heard *h = ctx;

    h->warnings += stream == PS_STREAM_WARNING && strcmp(text, "beware") == 0;
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct heard *h = ctx;

    h->done++;
    h->end = end;
    snprintf(h->why, sizeof(h->why), "%s", why ? why->message : "");
    if (why)
        snprintf(h->id, sizeof(h->id), "%s/%d", why->id, why->category);
}

static void start(struct world *w, const char *command, const struct host_options *options)
{
    struct transport_target target = { .name = "host1", .kind = TRANSPORT_COMMAND, .command = command };

    w->loop = loop_new();
    w->hub = transport_hub_new(w->loop, NULL);
    w->host = host_new(w->hub, w->loop, &target, options, NULL, NULL);
}

static void end(struct world *w)
{
    host_free(w->host);
    transport_hub_free(w->hub);
    loop_free(w->loop);
}

static host_call_id invoke(struct world *w, const char *name, const struct ps_value *value, int64_t timeout_ms,
                           struct heard *heard)
{
    static const struct ps_call_events events = { .output = on_output, .error = on_error, .record = on_record, .done = on_done };
    struct ps_param param = { .name = "Value", .value = value ? *value : PS_NIL };
    struct ps_command command = { .name = name, .params = &param, .param_count = value ? 1 : 0 };
    struct ps_call call = { .commands = &command, .command_count = 1 };

    return host_invoke(w->host, &call, timeout_ms, &events, heard);
}

static void wait_done(struct world *w, struct heard *h)
{
    int64_t until = clock_mono_ms() + 10000;

    while (!h->done && clock_mono_ms() < until)
        loop_turn(w->loop, 1000);
    if (h->done != 1)
        fail_msg("not done: %s", host_error(w->host)->text);
}

static const struct host_options plain = { .dialect = HOST_DIALECT_PLAIN, .start_timeout_ms = 5000 };

static void values_there_and_back(void **state)
{
    struct ps_value strings[] = { PS_S("a"), PS_S("b") };
    struct {
        struct ps_value v;
        const char *want;
    } cases[] = {
        { PS_S("plain"), "plain" },
        { PS_S("'; Remove-Item C:\\ -Recurse; $(x) `n <&>\r\n\x1b[31m \xc3\xa4 \xf0\x9f\x98\x80"), NULL },
        { PS_S(""), "" },
        { PS_B(true), "True" },
        { PS_INT(-5), "-5" },
        { PS_TS(INT64_C(6912000000000)), "8.00:00:00" },
        { { .type = PS_LIST, .items = strings, .len = 2 }, "a, b" },
    };
    struct world w;

    (void)state;
    start(&w, stand_in_as("FullLanguage"), &plain);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct heard h = { 0 };
        char want[160];

        invoke(&w, "Echo", &cases[i].v, 5000, &h);
        wait_done(&w, &h);
        snprintf(want, sizeof(want), "%d:%s", (int)cases[i].v.type, cases[i].want ? cases[i].want : cases[i].v.s);
        assert_int_equal(h.end, PS_COMPLETED);
        assert_int_equal(h.outputs, 1);
        assert_string_equal(h.last, want);
    }
    assert_string_equal(host_version(w.host), "5.1.17763.1");
    assert_string_equal(host_edition(w.host), "Core"); /* as on a Nano Server: the version does not tell */
    assert_int_equal(host_dialect(w.host), HOST_DIALECT_PLAIN);
    assert_non_null(strstr(host_describe(w.host), "plain"));
    end(&w);
}

static void errors_and_warnings(void **state)
{
    struct world w;
    struct heard a = { 0 }, b = { 0 }, c = { 0 };

    (void)state;
    start(&w, stand_in_as("FullLanguage"), &plain);
    invoke(&w, "Complain", NULL, 5000, &a);
    invoke(&w, "Fail", NULL, 5000, &b); /* waits: one at a time */
    invoke(&w, "Stale", NULL, 5000, &c);
    wait_done(&w, &c);
    assert_int_equal(a.end, PS_COMPLETED);
    assert_int_equal(a.errors, 1);
    assert_int_equal(a.warnings, 1);
    assert_string_equal(a.id, "DHCP 20005,Complain/13");
    assert_int_equal(b.end, PS_FAILED);
    assert_string_equal(b.id, "CommandNotFoundException/13");
    assert_true(strncmp(b.why, "gone", 4) == 0);
    assert_int_equal(c.outputs, 0);
    end(&w);
}

/* A call is stopped by dropping its PowerShell; those that wait get a new one. */
static void stopped_by_dropping(void **state)
{
    struct world w;
    struct heard hangs = { 0 }, waits = { 0 }, stopped = { 0 }, after = { 0 };
    host_call_id id = 0;

    (void)state;
    start(&w, stand_in_as("FullLanguage"), &plain);
    invoke(&w, "Hang", NULL, 200, &hangs);
    invoke(&w, "Echo", &PS_S("x"), 5000, &waits);
    wait_done(&w, &hangs);
    assert_int_equal(hangs.end, PS_FAILED);
    assert_non_null(strstr(hangs.why, "did not answer within"));
    wait_done(&w, &waits);
    assert_int_equal(waits.end, PS_COMPLETED);
    id = invoke(&w, "Hang", NULL, 0, &stopped);
    loop_turn(w.loop, 10);
    host_stop(w.host, id);
    wait_done(&w, &stopped);
    assert_int_equal(stopped.end, PS_STOPPED);
    invoke(&w, "Echo", &PS_S("y"), 5000, &after);
    wait_done(&w, &after);
    assert_int_equal(after.end, PS_COMPLETED);
    end(&w);
}

static void what_is_no_plain_powershell(void **state)
{
    struct {
        const char *command, *call, *has;
    } cases[] = {
        { stand_in_as("ConstrainedLanguage"), "Echo", "ConstrainedLanguage" },
        { "sh -c 'echo sh: not found; exit 127'", "Echo", "first bytes were \"sh: not found\"" },
        { "sh -c 'yes nonsense'", "Echo", "first bytes were \"nonsense\"" },
        { "sh -c 'cat /dev/zero | tr -d x'", "Echo", "" },
        { stand_in_as("FullLanguage"), "Garble", "not base64" },
        { stand_in_as("FullLanguage"), "Die", "out of memory" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world w;
        struct heard h = { 0 };

        start(&w, cases[i].command, &plain);
        invoke(&w, cases[i].call, NULL, 3000, &h);
        wait_done(&w, &h);
        if (h.end != PS_LOST || !strstr(h.why, cases[i].has))
            fail_msg("%s: %d %s", cases[i].command, (int)h.end, h.why);
        end(&w);
    }
}

/* PSRP first; when it does not open, plain lines; when those do not either, what PSRP said. */
static void chosen_by_itself(void **state)
{
    struct {
        const char *psrp, *plain;
        int64_t start_ms;
        enum host_dialect first;
        enum ps_end end;
        enum host_dialect dialect;
        const char *has;
    } cases[] = {
        { "sleep 30", stand_in_as("FullLanguage"), 500, 0, PS_COMPLETED, HOST_DIALECT_PLAIN, "" },
        { "sh -c 'exit 1'", stand_in_as("FullLanguage"), 5000, 0, PS_COMPLETED, HOST_DIALECT_PLAIN, "" },
        { "sleep 30", stand_in_as("FullLanguage"), 20000, HOST_DIALECT_PLAIN, PS_COMPLETED, HOST_DIALECT_PLAIN, "" },
        { "sh -c 'echo one; exit 1'", "sh -c 'echo two; exit 1'", 5000, 0, PS_LOST, HOST_DIALECT_PSRP, "\"one\"" },
        { "sh -c 'echo one; exit 1'", NULL, 5000, 0, PS_LOST, HOST_DIALECT_PSRP, "\"one\"" },
        { "/no/such/program", stand_in_as("FullLanguage"), 5000, 0, PS_LOST, HOST_DIALECT_PSRP, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world w;
        struct heard h[2] = { 0 };
        struct host_options options = { .start_timeout_ms = cases[i].start_ms, .first = cases[i].first,
                                        .plain_command = cases[i].plain };

        start(&w, cases[i].psrp, &options);
        for (size_t n = 0; n < COUNT(h); n++)
            invoke(&w, "Echo", &PS_S("x"), 5000, &h[n]);
        for (size_t n = 0; n < COUNT(h); n++)
            wait_done(&w, &h[n]);
        if (h[0].end != cases[i].end || h[1].end != cases[i].end || host_dialect(w.host) != cases[i].dialect ||
            !strstr(h[0].why, cases[i].has))
            fail_msg("%zu: end %d, dialect %d, %s", i, (int)h[0].end, (int)host_dialect(w.host), h[0].why);
        end(&w);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_there_and_back),       cmocka_unit_test(errors_and_warnings),
        cmocka_unit_test(stopped_by_dropping),         cmocka_unit_test(what_is_no_plain_powershell),
        cmocka_unit_test(chosen_by_itself),
    };

    if (argc == 3 && strcmp(argv[1], "--stand-in") == 0)
        return stand_in(argv[2]);
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
