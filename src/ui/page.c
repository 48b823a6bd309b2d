#include "page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/hash.h"
#include "ipamtui/text.h"
#include "screen.h"

void page_clear(struct page *page)
{
    arena_reset(&page->mem);
    page->count = 0;
    page->lines = 0;
}

void page_done(struct page *page)
{
    arena_done(&page->mem);
    free(page->parts);
    *page = (struct page){ 0 };
}

void page_line(struct page *page)
{
    page->lines++;
}

static void add(struct page *page, struct page_part part, const char *fmt, va_list args)
{
    struct buf text = { 0 };

    buf_vaddf(&text, fmt, args);
    part.text = arena_strdup(&page->mem, buf_at(&text));
    part.line = page->lines - 1;
    buf_done(&text);
    x_grow(&page->parts, &page->cap, page->count + 1, sizeof *page->parts);
    page->parts[page->count++] = part;
}

void page_text(struct page *page, int x, int w, enum look look, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(page, (struct page_part){ .x = x, .w = w, .look = look }, fmt, args);
    va_end(args);
}

void page_spot(struct page *page, int x, int w, enum look look, uint64_t tag, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(page, (struct page_part){ .x = x, .w = w, .look = look, .tag = tag }, fmt, args);
    va_end(args);
}

uint64_t page_tag(const char *text, uint64_t more)
{
    uint64_t hash = hash_bytes(HASH_START ^ more, text, strlen(text));

    return hash ? hash : 1;
}

/* ------------------------------------------------------------------ the cursor */
static size_t place_of(const struct page *page, uint64_t tag)
{
    for (size_t i = 0; tag && i < page->count; i++)
        if (page->parts[i].tag == tag)
            return i;
    return SIZE_MAX;
}

/* The spot next to place, itself first, then down, then up. */
static size_t near_place(const struct page *page, size_t place)
{
    for (size_t i = place; i < page->count; i++)
        if (page->parts[i].tag)
            return i;
    for (size_t i = MIN(place, page->count); i > 0; i--)
        if (page->parts[i - 1].tag)
            return i - 1;
    return SIZE_MAX;
}

static size_t current(struct page *page)
{
    size_t at = place_of(page, page->at);

    if (at == SIZE_MAX)
        at = near_place(page, page->at ? page->last : 0);
    if (at != SIZE_MAX)
        page->last = at;
    return at;
}

const struct page_part *page_at(struct page *page)
{
    size_t at = current(page);

    return at == SIZE_MAX ? NULL : &page->parts[at];
}

static void go(struct page *page, size_t at)
{
    page->at = page->parts[at].tag;
    page->last = at;
}

/* Of the spots on line, the one nearest to x. */
static size_t on_line(const struct page *page, int line, int x)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < page->count; i++) {
        const struct page_part *part = &page->parts[i];

        if (part->tag && part->line == line && (best == SIZE_MAX || abs(part->x - x) < abs(page->parts[best].x - x)))
            best = i;
    }
    return best;
}

void page_move(struct page *page, int64_t lines)
{
    size_t from = current(page), found = SIZE_MAX;
    int64_t left = lines < 0 ? -lines : lines;
    int step = lines < 0 ? -1 : 1;

    if (from == SIZE_MAX)
        return;
    for (int line = page->parts[from].line + step; left > 0 && line >= 0 && line < page->lines; line += step) {
        size_t spot = on_line(page, line, page->parts[from].x);

        if (spot != SIZE_MAX) { /* lines without one are stepped over */
            found = spot;
            left--;
        }
    }
    if (found != SIZE_MAX)
        go(page, found);
}

void page_step(struct page *page, int by)
{
    size_t at = current(page);

    if (at == SIZE_MAX)
        return;
    for (size_t i = 0; i < page->count; i++) { /* around the end */
        at = by > 0 ? (at + 1) % page->count : (at + page->count - 1) % page->count;
        if (page->parts[at].tag)
            break;
    }
    go(page, at);
}

/* ------------------------------------------------------------------ drawing */
static void scroll(struct page *page, int line)
{
    /* What stands above the first spot is seen with it. */
    if (line < page->top || near_place(page, 0) == place_of(page, page->at))
        page->top = line < page->height ? 0 : line;
    if (line >= page->top + page->height)
        page->top = line - page->height + 1;
    page->top = MAX(0, MIN(page->top, page->lines - page->height));
}

static int width_of(const struct page_part *part, struct rect r)
{
    return part->w ? MIN(part->w, r.w - part->x) : r.w - part->x;
}

void page_draw(struct page *page, struct rect r)
{
    const struct page_part *here = page_at(page);

    page->height = MAX(r.h, 1);
    if (here) {
        page->at = here->tag;
        scroll(page, here->line);
    }
    for (size_t i = 0; i < page->count; i++) {
        const struct page_part *part = &page->parts[i];
        int y = r.y + part->line - page->top;

        if (part->line < page->top || part->line >= page->top + r.h || part->x >= r.w)
            continue;
        if (part != here) {
            screen_text(y, r.x + part->x, width_of(part, r), part->look, part->text);
            continue;
        }
        screen_put(y, r.x + part->x, width_of(part, r), LOOK_CURSOR, part->text);
        screen_text(y, r.x + MAX(part->x - 1, 0), 1, LOOK_CURSOR, glyph(GLYPH_CURSOR));
        screen_cursor(y, r.x + part->x);
    }
    if (page->lines > page->top + r.h)
        screen_text(r.y + r.h - 1, r.x + r.w - 6, 6, LOOK_DIM, " more ");
}

bool page_click(struct page *page, struct rect r, int y, int x, bool *was_there)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct page_part *part = &page->parts[i];

        if (!part->tag || r.y + part->line - page->top != y || x < r.x + part->x || x >= r.x + part->x + width_of(part, r))
            continue;
        *was_there = page->at == part->tag;
        go(page, i);
        return true;
    }
    return false;
}
