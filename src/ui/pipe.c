/* pipe.c - |: the rows shown, or the marked ones, to a shell command; what it says in a list that typing narrows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "app.h"
#include "ipamtui/child.h"
#include "ipamtui/text.h"

#define PIPE_MS 60000
#define LINES_MAX 20000
#define TAB_CELLS 8

struct pipe_job {
    char *command;
    struct buf out, errs;
    int status;
};

/* On the errand thread: bounded in time (PIPE_MS) and output (child_run); in a session of its own, so it has no terminal. */
static bool run_it(const char *text, void *ctx, struct err *err)
{
    struct pipe_job *job = ctx;
    char *argv[] = { "sh", "-c", job->command, NULL };

    return child_run(argv, text, PIPE_MS, &job->out, &job->errs, &job->status, err);
}

/* Tabs as blanks up to the next stop. */
static void expand(const char *line, size_t len, struct buf *out)
{
    int cells = 0;

    buf_clear(out);
    for (size_t i = 0; i < len; i++) {
        int blanks = line[i] == '\t' ? TAB_CELLS - cells % TAB_CELLS : 0;

        if (line[i] == '\r')
            continue;
        if (!blanks)
            buf_add(out, line + i, 1);
        for (int k = 0; k < blanks; k++)
            buf_addc(out, ' ');
        cells += blanks ? blanks : ((unsigned char)line[i] & 0xc0) != 0x80;
    }
}

static void add_lines(struct chooser *chooser, const char *text, int w)
{
    struct buf line = { 0 };

    while (*text && chooser->count < LINES_MAX) {
        size_t len = strcspn(text, "\n");
        const char *rest;

        expand(text, len, &line);
        rest = line.len ? buf_at(&line) : "";
        do { /* a long one goes on in the next line */
            size_t take = ui_wrap(rest, w);
            char *part = x_strndup(rest, take);

            chooser_add(chooser, part, "", 0);
            rest += take;
            rest += strspn(rest, " ");
            free(part);
        } while (*rest);
        text += len + (text[len] == '\n');
    }
    if (*text)
        chooser_add(chooser, "... (what follows is left out)", "", 0);
    buf_done(&line);
}

static const struct chooser_ops output_chooser = { .narrow = true };

void ui_show_output(struct ui *ui, const char *title, const struct buf *errs, const struct buf *out)
{
    struct chooser *chooser = chooser_new(&output_chooser, title, "typing narrows; Esc closes");

    add_lines(chooser, errs->len ? buf_at(errs) : "", MAX(40, ui->layout.bar.w - 10));
    add_lines(chooser, out->len ? buf_at(out) : "", MAX(40, ui->layout.bar.w - 10));
    if (chooser->count > 0)
        ui_push(ui, &chooser->overlay);
    else
        chooser->overlay.ops->done(ui, &chooser->overlay);
}

static void show(struct ui *ui, const struct pipe_job *job)
{
    char title[100];

    snprintf(title, sizeof title, "%.*s", (int)text_fit(job->command, 70, NULL), job->command);
    ui_show_output(ui, title, &job->errs, &job->out);
}

static void ended(struct ui *ui, const char *what, bool ok, const struct err *err, void *ctx)
{
    struct pipe_job *job = ctx;

    if (!ok && err->kind != ERR_CANCELLED)
        ui_error(ui, err);
    if (ok) {
        if (WIFSIGNALED(job->status))
            ui_say(ui, LOOK_ERROR, "%s: %s was ended by signal %d", what, job->command, WTERMSIG(job->status));
        else if (WEXITSTATUS(job->status) != 0)
            ui_say(ui, LOOK_ERROR, "%s: %s ended with status %d", what, job->command, WEXITSTATUS(job->status));
        else
            ui_say(ui, LOOK_NORMAL, "%s went to %s%s", what, job->command,
                   job->out.len || job->errs.len ? "" : ", which said nothing");
        show(ui, job);
    }
    buf_done(&job->out);
    buf_done(&job->errs);
    free(job->command);
    free(job);
}

static void start(struct ui *ui, const char *command)
{
    struct pipe_job *job = x_alloc(sizeof *job);

    *job = (struct pipe_job){ .command = x_strdup(command) };
    ui_say(ui, LOOK_NORMAL, "Running %s ...", command);
    ui_list_text(ui, LISTING_TSV, run_it, ended, job);
}

static void typed(struct ui *ui, const char *text, void *ctx)
{
    (void)ctx;
    if (text[strspn(text, " ")])
        start(ui, text);
}

static const struct prompt_ops pipe_prompt = { .accept = typed };

static bool pipe_rows(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    const struct table *table = ui_table(ui);
    size_t count = table->marks.count ? table->marks.count : view_count(table->view);
    char label[128];

    (void)err;
    if (call->args[0]) {
        start(ui, call->args);
        return true;
    }
    snprintf(label, sizeof label, "%zu %s%s to: ", count, table->ops->noun, count == 1 ? "" : "s");
    ui_prompt(ui, &pipe_prompt, label, "", &ui->pipe_history, NULL);
    return true;
}

static const struct command rows[] = {
    { .name = "pipe", .args = "[command]", .help = "Send the rows shown, or the marked ones, to a shell command (TSV with a heading); shows what it says", .group = GROUP_DATA, .of_list = true, .run = pipe_rows },
};
const struct command_table ui_pipe_commands = { rows, COUNT(rows) };
