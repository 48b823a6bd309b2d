/* simclient.h - for tests: a simulated host as a child process, with our own PSRP client at the other end of
 * its pipes. */
#ifndef TEST_SIMCLIENT_H
#define TEST_SIMCLIENT_H

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/child.h"
#include "ipamtui/clock.h"
#include "ipamtui/psrp.h"

struct simclient {
    struct child child;
    struct psrp *psrp;
    bool opened, closed, broken, ended; /* ended: its stdout is at its end */
    struct err err;
    char errs[2000]; /* its stderr */
};

/* What one call gave: a line an output object ("A=1 B=2"), errors as "ID: message". */
struct simresult {
    const char *const *wanted; /* properties to write down, NULL-terminated; NULL = the text form */
    struct buf text;
    int outputs, errors, progress;
    char error_id[200], why_id[200];
    int error_category, why_category;
    enum ps_end end;
    bool done;
};

static inline const char *sim_program(void)
{
    static char path[4200];
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    self[n > 0 ? n : 0] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(path, sizeof path, "%s/../simhost", self);
    return path;
}

/* Runs simhost with these arguments to its end; its stdout in out (may be NULL). Returns the exit status. */
static inline int sim_run(struct buf *out, const char *a, const char *b, const char *c, const char *d,
                          const char *e, const char *f)
{
    char *argv[] = {
        (char *)sim_program(), (char *)a, (char *)b, (char *)c, (char *)d, (char *)e, (char *)f, NULL
    };
    struct child_output said = { 0 };
    struct err err = { 0 };
    int status = child_run(argv, NULL, 30000, NULL, &said, &err) ? said.status >> 8 : -1;

    if (out && said.out.len)
        buf_add(out, buf_at(&said.out), said.out.len);
    child_output_done(&said);
    return status;
}

static inline void sim_opened(void *ctx)
{
    ((struct simclient *)ctx)->opened = true;
}

static inline void sim_closed(void *ctx)
{
    ((struct simclient *)ctx)->closed = true;
}

static inline void sim_broken(void *ctx, const struct err *err)
{
    ((struct simclient *)ctx)->broken = true;
    ((struct simclient *)ctx)->err = *err;
}

static inline bool simclient_start_argv(struct simclient *c, char *const argv[], const char *name,
                                        int runspaces)
{
    static const struct psrp_events events = { sim_opened, sim_closed, sim_broken };

    memset(c, 0, sizeof *c);
    if (!child_start(&c->child, argv, NULL, 0, &c->err))
        return false;
    c->psrp = psrp_new(name, runspaces, NULL, &events, c);
    return true;
}

static inline void simclient_read(struct simclient *c)
{
    char bytes[65536];
    ssize_t n = read(c->child.out, bytes, sizeof bytes);

    if (n > 0)
        psrp_feed(c->psrp, bytes, (size_t)n, &c->err);
    if (n == 0) {
        c->ended = true;
        size_t have = strlen(c->errs);
        n = read(c->child.errs, c->errs + have, sizeof c->errs - have - 1);
        psrp_eof(c->psrp, c->errs);
    }
}

static inline bool simclient_start(struct simclient *c, const char *dir, const char *name, int runspaces)
{
    char *argv[] = { (char *)sim_program(), "serve", (char *)dir, (char *)name, NULL };

    return simclient_start_argv(c, argv, name, runspaces);
}

/* Until *flag, or what was asked for can no longer come, or a minute: the machine may be busy. */
static inline bool simclient_until(struct simclient *c, const bool *flag)
{
    int64_t end = clock_mono_ms() + 60000;

    while (!*flag && !c->ended && !c->broken && clock_mono_ms() < end) {
        struct buf *out = psrp_out(c->psrp);
        struct pollfd fds[2] = { { .fd = c->child.out, .events = POLLIN },
                                 { .fd = c->child.in, .events = out->len ? POLLOUT : 0 } };
        if (poll(fds, 2, 200) < 0 && errno != EINTR)
            return false;
        if (fds[1].revents & POLLOUT) {
            ssize_t n = write(c->child.in, buf_at(out), out->len);
            if (n > 0)
                buf_take(out, (size_t)n);
        }
        if (fds[0].revents)
            simclient_read(c);
    }
    return *flag;
}

static inline void sim_output(void *ctx, const struct ps_value *value)
{
    struct simresult *r = ctx;
    struct arena mem = { 0 };
    const char *text;

    r->outputs++;
    for (size_t i = 0; r->wanted && r->wanted[i]; i++) {
        text = ps_text(ps_get(value, r->wanted[i]), &mem);
        buf_addf(&r->text, "%s%s=%s", i ? " " : "", r->wanted[i], text ? text : "-");
    }
    if (!r->wanted)
        buf_adds(&r->text, (text = ps_text(value, &mem)) ? text : "-");
    buf_addc(&r->text, '\n');
    arena_done(&mem);
}

static inline void sim_error(void *ctx, const struct ps_error *error)
{
    struct simresult *r = ctx;

    r->errors++;
    snprintf(r->error_id, sizeof r->error_id, "%s", error->id);
    r->error_category = error->category;
}

static inline void sim_progress(void *ctx, const struct ps_progress *progress)
{
    (void)progress;
    ((struct simresult *)ctx)->progress++;
}

static inline void sim_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct simresult *r = ctx;

    r->done = true;
    r->end = end;
    if (why) {
        snprintf(r->why_id, sizeof r->why_id, "%s", why->id ? why->id : "");
        r->why_category = why->category;
    }
}

static const struct ps_call_events sim_call_events = {
    .output = sim_output, .error = sim_error, .progress = sim_progress, .done = sim_done
};

static inline psrp_call_id simclient_send(struct simclient *c, const struct ps_command *commands,
                                          size_t count, struct simresult *r)
{
    struct ps_call call = { .commands = commands, .command_count = count };

    return psrp_invoke(c->psrp, &call, &sim_call_events, r);
}

/* Sends and waits. *r: only wanted is read. */
static inline bool simclient_call(struct simclient *c, const struct ps_command *commands, size_t count,
                                  struct simresult *r)
{
    const char *const *wanted = r->wanted;

    memset(r, 0, sizeof *r);
    r->wanted = wanted;
    simclient_send(c, commands, count, r);
    return simclient_until(c, &r->done);
}

static inline void simclient_end(struct simclient *c)
{
    psrp_free(c->psrp);
    child_end(&c->child, 1000);
}

#endif
