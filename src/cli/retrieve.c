#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "ipamtui/clock.h"
#include "ipamtui/collect.h"
#include "ipamtui/text.h"

#define BAR_CELLS 24

/* A round as it is seen from here. */
struct round {
    struct collector *collector;
    struct mailbox *notes;
    int signal_fd;
    uint64_t job;
    bool bar;       /* a terminal: one line that is drawn over */
    bool over, cancelled;
    size_t total, ok, failed, running;
    int64_t started_ms;
    int drawn;      /* cells of the bar's line */
};

static void clear_bar(struct round *r)
{
    if (r->drawn)
        fprintf(stderr, "\r%*s\r", r->drawn, "");
    r->drawn = 0;
}

static void draw_bar(struct round *r, const char *about)
{
    if (!r->bar)
        return;
    char line[256], shown[128];
    size_t over = r->ok + r->failed;
    int full = r->total ? (int)(over * BAR_CELLS / r->total) : 0;
    int width = cli_terminal_width();
    snprintf(line, sizeof(line), "[%.*s%.*s] %zu/%zu", full, "########################", BAR_CELLS - full,
             "------------------------", over, r->total);
    size_t len = strlen(line);
    if (r->failed)
        len += (size_t)snprintf(line + len, sizeof(line) - len, ", %zu failed", r->failed);
    snprintf(line + len, sizeof(line) - len, "  %llds  %s", (long long)(clock_mono_ms() - r->started_ms) / 1000,
             text_printable(about, shown, sizeof(shown)));
    line[text_fit(line, width > 1 ? width - 1 : 79, NULL)] = '\0';
    clear_bar(r);
    fputs(line, stderr);
    r->drawn = text_width(line);
}

static void server_done(struct round *r, const struct note *note)
{
    char name[128], text[512];
    r->ok += note->ok;
    r->failed += !note->ok;
    text_printable(note->server_name, name, sizeof(name));
    text_printable(note->text[0] || note->ok ? note->text : note->err.text, text, sizeof(text));
    if (r->bar && note->ok)
        return;
    clear_bar(r);
    printf("%-20s %-8s %s\n", name, note->ok ? "done" : "failed", text);
    fflush(stdout);
}

static void answer(struct round *r, const struct note *note)
{
    struct cli_answers answers;
    clear_bar(r);
    bool ok = cli_ask(&note->ask, r->signal_fd, &answers);
    collector_answer(r->collector, note->ask_id, ok ? answers.list : NULL);
    cli_answers_wipe(&answers);
}

static void take_note(struct round *r, const struct note *note)
{
    if (note->kind == NOTE_ASK)
        answer(r, note);
    if (note->kind == NOTE_FAULT) {
        clear_bar(r);
        cli_fail(&note->err);
    }
    if (note->job != r->job)
        return;
    if (note->kind == NOTE_ROUND) {
        r->running = note->running;
        char about[300];
        snprintf(about, sizeof(about), "%s %s", note->server_name, note->text);
        draw_bar(r, about);
    } else if (note->kind == NOTE_SERVER) {
        server_done(r, note);
        draw_bar(r, note->server_name);
    } else if (note->kind == NOTE_FINISHED) {
        r->over = true;
    }
}

static void take_signal(struct round *r)
{
    struct signalfd_siginfo info;
    if (read(r->signal_fd, &info, sizeof(info)) != sizeof(info))
        return;
    /* The second one does not wait for anything any more. */
    if (r->cancelled)
        r->over = true;
    r->cancelled = true;
    collector_cancel(r->collector, r->job);
}

static void follow(struct round *r)
{
    while (!r->over) {
        struct pollfd fds[2] = { { .fd = mailbox_fd(r->notes), .events = POLLIN },
                                 { .fd = r->signal_fd, .events = POLLIN } };
        if (poll(fds, 2, r->bar ? 1000 : -1) < 0)
            continue;
        if (fds[1].revents)
            take_signal(r);
        for (struct note *note; !r->over && (note = mailbox_get(r->notes));) {
            take_note(r, note);
            free(note);
        }
    }
    clear_bar(r);
}

static int summary(const struct round *r)
{
    size_t left = r->total - MIN(r->total, r->ok + r->failed);
    double seconds = (double)(clock_mono_ms() - r->started_ms) / 1000;
    printf("%zu of %zu server%s in %.1f s", r->ok, r->total, r->total == 1 ? "" : "s", seconds);
    if (r->failed)
        printf(", %zu failed", r->failed);
    if (left)
        printf(", %zu not asked", left);
    printf("%s\n", r->cancelled ? "; cancelled" : "");
    return cli_flush(r->ok == r->total ? STATUS_DONE : STATUS_PARTIAL);
}

static int run_round(struct cli *cli, const server_id *ids, size_t count, unsigned what)
{
    struct err err = { 0 };
    struct round r = { .total = count, .bar = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO),
                       .started_ms = clock_mono_ms() };
    struct collector_options how = { .db_path = cli->db_path, .ssh_config = cli->flags[FLAG_SSH_CONFIG],
                                     .interactive = cli_can_ask() };
    r.signal_fd = cli_signal_fd();
    r.notes = mailbox_new();
    int status;
    if (collector_start(&how, &cli->options, r.notes, &r.collector, &err)) {
        r.job = collector_retrieve(r.collector, ids, count, what);
        follow(&r);
        collector_stop(r.collector);
        status = summary(&r);
    } else {
        status = cli_fail(&err);
    }
    mailbox_free(r.notes, free);
    close(r.signal_fd);
    return status;
}

int cli_run_retrieve(struct cli *cli)
{
    struct err err = { 0 };
    struct store *store = NULL;
    unsigned what = WHAT_DEFAULT;
    if (cli->flags[FLAG_WHAT] && !what_parse(cli->flags[FLAG_WHAT], "--what", &what, &err))
        return cli_fail(&err);
    if (!cli_store(cli, STORE_WRITE, &store, &err))
        return cli_fail(&err);
    server_id *ids = NULL;
    size_t count = 0;
    int status = STATUS_DONE;
    char *query = cli_join(cli, 0);
    bool ok = cli_servers(store, query, &ids, &count, &status);
    store_close(store);
    if (ok && !count)
        cli_note(*query ? "no server matches: %s" : "no servers yet; add them with: ipamtui server add NAME --role "
                                                      "dhcp,dns --address HOST%s", query);
    else if (ok)
        status = run_round(cli, ids, count, what);
    free(ids);
    free(query);
    return status;
}
