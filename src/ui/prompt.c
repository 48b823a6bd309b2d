/* prompt.c - a line typed on the message row, with completion above it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/text.h"
#include "screen.h"

#define POPUP_ROWS 10

struct prompt {
    struct overlay overlay;
    const struct prompt_ops *ops;
    char *label;
    void *ctx;
    struct edit edit;
    struct word_list words;
    size_t from;    /* where the word being completed begins */
    int chosen;     /* of words; -1 = none */
    bool completing; /* after Tab */
    char error[256];
    size_t error_at;
};

/* ------------------------------------------------------------------ words */

void word_list_add(struct word_list *list, const char *word, const char *help, const char *key, int score)
{
    x_grow(&list->rows, &list->cap, list->count + 1, sizeof *list->rows);
    list->rows[list->count++] = (struct word){
        .word = x_strdup(word), .help = x_strdup(help ? help : ""), .key = x_strdup(key ? key : ""), .score = score
    };
}

void word_list_sort(struct word_list *list)
{
    for (size_t i = 1; i < list->count; i++) { /* insertion: short lists, and equal scores keep their order */
        struct word w = list->rows[i];
        size_t at = i;

        for (; at > 0 && list->rows[at - 1].score < w.score; at--)
            list->rows[at] = list->rows[at - 1];
        list->rows[at] = w;
    }
}

void word_list_done(struct word_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->rows[i].word);
        free(list->rows[i].help);
        free(list->rows[i].key);
    }
    free(list->rows);
    *list = (struct word_list){ 0 };
}

/* ------------------------------------------------------------------ completion */

static void find_words(struct ui *ui, struct prompt *prompt)
{
    word_list_done(&prompt->words);
    prompt->chosen = -1;
    prompt->from = prompt->edit.at;
    if (prompt->ops->complete)
        prompt->ops->complete(ui, edit_text(&prompt->edit), prompt->edit.at, &prompt->from, &prompt->words, prompt->ctx);
}

/* Bytes that all words have in common. */
static size_t common_prefix(const struct word_list *words)
{
    size_t len = words->count ? strlen(words->rows[0].word) : 0;

    for (size_t i = 1; i < words->count; i++) {
        size_t same = 0;

        while (same < len && words->rows[i].word[same] == words->rows[0].word[same])
            same++;
        len = same;
    }
    return len;
}

static void changed(struct ui *ui, struct prompt *prompt)
{
    prompt->error[0] = '\0';
    if (prompt->ops->changed)
        prompt->ops->changed(ui, edit_text(&prompt->edit), prompt->ctx);
}

static void choose(struct ui *ui, struct prompt *prompt, int step)
{
    int count = (int)prompt->words.count;

    prompt->chosen = prompt->chosen < 0 ? (step > 0 ? 0 : count - 1) : (prompt->chosen + step + count) % count;
    edit_replace(&prompt->edit, prompt->from, prompt->words.rows[prompt->chosen].word);
    changed(ui, prompt);
}

static void tab(struct ui *ui, struct prompt *prompt, int step)
{
    const char *typed;
    size_t typed_len, common;

    if (!prompt->completing || prompt->words.count == 0)
        find_words(ui, prompt);
    prompt->completing = true;
    if (prompt->words.count == 0)
        return;
    typed = edit_text(&prompt->edit) + prompt->from;
    typed_len = prompt->edit.at - prompt->from;
    common = common_prefix(&prompt->words);
    if (prompt->chosen < 0 && common > typed_len &&
        strncmp(prompt->words.rows[0].word, typed, typed_len) == 0) {
        char *word = x_strndup(prompt->words.rows[0].word, common);

        edit_replace(&prompt->edit, prompt->from, word);
        free(word);
        if (prompt->words.count == 1) {
            prompt->completing = false;
            if (prompt->edit.at == prompt->edit.text.len && edit_text(&prompt->edit)[prompt->edit.at - 1] != '/' &&
                edit_text(&prompt->edit)[prompt->edit.at - 1] != ':')
                edit_insert(&prompt->edit, " ", 1);
            find_words(ui, prompt);
        }
        changed(ui, prompt);
        return;
    }
    choose(ui, prompt, step);
}

/* ------------------------------------------------------------------ keys */

static void cancel(struct ui *ui, struct prompt *prompt)
{
    if (prompt->ops->cancel)
        prompt->ops->cancel(ui, prompt->ctx);
    ui_drop(ui, &prompt->overlay);
}

static void accept(struct ui *ui, struct prompt *prompt)
{
    /* The command that runs may open overlays of its own; so the prompt goes first. */
    char *text = x_strdup(edit_text(&prompt->edit));
    const struct prompt_ops *ops = prompt->ops;
    struct edit_history *history = (struct edit_history *)prompt->edit.history;
    void *ctx = prompt->ctx;

    if (prompt->error[0]) {
        free(text);
        return;
    }
    if (history)
        edit_history_add(history, text);
    ui_drop(ui, &prompt->overlay);
    ops->accept(ui, text, ctx); /* what fails is said on the message line; Up brings the line back */
    free(text);
}

static void prompt_key(struct ui *ui, struct overlay *overlay, int key)
{
    struct prompt *prompt = (struct prompt *)overlay;

    switch (key) {
    case K_ESC:
        if (prompt->completing && prompt->words.count > 0 && !prompt->ops->popup) {
            word_list_done(&prompt->words);
            prompt->completing = false;
            return;
        }
        cancel(ui, prompt);
        return;
    case K_CTRL('c'):
    case K_CTRL('g'): cancel(ui, prompt); return;
    case K_ENTER:
    case '\n': accept(ui, prompt); return;
    case K_TAB: tab(ui, prompt, 1); return;
    case K_BACKTAB: tab(ui, prompt, -1); return;
    case K_PASTE:
        edit_insert(&prompt->edit, screen_paste(), strlen(screen_paste()));
        break;
    case K_BACKSPACE:
        if (prompt->edit.text.len == 0) {
            cancel(ui, prompt);
            return;
        }
        /* fall through */
    default:
        if (edit_key(&prompt->edit, key) != EDIT_CHANGED)
            return;
    }
    prompt->completing = false;
    if (prompt->ops->popup)
        find_words(ui, prompt);
    else
        word_list_done(&prompt->words);
    changed(ui, prompt);
}

/* ------------------------------------------------------------------ drawing */

static void draw_popup(struct prompt *prompt, struct rect r)
{
    int rows = MIN((int)prompt->words.count, POPUP_ROWS), word_w = 0, key_w = 0;
    int top = prompt->chosen >= rows ? prompt->chosen - rows + 1 : 0;

    rows = MIN(rows, r.y - 2);
    for (size_t i = 0; i < prompt->words.count; i++) {
        word_w = MAX(word_w, text_width(prompt->words.rows[i].word));
        key_w = MAX(key_w, text_width(prompt->words.rows[i].key));
    }
    word_w = MIN(word_w, r.w / 2);
    for (int i = 0; i < rows; i++) {
        const struct word *w = &prompt->words.rows[top + i];
        int y = r.y - rows + i;
        enum look look = top + i == prompt->chosen ? LOOK_CURSOR : LOOK_NORMAL;

        screen_put(y, 0, r.w, look, "");
        screen_put(y, 1, word_w, look == LOOK_NORMAL ? LOOK_KEY : look, w->word);
        screen_put(y, word_w + 3, key_w, look, w->key);
        screen_put(y, word_w + 3 + (key_w ? key_w + 2 : 0), r.w - word_w - 3 - (key_w ? key_w + 2 : 0),
                   look == LOOK_NORMAL ? LOOK_DIM : look, w->help);
    }
    if (rows > 0)
        screen_rule(r.y - rows - 1, 0, r.w);
}

static void prompt_draw(struct ui *ui, struct overlay *overlay)
{
    struct prompt *prompt = (struct prompt *)overlay;
    struct rect r = ui->layout.message;
    int label_w = text_width(prompt->label), cursor, skip = 0, room;
    char *before = x_strndup(edit_text(&prompt->edit), prompt->edit.at);
    const char *text = edit_text(&prompt->edit);

    /* A line longer than the screen shows the part around the cursor. */
    room = r.w - label_w - 1;
    cursor = text_width(before);
    while (cursor > room && text[0]) {
        const char *next = text;

        int w = text_rune_width(text_next(&next, text + strlen(text)));

        cursor -= w;
        skip += w;
        text = next;
    }
    screen_put(r.y, 0, r.w, LOOK_NORMAL, "");
    screen_text(r.y, 0, r.w, LOOK_KEY, prompt->label);
    screen_text(r.y, label_w, room + 1, LOOK_NORMAL, text);
    if (prompt->words.count > 0 && (prompt->ops->popup || prompt->completing)) {
        struct rect above = r;

        if (prompt->error[0])
            above.y--;
        draw_popup(prompt, above);
    }
    if (prompt->error[0]) {
        char *upto = x_strndup(edit_text(&prompt->edit), MIN(prompt->error_at, prompt->edit.text.len));
        int at = MAX(0, label_w + text_width(upto) - skip);
        int w = text_width(prompt->error) + 2;
        char line[300];

        /* The sign stands over its character; the words go where there is room for them. */
        screen_put(r.y - 1, 0, r.w, LOOK_NORMAL, "");
        snprintf(line, sizeof line, at + w < r.w ? "%s %s" : "%s", screen_ascii() ? "v" : "▼", prompt->error);
        screen_text(r.y - 1, MIN(at, r.w - 1), r.w - at, LOOK_ERROR, line);
        if (at + w >= r.w)
            screen_text(r.y - 1, MAX(0, at - w), at, LOOK_ERROR, prompt->error);
        free(upto);
    }
    screen_cursor(r.y, MIN(label_w + cursor, r.w - 1));
    free(before);
}

static void prompt_done(struct ui *ui, struct overlay *overlay)
{
    struct prompt *prompt = (struct prompt *)overlay;

    (void)ui;
    edit_done(&prompt->edit);
    word_list_done(&prompt->words);
    free(prompt->label);
    free(prompt);
}

static const struct overlay_ops prompt_overlay = { .draw = prompt_draw, .key = prompt_key, .done = prompt_done };

void ui_prompt(struct ui *ui, const struct prompt_ops *ops, const char *label, const char *text, struct edit_history *history,
               void *ctx)
{
    struct prompt *prompt = x_alloc(sizeof *prompt);

    prompt->overlay.ops = &prompt_overlay;
    prompt->ops = ops;
    prompt->label = x_strdup(label ? label : ops->label);
    prompt->ctx = ctx;
    prompt->chosen = -1;
    edit_init(&prompt->edit, text, false, history);
    ui->message[0] = '\0';
    ui_push(ui, &prompt->overlay);
    if (ops->popup)
        find_words(ui, prompt);
}

void ui_prompt_error(struct ui *ui, const char *text, size_t at)
{
    struct prompt *prompt = (struct prompt *)ui->overlay;

    if (!prompt || prompt->overlay.ops != &prompt_overlay)
        return;
    snprintf(prompt->error, sizeof prompt->error, "%s", text ? text : "");
    prompt->error_at = at;
}
