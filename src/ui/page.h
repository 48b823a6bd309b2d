/* page.h - lines that a pane draws itself, with spots on them that the cursor can stand on. A spot is known by its tag, so that new
 * lines may move it. Screen thread only. */
#ifndef IPAM_UI_PAGE_H
#define IPAM_UI_PAGE_H

#include "ipamtui/mem.h"
#include "ipamtui/pane.h"
#include "layout.h"

struct page_part {
    const char *text; /* in mem; not yet made printable */
    enum look look;
    int line, x, w;   /* w 0: to the end of the line */
    uint64_t tag;     /* 0: only text */
};
struct page {
    struct arena mem;
    struct page_part *parts; /* line by line, left to right */
    size_t count, cap;
    int lines;
    uint64_t at;    /* tag of the spot under the cursor; 0 = the first */
    size_t last;    /* its place when it was last seen: where the cursor goes when the spot is gone */
    int top, height;
};
void page_clear(struct page *page); /* the cursor stays on its tag */
void page_done(struct page *page);
void page_line(struct page *page);  /* what follows is on a new line */
void page_text(struct page *page, int x, int w, enum look look, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void page_spot(struct page *page, int x, int w, enum look look, uint64_t tag, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
uint64_t page_tag(const char *text, uint64_t more); /* a tag for a thing: never 0 */

/* The spot under the cursor, NULL = there is none. */
const struct page_part *page_at(struct page *page);
void page_move(struct page *page, int64_t lines); /* to the nearest spot of the line so far away */
void page_step(struct page *page, int by);        /* spots, in the order of reading */
void page_draw(struct page *page, struct rect r);
/* Moves to the spot that was drawn at y, x. false: none is there. was_there: the cursor stood on it already. */
bool page_click(struct page *page, struct rect r, int y, int x, bool *was_there);

#endif
