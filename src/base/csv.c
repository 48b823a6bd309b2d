#include "ipamtui/csv.h"

#include <string.h>

#include "ipamtui/text.h"

static bool executes(const char *text)
{
    text += strspn(text, "'");
    return *text && strchr("=+-@\t\r", *text);
}

void csv_cell(struct buf *out, const char *text, bool defuse)
{
    const char *mark = defuse && executes(text) ? "'" : "";
    size_t len = strlen(text);
    bool quote = strpbrk(text, ",\"\r\n") || (len && (text[0] == ' ' || text[len - 1] == ' '));
    if (!quote) {
        buf_addf(out, "%s%s", mark, text);
        return;
    }
    buf_addf(out, "\"%s", mark);
    for (const char *at = text; *at;) {
        size_t plain = strcspn(at, "\"");
        buf_add(out, at, plain);
        at += plain;
        if (*at == '"') {
            buf_adds(out, "\"\"");
            at++;
        }
    }
    buf_addc(out, '"');
}

const char *csv_armed(const char *cell)
{
    return cell[0] == '\'' && executes(cell) ? cell + 1 : cell;
}

bool csv_reader_init(struct csv_reader *reader, const char *file, const char *text, size_t len, struct arena *arena,
                     struct err *err)
{
    int line, column;
    unsigned byte;
    if (len >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2)))
        return err_set(err, ERR_INPUT, file, "line 1, column 1: expected UTF-8, but this is UTF-16: save it as \"CSV UTF-8\"");
    if (text_find_byte(text, len, &line, &column, &byte))
        return err_set(err, ERR_INPUT, file, "line %d, column %d: expected UTF-8 text, but there is the byte 0x%02x", line, column,
                       byte);
    *reader = (struct csv_reader){ .file = file, .at = text, .end = text + len, .line = 1, .column = 1, .arena = arena };
    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        reader->at += 3;
    return true;
}

static int peek(const struct csv_reader *r)
{
    return r->at < r->end ? (unsigned char)*r->at : -1;
}

/* Moves past one byte; a column is one character, so continuation bytes of UTF-8 do not count. */
static void step(struct csv_reader *r)
{
    if (*r->at == '\n') {
        r->line++;
        r->column = 1;
    } else if (r->at + 1 >= r->end || ((unsigned char)r->at[1] & 0xc0) != 0x80) {
        r->column++;
    }
    r->at++;
}

static bool at_line_end(const struct csv_reader *r)
{
    int c = peek(r);
    return c < 0 || c == '\n' || (c == '\r' && (r->at + 1 >= r->end || r->at[1] == '\n'));
}

static bool read_quoted(struct csv_reader *r, struct buf *text, const struct csv_cell *cell, struct err *err)
{
    for (step(r); peek(r) >= 0; step(r)) {
        if (peek(r) != '"') {
            buf_addc(text, *r->at);
            continue;
        }
        if (r->at + 1 < r->end && r->at[1] == '"') {
            buf_addc(text, '"');
            step(r);
            continue;
        }
        step(r);
        if (at_line_end(r) || peek(r) == ',')
            return true;
        return err_set(err, ERR_INPUT, r->file, "line %d, column %d: expected a comma or the end of the line after \"",
                       r->line, r->column);
    }
    return err_set(err, ERR_INPUT, r->file, "line %d, column %d: this quote is never closed", cell->line, cell->column);
}

static bool read_cell(struct csv_reader *r, struct csv_cell *cell, struct err *err)
{
    struct buf text = { 0 };
    *cell = (struct csv_cell){ .line = r->line, .column = r->column };
    bool ok = true;
    if (peek(r) == '"') {
        ok = read_quoted(r, &text, cell, err);
    } else {
        while (ok && !at_line_end(r) && peek(r) != ',') {
            if (peek(r) == '"')
                ok = err_set(err, ERR_INPUT, r->file, "line %d, column %d: a quote inside a cell that is not quoted", r->line,
                             r->column);
            buf_addc(&text, *r->at);
            step(r);
        }
    }
    cell->text = arena_strndup(r->arena, buf_at(&text), text.len);
    buf_done(&text);
    return ok;
}

static void skip_line_end(struct csv_reader *r)
{
    if (peek(r) == '\r')
        step(r);
    if (peek(r) == '\n')
        step(r);
}

bool csv_read(struct csv_reader *r, struct csv_cell **cells, size_t *count, struct err *err)
{
    err_clear(err);
    while (peek(r) >= 0 && at_line_end(r))
        skip_line_end(r);
    if (peek(r) < 0)
        return false;
    struct csv_cell *row = NULL;
    size_t have = 0, cap = 0;
    bool more = true;
    while (more) {
        if (have == cap) {
            struct csv_cell *wider = arena_alloc(r->arena, (cap = cap ? cap * 2 : 8) * sizeof(*row));
            if (have)
                memcpy(wider, row, have * sizeof(*row));
            row = wider;
        }
        if (!read_cell(r, &row[have++], err))
            return false;
        more = peek(r) == ',';
        if (more)
            step(r);
    }
    skip_line_end(r);
    *cells = row;
    *count = have;
    return true;
}
