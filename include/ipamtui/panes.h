/* panes.h - the panes of the console. */
#ifndef IPAM_PANES_H
#define IPAM_PANES_H

#include "ipamtui/pane.h"

/* In the order of the bar; NULL-terminated; for ui_options.panes. */
extern const struct pane_ops *const panes_all[];

#endif
