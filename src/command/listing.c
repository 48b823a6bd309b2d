#include "ipamtui/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/listing_rows.h"
#include "ipamtui/query.h"
#include "ipamtui/text.h"

#define FLUSH_AT 65536
#define IDS_AT_ONCE 256

const char *const listing_format_names[LISTING_FORMATS] = { "table", "csv", "tsv", "json" };

bool listing_format_parse(const char *name, enum listing_format *out, struct err *err)
{
    for (int i = 0; i < LISTING_FORMATS; i++)
        if (!strcmp(name, listing_format_names[i])) {
            *out = (enum listing_format)i;
            return true;
        }
    return err_set(err, ERR_INPUT, "--format", "expected table, csv, tsv or json, not \"%s\"", name);
}

enum listing_format listing_format_of_file(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (int i = 0; dot && i < LISTING_FORMATS; i++)
        if (!text_casecmp(dot + 1, listing_format_names[i]))
            return (enum listing_format)i;
    return LISTING_TABLE;
}

/* ------------------------------------------------------------------ rows */
void listing_flush(struct listing_out *out)
{
    if (out->buf.len && !out->gone)
        out->gone = !out->fn(out->ctx, buf_at(&out->buf), out->buf.len);
    buf_clear(&out->buf);
}

/* Calls fn for each row of the listing, at most listing->limit. */
static bool each_row(struct store *store, const struct listing *listing, const struct query *query, list_row_fn *fn,
                     void *ctx, struct err *err)
{
    if (!listing->ids) {
        struct list_spec spec = { .object = listing->object,
                                  .where = buf_at(&query->where),
                                  .params = query->params,
                                  .param_count = query->param_count,
                                  .key_count = listing->key_count };
        memcpy(spec.keys, listing->keys, sizeof(spec.keys));
        return store_list_rows(store, &spec, fn, ctx, err);
    }
    struct arena arena = { 0 };
    bool ok = true, more = true;
    for (size_t at = 0; ok && more && at < listing->id_count; at += IDS_AT_ONCE) {
        struct row rows[IDS_AT_ONCE];
        size_t count = MIN((size_t)IDS_AT_ONCE, listing->id_count - at);
        arena_reset(&arena);
        ok = store_rows(store, listing->object, listing->ids + at, count, &arena, rows, err);
        for (size_t i = 0; ok && more && i < count; i++)
            more = !rows[i].id || fn(ctx, &rows[i]); /* 0: gone since it was marked */
    }
    arena_done(&arena);
    return ok;
}

struct pass {
    const struct listing *listing;
    const struct listing_writer *writer;
    struct listing_out *out;
    int *widths;
    int64_t rows;
};

static bool measure_row(void *ctx, const struct row *row)
{
    struct pass *pass = ctx;
    for (size_t i = 0; i < pass->listing->column_count; i++) {
        char text[512];
        int width = text_width(listing_shown(pass->listing, row, pass->listing->columns[i], text, sizeof(text)));
        pass->widths[i] = MAX(pass->widths[i], width);
    }
    pass->rows++;
    return !pass->listing->limit || pass->rows < pass->listing->limit;
}

static bool write_row(void *ctx, const struct row *row)
{
    struct pass *pass = ctx;
    pass->writer->row(pass->out, pass->listing, pass->widths, row, pass->rows++);
    if (pass->out->buf.len >= FLUSH_AT)
        listing_flush(pass->out);
    return !pass->out->gone && (!pass->listing->limit || pass->rows < pass->listing->limit);
}

static bool measure(struct store *store, const struct listing *listing, const struct query *query, int *widths,
                    struct err *err)
{
    struct pass pass = { .listing = listing, .widths = widths };
    for (size_t i = 0; i < listing->column_count; i++)
        widths[i] = text_width(listing->object->properties[listing->columns[i]].title);
    if (!each_row(store, listing, query, measure_row, &pass, err))
        return false;
    listing_fit(listing, widths);
    return true;
}

bool listing_write(struct store *store, const struct listing *listing, listing_out_fn *fn, void *ctx, int64_t *rows,
                   size_t *at, struct err *err)
{
    struct query query = { 0 };
    struct listing_out out = { .fn = fn, .ctx = ctx };
    struct pass pass = { .listing = listing, .writer = &listing_writers[listing->format], .out = &out };
    pass.widths = x_calloc(listing->column_count + 1, sizeof(int));
    const char *text = listing->query ? listing->query : "";
    bool ok = listing->ids || query_compile_shown(listing->object, &listing->search, text, &query, at, err);
    if (ok && pass.writer->measures)
        ok = measure(store, listing, &query, pass.widths, err);
    if (ok) {
        if (pass.writer->begin)
            pass.writer->begin(&out, listing, pass.widths);
        ok = each_row(store, listing, &query, write_row, &pass, err);
        /* Not after a failure: half a list must not look like a whole one. */
        if (ok && pass.writer->end)
            pass.writer->end(&out, pass.rows);
        listing_flush(&out);
    }
    if (rows)
        *rows = pass.rows;
    free(pass.widths);
    buf_done(&out.buf);
    query_done(&query);
    return ok;
}

/* ------------------------------------------------------------------ columns and order, as people write them */
const char *listing_nearest_property(const struct object_type *object, const char *name)
{
    struct text_nearest found = { .word = name };
    for (size_t i = 0; i < object->property_count; i++)
        text_nearest_offer(&found, object->properties[i].name);
    return found.best;
}

static int find_property(const struct object_type *object, const char *name, const char *option, struct err *err)
{
    int place = catalog_property(object, name);
    if (place >= 0)
        return place;
    const char *near = listing_nearest_property(object, name);
    if (near)
        err_set(err, ERR_INPUT, option, "%s have no column \"%s\"; did you mean %s?", object->name, name, near);
    else
        err_set(err, ERR_INPUT, option, "%s have no column \"%s\"; `ipamtui schema %s` lists them", object->name, name,
                object->name);
    return -1;
}

static int *pick_columns(const struct object_type *object, unsigned flags, size_t *count)
{
    int *columns = x_calloc(object->property_count + 1, sizeof(*columns));
    *count = 0;
    for (size_t i = 0; i < object->property_count; i++)
        if (!flags || (object->properties[i].flags & flags))
            columns[(*count)++] = (int)i;
    return columns;
}

int *listing_columns_default(const struct object_type *object, bool wide, size_t *count)
{
    return pick_columns(object, PROP_DEFAULT | (wide ? PROP_WIDE : 0), count);
}

bool listing_columns_parse(const struct object_type *object, const char *text, int **columns, size_t *count,
                           struct err *err)
{
    if (!strcmp(text, "all") || !strcmp(text, "default")) {
        *columns = pick_columns(object, text[0] == 'd' ? PROP_DEFAULT : 0, count);
        return true;
    }
    char *copy = x_strdup(text), *rest = copy;
    int *list = NULL;
    size_t have = 0, cap = 0;
    bool ok = true;
    for (char *name; ok && (name = strsep(&rest, ", "));) {
        int place = *name ? find_property(object, name, "--columns", err) : 0;
        ok = place >= 0;
        if (*name && ok) {
            x_grow(&list, &cap, have + 1, sizeof(*list));
            list[have++] = place;
        }
    }
    free(copy);
    if (ok && !have)
        ok = err_set(err, ERR_INPUT, "--columns", "expected names of columns with commas between them");
    if (!ok) {
        free(list);
        return false;
    }
    *columns = list;
    *count = have;
    return true;
}

bool listing_sort_parse(const struct object_type *object, const char *text, struct sort_key keys[4], size_t *count,
                        struct err *err)
{
    struct sort_key list[4];
    size_t have = 0;
    char *copy = x_strdup(text), *rest = copy;
    bool ok = true;
    for (char *name; ok && (name = strsep(&rest, ", "));) {
        bool descending = name[0] == '-';
        name += descending;
        if (!*name)
            continue;
        int place = find_property(object, name, "--sort", err);
        ok = place >= 0;
        if (ok && have == COUNT(list))
            ok = err_set(err, ERR_INPUT, "--sort", "at most %zu columns can be sorted by", COUNT(list));
        if (ok)
            list[have++] = (struct sort_key){ .property = place, .descending = descending };
    }
    free(copy);
    if (ok && !have)
        ok = err_set(err, ERR_INPUT, "--sort", "expected names of columns with commas between them");
    if (ok) {
        memcpy(keys, list, have * sizeof(*list));
        *count = have;
    }
    return ok;
}
