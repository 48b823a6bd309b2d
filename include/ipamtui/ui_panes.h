/* ui_panes.h - panes that the console draws itself, from its own state or from sums of the store; for panes_all. */
#ifndef IPAM_UI_PANES_H
#define IPAM_UI_PANES_H

#include "ipamtui/pane.h"

extern const struct pane_ops overview_pane, jobs_pane;

#endif
