/* pane.h - what a pane is: a table of operations. Cursor, marks, filter, sort, columns, scrolling, copy and export are the
 * table widget's; a pane has none of them. The panes themselves: panes.h. */
#ifndef IPAM_PANE_H
#define IPAM_PANE_H

#include "ipamtui/catalog.h"
#include "ipamtui/command.h"
#include "ipamtui/store.h"

/* What a piece of text means; the theme says how it looks. Never the only sign: a word or symbol stands beside it. */
enum look {
    LOOK_NORMAL, LOOK_DIM, LOOK_TITLE, LOOK_BAR, LOOK_TAB, LOOK_HEAD, LOOK_CURSOR, LOOK_MARK, LOOK_GOOD, LOOK_WARN, LOOK_BAD,
    LOOK_UNKNOWN, LOOK_KEY, LOOK_MATCH, LOOK_ERROR, LOOK_BOX,
    LOOK_COUNT
};

/* Text of a preview, written line by line. */
struct preview_line {
    char *text; /* in mem; not yet made printable */
    enum look look;
};
struct preview {
    struct arena mem;
    char *title;
    struct preview_line *lines;
    size_t count, cap;
};
void preview_title(struct preview *preview, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void preview_add(struct preview *preview, enum look look, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void preview_done(struct preview *preview);
/* "######----" of cells width; ASCII, so that it stays a bar everywhere. Returns out. */
char *preview_bar(double percent, int cells, char *out, size_t size);

/* What a cell shows beyond property_show(): "?" for what could not be read, "no ssh", a colour. */
struct cell {
    char text[256];
    enum look look;
};

struct pane_canvas; /* src/ui/app.h */
struct pane_ops {
    const char *name;    /* keymap section, ":scopes" */
    const char *noun;    /* "3 scopes marked" is made with an s */
    const char *title;   /* "Scopes" */
    char digit;          /* '2': the key shown in the bar of panes; 0 = not in the bar */
    const char *help;
    const struct object_type *object;
    const char *columns; /* default columns, "scope:18 name server util"; NULL: those with PROP_DEFAULT. Where there is
                            room those with PROP_WIDE follow. The first stays when columns are scrolled */
    const struct command *commands; /* its own, over the console's */
    size_t command_count;
    /* Changes what a cell shows; cell has been filled by property_show(). May be NULL. Screen thread. */
    void (*cell)(const struct row *row, int property, int64_t now_s, struct cell *cell);
    /* Where cell() writes another text than the value's: the same in SQL, for filters, in mem; NULL for properties without. May be
     * NULL. Any thread. */
    const char *(*text_sql)(int property, struct arena *mem);
    /* Text of the row under the cursor. NULL: this pane has no preview. On the query worker's thread, from the store only. */
    void (*preview)(struct store *store, row_id id, int64_t now_s, struct preview *out);
    /* What an empty list says when nothing is filtered. */
    const char *empty;
    const char *seen; /* property with the time the row was last seen; "! 2 h" where the server cannot be reached now */
    const char *stale; /* property that says "2 h old" instead while the row's server cannot be reached; NULL = none */
    const char *computed_from; /* source that computed properties need: why they are not there */
    const struct pane_canvas *canvas; /* it draws itself (the plan); NULL: a list */
};

#endif
