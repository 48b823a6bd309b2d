/* serve.h - the server side of PSRP on stdin and stdout, as `powershell.exe -s` speaks it (psrp.md).
 *
 * One thread, one loop: latency is a timer, several pipelines run at once up to MaxRunspaces. It is as strict
 * as the real one: a packet sent before the ack that it has to wait for is acknowledged and dropped; a
 * malformed message is met with silence; a line that is no packet ends it. */
#ifndef SIMHOST_SERVE_H
#define SIMHOST_SERVE_H

#include "ipamtui/loop.h"
#include "ipamtui/psrp_wire.h"
#include "run.h"

enum pipeline_state {
    PIPE_MADE,    /* Command came, CREATE_PIPELINE not yet whole */
    PIPE_INPUT,   /* waits for END_OF_PIPELINE_INPUT */
    PIPE_QUEUED,  /* no runspace is free */
    PIPE_RUNNING, /* its latency passes */
    PIPE_ENDED,   /* its state was sent; Close is awaited */
};

struct session;
struct pipeline {
    struct session *session;
    struct guid guid;
    enum pipeline_state state;
    struct defragmenter in;
    struct loop_timer timer;
    struct arena mem; /* its commands and what they hold */
    struct sim_command *commands;
    size_t command_count;
    struct sim_items input;
    bool has_input, endless;
};

/* Acks that the other side cannot have seen yet: they are written at the end of this turn. */
struct unseen {
    struct guid guids[32];
    size_t count;
};

struct session {
    struct sim_server server;
    struct loop *loop;
    struct loop_watch *input, *output;
    struct buf in, out;
    struct unseen unseen;
    struct clixml_reader *reader;

    struct guid pool; /* the client's RPID */
    struct defragmenter pool_in;
    bool versions_agreed, opened, pool_closing;
    int max_runspaces;
    struct pipeline **pipelines;
    size_t pipeline_count, pipeline_cap;
    int running;
    uint64_t next_object;
    struct buf text, bytes, fragment; /* of the message that is being sent */
    uint64_t calls;
    bool prepared; /* "Preparing modules for first use." was said */

    bool ending; /* leave when all is written */
    bool mute;   /* read and say nothing ("hang") */
    int status;
};

/* Serves DIR/NAME until its stdin ends. Returns the exit status. */
int simhost_serve(const char *dir, const char *name);

/* -------- within serve.c and pipeline.c */
/* body: without BOM. pipeline NULL = of the pool. */
void session_send(struct session *s, uint32_t type, const struct guid *pool, const struct pipeline *pipeline,
                  const struct buf *body);
/* Writes what can be written now; ends a turn. */
void session_flush(struct session *s);
void session_end(struct session *s, int status, const char *last_words);
void session_pool_state(struct session *s, int state);
void session_violation(struct session *s, const char *what);

struct pipeline *pipeline_new(struct session *s, const struct guid *guid);
struct pipeline *pipeline_find(const struct session *s, const struct guid *guid);
void pipeline_message(struct pipeline *p, const struct message *message);
void pipeline_stop(struct pipeline *p);
void pipeline_free(struct pipeline *p); /* stops it without a word and removes it from the session */
void pipelines_pump(struct session *s); /* more of what never ends, once the rest is written */

/* -------- faults.c */
const char *fault_of(const struct session *s);            /* "" = none */
bool fault_is(const struct session *s, const char *kind); /* exactly, or followed by ':' */
const char *fault_argument(const struct session *s);      /* after ':', "" */
/* At the start; true: the session does not go on as usual. */
bool fault_at_start(struct session *s);
/* Instead of running p; true: it did. */
bool fault_instead(struct pipeline *p);
/* Is kind one that `simhost fault` may set? */
bool fault_known(const char *kind);
void fault_list(struct buf *out);

#endif
