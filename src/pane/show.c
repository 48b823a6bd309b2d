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

/* ------------------------------------------------------------------ the last days, a column of cells each */
enum { PLOT_DAYS = 7, PLOT_CELLS = 42 };

struct plot {
    int64_t from_s, step_s;
    double percent[PLOT_CELLS]; /* -1 = no sample */
    size_t samples;
};

static bool add_sample(void *ctx, int64_t at_s, int64_t in_use, int64_t free_addresses)
{
    struct plot *plot = ctx;
    int64_t cell = (at_s - plot->from_s) / plot->step_s;

    plot->samples++;
    if (cell >= 0 && cell < PLOT_CELLS && in_use + free_addresses > 0)
        plot->percent[cell] = 100.0 * (double)in_use / (double)(in_use + free_addresses);
    return true;
}

/* A digit a cell: 0 is under 10%, 9 is 90% and more. What did not change was not sampled: the last value goes on. */
void preview_history(struct store *store, const struct shown *s, struct preview *out)
{
    struct plot plot = { .from_s = s->now_s - PLOT_DAYS * 86400, .step_s = PLOT_DAYS * 86400 / PLOT_CELLS };
    char line[PLOT_CELLS + 1];
    struct err err = { 0 };
    double last = -1;

    for (int i = 0; i < PLOT_CELLS; i++)
        plot.percent[i] = -1;
    if (!store_scope_history(store, s->object, s->row.id, plot.from_s, add_sample, &plot, &err))
        preview_add(out, LOOK_ERROR, "7 days   ? %s", err.text);
    if (err.kind != ERR_NONE || plot.samples < 2)
        return;
    for (int i = 0; i < PLOT_CELLS; i++) {
        last = plot.percent[i] >= 0 ? plot.percent[i] : last;
        line[i] = last < 0 ? ' ' : (char)('0' + (last >= 90 ? 9 : (int)(last / 10)));
    }
    line[PLOT_CELLS] = '\0';
    preview_add(out, LOOK_NORMAL, "7 days   %s  (tenths of the pool)", line);
    if (shown_known(s, "per_week"))
        preview_add(out, LOOK_NORMAL, "Trend    %+lld a week%s", (long long)shown_value(s, "per_week").i,
                    shown_known(s, "full_in") ? arena_printf(&out->mem, ", full in about %lld days", (long long)shown_value(s, "full_in").i)
                                              : "");
}
