/* calls_events.c - event logs: Get-WinEvent, and ForEach-Object -MemberName for what only the XML of an event
 * tells. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ipamtui/clock.h"
#include "answer.h"
#include "run.h"

#define EVENT_COMMAND "Microsoft.PowerShell.Commands.GetWinEventCommand"

/* What is asked for; NULL and 0 = any. Of a hashtable as of plain parameters. */
struct filter {
    const struct ps_value *logs, *ids, *levels;
    const char *log;
    int64_t since_s;
    int64_t left;
};

/* Is one of value (a list or a single one) this text? */
static bool among(const struct ps_value *value, const char *text, struct arena *mem)
{
    if (!value)
        return true;
    if (value->type != PS_LIST) {
        const char *one = ps_text(value, mem);
        return one && text && strcasecmp(one, text) == 0;
    }
    for (size_t i = 0; i < value->len; i++)
        if (among(&value->items[i], text, mem))
            return true;
    return false;
}

static const struct ps_value *entry(const struct ps_value *table, const char *name, struct arena *mem)
{
    for (size_t i = 0; table && table->type == PS_DICT && i < table->len; i++) {
        const char *key = ps_text(table->pairs[i].key, mem);
        if (key && strcasecmp(key, name) == 0)
            return table->pairs[i].value;
    }
    return NULL;
}

static void read_filter(struct sim_run *run, struct filter *f)
{
    const struct sim_arg *table = sim_arg(run->bound, "FilterHashtable"),
                         *log = sim_arg(run->bound, "LogName");
    const char *most = sim_arg_text(run->bound, "MaxEvents");
    const struct ps_value *from = table ? table->value : NULL, *since;

    if (from && from->type == PS_LIST)
        from = from->len ? &from->items[0] : NULL;
    f->logs = log ? log->value : entry(from, "LogName", run->mem);
    f->log = log && !log->value ? log->items[0] : NULL;
    f->ids = entry(from, "Id", run->mem);
    f->levels = entry(from, "Level", run->mem);
    since = entry(from, "StartTime", run->mem);
    if (since && !ps_time_s(since, &f->since_s))
        clock_parse_iso(ps_text(since, run->mem), &f->since_s);
    f->left = most ? strtoll(most, NULL, 10) : INT64_MAX;
}

static bool fits(struct sim_run *run, const struct filter *f, const struct sim_object *event)
{
    int64_t when = 0;

    if (f->log && strcasecmp(f->log, sim_value(event, "LogName")) != 0)
        return false;
    if (f->since_s && (!clock_parse_iso(sim_value(event, "TimeCreated"), &when) || when < f->since_s))
        return false;
    return among(f->logs, sim_value(event, "LogName"), run->mem) &&
           among(f->ids, sim_value(event, "Id"), run->mem) &&
           among(f->levels, sim_value(event, "Level"), run->mem);
}

static bool refuse(struct sim_run *run, const char *id, int category, const char *reason, const char *words)
{
    return sim_raise(run, (struct sim_error){ .id = id,
                                              .category = category,
                                              .reason = reason,
                                              .message = words,
                                              .target = "",
                                              .target_type = "",
                                              .command = EVENT_COMMAND });
}

/* The newest first, as the log is read. They are kept oldest first. */
bool call_events(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_list *list = sim_list(run->server, call->class);
    const char *fault = sim_value(sim_host(run->server), "Fault");
    bool oldest = sim_switch(run->bound, "Oldest");
    struct filter f = { 0 };
    size_t found = 0;

    if (fault && (strcmp(fault, "denied") == 0 || strcmp(fault, "denied-events") == 0))
        return refuse(run, "Attempted to perform an unauthorized operation.", 0,
                      "UnauthorizedAccessException", "Attempted to perform an unauthorized operation.");
    read_filter(run, &f);
    for (size_t i = 0; i < list->count && f.left > 0; i++) {
        const struct sim_object *event = list->items[oldest ? i : list->count - 1 - i];
        if (!fits(run, &f, event))
            continue;
        sim_emit(run, event);
        found++;
        f.left--;
    }
    if (!found)
        return refuse(run, "NoMatchingEventsFound", 13, "Exception",
                      "No events were found that match the specified selection criteria.");
    return true;
}

/* ------------------------------------------------------------------ ForEach-Object -MemberName */

static const char *known(const struct sim_object *event, const char *property)
{
    const char *text = sim_value(event, property);

    return text ? text : "";
}

const char *sim_event_xml(struct arena *mem, const struct sim_object *event)
{
    static const char *const fields[][2] = {
        { "Id", "EventID" }, { "Version", "Version" }, { "Level", "Level" }, { "Task", "Task" }
    };
    const char *data = known(event, "Data"), *user = sim_value(event, "UserSid");
    char utc[CLOCK_ISO_SIZE] = "";
    int64_t when = 0;
    struct buf out = { 0 };

    if (clock_parse_iso(known(event, "TimeCreated"), &when))
        clock_iso(when, utc);
    buf_adds(&out,
             "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='");
    answer_xml(&out, known(event, "ProviderName"));
    buf_adds(&out, "'/>");
    for (size_t i = 0; i < COUNT(fields); i++)
        buf_addf(&out, "<%s>%s</%s>", fields[i][1], known(event, fields[i][0]), fields[i][1]);
    buf_addf(&out, "<TimeCreated SystemTime='%s'/><EventRecordID>%s</EventRecordID><Channel>", utc,
             known(event, "RecordId"));
    answer_xml(&out, known(event, "LogName"));
    buf_addf(&out, "</Channel><Computer>%s</Computer><Security%s%s%s/></System><EventData>",
             known(event, "MachineName"), user ? " UserID='" : "", user ? user : "", user ? "'" : "");
    for (int n = 1; *data; n++) {
        size_t len = strcspn(data, (char[]){ SIM_LIST_SEPARATOR, '\0' });
        buf_addf(&out, "<Data Name='param%d'>", n);
        answer_xml(&out, arena_strndup(mem, data, len));
        buf_adds(&out, "</Data>");
        data += len + (data[len] != '\0');
    }
    buf_adds(&out, "</EventData></Event>");
    const char *text = arena_strndup(mem, buf_at(&out), out.len);
    buf_done(&out);
    return text;
}

bool call_for_each(struct sim_run *run, const struct sim_call *call)
{
    const char *name = sim_arg_text(run->bound, "MemberName");
    const struct sim_object *object = run->input ? run->input->object : NULL;
    int at = object && name ? sim_property_find(object->class, name) : -1;
    (void)call;

    if (!run->input || !name)
        return true;
    if (object && strcasecmp(name, "ToXml") == 0 && strcmp(object->class->name, "EventLogRecord") == 0)
        sim_emit_record(run, (struct sim_record){ .text = sim_event_xml(run->mem, object) });
    else if (at >= 0 && object->values[at])
        sim_emit_record(run, (struct sim_record){ .text = object->values[at],
                                                  .tag = sim_type_tag(object->class->properties[at].type) });
    return true;
}
