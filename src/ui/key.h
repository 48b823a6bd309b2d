/* key.h - keys as numbers and as the names of keymaps ("g", "space", "C-d", "M-left", "f5"). Pure. */
#ifndef IPAM_UI_KEY_H
#define IPAM_UI_KEY_H

#include <stdbool.h>
#include <stddef.h>

/* A key is its code point; control characters are themselves (C-d = 4); special keys lie above Unicode. */
enum {
    K_NONE = 0,
    K_TAB = 9, K_ENTER = 13, K_ESC = 27,
    K_BASE = 0x200000,
    K_UP, K_DOWN, K_LEFT, K_RIGHT, K_HOME, K_END, K_PGUP, K_PGDN, K_INSERT, K_DELETE, K_BACKSPACE, K_BACKTAB,
    K_SUP, K_SDOWN, K_MOUSE, K_RESIZE, K_PASTE, K_EOF,
    K_F0, K_F12 = K_F0 + 12,
    K_ALT = 0x400000 /* or-ed to another key */
};
#define K_CTRL(c) ((c) & 0x1f)
#define KEY_NAME_SIZE 24

/* One name; false: there is no such key. */
bool key_parse(const char *name, int *key);
char *key_word(int key, char out[KEY_NAME_SIZE]);
/* For people: "Space", "C-d", "F5", "Enter". */
char *key_title(int key, char out[KEY_NAME_SIZE]);

#define KEYS_MAX 4
/* "g g": up to KEYS_MAX keys. Their number, or -1. */
int keys_parse(const char *text, int out[KEYS_MAX]);

#endif
