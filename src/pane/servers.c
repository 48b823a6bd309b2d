/* servers.c - the pane of servers. */
#include <stdio.h>
#include <string.h>

#include "ipamtui/panes.h"
#include "ipamtui/text.h"
#include "ipamtui/transport.h"
#include "panes_int.h"
#include "show.h"

/* What "Reach" says of a server that did not answer: where it went wrong, in a word. */
static const char *word_of_step(const char *step)
{
    static const struct { enum transport_step step; const char *word; } rows[] = {
        { STEP_CONFIG, "ssh cfg" }, { STEP_RESOLVE, "no name" },  { STEP_CONNECT, "no ssh" }, { STEP_JUMP, "no jump" },
        { STEP_KEX, "no kex" },     { STEP_HOSTKEY, "hostkey" },  { STEP_LOGIN, "denied" },   { STEP_EXEC, "no exec" },
        { STEP_OPEN, "no PS" },
    };

    for (size_t i = 0; step && i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(transport_step_name(rows[i].step), step) == 0)
            return rows[i].word;
    }
    if (step && strcmp(step, "PowerShell") == 0)
        return "no PS";
    return "NO";
}

/* "Reach" in SQL, as servers_cell() has it. */
static const char *servers_text_sql(int property, struct arena *mem)
{
    const char *steps = "";

    if (strcmp(catalog_servers.properties[property].name, "reachable") != 0)
        return NULL;
    for (enum transport_step step = STEP_CONFIG; step <= STEP_OPEN; step++)
        steps = arena_printf(mem, "%s WHEN '%s' THEN '%s'", steps, transport_step_name(step),
                             word_of_step(transport_step_name(step)));
    return arena_printf(mem, "CASE o.reachable WHEN 'yes' THEN coalesce(o.step, 'ok') WHEN 'no' THEN CASE o.step%s"
                             " WHEN 'PowerShell' THEN '%s' ELSE '%s' END END",
                        steps, word_of_step("PowerShell"), word_of_step(NULL));
}

static struct value value_of(const struct row *row, const char *name)
{
    return row->values[catalog_property(&catalog_servers, name)];
}

static void service_cell(const struct row *row, const char *role, struct cell *cell)
{
    static const struct { const char *word; enum look look; } rows[] = {
        { "running", LOOK_GOOD }, { "stopped", LOOK_BAD }, { "paused", LOOK_WARN }, { "absent", LOOK_BAD },
        { "denied", LOOK_UNKNOWN },
    };
    struct value roles = value_of(row, "role");

    if (roles.type == VALUE_TEXT && !text_contains(roles.s, role)) {
        /* Not asked because it has no such role: neither unknown nor missing. */
        strcpy(cell->text, "");
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].word, cell->text) == 0)
            cell->look = rows[i].look;
    }
}

static void percent_cell(double percent, struct cell *cell)
{
    if (percent > 95)
        cell->look = LOOK_BAD;
    else if (percent > 80)
        cell->look = LOOK_WARN;
}

static void servers_cell(const struct row *row, int property, int64_t now_s, struct cell *cell)
{
    const char *name = catalog_servers.properties[property].name;
    struct value v = row->values[property];

    (void)now_s;
    if (strcmp(name, "reachable") == 0 && v.type == VALUE_TEXT) {
        struct value step = value_of(row, "step");

        bool reached = strcmp(v.s, "yes") == 0;

        cell->look = !reached ? LOOK_BAD : step.type == VALUE_TEXT ? LOOK_WARN : LOOK_GOOD;
        if (!reached)
            snprintf(cell->text, sizeof cell->text, "%s", word_of_step(step.type == VALUE_TEXT ? step.s : NULL));
        else /* it answers, but "rights" or "module" is wanting */
            snprintf(cell->text, sizeof cell->text, "%s", step.type == VALUE_TEXT ? step.s : "ok");
    } else if (strcmp(name, "dhcp_service") == 0) {
        service_cell(row, "dhcp", cell);
    } else if (strcmp(name, "dns_service") == 0) {
        service_cell(row, "dns", cell);
    } else if (strcmp(name, "error") == 0 && v.type == VALUE_TEXT) {
        cell->look = LOOK_BAD;
    } else if (strcmp(name, "last_seen") == 0 && v.type == VALUE_NULL) {
        strcpy(cell->text, "never");
    } else if (strcmp(name, "util") == 0 && v.type == VALUE_REAL) {
        percent_cell(v.d, cell);
    }
}

static void add_dhcp(struct shown *s, struct preview *out)
{
    struct value util = shown_value(s, "util");
    char bar[32];

    preview_add(out, LOOK_NORMAL, "DHCP     %s   scopes %s   authorized %s", shown_text(s, "dhcp_service", out),
                shown_number(s, "scope_count", out), shown_text(s, "authorized", out));
    if (util.type == VALUE_REAL)
        preview_add(out, LOOK_NORMAL, "Leases   %s of %s   [%s] %.0f%%", shown_number(s, "in_use", out),
                    shown_number(s, "total", out), preview_bar(util.d, 20, bar, sizeof bar), util.d);
    else
        preview_add(out, LOOK_DIM, "Leases   not reported yet");
}

static void servers_preview(struct store *store, row_id id, int64_t now_s, struct preview *out)
{
    static const char *const settings[] = { "conflict_attempts", "dynamic_bootp", "policies", "nap_enabled",
                                            "nps_unreachable_action", "domain_joined", "restore_status" };
    struct shown s;

    if (!shown_load(store, &catalog_servers, id, now_s, &s, out)) {
        shown_done(&s);
        return;
    }
    preview_title(out, "%s", shown_text(&s, "server", out));
    if (shown_known(&s, "error"))
        preview_add(out, LOOK_BAD, "! %s%s%s", shown_known(&s, "step") ? shown_text(&s, "step", out) : "",
                    shown_known(&s, "step") ? ": " : "", shown_text(&s, "error", out));
    preview_add(out, LOOK_NORMAL, "Seen     %s   tried %s", shown_age(&s, "last_seen", out), shown_age(&s, "last_try", out));
    preview_add(out, LOOK_NORMAL, "Path     %s", shown_known(&s, "path") ? shown_text(&s, "path", out)
                                                : shown_known(&s, "address") ? shown_text(&s, "address", out) : "-");
    preview_add(out, LOOK_NORMAL, "System   %s (%s)   PowerShell %s", shown_text(&s, "system", out), shown_text(&s, "version", out),
                shown_text(&s, "powershell_version", out));
    if (text_contains(shown_text(&s, "role", out), "dhcp"))
        add_dhcp(&s, out);
    if (text_contains(shown_text(&s, "role", out), "dns"))
        preview_add(out, LOOK_NORMAL, "DNS      %s", shown_text(&s, "dns_service", out));
    if (shown_known(&s, "since"))
        preview_add(out, LOOK_NORMAL, "State    since %s%s", shown_age(&s, "since", out),
                    shown_value(&s, "since_at_least").i ? " or longer" : "");
    if (shown_known(&s, "warning"))
        preview_add(out, LOOK_WARN, "Warning  %s", shown_text(&s, "warning", out));
    preview_sources(store, id, NULL, now_s, out);
    preview_add(out, LOOK_NORMAL, "%s", "");
    preview_add(out, LOOK_TITLE, "Settings");
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        int at = catalog_property(&catalog_servers, settings[i]);

        preview_add(out, LOOK_NORMAL, "  %-16s %s", catalog_servers.properties[at].title, shown_text(&s, settings[i], out));
    }
    for (size_t i = 0; i < catalog_servers.property_count; i++) {
        const struct property *p = &catalog_servers.properties[i];

        if ((p->flags & PROP_LOCAL) && !(p->flags & PROP_KEY) && s.row.values[i].type != VALUE_NULL)
            preview_add(out, LOOK_NORMAL, "  %-16s %s", p->title, shown_text(&s, p->name, out));
    }
    shown_done(&s);
}

const struct pane_ops servers_pane = {
    .name = "servers",
    .noun = "server",
    .title = "Servers",
    .digit = '1',
    .help = "The DHCP and DNS servers: reachable, services, how full",
    .object = &catalog_servers,
    .columns = "server:14 role:8 reachable:7 dhcp_service:7 dns_service:7 scope_count util last_seen:8",
    .cell = servers_cell,
    .text_sql = servers_text_sql,
    .preview = servers_preview,
    .empty = "No servers yet: F7 adds one, :server-import FILE.csv many.",
    .seen = "last_seen",
};
