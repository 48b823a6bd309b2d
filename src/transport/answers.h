/* answers.h - what `ssh -G` and `ssh-keygen -F` said, kept while the files that it came from stay as they are.
 *
 * Such an answer costs a process of 6 to 11 ms, more than the whole login; hundreds of hosts are asked about at every start. So
 * answers also last from one run to the next, in one file of the operator's (transport_keep_answers()), which holds names, settings
 * and public keys, no secret. What took part in an answer is named with it: files, which count by device, inode, owner, mode, size
 * and both times of change (one that is missing counts as well), and variables of the environment ("$NAME"). */
#ifndef IPAM_TRANSPORT_ANSWERS_H
#define IPAM_TRANSPORT_ANSWERS_H

#include "stream.h"

/* The state of all of these, one a line. */
uint64_t answers_stamp(const char *files);
/* Were they all left alone in the second before when_s? If not, a change may hide in the same tick as the asking. */
bool answers_settled(const char *files, int64_t when_s);

/* What is kept under key, or NULL: nothing, or something changed since. The hub's; good until the next call of answers_put(). files,
 * stamp: on what it rests; may be NULL. */
const struct buf *answers_get(struct transport_hub *hub, const char *key, const char **files, uint64_t *stamp);
/* stamp: of files, before it was asked. lasting: for later runs, too. */
void answers_put(struct transport_hub *hub, const char *key, const char *files, uint64_t stamp, const void *bytes, size_t len,
                 bool lasting);
void answers_end(struct transport_hub *hub); /* writes what lasts, frees */

#endif
