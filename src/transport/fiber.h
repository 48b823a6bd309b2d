/* fiber.h - a function that can stop in the middle and go on later, on a stack of its own.
 *
 * Only for libssh2's keyboard-interactive callback, which wants the answers at once while we want to ask a person without
 * stopping the loop. One thread; nothing else may call into the session while its fiber sleeps. */
#ifndef IPAM_TRANSPORT_FIBER_H
#define IPAM_TRANSPORT_FIBER_H

#include <stdbool.h>

struct fiber;
/* Does not run yet. NULL: no memory for its stack. */
struct fiber *fiber_new(void (*fn)(void *ctx), void *ctx);
bool fiber_run(struct fiber *fiber);   /* until fiber_sleep() or its end; true: it has ended */
void fiber_sleep(struct fiber *fiber); /* from inside */
void fiber_free(struct fiber *fiber);  /* only when it has ended or never ran; NULL is fine */

#endif
