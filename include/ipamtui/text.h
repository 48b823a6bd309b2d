/* text.h - text for people: cells, safe printing, matching.
 *
 * All text inside the program is UTF-8; text from servers is untrusted. Widths are terminal cells. Any thread. */
#ifndef IPAM_TEXT_H
#define IPAM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/mem.h"

/* Decodes one code point at *at (before end), moves *at past it. Malformed bytes give U+FFFD, one byte each. */
uint32_t text_next(const char **at, const char *end);
/* Cells of one code point: 0 (combining, zero width), 1 or 2. Control characters: 1 less than nothing is never
 * returned; they count 0 because text_printable() has replaced them. */
int text_rune_width(uint32_t rune);
/* Cells of text. */
int text_width(const char *text);
/* Bytes of text that fit into cells; *used (may be NULL) = cells they take. */
size_t text_fit(const char *text, int cells, int *used);
/* Copies text with everything dangerous to a terminal made visible: C0, DEL and C1 controls as ^[ notation (tab and
 * newline as one blank), malformed UTF-8 as U+FFFD, bidirectional overrides and isolates and zero-width
 * characters dropped. Result always fits (size >= 1) and is never cut within a code point. Returns out. */
char *text_printable(const char *text, char *out, size_t size);
/* The same, as long as needed, in arena. */
char *text_printable_in(struct arena *arena, const char *text);
/* True if pattern ('*' any run, '?' one code point, ASCII case folded) matches the whole text. */
bool text_glob(const char *pattern, const char *text);
/* True if text contains word, ASCII case folded. */
bool text_contains(const char *text, const char *word);
int text_casecmp(const char *a, const char *b); /* ASCII case folded, locale-independent */
/* Fuzzy match as in a command palette: every letter of pattern in order. Higher is better, -1 = no match. */
int text_fuzzy(const char *pattern, const char *text);
/* Valid UTF-8 throughout? */
bool text_is_utf8(const char *text, size_t len);
/* The first byte that is no text: a NUL, or one that is not UTF-8. *line and *column (characters) count from 1. false: none is. */
bool text_find_byte(const char *text, size_t len, int *line, int *column, unsigned *byte);
/* "1,204,233", for people. size: 28 is always enough. Returns out. */
char *text_thousands(int64_t n, char *out, size_t size);
/* Appends v as a JSON string with quotes. Malformed UTF-8 becomes U+FFFD. */
void text_json(struct buf *out, const char *v);
/* Edit distance for "did you mean"; both under 64 bytes, else a large number. */
int text_distance(const char *a, const char *b);
/* The nearest of the names offered to a mistyped word: start with { .word = word }, offer each, read best (NULL: none is near
 * enough to be meant). Names outlive it. */
struct text_nearest {
    const char *word, *best;
    int distance; /* of best */
};
void text_nearest_offer(struct text_nearest *nearest, const char *name);

#endif
