/* steps.c - the tables that do not come from the catalogue, as steps forward. A step that was released never changes; what
 * is new is a new step at the end. The newest step's number is the file's user_version.
 *
 * Tables of the catalogue (server, scope, exclusion ...) get their columns from schema.c. */
#include "store_int.h"

const struct store_step store_steps[] = {
    { "first light",
      /* Other columns of the servers come from the catalogue. */
      "CREATE TABLE server(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE UNIQUE,"
      " added_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s') AS INTEGER)));"
      "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
      "CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
      /* How each call that brings properties ended: when last, and when last well. */
      "CREATE TABLE source(server INTEGER NOT NULL REFERENCES server(id) ON DELETE CASCADE, object TEXT NOT NULL,"
      " source TEXT NOT NULL, result TEXT NOT NULL, error TEXT, done_at INTEGER NOT NULL, ok_at INTEGER,"
      " PRIMARY KEY(server, object, source)) WITHOUT ROWID;"
      /* What we saw change of the properties that are states. */
      "CREATE TABLE state_change(id INTEGER PRIMARY KEY, server INTEGER NOT NULL REFERENCES server(id) ON DELETE CASCADE,"
      " object TEXT NOT NULL, row INTEGER NOT NULL, name TEXT, property TEXT NOT NULL, before, after, at INTEGER NOT NULL);"
      "CREATE INDEX state_change_row ON state_change(object, row, property, at);"
      "CREATE INDEX state_change_server ON state_change(server);"
      "CREATE INDEX state_change_at ON state_change(at);" },
    { "plans and changes",
      /* phase: pending (the plan), running (owned by the process that is named), ended. */
      "CREATE TABLE change(id INTEGER PRIMARY KEY AUTOINCREMENT, phase TEXT NOT NULL, what TEXT NOT NULL, who TEXT,"
      " origin TEXT, tool TEXT, made_at INTEGER NOT NULL, begun_at INTEGER, ended_at INTEGER,"
      " of INTEGER REFERENCES change(id) ON DELETE SET NULL, relation TEXT, revision INTEGER NOT NULL DEFAULT 1,"
      " owner_host TEXT, owner_boot TEXT, owner_space TEXT, owner_pid INTEGER, owner_start INTEGER);"
      "CREATE UNIQUE INDEX change_pending ON change(phase) WHERE phase = 'pending';"
      /* One value of one object on one server. No reference to server: history outlives it. */
      "CREATE TABLE change_step(id INTEGER PRIMARY KEY, change INTEGER NOT NULL REFERENCES change(id) ON DELETE CASCADE,"
      " no INTEGER NOT NULL, server INTEGER NOT NULL, server_name TEXT NOT NULL, object TEXT NOT NULL, key TEXT NOT NULL,"
      " title TEXT, op TEXT NOT NULL, property TEXT, before, after, call INTEGER NOT NULL, rests_on INTEGER,"
      " state TEXT NOT NULL, found, text TEXT, error_id TEXT, hint TEXT, session TEXT, opened_at INTEGER,"
      " settled_at INTEGER, UNIQUE(change, no));" },
    { "steps in words", "ALTER TABLE change_step ADD COLUMN what TEXT;" },
    { "zones and history",
      /* One line a zone over all servers; store_settle() keeps it. */
      "CREATE TABLE zone(id INTEGER PRIMARY KEY AUTOINCREMENT, zone TEXT NOT NULL COLLATE NOCASE UNIQUE,"
      " family TEXT, network TEXT, types TEXT, storage TEXT, servers INTEGER NOT NULL, answering INTEGER NOT NULL,"
      " bad INTEGER NOT NULL, health TEXT NOT NULL COLLATE NOCASE, cause TEXT, since INTEGER, since_at_least INTEGER,"
      " serials TEXT, lagging INTEGER NOT NULL);"
      "CREATE INDEX zone_health ON zone(health);"
      /* How full scopes were: hourly for some days, daily for some months. A trigger of the scopes' table would cost more than
       * the pruning, which throws away what is of no scope any more. */
      "CREATE TABLE scope_history(scope INTEGER NOT NULL, at INTEGER NOT NULL, in_use INTEGER NOT NULL, free INTEGER NOT NULL,"
      " PRIMARY KEY(scope, at)) WITHOUT ROWID;" },
    { "history of IPv6 scopes",
      "CREATE TABLE scope6_history(scope INTEGER NOT NULL, at INTEGER NOT NULL, in_use INTEGER NOT NULL, free INTEGER NOT NULL,"
      " PRIMARY KEY(scope, at)) WITHOUT ROWID;" },
};
const size_t store_step_count = COUNT(store_steps);
