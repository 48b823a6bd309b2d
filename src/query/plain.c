/* plain.c - plain words: free text over the columns that are shown, as they are shown there.
 *
 * Text of a big object is searched in TABLE_find, and servers that do not have the word at all are passed over. Cells that are no
 * text are looked at one by one (shows()), but only for a word that can be in one: "voice" is in no number. */
#include <string.h>

#include "ipamtui/clock.h"
#include "query_int.h"

/* ------------------------------------------------------------------ what is searched */
/* Is the name in a comma list? */
static bool listed(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = list; (at = strstr(at, name)) != NULL; at += len)
        if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

static bool of_server(const struct property *property)
{
    return property->flags & PROP_OF_SERVER;
}

bool query_in_find(const struct object_type *object, const struct property *property)
{
    return object->find_table && listed(object->free_text, property->name) && !of_server(property);
}

static bool of_view(const struct object_type *object, const struct property *property)
{
    return (property->flags & (PROP_DEFAULT | PROP_WIDE)) || listed(object->free_text, property->name);
}

/* A network is shown with its prefix: "10.1.2.0/24" goes together, and in TABLE_find too. */
static const struct property *prefix_of(const struct object_type *object, size_t place)
{
    const struct property *next = place + 1 < object->property_count ? &object->properties[place + 1] : NULL;

    return object->properties[place].kind == KIND_IPV4 && next && next->kind == KIND_PREFIX ? next : NULL;
}

void query_choose(struct parser *p, const struct query_shown *shown)
{
    const struct object_type *object = p->object;

    p->dates = shown ? shown->dates : DATES_FULL;
    p->text_sql = shown ? shown->text_sql : NULL;
    p->searched = arena_alloc(&p->out->mem, (object->property_count + 1) * sizeof(*p->searched));
    for (size_t i = 0; i < object->property_count; i++)
        p->searched[i] = !(shown && shown->chosen) && of_view(object, &object->properties[i]);
    for (size_t i = 0; shown && i < shown->count; i++)
        p->searched[shown->columns[i]] = true;
    for (size_t i = 0; i < object->property_count; i++)
        if (p->searched[i] && prefix_of(object, i))
            p->searched[i + 1] = true;
}

/* ------------------------------------------------------------------ the word */
static char *lower(struct parser *p, const char *text)
{
    char *copy = arena_strdup(&p->out->mem, text);

    for (char *c = copy; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    return copy;
}

const char *query_literal(struct parser *p, const struct word *word)
{
    const char *text = lower(p, word->text), *best = "";
    size_t best_len = 0;

    if (!word->wild)
        return text;
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, "*?");

        if (len > best_len) {
            best = at;
            best_len = len;
        }
        at += len + (at[len] != '\0');
    }
    return arena_strndup(&p->out->mem, best, best_len);
}

static struct value word_value(const struct word *word)
{
    return V_TEXT(word->wild ? word->pattern : word->text);
}

/* ------------------------------------------------------------------ the cells of a column */
/* A piece of SQL with its parameters, for the row's condition, its server's, or both. */
struct condition {
    const char *sql;
    struct value params[2];
    size_t count;
};

static struct condition text_cell(struct parser *p, const char *sql, const struct word *word)
{
    const char *fmt = word->wild ? "coalesce(%s LIKE ? ESCAPE '\\', 0)" : "contains(%s, ?)";

    return (struct condition){ arena_printf(&p->out->mem, fmt, sql), { word_value(word) }, 1 };
}

static bool is_text(const struct property *property)
{
    return property->kind == KIND_TEXT || property->kind == KIND_VERSION || property->kind == KIND_IPV6 ||
           property->kind == KIND_ENUM;
}

/* The cell of a property, whose value is sql, says the word. */
static struct condition value_cell(struct parser *p, size_t place, const char *sql, const struct word *word)
{
    const struct property *property = &p->object->properties[place];
    int object = 0;

    if (is_text(property))
        return text_cell(p, sql, word);
    while (catalog_objects[object] && catalog_objects[object] != p->object)
        object++;
    sql = arena_printf(&p->out->mem, "shows(%d, %zu, %d, ?, ?, %d, %s)", object, place, (int)p->dates, word->wild, sql);
    return (struct condition){ sql, { V_INT(property->kind == KIND_TIME ? clock_now_s() : 0), word_value(word) }, 2 };
}

/* Words that are worked out here are ours alone; those of a server may be news to us. Of many rows no cell is looked at in vain. */
static bool may_show(struct parser *p, const struct property *property, const char *literal)
{
    if (property->kind != KIND_ENUM || property->read.source || !p->object->find_table)
        return kind_may_show(property->kind, p->dates, literal);
    for (size_t i = 0; property->values[i]; i++)
        if (strstr(property->values[i], literal))
            return true;
    return false;
}

/* *server: it is the same for all rows of a server. */
static struct condition cell(struct parser *p, size_t place, const struct word *word, bool *server)
{
    const struct property *property = &p->object->properties[place];
    const char *text = p->text_sql ? p->text_sql((int)place, &p->out->mem) : NULL;
    struct condition c;

    *server = !text && of_server(property);
    if (text)
        return text_cell(p, text, word);
    c = value_cell(p, place, query_expression(p, property), word);
    if (*server) /* looked at once a server, not once a row */
        c.sql = arena_printf(&p->out->mem, "s.id IN (SELECT s.id FROM server s JOIN (SELECT id AS server FROM server) o"
                             " ON o.server = s.id WHERE %s)", c.sql);
    return c;
}

static void or_row(struct parser *p, const struct condition *c)
{
    query_sql(p, " OR %s", c->sql);
    for (size_t i = 0; i < c->count; i++)
        query_param(p, c->params[i]);
}

static void or_server(struct parser *p, const struct condition *c)
{
    query_server_sql(p, " OR %s", c->sql);
    for (size_t i = 0; i < c->count; i++)
        query_server_param(p, c->params[i]);
}

/* ------------------------------------------------------------------ TABLE_find */
/* The server has rows with this text somewhere. A server whose text is not known has to be looked at. */
void query_server_has(struct parser *p, const char *text)
{
    int run = strlen(text) > 2 ? 3 : 2;

    query_server_sql(p, "coalesce((SELECT CASE WHEN may_have(w.%s, ?, %d) THEN has(w.text, ?) ELSE 0 END FROM \"%s_words\" w"
                     " WHERE w.server = s.id), 1)", run == 3 ? "threes" : "twos", run, p->object->table);
    query_server_param(p, V_TEXT(text));
    query_server_param(p, V_TEXT(text));
}

/* "10.1.2.0/24", which neither of its two columns shows alone. */
static struct condition network_cell(struct parser *p, size_t place, const struct word *word)
{
    const char *ip = query_expression(p, &p->object->properties[place]);
    const char *prefix = query_expression(p, prefix_of(p->object, place));

    return text_cell(p, arena_printf(&p->out->mem, "((%s>>24)||'.'||(%s>>16&255)||'.'||(%s>>8&255)||'.'||(%s&255)||'/'||%s)", ip,
                                     ip, ip, ip, prefix), word);
}

/* The word is in the row's text; where some of that is not shown, in what is. */
static void find_cells(struct parser *p, const struct word *word, const char *literal, bool all)
{
    struct condition c;
    bool server;

    query_sql(p, word->wild ? "(any_line(f.find, ?)" : "(has(f.find, ?)");
    query_param(p, V_TEXT(word->wild ? lower(p, word->text) : literal));
    query_server_has(p, literal);
    if (!all) {
        query_sql(p, " AND (0");
        for (size_t i = 0; i < p->object->property_count; i++) {
            if (!p->searched[i] || !query_in_find(p->object, &p->object->properties[i]))
                continue;
            c = cell(p, i, word, &server);
            or_row(p, &c);
            if (prefix_of(p->object, i)) {
                c = network_cell(p, i, word);
                or_row(p, &c);
            }
        }
        query_sql(p, ")");
    }
    query_sql(p, ")");
}

/* How many columns of TABLE_find are searched; *all: that is each of them. */
static size_t find_columns(struct parser *p, bool *all)
{
    size_t count = 0;

    *all = true;
    for (size_t i = 0; i < p->object->property_count; i++)
        if (query_in_find(p->object, &p->object->properties[i])) {
            count += p->searched[i];
            *all = *all && p->searched[i];
        }
    return count;
}

/* ------------------------------------------------------------------ all of it */
/* One more alternative, for the row and for its server. */
static void cell_or(struct parser *p, size_t place, const struct word *word)
{
    bool server;
    struct condition c = cell(p, place, word, &server);

    or_row(p, &c);
    if (server)
        or_server(p, &c);
    else
        query_server_sql(p, " OR 1");
}

bool query_plain(struct parser *p, const struct word *word)
{
    const char *literal = query_literal(p, word);
    bool all;
    size_t find = find_columns(p, &all);

    query_sql(p, "(");
    query_server_sql(p, "(");
    if (find > 0) {
        find_cells(p, word, literal, all);
    } else {
        query_sql(p, "0");
        query_server_sql(p, "0");
    }
    for (size_t i = 0; i < p->object->property_count; i++)
        if (p->searched[i] && !query_in_find(p->object, &p->object->properties[i]) &&
            may_show(p, &p->object->properties[i], literal))
            cell_or(p, i, word);
    query_sql(p, ")");
    query_server_sql(p, ")");
    return true;
}
