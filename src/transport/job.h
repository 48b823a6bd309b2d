/* job.h - short helper processes (ssh -G, ssh-keygen -F, getent ...) beside the loop.
 *
 * At most JOBS_AT_ONCE of a hub run; the others wait their turn in order. */
#ifndef IPAM_TRANSPORT_JOB_H
#define IPAM_TRANSPORT_JOB_H

#include "stream.h"

#define JOBS_AT_ONCE 4
#define JOB_OUTPUT_LIMIT ((size_t)1 << 20)

struct job;
/* err->kind ERR_NONE: it ran; exit_code is 0-255, or 128 + signal. Otherwise it could not be started or took too long. */
typedef void job_fn(void *ctx, int exit_code, const char *out, const char *errs, const struct err *err);
/* argv and env (NAME=VALUE, may be NULL) are copied. fn is called once, from the loop, unless cancelled. */
struct job *job_start(struct transport_hub *hub, const char *const argv[], const char *const env[], int64_t timeout_ms,
                      job_fn *fn, void *ctx);
/* The same, before those that wait: its host is further on than theirs. */
struct job *job_start_first(struct transport_hub *hub, const char *const argv[], const char *const env[], int64_t timeout_ms,
                            job_fn *fn, void *ctx);
void job_cancel(struct job *job); /* NULL is fine; ends the process */
void jobs_end(struct transport_hub *hub); /* cancels all */

#endif
