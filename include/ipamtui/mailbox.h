/* mailbox.h - messages from any thread to one: a locked queue and a descriptor that polls readable.
 *
 * A message is a heap object that the receiver frees. No lock is held outside these calls. */
#ifndef IPAM_MAILBOX_H
#define IPAM_MAILBOX_H

#include <stdbool.h>

struct mailbox;
struct mailbox *mailbox_new(void);
void mailbox_free(struct mailbox *box, void (*free_message)(void *message)); /* NULL is fine */
void mailbox_put_take(struct mailbox *box, void *message); /* takes ownership; wakes the receiver */
void *mailbox_get(struct mailbox *box);                    /* oldest, or NULL when empty; never waits */
int mailbox_fd(const struct mailbox *box);                 /* POLLIN while not empty */

#endif
