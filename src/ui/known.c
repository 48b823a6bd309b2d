#include "known.h"

#include <stdlib.h>
#include <string.h>

#include "ipamtui/text.h"

static int object_place(const struct object_type *object)
{
    for (int i = 0; i < KNOWN_OBJECTS && catalog_objects[i]; i++) {
        if (catalog_objects[i] == object)
            return i;
    }
    return -1;
}

static enum known_result result_of(const char *result)
{
    static const struct { const char *word; enum known_result result; } rows[] = {
        { "done", KNOWN_DONE }, { "not offered", KNOWN_NOT_OFFERED }, { "denied", KNOWN_DENIED },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strcmp(rows[i].word, result) == 0)
            return rows[i].result;
    }
    return KNOWN_FAILED;
}

static bool take_source(void *ctx, const char *object_name, const char *source_name, const char *result, const char *error,
                        int64_t done_at, int64_t ok_at)
{
    struct known_server *server = ctx;
    const struct object_type *object = catalog_find(object_name);
    int place = object ? object_place(object) : -1, source = object ? catalog_source(object, source_name) : -1;

    (void)error;
    (void)done_at;
    (void)ok_at;
    if (place >= 0 && source >= 0 && source < KNOWN_SOURCES && result)
        server->results[place][source] = (unsigned char)result_of(result);
    return true;
}

static bool take_server(void *ctx, const struct row *row)
{
    struct known *known = ctx;
    struct value seen = row->values[catalog_property(&catalog_servers, "last_seen")];
    struct value reach = row->values[catalog_property(&catalog_servers, "reachable")];
    bool unreachable = reach.type == VALUE_TEXT && strcmp(reach.s, "no") == 0;

    x_grow(&known->rows, &known->cap, known->count + 1, sizeof *known->rows);
    known->rows[known->count++] = (struct known_server){ .id = row->id, .unreachable = unreachable };
    if (seen.type != VALUE_INT)
        known->never++;
    else if (unreachable)
        known->unreachable++;
    else {
        known->oldest = known->oldest == 0 ? seen.i : MIN(known->oldest, seen.i);
        known->newest = MAX(known->newest, seen.i);
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    server_id x = ((const struct known_server *)a)->id, y = ((const struct known_server *)b)->id;

    return x < y ? -1 : x > y;
}

bool known_load(struct store *store, struct known *out, struct err *err)
{
    struct list_spec all = { .object = &catalog_servers };

    out->version = store_data_version(store); /* before: what is written meanwhile makes it another one */
    if (!store_list_rows(store, &all, take_server, out, err))
        return false;
    if (out->count > 0)
        qsort(out->rows, out->count, sizeof *out->rows, by_id);
    for (size_t i = 0; i < out->count; i++) {
        if (!store_sources(store, out->rows[i].id, take_source, &out->rows[i], err))
            return false;
    }
    return cautions_load(store, &out->cautions, err);
}

void known_done(struct known *known)
{
    free(known->rows);
    cautions_done(&known->cautions);
    *known = (struct known){ 0 };
}

const struct known_server *known_server(const struct known *known, server_id server)
{
    struct known_server key = { .id = server };

    return known->count ? bsearch(&key, known->rows, known->count, sizeof key, by_id) : NULL;
}

enum known_result known_result(const struct known *known, server_id server, const struct object_type *object, const char *source)
{
    const struct known_server *row = known_server(known, server);
    int place = object_place(object), at = source ? catalog_source(object, source) : -1;

    if (!row || place < 0 || at < 0 || at >= KNOWN_SOURCES)
        return KNOWN_NEVER;
    return (enum known_result)row->results[place][at];
}
