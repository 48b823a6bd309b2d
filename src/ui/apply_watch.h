/* apply_watch.h - a change at work, server by server: how far each one is, what it does now, how long it will take. Made from the plan
 * and the results as they arrive; draws nothing. Screen thread only. */
#ifndef IPAM_UI_APPLY_WATCH_H
#define IPAM_UI_APPLY_WATCH_H

#include "ipamtui/change.h"
#include "ipamtui/pane.h"

struct watched_server {
    server_id server;
    char name[64];
    size_t total, answered;        /* answered: open still, being read back */
    int64_t counts[CHANGE_STATES]; /* of what else has been heard of; the rest is planned */
    char now[160];                 /* what was sent or answered last */
};
struct apply_watch {
    struct watched_server *rows; /* as in the plan */
    size_t count, cap, total;
    unsigned char *states;       /* by number of the step: its latest state as apply_watch.c counts it, 0 = not heard of */
    size_t state_cap;
    int64_t began_ms;            /* monotonic */
};

/* Begins anew. */
void apply_watch_begin(struct apply_watch *watch, const struct change_plan *plan, int64_t now_ms);
void apply_watch_step(struct apply_watch *watch, const struct change_step *step);
void apply_watch_done(struct apply_watch *watch);

size_t apply_watch_answered(const struct apply_watch *watch); /* and settled ones */
/* "12/s, about 4 s left"; "" while there is nothing to reckon from. */
char *apply_watch_rate(const struct apply_watch *watch, int64_t now_ms, char *out, size_t size);
/* A line for the whole and as many for servers as there is room: those that need a look, then the ones at work, waiting, done. */
struct watch_room {
    size_t servers; /* lines; 0 = only the whole */
    int w;          /* cells of a line */
};
void apply_watch_preview(const struct apply_watch *watch, struct watch_room room, bool stopping, int64_t now_ms, struct preview *out);

#endif
