/* Calls of another thread over the collector's sessions: the session is the retrieval's, answers come whole and in order, and what went
 * wrong is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estate.h"
#include "ipamtui/clock.h"
#include "ipamtui/clixml.h"
#include "ipamtui/collect.h"
#include "ipamtui/store.h"

enum { SCOPES = 600, LATENCY_MS = 40 };

static struct estate estate;
static char db[96];
static struct options options;
static struct mailbox *notes;
static struct collector *collector;
static struct loop *loop;
static struct collector_calls *calls;
static server_id well, broken;

/* What one call brought. */
struct heard {
    size_t outputs, errors, dones;
    int64_t number; /* the last output, where it is one */
    char error_id[96], why[300];
    enum ps_end end;
    uint64_t forget; /* forgotten with the first output */
};

static void on_output(void *ctx, const struct ps_value *value)
{
    struct heard *heard = ctx;

    assert_int_equal(heard->dones, 0);
    heard->outputs++;
    ps_int(value, &heard->number);
    if (heard->forget)
        collector_call_forget(calls, heard->forget);
    heard->forget = 0;
}

static void on_error(void *ctx, const struct ps_error *error)
{
    struct heard *heard = ctx;

    heard->errors++;
    snprintf(heard->error_id, sizeof(heard->error_id), "%s", error->id);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct heard *heard = ctx;

    heard->dones++;
    heard->end = end;
    snprintf(heard->why, sizeof(heard->why), "%s", why ? why->message : "");
}

static uint64_t begin(server_id server, const char *cmdlet, const char *parameter, const char *text, struct heard *heard)
{
    static const struct ps_call_events events = { .output = on_output, .error = on_error, .done = on_done };
    struct ps_param params[] = { { .name = parameter, .value = text ? PS_S(text) : PS_NIL },
                                 { .name = "ValueOnly", .value = PS_B(true) } };
    struct ps_command command = { .name = cmdlet, .params = params,
                                  .param_count = !parameter ? 0 : strcmp(cmdlet, "Get-Variable") == 0 ? 2 : 1 };
    struct ps_call call = { .commands = &command, .command_count = 1 };

    memset(heard, 0, sizeof(*heard));
    return collector_call(calls, server, &call, 10000, &events, heard);
}

static void until_done(struct heard *heard)
{
    int64_t limit = clock_mono_ms() + 20000;

    while (heard->dones == 0 && clock_mono_ms() < limit)
        loop_turn(loop, 100);
    assert_int_equal(heard->dones, 1);
}

static void ask(server_id server, const char *cmdlet, const char *parameter, const char *text, struct heard *heard)
{
    begin(server, cmdlet, parameter, text, heard);
    until_done(heard);
}

static void retrieve(server_id server)
{
    struct pollfd p = { .fd = mailbox_fd(notes), .events = POLLIN };
    uint64_t job = collector_retrieve(collector, &server, 1, WHAT_DHCP);
    bool over = false;

    while (!over) {
        struct note *note = mailbox_get(notes);

        if (!note)
            assert_int_equal(poll(&p, 1, 20000), 1);
        over = note && note->kind == NOTE_FINISHED && note->job == job;
        free(note);
    }
}

static void set_command(server_id server, const char *command)
{
    struct store *store = NULL;
    struct err err = { 0 };

    assert_true(store_open(db, STORE_WRITE, &store, &err));
    assert_true(store_server_set(store, server, catalog_property(&catalog_servers, "command"), V_TEXT(command), &err));
    store_close(store);
}

static server_id add(struct store *store, const char *name, const char *command)
{
    struct value *row = estate_row(name, name, "dhcp", command);
    struct err err = { 0 };
    server_id id = 0;

    if (!store_server_add(store, row, &id, &err))
        fail_msg("%s", err.text);
    free(row);
    return id;
}

static int setup(void **state)
{
    struct collector_options how = { .db_path = db };
    struct store *store = NULL;
    struct err err = { 0 };
    char ms[16];

    (void)state;
    snprintf(ms, sizeof(ms), "%d", LATENCY_MS);
    estate_make_as(&estate, (const char *const[]){ "--role", "dhcp", "--clean", "--latency-ms", ms, NULL }, 1, SCOPES, 5);
    snprintf(db, sizeof(db), "%s/t.db", estate.dir);
    options_init(&options);
    options.max_calls_per_host = 1; /* so that a retrieval has to wait for itself */
    if (!store_open(db, STORE_WRITE, &store, &err))
        return -1;
    well = add(store, estate.servers[0].name, estate.servers[0].command);
    broken = add(store, "broken", "echo no such host >&2; exit 1");
    store_close(store);
    notes = mailbox_new();
    loop = loop_new();
    if (!collector_start(&how, &options, notes, &collector, &err))
        return -1;
    calls = collector_calls_new(collector, loop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    collector_calls_free(calls);
    collector_stop(collector);
    loop_free(loop);
    mailbox_free(notes, free);
    options_done(&options);
    estate_done(&estate);
    return 0;
}

/* ------------------------------------------------------------------ tests */
static void the_session_is_the_retrievals(void **state)
{
    char *argv[] = { "pgrep", "-c", "-f", NULL, NULL };
    struct child_output said = { 0 };
    struct heard heard;
    struct err err = { 0 };
    int64_t pid;

    (void)state;
    retrieve(well);
    ask(well, "Get-Variable", "Name", "PID", &heard);
    assert_int_equal(heard.end, PS_COMPLETED);
    assert_true(heard.number > 1);
    pid = heard.number;
    retrieve(well);
    ask(well, "Get-Variable", "Name", "PID", &heard);
    assert_int_equal(heard.number, pid);
    argv[3] = x_asprintf("serve %s %s", estate.dir, estate.servers[0].name);
    assert_true(child_run(argv, NULL, 10000, NULL, &said, &err));
    assert_string_equal(buf_at(&said.out), "1\n");
    free(argv[3]);
    child_output_done(&said);
}

static void answers_come_whole(void **state)
{
    struct heard heard, other;

    (void)state;
    begin(well, "Get-DhcpServerv4Scope", NULL, NULL, &heard); /* more than one message */
    begin(well, "Get-DhcpServerv4Scope", "ScopeId", "203.0.113.0", &other);
    until_done(&heard);
    until_done(&other);
    assert_int_equal(heard.end, PS_COMPLETED);
    assert_int_equal(heard.outputs, SCOPES);
    assert_int_equal(other.outputs, 0);
    assert_int_equal(other.errors, 1);
    assert_memory_equal(other.error_id, "DHCP 20005", 10);
    assert_int_equal(collector_call_error(calls, well)->kind, ERR_NONE);
}

/* What an operator waits for does not wait for a retrieval. */
static void a_call_goes_before_what_is_retrieved(void **state)
{
    struct pollfd p = { .fd = mailbox_fd(notes), .events = POLLIN };
    struct note *note = NULL;
    struct heard heard;
    uint64_t job;

    (void)state;
    job = collector_retrieve(collector, &well, 1, WHAT_DHCP | WHAT_UTILIZATION | WHAT_SERVICE | WHAT_FAILOVER);
    for (int i = 0; i < 2; i++)
        ask(well, "Get-Variable", "Name", "PID", &heard);
    while ((note = mailbox_get(notes))) {
        if (note->kind == NOTE_FINISHED && note->job == job)
            fail_msg("the retrieval has ended before two calls were answered");
        free(note);
    }
    do {
        free(note);
        note = mailbox_get(notes);
        if (!note)
            assert_int_equal(poll(&p, 1, 20000), 1);
    } while (!note || note->kind != NOTE_FINISHED);
    free(note);
}

/* While a change holds a server its session stays, whatever is set meanwhile; then the new way holds. */
static void what_is_held_stays(void **state)
{
    struct heard heard;
    int64_t pid;

    (void)state;
    collector_call_hold(calls, well, true);
    ask(well, "Get-Variable", "Name", "PID", &heard);
    pid = heard.number;
    assert_true(collector_call_session(calls, well) > 0);
    collector_server_changed(collector, well);
    ask(well, "Get-Variable", "Name", "PID", &heard);
    assert_int_equal(heard.number, pid);
    retrieve(well);
    ask(well, "Get-Variable", "Name", "PID", &heard);
    assert_int_equal(heard.number, pid);
    collector_call_hold(calls, well, false);
    ask(well, "Get-Variable", "Name", "PID", &heard);
    assert_true(heard.number != pid);
}

static void what_went_wrong_is_told(void **state)
{
    struct heard heard;

    (void)state;
    ask(broken, "Get-Variable", "Name", "PID", &heard);
    assert_int_equal(heard.end, PS_LOST);
    assert_non_null(strstr(heard.why, "no such host"));
    assert_non_null(strstr(collector_call_error(calls, broken)->text, "no such host"));
    ask(broken + 1000, "Get-Variable", "Name", "PID", &heard);
    assert_int_equal(heard.end, PS_LOST);
    assert_non_null(strstr(heard.why, "not managed any more"));

    /* Mended: known when it is told to look again, and then not told as broken any more. */
    set_command(broken, estate.servers[0].command);
    ask(broken, "Get-Variable", "Name", "PID", &heard);
    assert_int_equal(heard.end, PS_LOST);
    collector_calls_look_again(calls);
    collector_call_hold(calls, broken, true); /* as a change does before its first call */
    ask(broken, "Get-Variable", "Name", "PID", &heard);
    assert_int_equal(heard.end, PS_COMPLETED);
    collector_call_hold(calls, broken, false);
    assert_int_equal(collector_call_error(calls, broken)->kind, ERR_NONE);
}

static void forgotten_is_silent(void **state)
{
    struct heard one, two, three;
    uint64_t id;

    (void)state;
    id = begin(well, "Get-Variable", "Name", "PID", &one);
    loop_turn(loop, 5);
    collector_call_forget(calls, id);
    begin(well, "Get-DhcpServerv4Scope", NULL, NULL, &two);
    two.forget = begin(well, "Get-Variable", "Name", "PID", &three);
    until_done(&two);
    ask(well, "Get-Variable", "Name", "PID", &three); /* the session goes on */
    assert_int_equal(one.outputs + one.dones, 0);
    assert_int_equal(three.end, PS_COMPLETED);
    begin(well, "Get-Variable", "Name", "PID", &one); /* under way when all ends */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_session_is_the_retrievals),
        cmocka_unit_test(answers_come_whole),
        cmocka_unit_test(a_call_goes_before_what_is_retrieved),
        cmocka_unit_test(what_is_held_stays),
        cmocka_unit_test(what_went_wrong_is_told),
        cmocka_unit_test(forgotten_is_silent),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
