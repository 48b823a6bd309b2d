#include <string.h>

#include "ipamtui/csv.h"
#include "command/listing_rows.h"
#include "ipamtui/text.h"

#define GAP 2
#define NARROWEST 6

static const struct property *column(const struct listing *listing, size_t i)
{
    return &listing->object->properties[listing->columns[i]];
}

/* ------------------------------------------------------------------ table */
const char *listing_shown(const struct listing *listing, const struct row *row, int property, char *out, size_t size)
{
    char shown[512];
    property_show(&listing->object->properties[property], row->values[property], shown, sizeof(shown));
    return text_printable(shown, out, size);
}

void listing_fit(const struct listing *listing, int *widths)
{
    int total = -GAP;
    for (size_t i = 0; i < listing->column_count; i++)
        total += widths[i] + GAP;
    bool any = false; /* flexible columns give way first, then all */
    while (listing->width > 0 && total > listing->width) {
        size_t widest = listing->column_count;
        for (size_t i = 0; i < listing->column_count; i++) {
            bool may = any || (column(listing, i)->flags & PROP_FLEX);
            if (may && widths[i] > NARROWEST && (widest == listing->column_count || widths[i] > widths[widest]))
                widest = i;
        }
        if (widest < listing->column_count) {
            widths[widest]--;
            total--;
        } else if (any) {
            return;
        }
        any = any || widest == listing->column_count;
    }
}

static void table_cell(struct listing_out *out, const char *text, int width, bool right, bool last)
{
    int used;
    size_t bytes = text_fit(text, width, &used);
    bool cut = text[bytes] != '\0';
    if (cut) {
        bytes = text_fit(text, width - 1, &used);
        used++;
    }
    int pad = width - used;
    if (right)
        buf_addf(&out->buf, "%*s", pad, "");
    buf_add(&out->buf, text, bytes);
    if (cut)
        buf_addc(&out->buf, '~');
    if (!last)
        buf_addf(&out->buf, "%*s", (right ? 0 : pad) + GAP, "");
}

static void table_begin(struct listing_out *out, const struct listing *listing, const int *widths)
{
    for (size_t i = 0; i < listing->column_count; i++)
        table_cell(out, column(listing, i)->title, widths[i], column(listing, i)->flags & PROP_RIGHT,
                   i + 1 == listing->column_count);
    buf_addc(&out->buf, '\n');
}

static void table_row(struct listing_out *out, const struct listing *listing, const int *widths, const struct row *row,
                      int64_t number)
{
    (void)number;
    for (size_t i = 0; i < listing->column_count; i++) {
        char text[512];
        listing_shown(listing, row, listing->columns[i], text, sizeof(text));
        table_cell(out, text, widths[i], column(listing, i)->flags & PROP_RIGHT, i + 1 == listing->column_count);
    }
    buf_addc(&out->buf, '\n');
}

/* ------------------------------------------------------------------ csv and tsv */
/* A cell for machines. On a terminal nothing may drive it; everywhere else text is left intact. */
static const char *written(const struct listing *listing, const struct row *row, size_t i, struct buf *scratch,
                           struct arena *arena)
{
    struct value v = row->values[listing->columns[i]];
    buf_clear(scratch);
    kind_write(column(listing, i)->kind, v, scratch);
    if (listing->to_terminal && v.type == VALUE_TEXT)
        return text_printable_in(arena, buf_at(scratch));
    return buf_at(scratch);
}

/* A tab, a line end and a backslash would be taken for structure. */
static void tsv_cell(struct buf *out, const char *text, bool defused)
{
    (void)defused; /* spreadsheets ask before they open it, and other programs take it as it is */
    for (const char *at = text; *at; at++) {
        const char *special = strchr("\t\n\r\\", *at);
        if (special)
            buf_addf(out, "\\%c", "tnr\\"[special - strchr("\t\n\r\\", '\t')]);
        else
            buf_addc(out, *at);
    }
}

/* How one of the two parts its cells and ends its lines. */
struct delimited {
    char between;
    const char *line_end;
    void (*cell)(struct buf *out, const char *text, bool defused);
};

static const struct delimited csv = { ',', "\r\n", csv_cell }, tsv = { '\t', "\n", tsv_cell };

static void delimited_begin(struct listing_out *out, const struct listing *listing, const struct delimited *how)
{
    for (size_t i = 0; i < listing->column_count; i++) {
        if (i)
            buf_addc(&out->buf, how->between);
        buf_adds(&out->buf, column(listing, i)->name);
    }
    buf_adds(&out->buf, how->line_end);
}

static void delimited_row(struct listing_out *out, const struct listing *listing, const struct row *row,
                          const struct delimited *how)
{
    struct buf scratch = { 0 };
    struct arena arena = { 0 };
    for (size_t i = 0; i < listing->column_count; i++) {
        if (i)
            buf_addc(&out->buf, how->between);
        how->cell(&out->buf, written(listing, row, i, &scratch, &arena),
                  !listing->raw && row->values[listing->columns[i]].type == VALUE_TEXT);
    }
    buf_adds(&out->buf, how->line_end);
    buf_done(&scratch);
    arena_done(&arena);
}

static void csv_begin(struct listing_out *out, const struct listing *listing, const int *widths)
{
    (void)widths;
    delimited_begin(out, listing, &csv);
}

static void csv_row(struct listing_out *out, const struct listing *listing, const int *widths, const struct row *row,
                    int64_t number)
{
    (void)widths;
    (void)number;
    delimited_row(out, listing, row, &csv);
}

static void tsv_begin(struct listing_out *out, const struct listing *listing, const int *widths)
{
    (void)widths;
    delimited_begin(out, listing, &tsv);
}

static void tsv_row(struct listing_out *out, const struct listing *listing, const int *widths, const struct row *row,
                    int64_t number)
{
    (void)widths;
    (void)number;
    delimited_row(out, listing, row, &tsv);
}

/* ------------------------------------------------------------------ json */
static void json_begin(struct listing_out *out, const struct listing *listing, const int *widths)
{
    (void)listing;
    (void)widths;
    buf_addc(&out->buf, '[');
}

static void json_row(struct listing_out *out, const struct listing *listing, const int *widths, const struct row *row,
                     int64_t number)
{
    struct arena arena = { 0 };
    (void)widths;
    buf_adds(&out->buf, number ? ",\n{" : "\n{");
    for (size_t i = 0; i < listing->column_count; i++) {
        struct value v = row->values[listing->columns[i]];
        if (listing->to_terminal && v.type == VALUE_TEXT)
            v = V_TEXT(text_printable_in(&arena, v.s));
        buf_addf(&out->buf, "%s\"%s\":", i ? "," : "", column(listing, i)->name);
        kind_json(column(listing, i)->kind, v, &out->buf);
    }
    buf_addc(&out->buf, '}');
    arena_done(&arena);
}

static void json_end(struct listing_out *out, int64_t rows)
{
    buf_adds(&out->buf, rows ? "\n]\n" : "]\n");
}

const struct listing_writer listing_writers[LISTING_FORMATS] = {
    [LISTING_TABLE] = { .begin = table_begin, .row = table_row, .measures = true },
    [LISTING_CSV] = { .begin = csv_begin, .row = csv_row },
    [LISTING_TSV] = { .begin = tsv_begin, .row = tsv_row },
    [LISTING_JSON] = { .begin = json_begin, .row = json_row, .end = json_end },
};
