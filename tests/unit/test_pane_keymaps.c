/* Every keymap that is shipped loads against the real commands and panes, and keeps the rules that fingers rely on. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/config.h"
#include "ipamtui/mem.h"
#include "ipamtui/panes.h"
#include "ipamtui/ui.h"

static bool is_function_key(const char *keys)
{
    return keys[0] == 'f' && keys[1] >= '1' && keys[1] <= '9';
}

static void load(const char *path, struct keymap *map)
{
    struct err err = { 0 };
    if (!keymap_load(path, ui_knows_command, (void *)panes_all, map, &err))
        fail_msg("%s: %s", err.where, err.text);
}

static void all_load(void **state)
{
    (void)state;
    glob_t found;
    const char *source = getenv("SOURCE");
    setenv("IPAMTUI_DATA_DIR", source ? source : ".", 0); /* where extends = "default" is looked for */
    char *pattern = x_asprintf("%s/keymaps/*.conf", source ? source : ".");
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct keymap map = { 0 };
        load(found.gl_pathv[i], &map);
        assert_true(map.count > 0);
        keymap_done(&map);
    }
    globfree(&found);
    free(pattern);
}

static bool has_other_key(const struct keymap *map, const struct binding *b)
{
    for (size_t i = 0; i < map->count; i++)
        if (!is_function_key(map->rows[i].keys) && !strcmp(map->rows[i].run, b->run) &&
            (!strcmp(map->rows[i].pane, b->pane) || !strcmp(map->rows[i].pane, "global")))
            return true;
    return false;
}

/* tmux, screen and the line discipline have these; on many terminals some are Tab, Enter, Backspace or Escape. */
static void default_leaves_keys_alone(void **state)
{
    static const char *const taken[] = { "C-a", "C-b", "C-s", "C-q", "C-h", "C-i", "C-m", "C-[", "C-\\" };
    (void)state;
    const char *source = getenv("SOURCE");
    char *path = x_asprintf("%s/keymaps/default.conf", source ? source : ".");
    struct keymap map = { 0 };
    load(path, &map);
    for (size_t i = 0; i < map.count; i++) {
        const struct binding *b = &map.rows[i];
        for (size_t j = 0; j < COUNT(taken); j++)
            if (strstr(b->keys, taken[j]))
                fail_msg("line %d: %s is not ours", b->line, taken[j]);
        if (is_function_key(b->keys) && !has_other_key(&map, b))
            fail_msg("line %d: %s is only on %s; a function key needs a second way", b->line, b->run, b->keys);
    }
    keymap_done(&map);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_load),
        cmocka_unit_test(default_leaves_keys_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
