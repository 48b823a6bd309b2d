/* collect.c - `collect`: the regular verification without a console, for a systemd unit. */
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ipamtui/clock.h"
#include "ipamtui/collect.h"
#include "ipamtui/text.h"

static void line(const char *who, const char *text)
{
    char when[CLOCK_ISO_SIZE], name[128], shown[512];
    printf("%s %s: %s\n", clock_iso(clock_now_s(), when), text_printable(who, name, sizeof(name)),
           text_printable(text, shown, sizeof(shown)));
    fflush(stdout);
}

static void take_note(const struct note *note)
{
    char text[128];
    if (note->kind == NOTE_FAULT)
        cli_fail(&note->err);
    if (note->kind == NOTE_SERVER && !note->ok)
        line(note->server_name, note->text);
    if (note->kind == NOTE_FINISHED) {
        snprintf(text, sizeof(text), "%zu of %zu servers verified, %zu failed", note->total - note->failed, note->total,
                 note->failed);
        line("round", text);
    }
}

int cli_run_collect(struct cli *cli)
{
    struct err err = { 0 };
    struct store *store = NULL;
    struct collector *collector = NULL;
    struct mailbox *notes = mailbox_new();
    struct collector_options how = { .db_path = cli->db_path, .ssh_config = cli->flags[FLAG_SSH_CONFIG],
                                     .verify = true };
    int signal_fd = cli_signal_fd();
    bool ok = cli_store(cli, STORE_WRITE, &store, &err); /* made and checked before the first round */
    store_close(store);
    ok = ok && collector_start(&how, &cli->options, notes, &collector, &err);
    while (ok) {
        struct pollfd fds[2] = { { .fd = mailbox_fd(notes), .events = POLLIN }, { .fd = signal_fd, .events = POLLIN } };
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[1].revents)
            break;
        for (struct note *note; (note = mailbox_get(notes));) {
            take_note(note);
            free(note);
        }
    }
    collector_stop(collector);
    mailbox_free(notes, free);
    close(signal_fd);
    return ok ? STATUS_DONE : cli_fail(&err);
}
