#include "ipamtui/command.h"

#include <string.h>

const char *const command_group_titles[COMMAND_GROUPS] = { "Go", "List", "Marks", "Tasks", "View", "Console" };

bool command_needs_args(const struct command *command)
{
    return command->args && command->args[0] != '\0' && command->args[0] != '[';
}

const struct command *command_find(const struct command *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}
