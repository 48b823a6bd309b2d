/* main.c - puts the command line and the console together. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ipamtui/cli.h"
#include "ipamtui/mem.h"
#include "ipamtui/panes.h"
#include "ipamtui/ui.h"

static void out_of_memory(void)
{
    static const char text[] = "\r\nipamtui: out of memory\r\n";
    ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)n;
    /* The console's atexit handler gives the terminal back. */
    exit(STATUS_ERROR);
}

static bool open_console(const struct cli_console *how, struct err *err)
{
    struct ui_options options = {
        .db_path = how->db_path,
        .options = how->options,
        .panes = panes_all,
        .config = how->config,
        .ssh_config = how->ssh_config,
        .pane = how->pane,
        .filter = how->filter,
        .script = how->script,
        .read_only = how->read_only,
        .fresh = how->fresh,
        .offline = how->offline,
        .label = how->label,
    };
    return ui_run(&options, err);
}

int main(int argc, char **argv)
{
    /* Memory may hold a password or a private key: no core file, and no other process of this user looks in. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    x_set_oom_handler(out_of_memory);
    setlocale(LC_CTYPE, "");
    /* A child that died while we wrote to it is told by the write; children start with the default again. */
    signal(SIGPIPE, SIG_IGN);
    return cli_main(argc, argv, open_console);
}
