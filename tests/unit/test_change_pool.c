/* Hosts that changes are sent over: kept while a server is reached the same way, made anew when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipamtui/change.h"
#include "ipamtui/host.h"
#include "store_test.h"

static void on_done(void *ctx, enum ps_end end, const struct ps_error *why)
{
    (void)ctx;
    (void)end;
    (void)why;
}

/* A host is there if it can say what went wrong with it. */
static bool has_host(const struct change_wire *wire, server_id server)
{
    return wire->error(wire->ctx, server) != NULL;
}

static void another_way_is_another_host(void **state)
{
    static const struct { const char *property; struct value v; } rows[] = {
        { "dialect", { .type = VALUE_TEXT, .s = "plain" } }, { "address", { .type = VALUE_TEXT, .s = "elsewhere" } },
        { "user", { .type = VALUE_TEXT, .s = "somebody" } }, { "port", { .type = VALUE_INT, .i = 2222 } },
        { "command", { .type = VALUE_TEXT, .s = "false" } },
    };
    static const struct ps_command date = { .name = "Get-Date" };
    static const struct ps_call call = { .commands = &date, .command_count = 1 };
    static const struct ps_call_events events = { .done = on_done };
    struct options options;
    struct store *store;
    server_id server;
    (void)state;

    options_init(&options);
    OK(store_open(store_test_path("pool.db"), STORE_WRITE, &store, E));
    OK(add_server(store, "lon-1", &server));
    OK(store_server_set(store, server, at(&catalog_servers, "transport"), V_TEXT("command"), E));
    OK(store_server_set(store, server, at(&catalog_servers, "command"), V_TEXT("cat"), E));
    struct loop *loop = loop_new();
    struct transport_hub *hub = transport_hub_new(loop, NULL);
    struct change_pool *pool = change_pool_new(loop, hub, store, &options, NULL, NULL);
    struct change_wire wire = change_pool_wire(pool);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(wire.invoke(wire.ctx, server, &call, 1000, &events, NULL) != 0);
        change_pool_refresh(pool);
        assert_true(has_host(&wire, server));
        OK(store_server_set(store, server, at(&catalog_servers, rows[i].property), rows[i].v, E));
        change_pool_refresh(pool);
        if (has_host(&wire, server))
            fail_msg("the host is kept although there is another %s", rows[i].property);
    }
    change_pool_free(pool);
    loop_turn(loop, 0);
    transport_hub_free(hub);
    loop_free(loop);
    store_close(store);
    options_done(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_way_is_another_host),
    };
    return cmocka_run_group_tests(tests, store_test_setup, store_test_teardown);
}
