/* Addresses, durations and utilization: tables of what goes in and what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/duration.h"
#include "ipamtui/ip.h"
#include "ipamtui/mem.h"
#include "ipamtui/utilization.h"

static void ip4_table(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint32_t ip;
    } cases[] = {
        { "0.0.0.0", true, 0 },         { "255.255.255.255", true, UINT32_MAX }, { "10.1.2.3", true, 0x0a010203 },
        { "010.1.2.3", false, 0 },      { "10.1.2", false, 0 },                 { "10.1.2.3.4", false, 0 },
        { "10.1.2.256", false, 0 },     { "", false, 0 },                       { " 10.1.2.3", false, 0 },
        { "10.1.2.3 ", false, 0 },      { "10..2.3", false, 0 },                { "-1.1.1.1", false, 0 },
        { "4294967297.1.1.1", false, 0 }, { "0x0a.1.2.3", false, 0 },           { "10.1.2.00", false, 0 },
    };
    char text[IP4_TEXT_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t got = 7;
        bool ok = ip4_parse(cases[i].text, &got);

        if (ok != cases[i].ok || (ok && got != cases[i].ip) || (!ok && got != 7))
            fail_msg("\"%s\": %d %x", cases[i].text, ok, got);
        if (ok)
            assert_string_equal(ip4_format(got, text), cases[i].text);
    }
    assert_false(ip4_parse(NULL, &(uint32_t){ 0 }));
}

static void mask_table(void **state)
{
    (void)state;
    for (int prefix = 0; prefix <= 32; prefix++)
        assert_int_equal(ip4_mask_prefix(ip4_prefix_mask(prefix)), prefix);
    assert_int_equal(ip4_prefix_mask(24), 0xffffff00);
    assert_int_equal(ip4_mask_prefix(0xff00ff00), -1);
    assert_int_equal(ip4_mask_prefix(1), -1);
}

static void range_table(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint32_t first, last;
    } cases[] = {
        { "10.1.0.0/16", true, 0x0a010000, 0x0a01ffff },  { "10.1.2.3/16", true, 0x0a010000, 0x0a01ffff },
        { "10.1.2.3", true, 0x0a010203, 0x0a010203 },     { "10.1.0.0-10.1.0.20", true, 0x0a010000, 0x0a010014 },
        { "0.0.0.0/0", true, 0, UINT32_MAX },             { "10.1.2.3/32", true, 0x0a010203, 0x0a010203 },
        { "10.1.0.20-10.1.0.0", false, 0, 0 },            { "10.1.0.0/33", false, 0, 0 },
        { "10.1.0.0/", false, 0, 0 },                     { "10.1.0.0-", false, 0, 0 },
        { "10.1.0.0/16x", false, 0, 0 },                  { "10.1", false, 0, 0 },
        { "10.1.0.0/-1", false, 0, 0 },                   { "", false, 0, 0 },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = { 0 };
        struct ip4_range got = { 1, 2 };
        bool ok = ip4_range_parse(cases[i].text, "net", &got, &err);

        if (ok != cases[i].ok || (ok && (got.first != cases[i].first || got.last != cases[i].last)))
            fail_msg("\"%s\": %d %x-%x %s", cases[i].text, ok, got.first, got.last, err.text);
        if (!ok)
            assert_true(err.kind == ERR_INPUT && err.text[0] && strcmp(err.where, "net") == 0 && got.first == 1);
    }
}

static void ranges_compare(void **state)
{
    const struct ip4_range a = { 10, 20 }, inside = { 12, 20 }, beside = { 21, 30 }, across = { 20, 25 };
    (void)state;

    assert_true(ip4_range_holds(a, inside) && ip4_range_holds(a, a) && !ip4_range_holds(inside, a));
    assert_true(ip4_range_overlaps(a, across) && !ip4_range_overlaps(a, beside) && ip4_range_overlaps(across, a));
    assert_int_equal(ip4_range_size((struct ip4_range){ 0, UINT32_MAX }), 0x100000000);
    assert_int_equal(ip4_range_size((struct ip4_range){ 5, 5 }), 1);
}

static void ip6_table(void **state)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } cases[] = {
        { "2001:db8::1", "2001:db8::1" },
        { "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* one zero group is not shortened */
        { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },          /* the longest run */
        { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },    /* the first of equals */
        { "::", "::" },
        { "1::", "1::" },
        { "::1", "::1" },
        { "fe80::1%eth0", "fe80::1" },
        { "::ffff:10.1.2.3", "::ffff:10.1.2.3" },
        { "2001:db8:a:b:c:d:e:ffff", "2001:db8:a:b:c:d:e:ffff" },
        { "2001:db8", NULL },
        { ":::", NULL },
        { "1::2::3", NULL },
        { "", NULL },
        { "%eth0", NULL },
        { "10.1.2.3", NULL },
    };
    char text[IP6_TEXT_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ip6 ip;
        bool ok = ip6_parse(cases[i].in, &ip);

        if (ok != (cases[i].out != NULL) || (ok && strcmp(ip6_format(&ip, text), cases[i].out) != 0))
            fail_msg("\"%s\": %d %s", cases[i].in, ok, ok ? text : "");
    }
}

static void ip6_networks(void **state)
{
    struct ip6 ip, net;
    char text[IP6_TEXT_SIZE];
    (void)state;

    assert_true(ip6_parse("2001:db8:1234:5678:9abc::1", &ip));
    net = ip6_network(&ip, 64);
    assert_string_equal(ip6_format(&net, text), "2001:db8:1234:5678::");
    net = ip6_network(&ip, 44);
    assert_string_equal(ip6_format(&net, text), "2001:db8:1230::");
    net = ip6_network(&ip, 128);
    assert_int_equal(ip6_compare(&net, &ip), 0);
    net = ip6_network(&ip, 0);
    assert_true(ip6_compare(&net, &ip) < 0 && ip6_compare(&ip, &net) > 0);
}

static void duration_table(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t seconds;
        const char *shown;
    } cases[] = {
        { "8d", true, 691200, "8d" },
        { "4h30m", true, 16200, "4h30m" },
        { "4h 30m", true, 16200, "4h30m" },
        { "1w", true, 604800, "7d" },
        { "90s", true, 90, "1m30s" },
        { "0s", true, 0, "0s" },
        { "8.00:00:00", true, 691200, "8d" },
        { "00:30:00", true, 1800, "30m" },
        { "0:30", true, 1800, "30m" },
        { "00:00:01.5", true, 1, "1s" },
        { "unlimited", true, DURATION_UNLIMITED, "unlimited" },
        { "Infinite", true, DURATION_UNLIMITED, "unlimited" },
        { "-1", true, DURATION_UNLIMITED, "unlimited" },
        { "49710.06:28:14", true, 4294967294, "49710d6h28m14s" },
        { "49710.06:28:15", true, DURATION_UNLIMITED, "unlimited" }, /* what Windows shows for an unlimited lease */
        { "10675199.02:48:05.4775807", true, DURATION_UNLIMITED, "unlimited" },
        { "999999999999.00:00:00", true, DURATION_UNLIMITED, "unlimited" },
        { "49710d6h28m14s", true, 4294967294, "49710d6h28m14s" },
        { "49711d", false, 0, NULL },
        { "99999999999999999999d", false, 0, NULL },
        { "8", false, 0, NULL },
        { "", false, 0, NULL },
        { "8x", false, 0, NULL },
        { "30m4h", false, 0, NULL },
        { "8d8d", false, 0, NULL },
        { "-8d", false, 0, NULL },
        { "24:00:00", false, 0, NULL },
        { "1.5h", false, 0, NULL },
    };
    char text[DURATION_TEXT_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = { 0 };
        int64_t got = 7;
        bool ok = duration_parse(cases[i].text, "lease", &got, &err);

        if (ok != cases[i].ok || (ok && got != cases[i].seconds) || (!ok && got != 7))
            fail_msg("\"%s\": %d %lld (%s)", cases[i].text, ok, (long long)got, err.text);
        if (ok)
            assert_string_equal(duration_format(got, text), cases[i].shown);
        else
            assert_string_equal(err.where, "lease");
    }
}

static void ticks(void **state)
{
    (void)state;
    assert_int_equal(duration_from_ticks(6912000000000), 691200);
    assert_int_equal(duration_from_ticks(42949672950000000), DURATION_UNLIMITED);
    assert_int_equal(duration_from_ticks(42949672940000000), 4294967294);
    assert_int_equal(duration_from_ticks(INT64_MAX), DURATION_UNLIMITED);
    assert_int_equal(duration_from_ticks(-10000000), 0); /* never -1, which is unlimited */
    assert_int_equal(duration_to_ticks(DURATION_UNLIMITED), 42949672950000000);
    assert_int_equal(duration_from_ticks(duration_to_ticks(28800)), 28800);
}

static void utilization_table(void **state)
{
    static const struct {
        int64_t in_use, free;
        double percent;
        enum level level;
    } cases[] = {
        { 0, 0, -1, LEVEL_UNKNOWN },   { -1, 5, -1, LEVEL_UNKNOWN },   { 0, 100, 0, LEVEL_UNDER },
        { 20, 80, 20, LEVEL_OPTIMAL }, { 199, 801, 19.9, LEVEL_UNDER }, { 80, 20, 80, LEVEL_OPTIMAL },
        { 801, 199, 80.1, LEVEL_OVER }, { 5, 0, 100, LEVEL_OVER },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        double percent = utilization_percent(cases[i].in_use, cases[i].free);

        assert_true(percent > cases[i].percent - 0.0001 && percent < cases[i].percent + 0.0001);
        assert_int_equal(utilization_level(percent, THRESHOLDS_DEFAULT), cases[i].level);
    }
    assert_string_equal(level_name(LEVEL_OVER), "over");
    assert_string_equal(level_name(LEVEL_UNKNOWN), "");
}

static void percent_table(void **state)
{
    static const struct { const char *text; double percent; } cases[] = {
        { "80", 80 }, { "0.5%", 0.5 }, { "0", 0 }, { "100%", 100 }, { "101", -1 }, { "-1", -1 }, { "nan", -1 }, { "inf", -1 },
        { "0x50", -1 }, { "", -1 }, { "%", -1 }, { "8 %", -1 }, { "8%%", -1 }, { "many", -1 },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        double percent = -1;

        if (percent_parse(cases[i].text, &percent) != (cases[i].percent >= 0) || percent != cases[i].percent)
            fail_msg("\"%s\": %g", cases[i].text, percent);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ip4_table),     cmocka_unit_test(mask_table),   cmocka_unit_test(range_table),
        cmocka_unit_test(ranges_compare), cmocka_unit_test(ip6_table),   cmocka_unit_test(ip6_networks),
        cmocka_unit_test(duration_table), cmocka_unit_test(ticks),       cmocka_unit_test(utilization_table),
        cmocka_unit_test(percent_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
