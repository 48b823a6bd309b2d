#include "keytable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/mem.h"

void keytable_init(struct keytable *table, const struct keymap *map)
{
    table->rows = x_calloc(map->count + 1, sizeof *table->rows);
    table->count = 0;
    for (size_t i = 0; i < map->count; i++) {
        struct key_entry *row = &table->rows[table->count];

        row->count = keys_parse(map->rows[i].keys, row->keys);
        row->binding = &map->rows[i];
        if (row->count > 0)
            table->count++;
    }
}

void keytable_done(struct keytable *table)
{
    free(table->rows);
    *table = (struct keytable){ 0 };
}

static bool begins(const struct key_entry *entry, const int *keys, int count)
{
    return entry->count >= count && memcmp(entry->keys, keys, (size_t)count * sizeof *keys) == 0;
}

static enum key_match find_in(const struct keytable *table, const char *pane, const int *keys, int count,
                              const struct key_entry **found)
{
    enum key_match match = KEYS_NONE;

    for (size_t i = 0; i < table->count; i++) {
        const struct key_entry *row = &table->rows[i];

        if (strcmp(row->binding->pane, pane) != 0 || !begins(row, keys, count))
            continue;
        if (row->count == count) {
            *found = row;
            return KEYS_FOUND;
        }
        match = KEYS_PREFIX;
    }
    return match;
}

enum key_match keytable_find(const struct keytable *table, const char *pane, const int *keys, int count,
                             const struct key_entry **found)
{
    enum key_match own = find_in(table, pane, keys, count, found);
    enum key_match global;

    if (own == KEYS_FOUND)
        return own;
    global = find_in(table, "global", keys, count, found);
    if (own == KEYS_PREFIX && global == KEYS_FOUND)
        return KEYS_PREFIX;
    return global == KEYS_NONE ? own : global;
}

bool keytable_in_force(const struct keytable *table, const struct key_entry *entry, const char *pane)
{
    const struct key_entry *found = NULL;
    bool here = strcmp(entry->binding->pane, pane) == 0 || strcmp(entry->binding->pane, "global") == 0;

    return here && keytable_find(table, pane, entry->keys, entry->count, &found) == KEYS_FOUND && found == entry;
}

char *keys_title(const int *keys, int count, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < count && used < size; i++) {
        char name[KEY_NAME_SIZE];

        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "", key_title(keys[i], name));
    }
    return out;
}

/* The whole line, or its first word when run has none after it. */
static bool runs(const struct binding *binding, const char *run)
{
    size_t len = strlen(run);

    return strncmp(binding->run, run, len) == 0 && binding->run[len] == '\0';
}

char *keytable_keys_of(const struct keytable *table, const char *pane, const char *run, char *out, size_t size)
{
    const char *const sections[] = { pane, "global" };

    out[0] = '\0';
    for (size_t s = 0; s < COUNT(sections) && !out[0]; s++) {
        for (size_t i = 0; i < table->count; i++) {
            const struct key_entry *row = &table->rows[i];

            if (strcmp(row->binding->pane, sections[s]) == 0 && runs(row->binding, run) &&
                keytable_in_force(table, row, pane))
                return keys_title(row->keys, row->count, out, size);
        }
    }
    return out;
}
