#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "ipamtui/log.h"

struct gate {
    struct gate *next;
    char *key;
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

/* In order of arrival, passing over those whose sshd has enough. */
static void admit(struct transport_hub *hub)
{
    struct gate_pass **at = &hub->gate_queue;
    while (*at && (hub->handshakes < hub->max_handshakes || (*at)->first)) {
        struct gate_pass *pass = *at;
        if (pass->gate->active >= pass->gate->most) {
            at = &pass->next;
            continue;
        }
        *at = pass->next;
        pass->next = NULL;
        pass->waiting = false;
        pass->passed = true;
        pass->gate->active++;
        hub->handshakes++;
        pass->admitted(pass->ctx);
    }
}

void gate_enter(struct transport_hub *hub, struct gate_pass *pass, const char *key)
{
    struct gate_pass **at = &hub->gate_queue;
    pass->hub = hub;
    pass->gate = gate_at(hub, key);
    pass->waiting = true;
    while (*at && (!pass->first || (*at)->first))
        at = &(*at)->next;
    pass->next = *at;
    *at = pass;
    admit(hub);
}

static void leave_queue(struct gate_pass *pass)
{
    for (struct gate_pass **at = &pass->hub->gate_queue; *at; at = &(*at)->next)
        if (*at == pass) {
            *at = pass->next;
            break;
        }
    pass->waiting = false;
    pass->next = NULL;
}

void gate_leave(struct gate_pass *pass, enum gate_result result)
{
    if (pass->waiting)
        leave_queue(pass);
    if (!pass->passed)
        return;
    struct gate *gate = pass->gate;
    pass->passed = false;
    pass->hub->handshakes -= !pass->paused;
    pass->paused = false;
    gate->active--;
    if (result != GATE_UNTRIED)
        gate->rank = result == GATE_GOOD ? 1 : -1;
    if (result == GATE_GOOD && gate->most < pass->hub->max_handshakes_per_host)
        gate->most++;
    admit(pass->hub);
}

void gate_pause(struct gate_pass *pass)
{
    if (!pass->passed || pass->paused)
        return;
    pass->paused = true;
    pass->hub->handshakes--;
    admit(pass->hub);
}

void gate_slow(struct gate_pass *pass)
{
    if (!pass->gate)
        return;
    pass->gate->most = MAX(pass->gate->most / 2, 1);
    log_line(pass->gate->key, "refused before the key exchange: at most %d connections at once", pass->gate->most);
}

bool gate_crowded(const struct gate_pass *pass)
{
    return pass->gate && (pass->gate->active > 1 || pass->gate->most < pass->hub->max_handshakes_per_host);
}

int gate_rank(const struct gate_pass *pass)
{
    return pass->gate ? pass->gate->rank : 0;
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
