#include "job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hub.h"
#include "ipamtui/child.h"

#define POLL_MS 20 /* where the kernel has no pidfd */

struct job {
    struct transport_hub *hub;
    struct job *next;
    char **argv, **env;
    int64_t timeout_ms;
    job_fn *fn;
    void *ctx;
    bool running;
    struct child child;
    struct loop_watch *out_watch, *errs_watch, *end_watch;
    struct loop_timer limit, look;
    struct buf out, errs;
};

static char **copy_list(const char *const list[])
{
    size_t count = 0;
    while (list && list[count])
        count++;
    char **copy = x_calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = x_strdup(list[i]);
    return copy;
}

static void free_list(char **list)
{
    for (size_t i = 0; list[i]; i++)
        free(list[i]);
    free(list);
}

static void job_free(struct job *job)
{
    struct transport_hub *hub = job->hub;
    for (struct job **at = &hub->jobs; *at; at = &(*at)->next)
        if (*at == job) {
            *at = job->next;
            break;
        }
    if (job->running) {
        hub->jobs_running--;
        loop_unwatch(job->out_watch);
        loop_unwatch(job->errs_watch);
        loop_unwatch(job->end_watch);
        child_end(&job->child, 0);
    }
    loop_timer_stop(&job->limit);
    loop_timer_stop(&job->look);
    free_list(job->argv);
    free_list(job->env);
    buf_done(&job->out);
    buf_done(&job->errs);
    free(job);
}

static void run_next(void *ctx);

static void want_next(struct transport_hub *hub)
{
    if (hub->jobs)
        loop_timer_in(hub->loop, &hub->jobs_turn, 0, run_next, hub);
}

static void job_over(struct job *job, int exit_code, const struct err *err)
{
    struct transport_hub *hub = job->hub;
    job_fn *fn = job->fn;
    void *ctx = job->ctx;
    struct buf out = job->out, errs = job->errs;

    job->out = job->errs = (struct buf){ 0 };
    job_free(job);
    fn(ctx, exit_code, buf_at(&out), buf_at(&errs), err);
    buf_done(&out);
    buf_done(&errs);
    want_next(hub);
}

static void look(void *ctx);

static void on_end(void *ctx, int fd, short revents)
{
    (void)fd, (void)revents;
    look(ctx);
}

static void look(void *ctx)
{
    struct job *job = ctx;
    static const struct err none;
    int status;

    if (job->out_watch || job->errs_watch)
        return;
    if (!child_ended(&job->child, &status)) { /* both outputs closed: it ends any moment */
        if (!job->end_watch && job->child.pidfd >= 0)
            job->end_watch = loop_watch(job->hub->loop, job->child.pidfd, POLLIN, on_end, job);
        else
            loop_timer_in(job->hub->loop, &job->look, POLL_MS, look, job);
        return;
    }
    job_over(job, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), &none);
}

/* Collects; false at the end of it. */
static bool collect(int fd, struct buf *into)
{
    char chunk[16384];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    if (n > 0 && into->len < JOB_OUTPUT_LIMIT)
        buf_add(into, chunk, (size_t)n);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_output(void *ctx, int fd, short revents)
{
    struct job *job = ctx;
    bool is_out = fd == job->child.out;
    struct loop_watch **watch = is_out ? &job->out_watch : &job->errs_watch;
    (void)revents;

    if (collect(fd, is_out ? &job->out : &job->errs))
        return;
    loop_unwatch(*watch);
    *watch = NULL;
    if (!job->out_watch && !job->errs_watch)
        look(job);
}

static void on_limit(void *ctx)
{
    struct job *job = ctx;
    struct err err = { 0 };
    err_set(&err, ERR_TIMEOUT, job->argv[0], "%s did not end within %d s", job->argv[0], (int)(job->timeout_ms / 1000));
    job_over(job, -1, &err);
}

static void run_next(void *ctx)
{
    struct transport_hub *hub = ctx;
    struct job *job = hub->jobs;

    while (job && job->running)
        job = job->next;
    if (!job || hub->jobs_running >= JOBS_AT_ONCE)
        return;
    struct err err = { 0 };
    if (!child_start(&job->child, job->argv, job->env, CHILD_STDIN_NULL | CHILD_NEW_SESSION, &err)) {
        job_over(job, -1, &err);
        return;
    }
    job->running = true;
    hub->jobs_running++;
    job->out_watch = loop_watch(hub->loop, job->child.out, POLLIN, on_output, job);
    job->errs_watch = loop_watch(hub->loop, job->child.errs, POLLIN, on_output, job);
    loop_timer_in(hub->loop, &job->limit, job->timeout_ms, on_limit, job);
    want_next(hub);
}

static struct job *job_new(struct transport_hub *hub, const char *const argv[], const char *const env[], int64_t timeout_ms,
                           job_fn *fn, void *ctx)
{
    struct job *job = x_alloc(sizeof(*job));
    *job = (struct job){ .hub = hub, .argv = copy_list(argv), .env = copy_list(env), .timeout_ms = timeout_ms,
                         .fn = fn, .ctx = ctx };
    return job;
}

static struct job *put_at(struct job *job, struct job **at)
{
    job->next = *at;
    *at = job;
    want_next(job->hub);
    return job;
}

struct job *job_start(struct transport_hub *hub, const char *const argv[], const char *const env[], int64_t timeout_ms,
                      job_fn *fn, void *ctx)
{
    struct job **at = &hub->jobs;
    while (*at)
        at = &(*at)->next;
    return put_at(job_new(hub, argv, env, timeout_ms, fn, ctx), at);
}

struct job *job_start_first(struct transport_hub *hub, const char *const argv[], const char *const env[], int64_t timeout_ms,
                            job_fn *fn, void *ctx)
{
    return put_at(job_new(hub, argv, env, timeout_ms, fn, ctx), &hub->jobs);
}

void job_cancel(struct job *job)
{
    if (!job)
        return;
    struct transport_hub *hub = job->hub;
    job_free(job);
    want_next(hub);
}

void jobs_end(struct transport_hub *hub)
{
    while (hub->jobs)
        job_free(hub->jobs);
    loop_timer_stop(&hub->jobs_turn);
}
