/* store.h - the one SQLite file: servers, what was learnt, history, plans, journal. The schema is in ipamtui-schema(5).
 *
 * A connection belongs to one thread (store_interrupt() apart). One connection of a process writes: the collector's, or the
 * command line's own. WAL, foreign keys, mode 0600. Tables of objects follow the catalogue: a new property is a new column at
 * the next opening. A newer schema is refused by name; a damaged file is reported and left as it is; a network file system
 * is refused with the way out (--db). */
#ifndef IPAM_STORE_H
#define IPAM_STORE_H

#include "ipamtui/catalog.h"
#include "ipamtui/utilization.h"

struct store;
enum store_mode { STORE_READ, STORE_WRITE }; /* READ of a file that does not exist: ERR_NOT_FOUND */
bool store_open(const char *path, enum store_mode mode, struct store **out, struct err *err);
void store_close(struct store *store); /* NULL is fine */
const char *store_path(const struct store *store); /* the file itself, also where a link was opened */
/* A reader whose user may not write the file or its folder writes nothing there. Without a writer's files beside it, it reads
 * without locks; then this says at the end whether the file stayed as it was. ERR_CONFLICT: it did not. */
bool store_unchanged(const struct store *store, struct err *err);
void store_interrupt(struct store *store); /* any thread: the running statement ends with ERR_CANCELLED */
void store_set_thresholds(struct store *store, struct thresholds t);
/* Changes whenever another connection committed something. */
int64_t store_data_version(struct store *store);

bool store_begin(struct store *store, struct err *err); /* immediate; waits at most 5 s for another writer */
bool store_commit(struct store *store, struct err *err); /* survives a killed process; a power cut may lose the newest ones */
bool store_commit_durable(struct store *store, struct err *err); /* on disk when it returns: for the journal */
void store_rollback(struct store *store);

/* -------- servers. values: catalog_servers.property_count, only PROP_LOCAL ones are used; "name" must be set. */
bool store_server_add(struct store *store, const struct value *values, server_id *out, struct err *err); /* ERR_CONFLICT: name taken */
bool store_server_set(struct store *store, server_id server, int property, struct value v, struct err *err);
bool store_server_remove(struct store *store, server_id server, struct err *err); /* with all that was learnt of it, unless
 * another entry for the same machine and role is there to keep it */
bool store_server_find(struct store *store, const char *name, server_id *out, struct err *err); /* ERR_NOT_FOUND; case folded */

/* -------- what was learnt. Inside begin/commit of the caller. */
/* First call of a round for a source: first = true. Rows by key: inserted or updated, row ids stay; what is as before is not
 * written. SOURCE_ADDS and SOURCE_BY_ORDER leave rows alone that the defining source did not name. Object "servers": one row, the
 * server's own. */
bool store_put_rows(struct store *store, server_id server, const struct object_type *object, int source,
                    const struct value *values, size_t row_count, bool first, int64_t now_s, struct err *err);
/* Rows read again outside of a round, maybe in part: by property, known says what values holds of the source's; the rest stays as it
 * is. Rows are made where the source defines them. */
bool store_put_again(struct store *store, server_id server, const struct object_type *object, int source,
                     const struct value *values, size_t row_count, const bool *known, int64_t now_s, struct err *err);
/* The source ended. ok = true: rows of a SOURCE_DEFINES that this round did not name are deleted (all of them, if it had no rows
 * at all); of a SOURCE_ADDS their properties become unknown. Else error is kept with the source. */
bool store_source_done(struct store *store, server_id server, const struct object_type *object, int source, bool ok,
                       const char *result /* "done", "not offered", "denied", "failed", "lost" */, const char *error,
                       int64_t now_s, struct err *err);
/* What is summed up over servers (zones: health, lag, one line a zone) for the rows that were touched since the last time by these
 * servers, who have told everything, by the state of any server, or by hand. Rows of servers that are still answering stay as they
 * were judged last: half an answer makes no state. Inside the transaction that touched them; when nothing was, it costs nothing. */
bool store_settle(struct store *store, const server_id *servers, size_t count, int64_t now_s, struct err *err);
/* How full a scope was, oldest first. Samples are kept hourly for some days, daily for some months, and only where something changed. */
typedef bool store_history_fn(void *ctx, int64_t at_s, int64_t in_use, int64_t free);
/* object: scopes or scopes6; an IPv6 scope has at most 2^62 free addresses here. */
bool store_scope_history(struct store *store, const struct object_type *object, row_id scope, int64_t since_s, store_history_fn *fn,
                         void *ctx, struct err *err);
/* Thresholds of one scope (object: scopes or scopes6); V_NULL = as configured for all. ERR_INPUT: over below under. */
bool store_scope_thresholds(struct store *store, const struct object_type *object, row_id scope, struct value over,
                            struct value under, struct err *err);
/* A round that was given up without store_source_done(): forgets which rows it named. */
void store_round_forget(struct store *store, server_id server);
/* Removes one row (after a change deleted it on the server). */
bool store_row_remove(struct store *store, const struct object_type *object, row_id row, struct err *err);
/* Row with these keys (values: object->property_count, only keys are read). ERR_NOT_FOUND. */
bool store_row_find(struct store *store, server_id server, const struct object_type *object, const struct value *values,
                    row_id *out, struct err *err);
/* Facts of the server row (reachable, error, last_seen, dhcp_service ...): property place and value. State changes are kept. */
bool store_server_fact(struct store *store, server_id server, int property, struct value v, int64_t now_s, struct err *err);
/* Roles (ROLE_...) of a server that another entry of the list has for the same machine: computer, domain and machine are the same. It
 * holds the data: what is put under this server for such a role is dropped. *roles 0: none, or not known; by, unless NULL: that entry's name, or "".
 * Where it does not answer any more and this one does, this one takes over with all that is known (catalog.h: RANK_SQL). */
bool store_server_covered(struct store *store, server_id server, unsigned *roles, char by[64], struct err *err);
/* Per source: when answered last, result, error; fn false = stop. */
typedef bool store_source_fn(void *ctx, const char *object, const char *source, const char *result, const char *error,
                             int64_t done_at, int64_t ok_at);
bool store_sources(struct store *store, server_id server, store_source_fn *fn, void *ctx, struct err *err);

/* -------- lists. Expressions in where use o (the object's table), s (its server) and f (TABLE_find), as query.h compiles them.
 * Besides SQLite's own functions there are has(text, word): text contains word, byte by byte; contains(text, word): ASCII
 * case folded; both 0 for NULL. And shows(object, property, dates, now, word, wild, value): the cell of the value, as
 * property_show_dated() has it, contains the word, or (wild) is like that pattern; object is a place in catalog_objects. */
struct sort_key {
    int property;
    bool descending;
};
struct list_spec {
    const struct object_type *object;
    const char *where;          /* NULL or "" = all */
    const struct value *params; /* for the ?s of where, in order */
    size_t param_count;
    struct sort_key keys[4];    /* key_count 0 = the object's default order */
    size_t key_count;
};
/* Streams row ids in order, in chunks (the first one small, so that a screen can be filled); fn false = stop. */
typedef bool list_ids_fn(void *ctx, const row_id *ids, size_t count);
bool store_list_ids(struct store *store, const struct list_spec *spec, list_ids_fn *fn, void *ctx, struct err *err);
/* Whole rows (computed properties too) in the order of ids; a row that is gone has id 0. Texts in arena. */
bool store_rows(struct store *store, const struct object_type *object, const row_id *ids, size_t count, struct arena *arena,
                struct row *out, struct err *err);
/* Streams whole rows; row and texts live until fn returns. */
typedef bool list_row_fn(void *ctx, const struct row *row);
bool store_list_rows(struct store *store, const struct list_spec *spec, list_row_fn *fn, void *ctx, struct err *err);
bool store_count(struct store *store, const struct list_spec *spec, int64_t *out, struct err *err);
/* SQL expression of a property over o and s ("o.lease_duration", "s.name", the computed one). */
const char *store_expression(const struct object_type *object, int property);

/* -------- small things the console remembers (columns, sort, filter per pane). NULL value deletes. */
bool store_setting_put(struct store *store, const char *key, const char *value, struct err *err);
char *store_setting_get(struct store *store, const char *key); /* the caller frees; NULL = none, or it cannot be read */
/* The same where the difference matters: *out NULL = there is none. */
bool store_setting_read(struct store *store, const char *key, char **out, struct err *err);
/* The dialect that a server was found to speak where nobody chose one: trying the other first costs a time-out. NULL: not known; in
 * put: forget it. The caller frees. */
bool store_server_dialect_put(struct store *store, server_id server, const char *dialect, struct err *err);
char *store_server_dialect(struct store *store, server_id server);

#endif
