/* sql.c - statements, values and errors of SQLite. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "ipamtui/log.h"
#include "ipamtui/text.h"
#include "store_int.h"

const char *store_where(const struct store *store)
{
    size_t len = strlen(store->path);

    return len < sizeof(((struct err *)0)->where) ? store->path : store->path + len - 60;
}

static bool fail_io(struct store *store, const char *doing, struct err *err)
{
    int system_errno = sqlite3_system_errno(store->db);

    return err_set(err, ERR_IO, store_where(store), "%s: %s%s%s", doing, sqlite3_errmsg(store->db),
                   system_errno ? ": " : "", system_errno ? strerror(system_errno) : "");
}

static bool explain(struct store *store, const char *doing, struct err *err)
{
    const char *where = store_where(store);
    int code = sqlite3_errcode(store->db);
    struct err place = { 0 };

    if (store->readonly && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_PERM)) {
        readonly_explain(store, &place);
        if (place.kind)
            return err_set(err, place.kind, where, "%s: %s", doing, place.text);
    }
    switch (code) {
    case SQLITE_INTERRUPT:
        return err_set(err, ERR_CANCELLED, where, "%s: stopped", doing);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_TIMEOUT, where, "%s: another program has been writing the database for %d s; try again",
                       doing, STORE_BUSY_MS / 1000);
    case SQLITE_FULL:
        return err_set(err, ERR_IO, where, "%s: no space left on the device; nothing of it was kept, free some and try again",
                       doing);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return err_set(err, ERR_IO, where, "%s: the database or its folder cannot be written by you", doing);
    case SQLITE_CANTOPEN:
        return err_set(err, ERR_IO, where,
                       "%s: the database cannot be opened; whoever reads it has to be allowed to write its folder as well (%s)",
                       doing, sqlite3_errmsg(store->db));
    case SQLITE_CORRUPT:
        return err_set(err, ERR_IO, where,
                       "%s: the database is damaged; it was left as it is: copy it away, then restore a copy or begin another "
                       "with --db", doing);
    case SQLITE_NOTADB:
        return err_set(err, ERR_IO, where, "%s: this file is no database; it was left as it is: name another with --db",
                       doing);
    case SQLITE_CONSTRAINT:
        return err_set(err, ERR_CONFLICT, where, "%s: %s", doing, sqlite3_errmsg(store->db));
    default:
        return fail_io(store, doing, err);
    }
}

/* Who asked may have gone on meanwhile, as from a row that was previewed: a disk that fails is in the log all the same. */
bool store_fail(struct store *store, const char *doing, struct err *err)
{
    struct err why = { 0 };

    explain(store, doing, &why);
    if (why.kind == ERR_IO)
        log_line("store", "%s: %s", why.where, why.text);
    if (err)
        *err = why;
    return false;
}

/* The cache is searched from its end: what ran last runs next. Long-forgotten statements make room. */
enum { STATEMENTS_MAX = 96 };

static struct store_statement *cached(struct store *store, const char *sql)
{
    for (size_t i = store->statement_count; i-- > 0;)
        if (!store->statements[i].busy && strcmp(store->statements[i].sql, sql) == 0)
            return &store->statements[i];
    return NULL;
}

static void drop_idle(struct store *store)
{
    for (size_t i = 0; i < store->statement_count; i++) {
        if (store->statements[i].busy)
            continue;
        sqlite3_finalize(store->statements[i].stmt);
        free(store->statements[i].sql);
        store->statement_count--;
        memmove(store->statements + i, store->statements + i + 1,
                (store->statement_count - i) * sizeof(*store->statements));
        return;
    }
}

sqlite3_stmt *store_prepare(struct store *store, const char *sql, struct err *err)
{
    struct store_statement *entry = cached(store, sql);
    sqlite3_stmt *stmt = NULL;

    if (entry) {
        entry->busy = true;
        return entry->stmt;
    }
    if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK) {
        store_fail(store, "database", err);
        return NULL;
    }
    if (store->statement_count >= STATEMENTS_MAX)
        drop_idle(store);
    x_grow(&store->statements, &store->statement_cap, store->statement_count + 1, sizeof(*store->statements));
    store->statements[store->statement_count++] =
        (struct store_statement){ .sql = x_strdup(sql), .stmt = stmt, .busy = true };
    return stmt;
}

void store_release(struct store *store, sqlite3_stmt *stmt)
{
    if (!stmt)
        return;
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    for (size_t i = store->statement_count; i-- > 0;)
        if (store->statements[i].stmt == stmt) {
            store->statements[i].busy = false;
            return;
        }
}

bool store_run(struct store *store, sqlite3_stmt *stmt, const char *doing, struct err *err)
{
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        ;
    if (rc != SQLITE_DONE)
        store_fail(store, doing, err);
    store_release(store, stmt);
    return rc == SQLITE_DONE;
}

bool store_exec(struct store *store, const char *sql, const char *doing, struct err *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(store, doing, err);
    return true;
}

bool store_integer(struct store *store, const char *sql, int64_t fallback, int64_t *out, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc;

    if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return store_fail(store, "opening", err);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    else if (rc == SQLITE_DONE)
        *out = fallback;
    else
        store_fail(store, "opening", err);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

void store_bind(sqlite3_stmt *stmt, int at, struct value v)
{
    switch (v.type) {
    case VALUE_NULL: sqlite3_bind_null(stmt, at); break;
    case VALUE_INT: sqlite3_bind_int64(stmt, at, v.i); break;
    case VALUE_REAL: sqlite3_bind_double(stmt, at, v.d); break;
    case VALUE_TEXT: sqlite3_bind_text(stmt, at, v.s, -1, SQLITE_STATIC); break;
    }
}

struct value store_column(sqlite3_stmt *stmt, int at)
{
    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_INTEGER: return V_INT(sqlite3_column_int64(stmt, at));
    case SQLITE_FLOAT: return V_REAL(sqlite3_column_double(stmt, at));
    case SQLITE_TEXT: return V_TEXT((const char *)sqlite3_column_text(stmt, at));
    default: return V_NULL; /* a blob is none of ours */
    }
}

/* ------------------------------------------------------------------ functions */
/* memmem() for a few bytes in tens of kilobytes: the first and the last byte of the word are looked for sixteen places at a
 * time. glibc's own goes byte by byte, which a keystroke over 500,000 scopes feels. */
static bool has_bytes(const unsigned char *text, size_t len, const unsigned char *word, size_t word_len)
{
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8((char)word[0]), last = _mm_set1_epi8((char)word[word_len - 1]);

    while (len >= word_len + 15) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)text);
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(text + word_len - 1));
        unsigned hits = (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));

        for (; hits; hits &= hits - 1)
            if (memcmp(text + __builtin_ctz(hits), word, word_len) == 0)
                return true;
        text += 16;
        len -= 16;
    }
#endif
    return memmem(text, len, word, word_len) != NULL;
}

static void sql_has(sqlite3_context *context, int count, sqlite3_value **args)
{
    /* As blobs: the text is there as it is, and need not end in NUL. */
    const void *text = sqlite3_value_blob(args[0]), *word = sqlite3_value_blob(args[1]);
    int text_len = sqlite3_value_bytes(args[0]), word_len = sqlite3_value_bytes(args[1]);

    (void)count;
    if (sqlite3_value_type(args[0]) == SQLITE_NULL)
        return; /* NULL: not known */
    sqlite3_result_int(context, word_len == 0 || (text && word && has_bytes(text, (size_t)text_len, word, (size_t)word_len)));
}

static bool contains(const unsigned char *text, size_t len, const unsigned char *word, size_t word_len)
{
    for (size_t i = 0; i + word_len <= len; i++) {
        size_t n = 0;

        while (n < word_len && tolower(text[i + n]) == tolower(word[n]))
            n++;
        if (n == word_len)
            return true;
    }
    return false;
}

static void sql_contains(sqlite3_context *context, int count, sqlite3_value **args)
{
    const unsigned char *text = sqlite3_value_text(args[0]), *word = sqlite3_value_text(args[1]);

    (void)count;
    sqlite3_result_int(context, text && word &&
                                    contains(text, (size_t)sqlite3_value_bytes(args[0]), word,
                                             (size_t)sqlite3_value_bytes(args[1])));
}

/* any_line(text, pattern): one of the text's lines matches the pattern ('*', '?'). */
static void sql_any_line(sqlite3_context *context, int count, sqlite3_value **args)
{
    const char *text = (const char *)sqlite3_value_text(args[0]), *pattern = (const char *)sqlite3_value_text(args[1]);
    bool found = false;

    (void)count;
    while (text && pattern && !found) {
        size_t len = strcspn(text, "\n");
        char line[512]; /* longer lines are searched in their first half thousand bytes */

        snprintf(line, sizeof(line), "%.*s", (int)MIN(len, sizeof(line) - 1), text);
        found = text_glob(pattern, line);
        text = text[len] ? text + len + 1 : NULL;
    }
    sqlite3_result_int(context, found);
}

/* ------------------------------------------------------------------ bitmaps of runs */
enum { RUN_BITS = 65536 };

/* Which bit stands for a run of two or three bytes. Two have a bit each; of three, some share one. */
static unsigned run_bit(const unsigned char *at, int run)
{
    unsigned two = (unsigned)at[0] << 8 | at[1];

    return run == 2 ? two : (two * 0x9e37u + at[2] * 0x85ebu + (unsigned)(at[2] << 7)) % RUN_BITS;
}

/* runs(text, 2 or 3): the bitmap. */
static void sql_runs(sqlite3_context *context, int count, sqlite3_value **args)
{
    const unsigned char *text = sqlite3_value_text(args[0]);
    int len = sqlite3_value_bytes(args[0]), run = sqlite3_value_int(args[1]);
    unsigned char *bits = sqlite3_malloc(RUN_BITS / 8);

    (void)count;
    if (!bits) {
        sqlite3_result_error_nomem(context);
        return;
    }
    memset(bits, 0, RUN_BITS / 8);
    for (int i = 0; text && i + run <= len; i++)
        bits[run_bit(text + i, run) >> 3] |= (unsigned char)(1 << (run_bit(text + i, run) & 7));
    sqlite3_result_blob(context, bits, RUN_BITS / 8, sqlite3_free);
}

/* may_have(bitmap, word, 2 or 3): 0 if a run of the word is not in the text; 1 if all may be. */
static void sql_may_have(sqlite3_context *context, int count, sqlite3_value **args)
{
    const unsigned char *bits = sqlite3_value_blob(args[0]), *word = sqlite3_value_text(args[1]);
    int size = sqlite3_value_bytes(args[0]), len = sqlite3_value_bytes(args[1]), run = sqlite3_value_int(args[2]);
    bool may = true;

    (void)count;
    for (int i = 0; may && bits && word && size == RUN_BITS / 8 && i + run <= len; i++)
        may = bits[run_bit(word + i, run) >> 3] >> (run_bit(word + i, run) & 7) & 1;
    sqlite3_result_int(context, may);
}

bool store_functions(struct store *store)
{
    static const struct {
        const char *name;
        int args;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = { { "has", 2, sql_has },   { "contains", 2, sql_contains }, { "any_line", 2, sql_any_line },
                      { "runs", 2, sql_runs }, { "may_have", 3, sql_may_have },     { "shows", 7, store_sql_shows } };

    for (size_t i = 0; i < COUNT(functions); i++)
        if (sqlite3_create_function(store->db, functions[i].name, functions[i].args, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                    functions[i].fn, NULL, NULL) != SQLITE_OK)
            return false;
    return true;
}
