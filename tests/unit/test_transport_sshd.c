/* Real OpenSSH servers on loopback, through both ssh transports: direct, jump hosts, keys, agents, host keys, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ipamtui/clock.h"
#include "ipamtui/loop.h"
#include "ipamtui/mem.h"
#include "ipamtui/transport.h"
#include "sshd.h"

static struct lab lab;
static struct sshd plain, jump_a, jump_b;

/* ---- one stream and what was seen of it */

struct seen {
    struct loop *loop;
    struct transport_hub *hub;
    struct transport *t;
    bool opened, closed;
    enum transport_step step, last_step;
    struct err err;
    char tail[4200], about[400];
    size_t bytes, sent, want;
    bool wrong, pause_often;
    struct loop_timer resume, limit;
    struct buf text;
    /* questions */
    int asked;
    struct transport_ask ask;       /* the last one */
    const char *answer;             /* NULL: refuse */
    bool can_ask;
    int64_t opened_ms;
};

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 7 + (i >> 9));
}

static void feed(struct seen *s)
{
    unsigned char chunk[8192];
    while (s->sent < s->want && transport_queued(s->t) < 65536) {
        size_t n = MIN(sizeof(chunk), s->want - s->sent);
        for (size_t i = 0; i < n; i++)
            chunk[i] = pattern(s->sent + i);
        transport_write(s->t, chunk, n);
        s->sent += n;
    }
}

static void on_step(void *ctx, enum transport_step step)
{
    ((struct seen *)ctx)->last_step = step;
}

static void on_opened(void *ctx)
{
    struct seen *s = ctx;
    s->opened = true;
    s->opened_ms = clock_mono_ms();
    snprintf(s->about, sizeof(s->about), "%s", transport_describe(s->t));
    feed(s);
    if (s->want == SIZE_MAX)
        loop_stop(s->loop);
}

static void on_resume(void *ctx)
{
    transport_pause(((struct seen *)ctx)->t, false);
}

static void on_data(void *ctx, const void *bytes, size_t len)
{
    struct seen *s = ctx;
    const unsigned char *b = bytes;
    if (s->want == 0)
        buf_add(&s->text, bytes, len);
    for (size_t i = 0; s->want && i < len; i++)
        s->wrong |= b[i] != pattern(s->bytes + i);
    s->bytes += len;
    feed(s);
    if (s->pause_often && s->bytes % 5 == 0) {
        transport_pause(s->t, true);
        loop_timer_in(s->loop, &s->resume, 1, on_resume, s);
    }
    if (s->want && s->bytes >= s->want)
        loop_stop(s->loop);
}

static void on_closed(void *ctx, enum transport_step step, const struct err *err, const char *tail)
{
    struct seen *s = ctx;
    s->closed = true;
    s->step = step;
    s->err = *err;
    snprintf(s->tail, sizeof(s->tail), "%s", tail);
    snprintf(s->about, sizeof(s->about), "%s", transport_describe(s->t));
    loop_stop(s->loop);
}

static void on_ask(void *ctx, const struct transport_ask *ask)
{
    struct seen *s = ctx;
    char copy[4][128];
    const char *answers[4] = { copy[0], copy[1], copy[2], copy[3] };
    s->asked++;
    s->ask = *ask;
    for (int i = 0; i < 4; i++)
        snprintf(copy[i], sizeof(copy[i]), "%s", s->answer ? s->answer : "");
    transport_answer(s->t, s->answer ? answers : NULL);
}

static const struct transport_events with_questions = { .step = on_step, .opened = on_opened, .data = on_data,
                                                         .ask = on_ask, .closed = on_closed };
static const struct transport_events without = { .step = on_step, .opened = on_opened, .data = on_data,
                                                  .closed = on_closed };

static void on_limit(void *ctx)
{
    struct seen *s = ctx;
    loop_stop(s->loop);
    snprintf(s->err.text, sizeof(s->err.text), "TEST: nothing happened in time (%s)", transport_step_name(s->last_step));
}

static char config_path[128];

static void begin(struct seen *s, int64_t limit_ms)
{
    struct transport_hub_options options = { .ssh_config = config_path, .connect_timeout_ms = limit_ms };
    snprintf(config_path, sizeof(config_path), "%s/config", lab.dir);
    s->loop = loop_new();
    s->hub = transport_hub_new(s->loop, &options);
}

static void run(struct seen *s, enum transport_kind kind, const char *address, const char *command)
{
    struct transport_target target = { .name = address, .kind = kind, .address = address, .command = command };
    if (!s->loop)
        begin(s, 0);
    loop_timer_in(s->loop, &s->limit, 40000, on_limit, s);
    s->t = transport_open(s->hub, &target, s->can_ask ? &with_questions : &without, s);
    loop_run(s->loop);
}

static void end(struct seen *s)
{
    transport_close(s->t);
    transport_hub_free(s->hub);
    loop_timer_stop(&s->limit);
    loop_timer_stop(&s->resume);
    loop_free(s->loop);
    buf_done(&s->text);
    *s = (struct seen){ 0 };
}

static const enum transport_kind both[] = { TRANSPORT_SSH, TRANSPORT_OPENSSH };

#define CHECK(cond, s) \
    do { \
        if (!(cond)) \
            fail_msg("%s: opened %d closed %d step \"%s\" kind %s err \"%s\" tail \"%s\" about \"%s\" asked %d \"%s\" text \"%s\"", \
                     #cond, (s)->opened, (s)->closed, transport_step_name((s)->step), err_kind_name((s)->err.kind), \
                     (s)->err.text, (s)->tail, (s)->about, (s)->asked, (s)->ask.text, buf_at(&(s)->text)); \
    } while (0)

/* ---- the lab's configuration */

static void host(FILE *f, const char *alias, int port, const char *more)
{
    /* ssh takes ~ from the password file: names of files are absolute. */
    fprintf(f, "Host %s\n HostName 127.0.0.1\n Port %d\n", alias, port);
    if (!strstr(more, "IdentityFile"))
        fprintf(f, " IdentityFile %s/id\n", lab.dir);
    for (; *more; more++)
        if (more[0] == '~')
            fputs(lab.dir, f);
        else
            fputc(*more, f);
    fputc('\n', f);
}

static int write_config(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof(path), "%s/config", lab.dir);
    FILE *f = fopen(path, "w");
    if (!f)
        return -1;
    host(f, "plain", plain.port, "");
    host(f, "one", plain.port, "ProxyJump a");
    host(f, "two", plain.port, "ProxyJump a,b");
    host(f, "own", plain.port, "ProxyJump b-own");
    host(f, "b-own", jump_b.port, "ProxyJump a");
    host(f, "a", jump_a.port, "");
    host(f, "b", jump_b.port, "");
    host(f, "rsa", plain.port, "IdentityFile ~/rsa");
    host(f, "ecdsa", plain.port, "IdentityFile ~/ecdsa");
    host(f, "locked", plain.port, "IdentityFile ~/locked");
    host(f, "locked-jump", plain.port, "IdentityFile ~/locked\n ProxyJump a");
    host(f, "wrong", plain.port, "IdentityFile ~/wrong");
    host(f, "fresh", plain.port, "UserKnownHostsFile ~/fresh");
    host(f, "fresh-jump", plain.port, "ProxyJump a-fresh");
    host(f, "a-fresh", jump_a.port, "UserKnownHostsFile ~/fresh-a");
    host(f, "hashed", plain.port, "UserKnownHostsFile ~/hashed\n HashKnownHosts yes\n StrictHostKeyChecking accept-new");
    host(f, "strict", plain.port, "UserKnownHostsFile ~/empty\n StrictHostKeyChecking yes");
    host(f, "changed", plain.port, "UserKnownHostsFile ~/changed");
    host(f, "changed-off", plain.port, "UserKnownHostsFile ~/changed\n StrictHostKeyChecking no");
    host(f, "changed-new", plain.port, "UserKnownHostsFile ~/changed\n StrictHostKeyChecking accept-new");
    host(f, "off", plain.port, "UserKnownHostsFile ~/fresh-off\n StrictHostKeyChecking no");
    host(f, "new", plain.port, "UserKnownHostsFile ~/fresh-off\n StrictHostKeyChecking accept-new");
    host(f, "revoked", plain.port, "UserKnownHostsFile ~/revoked");
    host(f, "other", plain.port, "UserKnownHostsFile ~/other");
    host(f, "proxy", plain.port, "ProxyCommand ssh -F ~/config -W %h:%p a");
    host(f, "loop1", plain.port, "ProxyJump loop2");
    host(f, "loop2", plain.port, "ProxyJump loop1");
    host(f, "self", plain.port, "ProxyJump self");
    host(f, "loop-of-one", plain.port, "ProxyJump nobody@of-one");
    fprintf(f, "Match originalhost of-one user nobody\n ProxyJump nobody@of-one\n");
    host(f, "dead", free_port(), "");
    host(f, "dead-jump", plain.port, "ProxyJump dead");
    host(f, "dead-behind", free_port(), "ProxyJump a");
    fprintf(f, "Host unknown-name\n HostName no-such-host.invalid\n IdentityFile %s/id\n", lab.dir);
    fprintf(f,
            "Host agent-rsa\n IdentityFile %s/rsa.pub\n IdentitiesOnly yes\n"
            "Host agent*\n HostName 127.0.0.1\n Port %d\n IdentityAgent %s/agent.sock\n IdentityFile %s/none\n IdentitiesOnly no\n",
            lab.dir, plain.port, lab.dir, lab.dir);
    fprintf(f,
            "Host *\n User %s\n IdentitiesOnly yes\n UserKnownHostsFile %s/known\n"
            " GlobalKnownHostsFile none\n StrictHostKeyChecking ask\n",
            lab.user, lab.dir);
    fclose(f);
    return 0;
}

static int lab_up(void **state)
{
    if (!lab_begin(&lab))
        return -1;
    lab_key(&lab, "rsa", "rsa", "");
    lab_key(&lab, "ecdsa", "ecdsa", "");
    lab_key(&lab, "locked", "ed25519", "open sesame");
    lab_key(&lab, "wrong", "ed25519", "");
    lab_run(&lab, "cat rsa.pub ecdsa.pub locked.pub >>authorized_keys");
    if (!sshd_start(&lab, &plain, "plain", "MaxStartups 100\n") || !sshd_start(&lab, &jump_a, "a", "") ||
        !sshd_start(&lab, &jump_b, "b", ""))
        return -1;
    know(&lab, &plain, "known");
    know(&lab, &jump_a, "known");
    know(&lab, &jump_b, "known");
    lab_run(&lab, "printf '# a comment\\n\\n[127.0.0.1]:%d ' %d >changed; cut -d' ' -f1,2 wrong.pub >>changed", plain.port,
            plain.port);
    lab_run(&lab, "printf '@revoked * ' >revoked; cut -d' ' -f1,2 plain/hostkey.pub >>revoked; cat known >>revoked");
    lab_run(&lab, "printf '[127.0.0.1]:%d ' >other; cut -d' ' -f1,2 ecdsa.pub >>other", plain.port);
    lab_run(&lab, "printf '[127.0.0.1]:%d ' >changed2; cut -d' ' -f1,2 wrong.pub >>changed2", plain.port);
    lab_run(&lab, "mv changed2 changed.tail; printf '# a comment\\n\\n' >changed; cat changed.tail >>changed; : >empty");
    return write_config(state);
}

static int lab_down(void **state)
{
    (void)state;
    sshd_kill(&plain);
    sshd_kill(&jump_a);
    sshd_kill(&jump_b);
    lab_end(&lab);
    return 0;
}

/* ---- what must work */

static void reaches(void **state)
{
    static const struct { const char *address; const char *about; } cases[] = {
        { "plain", "" }, { "one", "through a" }, { "two", "through a,b" }, { "own", "through b-own" },
        { "rsa", "" },   { "ecdsa", "" },        { "proxy", "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(both); k++) {
            struct seen s = { 0 };
            run(&s, both[k], cases[i].address, "echo hello; echo word >&2; exit 3");
            print_message("%-8s %-8s %s\n", transport_kind_name(both[k]), cases[i].address, s.about);
            CHECK(s.opened && s.closed && s.step == STEP_OPEN && s.err.kind == ERR_REMOTE, &s);
            CHECK(strstr(s.err.text, "status 3") && strcmp(buf_at(&s.text), "hello\n") == 0, &s);
            CHECK(strstr(s.tail, "word") && strstr(s.about, cases[i].about), &s);
            end(&s);
        }
}

static void megabytes_there_and_back(void **state)
{
    static const char *const addresses[] = { "plain", "one", "two", "proxy" };
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++)
        for (size_t k = 0; k < COUNT(both); k++)
            for (int paused = 0; paused < 2; paused++) {
                struct seen s = { .want = 5 << 20, .pause_often = paused };
                run(&s, both[k], addresses[i], "cat");
                CHECK(!s.closed && !s.wrong && s.bytes == s.want, &s);
                end(&s);
            }
}

static void ends(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        struct seen s = { 0 };
        run(&s, both[k], "plain", "true");
        CHECK(s.opened && s.closed && s.err.kind == ERR_NONE && s.step == STEP_OPEN, &s);
        end(&s);
        run(&s, both[k], "plain", "kill -9 $$");
        CHECK(s.opened && s.closed && s.err.kind != ERR_NONE, &s);
        end(&s);
    }
}

/* ---- agents and key files */

static void agent_signs(void **state)
{
    (void)state;
    char sock[128], line[300];
    snprintf(sock, sizeof(sock), "%s/agent.sock", lab.dir);
    snprintf(line, sizeof(line), "exec ssh-agent -D -a %s >/dev/null 2>&1", sock);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 100 && access(sock, F_OK) != 0; i++)
        usleep(20000);
    assert_int_equal(lab_run(&lab, "SSH_AUTH_SOCK=%s ssh-add -q wrong rsa id ecdsa", sock), 0);
    for (size_t k = 0; k < COUNT(both); k++) {
        struct seen s = { 0 };
        run(&s, both[k], "agent", "echo in");
        print_message("%s\n", s.about);
        CHECK(s.opened && strcmp(buf_at(&s.text), "in\n") == 0, &s);
        end(&s);
        run(&s, both[k], "agent-rsa", "echo in");
        print_message("%s\n", s.about);
        CHECK(s.opened && (both[k] == TRANSPORT_OPENSSH || strstr(s.about, "agent key rsa")), &s);
        end(&s);
    }
    /* An agent that does not answer does not stop the loop. */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    struct seen s = { 0 };
    run(&s, TRANSPORT_SSH, "agent", "echo in");
    CHECK(s.closed && s.step == STEP_LOGIN && s.err.kind == ERR_DENIED, &s);
    end(&s);
}

static void passphrase_is_asked_once(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        struct seen s = { .can_ask = true, .answer = "open sesame" };
        run(&s, both[k], "locked", "echo in");
        CHECK(s.opened && s.asked == 1 && s.ask.kind == ASK_PASSPHRASE && strstr(s.ask.text, "locked"), &s);
        /* A second stream of the same hub uses it without a question. */
        transport_close(s.t);
        s.opened = s.closed = false;
        run(&s, both[k], "locked-jump", "echo in");
        CHECK(s.opened && s.asked == 1, &s);
        end(&s);
    }
}

static void passphrase_refused(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++)
        for (int can_ask = 0; can_ask < 2; can_ask++) {
            struct seen s = { .can_ask = can_ask };
            run(&s, both[k], "locked", "echo in");
            CHECK(!s.opened && s.closed && s.step == STEP_LOGIN && s.err.kind == ERR_DENIED, &s);
            CHECK(s.asked == can_ask, &s);
            end(&s);
        }
}

/* ---- host keys */

static void unknown_key(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        lab_run(&lab, "rm -f fresh");
        struct seen s = { 0 };
        run(&s, both[k], "fresh", "echo in"); /* nobody to ask */
        CHECK(!s.opened && s.closed && s.step == STEP_HOSTKEY && s.err.kind == ERR_DENIED, &s);
        end(&s);
        s = (struct seen){ .can_ask = true };
        run(&s, both[k], "fresh", "echo in"); /* asked, and no */
        CHECK(!s.opened && s.closed && s.step == STEP_HOSTKEY && s.err.kind == ERR_DENIED, &s);
        CHECK(s.asked == 1 && s.ask.kind == ASK_HOSTKEY && strstr(s.ask.text, "ED25519") && strstr(s.ask.text, "SHA256:"), &s);
        end(&s);
        assert_string_equal(lab_read(&lab, "fresh"), "");
        s = (struct seen){ .can_ask = true, .answer = "yes" };
        run(&s, both[k], "fresh", "echo in"); /* yes: appended */
        CHECK(s.opened && s.asked == 1, &s);
        end(&s);
        assert_int_equal(lab_run(&lab, "ssh-keygen -F '[127.0.0.1]:%d' -f fresh", plain.port), 0);
        s = (struct seen){ 0 };
        run(&s, both[k], "fresh", "echo in"); /* and known from now on */
        CHECK(s.opened, &s);
        end(&s);
    }
}

/* One hub: what was looked up is kept, until the file changes. */
static void known_hosts_is_read_again(void **state)
{
    (void)state;
    lab_run(&lab, "rm -f fresh");
    struct seen s = { .can_ask = true, .answer = "yes" };
    run(&s, TRANSPORT_SSH, "fresh", "echo in");
    CHECK(s.opened && s.asked == 1, &s);
    for (int i = 0; i < 2; i++) { /* appended, so looked up again; then from memory */
        transport_close(s.t);
        s.opened = s.closed = false;
        run(&s, TRANSPORT_SSH, "fresh", "echo in");
        CHECK(s.opened && s.asked == 1, &s);
    }
    lab_run(&lab, "cp changed fresh");
    transport_close(s.t);
    s.opened = s.closed = false;
    run(&s, TRANSPORT_SSH, "fresh", "echo in");
    CHECK(!s.opened && s.closed && s.step == STEP_HOSTKEY && strstr(s.err.text, "fresh:3"), &s);
    end(&s);
}

static void unknown_key_of_a_jump(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        lab_run(&lab, "rm -f fresh-a");
        struct seen s = { 0 };
        run(&s, both[k], "fresh-jump", "echo in");
        CHECK(!s.opened && s.closed, &s);
        CHECK((s.step == STEP_JUMP || s.step == STEP_HOSTKEY) && strstr(s.err.text, "jump host"), &s);
        CHECK(strstr(s.err.text, "not known"), &s);
        end(&s);
        s = (struct seen){ .can_ask = true, .answer = "yes" };
        run(&s, both[k], "fresh-jump", "echo in");
        CHECK(s.opened && s.asked == 1 && s.ask.kind == ASK_HOSTKEY, &s);
        end(&s);
        assert_int_equal(lab_run(&lab, "ssh-keygen -F '[127.0.0.1]:%d' -f fresh-a", jump_a.port), 0);
    }
}

static void accept_new_is_hashed(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        lab_run(&lab, "printf '# an end%s' >hashed", both[k] == TRANSPORT_SSH ? "" : "\\n"); /* ssh 9.2 joins lines */
        struct seen s = { 0 };
        run(&s, both[k], "hashed", "echo in");
        CHECK(s.opened, &s);
        end(&s);
        const char *text = lab_read(&lab, "hashed");
        if (!strstr(text, "|1|") || strstr(text, "127.0.0.1"))
            fail_msg("%s: %s", transport_kind_name(both[k]), text);
        assert_int_equal(lab_run(&lab, "ssh-keygen -F '[127.0.0.1]:%d' -f hashed", plain.port), 0);
    }
}

/* Taken without a question, as ssh would; and it is said. */
static void unknown_keys_are_accepted(void **state)
{
    static const struct { const char *address, *words; } cases[] = {
        { "off", "StrictHostKeyChecking no" }, { "new", "StrictHostKeyChecking accept-new" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(both); k++) {
            lab_run(&lab, "rm -f fresh-off");
            struct seen s = { 0 };
            run(&s, both[k], cases[i].address, "echo in");
            CHECK(s.opened && strstr(s.about, cases[i].words), &s);
            end(&s);
            assert_int_equal(lab_run(&lab, "ssh-keygen -F '[127.0.0.1]:%d' -f fresh-off", plain.port), 0);
        }
}

static void bad_keys_are_refused(void **state)
{
    static const struct { const char *address, *words; } cases[] = {
        { "changed", "changed:3" }, { "changed-off", "changed:3" }, { "changed-new", "changed:3" },
        { "revoked", "/revoked:1;" }, { "strict", "StrictHostKeyChecking" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(both); k++) {
            struct seen s = { .can_ask = true, .answer = "yes" };
            run(&s, both[k], cases[i].address, "echo in");
            CHECK(!s.opened && s.closed && s.step == STEP_HOSTKEY && s.err.kind == ERR_DENIED, &s);
            CHECK(s.asked == 0 && strstr(s.err.text, cases[i].words), &s);
            end(&s);
        }
    /* Another type on file: a person must decide, and nobody else. */
    struct seen s = { 0 };
    run(&s, TRANSPORT_SSH, "other", "echo in");
    CHECK(!s.opened && s.step == STEP_HOSTKEY, &s);
    end(&s);
    s = (struct seen){ .can_ask = true };
    run(&s, TRANSPORT_SSH, "other", "echo in");
    CHECK(!s.opened && s.asked == 1 && strstr(s.ask.text, "other:1"), &s);
    end(&s);
}

/* ---- failures */

static void failures_name_their_step(void **state)
{
    static const struct { const char *address; enum transport_step ssh, openssh; enum err_kind kind; const char *words; } cases[] = {
        { "wrong", STEP_LOGIN, STEP_LOGIN, ERR_DENIED, "authorized_keys" },
        { "dead", STEP_CONNECT, STEP_CONNECT, ERR_UNREACHABLE, "refuses" },
        { "unknown-name", STEP_RESOLVE, STEP_RESOLVE, ERR_UNREACHABLE, "no-such-host.invalid" },
        { "dead-jump", STEP_JUMP, STEP_JUMP, ERR_UNREACHABLE, "refuse" },
        { "dead-behind", STEP_CONNECT, STEP_JUMP, ERR_UNREACHABLE, "" },
        { "bad name", STEP_CONFIG, STEP_CONFIG, ERR_INPUT, "cannot be a host name" },
        { "-oProxyCommand=x", STEP_CONFIG, STEP_CONFIG, ERR_INPUT, "cannot be a host name" },
        { "", STEP_CONFIG, STEP_CONFIG, ERR_INPUT, "no address" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(both); k++) {
            struct seen s = { 0 };
            run(&s, both[k], cases[i].address, "echo in");
            print_message("%-8s %-12s %s: %s\n", transport_kind_name(both[k]), cases[i].address, transport_step_name(s.step),
                          s.err.text);
            CHECK(!s.opened && s.closed && s.err.kind == cases[i].kind && strstr(s.err.text, cases[i].words), &s);
            CHECK(s.step == (k == 0 ? cases[i].ssh : cases[i].openssh), &s);
            end(&s);
        }
}

static void loops_are_found(void **state)
{
    static const char *const addresses[] = { "loop1", "self", "loop-of-one" };
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++)
        for (size_t k = 0; k < COUNT(both); k++) {
            struct seen s = { 0 };
            run(&s, both[k], addresses[i], "echo in");
            print_message("%-8s %s: %s\n", transport_kind_name(both[k]), addresses[i], s.err.text);
            CHECK(!s.opened && s.closed && s.step == STEP_JUMP && s.err.kind == ERR_INPUT, &s);
            end(&s);
        }
}

static void bad_configuration(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        struct seen s = { 0 };
        begin(&s, 0);
        transport_hub_free(s.hub);
        lab_write(&lab, "broken", "Host *\n NoSuchOption yes\n");
        char path[128];
        snprintf(path, sizeof(path), "%s/broken", lab.dir);
        struct transport_hub_options options = { .ssh_config = path };
        s.hub = transport_hub_new(s.loop, &options);
        run(&s, both[k], "plain", "echo in");
        CHECK(!s.opened && s.closed && s.step == STEP_CONFIG && s.err.kind == ERR_INPUT, &s);
        CHECK(strstr(s.err.text, "broken"), &s);
        end(&s);
    }
}

/* A peer of our own: accepts, says text (may be empty), and then nothing; or closes. */
static pid_t peer_start(int *port, const char *text, size_t repeat, bool closes)
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
            int conn = accept(fd, NULL, NULL);
            if (fork() == 0) {
                for (size_t i = 0; i < repeat; i++)
                    if (write(conn, text, strlen(text)) < 0)
                        break;
                if (!closes)
                    sleep(30);
                _exit(0);
            }
            close(conn);
        }
    }
    close(fd);
    return pid;
}

static void strange_peers(void **state)
{
    static const struct { const char *text; size_t repeat; bool closes; enum err_kind kind; const char *words; } cases[] = {
        { "", 0, false, ERR_TIMEOUT, "" },
        { "HTTP/1.1 400 Bad Request\r\n\r\n", 1, true, ERR_REMOTE, "HTTP/1.1 400" },
        { "SSH-2.0-mute\r\n", 1, false, ERR_TIMEOUT, "" },
        { "\033[31mhello\r\n", 100000, false, ERR_REMOTE, "^[[31mhello" }, /* a banner of more than a megabyte */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int port;
        pid_t pid = peer_start(&port, cases[i].text, cases[i].repeat, cases[i].closes);
        for (size_t k = 0; k < COUNT(both); k++) {
            struct seen s = { 0 };
            begin(&s, 2000);
            struct transport_target target = { .name = "odd", .kind = both[k], .address = "127.0.0.1", .port = port,
                                               .command = "echo in" };
            loop_timer_in(s.loop, &s.limit, 20000, on_limit, &s);
            int64_t began = clock_mono_ms();
            s.t = transport_open(s.hub, &target, &without, &s);
            loop_run(s.loop);
            print_message("%-8s %s: %s\n", transport_kind_name(both[k]), transport_step_name(s.step), s.err.text);
            CHECK(!s.opened && s.closed && s.step == STEP_KEX, &s);
            CHECK(both[k] == TRANSPORT_OPENSSH || (s.err.kind == cases[i].kind && strstr(s.err.text, cases[i].words)), &s);
            CHECK(clock_mono_ms() - began < 8000, &s);
            end(&s);
        }
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reaches),
        cmocka_unit_test(megabytes_there_and_back),
        cmocka_unit_test(ends),
        cmocka_unit_test(agent_signs),
        cmocka_unit_test(passphrase_is_asked_once),
        cmocka_unit_test(passphrase_refused),
        cmocka_unit_test(unknown_key),
        cmocka_unit_test(known_hosts_is_read_again),
        cmocka_unit_test(unknown_key_of_a_jump),
        cmocka_unit_test(accept_new_is_hashed),
        cmocka_unit_test(unknown_keys_are_accepted),
        cmocka_unit_test(bad_keys_are_refused),
        cmocka_unit_test(failures_name_their_step),
        cmocka_unit_test(loops_are_found),
        cmocka_unit_test(bad_configuration),
        cmocka_unit_test(strange_peers),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, lab_up, lab_down);
}
