/* The catalogue's rows: consistent in themselves, complete for what Windows reports, and writable by parameters that exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/catalog.h"
#include "ipamtui/text.h"

#define EACH_OBJECT(o) \
    for (size_t o##_i = 0; catalog_objects[o##_i]; o##_i++) \
        for (const struct object_type *o = catalog_objects[o##_i]; o; o = NULL)

static size_t words(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static bool in_words(const char *word, const char *const *list)
{
    for (size_t i = 0; i < words(list); i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

static void check_property(const struct object_type *o, const struct property *p)
{
    bool local = p->flags & (PROP_LOCAL | PROP_FACT);

    if (!p->name || !p->title || !p->help || p->width < 1 || text_width(p->title) > 18)
        fail_msg("%s.%s: name, title, help or width is missing", o->name, p->name ? p->name : "?");
    if (p->read.source && (!p->read.property || catalog_source(o, p->read.source) < 0))
        fail_msg("%s.%s: no such source %s", o->name, p->name, p->read.source);
    if (!p->read.source && !p->sql && !local && !p->total.object)
        fail_msg("%s.%s: comes from nowhere", o->name, p->name);
    if (p->kind == KIND_ENUM && words(p->values) == 0)
        fail_msg("%s.%s: an enum without words", o->name, p->name);
    if (p->remote && words(p->remote) != words(p->values))
        fail_msg("%s.%s: words of Windows do not match ours", o->name, p->name);
    for (size_t i = 0; i < words(p->values); i++)
        for (const char *c = p->values[i]; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                fail_msg("%s.%s: \"%s\" is not lower case", o->name, p->name, p->values[i]);
    if (p->works ? !in_words(p->works, p->values) : (p->flags & PROP_STATE) && p->write.cmdlet)
        fail_msg("%s.%s: can be set, and it is not said with which word it works", o->name, p->name);
    if (p->write.cmdlet && !p->write.parameter)
        fail_msg("%s.%s: written by no parameter", o->name, p->name);
    if (p->write.needs && catalog_property(o, p->write.needs) < 0)
        fail_msg("%s.%s: needs %s, which does not exist", o->name, p->name, p->write.needs);
    if (p->write.cmdlet && (p->sql || local))
        fail_msg("%s.%s: written, but not the server's", o->name, p->name);
    if (p->total.object && !catalog_find(p->total.object))
        fail_msg("%s.%s: a total over nothing", o->name, p->name);
}

static void check_list(const struct object_type *o, const char *list)
{
    for (const char *at = list; *at;) {
        char name[64] = "";
        size_t len = strcspn(at, ",");

        memcpy(name, at, len);
        if (catalog_property(o, o->apart && name[0] == '-' ? name + 1 : name) < 0)
            fail_msg("%s: no property %s", o->name, name);
        at += len + (at[len] == ',');
    }
}

static void rows_are_consistent(void **state)
{
    (void)state;
    EACH_OBJECT(o)
    {
        int keys = 0;

        for (size_t i = 0; i < o->property_count; i++) {
            check_property(o, &o->properties[i]);
            assert_int_equal(catalog_property(o, o->properties[i].name), i); /* each name once */
            keys += (o->properties[i].flags & PROP_KEY) != 0;
        }
        assert_true(keys > 0);
        check_list(o, o->sort);
        check_list(o, o->free_text);
        assert_ptr_equal(catalog_find(o->name), o);
        assert_ptr_equal(catalog_find(o->noun), o);
        for (size_t i = 0; i < o->source_count; i++)
            assert_int_equal(catalog_source(o, o->sources[i].name), i);
    }
    assert_null(catalog_find("nonsense"));
    assert_int_equal(catalog_property(&catalog_scopes, "LEASE_duration"), catalog_property(&catalog_scopes, "lease_duration"));
}

/* The names that people write into scripts. */
static void names_are_a_contract(void **state)
{
    (void)state;
    check_list(&catalog_servers, "server,address,role,transport,reachable,dhcp_service,dns_service,version,last_seen,error,command,"
                                 "user,port,jump,dialect,powershell,group,tags,read_only,label,ask,step,powershell_version,last_try,since,"
                                 "scope_count,in_use,free,total,util,level");
    check_list(&catalog_scopes, "server,scope,name,description,mask,prefix,start,end,state,lease_duration,delay,superscope,total,"
                                "in_use,free,reserved,pending,util,level,type,max_bootp_clients,activate_policies,dynamic_updates,"
                                "delete_dns_rr_on_lease_expiry");
    check_list(&catalog_exclusions, "server,scope,start,end");
    check_list(&catalog_scopes6, "server,scope,name,state,in_use,free,reserved,pending,util,level");
    check_list(&catalog_zones, "zone,family,network,types,servers,answering,bad,health,cause,since,serials,lagging");
    check_list(&catalog_zoneservers, "server,zone,family,network,type,storage,health,cause,since,service,soa_serial,lag,paused,"
                                     "shutdown,dynamic_update,aging,transfers,masters,event,acknowledged");
    check_list(&catalog_changes, "change,when,phase,who,from,what,servers,steps,done,failed,conflict,skipped,unknown,open");
    check_list(&catalog_change_steps, "change,step,state,server,object,key,name,action,property,message,error_id,hint");
}

/* What the Get- cmdlets answer, as Microsoft documents it. */
static void every_property_has_a_row(void **state)
{
    static const struct {
        const char *cmdlet, *properties;
    } answers[] = {
        { "Get-Service", "Status" },
        { "Get-DhcpServerSetting", "IsDomainJoined,IsAuthorized,DynamicBootp,RestoreStatus,NapEnabled,ConflictDetectionAttempts,"
                                   "NpsUnreachableAction,ActivatePolicies" },
        { "Get-DhcpServerVersion", "MajorVersion,MinorVersion" },
        { "Get-DhcpServerv4Scope", "ScopeId,Name,Description,SubnetMask,StartRange,EndRange,SuperscopeName,LeaseDuration,"
                                   "NapProfile,NapEnable,Delay,State,Type,MaxBootpClients,ActivatePolicies" },
        { "Get-DhcpServerv4ScopeStatistics", "AddressesFree,AddressesInUse,PendingOffers,SuperscopeName,ReservedAddress,"
                                             "PercentageInUse,AddressesFreeOnThisServer,AddressesFreeOnPartnerServer,"
                                             "AddressesInUseOnThisServer,AddressesInUseOnPartnerServer" },
        { "Get-DhcpServerv4ExclusionRange", "ScopeId,StartRange,EndRange" },
        { "Get-DhcpServerv4DnsSetting", "DynamicUpdates,DeleteDnsRROnLeaseExpiry,UpdateDnsRRForOlderClients,NameProtection,"
                                        "DisableDnsPtrRRUpdate,DnsSuffix" },
    };
    (void)state;

    for (size_t a = 0; a < COUNT(answers); a++)
        for (const char *at = answers[a].properties; *at;) {
            char name[64] = "";
            size_t len = strcspn(at, ",");
            bool found = false;

            memcpy(name, at, len);
            EACH_OBJECT(o)
                for (size_t i = 0; i < o->property_count; i++) {
                    const struct property *p = &o->properties[i];
                    int source = p->read.source ? catalog_source(o, p->read.source) : -1;

                    found = found || (source >= 0 && strcmp(o->sources[source].cmdlet, answers[a].cmdlet) == 0 &&
                                      strcmp(p->read.property, name) == 0);
                }
            if (!found)
                fail_msg("%s answers %s: no row reads it", answers[a].cmdlet, name);
            at += len + (at[len] == ',');
        }
}

/* Parameters of the Set- cmdlets, and what they take: all are written, by the right name. */
static void every_parameter_is_written(void **state)
{
    static const struct {
        const char *cmdlet, *parameters;
    } calls[] = {
        { "Set-DhcpServerv4Scope", "ActivatePolicies,Delay,Description,EndRange,LeaseDuration,MaxBootpClients,Name,NapEnable,"
                                   "NapProfile,StartRange,State,SuperscopeName,Type" },
        { "Set-DhcpServerv4DnsSetting", "DeleteDnsRROnLeaseExpiry,DisableDnsPtrRRUpdate,DnsSuffix,DynamicUpdates,NameProtection,"
                                        "UpdateDnsRRForOlderClients" },
        { "Set-DhcpServerSetting", "ActivatePolicies,ConflictDetectionAttempts,NapEnabled,NpsUnreachableAction" },
    };
    (void)state;

    for (size_t c = 0; c < COUNT(calls); c++) {
        size_t wanted = 1, found = 0;

        for (const char *at = calls[c].parameters; *at; at++)
            wanted += *at == ',';
        EACH_OBJECT(o)
            for (size_t i = 0; i < o->property_count; i++) {
                const struct write_row *w = &o->properties[i].write;

                if (!w->cmdlet || strcmp(w->cmdlet, calls[c].cmdlet) != 0)
                    continue;
                if (!strstr(calls[c].parameters, w->parameter))
                    fail_msg("%s has no parameter %s", w->cmdlet, w->parameter);
                found++;
            }
        assert_int_equal(found, wanted);
    }
}

static const struct property *prop(const struct object_type *o, const char *name)
{
    int at = catalog_property(o, name);

    assert_true(at >= 0);
    return &o->properties[at];
}

/* What people type, and what becomes of it. */
static const struct {
    const struct object_type *object;
    const char *property, *text;
    bool ok;
    struct value v;
} typed[] = {
    { &catalog_scopes, "lease_duration", "8d", true, V_INT(691200) },
    { &catalog_scopes, "lease_duration", "unlimited", true, V_INT(-1) },
    { &catalog_scopes, "lease_duration", "0s", false, V_NULL }, /* a lease of zero */
    { &catalog_scopes, "lease_duration", "8", false, V_NULL },
    { &catalog_scopes, "state", "Active", true, V_TEXT("active") },
    { &catalog_scopes, "state", "InActive", true, V_TEXT("inactive") },
    { &catalog_scopes, "state", "half", false, V_NULL },
    { &catalog_scopes, "state", "", false, V_NULL },
    { &catalog_scopes, "start", "10.1.2.3", true, V_INT(0x0a010203) },
    { &catalog_scopes, "start", "10.1.2", false, V_NULL },
    { &catalog_scopes, "delay", "1000", true, V_INT(1000) },
    { &catalog_scopes, "delay", "65536", false, V_NULL },
    { &catalog_scopes, "delay", "-1", false, V_NULL },
    { &catalog_scopes, "delay", "1x", false, V_NULL },
    { &catalog_scopes, "delay", "99999999999999999999", false, V_NULL },
    { &catalog_scopes, "description", "", true, V_TEXT("") },
    { &catalog_scopes, "name", "\xff", false, V_NULL },
    { &catalog_scopes, "name_protection", "yes", true, V_INT(1) },
    { &catalog_scopes, "name_protection", "OFF", true, V_INT(0) },
    { &catalog_scopes, "name_protection", "maybe", false, V_NULL },
    { &catalog_scopes, "prefix", "/24", true, V_INT(24) },
    { &catalog_scopes, "prefix", "255.255.255.0", true, V_INT(24) },
    { &catalog_scopes, "prefix", "33", false, V_NULL },
    { &catalog_scopes, "util", "80%", true, V_REAL(80) },
    { &catalog_scopes, "util", "nan", false, V_NULL },
    { &catalog_scopes, "util", "0x10", false, V_NULL },
    { &catalog_scopes, "util", "101", false, V_NULL },
    { &catalog_scopes, "max_bootp_clients", "4294967295", true, V_INT(4294967295) },
    { &catalog_scopes, "dynamic_updates", "OnClientRequest", true, V_TEXT("on-client-request") },
    { &catalog_servers, "role", "dns, DHCP", true, V_TEXT("dhcp,dns") },
    { &catalog_servers, "role", "web", false, V_NULL },
    { &catalog_servers, "port", "22", true, V_INT(22) },
    { &catalog_servers, "port", "0", false, V_NULL },
    { &catalog_servers, "port", "", true, V_NULL }, /* the default again */
    { &catalog_servers, "verify_service", "5m", true, V_INT(300) },
    { &catalog_servers, "verify_service", "0", true, V_INT(0) },
    { &catalog_servers, "verify_zones", "Never", true, V_INT(0) },
    { &catalog_servers, "verify_zones", "", true, V_NULL }, /* as for all again */
    { &catalog_servers, "verify_zones", "unlimited", false, V_NULL },
    { &catalog_servers, "verify_configuration", "-5m", false, V_NULL },
    { &catalog_servers, "verify_configuration", "15", false, V_NULL }, /* of what? */
    { &catalog_servers, "verify_utilization", "2000d", false, V_NULL },
    { &catalog_scopes, "lease_duration", "never", false, V_NULL },
    { &catalog_servers, "last_seen", "2026-11-25T10:00:00Z", true, V_INT(1795600800) },
    { &catalog_servers, "last_seen", "2026-11-25", true, V_INT(1795564800) },
    { &catalog_servers, "last_seen", "yesterday", false, V_NULL },
    { &catalog_servers, "conflict_attempts", "6", false, V_NULL },
};

static void parse_table(void **state)
{
    (void)state;

    for (size_t i = 0; i < COUNT(typed); i++) {
        struct arena mem = { 0 };
        struct err err = { 0 };
        struct value v = V_INT(77);
        bool ok = property_parse(prop(typed[i].object, typed[i].property), typed[i].text, &mem, &v, &err);

        if (ok != typed[i].ok || (ok && !value_equal(v, typed[i].v)))
            fail_msg("%s=\"%s\": %d %lld (%s)", typed[i].property, typed[i].text, ok, (long long)v.i, err.text);
        if (!ok)
            assert_true(err.kind == ERR_INPUT && err.text[0] && v.i == 77);
        arena_done(&mem);
    }
}

static void shown_and_written(void **state)
{
    static const struct {
        enum kind kind;
        struct value v;
        const char *shown, *written, *json;
    } cases[] = {
        { KIND_TEXT, V_NULL, "-", "", "null" },
        { KIND_TEXT, V_TEXT("a \"b\""), "a \"b\"", "a \"b\"", "\"a \\\"b\\\"\"" },
        { KIND_TEXT, V_TEXT(""), "", "", "\"\"" },
        { KIND_INT, V_INT(0), "0", "0", "0" },
        { KIND_BOOL, V_INT(1), "yes", "true", "true" },
        { KIND_BOOL, V_INT(0), "no", "false", "false" },
        { KIND_IPV4, V_INT(0x0a010200), "10.1.2.0", "10.1.2.0", "\"10.1.2.0\"" },
        { KIND_PREFIX, V_INT(24), "/24", "24", "24" },
        { KIND_DURATION, V_INT(691200), "8d", "691200", "691200" },
        { KIND_DURATION, V_INT(-1), "unlimited", "-1", "-1" },
        { KIND_PERCENT, V_REAL(93.506493), "94%", "93.5065", "93.5065" },
        { KIND_PERCENT, V_REAL(99.9), ">99%", "99.9", "99.9" },
        { KIND_PERCENT, V_REAL(0.2), "<1%", "0.2", "0.2" },
        { KIND_PERCENT, V_REAL(0), "0%", "0", "0" },
        { KIND_PERCENT, V_REAL(100), "100%", "100", "100" },
        { KIND_TIME, V_INT(1795600800), NULL, "2026-11-25T10:00:00Z", "\"2026-11-25T10:00:00Z\"" },
        { KIND_INT, V_TEXT("odd"), "odd", "odd", "\"odd\"" }, /* not what it should be: shown as it is */
        { KIND_INT, V_REAL(__builtin_inf()), "inf", "", "null" },
    };
    char text[64];
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf written = { 0 }, json = { 0 };

        kind_write(cases[i].kind, cases[i].v, &written);
        kind_json(cases[i].kind, cases[i].v, &json);
        if (cases[i].shown)
            assert_string_equal(kind_show(cases[i].kind, cases[i].v, text, sizeof(text)), cases[i].shown);
        assert_string_equal(buf_at(&written), cases[i].written);
        assert_string_equal(buf_at(&json), cases[i].json);
        buf_done(&written);
        buf_done(&json);
    }
    assert_string_equal(kind_show(KIND_TEXT, V_TEXT("too long"), text, 4), "too");
}

/* Times around 2026-11-25 10:00 UTC: of another day, and to come. */
static void times_are_shown(void **state)
{
    static const struct {
        enum date_mode mode;
        int64_t after_s; /* now */
        const char *shown;
    } cases[] = {
        { DATES_AGE, -59, "now" },          { DATES_AGE, 59, "now" },
        { DATES_AGE, -240, "4 min" },       { DATES_AGE, 240, "in 4 min" },
        { DATES_AGE, -9 * 86400, "9 d" },   { DATES_AGE, 3 * 86400 + 60, "in 3 d" },
        { DATES_UTC, -36000, "00:00:00Z" }, { DATES_UTC, -36001, "2026-11-24 23:59Z" },
        { DATES_UTC, 50399, "23:59:59Z" },  { DATES_UTC, 50400, "2026-11-26 00:00Z" },
        { DATES_LOCAL, -3600, "09:00:00" }, { DATES_LOCAL, -39600, "2026-11-24 23:00" },
        { DATES_LOCAL, 3 * 86400, "2026-11-28 10:00" },
    };
    const int64_t now_s = 1795600800;
    char text[32];
    (void)state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        date_show(cases[i].mode, now_s + cases[i].after_s, now_s, text, sizeof(text));
        if (strcmp(text, cases[i].shown) != 0)
            fail_msg("%lld s from now: \"%s\", not \"%s\"", (long long)cases[i].after_s, text, cases[i].shown);
    }
    assert_true(kind_may_show(KIND_TIME, DATES_AGE, "in 3 d") && kind_may_show(KIND_TIME, DATES_AGE, "in "));
}

static void values_compare(void **state)
{
    (void)state;
    assert_true(value_equal(V_NULL, V_NULL) && !value_equal(V_NULL, V_INT(0)) && !value_equal(V_TEXT("0"), V_INT(0)));
    assert_true(value_equal(V_INT(1), V_REAL(1)) && !value_equal(V_TEXT("a"), V_TEXT("A")));
    assert_true(value_compare(V_NULL, V_INT(-5)) < 0 && value_compare(V_INT(5), V_TEXT("")) < 0);
    assert_true(value_compare(V_TEXT("a"), V_TEXT("B")) < 0 && value_compare(V_TEXT("a"), V_TEXT("A")) == 0);
    assert_true(value_compare(V_INT(INT64_MAX), V_INT(INT64_MAX - 1)) > 0 && value_compare(V_REAL(1.5), V_INT(2)) < 0);
}

static void what_lies_below(void **state)
{
    (void)state;
    assert_ptr_equal(catalog_parent(&catalog_exclusions), &catalog_scopes);
    assert_ptr_equal(catalog_parent(&catalog_change_steps), &catalog_changes);
    for (size_t i = 0; catalog_objects[i]; i++)
        if (catalog_objects[i] != &catalog_exclusions && catalog_objects[i] != &catalog_change_steps)
            assert_null(catalog_parent(catalog_objects[i]));
}

/* Each word for what is retrieved is asked for by some source, and named where they are listed. */
static void words_of_what(void **state)
{
    char text[80];
    (void)state;

    for (size_t i = 0; i < WHAT_WORDS; i++) {
        unsigned asked = 0;

        for (size_t o = 0; catalog_objects[o]; o++)
            for (size_t s = 0; s < catalog_objects[o]->source_count; s++)
                asked |= catalog_objects[o]->sources[s].what;
        if ((what_words[i].what & asked) != what_words[i].what || !strstr(WHAT_NAMES, what_words[i].name))
            fail_msg("%s", what_words[i].name);
    }
    assert_string_equal(what_show(WHAT_DNS | WHAT_EVENTS, text, sizeof(text)), "DNS, Events");
    assert_string_equal(what_show(WHAT_ALL, text, sizeof(text)), "Everything");
    assert_string_equal(what_show(WHAT_ALL | WHAT_FAILOVER, text, sizeof(text)), "Everything, Failover");
    assert_string_equal(what_show(WHAT_ALL, text, 5), "Ever");
}

static void words_of_windows(void **state)
{
    struct arena mem = { 0 };
    const struct property *scope_state = prop(&catalog_scopes, "state"), *service = prop(&catalog_servers, "dhcp_service");
    (void)state;

    assert_string_equal(property_word(scope_state, "INACTIVE", &mem), "inactive");
    assert_string_equal(property_word(scope_state, "Hibernating", &mem), "hibernating"); /* newer than we are: not lost */
    assert_string_equal(property_word(service, "StartPending", &mem), "starting");
    assert_string_equal(property_word(service, "", &mem), "");
    assert_string_equal(property_remote_word(scope_state, "inactive"), "InActive");
    assert_string_equal(property_remote_word(scope_state, "hibernating"), "hibernating");
    assert_string_equal(property_remote_word(prop(&catalog_scopes, "dynamic_updates"), "on-client-request"), "OnClientRequest");
    arena_done(&mem);
    assert_int_equal(catalog_roles("dhcp,dns"), ROLE_DHCP | ROLE_DNS);
    assert_int_equal(catalog_roles("DNS"), ROLE_DNS);
    assert_int_equal(catalog_roles(NULL), 0);
    assert_int_equal(catalog_roles("web"), 0);
}

/* What is asked for on demand is named as Windows names it, and holds numbers only: answers outlive the reply that they came with. */
static void on_demand(void **state)
{
    (void)state;
    for (size_t i = 0; catalog_on_demand[i]; i++) {
        const struct object_type *o = catalog_on_demand[i];

        assert_null(o->table);
        assert_null(catalog_find(o->name));
        assert_int_equal(o->source_count, 1);
        assert_true(o->sources[0].what == WHAT_STATISTICS && o->sources[0].mode == SOURCE_SINGLE && o->sources[0].optional);
        for (size_t j = 0; j < o->property_count; j++) {
            const struct property *p = &o->properties[j];
            size_t group = strcspn(p->name, ".");
            bool nested = p->name[group] == '.', apart = false;

            if (!p->title || !p->help || !p->empty || text_width(p->title) > 32 || strcmp(p->name, p->read.property) != 0 ||
                catalog_source(o, p->read.source) != 0 || catalog_property(o, p->name) != (int)j)
                fail_msg("%s.%s: title, help, empty or where it is read from", o->name, p->name);
            if (p->kind != KIND_INT && p->kind != KIND_TIME && p->kind != KIND_DURATION && p->kind != KIND_PERCENT)
                fail_msg("%s.%s is no number", o->name, p->name);
            if ((p->flags & PROP_SUM) && !nested)
                fail_msg("%s.%s: what is the sum over", o->name, p->name);
            /* JSON nests them as Windows does: what belongs together stands together. */
            for (size_t k = j + 1; nested && k < o->property_count; k++) {
                bool same = strncmp(o->properties[k].name, p->name, group + 1) == 0;

                if (same && apart)
                    fail_msg("%s.%s is apart from its group", o->name, o->properties[k].name);
                apart = apart || !same;
            }
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_consistent),  cmocka_unit_test(names_are_a_contract),
        cmocka_unit_test(every_property_has_a_row), cmocka_unit_test(every_parameter_is_written),
        cmocka_unit_test(parse_table),          cmocka_unit_test(shown_and_written),
        cmocka_unit_test(on_demand),
        cmocka_unit_test(times_are_shown), cmocka_unit_test(words_of_what), cmocka_unit_test(what_lies_below), cmocka_unit_test(values_compare),       cmocka_unit_test(words_of_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
