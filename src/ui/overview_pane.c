/* overview_pane.c - the first screen: is anything wrong? Counts by state, the newest changes, what could not be verified. Read on the
 * query worker, drawn from memory; each line leads to the list that it is about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/clock.h"
#include "ipamtui/overview.h"
#include "ipamtui/text.h"
#include "ipamtui/ui_panes.h"
#include "page.h"
#include "screen.h"

/* Read again at most so often, while a round is bringing news. */
#define REST_MS 500
enum { CHANGES_MAX = 60, FAULTS_MAX = 300, CELL = 17, CELL_WIDE = 22, NAMES = 24 };

/* Where a line leads. */
struct target {
    const char *pane, *filter; /* filter in mem; NULL = as it is */
    uint64_t tag;
};
struct facts {
    struct arena mem;
    struct overview_count *counts;
    size_t count_count, count_cap;
    struct overview_change *changes;
    size_t change_count, change_cap;
    struct overview_fault *faults;
    size_t fault_count, fault_cap;
    size_t calls_failed;
};
static struct overview {
    struct facts facts;
    struct page page;
    struct target *targets;
    size_t target_count, target_cap;
    bool known, asked, stale;
    int64_t read_ms; /* when it was last read, and how long that took */
    int64_t cost_ms;
    struct err err;
    struct loop_timer timer;
} overview; /* there is one screen */

/* ------------------------------------------------------------------ reading, on the worker */
static const char *kept(struct facts *facts, const char *text)
{
    return arena_strdup(&facts->mem, text);
}

static bool take_count(void *ctx, const struct overview_count *count)
{
    struct facts *facts = ctx;
    struct overview_count *row;

    x_grow(&facts->counts, &facts->count_cap, facts->count_count + 1, sizeof *row);
    row = &facts->counts[facts->count_count++];
    *row = *count;
    row->word = kept(facts, count->word);
    row->query = kept(facts, count->query);
    return true;
}

static bool take_change(void *ctx, const struct overview_change *change)
{
    struct facts *facts = ctx;

    x_grow(&facts->changes, &facts->change_cap, facts->change_count + 1, sizeof *facts->changes);
    facts->changes[facts->change_count++] =
        (struct overview_change){ kept(facts, change->server), kept(facts, change->object), kept(facts, change->name),
                                  kept(facts, change->property), kept(facts, change->before), kept(facts, change->after), change->at };
    return true;
}

static bool take_fault(void *ctx, const struct overview_fault *fault)
{
    struct facts *facts = ctx;

    x_grow(&facts->faults, &facts->fault_cap, facts->fault_count + 1, sizeof *facts->faults);
    facts->faults[facts->fault_count++] =
        (struct overview_fault){ kept(facts, fault->server), kept(facts, fault->object), kept(facts, fault->source),
                                 kept(facts, fault->result), kept(facts, fault->error), fault->at, fault->ok_at,
                                 fault->calls };
    facts->calls_failed += fault->calls;
    return true;
}

static void facts_done(struct facts *facts)
{
    arena_done(&facts->mem);
    free(facts->counts);
    free(facts->changes);
    free(facts->faults);
    *facts = (struct facts){ 0 };
}

struct reading {
    struct ui *ui;
    struct facts facts;
    int64_t ms;
};

static bool work(struct store *store, void *job, struct err *err)
{
    struct reading *reading = job;
    int64_t began = clock_mono_ms();
    bool ok = store_overview(store, take_count, &reading->facts, err) &&
              store_newest_changes(store, CHANGES_MAX, take_change, &reading->facts, err) &&
              store_unverified(store, true, FAULTS_MAX + 1, take_fault, &reading->facts, err);

    reading->ms = clock_mono_ms() - began;
    return ok;
}

static void ask(struct ui *ui);

static void done(void *job, bool ok, const struct err *err)
{
    struct reading *reading = job;

    overview.asked = false;
    overview.read_ms = clock_mono_ms();
    overview.cost_ms = reading->ms;
    overview.err = ok ? (struct err){ 0 } : *err;
    if (ok) {
        facts_done(&overview.facts);
        overview.facts = reading->facts;
        reading->facts = (struct facts){ 0 };
        overview.known = true;
    }
    facts_done(&reading->facts);
    ui_dirty(reading->ui);
    /* Without panes the console is ending. */
    if (overview.stale && reading->ui->panes && ui_pane(reading->ui)->ops == &overview_pane)
        ask(reading->ui);
    free(reading);
}

static void due(void *ctx)
{
    struct ui *ui = ctx;
    struct reading *reading;

    if (overview.asked || ui_pane(ui)->ops != &overview_pane)
        return;
    overview.asked = true;
    overview.stale = false;
    reading = x_alloc(sizeof *reading);
    reading->ui = ui;
    view_worker_ask(ui->worker, TOPIC_OVERVIEW, work, done, reading);
}

static void ask(struct ui *ui)
{
    int64_t rest = overview.read_ms ? overview.read_ms + MAX((int64_t)REST_MS, 4 * overview.cost_ms) - clock_mono_ms() : 0;

    overview.stale = true;
    if (!overview.asked)
        loop_timer_in(ui->loop, &overview.timer, MAX(rest, 0), due, ui);
}

/* ------------------------------------------------------------------ what is said */
/* Words that need to be said in others. */
static const struct { const char *property, *word, *said; } sayings[] = {
    { "reachable", "yes", "answer" },       { "reachable", "no", "do not answer" }, { "reachable", "", "never asked" },
    { "duplicate", "yes", "listed twice" }, { NULL, "", "not known" },
};
static const char marks[] = { [OVERVIEW_GOOD] = ' ', [OVERVIEW_BAD] = '!', [OVERVIEW_UNVERIFIED] = '?', [OVERVIEW_NEUTRAL] = ' ' };
static const enum look looks[] = { [OVERVIEW_GOOD] = LOOK_GOOD, [OVERVIEW_BAD] = LOOK_BAD, [OVERVIEW_UNVERIFIED] = LOOK_UNKNOWN,
                                   [OVERVIEW_NEUTRAL] = LOOK_NORMAL };
/* What a line is about: the words that name it in its list. */
static const struct { const char *object, *key; bool of_server; } keys[] = {
    { "servers", NULL, true },  { "scopes", "scope", true },       { "scopes6", "scope", true },
    { "zones", "zone", false }, { "zoneservers", "zone", true },
};

static const char *said(const char *property, const char *word)
{
    for (size_t i = 0; i < COUNT(sayings); i++)
        if ((!sayings[i].property || strcmp(sayings[i].property, property) == 0) && strcmp(sayings[i].word, word) == 0)
            return sayings[i].said;
    return word;
}

static void add_target(uint64_t tag, const char *pane, const char *filter)
{
    x_grow(&overview.targets, &overview.target_cap, overview.target_count + 1, sizeof *overview.targets);
    overview.targets[overview.target_count++] = (struct target){ pane, arena_strdup(&overview.page.mem, filter), tag };
}

static void add_target_of(uint64_t tag, const char *object, const char *server, const char *name)
{
    struct buf filter = { 0 };
    char quoted[600];

    for (size_t i = 0; i < COUNT(keys); i++) {
        if (strcmp(keys[i].object, object) != 0)
            continue;
        if (keys[i].of_server)
            buf_addf(&filter, "server:%s", query_quote(server, quoted, sizeof quoted));
        if (keys[i].key)
            buf_addf(&filter, "%s%s:%s", filter.len ? " " : "", keys[i].key, query_quote(name, quoted, sizeof quoted));
        add_target(tag, keys[i].object, buf_at(&filter));
    }
    buf_done(&filter);
}

static const char *title_of(const struct ui *ui, const char *object)
{
    size_t at = ui_pane_find(ui, object);

    return at == SIZE_MAX ? object : ui->panes[at].ops->title;
}

static void heading(struct page *page, const char *text)
{
    page_line(page);
    page_line(page);
    page_text(page, 1, 0, LOOK_TITLE, "%s", text);
}

/* ------------------------------------------------------------------ counts: a line a property, the worst first */
static int order_of(enum overview_grade grade)
{
    static const int order[] = { [OVERVIEW_BAD] = 0, [OVERVIEW_UNVERIFIED] = 1, [OVERVIEW_NEUTRAL] = 2, [OVERVIEW_GOOD] = 3 };

    return order[grade];
}

static void add_count(struct page *page, const struct overview_count *count, int x, int w)
{
    const char *word = said(count->property, count->word);
    uint64_t tag = page_tag(count->word, page_tag(count->property, page_tag(count->object, 1)));

    page_spot(page, x, w, looks[count->grade], tag, "%c%6lld %s", marks[count->grade], (long long)count->count, word);
    add_target(tag, count->object, count->query);
}

/* Counts of one property: rows first to last - 1. */
static void add_property(struct ui *ui, struct page *page, size_t first, size_t last, bool new_object, int w)
{
    const struct overview_count *counts = overview.facts.counts;
    const struct object_type *object = catalog_find(counts[first].object);
    int cell = w >= LAYOUT_BESIDE_W ? CELL_WIDE : CELL, x = NAMES;

    page_line(page);
    if (new_object)
        page_text(page, 2, NAMES - 12, LOOK_TITLE, "%s", title_of(ui, counts[first].object));
    page_text(page, NAMES - 9, 8, LOOK_DIM, "%s", object->properties[catalog_property(object, counts[first].property)].title);
    for (int order = 0; order <= 3; order++) {
        for (size_t i = first; i < last; i++) {
            int need = MAX(cell, text_width(said(counts[i].property, counts[i].word)) + 10);

            if (order_of(counts[i].grade) != order)
                continue;
            if (x + need - 2 > w && x > NAMES) {
                page_line(page);
                x = NAMES;
            }
            add_count(page, &counts[i], x, need - 2);
            x += need;
        }
    }
}

static void add_counts(struct ui *ui, struct page *page, int w)
{
    const struct overview_count *counts = overview.facts.counts;
    const char *object = "";

    for (size_t first = 0, last; first < overview.facts.count_count; first = last) {
        for (last = first; last < overview.facts.count_count && counts[last].object == counts[first].object &&
                           counts[last].property == counts[first].property; last++)
            ;
        add_property(ui, page, first, last, strcmp(object, counts[first].object) != 0, w);
        object = counts[first].object;
    }
}

/* ------------------------------------------------------------------ changes and failures */
static bool of_server(const char *object)
{
    for (size_t i = 0; i < COUNT(keys); i++)
        if (strcmp(keys[i].object, object) == 0)
            return keys[i].of_server;
    return true;
}

/* A zone is on many servers: "zone a.example health: ...", where one server's copy of it is "dc-1 a.example health: ...". */
static void add_change(struct ui *ui, struct page *page, const struct overview_change *c)
{
    uint64_t tag = page_tag(c->object, page_tag(c->name, page_tag(c->property, page_tag(c->server, (uint64_t)c->at))));
    bool server = strcmp(c->object, "servers") == 0;
    char when[48];

    page_line(page);
    page_spot(page, 2, 0, LOOK_NORMAL, tag, "%-9s %s%s%s %s: %s -> %s", date_show(ui->dates, c->at, ui->now_s, when, sizeof when),
              of_server(c->object) ? c->server : catalog_find(c->object)->noun, server ? "" : " ", server ? "" : c->name, c->property,
              said("", c->before), said("", c->after));
    add_target_of(tag, c->object, c->server, c->name);
}

/* A server that is not reached fails in each call for the same reason: one line for all of them. */
static void add_fault(struct ui *ui, struct page *page, const struct overview_fault *f)
{
    uint64_t tag = page_tag(f->source, page_tag(f->object, page_tag(f->server, 7)));
    char when[48], more[48] = "";

    if (f->calls > 1)
        snprintf(more, sizeof more, " and %zu more call%s", f->calls - 1, f->calls == 2 ? "" : "s");
    page_line(page);
    page_spot(page, 2, 0, LOOK_UNKNOWN, tag, "? %-9s %s %s%s %s: %s", date_show(ui->dates, f->at, ui->now_s, when, sizeof when), f->server,
              f->source, more, f->result, f->error[0] ? f->error : "no more was said");
    add_target_of(tag, "servers", f->server, "");
}

static void make_page(struct ui *ui, struct rect r)
{
    struct page *page = &overview.page;
    const struct facts *facts = &overview.facts;
    size_t room;

    page_clear(page);
    overview.target_count = 0;
    add_counts(ui, page, r.w);
    /* What could not be verified must not be pushed off the screen by what has changed. */
    room = (size_t)MAX(3, (r.h - page->lines - 4) / 2);
    if (facts->fault_count + 3 < room)
        room = (size_t)MAX(3, r.h - page->lines - 5 - (int)facts->fault_count);
    heading(page, facts->change_count ? "Newest changes of state" : "No change of state has been seen yet");
    for (size_t i = 0; i < facts->change_count && i < room; i++)
        add_change(ui, page, &facts->changes[i]);
    heading(page, facts->fault_count ? "Could not be verified" : "Everything that was asked has been answered");
    for (size_t i = 0; i < facts->fault_count && i < FAULTS_MAX; i++)
        add_fault(ui, page, &facts->faults[i]);
    if (facts->fault_count > FAULTS_MAX) {
        page_line(page);
        page_text(page, 2, 0, LOOK_DIM, "and more: Servers (1) with the filter error:* has them all");
    }
}

/* ------------------------------------------------------------------ drawing */
static void headline(struct rect r)
{
    int64_t sum[4] = { 0 };
    char text[200];
    enum look look = LOOK_GOOD;

    for (size_t i = 0; i < overview.facts.count_count; i++)
        sum[overview.facts.counts[i].grade] += overview.facts.counts[i].count;
    if (overview.facts.count_count == 0) {
        snprintf(text, sizeof text, "  No servers yet: F7 in Servers (1) adds one, :server-import FILE.csv many");
        look = LOOK_NORMAL;
    } else if (sum[OVERVIEW_BAD] + sum[OVERVIEW_UNVERIFIED] + (int64_t)overview.facts.calls_failed == 0) {
        snprintf(text, sizeof text, "  All is well");
    } else {
        snprintf(text, sizeof text, "  ! %lld not well   ? %lld not verified   ? %zu%s calls failed", (long long)sum[OVERVIEW_BAD],
                 (long long)sum[OVERVIEW_UNVERIFIED], overview.facts.calls_failed, overview.facts.fault_count > FAULTS_MAX ? "+" : "");
        look = sum[OVERVIEW_BAD] ? LOOK_BAD : LOOK_UNKNOWN;
    }
    screen_put(r.y, r.x, r.w, look, text);
}

static void draw(struct ui *ui)
{
    struct rect list = ui->layout.list, title = ui->layout.title;
    char left[80];

    snprintf(left, sizeof left, "Overview %s is anything wrong?", glyph(GLYPH_CRUMB));
    screen_put(title.y, title.x, title.w, LOOK_TITLE, left);
    if (!overview.known) {
        screen_text(list.y + 1, list.x + 3, list.w - 3, overview.err.text[0] ? LOOK_ERROR : LOOK_NORMAL,
                    overview.err.text[0] ? overview.err.text : "Reading ...");
        return;
    }
    headline(ui->layout.head);
    make_page(ui, list);
    page_draw(&overview.page, list);
}

static struct page *page_of(struct ui *ui)
{
    (void)ui;
    return &overview.page;
}

static void stored(struct ui *ui)
{
    ask(ui);
}

static void pane_done(void)
{
    facts_done(&overview.facts);
    page_done(&overview.page);
    free(overview.targets);
    overview = (struct overview){ 0 };
}

static const char *const hints[] = { "retrieve-all", "messages", "menu", "help", "quit", NULL };
static const struct pane_canvas canvas = { .draw = draw, .whole = true, .page = page_of, .stored = stored, .done = pane_done,
                                           .hints = hints };

/* ------------------------------------------------------------------ commands */
static bool open_spot(struct command_call *call, struct err *err)
{
    struct ui *ui = call->ui;
    const struct page_part *here = page_at(&overview.page);
    char crumb[80];

    for (size_t i = 0; here && i < overview.target_count; i++) {
        const struct target *target = &overview.targets[i];

        if (target->tag != here->tag)
            continue;
        snprintf(crumb, sizeof crumb, "Overview %s %s", glyph(GLYPH_CRUMB), title_of(ui, target->pane));
        ui_goto(ui, ui_pane_find(ui, target->pane), target->filter, crumb, 0);
        return true;
    }
    return err_set(err, ERR_NOT_FOUND, "", "there is nothing to open yet");
}

static const struct command commands[] = {
    { .name = "open", .help = "Open the list of what is counted, or the object of the line", .label = "Open", .group = GROUP_GO, .run = open_spot },
    { .name = "retrieve-data", .help = "Retrieve server data: choose what (services, DHCP, DNS ...), of every server", .effect = EFFECT_FETCH, .group = GROUP_DATA, .run = ui_retrieve_choose },
};

const struct pane_ops overview_pane = {
    .name = "overview",
    .noun = "line",
    .title = "Overview",
    .digit = '0',
    .help = "Is anything wrong? Counts by state, newest changes, what could not be verified",
    .object = &catalog_servers,
    .commands = commands,
    .command_count = COUNT(commands),
    .empty = "",
    .canvas = &canvas,
};
