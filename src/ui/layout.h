/* layout.h - where things go on a screen of so many cells. Arithmetic only. */
#ifndef IPAM_UI_LAYOUT_H
#define IPAM_UI_LAYOUT_H

#include <stdbool.h>

struct rect {
    int y, x, h, w; /* h or w 0 = not there */
};

enum preview_mode { PREVIEW_OFF, PREVIEW_NORMAL, PREVIEW_BIG };
struct layout_wish {
    enum preview_mode preview;
    int percent;  /* of the space for the preview, 0 = the default; Ctrl-w + - */
    bool zoom;    /* the preview alone (or the list alone when the preview is off) */
    bool footer;
    bool no_split; /* accessible: never side by side */
};
struct layout {
    bool too_small; /* under 60x12: a notice instead of everything */
    bool beside;    /* preview right of the list */
    struct rect bar, title, head, list, rule /* line above or beside the preview */, preview, strip, message, footer;
};
#define LAYOUT_MIN_W 60
#define LAYOUT_MIN_H 12
#define LAYOUT_BESIDE_W 132

struct layout layout(int w, int h, const struct layout_wish *wish);

#endif
