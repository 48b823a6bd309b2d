#include "agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hub.h"
#include "wire.h"

#define LIST_LIMIT_MS 10000
#define SIGN_LIMIT_MS 110000 /* a person may have to touch something */
#define AGENT_REQUEST_IDENTITIES 11

struct agent_request {
    struct agent *agent;
    struct agent_request *next;
    struct buf message; /* with its length word */
    bool sent, cancelled;
    agent_list_fn *listed;
    agent_sign_fn *signed_;
    void *ctx;
};

struct agent {
    struct transport_hub *hub;
    struct agent *next;
    char *path;
    int fd;
    struct loop_watch *watch;
    struct agent_request *first;
    struct buf in, out;
    struct loop_timer limit, turn;
};

static void next_request(struct agent *agent);

static void request_free(struct agent_request *request)
{
    buf_done(&request->message);
    free(request);
}

static void disconnect(struct agent *agent)
{
    loop_unwatch(agent->watch);
    agent->watch = NULL;
    if (agent->fd >= 0)
        close(agent->fd);
    agent->fd = -1;
    buf_clear(&agent->in);
    buf_clear(&agent->out);
    loop_timer_stop(&agent->limit);
}

static void report(struct agent_request *request, const unsigned char *body, size_t len, const struct err *why)
{
    struct err err = *why;
    if (request->cancelled)
        return;
    if (request->listed) {
        struct agent_keys keys = { 0 };
        bool ok = body && agent_read_identities(body, len, &keys);
        if (body && !ok)
            err_set(&err, ERR_REMOTE, request->agent->path, "the ssh agent gave no list of keys");
        request->listed(request->ctx, ok ? &keys : NULL, &err);
        agent_keys_done(&keys);
        return;
    }
    const unsigned char *sig = NULL;
    size_t sig_len = 0;
    if (body && !agent_read_signature(body, len, &sig, &sig_len))
        err_set(&err, ERR_DENIED, request->agent->path, "the ssh agent refused to sign (locked, not confirmed, or a constrained key)");
    request->signed_(request->ctx, sig, sig_len, &err);
}

/* The first request is answered, or failed (body NULL). */
static void answer_first(struct agent *agent, const unsigned char *body, size_t len, const struct err *err)
{
    struct agent_request *request = agent->first;
    if (!request)
        return;
    agent->first = request->next;
    loop_timer_stop(&agent->limit);
    report(request, body, len, err);
    request_free(request);
}

static void lost(struct agent *agent, enum err_kind kind, const char *what)
{
    struct err err = { 0 };
    disconnect(agent);
    err_set(&err, kind, agent->path, "%s", what);
    answer_first(agent, NULL, 0, &err);
    next_request(agent);
}

/* Those that wait in line would only wait as long again, one after the other. */
static void on_limit(void *ctx)
{
    struct agent *agent = ctx;
    struct err err = { 0 };
    disconnect(agent);
    err_set(&err, ERR_TIMEOUT, agent->path, "the ssh agent did not answer in time");
    struct agent_request *all = agent->first;
    agent->first = NULL; /* what is asked from within the answers comes after */
    while (all) {
        struct agent_request *request = all;
        all = request->next;
        report(request, NULL, 0, &err);
        request_free(request);
    }
}

static void flush(struct agent *agent)
{
    while (agent->out.len > 0) {
        ssize_t n = send(agent->fd, buf_at(&agent->out), agent->out.len, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        buf_take(&agent->out, (size_t)n);
    }
    if (agent->watch)
        loop_watch_events(agent->watch, (short)(POLLIN | (agent->out.len ? POLLOUT : 0)));
}

static void read_replies(struct agent *agent)
{
    static const struct err none;
    while (agent->fd >= 0 && agent->in.len >= 4) {
        size_t len = wire_get32((const unsigned char *)buf_at(&agent->in));
        if (len > AGENT_REPLY_LIMIT) {
            lost(agent, ERR_REMOTE, "the ssh agent answered with something that is no answer");
            return;
        }
        if (agent->in.len < 4 + len)
            return;
        unsigned char *body = x_alloc(len + 1);
        memcpy(body, buf_at(&agent->in) + 4, len);
        buf_take(&agent->in, 4 + len);
        answer_first(agent, body, len, &none);
        free(body);
        next_request(agent);
    }
}

static void on_socket(void *ctx, int fd, short revents)
{
    struct agent *agent = ctx;
    char chunk[8192];
    ssize_t n = 0;

    if (revents & (POLLIN | POLLHUP | POLLERR)) {
        n = recv(fd, chunk, sizeof(chunk), 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            lost(agent, ERR_IO, "the ssh agent closed the connection");
            return;
        }
        if (n > 0)
            buf_add(&agent->in, chunk, (size_t)n);
        read_replies(agent);
    }
    if (agent->fd >= 0)
        flush(agent);
}

static bool connect_agent(struct agent *agent)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    if (agent->fd >= 0)
        return true;
    if (strlen(agent->path) >= sizeof(at.sun_path))
        return false;
    strcpy(at.sun_path, agent->path);
    agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (agent->fd < 0 || connect(agent->fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        disconnect(agent);
        return false;
    }
    agent->watch = loop_watch(agent->hub->loop, agent->fd, POLLIN, on_socket, agent);
    return true;
}

static void run_first(void *ctx)
{
    struct agent *agent = ctx;
    struct agent_request *request = agent->first;

    while (request && request->cancelled && !request->sent) {
        agent->first = request->next;
        request_free(request);
        request = agent->first;
    }
    if (!request || request->sent)
        return;
    if (!connect_agent(agent)) {
        lost(agent, ERR_IO, "there is no ssh agent at this socket");
        return;
    }
    request->sent = true;
    buf_add(&agent->out, buf_at(&request->message), request->message.len);
    loop_timer_in(agent->hub->loop, &agent->limit, request->listed ? LIST_LIMIT_MS : SIGN_LIMIT_MS, on_limit, agent);
    flush(agent);
}

static void next_request(struct agent *agent)
{
    if (agent->first)
        loop_timer_in(agent->hub->loop, &agent->turn, 0, run_first, agent);
}

static struct agent_request *add(struct agent *agent, struct agent_request *request, const struct buf *body)
{
    struct agent_request **at = &agent->first;
    request->agent = agent;
    wire_string(&request->message, buf_at(body), body->len);
    while (*at)
        at = &(*at)->next;
    *at = request;
    if (agent->first == request)
        next_request(agent);
    return request;
}

struct agent_request *agent_list(struct agent *agent, agent_list_fn *fn, void *ctx)
{
    struct agent_request *request = x_alloc(sizeof(*request));
    struct buf body = { 0 };
    request->listed = fn;
    request->ctx = ctx;
    buf_addc(&body, AGENT_REQUEST_IDENTITIES);
    add(agent, request, &body);
    buf_done(&body);
    return request;
}

struct agent_request *agent_sign(struct agent *agent, const unsigned char *blob, size_t blob_len,
                                 const unsigned char *data, size_t data_len, uint32_t flags, agent_sign_fn *fn, void *ctx)
{
    struct agent_request *request = x_alloc(sizeof(*request));
    struct buf body = { 0 };
    request->signed_ = fn;
    request->ctx = ctx;
    agent_write_sign(&body, blob, blob_len, data, data_len, flags);
    add(agent, request, &body);
    buf_done(&body);
    return request;
}

void agent_cancel(struct agent_request *request)
{
    if (request)
        request->cancelled = true; /* one that was sent keeps its place: its answer must be read */
}

struct agent *agent_at(struct transport_hub *hub, const char *path)
{
    struct agent *agent;
    for (agent = hub->agents; agent; agent = agent->next)
        if (strcmp(agent->path, path) == 0)
            return agent;
    agent = x_alloc(sizeof(*agent));
    *agent = (struct agent){ .hub = hub, .next = hub->agents, .path = x_strdup(path), .fd = -1 };
    hub->agents = agent;
    return agent;
}

void agents_end(struct transport_hub *hub)
{
    while (hub->agents) {
        struct agent *agent = hub->agents;
        hub->agents = agent->next;
        disconnect(agent);
        loop_timer_stop(&agent->turn);
        while (agent->first) {
            struct agent_request *request = agent->first;
            agent->first = request->next;
            request_free(request);
        }
        buf_done(&agent->in);
        buf_done(&agent->out);
        free(agent->path);
        free(agent);
    }
}
