/* ui.c - the console's loop: keys, signals and messages in, one frame per turn out. */
#include "ipamtui/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "changes.h"
#include "ipamtui/clock.h"
#include "page.h"
#include "screen.h"

/* After a prefix key, the box with what may follow. */
#define PENDING_MS 300

static int signal_pipe[2] = { -1, -1 };

static void on_signal(int sig)
{
    unsigned char byte = (unsigned char)sig;
    int saved = errno;
    ssize_t n = write(signal_pipe[1], &byte, 1); /* full pipe: a wake-up is already on its way */

    (void)n;
    errno = saved;
}

static const int caught[] = { SIGWINCH, SIGHUP, SIGTERM, SIGINT, SIGCONT, SIGTSTP };

static bool catch_signals(struct sigaction old[COUNT(caught)], struct err *err)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_errno(err, "signals", "cannot make a pipe");
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT(caught); i++)
        sigaction(caught[i], &action, &old[i]);
    return true;
}

static void restore_signals(struct sigaction old[COUNT(caught)])
{
    for (size_t i = 0; i < COUNT(caught); i++)
        sigaction(caught[i], &old[i], NULL);
    close(signal_pipe[0]);
    close(signal_pipe[1]);
    signal_pipe[0] = signal_pipe[1] = -1;
}

static void take_signals(void *ctx, int fd, short revents)
{
    struct ui *ui = ctx;
    unsigned char bytes[64];
    ssize_t n = read(fd, bytes, sizeof bytes);

    (void)revents;
    for (ssize_t i = 0; i < n; i++) {
        switch (bytes[i]) {
        case SIGHUP:
        case SIGTERM: ui->quit = true; break;
        case SIGINT: ui_key(ui, K_CTRL('c')); break;
        case SIGTSTP: screen_suspend(); break;
        case SIGCONT: screen_redraw(); /* fall through */
        case SIGWINCH: screen_resized(); break;
        }
    }
    ui_dirty(ui);
}

/* ------------------------------------------------------------------ keys */

static void pending_timeout(void *ctx)
{
    struct ui *ui = ctx;

    ui->pending_box = ui->pending_count > 0;
    ui_dirty(ui);
}

static void pending_clear(struct ui *ui)
{
    ui->pending_count = 0;
    ui->pending_box = false;
    loop_timer_stop(&ui->pending_timer);
}

static void unknown_keys(struct ui *ui)
{
    char keys[64], help[32];

    keys_title(ui->pending, ui->pending_count, keys, sizeof keys);
    keytable_keys_of(&ui->keys, ui_pane(ui)->ops->name, "help", help, sizeof help);
    ui_say(ui, LOOK_NORMAL, "%s: no command has this key here (%s shows all)", keys, help[0] ? help : ":help");
}

static void pane_key(struct ui *ui, int key)
{
    const struct key_entry *found = NULL;

    if (ui->pending_count > 0 && key == K_ESC) {
        pending_clear(ui);
        return;
    }
    ui->pending[ui->pending_count++] = key;
    switch (keytable_find(&ui->keys, ui_pane(ui)->ops->name, ui->pending, ui->pending_count, &found)) {
    case KEYS_FOUND:
        pending_clear(ui);
        ui_run_line(ui, found->binding->run);
        return;
    case KEYS_PREFIX:
        if (ui->pending_count < KEYS_MAX) {
            loop_timer_in(ui->loop, &ui->pending_timer, PENDING_MS, pending_timeout, ui);
            return;
        }
        /* fall through */
    default:
        if (ui->pending_count > 1 && key == '?') {
            pending_clear(ui);
            ui_help(ui, "");
            return;
        }
        unknown_keys(ui);
        pending_clear(ui);
    }
}

/* A second click on a spot opens it. */
static void click_page(struct ui *ui, struct page *page, const struct mouse_event *event)
{
    bool was_there = false;

    if (event->button >= 4)
        page_move(page, event->button == 4 ? -3 : 3);
    else if (event->button == 1 && page_click(page, ui->layout.list, event->y, event->x, &was_there) && (was_there || event->doubled))
        ui_run_line(ui, "open");
}

static void click(struct ui *ui)
{
    const struct mouse_event *event = screen_mouse_event();
    struct table *table = ui_table(ui);
    const struct layout *l = &ui->layout;
    size_t place;

    if (ui->overlay || l->too_small)
        return;
    if (event->button == 1 && l->bar.h && event->y == l->bar.y) {
        ui_run_line(ui, "menu");
        return;
    }
    if (ui_page(ui)) {
        click_page(ui, ui_page(ui), event);
        return;
    }
    if (ui_pane(ui)->ops->canvas) { /* it moves by its own commands */
        for (int i = 0; event->button >= 4 && i < 3; i++)
            ui_run_line(ui, event->button == 4 ? "cursor-up" : "cursor-down");
        if (event->button == 1 && ui_pane(ui)->ops->canvas->click && ui_pane(ui)->ops->canvas->click(ui, event->y - l->list.y))
            ui_run_line(ui, "open");
        return;
    }
    if (event->button >= 4) {
        table_move(table, event->button == 4 ? -3 : 3);
        ui_preview_moved(ui);
        return;
    }
    if (event->button != 1)
        return;
    if (l->head.h && event->y == l->head.y && event->x < l->head.x + l->head.w) {
        int column = table_column_at(table, l->list, event->x);

        if (column >= 0) {
            char line[128];
            int property = table->columns[column].property;
            bool again = table->key_count > 0 && table->keys[0].property == property && !table->keys[0].descending;

            snprintf(line, sizeof line, "sort %s%s", table->ops->object->properties[property].name, again ? "-" : "");
            ui_run_line(ui, line);
        }
        return;
    }
    place = event->x < l->list.x + l->list.w ? table_place_at(table, l->list, event->y) : SIZE_MAX;
    if (place == SIZE_MAX)
        return;
    table_go(table, place);
    ui_preview_moved(ui);
    if (event->doubled)
        ui_run_line(ui, "open");
}

void ui_key(struct ui *ui, int key)
{
    ui_dirty(ui);
    if (key == K_EOF) {
        ui->quit = true;
        return;
    }
    if (key == K_RESIZE) /* curses' own echo of resizeterm(): SIGWINCH has done it already */
        return;
    if (key == K_MOUSE) {
        click(ui);
        return;
    }
    if (ui->layout.too_small && key != K_CTRL('c') && key != 'Q' && key != K_CTRL('l'))
        return; /* what cannot be seen is not edited */
    if (ui->overlay) {
        ui->overlay->ops->key(ui, ui->overlay, key);
        return;
    }
    ui->message[0] = '\0';
    if (key == K_PASTE) {
        ui_say(ui, LOOK_NORMAL, "Pasted text is only taken in prompts: press : or / first");
        return;
    }
    pane_key(ui, key);
}

static void take_keys(void *ctx, int fd, short revents)
{
    struct ui *ui = ctx;
    int key;

    (void)fd;
    if (revents & (POLLHUP | POLLERR | POLLNVAL)) {
        ui->quit = true;
        return;
    }
    while (!ui->quit && (key = screen_key()) != K_NONE) {
        if (ui->drop_keys && key != K_EOF)
            continue;
        ui_key(ui, key);
    }
}

/* ------------------------------------------------------------------ overlays */

void ui_push(struct ui *ui, struct overlay *overlay)
{
    overlay->below = ui->overlay;
    ui->overlay = overlay;
    if (overlay->ops->guarded)
        ui->drop_keys = true;
    pending_clear(ui);
    ui_dirty(ui);
}

void ui_push_below(struct ui *ui, struct overlay *overlay)
{
    struct overlay *lowest = ui->overlay;

    if (!lowest) {
        ui_push(ui, overlay);
        return;
    }
    while (lowest->below)
        lowest = lowest->below;
    lowest->below = overlay;
    ui_dirty(ui);
}

void ui_drop(struct ui *ui, struct overlay *overlay)
{
    for (struct overlay **at = &ui->overlay; *at; at = &(*at)->below) {
        if (*at == overlay) {
            *at = overlay->below;
            overlay->ops->done(ui, overlay);
            break;
        }
    }
    ui_dirty(ui);
}

/* ------------------------------------------------------------------ the loop */

struct pane_state *ui_pane(struct ui *ui)
{
    return &ui->panes[ui->pane];
}

struct page *ui_page(struct ui *ui)
{
    const struct pane_canvas *canvas = ui_pane(ui)->ops->canvas;

    return canvas && canvas->page ? canvas->page(ui) : NULL;
}

struct table *ui_table(struct ui *ui)
{
    return &ui->panes[ui->pane].table;
}

void ui_dirty(struct ui *ui)
{
    ui->dirty = true;
}

static void reload_due(void *ctx)
{
    struct ui *ui = ctx;

    if (ui_table(ui)->reload_wanted) {
        table_reload(ui_table(ui), clock_mono_ms());
        ui_know_total(ui, true);
    }
    ui_dirty(ui);
}

/* A reload that had to wait comes when the cursor has rested and the last list is whole; and no more often than a list
 * takes to make, four times over, so that a busy retrieval does not keep the worker sorting. */
static void plan_reload(struct ui *ui)
{
    struct table *table = ui_table(ui);
    int64_t now = clock_mono_ms(), due = table_reload_due(table, now);

    if (due < 0)
        loop_timer_stop(&ui->reload_timer);
    else if (ui->reload_timer.place == 0)
        loop_timer_at(ui->loop, &ui->reload_timer, MAX(due, now + 4 * view_cost_ms(table->view)), reload_due, ui);
}

static void take_answers(void *ctx, int fd, short revents)
{
    struct ui *ui = ctx;

    (void)fd;
    (void)revents;
    view_worker_turn(ui->worker);
    if (view_worker_fault(ui->worker)->kind != ERR_NONE)
        ui_error(ui, view_worker_fault(ui->worker));
    if (table_sync(ui_table(ui)))
        ui_dirty(ui);
    ui_check_marks(ui);
    ui_preview_moved(ui);
}

static void take_errands(void *ctx, int fd, short revents)
{
    struct ui *ui = ctx;

    (void)fd;
    (void)revents;
    view_worker_turn(ui->errands);
    ui_dirty(ui);
}

static void take_programs(void *ctx, int fd, short revents)
{
    struct ui *ui = ctx;

    (void)fd;
    (void)revents;
    view_worker_turn(ui->runner);
    ui_dirty(ui);
}

/* A thread beside the one that reads for the screen, started when it is first needed. */
static struct view_worker *worker_beside(struct ui *ui, struct view_worker **worker, loop_fd_fn *take)
{
    struct err err = { 0 };
    struct thresholds t = { ui->options->over_percent, ui->options->under_percent };

    if (*worker)
        return *worker;
    if (!view_worker_start(ui->how->db_path, t, worker, &err)) {
        ui_error(ui, &err);
        return NULL;
    }
    loop_watch(ui->loop, view_worker_fd(*worker), POLLIN, take, ui);
    return *worker;
}

struct view_worker *ui_errands(struct ui *ui)
{
    return worker_beside(ui, &ui->errands, take_errands);
}

struct errand {
    struct ui *ui;
    view_work_fn *work;
    view_done_fn *done;
    void *ctx;
    bool store; /* work gets one that may write */
};

static bool errand_work(struct store *reading, void *ctx, struct err *err)
{
    const struct errand *errand = ctx;
    const struct options *options = errand->ui->options;
    struct store *store;
    bool ok;

    (void)reading;
    if (!errand->store)
        return errand->work(NULL, errand->ctx, err);
    if (!store_open(errand->ui->how->db_path, STORE_WRITE, &store, err))
        return false;
    store_set_thresholds(store, (struct thresholds){ options->over_percent, options->under_percent });
    ok = errand->work(store, errand->ctx, err);
    store_close(store);
    return ok;
}

static void errand_done(void *ctx, bool ok, const struct err *err)
{
    struct errand *errand = ctx;

    if (!ok)
        ui_not_kept(errand->ui, err);
    errand->done(errand->ctx, ok, err);
    free(errand);
}

static void owe(struct ui *ui, bool store, view_work_fn *work, view_done_fn *done, void *ctx)
{
    struct view_worker *errands = ui_errands(ui);
    struct errand *errand = x_alloc(sizeof *errand);

    *errand = (struct errand){ ui, work, done, ctx, store };
    if (errands)
        view_worker_owe(errands, errand_work, errand_done, errand);
    else
        errand_done(errand, false, &(struct err){ .kind = ERR_CANCELLED });
}

void ui_errand_write(struct ui *ui, view_work_fn *write, view_done_fn *done, void *ctx)
{
    owe(ui, true, write, done, ctx);
}

void ui_errand_file(struct ui *ui, view_work_fn *write, view_done_fn *done, void *ctx)
{
    owe(ui, false, write, done, ctx);
}

void ui_not_kept(struct ui *ui, const struct err *err)
{
    if (ui->leaving && ui->not_kept.kind == ERR_NONE && err->kind != ERR_CANCELLED)
        ui->not_kept = *err;
}

struct view_worker *ui_runner(struct ui *ui)
{
    return worker_beside(ui, &ui->runner, take_programs);
}

static void take_notes(void *ctx, int fd, short revents)
{
    (void)fd;
    (void)revents;
    ui_notes_turn(ctx);
}

static void minute(void *ctx)
{
    struct ui *ui = ctx;
    int64_t now = clock_now_s();

    ui->now_s = ui->minute_s = now;
    ui_dirty(ui);
    loop_timer_in(ui->loop, &ui->clock_timer, (60 - now % 60) * 1000 + 5, minute, ui);
}

static void run_loop(struct ui *ui)
{
    loop_watch(ui->loop, STDIN_FILENO, POLLIN, take_keys, ui);
    loop_watch(ui->loop, signal_pipe[0], POLLIN, take_signals, ui);
    loop_watch(ui->loop, view_worker_fd(ui->worker), POLLIN, take_answers, ui);
    loop_watch(ui->loop, mailbox_fd(ui->notes), POLLIN, take_notes, ui);
    minute(ui);
    ui_dirty(ui);
    while (!ui->quit) {
        ui_changes_follow(ui);
        if (ui->dirty) {
            ui->dirty = false;
            ui->drop_keys = false;
            ui->now_s = clock_now_s();
            ui_draw(ui);
        }
        plan_reload(ui);
        ui_script_step(ui);
        if (!ui->dirty)
            loop_turn(ui->loop, -1);
    }
}

/* ------------------------------------------------------------------ beginning and end */

static bool has_command(const struct command *rows, size_t count, const char *name)
{
    return command_find(rows, count, name) != NULL;
}

bool ui_knows_command(const char *pane, const char *command, void *ctx)
{
    const struct pane_ops *const *panes = ctx;
    bool pane_known = strcmp(pane, "global") == 0;

    for (size_t i = 0; panes[i]; i++) {
        bool here = strcmp(panes[i]->name, pane) == 0;

        pane_known = pane_known || here;
        if (command && (strcmp(panes[i]->name, command) == 0 ||
                        ((here || strcmp(pane, "global") == 0) &&
                         has_command(panes[i]->commands, panes[i]->command_count, command))))
            return true;
    }
    if (!command)
        return pane_known;
    for (size_t i = 0; ui_command_tables[i]; i++) {
        if (has_command(ui_command_tables[i]->rows, ui_command_tables[i]->count, command))
            return true;
    }
    return false;
}

static bool load_keymap(struct ui *ui, struct err *err)
{
    char *path = keymap_find(ui->options->keymap);
    bool ok;

    if (!path)
        return err_set(err, ERR_INPUT, ui->options->keymap, "no keymap of this name; there are default, vim and emacs, or name a file");
    ok = keymap_load(path, ui_knows_command, (void *)ui->how->panes, &ui->keymap, err);
    free(path);
    if (!ok)
        return false;
    for (size_t i = 0; i < ui->keymap.count; i++) {
        int keys[KEYS_MAX];

        if (keys_parse(ui->keymap.rows[i].keys, keys) < 0)
            return err_set(err, ERR_INPUT, ui->keymap.path, "line %d: \"%s\" cannot be typed on a terminal (at most %d keys)",
                           ui->keymap.rows[i].line, ui->keymap.rows[i].keys, KEYS_MAX);
    }
    keytable_init(&ui->keys, &ui->keymap);
    return true;
}

/* The store is made when it is not there yet, so that the first start shows an empty console instead of an error. */
static bool open_store(struct ui *ui, struct err *err)
{
    struct thresholds t = { ui->options->over_percent, ui->options->under_percent };
    struct store *store;
    bool ok;

    if (!store_open(ui->how->db_path, STORE_WRITE, &store, err))
        return false;
    if (!view_worker_start(ui->how->db_path, t, &ui->worker, err)) {
        store_close(store);
        return false;
    }
    for (size_t i = 0; i < ui->pane_count; i++) {
        table_init(&ui->panes[i].table, ui->panes[i].ops, ui->worker);
        ui->panes[i].table.known = &ui->known;
        ui->panes[i].table.sign = ui_changes_sign;
        ui->panes[i].table.sign_ctx = ui;
    }
    ui_settings_load(ui, store);
    ok = cautions_load(store, &ui->known.cautions, err); /* before anything may be applied; the rest is known when it has been read */
    store_close(store);
    return ok;
}

static bool start_collector(struct ui *ui, struct err *err)
{
    struct collector_options how = { .db_path = ui->how->db_path,
                                     .ssh_config = ui->how->ssh_config,
                                     .interactive = true,
                                     .verify = !ui->how->offline };

    ui->notes = mailbox_new();
    return collector_start(&how, ui->options, ui->notes, &ui->collector, err);
}

static void first_pane(struct ui *ui)
{
    /* "last" is no pane: that of the last session stays. */
    size_t pane = ui_pane_find(ui, ui->how->pane ? ui->how->pane : ui->options->start);

    if (pane != SIZE_MAX)
        ui->pane = pane;
    if (ui->how->filter) {
        free(ui_table(ui)->filter);
        ui_table(ui)->filter = x_strdup(ui->how->filter);
    }
    ui_pane_show(ui, ui->pane);
    ui->last_pane = ui->pane;
}

static void ui_done(struct ui *ui)
{
    ui->leaving = true;
    ui_programs_stop(ui);
    view_worker_stop(ui->runner); /* what a program had said may come up once more */
    while (ui->overlay)
        ui_drop(ui, ui->overlay);
    ui_changes_done(ui);
    collector_stop(ui->collector);
    view_worker_stop(ui->errands);
    if (ui->worker)
        ui_settings_save(ui);
    ui_panes_done(ui);
    view_worker_stop(ui->worker);
    ui_others_stop(ui);
    for (size_t i = 0; ui->how->panes[i]; i++) {
        if (ui->how->panes[i]->canvas && ui->how->panes[i]->canvas->done)
            ui->how->panes[i]->canvas->done(); /* after the worker's last answers */
    }
    ui_notes_done(ui);
    loop_free(ui->loop);
    keytable_done(&ui->keys);
    keymap_done(&ui->keymap);
    preview_done(&ui->preview);
    message_log_done(&ui->log);
    edit_history_done(&ui->command_history);
    edit_history_done(&ui->filter_history);
    edit_history_done(&ui->find_history);
    edit_history_done(&ui->pipe_history);
    free(ui->filter_before);
    free(ui->script);
}

/* Keymap or database cannot be used: an error, no wrong usage of the command line. */
static bool open_files(struct ui *ui, struct err *err)
{
    bool ok = load_keymap(ui, err) && open_store(ui, err);

    if (!ok && err->kind == ERR_INPUT)
        err->kind = ERR_IO;
    return ok;
}

/* Refuses a first pane that does not exist, with the names of those that do. */
static bool check_pane(const struct ui *ui, enum err_kind kind, const char *where, const char *pane, struct err *err)
{
    struct buf names = { 0 };

    if (ui_pane_find(ui, pane) != SIZE_MAX)
        return true;
    for (size_t i = 0; i < ui->pane_count; i++)
        buf_addf(&names, "%s%s", i ? ", " : "", ui->panes[i].ops->name);
    err_set(err, kind, where, "there is no pane \"%s\"; there are %s", pane, buf_at(&names));
    buf_done(&names);
    return false;
}

static bool prepare(struct ui *ui, struct err *err)
{
    if (ui->how->pane && !check_pane(ui, ERR_INPUT, "--pane", ui->how->pane, err))
        return false;
    if (strcmp(ui->options->start, "last") != 0 && !check_pane(ui, ERR_IO, "start in ipamtui.conf", ui->options->start, err))
        return false;
    return (!ui->how->script || ui_script_load(ui, ui->how->script, err)) && open_files(ui, err);
}

bool ui_run(const struct ui_options *how, struct err *err)
{
    struct ui ui = { .how = how, .options = how->options, .wish = { .preview = PREVIEW_NORMAL } };
    struct sigaction old[COUNT(caught)];
    bool ok = false, signals = false;

    while (how->panes[ui.pane_count])
        ui.pane_count++;
    ui.panes = x_calloc(ui.pane_count, sizeof *ui.panes);
    for (size_t i = 0; i < ui.pane_count; i++)
        ui.panes[i].ops = how->panes[i];
    if (ui_pane_find(&ui, "servers") != SIZE_MAX)
        ui.pane = ui_pane_find(&ui, "servers"); /* until the last session or an option says otherwise */
    ui.loop = loop_new();
    ui.now_s = clock_now_s();
    if (!prepare(&ui, err) || !catch_signals(old, err))
        goto done;
    signals = true;
    if (!screen_open(ui.options, err))
        goto done;
    ui.wish.footer = strcmp(ui.options->footer, "off") != 0;
    ui.wish.no_split = ui.options->accessible;
    first_pane(&ui);
    /* The first frame is drawn before the collector starts: it must not wait for anything. */
    ui_draw(&ui);
    if (!start_collector(&ui, err) || !ui_changes_start(&ui, err))
        goto done;
    if (!how->offline && ui.options->retrieve_on_start)
        ui_retrieve(&ui, NULL, 0, NULL, WHAT_DEFAULT, JOB_START);
    ui_cache_age(&ui);
    ui_others_start(&ui);
    run_loop(&ui);
    ok = true;
done:
    screen_close();
    ui_done(&ui);
    if (signals)
        restore_signals(old);
    if (ok && ui.not_kept.kind != ERR_NONE) {
        *err = ui.not_kept;
        err->kind = ERR_IO; /* whatever it was: the command line was right */
        return err_wrap(err, "not everything could be kept when the console was left");
    }
    return ok;
}
