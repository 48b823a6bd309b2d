#include "ipamtui/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipamtui/clock.h"

extern char **environ;

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pair(int pair[2])
{
    close_fd(&pair[0]);
    close_fd(&pair[1]);
}

static void child_closed(struct child *child)
{
    close_fd(&child->in);
    close_fd(&child->out);
    close_fd(&child->errs);
    close_fd(&child->pidfd);
}

/* environ with env_extra over it; one block of pointers. */
static char **merged_environment(char *const extra[])
{
    size_t have = 0, more = 0;
    while (environ && environ[have])
        have++;
    while (extra && extra[more])
        more++;
    char **merged = x_calloc(have + more + 1, sizeof(*merged));
    size_t count = 0;
    for (size_t i = 0; i < have; i++) {
        bool replaced = false;
        for (size_t j = 0; j < more && !replaced; j++) {
            size_t name = strcspn(extra[j], "=") + 1;
            replaced = strncmp(environ[i], extra[j], name) == 0;
        }
        if (!replaced)
            merged[count++] = environ[i];
    }
    for (size_t j = 0; j < more; j++)
        merged[count++] = extra[j];
    return merged;
}

/* What the child becomes. It borrows our memory until it does (vfork): a copy of the page tables of a big process for each of
 * hundreds of children would cost more than the children. */
struct becoming {
    char *const *argv;
    char **env;
    int in, out, errs;
    unsigned flags;
    volatile int why; /* errno, when it could not */
};

/* In the child: only async-signal-safe calls, and nothing of ours is changed but why. Signals are held until handlers are gone. */
static _Noreturn void become(struct becoming *b)
{
    sigset_t none;
    sigemptyset(&none);
    for (int sig = 1; sig < 32; sig++)
        if (sig != SIGKILL && sig != SIGSTOP)
            signal(sig, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (b->flags & CHILD_NEW_SESSION)
        setsid();
    if (dup2(b->in, 0) >= 0 && dup2(b->out, 1) >= 0 && dup2(b->errs, 2) >= 0)
        execvpe(b->argv[0], b->argv, b->env);
    b->why = errno;
    _exit(127);
}

/* Returns when it runs its program, or could not (b->why). -1: there is no new process. */
static __attribute__((noinline)) pid_t spawn(struct becoming *b)
{
    pid_t pid = vfork();
    if (pid == 0)
        become(b);
    return pid;
}

static pid_t start(struct becoming *b)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = spawn(b);
    int why = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return pid;
}

static bool pipes(int in[2], int out[2], int errs[2])
{
    return pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(errs, O_CLOEXEC) == 0;
}

static void nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

bool child_start(struct child *child, char *const argv[], char *const env_extra[], unsigned flags, struct err *err)
{
    int in[2] = { -1, -1 }, out[2] = { -1, -1 }, errs[2] = { -1, -1 };
    struct child fresh = { .in = -1, .out = -1, .errs = -1, .pidfd = -1 };
    char **env = merged_environment(env_extra);
    bool ok = false;

    if (!pipes(in, out, errs)) {
        err_errno(err, argv[0], "cannot make a pipe");
        goto done;
    }
    if (flags & CHILD_STDIN_NULL) {
        close_pair(in);
        in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    if (flags & CHILD_STDERR_NULL) {
        close_pair(errs);
        errs[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
    }
    struct becoming b = { .argv = argv, .env = env, .in = in[0], .out = out[1], .errs = errs[1], .flags = flags };
    fresh.pid = start(&b);
    if (fresh.pid < 0) {
        err_errno(err, argv[0], "cannot start a process");
        goto done;
    }
    if (b.why) {
        waitpid(fresh.pid, NULL, 0);
        errno = b.why;
        if (b.why == ENOENT)
            err_set(err, ERR_NOT_FOUND, argv[0], "there is no program \"%s\" (looked for in PATH)", argv[0]);
        else
            err_errno(err, argv[0], "cannot run \"%s\"", argv[0]);
        goto done;
    }
    fresh.in = in[1];
    fresh.out = out[0];
    fresh.errs = errs[0];
    in[1] = out[0] = errs[0] = -1;
    for (int *fd = (int[]){ fresh.in, fresh.out, fresh.errs, -2 }; *fd != -2; fd++)
        if (*fd >= 0)
            nonblocking(*fd);
    fresh.pidfd = pidfd_open(fresh.pid, 0);
    *child = fresh;
    ok = true;
done:
    close_pair(in);
    close_pair(out);
    close_pair(errs);
    free(env);
    return ok;
}

bool child_split(const char *command, char ***argv, struct err *err)
{
    size_t len = strlen(command), count = 0;
    /* At most (len+1)/2 words; pointers first, then the text. */
    char **words = x_alloc((len / 2 + 2) * sizeof(*words) + len + 1);
    char *text = (char *)(words + len / 2 + 2);
    const char *at = command;

    for (;;) {
        at += strspn(at, " \t\n");
        if (!*at)
            break;
        words[count++] = text;
        char quote = 0;
        const char *opened = at;
        for (; *at && (quote || !strchr(" \t\n", *at)); at++) {
            if (quote && *at == quote)
                quote = 0;
            else if (!quote && (*at == '\'' || *at == '"')) {
                quote = *at;
                opened = at;
            } else if (*at == '\\' && quote != '\'' && at[1])
                *text++ = *++at;
            else
                *text++ = *at;
        }
        *text++ = '\0';
        if (quote) {
            free(words);
            return err_set(err, ERR_INPUT, "command", "the quote at column %d is not closed: %s",
                           (int)(opened - command) + 1, command);
        }
    }
    words[count] = NULL;
    if (count == 0) {
        free(words);
        return err_set(err, ERR_INPUT, "command", "the command is empty: a program and its arguments are expected");
    }
    *argv = words;
    return true;
}

bool child_ended(struct child *child, int *status)
{
    int got;
    if (child->pid <= 0)
        return true;
    pid_t pid = waitpid(child->pid, &got, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return false;
    *status = pid > 0 ? got : 0;
    child->pid = 0;
    return true;
}

static int64_t left_until(int64_t until)
{
    return MAX(until - clock_mono_ms(), 0);
}

/* Gives the time it takes to end, at most until then; true: it has. */
static bool wait_for_end(struct child *child, int64_t until)
{
    int status;

    while (!child_ended(child, &status)) {
        int left = (int)left_until(until);
        if (left == 0)
            return false;
        struct pollfd fd = { .fd = child->pidfd, .events = POLLIN };
        poll(&fd, child->pidfd >= 0, child->pidfd >= 0 ? left : MIN(left, 10));
    }
    return true;
}

/* The same for what it has left behind in its group, whose number is nobody else's as long as there is one in it. */
static void end_group(pid_t group, int64_t until)
{
    while (kill(-group, 0) == 0) {
        int left = (int)left_until(until);
        if (left == 0) {
            kill(-group, SIGKILL);
            return;
        }
        poll(NULL, 0, MIN(left, 10));
    }
}

void child_end(struct child *child, int grace_ms)
{
    int64_t until = clock_mono_ms() + grace_ms;

    close_fd(&child->in);
    close_fd(&child->out);
    close_fd(&child->errs);
    if (child->pid > 0) { /* ended or not: until it is reaped, its number leads its group */
        bool leads = getpgid(child->pid) == child->pid; /* CHILD_NEW_SESSION */
        pid_t all = leads ? -child->pid : child->pid;
        kill(all, SIGTERM);
        if (!wait_for_end(child, until)) {
            kill(all, SIGKILL);
            waitpid(child->pid, NULL, 0);
            child->pid = 0;
        } else if (leads) {
            end_group(-all, until);
        }
    }
    child_closed(child);
}

#define RUN_LIMIT ((size_t)1 << 20)
#define RUN_GRACE_MS 1500 /* for one that has to end others, as an ssh in a session of its own, before it ends */
#define STOP_LOOK_MS 50 /* a stop is a variable, which poll() does not see */

void child_output_done(struct child_output *said)
{
    buf_done(&said->out);
    buf_done(&said->errs);
    *said = (struct child_output){ 0 };
}

/* Reads what is there; false at end of file. */
static bool collect_output(int fd, struct buf *into, bool *cut)
{
    char chunk[8192];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    if (n > 0) {
        size_t fits = MIN((size_t)n, RUN_LIMIT - into->len);
        if (fits > 0)
            buf_add(into, chunk, fits);
        *cut = *cut || fits < (size_t)n;
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void give_input(struct child *child, const char **input)
{
    size_t left = strlen(*input);
    ssize_t n = left ? write(child->in, *input, left) : 0;
    if (n > 0)
        *input += n;
    if ((size_t)MAX(n, 0) == left || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&child->in);
}

/* Waits at most ms for what comes next, and takes it in. One that has closed its outputs is only waited for. */
static void run_turn(struct child *child, const char **input, int ms, struct child_output *said)
{
    bool silent = child->out < 0 && child->errs < 0;
    if (silent)
        close_fd(&child->in);
    struct pollfd fds[] = { { .fd = child->out, .events = POLLIN },
                            { .fd = child->errs, .events = POLLIN },
                            { .fd = child->in, .events = POLLOUT },
                            { .fd = silent ? child->pidfd : -1, .events = POLLIN } };
    if (poll(fds, COUNT(fds), silent && child->pidfd < 0 ? MIN(ms, 2) : ms) <= 0)
        return;
    if (fds[0].revents && !collect_output(child->out, &said->out, &said->out_cut))
        close_fd(&child->out);
    if (fds[1].revents && !collect_output(child->errs, &said->errs, &said->errs_cut))
        close_fd(&child->errs);
    if (fds[2].revents)
        give_input(child, input);
}

static bool run_child(char *const argv[], const char *input, int timeout_ms, const atomic_bool *stop, struct child_output *said,
                      struct err *err)
{
    struct child child;
    int64_t until = clock_mono_ms() + timeout_ms;

    if (stop && atomic_load(stop))
        return err_set(err, ERR_CANCELLED, argv[0], "%s was not begun", argv[0]);
    if (!child_start(&child, argv, NULL, CHILD_NEW_SESSION | (input ? 0 : CHILD_STDIN_NULL), err))
        return false;
    while (child.out >= 0 || child.errs >= 0 || !child_ended(&child, &said->status)) {
        bool stopped = stop && atomic_load(stop);
        int64_t left = until - clock_mono_ms();
        if (stopped || left <= 0) {
            run_turn(&child, &input, 0, said); /* what it had said until then, without waiting for more */
            child_end(&child, RUN_GRACE_MS);
            return stopped ? err_set(err, ERR_CANCELLED, argv[0], "%s was stopped", argv[0])
                           : err_set(err, ERR_TIMEOUT, argv[0], "%s did not end within %d s", argv[0], timeout_ms / 1000);
        }
        run_turn(&child, &input, (int)(stop ? MIN(left, STOP_LOOK_MS) : left), said);
    }
    child_closed(&child);
    return true;
}

bool child_run(char *const argv[], const char *input, int timeout_ms, const atomic_bool *stop, struct child_output *said,
               struct err *err)
{
    struct child_output unwanted = { 0 };
    bool ok = run_child(argv, input, timeout_ms, stop, said ? said : &unwanted, err);

    child_output_done(&unwanted);
    return ok;
}
