/* listing.h - a list as text: for `ipamtui list`, the export key and pipes; the same bytes from all of them.
 *
 * Machine formats are a contract: stable names, durations in seconds, times as ISO 8601 UTC, unknown as null or empty. Runs on
 * any thread with a store of its own; streams, so that memory does not grow with the list. */
#ifndef IPAM_LISTING_H
#define IPAM_LISTING_H

#include "ipamtui/catalog.h"
#include "ipamtui/query.h"
#include "ipamtui/store.h"

enum listing_format { LISTING_TABLE, LISTING_CSV, LISTING_TSV, LISTING_JSON, LISTING_FORMATS };
extern const char *const listing_format_names[LISTING_FORMATS]; /* "table", "csv", "tsv", "json" */
bool listing_format_parse(const char *name, enum listing_format *out, struct err *err);
/* The format that a file's name asks for: "x.csv", "x.json", "x.tsv"; anything else is a table. */
enum listing_format listing_format_of_file(const char *path);

struct listing {
    const struct object_type *object;
    const char *query;            /* NULL or "" = all */
    const row_id *ids;            /* not NULL: exactly these rows in this order; query and keys are not looked at */
    size_t id_count;
    const int *columns;           /* places in object->properties */
    size_t column_count;
    struct query_shown search;    /* what plain words of the query look into */
    struct sort_key keys[4];      /* key_count 0: the object's own order */
    size_t key_count;
    enum listing_format format;
    bool raw;                     /* CSV: leave cells that a spreadsheet would execute as they are */
    bool to_terminal;             /* nothing that could drive a terminal is written, in any format */
    int width;                    /* TABLE: cells that a line may take; 0 = as wide as it needs */
    int64_t limit;                /* most rows; 0 = all */
};
/* Bytes on their way out; false: the reader is gone, stop (not an error of the list). */
typedef bool listing_out_fn(void *ctx, const char *bytes, size_t len);
/* *rows (may be NULL): how many were written. ERR_INPUT: the query; *at (may be NULL): its byte that is wrong. */
bool listing_write(struct store *store, const struct listing *listing, listing_out_fn *fn, void *ctx, int64_t *rows,
                   size_t *at, struct err *err);

/* "server,scope,util" or "all" or "default". The caller frees *columns. ERR_INPUT: an unknown name, with a near one. */
bool listing_columns_parse(const struct object_type *object, const char *text, int **columns, size_t *count,
                           struct err *err);
/* wide: also those that are shown only where there is room. The caller frees. */
int *listing_columns_default(const struct object_type *object, bool wide, size_t *count);
/* "util,-scope": '-' in front sorts the other way round; at most 4. */
bool listing_sort_parse(const struct object_type *object, const char *text, struct sort_key keys[4], size_t *count,
                        struct err *err);
/* The property that is nearest to a mistyped name, or NULL. */
const char *listing_nearest_property(const struct object_type *object, const char *name);

#endif
