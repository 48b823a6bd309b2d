/* The query worker: newer questions win, rows come with their list, questions are always answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <sys/stat.h>
#include <time.h>

#include "ipamtui/clock.h"
#include "ipamtui/view.h"
#include "store_test.h"

#define ROWS 200

static void fill(struct store *store, server_id server)
{
    static char nets[ROWS][24], names[ROWS][24];
    static struct test_scope scopes[ROWS];

    for (size_t i = 0; i < ROWS; i++) {
        snprintf(nets[i], sizeof nets[i], "10.0.%zu.0", i);
        snprintf(names[i], sizeof names[i], "scope-%zu", i);
        scopes[i] = (struct test_scope){ nets[i], names[i], "active", 1, 1 };
    }
    OK(put_both(store, server, scopes, ROWS, 1000));
}

static struct view_worker *begin(const char *name, struct store **store)
{
    struct view_worker *worker;
    server_id server;

    OK(store_open(store_test_path(name), STORE_WRITE, store, E));
    OK(add_server(*store, "lon-1", &server));
    fill(*store, server);
    OK(view_worker_start(store_test_path(name), THRESHOLDS_DEFAULT, &worker, E));
    return worker;
}

static void turn(struct view_worker *worker)
{
    struct pollfd wait = { .fd = view_worker_fd(worker), .events = POLLIN };

    poll(&wait, 1, 100);
    view_worker_turn(worker);
}

static void until_complete(struct view_worker *worker, struct view *view)
{
    int64_t until = clock_mono_ms() + 5000;

    while (!view_complete(view)) {
        if (clock_mono_ms() > until)
            fail_msg("the list does not come");
        turn(worker);
    }
}

/* A burst of questions, as typing makes: the answer is that of the last one. */
static void newest_question_wins(void **state)
{
    static const char *const typed[] = { "s", "sc", "scope", "scope-1", "scope-19", "scope-19 util:50", "scope-199" };
    struct store *store;
    struct view_worker *worker = begin("burst.db", &store);
    struct view *view = view_new(worker, &catalog_scopes);
    (void)state;

    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < COUNT(typed); i++)
            OK(view_filter(view, typed[i], NULL, E));
        until_complete(worker, view);
        assert_int_equal(view_count(view), 1);
        assert_non_null(view_row(view, 0)); /* rows come with the first piece */
    }
    OK(view_filter(view, "", NULL, E));
    until_complete(worker, view);
    assert_int_equal(view_count(view), ROWS);
    assert_int_equal(view_find(view, view_id(view, 77)), 77);
    assert_int_equal(view_find(view, 123456789), SIZE_MAX);
    view_free(view);
    view_worker_stop(worker);
    store_close(store);
}

static void windows(void **state)
{
    struct store *store;
    struct view_worker *worker = begin("window.db", &store);
    struct view *view = view_new(worker, &catalog_scopes);
    (void)state;

    OK(view_filter(view, "", NULL, E));
    until_complete(worker, view);
    view_window(view, 150, 10);
    for (int i = 0; i < 50 && !view_row(view, 155); i++)
        turn(worker);
    assert_non_null(view_row(view, 155));
    assert_int_equal(view_row(view, 155)->id, view_id(view, 155));
    view_free(view); /* while nothing is on its way */
    view = view_new(worker, &catalog_scopes);
    OK(view_filter(view, "", NULL, E));
    view_free(view); /* and while a list is */
    turn(worker);
    view_worker_stop(worker);
    store_close(store);
}

struct job {
    int worked, done, cancelled;
};

static bool work(struct store *store, void *ctx, struct err *err)
{
    struct list_spec all = { .object = &catalog_scopes };
    int64_t count = 0;

    ((struct job *)ctx)->worked++;
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    return store_count(store, &all, &count, err);
}

static void done(void *ctx, bool ok, const struct err *err)
{
    struct job *job = ctx;

    job->done++;
    job->cancelled += !ok && err->kind == ERR_CANCELLED;
}

static void every_question_is_answered(void **state)
{
    struct store *store;
    struct view_worker *worker = begin("ask.db", &store);
    struct job with_topic = { 0 }, plain = { 0 };
    (void)state;

    for (int i = 0; i < 40; i++) {
        view_worker_ask(worker, 7, work, done, &with_topic);
        view_worker_ask(worker, 0, work, done, &plain);
    }
    for (int i = 0; i < 10; i++)
        turn(worker);
    view_worker_stop(worker); /* the rest is answered "cancelled" here */
    assert_int_equal(with_topic.done, 40);
    assert_int_equal(plain.done, 40);
    assert_true(with_topic.worked < 40); /* newer ones dropped those that had not begun */
    assert_int_equal(with_topic.cancelled, 40 - with_topic.worked);
    store_close(store);
}

static bool owed_work(struct store *store, void *ctx, struct err *err)
{
    struct job *job = ctx;

    (void)store;
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    return ++job->worked % 2 == 1 || err_set(err, ERR_IO, "disk", "full");
}

/* What is to be written is, also when the worker is stopped before its turn; what fails then says why. */
static void what_is_owed_has_its_turn(void **state)
{
    struct store *store;
    struct view_worker *worker = begin("owe.db", &store);
    struct job asked = { 0 }, owed = { 0 };
    (void)state;

    for (int i = 0; i < 40; i++) {
        view_worker_ask(worker, 0, work, done, &asked);
        view_worker_owe(worker, owed_work, done, &owed);
    }
    view_worker_stop(worker);
    assert_int_equal(owed.worked, 40);
    assert_int_equal(owed.done, 40);
    assert_int_equal(owed.cancelled, 20);
    assert_true(asked.worked < 40);
    assert_int_equal(asked.done, 40);
    store_close(store);
}

static void what_cannot_be_opened(void **state)
{
    struct view_worker *worker = NULL;
    (void)state;

    FAILS(view_worker_start(store_test_path("not-there.db"), THRESHOLDS_DEFAULT, &worker, E), ERR_NOT_FOUND);
    assert_null(worker);
}

/* The file is overwritten behind our back: the list that was there stays, and the fault says so. */
static void damage(void **state)
{
    struct store *store;
    struct view_worker *worker = begin("damage.db", &store);
    struct view *view = view_new(worker, &catalog_scopes);
    char junk[4096];
    FILE *file;
    (void)state;

    OK(view_filter(view, "", NULL, E));
    until_complete(worker, view);
    store_close(store);
    view_worker_stop(NULL);
    memset(junk, 'x', sizeof junk);
    file = fopen(store_test_path("damage.db"), "r+");
    assert_non_null(file);
    for (int i = 0; i < 200; i++)
        fwrite(junk, 1, sizeof junk, file);
    fclose(file);
    OK(view_filter(view, "scope-1 or util>3", NULL, E));
    until_complete(worker, view);
    /* Pages that SQLite still had may have answered; if not, the old list is there and the error with it. */
    if (view_worker_fault(worker)->kind != ERR_NONE) {
        assert_int_equal(view_count(view), ROWS);
        assert_true(view_worker_fault(worker)->text[0]);
    }
    view_free(view);
    view_worker_stop(worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_question_wins),
        cmocka_unit_test(windows),
        cmocka_unit_test(every_question_is_answered),
        cmocka_unit_test(what_is_owed_has_its_turn),
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(damage),
    };
    return cmocka_run_group_tests(tests, store_test_setup, store_test_teardown);
}
