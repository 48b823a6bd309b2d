/* statistics.h - the answers of collector_statistics(), gathered and written as text: the same for `server statistics` and the console.
 *
 * Machine formats are a contract: counters are called as Windows calls them, durations are seconds, times ISO 8601 UTC, what a server
 * does not offer is null or empty. */
#ifndef IPAM_STATISTICS_H
#define IPAM_STATISTICS_H

#include "ipamtui/collect.h"
#include "ipamtui/listing.h"

struct statistics;
/* zone: what they are about, or NULL: the servers. */
struct statistics *statistics_new(const char *zone);
void statistics_free(struct statistics *statistics); /* NULL is fine */
/* Every note of the job, as it comes; those that are not about answers are nothing. now_s: rates are up to then. */
void statistics_take(struct statistics *statistics, const struct note *note, int64_t now_s);
/* TABLE is for people: a block of lines a server, to be shown anywhere. CSV and TSV have a line a counter, JSON an object a server and
 * kind of counters. Servers by name. */
void statistics_write(struct statistics *statistics, enum listing_format format, bool raw, struct buf *out);

/* What has been counted for how long, in seconds; 0 = it does not say. values: as in a NOTE_ANSWER; asked_s: when it came. */
int64_t statistics_counted_s(const struct object_type *object, const struct value *values, int64_t asked_s);
/* "12.3/s", "4.5/h", "2/d", or "" for none. Returns out. */
char *statistics_rate(int64_t count, int64_t counted_s, char *out, size_t size);

#endif
