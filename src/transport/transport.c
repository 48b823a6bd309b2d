#include "ipamtui/transport.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "hub.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"
#include "agent.h"
#include "answers.h"
#include "conf.h"
#include "gate.h"
#include "hostkey.h"
#include "job.h"
#include "keyfile.h"
#include "openssh.h"
#include "secret.h"
#include "session.h"
#include "stream.h"

/* ---- names */

static const char *const kind_names[] = {
    [TRANSPORT_SSH] = "ssh",
    [TRANSPORT_OPENSSH] = "openssh",
    [TRANSPORT_COMMAND] = "command",
};

const char *transport_kind_name(enum transport_kind kind)
{
    return kind_names[kind];
}

bool transport_kind_parse(const char *name, enum transport_kind *out)
{
    for (size_t i = 0; i < COUNT(kind_names); i++)
        if (strcmp(name, kind_names[i]) == 0) {
            *out = (enum transport_kind)i;
            return true;
        }
    return false;
}

static const char *const step_names[] = {
    [STEP_CONFIG] = "ssh configuration", [STEP_RESOLVE] = "name lookup", [STEP_CONNECT] = "TCP connection",
    [STEP_JUMP] = "jump host",           [STEP_KEX] = "key exchange",    [STEP_HOSTKEY] = "host key",
    [STEP_LOGIN] = "login",              [STEP_EXEC] = "remote program", [STEP_OPEN] = "session",
};

const char *transport_step_name(enum transport_step step)
{
    return step_names[step];
}

/* ---- what carriers report */

void stream_step(struct transport *t, enum transport_step step)
{
    if (t->step == step && t->state == STREAM_OPENING && step != STEP_CONFIG)
        return;
    t->step = step;
    log_line(t->name, "%s", step_names[step]);
    if (t->events.step && !t->closing && t->state != STREAM_ENDED)
        t->events.step(t->ctx, step);
}

void stream_hop(struct transport *t, const char *host)
{
    char shown[128];
    text_printable(host, shown, sizeof(shown));
    log_line(t->name, "jump host %s: logged in", shown);
    if (t->events.hop && !t->closing && t->state == STREAM_OPENING)
        t->events.hop(t->ctx, shown);
}

void stream_opened(struct transport *t)
{
    if (t->state != STREAM_OPENING)
        return;
    t->state = STREAM_OPEN;
    t->step = STEP_OPEN;
    log_line(t->name, "open: %s", transport_describe(t));
    if (t->events.opened && !t->closing)
        t->events.opened(t->ctx);
}

void stream_data(struct transport *t, const void *bytes, size_t len)
{
    if (!t->closing && t->state != STREAM_ENDED && len > 0)
        t->events.data(t->ctx, bytes, len);
}

void stream_stderr(struct transport *t, const void *bytes, size_t len)
{
    const char *at = bytes;
    if (len > STREAM_TAIL) {
        at += len - STREAM_TAIL;
        len = STREAM_TAIL;
    }
    buf_add(&t->tail, at, len);
    if (t->tail.len > STREAM_TAIL)
        buf_take(&t->tail, t->tail.len - STREAM_TAIL);
}

static void drop_carrier(struct transport *t)
{
    const struct carrier *carrier = t->carrier;
    t->carrier = NULL;
    if (carrier)
        carrier->drop(t);
    t->carried = NULL;
}

static void question_end(struct transport *t)
{
    struct question *q = t->question;
    t->question = NULL;
    if (!q)
        return;
    q->via = NULL;
    q->gone = true;
    q->answered(q->ctx, NULL);
}

void stream_ended(struct transport *t, enum transport_step step, const struct err *err)
{
    if (t->state == STREAM_ENDED)
        return;
    char tail[STREAM_TAIL + 1];
    struct err copy = *err;

    t->state = STREAM_ENDED;
    t->step = step;
    drop_carrier(t);
    question_end(t);
    buf_clear(&t->out);
    /* Windows ends its lines with CR LF; neither is part of what it said. */
    while (t->tail.len && strchr(" \t\r\n", buf_at(&t->tail)[t->tail.len - 1]))
        t->tail.data[t->tail.start + --t->tail.len] = '\0';
    text_printable(buf_at(&t->tail), tail, sizeof(tail));
    log_line(t->name, "ended in %s: %s", step_names[step], copy.text);
    if (t->events.closed && !t->closing)
        t->events.closed(t->ctx, step, &copy, tail);
    if (t->closing)
        stream_gone(t);
}

/* ---- questions */

bool question_ask(struct question *q, struct transport *t)
{
    if (!t || !t->events.ask || t->closing || t->state == STREAM_ENDED || t->question)
        return false;
    q->via = t;
    q->gone = false;
    t->question = q;
    log_line(t->name, "asks: %s", q->ask.text);
    t->events.ask(t->ctx, &q->ask);
    return true;
}

void question_cancel(struct question *q)
{
    if (q->via)
        q->via->question = NULL;
    q->via = NULL;
}

const char *question_prompt(struct transport_ask *ask, int at, const char *text)
{
    const char *line = text + strlen(text);
    while (line > text && strchr(" \r\n", line[-1]))
        line--;
    while (line > text && line[-1] != '\n')
        line--;
    text_printable(line, ask->prompts[at], sizeof(ask->prompts[at]));
    return line;
}

void transport_answer(struct transport *t, const char *const *answers)
{
    struct question *q = t->question;
    if (!q)
        return;
    int count = q->ask.prompt_count;
    t->question = NULL;
    q->via = NULL;
    log_line(t->name, "answered: %s", answers ? "yes" : "no");
    q->answered(q->ctx, answers);
    for (int i = 0; answers && i < count; i++) /* the caller's copy of a secret ends here, too */
        x_wipe((void *)(uintptr_t)answers[i], strlen(answers[i]));
}

/* ---- the owner's side */

static void free_stream(void *ctx)
{
    struct transport *t = ctx;

    drop_carrier(t);
    loop_timer_stop(&t->soon);
    loop_timer_stop(&t->grace);
    if (t->next)
        t->next->link = t->link;
    *t->link = t->next;
    if (t->out.data)
        x_wipe(t->out.data, t->out.cap);
    buf_done(&t->out);
    buf_done(&t->tail);
    free(t->name);
    free(t->address);
    free(t->user);
    free(t->jump);
    free(t->command);
    free(t->fallback);
    free(t);
}

void stream_gone(struct transport *t)
{
    /* Later, because a caller further up may still look at it. */
    loop_timer_stop(&t->grace);
    loop_timer_in(t->hub->loop, &t->soon, 0, free_stream, t);
}

static void start_stream(void *ctx)
{
    struct transport *t = ctx;
    if (!t->carrier) {
        struct err err = { 0 };
        err_set(&err, ERR_INPUT, t->name, "the transport %s is not in this build yet", kind_names[t->kind]);
        stream_ended(t, STEP_CONFIG, &err);
        return;
    }
    t->carrier->start(t);
}

void stream_switch(struct transport *t, const struct carrier *carrier, const char *why)
{
    drop_carrier(t);
    if (t->closing) {
        stream_gone(t);
        return;
    }
    free(t->fallback);
    t->fallback = x_strdup(why);
    t->carrier = carrier;
    log_line(t->name, "goes through the ssh program: %s", why);
    loop_timer_in(t->hub->loop, &t->soon, 0, start_stream, t);
}

static char *copy_or_null(const char *text)
{
    return text && *text ? x_strdup(text) : NULL;
}

static const struct carrier *const carriers[] = {
    [TRANSPORT_SSH] = &ssh_carrier,
    [TRANSPORT_OPENSSH] = &openssh_carrier,
    [TRANSPORT_COMMAND] = &command_carrier,
};

struct transport *transport_open(struct transport_hub *hub, const struct transport_target *target,
                                 const struct transport_events *events, void *ctx)
{
    struct transport *t = x_alloc(sizeof(*t));
    *t = (struct transport){
        .hub = hub,
        .events = *events,
        .ctx = ctx,
        .name = x_strdup(target->name ? target->name : target->address ? target->address : "command"),
        .address = copy_or_null(target->address),
        .user = copy_or_null(target->user),
        .jump = copy_or_null(target->jump),
        .command = copy_or_null(target->command),
        .port = target->port,
        .kind = target->kind,
        .carrier = carriers[target->kind],
        .next = hub->streams,
        .link = &hub->streams,
    };
    if (t->next)
        t->next->link = &t->next;
    hub->streams = t;
    loop_timer_in(hub->loop, &t->soon, 0, start_stream, t);
    return t;
}

void transport_write(struct transport *t, const void *bytes, size_t len)
{
    if (t->closing || t->state == STREAM_ENDED || len == 0)
        return;
    buf_add(&t->out, bytes, len);
    if (t->carrier && t->carried)
        t->carrier->wrote(t);
}

size_t transport_queued(const struct transport *t)
{
    return t->out.len;
}

void transport_pause(struct transport *t, bool paused)
{
    if (t->paused == paused)
        return;
    t->paused = paused;
    if (t->carrier && t->carried && t->state != STREAM_ENDED && !t->closing)
        t->carrier->paused(t);
}

void transport_rest(struct transport *t, bool resting)
{
    if (resting == (t->resting_ms != 0))
        return;
    t->resting_ms = resting ? clock_mono_ms() : 0;
    if (resting)
        openssh_share_places(t->hub);
}

void transport_close(struct transport *t)
{
    if (!t || t->closing)
        return;
    t->closing = true;
    question_end(t);
    if (t->state != STREAM_OPEN || !t->carrier || !t->carried) {
        stream_gone(t); /* later: it may be the carrier that is calling */
        return;
    }
    log_line(t->name, "closing");
    loop_timer_in(t->hub->loop, &t->grace, STREAM_GRACE_MS, free_stream, t);
    t->carrier->finish(t);
}

const char *transport_describe(const struct transport *t)
{
    return t->about;
}

int64_t transport_backoff_ms(int attempt)
{
    static const int steps_s[] = { 1, 2, 5, 15, 30, 60 };
    int64_t base = 1000 * (int64_t)steps_s[MIN(MAX(attempt, 0), (int)COUNT(steps_s) - 1)];
    uint32_t noise = 0;
    if (getrandom(&noise, sizeof(noise), GRND_NONBLOCK) != (ssize_t)sizeof(noise))
        noise = (uint32_t)clock_mono_us();
    return base * 4 / 5 + (int64_t)(noise % (uint32_t)(base * 2 / 5 + 1));
}

/* ---- the hub */

#define DEFAULT_CONNECT_MS 10000
#define DEFAULT_KEX_MS 15000
#define DEFAULT_LOGIN_MS 20000
#define DEFAULT_HANDSHAKES 32
#define DEFAULT_HANDSHAKES_PER_HOST 8
#define DEFAULT_PROGRAMS 100 /* about 1.5 MB of their own each */
#define DESCRIPTORS 8192

/* Hundreds of hosts, each with a socket or, by the ssh program, seven descriptors. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)DESCRIPTORS);
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* with fewer, a child or socket that cannot be made is that stream's error */
}

struct transport_hub *transport_hub_new(struct loop *loop, const struct transport_hub_options *options)
{
    static const struct transport_hub_options defaults;
    const struct transport_hub_options *o = options ? options : &defaults;
    struct transport_hub *hub = x_alloc(sizeof(*hub));

    /* A child or a peer that ends while we write is an error of that stream, not of the process. */
    signal(SIGPIPE, SIG_IGN);
    allow_descriptors();
    hub->loop = loop;
    hub->connect_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : DEFAULT_CONNECT_MS;
    hub->kex_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : DEFAULT_KEX_MS;
    hub->login_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : DEFAULT_LOGIN_MS;
    hub->max_handshakes = o->max_handshakes > 0 ? o->max_handshakes : DEFAULT_HANDSHAKES;
    hub->max_handshakes_per_host =
        o->max_handshakes_per_host > 0 ? o->max_handshakes_per_host : DEFAULT_HANDSHAKES_PER_HOST;
    hub->max_programs = o->max_programs > 0 ? o->max_programs : DEFAULT_PROGRAMS;
    hub->ssh_config = copy_or_null(o->ssh_config);
    return hub;
}

void transport_hub_free(struct transport_hub *hub)
{
    if (!hub)
        return;
    for (struct transport *t = hub->streams; t; t = t->next)
        t->closing = true; /* first all: nobody is asked instead of another one */
    while (hub->streams) {
        question_end(hub->streams);
        free_stream(hub->streams);
    }
    loop_timer_stop(&hub->programs_turn);
    sessions_end(hub);
    keyfiles_end(hub);
    agents_end(hub);
    gates_end(hub);
    hub_fallbacks_end(hub);
    confs_end(hub);
    answers_end(hub);
    jobs_end(hub);
    secrets_end(hub);
    hub_run_dir_end(hub);
    free(hub->ssh_config);
    free(hub);
}
