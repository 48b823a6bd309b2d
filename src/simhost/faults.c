/* faults.c - hosts that are not well: what `simhost fault DIR NAME KIND` can make of one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "serve.h"

const char *fault_of(const struct session *s)
{
    const char *fault = sim_value(sim_host(&s->server), "Fault");

    return fault ? fault : "";
}

bool fault_is(const struct session *s, const char *kind)
{
    const char *fault = fault_of(s);
    size_t len = strlen(kind);

    return strncmp(fault, kind, len) == 0 && (fault[len] == '\0' || fault[len] == ':');
}

const char *fault_argument(const struct session *s)
{
    const char *colon = strchr(fault_of(s), ':');

    return colon ? colon + 1 : "";
}

/* ------------------------------------------------------------------ at the start */

static void start_down(struct session *s)
{
    const char *words = fault_argument(s);
    char text[200];

    snprintf(text, sizeof text, "ssh: connect to host %s port 22: Connection refused",
             sim_value(sim_host(&s->server), "Address"));
    session_end(s, 255, *words ? words : text);
}

static void start_hang(struct session *s)
{
    s->mute = true;
}

static void start_garbage(struct session *s)
{
    uint32_t random = 12345;

    for (int i = 0; i < 4096; i++) {
        random = random * 1664525 + 1013904223;
        buf_addc(&s->out, (char)(random >> 24));
    }
    buf_addc(&s->out, '\n');
    s->mute = true;
}

/* A profile that prints; the last line has no end, the first packet follows it in the same line. */
static void start_noise(struct session *s)
{
    buf_adds(
        &s->out,
        "**********************************************\r\n* Authorized use only.  Zugriff wird gepr\xc3\xbc"
        "ft. *\r\n**********************************************\r\n\r\nLoading personal and system profiles "
        "took 812ms.\r\nPS> ");
}

static void start_endless_line(struct session *s)
{
    for (int i = 0; i < 400000; i++)
        buf_adds(&s->out, "no line end ever ");
    s->mute = true;
}

/* ------------------------------------------------------------------ instead of an answer */

static void answer_hang(struct pipeline *p)
{
    p->session->mute = true;
}

/* Half of what would have been said, in the middle of a line. */
static void answer_die(struct pipeline *p)
{
    struct session *s = p->session;
    struct buf body = { 0 };

    buf_adds(&body, "<S>this was the last that was heard of it</S>");
    session_send(s, MSG_PIPELINE_OUTPUT, &s->pool, p, &body);
    size_t whole = s->out.len;
    session_send(s, MSG_PIPELINE_OUTPUT, &s->pool, p, &body);
    s->out.len = whole + (s->out.len - whole) / 2;
    buf_done(&body);
    session_end(s, 1, "The process was terminated.");
}

static void raw_fragment(struct pipeline *p, uint32_t claimed, const char *blob, size_t len)
{
    struct session *s = p->session;
    char header[21] = { 0 };

    header[7] = (char)(++s->next_object);
    header[16] = 1; /* start, no end */
    for (int i = 0; i < 4; i++)
        header[17 + i] = (char)(claimed >> (24 - 8 * i));
    struct buf bytes = { 0 };
    buf_add(&bytes, header, sizeof header);
    buf_add(&bytes, blob, len);
    packet_write_data(&s->out, &p->guid, false, buf_at(&bytes), bytes.len);
    buf_done(&bytes);
}

static void answer_half_fragment(struct pipeline *p)
{
    raw_fragment(p, 1000, "half of it", 10);
    session_end(p->session, 1, NULL);
}

static void answer_huge_fragment(struct pipeline *p)
{
    raw_fragment(p, 0x7fffffff, "a fragment of two gigabytes", 27);
}

static void answer_entities(struct pipeline *p)
{
    struct session *s = p->session;
    struct buf body = { 0 };

    buf_adds(&body, "<!DOCTYPE S [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
                    "\"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">"
                    "<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]><S>&d;</S>");
    session_send(s, MSG_PIPELINE_OUTPUT, &s->pool, p, &body);
    buf_done(&body);
}

static void answer_endless(struct pipeline *p)
{
    p->endless = true;
    pipelines_pump(p->session);
}

/* ------------------------------------------------------------------ kinds */

/* clang-format off: a row is a line */
enum when { AT_START, AT_CALL, AT_VERB };
static const struct {
    const char *kind, *argument, *help;
    enum when when;
    void (*start)(struct session *s);
    void (*answer)(struct pipeline *p);
} kinds[] = {
    { "none", "", "well", AT_VERB, NULL, NULL },
    { "down", ":WORDS", "ends at once, with these words on stderr", AT_START, start_down, NULL },
    { "hang", "", "reads and never answers", AT_START, start_hang, answer_hang },
    { "hang-after", ":N", "answers N calls, then nothing more", AT_CALL, NULL, answer_hang },
    { "die-mid-answer", "", "ends in the middle of a line", AT_CALL, NULL, answer_die },
    { "garbage", "", "random bytes instead of the protocol", AT_START, start_garbage, NULL },
    { "noise", "", "a banner and profile output before the protocol", AT_START, start_noise, NULL },
    { "endless-line", "", "megabytes without a line end", AT_START, start_endless_line, NULL },
    { "half-fragment", "", "ends after half a fragment", AT_CALL, NULL, answer_half_fragment },
    { "huge-fragment", "", "says that a fragment of 2 GB follows", AT_CALL, NULL, answer_huge_fragment },
    { "endless", "", "output without end", AT_CALL, NULL, answer_endless },
    { "entities", "", "XML with a document type and entities", AT_CALL, NULL, answer_entities },
    { "bad-version", "", "speaks protocol 3.0", AT_VERB, NULL, NULL },
    { "denied", "", "refuses every cmdlet", AT_VERB, NULL, NULL },
    { "denied-service", "", "refuses Get-Service", AT_VERB, NULL, NULL },
    { "denied-events", "", "refuses Get-WinEvent", AT_VERB, NULL, NULL },
    { "denied-set", "", "refuses every change", AT_VERB, NULL, NULL },
    { "no-module", "", "has no DhcpServer and DnsServer module", AT_VERB, NULL, NULL },
    { "bad-scopes", ":IP,...", "ends a pipeline that asks for the DNS settings of one of these", AT_VERB, NULL, NULL },
    { "slow", ":MS", "takes so much longer for each call", AT_VERB, NULL, NULL },
    { "fail-set", ":ID:CATEGORY", "every change fails with this error", AT_VERB, NULL, NULL },
};
/* clang-format on */

bool fault_at_start(struct session *s)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!kinds[i].start || !fault_is(s, kinds[i].kind))
            continue;
        kinds[i].start(s);
        return true;
    }
    return false;
}

bool fault_instead(struct pipeline *p)
{
    struct session *s = p->session;

    if (fault_is(s, "hang-after") && s->calls <= strtoull(fault_argument(s), NULL, 10))
        return false;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!kinds[i].answer || !fault_is(s, kinds[i].kind))
            continue;
        kinds[i].answer(p);
        return true;
    }
    return false;
}

bool fault_known(const char *kind)
{
    size_t len = strcspn(kind, ":");

    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strlen(kinds[i].kind) == len && strncmp(kinds[i].kind, kind, len) == 0)
            return (kinds[i].argument[0] == '\0' || kind[len] == ':' || strcmp(kinds[i].kind, "down") == 0) &&
                   (kinds[i].argument[0] != '\0' || kind[len] == '\0');
    return false;
}

void fault_list(struct buf *out)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        buf_addf(out, "  %s%-*s %s\n", kinds[i].kind, (int)(24 - strlen(kinds[i].kind)), kinds[i].argument,
                 kinds[i].help);
}
