/* changes.c - the history of changes and their steps, as lists. They belong to no server: their tables come with the
 * journal (journal.h), which is also the only one that writes them. */
#include <stddef.h>

#include "ipamtui/catalog.h"

static const char *const words_phase[] = { "pending", "running", "ended", NULL };
static const char *const words_state[] = { "planned", "open", "done", "failed", "skipped", "conflict", "unknown", NULL };
static const char *const words_action[] = { "set", "add", "remove", NULL };

#define COUNT_SQL(state) "(SELECT count(*) FROM change_step x WHERE x.change = o.id AND x.state = '" state "')"
#define COUNTER(n, t, h)                                                                                             \
    { .name = n, .title = t, .help = h, .kind = KIND_INT, .width = 6, .flags = PROP_DEFAULT | PROP_RIGHT, .sql = COUNT_SQL(n) }
#define COUNTER_WIDE(n, t, h)                                                                                        \
    { .name = n, .title = t, .help = h, .kind = KIND_INT, .width = 6, .flags = PROP_WIDE | PROP_RIGHT, .sql = COUNT_SQL(n) }

static const struct property change_properties[] = {
    { .name = "change", .title = "No", .help = "Number of the change", .kind = KIND_INT, .width = 5,
      .flags = PROP_KEY | PROP_DEFAULT | PROP_RIGHT, .sql = "o.id" },
    { .name = "when", .title = "When", .help = "When it was applied; the pending plan: when it was begun", .kind = KIND_TIME,
      .width = 16, .flags = PROP_DEFAULT, .sql = "coalesce(o.begun_at, o.made_at)" },
    { .name = "phase", .title = "Phase", .help = "pending, running or ended", .kind = KIND_ENUM, .width = 7,
      .flags = PROP_DEFAULT, .sql = "o.phase", .values = words_phase },
    { .name = "who", .title = "Who", .help = "Login name of who applied it", .kind = KIND_TEXT, .width = 10,
      .flags = PROP_DEFAULT, .sql = "o.who" },
    { .name = "from", .title = "From", .help = "Address the operator came from, or the terminal", .kind = KIND_TEXT,
      .width = 15, .flags = PROP_WIDE, .sql = "o.origin" },
    { .name = "what", .title = "What", .help = "What was asked for", .kind = KIND_TEXT, .width = 24,
      .flags = PROP_DEFAULT | PROP_FLEX, .sql = "o.what" },
    { .name = "servers", .title = "Srv", .help = "Number of servers", .kind = KIND_INT, .width = 4,
      .flags = PROP_WIDE | PROP_RIGHT, .sql = "(SELECT count(DISTINCT x.server) FROM change_step x WHERE x.change = o.id)" },
    { .name = "steps", .title = "Steps", .help = "Number of values and rows that it is about", .kind = KIND_INT, .width = 6,
      .flags = PROP_WIDE | PROP_RIGHT, .sql = "(SELECT count(*) FROM change_step x WHERE x.change = o.id)" },
    COUNTER("done", "Done", "Steps that are done, read back"),
    COUNTER("failed", "Failed", "Steps that the server refused or did not do"),
    COUNTER("conflict", "Confl", "Steps not sent, because the value had changed meanwhile"),
    COUNTER_WIDE("skipped", "Skip", "Steps not sent: stopped, or already so"),
    COUNTER_WIDE("unknown", "Unkn", "Steps that were sent and could not be read since"),
    COUNTER_WIDE("open", "Open", "Steps that may be on their way"),
    COUNTER_WIDE("planned", "Plan", "Steps not sent yet"),
    { .name = "tool", .title = "By", .help = "console, or the subcommand", .kind = KIND_TEXT, .width = 8, .flags = PROP_NOTE,
      .sql = "o.tool" },
    { .name = "of", .title = "Of", .help = "Number of the change that this one undoes or retries", .kind = KIND_INT, .width = 5,
      .flags = PROP_NOTE | PROP_RIGHT, .sql = "o.of", .empty = "none" },
    { .name = "relation", .title = "Is", .help = "undo or retry of another change", .kind = KIND_TEXT, .width = 6,
      .flags = PROP_NOTE, .sql = "o.relation" },
    { .name = "ended", .title = "Ended", .help = "When it ended", .kind = KIND_TIME, .width = 16, .flags = PROP_NOTE,
      .sql = "o.ended_at", .empty = "not ended" },
    { .name = "host", .title = "Host", .help = "Machine it was applied from", .kind = KIND_TEXT, .width = 12,
      .flags = PROP_NOTE, .sql = "o.owner_host" },
    { .name = "process", .title = "Process", .help = "Process that applied it", .kind = KIND_INT, .width = 8,
      .flags = PROP_NOTE | PROP_RIGHT, .sql = "o.owner_pid" },
};

const struct object_type catalog_changes = {
    .name = "changes",
    .noun = "change",
    .table = "change",
    .properties = change_properties,
    .property_count = COUNT(change_properties),
    .sort = "-change",
    .title_property = "what",
    .free_text = "what,who,from,tool",
    .apart = true,
};

static const struct property step_properties[] = {
    { .name = "change", .title = "Change", .help = "Number of the change", .kind = KIND_INT, .width = 6,
      .flags = PROP_KEY | PROP_RIGHT, .sql = "o.change" },
    { .name = "step", .title = "Step", .help = "Number of the step within its change", .kind = KIND_INT, .width = 5,
      .flags = PROP_KEY | PROP_RIGHT, .sql = "o.no" },
    { .name = "state", .title = "Result", .help = "planned, open, done, failed, skipped, conflict or unknown",
      .kind = KIND_ENUM, .width = 8, .flags = PROP_DEFAULT, .sql = "o.state", .values = words_state },
    { .name = "server", .title = "Server", .help = "Server it was sent to", .kind = KIND_TEXT, .width = 12,
      .flags = PROP_DEFAULT | PROP_FLEX, .sql = "o.server_name" },
    { .name = "key", .title = "Object", .help = "Which row: the network of a scope, the range of an exclusion",
      .kind = KIND_TEXT, .width = 15, .flags = PROP_DEFAULT, .sql = "o.key" },
    { .name = "name", .title = "Name", .help = "What the row was called", .kind = KIND_TEXT, .width = 14,
      .flags = PROP_DEFAULT | PROP_FLEX, .sql = "o.title" },
    { .name = "what", .title = "What", .help = "Value before and after", .kind = KIND_TEXT, .width = 24,
      .flags = PROP_DEFAULT | PROP_FLEX, .sql = "o.what" },
    { .name = "message", .title = "Message", .help = "The server's words, or why it was not sent", .kind = KIND_TEXT,
      .width = 24, .flags = PROP_DEFAULT | PROP_FLEX, .sql = "o.text" },
    { .name = "error_id", .title = "Error id", .help = "The server's id of the error", .kind = KIND_TEXT, .width = 12,
      .flags = PROP_WIDE, .sql = "o.error_id" },
    { .name = "hint", .title = "Try", .help = "What to try", .kind = KIND_TEXT, .width = 20, .flags = PROP_WIDE | PROP_FLEX,
      .sql = "o.hint" },
    { .name = "object", .title = "List", .help = "scopes, exclusions ...", .kind = KIND_TEXT, .width = 10,
      .flags = PROP_NOTE, .sql = "o.object" },
    { .name = "action", .title = "Action", .help = "set, add or remove", .kind = KIND_ENUM, .width = 6, .flags = PROP_NOTE,
      .sql = "o.op", .values = words_action },
    { .name = "property", .title = "Property", .help = "Property that was set", .kind = KIND_TEXT, .width = 14,
      .flags = PROP_NOTE, .sql = "o.property" },
    { .name = "call", .title = "Call", .help = "Steps of one number travelled in one call", .kind = KIND_INT, .width = 5,
      .flags = PROP_NOTE | PROP_RIGHT, .sql = "o.call" },
    { .name = "opened", .title = "Sent", .help = "When it was journaled for sending", .kind = KIND_TIME, .width = 16,
      .flags = PROP_NOTE, .sql = "o.opened_at", .empty = "not sent" },
    { .name = "settled", .title = "Settled", .help = "When its result was known", .kind = KIND_TIME, .width = 16,
      .flags = PROP_NOTE, .sql = "o.settled_at", .empty = "not settled" },
};

const struct object_type catalog_change_steps = {
    .name = "steps",
    .noun = "step",
    .table = "change_step",
    .properties = step_properties,
    .property_count = COUNT(step_properties),
    .sort = "-change,step",
    .title_property = "what",
    .free_text = "server,key,name,what,message",
    .apart = true,
};
