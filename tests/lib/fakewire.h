/* fakewire.h - a small DHCP estate inside the test's process, behind struct change_wire: what the change engine is tried on
 * without processes. Calls are carried out and answered by timers of the loop; a hook can refuse or lose them.
 * Include after cmocka.h. */
#ifndef TEST_FAKEWIRE_H
#define TEST_FAKEWIRE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/catalog.h"
#include "ipamtui/change.h"
#include "ipamtui/clock.h"
#include "ipamtui/duration.h"
#include "ipamtui/ip.h"
#include "ipamtui/loop.h"
#include "ipamtui/mem.h"
#include "ipamtui/store.h"
#include "ipamtui/text.h"

enum { FAKE_SERVERS = 120, FAKE_SCOPES = 64, FAKE_EXCLUSIONS = 6 };

struct fake_scope {
    uint32_t scope, start, end;
    int64_t lease_s, delay;
    char name[96], description[96], state[16], updates[24];
    bool protection;
    struct ip4_range exclusions[FAKE_EXCLUSIONS];
    size_t exclusion_count;
};
struct fake_server {
    server_id id;
    char name[32];
    struct fake_scope scopes[FAKE_SCOPES];
    size_t scope_count;
    int pid;       /* of its PowerShell; another one after each loss */
    int holds;
    bool down;
};
enum fake_fate { FATE_DO, FATE_REFUSE, FATE_LOSE_BEFORE, FATE_LOSE_AFTER, FATE_LIE /* says yes, does nothing */ };

struct fake_estate;
struct fake_request {
    struct fake_estate *estate;
    struct fake_server *server;
    host_call_id id;
    struct arena mem;
    char cmdlet[64];
    struct { char name[40]; char text[160]; } params[16];
    size_t param_count;
    const struct ps_value *list; /* of ScopeId */
    const struct ps_value *select; /* names: Select-Object comes behind; NULL = it does not */
    struct ps_call_events events;
    void *ctx;
    struct loop_timer timer;
    struct fake_request *next;
};
struct fake_estate {
    struct loop *loop;
    struct fake_server servers[FAKE_SERVERS];
    size_t server_count;
    struct fake_request *requests;
    host_call_id next_id;
    int64_t delay_ms;
    size_t calls, writes, wholes; /* wholes: scopes shown with all their properties */
    bool no_select; /* an endpoint without Select-Object */
    struct buf log; /* "server cmdlet scope\n" of every change that was sent */
    enum fake_fate (*fate)(void *ctx, struct fake_server *server, const char *cmdlet, uint32_t scope);
    void *fate_ctx;
    struct err down;
};

/* ------------------------------------------------------------------ making it */
static inline struct fake_scope *fake_scope_of(struct fake_server *server, uint32_t scope)
{
    for (size_t i = 0; i < server->scope_count; i++)
        if (server->scopes[i].scope == scope)
            return &server->scopes[i];
    return NULL;
}

static inline struct fake_server *fake_server_of(struct fake_estate *e, server_id id)
{
    for (size_t i = 0; i < e->server_count; i++)
        if (e->servers[i].id == id)
            return &e->servers[i];
    return NULL;
}

static inline void fake_scope_init(struct fake_scope *s, size_t server, size_t at)
{
    memset(s, 0, sizeof(*s));
    s->scope = (uint32_t)(10u << 24 | server << 16 | at << 8);
    s->start = s->scope + 10;
    s->end = s->scope + 250;
    s->lease_s = at % 3 == 0 ? 86400 : 28800;
    snprintf(s->name, sizeof(s->name), "net-%zu-%zu", server, at);
    snprintf(s->description, sizeof(s->description), "floor %zu", at);
    snprintf(s->state, sizeof(s->state), "%s", at % 4 == 3 ? "InActive" : "Active");
    snprintf(s->updates, sizeof(s->updates), "OnClientRequest");
    s->exclusions[0] = (struct ip4_range){ s->scope + 10, s->scope + 19 };
    s->exclusion_count = at % 2 == 0 ? 1 : 0;
}

static inline void fake_put(struct fake_estate *e, struct store *store, struct fake_server *server)
{
    const struct object_type *o = &catalog_scopes, *x = &catalog_exclusions;
    struct value v[96] = { 0 };
    struct err err = { 0 };

    (void)e;
    for (size_t i = 0; i < server->scope_count; i++) {
        struct fake_scope *s = &server->scopes[i];

        memset(v, 0, sizeof(v));
        v[catalog_property(o, "scope")] = V_INT(s->scope);
        v[catalog_property(o, "mask")] = V_INT(0xffffff00u);
        v[catalog_property(o, "start")] = V_INT(s->start);
        v[catalog_property(o, "end")] = V_INT(s->end);
        v[catalog_property(o, "name")] = V_TEXT(s->name);
        v[catalog_property(o, "description")] = V_TEXT(s->description);
        v[catalog_property(o, "lease_duration")] = V_INT(s->lease_s);
        v[catalog_property(o, "delay")] = V_INT(s->delay);
        v[catalog_property(o, "state")] = V_TEXT(strcmp(s->state, "Active") == 0 ? "active" : "inactive");
        if (!store_put_rows(store, server->id, o, catalog_source(o, "scopes"), v, 1, i == 0, 1000, &err))
            fail_msg("%s", err.text);
    }
    if (!store_source_done(store, server->id, o, catalog_source(o, "scopes"), true, "done", NULL, 1000, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < server->scope_count; i++) {
        struct fake_scope *s = &server->scopes[i];

        memset(v, 0, sizeof(v));
        v[catalog_property(o, "scope")] = V_INT(s->scope);
        v[catalog_property(o, "dynamic_updates")] = V_TEXT("on-client-request");
        v[catalog_property(o, "name_protection")] = V_INT(s->protection);
        if (!store_put_rows(store, server->id, o, catalog_source(o, "scope-dns"), v, 1, i == 0, 1000, &err))
            fail_msg("%s", err.text);
        for (size_t k = 0; k < s->exclusion_count; k++) {
            memset(v, 0, sizeof(v));
            v[catalog_property(x, "scope")] = V_INT(s->scope);
            v[catalog_property(x, "start")] = V_INT(s->exclusions[k].first);
            v[catalog_property(x, "end")] = V_INT(s->exclusions[k].last);
            if (!store_put_rows(store, server->id, x, 0, v, 1, i == 0 && k == 0, 1000, &err))
                fail_msg("%s", err.text);
        }
    }
    store_round_forget(store, server->id);
}

/* Servers "s00", "s01" ... with scopes each, in the estate and in the store. */
static inline void fake_make(struct fake_estate *e, struct loop *loop, struct store *store, size_t servers, size_t scopes)
{
    struct err err = { 0 };

    memset(e, 0, sizeof(*e));
    e->loop = loop;
    if (!store_begin(store, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < servers; i++) {
        struct fake_server *server = &e->servers[e->server_count++];
        struct value row[96] = { 0 };

        snprintf(server->name, sizeof(server->name), "s%02zu", i);
        row[catalog_property(&catalog_servers, "server")] = V_TEXT(server->name);
        row[catalog_property(&catalog_servers, "role")] = V_TEXT("dhcp");
        if (!store_server_add(store, row, &server->id, &err))
            fail_msg("%s", err.text);
        server->pid = 1000 + (int)i;
        server->scope_count = scopes;
        for (size_t k = 0; k < scopes; k++)
            fake_scope_init(&server->scopes[k], i, k);
        fake_put(e, store, server);
    }
    if (!store_commit(store, &err))
        fail_msg("%s", err.text);
}

/* ------------------------------------------------------------------ answers */
static inline const char *fake_param(const struct fake_request *r, const char *name)
{
    for (size_t i = 0; i < r->param_count; i++)
        if (strcmp(r->params[i].name, name) == 0)
            return r->params[i].text;
    return NULL;
}

static inline uint32_t fake_ip(const char *text)
{
    uint32_t ip = 0;

    if (text == NULL || !ip4_parse(text, &ip))
        fail_msg("\"%s\" is no address", text != NULL ? text : "(none)");
    return ip;
}

static inline void fake_error(struct fake_request *r, const char *id, int category, const char *message)
{
    struct ps_error error = { .message = message, .id = id, .category = category, .reason = "CimException", .target = "",
                              .activity = r->cmdlet };

    if (r->events.error != NULL)
        r->events.error(r->ctx, &error);
}

struct fake_object {
    struct ps_property props[20];
    struct ps_value values[20];
    char ips[20][IP4_TEXT_SIZE];
    size_t count;
};

static inline void fake_add(struct fake_object *o, const char *name, struct ps_value value)
{
    o->values[o->count] = value;
    o->props[o->count] = (struct ps_property){ .name = name, .value = &o->values[o->count] };
    o->count++;
}

static inline void fake_add_ip(struct fake_object *o, const char *name, uint32_t ip)
{
    ip4_format(ip, o->ips[o->count]);
    fake_add(o, name, PS_S(o->ips[o->count]));
}

/* Select-Object: what is not asked for is not there. */
static inline void fake_select(const struct fake_request *r, struct fake_object *o)
{
    struct ps_property kept[COUNT(o->props)];
    size_t count = 0;

    for (size_t i = 0; i < r->select->len; i++)
        for (size_t k = 0; k < o->count; k++)
            if (strcmp(o->props[k].name, r->select->items[i].s) == 0)
                kept[count++] = o->props[k];
    memcpy(o->props, kept, count * sizeof(*kept));
    o->count = count;
}

static inline void fake_emit(struct fake_request *r, struct fake_object *o)
{
    if (r->select != NULL)
        fake_select(r, o);
    else if (strcmp(r->cmdlet, "Get-DhcpServerv4Scope") == 0)
        r->estate->wholes++;
    struct ps_object object = { .props = o->props, .prop_count = o->count };
    struct ps_value value = { .type = PS_OBJECT, .object = &object };

    if (r->events.output != NULL)
        r->events.output(r->ctx, &value);
}

static inline void fake_emit_scope(struct fake_request *r, const struct fake_scope *s)
{
    struct fake_object o = { .count = 0 };

    fake_add_ip(&o, "ScopeId", s->scope);
    fake_add_ip(&o, "SubnetMask", 0xffffff00u);
    fake_add_ip(&o, "StartRange", s->start);
    fake_add_ip(&o, "EndRange", s->end);
    fake_add(&o, "Name", PS_S(s->name));
    fake_add(&o, "Description", PS_S(s->description));
    fake_add(&o, "LeaseDuration", PS_TS(duration_to_ticks(s->lease_s)));
    fake_add(&o, "State", PS_S(s->state));
    fake_add(&o, "Delay", (struct ps_value){ .type = PS_U16, .u = (uint64_t)s->delay });
    fake_emit(r, &o);
}

static inline void fake_emit_dns(struct fake_request *r, const struct fake_scope *s)
{
    struct fake_object o = { .count = 0 };

    fake_add(&o, "DynamicUpdates", PS_S(s->updates));
    fake_add(&o, "NameProtection", PS_B(s->protection));
    fake_emit(r, &o);
}

static inline void fake_emit_exclusions(struct fake_request *r, const struct fake_scope *s)
{
    for (size_t i = 0; i < s->exclusion_count; i++) {
        struct fake_object o = { .count = 0 };

        fake_add_ip(&o, "ScopeId", s->scope);
        fake_add_ip(&o, "StartRange", s->exclusions[i].first);
        fake_add_ip(&o, "EndRange", s->exclusions[i].last);
        fake_emit(r, &o);
    }
}

static inline void fake_get(struct fake_request *r, void (*emit)(struct fake_request *, const struct fake_scope *))
{
    struct arena mem = { 0 };

    for (size_t i = 0; r->list != NULL && i < r->list->len; i++) {
        struct fake_scope *s = fake_scope_of(r->server, fake_ip(ps_text(&r->list->items[i], &mem)));

        if (s != NULL)
            emit(r, s);
        else
            fake_error(r, "DHCP 20005,Get", 13, "The specified scope does not exist.");
    }
    if (r->list == NULL) {
        struct fake_scope *s = fake_scope_of(r->server, fake_ip(fake_param(r, "ScopeId")));

        if (s != NULL)
            emit(r, s);
        else
            fake_error(r, "DHCP 20005,Get", 13, "The specified scope does not exist.");
    }
    arena_done(&mem);
}

static inline void fake_set_scope(struct fake_request *r, struct fake_scope *s)
{
    for (size_t i = 0; i < r->param_count; i++) {
        const char *name = r->params[i].name, *text = r->params[i].text;

        if (strcmp(name, "Name") == 0)
            snprintf(s->name, sizeof(s->name), "%.95s", text);
        else if (strcmp(name, "Description") == 0)
            snprintf(s->description, sizeof(s->description), "%.95s", text);
        else if (strcmp(name, "State") == 0)
            snprintf(s->state, sizeof(s->state), "%.15s", text);
        else if (strcmp(name, "LeaseDuration") == 0)
            s->lease_s = duration_from_ticks(atoll(text));
        else if (strcmp(name, "Delay") == 0)
            s->delay = atoll(text);
        else if (strcmp(name, "StartRange") == 0)
            s->start = fake_ip(text);
        else if (strcmp(name, "EndRange") == 0)
            s->end = fake_ip(text);
        else if (strcmp(name, "DynamicUpdates") == 0)
            snprintf(s->updates, sizeof(s->updates), "%.23s", text);
        else if (strcmp(name, "NameProtection") == 0)
            s->protection = strcmp(text, "true") == 0;
        else if (strcmp(name, "ScopeId") != 0)
            fail_msg("%s has no parameter %s", r->cmdlet, name);
    }
    if (!fake_param(r, "StartRange") != !fake_param(r, "EndRange"))
        fail_msg("one end of the range went without the other");
}

static inline void fake_add_exclusion(struct fake_request *r, struct fake_scope *s)
{
    struct ip4_range range = { fake_ip(fake_param(r, "StartRange")), fake_ip(fake_param(r, "EndRange")) };

    for (size_t i = 0; i < s->exclusion_count; i++)
        if (ip4_range_overlaps(s->exclusions[i], range)) {
            fake_error(r, "DHCP 20023,Add", 0, "The range overlaps.");
            return;
        }
    assert_true(s->exclusion_count < FAKE_EXCLUSIONS);
    s->exclusions[s->exclusion_count++] = range;
}

static inline void fake_remove_exclusion(struct fake_request *r, struct fake_scope *s)
{
    struct ip4_range range = { fake_ip(fake_param(r, "StartRange")), fake_ip(fake_param(r, "EndRange")) };

    for (size_t i = 0; i < s->exclusion_count; i++)
        if (s->exclusions[i].first == range.first && s->exclusions[i].last == range.last) {
            memmove(&s->exclusions[i], &s->exclusions[i + 1], (s->exclusion_count - i - 1) * sizeof(range));
            s->exclusion_count--;
            return;
        }
    fake_error(r, "DHCP 20024,Remove", 13, "There is no such exclusion.");
}

static inline void fake_write(struct fake_request *r)
{
    struct fake_scope *s = fake_scope_of(r->server, fake_ip(fake_param(r, "ScopeId")));

    if (s == NULL)
        fake_error(r, "DHCP 20005,Set", 13, "The specified scope does not exist.");
    else if (strncmp(r->cmdlet, "Set-", 4) == 0)
        fake_set_scope(r, s);
    else if (strncmp(r->cmdlet, "Add-", 4) == 0)
        fake_add_exclusion(r, s);
    else
        fake_remove_exclusion(r, s);
}

static inline void fake_read(struct fake_request *r)
{
    struct ps_value number = PS_INT(r->server->pid);

    if (r->select != NULL && r->estate->no_select)
        fake_error(r, "CommandNotFoundException", 13, "The term 'Select-Object' is not recognized.");
    else if (strcmp(r->cmdlet, "Get-DhcpServerv4Scope") == 0)
        fake_get(r, fake_emit_scope);
    else if (strcmp(r->cmdlet, "Get-DhcpServerv4DnsSetting") == 0)
        fake_get(r, fake_emit_dns);
    else if (strcmp(r->cmdlet, "Get-DhcpServerv4ExclusionRange") == 0)
        fake_get(r, fake_emit_exclusions);
    else if (strcmp(r->cmdlet, "Get-Variable") == 0)
        r->events.output(r->ctx, &number);
    else if (strcmp(r->cmdlet, "Get-Process") == 0 && atoi(fake_param(r, "Id")) != r->server->pid)
        fake_error(r, "NoProcessFoundForGivenId,Get-Process", 13, "Cannot find a process.");
    else if (strcmp(r->cmdlet, "Get-Process") == 0)
        r->events.output(r->ctx, &number);
    else
        fail_msg("%s is not known here", r->cmdlet);
}

static inline void fake_unlink(struct fake_request *r)
{
    for (struct fake_request **at = &r->estate->requests; *at != NULL; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            break;
        }
}

static inline void fake_free(struct fake_request *r)
{
    loop_timer_stop(&r->timer);
    fake_unlink(r);
    arena_done(&r->mem);
    free(r);
}

/* The connection breaks: every other call of the server is lost as well. */
static inline void fake_lose(struct fake_request *r)
{
    struct ps_error why = { .message = "the connection broke", .id = "ConnectionLost", .reason = "", .target = "", .activity = "" };
    struct ps_call_events events = r->events;
    struct fake_server *server = r->server;
    struct fake_estate *e = r->estate;
    void *ctx = r->ctx;

    server->pid += 1000;
    fake_free(r);
    events.done(ctx, PS_LOST, &why);
    for (struct fake_request *other = e->requests; other != NULL; other = other->next)
        (void)other;
}

static inline void fake_due(void *ctx)
{
    struct fake_request *r = ctx;
    struct fake_estate *e = r->estate;
    bool writes = strncmp(r->cmdlet, "Get-", 4) != 0;
    uint32_t scope = writes ? fake_ip(fake_param(r, "ScopeId")) : 0;
    enum fake_fate fate = e->fate != NULL ? e->fate(e->fate_ctx, r->server, r->cmdlet, scope) : FATE_DO;
    struct ps_call_events events;
    char text[IP4_TEXT_SIZE];
    void *call_ctx;

    if (r->server->down || fate == FATE_LOSE_BEFORE) {
        fake_lose(r);
        return;
    }
    if (writes) {
        e->writes++;
        buf_addf(&e->log, "%s %s %s\n", r->server->name, r->cmdlet, ip4_format(scope, text));
    }
    if (fate == FATE_REFUSE)
        fake_error(r, "WIN32 5,Set", 18, "Access is denied.");
    else if (writes && fate != FATE_LIE)
        fake_write(r);
    else if (!writes)
        fake_read(r);
    if (fate == FATE_LOSE_AFTER) {
        fake_lose(r);
        return;
    }
    events = r->events;
    call_ctx = r->ctx;
    fake_free(r);
    events.done(call_ctx, PS_COMPLETED, NULL);
}

/* ------------------------------------------------------------------ the wire */
static inline const struct ps_value *fake_list(const struct ps_value *from, struct arena *mem)
{
    struct ps_value *list = arena_alloc(mem, sizeof(*list)), *items = arena_alloc(mem, MAX(from->len, 1) * sizeof(*items));

    for (size_t i = 0; i < from->len; i++)
        items[i] = PS_S(arena_strdup(mem, ps_text(&from->items[i], mem)));
    *list = (struct ps_value){ .type = PS_LIST, .items = items, .len = from->len };
    return list;
}

static inline void fake_take_param(struct fake_request *r, const struct ps_param *p)
{
    const char *text;

    if (strcmp(p->name, "ErrorAction") == 0)
        return;
    assert_true(r->param_count < COUNT(r->params));
    snprintf(r->params[r->param_count].name, sizeof(r->params[0].name), "%s", p->name);
    if (p->value.type == PS_LIST) {
        r->list = fake_list(&p->value, &r->mem);
        return;
    }
    if (p->value.type == PS_TIMESPAN)
        text = arena_printf(&r->mem, "%lld", (long long)p->value.ticks);
    else if (p->value.type == PS_BOOL)
        text = p->value.b ? "true" : "false";
    else
        text = ps_text(&p->value, &r->mem);
    snprintf(r->params[r->param_count++].text, sizeof(r->params[0].text), "%s", text != NULL ? text : "");
}

static inline host_call_id fake_invoke(void *ctx, server_id server, const struct ps_call *call, int64_t timeout_ms,
                                       const struct ps_call_events *events, void *call_ctx)
{
    struct fake_estate *e = ctx;
    struct fake_request *r = x_alloc(sizeof(*r));

    (void)timeout_ms;
    r->estate = e;
    r->server = fake_server_of(e, server);
    if (r->server == NULL) {
        free(r);
        return 0;
    }
    e->calls++;
    r->id = ++e->next_id;
    snprintf(r->cmdlet, sizeof(r->cmdlet), "%s", call->commands[0].name);
    for (size_t i = 0; i < call->commands[0].param_count; i++)
        fake_take_param(r, &call->commands[0].params[i]);
    if (call->command_count == 2) {
        assert_string_equal(call->commands[1].name, "Select-Object");
        r->select = fake_list(&call->commands[1].params[0].value, &r->mem);
    }
    r->events = *events;
    r->ctx = call_ctx;
    r->next = e->requests;
    e->requests = r;
    loop_timer_in(e->loop, &r->timer, e->delay_ms, fake_due, r);
    return r->id;
}

static inline void fake_forget(void *ctx, server_id server, host_call_id id)
{
    struct fake_estate *e = ctx;

    (void)server;
    for (struct fake_request *r = e->requests; r != NULL; r = r->next)
        if (r->id == id) {
            fake_free(r);
            return;
        }
}

static inline const struct err *fake_error_of(void *ctx, server_id server)
{
    struct fake_estate *e = ctx;
    struct fake_server *s = fake_server_of(e, server);

    if (s == NULL || !s->down)
        return NULL;
    err_set(&e->down, ERR_UNREACHABLE, s->name, "no route to %s", s->name);
    return &e->down;
}

static inline void fake_hold(void *ctx, server_id server, bool hold)
{
    fake_server_of(ctx, server)->holds += hold ? 1 : -1;
}

/* A process is a session. */
static inline unsigned fake_session(void *ctx, server_id server)
{
    return (unsigned)fake_server_of(ctx, server)->pid;
}

static inline struct change_wire fake_wire(struct fake_estate *e)
{
    return (struct change_wire){ .invoke = fake_invoke, .forget = fake_forget, .error = fake_error_of, .hold = fake_hold,
                                 .session = fake_session, .ctx = e };
}

static inline void fake_done(struct fake_estate *e)
{
    while (e->requests != NULL)
        fake_free(e->requests);
    buf_done(&e->log);
}

/* The whole estate as text, to compare before and after. */
static inline char *fake_dump(const struct fake_estate *e)
{
    struct buf out = { 0 };

    for (size_t i = 0; i < e->server_count; i++)
        for (size_t k = 0; k < e->servers[i].scope_count; k++) {
            const struct fake_scope *s = &e->servers[i].scopes[k];

            buf_addf(&out, "%s %08x %08x-%08x %lld %lld [%s] [%s] %s %s %d", e->servers[i].name, s->scope, s->start, s->end,
                     (long long)s->lease_s, (long long)s->delay, s->name, s->description, s->state, s->updates, s->protection);
            for (uint32_t ip = s->scope; ip < s->scope + 256; ip++) /* in order, however they came back */
                for (size_t x = 0; x < s->exclusion_count; x++)
                    if (s->exclusions[x].first == ip)
                        buf_addf(&out, " %08x-%08x", s->exclusions[x].first, s->exclusions[x].last);
            buf_addc(&out, '\n');
        }
    return buf_steal(&out);
}

#endif
