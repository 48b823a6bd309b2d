#include "ipamtui/levels.h"

#include <stdlib.h>
#include <string.h>

bool levels_percent(const char *text, const char *where, struct value *out, struct err *err)
{
    char *end = NULL;
    double percent;

    if (!text || strcmp(text, "-") == 0) {
        *out = V_NULL;
        return true;
    }
    percent = strtod(text, &end);
    if (end != text && *end == '%')
        end++;
    if (end == text || *end || !(percent >= 0 && percent <= 100))
        return err_set(err, ERR_INPUT, where, "expected a percentage from 0 to 100, not \"%s\"", text);
    *out = V_REAL(percent);
    return true;
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
