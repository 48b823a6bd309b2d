/* ui_changes.h - what the panes of changes have from the console: the plan, which draws itself, and the commands of the lists of
 * changes and their steps. */
#ifndef IPAM_UI_CHANGES_PUBLIC_H
#define IPAM_UI_CHANGES_PUBLIC_H

#include "ipamtui/pane.h"

/* The plan; for panes_all. */
extern const struct pane_ops plan_pane;

/* Of the panes "changes" and "steps". */
#define CHANGE_LIST_COMMANDS 4
extern const struct command change_list_commands[CHANGE_LIST_COMMANDS];

#endif
