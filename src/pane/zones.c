/* zones.c - the panes of DNS zones: one line a zone, and one line a zone on a server; and of IPv6 scopes. */
#include <string.h>

#include "ipamtui/panes.h"
#include "ipamtui/text.h"
#include "panes_int.h"
#include "show.h"

static enum look look_of(const char *word)
{
    static const struct { const char *word; enum look look; } rows[] = {
        { "ok", LOOK_GOOD }, { "warning", LOOK_WARN }, { "error", LOOK_BAD }, { "unknown", LOOK_UNKNOWN }, { "over", LOOK_BAD },
        { "inactive", LOOK_WARN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].word, word) == 0)
            return rows[i].look;
    return LOOK_NORMAL;
}

static void word_cell(const struct property *p, const struct row *row, int property, struct cell *cell)
{
    struct value v = row->values[property];

    if (p->kind == KIND_ENUM && v.type == VALUE_TEXT && look_of(v.s) != LOOK_NORMAL)
        cell->look = look_of(v.s);
}

static void zones_cell(const struct row *row, int property, int64_t now_s, struct cell *cell)
{
    (void)now_s;
    word_cell(&catalog_zones.properties[property], row, property, cell);
}

static void zoneservers_cell(const struct row *row, int property, int64_t now_s, struct cell *cell)
{
    (void)now_s;
    word_cell(&catalog_zoneservers.properties[property], row, property, cell);
}

static void scopes6_cell(const struct row *row, int property, int64_t now_s, struct cell *cell)
{
    (void)now_s;
    word_cell(&catalog_scopes6.properties[property], row, property, cell);
}

/* ------------------------------------------------------------------ one zone: every server that has it */
struct servers {
    struct preview *out;
    int64_t now_s;
};

static const char *since(const struct shown *s, struct preview *out)
{
    if (!shown_known(s, "since"))
        return "";
    return arena_printf(&out->mem, "  since %s%s", shown_age(s, "since", out), shown_value(s, "since_at_least").i ? " or longer" : "");
}

/* Settings of the zone there, as far as it has them: a secondary has no aging, a forwarder nothing of it. */
static void add_settings(const struct shown *s, struct preview *out)
{
    static const struct { const char *property, *words; } rows[] = {
        { "dynamic_update", "updates" }, { "transfers", "transfers" }, { "notify", "notifies" }, { "masters", "from" },
    };
    struct buf line = { 0 };
    struct value aging = shown_value(s, "aging");

    for (size_t i = 0; i < COUNT(rows); i++)
        if (shown_known(s, rows[i].property) && shown_text(s, rows[i].property, out)[0])
            buf_addf(&line, "%s%s %s", line.len ? "  " : "", rows[i].words, shown_text(s, rows[i].property, out));
    if (aging.type == VALUE_INT && aging.i)
        buf_addf(&line, "%saging %s+%s", line.len ? "  " : "", shown_text(s, "no_refresh", out), shown_text(s, "refresh", out));
    else if (aging.type == VALUE_INT)
        buf_addf(&line, "%sno aging", line.len ? "  " : "");
    if (line.len)
        preview_add(out, LOOK_DIM, "  %s", buf_at(&line));
    buf_done(&line);
}

static bool add_server(void *ctx, const struct row *row)
{
    struct servers *list = ctx;
    struct preview *out = list->out;
    struct shown s = { .object = &catalog_zoneservers, .row = *row, .now_s = list->now_s };
    struct value health = shown_value(&s, "health");
    const char *lag = "";

    if (shown_known(&s, "lag") && shown_value(&s, "lag").i > 0)
        lag = arena_printf(&out->mem, " (%s behind)", shown_text(&s, "lag", out));
    preview_add(out, health.type == VALUE_TEXT ? look_of(health.s) : LOOK_UNKNOWN, "%-14s %-7s %s %s   DNS %s", shown_text(&s, "server", out),
                shown_text(&s, "health", out), shown_text(&s, "type", out), shown_text(&s, "storage", out), shown_text(&s, "service", out));
    if (shown_known(&s, "cause"))
        preview_add(out, LOOK_NORMAL, "  %s", shown_text(&s, "cause", out));
    preview_add(out, LOOK_DIM, "  serial %s%s%s", shown_known(&s, "soa_serial") ? shown_text(&s, "soa_serial", out) : "-", lag,
                since(&s, out));
    add_settings(&s, out);
    return true;
}

static void zones_preview(struct store *store, row_id id, int64_t now_s, struct preview *out)
{
    struct value param;
    struct list_spec spec = { .object = &catalog_zoneservers, .where = "o.zone = ?", .params = &param, .param_count = 1 };
    struct servers list = { out, now_s };
    struct shown s;
    struct err err = { 0 };

    if (shown_load(store, &catalog_zones, id, now_s, &s, out)) {
        param = shown_value(&s, "zone");
        preview_title(out, "%s", shown_text(&s, "zone", out));
        if (shown_known(&s, "network"))
            preview_add(out, LOOK_NORMAL, "Network  %s", shown_text(&s, "network", out));
        preview_add(out, look_of(shown_value(&s, "health").s), "Health   %s%s", shown_text(&s, "health", out), since(&s, out));
        preview_add(out, LOOK_NORMAL, "%s", "");
        if (!store_list_rows(store, &spec, add_server, &list, &err))
            preview_add(out, LOOK_ERROR, "%s", err.text);
    }
    shown_done(&s);
}

/* ------------------------------------------------------------------ all that is known of a row */
static void all_of(struct shown *s, struct preview *out)
{
    for (size_t i = 0; i < s->object->property_count; i++) {
        const struct property *p = &s->object->properties[i];

        if (s->row.values[i].type == VALUE_NULL && !p->empty)
            continue;
        preview_add(out, LOOK_NORMAL, "  %-16s %s", p->title, p->kind == KIND_TIME ? shown_age(s, p->name, out) : shown_text(s, p->name, out));
    }
}

static void zoneservers_preview(struct store *store, row_id id, int64_t now_s, struct preview *out)
{
    struct shown s;

    if (shown_load(store, &catalog_zoneservers, id, now_s, &s, out)) {
        preview_title(out, "%s on %s", shown_text(&s, "zone", out), shown_text(&s, "server", out));
        all_of(&s, out);
        preview_sources(store, s.row.server, &catalog_zoneservers, now_s, out);
    }
    shown_done(&s);
}

static void scopes6_preview(struct store *store, row_id id, int64_t now_s, struct preview *out)
{
    struct shown s;

    if (shown_load(store, &catalog_scopes6, id, now_s, &s, out)) {
        preview_title(out, "%s %s", shown_text(&s, "scope", out), shown_text(&s, "name", out));
        preview_history(store, &s, out);
        all_of(&s, out);
        preview_sources(store, s.row.server, &catalog_scopes6, now_s, out);
    }
    shown_done(&s);
}

const struct pane_ops zones_pane = {
    .name = "zones",
    .noun = "zone",
    .title = "Zones",
    .digit = '3',
    .help = "DNS zones over all servers: health, serials; filter family:forward, family:reverse4 or family:reverse6",
    .object = &catalog_zones,
    .columns = "zone:28 network:18 types:9 servers:4 bad:4 health:7 cause since:8",
    .cell = zones_cell,
    .preview = zones_preview,
    .empty = "No zones yet: R asks the servers.",
};

const struct pane_ops zoneservers_pane = {
    .name = "zoneservers",
    .noun = "zoneserver",
    .title = "Zones by server",
    .help = "Each DNS zone on each server: type, health and why, serial, lag",
    .object = &catalog_zoneservers,
    .columns = "zone:24 server:12 type:9 storage:4 health:7 soa_serial:10 lag:5 cause",
    .cell = zoneservers_cell,
    .preview = zoneservers_preview,
    .empty = "No zones yet: R asks the servers.",
};

const struct pane_ops scopes6_pane = {
    .name = "scopes6",
    .noun = "scope6",
    .title = "IPv6 scopes",
    .help = "DHCP scopes of IPv6: state, how full",
    .object = &catalog_scopes6,
    .columns = "scope:22 name:14 server:12 state:8 in_use:8 util:5 level:7",
    .cell = scopes6_cell,
    .preview = scopes6_preview,
    .empty = "No IPv6 scopes yet: R asks the servers.",
};
