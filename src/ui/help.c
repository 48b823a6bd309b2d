/* help.c - help, menu and command line: all three made from the rows of commands and the keymap's bindings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/text.h"
#include "screen.h"

/* "j, Down" or the name alone when no key runs it. */
static char *keys_of(struct ui *ui, const char *run, char *out, size_t size)
{
    size_t used = 0;
    const char *pane = ui_pane(ui)->ops->name;

    out[0] = '\0';
    for (size_t i = 0; i < ui->keys.count && used < size; i++) {
        const struct key_entry *entry = &ui->keys.rows[i];
        char keys[64];

        if (strcmp(entry->binding->run, run) != 0 || !keytable_in_force(&ui->keys, entry, pane))
            continue;
        used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
                                 keys_title(entry->keys, entry->count, keys, sizeof keys));
    }
    return out;
}

/* ------------------------------------------------------------------ help */

struct help_ctx {
    struct chooser *chooser;
    enum command_group group;
    const struct command **rows;
    int count, cap;
    bool own; /* only commands of the pane, or only the console's */
    bool headed;
};

static void help_accept(struct ui *ui, struct chooser *chooser, const struct choice *choice)
{
    char line[256];

    snprintf(line, sizeof line, "%s", choice->right);
    line[strcspn(line, " ")] = '\0';
    ui_drop(ui, &chooser->overlay);
    ui_run_line(ui, line);
}

static const struct chooser_ops help_chooser = { .accept = help_accept, .narrow = true };

static void add_binding_rows(struct ui *ui, struct help_ctx *help, const struct command *command)
{
    /* Bindings with arguments ("sort util-") are lines of their own. */
    size_t len = strlen(command->name);

    for (size_t i = 0; i < ui->keys.count; i++) {
        const struct key_entry *entry = &ui->keys.rows[i];
        char keys[64], right[400];

        if (strncmp(entry->binding->run, command->name, len) != 0 || entry->binding->run[len] != ' ' ||
            !keytable_in_force(&ui->keys, entry, ui_pane(ui)->ops->name))
            continue;
        keys_title(entry->keys, entry->count, keys, sizeof keys);
        snprintf(right, sizeof right, "%-16s %s", entry->binding->run, entry->binding->note ? entry->binding->note : command->help);
        chooser_add(help->chooser, keys, right, 0);
    }
}

static void help_row(struct ui *ui, const struct command *command, void *ctx)
{
    struct help_ctx *help = ctx;
    const struct pane_ops *ops = ui_pane(ui)->ops;
    bool own = command_find(ops->commands, ops->command_count, command->name) != NULL;
    char keys[160], right[400], why[200];
    const char *off;
    struct choice *row;

    if (own != help->own || (!own && command->group != help->group))
        return;
    if (!help->headed) {
        char heading[80];

        snprintf(heading, sizeof heading, "-- %s --", own ? ops->title : command_group_titles[help->group]);
        chooser_add(help->chooser, heading, "", 0)->heading = true;
        help->headed = true;
    }
    snprintf(right, sizeof right, "%-16s %s", command->name, command->help);
    row = chooser_add(help->chooser, keys_of(ui, command->name, keys, sizeof keys), right, 0);
    off = ui_command_off(ui, command, why, sizeof why);
    if (off)
        row->off = x_strdup(off);
    add_binding_rows(ui, help, command);
}

void ui_help(struct ui *ui, const char *narrow)
{
    char title[120];
    struct help_ctx help = { 0 };

    snprintf(title, sizeof title, "Help: %s", ui_pane(ui)->ops->title);
    help.chooser = chooser_new(&help_chooser, title, "typing narrows, @c by key; Enter runs; Esc closes");
    help.own = true;
    ui_each_command(ui, help_row, &help);
    help.own = false;
    for (int group = 0; group < COMMAND_GROUPS; group++) {
        help.group = (enum command_group)group;
        help.headed = false;
        ui_each_command(ui, help_row, &help);
    }
    chooser_add(help.chooser, "-- Panes --", "", 0)->heading = true;
    for (size_t i = 0; i < ui->pane_count; i++) {
        char keys[160], right[400];

        snprintf(right, sizeof right, "%-16s %s", ui->panes[i].ops->name, ui->panes[i].ops->help);
        chooser_add(help.chooser, keys_of(ui, ui->panes[i].ops->name, keys, sizeof keys), right, 0);
    }
    edit_set(&help.chooser->narrow, narrow);
    ui_push(ui, &help.chooser->overlay);
}

/* ------------------------------------------------------------------ menu */

static void menu_row(struct ui *ui, const struct command *command, void *ctx)
{
    struct help_ctx *help = ctx;
    char keys[64], left[160], why[200], right[300];
    const char *off;
    struct choice *row;

    if (command->group != help->group)
        return;
    keytable_keys_of(&ui->keys, ui_pane(ui)->ops->name, command->name, keys, sizeof keys);
    snprintf(left, sizeof left, "%-16s %-9s", command->name, keys);
    snprintf(right, sizeof right, "%s", command->help);
    row = chooser_add(help->chooser, left, right, 0);
    off = ui_command_off(ui, command, why, sizeof why);
    if (off)
        row->off = x_strdup(off);
}

static int menu_x(int group)
{
    int x = 1;

    for (int i = 0; i < group; i++)
        x += text_width(command_group_titles[i]) + 3;
    return x;
}

static void fill_menu(struct ui *ui, struct chooser *chooser, int group)
{
    struct help_ctx help = { .chooser = chooser, .group = (enum command_group)group };

    chooser_clear(chooser);
    chooser->number = group;
    ui_each_command(ui, menu_row, &help);
    chooser->placed = (struct rect){ .y = 1, .x = 0, .h = 1, .w = 1 };
}

static void menu_draw(struct ui *ui, struct chooser *chooser)
{
    screen_put(0, 0, ui->layout.bar.w, LOOK_BAR, "");
    for (int i = 0; i < COMMAND_GROUPS; i++)
        screen_text(0, menu_x(i), 20, i == chooser->number ? LOOK_CURSOR : LOOK_BAR, command_group_titles[i]);
}

static bool menu_key(struct ui *ui, struct chooser *chooser, int key)
{
    int group = chooser->number;

    if (key == K_RIGHT || key == K_TAB || key == 'l')
        fill_menu(ui, chooser, (group + 1) % COMMAND_GROUPS);
    else if (key == K_LEFT || key == K_BACKTAB || key == 'h')
        fill_menu(ui, chooser, (group + COMMAND_GROUPS - 1) % COMMAND_GROUPS);
    else if (key == K_F0 + 9)
        ui_drop(ui, &chooser->overlay);
    else
        return false;
    return true;
}

static void menu_accept(struct ui *ui, struct chooser *chooser, const struct choice *choice)
{
    char name[80];

    snprintf(name, sizeof name, "%s", choice->left);
    name[strcspn(name, " ")] = '\0';
    ui_drop(ui, &chooser->overlay);
    ui_run_line(ui, name);
}

static const struct chooser_ops menu_chooser = { .accept = menu_accept, .key = menu_key, .draw = menu_draw };

void ui_menu(struct ui *ui)
{
    struct chooser *chooser = chooser_new(&menu_chooser, "", "Left Right groups  Enter runs  Esc closes");

    fill_menu(ui, chooser, 0);
    ui_push(ui, &chooser->overlay);
}

/* ------------------------------------------------------------------ command line */

struct match_ctx {
    struct word_list *out;
    const char *typed;
};

static void match_command(struct ui *ui, const struct command *command, void *ctx)
{
    struct match_ctx *match = ctx;
    int score = match->typed[0] ? text_fuzzy(match->typed, command->name) : 0;
    char keys[64], *help;

    if (match->typed[0] && strncmp(command->name, match->typed, strlen(match->typed)) == 0)
        score = 100000 - (int)strlen(command->name);
    if (score < 0 && strlen(match->typed) > 2 && text_contains(command->help, match->typed))
        score = 0;
    if (score < 0)
        return;
    keytable_keys_of(&ui->keys, ui_pane(ui)->ops->name, command->name, keys, sizeof keys);
    help = x_asprintf("%s%s%s", command->args ? command->args : "", command->args ? "  " : "", command->help);
    word_list_add(match->out, command->name, help, keys, score);
    free(help);
}

static void match_panes(struct ui *ui, struct match_ctx *match)
{
    for (size_t i = 0; i < ui->pane_count; i++) {
        const struct pane_ops *ops = ui->panes[i].ops;
        char keys[64];
        int score = match->typed[0] ? text_fuzzy(match->typed, ops->name) : 0;

        if (match->typed[0] && strncmp(ops->name, match->typed, strlen(match->typed)) == 0)
            score = 100000 - (int)strlen(ops->name);
        if (score >= 0)
            word_list_add(match->out, ops->name, ops->help,
                          keytable_keys_of(&ui->keys, ui_pane(ui)->ops->name, ops->name, keys, sizeof keys), score);
    }
}

struct arg_ctx {
    struct word_list *out;
    const char *typed; /* the word being completed */
};

static bool arg_word(void *ctx, const char *word, const char *help)
{
    struct arg_ctx *arg = ctx;
    size_t len = strlen(arg->typed);

    if (strncmp(word, arg->typed, len) == 0)
        word_list_add(arg->out, word, help, "", 2);
    else if (len > 0 && text_fuzzy(arg->typed, word) >= 0)
        word_list_add(arg->out, word, help, "", 1);
    return arg->out->count < 500;
}

static void complete_args(struct ui *ui, const struct command *command, const char *args, size_t at, size_t *from,
                          size_t base, struct word_list *out)
{
    struct command_call call = { .command = command, .args = args, .object = ui_table(ui)->ops->object, .ui = ui };
    struct arg_ctx arg = { .out = out };
    size_t word = at;
    char *typed;

    if (!command || !command->complete)
        return;
    /* Words are whole ("state:active", "role=dhcp", "/tmp/x.csv"); a comma ends one only where the arguments are a list. */
    while (word > 0 && !strchr(command->args && strchr(command->args, ',') ? " ()," : " ()", args[word - 1]))
        word--;
    typed = x_strndup(args + word, at - word);
    arg.typed = typed;
    *from = base + word;
    command->complete(&call, at, arg_word, &arg);
    word_list_sort(out);
    free(typed);
}

static void complete_line(struct ui *ui, const char *text, size_t at, size_t *from, struct word_list *out, void *ctx)
{
    size_t begin = strspn(text, " "), end = begin + strcspn(text + begin, " ");
    char *name = x_strndup(text + begin, MIN(end, at) - MIN(begin, at));

    (void)ctx;
    if (at <= end) {
        struct match_ctx match = { .out = out, .typed = name };

        *from = MIN(begin, at);
        ui_each_command(ui, match_command, &match);
        match_panes(ui, &match);
        word_list_sort(out);
    } else {
        size_t args = end + strspn(text + end, " ");

        args = MIN(args, at);
        complete_args(ui, ui_find_command(ui, name), text + args, at - args, from, args, out);
    }
    free(name);
}

static void line_accept(struct ui *ui, const char *text, void *ctx)
{
    (void)ctx;
    ui_run_line(ui, text);
}

static const struct prompt_ops line_prompt = {
    .label = ":", .accept = line_accept, .complete = complete_line, .popup = true
};

void ui_command_line(struct ui *ui, const char *text)
{
    ui_prompt(ui, &line_prompt, NULL, text, &ui->command_history, NULL);
}
