/* scroll.h - lines of a list that have moved are moved by the terminal instead of being sent again.
 *
 * curses finds moved lines by itself, but only whole ones: beside a preview, which does not move with the list, it finds none
 * and sends every cell. Here the lines are first moved over their whole width, which curses recognizes, and what did not
 * belong to the list is put right afterwards by the frame. Used by screen.c only. */
#ifndef IPAM_UI_SCROLL_H
#define IPAM_UI_SCROLL_H

#include "layout.h"

/* Whether this terminal can move lines at all. */
bool scroll_can(void);
/* By how many lines the list now in stdscr at r differs from what the terminal shows there; 0 = not worth moving. > 0: up. */
int scroll_found(struct rect r);
/* Moves the lines that r covers, over the whole width, on the terminal; the frame in stdscr is compared with the result. */
void scroll_move(struct rect r, int by);

#endif
