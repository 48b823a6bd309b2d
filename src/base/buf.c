#include "ipamtui/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Moves the unread bytes to the front when that is cheap or needed. */
static void compact(struct buf *buf)
{
    if (buf->start == 0)
        return;
    memmove(buf->data, buf->data + buf->start, buf->len + 1);
    buf->start = 0;
}

char *buf_room(struct buf *buf, size_t want)
{
    if (buf->limit && (buf->len > buf->limit || want > buf->limit - buf->len))
        return NULL;
    if (buf->start && buf->start + buf->len + want + 1 > buf->cap)
        compact(buf);
    if (buf->start + buf->len + want + 1 > buf->cap) {
        x_grow(&buf->data, &buf->cap, buf->start + buf->len + want + 1, 1);
    }
    return buf->data + buf->start + buf->len;
}

void buf_added(struct buf *buf, size_t len)
{
    buf->len += len;
    buf->data[buf->start + buf->len] = '\0';
}

bool buf_add(struct buf *buf, const void *bytes, size_t len)
{
    char *at = buf_room(buf, len);
    if (!at)
        return false;
    if (len)
        memcpy(at, bytes, len);
    buf_added(buf, len);
    return true;
}

bool buf_adds(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

bool buf_addc(struct buf *buf, char c)
{
    return buf_add(buf, &c, 1);
}

bool buf_vaddf(struct buf *buf, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    /* Most texts fit into what is there: they are formatted once. */
    size_t space = buf->data ? buf->cap - buf->start - buf->len : 0;
    char *at = space ? buf->data + buf->start + buf->len : NULL;
    int n = vsnprintf(at, space, fmt, args);
    bool fits = n >= 0 && (size_t)n < space && (!buf->limit || (size_t)n <= buf->limit - MIN(buf->len, buf->limit));
    if (!fits && at)
        *at = '\0';
    if (!fits && n >= 0 && (at = buf_room(buf, (size_t)n)) != NULL) {
        vsnprintf(at, (size_t)n + 1, fmt, again);
        fits = true;
    }
    if (fits)
        buf_added(buf, (size_t)n);
    va_end(again);
    return fits;
}

bool buf_addf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    bool ok = buf_vaddf(buf, fmt, args);
    va_end(args);
    return ok;
}

void buf_take(struct buf *buf, size_t len)
{
    if (len > buf->len)
        len = buf->len;
    buf->start += len;
    buf->len -= len;
    if (buf->len == 0) {
        buf->start = 0;
        if (buf->data)
            buf->data[0] = '\0';
    }
}

void buf_clear(struct buf *buf)
{
    buf_take(buf, buf->len);
}

char *buf_steal(struct buf *buf)
{
    if (!buf->data)
        return x_strdup("");
    compact(buf);
    char *text = buf->data;
    size_t limit = buf->limit;
    *buf = (struct buf){ .limit = limit };
    return text;
}

void buf_done(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){ .limit = buf->limit };
}
