/* listing_rows.h - between the formats of a listing and the store. */
#ifndef IPAM_LISTING_ROWS_H
#define IPAM_LISTING_ROWS_H

#include "ipamtui/listing.h"

/* Bytes collected for the reader; handed on in large pieces. */
struct listing_out {
    listing_out_fn *fn;
    void *ctx;
    struct buf buf;
    bool gone; /* the reader is */
};
void listing_flush(struct listing_out *out);

/* One format. begin and end may be NULL. */
struct listing_writer {
    void (*begin)(struct listing_out *out, const struct listing *listing, const int *widths);
    void (*row)(struct listing_out *out, const struct listing *listing, const int *widths, const struct row *row,
                int64_t number);
    void (*end)(struct listing_out *out, int64_t rows);
    bool measures; /* needs the widths of all cells first */
};
extern const struct listing_writer listing_writers[LISTING_FORMATS];

/* A cell for people, safe on a terminal; out is of size bytes. */
const char *listing_shown(const struct listing *listing, const struct row *row, int property, char *out, size_t size);
/* Makes the widths fit into listing->width, the widest flexible ones first. */
void listing_fit(const struct listing *listing, int *widths);

#endif
