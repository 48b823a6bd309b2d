#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/csv.h"

static void cells(void **state)
{
    static const struct {
        const char *text;
        bool defuse;
        const char *cell;
    } cases[] = {
        { "", true, "" },
        { "plain", true, "plain" },
        { "a,b", true, "\"a,b\"" },
        { "say \"hi\"", true, "\"say \"\"hi\"\"\"" },
        { "two\nlines", true, "\"two\nlines\"" },
        { " blank", true, "\" blank\"" },
        { "=1+1", true, "'=1+1" },
        { "=1+1", false, "=1+1" },
        { "+49", true, "'+49" },
        { "-x", true, "'-x" },
        { "@SUM(A1)", true, "'@SUM(A1)" },
        { "\tx", true, "'\tx" },
        { "\rx", true, "\"'\rx\"" },
        { "=cmd,\"x\"", true, "\"'=cmd,\"\"x\"\"\"" },
        { "'=x", true, "''=x" },
        { "'quoted'", true, "'quoted'" },
        { "a=b", true, "a=b" },
        { "\033[31mred", true, "\033[31mred" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = { 0 };
        csv_cell(&out, cases[i].text, cases[i].defuse);
        if (strcmp(buf_at(&out), cases[i].cell) != 0)
            fail_msg("\"%s\" became %s, not %s", cases[i].text, buf_at(&out), cases[i].cell);
        buf_done(&out);
    }
}

/* What is written is read back, whatever it is. */
static void round_trip(void **state)
{
    static const char *const texts[] = { "",      "plain", "a,b", "\"",    "\"\"", "x\r\ny", "=1", "'=1", "''=1",
                                         "'",     "-",     "@",   "\t",    "\r",   "\n",     " ",  "\303\274ber",
                                         "\033]0;x\007" };
    (void)state;
    struct arena arena = { 0 };
    struct buf file = { 0 };
    for (size_t i = 0; i < COUNT(texts); i++) {
        buf_adds(&file, i ? "," : "");
        csv_cell(&file, texts[i], true);
    }
    buf_adds(&file, "\r\n");
    struct csv_reader reader;
    struct csv_cell *row;
    size_t count;
    struct err err = { 0 };
    assert_true(csv_reader_init(&reader, "f.csv", buf_at(&file), file.len, &arena, &err));
    assert_true(csv_read(&reader, &row, &count, &err));
    assert_int_equal(count, COUNT(texts));
    for (size_t i = 0; i < count; i++)
        assert_string_equal(csv_armed(row[i].text), texts[i]);
    assert_false(csv_read(&reader, &row, &count, &err));
    assert_int_equal(err.kind, ERR_NONE);
    buf_done(&file);
    arena_done(&arena);
}

static void places(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct csv_reader reader;
    struct csv_cell *row;
    size_t count;
    struct err err = { 0 };
    const char *text = "\xef\xbb\xbfname,role\n\n\"\303\274\n\",x\r\nlast,,";
    assert_true(csv_reader_init(&reader, "f.csv", text, strlen(text), &arena, &err));
    assert_true(csv_read(&reader, &row, &count, &err));
    assert_string_equal(row[0].text, "name");
    assert_int_equal(row[1].column, 6);
    assert_true(csv_read(&reader, &row, &count, &err));
    assert_int_equal(row[0].line, 3);
    assert_string_equal(row[0].text, "\303\274\n");
    assert_int_equal(row[1].line, 4);
    assert_int_equal(row[1].column, 3);
    assert_true(csv_read(&reader, &row, &count, &err));
    assert_int_equal(count, 3);
    assert_int_equal(row[0].line, 5);
    assert_false(csv_read(&reader, &row, &count, &err));
    arena_done(&arena);
}

static void bad_files(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "a,\"b\nc", "line 1, column 3: this quote is never closed" },
        { "a,\"b\"c\n", "line 1, column 6: expected a comma or the end of the line after \"" },
        { "a,b\"c\n", "line 1, column 4: a quote inside a cell that is not quoted" },
        { "a,b\n\xfc,c\n", "line 2, column 1: expected UTF-8 text, but there is the byte 0xfc" },
        { "\xff\xfe" "a", "line 1, column 1: expected UTF-8, but this is UTF-16: save it as \"CSV UTF-8\"" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = { 0 };
        struct csv_reader reader;
        struct csv_cell *row;
        size_t count;
        struct err err = { 0 };
        assert_false(csv_reader_init(&reader, "f.csv", cases[i].text, strlen(cases[i].text), &arena, &err) &&
                     csv_read(&reader, &row, &count, &err));
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.where, "f.csv");
        assert_string_equal(err.text, cases[i].error);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(places),
        cmocka_unit_test(bad_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
