/* CLIXML both ways: every primitive, containers, references, escapes, and what a hostile host may send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <math.h>

#include "psrp_capture.h"

static struct clixml_reader *reader;
static struct arena arena;

static bool read_text(const char *text, struct ps_value *out, struct err *err)
{
    arena_reset(&arena);
    return clixml_read(reader, text, strlen(text), &arena, out, err);
}

static struct ps_value value_of(const char *text)
{
    struct ps_value value = PS_NIL;
    struct err err = { 0 };

    if (!read_text(text, &value, &err))
        fail_msg("%s: %s", text, err.text);
    return value;
}

/* --------------------------------------------------------------- primitives */

/* Each form of psrp.md 7.1 reads as this type and text, and is written the same again unless `back` says how. */
static const struct primitive { const char *xml; enum ps_type type; const char *text, *back; } forms[] = {
    { "<S>text</S>", PS_STRING, "text", NULL },
    { "<S></S>", PS_STRING, "", NULL },
    { "<S />", PS_STRING, "", "<S></S>" },
    { "<S>  two  </S>", PS_STRING, "  two  ", NULL },
    { "<S>&lt;&amp;&gt;\"'</S>", PS_STRING, "<&>\"'", NULL },
    { "<S><![CDATA[<raw> & _x0041_]]></S>", PS_STRING, "<raw> & A", "<S>&lt;raw&gt; &amp; A</S>" },
    { "<C>65</C>", PS_CHAR, "A", NULL },
    { "<C>0</C>", PS_CHAR, "\xef\xbf\xbd", NULL },
    { "<C>55357</C>", PS_CHAR, "\xef\xbf\xbd", NULL },
    { "<B>true</B>", PS_BOOL, "True", NULL },
    { "<B>false</B>", PS_BOOL, "False", NULL },
    { "<By>255</By>", PS_BYTE, "255", NULL },
    { "<SB>-128</SB>", PS_SBYTE, "-128", NULL },
    { "<SB>127</SB>", PS_SBYTE, "127", NULL },
    { "<U16>65535</U16>", PS_U16, "65535", NULL },
    { "<I16>-32768</I16>", PS_I16, "-32768", NULL },
    { "<U32>4294967295</U32>", PS_U32, "4294967295", NULL },
    { "<I32>-2147483648</I32>", PS_I32, "-2147483648", NULL },
    { "<U64>18446744073709551615</U64>", PS_U64, "18446744073709551615", NULL },
    { "<I64>-9223372036854775808</I64>", PS_I64, "-9223372036854775808", NULL },
    { "<I64>9223372036854775807</I64>", PS_I64, "9223372036854775807", NULL },
    { "<I32> 7 </I32>", PS_I32, "7", "<I32>7</I32>" },
    { "<Sg>1.5</Sg>", PS_FLOAT, "1.5", NULL },
    { "<Sg>3.4028235E+38</Sg>", PS_FLOAT, "3.4028235E+38", NULL },
    { "<Db>1E-07</Db>", PS_DOUBLE, "1E-07", NULL },
    { "<Db>1E+300</Db>", PS_DOUBLE, "1E+300", NULL },
    { "<Db>0.1</Db>", PS_DOUBLE, "0.1", NULL },
    { "<Db>INF</Db>", PS_DOUBLE, "INF", NULL },
    { "<Db>-INF</Db>", PS_DOUBLE, "-INF", NULL },
    { "<Db>NaN</Db>", PS_DOUBLE, "NaN", NULL },
    { "<D>1.10</D>", PS_DECIMAL, "1.10", NULL },
    { "<D>79228162514264337593543950335</D>", PS_DECIMAL, "79228162514264337593543950335", NULL },
    { "<DT>2026-03-01T08:30:00.123+01:00</DT>", PS_DATETIME, "2026-03-01T08:30:00.123+01:00", NULL },
    { "<DT>2026-03-01T08:30:00Z</DT>", PS_DATETIME, "2026-03-01T08:30:00Z", NULL },
    { "<DT>2026-07-01T08:30:00</DT>", PS_DATETIME, "2026-07-01T08:30:00", NULL },
    { "<DT>0001-01-01T00:00:00</DT>", PS_DATETIME, "0001-01-01T00:00:00", NULL },
    { "<DT>9999-12-31T23:59:59.9999999</DT>", PS_DATETIME, "9999-12-31T23:59:59.9999999", NULL },
    { "<DT>2024-02-29T00:00:00-09:30</DT>", PS_DATETIME, "2024-02-29T00:00:00-09:30", NULL },
    { "<TS>P8D</TS>", PS_TIMESPAN, "8.00:00:00", NULL },
    { "<TS>PT8H30M</TS>", PS_TIMESPAN, "08:30:00", NULL },
    { "<TS>PT0S</TS>", PS_TIMESPAN, "00:00:00", NULL },
    { "<TS>-PT1.5S</TS>", PS_TIMESPAN, "-00:00:01.5000000", NULL },
    { "<TS>P1DT2H3M4.0000001S</TS>", PS_TIMESPAN, "1.02:03:04.0000001", NULL },
    { "<TS>P10675199DT2H48M5.4775807S</TS>", PS_TIMESPAN, "10675199.02:48:05.4775807", NULL },
    { "<TS>-P10675199DT2H48M5.4775808S</TS>", PS_TIMESPAN, "-10675199.02:48:05.4775808", NULL },
    { "<TS>PT36H</TS>", PS_TIMESPAN, "1.12:00:00", "<TS>P1DT12H</TS>" },
    { "<G>792e5b37-4505-47ef-b7d2-8711bb7affa8</G>", PS_GUID, "792e5b37-4505-47ef-b7d2-8711bb7affa8", NULL },
    { "<URI>http://x/a b?q=1&amp;r=2</URI>", PS_URI, "http://x/a b?q=1&r=2", NULL },
    { "<Version>10.0.20348.1</Version>", PS_VERSION, "10.0.20348.1", NULL },
    { "<BA>AAH+/w==</BA>", PS_BYTES, "0, 1, 254, 255", NULL },
    { "<BA>AAH+\n/w==</BA>", PS_BYTES, "0, 1, 254, 255", "<BA>AAH+/w==</BA>" },
    { "<BA />", PS_BYTES, "", NULL },
    { "<XD>&lt;a b=\"1\"/&gt;</XD>", PS_XML, "<a b=\"1\"/>", NULL },
    { "<SBK> Get-Item $x </SBK>", PS_SCRIPT, " Get-Item $x ", NULL },
    { "<SS>YWJj</SS>", PS_SECURE, "YWJj", NULL },
    { "<Nil />", PS_NULL, NULL, NULL },
    { "\xef\xbb\xbf<S>after a BOM</S>", PS_STRING, "after a BOM", "<S>after a BOM</S>" },
    { "<?xml version=\"1.0\" encoding=\"utf-16\"?><S>\xc3\xa9</S>", PS_STRING, "\xc3\xa9", "<S>\xc3\xa9</S>" },
    { "<!-- c --><S>a<!-- c -->b<?pi x?></S>", PS_STRING, "ab", "<S>ab</S>" },
    { "", PS_NULL, NULL, "<Nil />" },
};

static void reads_and_writes(const struct primitive *form)
{
    struct ps_value value = value_of(form->xml);
    const char *text = ps_text(&value, &arena);
    struct buf back = { 0 };

    if (value.type != form->type || (text == NULL) != (form->text == NULL) || (text && strcmp(text, form->text) != 0))
        fail_msg("%s: type %d, text %s", form->xml, value.type, text ? text : "(none)");
    assert_true(clixml_write(&back, NULL, &value));
    if (strcmp(buf_at(&back), form->back ? form->back : form->xml) != 0)
        fail_msg("%s: written as %s", form->xml, buf_at(&back));
    buf_done(&back);
}

static void primitives(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++)
        reads_and_writes(&forms[i]);
}

static void bad_primitives(void **state)
{
    static const char *const cases[] = {
        "<I32>2147483648</I32>", "<I32></I32>", "<I32>1.5</I32>", "<I32>--1</I32>", "<I32>0x10</I32>", "<U16>-1</U16>",
        "<U16>65536</U16>", "<By>256</By>", "<SB>-129</SB>", "<U64>18446744073709551616</U64>",
        "<I64>9223372036854775808</I64>", "<C>65536</C>", "<C>A</C>", "<B>1</B>", "<B></B>", "<Db>1,5</Db>", "<Db>x</Db>",
        "<Db>0x1p3</Db>", "<Db>nan</Db>", "<DT>2026-13-01T00:00:00</DT>", "<DT>2025-02-29T00:00:00</DT>",
        "<DT>2026-01-01</DT>", "<DT>2026-01-01T24:00:00</DT>", "<DT>2026-01-01T00:00:00+15:00</DT>",
        "<DT>2026-01-01T00:00:00.</DT>", "<DT>0000-01-01T00:00:00</DT>", "<TS>P</TS>", "<TS>PT</TS>", "<TS>8D</TS>",
        "<TS>P1Y</TS>", "<TS>PT1S1H</TS>", "<TS>P10675200D</TS>", "<TS>P99999999999999999999D</TS>", "<TS>P1.5D</TS>",
        "<TS></TS>", "<BA>AAH</BA>", "<BA>A?==</BA>",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ps_value value = PS_INT(5);
        struct err err = { 0 };
        if (read_text(cases[i], &value, &err) || err.kind != ERR_REMOTE || !err.text[0] || value.i != 5)
            fail_msg("%s was taken (%s)", cases[i], err.text);
    }
}

static void another_locale(void **state)
{
    struct ps_value value;
    struct buf out = { 0 };

    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE"))
        skip();
    value = value_of("<Db>1.5</Db>");
    assert_true(value.d == 1.5);
    clixml_write(&out, NULL, &value);
    assert_string_equal(buf_at(&out), "<Db>1.5</Db>");
    buf_done(&out);
    setlocale(LC_ALL, "C");
}

/* ------------------------------------------------------------------ escapes */

static void escapes(void **state)
{
    static const struct { const char *in, *out; } cases[] = { /* psrp.md 7.2 */
        { "tab_x0009_nl_x000A_", "tab\tnl\n" },
        { "_x000a_", "\n" },
        { "_X000A_", "\n" },
        { "_x41_", "_x41_" },
        { "_x004_", "_x004_" },
        { "_x00041_", "_x00041_" },
        { "_x0041", "_x0041" },
        { "_x004g_", "_x004g_" },
        { "_x005F_x000A_", "_x000A_" }, /* once, not recursively */
        { "__x0041_", "_A" },
        { "_x0041__x0042_", "AB" },
        { "_x0041_x0042_", "Ax0042_" },
        { "_xD83D__xDE00_", "\xf0\x9f\x98\x80" },
        { "_x0001F600_", "\xf0\x9f\x98\x80" },
        { "_x00110000_", "_x00110000_" },
        { "_xD83D_", "\xef\xbf\xbd" },
        { "_xDE00__xD83D_", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "_xD83D_x", "\xef\xbf\xbdx" },
        { "_xD83D__xD83D__xDE00_", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
        { "nul_x0000_!", "nul\xef\xbf\xbd!" },
        { "_x00E9_", "\xc3\xa9" },
        { "_xFFFE_", "\xef\xbf\xbe" },
        { "_", "_" }, { "_x", "_x" }, { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char xml[128];
        snprintf(xml, sizeof xml, "<Obj RefId=\"0\"><ToString>%s</ToString><MS><S N=\"%s\">%s</S></MS></Obj>", cases[i].in,
                 cases[i].in, cases[i].in);
        struct ps_value value = value_of(xml);
        const struct ps_property *p = &value.object->members[0];
        if (strcmp(p->value->s, cases[i].out) != 0 || p->value->len != strlen(cases[i].out) ||
            strcmp(p->name, cases[i].out) != 0 || strcmp(value.object->to_string, cases[i].out) != 0)
            fail_msg("%s: \"%s\"", cases[i].in, p->value->s);
    }
}

static void written_escapes(void **state)
{
    static const struct { const char *in, *out; } cases[] = {
        { "\t\n\r\x1b\x01", "_x0009__x000A__x000D__x001B__x0001_" },
        { "\x7f\xc2\x80\xc2\x9f\xc2\xa0", "_x007F__x0080__x009F_\xc2\xa0" },
        { "\xf0\x9f\x98\x80", "_xD83D__xDE00_" },
        { "_x000A_ _X _y a_", "_x005F_x000A_ _x005F_X _y a_" },
        { "<&>\"'", "&lt;&amp;&gt;\"'" },
        { "\xff" "a\xc3", "\xef\xbf\xbd" "a\xef\xbf\xbd" }, /* malformed UTF-8 */
        { "\xef\xbf\xbe", "_xFFFE_" },
        { " \xe6\x97\xa5\xe6\x9c\xac ", " \xe6\x97\xa5\xe6\x9c\xac " },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ps_value value = PS_S(cases[i].in);
        struct buf out = { 0 };
        char want[128];
        clixml_write(&out, NULL, &value);
        snprintf(want, sizeof want, "<S>%s</S>", cases[i].out);
        assert_string_equal(buf_at(&out), want);
        buf_clear(&out);
        clixml_write(&out, "a\"b<_x", &value);
        assert_true(strncmp(buf_at(&out), "<S N=\"a&quot;b&lt;_x005F_x\">", 28) == 0);
        buf_done(&out);
    }
}

/* Not XML 1.0, but the engine sends it: the two characters are replaced, nothing else is forgiven. */
static void noncharacters(void **state)
{
    struct ps_value value = value_of("<S>bom non&#xFFFE; char&#xFFFF; end</S>");
    struct err err = { 0 };

    (void)state;
    assert_string_equal(value.s, "bom non\xef\xbf\xbd char\xef\xbf\xbd end");
    value = value_of("<S>raw \xef\xbf\xbe</S>");
    assert_string_equal(value.s, "raw \xef\xbf\xbd");
    assert_false(read_text("<S>&#xFFFE;", &value, &err));
    assert_false(read_text("<S>&#xFFFE;&#x1;</S>", &value, &err));
    value = value_of("<S>&amp;#xFFFE; &#x41;</S>"); /* still usable */
    assert_string_equal(value.s, "&#xFFFE; A");
}

/* ------------------------------------------------------------------ objects */

static void references(void **state)
{
    struct ps_value v = value_of(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T><T>B</T></TN><MS><Obj N=\"x\" RefId=\"7\"><TNRef RefId=\"0\"/><LST><I32>1</I32></LST></Obj>"
        "<Ref N=\"y\" RefId=\"7\"/><Ref N=\"me\" RefId=\"0\"/></MS></Obj>");
    const struct ps_value *x = ps_get(&v, "x"), *y = ps_get(&v, "Y");

    (void)state;
    assert_ptr_equal(x->items, y->items);
    assert_int_equal(y->len, 1);
    assert_true(ps_is(y, "b"));
    assert_ptr_equal(ps_get(&v, "me.me.me.x")->items, x->items);

    /* before its object, and a type list after its use; numbers need not be in order */
    v = value_of("<Obj RefId=\"90\"><LST><Ref RefId=\"5\"/><Obj RefId=\"5\"><TNRef RefId=\"44\"/><MS><S N=\"a\">1</S></MS></Obj>"
                 "<Obj RefId=\"3\"><TN RefId=\"44\"><T>Late</T></TN></Obj></LST></Obj>");
    assert_string_equal(ps_get(&v.items[0], "a")->s, "1");
    assert_true(ps_is(&v.items[0], "Late"));
}

/* psrp.md 7.3, a cycle as the engine writes it: reading, text, writing all end. */
static void cycle(void **state)
{
    static const char xml[] = "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N=\"Key\">self</S>"
        "<Obj N=\"Value\" RefId=\"1\"><TNRef RefId=\"0\" /><DCT><En><S N=\"Key\">self</S><Ref N=\"Value\" RefId=\"1\" /></En></DCT></Obj></En></DCT></Obj>";
    struct ps_value v = value_of(xml);
    struct buf out = { 0 };

    (void)state;
    assert_non_null(ps_get(&v, "self.self.self.self"));
    assert_non_null(ps_text(&v, &arena));
    assert_true(clixml_write(&out, NULL, &v));
    assert_string_equal(buf_at(&out), xml);
    buf_done(&out);
}

static void wrapped_object(void **state)
{
    struct ps_value v = value_of("<Obj RefId=\"0\"><TN RefId=\"0\"><T>Outer</T></TN><Obj RefId=\"1\"><TN RefId=\"1\"><T>Inner</T></TN>"
        "<ToString>inner</ToString><I32>4</I32><Props><S N=\"a\">in</S></Props></Obj><MS><S N=\"b\">out</S><Ref N=\"r\" RefId=\"1\"/></MS></Obj>");

    (void)state;
    assert_int_equal(v.type, PS_I32);
    assert_true(ps_is(&v, "Outer"));
    assert_string_equal(v.object->to_string, "inner");
    assert_string_equal(ps_get(&v, "a")->s, "in");
    assert_string_equal(ps_get(&v, "r.b")->s, "out");
}

static void containers(void **state)
{
    static const struct { const char *tag; enum ps_type type; } lists[] = {
        { "LST", PS_LIST }, { "STK", PS_STACK }, { "QUE", PS_QUEUE }, { "IE", PS_ENUMERABLE },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lists); i++) {
        char xml[256];
        snprintf(xml, sizeof xml, "<Obj RefId=\"0\"><%s> <I32>1</I32>\n<S>two</S><Nil /><Obj RefId=\"1\"><LST><I32>3</I32></LST></Obj></%s>"
                 "<Props><I32 N=\"Count\">4</I32></Props></Obj>", lists[i].tag, lists[i].tag);
        struct ps_value v = value_of(xml);
        assert_int_equal(v.type, lists[i].type);
        assert_int_equal(v.len, 4);
        assert_int_equal(v.items[2].type, PS_NULL);
        assert_int_equal(v.items[3].items[0].i, 3);
        assert_int_equal(ps_get(&v, "count")->i, 4);
        assert_string_equal(ps_text(&v, &arena), "1, two, , 3");
    }
    struct ps_value v = value_of("<Obj RefId=\"0\"><DCT><En><I32 N=\"Key\">5</I32><S N=\"Value\">five</S></En><En><B N=\"Value\">true</B>"
                                 "<S N=\"Key\">Six</S></En></DCT></Obj>");
    assert_int_equal(v.type, PS_DICT);
    assert_int_equal(v.len, 2);
    assert_int_equal(v.pairs[0].key->i, 5);
    assert_true(ps_get(&v, "six")->b);
    v = value_of("<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><S>a</S><Obj RefId=\"0\"><MS><I32 N=\"x\">1"
                 "</I32></MS></Obj></Objs>");
    assert_int_equal(v.type, PS_LIST);
    assert_int_equal(v.len, 2);
    assert_int_equal(ps_get(&v.items[1], "x")->i, 1);
}

/* A named MS inside MS is a member set: ignored, but what it holds may be referred to. */
static void member_set(void **state)
{
    struct ps_value v = value_of("<Obj RefId=\"0\"><MS><MS N=\"PSStandardMembers\"><Obj N=\"k\" RefId=\"1\"><LST><S>a</S></LST></Obj></MS><I32 N=\"z\">1</I32>"
                                 "<Ref N=\"k2\" RefId=\"1\"/></MS></Obj>");

    (void)state;
    assert_int_equal(v.object->member_count, 2);
    assert_int_equal(ps_get(&v, "z")->i, 1);
    assert_int_equal(ps_get(&v, "k2")->len, 1);
    assert_null(ps_get(&v, "k"));
}

static char *file_text(const char *path)
{
    struct buf text = { 0 };
    FILE *file = fopen(path, "r");
    int c;

    assert_non_null(file);
    while ((c = getc(file)) != EOF)
        buf_addc(&text, (char)c);
    fclose(file);
    return buf_steal(&text);
}

static void dhcp_scopes(void **state)
{
    char *cim = file_text("tests/data/psrp/synthetic/cim-dhcp-scope.xml");
    char *selected = file_text("tests/data/psrp/synthetic/select-object-scope.xml");
    struct ps_value v = value_of(cim);
    int64_t number;
    bool flag;

    (void)state;
    assert_true(ps_is(&v, "DhcpServerv4Scope"));
    assert_true(ps_is(&v, "Microsoft.Management.Infrastructure.CimInstance"));
    assert_true(ps_is(&v, "dhcpserverV4scope"));
    assert_false(ps_is(&v, "DhcpServerv4"));
    assert_string_equal(ps_get(&v, "ScopeId")->s, "10.0.0.0");
    assert_string_equal(ps_get(&v, "Description")->s, "Lab & printers");
    assert_true(ps_ticks(ps_get(&v, "leaseduration"), &number));
    assert_int_equal(number, INT64_C(8) * 86400 * 10000000);
    assert_true(ps_int(ps_get(&v, "MaxBootpClients"), &number) && number == 4294967295);
    assert_true(ps_bool(ps_get(&v, "ActivatePolicies"), &flag) && flag);
    assert_null(ps_text(ps_get(&v, "PSComputerName"), &arena));
    assert_string_equal(ps_get(&v, "NapProfile")->s, "");
    assert_null(ps_get(&v, "NoSuchThing"));
    assert_null(ps_get(&v, "ScopeId.Deeper"));
    v = value_of(selected);
    assert_string_equal(ps_text(ps_get(&v, "ScopeId"), &arena), "10.0.0.0");
    assert_string_equal(ps_get(&v, "ScopeId.IPAddressToString")->s, "10.0.0.0");
    assert_true(ps_is(ps_get(&v, "ScopeId"), "System.Net.IPAddress"));
    free(cim);
    free(selected);
}

static void accessors(void **state)
{
    int64_t i;
    double d;
    bool b;
    struct ps_value v;

    (void)state;
    v = value_of("<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.DayOfWeek</T><T>System.Enum</T></TN><ToString>Friday</ToString><I32>5</I32></Obj>");
    assert_string_equal(ps_text(&v, &arena), "Friday");
    assert_true(ps_int(&v, &i) && i == 5);
    v = value_of("<S> 42 </S>");
    assert_true(ps_int(&v, &i) && i == 42);
    assert_true(ps_double(&v, &d) && d == 42);
    v = value_of("<S>4x2</S>");
    assert_false(ps_int(&v, &i));
    v = value_of("<Db>12.5</Db>");
    assert_true(ps_double(&v, &d) && d == 12.5);
    assert_false(ps_int(&v, &i));
    v = value_of("<D>12.5</D>");
    assert_true(ps_double(&v, &d) && d == 12.5);
    v = value_of("<U64>18446744073709551615</U64>");
    assert_false(ps_int(&v, &i));
    v = value_of("<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Management.Automation.SwitchParameter</T></TN><ToString>True</ToString><Props>"
                 "<B N=\"IsPresent\">true</B></Props></Obj>");
    assert_true(ps_bool(&v, &b) && b);
    v = value_of("<S>False</S>");
    assert_true(ps_bool(&v, &b) && !b);
    assert_false(ps_bool(NULL, &b));
    v = value_of("<S>8.00:30:00</S>");
    assert_true(ps_ticks(&v, &i) && i == INT64_C(693000) * 10000000);
    v = value_of("<S>P1D</S>");
    assert_true(ps_ticks(&v, &i) && i == INT64_C(86400) * 10000000);
    v = value_of("<S>08:30</S>");
    assert_true(ps_ticks(&v, &i) && i == INT64_C(30600) * 10000000);
    v = value_of("<S>25:00:00</S>");
    assert_false(ps_ticks(&v, &i));
    v = value_of("<DT>2026-03-01T08:30:00.9+01:00</DT>");
    assert_true(ps_time_s(&v, &i) && i == 1772350200);
    v = value_of("<DT>1969-12-31T23:59:59.5Z</DT>");
    assert_true(ps_time_s(&v, &i) && i == -1);
    assert_false(ps_time_s(NULL, &i));
    assert_null(ps_get(NULL, "x"));
    assert_false(ps_is(NULL, "x"));
    v = value_of("<Obj RefId=\"0\"><TN RefId=\"0\"><T>Deserialized.System.Net.IPAddress</T></TN><MS><S N=\"a.b\">dot</S></MS></Obj>");
    assert_true(ps_is(&v, "System.Net.IPAddress"));
    assert_string_equal(ps_get(&v, "A.B")->s, "dot");
    assert_string_equal(ps_text(&v, &arena), "@{a.b=dot}");
}

/* ------------------------------------------------------------------ hostile */

static void bad_documents(void **state)
{
    static const struct { const char *xml, *says; } cases[] = {
        { "garbage", "not well-formed" },
        { "<", "not well-formed" },
        { "<S>", "not well-formed" },
        { "<S>a</B>", "not well-formed" },
        { "<S>a</S><S>b</S>", "not well-formed" },
        { "<S>\x01</S>", "not well-formed" },
        { "<S>\xff\xfe</S>", "not well-formed" },
        { "<S>&undeclared;</S>", "not well-formed" },
        { "<!DOCTYPE S [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><S>&b;</S>", "document type" },
        { "<!DOCTYPE S SYSTEM \"file:///etc/passwd\"><S/>", "document type" },
        { "<!DOCTYPE S [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><S>&x;</S>", "document type" },
        { "<Evil/>", "unknown element \"Evil\"" },
        { "<s>a</s>", "unknown element" },
        { "<Obj><LST><Evil/></LST></Obj>", "unknown element" },
        { "<TN><T>a</T></TN>", "<TN> in <>" },
        { "<Props/>", "<Props>" },
        { "<S><S>a</S></S>", "<S> in <S>" },
        { "<Obj><I32>1</I32><I32>2</I32></Obj>", "two values" },
        { "<Obj><LST>text</LST></Obj>", "text in <LST>" },
        { "<Obj>text</Obj>", "text in <Obj>" },
        { "<Obj><DCT><S>a</S></DCT></Obj>", "<S> in <DCT>" },
        { "<Obj><DCT><En><S N=\"Key\">a</S></En></DCT></Obj>", "Key and Value" },
        { "<Obj><DCT><En><S N=\"Key\">a</S><S N=\"Key\">a</S></En></DCT></Obj>", "Key and Value" },
        { "<Obj><DCT><En><S>a</S><S>a</S></En></DCT></Obj>", "Key and Value" },
        { "<Obj><DCT><En><S N=\"Key\">a</S><S N=\"Value\">a</S><S N=\"Value\">a</S></En></DCT></Obj>", "Key and Value" },
        { "<Ref RefId=\"4\"/>", "an object 4" },
        { "<Ref/>", "without RefId" },
        { "<Obj RefId=\"0\"><Ref RefId=\"0\"/></Obj>", "an object 0" },
        { "<Obj RefId=\"x\"/>", "RefId \"x\"" },
        { "<Obj RefId=\"-1\"/>", "RefId" },
        { "<Obj RefId=\"99999999999999999999\"/>", "RefId" },
        { "<Obj><TNRef RefId=\"9\"/></Obj>", "type list 9" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ps_value value = PS_NIL;
        struct err err = { 0 };
        if (read_text(cases[i].xml, &value, &err) || err.kind != ERR_REMOTE || !strstr(err.text, cases[i].says) ||
            strchr(err.text, '\n'))
            fail_msg("%s: \"%s\"", cases[i].xml, err.text);
        value_of("<Obj RefId=\"0\"><TN RefId=\"0\"><T>a</T></TN><LST><S>still usable</S></LST></Obj>");
    }
}

static char *nested(size_t depth)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < depth; i++)
        buf_adds(&text, "<Obj><LST>");
    for (size_t i = 0; i < depth; i++)
        buf_adds(&text, "</LST></Obj>");
    return buf_steal(&text);
}

static void depth_limit(void **state)
{
    static const struct { int limit; size_t objects; bool ok; } cases[] = {
        { 0, 100, true }, { 0, 101, false }, { 0, 100000, false }, { 20, 10, true }, { 20, 11, false },
        { 100000, 125, true }, { 100000, 126, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct clixml_reader *r = clixml_reader_new(cases[i].limit);
        char *text = nested(cases[i].objects);
        struct ps_value value;
        struct err err = { 0 };
        struct buf out = { 0 };
        bool ok = clixml_read(r, text, strlen(text), &arena, &value, &err);
        if (ok != cases[i].ok || (!ok && !strstr(err.text, "nested deeper")))
            fail_msg("%zu objects, limit %d: %d %s", cases[i].objects, cases[i].limit, ok, err.text);
        if (ok)
            clixml_write(&out, NULL, &value);
        buf_done(&out);
        free(text);
        arena_reset(&arena);
        clixml_reader_free(r);
    }
}

/* Many small elements make a tree much larger than their text: the arena's limit holds for both. */
static void size_limit(void **state)
{
    static const char *const elements[] = { "<Nil/>", "<S>a</S>", "<Obj/>", "<Obj RefId=\"1\"><TN><T>a</T></TN><LST/></Obj>" };

    (void)state;
    for (size_t i = 0; i < COUNT(elements); i++) {
        struct arena small = { .limit = 1 << 20 };
        struct buf text = { 0 };
        struct ps_value value;
        struct err err = { 0 };
        buf_adds(&text, "<Obj><LST>");
        while (text.len < 1 << 20)
            buf_adds(&text, elements[i]);
        buf_adds(&text, "</LST></Obj>");
        assert_false(clixml_read(reader, buf_at(&text), text.len, &small, &value, &err));
        assert_non_null(strstr(err.text, "limit of 1048576 bytes"));
        assert_true(small.used < 4 << 20);
        arena_done(&small);
        buf_done(&text);
    }
}

/* Attributes by the thousand, which libxml2 compares each with all others. */
static void endless_tag(void **state)
{
    static const struct { size_t bytes; const char *says; } cases[] = {
        { 2000, "attributes" }, { 60000, "attributes" }, { 8 << 20, "a tag longer than" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf text = { 0 };
        struct ps_value value;
        struct err err = { 0 };
        buf_adds(&text, "<S");
        for (unsigned k = 0; text.len < cases[i].bytes; k++)
            buf_addf(&text, " a%u=\">\"", k);
        buf_adds(&text, ">x</S>");
        assert_false(clixml_read(reader, buf_at(&text), text.len, &arena, &value, &err));
        assert_non_null(strstr(err.text, cases[i].says));
        buf_done(&text);
    }
    for (unsigned i = 0; i < 3000; i++) { /* ever new names are forgotten again */
        char xml[64];
        snprintf(xml, sizeof xml, "<S a%u=\"1\" N=\"n\">x</S>", i);
        value_of(xml);
    }
}

static void long_text(void **state)
{
    size_t len = 12 << 20;
    char *text = x_alloc(len + 16);
    struct ps_value value;
    struct err err = { 0 };
    struct arena big = { 0 };

    (void)state;
    memcpy(text, "<S>", 3);
    memset(text + 3, 'x', len);
    memcpy(text + 3 + len, "</S>", 5);
    assert_true(clixml_read(reader, text, len + 7, &big, &value, &err));
    assert_int_equal(value.len, len);
    arena_done(&big);
    free(text);
}

/* "Billion laughs" by references: small to read, endless to walk. */
static void shared_parts(void **state)
{
    struct buf text = { 0 }, out = { 0 };
    struct arena own = { 0 };
    struct ps_value value;

    (void)state;
    for (int i = 0; i < 12; i++)
        buf_addf(&text, "<Obj RefId=\"%d\"><LST>", i);
    for (int i = 11; i >= 0; i--) {
        for (int k = 0; i < 11 && k < 10; k++)
            buf_addf(&text, "<Ref RefId=\"%d\"/>", i + 1);
        buf_adds(&text, "</LST></Obj>");
    }
    assert_true(clixml_read(reader, buf_at(&text), text.len, &own, &value, NULL));
    assert_non_null(ps_text(&value, &own));
    assert_true(own.used < 4 << 20);
    assert_false(clixml_write(&out, NULL, &value));
    arena_done(&own);
    buf_done(&text);
    buf_done(&out);
}

/* ----------------------------------------------------------------- captures */

struct roundtrip {
    const char *name;
    size_t same, different, bodies;
};

/* What the engine wrote, read and written again, is the same text; the few reasons why not are listed here. */
static bool may_differ(const char *body, size_t len)
{
    static const char *const reasons[] = {
        "_x0000_",                           /* NUL becomes U+FFFD */
        "<S>_xD83D_</S>",                    /* so does a lone surrogate */
        "&#xFFFE;",                          /* and what is no XML */
        "<LST></LST>",                       /* the recording client's empty lists */
        "<Ref N=\"InvocationInfo_Bound",     /* written twice: only cycles become references again */
    };

    for (size_t i = 0; i < COUNT(reasons); i++)
        if (memmem(body, len, reasons[i], strlen(reasons[i])))
            return true;
    return false;
}

static void check_roundtrip(void *ctx, const struct message *message)
{
    struct roundtrip *trip = ctx;
    struct ps_value value;
    struct err err = { 0 };
    struct buf back = { 0 };

    arena_reset(&arena);
    if (!clixml_read(reader, message->body, message->body_len, &arena, &value, &err))
        fail_msg("%s: message %x: %s", trip->name, message->type, err.text);
    trip->bodies++;
    assert_true(clixml_write(&back, NULL, &value));
    if (message->body_len == 0 || (back.len == message->body_len && memcmp(buf_at(&back), message->body, back.len) == 0))
        trip->same++;
    else if (may_differ(message->body, message->body_len))
        trip->different++;
    else
        fail_msg("%s: message %x\n%.*s\nwritten as\n%s", trip->name, message->type, (int)message->body_len, message->body,
                 buf_at(&back));
    buf_done(&back);
}

static void recorded_bodies_round_trip(void **state)
{
    struct roundtrip trip = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(capture_names); i++) {
        struct capture capture = capture_named(capture_names[i]);
        trip.name = capture_names[i];
        assert_true(capture.count > 0);
        capture_messages(&capture, 'S', check_roundtrip, &trip);
        capture_messages(&capture, 'C', check_roundtrip, &trip);
        capture_done(&capture);
    }
    print_message("%zu bodies, %zu identical\n", trip.bodies, trip.same);
    assert_true(trip.same > 500);
}

static int setup(void **state)
{
    (void)state;
    reader = clixml_reader_new(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clixml_reader_free(reader);
    arena_done(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(primitives),      cmocka_unit_test(bad_primitives), cmocka_unit_test(another_locale),
        cmocka_unit_test(escapes),         cmocka_unit_test(written_escapes), cmocka_unit_test(noncharacters),
        cmocka_unit_test(references),      cmocka_unit_test(cycle),          cmocka_unit_test(wrapped_object),
        cmocka_unit_test(containers),      cmocka_unit_test(member_set),     cmocka_unit_test(dhcp_scopes),
        cmocka_unit_test(accessors),       cmocka_unit_test(bad_documents),  cmocka_unit_test(depth_limit),
        cmocka_unit_test(size_limit),      cmocka_unit_test(long_text), cmocka_unit_test(endless_tag),      cmocka_unit_test(shared_parts),
        cmocka_unit_test(recorded_bodies_round_trip),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
