#include "secret.h"

#include <string.h>
#include <sys/mman.h>

#include "hub.h"

#define SECRET_COUNT 64

struct secret {
    char name[256]; /* "": free */
    char value[SECRET_SIZE];
};
#define REGION (SECRET_COUNT * sizeof(struct secret))

static struct secret *find(struct transport_hub *hub, const char *name)
{
    for (size_t i = 0; hub->secrets && i < SECRET_COUNT; i++)
        if (strncmp(hub->secrets[i].name, name, sizeof(hub->secrets[i].name) - 1) == 0)
            return &hub->secrets[i];
    return NULL;
}

static bool make_region(struct transport_hub *hub)
{
    if (hub->secrets)
        return true;
    void *at = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return false;
    /* A user without the right to lock memory still gets the rest. */
    (void)mlock(at, REGION);
    (void)madvise(at, REGION, MADV_DONTDUMP);
    (void)madvise(at, REGION, MADV_DONTFORK);
    hub->secrets = at;
    return true;
}

bool secret_put(struct transport_hub *hub, const char *name, const char *value)
{
    struct secret *s;
    size_t len = strlen(value);
    if (len >= SECRET_SIZE || !*name || !make_region(hub))
        return false;
    s = find(hub, name);
    if (!s)
        s = find(hub, "");
    if (!s)
        return false;
    x_wipe(s, sizeof(*s));
    strncpy(s->name, name, sizeof(s->name) - 1);
    memcpy(s->value, value, len + 1);
    return true;
}

const char *secret_get(struct transport_hub *hub, const char *name)
{
    const struct secret *s = *name ? find(hub, name) : NULL;
    return s ? s->value : NULL;
}

void secret_forget(struct transport_hub *hub, const char *name)
{
    struct secret *s = *name ? find(hub, name) : NULL;
    if (s)
        x_wipe(s, sizeof(*s));
}

void secrets_end(struct transport_hub *hub)
{
    if (!hub->secrets)
        return;
    x_wipe(hub->secrets, REGION);
    munmap(hub->secrets, REGION);
    hub->secrets = NULL;
}
