/* The simulated host keeps the protocol as the real engine was recorded to: what the client said in a
 * recording is said to it, and the same acks and states must come. And it is as unforgiving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "psrp_capture.h"
#include "simclient.h"

static char estate[] = "/tmp/simhost-protocol-XXXXXX";

static int make_estate(void **state)
{
    (void)state;
    return !mkdtemp(estate) || sim_run(NULL, "make", estate, "--clean", "--servers", "1", NULL) != 0;
}

static int remove_estate(void **state)
{
    char *argv[] = { "rm", "-rf", estate, NULL };
    struct err err = { 0 };
    (void)state;

    return child_run(argv, NULL, 10000, NULL, NULL, &err) ? 0 : 1;
}

static struct child start(void)
{
    char *argv[] = { (char *)sim_program(), "serve", estate, "dhcp-lon-01", NULL };
    struct child child;
    struct err err = { 0 };

    if (!child_start(&child, argv, NULL, CHILD_STDERR_NULL, &err))
        fail_msg("%s", err.text);
    return child;
}

static void say(struct child *child, const char *line)
{
    size_t len = strlen(line);

    while (len > 0) {
        ssize_t n = write(child->in, line, len);
        if (n < 0 && errno != EAGAIN)
            return;
        line += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

/* A line of the host, without its end; false: none within ms, or the end. */
static bool hear(struct child *child, struct buf *in, char *line, size_t size, int ms)
{
    int64_t end = clock_mono_ms() + ms;

    for (;;) {
        char *stop = memchr(buf_at(in), '\n', in->len);
        struct pollfd wait = { .fd = child->out, .events = POLLIN };
        if (stop) {
            size_t len = (size_t)(stop - buf_at(in));
            snprintf(line, size, "%.*s", (int)(len && stop[-1] == '\r' ? len - 1 : len), buf_at(in));
            buf_take(in, len + 1);
            return true;
        }
        if (poll(&wait, 1, (int)MAX(end - clock_mono_ms(), 0)) != 1)
            return false;
        char *room = buf_room(in, 65536);
        ssize_t n = read(child->out, room, 65536);
        if (n <= 0)
            return false;
        buf_added(in, (size_t)n);
    }
}

/* "DataAck G", "00041006 G"; "" = one that need not be the same (output, progress). */
static void tell(const char *line, char out[80])
{
    static const char *const names[] = { [PACKET_NONE] = "none",
                                         [PACKET_DATA_ACK] = "DataAck",
                                         [PACKET_COMMAND_ACK] = "CommandAck",
                                         [PACKET_SIGNAL_ACK] = "SignalAck",
                                         [PACKET_CLOSE_ACK] = "CloseAck" };
    struct packet packet = packet_parse(line, strlen(line));
    struct buf bytes = { 0 };
    struct defragmenter d = { 0 };
    struct message message;
    struct err err = { 0 };
    const char *text;
    char guid[GUID_TEXT_SIZE];
    size_t len;

    guid_format(&packet.guid, guid);
    out[0] = '\0';
    if (packet.kind != PACKET_DATA) {
        snprintf(out, 80, "%s %s", names[packet.kind], guid);
    } else if (base64_decode(packet.base64, packet.base64_len, &bytes) &&
               defragmenter_add(&d, buf_at(&bytes), bytes.len, &err) &&
               defragmenter_next(&d, &text, &len, &err) && message_parse(text, len, &message, &err)) {
        if (message.type != MSG_PIPELINE_OUTPUT && message.type != MSG_PROGRESS_RECORD &&
            message.type != MSG_ERROR_RECORD)
            snprintf(out, 80, "%08x %s", (unsigned)message.type, guid);
    }
    buf_done(&bytes);
    defragmenter_done(&d);
}

/* What the host said after one line of the client, against what the recording has: the same, in any order. */
static void compare_turn(struct child *child, struct buf *in, const struct capture *capture, size_t from,
                         const char *name)
{
    static char line[65536];
    char wanted[16][80], got[80];
    size_t count = 0;

    for (size_t i = from; i < capture->count && capture->lines[i].from == 'S' && count < COUNT(wanted); i++) {
        tell(capture->lines[i].text, wanted[count]);
        count += wanted[count][0] != '\0';
    }
    while (count > 0) {
        size_t i = 0;
        if (!hear(child, in, line, sizeof line, 5000))
            fail_msg("%s: after line %zu the host does not say \"%s\"", name, from, wanted[0]);
        tell(line, got);
        while (i < count && strcmp(wanted[i], got) != 0)
            i++;
        if (*got && i == count)
            fail_msg("%s: after line %zu the host says \"%s\"", name, from, got);
        if (*got)
            memmove(wanted[i], wanted[--count], 80);
    }
}

static void replays(void **state)
{
    static const char *const names[] = { "01-open-close", "20-runspace-ops", "23-reopen", "24-bad-messages" };
    (void)state;

    for (size_t n = 0; n < COUNT(names); n++) {
        char path[100];
        snprintf(path, sizeof path, "tests/data/psrp/%s.txt", names[n]);
        struct capture capture = capture_load(path);
        struct child child = start();
        struct buf in = { 0 };
        assert_true(capture.count > 5);
        for (size_t i = 0; i < capture.count; i++) {
            if (capture.lines[i].from != 'C')
                continue;
            say(&child, capture.lines[i].text);
            say(&child, "\n");
            compare_turn(&child, &in, &capture, i + 1, names[n]);
        }
        buf_done(&in);
        child_end(&child, 1000);
        capture_done(&capture);
    }
}

/* Ends with this status once it was told so; -1: it does not end. */
static int ending(struct child *child)
{
    int status = 0;

    for (int i = 0; i < 200; i++) {
        if (child_ended(child, &status))
            return status >> 8;
        usleep(10000);
    }
    return -1;
}

static void ends_at(void **state)
{
    static const struct {
        const char *line;
        int status;
    } cases[] = {
        { "\n", 160 }, /* an empty line is the end */
        { "this is not a packet\n", 160 },
        { "<DataAck PSGuid='00000000-0000-0000-0000-000000000000' />\n", 160 }, /* a client never acks */
        { NULL, 160 },                                                          /* end of file */
    };
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct child child = start();
        if (cases[i].line)
            say(&child, cases[i].line);
        else {
            close(child.in);
            child.in = -1;
        }
        int status = ending(&child);
        if (status != cases[i].status)
            fail_msg("case %zu: status %d", i, status);
        child_end(&child, 100);
    }
}

/* Command and its Data in one go: the Data is acked and dropped, as 6 of 30 times with the real one; the
 * session lives on. */
static void drops_what_comes_too_early(void **state)
{
    struct capture capture = capture_load("tests/data/psrp/24-bad-messages.txt");
    struct child child = start();
    struct buf in = { 0 };
    char line[65536], got[80];
    const char *parts[2] = { 0 };
    int acks = 0, states = 0;
    (void)state;

    say(&child, capture.lines[0].text);
    say(&child, "\n");
    compare_turn(&child, &in, &capture, 1, "opening");
    for (size_t i = 0, n = 0; i < capture.count && n < 2;
         i++) /* the second pipeline of the recording is a good one */
        if (capture.lines[i].from == 'C' && i > 9)
            parts[n++] = capture.lines[i].text;
    struct buf both = { 0 };
    buf_addf(&both, "%s\n%s\n", parts[0], parts[1]);
    say(&child, buf_at(&both));
    while (acks < 2 && hear(&child, &in, line, sizeof line, 3000)) {
        tell(line, got);
        acks += strncmp(got, "CommandAck", 10) == 0 || strncmp(got, "DataAck", 7) == 0;
    }
    assert_int_equal(acks, 2);
    while (hear(&child, &in, line, sizeof line, 300)) {
        tell(line, got);
        states += strncmp(got, "00041006", 8) == 0;
    }
    assert_int_equal(states, 0);
    buf_done(&both);
    buf_done(&in);
    child_end(&child, 1000);
    capture_done(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(replays), cmocka_unit_test(ends_at),
                                        cmocka_unit_test(drops_what_comes_too_early) };

    return cmocka_run_group_tests(tests, make_estate, remove_estate);
}
