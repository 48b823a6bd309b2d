/* commands_test.c - `ipamtui server test` of the marked servers, by key: this program is run again, beside the console and without
 * a terminal, and what it says is shown. What would have to be asked (a password, a new host key) is told as what is missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"

#define TEST_MS 180000

struct test_job {
    struct ui *ui;
    row_id *ids;
    size_t count;
    struct program program;
};

/* The words of the command; they live in mem. */
static char **test_argv(const struct ui_options *how, struct row *rows, size_t count, struct arena *mem)
{
    const char *const given[][2] = { { "--db", how->db_path }, { "--config", how->config }, { "--ssh-config", how->ssh_config } };
    char **argv = arena_alloc(mem, (2 * COUNT(given) + count + 4) * sizeof *argv);
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    int name = catalog_property(&catalog_servers, "server");
    size_t words = 0;

    self[MAX(len, 0)] = '\0';
    argv[words++] = arena_strdup(mem, len > 0 ? self : "ipamtui");
    argv[words++] = "server";
    argv[words++] = "test";
    for (size_t i = 0; i < COUNT(given); i++)
        if (given[i][1]) {
            argv[words++] = arena_strdup(mem, given[i][0]);
            argv[words++] = arena_strdup(mem, given[i][1]);
        }
    argv[words++] = "--";
    for (size_t i = 0; i < count; i++)
        if (rows[i].id != 0 && rows[i].values[name].type == VALUE_TEXT)
            argv[words++] = arena_strdup(mem, rows[i].values[name].s);
    argv[words] = NULL;
    return argv;
}

static bool test_work(struct store *store, void *ctx, struct err *err)
{
    struct test_job *job = ctx;
    struct row *rows = x_calloc(job->count, sizeof *rows);
    struct arena mem = { 0 };
    bool ok = store_rows(store, &catalog_servers, job->ids, job->count, &mem, rows, err) &&
              ui_program_run(&job->program, test_argv(job->ui->how, rows, job->count, &mem), "", TEST_MS, err);

    arena_done(&mem);
    free(rows);
    return ok;
}

static void test_done(void *ctx, bool ok, const struct err *err)
{
    struct test_job *job = ctx;
    bool well = job->program.said.status == 0;

    if (ok)
        ui_say(job->ui, well ? LOOK_NORMAL : LOOK_ERROR, "%zu server%s tested%s", job->count, job->count == 1 ? "" : "s",
               well ? ": all is well" : "; what is not well is in the list");
    else if (atomic_load(&job->program.stop))
        ui_say(job->ui, LOOK_WARN, "The server test was stopped");
    else if (err->kind == ERR_TIMEOUT)
        ui_say(job->ui, LOOK_ERROR, "The test took longer than %d s and was ended: mark fewer servers", TEST_MS / 1000);
    else
        ui_failed(job->ui, err);
    ui_show_output(job->ui, "Server test", &job->program.said);
    ui_program_end(job->ui, &job->program);
    free(job->ids);
    free(job);
}

static bool server_test(struct command_call *call, struct err *err)
{
    struct view_worker *runner = ui_runner(call->ui);
    struct test_job *job;

    if (call->object != &catalog_servers)
        return err_set(err, ERR_INPUT, "", "servers are tested in their list (1)");
    if (!runner)
        return true;
    job = x_alloc(sizeof *job);
    job->ui = call->ui;
    job->count = call->count;
    job->ids = x_calloc(call->count, sizeof *job->ids);
    memcpy(job->ids, call->ids, call->count * sizeof *call->ids);
    ui_say(call->ui, LOOK_NORMAL, "Testing %zu server%s, step by step ...", job->count, job->count == 1 ? "" : "s");
    ui_program_begin(call->ui, &job->program);
    view_worker_ask(runner, 0, test_work, test_done, job);
    return true;
}

static const struct command rows[] = {
    { .name = "server-test", .help = "Reach the marked servers step by step: each step, its time, and what to do where it fails", .on = ON_MARKED, .effect = EFFECT_FETCH, .group = GROUP_DATA, .run = server_test },
};
const struct command_table ui_test_commands = { rows, COUNT(rows) };
