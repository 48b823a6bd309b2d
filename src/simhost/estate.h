/* estate.h - one server of a simulated estate: objects of the classes in classes.tsv, kept in a text file.
 *
 * DIR/NAME.state: "Class<TAB>Property=value<TAB>...", one object a line; a later line with the same key
 * replaces an earlier one, a line that begins with '-' removes it. Changes are appended under a lock
 * (DIR/NAME.lock), so that any number of processes may serve and change one server; a half-written last line
 * is ignored. When what was appended outweighs the rest, the file is written anew and renamed into place.
 * Values are text in the form of CLIXML ("P8D", "true", "10.0.0.0"). */
#ifndef SIMHOST_ESTATE_H
#define SIMHOST_ESTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ipamtui/err.h"
#include "ipamtui/mem.h"
#include "tables.h"

struct sim_object {
    const struct sim_class *class;
    const char **values; /* class->count; NULL = $null */
    bool gone;           /* removed or replaced */
};

struct sim_list {
    struct sim_object **items;
    size_t count, cap;
};

struct sim_server {
    char *dir, *name, *path;
    struct arena mem;          /* objects and their values */
    struct sim_list *lists;    /* one a class, in class_table order; may hold gone ones */
    struct sim_object **index; /* hash by class and key */
    size_t index_cap, index_used;
    dev_t device;
    ino_t inode;
    off_t size, base; /* bytes read; bytes when it was last written anew */
    int lock;         /* descriptor of the lock file, -1 = not opened yet */
    bool locked;
    int out;          /* descriptor of the state file, for writing, -1 = not opened yet */
};

/* Loads DIR/NAME.state. ERR_NOT_FOUND, ERR_IO, ERR_INPUT (file and line). */
bool sim_server_open(struct sim_server *server, const char *dir, const char *name, struct err *err);
void sim_server_done(struct sim_server *server); /* also on a zeroed one */
/* Reads what other processes changed since. Objects found before may be gone afterwards. */
bool sim_server_refresh(struct sim_server *server, struct err *err);
/* Exclusive; refreshes. Between the two, sim_store and sim_drop. */
bool sim_server_lock(struct sim_server *server, struct err *err);
void sim_server_unlock(struct sim_server *server);

/* A new object with all values NULL, not yet in the server. In mem. */
struct sim_object *sim_object_new(struct arena *mem, const struct sim_class *class);
struct sim_object *sim_object_copy(struct arena *mem, const struct sim_object *from);
const char *sim_value(const struct sim_object *object,
                      const char *property); /* NULL = $null or no such property */
/* value is copied into mem; NULL is allowed. */
void sim_set(struct arena *mem, struct sim_object *object, const char *property, const char *value);
uint64_t sim_hash(uint64_t hash, const char *text); /* with text (may be NULL) as one value more */
uint64_t sim_number(const struct sim_object *object, const char *property); /* 0 when it is none */

/* The live object of this class with the keys (one text per key property, in order; NULL counts as ""). */
struct sim_object *sim_find(const struct sim_server *server, const struct sim_class *class,
                            const char *const *keys);
struct sim_object *sim_find1(const struct sim_server *server, const char *class,
                             const char *key); /* first key; the others empty */
struct sim_object *sim_same(const struct sim_server *server,
                            const struct sim_object *object); /* the one with its keys */
const struct sim_list *sim_list(const struct sim_server *server, const char *class);
struct sim_object *
sim_host(const struct sim_server *server); /* its SimHost row; never NULL in an opened server */

/* Puts a copy of object in place of the one with its keys, or adds it, and writes that. Locked. */
bool sim_store(struct sim_server *server, const struct sim_object *object, struct err *err);
bool sim_drop(struct sim_server *server, struct sim_object *object, struct err *err);

/* Appends the object's line. */
void sim_object_write(struct buf *out, const struct sim_object *object);
/* All live objects, classes in table order, sorted by key: equal text = equal state. */
void sim_server_dump(const struct sim_server *server, struct buf *out);

#endif
