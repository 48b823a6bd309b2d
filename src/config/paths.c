#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/account.h"
#include "ipamtui/config.h"
#include "ipamtui/mem.h"

/* The XDG base directory rules: a variable that is unset, empty or relative counts as unset. */
static char *xdg(const char *variable, const char *fallback, const char *file)
{
    const char *dir = getenv(variable), *home = getenv("HOME");
    struct account me;
    if (dir && dir[0] == '/')
        return x_asprintf("%s/ipamtui/%s", dir, file);
    if (!home || home[0] != '/') {
        account_find(getuid(), &me);
        home = me.home;
    }
    return x_asprintf("%s/%s/ipamtui/%s", home, fallback, file);
}

char *config_default_path(void)
{
    return xdg("XDG_CONFIG_HOME", ".config", "ipamtui.conf");
}

char *config_default_db(void)
{
    return xdg("XDG_DATA_HOME", ".local/share", "ipamtui.db");
}

char *config_default_answers(void)
{
    return xdg("XDG_CACHE_HOME", ".cache", "ssh-answers");
}

/* path if it can be read, else NULL; takes path. */
static char *readable_take(char *path)
{
    if (path && access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* The folder of the program, "" if the system does not say. */
static void program_folder(char *out, size_t size)
{
    ssize_t len = readlink("/proc/self/exe", out, size - 1);
    out[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
}

char *keymap_find(const char *name_or_path)
{
    if (strchr(name_or_path, '/'))
        return readable_take(x_strdup(name_or_path));
    const char *data = getenv("IPAMTUI_DATA_DIR");
    char *found = NULL;
    if (data && *data)
        found = readable_take(x_asprintf("%s/keymaps/%s.conf", data, name_or_path));
    char folder[PATH_MAX];
    program_folder(folder, sizeof(folder));
    /* In a source tree build/ipamtui and keymaps/ have the same parent; installed, bin/ and share/ have. */
    static const char *const beside[] = { "keymaps", "../keymaps", "../share/ipamtui/keymaps" };
    for (size_t i = 0; !found && *folder && i < COUNT(beside); i++)
        found = readable_take(x_asprintf("%s/%s/%s.conf", folder, beside[i], name_or_path));
    if (!found)
        found = readable_take(x_asprintf("%s/keymaps/%s.conf", IPAMTUI_DATADIR, name_or_path));
    if (!found) {
        char *own = config_default_path();
        char *slash = strrchr(own, '/');
        *slash = '\0';
        found = readable_take(x_asprintf("%s/keymaps/%s.conf", own, name_or_path));
        free(own);
    }
    return found;
}
