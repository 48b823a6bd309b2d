/* The kind `command` and what all kinds share: a child process on a real loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/clock.h"
#include "ipamtui/loop.h"
#include "ipamtui/mem.h"
#include "ipamtui/transport.h"

struct seen {
    struct loop *loop;
    struct transport *t;
    bool opened, closed;
    enum transport_step step;
    struct err err;
    char tail[5000];
    size_t bytes, sent, want;
    bool wrong, pause_often, close_on_data;
    struct loop_timer resume, limit;
    struct buf text;
};

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 7 + (i >> 9));
}

static void on_resume(void *ctx)
{
    struct seen *s = ctx;
    transport_pause(s->t, false);
}

static void feed(struct seen *s)
{
    unsigned char chunk[8192];
    while (s->sent < s->want && transport_queued(s->t) < 65536) {
        size_t n = MIN(sizeof(chunk), s->want - s->sent);
        for (size_t i = 0; i < n; i++)
            chunk[i] = pattern(s->sent + i);
        transport_write(s->t, chunk, n);
        s->sent += n;
    }
}

static void on_opened(void *ctx)
{
    struct seen *s = ctx;
    s->opened = true;
    feed(s);
}

static void on_data(void *ctx, const void *bytes, size_t len)
{
    struct seen *s = ctx;
    const unsigned char *b = bytes;

    if (s->want == 0)
        buf_add(&s->text, bytes, len);
    for (size_t i = 0; s->want && i < len; i++)
        s->wrong |= b[i] != pattern(s->bytes + i);
    s->bytes += len;
    feed(s);
    if (s->pause_often && s->bytes % 3 == 0) {
        transport_pause(s->t, true);
        loop_timer_in(s->loop, &s->resume, 1, on_resume, s);
    }
    if (s->close_on_data) {
        transport_close(s->t);
        s->t = NULL;
        loop_stop(s->loop);
    }
    if (s->want && s->bytes >= s->want)
        loop_stop(s->loop);
}

static void on_closed(void *ctx, enum transport_step step, const struct err *err, const char *tail)
{
    struct seen *s = ctx;
    assert_false(s->closed);
    s->closed = true;
    s->step = step;
    s->err = *err;
    snprintf(s->tail, sizeof(s->tail), "%s", tail);
    loop_stop(s->loop);
}

static void on_limit(void *ctx)
{
    struct seen *s = ctx;
    loop_stop(s->loop);
    fail_msg("nothing happened for 20 s");
}

static const struct transport_events events = { .opened = on_opened, .data = on_data, .closed = on_closed };

static struct transport_hub *begin(struct seen *s, const char *command)
{
    struct transport_target target = { .name = "host1", .kind = TRANSPORT_COMMAND, .command = command };
    s->loop = loop_new();
    struct transport_hub *hub = transport_hub_new(s->loop, NULL);
    loop_timer_in(s->loop, &s->limit, 20000, on_limit, s);
    s->t = transport_open(hub, &target, &events, s);
    return hub;
}

static void end(struct seen *s, struct transport_hub *hub)
{
    transport_close(s->t);
    transport_hub_free(hub);
    loop_timer_stop(&s->resume);
    loop_free(s->loop);
    buf_done(&s->text);
}

static void ends_are_told(void **state)
{
    static const struct {
        const char *command;
        bool opened;
        enum transport_step step;
        enum err_kind kind;
        const char *words, *text, *tail;
    } cases[] = {
        { "sh -c 'printf hello'", true, STEP_OPEN, ERR_NONE, "ended", "hello", "" },
        { "sh -c 'printf x; echo oh no >&2; exit 3'", true, STEP_OPEN, ERR_REMOTE, "status 3", "x", "oh no" },
        { "sh -c 'kill -9 $$'", true, STEP_OPEN, ERR_REMOTE, "signal 9 (Killed)", "", "" },
        { "sh -c 'printf \"\\033[31mred\" >&2; exit 1'", true, STEP_OPEN, ERR_REMOTE, "status 1", "", "^[[31mred" },
        { "no-such-program-here -x", false, STEP_EXEC, ERR_NOT_FOUND, "no-such-program-here", "", "" },
        { "sh -c 'unclosed", false, STEP_EXEC, ERR_INPUT, "quote", "", "" },
        { "", false, STEP_EXEC, ERR_INPUT, "empty", "", "" },
        /* Output closed, but it runs on; and the other way round. */
        { "sh -c 'printf y; exec >&- 2>&-; sleep 30'", true, STEP_OPEN, ERR_NONE, "ended", "y", "" },
        { "sh -c 'printf z; sleep 5 & exit 4'", true, STEP_OPEN, ERR_REMOTE, "status 4", "z", "" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct seen s = { 0 };
        struct transport_hub *hub = begin(&s, cases[i].command);
        loop_run(s.loop);
        if (!s.closed || s.opened != cases[i].opened || s.step != cases[i].step || s.err.kind != cases[i].kind ||
            !strstr(s.err.text, cases[i].words) || strcmp(buf_at(&s.text), cases[i].text) != 0 ||
            !strstr(s.tail, cases[i].tail))
            fail_msg("%s: opened %d step %s kind %s \"%s\" text \"%s\" tail \"%s\"", cases[i].command, s.opened,
                     transport_step_name(s.step), err_kind_name(s.err.kind), s.err.text, buf_at(&s.text), s.tail);
        end(&s, hub);
    }
}

static void five_megabytes_there_and_back(void **state)
{
    (void)state;
    for (int paused = 0; paused < 2; paused++) {
        struct seen s = { .want = 5 << 20, .pause_often = paused };
        struct transport_hub *hub = begin(&s, "cat");
        loop_run(s.loop);
        assert_false(s.closed);
        assert_false(s.wrong);
        assert_int_equal(s.bytes, s.want);
        end(&s, hub);
    }
}

/* A paused stream takes no more than the pipe holds, and its program waits. */
static void pause_holds_the_program(void **state)
{
    (void)state;
    struct seen s = { 0 };
    struct transport_hub *hub = begin(&s, "cat /dev/zero");
    while (!s.opened)
        loop_turn(s.loop, 100);
    transport_pause(s.t, true);
    size_t before = s.bytes;
    for (int i = 0; i < 5; i++)
        loop_turn(s.loop, 20);
    assert_int_equal(s.bytes, before);
    transport_pause(s.t, false);
    while (s.bytes == before)
        loop_turn(s.loop, 100);
    end(&s, hub);
}

static void closing_is_polite_and_quiet(void **state)
{
    (void)state;
    char path[] = "/tmp/ipamtui-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    char command[200];
    /* It learns of the end by its stdin, has time for last words, and the owner hears nothing. */
    snprintf(command, sizeof(command), "sh -c 'echo up; cat >/dev/null; sleep 0.2; echo polite >%s; echo more'", path);
    struct seen s = { .close_on_data = true };
    struct transport_hub *hub = begin(&s, command);
    loop_run(s.loop);
    int64_t until = clock_mono_ms() + 1500;
    while (clock_mono_ms() < until)
        loop_turn(s.loop, 50);
    assert_false(s.closed);
    assert_int_equal(s.bytes, 3);
    char text[16] = "";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    fclose(f);
    remove(path);
    assert_string_equal(text, "polite\n");
    end(&s, hub);
}

static void deaf_program_is_dropped(void **state)
{
    (void)state;
    struct seen s = { .close_on_data = true };
    struct transport_hub *hub = begin(&s, "sh -c 'trap \"\" TERM; echo up; while :; do sleep 1; done'");
    loop_run(s.loop);
    int64_t began = clock_mono_ms();
    transport_hub_free(hub);
    assert_true(clock_mono_ms() - began < 1000);
    loop_free(s.loop);
    buf_done(&s.text);
}

static void names(void **state)
{
    (void)state;
    enum transport_kind kind;
    assert_true(transport_kind_parse("openssh", &kind));
    assert_int_equal(kind, TRANSPORT_OPENSSH);
    assert_false(transport_kind_parse("telnet", &kind));
    assert_string_equal(transport_kind_name(TRANSPORT_SSH), "ssh");
    assert_string_equal(transport_step_name(STEP_HOSTKEY), "host key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_told),           cmocka_unit_test(five_megabytes_there_and_back),
        cmocka_unit_test(pause_holds_the_program), cmocka_unit_test(closing_is_polite_and_quiet),
        cmocka_unit_test(deaf_program_is_dropped), cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
