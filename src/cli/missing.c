/* missing.c - what a list cannot show: servers whose data was never retrieved, could not be, or is old. An empty list of such
 * a server is unknown, not empty. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ipamtui/clock.h"
#include "ipamtui/text.h"

#define NAMED_AT_MOST 10

struct missing {
    const struct object_type *object;
    int64_t now_s;
    size_t count;
    struct buf names;
    /* of the server being looked at */
    bool known;      /* its rows were retrieved once */
    char why[320];   /* "" = nothing is wrong */
    int64_t ok_at;
};

/* The source that says which rows there are. */
static const struct source *defining(const struct object_type *object)
{
    for (size_t i = 0; i < object->source_count; i++)
        if (object->sources[i].mode == SOURCE_DEFINES)
            return &object->sources[i];
    return NULL;
}

static bool settled(const char *result)
{
    return result && (!strcmp(result, "done") || !strcmp(result, "not offered"));
}

static bool look_at_source(void *ctx, const char *object, const char *source, const char *result, const char *error,
                           int64_t done_at, int64_t ok_at)
{
    struct missing *m = ctx;
    (void)done_at;
    if (strcmp(object, m->object->name) != 0)
        return true;
    bool defines = !strcmp(source, defining(m->object)->name);
    if (defines)
        m->known = ok_at > 0;
    if (settled(result) || (m->why[0] && !defines))
        return true;
    m->ok_at = ok_at;
    snprintf(m->why, sizeof(m->why), "%s: %s", source, error && *error ? error : result ? result : "not retrieved");
    return true;
}

static const char *text_of(const struct row *row, const char *property)
{
    int place = catalog_property(&catalog_servers, property);
    if (place < 0 || row->values[place].type != VALUE_TEXT)
        return "";
    return row->values[place].s;
}

static int64_t time_of(const struct row *row, const char *property)
{
    int place = catalog_property(&catalog_servers, property);
    return place >= 0 && row->values[place].type == VALUE_INT ? row->values[place].i : 0;
}

static void tell(struct missing *m, const char *server, const char *why)
{
    struct arena arena = { 0 };
    if (m->count++ < NAMED_AT_MOST)
        buf_addf(&m->names, "  %s: %s\n", text_printable_in(&arena, server), text_printable_in(&arena, why));
    arena_done(&arena);
}

static void judge(struct missing *m, const struct row *row)
{
    char age[32], text[400];
    const char *server = text_of(row, "server"), *error = text_of(row, "error");
    bool unreachable = !strcmp(text_of(row, "reachable"), "no");
    if (unreachable && *error)
        snprintf(m->why, sizeof(m->why), "%s", error);
    if (!m->known && !m->why[0]) {
        tell(m, server, "never retrieved");
        return;
    }
    if (!m->why[0])
        return;
    int64_t seen = m->ok_at ? m->ok_at : time_of(row, "last_seen");
    if (!m->known)
        snprintf(text, sizeof(text), "unknown: %s", m->why);
    else
        snprintf(text, sizeof(text), "as of %s%s; since then: %s",
                 m->now_s - seen < 60 ? "just now" : clock_age(m->now_s - seen, age, sizeof(age)),
                 m->now_s - seen < 60 ? "" : " ago", m->why);
    tell(m, server, text);
}

/* What query says about servers, as a query of servers: its words that begin with "server", where all its words must hold.
 * Anything more involved may concern every server. The caller frees. */
static char *about_servers(const char *query)
{
    struct buf out = { 0 };
    char *copy = x_strdup(query ? query : ""), *rest = copy;
    bool plain = !strpbrk(copy, "()\"'!");
    for (char *word; plain && (word = strsep(&rest, " "));) {
        plain = text_casecmp(word, "or") != 0 && text_casecmp(word, "not") != 0;
        if (!strncmp(word, "server", 6))
            buf_addf(&out, "%s ", word);
    }
    free(copy);
    if (!plain)
        buf_clear(&out);
    char *text = buf_steal(&out);
    return text ? text : x_strdup("");
}

void cli_note_missing(struct store *store, const struct object_type *object, const char *query)
{
    const struct source *source = defining(object);
    struct missing m = { .object = object, .now_s = clock_now_s() };
    server_id *ids = NULL;
    size_t count = 0;
    int status;
    char *about = about_servers(query);
    bool some = source && object != &catalog_servers && cli_servers(store, about, &ids, &count, &status);
    free(about);
    if (!some)
        return;
    struct arena arena = { 0 };
    for (size_t i = 0; i < count; i++) {
        struct row row = { 0 };
        unsigned covered = 0;
        arena_reset(&arena);
        if (!store_rows(store, &catalog_servers, &ids[i], 1, &arena, &row, NULL) || !row.id ||
            !store_server_covered(store, ids[i], &covered, NULL, NULL))
            continue;
        /* Not its business, or that of another entry for the same machine. */
        if (source->role && !(catalog_roles(text_of(&row, "role")) & ~covered & source->role))
            continue;
        m.known = false;
        m.why[0] = '\0';
        m.ok_at = 0;
        if (store_sources(store, ids[i], look_at_source, &m, NULL))
            judge(&m, &row);
    }
    if (m.count)
        fprintf(stderr, "ipamtui: %s of %zu server%s are missing or old:\n%s", object->name, m.count,
                m.count == 1 ? "" : "s", buf_at(&m.names));
    if (m.count > NAMED_AT_MOST)
        fprintf(stderr, "  and %zu more\n", m.count - NAMED_AT_MOST);
    arena_done(&arena);
    buf_done(&m.names);
    free(ids);
}
