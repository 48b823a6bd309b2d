/* loop.h - one thread's event loop over epoll(7): descriptors and timers. Events are named as poll(2) does.
 *
 * A loop and all that is registered with it belong to one thread. Handlers may register and unregister
 * anything, themselves included. Times are clock_mono_ms(). */
#ifndef IPAM_LOOP_H
#define IPAM_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct loop_watch;

struct loop *loop_new(void);
void loop_free(struct loop *loop); /* NULL is fine; watches are freed, timers forgotten */

typedef void loop_fd_fn(void *ctx, int fd, short revents);
/* Calls fn when fd has any of events (POLLIN, POLLOUT; POLLERR, POLLHUP always). The loop does not own fd. */
struct loop_watch *loop_watch(struct loop *loop, int fd, short events, loop_fd_fn *fn, void *ctx);
void loop_watch_events(struct loop_watch *watch, short events);
void loop_unwatch(struct loop_watch *watch); /* NULL is fine; at once, also inside a handler. Before close(fd). */

typedef void loop_timer_fn(void *ctx);
/* Lives in its owner; zeroed = stopped. */
struct loop_timer {
    struct loop *loop;
    int64_t due_ms;
    loop_timer_fn *fn;
    void *ctx;
    size_t place; /* 1-based place in the heap; 0 = stopped */
};
/* (Re)starts: fn(ctx) once, at or after due_ms. */
void loop_timer_at(struct loop *loop, struct loop_timer *timer, int64_t due_ms, loop_timer_fn *fn, void *ctx);
void loop_timer_in(struct loop *loop, struct loop_timer *timer, int64_t delay_ms, loop_timer_fn *fn, void *ctx);
void loop_timer_stop(struct loop_timer *timer);

/* Waits at most max_wait_ms (-1 = until something is due) and runs what is ready. */
void loop_turn(struct loop *loop, int max_wait_ms);
void loop_stop(struct loop *loop); /* loop_run() returns after this turn */
void loop_run(struct loop *loop);

#endif
