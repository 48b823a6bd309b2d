/* file.c - plans in files: CSV (RFC 4180) that people can read, edit and keep in version control.
 *
 * Values are as one types them ("8d", "10.1.2.20", "active"). \N is a value that was not known; a text that begins with a
 * backslash gets another one in front. */
#include "inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/csv.h"
#include "ipamtui/duration.h"
#include "ipamtui/text.h"

static const char *const columns[] = { "action", "server", "object", "key", "property", "before", "after" };
enum { ACTION, SERVER, OBJECT, KEY, PROPERTY, BEFORE, AFTER, COLUMNS };

/* ------------------------------------------------------------------ writing */
static void add_value(struct buf *out, const struct property *p, struct value v)
{
    struct buf text = { 0 };
    char duration[DURATION_TEXT_SIZE];

    if (v.type == VALUE_NULL)
        buf_adds(&text, "\\N");
    else if (p->kind == KIND_DURATION && v.type == VALUE_INT)
        buf_adds(&text, duration_format(v.i, duration));
    else
        kind_write(p->kind, v, &text);
    if (v.type == VALUE_TEXT && v.s[0] == '\\') {
        buf_clear(&text);
        buf_addf(&text, "\\%s", v.s);
    }
    csv_cell(out, buf_at(&text), false);
    buf_done(&text);
}

static void add_line(struct buf *out, const struct change_step *step, struct arena *arena)
{
    buf_addf(out, "%s,", change_op_name(step->op));
    csv_cell(out, step->server_name, false);
    buf_addf(out, ",%s,", step->object->name);
    csv_cell(out, journal_key_text(step->object, step->key, arena), false);
    if (step->op == OP_SET) {
        const struct property *p = &step->object->properties[step->property];

        buf_addf(out, ",%s,", p->name);
        add_value(out, p, step->before);
        buf_addc(out, ',');
        add_value(out, p, step->after);
        buf_addc(out, '\n');
    } else {
        buf_adds(out, ",,,\n");
    }
}

static bool write_file(const char *path, const struct buf *text, struct err *err)
{
    char *new = x_asprintf("%s.new", path);
    FILE *file = fopen(new, "we");
    bool ok = file != NULL && fwrite(buf_at(text), 1, text->len, file) == text->len;

    ok = ok && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (file != NULL && fclose(file) != 0)
        ok = false;
    ok = ok && rename(new, path) == 0;
    if (!ok) {
        err_errno(err, path, "the plan cannot be written");
        unlink(new);
    }
    free(new);
    return ok;
}

bool change_plan_save(const struct change_plan *plan, const char *path, struct err *err)
{
    struct arena arena = { 0 };
    struct buf out = { 0 };
    bool ok;

    for (size_t i = 0; i < COLUMNS; i++)
        buf_addf(&out, "%s%s", i > 0 ? "," : "", columns[i]);
    buf_addc(&out, '\n');
    for (size_t i = 0; i < plan->count; i++)
        add_line(&out, &plan->steps[i], &arena);
    ok = write_file(path, &out, err);
    buf_done(&out);
    arena_done(&arena);
    return ok;
}

/* ------------------------------------------------------------------ reading */
enum { FILE_MAX_BYTES = 64 * 1024 * 1024 };

struct reading {
    const char *path;
    struct csv_reader csv;
    struct arena arena; /* cells of the record at hand */
    struct csv_cell *cells;
    size_t cell_count;
    struct store *store;
    struct change_plan *plan;
    /* the server named last */
    char *name;
    server_id server;
};

/* Something is wrong with this cell of the record. */
static bool bad(struct reading *r, size_t cell, struct err *err, const char *fmt, const char *what)
{
    char text[300];

    snprintf(text, sizeof(text), fmt, what);
    return err_set(err, ERR_INPUT, r->path, "line %d, column %d: %s", r->cells[cell].line, r->cells[cell].column, text);
}

static bool read_record(struct reading *r, struct err *err)
{
    arena_reset(&r->arena);
    return csv_read(&r->csv, &r->cells, &r->cell_count, err);
}

static bool read_value(struct reading *r, size_t cell, const struct property *p, struct value *out, struct err *err)
{
    const char *text = r->cells[cell].text;
    struct err inner = { 0 };
    char *end;

    if (strcmp(text, "\\N") == 0) {
        *out = V_NULL;
    } else if (p->kind == KIND_TEXT) {
        *out = V_TEXT(arena_strdup(&r->plan->mem, text[0] == '\\' && text[1] == '\\' ? text + 1 : text));
    } else if (p->kind == KIND_DURATION && text[strspn(text, "0123456789")] == '\0' && text[0] != '\0') {
        *out = V_INT(strtoll(text, &end, 10)); /* plain seconds, as machine formats have them */
    } else if (!property_parse(p, text, &r->plan->mem, out, &inner)) {
        return bad(r, cell, err, "%s", inner.text);
    }
    return true;
}

static bool find_server(struct reading *r, const char *name, struct err *err)
{
    struct err inner = { 0 };

    if (r->name != NULL && strcmp(r->name, name) == 0)
        return true;
    if (!store_server_find(r->store, name, &r->server, &inner))
        return inner.kind == ERR_NOT_FOUND ? bad(r, SERVER, err, "there is no server \"%s\"", name) : (*err = inner, false);
    free(r->name);
    r->name = x_strdup(name);
    return true;
}

static bool read_set(struct reading *r, struct change_step *step, struct err *err)
{
    struct change_edit edit = { .how = EDIT_SET, .object = step->object };
    struct err inner = { 0 };

    step->property = catalog_property(step->object, r->cells[PROPERTY].text);
    if (step->property < 0 || !property_is_writable(&step->object->properties[step->property]))
        return bad(r, PROPERTY, err, "\"%s\" is no property that can be changed", r->cells[PROPERTY].text);
    if (!read_value(r, BEFORE, &step->object->properties[step->property], &step->before, err) ||
        !read_value(r, AFTER, &step->object->properties[step->property], &step->after, err))
        return false;
    if (step->after.type == VALUE_NULL)
        return bad(r, AFTER, err, "%s needs a value after", r->cells[PROPERTY].text);
    edit.property = step->property;
    edit.text = r->cells[AFTER].text;
    if (step->after.type == VALUE_INT && step->object->properties[step->property].kind == KIND_DURATION)
        edit.text = arena_strdup(&r->arena, duration_format(step->after.i, (char[DURATION_TEXT_SIZE]){ 0 }));
    return change_edit_check(step->object, &edit, &inner) || bad(r, AFTER, err, "%s", inner.text);
}

static bool read_action(struct reading *r, enum change_op *op, struct err *err)
{
    for (enum change_op i = OP_SET; i <= OP_REMOVE; i++)
        if (strcmp(r->cells[ACTION].text, change_op_name(i)) == 0) {
            *op = i;
            return true;
        }
    return bad(r, ACTION, err, "\"%s\" is no action; expected set, add or remove", r->cells[ACTION].text);
}

static bool is_twice(const struct change_plan *plan, const struct change_step *step)
{
    size_t from = plan->count > 200 ? plan->count - 200 : 0; /* neighbours; far ones are found when the plan is ordered */

    for (size_t i = from; i < plan->count; i++) {
        const struct change_step *other = &plan->steps[i];

        if (other->server == step->server && other->object == step->object && other->op == step->op &&
            other->property == step->property && key_equal(step->object, other->key, step->key))
            return true;
    }
    return false;
}

static bool read_step(struct reading *r, struct err *err)
{
    struct change_step step = { .property = -1, .title = "", .text = "", .error_id = "", .hint = "" };
    struct value *key = arena_alloc(&r->plan->mem, KEY_MAX * sizeof(*key));
    struct err inner = { 0 };
    struct change_step *kept;

    if (r->cell_count > COLUMNS)
        return bad(r, COLUMNS, err, "too many cells; expected: %s", "action,server,object,key,property,before,after");
    if (r->cell_count < COLUMNS)
        return bad(r, 0, err, "expected seven cells: %s", "action,server,object,key,property,before,after");
    step.object = catalog_find(r->cells[OBJECT].text);
    if (step.object == NULL)
        return bad(r, OBJECT, err, "there are no \"%s\"", r->cells[OBJECT].text);
    if (!read_action(r, &step.op, err) || !find_server(r, r->cells[SERVER].text, err))
        return false;
    if (!journal_key_parse(step.object, r->cells[KEY].text, &r->plan->mem, key, &inner))
        return bad(r, KEY, err, "%s", inner.text);
    if (step.op != OP_SET && (step.object->add == NULL || step.object->remove == NULL || catalog_parent(step.object) == NULL))
        return bad(r, ACTION, err, "%s cannot be added or removed by a plan", step.object->name);
    if (step.op == OP_SET && !read_set(r, &step, err))
        return false;
    step.server = r->server;
    step.server_name = arena_strdup(&r->plan->mem, r->name);
    step.key = key;
    if (is_twice(r->plan, &step))
        return bad(r, KEY, err, "the same value is set twice%s", "");
    kept = plan_add_step(r->plan);
    step.no = kept->no;
    *kept = step;
    return true;
}

static bool read_header(struct reading *r, struct err *err)
{
    bool ok = read_record(r, err) && r->cell_count == COLUMNS;

    for (size_t i = 0; ok && i < COLUMNS; i++)
        ok = text_casecmp(r->cells[i].text, columns[i]) == 0;
    if (ok || err->kind != ERR_NONE)
        return ok;
    return err_set(err, ERR_INPUT, r->path, "line %d, column 1: expected the header %s", r->cell_count > 0 ? r->cells[0].line : 1,
                   "action,server,object,key,property,before,after");
}

static bool read_text(const char *path, struct buf *out, struct err *err)
{
    FILE *file = fopen(path, "re");
    char *room;
    size_t n;

    if (file == NULL)
        return err_errno(err, path, "the plan cannot be read");
    out->limit = FILE_MAX_BYTES;
    do {
        room = buf_room(out, 65536);
        n = room != NULL ? fread(room, 1, 65536, file) : 0;
        buf_added(out, n);
    } while (n > 0);
    fclose(file);
    if (room == NULL)
        return err_set(err, ERR_INPUT, path, "the plan is larger than 64 MiB");
    return true;
}

/* What is twice in the file lies side by side once ordered. */
static bool no_doubles(const struct reading *r, struct err *err)
{
    char text[200];

    for (size_t i = 1; i < r->plan->count; i++) {
        const struct change_step *a = &r->plan->steps[i - 1], *b = a + 1;

        if (a->server == b->server && a->object == b->object && a->op == b->op && a->property == b->property &&
            key_equal(a->object, a->key, b->key))
            return err_set(err, ERR_CONFLICT, r->path, "the same value is set twice: %s %s", b->server_name,
                           change_step_show(b, text, sizeof(text)));
    }
    return true;
}

bool change_plan_read(struct store *store, const char *path, struct change_plan **out, struct err *err)
{
    struct buf text = { 0 };
    struct reading r = { .path = path, .store = store, .plan = change_plan_new() };
    const char *name = strrchr(path, '/');
    bool ok = read_text(path, &text, err) && csv_reader_init(&r.csv, path, buf_at(&text), text.len, &r.arena, err) &&
              read_header(&r, err);

    while (ok && read_record(&r, err))
        ok = read_step(&r, err);
    plan_order(r.plan);
    ok = ok && err->kind == ERR_NONE && no_doubles(&r, err) && plan_check(store, r.plan, err);
    if (ok) {
        char *what = x_asprintf("apply %s", name != NULL ? name + 1 : path);

        plan_set_what(r.plan, what);
        free(what);
        *out = r.plan;
    } else {
        change_plan_free(r.plan);
    }
    arena_done(&r.arena);
    buf_done(&text);
    free(r.name);
    return ok;
}
