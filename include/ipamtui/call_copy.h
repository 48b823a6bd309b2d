/* call_copy.h - calls and answers that outlive the stack or the arena they were made in: a call that waits for its connection, and what
 * goes from one thread to another. Any thread. */
#ifndef IPAM_CALL_COPY_H
#define IPAM_CALL_COPY_H

#include "ipamtui/psrp.h"

/* Everything in call, in arena. */
struct ps_call call_copy(const struct ps_call *call, struct arena *arena);
struct ps_value value_copy(const struct ps_value *value, struct arena *arena);
struct ps_error error_copy(const struct ps_error *error, struct arena *arena); /* texts that are NULL become "" */

#endif
