/* log.h - the debug log (--debug-log FILE). Off by default; a line per step and call; never a secret.
 *
 * Lines are "time thread where: text", text made printable. Any thread. */
#ifndef IPAM_LOG_H
#define IPAM_LOG_H

#include "ipamtui/err.h"

/* Opens FILE (mode 0600, appended). */
bool log_open(const char *path, struct err *err);
bool log_on(void);
void log_line(const char *where, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_close(void);

#endif
