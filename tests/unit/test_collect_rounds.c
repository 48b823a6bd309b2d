/* Real rounds over simulated hosts into a store of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include "estate.h"
#include "ipamtui/clock.h"
#include "ipamtui/collect.h"
#include "ipamtui/store.h"

#define WHAT_ROUND (WHAT_SERVICE | WHAT_DHCP | WHAT_UTILIZATION)
enum { SERVERS = 12, SCOPES = 240, MAX_NOTES = 2000 };

static struct estate estate;

struct world {
    char db[96];
    struct options options;
    struct mailbox *notes;
    struct collector *collector;
    struct store *reader;
    server_id ids[64];
    size_t count;
    /* what was heard */
    struct note *heard[MAX_NOTES];
    size_t heard_count;
};

/* ------------------------------------------------------------------ the world */
static void add_server(struct world *w, struct store *store, const char *name, const char *role, const char *command)
{
    struct value *row = estate_row(name, name, role, command);
    struct err err = { 0 };

    if (!store_server_add(store, row, &w->ids[w->count++], &err))
        fail_msg("%s: %s", name, err.text);
    free(row);
}

static void world_begin(struct world *w)
{
    static int number;
    struct store *store = NULL;
    struct err err = { 0 };

    memset(w, 0, sizeof(*w));
    snprintf(w->db, sizeof(w->db), "%s/test%d.db", estate.dir, ++number);
    for (size_t i = 0; i < estate.count; i++)
        estate_fault(&estate, estate.servers[i].name, "none");
    options_init(&w->options);
    w->options.connect_timeout_s = 2;
    w->options.call_timeout_s = 2;
    if (!store_open(w->db, STORE_WRITE, &store, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < estate.count; i++)
        add_server(w, store, estate.servers[i].name, estate.servers[i].role, estate.servers[i].command);
    store_close(store);
}

static void add_late(struct world *w, const char *name, const char *command)
{
    struct store *store = NULL;
    struct err err = { 0 };

    assert_true(store_open(w->db, STORE_WRITE, &store, &err));
    add_server(w, store, name, "dhcp", command);
    store_close(store);
}

static void world_go(struct world *w)
{
    struct err err = { 0 };
    struct collector_options how = { .db_path = w->db };

    w->notes = mailbox_new();
    if (!collector_start(&how, &w->options, w->notes, &w->collector, &err) || !store_open(w->db, STORE_READ, &w->reader, &err))
        fail_msg("%s", err.text);
}

static void forget(struct world *w)
{
    for (size_t i = 0; i < w->heard_count; i++)
        free(w->heard[i]);
    w->heard_count = 0;
}

static void world_end(struct world *w)
{
    int64_t began = clock_mono_ms();

    collector_stop(w->collector);
    assert_true(clock_mono_ms() - began < 3500);
    store_close(w->reader);
    mailbox_free(w->notes, free);
    options_done(&w->options);
    forget(w);
}

static const struct note *hear(struct world *w, enum note_kind kind, uint64_t job, int64_t limit_ms)
{
    int64_t until = clock_mono_ms() + limit_ms;
    struct pollfd p = { .fd = mailbox_fd(w->notes), .events = POLLIN };

    while (clock_mono_ms() < until) {
        struct note *note = mailbox_get(w->notes);
        if (!note) {
            poll(&p, 1, (int)MAX(until - clock_mono_ms(), 1));
            continue;
        }
        assert_true(w->heard_count < MAX_NOTES);
        w->heard[w->heard_count++] = note;
        if (note->kind == kind && (job == 0 || note->job == job))
            return note;
    }
    fail_msg("no note of kind %d within %lld ms", kind, (long long)limit_ms);
    return NULL;
}

static const struct note *round_of_all(struct world *w, unsigned what)
{
    return hear(w, NOTE_FINISHED, collector_retrieve(w->collector, w->ids, w->count, what), 60000);
}

static const struct note *about(const struct world *w, const char *server)
{
    for (size_t i = w->heard_count; i-- > 0;)
        if (w->heard[i]->kind == NOTE_SERVER && strcmp(w->heard[i]->server_name, server) == 0)
            return w->heard[i];
    fail_msg("nothing was heard of %s", server);
    return NULL;
}

static int64_t count(struct world *w, const struct object_type *object, const char *where)
{
    struct list_spec spec = { .object = object, .where = where };
    struct err err = { 0 };
    int64_t n = -1;

    if (!store_count(w->reader, &spec, &n, &err))
        fail_msg("%s: %s", where, err.text);
    return n;
}

/* A fact of a server as text; "-" for NULL. */
static const char *fact(struct world *w, size_t at, const char *property)
{
    static char out[8][256];
    static int turn;
    char *text = out[turn++ % 8];
    struct arena mem = { 0 };
    struct row row;
    struct err err = { 0 };

    if (!store_rows(w->reader, &catalog_servers, &w->ids[at], 1, &mem, &row, &err))
        fail_msg("%s", err.text);
    kind_show(catalog_servers.properties[catalog_property(&catalog_servers, property)].kind,
              row.values[catalog_property(&catalog_servers, property)], text, sizeof(out[0]));
    arena_done(&mem);
    return text;
}

static size_t at_of(const char *name)
{
    for (size_t i = 0; i < estate.count; i++)
        if (strcmp(estate.servers[i].name, name) == 0)
            return i;
    return 0;
}

/* The servers of the estate that serve DHCP. */
static size_t dhcp_at(size_t n)
{
    for (size_t i = 0; i < estate.count; i++)
        if (strstr(estate.servers[i].role, "dhcp") && n-- == 0)
            return i;
    return at_of("");
}

/* ------------------------------------------------------------------ well */
static void a_whole_round(void **state)
{
    struct world w;
    const struct note *end = NULL;
    size_t rounds = 0, servers = 0, news = 0;
    int64_t stored = 0;

    (void)state;
    world_begin(&w);
    world_go(&w);
    end = round_of_all(&w, WHAT_ROUND);
    assert_int_equal(end->total, SERVERS);
    assert_int_equal(end->done, SERVERS);
    assert_int_equal(end->failed, 0);
    assert_true(end->ok);
    for (size_t i = 0; i < w.heard_count; i++) {
        rounds += w.heard[i]->kind == NOTE_ROUND;
        servers += w.heard[i]->kind == NOTE_SERVER;
        news += w.heard[i]->kind == NOTE_STORED;
    }
    assert_int_equal(servers, SERVERS);
    assert_true(rounds >= 1);
    assert_true(news >= 1); /* who hears of the end finds the data */
    stored = count(&w, &catalog_scopes, "");
    assert_true(stored >= SCOPES);
    assert_int_equal(count(&w, &catalog_scopes, "o.in_use IS NULL"), 0);          /* statistics found their scopes */
    assert_int_equal(count(&w, &catalog_scopes, "o.dynamic_updates IS NULL"), 0); /* and so did what answers by order */
    assert_true(count(&w, &catalog_exclusions, "") > 0);
    assert_string_equal(fact(&w, dhcp_at(0), "reachable"), "yes");
    assert_string_equal(fact(&w, dhcp_at(0), "dhcp_service"), "running");
    assert_string_equal(fact(&w, dhcp_at(0), "error"), "-");
    assert_true(strcmp(fact(&w, dhcp_at(0), "last_seen"), "-") != 0);
    assert_true(strcmp(fact(&w, dhcp_at(0), "powershell_version"), "-") != 0);
    assert_non_null(strstr(about(&w, estate.servers[dhcp_at(0)].name)->text, "scope"));
    forget(&w);
    /* again, over the sessions that are open now: the same rows */
    end = round_of_all(&w, WHAT_ROUND);
    assert_int_equal(end->failed, 0);
    assert_int_equal(count(&w, &catalog_scopes, ""), stored);
    world_end(&w);
}

static void what_is_gone_goes(void **state)
{
    struct world w;
    int64_t before = 0;
    const char *server = estate.servers[dhcp_at(0)].name;
    struct arena mem = { 0 };
    struct err err = { 0 };
    struct row row;
    struct list_spec spec = { .object = &catalog_scopes, .where = "s.name = ?", .params = (struct value[]){ V_TEXT(server) },
                              .param_count = 1 };
    row_id id = 0;
    int64_t n = 0;
    char scope[32];

    (void)state;
    world_begin(&w);
    world_go(&w);
    round_of_all(&w, WHAT_ROUND);
    before = count(&w, &catalog_scopes, "");
    assert_true(store_count(w.reader, &spec, &n, &err) && n > 1);
    for (id = 1; store_rows(w.reader, &catalog_scopes, &id, 1, &mem, &row, &err) && id < 100000; id++)
        if (row.id != 0 && row.server == w.ids[dhcp_at(0)])
            break;
    kind_show(KIND_IPV4, row.values[catalog_property(&catalog_scopes, "scope")], scope, sizeof(scope));
    estate_run(&estate, (const char *const[]){ "remove", estate.dir, server, scope, NULL });
    round_of_all(&w, WHAT_ROUND);
    assert_int_equal(count(&w, &catalog_scopes, ""), before - 1);
    arena_done(&mem);
    world_end(&w);
}

/* ------------------------------------------------------------------ unwell */
static void the_unwell_and_the_others(void **state)
{
    static const struct {
        const char *kind, *reachable, *has, *step;
    } sick[] = {
        { "down:Connection refused", "no", "Connection refused", "PowerShell" },
        { "hang", "no", "did not answer within", "PowerShell" },
        { "garbage", "no", "first bytes were", "PowerShell" },
        { "denied", "yes", "access denied", "rights" },
        { "die-mid-answer", "no", "", "PowerShell" },
        { "no-module", "yes", "not installed", "module" },
        { "huge-fragment", "no", "", "PowerShell" },
    };
    struct world w;
    const struct note *end = NULL;

    (void)state;
    world_begin(&w);
    for (size_t i = 0; i < COUNT(sick); i++)
        estate_fault(&estate, estate.servers[dhcp_at(i)].name, sick[i].kind);
    world_go(&w);
    end = round_of_all(&w, WHAT_ROUND);
    assert_int_equal(end->failed, COUNT(sick));
    assert_int_equal(end->done, SERVERS);
    assert_false(end->ok);
    for (size_t i = 0; i < COUNT(sick); i++) {
        const char *name = estate.servers[dhcp_at(i)].name;
        const struct note *note = about(&w, name);
        if (note->ok || !strstr(note->text, sick[i].has) || strcmp(fact(&w, dhcp_at(i), "reachable"), sick[i].reachable) != 0 ||
            strcmp(fact(&w, dhcp_at(i), "error"), "-") == 0 || strcmp(fact(&w, dhcp_at(i), "step"), sick[i].step) != 0)
            fail_msg("%s: %s; reachable %s, step %s, error %s", sick[i].kind, note->text, fact(&w, dhcp_at(i), "reachable"),
                     fact(&w, dhcp_at(i), "step"), fact(&w, dhcp_at(i), "error"));
        estate_fault(&estate, name, "none");
    }
    assert_true(about(&w, estate.servers[dhcp_at(COUNT(sick))].name)->ok);
    /* well again: nothing of it stays */
    forget(&w);
    end = round_of_all(&w, WHAT_ROUND);
    assert_int_equal(end->failed, 0);
    assert_string_equal(fact(&w, dhcp_at(1), "reachable"), "yes");
    assert_string_equal(fact(&w, dhcp_at(1), "error"), "-");
    assert_string_equal(fact(&w, dhcp_at(1), "step"), "-");
    world_end(&w);
}

/* What was known of a server that does not answer stays. */
static void old_facts_stay(void **state)
{
    struct world w;
    int64_t before = 0;

    (void)state;
    world_begin(&w);
    world_go(&w);
    round_of_all(&w, WHAT_ROUND);
    before = count(&w, &catalog_scopes, "");
    for (size_t i = 0; i < 3; i++)
        estate_fault(&estate, estate.servers[dhcp_at(i)].name, i == 0 ? "denied" : i == 1 ? "down" : "half-fragment");
    collector_server_changed(w.collector, w.ids[dhcp_at(1)]);
    assert_int_equal(round_of_all(&w, WHAT_ROUND)->failed, 3);
    assert_int_equal(count(&w, &catalog_scopes, ""), before);
    for (size_t i = 0; i < 3; i++)
        estate_fault(&estate, estate.servers[dhcp_at(i)].name, "none");
    world_end(&w);
}

/* With two places and many hosts that hang, the others are still asked at once. */
static void those_that_hang_do_not_slow_the_others(void **state)
{
    struct world w;
    char name[32];
    int64_t began = 0, healthy = 0;
    uint64_t job = 0;
    size_t well = 0;

    (void)state;
    world_begin(&w);
    w.options.max_hosts = 2;
    w.options.connect_timeout_s = 12;
    w.count = 0;
    {
        struct store *store = NULL;
        struct err err = { 0 };
        assert_true(store_open(w.db, STORE_WRITE, &store, &err));
        for (int i = 0; i < 8; i++) {
            snprintf(name, sizeof(name), "hangs%d", i);
            add_server(&w, store, name, "dhcp", "sleep 60");
        }
        for (size_t i = 0; i < estate.count; i++) {
            server_id id = 0;
            assert_true(store_server_find(store, estate.servers[i].name, &id, &err));
            w.ids[w.count++] = id;
        }
        store_close(store);
    }
    world_go(&w);
    began = clock_mono_ms();
    job = collector_retrieve(w.collector, w.ids, w.count, WHAT_SERVICE);
    while (well < estate.count) {
        const struct note *note = hear(&w, NOTE_SERVER, job, 11000);
        well += note->ok;
        healthy = clock_mono_ms() - began;
    }
    assert_true(healthy < 11000);
    collector_cancel(w.collector, job);
    assert_int_equal(hear(&w, NOTE_FINISHED, job, 2000)->cancelled, 8);
    world_end(&w);
}

static void cancelled(void **state)
{
    struct world w;
    uint64_t job = 0;
    const struct note *end = NULL;

    (void)state;
    world_begin(&w);
    add_late(&w, "sleeper", "sleep 60");
    w.options.connect_timeout_s = 60;
    world_go(&w);
    job = collector_retrieve(w.collector, &w.ids[w.count - 1], 1, WHAT_ALL);
    hear(&w, NOTE_ROUND, job, 2000);
    collector_cancel(w.collector, 0);
    end = hear(&w, NOTE_FINISHED, job, 2000);
    assert_int_equal(end->failed, 0);
    assert_int_equal(end->cancelled, 1);
    assert_int_equal(end->err.kind, ERR_CANCELLED);
    assert_int_equal(about(&w, "sleeper")->err.kind, ERR_CANCELLED);
    /* and can be asked again */
    job = collector_retrieve(w.collector, w.ids, 1, WHAT_SERVICE);
    assert_int_equal(hear(&w, NOTE_FINISHED, job, 20000)->failed, 0);
    world_end(&w);
}

static void asked_once_for_two(void **state)
{
    struct world w;
    uint64_t first = 0, second = 0;
    struct collector_stats stats;

    (void)state;
    world_begin(&w);
    estate_fault(&estate, estate.servers[dhcp_at(0)].name, "slow:300");
    world_go(&w);
    first = collector_retrieve(w.collector, &w.ids[dhcp_at(0)], 1, WHAT_DHCP);
    hear(&w, NOTE_ROUND, first, 3000);
    second = collector_retrieve(w.collector, (server_id[]){ w.ids[dhcp_at(0)], w.ids[dhcp_at(0)] }, 2, WHAT_DHCP);
    assert_true(second != first);
    assert_int_equal(hear(&w, NOTE_FINISHED, first, 20000)->failed, 0);
    assert_int_equal(hear(&w, NOTE_FINISHED, second, 20000)->total, 1);
    stats = collector_stats(w.collector);
    assert_true(stats.rows <= 4 * count(&w, &catalog_scopes, "") + 8);
    estate_fault(&estate, estate.servers[dhcp_at(0)].name, "none");
    world_end(&w);
}

/* ------------------------------------------------------------------ on demand */
static const struct note *answer_of(const struct world *w, uint64_t job, const char *server, const struct object_type *object)
{
    for (size_t i = 0; i < w->heard_count; i++)
        if (w->heard[i]->kind == NOTE_ANSWER && w->heard[i]->job == job && w->heard[i]->object == object &&
            strcmp(w->heard[i]->server_name, server) == 0)
            return w->heard[i];
    return NULL;
}

static size_t answers_of(const struct world *w, uint64_t job)
{
    size_t n = 0;

    for (size_t i = 0; i < w->heard_count; i++)
        n += w->heard[i]->kind == NOTE_ANSWER && w->heard[i]->job == job;
    return n;
}

/* Statistics come as notes, whole, to everybody who asked; the store never hears of them. */
static void statistics(void **state)
{
    struct world w;
    size_t dns = 0;
    const char *name = estate.servers[dns].name; /* it has both roles */
    const struct note *note = NULL;
    uint64_t first = 0, second = 0, zone = 0;
    int queries = catalog_property(&catalog_dns_statistics, "QueryStatistics.UdpQueries");

    (void)state;
    world_begin(&w);
    world_go(&w);
    first = collector_statistics(w.collector, w.ids, w.count, NULL);
    second = collector_statistics(w.collector, (server_id[]){ w.ids[dns], w.ids[dns] }, 2, NULL);
    assert_int_equal(hear(&w, NOTE_FINISHED, second, 20000)->total, 1);
    assert_int_equal(hear(&w, NOTE_FINISHED, first, 60000)->failed, 0);
    note = answer_of(&w, first, name, &catalog_dns_statistics);
    assert_true(note && note->ok && note->values[queries].type == VALUE_INT && note->values[queries].i > 0);
    note = answer_of(&w, second, name, &catalog_dns_statistics);
    assert_true(note && note->ok && note->values[queries].i > 0);
    assert_non_null(answer_of(&w, second, name, &catalog_dhcp_statistics));
    assert_int_equal(answers_of(&w, first), 2 * w.count);
    assert_int_equal(answers_of(&w, second), 2);
    assert_string_equal(fact(&w, dns, "last_try"), "-");
    assert_int_equal(collector_stats(w.collector).rows, 0);

    /* Of a zone, and of one that the server does not have. */
    zone = collector_statistics(w.collector, &w.ids[dns], 1, "corp.example.com");
    hear(&w, NOTE_FINISHED, zone, 20000);
    assert_int_equal(answers_of(&w, zone), 1);
    note = answer_of(&w, zone, name, &catalog_zone_statistics);
    assert_true(note && note->ok);
    zone = collector_statistics(w.collector, &w.ids[dns], 1, "nobody.example");
    assert_int_equal(hear(&w, NOTE_FINISHED, zone, 20000)->failed, 1);
    note = answer_of(&w, zone, name, &catalog_zone_statistics);
    assert_true(note && !note->ok && strstr(note->err.text, "no such zone"));
    world_end(&w);
}

static void statistics_that_do_not_come(void **state)
{
    static const struct {
        const char *fault;
        bool answer; /* is there one about the counters, or only of the server */
        enum err_kind kind;
        bool ok;
    } cases[] = { { "no-module", true, ERR_NONE, true }, { "denied", true, ERR_DENIED, false }, { "down", false, ERR_NONE, false },
                  { "slow:3000", true, ERR_TIMEOUT, false } };
    size_t dns = 0;
    struct world w;

    (void)state;
    world_begin(&w);
    world_go(&w);
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t job = 0;
        const struct note *note = NULL;

        estate_fault(&estate, estate.servers[dns].name, cases[i].fault);
        collector_server_changed(w.collector, w.ids[dns]);
        job = collector_statistics(w.collector, &w.ids[dns], 1, NULL);
        assert_int_equal(hear(&w, NOTE_FINISHED, job, 20000)->failed, !cases[i].ok);
        assert_int_equal(about(&w, estate.servers[dns].name)->ok, cases[i].ok);
        note = answer_of(&w, job, estate.servers[dns].name, &catalog_dns_statistics);
        if ((note != NULL) != cases[i].answer || (note && (note->ok || note->err.kind != cases[i].kind)))
            fail_msg("%s: %s", cases[i].fault, note ? note->err.text : "nothing");
    }
    estate_fault(&estate, estate.servers[dns].name, "none");
    world_end(&w);
}

/* What is retrieved from the same server meanwhile is kept as ever; and what is asked on demand can be cancelled. */
static void statistics_beside_a_round(void **state)
{
    size_t dns = 0;
    uint64_t job = 0;
    struct world w;

    (void)state;
    world_begin(&w);
    estate_fault(&estate, estate.servers[dns].name, "slow:400");
    world_go(&w);
    collector_retrieve(w.collector, &w.ids[dns], 1, WHAT_SERVICE | WHAT_DNS);
    job = collector_statistics(w.collector, &w.ids[dns], 1, NULL);
    hear(&w, NOTE_FINISHED, job, 20000);
    assert_int_equal(answers_of(&w, job), 2);
    assert_true(count(&w, &catalog_zoneservers, "") > 0);
    job = collector_statistics(w.collector, &w.ids[dns], 1, NULL);
    collector_cancel(w.collector, job);
    assert_int_equal(hear(&w, NOTE_FINISHED, job, 5000)->cancelled, 1);
    estate_fault(&estate, estate.servers[dns].name, "none");
    world_end(&w);
}

static void nothing_and_nobody(void **state)
{
    struct world w;
    server_id nobody = 99999;

    (void)state;
    world_begin(&w);
    world_go(&w);
    assert_int_equal(hear(&w, NOTE_FINISHED, collector_retrieve(w.collector, NULL, 0, WHAT_ALL), 5000)->total, 0);
    assert_int_equal(hear(&w, NOTE_FINISHED, collector_retrieve(w.collector, &nobody, 1, WHAT_ALL), 5000)->failed, 1);
    assert_int_equal(hear(&w, NOTE_FINISHED, collector_retrieve(w.collector, w.ids, 1, 0), 5000)->failed, 0);
    world_end(&w);
}

/* A server that is removed, or reached another way, while it is being asked. */
static void changed_meanwhile(void **state)
{
    struct world w;
    struct store *store = NULL;
    struct err err = { 0 };
    uint64_t job = 0;
    server_id id = 0;

    (void)state;
    world_begin(&w);
    w.options.connect_timeout_s = 60;
    add_late(&w, "moves", "sleep 60");
    id = w.ids[w.count - 1];
    world_go(&w);
    job = collector_retrieve(w.collector, &id, 1, WHAT_SERVICE);
    hear(&w, NOTE_ROUND, job, 2000);
    assert_true(store_open(w.db, STORE_WRITE, &store, &err));
    assert_true(store_server_set(store, id, catalog_property(&catalog_servers, "command"),
                                 V_TEXT(estate.servers[dhcp_at(0)].command), &err));
    collector_server_changed(w.collector, id);
    assert_int_equal(hear(&w, NOTE_FINISHED, job, 10000)->failed, 0);
    /* removed while its answers are on their way: an error of that server, not of the store */
    estate_fault(&estate, estate.servers[dhcp_at(0)].name, "slow:400");
    job = collector_retrieve(w.collector, (server_id[]){ id, w.ids[dhcp_at(1)] }, 2, WHAT_DHCP);
    hear(&w, NOTE_ROUND, job, 2000);
    assert_true(store_server_remove(store, id, &err));
    assert_int_equal(hear(&w, NOTE_FINISHED, job, 10000)->failed, 1);
    assert_true(about(&w, estate.servers[dhcp_at(1)].name)->ok);
    for (size_t i = 0; i < w.heard_count; i++)
        assert_true(w.heard[i]->kind != NOTE_FAULT);
    estate_fault(&estate, estate.servers[dhcp_at(0)].name, "none");
    store_close(store);
    world_end(&w);
}

/* No room on the disk: the round fails with one clear note, the collector lives, and the next round works. */
static void disk_full(void **state)
{
    struct world w;
    struct rlimit before, small = { .rlim_cur = 1 };
    const struct note *end = NULL;
    bool fault = false;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    world_begin(&w);
    world_go(&w);
    round_of_all(&w, WHAT_SERVICE); /* the hosts run with the old limit */
    forget(&w);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    end = round_of_all(&w, WHAT_ROUND);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(end->failed, SERVERS);
    for (size_t i = 0; i < w.heard_count; i++)
        if (w.heard[i]->kind == NOTE_FAULT) {
            fault = true;
            assert_non_null(strstr(w.heard[i]->text, "cannot be stored"));
        }
    assert_true(fault);
    forget(&w);
    assert_int_equal(round_of_all(&w, WHAT_ROUND)->failed, 0);
    world_end(&w);
}

/* Another program writes for longer than SQLite waits: late, but nothing is lost. */
static void store_held_by_another(void **state)
{
    struct world w;
    struct store *other = NULL;
    struct err err = { 0 };
    uint64_t job = 0;

    (void)state;
    world_begin(&w);
    world_go(&w);
    assert_true(store_open(w.db, STORE_WRITE, &other, &err) && store_begin(other, &err));
    job = collector_retrieve(w.collector, w.ids, w.count, WHAT_ROUND);
    usleep(6500000);
    assert_true(store_commit(other, &err));
    store_close(other);
    assert_int_equal(hear(&w, NOTE_FINISHED, job, 20000)->failed, 0);
    assert_true(count(&w, &catalog_scopes, "") > SCOPES / 2);
    world_end(&w);
}

/* Ends the hosts that this process started. */
static void kill_hosts(void)
{
    char path[64], line[512] = "";
    struct dirent *entry = NULL;
    DIR *tasks = opendir("/proc/self/task");

    assert_non_null(tasks);
    while ((entry = readdir(tasks))) {
        snprintf(path, sizeof(path), "/proc/self/task/%.20s/children", entry->d_name);
        FILE *f = fopen(path, "r");
        if (f && fgets(line, sizeof(line), f))
            for (char *at = strtok(line, " "); at; at = strtok(NULL, " "))
                kill((pid_t)atoi(at), SIGKILL);
        if (f)
            fclose(f);
    }
    closedir(tasks);
}

/* A session that died while it was kept is opened anew without a word, whether its end was seen or not. */
static void kept_session_died(void **state)
{
    struct world w;

    (void)state;
    world_begin(&w);
    world_go(&w);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(hear(&w, NOTE_FINISHED, collector_retrieve(w.collector, w.ids, 3, WHAT_SERVICE), 20000)->failed, 0);
        kill_hosts();
        if (i % 2)
            usleep(100000);
    }
    world_end(&w);
}

/* Regular verification asks what was never asked, soon, and only one process does it. */
static void verified_regularly(void **state)
{
    struct world w;
    struct collector_options how = { .verify = true };
    struct collector *second = NULL;
    struct mailbox *others = mailbox_new();
    struct err err = { 0 };
    const struct note *end = NULL;
    struct note *note = NULL;

    (void)state;
    world_begin(&w);
    how.db_path = w.db;
    w.options.verify_service_s = 2;
    w.options.verify_utilization_s = w.options.verify_zones_s = w.options.verify_configuration_s = 0;
    w.notes = mailbox_new();
    assert_true(collector_start(&how, &w.options, w.notes, &w.collector, &err));
    assert_true(store_open(w.db, STORE_READ, &w.reader, &err));
    end = hear(&w, NOTE_FINISHED, 0, 10000);
    assert_true(end->regular);
    assert_true(collector_start(&how, &w.options, others, &second, &err));
    for (size_t served = 0; served < 2 * SERVERS;)
        served += hear(&w, NOTE_FINISHED, 0, 15000)->total;
    assert_string_equal(fact(&w, dhcp_at(0), "dhcp_service"), "running");
    while ((note = mailbox_get(others))) {
        assert_true(note->kind != NOTE_ROUND && note->kind != NOTE_SERVER);
        free(note);
    }
    collector_stop(second);
    mailbox_free(others, free);
    world_end(&w);
}

static void set_interval(struct world *w, size_t server, const char *property, int64_t seconds)
{
    struct store *store = NULL;
    struct err err = { 0 };

    assert_true(store_open(w->db, STORE_WRITE, &store, &err));
    assert_true(store_server_set(store, w->ids[server], catalog_property(&catalog_servers, property), V_INT(seconds), &err));
    store_close(store);
}

/* What a server's row says goes before what is configured for all: one is verified often, the others never. */
static void intervals_of_their_own(void **state)
{
    struct world w;
    struct collector_options how = { .verify = true };
    struct err err = { 0 };

    (void)state;
    world_begin(&w);
    how.db_path = w.db;
    w.options.verify_service_s = 3600;
    w.options.verify_utilization_s = w.options.verify_zones_s = w.options.verify_configuration_s = 0;
    for (size_t i = 0; i < w.count; i++)
        set_interval(&w, i, "verify_service", i == 1 ? 1 : 0);
    w.notes = mailbox_new();
    assert_true(collector_start(&how, &w.options, w.notes, &w.collector, &err));
    assert_true(store_open(w.db, STORE_READ, &w.reader, &err));
    for (int i = 0; i < 3; i++)
        assert_int_equal(hear(&w, NOTE_FINISHED, 0, 10000)->total, 1);
    for (size_t i = 0; i < w.heard_count; i++)
        assert_true(w.heard[i]->kind != NOTE_SERVER || w.heard[i]->server == w.ids[1]);
    world_end(&w);
}

/* Rounds for what another entry of the same machine has are none. */
static void a_duplicate_has_no_rounds(void **state)
{
    struct world w;
    struct collector_options how = { .verify = true };
    struct err err = { 0 };
    server_id again;

    (void)state;
    world_begin(&w);
    world_go(&w);
    round_of_all(&w, WHAT_ROUND);
    add_late(&w, "again", estate.servers[dhcp_at(0)].command);
    again = w.ids[w.count - 1];
    hear(&w, NOTE_FINISHED, collector_retrieve(w.collector, &again, 1, WHAT_ROUND), 10000);
    assert_int_equal(count(&w, &catalog_scopes, "s.name = 'again'"), 0);
    collector_stop(w.collector);
    forget(&w);
    how.db_path = w.db;
    w.options.verify_utilization_s = 1;
    w.options.verify_service_s = w.options.verify_zones_s = w.options.verify_configuration_s = 0;
    assert_true(collector_start(&how, &w.options, w.notes, &w.collector, &err));
    for (size_t served = 0; served < 3 * SERVERS;)
        served += hear(&w, NOTE_FINISHED, 0, 15000)->total;
    for (size_t i = 0; i < w.heard_count; i++)
        assert_true(w.heard[i]->kind != NOTE_SERVER || w.heard[i]->server != again);
    world_end(&w);
}

static int setup(void **state)
{
    (void)state;
    estate_make(&estate, SERVERS, SCOPES, 11);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    estate_done(&estate);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_round),
        cmocka_unit_test(what_is_gone_goes),
        cmocka_unit_test(the_unwell_and_the_others),
        cmocka_unit_test(old_facts_stay),
        cmocka_unit_test(those_that_hang_do_not_slow_the_others),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(asked_once_for_two),
        cmocka_unit_test(statistics),
        cmocka_unit_test(statistics_that_do_not_come),
        cmocka_unit_test(statistics_beside_a_round),
        cmocka_unit_test(nothing_and_nobody),
        cmocka_unit_test(changed_meanwhile),
        cmocka_unit_test(disk_full),
        cmocka_unit_test(store_held_by_another),
        cmocka_unit_test(kept_session_died),
        cmocka_unit_test(verified_regularly),
        cmocka_unit_test(intervals_of_their_own), cmocka_unit_test(a_duplicate_has_no_rounds),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
