/* query.h - the filter language of panes and `list`, compiled to SQL with bound parameters. ipamtui-query(7). Any thread.
 *
 *   lon-*                      plain word: in any column that is shown, as it is shown there
 *   "two words"                quoted
 *   server:lon-* state:active  field:pattern ('*' '?'; case folded); field:a,b any of; field: = field:"" (empty or unknown)
 *   util>80 lease_duration<=4h util:20..80
 *   ip:10.1.2.3                the scope (range, exclusion) that holds it
 *   net:10.1.0.0/16            all inside
 *   and or not ( )             words side by side mean and; not binds tightest; a leading '-' or '!' is not
 *   name~word                  contains */
#ifndef IPAM_QUERY_H
#define IPAM_QUERY_H

#include "ipamtui/catalog.h"

/* Stands in where between what only helps to pass over servers and the condition itself, if there is the former. */
#define QUERY_ROWS "/*rows*/"

struct query {
    struct buf where;      /* SQL; empty = everything */
    struct value *params;  /* texts in mem */
    size_t param_count, param_cap;
    struct arena mem;
};
/* What plain words search: the columns of a list, as their cells show them. Those that the operator chose, or the view that is
 * there without a choice: the default columns with those for wide screens, however wide the screen is, and object->free_text. */
struct query_shown {
    const int *columns; /* places in object->properties */
    size_t count;
    bool chosen;          /* only these; otherwise the view's as well */
    enum date_mode dates; /* how times are shown */
    /* SQL of the text that a cell shows in place of its value ("no ssh" for no), in mem; NULL: it does not. May be NULL.
     * Any thread: an export asks on its own. */
    const char *(*text_sql)(int property, struct arena *mem);
};
/* ERR_INPUT; *at (may be NULL) = byte of text where it went wrong. text says what was expected. */
bool query_compile(const struct object_type *object, const char *text, struct query *out, size_t *at, struct err *err);
/* The same for a list that shows these columns. query_compile(): no choice, times in full. */
bool query_compile_shown(const struct object_type *object, const struct query_shown *shown, const char *text, struct query *out,
                         size_t *at, struct err *err);
void query_done(struct query *query); /* also on a zeroed one */
/* Puts field:value in front of a query (value NULL: nothing), in place of what it says of that field beside the rest, un-negated.
 * A query with "or" is kept as a whole, in parentheses. To *out, which is empty; ERR_INPUT: text is no query. */
bool query_put(const struct object_type *object, const char *text, const char *field, const char *value, struct buf *out,
               struct err *err);
/* Completions for the word that ends at text+at: fields, enum values, "and or not"; fn false = stop. */
typedef bool query_word_fn(void *ctx, const char *word, const char *help);
void query_complete(const struct object_type *object, const char *text, size_t at, query_word_fn *fn, void *ctx);

#endif
