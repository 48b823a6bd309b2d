/* How a server is reached, as one text: kept while it is the same, another one when anything of it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/host.h"
#include "ipamtui/mem.h"

static char *way_of(const struct row *row)
{
    static const struct host_defaults defaults = { .user = "admin", .jump = "", .powershell = "powershell.exe -s" };
    struct transport_target target;
    struct host_options options = { 0 };
    struct err err = { 0 };

    assert_true(host_target(row, &defaults, &target, &options, &err));
    return host_way(&target, &options);
}

static void another_way_is_another_text(void **state)
{
    static const struct { const char *property; struct value v; } rows[] = {
        { "dialect", { .type = VALUE_TEXT, .s = "plain" } }, { "address", { .type = VALUE_TEXT, .s = "elsewhere" } },
        { "user", { .type = VALUE_TEXT, .s = "somebody" } }, { "port", { .type = VALUE_INT, .i = 2222 } },
        { "jump", { .type = VALUE_TEXT, .s = "bastion" } },  { "powershell", { .type = VALUE_TEXT, .s = "pwsh -s" } },
        { "transport", { .type = VALUE_TEXT, .s = "openssh" } },
    };
    struct row row = { .id = 1, .values = x_calloc(catalog_servers.property_count, sizeof(struct value)) };

    (void)state;
    row.values[catalog_property(&catalog_servers, "server")] = V_TEXT("lon-1");
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *before = way_of(&row), *same = way_of(&row), *after;

        assert_string_equal(before, same);
        row.values[catalog_property(&catalog_servers, rows[i].property)] = rows[i].v;
        after = way_of(&row);
        if (strcmp(before, after) == 0)
            fail_msg("there is another %s, and the way is the same", rows[i].property);
        free(before);
        free(same);
        free(after);
    }
    free(row.values);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(another_way_is_another_text) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
