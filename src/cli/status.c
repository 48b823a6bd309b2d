#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ipamtui/clock.h"
#include "ipamtui/levels.h"
#include "ipamtui/overview.h"
#include "ipamtui/query.h"
#include "ipamtui/text.h"

enum { CHANGES_SHOWN = 10, FAULTS_SHOWN = 1000, FAULTS_PRINTED = 20 };

/* What was read, and how it is said. */
struct status {
    int64_t now_s;
    int64_t by_grade[4];
    size_t faults, printed;
    const char *comma, *last_object;
    struct buf out;
};
static const char *const grade_names[] = { "good", "bad", "unverified", "neutral" };

/* One way of saying it. */
struct status_format {
    const char *name;
    void (*begin)(struct status *s);
    overview_count_fn *count;
    void (*between)(struct status *s, const char *what);
    overview_change_fn *change;
    overview_fault_fn *fault;
    void (*end)(struct status *s);
};

static void note_count(struct status *s, const struct overview_count *count)
{
    s->by_grade[count->grade] += count->count;
}

static int status_of(const struct status *s)
{
    if (s->by_grade[OVERVIEW_BAD] > 0)
        return STATUS_NOT_WELL;
    return s->by_grade[OVERVIEW_UNVERIFIED] > 0 || s->faults > 0 ? STATUS_PARTIAL : STATUS_DONE;
}

/* Text from servers and files, safe for a terminal. */
static void add_safe(struct buf *out, const char *text)
{
    struct arena mem = { 0 };

    buf_adds(out, text_printable_in(&mem, text));
    arena_done(&mem);
}

/* ------------------------------------------------------------------ for people */
static bool table_count(void *ctx, const struct overview_count *count)
{
    static const char *const marks[] = { " ", "!", "?", " " };
    struct status *s = ctx;

    note_count(s, count);
    buf_addf(&s->out, "%s %-8s %-13s %8" PRId64 "  ", marks[count->grade], count->object, count->property, count->count);
    add_safe(&s->out, count->word[0] ? count->word : "not known");
    buf_addc(&s->out, '\n');
    return true;
}

static void table_between(struct status *s, const char *what)
{
    s->comma = what;
}

/* The heading of a part, when it has a first line. */
static void heading(struct status *s)
{
    if (s->comma[0])
        buf_addf(&s->out, "\n%s\n", s->comma);
    s->comma = "";
}

static bool table_change(void *ctx, const struct overview_change *c)
{
    struct status *s = ctx;
    char age[32];

    heading(s);
    buf_addf(&s->out, "  %-10s ", clock_age(MAX(s->now_s - c->at, 0), age, sizeof(age)));
    add_safe(&s->out, c->server);
    if (strcmp(c->object, "servers") != 0) {
        buf_adds(&s->out, " ");
        add_safe(&s->out, c->name);
    }
    buf_addf(&s->out, " %s: ", c->property);
    add_safe(&s->out, c->before);
    buf_adds(&s->out, " -> ");
    add_safe(&s->out, c->after);
    buf_addc(&s->out, '\n');
    return true;
}

static bool table_fault(void *ctx, const struct overview_fault *f)
{
    struct status *s = ctx;

    s->faults++;
    if (s->printed++ >= FAULTS_PRINTED)
        return true;
    heading(s);
    buf_adds(&s->out, "? ");
    add_safe(&s->out, f->server);
    buf_addf(&s->out, " %s %s: ", f->source, f->result);
    add_safe(&s->out, f->error);
    buf_addc(&s->out, '\n');
    return true;
}

static void table_end(struct status *s)
{
    if (s->printed > FAULTS_PRINTED)
        buf_addf(&s->out, "  and %zu more\n", s->printed - FAULTS_PRINTED);
}

static void nothing(struct status *s)
{
    (void)s;
}

/* ------------------------------------------------------------------ JSON */
static void json_text(struct buf *out, const char *text)
{
    kind_json(KIND_TEXT, V_TEXT(text), out);
}

static void json_member(struct buf *out, const char *name, const char *text, const char *behind)
{
    buf_addf(out, "\"%s\":", name);
    json_text(out, text);
    buf_adds(out, behind);
}

static void json_begin(struct status *s)
{
    s->comma = "";
    buf_adds(&s->out, "{\"counts\":[");
}

static void json_item(struct status *s)
{
    buf_addf(&s->out, "%s{", s->comma);
    s->comma = ",";
}

static bool json_count(void *ctx, const struct overview_count *count)
{
    struct status *s = ctx;

    note_count(s, count);
    json_item(s);
    json_member(&s->out, "object", count->object, ",");
    json_member(&s->out, "property", count->property, ",");
    json_member(&s->out, "state", count->word, ",");
    json_member(&s->out, "grade", grade_names[count->grade], ",");
    buf_addf(&s->out, "\"count\":%" PRId64 "}", count->count);
    return true;
}

static void json_between(struct status *s, const char *what)
{
    s->comma = "";
    buf_addf(&s->out, "],\"%s\":[", what[0] == 'N' ? "changes" : "unverified");
}

static bool json_change(void *ctx, const struct overview_change *c)
{
    struct status *s = ctx;

    json_item(s);
    buf_adds(&s->out, "\"at\":");
    kind_json(KIND_TIME, V_INT(c->at), &s->out);
    buf_addc(&s->out, ',');
    json_member(&s->out, "server", c->server, ",");
    json_member(&s->out, "object", c->object, ",");
    json_member(&s->out, "name", c->name, ",");
    json_member(&s->out, "property", c->property, ",");
    json_member(&s->out, "before", c->before, ",");
    json_member(&s->out, "after", c->after, "}");
    return true;
}

static bool json_fault(void *ctx, const struct overview_fault *f)
{
    struct status *s = ctx;

    s->faults++;
    json_item(s);
    json_member(&s->out, "server", f->server, ",");
    json_member(&s->out, "source", f->source, ",");
    json_member(&s->out, "result", f->result, ",");
    json_member(&s->out, "error", f->error, "}");
    return true;
}

static void json_end(struct status *s)
{
    buf_addf(&s->out, "],\"exit_status\":%d}\n", status_of(s));
}

/* ------------------------------------------------------------------ Prometheus, for node_exporter's text files */
static void label(struct buf *out, const char *name, const char *text)
{
    buf_addf(out, "%s=\"", name);
    for (; *text; text++)
        if (*text == '\n')
            buf_adds(out, "\\n");
        else if (*text == '"' || *text == '\\')
            buf_addf(out, "\\%c", *text);
        else
            buf_addc(out, *text);
    buf_addc(out, '"');
}

static void metric(struct buf *out, const char *name, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void prometheus_begin(struct status *s)
{
    metric(&s->out, "ipamtui_objects", "Servers, scopes and zones by state");
}

static bool prometheus_count(void *ctx, const struct overview_count *count)
{
    struct status *s = ctx;

    note_count(s, count);
    buf_adds(&s->out, "ipamtui_objects{");
    label(&s->out, "object", count->object);
    buf_addc(&s->out, ',');
    label(&s->out, "property", count->property);
    buf_addc(&s->out, ',');
    label(&s->out, "state", count->word[0] ? count->word : "not known");
    buf_addc(&s->out, ',');
    label(&s->out, "grade", grade_names[count->grade]);
    buf_addf(&s->out, "} %" PRId64 "\n", count->count);
    return true;
}

static bool prometheus_change(void *ctx, const struct overview_change *change)
{
    (void)ctx;
    (void)change;
    return true;
}

static bool prometheus_fault(void *ctx, const struct overview_fault *fault)
{
    (void)fault;
    ((struct status *)ctx)->faults++;
    return true;
}

static void prometheus_between(struct status *s, const char *what)
{
    (void)s;
    (void)what;
}

static void prometheus_end(struct status *s)
{
    metric(&s->out, "ipamtui_calls_failed", "Calls of servers that did not end well the last time");
    buf_addf(&s->out, "ipamtui_calls_failed %zu\n", s->faults);
    metric(&s->out, "ipamtui_status", "0 well, 3 something could not be verified, 4 something is not well");
    buf_addf(&s->out, "ipamtui_status %d\n", status_of(s));
    metric(&s->out, "ipamtui_written_seconds", "When this was written");
    buf_addf(&s->out, "ipamtui_written_seconds %" PRId64 "\n", s->now_s);
}

/* ------------------------------------------------------------------ the subcommands */
static const struct status_format formats[] = {
    { "table", nothing, table_count, table_between, table_change, table_fault, table_end },
    { "json", json_begin, json_count, json_between, json_change, json_fault, json_end },
    { "prometheus", prometheus_begin, prometheus_count, prometheus_between, prometheus_change, prometheus_fault, prometheus_end },
};

static bool read_all(struct store *store, const struct status_format *format, struct status *s, struct err *err)
{
    format->begin(s);
    if (!store_overview(store, format->count, s, err))
        return false;
    format->between(s, "Newest changes");
    if (!store_newest_changes(store, CHANGES_SHOWN, format->change, s, err))
        return false;
    format->between(s, "Could not be verified");
    if (!store_unverified(store, false, FAULTS_SHOWN, format->fault, s, err))
        return false;
    format->end(s);
    return true;
}

static const struct status_format *find_format(const char *name)
{
    for (size_t i = 0; i < COUNT(formats); i++)
        if (!name || strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

int cli_run_status(struct cli *cli)
{
    const struct status_format *format = find_format(cli->flags[FLAG_FORMAT]);
    struct status s = { .now_s = clock_now_s(), .comma = "" };
    struct store *store = NULL;
    struct err err = { 0 };
    int status;

    if (!format)
        return cli_usage(cli, "--format: expected table, json or prometheus, not \"%s\"", cli->flags[FLAG_FORMAT]);
    if (!cli_store(cli, STORE_READ, &store, &err))
        return cli_fail(&err);
    if (read_all(store, format, &s, &err)) {
        cli_stdout(NULL, buf_at(&s.out), s.out.len);
        status = cli_flush(status_of(&s));
    } else {
        status = cli_fail(&err);
    }
    buf_done(&s.out);
    return cli_store_done(store, status);
}

int cli_run_zone_reset(struct cli *cli)
{
    size_t count = (size_t)cli->arg_count;
    int64_t *changed = x_calloc(count, sizeof(*changed));
    struct store *store = NULL;
    struct err err = { 0 };
    int status = STATUS_DONE;
    bool ok = cli_store(cli, STORE_WRITE, &store, &err) && store_zone_reset(store, cli->args, count, clock_now_s(), changed, &err);

    if (!ok)
        status = cli_fail(&err);
    for (size_t i = 0; ok && i < count; i++) {
        if (changed[i] == 0)
            status = (err_set(&err, ERR_NOT_FOUND, cli->args[i], "no server has a zone of this name"), cli_fail(&err));
        else
            cli_note("%s: events up to now do not count any more, on %" PRId64 " servers", cli->args[i], changed[i]);
    }
    store_close(store);
    free(changed);
    return status;
}

/* ------------------------------------------------------------------ thresholds */
struct scopes {
    row_id *ids;
    size_t count, cap;
};

static bool take_scopes(void *ctx, const row_id *ids, size_t count)
{
    struct scopes *scopes = ctx;

    x_grow(&scopes->ids, &scopes->cap, scopes->count + count, sizeof(*ids));
    memcpy(scopes->ids + scopes->count, ids, count * sizeof(*ids));
    scopes->count += count;
    return true;
}

static int level_of(struct store *store, const struct object_type *object, const char *text, struct value over,
                    struct value under)
{
    struct query query = { 0 };
    struct scopes scopes = { 0 };
    struct err err = { 0 };
    size_t at = 0;
    bool ok;

    if (!query_compile(object, text, &query, &at, &err))
        return cli_bad_query(text, at, &err);
    struct list_spec spec = { .object = object, .where = buf_at(&query.where), .params = query.params,
                              .param_count = query.param_count };
    ok = store_list_ids(store, &spec, take_scopes, &scopes, &err) &&
         levels_set(store, object, scopes.ids, scopes.count, over, under, &err);
    query_done(&query);
    free(scopes.ids);
    if (ok)
        cli_note("thresholds of %zu scopes set", scopes.count);
    return ok ? STATUS_DONE : cli_fail(&err);
}

static int run_level(struct cli *cli, const struct object_type *object)
{
    struct value over, under;
    struct store *store = NULL;
    struct err err = { 0 };
    char *text;
    int status;

    if (!levels_percent("over", cli->flags[FLAG_OVER], &over, &err) ||
        !levels_percent("under", cli->flags[FLAG_UNDER], &under, &err) || !cli_store(cli, STORE_WRITE, &store, &err))
        return cli_fail(&err);
    text = cli_join(cli, 0);
    status = level_of(store, object, text, over, under);
    free(text);
    store_close(store);
    return status;
}

int cli_run_scope_level(struct cli *cli)
{
    return run_level(cli, &catalog_scopes);
}

int cli_run_scope6_level(struct cli *cli)
{
    return run_level(cli, &catalog_scopes6);
}
