/* failing_reads.c - preloaded into the real program: the Nth read of a database fails as a broken disk does (EIO), once.
 * FAILING_READ=N; FAILING_SEEN=FILE is made when it has happened. Not any more once ON_TERMINAL_STILL is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int count;

static int of_database(int fd)
{
    char link[64], path[4096];
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    if (len < 0)
        return 0;
    path[len] = '\0';
    return (len > 3 && strcmp(path + len - 3, ".db") == 0) || (len > 7 && strcmp(path + len - 7, ".db-wal") == 0);
}

static int fails(int fd)
{
    const char *at = getenv("FAILING_READ"), *seen = getenv("FAILING_SEEN"), *still = getenv("ON_TERMINAL_STILL");

    if (!at || !seen || !of_database(fd) || ++count != atoi(at) || (still && access(still, F_OK) == 0))
        return 0;
    close(open(seen, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    errno = EIO;
    return 1;
}

ssize_t read(int fd, void *to, size_t size)
{
    static ssize_t (*real)(int, void *, size_t);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "read");
    return fails(fd) ? -1 : real(fd, to, size);
}

ssize_t pread64(int fd, void *to, size_t size, off64_t from)
{
    static ssize_t (*real)(int, void *, size_t, off64_t);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pread64");
    return fails(fd) ? -1 : real(fd, to, size, from);
}
