/* login.c - authentication of one session: keys (agent first, then files), keyboard-interactive, password.
 *
 * Order as ssh has it: agent keys that the configuration names, other agent keys (unless IdentitiesOnly), key files. All signatures
 * come from an agent, the operator's or our own (keyfile.h), by a callback that may be called again later. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "algorithms.h"
#include "fiber.h"
#include "hub.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"
#include "keyfile.h"
#include "secret.h"
#include "session.h"
#include "wire.h"

#define OFFERS_MAX 5 /* sshd hangs up after 6 failures (MaxAuthTries) */
#define OFFERS_MANY 3 /* a server that hangs up after so many has had enough of them */
#define CANDIDATES_MAX 64
#define AGENT_RSA_SHA2_256 2
#define AGENT_RSA_SHA2_512 4

enum login_phase {
    PHASE_START, PHASE_LISTING, PHASE_KEYS, PHASE_LOADING, PHASE_OFFER, PHASE_METHODS,
    PHASE_KBDINT, PHASE_ASK_PASSWORD, PHASE_ASKING, PHASE_PASSWORD, PHASE_OVER
};
enum signing { SIGN_NONE, SIGN_BUSY, SIGN_DONE, SIGN_FAILED };

struct candidate {
    struct agent *agent;     /* holds it, or */
    struct keyfile *keyfile; /* this has to be loaded */
    struct buf blob;         /* as the agent knows it; empty: unknown before loading */
    char label[100];
};

struct login {
    struct session *s;
    enum login_phase phase;
    struct candidate list[CANDIDATES_MAX];
    size_t count, at, offers;
    bool has_sk;           /* there is a FIDO key, in the agent or as a file */
    struct buf offered;    /* the blob as it is offered: RSA under its SHA-2 name */
    struct agent_request *request;
    struct keyfile_wait *loading;
    enum signing signing;
    struct buf to_sign, signature;
    struct err last;       /* why the last key was not used */
    char methods[200];     /* what the server takes */
    bool tried_kbdint, tried_password, nobody_to_ask;
    bool too_long;         /* libssh2 cannot take what the server says */
    struct question question;
    bool answered, refused;
    char secret_name[40];
    struct fiber *fiber;
    int fiber_rc;
    LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses; /* of the callback that sleeps */
    int response_from;
    bool abandoned;
};

static struct login *login_of(struct session *s)
{
    if (!s->login) {
        s->login = x_alloc(sizeof(*s->login));
        s->login->s = s;
        snprintf(s->login->secret_name, sizeof(s->login->secret_name), "login %p", (void *)s);
    }
    return s->login;
}

/* ---- candidates */

static void blob_type(const struct buf *blob, char *out, size_t size)
{
    struct wire_in in = { .at = (const unsigned char *)buf_at(blob), .end = (const unsigned char *)buf_at(blob) + blob->len };
    size_t len;
    const unsigned char *type = wire_in_string(&in, &len);
    snprintf(out, size, "%.*s", (int)len, (const char *)type);
}

/* Types that libssh2 can log in with by a bare signature. */
static bool usable(struct login *login, const unsigned char *blob, size_t len)
{
    static const char types[] = "ssh-ed25519,ssh-rsa,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521";
    struct wire_in in = { .at = blob, .end = blob + len };
    size_t n;
    const char *type = (const char *)wire_in_string(&in, &n);
    if (n > 3 && strncmp(type, "sk-", 3) == 0)
        login->has_sk = true;
    return !in.bad && algorithms_has(types, type, n);
}

static struct candidate *add_candidate(struct login *login, const unsigned char *blob, size_t len)
{
    if (login->count == CANDIDATES_MAX)
        return NULL;
    struct candidate *c = &login->list[login->count];
    if (blob && !usable(login, blob, len))
        return NULL;
    if (blob)
        buf_add(&c->blob, blob, len);
    login->count++;
    return c;
}

static void add_agent_key(struct login *login, const struct agent_key *key)
{
    char comment[80];
    for (size_t i = 0; i < login->count; i++)
        if (login->list[i].blob.len == key->len && memcmp(buf_at(&login->list[i].blob), key->blob, key->len) == 0)
            return;
    struct candidate *c = add_candidate(login, key->blob, key->len);
    if (!c)
        return;
    c->agent = agent_at(login->s->hub, login->s->conf->agent);
    snprintf(c->label, sizeof(c->label), "agent key %s", text_printable(key->comment, comment, sizeof(comment)));
}

static void add_file(struct login *login, struct keyfile *file)
{
    size_t len;
    const unsigned char *blob = keyfile_public(file, &len);
    struct candidate *c = add_candidate(login, blob, len);
    if (!c)
        return;
    c->keyfile = file;
    snprintf(c->label, sizeof(c->label), "key file %.80s", keyfile_path(file));
}

static void gather(struct login *login, const struct agent_keys *keys)
{
    const struct conf_list *files = &login->s->conf->identity_files;
    struct keyfile *from_file[CONF_LIST_MAX] = { 0 };
    size_t len;

    for (size_t i = 0; i < files->count; i++) {
        from_file[i] = keyfile_at(login->s->hub, files->item[i]);
        const unsigned char *blob = from_file[i] ? keyfile_public(from_file[i], &len) : NULL;
        struct buf public = { 0 };
        if (!from_file[i] && keyfile_public_beside(files->item[i], &public)) { /* only the .pub is here, the key in the agent */
            blob = (const unsigned char *)buf_at(&public);
            len = public.len;
        }
        if (blob)
            usable(login, blob, len); /* notes a FIDO key, of which only the handle is a file */
        const struct agent_key *held = keys && blob ? agent_find(keys, blob, len) : NULL;
        if (held) {
            add_agent_key(login, held);
            from_file[i] = NULL;
        }
        buf_done(&public);
    }
    for (size_t i = 0; keys && i < keys->count && !login->s->conf->identities_only; i++)
        add_agent_key(login, &keys->rows[i]);
    for (size_t i = 0; i < files->count; i++)
        if (from_file[i])
            add_file(login, from_file[i]);
}

static void on_listed(void *ctx, const struct agent_keys *keys, const struct err *err)
{
    struct login *login = ctx;
    login->request = NULL;
    if (!keys)
        log_line(session_host(login->s), "%s", err->text);
    gather(login, keys);
    login->phase = PHASE_KEYS;
    session_wake(login->s);
}

/* ---- signatures */

static void on_signed(void *ctx, const unsigned char *sig, size_t len, const struct err *err)
{
    struct login *login = ctx;
    login->request = NULL;
    login->signing = sig ? SIGN_DONE : SIGN_FAILED;
    if (sig)
        buf_add(&login->signature, sig, len);
    else
        login->last = *err;
    session_limit(login->s, login->s->hub->login_ms);
    session_wake(login->s);
}

/* The algorithm named in the data decides how an agent must hash for RSA. Data: string session, byte 50, string user,
 * string service, string "publickey", bool, string algorithm, ... */
static uint32_t sign_flags(const unsigned char *data, size_t len)
{
    struct wire_in in = { .at = data, .end = data + len };
    size_t n;
    wire_in_string(&in, &n);
    in.at += in.end - in.at > 0;
    wire_in_string(&in, &n);
    wire_in_string(&in, &n);
    wire_in_string(&in, &n);
    in.at += in.end - in.at > 0;
    const unsigned char *algorithm = wire_in_string(&in, &n);
    if (wire_is(algorithm, n, "rsa-sha2-512"))
        return AGENT_RSA_SHA2_512;
    return wire_is(algorithm, n, "rsa-sha2-256") ? AGENT_RSA_SHA2_256 : 0;
}

static void ask_agent(struct login *login, struct agent *agent)
{
    const struct candidate *c = &login->list[login->at];
    const unsigned char *data = (const unsigned char *)buf_at(&login->to_sign);
    login->request = agent_sign(agent, (const unsigned char *)buf_at(&c->blob), c->blob.len, data, login->to_sign.len,
                                sign_flags(data, login->to_sign.len), on_signed, login);
}

static void on_loaded_to_sign(void *ctx, struct agent *agent, const struct err *err)
{
    struct login *login = ctx;
    login->loading = NULL;
    if (agent) {
        ask_agent(login, agent);
        return;
    }
    login->signing = SIGN_FAILED;
    login->last = *err;
    session_wake(login->s);
}

static int sign_callback(LIBSSH2_SESSION *ssh, unsigned char **sig, size_t *sig_len, const unsigned char *data, size_t len,
                         void **abstract)
{
    struct login *login = *abstract;
    const struct candidate *c = &login->list[login->at];
    (void)ssh;

    switch (login->signing) {
    case SIGN_NONE:
        login->signing = SIGN_BUSY;
        buf_clear(&login->to_sign);
        buf_add(&login->to_sign, data, len);
        session_limit(login->s, HUMAN_MS); /* a touch, a confirmation, a passphrase */
        if (c->agent)
            ask_agent(login, c->agent);
        else
            login->loading = keyfile_load(c->keyfile, session_asker, on_loaded_to_sign, login->s, login);
        return LIBSSH2_ERROR_EAGAIN;
    case SIGN_BUSY:
        return LIBSSH2_ERROR_EAGAIN;
    case SIGN_DONE:
        *sig = kex_alloc(login->s, login->signature.len);
        if (!*sig)
            return -1;
        memcpy(*sig, buf_at(&login->signature), login->signature.len);
        *sig_len = login->signature.len;
        return 0;
    default:
        return -1;
    }
}

/* ---- keys */

/* OpenSSH takes the name of the signature algorithm for that of the key, so libssh2 1.10 can be made to use SHA-2. */
static void prepare_offer(struct login *login)
{
    struct buf *blob = &login->list[login->at].blob;
    const char *banner = libssh2_session_banner_get(login->s->ssh);
    char type[64];

    buf_clear(&login->offered);
    blob_type(blob, type, sizeof(type));
#if LIBSSH2_VERSION_NUM < 0x010b00
    if (strcmp(type, "ssh-rsa") == 0 && banner && strstr(banner, "OpenSSH")) {
        wire_string(&login->offered, "rsa-sha2-512", 12);
        buf_add(&login->offered, buf_at(blob) + 11, blob->len - 11);
        return;
    }
#else
    (void)banner;
#endif
    buf_add(&login->offered, buf_at(blob), blob->len);
}

static void on_loaded_to_know(void *ctx, struct agent *agent, const struct err *err)
{
    struct login *login = ctx;
    struct candidate *c = &login->list[login->at];
    size_t len;

    login->loading = NULL;
    const unsigned char *blob = agent ? keyfile_public(c->keyfile, &len) : NULL;
    if (blob && usable(login, blob, len))
        buf_add(&c->blob, blob, len);
    else {
        if (!agent)
            login->last = *err;
        login->at++;
    }
    login->phase = PHASE_KEYS;
    session_limit(login->s, login->s->hub->login_ms);
    session_wake(login->s);
}

static bool next_key(struct login *login)
{
    if (login->at >= login->count || login->offers >= OFFERS_MAX) {
        login->phase = PHASE_METHODS;
        return true;
    }
    struct candidate *c = &login->list[login->at];
    if (c->blob.len == 0) {
        login->phase = PHASE_LOADING;
        session_limit(login->s, HUMAN_MS);
        login->loading = keyfile_load(c->keyfile, session_asker, on_loaded_to_know, login->s, login);
        return false;
    }
    prepare_offer(login);
    login->signing = SIGN_NONE;
    buf_clear(&login->signature);
    login->offers++;
    login->phase = PHASE_OFFER;
    return true;
}

static bool offer(struct login *login)
{
    struct session *s = login->s;
    void *abstract = login;
    const char *user = s->conf->user ? s->conf->user : "";
    int rc = libssh2_userauth_publickey(s->ssh, user, (const unsigned char *)buf_at(&login->offered), login->offered.len,
                                        sign_callback, &abstract);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return false;
    if (rc == 0) {
        snprintf(s->method, sizeof(s->method), "%s", login->list[login->at].label);
        login->phase = PHASE_OVER;
        return true;
    }
    log_line(session_host(s), "%s: not accepted (%d)", login->list[login->at].label, rc);
    login->at++;
    login->phase = PHASE_KEYS;
    return true;
}

/* ---- what a person knows */

static void on_answer(void *ctx, const char *const *answers)
{
    struct login *login = ctx;
    int count = login->question.ask.prompt_count;

    if (!answers && login->question.gone && question_ask(&login->question, session_asker(login->s)))
        return; /* who was asked has left; another one waits behind the same jump host */
    login->answered = true;
    login->refused = !answers;
    if (answers && login->responses)
        for (int i = 0; i < count; i++) {
            LIBSSH2_USERAUTH_KBDINT_RESPONSE *r = &login->responses[login->response_from + i];
            r->length = (unsigned)strlen(answers[i]);
            r->text = kex_alloc(login->s, r->length + 1);
            if (r->text)
                memcpy(r->text, answers[i], r->length + 1);
            else
                r->length = 0;
        }
    else if (answers && !secret_put(login->s->hub, login->secret_name, answers[0]))
        login->refused = true;
    session_limit(login->s, login->s->hub->login_ms);
    session_wake(login->s);
}

static bool ask(struct login *login)
{
    struct session *s = login->s;
    login->answered = login->refused = false;
    login->question.answered = on_answer;
    login->question.ctx = login;
    text_printable(session_host(s), login->question.ask.host, sizeof(login->question.ask.host));
    if (!question_ask(&login->question, session_asker(s))) {
        login->nobody_to_ask = true;
        login->refused = login->answered = true;
        return false;
    }
    if (!login->answered)
        session_waits_for_person(s);
    return true;
}

static bool ask_password(struct login *login)
{
    struct session *s = login->s;
    struct transport_ask *a = &login->question.ask;
    char text[400];

    *a = (struct transport_ask){ .kind = ASK_PASSWORD, .prompt_count = 1 };
    snprintf(text, sizeof(text), "Password of %s on %s", s->conf->user, session_host(s));
    text_printable(text, a->text, sizeof(a->text));
    text_printable("Password:", a->prompts[0], sizeof(a->prompts[0]));
    login->tried_password = true;
    login->phase = PHASE_ASKING;
    ask(login);
    return true;
}

static bool password_answered(struct login *login)
{
    if (!login->answered)
        return false;
    login->phase = login->refused ? PHASE_METHODS : PHASE_PASSWORD;
    if (login->refused && !login->nobody_to_ask)
        err_set(&login->last, ERR_DENIED, session_host(login->s), "no password was given for %.60s on %.80s",
                login->s->conf->user ? login->s->conf->user : "", session_host(login->s));
    return true;
}

static bool send_password(struct login *login)
{
    struct session *s = login->s;
    const char *password = secret_get(s->hub, login->secret_name);
    const char *user = s->conf->user ? s->conf->user : "";
    int rc = libssh2_userauth_password_ex(s->ssh, user, (unsigned)strlen(user), password ? password : "",
                                          password ? (unsigned)strlen(password) : 0, NULL);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return false;
    secret_forget(s->hub, login->secret_name);
    if (rc == 0)
        snprintf(s->method, sizeof(s->method), "password");
    else if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED)
        err_set(&login->last, ERR_DENIED, session_host(s), "the password of %s on %.80s has expired; change it there", user,
                session_host(s));
    else
        err_set(&login->last, ERR_DENIED, session_host(s), "%.80s does not accept this password of %.60s", session_host(s), user);
    login->phase = rc == 0 ? PHASE_OVER : PHASE_METHODS;
    return true;
}

/* ---- keyboard-interactive: libssh2 wants the answers inside its callback, so the call lives on a fiber */

static void describe_round(struct login *login, const char *name, int name_len, const char *instruction, int len)
{
    struct transport_ask *a = &login->question.ask;
    char text[600];
    *a = (struct transport_ask){ .kind = ASK_PROMPTS };
    snprintf(text, sizeof(text), "%s on %s%s%.*s%s%.*s", login->s->conf->user ? login->s->conf->user : "",
             session_host(login->s), name_len > 0 ? ": " : "", MIN(MAX(name_len, 0), 100), name_len > 0 ? name : "",
             len > 0 ? ": " : "", MIN(MAX(len, 0), 300), len > 0 ? instruction : "");
    text_printable(text, a->text, sizeof(a->text));
}

/* What stands in front of a prompt is told with the question. */
static void take_prompt(struct transport_ask *a, int at, const LIBSSH2_USERAUTH_KBDINT_PROMPT *p)
{
    char *text = x_strndup(p->length > 0 ? (const char *)p->text : "", p->length);
    size_t told = strlen(a->text);
    const char *line = question_prompt(a, at, text);
    if (line > text && told + 3 < sizeof(a->text)) {
        text[line - text] = '\0';
        memcpy(a->text + told, ": ", 2);
        text_printable(text, a->text + told + 2, sizeof(a->text) - told - 2);
    }
    a->echo[at] = p->echo;
    free(text);
}

static void kbdint_callback(const char *name, int name_len, const char *instruction, int instruction_len, int count,
                            const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts, LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses,
                            void **abstract)
{
    struct session *s = *abstract;
    struct login *login = s->login;
    struct transport_ask *a = &login->question.ask;
    const int most = (int)COUNT(a->prompts);

    for (int from = 0; from < count && !login->abandoned && !login->refused; from += most) {
        describe_round(login, name, name_len, instruction, instruction_len);
        a->prompt_count = MIN(count - from, most);
        for (int i = 0; i < a->prompt_count; i++)
            take_prompt(a, i, &prompts[from + i]);
        login->responses = responses;
        login->response_from = from;
        ask(login);
        while (!login->answered && !login->abandoned)
            fiber_sleep(login->fiber);
        login->responses = NULL;
    }
    /* An empty answer would count as a wrong password: better break off. */
    if (login->refused || login->abandoned)
        s->io_err = ECANCELED;
}

static void kbdint_call(void *ctx)
{
    struct login *login = ctx;
    struct session *s = login->s;
    const char *user = s->conf->user ? s->conf->user : "";
    for (;;) {
        login->fiber_rc = libssh2_userauth_keyboard_interactive_ex(s->ssh, user, (unsigned)strlen(user), kbdint_callback);
        if (login->fiber_rc != LIBSSH2_ERROR_EAGAIN || login->abandoned)
            return;
        fiber_sleep(login->fiber);
    }
}

static bool kbdint(struct login *login)
{
    struct session *s = login->s;
    if (!login->fiber) {
        login->tried_kbdint = true;
        login->answered = true;
        login->refused = false;
        login->fiber = fiber_new(kbdint_call, login);
    }
    if (login->fiber && !login->answered)
        return false;
    if (login->fiber && !fiber_run(login->fiber))
        return false;
    bool ok = login->fiber && login->fiber_rc == 0;
    fiber_free(login->fiber);
    login->fiber = NULL;
    if (ok)
        snprintf(s->method, sizeof(s->method), "keyboard-interactive");
    else
        err_set(&login->last, ERR_DENIED, session_host(s), login->refused
                    ? "the questions of %.80s were not answered" : "%.80s does not accept these answers", session_host(s));
    login->phase = ok ? PHASE_OVER : PHASE_METHODS;
    return true;
}

/* ---- what is left to try */

static bool offers_method(const struct login *login, const char *name)
{
    const char *preferred = login->s->conf->preferred;
    return algorithms_has(login->methods, name, strlen(name)) && (!preferred || algorithms_has(preferred, name, strlen(name)));
}

static bool choose_method(struct login *login)
{
    const struct session *s = login->s;
    const char *user = s->conf->user ? s->conf->user : "";
    const char *banner = libssh2_session_banner_get(s->ssh);
    /* Win32-OpenSSH offers keyboard-interactive and has nothing behind it. */
    bool windows = banner && strstr(banner, "OpenSSH_for_Windows");

    if (s->io_err || login->nobody_to_ask) {
        login->phase = PHASE_OVER;
        return true;
    }
    const char *methods = libssh2_userauth_list(s->ssh, user, (unsigned)strlen(user));
    if (!methods && libssh2_session_last_errno(s->ssh) == LIBSSH2_ERROR_EAGAIN)
        return false;
    if (!methods && libssh2_userauth_authenticated(s->ssh)) {
        login->phase = PHASE_OVER;
        return true;
    }
    login->too_long = !methods && libssh2_session_last_errno(s->ssh) == LIBSSH2_ERROR_OUT_OF_BOUNDARY;
    snprintf(login->methods, sizeof(login->methods), "%s", methods ? methods : "");
    if (s->conf->kbdint && !login->tried_kbdint && !windows && offers_method(login, "keyboard-interactive"))
        login->phase = PHASE_KBDINT;
    else if (s->conf->password && !login->tried_password && offers_method(login, "password"))
        login->phase = PHASE_ASK_PASSWORD;
    else
        login->phase = PHASE_OVER;
    return true;
}

static bool begin(struct login *login)
{
    const struct session *s = login->s;
    if (!s->conf->pubkey || (s->conf->preferred && !algorithms_has(s->conf->preferred, "publickey", 9)))
        login->phase = PHASE_METHODS;
    else if (s->conf->agent) {
        login->phase = PHASE_LISTING;
        login->request = agent_list(agent_at(s->hub, s->conf->agent), on_listed, login);
    } else {
        gather(login, NULL);
        login->phase = PHASE_KEYS;
    }
    return login->phase != PHASE_LISTING;
}

static bool only_kerberos(const char *methods)
{
    return algorithms_has(methods, "gssapi-with-mic", 15) && !algorithms_has(methods, "publickey", 9) &&
           !algorithms_has(methods, "password", 8) && !algorithms_has(methods, "keyboard-interactive", 20);
}

static void explain(const struct login *login, struct err *err)
{
    const struct session *s = login->s;
    const char *host = session_host(s), *user = s->conf->user ? s->conf->user : "";
    char methods[120];

    text_printable(login->methods, methods, sizeof(methods));
    if (login->last.kind != ERR_NONE)
        *err = login->last;
    else if ((s->in_eof || s->io_err) && login->offers >= OFFERS_MANY)
        err_set(err, ERR_DENIED, host, "%.60s closed the connection after %zu keys; set IdentityFile and IdentitiesOnly for it", host,
                login->offers);
    else if (s->in_eof || s->io_err)
        err_set(err, ERR_UNREACHABLE, host, "the connection to %.60s was lost during the login", host);
    else if (only_kerberos(login->methods))
        err_set(err, ERR_DENIED, host, "%.60s takes only Kerberos (gssapi-with-mic): %s", host,
                s->conf->gssapi ? "there is no ticket here; run kinit" : "set GSSAPIAuthentication yes for it and run kinit");
    else if (login->count == 0)
        err_set(err, ERR_DENIED, host, "no key for %.50s on %.60s: the agent and the key files have none%s%s; load one with ssh-add",
                user, host, methods[0] ? "; it takes " : "", methods);
    else
        err_set(err, ERR_DENIED, host,
                "%.60s refuses %.40s with the %zu key%s offered%s; is the key in authorized_keys there (for administrators of Windows: administrators_authorized_keys)?",
                host, user, login->offers, login->offers == 1 ? "" : "s",
                login->nobody_to_ask ? ", and nobody can be asked for a password" : "");
}

static bool advance(struct login *login)
{
    switch (login->phase) {
    case PHASE_START:
        return begin(login);
    case PHASE_KEYS:
        return next_key(login);
    case PHASE_OFFER:
        return offer(login);
    case PHASE_METHODS:
        return choose_method(login);
    case PHASE_KBDINT:
        return kbdint(login);
    case PHASE_ASK_PASSWORD:
        return ask_password(login);
    case PHASE_ASKING:
        return password_answered(login);
    case PHASE_PASSWORD:
        return send_password(login);
    default:
        return false;
    }
}

enum login_result login_step(struct session *s, struct err *err)
{
    struct login *login = login_of(s);
    while (login->phase != PHASE_OVER)
        if (!advance(login))
            return LOGIN_WAIT;
    if (libssh2_userauth_authenticated(s->ssh))
        return LOGIN_DONE;
    explain(login, err);
    return LOGIN_FAILED;
}

/* A ticket of Kerberos lies where it lies by default, or where the environment says. */
static bool has_ticket(void)
{
    const char *name = getenv("KRB5CCNAME");
    char path[64];
    if (name && *name)
        return true;
    snprintf(path, sizeof(path), "/tmp/krb5cc_%ld", (long)getuid());
    return access(path, R_OK) == 0;
}

const char *login_needs_openssh(const struct session *s)
{
    const struct login *login = s->login;
    if (login && login->too_long)
        return "its banner before the login is longer than the 40 kB that libssh2 reads";
    if (!login || login->tried_password || login->tried_kbdint)
        return NULL;
    if (login->has_sk)
        return "no other key was accepted and there is a FIDO key, which libssh2 cannot use";
    if (s->conf->gssapi && has_ticket() && (login->methods[0] == '\0' || strstr(login->methods, "gssapi")))
        return "no key was accepted and there is a Kerberos ticket (GSSAPI), which libssh2 cannot use";
    return NULL;
}

void login_free(struct session *s)
{
    struct login *login = s->login;
    if (!login)
        return;
    login->abandoned = true;
    question_cancel(&login->question);
    if (login->fiber) /* the call must end before its stack goes; with io_err set it does */
        while (!fiber_run(login->fiber))
            ;
    fiber_free(login->fiber);
    agent_cancel(login->request);
    keyfile_cancel(login->loading);
    secret_forget(s->hub, login->secret_name);
    for (size_t i = 0; i < login->count; i++)
        buf_done(&login->list[i].blob);
    buf_done(&login->offered);
    buf_done(&login->to_sign);
    buf_done(&login->signature);
    free(login);
    s->login = NULL;
}
