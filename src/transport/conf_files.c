/* conf_files.c - on what an answer of ssh -G rests. ssh itself says with -v which files it read; what could come to be read is found
 * by their Include lines, which are looked at for nothing else. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "ipamtui/account.h"
#include "ipamtui/text.h"

#define CONFIG_LIMIT (4 << 20)
static const char system_config[] = "/etc/ssh/ssh_config", system_folder[] = "/etc/ssh";

/* One more line of list, unless it is in it. */
static void add(struct buf *list, const char *name, size_t len)
{
    for (const char *at = buf_at(list); *at;) {
        size_t line = strcspn(at, "\n");
        if (line == len && memcmp(at, name, len) == 0)
            return;
        at += line + 1;
    }
    buf_add(list, name, len);
    buf_addc(list, '\n');
}

static void add_path(struct buf *list, const char *folder, const char *name)
{
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s%s%s", folder, *folder ? "/" : "", name);
    if (len > 0 && (size_t)len < sizeof(path) && !strchr(path, '\n'))
        add(list, path, (size_t)len);
}

/* A pattern of Include: the file itself, or the folder in which others may turn up. False: folders are patterns, too. */
static bool add_include(struct buf *list, char *pattern)
{
    struct account me;
    char user_folder[sizeof(me.home) + 8];
    size_t wild = strcspn(pattern, "*?[");
    char *slash = strrchr(pattern, '/');
    if (pattern[wild] && slash > pattern + wild)
        return false;
    if (pattern[wild]) { /* the folder */
        if (slash == pattern)
            slash++;
        *(slash ? slash : pattern) = '\0';
    }
    account_find(getuid(), &me);
    if (pattern[0] == '/')
        add_path(list, "", pattern);
    else if (pattern[0] == '~' && (pattern[1] == '/' || pattern[1] == '\0'))
        add_path(list, me.home, pattern[1] ? pattern + 2 : "");
    else if (pattern[0] == '~')
        return false;
    else { /* of which kind the file is, ssh knows */
        snprintf(user_folder, sizeof(user_folder), "%s/.ssh", me.home);
        add_path(list, user_folder, pattern);
        add_path(list, system_folder, pattern);
    }
    return true;
}

/* The words of an Include line, quoted or not. */
static bool add_includes(struct buf *list, char *at)
{
    while (*at) {
        at += strspn(at, " \t=");
        char end = *at == '"' ? '"' : ' ';
        at += end == '"';
        size_t len = end == '"' ? strcspn(at, "\"") : strcspn(at, " \t");
        bool more = at[len] != '\0';
        at[len] = '\0';
        if (len > 0 && !add_include(list, at))
            return false;
        at += len + more;
    }
    return true;
}

static void add_variables(struct buf *list, const char *line)
{
    char name[128];
    for (const char *at = line; (at = strstr(at, "${")); at += 2) {
        int len = snprintf(name, sizeof(name), "$%.*s", (int)MIN(strcspn(at + 2, "}"), sizeof(name) - 2), at + 2);
        add(list, name, (size_t)len);
    }
}

static bool look_at_line(struct buf *list, char *line)
{
    line += strspn(line, " \t");
    size_t len = strcspn(line, " \t=");
    if (*line == '#')
        return true;
    add_variables(list, line);
    if (len == 7 && strncasecmp(line, "include", 7) == 0)
        return add_includes(list, line + len);
    /* What the network looks like just now. */
    return !(len == 5 && strncasecmp(line, "match", 5) == 0 && text_contains(line, "localnetwork"));
}

static bool look_into(struct buf *list, const char *path)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0, seen = 0;
    ssize_t len;
    bool ok = f != NULL;
    while (ok && (len = getline(&line, &cap, f)) > 0) {
        seen += (size_t)len;
        line[strcspn(line, "\r\n")] = '\0';
        ok = seen < CONFIG_LIMIT && look_at_line(list, line);
    }
    free(line);
    if (f)
        fclose(f);
    return ok;
}

/* Another ssh may have other defaults. */
static void add_program(struct buf *list)
{
    const char *at = getenv("PATH");
    char path[1024];
    while (at && *at) {
        size_t len = strcspn(at, ":");
        snprintf(path, sizeof(path), "%.*s/ssh", (int)len, at);
        if (access(path, X_OK) == 0) {
            add_path(list, "", path);
            return;
        }
        at += len + (at[len] == ':');
    }
}

void conf_read_files(const char *said, const char *config, struct buf *files)
{
    static const char sign[] = "debug1: Reading configuration data ";
    char path[4096];
    struct account me;
    if (config)
        add_path(files, "", config);
    else {
        account_find(getuid(), &me);
        add_path(files, me.home, ".ssh/config");
        add_path(files, "", system_config);
    }
    for (const char *at = said; (at = strstr(at, sign)); at++) {
        snprintf(path, sizeof(path), "%.*s", (int)strcspn(at + sizeof(sign) - 1, "\r\n"), at + sizeof(sign) - 1);
        add_path(files, "", path);
    }
}

bool conf_more_files(struct buf *files)
{
    char *read = x_strdup(buf_at(files)), path[4096];
    bool ok = true;
    for (const char *at = read; *at && ok;) {
        size_t len = strcspn(at, "\n");
        snprintf(path, sizeof(path), "%.*s", (int)len, at);
        /* One that is not there counts as such. */
        ok = access(path, F_OK) != 0 || look_into(files, path);
        at += len + 1;
    }
    add_program(files);
    free(read);
    return ok;
}

bool conf_lasts(const char *said, const char *out)
{
    const char *canonical = strstr(out, "canonicalizehostname ");
    return !strstr(said, "debug1: Executing command") &&
           (!canonical || strncmp(canonical, "canonicalizehostname false", 26) == 0 ||
            strncmp(canonical, "canonicalizehostname no", 23) == 0);
}
