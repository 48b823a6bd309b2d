/* account.h - who somebody is by the password file, and folders of one's own. Any thread. */
#ifndef IPAM_ACCOUNT_H
#define IPAM_ACCOUNT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "ipamtui/err.h"

struct account {
    char name[64], home[PATH_MAX];
};
/* False: the password file has nobody of this number; then the name is "" and the home "/". */
bool account_find(uid_t uid, struct account *out);

/* Like mkdir -p for all in front of the last / of path, mode 0700. ERR_IO, at the folder that cannot be made. */
bool account_make_folders(const char *path, struct err *err);

#endif
