/* readonly.c - a database that this user may read but not write, or whose folder may not be written. Reading has to leave no trace
 * there. SQLite can do that in two ways: with the files of a writer beside it (-wal, -shm) through them; without any, as long as
 * nobody writes (immutable: no locks, no journal). Whether somebody did is looked at afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/account.h"
#include "store_int.h"

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? x_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : x_strdup(".");
}

static bool may_write(const char *path)
{
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

bool readonly_for_us(const char *path)
{
    char *folder = folder_of(path);
    bool may = may_write(path) && may_write(folder);

    free(folder);
    return !may;
}

/* "belongs to root, mode 0644" */
static const char *belongs(const char *path, char *out, size_t size)
{
    struct account owner;
    struct stat st;

    if (stat(path, &st) != 0)
        snprintf(out, size, "cannot be looked at");
    else if (account_find(st.st_uid, &owner))
        snprintf(out, size, "belongs to %.32s, mode %04o", owner.name, (unsigned)st.st_mode & 07777);
    else
        snprintf(out, size, "belongs to user %u, mode %04o", (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
    return out;
}

bool readonly_refused(const struct store *store, const char *what, struct err *err)
{
    char *folder = folder_of(store->path), file[80], place[80];

    if (may_write(store->path) && !may_write(folder))
        err_set(err, ERR_IO, store_where(store), "%s: the database's folder cannot be written by you (it %s)", what,
                belongs(folder, place, sizeof(place)));
    else
        err_set(err, ERR_IO, store_where(store), "%s: the database cannot be written by you (it %s)", what,
                belongs(store->path, file, sizeof(file)));
    free(folder);
    return false;
}

/* ------------------------------------------------------------------ opening */
/* "file:/a%3fb?immutable=1": what SQLite reads of a path in a URI has to be escaped. */
static char *uri(const char *path, const char *option)
{
    struct buf text = { 0 };

    buf_adds(&text, "file:");
    for (const char *c = path; *c; c++)
        buf_addf(&text, strchr("?#%", *c) ? "%%%02x" : "%c", (unsigned char)*c);
    buf_addf(&text, "?%s=1", option);
    return buf_steal(&text);
}

/* What a writer has left beside the file and not yet put into it. */
static bool has_wal(const char *path)
{
    char *wal = x_asprintf("%s-wal", path);
    struct stat st;
    bool has = stat(wal, &st) == 0 && st.st_size > 0;

    free(wal);
    return has;
}

int readonly_open(struct store *store)
{
    bool wal;
    char *name;
    int rc;

    if (stat(store->path, &store->seen) != 0)
        return SQLITE_CANTOPEN;
    wal = has_wal(store->path);
    store->unlocked = !wal;
    name = uri(store->path, wal ? "readonly_shm" : "immutable");
    rc = sqlite3_open_v2(name, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    free(name);
    return rc;
}

bool readonly_explain(const struct store *store, struct err *err)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char place[80];

    for (size_t i = 0; i < COUNT(ends); i++) {
        char *path = x_asprintf("%s%s", store->path, ends[i]);
        bool there = access(path, F_OK) == 0, mine = faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;

        belongs(path, place, sizeof(place));
        free(path);
        if (i > 0 && !has_wal(store->path))
            break;
        if (there && !mine)
            return err_set(err, ERR_DENIED, store_where(store), "the database%s%s cannot be read by you (it %s)",
                           i ? "'s file " : "", ends[i], place);
        if (!there)
            return err_set(err, ERR_IO, store_where(store),
                           "its newest data is in the file -wal beside it, which you cannot open without %s: let the owner run "
                           "`ipamtui list servers` once, or copy all of it to a folder of yours", ends[i]);
    }
    return false;
}

bool store_unchanged(const struct store *store, struct err *err)
{
    struct stat now;

    if (!store->unlocked)
        return true;
    if (stat(store->path, &now) == 0 && now.st_ino == store->seen.st_ino && now.st_size == store->seen.st_size &&
        now.st_mtim.tv_sec == store->seen.st_mtim.tv_sec && now.st_mtim.tv_nsec == store->seen.st_mtim.tv_nsec)
        return true;
    return err_set(err, ERR_CONFLICT, store_where(store),
                   "the database was written while it was read without locks (you may not write it): what was printed may be "
                   "half of each; try again");
}
