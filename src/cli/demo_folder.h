/* demo_folder.h - the temporary folder of a demo, which goes with it; and those of demos that were killed, which go before it. */
#ifndef IPAM_CLI_DEMO_FOLDER_H
#define IPAM_CLI_DEMO_FOLDER_H

#include <stdbool.h>

#include "ipamtui/err.h"

struct demo_folder {
    char *path;
    int lock; /* held while the demo runs */
};
bool demo_folder_make(struct demo_folder *out, struct err *err);
void demo_folder_remove(struct demo_folder *folder); /* zeroed: nothing */

#endif
