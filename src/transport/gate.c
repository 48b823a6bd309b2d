/* gate.c - how many connections that are not logged in there may be: sshd drops more than MaxStartups (10) at random. */
#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "ipamtui/log.h"
#include "session.h"

struct gate {
    struct gate *next;
    char *key; /* host:port, and through what */
    int active, most;
    int rank;
};

static struct gate *gate_at(struct transport_hub *hub, const char *key)
{
    struct gate *gate;
    for (gate = hub->gates; gate; gate = gate->next)
        if (strcmp(gate->key, key) == 0)
            return gate;
    gate = x_alloc(sizeof(*gate));
    *gate = (struct gate){ .next = hub->gates, .key = x_strdup(key), .most = hub->max_handshakes_per_host };
    hub->gates = gate;
    return gate;
}

static void admit(struct transport_hub *hub)
{
    struct session **at = &hub->gate_queue;
    while (*at && hub->handshakes < hub->max_handshakes) {
        struct session *s = *at;
        if (s->gate->active >= s->gate->most) {
            at = &s->gate_next;
            continue;
        }
        *at = s->gate_next;
        s->gate_next = NULL;
        s->gate_waiting = false;
        s->gate_passed = true;
        s->gate->active++;
        hub->handshakes++;
        session_wake(s);
    }
}

void gate_enter(struct session *s, const char *key)
{
    struct session **at = &s->hub->gate_queue;
    s->gate = gate_at(s->hub, key);
    s->gate_waiting = true;
    while (*at)
        at = &(*at)->gate_next;
    *at = s;
    admit(s->hub);
}

void gate_leave(struct session *s, bool good)
{
    struct transport_hub *hub = s->hub;
    if (s->gate_waiting)
        for (struct session **at = &hub->gate_queue; *at; at = &(*at)->gate_next)
            if (*at == s) {
                *at = s->gate_next;
                break;
            }
    s->gate_waiting = false;
    s->gate_next = NULL;
    if (!s->gate_passed)
        return;
    s->gate_passed = false;
    hub->handshakes -= !s->gate_paused;
    s->gate_paused = false;
    s->gate->active--;
    s->gate->rank = good ? 1 : -1;
    if (good && s->gate->most < hub->max_handshakes_per_host)
        s->gate->most++;
    admit(hub);
}

void gate_pause(struct session *s)
{
    if (!s->gate_passed || s->gate_paused)
        return;
    s->gate_paused = true;
    s->hub->handshakes--;
    admit(s->hub);
}

void gate_slow(struct session *s)
{
    if (!s->gate)
        return;
    s->gate->most = MAX(s->gate->most / 2, 1);
    log_line(session_host(s), "refused before the key exchange: at most %d connections at once", s->gate->most);
}

int gate_rank(const struct session *s)
{
    return s->gate ? s->gate->rank : 0;
}

void gates_end(struct transport_hub *hub)
{
    while (hub->gates) {
        struct gate *gate = hub->gates;
        hub->gates = gate->next;
        free(gate->key);
        free(gate);
    }
}
