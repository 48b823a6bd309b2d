/* theme.h - what looks mean in colours of the terminal's own palette. */
#ifndef IPAM_UI_THEME_H
#define IPAM_UI_THEME_H

#include "ipamtui/pane.h"

/* Sets up colour pairs. name: "default", "mono", "light", "dark", "high-contrast", "colour-blind"; NO_COLOR and terminals without
 * colours get "mono". Needs curses started. */
void theme_open(const char *name);
/* Attributes (curses attr_t) of a look. */
unsigned long theme_attr(enum look look);

#endif
