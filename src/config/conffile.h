/* conffile.h - one libconfig file, with the place of everything in it.
 *
 * libconfig knows lines only; columns are found again in the text that was read. */
#ifndef IPAM_CONFFILE_H
#define IPAM_CONFFILE_H

#include <libconfig.h>

#include "ipamtui/err.h"

struct conffile {
    config_t config;
    char *path, *text;
};
/* ERR_NOT_FOUND: there is no such file; ERR_IO: it cannot be read; ERR_INPUT: it is not libconfig. */
bool conffile_read(const char *path, struct conffile *out, struct err *err);
void conffile_done(struct conffile *file); /* also on a zeroed one */
/* 1-based column of word (NULL: the setting's name) in the line of setting; 0: it is not there. */
int conffile_column(const struct conffile *file, const config_setting_t *setting, const char *word);
/* Refuses what setting says: "line N, column M: ...". word (may be NULL): what to point at in that line, else the setting's
 * name. Returns false. */
bool conffile_bad(const struct conffile *file, const config_setting_t *setting, const char *word, struct err *err,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
