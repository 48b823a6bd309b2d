/* tables.h - what a simulated host knows about cmdlets and classes: made from cmdlets.tsv, sets.tsv,
 * classes.tsv.
 *
 * A new cmdlet or property is a row there; what a cmdlet does is a row in calls.c. */
#ifndef SIMHOST_TABLES_H
#define SIMHOST_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALL_SETS UINT64_MAX
#define SET(place) (UINT64_C(1) << (place))

struct sim_param {
    const char *name, *aliases; /* aliases: "A|B" */
    const char *type;           /* "IPAddress", without [] */
    bool array, allow_null, allow_empty;
    uint64_t sets, mandatory; /* one bit per set of the cmdlet */
    int position;             /* 1-based; 0 = only by name */
    bool by_name, by_value;   /* from the pipeline */
    const char *accepted;     /* "Active|InActive", "" = anything */
    bool has_range;
    int64_t min, max;
    int len_min, len_max; /* 0 = no limit */
};

struct sim_cmdlet {
    const char *name, *module;
    const char *sets; /* "WithoutRange|WithRange" */
    int set_count, default_set;
    bool should_process; /* has WhatIf and Confirm */
    const struct sim_param *params;
    size_t param_count;
};

enum sim_type {
    SIM_STRING,
    SIM_BOOLEAN,
    SIM_UINT16,
    SIM_UINT32,
    SIM_UINT64,
    SIM_SINGLE,
    SIM_IPADDRESS,
    SIM_TIMESPAN /* xs:duration */,
    SIM_DATETIME,
    SIM_BYTE,
    SIM_INT32,
    SIM_INT64,
    SIM_OBJECT /* an object inside the object, of the class that values names: "Property=value,Property=value" */
};
const char *sim_type_tag(enum sim_type type); /* of CLIXML: "U32" */
struct sim_property {
    const char *name;
    enum sim_type type;
    bool is_list; /* items are separated by SIM_LIST_SEPARATOR */
    bool is_key;
    bool hidden; /* kept, not shown */
    bool member; /* an extended property: MS, not Props */
    const char *values;
};
#define SIM_LIST_SEPARATOR '|'

struct sim_class {
    const char *name, *ns;
    const struct sim_property *properties;
    size_t count;
};

const struct sim_cmdlet *sim_cmdlet_find(const char *name); /* case folded; NULL = none */
const struct sim_cmdlet *sim_cmdlet_at(size_t place);       /* NULL past the last */
const struct sim_class *sim_class_find(const char *name);   /* exact; NULL = none */
const struct sim_class *sim_class_at(size_t place);         /* NULL past the last */
size_t sim_class_place(const struct sim_class *class);      /* below SIM_CLASSES_MAX */
#define SIM_CLASSES_MAX 64
int sim_property_find(const struct sim_class *class, const char *name); /* case folded; -1 = none */
/* The word of "A|B|C" that equals text, case folded; NULL = none. It ends at '|' or NUL: *len. */
const char *sim_word(const char *words, const char *text, size_t *len);

#endif
