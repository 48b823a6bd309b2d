/* programs.c - other programs (| and t): on a thread of their own, so that nothing else waits until they end. The cancel command
 * stops them, and so does leaving. */
#include <stdio.h>

#include "app.h"

void ui_program_begin(struct ui *ui, struct program *program)
{
    program->next = ui->programs;
    ui->programs = program;
}

bool ui_program_run(struct program *program, char *const argv[], const char *input, int timeout_ms, struct err *err)
{
    return child_run(argv, input, timeout_ms, &program->stop, &program->said, err);
}

void ui_program_end(struct ui *ui, struct program *program)
{
    struct program **at = &ui->programs;

    while (*at && *at != program)
        at = &(*at)->next;
    if (*at)
        *at = program->next;
    child_output_done(&program->said);
}

bool ui_programs_strip(const struct ui *ui, struct buf *out)
{
    char key[32];
    size_t count = 0;

    for (const struct program *program = ui->programs; program; program = program->next)
        count++;
    if (count == 0)
        return false;
    if (!keytable_keys_of(&ui->keys, ui->panes[ui->pane].ops->name, "cancel", key, sizeof key)[0])
        snprintf(key, sizeof key, ":cancel");
    buf_addf(out, "%zu program%s (%s stops)", count, count == 1 ? " runs" : "s run", key);
    return true;
}

bool ui_programs_stop(struct ui *ui)
{
    for (struct program *program = ui->programs; program; program = program->next)
        atomic_store(&program->stop, true);
    return ui->programs != NULL;
}
