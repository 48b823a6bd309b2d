/* show.h - what previews have in common. On the query worker's thread. */
#ifndef IPAM_PANE_SHOW_H
#define IPAM_PANE_SHOW_H

#include "ipamtui/pane.h"

/* A row with its texts. */
struct shown {
    struct arena mem;
    const struct object_type *object;
    struct row row;
    int64_t now_s;
};
/* false: it is gone, or cannot be read (then out says so). shown_done() also then. */
bool shown_load(struct store *store, const struct object_type *object, row_id id, int64_t now_s, struct shown *shown,
                struct preview *out);
void shown_done(struct shown *shown);

/* NULL when the property does not exist or is unknown. */
struct value shown_value(const struct shown *shown, const char *name);
/* As people read it; what unknown means in words. Text in the preview's arena. */
const char *shown_text(const struct shown *shown, const char *name, struct preview *out);
bool shown_known(const struct shown *shown, const char *name);
const char *shown_age(const struct shown *shown, const char *name, struct preview *out);
/* "1,204" */
const char *shown_number(const struct shown *shown, const char *name, struct preview *out);

/* How full a scope (of scopes or scopes6) was in the last days, a digit a cell, and the trend; nothing before there are samples. */
void preview_history(struct store *store, const struct shown *s, struct preview *out);

/* How the sources of a server did, those of object only (NULL: all) that were not "done". Returns how many. */
size_t preview_sources(struct store *store, server_id server, const struct object_type *object, int64_t now_s, struct preview *out);

#endif
