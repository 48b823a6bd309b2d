#include "show.h"

#include <stdio.h>
#include <string.h>

#include "ipamtui/clock.h"

bool shown_load(struct store *store, const struct object_type *object, row_id id, int64_t now_s, struct shown *shown,
                struct preview *out)
{
    struct err err = { 0 };

    *shown = (struct shown){ .object = object, .now_s = now_s };
    if (!store_rows(store, object, &id, 1, &shown->mem, &shown->row, &err)) {
        preview_title(out, "%s", object->noun);
        preview_add(out, LOOK_ERROR, "%s", err.text);
        return false;
    }
    if (shown->row.id == 0) {
        preview_title(out, "%s", object->noun);
        preview_add(out, LOOK_DIM, "This %s is gone.", object->noun);
        return false;
    }
    return true;
}

void shown_done(struct shown *shown)
{
    arena_done(&shown->mem);
}

struct value shown_value(const struct shown *shown, const char *name)
{
    int at = catalog_property(shown->object, name);

    return at < 0 ? V_NULL : shown->row.values[at];
}

bool shown_known(const struct shown *shown, const char *name)
{
    return shown_value(shown, name).type != VALUE_NULL;
}

const char *shown_text(const struct shown *shown, const char *name, struct preview *out)
{
    int at = catalog_property(shown->object, name);
    char text[512];

    if (at < 0)
        return "-";
    if (shown->row.values[at].type == VALUE_NULL)
        return shown->object->properties[at].empty ? shown->object->properties[at].empty : "-";
    property_show(&shown->object->properties[at], shown->row.values[at], text, sizeof text);
    if (text[0] == '\0')
        return "none";
    return arena_strdup(&out->mem, text);
}

const char *shown_age(const struct shown *shown, const char *name, struct preview *out)
{
    struct value v = shown_value(shown, name);
    char age[32];

    if (v.type != VALUE_INT)
        return "never";
    if (shown->now_s - v.i < 60)
        return "under a minute ago";
    clock_age(shown->now_s - v.i, age, sizeof age);
    return arena_printf(&out->mem, "%s ago", age);
}

const char *shown_number(const struct shown *shown, const char *name, struct preview *out)
{
    struct value v = shown_value(shown, name);
    char digits[32], text[48];
    size_t len, at = 0;

    if (v.type != VALUE_INT)
        return "-";
    len = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)v.i);
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return arena_strdup(&out->mem, text);
}

static void ago(int64_t age_s, char *out, size_t size)
{
    char age[32];

    if (age_s < 60)
        snprintf(out, size, "just now");
    else
        snprintf(out, size, "%s ago", clock_age(age_s, age, sizeof age));
}

struct sources {
    struct preview *out;
    const struct object_type *object;
    int64_t now_s;
    size_t bad;
};

static bool add_source(void *ctx, const char *object, const char *source, const char *result, const char *error,
                       int64_t done_at, int64_t ok_at)
{
    struct sources *sources = ctx;
    char age[48], ok[48] = "never";

    if ((sources->object && strcmp(sources->object->name, object) != 0) || !result || strcmp(result, "done") == 0)
        return true;
    ago(sources->now_s - done_at, age, sizeof age);
    if (ok_at)
        ago(sources->now_s - ok_at, ok, sizeof ok);
    sources->bad++;
    preview_add(sources->out, LOOK_WARN, "! %s: %s%s%s (asked %s, last read %s)", source, result, error && error[0] ? ": " : "",
                error ? error : "", age, ok);
    return true;
}

size_t preview_sources(struct store *store, server_id server, const struct object_type *object, int64_t now_s, struct preview *out)
{
    struct sources sources = { .out = out, .object = object, .now_s = now_s };
    struct err ignored = { 0 };

    store_sources(store, server, add_source, &sources, &ignored);
    return sources.bad;
}
