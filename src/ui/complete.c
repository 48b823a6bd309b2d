#include "complete.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 200

char *path_expand(const char *typed)
{
    const char *home = getenv("HOME");

    if (typed[0] == '~' && (typed[1] == '/' || typed[1] == '\0') && home)
        return x_asprintf("%s%s", home, typed + 1);
    return x_strdup(typed);
}

void path_words(const char *text, size_t at, struct word_list *out)
{
    char *typed = x_strndup(text, at), *slash = strrchr(typed, '/');
    const char *name = slash ? slash + 1 : typed;
    char *folder = slash ? x_strndup(typed, (size_t)(slash - typed) + 1) : x_strdup("");
    char *expanded = path_expand(folder[0] ? folder : ".");
    DIR *dir = opendir(expanded);
    struct dirent *entry;

    while (dir && out->count < NAMES_MAX && (entry = readdir(dir))) {
        char *word;

        if (strncmp(entry->d_name, name, strlen(name)) != 0 || (entry->d_name[0] == '.' && name[0] != '.') ||
            strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        word = x_asprintf("%s%s%s", folder, entry->d_name, entry->d_type == DT_DIR ? "/" : "");
        word_list_add(out, word, "", "", 0);
        free(word);
    }
    if (dir)
        closedir(dir);
    free(expanded);
    free(folder);
    free(typed);
}
