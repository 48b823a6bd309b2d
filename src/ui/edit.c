#include "edit.h"

#include <stdlib.h>
#include <string.h>

#include "ipamtui/text.h"
#include "key.h"

#define HISTORY_MAX 200
#define LINE_MAX 4096

void edit_history_add(struct edit_history *history, const char *line)
{
    if (line[0] == '\0')
        return;
    for (size_t i = 0; i < history->count; i++) {
        if (strcmp(history->lines[i], line) == 0) {
            char *same = history->lines[i];

            memmove(&history->lines[i], &history->lines[i + 1], (history->count - i - 1) * sizeof(char *));
            history->lines[history->count - 1] = same;
            return;
        }
    }
    if (history->count == HISTORY_MAX) {
        free(history->lines[0]);
        memmove(history->lines, history->lines + 1, (--history->count) * sizeof(char *));
    }
    x_grow(&history->lines, &history->cap, history->count + 1, sizeof(char *));
    history->lines[history->count++] = x_strdup(line);
}

void edit_history_done(struct edit_history *history)
{
    for (size_t i = 0; i < history->count; i++)
        free(history->lines[i]);
    free(history->lines);
    *history = (struct edit_history){ 0 };
}

void edit_init(struct edit *edit, const char *text, bool secret, const struct edit_history *history)
{
    *edit = (struct edit){ .secret = secret, .history = history, .place = history ? history->count : 0 };
    edit->text.limit = LINE_MAX;
    if (secret)
        buf_room(&edit->text, LINE_MAX - 1); /* never moved, so that no copy of a secret stays behind */
    edit_set(edit, text);
}

void edit_done(struct edit *edit)
{
    if (edit->secret && edit->text.data)
        x_wipe(edit->text.data, edit->text.cap);
    buf_done(&edit->text);
    free(edit->killed);
    free(edit->typed);
    *edit = (struct edit){ 0 };
}

const char *edit_text(const struct edit *edit)
{
    return buf_at(&edit->text);
}

void edit_set(struct edit *edit, const char *text)
{
    buf_clear(&edit->text);
    buf_adds(&edit->text, text);
    edit->at = edit->text.len;
}

/* Takes out [from, until), keeps it for C-y when kill. */
static void cut(struct edit *edit, size_t from, size_t until, bool kill)
{
    char *text = buf_at(&edit->text);

    if (from >= until)
        return;
    if (kill && !edit->secret) {
        free(edit->killed);
        edit->killed = x_strndup(text + from, until - from);
    }
    memmove(text + from, text + until, edit->text.len - until + 1);
    edit->text.len -= until - from;
    edit->at = from;
}

static void put(struct edit *edit, const char *bytes, size_t len)
{
    size_t tail = edit->text.len - edit->at;
    char *room = buf_room(&edit->text, len + 1);
    char *text;

    if (!room)
        return;
    text = buf_at(&edit->text);
    memmove(text + edit->at + len, text + edit->at, tail);
    memcpy(text + edit->at, bytes, len);
    buf_added(&edit->text, len);
    edit->at += len;
}

void edit_insert(struct edit *edit, const char *text, size_t len)
{
    const char *at = text, *end = text + len;

    while (at < end) {
        const char *from = at;
        uint32_t rune = text_next(&at, end);

        if (rune == '\n' || rune == '\r' || rune == '\t')
            put(edit, " ", 1);
        else if (rune >= ' ' && rune != 0x7f && rune != 0xfffd)
            put(edit, from, (size_t)(at - from));
    }
}

void edit_replace(struct edit *edit, size_t from, const char *word)
{
    cut(edit, from, edit->at, false);
    put(edit, word, strlen(word));
}

static size_t before(const struct edit *edit)
{
    const char *text = edit_text(edit);
    size_t at = edit->at;

    while (at > 0 && ((unsigned char)text[--at] & 0xc0) == 0x80)
        ;
    return at;
}

static size_t after(const struct edit *edit)
{
    const char *text = edit_text(edit), *next = text + edit->at, *end = text + edit->text.len;

    if (next < end)
        text_next(&next, end);
    return (size_t)(next - text);
}

static bool in_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static size_t word_before(const struct edit *edit, bool blanks)
{
    const char *text = edit_text(edit);
    size_t at = edit->at;

    if (blanks) { /* C-w: back to a blank, as the shell does */
        while (at > 0 && text[at - 1] == ' ')
            at--;
        while (at > 0 && text[at - 1] != ' ')
            at--;
        return at;
    }
    while (at > 0 && !in_word(text[at - 1]))
        at--;
    while (at > 0 && in_word(text[at - 1]))
        at--;
    return at;
}

static size_t word_after(const struct edit *edit)
{
    const char *text = edit_text(edit);
    size_t at = edit->at;

    while (text[at] && !in_word(text[at]))
        at++;
    while (text[at] && in_word(text[at]))
        at++;
    return at;
}

/* Up: an older line that begins like the one being typed is not asked for; plain order is what people expect. */
static bool walk(struct edit *edit, int step)
{
    size_t count = edit->history ? edit->history->count : 0;

    if ((step < 0 && edit->place == 0) || (step > 0 && edit->place >= count))
        return false;
    if (edit->place == count) {
        free(edit->typed);
        edit->typed = x_strdup(edit_text(edit));
    }
    edit->place = step < 0 ? edit->place - 1 : edit->place + 1;
    edit_set(edit, edit->place == count ? edit->typed : edit->history->lines[edit->place]);
    return true;
}

static enum edit_result moved(struct edit *edit, size_t at)
{
    edit->at = at;
    return EDIT_MOVED;
}

static enum edit_result cut_key(struct edit *edit, int key)
{
    size_t len = edit->text.len, at = edit->at;

    switch (key) {
    case K_BACKSPACE: cut(edit, before(edit), at, false); break;
    case K_DELETE:
    case K_CTRL('d'): cut(edit, at, after(edit), false); break;
    case K_CTRL('w'): cut(edit, word_before(edit, true), at, true); break;
    case K_ALT | K_BACKSPACE: cut(edit, word_before(edit, false), at, true); break;
    case K_ALT | 'd': cut(edit, at, word_after(edit), true); break;
    case K_CTRL('u'): cut(edit, 0, at, true); break;
    case K_CTRL('k'): cut(edit, at, len, true); break;
    case K_CTRL('y'):
        if (edit->killed)
            put(edit, edit->killed, strlen(edit->killed));
        break;
    default: return EDIT_UNKNOWN;
    }
    /* After cutting forward the cursor has not moved; cut() set it to the start of the hole in both cases. */
    return EDIT_CHANGED;
}

enum edit_result edit_key(struct edit *edit, int key)
{
    switch (key) {
    case K_LEFT:
    case K_CTRL('b'): return moved(edit, before(edit));
    case K_RIGHT:
    case K_CTRL('f'): return moved(edit, after(edit));
    case K_HOME:
    case K_CTRL('a'): return moved(edit, 0);
    case K_END:
    case K_CTRL('e'): return moved(edit, edit->text.len);
    case K_ALT | 'b': return moved(edit, word_before(edit, false));
    case K_ALT | 'f': return moved(edit, word_after(edit));
    case K_UP:
    case K_CTRL('p'): return walk(edit, -1) ? EDIT_CHANGED : EDIT_MOVED;
    case K_DOWN:
    case K_CTRL('n'): return walk(edit, 1) ? EDIT_CHANGED : EDIT_MOVED;
    }
    if (key >= ' ' && key < 0x110000 && key != 0x7f) {
        char utf8[5];
        size_t len = 0;

        if (key < 0x80) {
            utf8[len++] = (char)key;
        } else if (key < 0x800) {
            utf8[len++] = (char)(0xc0 | key >> 6);
            utf8[len++] = (char)(0x80 | (key & 0x3f));
        } else if (key < 0x10000) {
            utf8[len++] = (char)(0xe0 | key >> 12);
            utf8[len++] = (char)(0x80 | (key >> 6 & 0x3f));
            utf8[len++] = (char)(0x80 | (key & 0x3f));
        } else {
            utf8[len++] = (char)(0xf0 | key >> 18);
            utf8[len++] = (char)(0x80 | (key >> 12 & 0x3f));
            utf8[len++] = (char)(0x80 | (key >> 6 & 0x3f));
            utf8[len++] = (char)(0x80 | (key & 0x3f));
        }
        put(edit, utf8, len);
        return EDIT_CHANGED;
    }
    return cut_key(edit, key);
}
