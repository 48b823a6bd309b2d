/* Packets, base64, fragments and message headers, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "psrp_capture.h"

static void guids(void **state)
{
    static const struct { const char *text; bool ok; } cases[] = {
        { "00112233-4455-6677-8899-aabbccddeeff", true },
        { "00112233-4455-6677-8899-AABBCCDDEEFF", true },
        { "00112233-4455-6677-8899-aabbccddeef", false },
        { "00112233-4455-6677-8899-aabbccddeeffa", false },
        { "00112233x4455-6677-8899-aabbccddeeff", false },
        { "0011223g-4455-6677-8899-aabbccddeeff", false },
        { "{0112233-4455-6677-8899-aabbccddeef}", false },
        { "", false },
    };
    struct guid guid, other = guid_random();
    char text[GUID_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (guid_parse(cases[i].text, strlen(cases[i].text), &guid) != cases[i].ok)
            fail_msg("%s", cases[i].text);
    assert_true(guid_parse(cases[1].text, 36, &guid));
    assert_int_equal(guid.b[0], 0x00);
    assert_int_equal(guid.b[5], 0x55);
    assert_string_equal(guid_format(&guid, text), cases[0].text); /* lower case, as the server writes them */
    assert_false(guid_equal(&guid, &other));
    assert_false(guid_is_zero(&other));
}

static void base64(void **state)
{
    static const struct { const char *text; int len; const char *bytes; } cases[] = {
        { "", 0, "" },        { "YQ==", 1, "a" },   { "YWI=", 2, "ab" },  { "YWJj", 3, "abc" },
        { "YWJjZA==", 4, "abcd" }, { "/+8=", 2, "\xff\xef" }, { "YQ=", -1, "" }, { "YQ", -1, "" },
        { "Y===", -1, "" },   { "====", -1, "" },   { "YQ==YQ==", -1, "" }, { "YW J", -1, "" },
        { "YW\nJ", -1, "" },  { "Y\xc3\xa9J", -1, "" }, { "=WJj", -1, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = { 0 };
        bool ok = base64_decode(cases[i].text, strlen(cases[i].text), &out);
        if (ok != (cases[i].len >= 0) || (ok && (out.len != (size_t)cases[i].len ||
                                                 memcmp(buf_at(&out), cases[i].bytes, out.len) != 0)))
            fail_msg("\"%s\"", cases[i].text);
        if (ok) {
            struct buf back = { 0 };
            base64_encode(buf_at(&out), out.len, &back);
            assert_string_equal(buf_at(&back), cases[i].text);
            buf_done(&back);
        }
        buf_done(&out);
    }
}

#define G "00112233-4455-6677-8899-aabbccddeeff"
static void packets(void **state)
{
    static const struct { const char *line; enum packet_kind kind; size_t at; const char *base64; } cases[] = {
        { "<Data Stream='Default' PSGuid='" G "'>QUJD</Data>", PACKET_DATA, 0, "QUJD" },
        { "<Data Stream='Default' PSGuid='" G "'>QUJD</Data>\r", PACKET_DATA, 0, "QUJD" },
        { "<Data PSGuid=\"" G "\" Stream=\"Default\">QUJD</Data>", PACKET_DATA, 0, "QUJD" },
        { "<Data Stream='Default' PSGuid='" G "'></Data>", PACKET_DATA, 0, "" },
        { "noise<Data Stream='Default' PSGuid='" G "'>QUJD</Data>", PACKET_DATA, 5, "QUJD" },
        { "C:\\> <DataAck PSGuid='" G "' />", PACKET_DATA_ACK, 5, NULL },
        { "a < b <CloseAck PSGuid='" G "'/>", PACKET_CLOSE_ACK, 6, NULL },
        { "<CommandAck PSGuid='" G "' />", PACKET_COMMAND_ACK, 0, NULL },
        { "<SignalAck PSGuid='" G "' />", PACKET_SIGNAL_ACK, 0, NULL },
        { "<Command PSGuid='" G "' />", PACKET_COMMAND, 0, NULL },
        { "<Signal PSGuid='" G "' />", PACKET_SIGNAL, 0, NULL },
        { "<Close PSGuid='" G "' />", PACKET_CLOSE, 0, NULL },
        { "<Close PSGuid='" G "' /> trailing", PACKET_NONE, 0, NULL },
        { "<Close PSGuid='" G "'>", PACKET_NONE, 0, NULL },
        { "<Close PSGuid='" G " />", PACKET_NONE, 0, NULL },
        { "<Close PSGuid=" G " />", PACKET_NONE, 0, NULL },
        { "<Close PSGuid='123' />", PACKET_NONE, 0, NULL },
        { "<Close />", PACKET_NONE, 0, NULL },
        { "<Clos PSGuid='" G "' />", PACKET_NONE, 0, NULL },
        { "<Data Stream='Default' PSGuid='" G "'>QUJD</Dat>", PACKET_NONE, 0, NULL },
        { "<Data Stream='Default' PSGuid='" G "'>QUJD", PACKET_NONE, 0, NULL },
        { "<Data Stream='Default'>QUJD</Data>", PACKET_NONE, 0, NULL },
        { "</Data>", PACKET_NONE, 0, NULL },
        { "<", PACKET_NONE, 0, NULL },
        { "", PACKET_NONE, 0, NULL },
        { "__NamedPipeError__:text", PACKET_NONE, 0, NULL },
        { "hello world", PACKET_NONE, 0, NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct packet p = packet_parse(cases[i].line, strlen(cases[i].line));
        if (p.kind != cases[i].kind || (p.kind != PACKET_NONE && p.at != cases[i].at))
            fail_msg("\"%s\": kind %d at %zu", cases[i].line, p.kind, p.at);
        if (cases[i].base64 && (p.base64_len != strlen(cases[i].base64) ||
                                memcmp(p.base64, cases[i].base64, p.base64_len) != 0))
            fail_msg("\"%s\": wrong content", cases[i].line);
    }
}

/* The forms that the real engine takes and writes: every recorded line but the foreign ones is reproduced. */
static void packets_as_recorded(void **state)
{
    size_t lines = 0, foreign = 0;

    (void)state;
    for (size_t c = 0; c < COUNT(capture_names); c++) {
        struct capture capture = capture_named(capture_names[c]);
        for (size_t i = 0; i < capture.count; i++) {
            const struct capture_line *line = &capture.lines[i];
            struct buf out = { 0 }, bytes = { 0 };
            if (line->packet.kind == PACKET_NONE) {
                foreign++;
                continue;
            }
            if (line->packet.kind == PACKET_DATA) {
                assert_true(base64_decode(line->packet.base64, line->packet.base64_len, &bytes));
                packet_write_data(&out, &line->packet.guid, line->packet.prompt_response, buf_at(&bytes), bytes.len);
            } else {
                packet_write(&out, line->packet.kind, &line->packet.guid);
            }
            assert_int_equal(out.len, line->len + 1);
            assert_memory_equal(buf_at(&out), line->text, line->len);
            lines++;
            buf_done(&out);
            buf_done(&bytes);
        }
        capture_done(&capture);
    }
    assert_true(lines > 700);
    assert_int_equal(foreign, 2); /* 19: what the client sent on purpose; 25: a program's line */
}

/* The bytes that psrp.md 2 shows. */
static void message_and_fragment_bytes(void **state)
{
    static const unsigned char want[] = {
        0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0x2b,
        2, 0, 0, 0, 2, 0, 1, 0, 0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 'c',
    };
    struct message message = { .destination = 2, .type = MSG_SESSION_CAPABILITY, .body = "abc", .body_len = 3 }, back;
    struct buf bytes = { 0 }, fragment = { 0 };

    (void)state;
    guid_parse(G, 36, &message.pool);
    message_write(&bytes, &message);
    assert_int_equal(fragment_write(&fragment, 1, 0, buf_at(&bytes), bytes.len, 0), bytes.len);
    assert_int_equal(fragment.len, sizeof want);
    assert_memory_equal(buf_at(&fragment), want, sizeof want);
    assert_true(message_parse(buf_at(&bytes), bytes.len, &back, NULL));
    assert_int_equal(back.type, MSG_SESSION_CAPABILITY);
    assert_true(guid_equal(&back.pool, &message.pool));
    assert_int_equal(back.body_len, 3);
    assert_false(message_parse(buf_at(&bytes), 39, &back, NULL));
    buf_done(&bytes);
    buf_done(&fragment);
}

static void long_message_in_any_pieces(void **state)
{
    static const size_t pieces[] = { 1, 7, 21, 32768, 100000 };
    size_t len = 3 * (size_t)FRAGMENT_BLOB_MAX + 17;
    char *message = x_alloc(len);
    struct buf stream = { 0 };

    (void)state;
    for (size_t i = 0; i < len; i++)
        message[i] = (char)(i * 31);
    for (size_t sent = 0, number = 0; sent < len; number++)
        sent = fragment_write(&stream, 9, number, message, len, sent);
    fragment_write(&stream, 10, 0, "next", 4, 0);
    for (size_t p = 0; p < COUNT(pieces); p++) {
        struct defragmenter d = { 0 };
        struct err err = { 0 };
        const char *bytes;
        size_t got, messages = 0;
        for (size_t at = 0; at < stream.len; at += pieces[p]) {
            assert_true(defragmenter_add(&d, buf_at(&stream) + at, MIN(pieces[p], stream.len - at), &err));
            while (defragmenter_next(&d, &bytes, &got, &err)) {
                assert_int_equal(got, messages ? 4 : len);
                assert_memory_equal(bytes, messages ? "next" : message, got);
                messages++;
            }
            assert_int_equal(err.kind, ERR_NONE);
        }
        assert_int_equal(messages, 2);
        defragmenter_done(&d);
    }
    buf_done(&stream);
    free(message);
}

/* Fragments that must be refused, and one that drops an unfinished object. */
static void bad_fragments(void **state)
{
    static const struct {
        const char *name;
        struct { uint64_t object, number; int flags; uint32_t len, have; } f[3];
        int messages; /* -1: an error */
        const char *says;
    } cases[] = {
        { "whole", { { 1, 0, 3, 4, 4 } }, 1, "" },
        { "two", { { 1, 0, 1, 4, 4 }, { 1, 1, 2, 4, 4 } }, 1, "" },
        { "half a fragment", { { 1, 0, 3, 400, 4 } }, 0, "" },
        { "start drops", { { 1, 0, 1, 4, 4 }, { 2, 0, 3, 4, 4 } }, 1, "" },
        { "object 0", { { 0, 0, 3, 4, 4 } }, -1, "object number 0" },
        { "gap", { { 1, 0, 1, 4, 4 }, { 1, 2, 2, 4, 4 } }, -1, "out of order" },
        { "other object", { { 1, 0, 1, 4, 4 }, { 2, 1, 2, 4, 4 } }, -1, "out of order" },
        { "no start", { { 1, 0, 2, 4, 4 } }, -1, "out of order" },
        { "after the end", { { 1, 0, 3, 4, 4 }, { 1, 1, 2, 4, 4 } }, -1, "out of order" },
        { "start in the middle", { { 1, 5, 3, 4, 4 } }, -1, "starts with fragment 5" },
        { "2 GB", { { 1, 0, 3, 0x80000000u, 4 } }, -1, "over the limit" },
        { "4 GB", { { 1, 0, 3, 0xffffffffu, 0 } }, -1, "over the limit" },
        { "grows too long", { { 1, 0, 1, 60, 60 }, { 1, 1, 2, 60, 60 } }, -1, "longer than the limit" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct defragmenter d = { .limit = 100 };
        struct err err = { 0 };
        int messages = 0;
        const char *bytes;
        size_t len;
        if (cases[i].f[0].len == 400)
            d.limit = 1000;
        for (size_t k = 0; k < 3 && cases[i].f[k].flags && err.kind == ERR_NONE; k++) {
            unsigned char raw[21 + 64] = { 0 };
            for (int b = 0; b < 8; b++) {
                raw[b] = (unsigned char)(cases[i].f[k].object >> (56 - 8 * b));
                raw[8 + b] = (unsigned char)(cases[i].f[k].number >> (56 - 8 * b));
            }
            raw[16] = (unsigned char)cases[i].f[k].flags;
            for (int b = 0; b < 4; b++)
                raw[17 + b] = (unsigned char)(cases[i].f[k].len >> (24 - 8 * b));
            if (defragmenter_add(&d, raw, 21 + cases[i].f[k].have, &err))
                while (defragmenter_next(&d, &bytes, &len, &err))
                    messages++;
        }
        if ((err.kind != ERR_NONE) != (cases[i].messages < 0) ||
            (err.kind == ERR_NONE && messages != cases[i].messages) || !strstr(err.text, cases[i].says))
            fail_msg("%s: %d messages, \"%s\"", cases[i].name, messages, err.text);
        defragmenter_done(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guids),
        cmocka_unit_test(base64),
        cmocka_unit_test(packets),
        cmocka_unit_test(packets_as_recorded),
        cmocka_unit_test(message_and_fragment_bytes),
        cmocka_unit_test(long_message_in_any_pieces),
        cmocka_unit_test(bad_fragments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
