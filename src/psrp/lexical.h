/* lexical.h - the text forms of CLIXML's primitives (psrp.md 7.1, 7.2). Independent of the process's locale. */
#ifndef IPAM_PSRP_LEXICAL_H
#define IPAM_PSRP_LEXICAL_H

#include "ipamtui/clixml.h"

#define TICKS_PER_SECOND INT64_C(10000000)
#define TICKS_AT_1970 INT64_C(621355968000000000)

/* Decodes _xHHHH_ in place, joins surrogates, replaces what is no text (NUL, lone surrogates) by U+FFFD. Returns the new length;
 * text[it] is set to NUL, so text has room for len + 1. */
size_t lexical_unescape(char *text, size_t len);
/* Appends text with _xHHHH_ and XML escapes; attribute: for one in double quotes. */
void lexical_escape(struct buf *out, const char *text, size_t len, bool attribute);

/* Whole text, surrounding blanks allowed; false: not one, or out of range. */
bool lexical_u64(const char *text, size_t len, uint64_t *out);
bool lexical_i64(const char *text, size_t len, int64_t *out);
bool lexical_double(const char *text, size_t len, double *out); /* INF, -INF, NaN */
bool lexical_bool(const char *text, size_t len, bool *out);
bool lexical_duration(const char *text, size_t len, int64_t *ticks);   /* xs:duration of days and below */
bool lexical_timespan(const char *text, size_t len, int64_t *ticks);   /* .NET: [-][d.]hh:mm[:ss[.fffffff]] */
bool lexical_datetime(const char *text, size_t len, struct ps_value *out); /* sets ticks, zone, zone_minutes */

#define LEXICAL_SIZE 64 /* enough for each of these */
char *lexical_put_double(double value, bool single, char out[LEXICAL_SIZE]);
char *lexical_put_duration(int64_t ticks, char out[LEXICAL_SIZE]);
char *lexical_put_timespan(int64_t ticks, char out[LEXICAL_SIZE]);
char *lexical_put_datetime(const struct ps_value *value, char out[LEXICAL_SIZE]);
/* One code point as UTF-8. Returns the bytes written. */
size_t lexical_put_utf8(uint32_t rune, char out[4]);

#endif
