/* known.c - asks ssh-keygen -F about a host, one file after the other. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostkey.h"
#include "hub.h"
#include "job.h"

#define KNOWN_LIMIT_MS 10000

struct known_lookup {
    struct transport_hub *hub;
    struct ssh_conf *conf;
    struct known_keys keys;
    size_t file;
    bool bare; /* second round, with the name without port */
    struct job *job;
    known_fn *fn;
    void *ctx;
};

/* False: it is over and look is gone. */
static bool next(struct known_lookup *look);

static const char *file_at(const struct known_lookup *look, size_t i)
{
    const struct ssh_conf *conf = look->conf;
    if (i < conf->known_user.count)
        return conf->known_user.item[i];
    i -= conf->known_user.count;
    return i < conf->known_global.count ? conf->known_global.item[i] : NULL;
}

static void look_free(struct known_lookup *look)
{
    job_cancel(look->job);
    known_keys_done(&look->keys);
    conf_release(look->conf);
    free(look);
}

static void look_over(struct known_lookup *look, const struct err *err)
{
    known_fn *fn = look->fn;
    void *ctx = look->ctx;
    struct known_keys keys = look->keys;
    look->keys = (struct known_keys){ 0 };
    look_free(look);
    fn(ctx, &keys, err);
    known_keys_done(&keys);
}

static void on_answer(void *ctx, int exit_code, const char *out, const char *errs, const struct err *why)
{
    struct known_lookup *look = ctx;
    const char *file = file_at(look, look->file);
    struct err err = *why;
    size_t before = look->keys.count;

    look->job = NULL;
    if (err.kind == ERR_NONE && exit_code > 1 && access(file, R_OK) == 0)
        err_set(&err, ERR_IO, file, "ssh-keygen cannot look into %s: %.100s", file, errs);
    if (err.kind != ERR_NONE) { /* not looked is not the same as not found */
        look_over(look, &err);
        return;
    }
    known_parse(out, file, &look->keys);
    for (size_t i = before; i < look->keys.count; i++)
        look->keys.rows[i].bare = look->bare;
    look->file++;
    next(look);
}

static bool next(struct known_lookup *look)
{
    static const struct err none;
    const char *file;
    char name[300];

    while ((file = file_at(look, look->file)) && access(file, R_OK) != 0)
        look->file++;
    if (!file && !look->bare && look->keys.count == 0 && look->conf->port != 22 && !look->conf->key_alias) {
        look->bare = true;
        look->file = 0;
        while ((file = file_at(look, look->file)) && access(file, R_OK) != 0)
            look->file++;
    }
    if (!file) {
        look_over(look, &none);
        return false;
    }
    known_name(look->conf, name, sizeof(name));
    const char *argv[] = { "ssh-keygen", "-F", look->bare ? look->conf->host : name, "-f", file, NULL };
    look->job = job_start(look->hub, argv, NULL, KNOWN_LIMIT_MS, on_answer, look);
    return true;
}

struct known_lookup *known_find(struct transport_hub *hub, struct ssh_conf *conf, known_fn *fn, void *ctx)
{
    struct known_lookup *look = x_alloc(sizeof(*look));
    conf->refs++;
    *look = (struct known_lookup){ .hub = hub, .conf = conf, .fn = fn, .ctx = ctx };
    return next(look) ? look : NULL;
}

void known_cancel(struct known_lookup *look)
{
    if (look)
        look_free(look);
}
