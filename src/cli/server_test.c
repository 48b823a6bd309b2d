/* server_test.c - `server test`: reach a server as the collector would, step by step, and say what is wrong in words that help
 * on a Windows host. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "ipamtui/clock.h"
#include "ipamtui/fetch.h"
#include "ipamtui/host.h"
#include "ipamtui/text.h"

#define NAMED_AT_MOST 64
#define CALLS_AT_ONCE 2

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
                  "start without output; the DefaultShell of OpenSSH must not print anything.",
};

/* One server being tested. */
struct trial {
    struct cli *cli;
    struct loop *loop;
    struct host *host;
    const char *name;
    enum transport_kind kind;
    unsigned role;
    enum host_state state;
    int step;           /* transport_step that is going on, -1 before the first */
    int64_t since_us;
    size_t failures;
    /* of the call that runs */
    bool done, refused;
    size_t outputs;
    struct err err;
    char found[NAMED_AT_MOST][64]; /* names that Get-Command gave back */
};

static void line(const char *mark, const char *what, int64_t since_us)
{
    char shown[400];
    printf("  %-7s %-44s %8.1f ms\n", mark, text_printable(what, shown, sizeof(shown)),
           (double)(clock_mono_us() - since_us) / 1000);
    fflush(stdout);
}

static void failed(struct trial *t, const char *what, const char *why, const char *advice)
{
    char shown[640];
    t->failures++;
    line("FAILED", what, t->since_us);
    printf("          %s\n", text_printable(why, shown, sizeof(shown)));
    if (advice)
        printf("          What to do: %s\n", advice);
    fflush(stdout);
}

/* ------------------------------------------------------------------ connecting */
static void step_over(struct trial *t)
{
    bool ssh = t->kind != TRANSPORT_COMMAND || t->step >= STEP_EXEC; /* a command has no way to be found first */
    if (t->step >= 0 && ssh)
        line("ok", transport_step_name((enum transport_step)t->step), t->since_us);
    t->since_us = clock_mono_us();
}

/* Looks after each turn of the loop what has been reached since. */
static void look(struct trial *t)
{
    enum host_state state = host_state(t->host);
    if (state == HOST_CONNECTING) {
        int step = (int)host_step(t->host);
        if (step != t->step) {
            step_over(t);
            t->step = step;
        }
    }
    if (state == t->state)
        return;
    if (t->state == HOST_CONNECTING && (state == HOST_STARTING || state == HOST_OPEN))
        step_over(t);
    if (state == HOST_OPEN) {
        char text[128], path[400];
        const char *version = host_version(t->host);
        snprintf(text, sizeof(text), "PowerShell %s (%s)", version, atoi(version) >= 6 ? "Core" : "Windows PowerShell");
        line("ok", text, t->since_us);
        printf("          %s\n", text_printable(host_describe(t->host), path, sizeof(path)));
        t->since_us = clock_mono_us();
    }
    t->state = state;
}

static void on_ask(void *ctx, const struct transport_ask *ask)
{
    struct trial *t = ctx;
    struct cli_answers answers;
    bool ok = cli_ask(ask, -1, &answers);
    host_answer(t->host, ok ? answers.list : NULL);
    cli_answers_wipe(&answers);
}

/* ------------------------------------------------------------------ calls */
static void on_output(void *ctx, const struct ps_value *value)
{
    struct trial *t = ctx;
    struct arena arena = { 0 };
    const char *name = ps_text(ps_get(value, "Name"), &arena);
    if (name && t->outputs < NAMED_AT_MOST)
        snprintf(t->found[t->outputs], sizeof(t->found[0]), "%s", name);
    t->outputs++;
    arena_done(&arena);
}

static void on_error(void *ctx, const struct ps_error *error)
{
    struct trial *t = ctx;
    if (!t->err.kind)
        fetch_explain(error, t->name, &t->err);
}

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    struct trial *t = ctx;
    t->done = true;
    t->refused = end != PS_COMPLETED;
    if (end != PS_COMPLETED && !t->err.kind)
        fetch_explain(why, t->name, &t->err);
}

/* Runs one command to its end. false: the host is gone, which has been told. */
static bool call(struct trial *t, const struct ps_command *command)
{
    static const struct ps_call_events events = { .output = on_output, .error = on_error, .done = on_done };
    struct ps_call one = { .commands = command, .command_count = 1 };
    t->done = t->refused = false;
    t->outputs = 0;
    err_clear(&t->err);
    t->since_us = clock_mono_us();
    host_invoke(t->host, &one, t->cli->options.call_timeout_s * 1000, &events, t);
    while (!t->done) {
        look(t);
        loop_turn(t->loop, -1);
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
    char text[128];
    snprintf(text, sizeof(text), "commands: %zu of %zu that are needed", MIN(t->outputs, count), count);
    if (!missing.len)
        line("ok", text, t->since_us);
    else
        failed(t, "commands", buf_at(&missing),
               "these are not offered there. On the host: Install-WindowsFeature RSAT-DHCP, RSAT-DNS-Server.");
    buf_done(&missing);
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
        line(t->err.kind ? "absent" : "ok", what, t->since_us);
    return true;
}

static void test_host(struct trial *t)
{
    bool open = test_commands(t);
    for (size_t i = 0; open && i < catalog_servers.source_count; i++) {
        const struct source *source = &catalog_servers.sources[i];
        if (!source->role || (source->role & t->role))
            open = test_reading(t, source);
    }
    if (open && *host_warning(t->host)) {
        char shown[400];
        printf("  note    %s\n", text_printable(host_warning(t->host), shown, sizeof(shown)));
    }
}

/* ------------------------------------------------------------------ one server */
static const char *text_of(const struct row *row, const char *property, const char *otherwise)
{
    int place = catalog_property(&catalog_servers, property);
    bool has = place >= 0 && row->values[place].type == VALUE_TEXT && *row->values[place].s;
    return has ? row->values[place].s : otherwise ? otherwise : "";
}

static struct transport_target target_of(const struct cli *cli, const struct row *row)
{
    struct transport_target target = { .name = text_of(row, "server", NULL), .port = (int)cli->options.ssh_port };
    int port = catalog_property(&catalog_servers, "port");
    transport_kind_parse(text_of(row, "transport", cli->options.transport), &target.kind);
    target.address = text_of(row, "address", target.name);
    target.user = text_of(row, "user", cli->options.ssh_user);
    target.jump = text_of(row, "jump", cli->options.ssh_jump);
    target.command = target.kind == TRANSPORT_COMMAND ? text_of(row, "command", NULL)
                                                      : text_of(row, "powershell", cli->options.powershell);
    if (port >= 0 && row->values[port].type == VALUE_INT)
        target.port = (int)row->values[port].i;
    return target;
}

static size_t test_server(struct cli *cli, const struct row *row)
{
    static const struct host_events asking = { .ask = on_ask }, silent = { .ask = NULL };
    struct transport_target target = target_of(cli, row);
    struct transport_hub_options hub_options = { .ssh_config = cli->flags[FLAG_SSH_CONFIG] };
    struct host_options options = { .runspaces = CALLS_AT_ONCE,
                                    .start_timeout_ms = cli->options.connect_timeout_s * 1000 };
    struct trial t = { .cli = cli, .name = target.name, .kind = target.kind, .step = -1,
                       .since_us = clock_mono_us() };
    char shown[400];
    t.role = catalog_roles(text_of(row, "role", NULL));
    t.loop = loop_new();
    struct transport_hub *hub = transport_hub_new(t.loop, &hub_options);
    t.host = host_new(hub, t.loop, &target, &options, cli_can_ask() ? &asking : &silent, &t);
    printf("%s: %s to %s\n", text_printable(target.name, shown, sizeof(shown)), transport_kind_name(target.kind),
           target.kind == TRANSPORT_COMMAND ? target.command : target.address);
    test_host(&t);
    host_free(t.host);
    transport_hub_free(hub);
    loop_free(t.loop);
    return t.failures;
}

static bool find_row(struct store *store, const char *name, struct arena *arena, struct row *out, struct err *err)
{
    server_id id;
    return store_server_find(store, name, &id, err) && store_rows(store, &catalog_servers, &id, 1, arena, out, err) &&
           (out->id || err_set(err, ERR_NOT_FOUND, name, "there is no such server"));
}

int cli_run_server_test(struct cli *cli)
{
    struct store *store = NULL;
    struct err err = { 0 };
    struct arena arena = { 0 };
    size_t count = (size_t)cli->arg_count, bad = 0;
    struct row *rows = x_calloc(count, sizeof(*rows));
    bool ok = cli_store(cli, STORE_READ, &store, &err);
    for (size_t i = 0; ok && i < count; i++)
        ok = find_row(store, cli->args[i], &arena, &rows[i], &err);
    store_close(store);
    for (size_t i = 0; ok && i < count; i++) {
        if (i)
            printf("\n");
        size_t failures = test_server(cli, &rows[i]);
        bad += failures > 0;
        if (failures)
            printf("  %zu of these failed.\n", failures);
        else
            printf("  Everything that is needed works.\n");
    }
    free(rows);
    arena_done(&arena);
    if (!ok)
        return cli_fail(&err);
    return cli_flush(bad ? STATUS_PARTIAL : STATUS_DONE);
}
