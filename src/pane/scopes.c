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

/* ------------------------------------------------------------------ the last days, a column of cells each */
enum { PLOT_DAYS = 7, PLOT_CELLS = 42 };

struct plot {
    int64_t from_s, step_s;
    double percent[PLOT_CELLS]; /* -1 = no sample */
    size_t samples;
};

static bool add_sample(void *ctx, int64_t at_s, int64_t in_use, int64_t free_addresses)
{
    struct plot *plot = ctx;
    int64_t cell = (at_s - plot->from_s) / plot->step_s;

    plot->samples++;
    if (cell >= 0 && cell < PLOT_CELLS && in_use + free_addresses > 0)
        plot->percent[cell] = 100.0 * (double)in_use / (double)(in_use + free_addresses);
    return true;
}

/* A digit a cell: 0 is under 10%, 9 is 90% and more. What did not change was not sampled: the last value goes on. */
static void add_history(struct store *store, const struct shown *s, struct preview *out)
{
    struct plot plot = { .from_s = s->now_s - PLOT_DAYS * 86400, .step_s = PLOT_DAYS * 86400 / PLOT_CELLS };
    char line[PLOT_CELLS + 1];
    struct err err = { 0 };
    double last = -1;

    for (int i = 0; i < PLOT_CELLS; i++)
        plot.percent[i] = -1;
    if (!store_scope_history(store, &catalog_scopes, s->row.id, plot.from_s, add_sample, &plot, &err))
        preview_add(out, LOOK_ERROR, "7 days   ? %s", err.text);
    if (err.kind != ERR_NONE || plot.samples < 2)
        return;
    for (int i = 0; i < PLOT_CELLS; i++) {
        last = plot.percent[i] >= 0 ? plot.percent[i] : last;
        line[i] = last < 0 ? ' ' : (char)('0' + (last >= 90 ? 9 : (int)(last / 10)));
    }
    line[PLOT_CELLS] = '\0';
    preview_add(out, LOOK_NORMAL, "7 days   %s  (tenths of the pool)", line);
    if (shown_known(s, "per_week"))
        preview_add(out, LOOK_NORMAL, "Trend    %+lld a week%s", (long long)shown_value(s, "per_week").i,
                    shown_known(s, "full_in") ? arena_printf(&out->mem, ", full in about %lld days", (long long)shown_value(s, "full_in").i)
                                              : "");
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
    add_history(store, &s, out);
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
