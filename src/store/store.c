/* store.c - opening and closing, transactions. */
#include "ipamtui/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipamtui/clock.h"
#include "store_int.h"

/* ------------------------------------------------------------------ opening */
/* Creates the file, for this user only. Never opens one that is there: closing a second descriptor on a database would drop
 * the locks that this process holds on it. */
static bool make_file(const char *path, struct err *err)
{
    int fd;

    if (access(path, F_OK) == 0)
        return true;
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST || err_errno(err, path, "the database cannot be made");
    close(fd);
    return true;
}

static bool check_file(const char *path, enum store_mode mode, struct err *err)
{
    struct stat st;

    if (!place_check(path, mode == STORE_WRITE, err))
        return false;
    if (stat(path, &st) == 0)
        return S_ISREG(st.st_mode) || err_set(err, ERR_INPUT, path, "this is no file and so no database");
    if (errno != ENOENT)
        return err_errno(err, path, "the database cannot be looked at");
    if (mode == STORE_READ)
        return err_set(err, ERR_NOT_FOUND, path, "there is no database here yet: it comes with the first `ipamtui server add`");
    return make_file(path, err);
}

/* Counting every allocation of the process costs a lock each, and nobody asks for the count. */
static void without_statistics(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static bool open_connection(struct store *store, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int rc;

    pthread_once(&once, without_statistics);
    if (store->mode == STORE_WRITE && readonly_for_us(store->path))
        return readonly_refused(store, "opening", err);
    store->readonly = store->mode == STORE_READ && readonly_for_us(store->path);
    rc = store->readonly ? readonly_open(store)
                         : sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (!store->db)
        return err_set(err, ERR_IO, store_where(store), "the database cannot be opened: out of memory");
    sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
    if (rc != SQLITE_OK)
        return store_fail(store, "opening the database", err);
    if (!store_functions(store))
        return store_fail(store, "opening the database", err);
    return store_exec(store, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384",
                      "opening the database", err);
}

/* Two processes that make the same database at once get in each other's way here, for a moment and without the busy
 * handler's help. */
static bool use_wal(struct store *store, struct err *err)
{
    int64_t deadline = clock_mono_ms() + STORE_BUSY_MS;

    for (;;) {
        if (sqlite3_exec(store->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864",
                         NULL, NULL, NULL) == SQLITE_OK)
            return true;
        if (sqlite3_errcode(store->db) != SQLITE_BUSY || clock_mono_ms() > deadline)
            return store_fail(store, "opening the database", err);
        usleep(20000);
    }
}

/* A reader that finds an older schema lets a writer bring it up first. */
static bool update_for_reader(struct store *store, struct err *err)
{
    struct store *writer = NULL;

    if (store->readonly)
        return readonly_refused(store, "it is from an older ipamtui and has to be brought up to date", err);
    if (!store_open(store->path, STORE_WRITE, &writer, err))
        return err_wrap(err, "the database is from an older ipamtui and has to be brought up to date first");
    store_close(writer);
    return true;
}

/* A database that was there before may be open to all. Only for what is known to be ours: another program's file, and one of
 * another user, stay as they are. */
static void for_owner_only(const struct store *store)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    struct stat st;

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        char *path = x_asprintf("%s%s", store->path, ends[i]);
        if (stat(path, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 077))
            (void)!chmod(path, 0600);
        free(path);
    }
}

static bool set_up(struct store *store, struct err *err)
{
    bool current = false;

    if (!schema_check(store, &current, err))
        return false;
    if (store->mode == STORE_READ)
        return (current || update_for_reader(store, err)) &&
               store_exec(store, "PRAGMA query_only = ON", "opening the database", err);
    for_owner_only(store);
    return use_wal(store, err) && (current || schema_update(store, err));
}

bool store_open(const char *path, enum store_mode mode, struct store **out, struct err *err)
{
    struct store *store = x_alloc(sizeof(*store));
    char *real = realpath(path, NULL); /* what SQLite keeps beside a file lies beside it, not beside a link to it */

    store->path = real ? real : x_strdup(path);
    store->mode = mode;
    store->thresholds = THRESHOLDS_DEFAULT;
    store->wal_fd = -1;
    if (!check_file(store->path, mode, err) || !open_connection(store, err) || !set_up(store, err)) {
        store_close(store);
        return false;
    }
    *out = store;
    return true;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->statement_count; i++) {
        sqlite3_finalize(store->statements[i].stmt);
        free(store->statements[i].sql);
    }
    for (size_t i = 0; i < store->round_count; i++)
        free(store->rounds[i].ids);
    if (store->wal_fd >= 0)
        close(store->wal_fd);
    sqlite3_close_v2(store->db);
    free(store->statements);
    free(store->rounds);
    free(store->path);
    free(store);
}

const char *store_path(const struct store *store)
{
    return store->path;
}

void store_interrupt(struct store *store)
{
    sqlite3_interrupt(store->db);
}

void store_set_thresholds(struct store *store, struct thresholds t)
{
    store->thresholds = t;
}

int64_t store_data_version(struct store *store)
{
    sqlite3_stmt *stmt = store_prepare(store, "PRAGMA data_version", NULL);
    int64_t version = 0;

    if (stmt && sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int64(stmt, 0);
    store_release(store, stmt);
    return version;
}

/* ------------------------------------------------------------------ transactions */
bool store_begin(struct store *store, struct err *err)
{
    return store_exec(store, "BEGIN IMMEDIATE", "beginning to write", err);
}

bool store_commit(struct store *store, struct err *err)
{
    return store_exec(store, "COMMIT", "writing", err);
}

/* The WAL's own descriptor: SQLite takes no locks on that file, so a second descriptor does no harm. It is the same file as
 * long as our connection is open. */
static bool open_wal(struct store *store, struct err *err)
{
    char *wal = x_asprintf("%s-wal", store->path), *slash;
    int folder;

    store->wal_fd = open(wal, O_RDONLY | O_CLOEXEC);
    if (store->wal_fd < 0)
        err_errno(err, store_where(store), "the journal cannot be opened");
    /* The file's name has to be on disk as well. */
    slash = strrchr(wal, '/');
    if (slash)
        slash[slash == wal] = '\0';
    folder = open(slash ? wal : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    free(wal);
    return store->wal_fd >= 0;
}

bool store_commit_durable(struct store *store, struct err *err)
{
    if (!store_commit(store, err))
        return false;
    if (store->wal_fd < 0 && !open_wal(store, err))
        return false;
    return fdatasync(store->wal_fd) == 0 || err_errno(err, store_where(store), "writing the journal to disk");
}

void store_rollback(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    for (size_t i = 0; i < store->round_count; i++)
        store->rounds[i].unsure = true;
}
