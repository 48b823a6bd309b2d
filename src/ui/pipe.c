/* pipe.c - |: the rows shown, or the marked ones, to a shell command; what it says in a list that typing narrows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "app.h"
#include "ipamtui/text.h"

#define PIPE_MS 60000
#define LINES_MAX 200000 /* what two thousand servers count; a program may say a million empty ones */
#define TAB_CELLS 8

struct pipe_job {
    char *command;
    struct program program;
};

/* On the runner's thread: bounded in time (PIPE_MS) and output (child_run); in a session of its own, so it has no terminal. */
static bool run_it(const char *text, void *ctx, struct err *err)
{
    struct pipe_job *job = ctx;
    char *argv[] = { "sh", "-c", job->command, NULL };

    return ui_program_run(&job->program, argv, text, PIPE_MS, err);
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

/* A long one goes on in the next line, as far in as it began. */
static void add_line(struct chooser *chooser, const char *line, int w)
{
    int in = (int)MIN(strspn(line, " "), (size_t)w / 2), before = 0;
    struct buf part = { 0 };

    do {
        size_t take = ui_wrap(line, w - before);

        buf_clear(&part);
        buf_addf(&part, "%*s%.*s", before, "", (int)take, line);
        chooser_add(chooser, buf_at(&part), "", 0);
        line += take;
        line += strspn(line, " ");
        before = in;
    } while (*line);
    buf_done(&part);
}

/* cut: there was more, which is not kept. false: not all of it is there. */
static bool add_lines(struct chooser *chooser, const struct buf *said, bool cut, int w)
{
    const char *text = buf_at(said);
    struct buf line = { 0 };

    while (*text && chooser->count < LINES_MAX) {
        size_t len = strcspn(text, "\n");

        expand(text, len, &line);
        add_line(chooser, buf_at(&line), w);
        text += len + (text[len] == '\n');
    }
    cut = cut || *text;
    if (cut && chooser->count <= LINES_MAX)
        chooser_add(chooser, "... (what follows is left out)", "", 0);
    buf_done(&line);
    return !cut;
}

static const struct chooser_ops output_chooser = { .narrow = true };

void ui_show_output(struct ui *ui, const char *title, const struct child_output *said)
{
    int w = MAX(40, ui->layout.bar.w - 10);
    struct chooser *chooser = chooser_new(&output_chooser, title, "typing narrows; Esc closes");

    bool whole = add_lines(chooser, &said->errs, said->errs_cut, w);

    whole = add_lines(chooser, &said->out, said->out_cut, w) && whole;
    if (!whole) { /* its last line says so as well, but that may be narrowed away */
        char *all = chooser->title;

        chooser->title = x_asprintf("%s (not all of it)", all);
        free(all);
    }
    if (chooser->count > 0)
        ui_push_below(ui, &chooser->overlay);
    else
        chooser->overlay.ops->done(ui, &chooser->overlay);
}

static void show(struct ui *ui, const struct pipe_job *job)
{
    char title[100];

    snprintf(title, sizeof title, "%.*s", (int)text_fit(job->command, 70, NULL), job->command);
    ui_show_output(ui, title, &job->program.said);
}

static void say_end(struct ui *ui, const char *what, const struct pipe_job *job)
{
    const struct child_output *said = &job->program.said;

    if (WIFSIGNALED(said->status))
        ui_say(ui, LOOK_ERROR, "%s: %s was ended by signal %d", what, job->command, WTERMSIG(said->status));
    else if (WEXITSTATUS(said->status) != 0)
        ui_say(ui, LOOK_ERROR, "%s: %s ended with status %d", what, job->command, WEXITSTATUS(said->status));
    else
        ui_say(ui, LOOK_NORMAL, "%s went to %s%s", what, job->command,
               said->out.len || said->errs.len ? "" : ", which said nothing");
}

static void ended(struct ui *ui, const char *what, bool ok, const struct err *err, void *ctx)
{
    struct pipe_job *job = ctx;

    if (ok)
        say_end(ui, what, job);
    else if (atomic_load(&job->program.stop))
        ui_say(ui, LOOK_WARN, "Stopped: %s", job->command);
    else if (err->kind == ERR_TIMEOUT)
        ui_say(ui, LOOK_ERROR, "%s: %s took longer than %d s and was ended", what, job->command, PIPE_MS / 1000);
    else
        ui_failed(ui, err);
    show(ui, job); /* what it had said until then, too */
    ui_program_end(ui, &job->program);
    free(job->command);
    free(job);
}

static void start(struct ui *ui, const char *command)
{
    struct pipe_job *job = x_alloc(sizeof *job);

    job->command = x_strdup(command);
    ui_program_begin(ui, &job->program);
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
