#include "conf.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    if (entry->conf)
        log_line(entry->address, "ssh -G: %s@%s:%d%s%s", entry->conf->user ? entry->conf->user : "", entry->conf->host,
                 entry->conf->port, entry->conf->jump ? " through " : "", entry->conf->jump ? entry->conf->jump : "");
    deliver(entry, &err);
    if (!entry->conf) /* an error is not kept: the file may be mended meanwhile */
        entry_remove(entry);
}

static void ask(struct conf_entry *entry)
{
    const char *argv[16];
    char port[16];
    size_t n = 0;

    argv[n++] = "ssh";
    argv[n++] = "-TG";
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
    entry->job = job_start(entry->hub, argv, NULL, CONF_LIMIT_MS, on_answer, entry);
}

/* Newest change of the files that can be known without reading them (Include may name others). */
static int64_t files_stamp(const struct transport_hub *hub)
{
    static const char *const fixed[] = { "/etc/ssh", "/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d" };
    static const char *const of_home[] = { "/.ssh", "/.ssh/config", "/.ssh/config.d" };
    const struct passwd *pw = getpwuid(getuid());
    const char *home = pw ? pw->pw_dir : NULL;
    int64_t stamp = 0;
    struct stat st;
    char path[512];

    for (size_t i = 0; i < COUNT(fixed); i++)
        if (stat(fixed[i], &st) == 0)
            stamp += st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    for (size_t i = 0; home && i < COUNT(of_home); i++) {
        snprintf(path, sizeof(path), "%s%s", home, of_home[i]);
        if (stat(path, &st) == 0)
            stamp += st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    }
    if (hub->ssh_config && stat(hub->ssh_config, &st) == 0)
        stamp += st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    return stamp;
}

static void forget_if_changed(struct transport_hub *hub)
{
    int64_t stamp = files_stamp(hub);
    if (stamp == hub->conf_stamp)
        return;
    hub->conf_stamp = stamp;
    for (struct conf_entry **at = &hub->confs; *at;) {
        struct conf_entry *entry = *at;
        if (entry->conf && !entry->waits && !entry->busy) {
            *at = entry->next;
            entry_free(entry);
        } else
            at = &entry->next;
    }
}

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

struct conf_wait *conf_get(struct transport_hub *hub, const char *address, const char *user, int port, conf_fn *fn, void *ctx)
{
    struct conf_wait *wait = x_alloc(sizeof(*wait));
    struct conf_entry *entry;

    forget_if_changed(hub);
    for (entry = hub->confs; entry; entry = entry->next)
        if (same(entry->address, address) && same(entry->user, user) && entry->port == port)
            break;
    if (!entry) {
        entry = x_alloc(sizeof(*entry));
        *entry = (struct conf_entry){ .hub = hub, .next = hub->confs, .address = x_strdup(address),
                                      .user = user && *user ? x_strdup(user) : NULL, .port = port };
        hub->confs = entry;
        ask(entry);
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
    while (hub->confs) {
        struct conf_entry *entry = hub->confs;
        hub->confs = entry->next;
        entry_free(entry);
    }
}
