/* targets.c - the rows that edits are for, with what lies below them, as the store has them. */
#include "inner.h"

#include <stdlib.h>
#include <string.h>

#include "ipamtui/text.h"

/* What the plan must know of a server. */
struct target_server {
    server_id id;
    const char *name;
    const char *barred; /* why nothing may be changed on it; NULL: it may */
};
struct target_children {
    const struct object_type *type;
    struct key_places keys;
    struct row *rows; /* by server, then key */
    size_t count, cap;
};
struct change_targets {
    struct arena mem;
    const struct object_type *object;
    struct key_places keys;
    int title;
    struct row *rows;
    size_t count, cap;
    struct target_server *servers; /* by id */
    size_t server_count, server_cap;
    struct target_children children[4];
    size_t child_count;
    size_t used_servers;
    row_id *selected; /* children that were named themselves, by id */
    size_t selected_count;
};

/* ------------------------------------------------------------------ loading */
static struct row copy_row(const struct row *row, const struct object_type *object, struct arena *arena)
{
    struct row copy = *row;

    copy.values = arena_alloc(arena, object->property_count * sizeof(*copy.values));
    for (size_t i = 0; i < object->property_count; i++)
        copy.values[i] = value_in(row->values[i], arena);
    return copy;
}

static bool take_row(void *ctx, const struct row *row)
{
    struct change_targets *t = ctx;

    x_grow(&t->rows, &t->cap, t->count + 1, sizeof(*t->rows));
    t->rows[t->count++] = copy_row(row, t->object, &t->mem);
    return true;
}

static bool take_server(void *ctx, const struct row *row)
{
    struct change_targets *t = ctx;
    int name = catalog_property(&catalog_servers, "server"), read_only = catalog_property(&catalog_servers, "read_only"),
        same_as = catalog_property(&catalog_servers, "same_as");
    struct target_server *server;

    x_grow(&t->servers, &t->server_cap, t->server_count + 1, sizeof(*t->servers));
    server = &t->servers[t->server_count++];
    *server = (struct target_server){ .id = row->id, .name = "" };
    if (name >= 0 && row->values[name].type == VALUE_TEXT)
        server->name = arena_strdup(&t->mem, row->values[name].s);
    if (read_only < 0 || row->values[read_only].type != VALUE_INT || !row->values[read_only].i)
        return true;
    server->barred = "the server is set to read-only here";
    if (same_as >= 0 && row->values[same_as].type == VALUE_TEXT)
        server->barred = arena_printf(&t->mem, "the server, or another entry of the same machine (%s), is set to read-only here",
                                      row->values[same_as].s);
    return true;
}

struct child_taking {
    struct change_targets *targets;
    struct target_children *children;
};

static bool take_child(void *ctx, const struct row *row)
{
    struct child_taking *taking = ctx;
    struct target_children *c = taking->children;

    x_grow(&c->rows, &c->cap, c->count + 1, sizeof(*c->rows));
    c->rows[c->count++] = copy_row(row, c->type, &taking->targets->mem);
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct target_server *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static int compare_key(const struct key_places *places, size_t count, const struct value *a, const struct value *b)
{
    for (size_t i = 0; i < count; i++) {
        int order = value_compare(a[places->at[i]], b[places->at[i]]);

        if (order != 0)
            return order;
    }
    return 0;
}

static int by_server_and_key(const void *a, const void *b, void *ctx)
{
    const struct row *x = a, *y = b;
    const struct key_places *places = ctx;

    if (x->server != y->server)
        return x->server < y->server ? -1 : 1;
    return compare_key(places, places->count, x->values, y->values);
}

/* Children of few targets are asked for by server; of many, the whole table is one pass. */
#define CHILDREN_BY_SERVER 64
static bool load_children(struct change_targets *t, struct store *store, struct target_children *children,
                          struct err *err)
{
    struct child_taking taking = { t, children };
    struct buf where = { 0 };
    struct list_spec spec = { .object = children->type };
    server_id last = 0;
    size_t named = 0;
    bool ok;

    for (size_t i = 0; i < t->count; i++) {
        if (t->rows[i].server == last)
            continue;
        last = t->rows[i].server;
        buf_addf(&where, "%s%lld", named++ == 0 ? "o.server IN (" : ",", (long long)last);
    }
    buf_adds(&where, ")");
    if (named > 0 && named <= CHILDREN_BY_SERVER)
        spec.where = buf_at(&where);
    ok = store_list_rows(store, &spec, take_child, &taking, err);
    buf_done(&where);
    if (ok && children->count > 1)
        qsort_r(children->rows, children->count, sizeof(*children->rows), by_server_and_key, &children->keys);
    return ok;
}

static size_t count_servers(struct change_targets *t)
{
    server_id *ids = x_calloc(MAX(t->count, 1), sizeof(*ids));
    size_t n = 0, distinct = 0;

    for (size_t i = 0; i < t->count; i++)
        if (i == 0 || t->rows[i].server != t->rows[i - 1].server)
            ids[n++] = t->rows[i].server;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < distinct && ids[k] != ids[i])
            k++;
        if (k == distinct)
            ids[distinct++] = ids[i];
    }
    free(ids);
    return distinct;
}

static bool load_around(struct change_targets *t, struct store *store, struct err *err)
{
    const struct list_spec servers = { .object = &catalog_servers };
    const struct object_type *types[COUNT(t->children)];

    if (!store_list_rows(store, &servers, take_server, t, err))
        return false;
    if (t->server_count > 1)
        qsort(t->servers, t->server_count, sizeof(*t->servers), by_id);
    t->child_count = change_child_types(t->object, types, COUNT(types));
    for (size_t i = 0; i < t->child_count; i++) {
        t->children[i].type = types[i];
        key_places(types[i], &t->children[i].keys);
        if (t->count > 0 && !load_children(t, store, &t->children[i], err))
            return false;
    }
    t->used_servers = count_servers(t);
    return true;
}

static struct change_targets *targets_new(const struct object_type *object)
{
    struct change_targets *t = x_alloc(sizeof(*t));

    t->object = object;
    key_places(object, &t->keys);
    t->title = object->title_property != NULL ? catalog_property(object, object->title_property) : -1;
    return t;
}

bool change_targets_list(struct store *store, const struct list_spec *spec, struct change_targets **out, struct err *err)
{
    struct change_targets *t = targets_new(spec->object);

    if (!store_list_rows(store, spec, take_row, t, err) || !load_around(t, store, err)) {
        change_targets_free(t);
        return false;
    }
    *out = t;
    return true;
}

enum { LOAD_CHUNK = 512 };

static bool load_rows(struct change_targets *t, struct store *store, const row_id *ids, size_t count, struct err *err)
{
    x_grow(&t->rows, &t->cap, MAX(count, 1), sizeof(*t->rows));
    for (size_t at = 0; at < count; at += LOAD_CHUNK) {
        size_t n = MIN(count - at, LOAD_CHUNK), kept = 0;

        if (!store_rows(store, t->object, ids + at, n, &t->mem, t->rows + t->count, err))
            return false;
        for (size_t i = 0; i < n; i++)
            if (t->rows[t->count + i].id != 0)
                t->rows[t->count + kept++] = t->rows[t->count + i];
        t->count += kept;
    }
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    row_id x = *(const row_id *)a, y = *(const row_id *)b;

    return (x > y) - (x < y);
}

/* The rows that children lie below, each once. */
static bool find_parents(struct store *store, const struct object_type *child, const struct object_type *parent,
                         const struct row *rows, size_t count, row_id *ids, size_t *id_count, struct err *err)
{
    struct value *values = x_calloc(parent->property_count, sizeof(*values));
    struct key_places c, p;
    bool ok = true;
    size_t n = 0;

    key_places(child, &c);
    key_places(parent, &p);
    for (size_t i = 0; ok && i < count; i++) {
        struct err inner = { 0 };

        for (size_t k = 0; k < p.count; k++)
            values[p.at[k]] = rows[i].values[c.at[k]];
        if (store_row_find(store, rows[i].server, parent, values, &ids[n], &inner))
            n++;
        else if (inner.kind != ERR_NOT_FOUND)
            ok = (*err = inner, false);
    }
    free(values);
    qsort(ids, n, sizeof(*ids), compare_ids);
    *id_count = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            ids[(*id_count)++] = ids[i];
    return ok;
}

/* Rows that lie below others are reached through those: what may be there depends on them. */
static bool load_by_children(struct change_targets *t, struct store *store, const struct object_type *child,
                             const row_id *ids, size_t count, struct err *err)
{
    struct change_targets *named = targets_new(child);
    row_id *parents = x_calloc(count + 1, sizeof(*parents));
    size_t parent_count = 0;
    bool ok = load_rows(named, store, ids, count, err) &&
              find_parents(store, child, t->object, named->rows, named->count, parents, &parent_count, err) &&
              load_rows(t, store, parents, parent_count, err);

    t->selected = x_calloc(count + 1, sizeof(*t->selected));
    for (size_t i = 0; i < named->count; i++)
        t->selected[t->selected_count++] = named->rows[i].id;
    qsort(t->selected, t->selected_count, sizeof(*t->selected), compare_ids);
    free(parents);
    change_targets_free(named);
    return ok;
}

bool change_targets_load(struct store *store, const struct object_type *object, const row_id *ids, size_t count,
                         struct change_targets **out, struct err *err)
{
    const struct object_type *parent = catalog_parent(object);
    struct change_targets *t = targets_new(parent != NULL ? parent : object);
    bool ok = parent != NULL ? load_by_children(t, store, object, ids, count, err) : load_rows(t, store, ids, count, err);

    if (!ok || !load_around(t, store, err)) {
        change_targets_free(t);
        return false;
    }
    *out = t;
    return true;
}

bool target_child_selected(const struct change_targets *targets, row_id child)
{
    return targets->selected_count > 0 &&
           bsearch(&child, targets->selected, targets->selected_count, sizeof(child), compare_ids) != NULL;
}

void change_targets_free(struct change_targets *targets)
{
    if (targets == NULL)
        return;
    for (size_t i = 0; i < targets->child_count; i++)
        free(targets->children[i].rows);
    free(targets->rows);
    free(targets->servers);
    free(targets->selected);
    arena_done(&targets->mem);
    free(targets);
}

/* ------------------------------------------------------------------ looking */
size_t change_targets_count(const struct change_targets *targets)
{
    return targets->count;
}

size_t change_targets_servers(const struct change_targets *targets)
{
    return targets->used_servers;
}

const struct object_type *change_targets_object(const struct change_targets *targets)
{
    return targets->object;
}

const struct row *change_targets_row(const struct change_targets *targets, size_t at)
{
    return &targets->rows[at];
}

const struct key_places *target_keys(const struct change_targets *targets)
{
    return &targets->keys;
}

/* Is this child before, below or after the target? */
static int child_side(const struct change_targets *t, const struct target_children *c, const struct row *child,
                      const struct row *target)
{
    if (child->server != target->server)
        return child->server < target->server ? -1 : 1;
    for (size_t i = 0; i < t->keys.count; i++) {
        int order = value_compare(child->values[c->keys.at[i]], target->values[t->keys.at[i]]);

        if (order != 0)
            return order;
    }
    return 0;
}

size_t change_targets_children(const struct change_targets *targets, size_t at, const struct object_type *child,
                               const struct row **first)
{
    const struct target_children *c = NULL;
    size_t low = 0, high, end;

    for (size_t i = 0; i < targets->child_count && c == NULL; i++)
        if (targets->children[i].type == child)
            c = &targets->children[i];
    *first = NULL;
    if (c == NULL)
        return 0;
    high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (child_side(targets, c, &c->rows[middle], &targets->rows[at]) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < c->count && child_side(targets, c, &c->rows[end], &targets->rows[at]) == 0; end++)
        ;
    *first = c->rows + low;
    return end - low;
}

static const struct target_server *server_of(const struct change_targets *t, server_id id)
{
    struct target_server key = { .id = id };

    return t->server_count > 0 ? bsearch(&key, t->servers, t->server_count, sizeof(key), by_id) : NULL;
}

const char *target_server_name(const struct change_targets *targets, size_t at)
{
    const struct target_server *server = server_of(targets, targets->rows[at].server);

    return server != NULL ? server->name : "";
}

const char *target_title(const struct change_targets *targets, size_t at)
{
    struct value v = targets->title >= 0 ? targets->rows[at].values[targets->title] : V_NULL;

    return v.type == VALUE_TEXT ? v.s : "";
}

const char *target_barred(const struct change_targets *targets, size_t at)
{
    const struct target_server *server = server_of(targets, targets->rows[at].server);

    return server != NULL ? server->barred : NULL;
}
