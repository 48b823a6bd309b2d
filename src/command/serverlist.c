#include "ipamtui/serverlist.h"

#include <stdlib.h>
#include <string.h>

#include "command/serverlist_row.h"
#include "ipamtui/listing.h"
#include "ipamtui/text.h"

#define SERVERS (&catalog_servers)

static bool settable(size_t place)
{
    return (catalog_servers.properties[place].flags & PROP_LOCAL) != 0;
}

int serverlist_name_place(void)
{
    for (size_t i = 0; i < catalog_servers.property_count; i++)
        if (catalog_servers.properties[i].flags & PROP_KEY)
            return (int)i;
    return 0;
}

static const char *nearest_setting(const char *key)
{
    struct text_nearest found = { .word = key };
    for (size_t i = 0; i < catalog_servers.property_count; i++)
        if (settable(i))
            text_nearest_offer(&found, catalog_servers.properties[i].name);
    return found.best;
}

int serverlist_property(const char *key, struct err *err)
{
    int place = !text_casecmp(key, "name") ? serverlist_name_place() : catalog_property(SERVERS, key);
    if (place >= 0 && settable((size_t)place))
        return place;
    const char *near = nearest_setting(key);
    if (place >= 0)
        err_set(err, ERR_INPUT, key, "\"%s\" is what the server reports: it cannot be set here", key);
    else if (near)
        err_set(err, ERR_INPUT, key, "servers have no setting \"%s\"; did you mean %s?", key, near);
    else
        err_set(err, ERR_INPUT, key, "servers have no setting \"%s\"; `ipamtui server add --help` lists them", key);
    return -1;
}

int *serverlist_columns(size_t *count)
{
    int *columns = x_calloc(catalog_servers.property_count, sizeof(*columns));
    *count = 0;
    for (size_t i = 0; i < catalog_servers.property_count; i++)
        if (settable(i))
            columns[(*count)++] = (int)i;
    return columns;
}

bool serverlist_split(char *text, struct server_setting *out, struct err *err)
{
    char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return err_set(err, ERR_INPUT, "setting", "expected KEY=VALUE, not \"%s\"", text);
    *equals = '\0';
    *out = (struct server_setting){ .key = text, .value = equals + 1 };
    return true;
}

static bool name_fits(const char *name, struct err *err)
{
    if (!*name)
        return err_set(err, ERR_INPUT, "server", "a server needs a name");
    if (!text_is_utf8(name, strlen(name)))
        return err_set(err, ERR_INPUT, "server", "a server's name must be UTF-8 text");
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return err_set(err, ERR_INPUT, "server", "a server's name may not have control characters");
    if (name[0] == ' ' || name[0] == '-' || name[strlen(name) - 1] == ' ')
        return err_set(err, ERR_INPUT, "server", "a server's name may not start with a blank or a dash, or end with a blank");
    return true;
}

/* ssh would take an address that begins with a dash for an option. */
static bool value_fits(const struct property *property, const char *text, struct err *err)
{
    static const char *const to_ssh[] = { "address", "user", "jump" };
    for (size_t i = 0; i < COUNT(to_ssh); i++)
        if (!strcmp(property->name, to_ssh[i]) && (text[0] == '-' || strpbrk(text, " \t\n\r")))
            return err_set(err, ERR_INPUT, property->name, "%s may not start with a dash or contain blanks", property->name);
    return true;
}

bool serverlist_value(int place, const char *text, struct arena *arena, struct value *out, struct err *err)
{
    const struct property *property = &catalog_servers.properties[place];
    if (place == serverlist_name_place()) {
        if (!name_fits(text, err))
            return false;
    } else if (!*text) {
        *out = V_NULL;
        return true;
    }
    return value_fits(property, text, err) && property_parse(property, text, arena, out, err);
}

bool serverlist_fits(const struct value *values, struct err *err)
{
    struct value transport = values[catalog_property(SERVERS, "transport")];
    struct value command = values[catalog_property(SERVERS, "command")];
    struct value role = values[catalog_property(SERVERS, "role")];
    if (transport.type == VALUE_TEXT && !strcmp(transport.s, "command") && command.type != VALUE_TEXT)
        return err_set(err, ERR_INPUT, "transport", "transport command needs command='PROGRAM ARGS' as well");
    if (role.type != VALUE_TEXT)
        return err_set(err, ERR_INPUT, "role", "a server needs a role: dhcp, dns or dhcp,dns");
    return true;
}

static bool apply(const struct server_setting *settings, size_t count, struct value *values, bool *touched,
                  struct arena *arena, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        int place = serverlist_property(settings[i].key, err);
        if (place < 0)
            return false;
        if (touched[place])
            return err_set(err, ERR_INPUT, settings[i].key, "\"%s\" is given twice", settings[i].key);
        touched[place] = true;
        if (!serverlist_value(place, settings[i].value, arena, &values[place], err))
            return false;
    }
    return true;
}

bool serverlist_add(struct store *store, const char *name, const struct server_setting *settings, size_t count,
                    server_id *out, struct err *err)
{
    struct arena arena = { 0 };
    struct value *values = arena_alloc(&arena, catalog_servers.property_count * sizeof(*values));
    bool *touched = arena_alloc(&arena, catalog_servers.property_count * sizeof(*touched));
    touched[serverlist_name_place()] = true;
    bool ok = serverlist_value(serverlist_name_place(), name, &arena, &values[serverlist_name_place()], err) &&
              apply(settings, count, values, touched, &arena, err) && serverlist_fits(values, err) &&
              store_server_add(store, values, out, err);
    arena_done(&arena);
    return ok;
}

bool serverlist_put(struct store *store, server_id server, const struct value *values, const bool *touched,
                    struct err *err)
{
    for (size_t i = 0; i < catalog_servers.property_count; i++)
        if (touched[i] && !store_server_set(store, server, (int)i, values[i], err))
            return false;
    return true;
}

bool serverlist_set(struct store *store, server_id server, const struct server_setting *settings, size_t count,
                    struct err *err)
{
    struct arena arena = { 0 };
    struct row row = { 0 };
    bool *touched = arena_alloc(&arena, catalog_servers.property_count * sizeof(*touched));
    bool ok = store_rows(store, SERVERS, &server, 1, &arena, &row, err);
    if (ok && !row.id)
        ok = err_set(err, ERR_NOT_FOUND, "server", "the server is gone");
    ok = ok && apply(settings, count, row.values, touched, &arena, err) && serverlist_fits(row.values, err);
    bool began = ok && store_begin(store, err);
    ok = began && serverlist_put(store, server, row.values, touched, err) && store_commit(store, err);
    if (began && !ok)
        store_rollback(store);
    arena_done(&arena);
    return ok;
}
