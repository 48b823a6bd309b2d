#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

static const char *const type_names[] = {
    [PS_NULL] = "Nil",        [PS_STRING] = "S",   [PS_CHAR] = "C",     [PS_BOOL] = "B",
    [PS_BYTE] = "By",         [PS_SBYTE] = "SB",   [PS_U16] = "U16",    [PS_I16] = "I16",
    [PS_U32] = "U32",         [PS_I32] = "I32",    [PS_U64] = "U64",    [PS_I64] = "I64",
    [PS_FLOAT] = "Sg",        [PS_DOUBLE] = "Db",  [PS_DECIMAL] = "D",  [PS_DATETIME] = "DT",
    [PS_TIMESPAN] = "TS",     [PS_BYTES] = "BA",   [PS_GUID] = "G",     [PS_URI] = "URI",
    [PS_VERSION] = "Version", [PS_XML] = "XD",     [PS_SCRIPT] = "SBK", [PS_SECURE] = "SS",
    [PS_LIST] = "LST",        [PS_STACK] = "STK",  [PS_QUEUE] = "QUE",  [PS_ENUMERABLE] = "IE",
    [PS_DICT] = "DCT",        [PS_OBJECT] = "Obj",
};

/* Quoted, so that a blank or line end in a value does not look like the end of it. Secrets are not written.
 */
static void log_value(struct buf *line, const struct ps_value *value)
{
    struct arena mem = { 0 };
    const char *text = value->type == PS_SECURE ? "***" : ps_text(value, &mem);

    buf_addc(line, '"');
    for (; text && *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_addc(line, '\\');
        if ((unsigned char)*text < 0x20)
            buf_addf(line, "\\x%02x", (unsigned)*text);
        else
            buf_addc(line, *text);
    }
    buf_addc(line, '"');
    arena_done(&mem);
}

static void log_span(struct buf *line, const struct ps_value *value)
{
    struct arena mem = { 0 };

    buf_addf(line, "\"%s\"", sim_span(&mem, value->ticks));
    arena_done(&mem);
}

static void log_command(struct buf *line, const struct sim_command *command)
{
    buf_adds(line, command->name);
    for (size_t i = 0; i < command->sent_count; i++) {
        const struct sim_sent *sent = &command->sent[i];
        buf_addf(line, " -%s:%s ", sent->name ? sent->name : "", type_names[sent->value->type]);
        if (sent->value->type == PS_TIMESPAN)
            log_span(line, sent->value);
        else
            log_value(line, sent->value);
    }
}

void sim_log_call(const struct sim_server *server, const struct sim_command *commands, size_t count)
{
    const char *on = sim_value(sim_host(server), "LogCalls");
    struct buf line = { 0 };
    struct timespec now;

    if (!on || strcmp(on, "true") != 0)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    buf_addf(&line, "%lld.%03ld %d ", (long long)now.tv_sec, now.tv_nsec / 1000000, (int)getpid());
    for (size_t i = 0; i < count; i++) {
        buf_adds(&line, i ? " | " : "");
        log_command(&line, &commands[i]);
    }
    buf_addc(&line, '\n');
    char *path = x_asprintf("%s/%s.calls", server->dir, server->name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 ||
        write(fd, buf_at(&line), line.len) < 0) /* one write: lines of several processes do not mix */
        fprintf(stderr, "simhost: %s: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(path);
    buf_done(&line);
}
