/* form.h - the edit form, shared by form.c (what is edited, keys) and form_draw.c (how it looks). */
#ifndef IPAM_UI_FORM_H
#define IPAM_UI_FORM_H

#include "changes.h"

enum form_do { DO_LEAVE, DO_SET, DO_ADD, DO_FRONT, DO_REPLACE, DO_CLEAR, DO_REMOVE, DO_COUNT };

struct form_field {
    const struct object_type *object; /* of a child: its rows are added, removed, replaced */
    int property;                     /* -1: rows of the child */
    char *now;
    bool mixed;                       /* not the same in all targets */
    enum form_do what;
    struct edit text;
    char error[256];
};
struct form {
    struct overlay overlay;
    struct ui *ui;
    const struct object_type *object;
    row_id *ids;
    size_t id_count, hidden;
    struct change_targets *targets; /* NULL until they are here */
    const char *labels;             /* " [PROD]", of their servers; in mem, or NULL */
    uint64_t targets_asked, preview_asked;
    bool preview_again;
    struct arena mem; /* fields' texts */
    struct form_field *fields;
    size_t count, at, top;
    bool typing;      /* the cursor is in the new value, else on what to do */
    struct change_plan *plan;
    struct plan_totals totals;
    struct err err;   /* of the preview */
    struct arena lines_mem;
    const struct plan_line *lines;
    size_t line_count, line_top;
    int line_rows;
};

/* ---- form.c */
const struct property *form_property(const struct form_field *field); /* NULL: rows of a child */
bool form_is_choice(const struct form_field *field);                  /* one word of a few, gone through by Space */
bool form_has_text(const struct form_field *field);                   /* something is typed for what is to be done */

/* ---- form_draw.c */
void form_draw(struct ui *ui, struct overlay *overlay);

#endif
