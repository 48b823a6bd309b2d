#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "ipamtui/child.h"
#include "ipamtui/clock.h"
#include "ipamtui/loop.h"
#include "ipamtui/mailbox.h"
#include "ipamtui/mem.h"

struct seen {
    char order[32];
    size_t len;
};
struct mark {
    struct seen *seen;
    char name;
    struct loop_timer timer;
};

static void note(void *ctx)
{
    struct mark *mark = ctx;
    mark->seen->order[mark->seen->len++] = mark->name;
}

static void timers_in_order(void **state)
{
    struct loop *loop = loop_new();
    struct seen seen = { 0 };
    struct mark marks[6];
    int64_t now = clock_mono_ms();
    (void)state;
    static const int delay[] = { 30, 10, 20, 0, 40, 5 };
    for (int i = 0; i < 6; i++) {
        marks[i] = (struct mark){ .seen = &seen, .name = (char)('a' + i) };
        loop_timer_at(loop, &marks[i].timer, now + delay[i], note, &marks[i]);
    }
    loop_timer_stop(&marks[2].timer);
    loop_timer_at(loop, &marks[4].timer, now + 1, note, &marks[4]); /* moved to the front */
    while (clock_mono_ms() < now + 60)
        loop_turn(loop, 5);
    assert_string_equal(seen.order, "defba");
    loop_free(loop);
}

struct pair {
    struct loop_watch *a, *b;
    int hits;
};

static void drop_both(void *ctx, int fd, short revents)
{
    struct pair *pair = ctx;
    (void)fd;
    (void)revents;
    pair->hits++;
    loop_unwatch(pair->a);
    loop_unwatch(pair->b);
}

/* A handler may end another watch that is ready in the same turn: it must not be called any more. */
static void unwatch_inside(void **state)
{
    struct loop *loop = loop_new();
    int one[2], two[2];
    struct pair pair = { 0 };
    (void)state;
    assert_int_equal(pipe(one), 0);
    assert_int_equal(pipe(two), 0);
    pair.a = loop_watch(loop, one[0], POLLIN, drop_both, &pair);
    pair.b = loop_watch(loop, two[0], POLLIN, drop_both, &pair);
    assert_int_equal(write(one[1], "x", 1), 1);
    assert_int_equal(write(two[1], "x", 1), 1);
    loop_turn(loop, 1000);
    loop_turn(loop, 0);
    assert_int_equal(pair.hits, 1);
    loop_free(loop);
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(two[i]);
    }
}

static void *poster(void *ctx)
{
    for (int i = 0; i < 1000; i++)
        mailbox_put_take(ctx, x_strdup("m"));
    return NULL;
}

static void mailbox_from_threads(void **state)
{
    struct mailbox *box = mailbox_new();
    pthread_t threads[3];
    int got = 0;
    (void)state;
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, poster, box);
    int64_t until = clock_mono_ms() + 10000;
    while (got < 3000 && clock_mono_ms() < until) {
        struct pollfd fd = { .fd = mailbox_fd(box), .events = POLLIN };
        poll(&fd, 1, 100);
        for (char *m; (m = mailbox_get(box));) {
            free(m);
            got++;
        }
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(got, 3000);
    struct pollfd fd = { .fd = mailbox_fd(box), .events = POLLIN };
    assert_int_equal(poll(&fd, 1, 0), 0); /* empty: not readable */
    mailbox_free(box, free);
}

static void split_commands(void **state)
{
    char **argv;
    struct err err = { 0 };
    (void)state;
    assert_true(child_split("/bin/x -a 'b c' \"d\\\"e\" f\\ g ''", &argv, &err));
    const char *want[] = { "/bin/x", "-a", "b c", "d\"e", "f g", "" };
    for (size_t i = 0; i < COUNT(want); i++)
        assert_string_equal(argv[i], want[i]);
    assert_null(argv[6]);
    free(argv);
    assert_false(child_split("x 'open", &argv, &err));
    assert_non_null(strstr(err.text, "column 3"));
    assert_false(child_split("   ", &argv, &err));
}

static void run_children(void **state)
{
    struct child_output said = { 0 };
    struct err err = { 0 };
    int status;
    (void)state;
    char *cat[] = { "cat", NULL };
    assert_true(child_run(cat, "hello", 5000, NULL, &said, &err));
    assert_string_equal(buf_at(&said.out), "hello");
    assert_true(WIFEXITED(said.status) && WEXITSTATUS(said.status) == 0);
    child_output_done(&said);
    char *missing[] = { "no-such-program-here", NULL };
    assert_false(child_run(missing, NULL, 5000, NULL, NULL, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    char *slow[] = { "sh", "-c", "echo begun; sleep 20", NULL };
    int64_t before = clock_mono_ms();
    assert_false(child_run(slow, NULL, 3000, NULL, &said, &err));
    assert_int_equal(err.kind, ERR_TIMEOUT);
    assert_true(clock_mono_ms() - before < 15000);
    assert_string_equal(buf_at(&said.out), "begun\n"); /* what was said until then is not lost */
    child_output_done(&said);
    char *shell[] = { "sh", "-c", "echo $IPAM_TEST; exit 3", NULL };
    struct child child;
    char *env[] = { "IPAM_TEST=yes", NULL };
    assert_true(child_start(&child, shell, env, CHILD_STDIN_NULL | CHILD_STDERR_NULL, &err));
    char text[16] = "";
    struct pollfd fd = { .fd = child.out, .events = POLLIN };
    poll(&fd, 1, 5000);
    assert_int_equal(read(child.out, text, sizeof(text)), 4);
    assert_string_equal(text, "yes\n");
    while (!child_ended(&child, &status))
        poll(NULL, 0, 5);
    assert_int_equal(WEXITSTATUS(status), 3);
    child_end(&child, 0);
}

/* Stops a child once it has said something: it makes a file then. */
struct stopping {
    atomic_bool stop;
    char said[64];
};

static void *stop_when_said(void *ctx)
{
    struct stopping *s = ctx;

    for (int i = 0; i < 1000 && access(s->said, F_OK) != 0; i++)
        poll(NULL, 0, 10);
    atomic_store(&s->stop, true);
    unlink(s->said);
    return NULL;
}

/* The file is $0 in the script. */
static void run_stopped(char *script, struct stopping *s, struct child_output *said, struct err *err)
{
    char *argv[] = { "sh", "-c", script, s->said, NULL };
    pthread_t thread;

    atomic_store(&s->stop, false);
    snprintf(s->said, sizeof(s->said), "/tmp/ipamtui-said-%d", (int)getpid());
    unlink(s->said);
    assert_int_equal(pthread_create(&thread, NULL, stop_when_said, s), 0);
    assert_false(child_run(argv, "input", 60000, &s->stop, said, err));
    pthread_join(thread, NULL);
    assert_int_equal(err->kind, ERR_CANCELLED);
}

/* Stopped from another thread: whatever it waits for, with what it has said, and with what it has left behind. */
static void stop_children(void **state)
{
    static char *const scripts[] = {
        "echo said; : >$0; sleep 20",
        "echo said; exec >&- 2>&-; : >$0; sleep 20",           /* has closed its outputs */
        "echo said; (sleep 0.2; : >$0; sleep 20) & exit 0",    /* has ended; another has its outputs */
        "trap '' TERM; echo said; : >$0; sleep 20; sleep 20",  /* does not want to */
        "echo said; : >$0; exec yes >/dev/null",               /* takes no input */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        char *argv[] = { "sh", "-c", scripts[i], NULL };
        struct child_output said = { 0 };
        struct stopping stopping;
        struct err err = { 0 };
        int64_t before = clock_mono_ms();

        run_stopped(scripts[i], &stopping, &said, &err);
        assert_true(clock_mono_ms() - before < 15000);
        assert_string_equal(buf_at(&said.out), "said\n");
        child_output_done(&said);
        assert_false(child_run(argv, NULL, 15000, &stopping.stop, &said, &err)); /* the next is not even begun */
        assert_int_equal(err.kind, ERR_CANCELLED);
        assert_int_equal(said.out.len, 0);
    }
}

/* A child of nobody: gone, or a zombie that init has not fetched. */
static bool is_gone(pid_t pid)
{
    char text[64] = "", path[64];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    text[MAX(n, 0)] = '\0';
    return n <= 0 || strstr(text, ") Z ");
}

/* All of its session ends, not only its leader; whether it wants to or not. */
static void stop_sessions(void **state)
{
    static char *const scripts[] = {
        "sleep 20 & echo $!; : >$0",
        "trap '' TERM; sleep 20 & echo $!; : >$0",
        "sleep 20 & echo $!; : >$0; wait",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct child_output said = { 0 };
        struct stopping stopping;
        struct err err = { 0 };
        int tries = 0;

        run_stopped(scripts[i], &stopping, &said, &err);
        pid_t left = atoi(buf_at(&said.out));
        assert_true(left > 1);
        for (; tries < 1000 && !is_gone(left); tries++)
            poll(NULL, 0, 10);
        if (tries == 1000)
            fail_msg("%s: it is still there", scripts[i]);
        child_output_done(&said);
    }
}

static void cut_children(void **state)
{
    char *much[] = { "sh", "-c", "head -c 1048577 /dev/zero; head -c 1048576 /dev/zero >&2", NULL };
    struct child_output said = { 0 };
    struct err err = { 0 };
    (void)state;
    assert_true(child_run(much, NULL, 10000, NULL, &said, &err));
    assert_int_equal(said.out.len, 1 << 20);
    assert_true(said.out_cut);
    assert_int_equal(said.errs.len, 1 << 20); /* just as much as is kept is whole */
    assert_false(said.errs_cut);
    assert_int_equal(said.status, 0);
    child_output_done(&said);
}

static void memory(void **state)
{
    struct arena arena = { .limit = 100000 };
    struct buf buf = { .limit = 10 };
    (void)state;
    for (int i = 0; i < 1000; i++) {
        char *s = arena_printf(&arena, "%d", i);
        assert_int_equal((uintptr_t)s % sizeof(void *), 0);
        assert_int_equal(atoi(s), i);
    }
    assert_false(arena.over_limit);
    memset(arena_alloc(&arena, 200000), 1, 200000);
    assert_true(arena.over_limit);
    arena_reset(&arena);
    assert_false(arena.over_limit);
    arena_done(&arena);
    assert_true(buf_adds(&buf, "12345678"));
    assert_false(buf_adds(&buf, "abc"));
    assert_string_equal(buf_at(&buf), "12345678"); /* unchanged by what did not fit */
    buf_take(&buf, 6);
    assert_true(buf_adds(&buf, "abc"));
    assert_string_equal(buf_at(&buf), "78abc");
    char *stolen = buf_steal(&buf);
    assert_string_equal(stolen, "78abc");
    free(stolen);
    buf_done(&buf);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_in_order), cmocka_unit_test(unwatch_inside), cmocka_unit_test(mailbox_from_threads),
        cmocka_unit_test(split_commands),  cmocka_unit_test(run_children),  cmocka_unit_test(stop_children),
        cmocka_unit_test(stop_sessions),   cmocka_unit_test(cut_children),   cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
