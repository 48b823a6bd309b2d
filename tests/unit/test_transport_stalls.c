/* A host that stops answering, or hangs up, at any byte of the way: never a hang, always an error that names a step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>

#include "ipamtui/clock.h"
#include "ipamtui/loop.h"
#include "ipamtui/mem.h"
#include "ipamtui/transport.h"
#include "sshd.h"

#define LIMIT_MS 1500

static struct lab lab;
static struct sshd plain;

struct seen {
    struct loop *loop;
    struct transport *t;
    bool opened, closed;
    enum transport_step step;
    struct err err;
    size_t bytes;
    struct loop_timer limit;
};

static void on_opened(void *ctx)
{
    ((struct seen *)ctx)->opened = true;
}

static void on_data(void *ctx, const void *bytes, size_t len)
{
    struct seen *s = ctx;
    (void)bytes;
    s->bytes += len;
    loop_stop(s->loop);
}

static void on_closed(void *ctx, enum transport_step step, const struct err *err, const char *tail)
{
    struct seen *s = ctx;
    (void)tail;
    s->closed = true;
    s->step = step;
    s->err = *err;
    loop_stop(s->loop);
}

static void on_limit(void *ctx)
{
    loop_stop(((struct seen *)ctx)->loop);
}

/* ---- a relay to the sshd that lets `most` bytes of it through and then is silent, or hangs up */

static void relay_one(int client, size_t most, bool cuts)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)plain.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int server = socket(AF_INET, SOCK_STREAM, 0);
    char chunk[16384];
    if (connect(server, (struct sockaddr *)&at, sizeof(at)) != 0)
        return;
    for (;;) {
        struct pollfd fds[] = { { .fd = client, .events = POLLIN }, { .fd = server, .events = POLLIN } };
        if (poll(fds, 2, 20000) <= 0)
            return;
        if (fds[0].revents) {
            ssize_t n = read(client, chunk, sizeof(chunk));
            if (n <= 0 || write(server, chunk, (size_t)n) != n)
                return;
        }
        if (fds[1].revents) {
            ssize_t n = read(server, chunk, MIN(sizeof(chunk), most + 1));
            if (n <= 0 || write(client, chunk, MIN((size_t)n, most)) < 0)
                return;
            if ((size_t)n > most && cuts)
                return;
            if ((size_t)n > most)
                sleep(20);
            most -= (size_t)n;
        }
    }
}

static pid_t relay_start(int *port, size_t most, bool cuts)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail_msg("no listener");
    *port = ntohs(at.sin_port);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        alarm(120); /* not for ever, should the test end before it ends this */
        signal(SIGPIPE, SIG_IGN);
        signal(SIGCHLD, SIG_IGN);
        for (;;) {
            int client = accept(fd, NULL, NULL);
            if (fork() == 0) {
                relay_one(client, most, cuts);
                _exit(0);
            }
            close(client);
        }
    }
    close(fd);
    return pid;
}

static int lab_up(void **state)
{
    (void)state;
    if (!lab_begin(&lab) || !sshd_start(&lab, &plain, "plain", ""))
        return -1;
    lab_run(&lab, "printf '* ' >known; cut -d' ' -f1,2 plain/hostkey.pub >>known");
    lab_write(&lab, "config", "Host *\n User %s\n IdentityFile %s/id\n IdentitiesOnly yes\n UserKnownHostsFile %s/known\n"
              " GlobalKnownHostsFile none\n ServerAliveInterval 1\n", lab.user, lab.dir, lab.dir);
    return 0;
}

static int lab_down(void **state)
{
    (void)state;
    sshd_kill(&plain);
    lab_end(&lab);
    return 0;
}

static void try(enum transport_kind kind, size_t most, bool cuts)
{
    char config[128];
    struct transport_hub_options options = { .ssh_config = config, .connect_timeout_ms = LIMIT_MS };
    static const struct transport_events events = { .opened = on_opened, .data = on_data, .closed = on_closed };
    struct seen s = { .loop = loop_new() };
    int port;
    pid_t pid = relay_start(&port, most, cuts);
    struct transport_target target = { .name = "stalls", .kind = kind, .address = "127.0.0.1", .port = port,
                                       .command = "sleep 0.1; echo in; cat" };
    snprintf(config, sizeof(config), "%s/config", lab.dir);
    struct transport_hub *hub = transport_hub_new(s.loop, &options);
    loop_timer_in(s.loop, &s.limit, 20000, on_limit, &s);
    int64_t began = clock_mono_ms();
    s.t = transport_open(hub, &target, &events, &s);
    loop_run(s.loop);
    print_message("%-8s %s after %5zu bytes: %4lld ms %s: %s\n", transport_kind_name(kind), cuts ? "cut " : "mute", most,
                  (long long)(clock_mono_ms() - began), s.closed ? transport_step_name(s.step) : "open", s.err.text);
    if (!s.closed && s.bytes == 0)
        fail_msg("nothing happened");
    if (s.closed && (s.err.kind == ERR_NONE || s.err.text[0] == '\0' || s.step < STEP_KEX))
        fail_msg("step %s kind %s", transport_step_name(s.step), err_kind_name(s.err.kind));
    if (s.closed && kind == TRANSPORT_SSH && s.err.kind != (cuts ? ERR_UNREACHABLE : ERR_TIMEOUT) && s.step != STEP_LOGIN)
        fail_msg("kind %s", err_kind_name(s.err.kind));
    loop_timer_stop(&s.limit);
    transport_close(s.t);
    transport_hub_free(hub);
    loop_free(s.loop);
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static const size_t places[] = { 0, 5, 41, 600, 1120, 1450, 1500, 1560, 1640, 1800, 2000, 2150, 2600, 2900, 3300, 100000 };

static void hangs_up_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        try(TRANSPORT_SSH, places[i], true);
        try(TRANSPORT_OPENSSH, places[i], true);
    }
}

static void falls_silent_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        try(TRANSPORT_SSH, places[i], false);
        try(TRANSPORT_OPENSSH, places[i], false);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hangs_up_anywhere),
        cmocka_unit_test(falls_silent_anywhere),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, lab_up, lab_down);
}
