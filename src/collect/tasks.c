/* tasks.c - one server being asked: who is next, what came back, what it means.
 *
 * A running task holds one of max_hosts places. One that shows no sign of life gives its place up without being ended: waiting
 * for a host that hangs costs us nothing, so it must not cost the others anything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"

enum { SILENT_MS = 700, PULSE_MS = 100, RUNNING_FACTOR = 8, RUNNING_MIN = 256 };

static void on_kick(void *ctx);

void tasks_kick(struct collector *c)
{
    if (c->kick.place == 0 && !c->stopping)
        loop_timer_in(c->loop, &c->kick, 0, on_kick, c);
}

/* ------------------------------------------------------------------ lists */
static void unlink_task(struct task **list, struct task *task)
{
    while (*list && *list != task)
        list = &(*list)->next;
    if (*list)
        *list = task->next;
    task->next = NULL;
}

static void append_task(struct task **list, struct task *task)
{
    while (*list)
        list = &(*list)->next;
    *list = task;
}

/* A question on demand is a task of its own: it comes after what is being retrieved from its server, but does not wait until that is
 * in the store. */
static bool goes_with(const struct task *task, unsigned what, const char *about)
{
    if ((task->what ^ what) & WHAT_STATISTICS)
        return false;
    return task->about && about ? strcmp(task->about, about) == 0 : !task->about && !about;
}

static struct task *find_task(struct task *list, const struct server *server, unsigned what, const char *about)
{
    while (list && (list->server != server || !goes_with(list, what, about)))
        list = list->next;
    return list;
}

static bool has_job(const struct task *task, const struct job *job)
{
    for (size_t i = 0; i < task->job_count; i++)
        if (task->jobs[i] == job)
            return true;
    return false;
}

static void add_job(struct task *task, struct job *job)
{
    if (has_job(task, job)) {
        job->total--; /* the same server named twice */
        return;
    }
    x_grow(&task->jobs, &task->job_cap, task->job_count + 1, sizeof(struct job *));
    task->jobs[task->job_count++] = job;
}

static void task_free(struct task *task)
{
    answers_drop(task);
    free(task->about);
    free(task->jobs);
    free(task);
}

/* Tells every job that asked for it. */
static void tell_jobs(struct task *task, bool ran, const struct err *err, const char *text)
{
    struct collector *c = task->server->c;
    size_t count = task->job_count;

    task->job_count = 0;
    for (size_t i = 0; i < count; i++)
        job_server_done(c, task->jobs[i], task->server, task->server->name, ran, err, text);
}

/* ------------------------------------------------------------------ what it means */
/* "1,204 scopes, 310 exclusions in 1.8 s" */
static void say_done(const struct task *task, char *out, size_t size)
{
    size_t at = 0;
    char number[32];

    out[0] = '\0';
    for (size_t i = 0; i < COUNT(task->tallies) && task->tallies[i].object && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s %s", at ? ", " : "",
                               text_thousands((int64_t)task->tallies[i].rows, number, sizeof(number)),
                               task->tallies[i].rows == 1 ? task->tallies[i].object->noun : task->tallies[i].object->name);
    if (at == 0 && server_asked(task->server, task->what) != task->what)
        snprintf(out, size, "the same machine as %s, which has its scopes and zones", task->server->covered_by);
    else if (task->answered == 0 && at == 0)
        snprintf(out, size, "nothing to ask it: not its role");
    else if (at < size)
        snprintf(out + at, size - at, "%s in %.1f s", at ? "" : "answered",
                 (double)(clock_mono_ms() - task->started_ms) / 1000);
}

static void tally_add(struct task *task, const struct object_type *object, size_t rows)
{
    for (size_t i = 0; i < COUNT(task->tallies); i++)
        if (!task->tallies[i].object || task->tallies[i].object == object) {
            task->tallies[i].object = object;
            task->tallies[i].rows += rows;
            return;
        }
}

/* Windows PowerShell 5.1 carries the build of its Windows, but where it was installed later (build 14409). */
static struct value windows_version(const char *powershell, char *out, size_t size)
{
    unsigned build = 0;

    if (sscanf(powershell, "5.1.%u", &build) != 1 || build == 0 || build == 14409)
        return V_NULL;
    snprintf(out, size, "10.0.%u", build);
    return V_TEXT(out);
}

static struct value text_or_null(const char *text)
{
    return text && text[0] != '\0' ? V_TEXT(text) : V_NULL;
}

/* Where it fails: on the way to PowerShell, or behind it for want of a module or of rights. NULL: nowhere. */
static const char *failing_step(const struct task *task, bool reached)
{
    if (!reached)
        return task->server->failed_step == STEP_OPEN ? "PowerShell" : transport_step_name(task->server->failed_step);
    if (task->failed == 0)
        return NULL;
    return task->err.kind == ERR_DENIED ? "rights" : task->err.kind == ERR_NOT_FOUND ? "module" : NULL;
}

static void write_facts(struct task *task)
{
    struct server *server = task->server;
    struct collector *c = server->c;
    bool reached = task->answered > 0 || task->failed > 0;
    char version[64];
    const char *powershell = server->host ? host_version(server->host) : "";
    struct value windows = V_NULL;

    server->down = !reached;
    verify_asked(server, task->what, reached);
    if (task->another)
        verify_anew(server);
    writes_fact(c, server->id, "last_try", V_INT(task->started_s));
    writes_fact(c, server->id, "reachable", V_TEXT(reached ? "yes" : "no"));
    writes_fact(c, server->id, "step", text_or_null(failing_step(task, reached)));
    writes_fact(c, server->id, "error", text_or_null(task->err.text));
    if (!reached)
        return;
    writes_fact(c, server->id, "last_seen", V_INT(clock_now_s()));
    if (powershell[0] == '\0')
        return;
    writes_fact(c, server->id, "powershell_version", V_TEXT(powershell));
    windows = windows_version(powershell, version, sizeof(version));
    if (windows.type != VALUE_NULL)
        writes_fact(c, server->id, "version", windows);
    writes_fact(c, server->id, "path", text_or_null(host_describe(server->host)));
    writes_fact(c, server->id, "warning", text_or_null(host_warning(server->host)));
}

/* Does not hold a place any more. */
static void leave_place(struct task *task)
{
    struct collector *c = task->server->c;

    if (!task->silent)
        c->places--;
    task->silent = true;
    c->running_count--;
    task->server->task = NULL;
    if (task->server->changed && !server_is_lent(task->server))
        server_drop(task->server);
    tasks_kick(c);
}

void task_stored(struct task *task)
{
    struct collector *c = task->server->c;
    char text[160];

    say_done(task, text, sizeof(text));
    unlink_task(&c->running, task);
    tell_jobs(task, true, task->err.kind != ERR_NONE ? &task->err : NULL, text);
    task_free(task);
}

/* ------------------------------------------------------------------ answers */
static void sign_of_life(struct task *task)
{
    task->progress_ms = clock_mono_ms();
    if (task->silent) {
        task->silent = false;
        task->server->c->places++;
    }
}

void tasks_progress(struct server *server, const char *text)
{
    struct task *task = server->task;

    if (!task)
        return;
    sign_of_life(task);
    for (size_t i = 0; text && i < task->job_count; i++)
        job_moved(server->c, task->jobs[i], server, text);
}

/* Installed anew, or another machine under this name: what is known of it is of the one before. */
static void check_machine(struct task *task, const struct fetch_rows *rows)
{
    int at = catalog_property(&catalog_servers, "machine");
    const struct value *v = &rows->values[at];
    struct server *server = task->server;

    if (rows->row_count == 0 || strcmp(rows->object->sources[rows->source].name, "machine") != 0 || v->type != VALUE_TEXT)
        return;
    if (server->machine[0] && strcmp(server->machine, v->s) != 0)
        task->another = true;
    snprintf(server->machine, sizeof(server->machine), "%s", v->s);
}

static void on_rows(void *ctx, const struct fetch_rows *rows, bool first)
{
    struct task *task = ctx;
    struct collector *c = task->server->c;
    const struct source *source = &rows->object->sources[rows->source];
    char text[96];

    sign_of_life(task);
    if (source->mode == SOURCE_DEFINES)
        tally_add(task, rows->object, rows->row_count);
    snprintf(text, sizeof(text), "reading %s", source->name);
    for (size_t i = 0; i < task->job_count; i++)
        job_moved(c, task->jobs[i], task->server, text);
    if (rows->object == &catalog_servers)
        check_machine(task, rows);
    if (task->what & WHAT_STATISTICS)
        answers_rows(task, rows);
    else
        writes_rows(c, task->server->id, rows, first);
}

/* One word a result in the store, and whether the server answered with it. */
static const struct result_row {
    const char *word;
    bool ok;
} results[] = {
    [FETCH_DONE] = { "done", true },       [FETCH_NOT_OFFERED] = { "not offered", false }, [FETCH_DENIED] = { "denied", false },
    [FETCH_FAILED] = { "failed", false },  [FETCH_LOST] = { "lost", false },
};

static bool will_ask_again(const struct task *task)
{
    return task->warm && !task->again;
}

static void keep_first(struct task *task, const struct err *err)
{
    if (task->err.kind == ERR_NONE)
        task->err = *err;
}

static void on_source_done(void *ctx, const struct object_type *object, int source, enum fetch_result result,
                           const struct err *err, size_t row_count)
{
    struct task *task = ctx;
    struct server *server = task->server;
    const struct source *row = &object->sources[source];

    if (result == FETCH_LOST) {
        task->lost++;
        if (server->failure.kind != ERR_NONE)
            err = &server->failure; /* says where it failed */
        if (will_ask_again(task))
            return;
        keep_first(task, err);
    } else {
        sign_of_life(task);
        if (result == FETCH_DONE || result == FETCH_NOT_OFFERED || (result == FETCH_DENIED && row->denied)) {
            task->answered++;
        } else {
            task->failed++;
            keep_first(task, err);
        }
    }
    if (result == FETCH_DONE && row->mode == SOURCE_DEFINES && row_count == 0)
        tally_add(task, object, 0);
    if (!(task->what & WHAT_STATISTICS))
        writes_source(server->c, server->id, object, source, results[result].ok, results[result].word, err ? err->text : NULL);
    else if (result != FETCH_DONE && result != FETCH_LOST)
        answers_refused(task, object, result, err);
}

static void ask_server(struct task *task);

static void on_done(void *ctx)
{
    struct task *task = ctx;
    struct collector *c = task->server->c;

    task->fetch = NULL;
    if (task->lost > 0 && will_ask_again(task)) {
        /* A session that was kept may have died unseen. Reading does no harm, so it is asked once more over a new one. */
        task->again = true;
        task->answered = task->lost = task->failed = 0;
        memset(task->tallies, 0, sizeof(task->tallies));
        err_clear(&task->err);
        answers_drop(task);
        ask_server(task);
        return;
    }
    if (task->what & WHAT_STATISTICS) {
        leave_place(task);
        answers_tell(task);
        task_stored(task); /* there is nothing to wait for */
        return;
    }
    if (task->answered + task->failed + task->lost > 0)
        write_facts(task);
    writes_end(c, task);
    leave_place(task);
}

/* ------------------------------------------------------------------ start */
/* What another entry has for the same machine is asked there; who it is, is asked always. */
static unsigned to_ask(const struct task *task)
{
    unsigned what = server_asked(task->server, task->what);

    return task->server->covered ? what | WHAT_SERVICE : what;
}

static void ask_server(struct task *task)
{
    static const struct fetch_sink sink = { .rows = on_rows, .source_done = on_source_done, .done = on_done };
    struct server *server = task->server;

    err_clear(&server->failure);
    if (task->what & WHAT_STATISTICS)
        task->fetch = fetch_on_demand(server->host, server->name, server->role, task->about, server->c->set.call_timeout_ms, &sink, task);
    else
        task->fetch = fetch_start(server->host, server->name, to_ask(task), server->role, server->c->set.call_timeout_ms, &sink,
                              task);
}

static void task_start(struct collector *c, struct task *task)
{
    struct server *server = task->server;
    struct err err = { 0 };

    unlink_task(&c->queue, task);
    if (!server_prepare(server, false, &err)) {
        tell_jobs(task, false, &err, "");
        task_free(task);
        return;
    }
    append_task(&c->running, task);
    server->task = task;
    c->places++;
    c->running_count++;
    task->started_ms = task->progress_ms = clock_mono_ms();
    task->started_s = clock_now_s();
    task->warm = host_state(server->host) == HOST_OPEN;
    for (size_t i = 0; i < task->job_count; i++) {
        task->jobs[i]->running++;
        job_moved(c, task->jobs[i], server, "asking");
    }
    ask_server(task);
}

/* The job with the fewest servers being asked goes first: one server is not kept waiting behind five hundred. */
static struct task *next_task(struct collector *c)
{
    struct task *best = NULL;
    size_t best_running = SIZE_MAX;

    for (struct task *task = c->queue; task; task = task->next) {
        size_t running = SIZE_MAX - 1;

        if (task->server->task)
            continue;
        for (size_t i = 0; i < task->job_count; i++)
            running = MIN(running, task->jobs[i]->running);
        if (running < best_running) {
            best = task;
            best_running = running;
        }
    }
    return best;
}

static void on_pulse(void *ctx)
{
    struct collector *c = ctx;
    int64_t now = clock_mono_ms();

    for (struct task *task = c->running; task; task = task->next)
        if (task->server->task == task && !task->silent && now - task->progress_ms > SILENT_MS) {
            task->silent = true;
            c->places--;
        }
    tasks_kick(c);
}

/* Ends, without the store, what can go no further. */
static void end_doomed(struct collector *c)
{
    for (struct task *task = c->running, *next = NULL; task; task = next) {
        next = task->next;
        if (!task->doomed || !task->fetch)
            continue;
        fetch_cancel(task->fetch);
        task->fetch = NULL;
        leave_place(task);
        task_stored(task);
    }
    for (struct task *task = c->queue, *next = NULL; task; task = next) {
        next = task->next;
        if (!task->doomed)
            continue;
        unlink_task(&c->queue, task);
        tell_jobs(task, false, &task->err, "");
        task_free(task);
    }
}

static void on_kick(void *ctx)
{
    struct collector *c = ctx;
    size_t most = MAX((size_t)c->set.max_hosts * RUNNING_FACTOR, (size_t)RUNNING_MIN);
    struct task *task = NULL;

    end_doomed(c);
    while (c->places < (size_t)c->set.max_hosts && c->running_count < most && (task = next_task(c)))
        task_start(c, task);
    if (c->queue && c->places > 0)
        loop_timer_in(c->loop, &c->pulse, PULSE_MS, on_pulse, c);
}

static bool is_down(const struct collector *c, server_id id, const struct row *row)
{
    int at = catalog_property(&catalog_servers, "reachable");
    const struct server *known = server_known((struct collector *)c, id);

    if (known && known->down)
        return true;
    return row && row->id != 0 && at >= 0 && row->values[at].type == VALUE_TEXT && strcmp(row->values[at].s, "no") == 0;
}

static void add_one(struct collector *c, struct job *job, server_id id, unsigned what, const char *about, bool down,
                    struct task **late)
{
    struct server *server = server_get(c, id);
    struct task *task = server->task;

    if (task && !task->doomed && (task->what & what) == what && goes_with(task, what, about)) {
        job->running += !has_job(task, job);
        add_job(task, job);
        return;
    }
    task = find_task(c->queue, server, what, about);
    if (!task)
        task = find_task(*late, server, what, about);
    if (!task) {
        task = x_alloc(sizeof(*task));
        task->server = server;
        task->about = about ? x_strdup(about) : NULL;
        append_task(down ? late : &c->queue, task);
    }
    task->what |= what;
    add_job(task, job);
}

void tasks_add(struct collector *c, struct job *job, const server_id *servers, size_t count, unsigned what,
               const char *about)
{
    struct arena mem = { 0 };
    struct err err = { 0 };
    struct row *rows = x_calloc(count + 1, sizeof(*rows));
    struct task *late = NULL; /* what was down the last time is asked last */
    bool known = store_rows(c->store, &catalog_servers, servers, count, &mem, rows, &err);

    for (size_t i = 0; i < count; i++) {
        bool down = is_down(c, servers[i], known ? &rows[i] : NULL);
        int name = catalog_property(&catalog_servers, "server");

        if (known && rows[i].id != 0 && name >= 0 && rows[i].values[name].type == VALUE_TEXT)
            snprintf(server_get(c, servers[i])->name, sizeof(((struct server *)0)->name), "%s", rows[i].values[name].s);
        add_one(c, job, servers[i], what, about, down, &late);
    }
    append_task(&c->queue, late);
    free(rows);
    arena_done(&mem);
    tasks_kick(c);
}

/* ------------------------------------------------------------------ before the end */
static void drop_job(struct task *task, const struct job *job)
{
    size_t kept = 0;

    for (size_t i = 0; i < task->job_count; i++)
        if (task->jobs[i] != job)
            task->jobs[kept++] = task->jobs[i];
    task->job_count = kept;
}

/* Nobody wants it any more. */
static void task_abandon(struct task *task)
{
    struct server *server = task->server;

    if (task->fetch) {
        fetch_cancel(task->fetch);
        task->fetch = NULL;
        if (task->silent && task->answered == 0)
            server->down = true; /* not worth waiting for first, the next time */
        if (server->host && host_state(server->host) != HOST_OPEN && !server_is_lent(server))
            host_close(server->host);
        leave_place(task);
        unlink_task(&server->c->running, task);
        task_free(task);
    } /* else its data is on its way into the store; task_stored() frees it */
}

void tasks_cancel(struct collector *c, struct job *job)
{
    struct err err = { 0 };

    job->cancelled = true;
    err_set(&err, ERR_CANCELLED, "", "cancelled");
    for (struct task *task = c->queue, *next = NULL; task; task = next) {
        next = task->next;
        if (!has_job(task, job))
            continue;
        drop_job(task, job);
        if (task->job_count == 0)
            unlink_task(&c->queue, task);
        bool last = job->done + 1 >= job->total;
        job_server_done(c, job, task->server, task->server->name, false, &err, "");
        if (task->job_count == 0)
            task_free(task);
        if (last)
            return; /* the job is gone */
    }
    for (struct task *task = c->running, *next = NULL; task; task = next) {
        next = task->next;
        if (!has_job(task, job))
            continue;
        struct server *server = task->server;
        bool last = job->done + 1 >= job->total;
        drop_job(task, job);
        if (task->job_count == 0)
            task_abandon(task);
        job_server_done(c, job, server, server->name, true, &err, "");
        if (last)
            return;
    }
}

void tasks_server_changed(struct collector *c, server_id id)
{
    struct server *server = server_known(c, id);
    struct task *task = server ? server->task : NULL;

    if (!server)
        return;
    server->changed = true;
    server->misses = 0;
    if (!task) {
        if (!server_is_lent(server))
            server_drop(server);
        return;
    }
    if (!task->fetch || host_state(server->host) == HOST_OPEN)
        return; /* what it answers is still worth having; the session goes afterwards */
    /* It may hang on its old address for a long time: asked anew over the new way. */
    fetch_cancel(task->fetch);
    task->fetch = NULL;
    unlink_task(&c->running, task);
    for (size_t i = 0; i < task->job_count; i++)
        task->jobs[i]->running--;
    leave_place(task);
    task->silent = false;
    task->answered = task->lost = task->failed = 0;
    answers_drop(task);
    err_clear(&task->err);
    task->next = c->queue;
    c->queue = task;
}

static void doom(struct task *list, const struct server *server, const struct err *err)
{
    for (struct task *task = list; task; task = task->next)
        if (!server || task->server == server) {
            task->doomed = true;
            task->err = *err;
        }
}

void tasks_fault(struct collector *c, const struct err *err)
{
    struct err told = *err;

    err_wrap(&told, "what was retrieved cannot be stored");
    jobs_note_fault(c, &told);
    doom(c->running, NULL, &told);
    doom(c->queue, NULL, &told);
    tasks_kick(c);
}

void tasks_server_removed(struct collector *c, server_id id)
{
    struct server *server = server_known(c, id);
    struct err err = { 0 };

    if (!server)
        return;
    err_set(&err, ERR_NOT_FOUND, server->name, "the server was removed meanwhile");
    doom(c->running, server, &err);
    doom(c->queue, server, &err);
    server->changed = true;
    tasks_kick(c);
}

void tasks_done(struct collector *c)
{
    loop_timer_stop(&c->kick);
    loop_timer_stop(&c->pulse);
    for (struct task *task = c->running; task; task = task->next) {
        fetch_cancel(task->fetch);
        task->fetch = NULL;
        task->server->task = NULL;
    }
    while (c->running || c->queue) {
        struct task **list = c->running ? &c->running : &c->queue;
        struct task *task = *list;
        *list = task->next;
        task_free(task);
    }
}
