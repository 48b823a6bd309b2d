/* query_int.h - inside of the query compiler. */
#ifndef QUERY_INT_H
#define QUERY_INT_H

#include "ipamtui/query.h"

enum compare { IS, IS_NOT, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, CONTAINS };

/* What a query demands, side by side: the terms and groups that are in no parentheses. */
struct query_parts {
    struct { size_t from, to; } *rows; /* bytes of text */
    size_t count, cap;
    bool either; /* not all of them: there is an "or" between some */
};

/* A compilation: text is read once from left to right. */
struct parser {
    const struct object_type *object;
    const char *text;
    size_t pos;
    struct query *out;
    /* What is true of a server if the condition is of any of its rows: built beside it, and put in front of it, so that
     * servers without a hit are passed over at once. Never under a "not". */
    struct query servers;
    int negations;
    bool *searched;        /* by property: plain words look into it */
    enum date_mode dates;  /* how its times are shown */
    const char *(*text_sql)(int property, struct arena *mem); /* what else its cells say; may be NULL */
    struct query_parts *parts; /* NULL: nobody wants to know */
    size_t *at; /* may be NULL */
    struct err *err;
    int depth, terms;
};

/* An error at byte `at` of the text. Returns false. */
bool query_error(struct parser *p, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Appends to the SQL; a parameter takes the next '?'. Texts are copied. */
void query_sql(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void query_param(struct parser *p, struct value v);
/* The same for the condition on the server. Every term says one; "1" says nothing. */
void query_server_sql(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void query_server_param(struct parser *p, struct value v);

/* One value of a term: text without quotes, and where it stands. Wildcards only count outside of quotes. */
struct word {
    const char *text;
    size_t at;
    bool wild, quoted;
    const char *pattern; /* wild: LIKE pattern, '\' escapes */
};
/* Condition for one plain word, or for field op value. */
bool query_plain(struct parser *p, const struct word *word);
bool query_field(struct parser *p, const char *name, size_t name_at, enum compare op, const struct word *values,
                 size_t count);
/* Which properties plain words search, into p->searched. */
void query_choose(struct parser *p, const struct query_shown *shown);
/* What the pieces of the compiler share. */
const char *query_expression(struct parser *p, const struct property *property);
bool query_in_find(const struct object_type *object, const struct property *property); /* part of TABLE_find */
void query_server_has(struct parser *p, const char *text); /* condition: the server has this text (lower case) in TABLE_find */
const char *query_literal(struct parser *p, const struct word *word); /* its longest run without wildcards, lower case */
/* Operator at text: how many bytes it has, 0 = none. */
size_t query_operator(const char *text, enum compare *op);
/* Bytes of a field's name at text, if an operator follows; else 0. */
size_t query_name(const char *text);

#endif
