/* Questions to the operator: each asked once for all that wait, answered by number, gone when nobody waits any more. Over a real
 * sshd on loopback, whose host key nobody knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estate.h"
#include "ipamtui/clock.h"
#include "ipamtui/collect.h"
#include "ipamtui/store.h"
#include "sshd.h"

enum { SERVERS = 3 };

static struct lab lab;
static struct sshd sshd;
static struct estate estate;
static char config[128];

struct world {
    char db[96];
    struct options options;
    struct mailbox *notes;
    struct collector *collector;
    server_id ids[SERVERS];
    uint64_t asked[16];
    int ask_count, gone;
    struct transport_ask last;
    char failure[200];
};

static void write_config(void)
{
    FILE *f = NULL;

    snprintf(config, sizeof(config), "%s/config", lab.dir);
    f = fopen(config, "w");
    assert_non_null(f);
    fprintf(f, "Host winhost\n HostName 127.0.0.1\n Port %d\n User %s\n IdentityFile %s/id\n IdentitiesOnly yes\n"
               " UserKnownHostsFile %s/known\n GlobalKnownHostsFile /dev/null\n StrictHostKeyChecking ask\n",
            sshd.port, lab.user, lab.dir, lab.dir);
    fclose(f);
}

static void set(struct value *row, const char *property, const char *text)
{
    row[catalog_property(&catalog_servers, property)] = V_TEXT(text);
}

/* All servers lead to the one sshd; each has a simulated host of its own behind it. */
static void world_start(struct world *w, bool interactive)
{
    static int number;
    struct store *store = NULL;
    struct err err = { 0 };
    struct collector_options how = { .db_path = w->db, .ssh_config = config, .interactive = interactive };

    memset(w, 0, sizeof(*w));
    assert_int_equal(lab_run(&lab, "rm -f known"), 0);
    snprintf(w->db, sizeof(w->db), "%s/asks%d.db", estate.dir, ++number);
    options_init(&w->options);
    if (!store_open(w->db, STORE_WRITE, &store, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < SERVERS; i++) {
        struct value *row = estate_row(estate.servers[i].name, "winhost", "dhcp", "");
        set(row, "transport", "ssh");
        set(row, "powershell", estate.servers[i].command);
        if (!store_server_add(store, row, &w->ids[i], &err))
            fail_msg("%s", err.text);
        free(row);
    }
    store_close(store);
    w->notes = mailbox_new();
    if (!collector_start(&how, &w->options, w->notes, &w->collector, &err))
        fail_msg("%s", err.text);
}

static void world_end(struct world *w)
{
    collector_stop(w->collector);
    mailbox_free(w->notes, free);
    options_done(&w->options);
}

static enum note_kind take(struct world *w, struct note *note)
{
    enum note_kind kind = note->kind;

    if (kind == NOTE_ASK && w->ask_count < 16) {
        w->asked[w->ask_count++] = note->ask_id;
        w->last = note->ask;
    }
    w->gone += kind == NOTE_ASK_GONE;
    if (kind == NOTE_SERVER && !note->ok)
        snprintf(w->failure, sizeof(w->failure), "%s", note->text);
    free(note);
    return kind;
}

/* Until a note of this kind, or for limit_ms: false. */
static bool hear(struct world *w, enum note_kind kind, int64_t limit_ms)
{
    int64_t until = clock_mono_ms() + limit_ms;
    struct pollfd p = { .fd = mailbox_fd(w->notes), .events = POLLIN };

    while (clock_mono_ms() < until) {
        struct note *note = mailbox_get(w->notes);
        if (!note)
            poll(&p, 1, (int)MAX(until - clock_mono_ms(), 1));
        else if (take(w, note) == kind)
            return true;
    }
    return false;
}

/* The number of servers that failed. */
static size_t finished(struct world *w)
{
    int64_t until = clock_mono_ms() + 20000;
    struct pollfd p = { .fd = mailbox_fd(w->notes), .events = POLLIN };

    while (clock_mono_ms() < until) {
        struct note *note = mailbox_get(w->notes);
        size_t failed = 0;
        if (!note) {
            poll(&p, 1, 1000);
            continue;
        }
        failed = note->failed;
        if (take(w, note) == NOTE_FINISHED)
            return failed;
    }
    fail_msg("not finished");
    return 0;
}

static void one_question_for_all(void **state)
{
    struct world w;

    (void)state;
    world_start(&w, true);
    collector_retrieve(w.collector, w.ids, SERVERS, WHAT_SERVICE | WHAT_DHCP);
    assert_true(hear(&w, NOTE_ASK, 15000));
    assert_int_equal(w.last.kind, ASK_HOSTKEY);
    assert_non_null(strstr(w.last.text, "SHA256:"));
    hear(&w, NOTE_FINISHED, 700); /* the others ask as well by now */
    assert_int_equal(w.ask_count, 1);
    collector_answer(w.collector, w.asked[0], (const char *const[]){ NULL });
    assert_int_equal(finished(&w), 0);
    assert_int_equal(w.ask_count, 1);
    world_end(&w);
}

static void refused(void **state)
{
    struct world w;

    (void)state;
    world_start(&w, true);
    collector_retrieve(w.collector, w.ids, 2, WHAT_SERVICE);
    assert_true(hear(&w, NOTE_ASK, 15000));
    hear(&w, NOTE_FINISHED, 500);
    collector_answer(w.collector, w.asked[0], NULL);
    assert_int_equal(finished(&w), 2);
    assert_non_null(strstr(w.failure, "key"));
    world_end(&w);
}

static void nobody_to_ask(void **state)
{
    struct world w;

    (void)state;
    world_start(&w, false);
    collector_retrieve(w.collector, w.ids, SERVERS, WHAT_SERVICE);
    assert_int_equal(finished(&w), SERVERS);
    assert_int_equal(w.ask_count, 0);
    assert_non_null(strstr(w.failure, "key"));
    world_end(&w);
}

static void gone_with_the_round(void **state)
{
    struct world w;
    uint64_t job = 0;

    (void)state;
    world_start(&w, true);
    job = collector_retrieve(w.collector, w.ids, 1, WHAT_SERVICE);
    assert_true(hear(&w, NOTE_ASK, 15000));
    collector_cancel(w.collector, job);
    assert_true(w.gone == 1 || hear(&w, NOTE_ASK_GONE, 5000));
    collector_answer(w.collector, w.asked[0], (const char *const[]){ NULL }); /* too late: no harm */
    collector_answer(w.collector, 12345, NULL);
    job = collector_retrieve(w.collector, w.ids, 1, WHAT_SERVICE);
    assert_true(hear(&w, NOTE_ASK, 15000));
    assert_true(w.asked[1] != w.asked[0]);
    collector_answer(w.collector, w.asked[1], (const char *const[]){ NULL });
    assert_int_equal(finished(&w), 0);
    world_end(&w);
}

static int setup(void **state)
{
    (void)state;
    if (!lab_begin(&lab) || !sshd_start(&lab, &sshd, "sshd", ""))
        return -1;
    write_config();
    estate_make(&estate, SERVERS, 12, 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sshd_stop(&sshd); /* its sessions went with their collectors */
    estate_done(&estate);
    lab_end(&lab);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_question_for_all),
        cmocka_unit_test(refused),
        cmocka_unit_test(nobody_to_ask),
        cmocka_unit_test(gone_with_the_round),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
