/* gate.h - how many connections that are not logged in there may be at once: in all, and per sshd, which drops more than its
 * MaxStartups (10) at random. */
#ifndef IPAM_TRANSPORT_GATE_H
#define IPAM_TRANSPORT_GATE_H

#include "stream.h"

/* Lives in who wants to connect; zeroed = outside. */
struct gate_pass {
    struct transport_hub *hub;
    struct gate *gate;
    struct gate_pass *next;
    bool first; /* a jump host's, for which others wait: before all, whatever their number in all */
    bool passed, waiting, paused;
    void (*admitted)(void *ctx); /* only notes it or sets a timer: it may come from within gate_enter() or another's gate_leave() */
    void *ctx;
};

enum gate_result { GATE_UNTRIED, GATE_GOOD, GATE_BAD };

/* key: the sshd, and through what it is reached. admitted and ctx are set before. */
void gate_enter(struct transport_hub *hub, struct gate_pass *pass, const char *key);
void gate_leave(struct gate_pass *pass, enum gate_result result); /* also when outside */
void gate_pause(struct gate_pass *pass); /* a person is asked: the others do not wait for that */
void gate_slow(struct gate_pass *pass);  /* its sshd refuses: fewer at once from now on */
bool gate_crowded(const struct gate_pass *pass); /* others are, or were, connecting to the same sshd */
int gate_rank(const struct gate_pass *pass); /* 1: answered last time, -1: failed last time, 0: not known */
void gates_end(struct transport_hub *hub);

#endif
