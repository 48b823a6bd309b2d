/* round.h - a job of the collector, followed by a subcommand: a bar on a terminal, questions, signals (one cancels, two end). */
#ifndef IPAM_CLI_ROUND_H
#define IPAM_CLI_ROUND_H

#include "cli/cli.h"
#include "ipamtui/collect.h"

struct round {
    /* the caller's: hands the job to the collector; takes its NOTE_SERVER and NOTE_ANSWER */
    uint64_t (*start)(struct round *r, const server_id *ids, size_t count);
    void (*take)(struct round *r, const struct note *note);
    void *ctx;
    /* how it goes */
    size_t total, ok, failed, running; /* servers, each once */
    bool cancelled;
    bool bar; /* a terminal: one line that is drawn over */
    int64_t started_ms;
    /* its own */
    struct collector *collector;
    struct mailbox *notes;
    int signal_fd;
    uint64_t job;
    bool over;
    int drawn; /* cells of the bar's line */
};
/* Until the job has ended, or a second signal came. false: the collector cannot be started. */
bool round_run(struct cli *cli, struct round *r, const server_id *ids, size_t count, struct err *err);
void round_clear_bar(struct round *r); /* before a line is printed while it goes on */
int round_status(const struct round *r); /* STATUS_PARTIAL: not all servers were asked, and well */

#endif
