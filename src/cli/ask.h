/* ask.h - a host's question put to the operator on the terminal that started us. */
#ifndef IPAM_CLI_ASK_H
#define IPAM_CLI_ASK_H

#include "ipamtui/transport.h"

/* Is there somebody to ask? */
bool cli_can_ask(void);
#define CLI_ANSWER_SIZE 256
struct cli_answers {
    char text[4][CLI_ANSWER_SIZE]; /* wiped by cli_answers_wipe() */
    const char *list[4];
};
/* Puts the question and reads the answers, secrets without echo. false: refused, or a signal (signal_fd, -1 = none) came. */
bool cli_ask(const struct transport_ask *ask, int signal_fd, struct cli_answers *out);
void cli_answers_wipe(struct cli_answers *answers);

#endif
