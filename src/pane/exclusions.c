/* exclusions.c - the pane of exclusion ranges, and the list of all panes. */
#include <stdio.h>

#include "ipamtui/panes.h"
#include "ipamtui/ui_changes.h"
#include "ipamtui/ui_panes.h"
#include "panes_int.h"
#include "show.h"

static void exclusions_preview(struct store *store, row_id id, int64_t now_s, struct preview *out)
{
    struct shown s;

    if (shown_load(store, &catalog_exclusions, id, now_s, &s, out)) {
        preview_title(out, "%s-%s", shown_text(&s, "start", out), shown_text(&s, "end", out));
        preview_add(out, LOOK_NORMAL, "Excluded %s addresses of scope %s %s", shown_number(&s, "size", out),
                    shown_text(&s, "scope", out), shown_text(&s, "scope_name", out));
        preview_add(out, LOOK_NORMAL, "Server   %s", shown_text(&s, "server", out));
        preview_sources(store, s.row.server, &catalog_exclusions, now_s, out);
    }
    shown_done(&s);
}

const struct pane_ops exclusions_pane = {
    .name = "exclusions",
    .noun = "exclusion",
    .title = "Exclusions",
    .help = "Ranges that are never leased",
    .object = &catalog_exclusions,
    .columns = "scope:15 start:15 end:15 size:7 scope_name:14 server:12",
    .preview = exclusions_preview,
    .empty = "No exclusion ranges yet: R asks the servers.",
};

const struct pane_ops *const panes_all[] = { &overview_pane, &servers_pane, &scopes_pane, &exclusions_pane, &scopes6_pane, &zones_pane, &zoneservers_pane, &changes_pane,
                                             &steps_pane, &plan_pane, &jobs_pane, NULL };
