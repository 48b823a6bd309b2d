/* states.c - what is kept beside the rows: changes of state with their times, and a server's totals. */
#include "store_int.h"

bool states_note(struct store *store, server_id server, const struct object_type *object, row_id row, const char *name,
                 const struct property *property, struct value before, struct value after, int64_t now_s, struct err *err)
{
    sqlite3_stmt *stmt;

    /* Unknown before or after is no change that anybody saw. */
    if (!(property->flags & PROP_STATE) || before.type == VALUE_NULL || after.type == VALUE_NULL ||
        value_equal(before, after))
        return true;
    stmt = store_prepare(store,
                         "INSERT INTO state_change(server, object, row, name, property, before, after, at)"
                         " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    sqlite3_bind_text(stmt, 2, object->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, row);
    sqlite3_bind_text(stmt, 4, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 5, property->name, -1, SQLITE_STATIC);
    store_bind(stmt, 6, before);
    store_bind(stmt, 7, after);
    sqlite3_bind_int64(stmt, 8, now_s);
    return store_run(store, stmt, "keeping a change of state", err);
}

/* "UPDATE server SET scope_count = (SELECT count(*) FROM scope x WHERE x.server = server.id), ..." */
static size_t totals_sql(const struct object_type *object, struct buf *sql)
{
    size_t count = 0;

    buf_adds(sql, "UPDATE server SET ");
    for (size_t i = 0; i < catalog_servers.property_count; i++) {
        const struct property *p = &catalog_servers.properties[i];

        if (!p->total.object || catalog_find(p->total.object) != object)
            continue;
        buf_addf(sql, "%s\"%s\" = (SELECT %s FROM \"%s\" x WHERE x.server = server.id)", count++ ? ", " : "",
                 schema_column(p), p->total.sql, object->table);
    }
    buf_adds(sql, " WHERE id = ?1");
    return count;
}

bool totals_update(struct store *store, server_id server, const struct object_type *object, struct err *err)
{
    struct buf sql = { 0 };
    sqlite3_stmt *stmt;
    size_t count = totals_sql(object, &sql);

    stmt = count ? store_prepare(store, buf_at(&sql), err) : NULL;
    buf_done(&sql);
    if (!stmt)
        return count == 0;
    sqlite3_bind_int64(stmt, 1, server);
    return store_run(store, stmt, "summing up", err);
}

bool words_update(struct store *store, server_id server, const struct object_type *object, struct err *err)
{
    struct buf sql = { 0 };
    sqlite3_stmt *stmt;

    if (!object->find_table)
        return true;
    schema_words_sql(object, &sql);
    stmt = store_prepare(store, buf_at(&sql), err);
    buf_done(&sql);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, server);
    return store_run(store, stmt, "writing the searched text", err);
}
