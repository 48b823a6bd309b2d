/* Counters as text: for people, for spreadsheets, for programs; rates; what is missing and what failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/statistics.h"

#define NOW 1795600000
#define DAY 86400

static struct note *note_of(enum note_kind kind, const char *server, const struct object_type *object, bool ok)
{
    struct note *note = x_calloc(1, sizeof(*note) + (object ? object->property_count : 0) * sizeof(struct value));

    note->kind = kind;
    note->object = object;
    note->ok = ok;
    snprintf(note->server_name, sizeof(note->server_name), "%s", server);
    return note;
}

static void take(struct statistics *s, struct note *note)
{
    statistics_take(s, note, NOW);
    free(note);
}

static void put(struct note *note, const char *counter, int64_t value)
{
    note->values[catalog_property(note->object, counter)] = V_INT(value);
}

static struct statistics *three_servers(void)
{
    struct statistics *s = statistics_new(NULL);
    struct note *note = note_of(NOTE_ANSWER, "dns-2", &catalog_dns_statistics, true);

    put(note, "TimeStatistics.ServerStartTime", NOW - 2 * DAY);
    put(note, "TimeStatistics.TimeElapsedSinceLastClearedStatistics", DAY);
    put(note, "QueryStatistics.UdpQueries", 1234 * DAY);
    put(note, "QueryStatistics.TcpQueries", 36);
    put(note, "RecordStatistics.CacheCurrent", 1234567);
    take(s, note);
    take(s, note_of(NOTE_SERVER, "dns-2", NULL, true));
    take(s, note_of(NOTE_ANSWER, "dns-1", &catalog_dns_statistics, false)); /* not offered */
    take(s, note_of(NOTE_SERVER, "dns-1", NULL, true));
    note = note_of(NOTE_SERVER, "dns-3", NULL, false);
    err_set(&note->err, ERR_IO, "dns-3", "no \x1b[1mroute, \"there\"");
    take(s, note);
    return s;
}

static char *written(struct statistics *s, enum listing_format format)
{
    struct buf out = { 0 };

    statistics_write(s, format, false, &out);
    return buf_steal(&out);
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in: %s", part, text);
}

static void for_people(void **state)
{
    struct statistics *s = three_servers();
    char *text = written(s, LISTING_TABLE);

    (void)state;
    assert_ptr_equal(strstr(text, "dns-1: DNS server: not offered by this server\n\ndns-2: DNS server\n"), text); /* by name */
    has(text, "  UDP queries received               106,617,600    1234/s  dns-2\n");
    has(text, "  TCP queries received                        36     1.5/h  dns-2\n");
    has(text, "  UDP responses sent            not offered by this server  dns-2\n");
    has(text, "  Counters cleared                             -            dns-2\n");
    has(text, "  Cache: records                       1,234,567            dns-2\n"); /* a level has no rate */
    has(text, "\n\ndns-3: FAILED: no ");
    assert_null(strchr(text, '\x1b'));
    free(text);
    statistics_free(s);
}

static void for_programs(void **state)
{
    struct statistics *s = three_servers();
    char *csv = written(s, LISTING_CSV), *tsv = written(s, LISTING_TSV), *json = written(s, LISTING_JSON);

    (void)state;
    has(csv, "server,zone,statistics,counter,value,per_hour,counted_s,result,error\r\ndns-1,,dns-statistics,,,,,not offered,\r\n");
    has(csv, "\r\ndns-2,,dns-statistics,QueryStatistics.TcpQueries,36,1.5,86400,done,\r\n");
    has(csv, "\r\ndns-2,,dns-statistics,QueryStatistics.UdpResponses,,,,done,\r\n");
    has(csv, "\r\ndns-2,,dns-statistics,TimeStatistics.ServerStartTime,2026-11-23T09:46:40Z,,,done,\r\n");
    has(csv, "\r\ndns-3,,,,,,,failed,\"no ");
    has(tsv, "\ndns-2\t\tdns-statistics\tQueryStatistics.TcpQueries\t36\t1.5\t86400\tdone\t\n");
    has(json, "{\"server\":\"dns-1\",\"zone\":null,\"statistics\":\"dns-statistics\",\"result\":\"not offered\",\"error\":null,"
              "\"asked_at\":\"2026-11-25T09:46:40Z\",\"counted_s\":null},\n");
    has(json, "\"result\":\"done\",\"error\":null,\"asked_at\":\"2026-11-25T09:46:40Z\",\"counted_s\":86400,\n  \"TimeStatistics\":{");
    has(json, "\"QueryStatistics\":{\"UdpQueries\":106617600,\"UdpResponses\":null,\"TcpQueries\":36,");
    has(json, "\"MemoryStatistics\":{\"Memory\":null}},\n{\"server\":\"dns-3\",");
    free(csv);
    free(tsv);
    free(json);
    statistics_free(s);
}

static void of_a_zone(void **state)
{
    struct statistics *s = statistics_new("a b.example");
    struct note *note = note_of(NOTE_ANSWER, "dns-1", &catalog_zone_statistics, true);
    char *text;

    (void)state;
    put(note, "StatsCollectionStartTime", NOW - DAY);
    put(note, "ZoneQueryStatistics.QueriesReceived", 86400);
    take(s, note);
    note = note_of(NOTE_SERVER, "dhcp-1", NULL, true);
    snprintf(note->text, sizeof(note->text), "nothing to ask it: not its role");
    take(s, note);
    text = written(s, LISTING_TABLE);
    has(text, "dhcp-1: zone a b.example: nothing to ask it: not its role\n");
    has(text, "dns-1: zone a b.example\n");
    has(text, "  Queries received                        86,400     1.0/s  dns-1\n");
    free(text);
    text = written(s, LISTING_JSON);
    has(text, "\"server\":\"dhcp-1\",\"zone\":\"a b.example\",\"statistics\":null,\"result\":\"not asked\"");
    has(text, ",\n  \"StatsCollectionStartTime\":\"2026-11-24T09:46:40Z\",\n  \"ZoneQueryStatistics\":{\"QueriesReceived\":86400,");
    free(text);
    statistics_free(s);

    s = statistics_new("a b.example"); /* of one server alone, lines need not say whose they are */
    note = note_of(NOTE_ANSWER, "dns-1", &catalog_zone_statistics, true);
    put(note, "ZoneQueryStatistics.QueriesReceived", 86400);
    take(s, note);
    text = written(s, LISTING_TABLE);
    has(text, "  Queries received                        86,400\n"); /* nor is there a rate without a time */
    free(text);
    statistics_free(s);

    s = statistics_new(NULL);
    note = note_of(NOTE_SERVER, "dns-9", NULL, false); /* it was not asked any more: there is nothing to say of it */
    err_set(&note->err, ERR_CANCELLED, "", "cancelled");
    take(s, note);
    text = written(s, LISTING_JSON);
    assert_string_equal(text, "[]\n");
    free(text);
    statistics_free(s);
}

static void rates(void **state)
{
    static const struct {
        int64_t count, seconds;
        const char *text;
    } cases[] = {
        { 0, 100, "" },       { 5, 0, "" },          { 5, -3, "" },        { 1, 1, "1.0/s" }, { 12345, 100, "123/s" },
        { 99, 100, "3564/h" }, { 1, 3600, "1.0/h" }, { 1, 3601, "24.0/d" }, { 1, 10 * DAY, "0.1/d" },
    };
    char text[32];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(statistics_rate(cases[i].count, cases[i].seconds, text, sizeof(text)), cases[i].text);
}

/* By the server's own clock where it says so; else since the later of its start and its last clearing; else unknown. */
static void counted_for(void **state)
{
    const struct object_type *o = &catalog_dns_statistics;
    struct value *v = x_calloc(o->property_count, sizeof(*v));
    int start = catalog_property(o, "TimeStatistics.ServerStartTime"), clear = catalog_property(o, "TimeStatistics.LastClearTime"),
        elapsed = catalog_property(o, "TimeStatistics.TimeElapsedSinceLastClearedStatistics");

    (void)state;
    assert_int_equal(statistics_counted_s(o, v, NOW), 0);
    v[start] = V_INT(NOW - 500);
    assert_int_equal(statistics_counted_s(o, v, NOW), 500);
    v[clear] = V_INT(NOW - 100);
    assert_int_equal(statistics_counted_s(o, v, NOW), 100);
    v[clear] = V_INT(NOW + 100); /* its clock is ahead of ours */
    assert_int_equal(statistics_counted_s(o, v, NOW), 0);
    v[elapsed] = V_INT(42);
    assert_int_equal(statistics_counted_s(o, v, NOW), 42);
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(for_people), cmocka_unit_test(for_programs), cmocka_unit_test(of_a_zone),
        cmocka_unit_test(rates),      cmocka_unit_test(counted_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
