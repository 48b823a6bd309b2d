/* master.c - jump hosts that only the ssh program can log in to: one `ssh -M` asks, touches and pushes once, and each host
 * behind it is then reached by a cheap `ssh -W` through its socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub.h"
#include "ipamtui/log.h"
#include "openssh.h"
#include "session.h"
#include "talk.h"

#define IDLE_MS 60000

struct master {
    struct transport_hub *hub;
    struct master *next;
    char *spec, *hop; /* the chain, and its last host */
    char *socket;
    struct child child;
    struct talk talk;
    struct loop_watch *errs, *end;
    struct buf tail; /* what the ssh in front of it says */
    struct loop_timer limit, idle;
    struct session *users; /* waiting, or with a pipe through it */
    bool ready;
};

static void master_free(struct master *m)
{
    for (struct master **at = &m->hub->masters; *at; at = &(*at)->next)
        if (*at == m) {
            *at = m->next;
            break;
        }
    for (struct session *s = m->users; s; s = s->master_next)
        s->master = NULL;
    loop_timer_stop(&m->limit);
    loop_timer_stop(&m->idle);
    loop_unwatch(m->errs);
    loop_unwatch(m->end);
    child_end(&m->child, 100);
    talk_done(&m->talk);
    if (m->socket)
        unlink(m->socket);
    buf_done(&m->tail);
    free(m->socket);
    free(m->spec);
    free(m->hop);
    free(m);
}

/* Those that wait hear why; those with a pipe find it closed. */
static void master_lost(struct master *m, const struct err *why)
{
    struct err err = *why;
    struct session *s = m->users, *next;

    err_wrap(&err, "jump host %.60s", m->hop);
    m->users = NULL;
    log_line(m->hop, "%s", err.text);
    master_free(m);
    for (; s; s = next) {
        next = s->master_next;
        s->master = NULL;
        s->master_next = NULL;
        if (s->state == SESSION_ROUTE || s->state == SESSION_GATE)
            session_fail(s, STEP_JUMP, &err);
    }
}

static void on_limit(void *ctx)
{
    struct master *m = ctx;
    struct err err = { 0 };
    err_set(&err, ERR_TIMEOUT, m->hop, "no answer from %.80s in time", m->hop);
    master_lost(m, &err);
}

static void on_errs(void *ctx, int fd, short revents)
{
    struct master *m = ctx;
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    (void)revents;
    if (n > 0 && m->tail.len < STREAM_TAIL)
        buf_add(&m->tail, chunk, (size_t)n);
    else if (n == 0) {
        loop_unwatch(m->errs);
        m->errs = NULL;
    }
}

static void on_end(void *ctx, int fd, short revents)
{
    struct master *m = ctx;
    struct err err = { 0 };
    enum transport_step step = STEP_JUMP;
    (void)fd, (void)revents;

    talk_drain(&m->talk);
    if (m->errs)
        on_errs(m, m->child.errs, 0);
    if (m->tail.len == 0 || !openssh_failure(buf_at(&m->tail), m->hop, &step, &err))
        openssh_failure(buf_at(&m->talk.said), m->hop, &step, &err);
    master_lost(m, &err);
}

static void on_line(void *ctx, const char *line)
{
    struct master *m = ctx;
    if (m->ready || strncmp(line, "debug1: Entering interactive session", 36) != 0)
        return;
    m->ready = true;
    loop_timer_stop(&m->limit);
    log_line(m->hop, "ssh master ready");
    for (struct session *s = m->users; s; s = s->master_next)
        session_wake(s);
}

static void start_limit(void *ctx)
{
    struct master *m = ctx;
    const struct transport_hub *hub = m->hub;
    if (!m->ready)
        loop_timer_in(m->hub->loop, &m->limit, hub->connect_ms + hub->kex_ms + hub->login_ms, on_limit, m);
}

static struct transport *asker(void *ctx)
{
    struct master *m = ctx;
    loop_timer_in(m->hub->loop, &m->limit, HUMAN_MS, on_limit, m);
    for (struct session *s = m->users; s; s = s->master_next) {
        struct transport *t = session_asker(s);
        if (t)
            return t;
    }
    return NULL;
}

/* "a,b@c:22" -> -J a, -l b, -p 22, c. */
static void fill_hop(struct master *m, struct openssh_how *how, struct arena *mem)
{
    const char *last = strrchr(m->spec, ',');
    struct conf_hop hop = conf_hop(m->hop);
    how->jump = last ? arena_strndup(mem, m->spec, (size_t)(last - m->spec)) : NULL;
    how->user = hop.user ? arena_strdup(mem, hop.user) : NULL;
    how->address = arena_strdup(mem, hop.host);
    how->port = hop.port;
    how->config = m->hub->ssh_config;
    how->control = m->socket;
    how->connect_timeout_s = (int)MAX(m->hub->connect_ms / 1000, 1);
    conf_hop_done(&hop);
}

static bool master_start(struct master *m, bool can_ask, struct err *err)
{
    struct arena mem = { 0 };
    const char *argv[OPENSSH_ARGS];
    struct openssh_how how = { .is_master = true, .can_ask = can_ask };
    bool ok = false;

    m->talk.asker = asker;
    m->talk.line = on_line;
    m->talk.moved = start_limit;
    m->talk.ctx = m;
    m->talk.host = m->hop;
    if (talk_start(&m->talk, m->hub, can_ask, err)) {
        m->socket = x_asprintf("%s.m", m->talk.path);
        fill_hop(m, &how, &mem);
        how.log = m->talk.said_path;
        openssh_argv(&how, &mem, argv);
        ok = child_start(&m->child, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)m->talk.env,
                         CHILD_NEW_SESSION | CHILD_STDIN_NULL, err);
    }
    arena_done(&mem);
    if (!ok)
        return err_wrap(err, "starting ssh for the jump host");
    m->errs = loop_watch(m->hub->loop, m->child.errs, POLLIN, on_errs, m);
    m->end = loop_watch(m->hub->loop, m->child.pidfd, POLLIN, on_end, m);
    start_limit(m);
    return true;
}

static struct master *master_at(struct transport_hub *hub, const char *spec, bool can_ask, struct err *err)
{
    struct master *m;
    for (m = hub->masters; m; m = m->next)
        if (strcmp(m->spec, spec) == 0)
            return m;
    const char *last = strrchr(spec, ',');
    m = x_alloc(sizeof(*m));
    *m = (struct master){ .hub = hub, .next = hub->masters, .spec = x_strdup(spec), .hop = x_strdup(last ? last + 1 : spec) };
    m->child = (struct child){ .in = -1, .out = -1, .errs = -1, .pidfd = -1 };
    hub->masters = m;
    if (master_start(m, can_ask, err))
        return m;
    master_free(m);
    return NULL;
}

bool master_join(struct session *s, const char *spec, struct err *err)
{
    struct master *m = master_at(s->hub, spec, session_asker(s) != NULL, err);
    if (!m)
        return false;
    loop_timer_stop(&m->idle);
    s->master = m;
    s->master_next = m->users;
    m->users = s;
    return true;
}

const char *master_host(const struct session *s)
{
    return s->master->hop;
}

bool master_ready(const struct session *s)
{
    return s->master && s->master->ready;
}

static void on_idle(void *ctx)
{
    master_free(ctx);
}

void master_leave(struct session *s)
{
    struct master *m = s->master;
    if (!m)
        return;
    for (struct session **at = &m->users; *at; at = &(*at)->master_next)
        if (*at == s) {
            *at = s->master_next;
            break;
        }
    s->master = NULL;
    s->master_next = NULL;
    if (!m->users)
        loop_timer_in(m->hub->loop, &m->idle, IDLE_MS, on_idle, m);
}

bool master_pipe(struct session *s, struct err *err)
{
    struct arena mem = { 0 };
    const char *argv[OPENSSH_ARGS];
    struct openssh_how how = { 0 };
    bool ok = false;

    s->talk = x_alloc(sizeof(*s->talk));
    s->talk->host = conf_expand(s->conf, s->master->hop, NULL); /* the master may go first */
    if (talk_start(s->talk, s->hub, false, err)) {
        fill_hop(s->master, &how, &mem);
        how.log = s->talk->said_path;
        how.pipe_to = arena_printf(&mem, "[%s]:%d", s->conf->host, s->conf->port);
        openssh_argv(&how, &mem, argv);
        ok = child_start(&s->proxy, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)s->talk->env, CHILD_NEW_SESSION, err);
    }
    arena_done(&mem);
    return ok || err_wrap(err, "starting ssh -W");
}

void masters_end(struct transport_hub *hub)
{
    while (hub->masters)
        master_free(hub->masters);
}
