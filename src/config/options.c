#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conffile.h"
#include "ipamtui/config.h"
#include "ipamtui/duration.h"
#include "ipamtui/mem.h"
#include "ipamtui/text.h"
#include "ipamtui/utilization.h"

#define AT(field) offsetof(struct options, field)
#define HOUR INT64_C(3600)
#define YEAR (365 * 24 * HOUR)

static const char *const transports[] = { "ssh", "openssh", "command", NULL };
static const char *const themes[] = { "default", "mono", "light", "dark", "high-contrast", NULL };
static const char *const footers[] = { "fkeys", "letters", "off", NULL };

static const struct option_row rows[] = {
    { .name = "over_percent", .kind = OPT_PERCENT, .at = AT(over_percent), .fallback = "80", .max = 100,
      .help = "A scope is Over when more than this share of its leasable addresses is in use" },
    { .name = "under_percent", .kind = OPT_PERCENT, .at = AT(under_percent), .fallback = "20", .max = 100,
      .help = "A scope is Under when less than this share is in use" },
    { .name = "max_hosts", .kind = OPT_INT, .at = AT(max_hosts), .fallback = "50", .min = 1, .max = 1000,
      .help = "Hosts that are asked at the same time" },
    { .name = "max_calls_per_host", .kind = OPT_INT, .at = AT(max_calls_per_host), .fallback = "4", .min = 1,
      .max = 20, .help = "Calls that run at the same time on one host" },
    { .name = "call_timeout", .kind = OPT_DURATION, .at = AT(call_timeout_s), .fallback = "1m", .min = 1,
      .max = HOUR, .help = "How long one call may take before it is stopped" },
    { .name = "connect_timeout", .kind = OPT_DURATION, .at = AT(connect_timeout_s), .fallback = "1m", .min = 1,
      .max = HOUR, .help = "How long it may take from the first packet until PowerShell answers" },
    { .name = "idle_close", .kind = OPT_DURATION, .at = AT(idle_close_s), .fallback = "10m", .max = YEAR,
      .help = "A session that is not used for so long is closed; 0s keeps it" },
    { .name = "transport", .kind = OPT_TEXT, .at = AT(transport), .fallback = "ssh", .values = transports,
      .help = "How a server is reached unless it says otherwise" },
    { .name = "ssh_user", .kind = OPT_TEXT, .at = AT(ssh_user), .fallback = "",
      .help = "User on the servers; empty: what your ssh configuration says" },
    { .name = "ssh_jump", .kind = OPT_TEXT, .at = AT(ssh_jump), .fallback = "",
      .help = "Jump hosts, as for ssh -J; empty: what your ssh configuration says" },
    { .name = "ssh_port", .kind = OPT_INT, .at = AT(ssh_port), .fallback = "0", .max = 65535,
      .help = "Port of the ssh servers; 0: what your ssh configuration says" },
    { .name = "max_ssh_programs", .kind = OPT_INT, .at = AT(max_ssh_programs), .fallback = "100", .min = 1, .max = 1000,
      .help = "Hosts that ssh programs carry at once; those at rest make room" },
    { .name = "ssh_answers", .kind = OPT_BOOL, .at = AT(ssh_answers), .fallback = "yes",
      .help = "Keep what ssh -G and ssh-keygen -F say for the next run, until a file changes that they read" },
    { .name = "powershell", .kind = OPT_TEXT, .at = AT(powershell), .fallback = "powershell.exe -s -NoLogo -NoProfile",
      .help = "What is run on a host; it must speak PowerShell remoting on its standard input and output" },
    { .name = "keymap", .kind = OPT_TEXT, .at = AT(keymap), .fallback = "default",
      .help = "Keys: default, vim, emacs, or a file of your own" },
    { .name = "mouse", .kind = OPT_BOOL, .at = AT(mouse), .fallback = "no",
      .help = "Let the mouse select, scroll and sort" },
    { .name = "ascii", .kind = OPT_BOOL, .at = AT(ascii), .fallback = "no",
      .help = "Draw with ASCII only, also where the locale has UTF-8" },
    { .name = "accessible", .kind = OPT_BOOL, .at = AT(accessible), .fallback = "no",
      .help = "For screen readers: no boxes, no split, each state as a word" },
    { .name = "theme", .kind = OPT_TEXT, .at = AT(theme), .fallback = "default", .values = themes,
      .help = "Colours; default uses your terminal's own" },
    { .name = "start", .kind = OPT_TEXT, .at = AT(start), .fallback = "last",
      .help = "Pane that the console opens on: overview, scopes, jobs ...; last: where you left it, servers at first" },
    { .name = "footer", .kind = OPT_TEXT, .at = AT(footer), .fallback = "fkeys", .values = footers,
      .help = "What the last line shows" },
    { .name = "guard_targets", .kind = OPT_INT, .at = AT(guard_targets), .fallback = "50", .min = 1, .max = 1000000,
      .help = "A plan with more targets asks for their number to be typed" },
    { .name = "keep_changes", .kind = OPT_DURATION, .at = AT(keep_changes_s), .fallback = "0s", .max = 100 * YEAR,
      .help = "Changes that ended so long ago are forgotten, and can no longer be undone; 0s keeps all" },
    { .name = "retrieve_on_start", .kind = OPT_BOOL, .at = AT(retrieve_on_start), .fallback = "yes",
      .help = "Retrieve what is old when the console opens" },
    { .name = "verify_service", .kind = OPT_DURATION, .at = AT(verify_service_s), .fallback = "15m", .max = YEAR,
      .help = "How often service states are verified; 0s never" },
    { .name = "verify_utilization", .kind = OPT_DURATION, .at = AT(verify_utilization_s), .fallback = "1h",
      .max = YEAR, .help = "How often the utilization of scopes is read; 0s never" },
    { .name = "verify_zones", .kind = OPT_DURATION, .at = AT(verify_zones_s), .fallback = "30m", .max = YEAR,
      .help = "How often zones are verified; 0s never" },
    { .name = "verify_configuration", .kind = OPT_DURATION, .at = AT(verify_configuration_s), .fallback = "6h",
      .max = YEAR, .help = "How often everything else is read; 0s never" },
};

const struct option_row *config_rows(size_t *count)
{
    *count = COUNT(rows);
    return rows;
}

static void *place(const struct option_row *row, struct options *options)
{
    return (char *)options + row->at;
}

static bool parse_bool(const struct option_row *row, const char *text, struct options *out, struct err *err)
{
    static const char *const words[] = { "no", "yes", "false", "true", "off", "on" };
    for (size_t i = 0; i < COUNT(words); i++)
        if (!text_casecmp(text, words[i])) {
            *(bool *)place(row, out) = i % 2 == 1;
            return true;
        }
    return err_set(err, ERR_INPUT, row->name, "expected yes or no, not \"%s\"", text);
}

static bool put_int(const struct option_row *row, int64_t n, struct options *out, struct err *err)
{
    if (n < row->min || n > row->max)
        return err_set(err, ERR_INPUT, row->name, "expected a number from %lld to %lld, not %lld", (long long)row->min,
                       (long long)row->max, (long long)n);
    *(int64_t *)place(row, out) = n;
    return true;
}

static bool parse_int(const struct option_row *row, const char *text, struct options *out, struct err *err)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end)
        return err_set(err, ERR_INPUT, row->name, "expected a whole number, not \"%s\"", text);
    return put_int(row, n, out, err);
}

static bool parse_duration(const struct option_row *row, const char *text, struct options *out, struct err *err)
{
    int64_t seconds;
    if (!duration_parse(text, row->name, &seconds, err))
        return false;
    if (seconds < row->min || seconds > row->max) {
        char low[DURATION_TEXT_SIZE], high[DURATION_TEXT_SIZE];
        return err_set(err, ERR_INPUT, row->name, "expected a duration from %s to %s, not %s",
                       duration_format(row->min, low), duration_format(row->max, high), text);
    }
    *(int64_t *)place(row, out) = seconds;
    return true;
}

static bool put_percent(const struct option_row *row, double n, struct options *out, struct err *err)
{
    if (!(n >= (double)row->min && n <= (double)row->max))
        return err_set(err, ERR_INPUT, row->name, "expected a percentage from %lld to %lld", (long long)row->min,
                       (long long)row->max);
    *(double *)place(row, out) = n;
    return true;
}

static bool parse_percent(const struct option_row *row, const char *text, struct options *out, struct err *err)
{
    double n;
    if (!percent_parse(text, &n))
        return err_set(err, ERR_INPUT, row->name, "expected a percentage, not \"%s\"", text);
    return put_percent(row, n, out, err);
}

static bool parse_text(const struct option_row *row, const char *text, struct options *out, struct err *err)
{
    bool known = !row->values;
    struct buf list = { 0 };
    for (size_t i = 0; row->values && row->values[i]; i++) {
        known = known || !strcmp(text, row->values[i]);
        buf_addf(&list, "%s%s", i ? (row->values[i + 1] ? ", " : " or ") : "", row->values[i]);
    }
    if (!known)
        err_set(err, ERR_INPUT, row->name, "expected %s, not \"%s\"", buf_at(&list), text);
    buf_done(&list);
    if (!known)
        return false;
    char **at = place(row, out);
    free(*at);
    *at = x_strdup(text);
    return true;
}

bool option_parse(const struct option_row *row, const char *text, struct options *out, struct err *err)
{
    static bool (*const parse[])(const struct option_row *, const char *, struct options *, struct err *) = {
        [OPT_BOOL] = parse_bool,       [OPT_INT] = parse_int,   [OPT_DURATION] = parse_duration,
        [OPT_PERCENT] = parse_percent, [OPT_TEXT] = parse_text,
    };
    return parse[row->kind](row, text, out, err);
}

char *option_text(const struct option_row *row, const struct options *options)
{
    const void *at = (const char *)options + row->at;
    char duration[DURATION_TEXT_SIZE];
    switch (row->kind) {
    case OPT_BOOL:
        return x_strdup(*(const bool *)at ? "yes" : "no");
    case OPT_INT:
        return x_asprintf("%lld", (long long)*(const int64_t *)at);
    case OPT_DURATION:
        return x_strdup(duration_format(*(const int64_t *)at, duration));
    case OPT_PERCENT:
        return x_asprintf("%g", *(const double *)at);
    case OPT_TEXT:
        break;
    }
    return x_strdup(*(char *const *)at ? *(char *const *)at : "");
}

void options_init(struct options *out)
{
    *out = (struct options){ 0 };
    for (size_t i = 0; i < COUNT(rows); i++)
        option_parse(&rows[i], rows[i].fallback, out, NULL);
}

void options_done(struct options *options)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].kind == OPT_TEXT) {
            char **at = place(&rows[i], options);
            free(*at);
            *at = NULL;
        }
}

/* ------------------------------------------------------------------ the file */
static bool same_name(const char *a, const char *b)
{
    while (*a && (*a == *b || (*a == '-' && *b == '_'))) {
        a++;
        b++;
    }
    return *a == *b;
}

static const struct option_row *find(const char *name)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (same_name(name, rows[i].name))
            return &rows[i];
    return NULL;
}

static const char *nearest(const char *name)
{
    struct text_nearest found = { .word = name };
    for (size_t i = 0; i < COUNT(rows); i++)
        text_nearest_offer(&found, rows[i].name);
    return found.best;
}

/* A setting's value in the type that libconfig read it as; text goes the way of everything a person writes. */
static bool take_value(const struct option_row *row, const config_setting_t *setting, struct options *out,
                       struct err *err)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        return option_parse(row, config_setting_get_string(setting), out, err);
    case CONFIG_TYPE_BOOL:
        if (row->kind != OPT_BOOL)
            break;
        *(bool *)place(row, out) = config_setting_get_bool(setting);
        return true;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        if (row->kind == OPT_INT)
            return put_int(row, config_setting_get_int64(setting), out, err);
        if (row->kind == OPT_PERCENT)
            return put_percent(row, (double)config_setting_get_int64(setting), out, err);
        if (row->kind == OPT_DURATION)
            return err_set(err, ERR_INPUT, row->name, "expected a duration with its unit in quotes, such as \"%s\"",
                           row->fallback);
        break;
    case CONFIG_TYPE_FLOAT:
        if (row->kind == OPT_PERCENT)
            return put_percent(row, config_setting_get_float(setting), out, err);
        break;
    default:
        break;
    }
    static const char *const expected[] = {
        [OPT_BOOL] = "expected true or false", [OPT_INT] = "expected a whole number",
        [OPT_DURATION] = "expected a duration in quotes, such as \"15m\"", [OPT_PERCENT] = "expected a percentage",
        [OPT_TEXT] = "expected text in quotes",
    };
    return err_set(err, ERR_INPUT, row->name, "%s", expected[row->kind]);
}

static bool take_setting(const struct conffile *file, const config_setting_t *setting, struct options *out,
                         struct err *err)
{
    const char *name = config_setting_name(setting);
    const struct option_row *row = find(name);
    if (!row) {
        const char *near = nearest(name);
        if (near)
            return conffile_bad(file, setting, NULL, err, "there is no option \"%s\"; did you mean %s?", name, near);
        return conffile_bad(file, setting, NULL, err, "there is no option \"%s\"; ipamtui.conf(5) lists them", name);
    }
    struct err why = { 0 };
    if (take_value(row, setting, out, &why))
        return true;
    return conffile_bad(file, setting, NULL, err, "%s: %s", row->name, why.text);
}

static bool thresholds_fit(const struct conffile *file, const struct options *options, struct err *err)
{
    if (options->over_percent >= options->under_percent)
        return true;
    const config_setting_t *root = config_root_setting(&file->config);
    const config_setting_t *at = NULL;
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
        const struct option_row *row = find(config_setting_name(setting));
        if (row && (row->at == AT(over_percent) || row->at == AT(under_percent)))
            at = setting; /* the later of the two is the one that made it wrong */
    }
    return conffile_bad(file, at, NULL, err, "over_percent (%g) may not be below under_percent (%g)",
                        options->over_percent, options->under_percent);
}

bool options_load(const char *path, bool must_exist, struct options *out, struct err *err)
{
    struct conffile file = { 0 };
    struct err why = { 0 };
    struct options options;
    options_init(&options);
    bool ok = conffile_read(path, &file, &why);
    if (!ok && why.kind == ERR_NOT_FOUND && !must_exist) {
        *out = options;
        return true;
    }
    const config_setting_t *root = ok ? config_root_setting(&file.config) : NULL;
    for (int i = 0; ok && i < config_setting_length(root); i++)
        ok = take_setting(&file, config_setting_get_elem(root, (unsigned)i), &options, &why);
    ok = ok && thresholds_fit(&file, &options, &why);
    conffile_done(&file);
    if (ok)
        *out = options;
    else
        options_done(&options);
    if (!ok && err)
        *err = why;
    return ok;
}
