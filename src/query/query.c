/* query.c - the grammar: or, and, not, parentheses, words. What a term means is in terms.c. */
#include "ipamtui/query.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ipamtui/text.h"
#include "query_int.h"

enum {
    DEPTH_MAX = 50,   /* parentheses within each other */
    TERMS_MAX = 200,  /* SQLite's expressions have a limit of depth */
    VALUES_MAX = 100, /* field:a,b,c */
};

bool query_error(struct parser *p, size_t at, const char *fmt, ...)
{
    char text[sizeof(p->err->text)];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (p->at)
        *p->at = at;
    return err_set(p->err, ERR_INPUT, "query", "%s", text);
}

void query_sql(struct parser *p, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    buf_vaddf(&p->out->where, fmt, args);
    va_end(args);
}

static void add_param(struct parser *p, struct query *q, struct value v)
{
    if (v.type == VALUE_TEXT)
        v.s = arena_strdup(&p->out->mem, v.s);
    x_grow(&q->params, &q->param_cap, q->param_count + 1, sizeof(*q->params));
    q->params[q->param_count++] = v;
}

void query_param(struct parser *p, struct value v)
{
    add_param(p, p->out, v);
}

void query_server_sql(struct parser *p, const char *fmt, ...)
{
    va_list args;

    if (p->negations > 0)
        return;
    va_start(args, fmt);
    buf_vaddf(&p->servers.where, fmt, args);
    va_end(args);
}

void query_server_param(struct parser *p, struct value v)
{
    if (p->negations == 0)
        add_param(p, &p->servers, v);
}

/* Grammar is the same in both conditions. */
static void both(struct parser *p, const char *sql)
{
    query_sql(p, "%s", sql);
    query_server_sql(p, "%s", sql);
}

/* ------------------------------------------------------------------ words */
static void skip_blanks(struct parser *p)
{
    while (isspace((unsigned char)p->text[p->pos]))
        p->pos++;
}

static bool ends_word(char c)
{
    return c == '\0' || c == ')' || isspace((unsigned char)c);
}

/* Is the unquoted word at pos this keyword? */
static bool keyword_at(const struct parser *p, const char *keyword)
{
    size_t len = strlen(keyword);

    return strncasecmp(p->text + p->pos, keyword, len) == 0 &&
           (ends_word(p->text[p->pos + len]) || p->text[p->pos + len] == '(');
}

static bool take_keyword(struct parser *p, const char *keyword)
{
    skip_blanks(p);
    if (!keyword_at(p, keyword))
        return false;
    p->pos += strlen(keyword);
    return true;
}

/* One byte of a word goes into its text and its pattern. */
static void word_byte(struct buf *text, struct buf *pattern, char c, bool quoted, bool *wild)
{
    buf_addc(text, c);
    if (!quoted && (c == '*' || c == '?')) {
        *wild = true;
        buf_addc(pattern, c == '*' ? '%' : '_');
        return;
    }
    if (c == '%' || c == '_' || c == '\\')
        buf_addc(pattern, '\\');
    buf_addc(pattern, c);
}

/* Reads a word up to a blank, a closing parenthesis, or (in a list) a comma. In quotes everything goes, \" is a quote. */
static bool read_word(struct parser *p, bool in_list, struct word *word)
{
    struct buf text = { 0 }, pattern = { 0 };
    bool quoted = false;
    size_t quote_at = 0;

    *word = (struct word){ .at = p->pos };
    for (;; p->pos++) {
        char c = p->text[p->pos];

        if (c == '\0' || (!quoted && (ends_word(c) || (in_list && c == ','))))
            break;
        if (c == '"') {
            quoted = !quoted;
            quote_at = p->pos;
            word->quoted = true;
            continue;
        }
        if (quoted && c == '\\' && (p->text[p->pos + 1] == '"' || p->text[p->pos + 1] == '\\'))
            c = p->text[++p->pos];
        word_byte(&text, &pattern, c, quoted, &word->wild);
    }
    word->text = arena_strdup(&p->out->mem, buf_at(&text));
    word->pattern = arena_strdup(&p->out->mem, buf_at(&pattern));
    buf_done(&text);
    buf_done(&pattern);
    return !quoted || query_error(p, quote_at, "this quotation mark has no end: close it with another \"");
}

size_t query_operator(const char *text, enum compare *op)
{
    static const struct {
        const char *text;
        enum compare op;
    } operators[] = { { "!=", IS_NOT }, { "<=", LESS_EQUAL }, { ">=", GREATER_EQUAL }, { "<", LESS },
                      { ">", GREATER }, { ":", IS },          { "=", IS },             { "~", CONTAINS } };

    for (size_t i = 0; i < COUNT(operators); i++)
        if (strncmp(text, operators[i].text, strlen(operators[i].text)) == 0) {
            *op = operators[i].op;
            return strlen(operators[i].text);
        }
    return 0;
}

size_t query_name(const char *text)
{
    size_t len = 0;
    enum compare op;

    if (!isalpha((unsigned char)text[0]) && text[0] != '_')
        return 0;
    while (isalnum((unsigned char)text[len]) || text[len] == '_')
        len++;
    return query_operator(text + len, &op) ? len : 0;
}

/* ------------------------------------------------------------------ terms */
/* util:>80 is util>80 as well. */
static void operator_in_value(struct parser *p, enum compare *op)
{
    enum compare inner;
    size_t len = query_operator(p->text + p->pos, &inner);

    if (*op == IS && len > 0 && inner != IS && inner != CONTAINS) {
        *op = inner;
        p->pos += len;
    }
}

static bool field_term(struct parser *p, size_t name_len)
{
    struct word *values = arena_alloc(&p->out->mem, VALUES_MAX * sizeof(*values));
    const char *name = arena_strndup(&p->out->mem, p->text + p->pos, name_len);
    size_t name_at = p->pos, count = 0;
    enum compare op = IS;

    p->pos += name_len;
    p->pos += query_operator(p->text + p->pos, &op);
    operator_in_value(p, &op);
    for (;;) {
        if (!read_word(p, op == IS || op == IS_NOT, &values[count++]))
            return false;
        if (p->text[p->pos] != ',')
            break;
        p->pos++;
        if (count == VALUES_MAX)
            return query_error(p, p->pos, "more than %d values for one field: ask in two queries", VALUES_MAX);
    }
    return query_field(p, name, name_at, op, values, count);
}

static bool term(struct parser *p)
{
    size_t name_len = query_name(p->text + p->pos);
    struct word word;

    if (++p->terms > TERMS_MAX)
        return query_error(p, p->pos, "more than %d words in one query: ask in two", TERMS_MAX);
    if (name_len > 0)
        return field_term(p, name_len);
    return read_word(p, false, &word) && query_plain(p, &word);
}

/* ------------------------------------------------------------------ grammar */
static bool either(struct parser *p);

static bool group(struct parser *p)
{
    size_t open_at = p->pos;

    if (++p->depth > DEPTH_MAX)
        return query_error(p, p->pos, "more than %d parentheses within each other", DEPTH_MAX);
    p->pos++;
    if (!either(p))
        return false;
    skip_blanks(p);
    if (p->text[p->pos] != ')')
        return query_error(p, open_at, "this parenthesis has no end: close it with )");
    p->pos++;
    p->depth--;
    return true;
}

/* A leading '-' or '!' means not, if something follows it directly. */
static bool sign_of_not(const struct parser *p)
{
    char c = p->text[p->pos];

    return (c == '-' || c == '!') && !ends_word(p->text[p->pos + 1]);
}

static bool one(struct parser *p)
{
    bool negated = false;

    /* A loop, not a recursion: "not not not ..." must not be as deep as it is long. */
    for (;;) {
        skip_blanks(p);
        if (sign_of_not(p))
            p->pos++;
        else if (!take_keyword(p, "not"))
            break;
        negated = !negated;
    }
    if (ends_word(p->text[p->pos]))
        return query_error(p, p->pos, "a word, field:value or ( is missing here");
    if (keyword_at(p, "and") || keyword_at(p, "or"))
        return query_error(p, p->pos, "\"%.3s\" needs something on both sides; to search for the word itself write it in quotes",
                           p->text + p->pos);
    if (!negated)
        return p->text[p->pos] == '(' ? group(p) : term(p);
    query_sql(p, "(");
    query_server_sql(p, "1");
    p->negations++;
    if (p->text[p->pos] == '(' ? !group(p) : !term(p))
        return false;
    p->negations--;
    query_sql(p, " IS NOT TRUE)"); /* what is unknown is not so either */
    return true;
}

static bool part(struct parser *p)
{
    struct query_parts *parts = p->depth == 0 ? p->parts : NULL;
    size_t from;

    skip_blanks(p);
    from = p->pos;
    if (!one(p))
        return false;
    if (parts) {
        x_grow(&parts->rows, &parts->cap, parts->count + 1, sizeof(*parts->rows));
        parts->rows[parts->count].from = from;
        parts->rows[parts->count++].to = p->pos;
    }
    return true;
}

static bool all(struct parser *p)
{
    both(p, "(");
    if (!part(p))
        return false;
    for (;;) {
        bool spelled = take_keyword(p, "and");

        skip_blanks(p);
        if (!spelled && (p->text[p->pos] == '\0' || p->text[p->pos] == ')' || keyword_at(p, "or")))
            break;
        both(p, " AND ");
        if (!part(p))
            return false;
    }
    both(p, ")");
    return true;
}

static bool either(struct parser *p)
{
    both(p, "(");
    if (!all(p))
        return false;
    while (take_keyword(p, "or")) {
        both(p, " OR ");
        if (p->parts && p->depth == 0)
            p->parts->either = true;
        if (!all(p))
            return false;
    }
    both(p, ")");
    return true;
}

/* The servers' condition goes in front, with its parameters. Without a word about servers in it, it would say nothing. */
static void put_servers_first(struct parser *p)
{
    struct query *q = p->out;
    struct buf where = { 0 };

    if (strstr(buf_at(&p->servers.where), "s.")) {
        struct value *params = x_calloc(p->servers.param_count + q->param_count + 1, sizeof(*params));

        buf_addf(&where, "%s AND " QUERY_ROWS "%s", buf_at(&p->servers.where), buf_at(&q->where));
        if (p->servers.param_count)
            memcpy(params, p->servers.params, p->servers.param_count * sizeof(*params));
        if (q->param_count)
            memcpy(params + p->servers.param_count, q->params, q->param_count * sizeof(*params));
        buf_done(&q->where);
        free(q->params);
        q->where = where;
        q->params = params;
        q->param_count = q->param_cap = q->param_count + p->servers.param_count;
    }
    query_done(&p->servers);
}

/* Bytes that nobody means: a paste gone wrong, or a file that is no text. */
static bool is_text(struct parser *p)
{
    const char *at = p->text, *end = at + strlen(at);

    while (at < end) {
        const char *before = at;
        uint32_t rune = text_next(&at, end);

        if ((rune < ' ' && !isspace((int)rune)) || (rune >= 0x7f && rune < 0xa0))
            return query_error(p, (size_t)(before - p->text), "expected text, but there is a control character (0x%02x)", rune);
        if (!text_is_utf8(before, (size_t)(at - before)))
            return query_error(p, (size_t)(before - p->text), "expected UTF-8 text, but there is the byte 0x%02x",
                               (unsigned)(unsigned char)*before);
    }
    return true;
}

static bool whole(struct parser *p)
{
    if (!is_text(p))
        return false;
    skip_blanks(p);
    if (p->text[p->pos] == '\0')
        return true;
    if (!either(p))
        return false;
    skip_blanks(p);
    /* Only a parenthesis stops the grammar early. */
    return p->text[p->pos] == '\0' || query_error(p, p->pos, "this parenthesis closes nothing");
}

bool query_compile(const struct object_type *object, const char *text, struct query *out, size_t *at, struct err *err)
{
    return query_compile_shown(object, NULL, text, out, at, err);
}

bool query_compile_shown(const struct object_type *object, const struct query_shown *shown, const char *text, struct query *out,
                         size_t *at, struct err *err)
{
    struct query q = { 0 };
    struct parser p = { .object = object, .text = text, .out = &q, .at = at, .err = err };

    query_choose(&p, shown);
    if (!whole(&p)) {
        query_done(&p.servers);
        query_done(&q);
        return false;
    }
    put_servers_first(&p);
    *out = q;
    return true;
}

/* Is the part one value of the field, or any of a few? */
static bool says(const struct parser *p, size_t from, int place)
{
    size_t len = query_name(p->text + from);
    char *name = x_strndup(p->text + from, len);
    enum compare op = LESS;
    bool yes;

    query_operator(p->text + from + len, &op);
    yes = len > 0 && op == IS && catalog_property(p->object, name) == place;
    free(name);
    return yes;
}

bool query_put(const struct object_type *object, const char *text, const char *field, const char *value, struct buf *out,
               struct err *err)
{
    struct query_parts parts = { 0 };
    struct query q = { 0 };
    struct parser p = { .object = object, .text = text, .out = &q, .parts = &parts, .err = err };
    bool ok;

    query_choose(&p, NULL);
    ok = whole(&p);
    if (ok && value)
        buf_addf(out, "%s:%s", field, value);
    if (ok && parts.either)
        buf_addf(out, value ? " (%s)" : "%s", text);
    for (size_t i = 0; ok && !parts.either && i < parts.count; i++) {
        size_t from = parts.rows[i].from;

        if (!says(&p, from, catalog_property(object, field)))
            buf_addf(out, "%s%.*s", out->len ? " " : "", (int)(parts.rows[i].to - from), text + from);
    }
    free(parts.rows);
    query_done(&p.servers);
    query_done(&q);
    return ok;
}

void query_done(struct query *query)
{
    buf_done(&query->where);
    free(query->params);
    arena_done(&query->mem);
    *query = (struct query){ 0 };
}
