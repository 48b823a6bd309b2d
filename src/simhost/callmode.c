#include "callmode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"

static bool read_all(struct buf *in)
{
    for (;;) {
        char *room = buf_room(in, 65536);
        ssize_t n = room ? read(STDIN_FILENO, room, 65536) : -1;
        if (n <= 0)
            return n == 0;
        buf_added(in, (size_t)n);
    }
}

/* Without the root element that PSSerializer puts around. */
static void inner(const struct buf *in, const char **text, size_t *len)
{
    const char *start = buf_at(in), *root = strstr(start, "<Objs"), *end = NULL;

    *text = start;
    *len = in->len;
    if (!root || !(root = strchr(root, '>')))
        return;
    end = strstr(root, "</Objs>");
    *text = root + 1;
    *len = (size_t)((end ? end : start + in->len) - *text);
}

static void write_line(char kind, struct buf *body)
{
    printf("%c ", kind);
    /* Everything below U+0020 is escaped already; a raw line end cannot be in it. */
    fwrite(buf_at(body), 1, body->len, stdout);
    putchar('\n');
    buf_clear(body);
}

static void write_error(char kind, const struct sim_error *error)
{
    struct buf body = { 0 };
    const char *const fields[][2] = { { "Id", error->id },
                                      { "Reason", error->reason },
                                      { "Message", error->message },
                                      { "Target", error->target } };

    buf_addf(&body, "<Obj RefId=\"0\"><MS><I32 N=\"Category\">%d</I32>", error->category);
    for (size_t i = 0; i < COUNT(fields); i++) {
        buf_addf(&body, "<S N=\"%s\">", fields[i][0]);
        answer_text(&body, fields[i][1] ? fields[i][1] : "");
        buf_adds(&body, "</S>");
    }
    buf_adds(&body, "</MS></Obj>");
    write_line(kind, &body);
    buf_done(&body);
}

/* An event's XML goes before it: the stub gives the object a ToXml() that knows it. */
static void write_event_xml(const struct sim_object *object)
{
    struct buf body = { 0 };
    struct arena mem = { 0 };

    if (object && strcmp(object->class->name, "EventLogRecord") == 0) {
        buf_adds(&body, "<S>");
        answer_text(&body, sim_event_xml(&mem, object));
        buf_adds(&body, "</S>");
        write_line('X', &body);
    }
    arena_done(&mem);
    buf_done(&body);
}

static void answer(const struct sim_server *server, const struct sim_items *items)
{
    struct buf body = { 0 };

    for (size_t i = 0; i < items->count; i++) {
        const struct sim_item *item = &items->items[i];
        if (item->kind == ITEM_ERROR) {
            write_error('E', &item->error);
            continue;
        }
        write_event_xml(item->record.object);
        /* Plain: the engine's deserializer would make CIM objects of class metadata with a library that only
         * Windows has. */
        answer_record(&body, &item->record, SHAPE_PLAIN, false, server->name);
        write_line('R', &body);
    }
    buf_done(&body);
}

static bool read_command(struct buf *in, struct arena *mem, struct sim_command *command, struct err *err)
{
    struct clixml_reader *reader = clixml_reader_new(0);
    struct ps_value value = PS_NIL;
    const char *text;
    size_t len;

    inner(in, &text, &len);
    bool ok = clixml_read(reader, text, len, mem, &value, err);
    clixml_reader_free(reader);
    if (!ok || value.type != PS_DICT)
        return ok && value.type == PS_NULL;
    struct sim_sent *sent = arena_alloc(mem, (value.len + 1) * sizeof *sent);
    for (size_t i = 0; i < value.len; i++)
        sent[i] =
            (struct sim_sent){ .name = ps_text(value.pairs[i].key, mem), .value = value.pairs[i].value };
    command->sent = sent;
    command->sent_count = value.len;
    return true;
}

int simhost_call(const char *dir, const char *name, const char *cmdlet)
{
    struct sim_command command = { .name = cmdlet };
    struct sim_server server;
    struct sim_items items = { 0 };
    struct sim_error error = { 0 };
    struct arena mem = { 0 };
    struct buf in = { .limit = 64 << 20 };
    struct err err = { .where = "stdin", .text = "no call on stdin" };

    if (!sim_server_open(&server, dir, name, &err)) {
        fprintf(stderr, "simhost: %s: %s\n", err.where, err.text);
        return 1;
    }
    bool ok = read_all(&in) && read_command(&in, &mem, &command, &err);
    if (ok) {
        uint64_t delay = sim_number(sim_host(&server), "LatencyMs");
        if (delay)
            usleep((useconds_t)delay * 1000);
        sim_log_call(&server, &command, 1);
        bool completed = sim_pipeline(&server, &command, 1, NULL, &mem, &items, &error);
        answer(&server, &items);
        if (!completed)
            write_error('F', &error);
    } else {
        fprintf(stderr, "simhost: %s\n", err.text);
    }
    free(items.items);
    arena_done(&mem);
    buf_done(&in);
    sim_server_done(&server);
    return ok ? 0 : 1;
}
