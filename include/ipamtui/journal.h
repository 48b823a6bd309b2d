/* journal.h - the pending plan, and every change that was applied or is being applied: tables changes and change_steps.
 *
 * A plan is a list of steps: (server, object, property, before, after, call). It is pending until it is applied; then the same
 * rows are the journal. A step is written as open, durably, before it is sent, and settled afterwards; an open step whose owner is
 * dead is settled by re-reading (change.h). One pending plan to a store. The thread of its store. */
#ifndef IPAM_JOURNAL_H
#define IPAM_JOURNAL_H

#include "ipamtui/catalog.h"
#include "ipamtui/store.h"

typedef int64_t change_id; /* 0 = none */

enum change_op { OP_SET, OP_ADD, OP_REMOVE };
enum change_state {
    CHANGE_PLANNED,  /* not sent yet */
    CHANGE_OPEN,     /* may have been sent: the outcome is not known yet */
    CHANGE_DONE,     /* the server has it, read back */
    CHANGE_FAILED,   /* the server refused, or did not do it */
    CHANGE_SKIPPED,  /* not sent: stopped, or what it rests on failed */
    CHANGE_CONFLICT, /* not sent: the server had neither before nor after */
    CHANGE_UNKNOWN,  /* sent, and the server could not be asked since */
};
#define CHANGE_STATES 7
const char *change_state_name(enum change_state state); /* "planned", "open", "done", "failed" ... */
bool change_state_parse(const char *name, enum change_state *out);
const char *change_op_name(enum change_op op); /* "set", "add", "remove" */

/* One value of one object on one server. Strings and key live in the arena of who made it. */
struct change_step {
    int no;                  /* place in its plan, from 1; never reused within it */
    server_id server;
    const char *server_name;
    const struct object_type *object;
    const struct value *key; /* of the object, by its PROP_KEY properties in the catalogue's order */
    const char *title;       /* what the row is called ("voice-ams-3"), "" = nothing */
    enum change_op op;
    int property;            /* OP_SET: place in object->properties; else -1 */
    struct value before;     /* OP_SET: NULL = not known when planned. OP_REMOVE, OP_ADD: NULL, the key says it all */
    struct value after;
    int call;                /* steps of one server with one number travel in one call */
    int rests_on;            /* no of the step that must be done before (edit = remove + add); 0 = none */
    enum change_state state;
    bool learnt;             /* before was read since it was planned. Not kept */
    bool answered;           /* open: the server has answered its call; what became of it is read back next. Not kept */
    struct value found;      /* what the server had when it was last asked (conflict: shown) */
    const char *text;        /* the server's words or why it was skipped; "" = nothing to say */
    const char *error_id;    /* "DHCP 20005", "" = none */
    const char *hint;        /* what to try, "" = nothing */
    int64_t opened_at, settled_at; /* seconds, 0 = not yet */
};

/* Who makes a change, from where. Filled by journal_me(). */
struct journal_owner {
    char host[64];   /* this machine's name */
    char boot[48];   /* boot id: another one = every process of then is gone */
    char space[32];  /* pid namespace: pids of another one say nothing here */
    int64_t pid, start; /* process id and its start time in clock ticks since boot */
    char who[64];    /* login name; "root (for kim)" under sudo */
    char from[64];   /* the address of SSH_CONNECTION, else the terminal, else "" */
};
void journal_me(struct journal_owner *out);
enum owner_life { OWNER_ALIVE, OWNER_DEAD, OWNER_ELSEWHERE /* another namespace of processes: cannot be told */ };
enum owner_life journal_owner_life(const struct journal_owner *owner);

enum change_phase { PHASE_PENDING, PHASE_RUNNING, PHASE_ENDED };
/* A change as a whole. Strings live in the arena it was read into. */
struct change_info {
    change_id id;
    enum change_phase phase;
    const char *what;     /* "set lease_duration=4d on 60 scopes" */
    const char *who, *from, *tool; /* tool: "console", "set", "undo" ... */
    int64_t made_at, begun_at, ended_at;
    change_id of;         /* the change this one undoes or retries; 0 = none */
    const char *relation; /* "undo", "retry", "" */
    struct journal_owner owner;
    int64_t revision;     /* of the pending plan: goes up with every journal_replan() */
    int64_t counts[CHANGE_STATES];
    int64_t servers, steps, targets;
};

/* -------- writing: each is one durable transaction (synchronous FULL) unless the caller has one open. */
/* The pending plan; 0 = there is none. */
bool journal_pending(struct store *store, change_id *out, struct err *err);
/* Makes a change with steps. pending: it replaces nothing (ERR_CONFLICT when there is a pending one). */
bool journal_make(struct store *store, const struct change_info *info, const struct change_step *steps, size_t count,
                  change_id *out, struct err *err);
/* Brings a pending plan to these steps. *revision: the one it was read or kept with, then the new one. ERR_CONFLICT: it is not
 * pending any more, or another process amended it meanwhile. */
bool journal_replan(struct store *store, change_id change, const char *what, const struct change_step *steps, size_t count,
                    int64_t *revision, struct err *err);
bool journal_drop(struct store *store, change_id change, struct err *err); /* a pending one only; ERR_CONFLICT otherwise */
/* Pending becomes running, owned by owner. ERR_CONFLICT: somebody else runs or ran it. */
bool journal_begin(struct store *store, change_id change, const struct journal_owner *owner, int64_t now_s, struct err *err);
/* States, found, before, texts, times of these steps as they are in memory. session: what is known of the remote process that
 * will carry out open ones ("pid 4711"), or NULL. */
bool journal_write(struct store *store, change_id change, const struct change_step *const *steps, size_t count,
                   const char *session, struct err *err);
bool journal_end(struct store *store, change_id change, int64_t now_s, struct err *err);
/* Takes over a running change whose owner is dead. ERR_CONFLICT: the owner is alive, elsewhere, or another process was quicker. */
bool journal_claim(struct store *store, change_id change, const struct journal_owner *me, struct err *err);

/* Forgets changes that ended before that time, with their steps. The pending plan, running changes, and those with steps whose
 * outcome is not known stay. *count: how many went. */
bool journal_forget(struct store *store, int64_t before_s, int64_t *count, struct err *err);

/* -------- reading */
bool journal_info(struct store *store, change_id change, struct arena *arena, struct change_info *out, struct err *err);
typedef bool journal_info_fn(void *ctx, const struct change_info *info); /* false = stop */
bool journal_list(struct store *store, journal_info_fn *fn, void *ctx, struct err *err); /* newest first; pending too */
/* All steps by no. Steps of objects or properties this program does not know are ERR_INPUT. session_of (may be NULL): parallel
 * array of what journal_write was told. */
bool journal_steps(struct store *store, change_id change, struct arena *arena, struct change_step **out, size_t *count,
                   const char ***session_of, struct err *err);
/* A key as one text ("10.1.2.0 10.1.2.10 10.1.2.20"; blanks within a value are "\ ") and back. */
char *journal_key_text(const struct object_type *object, const struct value *key, struct arena *arena);
bool journal_key_parse(const struct object_type *object, const char *text, struct arena *arena, struct value *key,
                       struct err *err);
/* What of a row's key is its own, for people: "10.1.2.10-10.1.2.20" of an exclusion, without its scope. Returns out. */
char *journal_own_key(const struct object_type *object, const struct value *key, char *out, size_t size);
/* Number of key properties, and their places. */
size_t journal_key_places(const struct object_type *object, int *places, size_t room);

#endif
