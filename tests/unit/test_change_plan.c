/* Plans: edits become steps, are checked per target, amend each other, are kept, saved and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakewire.h"

static char dir[64];
static struct store *store;
static struct fake_estate estate;

static int begin(void **state)
{
    struct err err = { 0 };
    char path[96];

    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/ipamtui-plan-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/t.db", dir);
    if (!store_open(path, STORE_WRITE, &store, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    fake_make(&estate, NULL, store, 3, 6);
    return 0;
}

static int end(void **state)
{
    char command[128];

    (void)state;
    store_close(store);
    fake_done(&estate);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command) == 0 ? 0 : -1;
}

/* ------------------------------------------------------------------ helpers */
static struct change_targets *targets_where(const char *where)
{
    struct list_spec spec = { .object = &catalog_scopes, .where = where };
    struct change_targets *t = NULL;
    struct err err = { 0 };

    if (!change_targets_list(store, &spec, &t, &err))
        fail_msg("%s", err.text);
    return t;
}

static bool edit(struct change_plan *plan, const char *where, const char *text, struct err *err)
{
    struct change_targets *t = targets_where(where);
    struct arena arena = { 0 };
    struct change_edit e;
    bool ok = change_edit_parse(&catalog_scopes, text, &arena, &e, err) && change_plan_edit(plan, t, &e, 1, err);

    change_targets_free(t);
    arena_done(&arena);
    return ok;
}

static void rows_edit(struct change_plan *plan, const char *where, enum edit_how how, const char *find, const char *text)
{
    struct change_targets *t = targets_where(where);
    struct change_edit e = { .how = how, .object = &catalog_exclusions, .property = -1, .find = find, .text = text };
    struct err err = { 0 };

    if (!change_plan_edit(plan, t, &e, 1, &err))
        fail_msg("%s", err.text);
    change_targets_free(t);
}

/* The plan's lines, one per line, as a pipe would get them. */
static char *text_of(const struct change_plan *plan)
{
    struct arena arena = { 0 };
    struct buf out = { 0 };
    size_t count;
    const struct plan_line *lines = change_plan_lines(plan, NULL, NULL, &arena, &count);

    for (size_t i = 0; i < count; i++) {
        struct plan_text text;

        if (lines[i].kind == PLAN_LINE_SERVER)
            continue;
        change_plan_text(plan, &lines[i], &arena, &text);
        buf_addf(&out, "%c %s %s: %s\n", text.mark, text.server, text.object, text.what);
    }
    arena_done(&arena);
    return buf_steal(&out);
}

static void expect(struct change_plan *plan, const char *want)
{
    char *got = text_of(plan);

    assert_string_equal(got != NULL ? got : "", want);
    free(got);
}

/* ------------------------------------------------------------------ edits */
static void edits_are_read(void **state)
{
    static const struct { const char *text; bool ok; } cases[] = {
        { "lease_duration=4d", true },    { "lease_duration=unlimited", true }, { "lease_duration=0s", false },
        { "lease_duration=4", false },    { "lease_duration+=4d", false },      { "description+= (moved)", true },
        { "description=", true },         { "name/net/lan/", true },            { "name/net/lan", true },
        { "name//lan/", false },          { "name/net", false },                { "state=inactive", true },
        { "state=off", false },           { "delay=70000", false },             { "delay=5", true },
        { "start=.20", true },            { "start=10.0.0.20", true },          { "start=10.0.0", false },
        { "scope=10.0.0.0", false },      { "util=5", false },                  { "lease=4d", false },
        { "name_protection=yes", true },  { "dynamic_updates=never", true },    { "lease_duration", false },
        { "mask=255.0.0.0", false },      { "name^=x-", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = { 0 };
        struct change_edit e;
        struct err err = { 0 };
        bool ok = change_edit_parse(&catalog_scopes, cases[i].text, &arena, &e, &err);

        if (ok != cases[i].ok)
            fail_msg("\"%s\": %s (%s)", cases[i].text, ok ? "read" : "refused", err.text);
        arena_done(&arena);
    }
}

static void a_plan_is_a_diff(void **state)
{
    struct change_plan *plan = change_plan_new();
    struct plan_totals totals;
    struct err err = { 0 };
    char text[200];

    (void)state;
    assert_true(edit(plan, "s.name = 's00' AND o.scope <= 0x0a000200", "lease_duration=8h", &err));
    expect(plan, "~ s00 10.0.0.0 net-0-0: lease_duration 1d -> 8h\n"
                 "= s00 10.0.1.0 net-0-1: lease_duration is so already: nothing to do\n"
                 "= s00 10.0.2.0 net-0-2: lease_duration is so already: nothing to do\n");
    change_plan_totals(plan, &totals);
    assert_int_equal(totals.steps, 1);
    assert_int_equal(totals.same, 2);
    assert_string_equal(change_plan_summary(plan, text, sizeof(text)),
                        "1 change on 1 target, 1 server, 1 call; 2 already so");
    assert_string_equal(plan->what, "set lease_duration=8h on 3 scopes");
    change_plan_free(plan);
}

/* A second edit of the same value amends the first; the value before takes the step out; += builds on what is planned. */
static void edits_amend(void **state)
{
    struct change_plan *plan = change_plan_new();
    struct err err = { 0 };

    (void)state;
    assert_true(edit(plan, "o.scope = 0x0a000000", "lease_duration=2d", &err));
    assert_true(edit(plan, "o.scope = 0x0a000000", "lease_duration=3d", &err));
    assert_true(edit(plan, "o.scope = 0x0a000000", "description+= (moved)", &err));
    assert_true(edit(plan, "o.scope = 0x0a000000", "description+=!", &err));
    expect(plan, "~ s00 10.0.0.0 net-0-0: lease_duration 1d -> 3d; description \"floor 0\" -> \"floor 0 (moved)!\"\n");
    assert_int_equal(plan->steps[0].call, plan->steps[1].call);
    assert_true(edit(plan, "o.scope = 0x0a000000", "lease_duration=1d", &err));
    expect(plan, "~ s00 10.0.0.0 net-0-0: description \"floor 0\" -> \"floor 0 (moved)!\"\n");
    assert_true(edit(plan, "o.scope = 0x0a000000", "description/ (moved)!//", &err));
    expect(plan, "");
    assert_string_equal(plan->what, "");
    change_plan_free(plan);
}

static void two_values_for_one_property_are_refused(void **state)
{
    struct change_targets *t = targets_where("o.scope = 0x0a000000");
    struct change_plan *plan = change_plan_new();
    struct arena arena = { 0 };
    struct change_edit e[2];
    struct err err = { 0 };

    (void)state;
    assert_true(change_edit_parse(&catalog_scopes, "delay=4", &arena, &e[0], &err));
    assert_true(change_edit_parse(&catalog_scopes, "delay=5", &arena, &e[1], &err));
    assert_false(change_plan_edit(plan, t, e, 2, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(plan->count, 0);
    change_plan_free(plan);
    change_targets_free(t);
    arena_done(&arena);
}

/* ------------------------------------------------------------------ what cannot be */
static void impossible_values_are_refused_per_target(void **state)
{
    static const struct { const char *edit, *want; } cases[] = {
        { "start=10.0.1.20", "! s00 10.0.0.0 net-0-0: start 10.0.1.20 lies outside the network 10.0.0.0-10.0.0.255\n" },
        { "end=.255", "! s00 10.0.0.0 net-0-0: end 10.0.0.255 is the network's broadcast address, no address for a client\n" },
        { "start=.0", "! s00 10.0.0.0 net-0-0: start 10.0.0.0 is the network's own number, no address for a client\n" },
        { "start=.251", "! s00 10.0.0.0 net-0-0: the range would end (10.0.0.250) before it begins (10.0.0.251)\n" },
        { "start=.15", "! s00 10.0.0.0 net-0-0: the exclusion 10.0.0.10-10.0.0.19 would be left outside the range 10.0.0.15-10.0.0.250\n" },
        { "name=", "! s00 10.0.0.0 net-0-0: a scope cannot be without a name\n" },
        { "end=.240", "~ s00 10.0.0.0 net-0-0: end 10.0.0.250 -> 10.0.0.240\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change_plan *plan = change_plan_new();
        struct err err = { 0 };

        if (!edit(plan, "o.scope = 0x0a000000", cases[i].edit, &err))
            fail_msg("%s: %s", cases[i].edit, err.text);
        expect(plan, cases[i].want);
        change_plan_free(plan);
    }
}

static void exclusions_are_rows(void **state)
{
    struct change_plan *plan = change_plan_new();

    (void)state;
    rows_edit(plan, "o.scope IN (0x0a000000, 0x0a000100)", EDIT_ROW_ADD, NULL, ".100-.109");
    expect(plan, "+ s00 10.0.0.0 net-0-0: exclusion 10.0.0.100-10.0.0.109\n"
                 "+ s00 10.0.1.0 net-0-1: exclusion 10.0.1.100-10.0.1.109\n");
    rows_edit(plan, "o.scope IN (0x0a000000, 0x0a000100)", EDIT_ROW_ADD, NULL, ".105-.120");
    assert_int_equal(plan->note_count, 2);
    assert_string_equal(plan->notes[0].why, "the exclusion 10.0.0.105-10.0.0.120 overlaps 10.0.0.100-10.0.0.109");
    rows_edit(plan, "o.scope IN (0x0a000000, 0x0a000100)", EDIT_ROW_REMOVE, ".100-.109", NULL);
    expect(plan, "");
    rows_edit(plan, "o.scope = 0x0a000000", EDIT_ROW_ADD, NULL, ".5-.9");
    expect(plan, "! s00 10.0.0.0 net-0-0: the exclusion 10.0.0.5-10.0.0.9 lies outside the range 10.0.0.10-10.0.0.250\n");
    rows_edit(plan, "o.scope IN (0x0a000000, 0x0a000100)", EDIT_ROW_REPLACE, ".10-.19", ".10-.29");
    expect(plan, "- s00 10.0.0.0 net-0-0: exclusion 10.0.0.10-10.0.0.19\n"
                 "+ s00 10.0.0.0 net-0-0: exclusion 10.0.0.10-10.0.0.29\n"
                 "= s00 10.0.1.0 net-0-1: has no such exclusion: nothing to do\n");
    assert_int_equal(plan->steps[1].rests_on, plan->steps[0].no);
    change_plan_free(plan);

    /* That one of several is so already is no note: something was done. */
    plan = change_plan_new();
    rows_edit(plan, "o.scope = 0x0a000000", EDIT_ROW_ADD, NULL, ".100-.109");
    rows_edit(plan, "o.scope = 0x0a000000", EDIT_ROW_REPLACE, "all", ".10-.19");
    expect(plan, "");
    rows_edit(plan, "o.scope = 0x0a000000", EDIT_ROW_REPLACE, "all", ".10-.19");
    expect(plan, "= s00 10.0.0.0 net-0-0: is so already: nothing to do\n");
    change_plan_free(plan);
}

/* What works no longer, what is gone, and what is much: each stops once. */
static void hard_plans_are_guarded(void **state)
{
    static const struct { const char *where, *edit, *warning; enum plan_question question; } cases[] = {
        { "o.scope = 0x0a000000", "delay=9", "", PLAN_ASK_LINE },
        { "o.scope <= 0x0a000100", "delay=9", "", PLAN_ASK_NUMBER }, /* more than one */
        { "o.scope = 0x0a000000", "state=inactive", "1 of them takes something away or out of service.", PLAN_ASK_NUMBER },
        { "o.scope <= 0x0a000100", "state=inactive", "2 of them take something away or out of service.", PLAN_ASK_NUMBER },
        { "o.scope = 0x0a000000", NULL, "1 of them takes something away or out of service.", PLAN_ASK_NUMBER },
    };
    const struct cautions none = { 0 };
    struct plan_totals totals;
    char warning[100];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change_plan *plan = change_plan_new();
        struct err err = { 0 };

        if (!cases[i].edit)
            rows_edit(plan, cases[i].where, EDIT_ROW_REMOVE, "all", NULL);
        else if (!edit(plan, cases[i].where, cases[i].edit, &err))
            fail_msg("%s: %s", cases[i].edit, err.text);
        change_plan_totals(plan, &totals);
        assert_string_equal(change_plan_warning(&totals, warning, sizeof(warning)), cases[i].warning);
        assert_int_equal(change_plan_question(plan, &totals, &none, 1), cases[i].question);
        change_plan_free(plan);
    }
}

static void set_server(size_t at, const char *property, struct value value)
{
    struct err err = { 0 };

    if (!store_server_set(store, estate.servers[at].id, catalog_property(&catalog_servers, property), value, &err))
        fail_msg("%s: %s", property, err.text);
}

/* What is set for its servers decides how a plan is confirmed, and is named. A server of the plan is enough for more, all of them are
 * needed for less. */
static void servers_are_asked_for_with_care(void **state)
{
    static const struct { const char *ask[2], *label[2], *where; enum plan_question question; const char *labels, *lines; } cases[] = {
        { { NULL, NULL }, { NULL, NULL }, "o.scope IN (0x0a000000, 0x0a010000)", PLAN_ASK_LINE, "", "" },
        { { NULL, NULL }, { NULL, NULL }, "1", PLAN_ASK_BOX, "", "" }, /* more than a few */
        { { NULL, "normal" }, { "PROD", NULL }, "o.scope IN (0x0a000000, 0x0a010000)", PLAN_ASK_BOX, " [PROD]", "PROD: s00\n" },
        { { NULL, NULL }, { "PROD", NULL }, "o.scope = 0x0a010000", PLAN_ASK_LINE, "", "" },
        { { "typed", NULL }, { NULL, NULL }, "o.scope IN (0x0a000000, 0x0a010000)", PLAN_ASK_NUMBER, "", "ask=typed: s00\n" },
        { { "typed", NULL }, { NULL, NULL }, "o.scope = 0x0a010000", PLAN_ASK_LINE, "", "" },
        { { "less", "less" }, { "lab", "PROD" }, "o.server < 3", PLAN_ASK_LINE, " [lab, PROD]", "lab: s00\nPROD: s01\n" },
        { { "less", NULL }, { NULL, NULL }, "o.server < 3", PLAN_ASK_BOX, "", "" },
        { { "less", "typed" }, { "PROD", "PROD" }, "o.server < 3", PLAN_ASK_NUMBER, " [PROD]", "PROD: s00, s01\nask=typed: s01\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change_plan *plan = change_plan_new();
        struct cautions cautions = { 0 };
        struct plan_totals totals;
        struct buf labels = { 0 }, of_targets = { 0 }, lines = { 0 };
        struct change_targets *t = targets_where(cases[i].where);
        struct err err = { 0 };

        for (size_t s = 0; s < 2; s++) {
            set_server(s, "ask", cases[i].ask[s] ? V_TEXT(cases[i].ask[s]) : V_NULL);
            set_server(s, "label", cases[i].label[s] ? V_TEXT(cases[i].label[s]) : V_NULL);
        }
        assert_true(edit(plan, cases[i].where, "delay=9", &err));
        assert_true(cautions_load(store, &cautions, &err));
        change_plan_totals(plan, &totals);
        if (change_plan_question(plan, &totals, &cautions, 50) != cases[i].question)
            fail_msg("case %zu: question %d", i, (int)change_plan_question(plan, &totals, &cautions, 50));
        change_plan_labels(plan, &cautions, &labels);
        change_targets_labels(t, &cautions, &of_targets);
        change_plan_cautions(plan, &cautions, &lines);
        assert_string_equal(labels.len ? buf_at(&labels) : "", cases[i].labels);
        assert_string_equal(of_targets.len ? buf_at(&of_targets) : "", cases[i].labels);
        assert_string_equal(lines.len ? buf_at(&lines) : "", cases[i].lines);
        /* Never less than for what takes something away. */
        totals.hard = 1;
        assert_int_equal(change_plan_question(plan, &totals, &cautions, 50), PLAN_ASK_NUMBER);
        buf_done(&labels);
        buf_done(&of_targets);
        buf_done(&lines);
        cautions_done(&cautions);
        change_targets_free(t);
        change_plan_free(plan);
    }
    for (size_t s = 0; s < 2; s++) {
        set_server(s, "ask", V_NULL);
        set_server(s, "label", V_NULL);
    }
}

static bool take_id(void *ctx, const row_id *ids, size_t count)
{
    row_id *out = ctx;

    for (size_t i = 0; i < count && out[0] < 7; i++)
        out[++out[0]] = ids[i];
    return true;
}

/* Marked exclusions are edited through their scopes, and only they. */
static void rows_named_themselves(void **state)
{
    struct list_spec spec = { .object = &catalog_exclusions, .where = "o.scope <= 0x0a000200" };
    struct change_edit e = { .how = EDIT_ROW_REPLACE, .object = &catalog_exclusions, .property = -1, .text = ".10-.15" };
    struct change_plan *plan = change_plan_new();
    struct change_targets *t = NULL;
    struct err err = { 0 };
    row_id ids[8] = { 0 };

    (void)state;
    assert_true(store_list_ids(store, &spec, take_id, ids, &err));
    assert_int_equal(ids[0], 2);
    assert_true(change_targets_load(store, &catalog_exclusions, ids + 1, 1, &t, &err));
    assert_ptr_equal(change_targets_object(t), &catalog_scopes);
    assert_true(change_plan_edit(plan, t, &e, 1, &err));
    expect(plan, "- s00 10.0.0.0 net-0-0: exclusion 10.0.0.10-10.0.0.19\n"
                 "+ s00 10.0.0.0 net-0-0: exclusion 10.0.0.10-10.0.0.15\n");
    e.text = ".10-x";
    assert_false(change_plan_edit(plan, t, &e, 1, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    change_targets_free(t);
    change_plan_free(plan);
}

/* With the exclusion gone in the same plan, the range may shrink over it. */
static void the_plan_is_seen_as_a_whole(void **state)
{
    struct change_plan *plan = change_plan_new();
    struct err err = { 0 };

    (void)state;
    rows_edit(plan, "o.scope = 0x0a000000", EDIT_ROW_REMOVE, "all", NULL);
    assert_true(edit(plan, "o.scope = 0x0a000000", "start=.50", &err));
    expect(plan, "- s00 10.0.0.0 net-0-0: exclusion 10.0.0.10-10.0.0.19\n"
                 "~ s00 10.0.0.0 net-0-0: start 10.0.0.10 -> 10.0.0.50\n");
    change_plan_free(plan);
}

/* ------------------------------------------------------------------ calls */
static void call_is(const struct change_plan *plan, int call, const char *want)
{
    struct buf out = { 0 };
    size_t first = 0, count = 0;

    while (first < plan->count && plan->steps[first].call != call)
        first++;
    while (first + count < plan->count && plan->steps[first + count].call == call)
        count++;
    change_call_show(&plan->steps[first], count, &out);
    assert_string_equal(buf_at(&out), want);
    buf_done(&out);
}

static void properties_share_calls_where_the_cmdlet_can(void **state)
{
    struct change_plan *plan = change_plan_new();
    struct err err = { 0 };

    (void)state;
    assert_true(edit(plan, "o.scope = 0x0a000100", "lease_duration=4d", &err));
    assert_true(edit(plan, "o.scope = 0x0a000100", "dynamic_updates=never", &err));
    assert_true(edit(plan, "o.scope = 0x0a000100", "start=.11", &err));
    assert_true(edit(plan, "o.scope = 0x0a000100", "end=.200", &err));
    assert_true(edit(plan, "o.scope = 0x0a000100", "name=it's new", &err));
    assert_true(edit(plan, "o.scope = 0x0a000100", "name_protection=yes", &err));
    assert_true(edit(plan, "o.scope = 0x0a000100", "state=inactive", &err));
    call_is(plan, 1, "Set-DhcpServerv4DnsSetting -ScopeId 10.0.1.0 -DynamicUpdates Never -NameProtection $true");
    call_is(plan, 2, "Set-DhcpServerv4Scope -ScopeId 10.0.1.0 -Name 'it''s new' -State InActive -LeaseDuration 4.00:00:00 "
                     "-StartRange 10.0.1.11 -EndRange 10.0.1.200");
    assert_int_equal(plan->steps[plan->count - 1].call, 2);
    change_plan_free(plan);
}

/* ------------------------------------------------------------------ the form */
static void fields_say_mixed(void **state)
{
    struct change_targets *t = targets_where("s.name = 's01'");
    struct arena arena = { 0 };
    size_t count;
    const struct change_field *fields = change_fields(t, &arena, &count);
    char text[300];

    (void)state;
    assert_int_equal(change_targets_count(t), 6);
    assert_int_equal(change_targets_servers(t), 1);
    for (size_t i = 0; i < count; i++) {
        const char *name = catalog_scopes.properties[fields[i].property].name;

        change_field_show(t, &fields[i], text, sizeof(text));
        if (strcmp(name, "lease_duration") == 0)
            assert_string_equal(text, "8h (4), 1d (2)");
        else if (strcmp(name, "delay") == 0)
            assert_string_equal(text, "0");
        else if (strcmp(name, "name") == 0)
            assert_string_equal(text, "6 different");
        else if (strcmp(name, "state") == 0)
            assert_string_equal(text, "active (5), inactive (1)");
        else if (strcmp(name, "dns_suffix") == 0)
            assert_string_equal(text, "unknown");
        else if (strcmp(name, "scope") == 0 || strcmp(name, "util") == 0)
            fail_msg("%s is no field", name);
    }
    change_targets_free(t);
    arena_done(&arena);
}

static void read_only_servers_are_left_alone(void **state)
{
    struct change_plan *plan = change_plan_new();
    int read_only = catalog_property(&catalog_servers, "read_only");
    struct err err = { 0 };

    (void)state;
    assert_true(store_server_set(store, estate.servers[2].id, read_only, V_INT(1), &err));
    assert_true(edit(plan, "o.scope = 0x0a020000", "delay=7", &err));
    expect(plan, "! s02 10.2.0.0 net-2-0: the server is set to read-only here\n");
    assert_true(store_server_set(store, estate.servers[2].id, read_only, V_NULL, &err));
    change_plan_free(plan);
}

/* ------------------------------------------------------------------ kept */
static void the_pending_plan_survives(void **state)
{
    struct change_plan *plan = change_plan_new(), *again = NULL, *other = NULL;
    struct err err = { 0 };
    char *before, *after;

    (void)state;
    assert_true(edit(plan, "s.name <> 's02'", "lease_duration=unlimited", &err));
    rows_edit(plan, "s.name = 's00'", EDIT_ROW_REPLACE, ".10-.19", ".10-.12");
    assert_true(change_pending_keep(store, plan, "test", &err));
    assert_true(change_pending_load(store, &again, &err));
    plan->note_count = 0;
    before = text_of(plan);
    after = text_of(again);
    assert_string_equal(before, after);
    assert_string_equal(plan->what, again->what);
    free(before);
    free(after);

    assert_int_equal(change_plan_drop(again, estate.servers[1].id, NULL, NULL), 6);
    assert_true(change_pending_keep(store, again, "test", &err));
    /* another process had read it before: it is told, not overruled */
    assert_false(change_pending_keep(store, plan, "test", &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_true(change_pending_load(store, &other, &err));
    assert_int_equal(other->count, again->count);
    change_plan_drop(other, 0, NULL, NULL);
    assert_true(change_pending_keep(store, other, "test", &err));
    change_plan_free(again);
    assert_true(change_pending_load(store, &again, &err));
    assert_int_equal(again->count, 0);
    change_plan_free(plan);
    change_plan_free(again);
    change_plan_free(other);
}

static void plans_are_files(void **state)
{
    struct change_plan *plan = change_plan_new(), *again = NULL;
    struct err err = { 0 };
    char path[96], *before, *after;

    (void)state;
    snprintf(path, sizeof(path), "%s/p.csv", dir);
    assert_true(edit(plan, "s.name = 's00'", "lease_duration=4d", &err));
    assert_true(edit(plan, "s.name = 's01'", "description=a \"b\", \\c\n", &err));
    assert_true(edit(plan, "s.name = 's01'", "name^=\\N", &err));
    assert_true(edit(plan, "s.name = 's01'", "dns_suffix=corp.example", &err));
    rows_edit(plan, "s.name = 's00'", EDIT_ROW_REMOVE, "all", NULL);
    assert_true(change_plan_save(plan, path, &err));
    if (!change_plan_read(store, path, &again, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < plan->count; i++)
        plan->steps[i].title = ""; /* a file has none */
    plan->note_count = 0;
    before = text_of(plan);
    after = text_of(again);
    assert_string_equal(before, after);
    free(before);
    free(after);
    change_plan_free(plan);
    change_plan_free(again);
}

static void bad_plan_files_say_where(void **state)
{
#define HEAD "action,server,object,key,property,before,after\n"
    static const struct { const char *text, *want; } cases[] = {
        { "", "line 1, column 1: expected the header action,server,object,key,property,before,after" },
        { "a,b\n", "line 1, column 1: expected the header action,server,object,key,property,before,after" },
        { HEAD "set,s00,scopes,10.0.0.0,delay,0\n", "line 2, column 1: expected seven cells: action,server,object,key,property,before,after" },
        { HEAD "\nput,s00,scopes,10.0.0.0,delay,0,5\n", "line 3, column 1: \"put\" is no action; expected set, add or remove" },
        { HEAD "set,s99,scopes,10.0.0.0,delay,0,5\n", "line 2, column 5: there is no server \"s99\"" },
        { HEAD "set,s00,scops,10.0.0.0,delay,0,5\n", "line 2, column 9: there are no \"scops\"" },
        { HEAD "set,s00,scopes,10.0.0,delay,0,5\n", NULL },
        { HEAD "set,s00,scopes,10.0.0.0,util,0,5\n", "line 2, column 25: \"util\" is no property that can be changed" },
        { HEAD "set,s00,scopes,10.0.0.0,delay,0,\\N\n", "line 2, column 33: delay needs a value after" },
        { HEAD "set,s00,scopes,10.0.0.0,lease_duration,1d,0s\n", NULL },
        { HEAD "set,s00,scopes,10.0.0.0,delay,0,5\nset,s00,scopes,10.0.0.0,delay,0,6\n", "line 3, column 16: the same value is set twice" },
        { HEAD "set,s00,scopes,\"10.0.0.0,delay,0,5\n", "line 2, column 16: this quote is never closed" },
        { HEAD "\"set\",s00,\"scopes\",\"\n\",delay,0,5\n", "line 2, column 20: " },
        { HEAD "set,s00,scopes,10.0.0.0,\"a\nb\",0,5\n", "line 2, column 25: " },
        { "\xff\xfe" "a\n", "line 1, column 1: expected UTF-8, but this is UTF-16: save it as \"CSV UTF-8\"" },
        { HEAD "set,\xc3\xa9\xc3\xa9,scops,10.0.0.0,delay,0,5\n", "line 2, column 8: there are no \"scops\"" },
        { HEAD "set,s00,scopes,10.0.0.0,delay,0,5,7\n", "line 2, column 35: too many cells; expected: action,server,object,key,property,before,after" },
        { HEAD "add,s00,scopes,10.0.0.0,,,\n", "line 2, column 1: scopes cannot be added or removed by a plan" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change_plan *plan = NULL;
        struct err err = { 0 };
        char path[96];
        FILE *file;

        snprintf(path, sizeof(path), "%s/bad.csv", dir);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(cases[i].text, file);
        fclose(file);
        if (change_plan_read(store, path, &plan, &err))
            fail_msg("case %zu was read", i);
        assert_int_equal(err.kind, ERR_INPUT);
        if (cases[i].want != NULL)
            assert_memory_equal(err.text, cases[i].want, strlen(cases[i].want));
        else
            assert_memory_equal(err.text, "line 2, column ", 15);
    }
}

/* What a file says is checked against what is there, as an edit is. */
static void plan_files_are_checked(void **state)
{
    struct change_plan *plan = NULL;
    struct err err = { 0 };
    char path[96];
    FILE *file;

    (void)state;
    snprintf(path, sizeof(path), "%s/check.csv", dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(HEAD "set,s00,scopes,10.0.0.0,end,10.0.0.250,10.0.7.1\nset,s00,scopes,10.0.1.0,delay,0,5\n"
               "add,s00,exclusions,10.0.2.0 10.0.2.15 10.0.2.16,,,\nset,s00,scopes,10.9.9.0,delay,0,5\n", file);
    fclose(file);
    if (!change_plan_read(store, path, &plan, &err))
        fail_msg("%s", err.text);
    expect(plan, "~ s00 10.0.1.0: delay 0 -> 5\n"
                 "~ s00 10.9.9.0: delay 0 -> 5\n"
                 "! s00 10.0.0.0 net-0-0: end 10.0.7.1 lies outside the network 10.0.0.0-10.0.0.255\n"
                 "! s00 10.0.2.0 net-0-2: the exclusion 10.0.2.15-10.0.2.16 overlaps 10.0.2.10-10.0.2.19\n");
    change_plan_free(plan);
}

static void lines_fold(void **state)
{
    struct change_plan *plan = change_plan_new();
    struct arena arena = { 0 };
    struct plan_text text;
    struct err err = { 0 };
    const struct plan_line *lines;
    size_t count;
    bool all_folded(void *ctx, server_id server);

    (void)state;
    assert_true(edit(plan, "", "delay=9", &err));
    lines = change_plan_lines(plan, NULL, NULL, &arena, &count);
    assert_int_equal(count, 3 + 18);
    change_plan_text(plan, &lines[7], &arena, &text);
    assert_int_equal(text.mark, '>');
    assert_string_equal(text.server, "s01");
    assert_string_equal(text.what, "6 targets");
    lines = change_plan_lines(plan, all_folded, NULL, &arena, &count);
    assert_int_equal(count, 3);
    assert_int_equal(lines[1].count, 6);
    change_plan_free(plan);
    plan = change_plan_new();
    rows_edit(plan, "o.scope = 0x0a000000", EDIT_ROW_REPLACE, ".10-.19", ".10-.29");
    lines = change_plan_lines(plan, NULL, NULL, &arena, &count);
    assert_int_equal(count, 1 + 2); /* one target, on two lines */
    change_plan_text(plan, &lines[0], &arena, &text);
    assert_string_equal(text.what, "1 target");
    change_plan_free(plan);
    arena_done(&arena);
}

bool all_folded(void *ctx, server_id server);
bool all_folded(void *ctx, server_id server)
{
    (void)ctx;
    return server != 0;
}

/* Exclusions lie below IPv4 scopes, not also below IPv6 ones, whose key has the same name. */
static void children_of_a_type(void **state)
{
    const struct object_type *types[4];
    (void)state;

    assert_int_equal(change_child_types(&catalog_scopes, types, COUNT(types)), 1);
    assert_ptr_equal(types[0], &catalog_exclusions);
    assert_int_equal(change_child_types(&catalog_scopes6, types, COUNT(types)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_read),
        cmocka_unit_test(a_plan_is_a_diff),
        cmocka_unit_test(edits_amend),
        cmocka_unit_test(two_values_for_one_property_are_refused),
        cmocka_unit_test(impossible_values_are_refused_per_target),
        cmocka_unit_test(exclusions_are_rows),
        cmocka_unit_test(hard_plans_are_guarded),
        cmocka_unit_test(servers_are_asked_for_with_care),
        cmocka_unit_test(rows_named_themselves),
        cmocka_unit_test(the_plan_is_seen_as_a_whole),
        cmocka_unit_test(properties_share_calls_where_the_cmdlet_can),
        cmocka_unit_test(fields_say_mixed),
        cmocka_unit_test(read_only_servers_are_left_alone),
        cmocka_unit_test(the_pending_plan_survives),
        cmocka_unit_test(plans_are_files),
        cmocka_unit_test(bad_plan_files_say_where),
        cmocka_unit_test(plan_files_are_checked),
        cmocka_unit_test(lines_fold), cmocka_unit_test(children_of_a_type),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
