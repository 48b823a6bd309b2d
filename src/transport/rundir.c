#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub.h"

/* SSH_ASKPASS of every ssh and ssh-add that we start: two FIFOs to the console, so that an answer never is in an argument,
 * an environment or a file. "none" is a notice (touch your key), which ssh ends itself. */
static const char askpass[] = "#!/bin/sh\n"
                              "[ \"$SSH_ASKPASS_PROMPT\" = none ] && exec sleep 300\n"
                              "printf '%s\\0' \"$1\" >\"$IPAMTUI_ASK.q\" || exit 1\n"
                              "IFS= read -r answer <\"$IPAMTUI_ASK.a\" || exit 1\n"
                              "case $answer in y*) printf '%s\\n' \"${answer#y}\" ;; *) exit 1 ;; esac\n";

static bool write_script(const char *dir, struct err *err)
{
    char *path = x_asprintf("%s/askpass", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    bool ok = fd >= 0 && write(fd, askpass, sizeof(askpass) - 1) == (ssize_t)sizeof(askpass) - 1;
    if (!ok)
        err_errno(err, path, "cannot write the script that asks for ssh");
    if (fd >= 0)
        close(fd);
    free(path);
    return ok;
}

const char *hub_run_dir(struct transport_hub *hub, struct err *err)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    if (hub->run_dir)
        return hub->run_dir;
    if (!base || access(base, W_OK) != 0)
        base = getenv("TMPDIR");
    if (!base || !*base || access(base, W_OK) != 0)
        base = "/tmp";
    char *dir = x_asprintf("%s/ipamtui-ssh-XXXXXX", base);
    if (!mkdtemp(dir))
        err_errno(err, base, "cannot make a private folder there");
    else if (write_script(dir, err)) {
        hub->run_dir = dir;
        return dir;
    } else
        rmdir(dir);
    free(dir);
    return NULL;
}

void hub_run_dir_end(struct transport_hub *hub)
{
    DIR *dir = hub->run_dir ? opendir(hub->run_dir) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    if (hub->run_dir)
        rmdir(hub->run_dir);
    free(hub->run_dir);
    hub->run_dir = NULL;
}
