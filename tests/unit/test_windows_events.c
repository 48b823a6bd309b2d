/* Events of the log "DNS Server" as XML: which zone, what, when; and what is no such event, or no XML at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "windows/events.h"

#define SYSTEM(id)                                                                                                            \
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-DNS-Server-" \
    "Service' Guid='{71A551F5-C893-4849-886B-B5EC8502641E}'/>" id "<Version>0</Version><Level>2</Level>"                      \
    "<TimeCreated SystemTime='2026-11-25T10:00:00.123456700Z'/><Channel>DNS Server</Channel></System>"
#define EVENT(id, data) SYSTEM("<EventID>" id "</EventID>") "<EventData Name='DNS_EVENT'>" data "</EventData></Event>"
#define DATA(name, text) "<Data Name='" name "'>" text "</Data>"

static const struct {
    const char *xml, *zone; /* zone NULL: no event for us */
    int id;
    const char *grade;
} cases[] = {
    { EVENT("6527", DATA("param1", "corp.example.com")), "corp.example.com", 6527, "bad" },
    { EVENT("6527", DATA("param1", "corp.example.com.")), "corp.example.com", 6527, "bad" },
    { EVENT("6520", DATA("param1", "a.example") DATA("param2", "7")), "a.example", 6520, "good" },
    /* The second one is the zone. */
    { EVENT("4006", DATA("param1", "host1") DATA("param2", "b.example")), "b.example", 4006, "bad" },
    { EVENT("4006", DATA("param1", "host1")), NULL, 0, NULL },
    /* Attributes of the id, double quotes, blanks between. */
    { SYSTEM("<EventID Qualifiers='16384'>6523</EventID>") " <EventData>\n <Data Name=\"param1\">c.example</Data>\n</EventData></Event>",
      "c.example", 6523, "warn" },
    { "<Event><System><EventID>6523</EventID><TimeCreated SystemTime=\"2026-11-25T10:00:00Z\"/></System><EventData><Data>d.example"
      "</Data></EventData></Event>", "d.example", 6523, "warn" },
    /* Entities, and what looks like them. */
    { EVENT("6527", DATA("param1", "a&amp;b&lt;&#x1b;[7m&#233;&#x6771;&#128424;&quot;&apos;")), "a&b<\x1b[7m\xc3\xa9\xe6\x9d\xb1\xf0\x9f\x96\xa8\"'", 6527, "bad" },
    { EVENT("6527", DATA("param1", "&#0;&#xd800;&#x110000;&nonsense;&#;&#x;&")), "&#0;&#xd800;&#x110000;&nonsense;&#;&#x;&", 6527, "bad" },
    { EVENT("6527", DATA("param1", "&#-1;&#99999999999999999999;")), "&#-1;&#99999999999999999999;", 6527, "bad" },
    { EVENT("6527", DATA("param1", ".")), ".", 6527, "bad" }, /* the root */
    { EVENT("6527", "<Data Name='param1'/>"), NULL, 0, NULL },
    { EVENT("6527", DATA("param1", "")), NULL, 0, NULL },
    { EVENT("6527", ""), NULL, 0, NULL },
    { EVENT("2", DATA("param1", "corp.example.com")), NULL, 0, NULL }, /* the server has started: about no zone */
    { EVENT("99999999999999999999", DATA("param1", "x")), NULL, 0, NULL },
    { EVENT("nonsense", DATA("param1", "x")), NULL, 0, NULL },
    /* Data of something else in front of it does not count. */
    { "<Event><System><EventID>6527</EventID><Data>not me</Data><TimeCreated SystemTime='2026-11-25T10:00:00Z'/></System>"
      "<EventData><Data>e.example</Data></EventData></Event>", "e.example", 6527, "bad" },
    /* Without a time, or with none that is one. */
    { "<Event><System><EventID>6527</EventID></System><EventData><Data>f</Data></EventData></Event>", NULL, 0, NULL },
    { "<Event><System><EventID>6527</EventID><TimeCreated SystemTime='yesterday'/></System><EventData><Data>f</Data></EventData></Event>",
      NULL, 0, NULL },
    { "<EventID>6527</EventID><EventData><Data>f</Data></EventData>SystemTime=", NULL, 0, NULL },
    { "", NULL, 0, NULL },
    { "<", NULL, 0, NULL },
    { "no XML", NULL, 0, NULL },
    { "<EventID", NULL, 0, NULL },
    { "<EventID>", NULL, 0, NULL },
};

static bool read_copy(const char *xml, size_t len, struct arena *mem, struct zone_event_row *row)
{
    /* Of its own size, so that a step too far is seen. */
    char *copy = x_strndup(xml, len);
    struct ps_value value = PS_S(copy);
    bool ok = zone_event_read(&value, mem, row);

    free(copy);
    return ok;
}

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct zone_event_row row = { 0 };
        struct arena mem = { 0 };
        bool ok = read_copy(cases[i].xml, strlen(cases[i].xml), &mem, &row);

        if (ok != (cases[i].zone != NULL))
            fail_msg("%s: %s", cases[i].xml, ok ? row.zone : "refused");
        if (ok) {
            assert_string_equal(row.zone, cases[i].zone);
            assert_int_equal(row.id, cases[i].id);
            assert_string_equal(row.grade, cases[i].grade);
            assert_int_equal(row.at_s, 1795600800);
        }
        arena_done(&mem);
    }
}

/* Cut anywhere, and with any byte of it another one: no crash, and never a zone that is not there. */
static void damaged(void **state)
{
    const char *whole = EVENT("4006", DATA("param1", "host1") DATA("param2", "b&amp;&#x41;.example"));
    size_t len = strlen(whole);

    (void)state;
    for (size_t cut = 0; cut <= len; cut++) {
        struct zone_event_row row = { 0 };
        struct arena mem = { 0 };

        if (read_copy(whole, cut, &mem, &row))
            assert_true(strlen(row.zone) > 0 && row.id == 4006);
        arena_done(&mem);
    }
    for (size_t at = 0; at < len; at++)
        for (const char *c = "<>&;'/ \x80\xff""0"; *c; c++) {
            struct zone_event_row row = { 0 };
            struct arena mem = { 0 };
            char *copy = x_strdup(whole);

            copy[at] = *c;
            if (read_copy(copy, len, &mem, &row))
                assert_true(strlen(row.zone) > 0);
            free(copy);
            arena_done(&mem);
        }
}

static void no_text(void **state)
{
    struct ps_value values[] = { PS_NIL, PS_B(true), PS_INT(6527), { .type = PS_OBJECT }, { .type = PS_LIST } };
    struct arena mem = { 0 };
    struct zone_event_row row;

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        assert_false(zone_event_read(&values[i], &mem, &row));
    arena_done(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(table), cmocka_unit_test(damaged), cmocka_unit_test(no_text) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
