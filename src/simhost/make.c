#include "make.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipamtui/csv.h"
#include "ipamtui/ip.h"

/* ------------------------------------------------------------------ chance */

uint64_t random_next(struct random *r) /* splitmix64 */
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int random_below(struct random *r, int limit)
{
    return limit <= 1 ? 0 : (int)(random_next(r) % (uint64_t)limit);
}

bool random_percent(struct random *r, int percent)
{
    return random_below(r, 100) < percent;
}

/* ------------------------------------------------------------------ writing */

const char *make_text(struct making *m, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return arena_strdup(&m->mem, text);
}

void make_object(struct making *m, const char *class, ...)
{
    struct sim_object *object = sim_object_new(&m->mem, sim_class_find(class));
    va_list args;

    va_start(args, class);
    for (const char *name = va_arg(args, const char *); name; name = va_arg(args, const char *))
        sim_set(&m->mem, object, name, va_arg(args, const char *));
    va_end(args);
    sim_object_write(&m->out, object);
}

/* ------------------------------------------------------------------ servers */

static const char *const regions[] = { "lon", "fra", "nyc", "sin" };

/* Of ten servers in a region five serve DHCP, three DNS, two both. */
static const char *role_at(const struct make_options *o, int place)
{
    static const char *const roles[] = { "dhcp", "dns",  "dhcp", "both", "dhcp",
                                         "dns",  "dhcp", "both", "dns",  "dhcp" };

    return o->role ? o->role : roles[place / (int)COUNT(regions) % (int)COUNT(roles)];
}

static const char *prefix_of(const char *role)
{
    return strcmp(role, "both") == 0 ? "dc" : role;
}

/* How many of this role and region came before, and this one. */
static int number_at(const struct make_options *o, int place)
{
    int number = 0;

    for (int i = place % (int)COUNT(regions); i <= place; i += (int)COUNT(regions))
        number += strcmp(role_at(o, i), role_at(o, place)) == 0;
    return number;
}

/* What is wrong with some of them, spread evenly. */
static const char *fault_at(const struct make_options *o, int place)
{
    static const char *const faults[] = { "down",
                                          "slow:1500",
                                          "denied-service",
                                          "noise",
                                          "denied",
                                          "down:ssh: Could not resolve hostname: "
                                          "Name or service not known",
                                          "fail-set:DHCP 20013:ReadError",
                                          "no-module" };
    int kinds = (int)COUNT(faults), step = MAX(o->servers / kinds, 3);

    if (o->clean || place % step != step - 1 || place / step >= kinds)
        return NULL;
    return faults[place / step];
}

struct windows {
    const char *os, *powershell, *major, *minor;
};
static const struct windows versions[] = {
    { "10.0.20348.2110", "5.1.20348.2110", "10", "0" }, { "10.0.17763.5329", "5.1.17763.5328", "10", "0" },
    { "10.0.14393.6614", "5.1.14393.6343", "10", "0" }, { "10.0.26100.1742", "5.1.26100.1591", "10", "0" },
    { "6.3.9600.21620", "5.1.14409.1018", "6", "3" },
};

static void make_service(struct making *m, const char *name, const char *display, int troubled)
{
    static const char *const states[] = { "Running", "Stopped", "Paused" };
    const char *status = states[m->options->clean ? 0 : troubled];

    make_object(m, "ServiceController", "ServiceName", name, "Name", name, "DisplayName", display, "Status",
                status, "StartType", "Automatic", "ServiceType", "Win32OwnProcess", "CanStop",
                strcmp(status, "Stopped") ? "true" : "false", "CanPauseAndContinue", "true", "CanShutdown",
                "true", "MachineName", ".", "DependentServices", "", "ServicesDependedOn", "",
                "RequiredServices", "", NULL);
}

static void make_host(struct making *m)
{
    static const char *const shapes[] = { "plain", "plain", "members", "metadata" };
    const struct make_options *o = m->options;
    const struct windows *w = &versions[random_below(&m->random, (int)COUNT(versions))];

    make_object(m, "SimHost", "Name", m->name, "Address", m->address, "Role", m->role, "Region", m->region,
                "Seed", make_text(m, "%llu", (unsigned long long)o->seed), "Fault", fault_at(o, m->place),
                "LatencyMs", make_text(m, "%d", o->latency_ms), "Shape",
                o->shape ? o->shape : shapes[m->place % 4], "LogCalls", o->log_calls ? "true" : "false",
                "PSVersion", w->powershell, "OS", w->os, NULL);
    if (strcmp(m->role, "dns") != 0)
        make_object(m, "DhcpServerVersion", "MajorVersion", w->major, "MinorVersion", w->minor, NULL);
}

static bool write_file(const char *dir, const char *name, const char *end, const struct buf *text,
                       struct err *err)
{
    char *path = x_asprintf("%s/%s%s", dir, name, end);
    FILE *file = fopen(path, "we");
    bool ok = file && fwrite(buf_at(text), 1, text->len, file) == text->len;

    ok = file && fclose(file) == 0 && ok;
    if (!ok)
        err_errno(err, path, "cannot write it");
    free(path);
    return ok;
}

static bool make_server(struct making *m, int scopes, struct err *err)
{
    bool dhcp = strcmp(m->role, "dns") != 0, dns = strcmp(m->role, "dhcp") != 0;

    make_host(m);
    /* Among the DNS services one is stopped and one paused, among the DHCP services of a larger estate one is
     * stopped. */
    if (dhcp)
        make_service(m, "DHCPServer", "DHCP Server", m->place == 13 && m->options->servers >= 24);
    if (dns)
        make_service(m, "DNS", "DNS Server", m->place == 20 ? 1 : m->place == 23 ? 2 : 0);
    if (dhcp)
        make_dhcp(m, scopes);
    if (dhcp)
        make_dhcp6(m, scopes);
    if (dns)
        make_dns(m);
    return write_file(m->options->dir, m->name, ".state", &m->out, err);
}

/* ------------------------------------------------------------------ the estate */

/* Some have many scopes, some few. */
static void share_scopes(const struct make_options *o, int *scopes)
{
    static const int weights[] = { 1, 2, 3, 5, 8, 2, 13, 3, 1, 4 };
    int total = 0, given = 0, last = -1;

    for (int i = 0; i < o->servers; i++)
        if (strcmp(role_at(o, i), "dns") != 0)
            total += o->even ? 1 : weights[i % 10];
    for (int i = 0; i < o->servers; i++) {
        scopes[i] = 0;
        if (strcmp(role_at(o, i), "dns") == 0)
            continue;
        scopes[i] = (int)((int64_t)o->scopes * (o->even ? 1 : weights[i % 10]) / total);
        given += scopes[i];
        last = i;
    }
    if (last >= 0)
        scopes[last] += o->scopes - given;
}

/* As child_split() takes it apart again. */
static void quoted(struct buf *out, const char *text)
{
    if (text[strcspn(text, " \t'\"\\")] == '\0') {
        buf_adds(out, text);
        return;
    }
    buf_addc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *text);
    }
    buf_addc(out, '"');
}

static void csv_row(struct buf *csv, const struct making *m, const char *program, const char *dir)
{
    struct buf command = { 0 };

    if (m->options->command)
        buf_adds(&command, m->options->command);
    else
        quoted(&command, program);
    buf_adds(&command, m->options->command ? " " : " serve ");
    quoted(&command, dir);
    buf_addf(&command, " %s", m->name);
    csv_cell(csv, m->name, false);
    buf_addc(csv, ',');
    csv_cell(csv, m->address, false);
    buf_addc(csv, ',');
    csv_cell(csv, strcmp(m->role, "both") == 0 ? "dhcp,dns" : m->role, false);
    buf_adds(csv, ",command,");
    csv_cell(csv, buf_at(&command), false);
    buf_addc(csv, '\n');
    buf_done(&command);
}

static const char *name_at(const struct make_options *o, int place, struct arena *mem)
{
    return arena_printf(mem, o->servers > 400 ? "%s-%s-%03d" : "%s-%s-%02d", prefix_of(role_at(o, place)),
                        regions[place % (int)COUNT(regions)], number_at(o, place));
}

static const char *address_at(const struct make_options *o, int place, struct arena *mem)
{
    return arena_printf(mem, "%s.%s.example.net", name_at(o, place, mem),
                        regions[place % (int)COUNT(regions)]);
}

static bool has_dns(const struct make_options *o, int place)
{
    return strcmp(role_at(o, place), "dhcp") != 0;
}

static bool make_all(const struct make_options *o, const int *scopes, const char *program, const char *dir,
                     struct buf *csv, struct err *err)
{
    uint32_t network = UINT32_C(0x0a000000);
    struct arena names = { 0 };
    const char **dns_names = arena_alloc(&names, ((size_t)o->servers + 1) * sizeof *dns_names);
    int dns_count = 0, dns_place = 0;
    bool ok = true;

    for (int i = 0; i < o->servers; i++)
        if (has_dns(o, i))
            dns_names[dns_count++] = address_at(o, i, &names);
    for (int i = 0; i < o->servers && ok; i++) {
        struct making m = { .options = o,
                            .place = i,
                            .network = &network,
                            .random.state = o->seed * 1000003 + (uint64_t)i,
                            .dns_names = dns_names,
                            .dns_count = dns_count,
                            .dns_place = dns_place };
        dns_place += has_dns(o, i);
        m.role = role_at(o, i);
        m.region = regions[i % (int)COUNT(regions)];
        m.name = name_at(o, i, &m.mem);
        m.address = address_at(o, i, &m.mem);
        ok = make_server(&m, scopes[i], err);
        csv_row(csv, &m, program, dir);
        buf_done(&m.out);
        arena_done(&m.mem);
    }
    arena_done(&names);
    return ok;
}

bool simhost_make(const struct make_options *o, struct err *err)
{
    char program[4096], *dir;
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    struct buf csv = { 0 };

    program[n > 0 ? n : 0] = '\0';
    if (mkdir(o->dir, 0700) < 0 && errno != EEXIST)
        return err_errno(err, o->dir, "cannot make the folder");
    dir = realpath(o->dir, NULL);
    if (!dir)
        return err_errno(err, o->dir, "cannot find the folder");
    int *scopes = x_calloc((size_t)o->servers + 1, sizeof *scopes);
    share_scopes(o, scopes);
    buf_adds(&csv, "name,address,role,transport,command\n");
    bool ok =
        make_all(o, scopes, program, dir, &csv, err) && write_file(o->dir, "servers", ".csv", &csv, err);
    buf_done(&csv);
    free(scopes);
    free(dir);
    return ok;
}
