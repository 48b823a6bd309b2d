#include "ipamtui/statistics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/listing_rows.h"
#include "ipamtui/clock.h"
#include "ipamtui/text.h"

enum { WORD_CELLS = 29, VALUE_CELLS = 16, RATE_CELLS = 9, DAY_S = 86400, HOUR_S = 3600 };

/* One server's answer, or why there is none: object NULL. */
struct answer {
    char server[64];
    const struct object_type *object;
    bool ok;
    struct err err; /* not ok and ERR_NONE: not offered by this server */
    char text[200]; /* object NULL: what there is to say */
    int64_t asked_s;
    struct value *values;
};
struct statistics {
    char *zone;
    struct answer *answers;
    size_t count, cap;
};

struct statistics *statistics_new(const char *zone)
{
    struct statistics *s = x_alloc(sizeof(*s));

    s->zone = zone ? x_strdup(zone) : NULL;
    return s;
}

void statistics_free(struct statistics *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->answers[i].values);
    free(s->answers);
    free(s->zone);
    free(s);
}

static bool has_said(const struct statistics *s, const char *server)
{
    for (size_t i = s->count; i > 0; i--)
        if (strcmp(s->answers[i - 1].server, server) == 0)
            return true;
    return false;
}

void statistics_take(struct statistics *s, const struct note *note, int64_t now_s)
{
    struct answer *a = NULL;

    /* The end of a server is only worth a line where nothing else is known of it. */
    if (note->kind != NOTE_ANSWER && (note->kind != NOTE_SERVER || has_said(s, note->server_name)))
        return;
    if (note->err.kind == ERR_CANCELLED) /* of those nothing is known */
        return;
    x_grow(&s->answers, &s->cap, s->count + 1, sizeof(*s->answers));
    a = &s->answers[s->count++];
    *a = (struct answer){ .ok = note->ok && note->kind == NOTE_ANSWER, .err = note->err, .asked_s = now_s };
    snprintf(a->server, sizeof(a->server), "%s", note->server_name);
    text_printable(note->text, a->text, sizeof(a->text));
    text_printable(note->err.text, a->err.text, sizeof(a->err.text)); /* a server's words */
    if (note->kind == NOTE_SERVER)
        return;
    a->object = note->object;
    if (!a->ok)
        return;
    a->values = x_calloc(a->object->property_count, sizeof(*a->values));
    memcpy(a->values, note->values, a->object->property_count * sizeof(*a->values));
}

/* ------------------------------------------------------------------ rates */
int64_t statistics_counted_s(const struct object_type *object, const struct value *values, int64_t asked_s)
{
    int64_t since = 0;

    for (size_t i = 0; i < object->property_count; i++) {
        if (values[i].type != VALUE_INT)
            continue;
        if (object->properties[i].kind == KIND_DURATION && values[i].i > 0)
            return values[i].i; /* by the server's own clock */
        if (object->properties[i].kind == KIND_TIME)
            since = MAX(since, values[i].i);
    }
    return since > 0 && asked_s > since ? asked_s - since : 0;
}

char *statistics_rate(int64_t count, int64_t counted_s, char *out, size_t size)
{
    static const struct {
        int64_t unit_s;
        const char *word;
    } units[] = { { 1, "s" }, { HOUR_S, "h" }, { DAY_S, "d" } };
    double rate = 0;

    out[0] = '\0';
    for (size_t i = 0; count > 0 && counted_s > 0 && i < COUNT(units); i++) {
        rate = (double)count / (double)counted_s * (double)units[i].unit_s;
        snprintf(out, size, "%.*f/%s", rate < 100 ? 1 : 0, rate, units[i].word);
        if (rate >= 1)
            break;
    }
    return out;
}

/* ------------------------------------------------------------------ for people */
/* name: of the server, where several stand below each other: a line that is found by its word says whose it is. */
static void write_line(const struct property *p, struct value v, const struct answer *a, int64_t counted_s, const char *name,
                       struct buf *out)
{
    char shown[64] = "-", age[24], rate[32] = "";
    bool absent = v.type == VALUE_NULL && p->kind != KIND_TIME; /* never cleared is no time, and not absent */

    if (v.type == VALUE_INT && p->kind == KIND_INT)
        text_thousands(v.i, shown, sizeof(shown));
    else if (v.type != VALUE_NULL)
        property_show(p, v, shown, sizeof(shown));
    if (v.type == VALUE_INT && (p->flags & PROP_COUNTER))
        statistics_rate(v.i, counted_s, rate, sizeof(rate));
    else if (v.type == VALUE_INT && p->kind == KIND_TIME && a->asked_s - v.i >= 60)
        snprintf(rate, sizeof(rate), "%s ago", date_show(DATES_AGE, v.i, a->asked_s, age, sizeof(age)));
    buf_addf(out, "  %-*s ", WORD_CELLS, p->title);
    if (absent)
        buf_addf(out, "%*s", VALUE_CELLS + 1 + RATE_CELLS, p->empty);
    else
        buf_addf(out, "%*s", VALUE_CELLS, shown);
    if (!absent && (rate[0] || name[0]))
        buf_addf(out, " %*s", RATE_CELLS, rate);
    buf_addf(out, "%s%s\n", name[0] ? "  " : "", name);
}

static void write_block(const struct statistics *s, const struct answer *a, struct buf *out)
{
    char server[200], of[600];
    int64_t counted_s = a->ok ? statistics_counted_s(a->object, a->values, a->asked_s) : 0;

    text_printable(a->server, server, sizeof(server));
    text_printable(s->zone ? s->zone : a->object ? a->object->noun : "", of, sizeof(of));
    buf_addf(out, "%s%s%s%s", server, of[0] ? ": " : "", s->zone ? "zone " : "", of);
    if (!a->ok) {
        buf_addf(out, ": %s%s\n", a->err.kind ? "FAILED: " : "", a->err.kind ? a->err.text : a->object ? "not offered by this server" : a->text);
        return;
    }
    buf_addc(out, '\n');
    for (size_t i = 0; i < a->object->property_count; i++)
        write_line(&a->object->properties[i], a->values[i], a, counted_s, s->count > 1 ? server : "", out);
}

static void write_people(const struct statistics *s, struct buf *out)
{
    for (size_t i = 0; i < s->count; i++) {
        if (i > 0 && (s->answers[i].ok || s->answers[i - 1].ok))
            buf_addc(out, '\n');
        write_block(s, &s->answers[i], out);
    }
}

/* ------------------------------------------------------------------ for machines */
static const char *result_word(const struct answer *a)
{
    if (a->ok)
        return "done";
    return a->err.kind ? "failed" : a->object ? "not offered" : "not asked";
}

static const char *error_text(const struct answer *a)
{
    return a->err.kind ? a->err.text : a->object ? "" : a->text;
}

/* A counter's line. All rates are per hour here: programs compare them. */
enum { LINE_SERVER, LINE_ZONE, LINE_OF, LINE_COUNTER, LINE_VALUE, LINE_RATE, LINE_COUNTED, LINE_RESULT, LINE_ERROR, LINE_CELLS };
static const struct property line_cells[LINE_CELLS] = {
    [LINE_SERVER] = { .name = "server" },     [LINE_ZONE] = { .name = "zone" },
    [LINE_OF] = { .name = "statistics" },     [LINE_COUNTER] = { .name = "counter" },
    [LINE_VALUE] = { .name = "value" },       [LINE_RATE] = { .name = "per_hour", .kind = KIND_INT },
    [LINE_COUNTED] = { .name = "counted_s", .kind = KIND_DURATION },
    [LINE_RESULT] = { .name = "result" },     [LINE_ERROR] = { .name = "error" },
};
static const struct object_type line_object = { .properties = line_cells, .property_count = LINE_CELLS };

static struct value maybe(const char *text)
{
    return text && text[0] ? V_TEXT(text) : V_NULL;
}

static void write_answer(const struct statistics *s, const struct answer *a, const struct listing *listing, struct listing_out *out)
{
    const struct listing_writer *writer = &listing_writers[listing->format];
    int64_t counted_s = a->ok ? statistics_counted_s(a->object, a->values, a->asked_s) : 0;
    struct value cells[LINE_CELLS] = { [LINE_SERVER] = V_TEXT(a->server), [LINE_ZONE] = maybe(s->zone),
                                       [LINE_OF] = maybe(a->object ? a->object->name : ""), [LINE_RESULT] = V_TEXT(result_word(a)),
                                       [LINE_ERROR] = maybe(error_text(a)) };
    struct row row = { .values = cells };
    struct buf text = { 0 };

    for (size_t i = 0; a->ok && i < a->object->property_count; i++) {
        const struct property *p = &a->object->properties[i];
        bool rate = (p->flags & PROP_COUNTER) && counted_s > 0 && a->values[i].type == VALUE_INT;

        buf_clear(&text);
        kind_write(p->kind, a->values[i], &text);
        cells[LINE_COUNTER] = V_TEXT(p->name);
        cells[LINE_VALUE] = text.len ? V_TEXT(buf_at(&text)) : V_NULL;
        cells[LINE_RATE] = rate ? V_REAL((double)a->values[i].i * HOUR_S / (double)counted_s) : V_NULL;
        cells[LINE_COUNTED] = rate ? V_INT(counted_s) : V_NULL;
        writer->row(out, listing, NULL, &row, 0);
    }
    if (!a->ok)
        writer->row(out, listing, NULL, &row, 0);
    buf_done(&text);
}

static void write_lines(const struct statistics *s, enum listing_format format, bool raw, struct buf *out)
{
    int columns[LINE_CELLS];
    struct listing listing = { .object = &line_object, .columns = columns, .column_count = LINE_CELLS, .format = format, .raw = raw };
    struct listing_out lines = { .buf = *out };

    for (int i = 0; i < LINE_CELLS; i++)
        columns[i] = i;
    listing_writers[format].begin(&lines, &listing, NULL);
    for (size_t i = 0; i < s->count; i++)
        write_answer(s, &s->answers[i], &listing, &lines);
    *out = lines.buf;
}

static void json_text(struct buf *out, const char *key, const char *text)
{
    buf_addf(out, ",\"%s\":", key);
    if (text && text[0])
        text_json(out, text);
    else
        buf_adds(out, "null");
}

/* "QueryStatistics.UdpQueries" as Windows nests it. What is nested together stands together in the catalogue. */
static void json_counters(const struct answer *a, struct buf *out)
{
    size_t open = 0;
    const char *group = "";

    for (size_t i = 0; i < a->object->property_count; i++) {
        const struct property *p = &a->object->properties[i];
        const char *dot = strchr(p->name, '.');
        size_t len = dot ? (size_t)(dot - p->name) : 0;
        bool same = open == len && strncmp(group, p->name, len) == 0;

        if (!same && open)
            buf_addc(out, '}');
        buf_adds(out, same && open ? "," : ",\n  ");
        if (!same && len)
            buf_addf(out, "\"%.*s\":{", (int)len, p->name);
        buf_addf(out, "\"%s\":", dot ? dot + 1 : p->name);
        kind_json(p->kind, a->values[i], out);
        open = len;
        group = p->name;
    }
    if (open)
        buf_addc(out, '}');
}

static void json_answer(const struct statistics *s, const struct answer *a, struct buf *out)
{
    char asked[CLOCK_ISO_SIZE];
    int64_t counted_s = a->ok ? statistics_counted_s(a->object, a->values, a->asked_s) : 0;

    buf_adds(out, "{\"server\":");
    text_json(out, a->server);
    json_text(out, "zone", s->zone);
    json_text(out, "statistics", a->object ? a->object->name : NULL);
    json_text(out, "result", result_word(a));
    json_text(out, "error", error_text(a));
    json_text(out, "asked_at", clock_iso(a->asked_s, asked));
    if (counted_s)
        buf_addf(out, ",\"counted_s\":%" PRId64, counted_s);
    else
        buf_adds(out, ",\"counted_s\":null");
    if (a->ok)
        json_counters(a, out);
    buf_addc(out, '}');
}

static void write_json(const struct statistics *s, struct buf *out)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < s->count; i++) {
        buf_adds(out, i ? ",\n" : "\n");
        json_answer(s, &s->answers[i], out);
    }
    buf_adds(out, s->count ? "\n]\n" : "]\n");
}

static int by_name(const void *a, const void *b)
{
    const struct answer *one = a, *other = b;
    int order = text_casecmp(one->server, other->server);

    if (order == 0 && one->object && other->object)
        order = strcmp(one->object->name, other->object->name);
    return order;
}

void statistics_write(struct statistics *s, enum listing_format format, bool raw, struct buf *out)
{
    if (s->count)
        qsort(s->answers, s->count, sizeof(*s->answers), by_name);
    if (format == LISTING_JSON)
        write_json(s, out);
    else if (format == LISTING_TABLE)
        write_people(s, out);
    else
        write_lines(s, format, raw, out);
}
