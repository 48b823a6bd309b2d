/* csv.h - CSV as RFC 4180 has it, with what spreadsheets need: cells that they would execute are defused.
 *
 * Defusing puts an apostrophe in front of a text that starts with = + - @, tab or CR (after any apostrophes, so that
 * it can be taken back exactly). csv_armed() is that inverse. */
#ifndef IPAM_CSV_H
#define IPAM_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "ipamtui/err.h"
#include "ipamtui/mem.h"

/* Appends one cell, quoted where needed. */
void csv_cell(struct buf *out, const char *text, bool defuse);
/* The text that a defused cell stood for. */
const char *csv_armed(const char *cell);

/* Reading: cells of one record after the other. */
struct csv_cell {
    const char *text; /* in the arena */
    int line, column; /* where it starts, from 1; columns are characters of the file */
};
struct csv_reader {
    const char *file; /* named in errors */
    const char *at, *end;
    int line, column;
    struct arena *arena;
};
/* A byte order mark is skipped; text is kept by the caller. ERR_INPUT: it is no UTF-8 text, "line N, column M: ...". */
bool csv_reader_init(struct csv_reader *reader, const char *file, const char *text, size_t len, struct arena *arena,
                     struct err *err);
/* Next record that is not an empty line. false with ERR_NONE: the end; ERR_INPUT "line N, column M: ...". *cells is in the arena. */
bool csv_read(struct csv_reader *reader, struct csv_cell **cells, size_t *count, struct err *err);

#endif
