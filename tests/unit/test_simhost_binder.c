/* The simulated host refuses what the genuine binder refuses, with the same error id and category: every case is run against simhost and,
 * where it was built (`make winhost`), against the real PowerShell engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "simclient.h"

static char estate[] = "/tmp/simhost-binder-XXXXXX";

static int make_estate(void **state)
{
    (void)state;
    return !mkdtemp(estate) || sim_run(NULL, "make", estate, "--clean", "--servers", "1", NULL) != 0;
}

static int remove_estate(void **state)
{
    char *argv[] = { "rm", "-rf", estate, NULL };
    struct err err = { 0 };
    (void)state;

    return child_run(argv, NULL, 10000, NULL, NULL, &err) ? 0 : 1;
}

#define PARAMS 5
struct binder_case {
    const char *command;
    struct ps_param params[PARAMS]; /* ended by a PS_NULL without name */
    const char *then;  /* a second command, piped */
    const char *id;    /* "" = it completes */
    int category;
    bool failed;       /* the error is inside the state */
};
#define SCOPE { "ScopeId", PS_S("10.0.0.0") }
#define DAY_TICKS (INT64_C(86400) * 10000000)

static const struct binder_case *cases(size_t *count)
{
    static struct binder_case table[32];
    const struct binder_case rows[] = {
        { "Get-DhcpServerv4Scope", { SCOPE }, NULL, "", 0, false },
        { "Get-DhcpServerv4Scope", { SCOPE }, "Get-DhcpServerv4DnsSetting", "", 0, false },
        { "Get-DhcpServerv4Scope", { SCOPE }, "Get-DhcpServerVersion", "InputObjectNotBound,Get-DhcpServerVersion", 5, false },
        { "Get-DhcpServerv4Scope", { { "ScopeId", PS_S("10.99.0.0") } }, NULL, "DHCP 20005,Get-DhcpServerv4Scope", 13, false },
        { "Get-DhcpServerv4Scope", { { "Colour", PS_S("red") } }, NULL, "NamedParameterNotFound,Get-DhcpServerv4Scope", 5, true },
        { "Get-DhcpServerv4Scope", { { "ScopeId", PS_S("ten") } }, NULL, "ParameterArgumentTransformationError,Get-DhcpServerv4Scope", 6, true },
        { "Get-DhcpServerv4Scope", { { NULL, PS_S("10.0.0.0") }, { NULL, PS_S("10.0.1.0") } }, NULL,
          "PositionalParameterNotFound,Get-DhcpServerv4Scope", 5, true },
        { "Set-DhcpServerv4Scope", { SCOPE, { "LeaseDuration", PS_TS(4 * DAY_TICKS) }, { "Description", PS_S("") }, { "State", PS_S("InActive") },
                                     { "Confirm", PS_B(false) } }, NULL, "", 0, false },
        { "Set-DhcpServerv4Scope", { SCOPE, { "LeaseDuration", PS_TS(0) }, { "ErrorAction", PS_S("Stop") } }, NULL,
          "WIN32 87,Set-DhcpServerv4Scope", 5, true },
        { "Set-DhcpServerv4Scope", { SCOPE, { "StartRange", PS_S("10.0.0.1") } }, NULL, "MissingMandatoryParameter,Set-DhcpServerv4Scope", 5, true },
        { "Set-DhcpServerv4Scope", { { "ScopeId", PS_NIL } }, NULL, "ParameterArgumentValidationErrorNullNotAllowed,Set-DhcpServerv4Scope", 6, true },
        { "Set-DhcpServerv4Scope", { { "Description", PS_S("x") } }, NULL, "MissingMandatoryParameter,Set-DhcpServerv4Scope", 5, true },
        { "Set-DhcpServerv4Scope", { SCOPE, { "State", PS_S("Asleep") } }, NULL, "ParameterArgumentValidationError,Set-DhcpServerv4Scope", 6, true },
        { "Set-DhcpServerv4Scope", { SCOPE, { "NapEnable", PS_S("true") } }, NULL, "ParameterArgumentTransformationError,Set-DhcpServerv4Scope", 6,
          true },
        { "Set-DhcpServerv4Scope", { SCOPE, { "Delay", PS_S("many") } }, NULL, "ParameterArgumentTransformationError,Set-DhcpServerv4Scope", 6,
          true },
        { "Set-DhcpServerv4Scope", { SCOPE, { "De", PS_S("x") } }, NULL, "AmbiguousParameter,Set-DhcpServerv4Scope", 5, true },
        { "Set-DhcpServerv4Scope", { SCOPE, { "Name", PS_S("a") }, { "Name", PS_S("b") } }, NULL, "ParameterAlreadyBound,Set-DhcpServerv4Scope", 5,
          true },
        { "Set-DhcpServerv4Scope", { SCOPE, { "StartRange", PS_S("10.7.0.1") }, { "EndRange", PS_S("10.7.0.9") } }, NULL,
          "DHCP 20023,Set-DhcpServerv4Scope", 6, false },
        { "Set-DhcpServerSetting", { { "ConflictDetectionAttempts", PS_INT(9) } }, NULL, "ParameterArgumentValidationError,Set-DhcpServerSetting", 6,
          true },
        { "Add-DhcpServerv4Scope", { { "Name", PS_S("") }, { "StartRange", PS_S("10.200.0.1") }, { "EndRange", PS_S("10.200.0.9") },
                                     { "SubnetMask", PS_S("255.255.255.0") } }, NULL,
          "ParameterArgumentValidationErrorEmptyStringNotAllowed,Add-DhcpServerv4Scope", 6, true },
        { "Add-DhcpServerv4ExclusionRange", { SCOPE }, NULL, "MissingMandatoryParameter,Add-DhcpServerv4ExclusionRange", 5, true },
        { "Remove-DhcpServerv4Scope", { SCOPE, { "Confirm", PS_B(false) } }, NULL, "DHCP 20007,Remove-DhcpServerv4Scope", 7, false },
        { "Remove-DhcpServerv4Lease", { SCOPE, { "IPAddress", PS_S("10.0.0.1") } }, NULL, "AmbiguousParameterSet,Remove-DhcpServerv4Lease", 5, true },
        { "Get-DnsServerZone", { { 0 } }, NULL, "CommandNotFoundException", 13, true },
        { "Get-NoSuchThing", { { 0 } }, NULL, "CommandNotFoundException", 13, true },
    };

    memcpy(table, rows, sizeof rows);
    *count = COUNT(rows);
    return table;
}

static void run_case(struct simclient *c, const struct binder_case *wanted, const char *host)
{
    struct ps_command commands[2] = { { .name = wanted->command, .params = wanted->params }, { .name = wanted->then } };
    struct simresult r = { 0 };

    while (commands[0].param_count < PARAMS &&
           (wanted->params[commands[0].param_count].name || wanted->params[commands[0].param_count].value.type != PS_NULL))
        commands[0].param_count++;
    if (!simclient_call(c, commands, wanted->then ? 2 : 1, &r))
        fail_msg("%s: %s was not answered: %s %s", host, wanted->command, c->err.text, c->errs);
    const char *id = wanted->failed ? r.why_id : r.error_id;
    int category = wanted->failed ? r.why_category : r.error_category;
    if (strcmp(id, wanted->id) != 0 || category != wanted->category || (r.end == PS_FAILED) != wanted->failed)
        fail_msg("%s: %s, wanted \"%s\" %d, got \"%s\" %d, end %d", host, wanted->command, wanted->id, wanted->category, id, category, r.end);
    buf_done(&r.text);
}

static void run_cases(char *const argv[], const char *host)
{
    struct simclient c;
    size_t count = 0;
    const struct binder_case *table = cases(&count);

    assert_true(simclient_start_argv(&c, argv, host, 1));
    if (!simclient_until(&c, &c.opened) && !simclient_until(&c, &c.opened))
        fail_msg("%s did not open: %s %s", host, c.err.text, c.errs);
    for (size_t i = 0; i < count; i++)
        run_case(&c, &table[i], host);
    simclient_end(&c);
}

static void simhost_binds(void **state)
{
    char *argv[] = { (char *)sim_program(), "serve", estate, "dhcp-lon-01", NULL };
    (void)state;

    run_cases(argv, "simhost");
}

static void engine_binds(void **state)
{
    char library[4300];
    char *argv[] = { "dotnet", library, estate, "dhcp-lon-01", NULL };
    (void)state;

    snprintf(library, sizeof library, "%s", sim_program());
    setenv("IPAMTUI_SIMHOST", library, 1);
    snprintf(strrchr(library, '/'), 40, "/winhost/winhost.dll");
    if (access(library, R_OK) != 0) {
        print_message("skipped: %s was not built (make winhost)\n", library);
        skip();
    }
    run_cases(argv, "winhost");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(simhost_binds), cmocka_unit_test(engine_binds) };

    return cmocka_run_group_tests(tests, make_estate, remove_estate);
}
