/* The stream: bytes to lines, lines to packets, everything else is noise (psrp.md 1.2, 1.3, 1.6). */
#include "ipamtui/psrp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"

#define MIB ((size_t)1 << 20)
#define NOISE_WHILE_OPEN 16 /* this many times the noise limit, between two packets */

static const struct guid zero_guid;

struct psrp *psrp_new(const char *where, int runspaces, const struct psrp_limits *limits, const struct psrp_events *events,
                      void *ctx)
{
    struct psrp *psrp = x_alloc(sizeof *psrp);

    snprintf(psrp->where, sizeof psrp->where, "%s", where);
    psrp->runspaces = MAX(runspaces, 1);
    if (limits)
        psrp->limits = *limits;
    if (!psrp->limits.line)
        psrp->limits.line = MIB;
    if (!psrp->limits.message)
        psrp->limits.message = 64 * MIB;
    if (!psrp->limits.noise)
        psrp->limits.noise = MIB / 4;
    /* A tree is larger than its text, most of all one of many small things. */
    psrp->arena.limit = psrp->limits.message * 2 + MIB;
    if (events)
        psrp->events = *events;
    psrp->ctx = ctx;
    psrp->pool = guid_random();
    psrp->next_object = 1;
    psrp->queued_last = &psrp->queued;
    psrp->reader = clixml_reader_new(psrp->limits.depth);
    channel_init(&psrp->session, &zero_guid);
    session_begin(psrp);
    return psrp;
}

void psrp_free(struct psrp *psrp)
{
    if (!psrp)
        return;
    calls_free(psrp);
    channel_done(&psrp->session);
    clixml_reader_free(psrp->reader);
    arena_done(&psrp->arena);
    buf_done(&psrp->line);
    if (psrp->out.data)
        x_wipe(psrp->out.data, psrp->out.cap);
    buf_done(&psrp->out);
    buf_done(&psrp->scratch);
    free(psrp);
}

/* ------------------------------------------------------------------- failing */

static void break_session(struct psrp *psrp, const struct err *err)
{
    if (psrp->state >= SESSION_CLOSED)
        return;
    psrp->state = SESSION_BROKEN;
    psrp->err = *err;
    if (!psrp->err.where[0])
        snprintf(psrp->err.where, sizeof psrp->err.where, "%s", psrp->where);
    calls_lose(psrp, psrp->err.text);
    if (psrp->events.broken)
        psrp->events.broken(psrp->ctx, &psrp->err);
}

static bool not_powershell(const struct psrp *psrp, struct err *err)
{
    return err_set(err, ERR_REMOTE, psrp->where, "not PowerShell remoting: first bytes were \"%s\"", psrp->noise);
}

/* --------------------------------------------------------------------- lines */

/* The first line of noise, made printable; of a line that is still coming what there is of it. */
static void see_noise(struct psrp *psrp, const char *bytes, size_t len)
{
    char first[81];
    size_t kept = MIN(len, sizeof first - 1);

    memcpy(first, bytes, kept);
    first[kept] = '\0';
    for (size_t i = 0; i < kept; i++)
        if (first[i] == '\0')
            first[i] = '?';
    text_printable(first, psrp->noise, sizeof psrp->noise);
}

/* Bytes that are no packet. Before the session is open they may mean that this is something else altogether. */
static bool take_noise(struct psrp *psrp, const char *bytes, size_t len, struct err *err)
{
    size_t limit = psrp->limits.noise * (psrp->state == SESSION_NEGOTIATING ? 1 : NOISE_WHILE_OPEN);

    if (len == 0)
        return true;
    if (!psrp->noise_whole)
        see_noise(psrp, bytes, len);
    psrp->noise_whole = true;
    if (log_on())
        log_line(psrp->where, "not a packet (%zu bytes): %.*s", len, (int)MIN(len, 200u), bytes);
    psrp->noise_bytes += len;
    if (psrp->noise_bytes <= limit)
        return true;
    if (!psrp->packet_seen)
        return not_powershell(psrp, err);
    return err_set(err, ERR_REMOTE, psrp->where, "sends %zu bytes that are not PowerShell remoting, the first \"%s\"",
                   psrp->noise_bytes, psrp->noise);
}

static bool take_packet(struct psrp *psrp, const struct packet *packet, struct err *err)
{
    psrp->packet_seen = true;
    if (psrp->state != SESSION_NEGOTIATING)
        psrp->noise_bytes = 0;
    if (guid_is_zero(&packet->guid))
        return session_packet(psrp, packet, err);
    if (spare_packet(psrp, packet))
        return true;
    struct call *call = call_by_guid(psrp, &packet->guid);
    return !call || call_packet(psrp, call, packet, err); /* late packets of a closed pipeline are dropped */
}

static bool take_line(struct psrp *psrp, const char *line, size_t len, struct err *err)
{
    if (!psrp->noise_whole)
        psrp->noise[0] = '\0'; /* what was seen of this line: it is judged whole now */
    while (len > 0 && line[len - 1] == '\r')
        len--;
    if (!psrp->packet_seen && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3, len -= 3;
    if (len == 0)
        return true;
    struct packet packet = packet_parse(line, len);
    if (packet.kind == PACKET_NONE)
        return take_noise(psrp, line, len, err);
    return take_noise(psrp, line, packet.at, err) && take_packet(psrp, &packet, err);
}

static bool begins_packet(const char *line, size_t len)
{
    size_t mark = MIN(len, 3u);

    if (memcmp(line, "\xef\xbb\xbf", mark) == 0)
        line += mark, len -= mark;
    return memcmp(line, "<Data ", MIN(len, 6u)) == 0 || memmem(line, len, "<Data ", 6);
}

/* Keeps the beginning of a line for later. What cannot become a packet any more is not kept without end. */
static bool keep_rest(struct psrp *psrp, const char *bytes, size_t len, struct err *err)
{
    size_t whole = psrp->line.len + len;

    buf_add(&psrp->line, bytes, MIN(len, psrp->limits.line));
    /* A prompt has no line end: a host that only shows one is to be told by it. */
    if (!psrp->packet_seen && !psrp->noise_whole && !begins_packet(buf_at(&psrp->line), MIN(psrp->line.len, 200u)))
        see_noise(psrp, buf_at(&psrp->line), psrp->line.len);
    if (!psrp->packet_seen && whole > psrp->limits.noise && !memmem(buf_at(&psrp->line), psrp->line.len, "<Data ", 6)) {
        psrp->noise_bytes = psrp->limits.noise;
        return take_noise(psrp, buf_at(&psrp->line), psrp->line.len, err);
    }
    if (whole <= psrp->limits.line)
        return true;
    return err_set(err, ERR_REMOTE, psrp->where, "sends a line longer than the limit of %zu bytes, which begins \"%.24s\"",
                   psrp->limits.line, buf_at(&psrp->line));
}

/* A callback may have closed or ended the session: then the rest does not matter. */
static bool take_bytes(struct psrp *psrp, const char *at, size_t len, struct err *err)
{
    const char *end = at + len, *newline;

    while (at < end && psrp->state < SESSION_CLOSED && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        size_t size = (size_t)(newline - at);
        bool ok;
        if (psrp->line.len + size > psrp->limits.line)
            return keep_rest(psrp, at, size, err);
        if (psrp->line.len) {
            buf_add(&psrp->line, at, size);
            ok = take_line(psrp, buf_at(&psrp->line), psrp->line.len, err);
            buf_clear(&psrp->line);
        } else {
            ok = take_line(psrp, at, size, err);
        }
        if (!ok)
            return false;
        at = newline + 1;
    }
    return at == end || psrp->state >= SESSION_CLOSED || keep_rest(psrp, at, (size_t)(end - at), err);
}

static void give_back(struct buf *buf)
{
    if (buf->cap > 4096 && buf->len == 0) {
        x_wipe(buf->data, buf->cap);
        buf_done(buf);
    }
}

/* Hundreds of sessions are open and mostly idle: what the last answer needed is not kept for the next. */
static void trim(struct psrp *psrp)
{
    if (psrp->active)
        return;
    buf_clear(&psrp->scratch);
    give_back(&psrp->scratch);
    give_back(&psrp->line);
    give_back(&psrp->out);
    arena_done(&psrp->arena);
}

bool psrp_feed(struct psrp *psrp, const void *bytes, size_t len, struct err *err)
{
    struct err local = { 0 };

    if (psrp->state < SESSION_CLOSED && !take_bytes(psrp, bytes, len, &local))
        break_session(psrp, &local);
    trim(psrp);
    if (psrp->state != SESSION_BROKEN)
        return true;
    if (err)
        *err = psrp->err;
    return false;
}

/* ----------------------------------------------------------------------- end */

/* The last line of what the host said on stderr: the reason stands there, if anywhere. */
static const char *last_words(const char *text, char *out, size_t size)
{
    size_t end = text ? strlen(text) : 0;

    while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r' || text[end - 1] == ' '))
        end--;
    size_t start = end;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    char *line = end > start ? x_strndup(text + start, end - start) : x_strdup("");
    text_printable(line, out, size);
    free(line);
    return out;
}

static void describe_end(const struct psrp *psrp, const char *stderr_text, struct err *err)
{
    char words[180];
    const char *say = last_words(stderr_text, words, sizeof words);
    const char *colon = *say ? ": " : "";

    if (psrp->packet_seen)
        err_set(err, ERR_REMOTE, psrp->where, psrp->state == SESSION_NEGOTIATING ? "PowerShell ended while starting%s%s"
                                                                                 : "the connection ended%s%s", colon, say);
    else if (psrp->noise[0])
        not_powershell(psrp, err);
    else
        err_set(err, ERR_REMOTE, psrp->where, "PowerShell could not be started%s%s", colon, say);
}

void psrp_eof(struct psrp *psrp, const char *stderr_text)
{
    struct err err = { 0 };

    if (psrp->state >= SESSION_CLOSED)
        return;
    if (psrp->close_sent) { /* nothing is open any more, and the host need not wait for us to read its CloseAck */
        session_closed(psrp);
        return;
    }
    /* A line without end is judged like any other, but a packet's beginning is no noise. */
    if (psrp->line.len && !memmem(buf_at(&psrp->line), psrp->line.len, "<Data ", 6))
        take_noise(psrp, buf_at(&psrp->line), psrp->line.len, &err);
    err_clear(&err);
    describe_end(psrp, stderr_text, &err);
    break_session(psrp, &err);
}

/* ------------------------------------------------------------------ accessors */

struct buf *psrp_out(struct psrp *psrp)
{
    return &psrp->out;
}

const char *psrp_noise(const struct psrp *psrp)
{
    return psrp->noise;
}

bool psrp_is_open(const struct psrp *psrp)
{
    return psrp->state == SESSION_OPEN;
}

const char *psrp_version(const struct psrp *psrp)
{
    return psrp->version;
}

const char *psrp_edition(const struct psrp *psrp)
{
    return psrp->edition;
}
