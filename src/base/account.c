#include "ipamtui/account.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ipamtui/mem.h"

bool account_find(uid_t uid, struct account *out)
{
    struct passwd entry, *found = NULL;
    char room[8192];

    if (getpwuid_r(uid, &entry, room, sizeof(room), &found) != 0)
        found = NULL;
    snprintf(out->name, sizeof(out->name), "%s", found ? found->pw_name : "");
    snprintf(out->home, sizeof(out->home), "%s", found && found->pw_dir && found->pw_dir[0] ? found->pw_dir : "/");
    return found != NULL;
}

bool account_make_folders(const char *path, struct err *err)
{
    char *folder = x_strdup(path);
    bool ok = true;

    for (char *slash = strchr(folder + (folder[0] == '/'), '/'); ok && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            ok = err_errno(err, folder, "this folder cannot be made");
        *slash = '/';
    }
    free(folder);
    return ok;
}
