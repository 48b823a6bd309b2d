/* The simulated host as a program: our PSRP client drives it through pipes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "simclient.h"

static char estate[] = "/tmp/simhost-test-XXXXXX";

static int make_estate(void **state)
{
    (void)state;
    return !mkdtemp(estate) || sim_run(NULL, "make", estate, "--clean", "--log", "--shape", "members") != 0;
}

static int remove_estate(void **state)
{
    char *argv[] = { "rm", "-rf", estate, NULL };
    struct err err = { 0 };
    (void)state;

    return child_run(argv, NULL, 10000, NULL, NULL, &err) ? 0 : 1;
}

static void open_host(struct simclient *c, const char *name, int runspaces)
{
    if (!simclient_start(c, estate, name, runspaces))
        fail_msg("cannot start it: %s", c->err.text);
    if (!simclient_until(c, &c->opened))
        fail_msg("did not open: %s %s", c->err.text, c->errs);
}

static void opens_and_closes(void **state)
{
    struct simclient c;
    (void)state;

    open_host(&c, "dhcp-lon-01", 3);
    assert_string_equal(psrp_edition(c.psrp), "Desktop");
    assert_memory_equal(psrp_version(c.psrp), "5.1.", 4);
    psrp_close(c.psrp);
    assert_true(simclient_until(&c, &c.closed));
    simclient_end(&c);
}

static void lists_scopes(void **state)
{
    static const char *const wanted[] = { "ScopeId", "SubnetMask", "State", NULL };
    struct ps_command get = { .name = "Get-DhcpServerv4Scope" };
    struct simresult r = { .wanted = wanted };
    struct simclient c;
    (void)state;

    open_host(&c, "dhcp-lon-01", 1);
    assert_true(simclient_call(&c, &get, 1, &r));
    assert_int_equal(r.end, PS_COMPLETED);
    assert_int_equal(r.errors, 0);
    assert_true(r.outputs > 5);
    assert_int_equal(r.progress, 1); /* "Preparing modules for first use." */
    assert_non_null(strstr(buf_at(&r.text), "ScopeId=10.0.0.0 SubnetMask=255.255.255."));
    buf_done(&r.text);
    simclient_end(&c);
}

static void pipes(void **state)
{
    static const char *const wanted[] = { "ScopeId", "Name", "DynamicUpdates", NULL };
    struct ps_value names[] = { PS_S("ScopeId"), PS_S("Name") };
    struct ps_value list = { .type = PS_LIST, .items = names, .len = 2 };
    struct ps_param property = { .name = "Property", .value = list };
    struct ps_command select[] = { { .name = "Get-DhcpServerv4Scope" },
                                   { .name = "Select-Object", .params = &property, .param_count = 1 } };
    struct ps_command dns[] = { { .name = "Get-DhcpServerv4Scope" },
                                { .name = "Get-DhcpServerv4DnsSetting" } };
    struct simresult first = { .wanted = wanted }, second = { .wanted = wanted };
    struct simclient c;
    (void)state;

    open_host(&c, "dhcp-lon-01", 1);
    assert_true(simclient_call(&c, select, 2, &first));
    assert_non_null(strstr(buf_at(&first.text), "ScopeId=10.0.0.0 Name=LON"));
    assert_true(simclient_call(&c, dns, 2, &second));
    assert_int_equal(first.outputs, second.outputs); /* one setting a scope, which does not name it */
    assert_non_null(strstr(buf_at(&second.text), "ScopeId=- Name=- DynamicUpdates="));
    buf_done(&first.text);
    buf_done(&second.text);
    simclient_end(&c);
}

static void changes_stay(void **state)
{
    static const char *const wanted[] = { "ScopeId", "LeaseDuration", "Description", "State", NULL };
    struct ps_param set[] = { { "ScopeId", PS_S("10.0.0.0") },
                              { "LeaseDuration", PS_TS(INT64_C(4) * 86400 * 10000000) },
                              { "Description", PS_S("moved") },
                              { "State", PS_S("InActive") },
                              { "ErrorAction", PS_S("Stop") } };
    struct ps_param id[] = { { "ScopeId", PS_S("10.0.0.0") } };
    struct ps_command commands[] = {
        { .name = "Set-DhcpServerv4Scope", .params = set, .param_count = COUNT(set) },
        { .name = "Get-DhcpServerv4Scope", .params = id, .param_count = 1 }
    };
    struct simresult r = { .wanted = wanted };
    struct simclient a, b;
    (void)state;

    open_host(&a, "dhcp-lon-01", 1);
    open_host(&b, "dhcp-lon-01", 1);
    assert_true(simclient_call(&a, &commands[0], 1, &r));
    assert_int_equal(r.end, PS_COMPLETED);
    assert_true(simclient_call(&b, &commands[1], 1, &r)); /* another process on the same server */
    assert_string_equal(buf_at(&r.text),
                        "ScopeId=10.0.0.0 LeaseDuration=4.00:00:00 Description=moved State=Inactive\n");
    buf_done(&r.text);
    simclient_end(&a);
    simclient_end(&b);
}

static void errors_table(void **state)
{
    struct ps_param missing[] = { { "ScopeId", PS_S("10.99.99.0") } };
    struct ps_param stop[] = { { "ScopeId", PS_S("10.99.99.0") }, { "ErrorAction", PS_S("Stop") } };
    struct ps_param unknown[] = { { "Colour", PS_S("red") } };
    struct ps_param bad[] = { { "ScopeId", PS_S("ten") } };
    struct ps_param half[] = { { "ScopeId", PS_S("10.0.0.0") }, { "StartRange", PS_S("10.0.0.1") } };
    struct ps_param word[] = { { "ScopeId", PS_S("10.0.0.0") }, { "State", PS_S("Asleep") } };
    struct ps_param text[] = { { "ScopeId", PS_S("10.0.0.0") }, { "NapEnable", PS_S("true") } };
    struct ps_param ends[] = { { "ScopeId", PS_S("10.0.0.0") },
                               { "StartRange", PS_S("10.7.0.1") },
                               { "EndRange", PS_S("10.7.0.9") } };
    struct ps_param zero[] = { { "ScopeId", PS_S("10.0.0.0") }, { "LeaseDuration", PS_TS(0) } };
    struct ps_param service[] = { { "Name", PS_S("Spoolerish") } };
    const struct {
        const char *command;
        struct ps_param *params;
        size_t count;
        const char *id;
        int category;
        bool failed; /* inside the state, not as a record */
    } cases[] = {
        { "Get-DhcpServerv4Scope", missing, 1, "DHCP 20005,Get-DhcpServerv4Scope", 13, false },
        { "Get-DhcpServerv4Scope", stop, 2, "DHCP 20005,Get-DhcpServerv4Scope", 13, true },
        { "Get-DhcpServerv4Scope", unknown, 1, "NamedParameterNotFound,Get-DhcpServerv4Scope", 5, true },
        { "Get-DhcpServerv4Scope", bad, 1, "ParameterArgumentTransformationError,Get-DhcpServerv4Scope", 6,
          true },
        { "Set-DhcpServerv4Scope", half, 2, "MissingMandatoryParameter,Set-DhcpServerv4Scope", 5, true },
        { "Set-DhcpServerv4Scope", word, 2, "ParameterArgumentValidationError,Set-DhcpServerv4Scope", 6,
          true },
        { "Set-DhcpServerv4Scope", text, 2, "ParameterArgumentTransformationError,Set-DhcpServerv4Scope", 6,
          true },
        { "Set-DhcpServerv4Scope", ends, 3, "DHCP 20023,Set-DhcpServerv4Scope", 6, false },
        { "Set-DhcpServerv4Scope", zero, 2, "WIN32 87,Set-DhcpServerv4Scope", 5, false },
        { "Get-NoSuchThing", NULL, 0, "CommandNotFoundException", 13, true },
        { "Get-DnsServerZone", NULL, 0, "CommandNotFoundException", 13, true }, /* its role is DHCP */
        { "Get-Service", service, 1,
          "NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand", 13, false },
    };
    struct simclient c;
    (void)state;

    open_host(&c, "dhcp-lon-01", 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ps_command command = { .name = cases[i].command,
                                      .params = cases[i].params,
                                      .param_count = cases[i].count };
        struct simresult r = { 0 };
        if (!simclient_call(&c, &command, 1, &r))
            fail_msg("case %zu was not answered: %s", i, c.err.text);
        const char *id = cases[i].failed ? r.why_id : r.error_id;
        int category = cases[i].failed ? r.why_category : r.error_category;
        if (strcmp(id, cases[i].id) != 0 || category != cases[i].category ||
            (r.end == PS_FAILED) != cases[i].failed)
            fail_msg("case %zu: got \"%s\" %d, end %d", i, id, category, r.end);
        buf_done(&r.text);
    }
    simclient_end(&c);
}

static void stops_and_queues(void **state)
{
    struct ps_command get = { .name = "Get-DhcpServerVersion" };
    struct simresult slow = { 0 }, queued = { 0 }, after = { 0 };
    struct simclient c;
    (void)state;

    assert_int_equal(sim_run(NULL, "fault", estate, "dhcp-fra-01", "slow:60000", NULL, NULL), 0);
    open_host(&c, "dhcp-fra-01", 1);
    psrp_call_id first = simclient_send(&c, &get, 1, &slow), second = simclient_send(&c, &get, 1, &queued);
    for (int i = 0; i < 3; i++) { /* let both reach it */
        struct pollfd wait = { .fd = c.child.out, .events = POLLIN };
        struct buf *out = psrp_out(c.psrp);
        if (out->len)
            buf_take(out, (size_t)write(c.child.in, buf_at(out), out->len));
        if (poll(&wait, 1, 100) == 1)
            simclient_read(&c);
    }
    psrp_stop(c.psrp, second);
    assert_true(simclient_until(&c, &queued.done));
    assert_int_equal(queued.end, PS_STOPPED);
    psrp_stop(c.psrp, first);
    assert_true(simclient_until(&c, &slow.done));
    assert_int_equal(slow.end, PS_STOPPED);
    assert_int_equal(sim_run(NULL, "fault", estate, "dhcp-fra-01", "none", NULL, NULL), 0);
    assert_true(
        simclient_call(&c, &get, 1, &after)); /* the session lives on, the fault is seen at the next call */
    assert_int_equal(after.outputs, 1);
    buf_done(&after.text);
    simclient_end(&c);
}

static void faults_table(void **state)
{
    static const struct {
        const char *kind;
        bool opens;   /* the session opens */
        bool answers; /* the call is done, whatever it gave */
        const char *id;
    } cases[] = {
        { "down", false, false, NULL },
        { "garbage", false, false, NULL },
        { "noise", true, true, "" },
        { "die-mid-answer", true, true, NULL },
        { "half-fragment", true, true, NULL },
        { "entities", true, true, NULL },
        { "huge-fragment", true, true, NULL },
        { "denied", true, true, "WIN32 5,Get-DhcpServerv4Scope" },
        { "no-module", true, true, "CommandNotFoundException" },
        { "hang-after:1", true, true, "" },
    };
    struct ps_command get = { .name = "Get-DhcpServerv4Scope" };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct simclient c;
        struct simresult r = { 0 };
        assert_int_equal(sim_run(NULL, "fault", estate, "dhcp-nyc-01", cases[i].kind, NULL, NULL), 0);
        assert_true(simclient_start(&c, estate, "dhcp-nyc-01", 1));
        /* What never opens breaks or ends; it need not be waited for in full. */
        bool open = simclient_until(&c, &c.opened);
        if (open != cases[i].opens)
            fail_msg("%s: opened %d, %s", cases[i].kind, open, c.err.text);
        if (open) {
            bool done = simclient_call(&c, &get, 1, &r) || r.done;
            const char *id = *r.error_id ? r.error_id : r.why_id;
            if (done != cases[i].answers || (cases[i].id && strcmp(id, cases[i].id) != 0))
                fail_msg("%s: done %d, id \"%s\", %s", cases[i].kind, done, id, c.err.text);
        }
        buf_done(&r.text);
        simclient_end(&c);
    }
    assert_int_equal(sim_run(NULL, "fault", estate, "dhcp-nyc-01", "none", NULL, NULL), 0);
    assert_int_equal(sim_run(NULL, "fault", estate, "dhcp-nyc-01", "sulky", NULL, NULL), 2);
}

static int lines_of(const char *text, const char *with)
{
    int n = 0;

    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        const char *found = strstr(text, with);
        n += found && found < text + strcspn(text, "\n");
    }
    return n;
}

/* All zones of a server, and what it answers for each of them, in one pipeline. */
static void zones(void **state)
{
    static const char *const kinds[] = { "ZoneName", "ZoneType", "IsReverseLookupZone", NULL };
    static const char *const soa[] = { "Name", "SerialNumber", "PrimaryServer", NULL };
    struct ps_param name = { "ExpandProperty", PS_S("ZoneName") };
    struct ps_param ask[] = { { "Type", PS_S("SOA") },
                              { "Server", PS_S("127.0.0.1") },
                              { "DnsOnly", PS_B(true) } };
    struct ps_command commands[] = { { .name = "Get-DnsServerZone" },
                                     { .name = "Select-Object", .params = &name, .param_count = 1 },
                                     { .name = "Resolve-DnsName", .params = ask, .param_count = 3 } };
    struct ps_command aging[] = { { .name = "Get-DnsServerZone" }, { .name = "Get-DnsServerZoneAging" } };
    struct simresult all = { .wanted = kinds }, serials = { .wanted = soa }, ages = { 0 };
    struct simclient c;
    (void)state;

    open_host(&c, "dns-fra-01", 2);
    assert_true(simclient_call(&c, commands, 1, &all));
    assert_non_null(
        strstr(buf_at(&all.text), "ZoneName=corp.example.com ZoneType=Primary IsReverseLookupZone=False"));
    assert_true(lines_of(buf_at(&all.text), ".in-addr.arpa ZoneType=Primary IsReverseLookupZone=True") >= 3);
    assert_true(simclient_call(&c, commands, 3, &serials));
    assert_int_equal(serials.errors, 0); /* this estate is clean */
    assert_int_equal(serials.outputs, all.outputs);
    assert_true(simclient_call(
        &c, aging, 2, &ages)); /* refused for secondaries, stubs and forwarders; automatic zones have none */
    assert_int_equal(ages.errors, all.outputs - lines_of(buf_at(&all.text), "ZoneType=Primary"));
    assert_true(ages.outputs > 3);
    buf_done(&all.text);
    buf_done(&serials.text);
    buf_done(&ages.text);
    simclient_end(&c);
}

/* A stopped service is what Get-Service says, and what its cmdlets cannot reach. */
static void stopped_service(void **state)
{
    static const char *const wanted[] = { "Name", "Status", NULL };
    struct ps_param names = { "Name", PS_S("DNS") };
    struct ps_command service = { .name = "Get-Service", .params = &names, .param_count = 1 },
                      list = { .name = "Get-DnsServerZone" };
    struct simresult r = { .wanted = wanted }, none = { 0 };
    struct simclient c;
    (void)state;

    open_host(&c, "dns-nyc-01", 1);
    assert_int_equal(sim_run(NULL, "set", estate, "dns-nyc-01", "ServiceController:DNS", "Status", "Stopped"),
                     0);
    assert_true(simclient_call(&c, &service, 1, &r));
    assert_string_equal(buf_at(&r.text), "Name=DNS Status=Stopped\n");
    assert_true(simclient_call(&c, &list, 1, &none));
    assert_string_equal(none.error_id, "WIN32 1722,Get-DnsServerZone");
    assert_int_equal(none.outputs, 0);
    buf_done(&r.text);
    buf_done(&none.text);
    simclient_end(&c);
}

/* The newest first; what only the XML tells comes by ForEach-Object -MemberName ToXml. */
static void events(void **state)
{
    static const char *const wanted[] = { "Id", "Level", "Message", NULL };
    struct ps_param log[] = { { "LogName", PS_S("DNS Server") }, { "MaxEvents", PS_INT(1) } };
    struct ps_param member = { "MemberName", PS_S("ToXml") };
    struct ps_command get[] = { { .name = "Get-WinEvent", .params = log, .param_count = 2 },
                                { .name = "ForEach-Object", .params = &member, .param_count = 1 } };
    struct simresult first = { .wanted = wanted }, xml = { 0 };
    struct simclient c;
    char *argv[] = { (char *)sim_program(),
                     "add",
                     estate,
                     "dns-fra-01",
                     "EventLogRecord",
                     "RecordId=9000",
                     "Id=4015",
                     "Level=2",
                     "LogName=DNS Server",
                     "TimeCreated=2026-11-25T10:00:00Z",
                     "Message=critical",
                     "Data=<1>|two",
                     NULL };
    struct err err = { 0 };
    struct child_output said = { .status = 1 };
    (void)state;

    assert_true(child_run(argv, NULL, 10000, NULL, &said, &err));
    assert_int_equal(said.status, 0);
    child_output_done(&said);
    open_host(&c, "dns-fra-01", 1);
    assert_true(simclient_call(&c, get, 1, &first));
    assert_string_equal(buf_at(&first.text), "Id=4015 Level=2 Message=critical\n");
    assert_true(simclient_call(&c, get, 2, &xml));
    assert_non_null(strstr(buf_at(&xml.text), "<EventRecordID>9000</EventRecordID>"));
    assert_non_null(
        strstr(buf_at(&xml.text), "<Data Name='param1'>&#60;1&#62;</Data><Data Name='param2'>two</Data>"));
    buf_done(&first.text);
    buf_done(&xml.text);
    simclient_end(&c);
}

static void writes_calls_down(void **state)
{
    struct ps_param params[] = { { "ScopeId", PS_S("10.0.0.0") } };
    struct ps_command get = { .name = "Get-DhcpServerv4ScopeStatistics", .params = params, .param_count = 1 };
    struct simresult r = { 0 };
    struct simclient c;
    char path[100], line[4000] = "";
    (void)state;

    open_host(&c, "dhcp-lon-01", 1);
    assert_true(simclient_call(&c, &get, 1, &r));
    assert_int_equal(r.outputs, 1);
    snprintf(path, sizeof path, "%s/dhcp-lon-01.calls", estate);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    bool found = false;
    while (fgets(line, sizeof line, file))
        found = found || strstr(line, "Get-DhcpServerv4ScopeStatistics -ScopeId:S \"10.0.0.0\"");
    fclose(file);
    assert_true(found);
    buf_done(&r.text);
    simclient_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_and_closes),
        cmocka_unit_test(lists_scopes),
        cmocka_unit_test(pipes),
        cmocka_unit_test(changes_stay),
        cmocka_unit_test(errors_table),
        cmocka_unit_test(stops_and_queues),
        cmocka_unit_test(faults_table),
        cmocka_unit_test(writes_calls_down),
        cmocka_unit_test(zones),
        cmocka_unit_test(stopped_service),
        cmocka_unit_test(events),
    };

    return cmocka_run_group_tests(tests, make_estate, remove_estate);
}
