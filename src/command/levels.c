#include "ipamtui/levels.h"

#include <string.h>

bool levels_percent(const char *name, const char *text, struct value *out, struct err *err)
{
    struct arena mem = { 0 }; /* a percentage needs none of it */
    bool ok;

    if (!text || strcmp(text, "-") == 0) {
        *out = V_NULL;
        return true;
    }
    ok = property_parse(&catalog_scopes.properties[catalog_property(&catalog_scopes, name)], text, &mem, out, err);
    arena_done(&mem);
    return ok;
}

bool levels_set(struct store *store, const struct object_type *object, const row_id *ids, size_t count, struct value over,
                struct value under, struct err *err)
{
    bool ok = store_begin(store, err);

    if (!ok)
        return false;
    for (size_t i = 0; ok && i < count; i++)
        ok = store_scope_thresholds(store, object, ids[i], over, under, err);
    if (ok && store_commit(store, err))
        return true;
    store_rollback(store);
    return false;
}
