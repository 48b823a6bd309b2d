#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipamtui/listing.h"
#include "ipamtui/serverlist.h"
#include "ipamtui/text.h"

static char folder[] = "/tmp/ipamtui-listing-XXXXXX";
static struct store *store;
static server_id server;

static int place(const char *name)
{
    return catalog_property(&catalog_scopes, name);
}

static void put_scope(struct value *row, uint32_t scope, const char *name, int64_t lease, int64_t in_use)
{
    row[place("scope")] = V_INT(scope);
    row[place("name")] = V_TEXT(name);
    row[place("lease_duration")] = V_INT(lease);
    row[place("mask")] = V_INT(0xffffff00u);
    row[place("state")] = V_TEXT("active");
    (void)in_use;
}

static int make_store(void **state)
{
    (void)state;
    struct err err = { 0 };
    if (!mkdtemp(folder))
        return -1;
    char *path = x_asprintf("%s/a.db", folder);
    bool ok = store_open(path, STORE_WRITE, &store, &err);
    free(path);
    struct server_setting role = { "role", "dhcp" };
    ok = ok && serverlist_add(store, "lon-1", &role, 1, &server, &err);
    size_t n = catalog_scopes.property_count;
    struct value *rows = x_calloc(3 * n, sizeof(*rows));
    put_scope(rows, 0x0a000000, "=cmd|' /C calc'!A0", 28800, 10);
    put_scope(rows + n, 0x0a000100, "tab\there, \"quoted\"\nand \033[31m", -1, 0);
    put_scope(rows + 2 * n, 0x0a000200, "a name that is much longer than any column will be wide", 60, 0);
    ok = ok && store_begin(store, &err) &&
         store_put_rows(store, server, &catalog_scopes, catalog_source(&catalog_scopes, "scopes"), rows, 3, true, 1000,
                        &err) &&
         store_source_done(store, server, &catalog_scopes, catalog_source(&catalog_scopes, "scopes"), true, "done", NULL,
                           1000, &err) &&
         store_commit(store, &err);
    free(rows);
    if (!ok)
        fprintf(stderr, "%s: %s\n", err.where, err.text);
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

static bool collect(void *ctx, const char *bytes, size_t len)
{
    return buf_add(ctx, bytes, len);
}

/* The listing with these columns as text; the caller frees. */
static char *text_of(struct listing *listing, const char *columns)
{
    struct err err = { 0 };
    struct buf out = { 0 };
    int *list = NULL;
    listing->object = &catalog_scopes;
    if (!listing_columns_parse(&catalog_scopes, columns, &list, &listing->column_count, &err))
        fail_msg("%s", err.text);
    listing->columns = list;
    if (!listing_write(store, listing, collect, &out, NULL, NULL, &err))
        fail_msg("%s: %s", err.where, err.text);
    free(list);
    return buf_steal(&out);
}

static void check(struct listing listing, const char *columns, const char *expected)
{
    char *got = text_of(&listing, columns);
    if (strcmp(got, expected) != 0)
        fail_msg("got\n%s\nnot\n%s", got, expected);
    free(got);
}

static void formats(void **state)
{
    (void)state;
    check((struct listing){ .format = LISTING_CSV }, "scope,name,lease_duration,in_use",
          "scope,name,lease_duration,in_use\r\n"
          "10.0.0.0,'=cmd|' /C calc'!A0,28800,\r\n"
          "10.0.1.0,\"tab\there, \"\"quoted\"\"\nand \033[31m\",-1,\r\n"
          "10.0.2.0,a name that is much longer than any column will be wide,60,\r\n");
    check((struct listing){ .format = LISTING_CSV, .raw = true, .limit = 1 }, "name", "name\r\n=cmd|' /C calc'!A0\r\n");
    check((struct listing){ .format = LISTING_TSV, .limit = 2 }, "scope,name",
          "scope\tname\n10.0.0.0\t=cmd|' /C calc'!A0\n10.0.1.0\ttab\\there, \"quoted\"\\nand \033[31m\n");
    check((struct listing){ .format = LISTING_JSON, .limit = 2 }, "scope,prefix,lease_duration,in_use,server",
          "[\n{\"scope\":\"10.0.0.0\",\"prefix\":24,\"lease_duration\":28800,\"in_use\":null,\"server\":\"lon-1\"},\n"
          "{\"scope\":\"10.0.1.0\",\"prefix\":24,\"lease_duration\":-1,\"in_use\":null,\"server\":\"lon-1\"}\n]\n");
    check((struct listing){ .format = LISTING_JSON, .query = "server:nobody" }, "scope", "[]\n");
    check((struct listing){ .format = LISTING_CSV, .query = "server:nobody" }, "scope", "scope\r\n");
}

/* Wherever a terminal reads along, nothing of a name can drive it. */
static void terminals(void **state)
{
    (void)state;
    for (int format = 0; format < LISTING_FORMATS; format++) {
        struct listing listing = { .format = (enum listing_format)format, .to_terminal = true, .width = 60 };
        char *got = text_of(&listing, "scope,name");
        if (strchr(got, '\033'))
            fail_msg("an escape in %s: %s", listing_format_names[format], got);
        free(got);
    }
}

static void widths(void **state)
{
    (void)state;
    for (int width = 24; width < 90; width++) {
        struct listing listing = { .width = width };
        char *got = text_of(&listing, "server,scope,name"), *rest = got;
        for (char *line; (line = strsep(&rest, "\n"));)
            if (text_width(line) > width)
                fail_msg("%d cells in %d: %s", text_width(line), width, line);
        free(got);
    }
    check((struct listing){ .width = 36, .limit = 1 }, "server,scope,name",
          "Server  Scope     Name\nlon-1   10.0.0.0  =cmd|' /C calc'!A0\n");
    check((struct listing){ .width = 30, .limit = 1 }, "server,scope,name",
          "Server  Scope     Name\nlon-1   10.0.0.0  =cmd|' /C c~\n");
}

static void order_and_ids(void **state)
{
    (void)state;
    struct listing listing = { .format = LISTING_TSV };
    struct err err = { 0 };
    assert_true(listing_sort_parse(&catalog_scopes, "-lease_duration,scope", listing.keys, &listing.key_count, &err));
    /* A lease that never ends is the longest. */
    check(listing, "scope", "scope\n10.0.1.0\n10.0.0.0\n10.0.2.0\n");
    assert_false(listing_sort_parse(&catalog_scopes, "nme", listing.keys, &listing.key_count, &err));
    assert_non_null(strstr(err.text, "did you mean name?"));
    assert_false(listing_sort_parse(&catalog_scopes, "scope,name,state,mask,util", listing.keys, &listing.key_count, &err));
    /* Rows that are gone since they were marked are left out. */
    row_id ids[] = { 3, 4711, 1 };
    check((struct listing){ .format = LISTING_TSV, .ids = ids, .id_count = 3 }, "scope", "scope\n10.0.2.0\n10.0.0.0\n");
}

static bool gone(void *ctx, const char *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    ++*(int *)ctx;
    return false;
}

static void reader_goes(void **state)
{
    (void)state;
    int calls = 0, column = place("scope");
    struct err err = { 0 };
    struct listing listing = { .object = &catalog_scopes, .columns = &column, .column_count = 1, .format = LISTING_CSV };
    assert_true(listing_write(store, &listing, gone, &calls, NULL, NULL, &err));
    assert_int_equal(calls, 1);
}

static void bad_query(void **state)
{
    (void)state;
    int column = 0;
    size_t at = 99;
    struct err err = { 0 };
    struct buf out = { 0 };
    struct listing listing = { .object = &catalog_scopes, .columns = &column, .column_count = 1, .query = "name:x (" };
    assert_false(listing_write(store, &listing, collect, &out, NULL, &at, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_true(at <= 8);
    assert_int_equal(out.len, 0);
}

static void formats_by_name(void **state)
{
    (void)state;
    assert_int_equal(listing_format_of_file("x/y.CSV"), LISTING_CSV);
    assert_int_equal(listing_format_of_file("y.json"), LISTING_JSON);
    assert_int_equal(listing_format_of_file("json"), LISTING_TABLE);
    assert_int_equal(listing_format_of_file("a.txt"), LISTING_TABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),     cmocka_unit_test(terminals), cmocka_unit_test(widths),
        cmocka_unit_test(order_and_ids), cmocka_unit_test(reader_goes), cmocka_unit_test(bad_query),
        cmocka_unit_test(formats_by_name),
    };
    return cmocka_run_group_tests(tests, make_store, drop_store);
}
