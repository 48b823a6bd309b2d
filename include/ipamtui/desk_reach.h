/* desk_reach.h - the desk's calls over the collector's sessions: one login for what is retrieved and what is changed. */
#ifndef IPAM_DESK_REACH_H
#define IPAM_DESK_REACH_H

#include "ipamtui/change_desk.h"
#include "ipamtui/collect.h"

/* The desk must be stopped before the collector is. */
struct desk_reach desk_reach_collector(struct collector *collector);

#endif
