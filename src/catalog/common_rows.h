/* common_rows.h - rows that IPv4 and IPv6 scopes have alike: thresholds, when the state changed, when it was learnt; and their parts.
   object and source are names of the catalogue, as string literals. */
#ifndef CATALOG_COMMON_ROWS_H
#define CATALOG_COMMON_ROWS_H

#define UNREPORTED .empty = "not reported yet"

/* When a server last gave this source of an object. */
#define ANSWERED_SQL(object, source)                                                                                 \
    "(SELECT a.ok_at FROM source a WHERE a.server = o.server AND a.object = '" object "' AND a.source = '" source "')"

/* The level of a percentage that SQL computes, by the row's own thresholds or those of all. */
#define LEVEL_ROW(util)                                                                                              \
    { .name = "level", .title = "Level", .help = "under, optimal or over, by the thresholds", .kind = KIND_ENUM,     \
      .width = 7, .flags = PROP_DEFAULT, .values = words_level,                                                      \
      .sql = "CASE WHEN " util " > coalesce(o.over, :over) THEN 'over'"                                              \
             " WHEN " util " < coalesce(o.under, :under) THEN 'under' WHEN " util " IS NOT NULL THEN 'optimal' END", \
      UNREPORTED }

/* What the store makes of its samples. */
#define TREND_ROWS                                                                                                   \
    { .name = "per_week", .title = "Per week", .help = "Trend: addresses more (or less) in use a week, by the last days", \
      .kind = KIND_INT, .width = 8, .flags = PROP_FACT | PROP_NOTE | PROP_RIGHT, .empty = "no trend yet" },          \
    { .name = "full_in", .title = "Full in", .help = "Trend: days until no address is free, where use grows",        \
      .kind = KIND_INT, .width = 7, .flags = PROP_FACT | PROP_NOTE | PROP_RIGHT, .empty = "not by the trend" }

#define THRESHOLD_ROW(word, heading, side)                                                                           \
    { .name = word, .title = heading, .help = "Percentage " side " which this scope is " word "; - as configured for all", \
      .kind = KIND_PERCENT, .width = 5, .flags = PROP_LOCAL | PROP_NOTE | PROP_RIGHT, .max = 100,                    \
      .empty = "as configured for all" }
#define THRESHOLD_ROWS THRESHOLD_ROW("over", "Over", "above"), THRESHOLD_ROW("under", "Under", "below")

#define LEARNT_ROWS(object, what, statistics)                                                                        \
    { .name = "since", .title = "Since", .help = "When its state changed as far as we saw; - if never while we looked", \
      .kind = KIND_TIME, .width = 16, .flags = PROP_NOTE,                                                            \
      .sql = "(SELECT max(c.at) FROM state_change c WHERE c.object = '" object "' AND c.row = o.id"                  \
             " AND c.property = 'state')" },                                                                         \
    { .name = "seen", .title = "Seen", .help = "When the server last listed its " what, .kind = KIND_TIME,           \
      .width = 16, .flags = PROP_NOTE | PROP_RIGHT | PROP_OF_SERVER, .sql = ANSWERED_SQL(object, object) },                           \
    { .name = "counted", .title = "Counted", .help = "When the server last reported its counters",                   \
      .kind = KIND_TIME, .width = 16, .flags = PROP_NOTE | PROP_RIGHT | PROP_OF_SERVER, .sql = ANSWERED_SQL(object, statistics),      \
      .empty = "never" }

#endif
