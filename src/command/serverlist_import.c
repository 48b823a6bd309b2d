#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/csv.h"
#include "command/serverlist_row.h"
#include "ipamtui/text.h"

/* One server of the file. */
struct import_row {
    const char *name;
    int line;
    server_id known; /* 0: new */
    bool same;       /* known, and nothing differs */
    struct value *values;
};
struct import {
    struct store *store;
    bool update;
    struct arena arena;
    import_error_fn *complain;
    void *ctx;
    struct import_report *report;
    int *columns; /* property of each column of the file */
    bool *touched;
    size_t column_count, name_column;
    struct import_row *rows;
    size_t count, cap;
};

static void tell(struct import *im, const char *text)
{
    im->report->errors++;
    if (im->complain)
        im->complain(im->ctx, text);
}

static void tell_cell(struct import *im, const struct csv_cell *cell, const struct err *why)
{
    char text[400];
    snprintf(text, sizeof(text), "line %d, column %d: %s", cell->line, cell->column, why->text);
    tell(im, text);
}

static void read_header(struct import *im, const struct csv_cell *cells, size_t count)
{
    im->columns = arena_alloc(&im->arena, count * sizeof(*im->columns));
    im->column_count = count;
    im->name_column = count;
    for (size_t i = 0; i < count; i++) {
        struct err why = { 0 };
        im->columns[i] = serverlist_property(cells[i].text, &why);
        if (im->columns[i] >= 0 && im->touched[im->columns[i]])
            err_set(&why, ERR_INPUT, "csv", "there are two columns \"%s\"", cells[i].text);
        if (why.kind)
            tell_cell(im, &cells[i], &why);
        else
            im->touched[im->columns[i]] = true;
        if (im->columns[i] == serverlist_name_place())
            im->name_column = i;
    }
    if (im->name_column == count && !im->report->errors)
        tell(im, "line 1: there is no column \"name\"; the first line must name the columns");
}

static const struct import_row *earlier(const struct import *im, const char *name)
{
    for (size_t i = 0; i < im->count; i++)
        if (!text_casecmp(im->rows[i].name, name))
            return &im->rows[i];
    return NULL;
}

/* Starts from what is known, so that columns that the file has not stay as they are. */
static bool start_row(struct import *im, struct import_row *row, struct err *err)
{
    struct err why = { 0 };
    row->values = arena_alloc(&im->arena, catalog_servers.property_count * sizeof(*row->values));
    if (!store_server_find(im->store, row->name, &row->known, &why))
        return why.kind == ERR_NOT_FOUND || err_set(err, why.kind, why.where, "%s", why.text);
    if (!im->update)
        return err_set(err, ERR_CONFLICT, row->name, "server \"%s\" is there already; --update changes it", row->name);
    struct row now = { 0 };
    if (!store_rows(im->store, &catalog_servers, &row->known, 1, &im->arena, &now, err))
        return false;
    if (now.id)
        memcpy(row->values, now.values, catalog_servers.property_count * sizeof(*row->values));
    row->same = now.id != 0;
    return true;
}

static bool read_cells(struct import *im, struct import_row *row, const struct csv_cell *cells)
{
    size_t errors = im->report->errors;
    for (size_t i = 0; i < im->column_count; i++) {
        struct err why = { 0 };
        struct value v;
        if (!serverlist_value(im->columns[i], csv_armed(cells[i].text), &im->arena, &v, &why)) {
            tell_cell(im, &cells[i], &why);
            continue;
        }
        row->same = row->same && value_equal(v, row->values[im->columns[i]]);
        row->values[im->columns[i]] = v;
    }
    return im->report->errors == errors;
}

static void read_row(struct import *im, const struct csv_cell *cells, size_t count)
{
    struct err why = { 0 };
    if (count != im->column_count) {
        err_set(&why, ERR_INPUT, "csv", "%zu cells, but the first line names %zu columns", count, im->column_count);
        tell_cell(im, &cells[0], &why);
        return;
    }
    const struct csv_cell *name = &cells[im->name_column];
    struct import_row row = { .name = csv_armed(name->text), .line = name->line };
    const struct import_row *twice = earlier(im, row.name);
    bool ok = true;
    if (twice)
        ok = err_set(&why, ERR_INPUT, "csv", "server \"%s\" is in line %d already", row.name, twice->line);
    ok = ok && start_row(im, &row, &why);
    if (!ok)
        tell_cell(im, name, &why);
    if (ok && read_cells(im, &row, cells) && !serverlist_fits(row.values, &why))
        tell_cell(im, &cells[0], &why);
    x_grow(&im->rows, &im->cap, im->count + 1, sizeof(*im->rows));
    im->rows[im->count++] = row;
}

static void read_file(struct import *im, const char *text, size_t len)
{
    struct csv_reader reader;
    struct csv_cell *cells;
    size_t count;
    struct err why = { 0 };
    if (!csv_reader_init(&reader, "csv", text, len, &im->arena, &why)) {
        tell(im, why.text);
        return;
    }
    if (csv_read(&reader, &cells, &count, &why))
        read_header(im, cells, count);
    else if (!why.kind)
        tell(im, "line 1: the file is empty; the first line must name the columns");
    bool named = !im->report->errors; /* without columns nothing below them can be judged */
    while (named && csv_read(&reader, &cells, &count, &why))
        read_row(im, cells, count);
    if (why.kind)
        tell(im, why.text);
}

static bool write_row(struct import *im, const struct import_row *row, struct err *err)
{
    if (!row->known) {
        server_id id;
        im->report->added++;
        return store_server_add(im->store, row->values, &id, err);
    }
    if (row->same) {
        im->report->unchanged++;
        return true;
    }
    im->report->updated++;
    return serverlist_put(im->store, row->known, row->values, im->touched, err);
}

bool serverlist_import(struct store *store, const char *file, const char *text, size_t len, bool update,
                       import_error_fn *complain, void *ctx, struct import_report *report, struct err *err)
{
    struct import im = { .store = store, .update = update, .complain = complain, .ctx = ctx, .report = report };
    *report = (struct import_report){ 0 };
    im.touched = arena_alloc(&im.arena, catalog_servers.property_count * sizeof(*im.touched));
    bool ok = store_begin(store, err);
    bool began = ok;
    if (ok)
        read_file(&im, text, len);
    if (ok && report->errors)
        ok = err_set(err, ERR_INPUT, file, "%zu error%s; nothing was imported", report->errors,
                     report->errors == 1 ? "" : "s");
    for (size_t i = 0; ok && i < im.count; i++)
        ok = write_row(&im, &im.rows[i], err);
    ok = ok && store_commit(store, err);
    if (began && !ok)
        store_rollback(store);
    arena_done(&im.arena);
    free(im.rows);
    return ok;
}
