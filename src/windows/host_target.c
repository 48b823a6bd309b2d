/* host_target.c - from a server's row to where its host is. */
#include <string.h>

#include "ipamtui/host.h"

static const char *text_of(const struct row *row, const char *property, const char *otherwise)
{
    int at = catalog_property(&catalog_servers, property);

    if (at >= 0 && row->values[at].type == VALUE_TEXT && row->values[at].s[0] != '\0')
        return row->values[at].s;
    return otherwise ? otherwise : "";
}

enum host_dialect host_dialect_parse(const char *word)
{
    if (word == NULL)
        return HOST_DIALECT_AUTO;
    return strcmp(word, "plain") == 0 ? HOST_DIALECT_PLAIN : strcmp(word, "psrp") == 0 ? HOST_DIALECT_PSRP : HOST_DIALECT_AUTO;
}

bool host_target(const struct row *server, const struct host_defaults *defaults, struct transport_target *target,
                 struct host_options *options, struct err *err)
{
    int port = catalog_property(&catalog_servers, "port");
    struct transport_target t = { .kind = defaults->transport, .port = defaults->port };

    t.name = text_of(server, "server", NULL);
    transport_kind_parse(text_of(server, "transport", NULL), &t.kind);
    t.address = text_of(server, "address", t.name);
    t.user = text_of(server, "user", defaults->user);
    t.jump = text_of(server, "jump", defaults->jump);
    t.command = t.kind == TRANSPORT_COMMAND ? text_of(server, "command", NULL)
                                            : text_of(server, "powershell", defaults->powershell);
    if (port >= 0 && server->values[port].type == VALUE_INT)
        t.port = (int)server->values[port].i;
    if (t.kind == TRANSPORT_COMMAND && t.command[0] == '\0')
        return err_set(err, ERR_INPUT, t.name, "transport command needs a program: server set %s command='PROGRAM ARGS'", t.name);
    *target = t;
    options->dialect = host_dialect_parse(text_of(server, "dialect", NULL));
    return true;
}

char *host_way(const struct transport_target *target, const struct host_options *options)
{
    return x_asprintf("%s\n%d\n%s\n%s\n%s\n%d\n%d\n%s", target->name, (int)target->kind, target->address, target->user,
                      target->jump, target->port, (int)options->dialect, target->command);
}
