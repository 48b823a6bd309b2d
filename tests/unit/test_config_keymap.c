#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipamtui/config.h"
#include "ipamtui/mem.h"

static char folder[] = "/tmp/ipamtui-keymap-XXXXXX";
static char *path, *base;

static void write_to(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    path = x_asprintf("%s/own.conf", folder);
    base = x_asprintf("%s/base.conf", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(base);
    free(path);
    free(base);
    return rmdir(folder);
}

static bool check(const char *pane, const char *command, void *ctx)
{
    (void)ctx;
    if (!command)
        return !strcmp(pane, "scopes");
    if (!strcmp(command, "set"))
        return !strcmp(pane, "scopes");
    return !strcmp(command, "help") || !strcmp(command, "cursor-first");
}

static void good_file(void **state)
{
    (void)state;
    struct keymap map;
    struct err err = { 0 };
    write_to(path, "version = 1;\nglobal = (\n { key = \"?\"; run = \"help\"; },\n"
                   " { key = \"g  g\"; run = \"cursor-first\"; note = \"to the top\"; }\n);\n"
                   "scopes = (\n { key = \"?\"; run = \"set lease_duration 8h\"; }\n);\n");
    if (!keymap_load(path, check, NULL, &map, &err))
        fail_msg("%s", err.text);
    assert_int_equal(map.count, 3);
    assert_string_equal(map.rows[1].keys, "g g");
    assert_string_equal(map.rows[1].note, "to the top");
    assert_int_equal(map.rows[1].line, 4);
    assert_string_equal(map.rows[2].pane, "scopes");
    assert_string_equal(map.rows[2].run, "set lease_duration 8h");
    assert_string_equal(map.path, path);
    keymap_done(&map);
    keymap_done(&map);
}

static void bad_files(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "global = ();\n", "line 1: a keymap starts with version = 1;" },
        { "version = 2;\n", "line 1, column 1: this program reads keymaps of version 1" },
        { "version = 1;\nzones = ();\n", "line 2, column 1: there is no pane \"zones\"" },
        { "version = 1;\nglobal = 3;\n",
          "line 2, column 1: expected a list of bindings: global = ( { ... }, { ... } );" },
        { "version = 1;\nglobal = (\n  { key = \"?\"; run = \"hepl\"; }\n);\n",
          "line 3, column 23: there is no command \"hepl\"" },
        { "version = 1;\nglobal = (\n  { key = \"?\"; run = \"set x\"; }\n);\n",
          "line 3, column 23: there is no command \"set\"" },
        { "version = 1;\nscopes = (\n  { key = \"?\"; run = \"nix\"; }\n);\n",
          "line 3, column 23: there is no command \"nix\" in scopes" },
        { "version = 1;\nglobal = (\n  { key = \"?\"; run = \"help\"; },\n  { key = \"?\"; run = \"help\"; }\n);\n",
          "line 4, column 5: \"?\" is bound twice in global: first in line 3" },
        { "version = 1;\nglobal = (\n  { key = \"g\"; run = \"help\"; },\n  { key = \"g g\"; run = \"help\"; }\n);\n",
          "line 3, column 5: \"g\" (global, help) hides the longer \"g g\" (global, help): it could never be reached" },
        { "version = 1;\nglobal = (\n  { key = \"g g\"; run = \"help\"; }\n);\nscopes = (\n  { key = \"g\"; run = \"set\"; }\n);\n",
          "line 6, column 5: \"g\" (scopes, set) hides the longer \"g g\" (global, help): it could never be reached" },
        { "version = 1;\nglobal = (\n  { key = \"entr\"; run = \"help\"; }\n);\n",
          "line 3, column 12: there is no key \"entr\"; did you mean \"enter\"?" },
        { "version = 1;\nglobal = (\n  { key = \"C-\"; run = \"help\"; }\n);\n", NULL },
        { "version = 1;\nglobal = (\n  { key = \" \"; run = \"help\"; }\n);\n", "line 3, column 5: key is empty" },
        { "version = 1;\nglobal = (\n  { run = \"help\"; }\n);\n", "line 3, column 3: a binding needs key = \"...\";" },
        { "version = 1;\nglobal = (\n  { key = \"?\"; }\n);\n", "line 3, column 3: a binding needs run = \"...\";" },
        { "version = 1;\nglobal = (\n  { key = \"?\"; rum = \"help\"; }\n);\n",
          "line 3, column 16: a binding has key, run and note, but no \"rum\"" },
        { "version = 1;\nextends = \"nowhere\";\n", "line 2, column 1: there is no keymap \"nowhere\"" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct keymap map = { 0 };
        struct err err = { 0 };
        write_to(path, cases[i].text);
        if (keymap_load(path, check, NULL, &map, &err))
            fail_msg("accepted: %s", cases[i].text);
        assert_int_equal(err.kind, ERR_INPUT);
        if (cases[i].error && strcmp(err.text, cases[i].error) != 0)
            fail_msg("%s gave\n  %s\nnot\n  %s", cases[i].text, err.text, cases[i].error);
        assert_null(map.rows);
    }
}

static void own_file_over_another(void **state)
{
    (void)state;
    struct keymap map;
    struct err err = { 0 };
    write_to(base, "version = 1;\nglobal = ( { key = \"?\"; run = \"help\"; }, { key = \"x\"; run = \"help\"; },"
                   " { key = \"g g\"; run = \"cursor-first\"; } );\n");
    char *text = x_asprintf("version = 1;\nextends = \"%s\";\nglobal = ( { key = \"?\"; run = \"cursor-first\"; }, "
                            "{ key = \"g g\"; run = \"unbind\"; }, { key = \"g\"; run = \"help\"; } );\n",
                            base);
    write_to(path, text);
    free(text);
    if (!keymap_load(path, check, NULL, &map, &err))
        fail_msg("%s", err.text);
    assert_int_equal(map.count, 3);
    assert_string_equal(map.rows[0].keys, "x");
    assert_string_equal(map.rows[1].run, "cursor-first");
    assert_string_equal(map.rows[2].keys, "g");
    keymap_done(&map);
    text = x_asprintf("version = 1;\nextends = \"%s\";\n", path);
    write_to(path, text);
    free(text);
    assert_false(keymap_load(path, check, NULL, &map, &err)); /* one that starts from itself ends */
}

static void keys(void **state)
{
    static const struct {
        const char *key;
        bool known;
    } cases[] = {
        { "a", true },    { "A", true },       { "?", true },    { "-", true },     { "C-d", true }, { "M-left", true },
        { "S-tab", true }, { "C-M-x", true },  { "f12", true },  { "\303\274", true }, { "C", true }, { "f13", false },
        { "Enter", false }, { "C-", false },   { "X-a", false }, { "ab", false },   { "", false },   { "C--", true },
        { "\001", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (key_name_known(cases[i].key) != cases[i].known)
            fail_msg("\"%s\" should%s be a key", cases[i].key, cases[i].known ? "" : " not");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_file),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(own_file_over_another),
        cmocka_unit_test(keys),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
