#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ZERO_GUID ((struct guid){ { 0 } })
#define MSG_RESET_RUNSPACE_STATE 0x0002100C /* clients of ours never send it */
#define OUT_ENOUGH (1 << 20)                /* no more is read while this much waits to be written */
#define EXIT_PROTOCOL 160                   /* 4000, as Unix shows it */

/* ------------------------------------------------------------------ output */

/* Windows ends its lines with CR LF. */
static void windows_line_end(struct session *s)
{
    if (s->out.len && buf_at(&s->out)[s->out.len - 1] == '\n') {
        buf_at(&s->out)[s->out.len - 1] = '\r';
        buf_addc(&s->out, '\n');
    }
}

static void send_packet(struct session *s, enum packet_kind kind, const struct guid *guid)
{
    packet_write(&s->out, kind, guid);
    windows_line_end(s);
    if (s->unseen.count < COUNT(s->unseen.guids))
        s->unseen.guids[s->unseen.count++] = *guid;
}

void session_send(struct session *s, uint32_t type, const struct guid *pool, const struct pipeline *pipeline,
                  const struct buf *body)
{
    struct message message = {
        .destination = 1, .type = type, .pool = *pool, .pipeline = pipeline ? pipeline->guid : ZERO_GUID
    };
    uint64_t object = ++s->next_object, number = 0;

    buf_clear(&s->text);
    buf_clear(&s->bytes);
    buf_add(&s->text, "\xef\xbb\xbf", 3);
    buf_add(&s->text, buf_at(body), body->len);
    message.body = buf_at(&s->text);
    message.body_len = s->text.len;
    message_write(&s->bytes, &message);
    for (size_t at = 0; at < s->bytes.len;) {
        buf_clear(&s->fragment);
        at = fragment_write(&s->fragment, object, number++, buf_at(&s->bytes), s->bytes.len, at);
        packet_write_data(&s->out, &message.pipeline, false, buf_at(&s->fragment), s->fragment.len);
        windows_line_end(s);
    }
}

static void send_text(struct session *s, uint32_t type, const struct guid *pool, const char *text)
{
    struct buf body = { 0 };

    buf_adds(&body, text);
    session_send(s, type, pool, NULL, &body);
    buf_done(&body);
}

void session_flush(struct session *s)
{
    s->unseen.count = 0;
    while (s->out.len > 0) {
        ssize_t n = write(STDOUT_FILENO, buf_at(&s->out), s->out.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0) { /* nobody reads any more */
            s->status = 1;
            s->ending = true;
            buf_clear(&s->out);
            break;
        }
        buf_take(&s->out, (size_t)n);
    }
    if (s->out.len == 0) {
        if (s->out.cap > OUT_ENOUGH) /* a long answer is over: its memory goes back */
            buf_done(&s->out);
        pipelines_pump(s);
    }
    loop_watch_events(s->output, s->out.len ? POLLOUT : 0);
    loop_watch_events(s->input, s->out.len < OUT_ENOUGH ? POLLIN : 0);
    if (s->ending && s->out.len == 0)
        loop_stop(s->loop);
}

void session_end(struct session *s, int status, const char *last_words)
{
    if (s->ending)
        return;
    if (last_words)
        fprintf(stderr, "%s\r\n", last_words);
    s->ending = true;
    s->status = status;
}

void session_violation(struct session *s, const char *what)
{
    struct sim_command command = { .name = "# protocol violation:" };
    struct ps_value value = PS_S(what);
    struct sim_sent sent = { .name = "what", .value = &value };

    command.sent = &sent;
    command.sent_count = 1;
    fprintf(stderr, "simhost: protocol violation: %s\n", what);
    sim_log_call(&s->server, &command, 1);
}

static bool ack_unseen(const struct session *s, const struct guid *guid)
{
    for (size_t i = 0; i < s->unseen.count; i++)
        if (guid_equal(&s->unseen.guids[i], guid))
            return true;
    return false;
}

/* ------------------------------------------------------------------ the pool */

void session_pool_state(struct session *s, int state)
{
    char text[80];

    snprintf(text, sizeof text, "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">%d</I32></MS></Obj>", state);
    send_text(s, MSG_RUNSPACEPOOL_STATE, &s->pool, text);
}

static bool major_is_2(const struct ps_value *value)
{
    return value && value->type == PS_VERSION && value->s[0] == '2' && value->s[1] == '.';
}

static void got_capability(struct session *s, const struct ps_value *body)
{
    bool agreed = major_is_2(ps_get(body, "protocolversion")) && major_is_2(ps_get(body, "PSVersion")) &&
                  !fault_is(s, "bad-version");
    char text[256];

    snprintf(text, sizeof text,
             "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">%s</Version><Version "
             "N=\"PSVersion\">2.0</Version>"
             "<Version N=\"SerializationVersion\">1.1.0.1</Version></MS></Obj>",
             fault_is(s, "bad-version") ? "3.0" : "2.3");
    send_text(s, MSG_SESSION_CAPABILITY, &ZERO_GUID, text);
    s->versions_agreed = agreed;
}

static void private_data(struct session *s)
{
    const struct sim_object *host = sim_host(&s->server);
    const char *version = sim_value(host, "PSVersion");
    struct buf text = { 0 };

    buf_addf(&text,
             "<Obj RefId=\"0\"><MS><Obj N=\"ApplicationPrivateData\" RefId=\"1\"><TN "
             "RefId=\"0\"><T>System.Management.Automation.PSPrimitiveDictionary</T>"
             "<T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S "
             "N=\"Key\">PSVersionTable</S><Obj N=\"Value\" RefId=\"2\">"
             "<TNRef RefId=\"0\" /><DCT><En><S N=\"Key\">PSVersion</S><Version N=\"Value\">%s</Version></En>"
             "<En><S N=\"Key\">PSEdition</S><S N=\"Value\">Desktop</S></En><En><S "
             "N=\"Key\">BuildVersion</S><Version N=\"Value\">%s</Version></En>"
             "<En><S N=\"Key\">CLRVersion</S><Version N=\"Value\">4.0.30319.42000</Version></En>"
             "<En><S N=\"Key\">WSManStackVersion</S><Version N=\"Value\">3.0</Version></En>"
             "<En><S N=\"Key\">PSRemotingProtocolVersion</S><Version N=\"Value\">2.3</Version></En>"
             "<En><S N=\"Key\">SerializationVersion</S><Version "
             "N=\"Value\">1.1.0.1</Version></En></DCT></Obj></En></DCT></Obj></MS></Obj>",
             version ? version : "5.1.20348.2110",
             sim_value(host, "OS") ? sim_value(host, "OS") : "10.0.20348.2110");
    session_send(s, MSG_APPLICATION_PRIVATE_DATA, &s->pool, NULL, &text);
    buf_done(&text);
}

/* All six are needed, and the counts must be I32: otherwise no state ever. */
static void got_init(struct session *s, const struct message *message, const struct ps_value *body)
{
    static const char *const needed[] = { "MinRunspaces",   "MaxRunspaces", "PSThreadOptions",
                                          "ApartmentState", "HostInfo",     "ApplicationArguments" };
    const struct ps_value *min = ps_get(body, "MinRunspaces"), *max = ps_get(body, "MaxRunspaces");

    for (size_t i = 0; i < COUNT(needed); i++)
        if (!ps_get(body, needed[i]) || (i == 4 && ps_get(body, needed[i])->type == PS_NULL))
            return session_violation(s, "INIT_RUNSPACEPOOL lacks a property");
    if (!s->versions_agreed || min->type != PS_I32 || max->type != PS_I32 || min->i < 1 || min->i > max->i ||
        s->opened)
        return session_violation(s, "INIT_RUNSPACEPOOL with counts or versions that do not fit");
    s->pool = message->pool;
    s->max_runspaces = (int)MIN(max->i, 100);
    s->opened = true;
    s->prepared = false;
    private_data(s);
    session_pool_state(s, 2);
}

static void got_runspace_question(struct session *s, const struct message *message,
                                  const struct ps_value *body)
{
    const struct ps_value *max = ps_get(body, "MaxRunspaces"), *ci = ps_get(body, "ci");
    int64_t call = 0;
    char text[200], answer[80] = "<B N=\"SetMinMaxRunspacesResponse\">true</B>";

    if (max && max->type == PS_I32 && max->i >= 1)
        s->max_runspaces = (int)MIN(max->i, 100);
    if (message->type == MSG_RESET_RUNSPACE_STATE && s->max_runspaces > 1)
        snprintf(answer, sizeof answer, "<B N=\"SetMinMaxRunspacesResponse\">false</B>");
    if (message->type == MSG_GET_AVAILABLE_RUNSPACES)
        snprintf(answer, sizeof answer, "<I32 N=\"SetMinMaxRunspacesResponse\">%d</I32>",
                 s->max_runspaces - s->running);
    ps_int(ci, &call);
    snprintf(text, sizeof text, "<Obj RefId=\"0\"><MS>%s<I64 N=\"ci\">%lld</I64></MS></Obj>", answer,
             (long long)call);
    send_text(s, MSG_RUNSPACE_AVAILABILITY, &s->pool, text);
}

static void got_pool_message(struct session *s, const struct message *message)
{
    struct arena mem = { .limit = 16 << 20 };
    struct ps_value body;
    struct err err = { 0 };

    if (message->destination != 2 ||
        !clixml_read(s->reader, message->body, message->body_len, &mem, &body, &err)) {
        session_violation(s, message->destination != 2 ? "a message that is not for the server" : err.text);
    } else {
        switch (message->type) {
        case MSG_SESSION_CAPABILITY:
            got_capability(s, &body);
            break;
        case MSG_INIT_RUNSPACEPOOL:
            got_init(s, message, &body);
            break;
        case MSG_SET_MAX_RUNSPACES:
        case MSG_SET_MIN_RUNSPACES:
        case MSG_RESET_RUNSPACE_STATE:
        case MSG_GET_AVAILABLE_RUNSPACES:
            got_runspace_question(s, message, &body);
            break;
        default:
            session_violation(s, "a message of an unknown type");
        }
    }
    arena_done(&mem);
}

static void close_pool_if_due(struct session *s)
{
    if (!s->pool_closing || s->pipeline_count > 0)
        return;
    if (s->opened) {
        session_pool_state(s, 4);
        session_pool_state(s, 3);
    }
    s->pool_closing = s->opened = s->versions_agreed = false;
    send_packet(s, PACKET_CLOSE_ACK, &ZERO_GUID);
}

/* ------------------------------------------------------------------ packets */

static void got_bytes(struct session *s, const struct packet *packet, struct pipeline *p)
{
    struct defragmenter *in = p ? &p->in : &s->pool_in;
    struct buf bytes = { 0 };
    struct err err = { 0 };
    const char *text;
    size_t len;

    if (!base64_decode(packet->base64, packet->base64_len, &bytes) ||
        !defragmenter_add(in, buf_at(&bytes), bytes.len, &err))
        session_violation(s, "Data that is no base64 or too much");
    buf_done(&bytes);
    while (defragmenter_next(in, &text, &len, &err)) {
        struct message message;
        if (!message_parse(text, len, &message, &err))
            session_violation(s, err.text);
        else if (p)
            pipeline_message(p, &message);
        else
            got_pool_message(s, &message);
    }
    if (err.kind)
        session_violation(s, err.text);
}

static void got_data(struct session *s, const struct packet *packet)
{
    struct pipeline *p = guid_is_zero(&packet->guid) ? NULL : pipeline_find(s, &packet->guid);
    bool early = ack_unseen(s, &packet->guid);

    if (early)
        session_violation(s, "Data before the ack of what was sent before it");
    if (guid_is_zero(&packet->guid)) {
        if (!early)
            got_bytes(s, packet, NULL);
        send_packet(s, PACKET_DATA_ACK, &packet->guid);
        return;
    }
    send_packet(s, PACKET_DATA_ACK, &packet->guid);
    if (p && !early)
        got_bytes(s, packet, p);
}

static void got_close(struct session *s, const struct guid *guid)
{
    struct pipeline *p = pipeline_find(s, guid);

    if (guid_is_zero(guid)) {
        /* Seen with the real one: a pool Close on the heels of a pipeline's Close ends it. */
        if (s->unseen.count > 0)
            return session_end(
                s, EXIT_PROTOCOL,
                "Unhandled Exception: System.InvalidOperationException: the session is closing.");
        s->pool_closing = true;
        close_pool_if_due(s);
        return;
    }
    if (p) {
        pipeline_stop(p);
        pipeline_free(p);
    }
    send_packet(s, PACKET_CLOSE_ACK, guid);
    close_pool_if_due(s);
}

static void got_packet(struct session *s, const struct packet *packet)
{
    struct pipeline *p;

    switch (packet->kind) {
    case PACKET_DATA:
        got_data(s, packet);
        break;
    case PACKET_COMMAND:
        if (!pipeline_find(s, &packet->guid))
            pipeline_new(s, &packet->guid);
        send_packet(s, PACKET_COMMAND_ACK, &packet->guid);
        break;
    case PACKET_SIGNAL:
        p = pipeline_find(s, &packet->guid);
        if (p)
            pipeline_stop(p);
        send_packet(s, PACKET_SIGNAL_ACK, &packet->guid);
        break;
    case PACKET_CLOSE:
        got_close(s, &packet->guid);
        break;
    default:
        session_end(s, EXIT_PROTOCOL,
                    "An unknown element was received. This can happen if the remote process closed or ended "
                    "abnormally.");
    }
}

static void got_line(struct session *s, const char *line, size_t len)
{
    if (len && line[len - 1] == '\r')
        len--;
    struct packet packet = packet_parse(line, len);

    if (packet.kind == PACKET_NONE || packet.at > 0)
        session_end(s, EXIT_PROTOCOL,
                    "An unknown element \"\" was received. This can happen if the remote process closed or "
                    "ended abnormally.");
    else
        got_packet(s, &packet);
}

/* ------------------------------------------------------------------ the loop */

/* All that has come is read before any of it is looked at, so that what was sent too early is known to be so.
 * false: end of file. */
static bool read_input(struct session *s)
{
    for (;;) {
        char *room = buf_room(&s->in, 65536);
        ssize_t n = room ? read(STDIN_FILENO, room, 65536) : 0;
        if (n > 0) {
            buf_added(&s->in, (size_t)n);
            if (n < 65536) /* a pipe gives all it has */
                return true;
        } else if (n < 0 && errno == EAGAIN)
            return true;
        else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
}

static void on_input(void *ctx, int fd, short revents)
{
    struct session *s = ctx;
    bool more = read_input(s);
    (void)fd;
    (void)revents;

    while (!s->ending && !s->mute) {
        const char *end = memchr(buf_at(&s->in), '\n', s->in.len);
        if (!end)
            break;
        size_t len = (size_t)(end - buf_at(&s->in));
        got_line(s, buf_at(&s->in), len);
        buf_take(&s->in, len + 1);
    }
    if (s->mute)
        buf_clear(&s->in);
    if (!more) {
        loop_unwatch(s->input);
        s->input = loop_watch(s->loop, STDIN_FILENO, 0, on_input, s);
        session_end(s, EXIT_PROTOCOL,
                    "An unknown element \"\" was received. This can happen if the remote process closed or "
                    "ended abnormally.");
        loop_stop(s->loop);
    }
    session_flush(s);
}

static void on_output(void *ctx, int fd, short revents)
{
    (void)fd;
    if (revents & POLLOUT)
        session_flush(ctx);
    else
        loop_stop(((struct session *)ctx)->loop); /* nobody reads any more */
}

static void turns(struct session *s)
{
    s->input = loop_watch(s->loop, STDIN_FILENO, POLLIN, on_input, s);
    s->output = loop_watch(s->loop, STDOUT_FILENO, 0, on_output, s);
    session_flush(s);
    if (!(s->ending && s->out.len == 0))
        loop_run(s->loop);
}

int simhost_serve(const char *dir, const char *name)
{
    struct session s = { .in.limit = 64 << 20, .max_runspaces = 1 };
    struct err err = { 0 };

    if (!sim_server_open(&s.server, dir, name, &err)) {
        fprintf(stderr, "simhost: %s: %s\n", err.where, err.text);
        return 1;
    }
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    s.loop = loop_new();
    s.reader = clixml_reader_new(0);
    fault_at_start(&s);
    turns(&s);
    while (s.pipeline_count > 0)
        pipeline_free(s.pipelines[0]);
    free(s.pipelines);
    loop_free(s.loop);
    clixml_reader_free(s.reader);
    defragmenter_done(&s.pool_in);
    buf_done(&s.in);
    buf_done(&s.out);
    buf_done(&s.text);
    buf_done(&s.bytes);
    buf_done(&s.fragment);
    sim_server_done(&s.server);
    return s.status;
}
