/* script.c - --script FILE: command lines replayed, one a turn. A line is what ":" takes, or
 *     keys g g space / voice enter    keys as a keymap names them; a word that is no key is typed letter by letter
 *     wait                            until nothing is being retrieved, the list is whole and its rows are read
 * '#' begins a comment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/text.h"

bool ui_script_load(struct ui *ui, const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    struct buf text = { .limit = 1 << 20 };
    char piece[4096];
    size_t n;
    bool fits = true;

    if (!file)
        return err_errno(err, path, "cannot read the script");
    while (fits && (n = fread(piece, 1, sizeof piece, file)) > 0)
        fits = buf_add(&text, piece, n);
    fclose(file);
    if (!fits) {
        buf_done(&text);
        return err_set(err, ERR_INPUT, path, "a script has at most 1 MiB");
    }
    ui->script = text.len ? buf_steal(&text) : NULL;
    buf_done(&text);
    return true;
}

static void type_word(struct ui *ui, const char *word)
{
    int keys[KEYS_MAX];
    const char *end = word + strlen(word);

    if (keys_parse(word, keys) == 1) {
        ui->drop_keys = false;
        ui_key(ui, keys[0]);
        return;
    }
    while (word < end)
        ui_key(ui, (int)text_next(&word, end));
}

static void type_words(struct ui *ui, char *words)
{
    char *save = NULL;

    for (char *word = strtok_r(words, " ", &save); word && !ui->quit; word = strtok_r(NULL, " ", &save))
        type_word(ui, word);
}

static bool settled(struct ui *ui)
{
    const struct view *view = ui_table(ui)->view;

    bool read = ui_pane(ui)->ops->canvas || (view_complete(view) && !view_reading(view));

    return !ui_busy(ui) && read && !ui->overlay;
}

static void again(void *ctx)
{
    ui_dirty(ctx);
}

void ui_script_step(struct ui *ui)
{
    char *line, *end;

    if (!ui->script || ui->quit)
        return;
    if ((ui->script_wait || ui->script_at == 0) && !settled(ui)) {
        loop_timer_in(ui->loop, &ui->script_timer, 50, again, ui);
        return;
    }
    ui->script_wait = false;
    line = ui->script + ui->script_at;
    end = line + strcspn(line, "\n");
    ui->script_at = (size_t)(end - ui->script) + (*end != '\0');
    if (*line == '\0') {
        free(ui->script);
        ui->script = NULL;
        return;
    }
    line = x_strndup(line, (size_t)(end - line));
    line[strcspn(line, "\r")] = '\0';
    if (strcmp(line, "wait") == 0)
        ui->script_wait = true;
    else if (strncmp(line, "keys ", 5) == 0)
        type_words(ui, line + 5);
    else if (line[0] != '#')
        ui_run_line(ui, line);
    free(line);
    ui_dirty(ui);
}
