/* place.c - where the file lies: folders are made, network file systems refused. WAL needs memory that all processes share,
 * and locks that hold; over a network there is neither, and the damage comes silently and later. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "ipamtui/account.h"
#include "store_int.h"

#define FUSE_TYPE 0x65735546L

static const struct {
    long type;
    const char *name;
} network_types[] = {
    { 0x6969, "NFS" },          { 0x517B, "SMB" },         { 0xFF534D42L, "CIFS" },   { 0xFE534D42L, "SMB" },
    { 0x01021997, "9P" },       { 0x5346414F, "AFS" },     { 0x6B414653, "AFS" },     { 0x73757245, "Coda" },
    { 0x564C, "NCP" },          { 0x00C36400, "Ceph" },    { 0x0BD00BD0, "Lustre" },  { 0x01161970, "GFS2" },
    { 0x7461636F, "OCFS2" },    { 0x47504653, "GPFS" },    { 0x19830326, "BeeGFS" },  { 0x786F4256, "VirtualBox share" },
    { 0xBACBACBCL, "VMware share" },
};
/* FUSE carries local and network file systems alike: only the mount's name tells. */
static const char *const network_fuse[] = { "sshfs", "s3fs",      "rclone",  "glusterfs", "ceph", "davfs", "curlftpfs", "smbnetfs",
                                            "cifs",  "nfs", "gcsfuse", "goofys",    "moosefs",  "mfs",  "vmhgfs",  "gvfsd-fuse", NULL };

const char *place_network(long type, const char *mount)
{
    for (size_t i = 0; i < COUNT(network_types); i++)
        if ((uint32_t)network_types[i].type == (uint32_t)type)
            return network_types[i].name;
    if ((uint32_t)type != (uint32_t)FUSE_TYPE || strncmp(mount, "fuse.", 5) != 0)
        return NULL;
    for (size_t i = 0; network_fuse[i]; i++)
        if (strncmp(mount + 5, network_fuse[i], strlen(network_fuse[i])) == 0)
            return network_fuse[i];
    return NULL;
}

/* The file system's name of the mount that has this device number: "ext4", "fuse.sshfs"; "" if it cannot be found. */
static void mount_name(dev_t device, char *out, size_t size)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t cap = 0;

    out[0] = '\0';
    while (mounts && getline(&line, &cap, mounts) > 0) {
        unsigned major_no, minor_no;
        const char *dash = strstr(line, " - ");

        if (!dash || sscanf(line, "%*d %*d %u:%u", &major_no, &minor_no) != 2)
            continue;
        if (major(device) != major_no || minor(device) != minor_no)
            continue;
        snprintf(out, size, "%.*s", (int)strcspn(dash + 3, " \n"), dash + 3);
    }
    free(line);
    if (mounts)
        fclose(mounts);
}

bool place_check(const char *path, bool make, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? x_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : x_strdup(".");
    char mount[64];
    struct stat st;
    struct statfs fs;
    const char *network;
    bool ok = true;

    if (stat(folder, &st) != 0 && errno == ENOENT && make)
        ok = account_make_folders(path, err) || err_wrap(err, "the folder of the database");
    if (ok && (stat(folder, &st) != 0 || statfs(folder, &fs) != 0))
        ok = errno == ENOENT ? err_set(err, ERR_NOT_FOUND, path, "there is no database yet: the folder %.100s does not exist", folder)
                             : err_errno(err, folder, "the folder of the database cannot be looked at");
    if (ok) {
        mount_name(st.st_dev, mount, sizeof(mount));
        network = place_network((long)fs.f_type, mount);
        if (network)
            ok = err_set(err, ERR_INPUT, path,
                         "the database would lie on a network file system (%s), where it would be damaged sooner or later: "
                         "name a place on a local disk with --db", network);
    }
    free(folder);
    return ok;
}
