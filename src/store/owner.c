/* owner.c - who makes a change, and whether that process still lives. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/account.h"
#include "ipamtui/journal.h"

static void read_line(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");

    out[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(out, (int)size, file) == NULL)
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(file);
}

/* When a process started, in clock ticks since boot: field 22 of its stat, after the name, which may hold anything; 0 = no
 * such process. A pid that is used again starts later. */
static int64_t start_of(int64_t pid)
{
    char path[64], line[1024];
    const char *at;
    unsigned long long start = 0;

    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    read_line(path, line, sizeof(line));
    at = strrchr(line, ')');
    for (int field = 2; at != NULL && field < 22; field++)
        at = strchr(at + 1, ' ');
    if (at == NULL || sscanf(at, "%llu", &start) != 1)
        return 0;
    return (int64_t)start;
}

static bool is_zombie(int64_t pid)
{
    char path[64], line[1024];
    const char *at;

    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    read_line(path, line, sizeof(line));
    at = strrchr(line, ')');
    return at != NULL && (strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0);
}

static void name_login(char *out, size_t size)
{
    struct account user;
    const char *sudo = getenv("SUDO_USER");

    if (!account_find(getuid(), &user))
        snprintf(out, size, "uid %ld", (long)getuid());
    else if (sudo != NULL && sudo[0] != '\0' && strcmp(sudo, user.name) != 0)
        snprintf(out, size, "%.24s (for %.32s)", user.name, sudo);
    else
        snprintf(out, size, "%s", user.name);
}

static void name_origin(char *out, size_t size)
{
    const char *ssh = getenv("SSH_CONNECTION");
    char tty[64];

    if (ssh != NULL && ssh[0] != '\0') {
        snprintf(out, size, "%.*s", (int)MIN(strcspn(ssh, " "), 60), ssh);
        return;
    }
    out[0] = '\0';
    for (int fd = 0; fd <= 2; fd++)
        if (ttyname_r(fd, tty, sizeof(tty)) == 0) {
            snprintf(out, size, "%s", strncmp(tty, "/dev/", 5) == 0 ? tty + 5 : tty);
            return;
        }
}

void journal_me(struct journal_owner *out)
{
    ssize_t n;

    memset(out, 0, sizeof(*out));
    if (gethostname(out->host, sizeof(out->host) - 1) != 0)
        snprintf(out->host, sizeof(out->host), "this machine");
    read_line("/proc/sys/kernel/random/boot_id", out->boot, sizeof(out->boot));
    n = readlink("/proc/self/ns/pid", out->space, sizeof(out->space) - 1);
    out->space[n > 0 ? n : 0] = '\0';
    out->pid = getpid();
    out->start = start_of(out->pid);
    name_login(out->who, sizeof(out->who));
    name_origin(out->from, sizeof(out->from));
}

enum owner_life journal_owner_life(const struct journal_owner *owner)
{
    struct journal_owner me;

    if (owner->pid == 0)
        return OWNER_DEAD;
    journal_me(&me);
    /* Before the machine's last start, or on the machine that the database was moved from: no two machines share one, because it may
     * not lie on a network file system. */
    if (strcmp(owner->boot, me.boot) != 0)
        return OWNER_DEAD;
    if (strcmp(owner->space, me.space) != 0)
        return OWNER_ELSEWHERE;
    if (kill((pid_t)owner->pid, 0) != 0 && errno == ESRCH)
        return OWNER_DEAD;
    return start_of(owner->pid) != owner->start || is_zombie(owner->pid) ? OWNER_DEAD : OWNER_ALIVE;
}
