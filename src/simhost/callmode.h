/* callmode.h - `simhost call DIR NAME CMDLET`: one bound call of the real engine's stub modules.
 *
 * stdin: CLIXML of a dictionary of the bound parameters. stdout: a line an answer, "R " and CLIXML of an
 * object ("X " before it: the XML of an event), "E " and "F " and CLIXML of an error (F: it ends the
 * pipeline) with Id, Category, Reason, Message, Target. The same estate and rules as `simhost serve`. */
#ifndef SIMHOST_CALLMODE_H
#define SIMHOST_CALLMODE_H

int simhost_call(const char *dir, const char *name, const char *cmdlet);

#endif
