/* inner.h - what the files of change/ share: keys, order, checks, calls, re-reading. */
#ifndef IPAM_CHANGE_INNER_H
#define IPAM_CHANGE_INNER_H

#include "ipamtui/change.h"

#define KEY_MAX 8 /* key properties of an object type at most */

/* -------- keys and catalogue (keys.c) */
struct key_places {
    int at[KEY_MAX];
    size_t count;
};
void key_places(const struct object_type *object, struct key_places *out);
/* Key of a row, copied into arena (texts too). */
const struct value *key_of_row(const struct object_type *object, const struct key_places *places, const struct value *values,
                               struct arena *arena);
struct value value_in(struct value v, struct arena *arena);
bool key_equal(const struct object_type *object, const struct value *a, const struct value *b);
/* The first key value: what steps of one server are grouped and ordered by ("the scope"). NULL value without keys. */
struct value step_group(const struct change_step *step);
bool property_is_writable(const struct property *property);
/* What the server shows when a text was never set is no text: NULL and "" are one value there. */
bool same_value(const struct property *property, struct value a, struct value b);
/* Value of a text property that the row's own source would have told: NULL becomes "". */
struct value known_value(const struct object_type *object, int property, struct value v);
/* A property as an error names it. */
const char *property_name(const struct object_type *object, int property);

/* -------- targets (targets.c) */
const char *target_server_name(const struct change_targets *targets, size_t at);
const char *target_title(const struct change_targets *targets, size_t at);
const struct key_places *target_keys(const struct change_targets *targets);
/* Was this child named itself when the targets were loaded? */
bool target_child_selected(const struct change_targets *targets, row_id child);
/* Why nothing may be planned for it, or NULL. */
const char *target_barred(const struct change_targets *targets, size_t at);

/* -------- edits (edit.c) */
/* The new value of a property. base: the value it builds on. row: values of the target. */
bool edit_apply(const struct object_type *object, const struct change_edit *edit, const struct value *row, struct value base,
                struct arena *arena, struct value *out, struct err *err);
/* Row edits: text as the rest of a child's key below parent ("10.1.2.10-10.1.2.20" as start and end). */
bool edit_child_key(const struct object_type *child, const struct object_type *parent, const struct value *parent_key,
                    const char *text, struct arena *arena, struct value *key, struct err *err);
/* An address, maybe relative (".20") to network. */
bool edit_address(const char *text, const char *field, struct value network, int64_t *out, struct err *err);

/* -------- checks (check.c): can this row be so? Pure. */
struct check_row {
    const struct object_type *object; /* of the row */
    const struct value *values;       /* as it would be */
    const struct value *was;          /* as it is; NULL: new */
    const struct object_type *child;  /* of children; NULL = none known */
    const struct value *const *children; /* keys of its children as they would be */
    size_t child_count;
    const struct value *const *new_children; /* of these, the ones that the plan adds */
    size_t new_count;
};
/* false: err has the sentence, *property the place that is wrong (-1: a child). */
bool check_target(const struct check_row *row, int *property, struct err *err);

/* -------- plan (plan.c) */
struct change_step *plan_add_step(struct change_plan *plan);
struct plan_note *plan_add_note(struct change_plan *plan, enum plan_note_kind kind);
/* Order of sending, calls numbered, withdrawn steps (no == 0) taken out. */
void plan_order(struct change_plan *plan);
/* Steps [*first, +count) of one server and group among the ordered first `ordered` ones. */
size_t plan_group(const struct change_plan *plan, size_t ordered, const char *server_name, server_id server, struct value group,
                  size_t *first);
/* Checks a plan that came from a file or from the journal against what is there: what cannot be is taken out and noted. */
bool plan_check(struct store *store, struct change_plan *plan, struct err *err);
void plan_set_what(struct change_plan *plan, const char *what);
/* A copy of step with all texts in arena. */
struct change_step step_copy(const struct change_step *step, struct arena *arena);

/* -------- calls (calls.c) */
/* The steps travel in one call? */
bool steps_join(const struct change_step *a, const struct change_step *b);
/* A ps_call for steps of one call number. row: the object's values as re-read (NULL where unknown), for parameters that must go
 * along. All in arena. ERR_INPUT: a parameter that must go along is not known. */
bool steps_call(const struct change_step *const *steps, size_t count, const struct value *row, struct arena *arena,
                struct ps_call *out, struct err *err);
/* Steps of one call in words: "Set-DhcpServerv4Scope -ScopeId 10.1.2.0 -Delay 5". */
void steps_call_text(const struct ps_call *call, struct buf *out);

/* -------- reading again (reread.c) */
/* One call of a re-reading: a source for some rows of one server. */
struct reread_call {
    const struct object_type *object;
    int source;
    struct ps_call call; /* in arena */
    const struct value *key; /* SOURCE_BY_ORDER: the answer's row, else NULL */
    const bool *only;        /* by property: what the answers bring of the source's, in arena; NULL = all */
};
/* The calls that bring every property of steps (their rows' existence at least). Array in arena. Of rows that only get new values no
 * more is asked than these, their keys and what goes along: a whole scope is ten times that. whole: without Select-Object, for
 * servers that refuse it. */
size_t reread_calls(const struct change_step *const *steps, size_t count, bool whole, struct arena *arena,
                    struct reread_call **out);
/* Which source shows whether rows of object exist; -1 = none. */
int object_defining_source(const struct object_type *object);

/* -------- texts */
const char *step_state_hint(const struct change_step *step);

#endif
