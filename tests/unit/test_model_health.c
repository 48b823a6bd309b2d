/* Health of a zone on one server; events about zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/zone.h"

static const struct zone_facts well = { .name = "example.net", .type = "primary", .reachable = "yes", .service = "running",
                                        .has_masters = true, .transfer_result = -1, .has_serial = true, .soa_result = "done",
                                        .lag = -1 };

static void is(const struct zone_facts *facts, enum health health, const char *word)
{
    char cause[96];
    enum health got = zone_health(facts, cause, sizeof(cause));

    if (got != health || (word[0] ? !strstr(cause, word) : cause[0] != 0))
        fail_msg("got %s \"%s\", not %s \"%s\"", health_name(got), cause, health_name(health), word);
}
#define IS(health, word, ...)                                                                                               \
    do {                                                                                                                    \
        struct zone_facts f = well;                                                                                         \
        __VA_ARGS__;                                                                                                        \
        is(&f, health, word);                                                                                               \
    } while (0)

static void health_table(void **state)
{
    (void)state;
    IS(HEALTH_OK, "", (void)f);
    IS(HEALTH_UNKNOWN, "cannot be reached", f.reachable = "no");
    IS(HEALTH_ERROR, "DNS service stopped", f.service = "stopped");
    IS(HEALTH_ERROR, "DNS service paused", f.service = "paused");
    IS(HEALTH_WARNING, "DNS service starting", f.service = "starting");
    IS(HEALTH_OK, "", f.service = "denied"); /* may not be seen: not stopped */
    IS(HEALTH_ERROR, "paused", f.paused = true);
    IS(HEALTH_ERROR, "shut down", f.shutdown = true);
    IS(HEALTH_ERROR, "expired", f.shutdown = true; f.type = "secondary");
    IS(HEALTH_ERROR, "server failure", f.has_serial = false; f.soa_error = "DNS_ERROR_RCODE_SERVER_FAILURE");
    IS(HEALTH_WARNING, "refuses", f.has_serial = false; f.soa_error = "DNS_ERROR_RCODE_REFUSED");
    IS(HEALTH_ERROR, "own name", f.has_serial = false; f.soa_error = "DNS_ERROR_RCODE_NAME_ERROR");
    IS(HEALTH_OK, "by this name", f.has_serial = false; f.soa_error = "DNS_ERROR_RCODE_NAME_ERROR"; f.name = "b\xc3\xbc.net");
    IS(HEALTH_WARNING, "7 behind", f.type = "secondary"; f.lag = 7);
    IS(HEALTH_OK, "", f.type = "secondary"; f.lag = 0; f.transfer_result = 0);
    IS(HEALTH_WARNING, "timed out", f.type = "secondary"; f.lag = 0; f.transfer_result = 1460);
    IS(HEALTH_WARNING, "event 4007", f.event = 4007; f.event_grade = "bad");
    IS(HEALTH_OK, "", f.event = 3150; f.event_grade = "good");
    IS(HEALTH_OK, "", f.type = "forwarder"; f.has_serial = false; f.soa_error = "ERROR_TIMEOUT");
    IS(HEALTH_WARNING, "nobody", f.type = "forwarder"; f.has_masters = false);
    IS(HEALTH_OK, "", f.type = "stub"; f.has_serial = false);
    IS(HEALTH_UNKNOWN, "not asked yet", f.has_serial = false; f.soa_result = NULL);
    IS(HEALTH_OK, "not offered", f.has_serial = false; f.soa_result = "not offered");
}

static void events(void **state)
{
    (void)state;
    for (int id = 0, before = 0; id < 10000; id++)
        if (zone_event_find(id)) {
            assert_true(zone_event_find(id)->id == id && id > before);
            before = id;
        }
    assert_int_equal(zone_event_find(6527)->grade, ZONE_EVENT_BAD);
    assert_int_equal(zone_event_find(4006)->zone, 2);
    assert_null(zone_event_find(2));
    assert_null(zone_event_find(INT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(health_table), cmocka_unit_test(events) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
