/* kex.c - the libssh2 session: its queues, key exchange and the decision about the host key. */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms.h"
#include "hub.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"
#include "openssh.h"
#include "session.h"
#include "talk.h"

#define BANNER_LIMIT 16384 /* before the line "SSH-..." */
#define WIPE_BELOW 4096    /* what libssh2 frees may have held a password */
#define TRIES_CROWDED 6 /* while we are many at its door */
#define TRIES_ALONE 2

/* ---- what libssh2 calls */

/* Each block is in a list of its session: libssh2 1.10 forgets some (an abandoned channel open, every re-keying), which would
 * add up over months, so what is left goes with the session. */
struct block {
    struct block *next, **link;
    size_t size;
    max_align_t bytes[];
};

static void link_block(struct session *s, struct block *block)
{
    block->next = s->blocks;
    block->link = &s->blocks;
    if (block->next)
        block->next->link = &block->next;
    s->blocks = block;
}

static void unlink_block(struct block *block)
{
    *block->link = block->next;
    if (block->next)
        block->next->link = block->link;
}

static struct block *block_of(void *at)
{
    return (struct block *)((char *)at - offsetof(struct block, bytes));
}

static void *hook_alloc(size_t size, void **abstract)
{
    struct block *block = size < SIZE_MAX / 2 ? malloc(sizeof(*block) + size) : NULL;
    if (!block)
        return NULL;
    block->size = size;
    link_block(*abstract, block);
    return block->bytes;
}

static void hook_free(void *at, void **abstract)
{
    (void)abstract;
    if (!at)
        return;
    struct block *block = block_of(at);
    unlink_block(block);
    if (block->size <= WIPE_BELOW)
        x_wipe(block->bytes, block->size);
    free(block);
}

static void *hook_realloc(void *at, size_t size, void **abstract)
{
    if (!at)
        return hook_alloc(size, abstract);
    struct block *old = block_of(at);
    unlink_block(old);
    struct block *block = size < SIZE_MAX / 2 ? realloc(old, sizeof(*block) + size) : NULL;
    if (!block) {
        link_block(*abstract, old);
        return NULL;
    }
    block->size = size;
    link_block(*abstract, block);
    return block->bytes;
}

/* For what libssh2 will free. */
void *kex_alloc(struct session *s, size_t size)
{
    void *abstract = s;
    return hook_alloc(size, &abstract);
}

static ssize_t hook_send(libssh2_socket_t fd, const void *bytes, size_t len, int flags, void **abstract)
{
    struct session *s = *abstract;
    (void)fd, (void)flags;
    if (s->io_err)
        return -s->io_err;
    buf_add(&s->out, bytes, len);
    return (ssize_t)len; /* always everything: see session.h */
}

static ssize_t hook_recv(libssh2_socket_t fd, void *bytes, size_t len, int flags, void **abstract)
{
    struct session *s = *abstract;
    (void)fd, (void)flags;
    if (s->in.len > 0) {
        len = MIN(len, s->in.len);
        memcpy(bytes, buf_at(&s->in), len);
        buf_take(&s->in, len);
        return (ssize_t)len;
    }
    if (s->io_err)
        return -s->io_err;
    return s->in_eof ? 0 : -EAGAIN;
}

/* ---- beginning and end */

static void library_init(void)
{
    libssh2_init(0);
}

void kex_begin(struct session *s)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static const struct { int method; enum algorithm which; } rows[] = {
        { LIBSSH2_METHOD_KEX, ALG_KEX },         { LIBSSH2_METHOD_CRYPT_CS, ALG_CIPHER },
        { LIBSSH2_METHOD_CRYPT_SC, ALG_CIPHER }, { LIBSSH2_METHOD_MAC_CS, ALG_MAC },
        { LIBSSH2_METHOD_MAC_SC, ALG_MAC },
    };
    const char *configured[] = { [ALG_KEX] = s->conf->kex, [ALG_CIPHER] = s->conf->ciphers, [ALG_MAC] = s->conf->macs };

    pthread_once(&once, library_init);
    s->ssh = libssh2_session_init_ex(hook_alloc, hook_free, hook_realloc, s);
    libssh2_session_set_blocking(s->ssh, 0);
    libssh2_session_callback_set(s->ssh, LIBSSH2_CALLBACK_SEND, (void *)hook_send);
    libssh2_session_callback_set(s->ssh, LIBSSH2_CALLBACK_RECV, (void *)hook_recv);
    libssh2_session_method_pref(s->ssh, LIBSSH2_METHOD_HOSTKEY, s->host_key_order);
    for (size_t i = 0; i < COUNT(rows); i++)
        libssh2_session_method_pref(s->ssh, rows[i].method,
                                    configured[rows[i].which] ? configured[rows[i].which] : algorithms_ours(rows[i].which));
    s->in_eof = false;
    s->io_err = 0;
    s->received = s->first_len = 0;
    s->state = SESSION_KEX;
    s->step = STEP_KEX;
    if (s->stream)
        stream_step(s->stream, STEP_KEX);
    session_limit(s, s->hub->kex_ms);
}

void kex_end(struct session *s)
{
    if (s->ssh)
        libssh2_session_free(s->ssh); /* frees its channels; with io_err set it cannot wait for anything */
    s->ssh = NULL;
    s->exec = NULL;
    s->spent_count = 0;
    while (s->blocks)
        hook_free(s->blocks->bytes, NULL);
}

/* ---- failures */

/* "HTTP/1.1 400 Bad Request..." of a peer that is something else. */
static bool not_ssh(const struct session *s, char *shown, size_t size)
{
    char first[FIRST_BYTES + 1];
    if (s->first_len == 0 || (s->first_len >= 4 && memcmp(s->first, "SSH-", 4) == 0))
        return false;
    for (size_t i = 0; i < s->first_len; i++)
        first[i] = s->first[i] == '\0' ? '?' : s->first[i];
    first[s->first_len] = '\0';
    text_printable(first, shown, size);
    return true;
}

/* libssh2 takes the first line of anything for a banner. */
static bool has_banner(const struct session *s)
{
    const char *banner = libssh2_session_banner_get(s->ssh);
    return banner && strncmp(banner, "SSH-", 4) == 0;
}

static void fail_not_ssh(struct session *s, const char *shown)
{
    struct err err = { 0 };
    err_set(&err, ERR_REMOTE, session_host(s), "%.60s:%d is no SSH server: its first bytes were \"%.80s\"; check address and port",
            session_host(s), s->conf->port, shown);
    session_fail(s, STEP_KEX, &err);
}

/* Newer sshd say so instead of hanging up silently. */
static bool is_full(const struct session *s)
{
    static const char *const words[] = { "Exceeded MaxStartups", "Not allowed at this time" };
    for (size_t i = 0; i < COUNT(words); i++)
        if (s->first_len >= strlen(words[i]) && memcmp(s->first, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/* sshd closes connections above MaxStartups, or of an address it punishes, without a word: wait and come again. */
static bool try_again(struct session *s)
{
    if ((s->received > 0 && !is_full(s)) || s->talk || s->proxy.pid > 0)
        return false;
    if (s->tries + 1 >= (gate_crowded(&s->pass) || s->tries >= TRIES_ALONE ? TRIES_CROWDED : TRIES_ALONE))
        return false;
    if (gate_crowded(&s->pass))
        gate_slow(&s->pass);
    gate_leave(&s->pass, GATE_UNTRIED);
    kex_end(s);
    connect_close(s);
    struct session *via = s->via;
    session_detach(s);
    if (via)
        session_wake(via);
    buf_clear(&s->in);
    buf_clear(&s->out);
    s->state = SESSION_PAUSE;
    session_limit(s, transport_backoff_ms(s->tries++));
    return true;
}

static void closed_early(struct session *s)
{
    struct err err = { 0 };
    enum transport_step step = STEP_KEX;
    const char *host = session_host(s);
    if (s->talk) { /* an ssh -W says why itself */
        talk_drain(s->talk);
        step = STEP_JUMP;
        openssh_failure(buf_at(&s->talk->said), host, &step, &err);
        err_wrap(&err, "jump host %.60s", s->talk->host);
        session_fail(s, STEP_JUMP, &err);
        return;
    }
    if (s->conf->proxy_command && s->proxy.out >= 0)
        err_set(&err, ERR_UNREACHABLE, host, "the ProxyCommand for %.80s ended before the server answered", host);
    else if (s->received == 0)
        err_set(&err, ERR_UNREACHABLE, host,
                "%.60s closes connections before the key exchange: too many at once (MaxStartups), or this address is blocked there",
                host);
    else
        err_set(&err, ERR_UNREACHABLE, host, "%.60s closed the connection during the key exchange", host);
    session_fail(s, step, &err);
}

static void exchange_failed(struct session *s, int rc)
{
    static const char why[] = "no common algorithm in the key exchange: libssh2 has no gcm, chacha20, etm or RSA host keys";
    struct err err = { 0 };
    char *said = NULL, shown[200];

    if (is_full(s) && try_again(s))
        return;
    if (not_ssh(s, shown, sizeof(shown)) && !has_banner(s)) {
        fail_not_ssh(s, shown);
        return;
    }
    if (s->in_eof || s->io_err) {
        if (!try_again(s))
            closed_early(s);
        return;
    }
    if (rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_METHOD_NOT_SUPPORTED) {
        if (s->stream) {
            hub_remember_fallback(s->hub, s->alias, why);
            stream_switch(s->stream, &openssh_carrier, why);
        } else
            jump_needs_openssh(s, why);
        return;
    }
    libssh2_session_last_error(s->ssh, &said, NULL, 0);
    err_set(&err, ERR_REMOTE, session_host(s), "the key exchange with %.60s failed: %.100s (libssh2 error %d)", session_host(s),
            said ? said : "", rc);
    session_fail(s, STEP_KEX, &err);
}

/* ---- the host key */

static void accepted(struct session *s, const unsigned char *blob, size_t len)
{
    struct err err = { 0 };
    if (!hostkey_append(s->conf, blob, len, &err)) /* the connection is right; it will only be asked about again */
        log_line(session_host(s), "%s", err.text);
}

static void go_login(struct session *s)
{
    known_keys_done(&s->known);
    s->state = SESSION_LOGIN;
    s->step = STEP_LOGIN;
    if (s->stream)
        stream_step(s->stream, STEP_LOGIN);
    session_limit(s, s->hub->login_ms);
}

static void refused(struct session *s, const char *fmt, const char *print)
{
    struct err err = { 0 };
    err_set(&err, ERR_DENIED, session_host(s), fmt, session_host(s), print);
    session_fail(s, STEP_HOSTKEY, &err);
}

/* Only noted: the answer may come from within anything of the owner's. */
static void on_hostkey_answer(void *ctx, const char *const *answers)
{
    struct session *s = ctx;
    if (!answers && s->question.gone && question_ask(&s->question, session_asker(s)))
        return; /* who was asked has left; another one waits behind the same jump host */
    s->answer = answers ? ANSWER_YES : ANSWER_NO;
    session_wake(s);
}

bool hostkey_step(struct session *s)
{
    size_t len = 0;
    int type;
    char print[FINGERPRINT_SIZE];
    const unsigned char *blob = (const unsigned char *)libssh2_session_hostkey(s->ssh, &len, &type);

    if (s->answer == ANSWER_NONE)
        return false;
    hostkey_fingerprint(blob, len, print);
    if (s->answer == ANSWER_NO)
        refused(s, "the new host key of %.80s was not accepted (%.60s)", print);
    else {
        accepted(s, blob, len);
        go_login(s);
    }
    s->answer = ANSWER_NONE;
    return true;
}

static void ask_about(struct session *s, const char *type, const char *print, const struct known_key *row)
{
    struct question *q = &s->question;
    char other[160];

    *q = (struct question){ .answered = on_hostkey_answer, .ctx = s };
    text_printable(session_host(s), q->ask.host, sizeof(q->ask.host));
    if (row)
        snprintf(other, sizeof(other), "%.120s:%d", row->file, row->line);
    hostkey_question(&q->ask, type, print, row ? other : NULL);
    if (!question_ask(q, session_asker(s))) {
        refused(s, "the host key of %.60s is not known (%.60s) and nobody can be asked; connect once interactively, or add it to known_hosts",
                print);
        return;
    }
    session_waits_for_person(s);
}

static void decide_new(struct session *s, const unsigned char *blob, size_t len, const char *type, const char *print,
                       const struct known_key *row)
{
    switch (row && s->conf->strict != STRICT_YES ? STRICT_ASK : s->conf->strict) {
    case STRICT_YES:
        refused(s, "the host key of %.60s is not known (%.60s) and StrictHostKeyChecking is yes; add it to known_hosts", print);
        break;
    case STRICT_ASK:
        ask_about(s, type, print, row);
        break;
    case STRICT_NEW:
    case STRICT_OFF:
        accepted(s, blob, len);
        go_login(s);
        break;
    }
}

static void judge(struct session *s)
{
    const struct known_key *row = NULL;
    size_t len = 0;
    int type_id;
    char print[FINGERPRINT_SIZE], type[40] = "";
    struct err err = { 0 };
    const unsigned char *blob = (const unsigned char *)libssh2_session_hostkey(s->ssh, &len, &type_id);

    s->state = SESSION_HOSTKEY;
    s->step = STEP_HOSTKEY;
    if (s->stream)
        stream_step(s->stream, STEP_HOSTKEY);
    if (!blob || len < 4) {
        refused(s, "%.60s showed no host key%s", "");
        return;
    }
    snprintf(type, sizeof(type), "%.*s", (int)MIN(blob[3], len - 4), (const char *)blob + 4);
    hostkey_fingerprint(blob, len, print);
    switch (hostkey_judge(&s->known, blob, len, &row)) {
    case HOSTKEY_GOOD:
        go_login(s);
        break;
    case HOSTKEY_NEW:
    case HOSTKEY_OTHER:
        decide_new(s, blob, len, type, print, row);
        break;
    case HOSTKEY_CHANGED:
        err_set(&err, ERR_DENIED, session_host(s),
                "the host key of %.50s has changed and is refused; on file is another one: %.90s:%d; if the change is right, remove that line",
                session_host(s), row->file, row->line);
        session_fail(s, STEP_HOSTKEY, &err);
        break;
    case HOSTKEY_REVOKED:
        err_set(&err, ERR_DENIED, session_host(s),
                "the host key of %.50s is revoked and refused: %.100s:%d; ask who revoked it", session_host(s), row->file, row->line);
        session_fail(s, STEP_HOSTKEY, &err);
        break;
    }
}

bool kex_step(struct session *s)
{
    char shown[200];
    struct session *root = s;
    while (root->via)
        root = root->via;
    int rc = libssh2_session_handshake(s->ssh, root->fd_in); /* only looked at: our callbacks do the work */
    if (rc == LIBSSH2_ERROR_EAGAIN) {
        if (s->received < BANNER_LIMIT || has_banner(s) || !not_ssh(s, shown, sizeof(shown)))
            return false;
        fail_not_ssh(s, shown);
        return true;
    }
    if (rc == 0)
        judge(s);
    else
        exchange_failed(s, rc);
    return true;
}
