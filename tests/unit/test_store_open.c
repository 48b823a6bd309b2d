/* Opening: what is made, what is refused and left as it is, what is brought up to date, and other processes. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "ipamtui/clock.h"
#include "store_test.h"

/* Inside of the store: the one place where an unseen file system can be tried. */
const char *place_network(long type, const char *mount);

static const struct test_scope two[] = { { "10.1.1.0", "voice", "active", 90, 10 }, { "10.1.2.0", "office", "active", 1, 1 } };

static void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

static char *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *bytes;

    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    bytes = x_alloc(*len + 1);
    assert_int_equal(fread(bytes, 1, *len, f), *len);
    fclose(f);
    return bytes;
}

static void a_new_one(void **state)
{
    struct store *store = NULL;
    struct stat st;
    (void)state;

    FAILS(store_open(store_test_path("none.db"), STORE_READ, &store, E), ERR_NOT_FOUND);
    FAILS(store_open(store_test_path("no/folder/x.db"), STORE_READ, &store, E), ERR_NOT_FOUND);
    assert_int_equal(access(store_test_path("none.db"), F_OK), -1);
    umask(0);
    OK(store_open(store_test_path("a/b/new.db"), STORE_WRITE, &store, E));
    assert_int_equal(stat(store_test_path("a/b/new.db"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(store_test_path("a/b/new.db-wal"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(store_test_path("a/b"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    store_close(store);
    store_close(NULL);
    OK(store_open(store_test_path("a/b/new.db"), STORE_READ, &store, E));
    store_close(store);
    assert_int_equal(run_sql(store_test_path("a/b/new.db"), "PRAGMA application_id"), 0x49504d54);
    /* An empty file is as good as none. */
    write_file(store_test_path("empty.db"), "", 0);
    OK(store_open(store_test_path("empty.db"), STORE_WRITE, &store, E));
    store_close(store);
}

static void refused_and_kept(const char *name, const void *bytes, size_t len, enum err_kind kind, const char *says)
{
    char path[128];
    struct store *store = NULL;
    size_t after_len;
    char *after;

    snprintf(path, sizeof(path), "%s", store_test_path(name));
    if (bytes)
        write_file(path, bytes, len);
    char *before = read_file(path, &len);
    for (enum store_mode mode = STORE_READ; mode <= STORE_WRITE; mode++) {
        FAILS(store_open(path, mode, &store, E), kind);
        if (!strstr(store_test_err.text, says))
            fail_msg("%s: %s", name, store_test_err.text);
    }
    after = read_file(path, &after_len);
    assert_true(after_len == len && memcmp(before, after, len) == 0);
    free(before);
    free(after);
}

static void what_is_no_store(void **state)
{
    char page[8192] = { 0 };
    struct store *store = NULL;
    (void)state;

    refused_and_kept("text.db", "server,role\nams,dhcp\n", 21, ERR_IO, "no database");
    refused_and_kept("zeros.db", page, sizeof(page), ERR_IO, "no database");
    assert_int_equal(run_sql(store_test_path("foreign.db"), "CREATE TABLE t(x); INSERT INTO t VALUES(1); SELECT x FROM t"), 1);
    refused_and_kept("foreign.db", NULL, 0, ERR_INPUT, "another program");
    FAILS(store_open(store_test_folder, STORE_WRITE, &store, E), ERR_INPUT);
}

static struct store *filled(const char *name)
{
    struct store *store = NULL;
    server_id server = 0;

    OK(store_open(store_test_path(name), STORE_WRITE, &store, E));
    OK(add_server(store, "ams", &server));
    OK(put_both(store, server, two, 2, 100));
    return store;
}

static void a_newer_one(void **state)
{
    (void)state;
    store_close(filled("newer.db"));
    assert_int_equal(run_sql(store_test_path("newer.db"), "PRAGMA user_version = 999; PRAGMA user_version"), 999);
    run_sql(store_test_path("newer.db"), "PRAGMA wal_checkpoint(TRUNCATE)");
    refused_and_kept("newer.db", NULL, 0, ERR_INPUT, "newer ipamtui (its schema is 999");
}

static void damaged(void **state)
{
    char path[128];
    size_t len;
    char *bytes;
    struct store *store = NULL;
    struct id_vector ids;
    bool opened;
    (void)state;

    snprintf(path, sizeof(path), "%s", store_test_path("damaged.db"));
    store_close(filled("damaged.db"));
    bytes = read_file(path, &len);
    memset(bytes + 4096, 0x5a, len - 4096); /* all but the first page */
    write_file(path, bytes, len);
    store_test_err = (struct err){ 0 };
    opened = store_open(path, STORE_READ, &store, E);
    if (opened)
        assert_false(list_ids(store, &catalog_scopes, NULL, "name", false, &ids));
    assert_int_equal(store_test_err.kind, ERR_IO);
    assert_non_null(strstr(store_test_err.text, "damaged"));
    assert_non_null(strstr(store_test_err.text, "left as it is"));
    if (opened)
        store_close(store);
    free(bytes);

    /* Cut off in the middle. */
    store_close(filled("cut.db"));
    snprintf(path, sizeof(path), "%s", store_test_path("cut.db"));
    assert_int_equal(truncate(path, 10000), 0);
    store_test_err = (struct err){ 0 };
    opened = store_open(path, STORE_READ, &store, E) && list_ids(store, &catalog_scopes, NULL, "name", false, &ids);
    assert_false(opened);
    assert_non_null(strstr(store_test_err.text, "damaged"));
    if (store)
        store_close(store);
}

/* A property more than the file has: one column more, at the next opening, and nothing lost. */
static void a_new_property(void **state)
{
    const char *path = store_test_path("older.db");
    struct arena mem = { 0 };
    struct store *store = NULL;
    struct id_vector ids;
    (void)state;

    store_close(filled("older.db"));
    assert_int_equal(run_sql(path, "DROP VIEW scopes; DROP VIEW servers; ALTER TABLE scope DROP COLUMN delay; ALTER TABLE server DROP COLUMN tags;"
                                   "DROP TRIGGER scope_find_new; DELETE FROM scope_find; UPDATE meta SET value = 'old';"
                                   "SELECT count(*) FROM scope"), 2);
    OK(store_open(path, STORE_READ, &store, E)); /* a reader has it done */
    OK(list_ids(store, &catalog_scopes, "has(f.find, 'voice')", NULL, false, &ids));
    assert_int_equal(ids.count, 1);
    assert_int_equal(value_of(store, &catalog_scopes, ids.ids[0], "delay", &mem).type, VALUE_NULL);
    assert_string_equal(value_of(store, &catalog_scopes, ids.ids[0], "name", &mem).s, "voice");
    store_close(store);
    arena_done(&mem);
}

/* A column that we do not know is a newer ipamtui's: it, its views and triggers stay. */
static void somebody_newer_was_here(void **state)
{
    const char *path = store_test_path("mixed.db");
    struct store *store = NULL;
    (void)state;

    store_close(filled("mixed.db"));
    assert_int_equal(run_sql(path, "ALTER TABLE scope ADD COLUMN colour TEXT; UPDATE scope SET colour = 'blue'; DROP VIEW scopes;"
                                   "CREATE VIEW scopes AS SELECT colour FROM scope; UPDATE meta SET value = 'newer';"
                                   "SELECT count(*) FROM scopes WHERE colour = 'blue'"), 2);
    OK(store_open(path, STORE_WRITE, &store, E));
    store_close(store);
    assert_int_equal(run_sql(path, "SELECT count(*) FROM scopes WHERE colour = 'blue'"), 2);
    assert_int_equal(run_sql(path, "SELECT count(*) FROM meta WHERE value = 'newer'"), 1);
}

/* People look into the file with sqlite3, which has none of our functions. */
static void views_for_people(void **state)
{
    struct store *store = filled("views.db");
    const char *path = store_test_path("views.db");
    (void)state;

    assert_int_equal(run_sql(path, "SELECT count(*) FROM scopes WHERE scope = '10.1.1.0' AND server = 'ams' AND prefix = 24"
                                   " AND util = 90 AND level = 'over' AND \"end\" = '10.1.1.200'"), 1);
    assert_int_equal(run_sql(path, "SELECT scope_count FROM servers WHERE server = 'AMS'"), 2);
    assert_int_equal(run_sql(path, "SELECT count(*) FROM exclusions"), 0);
    assert_int_equal(run_sql(path, "INSERT INTO exclusion(server, scope, start, \"end\") SELECT id, 0, 1, 2 FROM server;"
                                   "SELECT size FROM exclusions"), 2);
    store_close(store);
}

static void networks(void **state)
{
    (void)state;
    assert_string_equal(place_network(0x6969, "nfs4"), "NFS");
    assert_string_equal(place_network((int)0xFF534D42, "cifs"), "CIFS"); /* as a 32-bit f_type has it */
    assert_string_equal(place_network(0x65735546, "fuse.sshfs"), "sshfs");
    assert_null(place_network(0x65735546, "fuseblk"));             /* a local disk behind FUSE */
    assert_null(place_network(0x65735546, "fuse.fuse-overlayfs")); /* a container's root */
    assert_null(place_network(0xEF53, "ext4"));
    assert_null(place_network(0x01021994, "tmpfs"));
}

/* ------------------------------------------------------------------ other processes */
static int wait_for(pid_t pid)
{
    int status = 0;

    waitpid(pid, &status, 0);
    return status;
}

static void four_at_once(void **state)
{
    const char *path = store_test_path("together.db");
    pid_t pids[4];
    (void)state;

    for (int i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct store *store = NULL;
            struct err err = { 0 };
            char name[32];
            server_id id;
            bool ok = store_open(path, STORE_WRITE, &store, &err);

            snprintf(name, sizeof(name), "server-%d", i);
            ok = ok && add_server(store, name, &id);
            if (!ok)
                fprintf(stderr, "%s %s\n", err.text, store_test_err.text);
            store_close(store);
            _exit(!ok);
        }
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(wait_for(pids[i]), 0);
    assert_int_equal(run_sql(path, "SELECT count(*) FROM server"), 4);
}

/* A reader in another process sees what is committed, and that something was. */
static void seen_elsewhere(void **state)
{
    struct store *writer = filled("elsewhere.db"), *reader = NULL;
    struct id_vector ids;
    server_id server = 0;
    (void)state;

    OK(store_open(store_test_path("elsewhere.db"), STORE_READ, &reader, E));
    int64_t version = store_data_version(reader);
    OK(list_ids(reader, &catalog_scopes, NULL, NULL, false, &ids));
    assert_int_equal(store_data_version(reader), version);
    OK(store_begin(writer, E));
    OK(add_server(writer, "fra", &server));
    assert_int_equal(store_data_version(reader), version);
    FAILS(store_server_find(reader, "fra", &server, E), ERR_NOT_FOUND);
    OK(store_commit_durable(writer, E));
    assert_true(store_data_version(reader) != version);
    OK(store_server_find(reader, "fra", &server, E));
    FAILS(store_server_remove(reader, server, E), ERR_IO); /* readers only read */
    store_close(reader);
    store_close(writer);
}

/* kill -9 in the middle of writing: the next one finds whole rounds only. */
static void killed(void **state)
{
    const char *path = store_test_path("killed.db");
    struct store *store = NULL;
    struct id_vector ids;
    (void)state;

    store_close(filled("killed.db"));
    for (int round = 0; round < 10; round++) {
        pid_t pid = fork();

        if (pid == 0) {
            struct test_scope many[64];
            char names[64][40], nets[64][40];
            server_id server = 0;

            for (int i = 0; i < 64; i++) {
                snprintf(names[i], sizeof(names[i]), "round-%d-%d", round, i);
                snprintf(nets[i], sizeof(nets[i]), "10.9.%d.0", i);
                many[i] = (struct test_scope){ nets[i], names[i], "active", i, 64 };
            }
            if (!store_open(path, STORE_WRITE, &store, NULL) || !store_server_find(store, "ams", &server, NULL))
                _exit(1);
            for (int n = 0;; n++) {
                many[0].name = n % 2 ? "odd" : "even";
                put_both(store, server, many, n % 2 ? 64 : 32, n);
            }
        }
        usleep(20000 + (unsigned)round * 7000);
        kill(pid, SIGKILL);
        wait_for(pid);
        OK(store_open(path, STORE_READ, &store, E));
        OK(list_ids(store, &catalog_scopes, NULL, NULL, false, &ids));
        if (ids.count != 2 && ids.count != 32 && ids.count != 64)
            fail_msg("%zu rows: half a round", ids.count);
        store_close(store);
    }
    assert_int_equal(run_sql(path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    assert_int_equal(run_sql(path, "SELECT (SELECT count(*) FROM scope) = (SELECT count(*) FROM scope_find)"), 1);
}

/* Somebody who may only read (not root): says so, and reads what can be read. */
static void not_mine(void **state)
{
    char path[128];
    pid_t pid;
    (void)state;

    if (geteuid() != 0)
        skip();
    snprintf(path, sizeof(path), "%s", store_test_path("mine/mine.db"));
    struct store *store = NULL;
    OK(store_open(path, STORE_WRITE, &store, E));
    store_close(store);
    chmod(store_test_folder, 0755);
    chmod(store_test_path("mine"), 0755);
    chmod(path, 0644);
    pid = fork();
    if (pid == 0) {
        struct err err = { 0 };
        bool refused;

        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(2);
        refused = !store_open(path, STORE_WRITE, &store, &err);
        if (!refused || err.kind != ERR_IO || !strstr(err.text, "cannot be written by you"))
            _exit(3);
        err = (struct err){ 0 };
        /* Nobody is writing: it can be read without a journal beside it. */
        _exit(!store_open(path, STORE_READ, &store, &err) || !store_unchanged(store, &err));
    }
    assert_int_equal(wait_for(pid), 0);
    pid = fork();
    if (pid == 0) {
        struct err err = { 0 };

        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(2);
        /* There is no place where it could be made. */
        _exit(!(!store_open("/proc/ipamtui/x.db", STORE_WRITE, &store, &err) && err.kind == ERR_IO && err.text[0]));
    }
    assert_int_equal(wait_for(pid), 0);
}

/* Another program holds the file: a wait, then a sentence; the own transaction is none. */
static void held_by_another(void **state)
{
    struct store *first = filled("held.db"), *second = NULL;
    int64_t started;
    (void)state;

    OK(store_open(store_test_path("held.db"), STORE_WRITE, &second, E));
    OK(store_begin(first, E));
    started = clock_mono_ms();
    FAILS(store_begin(second, E), ERR_TIMEOUT);
    assert_in_range(clock_mono_ms() - started, 4000, 15000);
    store_rollback(second); /* nothing to roll back: fine */
    store_rollback(first);
    OK(store_begin(second, E));
    OK(store_commit(second, E));
    store_close(second);
    store_close(first);
}

/* Read without locks, because this user may not write there: a write by another meanwhile does not go unnoticed. */
static void changed_while_read(void **state)
{
    const char *path = store_test_path("readonly.db");
    uid_t user = geteuid();
    struct store *reader = NULL, *writer = NULL;
    server_id id;
    (void)state;

    OK(store_open(path, STORE_WRITE, &writer, E));
    OK(add_server(writer, "one", &id));
    store_close(writer);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(store_test_folder, 0555), 0);
    if (user == 0)
        assert_int_equal(seteuid(65534), 0);
    FAILS(store_open(path, STORE_WRITE, &writer, E), ERR_IO);
    OK(store_open(path, STORE_READ, &reader, E));
    assert_int_equal(seteuid(user), 0);
    OK(store_server_find(reader, "one", &id, E));
    OK(store_unchanged(reader, E));

    assert_int_equal(chmod(store_test_folder, 0700), 0);
    assert_int_equal(chmod(path, 0600), 0);
    OK(store_open(path, STORE_WRITE, &writer, E));
    OK(add_server(writer, "two", &id));
    store_close(writer);
    FAILS(store_unchanged(reader, E), ERR_CONFLICT);
    store_close(reader);
}

/* What lies beside the file itself is found through a link to it in a folder that nobody may write: the newest data in the journal,
 * and the place to write. */
static void through_a_link(void **state)
{
    uid_t user = geteuid();
    struct store *reader = NULL, *writer = NULL, *linked = NULL;
    char link[128];
    server_id id;
    (void)state;

    snprintf(link, sizeof(link), "%s", store_test_path("links/linked.db"));
    assert_int_equal(mkdir(store_test_path("links"), 0700), 0);
    assert_int_equal(mkdir(store_test_path("target"), 0700), 0);
    assert_int_equal(chmod(store_test_folder, 0755), 0);
    assert_int_equal(symlink("../target/real.db", link), 0);
    OK(store_open(store_test_path("target/real.db"), STORE_WRITE, &writer, E));
    OK(add_server(writer, "one", &id));
    assert_string_equal(strrchr(store_path(writer), '/'), "/real.db");
    assert_int_equal(chmod(store_test_path("links"), 0555), 0);
    if (user == 0) {
        assert_int_equal(chown(store_test_path("target"), 65534, 65534), 0);
        assert_int_equal(chown(store_test_path("target/real.db"), 65534, 65534), 0);
        assert_int_equal(chown(store_test_path("target/real.db-wal"), 65534, 65534), 0);
        assert_int_equal(chown(store_test_path("target/real.db-shm"), 65534, 65534), 0);
        assert_int_equal(seteuid(65534), 0);
    }
    OK(store_open(link, STORE_WRITE, &linked, E)); /* the link's folder need not be written for that */
    assert_string_equal(store_path(linked), store_path(writer));
    store_close(linked);
    assert_int_equal(chmod(store_test_path("target/real.db"), 0444), 0);
    OK(store_open(link, STORE_READ, &reader, E));
    OK(store_server_find(reader, "one", &id, E)); /* it is in the journal only */
    store_close(reader);
    assert_int_equal(seteuid(user), 0);
    store_close(writer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_one),     cmocka_unit_test(what_is_no_store), cmocka_unit_test(a_newer_one),
        cmocka_unit_test(damaged),       cmocka_unit_test(a_new_property),   cmocka_unit_test(somebody_newer_was_here),
        cmocka_unit_test(views_for_people), cmocka_unit_test(networks),      cmocka_unit_test(four_at_once),
        cmocka_unit_test(seen_elsewhere), cmocka_unit_test(killed),          cmocka_unit_test(not_mine),
        cmocka_unit_test(held_by_another), cmocka_unit_test(changed_while_read), cmocka_unit_test(through_a_link),
    };
    return cmocka_run_group_tests(tests, store_test_setup, store_test_teardown);
}
