/* How fast one message of about 500 bytes at a time is decoded, beside libxml2's SAX parse of the same messages with empty
 * handlers and a reused context, in CPU time. Prints both; fails over twice the time or under 45 MB/s. */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipamtui/clixml.h"

#define MESSAGES 2000
#define ROUNDS 9
#define SECONDS_A_ROUND 0.3
#define MOST_TIMES 2.0
#define LEAST_MB_S 45.0

struct messages {
    struct buf text[MESSAGES];
    size_t bytes;
};

/* A scope as `Get-DhcpServerv4Scope | Select-Object` sends it; every message is another scope. */
static void make(struct messages *m)
{
    for (unsigned i = 0; i < MESSAGES; i++) {
        buf_addf(&m->text[i],
                 "\xef\xbb\xbf<Obj RefId=\"0\"><TN RefId=\"0\"><T>Selected.Microsoft.Management.Infrastructure.CimInstance</T>"
                 "<T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><S N=\"ScopeId\">10.%u.%u.0</S>"
                 "<S N=\"Name\">Site %u floor %u</S><S N=\"Description\">Clients &amp; printers</S><S N=\"SubnetMask\">255.255.255.0</S>"
                 "<S N=\"State\">Active</S><TS N=\"LeaseDuration\">P8D</TS><U16 N=\"Delay\">0</U16><U32 N=\"InUse\">%u</U32>"
                 "<Db N=\"PercentageInUse\">%u.5</Db><B N=\"NapEnable\">false</B><Nil N=\"PSComputerName\" /></MS></Obj>",
                 i / 250, i % 250, i / 20, i % 20, i % 200, i % 100);
        m->bytes += m->text[i].len;
    }
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* the machine may have other work to do */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ----------------------------------------------------------- the two sides */

static void start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespaces,
                  const xmlChar **list, int attributes, int defaulted, const xmlChar **values)
{
    (void)ctx, (void)name, (void)prefix, (void)uri, (void)namespaces, (void)list, (void)attributes, (void)defaulted,
        (void)values;
}

static void end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)ctx, (void)name, (void)prefix, (void)uri;
}

static void characters(void *ctx, const xmlChar *text, int len)
{
    (void)ctx, (void)text, (void)len;
}

static const xmlSAXHandler empty_handlers = {
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = start,
    .endElementNs = end,
    .characters = characters,
    .ignorableWhitespace = characters,
};

struct side {
    xmlParserCtxtPtr context;
    struct clixml_reader *reader;
    struct arena arena;
    size_t checked;
};

static bool run_sax(struct side *side, const struct buf *text)
{
    xmlCtxtReadMemory(side->context, buf_at(text), (int)text->len, NULL, NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    return side->context->wellFormed;
}

static bool run_decode(struct side *side, const struct buf *text)
{
    struct ps_value value;

    arena_reset(&side->arena);
    if (!clixml_read(side->reader, buf_at(text), text->len, &side->arena, &value, NULL))
        return false;
    side->checked += value.object->member_count;
    return value.object->member_count == 11;
}

/* Seconds for one pass over all messages, of many passes; negative: one could not be read. */
static double round_of(struct side *side, const struct messages *m, bool (*run)(struct side *side, const struct buf *text))
{
    double begin = now(), spent;
    unsigned passes = 0;

    do {
        for (size_t i = 0; i < MESSAGES; i++)
            if (!run(side, &m->text[i]))
                return -1;
        passes++;
        spent = now() - begin;
    } while (spent < SECONDS_A_ROUND);
    return spent / passes;
}

int main(void)
{
    static struct messages m;
    struct side side = { .context = xmlNewParserCtxt(), .reader = clixml_reader_new(0) };
    double sax = 1e9, decode = 1e9;

    make(&m);
    *side.context->sax = empty_handlers;
    for (int i = 0; i < ROUNDS; i++) { /* by turns, the best of each: the machine is shared */
        double a = round_of(&side, &m, run_sax), b = round_of(&side, &m, run_decode);
        if (a < 0 || b < 0) {
            fprintf(stderr, "a message could not be read\n");
            return 1;
        }
        sax = MIN(sax, a);
        decode = MIN(decode, b);
    }
    double mb = (double)m.bytes / 1e6;
    printf("clixml: %d messages of %zu bytes on average\n", MESSAGES, m.bytes / MESSAGES);
    printf("clixml: libxml2 SAX, empty handlers, reused context: %.1f MB/s\n", mb / sax);
    printf("clixml: decoded to values: %.1f MB/s, %.2f times the SAX time (at most %.1f, at least %.0f MB/s)\n", mb / decode,
           decode / sax, MOST_TIMES, LEAST_MB_S);
    for (size_t i = 0; i < MESSAGES; i++)
        buf_done(&m.text[i]);
    clixml_reader_free(side.reader);
    arena_done(&side.arena);
    xmlFreeParserCtxt(side.context);
    return decode / sax <= MOST_TIMES && mb / decode >= LEAST_MB_S ? 0 : 1;
}
