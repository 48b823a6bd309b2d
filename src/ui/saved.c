#include "saved.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t place_of(const struct saved_list *list, const char *name)
{
    size_t at = 0;

    while (at < list->count && strcasecmp(list->rows[at].name, name) != 0)
        at++;
    return at;
}

void saved_parse(struct saved_list *list, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n"), name = strcspn(text, "\t\n");

        if (name > 0 && name + 1 < len) {
            char *key = x_strndup(text, name), *query = x_strndup(text + name + 1, len - name - 1);

            saved_put(list, key, query);
            free(key);
            free(query);
        }
        text += len + (text[len] == '\n');
    }
}

void saved_write(const struct saved_list *list, struct buf *out)
{
    for (size_t i = 0; i < list->count; i++)
        buf_addf(out, "%s\t%s\n", list->rows[i].name, list->rows[i].query);
}

const char *saved_find(const struct saved_list *list, const char *name)
{
    size_t at = place_of(list, name);

    return at < list->count ? list->rows[at].query : NULL;
}

static void remove_at(struct saved_list *list, size_t at)
{
    free(list->rows[at].name);
    free(list->rows[at].query);
    memmove(list->rows + at, list->rows + at + 1, (--list->count - at) * sizeof *list->rows);
}

bool saved_put(struct saved_list *list, const char *name, const char *query)
{
    size_t at = place_of(list, name);
    bool there = at < list->count;

    if (!query || !query[0]) {
        if (there)
            remove_at(list, at);
        return there;
    }
    if (!there) {
        x_grow(&list->rows, &list->cap, list->count + 1, sizeof *list->rows);
        list->rows[list->count++] = (struct saved_query){ 0 };
    }
    free(list->rows[at].name);
    free(list->rows[at].query);
    list->rows[at] = (struct saved_query){ x_strdup(name), x_strdup(query) };
    return there;
}

void saved_done(struct saved_list *list)
{
    while (list->count > 0)
        remove_at(list, list->count - 1);
    free(list->rows);
    *list = (struct saved_list){ 0 };
}

bool saved_name(const char *typed, char out[SAVED_NAME_MAX + 1])
{
    size_t used = 0;

    for (; *typed; typed++) {
        unsigned char c = (unsigned char)*typed;

        if (c < 0x20 || c == 0x7f || (c == ' ' && used == 0))
            continue;
        if (used == SAVED_NAME_MAX)
            return false;
        out[used++] = *typed;
    }
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
    return used > 0;
}
