/* identity.c - one machine under two entries of the list: noticed by what it says of itself, and its objects kept once.
 *
 * RANK_SQL says which entry has those of a role. Nothing is thrown away: what another entry has goes over to that one. */
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

/* ------------------------------------------------------------------ from one entry to another one */
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

/* Rows of two entries with the same key, as ids f and t: ?1's and ?2's. */
static void pairs_sql(const struct object_type *object, struct buf *out)
{
    buf_addf(out, "(SELECT f.id AS f, t.id AS t FROM \"%s\" f JOIN \"%s\" t ON t.server = ?2", object->table, object->table);
    for (size_t i = 0; i < object->property_count; i++)
        if (object->properties[i].flags & PROP_KEY)
            buf_addf(out, " AND t.\"%s\" = f.\"%s\"", schema_column(&object->properties[i]), schema_column(&object->properties[i]));
    buf_adds(out, " WHERE f.server = ?1) p");
}

/* What no server tells (thresholds, when a row was first seen) is the other row's where this one has nothing. */
static void merge_sql(const struct object_type *object, const char *pairs, struct buf *out)
{
    buf_addf(out, "UPDATE \"%s\" AS n SET first_seen = min(coalesce(n.first_seen, o.first_seen), coalesce(o.first_seen, n.first_seen))",
             object->table);
    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *p = &object->properties[i];

        if (schema_column(p) && !p->read.source && !(p->flags & PROP_KEY))
            buf_addf(out, ", \"%s\" = coalesce(n.\"%s\", o.\"%s\")", schema_column(p), schema_column(p), schema_column(p));
    }
    buf_addf(out, " FROM %s JOIN \"%s\" o ON o.id = p.f WHERE n.id = p.t", pairs, object->table);
}

static bool has_history(const struct object_type *object)
{
    for (size_t i = 0; i < object->source_count; i++)
        if (object->sources[i].history)
            return true;
    return false;
}

/* Rows that both have stay those of the new holder, which a round of it may have named already. */
static bool merge_rows(struct store *store, server_id from, server_id to, const struct object_type *object, struct err *err)
{
    struct buf pairs = { 0 }, merge = { 0 };
    char *history, *states;
    bool ok;

    pairs_sql(object, &pairs);
    merge_sql(object, buf_at(&pairs), &merge);
    history = x_asprintf("UPDATE OR IGNORE \"%s_history\" SET scope = p.t FROM %s WHERE scope = p.f", object->table, buf_at(&pairs));
    states = x_asprintf("UPDATE state_change SET row = p.t FROM %s WHERE object = ?3 AND row = p.f", buf_at(&pairs));
    ok = run_for(store, object, buf_at(&merge), from, to, err) && run_for(store, object, states, from, to, err) &&
         (!has_history(object) || run_for(store, object, history, from, to, err)) &&
         run_for(store, object, "DELETE FROM \"%1$s\" WHERE server = ?1", from, 0, err);
    free(states);
    free(history);
    buf_done(&merge);
    buf_done(&pairs);
    return ok;
}

/* How its retrievals ended: what the new holder was told last stays, and the later time at which it went well. */
static bool move_sources(struct store *store, server_id from, server_id to, const struct object_type *object, struct err *err)
{
    return run_for(store, object, "UPDATE source AS n SET ok_at = coalesce(max(n.ok_at, o.ok_at), n.ok_at, o.ok_at) FROM source o"
                   " WHERE o.server = ?1 AND o.object = ?3 AND n.server = ?2 AND n.object = ?3 AND n.source = o.source",
                   from, to, err) &&
           run_for(store, object, "UPDATE OR IGNORE source SET server = ?2 WHERE server = ?1 AND object = ?3", from, to, err) &&
           run_for(store, object, "DELETE FROM source WHERE server = ?1 AND object = ?3", from, to, err);
}

static bool has_any(struct store *store, server_id server, const struct object_type *object, bool *any, struct err *err)
{
    char *sql = x_asprintf("SELECT EXISTS (SELECT 1 FROM \"%s\" WHERE server = ?1)"
                           " OR EXISTS (SELECT 1 FROM source WHERE server = ?1 AND object = ?2)", object->table);
    sqlite3_stmt *stmt = store_prepare(store, sql, err);
    bool ok;

    free(sql);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    sqlite3_bind_text(stmt, 2, object->name, -1, SQLITE_STATIC);
    ok = sqlite3_step(stmt) == SQLITE_ROW || store_fail(store, "looking for the same machine", err);
    *any = ok && sqlite3_column_int(stmt, 0);
    store_release(store, stmt);
    return ok;
}

/* Rows keep their ids, and with them history and what was set by hand. */
static bool move_object(struct store *store, server_id from, server_id to, const struct object_type *object, struct err *err)
{
    bool any;

    if (!has_any(store, from, object, &any, err) || !any)
        return !any;
    return run_for(store, object, "UPDATE OR IGNORE \"%1$s\" SET server = ?2 WHERE server = ?1", from, to, err) &&
           (!object->find_table ||
            (run_for(store, object, "UPDATE OR IGNORE \"%1$s_find\" SET server = ?2 WHERE server = ?1", from, to, err) &&
             run_for(store, object, "DELETE FROM \"%1$s_words\" WHERE server IN (?1, ?2)", from, to, err))) &&
           merge_rows(store, from, to, object, err) && move_sources(store, from, to, object, err) &&
           run_for(store, object, "UPDATE state_change SET server = ?2 WHERE server = ?1 AND object = ?3", from, to, err) &&
           (!object->touch ||
            run_for(store, object, "INSERT OR IGNORE INTO \"%1$s_touch\" SELECT 0, \"%2$s\" FROM \"%1$s\" WHERE server = ?1", to, 0, err)) &&
           totals_update(store, to, object, err) && forget_totals(store, from, object, err);
}

#define ENTRIES_SQL(word, object, source)                                                                                \
    "SELECT d.id, " HAS_OBJECTS_SQL("d", object, source) ", " HAS_ROLE_SQL("d", word) " FROM server o JOIN server d ON "  \
    SAME_MACHINE_SQL " WHERE o.id = ?1 ORDER BY 3 DESC, " RANK_SQL("d", object, source)
static const struct {
    unsigned role;
    const char *sql; /* entries of the machine, who is to have its objects first; does it have them, and that role */
} roles_kept[] = { { ROLE_DHCP, ROLE_DHCP_SQL(ENTRIES_SQL) }, { ROLE_DNS, ROLE_DNS_SQL(ENTRIES_SQL) } };

struct entries {
    server_id *ids;
    size_t count, cap;
    size_t able; /* the first ones: they have the role */
    bool known;  /* one of them has the objects: before that each keeps what it was told */
};

static bool read_entries(struct store *store, const char *sql, server_id server, struct entries *out, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, sql, err);
    int rc;

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        out->known = out->known || sqlite3_column_int(stmt, 1);
        out->able += sqlite3_column_int(stmt, 2) != 0;
        x_grow(&out->ids, &out->cap, out->count + 1, sizeof(*out->ids));
        out->ids[out->count++] = sqlite3_column_int64(stmt, 0);
    }
    return rows_end(store, stmt, rc, err);
}

static bool move_role(struct store *store, server_id from, server_id to, unsigned role, struct err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && catalog_objects[i]; i++)
        if (is_of(catalog_objects[i], role))
            ok = move_object(store, from, to, catalog_objects[i], err);
    return ok;
}

bool identity_settle(struct store *store, server_id server, struct err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < COUNT(roles_kept); i++) {
        struct entries entries = { 0 };

        ok = read_entries(store, roles_kept[i].sql, server, &entries, err);
        for (size_t from = 1; ok && entries.known && entries.able > 0 && from < entries.count; from++)
            ok = move_role(store, entries.ids[from], entries.ids[0], roles_kept[i].role, err);
        free(entries.ids);
    }
    return ok;
}

bool identity_leave(struct store *store, server_id server, struct err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < COUNT(roles_kept); i++) {
        struct entries entries = { 0 };
        size_t heir;

        ok = read_entries(store, roles_kept[i].sql, server, &entries, err);
        heir = ok && entries.count > 0 && entries.ids[0] == server;
        if (ok && heir < entries.able)
            ok = move_role(store, server, entries.ids[heir], roles_kept[i].role, err);
        free(entries.ids);
    }
    return ok;
}
