/* dialect_plain.c - PowerShell without remoting: `powershell.exe -Command -` runs each line of its stdin.
 *
 * At the start a few lines define two functions; then every call is one short line whose only argument is base64 of the call's
 * CLIXML, so nothing is ever quoted. Answers are lines "<ipam CALL KIND BASE64>"; whatever else is printed is noise. One call at a
 * time; it cannot be stopped but by dropping the connection. Any PowerShell from 3.0 on, in FullLanguage mode. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "ipamtui/log.h"
#include "ipamtui/psrp_wire.h"
#include "ipamtui/text.h"

#define FRAME "<ipam "
#define OBJS "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">"
enum { LINE_MAX_BYTES = 96 << 20, NOISE_MAX = 256 << 10, NOISE_SHOWN = 80 };

/* No cmdlet is needed for any of it, and no type that PowerShell 3.0 lacks. The first line works in every language mode. */
static const char *const prologue[] = {
    "\"" FRAME "0 hello $($PSVersionTable.PSVersion) $($ExecutionContext.SessionState.LanguageMode) $($PSVersionTable.PSEdition)>\"",
    "function ipam_w($i,$k,$v){[Console]::Out.WriteLine('" FRAME "'+$i+' '+$k+' '+[Convert]::ToBase64String([Text.Encoding]::UTF8"
    ".GetBytes([Management.Automation.PSSerializer]::Serialize($v)))+'>');[Console]::Out.Flush()}",
    "function ipam_e($r){@{m=\"$r\";i=[string]$r.FullyQualifiedErrorId;c=[int]$r.CategoryInfo.Category;"
    "r=[string]$r.CategoryInfo.Reason;t=[string]$r.CategoryInfo.TargetName;a=[string]$r.CategoryInfo.Activity}}",
    "function ipam_f($i,$z){if($z.ErrorRecord){ipam_w $i 'fail' (ipam_e $z.ErrorRecord)}"
    "else{ipam_w $i 'fail' @{m=[string]$z.Message;i='';c=0;r='';t='';a=''}}}",
    "function ipam_c(){$c=[Activator]::CreateInstance([Management.Automation.PSDataCollection[psobject]]);,$c}",
    "function ipam($i,$b){$p=[PowerShell]::Create();try{$p.Runspace=$ipam_r;"
    "foreach($k in [Management.Automation.PSSerializer]::Deserialize([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($b)))){"
    "if($k['s']){$null=$p.AddScript([string]$k['n'],[bool]$k['l'])}else{$null=$p.AddCommand([string]$k['n'])};"
    "foreach($a in $k['p']){if($a['n'] -eq $null){$null=$p.AddArgument($a['v'])}else{$null=$p.AddParameter([string]$a['n'],$a['v'])}}};"
    "$n=ipam_c;$n.Complete();$o=ipam_c;$h=$p.BeginInvoke($n,$o);"
    "do{$f=$h.IsCompleted;foreach($x in $o.ReadAll()){ipam_w $i 'out' $x};"
    "foreach($x in $p.Streams.Error.ReadAll()){ipam_w $i 'err' (ipam_e $x)};"
    "foreach($x in $p.Streams.Warning.ReadAll()){ipam_w $i 'warn' $x.Message};"
    "if(!$f){$null=$h.AsyncWaitHandle.WaitOne(20)}}until($f);"
    "if($p.InvocationStateInfo.State -eq 'Completed'){ipam_w $i 'end' 'ok'}else{ipam_f $i $p.InvocationStateInfo.Reason}"
    "}catch{ipam_w $i 'fail' (ipam_e $_)}finally{$p.Dispose()}}",
    "$ipam_r=[Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace("
    "[Management.Automation.Runspaces.InitialSessionState]::CreateDefault2());$ipam_r.Open()",
    "ipam_w 0 ready $PID",
};

struct plain_dialect {
    struct dialect base;
    char where[64];
    struct psrp_events events;
    void *ctx;
    struct buf out, line, bytes;
    struct arena mem;     /* of the frame that is being told */
    struct arena sending; /* of its own: a call may be made while a frame is told */
    struct clixml_reader *reader;
    char version[64], edition[24], noise[NOISE_SHOWN * 3 + 1];
    size_t noise_bytes;
    bool open, over;
    /* the one call */
    psrp_call_id call, last_call;
    struct ps_call_events call_events;
    void *call_ctx;
};

static struct plain_dialect *of(struct dialect *dialect)
{
    return (struct plain_dialect *)dialect;
}

/* ------------------------------------------------------------------ ends */
static void call_end(struct plain_dialect *d, enum ps_end end, const struct ps_error *why)
{
    struct ps_call_events events = d->call_events;
    void *ctx = d->call_ctx;

    if (d->call == 0)
        return;
    d->call = 0;
    if (events.done)
        events.done(ctx, end, why);
}

static void break_off(struct plain_dialect *d, const struct err *err)
{
    struct ps_error why = { .message = err->text, .id = "ConnectionLost", .category = 27, .reason = "", .target = "",
                            .activity = "" };

    if (d->over)
        return;
    d->over = true;
    call_end(d, PS_LOST, &why);
    if (d->events.broken)
        d->events.broken(d->ctx, err);
}

/* ------------------------------------------------------------------ what came */
/* One element within <Objs>, as PSRP has it bare. */
static bool read_value(struct plain_dialect *d, const char *base64, size_t len, struct ps_value *out, struct err *err)
{
    const char *from = NULL, *end = NULL;

    buf_clear(&d->bytes);
    arena_reset(&d->mem);
    if (!base64_decode(base64, len, &d->bytes))
        return err_set(err, ERR_REMOTE, d->where, "an answer is not base64");
    from = memmem(buf_at(&d->bytes), d->bytes.len, "<Objs", 5);
    from = from ? strchr(from, '>') : NULL;
    if (!from)
        return err_set(err, ERR_REMOTE, d->where, "an answer is not CLIXML");
    from++;
    end = buf_at(&d->bytes) + d->bytes.len;
    while (end > from && strncmp(end - 1, "</Objs>", 7) != 0)
        end--;
    if (end > from)
        end--;
    while (from < end && (*from == ' ' || *from == '\r' || *from == '\n'))
        from++;
    while (end > from && (end[-1] == ' ' || end[-1] == '\r' || end[-1] == '\n'))
        end--;
    return clixml_read(d->reader, from, (size_t)(end - from), &d->mem, out, err);
}

static struct ps_error error_of(struct plain_dialect *d, const struct ps_value *v)
{
    int64_t category = 0;
    struct ps_error error = { 0 };
    const char **fields[] = { &error.message, &error.id, &error.reason, &error.target, &error.activity };
    static const char *const names[] = { "m", "i", "r", "t", "a" };

    for (size_t i = 0; i < COUNT(fields); i++) {
        const char *text = ps_text(ps_get(v, names[i]), &d->mem);
        *fields[i] = text ? text : "";
    }
    ps_int(ps_get(v, "c"), &category);
    error.category = (int)category;
    return error;
}

static void take_out(struct plain_dialect *d, const struct ps_value *v)
{
    if (d->call_events.output)
        d->call_events.output(d->call_ctx, v);
}

static void take_error(struct plain_dialect *d, const struct ps_value *v)
{
    struct ps_error error = error_of(d, v);

    if (d->call_events.error)
        d->call_events.error(d->call_ctx, &error);
}

static void take_warning(struct plain_dialect *d, const struct ps_value *v)
{
    const char *text = ps_text(v, &d->mem);

    if (d->call_events.record)
        d->call_events.record(d->call_ctx, PS_STREAM_WARNING, text ? text : "");
}

static void take_end(struct plain_dialect *d, const struct ps_value *v)
{
    (void)v;
    call_end(d, PS_COMPLETED, NULL);
}

static void take_failure(struct plain_dialect *d, const struct ps_value *v)
{
    struct ps_error error = error_of(d, v);

    call_end(d, PS_FAILED, &error);
}

static const struct frame_kind {
    const char *name;
    void (*take)(struct plain_dialect *d, const struct ps_value *v);
} kinds[] = {
    { "out", take_out },   { "err", take_error },    { "warn", take_warning },
    { "end", take_end },   { "fail", take_failure },
};

/* "hello 5.1.20348.2110 FullLanguage Desktop"; before 5.1 without the last */
static bool take_hello(struct plain_dialect *d, const char *rest, struct err *err)
{
    char version[64] = "", mode[64] = "", edition[24] = "";

    if (sscanf(rest, "%63s %63[A-Za-z] %23[A-Za-z]", version, mode, edition) < 2)
        return true; /* the line itself, echoed */
    if (version[0] < '0' || version[0] > '9')
        return true;
    text_printable(version, d->version, sizeof(d->version));
    snprintf(d->edition, sizeof(d->edition), "%s", edition);
    if (strcmp(mode, "FullLanguage") == 0)
        return true;
    return err_set(err, ERR_DENIED, d->where, "PowerShell there runs in %s mode, in which plain calls cannot work; PowerShell remoting (psrp) can",
                   mode);
}

static bool take_frame(struct plain_dialect *d, const char *frame, size_t len, struct err *err)
{
    char kind[16] = "";
    uint64_t id = 0;
    int at = 0;
    struct ps_value v;

    if (sscanf(frame, FRAME "%" SCNu64 " %15[a-z] %n", &id, kind, &at) != 2 || at == 0 || len < (size_t)at + 1)
        return true;
    if (strcmp(kind, "hello") == 0)
        return take_hello(d, frame + at, err);
    if (strcmp(kind, "ready") == 0) {
        if (!d->open && d->events.opened) {
            d->open = true;
            d->events.opened(d->ctx);
        }
        return true;
    }
    if (id != d->call || id == 0)
        return true; /* of a call that is over */
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(kinds[i].name, kind) == 0) {
            if (!read_value(d, frame + at, len - (size_t)at - 1, &v, err))
                return false;
            kinds[i].take(d, &v);
        }
    return true;
}

static bool take_noise(struct plain_dialect *d, const char *line, size_t len, struct err *err)
{
    if (d->noise[0] == '\0' && len > 0) {
        char first[NOISE_SHOWN + 1];
        size_t kept = MIN(len, (size_t)NOISE_SHOWN);
        for (size_t i = 0; i < kept; i++)
            first[i] = line[i] ? line[i] : '?';
        first[kept] = '\0';
        text_printable(first, d->noise, sizeof(d->noise));
    }
    d->noise_bytes += len;
    if (d->open || d->noise_bytes <= NOISE_MAX)
        return true;
    return err_set(err, ERR_REMOTE, d->where, "not PowerShell: first bytes were \"%s\"", d->noise);
}

static bool take_line(struct plain_dialect *d, char *line, size_t len, struct err *err)
{
    char *frame = NULL;

    while (len > 0 && line[len - 1] == '\r')
        len--;
    frame = memmem(line, len, FRAME, strlen(FRAME));
    if (!frame || line[len - 1] != '>')
        return take_noise(d, line, len, err);
    line[len] = '\0';
    return take_frame(d, frame, len - (size_t)(frame - line), err);
}

static void dialect_feed(struct dialect *dialect, const void *bytes, size_t len)
{
    struct plain_dialect *d = of(dialect);
    struct err err = { 0 };
    size_t looked = d->line.len;
    bool ok = true;

    if (d->over)
        return;
    if (!buf_add(&d->line, bytes, len))
        ok = err_set(&err, ERR_REMOTE, d->where, "sends a line longer than %d MB", LINE_MAX_BYTES >> 20);
    while (ok && !d->over) {
        char *at = buf_at(&d->line), *end = memchr(at + looked, '\n', d->line.len - looked);
        if (!end)
            break;
        ok = take_line(d, at, (size_t)(end - at), &err);
        buf_take(&d->line, (size_t)(end - at) + 1);
        looked = 0;
    }
    if (ok && !d->open && d->line.len > NOISE_MAX)
        ok = err_set(&err, ERR_REMOTE, d->where, "not PowerShell: %zu bytes without a line end", d->line.len);
    if (!ok)
        break_off(d, &err);
}

static void dialect_eof(struct dialect *dialect, const char *stderr_text)
{
    struct plain_dialect *d = of(dialect);
    struct err err = { 0 };

    err_set(&err, ERR_REMOTE, d->where, "PowerShell ended%s%s", stderr_text && stderr_text[0] ? ": " : "",
            stderr_text ? stderr_text : "");
    break_off(d, &err);
}

/* ------------------------------------------------------------------ what goes */
static const struct ps_value *kept(struct arena *mem, struct ps_value v)
{
    struct ps_value *out = arena_alloc(mem, sizeof(*out));

    *out = v;
    return out;
}

static struct ps_pair pair(struct arena *mem, const char *key, struct ps_value v)
{
    return (struct ps_pair){ kept(mem, PS_S(key)), kept(mem, v) };
}

static struct ps_value list_of(const struct ps_value *items, size_t count)
{
    return (struct ps_value){ .type = PS_LIST, .items = items, .len = count };
}

static struct ps_value dict_of(const struct ps_pair *pairs, size_t count)
{
    return (struct ps_value){ .type = PS_DICT, .pairs = pairs, .len = count };
}

/* A command: n = name or script, s = is it a script, l = local scope, p = parameters of n = name, v = value. */
static struct ps_value command_value(const struct ps_command *command, struct arena *mem)
{
    struct ps_value *params = arena_alloc(mem, (command->param_count + 1) * sizeof(*params));
    struct ps_pair *pairs = arena_alloc(mem, 4 * sizeof(*pairs));

    for (size_t i = 0; i < command->param_count; i++) {
        const struct ps_param *param = &command->params[i];
        struct ps_pair *both = arena_alloc(mem, 2 * sizeof(*both));

        both[0] = pair(mem, "n", param->name ? PS_S(param->name) : PS_NIL);
        both[1] = pair(mem, "v", param->value);
        params[i] = dict_of(both, 2);
    }
    pairs[0] = pair(mem, "n", PS_S(command->name));
    pairs[1] = pair(mem, "s", PS_B(command->is_script));
    pairs[2] = pair(mem, "l", PS_B(command->use_local_scope));
    pairs[3] = pair(mem, "p", list_of(params, command->param_count));
    return dict_of(pairs, 4);
}

static psrp_call_id dialect_invoke(struct dialect *dialect, const struct ps_call *call, const struct ps_call_events *events,
                                   void *ctx)
{
    struct plain_dialect *d = of(dialect);
    struct ps_value *commands = NULL, all;
    struct buf xml = { 0 };

    arena_reset(&d->sending);
    commands = arena_alloc(&d->sending, (call->command_count + 1) * sizeof(*commands));
    for (size_t i = 0; i < call->command_count; i++)
        commands[i] = command_value(&call->commands[i], &d->sending);
    all = list_of(commands, call->command_count);
    buf_adds(&xml, OBJS);
    clixml_write(&xml, NULL, &all);
    buf_adds(&xml, "</Objs>");
    d->call = ++d->last_call;
    d->call_events = *events;
    d->call_ctx = ctx;
    buf_addf(&d->out, "ipam %" PRIu64 " '", d->call);
    base64_encode(buf_at(&xml), xml.len, &d->out);
    buf_adds(&d->out, "'\n");
    buf_done(&xml);
    return d->call;
}

static void dialect_stop(struct dialect *dialect, psrp_call_id id)
{
    (void)dialect; /* only the end of the connection stops it: stops_calls is false */
    (void)id;
}

static void dialect_close(struct dialect *dialect)
{
    struct plain_dialect *d = of(dialect);

    buf_adds(&d->out, "exit\n");
    d->over = true;
    if (d->events.closed)
        d->events.closed(d->ctx);
}

static struct dialect *dialect_open(const char *where, int runspaces, const struct psrp_events *events, void *ctx)
{
    struct plain_dialect *d = x_alloc(sizeof(*d));

    (void)runspaces;
    d->base.ops = &dialect_plain;
    snprintf(d->where, sizeof(d->where), "%s", where);
    d->events = *events;
    d->ctx = ctx;
    d->line.limit = LINE_MAX_BYTES;
    d->mem.limit = (size_t)LINE_MAX_BYTES * 2;
    d->reader = clixml_reader_new(0);
    for (size_t i = 0; i < COUNT(prologue); i++)
        buf_addf(&d->out, "%s\n", prologue[i]);
    return &d->base;
}

static void dialect_free(struct dialect *dialect)
{
    struct plain_dialect *d = of(dialect);

    clixml_reader_free(d->reader);
    arena_done(&d->mem);
    arena_done(&d->sending);
    buf_done(&d->line);
    buf_done(&d->bytes);
    if (d->out.data)
        x_wipe(d->out.data, d->out.cap); /* arguments may hold secrets */
    buf_done(&d->out);
    free(d);
}

static struct buf *dialect_out(struct dialect *dialect)
{
    return &of(dialect)->out;
}

static const char *dialect_version(const struct dialect *dialect)
{
    return ((const struct plain_dialect *)dialect)->version;
}

static const char *dialect_edition(const struct dialect *dialect)
{
    return ((const struct plain_dialect *)dialect)->edition;
}

static const char *dialect_noise(const struct dialect *dialect)
{
    return ((const struct plain_dialect *)dialect)->noise;
}

const struct dialect_ops dialect_plain = {
    .name = "plain",
    .title = "PowerShell",
    .command = "powershell.exe -NoLogo -NoProfile -NonInteractive -Command -",
    .runspaces_max = 1,
    .open = dialect_open,
    .free = dialect_free,
    .feed = dialect_feed,
    .eof = dialect_eof,
    .out = dialect_out,
    .invoke = dialect_invoke,
    .stop = dialect_stop,
    .close = dialect_close,
    .version = dialect_version,
    .edition = dialect_edition,
    .noise = dialect_noise,
};
