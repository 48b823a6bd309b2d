/* jobs_pane.c - what each round did: running, waiting, done, failed, how long. The newest is first; Enter shows under a job which
 * of its servers failed and why, and from there it leads to the server. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/clock.h"
#include "ipamtui/text.h"
#include "ipamtui/ui_panes.h"
#include "page.h"
#include "screen.h"

enum { TICK_MS = 1000 };

static struct {
    struct page page;
    unsigned opened; /* number of the job whose failures are shown; 0 = none */
    struct loop_timer timer;
} jobs; /* there is one screen */

/* Where the columns begin; when: as wide as the times are now. */
struct columns {
    int number, state, took, servers, failed, why, when, what;
};

static struct columns columns_of(const struct ui *ui)
{
    int when = ui->dates == DATES_AGE ? 9 : 21;

    return (struct columns){ .number = 4, .state = 9, .took = 17, .servers = 26, .failed = 37, .why = 44, .when = 52, .what = 53 + when };
}

/* ------------------------------------------------------------------ spots: a job, or one of its failed servers */
static uint64_t tag_of_job(const struct job_entry *entry)
{
    return page_tag("job", entry->job);
}

static uint64_t tag_of_fault(const struct job_entry *entry, size_t at)
{
    return page_tag(entry->faults[at].server, page_tag("fault", entry->job));
}

/* ------------------------------------------------------------------ lines */
static const struct { char mark; enum look look; } signs[] = {
    [JOB_WAITING] = { '.', LOOK_DIM },  [JOB_RUNNING] = { '*', LOOK_TITLE },  [JOB_DONE] = { ' ', LOOK_GOOD },
    [JOB_FAILED] = { '!', LOOK_BAD },   [JOB_STOPPED] = { '-', LOOK_WARN },
};

/* "2.4 s", "3 min 05 s" */
static const char *took(int64_t ms, char *out, size_t size)
{
    if (ms < 60000)
        snprintf(out, size, "%.1f s", (double)ms / 1000);
    else
        snprintf(out, size, "%" PRId64 "m %02ds", ms / 60000, (int)(ms / 1000 % 60));
    return out;
}

static void add_job(const struct ui *ui, struct page *page, const struct job_entry *entry, const struct columns *c)
{
    enum job_state state = job_entry_state(entry);
    enum look look = state == JOB_DONE && entry->failed > 0 ? LOOK_WARN : signs[state].look;
    char mark = state == JOB_DONE && entry->failed > 0 ? '!' : signs[state].mark;
    char time[32], servers[32], failed[24] = "", when[48], what[160];

    snprintf(servers, sizeof servers, "%zu of %zu", job_entry_answered(entry), entry->total);
    if (entry->failed > 0)
        snprintf(failed, sizeof failed, "%zu", entry->failed);
    page_line(page);
    page_spot(page, 2, 0, look, tag_of_job(entry), "%c %4u %-7s %8s %10s %6s %-7s %-*s%s", mark, entry->number, job_state_word(state),
              took(job_entry_ms(entry, clock_mono_ms()), time, sizeof time), servers, failed, job_why_word(entry->why), c->what - c->when,
              date_show(ui->dates, entry->started_s, ui->now_s, when, sizeof when), what_show(entry->what, what, sizeof what));
    if (entry->ended)
        return;
    page_line(page);
    page_text(page, c->state, 0, LOOK_DIM, "%zu running, %zu waiting%s%s", entry->running, job_entry_waiting(entry),
              entry->about[0] ? " | " : "", entry->about);
}

/* The whole sentence, however long: what does not fit goes on in the next line. */
static void add_fault(struct page *page, const struct job_entry *entry, size_t at, int w)
{
    const struct job_fault *fault = &entry->faults[at];
    char said[800], printable[1024];
    const char *rest;
    bool first = true;

    snprintf(said, sizeof said, "%s: %s", fault->server, fault->text);
    rest = text_printable(said, printable, sizeof printable);
    do {
        int x = first ? 9 : 13;
        size_t take = ui_wrap(rest, MAX(w - x - 1, 20));

        page_line(page);
        if (first)
            page_spot(page, x - 2, 0, LOOK_BAD, tag_of_fault(entry, at), "! %.*s", (int)take, rest);
        else
            page_text(page, x, 0, LOOK_NORMAL, "%.*s", (int)take, rest);
        rest += take;
        rest += strspn(rest, " ");
        first = false;
    } while (*rest);
}

static void add_faults(struct page *page, const struct job_entry *entry, int what_x, int w)
{
    char what[160];

    if (what_x + text_width(what_show(entry->what, what, sizeof what)) > w) {
        page_line(page);
        page_text(page, 9, 0, LOOK_DIM, "Asked for %s", what);
    }
    for (size_t i = 0; i < entry->fault_count; i++)
        add_fault(page, entry, i, w);
    if (entry->failed > entry->fault_count) {
        page_line(page);
        page_text(page, 9, 0, LOOK_DIM, "and %zu more: Servers (1) has them all", entry->failed - entry->fault_count);
    }
    if (entry->failed == 0) {
        page_line(page);
        page_text(page, 9, 0, LOOK_DIM, entry->ended ? "No server failed" : "No server has failed so far");
    }
}

static bool make_page(struct ui *ui, int w)
{
    struct columns c = columns_of(ui);
    bool going = false;

    page_clear(&jobs.page);
    for (size_t i = ui->jobs.count; i > 0; i--) {
        const struct job_entry *entry = &ui->jobs.rows[i - 1];

        going |= !entry->ended;
        add_job(ui, &jobs.page, entry, &c);
        if (entry->number == jobs.opened)
            add_faults(&jobs.page, entry, c.what, w);
    }
    return going;
}

/* Keys may have been typed ahead of the first drawing. */
static struct page *page_of(struct ui *ui)
{
    if (jobs.page.count == 0)
        make_page(ui, ui->layout.list.w);
    return &jobs.page;
}

/* What the cursor is on; *fault NULL: the job itself. */
static const struct job_entry *here(struct ui *ui, const struct job_fault **fault)
{
    const struct page_part *part = page_at(page_of(ui));

    *fault = NULL;
    for (size_t i = ui->jobs.count; part && i > 0; i--) {
        const struct job_entry *entry = &ui->jobs.rows[i - 1];

        if (part->tag == tag_of_job(entry))
            return entry;
        for (size_t f = 0; entry->number == jobs.opened && f < entry->fault_count; f++) {
            if (part->tag != tag_of_fault(entry, f))
                continue;
            *fault = &entry->faults[f];
            return entry;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------ drawing */
static void headline(const struct ui *ui, struct rect r)
{
    struct columns c = columns_of(ui);
    const struct { int x; const char *title; } titles[] = {
        { c.number + 2, "No" }, { c.state, "State" },  { c.took + 4, "Took" }, { c.servers + 2, "Answered" },
        { c.failed, "Failed" }, { c.why, "Why" },      { c.when, "Started" },  { c.what, "What" },
    };

    screen_put(r.y, r.x, r.w, LOOK_HEAD, "");
    for (size_t i = 0; i < COUNT(titles); i++)
        screen_text(r.y, r.x + titles[i].x, r.w - titles[i].x, LOOK_HEAD, titles[i].title);
}

static void tick(void *ctx)
{
    ui_dirty(ctx);
}

static void draw(struct ui *ui)
{
    struct rect list = ui->layout.list, title = ui->layout.title;
    char text[80];

    snprintf(text, sizeof text, "Jobs %s what was retrieved in this session", glyph(GLYPH_CRUMB));
    screen_put(title.y, title.x, title.w, LOOK_TITLE, text);
    if (ui->jobs.count == 0) {
        screen_text(list.y + 1, list.x + 3, list.w - 3, LOOK_NORMAL, "Nothing has been retrieved in this session yet.");
        page_clear(&jobs.page);
        return;
    }
    headline(ui, ui->layout.head);
    /* How long it takes goes on while nothing else is said. */
    if (make_page(ui, list.w))
        loop_timer_in(ui->loop, &jobs.timer, TICK_MS, tick, ui);
    page_draw(&jobs.page, list);
}

static void pane_done(void)
{
    page_done(&jobs.page);
    jobs.opened = 0;
}

static const char *const hints[] = { "retrieve-all", "messages", "menu", "help", "quit", NULL };
static const struct pane_canvas canvas = { .draw = draw, .whole = true, .page = page_of, .done = pane_done, .hints = hints };

/* ------------------------------------------------------------------ from a failure to its server */
struct visit {
    struct ui *ui;
    server_id id;
    unsigned job;
    char name[256]; /* then; once found, now */
    bool found;
};

static bool find_server(struct store *store, void *ctx, struct err *err)
{
    struct visit *visit = ctx;
    struct arena arena = { 0 };
    struct row row;
    bool ok = store_rows(store, &catalog_servers, &visit->id, 1, &arena, &row, err);

    visit->found = ok && row.id != 0;
    if (visit->found)
        snprintf(visit->name, sizeof visit->name, "%s", row.values[catalog_property(&catalog_servers, "server")].s);
    arena_done(&arena);
    return ok;
}

static void server_found(void *ctx, bool ok, const struct err *err)
{
    struct visit *visit = ctx;
    struct ui *ui = visit->ui;
    char quoted[300], filter[320], crumb[160];

    ui_failed(ui, err);
    if (visit->found) {
        snprintf(filter, sizeof filter, "server:%s", query_quote(visit->name, quoted, sizeof quoted));
        snprintf(crumb, sizeof crumb, "Jobs %s %u %s Servers", glyph(GLYPH_CRUMB), visit->job, glyph(GLYPH_CRUMB));
        ui_goto(ui, ui_pane_find(ui, "servers"), filter, crumb, 0);
    } else if (ok) {
        ui_say(ui, LOOK_WARN, "%s is not among the servers any more: it was removed", visit->name);
    }
    free(visit);
}

/* By its id: it may have another name by now, or be gone. */
static void visit_server(struct ui *ui, const struct job_entry *entry, const struct job_fault *fault)
{
    struct visit *visit = x_alloc(sizeof *visit);

    *visit = (struct visit){ .ui = ui, .id = fault->id, .job = entry->number };
    snprintf(visit->name, sizeof visit->name, "%s", fault->server);
    view_worker_ask(ui->worker, 0, find_server, server_found, visit);
}

/* ------------------------------------------------------------------ commands */
static bool open_spot(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    const struct job_fault *fault;
    const struct job_entry *entry = here(ui, &fault);

    if (!entry)
        return err_set(err, ERR_NOT_FOUND, "", "there is no job yet: R retrieves");
    if (fault)
        visit_server(ui, entry, fault);
    else
        jobs.opened = jobs.opened == entry->number ? 0 : entry->number;
    return true;
}

static bool stop(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    const struct job_fault *fault;
    const struct job_entry *entry = here(ui, &fault);

    if (!entry || entry->ended)
        return err_set(err, ERR_INPUT, "", "this job is over: only one that waits or runs can be stopped");
    collector_cancel(ui->collector, entry->job);
    ui_say(ui, LOOK_NORMAL, "Stopping job %u ...", entry->number);
    return true;
}

static const struct command commands[] = {
    { .name = "open", .help = "Show which servers of the job failed and why; there: go to the server", .label = "Failures", .group = GROUP_GO, .run = open_spot },
    { .name = "retrieve-data", .help = "Retrieve server data: choose what (services, DHCP, DNS ...), of every server", .effect = EFFECT_FETCH, .group = GROUP_DATA, .run = ui_retrieve_choose },
    { .name = "job-stop", .help = "Stop the job under the cursor", .label = "Stop", .group = GROUP_DATA, .run = stop },
};

const struct pane_ops jobs_pane = {
    .name = "jobs",
    .noun = "job",
    .title = "Jobs",
    .digit = '6',
    .help = "What each round did: running, waiting, done, failed, how long",
    .object = &catalog_servers,
    .commands = commands,
    .command_count = COUNT(commands),
    .empty = "",
    .canvas = &canvas,
};
