#include "ipamtui/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ipamtui/clock.h"
#include "ipamtui/mem.h"

/* epoll holds the descriptors, so that a turn costs what is ready, not what is watched. What it refuses (a plain file, a
 * descriptor that is watched already) is polled beside it. */
struct loop_watch {
    struct loop *loop;
    size_t place; /* in loop->watches */
    bool odd;     /* polled */
    int fd;
    short events;
    bool gone; /* unwatched in this turn; freed at its end */
    loop_fd_fn *fn;
    void *ctx;
};
struct loop {
    int epoll;
    struct loop_watch **watches;
    size_t count, watch_cap, odd_count;
    struct loop_watch **grave;
    size_t grave_count, grave_cap;
    struct loop_timer **heap; /* earliest first */
    size_t timer_count, timer_cap;
    bool stop;
};

struct loop *loop_new(void)
{
    struct loop *loop = x_alloc(sizeof(*loop));
    loop->epoll = epoll_create1(EPOLL_CLOEXEC); /* -1: everything is odd */
    return loop;
}

static void bury(struct loop *loop)
{
    for (size_t i = 0; i < loop->grave_count; i++)
        free(loop->grave[i]);
    loop->grave_count = 0;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    for (size_t i = 0; i < loop->timer_count; i++)
        loop->heap[i]->place = 0;
    for (size_t i = 0; i < loop->count; i++)
        free(loop->watches[i]);
    bury(loop);
    free(loop->watches);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop->grave);
    free(loop->heap);
    free(loop);
}

struct loop_watch *loop_watch(struct loop *loop, int fd, short events, loop_fd_fn *fn, void *ctx)
{
    struct loop_watch *watch = x_alloc(sizeof(*watch));
    *watch = (struct loop_watch){ .loop = loop, .place = loop->count, .fd = fd, .events = events, .fn = fn, .ctx = ctx };
    x_grow(&loop->watches, &loop->watch_cap, loop->count + 1, sizeof(*loop->watches));
    loop->watches[loop->count] = watch;
    loop->count++;
    struct epoll_event event = { .events = (uint16_t)events, .data.ptr = watch };
    watch->odd = loop->epoll < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0;
    loop->odd_count += watch->odd;
    return watch;
}

void loop_watch_events(struct loop_watch *watch, short events)
{
    struct epoll_event event = { .events = (uint16_t)events, .data.ptr = watch };
    bool same = watch->events == events;
    watch->events = events;
    if (!watch->gone && !watch->odd && !same)
        epoll_ctl(watch->loop->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void loop_unwatch(struct loop_watch *watch)
{
    if (!watch || watch->gone)
        return;
    struct loop *loop = watch->loop;
    size_t last = --loop->count;
    loop->watches[watch->place] = loop->watches[last];
    loop->watches[watch->place]->place = watch->place;
    watch->gone = true;
    if (watch->odd)
        loop->odd_count--;
    else
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    x_grow(&loop->grave, &loop->grave_cap, loop->grave_count + 1, sizeof(*loop->grave));
    loop->grave[loop->grave_count++] = watch;
}

/* ---- timers: a binary heap; place is 1-based so that a zeroed timer is a stopped one */
static void heap_put(struct loop *loop, size_t at, struct loop_timer *timer)
{
    loop->heap[at] = timer;
    timer->place = at + 1;
}

static void heap_up(struct loop *loop, size_t at, struct loop_timer *timer)
{
    while (at > 0 && loop->heap[(at - 1) / 2]->due_ms > timer->due_ms) {
        heap_put(loop, at, loop->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(loop, at, timer);
}

static void heap_down(struct loop *loop, size_t at, struct loop_timer *timer)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= loop->timer_count)
            break;
        if (child + 1 < loop->timer_count && loop->heap[child + 1]->due_ms < loop->heap[child]->due_ms)
            child++;
        if (loop->heap[child]->due_ms >= timer->due_ms)
            break;
        heap_put(loop, at, loop->heap[child]);
        at = child;
    }
    heap_put(loop, at, timer);
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (timer->place == 0)
        return;
    struct loop *loop = timer->loop;
    size_t at = timer->place - 1;
    struct loop_timer *moved = loop->heap[--loop->timer_count];
    timer->place = 0;
    if (moved == timer)
        return;
    if (at > 0 && loop->heap[(at - 1) / 2]->due_ms > moved->due_ms)
        heap_up(loop, at, moved);
    else
        heap_down(loop, at, moved);
}

void loop_timer_at(struct loop *loop, struct loop_timer *timer, int64_t due_ms, loop_timer_fn *fn, void *ctx)
{
    loop_timer_stop(timer);
    *timer = (struct loop_timer){ .loop = loop, .due_ms = due_ms, .fn = fn, .ctx = ctx };
    x_grow(&loop->heap, &loop->timer_cap, loop->timer_count + 1, sizeof(*loop->heap));
    heap_up(loop, loop->timer_count++, timer);
}

void loop_timer_in(struct loop *loop, struct loop_timer *timer, int64_t delay_ms, loop_timer_fn *fn, void *ctx)
{
    loop_timer_at(loop, timer, clock_mono_ms() + delay_ms, fn, ctx);
}

static void run_timers(struct loop *loop)
{
    int64_t now = clock_mono_ms();
    /* Timers set by a handler for "now" wait for the next turn: descriptors get theirs first. */
    size_t budget = loop->timer_count;
    while (budget-- > 0 && loop->timer_count > 0 && loop->heap[0]->due_ms <= now) {
        struct loop_timer *timer = loop->heap[0];
        loop_timer_stop(timer);
        timer->fn(timer->ctx);
    }
}

static int wait_ms(const struct loop *loop, int max_wait_ms)
{
    if (loop->timer_count == 0)
        return max_wait_ms;
    int64_t left = loop->heap[0]->due_ms - clock_mono_ms();
    if (left < 0)
        left = 0;
    if (left > 60000)
        left = 60000; /* a bound on what a wrong clock can do */
    return max_wait_ms < 0 || left < max_wait_ms ? (int)left : max_wait_ms;
}

static void tell(struct loop_watch *watch, short revents)
{
    if (!watch->gone && revents)
        watch->fn(watch->ctx, watch->fd, revents);
}

/* Waits for the odd ones and for epoll; tells the odd ones. */
static void poll_odd(struct loop *loop, int wait)
{
    size_t count = 0, odd = loop->odd_count;
    struct pollfd *fds = x_calloc(odd + 1, sizeof(*fds));
    struct loop_watch **watches = x_calloc(odd, sizeof(*watches));
    for (size_t i = 0; i < loop->count && count < odd; i++)
        if (loop->watches[i]->odd) {
            fds[count] = (struct pollfd){ .fd = loop->watches[i]->fd, .events = loop->watches[i]->events };
            watches[count++] = loop->watches[i];
        }
    fds[count] = (struct pollfd){ .fd = loop->epoll, .events = POLLIN };
    if (poll(fds, count + 1, wait) > 0)
        for (size_t i = 0; i < count; i++)
            tell(watches[i], fds[i].revents);
    free(fds);
    free(watches);
}

enum { READY_MAX = 256 };
void loop_turn(struct loop *loop, int max_wait_ms)
{
    struct epoll_event ready[READY_MAX];
    int wait = wait_ms(loop, max_wait_ms), n;
    if (loop->odd_count > 0) {
        poll_odd(loop, wait);
        wait = 0;
    }
    /* Poll and epoll have the same bits. A watch that a handler took away stays until the turn's end. */
    n = loop->epoll < 0 ? 0 : epoll_wait(loop->epoll, ready, READY_MAX, wait);
    for (int i = 0; i < n; i++)
        tell(ready[i].data.ptr, (short)ready[i].events);
    run_timers(loop);
    bury(loop);
}

void loop_stop(struct loop *loop)
{
    loop->stop = true;
}

void loop_run(struct loop *loop)
{
    loop->stop = false;
    while (!loop->stop)
        loop_turn(loop, -1);
}
