/* commands_view.c - how things are shown, and the console itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "changes.h"
#include "ipamtui/clock.h"
#include "screen.h"

static bool preview(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;

    (void)err;
    ui->wish.preview = (enum preview_mode)((ui->wish.preview + 1) % 3);
    ui->wish.percent = 0;
    ui->wish.zoom = ui->preview_focus = false;
    ui_preview_moved(ui);
    return true;
}

static bool zoom(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;

    (void)err;
    ui->wish.zoom = !ui->wish.zoom;
    if (ui->wish.zoom && ui->wish.preview == PREVIEW_OFF)
        ui->wish.preview = PREVIEW_NORMAL;
    ui->preview_focus = ui->wish.zoom;
    ui_preview_moved(ui);
    return true;
}

static bool resize_preview(struct ui *ui, int by)
{
    const struct layout *l = &ui->layout;
    int now = ui->wish.percent;

    if (now == 0)
        now = l->beside ? 34 : 36;
    ui->wish.percent = MAX(15, MIN(80, now + by));
    return true;
}

static bool preview_bigger(struct command_call *call, struct err *err)
{
    (void)err;
    return resize_preview(call->ui, 8);
}

static bool preview_smaller(struct command_call *call, struct err *err)
{
    (void)err;
    return resize_preview(call->ui, -8);
}

static bool dates(struct command_call *call, struct err *err)
{
    static const char *const names[] = { "ages", "local time", "UTC", "ISO 8601" };
    struct ui *ui = call->ui;

    (void)err;
    ui->dates = (enum date_mode)((ui->dates + 1) % DATE_MODES);
    ui_say(ui, LOOK_NORMAL, "Times as %s", names[ui->dates]);
    return true;
}

static bool ascii(struct command_call *call, struct err *err)
{
    (void)err;
    screen_set_ascii(!screen_ascii());
    ui_say(call->ui, LOOK_NORMAL, screen_ascii() ? "Plain ASCII" : "Lines and signs of UTF-8");
    return true;
}

static bool mouse(struct command_call *call, struct err *err)
{
    (void)err;
    screen_set_mouse(!screen_mouse());
    ui_say(call->ui, LOOK_NORMAL, screen_mouse() ? "Mouse on (Shift selects text as always)" : "Mouse off");
    return true;
}

static bool redraw(struct command_call *call, struct err *err)
{
    (void)err;
    screen_redraw();
    ui_dirty(call->ui);
    return true;
}

/* ------------------------------------------------------------------ lists of what happened */

static const struct chooser_ops look_chooser = { .narrow = true };

/* Long texts go on in the next line. */
static void add_wrapped(struct chooser *chooser, const char *left, const char *text, int w)
{
    bool first = true;

    do {
        size_t take = ui_wrap(text, w);
        char *line = x_strndup(text, take);

        chooser_add(chooser, first ? left : "", line, 0);
        free(line);
        text += take;
        text += strspn(text, " ");
        first = false;
    } while (*text);
}

static bool messages(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    struct chooser *chooser = chooser_new(&look_chooser, "Messages, newest first", "typing narrows; Esc closes");

    (void)err;
    for (size_t i = ui->log.count; i > 0; i--) {
        char when[32];

        date_show(DATES_LOCAL, ui->log.rows[i - 1].at_s, ui->now_s, when, sizeof when);
        add_wrapped(chooser, when, ui->log.rows[i - 1].text, MAX(30, ui->layout.bar.w - 22));
    }
    if (chooser->count == 0)
        chooser_add(chooser, "Nothing has been said yet", "", 0);
    ui_push(ui, &chooser->overlay);
    return true;
}

/* ------------------------------------------------------------------ the console */

static bool help(struct command_call *call, struct err *err)
{
    (void)err;
    ui_help(call->ui, call->args);
    return true;
}

static bool menu(struct command_call *call, struct err *err)
{
    (void)err;
    ui_menu(call->ui);
    return true;
}

static bool command(struct command_call *call, struct err *err)
{
    (void)err;
    ui_command_line(call->ui, call->args);
    return true;
}

static bool describe_key(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    const struct key_entry *found = NULL;
    int keys[KEYS_MAX], count = keys_parse(call->args, keys);

    if (count < 0)
        return err_set(err, ERR_INPUT, call->args, "there is no such key; names are as in a keymap: g g, C-d, space, f5");
    switch (keytable_find(&ui->keys, ui_pane(ui)->ops->name, keys, count, &found)) {
    case KEYS_FOUND:
        ui_say(ui, LOOK_NORMAL, "%s runs \"%s\" (%s, line %d)", call->args, found->binding->run, ui->keymap.path, found->binding->line);
        break;
    case KEYS_PREFIX: ui_say(ui, LOOK_NORMAL, "%s begins longer key sequences", call->args); break;
    default: ui_say(ui, LOOK_NORMAL, "%s runs nothing here", call->args);
    }
    return true;
}

static bool suspend(struct command_call *call, struct err *err)
{
    (void)err;
    if (!ui_changes_suspend(call->ui))
        screen_suspend();
    ui_dirty(call->ui);
    return true;
}

static bool quit(struct command_call *call, struct err *err)
{
    (void)err;
    if (!ui_changes_quit(call->ui))
        call->ui->quit = true;
    return true;
}

static const struct command rows[] = {
    { .name = "preview", .help = "Preview: off, normal, big", .group = GROUP_VIEW, .run = preview },
    { .name = "zoom", .help = "The preview alone, or back", .group = GROUP_VIEW, .run = zoom },
    { .name = "preview-bigger", .help = "More room for the preview", .group = GROUP_VIEW, .run = preview_bigger },
    { .name = "preview-smaller", .help = "Less room for the preview", .group = GROUP_VIEW, .run = preview_smaller },
    { .name = "dates", .help = "Times as ages, local time, UTC or ISO 8601", .group = GROUP_VIEW, .run = dates },
    { .name = "ascii", .help = "Plain ASCII instead of lines and signs", .group = GROUP_VIEW, .run = ascii },
    { .name = "mouse", .help = "Switch the mouse on or off", .group = GROUP_VIEW, .run = mouse },
    { .name = "redraw", .help = "Draw the screen anew", .group = GROUP_VIEW, .run = redraw },
    { .name = "messages", .help = "What has been said so far", .group = GROUP_VIEW, .run = messages },
    { .name = "help", .args = "[words]", .help = "Keys and commands of this pane", .label = "Help", .group = GROUP_CONSOLE, .run = help },
    { .name = "menu", .help = "All commands as a menu", .label = "Menu", .group = GROUP_CONSOLE, .run = menu },
    { .name = "command", .args = "[line]", .help = "Type a command", .group = GROUP_CONSOLE, .run = command },
    { .name = "describe-key", .args = "keys", .help = "Say what a key runs here", .group = GROUP_CONSOLE, .run = describe_key },
    { .name = "suspend", .help = "Back to the shell; fg returns", .group = GROUP_CONSOLE, .run = suspend },
    { .name = "quit", .help = "Leave the console", .label = "Quit", .group = GROUP_CONSOLE, .run = quit },
};
const struct command_table ui_view_commands = { rows, COUNT(rows) };
