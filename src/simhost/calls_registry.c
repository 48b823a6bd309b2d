/* calls_registry.c - the few values of the registry that say which machine this is. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ipamtui/hash.h"
#include "run.h"

#define COMMAND "Microsoft.PowerShell.Commands.GetItemPropertyCommand"

static const struct {
    const char *path;
    const char *names[3];
} keys[] = {
    { "HKLM:\\SOFTWARE\\Microsoft\\Cryptography", { "MachineGuid" } },
    { "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters", { "Hostname", "Domain" } },
};

/* What the state does not say follows from the host's name, so that each has its own. */
static const char *value_of(struct sim_run *run, const char *name)
{
    const struct sim_object *host = sim_host(run->server);
    const char *address = sim_value(host, "Address"), *dot = address ? strchr(address, '.') : NULL;
    const char *own = sim_value(host, strcmp(name, "Hostname") == 0 ? "Computer" : name);
    uint64_t a, b;

    if (own)
        return own;
    if (strcmp(name, "Domain") == 0)
        return dot ? dot + 1 : "";
    if (strcmp(name, "Hostname") == 0) {
        char *upper = arena_strdup(run->mem, run->server->name);

        for (char *p = upper; *p; p++)
            if (*p >= 'a' && *p <= 'z')
                *p = (char)(*p - 'a' + 'A');
        return upper;
    }
    a = sim_hash(sim_hash(HASH_START, sim_value(host, "Seed")), address);
    b = sim_hash(a, run->server->name);
    return arena_printf(run->mem, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
                        (unsigned)(a & 0xfff), (unsigned)(b >> 52), (unsigned long long)(b & UINT64_C(0xffffffffffff)));
}

static bool no_path(struct sim_run *run, const char *path)
{
    return sim_raise(run, (struct sim_error){ .id = "PathNotFound",
                                              .category = 13,
                                              .reason = "ItemNotFoundException",
                                              .message = arena_printf(run->mem, "Cannot find path '%s' because it does not exist.", path),
                                              .target = path,
                                              .target_type = "String",
                                              .command = COMMAND });
}

static bool no_property(struct sim_run *run, const char *path, const char *name)
{
    return sim_raise(run, (struct sim_error){ .id = "System.Management.Automation.PSArgumentException",
                                              .category = 5,
                                              .reason = "PSArgumentException",
                                              .message = arena_printf(run->mem, "Property %s does not exist at path %s.", name, path),
                                              .target = name,
                                              .target_type = "String",
                                              .command = COMMAND });
}

static bool has_name(size_t key, const char *name)
{
    for (size_t i = 0; i < COUNT(keys[key].names) && keys[key].names[i]; i++)
        if (strcasecmp(keys[key].names[i], name) == 0)
            return true;
    return false;
}

static bool emit_key(struct sim_run *run, size_t key)
{
    struct sim_object *out = sim_object_new(run->mem, sim_class_find("ItemProperty"));
    const struct sim_arg *names = sim_arg(run->bound, "Name");

    for (size_t i = 0; names && i < names->count; i++)
        if (!has_name(key, names->items[i]))
            return no_property(run, keys[key].path, names->items[i]);
    sim_set(run->mem, out, "PSPath", arena_printf(run->mem, "Microsoft.PowerShell.Core\\Registry::%s", keys[key].path));
    for (size_t i = 0; i < COUNT(keys[key].names) && keys[key].names[i]; i++)
        sim_set(run->mem, out, keys[key].names[i], value_of(run, keys[key].names[i]));
    sim_emit(run, out);
    return true;
}

bool call_item_property(struct sim_run *run, const struct sim_call *call)
{
    const struct sim_arg *paths = sim_arg(run->bound, "Path");
    (void)call;

    for (size_t i = 0; paths && i < paths->count && !run->failed; i++) {
        size_t key = 0;

        while (key < COUNT(keys) && strcasecmp(keys[key].path, paths->items[i]) != 0)
            key++;
        if (key < COUNT(keys))
            emit_key(run, key);
        else
            no_path(run, paths->items[i]);
    }
    return !run->failed;
}
