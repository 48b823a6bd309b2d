/* identity.c - one machine under two entries of the list: noticed by what it says of itself, and its objects kept once.
 *
 * RANK_SQL says which entry has them. Entries of one machine for different roles share nothing, so both keep theirs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_int.h"

/* The end of a loop over rows. */
static bool rows_end(struct store *store, sqlite3_stmt *stmt, int rc, struct err *err)
{
    bool ok = rc == SQLITE_DONE || store_fail(store, "looking for the same machine", err);

    store_release(store, stmt);
    return ok;
}

bool store_server_covered(struct store *store, server_id server, unsigned *roles, char by[64], struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT d.name, " COVERS_DHCP_SQL ", " COVERS_DNS_SQL " FROM server o JOIN server d ON "
                                       SAME_MACHINE_SQL " WHERE o.id = ?1 AND (" COVERS_DHCP_SQL " OR " COVERS_DNS_SQL ") ORDER BY d.id",
                                       err);
    unsigned found = 0;
    int rc;

    if (!stmt)
        return false;
    if (by)
        by[0] = '\0';
    sqlite3_bind_int64(stmt, 1, server);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (by && !found)
            snprintf(by, 64, "%s", (const char *)sqlite3_column_text(stmt, 0));
        found |= (sqlite3_column_int(stmt, 1) ? (unsigned)ROLE_DHCP : 0) | (sqlite3_column_int(stmt, 2) ? (unsigned)ROLE_DNS : 0);
    }
    if (!rows_end(store, stmt, rc, err))
        return false;
    *roles = found;
    return true;
}

bool identity_covers(struct store *store, server_id server, const struct object_type *object, const struct source *source, bool *covers,
                     struct err *err)
{
    unsigned roles = 0;

    *covers = false;
    if (object == &catalog_servers)
        return true;
    if (!store_server_covered(store, server, &roles, NULL, err))
        return false;
    *covers = (source->role & roles) != 0;
    return true;
}

/* Runs a statement of the object: %1$s is its table, %2$s what its rows are summed up by; ?1 and ?2 are the entries, ?3 its name. */
static bool run_for(struct store *store, const struct object_type *object, const char *format, server_id one, server_id two, struct err *err)
{
    char *sql = x_asprintf(format, object->table, object->touch);
    sqlite3_stmt *stmt = store_prepare(store, sql, err);

    free(sql);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, one);
    if (sqlite3_bind_parameter_count(stmt) > 1)
        sqlite3_bind_int64(stmt, 2, two);
    if (sqlite3_bind_parameter_count(stmt) > 2)
        sqlite3_bind_text(stmt, 3, object->name, -1, SQLITE_STATIC);
    return store_run(store, stmt, "sorting out what two entries have of one machine", err);
}

static bool is_of(const struct object_type *object, unsigned roles)
{
    unsigned its = 0;

    for (size_t i = 0; i < object->source_count; i++)
        its |= object->sources[i].role;
    return object != &catalog_servers && !object->apart && (its & roles) != 0;
}

/* ------------------------------------------------------------------ what a duplicate had */
/* Totals are not known any more, which is not 0. */
static bool forget_totals(struct store *store, server_id server, const struct object_type *object, struct err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < catalog_servers.property_count; i++) {
        const struct property *p = &catalog_servers.properties[i];
        char *sql;

        if (!p->total.object || catalog_find(p->total.object) != object)
            continue;
        sql = x_asprintf("UPDATE server SET \"%s\" = NULL WHERE id = ?1", schema_column(p));
        ok = run_for(store, object, sql, server, 0, err);
        free(sql);
    }
    return ok;
}

static bool drop_object(struct store *store, server_id server, const struct object_type *object, struct err *err)
{
    return run_for(store, object, "DELETE FROM \"%1$s\" WHERE server = ?1", server, 0, err) &&
           run_for(store, object, "DELETE FROM source WHERE server = ?1 AND object = ?3", server, 0, err) &&
           (!object->find_table || run_for(store, object, "DELETE FROM \"%1$s_words\" WHERE server = ?1", server, 0, err)) &&
           forget_totals(store, server, object, err);
}

static bool drop_covered(struct store *store, server_id server, struct err *err)
{
    unsigned covered = 0;
    bool ok = store_server_covered(store, server, &covered, NULL, err);

    for (size_t i = 0; ok && covered && catalog_objects[i]; i++)
        if (is_of(catalog_objects[i], covered))
            ok = drop_object(store, server, catalog_objects[i], err);
    return ok;
}

/* ------------------------------------------------------------------ what an entry has from one that does not answer any more */
/* Rows keep their ids, and with them history and what was set by hand. What the new holder has told already stays as it told it. */
static bool move_object(struct store *store, server_id from, server_id to, const struct object_type *object, struct err *err)
{
    return run_for(store, object, "UPDATE OR IGNORE \"%1$s\" SET server = ?2 WHERE server = ?1", from, to, err) &&
           run_for(store, object, "UPDATE OR REPLACE source SET server = ?2 WHERE server = ?1 AND object = ?3", from, to, err) &&
           run_for(store, object, "UPDATE state_change SET server = ?2 WHERE server = ?1 AND object = ?3", from, to, err) &&
           (!object->find_table ||
            (run_for(store, object, "UPDATE OR IGNORE \"%1$s_find\" SET server = ?2 WHERE server = ?1", from, to, err) &&
             run_for(store, object, "DELETE FROM \"%1$s_words\" WHERE server IN (?1, ?2)", from, to, err))) &&
           (!object->touch ||
            run_for(store, object, "INSERT OR IGNORE INTO \"%1$s_touch\" SELECT 0, \"%2$s\" FROM \"%1$s\" WHERE server = ?1", to, 0, err)) &&
           totals_update(store, to, object, err);
}

#define HOLDERS_SQL(word, object)                                                                                        \
    "SELECT d.id, " HAS_OBJECTS_SQL("d", "'" object "'") ", " IS_DOWN_SQL("d") " FROM server o JOIN server d ON " SAME_MACHINE_SQL \
    " WHERE o.id = ?1 AND " HAS_ROLE_SQL("d", word) " ORDER BY " RANK_SQL("d")
static const struct {
    unsigned role;
    const char *sql; /* entries of the machine, who is to have them first; do they, and are they down */
} holders[] = { { ROLE_DHCP, HOLDERS_SQL("dhcp", "scopes") }, { ROLE_DNS, HOLDERS_SQL("dns", "zoneservers") } };

/* *from 0: nothing is to be taken over. */
static bool read_holders(struct store *store, const char *sql, server_id server, server_id *from, server_id *to, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, sql, err);
    int rc;

    *from = *to = 0;
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && *from == 0) {
        bool has = sqlite3_column_int(stmt, 1), down = sqlite3_column_int(stmt, 2);

        if (*to == 0 && (has || down))
            break; /* it has them already, or nobody answers */
        if (*to == 0)
            *to = sqlite3_column_int64(stmt, 0);
        else if (has && down)
            *from = sqlite3_column_int64(stmt, 0);
        else if (has)
            break; /* one that answers keeps what it has */
    }
    if (rc == SQLITE_ROW)
        rc = SQLITE_DONE;
    return rows_end(store, stmt, rc, err);
}

static bool take_over(struct store *store, server_id server, struct err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < COUNT(holders); i++) {
        server_id from, to;

        ok = read_holders(store, holders[i].sql, server, &from, &to, err);
        for (size_t at = 0; ok && from && catalog_objects[at]; at++)
            if (is_of(catalog_objects[at], holders[i].role))
                ok = move_object(store, from, to, catalog_objects[at], err);
    }
    return ok;
}

bool identity_settle(struct store *store, server_id server, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT d.id FROM server o JOIN server d ON " SAME_MACHINE_SQL " WHERE o.id = ?1", err);
    server_id *entries = NULL;
    size_t count = 0, cap = 0;
    int rc;
    bool ok;

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        x_grow(&entries, &cap, count + 1, sizeof(*entries));
        entries[count++] = sqlite3_column_int64(stmt, 0);
    }
    ok = rows_end(store, stmt, rc, err) && (count < 2 || take_over(store, server, err));
    for (size_t i = 0; ok && count > 1 && i < count; i++)
        ok = drop_covered(store, entries[i], err);
    free(entries);
    return ok;
}
