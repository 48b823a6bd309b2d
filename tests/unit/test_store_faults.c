/* The disk fails: every operation is run with its 1st, 2nd, 3rd ... read, write, sync or open failing. It must say so, leak
 * nothing (run under AddressSanitizer), and leave a store that is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ipamtui/log.h"
#include "store_test.h"

/* ------------------------------------------------------------------ a file system that fails at a chosen call */
static int fail_at = -1, calls, fail_code = SQLITE_IOERR;

static bool failing(void)
{
    return fail_at >= 0 && calls++ == fail_at;
}

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct faulty_file *)(void *)f)->real;
}

static int f_close(sqlite3_file *f)
{
    sqlite3_file *real = real_of(f);
    int rc = real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;

    sqlite3_free(real);
    return rc;
}

static int f_read(sqlite3_file *f, void *to, int n, sqlite3_int64 from)
{
    return failing() ? SQLITE_IOERR_READ : real_of(f)->pMethods->xRead(real_of(f), to, n, from);
}

static int f_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 to)
{
    return failing() ? fail_code : real_of(f)->pMethods->xWrite(real_of(f), from, n, to);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    return failing() ? SQLITE_IOERR_TRUNCATE : real_of(f)->pMethods->xTruncate(real_of(f), n);
}

static int f_sync(sqlite3_file *f, int flags)
{
    return failing() ? SQLITE_IOERR_FSYNC : real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return failing() ? SQLITE_IOERR_FSTAT : real_of(f)->pMethods->xFileSize(real_of(f), n);
}

static int f_lock(sqlite3_file *f, int how)
{
    return real_of(f)->pMethods->xLock(real_of(f), how);
}

static int f_unlock(sqlite3_file *f, int how)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), how);
}

static int f_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int f_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int f_device(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int f_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return failing() ? SQLITE_IOERR_SHMMAP : real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void f_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int f_unmap(sqlite3_file *f, int remove)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods faulty_methods = {
    .iVersion = 2, .xClose = f_close, .xRead = f_read, .xWrite = f_write, .xTruncate = f_truncate, .xSync = f_sync,
    .xFileSize = f_size, .xLock = f_lock, .xUnlock = f_unlock, .xCheckReservedLock = f_reserved, .xFileControl = f_control,
    .xSectorSize = f_sector, .xDeviceCharacteristics = f_device, .xShmMap = f_map, .xShmLock = f_shm_lock,
    .xShmBarrier = f_barrier, .xShmUnmap = f_unmap,
};

static sqlite3_vfs *plain, faulty;

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct faulty_file *f = (struct faulty_file *)(void *)file;
    int rc;

    (void)vfs;
    f->base.pMethods = NULL;
    if (failing())
        return SQLITE_CANTOPEN;
    f->real = sqlite3_malloc(plain->szOsFile);
    memset(f->real, 0, (size_t)plain->szOsFile);
    rc = plain->xOpen(plain, name, f->real, flags, out_flags);
    if (rc == SQLITE_OK)
        f->base.pMethods = &faulty_methods;
    else
        sqlite3_free(f->real);
    return rc;
}

static int setup(void **state)
{
    if (store_test_setup(state) != 0)
        return -1;
    plain = sqlite3_vfs_find(NULL);
    faulty = *plain;
    faulty.zName = "faulty";
    faulty.szOsFile = (int)sizeof(struct faulty_file);
    faulty.xOpen = v_open;
    return sqlite3_vfs_register(&faulty, 1);
}

static int teardown(void **state)
{
    sqlite3_vfs_register(plain, 1);
    sqlite3_vfs_unregister(&faulty);
    return store_test_teardown(state);
}

/* ------------------------------------------------------------------ what is done under failures */
static const struct test_scope before[] = { { "10.1.1.0", "voice", "active", 90, 10 }, { "10.1.2.0", "office", "active", 1, 1 } };
static const struct test_scope after[] = { { "10.1.2.0", "renamed", "inactive", 2, 2 }, { "10.1.3.0", "new", "active", 3, 3 } };

static bool make_one(struct store *store)
{
    server_id server = 0;

    return add_server(store, "ams", &server) && put_both(store, server, before, 2, 100);
}

static bool op_open(struct store *store, const char *path)
{
    (void)path;
    return store != NULL;
}

static bool op_round(struct store *store, const char *path)
{
    server_id server = 0;

    (void)path;
    return store_server_find(store, "ams", &server, E) && put_both(store, server, after, 2, 200);
}

static bool op_durable(struct store *store, const char *path)
{
    server_id server = 0;

    (void)path;
    return store_begin(store, E) && add_server(store, "fra", &server) && store_commit_durable(store, E);
}

static bool op_list(struct store *store, const char *path)
{
    struct id_vector ids;
    struct arena mem = { 0 };
    struct row rows[2];
    bool ok = list_ids(store, &catalog_scopes, "has(f.find, 'o')", "util", true, &ids) && ids.count == 2 &&
              store_rows(store, &catalog_scopes, ids.ids, 2, &mem, rows, E);

    (void)path;
    arena_done(&mem);
    return ok;
}

static bool op_remove(struct store *store, const char *path)
{
    server_id server = 0;

    (void)path;
    return store_server_find(store, "ams", &server, E) && store_server_remove(store, server, E);
}

/* One try: everything from opening on, with the nth call failing. *reached: there was an nth call. */
static bool attempt(const char *path, bool (*op)(struct store *, const char *), int nth, bool *reached)
{
    struct store *store = NULL;
    bool ok;

    calls = 0;
    fail_at = nth;
    store_test_err = (struct err){ 0 };
    ok = store_open(path, STORE_WRITE, &store, E) && op(store, path);
    if (store)
        store_rollback(store);
    *reached = calls > nth;
    fail_at = -1; /* closing may clean up */
    store_close(store);
    return ok;
}

/* A filled store, made once and copied for every try. */
static void fill(const char *path)
{
    char template[128], bytes[65536];
    struct store *store = NULL;
    FILE *from, *to;
    size_t n;

    snprintf(template, sizeof(template), "%s/template.db", store_test_folder);
    if (access(template, F_OK) != 0) {
        OK(store_open(template, STORE_WRITE, &store, E));
        OK(make_one(store));
        store_close(store);
    }
    from = fopen(template, "rb");
    to = fopen(path, "wb");
    assert_true(from && to);
    while ((n = fread(bytes, 1, sizeof(bytes), from)) > 0)
        assert_int_equal(fwrite(bytes, 1, n, to), n);
    fclose(from);
    fclose(to);
}

static void whole(const char *path, int nth)
{
    struct store *store = NULL;

    if (run_sql(path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") != 0)
        fail_msg("after failure %d the store is damaged", nth);
    OK(store_open(path, STORE_WRITE, &store, E)); /* and goes on working */
    store_close(store);
}

static void fails_everywhere(const char *name, bool (*op)(struct store *, const char *), bool filled, int code)
{
    char path[128];
    bool reached = true;
    int failures = 0;

    fail_code = code;
    for (int nth = 0; reached; nth++) {
        bool ok;

        snprintf(path, sizeof(path), "%s/%s-%d.db", store_test_folder, name, nth);
        fail_at = -1;
        if (filled)
            fill(path);
        ok = attempt(path, op, nth, &reached);
        if (!ok && store_test_err.kind == ERR_NONE)
            fail_msg("%s: call %d failed and nobody said so", name, nth);
        if (!ok && (store_test_err.text[0] == '\0' || store_test_err.where[0] == '\0'))
            fail_msg("%s: call %d failed without a sentence", name, nth);
        failures += !ok;
        if (!reached && !ok)
            fail_msg("%s failed by itself: %s", name, store_test_err.text);
        whole(path, nth);
        unlink(path);
    }
    assert_true(failures > 5);
}

static void opening(void **state)
{
    (void)state;
    fails_everywhere("open", op_open, false, SQLITE_IOERR_WRITE);
}

static void opening_an_old_one(void **state)
{
    (void)state;
    fails_everywhere("reopen", op_open, true, SQLITE_IOERR_WRITE);
}

static void a_round(void **state)
{
    (void)state;
    fails_everywhere("round", op_round, true, SQLITE_IOERR_WRITE);
}

static void a_round_on_a_full_disk(void **state)
{
    bool reached = true, said = false;
    (void)state;

    fails_everywhere("full", op_round, true, SQLITE_FULL);
    for (int nth = 0; reached && !said; nth++) {
        char path[128];

        snprintf(path, sizeof(path), "%s/full-says-%d.db", store_test_folder, nth);
        fill(path);
        if (!attempt(path, op_round, nth, &reached))
            said = store_test_err.kind == ERR_IO && strstr(store_test_err.text, "no space left");
    }
    assert_true(said);
}

static void a_durable_commit(void **state)
{
    (void)state;
    fails_everywhere("durable", op_durable, true, SQLITE_IOERR_WRITE);
}

static void a_list(void **state)
{
    (void)state;
    fails_everywhere("list", op_list, true, SQLITE_IOERR_WRITE);
}

/* Also when nobody waits for the answer any more. */
static void in_the_log(void **state)
{
    const char *path = store_test_path("logged.db"), *log = store_test_path("log");
    struct store *store = NULL;
    char text[8192];
    FILE *file;
    (void)state;

    fill(path);
    OK(store_open(path, STORE_READ, &store, E));
    OK(log_open(log, E));
    calls = 0;
    fail_at = 2;
    assert_false(op_list(store, path));
    fail_at = -1;
    log_close();
    store_close(store);
    file = fopen(log, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    if (store_test_err.kind != ERR_IO || !strstr(text, store_test_err.text))
        fail_msg("\"%s\" (%d) is not in the log: %s", store_test_err.text, (int)store_test_err.kind, text);
}

static void a_removal(void **state)
{
    (void)state;
    fails_everywhere("remove", op_remove, true, SQLITE_IOERR_WRITE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening),          cmocka_unit_test(opening_an_old_one), cmocka_unit_test(a_round),
        cmocka_unit_test(a_round_on_a_full_disk), cmocka_unit_test(a_durable_commit), cmocka_unit_test(a_list),
        cmocka_unit_test(in_the_log),       cmocka_unit_test(a_removal),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
