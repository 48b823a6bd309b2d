/* run.c - command lines: found, checked, run. Keys, ":", the menu and scripts all come through here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/text.h"

const struct command_table *const ui_command_tables[] = { &ui_move_commands, &ui_list_commands,   &ui_mark_commands,
                                                          &ui_data_commands, &ui_change_commands, &ui_watch_commands, &ui_saved_commands, &ui_pipe_commands, &ui_test_commands, &ui_statistics_commands, &ui_server_commands, &ui_view_commands,
                                                          NULL };

const struct command *ui_find_command(struct ui *ui, const char *name)
{
    const struct pane_ops *ops = ui_pane(ui)->ops;
    const struct command *found = command_find(ops->commands, ops->command_count, name);

    for (size_t i = 0; !found && ui_command_tables[i]; i++)
        found = command_find(ui_command_tables[i]->rows, ui_command_tables[i]->count, name);
    return found;
}

void ui_each_command(struct ui *ui, void (*fn)(struct ui *ui, const struct command *command, void *ctx), void *ctx)
{
    const struct pane_ops *ops = ui_pane(ui)->ops;

    for (size_t i = 0; i < ops->command_count; i++)
        fn(ui, &ops->commands[i], ctx);
    for (size_t t = 0; ui_command_tables[t]; t++) {
        for (size_t i = 0; i < ui_command_tables[t]->count; i++) {
            const struct command *command = &ui_command_tables[t]->rows[i];

            if (!command_find(ops->commands, ops->command_count, command->name))
                fn(ui, command, ctx);
        }
    }
}

const char *ui_command_off(struct ui *ui, const struct command *command, char *out, size_t size)
{
    struct table *table = ui_table(ui);
    const char *noun = ui_pane(ui)->ops->noun;

    if (ui->how->read_only && (command->effect == EFFECT_STORE || command->effect == EFFECT_PLAN)) {
        snprintf(out, size, "the console runs with --read-only");
        return out;
    }
    /* There the list lies unseen below what is drawn: nothing may act on it. */
    if (ui_pane(ui)->ops->canvas && !command_find(ui_pane(ui)->ops->commands, ui_pane(ui)->ops->command_count, command->name) &&
        (command->on != ON_NOTHING || command->of_list || command->group == GROUP_LIST || command->group == GROUP_MARK)) {
        snprintf(out, size, "%s is no list of rows", ui_pane(ui)->ops->title);
        return out;
    }
    if (command->on != ON_NOTHING && view_count(table->view) == 0 && table->marks.count == 0) {
        snprintf(out, size, "there is no %s here", noun);
        return out;
    }
    return NULL;
}

/* ------------------------------------------------------------------ running */

/* A command that waits for an answer about hidden marks. */
struct waiting {
    const struct command *command;
    char *args;
};

static void run_now(struct ui *ui, const struct command *command, const char *args, bool hidden)
{
    struct table *table = ui_table(ui);
    struct command_call call = {
        .command = command, .args = args, .object = table->ops->object, .ui = ui
    };
    struct err err = { 0 };
    row_id one = table_cursor(table), *ids = NULL;

    if (command->on == ON_ROW) {
        call.ids = &one;
        call.count = one != 0;
    } else if (command->on == ON_SHOWN && table->marks.count == 0 && !table->range_from) {
        call.ids = view_ids(table->view);
        call.count = view_count(table->view);
    } else if (command->on != ON_NOTHING) {
        ids = table_targets(table, hidden, &call.count);
        call.ids = ids;
    }
    if (!command->run(&call, &err) && err.kind != ERR_CANCELLED)
        ui_error(ui, &err);
    free(ids);
    ui_preview_moved(ui);
    ui_dirty(ui);
}

static void hidden_answer(struct ui *ui, int button, const char *const *answers, void *ctx)
{
    struct waiting *waiting = ctx;

    (void)answers;
    if (button == 0 || button == 1)
        run_now(ui, waiting->command, waiting->args, button == 0);
    free(waiting->args);
    free(waiting);
}

/* Marks must never act out of sight. */
static void ask_hidden(struct ui *ui, const struct command *command, const char *args)
{
    struct table *table = ui_table(ui);
    size_t all = table->marks.count, shown = all - table->hidden_marks;
    struct waiting *waiting = x_alloc(sizeof *waiting);
    char text[300], all_text[40], shown_text[40];
    const char *const buttons[] = { all_text, shown_text, "Cancel" };

    waiting->command = command;
    waiting->args = x_strdup(args);
    snprintf(text, sizeof text, "%zu of the %zu marked %ss are hidden by the filter.\n\n%s: for which?", table->hidden_marks,
             all, ui_pane(ui)->ops->noun, command->help);
    snprintf(all_text, sizeof all_text, "All %zu", all);
    snprintf(shown_text, sizeof shown_text, "Only the %zu shown", shown);
    ui_dialog(ui, "Hidden marks", text, buttons, 3, 2, NULL, 0, hidden_answer, waiting);
}

static void unknown(struct ui *ui, const char *name)
{
    const char *best = NULL;
    int best_distance = 4;

    for (size_t t = 0; ui_command_tables[t]; t++) {
        for (size_t i = 0; i < ui_command_tables[t]->count; i++) {
            int distance = text_distance(name, ui_command_tables[t]->rows[i].name);

            if (distance < best_distance) {
                best = ui_command_tables[t]->rows[i].name;
                best_distance = distance;
            }
        }
    }
    if (best)
        ui_say(ui, LOOK_ERROR, "%s: no such command; did you mean %s?", name, best);
    else
        ui_say(ui, LOOK_ERROR, "%s: no such command here (:help lists them)", name);
}

static bool run_command(struct ui *ui, const struct command *command, const char *args)
{
    char why[200];
    const char *off = ui_command_off(ui, command, why, sizeof why);

    if (off) {
        ui_say(ui, LOOK_ERROR, "%s: %s", command->name, off);
        return false;
    }
    if (!args[0] && command_needs_args(command)) {
        char *line = x_asprintf("%s ", command->name);

        ui_command_line(ui, line);
        free(line);
        return true;
    }
    if ((command->on == ON_MARKED || command->on == ON_SHOWN) && command->effect != EFFECT_LOOK &&
        ui_table(ui)->marks.count > 0 && ui_table(ui)->hidden_marks > 0) {
        ask_hidden(ui, command, args);
        return true;
    }
    run_now(ui, command, args, true);
    return true;
}

bool ui_run_line(struct ui *ui, const char *line)
{
    const struct command *command;
    char name[64];
    size_t len, pane;
    char *args;
    bool ok = false;

    line += strspn(line, " ");
    len = strcspn(line, " ");
    if (len == 0)
        return true;
    snprintf(name, sizeof name, "%.*s", (int)MIN(len, sizeof name - 1), line);
    line += len;
    line += strspn(line, " ");
    args = x_strdup(line);
    for (len = strlen(args); len > 0 && args[len - 1] == ' '; len--)
        args[len - 1] = '\0';
    command = ui_find_command(ui, name);
    pane = ui_pane_find(ui, name);
    if (command) {
        ok = run_command(ui, command, args);
    } else if (pane != SIZE_MAX) {
        ui_goto(ui, pane, args[0] ? args : NULL, NULL, 0);
        ok = true;
    } else {
        unknown(ui, name);
    }
    free(args);
    ui_dirty(ui);
    return ok;
}
