#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/mem.h"
#include "ipamtui/trend.h"
#include "ipamtui/zone.h"

static void networks(void **state)
{
    static const struct {
        const char *zone, *network; /* NULL: none */
        enum zone_family family;
    } cases[] = {
        { "2.1.10.in-addr.arpa", "10.1.2.0/24", ZONE_REVERSE4 },
        { "2.1.10.IN-ADDR.ARPA.", "10.1.2.0/24", ZONE_REVERSE4 },
        { "10.in-addr.arpa", "10.0.0.0/8", ZONE_REVERSE4 },
        { "in-addr.arpa", "0.0.0.0/0", ZONE_REVERSE4 },
        { "4.3.2.1.in-addr.arpa", "1.2.3.4/32", ZONE_REVERSE4 },
        { "0/25.2.1.10.in-addr.arpa", "10.1.2.0/25", ZONE_REVERSE4 },
        { "128/26.2.1.10.in-addr.arpa", "10.1.2.128/26", ZONE_REVERSE4 },
        { "0-127.2.1.10.in-addr.arpa", "10.1.2.0/25", ZONE_REVERSE4 },
        { "10-20.2.1.10.in-addr.arpa", "10.1.2.10-10.1.2.20", ZONE_REVERSE4 },
        { "200/24.2.1.10.in-addr.arpa", NULL, ZONE_REVERSE4 },
        { "256.1.10.in-addr.arpa", NULL, ZONE_REVERSE4 },
        { "x.1.10.in-addr.arpa", NULL, ZONE_REVERSE4 },
        { "1.2.3.4.5.in-addr.arpa", NULL, ZONE_REVERSE4 },
        { "..in-addr.arpa", NULL, ZONE_REVERSE4 },
        { "8.b.d.0.1.0.0.2.ip6.arpa", "2001:db8::/32", ZONE_REVERSE6 },
        { "8.B.D.0.1.0.0.2.ip6.arpa.", "2001:db8::/32", ZONE_REVERSE6 },
        { "0.8.b.d.0.1.0.0.2.ip6.arpa", "2001:db8::/36", ZONE_REVERSE6 },
        { "xx.ip6.arpa", NULL, ZONE_REVERSE6 },
        { "corp.example", NULL, ZONE_FORWARD },
        { "notin-addr.arpa", NULL, ZONE_FORWARD },
        { "", NULL, ZONE_FORWARD },
        { ".", NULL, ZONE_FORWARD },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[ZONE_NETWORK_SIZE] = "(untouched)";
        bool ok = zone_network(cases[i].zone, out);
        if (ok != (cases[i].network != NULL) || (ok && strcmp(out, cases[i].network) != 0))
            fail_msg("%s: got %d %s", cases[i].zone, ok, out);
        assert_int_equal(zone_family(cases[i].zone), cases[i].family);
    }
}

static void serials(void **state)
{
    (void)state;
    assert_int_equal(zone_serial_compare(2, 1), 1);
    assert_int_equal(zone_serial_compare(1, 2), -1);
    assert_int_equal(zone_serial_compare(5, 5), 0);
    assert_int_equal(zone_serial_compare(0, UINT32_MAX), 1); /* wrapped: newer */
    assert_int_equal(zone_serial_compare(0, 0x80000000u), 0); /* RFC 1982 3.2: undefined */
    assert_int_equal(zone_serial_lag(7, 9), 2);
    assert_int_equal(zone_serial_lag(9, 7), 0);
    assert_int_equal(zone_serial_lag(UINT32_MAX, 1), 2);
}

static void health(void **state)
{
    static const struct {
        enum health servers[3];
        size_t count;
        enum health want;
    } cases[] = {
        { { 0 }, 0, HEALTH_UNKNOWN },
        { { HEALTH_UNKNOWN, HEALTH_UNKNOWN }, 2, HEALTH_UNKNOWN },
        { { HEALTH_OK, HEALTH_OK, HEALTH_OK }, 3, HEALTH_OK },
        { { HEALTH_OK, HEALTH_ERROR }, 2, HEALTH_WARNING },
        { { HEALTH_OK, HEALTH_UNKNOWN }, 2, HEALTH_WARNING },
        { { HEALTH_ERROR, HEALTH_ERROR }, 2, HEALTH_ERROR },
        { { HEALTH_ERROR, HEALTH_UNKNOWN }, 2, HEALTH_ERROR }, /* none is known to answer well */
        { { HEALTH_WARNING }, 1, HEALTH_WARNING },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(health_aggregate(cases[i].servers, cases[i].count), cases[i].want);
}

static void trends(void **state)
{
    struct trend t;
    struct trend_point rising[10], flat[10], noisy[10];
    (void)state;
    for (int i = 0; i < 10; i++) {
        int64_t at = 1700000000 + i * 86400;
        rising[i] = (struct trend_point){ at, 100 + 5 * i };
        flat[i] = (struct trend_point){ at, 100 };
        noisy[i] = (struct trend_point){ at, 100 + (i % 2 ? 40 : -40) + i * 0.1 };
    }
    assert_true(trend_of(rising, 10, 200, &t));
    assert_true(t.per_day > 4.99 && t.per_day < 5.01);
    assert_true(t.days_left > 10.9 && t.days_left < 11.1); /* 145 now, 55 to go */
    assert_true(trend_of(flat, 10, 200, &t));
    assert_true(t.days_left < 0);
    assert_true(trend_of(noisy, 10, 200, &t));
    assert_true(t.days_left < 0);
    assert_false(trend_of(rising, 2, 200, &t));
    struct trend_point soon[] = { { 0, 1 }, { 60, 2 }, { 120, 3 } };
    assert_false(trend_of(soon, 3, 200, &t)); /* two minutes are no trend */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks),
        cmocka_unit_test(serials),
        cmocka_unit_test(health),
        cmocka_unit_test(trends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
