#include "key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/mem.h"
#include "ipamtui/text.h"

static const struct key_row {
    const char *name, *title;
    int key;
} key_rows[] = {
    { "space", "Space", ' ' },
    { "enter", "Enter", K_ENTER },
    { "tab", "Tab", K_TAB },
    { "backtab", "S-Tab", K_BACKTAB },
    { "S-tab", "S-Tab", K_BACKTAB },
    { "esc", "Esc", K_ESC },
    { "backspace", "Backspace", K_BACKSPACE },
    { "up", "Up", K_UP },
    { "down", "Down", K_DOWN },
    { "left", "Left", K_LEFT },
    { "right", "Right", K_RIGHT },
    { "home", "Home", K_HOME },
    { "end", "End", K_END },
    { "pgup", "PgUp", K_PGUP },
    { "pgdn", "PgDn", K_PGDN },
    { "pageup", "PgUp", K_PGUP },
    { "pagedown", "PgDn", K_PGDN },
    { "insert", "Ins", K_INSERT },
    { "delete", "Del", K_DELETE },
    { "S-up", "S-Up", K_SUP },
    { "S-down", "S-Down", K_SDOWN },
};

static bool parse_plain(const char *name, int *key)
{
    const char *at = name, *end = name + strlen(name);
    uint32_t rune;

    for (size_t i = 0; i < COUNT(key_rows); i++) {
        if (text_casecmp(key_rows[i].name, name) == 0) {
            *key = key_rows[i].key;
            return true;
        }
    }
    if ((name[0] == 'f' || name[0] == 'F') && name[1] >= '1' && name[1] <= '9') {
        char *stop;
        long number = strtol(name + 1, &stop, 10);

        if (*stop != '\0' || number > 12)
            return false;
        *key = K_F0 + (int)number;
        return true;
    }
    rune = text_next(&at, end);
    if (at != end || rune <= ' ' || rune == 0x7f || rune == 0xfffd)
        return false;
    *key = (int)rune;
    return true;
}

bool key_parse(const char *name, int *key)
{
    if (name[0] == '\0')
        return false;
    if (strncmp(name, "C-", 2) == 0 && name[2] != '\0') {
        char c = name[2];

        if (strcmp(name + 2, "space") == 0)
            c = '@';
        else if (name[3] != '\0')
            return false;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c < '@' || c > '_')
            return false;
        /* C-@ (C-space) arrives as NUL; kept apart from "no key". */
        *key = c == '@' ? (K_ALT | K_CTRL('@') | 0x100000) : K_CTRL(c);
        return true;
    }
    if ((strncmp(name, "M-", 2) == 0 || strncmp(name, "A-", 2) == 0) && name[2] != '\0') {
        if (!key_parse(name + 2, key))
            return false;
        *key |= K_ALT;
        return true;
    }
    return parse_plain(name, key);
}

static char *name_of(int key, bool title, char out[KEY_NAME_SIZE])
{
    const char *alt = "";
    char *at = out;

    if (key == (K_ALT | 0x100000)) {
        snprintf(out, KEY_NAME_SIZE, "C-space");
        return out;
    }
    if (key & K_ALT)
        alt = "M-";
    key &= ~K_ALT;
    at += snprintf(out, KEY_NAME_SIZE, "%s", alt);
    for (size_t i = 0; i < COUNT(key_rows); i++) {
        if (key_rows[i].key == key) {
            snprintf(at, KEY_NAME_SIZE - 3, "%s", title ? key_rows[i].title : key_rows[i].name);
            return out;
        }
    }
    if (key > K_F0 && key <= K_F12)
        snprintf(at, KEY_NAME_SIZE - 3, "%c%d", title ? 'F' : 'f', key - K_F0);
    else if (key > 0 && key < ' ')
        snprintf(at, KEY_NAME_SIZE - 3, "C-%c", key <= 26 ? key - 1 + 'a' : key + '@');
    else if (key < 0x80)
        snprintf(at, KEY_NAME_SIZE - 3, "%c", key > ' ' ? key : '?');
    else if (key < 0x800)
        snprintf(at, KEY_NAME_SIZE - 3, "%c%c", 0xc0 | key >> 6, 0x80 | (key & 0x3f));
    else if (key < 0x10000)
        snprintf(at, KEY_NAME_SIZE - 3, "%c%c%c", 0xe0 | key >> 12, 0x80 | (key >> 6 & 0x3f), 0x80 | (key & 0x3f));
    else
        snprintf(at, KEY_NAME_SIZE - 3, "?");
    return out;
}

char *key_word(int key, char out[KEY_NAME_SIZE])
{
    return name_of(key, false, out);
}

char *key_title(int key, char out[KEY_NAME_SIZE])
{
    return name_of(key, true, out);
}

int keys_parse(const char *text, int out[KEYS_MAX])
{
    int count = 0;

    while (*text) {
        char name[KEY_NAME_SIZE];
        size_t len = strcspn(text, " ");

        if (len >= sizeof name || count == KEYS_MAX)
            return -1;
        memcpy(name, text, len);
        name[len] = '\0';
        if (!key_parse(name, &out[count++]))
            return -1;
        text += len;
        text += strspn(text, " ");
    }
    return count > 0 ? count : -1;
}
