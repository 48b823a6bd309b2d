#include "cli/round.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/ask.h"
#include "ipamtui/clock.h"
#include "ipamtui/text.h"

#define BAR_CELLS 24

void round_clear_bar(struct round *r)
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
    round_clear_bar(r);
    fputs(line, stderr);
    r->drawn = text_width(line);
}

static void answer(struct round *r, const struct note *note)
{
    struct cli_answers answers;
    round_clear_bar(r);
    bool ok = cli_ask(&note->ask, r->signal_fd, &answers);
    collector_answer(r->collector, note->ask_id, ok ? answers.list : NULL);
    cli_answers_wipe(&answers);
}

static void take_note(struct round *r, const struct note *note)
{
    if (note->kind == NOTE_ASK)
        answer(r, note);
    if (note->kind == NOTE_FAULT) {
        round_clear_bar(r);
        cli_fail(&note->err);
    }
    if (note->job != r->job)
        return;
    if (note->kind != NOTE_ANSWER)
        r->total = note->total; /* a server that was named twice counts once */
    if (note->kind == NOTE_ROUND) {
        r->running = note->running;
        char about[300];
        snprintf(about, sizeof(about), "%s %s", note->server_name, note->text);
        draw_bar(r, about);
    } else if (note->kind == NOTE_SERVER) {
        r->ok += note->ok;
        r->failed += !note->ok;
        r->take(r, note);
        draw_bar(r, note->server_name);
    } else if (note->kind == NOTE_ANSWER) {
        r->take(r, note);
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
    round_clear_bar(r);
}

bool round_run(struct cli *cli, struct round *r, const server_id *ids, size_t count, struct err *err)
{
    struct collector_options how = { .db_path = cli->db_path, .ssh_config = cli->flags[FLAG_SSH_CONFIG],
                                     .interactive = cli_can_ask() };
    bool ok;
    r->total = count;
    r->bar = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
    r->started_ms = clock_mono_ms();
    r->signal_fd = cli_signal_fd();
    r->notes = mailbox_new();
    ok = collector_start(&how, &cli->options, r->notes, &r->collector, err);
    if (ok) {
        r->job = r->start(r, ids, count);
        follow(r);
        collector_stop(r->collector);
    }
    mailbox_free(r->notes, free);
    close(r->signal_fd);
    return ok;
}

int round_status(const struct round *r)
{
    return r->ok == r->total ? STATUS_DONE : STATUS_PARTIAL;
}
