/* client.h - the parts of the client, between the files of this room.
 *
 * One thread, no I/O. Whatever comes from the host is judged here; an error that leaves the stream unusable is returned up to
 * psrp_feed(), which alone breaks the session. */
#ifndef IPAM_PSRP_CLIENT_H
#define IPAM_PSRP_CLIENT_H

#include "ipamtui/psrp.h"
#include "ipamtui/psrp_wire.h"

/* A message on its way out, fragment by fragment. */
struct outgoing {
    struct outgoing *next;
    bool prompt_response;
    uint64_t object, fragment;
    size_t len, sent;
    char bytes[];
};

/* One PSGuid: the session's (zero) or a pipeline's. At most one Data without its DataAck (psrp.md 1.5). */
struct channel {
    struct guid guid;
    struct outgoing *first, **last;
    bool unacked;
    struct defragmenter in[2]; /* by stream: Default, PromptResponse */
};

/* QUEUED -> (Command) -> COMMAND -> (CommandAck) -> LIVE -> (Close) -> CLOSING -> (CloseAck) -> gone */
enum call_state { CALL_QUEUED, CALL_COMMAND, CALL_LIVE, CALL_CLOSING };

struct call {
    struct call *next;
    psrp_call_id id;
    enum call_state state;
    struct channel channel;
    struct ps_call_events events;
    void *ctx;
    bool has_input;     /* input may still be given */
    bool stop_wanted;
    bool signalled;     /* Signal was sent */
    bool signal_acked;
    bool ended;         /* terminal PIPELINE_STATE: nothing of it follows */
    bool reported;      /* done() was called */
};

/* A pipeline that is created before there is a call for it, so that the call's first message need not wait for CommandAck: one
 * round trip less for each of a sequence of calls. */
enum spare_state { SPARE_NONE, SPARE_ASKED, SPARE_READY, SPARE_CLOSING };
struct spare {
    enum spare_state state;
    struct guid guid;
};

enum session_state { SESSION_NEGOTIATING, SESSION_OPEN, SESSION_CLOSING, SESSION_CLOSED, SESSION_BROKEN };

struct psrp {
    char where[64];
    int runspaces;
    struct psrp_limits limits;
    struct psrp_events events;
    void *ctx;

    enum session_state state;
    struct err err;           /* why it is broken */
    struct guid pool;
    uint64_t next_object;
    struct channel session;
    bool capable;             /* SESSION_CAPABILITY came and was accepted */
    bool pool_opened;         /* RUNSPACEPOOL_STATE Opened came */
    bool close_wanted, close_sent;
    char version[48], edition[24];

    psrp_call_id last_id;
    struct call *queued, **queued_last;
    struct call *active;      /* Command sent, CloseAck not yet here */
    size_t calls_open;
    bool any_ended;           /* a call has ended: the next one shows that there is a sequence of them */
    struct spare spare;

    struct buf line;          /* the beginning of a line whose end is not here yet */
    struct buf out;
    size_t noise_bytes;       /* not protocol, since the last packet once open */
    bool packet_seen;
    char noise[160];
    bool noise_whole;         /* that line has ended: noise stays as it is */
    struct clixml_reader *reader;
    struct arena arena;       /* of the message at hand */
    struct buf scratch;
};

/* -------- channel.c */
void channel_init(struct channel *channel, const struct guid *guid);
void channel_done(struct channel *channel);
/* Queues a message of this type for the channel's GUID. */
void channel_push(struct psrp *psrp, struct channel *channel, uint32_t type, const char *body, size_t body_len,
                  bool prompt_response);
void channel_pump(struct psrp *psrp, struct channel *channel); /* sends the next fragment if one may be sent */
bool channel_idle(const struct channel *channel);             /* all sent and acknowledged */
void channel_drop_unsent(struct channel *channel);            /* but the rest of a message that was begun */
/* Cuts what a Data packet brought into messages; each goes to take(). */
bool channel_receive(struct psrp *psrp, struct channel *channel, const struct packet *packet,
                     bool (*take)(struct psrp *psrp, void *ctx, const struct message *message, struct err *err), void *ctx,
                     struct err *err);

/* -------- call.c */
struct call *call_by_guid(struct psrp *psrp, const struct guid *guid);
bool call_packet(struct psrp *psrp, struct call *call, const struct packet *packet, struct err *err);
bool spare_packet(struct psrp *psrp, const struct packet *packet); /* false: it is not the spare's */
bool spare_close(struct psrp *psrp);  /* true: there is none any more */
void calls_start(struct psrp *psrp);  /* as many queued ones as there are runspaces */
void calls_stop_all(struct psrp *psrp);
void calls_lose(struct psrp *psrp, const char *why); /* PS_LOST for all; they are freed */
void calls_free(struct psrp *psrp);   /* without a word */

/* -------- session.c */
void session_begin(struct psrp *psrp); /* writes the handshake */
bool session_packet(struct psrp *psrp, const struct packet *packet, struct err *err);
void session_closed(struct psrp *psrp);
void session_close_if_ready(struct psrp *psrp); /* pool Close, once everything else is closed */

/* -------- request.c: bodies of messages, appended to out */
void request_capability(struct buf *out);
void request_init_pool(struct buf *out, int runspaces);
bool request_create_pipeline(struct buf *out, const struct ps_call *call);
/* Refuses a host call: an error record in the place of the result. */
void request_refuse_host_call(struct buf *out, int64_t call_id, const struct ps_value *method);

/* -------- record.c: what records say; strings live in arena */
void record_error(const struct ps_value *record, struct arena *arena, struct ps_error *out);
const char *record_text(const struct ps_value *record, struct arena *arena);
const char *record_information(const struct ps_value *record, struct arena *arena);
void record_progress(const struct ps_value *record, struct arena *arena, struct ps_progress *out);
/* Answers a host call on this channel, if an answer is waited for; true if so (the caller stops the pipeline). */
bool record_host_call(struct psrp *psrp, struct channel *channel, uint32_t response_type, const struct ps_value *call);

#endif
