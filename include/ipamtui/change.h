/* change.h - changing many servers and scopes in one go: edits become a plan, a plan is previewed, applied and undone.
 *
 * The engine knows no scope: it works on catalogue rows (what a property is read with, written with, its limits) and on the
 * add and remove calls of an object type. Building plans does no I/O beyond the store and is any thread's; change_apply and
 * change_settle belong to the thread of their loop and store. Screens use change_desk.h, a thread around all this. */
#ifndef IPAM_CHANGE_H
#define IPAM_CHANGE_H

#include "ipamtui/config.h"
#include "ipamtui/host.h"
#include "ipamtui/journal.h"

/* ------------------------------------------------------------------ edits: what was asked for */
enum edit_how {
    EDIT_SET,     /* property = text */
    EDIT_APPEND,  /* text behind what is there */
    EDIT_PREPEND, /* text in front of it */
    EDIT_REPLACE, /* find -> text within what is there (KIND_TEXT) or of a whole value (other kinds) */
    EDIT_ROW_ADD, /* a row of object below each target: exclusion text "10.1.2.10-10.1.2.20", "10.1.2.10", ".10-.20" */
    EDIT_ROW_REMOVE,  /* rows of object below each target that are find ("all" = every one; NULL = those named as targets) */
    EDIT_ROW_REPLACE, /* such rows become text */
};
/* Addresses may be given relative to the target's network: ".20" in 10.1.2.0/24 is 10.1.2.20, ".1.20" in 10.1.2.0/23 is 10.1.3.20. */
struct change_edit {
    enum edit_how how;
    const struct object_type *object; /* ROW edits: the child (catalog_exclusions); else that of the targets */
    int property;                     /* place; ROW edits: -1 */
    const char *text, *find;          /* as typed */
};
/* "lease_duration=4d", "description+= (moved)", "name/old/new/". ERR_INPUT: no such property (did you mean), read only, a
 * value that no target could have. Texts in arena. */
bool change_edit_parse(const struct object_type *object, const char *text, struct arena *arena, struct change_edit *out,
                       struct err *err);
/* Checks an edit on its own, without targets: kind, words, limits. What a form says while typing. */
bool change_edit_check(const struct object_type *object, const struct change_edit *edit, struct err *err);
/* "set lease_duration=4d": for the change's title. */
void change_edit_show(const struct change_edit *edit, struct buf *out);

/* ------------------------------------------------------------------ types: rows of exclusions lie below scopes, whose key theirs begins with */
/* Types whose rows can be added and removed below those of object. Returns how many. */
size_t change_child_types(const struct object_type *object, const struct object_type **out, size_t room);

/* ------------------------------------------------------------------ targets: rows as the store has them, with their children */
struct change_targets;
/* ids: in the order wanted; gone ones are left out. Rows that lie below others (exclusions) become those (scopes), and row edits
 * whose find is NULL mean exactly the rows named here. The caller owns *out. */
bool change_targets_load(struct store *store, const struct object_type *object, const row_id *ids, size_t count,
                         struct change_targets **out, struct err *err);
bool change_targets_list(struct store *store, const struct list_spec *spec, struct change_targets **out, struct err *err);
void change_targets_free(struct change_targets *targets);
size_t change_targets_count(const struct change_targets *targets);
size_t change_targets_servers(const struct change_targets *targets);
const struct object_type *change_targets_object(const struct change_targets *targets);
const struct row *change_targets_row(const struct change_targets *targets, size_t at);
/* Children of a target, side by side in order of their key ("exclusions" of a scope). */
size_t change_targets_children(const struct change_targets *targets, size_t at, const struct object_type *child,
                               const struct row **first);

/* A field of the form: a writable property over all targets. */
#define CHANGE_FIELD_TOP 3
struct change_field {
    int property;
    bool mixed;                /* at least two different values: show "mixed" or the tops with their counts */
    struct value value;        /* not mixed: the value (NULL: unknown everywhere) */
    size_t different;          /* number of different values */
    size_t unknown;            /* targets whose value is not known */
    struct { struct value value; size_t count; } top[CHANGE_FIELD_TOP]; /* most frequent first */
    size_t top_count;
};
/* In the catalogue's order. Values belong to targets, the array to arena. */
const struct change_field *change_fields(const struct change_targets *targets, struct arena *arena, size_t *count);
/* "8h (9), 1d (5)", "8h", "14 different": the Now column. */
char *change_field_show(const struct change_targets *targets, const struct change_field *field, char *out, size_t size);

/* ------------------------------------------------------------------ the plan */
/* Why a target gets no step. */
enum plan_note_kind {
    PLAN_SAME,     /* '=' it has the value already */
    PLAN_NOT_APPLICABLE, /* '=' the edit does not apply to it (no such exclusion there) */
    PLAN_REFUSED,  /* '!' impossible here; why says what and where */
    PLAN_CHANGED_SINCE, /* '!' undo, retry: the store shows another value than was written */
};
struct plan_note {
    enum plan_note_kind kind;
    server_id server;
    const char *server_name, *title;
    const struct object_type *object; /* of the target */
    const struct value *key;
    int property;      /* -1 = the whole row */
    const char *why;
};
struct change_plan {
    struct arena mem;          /* owns all texts */
    struct change_step *steps; /* by server as first named, then order of sending */
    size_t count, cap;
    struct plan_note *notes;   /* of the latest edit (all edits of one change_plan_edit) */
    size_t note_count, note_cap;
    char *what;                /* heap; title; "" when empty */
    change_id id;              /* pending in the store under this number; 0 = not kept */
    int64_t revision;          /* of the kept one */
    change_id of;              /* undo or retry of this one */
    const char *relation;      /* "undo", "retry" or "" */
    int next_no;
};
struct change_plan *change_plan_new(void);
void change_plan_free(struct change_plan *plan);
struct change_plan *change_plan_copy(const struct change_plan *plan);

/* Puts edits of these targets into the plan: a second edit of the same value amends the first; back to the value before takes
 * the step out; += builds on what is planned. Per-target problems are notes. ERR_INPUT: an edit that cannot be read; ERR_CONFLICT:
 * two edits of one property in the same call. On failure the plan is as it was. */
bool change_plan_edit(struct change_plan *plan, const struct change_targets *targets, const struct change_edit *edits,
                      size_t edit_count, struct err *err);
/* Only the steps of these targets (and of what lies below them), and all notes: what a form shows of its own edit. */
void change_plan_keep_targets(struct change_plan *plan, const struct change_targets *targets);
/* Adds the steps of another plan: the same value is amended, a step and its opposite cancel each other. */
void change_plan_merge(struct change_plan *plan, const struct change_plan *other);
/* Takes out every step of one object on one server (key NULL: of the whole server). Returns how many. */
size_t change_plan_drop(struct change_plan *plan, server_id server, const struct object_type *object, const struct value *key);

struct plan_totals {
    size_t steps, targets, servers, calls;
    size_t same, not_applicable, refused, changed_since; /* notes */
    size_t unchecked; /* steps whose value before is not known */
    size_t hard;      /* steps that take something away or out of service: confirmed by the number of objects, however few */
};
void change_plan_totals(const struct change_plan *plan, struct plan_totals *out);
/* "2 of them take something away or out of service." "": none does. Returns out. */
char *change_plan_warning(const struct plan_totals *totals, char *out, size_t size);
/* "60 changes on 60 scopes, 6 servers, 60 calls; 5 already so, 1 refused". */
char *change_plan_summary(const struct change_plan *plan, char *out, size_t size);

/* -------- caution: how careful the operators are with servers, by "label" and "ask" of their rows */
enum caution_ask { CAUTION_NORMAL, CAUTION_LESS, CAUTION_TYPED };
struct caution {
    server_id server;
    const char *name, *label; /* printable; label "": none */
    enum caution_ask ask;
};
/* Servers of whom nothing is set are not in it. */
struct cautions {
    struct arena mem;
    struct caution *rows; /* by server */
    size_t count, cap;
};
bool cautions_load(struct store *store, struct cautions *out, struct err *err); /* out: zeroed */
void cautions_done(struct cautions *cautions);
const struct caution *caution_of(const struct cautions *cautions, server_id server); /* NULL: nothing is set */
const char *caution_label(const struct cautions *cautions, server_id server); /* "": it has none */

/* How it is asked whether a plan may be applied. */
enum plan_question {
    PLAN_ASK_LINE,   /* in one line: few changes, on no server with a label; or every server of it is set to "less" */
    PLAN_ASK_BOX,    /* after a look at what it is about */
    PLAN_ASK_NUMBER, /* by the number of its targets, so that a hand that is used to "yes" stops once: there are more than guard,
                      * something is hard, or a server of it is set to "typed" */
};
enum plan_question change_plan_question(const struct change_plan *plan, const struct plan_totals *totals,
                                        const struct cautions *cautions, int64_t guard);
/* Adds " [PROD, LAB]", the labels of its servers; nothing, where none has one. */
void change_plan_labels(const struct change_plan *plan, const struct cautions *cautions, struct buf *out);
void change_targets_labels(const struct change_targets *targets, const struct cautions *cautions, struct buf *out);
/* Adds lines: "PROD: ams-1, ams-2, ams-3 and 2 more servers", "ask=typed: ams-1". */
void change_plan_cautions(const struct change_plan *plan, const struct cautions *cautions, struct buf *out);

/* Lines for a screen or a pipe: cheap to make for 40,000 targets; a line's text is made only when it is shown. */
struct plan_line {
    enum { PLAN_LINE_SERVER, PLAN_LINE_TARGET, PLAN_LINE_NOTE } kind;
    size_t first, count; /* target: steps of plan; server: its targets (also when folded); note: its number */
    server_id server;
    bool folded;
};
/* folded(ctx, server): is this server folded? NULL = none is. Array in arena. Servers in plan order, notes last. */
const struct plan_line *change_plan_lines(const struct change_plan *plan, bool (*folded)(void *ctx, server_id server), void *ctx,
                                          struct arena *arena, size_t *count);
/* One line per target: mark '~' '+' '-' '=' '!' ('>' a server), server, object, and "lease_duration 8h -> 4h; name a -> b". Texts in
 * arena, not yet made printable. */
struct plan_text {
    char mark;
    const char *server, *object, *what;
};
void change_plan_text(const struct change_plan *plan, const struct plan_line *line, struct arena *arena, struct plan_text *out);
/* A step alone: "lease_duration 8h -> 4h", "exclusion 10.1.2.10-10.1.2.20". Returns out. */
char *change_step_show(const struct change_step *step, char *out, size_t size);
/* The object of a step: "10.1.2.0/24 voice-ams-3" as its key and title. Returns out. */
char *change_step_object(const struct change_step *step, char *out, size_t size);
/* The call of steps [first, first+count) as PowerShell would say it, for the details of a line. */
void change_call_show(const struct change_step *steps, size_t count, struct buf *out);

/* -------- kept: the pending plan in the store, plans in files */
bool change_pending_load(struct store *store, struct change_plan **out, struct err *err); /* none: an empty plan */
/* Writes the plan as the pending one (an empty plan drops it). ERR_CONFLICT: another process changed or applied it meanwhile. */
bool change_pending_keep(struct store *store, struct change_plan *plan, const char *tool, struct err *err);
/* CSV, header action,server,object,key,property,before,after; readable and editable. ERR_INPUT has where = path, "line N: ...". */
bool change_plan_save(const struct change_plan *plan, const char *path, struct err *err);
bool change_plan_read(struct store *store, const char *path, struct change_plan **out, struct err *err);

/* -------- afterwards */
/* The way back of what was done. only (may be NULL): step numbers. What the store shows changed since becomes PLAN_CHANGED_SINCE. */
bool change_plan_undo(struct store *store, change_id change, const int *only, size_t only_count, struct change_plan **out,
                      struct err *err);
/* Failed, skipped and unknown steps again. Conflicts are left out: somebody else's value is not overwritten by trying again. */
bool change_plan_retry(struct store *store, change_id change, const int *only, size_t only_count, struct change_plan **out,
                       struct err *err);
/* Its conflicts alone, from the values that are there now: the plan shows them as before. */
bool change_plan_retry_conflicts(struct store *store, change_id change, const int *only, size_t only_count,
                                 struct change_plan **out, struct err *err);

/* ------------------------------------------------------------------ reaching servers */
struct change_wire {
    /* 0: there is no such server (any more), or its row does not say how to reach it: error() then says why. Callbacks come from the loop, never from within. */
    host_call_id (*invoke)(void *ctx, server_id server, const struct ps_call *call, int64_t timeout_ms,
                           const struct ps_call_events *events, void *call_ctx);
    void (*forget)(void *ctx, server_id server, host_call_id id);  /* stops it, no callback any more */
    void (*close)(void *ctx, server_id server);                    /* not needed any more for now; may be NULL */
    void (*hold)(void *ctx, server_id server, bool hold);          /* calls follow: its session is kept meanwhile; may be NULL */
    unsigned (*session)(void *ctx, server_id server);              /* which session the last call went over, by number; NULL: cannot be told */
    const struct err *(*error)(void *ctx, server_id server);       /* why it cannot be reached; kind NONE = no failure */
    void *ctx;
};
/* Hosts of its own for the servers of the store, opened when first called. */
struct change_pool;
/* ask NULL: what was asked for this server needs no answer any more. */
typedef void change_ask_fn(void *ctx, server_id server, const struct transport_ask *ask);
struct change_pool *change_pool_new(struct loop *loop, struct transport_hub *hub, struct store *store,
                                    const struct options *options, change_ask_fn *ask /* NULL: refused */, void *ctx);
void change_pool_answer(struct change_pool *pool, server_id server, const char *const *answers);
struct change_wire change_pool_wire(struct change_pool *pool);
void change_pool_free(struct change_pool *pool);

/* ------------------------------------------------------------------ apply */
struct apply_limits {
    int servers;           /* worked on at once; 0 = 64 */
    int per_server;        /* calls in flight on one; 0 = 1. Steps of one target never overtake each other */
    int stop_after;        /* failed steps after which nothing more is sent; 0 = never */
    int64_t call_timeout_ms; /* 0 = 60 s */
    int64_t fresh_ms;      /* a value re-read longer ago is read again before it is overwritten; 0 = 5 s */
    int64_t gone_ms;       /* how long a lost remote process may still act when it cannot be asked about; 0 = 30 s */
};
struct apply_progress {
    change_id change;
    int64_t counts[CHANGE_STATES];
    size_t servers, servers_ended;
    bool stopping;
    size_t calls;          /* sent so far, reads included */
    int64_t journal_us, started_ms; /* time spent in the journal */
};
struct apply_events {
    void (*step)(void *ctx, const struct change_step *step); /* a result (or a new state); step lives until free */
    void (*done)(void *ctx, const struct apply_progress *progress, const struct err *err); /* once; err NONE = worked through */
};
struct change_apply;
/* Makes a plan that is not kept yet a change, or takes the pending one, and begins. ERR_CONFLICT: it is applied already. The plan
 * is read, not kept. */
bool change_apply_start(struct loop *loop, struct store *store, const struct change_wire *wire, const struct change_plan *plan,
                        const char *tool, const struct apply_limits *limits, const struct apply_events *events, void *ctx,
                        struct change_apply **out, struct err *err);
void change_apply_stop(struct change_apply *apply); /* nothing more is sent; what is in flight is settled; done follows */
void change_apply_progress(const struct change_apply *apply, struct apply_progress *out);
const struct change_step *change_apply_steps(const struct change_apply *apply, size_t *count);
void change_apply_free(struct change_apply *apply); /* after done; earlier: open steps stay open for the next start */

/* Forgets changes that ended longer than keep_s ago (0 = never). What cannot be forgotten now is the next time. */
void change_forget_old(struct store *store, int64_t keep_s);

/* -------- at start: open steps of dead owners, settled by re-reading. Never sends a change. */
bool change_settle_needed(struct store *store, size_t *changes, struct err *err);
/* All of them, one after the other; done once with the totals of all. */
bool change_settle_start(struct loop *loop, struct store *store, const struct change_wire *wire, const struct apply_limits *limits,
                         const struct apply_events *events, void *ctx, struct change_apply **out, struct err *err);

#endif
