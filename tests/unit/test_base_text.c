#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/clock.h"
#include "ipamtui/err.h"
#include "ipamtui/hash.h"
#include "ipamtui/text.h"

static void printable(void **state)
{
    static const struct {
        const char *raw, *shown;
    } cases[] = {
        { "plain", "plain" },
        { "a\x1b[31mred", "a^[[31mred" },
        { "two\nlines\tand tab", "two lines and tab" },
        { "\x7f", "^?" },
        { "c1 \xc2\x9b" "2J", "c1 ^[2J" },          /* CSI as one code point */
        { "bad \xff\xfe", "bad \xEF\xBF\xBD\xEF\xBF\xBD" },
        { "over\xc0\xaflong", "over\xEF\xBF\xBD\xEF\xBF\xBDlong" },
        { "rtl \xe2\x80\xae" "evil", "rtl evil" },  /* U+202E */
        { "zero\xe2\x80\x8bwidth", "zerowidth" },
        { "\xe6\xbc\xa2", "\xe6\xbc\xa2" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[64];
        assert_string_equal(text_printable(cases[i].raw, out, sizeof(out)), cases[i].shown);
    }
    char small[6];
    assert_string_equal(text_printable("abc\xe6\xbc\xa2", small, sizeof(small)), "abc"); /* never half a code point */
}

static void widths(void **state)
{
    static const struct {
        const char *text;
        int cells;
    } cases[] = {
        { "", 0 },     { "abc", 3 },           { "\xe6\xbc\xa2\xe5\xad\x97", 4 }, { "e\xcc\x81", 1 },
        { "\xc3\xa4", 1 }, { "\xf0\x9f\x98\x80", 2 }, { "\xef\xbd\xb1", 1 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(text_width(cases[i].text), cases[i].cells);
    int used;
    assert_int_equal(text_fit("\xe6\xbc\xa2\xe5\xad\x97", 3, &used), 3); /* the second does not fit into one cell */
    assert_int_equal(used, 2);
}

static void matching(void **state)
{
    (void)state;
    assert_true(text_glob("lon-*", "LON-dhcp-1"));
    assert_true(text_glob("*", ""));
    assert_true(text_glob("a*b*c", "aXXbYYc"));
    assert_true(text_glob("?", "\xe6\xbc\xa2"));
    assert_false(text_glob("a*b", "a"));
    assert_false(text_glob("", "a"));
    assert_true(text_contains("dhcp-AMS-01", "ams"));
    assert_int_equal(text_casecmp("ABC", "abc"), 0);
    assert_true(text_casecmp("a", "b") < 0);
    assert_true(text_fuzzy("ld", "lease_duration") > 0);
    assert_int_equal(text_fuzzy("xz", "lease"), -1);
    assert_true(text_fuzzy("ret", "retrieve") > text_fuzzy("ret", "previous retrieval time"));
    assert_int_equal(text_distance("lease", "laese"), 2);
    assert_int_equal(text_distance("util", "utilx"), 1);
}

static void json(void **state)
{
    struct buf out = { 0 };
    (void)state;
    text_json(&out, "a\"b\\c\n\x01\xff\xc3\xa4");
    assert_string_equal(buf_at(&out), "\"a\\\"b\\\\c\\n\\u0001\xEF\xBF\xBD\xc3\xa4\"");
    buf_done(&out);
}

static void thousands(void **state)
{
    static const struct {
        int64_t n;
        const char *text;
    } cases[] = { { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { -999, "-999" }, { -123456, "-123,456" }, { 1204233, "1,204,233" },
                  { INT64_MIN, "-9,223,372,036,854,775,808" } };
    char text[28];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(text_thousands(cases[i].n, text, sizeof(text)), cases[i].text);
}

static void times(void **state)
{
    char text[CLOCK_ISO_SIZE], age[32];
    int64_t when;
    (void)state;
    assert_string_equal(clock_iso(1764065520, text), "2025-11-25T10:12:00Z");
    assert_true(clock_parse_iso("2025-11-25T10:12:00Z", &when));
    assert_int_equal(when, 1764065520);
    assert_true(clock_parse_iso("2025-11-25T11:12:00.25+01:00", &when));
    assert_int_equal(when, 1764065520);
    assert_false(clock_parse_iso("yesterday", &when));
    assert_false(clock_parse_iso("2025-11-25T10:12:00X", &when));
    static const struct {
        int64_t s;
        const char *text;
    } ages[] = { { -5, "now" }, { 40, "40 s" }, { 240, "4 min" }, { 7800, "2 h 10 m" }, { 7200, "2 h" }, { 777600, "9 d" } };
    for (size_t i = 0; i < COUNT(ages); i++)
        assert_string_equal(clock_age(ages[i].s, age, sizeof(age)), ages[i].text);
}

static void errors(void **state)
{
    struct err err = { 0 };
    (void)state;
    assert_false(err_set(&err, ERR_TIMEOUT, "dhcp-01", "no answer\nin %d s", 30));
    assert_string_equal(err.text, "no answer in 30 s");
    assert_false(err_wrap(&err, "reading scopes"));
    assert_string_equal(err.text, "reading scopes: no answer in 30 s");
    assert_int_equal(err.kind, ERR_TIMEOUT);
    assert_string_equal(err.where, "dhcp-01");
}

/* The values published with the algorithm: fingerprints in files stay what they are. */
static void hashes(void **state)
{
    static const struct { const char *text; uint64_t hash; } cases[] = {
        { "", UINT64_C(0xcbf29ce484222325) }, { "a", UINT64_C(0xaf63dc4c8601ec8c) }, { "foobar", UINT64_C(0x85944171f73967e8) },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_true(hash_bytes(HASH_START, cases[i].text, strlen(cases[i].text)) == cases[i].hash);
    assert_true(hash_bytes(hash_bytes(HASH_START, "foo", 3), "bar", 3) == cases[2].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printable), cmocka_unit_test(widths), cmocka_unit_test(matching),
        cmocka_unit_test(json),      cmocka_unit_test(times),  cmocka_unit_test(errors),  cmocka_unit_test(hashes),
        cmocka_unit_test(thousands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
