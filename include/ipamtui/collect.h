/* collect.h - the collector: one thread that runs every session, retrieves, and writes the store.
 *
 * The screen (or a subcommand) sends requests and receives notes through a mailbox; nothing else is shared. */
#ifndef IPAM_COLLECT_H
#define IPAM_COLLECT_H

#include "ipamtui/catalog.h"
#include "ipamtui/config.h"
#include "ipamtui/loop.h"
#include "ipamtui/mailbox.h"
#include "ipamtui/psrp.h"
#include "ipamtui/transport.h"

enum note_kind {
    NOTE_ROUND,   /* a round began or moved: job, done, failed, total; server = the one just finished or begun, text = what goes on */
    NOTE_SERVER,  /* one server of a round finished: ok, text = "1,204 scopes in 1.8 s" or the failure */
    NOTE_ANSWER,  /* of collector_statistics(), before the server's NOTE_SERVER: object, and ok: its values; else err, or NONE: not
                     offered by this server */
    NOTE_FINISHED,/* the round ended: done, failed, total */
    NOTE_STORED,  /* the store has new data (at most every 250 ms): reload */
    NOTE_ASK,     /* a question: ask, ask_id; answer with collector_answer() */
    NOTE_ASK_GONE,/* ask_id needs no answer any more */
    NOTE_FAULT,   /* the collector itself: disk full, store locked ...: err */
};
struct note {
    enum note_kind kind;
    uint64_t job;
    server_id server;
    char server_name[64];
    size_t done, failed, total, running; /* servers; done: failed and cancelled ones are in it */
    size_t cancelled;                    /* not asked any more: no failure of theirs */
    bool ok;
    unsigned what;  /* WHAT_... bits of the job */
    bool regular;   /* the job is a round of regular verification: nobody asked for it */
    struct err err; /* NOTE_SERVER that failed, NOTE_FAULT; NOTE_FINISHED: ERR_CANCELLED, or none */
    char text[200];
    uint64_t ask_id;
    struct transport_ask ask;
    const struct object_type *object; /* NOTE_ANSWER: of catalog_on_demand */
    struct value values[];            /* object->property_count, if ok; no text among them */
};

struct collector;
struct collector_options {
    const char *db_path;
    const char *ssh_config; /* NULL = the operator's */
    bool interactive;       /* questions are sent as NOTE_ASK; false: refused */
    bool verify;            /* regular verification by the intervals of options */
};
/* Starts the thread. notes: where it reports; heap `struct note`, the receiver frees. options are copied. */
bool collector_start(const struct collector_options *how, const struct options *options, struct mailbox *notes,
                     struct collector **out, struct err *err);
/* Retrieves `what` (WHAT_... bits) from these servers. Returns the job's number (never 0). A server already being asked the
 * same is not asked twice. */
uint64_t collector_retrieve(struct collector *collector, const server_id *servers, size_t count, unsigned what);
/* Asks these servers for their statistics (catalog_on_demand), or for those of a zone on each (NULL). Nothing is kept: the answers come
 * as NOTE_ANSWER, and the job ends as a retrieval does. */
uint64_t collector_statistics(struct collector *collector, const server_id *servers, size_t count, const char *zone);
void collector_cancel(struct collector *collector, uint64_t job); /* 0 = all; what runs is stopped */
/* answers: ask.prompt_count texts and a NULL behind them (a host key is accepted by an empty list); NULL: no. The copies are wiped. */
void collector_answer(struct collector *collector, uint64_t ask_id, const char *const *answers);
/* A server was changed in the store: drop its session. */
void collector_server_changed(struct collector *collector, server_id server);
/* -------- calls of another thread over the collector's sessions: one login for what is retrieved and what is changed. Questions on the way
 * come as NOTE_ASK. Everything but collector_calls_new() on the thread of loop; callbacks come from that loop. */
struct collector_calls;
struct collector_calls *collector_calls_new(struct collector *collector, struct loop *loop);
/* Never 0. events: output, error and done. A server that is not there or cannot be reached: done(PS_LOST). */
uint64_t collector_call(struct collector_calls *calls, server_id server, const struct ps_call *call, int64_t timeout_ms,
                        const struct ps_call_events *events, void *ctx);
void collector_call_forget(struct collector_calls *calls, uint64_t id); /* stops it, no callback any more */
/* Why the last call of this server was lost; kind ERR_NONE: it was not. Stays until the server's next call ends. */
const struct err *collector_call_error(struct collector_calls *calls, server_id server);
/* Which session the last call of this server went over: another number for each that opened. 0 = none. */
unsigned collector_call_session(struct collector_calls *calls, server_id server);
/* More calls follow: the server's session is kept as it is, whatever is set or retrieved meanwhile. Counted. */
void collector_call_hold(struct collector_calls *calls, server_id server, bool hold);
/* How servers are reached is read anew before their next call (by itself: for the first one only). */
void collector_calls_look_again(struct collector_calls *calls);
/* Forgets what is under way. Before collector_stop(). NULL is fine. */
void collector_calls_free(struct collector_calls *calls);
/* Where its time went, since it started, as of the last write. */
struct collector_stats {
    int64_t rows;        /* written */
    int64_t cpu_us;      /* of its thread, all of it */
    int64_t store_us;    /* spent in the store: by the clock, and of cpu_us */
    int64_t store_cpu_us;
    int64_t commits;
};
struct collector_stats collector_stats(const struct collector *collector);
/* Ends all sessions and the thread (at most 3 s). NULL is fine. */
void collector_stop(struct collector *collector);

#endif
