#include "ipamtui/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipamtui/clock.h"
#include "ipamtui/text.h"

static int log_fd = -1;

bool log_open(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, path, "cannot open the debug log");
    log_fd = fd;
    return true;
}

bool log_on(void)
{
    return log_fd >= 0;
}

void log_line(const char *where, const char *fmt, ...)
{
    if (log_fd < 0)
        return;
    char text[2048], safe[3072], line[4096], when[CLOCK_ISO_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    text_printable(text, safe, sizeof(safe));
    int n = snprintf(line, sizeof(line), "%s.%03d %ld %s: %s\n", clock_iso(clock_now_s(), when),
                     (int)(clock_mono_ms() % 1000), (long)syscall(SYS_gettid), where, safe);
    /* One write a line: O_APPEND keeps lines of several threads whole. */
    if (n > 0) {
        ssize_t written = write(log_fd, line, (size_t)MIN(n, (int)sizeof(line) - 1));
        (void)written;
    }
}

void log_close(void)
{
    if (log_fd >= 0)
        close(log_fd);
    log_fd = -1;
}
