/* Saved queries: read, written, replaced, taken away; what a name may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/saved.h"

static void is(const struct saved_list *list, const char *want)
{
    struct buf text = { 0 };

    saved_write(list, &text);
    assert_string_equal(text.len ? buf_at(&text) : "", want);
    buf_done(&text);
}

static void lists(void **state)
{
    struct saved_list list = { 0 };
    (void)state;

    saved_parse(&list, "full\tutil>90\nno query\n\tno name\nvoice\tname:*voice*\tx\nlast\tutil<5");
    is(&list, "full\tutil>90\nvoice\tname:*voice*\tx\nlast\tutil<5\n");
    assert_string_equal(saved_find(&list, "FULL"), "util>90");
    assert_null(saved_find(&list, "ful"));
    assert_true(saved_put(&list, "Full", "util>95"));  /* replaced where it was */
    assert_false(saved_put(&list, "new", "state:inactive"));
    is(&list, "Full\tutil>95\nvoice\tname:*voice*\tx\nlast\tutil<5\nnew\tstate:inactive\n");
    assert_true(saved_put(&list, "voice", NULL));
    assert_false(saved_put(&list, "voice", ""));
    is(&list, "Full\tutil>95\nlast\tutil<5\nnew\tstate:inactive\n");
    saved_done(&list);
    is(&list, "");
    saved_done(&list);
}

static void names(void **state)
{
    static const struct { const char *typed, *name; } cases[] = {
        { "full", "full" },
        { "  the phones ", "the phones" },
        { "tab\there\n", "tabhere" },
        { "\033[31m", "[31m" },
        { "漢字", "漢字" },
        { "", NULL },
        { "  ", NULL },
        { "\t", NULL },
        { "123456789012345678901234567890123456789012345678901234567890", "123456789012345678901234567890123456789012345678901234567890" },
        { "1234567890123456789012345678901234567890123456789012345678901", NULL },
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[SAVED_NAME_MAX + 1];
        bool ok = saved_name(cases[i].typed, name);

        if (ok != (cases[i].name != NULL) || (ok && strcmp(name, cases[i].name) != 0))
            fail_msg("\"%s\": got %d \"%s\"", cases[i].typed, ok, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lists), cmocka_unit_test(names) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
