#include "ipamtui/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void default_oom(void)
{
    fputs("ipamtui: out of memory\n", stderr);
    abort();
}

static void (*oom_handler)(void) = default_oom;

void x_set_oom_handler(void (*handler)(void))
{
    oom_handler = handler ? handler : default_oom;
}

static void *checked(void *memory)
{
    if (!memory) {
        oom_handler();
        abort(); /* a handler must not return */
    }
    return memory;
}

void *x_alloc(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

void *x_calloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *x_realloc(void *old, size_t size)
{
    return checked(realloc(old, size ? size : 1));
}

char *x_strdup(const char *text)
{
    return checked(strdup(text));
}

char *x_strndup(const char *text, size_t len)
{
    return checked(strndup(text, len));
}

char *x_asprintf(const char *fmt, ...)
{
    char *out = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&out, fmt, args);
    va_end(args);
    return checked(n < 0 ? NULL : out);
}

void x_wipe(void *memory, size_t len)
{
    if (memory && len)
        explicit_bzero(memory, len);
}

void x_grow(void *array_of_pointer, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return;
    size_t want = *cap ? *cap * 2 : 8;
    if (want < need)
        want = need;
    void *old, *grown;
    memcpy(&old, array_of_pointer, sizeof(old));
    if (want > SIZE_MAX / size)
        checked(NULL);
    grown = x_realloc(old, want * size);
    memcpy(array_of_pointer, &grown, sizeof(grown));
    *cap = want;
}
