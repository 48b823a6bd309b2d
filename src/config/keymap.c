#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conffile.h"
#include "ipamtui/config.h"
#include "ipamtui/mem.h"
#include "ipamtui/text.h"

#define KEYMAP_VERSION 1
#define EXTENDS_DEPTH 4

const char *const key_names[] = { "space", "enter", "esc",  "tab",  "backspace", "delete", "insert", "up",  "down",
                                  "left",  "right", "home", "end",  "pgup",      "pgdn",   "f1",     "f2",  "f3",
                                  "f4",    "f5",    "f6",   "f7",   "f8",        "f9",     "f10",    "f11", "f12",
                                  NULL };

bool key_name_known(const char *key)
{
    /* "C-" alone would be a modifier without a key; "-" itself is one. */
    while (key[0] && strchr("CMS", key[0]) && key[1] == '-' && key[2])
        key += 2;
    const char *at = key, *end = key + strlen(key);
    if (at < end) {
        uint32_t rune = text_next(&at, end);
        if (at == end && rune > 0x20 && rune != 0x7f && rune != 0xfffd)
            return true;
    }
    for (size_t i = 0; key_names[i]; i++)
        if (!strcmp(key, key_names[i]))
            return true;
    return false;
}

/* What reading one file carries. */
struct reading {
    const struct conffile *file;
    bool (*check)(const char *pane, const char *command, void *ctx);
    void *ctx;
    struct keymap map;
    size_t cap;
    size_t inherited; /* rows that came from the extended file and are still its */
};

static void binding_done(struct binding *b)
{
    free(b->pane);
    free(b->keys);
    free(b->run);
    free(b->note);
}

void keymap_done(struct keymap *map)
{
    for (size_t i = 0; i < map->count; i++)
        binding_done(&map->rows[i]);
    free(map->rows);
    free(map->path);
    *map = (struct keymap){ 0 };
}

/* "g  g" and "g g" are the same sequence. Returned with single blanks; the caller frees. NULL: a key is unknown, named in
 * bad. */
static char *normal_keys(const char *text, char *bad, size_t size)
{
    struct buf out = { 0 };
    char *copy = x_strdup(text), *rest = copy;
    for (char *key; (key = strsep(&rest, " \t"));) {
        if (!*key)
            continue;
        if (!key_name_known(key)) {
            snprintf(bad, size, "%s", key);
            buf_done(&out);
            free(copy);
            return NULL;
        }
        buf_addf(&out, "%s%s", out.len ? " " : "", key);
    }
    free(copy);
    bad[0] = '\0';
    if (!out.len) {
        buf_done(&out);
        return NULL;
    }
    return buf_steal(&out);
}

static const char *nearest_key(const char *key)
{
    struct text_nearest found = { .word = key };
    for (size_t i = 0; key_names[i]; i++)
        text_nearest_offer(&found, key_names[i]);
    return found.best;
}

static char *read_keys(const struct reading *r, const config_setting_t *row, struct err *err)
{
    const config_setting_t *key = config_setting_get_member(row, "key");
    const char *text = key ? config_setting_get_string(key) : NULL;
    if (!text) {
        conffile_bad(r->file, row, "{", err, "a binding needs key = \"...\";");
        return NULL;
    }
    char bad[64];
    char *keys = normal_keys(text, bad, sizeof(bad));
    if (keys)
        return keys;
    const char *near = nearest_key(bad);
    if (!*bad)
        conffile_bad(r->file, key, NULL, err, "key is empty");
    else if (near)
        conffile_bad(r->file, key, bad, err, "there is no key \"%s\"; did you mean \"%s\"?", bad, near);
    else
        conffile_bad(r->file, key, bad, err,
                     "there is no key \"%s\"; a key is one character or a name such as enter, f1, pgdn, with C-, M- or S- "
                     "before it",
                     bad);
    return NULL;
}

static bool known_members(const struct reading *r, const config_setting_t *row, struct err *err)
{
    for (int i = 0; i < config_setting_length(row); i++) {
        const config_setting_t *member = config_setting_get_elem(row, (unsigned)i);
        const char *name = config_setting_name(member);
        if (strcmp(name, "key") != 0 && strcmp(name, "run") != 0 && strcmp(name, "note") != 0)
            return conffile_bad(r->file, member, NULL, err, "a binding has key, run and note, but no \"%s\"", name);
        if (config_setting_type(member) != CONFIG_TYPE_STRING)
            return conffile_bad(r->file, member, NULL, err, "%s must be text in quotes", name);
    }
    return true;
}

/* Place of the row that binds keys in pane, or count. */
static size_t find_binding(const struct keymap *map, size_t from, size_t to, const char *pane, const char *keys)
{
    for (size_t i = from; i < to; i++)
        if (!strcmp(map->rows[i].pane, pane) && !strcmp(map->rows[i].keys, keys))
            return i;
    return map->count;
}

/* Takes away what an extended file bound to the same keys. */
static void drop_inherited(struct reading *r, const char *pane, const char *keys)
{
    size_t at = find_binding(&r->map, 0, r->inherited, pane, keys);
    if (at >= r->inherited)
        return;
    binding_done(&r->map.rows[at]);
    memmove(&r->map.rows[at], &r->map.rows[at + 1], (r->map.count - at - 1) * sizeof(*r->map.rows));
    r->map.count--;
    r->inherited--;
}

static bool check_run(const struct reading *r, const char *pane, const config_setting_t *row, const char *run,
                      struct err *err)
{
    char name[64];
    size_t len = strcspn(run, " ");
    snprintf(name, sizeof(name), "%.*s", (int)len, run);
    if (!*name)
        return conffile_bad(r->file, row, "run", err, "run is empty; to take a key away write run = \"unbind\"");
    if (!strcmp(name, "unbind") || !r->check || r->check(pane, name, r->ctx))
        return true;
    const config_setting_t *member = config_setting_get_member(row, "run");
    if (!strcmp(pane, "global"))
        return conffile_bad(r->file, member, name, err, "there is no command \"%s\"", name);
    return conffile_bad(r->file, member, name, err, "there is no command \"%s\" in %s", name, pane);
}

static bool read_binding(struct reading *r, const char *pane, const config_setting_t *row, struct err *err)
{
    if (config_setting_type(row) != CONFIG_TYPE_GROUP)
        return conffile_bad(r->file, row, NULL, err, "expected { key = \"...\"; run = \"...\"; }");
    if (!known_members(r, row, err))
        return false;
    const config_setting_t *member = config_setting_get_member(row, "run");
    const char *run = member ? config_setting_get_string(member) : NULL;
    if (!run)
        return conffile_bad(r->file, row, "{", err, "a binding needs run = \"...\";");
    if (!check_run(r, pane, row, run, err))
        return false;
    char *keys = read_keys(r, row, err);
    if (!keys)
        return false;
    size_t twice = find_binding(&r->map, r->inherited, r->map.count, pane, keys);
    if (twice < r->map.count) {
        conffile_bad(r->file, config_setting_get_member(row, "key"), NULL, err,
                     "\"%s\" is bound twice in %s: first in line %d", keys, pane, r->map.rows[twice].line);
        free(keys);
        return false;
    }
    drop_inherited(r, pane, keys);
    const config_setting_t *note = config_setting_get_member(row, "note");
    x_grow(&r->map.rows, &r->cap, r->map.count + 1, sizeof(*r->map.rows));
    r->map.rows[r->map.count++] = (struct binding){
        .pane = x_strdup(pane),
        .keys = keys,
        .run = x_strdup(run),
        .note = note ? x_strdup(config_setting_get_string(note)) : NULL,
        .line = (int)config_setting_source_line(config_setting_get_member(row, "key")),
        .column = conffile_column(r->file, config_setting_get_member(row, "key"), NULL),
    };
    return true;
}

static bool read_section(struct reading *r, const config_setting_t *section, struct err *err)
{
    const char *pane = config_setting_name(section);
    if (strcmp(pane, "global") != 0 && r->check && !r->check(pane, NULL, r->ctx))
        return conffile_bad(r->file, section, NULL, err, "there is no pane \"%s\"", pane);
    if (config_setting_type(section) != CONFIG_TYPE_LIST)
        return conffile_bad(r->file, section, NULL, err, "expected a list of bindings: %s = ( { ... }, { ... } );", pane);
    bool ok = true;
    for (int i = 0; ok && i < config_setting_length(section); i++)
        ok = read_binding(r, pane, config_setting_get_elem(section, (unsigned)i), err);
    return ok;
}

/* Is a the beginning of b, and shorter? */
static bool hides(const char *a, const char *b)
{
    size_t len = strlen(a);
    return !strncmp(a, b, len) && b[len] == ' ';
}

static bool share_keys(const struct binding *a, const struct binding *b)
{
    return !strcmp(a->pane, b->pane) || !strcmp(a->pane, "global") || !strcmp(b->pane, "global");
}

static bool none_hidden(const struct reading *r, struct err *err)
{
    for (size_t i = 0; i < r->map.count; i++)
        for (size_t j = 0; j < r->map.count; j++) {
            const struct binding *a = &r->map.rows[i], *b = &r->map.rows[j];
            if (!share_keys(a, b) || !hides(a->keys, b->keys))
                continue;
            /* The line to look at is one of this file's. */
            const struct binding *here = i >= r->inherited ? a : b;
            return err_set(err, ERR_INPUT, r->file->path,
                           "line %d, column %d: \"%s\" (%s, %s) hides the longer \"%s\" (%s, %s): it could never be reached",
                           here->line, here->column, a->keys, a->pane, a->run, b->keys, b->pane, b->run);
        }
    return true;
}

static void drop_unbinds(struct keymap *map)
{
    size_t kept = 0;
    for (size_t i = 0; i < map->count; i++)
        if (!strcmp(map->rows[i].run, "unbind"))
            binding_done(&map->rows[i]);
        else
            map->rows[kept++] = map->rows[i];
    map->count = kept;
}

static bool load(const char *path, struct reading *r, int depth, struct err *err);

static bool read_extends(struct reading *r, const config_setting_t *setting, int depth, struct err *err)
{
    const char *name = config_setting_get_string(setting);
    if (!name)
        return conffile_bad(r->file, setting, NULL, err, "extends must name a keymap in quotes");
    char *path = depth < EXTENDS_DEPTH ? keymap_find(name) : NULL;
    if (!path)
        return conffile_bad(r->file, setting, NULL, err,
                            depth < EXTENDS_DEPTH ? "there is no keymap \"%s\"" : "\"%s\" is one file too deep", name);
    struct reading base = { .check = r->check, .ctx = r->ctx };
    bool ok = load(path, &base, depth + 1, err);
    free(path);
    if (!ok)
        return false;
    r->map = base.map;
    r->cap = base.cap;
    r->inherited = base.map.count;
    return true;
}

static bool read_version(const struct conffile *file, const config_setting_t *root, struct err *err)
{
    const config_setting_t *version = config_setting_get_member(root, "version");
    if (!version)
        return err_set(err, ERR_INPUT, file->path, "line 1: a keymap starts with version = %d;", KEYMAP_VERSION);
    if (config_setting_type(version) != CONFIG_TYPE_INT || config_setting_get_int(version) != KEYMAP_VERSION)
        return conffile_bad(file, version, NULL, err, "this program reads keymaps of version %d", KEYMAP_VERSION);
    return true;
}

static bool read_all(struct reading *r, int depth, struct err *err)
{
    const config_setting_t *root = config_root_setting(&r->file->config);
    const config_setting_t *extends = config_setting_get_member(root, "extends");
    if (!read_version(r->file, root, err) || (extends && !read_extends(r, extends, depth, err)))
        return false;
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *section = config_setting_get_elem(root, (unsigned)i);
        const char *name = config_setting_name(section);
        if (strcmp(name, "version") != 0 && strcmp(name, "extends") != 0 && !read_section(r, section, err))
            return false;
    }
    drop_unbinds(&r->map);
    return none_hidden(r, err);
}

static bool load(const char *path, struct reading *r, int depth, struct err *err)
{
    struct conffile file = { 0 };
    if (!conffile_read(path, &file, err))
        return false;
    r->file = &file;
    bool ok = read_all(r, depth, err);
    if (ok) {
        free(r->map.path);
        r->map.path = x_strdup(path);
    } else {
        keymap_done(&r->map);
    }
    conffile_done(&file);
    return ok;
}

bool keymap_load(const char *path, bool (*check)(const char *pane, const char *command, void *ctx), void *ctx,
                 struct keymap *out, struct err *err)
{
    struct reading r = { .check = check, .ctx = ctx };
    if (!load(path, &r, 0, err))
        return false;
    *out = r.map;
    return true;
}
