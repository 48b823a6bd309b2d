/* scopes.c - the pane of IPv4 scopes. */
#include <stdio.h>
#include <string.h>

#include "ipamtui/ip.h"
#include "ipamtui/panes.h"
#include "panes_int.h"
#include "show.h"

static struct value value_of(const struct row *row, const char *name)
{
    return row->values[catalog_property(&catalog_scopes, name)];
}

static void scopes_cell(const struct row *row, int property, int64_t now_s, struct cell *cell)
{
    static const struct { const char *property, *word, *shown; enum look look; } rows[] = {
        { "state", "inactive", "inactive", LOOK_WARN },
        { "level", "over", "Over", LOOK_BAD },
        { "level", "under", "Under", LOOK_DIM },
        { "level", "optimal", "Optimal", LOOK_NORMAL },
    };
    const char *name = catalog_scopes.properties[property].name;
    struct value v = row->values[property], prefix;

    (void)now_s;
    if (strcmp(name, "scope") == 0 && v.type == VALUE_INT) {
        prefix = value_of(row, "prefix");
        if (prefix.type == VALUE_INT)
            snprintf(cell->text + strlen(cell->text), sizeof cell->text - strlen(cell->text), "/%lld", (long long)prefix.i);
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows && v.type == VALUE_TEXT; i++) {
        if (strcmp(rows[i].property, name) == 0 && strcmp(rows[i].word, v.s) == 0) {
            snprintf(cell->text, sizeof cell->text, "%s", rows[i].shown);
            cell->look = rows[i].look;
        }
    }
    if (strcmp(name, "util") == 0 && value_of(row, "level").type == VALUE_TEXT &&
        strcmp(value_of(row, "level").s, "over") == 0)
        cell->look = LOOK_BAD;
    if (strcmp(name, "lease_duration") == 0 && v.type == VALUE_INT && v.i < 0) {
        strcpy(cell->text, "unlim");
        cell->look = LOOK_WARN;
    }
}

struct exclusions {
    struct buf text;
    size_t count;
};

static bool add_exclusion(void *ctx, const struct row *row)
{
    struct exclusions *list = ctx;
    char first[IP4_TEXT_SIZE], last[IP4_TEXT_SIZE];
    struct value start = row->values[catalog_property(&catalog_exclusions, "start")];
    struct value end = row->values[catalog_property(&catalog_exclusions, "end")];

    if (start.type != VALUE_INT || end.type != VALUE_INT)
        return true;
    if (list->count < 6)
        buf_addf(&list->text, "%s%s%s%s", list->count ? ", " : "", ip4_format((uint32_t)start.i, first),
                 start.i == end.i ? "" : "-", start.i == end.i ? "" : ip4_format((uint32_t)end.i, last));
    list->count++;
    return true;
}

static void add_exclusions(struct store *store, struct shown *s, struct preview *out)
{
    struct value params[] = { V_INT(s->row.server), shown_value(s, "scope") };
    struct list_spec spec = { .object = &catalog_exclusions, .where = "o.server = ? AND o.scope = ?", .params = params, .param_count = 2 };
    struct exclusions list = { 0 };
    struct err err = { 0 };

    if (!store_list_rows(store, &spec, add_exclusion, &list, &err))
        preview_add(out, LOOK_ERROR, "Excluded ? %s", err.text);
    else if (list.count == 0)
        preview_add(out, LOOK_NORMAL, "Excluded none");
    else if (list.count > 6)
        preview_add(out, LOOK_NORMAL, "Excluded %s and %zu more", buf_at(&list.text), list.count - 6);
    else
        preview_add(out, LOOK_NORMAL, "Excluded %s", buf_at(&list.text));
    buf_done(&list.text);
}

static void add_use(struct shown *s, struct preview *out)
{
    struct value util = shown_value(s, "util");
    char bar[32];

    if (util.type != VALUE_REAL) {
        preview_add(out, LOOK_DIM, "Used     not reported yet");
        return;
    }
    preview_add(out, LOOK_NORMAL, "Used     %s of %s   [%s] %.0f%%   free %s   reserved %s", shown_number(s, "in_use", out),
                shown_number(s, "total", out), preview_bar(util.d, 20, bar, sizeof bar), util.d, shown_number(s, "free", out),
                shown_number(s, "reserved", out));
}

static void scopes_preview(struct store *store, row_id id, int64_t now_s, struct preview *out)
{
    struct shown s;
    struct value prefix;

    if (!shown_load(store, &catalog_scopes, id, now_s, &s, out)) {
        shown_done(&s);
        return;
    }
    prefix = shown_value(&s, "prefix");
    preview_title(out, "%s/%lld %s", shown_text(&s, "scope", out), (long long)(prefix.type == VALUE_INT ? prefix.i : 0),
                  shown_known(&s, "name") ? shown_text(&s, "name", out) : "");
    preview_add(out, LOOK_NORMAL, "Server   %s   superscope %s", shown_text(&s, "server", out), shown_text(&s, "superscope", out));
    preview_add(out, LOOK_NORMAL, "State    %s%s%s   lease %s   delay %s ms", shown_text(&s, "state", out),
                shown_known(&s, "since") ? ", changed " : "", shown_known(&s, "since") ? shown_age(&s, "since", out) : "",
                shown_text(&s, "lease_duration", out), shown_text(&s, "delay", out));
    preview_add(out, LOOK_NORMAL, "Range    %s - %s   mask %s", shown_text(&s, "start", out), shown_text(&s, "end", out),
                shown_text(&s, "mask", out));
    add_exclusions(store, &s, out);
    add_use(&s, out);
    preview_history(store, &s, out);
    if (shown_known(&s, "description") && shown_text(&s, "description", out)[0])
        preview_add(out, LOOK_NORMAL, "Text     %s", shown_text(&s, "description", out));
    preview_add(out, LOOK_NORMAL, "DNS      updates %s, name protection %s", shown_text(&s, "dynamic_updates", out),
                shown_text(&s, "name_protection", out));
    preview_add(out, LOOK_DIM, "Seen     %s   counters %s", shown_age(&s, "seen", out), shown_age(&s, "counted", out));
    preview_sources(store, s.row.server, &catalog_scopes, now_s, out);
    preview_add(out, LOOK_NORMAL, "%s", "");
    for (size_t i = 0; i < catalog_scopes.property_count; i++) {
        const struct property *p = &catalog_scopes.properties[i];

        if ((p->flags & PROP_NOTE) && s.row.values[i].type != VALUE_NULL && p->kind != KIND_TIME)
            preview_add(out, LOOK_NORMAL, "  %-18s %s", p->title, shown_text(&s, p->name, out));
    }
    shown_done(&s);
}

const struct pane_ops scopes_pane = {
    .name = "scopes",
    .noun = "scope",
    .title = "Scopes",
    .digit = '2',
    .help = "DHCP scopes of all servers: range, lease, how full",
    .object = &catalog_scopes,
    .columns = "scope:16 name:15 server:12 lease_duration:6 util:5 free:6 level:9 seen:9",
    .cell = scopes_cell,
    .preview = scopes_preview,
    .empty = "No scopes yet: R asks the servers (1 shows them).",
    .seen = "seen",
    .stale = "level",
    .computed_from = "scope-statistics",
};
