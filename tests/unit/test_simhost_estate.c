/* The estate on disk: the same from the same seed, no update lost between processes, half a line is nobody's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The room's own headers: this is its unit test. */
#include "simhost/estate.h"
#include "simhost/make.h"
#include "simhost/run.h"

static char folder[] = "/tmp/simhost-estate-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return !mkdtemp(folder);
}

static int remove_folder(void **state)
{
    char command[100];
    (void)state;

    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void make(const char *name, uint64_t seed, char dir[100])
{
    struct make_options o = { .servers = 12, .scopes = 200, .zones = 40, .zone_copies = 3, .seed = seed };
    struct err err = { 0 };

    snprintf(dir, 100, "%s/%s", folder, name);
    o.dir = dir;
    if (!simhost_make(&o, &err))
        fail_msg("%s: %s", err.where, err.text);
}

static char *dump(const char *dir, const char *name)
{
    struct sim_server server;
    struct buf out = { 0 };
    struct err err = { 0 };

    if (!sim_server_open(&server, dir, name, &err))
        fail_msg("%s: %s", err.where, err.text);
    sim_server_dump(&server, &out);
    sim_server_done(&server);
    return buf_steal(&out);
}

static void same_seed_same_estate(void **state)
{
    static const char *const names[] = { "dhcp-lon-01", "dhcp-nyc-02", "dns-fra-01" };
    char a[100], b[100], c[100];
    (void)state;

    setenv("IPAMTUI_NOW", "1795600000", 1);
    make("a", 7, a);
    make("b", 7, b);
    make("c", 8, c);
    for (size_t i = 0; i < COUNT(names); i++) {
        char *first = dump(a, names[i]), *second = dump(b, names[i]), *other = dump(c, names[i]);
        assert_string_equal(first, second);
        assert_string_not_equal(first, other);
        free(first);
        free(second);
        free(other);
    }
}

/* One process: gives each of the scopes a description, under the lock. */
static void describe_all(const char *dir, int who)
{
    struct sim_server server;
    struct arena mem = { 0 };
    struct err err = { 0 };
    char property[16], text[64];

    snprintf(property, sizeof property, who ? "Name" : "Description");
    if (!sim_server_open(&server, dir, "dhcp-lon-01", &err))
        exit(1);
    const size_t count = sim_list(&server, "DhcpServerv4Scope")->count;
    for (size_t i = 0; i < count; i++) {
        if (!sim_server_lock(&server, &err))
            exit(2);
        struct sim_object *scope = sim_object_copy(&mem, sim_list(&server, "DhcpServerv4Scope")->items[i]);
        snprintf(text, sizeof text, "by %d, %zu", who, i);
        sim_set(&mem, scope, property, text);
        if (!sim_store(&server, scope, &err))
            exit(3);
        sim_server_unlock(&server);
    }
    sim_server_done(&server);
    arena_done(&mem);
    exit(0);
}

static void no_update_is_lost(void **state)
{
    struct sim_server server;
    struct err err = { 0 };
    char dir[100];
    int status, failed = 0;
    (void)state;

    make("shared", 1, dir);
    for (int who = 0; who < 2; who++)
        if (fork() == 0)
            describe_all(dir, who);
    for (int who = 0; who < 2; who++)
        failed += wait(&status) < 0 || status != 0;
    assert_int_equal(failed, 0);
    assert_true(sim_server_open(&server, dir, "dhcp-lon-01", &err));
    const struct sim_list *scopes = sim_list(&server, "DhcpServerv4Scope");
    assert_true(scopes->count > 5);
    for (size_t i = 0; i < scopes->count; i++) {
        char text[64];
        snprintf(text, sizeof text, "by 0, %zu", i);
        assert_string_equal(sim_value(scopes->items[i], "Description"), text);
        snprintf(text, sizeof text, "by 1, %zu", i);
        assert_string_equal(sim_value(scopes->items[i], "Name"), text);
    }
    sim_server_done(&server);
}

static void half_a_line_is_cut(void **state)
{
    struct sim_server server;
    struct arena mem = { 0 };
    struct err err = { 0 };
    char dir[100], path[200];
    (void)state;

    make("torn", 1, dir);
    char *before = dump(dir, "dhcp-lon-01");
    snprintf(path, sizeof path, "%s/dhcp-lon-01.state", dir);
    FILE *file = fopen(path, "a");
    fputs("DhcpServerv4Scope\tScopeId=10.0.0.0\tName=never fini", file);
    fclose(file);
    char *after = dump(dir, "dhcp-lon-01");
    assert_string_equal(before, after);
    assert_true(sim_server_open(&server, dir, "dhcp-lon-01", &err));
    assert_true(sim_server_lock(&server, &err));
    struct sim_object *host = sim_object_copy(&mem, sim_host(&server));
    sim_set(&mem, host, "Fault", "slow:5");
    assert_true(sim_store(&server, host, &err));
    sim_server_done(&server);
    assert_true(
        sim_server_open(&server, dir, "dhcp-lon-01", &err)); /* our line did not run into the torn one */
    assert_string_equal(sim_value(sim_host(&server), "Fault"), "slow:5");
    sim_server_done(&server);
    arena_done(&mem);
    free(before);
    free(after);
}

static void growth_is_written_anew(void **state)
{
    struct sim_server server;
    struct arena mem = { 0 };
    struct err err = { 0 };
    struct stat st;
    char dir[100], path[200];
    (void)state;

    make("grown", 1, dir);
    snprintf(path, sizeof path, "%s/dhcp-lon-01.state", dir);
    assert_true(sim_server_open(&server, dir, "dhcp-lon-01", &err));
    assert_true(sim_server_lock(&server, &err));
    for (int i = 0; i < 6000; i++) {
        struct sim_object *host = sim_object_copy(&mem, sim_host(&server));
        sim_set(&mem, host, "LatencyMs", i % 2 ? "1" : "2");
        assert_true(sim_store(&server, host, &err));
        arena_reset(&mem);
    }
    sim_server_unlock(&server);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < (1 << 20) + 200000);
    assert_true(sim_server_refresh(&server, &err));
    assert_string_equal(sim_value(sim_host(&server), "LatencyMs"), "1");
    sim_server_done(&server);
    arena_done(&mem);
}

static void spans_table(void **state)
{
    static const struct {
        const char *text;
        const char *xs; /* NULL = refused */
    } cases[] = {
        { "8.00:00:00", "P8D" },
        { "4", "P4D" },
        { "P8D", "P8D" },
        { "PT30M", "PT30M" },
        { "00:30", "PT30M" },
        { "1.02:03:04.5", "P1DT2H3M4.5S" },
        { "0", "PT0S" },
        { "-00:00:01", "-PT1S" },
        { "P10675199DT2H48M5.4775807S", "P10675199DT2H48M5.4775807S" },
        { "soon", NULL },
        { "1:2:3:4", NULL },
        { "25:00:00", NULL },
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena mem = { 0 };
        int64_t ticks = 0;
        bool ok = sim_span_parse(cases[i].text, &ticks);
        if (ok != (cases[i].xs != NULL) || (ok && strcmp(sim_span(&mem, ticks), cases[i].xs) != 0))
            fail_msg("\"%s\": %s", cases[i].text, ok ? sim_span(&mem, ticks) : "refused");
        arena_done(&mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_estate), cmocka_unit_test(no_update_is_lost),
        cmocka_unit_test(half_a_line_is_cut),    cmocka_unit_test(growth_is_written_anew),
        cmocka_unit_test(spans_table),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
