/* clixml.h - PowerShell's serialization format, both ways (psrp.md 7; MS-PSRP 2.2.5).
 *
 * A value tree lives in an arena (or is built by hand on the stack for a call). Strings are UTF-8 with a length; NUL is replaced
 * by U+FFFD when read. */
#ifndef IPAM_CLIXML_H
#define IPAM_CLIXML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/err.h"
#include "ipamtui/mem.h"

enum ps_type {
    PS_NULL, PS_STRING, PS_CHAR, PS_BOOL, PS_BYTE, PS_SBYTE, PS_U16, PS_I16, PS_U32, PS_I32, PS_U64, PS_I64,
    PS_FLOAT, PS_DOUBLE, PS_DECIMAL /* text */, PS_DATETIME, PS_TIMESPAN, PS_BYTES, PS_GUID /* text */,
    PS_URI /* text */, PS_VERSION /* text */, PS_XML /* text */, PS_SCRIPT /* text */, PS_SECURE /* text: base64 */,
    PS_LIST, PS_STACK, PS_QUEUE, PS_ENUMERABLE, PS_DICT, PS_OBJECT /* properties only */
};
enum ps_zone { PS_ZONE_UNSPECIFIED, PS_ZONE_UTC, PS_ZONE_OFFSET };

struct ps_value;
struct ps_property {
    const char *name;
    const struct ps_value *value;
};
struct ps_pair {
    const struct ps_value *key, *value;
};
/* What an <Obj> adds to its base value. */
struct ps_object {
    const char *const *type_names; /* most derived first */
    size_t type_name_count;
    const char *to_string; /* NULL = none */
    const struct ps_property *props; /* adapted: .NET or CIM */
    size_t prop_count;
    const struct ps_property *members; /* extended: notes, script properties */
    size_t member_count;
};
struct ps_value {
    enum ps_type type;
    union {
        bool b;
        int64_t i;      /* SBYTE, I16, I32, I64 */
        uint64_t u;     /* CHAR (UTF-16 unit), BYTE, U16, U32, U64 */
        double d;       /* FLOAT, DOUBLE */
        int64_t ticks;  /* TIMESPAN, and DATETIME: 100 ns since 0001-01-01 of its own clock */
        const char *s;  /* text types; NUL-terminated */
        const uint8_t *bytes;
        const struct ps_value *items; /* LIST, STACK, QUEUE, ENUMERABLE */
        const struct ps_pair *pairs;  /* DICT */
    };
    size_t len;             /* bytes of text or bytes; items; pairs */
    enum ps_zone zone;      /* DATETIME */
    int zone_minutes;       /* PS_ZONE_OFFSET: minutes east of UTC */
    const struct ps_object *object; /* NULL for a plain primitive or container */
};
#define PS_S(text_) ((struct ps_value){ .type = PS_STRING, .s = (text_), .len = strlen(text_) })
#define PS_B(x) ((struct ps_value){ .type = PS_BOOL, .b = (x) })
#define PS_INT(x) ((struct ps_value){ .type = PS_I32, .i = (x) })
#define PS_TS(ticks_) ((struct ps_value){ .type = PS_TIMESPAN, .ticks = (ticks_) })
#define PS_NIL ((struct ps_value){ .type = PS_NULL })

/* -------- reading. A reader keeps its libxml2 context for the next message. */
struct clixml_reader;
struct clixml_reader *clixml_reader_new(int max_depth); /* elements; 0 = 200 */
void clixml_reader_free(struct clixml_reader *reader);
/* One element (a BOM before it is fine; empty input is PS_NULL). Result and its parts live in arena. ERR_REMOTE: not well-formed, a DTD,
 * entities, an unknown element, too deep, past arena->limit; where is the caller's business. */
bool clixml_read(struct clixml_reader *reader, const char *text, size_t len, struct arena *arena, struct ps_value *out,
                 struct err *err);

/* -------- writing. Appends one element, with N="name" if name is not NULL. RefIds start at 0 in each call. A container without
 * type names is written as ArrayList or Hashtable; a value inside itself as a reference. false (and out holds a part): nested
 * deeper than 100 values, more than a million of them, or out's limit. */
bool clixml_write(struct buf *out, const char *name, const struct ps_value *value);

/* -------- looking into values. NULL-safe. */
/* Property by name, case folded: members then props, or props first for CIM objects. "A.B" goes down. NULL = none. */
const struct ps_value *ps_get(const struct ps_value *value, const char *name);
/* One string form of anything: text of a primitive, else ToString, else list elements joined by ", ". In arena. NULL for $null. */
const char *ps_text(const struct ps_value *value, struct arena *arena);
bool ps_int(const struct ps_value *value, int64_t *out);   /* integers, enums, digits in text; false: not a number */
bool ps_double(const struct ps_value *value, double *out); /* also integers */
bool ps_bool(const struct ps_value *value, bool *out);     /* also switches, "True"/"False" */
bool ps_ticks(const struct ps_value *value, int64_t *out); /* TimeSpan, also as text; nested CIM DateTime objects */
bool ps_time_s(const struct ps_value *value, int64_t *out); /* DateTime to seconds since 1970 UTC; unspecified counts as UTC */
/* Is it of this type (any of its names, "Deserialized." and CIM prefixes ignored, case folded)? */
bool ps_is(const struct ps_value *value, const char *type_name);

#endif
