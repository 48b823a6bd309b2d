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
/* How times are shown: their age ("4 min", "in 3 d"), or the time itself; with its date where that is not today's, or (FULL: kind_show)
 * always. */
enum date_mode { DATES_AGE, DATES_LOCAL, DATES_UTC, DATES_ISO, DATE_MODES, DATES_FULL = DATE_MODES };
char *date_show(enum date_mode mode, int64_t when_s, int64_t now_s, char *out, size_t size);
/* false: no value of the kind is ever shown with text in it ("8d": no percentage is). text: lower case. May be true in vain. */
bool kind_may_show(enum kind kind, enum date_mode dates, const char *text);
/* Machine formats: seconds, ISO 8601 UTC, dotted quads, plain numbers; "" for NULL. true/false for booleans. */
void kind_write(enum kind kind, struct value v, struct buf *out);
/* JSON: native types, null. */
void kind_json(enum kind kind, struct value v, struct buf *out);

/* ------------------------------------------------------------------ objects and their sources */
struct property;
struct object_type;

/* What a retrieval is asked for. */
enum what { WHAT_SERVICE = 1, WHAT_DHCP = 2, WHAT_UTILIZATION = 4, WHAT_DNS = 8, WHAT_EVENTS = 16, WHAT_ALL = 31,
            WHAT_FAILOVER = 32, /* only on demand: which half of a failover pair has which addresses */
            WHAT_STATISTICS = 64 /* only on demand, and not kept: collector_statistics() */ };
#define WHAT_DEFAULT (WHAT_SERVICE | WHAT_DHCP | WHAT_UTILIZATION | WHAT_DNS)
/* The words for it; the last one is "all". */
struct what_word {
    const char *name, *title; /* "dhcp", "DHCP" */
    unsigned what;
    const char *help;
};
#define WHAT_WORDS 7
#define WHAT_NAMES "service, dhcp, utilization, dns, events, failover and all" /* for sentences */
extern const struct what_word what_words[WHAT_WORDS];
/* "dhcp,dns". ERR_INPUT, at where: a word that is none, with a near one. */
bool what_parse(const char *text, const char *where, unsigned *out, struct err *err);
char *what_show(unsigned what, char *out, size_t size); /* "DHCP, DNS"; returns out */
/* Roles a server has, as bits. */
enum role { ROLE_DHCP = 1, ROLE_DNS = 2 };

enum source_mode {
    SOURCE_DEFINES,  /* one answer object = one row; rows it no longer names are gone */
    SOURCE_ADDS,     /* answers add properties to existing rows, found by the key property */
    SOURCE_BY_ORDER, /* answers do not name their row: piped from pipe_from, trusted when counts agree, else asked for fewer */
    SOURCE_SINGLE,   /* one answer object for the whole server */
};
/* A fixed argument of the call. */
struct source_arg {
    const char *name, *text; /* value as a string; the binder converts. text NULL: a switch */
};
/* A command in front of a source's own, in one pipeline. */
struct source_step {
    const char *cmdlet;
    struct source_arg args[3];
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
    struct source_step before[3]; /* what the call's input comes from: one pipeline for all rows of a server */
    const char *key_from;  /* SOURCE_ADDS: the answer's property that names its row, where it is not the key's own; rows have one key */
    const char *row_error; /* SOURCE_ADDS: an error about one row, named by its target, is an answer: its id becomes this property */
    bool zone_events;      /* the answers are events as XML; those about a zone become rows, the newest of each */
    bool history;          /* how full the object's rows are is known after it: kept as their history (in_use, free) */
    const char *empty_error; /* the id of the error that only says that there is nothing */
    const char *about;     /* the parameter that takes what is asked about ("ZoneName"): asked only when something is */
    bool optional;         /* a missing cmdlet is "not offered by this server", not a failure */
    const char *absent;    /* what the source's enum property is when the thing asked for does not exist there (a service that is
                              not installed: "absent"), and when looking is refused: "denied"; NULL: these are failures */
    const char *denied;
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
    PROP_FACT = 256,   /* ours, found out by the collector: store_server_fact(). Has a column even where sql reads it */
    PROP_INDEX = 512,  /* often sorted or searched by: the store keeps an index over it */
    PROP_OF_SERVER = 1024, /* the same for all rows of a server: its sql is over s and o.server alone */
    PROP_COUNTER = 2048,   /* counts up, from the latest time or for the duration that the same answer has: its rate is shown */
    PROP_SUM = 4096,       /* "A.B" where A is a list: the sum over its items */
};

/* How a property is written. NULL cmdlet: it cannot be changed. Several properties with the same cmdlet go into one call
 * where their sets allow it. The key properties go along with every call of the object, by their parameter. */
struct write_row {
    const char *cmdlet;    /* "Set-DhcpServerv4Scope" */
    const char *parameter; /* "LeaseDuration"; with cmdlet NULL: its name in calls that make or remove the object */
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
    const char *const *values; /* KIND_ENUM: our words, NULL-terminated. KIND_TEXT: a comma list of these words ("dhcp,dns") */
    const char *const *remote; /* KIND_ENUM: the words of Windows, same order; NULL: the same, case folded */
    const char *works;         /* a state that can be set: the word with which it is in service, any other takes it out. NULL: none */
    const char *sql;           /* computed: expression over the object's table o and server s; :over and :under are bound.
                                  NULL: the column `name` of the object's own table */
    int64_t min, max;          /* numbers and durations that can be written; both 0 = no limit. For text: max length */
    const char *empty;         /* what NULL means here in a preview ("not reported yet"), or NULL */
    const char *column;        /* SQL column where it is not `name` ("server" of the server table is in "name"), or NULL */
    struct {
        const char *object;    /* "scopes": the store keeps this property of the servers as a total over that object's rows */
        const char *sql;       /* aggregate over its table x: "count(*)", "sum(x.in_use)" */
    } total;
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
    bool find_table;       /* many rows: the store keeps their free text, lower case, in table TABLE_find (alias f, column find),
                              and that of all rows of a server together in TABLE_words(server, text) */
    /* IPv4 addresses a row covers, as expressions like property.sql: what ip: and net: compare. NULL: none.
     * first_is_network: first is the network address of a subnet, so that a holder can be looked up. */
    const char *range_first, *range_last;
    bool first_is_network;
    const char *add, *remove; /* cmdlets that make and remove one; parameters are those of the properties. NULL: none */
    bool add_force, remove_force; /* that call may ask otherwise: it takes Force */
    /* Its rows belong to no server, and its table comes from the store's steps, not from here: every property has sql over o. */
    bool apart;
    /* Rows that are made, changed or removed leave the value of this property in TABLE_touch(server, key), for what is summed up over
     * the rows of several servers. So do they, with server 0, when one of these columns of their server changes (comma list), or one
     * of their own that is PROP_LOCAL. NULL: nobody sums up. */
    const char *touch, *touch_server;
};

/* One machine under several entries of the list, as SQL over entries d and o of table server; o and d may be the same. */
#define SAME_MACHINE_SQL "d.computer = o.computer AND coalesce(d.domain, '') = coalesce(o.domain, '') AND d.machine = o.machine"
/* Of each role one of them has the objects (ROLE_SQL below: word in its role, and the source that lists them; more is not needed to
 * know them): one that answers before one that does not, one that retrieved the list before one that never did or is refused it now,
 * then the oldest. So who has them keeps them as long as it answers, whatever it has of another role. */
#define HAS_ROLE_SQL(e, word) e ".role LIKE '%" word "%'"
#define HAS_OBJECTS_SQL(e, object, source)                                                                              \
    "EXISTS (SELECT 1 FROM source a WHERE a.server = " e ".id AND a.object = '" object "' AND a.source = '" source "'"   \
    " AND a.ok_at IS NOT NULL AND a.result <> 'denied')"
#define RANK_SQL(e, object, source) "coalesce(" e ".reachable, '') = 'no', NOT " HAS_OBJECTS_SQL(e, object, source) ", " e ".id"
#define ROLE_DHCP_SQL(use) use("dhcp", "scopes", "scopes")
#define ROLE_DNS_SQL(use) use("dns", "zoneservers", "zones")
/* Entry d has them for o as well. */
#define COVERS_SQL(word, object, source)                                                                                \
    "(" HAS_ROLE_SQL("d", word) " AND " HAS_ROLE_SQL("o", word) " AND " HAS_OBJECTS_SQL("d", object, source)             \
    " AND (" RANK_SQL("d", object, source) ") < (" RANK_SQL("o", object, source) "))"
#define COVERS_DHCP_SQL ROLE_DHCP_SQL(COVERS_SQL)
#define COVERS_DNS_SQL ROLE_DNS_SQL(COVERS_SQL)
#define COVERED_BY_SQL "FROM server d WHERE " SAME_MACHINE_SQL " AND (" COVERS_DHCP_SQL " OR " COVERS_DNS_SQL ")"

extern const struct object_type catalog_servers, catalog_scopes, catalog_exclusions, catalog_changes, catalog_change_steps,
    catalog_scopes6, catalog_zones, catalog_zoneservers;
/* All of them, NULL-terminated. */
extern const struct object_type *const catalog_objects[];
/* What is asked for on demand only and kept nowhere: no table, and not in catalog_objects. Numbers, times and durations, from one
 * source each; named as Windows names them. NULL-terminated. */
extern const struct object_type catalog_dns_statistics, catalog_dhcp_statistics, catalog_zone_statistics;
extern const struct object_type *const catalog_on_demand[];
const struct object_type *catalog_find(const char *name); /* "scopes" or "scope"; NULL = none */
/* Place in properties; -1 = no such property. Case folded. */
int catalog_property(const struct object_type *object, const char *name);
int catalog_source(const struct object_type *object, const char *name);
/* Rows of child lie below rows of this type: their key begins with that one's, and goes on (an exclusion's with its scope's). NULL: below
 * none. */
const struct object_type *catalog_parent(const struct object_type *child);

/* KIND_ENUM: our word for a word of Windows ("InActive": "inactive"), case folded. A word that we do not know yet comes back in
 * lower case, kept in arena. And the other way round, for writing; an unknown word goes as it is. */
const char *property_word(const struct property *property, const char *remote, struct arena *arena);
const char *property_remote_word(const struct property *property, const char *word);
/* Roles of a server row's "role" text. */
unsigned catalog_roles(const char *text);

/* Reads what a person typed for a property ("8d", "active", "10.1.2.3", "yes"): kind, enum words, limits. Text lives in arena.
 * ERR_INPUT says what was expected. */
bool property_parse(const struct property *property, const char *text, struct arena *arena, struct value *out,
                    struct err *err);
/* kind_show with the property's own words. */
char *property_show(const struct property *property, struct value v, char *out, size_t size);
/* The same with times shown in this way: what a cell of a pane says, and what plain words of a filter search in it. */
char *property_show_dated(const struct property *property, struct value v, enum date_mode dates, int64_t now_s, char *out,
                          size_t size);

/* A row: values[object->property_count], computed ones included when it was read through a list. */
struct row {
    row_id id;
    server_id server;
    struct value *values;
};

#endif
