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

static char path[] = "/tmp/ipamtui-options-XXXXXX";

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int drop_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void defaults_are_what_the_rows_say(void **state)
{
    (void)state;
    struct options o;
    options_init(&o);
    size_t count;
    const struct option_row *rows = config_rows(&count);
    for (size_t i = 0; i < count; i++) {
        char *text = option_text(&rows[i], &o);
        assert_string_equal(text, rows[i].fallback);
        free(text);
        assert_true(rows[i].help && *rows[i].help);
    }
    assert_true(o.over_percent == 80 && o.under_percent == 20);
    assert_int_equal(o.verify_service_s, 900);
    options_done(&o);
    options_done(&o);
}

static void file_is_read(void **state)
{
    (void)state;
    struct options o;
    struct err err = { 0 };
    write_file("# a comment\nover_percent = 90;\nunder_percent = 10.5;\nmax-hosts = 7\ncall_timeout = \"90s\";\nmouse = true;\n"
               "theme = \"mono\";\nascii = \"yes\";\nverify_zones = \"0s\";\nretrieve_on_start = false;\n");
    assert_true(options_load(path, true, &o, &err));
    assert_true(o.over_percent == 90 && o.under_percent == 10.5);
    assert_int_equal(o.max_hosts, 7);
    assert_int_equal(o.call_timeout_s, 90);
    assert_true(o.mouse && o.ascii && !o.retrieve_on_start);
    assert_string_equal(o.theme, "mono");
    assert_int_equal(o.verify_zones_s, 0);
    options_done(&o);
}

static void missing_file(void **state)
{
    (void)state;
    struct options o;
    struct err err = { 0 };
    assert_true(options_load("/nonexistent/ipamtui.conf", false, &o, &err));
    assert_int_equal(o.max_hosts, 50);
    options_done(&o);
    assert_false(options_load("/nonexistent/ipamtui.conf", true, &o, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void bad_files(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "max_hots = 3;\n", "line 1, column 1: there is no option \"max_hots\"; did you mean max_hosts?" },
        { "\n  nonsense = 3;\n", "line 2, column 3: there is no option \"nonsense\"; ipamtui.conf(5) lists them" },
        { "max_hosts = 0;\n", "line 1, column 1: max_hosts: expected a number from 1 to 1000, not 0" },
        { "max_hosts = \"many\";\n", "line 1, column 1: max_hosts: expected a whole number, not \"many\"" },
        { "max_hosts = true;\n", "line 1, column 1: max_hosts: expected a whole number" },
        { "call_timeout = 30;\n", "line 1, column 1: call_timeout: expected a duration with its unit in quotes, such as \"1m\"" },
        { "call_timeout = \"2h\";\n", "line 1, column 1: call_timeout: expected a duration from 1s to 1h, not 2h" },
        { "mouse = \"maybe\";\n", "line 1, column 1: mouse: expected yes or no, not \"maybe\"" },
        { "theme = \"pink\";\n",
          "line 1, column 1: theme: expected default, mono, light, dark or high-contrast, not \"pink\"" },
        { "over_percent = \"0x50\";\n", "line 1, column 1: over_percent: expected a percentage, not \"0x50\"" },
        { "over_percent = 101;\n", "line 1, column 1: over_percent: expected a percentage from 0 to 100" },
        { "over_percent = 30;\nunder_percent = 40;\n", "line 2, column 1: over_percent (30) may not be below under_percent (40)" },
        { "over_percent = 10;\n", "line 1, column 1: over_percent (10) may not be below under_percent (20)" },
        { "mouse = true;\nascii yes;\n",
          "line 2, column 7: this is not how a setting is written; expected: name = value;" },
        { "mouse = true;\nascii = \"a\" \"b\" = 3;\n",
          "line 2, column 17: this is not how a setting is written; expected: name = value;" },
        { "mouse = true;\nmouse = false;\n", "line 2, column 1: duplicate setting name" },
        { "transport = {\n", NULL },
        { "keymap = [1, 2];\n", "line 1, column 1: keymap: expected text in quotes" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o = { .max_hosts = 4711 };
        struct err err = { 0 };
        write_file(cases[i].text);
        if (options_load(path, true, &o, &err))
            fail_msg("accepted: %s", cases[i].text);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.where, path);
        if (cases[i].error && strcmp(err.text, cases[i].error) != 0)
            fail_msg("%s gave\n  %s\nnot\n  %s", cases[i].text, err.text, cases[i].error);
        assert_int_equal(o.max_hosts, 4711); /* nothing half applied */
    }
}

static void xdg_places(void **state)
{
    (void)state;
    setenv("HOME", "/home/op", 1);
    unsetenv("XDG_CONFIG_HOME");
    setenv("XDG_DATA_HOME", "relative", 1);
    char *conf = config_default_path(), *db = config_default_db();
    assert_string_equal(conf, "/home/op/.config/ipamtui/ipamtui.conf");
    assert_string_equal(db, "/home/op/.local/share/ipamtui/ipamtui.db");
    free(conf);
    free(db);
    setenv("XDG_CONFIG_HOME", "/c", 1);
    setenv("XDG_DATA_HOME", "/d", 1);
    conf = config_default_path();
    db = config_default_db();
    assert_string_equal(conf, "/c/ipamtui/ipamtui.conf");
    assert_string_equal(db, "/d/ipamtui/ipamtui.db");
    free(conf);
    free(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_what_the_rows_say), cmocka_unit_test(file_is_read),
        cmocka_unit_test(missing_file),                   cmocka_unit_test(bad_files),
        cmocka_unit_test(xdg_places),
    };
    return cmocka_run_group_tests(tests, make_file, drop_file);
}
