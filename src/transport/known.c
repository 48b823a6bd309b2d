/* known.c - asks ssh-keygen -F about a host, one file after the other; the answers are kept until a file changes. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostkey.h"
#include "hub.h"
#include "job.h"

#define KNOWN_LIMIT_MS 10000

/* What was answered about a name: for each file "b" or "n" (bare or not), its name, NUL, the text, NUL. */
struct known_answer {
    struct known_answer *next;
    char *key; /* the name, and the files */
    uint64_t stamp;
    struct buf record;
};

struct known_lookup {
    struct transport_hub *hub;
    struct ssh_conf *conf;
    struct known_keys keys;
    char *key;
    uint64_t stamp;
    struct buf record;
    size_t file;
    bool bare; /* second round, with the name without port */
    struct job *job;
    known_fn *fn;
    void *ctx;
};

static const char *file_at(const struct known_lookup *look, size_t i)
{
    const struct ssh_conf *conf = look->conf;
    if (i < conf->known_user.count)
        return conf->known_user.item[i];
    i -= conf->known_user.count;
    return i < conf->known_global.count ? conf->known_global.item[i] : NULL;
}

/* ---- answers that are kept */

/* Changes with any of the files; a file that is not there counts as well. */
static uint64_t files_stamp(const struct known_lookup *look)
{
    uint64_t stamp = 0;
    const char *file;
    struct stat st;
    for (size_t i = 0; (file = file_at(look, i)); i++) {
        if (stat(file, &st) != 0)
            st = (struct stat){ 0 };
        stamp = stamp * 1000003 + (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
        stamp = stamp * 1000003 + (uint64_t)st.st_size + (uint64_t)st.st_ino;
    }
    return stamp;
}

static char *answer_key(const struct known_lookup *look)
{
    char name[300];
    struct buf key = { 0 };
    const char *file;
    known_name(look->conf, name, sizeof(name));
    buf_adds(&key, name);
    for (size_t i = 0; (file = file_at(look, i)); i++)
        buf_addf(&key, "\n%s", file);
    return buf_steal(&key);
}

static struct known_answer *answer_at(struct transport_hub *hub, const char *key)
{
    for (struct known_answer *a = hub->known_answers; a; a = a->next)
        if (strcmp(a->key, key) == 0)
            return a;
    return NULL;
}

static void remember(struct known_lookup *look)
{
    struct known_answer *a = answer_at(look->hub, look->key);
    if (!a) {
        a = x_alloc(sizeof(*a));
        *a = (struct known_answer){ .next = look->hub->known_answers, .key = x_strdup(look->key) };
        look->hub->known_answers = a;
    }
    buf_clear(&a->record);
    buf_add(&a->record, buf_at(&look->record), look->record.len);
    a->stamp = look->stamp; /* of before the asking: a change meanwhile makes it ask again */
}

static bool recall(struct known_lookup *look)
{
    const struct known_answer *a = answer_at(look->hub, look->key);
    if (!a || a->stamp != look->stamp)
        return false;
    const char *at = a->record.data, *end = at ? at + a->record.len : NULL; /* only ever added to: starts at 0 */
    while (at < end) {
        const char *file = at + 1, *text = file + strlen(file) + 1;
        size_t before = look->keys.count;
        known_parse(text, file, &look->keys);
        for (size_t i = before; i < look->keys.count; i++)
            look->keys.rows[i].bare = at[0] == 'b';
        at = text + strlen(text) + 1;
    }
    return true;
}

void known_answers_end(struct transport_hub *hub)
{
    while (hub->known_answers) {
        struct known_answer *a = hub->known_answers;
        hub->known_answers = a->next;
        buf_done(&a->record);
        free(a->key);
        free(a);
    }
}

/* ---- asking */

/* False: it is over and look is gone. */
static bool next(struct known_lookup *look);

static void look_free(struct known_lookup *look)
{
    job_cancel(look->job);
    known_keys_done(&look->keys);
    free(look->key);
    buf_done(&look->record);
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
    buf_addf(&look->record, "%c%s", look->bare ? 'b' : 'n', file);
    buf_addc(&look->record, '\0');
    buf_adds(&look->record, out);
    buf_addc(&look->record, '\0');
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
        remember(look);
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
    look->key = answer_key(look);
    look->stamp = files_stamp(look);
    if (recall(look)) {
        static const struct err none;
        look_over(look, &none);
        return NULL;
    }
    return next(look) ? look : NULL;
}

void known_cancel(struct known_lookup *look)
{
    if (look)
        look_free(look);
}
