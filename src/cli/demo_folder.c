/* demo_folder.c - the temporary folder of a demo: held by a lock as long as its process lives, so that the next demo knows which
 * folders nobody is left for. A lock, and no process number: those are used again. */
#include "cli/demo_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ipamtui/mem.h"

#define NAME "ipamtui-demo-"
#define LOCK "in-use"

static const char *place(void)
{
    const char *tmp = getenv("TMPDIR");
    return tmp && tmp[0] == '/' ? tmp : "/tmp";
}

/* The lock goes last, so that what a kill leaves of this is still known for a demo's. */
static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    if (ftw->level > 0 && !(ftw->level == 1 && strcmp(path + ftw->base, LOCK) == 0))
        remove(path);
    return 0;
}

static void remove_tree(const char *folder)
{
    char *lock = x_asprintf("%s/" LOCK, folder);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    unlink(lock);
    rmdir(folder);
    free(lock);
}

/* The folder's lock, or -1: somebody has it, or it has none. */
static int take_lock(const char *folder, int flags)
{
    char *path = x_asprintf("%s/" LOCK, folder);
    struct stat now, held;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    /* Between making it and locking it another demo may have taken it for left behind: then it is gone. */
    if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &held) != 0 || lstat(path, &now) != 0 ||
                    now.st_ino != held.st_ino)) {
        close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

static void remove_if_dead(const char *folder)
{
    enum { MADE_LONG_AGO_S = 60 };
    struct stat st;
    int lock;
    if (lstat(folder, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
        return;
    lock = take_lock(folder, 0);
    if (lock >= 0) {
        remove_tree(folder);
        close(lock);
    } else if (st.st_mtime < time(NULL) - MADE_LONG_AGO_S) {
        rmdir(folder); /* killed before it was locked: empty. Others stay */
    }
}

/* Folders of demos of this user that were killed. */
static void remove_dead(void)
{
    DIR *dir = opendir(place());
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strncmp(entry->d_name, NAME, strlen(NAME)) != 0)
            continue;
        char *folder = x_asprintf("%s/%s", place(), entry->d_name);
        remove_if_dead(folder);
        free(folder);
    }
    if (dir)
        closedir(dir);
}

bool demo_folder_make(struct demo_folder *out, struct err *err)
{
    enum { TRIES = 10 };
    remove_dead();
    for (int i = 0; i < TRIES; i++) {
        char *path = x_asprintf("%s/" NAME "XXXXXX", place());
        int lock;
        if (!mkdtemp(path)) {
            err_errno(err, path, "a temporary folder cannot be made");
            free(path);
            return false;
        }
        lock = take_lock(path, O_CREAT | O_EXCL);
        if (lock >= 0) {
            *out = (struct demo_folder){ path, lock };
            return true;
        }
        remove_tree(path);
        free(path);
    }
    return err_set(err, ERR_IO, place(), "a temporary folder cannot be held by a lock");
}

void demo_folder_remove(struct demo_folder *folder)
{
    if (!folder->path)
        return;
    remove_tree(folder->path);
    close(folder->lock);
    free(folder->path);
    *folder = (struct demo_folder){ 0 };
}
