/* simhost - a simulated Windows DHCP and DNS host: see `simhost help`. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callmode.h"
#include "ipamtui/duration.h"
#include "make.h"
#include "serve.h"

static int complain(const struct err *err)
{
    fprintf(stderr, "simhost: %s: %s\n", err->where, err->text);
    return err->kind == ERR_INPUT ? 2 : 1;
}

static void usage(FILE *to)
{
    struct buf faults = { 0 };

    fault_list(&faults);
    fprintf(to, "simhost make DIR [--servers N] [--scopes M] [--zones Z] [--zone-copies C] [--seed S] "
            "[--latency-ms L] [--role dhcp|dns|both] [--even] [--clean]\n"
            "             [--shape plain|members|metadata] [--log] [--command 'PROGRAM ARGS']\n"
            "                                a new estate: DIR/NAME.state a server, DIR/servers.csv\n"
            "simhost serve DIR NAME          speak PSRP on stdin and stdout, as powershell.exe -s\n"
            "simhost call DIR NAME CMDLET    one call: CLIXML of its parameters on stdin, answers as lines\n"
            "simhost dump DIR [NAME]         the state, in an order of its own\n"
            "simhost set DIR NAME WHAT PROPERTY VALUE   change it behind the console's back; WHAT: a scope, "
            "CLASS:KEY or host\n"
            "simhost add DIR NAME CLASS PROPERTY=VALUE...       the same, a new object\n"
            "simhost remove DIR NAME WHAT    the same, remove\n"
            "simhost log DIR NAME on|off     write every call to DIR/NAME.calls\n"
            "simhost fault DIR NAME KIND     KIND:\n%s",
            buf_at(&faults));
    buf_done(&faults);
}

/* ------------------------------------------------------------------ make */

static bool make_flag(struct make_options *o, const char *name)
{
    bool *flag = strcmp(name, "--clean") == 0  ? &o->clean
                 : strcmp(name, "--even") == 0 ? &o->even
                 : strcmp(name, "--log") == 0  ? &o->log_calls
                                               : NULL;

    if (flag)
        *flag = true;
    return flag != NULL;
}

static bool make_number(const char *value, uint64_t most, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(value, &end, 10);
    return value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 && *out <= most;
}

static bool make_value(struct make_options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        int *number;
        const char **text;
    } values[] = {
        { "--servers", &o->servers, NULL },       { "--scopes", &o->scopes, NULL },
        { "--zones", &o->zones, NULL },           { "--zone-copies", &o->zone_copies, NULL },
        { "--latency-ms", &o->latency_ms, NULL }, { "--role", NULL, &o->role },
        { "--shape", NULL, &o->shape },           { "--command", NULL, &o->command },
    };

    uint64_t number;

    if (strcmp(name, "--seed") == 0)
        return make_number(value, UINT64_MAX, &o->seed);
    for (size_t i = 0; i < COUNT(values); i++) {
        if (strcmp(values[i].name, name) != 0)
            continue;
        if (values[i].text)
            *values[i].text = value;
        else if (make_number(value, INT_MAX, &number))
            *values[i].number = (int)number;
        else
            return false;
        return true;
    }
    return false;
}

static int run_make(int argc, char **argv)
{
    struct make_options o = {
        .dir = argv[0], .servers = 40, .scopes = 1500, .zones = 60, .zone_copies = 3, .seed = 1
    };
    struct err err = { 0 };

    for (int i = 1; i < argc; i++) {
        if (make_flag(&o, argv[i]))
            continue;
        if (i + 1 == argc || !make_value(&o, argv[i], argv[i + 1])) {
            err_set(&err, ERR_INPUT, argv[i], "is no option of make, or its value is missing or wrong");
            return complain(&err);
        }
        i++;
    }
    return simhost_make(&o, &err) ? 0 : complain(&err);
}

/* ------------------------------------------------------------------ serve, call, dump */

static int run_serve(int argc, char **argv)
{
    (void)argc;
    return simhost_serve(argv[0], argv[1]);
}

static int run_call(int argc, char **argv)
{
    (void)argc;
    return simhost_call(argv[0], argv[1], argv[2]);
}

static int dump_one(const char *dir, const char *name)
{
    struct sim_server server;
    struct buf out = { 0 };
    struct err err = { 0 };

    if (!sim_server_open(&server, dir, name, &err))
        return complain(&err);
    sim_server_dump(&server, &out);
    printf("# %s\n%s", name, buf_at(&out));
    buf_done(&out);
    sim_server_done(&server);
    return 0;
}

static int run_dump(int argc, char **argv)
{
    char *pattern = x_asprintf("%s/*.state", argv[0]);
    glob_t files = { 0 };
    int status = 0;

    if (argc > 1) {
        free(pattern);
        return dump_one(argv[0], argv[1]);
    }
    glob(pattern, 0, NULL, &files);
    for (size_t i = 0; i < files.gl_pathc && status == 0; i++) {
        char *name = x_strdup(strrchr(files.gl_pathv[i], '/') + 1);
        *strrchr(name, '.') = '\0';
        status = dump_one(argv[0], name);
        free(name);
    }
    globfree(&files);
    free(pattern);
    return status;
}

/* ------------------------------------------------------------------ set, remove, fault, log */

/* A scope's address, "host", or CLASS:KEY[,KEY...]. */
static struct sim_object *what_object(struct sim_server *server, const char *what, struct err *err)
{
    char *text = x_strdup(what), *colon = strchr(text, ':'), *keys[8] = { 0 };
    const struct sim_class *class = NULL;
    struct sim_object *found = NULL;

    if (strcmp(what, "host") == 0) {
        found = sim_host(server);
    } else {
        if (colon)
            *colon = '\0';
        class = sim_class_find(colon ? text : "DhcpServerv4Scope");
        char *at = colon ? colon + 1 : text;
        for (size_t i = 0; i < COUNT(keys) && at; i++)
            keys[i] = strsep(&at, ",");
        found = class ? sim_find(server, class, (const char *const *)keys) : NULL;
    }
    if (!found)
        err_set(err, ERR_NOT_FOUND, server->name, "has no %s", what);
    free(text);
    return found;
}

/* Durations as people write them. */
static const char *as_value(struct arena *mem, const struct sim_property *property, const char *text)
{
    int64_t seconds, ticks;

    if (strcmp(text, "$null") == 0)
        return NULL;
    if (property->type != SIM_TIMESPAN)
        return text;
    if (sim_span_parse(text, &ticks))
        return sim_span(mem, ticks);
    if (duration_parse(text, property->name, &seconds, NULL))
        return sim_span(mem, duration_to_ticks(seconds));
    return text;
}

static bool set_value(struct sim_server *server, const char *what, const char *property, const char *value,
                      struct err *err)
{
    struct arena mem = { 0 };
    struct sim_object *object = what_object(server, what, err);
    int at = object ? sim_property_find(object->class, property) : -1;
    bool ok = at >= 0;

    if (object && !ok)
        err_set(err, ERR_INPUT, property, "%s has no such property", object->class->name);
    if (ok) {
        struct sim_object *copy = sim_object_copy(&mem, object);
        copy->values[at] = as_value(&mem, &object->class->properties[at], value);
        ok = sim_store(server, copy, err);
    }
    arena_done(&mem);
    return ok;
}

static int change(const char *dir, const char *name, const char *what, const char *property,
                  const char *value)
{
    struct sim_server server;
    struct err err = { 0 };
    bool ok = sim_server_open(&server, dir, name, &err);

    if (ok && sim_server_lock(&server, &err)) {
        struct sim_object *object = property ? NULL : what_object(&server, what, &err);
        ok = property ? set_value(&server, what, property, value, &err)
                      : object && sim_drop(&server, object, &err);
    } else {
        ok = false;
    }
    sim_server_done(&server);
    return ok ? 0 : complain(&err);
}

static int run_set(int argc, char **argv)
{
    (void)argc;
    return change(argv[0], argv[1], argv[2], argv[3], argv[4]);
}

static bool add_values(struct sim_object *object, struct arena *mem, int argc, char **argv, struct err *err)
{
    for (int i = 0; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        char *name = x_strndup(argv[i], equals ? (size_t)(equals - argv[i]) : 0);
        int at = sim_property_find(object->class, name);
        free(name);
        if (!equals || at < 0)
            return err_set(err, ERR_INPUT, argv[i], "is no PROPERTY=VALUE of %s", object->class->name);
        object->values[at] = as_value(mem, &object->class->properties[at], equals + 1);
    }
    for (size_t i = 0; i < object->class->count; i++)
        if (object->class->properties[i].is_key && !object->class->properties[i].hidden && !object->values[i])
            return err_set(err, ERR_INPUT, object->class->properties[i].name,
                           "must be given: it is part of the key of %s", object->class->name);
    return true;
}

static int run_add(int argc, char **argv)
{
    const struct sim_class *class = sim_class_find(argv[2]);
    struct sim_server server;
    struct arena mem = { 0 };
    struct err err = { 0 };

    if (!class) {
        err_set(&err, ERR_INPUT, argv[2], "is no class; src/simhost/classes.tsv has them");
        return complain(&err);
    }
    struct sim_object *object = sim_object_new(&mem, class);
    bool ok = add_values(object, &mem, argc - 3, argv + 3, &err) &&
              sim_server_open(&server, argv[0], argv[1], &err);
    if (ok) {
        ok = sim_server_lock(&server, &err) && sim_store(&server, object, &err);
        sim_server_done(&server);
    }
    arena_done(&mem);
    return ok ? 0 : complain(&err);
}

static int run_remove(int argc, char **argv)
{
    (void)argc;
    return change(argv[0], argv[1], argv[2], NULL, NULL);
}

static int run_fault(int argc, char **argv)
{
    struct err err = { 0 };
    (void)argc;

    if (!fault_known(argv[2])) {
        err_set(&err, ERR_INPUT, argv[2],
                "is no kind of fault, or lacks its argument; `simhost help` lists them");
        return complain(&err);
    }
    return change(argv[0], argv[1], "host", "Fault", strcmp(argv[2], "none") == 0 ? "$null" : argv[2]);
}

static int run_log(int argc, char **argv)
{
    (void)argc;
    return change(argv[0], argv[1], "host", "LogCalls", strcmp(argv[2], "on") == 0 ? "true" : "false");
}

static const struct {
    const char *name;
    int least, most; /* arguments after it */
    int (*run)(int argc, char **argv);
} commands[] = {
    { "make", 1, 40, run_make },    { "serve", 2, 2, run_serve }, { "call", 3, 3, run_call },
    { "dump", 1, 2, run_dump },     { "set", 5, 5, run_set },     { "add", 4, 40, run_add },
    { "remove", 3, 3, run_remove }, { "fault", 3, 3, run_fault }, { "log", 3, 3, run_log },
};

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int main(int argc, char **argv)
{
    struct err err = { 0 };

    if (argc > 1 && (asks_for_help(argv[1]) || strcmp(argv[1], "help") == 0 || (argc > 2 && asks_for_help(argv[2])))) {
        usage(stdout);
        return 0;
    }
    if (argc > 2 && argv[2][0] == '-') {
        err_set(&err, ERR_INPUT, argv[2], "the folder of the estate comes first; ./%s if that is its name", argv[2]);
        return complain(&err);
    }
    for (size_t i = 0; argc > 1 && i < COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].least &&
            argc - 2 <= commands[i].most)
            return commands[i].run(argc - 2, argv + 2);
    usage(stderr);
    return 2;
}
