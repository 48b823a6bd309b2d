/* change.c - set, exclusion, scope, apply and change: plans from the command line, shown, applied, undone. */
#include "ipamtui/change_run.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "ipamtui/listing.h"
#include "ipamtui/query.h"
#include "ipamtui/text.h"

/* One change on its way through the command line. */
struct changing {
    struct cli *cli;
    struct store *store;
    struct change_plan *plan;
    struct cautions cautions;
    int64_t stop_after, per_server; /* 0 = as ever */
    const char *tool;
    bool json, bar;
    int signal_fd, drawn;
    struct buf results; /* JSON */
    change_id change;
    size_t shown;
};

static void print(const struct buf *text)
{
    fwrite(buf_at(text), 1, text->len, stdout);
}

/* ------------------------------------------------------------------ showing */
static void add_element(struct buf *out)
{
    buf_adds(out, out->len > 0 ? ",\n" : "[\n");
}

static void end_array(struct buf *out)
{
    buf_adds(out, out->len > 0 ? "\n]\n" : "[]\n");
}

static void json_plan(const struct change_plan *plan, struct buf *out)
{
    for (size_t i = 0; i < plan->count; i++) {
        add_element(out);
        change_json_step(0, &plan->steps[i], out);
    }
}

static void json_notes(const struct change_plan *plan, struct buf *out)
{
    for (size_t i = 0; i < plan->note_count; i++) {
        add_element(out);
        change_json_note(&plan->notes[i], out);
    }
}

static void show_plan(struct changing *c)
{
    struct buf out = { 0 };
    char text[300];

    change_print_plan(c->plan, &out);
    buf_addf(&out, "%s\n", change_plan_summary(c->plan, text, sizeof(text)));
    change_plan_cautions(c->plan, &c->cautions, &out);
    if (c->json)
        fwrite(buf_at(&out), 1, out.len, stderr);
    else
        print(&out);
    fflush(stdout);
    buf_done(&out);
}

/* ------------------------------------------------------------------ asking */
static bool read_typed(char *out, size_t size)
{
    if (fgets(out, (int)size, stdin) == NULL)
        return false;
    out[strcspn(out, "\n")] = '\0';
    return true;
}

static bool confirm(struct changing *c)
{
    struct plan_totals t;
    char typed[64], want[32], warning[100];

    change_plan_totals(c->plan, &t);
    if (change_plan_question(c->plan, &t, &c->cautions, c->cli->options.guard_targets) == PLAN_ASK_NUMBER) {
        snprintf(want, sizeof(want), "%zu", t.targets);
        if (t.hard > 0)
            fprintf(stderr, "%s\n", change_plan_warning(&t, warning, sizeof(warning)));
        fprintf(stderr, "Apply to %zu target%s on %zu server%s? Type %s to do it: ", t.targets, t.targets == 1 ? "" : "s", t.servers,
                t.servers == 1 ? "" : "s", want);
        return read_typed(typed, sizeof(typed)) && strcmp(typed, want) == 0;
    }
    fprintf(stderr, "Apply? yes or no: ");
    return read_typed(typed, sizeof(typed)) && (text_casecmp(typed, "yes") == 0 || text_casecmp(typed, "y") == 0);
}

static bool ask_host(void *ctx, const struct transport_ask *ask, const char *answers[4])
{
    struct changing *c = ctx;
    static struct cli_answers kept; /* wiped below, when the next question comes, and at the end */

    cli_answers_wipe(&kept);
    if (!cli_ask(ask, c->signal_fd, &kept))
        return false;
    for (int i = 0; i < 4; i++)
        answers[i] = kept.list[i];
    return true;
}

/* ------------------------------------------------------------------ applying */
static void clear_bar(struct changing *c)
{
    if (c->drawn > 0)
        fprintf(stderr, "\r%*s\r", c->drawn, "");
    c->drawn = 0;
}

static void on_step(void *ctx, const struct change_step *step)
{
    struct changing *c = ctx;
    struct buf line = { 0 };

    if (c->json || step->state == CHANGE_OPEN || step->state == CHANGE_PLANNED || (c->bar && step->state == CHANGE_DONE))
        return;
    clear_bar(c);
    change_print_step(step, &line);
    print(&line);
    fflush(stdout);
    buf_done(&line);
}

static void on_progress(void *ctx, const struct apply_progress *p)
{
    struct changing *c = ctx;
    char counts[160], line[300];

    if (!c->bar)
        return;
    snprintf(line, sizeof(line), "%zu of %zu servers: %s%s", p->servers_ended, p->servers,
             change_counts(p->counts, counts, sizeof(counts)), p->stopping ? "; stopping" : "");
    clear_bar(c);
    fputs(line, stderr);
    c->drawn = text_width(line);
}

static void take_results(void *ctx, const struct change_step *steps, size_t count)
{
    struct changing *c = ctx;

    for (size_t i = 0; c->json && i < count; i++) {
        add_element(&c->results);
        change_json_step(c->change, &steps[i], &c->results);
    }
}

static struct change_run how_of(struct changing *c)
{
    struct change_run how = { .store = c->store, .options = &c->cli->options, .ssh_config = c->cli->flags[FLAG_SSH_CONFIG],
                              .signal_fd = c->signal_fd, .ask = cli_can_ask() ? ask_host : NULL, .step = on_step,
                              .progress = on_progress, .ctx = c };

    how.limits.stop_after = (int)c->stop_after;
    how.limits.per_server = (int)c->per_server;
    return how;
}

/* What an interrupted change left open is read first: a plan on top of it would be built on sand. */
static bool settle_first(struct changing *c, struct err *err)
{
    struct change_run how = how_of(c);
    struct apply_progress progress;
    size_t needed = 0;
    char counts[160];

    if (!change_settle_needed(c->store, &needed, err))
        return false;
    if (needed == 0)
        return true;
    how.step = NULL;
    how.limits.stop_after = 0;
    cli_note("settling %zu change%s that ended processes left open", needed, needed != 1 ? "s" : "");
    if (!change_run_settle(&how, &progress, err))
        return false;
    clear_bar(c);
    cli_note("settled: %s", change_counts(progress.counts, counts, sizeof(counts)));
    return true;
}

static int status_of(const struct apply_progress *p, const struct change_plan *plan)
{
    struct plan_totals t;

    change_plan_totals(plan, &t);
    return p->counts[CHANGE_FAILED] + p->counts[CHANGE_CONFLICT] + p->counts[CHANGE_UNKNOWN] + p->counts[CHANGE_OPEN] +
                           (p->stopping ? p->counts[CHANGE_SKIPPED] : 0) + (int64_t)(t.refused + t.changed_since) > 0
               ? STATUS_PARTIAL
               : STATUS_DONE;
}

/* What a plan that is applied without a look leaves alone, and why. */
static void show_left_alone(struct changing *c)
{
    struct change_plan *notes = change_plan_copy(c->plan);
    struct buf out = { 0 };
    size_t kept = 0;

    change_plan_drop(notes, 0, NULL, NULL);
    for (size_t i = 0; i < notes->note_count; i++)
        if (notes->notes[i].kind == PLAN_REFUSED || notes->notes[i].kind == PLAN_CHANGED_SINCE)
            notes->notes[kept++] = notes->notes[i];
    notes->note_count = kept;
    change_print_plan(notes, &out);
    print(&out);
    fflush(stdout);
    buf_done(&out);
    change_plan_free(notes);
}

static int apply(struct changing *c)
{
    struct change_run how = how_of(c);
    struct apply_progress progress = { 0 };
    struct err err = { 0 };
    char counts[160];
    bool ok;

    c->bar = !c->json && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
    if (!c->json && c->cli->flags[FLAG_YES])
        show_left_alone(c);
    ok = change_run_plan(&how, c->plan, c->tool, take_results, &progress, &err);
    clear_bar(c);
    if (c->json) {
        json_notes(c->plan, &c->results);
        end_array(&c->results);
        print(&c->results);
    }
    if (progress.change != 0)
        fprintf(c->json ? stderr : stdout, "change %lld: %s\n", (long long)progress.change,
                change_counts(progress.counts, counts, sizeof(counts)));
    if (!ok)
        return cli_fail(&err);
    return cli_flush(status_of(&progress, c->plan));
}

/* ------------------------------------------------------------------ what is done with a plan */
static int dry_run(struct changing *c)
{
    if (!c->json) {
        show_plan(c);
        return cli_flush(STATUS_DONE);
    }
    json_plan(c->plan, &c->results);
    json_notes(c->plan, &c->results);
    end_array(&c->results);
    print(&c->results);
    return cli_flush(STATUS_DONE);
}

static int save(struct changing *c)
{
    struct err err = { 0 };
    char text[300];

    if (!change_plan_save(c->plan, c->cli->flags[FLAG_SAVE], &err))
        return cli_fail(&err);
    cli_note("%s; saved in %s", change_plan_summary(c->plan, text, sizeof(text)), c->cli->flags[FLAG_SAVE]);
    return STATUS_DONE;
}

static int nothing(struct changing *c)
{
    struct plan_totals t;

    change_plan_totals(c->plan, &t);
    if (c->json)
        dry_run(c);
    else
        show_plan(c);
    return cli_flush(t.refused + t.changed_since > 0 ? STATUS_PARTIAL : STATUS_DONE);
}

static int finish(struct changing *c)
{
    struct err err = { 0 };

    if (!cautions_load(c->store, &c->cautions, &err))
        return cli_fail(&err);
    if (c->cli->flags[FLAG_DRY_RUN])
        return dry_run(c);
    if (c->cli->flags[FLAG_SAVE])
        return save(c);
    if (c->plan->count == 0)
        return nothing(c);
    if (c->cli->flags[FLAG_YES])
        return apply(c);
    if (!cli_can_ask())
        return cli_usage(c->cli, "nobody can be asked here: --dry-run shows the plan, --yes applies it");
    show_plan(c);
    if (!confirm(c)) {
        cli_note("nothing was sent");
        return STATUS_ERROR;
    }
    return apply(c);
}

/* ------------------------------------------------------------------ beginning */
static bool flags_fit(struct changing *c, int *status)
{
    static const enum flag only_one[] = { FLAG_DRY_RUN, FLAG_SAVE, FLAG_YES };
    enum listing_format format = LISTING_TABLE;
    struct err err = { 0 };
    int given = 0;

    for (size_t i = 0; i < COUNT(only_one); i++)
        given += c->cli->flags[only_one[i]] != NULL;
    if (given > 1)
        *status = cli_usage(c->cli, "--dry-run, --yes and --save exclude each other");
    else if (!cli_number(c->cli, FLAG_STOP_AFTER, 1, INT_MAX, &c->stop_after, &err) ||
             !cli_number(c->cli, FLAG_PER_SERVER, 1, 64, &c->per_server, &err))
        *status = cli_fail(&err);
    else if (c->cli->flags[FLAG_FORMAT] && !listing_format_parse(c->cli->flags[FLAG_FORMAT], &format, &err))
        *status = cli_fail(&err);
    else if (format != LISTING_TABLE && format != LISTING_JSON)
        *status = cli_usage(c->cli, "changes have the formats table and json");
    else
        *status = STATUS_DONE;
    c->json = format == LISTING_JSON;
    return *status == STATUS_DONE;
}

static bool begin(struct changing *c, struct cli *cli, const char *tool, enum store_mode mode, int *status)
{
    struct err err = { 0 };

    *c = (struct changing){ .cli = cli, .tool = tool, .signal_fd = -1 };
    if (!flags_fit(c, status))
        return false;
    if (!cli_store(cli, mode, &c->store, &err)) {
        *status = cli_fail(&err);
        return false;
    }
    if (mode == STORE_WRITE)
        c->signal_fd = cli_signal_fd();
    return true;
}

static int end(struct changing *c, int status)
{
    change_plan_free(c->plan);
    cautions_done(&c->cautions);
    status = cli_store_done(c->store, status);
    buf_done(&c->results);
    if (c->signal_fd >= 0)
        close(c->signal_fd);
    return status;
}

static bool sends(const struct cli *cli)
{
    return !cli->flags[FLAG_DRY_RUN] && !cli->flags[FLAG_SAVE];
}

/* A plan from edits of the rows that query chooses. */
static bool plan_from(struct changing *c, const struct object_type *object, const char *text,
                      const struct change_edit *edits, size_t count, int *status)
{
    struct change_targets *targets = NULL;
    struct query query = { 0 };
    struct err err = { 0 };
    struct list_spec spec = { .object = object };
    size_t at = 0;
    bool ok;

    c->plan = change_plan_new();
    if (!query_compile(object, text, &query, &at, &err)) {
        *status = cli_bad_query(text, at, &err);
        return false;
    }
    spec.where = buf_at(&query.where);
    spec.params = query.params;
    spec.param_count = query.param_count;
    ok = (!sends(c->cli) || settle_first(c, &err)) && change_targets_list(c->store, &spec, &targets, &err);
    query_done(&query);
    ok = ok && change_plan_edit(c->plan, targets, edits, count, &err);
    if (ok && change_targets_count(targets) == 0)
        cli_note("no %s matches: %s", object->noun, text);
    change_targets_free(targets);
    if (!ok)
        *status = cli_fail(&err);
    return ok;
}

/* ------------------------------------------------------------------ set, scope, exclusion */
int cli_run_set(struct cli *cli)
{
    const struct object_type *object = catalog_find(cli->args[0]);
    struct changing c;
    struct arena arena = { 0 };
    struct change_edit *edits = arena_alloc(&arena, (size_t)cli->arg_count * sizeof(*edits));
    struct err err = { 0 };
    int status;

    if (object == NULL)
        return cli_usage(cli, "there are no \"%s\" that could be changed", cli->args[0]);
    if (!begin(&c, cli, "set", STORE_WRITE, &status))
        return status;
    status = STATUS_DONE;
    for (int i = 2; status == STATUS_DONE && i < cli->arg_count; i++)
        if (!change_edit_parse(object, cli->args[i], &arena, &edits[i - 2], &err))
            status = cli_fail(&err);
    if (status == STATUS_DONE && plan_from(&c, object, cli->args[1], edits, (size_t)cli->arg_count - 2, &status))
        status = finish(&c);
    arena_done(&arena);
    return end(&c, status);
}

static int set_state(struct cli *cli, const char *text, const char *tool)
{
    struct changing c;
    struct change_edit edit = { .how = EDIT_SET, .object = &catalog_scopes, .text = text,
                                .property = catalog_property(&catalog_scopes, "state") };
    char *query = cli_join(cli, 0);
    int status;

    if (begin(&c, cli, tool, STORE_WRITE, &status)) {
        if (plan_from(&c, &catalog_scopes, query, &edit, 1, &status))
            status = finish(&c);
        end(&c, status);
    }
    free(query);
    return status;
}

int cli_run_scope_activate(struct cli *cli)
{
    return set_state(cli, "active", "scope activate");
}

int cli_run_scope_deactivate(struct cli *cli)
{
    return set_state(cli, "inactive", "scope deactivate");
}

static int edit_exclusions(struct cli *cli, struct change_edit edit, const char *tool)
{
    struct changing c;
    int status;

    edit.object = &catalog_exclusions;
    edit.property = -1;
    if (!begin(&c, cli, tool, STORE_WRITE, &status))
        return status;
    if (plan_from(&c, &catalog_scopes, cli->args[0], &edit, 1, &status))
        status = finish(&c);
    return end(&c, status);
}

int cli_run_exclusion_add(struct cli *cli)
{
    return edit_exclusions(cli, (struct change_edit){ .how = EDIT_ROW_ADD, .text = cli->args[1] }, "exclusion add");
}

int cli_run_exclusion_remove(struct cli *cli)
{
    return edit_exclusions(cli, (struct change_edit){ .how = EDIT_ROW_REMOVE, .find = cli->args[1] }, "exclusion remove");
}

int cli_run_exclusion_replace(struct cli *cli)
{
    return edit_exclusions(cli, (struct change_edit){ .how = EDIT_ROW_REPLACE, .find = cli->args[1], .text = cli->args[2] },
                           "exclusion replace");
}

/* ------------------------------------------------------------------ apply */
int cli_run_apply(struct cli *cli)
{
    struct changing c;
    struct err err = { 0 };
    int status;
    bool ok;

    if (!begin(&c, cli, "apply", STORE_WRITE, &status))
        return status;
    ok = (!sends(cli) || settle_first(&c, &err)) &&
         (strcmp(cli->args[0], "pending") == 0 ? change_pending_load(c.store, &c.plan, &err)
                                               : change_plan_read(c.store, cli->args[0], &c.plan, &err));
    return end(&c, ok ? finish(&c) : cli_fail(&err));
}

/* ------------------------------------------------------------------ change list, show */
static bool list_one(void *ctx, const struct change_info *info)
{
    struct changing *c = ctx;
    struct buf line = { 0 };

    if (c->json) {
        add_element(&c->results);
        change_json_info(info, &c->results);
        return true;
    }
    change_print_info(info, &line);
    print(&line);
    buf_done(&line);
    c->shown++;
    return true;
}

int cli_run_change_list(struct cli *cli)
{
    struct changing c;
    struct err err = { 0 };
    int status;

    if (!begin(&c, cli, "", STORE_READ, &status))
        return status;
    if (!journal_list(c.store, list_one, &c, &err)) {
        status = cli_fail(&err);
    } else if (c.json) {
        end_array(&c.results);
        print(&c.results);
    } else if (c.shown == 0) {
        cli_note("no changes yet");
    }
    return end(&c, cli_flush(status));
}

static bool read_id(struct cli *cli, change_id *out, int *status)
{
    char *rest;

    *out = strtoll(cli->args[0], &rest, 10);
    if (*rest == '\0' && *out > 0)
        return true;
    *status = cli_usage(cli, "\"%s\" is no number of a change; `ipamtui change list` has them", cli->args[0]);
    return false;
}

static void show_change(struct changing *c, const struct change_info *info, const struct change_step *steps, size_t count)
{
    struct buf out = { 0 };

    if (!c->json)
        change_print_info(info, &out);
    for (size_t i = 0; i < count; i++) {
        if (c->json) {
            add_element(&out);
            change_json_step(info->id, &steps[i], &out);
        } else {
            buf_addf(&out, "%5d  ", steps[i].no);
            change_print_step(&steps[i], &out);
        }
    }
    if (c->json)
        end_array(&out);
    print(&out);
    buf_done(&out);
}

int cli_run_change_show(struct cli *cli)
{
    struct arena arena = { 0 };
    struct change_step *steps;
    struct change_info info;
    struct changing c;
    struct err err = { 0 };
    change_id id;
    size_t count;
    int status;

    if (!read_id(cli, &id, &status) || !begin(&c, cli, "", STORE_READ, &status))
        return status;
    if (journal_info(c.store, id, &arena, &info, &err) && journal_steps(c.store, id, &arena, &steps, &count, NULL, &err))
        show_change(&c, &info, steps, count);
    else
        status = cli_fail(&err);
    arena_done(&arena);
    return end(&c, cli_flush(status));
}

/* ------------------------------------------------------------------ change retry, undo, settle */
/* "3,7-9". */
static bool read_steps(const char *text, int **out, size_t *count, struct err *err)
{
    size_t cap = 0;

    *out = NULL;
    *count = 0;
    while (*text != '\0') {
        char *rest;
        long first = strtol(text, &rest, 10), last = first;

        if (*rest == '-')
            last = strtol(rest + 1, &rest, 10);
        if (rest == text || first < 1 || last < first || last - first > 1000000 || (*rest != ',' && *rest != '\0')) {
            free(*out);
            return err_set(err, ERR_INPUT, "--steps", "\"%s\" is no list of steps like 3,7-9", text);
        }
        for (long i = first; i <= last; i++) {
            x_grow(out, &cap, *count + 1, sizeof(**out));
            (*out)[(*count)++] = (int)i;
        }
        text = *rest == ',' ? rest + 1 : rest;
    }
    return true;
}

typedef bool plan_after_fn(struct store *store, change_id change, const int *only, size_t only_count,
                           struct change_plan **out, struct err *err);

static int run_after(struct cli *cli, plan_after_fn *make, const char *tool)
{
    struct changing c;
    struct err err = { 0 };
    int *only = NULL;
    size_t count = 0;
    change_id id;
    int status;

    if (!read_id(cli, &id, &status) || !begin(&c, cli, tool, STORE_WRITE, &status))
        return status;
    if ((cli->flags[FLAG_STEPS] && !read_steps(cli->flags[FLAG_STEPS], &only, &count, &err)) ||
        (sends(cli) && !settle_first(&c, &err)) || !make(c.store, id, only, count, &c.plan, &err))
        status = cli_fail(&err);
    else
        status = finish(&c);
    free(only);
    return end(&c, status);
}

int cli_run_change_undo(struct cli *cli)
{
    return run_after(cli, change_plan_undo, "undo");
}

int cli_run_change_retry(struct cli *cli)
{
    return run_after(cli, cli->flags[FLAG_CONFLICTS] ? change_plan_retry_conflicts : change_plan_retry, "retry");
}

int cli_run_change_settle(struct cli *cli)
{
    struct changing c;
    struct err err = { 0 };
    size_t needed = 0;
    int status;

    if (!begin(&c, cli, "settle", STORE_WRITE, &status))
        return status;
    if (!settle_first(&c, &err) || !change_settle_needed(c.store, &needed, &err))
        return end(&c, cli_fail(&err));
    if (needed > 0)
        cli_note("%zu change%s with steps that could not be read yet", needed, needed != 1 ? "s" : "");
    return end(&c, needed > 0 ? STATUS_PARTIAL : STATUS_DONE);
}
