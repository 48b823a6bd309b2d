/* inner.h - the parts of the collector, all of one thread. */
#ifndef IPAM_COLLECT_INNER_H
#define IPAM_COLLECT_INNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "ipamtui/collect.h"
#include "ipamtui/fetch.h"
#include "ipamtui/loop.h"
#include "ipamtui/store.h"

#define VERIFY_ROUNDS 4

struct collector;
struct task;
struct server;

/* What the collector needs of the options; strings are its own. */
struct settings {
    int max_hosts, max_calls, max_programs;
    int64_t call_timeout_ms, connect_timeout_ms, idle_close_ms;
    enum transport_kind transport;
    char *user, *jump, *powershell;
    int port;
    int64_t verify_service_s, verify_utilization_s, verify_zones_s, verify_configuration_s;
};

/* ------------------------------------------------------------------ writes.c: facts on their way into the store */
struct write_op;
struct writes {
    struct arena mem;
    struct write_op *first, **end;
    size_t rows;
    struct loop_timer timer;
    bool flushing;
    int tries; /* times in a row that another program held the store */
};
void writes_rows(struct collector *c, server_id server, const struct fetch_rows *rows, bool first);
void writes_source(struct collector *c, server_id server, const struct object_type *object, int source, bool ok,
                   const char *result, const char *error);
void writes_fact(struct collector *c, server_id server, const char *property, struct value v);
/* When everything before it is in the store: task_stored(). */
void writes_end(struct collector *c, struct task *task);
void writes_flush(struct collector *c);
void writes_done(struct collector *c);

/* ------------------------------------------------------------------ jobs.c: what was asked for, and how far it is */
struct job {
    uint64_t id;
    size_t total, done, failed, running;
    size_t not_asked; /* of done: given up before they had answered */
    unsigned what;    /* WHAT_... */
    bool quiet;       /* regular verification */
    bool cancelled;
    int64_t noted_ms; /* when NOTE_ROUND was last sent */
    bool moved;       /* something to note since */
    server_id about;
    char about_name[64], about_text[200];
    struct job *next;
};
struct job *job_new(struct collector *c, uint64_t id, size_t total, unsigned what, bool quiet);
struct job *job_find(struct collector *c, uint64_t id);
void job_moved(struct collector *c, struct job *job, const struct server *server, const char *text);
/* One server of it is through; err: why not. Ends the job with the last one. */
void job_server_done(struct collector *c, struct job *job, const struct server *server, const char *name, bool ran,
                     const struct err *err, const char *text);
void job_check(struct collector *c, struct job *job); /* ends it if nothing is left to do */
void jobs_note_stored(struct collector *c);
void jobs_note_fault(struct collector *c, const struct err *err);
void jobs_done(struct collector *c);
struct note *note_new(enum note_kind kind, uint64_t job);

/* ------------------------------------------------------------------ asks.c: questions to the operator */
struct question;
void asks_ask(struct server *server, const struct transport_ask *ask);
void asks_answer(struct collector *c, uint64_t ask_id, char *const *answers); /* NULL: no */
void asks_gone(struct server *server); /* it does not wait for an answer any more */
void asks_done(struct collector *c);

/* ------------------------------------------------------------------ calls.c: of another thread, over our sessions */
enum call_request_kind { CALL_MAKE, CALL_FORGET, CALL_HOLD, CALL_RELEASE, CALL_END };
struct call_request {
    enum call_request_kind kind;
    struct collector_calls *calls;
    uint64_t id;
    server_id server;
    unsigned look;
    int64_t timeout_ms;
    struct arena mem;
    struct ps_call call; /* in mem */
};
struct relay;
void collector_put_call(struct collector *c, struct call_request *request); /* any thread; takes it */
void calls_take(struct collector *c, struct call_request *request);
void call_request_free(struct call_request *request);
void relays_lose(struct server *server); /* its session goes */
/* Others' calls are under way over its session, or will be: it is not dropped for another way until they have ended. */
bool server_is_lent(const struct server *server);

/* ------------------------------------------------------------------ servers.c: sessions that are kept */
struct server {
    struct collector *c;
    server_id id;
    char name[64];
    unsigned role;
    unsigned covered; /* roles that another entry has for the same machine */
    char covered_by[64]; /* which */
    char machine[64]; /* that answered as this server until now; "" = not known */
    bool down;        /* did not answer the last time */
    char *way;        /* how it is reached, as one text: another way means another session */
    struct host *host;
    enum host_dialect dialect; /* as remembered */
    struct task *task; /* the one that runs */
    bool changed;      /* drop the session when the task is over */
    struct err failure; /* the last one of its connection */
    enum transport_step failed_step;
    bool asking;
    uint64_t ask_id;
    /* calls.c */
    size_t relays;   /* calls of others that are under way over its session */
    size_t holds;    /* by others, who have more calls */
    const struct collector_calls *holder;
    unsigned looked; /* when its way was looked up for them */
    /* verify.c */
    int64_t every_s[VERIFY_ROUNDS]; /* 0 = never */
    int64_t due_ms[VERIFY_ROUNDS];  /* monotonic; 0 = not looked at yet */
    int misses;                    /* times in a row that it did not answer */
};
struct server *server_get(struct collector *c, server_id id);
struct server *server_known(struct collector *c, server_id id); /* NULL: never asked here */
/* Reads the row, makes or keeps the session. begins: a change does, which may hold it already, and looks for the way first. ERR_NOT_FOUND:
 * no such server any more. */
bool server_prepare(struct server *server, bool begins, struct err *err);
/* Who it is and what another entry has for it, of its row. */
bool server_identify(struct server *server, const struct row *row, struct err *err);
/* What of it is asked of this server. */
unsigned server_asked(const struct server *server, unsigned what);
void server_drop(struct server *server); /* its session */
void servers_done(struct collector *c);

/* ------------------------------------------------------------------ tasks.c: one server being asked */
struct task {
    struct server *server;
    unsigned what;
    char *about;     /* WHAT_STATISTICS: a zone, or NULL */
    struct job **jobs;
    size_t job_count, job_cap;
    bool down;
    struct fetch *fetch;
    bool warm;     /* its session was open before */
    bool again;    /* asked a second time over a new session */
    bool silent;   /* no sign of life for a while: does not hold a place */
    bool doomed;   /* can go no further (err): ended with the next turn */
    bool another;  /* another machine answered than before */
    int64_t started_ms, started_s, progress_ms;
    size_t answered, lost, failed;
    struct err err;
    struct note *answers[4]; /* WHAT_STATISTICS: by object, until all have come */
    size_t answer_count;
    struct tally {
        const struct object_type *object;
        size_t rows;
    } tallies[8];
    struct task *next;
};
void tasks_add(struct collector *c, struct job *job, const server_id *servers, size_t count, unsigned what,
               const char *about);
void tasks_cancel(struct collector *c, struct job *job);
void tasks_server_changed(struct collector *c, server_id id);
void tasks_kick(struct collector *c); /* starts what may start, from the loop */
void tasks_progress(struct server *server, const char *text); /* a sign of life; text: what goes on, or NULL */
void task_stored(struct task *task);
void tasks_fault(struct collector *c, const struct err *err); /* nothing can be stored: all that runs fails with this */
void tasks_server_removed(struct collector *c, server_id id);
void tasks_done(struct collector *c);

/* ------------------------------------------------------------------ answers.c: what is asked on demand, and not kept */
void answers_rows(struct task *task, const struct fetch_rows *rows);
void answers_refused(struct task *task, const struct object_type *object, enum fetch_result result, const struct err *err);
void answers_tell(struct task *task); /* to each of its jobs */
void answers_drop(struct task *task);

/* ------------------------------------------------------------------ verify.c: the regular rounds */
struct verifier;
void verify_start(struct collector *c, struct verifier **out);
void verify_done(struct verifier *verifier);
/* Another machine answers under its name, or what another entry had for it is its own again: all that is known is due soon. */
void verify_anew(struct server *server);
/* It was asked, for whatever reason: the next regular time counts from now. */
void verify_asked(struct server *server, unsigned what, bool reached);

struct collector {
    /* any thread */
    struct mailbox *requests, *notes;
    pthread_t thread;
    _Atomic uint64_t next_job;
    struct {
        _Atomic int64_t rows, cpu_us, store_us, store_cpu_us, commits;
    } stats;
    /* its own thread's */
    char *ssh_config;
    bool interactive, verify;
    struct settings set;
    struct loop *loop;
    struct loop_watch *watch;
    struct transport_hub *hub;
    struct store *store;
    struct server **servers;
    size_t server_count, server_cap;
    struct task *queue, *running; /* running: also those whose data is still to be stored */
    size_t places;                /* running tasks that hold a place */
    size_t running_count;
    struct loop_timer kick, pulse;
    struct job *jobs;
    struct loop_timer note_timer;
    bool stored, fault_told;
    int64_t stored_ms;
    struct loop_timer stored_timer;
    struct writes writes;
    struct relay *relays;
    struct question *questions;
    uint64_t next_ask;
    struct verifier *verifier;
    bool stopping;
};

#endif
