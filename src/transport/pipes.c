#include "pipes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hub.h"

#define LINGER_MS 1000  /* output still open after the process ended, or the other way round */
#define POLL_MS 50      /* looks for the end where the kernel has no pidfd */
#define READS_PER_TURN 8

static void check_over(struct pipes *p);

static void unwatch(struct loop_watch **watch)
{
    loop_unwatch(*watch);
    *watch = NULL;
}

static void close_in(struct pipes *p)
{
    unwatch(&p->in);
    if (p->child.in >= 0)
        close(p->child.in);
    p->child.in = -1;
}

static void on_linger(void *ctx)
{
    struct pipes *p = ctx;
    int status;
    if (!p->ended && child_ended(&p->child, &status)) {
        p->ended = true;
        p->status = status;
    }
    if (!p->ended && !p->out_ended) { /* only looking */
        loop_timer_in(p->t->hub->loop, &p->timer, POLL_MS, on_linger, p);
        return;
    }
    if (p->ended && p->t->paused) /* pipes_paused() comes back to it */
        return;
    if (!p->ended) { /* it closed its output and does not end */
        child_end(&p->child, 0);
        p->ended = true;
    }
    unwatch(&p->out);
    p->out_ended = true;
    check_over(p);
}

static void linger(struct pipes *p)
{
    loop_timer_in(p->t->hub->loop, &p->timer, LINGER_MS, on_linger, p);
}

static void check_over(struct pipes *p)
{
    if (!p->ended || !p->out_ended) {
        if (p->ended ? !p->t->paused : p->out_ended)
            linger(p);
        return;
    }
    loop_timer_stop(&p->timer);
    unwatch(&p->end);
    if (p->finishing)
        stream_gone(p->t);
    else
        p->over(p);
}

static void on_out(void *ctx, int fd, short revents)
{
    struct pipes *p = ctx;
    struct transport *t = p->t;
    char chunk[STREAM_CHUNK];
    (void)revents;

    for (int i = 0; i < READS_PER_TURN; i++) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            unwatch(&p->out);
            p->out_ended = true;
            check_over(p);
            return;
        }
        if (p->finishing)
            continue;
        if (p->first_data) {
            p->first_data(p);
            p->first_data = NULL;
        }
        stream_data(t, chunk, (size_t)n);
        if (!stream_wants(t) || (size_t)n < sizeof(chunk)) /* paused or closed by its owner: p may be on its way out */
            return;
    }
}

static void take_errs(struct pipes *p, const char *bytes, size_t len)
{
    if (p->errs_data)
        p->errs_data(p, bytes, len);
    else
        stream_stderr(p->t, bytes, len);
}

static void on_errs(void *ctx, int fd, short revents)
{
    struct pipes *p = ctx;
    char chunk[8192];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    (void)revents;
    if (n > 0)
        take_errs(p, chunk, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        unwatch(&p->errs);
}

void pipes_drain_errs(struct pipes *p)
{
    char chunk[8192];
    ssize_t n;
    while (p->errs && (n = read(p->child.errs, chunk, sizeof(chunk))) > 0)
        take_errs(p, chunk, (size_t)n);
}

static void on_end(void *ctx, int fd, short revents)
{
    struct pipes *p = ctx;
    (void)fd, (void)revents;
    if (p->ended || !child_ended(&p->child, &p->status))
        return;
    p->ended = true;
    unwatch(&p->end);
    close_in(p);
    buf_clear(&p->t->out);
    pipes_drain_errs(p);
    check_over(p);
}

static void on_in(void *ctx, int fd, short revents)
{
    struct pipes *p = ctx;
    (void)fd, (void)revents;
    pipes_wrote(p);
}

void pipes_wrote(struct pipes *p)
{
    struct buf *out = &p->t->out;
    if (p->child.in < 0) {
        buf_clear(out);
        return;
    }
    while (out->len > 0) {
        ssize_t n = write(p->child.in, buf_at(out), out->len);
        if (n > 0) {
            buf_take(out, (size_t)n);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) { /* nobody reads: its exit or its output will say why */
            close_in(p);
            buf_clear(out);
            return;
        }
        break;
    }
    if (out->len == 0 && p->finishing)
        close_in(p);
    else if (out->len == 0)
        unwatch(&p->in);
    else if (!p->in)
        p->in = loop_watch(p->t->hub->loop, p->child.in, POLLOUT, on_in, p);
}

void pipes_paused(struct pipes *p)
{
    /* Unwatched, not only masked: a hang-up is reported whatever is asked for. */
    if (p->t->paused)
        unwatch(&p->out);
    else if (!p->out && !p->out_ended)
        p->out = loop_watch(p->t->hub->loop, p->child.out, POLLIN, on_out, p);
    if (!p->t->paused && p->ended)
        check_over(p);
}

void pipes_start(struct pipes *p, struct transport *t)
{
    struct loop *loop = t->hub->loop;
    p->t = t;
    if (!t->paused)
        p->out = loop_watch(loop, p->child.out, POLLIN, on_out, p);
    if (p->child.errs >= 0)
        p->errs = loop_watch(loop, p->child.errs, POLLIN, on_errs, p);
    if (p->child.pidfd >= 0)
        p->end = loop_watch(loop, p->child.pidfd, POLLIN, on_end, p);
    else
        loop_timer_in(loop, &p->timer, POLL_MS, on_linger, p);
    pipes_wrote(p);
}

void pipes_finish(struct pipes *p)
{
    p->finishing = true;
    pipes_wrote(p);
    if (!p->out && !p->out_ended) /* its last words are read, so that it can end */
        p->out = loop_watch(p->t->hub->loop, p->child.out, POLLIN, on_out, p);
    check_over(p);
}

void pipes_done(struct pipes *p)
{
    unwatch(&p->in);
    unwatch(&p->out);
    unwatch(&p->errs);
    unwatch(&p->end);
    loop_timer_stop(&p->timer);
    child_end(&p->child, 0);
}

bool pipes_how(int status, char *out, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(out, size, "was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(out, size, "ended with status %d", WEXITSTATUS(status));
    return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}
