#include "words.h"

#include <stddef.h>

const char *const words_yes_no[] = { "yes", "no", NULL };

const char *const words_active[] = { "active", "inactive", NULL };
const char *const words_active_remote[] = { "Active", "InActive", NULL };

const char *const words_level[] = { "under", "optimal", "over", NULL };

const char *const words_service[] = { "running",  "stopped", "paused", "starting", "stopping", "pausing",
                                      "resuming", "absent",  "denied", "unknown",  NULL };
const char *const words_service_remote[] = { "Running",      "Stopped",      "Paused", "StartPending", "StopPending",
                                             "PausePending", "ContinuePending", "",    "",             "",
                                             NULL };
