/* server_test.c - `server test`: reach a server as the collector would, step by step, and say what is wrong in words that help
 * on a Windows host. */
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "ipamtui/clock.h"
#include "ipamtui/fetch.h"
#include "ipamtui/host.h"
#include "ipamtui/listing.h"
#include "ipamtui/rights.h"
#include "ipamtui/text.h"

#define NAMED_AT_MOST 64
#define CALLS_AT_ONCE 2
#define CLOCK_APART_S 60 /* more than this is told as a thing to mend */

/* What to do about a step that failed. */
static const char *const step_advice[] = {
    [STEP_CONFIG] = "`ssh -G ADDRESS` refuses your ssh configuration; it says where.",
    [STEP_RESOLVE] = "This name is not known here. Give another one (server set NAME address=HOST) or an alias in ~/.ssh/config.",
    [STEP_CONNECT] = "Nothing answers there. On the host: Start-Service sshd; Set-Service sshd -StartupType Automatic; "
                     "and let port 22 through its firewall (New-NetFirewallRule -Name sshd -DisplayName sshd -Protocol TCP "
                     "-LocalPort 22 -Action Allow).",
    [STEP_JUMP] = "The jump host did not lead on. Try it alone: ssh -J JUMP ADDRESS.",
    [STEP_KEX] = "What answers there is no ssh server that this program can agree with. Try: ssh -v ADDRESS; or "
                 "server set NAME transport=openssh.",
    [STEP_HOSTKEY] = "Compare the fingerprint with ssh-keygen -lf C:\\ProgramData\\ssh\\ssh_host_ed25519_key.pub on the host, "
                     "then accept it once with: ssh ADDRESS. A changed key is never accepted: remove the old line yourself.",
    [STEP_LOGIN] = "On the host the public key belongs in C:\\Users\\USER\\.ssh\\authorized_keys; for a member of Administrators "
                   "in C:\\ProgramData\\ssh\\administrators_authorized_keys, writable by Administrators and SYSTEM only. "
                   "Here: ssh-add -l shows which keys are offered.",
    [STEP_EXEC] = "The program was not started. Check that powershell.exe is in the path of the host's sshd, or for transport "
                  "command that the program exists.",
    [STEP_OPEN] = "PowerShell did not answer with its remoting protocol. On the host: powershell.exe -s -NoLogo -NoProfile must "
                  "start without output; the DefaultShell of OpenSSH must not print anything. A policy that forbids it: "
                  "Get-ExecutionPolicy -List. Plain lines instead: server set NAME dialect=plain.",
};

/* A signal ends the tests, and with them what was started on the way there. */
struct stop {
    int signal_fd;
    bool came;
};

/* One server being tested. */
struct trial {
    struct cli *cli;
    struct stop *stop;
    struct loop *loop;
    struct host *host;
    const char *name;
    enum transport_kind kind;
    unsigned role;
    enum host_state state;
    int step;           /* transport_step that is going on, -1 before the first */
    size_t hops;        /* jump hosts that were told of by themselves */
    int64_t since_us;
    size_t failures;
    /* of the call that runs */
    bool done, refused;
    size_t outputs;
    struct err err;
    char error_id[96];
    char text[64];                 /* the last answer as text */
    int64_t time_s;                /* the last answer as a time */
    bool has_time;
    struct rights rights;          /* from lines that name groups */
    char found[NAMED_AT_MOST][64]; /* names that Get-Command gave back */
    char modules[4][64];           /* of those, with version */
    struct buf *json;              /* NULL: for people */
    size_t told;
};

static void json_text(struct buf *out, const char *key, const char *text)
{
    buf_addf(out, ", \"%s\": ", key);
    text_json(out, text);
}

static void tell_json(struct trial *t, const char *mark, const char *what, double ms, const char *why, const char *advice)
{
    buf_addf(t->json, "%s\n    {\"result\": \"%s\", \"ms\": %.1f", t->told ? "," : "", mark, ms);
    json_text(t->json, "step", what);
    if (why)
        json_text(t->json, "text", why);
    if (advice)
        json_text(t->json, "advice", advice);
    buf_addc(t->json, '}');
}

/* One step: how it went, how long it took, what there is to say and to do. */
static void tell(struct trial *t, const char *mark, const char *what, const char *why, const char *advice)
{
    char shown[640];
    double ms = (double)(clock_mono_us() - t->since_us) / 1000;
    if (t->json) {
        tell_json(t, mark, what, ms, why, advice);
    } else {
        printf("  %-7s %-48s %8.1f ms\n", mark, text_printable(what, shown, sizeof(shown)), ms);
        if (why)
            printf("          %s\n", text_printable(why, shown, sizeof(shown)));
        if (advice)
            printf("          What to do: %s\n", advice);
        fflush(stdout);
    }
    t->told++;
    t->since_us = clock_mono_us();
}

static void ok(struct trial *t, const char *what)
{
    tell(t, "ok", what, NULL, NULL);
}

static void failed(struct trial *t, const char *what, const char *why, const char *advice)
{
    t->failures++;
    tell(t, t->json ? "failed" : "FAILED", what, why, advice);
}

/* ------------------------------------------------------------------ connecting */
/* The step that was going on is over: by whom and through what a login came is known by then. */
static void step_over(struct trial *t)
{
    bool ssh = t->kind != TRANSPORT_COMMAND || t->step >= STEP_EXEC; /* a command has no way to be found first */
    if (t->step >= 0 && ssh && !(t->step == STEP_JUMP && t->hops))
        tell(t, "ok", transport_step_name((enum transport_step)t->step),
             t->step == STEP_LOGIN ? host_describe(t->host) : NULL, NULL);
    t->since_us = clock_mono_us();
}

/* On to another step. Those between, done within one turn of the loop, have had no time of their own: a host key that is on file is
 * checked together with the key exchange. */
static void step_to(struct trial *t, int step)
{
    step_over(t);
    for (int i = t->step + 1; t->step >= 0 && step != STEP_JUMP && i < step; i++)
        if (i != STEP_JUMP && t->kind == TRANSPORT_SSH)
            ok(t, transport_step_name((enum transport_step)i));
    t->step = step;
}

/* Each jump host with the time that it took after the one before. */
static void on_hop(void *ctx, const char *host)
{
    struct trial *t = ctx;
    char text[160];
    if (t->step < STEP_JUMP)
        step_to(t, STEP_JUMP);
    snprintf(text, sizeof(text), "%s %s", transport_step_name(STEP_JUMP), host);
    t->hops++;
    ok(t, text);
}

static void opened(struct trial *t)
{
    char text[128];
    const char *edition = host_edition(t->host);
    bool plain = host_dialect(t->host) == HOST_DIALECT_PLAIN;
    ok(t, plain ? "dialect: plain lines" : "dialect: psrp, the remoting protocol");
    snprintf(text, sizeof(text), "PowerShell %s, edition %s%s", host_version(t->host), edition,
             strcmp(edition, "Desktop") == 0 ? " (Windows PowerShell)" : "");
    tell(t, "ok", text, host_describe(t->host), NULL);
}

/* Looks after each turn of the loop what has been reached since. */
static void look(struct trial *t)
{
    enum host_state state = host_state(t->host);
    if (state == HOST_CONNECTING) {
        int step = (int)host_step(t->host);
        if (step != t->step)
            step_to(t, step);
    }
    if (state == t->state)
        return;
    if (t->state == HOST_CONNECTING && (state == HOST_STARTING || state == HOST_OPEN))
        step_over(t);
    if (state == HOST_OPEN)
        opened(t);
    t->state = state;
}

static void on_ask(void *ctx, const struct transport_ask *ask)
{
    struct trial *t = ctx;
    struct cli_answers answers;
    bool ok = cli_ask(ask, t->stop->signal_fd, &answers);
    host_answer(t->host, ok ? answers.list : NULL);
    cli_answers_wipe(&answers);
}

/* ------------------------------------------------------------------ calls */
/* A command that was found: its name, and its module with version. */
static void take_command(struct trial *t, const char *name, const char *module, const char *version)
{
    char text[64];
    snprintf(t->found[t->outputs], sizeof(t->found[0]), "%s", name);
    if (!module || !*module)
        return;
    snprintf(text, sizeof(text), "%.40s %.20s", module, version ? version : "");
    for (size_t i = 0; i < COUNT(t->modules); i++) {
        if (!*t->modules[i])
            snprintf(t->modules[i], sizeof(t->modules[i]), "%s", text);
        if (strcmp(t->modules[i], text) == 0)
            return;
    }
}

static void on_output(void *ctx, const struct ps_value *value)
{
    struct trial *t = ctx;
    struct arena arena = { 0 };
    const char *text = ps_text(value, &arena), *name = ps_text(ps_get(value, "Name"), &arena);
    if (name && t->outputs < NAMED_AT_MOST)
        take_command(t, name, ps_text(ps_get(value, "ModuleName"), &arena), ps_text(ps_get(value, "Version"), &arena));
    if (value->object && value->object->to_string)
        text = value->object->to_string; /* of an enumeration: its word, not its number */
    snprintf(t->text, sizeof(t->text), "%s", text ? text : "");
    if (value->type == PS_STRING)
        rights_take(&t->rights, value->s);
    if (value->type == PS_DATETIME && value->zone != PS_ZONE_UNSPECIFIED)
        t->has_time = ps_time_s(value, &t->time_s);
    t->outputs++;
    arena_done(&arena);
}

static void on_error(void *ctx, const struct ps_error *error)
{
    struct trial *t = ctx;
    if (t->err.kind)
        return;
    fetch_explain(error, t->name, &t->err);
    snprintf(t->error_id, sizeof(t->error_id), "%s", error->id ? error->id : "");
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct trial *t = ctx;
    t->done = true;
    t->refused = end != PS_COMPLETED;
    if (end != PS_COMPLETED && why)
        on_error(t, why);
}

static void on_signal(void *ctx, int fd, short revents)
{
    struct trial *t = ctx;
    struct signalfd_siginfo info;
    (void)revents;
    if (read(fd, &info, sizeof(info)) == sizeof(info))
        t->stop->came = true;
}

/* Runs one command to its end. false: the host is gone, or a signal came; it has been told. */
static bool call(struct trial *t, const struct ps_command *command)
{
    static const struct ps_call_events events = { .output = on_output, .error = on_error, .done = on_done };
    struct ps_call one = { .commands = command, .command_count = 1 };
    t->done = t->refused = false;
    t->outputs = 0;
    t->has_time = false;
    t->text[0] = t->error_id[0] = '\0';
    err_clear(&t->err);
    t->since_us = clock_mono_us();
    host_invoke(t->host, &one, t->cli->options.call_timeout_s * 1000, &events, t);
    while (!t->done && !t->stop->came) {
        look(t);
        loop_turn(t->loop, -1);
    }
    if (t->stop->came) {
        failed(t, "stopped", "The test was ended before it was through.", NULL);
        return false;
    }
    look(t);
    if (host_state(t->host) != HOST_FAILED)
        return true;
    enum transport_step step = host_failed_step(t->host);
    const struct err *why = host_error(t->host);
    failed(t, transport_step_name(step), why && why->kind ? why->text : t->err.text, step_advice[step]);
    return false;
}

/* Cmdlets that retrieval calls on a server of this role, each once. */
static size_t needed_cmdlets(unsigned role, const char **out, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; catalog_objects[i]; i++)
        for (size_t j = 0; j < catalog_objects[i]->source_count; j++) {
            const struct source *source = &catalog_objects[i]->sources[j];
            size_t k = 0;
            if ((source->role && !(source->role & role)) || source->optional)
                continue;
            while (k < count && strcmp(out[k], source->cmdlet) != 0)
                k++;
            if (k == count && count < most)
                out[count++] = source->cmdlet;
        }
    return count;
}

static bool was_found(const struct trial *t, const char *name)
{
    for (size_t i = 0; i < MIN(t->outputs, (size_t)NAMED_AT_MOST); i++)
        if (!text_casecmp(t->found[i], name))
            return true;
    return false;
}

static void judge_commands(struct trial *t, const char *const *names, size_t count)
{
    struct buf missing = { 0 };
    for (size_t i = 0; i < count; i++)
        if (!was_found(t, names[i]))
            buf_addf(&missing, "%s%s", missing.len ? ", " : "", names[i]);
    char text[320];
    snprintf(text, sizeof(text), "commands: %zu of %zu that are needed", MIN(t->outputs, count), count);
    if (!missing.len)
        ok(t, text);
    else
        failed(t, "commands", buf_at(&missing),
               "these are not offered there. On the host: Install-WindowsFeature RSAT-DHCP, RSAT-DNS-Server.");
    buf_done(&missing);
    if (!*t->modules[0])
        return;
    snprintf(text, sizeof(text), "modules: %s", t->modules[0]);
    for (size_t i = 1, len; i < COUNT(t->modules) && *t->modules[i]; i++) {
        len = strlen(text);
        snprintf(text + len, sizeof(text) - len, ", %s", t->modules[i]);
    }
    ok(t, text);
}

static bool test_commands(struct trial *t)
{
    const char *names[NAMED_AT_MOST];
    struct ps_value items[NAMED_AT_MOST];
    size_t count = needed_cmdlets(t->role, names, NAMED_AT_MOST);
    for (size_t i = 0; i < count; i++)
        items[i] = PS_S(names[i]);
    struct ps_param params[] = {
        { .name = "Name", .value = { .type = PS_LIST, .items = items, .len = count } },
        /* Names that are missing are seen by their absence. */
        { .name = "ErrorAction", .value = PS_S("SilentlyContinue") },
    };
    struct ps_command command = { .name = "Get-Command", .params = params, .param_count = COUNT(params) };
    if (!call(t, &command))
        return false;
    if (t->refused)
        failed(t, "commands", t->err.text, NULL);
    else
        judge_commands(t, names, count);
    return true;
}

static const char *reading_advice(const struct err *err)
{
    if (err->kind == ERR_DENIED)
        return "the account may not read this. For DHCP: Add-LocalGroupMember 'DHCP Users' USER; for DNS: membership in "
               "DnsAdmins; the state of a service has rights of its own.";
    return NULL;
}

static bool test_reading(struct trial *t, const struct source *source)
{
    struct ps_param params[COUNT(source->args)];
    size_t count = 0;
    for (; count < COUNT(source->args) && source->args[count].name; count++)
        params[count] = (struct ps_param){
            .name = source->args[count].name,
            .value = source->args[count].text ? PS_S(source->args[count].text) : PS_B(true),
        };
    struct ps_command command = { .name = source->cmdlet, .params = params, .param_count = count };
    if (!call(t, &command))
        return false;
    char what[128];
    snprintf(what, sizeof(what), "read %s (%s)", source->name, source->cmdlet);
    if (t->err.kind && !source->optional)
        failed(t, what, t->err.text, reading_advice(&t->err));
    else
        tell(t, t->err.kind ? "absent" : "ok", what, NULL, NULL);
    return true;
}

/* ------------------------------------------------------------------ what the session may do */
/* A script that is refused tells as much as one that answers; everything else that this program calls is no script. */
static bool test_language(struct trial *t)
{
    struct ps_command command = { .name = "$ExecutionContext.SessionState.LanguageMode", .is_script = true };
    char text[128];
    if (!call(t, &command))
        return false;
    if (!t->err.kind && *t->text)
        snprintf(text, sizeof(text), "language mode: %s", t->text);
    else if (strstr(t->error_id, "ScriptsNotAllowed"))
        snprintf(text, sizeof(text), "language mode: NoLanguage (scripts are refused)");
    else if (strstr(t->error_id, "NotSupportedInDataSection"))
        snprintf(text, sizeof(text), "language mode: RestrictedLanguage (variables are refused)");
    else {
        tell(t, "unknown", "language mode", t->err.kind ? t->err.text : "The host did not say.", NULL);
        return true;
    }
    ok(t, text);
    return true;
}

static bool test_clock(struct trial *t)
{
    struct ps_command command = { .name = "Get-Date" };
    int64_t before = clock_now_s(), apart;
    char text[128];
    if (!call(t, &command))
        return false;
    if (!t->has_time) {
        tell(t, "unknown", "clock", t->err.kind ? t->err.text : "The host gave no time with its zone.", NULL);
        return true;
    }
    apart = t->time_s - (before + clock_now_s()) / 2;
    snprintf(text, sizeof(text), "clock: %lld s %s this machine's", (long long)(apart < 0 ? -apart : apart),
             apart < 0 ? "behind" : "ahead of");
    if (apart >= -1 && apart <= 1)
        snprintf(text, sizeof(text), "clock: as this machine's, within a second or so");
    if (apart > CLOCK_APART_S || apart < -CLOCK_APART_S)
        tell(t, "note", text, "Times of leases and events will look wrong, and Kerberos refuses more than 5 minutes.",
             "Here: timedatectl. On the host: w32tm /resync; w32tm /query /status.");
    else
        ok(t, text);
    return true;
}

static const char *unknown_why(const struct trial *t)
{
    if (t->rights.groups && t->rights.foreign)
        return "This Windows names its groups in another language: which of them is DHCP Administrators, it does not tell.";
    return t->err.kind && !strstr(t->error_id, "CommandNotFound") ? t->err.text
                                                                  : "The host does not tell the groups of this login.";
}

static void judge_change(struct trial *t, const char *service, enum rights_may may, const char *advice)
{
    static const char *const words[] = { [RIGHTS_UNKNOWN] = "unknown", [RIGHTS_NO] = "no", [RIGHTS_YES] = "yes" };
    static const char *const marks[] = { [RIGHTS_UNKNOWN] = "unknown", [RIGHTS_NO] = "note", [RIGHTS_YES] = "ok" };
    char text[128];
    const char *why = may == RIGHTS_NO        ? "None of the groups of this login has that right; reading needs less."
                      : may == RIGHTS_UNKNOWN ? unknown_why(t) : NULL;
    snprintf(text, sizeof(text), "may change %s, by its groups: %s", service, words[may]);
    tell(t, marks[may], text, why, may == RIGHTS_NO ? advice : NULL);
}

/* Only Windows knows; nothing is changed to find out. */
static bool test_rights(struct trial *t)
{
    struct ps_param params[] = { { .value = PS_S("/groups") }, { .value = PS_S("/fo") }, { .value = PS_S("csv") },
                                 { .value = PS_S("/nh") } };
    struct ps_command command = { .name = "whoami.exe", .params = params, .param_count = COUNT(params) };
    t->rights = (struct rights){ 0 };
    if (!call(t, &command))
        return false;
    if (t->role & ROLE_DHCP)
        judge_change(t, "DHCP", rights_change_dhcp(&t->rights),
                     "to let it change: Add-LocalGroupMember 'DHCP Administrators' USER on the host, and log in anew.");
    if (t->role & ROLE_DNS)
        judge_change(t, "DNS", rights_change_dns(&t->rights),
                     "to let it change: Add-ADGroupMember DnsAdmins USER in the domain, and log in anew.");
    return true;
}

static void test_host(struct trial *t)
{
    bool open = test_language(t) && test_commands(t);
    for (size_t i = 0; open && i < catalog_servers.source_count; i++) {
        const struct source *source = &catalog_servers.sources[i];
        if (!source->role || (source->role & t->role))
            open = test_reading(t, source);
    }
    open = open && test_rights(t) && test_clock(t);
    if (open && *host_warning(t->host))
        tell(t, "note", "warning of the host", host_warning(t->host), NULL);
}

/* ------------------------------------------------------------------ one server */
struct chosen {
    struct row row;
    enum host_dialect first;
};

static const char *role_of(const struct row *row)
{
    int place = catalog_property(&catalog_servers, "role");
    return place >= 0 && row->values[place].type == VALUE_TEXT ? row->values[place].s : "";
}

static void connect_and_test(struct trial *t, const struct transport_target *target, const struct host_options *options)
{
    static const struct host_events asking = { .ask = on_ask, .hop = on_hop }, silent = { .hop = on_hop };
    struct transport_hub_options hub_options = { .ssh_config = t->cli->flags[FLAG_SSH_CONFIG] };
    t->loop = loop_new();
    loop_watch(t->loop, t->stop->signal_fd, POLLIN, on_signal, t);
    struct transport_hub *hub = transport_hub_new(t->loop, &hub_options);
    t->host = host_new(hub, t->loop, target, options, cli_can_ask() ? &asking : &silent, t);
    test_host(t);
    host_free(t->host);
    transport_hub_free(hub);
    loop_free(t->loop);
}

static void begin(struct trial *t, const char *name, const char *kind, const char *to)
{
    char shown[400];
    if (!t->json) {
        printf("%s: %s to %s\n", text_printable(name, shown, sizeof(shown)), kind, to);
        fflush(stdout); /* a first step that takes long, or is stopped, has its server above it */
        return;
    }
    buf_adds(t->json, "{\"server\": ");
    text_json(t->json, name);
    json_text(t->json, "transport", kind);
    json_text(t->json, "to", to);
    buf_adds(t->json, ", \"steps\": [");
}

static void end(struct trial *t)
{
    if (t->json)
        buf_addf(t->json, "\n  ], \"failures\": %zu}", t->failures);
    else if (t->failures)
        printf("  %zu of these failed.\n", t->failures);
    else
        printf("  Everything that is needed works.\n");
}

static size_t test_server(struct cli *cli, const struct chosen *server, struct stop *stop, struct buf *json)
{
    const struct options *o = &cli->options;
    struct host_defaults defaults = { .user = o->ssh_user, .jump = o->ssh_jump, .powershell = o->powershell,
                                      .port = (int)o->ssh_port };
    struct host_options options = { .runspaces = CALLS_AT_ONCE, .start_timeout_ms = o->connect_timeout_s * 1000,
                                    .first = server->first };
    struct transport_target target = { 0 };
    struct trial t = { .cli = cli, .stop = stop, .step = -1, .since_us = clock_mono_us(),
                       .role = catalog_roles(role_of(&server->row)), .json = json };
    struct err err = { 0 };
    transport_kind_parse(o->transport, &defaults.transport);
    if (host_target(&server->row, &defaults, &target, &options, &err)) {
        t.name = target.name;
        t.kind = target.kind;
        begin(&t, target.name, transport_kind_name(target.kind),
              target.kind == TRANSPORT_COMMAND ? target.command : target.address);
        connect_and_test(&t, &target, &options);
    } else {
        begin(&t, err.where, "command", "");
        failed(&t, "settings", err.text, NULL);
    }
    end(&t);
    return t.failures;
}

static bool find_server(struct store *store, const char *name, struct arena *arena, struct chosen *out, struct err *err)
{
    server_id id;
    if (!store_server_find(store, name, &id, err) ||
        !store_rows(store, &catalog_servers, &id, 1, arena, &out->row, err))
        return false;
    if (!out->row.id)
        return err_set(err, ERR_NOT_FOUND, name, "there is no such server");
    char *dialect = store_server_dialect(store, id);
    out->first = host_dialect_parse(dialect);
    free(dialect);
    return true;
}

static size_t test_servers(struct cli *cli, const struct chosen *servers, size_t count, bool json)
{
    struct stop stop = { .signal_fd = cli_signal_fd() };
    struct buf out = { 0 };
    size_t bad = 0;
    for (size_t i = 0; i < count && !stop.came; i++) {
        if (json)
            buf_adds(&out, i ? ",\n  " : "[\n  ");
        else if (i)
            printf("\n");
        bad += test_server(cli, &servers[i], &stop, json ? &out : NULL) > 0;
    }
    close(stop.signal_fd);
    if (json)
        printf("%s\n]\n", buf_at(&out));
    buf_done(&out);
    return bad;
}

int cli_run_server_test(struct cli *cli)
{
    struct store *store = NULL;
    struct err err = { 0 };
    struct arena arena = { 0 };
    enum listing_format format = LISTING_TABLE;
    size_t count = (size_t)cli->arg_count, bad = 0;
    if (cli->flags[FLAG_FORMAT] && !listing_format_parse(cli->flags[FLAG_FORMAT], &format, &err))
        return cli_fail(&err);
    if (format != LISTING_TABLE && format != LISTING_JSON)
        return cli_usage(cli, "tests have the formats table and json");
    struct chosen *servers = x_calloc(count, sizeof(*servers));
    bool found = cli_store(cli, STORE_READ, &store, &err);
    for (size_t i = 0; found && i < count; i++)
        found = find_server(store, cli->args[i], &arena, &servers[i], &err);
    found = found && store_unchanged(store, &err);
    store_close(store);
    if (found)
        bad = test_servers(cli, servers, count, format == LISTING_JSON);
    free(servers);
    arena_done(&arena);
    if (!found)
        return cli_fail(&err);
    return cli_flush(bad ? STATUS_PARTIAL : STATUS_DONE);
}
