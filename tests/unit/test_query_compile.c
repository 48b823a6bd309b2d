/* The query language: what is refused and where, what is completed. What queries find is in test_command_query.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/query.h"

static void refused(void **state)
{
    static const struct {
        const struct object_type *object;
        const char *text;
        size_t at;
        const char *says;
    } cases[] = {
        { &catalog_scopes, "stat:active", 0, "did you mean state?" },
        { &catalog_scopes, "voice \x01", 6, "control character (0x01)" },
        { &catalog_scopes, "name:\"a\x1b[2J\"", 7, "control character (0x1b)" },
        { &catalog_scopes, "a\x7f", 1, "control character (0x7f)" },
        { &catalog_scopes, "a\xc2\x9b", 1, "control character (0x9b)" },
        { &catalog_scopes, "\xc3\xa9 \xff", 3, "the byte 0xff" },
        { &catalog_scopes, "voice colour:red", 6, "no field \"colour\"" },
        { &catalog_scopes, "state:activ", 6, "active or inactive" },
        { &catalog_scopes, "state:active,off", 13, "active or inactive" },
        { &catalog_scopes, "util>much", 5, "no percentage" },
        { &catalog_scopes, "util>", 5, "a value is missing" },
        { &catalog_scopes, "util:80..x", 9, "no percentage" },
        { &catalog_scopes, "util:..", 5, "needs an end" },
        { &catalog_scopes, "util:8*", 5, "is no text" },
        { &catalog_scopes, "lease_duration>8", 15, "needs a unit" },
        { &catalog_scopes, "state>active", 0, "no greater and less" },
        { &catalog_scopes, "ip:10.1", 3, "IPv4" },
        { &catalog_scopes, "net:10.1.0.0/40", 4, "IPv4" },
        { &catalog_scopes, "ip>10.1.2.3", 0, "colon" },
        { &catalog_servers, "ip:10.1.2.3", 0, "no address range" },
        { &catalog_scopes, "(voice", 0, "no end" },
        { &catalog_scopes, "a (b or (c)", 2, "no end" },
        { &catalog_scopes, "voice)", 5, "closes nothing" },
        { &catalog_scopes, "name:\"voice", 5, "quotation mark has no end" },
        { &catalog_scopes, "voice or", 8, "missing here" },
        { &catalog_scopes, "or voice", 0, "needs something on both sides" },
        { &catalog_scopes, "voice and and x", 10, "needs something on both sides" },
        { &catalog_scopes, "not", 3, "missing here" },
        { &catalog_scopes, "()", 1, "missing here" },
        { &catalog_scopes, "start:10.1.*.5", 6, "IPv4" },
        { &catalog_servers, "role:web", 5, "dhcp or dns" },
        { &catalog_servers, "version>10", 0, "no greater and less" },
        { &catalog_servers, "last_seen>yesterday", 10, "no time" },
        { &catalog_servers, "read_only:perhaps", 10, "neither yes nor no" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct query query = { .param_count = 77 };
        struct err err = { 0 };
        size_t at = 99;

        if (query_compile(cases[i].object, cases[i].text, &query, &at, &err))
            fail_msg("%s: compiled to %s", cases[i].text, buf_at(&query.where));
        if (at != cases[i].at || !strstr(err.text, cases[i].says) || err.kind != ERR_INPUT)
            fail_msg("%s: at %zu, not %zu: %s", cases[i].text, at, cases[i].at, err.text);
        assert_int_equal(query.param_count, 77); /* untouched */
    }
}

/* Values are bound, never spelled out: nothing typed gets into the SQL. */
static void bound(void **state)
{
    static const char *const texts[] = { "evil'--", "name:evil'--", "name:*evil'--*", "description~evil'--", "server:evil'--",
                                         "not evil'--", "\"evil'-- x\"", "name:evil'--,evil'--", "dns_suffix>evil'--" };
    (void)state;

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct query query = { 0 };
        struct err err = { 0 };
        size_t marks = 0;

        if (!query_compile(&catalog_scopes, texts[i], &query, NULL, &err))
            fail_msg("%s: %s", texts[i], err.text);
        assert_null(strstr(buf_at(&query.where), "evil"));
        for (const char *p = buf_at(&query.where); *p; p++)
            marks += *p == '?';
        assert_int_equal(marks, query.param_count);
        assert_true(query.param_count > 0);
        query_done(&query);
    }
}

static void limits(void **state)
{
    struct buf text = { 0 };
    struct query query = { 0 };
    struct err err = { 0 };
    (void)state;

    assert_true(query_compile(&catalog_scopes, "   ", &query, NULL, &err));
    assert_int_equal(query.where.len, 0);
    query_done(&query);
    query_done(&query);
    for (int i = 0; i < 5000; i++)
        buf_adds(&text, "(");
    assert_false(query_compile(&catalog_scopes, buf_at(&text), &query, NULL, &err));
    buf_clear(&text);
    for (int i = 0; i < 5000; i++)
        buf_adds(&text, "not ");
    assert_false(query_compile(&catalog_scopes, buf_at(&text), &query, NULL, &err));
    buf_clear(&text);
    for (int i = 0; i < 5000; i++)
        buf_adds(&text, "word ");
    assert_false(query_compile(&catalog_scopes, buf_at(&text), &query, NULL, &err));
    buf_clear(&text);
    buf_adds(&text, "name:x");
    for (int i = 0; i < 5000; i++)
        buf_adds(&text, ",x");
    assert_false(query_compile(&catalog_scopes, buf_at(&text), &query, NULL, &err));
    buf_done(&text);
}

/* Any bytes give a query or an error, never more. */
static void any_bytes(void **state)
{
    static const char bytes[] = "ab :()\"\\*?-!<>=~,.0/%_'\t\xff" "10.1.2.3 or and not state util net ip";
    uint32_t seed = 7;
    (void)state;

    for (int round = 0; round < 20000; round++) {
        char text[24];
        size_t len = 0;
        struct query query = { 0 };
        struct err err = { 0 };

        for (; len < sizeof(text) - 1 && (seed >> 28 || len < 4); len++) {
            seed = seed * 1664525u + 1013904223u;
            text[len] = bytes[(seed >> 8) % (sizeof(bytes) - 1)];
        }
        text[len] = '\0';
        if (query_compile(round % 2 ? &catalog_scopes : &catalog_servers, text, &query, NULL, &err))
            query_done(&query);
        else
            assert_int_equal(err.kind, ERR_INPUT);
    }
}

struct offered {
    char all[2048];
    int count;
};

static bool take(void *ctx, const char *word, const char *help)
{
    struct offered *o = ctx;

    assert_true(help && help[0]);
    snprintf(o->all + strlen(o->all), sizeof(o->all) - strlen(o->all), "%s%s", o->count++ ? "|" : "", word);
    return o->count < 40;
}

static void completed(void **state)
{
    static const struct {
        const char *text, *offers;
    } cases[] = {
        { "lease", "lease_duration:" },
        { "voice sup", "superscope:" },
        { "-sup", "-superscope:" },
        { "state:", "state:active|state:inactive" },
        { "state:i", "state:inactive" },
        { "state:active,in", "state:active,inactive" },
        { "!level:o", "!level:optimal|!level:over" },
        { "name_protection:y", "name_protection:yes" },
        { "(ne", "net:" },
        { "a an", "and " },
        { "name:x", "" },
        { "nothing_like_this", "" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct offered o = { .count = 0 };

        query_complete(&catalog_scopes, cases[i].text, strlen(cases[i].text), take, &o);
        if (strcmp(o.all, cases[i].offers) != 0)
            fail_msg("%s: %s", cases[i].text, o.all);
    }
    struct offered all = { .count = 0 };
    query_complete(&catalog_scopes, "", 0, take, &all);
    assert_true(all.count == 40); /* and stops when told */
}

static void put(void **state)
{
    static const struct {
        const char *text, *value, *expected;
    } cases[] = {
        { "", "forward", "family:forward" },
        { "", NULL, "" },
        { " cause:x  name ", "forward", "family:forward cause:x name" },
        { "family:reverse4", "forward", "family:forward" },
        { "family:reverse4", NULL, "" },
        { "cause:x and Family=reverse4,reverse6 and zone:y", "forward", "family:forward cause:x zone:y" },
        { "\"a family:reverse4 b\" zone:\"x \\\" y\"", "forward", "family:forward \"a family:reverse4 b\" zone:\"x \\\" y\"" },
        { "not family:reverse4 -family:reverse6", "forward", "family:forward not family:reverse4 -family:reverse6" },
        { "family!=reverse4 family~rev", NULL, "family!=reverse4 family~rev" },
        { "(family:reverse4 or family:reverse6) x", "forward", "family:forward (family:reverse4 or family:reverse6) x" },
        { "family:reverse4 or x", "forward", "family:forward (family:reverse4 or x)" },
        { "family:reverse4 or x", NULL, "family:reverse4 or x" },
        { "family:reverse6 (a or b)", "forward", "family:forward (a or b)" },
    };
    struct err err = { 0 };
    struct buf out = { 0 };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(query_put(&catalog_zones, cases[i].text, "family", cases[i].value, &out, &err));
        assert_string_equal(buf_at(&out), cases[i].expected);
        buf_done(&out);
    }
    assert_false(query_put(&catalog_zones, "(x", "family", "forward", &out, &err));
    assert_string_equal(err.text, "this parenthesis has no end: close it with )");
    assert_int_equal(out.len, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused), cmocka_unit_test(bound),     cmocka_unit_test(limits),
        cmocka_unit_test(any_bytes), cmocka_unit_test(completed), cmocka_unit_test(put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
