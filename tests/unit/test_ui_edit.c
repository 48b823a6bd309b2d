/* The line editor: what keys make of a line. '^' in `want` is the cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/edit.h"
#include "ui/key.h"

static void type(struct edit *edit, const char *keys)
{
    char *copy = x_strdup(keys), *save = NULL;

    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        int key;

        assert_true(key_parse(word, &key));
        edit_key(edit, key);
    }
    free(copy);
}

static void keys(void **state)
{
    static const struct { const char *text, *keys, *want; } cases[] = {
        { "", "a b space c", "ab c^" },
        { "abc", "left left x", "ax^bc" },
        { "abc", "home x end y", "xabcy^" },
        { "abc", "C-a x C-e y", "xabcy^" },
        { "abc def", "C-w", "abc ^" },
        { "util>80 name:x", "M-b M-b", "util>80 ^name:x" },
        { "util>80 name:x", "C-a M-d", "^>80 name:x" },
        { "abc def", "C-u", "^" },
        { "abc def", "C-a C-k", "^" },
        { "abc def", "C-u C-y C-y", "abc defabc def^" },
        { "abc", "backspace backspace", "a^" },
        { "abc", "home delete", "^bc" },
        { "abc", "home backspace", "^abc" },
        { "abc", "delete", "abc^" },
        { "a\xc3\xa9z", "left backspace", "a^z" }, /* a code point at a time */
        { "", "\xe6\xbc\xa2 left \xc3\xa9", "\xc3\xa9^\xe6\xbc\xa2" },
        { "abc", "f5 M-x", "abc^" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct edit edit;
        char *got;

        edit_init(&edit, cases[i].text, false, NULL);
        type(&edit, cases[i].keys);
        got = x_asprintf("%.*s^%s", (int)edit.at, edit_text(&edit), edit_text(&edit) + edit.at);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("\"%s\" and %s: got %s, not %s", cases[i].text, cases[i].keys, got, cases[i].want);
        free(got);
        edit_done(&edit);
    }
}

static void history(void **state)
{
    struct edit_history lines = { 0 };
    struct edit edit;
    (void)state;

    edit_history_add(&lines, "one");
    edit_history_add(&lines, "two");
    edit_history_add(&lines, "one"); /* moves to the end */
    edit_history_add(&lines, "");
    assert_int_equal(lines.count, 2);
    edit_init(&edit, "dra", false, &lines);
    type(&edit, "f up");
    assert_string_equal(edit_text(&edit), "one");
    type(&edit, "up up up");
    assert_string_equal(edit_text(&edit), "two");
    type(&edit, "down down down");
    assert_string_equal(edit_text(&edit), "draf");
    edit_done(&edit);
    for (int i = 0; i < 500; i++) {
        char *line = x_asprintf("line %d", i);

        edit_history_add(&lines, line);
        free(line);
    }
    assert_int_equal(lines.count, 200);
    edit_history_done(&lines);
}

/* What is pasted stays on its line and brings no control characters along. */
static void pasted(void **state)
{
    static const char text[] = "one\ntwo\tthree\033[31m\a\x7f";
    struct edit edit;
    (void)state;

    edit_init(&edit, "", false, NULL);
    edit_insert(&edit, text, strlen(text));
    assert_string_equal(edit_text(&edit), "one two three[31m");
    edit_replace(&edit, 4, "2");
    assert_string_equal(edit_text(&edit), "one 2");
    edit_done(&edit);
}

/* A secret is not kept for C-y, and its memory does not move while it is typed. */
static void secret(void **state)
{
    struct edit edit;
    const char *before;
    (void)state;

    edit_init(&edit, "", true, NULL);
    before = edit.text.data;
    for (int i = 0; i < 2000; i++)
        edit_key(&edit, 'x');
    assert_ptr_equal(before, edit.text.data);
    type(&edit, "C-u C-y");
    assert_string_equal(edit_text(&edit), "");
    edit_done(&edit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(history),
        cmocka_unit_test(pasted),
        cmocka_unit_test(secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
