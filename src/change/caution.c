/* caution.c - servers that their operators want more care with: a label beside their rows, another question before a plan is sent. */
#include "inner.h"

#include <stdlib.h>
#include <string.h>

#include "ipamtui/text.h"

/* At most so many changes are asked for in one line. */
#define FEW 10
/* Servers of one label that are named; the others are counted. */
#define NAMED 3

/* ------------------------------------------------------------------ loading */
static const char *text_of(const struct row *row, const char *property)
{
    struct value v = row->values[catalog_property(&catalog_servers, property)];

    return v.type == VALUE_TEXT ? v.s : "";
}

static enum caution_ask ask_of(const char *word)
{
    return strcmp(word, "typed") == 0 ? CAUTION_TYPED : strcmp(word, "less") == 0 ? CAUTION_LESS : CAUTION_NORMAL;
}

static bool take_server(void *ctx, const struct row *row)
{
    struct cautions *c = ctx;

    x_grow(&c->rows, &c->cap, c->count + 1, sizeof(*c->rows));
    c->rows[c->count++] = (struct caution){ .server = row->id, .name = text_printable_in(&c->mem, text_of(row, "server")),
                                            .label = text_printable_in(&c->mem, text_of(row, "label")),
                                            .ask = ask_of(text_of(row, "ask")) };
    return true;
}

static const char *sql_of(const char *property)
{
    return catalog_servers.properties[catalog_property(&catalog_servers, property)].sql;
}

static int by_server(const void *a, const void *b)
{
    const struct caution *x = a, *y = b;

    return (x->server > y->server) - (x->server < y->server);
}

bool cautions_load(struct store *store, struct cautions *out, struct err *err)
{
    char *where = x_asprintf("(%s) IS NOT NULL OR (%s) IS NOT NULL", sql_of("label"), sql_of("ask"));
    struct list_spec spec = { .object = &catalog_servers, .where = where };
    bool ok = store_list_rows(store, &spec, take_server, out, err);

    free(where);
    if (!ok)
        return false;
    if (out->count > 1)
        qsort(out->rows, out->count, sizeof(*out->rows), by_server);
    return true;
}

void cautions_done(struct cautions *cautions)
{
    free(cautions->rows);
    arena_done(&cautions->mem);
    *cautions = (struct cautions){ 0 };
}

const struct caution *caution_of(const struct cautions *cautions, server_id server)
{
    struct caution key = { .server = server };

    return cautions->count > 0 ? bsearch(&key, cautions->rows, cautions->count, sizeof(key), by_server) : NULL;
}

const char *caution_label(const struct cautions *cautions, server_id server)
{
    const struct caution *caution = caution_of(cautions, server);

    return caution != NULL ? caution->label : "";
}

/* ------------------------------------------------------------------ the question */
enum plan_question change_plan_question(const struct change_plan *plan, const struct plan_totals *totals,
                                        const struct cautions *cautions, int64_t guard)
{
    bool labelled = false, typed = false, less = plan->count > 0;

    for (size_t i = 0; i < plan->count; i++) {
        const struct caution *caution;

        if (i > 0 && plan->steps[i].server == plan->steps[i - 1].server)
            continue;
        caution = caution_of(cautions, plan->steps[i].server);
        labelled = labelled || (caution != NULL && caution->label[0] != '\0');
        typed = typed || (caution != NULL && caution->ask == CAUTION_TYPED);
        less = less && caution != NULL && caution->ask == CAUTION_LESS;
    }
    if (typed || totals->hard > 0 || (int64_t)totals->targets > guard)
        return PLAN_ASK_NUMBER;
    return less || (totals->steps <= FEW && !labelled) ? PLAN_ASK_LINE : PLAN_ASK_BOX;
}

/* ------------------------------------------------------------------ in words */
/* Servers by what is set for them. */
struct words {
    struct said {
        const char *word;
        const char *names[NAMED];
        size_t count;
    } *rows;
    size_t count, cap;
};

static void add_word(struct words *all, const char *word, const char *name)
{
    struct said *said;
    size_t at = 0;

    while (at < all->count && strcmp(all->rows[at].word, word) != 0)
        at++;
    if (at == all->count) {
        x_grow(&all->rows, &all->cap, all->count + 1, sizeof(*all->rows));
        all->rows[all->count++] = (struct said){ .word = word };
    }
    said = &all->rows[at];
    if (said->count < NAMED)
        said->names[said->count] = name;
    said->count++;
}

static void add_label(struct words *all, const struct caution *caution)
{
    if (caution != NULL && caution->label[0] != '\0')
        add_word(all, caution->label, caution->name);
}

/* Steps of one server stand side by side. */
static struct words words_of(const struct change_plan *plan, const struct cautions *cautions, bool asks)
{
    struct words all = { 0 };

    for (size_t i = 0; i < plan->count; i++) {
        const struct caution *caution;

        if (i > 0 && plan->steps[i].server == plan->steps[i - 1].server)
            continue;
        caution = caution_of(cautions, plan->steps[i].server);
        add_label(&all, caution);
        if (asks && caution != NULL && caution->ask == CAUTION_TYPED)
            add_word(&all, "ask=typed", caution->name);
    }
    return all;
}

static void show_labels(struct words *all, struct buf *out)
{
    for (size_t i = 0; i < all->count; i++)
        buf_addf(out, "%s%s", i == 0 ? " [" : ", ", all->rows[i].word);
    buf_adds(out, all->count > 0 ? "]" : "");
    free(all->rows);
}

void change_plan_labels(const struct change_plan *plan, const struct cautions *cautions, struct buf *out)
{
    struct words all = words_of(plan, cautions, false);

    show_labels(&all, out);
}

void change_targets_labels(const struct change_targets *targets, const struct cautions *cautions, struct buf *out)
{
    struct words all = { 0 };

    for (size_t i = 0; cautions->count > 0 && i < change_targets_count(targets); i++)
        add_label(&all, caution_of(cautions, change_targets_row(targets, i)->server));
    show_labels(&all, out);
}

void change_plan_cautions(const struct change_plan *plan, const struct cautions *cautions, struct buf *out)
{
    struct words all = words_of(plan, cautions, true);

    for (size_t i = 0; i < all.count; i++) {
        const struct said *said = &all.rows[i];
        size_t named = MIN(said->count, NAMED);

        buf_addf(out, "%s: ", said->word);
        for (size_t n = 0; n < named; n++)
            buf_addf(out, "%s%s", n > 0 ? ", " : "", said->names[n]);
        if (said->count > named)
            buf_addf(out, " and %zu more server%s", said->count - named, said->count - named == 1 ? "" : "s");
        buf_adds(out, "\n");
    }
    free(all.rows);
}
