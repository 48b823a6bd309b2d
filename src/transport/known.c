/* known.c - asks ssh-keygen -F about a host, one file after the other; the answers are kept (answers.h). */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "answers.h"
#include "hostkey.h"
#include "hub.h"
#include "job.h"

#define KNOWN_LIMIT_MS 10000

struct known_lookup {
    struct transport_hub *hub;
    struct ssh_conf *conf;
    struct known_lookup *next; /* of the hub */
    bool waits;                /* for another one with the same key */
    struct known_keys keys;
    char *key;                 /* the name, and */
    char *files;               /* in which files, as they were (stamp) */
    uint64_t stamp;
    int64_t asked_s;
    struct buf record;         /* for each file "b" or "n" (bare or not), its name, NUL, the text, NUL */
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

static char *files_of(const struct known_lookup *look)
{
    struct buf files = { 0 };
    const char *file;
    for (size_t i = 0; (file = file_at(look, i)); i++)
        buf_addf(&files, "%s\n", file);
    return buf_steal(&files);
}

static char *answer_key(const struct known_lookup *look)
{
    char name[300];
    known_name(look->conf, name, sizeof(name));
    return x_asprintf("F\n%s\n%s", name, look->files);
}

static void remember(struct known_lookup *look)
{
    answers_put(look->hub, look->key, look->files, look->stamp, buf_at(&look->record), look->record.len,
                answers_settled(look->files, look->asked_s));
}

static bool recall(struct known_lookup *look)
{
    const struct buf *record = answers_get(look->hub, look->key, NULL, NULL);
    if (!record)
        return false;
    const char *at = record->len ? record->data + record->start : NULL, *end = at ? at + record->len : NULL;
    while (at < end) {
        const char *file = at + 1, *text = file + strlen(file) + 1;
        size_t before = look->keys.count;
        if (text > end)
            break;
        known_parse(text, file, &look->keys);
        for (size_t i = before; i < look->keys.count; i++)
            look->keys.rows[i].bare = at[0] == 'b';
        at = text + strlen(text) + 1;
    }
    return true;
}

/* ---- asking */

/* False: it is over and look is gone. */
static bool next(struct known_lookup *look);

static void look_free(struct known_lookup *look)
{
    for (struct known_lookup **at = &look->hub->lookups; *at; at = &(*at)->next)
        if (*at == look) {
            *at = look->next;
            break;
        }
    job_cancel(look->job);
    known_keys_done(&look->keys);
    free(look->key);
    free(look->files);
    buf_done(&look->record);
    conf_release(look->conf);
    free(look);
}

static struct known_lookup *same_key(struct transport_hub *hub, const char *key, bool waits)
{
    struct known_lookup *look = hub->lookups;
    while (look && (look->waits != waits || strcmp(look->key, key) != 0))
        look = look->next;
    return look;
}

static void look_over(struct known_lookup *look, const struct err *err)
{
    struct transport_hub *hub = look->hub;
    known_fn *fn = look->fn;
    void *ctx = look->ctx;
    struct known_keys keys = look->keys;
    char *key = x_strdup(look->key);
    look->keys = (struct known_keys){ 0 };
    look_free(look);
    fn(ctx, &keys, err);
    known_keys_done(&keys);
    /* Who waited for the same answer: it is known now, or the first of them asks. */
    if ((look = same_key(hub, key, true))) {
        static const struct err none;
        look->waits = false;
        if (recall(look))
            look_over(look, &none);
        else
            next(look);
    }
    free(key);
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

/* Most systems name four files and have one or two. */
static bool holds_nothing(const char *file)
{
    struct stat st;
    return access(file, R_OK) != 0 || (stat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0);
}

static bool next(struct known_lookup *look)
{
    static const struct err none;
    const char *file;
    char name[300];

    while ((file = file_at(look, look->file)) && holds_nothing(file))
        look->file++;
    if (!file && !look->bare && look->keys.count == 0 && look->conf->port != 22 && !look->conf->key_alias) {
        look->bare = true;
        look->file = 0;
        while ((file = file_at(look, look->file)) && holds_nothing(file))
            look->file++;
    }
    if (!file) {
        remember(look);
        look_over(look, &none);
        return false;
    }
    known_name(look->conf, name, sizeof(name));
    const char *argv[] = { "ssh-keygen", "-F", look->bare ? look->conf->host : name, "-f", file, NULL };
    look->job = job_start_first(look->hub, argv, NULL, KNOWN_LIMIT_MS, on_answer, look);
    return true;
}

struct known_lookup *known_find(struct transport_hub *hub, struct ssh_conf *conf, known_fn *fn, void *ctx)
{
    static const struct err none;
    struct known_lookup *look = x_alloc(sizeof(*look));
    conf->refs++;
    *look = (struct known_lookup){ .hub = hub, .conf = conf, .fn = fn, .ctx = ctx, .asked_s = time(NULL) };
    look->files = files_of(look);
    look->key = answer_key(look);
    look->stamp = answers_stamp(look->files); /* of before the asking: a change meanwhile makes it ask again */
    look->waits = same_key(hub, look->key, false) != NULL;
    look->next = hub->lookups;
    hub->lookups = look;
    if (look->waits)
        return look;
    if (recall(look)) {
        look_over(look, &none);
        return NULL;
    }
    return next(look) ? look : NULL;
}

void known_cancel(struct known_lookup *look)
{
    if (!look)
        return;
    struct transport_hub *hub = look->hub;
    char *key = look->waits ? NULL : x_strdup(look->key);
    look_free(look);
    look = key ? same_key(hub, key, true) : NULL;
    if (look) {
        look->waits = false;
        next(look);
    }
    free(key);
}
