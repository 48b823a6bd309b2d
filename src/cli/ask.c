#include "cli/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ipamtui/mem.h"
#include "ipamtui/text.h"

bool cli_can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* One line of fd, without its end. false: a signal, the end, or longer than a password can be. */
static bool read_line(int fd, int signal_fd, char *out, size_t size)
{
    size_t len = 0;
    for (;;) {
        struct pollfd fds[2] = { { .fd = fd, .events = POLLIN }, { .fd = signal_fd, .events = POLLIN } };
        char c;
        if (poll(fds, 2, -1) < 0 || fds[1].revents)
            return false;
        if (!fds[0].revents)
            continue;
        if (read(fd, &c, 1) != 1)
            return false;
        if (c == '\n') {
            out[len] = '\0';
            return true;
        }
        if (len + 1 >= size)
            return false;
        out[len++] = c;
    }
}

static bool read_answer(int fd, int signal_fd, const char *prompt, bool echo, char *out, size_t size)
{
    struct termios before, quiet;
    char shown[256];
    dprintf(fd, "%s ", text_printable(prompt, shown, sizeof(shown)));
    bool changed = !echo && tcgetattr(fd, &before) == 0;
    if (changed) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        quiet.c_lflag |= ECHONL;
        tcsetattr(fd, TCSAFLUSH, &quiet);
    }
    bool ok = read_line(fd, signal_fd, out, size);
    if (changed)
        tcsetattr(fd, TCSAFLUSH, &before);
    return ok;
}

static bool read_yes(int fd, int signal_fd)
{
    char text[16];
    return read_answer(fd, signal_fd, "Accept this key? yes or no:", true, text, sizeof(text)) &&
           (!text_casecmp(text, "yes") || !text_casecmp(text, "y"));
}

bool cli_ask(const struct transport_ask *ask, int signal_fd, struct cli_answers *out)
{
    char text[640];
    *out = (struct cli_answers){ .list = { "" } };
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    dprintf(fd, "\r\033[K%s\n", text_printable(ask->text, text, sizeof(text)));
    bool ok = true;
    if (ask->kind == ASK_HOSTKEY)
        ok = read_yes(fd, signal_fd);
    for (int i = 0; ok && i < ask->prompt_count && i < 4; i++) {
        const char *prompt = ask->kind == ASK_PROMPTS            ? ask->prompts[i]
                             : ask->kind == ASK_PASSPHRASE ? "Passphrase:" : "Password:";
        ok = read_answer(fd, signal_fd, prompt, ask->kind == ASK_PROMPTS && ask->echo[i], out->text[i],
                         sizeof(out->text[i]));
        out->list[i] = out->text[i];
    }
    close(fd);
    if (!ok)
        cli_answers_wipe(out);
    return ok;
}

void cli_answers_wipe(struct cli_answers *answers)
{
    x_wipe(answers->text, sizeof(answers->text));
}
