#include "keyfile.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hub.h"
#include "ipamtui/child.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"
#include "job.h"
#include "talk.h"
#include "wire.h"

#define FILE_LIMIT 65536
#define AGENT_START_MS 5000
#define AGENT_POLL_MS 10
#define LOAD_LIMIT_MS 120000 /* a person types the passphrase */
#define REFUSED_MS 60000     /* a key that was not opened is not asked about again so long */

enum keyfile_state { KEYFILE_IDLE, KEYFILE_QUEUED, KEYFILE_LOADING, KEYFILE_LOADED };

struct keyfile_wait {
    struct keyfile *key;
    struct keyfile_wait *next;
    struct transport *(*asker)(void *who);
    keyfile_fn *fn;
    void *who, *ctx;
};

struct keyfile {
    struct transport_hub *hub;
    struct keyfile *next;
    char *path;
    struct buf public; /* blob, empty: unknown */
    enum keyfile_state state;
    struct keyfile_wait *waits;
    struct talk talk;
    struct job *job;
    struct agent_request *listing;
    struct err refused; /* kind ERR_NONE: not */
    int64_t refused_until_ms;
    struct loop_timer soon;
};

/* The agent of our own: ssh-agent under a shell that ends it when our end of its stdin closes, however we die. */
struct own_agent {
    struct child child;
    char *socket;
    int64_t started_ms;
};

static void run_queue(void *ctx);

/* ---- public keys */

static void skip_line(const char **at)
{
    *at += strcspn(*at, "\n");
    *at += **at == '\n';
}

/* Base64 of several lines up to a '-' or the end. */
static bool decode_body(const char *text, struct buf *out)
{
    struct buf plain = { 0 };
    for (; *text && *text != '-'; text++)
        if (*text > ' ')
            buf_addc(&plain, *text);
    bool ok = plain.len > 0 && plain.len % 4 == 0;
    unsigned char *room = ok ? (unsigned char *)buf_room(out, plain.len) : NULL;
    int n = room ? EVP_DecodeBlock(room, (const unsigned char *)buf_at(&plain), (int)plain.len) : -1;
    if (n > 0)
        buf_added(out, (size_t)n); /* padding adds up to two zero bytes at the end, which no reader looks at */
    if (plain.data)
        x_wipe(plain.data, plain.cap);
    buf_done(&plain);
    return n > 0;
}

/* openssh-key-v1: cipher, kdf, options and the public key are in clear. */
static bool read_openssh(const char *text, struct buf *blob)
{
    static const char magic[] = "openssh-key-v1";
    struct buf body = { 0 };
    size_t len = 0;
    bool ok = false;

    skip_line(&text);
    if (decode_body(text, &body) && body.len > sizeof(magic) && strcmp(buf_at(&body), magic) == 0) {
        const unsigned char *at = (const unsigned char *)buf_at(&body) + sizeof(magic);
        struct wire_in in = { .at = at, .end = at + body.len - sizeof(magic) };
        wire_in_string(&in, &len);
        wire_in_string(&in, &len);
        wire_in_string(&in, &len);
        uint32_t count = wire_in_u32(&in);
        const unsigned char *pub = wire_in_string(&in, &len);
        ok = count >= 1 && !in.bad && len > 4;
        if (ok)
            buf_add(blob, pub, len);
    }
    if (body.data)
        x_wipe(body.data, body.cap); /* it may be an unencrypted key */
    buf_done(&body);
    return ok;
}

bool keyfile_read_public(const char *text, struct buf *blob)
{
    if (strncmp(text, "-----BEGIN OPENSSH PRIVATE KEY-----", 35) == 0)
        return read_openssh(text, blob);
    if (text[0] == '-' || text[0] == '\0')
        return false;
    const char *space = strpbrk(text, " \t");
    if (!space)
        return false;
    space += strspn(space, " \t");
    char *word = x_strndup(space, strcspn(space, " \t\r\n"));
    struct buf raw = { 0 };
    bool ok = decode_body(word, &raw) && raw.len > 4;
    if (ok) {
        size_t len = raw.len;
        for (size_t i = strlen(word); i > 0 && word[i - 1] == '='; i--)
            len--;
        buf_add(blob, buf_at(&raw), len);
    }
    free(word);
    buf_done(&raw);
    return ok;
}

static bool read_public_of(const char *path, struct buf *blob)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    char *text = x_alloc(FILE_LIMIT + 1);
    ssize_t n = read(fd, text, FILE_LIMIT);
    bool ok = n > 0 && keyfile_read_public(text, blob);
    x_wipe(text, FILE_LIMIT);
    free(text);
    close(fd);
    return ok;
}

bool keyfile_public_beside(const char *path, struct buf *blob)
{
    char *beside = x_asprintf("%s.pub", path);
    bool ok = read_public_of(beside, blob);
    free(beside);
    return ok;
}

struct keyfile *keyfile_at(struct transport_hub *hub, const char *path)
{
    struct keyfile *key;
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    for (key = hub->keyfiles; key; key = key->next)
        if (strcmp(key->path, path) == 0)
            return key;
    key = x_alloc(sizeof(*key));
    *key = (struct keyfile){ .hub = hub, .next = hub->keyfiles, .path = x_strdup(path) };
    if (!keyfile_public_beside(path, &key->public))
        read_public_of(path, &key->public);
    hub->keyfiles = key;
    return key;
}

const char *keyfile_path(const struct keyfile *key)
{
    return key->path;
}

const unsigned char *keyfile_public(const struct keyfile *key, size_t *len)
{
    *len = key->public.len;
    return key->public.len ? (const unsigned char *)buf_at(&key->public) : NULL;
}

/* ---- our agent */

static bool own_agent_start(struct transport_hub *hub, struct err *err)
{
    static char script[] = "ssh-agent -D -a \"$0\" >/dev/null 2>&1 & read -r x; kill $!";
    const char *dir = hub_run_dir(hub, err);
    if (!dir)
        return false;
    if (hub->own_agent)
        return true;
    struct own_agent *own = x_alloc(sizeof(*own));
    own->socket = x_asprintf("%s/agent", dir);
    char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, script, own->socket, NULL };
    if (!child_start(&own->child, argv, NULL, CHILD_NEW_SESSION | CHILD_STDERR_NULL, err)) {
        free(own->socket);
        free(own);
        return err_wrap(err, "starting an ssh agent for key files");
    }
    own->started_ms = clock_mono_ms();
    hub->own_agent = own;
    return true;
}

static void own_agent_end(struct transport_hub *hub)
{
    struct own_agent *own = hub->own_agent;
    if (!own)
        return;
    child_end(&own->child, 100);
    free(own->socket);
    free(own);
    hub->own_agent = NULL;
}

/* ---- loading */

static void deliver(void *ctx)
{
    struct keyfile *key = ctx;
    bool loaded = key->state == KEYFILE_LOADED;
    struct agent *agent = loaded ? agent_at(key->hub, key->hub->own_agent->socket) : NULL;
    struct err err = key->refused;

    if (key->state != KEYFILE_LOADED && key->state != KEYFILE_IDLE) /* asked again meanwhile: that answer counts */
        return;
    while (key->waits) {
        struct keyfile_wait *wait = key->waits;
        key->waits = wait->next;
        keyfile_fn *fn = wait->fn;
        void *for_whom = wait->ctx;
        free(wait);
        fn(for_whom, agent, &err);
    }
}

static void finish(struct keyfile *key, const struct err *err)
{
    talk_done(&key->talk);
    key->state = err->kind == ERR_NONE ? KEYFILE_LOADED : KEYFILE_IDLE;
    key->hub->keyfile_busy = false;
    key->refused = *err;
    key->refused_until_ms = clock_mono_ms() + REFUSED_MS;
    log_line("ssh", "key file %s: %s", key->path, err->kind == ERR_NONE ? "loaded" : err->text);
    deliver(key);
    loop_timer_in(key->hub->loop, &key->hub->keyfile_turn, 0, run_queue, key->hub);
}

static void on_listed(void *ctx, const struct agent_keys *keys, const struct err *err)
{
    struct keyfile *key = ctx;
    static const struct err none;

    key->listing = NULL;
    for (size_t i = 0; keys && i < keys->count && key->public.len == 0; i++)
        if (strcmp(keys->rows[i].comment, key->path) == 0)
            buf_add(&key->public, keys->rows[i].blob, keys->rows[i].len);
    if (keys && key->public.len == 0) {
        struct err lost = { 0 };
        err_set(&lost, ERR_IO, key->path, "the key file %s has no public key beside it; make one: ssh-keygen -y", key->path);
        finish(key, &lost);
        return;
    }
    finish(key, keys ? &none : err);
}

static void on_added(void *ctx, int exit_code, const char *out, const char *errs, const struct err *why)
{
    struct keyfile *key = ctx;
    struct err err = *why;
    char said[120];
    (void)out;

    key->job = NULL;
    if (err.kind == ERR_NONE && exit_code != 0) {
        text_printable(errs, said, sizeof(said));
        if (strstr(errs, "UNPROTECTED") || strstr(errs, "too open"))
            err_set(&err, ERR_DENIED, key->path, "the key file %.80s may be read by others and is not used; run: chmod 600",
                    key->path);
        else if (exit_code == 1 && (said[0] == '\0' || strstr(errs, "assphrase")))
            err_set(&err, ERR_DENIED, key->path, "the key file %.100s was not opened: no passphrase was given", key->path);
        else
            err_set(&err, ERR_DENIED, key->path, "the key file %.60s cannot be used: %s", key->path, said);
    }
    if (err.kind == ERR_NONE && key->public.len == 0)
        key->listing = agent_list(agent_at(key->hub, key->hub->own_agent->socket), on_listed, key);
    else
        finish(key, &err);
}

static struct transport *find_asker(void *ctx)
{
    struct keyfile *key = ctx;
    for (struct keyfile_wait *wait = key->waits; wait; wait = wait->next) {
        struct transport *t = wait->asker(wait->who);
        if (t && t->events.ask && !t->closing && !t->question)
            return t;
    }
    return NULL;
}

/* A socket in the file system is there before anybody listens on it. */
static bool answers(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static void add_key(void *ctx)
{
    struct keyfile *key = ctx;
    struct own_agent *own = key->hub->own_agent;
    struct err err = { 0 };
    const char *env[8];
    size_t n = 0;

    if (!answers(own->socket)) { /* it has only been started */
        if (clock_mono_ms() - own->started_ms < AGENT_START_MS) {
            loop_timer_in(key->hub->loop, &key->soon, AGENT_POLL_MS, add_key, key);
            return;
        }
        err_set(&err, ERR_IO, key->path, "the ssh-agent for key files does not start");
        finish(key, &err);
        return;
    }
    key->talk.asker = find_asker;
    key->talk.ctx = key;
    key->talk.host = "this machine";
    if (!talk_start(&key->talk, key->hub, true, &err)) {
        finish(key, &err);
        return;
    }
    char *sock = x_asprintf("SSH_AUTH_SOCK=%s", own->socket);
    for (; key->talk.env[n]; n++)
        env[n] = key->talk.env[n];
    env[n++] = sock;
    env[n] = NULL;
    const char *argv[] = { "ssh-add", "-q", "-k", key->path, NULL };
    key->job = job_start(key->hub, argv, env, LOAD_LIMIT_MS, on_added, key);
    free(sock);
}

/* One file at a time: one question at a time. */
static void run_queue(void *ctx)
{
    struct transport_hub *hub = ctx;
    struct keyfile *key = hub->keyfiles;
    struct err err = { 0 };

    while (key && key->state != KEYFILE_QUEUED)
        key = key->next;
    if (!key || hub->keyfile_busy)
        return;
    hub->keyfile_busy = true;
    key->state = KEYFILE_LOADING;
    if (own_agent_start(hub, &err))
        add_key(key);
    else
        finish(key, &err);
}

struct keyfile_wait *keyfile_load(struct keyfile *key, struct transport *(*asker)(void *who), keyfile_fn *fn, void *who,
                                  void *ctx)
{
    struct keyfile_wait *wait = x_alloc(sizeof(*wait));
    struct transport_hub *hub = key->hub;

    *wait = (struct keyfile_wait){ .key = key, .next = key->waits, .asker = asker, .fn = fn, .who = who,
                                   .ctx = ctx };
    key->waits = wait;
    if (key->state == KEYFILE_LOADED ||
        (key->state == KEYFILE_IDLE && key->refused.kind != ERR_NONE && clock_mono_ms() < key->refused_until_ms)) {
        loop_timer_in(hub->loop, &key->soon, 0, deliver, key);
    } else if (key->state == KEYFILE_IDLE) {
        key->state = KEYFILE_QUEUED;
        loop_timer_in(hub->loop, &hub->keyfile_turn, 0, run_queue, hub);
    }
    return wait;
}

void keyfile_cancel(struct keyfile_wait *wait)
{
    if (!wait)
        return;
    for (struct keyfile_wait **at = &wait->key->waits; *at; at = &(*at)->next)
        if (*at == wait) {
            *at = wait->next;
            break;
        }
    free(wait);
}

void keyfiles_end(struct transport_hub *hub)
{
    loop_timer_stop(&hub->keyfile_turn);
    while (hub->keyfiles) {
        struct keyfile *key = hub->keyfiles;
        hub->keyfiles = key->next;
        while (key->waits)
            keyfile_cancel(key->waits);
        loop_timer_stop(&key->soon);
        job_cancel(key->job);
        talk_done(&key->talk);
        buf_done(&key->public);
        free(key->path);
        free(key);
    }
    own_agent_end(hub);
}
