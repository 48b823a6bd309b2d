/* Who somebody is, and folders of one's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipamtui/account.h"

static void who(void **state)
{
    struct account account;
    (void)state;
    assert_true(account_find(0, &account));
    assert_string_equal(account.name, "root");
    assert_int_equal(account.home[0], '/');
    assert_false(account_find(4000000000u, &account));
    assert_string_equal(account.name, "");
    assert_string_equal(account.home, "/");
}

static void folders(void **state)
{
    char root[] = "/tmp/ipamtui-account-XXXXXX", path[64], line[64];
    struct err err = { 0 };
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/a//b/file", root);
    assert_true(account_make_folders(path, &err) && account_make_folders(path, &err));
    snprintf(path, sizeof(path), "%s/a/b", root);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    snprintf(path, sizeof(path), "%s/a/b/file", root);
    assert_int_equal(access(path, F_OK), -1);
    fclose(fopen(path, "w"));
    snprintf(path, sizeof(path), "%s/a/b/file/c/d", root);
    assert_false(account_make_folders(path, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.text, "folder"));
    assert_int_equal(chdir(root), 0);
    assert_true(account_make_folders("x/y", &err) && account_make_folders("z", &err) && account_make_folders("", &err));
    assert_int_equal(access("x", F_OK), 0);
    assert_int_equal(access("z", F_OK), -1);
    snprintf(line, sizeof(line), "rm -rf %s", root);
    assert_int_equal(system(line), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(who), cmocka_unit_test(folders) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
