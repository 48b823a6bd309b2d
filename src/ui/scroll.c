#include "scroll.h"

#include <curses.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>

#include "ipamtui/mem.h"

/* As curses decides whether to move lines (idlok). */
bool scroll_can(void)
{
    bool up = scroll_forward || parm_index || parm_delete_line || delete_line;
    bool down = scroll_reverse || parm_rindex || parm_insert_line || insert_line;

    return up && down && (change_scroll_region || has_il());
}

/* What stands in one line of a list: equal lines have equal numbers; 0 = blank. */
static uint64_t line_hash(WINDOW *window, int y, int x, int w)
{
    cchar_t *cells = x_calloc((size_t)w + 1, sizeof *cells);
    uint64_t hash = 0;

    if (mvwin_wchnstr(window, y, x, cells, w) != ERR) {
        for (int i = 0; i < w; i++) {
            if (cells[i].chars[0] == L' ' && cells[i].attr == A_NORMAL)
                continue;
            hash = (hash ^ (uint64_t)i ^ (uint64_t)cells[i].attr << 32) * 0x9e3779b97f4a7c15u;
            for (int k = 0; k < CCHARW_MAX && cells[i].chars[k]; k++)
                hash = (hash ^ (uint64_t)cells[i].chars[k] ^ hash >> 29) * 0xbf58476d1ce4e5b9u;
        }
    }
    free(cells);
    return hash;
}

/* Lines with something in them that are the same after a move by so many. */
static int kept(const uint64_t *before, const uint64_t *after, int h, int by)
{
    int count = 0;

    for (int y = MAX(0, -by); y < MIN(h, h - by); y++)
        count += after[y] != 0 && after[y] == before[y + by];
    return count;
}

int scroll_found(struct rect r)
{
    uint64_t *before, *after;
    int best = 0, most;

    /* Over the whole width curses does as well by itself, and better: it leaves the row with the cursor where it is. */
    if (r.h < 4 || r.w < 1 || r.w >= COLS || r.y + r.h > LINES || is_cleared(curscr) || !scroll_can())
        return 0;
    before = x_calloc((size_t)r.h * 2, sizeof *before);
    after = before + r.h;
    for (int y = 0; y < r.h; y++) {
        before[y] = line_hash(curscr, r.y + y, r.x, r.w);
        after[y] = line_hash(stdscr, r.y + y, r.x, r.w);
    }
    /* A move costs what it displaces beside the list: it must keep a good part of it. Further than half of it, curses would
     * not move lines either. */
    most = kept(before, after, r.h, 0) + MAX(0, r.h / 3 - 1);
    for (int by = 1; by <= r.h / 2; by++) {
        for (int sign = 1; sign >= -1; sign -= 2) {
            int count = kept(before, after, r.h, sign * by);

            if (count > most) {
                most = count;
                best = sign * by;
            }
        }
    }
    free(before);
    return best;
}

void scroll_move(struct rect r, int by)
{
    WINDOW *moved = newwin(r.h, COLS, r.y, 0);

    if (!moved)
        return; /* only more bytes */
    copywin(curscr, moved, r.y, 0, 0, 0, r.h - 1, COLS - 1, FALSE);
    scrollok(moved, TRUE);
    leaveok(moved, TRUE);
    wscrl(moved, by);
    wnoutrefresh(moved);
    doupdate();
    delwin(moved);
    touchline(stdscr, r.y, r.h);
}
