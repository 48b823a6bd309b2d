/* Many hosts and bad days: shared jump sessions, full sshds, black holes, hosts that libssh2 cannot talk to, hosts that die,
 * and what a person types. Real servers on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ipamtui/clock.h"
#include "ipamtui/loop.h"
#include "ipamtui/mem.h"
#include "ipamtui/text.h"
#include "ipamtui/transport.h"
#include "sshd.h"

#define MOST 200

static struct lab lab;
static struct sshd plain, jump, narrow, no_forward, rsa_only, hardened, tight, asking, kerberos, wordy[3];
static bool can_ask_passwords; /* only root may give an sshd a password file of its own */
static int hole_fds[8], hole_port;

struct one {
    struct many *all;
    struct transport *t;
    bool opened, closed, wanted;
    enum transport_step step;
    struct err err;
    char about[320], hops[64], tail[4200];
    size_t bytes;
};
struct many {
    struct loop *loop;
    struct transport_hub *hub;
    struct one one[MOST];
    size_t count, done;
    bool stay; /* an opened one is done */
    const char *answers[2]; /* to the first question, to later ones */
    int asked;
    struct transport_ask ask;
    void (*hop)(void *ctx, const char *host);
    struct loop_timer limit, later;
};

static void one_done(struct one *o)
{
    snprintf(o->about, sizeof(o->about), "%s", transport_describe(o->t));
    if (++o->all->done >= o->all->count)
        loop_stop(o->all->loop);
}

static void on_opened(void *ctx)
{
    struct one *o = ctx;
    o->opened = true;
    if (o->all->stay)
        one_done(o);
}

static void on_data(void *ctx, const void *bytes, size_t len)
{
    (void)bytes;
    ((struct one *)ctx)->bytes += len;
}

static void on_closed(void *ctx, enum transport_step step, const struct err *err, const char *tail)
{
    struct one *o = ctx;
    snprintf(o->tail, sizeof(o->tail), "%s", tail);
    o->closed = true;
    o->step = step;
    o->err = *err;
    one_done(o);
}

static void on_ask(void *ctx, const struct transport_ask *ask)
{
    struct one *o = ctx;
    struct many *m = o->all;
    char copy[4][128];
    const char *answers[4] = { copy[0], copy[1], copy[2], copy[3] };
    const char *answer = m->answers[m->asked > 0];
    m->asked++;
    m->ask = *ask;
    for (int i = 0; i < 4; i++)
        snprintf(copy[i], sizeof(copy[i]), "%s", answer ? answer : "");
    transport_answer(o->t, answer ? answers : NULL);
}

static void on_wanted(void *ctx)
{
    struct one *o = ctx;
    o->wanted = true;
    transport_close(o->t);
    o->t = NULL;
}

static void on_hop(void *ctx, const char *host)
{
    struct one *o = ctx;
    size_t used = strlen(o->hops);
    snprintf(o->hops + used, sizeof(o->hops) - used, "%s ", host);
    if (o->all->hop)
        o->all->hop(o, host);
}

static const struct transport_events events = { .hop = on_hop, .opened = on_opened, .data = on_data, .ask = on_ask, .wanted = on_wanted,
                                                .closed = on_closed };

static void on_limit(void *ctx)
{
    loop_stop(((struct many *)ctx)->loop);
}

static void start(struct many *m, int64_t limit_ms)
{
    static char config[128];
    struct transport_hub_options options = { .ssh_config = config, .connect_timeout_ms = limit_ms };
    snprintf(config, sizeof(config), "%s/config", lab.dir);
    m->loop = loop_new();
    m->hub = transport_hub_new(m->loop, &options);
}

static void add(struct many *m, enum transport_kind kind, const char *address, const char *command)
{
    struct one *o = &m->one[m->count++];
    struct transport_target target = { .name = address, .kind = kind, .address = address, .command = command };
    if (!m->loop)
        start(m, 0);
    o->all = m;
    o->t = transport_open(m->hub, &target, &events, o);
}

static void run(struct many *m, int limit_s)
{
    loop_timer_in(m->loop, &m->limit, limit_s * 1000, on_limit, m);
    loop_run(m->loop);
}

static void end(struct many *m)
{
    for (size_t i = 0; i < m->count; i++)
        transport_close(m->one[i].t);
    loop_timer_stop(&m->limit);
    transport_hub_free(m->hub);
    loop_free(m->loop);
    *m = (struct many){ 0 };
}

static const enum transport_kind both[] = { TRANSPORT_SSH, TRANSPORT_OPENSSH };

#define CHECK(cond, o) \
    do { \
        if (!(cond)) \
            fail_msg("%s: opened %d closed %d step \"%s\" err \"%s\" about \"%s\" asked %d \"%s\"", #cond, (o)->opened, (o)->closed, \
                     transport_step_name((o)->step), (o)->err.text, (o)->about, (o)->all->asked, (o)->all->ask.text); \
    } while (0)

/* ---- the lab */

static void host(FILE *f, const char *alias, int port, const char *more)
{
    fprintf(f, "Host %s\n HostName 127.0.0.1\n Port %d\n %s\n", alias, port, more);
}

static int write_config(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/config", lab.dir);
    FILE *f = fopen(path, "w");
    if (!f)
        return -1;
    host(f, "plain", plain.port, "");
    host(f, "jump", jump.port, "");
    host(f, "behind*", plain.port, "ProxyJump jump");
    host(f, "alive*", plain.port, "ServerAliveInterval 1");
    host(f, "narrow", narrow.port, "");
    host(f, "past-narrow", plain.port, "ProxyJump narrow");
    host(f, "no-forward", no_forward.port, "");
    host(f, "refused", plain.port, "ProxyJump no-forward");
    host(f, "rsa-only", rsa_only.port, "");
    host(f, "past-rsa*", plain.port, "ProxyJump rsa-only");
    host(f, "dead-past-rsa", free_port(), "ProxyJump rsa-only");
    host(f, "two-rsa", plain.port, "ProxyJump jump,rsa-only");
    host(f, "rsa-two", plain.port, "ProxyJump rsa-only,jump");
    host(f, "hardened", hardened.port, "");
    fprintf(f, "Host certified\n IdentityFile %s/certified\n HostName 127.0.0.1\n Port %d\n", lab.dir, plain.port);
    for (size_t i = 0; i < COUNT(wordy); i++)
        fprintf(f, "Host past-wordy%zu\n ProxyJump wordy%zu\n HostName 127.0.0.1\n Port %d\nHost wordy%zu\n HostName 127.0.0.1\n Port %d\n",
                i, i, plain.port, i, wordy[i].port);
    host(f, "kerberos", kerberos.port, "GSSAPIAuthentication yes");
    fprintf(f, "Host fido\n IdentityFile %s/fido\n HostName 127.0.0.1\n Port %d\n", lab.dir, tight.port);
    host(f, "tight*", tight.port, "");
    host(f, "password", asking.port, "PreferredAuthentications password");
    host(f, "prompts", asking.port, "PreferredAuthentications keyboard-interactive");
    host(f, "hole", hole_port, "ProxyJump jump");
    fprintf(f,
            "Host *\n User %s\n IdentityFile %s/id\n IdentitiesOnly yes\n UserKnownHostsFile %s/known\n"
            " GlobalKnownHostsFile none\n",
            lab.user, lab.dir, lab.dir);
    fclose(f);
    return 0;
}

/* A listener whose queue is full answers nobody: connects neither succeed nor fail. */
static void dig_hole(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    hole_fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(hole_fds[0], (struct sockaddr *)&at, sizeof(at)) != 0 || listen(hole_fds[0], 0) != 0)
        return;
    getsockname(hole_fds[0], (struct sockaddr *)&at, &len);
    hole_port = ntohs(at.sin_port);
    for (size_t i = 1; i < COUNT(hole_fds); i++) {
        hole_fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(hole_fds[i], (struct sockaddr *)&at, sizeof(at)) != 0 && errno != EINPROGRESS)
            return;
    }
}

/* An sshd that knows a password of its own: in a mount namespace with other /etc/shadow and PAM files. */
static void start_asking(void)
{
    char wrap[600];
    if (getuid() != 0 || system("unshare -m true 2>/dev/null && command -v openssl >/dev/null") != 0)
        return;
    lab_run(&lab, "hash=$(openssl passwd -6 'right one'); sed \"s|^%s:[^:]*|%s:$hash|\" /etc/shadow >shadow", lab.user, lab.user);
    /* What pam_echo says stands in front of the prompt of pam_unix: a title, a cleared screen, red, and the C1 form of ESC [. */
    lab_write(&lab, "echo", "\033]0;title\007\033[2J\033[31mred \302\2335m%0200d", 0);
    lab_write(&lab, "pam", "auth optional pam_echo.so file=%s/echo\nauth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
              lab.dir);
    snprintf(wrap, sizeof(wrap),
             "unshare -m sh -c 'mount --bind %s/shadow /etc/shadow && mount --bind %s/pam /etc/pam.d/sshd && exec \"$@\"' x", lab.dir,
             lab.dir);
    can_ask_passwords = sshd_start_with(&lab, &asking, "asking", "ed25519", wrap,
                                        "UsePAM yes\nPermitRootLogin yes\nPasswordAuthentication yes\n"
                                        "KbdInteractiveAuthentication yes\n");
}

static char ca_line[128];

static bool make_certificate(void)
{
    lab_key(&lab, "ca", "ed25519", "");
    lab_key(&lab, "certified", "ed25519", "");
    snprintf(ca_line, sizeof(ca_line), "TrustedUserCAKeys %s/ca.pub\n", lab.dir);
    return lab_run(&lab, "ssh-keygen -q -s ca -I test -n %s certified.pub", lab.user) == 0;
}

/* Logins at the jump host narrow have a file of keys of their own. */
static const char *narrow_lines(void)
{
    static char lines[200];
    snprintf(lines, sizeof(lines), "UsePAM no\nPasswordAuthentication no\nMatch all\nAuthorizedKeysFile %s/narrow-keys\n", lab.dir);
    return lines;
}

/* libssh2 takes messages of 40 kB, ssh of 256 kB, and sshd sends no banner of more than a megabyte. */
static const int banner_sizes[] = { 30000, 200000, 1 << 20 };

static bool start_wordy(void)
{
    for (size_t i = 0; i < COUNT(wordy); i++) {
        char name[16], banner[160];
        snprintf(name, sizeof(name), "wordy%zu", i);
        snprintf(banner, sizeof(banner), "Banner %s/banner%zu\n", lab.dir, i);
        lab_run(&lab, "yes \"$(printf 'Permission denied \\033[31m timed out')\" | head -c %d >banner%zu", banner_sizes[i], i);
        if (!sshd_start(&lab, &wordy[i], name, banner))
            return false;
        know(&lab, &wordy[i], "known");
    }
    return true;
}

static int lab_up(void **state)
{
    (void)state;
    if (!lab_begin(&lab) || !make_certificate() || !sshd_start(&lab, &plain, "plain", ca_line) || !sshd_start(&lab, &jump, "jump", "") ||
        !sshd_start(&lab, &narrow, "narrow", narrow_lines()) ||
        !sshd_start(&lab, &no_forward, "nofwd", "AllowTcpForwarding no\n") ||
        !sshd_start_with(&lab, &rsa_only, "rsa", "rsa", "", "") ||
        !sshd_start(&lab, &hardened, "hard", "Ciphers chacha20-poly1305@openssh.com\n") ||
        !sshd_start(&lab, &tight, "tight", "MaxStartups 2\n") ||
        !sshd_start(&lab, &kerberos, "kerberos", "GSSAPIAuthentication yes\nPubkeyAuthentication no\n"))
        return -1;
    if (!start_wordy())
        return -1;
    dig_hole();
    start_asking();
    struct sshd *all[] = { &plain, &jump, &narrow, &no_forward, &rsa_only, &hardened, &tight, &asking, &kerberos };
    for (size_t i = 0; i < COUNT(all); i++)
        if (all[i]->port)
            know(&lab, all[i], "known");
    return write_config();
}

static int lab_down(void **state)
{
    for (size_t i = 0; i < COUNT(wordy); i++)
        sshd_kill(&wordy[i]);
    struct sshd *all[] = { &plain, &jump, &narrow, &no_forward, &rsa_only, &hardened, &tight, &asking, &kerberos };
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++)
        sshd_kill(all[i]);
    lab_end(&lab);
    return 0;
}

static int logins_at(const char *log)
{
    lab_run(&lab, "grep -c 'Accepted publickey' %s >logins", log);
    return atoi(lab_read(&lab, "logins"));
}

/* ---- tests */

/* One login at the jump host for all, and never more than MaxStartups allows at the target. */
static void many_behind_one_jump(void **state)
{
    struct many m = { 0 };
    char name[MOST][24];
    (void)state;
    for (size_t i = 0; i < MOST; i++) {
        snprintf(name[i], sizeof(name[i]), "behind%zu", i);
        add(&m, TRANSPORT_SSH, name[i], "echo in");
    }
    int64_t began = clock_mono_ms();
    run(&m, 120);
    print_message("%d hosts behind one jump host: %lld ms\n", MOST, (long long)(clock_mono_ms() - began));
    for (size_t i = 0; i < MOST; i++)
        CHECK(m.one[i].opened && m.one[i].closed && m.one[i].bytes == 3, &m.one[i]);
    end(&m);
    int logins = logins_at("jump/log");
    if (logins < 1 || logins > 8)
        fail_msg("%d logins at the jump host", logins);
}

static void add_late(void *ctx)
{
    struct many *m = ctx;
    if (m->count < MOST)
        add(m, TRANSPORT_SSH, "past-narrow", "echo in");
    loop_timer_in(m->loop, &m->later, 50, add_late, m);
}

/* The first login is good, those that are to help it are not. */
static void on_narrow_hop(void *ctx, const char *host)
{
    struct many *m = ((struct one *)ctx)->all;
    (void)host;
    if (m->later.place == 0) {
        lab_run(&lab, ": >narrow-keys");
        add_late(m);
    }
}

/* A jump host that lets in no second session: the first one carries all, also those that come just then. */
static void one_session_must_do(void **state)
{
    struct many m = { .hop = on_narrow_hop };
    (void)state;
    lab_run(&lab, "cp authorized_keys narrow-keys");
    for (size_t i = 0; i < MOST - 20; i++)
        add(&m, TRANSPORT_SSH, "past-narrow", "echo in");
    run(&m, 120);
    loop_timer_stop(&m.later);
    lab_run(&lab, "grep -c 'Connection closed by authenticating' narrow/log >refused");
    print_message("%d sessions were refused\n", atoi(lab_read(&lab, "refused")));
    assert_int_equal(m.count, MOST);
    for (size_t i = 0; i < MOST; i++)
        CHECK(m.one[i].opened && m.one[i].closed && m.one[i].bytes == 3, &m.one[i]);
    end(&m);
}

static void full_sshd(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        struct many m = { 0 };
        char name[24][24];
        for (size_t i = 0; i < COUNT(name); i++) {
            snprintf(name[i], sizeof(name[i]), "tight%zu", i);
            add(&m, both[k], name[i], "echo in");
        }
        run(&m, 90);
        for (size_t i = 0; i < COUNT(name) && both[k] == TRANSPORT_SSH; i++)
            CHECK(m.one[i].opened && m.one[i].bytes == 3, &m.one[i]);
        /* The ssh program is not tried again by itself: who was turned away is told so. */
        for (size_t i = 0; i < COUNT(name); i++)
            CHECK(m.one[i].opened || strstr(m.one[i].err.text, "closed the connection before the key exchange"), &m.one[i]);
        end(&m);
    }
}

/* The ssh program logs in at the jump host each time: all at once would be more than MaxStartups. */
static void programs_take_turns(void **state)
{
    struct many m = { 0 };
    char name[30][24];
    (void)state;
    for (size_t i = 0; i < COUNT(name); i++) {
        snprintf(name[i], sizeof(name[i]), "behind%zu", i);
        add(&m, TRANSPORT_OPENSSH, name[i], "echo in");
    }
    run(&m, 90);
    for (size_t i = 0; i < COUNT(name); i++)
        CHECK(m.one[i].opened && m.one[i].bytes == 3, &m.one[i]);
    end(&m);
}

/* Never more ssh programs than allowed: who waits comes in when another one has gone. */
static void programs_have_a_limit(void **state)
{
    struct many m = { .stay = true };
    const size_t count = 6;
    char config[128];
    struct transport_hub_options options = { .ssh_config = config, .max_programs = 2 };
    (void)state;
    snprintf(config, sizeof(config), "%s/config", lab.dir);
    m.loop = loop_new();
    m.hub = transport_hub_new(m.loop, &options);
    for (size_t i = 0; i < count; i++) {
        add(&m, TRANSPORT_OPENSSH, "plain", "cat");
    }
    for (size_t ended = 0; ended < count; ended += 2) { /* two run, the others do not begin */
        int64_t until = clock_mono_ms() + 10000;
        while (m.done < ended + 2 && clock_mono_ms() < until)
            loop_turn(m.loop, 100);
        for (int64_t quiet = clock_mono_ms() + 300; clock_mono_ms() < quiet;)
            loop_turn(m.loop, 50);
        assert_int_equal(m.done, ended + 2);
        for (size_t i = 0; i < count; i++)
            if (m.one[i].opened && m.one[i].t) {
                transport_close(m.one[i].t);
                m.one[i].t = NULL;
            }
    }
    end(&m);
}

/* Who waits for a place gets that of the one which rests longest; as many go as there are that wait. */
static void programs_that_rest_make_room(void **state)
{
    struct many m = { .stay = true };
    char config[128];
    struct transport_hub_options options = { .ssh_config = config, .max_programs = 3 };
    (void)state;
    snprintf(config, sizeof(config), "%s/config", lab.dir);
    m.loop = loop_new();
    m.hub = transport_hub_new(m.loop, &options);
    for (int i = 0; i < 3; i++)
        add(&m, TRANSPORT_OPENSSH, "plain", "cat");
    run(&m, 40);
    transport_rest(m.one[2].t, true);
    usleep(5000);
    transport_rest(m.one[1].t, true);
    usleep(5000);
    transport_rest(m.one[0].t, true);
    transport_rest(m.one[2].t, false);
    for (int i = 0; i < 3; i++)
        assert_true(m.one[i].opened && !m.one[i].wanted);
    add(&m, TRANSPORT_OPENSSH, "plain", "cat");
    run(&m, 40);
    CHECK(m.one[3].opened, &m.one[3]);
    assert_true(m.one[1].wanted && !m.one[0].wanted && !m.one[2].wanted);
    /* One that comes to rest while others wait. */
    add(&m, TRANSPORT_OPENSSH, "plain", "cat");
    add(&m, TRANSPORT_OPENSSH, "plain", "cat");
    for (int64_t until = clock_mono_ms() + 20000; !m.one[4].opened && !m.one[5].opened && clock_mono_ms() < until;)
        loop_turn(m.loop, 100);
    CHECK(m.one[4].opened != m.one[5].opened && m.one[0].wanted && !m.one[2].wanted, &m.one[4]);
    transport_rest(m.one[2].t, true);
    run(&m, 40);
    CHECK(m.one[4].opened && m.one[5].opened && m.one[2].wanted, &m.one[5]);
    assert_false(m.one[3].wanted || m.one[4].wanted);
    end(&m);
}

static void black_hole_holds_nobody(void **state)
{
    struct many m = { 0 };
    (void)state;
    start(&m, 3000);
    add(&m, TRANSPORT_SSH, "hole", "echo in");
    for (int i = 0; i < 6; i++)
        add(&m, TRANSPORT_SSH, "behind", "echo in");
    run(&m, 40);
    CHECK(m.one[0].closed && !m.one[0].opened && m.one[0].step == STEP_CONNECT && m.one[0].err.kind == ERR_TIMEOUT, &m.one[0]);
    for (int i = 1; i < 7; i++)
        CHECK(m.one[i].opened && m.one[i].bytes == 3, &m.one[i]);
    end(&m);
}

static void jump_refuses(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        struct many m = { 0 };
        add(&m, both[k], "refused", "echo in");
        run(&m, 40);
        CHECK(!m.one[0].opened && m.one[0].step == STEP_JUMP && strstr(m.one[0].err.text, "AllowTcpForwarding"), &m.one[0]);
        end(&m);
    }
}

static void jump_dies_and_returns(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        struct many m = { .stay = true };
        for (int i = 0; i < 4; i++)
            add(&m, both[k], "behind", "cat");
        run(&m, 40);
        for (int i = 0; i < 4; i++)
            CHECK(m.one[i].opened && !m.one[i].closed, &m.one[i]);
        m.stay = false;
        m.done = 0;
        sshd_kill(&jump);
        run(&m, 40);
        for (int i = 0; i < 4; i++) {
            CHECK(m.one[i].closed && m.one[i].err.kind == ERR_UNREACHABLE, &m.one[i]);
            CHECK(both[k] == TRANSPORT_OPENSSH || (m.one[i].step == STEP_JUMP && strstr(m.one[i].err.text, "jump host")), &m.one[i]);
        }
        assert_true(sshd_run(&lab, &jump, "", ""));
        for (int i = 0; i < 4; i++)
            add(&m, both[k], "behind", "echo in");
        m.done = 4;
        run(&m, 40);
        for (int i = 4; i < 8; i++)
            CHECK(m.one[i].opened && m.one[i].bytes == 3, &m.one[i]);
        end(&m);
    }
}

/* What libssh2 1.10 cannot do goes through the ssh program by itself, and says why. */
static void falls_back(void **state)
{
    static const struct { const char *address, *about; } cases[] = {
        { "rsa-only", "openssh as" }, { "hardened", "openssh as" }, { "certified", "openssh as" }, { "past-rsa", "by ssh -W" }, { "two-rsa", "by ssh -W" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct many m = { 0 };
        for (int n = 0; n < 2; n++) { /* and is remembered */
            add(&m, TRANSPORT_SSH, cases[i].address, "echo in");
            run(&m, 40);
            print_message("%s\n", m.one[n].about);
            CHECK(m.one[n].opened && m.one[n].bytes == 3, &m.one[n]);
            CHECK(strstr(m.one[n].about, cases[i].about) && strstr(m.one[n].about, "libssh2"), &m.one[n]);
        }
        end(&m);
    }
}

/* Each jump host on the way is told of once, the nearest first, by whomever it is reached. */
static void hops_are_told(void **state)
{
    static const struct { const char *address, *hops; } cases[] = {
        { "behind", "jump " }, { "past-rsa", "rsa-only " }, { "rsa-two", "rsa-only jump " },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct many m = { 0 };
        for (int n = 0; n < 2; n++) { /* then with a way that is there already */
            add(&m, TRANSPORT_SSH, cases[i].address, "echo in");
            run(&m, 40);
            CHECK(m.one[n].opened && m.one[n].bytes == 3, &m.one[n]);
            assert_string_equal(m.one[n].hops, cases[i].hops);
        }
        end(&m);
    }
}

/* What a server says before the login, however much: it is no reason, and no other host suffers. */
static void banners(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wordy); i++)
        for (size_t k = 0; k < COUNT(both); k++) {
            struct many m = { 0 };
            char name[2][24];
            for (int past = 0; past < 2; past++) {
                snprintf(name[past], sizeof(name[past]), "%swordy%zu", past ? "past-" : "", i);
                add(&m, both[k], name[past], "echo in");
            }
            add(&m, both[k], "plain", "echo in");
            run(&m, 40);
            for (int n = 0; n < 3; n++) {
                struct one *o = &m.one[n];
                bool in = i < 2 || n == 2;
                print_message("%-8s %7d %s: %s %s\n", transport_kind_name(both[k]), banner_sizes[i], n < 2 ? name[n] : "plain",
                              o->about, o->err.text);
                CHECK(o->closed && o->opened == in, o);
                CHECK(!in || (o->bytes == 3 && o->tail[0] == '\0'), o);
                CHECK(in || (o->step == (n ? STEP_JUMP : STEP_LOGIN) && o->err.kind == ERR_UNREACHABLE), o);
                CHECK(both[k] == TRANSPORT_OPENSSH || i != 1 || n == 2 || strstr(o->about, "40 kB"), o);
            }
            end(&m);
        }
}

/* Neither a FIDO key nor a ticket is at hand here: the ssh program is chosen for them, and fails as it must. */
static void keys_that_only_ssh_can_use(void **state)
{
    (void)state;
    lab_run(&lab, "python3 -c \"import base64,struct; s=lambda b: struct.pack('>I',len(b))+b; t=b'sk-ssh-ed25519@openssh.com'; "
                  "print(t.decode(), base64.b64encode(s(t)+s(bytes(32))+s(b'ssh:')).decode(), 'test')\" >fido.pub; rm -f fido");
    lab_run(&lab, "mv id id.away");
    struct many m = { 0 };
    add(&m, TRANSPORT_SSH, "fido", "echo in");
    run(&m, 40);
    lab_run(&lab, "mv id.away id"); /* before a check can fail: the tests after this one log in with it */
    print_message("%s\n%s\n", m.one[0].about, m.one[0].err.text);
    CHECK(!m.one[0].opened && strstr(m.one[0].about, "openssh as") && strstr(m.one[0].about, "FIDO"), &m.one[0]);
    end(&m);
    unsetenv("KRB5CCNAME");
    add(&m, TRANSPORT_SSH, "kerberos", "echo in");
    run(&m, 40);
    print_message("%s\n", m.one[0].err.text);
    CHECK(!m.one[0].opened && m.one[0].step == STEP_LOGIN && strstr(m.one[0].err.text, "kinit"), &m.one[0]);
    end(&m);
    setenv("KRB5CCNAME", "FILE:/nowhere", 1);
    add(&m, TRANSPORT_SSH, "kerberos", "echo in");
    run(&m, 40);
    unsetenv("KRB5CCNAME");
    print_message("%s\n", m.one[0].about);
    CHECK(!m.one[0].opened && strstr(m.one[0].about, "openssh as") && strstr(m.one[0].about, "Kerberos"), &m.one[0]);
    end(&m);
}

/* Where libssh2 cannot log in to the jump host, the ssh program does so once for all. */
static void one_master_for_all(void **state)
{
    struct many m = { 0 };
    char name[16][24];
    int before = logins_at("rsa/log");
    (void)state;
    for (size_t i = 0; i < COUNT(name); i++) {
        snprintf(name[i], sizeof(name[i]), "past-rsa%zu", i);
        add(&m, TRANSPORT_SSH, name[i], "echo in");
    }
    run(&m, 60);
    for (size_t i = 0; i < COUNT(name); i++)
        CHECK(m.one[i].opened && m.one[i].bytes == 3, &m.one[i]);
    assert_int_equal(logins_at("rsa/log") - before, 1);
    end(&m);
    add(&m, TRANSPORT_SSH, "dead-past-rsa", "echo in");
    run(&m, 40);
    print_message("%s\n", m.one[0].err.text);
    CHECK(!m.one[0].opened && m.one[0].step == STEP_JUMP && strstr(m.one[0].err.text, "cannot reach 127.0.0.1"), &m.one[0]);
    end(&m);
    /* It dies with all its pipes, and whoever comes then gets a new one. */
    m.stay = true;
    add(&m, TRANSPORT_SSH, "past-rsa", "cat");
    run(&m, 40);
    CHECK(m.one[0].opened, &m.one[0]);
    m.stay = false;
    m.done = 0;
    sshd_kill(&rsa_only);
    run(&m, 40);
    CHECK(m.one[0].closed && m.one[0].err.kind == ERR_UNREACHABLE, &m.one[0]);
    m.done = 1;
    add(&m, TRANSPORT_SSH, "past-rsa", "echo in");
    run(&m, 40);
    CHECK(!m.one[1].opened && m.one[1].step == STEP_JUMP && strstr(m.one[1].err.text, "refuses"), &m.one[1]);
    assert_true(sshd_run(&lab, &rsa_only, "", ""));
    m.done = 2;
    add(&m, TRANSPORT_SSH, "past-rsa", "echo in");
    run(&m, 40);
    CHECK(m.one[2].opened && m.one[2].bytes == 3, &m.one[2]);
    end(&m);
}

/* Stopped, not closed: only the silence tells. */
static void silent_host_is_found(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(both); k++) {
        struct many m = { .stay = true };
        add(&m, both[k], "alive", "cat");
        run(&m, 40);
        CHECK(m.one[0].opened, &m.one[0]);
        int64_t began = clock_mono_ms();
        while (clock_mono_ms() - began < 2500) /* signs of life */
            loop_turn(m.loop, 100);
        CHECK(!m.one[0].closed, &m.one[0]);
        m.stay = false;
        m.done = 0;
        sshd_signal(&plain, SIGSTOP);
        run(&m, 30);
        sshd_signal(&plain, SIGCONT);
        CHECK(m.one[0].closed && m.one[0].step == STEP_OPEN && m.one[0].err.kind == ERR_TIMEOUT, &m.one[0]);
        end(&m);
    }
}

static bool printable(const char *text)
{
    char again[1024];
    return strcmp(text_printable(text, again, sizeof(again)), text) == 0;
}

static void person_types(void **state)
{
    static const struct { const char *address, *answer; bool in; enum ask_kind kind; } cases[] = {
        { "password", "right one", true, ASK_PASSWORD },  { "password", "wrong one", false, ASK_PASSWORD },
        { "password", NULL, false, ASK_PASSWORD },        { "prompts", "right one", true, ASK_PROMPTS },
        { "prompts", "wrong one", false, ASK_PROMPTS },   { "prompts", NULL, false, ASK_PROMPTS },
    };
    (void)state;
    if (!can_ask_passwords)
        skip();
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(both); k++) {
            struct many m = { .answers = { cases[i].answer, NULL } };
            add(&m, both[k], cases[i].address, "echo in");
            run(&m, 40);
            struct one *o = &m.one[0];
            print_message("%-8s %-9s %-10s %s%s\n", transport_kind_name(both[k]), cases[i].address,
                          cases[i].answer ? cases[i].answer : "(none)", o->opened ? o->about : "", o->opened ? "" : o->err.text);
            CHECK(o->closed && o->opened == cases[i].in && m.asked >= 1, o);
            CHECK(both[k] == TRANSPORT_OPENSSH || m.ask.kind == cases[i].kind, o);
            CHECK(printable(m.ask.text) && printable(m.ask.prompts[0]), o);
            CHECK(cases[i].kind == ASK_PASSWORD || (strstr(m.ask.text, "[2J") && strcmp(m.ask.prompts[0], "Password: ") == 0), o);
            CHECK(o->opened || (o->step == STEP_LOGIN && o->err.kind == ERR_DENIED), o);
            end(&m);
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_behind_one_jump), cmocka_unit_test(one_session_must_do), cmocka_unit_test(full_sshd), cmocka_unit_test(programs_take_turns),
        cmocka_unit_test(programs_have_a_limit), cmocka_unit_test(programs_that_rest_make_room),
        cmocka_unit_test(black_hole_holds_nobody), cmocka_unit_test(jump_refuses),
        cmocka_unit_test(jump_dies_and_returns), cmocka_unit_test(falls_back), cmocka_unit_test(hops_are_told), cmocka_unit_test(banners),
        cmocka_unit_test(keys_that_only_ssh_can_use), cmocka_unit_test(one_master_for_all),
        cmocka_unit_test(silent_host_is_found), cmocka_unit_test(person_types),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, lab_up, lab_down);
}
