/* commands_move.c - the cursor, panes and places. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/text.h"
#include "page.h"
#include "screen.h"

static size_t page(struct ui *ui)
{
    return (size_t)MAX(1, (ui_page(ui) ? ui_page(ui)->height : ui_table(ui)->height) - 1);
}

/* While the preview has the focus, movement keys scroll it. */
static void step(struct ui *ui, int64_t by)
{
    if (ui->preview_focus) {
        ui->preview_scroll = by < 0 ? ui->preview_scroll - MIN(ui->preview_scroll, (size_t)-by) : ui->preview_scroll + (size_t)by;
        return;
    }
    if (ui_page(ui))
        page_move(ui_page(ui), by);
    else
        table_move(ui_table(ui), by);
}

#define MOVE(name, by)                                          \
    static bool name(struct command_call *call, struct err *err) \
    {                                                           \
        (void)err;                                              \
        step(call->ui, by);                                     \
        return true;                                            \
    }
MOVE(cursor_down, 1)
MOVE(cursor_up, -1)
MOVE(page_down, (int64_t)page(call->ui))
MOVE(page_up, -(int64_t)page(call->ui))
MOVE(half_down, (int64_t)page(call->ui) / 2)
MOVE(half_up, -(int64_t)page(call->ui) / 2)
MOVE(cursor_first, -((int64_t)1 << 40))
MOVE(cursor_last, (int64_t)1 << 40)

static bool screen_place(struct ui *ui, int part)
{
    struct table *table = ui_table(ui);
    size_t last = MIN((size_t)table->height, view_count(table->view) - table->top) - 1;

    if (view_count(table->view) > 0)
        table_go(table, table->top + last * (size_t)part / 2);
    return true;
}

static bool screen_top(struct command_call *call, struct err *err)
{
    (void)err;
    return screen_place(call->ui, 0);
}

static bool screen_middle(struct command_call *call, struct err *err)
{
    (void)err;
    return screen_place(call->ui, 1);
}

static bool screen_bottom(struct command_call *call, struct err *err)
{
    (void)err;
    return screen_place(call->ui, 2);
}

static bool cursor_centre(struct command_call *call, struct err *err)
{
    struct table *table = ui_table(call->ui);
    size_t half = (size_t)table->height / 2, count = view_count(table->view);

    (void)err;
    table->top = table->at > half ? table->at - half : 0;
    if (table->top + (size_t)table->height > count)
        table->top = count > (size_t)table->height ? count - (size_t)table->height : 0;
    return true;
}

static bool columns_left(struct command_call *call, struct err *err)
{
    (void)err;
    if (ui_page(call->ui))
        page_step(ui_page(call->ui), -1);
    else
        table_scroll(ui_table(call->ui), -1);
    return true;
}

static bool columns_right(struct command_call *call, struct err *err)
{
    (void)err;
    if (ui_page(call->ui))
        page_step(ui_page(call->ui), 1);
    else
        table_scroll(ui_table(call->ui), 1);
    return true;
}

/* What Esc gives up first: a range, then the focus of the preview, then the place. */
static bool back(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    struct table *table = ui_table(ui);

    if (table->range_from) {
        table_range_drop(table);
        return true;
    }
    if (ui->preview_focus || ui->wish.zoom) {
        ui->preview_focus = ui->wish.zoom = false;
        return true;
    }
    if (table->only_marked) {
        table_only_marked(table, false);
        return true;
    }
    if (ui_history_go(ui, -1))
        return true;
    if (table->filter[0])
        return table_filter(table, "", NULL, err);
    ui_say(ui, LOOK_NORMAL, "Nothing to go back to (Q quits)");
    return true;
}

static bool forward(struct command_call *call, struct err *err)
{
    (void)err;
    if (!ui_history_go(call->ui, 1))
        ui_say(call->ui, LOOK_NORMAL, "Nothing to go forward to");
    return true;
}

static bool history_back(struct command_call *call, struct err *err)
{
    (void)err;
    if (!ui_history_go(call->ui, -1))
        ui_say(call->ui, LOOK_NORMAL, "Nothing to go back to");
    return true;
}

static bool last_pane(struct command_call *call, struct err *err)
{
    (void)err;
    ui_goto(call->ui, call->ui->last_pane, NULL, NULL, 0);
    return true;
}

static void complete_pane(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    (void)at;
    for (size_t i = 0; i < call->ui->pane_count; i++)
        fn(ctx, call->ui->panes[i].ops->name, call->ui->panes[i].ops->help);
}

static bool pane(struct command_call *call, struct err *err)
{
    size_t at = ui_pane_find(call->ui, call->args);

    if (at == SIZE_MAX)
        return err_set(err, ERR_INPUT, call->args, "there is no such pane");
    ui_goto(call->ui, at, NULL, NULL, 0);
    return true;
}

static bool focus(struct ui *ui, int by)
{
    if (ui_page(ui))
        page_step(ui_page(ui), by);
    else if (ui->layout.preview.h == 0)
        ui->preview_focus = false;
    else
        ui->preview_focus = !ui->preview_focus;
    return true;
}

static bool focus_next(struct command_call *call, struct err *err)
{
    (void)err;
    return focus(call->ui, 1);
}

static bool focus_previous(struct command_call *call, struct err *err)
{
    (void)err;
    return focus(call->ui, -1);
}

/* ------------------------------------------------------------------ related things */

char *query_quote(const char *text, char *out, size_t size)
{
    size_t used = 0;

    if (size > 1)
        out[used++] = '"';
    for (; *text && used + 3 < size; text++) {
        if (*text == '"' || *text == '\\')
            out[used++] = '\\';
        out[used++] = *text;
    }
    out[used++] = '"';
    out[used] = '\0';
    return out;
}

static const char *text_of(const struct row *row, const struct object_type *object, const char *name, char *out, size_t size)
{
    int at = catalog_property(object, name);

    out[0] = '\0';
    if (at >= 0 && row->values[at].type != VALUE_NULL)
        property_show(&object->properties[at], row->values[at], out, size);
    return out;
}

static bool need_row(struct ui *ui, const struct row **row, struct err *err)
{
    *row = table_row(ui_table(ui));
    if (!*row)
        return err_set(err, ERR_NOT_FOUND, "", "this row is still being read; try again");
    return true;
}

static bool go_server(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    const struct row *row;
    size_t servers = ui_pane_find(ui, "servers");
    char name[256], crumb[600];

    if (!need_row(ui, &row, err))
        return false;
    if (call->object == &catalog_servers)
        return err_set(err, ERR_INPUT, "", "this is the server");
    if (catalog_property(call->object, "server") < 0)
        return err_set(err, ERR_INPUT, "", "this %s has several servers: Enter lists them", call->object->noun);
    text_of(row, call->object, "server", name, sizeof name);
    snprintf(crumb, sizeof crumb, "%s %s Servers", ui_pane(ui)->crumb ? ui_pane(ui)->crumb : ui_pane(ui)->ops->title,
             glyph(GLYPH_CRUMB));
    ui_goto(ui, servers, "", crumb, row->server);
    return true;
}

/* The list `name` of the server under the cursor, or of the server that the row under the cursor is on. */
static bool go_list(struct ui *ui, const char *name, const char *extra, struct err *err)
{
    const struct object_type *object = ui_table(ui)->ops->object;
    const struct row *row;
    size_t pane_at = ui_pane_find(ui, name);
    char server[256], quoted[300], filter[700], crumb[900];

    if (!need_row(ui, &row, err))
        return false;
    if (catalog_property(object, "server") < 0)
        return err_set(err, ERR_INPUT, "", "this %s has several servers: Enter lists them", object->noun);
    text_of(row, object, "server", server, sizeof server);
    snprintf(filter, sizeof filter, "server:%s%s%s", query_quote(server, quoted, sizeof quoted), extra[0] ? " " : "", extra);
    snprintf(crumb, sizeof crumb, "%s %s %s%s%s %s %s", "Servers", glyph(GLYPH_CRUMB), server, extra[0] ? " " : "", extra,
             glyph(GLYPH_CRUMB), ui->panes[pane_at].ops->title);
    ui_goto(ui, pane_at, filter, crumb, 0);
    return true;
}

/* The network of the scope that a row is or belongs to; of a result it is the first word of its key. "" = of none. */
static const char *scope_of(const struct row *row, const struct object_type *object, char *out, size_t size)
{
    char *address;

    text_of(row, object, object == &catalog_change_steps ? "key" : "scope", out, size);
    for (address = out; *address && !strchr(" /", *address); address++)
        ;
    *address = '\0';
    return out;
}

static bool go_scopes(struct command_call *call, struct err *err)
{
    const struct row *row;
    char scope[300], extra[96] = "";

    if (call->object == &catalog_exclusions || call->object == &catalog_change_steps) {
        if (!need_row(call->ui, &row, err))
            return false;
        if (scope_of(row, call->object, scope, sizeof scope)[0])
            snprintf(extra, sizeof extra, "scope:%.64s", scope);
    }
    return go_list(call->ui, "scopes", extra, err);
}

/* What was done to this scope, what lies in it included; to this server. */
static bool go_changes(struct command_call *call, struct err *err)
{
    const struct row *row;
    char scope[300], extra[96] = "";

    if (call->object == &catalog_changes || call->object == &catalog_change_steps)
        return err_set(err, ERR_INPUT, "", "these are the changes; g s goes to the scope of a result");
    if (!need_row(call->ui, &row, err))
        return false;
    if (scope_of(row, call->object, scope, sizeof scope)[0])
        snprintf(extra, sizeof extra, "key:%.64s*", scope);
    return go_list(call->ui, "steps", extra, err);
}

static bool go_exclusions(struct command_call *call, struct err *err)
{
    const struct row *row;
    char scope[64], extra[96] = "";

    if (call->object != &catalog_servers) {
        if (!need_row(call->ui, &row, err))
            return false;
        snprintf(extra, sizeof extra, "scope:%s", text_of(row, call->object, "scope", scope, sizeof scope));
    }
    return go_list(call->ui, "exclusions", extra, err);
}

/* The rows of one zone, server by server. */
static bool go_zone(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    const struct row *row;
    char zone[256], quoted[600], filter[700], crumb[700];

    if (!need_row(ui, &row, err))
        return false;
    text_of(row, call->object, "zone", zone, sizeof zone);
    snprintf(filter, sizeof filter, "zone:%s", query_quote(zone, quoted, sizeof quoted));
    snprintf(crumb, sizeof crumb, "Zones %s %s", glyph(GLYPH_CRUMB), zone);
    ui_goto(ui, ui_pane_find(ui, "zoneservers"), filter, crumb, 0);
    return true;
}

static bool go_zones(struct command_call *call, struct err *err)
{
    if (call->object == &catalog_zoneservers || call->object == &catalog_zones)
        return go_zone(call, err);
    if (call->object != &catalog_servers)
        return err_set(err, ERR_INPUT, "", "zones are those of a server: g v goes to the server first");
    return go_list(call->ui, "zoneservers", "", err);
}

static bool go_scopes6(struct command_call *call, struct err *err)
{
    return go_list(call->ui, "scopes6", "", err);
}

static bool open_row(struct command_call *call, struct err *err)
{
    if (call->object == &catalog_zones)
        return go_zone(call, err);
    if (call->object == &catalog_zoneservers || call->object == &catalog_scopes6)
        return go_server(call, err);
    if (call->object == &catalog_servers)
        return go_scopes(call, err);
    if (call->object == &catalog_scopes)
        return go_exclusions(call, err);
    return go_scopes(call, err);
}

static const struct command rows[] = {
    { .name = "open", .help = "Open the row: scopes of a server, exclusions of a scope, servers of a zone", .on = ON_ROW, .group = GROUP_GO, .run = open_row },
    { .name = "back", .help = "Back to where you were; first gives up a range or the preview", .group = GROUP_GO, .run = back },
    { .name = "history-back", .help = "Back to the place before, with its filter, order and cursor", .group = GROUP_GO, .run = history_back },
    { .name = "forward", .help = "Forward again", .group = GROUP_GO, .run = forward },
    { .name = "last-pane", .help = "The pane shown before this one", .group = GROUP_GO, .run = last_pane },
    { .name = "pane", .args = "name", .help = "Show a pane", .group = GROUP_GO, .run = pane, .complete = complete_pane },
    { .name = "go-server", .help = "Go to the server of this row", .on = ON_ROW, .group = GROUP_GO, .run = go_server },
    { .name = "go-scopes", .help = "Go to the scopes of this server, or the scope of this row", .on = ON_ROW, .group = GROUP_GO, .run = go_scopes },
    { .name = "go-exclusions", .help = "Go to the exclusion ranges of this row", .on = ON_ROW, .group = GROUP_GO, .run = go_exclusions },
    { .name = "go-zones", .help = "Go to the zones of this server, or to all servers of this zone", .on = ON_ROW, .group = GROUP_GO, .run = go_zones },
    { .name = "go-scopes6", .help = "Go to the IPv6 scopes of this server", .on = ON_ROW, .group = GROUP_GO, .run = go_scopes6 },
    { .name = "go-changes", .help = "Go to what was changed on this row", .on = ON_ROW, .group = GROUP_GO, .run = go_changes },
    { .name = "cursor-down", .help = "Next row", .group = GROUP_GO, .run = cursor_down },
    { .name = "cursor-up", .help = "Previous row", .group = GROUP_GO, .run = cursor_up },
    { .name = "cursor-first", .help = "First row", .group = GROUP_GO, .run = cursor_first },
    { .name = "cursor-last", .help = "Last row", .group = GROUP_GO, .run = cursor_last },
    { .name = "page-down", .help = "A page down", .group = GROUP_GO, .run = page_down },
    { .name = "page-up", .help = "A page up", .group = GROUP_GO, .run = page_up },
    { .name = "half-page-down", .help = "Half a page down", .group = GROUP_GO, .run = half_down },
    { .name = "half-page-up", .help = "Half a page up", .group = GROUP_GO, .run = half_up },
    { .name = "screen-top", .help = "First row on the screen", .group = GROUP_GO, .run = screen_top },
    { .name = "screen-middle", .help = "Row in the middle of the screen", .group = GROUP_GO, .run = screen_middle },
    { .name = "screen-bottom", .help = "Last row on the screen", .group = GROUP_GO, .run = screen_bottom },
    { .name = "cursor-centre", .help = "Scroll so that this row is in the middle", .group = GROUP_GO, .run = cursor_centre },
    { .name = "columns-right", .help = "Scroll the columns; the first one stays", .group = GROUP_GO, .run = columns_right },
    { .name = "columns-left", .help = "Scroll the columns back", .group = GROUP_GO, .run = columns_left },
    { .name = "focus-next", .help = "Move into the preview, or back to the list", .group = GROUP_GO, .run = focus_next },
    { .name = "focus-previous", .help = "The same the other way round", .group = GROUP_GO, .run = focus_previous },
};
const struct command_table ui_move_commands = { rows, COUNT(rows) };
