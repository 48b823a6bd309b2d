/* asks.c - questions to the operator: each asked once, however many hosts wait for the answer. */
#include <stdlib.h>
#include <string.h>

#include "inner.h"

struct question {
    uint64_t id;
    struct transport_ask ask;
    server_id *waiting;
    size_t count, cap;
    struct question *next;
};

static bool same(const struct transport_ask *a, const struct transport_ask *b)
{
    if (a->kind != b->kind || strcmp(a->host, b->host) != 0 || strcmp(a->text, b->text) != 0 ||
        a->prompt_count != b->prompt_count)
        return false;
    for (int i = 0; i < a->prompt_count && i < (int)COUNT(a->prompts); i++)
        if (strcmp(a->prompts[i], b->prompts[i]) != 0 || a->echo[i] != b->echo[i])
            return false;
    return true;
}

static struct question *question_new(struct collector *c, const struct transport_ask *ask)
{
    struct question *q = x_alloc(sizeof(*q));
    struct note *note = note_new(NOTE_ASK, 0);

    q->id = ++c->next_ask;
    q->ask = *ask;
    q->next = c->questions;
    c->questions = q;
    note->ask_id = q->id;
    note->ask = *ask;
    mailbox_put_take(c->notes, note);
    return q;
}

static void question_free(struct collector *c, struct question *q)
{
    struct question **at = &c->questions;

    while (*at && *at != q)
        at = &(*at)->next;
    if (*at)
        *at = q->next;
    free(q->waiting);
    free(q);
}

static struct question *question_find(struct collector *c, uint64_t id)
{
    struct question *q = c->questions;

    while (q && q->id != id)
        q = q->next;
    return q;
}

void asks_ask(struct server *server, const struct transport_ask *ask)
{
    struct collector *c = server->c;
    struct question *q = NULL;

    asks_gone(server);
    for (q = c->questions; q && !same(&q->ask, ask);)
        q = q->next;
    if (!q)
        q = question_new(c, ask);
    x_grow(&q->waiting, &q->cap, q->count + 1, sizeof(*q->waiting));
    q->waiting[q->count++] = server->id;
    server->asking = true;
    server->ask_id = q->id;
}

void asks_gone(struct server *server)
{
    struct collector *c = server->c;
    struct question *q = server->asking ? question_find(c, server->ask_id) : NULL;
    struct note *note = NULL;

    server->asking = false;
    if (!q)
        return;
    for (size_t i = 0; i < q->count; i++)
        if (q->waiting[i] == server->id)
            q->waiting[i--] = q->waiting[--q->count];
    if (q->count > 0)
        return;
    note = note_new(NOTE_ASK_GONE, 0);
    note->ask_id = q->id;
    mailbox_put_take(c->notes, note);
    question_free(c, q);
}

/* transport_answer() wipes what it was given, so everyone who waits gets a copy. */
static void answer_one(struct server *server, char *const *answers, int count)
{
    char *copies[COUNT(((struct transport_ask *)0)->prompts)] = { 0 };

    server->asking = false;
    if (!server->host)
        return;
    if (!answers) {
        host_answer(server->host, NULL);
        return;
    }
    for (int i = 0; i < count && i < (int)COUNT(copies); i++)
        copies[i] = x_strdup(answers[i] ? answers[i] : "");
    host_answer(server->host, (const char *const *)copies);
    for (size_t i = 0; i < COUNT(copies); i++)
        if (copies[i]) {
            x_wipe(copies[i], strlen(copies[i]));
            free(copies[i]);
        }
}

void asks_answer(struct collector *c, uint64_t ask_id, char *const *answers)
{
    struct question *q = question_find(c, ask_id);

    if (!q)
        return;
    while (q->count > 0) {
        struct server *server = server_known(c, q->waiting[--q->count]);
        if (server)
            answer_one(server, answers, q->ask.prompt_count);
        q = question_find(c, ask_id); /* answering one may end it for others */
        if (!q)
            return;
    }
    question_free(c, q);
}

void asks_done(struct collector *c)
{
    while (c->questions)
        question_free(c, c->questions);
}
