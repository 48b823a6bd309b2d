/* connect.c - the way to a host: through which jump host, name lookup, TCP, or the pipe of a ProxyCommand. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "job.h"
#include "openssh.h"
#include "session.h"
#include "talk.h"

/* How a dead peer is found out below SSH. */
#define TCP_IDLE_S 30
#define TCP_INTERVAL_S 10
#define TCP_PROBES 3
#define TCP_GIVE_UP_MS 60000

static void told(struct session *s, enum transport_step step)
{
    s->step = step;
    if (s->stream)
        stream_step(s->stream, step);
    else
        log_line(session_host(s), "jump host: %s", transport_step_name(step));
}

/* The chain in front of s, or NULL. */
static const char *chain(const struct session *s)
{
    const char *spec = s->jump_spec ? s->jump_spec : s->conf->jump;
    return spec && strcmp(spec, "none") != 0 && *spec ? spec : NULL;
}

static bool uses_proxy(const struct session *s)
{
    return !s->jump_spec && !s->conf->jump && s->conf->proxy_command;
}

void connect_route(struct session *s)
{
    struct err err = { 0 };
    const char *spec = chain(s);

    loop_timer_stop(&s->limit);
    if (spec) {
        told(s, STEP_JUMP);
        s->state = SESSION_ROUTE;
        if (!(jump_pipe_reason(s->hub, spec) ? master_join(s, spec, &err) : jump_join(s, spec, &err)))
            session_fail(s, STEP_JUMP, &err);
        else
            session_wake(s);
        return;
    }
    connect_gate(s);
}

static void admitted(void *ctx)
{
    session_wake(ctx);
}

void connect_gate(struct session *s)
{
    const char *spec = chain(s);
    char key[400];
    snprintf(key, sizeof(key), "%s:%d%s%s", s->conf->host, s->conf->port, spec ? " via " : "", spec ? spec : "");
    s->state = SESSION_GATE;
    loop_timer_stop(&s->limit);
    s->pass.admitted = admitted;
    s->pass.first = s->pool != NULL;
    s->pass.ctx = s;
    gate_enter(s->hub, &s->pass, key);
}

/* ---- descriptors */

static void on_descriptor(void *ctx, int fd, short revents)
{
    (void)fd, (void)revents;
    session_pump(ctx);
}

static void watch(struct session *s, struct loop_watch **watch_at, int fd, short events)
{
    if (events && fd >= 0 && !*watch_at)
        *watch_at = loop_watch(s->hub->loop, fd, events, on_descriptor, s);
    else if (events && *watch_at)
        loop_watch_events(*watch_at, events);
    else {
        loop_unwatch(*watch_at);
        *watch_at = NULL;
    }
}

void connect_watch(struct session *s)
{
    bool dead = s->state == SESSION_DEAD || s->state == SESSION_CONNECT;
    /* At its end a descriptor stays readable for ever: it must leave the set. */
    bool reads = !dead && s->ssh && !s->in_eof && !s->io_err && s->in.len < QUEUE_HIGH;
    bool writes = !dead && s->ssh && s->out.len > 0 && !s->io_err;

    if (s->state == SESSION_CONNECT)
        return;
    if (s->fd_in == s->fd_out) {
        watch(s, &s->watch_in, s->fd_in, (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)));
        return;
    }
    watch(s, &s->watch_in, s->fd_in, reads ? POLLIN : 0);
    watch(s, &s->watch_out, s->fd_out, writes ? POLLOUT : 0);
}

void connect_close(struct session *s)
{
    loop_unwatch(s->watch_in);
    loop_unwatch(s->watch_out);
    loop_unwatch(s->proxy_errs);
    s->watch_in = s->watch_out = s->proxy_errs = NULL;
    if (s->proxy.pid > 0 || s->proxy.in >= 0 || s->proxy.out >= 0)
        child_end(&s->proxy, 0);
    else if (s->fd_in >= 0)
        close(s->fd_in);
    s->fd_in = s->fd_out = -1;
    if (s->talk)
        talk_done(s->talk);
    free(s->talk);
    s->talk = NULL;
}

/* ---- TCP */

static void tune(int fd)
{
    int on = 1, idle = TCP_IDLE_S, interval = TCP_INTERVAL_S, probes = TCP_PROBES, give_up = TCP_GIVE_UP_MS;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &give_up, sizeof(give_up));
}

static void unreachable(struct session *s, int why)
{
    struct err err = { 0 };
    const char *host = session_host(s);
    int port = s->conf->port;
    if (why == ECONNREFUSED)
        err_set(&err, ERR_UNREACHABLE, host, "%.80s refuses connections to port %d; is the sshd service running there?", host, port);
    else if (why == ETIMEDOUT)
        err_set(&err, ERR_TIMEOUT, host, "no answer from %.80s port %d; is it up, and does a firewall let the port through?", host,
                port);
    else
        err_set(&err, ERR_UNREACHABLE, host, "cannot connect to %.80s port %d: %s", host, port, strerror(why));
    session_fail(s, STEP_CONNECT, &err);
}

static void connected(struct session *s)
{
    loop_unwatch(s->watch_in);
    s->watch_in = NULL;
    tune(s->fd_in);
    kex_begin(s);
    session_wake(s);
}

static void try_next(struct session *s, int why)
{
    connect_close(s);
    if (++s->addresses.at >= s->addresses.count)
        unreachable(s, why);
    else
        connect_next_address(s);
}

static void on_connect(void *ctx, int fd, short revents)
{
    struct session *s = ctx;
    int why = 0;
    socklen_t len = sizeof(why);
    (void)revents;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len);
    if (why)
        try_next(s, why);
    else
        connected(s);
}

static bool bind_to(const struct session *s, int fd, int family)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (!s->conf->bind_address)
        return true;
    if (family == AF_INET && inet_pton(AF_INET, s->conf->bind_address, &v4.sin_addr) == 1)
        return bind(fd, (struct sockaddr *)&v4, sizeof(v4)) == 0;
    if (family == AF_INET6 && inet_pton(AF_INET6, s->conf->bind_address, &v6.sin6_addr) == 1)
        return bind(fd, (struct sockaddr *)&v6, sizeof(v6)) == 0;
    return true; /* a name: ssh resolves it, we let the system choose */
}

/* Tries the address at addresses.at; called again by the limit of the one before, which counts as no answer. */
void connect_next_address(struct session *s)
{
    if (s->fd_in >= 0) {
        try_next(s, ETIMEDOUT);
        return;
    }
    const struct sockaddr *at = (const struct sockaddr *)&s->addresses.item[s->addresses.at];
    int fd = socket(at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    s->state = SESSION_CONNECT;
    told(s, STEP_CONNECT);
    s->fd_in = s->fd_out = fd;
    if (fd < 0 || !bind_to(s, fd, at->sa_family)) {
        try_next(s, errno);
        return;
    }
    if (connect(fd, at, s->addresses.len[s->addresses.at]) == 0) {
        connected(s);
        return;
    }
    if (errno != EINPROGRESS) {
        try_next(s, errno);
        return;
    }
    s->watch_in = loop_watch(s->hub->loop, fd, POLLOUT, on_connect, s);
    int64_t limit = s->conf->connect_timeout_s > 0 ? (int64_t)s->conf->connect_timeout_s * 1000 : s->hub->connect_ms;
    session_limit(s, MIN(limit, s->hub->connect_ms));
}

/* ---- names */

static void add_address(struct session *s, const char *text)
{
    struct addresses *list = &s->addresses;
    char port[16];
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found = NULL;
    if (list->count == ADDRESSES_MAX)
        return;
    hints.ai_family = s->conf->family == '4' ? AF_INET : s->conf->family == '6' ? AF_INET6 : AF_UNSPEC;
    snprintf(port, sizeof(port), "%d", s->conf->port);
    if (getaddrinfo(text, port, &hints, &found) != 0) /* numeric only: never waits */
        return;
    memcpy(&list->item[list->count], found->ai_addr, found->ai_addrlen);
    list->len[list->count++] = found->ai_addrlen;
    freeaddrinfo(found);
}

/* getent ahosts: "127.0.0.1  STREAM localhost", one line per address and type. */
static void on_resolved(void *ctx, int exit_code, const char *out, const char *errs, const struct err *why)
{
    struct session *s = ctx;
    struct err err = *why;
    (void)errs;

    s->resolve_job = NULL;
    while (*out) {
        size_t len = strcspn(out, "\n"), word = strcspn(out, " \t\n");
        char *line = x_strndup(out, len);
        if (strstr(line, "STREAM")) {
            line[word] = '\0';
            add_address(s, line);
        }
        free(line);
        out += len + (out[len] == '\n');
    }
    if (s->addresses.count > 0) {
        connect_next_address(s);
        return;
    }
    if (err.kind == ERR_NONE)
        err_set(&err, ERR_UNREACHABLE, session_host(s), "the name %.100s is not known (%s %d); check the address or the name server",
                session_host(s), "getent", exit_code);
    session_fail(s, STEP_RESOLVE, &err);
}

static void resolve(struct session *s)
{
    char family = s->conf->family;
    s->addresses = (struct addresses){ 0 };
    s->state = SESSION_RESOLVE;
    told(s, STEP_RESOLVE);
    add_address(s, s->conf->host);
    if (s->addresses.count > 0) {
        connect_next_address(s);
        return;
    }
    const char *argv[] = { "getent", family == '4' ? "ahostsv4" : family == '6' ? "ahostsv6" : "ahosts", s->conf->host, NULL };
    s->resolve_job = job_start(s->hub, argv, NULL, s->hub->connect_ms, on_resolved, s);
    session_limit(s, s->hub->connect_ms + 1000);
}

/* ---- pipes */

static void on_proxy_errs(void *ctx, int fd, short revents)
{
    struct session *s = ctx;
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    (void)revents;
    if (n > 0 && s->stream)
        stream_stderr(s->stream, chunk, (size_t)n);
    else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        loop_unwatch(s->proxy_errs);
        s->proxy_errs = NULL;
    }
}

static void use_proxy(struct session *s)
{
    s->fd_in = s->proxy.out;
    s->fd_out = s->proxy.in;
    s->proxy_errs = loop_watch(s->hub->loop, s->proxy.errs, POLLIN, on_proxy_errs, s);
    kex_begin(s);
    session_limit(s, s->hub->connect_ms + s->hub->kex_ms); /* it connects, too */
    session_wake(s);
}

static void start_proxy_command(struct session *s)
{
    struct err err = { 0 };
    char *expanded = conf_expand(s->conf, s->conf->proxy_command, NULL);
    char *line = x_asprintf("exec %s", expanded);
    char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, line, NULL };

    told(s, STEP_CONNECT);
    if (child_start(&s->proxy, argv, NULL, CHILD_NEW_SESSION, &err))
        use_proxy(s);
    else {
        err_wrap(&err, "ProxyCommand");
        session_fail(s, STEP_CONNECT, &err);
    }
    free(line);
}

/* The jump host is logged in to by an ssh -M; ours is one more channel of it. */
static void start_ssh_pipe(struct session *s)
{
    struct err err = { 0 };
    told(s, STEP_CONNECT);
    if (master_pipe(s, &err))
        use_proxy(s);
    else
        session_fail(s, STEP_JUMP, &err);
}

void connect_begin(struct session *s)
{
    s->connecting_ms = clock_mono_ms();
    if (s->via) {
        s->state = SESSION_TUNNEL;
        told(s, STEP_CONNECT);
        session_wake(s);
    } else if (s->master)
        start_ssh_pipe(s);
    else if (uses_proxy(s))
        start_proxy_command(s);
    else
        resolve(s);
}
