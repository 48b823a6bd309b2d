#include "estate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipamtui/hash.h"
#include "ipamtui/ip.h"

/* ------------------------------------------------------------------ objects */

struct sim_object *sim_object_new(struct arena *mem, const struct sim_class *class)
{
    struct sim_object *object = arena_alloc(mem, sizeof *object);

    object->class = class;
    object->values = arena_alloc(mem, class->count * sizeof *object->values);
    return object;
}

struct sim_object *sim_object_copy(struct arena *mem, const struct sim_object *from)
{
    struct sim_object *object = sim_object_new(mem, from->class);

    for (size_t i = 0; i < from->class->count; i++)
        if (from->values[i])
            object->values[i] = arena_strdup(mem, from->values[i]);
    return object;
}

const char *sim_value(const struct sim_object *object, const char *property)
{
    int at = sim_property_find(object->class, property);

    return at < 0 ? NULL : object->values[at];
}

void sim_set(struct arena *mem, struct sim_object *object, const char *property, const char *value)
{
    int at = sim_property_find(object->class, property);

    if (at >= 0)
        object->values[at] = value ? arena_strdup(mem, value) : NULL;
}

uint64_t sim_number(const struct sim_object *object, const char *property)
{
    const char *text = sim_value(object, property);

    return text ? strtoull(text, NULL, 10) : 0;
}

/* ------------------------------------------------------------------ index */

uint64_t sim_hash(uint64_t hash, const char *text)
{
    return hash_bytes(hash, text, text ? strlen(text) : 0) * 31 + 7;
}

static uint64_t hash_object(const struct sim_object *object)
{
    uint64_t hash = sim_class_place(object->class) + HASH_START;

    for (size_t i = 0; i < object->class->count; i++)
        if (object->class->properties[i].is_key)
            hash = sim_hash(hash, object->values[i]);
    return hash;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_key(const struct sim_object *a, const struct sim_object *b)
{
    if (a->class != b->class)
        return false;
    for (size_t i = 0; i < a->class->count; i++)
        if (a->class->properties[i].is_key && !same_text(a->values[i], b->values[i]))
            return false;
    return true;
}

/* Where the object with these keys is, or the free place for it. */
static size_t index_place(const struct sim_server *server, const struct sim_object *object)
{
    size_t at = hash_object(object) % server->index_cap;

    while (server->index[at] && !same_key(server->index[at], object))
        at = (at + 1) % server->index_cap;
    return at;
}

static void index_grow(struct sim_server *server)
{
    struct sim_object **old = server->index;
    size_t old_cap = server->index_cap;

    server->index_cap = MAX(old_cap * 2, 64);
    server->index = x_calloc(server->index_cap, sizeof(struct sim_object *));
    server->index_used = 0;
    for (size_t i = 0; i < old_cap; i++) {
        if (!old[i])
            continue;
        server->index[index_place(server, old[i])] = old[i];
        server->index_used++;
    }
    free(old);
}

/* The index keeps gone objects as place holders: a later one with the same key takes their place. */
static void put_object(struct sim_server *server, struct sim_object *object)
{
    struct sim_list *list = &server->lists[sim_class_place(object->class)];
    if ((server->index_used + 1) * 2 > server->index_cap)
        index_grow(server);
    size_t at = index_place(server, object);
    struct sim_object *old = server->index[at];

    if (old && !old->gone) { /* keeps its place in the list */
        memcpy(old->values, object->values, object->class->count * sizeof *old->values);
        return;
    }
    if (!old)
        server->index_used++;
    server->index[at] = object;
    x_grow(&list->items, &list->cap, list->count + 1, sizeof *list->items);
    list->items[list->count++] = object;
}

static void remove_object(struct sim_server *server, const struct sim_object *object)
{
    struct sim_object *old = sim_same(server, object);

    if (!old)
        return;
    struct sim_list *list = &server->lists[sim_class_place(old->class)];
    old->gone = true;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] != old)
            continue;
        memmove(&list->items[i], &list->items[i + 1], (list->count - i - 1) * sizeof *list->items);
        list->count--;
        return;
    }
}

struct sim_object *sim_same(const struct sim_server *server, const struct sim_object *object)
{
    if (server->index_cap == 0)
        return NULL;
    struct sim_object *found = server->index[index_place(server, object)];

    return found && !found->gone ? found : NULL;
}

struct sim_object *sim_find(const struct sim_server *server, const struct sim_class *class,
                            const char *const *keys)
{
    const char *values[64] = { 0 };
    struct sim_object wanted = { .class = class, .values = values };

    for (size_t i = 0, k = 0; i < class->count && i < COUNT(values); i++)
        if (class->properties[i].is_key)
            values[i] = keys[k++];
    return sim_same(server, &wanted);
}

struct sim_object *sim_find1(const struct sim_server *server, const char *class, const char *key)
{
    const char *keys[8] = { key }; /* the others are empty */

    return sim_find(server, sim_class_find(class), keys);
}

const struct sim_list *sim_list(const struct sim_server *server, const char *class)
{
    return &server->lists[sim_class_place(sim_class_find(class))];
}

struct sim_object *sim_host(const struct sim_server *server)
{
    const struct sim_list *list = sim_list(server, "SimHost");

    return list->count ? list->items[0] : NULL;
}

/* ------------------------------------------------------------------ lines */

static void write_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '\t':
            buf_adds(out, "\\t");
            break;
        case '\n':
            buf_adds(out, "\\n");
            break;
        case '\r':
            buf_adds(out, "\\r");
            break;
        case '\\':
            buf_adds(out, "\\\\");
            break;
        default:
            buf_addc(out, *text);
        }
    }
}

static void write_values(struct buf *out, const struct sim_object *object, bool keys_only)
{
    buf_adds(out, object->class->name);
    for (size_t i = 0; i < object->class->count; i++) {
        const struct sim_property *property = &object->class->properties[i];
        if (!object->values[i] || (keys_only && !property->is_key))
            continue;
        buf_addc(out, '\t');
        buf_adds(out, property->name);
        buf_addc(out, '=');
        write_escaped(out, object->values[i]);
    }
    buf_addc(out, '\n');
}

void sim_object_write(struct buf *out, const struct sim_object *object)
{
    write_values(out, object, false);
}

static char *read_escaped(struct arena *mem, const char *text, size_t len)
{
    char *out = arena_alloc(mem, len + 1), *to = out;

    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\\' || i + 1 == len) {
            *to++ = text[i];
            continue;
        }
        char c = text[++i];
        *to++ = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
    }
    *to = '\0';
    return out;
}

/* Properties come in table order: the search goes on where the last one was found. */
static int property_after(const struct sim_class *class, size_t from, const char *name, size_t len)
{
    for (size_t n = 0; n < class->count; n++) {
        size_t i = (from + n) % class->count;
        if (strncmp(class->properties[i].name, name, len) == 0 && class->properties[i].name[len] == '\0')
            return (int)i;
    }
    return -1;
}

static bool read_fields(struct sim_server *server, struct sim_object *object, const char *at, const char *end)
{
    size_t next = 0;

    while (at < end) {
        const char *stop = memchr(at, '\t', (size_t)(end - at));
        stop = stop ? stop : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        int place = equals ? property_after(object->class, next, at, (size_t)(equals - at)) : -1;
        if (place < 0)
            return false;
        object->values[place] = read_escaped(&server->mem, equals + 1, (size_t)(stop - equals - 1));
        next = (size_t)place + 1;
        at = stop + (stop < end);
    }
    return true;
}

static bool read_line(struct sim_server *server, const char *line, const char *end)
{
    if (line >= end || *line == '#')
        return true;
    bool removed = *line == '-';
    const char *name = line + removed;
    const char *tab = name < end ? memchr(name, '\t', (size_t)(end - name)) : NULL;
    size_t len = (size_t)((tab ? tab : end) - name);
    char text[64];
    if (len >= sizeof text)
        return false;
    memcpy(text, name, len);
    text[len] = '\0';
    const struct sim_class *class = sim_class_find(text);
    if (!class)
        return false;
    struct sim_object *object = sim_object_new(&server->mem, class);
    if (!read_fields(server, object, tab ? tab + 1 : end, end))
        return false;
    if (removed)
        remove_object(server, object);
    else
        put_object(server, object);
    return true;
}

/* Whole lines only; what follows the last line end is somebody's unfinished writing. Returns the bytes used,
 * -1 on a bad line. */
static off_t read_lines(struct sim_server *server, const char *text, size_t len, struct err *err)
{
    const char *at = text, *end = text + len;

    for (int line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            break;
        if (!read_line(server, at, stop)) {
            err_set(err, ERR_INPUT, server->path, "line %d of what was read is no object of a known class",
                    line);
            return -1;
        }
        at = stop + 1;
    }
    return at - text;
}

/* ------------------------------------------------------------------ the file */

static void forget(struct sim_server *server)
{
    size_t classes = 0;
    while (sim_class_at(classes))
        classes++;
    for (size_t i = 0; server->lists && i < classes; i++)
        free(server->lists[i].items);
    free(server->lists);
    free(server->index);
    arena_done(&server->mem);
    server->lists = x_calloc(classes, sizeof *server->lists);
    server->index = NULL;
    server->index_cap = server->index_used = 0;
    server->size = server->base = 0;
}

static bool read_tail(struct sim_server *server, int fd, off_t until, struct err *err)
{
    size_t want = (size_t)(until - server->size), got = 0;
    char *text = x_alloc(want + 1);

    while (got < want) {
        ssize_t n = pread(fd, text + got, want - got, server->size + (off_t)got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    off_t used = read_lines(server, text, got, err);
    free(text);
    if (used < 0)
        return false;
    server->size += used;
    return true;
}

bool sim_server_refresh(struct sim_server *server, struct err *err)
{
    struct stat st;

    if (stat(server->path, &st) == 0 && st.st_ino == server->inode && st.st_dev == server->device &&
        st.st_size == server->size)
        return true;
    int fd = open(server->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT
                   ? err_set(err, ERR_NOT_FOUND, server->name, "no such server in %s", server->dir)
                   : err_errno(err, server->path, "cannot read it");
    if (fstat(fd, &st) < 0) {
        close(fd);
        return err_errno(err, server->path, "cannot read it");
    }
    bool anew = st.st_ino != server->inode || st.st_dev != server->device || st.st_size < server->size;
    if (anew)
        forget(server);
    bool ok = read_tail(server, fd, st.st_size, err);
    close(fd);
    if (!ok)
        return false;
    server->inode = st.st_ino;
    server->device = st.st_dev;
    if (anew)
        server->base = server->size;
    if (!sim_host(server))
        return err_set(err, ERR_INPUT, server->path, "has no SimHost line");
    return true;
}

bool sim_server_open(struct sim_server *server, const char *dir, const char *name, struct err *err)
{
    *server = (struct sim_server){ .lock = -1, .out = -1 };
    if (!*name || strchr(name, '/'))
        return err_set(err, ERR_INPUT, "server", "\"%s\" is no server's name", name);
    server->dir = x_strdup(dir);
    server->name = x_strdup(name);
    server->path = x_asprintf("%s/%s.state", dir, name);
    forget(server);
    if (sim_server_refresh(server, err))
        return true;
    sim_server_done(server);
    return false;
}

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void sim_server_done(struct sim_server *server)
{
    if (!server->path)
        return;
    sim_server_unlock(server);
    close_file(&server->lock);
    close_file(&server->out);
    forget(server);
    free(server->lists);
    free(server->dir);
    free(server->name);
    free(server->path);
    *server = (struct sim_server){ .lock = -1, .out = -1 };
}

/* Its file stays open: hundreds of hosts share the processors with what is measured. */
static bool lock_file(struct sim_server *server, struct err *err)
{
    char *path = x_asprintf("%s/%s.lock", server->dir, server->name);

    if (server->lock < 0)
        server->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    server->locked = server->lock >= 0;
    while (server->locked && flock(server->lock, LOCK_EX) < 0)
        server->locked = errno == EINTR;
    if (!server->locked)
        err_errno(err, path, "cannot lock it");
    free(path);
    return server->locked;
}

bool sim_server_lock(struct sim_server *server, struct err *err)
{
    if (lock_file(server, err) && sim_server_refresh(server, err))
        return true;
    sim_server_unlock(server);
    return false;
}

void sim_server_unlock(struct sim_server *server)
{
    if (server->locked)
        flock(server->lock, LOCK_UN);
    server->locked = false;
}

static bool write_all(int fd, off_t at, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, text, len, at);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            text += n;
            at += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* All live objects into a new file, renamed over the old one. */
static bool write_anew(struct sim_server *server, struct err *err)
{
    struct buf text = { 0 };
    struct stat st;
    char *path = x_asprintf("%s/%s.new", server->dir, server->name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    for (size_t i = 0; sim_class_at(i); i++)
        for (size_t j = 0; j < server->lists[i].count; j++)
            sim_object_write(&text, server->lists[i].items[j]);
    bool ok = fd >= 0 && write_all(fd, 0, buf_at(&text), text.len) && fsync(fd) == 0 && fstat(fd, &st) == 0 &&
              rename(path, server->path) == 0;
    if (!ok)
        err_errno(err, path, "cannot write it");
    else {
        server->inode = st.st_ino;
        server->device = st.st_dev;
        server->size = server->base = (off_t)text.len;
    }
    if (fd >= 0)
        close(fd);
    free(path);
    buf_done(&text);
    return ok;
}

/* The file as it was read: one that took its place since is opened anew. */
static bool open_for_writing(struct sim_server *server, struct stat *now)
{
    if (server->out >= 0 && fstat(server->out, now) == 0 && now->st_ino == server->inode && now->st_dev == server->device)
        return true;
    close_file(&server->out);
    server->out = open(server->path, O_WRONLY | O_CLOEXEC);
    return server->out >= 0 && fstat(server->out, now) == 0;
}

/* A killed writer may have left half a line, which would run into ours: the file is cut where the last line
 * ended. */
static bool append(struct sim_server *server, struct buf *line, struct err *err)
{
    struct stat now;
    bool ok = open_for_writing(server, &now) && (now.st_size == server->size || ftruncate(server->out, server->size) == 0) &&
              write_all(server->out, server->size, buf_at(line), line->len);

    if (!ok)
        err_errno(err, server->path, "cannot write it");
    else
        server->size += (off_t)line->len;
    if (ok && server->size > 4 * server->base + (1 << 20))
        return write_anew(server, err);
    return ok;
}

bool sim_store(struct sim_server *server, const struct sim_object *object, struct err *err)
{
    struct buf line = { 0 };

    sim_object_write(&line, object);
    bool ok = append(server, &line, err);
    buf_done(&line);
    if (ok)
        put_object(server, sim_object_copy(&server->mem, object));
    return ok;
}

bool sim_drop(struct sim_server *server, struct sim_object *object, struct err *err)
{
    struct buf line = { 0 };

    buf_addc(&line, '-');
    write_values(&line, object, true);
    bool ok = append(server, &line, err);
    buf_done(&line);
    if (ok)
        remove_object(server, object);
    return ok;
}

/* ------------------------------------------------------------------ dump */

static int compare_values(const struct sim_property *property, const char *a, const char *b)
{
    uint32_t x, y;

    if (property->type == SIM_IPADDRESS && a && b && ip4_parse(a, &x) && ip4_parse(b, &y))
        return x < y ? -1 : x > y;
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_objects(const void *left, const void *right)
{
    const struct sim_object *a = *(struct sim_object *const *)left, *b = *(struct sim_object *const *)right;

    for (size_t i = 0; i < a->class->count; i++) {
        int order = a->class->properties[i].is_key
                        ? compare_values(&a->class->properties[i], a->values[i], b->values[i])
                        : 0;
        if (order)
            return order;
    }
    return 0;
}

void sim_server_dump(const struct sim_server *server, struct buf *out)
{
    for (size_t i = 0; sim_class_at(i); i++) {
        const struct sim_list *list = &server->lists[i];
        if (list->count == 0)
            continue;
        struct sim_object **sorted = x_calloc(list->count, sizeof(struct sim_object *));
        memcpy(sorted, list->items, list->count * sizeof *sorted);
        qsort(sorted, list->count, sizeof *sorted, compare_objects);
        for (size_t j = 0; j < list->count; j++)
            sim_object_write(out, sorted[j]);
        free(sorted);
    }
}
