/* run.h - running a bound pipeline against a simulated server: commands in, objects and errors out.
 *
 * The same for `serve` (PSRP) and `call` (the real engine's stub modules). Everything lives in run->mem. */
#ifndef SIMHOST_RUN_H
#define SIMHOST_RUN_H

#include "ipamtui/clixml.h"
#include "estate.h"

/* An error record. */
struct sim_error {
    const char *id;     /* "DHCP 20005", without ",Command" */
    int category;       /* ErrorCategory */
    const char *reason; /* exception class, without namespace: "CimException" */
    const char *message;
    const char *target, *target_type;
    const char *command; /* after the comma of FullyQualifiedErrorId; "" = no comma either */
    bool fatal;          /* ends the pipeline: state Failed, the record inside */
};

/* What flows through a pipeline: an object, or some properties of one (Select-Object), or a plain string. */
struct sim_record {
    const struct sim_object *object;
    const char *const *selected; /* names, NULL = whole */
    size_t selected_count;
    const char *text, *tag; /* a primitive instead of an object; tag NULL = "S" */
};
enum sim_item_kind { ITEM_RECORD, ITEM_ERROR, ITEM_WARNING };
struct sim_item {
    enum sim_item_kind kind;
    struct sim_record record;
    struct sim_error error;
    const char *text;
};
struct sim_items {
    struct sim_item *items; /* malloc'd */
    size_t count, cap;
};

/* One parameter as it was sent. */
struct sim_sent {
    const char *name; /* NULL = positional */
    const struct ps_value *value;
};
struct sim_command {
    const char *name;
    const struct sim_sent *sent;
    size_t sent_count;
};

/* One parameter as it was bound: texts in CLIXML form. */
struct sim_arg {
    const struct sim_param *param;
    const char **items;
    size_t count;
    bool null, piped;
    const struct ps_value *value; /* as it was sent */
};
#define SIM_ARGS_MAX 64
struct sim_bound {
    const struct sim_cmdlet *cmdlet;
    struct sim_arg args[SIM_ARGS_MAX];
    size_t count;
    bool stop_on_error, quiet_errors; /* ErrorAction Stop; SilentlyContinue, Ignore */
    bool what_if;
};

struct sim_run {
    struct sim_server *server;
    struct arena *mem;
    struct sim_items *out; /* of the command that runs */
    const struct sim_bound *bound;
    const struct sim_record *input; /* of this step; NULL = first command */
    bool failed;                    /* a fatal error: nothing more is run */
    struct sim_error error;         /* that error */
    void *state;                    /* of a command over its inputs (Select-Object -First) */
};

/* Does the host have the cmdlet's module? */
bool sim_offered(const struct sim_server *server, const struct sim_cmdlet *cmdlet);
/* Any error of the running command. Always returns false. */
bool sim_raise(struct sim_run *run, struct sim_error error);

/* Runs A | B | ... Output and errors in out, in order (its items are the caller's to free()). input: what is
 * piped into the first command, NULL = nothing. true: Completed; false: Failed, *error says why. */
bool sim_pipeline(struct sim_server *server, const struct sim_command *commands, size_t count,
                  const struct sim_items *input, struct arena *mem, struct sim_items *out,
                  struct sim_error *error);

/* For the commands. */
void sim_emit(struct sim_run *run, const struct sim_object *object);
void sim_emit_record(struct sim_run *run, struct sim_record record);
/* An error of the running command; obeys its ErrorAction. Always returns false. message is copied. */
bool sim_fail(struct sim_run *run, const char *id, int category, const char *target, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
bool sim_throw(struct sim_run *run, const char *id, int category, const char *reason, const char *target,
               const char *fmt, ...) __attribute__((format(printf, 6, 7)));
const struct sim_arg *sim_arg(const struct sim_bound *bound,
                              const char *name); /* by name or alias; NULL = not given */
const char *sim_arg_text(const struct sim_bound *bound,
                         const char *name); /* first item; NULL = not given or $null */
bool sim_switch(const struct sim_bound *bound, const char *name);

/* -------- bind.c */
/* Names, positions, sets, mandatory ones, types. false: *error is what the engine's binder says. more_coming:
 * input follows by pipeline, so that mandatory parameters may still be filled. */
bool sim_bind(const struct sim_cmdlet *cmdlet, const struct sim_command *command, bool more_coming,
              struct arena *mem, struct sim_bound *out, struct sim_error *error);
/* Adds what the piped record has for parameters that were not given. */
bool sim_bind_input(struct sim_bound *bound, const struct sim_record *input, struct arena *mem,
                    struct sim_error *error);
/* Converts to the parameter's type; NULL in *text = $null. false: it does not convert. */
bool sim_convert(const char *type, const struct ps_value *value, struct arena *mem, const char **text);
/* .NET ticks as xs:duration, and a duration as people or .NET write it to that. */
const char *sim_span(struct arena *mem, int64_t ticks);
/* A moment as the server's own clock shows it, with its offset from UTC. */
const char *sim_local_time(struct arena *mem, int64_t when_s, const char *region);
bool sim_span_parse(const char *text, int64_t *ticks); /* "8.00:30:00", "4" (days), "P8D" */

/* -------- calls.c: what the cmdlets do */
struct sim_call;
/* Emits and raises; false after an error. */
typedef bool sim_call_fn(struct sim_run *run, const struct sim_call *call);
/* Before a new or changed object is stored: completes it, or raises what a server would refuse. before: NULL
 * = new. */
typedef bool sim_check_fn(struct sim_run *run, struct sim_object *object, const struct sim_object *before);
/* Before an object is removed: removes what hangs on it, or refuses. */
struct sim_call {
    const char *cmdlet, *class;
    sim_call_fn *run;
    sim_check_fn *check;
    const char *parent; /* class whose key is the first key of this one: missing there = not found */
};
const struct sim_call *sim_call_find(const char *cmdlet); /* NULL = not held */
/* Faults that refuse a call ("denied", "fail-set:ID:CATEGORY" ...). true: it was refused and the error
 * raised. */
bool sim_refused(struct sim_run *run);

/* -------- calls_dhcp.c, calls_dhcp6.c, calls_dns.c, calls_events.c, calls_system.c: rows of calls.c */
sim_call_fn call_scope6_statistics, call_zones, call_zone_aging, call_resolve, call_nothing;
sim_check_fn check_scope6;
sim_call_fn call_scope_statistics, call_dns_setting_get, call_dns_setting_set, call_superscopes;
sim_check_fn check_scope, check_exclusion, check_scope_removal;
sim_call_fn call_events, call_for_each;
sim_call_fn call_service, call_command, call_module, call_select, call_where, call_date, call_variable, call_process,
    call_item_property;

/* -------- calls_statistics.c: counters that count */
sim_call_fn call_dns_statistics, call_dhcp_statistics;
/* Over all IPv4 scopes of the server, as their own statistics have them. */
struct dhcp_totals {
    uint64_t scopes, delayed, addresses, in_use, pending;
};
struct dhcp_totals sim_dhcp_totals(struct sim_run *run);
/* Of any kind; names fold case. NULL = none. */
const struct sim_object *sim_zone_find(const struct sim_server *server, const char *name);
bool sim_no_zone(struct sim_run *run, const char *name);

/* What ToXml() of an EventLogRecord gives. */
const char *sim_event_xml(struct arena *mem, const struct sim_object *event);

/* -------- calllog.c */
/* One line a pipeline in DIR/NAME.calls, if the server's LogCalls says so: time, process, "A -Name:Type value
 * | B". */
void sim_log_call(const struct sim_server *server, const struct sim_command *commands, size_t count);

#endif
