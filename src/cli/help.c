#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ipamtui/mem.h"

static void print_flag(const struct flag_row *flag, FILE *out)
{
    char left[64];
    snprintf(left, sizeof(left), "%s%s%s", flag->name, flag->arg ? " " : "", flag->arg ? flag->arg : "");
    fprintf(out, "  %-22s %s\n", left, flag->help);
}

/* Every setting of a server as a flag, from the catalogue's rows. */
static void print_settings(FILE *out)
{
    size_t count;
    int *columns = serverlist_columns(&count);
    for (size_t i = 0; i < count; i++) {
        const struct property *property = &catalog_servers.properties[columns[i]];
        char left[64];
        if (property->flags & PROP_KEY)
            continue;
        snprintf(left, sizeof(left), "--%s VALUE", property->name);
        for (char *at = left; *at; at++)
            if (*at == '_')
                *at = '-';
        fprintf(out, "  %-22s %s\n", left, property->help);
    }
    free(columns);
}

char *cli_list_names(void)
{
    struct buf text = { 0 };
    for (size_t i = 0; catalog_objects[i]; i++)
        buf_addf(&text, "%s%s", !i ? "" : catalog_objects[i + 1] ? ", " : " and ", catalog_objects[i]->name);
    return buf_steal(&text);
}

void cli_print_help(const struct subcommand *command, FILE *out)
{
    fprintf(out, "ipamtui %s%s%s\n\n%s.\n", command->name, *command->args ? " " : "", command->args, command->help);
    if (command->more)
        fprintf(out, "%s\n", command->more);
    if (command->lists) {
        char *names = cli_list_names();
        fprintf(out, "LIST is one of %s.\n", names);
        free(names);
    }
    if (command->flags || command->settings)
        fprintf(out, "\nOptions:\n");
    if (command->settings)
        print_settings(out);
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (command->flags & F(i))
            print_flag(&cli_flags[i], out);
    fprintf(out, "\nEverywhere:\n");
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (FLAGS_EVERYWHERE & F(i))
            print_flag(&cli_flags[i], out);
}

void cli_print_overview(FILE *out)
{
    fprintf(out, "ipamtui - many Microsoft DHCP and DNS servers from one terminal\n\n"
                 "  %-24s %s\n",
            "ipamtui", "Open the console");
    for (size_t i = 0; i < cli_subcommand_count; i++)
        if (*cli_subcommands[i].name)
            fprintf(out, "  ipamtui %-16s %s\n", cli_subcommands[i].name, cli_subcommands[i].help);
    fprintf(out, "\nOptions of the console:\n");
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (cli_subcommands[0].flags & F(i))
            print_flag(&cli_flags[i], out);
    fprintf(out, "\nEverywhere:\n");
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (FLAGS_EVERYWHERE & F(i))
            print_flag(&cli_flags[i], out);
    fprintf(out, "\nExit status: 0 done, 1 an error, 2 wrong usage, 3 some targets failed, 4 something is not well.\n"
                 "`ipamtui SUBCOMMAND --help` says more; ipamtui(1), ipamtui.conf(5), ipamtui-query(7).\n");
}

int cli_run_help(struct cli *cli)
{
    if (!cli->arg_count) {
        cli_print_overview(stdout);
        return cli_flush(STATUS_DONE);
    }
    char *name = cli_join(cli, 0);
    const struct subcommand *found = NULL;
    size_t len = strlen(name);
    bool family = false;
    for (size_t i = 0; i < cli_subcommand_count; i++) {
        const struct subcommand *command = &cli_subcommands[i];
        if (!strcmp(command->name, name))
            found = command;
        if (!strncmp(command->name, name, len) && command->name[len] == ' ') {
            printf("  ipamtui %-16s %s\n", command->name, command->help);
            family = true;
        }
    }
    if (found)
        cli_print_help(found, stdout);
    int status = found || family ? cli_flush(STATUS_DONE) : cli_usage(cli, "there is no subcommand \"%s\"", name);
    free(name);
    return status;
}
