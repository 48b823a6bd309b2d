/* call_copy.h - a call that outlives its caller's stack: it waits for the connection, and may be sent in another dialect. */
#ifndef IPAM_CALL_COPY_H
#define IPAM_CALL_COPY_H

#include "ipamtui/psrp.h"

/* Everything in call, in arena. */
struct ps_call call_copy(const struct ps_call *call, struct arena *arena);
struct ps_value value_copy(const struct ps_value *value, struct arena *arena);

#endif
