#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipamtui/serverlist.h"

static char folder[] = "/tmp/ipamtui-serverlist-XXXXXX";
static struct store *store;

static int make_store(void **state)
{
    (void)state;
    struct err err = { 0 };
    if (!mkdtemp(folder))
        return -1;
    char *path = x_asprintf("%s/a.db", folder);
    bool ok = store_open(path, STORE_WRITE, &store, &err);
    free(path);
    return ok ? 0 : -1;
}

static int drop_store(void **state)
{
    (void)state;
    static const char *const names[] = { "a.db", "a.db-wal", "a.db-shm" };
    store_close(store);
    for (size_t i = 0; i < COUNT(names); i++) {
        char *path = x_asprintf("%s/%s", folder, names[i]);
        unlink(path);
        free(path);
    }
    return rmdir(folder);
}

static int64_t servers(void)
{
    struct list_spec spec = { .object = &catalog_servers };
    int64_t count = -1;
    store_count(store, &spec, &count, NULL);
    return count;
}

static void take_error(void *ctx, const char *text)
{
    buf_addf(ctx, "%s\n", text);
}

static void imports(void **state)
{
    static const struct {
        const char *text;
        bool update, ok;
        size_t added, updated, unchanged;
        const char *errors;
    } cases[] = {
        { "name,role\na,dhcp\nb,\"dhcp,dns\"\n", false, true, 2, 0, 0, "" },
        { "name,role\na,dhcp\n", false, false, 0, 0, 0,
          "line 2, column 1: server \"a\" is there already; --update changes it\n" },
        { "name,role\nA,dns\nc,dns\n", true, true, 1, 1, 0, "" },
        { "server,tags\na,x\nb,\n", true, true, 0, 1, 1, "" },
        { "\xef\xbb\xbfname;role\n", false, false, 0, 0, 0,
          "line 1, column 1: servers have no setting \"name;role\"; `ipamtui server add --help` lists them\n" },
        { "name,name,role\n", false, false, 0, 0, 0, "line 1, column 6: there are two columns \"name\"\n" },
        { "name,util\nx,3\n", false, false, 0, 0, 0,
          "line 1, column 6: \"util\" is what the server reports: it cannot be set here\n" },
        { "name,role\nx,dhcp\n\"y\n", false, false, 0, 0, 0, "line 3, column 1: this quote is never closed\n" },
        { "name,role,transport\nx,dhcp,command\n,dns,\n", false, false, 0, 0, 0,
          "line 2, column 1: transport command needs command='PROGRAM ARGS' as well\n"
          "line 3, column 1: a server needs a name\n" },
        { "name\nx\n", false, false, 0, 0, 0, "line 2, column 1: a server needs a role: dhcp, dns or dhcp,dns\n" },
        { "name,role\n", false, true, 0, 0, 0, "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf errors = { 0 };
        struct err err = { 0 };
        struct import_report report;
        int64_t before = servers();
        bool ok = serverlist_import(store, "f.csv", cases[i].text, strlen(cases[i].text), cases[i].update, take_error,
                                    &errors, &report, &err);
        if (ok != cases[i].ok || strcmp(buf_at(&errors), cases[i].errors) != 0)
            fail_msg("case %zu: %d %s\n%s", i, ok, err.text, buf_at(&errors));
        if (ok && (report.added != cases[i].added || report.updated != cases[i].updated ||
                   report.unchanged != cases[i].unchanged))
            fail_msg("case %zu: %zu added, %zu updated, %zu unchanged", i, report.added, report.updated, report.unchanged);
        assert_int_equal(servers(), before + (int64_t)(ok ? cases[i].added : 0));
        buf_done(&errors);
    }
}

static void settings(void **state)
{
    static const struct {
        const char *setting, *error;
    } cases[] = {
        { "port=22", NULL },
        { "port=0", "port is between 1 and 65535, not 0" },
        { "user=", NULL },
        { "user=-oX", "user may not start with a dash or contain blanks" },
        { "jump=a b", "jump may not start with a dash or contain blanks" },
        { "role=", "a server needs a role: dhcp, dns or dhcp,dns" },
        { "name=", "a server needs a name" },
        { "name=x\ny", "a server's name may not have control characters" },
        { "transport=command", "transport command needs command='PROGRAM ARGS' as well" },
        { "=x", "expected KEY=VALUE, not \"=x\"" },
        { "port", "expected KEY=VALUE, not \"port\"" },
    };
    (void)state;
    server_id id;
    struct err err = { 0 };
    struct server_setting role = { "role", "dhcp" };
    assert_true(serverlist_add(store, "set-me", &role, 1, &id, &err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = x_strdup(cases[i].setting);
        struct server_setting setting;
        err_clear(&err);
        bool ok = serverlist_split(text, &setting, &err) && serverlist_set(store, id, &setting, 1, &err);
        if (ok != !cases[i].error || (!ok && strcmp(err.text, cases[i].error) != 0))
            fail_msg("%s: %d %s", cases[i].setting, ok, err.text);
        free(text);
    }
    struct server_setting twice[] = { { "port", "1" }, { "port", "2" } };
    assert_false(serverlist_set(store, id, twice, 2, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(imports), cmocka_unit_test(settings) };
    return cmocka_run_group_tests(tests, make_store, drop_store);
}
