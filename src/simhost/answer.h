/* answer.h - records and errors as CLIXML, in the shapes that Windows PowerShell 5.1 gives them
 * (psrp.md 5.6, 7.3, 7.5). */
#ifndef SIMHOST_ANSWER_H
#define SIMHOST_ANSWER_H

#include "run.h"

enum sim_shape {
    SHAPE_PLAIN,    /* CIM properties in Props only */
    SHAPE_MEMBERS,  /* and the type file's script properties in MS, addresses as objects */
    SHAPE_METADATA, /* and __ClassMetadata with each object, with MiXml in the first of a class */
};
enum sim_shape sim_shape_of(const struct sim_server *server);

/* XML text with _xHHHH_ escapes. */
void answer_text(struct buf *out, const char *text);
/* The same for XML that is itself a value: no _xHHHH_; control characters become character references. */
void answer_xml(struct buf *out, const char *text);
/* first: the first object of its class in this pipeline. */
void answer_record(struct buf *out, const struct sim_record *record, enum sim_shape shape, bool first,
                   const char *server);
/* name: of the property that holds it, NULL = a message of its own. refid: the first number that is free;
 * returns the next. */
int answer_error(struct buf *out, const char *name, const struct sim_error *error, int refid);
/* The whole body of PIPELINE_STATE; error NULL = none. */
void answer_state(struct buf *out, int state, const struct sim_error *error);

#endif
