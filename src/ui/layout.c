#include "layout.h"

#include "ipamtui/mem.h"

static struct rect rect(int y, int x, int h, int w)
{
    return (struct rect){ .y = y, .x = x, .h = h, .w = w };
}

/* Right of the list: the list keeps what its columns need, the preview at least 40 cells. */
static void split_beside(struct layout *l, struct rect body, const struct layout_wish *wish)
{
    int percent = wish->percent ? wish->percent : wish->preview == PREVIEW_BIG ? 60 : 34;
    int w = MAX(40, MIN(body.w * percent / 100, body.w - 50));

    l->beside = true;
    l->preview = rect(body.y, body.x + body.w - w, body.h, w);
    l->rule = rect(body.y, l->preview.x - 2, body.h, 1);
    l->list = rect(body.y, body.x, body.h, l->rule.x - body.x);
}

static void split_below(struct layout *l, struct rect body, const struct layout_wish *wish)
{
    int percent = wish->percent ? wish->percent : wish->preview == PREVIEW_BIG ? 66 : 36;
    int h = MAX(3, body.h * percent / 100);

    if (body.h - h - 1 < 4) /* so small that a preview would leave no list */
        h = body.h - 1 - 4;
    if (h < 2) {
        l->list = body;
        return;
    }
    l->list = rect(body.y, body.x, body.h - h - 1, body.w);
    l->rule = rect(l->list.y + l->list.h, body.x, 1, body.w);
    l->preview = rect(l->rule.y + 1, body.x, h, body.w);
}

struct layout layout(int w, int h, const struct layout_wish *wish)
{
    struct layout l = { 0 };
    int bottom = h - (wish->footer ? 3 : 2);
    struct rect body;

    if (w < LAYOUT_MIN_W || h < LAYOUT_MIN_H) {
        l.too_small = true;
        return l;
    }
    l.bar = rect(0, 0, 1, w);
    l.title = rect(1, 0, 1, w);
    l.strip = rect(bottom, 0, 1, w);
    l.message = rect(bottom + 1, 0, 1, w);
    if (wish->footer)
        l.footer = rect(bottom + 2, 0, 1, w);
    body = rect(2, 0, bottom - 2, w);
    if (wish->preview == PREVIEW_OFF) {
        l.list = body;
    } else if (wish->zoom) {
        l.rule = rect(body.y, 0, 1, w);
        l.preview = rect(body.y + 1, 0, body.h - 1, w);
    } else if (w >= LAYOUT_BESIDE_W && !wish->no_split) {
        split_beside(&l, body, wish);
    } else {
        split_below(&l, body, wish);
    }
    if (l.list.h > 0) {
        l.head = rect(l.list.y, l.list.x, 1, l.list.w);
        l.list.y++;
        l.list.h--;
    }
    return l;
}
