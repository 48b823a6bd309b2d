#include "theme.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/mem.h"

/* -1 = the terminal's own. Only the 8 basic colours: they follow the operator's palette, light or dark. */
struct style {
    short fg, bg;
    attr_t attr;
};
struct theme {
    const char *name;
    struct style looks[LOOK_COUNT];
};

#define NONE -1
static const struct theme themes[] = {
    { "default",
      { [LOOK_NORMAL] = { NONE, NONE, 0 },
        [LOOK_DIM] = { NONE, NONE, A_DIM },
        [LOOK_TITLE] = { NONE, NONE, A_BOLD },
        [LOOK_BAR] = { NONE, NONE, 0 },
        [LOOK_TAB] = { NONE, NONE, A_REVERSE },
        [LOOK_HEAD] = { NONE, NONE, A_BOLD | A_UNDERLINE },
        [LOOK_CURSOR] = { NONE, NONE, A_REVERSE },
        [LOOK_MARK] = { COLOR_YELLOW, NONE, A_BOLD },
        [LOOK_GOOD] = { COLOR_GREEN, NONE, 0 },
        [LOOK_WARN] = { COLOR_YELLOW, NONE, 0 },
        [LOOK_BAD] = { COLOR_RED, NONE, A_BOLD },
        [LOOK_UNKNOWN] = { COLOR_MAGENTA, NONE, 0 },
        [LOOK_KEY] = { COLOR_CYAN, NONE, 0 },
        [LOOK_MATCH] = { COLOR_CYAN, NONE, A_BOLD },
        [LOOK_ERROR] = { COLOR_RED, NONE, A_BOLD },
        [LOOK_BOX] = { NONE, NONE, 0 } } },
    /* On a white ground yellow and cyan cannot be read. */
    { "light",
      { [LOOK_DIM] = { NONE, NONE, A_DIM },
        [LOOK_NORMAL] = { NONE, NONE, 0 },
        [LOOK_TITLE] = { NONE, NONE, A_BOLD },
        [LOOK_BAR] = { NONE, NONE, 0 },
        [LOOK_TAB] = { NONE, NONE, A_REVERSE },
        [LOOK_HEAD] = { NONE, NONE, A_BOLD | A_UNDERLINE },
        [LOOK_CURSOR] = { NONE, NONE, A_REVERSE },
        [LOOK_MARK] = { COLOR_BLUE, NONE, A_BOLD },
        [LOOK_GOOD] = { COLOR_GREEN, NONE, 0 },
        [LOOK_WARN] = { COLOR_MAGENTA, NONE, 0 },
        [LOOK_BAD] = { COLOR_RED, NONE, A_BOLD },
        [LOOK_UNKNOWN] = { COLOR_BLUE, NONE, 0 },
        [LOOK_KEY] = { COLOR_BLUE, NONE, 0 },
        [LOOK_MATCH] = { COLOR_BLUE, NONE, A_BOLD },
        [LOOK_ERROR] = { COLOR_RED, NONE, A_BOLD },
        [LOOK_BOX] = { NONE, NONE, 0 } } },
    { "dark",
      { [LOOK_DIM] = { NONE, NONE, A_DIM },
        [LOOK_NORMAL] = { NONE, NONE, 0 },
        [LOOK_TITLE] = { COLOR_WHITE, NONE, A_BOLD },
        [LOOK_BAR] = { COLOR_WHITE, COLOR_BLUE, 0 },
        [LOOK_TAB] = { COLOR_WHITE, COLOR_BLUE, A_BOLD | A_UNDERLINE },
        [LOOK_HEAD] = { COLOR_CYAN, NONE, A_BOLD },
        [LOOK_CURSOR] = { COLOR_BLACK, COLOR_CYAN, 0 },
        [LOOK_MARK] = { COLOR_YELLOW, NONE, A_BOLD },
        [LOOK_GOOD] = { COLOR_GREEN, NONE, 0 },
        [LOOK_WARN] = { COLOR_YELLOW, NONE, A_BOLD },
        [LOOK_BAD] = { COLOR_RED, NONE, A_BOLD },
        [LOOK_UNKNOWN] = { COLOR_MAGENTA, NONE, A_BOLD },
        [LOOK_KEY] = { COLOR_CYAN, NONE, A_BOLD },
        [LOOK_MATCH] = { COLOR_CYAN, NONE, A_BOLD },
        [LOOK_ERROR] = { COLOR_WHITE, COLOR_RED, A_BOLD },
        [LOOK_BOX] = { COLOR_WHITE, NONE, 0 } } },
    { "high-contrast",
      { [LOOK_DIM] = { NONE, NONE, 0 },
        [LOOK_NORMAL] = { NONE, NONE, 0 },
        [LOOK_TITLE] = { NONE, NONE, A_BOLD },
        [LOOK_BAR] = { NONE, NONE, A_REVERSE },
        [LOOK_TAB] = { NONE, NONE, A_BOLD },
        [LOOK_HEAD] = { NONE, NONE, A_BOLD | A_REVERSE },
        [LOOK_CURSOR] = { NONE, NONE, A_REVERSE | A_BOLD },
        [LOOK_MARK] = { NONE, NONE, A_BOLD | A_UNDERLINE },
        [LOOK_GOOD] = { NONE, NONE, 0 },
        [LOOK_WARN] = { NONE, NONE, A_BOLD },
        [LOOK_BAD] = { NONE, NONE, A_BOLD | A_REVERSE },
        [LOOK_UNKNOWN] = { NONE, NONE, A_UNDERLINE },
        [LOOK_KEY] = { NONE, NONE, A_BOLD },
        [LOOK_MATCH] = { NONE, NONE, A_BOLD | A_UNDERLINE },
        [LOOK_ERROR] = { NONE, NONE, A_BOLD | A_REVERSE },
        [LOOK_BOX] = { NONE, NONE, A_BOLD } } },
    /* Blue and yellow are told apart by everybody; red and green are not. */
    { "colour-blind",
      { [LOOK_DIM] = { NONE, NONE, A_DIM },
        [LOOK_NORMAL] = { NONE, NONE, 0 },
        [LOOK_TITLE] = { NONE, NONE, A_BOLD },
        [LOOK_BAR] = { NONE, NONE, 0 },
        [LOOK_TAB] = { NONE, NONE, A_REVERSE },
        [LOOK_HEAD] = { NONE, NONE, A_BOLD | A_UNDERLINE },
        [LOOK_CURSOR] = { NONE, NONE, A_REVERSE },
        [LOOK_MARK] = { NONE, NONE, A_BOLD },
        [LOOK_GOOD] = { COLOR_BLUE, NONE, 0 },
        [LOOK_WARN] = { COLOR_YELLOW, NONE, 0 },
        [LOOK_BAD] = { COLOR_YELLOW, NONE, A_BOLD | A_UNDERLINE },
        [LOOK_UNKNOWN] = { NONE, NONE, A_UNDERLINE },
        [LOOK_KEY] = { COLOR_BLUE, NONE, 0 },
        [LOOK_MATCH] = { COLOR_BLUE, NONE, A_BOLD },
        [LOOK_ERROR] = { COLOR_YELLOW, NONE, A_BOLD | A_REVERSE },
        [LOOK_BOX] = { NONE, NONE, 0 } } },
    { "mono",
      { [LOOK_DIM] = { NONE, NONE, 0 },
        [LOOK_NORMAL] = { NONE, NONE, 0 },
        [LOOK_TITLE] = { NONE, NONE, A_BOLD },
        [LOOK_BAR] = { NONE, NONE, 0 },
        [LOOK_TAB] = { NONE, NONE, A_REVERSE },
        [LOOK_HEAD] = { NONE, NONE, A_BOLD | A_UNDERLINE },
        [LOOK_CURSOR] = { NONE, NONE, A_REVERSE },
        [LOOK_MARK] = { NONE, NONE, A_BOLD },
        [LOOK_GOOD] = { NONE, NONE, 0 },
        [LOOK_WARN] = { NONE, NONE, A_BOLD },
        [LOOK_BAD] = { NONE, NONE, A_BOLD },
        [LOOK_UNKNOWN] = { NONE, NONE, 0 },
        [LOOK_KEY] = { NONE, NONE, A_BOLD },
        [LOOK_MATCH] = { NONE, NONE, A_UNDERLINE },
        [LOOK_ERROR] = { NONE, NONE, A_BOLD },
        [LOOK_BOX] = { NONE, NONE, 0 } } },
};

static attr_t attrs[LOOK_COUNT];

static const struct theme *find(const char *name)
{
    for (size_t i = 0; i < COUNT(themes); i++) {
        if (strcmp(themes[i].name, name) == 0)
            return &themes[i];
    }
    return &themes[0];
}

void theme_open(const char *name)
{
    const char *no_color = getenv("NO_COLOR");
    bool colours = has_colors() && !(no_color && *no_color);
    const struct theme *theme = find(colours ? name ? name : "default" : "mono");

    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    for (short i = 0; i < LOOK_COUNT; i++) {
        const struct style *style = &theme->looks[i];

        attrs[i] = style->attr;
        if (colours && (style->fg != NONE || style->bg != NONE)) {
            init_pair((short)(i + 1), style->fg, style->bg);
            attrs[i] |= (attr_t)COLOR_PAIR(i + 1);
        }
    }
}

unsigned long theme_attr(enum look look)
{
    return attrs[look];
}
