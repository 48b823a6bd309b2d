/* psrp_wire.h - packets, fragments and message headers of PSRP, for the client and for simulated hosts.
 *
 * psrp.md 1.2 (packets), 2 (fragments, big-endian), 3 (messages, little-endian GUIDs in .NET order). */
#ifndef IPAM_PSRP_WIRE_H
#define IPAM_PSRP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/err.h"
#include "ipamtui/mem.h"

struct guid {
    uint8_t b[16]; /* as written: 00112233-4455-... is 00 11 22 33 44 55 */
};
#define GUID_TEXT_SIZE 37
bool guid_parse(const char *text, size_t len, struct guid *out);
char *guid_format(const struct guid *guid, char out[GUID_TEXT_SIZE]);
struct guid guid_random(void);
bool guid_equal(const struct guid *a, const struct guid *b);
bool guid_is_zero(const struct guid *guid);

enum packet_kind {
    PACKET_NONE, /* the line is no packet */
    PACKET_DATA, PACKET_DATA_ACK, PACKET_COMMAND, PACKET_COMMAND_ACK, PACKET_SIGNAL, PACKET_SIGNAL_ACK, PACKET_CLOSE,
    PACKET_CLOSE_ACK
};
struct packet {
    enum packet_kind kind;
    struct guid guid;
    bool prompt_response; /* Stream='PromptResponse' */
    const char *base64;   /* DATA: within the line */
    size_t base64_len;
    size_t at;            /* where in the line it began: noise without a line end may stand before it */
};
/* One line without its line end. */
struct packet packet_parse(const char *line, size_t len);
void packet_write(struct buf *out, enum packet_kind kind, const struct guid *guid); /* all but DATA, with "\n" */
void packet_write_data(struct buf *out, const struct guid *guid, bool prompt_response, const void *bytes, size_t len);
/* false: not base64. Appends. */
bool base64_decode(const char *text, size_t len, struct buf *out);
void base64_encode(const void *bytes, size_t len, struct buf *out);

enum message_type {
    MSG_SESSION_CAPABILITY = 0x00010002, MSG_INIT_RUNSPACEPOOL = 0x00010004, MSG_PUBLIC_KEY = 0x00010005,
    MSG_ENCRYPTED_SESSION_KEY = 0x00010006, MSG_PUBLIC_KEY_REQUEST = 0x00010007,
    MSG_SET_MAX_RUNSPACES = 0x00021002, MSG_SET_MIN_RUNSPACES = 0x00021003, MSG_RUNSPACE_AVAILABILITY = 0x00021004,
    MSG_RUNSPACEPOOL_STATE = 0x00021005, MSG_CREATE_PIPELINE = 0x00021006, MSG_GET_AVAILABLE_RUNSPACES = 0x00021007,
    MSG_USER_EVENT = 0x00021008, MSG_APPLICATION_PRIVATE_DATA = 0x00021009, MSG_RUNSPACEPOOL_HOST_CALL = 0x00021100,
    MSG_RUNSPACEPOOL_HOST_RESPONSE = 0x00021101, MSG_PIPELINE_INPUT = 0x00041002, MSG_END_OF_PIPELINE_INPUT = 0x00041003,
    MSG_PIPELINE_OUTPUT = 0x00041004, MSG_ERROR_RECORD = 0x00041005, MSG_PIPELINE_STATE = 0x00041006,
    MSG_DEBUG_RECORD = 0x00041007, MSG_VERBOSE_RECORD = 0x00041008, MSG_WARNING_RECORD = 0x00041009,
    MSG_PROGRESS_RECORD = 0x00041010, MSG_INFORMATION_RECORD = 0x00041011, MSG_PIPELINE_HOST_CALL = 0x00041100,
    MSG_PIPELINE_HOST_RESPONSE = 0x00041101
};
struct message {
    uint32_t destination; /* 1 client, 2 server */
    uint32_t type;
    struct guid pool, pipeline;
    const char *body; /* CLIXML, BOM skipped; points into the caller's bytes */
    size_t body_len;
};
bool message_parse(const char *bytes, size_t len, struct message *out, struct err *err);
void message_write(struct buf *out, const struct message *message);

/* Reassembly of one (PSGuid, stream) direction. Zeroed = empty. */
struct defragmenter {
    struct buf raw;     /* bytes not yet cut into fragments */
    struct buf message; /* the object being put together */
    uint64_t object, next_fragment;
    bool in_object;
    size_t limit; /* of one message; 0 = 64 MiB */
};
bool defragmenter_add(struct defragmenter *d, const void *bytes, size_t len, struct err *err);
/* Next whole message in *out (valid until the next call); false with err->kind ERR_NONE = more bytes needed. */
bool defragmenter_next(struct defragmenter *d, const char **bytes, size_t *len, struct err *err);
void defragmenter_done(struct defragmenter *d);
#define FRAGMENT_BLOB_MAX 32747
/* Appends one fragment of the message: bytes from offset on. Returns the new offset; == len when it was the last. */
size_t fragment_write(struct buf *out, uint64_t object, uint64_t fragment, const void *message, size_t len, size_t offset);

#endif
