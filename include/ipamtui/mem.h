/* mem.h - memory that never is NULL, arenas, and growing byte buffers.
 *
 * Out of memory calls the handler that main installed (it restores the terminal and ends the process).
 * An arena belongs to one thread at a time; so does a buffer. */
#ifndef IPAM_MEM_H
#define IPAM_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/err.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Zeroed. The caller frees with free(). */
void *x_alloc(size_t size);
void *x_calloc(size_t count, size_t size);
void *x_realloc(void *old, size_t size);
char *x_strdup(const char *text);
char *x_strndup(const char *text, size_t len);
char *x_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Called once when memory is out; must not return. Default: a line on stderr and abort. */
void x_set_oom_handler(void (*handler)(void));
/* Overwrites memory that held a secret; not optimized away. */
void x_wipe(void *memory, size_t len);

/* Grows *array (element size `size`) so that it holds at least need elements; *cap follows. */
void x_grow(void *array_of_pointer, size_t *cap, size_t need, size_t size);

/* Many small things that die together. Zeroed struct = empty arena. */
struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used;  /* bytes handed out since the last reset */
    size_t limit; /* 0 = none; arena_alloc past it sets over_limit and still answers (caller checks) */
    bool over_limit;
};
void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *arena); /* keeps one block for reuse */
void arena_done(struct arena *arena);  /* also on a zeroed one */

/* A byte buffer with a read offset: appended at the end, consumed at the front. data is NUL-terminated at
 * start+len whenever data is not NULL. Zeroed struct = empty, no limit. */
struct buf {
    char *data;
    size_t start, len, cap;
    size_t limit; /* 0 = none: most bytes it may hold */
};
/* false: the limit would be passed (nothing was appended). */
bool buf_add(struct buf *buf, const void *bytes, size_t len);
bool buf_adds(struct buf *buf, const char *text);
bool buf_addc(struct buf *buf, char c);
bool buf_addf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_vaddf(struct buf *buf, const char *fmt, va_list args);
/* First unread byte; "" when empty. */
static inline char *buf_at(const struct buf *buf)
{
    return buf->data ? buf->data + buf->start : (char *)"";
}
/* Room for at least want bytes after the unread ones; write there, then buf_added(). NULL: over the limit. */
char *buf_room(struct buf *buf, size_t want);
void buf_added(struct buf *buf, size_t len);
void buf_take(struct buf *buf, size_t len); /* consumes from the front */
void buf_clear(struct buf *buf);            /* keeps the memory */
char *buf_steal(struct buf *buf);           /* the text, now the caller's to free; buf is empty */
void buf_done(struct buf *buf);

#endif
