/* catalog.h - what a server, scope, exclusion range, zone, event ... is: one row per property.
 *
 * From a row follow retrieval, SQL column, list column, CSV/JSON field, search field, form field, comparison between
 * servers and undo. Adding a property is one row here. Everything is static const data; any thread.
 *
 * Values take SQLite's shapes: NULL (unknown), integer, real, text. What an integer means is the property's kind. */
#ifndef IPAM_CATALOG_H
#define IPAM_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipamtui/err.h"
#include "ipamtui/mem.h"

typedef int64_t server_id; /* row of the server table; never reused; 0 = none */
typedef int64_t row_id;    /* row of an object's table; keeps its number over a retrieval while the object stays */

/* ------------------------------------------------------------------ values */
enum value_type { VALUE_NULL, VALUE_INT, VALUE_REAL, VALUE_TEXT };
struct value {
    enum value_type type;
    union {
        int64_t i;
        double d;
        const char *s; /* owned by whoever owns the row (an arena); UTF-8, no NUL inside */
    };
};
#define V_NULL ((struct value){ .type = VALUE_NULL })
#define V_INT(x) ((struct value){ .type = VALUE_INT, .i = (x) })
#define V_REAL(x) ((struct value){ .type = VALUE_REAL, .d = (x) })
#define V_TEXT(x) ((struct value){ .type = VALUE_TEXT, .s = (x) })

/* Same value? NULL equals NULL. */
bool value_equal(struct value a, struct value b);
int value_compare(struct value a, struct value b); /* NULL first, then numbers, then text (ASCII case folded) */

/* ------------------------------------------------------------------ kinds */
enum kind {
    KIND_TEXT,
    KIND_INT,
    KIND_BOOL,     /* 0, 1 */
    KIND_IPV4,     /* integer, host byte order */
    KIND_IPV6,     /* text, RFC 5952 */
    KIND_PREFIX,   /* integer 0-32: "/24" */
    KIND_ENUM,     /* text, one of property.values, lower case as there */
    KIND_DURATION, /* integer seconds; -1 unlimited */
    KIND_PERCENT,  /* real 0-100 */
    KIND_TIME,     /* integer, seconds since 1970 UTC */
    KIND_VERSION,  /* text "10.0.20348" */
};
/* What a column or preview shows ("8d", "94%", "10.1.2.0", "-" for NULL). Not yet made printable. Returns out. */
char *kind_show(enum kind kind, struct value v, char *out, size_t size);
/* Machine formats: seconds, ISO 8601 UTC, dotted quads, plain numbers; "" for NULL. true/false for booleans. */
void kind_write(enum kind kind, struct value v, struct buf *out);
/* JSON: native types, null. */
void kind_json(enum kind kind, struct value v, struct buf *out);

/* ------------------------------------------------------------------ objects and their sources */
struct property;
struct object_type;

/* What a retrieval is asked for. */
enum what { WHAT_SERVICE = 1, WHAT_DHCP = 2, WHAT_UTILIZATION = 4, WHAT_DNS = 8, WHAT_EVENTS = 16, WHAT_ALL = 31 };
#define WHAT_DEFAULT (WHAT_SERVICE | WHAT_DHCP | WHAT_UTILIZATION)
/* Roles a server has, as bits. */
enum role { ROLE_DHCP = 1, ROLE_DNS = 2 };

enum source_mode {
    SOURCE_DEFINES,  /* one answer object = one row; rows it no longer names are gone */
    SOURCE_ADDS,     /* answers add properties to existing rows, found by the key property */
    SOURCE_BY_ORDER, /* answers do not name their row: piped from pipe_from, trusted when counts agree, else asked singly */
    SOURCE_SINGLE,   /* one answer object for the whole server (object type "servers") */
};
/* A fixed argument of the call. */
struct source_arg {
    const char *name, *text; /* value as a string; the binder converts */
};
/* One call that brings properties. */
struct source {
    const char *name;      /* unique, "scopes", "scope-statistics": what jobs, logs and failures call it */
    const char *cmdlet;    /* "Get-DhcpServerv4Scope" */
    const char *pipe_from; /* SOURCE_BY_ORDER: the cmdlet in front */
    enum source_mode mode;
    unsigned what;         /* WHAT_... bits that ask for it */
    unsigned role;         /* asked only of servers with one of these roles; 0 = of all */
    struct source_arg args[4];
    bool optional;         /* a missing cmdlet is "not offered by this server", not a failure */
};

enum property_flag {
    PROP_KEY = 1,      /* part of what identifies the row within its server */
    PROP_LOCAL = 2,    /* ours: kept in the store by hand, not from a retrieval */
    PROP_DEFAULT = 4,  /* a column of the default view */
    PROP_WIDE = 8,     /* a default column only where there is room (132 columns and more) */
    PROP_FLEX = 16,    /* shares spare width */
    PROP_RIGHT = 32,   /* right-aligned */
    PROP_NOTE = 64,    /* preview only by default */
    PROP_STATE = 128,  /* a change of it is kept with its time */
};

/* How a property is written. NULL cmdlet: read only. Several properties with the same cmdlet go into one call where
 * their sets allow it. */
struct write_row {
    const char *cmdlet;    /* "Set-DhcpServerv4Scope" */
    const char *parameter; /* "LeaseDuration" */
    const char *set;       /* parameter set, where the cmdlet has several: "" = any */
    const char *needs;     /* a property that must go along ("start" needs "end"), or NULL */
    bool force;            /* the call takes Force */
};

struct property {
    const char *name;  /* contract: column, search field, CSV and JSON name */
    const char *title; /* column head */
    const char *help;  /* one line */
    enum kind kind;
    int width;         /* cells */
    unsigned flags;
    struct {
        const char *source;   /* source.name; NULL: local or computed */
        const char *property; /* of the answer object; "A.B" reads B of A */
    } read;
    struct write_row write;
    const char *const *values; /* KIND_ENUM: our words, NULL-terminated */
    const char *const *remote; /* KIND_ENUM: the words of Windows, same order; NULL: the same, case folded */
    const char *sql;           /* computed: expression over the object's table o and server s; :over and :under are bound.
                                  NULL: the column `name` of the object's own table */
    int64_t min, max;          /* numbers and durations that can be written; both 0 = no limit. For text: max length */
    const char *empty;         /* what NULL means here in a preview ("not reported yet"), or NULL */
};

struct object_type {
    const char *name;  /* "scopes": pane, list name, JSON topic */
    const char *noun;  /* "scope" */
    const char *table; /* SQL table */
    const struct property *properties;
    size_t property_count;
    const struct source *sources;
    size_t source_count;
    const char *sort;    /* default order: "server,scope" */
    const char *title_property; /* what a row is called after its key: "name" */
    const char *free_text; /* comma list: properties that plain words search */
};

extern const struct object_type catalog_servers, catalog_scopes, catalog_exclusions;
/* All of them, NULL-terminated. */
extern const struct object_type *const catalog_objects[];
const struct object_type *catalog_find(const char *name); /* "scopes" or "scope"; NULL = none */
/* Place in properties; -1 = no such property. Case folded. */
int catalog_property(const struct object_type *object, const char *name);
int catalog_source(const struct object_type *object, const char *name);

/* Reads what a person typed for a property ("8d", "active", "10.1.2.3", "yes"): kind, enum words, limits. Text lives in arena.
 * ERR_INPUT says what was expected. */
bool property_parse(const struct property *property, const char *text, struct arena *arena, struct value *out,
                    struct err *err);
/* kind_show with the property's own words. */
char *property_show(const struct property *property, struct value v, char *out, size_t size);

/* A row: values[object->property_count], computed ones included when it was read through a list. */
struct row {
    row_id id;
    server_id server;
    struct value *values;
};

#endif
