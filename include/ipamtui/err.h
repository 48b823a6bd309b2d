/* err.h - a failure is a value the caller owns.
 *
 * A function that can fail returns bool and takes struct err * last; on failure its other outputs are unchanged.
 * Nothing is allocated and nothing is static, so a job over forty servers holds forty of them. Code branches on
 * kind, never on text. Any thread. */
#ifndef IPAM_ERR_H
#define IPAM_ERR_H

#include <stdbool.h>

enum err_kind {
    ERR_NONE,
    ERR_INPUT,     /* what a person, a file or a query said cannot be used */
    ERR_NOT_FOUND, /* the named thing is not there */
    ERR_CONFLICT,  /* it is there already, or changed meanwhile */
    ERR_DENIED,    /* somebody refused: a login, a right, a host key */
    ERR_TIMEOUT,   /* no answer within the limit */
    ERR_REMOTE,    /* a server answered something that is an error or cannot be read */
    ERR_UNREACHABLE, /* no connection: name, route, port */
    ERR_CANCELLED, /* the operator stopped it */
    ERR_IO,        /* this machine: file, disk, memory, process */
};

struct err {
    enum err_kind kind;
    char where[64]; /* the host, file or field that failed */
    char text[256]; /* one sentence, no newline; says what to do when we know it */
};

/* Fills err and returns false, so that a failing function ends in one line. err may be NULL. */
bool err_set(struct err *err, enum err_kind kind, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with strerror(errno) at the end of the sentence. Kind ERR_IO. */
bool err_errno(struct err *err, const char *where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts the outer step in front ("reading leases: ..."); keeps kind and where. Returns false. */
bool err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "io", "timeout" ...: stable names for machine formats. */
const char *err_kind_name(enum err_kind kind);
/* Exit status of a subcommand that failed so: 1, or 2 for ERR_INPUT is the caller's choice of usage; see cli. */
void err_clear(struct err *err);

#endif
