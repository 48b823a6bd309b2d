/* saved.h - queries that the operator keeps under a name, per pane. Pure; commands_saved.c has the menu, and keeps them in the
 * store's setting ui.PANE.saved, one a line: name, tab, query. */
#ifndef IPAM_UI_SAVED_H
#define IPAM_UI_SAVED_H

#include "ipamtui/mem.h"

struct saved_query {
    char *name, *query; /* heap */
};
/* In the order in which they were first saved. Zeroed = empty. */
struct saved_list {
    struct saved_query *rows;
    size_t count, cap;
};
#define SAVED_NAME_MAX 60

void saved_parse(struct saved_list *list, const char *text); /* adds; lines without a name or a query are left out */
void saved_write(const struct saved_list *list, struct buf *out);
const char *saved_find(const struct saved_list *list, const char *name); /* its query, or NULL; capitals do not matter */
/* query NULL or "" takes it away. True: there was one of this name. */
bool saved_put(struct saved_list *list, const char *name, const char *query);
void saved_done(struct saved_list *list);

/* Blanks at the ends off, control characters out. False: nothing is left, or it is too long. */
bool saved_name(const char *typed, char out[SAVED_NAME_MAX + 1]);

#endif
