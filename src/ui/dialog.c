/* dialog.c - a question that must be answered: text, lines to type, buttons. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/text.h"
#include "screen.h"

#define FIELDS_MAX 4
#define BUTTONS_MAX 4

struct dialog {
    struct overlay overlay;
    char *title, *text;
    char *buttons[BUTTONS_MAX];
    int button_count;
    char *labels[FIELDS_MAX];
    bool echo[FIELDS_MAX];
    struct edit fields[FIELDS_MAX];
    int field_count, focus; /* fields first, then buttons */
    dialog_fn *fn;
    void *ctx;
};

/* Where a line of text may be broken: at most `cells`, at a blank when there is one. */
static size_t line_len(const char *text, int cells)
{
    size_t newline = strcspn(text, "\n");

    return MIN(newline, ui_wrap(text, cells));
}

/* Draws (y >= 0) as many lines of text as there is room for, or only counts them all. */
static int draw_text(const char *text, int y, int x, int w, int room)
{
    int lines = 0;

    while (*text) {
        size_t len = line_len(text, w);
        char *line = x_strndup(text, len);

        if (y >= 0 && lines < room)
            screen_text(y + lines, x, w, LOOK_NORMAL, line);
        free(line);
        lines++;
        text += len;
        if (*text == ' ' || *text == '\n')
            text++;
    }
    return lines;
}

static void draw_field(const struct dialog *dialog, int i, int y, int x, int w)
{
    int label_w = text_width(dialog->labels[i]);
    const char *typed = edit_text(&dialog->fields[i]);
    char *shown = x_strdup(typed);

    if (!dialog->echo[i])
        memset(shown, '*', strlen(shown));
    screen_text(y, x, w, LOOK_NORMAL, dialog->labels[i]);
    screen_put(y, x + label_w + 1, w - label_w - 1, dialog->focus == i ? LOOK_MATCH : LOOK_NORMAL, "");
    screen_text(y, x + label_w + 1, w - label_w - 1, LOOK_NORMAL, shown);
    if (dialog->focus == i)
        screen_cursor(y, MIN(x + label_w + 1 + text_width(shown), x + w - 1));
    x_wipe(shown, strlen(shown));
    free(shown);
}

static void dialog_draw(struct ui *ui, struct overlay *overlay)
{
    struct dialog *dialog = (struct dialog *)overlay;
    int w, h, lines, at;
    struct rect r;

    (void)ui;
    screen_size(&w, &h);
    r.w = MIN(w - 4, 72);
    lines = draw_text(dialog->text, -1, 0, r.w - 4, 0);
    r.h = MIN(h, lines + dialog->field_count + 4);
    lines = MAX(MIN(lines, r.h - dialog->field_count - 4), 0); /* what is typed and the buttons have room in any case */
    r.y = MAX(0, (h - r.h) / 2);
    r.x = (w - r.w) / 2;
    screen_box(r, dialog->title);
    draw_text(dialog->text, r.y + 1, r.x + 2, r.w - 4, lines);
    for (int i = 0; i < dialog->field_count; i++)
        draw_field(dialog, i, r.y + 1 + lines + i, r.x + 2, r.w - 4);
    at = r.x + 2;
    for (int i = 0; i < dialog->button_count; i++) {
        char text[80];
        bool focused = dialog->focus == dialog->field_count + i;

        snprintf(text, sizeof text, "[ %s ]", dialog->buttons[i]);
        screen_text(r.y + r.h - 2, at, r.x + r.w - at - 1, focused ? LOOK_CURSOR : LOOK_KEY, text);
        if (focused)
            screen_cursor(r.y + r.h - 2, at + 2);
        at += text_width(text) + 2;
    }
}

static void finish(struct ui *ui, struct dialog *dialog, int button)
{
    const char *answers[FIELDS_MAX + 1] = { 0 };
    dialog_fn *fn = dialog->fn;
    void *ctx = dialog->ctx;

    for (int i = 0; i < dialog->field_count; i++)
        answers[i] = edit_text(&dialog->fields[i]);
    dialog->fn = NULL;
    if (fn)
        fn(ui, button, answers, ctx);
    ui_drop(ui, &dialog->overlay);
}

static void dialog_key(struct ui *ui, struct overlay *overlay, int key)
{
    struct dialog *dialog = (struct dialog *)overlay;
    int stops = dialog->field_count + dialog->button_count;
    bool field = dialog->focus < dialog->field_count;

    if (key == K_ESC || key == K_CTRL('c') || key == K_CTRL('g')) {
        finish(ui, dialog, -1);
    } else if (key == K_TAB || key == K_DOWN || (!field && key == K_RIGHT)) {
        dialog->focus = (dialog->focus + 1) % stops;
    } else if (key == K_BACKTAB || key == K_UP || (!field && key == K_LEFT)) {
        dialog->focus = (dialog->focus + stops - 1) % stops;
    } else if (key == K_ENTER || key == '\n') {
        if (field && dialog->focus + 1 < dialog->field_count)
            dialog->focus++;
        else
            finish(ui, dialog, field ? 0 : dialog->focus - dialog->field_count);
    } else if (field) {
        if (key == K_PASTE)
            edit_insert(&dialog->fields[dialog->focus], screen_paste(), strlen(screen_paste()));
        else
            edit_key(&dialog->fields[dialog->focus], key);
    } else {
        /* A button by its first letter. */
        for (int i = 0; i < dialog->button_count && key < 0x80; i++) {
            char c = dialog->buttons[i][0];

            if (key == c || (key ^ 0x20) == c) {
                finish(ui, dialog, i);
                return;
            }
        }
    }
}

static void dialog_done(struct ui *ui, struct overlay *overlay)
{
    struct dialog *dialog = (struct dialog *)overlay;

    (void)ui;
    for (int i = 0; i < dialog->field_count; i++) {
        free(dialog->labels[i]);
        edit_done(&dialog->fields[i]);
    }
    for (int i = 0; i < dialog->button_count; i++)
        free(dialog->buttons[i]);
    free(dialog->title);
    free(dialog->text);
    free(dialog);
}

static const struct overlay_ops dialog_overlay = {
    .draw = dialog_draw, .key = dialog_key, .done = dialog_done, .guarded = true
};

struct overlay *ui_dialog(struct ui *ui, const char *title, const char *text, const char *const *buttons, int button_count,
                          int focus, const struct dialog_field *fields, int field_count, dialog_fn *fn, void *ctx)
{
    struct dialog *dialog = x_alloc(sizeof *dialog);

    dialog->overlay.ops = &dialog_overlay;
    dialog->title = x_strdup(title);
    dialog->text = x_strdup(text);
    dialog->button_count = MIN(button_count, BUTTONS_MAX);
    for (int i = 0; i < dialog->button_count; i++)
        dialog->buttons[i] = x_strdup(buttons[i]);
    dialog->field_count = MIN(field_count, FIELDS_MAX);
    for (int i = 0; i < dialog->field_count; i++) {
        dialog->labels[i] = x_strdup(fields[i].label);
        dialog->echo[i] = fields[i].echo;
        edit_init(&dialog->fields[i], "", !fields[i].echo, NULL);
    }
    dialog->focus = dialog->field_count > 0 ? 0 : focus;
    dialog->fn = fn;
    dialog->ctx = ctx;
    ui_push(ui, &dialog->overlay);
    return &dialog->overlay;
}
