/* Where things go on screens of several sizes, written out as they look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ipamtui/mem.h"
#include "ui/layout.h"

#define W_MAX 200
#define H_MAX 60

static void fill(char cells[H_MAX][W_MAX + 2], struct rect r, char c)
{
    for (int y = r.y; y < r.y + r.h; y++)
        memset(cells[y] + r.x, c, (size_t)r.w);
}

/* One letter a cell: b bar, t title, h head, l list, | rule, p preview, s strip, m message, f footer. */
static char *picture(int w, int h, const struct layout_wish *wish)
{
    static char cells[H_MAX][W_MAX + 2];
    static char lines[H_MAX * 40];
    struct layout l = layout(w, h, wish);
    size_t used = 0;

    memset(cells, ' ', sizeof cells);
    fill(cells, l.bar, 'b');
    fill(cells, l.title, 't');
    fill(cells, l.head, 'h');
    fill(cells, l.list, 'l');
    fill(cells, l.rule, '|');
    fill(cells, l.preview, 'p');
    fill(cells, l.strip, 's');
    fill(cells, l.message, 'm');
    fill(cells, l.footer, 'f');
    for (int y = 0; y < h; y++) {
        /* Runs instead of cells: "l80" or "l100 |1 p49". */
        int x = 0;

        while (x < w) {
            int from = x;

            while (x < w && cells[y][x] == cells[y][from])
                x++;
            used += (size_t)snprintf(lines + used, sizeof lines - used, "%s%c%d", from ? " " : "", cells[y][from], x - from);
        }
        used += (size_t)snprintf(lines + used, sizeof lines - used, "\n");
    }
    return lines;
}

static void is(int w, int h, struct layout_wish wish, const char *want)
{
    assert_string_equal(picture(w, h, &wish), want);
}

static void small_screen(void **state)
{
    (void)state;
    is(80, 24, (struct layout_wish){ .preview = PREVIEW_NORMAL, .footer = true },
       "b80\nt80\nh80\n"
       "l80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\n"
       "|80\np80\np80\np80\np80\np80\np80\n"
       "s80\nm80\nf80\n");
    is(80, 24, (struct layout_wish){ .preview = PREVIEW_OFF, .footer = false },
       "b80\nt80\nh80\n"
       "l80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\nl80\n"
       "s80\nm80\n");
    is(60, 12, (struct layout_wish){ .preview = PREVIEW_NORMAL, .footer = true },
       "b60\nt60\nh60\nl60\nl60\nl60\n|60\np60\np60\ns60\nm60\nf60\n");
}

static void zoomed(void **state)
{
    (void)state;
    is(80, 14, (struct layout_wish){ .preview = PREVIEW_NORMAL, .zoom = true, .footer = true },
       "b80\nt80\n|80\np80\np80\np80\np80\np80\np80\np80\np80\ns80\nm80\nf80\n");
}

static void wide_screen(void **state)
{
    (void)state;
    is(160, 12, (struct layout_wish){ .preview = PREVIEW_NORMAL, .footer = true },
       "b160\nt160\n"
       "h104 |1  1 p54\n"
       "l104 |1  1 p54\nl104 |1  1 p54\nl104 |1  1 p54\nl104 |1  1 p54\nl104 |1  1 p54\nl104 |1  1 p54\n"
       "s160\nm160\nf160\n");
    /* Nothing side by side for those who hear the screen. */
    is(160, 12, (struct layout_wish){ .preview = PREVIEW_NORMAL, .no_split = true, .footer = true },
       "b160\nt160\nh160\nl160\nl160\nl160\n|160\np160\np160\ns160\nm160\nf160\n");
}

/* Every size: no two parts overlap, nothing lies outside, the list has a row. */
static void any_size(void **state)
{
    (void)state;
    for (int w = 1; w <= W_MAX; w++) {
        for (int h = 1; h <= H_MAX; h++) {
            for (int mode = 0; mode < 12; mode++) {
                struct layout_wish wish = { .preview = (enum preview_mode)(mode % 3), .footer = mode & 4, .percent = mode > 7 ? 80 : 0 };
                struct layout l = layout(w, h, &wish);
                const struct rect parts[] = { l.bar, l.title, l.head, l.list, l.rule, l.preview, l.strip, l.message, l.footer };

                assert_int_equal(l.too_small, w < LAYOUT_MIN_W || h < LAYOUT_MIN_H);
                if (l.too_small)
                    continue;
                assert_true(l.list.h >= 1 && l.list.w >= 40);
                for (size_t i = 0; i < COUNT(parts); i++) {
                    const struct rect a = parts[i];

                    if (a.h == 0)
                        continue;
                    assert_true(a.y >= 0 && a.x >= 0 && a.h > 0 && a.w > 0 && a.y + a.h <= h && a.x + a.w <= w);
                    for (size_t j = i + 1; j < COUNT(parts); j++) {
                        const struct rect b = parts[j];
                        bool apart = b.h == 0 || a.y + a.h <= b.y || b.y + b.h <= a.y || a.x + a.w <= b.x || b.x + b.w <= a.x;

                        if (!apart)
                            fail_msg("%dx%d: parts %zu and %zu overlap", w, h, i, j);
                    }
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_screen),
        cmocka_unit_test(zoomed),
        cmocka_unit_test(wide_screen),
        cmocka_unit_test(any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
