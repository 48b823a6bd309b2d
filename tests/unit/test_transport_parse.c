/* What the ssh rooms read and decide without a network: ssh -G, known_hosts, the agent's messages, options, words of ssh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/transport.h"
#include "transport/agent.h"
#include "transport/algorithms.h"
#include "transport/conf.h"
#include "transport/hostkey.h"
#include "transport/keyfile.h"
#include "transport/openssh.h"
#include "transport/talk.h"
#include "transport/wire.h"

/* ---- ssh -G */

static void conf_is_read(void **state)
{
    static const char text[] = "user CORP\\admin\r\nhostname 10.1.2.3\nport 2222\naddressfamily inet6\n"
                               "identityfile ~/.ssh/id_%r_%p\nidentityfile /k/%%x\nidentityfile none\nidentityagent none\n"
                               "proxyjump a@b:22,c:33\nproxycommand none\nstricthostkeychecking accept-new\n"
                               "userknownhostsfile /h/one /h/two\nglobalknownhostsfile none\nhashknownhosts yes\n"
                               "identitiesonly yes\nkbdinteractiveauthentication no\nconnecttimeout none\n"
                               "serveraliveinterval 120\nciphers chacha20-poly1305@openssh.com,aes256-ctr\n"
                               "canonicalizePermittedcnames none\nunknownword with a value\n";
    struct ssh_conf *conf = NULL;
    struct err err = { 0 };
    (void)state;
    assert_true(conf_parse(text, "alias", "/home/x", &conf, &err));
    assert_string_equal(conf->user, "CORP\\admin");
    assert_string_equal(conf->host, "10.1.2.3");
    assert_int_equal(conf->port, 2222);
    assert_int_equal(conf->family, '6');
    assert_int_equal(conf->identity_files.count, 2);
    assert_string_equal(conf->identity_files.item[0], "/home/x/.ssh/id_CORP\\admin_2222");
    assert_string_equal(conf->identity_files.item[1], "/k/%x");
    assert_null(conf->agent);
    assert_string_equal(conf->jump, "a@b:22,c:33");
    assert_null(conf->proxy_command);
    assert_int_equal(conf->strict, STRICT_NEW);
    assert_int_equal(conf->known_user.count, 2);
    assert_string_equal(conf->known_user.item[1], "/h/two");
    assert_int_equal(conf->known_global.count, 0);
    assert_true(conf->hash_known && conf->identities_only && conf->password && !conf->kbdint);
    assert_int_equal(conf->connect_timeout_s, 0);
    assert_int_equal(conf->alive_s, 120);
    assert_null(conf_needs_openssh(conf));
    conf_release(conf);
    assert_false(conf_parse("nothing useful\n", "alias", "/", &conf, &err));
    assert_int_equal(err.kind, ERR_INPUT);
}

static void conf_agent(void **state)
{
    static const struct { const char *line, *want; } cases[] = {
        { "", "/run/env" },
        { "identityagent SSH_AUTH_SOCK\n", "/run/env" },
        { "identityagent $OTHER_SOCK\n", "/run/other" },
        { "identityagent ${OTHER_SOCK}\n", "/run/other" },
        { "identityagent none\n", NULL },
        { "identityagent ~/agent\n", "/home/x/agent" },
    };
    (void)state;
    setenv("SSH_AUTH_SOCK", "/run/env", 1);
    setenv("OTHER_SOCK", "/run/other", 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ssh_conf *conf = NULL;
        char text[200];
        snprintf(text, sizeof(text), "hostname h\n%s", cases[i].line);
        assert_true(conf_parse(text, "h", "/home/x", &conf, NULL));
        if (!cases[i].want)
            assert_null(conf->agent);
        else
            assert_string_equal(conf->agent, cases[i].want);
        conf_release(conf);
    }
}

static void conf_chooses_the_program(void **state)
{
    static const struct { const char *line, *words; } cases[] = {
        { "pkcs11provider /x.so", "PKCS11" },
        { "knownhostscommand /bin/x", "KnownHostsCommand" },
        { "verifyhostkeydns true", "VerifyHostKeyDNS" },
        { "ciphers aes256-gcm@openssh.com", "Ciphers" },
        { "macs hmac-sha2-256-etm@openssh.com", "MACs" },
        { "kexalgorithms sntrup761x25519-sha512@openssh.com", "KexAlgorithms" },
        { "hostkeyalgorithms rsa-sha2-512,ssh-rsa", "HostKeyAlgorithms" },
        { "gssapiauthentication yes", NULL }, /* Debian's default: decided after the keys */
        { "ciphers aes256-gcm@openssh.com,aes128-ctr", NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ssh_conf *conf = NULL;
        char text[200];
        snprintf(text, sizeof(text), "hostname h\n%s\n", cases[i].line);
        assert_true(conf_parse(text, "h", "/", &conf, NULL));
        const char *why = conf_needs_openssh(conf);
        if ((why != NULL) != (cases[i].words != NULL) || (why && !strstr(why, cases[i].words)))
            fail_msg("%s: %s", cases[i].line, why ? why : "(libssh2)");
        conf_release(conf);
    }
}

static void names_are_checked(void **state)
{
    static const struct { const char *host, *user; bool ok; } cases[] = {
        { "dhcp-01.example.net", "CORP\\admin", true }, { "u@dom@host", NULL, true }, { "fe80::1%eth0", NULL, true },
        { "", NULL, false },  { "-oProxyCommand=x", NULL, false }, { "a b", NULL, false },
        { "$(x)", NULL, false }, { "a;b", NULL, false }, { "h", "-x", false }, { "h", "a;b", false }, { "a\nb", NULL, false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (conf_check_name(cases[i].host, cases[i].user, NULL) != cases[i].ok)
            fail_msg("%s %s", cases[i].host, cases[i].user ? cases[i].user : "");
}

/* ---- known_hosts */

static const char two_keys[] = "# Host h found: line 3 \n"
                               "h ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA comment\n"
                               "# Host h found: line 9 REVOKED\n"
                               "@revoked * ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n"
                               "# Host h found: line 12 CA\n"
                               "@cert-authority *.x ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=\n";

static size_t ed_blob(unsigned char fill, unsigned char *out)
{
    struct buf b = { 0 };
    unsigned char key[32];
    memset(key, fill, sizeof(key));
    wire_string(&b, "ssh-ed25519", 11);
    wire_string(&b, key, sizeof(key));
    size_t len = b.len;
    memcpy(out, buf_at(&b), len);
    buf_done(&b);
    return len;
}

static void known_is_judged(void **state)
{
    struct known_keys keys = { 0 };
    const struct known_key *row;
    unsigned char blob[64];
    size_t len;
    (void)state;
    known_parse(two_keys, "/f", &keys);
    assert_int_equal(keys.count, 3);
    assert_int_equal(keys.rows[0].line, 3);
    assert_true(keys.rows[1].revoked && keys.rows[1].line == 9 && keys.rows[2].authority);
    len = ed_blob(0, blob);
    assert_int_equal(hostkey_judge(&keys, blob, len, &row), HOSTKEY_GOOD);
    len = ed_blob(1, blob);
    assert_int_equal(hostkey_judge(&keys, blob, len, &row), HOSTKEY_REVOKED);
    assert_int_equal(row->line, 9);
    len = ed_blob(2, blob);
    assert_int_equal(hostkey_judge(&keys, blob, len, &row), HOSTKEY_CHANGED);
    assert_int_equal(row->line, 3);
    keys.rows[0].bare = true; /* under the name without port it proves nothing when it differs */
    assert_int_equal(hostkey_judge(&keys, blob, len, &row), HOSTKEY_NEW);
    keys.rows[0].bare = false;
    keys.rows[0].type = (char[]){ "ecdsa-sha2-nistp256" };
    assert_int_equal(hostkey_judge(&keys, blob, len, &row), HOSTKEY_OTHER);
    known_keys_done(&keys);
}

static void known_orders_types(void **state)
{
    static const struct { const char *type; bool authority, ok; const char *first; } cases[] = {
        { "ecdsa-sha2-nistp384", false, true, "ecdsa-sha2-nistp384,ssh-ed25519" },
        { "ssh-ed25519", false, true, "ssh-ed25519,ecdsa-sha2-nistp256" },
        { "ssh-rsa", false, false, "" },
        { "ssh-ed25519", true, false, "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct known_key row = { .type = (char *)(uintptr_t)cases[i].type, .authority = cases[i].authority };
        struct known_keys keys = { .rows = &row, .count = 1 };
        char order[256];
        const char *why = NULL;
        bool ok = known_preference(&keys, algorithms_ours(ALG_HOSTKEY), order, sizeof(order), &why);
        if (ok != cases[i].ok || strncmp(order, cases[i].first, strlen(cases[i].first)) != 0 || (!ok && !why))
            fail_msg("%s: %d %s", cases[i].type, ok, order);
    }
}

static void fingerprints(void **state)
{
    unsigned char blob[64];
    char print[FINGERPRINT_SIZE];
    (void)state;
    hostkey_fingerprint(blob, ed_blob(0, blob), print);
    assert_int_equal(strncmp(print, "SHA256:", 7), 0);
    assert_int_equal(strlen(print), 7 + 43); /* no padding */
    assert_string_equal(hostkey_type_short("ecdsa-sha2-nistp521"), "ECDSA");
}

/* ---- the agent */

static void agent_messages(void **state)
{
    struct buf b = { 0 }, inner = { 0 };
    struct agent_keys keys = { 0 };
    const unsigned char *sig;
    size_t len;
    (void)state;
    buf_addc(&b, 12);
    wire_u32(&b, 2);
    wire_string(&b, "blob1", 5);
    wire_string(&b, "one", 3);
    wire_string(&b, "blob2", 5);
    wire_string(&b, "two", 3);
    assert_true(agent_read_identities((unsigned char *)buf_at(&b), b.len, &keys));
    assert_int_equal(keys.count, 2);
    assert_string_equal(agent_find(&keys, (const unsigned char *)"blob2", 5)->comment, "two");
    assert_null(agent_find(&keys, (const unsigned char *)"blob3", 5));
    agent_keys_done(&keys);
    for (size_t cut = 0; cut < b.len; cut++) { /* never beyond what is there */
        char *part = x_alloc(cut + 1);
        memcpy(part, buf_at(&b), cut);
        assert_false(agent_read_identities((unsigned char *)part, cut, &keys));
        agent_keys_done(&keys);
        free(part);
    }
    wire_string(&inner, "rsa-sha2-512", 12);
    wire_string(&inner, "signature", 9);
    buf_clear(&b);
    buf_addc(&b, 14);
    wire_string(&b, buf_at(&inner), inner.len);
    assert_true(agent_read_signature((unsigned char *)buf_at(&b), b.len, &sig, &len));
    assert_int_equal(len, 9);
    assert_memory_equal(sig, "signature", 9);
    assert_false(agent_read_signature((unsigned char *)buf_at(&b), b.len - 1, &sig, &len));
    assert_false(agent_read_signature((const unsigned char *)"\5", 1, &sig, &len)); /* refused */
    buf_clear(&b);
    agent_write_sign(&b, (const unsigned char *)"K", 1, (const unsigned char *)"data", 4, 4);
    assert_memory_equal(buf_at(&b), "\15\0\0\0\1K\0\0\0\4data\0\0\0\4", 18);
    buf_done(&b);
    buf_done(&inner);
}

static void public_halves(void **state)
{
    static const char pub[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me\n";
    unsigned char blob[64];
    size_t len = ed_blob(0, blob);
    struct buf got = { 0 };
    (void)state;
    assert_true(keyfile_read_public(pub, &got));
    assert_int_equal(got.len, len);
    assert_memory_equal(buf_at(&got), blob, len);
    buf_clear(&got);
    assert_false(keyfile_read_public("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", &got));
    assert_false(keyfile_read_public("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", &got));
    assert_false(keyfile_read_public("", &got));
    assert_false(keyfile_read_public("ssh-ed25519", &got));
    buf_done(&got);
}

/* ---- the ssh program */

static void hops_are_split(void **state)
{
    static const struct { const char *text, *user, *host; int port; } cases[] = {
        { "h", NULL, "h", 0 },           { "h:2222,other:1", NULL, "h", 2222 }, { "u@h", "u", "h", 0 },
        { "u@dom@h:22", "u@dom", "h", 22 }, { "[::1]:2222", NULL, "::1", 2222 },   { "u@[fe80::1]", "u", "fe80::1", 0 },
        { "fe80::1", NULL, "fe80::1", 0 },  { "CORP\\u@h:1", "CORP\\u", "h", 1 }, { "", NULL, "", 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct conf_hop hop = conf_hop(cases[i].text);
        if (strcmp(hop.host, cases[i].host) != 0 || hop.port != cases[i].port || !hop.user != !cases[i].user ||
            (hop.user && strcmp(hop.user, cases[i].user) != 0))
            fail_msg("\"%s\": \"%s\" at \"%s\":%d", cases[i].text, hop.user ? hop.user : "(none)", hop.host, hop.port);
        conf_hop_done(&hop);
    }
}

static bool has_pair(const char **argv, const char *option, const char *value)
{
    for (size_t i = 0; argv[i]; i++)
        if (strcmp(argv[i], option) == 0 && (!value || (argv[i + 1] && strcmp(argv[i + 1], value) == 0)))
            return true;
    return false;
}

static void arguments(void **state)
{
    struct arena mem = { 0 };
    const char *argv[OPENSSH_ARGS];
    struct openssh_how how = { .config = "/c", .log = "/l", .user = "CORP\\x", .jump = "j", .address = "h", .port = 2222,
                               .connect_timeout_s = 7, .accept_new = true, .command = "powershell.exe -s" };
    size_t n = 0;
    (void)state;
    openssh_argv(&how, &mem, argv);
    while (argv[n])
        n++;
    assert_string_equal(argv[n - 1], "powershell.exe -s");
    assert_string_equal(argv[n - 2], "h");
    assert_string_equal(argv[n - 3], "--");
    assert_true(has_pair(argv, "-F", "/c") && has_pair(argv, "-E", "/l") && has_pair(argv, "-l", "CORP\\x"));
    assert_true(has_pair(argv, "-p", "2222") && has_pair(argv, "-J", "j") && has_pair(argv, "-o", "RemoteCommand=none"));
    assert_true(has_pair(argv, "-o", "BatchMode=yes") && has_pair(argv, "-o", "ConnectTimeout=7"));
    assert_true(has_pair(argv, "-o", "StrictHostKeyChecking=accept-new"));
    how = (struct openssh_how){ .log = "/l", .address = "h", .can_ask = true, .pipe_to = "[t]:22" };
    openssh_argv(&how, &mem, argv);
    assert_true(has_pair(argv, "-W", "[t]:22") && has_pair(argv, "-o", "BatchMode=no"));
    assert_false(has_pair(argv, "-F", NULL) || has_pair(argv, "-J", NULL) || has_pair(argv, "-p", NULL));
    arena_done(&mem);
}

static void words_of_ssh(void **state)
{
    static const struct { const char *said; enum transport_step step; enum err_kind kind; const char *words; } cases[] = {
        { "debug1: x\nssh: Could not resolve hostname h: Name or service not known\n", STEP_RESOLVE, ERR_UNREACHABLE, "h: Name" },
        { "ssh: connect to host h port 22: Connection refused\n", STEP_CONNECT, ERR_UNREACHABLE, "sshd" },
        { "ssh: connect to host h port 22: Connection timed out\n", STEP_CONNECT, ERR_TIMEOUT, "no answer" },
        { "@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nOffending ECDSA key in /k/known:12\nHost key verification failed.\n",
          STEP_HOSTKEY, ERR_DENIED, "/k/known:12" },
        { "@ WARNING: REVOKED HOST KEY DETECTED! @\nHost key verification failed.\n", STEP_HOSTKEY, ERR_DENIED, "revoked" },
        { "No ED25519 host key is known for h and you have requested strict checking.\nHost key verification failed.\n",
          STEP_HOSTKEY, ERR_DENIED, "StrictHostKeyChecking" },
        { "x@h: Permission denied (publickey,password).\r\n", STEP_LOGIN, ERR_DENIED, "publickey,password" },
        { "/c: line 3: Bad configuration option: foo\n/c: terminating, 1 bad configuration options\n", STEP_CONFIG, ERR_INPUT, "line 3" },
        { "Unable to negotiate with h port 22: no matching MAC found.\n", STEP_KEX, ERR_REMOTE, "MAC" },
        { "channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed\n", STEP_JUMP, ERR_DENIED,
          "AllowTcpForwarding" },
        { "\033[31mstrange words\n", STEP_CONFIG, ERR_REMOTE, "strange words" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = { 0 };
        enum transport_step step = STEP_CONFIG;
        openssh_failure(cases[i].said, "h", &step, &err);
        if (step != cases[i].step || err.kind != cases[i].kind || !strstr(err.text, cases[i].words) || strchr(err.text, 27))
            fail_msg("%s: %s %s %s", cases[i].said, transport_step_name(step), err_kind_name(err.kind), err.text);
    }
}

static void questions_of_ssh(void **state)
{
    static const struct { const char *text; enum ask_kind kind; const char *host, *words, *key; } cases[] = {
        { "The authenticity of host '[10.0.0.1]:2222 ([10.0.0.1]:2222)' can't be established.\nED25519 key fingerprint is SHA256:abc/+.\n"
          "This key is not known by any other names.\nAre you sure you want to continue connecting (yes/no/[fingerprint])? ",
          ASK_HOSTKEY, "[10.0.0.1]:2222", "ED25519 SHA256:abc/+. Accept", "" },
        { "Enter passphrase for key '/home/x/.ssh/id': ", ASK_PASSPHRASE, "h", "id", "/home/x/.ssh/id" },
        { "Enter passphrase for /home/x/.ssh/id: ", ASK_PASSPHRASE, "h", "id", "/home/x/.ssh/id" },
        { "Bad passphrase, try again for /home/x/.ssh/id: ", ASK_PASSPHRASE, "h", "Bad", "/home/x/.ssh/id" },
        { "u@h's password: ", ASK_PASSWORD, "h", "u@h", "" },
        { "(u@h) Enter passphrase for key '/home/x/.ssh/id': ", ASK_PROMPTS, "h", "Enter passphrase", "" },
        { "(u@h) Bad passphrase, try again for /home/x/.ssh/id: ", ASK_PROMPTS, "h", "Bad", "" },
        { "(u@h) ED25519 key fingerprint is SHA256:abc.\n (yes/no)? ", ASK_PROMPTS, "h", "(yes/no)", "" },
        { "(u@h) Verification code: \033[2J", ASK_PROMPTS, "h", "Verification code: ^[[2J", "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct transport_ask ask;
        char key[256];
        talk_understand(cases[i].text, "h", &ask, key, sizeof(key));
        if (ask.kind != cases[i].kind || strncmp(ask.host, cases[i].host, strlen(cases[i].host)) != 0 ||
            !strstr(ask.text, cases[i].words) || strcmp(key, cases[i].key) != 0 || ask.prompt_count != (ask.kind != ASK_HOSTKEY))
            fail_msg("%s: kind %d host \"%s\" text \"%s\" key \"%s\"", cases[i].text, ask.kind, ask.host, ask.text, key);
    }
}

static void backoff(void **state)
{
    static const int64_t base[] = { 1000, 2000, 5000, 15000, 30000, 60000, 60000 };
    (void)state;
    for (int i = 0; i < (int)COUNT(base); i++)
        for (int n = 0; n < 100; n++) {
            int64_t ms = transport_backoff_ms(i);
            assert_true(ms >= base[i] * 4 / 5 && ms <= base[i] * 6 / 5);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conf_is_read),   cmocka_unit_test(conf_agent),      cmocka_unit_test(conf_chooses_the_program),
        cmocka_unit_test(names_are_checked), cmocka_unit_test(known_is_judged), cmocka_unit_test(known_orders_types),
        cmocka_unit_test(fingerprints),   cmocka_unit_test(agent_messages),  cmocka_unit_test(public_halves),
        cmocka_unit_test(hops_are_split), cmocka_unit_test(arguments),      cmocka_unit_test(words_of_ssh),    cmocka_unit_test(questions_of_ssh),
        cmocka_unit_test(backoff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
