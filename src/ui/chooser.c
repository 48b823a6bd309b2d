/* chooser.c - a box with a list: help, columns, sort keys, menus, messages. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/text.h"
#include "screen.h"

static void row_done(struct choice *row)
{
    free(row->left);
    free(row->right);
    free(row->off);
}

void chooser_clear(struct chooser *chooser)
{
    for (size_t i = 0; i < chooser->count; i++)
        row_done(&chooser->rows[i]);
    chooser->count = chooser->at = chooser->top = 0;
    chooser->left_w = 0;
}

struct choice *chooser_add(struct chooser *chooser, const char *left, const char *right, int tag)
{
    struct choice *row;

    x_grow(&chooser->rows, &chooser->cap, chooser->count + 1, sizeof *chooser->rows);
    row = &chooser->rows[chooser->count++];
    *row = (struct choice){ .left = x_strdup(left), .right = x_strdup(right ? right : ""), .tag = tag };
    if (row->right[0])
        chooser->left_w = MAX(chooser->left_w, MIN(text_width(left), 40));
    return row;
}

static bool takes_letters(const struct chooser *chooser)
{
    return chooser->ops->narrow || chooser->typing;
}

/* Is there a line with what narrows the list? */
static bool shows_narrow(const struct chooser *chooser)
{
    return takes_letters(chooser) || edit_text(&chooser->narrow)[0] != '\0';
}

/* "@c": only the keys, which are on the left; anything else: either side. */
bool chooser_matches(const struct chooser *chooser, const struct choice *choice)
{
    const char *narrow = edit_text(&chooser->narrow);

    if (narrow[0] == '\0')
        return true;
    if (choice->heading)
        return false;
    if (narrow[0] == '@')
        return strncmp(choice->left, narrow + 1, strlen(narrow + 1)) == 0;
    return text_contains(choice->left, narrow) || text_contains(choice->right, narrow);
}

static size_t matches(const struct chooser *chooser)
{
    size_t count = 0;

    for (size_t i = 0; i < chooser->count; i++)
        count += chooser_matches(chooser, &chooser->rows[i]);
    return count;
}

/* at counts rows that match. */
static const struct choice *nth(const struct chooser *chooser, size_t at)
{
    for (size_t i = 0; i < chooser->count; i++) {
        if (chooser_matches(chooser, &chooser->rows[i]) && at-- == 0)
            return &chooser->rows[i];
    }
    return NULL;
}

static const struct choice *next(const struct chooser *chooser, const struct choice *row)
{
    for (row++; row < chooser->rows + chooser->count; row++) {
        if (chooser_matches(chooser, row))
            return row;
    }
    return NULL;
}

const struct choice *chooser_current(const struct chooser *chooser)
{
    return nth(chooser, chooser->at);
}

static void move_by(struct chooser *chooser, int64_t by)
{
    int64_t last = (int64_t)matches(chooser) - 1, at = (int64_t)chooser->at + by;
    const struct choice *row;

    chooser->at = (size_t)MAX(0, MIN(at, last));
    /* Headings are stepped over. */
    while ((row = chooser_current(chooser)) && row->heading && (int64_t)chooser->at < last && by >= 0)
        chooser->at++;
    while ((row = chooser_current(chooser)) && row->heading && chooser->at > 0 && by < 0)
        chooser->at--;
    if ((row = chooser_current(chooser)) && row->heading)
        chooser->at = (size_t)MIN((int64_t)chooser->at + 1, MAX(last, 0));
}

/* ------------------------------------------------------------------ drawing */

static struct rect place(const struct ui *ui, const struct chooser *chooser)
{
    int w, h, inner = text_width(chooser->title) + 4;
    struct rect r = chooser->placed;

    screen_size(&w, &h);
    (void)ui;
    for (size_t i = 0; i < chooser->count; i++) {
        const struct choice *row = &chooser->rows[i];
        int need = row->right[0] ? chooser->left_w + 2 + text_width(row->right) : text_width(row->left);

        inner = MAX(inner, need + (chooser->ops->checks ? 4 : 0) + (row->off ? text_width(row->off) + 3 : 0));
    }
    inner = MAX(inner, text_width(chooser->hint));
    if (r.w == 0) {
        r.w = MIN(inner + 4, w - 4);
        r.h = MIN((int)chooser->count + (shows_narrow(chooser) ? 3 : 2) + (chooser->hint[0] ? 1 : 0), h - 4);
        r.h = MAX(r.h, 5);
        r.y = MAX(0, (h - r.h) / 2);
        r.x = (w - r.w) / 2;
    } else {
        r.w = MIN(inner + 4, w - r.x);
        r.h = MIN((int)chooser->count + (shows_narrow(chooser) ? 3 : 2) + (chooser->hint[0] ? 1 : 0), h - r.y - 1);
    }
    return r;
}

static void draw_row(const struct chooser *chooser, const struct choice *row, int y, int x, int w, bool current)
{
    enum look look = current ? LOOK_CURSOR : row->heading ? LOOK_TITLE : row->off ? LOOK_DIM : LOOK_NORMAL;
    char line[1024];
    int at = 0;

    if (chooser->ops->checks && !row->heading)
        at = snprintf(line, sizeof line, "%s ", glyph(row->checked ? GLYPH_CHECKED : GLYPH_UNCHECKED));
    if (row->right[0]) {
        int pad = MAX(0, chooser->left_w - text_width(row->left));

        snprintf(line + at, sizeof line - (size_t)at, "%s%*s  %s%s%s%s", row->left, pad, "", row->right,
                 row->off ? "  (" : "", row->off ? row->off : "", row->off ? ")" : "");
    } else {
        snprintf(line + at, sizeof line - (size_t)at, "%s", row->left);
    }
    screen_put(y, x, w, look, line);
}

/* The hint; or all of the current row, when the box is too narrow for it. */
static void draw_hint(const struct chooser *chooser, struct rect r)
{
    const struct choice *row = chooser_current(chooser);
    int w = r.w - 4;
    bool cut = row && row->right[0] && chooser->left_w + 2 + text_width(row->right) + (chooser->ops->checks ? 4 : 0) > w;

    if (chooser->hint[0] && cut && text_width(row->right) <= w)
        screen_put(r.y + r.h - 2, r.x + 2, w, LOOK_KEY, row->right);
    else if (chooser->hint[0])
        screen_put(r.y + r.h - 2, r.x + 2, w, LOOK_DIM, chooser->hint);
}

static void chooser_draw(struct ui *ui, struct overlay *overlay)
{
    struct chooser *chooser = (struct chooser *)overlay;
    struct rect r = place(ui, chooser);
    int rows = r.h - 2 - (chooser->hint[0] ? 1 : 0) - (shows_narrow(chooser) ? 1 : 0), y = r.y + 1;
    const struct choice *first = chooser_current(chooser);

    screen_box(r, chooser->title);
    if (first && first->heading)
        move_by(chooser, 0);
    if (chooser->at < chooser->top)
        chooser->top = chooser->at;
    if (chooser->at == 1 || chooser->at == 0)
        chooser->top = 0; /* a heading above the first row stays visible */
    if (chooser->at >= chooser->top + (size_t)MAX(rows, 1))
        chooser->top = chooser->at - (size_t)rows + 1;
    if (shows_narrow(chooser)) {
        char line[300];

        snprintf(line, sizeof line, "%s %s", chooser->ops->slash ? "/" : ">", edit_text(&chooser->narrow));
        screen_put(y, r.x + 2, r.w - 4, LOOK_KEY, line);
        screen_cursor(y++, r.x + 4 + text_width(edit_text(&chooser->narrow)));
    }
    const struct choice *row = nth(chooser, chooser->top);
    for (int i = 0; row && i < rows; i++, row = next(chooser, row)) {
        bool current = chooser->top + (size_t)i == chooser->at;

        draw_row(chooser, row, y + i, r.x + 2, r.w - 4, current);
        if (current && !takes_letters(chooser))
            screen_cursor(y + i, r.x + 2);
    }
    if (!first && shows_narrow(chooser))
        screen_text(y, r.x + 2, r.w - 4, LOOK_DIM, "nothing matches");
    if (matches(chooser) > chooser->top + (size_t)MAX(rows, 0))
        screen_text(r.y + r.h - 1, r.x + r.w - 10, 8, LOOK_DIM, " more ");
    draw_hint(chooser, r);
    if (chooser->ops->draw)
        chooser->ops->draw(ui, chooser);
}

/* ------------------------------------------------------------------ keys */

static void accept(struct ui *ui, struct chooser *chooser)
{
    const struct choice *row = chooser_current(chooser);
    struct choice copy;

    if (!row || row->heading)
        return;
    if (row->off) {
        ui_say(ui, LOOK_ERROR, "%s: %s", row->left, row->off);
        return;
    }
    if (!chooser->ops->accept) {
        ui_drop(ui, &chooser->overlay);
        return;
    }
    copy = *row;
    copy.left = x_strdup(row->left);
    copy.right = x_strdup(row->right);
    copy.off = NULL;
    chooser->ops->accept(ui, chooser, &copy);
    row_done(&copy);
}

static bool move_key(struct chooser *chooser, int key)
{
    static const struct { int key; int by; bool letter; } rows[] = {
        { K_UP, -1, false },   { K_DOWN, 1, false },        { K_CTRL('p'), -1, false }, { K_CTRL('n'), 1, false },
        { K_PGUP, -10, false }, { K_PGDN, 10, false },      { K_HOME, -INT_MAX, false }, { K_END, INT_MAX, false },
        { 'k', -1, true },     { 'j', 1, true },            { 'G', INT_MAX, true },      { 'g', -INT_MAX, true },
        { K_CTRL('d'), 10, false }, { K_CTRL('u'), -10, true },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].key == key && !(rows[i].letter && takes_letters(chooser))) {
            move_by(chooser, rows[i].by);
            return true;
        }
    }
    return false;
}

static void moved(struct ui *ui, struct chooser *chooser)
{
    if (chooser->ops->moved)
        chooser->ops->moved(ui, chooser);
}

/* All rows again, with the current one where it stands among them. */
static void widen(struct chooser *chooser)
{
    const struct choice *row = chooser_current(chooser);

    edit_set(&chooser->narrow, "");
    chooser->at = row ? (size_t)(row - chooser->rows) : 0;
    move_by(chooser, 0);
}

/* "/" begins, Enter keeps what was typed and gives the letters back, Esc takes it away. */
static bool slash_key(struct chooser *chooser, int key)
{
    bool narrowed = edit_text(&chooser->narrow)[0] != '\0';

    if (!chooser->ops->slash)
        return false;
    if (key == '/' && !chooser->typing) {
        chooser->typing = true;
    } else if (chooser->typing && (key == K_ENTER || key == '\n')) {
        chooser->typing = false;
    } else if ((chooser->typing || narrowed) && key == K_ESC) {
        chooser->typing = false;
        widen(chooser);
    } else {
        return false;
    }
    return true;
}

static void chooser_key(struct ui *ui, struct overlay *overlay, int key)
{
    struct chooser *chooser = (struct chooser *)overlay;

    if (slash_key(chooser, key))
        return;
    if (!chooser->typing && chooser->ops->key && chooser->ops->key(ui, chooser, key))
        return;
    if (move_key(chooser, key)) {
        moved(ui, chooser);
        return;
    }
    if (key == K_ENTER || key == '\n') {
        accept(ui, chooser);
        return;
    }
    if (key == K_ESC || key == K_CTRL('c') || key == K_CTRL('g') || (!takes_letters(chooser) && key == 'q')) {
        if (chooser->ops->left)
            chooser->ops->left(ui, chooser);
        ui_drop(ui, overlay);
        return;
    }
    if (takes_letters(chooser) && edit_key(&chooser->narrow, key) == EDIT_CHANGED) {
        chooser->at = chooser->top = 0;
        move_by(chooser, 0);
        moved(ui, chooser);
    }
}

static void chooser_done(struct ui *ui, struct overlay *overlay)
{
    struct chooser *chooser = (struct chooser *)overlay;

    (void)ui;
    chooser_clear(chooser);
    free(chooser->rows);
    free(chooser->title);
    free(chooser->hint);
    edit_done(&chooser->narrow);
    free(chooser);
}

static const struct overlay_ops chooser_overlay = { .draw = chooser_draw, .key = chooser_key, .done = chooser_done };

struct chooser *chooser_new(const struct chooser_ops *ops, const char *title, const char *hint)
{
    struct chooser *chooser = x_alloc(sizeof *chooser);

    chooser->overlay.ops = &chooser_overlay;
    chooser->ops = ops;
    chooser->title = x_strdup(title);
    chooser->hint = x_strdup(hint ? hint : "");
    edit_init(&chooser->narrow, "", false, NULL);
    return chooser;
}
