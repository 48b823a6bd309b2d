#include "ipamtui/mem.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 16384

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(max_align_t) char data[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);
    size_t want = (size + align - 1) & ~(align - 1);
    struct arena_block *block = arena->head;

    if (!block || block->size - block->used < want) {
        size_t room = want > BLOCK_SIZE ? want : BLOCK_SIZE;
        struct arena_block *fresh = x_realloc(NULL, sizeof(*fresh) + room);
        *fresh = (struct arena_block){ .next = block, .size = room };
        arena->head = block = fresh;
    }
    void *at = block->data + block->used;
    block->used += want;
    arena->used += want;
    if (arena->limit && arena->used > arena->limit)
        arena->over_limit = true;
    return memset(at, 0, want);
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);
    memcpy(copy, text, len);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *out = arena_alloc(arena, (size_t)(n < 0 ? 0 : n) + 1);
    if (n > 0)
        vsnprintf(out, (size_t)n + 1, fmt, again);
    va_end(again);
    return out;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *keep = NULL;

    while (arena->head) {
        struct arena_block *block = arena->head;
        arena->head = block->next;
        if (!keep && block->size == BLOCK_SIZE)
            keep = block;
        else
            free(block);
    }
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
    arena->head = keep;
    arena->used = 0;
    arena->over_limit = false;
}

void arena_done(struct arena *arena)
{
    while (arena->head) {
        struct arena_block *block = arena->head;
        arena->head = block->next;
        free(block);
    }
    arena->used = 0;
    arena->over_limit = false;
}
