/* command.c - the kind `command`: any program that speaks on its stdin and stdout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "ipamtui/child.h"
#include "pipes.h"
#include "stream.h"

static const char *program(const struct transport *t)
{
    return t->command ? t->command : "";
}

static void over(struct pipes *p)
{
    struct transport *t = p->t;
    struct err err = { 0 };
    char how[80];

    if (pipes_how(p->status, how, sizeof(how)))
        err_set(&err, ERR_REMOTE, t->name, "the program \"%.100s\" %s", program(t), how);
    else
        err_set(&err, ERR_NONE, t->name, "the program \"%.100s\" ended", program(t));
    stream_ended(t, STEP_OPEN, &err);
}

static void command_start(struct transport *t)
{
    struct err err = { 0 };
    char **argv = NULL;
    struct pipes *p = x_alloc(sizeof(*p));

    stream_step(t, STEP_EXEC);
    snprintf(t->about, sizeof(t->about), "command: %s", program(t));
    if (!child_split(program(t), &argv, &err) || !child_start(&p->child, argv, NULL, CHILD_NEW_SESSION, &err)) {
        err_wrap(&err, "cannot start the program");
        free(argv);
        free(p);
        stream_ended(t, STEP_EXEC, &err);
        return;
    }
    free(argv);
    p->over = over;
    t->carried = p;
    pipes_start(p, t);
    stream_opened(t);
}

static void command_wrote(struct transport *t)
{
    pipes_wrote(t->carried);
}

static void command_paused(struct transport *t)
{
    pipes_paused(t->carried);
}

static void command_finish(struct transport *t)
{
    pipes_finish(t->carried);
}

static void command_drop(struct transport *t)
{
    if (t->carried)
        pipes_done(t->carried);
    free(t->carried);
}

const struct carrier command_carrier = {
    .start = command_start,
    .wrote = command_wrote,
    .paused = command_paused,
    .finish = command_finish,
    .drop = command_drop,
};
