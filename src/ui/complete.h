/* complete.h - paths as people type them. Screen thread; looks only into local folders. */
#ifndef IPAM_UI_COMPLETE_H
#define IPAM_UI_COMPLETE_H

#include "app.h"

/* "~/x" with the home folder. The caller frees. */
char *path_expand(const char *typed);
/* Files and folders that begin with text[0..at); whole paths as typed. */
void path_words(const char *text, size_t at, struct word_list *out);
/* For commands whose argument is a file. */
void complete_file_arg(struct command_call *call, size_t at, command_word_fn *fn, void *ctx);

#endif
