/* panes_int.h - the panes, one file each. */
#ifndef IPAM_PANES_INT_H
#define IPAM_PANES_INT_H

#include "ipamtui/pane.h"

extern const struct pane_ops zones_pane, zoneservers_pane, scopes6_pane;
extern const struct pane_ops servers_pane, scopes_pane, exclusions_pane, changes_pane, steps_pane;

#endif
