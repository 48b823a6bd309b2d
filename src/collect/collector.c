/* collector.c - the thread: requests in, notes out. */
#include "ipamtui/collect.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"

enum { CLOSING_MS = 1500, ANSWERS = 4 };

enum request_kind { REQUEST_RETRIEVE, REQUEST_CANCEL, REQUEST_ANSWER, REQUEST_CHANGED, REQUEST_CALL, REQUEST_STOP };
struct request {
    enum request_kind kind;
    uint64_t id; /* job or question; 0 = all */
    server_id *servers;
    size_t count;
    unsigned what;
    char *about; /* WHAT_STATISTICS: a zone, or NULL */
    char *answers[ANSWERS]; /* secrets: wiped */
    bool yes;
    struct call_request *call;
};

static void request_free(void *message)
{
    struct request *request = message;

    if (!request)
        return;
    for (size_t i = 0; i < COUNT(request->answers); i++)
        if (request->answers[i]) {
            x_wipe(request->answers[i], strlen(request->answers[i]));
            free(request->answers[i]);
        }
    free(request->servers);
    free(request->about);
    call_request_free(request->call);
    free(request);
}

static struct request *request_new(enum request_kind kind, uint64_t id)
{
    struct request *request = x_alloc(sizeof(*request));

    request->kind = kind;
    request->id = id;
    return request;
}

/* ------------------------------------------------------------------ the thread */
static void cancel(struct collector *c, uint64_t id)
{
    for (struct job *job = c->jobs, *next = NULL; job; job = next) {
        next = job->next;
        if (id == 0 || job->id == id)
            tasks_cancel(c, job);
    }
}

static void retrieve(struct collector *c, const struct request *request)
{
    struct job *job = job_new(c, request->id, request->count, request->what, false);

    tasks_add(c, job, request->servers, request->count, request->what, request->about);
    job_check(c, job);
}

static void on_request(struct collector *c, struct request *request)
{
    switch (request->kind) {
    case REQUEST_RETRIEVE:
        retrieve(c, request);
        break;
    case REQUEST_CANCEL:
        cancel(c, request->id);
        break;
    case REQUEST_ANSWER:
        asks_answer(c, request->id, request->yes ? request->answers : NULL);
        break;
    case REQUEST_CHANGED:
        tasks_server_changed(c, request->servers[0]);
        break;
    case REQUEST_CALL:
        calls_take(c, request->call);
        break;
    case REQUEST_STOP:
        c->stopping = true;
        loop_stop(c->loop);
        break;
    }
}

static void on_requests(void *ctx, int fd, short revents)
{
    struct collector *c = ctx;
    struct request *request = NULL;

    (void)fd;
    (void)revents;
    while (!c->stopping && (request = mailbox_get(c->requests))) {
        on_request(c, request);
        request_free(request);
    }
}

/* Ends sessions politely, as far as they can be within a moment. */
static void close_sessions(struct collector *c)
{
    int64_t until = clock_mono_ms() + CLOSING_MS;
    bool any = true;

    for (size_t i = 0; i < c->server_count; i++)
        if (c->servers[i]->host)
            host_close(c->servers[i]->host);
    while (any && clock_mono_ms() < until) {
        any = false;
        for (size_t i = 0; i < c->server_count && !any; i++)
            any = c->servers[i]->host && host_closing(c->servers[i]->host);
        if (any)
            loop_turn(c->loop, (int)MAX(until - clock_mono_ms(), 1));
    }
}

static void collector_free(struct collector *c)
{
    mailbox_free(c->requests, request_free);
    store_close(c->store);
    free(c->ssh_config);
    free(c->set.user);
    free(c->set.jump);
    free(c->set.powershell);
    free(c);
}

static void *run(void *ctx)
{
    struct collector *c = ctx;
    struct transport_hub_options options = { .ssh_config = c->ssh_config, .max_programs = c->set.max_programs };

    c->loop = loop_new();
    c->hub = transport_hub_new(c->loop, &options);
    c->watch = loop_watch(c->loop, mailbox_fd(c->requests), POLLIN, on_requests, c);
    if (c->verify)
        verify_start(c, &c->verifier);
    loop_run(c->loop);

    loop_unwatch(c->watch);
    verify_done(c->verifier);
    writes_flush(c); /* what was answered before the end is not lost */
    tasks_done(c);
    close_sessions(c);
    asks_done(c);
    servers_done(c);
    writes_done(c);
    jobs_done(c);
    transport_hub_free(c->hub);
    loop_free(c->loop);
    return NULL;
}

/* ------------------------------------------------------------------ the interface: any thread */
static void settings_init(struct settings *set, const struct options *options)
{
    set->max_hosts = (int)options->max_hosts;
    set->max_programs = (int)options->max_ssh_programs;
    set->max_calls = (int)options->max_calls_per_host;
    set->call_timeout_ms = options->call_timeout_s * 1000;
    set->connect_timeout_ms = options->connect_timeout_s * 1000;
    set->idle_close_ms = options->idle_close_s * 1000;
    set->transport = TRANSPORT_SSH;
    if (options->transport)
        transport_kind_parse(options->transport, &set->transport);
    set->user = x_strdup(options->ssh_user ? options->ssh_user : "");
    set->jump = x_strdup(options->ssh_jump ? options->ssh_jump : "");
    set->powershell = x_strdup(options->powershell ? options->powershell : "");
    set->port = (int)options->ssh_port;
    set->verify_service_s = options->verify_service_s;
    set->verify_utilization_s = options->verify_utilization_s;
    set->verify_zones_s = options->verify_zones_s;
    set->verify_configuration_s = options->verify_configuration_s;
}

/* Signals are the main thread's. */
static int thread_start(pthread_t *thread, void *(*fn)(void *), void *ctx)
{
    sigset_t all, before;
    int result = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    result = pthread_create(thread, NULL, fn, ctx);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

bool collector_start(const struct collector_options *how, const struct options *options, struct mailbox *notes,
                     struct collector **out, struct err *err)
{
    struct store *store = NULL;
    struct collector *c = NULL;
    int failed = 0;

    if (!store_open(how->db_path, STORE_WRITE, &store, err))
        return false;
    store_set_thresholds(store, (struct thresholds){ options->over_percent, options->under_percent });
    c = x_alloc(sizeof(*c));
    c->store = store;
    c->notes = notes;
    c->requests = mailbox_new();
    c->ssh_config = how->ssh_config ? x_strdup(how->ssh_config) : NULL;
    c->interactive = how->interactive;
    c->verify = how->verify;
    settings_init(&c->set, options);
    failed = thread_start(&c->thread, run, c);
    if (failed != 0) {
        collector_free(c);
        return err_set(err, ERR_IO, "collector", "cannot start the collector's thread: %s", strerror(failed));
    }
    *out = c;
    return true;
}

static uint64_t request_servers(struct collector *c, const server_id *servers, size_t count, unsigned what, const char *about)
{
    struct request *request = request_new(REQUEST_RETRIEVE, atomic_fetch_add(&c->next_job, 1) + 1);
    uint64_t id = request->id;

    request->servers = x_calloc(count + 1, sizeof(*servers));
    if (count > 0)
        memcpy(request->servers, servers, count * sizeof(*servers));
    request->count = count;
    request->what = what;
    request->about = about ? x_strdup(about) : NULL;
    mailbox_put_take(c->requests, request);
    return id;
}

uint64_t collector_retrieve(struct collector *c, const server_id *servers, size_t count, unsigned what)
{
    return request_servers(c, servers, count, what, NULL);
}

uint64_t collector_statistics(struct collector *c, const server_id *servers, size_t count, const char *zone)
{
    return request_servers(c, servers, count, WHAT_STATISTICS, zone);
}

void collector_cancel(struct collector *c, uint64_t job)
{
    mailbox_put_take(c->requests, request_new(REQUEST_CANCEL, job));
}

void collector_answer(struct collector *c, uint64_t ask_id, const char *const *answers)
{
    struct request *request = request_new(REQUEST_ANSWER, ask_id);

    request->yes = answers != NULL;
    for (size_t i = 0; answers && i < ANSWERS && answers[i]; i++)
        request->answers[i] = x_strdup(answers[i]);
    mailbox_put_take(c->requests, request);
}

void collector_server_changed(struct collector *c, server_id server)
{
    struct request *request = request_new(REQUEST_CHANGED, 0);

    request->servers = x_calloc(1, sizeof(server));
    request->servers[0] = server;
    mailbox_put_take(c->requests, request);
}

void collector_put_call(struct collector *c, struct call_request *call)
{
    struct request *request = request_new(REQUEST_CALL, 0);

    request->call = call;
    mailbox_put_take(c->requests, request);
}

struct collector_stats collector_stats(const struct collector *c)
{
    return (struct collector_stats){ .rows = c->stats.rows, .cpu_us = c->stats.cpu_us, .store_us = c->stats.store_us,
                                     .store_cpu_us = c->stats.store_cpu_us, .commits = c->stats.commits };
}

void collector_stop(struct collector *c)
{
    if (!c)
        return;
    mailbox_put_take(c->requests, request_new(REQUEST_STOP, 0));
    pthread_join(c->thread, NULL);
    collector_free(c);
}
