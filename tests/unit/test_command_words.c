/* Plain words find what is shown: whatever the columns, the same rows as looking at every cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ipamtui/clock.h"
#include "ipamtui/query.h"
#include "ipamtui/text.h"
#include "store_test.h"

static struct store *store;
enum { SCOPES = 60 };

static int setup(void **state)
{
    static const char *const names[] = { "voice", "Office 8d", "100% sure", "guest", "over-all", "yes" };
    static const int64_t leases[] = { 691200, 3600, -1, 5400, 30, 0 };
    struct value *v = x_calloc(catalog_scopes.property_count * SCOPES, sizeof(*v));
    server_id server = 0;

    setenv("IPAMTUI_NOW", "1795600000", 1);
    if (store_test_setup(state) != 0 || !store_open(store_test_path("words.db"), STORE_WRITE, &store, E))
        return -1;
    for (int s = 0; s < 2; s++) {
        if (!add_server(store, s ? "lon-82" : "ams-dhcp", &server) ||
            !store_server_fact(store, server, at(&catalog_servers, "last_seen"), V_INT(1795600000 - 7200 * s - 90), 100, E) ||
            !store_server_fact(store, server, at(&catalog_servers, "reachable"), V_TEXT(s ? "no" : "yes"), 100, E) ||
            !store_server_set(store, server, at(&catalog_servers, "tags"), V_TEXT("pci"), E))
            return -1;
        for (int i = 0; i < SCOPES; i++) {
            struct value *row = v + (size_t)i * catalog_scopes.property_count;
            char scope[32];
            struct test_scope one = { scope, names[i % 6], i % 4 ? "active" : "inactive", i % 7 ? i * 3 % 200 : -1, 190 - i };

            snprintf(scope, sizeof(scope), "10.%d.%d.0", s + 1, i);
            memset(row, 0, catalog_scopes.property_count * sizeof(*row));
            fill_scope(row, &one);
            row[at(&catalog_scopes, "lease_duration")] = V_INT(leases[i % 6]);
            row[at(&catalog_scopes, "delay")] = i % 3 ? V_INT(i * 10) : V_NULL;
            row[at(&catalog_scopes, "description")] = i % 5 ? V_TEXT("floor 12") : V_NULL;
            row[at(&catalog_scopes, "nap_enable")] = V_INT(i % 2);
            row[at(&catalog_scopes, "type")] = V_TEXT(i % 9 ? "dhcp" : "news-to-us");
            row[at(&catalog_scopes, "per_week")] = V_INT(i - 30);
        }
        OK(store_begin(store, E));
        OK(store_put_rows(store, server, &catalog_scopes, 0, v, SCOPES, true, 1795590000, E));
        OK(store_put_rows(store, server, &catalog_scopes, 1, v, SCOPES, true, 1795590000, E));
        OK(store_source_done(store, server, &catalog_scopes, 0, true, "done", NULL, 1795590000, E));
        OK(store_commit(store, E));
    }
    free(v);
    return 0;
}

static int teardown(void **state)
{
    store_close(store);
    return store_test_teardown(state);
}

/* ------------------------------------------------------------------ looking at every cell */
struct look {
    const struct object_type *object;
    const struct query_shown *shown;
    const char *word;
    struct id_vector *found;
};

static bool searched(const struct look *look, size_t place)
{
    const struct property *p = &look->object->properties[place];

    for (size_t i = 0; i < look->shown->count; i++)
        if (look->shown->columns[i] == (int)place)
            return true;
    if (look->shown->chosen)
        return false;
    if (p->flags & (PROP_DEFAULT | PROP_WIDE))
        return true;
    for (const char *at_list = look->object->free_text; *at_list; at_list += strcspn(at_list, ",") + 1) {
        size_t len = strcspn(at_list, ",");

        if (strlen(p->name) == len && strncmp(at_list, p->name, len) == 0)
            return true;
        if (at_list[len] == '\0')
            break;
    }
    return false;
}

static bool look_at(void *ctx, const struct row *row)
{
    struct look *look = ctx;
    bool hit = false;

    for (size_t i = 0; i < look->object->property_count && !hit; i++) {
        const struct property *p = &look->object->properties[i], *next = p + 1;
        char cell[600], prefix[16];

        if (!searched(look, i) || row->values[i].type == VALUE_NULL)
            continue;
        property_show_dated(p, row->values[i], look->shown->dates, clock_now_s(), cell, sizeof(cell) - 20);
        if (p->kind == KIND_IPV4 && i + 1 < look->object->property_count && next->kind == KIND_PREFIX)
            strcat(cell, property_show(next, row->values[i + 1], prefix, sizeof(prefix)));
        hit = text_contains(cell, look->word);
    }
    if (hit)
        look->found->ids[look->found->count++] = row->id;
    return true;
}

static void same_as_looking(const struct object_type *object, const struct query_shown *shown, const char *word)
{
    static struct id_vector looked, asked;
    struct list_spec all = { .object = object }, spec = { .object = object };
    struct look look = { object, shown, word, &looked };
    struct query query = { 0 };
    char quoted[64];

    looked.count = asked.count = 0;
    OK(store_list_rows(store, &all, look_at, &look, E));
    snprintf(quoted, sizeof(quoted), "\"%s\"", word);
    OK(query_compile_shown(object, shown, quoted, &query, NULL, E));
    spec.where = buf_at(&query.where);
    spec.params = query.params;
    spec.param_count = query.param_count;
    OK(store_list_ids(store, &spec, take_ids, &asked, E));
    if (asked.count != looked.count || memcmp(asked.ids, looked.ids, asked.count * sizeof(row_id)) != 0)
        fail_msg("\"%s\" in %s (%zu columns%s, dates %d): %zu rows, not the %zu that show it: %s", word, object->name,
                 shown->count, shown->chosen ? ", chosen" : "", (int)shown->dates, asked.count, looked.count, spec.where);
    query_done(&query);
}

static const char *const words[] = { "8d", "82", "voice", "VOICE", "8", "%", "50%", "1h", "1h30m", "unlimited", "d", "over", "ov",
                                     "10.1.5", "10.1.5.0/2", "/24", ".200", "yes", "no", "floor 1", "lon-82", "lon", "-", "news",
                                     "2 h", "now", "min", "2026-11", ":", "11-25", "pci", "0s", "<1%", "dh", "zz", "s", "act" };

static void any_columns(void **state)
{
    static const struct object_type *const objects[] = { &catalog_scopes, &catalog_servers };
    uint32_t seed = 7;
    (void)state;

    for (int round = 0; round < 120; round++) {
        const struct object_type *object = objects[round % 2];
        int columns[24];
        struct query_shown shown = { .columns = columns, .chosen = round % 3 != 0,
                                     .dates = (enum date_mode)(round % (DATES_FULL + 1)) };

        seed = seed * 1664525u + 1013904223u;
        shown.count = (seed >> 8) % 24;
        for (size_t i = 0; i < shown.count; i++) {
            seed = seed * 1664525u + 1013904223u;
            columns[i] = (int)((seed >> 8) % object->property_count);
        }
        for (size_t i = 0; i < COUNT(words); i++)
            same_as_looking(object, &shown, words[i]);
    }
}

/* After a change the words of a server are not together until its next round. */
static void without_words(void **state)
{
    assert_int_equal(run_sql(store_test_path("words.db"), "DELETE FROM scope_words"), 0);
    any_columns(state);
}

/* ------------------------------------------------------------------ which cells need not be looked at */
static void may_show_never_lies(void **state)
{
    static const enum kind kinds[] = { KIND_INT, KIND_BOOL, KIND_IPV4, KIND_PREFIX, KIND_DURATION, KIND_PERCENT, KIND_TIME };
    uint64_t seed = 11;
    int said_no = 0;
    (void)state;

    for (int round = 0; round < 60000; round++) {
        enum kind kind = kinds[round % (int)COUNT(kinds)];
        struct property property = { .name = "x", .kind = kind };
        enum date_mode dates = (enum date_mode)(round % (DATES_FULL + 1));
        char cell[128], word[16];
        struct value v;
        size_t from, len;

        seed = seed * UINT64_C(6364136223846793005) + 1;
        v = V_INT((int64_t)(seed >> 20) % (round % 3 ? 2000000000 : 300));
        if (kind == KIND_DURATION && round % 11 == 0)
            v = V_INT(-1);
        if (kind == KIND_PERCENT)
            v = V_REAL((double)(seed >> 30 & 0xffff) / 655.35);
        property_show_dated(&property, v, dates, 1795600000, cell, sizeof(cell));
        from = (size_t)(seed >> 40) % strlen(cell);
        len = 1 + (size_t)(seed >> 50) % 4;
        snprintf(word, sizeof(word), "%.*s", (int)len, cell + from);
        for (char *c = word; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        if (!kind_may_show(kind, dates, word))
            fail_msg("\"%s\" is shown as \"%s\" by kind %d", word, cell, (int)kind);
        said_no += !kind_may_show(kind, dates, "voice");
    }
    assert_int_equal(said_no, 60000); /* and says no where that saves something */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_columns),
        cmocka_unit_test(without_words),
        cmocka_unit_test(may_show_never_lies),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
