/* clixml_reader.h - the reader's insides, between its two halves: libxml2's events (clixml_read.c) and the tree that is
 * built of them (clixml_tree.c).
 *
 * One frame per open element; values that wait for their container to end are slots on a stack. */
#ifndef IPAM_PSRP_CLIXML_READER_H
#define IPAM_PSRP_CLIXML_READER_H

#include <libxml/parser.h>

#include "ipamtui/clixml.h"

#define ELEMENT_COUNT 40

/* --------------------------------------------------------------- elements */

enum shape {
    SHAPE_TEXT,      /* a primitive: its text is the value */
    SHAPE_NIL, SHAPE_REF, SHAPE_OBJ,
    SHAPE_ITEMS, SHAPE_DICT, SHAPE_ENTRY,
    SHAPE_PROPS, SHAPE_MEMBERS,
    SHAPE_TYPE_NAMES, SHAPE_TYPE_NAME, SHAPE_TYPE_REF, SHAPE_TO_STRING,
    SHAPE_DOCUMENT, /* <Objs>: the root of files and of the plain dialect */
    SHAPE_SKIPPED   /* <PR>: nothing of it is used */
};

struct element {
    const char *tag;
    enum shape shape;
    enum ps_type type;
    int64_t min;  /* range of the signed and unsigned integers */
    uint64_t max;
};

/* ---------------------------------------------------------------- reader */

#define NO_ID UINT64_MAX
#define NO_DEFINITION (-1)

/* A value that waits for its container to end. */
struct slot {
    struct ps_value value;
    const char *name;  /* N, or NULL */
    uint64_t ref;      /* RefId of a <Ref>; NO_ID otherwise */
    int definition;    /* head of the chain of RefIds it has; wrapped objects have several */
};

/* RefId -> where the value came to lie. */
struct definition {
    uint64_t id;
    struct ps_value *at;
    int next;
};
struct type_list {
    uint64_t id;
    const char *const *names;
    size_t count;
};
struct fixup { /* resolved when the message is complete */
    uint64_t id;
    struct ps_value *value;   /* a <Ref> */
    struct ps_object *object; /* or a <TNRef> that could not be resolved at once */
};

struct frame {
    const struct element *element;
    const char *name;
    uint64_t id;          /* RefId of Obj, TN, TNRef, Ref */
    size_t first_slot;    /* slots from here on are its children */
    size_t first_type;    /* TN: its names in r->types */
    /* Obj: what has been seen so far */
    bool has_base, base_wrapped;
    struct slot base;
    struct ps_object object;
    uint64_t type_ref; /* TNRef still to be resolved */
};

struct clixml_reader {
    xmlParserCtxtPtr context;
    int max_depth;
    const xmlChar *attribute_n, *attribute_refid; /* interned */
    const xmlChar *tags[ELEMENT_COUNT]; /* interned, in the order of the table of elements */
    uint8_t by_tag[256];                          /* hash of the interned pointer -> index + 1 */

    struct arena *arena; /* of the message being read */
    struct ps_value *out;
    bool have_root, failed;
    struct err err;
    int depth, skipping; /* skipping: depth at which a skipped element began */
    struct frame *frames;
    size_t frame_count, frame_cap;
    struct slot *slots;
    size_t slot_count, slot_cap;
    const char **types;
    size_t type_count, type_cap;
    struct definition *definitions;
    size_t definition_count, definition_cap;
    struct type_list *type_lists;
    size_t type_list_count, type_list_cap;
    struct fixup *fixups;
    size_t fixup_count, fixup_cap;
    struct buf text, bytes; /* of the element at hand */
    struct buf message;     /* what the parser reads, NUL at its end */
};

/* Notes the first error and stops the parser: its buffers may be gone afterwards. */
__attribute__((cold, format(printf, 2, 3))) void reader_fail(struct clixml_reader *r, const char *fmt, ...);

/* -------- clixml_tree.c */
/* The element of frame is complete; frame is popped already, its parent is the topmost one. */
void reader_end_element(struct clixml_reader *r, struct frame *frame);
/* The message is complete: <Ref> and <TNRef> get what they refer to. */
void reader_resolve(struct clixml_reader *r);

#endif
