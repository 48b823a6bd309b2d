/* screen.h - the terminal through curses: one at a time, screen thread only.
 *
 * A frame is screen_begin(), screen_put() ..., screen_end(); curses sends only what differs from the last one. Text is
 * made printable, cut and padded here, so that nothing else can send a control character or break a column. */
#ifndef IPAM_UI_SCREEN_H
#define IPAM_UI_SCREEN_H

#include "ipamtui/config.h"
#include "ipamtui/pane.h"
#include "layout.h"

/* ERR_INPUT: no terminal, or one that cannot be used. */
bool screen_open(const struct options *options, struct err *err);
void screen_close(void); /* also when not open; restores the terminal */
void screen_size(int *w, int *h);
void screen_resized(void);  /* SIGWINCH: take the new size */
void screen_suspend(void);  /* stops the process (SIGTSTP) and comes back when it continues */
void screen_redraw(void);   /* the next frame is sent whole */
bool screen_ascii(void);
void screen_set_ascii(bool ascii);
bool screen_mouse(void);
void screen_set_mouse(bool on);

void screen_begin(void);
/* Where this frame has a list: lines that have moved there since the last frame are moved by the terminal (scroll.h). */
void screen_list(struct rect r);
bool screen_scrolls(void); /* this terminal can move lines */
void screen_end(void);
/* text in exactly `cells` cells from (y, x): cut with a sign, padded with blanks. Returns the cells that text itself took. */
int screen_put(int y, int x, int cells, enum look look, const char *text);
int screen_put_right(int y, int x, int cells, enum look look, const char *text);
/* Only the text, no padding; at most `cells`. Returns the cells taken. */
int screen_text(int y, int x, int cells, enum look look, const char *text);
void screen_fill(struct rect r, enum look look);
/* A frame with a title in it; the inside is blanked. */
void screen_box(struct rect r, const char *title);
void screen_rule(int y, int x, int w);        /* horizontal */
void screen_rule_down(int y, int x, int h);
void screen_cursor(int y, int x);             /* where the terminal's cursor rests in this frame */
void screen_cursor_visible(bool visible);

enum glyph { GLYPH_CUT, GLYPH_CURSOR, GLYPH_MARK, GLYPH_UP, GLYPH_DOWN, GLYPH_MORE_LEFT, GLYPH_MORE_RIGHT, GLYPH_CHECKED,
             GLYPH_UNCHECKED, GLYPH_CRUMB, GLYPH_COUNT };
const char *glyph(enum glyph g);

struct mouse_event {
    int y, x;
    int button;  /* 1 left, 2 middle, 3 right; 4 wheel up, 5 wheel down */
    bool doubled;
};
/* The next key that is there, or K_NONE; K_EOF: the terminal is gone. Never waits (an escape's rest: 25 ms). */
int screen_key(void);
const struct mouse_event *screen_mouse_event(void); /* of the last K_MOUSE */
const char *screen_paste(void);                     /* of the last K_PASTE; printable or not, as it came */

/* Puts text into the terminal's clipboard (OSC 52, wrapped for tmux and screen). false: too long. */
bool screen_copy(const char *text, size_t len);

#endif
