#include "ipamtui/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct err *err, enum err_kind kind, const char *where, const char *fmt, va_list args)
{
    err->kind = kind;
    snprintf(err->where, sizeof(err->where), "%s", where ? where : "");
    vsnprintf(err->text, sizeof(err->text), fmt, args);
    for (char *c = err->text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
}

bool err_set(struct err *err, enum err_kind kind, const char *where, const char *fmt, ...)
{
    if (!err)
        return false;
    va_list args;
    va_start(args, fmt);
    fill(err, kind, where, fmt, args);
    va_end(args);
    return false;
}

bool err_errno(struct err *err, const char *where, const char *fmt, ...)
{
    int saved = errno;
    if (!err)
        return false;
    va_list args;
    va_start(args, fmt);
    fill(err, ERR_IO, where, fmt, args);
    va_end(args);
    size_t len = strlen(err->text);
    char why[128] = "";
    const char *said = strerror_r(saved, why, sizeof(why));
    snprintf(err->text + len, sizeof(err->text) - len, ": %s", said);
    errno = saved;
    return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
    if (!err)
        return false;
    char outer[sizeof(err->text)];
    char inner[sizeof(err->text)];
    va_list args;
    va_start(args, fmt);
    vsnprintf(outer, sizeof(outer), fmt, args);
    va_end(args);
    memcpy(inner, err->text, sizeof(inner));
    /* A long outer step must not push the cause out of sight. */
    int room = (int)sizeof(err->text) - 3 - (int)strlen(inner);
    if (room < 40)
        room = 40;
    if (snprintf(err->text, sizeof(err->text), "%.*s: %s", room, outer, inner) < 0)
        err->text[0] = '\0';
    return false;
}

const char *err_kind_name(enum err_kind kind)
{
    static const char *const names[] = {
        [ERR_NONE] = "none",         [ERR_INPUT] = "input",     [ERR_NOT_FOUND] = "not found",
        [ERR_CONFLICT] = "conflict", [ERR_DENIED] = "denied",   [ERR_TIMEOUT] = "timeout",
        [ERR_REMOTE] = "remote",     [ERR_UNREACHABLE] = "unreachable", [ERR_CANCELLED] = "cancelled",
        [ERR_IO] = "io",
    };
    return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

void err_clear(struct err *err)
{
    if (err)
        *err = (struct err){ .kind = ERR_NONE };
}
