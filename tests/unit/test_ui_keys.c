/* Names of keys, and key sequences as they are typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/mem.h"
#include "ui/keytable.h"

static void names(void **state)
{
    static const struct { const char *text; int count; int keys[KEYS_MAX]; const char *title; } cases[] = {
        { "g", 1, { 'g' }, "g" },
        { "g g", 2, { 'g', 'g' }, "g g" },
        { "space", 1, { ' ' }, "Space" },
        { "C-d", 1, { 4 }, "C-d" },
        { "C-w +", 2, { 23, '+' }, "C-w +" },
        { "M-left", 1, { K_ALT | K_LEFT }, "M-Left" },
        { "f1", 1, { K_F0 + 1 }, "F1" },
        { "f12", 1, { K_F12 }, "F12" },
        { "S-tab", 1, { K_BACKTAB }, "S-Tab" },
        { "\\", 1, { '\\' }, "\\" },
        { "\xc3\xa9", 1, { 0xe9 }, "\xc3\xa9" },
        { "C-space", 1, { K_ALT | 0x100000 }, "C-space" },
        { "f13", -1, { 0 }, NULL },
        { "nonsense", -1, { 0 }, NULL },
        { "C-", -1, { 0 }, NULL },
        { "", -1, { 0 }, NULL },
        { "a b c d e", -1, { 0 }, NULL },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        int keys[KEYS_MAX] = { 0 }, count = keys_parse(cases[i].text, keys);
        char title[64];

        if (count != cases[i].count)
            fail_msg("\"%s\": %d keys, not %d", cases[i].text, count, cases[i].count);
        if (count < 0)
            continue;
        assert_memory_equal(keys, cases[i].keys, (size_t)count * sizeof *keys);
        assert_string_equal(keys_title(keys, count, title, sizeof title), cases[i].title);
    }
}

static struct binding rows[] = {
    { "global", "j", "cursor-down", NULL, 1, 1 },
    { "global", "g g", "cursor-first", NULL, 2, 1 },
    { "global", "g v", "go-server", NULL, 3, 1 },
    { "global", "d", "dates", NULL, 4, 1 },
    { "servers", "d d", "server-remove", NULL, 5, 1 },
    { "servers", "j", "mark-toggle", NULL, 6, 1 },
};

static void sequences(void **state)
{
    static const struct { const char *pane, *keys; enum key_match match; const char *run; } cases[] = {
        { "scopes", "j", KEYS_FOUND, "cursor-down" },
        { "servers", "j", KEYS_FOUND, "mark-toggle" }, /* the pane's own comes first */
        { "scopes", "g", KEYS_PREFIX, NULL },
        { "scopes", "g g", KEYS_FOUND, "cursor-first" },
        { "scopes", "g x", KEYS_NONE, NULL },
        { "scopes", "d", KEYS_FOUND, "dates" },
        { "servers", "d", KEYS_PREFIX, NULL }, /* the pane's own prefix hides a global key */
        { "servers", "d d", KEYS_FOUND, "server-remove" },
        { "scopes", "d d", KEYS_NONE, NULL },
        { "scopes", "q", KEYS_NONE, NULL },
    };
    struct keymap map = { .rows = rows, .count = COUNT(rows) };
    struct keytable table;
    char keys_text[64];
    (void)state;

    keytable_init(&table, &map);
    for (size_t i = 0; i < COUNT(cases); i++) {
        int keys[KEYS_MAX], count = keys_parse(cases[i].keys, keys);
        const struct key_entry *found = NULL;
        enum key_match match = keytable_find(&table, cases[i].pane, keys, count, &found);

        if (match != cases[i].match || (cases[i].run && strcmp(found->binding->run, cases[i].run) != 0))
            fail_msg("%s \"%s\": match %d", cases[i].pane, cases[i].keys, (int)match);
    }
    assert_string_equal(keytable_keys_of(&table, "scopes", "cursor-down", keys_text, sizeof keys_text), "j");
    assert_string_equal(keytable_keys_of(&table, "servers", "cursor-down", keys_text, sizeof keys_text), "");
    assert_string_equal(keytable_keys_of(&table, "servers", "server-remove", keys_text, sizeof keys_text), "d d");
    keytable_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names), cmocka_unit_test(sequences) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
