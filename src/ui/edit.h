/* edit.h - a line of text being typed: readline's keys, kill ring of one, history. Pure. */
#ifndef IPAM_UI_EDIT_H
#define IPAM_UI_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "ipamtui/mem.h"

/* Lines entered before, oldest first. Zeroed = empty. */
struct edit_history {
    char **lines;
    size_t count, cap;
};
void edit_history_add(struct edit_history *history, const char *line); /* a repeated line moves to the end; keeps 200 */
void edit_history_done(struct edit_history *history);

struct edit {
    struct buf text;
    size_t at; /* byte of the text cursor, on a code point's edge */
    char *killed;
    bool secret; /* wiped when done; never in a history */
    const struct edit_history *history;
    size_t place; /* in history; history->count = the line being typed */
    char *typed;  /* that line, while an older one is shown */
};
void edit_init(struct edit *edit, const char *text, bool secret, const struct edit_history *history);
void edit_done(struct edit *edit);
void edit_set(struct edit *edit, const char *text); /* cursor at the end */
/* Replaces [from, at) with word and moves behind it. */
void edit_replace(struct edit *edit, size_t from, const char *word);
void edit_insert(struct edit *edit, const char *text, size_t len); /* newlines become blanks, other controls go */

enum edit_result { EDIT_MOVED, EDIT_CHANGED, EDIT_UNKNOWN };
enum edit_result edit_key(struct edit *edit, int key);
const char *edit_text(const struct edit *edit);

#endif
