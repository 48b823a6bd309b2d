#include "answers.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "algorithms.h"
#include "hub.h"
#include "ipamtui/account.h"
#include "ipamtui/hash.h"
#include "ipamtui/log.h"

#define CHAINS 256
#define FILE_LIMIT (8 << 20)
#define ANSWERS_MOST 20000
#define SETTLED_S 1

struct answer {
    struct answer *next;
    char *key, *files;
    uint64_t stamp;
    struct buf text;
    bool lasting;
};
struct answers {
    struct answer *chain[CHAINS];
    size_t count;
    bool changed; /* against the file */
};

static char *kept_in; /* the file; NULL: within the run only */

void transport_keep_answers(const char *path)
{
    free(kept_in);
    kept_in = path ? x_strdup(path) : NULL;
}

/* ---- the state of files */

static uint64_t mix_file(uint64_t hash, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return hash_bytes(hash, "absent", 6);
    const int64_t facts[] = { (int64_t)st.st_dev,          (int64_t)st.st_ino,     st.st_size,
                              st.st_mtim.tv_sec,           st.st_mtim.tv_nsec,     st.st_ctim.tv_sec,
                              st.st_ctim.tv_nsec,          (int64_t)st.st_mode,    (int64_t)st.st_uid };
    return hash_bytes(hash, facts, sizeof(facts));
}

/* Calls for each line of files. */
static void each(const char *files, void (*fn)(void *ctx, const char *name), void *ctx)
{
    char name[4096];
    while (*files) {
        size_t len = strcspn(files, "\n");
        snprintf(name, sizeof(name), "%.*s", (int)len, files);
        fn(ctx, name);
        files += len + (files[len] == '\n');
    }
}

static void add_state(void *ctx, const char *name)
{
    uint64_t *hash = ctx;
    if (name[0] != '$') {
        *hash = mix_file(*hash, name);
        return;
    }
    const char *value = getenv(name + 1);
    *hash = hash_bytes(*hash, value ? value : "\n", value ? strlen(value) + 1 : 1);
}

uint64_t answers_stamp(const char *files)
{
    uint64_t hash = HASH_START;
    each(files, add_state, &hash);
    return hash;
}

struct settling {
    int64_t when_s;
    bool settled;
};

static void look_at_age(void *ctx, const char *name)
{
    struct settling *s = ctx;
    struct stat st;
    if (name[0] != '$' && stat(name, &st) == 0 && MAX(st.st_mtim.tv_sec, st.st_ctim.tv_sec) + SETTLED_S >= s->when_s)
        s->settled = false;
}

bool answers_settled(const char *files, int64_t when_s)
{
    struct settling s = { .when_s = when_s, .settled = true };
    each(files, look_at_age, &s);
    return s.settled;
}

/* ---- in memory */

static struct answer **place(struct answers *all, const char *key)
{
    struct answer **at = &all->chain[hash_bytes(HASH_START, key, strlen(key)) % CHAINS];
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    return at;
}

static void set(struct answers *all, const struct answer *like, const void *bytes, size_t len)
{
    struct answer **at = place(all, like->key), *a = *at;
    if (!a) {
        a = *at = x_alloc(sizeof(*a));
        a->key = x_strdup(like->key);
        all->count++;
    }
    free(a->files);
    a->files = x_strdup(like->files);
    a->stamp = like->stamp;
    a->lasting = like->lasting;
    buf_clear(&a->text);
    buf_add(&a->text, bytes, len);
}

/* ---- in the file: a line that says for whom it counts, then one record after the other */

/* Another program, machine, name or home, and all is asked again. */
static char *head_line(void)
{
    struct account me;
    char host[256] = "";
    struct buf line = { 0 };
    gethostname(host, sizeof(host) - 1);
    account_find(getuid(), &me);
    buf_addf(&line, "ipamtui-answers 1 %s %s %s %s", IPAMTUI_VERSION, host, me.name, me.home);
    for (enum algorithm which = ALG_HOSTKEY; which <= ALG_MAC; which++)
        buf_addf(&line, " %s", algorithms_ours(which));
    buf_addc(&line, '\n');
    return buf_steal(&line);
}

/* Only what nobody else can write is believed: keys of hosts are in it. */
static bool read_file(struct buf *text)
{
    struct stat st;
    int fd = open(kept_in, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ours = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == getuid() && (st.st_mode & 022) == 0 &&
                st.st_size > 0 && st.st_size <= FILE_LIMIT;
    char *room = ours ? buf_room(text, (size_t)st.st_size) : NULL;
    ssize_t n = room ? read(fd, room, (size_t)st.st_size) : -1;
    if (n > 0)
        buf_added(text, (size_t)n);
    if (fd >= 0)
        close(fd);
    return n > 0;
}

/* One record of what is left, as written by add_record(). False: there is none, or it is damaged. */
static bool take_record(struct buf *text, struct answers *all)
{
    size_t key, files, len;
    int used = 0;
    uint64_t stamp;
    if (sscanf(buf_at(text), "%zu %zu %zu %" SCNx64 "%n", &key, &files, &len, &stamp, &used) != 4 || used <= 0)
        return false;
    size_t begin = (size_t)used + 1;
    if (key > text->len || files > text->len || len > text->len || begin + key + files + len + 3 > text->len)
        return false;
    char *at = buf_at(text) + begin, *body = at + key + files + 2;
    if (at[-1] != '\n' || at[key] != '\0' || at[key + 1 + files] != '\0' || strlen(at) != key || body[len] != '\n')
        return false;
    struct answer like = { .key = at, .files = at + key + 1, .stamp = stamp, .lasting = true };
    if (!*place(all, like.key)) /* what this run has found itself is newer */
        set(all, &like, body, len);
    buf_take(text, begin + key + files + len + 3);
    return true;
}

static void load(struct answers *all)
{
    struct buf text = { 0 };
    char *head = head_line();
    if (kept_in && read_file(&text) && strncmp(buf_at(&text), head, strlen(head)) == 0) {
        buf_take(&text, strlen(head));
        while (text.len > 0 && all->count < ANSWERS_MOST && take_record(&text, all))
            ;
    }
    free(head);
    buf_done(&text);
}

static void add_record(struct buf *out, const struct answer *a)
{
    buf_addf(out, "%zu %zu %zu %016" PRIx64 "\n%s", strlen(a->key), strlen(a->files), a->text.len, a->stamp, a->key);
    buf_addc(out, '\0');
    buf_adds(out, a->files);
    buf_addc(out, '\0');
    buf_add(out, buf_at(&a->text), a->text.len);
    buf_addc(out, '\n');
}

/* Anew beside it and then in its place: another ipamtui may be reading. Without it the next run only takes longer. */
static void write_file(const struct buf *text)
{
    char *fresh = x_asprintf("%s.XXXXXX", kept_in);
    struct err err = { 0 };
    int fd = account_make_folders(kept_in, &err) ? mkostemp(fresh, O_CLOEXEC) : -1; /* mode 0600 */
    bool ok = fd >= 0 && write(fd, buf_at(text), text->len) == (ssize_t)text->len;
    if (fd >= 0)
        close(fd);
    if (!ok || rename(fresh, kept_in) != 0) {
        log_line("ssh", "what ssh said about hosts cannot be kept in %s", kept_in);
        if (fd >= 0)
            unlink(fresh);
    }
    free(fresh);
}

static void save(struct answers *all)
{
    struct buf text = { 0 };
    char *head = head_line();
    load(all); /* what another ipamtui has found meanwhile */
    buf_adds(&text, head);
    for (size_t i = 0; i < CHAINS; i++)
        for (const struct answer *a = all->chain[i]; a; a = a->next)
            if (a->lasting && text.len < FILE_LIMIT / 2 && answers_stamp(a->files) == a->stamp)
                add_record(&text, a);
    write_file(&text);
    free(head);
    buf_done(&text);
}

/* ---- for those who ask */

static struct answers *answers_of(struct transport_hub *hub)
{
    if (!hub->answers) {
        hub->answers = x_alloc(sizeof(*hub->answers));
        load(hub->answers);
    }
    return hub->answers;
}

const struct buf *answers_get(struct transport_hub *hub, const char *key, const char **files, uint64_t *stamp)
{
    const struct answer *a = *place(answers_of(hub), key);
    if (!a || answers_stamp(a->files) != a->stamp)
        return NULL;
    if (files)
        *files = a->files;
    if (stamp)
        *stamp = a->stamp;
    return &a->text;
}

void answers_put(struct transport_hub *hub, const char *key, const char *files, uint64_t stamp, const void *bytes, size_t len,
                 bool lasting)
{
    struct answers *all = answers_of(hub);
    const struct answer like = { .key = (char *)key, .files = (char *)files, .stamp = stamp, .lasting = lasting };
    set(all, &like, bytes, len);
    all->changed |= lasting;
}

void answers_end(struct transport_hub *hub)
{
    struct answers *all = hub->answers;
    if (!all)
        return;
    if (kept_in && all->changed)
        save(all);
    for (size_t i = 0; i < CHAINS; i++)
        while (all->chain[i]) {
            struct answer *a = all->chain[i];
            all->chain[i] = a->next;
            free(a->key);
            free(a->files);
            buf_done(&a->text);
            free(a);
        }
    free(all);
    hub->answers = NULL;
}
