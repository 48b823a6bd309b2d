/* keytable.h - key sequences of a loaded keymap, looked up as they are typed. Pure. */
#ifndef IPAM_UI_KEYTABLE_H
#define IPAM_UI_KEYTABLE_H

#include "ipamtui/config.h"
#include "key.h"

struct key_entry {
    int keys[KEYS_MAX];
    int count;
    const struct binding *binding; /* the keymap's */
};
struct keytable {
    struct key_entry *rows; /* in the order of the file */
    size_t count;
};
/* map must outlive the table. Rows whose keys cannot be read have been refused by keymap_load(). */
void keytable_init(struct keytable *table, const struct keymap *map);
void keytable_done(struct keytable *table);

enum key_match { KEYS_NONE, KEYS_PREFIX, KEYS_FOUND };
/* What keys[0..count) mean in pane: its own bindings come before "global" ones; an own prefix hides a global key. */
enum key_match keytable_find(const struct keytable *table, const char *pane, const int *keys, int count,
                             const struct key_entry **found);
/* The first key (as text) that runs `run` in pane, "" when none does. run = whole command line, or only its name. */
char *keytable_keys_of(const struct keytable *table, const char *pane, const char *run, char *out, size_t size);
/* "g g" with titles; out as people read it. */
char *keys_title(const int *keys, int count, char *out, size_t size);
/* Is entry in force in pane (not hidden by the pane's own binding of the same keys)? */
bool keytable_in_force(const struct keytable *table, const struct key_entry *entry, const char *pane);

#endif
