/* apply_int.h - inside of applying and settling: servers, windows of steps, calls, what was read.
 *
 * A server works through its steps in windows: read what is there, journal what will be sent, send in order, read back,
 * settle. A window's reading serves all its steps while it is fresh. */
#ifndef IPAM_APPLY_INT_H
#define IPAM_APPLY_INT_H

#include "inner.h"

enum {
    WINDOW_STEPS = 64, /* journaled ahead and read in one go */
    READS_AT_ONCE = 4, /* of one server, however few changes may be in flight */
};

/* What the engine remembers of a step beside what the journal has. */
struct step_work {
    change_id change;
    const char *session; /* settling: what the journal knows of the remote process */
    bool send;           /* judged: to be sent */
    bool sent;           /* its call was made (or may have been, when settling) */
    bool answered;       /* its call ended on the server */
    bool refused;        /* with an error */
    bool dirty;          /* differs from the journal */
};

/* A row as one or more sources showed it. */
struct seen_row {
    const struct object_type *object;
    struct value *values;
    bool *known;      /* by property: values that were brought */
    unsigned sources; /* bits: which sources showed it */
};
struct seen {
    struct arena mem;
    struct seen_row *rows;
    size_t count, cap;
    int64_t at_ms;  /* when the reading began */
    bool failed;    /* not all of it could be read */
    bool lost;      /* because there is no connection */
    struct err err; /* the first failure */
    char error_id[96];
    char words[256]; /* the server's */
};

enum server_phase {
    SERVER_WAITING,    /* for its turn */
    SERVER_ASKING_PID, /* which process is at the other end */
    SERVER_READING,
    SERVER_JOURNALING,
    SERVER_SENDING,
    SERVER_READING_BACK,
    SERVER_GONE_ASKING,  /* is the process that was lost still there? */
    SERVER_GONE_WAITING, /* it cannot be asked about: time must pass */
    SERVER_SETTLING,     /* reading to settle what is uncertain */
    SERVER_ENDED,
};

struct change_apply;
struct apply_server;

enum call_kind { CALL_PID, CALL_READ, CALL_SEND, CALL_GONE };
struct apply_call {
    struct apply_server *server;
    host_call_id id;
    enum call_kind kind;
    size_t read;           /* CALL_READ: place in reads */
    size_t first, count;   /* CALL_SEND: the steps of the call number, sent or not */
    struct value group;    /* CALL_SEND */
    bool errored, absent;  /* an error record came; it says no more than that the row is not there */
    struct err err;        /* what to make of it */
    char error_id[96];
    char words[256];
    int64_t number;        /* CALL_PID: the answer */
    struct apply_call *next;
};

struct apply_server {
    struct change_apply *apply;
    server_id id;
    const char *name;
    size_t first, end;      /* its steps */
    size_t from, to;        /* the window; to == from: none */
    size_t next;            /* next step of the window to look at for sending */
    enum server_phase phase;
    bool active;            /* counts for limits.servers */
    bool journaled;         /* the window's open steps are on disk */
    bool opened;            /* they were made open and wait for a commit */
    bool lost;              /* a call of this window was lost: outcome uncertain */
    bool gone;              /* the lost process is known to be gone, or its time is over */
    int retries;            /* readings tried again after a lost connection */
    size_t sent_since_read; /* calls: a slow reading must not be followed by nothing but the next one */
    int64_t lost_ms;
    char session[48];       /* "pid 4711", "" = not known */
    bool session_asked;
    unsigned session_no;    /* wire.session() when it was asked */
    bool held;              /* wire.hold() */
    char lost_session[48];
    int64_t gone_again_ms;  /* until it is asked once more whether the lost process is gone */
    struct seen seen;
    bool whole;             /* Select-Object is refused there: whole rows are read */
    struct reread_call *reads;
    size_t read_count, read_next, reads_open;
    struct arena read_mem;
    struct apply_call *calls; /* in flight */
    size_t in_flight;
    struct loop_timer timer;
};

/* What was read after sending, on its way to the lists; the steps [from, to) may have removed rows. */
struct fresh_values {
    struct apply_server *server;
    struct seen seen;
    size_t from, to;
};

struct journal_batch {
    struct loop_timer timer;
    int64_t last_end_us, last_cost_us, total_us;
    bool wanted;       /* a server waits for it */
    int failures;
    size_t commits;
};

struct change_apply {
    struct loop *loop;
    struct store *store;
    struct change_wire wire;
    struct apply_limits limits;
    struct apply_events events;
    void *ctx;
    bool settling;      /* only reads */
    change_id change;   /* 0 when settling several */
    struct apply_change {
        change_id id;
        bool ends; /* with this: it runs under our name */
    } *changes;
    size_t change_count, change_cap;
    struct arena mem;
    struct change_step *steps;
    struct step_work *work;
    size_t count;
    struct apply_server *servers;
    size_t server_count, server_next, active, ended;
    size_t failures;
    size_t calls;
    int64_t started_ms;
    bool stopping, over, in_start;
    struct err err;     /* what ended it early */
    struct journal_batch journal;
    struct fresh_values *fresh;
    size_t fresh_count, fresh_cap;
    struct loop_timer turn; /* runs what must not run within a caller's call */
};

/* -------- apply.c */
void apply_server_ended(struct apply_server *server);
void apply_step_changed(struct change_apply *apply, size_t at);
void apply_failure(struct change_apply *apply);
void apply_abort(struct change_apply *apply, const struct err *err);
struct change_apply *apply_new(struct loop *loop, struct store *store, const struct change_wire *wire,
                               const struct apply_limits *limits, const struct apply_events *events, void *ctx);
void apply_add_change(struct change_apply *apply, change_id change, bool ends);
/* Divides steps (ordered by server) among servers and begins with the loop's next turn. */
void apply_begin(struct change_apply *apply);

/* -------- apply_journal.c */
/* A commit soon: sooner when a server waits for it. */
void apply_journal_soon(struct change_apply *apply, bool wanted);
/* At once, all of it, with the changes' ends when everything is over. false: apply->err says why. */
bool apply_journal_now(struct change_apply *apply);

/* -------- apply_server.c */
void apply_server_start(struct apply_server *server);
void apply_server_journaled(struct apply_server *server); /* a commit is done, or none will be */
void apply_server_free(struct apply_server *server);
void apply_server_answered(struct apply_call *call, enum ps_end end, const struct ps_error *why);

/* -------- apply_call.c */
/* false: there is no such server. */
bool apply_call_start(struct apply_server *server, enum call_kind kind, const struct ps_call *call, struct apply_call **out);
void apply_call_free(struct apply_call *call);
/* Does this FullyQualifiedErrorId say that the server does not know the cmdlet or its parameter? */
bool call_is_unknown(const char *error_id);

/* -------- apply_read.c */
void seen_clear(struct seen *seen);
void seen_done(struct seen *seen);
/* An answer of a re-reading. */
void seen_take(struct seen *seen, const struct reread_call *read, const struct ps_value *answer);
/* The row of a step: NULL = not there. */
const struct seen_row *seen_find(const struct seen *seen, const struct change_step *step);
/* Was the source that shows this step's value asked and did it answer for its row? */
bool seen_value(const struct seen *seen, const struct change_step *step, struct value *out, bool *there);
/* Puts all that was read since into the store's own tables. What the lists show is fresher for it; the change itself does not
 * depend on it. */
void fresh_store(struct change_apply *apply);
void fresh_drop(struct change_apply *apply);

/* -------- apply_judge.c */
/* Before sending: is it as planned? Sets send, or the state and why not. */
void judge_before(struct change_apply *apply, const struct seen *seen, size_t first, size_t count);
/* After: what became of a step that was sent. uncertain: its call was lost or stopped. final: nothing can happen any more.
 * false: it cannot be told yet. */
bool judge_after(struct change_apply *apply, const struct seen *seen, size_t at, bool final);
void step_settle(struct change_apply *apply, size_t at, enum change_state state, const char *text);

#endif
