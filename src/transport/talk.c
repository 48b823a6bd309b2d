#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostkey.h"
#include "hub.h"
#include "ipamtui/text.h"
#include "secret.h"

/* Copies what lies between before and the nearest of after; false: before is not in text. */
static bool between(const char *text, const char *before, const char *after, char *out, size_t size)
{
    const char *at = strstr(text, before);
    if (!at)
        return false;
    at += strlen(before);
    snprintf(out, size, "%.*s", (int)strcspn(at, after), at);
    return true;
}

static void one_prompt(struct transport_ask *ask, enum ask_kind kind, const char *text)
{
    ask->kind = kind;
    ask->prompt_count = 1;
    question_prompt(ask, 0, text);
    text_printable(text, ask->text, sizeof(ask->text));
}

void talk_understand(const char *text, const char *host, struct transport_ask *ask, char *key, size_t key_size)
{
    char type[32] = "", print[96] = "", who[128] = "";
    *ask = (struct transport_ask){ 0 };
    text_printable(host, ask->host, sizeof(ask->host));
    key[0] = '\0';
    /* Only what begins so is ssh's own: before a question of the server it puts "(user@host) ". Else a server could ask for the
     * passphrase of a key, and have it from memory. */
    bool hostkey = strncmp(text, "The authenticity of host", 24) == 0, passphrase = strncmp(text, "Enter passphrase for ", 21) == 0;
    bool again = strncmp(text, "Bad passphrase, try again for ", 30) == 0;
    if (hostkey && strstr(text, "(yes/no")) {
        const char *at = strstr(text, " key fingerprint is ");
        if (at) {
            const char *begin = at;
            while (begin > text && begin[-1] > ' ')
                begin--;
            snprintf(type, sizeof(type), "%.*s", (int)(at - begin), begin);
        }
        between(text, " key fingerprint is ", "\n ", print, sizeof(print));
        print[strcspn(print, ".")] = '\0';
        if (between(text, "host '", "'", who, sizeof(who)))
            text_printable(who, ask->host, sizeof(ask->host));
        hostkey_question(ask, type, print, NULL);
    } else if ((passphrase && between(text, "passphrase for key '", "'", key, key_size)) ||
               (passphrase && between(text, "passphrase for ", ":\n", key, key_size)) ||
               (again && between(text, "try again for ", ":\n", key, key_size))) {
        /* ssh-add adds: PATH (will confirm each use) */
        one_prompt(ask, ASK_PASSPHRASE, text);
    } else if (strstr(text, "assword:"))
        one_prompt(ask, ASK_PASSWORD, text);
    else
        one_prompt(ask, ASK_PROMPTS, text);
}

static void reply(struct talk *talk, const char *answer)
{
    char line[SECRET_SIZE + 4];
    int len = answer ? snprintf(line, sizeof(line), "y%s\n", answer) : snprintf(line, sizeof(line), "n\n");
    if (len < (int)sizeof(line)) {
        ssize_t n = write(talk->a, line, (size_t)len);
        (void)n; /* two hundred bytes fit into an empty pipe; if not, ssh gives up by its own limit */
    }
    x_wipe(line, sizeof(line));
}

static void on_answer(void *ctx, const char *const *answers)
{
    struct talk *talk = ctx;
    const struct transport_ask *ask = &talk->question.ask;

    if (!answers && talk->question.gone && question_ask(&talk->question, talk->asker(talk->ctx)))
        return; /* who was asked has left, another one wants the same */
    talk->asking = false;
    if (ask->kind == ASK_HOSTKEY)
        reply(talk, answers ? "yes" : "no"); /* anything else is asked again for ever */
    else
        reply(talk, answers ? answers[0] : NULL);
    if (answers && ask->kind == ASK_PASSPHRASE)
        secret_put(talk->hub, talk->key, answers[0]);
    if (talk->moved)
        talk->moved(talk->ctx);
}

static void put_question(struct talk *talk, const char *text)
{
    bool again = strncmp(text, "Bad passphrase", 14) == 0;

    talk_understand(text, talk->host, &talk->question.ask, talk->key, sizeof(talk->key));
    talk->question.answered = on_answer;
    talk->question.ctx = talk;
    if (again)
        secret_forget(talk->hub, talk->key);
    const char *known = talk->question.ask.kind == ASK_PASSPHRASE ? secret_get(talk->hub, talk->key) : NULL;
    if (known && !talk->answered_from_memory) {
        talk->answered_from_memory = true;
        reply(talk, known);
        return;
    }
    talk->asking = true;
    if (!question_ask(&talk->question, talk->asker(talk->ctx)))
        on_answer(talk, NULL);
}

static void on_question(void *ctx, int fd, short revents)
{
    struct talk *talk = ctx;
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    (void)revents;

    if (n <= 0)
        return;
    buf_add(&talk->asked, chunk, (size_t)n);
    const char *end = memchr(buf_at(&talk->asked), '\0', talk->asked.len);
    if (!end || talk->asking)
        return;
    char *text = x_strdup(buf_at(&talk->asked));
    buf_take(&talk->asked, strlen(text) + 1);
    put_question(talk, text);
    free(text);
}

static void hand_lines(struct talk *talk)
{
    for (;;) {
        const char *at = buf_at(&talk->said) + talk->said_seen;
        const char *end = memchr(at, '\n', talk->said.len - talk->said_seen);
        if (!end)
            break;
        char *line = x_strndup(at, (size_t)(end - at));
        line[strcspn(line, "\r")] = '\0';
        talk->said_seen += (size_t)(end - at) + 1;
        if (talk->line)
            talk->line(talk->ctx, line);
        free(line);
    }
    if (talk->said.len > 2 * TALK_SAID) {
        size_t cut = talk->said.len - TALK_SAID;
        buf_take(&talk->said, cut);
        talk->said_seen = talk->said_seen > cut ? talk->said_seen - cut : 0;
    }
}

void talk_drain(struct talk *talk)
{
    char chunk[4096];
    ssize_t n;
    while (talk->e_watch && (n = read(talk->e, chunk, sizeof(chunk))) > 0)
        buf_add(&talk->said, chunk, (size_t)n);
    hand_lines(talk);
}

static void on_said(void *ctx, int fd, short revents)
{
    (void)fd, (void)revents;
    talk_drain(ctx);
}

/* A FIFO that we hold open at both ends: it never is at its end, and opening it never waits. */
static int open_fifo(const char *path, const char *suffix, struct err *err)
{
    char *name = x_asprintf("%s%s", path, suffix);
    int fd = mkfifo(name, 0600) == 0 ? open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd < 0)
        err_errno(err, name, "cannot make a FIFO");
    free(name);
    return fd;
}

bool talk_start(struct talk *talk, struct transport_hub *hub, bool can_ask, struct err *err)
{
    talk->q = talk->a = talk->e = -1;
    talk->hub = hub;
    const char *dir = hub_run_dir(hub, err);
    if (!dir)
        return false;
    talk->path = x_asprintf("%s/%u", dir, ++hub->run_count);
    talk->said_path = x_asprintf("%s.e", talk->path);
    talk->env_ask = x_asprintf("IPAMTUI_ASK=%s", talk->path);
    talk->env_pass = can_ask ? x_asprintf("SSH_ASKPASS=%s/askpass", dir) : x_strdup("SSH_ASKPASS=/bin/false");
    talk->env[0] = talk->env_ask;
    talk->env[1] = talk->env_pass;
    talk->env[2] = "SSH_ASKPASS_REQUIRE=force";
    talk->env[3] = "DISPLAY=:0"; /* older ssh asks only with one */
    if ((talk->q = open_fifo(talk->path, ".q", err)) < 0 || (talk->a = open_fifo(talk->path, ".a", err)) < 0 ||
        (talk->e = open_fifo(talk->path, ".e", err)) < 0)
        return false;
    talk->q_watch = loop_watch(hub->loop, talk->q, POLLIN, on_question, talk);
    talk->e_watch = loop_watch(hub->loop, talk->e, POLLIN, on_said, talk);
    return true;
}

static void close_fifo(const struct talk *talk, int fd, const char *suffix)
{
    if (fd < 0)
        return;
    char *name = x_asprintf("%s%s", talk->path, suffix);
    unlink(name);
    close(fd);
    free(name);
}

void talk_done(struct talk *talk)
{
    if (!talk->path)
        return;
    question_cancel(&talk->question);
    loop_unwatch(talk->q_watch);
    loop_unwatch(talk->e_watch);
    close_fifo(talk, talk->q, ".q");
    close_fifo(talk, talk->a, ".a");
    close_fifo(talk, talk->e, ".e");
    free(talk->path);
    free(talk->said_path);
    free(talk->env_ask);
    free(talk->env_pass);
    buf_done(&talk->asked);
    buf_done(&talk->said);
    *talk = (struct talk){ 0 };
}
