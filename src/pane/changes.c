/* changes.c - the panes of changes: what was done, by whom, with which result; and the steps of one. Both are lists of the journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/journal.h"
#include "ipamtui/panes.h"
#include "ipamtui/ui_changes.h"
#include "panes_int.h"
#include "show.h"

static struct value value_of(const struct row *row, const struct object_type *object, const char *name)
{
    int at = catalog_property(object, name);

    return at < 0 ? V_NULL : row->values[at];
}

/* Counts of nothing are quiet, those that need a look are not. */
static void changes_cell(const struct row *row, int property, int64_t now_s, struct cell *cell)
{
    static const struct { const char *name; enum look look; } loud[] = {
        { "failed", LOOK_BAD }, { "conflict", LOOK_WARN }, { "unknown", LOOK_WARN }, { "open", LOOK_WARN }, { "skipped", LOOK_WARN },
    };
    const char *name = catalog_changes.properties[property].name;
    struct value v = row->values[property], relation;

    (void)now_s;
    if (strcmp(name, "what") == 0) {
        relation = value_of(row, &catalog_changes, "relation");
        if (relation.type == VALUE_TEXT && relation.s[0] && v.type == VALUE_TEXT && strncmp(v.s, relation.s, strlen(relation.s)) != 0)
            snprintf(cell->text, sizeof cell->text, "%.20s: %.230s", relation.s, v.s);
        return;
    }
    for (size_t i = 0; i < sizeof loud / sizeof *loud; i++) {
        if (strcmp(name, loud[i].name) == 0 && v.type == VALUE_INT)
            cell->look = v.i > 0 ? loud[i].look : LOOK_DIM;
    }
}

/* "undo: ..." in SQL, as changes_cell() has it. */
static const char *changes_text_sql(int property, struct arena *mem)
{
    (void)mem;
    return strcmp(catalog_changes.properties[property].name, "what") != 0 ? NULL
           : "iif(coalesce(o.relation, '') <> '' AND substr(o.what, 1, length(o.relation)) <> o.relation, o.relation || ': ' || o.what,"
             " o.what)";
}

static void steps_cell(const struct row *row, int property, int64_t now_s, struct cell *cell)
{
    static const struct { const char *state; enum look look; } looks[] = {
        { "failed", LOOK_BAD }, { "conflict", LOOK_WARN }, { "unknown", LOOK_WARN }, { "open", LOOK_UNKNOWN },
        { "skipped", LOOK_DIM }, { "planned", LOOK_DIM }, { "done", LOOK_GOOD },
    };
    struct value v = row->values[property];

    (void)now_s;
    if (strcmp(catalog_change_steps.properties[property].name, "state") != 0 || v.type != VALUE_TEXT)
        return;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        if (strcmp(v.s, looks[i].state) == 0)
            cell->look = looks[i].look;
    }
}

/* ------------------------------------------------------------------ servers of a change */
struct server_counts {
    char name[64];
    long long counts[CHANGE_STATES], all;
};
struct by_server {
    struct server_counts *rows;
    size_t count, cap;
};

static bool add_step(void *ctx, const struct row *row)
{
    struct by_server *list = ctx;
    struct value server = value_of(row, &catalog_change_steps, "server"), state = value_of(row, &catalog_change_steps, "state");
    enum change_state s = CHANGE_PLANNED;
    struct server_counts *at = NULL;

    if (server.type != VALUE_TEXT || state.type != VALUE_TEXT || !change_state_parse(state.s, &s))
        return true;
    /* Steps come server by server. */
    for (size_t i = list->count; i > 0 && !at; i--) {
        if (strcmp(list->rows[i - 1].name, server.s) == 0)
            at = &list->rows[i - 1];
    }
    if (!at) {
        x_grow(&list->rows, &list->cap, list->count + 1, sizeof *list->rows);
        at = &list->rows[list->count++];
        memset(at, 0, sizeof *at);
        snprintf(at->name, sizeof at->name, "%s", server.s);
    }
    at->counts[s]++;
    at->all++;
    return true;
}

static void add_server(const struct server_counts *s, struct preview *out)
{
    static const enum change_state told[] = { CHANGE_FAILED, CHANGE_CONFLICT, CHANGE_UNKNOWN, CHANGE_SKIPPED, CHANGE_OPEN, CHANGE_PLANNED };
    struct buf text = { 0 };
    char bar[16];
    long long to_go = s->counts[CHANGE_PLANNED] + s->counts[CHANGE_OPEN];
    bool bad = s->counts[CHANGE_FAILED] + s->counts[CHANGE_CONFLICT] + s->counts[CHANGE_UNKNOWN] > 0;

    buf_addf(&text, "%-16.16s [%s] %lld/%lld", s->name, preview_bar((double)(s->all - to_go) * 100 / (double)s->all, 10, bar, sizeof bar),
             s->all - to_go, s->all);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        if (s->counts[told[i]])
            buf_addf(&text, ", %lld %s", s->counts[told[i]], change_state_name(told[i]));
    }
    preview_add(out, bad ? LOOK_WARN : LOOK_NORMAL, "%s", buf_at(&text));
    buf_done(&text);
}

static void add_servers(struct store *store, row_id change, struct preview *out)
{
    struct value params[] = { V_INT(change) };
    struct list_spec spec = { .object = &catalog_change_steps, .where = "o.change = ?", .params = params, .param_count = 1 };
    struct by_server list = { 0 };
    struct err err = { 0 };

    if (!store_list_rows(store, &spec, add_step, &list, &err))
        preview_add(out, LOOK_ERROR, "%s", err.text);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < list.count; i++) {
            /* Those that are not all well come first. */
            bool well = list.rows[i].counts[CHANGE_DONE] == list.rows[i].all;

            if (well == (pass == 1))
                add_server(&list.rows[i], out);
        }
    }
    free(list.rows);
}

static void changes_preview(struct store *store, row_id id, int64_t now_s, struct preview *out)
{
    struct shown s;

    if (shown_load(store, &catalog_changes, id, now_s, &s, out)) {
        preview_title(out, "Change %s: %s", shown_text(&s, "change", out), shown_text(&s, "what", out));
        preview_add(out, LOOK_NORMAL, "%s%s%s, by %s from %s with %s, %s", shown_text(&s, "phase", out),
                    shown_known(&s, "relation") && shown_value(&s, "relation").s[0] ? ", " : "",
                    shown_known(&s, "relation") && shown_value(&s, "relation").s[0]
                        ? arena_printf(&out->mem, "%s of change %s", shown_text(&s, "relation", out), shown_text(&s, "of", out)) : "",
                    shown_text(&s, "who", out), shown_text(&s, "from", out), shown_text(&s, "tool", out), shown_age(&s, "when", out));
        add_servers(store, id, out);
    }
    shown_done(&s);
}

static void steps_preview(struct store *store, row_id id, int64_t now_s, struct preview *out)
{
    static const struct { const char *label, *property; } rows[] = {
        { "Says     ", "message" }, { "Error id ", "error_id" }, { "Try      ", "hint" },
    };
    struct shown s;

    if (shown_load(store, &catalog_change_steps, id, now_s, &s, out)) {
        preview_title(out, "%s %s %s", shown_text(&s, "server", out), shown_text(&s, "key", out),
                      shown_known(&s, "name") ? shown_text(&s, "name", out) : "");
        preview_add(out, LOOK_NORMAL, "%-8s %s", shown_text(&s, "state", out), shown_text(&s, "what", out));
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            if (shown_known(&s, rows[i].property) && shown_value(&s, rows[i].property).s[0])
                preview_add(out, LOOK_NORMAL, "%s%s", rows[i].label, shown_text(&s, rows[i].property, out));
        }
        preview_add(out, LOOK_DIM, "Change %s, step %s: %s%s%s%s", shown_text(&s, "change", out), shown_text(&s, "step", out),
                    shown_known(&s, "opened") ? "sent " : "not sent", shown_known(&s, "opened") ? shown_age(&s, "opened", out) : "",
                    shown_known(&s, "settled") ? ", settled " : "", shown_known(&s, "settled") ? shown_age(&s, "settled", out) : "");
    }
    shown_done(&s);
}

const struct pane_ops changes_pane = {
    .name = "changes",
    .noun = "change",
    .title = "Changes",
    .digit = '5',
    .help = "Every change that was made: who, when, what, with which result",
    .object = &catalog_changes,
    .columns = "change:4 when:6 who:6 what:22 done:5 failed:6 conflict:5 skipped:5 phase:8",
    .commands = change_list_commands,
    .command_count = CHANGE_LIST_COMMANDS,
    .cell = changes_cell,
    .text_sql = changes_text_sql,
    .preview = changes_preview,
    .empty = "Nothing has been changed with this database yet.",
};

const struct pane_ops steps_pane = {
    .name = "steps",
    .noun = "step",
    .title = "Results",
    .help = "Steps of changes with their results, one line a value",
    .object = &catalog_change_steps,
    .columns = "key:14 state:8 server:12 name:12 what:30 message:30",
    .commands = change_list_commands,
    .command_count = CHANGE_LIST_COMMANDS,
    .cell = steps_cell,
    .preview = steps_preview,
    .empty = "No change has been made yet.",
};
