/* table.h - the list of a pane: cursor, marks, range, sort, filter, columns, scrolling. Rows are known by id, so that a
 * refresh may move them. The logic here draws nothing; table_draw.c does. */
#ifndef IPAM_UI_TABLE_H
#define IPAM_UI_TABLE_H

#include "idset.h"
#include "ipamtui/pane.h"
#include "ipamtui/view.h"
#include "known.h"
#include "layout.h"

struct ui;
struct column {
    int property;
    int width; /* cells */
    bool shown, fixed /* the operator chose the width: takes no spare */;
};

struct table {
    const struct pane_ops *ops;
    struct view *view;
    struct column *columns; /* of every property, in the order shown */
    size_t column_count;
    bool columns_chosen;    /* by the operator: no automatic wide ones any more */
    int columns_for;        /* cells that the automatic ones were chosen for */
    size_t scroll;          /* shown columns after the first that are scrolled away */
    size_t drawn_columns, hidden_right; /* as last laid out */

    row_id cursor;          /* 0 = whatever is at the top */
    size_t at, top;         /* place of the cursor and of the first visible row in the list */
    int height;             /* visible rows */
    int edge;               /* lines that scroll at once when the cursor leaves the visible ones; 0 = one */
    struct idset marks;
    row_id range_from;      /* 0 = no range */
    bool range_sticky;
    bool only_marked;
    size_t hidden_marks;    /* marks that the list does not show; as of the last sync */

    char *filter;           /* heap, never NULL */
    bool filter_off;        /* kept, but not in force (&) */
    struct sort_key keys[4];
    size_t key_count;       /* 0 = the object's order */
    struct idset found;     /* rows that F3 found */
    char *find;             /* heap; NULL = nothing looked for yet */
    bool frozen;            /* Z: reloads wait */
    bool reload_wanted;
    int64_t arrived;        /* new rows that wait for the reload */
    bool check_marks;       /* a reload may have taken marked rows away */
    int64_t moved_ms;       /* last movement key; 0 = long ago */
    int64_t total;          /* rows without a filter; -1 = not known */
    uint64_t synced;        /* view_generation() at the last sync */
    const struct known *known; /* why values are not there; NULL = not told */
    /* A sign of one cell between mark and row ("~" a change is pending), ' ' = none; NULL = never. */
    char (*sign)(const struct ui *ui, const struct object_type *object, const struct row *row);
    const struct ui *sign_ctx;
};

void table_init(struct table *table, const struct pane_ops *ops, struct view_worker *worker);
void table_done(struct table *table);
/* Takes in what the view has got: keeps the cursor on its row and the row on its line. True: something may look different. */
bool table_sync(struct table *table);
void table_height(struct table *table, int rows);
void table_reload(struct table *table, int64_t now_ms); /* the store changed; waits while frozen or being moved in */
/* When table_reload() should be called again, or -1. */
int64_t table_reload_due(const struct table *table, int64_t now_ms);

/* ---- moving */
void table_move(struct table *table, int64_t by); /* rows; a movement with a range extends it */
void table_go(struct table *table, size_t place);
void table_go_id(struct table *table, row_id id); /* when it comes, if it is not there yet */
void table_scroll(struct table *table, int by);   /* columns */
row_id table_cursor(const struct table *table);   /* 0 = empty list */
const struct row *table_row(const struct table *table); /* the row under the cursor, NULL = not loaded or none */

/* ---- marks */
bool table_marked(const struct table *table, size_t place);
void table_mark_toggle(struct table *table);
void table_mark_all(struct table *table);  /* all shown */
void table_mark_none(struct table *table);
void table_mark_invert(struct table *table); /* within what is shown */
void table_range(struct table *table, bool sticky); /* begins, or ends and keeps it */
void table_range_end(struct table *table);          /* keeps it as marks */
void table_range_drop(struct table *table);
void table_only_marked(struct table *table, bool only);
void table_count_hidden(struct table *table);
/* Marked rows in the order shown, hidden ones last (left out unless hidden); none marked: the row under the cursor. The caller frees. */
row_id *table_targets(struct table *table, bool hidden, size_t *count);

/* ---- question */
bool table_filter(struct table *table, const char *text, size_t *at, struct err *err);
void table_filter_switch(struct table *table, bool off);
void table_sort(struct table *table, const struct sort_key *keys, size_t count);
/* Next (1) or previous (-1) found row, around the end. false: none is shown. */
bool table_find_next(struct table *table, int step);

/* ---- columns */
/* The pane's own, and of those for wide screens as many as have room in w cells while names keep some to grow in. */
void table_columns_default(struct table *table, int w);
/* "name:14 util server:20": what is saved; unknown names are left out. */
/* What plain words of a filter search: the columns that are shown, as they are. columns: room for column_count, the caller's. */
void table_shown(const struct table *table, enum date_mode dates, int *columns, struct query_shown *out);
/* Tells the view so; a filter in force is applied anew if it matters. */
void table_tell_shown(struct table *table, enum date_mode dates);
void table_columns_save(const struct table *table, struct buf *out);
void table_columns_load(struct table *table, const char *text);
void table_sort_save(const struct table *table, struct buf *out); /* "util- name" */
void table_sort_load(struct table *table, const char *text);
void table_width_fit(struct table *table, size_t column, enum date_mode dates, int64_t now_s); /* to the loaded rows */

/* One laid-out column. */
struct slot {
    size_t column; /* place in columns */
    int x, w;
};
#define SLOTS_MAX 64
#define GUTTER 3
/* Which columns are visible in w cells and where; spare width goes to flexible ones. Returns their number. */
size_t table_layout(struct table *table, int w, struct slot slots[SLOTS_MAX]);
/* Text and look of one cell. */
void table_cell(const struct table *table, const struct row *row, int property, enum date_mode dates, int64_t now_s,
                struct cell *cell);

/* ---- table_draw.c */
struct table_style {
    enum date_mode dates;
    int64_t now_s;
    bool focused;
};
void table_draw(struct table *table, struct rect head, struct rect list, const struct table_style *style);
/* Place of the row at screen line y, SIZE_MAX = none; column at x, -1 = none. */
size_t table_place_at(const struct table *table, struct rect list, int y);
int table_column_at(struct table *table, struct rect list, int x);

#endif
