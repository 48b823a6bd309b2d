/* schema.c - what there is, from the rows: columns of the lists, options, subcommands. The manual pages' tables are made of it
 * (--roff). */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ipamtui/listing.h"
#include "ipamtui/text.h"

/* One line of a table. */
struct fact {
    const char *name, *type, *extra, *help;
};
struct facts {
    struct fact *rows;
    size_t count, cap;
    struct arena mem;
    const char *titles[4]; /* of the columns; NULL: left out */
};

static void add(struct facts *facts, const char *name, const char *type, const char *extra, const char *help)
{
    x_grow(&facts->rows, &facts->cap, facts->count + 1, sizeof(*facts->rows));
    facts->rows[facts->count++] = (struct fact){ name, type, extra, help };
}

static const char *kind_name(enum kind kind)
{
    static const char *const names[] = {
        [KIND_TEXT] = "text",       [KIND_INT] = "number",     [KIND_BOOL] = "true/false", [KIND_IPV4] = "address",
        [KIND_IPV6] = "address",    [KIND_PREFIX] = "number",  [KIND_ENUM] = "word",       [KIND_DURATION] = "seconds",
        [KIND_PERCENT] = "percent", [KIND_TIME] = "time",      [KIND_VERSION] = "version",
    };
    return names[kind];
}

static const char *words(struct facts *facts, const char *const *values)
{
    struct buf text = { 0 };
    for (size_t i = 0; values && values[i]; i++)
        buf_addf(&text, "%s%s", i ? " " : "", values[i]);
    const char *joined = arena_strdup(&facts->mem, buf_at(&text));
    buf_done(&text);
    return joined;
}

static void object_facts(struct facts *facts, const struct object_type *object)
{
    facts->titles[0] = "column";
    facts->titles[1] = "type";
    facts->titles[2] = "values";
    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *property = &object->properties[i];
        add(facts, property->name, kind_name(property->kind), words(facts, property->values), property->help);
    }
}

static const char *option_limits(struct facts *facts, const struct option_row *row)
{
    static const char *const kinds[] = { [OPT_BOOL] = "true or false", [OPT_INT] = "number",
                                         [OPT_DURATION] = "duration", [OPT_PERCENT] = "percent", [OPT_TEXT] = "text" };
    if (row->values)
        return words(facts, row->values);
    if (row->kind == OPT_INT)
        return arena_printf(&facts->mem, "%lld to %lld", (long long)row->min, (long long)row->max);
    return kinds[row->kind];
}

static void option_facts(struct facts *facts)
{
    size_t count;
    const struct option_row *rows = config_rows(&count);
    facts->titles[0] = "option";
    facts->titles[1] = "value";
    facts->titles[2] = "default";
    for (size_t i = 0; i < count; i++)
        add(facts, rows[i].name, option_limits(facts, &rows[i]), rows[i].fallback, rows[i].help);
}

static void command_facts(struct facts *facts)
{
    facts->titles[0] = "subcommand";
    for (size_t i = 0; i < cli_subcommand_count; i++) {
        const struct subcommand *command = &cli_subcommands[i];
        struct buf flags = { 0 };
        buf_adds(&flags, command->args);
        for (size_t j = 0; j < FLAG_COUNT; j++)
            if (command->flags & F(j))
                buf_addf(&flags, " [%s%s%s]", cli_flags[j].name, cli_flags[j].arg ? " " : "",
                         cli_flags[j].arg ? cli_flags[j].arg : "");
        const char *name = *command->name ? command->name : "(none)";
        add(facts, name, arena_strdup(&facts->mem, buf_at(&flags)), "", command->help);
        buf_done(&flags);
    }
    facts->titles[1] = "arguments";
}

static void flag_facts(struct facts *facts)
{
    facts->titles[0] = "flag";
    for (size_t i = 0; i < FLAG_COUNT; i++)
        add(facts, arena_printf(&facts->mem, "%s%s%s", cli_flags[i].name, cli_flags[i].arg ? " " : "",
                                cli_flags[i].arg ? cli_flags[i].arg : ""), "", "", cli_flags[i].help);
}

static void status_facts(struct facts *facts)
{
    facts->titles[0] = "status";
    add(facts, "0", "", "", "Done; also when nothing matches");
    add(facts, "1", "", "", "It could not be done");
    add(facts, "2", "", "", "Wrong usage: the command line, a query or a CSV file says something that cannot be");
    add(facts, "3", "", "", "Some targets failed");
    add(facts, "4", "", "", "status: something is not well");
}

/* ------------------------------------------------------------------ printing */
static const char *field(const struct fact *fact, size_t i)
{
    return i == 0 ? fact->name : i == 1 ? fact->type : i == 2 ? fact->extra : fact->help;
}

/* What is there to choose from may be long: it stands last. */
static void print_table(const struct facts *facts)
{
    int widths[2] = { 0 };
    for (size_t i = 0; i < facts->count; i++)
        for (size_t j = 0; j < 2; j++)
            widths[j] = MAX(widths[j], text_width(field(&facts->rows[i], j)));
    for (size_t i = 0; i < facts->count; i++) {
        const struct fact *fact = &facts->rows[i];
        printf("%-*s  ", widths[0], fact->name);
        if (facts->titles[1])
            printf("%-*s  ", widths[1], fact->type);
        printf("%s", fact->help);
        if (facts->titles[2] && *fact->extra)
            printf(" (%s%s)", facts->titles[2][0] == 'd' ? "default: " : "", fact->extra);
        printf("\n");
    }
}

static void print_json(const struct facts *facts)
{
    struct buf out = { 0 };
    buf_addc(&out, '[');
    for (size_t i = 0; i < facts->count; i++) {
        buf_adds(&out, i ? ",\n{" : "\n{");
        for (size_t j = 0; j < 3; j++)
            if (facts->titles[j]) {
                buf_addf(&out, "\"%s\":", facts->titles[j]);
                text_json(&out, field(&facts->rows[i], j));
                buf_addc(&out, ',');
            }
        buf_adds(&out, "\"help\":");
        text_json(&out, facts->rows[i].help);
        buf_addc(&out, '}');
    }
    buf_adds(&out, "\n]\n");
    fwrite(buf_at(&out), 1, out.len, stdout);
    buf_done(&out);
}

/* Text of a manual page: a leading dot and backslashes mean something there, and a dash would become a hyphen. */
static void roff(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text; text++)
        if (*text == '-' || *text == '\\')
            printf("\\%s", *text == '-' ? "-" : "e");
        else
            putchar(*text);
}

static void print_roff(const struct facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct fact *fact = &facts->rows[i];
        fputs(".TP\n.B ", stdout);
        roff(fact->name);
        if (facts->titles[1] && *fact->type) {
            fputs(" \\fR", stdout);
            roff(fact->type);
        }
        if (facts->titles[2] && *fact->extra) {
            fputs(facts->titles[2][0] == 'd' ? " (default: " : " (", stdout);
            roff(fact->extra);
            putchar(')');
        }
        putchar('\n');
        roff(fact->help);
        fputs(".\n", stdout);
    }
}

static const struct {
    const char *name;
    void (*fill)(struct facts *facts);
} topics[] = {
    { "options", option_facts }, { "commands", command_facts }, { "flags", flag_facts }, { "statuses", status_facts },
};

static const char *topic_name(size_t i)
{
    return i < COUNT(topics) ? topics[i].name : catalog_objects[i - COUNT(topics)]->name;
}

static bool fill(const char *topic, struct facts *facts)
{
    for (size_t i = 0; i < COUNT(topics); i++)
        if (!strcmp(topic, topics[i].name)) {
            topics[i].fill(facts);
            return true;
        }
    const struct object_type *object = catalog_find(topic);
    if (object)
        object_facts(facts, object);
    return object != NULL;
}

static void print(const struct facts *facts, enum listing_format format, bool as_roff)
{
    if (as_roff)
        print_roff(facts);
    else if (format == LISTING_JSON)
        print_json(facts);
    else
        print_table(facts);
}

static void facts_done(struct facts *facts)
{
    free(facts->rows);
    arena_done(&facts->mem);
}

/* The columns of every list, each under its name. */
static void print_columns(bool as_roff)
{
    for (size_t i = 0; catalog_objects[i]; i++) {
        struct facts facts = { 0 };
        object_facts(&facts, catalog_objects[i]);
        printf(as_roff ? ".SS Columns of %s\n" : "\n%s\n", catalog_objects[i]->name);
        print(&facts, LISTING_TABLE, as_roff);
        facts_done(&facts);
    }
}

int cli_run_schema(struct cli *cli)
{
    struct facts facts = { 0 };
    struct err err = { 0 };
    enum listing_format format = LISTING_TABLE;
    const char *topic = cli->arg_count ? cli->args[0] : "columns";
    bool as_roff = cli->flags[FLAG_ROFF] != NULL;
    if (cli->flags[FLAG_FORMAT] && !listing_format_parse(cli->flags[FLAG_FORMAT], &format, &err))
        return cli_fail(&err);
    if (!strcmp(topic, "columns") && format == LISTING_TABLE) {
        print_columns(as_roff);
        return cli_flush(STATUS_DONE);
    }
    if (format != LISTING_TABLE && (format != LISTING_JSON || !strcmp(topic, "columns")))
        return cli_usage(cli, "schema has the format table, and json for one list: ipamtui schema scopes --format json");
    if (!fill(topic, &facts)) {
        size_t count = COUNT(topics);
        while (catalog_objects[count - COUNT(topics)])
            count++;
        const char *near = cli_nearest(topic, topic_name, count);
        return cli_usage(cli, "nothing is known about \"%s\"%s%s%s", topic, near ? "; did you mean " : "",
                         near ? near : "", near ? "?" : "");
    }
    print(&facts, format, as_roff);
    facts_done(&facts);
    return cli_flush(STATUS_DONE);
}
