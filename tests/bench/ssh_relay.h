/* ssh_relay.h - a TCP relay on loopback that holds back every byte for a while: a far away jump host. Included by one benchmark. */
#ifndef IPAM_BENCH_SSH_RELAY_H
#define IPAM_BENCH_SSH_RELAY_H

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "sshd.h"

#define RELAY_MOST 128

/* Bytes on their way in one direction. */
struct relay_chunk {
    struct relay_chunk *next;
    int64_t due_us;
    size_t len, sent;
    char bytes[];
};
struct relay_way {
    int from, to;
    struct relay_chunk *first, **last;
    bool ended; /* nothing more comes in */
};
struct relay_pair {
    struct relay_way way[2];
};

static inline int64_t relay_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static inline void relay_read(struct relay_way *w, int64_t delay_us)
{
    static char room[65536];
    ssize_t n = read(w->from, room, sizeof(room));
    if (n < 0 && errno == EAGAIN)
        return;
    struct relay_chunk *c = malloc(sizeof(*c) + (size_t)(n > 0 ? n : 0));
    *c = (struct relay_chunk){ .due_us = relay_now_us() + delay_us, .len = n > 0 ? (size_t)n : 0 };
    if (n > 0)
        memcpy(c->bytes, room, (size_t)n);
    else
        w->ended = true;
    *w->last = c;
    w->last = &c->next;
}

/* What is due goes out; an empty chunk is the end. False: it went. */
static inline bool relay_write(struct relay_way *w)
{
    while (w->first && w->first->due_us <= relay_now_us()) {
        struct relay_chunk *c = w->first;
        if (c->len == 0)
            return false;
        ssize_t n = write(w->to, c->bytes + c->sent, c->len - c->sent);
        if (n < 0)
            return errno == EAGAIN;
        c->sent += (size_t)n;
        if (c->sent < c->len)
            return true;
        w->first = c->next;
        if (!w->first)
            w->last = &w->first;
        free(c);
    }
    return true;
}

static inline void relay_pair_end(struct relay_pair *p)
{
    close(p->way[0].from);
    close(p->way[0].to);
    for (int i = 0; i < 2; i++)
        while (p->way[i].first) {
            struct relay_chunk *c = p->way[i].first;
            p->way[i].first = c->next;
            free(c);
        }
    p->way[0].from = -1;
}

static inline void relay_accept(struct relay_pair *pairs, int listener, int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK), server = socket(AF_INET, SOCK_STREAM, 0), on = 1, i = 0;
    while (i < RELAY_MOST && pairs[i].way[0].from >= 0)
        i++;
    if (client < 0 || i == RELAY_MOST || connect(server, (struct sockaddr *)&at, sizeof(at)) != 0) {
        close(client);
        close(server);
        return;
    }
    fcntl(server, F_SETFL, O_NONBLOCK);
    setsockopt(client, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
    setsockopt(server, IPPROTO_TCP, 1, &on, sizeof(on));
    pairs[i].way[0] = (struct relay_way){ .from = client, .to = server, .last = &pairs[i].way[0].first };
    pairs[i].way[1] = (struct relay_way){ .from = server, .to = client, .last = &pairs[i].way[1].first };
}

/* Milliseconds until something is due, at least 1; fills what to wait for. */
static inline int relay_prepare(struct relay_pair *pairs, struct pollfd *fds, nfds_t *count)
{
    int64_t now = relay_now_us(), next = now + 1000000;
    for (int i = 0; i < RELAY_MOST; i++)
        for (int k = 0; k < 2 && pairs[i].way[0].from >= 0; k++) {
            const struct relay_way *w = &pairs[i].way[k];
            bool late = w->first && w->first->due_us <= now; /* the other side is full */
            if (w->first && !late && w->first->due_us < next)
                next = w->first->due_us;
            if (!w->ended)
                fds[(*count)++] = (struct pollfd){ .fd = w->from, .events = POLLIN };
            if (late)
                fds[(*count)++] = (struct pollfd){ .fd = w->to, .events = POLLOUT };
        }
    return (int)((next - now + 999) / 1000);
}

static inline void relay_run(int listener, int port, int64_t delay_us)
{
    static struct relay_pair pairs[RELAY_MOST];
    static struct pollfd fds[4 * RELAY_MOST + 1];
    for (int i = 0; i < RELAY_MOST; i++)
        pairs[i].way[0].from = -1;
    for (;;) {
        nfds_t count = 1;
        fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
        int wait_ms = relay_prepare(pairs, fds, &count);
        if (poll(fds, count, wait_ms) < 0)
            _exit(1);
        if (fds[0].revents)
            relay_accept(pairs, listener, port);
        for (int i = 0; i < RELAY_MOST; i++)
            for (int k = 0; k < 2 && pairs[i].way[0].from >= 0; k++) {
                struct relay_way *w = &pairs[i].way[k];
                if (!w->ended)
                    relay_read(w, delay_us);
                if (!relay_write(w))
                    relay_pair_end(&pairs[i]);
            }
    }
}

/* To port, each way taking one_way_us longer. Ends with the benchmark at the latest. */
static inline pid_t relay_start(int *relay_port, int port, int64_t one_way_us)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 64) != 0 || getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        return -1;
    *relay_port = ntohs(at.sin_port);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGPIPE, SIG_IGN);
        alarm(600);
        relay_run(fd, port, one_way_us);
    }
    close(fd);
    return pid;
}

#endif
