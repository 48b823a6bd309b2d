/* Recorded bytes, damaged at random (seeded, so that a failure comes again): whatever comes of it, it ends, in an error or a value,
 * within its limits, and the sanitizers stay silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipamtui/psrp.h"
#include "psrp_capture.h"

#define BODY_ROUNDS 60    /* damaged copies of each recorded body */
#define SESSION_ROUNDS 40 /* damaged runs of each recorded conversation */
#define LONGEST_BODY 4096 /* longer ones are left out: they would take all the time */

static uint64_t random_state = 20261125;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t below(size_t limit)
{
    return limit ? (size_t)(next_random() % limit) : 0;
}

/* Pieces that parsers trip over. */
static const char *const pieces[] = {
    "<", ">", "</", "/>", "&", "&amp;", "&#x0;", "&#xFFFE;", "&e;", "\"", "<Obj RefId=\"0\">", "</Obj>", "<Ref RefId=\"0\" />",
    "<TNRef RefId=\"0\" />", "<LST>", "</LST>", "<DCT>", "<En>", "<S N=\"Key\">", "<MS>", "<Props>", "<PR>", "<!DOCTYPE a [", "<![CDATA[",
    "]]>", "<!--", "<?x?>", "_xD83D_", "_x0000_", "_x", "\xff", "\xed\xa0\x80", "\xef\xbf\xbf", "\0", "99999999999999999999", "-", "NaN",
    "<I32>", "<TS>P", "<DT>", "<BA>=", "N=\"", "RefId=\"1\"", "\xef\xbb\xbf",
};

static void damage(struct buf *bytes)
{
    size_t times = 1 + below(4);

    for (size_t i = 0; i < times && bytes->len > 0; i++) {
        size_t at = below(bytes->len), len = 1 + below(MIN(bytes->len - at, 40u));
        char *text = buf_at(bytes);
        const char *piece = pieces[below(COUNT(pieces))];
        struct buf out = { 0 };
        switch (below(6)) {
        case 0: text[at] = (char)next_random(); break;
        case 1: text[at] = (char)(text[at] ^ (1 << below(8))); break;
        case 2: /* cut off */
            bytes->len = at;
            break;
        case 3: /* something removed */
            memmove(text + at, text + at + len, bytes->len - at - len);
            bytes->len -= len;
            break;
        default: /* something put in, or a part twice */
            buf_add(&out, text, at);
            if (below(2))
                buf_add(&out, text + at, len);
            else
                buf_add(&out, piece, MAX(strlen(piece), 1u));
            buf_add(&out, text + at, bytes->len - at);
            buf_done(bytes);
            *bytes = out;
        }
    }
}

struct bodies {
    struct clixml_reader *reader;
    size_t taken, refused;
};

static void use(const struct ps_value *value, struct arena *arena)
{
    struct buf out = { .limit = 1 << 20 };
    int64_t number;
    bool flag;

    ps_text(value, arena);
    ps_int(value, &number);
    ps_bool(value, &flag);
    ps_ticks(value, &number);
    ps_time_s(value, &number);
    ps_get(value, "Exception.Message");
    ps_is(value, "System.Object");
    clixml_write(&out, NULL, value);
    buf_done(&out);
}

static void try_body(void *ctx, const struct message *message)
{
    struct bodies *b = ctx;

    if (message->body_len > LONGEST_BODY)
        return;
    for (int i = 0; i < BODY_ROUNDS; i++) {
        struct arena arena = { .limit = 1 << 20 };
        struct buf bytes = { 0 };
        struct ps_value value;
        struct err err = { 0 };
        buf_add(&bytes, message->body, message->body_len);
        damage(&bytes);
        char *exact = memcpy(x_alloc(MAX(bytes.len, 1u)), buf_at(&bytes), bytes.len); /* so that reading past the end is seen */
        if (clixml_read(b->reader, exact, bytes.len, &arena, &value, &err)) {
            b->taken++;
            use(&value, &arena);
        } else {
            b->refused++;
            assert_int_equal(err.kind, ERR_REMOTE);
            assert_true(err.text[0] != '\0');
        }
        free(exact);
        arena_done(&arena);
        buf_done(&bytes);
    }
}

static void damaged_bodies(void **state)
{
    struct bodies b = { .reader = clixml_reader_new(0) };

    (void)state;
    for (size_t i = 0; i < COUNT(capture_names); i++) {
        struct capture capture = capture_named(capture_names[i]);
        capture_messages(&capture, 'S', try_body, &b);
        capture_done(&capture);
    }
    print_message("%zu taken, %zu refused\n", b.taken, b.refused);
    assert_true(b.taken > 1000 && b.refused > 1000);
    clixml_reader_free(b.reader);
}

/* ------------------------------------------------------------ conversations */

struct session {
    struct psrp *psrp;
    int done, broken;
};

static void on_output(void *ctx, const struct ps_value *value)
{
    struct arena arena = { 0 };

    (void)ctx;
    use(value, &arena);
    arena_done(&arena);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct session *s = ctx;

    assert_true((end == PS_COMPLETED) == (why == NULL));
    s->done++;
}

static void on_broken(void *ctx, const struct err *err)
{
    struct session *s = ctx;

    assert_string_equal(err->where, "host");
    s->broken++;
}

/* GUIDs of the recording -> ours, by the order of their Command packets. */
struct names {
    struct guid recorded[64], ours[64];
    int recorded_count, ours_count;
};

static void note_commands(struct psrp *psrp, struct names *names)
{
    struct buf *out = psrp_out(psrp);
    const char *end;

    while ((end = memchr(buf_at(out), '\n', out->len)) != NULL) {
        struct packet p = packet_parse(buf_at(out), (size_t)(end - buf_at(out)));
        if (p.kind == PACKET_COMMAND && names->ours_count < 64)
            names->ours[names->ours_count++] = p.guid;
        buf_take(out, (size_t)(end - buf_at(out)) + 1);
    }
}

static void put_line(struct buf *out, const struct capture_line *line, const struct names *names, bool hurt)
{
    struct guid guid = line->packet.guid;
    struct buf bytes = { 0 };

    for (int i = 0; i < names->ours_count && i < names->recorded_count; i++)
        if (guid_equal(&names->recorded[i], &guid))
            guid = names->ours[i];
    if (line->packet.kind == PACKET_NONE) {
        buf_add(out, line->text, line->len);
        buf_addc(out, '\n');
    } else if (line->packet.kind != PACKET_DATA) {
        packet_write(out, line->packet.kind, &guid);
    } else {
        base64_decode(line->packet.base64, line->packet.base64_len, &bytes);
        if (hurt)
            damage(&bytes);
        packet_write_data(out, &guid, line->packet.prompt_response, buf_at(&bytes), bytes.len);
    }
    buf_done(&bytes);
}

static void run_session(const struct capture *capture, size_t odds)
{
    static const struct ps_call_events call_events = { .output = on_output, .done = on_done };
    static const struct psrp_events events = { .broken = on_broken };
    struct psrp_limits limits = { .message = 1 << 20, .noise = 4096, .line = 1 << 17 };
    struct ps_command command = { .name = "Get-DhcpServerv4Scope" };
    struct ps_call call = { .commands = &command, .command_count = 1 };
    struct session s = { 0 };
    struct names names = { 0 };
    int made = 0;

    s.psrp = psrp_new("host", 8, &limits, &events, &s);
    for (size_t i = 0; i < capture->count; i++) {
        const struct capture_line *line = &capture->lines[i];
        if (line->from == 'C') {
            if (line->packet.kind == PACKET_COMMAND && names.recorded_count < 64) {
                names.recorded[names.recorded_count++] = line->packet.guid;
                made += psrp_invoke(s.psrp, &call, &call_events, &s) != 0;
                note_commands(s.psrp, &names);
            }
            continue;
        }
        struct buf bytes = { 0 };
        bool hurt = below(odds) == 0;
        put_line(&bytes, line, &names, hurt && below(3));
        if (hurt && below(4) == 0)
            damage(&bytes);
        for (size_t at = 0, step; at < bytes.len; at += step) {
            step = 1 + below(2000);
            step = MIN(step, bytes.len - at);
            psrp_feed(s.psrp, buf_at(&bytes) + at, step, NULL);
        }
        buf_done(&bytes);
        note_commands(s.psrp, &names);
        if (below(200) == 0)
            psrp_stop(s.psrp, 1 + below(5));
    }
    psrp_eof(s.psrp, NULL);
    assert_int_equal(s.done, made);
    assert_true(s.broken <= 1);
    assert_int_equal(psrp_calls_open(s.psrp), 0);
    psrp_free(s.psrp);
}

static void damaged_conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(capture_names); i++) {
        struct capture capture = capture_named(capture_names[i]);
        for (int round = 0; round < SESSION_ROUNDS; round++)
            run_session(&capture, 5 + (size_t)round);
        capture_done(&capture);
    }
}

/* SEED=n tries other damage. */
int main(void)
{
    const char *seed = getenv("SEED");

    random_state += seed ? strtoull(seed, NULL, 10) * 7919 : 0;
    const struct CMUnitTest tests[] = { cmocka_unit_test(damaged_bodies), cmocka_unit_test(damaged_conversations) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
