/* From CLIXML as servers send it to the catalogue's values, and back; errors of servers as sentences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/duration.h"
#include "ipamtui/fetch.h"
#include "windows/convert.h"

static const struct property *property_of(const struct object_type *object, const char *name)
{
    int at = catalog_property(object, name);

    if (at < 0)
        fail_msg("no property %s", name);
    return &object->properties[at];
}

static void show(struct value v, char *out, size_t size)
{
    if (v.type == VALUE_INT)
        snprintf(out, size, "%lld", (long long)v.i);
    else if (v.type == VALUE_REAL)
        snprintf(out, size, "%g", v.d);
    else
        snprintf(out, size, "%s", v.type == VALUE_TEXT ? v.s : "NULL");
}

#define IPADDRESS "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Net.IPAddress</T><T>System.Object</T></TN>"
#define ENUM(text, n) "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Enum</T></TN><ToString>" text "</ToString><I32>" #n "</I32></Obj>"

/* What a server may send for a property, and the value that it is. */
static const struct {
    const struct object_type *object;
    const char *property, *xml;
    const char *want; /* NULL: cannot be read */
} sent[] = {
    { &catalog_scopes, "name", "<S>Lab</S>", "Lab" },
    { &catalog_scopes, "name", "<S></S>", "" },
    { &catalog_scopes, "name", "<Nil />", "NULL" },
    { &catalog_scopes, "name", "<S>a_x001B_[31m</S>", "a\033[31m" }, /* kept intact; the screen makes it safe */
    { &catalog_scopes, "name", "<Obj RefId=\"0\"><LST><S>a</S><S>b</S></LST></Obj>", "a, b" },
    { &catalog_scopes, "scope", "<S>10.1.2.0</S>", "167838208" },
    { &catalog_scopes, "scope", IPADDRESS "<ToString>10.1.2.0</ToString></Obj>", "167838208" },
    { &catalog_scopes, "scope", IPADDRESS "<Props><I64 N=\"Address\">16777226</I64></Props></Obj>", "167772161" },
    { &catalog_scopes, "scope", "<S></S>", "NULL" },
    { &catalog_scopes, "scope", "<S>none</S>", NULL },
    { &catalog_scopes, "scope", "<S>fe80::1</S>", NULL },
    { &catalog_scopes, "scope", "<B>true</B>", NULL },
    { &catalog_scopes, "mask", "<S>255.255.255.0</S>", "4294967040" },
    { &catalog_scopes, "state", "<S>Active</S>", "active" },
    { &catalog_scopes, "state", "<S>InActive</S>", "inactive" },
    { &catalog_scopes, "state", "<S>Inactive</S>", "inactive" }, /* property and parameter differ in case */
    { &catalog_scopes, "state", ENUM("Active", 1), "active" },
    { &catalog_scopes, "state", "<S>Migrated</S>", "migrated" }, /* a newer Windows */
    { &catalog_scopes, "state", "<S></S>", "NULL" },
    { &catalog_servers, "dhcp_service", ENUM("Running", 4), "running" },
    { &catalog_servers, "dhcp_service", "<S>StartPending</S>", "starting" },
    { &catalog_servers, "dhcp_service", "<I32>7</I32>", "paused" },
    { &catalog_servers, "dhcp_service", "<S>4</S>", "running" },
    { &catalog_scopes, "lease_duration", "<TS>P8D</TS>", "691200" },
    { &catalog_scopes, "lease_duration", "<TS>PT8H30M</TS>", "30600" },
    { &catalog_scopes, "lease_duration", "<S>8.00:00:00</S>", "691200" },
    { &catalog_scopes, "lease_duration", "<TS>P10675199DT2H48M5.4775807S</TS>", "-1" },
    { &catalog_scopes, "lease_duration", "<U32>3600</U32>", "3600" },
    { &catalog_scopes, "lease_duration", "<U32>4294967295</U32>", "-1" },
    { &catalog_scopes, "lease_duration", "<S>soon</S>", NULL },
    { &catalog_scopes, "delay", "<U16>5</U16>", "5" },
    { &catalog_scopes, "delay", "<S>5</S>", "5" },
    { &catalog_scopes, "delay", "<S>five</S>", NULL },
    { &catalog_scopes, "max_bootp_clients", "<U32>4294967295</U32>", "4294967295" },
    { &catalog_scopes, "activate_policies", "<B>true</B>", "1" },
    { &catalog_scopes, "activate_policies", "<S>False</S>", "0" },
    { &catalog_scopes, "activate_policies", "<S>perhaps</S>", NULL },
    { &catalog_scopes, "reported_percent", "<Sg>12.5</Sg>", "12.5" },
    { &catalog_scopes, "reported_percent", "<I32>7</I32>", "7" },
    { &catalog_scopes, "reported_percent", "<Sg>NaN</Sg>", NULL },
};

static void values_by_kind(void **state)
{
    struct clixml_reader *reader = clixml_reader_new(0);

    (void)state;
    for (size_t i = 0; i < COUNT(sent); i++) {
        struct arena mem = { 0 };
        struct ps_value from;
        struct err err = { 0 };
        struct value got = V_NULL;
        char text[64];
        bool ok = false;

        if (!clixml_read(reader, sent[i].xml, strlen(sent[i].xml), &mem, &from, &err))
            fail_msg("%s: %s", sent[i].xml, err.text);
        ok = convert_value(property_of(sent[i].object, sent[i].property), &from, &mem, &got);
        show(got, text, sizeof(text));
        if (ok != (sent[i].want != NULL) || (ok && strcmp(text, sent[i].want) != 0))
            fail_msg("%s from %s: %s %s", sent[i].property, sent[i].xml, ok ? "ok" : "refused", text);
        arena_done(&mem);
    }
    clixml_reader_free(reader);
}

static char *file_text(const char *path)
{
    char *text = x_alloc(65536);
    FILE *f = fopen(path, "r");
    size_t len = 0;

    assert_non_null(f);
    len = fread(text, 1, 65535, f);
    fclose(f);
    text[len] = '\0';
    return text;
}

static void read_row(const char *xml, const struct object_type *object, const char *source, struct arena *mem,
                     struct value *row)
{
    struct clixml_reader *reader = clixml_reader_new(0);
    struct ps_value answer;
    struct err err = { 0 };

    if (!clixml_read(reader, xml, strlen(xml), mem, &answer, &err) ||
        !fetch_row(object, catalog_source(object, source), &answer, mem, row, &err))
        fail_msg("%s", err.text);
    clixml_reader_free(reader);
}

#define AT(row, name) ((row)[catalog_property(&catalog_scopes, name)])

static void cim_object(void **state)
{
    char *xml = file_text("tests/data/windows/cim-dhcp-scope.xml");
    struct value *row = x_calloc(catalog_scopes.property_count, sizeof(*row));
    struct arena mem = { 0 };

    (void)state;
    read_row(xml, &catalog_scopes, "scopes", &mem, row);
    assert_int_equal(AT(row, "scope").i, 0x0a000000);
    assert_string_equal(AT(row, "name").s, "Lab");
    assert_string_equal(AT(row, "description").s, "Lab & printers");
    assert_int_equal(AT(row, "lease_duration").i, 8 * 86400);
    assert_string_equal(AT(row, "state").s, "active");
    assert_int_equal(AT(row, "end").i, 0x0a0000c8);
    assert_int_equal(AT(row, "mask").i, 0xffffff00);
    assert_string_equal(AT(row, "superscope").s, "");
    assert_int_equal(AT(row, "free").type, VALUE_NULL); /* another source's */
    arena_done(&mem);
    free(row);
    free(xml);
}

static void selected_object(void **state)
{
    char *xml = file_text("tests/data/windows/select-object-scope.xml");
    struct value *row = x_calloc(catalog_scopes.property_count, sizeof(*row));
    struct arena mem = { 0 };

    (void)state;
    read_row(xml, &catalog_scopes, "scopes", &mem, row);
    assert_int_equal(AT(row, "scope").i, 0x0a000000);
    assert_string_equal(AT(row, "name").s, "Lab");
    assert_int_equal(AT(row, "lease_duration").i, 8 * 86400);
    assert_int_equal(AT(row, "start").type, VALUE_NULL); /* not offered */
    arena_done(&mem);
    free(row);
    free(xml);
}

#define CIM(class, props)                                                                                           \
    "<Obj N=\"" class "\" RefId=\"0\"><TN RefId=\"0\"><T>Microsoft.Management.Infrastructure.CimInstance#x/" class "</T>" \
    "<T>Microsoft.Management.Infrastructure.CimInstance</T></TN><ToString>" class "</ToString><Props>" props "</Props></Obj>"
#define STATISTIC(row, object, name) ((row)[catalog_property(object, name)])

/* Objects in objects; what an older server has not is NULL; what cannot be read is, too. */
static void statistics_of_a_server(void **state)
{
    static const char xml[] = CIM("DnsServerStatistics",
        CIM("TimeStatistics", "<DT N=\"ServerStartTime\">2026-11-20T08:00:00+01:00</DT><Nil N=\"LastClearTime\" />"
                              "<TS N=\"TimeElapsedSinceLastClearedStatistics\">P1DT2S</TS>")
        CIM("QueryStatistics", "<U32 N=\"UdpQueries\">4294967295</U32><U32 N=\"UdpResponses\">7</U32><S N=\"TcpQueries\">many</S>")
        CIM("CacheStatistics", "<U32 N=\"FailedFreePasses\">1</U32>") "<S N=\"ErrorStatistics\">DnsServerErrorStatistics</S>");
    const struct object_type *o = &catalog_dns_statistics;
    struct value *row = x_calloc(o->property_count, sizeof(*row));
    struct arena mem = { 0 };

    (void)state;
    read_row(xml, o, "dns-statistics", &mem, row);
    assert_int_equal(STATISTIC(row, o, "TimeStatistics.ServerStartTime").i, 1795158000);
    assert_int_equal(STATISTIC(row, o, "TimeStatistics.LastClearTime").type, VALUE_NULL);
    assert_int_equal(STATISTIC(row, o, "TimeStatistics.TimeElapsedSinceLastClearedStatistics").i, 86402);
    assert_int_equal(STATISTIC(row, o, "QueryStatistics.UdpQueries").i, UINT32_MAX);
    assert_int_equal(STATISTIC(row, o, "QueryStatistics.UdpResponses").i, 7);
    assert_int_equal(STATISTIC(row, o, "QueryStatistics.TcpQueries").type, VALUE_NULL);
    assert_int_equal(STATISTIC(row, o, "QueryStatistics.TcpResponses").type, VALUE_NULL);
    assert_int_equal(STATISTIC(row, o, "ErrorStatistics.ServFail").type, VALUE_NULL); /* only its name came */
    assert_int_equal(STATISTIC(row, o, "RRLStatistics.TotalResponsesDropped").type, VALUE_NULL);
    arena_done(&mem);
    free(row);
}

static void statistics_of_a_zone(void **state)
{
    static const struct {
        const char *queries, *want;
    } cases[] = {
        { "<Obj N=\"ZoneQueryStatistics\" RefId=\"1\"><LST>" CIM("a", "<U64 N=\"QueriesReceived\">40</U64>")
          CIM("b", "<S N=\"RecordType\">MX</S><U64 N=\"QueriesReceived\">2</U64>") CIM("c", "") "</LST></Obj>", "42" },
        { CIM("ZoneQueryStatistics", "<U64 N=\"QueriesReceived\">5</U64>"), "5" }, /* one that is no list */
        { "<Obj N=\"ZoneQueryStatistics\" RefId=\"1\"><LST /></Obj>", "NULL" },
        { "<Obj N=\"ZoneQueryStatistics\" RefId=\"1\"><LST><S>x</S><Nil /></LST></Obj>", "NULL" },
        { "<Nil N=\"ZoneQueryStatistics\" />", "NULL" },
        { "", "NULL" },
        { "<Obj N=\"ZoneQueryStatistics\" RefId=\"1\"><LST>" CIM("a", "<I64 N=\"QueriesReceived\">9223372036854775807</I64>")
          CIM("b", "<U64 N=\"QueriesReceived\">1</U64>") "</LST></Obj>", "NULL" }, /* more than can be */
    };
    const struct object_type *o = &catalog_zone_statistics;
    struct value *row = x_calloc(o->property_count, sizeof(*row));

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena mem = { 0 };
        char *xml = x_asprintf("<Obj RefId=\"9\"><Props><S N=\"Name\">corp.example</S>%s</Props></Obj>", cases[i].queries);
        char text[64];

        read_row(xml, o, "zone-statistics", &mem, row);
        show(STATISTIC(row, o, "ZoneQueryStatistics.QueriesReceived"), text, sizeof(text));
        if (strcmp(text, cases[i].want) != 0)
            fail_msg("case %zu: %s", i, text);
        free(xml);
        arena_done(&mem);
    }
    free(row);
}

static void row_without_key(void **state)
{
    static const char *const bad[] = {
        "<Obj RefId=\"0\"><MS><S N=\"Name\">x</S></MS></Obj>",
        "<Obj RefId=\"0\"><MS><S N=\"ScopeId\">somewhere</S></MS></Obj>",
        "<S>WARNING: profile</S>",
        "<I32>5</I32>",
    };
    struct clixml_reader *reader = clixml_reader_new(0);
    struct value *row = x_calloc(catalog_scopes.property_count, sizeof(*row));

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct arena mem = { 0 };
        struct ps_value answer;
        struct err err = { 0 };

        assert_true(clixml_read(reader, bad[i], strlen(bad[i]), &mem, &answer, &err));
        assert_false(fetch_row(&catalog_scopes, catalog_source(&catalog_scopes, "scopes"), &answer, &mem, row, &err));
        assert_int_equal(err.kind, ERR_REMOTE);
        assert_non_null(strstr(err.text, "ScopeId"));
        arena_done(&mem);
    }
    free(row);
    clixml_reader_free(reader);
}

/* The order of properties may change between answers (two versions behind one name, a second type of object). */
static void plan_follows_the_order(void **state)
{
    static const char *const answers[] = {
        "<Obj RefId=\"0\"><MS><S N=\"ScopeId\">10.0.0.0</S><S N=\"Name\">a</S></MS></Obj>",
        "<Obj RefId=\"0\"><MS><S N=\"Name\">b</S><S N=\"ScopeId\">10.0.1.0</S></MS></Obj>",
        "<Obj RefId=\"0\"><Props><S N=\"name\">c</S></Props><MS><S N=\"SCOPEID\">10.0.2.0</S></MS></Obj>",
    };
    struct clixml_reader *reader = clixml_reader_new(0);
    struct row_plan plan;

    (void)state;
    row_plan_init(&plan, &catalog_scopes, catalog_source(&catalog_scopes, "scopes"));
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct value *row = x_calloc(catalog_scopes.property_count, sizeof(*row));
        struct arena mem = { 0 };
        struct ps_value answer;
        struct err err = { 0 };
        char name[2] = { (char)('a' + (int)i), '\0' };

        assert_true(clixml_read(reader, answers[i], strlen(answers[i]), &mem, &answer, &err));
        assert_true(row_plan_read(&plan, &answer, &mem, row, &err));
        assert_int_equal(AT(row, "scope").i, 0x0a000000 + 256 * (int)i);
        assert_string_equal(AT(row, "name").s, name);
        arena_done(&mem);
        free(row);
    }
    row_plan_done(&plan);
    clixml_reader_free(reader);
}

static void arguments(void **state)
{
    static const struct {
        const char *property;
        struct value v;
        const char *xml;
    } cases[] = {
        { "name", { .type = VALUE_TEXT, .s = "a'b" }, "<S>a'b</S>" },
        { "name", { .type = VALUE_TEXT, .s = "" }, NULL }, /* clears: an empty string, never Nil */
        { "scope", { .type = VALUE_INT, .i = 0x0a010200 }, "<S>10.1.2.0</S>" },
        { "state", { .type = VALUE_TEXT, .s = "inactive" }, "<S>InActive</S>" },
        { "lease_duration", { .type = VALUE_INT, .i = 345600 }, "<TS>P4D</TS>" },
        { "lease_duration", { .type = VALUE_INT, .i = -1 }, "<TS>P10675199DT2H48M5.4775807S</TS>" },
        { "delay", { .type = VALUE_INT, .i = 7 }, "<I32>7</I32>" },
        { "max_bootp_clients", { .type = VALUE_INT, .i = 4294967295 }, "<I64>4294967295</I64>" },
        { "activate_policies", { .type = VALUE_INT, .i = 1 }, "<B>true</B>" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena mem = { 0 };
        struct buf out = { 0 };
        struct ps_value v = fetch_argument(property_of(&catalog_scopes, cases[i].property), cases[i].v, &mem);

        assert_true(clixml_write(&out, NULL, &v));
        if (!cases[i].xml)
            assert_true(v.type == PS_STRING && v.len == 0);
        else
            assert_string_equal(buf_at(&out), cases[i].xml);
        buf_done(&out);
        arena_done(&mem);
    }
}

static void explanations(void **state)
{
    static const struct {
        const char *id, *message;
        int category;
        enum err_kind kind;
        const char *has;
    } cases[] = {
        { "DHCP 20005,Get-DhcpServerv4Scope", "Bereich nicht gefunden", 13, ERR_NOT_FOUND, "no such scope" },
        { "DHCP 20000,Get-DhcpServerv4Scope", "", 18, ERR_DENIED, "DHCP Users" },
        { "DHCP 29999,Set-DhcpServerv4Scope", "Something\x1b[31m new", 0, ERR_REMOTE, "DHCP 29999" },
        { "DHCP 29999,Set-DhcpServerv4Scope", "x", 20, ERR_CONFLICT, "ResourceExists" },
        { "WIN32 5,Get-DnsServerZone", "", 18, ERR_DENIED, "access denied" },
        { "WIN32 1722,Get-DhcpServerv4Scope", "", 7, ERR_REMOTE, "RPC" },
        { "CommandNotFoundException", "The term ...", 13, ERR_NOT_FOUND, "not installed" },
        { "NamedParameterNotFound,Get-X", "", 5, ERR_NOT_FOUND, "older" },
        { "ParameterArgumentValidationErrorNullNotAllowed,Set-X", "", 5, ERR_INPUT, "did not accept" },
        { "CannotConvertArgumentNoMessage,Set-X", "", 5, ERR_INPUT, "type" },
        { "", "", 0, ERR_REMOTE, "without a reason" },
        { "ConnectionLost", "gone", 27, ERR_UNREACHABLE, "gone" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ps_error error = { .message = cases[i].message, .id = cases[i].id, .category = cases[i].category };
        struct err err = { 0 };

        fetch_explain(&error, "dhcp1", &err);
        if (err.kind != cases[i].kind || !strstr(err.text, cases[i].has) || strchr(err.text, '\x1b'))
            fail_msg("%s: %d %s", cases[i].id, (int)err.kind, err.text);
        assert_string_equal(err.where, "dhcp1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_by_kind),  cmocka_unit_test(cim_object),   cmocka_unit_test(selected_object),
        cmocka_unit_test(row_without_key), cmocka_unit_test(plan_follows_the_order), cmocka_unit_test(arguments),
        cmocka_unit_test(explanations),      cmocka_unit_test(statistics_of_a_server),
        cmocka_unit_test(statistics_of_a_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
