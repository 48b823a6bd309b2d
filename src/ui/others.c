/* others.c - what other processes write into the store is seen as well: the kernel tells when the log of the database was
 * written (inotify(7)), so that nothing wakes up while nobody writes. Our own collector's writes are told in this way, too: then the
 * version of the database is the one that was read already. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "app.h"
#include "ipamtui/log.h"

enum {
    SETTLE_MS = 500, /* a commit is many writes, and seldom alone */
    LOOK_MS = 3000,  /* where the kernel cannot tell */
};

struct others {
    struct ui *ui;
    int fd; /* inotify; -1 = none */
    struct loop_watch *watch;
    struct loop_timer timer;
    int64_t told; /* version that the screen was told of */
};

struct glance {
    struct others *others;
    int64_t version;
};

static bool glance(struct store *store, void *ctx, struct err *err)
{
    (void)err;
    ((struct glance *)ctx)->version = store_data_version(store);
    return true;
}

static void glanced(void *ctx, bool ok, const struct err *err)
{
    struct glance *job = ctx;
    struct others *others = job->others;
    int64_t known = ok ? others->ui->known.version : 0;

    (void)err;
    if (known != 0 && job->version != 0 && job->version != known && job->version != others->told) {
        others->told = job->version; /* once, also when it cannot be read */
        ui_store_changed(others->ui);
    }
    free(job);
}

static void look(void *ctx)
{
    struct others *others = ctx;
    struct glance *job = x_alloc(sizeof *job);

    job->others = others;
    view_worker_ask(others->ui->worker, TOPIC_VERSION, glance, glanced, job);
    if (others->watch)
        loop_watch_events(others->watch, POLLIN);
    else
        loop_timer_in(others->ui->loop, &others->timer, LOOK_MS, look, others);
}

static void on_written(void *ctx, int fd, short revents)
{
    struct others *others = ctx;
    char events[4096];
    ssize_t n = read(fd, events, sizeof events); /* which does not matter: they are all of one file */

    (void)revents;
    (void)n;
    loop_watch_events(others->watch, 0); /* a retrieval writes thousands of times */
    loop_timer_in(others->ui->loop, &others->timer, SETTLE_MS, look, others);
}

/* The write-ahead log is there as long as we have the database open, and every commit goes there first. */
static int watch_log(const char *db)
{
    char *real = realpath(db, NULL), *log = x_asprintf("%s-wal", real ? real : db);
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd >= 0 && inotify_add_watch(fd, log, IN_MODIFY) < 0) {
        log_line("database", "%s cannot be watched (%s): looked at every %d s", log, strerror(errno), LOOK_MS / 1000);
        close(fd);
        fd = -1;
    }
    free(real);
    free(log);
    return fd;
}

void ui_others_start(struct ui *ui)
{
    struct others *others = x_alloc(sizeof *others);

    ui->others = others;
    others->ui = ui;
    others->fd = watch_log(ui->how->db_path);
    if (others->fd >= 0)
        others->watch = loop_watch(ui->loop, others->fd, POLLIN, on_written, others);
    else
        loop_timer_in(ui->loop, &others->timer, LOOK_MS, look, others);
}

void ui_others_stop(struct ui *ui)
{
    struct others *others = ui->others;

    if (!others)
        return;
    loop_timer_stop(&others->timer);
    if (others->watch)
        loop_unwatch(others->watch);
    if (others->fd >= 0)
        close(others->fd);
    free(others);
    ui->others = NULL;
}
