/* Lines of the stdio framing: GUIDs, base64, packets (psrp.md 1.2). */
#include "ipamtui/psrp_wire.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

/* ------------------------------------------------------------------ GUIDs */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool guid_parse(const char *text, size_t len, struct guid *out)
{
    struct guid guid;
    size_t at = 0;

    if (len != GUID_TEXT_SIZE - 1)
        return false;
    for (size_t i = 0; i < sizeof guid.b; i++) {
        if (dash_before(i) && text[at++] != '-')
            return false;
        int high = hex_digit(text[at]), low = hex_digit(text[at + 1]);
        if (high < 0 || low < 0)
            return false;
        guid.b[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    *out = guid;
    return true;
}

char *guid_format(const struct guid *guid, char out[GUID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *at = out;

    for (size_t i = 0; i < sizeof guid->b; i++) {
        if (dash_before(i))
            *at++ = '-';
        *at++ = digits[guid->b[i] >> 4];
        *at++ = digits[guid->b[i] & 15];
    }
    *at = '\0';
    return out;
}

struct guid guid_random(void)
{
    struct guid guid;

    if (getrandom(guid.b, sizeof guid.b, 0) != (ssize_t)sizeof guid.b) {
        /* A GUID has to be unique within one server process, not secret: time and address do. */
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t mixed[2] = { (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)now.tv_sec,
                              (uint64_t)(uintptr_t)&guid ^ (uint64_t)now.tv_nsec };
        memcpy(guid.b, mixed, sizeof guid.b);
    }
    guid.b[6] = (uint8_t)((guid.b[6] & 0x0f) | 0x40);
    guid.b[8] = (uint8_t)((guid.b[8] & 0x3f) | 0x80);
    return guid;
}

bool guid_equal(const struct guid *a, const struct guid *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool guid_is_zero(const struct guid *guid)
{
    static const struct guid zero;
    return guid_equal(guid, &zero);
}

/* ----------------------------------------------------------------- base64 */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define X 255
/* Value of each digit; 255 = none. */
static const uint8_t base64_values[256] = {
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
    X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
    X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
#undef X

/* Decodes whole groups of four without padding; false: a character that is no digit. */
static bool decode_groups(const unsigned char *in, size_t groups, char *out)
{
    for (size_t i = 0; i < groups; i++, in += 4, out += 3) {
        uint8_t a = base64_values[in[0]], b = base64_values[in[1]], c = base64_values[in[2]], d = base64_values[in[3]];

        if ((a | b | c | d) & 0xc0)
            return false;
        out[0] = (char)(a << 2 | b >> 4);
        out[1] = (char)(b << 4 | c >> 2);
        out[2] = (char)(c << 6 | d);
    }
    return true;
}

/* The last group, which may be padded. Returns its bytes, 0 = malformed. */
static size_t decode_last(const unsigned char *in, char *out)
{
    uint8_t a = base64_values[in[0]], b = base64_values[in[1]], c = base64_values[in[2]], d = base64_values[in[3]];

    if ((a | b) & 0xc0)
        return 0;
    out[0] = (char)(a << 2 | b >> 4);
    if (in[2] == '=' && in[3] == '=')
        return 1;
    if (c & 0xc0)
        return 0;
    out[1] = (char)(b << 4 | c >> 2);
    if (in[3] == '=')
        return 2;
    out[2] = (char)(c << 6 | d);
    return d & 0xc0 ? 0 : 3;
}

bool base64_decode(const char *text, size_t len, struct buf *out)
{
    const unsigned char *in = (const unsigned char *)text;

    if (len == 0)
        return true;
    if (len % 4 != 0)
        return false;
    size_t groups = len / 4 - 1;
    char *room = buf_room(out, groups * 3 + 3);
    if (!room || !decode_groups(in, groups, room))
        return false;
    size_t last = decode_last(in + groups * 4, room + groups * 3);
    if (last == 0)
        return false;
    buf_added(out, groups * 3 + last);
    return true;
}

void base64_encode(const void *bytes, size_t len, struct buf *out)
{
    const uint8_t *in = bytes;
    size_t size = (len + 2) / 3 * 4;
    char *to = buf_room(out, size);

    if (!to)
        return;
    for (; len >= 3; len -= 3, in += 3) {
        *to++ = base64_digits[in[0] >> 2];
        *to++ = base64_digits[(in[0] & 3) << 4 | in[1] >> 4];
        *to++ = base64_digits[(in[1] & 15) << 2 | in[2] >> 6];
        *to++ = base64_digits[in[2] & 63];
    }
    if (len > 0) {
        uint8_t second = len > 1 ? in[1] : 0;
        *to++ = base64_digits[in[0] >> 2];
        *to++ = base64_digits[(in[0] & 3) << 4 | second >> 4];
        *to++ = len > 1 ? base64_digits[(second & 15) << 2] : '=';
        *to++ = '=';
    }
    buf_added(out, size);
}

/* ---------------------------------------------------------------- packets */

static const struct {
    enum packet_kind kind;
    const char *name;
} packet_names[] = {
    { PACKET_DATA, "Data" },         { PACKET_DATA_ACK, "DataAck" },
    { PACKET_COMMAND, "Command" },   { PACKET_COMMAND_ACK, "CommandAck" },
    { PACKET_SIGNAL, "Signal" },     { PACKET_SIGNAL_ACK, "SignalAck" },
    { PACKET_CLOSE, "Close" },       { PACKET_CLOSE_ACK, "CloseAck" },
};

static const char *packet_name(enum packet_kind kind)
{
    for (size_t i = 0; i < COUNT(packet_names); i++)
        if (packet_names[i].kind == kind)
            return packet_names[i].name;
    assert(!"a packet kind without a name");
    return "";
}

/* Takes the element's name at *at; PACKET_NONE if it is none of ours. */
static enum packet_kind take_name(const char **at, const char *end)
{
    const char *start = *at;

    while (*at < end && ((**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z')))
        (*at)++;
    for (size_t i = 0; i < COUNT(packet_names); i++)
        if (strlen(packet_names[i].name) == (size_t)(*at - start) &&
            memcmp(packet_names[i].name, start, (size_t)(*at - start)) == 0)
            return packet_names[i].kind;
    return PACKET_NONE;
}

static void skip_blanks(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        (*at)++;
}

struct attribute {
    const char *name, *value;
    size_t name_len, value_len;
};

/* One name='value', single or double quotes; false: there is none at *at. */
static bool take_attribute(const char **at, const char *end, struct attribute *out)
{
    skip_blanks(at, end);
    out->name = *at;
    while (*at < end && ((**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z')))
        (*at)++;
    out->name_len = (size_t)(*at - out->name);
    if (out->name_len == 0 || end - *at < 3 || **at != '=' || ((*at)[1] != '\'' && (*at)[1] != '"'))
        return false;
    char quote = (*at)[1];
    out->value = *at + 2;
    const char *close = memchr(out->value, quote, (size_t)(end - out->value));
    if (!close)
        return false;
    out->value_len = (size_t)(close - out->value);
    *at = close + 1;
    return true;
}

static bool attribute_is(const struct attribute *attribute, const char *name)
{
    return attribute->name_len == strlen(name) && memcmp(attribute->name, name, attribute->name_len) == 0;
}

/* Fills guid and stream from the attributes up to "/" or ">"; false: PSGuid is missing or malformed. */
static bool take_attributes(const char **at, const char *end, struct packet *packet)
{
    struct attribute attribute;
    bool have_guid = false;

    while (take_attribute(at, end, &attribute)) {
        if (attribute_is(&attribute, "PSGuid"))
            have_guid = guid_parse(attribute.value, attribute.value_len, &packet->guid);
        else if (attribute_is(&attribute, "Stream"))
            packet->prompt_response = attribute.value_len == strlen("PromptResponse") &&
                                      strncasecmp(attribute.value, "PromptResponse", attribute.value_len) == 0;
    }
    skip_blanks(at, end);
    return have_guid;
}

/* Where the line's last element begins: its last '<' that does not begin an end tag. NULL: none. */
static const char *last_element(const char *line, size_t len)
{
    const char *open = memrchr(line, '<', len);

    if (open && open + 1 < line + len && open[1] == '/')
        open = memrchr(line, '<', (size_t)(open - line));
    return open;
}

struct packet packet_parse(const char *line, size_t len)
{
    static const char close_tag[] = "</Data>";
    const struct packet none = { .kind = PACKET_NONE };
    struct packet packet = none;

    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
        len--;
    const char *end = line + len, *at = last_element(line, len);
    if (!at)
        return none;
    packet.at = (size_t)(at - line);
    at++;
    packet.kind = take_name(&at, end);
    if (packet.kind == PACKET_NONE || !take_attributes(&at, end, &packet))
        return none;
    if (packet.kind != PACKET_DATA)
        return end - at == 2 && at[0] == '/' && at[1] == '>' ? packet : none;
    size_t tail = sizeof close_tag - 1;
    if (at == end || *at != '>' || (size_t)(end - at) < tail + 1 || memcmp(end - tail, close_tag, tail) != 0)
        return none;
    packet.base64 = at + 1;
    packet.base64_len = (size_t)(end - tail - packet.base64);
    return packet;
}

void packet_write(struct buf *out, enum packet_kind kind, const struct guid *guid)
{
    char text[GUID_TEXT_SIZE];

    buf_addf(out, "<%s PSGuid='%s' />\n", packet_name(kind), guid_format(guid, text));
}

void packet_write_data(struct buf *out, const struct guid *guid, bool prompt_response, const void *bytes, size_t len)
{
    char text[GUID_TEXT_SIZE];

    buf_addf(out, "<Data Stream='%s' PSGuid='%s'>", prompt_response ? "PromptResponse" : "Default",
             guid_format(guid, text));
    base64_encode(bytes, len, out);
    buf_adds(out, "</Data>\n");
}
