#include <stdlib.h>
#include <string.h>

#include "hub.h"

struct fallback {
    struct fallback *next;
    char *address, *why;
};

const char *hub_fallback(const struct transport_hub *hub, const char *address)
{
    for (const struct fallback *f = hub->fallbacks; f; f = f->next)
        if (strcmp(f->address, address) == 0)
            return f->why;
    return NULL;
}

void hub_remember_fallback(struct transport_hub *hub, const char *address, const char *why)
{
    if (hub_fallback(hub, address))
        return;
    struct fallback *f = x_alloc(sizeof(*f));
    *f = (struct fallback){ .next = hub->fallbacks, .address = x_strdup(address), .why = x_strdup(why) };
    hub->fallbacks = f;
}

void hub_fallbacks_end(struct transport_hub *hub)
{
    while (hub->fallbacks) {
        struct fallback *f = hub->fallbacks;
        hub->fallbacks = f->next;
        free(f->address);
        free(f->why);
        free(f);
    }
}
