#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/log.h"
#include "ipamtui/mem.h"
#include "ipamtui/text.h"
#include "ipamtui/transport.h"

/* ------------------------------------------------------------------ saying what went wrong */
static const int statuses[] = {
    [ERR_NONE] = STATUS_DONE,     [ERR_INPUT] = STATUS_USAGE,       [ERR_NOT_FOUND] = STATUS_ERROR,
    [ERR_CONFLICT] = STATUS_ERROR, [ERR_DENIED] = STATUS_ERROR,     [ERR_TIMEOUT] = STATUS_ERROR,
    [ERR_REMOTE] = STATUS_ERROR,  [ERR_UNREACHABLE] = STATUS_ERROR, [ERR_CANCELLED] = STATUS_ERROR,
    [ERR_IO] = STATUS_ERROR,
};

static void say(const char *text)
{
    struct arena arena = { 0 };
    fprintf(stderr, "ipamtui: %s\n", text_printable_in(&arena, text));
    arena_done(&arena);
}

/* Does the sentence name the place already? */
static bool names_place(const struct err *err)
{
    const char *text = err->text + (err->text[0] == '"');
    return !err->where[0] || !strncasecmp(text, err->where, strlen(err->where));
}

int cli_fail(const struct err *err)
{
    char *text = !names_place(err) ? x_asprintf("%s: %s", err->where, err->text) : x_strdup(err->text);
    say(text);
    free(text);
    return statuses[err->kind];
}

void cli_note(const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    say(text);
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    say(text);
    const char *name = cli->command ? cli->command->name : "";
    fprintf(stderr, "Try: ipamtui %s%s--help\n", name, *name ? " " : "");
    return STATUS_USAGE;
}

const char *cli_nearest(const char *word, const char *(*name_at)(size_t i), size_t count)
{
    struct text_nearest found = { .word = word };
    for (size_t i = 0; i < count; i++)
        text_nearest_offer(&found, name_at(i));
    return found.best;
}

/* ------------------------------------------------------------------ reading the command line */
static const char *subcommand_name(size_t i)
{
    return cli_subcommands[i].name;
}

/* Does argv from at on say the words of name? *used: how many. */
static bool says(char **words, int count, const char *name, int *used)
{
    const char *at = name;
    int i = 0;
    while (*at && i < count) {
        size_t len = strcspn(at, " ");
        if (strncmp(words[i], at, len) != 0 || words[i][len])
            return false;
        at += len + (at[len] == ' ');
        i++;
    }
    *used = i;
    return !*at && i > 0;
}

static const struct subcommand *find_subcommand(char **words, int count, int *used)
{
    for (size_t i = 0; i < cli_subcommand_count; i++)
        if (says(words, count, cli_subcommands[i].name, used))
            return &cli_subcommands[i];
    return NULL;
}

static bool begins_family(const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < cli_subcommand_count; i++)
        if (!strncmp(cli_subcommands[i].name, word, len) && cli_subcommands[i].name[len] == ' ')
            return true;
    return false;
}

static int no_subcommand(const struct cli *cli, char **words, int count)
{
    if (count > 1 && begins_family(words[0])) {
        char *both = x_asprintf("%s %s", words[0], words[1]);
        const char *near = cli_nearest(both, subcommand_name, cli_subcommand_count);
        int status = near ? cli_usage(cli, "there is no subcommand \"%s\"; did you mean %s?", both, near)
                          : cli_usage(cli, "there is no subcommand \"%s\"", both);
        free(both);
        return status;
    }
    if (begins_family(words[0])) {
        cli_usage(cli, "\"%s\" needs one more word", words[0]);
        for (size_t i = 0; i < cli_subcommand_count; i++)
            if (!strncmp(cli_subcommands[i].name, words[0], strlen(words[0])))
                fprintf(stderr, "  ipamtui %-16s %s\n", cli_subcommands[i].name, cli_subcommands[i].help);
        return STATUS_USAGE;
    }
    const char *near = cli_nearest(words[0], subcommand_name, cli_subcommand_count);
    return near ? cli_usage(cli, "there is no subcommand \"%s\"; did you mean %s?", words[0], near)
                : cli_usage(cli, "there is no subcommand \"%s\"", words[0]);
}

/* "--lease-duration" asks for "lease_duration". */
static char *setting_key(const char *flag)
{
    char *key = x_strdup(flag + 2);
    for (char *at = key; *at; at++)
        if (*at == '-')
            *at = '_';
    return key;
}

static int bad_flag(const struct cli *cli, const char *flag)
{
    struct text_nearest found = { .word = flag };
    char setting[64] = "";
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if ((FLAGS_EVERYWHERE | cli->command->flags) & F(i))
            text_nearest_offer(&found, cli_flags[i].name);
    for (size_t i = 0; cli->command->settings && i < catalog_servers.property_count; i++)
        if (catalog_servers.properties[i].flags & PROP_LOCAL) {
            char name[64];
            const char *before = found.best;
            snprintf(name, sizeof(name), "--%s", catalog_servers.properties[i].name);
            text_nearest_offer(&found, name);
            if (found.best != before) /* name is gone with this turn */
                found.best = strcpy(setting, name);
        }
    return found.best ? cli_usage(cli, "there is no option %s here; did you mean %s?", flag, found.best)
                      : cli_usage(cli, "there is no option %s here", flag);
}

/* One word that starts with a dash; *at moves past the argument it takes. */
static int take_flag(struct cli *cli, char **argv, int argc, int *at)
{
    char *equals = strchr(argv[*at], '=');
    char *name = equals ? x_strndup(argv[*at], (size_t)(equals - argv[*at])) : x_strdup(argv[*at]);
    const char *value = equals ? equals + 1 : NULL;
    size_t flag = !strcmp(name, "-h") ? FLAG_HELP : 0;
    while (strcmp(name, "-h") != 0 && flag < FLAG_COUNT && strcmp(cli_flags[flag].name, name) != 0)
        flag++;
    uint64_t allowed = FLAGS_EVERYWHERE | cli->command->flags;
    char *key = NULL;
    int status = STATUS_DONE;
    bool known = flag < FLAG_COUNT && (allowed & F(flag));
    if (!known && cli->command->settings && !strncmp(name, "--", 2)) {
        key = setting_key(name);
        known = serverlist_property(key, NULL) >= 0;
    }
    bool takes = known && (key || cli_flags[flag].arg);
    if (!known)
        status = bad_flag(cli, name);
    else if (takes && !value && *at + 1 >= argc)
        status = cli_usage(cli, "%s needs a value", name);
    else if (!takes && value)
        status = cli_usage(cli, "%s takes no value", name);
    else if (takes && !value)
        value = argv[++*at];
    if (!status && key) {
        cli->settings[cli->setting_count++] = (struct server_setting){ .key = key, .value = value };
        key = NULL;
    } else if (!status) {
        cli->flags[flag] = value ? value : "";
    }
    free(key);
    free(name);
    return status;
}

/* Words that are no flags. words is as large as argv. */
static int read_line(struct cli *cli, int argc, char **argv, char **words, int *word_count)
{
    /* The subcommand decides which flags there are, so it is found first: the words before the first one that is no flag
     * of everywhere or the argument of one. */
    int first = 1;
    cli->command = &cli_subcommands[0];
    while (first < argc && argv[first][0] == '-') {
        int status = take_flag(cli, argv, argc, &first);
        if (status)
            return status;
        first++;
    }
    int used = 0;
    if (first < argc) {
        const struct subcommand *found = find_subcommand(argv + first, argc - first, &used);
        if (!found)
            return no_subcommand(cli, argv + first, argc - first);
        for (size_t i = 0; i < FLAG_COUNT; i++)
            if (cli->flags[i] && !((FLAGS_EVERYWHERE | found->flags) & F(i))) {
                cli->command = found;
                return bad_flag(cli, cli_flags[i].name);
            }
        cli->command = found;
    }
    bool only_words = false;
    for (int at = first + used; at < argc; at++) {
        if (!only_words && !strcmp(argv[at], "--")) {
            only_words = true;
        } else if (!only_words && argv[at][0] == '-' && argv[at][1]) {
            int status = take_flag(cli, argv, argc, &at);
            if (status)
                return status;
        } else {
            words[(*word_count)++] = argv[at];
        }
    }
    return STATUS_DONE;
}

/* ------------------------------------------------------------------ running it */
static int count_fits(const struct cli *cli)
{
    const struct subcommand *command = cli->command;
    if (cli->arg_count < command->min_args)
        return cli_usage(cli, "expected: ipamtui %s %s", command->name, command->args);
    if (command->max_args >= 0 && cli->arg_count > command->max_args)
        return cli_usage(cli, "\"%s\" is one word too many", cli->args[command->max_args]);
    return STATUS_DONE;
}

static bool prepare(struct cli *cli, struct err *err)
{
    char *config = cli->flags[FLAG_CONFIG] ? x_strdup(cli->flags[FLAG_CONFIG]) : config_default_path();
    bool ok = options_load(config, cli->flags[FLAG_CONFIG] != NULL, &cli->options, err);
    free(config);
    /* A file of ours that cannot be used is no wrong usage of the command line. */
    if (err->kind == ERR_INPUT)
        err->kind = ERR_IO;
    if (ok && cli->flags[FLAG_DEBUG_LOG])
        ok = log_open(cli->flags[FLAG_DEBUG_LOG], err);
    char *answers = config_default_answers();
    transport_keep_answers(cli->options.ssh_answers ? answers : NULL);
    free(answers);
    cli->db_path = cli->flags[FLAG_DB] ? x_strdup(cli->flags[FLAG_DB]) : config_default_db();
    return ok;
}

static int run(struct cli *cli)
{
    struct err err = { 0 };
    if (cli->flags[FLAG_HELP]) {
        if (cli->command->name[0])
            cli_print_help(cli->command, stdout);
        else
            cli_print_overview(stdout);
        return cli_flush(STATUS_DONE);
    }
    if (cli->flags[FLAG_VERSION]) {
        printf("ipamtui %s\n", IPAMTUI_VERSION);
        return cli_flush(STATUS_DONE);
    }
    int status = count_fits(cli);
    if (status)
        return status;
    if (!prepare(cli, &err))
        return cli_fail(&err);
    return cli->command->run(cli);
}

int cli_main(int argc, char **argv, cli_console_fn *console)
{
    struct cli cli = { .console = console };
    char **words = x_calloc((size_t)argc + 1, sizeof(*words));
    cli.settings = x_calloc((size_t)argc + 1, sizeof(*cli.settings));
    int status = read_line(&cli, argc, argv, words, &cli.arg_count);
    cli.args = (const char **)words;
    if (!status)
        status = run(&cli);
    log_close();
    options_done(&cli.options);
    for (size_t i = 0; i < cli.setting_count; i++)
        free((char *)cli.settings[i].key);
    free(cli.settings);
    free(cli.db_path);
    free(words);
    return status;
}
