/* store_int.h - inside of the store: the connection, its statements, the schema's steps. */
#ifndef STORE_INT_H
#define STORE_INT_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "ipamtui/store.h"

#define STORE_APPLICATION_ID 0x49504d54 /* "IPMT" */
#define STORE_BUSY_MS 5000

/* Rows that a round has named so far. */
struct round {
    server_id server;
    const struct object_type *object;
    int source;
    row_id *ids;
    size_t count, cap;
    bool unsure; /* a transaction was rolled back meanwhile: ids may be of rows that never were */
};

struct store_statement {
    char *sql;
    sqlite3_stmt *stmt;
    bool busy;
};

struct store {
    sqlite3 *db;
    char *path;
    enum store_mode mode;
    struct thresholds thresholds;
    struct store_statement *statements;
    size_t statement_count, statement_cap;
    struct round *rounds;
    size_t round_count, round_cap;
    int64_t swept_s; /* when the history of what is gone was swept out; 0 = not yet */
    int wal_fd; /* for store_commit_durable(); -1 until needed */
    bool readonly, unlocked; /* opened by readonly_open(); without locks, when the file was like this: */
    struct stat seen;
};

/* ------------------------------------------------------------------ sql.c */
/* A statement ready to be bound, from the connection's cache. Give it back with store_release(). NULL: err is set. */
sqlite3_stmt *store_prepare(struct store *store, const char *sql, struct err *err);
void store_release(struct store *store, sqlite3_stmt *stmt);
/* Runs it to its end, ignoring rows, and gives it back. */
bool store_run(struct store *store, sqlite3_stmt *stmt, const char *doing, struct err *err);
/* Statements without parameters. */
bool store_exec(struct store *store, const char *sql, const char *doing, struct err *err);
/* First integer of a statement; fallback if it gives no row. */
bool store_integer(struct store *store, const char *sql, int64_t fallback, int64_t *out, struct err *err);
void store_bind(sqlite3_stmt *stmt, int at, struct value v); /* text is not copied: it must live until the step */
/* A column as a value; text lives until the next step. */
struct value store_column(sqlite3_stmt *stmt, int at);
/* Turns the connection's last error into err. doing: "reading a list". Returns false. */
bool store_fail(struct store *store, const char *doing, struct err *err);
bool store_functions(struct store *store); /* registers has(), contains() and the others */
/* ------------------------------------------------------------------ cells.c: shows(), as store.h has it */
void store_sql_shows(sqlite3_context *context, int count, sqlite3_value **args);
/* Short form of the path for err.where. */
const char *store_where(const struct store *store);

/* ------------------------------------------------------------------ place.c */
/* Is this kind of file system shared over a network, so that WAL cannot work there? type: statfs f_type; mount: its name in
 * mountinfo ("fuse.sshfs"), or "". Returns what it is called ("NFS"), or NULL. */
const char *place_network(long type, const char *mount);
/* Checks the folder of path; make: creates missing folders (0700). */
bool place_check(const char *path, bool make, struct err *err);

/* ------------------------------------------------------------------ readonly.c */
/* May this user not write the file or its folder? */
bool readonly_for_us(const char *path);
/* Opens store->db so that nothing is written anywhere. An SQLite result. */
int readonly_open(struct store *store);
/* Says which file stands in the way of reading and what to do; false: always, err is set only if it is one of ours. */
bool readonly_explain(const struct store *store, struct err *err);
/* "WHAT: the database cannot be written by you (it belongs to root, mode 0644)". Returns false. */
bool readonly_refused(const struct store *store, const char *what, struct err *err);

/* ------------------------------------------------------------------ schema.c, steps.c */
/* Steps forward, in order, each once: user_version is the number of the last one done. Append only. */
struct store_step {
    const char *name, *sql;
};
extern const struct store_step store_steps[];
extern const size_t store_step_count;
/* Is the file's schema ours? *current: nothing to do. ERR_INPUT: newer than we are, or somebody else's database. */
bool schema_check(struct store *store, bool *current, struct err *err);
/* Brings it to ours. */
bool schema_update(struct store *store, struct err *err);
/* Column of a property in its table; NULL: it has none (computed). */
const char *schema_column(const struct property *property);
/* INSERT INTO TABLE_words ... for server ?1, unless it is there. */
void schema_words_sql(const struct object_type *object, struct buf *out);
/* Tables, indexes, triggers and views of one object type, as one SQL text (also for tests and the schema page). */
void schema_object_ddl(const struct object_type *object, struct buf *out);

/* ------------------------------------------------------------------ changes of state, totals (states.c) */
/* If property is a PROP_STATE and before and after differ, keeps that. name: what the row is called. */
bool states_note(struct store *store, server_id server, const struct object_type *object, row_id row, const char *name,
                 const struct property *property, struct value before, struct value after, int64_t now_s, struct err *err);
/* Who answers as this server was told, or it has told its objects: what entries of one machine have is left to one of them
 * (identity.c). */
bool identity_settle(struct store *store, server_id server, struct err *err);
/* This server is about to be removed: what it has goes to another entry of its machine for the same role, if there is one. */
bool identity_leave(struct store *store, server_id server, struct err *err);
/* *covers: is a source's answer about objects that another entry has? */
bool identity_covers(struct store *store, server_id server, const struct object_type *object, const struct source *source, bool *covers,
                     struct err *err);
/* All searched text of the server's rows, if it was thrown away. */
bool words_update(struct store *store, server_id server, const struct object_type *object, struct err *err);
/* Sums over object's rows that its server keeps. */
bool totals_update(struct store *store, server_id server, const struct object_type *object, struct err *err);

/* The server's scopes were counted: samples for their history, and their trend (history.c). */
bool history_note(struct store *store, server_id server, const struct object_type *object, int64_t now_s, struct err *err);

#endif
