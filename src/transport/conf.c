#include "conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answers.h"
#include "hub.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"
#include "job.h"

#define CONF_LIMIT_MS 10000

struct conf_wait {
    struct conf_entry *entry;
    struct conf_wait *next;
    conf_fn *fn;
    void *ctx;
};

/* One question to ssh -G: asked (job), or answered (conf). */
struct conf_entry {
    struct transport_hub *hub;
    struct conf_entry *next;
    char *address, *user;
    int port;
    struct job *job;
    struct ssh_conf *conf;
    char *key;        /* in answers.h */
    char *files;      /* on which conf rests, as they were (stamp) */
    uint64_t stamp;
    int64_t asked_s;
    struct conf_wait *waits;
    bool busy; /* delivering: must not go */
    struct loop_timer soon; /* an answer that is known already comes from the loop as well */
};

static void deliver(struct conf_entry *entry, const struct err *err)
{
    static const struct err none;
    entry->busy = true;
    while (entry->waits) {
        struct conf_wait *wait = entry->waits;
        entry->waits = wait->next;
        conf_fn *fn = wait->fn;
        void *ctx = wait->ctx;
        free(wait);
        if (entry->conf)
            entry->conf->refs++;
        fn(ctx, entry->conf, entry->conf ? &none : err);
    }
    entry->busy = false;
}

static void entry_free(struct conf_entry *entry)
{
    job_cancel(entry->job);
    loop_timer_stop(&entry->soon);
    while (entry->waits) {
        struct conf_wait *wait = entry->waits;
        entry->waits = wait->next;
        free(wait);
    }
    conf_release(entry->conf);
    free(entry->key);
    free(entry->files);
    free(entry->address);
    free(entry->user);
    free(entry);
}

static void entry_remove(struct conf_entry *entry)
{
    for (struct conf_entry **at = &entry->hub->confs; *at; at = &(*at)->next)
        if (*at == entry) {
            *at = entry->next;
            break;
        }
    entry_free(entry);
}

static void deliver_soon(void *ctx)
{
    deliver(ctx, NULL);
}

/* The last line that ssh said is the reason. */
static void last_line(const char *text, char *out, size_t size)
{
    char line[512];
    size_t end = strlen(text);
    while (end > 0 && strchr("\r\n \t", text[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && text[begin - 1] != '\n')
        begin--;
    snprintf(line, sizeof(line), "%.*s", (int)(end - begin), text + begin);
    text_printable(line, out, size);
}

/* On what the answer rests. The files are the same for most hosts: looked into once. False: it is not for later runs. */
static bool find_files(struct conf_entry *entry, const char *said)
{
    struct transport_hub *hub = entry->hub;
    struct conf_rests *rests = &hub->conf_rests;
    struct buf files = { 0 };

    conf_read_files(said, hub->ssh_config, &files);
    if (!rests->read || strcmp(rests->read, buf_at(&files)) != 0 || answers_stamp(rests->files) != rests->stamp) {
        free(rests->read);
        free(rests->files);
        rests->read = x_strdup(buf_at(&files));
        rests->lasting = conf_more_files(&files) && (!hub->ssh_config || hub->ssh_config[0] == '/');
        rests->files = x_strdup(buf_at(&files));
        rests->stamp = answers_stamp(rests->files);
    }
    buf_done(&files);
    entry->files = x_strdup(rests->files);
    entry->stamp = rests->stamp;
    return rests->lasting;
}

static void keep_answer(struct conf_entry *entry, const char *out, const char *said)
{
    bool may_last = find_files(entry, said);
    bool settled = answers_settled(entry->files, entry->asked_s);
    bool lasting = may_last && settled && conf_lasts(said, out);
    if (!settled)
        entry->stamp = ~entry->stamp; /* a change while ssh read them may be in the stamp and not in the answer: asked again */
    char *digest = lasting ? conf_digest(out) : NULL;
    if (digest)
        answers_put(entry->hub, entry->key, entry->files, entry->stamp, digest, strlen(digest), true);
    free(digest);
}

static void note(const struct conf_entry *entry, const char *how)
{
    const struct ssh_conf *conf = entry->conf;
    log_line(entry->address, "ssh -G%s: %s@%s:%d%s%s", how, conf->user ? conf->user : "", conf->host, conf->port,
             conf->jump ? " through " : "", conf->jump ? conf->jump : "");
}

static void on_answer(void *ctx, int exit_code, const char *out, const char *errs, const struct err *why)
{
    struct conf_entry *entry = ctx;
    struct err err = *why;
    char said[160];

    entry->job = NULL;
    if (err.kind == ERR_NONE && exit_code != 0) {
        last_line(errs, said, sizeof(said));
        err_set(&err, ERR_INPUT, entry->address, "ssh rejects its configuration: %s", said);
    } else if (err.kind == ERR_NONE)
        conf_parse(out, entry->address, NULL, &entry->conf, &err);
    else
        err_wrap(&err, "reading the ssh configuration");
    if (entry->conf) {
        note(entry, "");
        keep_answer(entry, out, errs);
    }
    deliver(entry, &err);
    if (!entry->conf) /* an error is not kept: the file may be mended meanwhile */
        entry_remove(entry);
}

/* From an earlier run, when all that it rests on is as it was. */
static bool recall(struct conf_entry *entry)
{
    uint64_t stamp;
    const char *files;
    struct err err = { 0 };
    const struct buf *answer = answers_get(entry->hub, entry->key, &files, &stamp);
    if (!answer || !conf_parse(buf_at(answer), entry->address, NULL, &entry->conf, &err))
        return false;
    entry->files = x_strdup(files);
    entry->stamp = stamp;
    note(entry, ", said before");
    return true;
}

static void ask(struct conf_entry *entry, bool first)
{
    const char *argv[16];
    char port[16];
    size_t n = 0;

    argv[n++] = "ssh";
    argv[n++] = "-TGv"; /* v: it says which files it reads */
    if (entry->hub->ssh_config) {
        argv[n++] = "-F";
        argv[n++] = entry->hub->ssh_config;
    }
    if (entry->user) {
        argv[n++] = "-l";
        argv[n++] = entry->user;
    }
    if (entry->port > 0) {
        snprintf(port, sizeof(port), "%d", entry->port);
        argv[n++] = "-p";
        argv[n++] = port;
    }
    argv[n++] = "--";
    argv[n++] = entry->address;
    argv[n] = NULL;
    entry->asked_s = time(NULL);
    entry->job = (first ? job_start_first : job_start)(entry->hub, argv, NULL, CONF_LIMIT_MS, on_answer, entry);
}

static bool is_stale(const struct conf_entry *entry)
{
    return entry->conf && !entry->waits && !entry->busy && answers_stamp(entry->files) != entry->stamp;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

struct conf_wait *conf_get(struct transport_hub *hub, const char *address, const char *user, int port, bool first, conf_fn *fn,
                           void *ctx)
{
    struct conf_wait *wait = x_alloc(sizeof(*wait));
    struct conf_entry *entry;

    for (entry = hub->confs; entry; entry = entry->next)
        if (same(entry->address, address) && same(entry->user, user) && entry->port == port)
            break;
    if (entry && is_stale(entry)) {
        entry_remove(entry);
        entry = NULL;
    }
    if (!entry) {
        entry = x_alloc(sizeof(*entry));
        *entry = (struct conf_entry){ .hub = hub, .next = hub->confs, .address = x_strdup(address),
                                      .user = user && *user ? x_strdup(user) : NULL, .port = port };
        entry->key = x_asprintf("G\n%s\n%s\n%d\n%s", hub->ssh_config ? hub->ssh_config : "", entry->user ? entry->user : "", port,
                                address);
        hub->confs = entry;
        if (!recall(entry))
            ask(entry, first);
    }
    *wait = (struct conf_wait){ .entry = entry, .next = entry->waits, .fn = fn, .ctx = ctx };
    entry->waits = wait;
    if (entry->conf)
        loop_timer_in(hub->loop, &entry->soon, 0, deliver_soon, entry);
    return wait;
}

void conf_cancel(struct conf_wait *wait)
{
    if (!wait)
        return;
    for (struct conf_wait **at = &wait->entry->waits; *at; at = &(*at)->next)
        if (*at == wait) {
            *at = wait->next;
            break;
        }
    free(wait);
}

void confs_end(struct transport_hub *hub)
{
    free(hub->conf_rests.read);
    free(hub->conf_rests.files);
    while (hub->confs) {
        struct conf_entry *entry = hub->confs;
        hub->confs = entry->next;
        entry_free(entry);
    }
}
