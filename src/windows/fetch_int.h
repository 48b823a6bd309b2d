/* fetch_int.h - inside of a fetch: its questions, and the rows on their way to the sink. */
#ifndef WINDOWS_FETCH_INT_H
#define WINDOWS_FETCH_INT_H

#include "convert.h"
#include "ipamtui/fetch.h"

enum { BATCH_ROWS = 128 /* rows handed on at once */, KEYS_MAX = 4 };

/* Rows on their way to the sink. */
struct batch {
    struct value *values;
    size_t rows;
    struct arena mem; /* their strings */
    struct batch *next;
};

/* The keys of the rows that a source defined, in the order of its answers. */
struct key_list {
    int property[KEYS_MAX];
    int width;
    struct value *values; /* count * width */
    size_t count, cap;
    struct arena mem;
};

enum ask_state {
    ASK_CALLING,
    ASK_WAITING, /* answered; its rows wait for the rows that they add to */
    ASK_GROUPS,
    ASK_ENDED
};

/* One source's question. */
struct ask {
    struct fetch *fetch;
    const struct object_type *object;
    int source;
    const struct source *row;
    struct row_plan plan;
    enum ask_state state;
    bool silent;          /* only for its keys: not asked for by the caller */
    bool wants_keys;      /* somebody needs keys */
    struct ask *defines;  /* the ask whose rows this one adds to; NULL = none in this fetch */
    host_call_id call;
    struct batch *filling, *held, **held_end;
    struct key_list keys;
    size_t objects, rows, unreadable;
    bool any;             /* a batch was handed on */
    bool refused;         /* an error record came or the call failed */
    bool not_found;       /* it says that the thing asked for is not there */
    enum fetch_result result;
    struct err err;       /* the first error */
    struct err bad;       /* the first unreadable answer */
    size_t timeouts;      /* row errors in a row that say "no answer", before any answer */
    char **named;         /* zone_events: zones that had their newest one */
    size_t named_count, named_cap;
    /* ASK_GROUPS */
    struct group *groups;       /* that are being asked */
    struct group_range *ranges; /* that still are to be, the last one first */
    size_t range_count, range_cap;
    int groups_running, groups_failed;
};

struct fetch {
    struct host *host;
    char *name;
    char *about; /* what is asked about, or NULL */
    int64_t timeout_ms;
    struct fetch_sink sink;
    void *ctx;
    struct ask *asks;
    size_t count, open;
    struct loop_timer end;
};

/* ------------------------------------------------------------------ fetch_rows.c */
struct batch *batch_new(size_t rows, size_t properties); /* room for so many */
void batch_free(struct batch *batch); /* NULL is fine */
void batches_free(struct batch *batch);
void batch_deliver(struct ask *ask, struct batch *batch);
void batch_full(struct ask *ask);     /* what fills is handed on, or held until it may be */
void batch_hold(struct ask *ask);     /* what fills is held */
void batch_release(struct ask *ask);  /* all that was held */
void keys_init(struct key_list *keys, const struct object_type *object);
void keys_add(struct key_list *keys, const struct value *row);
void keys_put(const struct key_list *keys, size_t at, struct value *row);

/* ------------------------------------------------------------------ fetch_groups.c */
/* Answers of all in one pipeline could not be told apart: asks for some at a time, and where that does not come out even, for fewer. */
void groups_start(struct ask *ask);
void groups_done(struct ask *ask, bool forget); /* frees; forget: drops their calls as well */

/* ------------------------------------------------------------------ fetch.c */
void ask_note_error(struct ask *ask, const struct ps_error *error, bool lost); /* the first one is kept */
void ask_finish(struct ask *ask);
bool error_not_found(const struct ps_error *error);
void fetch_check_end(struct fetch *fetch);

#endif
