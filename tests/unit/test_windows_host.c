/* Hosts over the transport `command`: simulated ones, well and unwell, and programs that are no PowerShell at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estate.h"
#include "ipamtui/clock.h"
#include "ipamtui/fetch.h"

static struct estate estate;

/* What happened to one call. */
struct heard {
    int outputs, errors, done;
    enum ps_end end;
    char why[256], first[64], error_id[64];
    struct host *host;
    bool free_host; /* within done */
};

struct world {
    struct loop *loop;
    struct transport_hub *hub;
    struct host *host;
    enum host_state states[32];
    int state_count;
    struct err failure;
};

static void on_state(void *ctx, enum host_state state, const struct err *err)
{
    struct world *w = ctx;

    if (w->state_count < 32)
        w->states[w->state_count++] = state;
    if (err)
        w->failure = *err;
}

static void world_start(struct world *w, const char *command, const struct host_options *options)
{
    static const struct host_events events = { .state = on_state };
    struct transport_target target = { .name = "host1", .kind = TRANSPORT_COMMAND, .address = "host1", .command = command };

    *w = (struct world){ 0 };
    w->loop = loop_new();
    w->hub = transport_hub_new(w->loop, NULL);
    w->host = host_new(w->hub, w->loop, &target, options, &events, w);
}

static void world_end(struct world *w)
{
    host_free(w->host);
    transport_hub_free(w->hub);
    loop_free(w->loop);
}

static void on_output(void *ctx, const struct ps_value *value)
{
    struct heard *h = ctx;
    struct arena mem = { 0 };
    const char *text = ps_text(ps_get(value, "Name"), &mem);

    if (h->outputs++ == 0 && text)
        snprintf(h->first, sizeof(h->first), "%s", text);
    arena_done(&mem);
}

static void on_error(void *ctx, const struct ps_error *error)
{
    struct heard *h = ctx;

    h->errors++;
    snprintf(h->error_id, sizeof(h->error_id), "%s", error->id);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct heard *h = ctx;

    h->done++;
    h->end = end;
    snprintf(h->why, sizeof(h->why), "%s", why ? why->message : "");
    if (h->free_host) {
        host_free(h->host);
        h->host = NULL;
    }
}

static const struct ps_call_events call_events = { .output = on_output, .error = on_error, .done = on_done };

static host_call_id invoke(struct world *w, const char *cmdlet, int64_t timeout_ms, struct heard *heard)
{
    struct ps_command command = { .name = cmdlet };
    struct ps_call call = { .commands = &command, .command_count = 1 };

    return host_invoke(w->host, &call, timeout_ms, &call_events, heard);
}

static void run_until(struct world *w, const int *flag, int want, int64_t limit_ms)
{
    int64_t until = clock_mono_ms() + limit_ms;

    while (*flag < want && clock_mono_ms() < until)
        loop_turn(w->loop, (int)MAX(until - clock_mono_ms(), 1));
    if (*flag < want)
        fail_msg("nothing after %lld ms: state %d, %s", (long long)limit_ms, host_state(w->host), w->failure.text);
}

static const char *command_of(size_t at)
{
    return estate.servers[at].command;
}

/* ------------------------------------------------------------------ well */
static void one_call(void **state)
{
    struct world w;
    struct heard h = { 0 };

    (void)state;
    world_start(&w, command_of(0), NULL);
    assert_int_equal(host_state(w.host), HOST_CLOSED);
    invoke(&w, "Get-DhcpServerv4Scope", 20000, &h);
    assert_int_equal(host_state(w.host), HOST_CONNECTING);
    run_until(&w, &h.done, 1, 20000);
    assert_int_equal(h.end, PS_COMPLETED);
    assert_true(h.outputs > 0);
    assert_int_equal(w.state_count, 3);
    assert_int_equal(w.states[1], HOST_STARTING);
    assert_int_equal(w.states[2], HOST_OPEN);
    assert_true(host_version(w.host)[0] != '\0');
    assert_string_equal(host_edition(w.host), "Desktop");
    assert_non_null(strstr(host_describe(w.host), "psrp"));
    world_end(&w);
}

static void many_calls_few_runspaces(void **state)
{
    struct world w;
    struct heard h[12] = { 0 };
    int done = 0;

    (void)state;
    world_start(&w, command_of(0), &(struct host_options){ .runspaces = 2 });
    for (size_t i = 0; i < COUNT(h); i++)
        invoke(&w, i % 2 ? "Get-DhcpServerSetting" : "Get-DhcpServerv4ScopeStatistics", 20000, &h[i]);
    for (size_t i = 0; i < COUNT(h); i++)
        run_until(&w, &h[i].done, 1, 30000);
    for (size_t i = 0; i < COUNT(h); i++)
        done += h[i].done == 1 && h[i].end == PS_COMPLETED && h[i].outputs > 0;
    assert_int_equal(done, (int)COUNT(h));
    world_end(&w);
}

static void an_error_is_no_end(void **state)
{
    struct world w;
    struct heard h = { 0 }, after = { 0 };

    (void)state;
    world_start(&w, command_of(0), NULL);
    invoke(&w, "Get-NoSuchThing", 20000, &h);
    run_until(&w, &h.done, 1, 20000);
    assert_int_equal(h.end, PS_FAILED);
    invoke(&w, "Get-DhcpServerSetting", 20000, &after);
    run_until(&w, &after.done, 1, 20000);
    assert_int_equal(after.end, PS_COMPLETED);
    world_end(&w);
}

static void closed_when_idle_and_opened_again(void **state)
{
    struct world w;
    struct heard h = { 0 }, again = { 0 };
    int64_t until = clock_mono_ms() + 10000;

    (void)state;
    world_start(&w, command_of(0), &(struct host_options){ .idle_close_ms = 100 });
    invoke(&w, "Get-DhcpServerSetting", 20000, &h);
    run_until(&w, &h.done, 1, 20000);
    while ((host_state(w.host) != HOST_CLOSED || host_closing(w.host)) && clock_mono_ms() < until)
        loop_turn(w.loop, 100);
    assert_int_equal(host_state(w.host), HOST_CLOSED);
    assert_false(host_closing(w.host)); /* CloseAck came, long before the grace was over */
    assert_int_equal(host_error(w.host)->kind, ERR_NONE);
    invoke(&w, "Get-DhcpServerSetting", 20000, &again);
    run_until(&w, &again.done, 1, 20000);
    assert_int_equal(again.end, PS_COMPLETED);
    world_end(&w);
}

static void freed_within_a_callback(void **state)
{
    struct world w;
    struct heard h = { 0 }, other = { 0 };

    (void)state;
    world_start(&w, command_of(0), NULL);
    h.host = w.host;
    h.free_host = true;
    invoke(&w, "Get-DhcpServerSetting", 20000, &h);
    invoke(&w, "Get-DhcpServerv4Scope", 20000, &other);
    run_until(&w, &h.done, 1, 20000);
    w.host = NULL;
    loop_turn(w.loop, 0);
    loop_turn(w.loop, 0);
    assert_true(other.done == 0 || other.end == PS_COMPLETED);
    world_end(&w);
}

static void freed_while_calls_run(void **state)
{
    struct world w;
    struct heard h[3] = { 0 };

    (void)state;
    estate_fault(&estate, estate.servers[1].name, "slow:1000");
    world_start(&w, command_of(1), &(struct host_options){ .runspaces = 1 });
    for (size_t i = 0; i < COUNT(h); i++)
        invoke(&w, "Get-DhcpServerv4Scope", 20000, &h[i]);
    while (host_state(w.host) != HOST_OPEN)
        loop_turn(w.loop, 1000);
    world_end(&w);
    estate_fault(&estate, estate.servers[1].name, "none");
    assert_int_equal(h[2].done, 0);
}

/* ------------------------------------------------------------------ unwell */
static void sentences(void **state)
{
    static const struct {
        const char *command;
        const char *has;
        int64_t start_ms;
        enum transport_step step;
    } cases[] = {
        { "/nonexistent/program", "", 5000, STEP_EXEC },
        { "printf 'Welcome to the appliance\\nlogin: '", "first bytes were \"Welcome to the appliance", 5000, STEP_OPEN },
        { "sh -c 'echo no such shell >&2; exit 3'", "no such shell", 5000, STEP_OPEN },
        { "true", "ended before PowerShell answered", 5000, STEP_OPEN },
        { "sleep 30", "did not answer within 1 s", 600, STEP_OPEN },
        { "sh -c 'echo Loading profile; sleep 30'", "first bytes were \"Loading profile\"", 600, STEP_OPEN },
        { "sh -c 'printf \"\\033[31mred\\033[0m\\n\"; exit 0'", "first bytes were", 5000, STEP_OPEN },
        { "yes", "first bytes were \"y", 20000, STEP_OPEN },
        { "head -c 3000000 /dev/zero", "not PowerShell remoting", 20000, STEP_OPEN },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world w;
        struct heard h = { 0 };

        world_start(&w, cases[i].command, &(struct host_options){ .start_timeout_ms = cases[i].start_ms });
        invoke(&w, "Get-Service", 0, &h);
        run_until(&w, &h.done, 1, 15000);
        if (h.end != PS_LOST || host_state(w.host) != HOST_FAILED || !strstr(h.why, cases[i].has) ||
            strchr(h.why, '\033') || host_failed_step(w.host) != cases[i].step)
            fail_msg("%s: end %d, state %d, step %d, %s", cases[i].command, h.end, host_state(w.host),
                     host_failed_step(w.host), h.why);
        assert_string_equal(h.why, host_error(w.host)->text);
        world_end(&w);
    }
}

static void faults(void **state)
{
    static const struct {
        const char *kind, *has;
    } cases[] = {
        { "down", "" },           { "down:no route to host", "no route to host" },
        { "die-mid-answer", "" }, { "garbage", "first bytes were" },
        { "endless-line", "" },   { "half-fragment", "" },
        { "huge-fragment", "" },  { "bad-version", "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world w;
        struct heard h = { 0 };

        estate_fault(&estate, estate.servers[1].name, cases[i].kind);
        world_start(&w, command_of(1), &(struct host_options){ .start_timeout_ms = 3000 });
        invoke(&w, "Get-DhcpServerv4Scope", 3000, &h);
        run_until(&w, &h.done, 1, 20000);
        if (h.end == PS_COMPLETED || h.why[0] == '\0' || !strstr(h.why, cases[i].has))
            fail_msg("%s: end %d, %s", cases[i].kind, h.end, h.why);
        world_end(&w);
    }
    estate_fault(&estate, estate.servers[1].name, "none");
}

static void noise_before_the_protocol(void **state)
{
    struct world w;
    struct heard h = { 0 };

    (void)state;
    estate_fault(&estate, estate.servers[1].name, "noise");
    world_start(&w, command_of(1), NULL);
    invoke(&w, "Get-DhcpServerSetting", 10000, &h);
    run_until(&w, &h.done, 1, 15000);
    assert_int_equal(h.end, PS_COMPLETED);
    estate_fault(&estate, estate.servers[1].name, "none");
    world_end(&w);
}

/* Output without end is stopped at the call's limit; the session lives on if the host obeys. */
static void a_call_without_end(void **state)
{
    struct world w;
    struct heard h = { 0 };

    (void)state;
    estate_fault(&estate, estate.servers[1].name, "endless");
    world_start(&w, command_of(1), NULL);
    invoke(&w, "Get-DhcpServerv4Scope", 500, &h);
    run_until(&w, &h.done, 1, 20000);
    assert_true(h.end == PS_FAILED);
    assert_non_null(strstr(h.why, "did not answer within"));
    estate_fault(&estate, estate.servers[1].name, "none");
    world_end(&w);
}

/* A host that does not even stop is dropped after a while, and the next call opens a new session. */
static void a_call_that_cannot_be_stopped(void **state)
{
    struct world w;
    struct heard h = { 0 }, after = { 0 };

    (void)state;
    estate_fault(&estate, estate.servers[1].name, "hang-after:0");
    world_start(&w, command_of(1), NULL);
    invoke(&w, "Get-DhcpServerv4Scope", 300, &h);
    run_until(&w, &h.done, 1, 20000);
    assert_int_equal(h.end, PS_LOST);
    assert_non_null(strstr(h.why, "dropped"));
    assert_int_equal(host_state(w.host), HOST_FAILED);
    estate_fault(&estate, estate.servers[1].name, "none");
    invoke(&w, "Get-DhcpServerSetting", 10000, &after);
    run_until(&w, &after.done, 1, 15000);
    assert_int_equal(after.end, PS_COMPLETED);
    world_end(&w);
}

static void stopped_before_it_began(void **state)
{
    struct world w;
    struct heard h = { 0 }, forgotten = { 0 };
    host_call_id id = 0;

    (void)state;
    world_start(&w, "sleep 30", NULL);
    id = invoke(&w, "Get-Service", 0, &h);
    host_forget(w.host, invoke(&w, "Get-Service", 0, &forgotten));
    host_stop(w.host, id);
    assert_int_equal(h.done, 0); /* told from the loop */
    run_until(&w, &h.done, 1, 5000);
    assert_int_equal(h.end, PS_STOPPED);
    assert_int_equal(forgotten.done, 0);
    world_end(&w);
}

static int setup(void **state)
{
    (void)state;
    estate_make(&estate, 2, 20, 7);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    estate_done(&estate);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call),
        cmocka_unit_test(many_calls_few_runspaces),
        cmocka_unit_test(an_error_is_no_end),
        cmocka_unit_test(closed_when_idle_and_opened_again),
        cmocka_unit_test(freed_within_a_callback),
        cmocka_unit_test(freed_while_calls_run),
        cmocka_unit_test(sentences),
        cmocka_unit_test(faults),
        cmocka_unit_test(noise_before_the_protocol),
        cmocka_unit_test(a_call_without_end),
        cmocka_unit_test(a_call_that_cannot_be_stopped),
        cmocka_unit_test(stopped_before_it_began),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
