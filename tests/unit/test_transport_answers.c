/* Answers of ssh -G and ssh-keygen -F from one run to the next: kept while everything that they rest on is as it was. The real
 * programs, behind scripts that count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <time.h>

#include "ipamtui/loop.h"
#include "sshd.h"
#include "transport/answers.h"
#include "transport/conf.h"
#include "transport/hostkey.h"

static struct lab lab;
static char kept[128];

static struct buf lab_files; /* one a line */

static int name_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    buf_addf(&lab_files, "%s\n", path);
    return 0;
}

/* Until nothing in the lab counts as changed just now: before, no answer that rests on it is kept for the next run. */
static bool settle(void)
{
    bool settled = false;
    nftw(lab.dir, name_file, 16, FTW_PHYS);
    for (int i = 0; i < 200 && !settled; i++) {
        settled = answers_settled(buf_at(&lab_files), time(NULL));
        if (!settled)
            usleep(50000);
    }
    buf_done(&lab_files);
    return settled;
}

static int lab_up(void **state)
{
    static char path[512];
    (void)state;
    if (!lab_begin(&lab))
        return -1;
    lab_run(&lab, "mkdir bin inc; for p in ssh ssh-keygen; do printf '#!/bin/sh\\necho x >>%s/%%s.calls\\n%%s \"$@\"\\ns=$?\\n"
            "[ ! -e %s/after ] || . %s/after\\nexit $s\\n' $p $(command -v $p) >bin/$p; chmod 755 bin/$p; done", lab.dir, lab.dir, lab.dir);
    snprintf(path, sizeof(path), "%s/bin:%s", lab.dir, getenv("PATH"));
    setenv("PATH", path, 1);
    snprintf(kept, sizeof(kept), "%s/cache/deep/answers", lab.dir);
    lab_write(&lab, "plain", "Host *\n User one\n");
    lab_write(&lab, "rewritten", "Host *\n User one\n");
    lab_write(&lab, "including", "Include %s/inc/part\nInclude \"%s/inc/*.more\"\nHost *\n User one\n", lab.dir, lab.dir);
    lab_write(&lab, "pattern", "Include %s/i*/part\nHost *\n User one\n", lab.dir);
    lab_write(&lab, "command", "Match exec \"true\"\n User one\n");
    lab_write(&lab, "other-command", "Host *\n User one\nMatch host else exec \"true\"\n User two\n");
    lab_write(&lab, "variable", "Host *\n User one\n IdentityAgent ${IPAM_TEST_AGENT}\n");
    lab_write(&lab, "canonical", "Host *\n User one\n CanonicalizeHostname yes\n CanonicalDomains invalid\n");
    lab_run(&lab, "printf 'h1 ' >known; cut -d' ' -f1,2 id.pub >>known");
    setenv("IPAM_TEST_AGENT", "/nowhere", 1);
    return settle() ? 0 : -1;
}

static int lab_down(void **state)
{
    (void)state;
    transport_keep_answers(NULL);
    lab_end(&lab);
    return 0;
}

static int calls(const char *program)
{
    char file[64];
    int n = 0;
    snprintf(file, sizeof(file), "%s.calls", program);
    for (const char *at = lab_read(&lab, file); *at; at++)
        n += *at == 'x';
    return n;
}

/* ---- one run: a hub that asks one question */

struct run {
    struct loop *loop;
    struct transport_hub *hub;
    struct ssh_conf *conf;
    struct known_keys known;
    int answers;
    struct err err;
};

static void run_begin(struct run *r, const char *config)
{
    char path[128];
    struct transport_hub_options options = { .ssh_config = path };
    snprintf(path, sizeof(path), "%s/%s", lab.dir, config);
    *r = (struct run){ .loop = loop_new() };
    transport_keep_answers(kept);
    r->hub = transport_hub_new(r->loop, &options);
}

static void run_end(struct run *r)
{
    conf_release(r->conf);
    known_keys_done(&r->known);
    transport_hub_free(r->hub);
    loop_free(r->loop);
}

static void on_conf(void *ctx, struct ssh_conf *conf, const struct err *err)
{
    struct run *r = ctx;
    conf_release(r->conf);
    r->conf = conf;
    r->err = *err;
    r->answers++;
}

static void on_known(void *ctx, struct known_keys *keys, const struct err *err)
{
    struct run *r = ctx;
    known_keys_done(&r->known);
    r->known = *keys;
    *keys = (struct known_keys){ 0 };
    r->err = *err;
    r->answers++;
}

static void wait_for(struct run *r, int answers)
{
    for (int i = 0; i < 500 && r->answers < answers; i++)
        loop_turn(r->loop, 20);
    assert_int_equal(r->answers, answers);
}

/* The user that config says for a host; *asked: how often ssh was run for it. */
static const char *user_of(const char *config, int *asked)
{
    static char user[64];
    struct run r;
    int before = calls("ssh");
    run_begin(&r, config);
    conf_get(r.hub, "h1", NULL, 0, false, on_conf, &r);
    wait_for(&r, 1);
    assert_non_null(r.conf);
    snprintf(user, sizeof(user), "%s", r.conf->user);
    run_end(&r);
    *asked = calls("ssh") - before;
    return user;
}

static void nothing(void)
{
}
static void rewrite(void)
{
    lab_write(&lab, "rewritten", "Host *\n User two\n"); /* as long as before */
}
static void include(void)
{
    lab_write(&lab, "inc/part", "User two\n");
}
static void include_by_pattern(void)
{
    lab_write(&lab, "inc/new.more", "User three\n");
    lab_run(&lab, "rm inc/part");
}
static void other_variable(void)
{
    setenv("IPAM_TEST_AGENT", "/elsewhere", 1);
}

static void conf_is_asked_again(void **state)
{
    static const struct { const char *config; int second; void (*change)(void); int third; const char *user; } cases[] = {
        { "plain", 0, nothing, 0, "one" },
        { "rewritten", 0, rewrite, 1, "two" },
        { "including", 0, include, 1, "two" },
        { "including", 1, include_by_pattern, 1, "three" }, /* fresh, so the second was not kept */
        { "pattern", 1, nothing, 1, "one" },
        { "command", 1, nothing, 1, "one" },
        { "other-command", 0, nothing, 0, "one" },
        { "variable", 0, other_variable, 1, "one" },
        { "canonical", 1, nothing, 1, "one" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int first, second, third;
        user_of(cases[i].config, &first);
        user_of(cases[i].config, &second);
        cases[i].change();
        const char *user = user_of(cases[i].config, &third);
        if (first != 1 || second != cases[i].second || third != cases[i].third || strcmp(user, cases[i].user) != 0)
            fail_msg("%zu %s: asked %d %d %d, user %s", i, cases[i].config, first, second, third, user);
    }
}

/* Within a run, too: a hub of a console lives for days. */
static void conf_changes_within_a_run(void **state)
{
    struct run r;
    (void)state;
    run_begin(&r, "plain");
    int before = calls("ssh");
    conf_get(r.hub, "h1", NULL, 0, false, on_conf, &r);
    wait_for(&r, 1);
    assert_int_equal(calls("ssh") - before, 0);
    lab_write(&lab, "plain", "Host *\n User two\n");
    conf_get(r.hub, "h1", NULL, 0, false, on_conf, &r);
    wait_for(&r, 2);
    assert_string_equal(r.conf->user, "two");
    run_end(&r);
}

/* Changed after ssh has read it, and before it is looked at on what the answer rests. */
static void conf_changes_while_asked(void **state)
{
    struct run r;
    (void)state;
    lab_write(&lab, "meanwhile", "Host *\n User one\n");
    lab_write(&lab, "after", "printf 'Host *\\n User two\\n' >%s/meanwhile\nrm %s/after\n", lab.dir, lab.dir);
    assert_true(settle());
    run_begin(&r, "meanwhile");
    conf_get(r.hub, "h1", NULL, 0, false, on_conf, &r);
    wait_for(&r, 1);
    assert_string_equal(r.conf->user, "one");
    conf_get(r.hub, "h1", NULL, 0, false, on_conf, &r);
    wait_for(&r, 2);
    assert_string_equal(r.conf->user, "two");
    run_end(&r);
}

/* Keys on file for h1; *asked: how often ssh-keygen was run. */
static size_t keys_of(int *asked, int at_once)
{
    struct run r;
    struct ssh_conf *conf;
    struct err err = { 0 };
    struct buf text = { 0 };
    int before = calls("ssh-keygen");
    buf_addf(&text, "hostname h1\nuserknownhostsfile %s/known %s/none\nglobalknownhostsfile %s/empty\n", lab.dir, lab.dir, lab.dir);
    run_begin(&r, "command");
    assert_true(conf_parse(buf_at(&text), "h1", NULL, &conf, &err));
    for (int i = 0; i < at_once; i++)
        known_find(r.hub, conf, on_known, &r);
    wait_for(&r, at_once);
    size_t found = r.known.count;
    conf_release(conf);
    buf_done(&text);
    run_end(&r);
    *asked = calls("ssh-keygen") - before;
    return found;
}

static void known_is_asked_again(void **state)
{
    int asked;
    (void)state;
    lab_run(&lab, ": >empty");
    assert_true(settle());
    assert_int_equal(keys_of(&asked, 5), 1); /* five hosts of one name: asked once */
    assert_int_equal(asked, 1);
    assert_int_equal(keys_of(&asked, 5), 1);
    assert_int_equal(asked, 0);
    lab_run(&lab, "printf '@revoked h1 ' >>known; cut -d' ' -f1,2 id.pub >>known");
    assert_int_equal(keys_of(&asked, 1), 2);
    assert_int_equal(asked, 1);
}

/* A file that somebody else could have written is not believed, a damaged one neither. */
static void strange_files(void **state)
{
    static const char *const lines[] = { "chmod 666 %s", "chmod 600 %s; head -c 300 %s >cut; cp cut %s", "sed -i s/two/six/ %s; chmod 620 %s",
                                         "head -c 400 /dev/urandom >>%s" };
    int asked;
    (void)state;
    lab_run(&lab, "chmod 600 rewritten");
    assert_true(settle());
    for (size_t i = 0; i < COUNT(lines); i++) {
        char line[600];
        user_of("rewritten", &asked);
        assert_string_equal(user_of("rewritten", &asked), "two");
        assert_int_equal(asked, 0);
        snprintf(line, sizeof(line), lines[i], kept, kept, kept);
        assert_int_equal(lab_run(&lab, "%s", line), 0);
        assert_string_equal(user_of("rewritten", &asked), "two");
        if (asked != (i < 3))
            fail_msg("%s: asked %d", line, asked);
        lab_run(&lab, "rm -f %s", kept);
    }
    struct stat st;
    user_of("rewritten", &asked);
    assert_int_equal(stat(kept, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conf_is_asked_again), cmocka_unit_test(conf_changes_within_a_run), cmocka_unit_test(conf_changes_while_asked),
        cmocka_unit_test(known_is_asked_again), cmocka_unit_test(strange_files),
    };
    return cmocka_run_group_tests(tests, lab_up, lab_down);
}
