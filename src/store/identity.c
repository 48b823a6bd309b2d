/* identity.c - one machine under two entries of the list: noticed by what it says of itself, and its objects kept once.
 *
 * The older entry has them. Entries of one machine for different roles share nothing, so both keep theirs. */
#include <stdlib.h>
#include <string.h>

#include "store_int.h"

/* Entry d is the same machine as entry o. */
#define SAME "d.computer = o.computer AND coalesce(d.domain, '') = coalesce(o.domain, '') AND d.machine = o.machine AND d.id <> o.id"

unsigned store_server_covered(struct store *store, server_id server)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT o.role, d.role FROM server o JOIN server d ON " SAME " AND d.id < o.id WHERE o.id = ?1", NULL);
    unsigned roles = 0;

    if (!stmt)
        return 0;
    sqlite3_bind_int64(stmt, 1, server);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        roles |= catalog_roles((const char *)sqlite3_column_text(stmt, 0)) & catalog_roles((const char *)sqlite3_column_text(stmt, 1));
    store_release(store, stmt);
    return roles;
}

bool identity_covers(struct store *store, server_id server, const struct object_type *object, int source)
{
    return object != &catalog_servers && (object->sources[source].role & store_server_covered(store, server)) != 0;
}

/* ------------------------------------------------------------------ what a duplicate had */
static bool run_for(struct store *store, server_id server, char *sql_take, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, sql_take, err);

    free(sql_take);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    return store_run(store, stmt, "dropping what another entry has", err);
}

/* Totals are not known any more, which is not 0. */
static bool forget_totals(struct store *store, server_id server, const struct object_type *object, struct err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < catalog_servers.property_count; i++) {
        const struct property *p = &catalog_servers.properties[i];

        if (p->total.object && catalog_find(p->total.object) == object)
            ok = run_for(store, server, x_asprintf("UPDATE server SET \"%s\" = NULL WHERE id = ?1", schema_column(p)), err);
    }
    return ok;
}

static bool drop_object(struct store *store, server_id server, const struct object_type *object, struct err *err)
{
    return run_for(store, server, x_asprintf("DELETE FROM \"%s\" WHERE server = ?1", object->table), err) &&
           run_for(store, server, x_asprintf("DELETE FROM source WHERE server = ?1 AND object = '%s'", object->name), err) &&
           (!object->find_table || run_for(store, server, x_asprintf("DELETE FROM \"%s_words\" WHERE server = ?1", object->table), err)) &&
           forget_totals(store, server, object, err);
}

static unsigned roles_of(const struct object_type *object)
{
    unsigned roles = 0;

    for (size_t i = 0; i < object->source_count; i++)
        roles |= object->sources[i].role;
    return roles;
}

static bool drop_covered(struct store *store, server_id server, struct err *err)
{
    unsigned covered = store_server_covered(store, server);
    bool ok = true;

    for (size_t i = 0; ok && covered && catalog_objects[i]; i++)
        if (catalog_objects[i] != &catalog_servers && !catalog_objects[i]->apart && (roles_of(catalog_objects[i]) & covered))
            ok = drop_object(store, server, catalog_objects[i], err);
    return ok;
}

bool identity_settle(struct store *store, server_id server, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT d.id FROM server o JOIN server d ON " SAME " WHERE o.id = ?1", err);
    server_id *others = NULL;
    size_t count = 0, cap = 0;
    bool ok = stmt != NULL;

    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        x_grow(&others, &cap, count + 1, sizeof(*others));
        others[count++] = sqlite3_column_int64(stmt, 0);
    }
    store_release(store, stmt);
    ok = count == 0 || drop_covered(store, server, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = drop_covered(store, others[i], err);
    free(others);
    return ok;
}
