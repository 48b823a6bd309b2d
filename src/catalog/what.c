/* what.c - the words for what is retrieved: --what, the console's question and its list of jobs say the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/catalog.h"
#include "ipamtui/text.h"

const struct what_word what_words[WHAT_WORDS] = {
    { "service", "Services", WHAT_SERVICE, "reached, version, are the services running" },
    { "dhcp", "DHCP", WHAT_DHCP, "configuration of DHCP servers: scopes, exclusion ranges, options" },
    { "utilization", "Utilization", WHAT_UTILIZATION, "how full scopes are" },
    { "dns", "DNS", WHAT_DNS, "zones, their health and their settings" },
    { "events", "Events", WHAT_EVENTS, "what event logs say of zones; dns asks for it as well" },
    { "failover", "Failover", WHAT_FAILOVER, "which half of a failover pair has which addresses" },
    { "all", "Everything", WHAT_ALL, "all of these but failover" },
};

static const struct what_word *find(const char *word)
{
    for (size_t i = 0; i < WHAT_WORDS; i++)
        if (strcmp(what_words[i].name, word) == 0)
            return &what_words[i];
    return NULL;
}

static bool refuse(const char *word, const char *where, struct err *err)
{
    struct text_nearest near = { .word = word };

    for (size_t i = 0; i < WHAT_WORDS; i++)
        text_nearest_offer(&near, what_words[i].name);
    if (near.best)
        return err_set(err, ERR_INPUT, where, "\"%s\" cannot be retrieved; did you mean %s?", word, near.best);
    return err_set(err, ERR_INPUT, where, "\"%s\" cannot be retrieved: there are " WHAT_NAMES, word);
}

bool what_parse(const char *text, const char *where, unsigned *out, struct err *err)
{
    char *copy = x_strdup(text), *rest = copy;
    unsigned what = 0;
    bool ok = true;

    for (char *word; ok && (word = strsep(&rest, ", "));) {
        const struct what_word *row = find(word);

        if (row)
            what |= row->what;
        else if (*word)
            ok = refuse(word, where, err);
    }
    free(copy);
    if (ok && !what)
        ok = err_set(err, ERR_INPUT, where, "expected some of " WHAT_NAMES);
    if (ok)
        *out = what;
    return ok;
}

char *what_show(unsigned what, char *out, size_t size)
{
    const struct what_word *all = &what_words[WHAT_WORDS - 1];
    size_t used = 0;

    out[0] = '\0';
    if ((what & all->what) == all->what) {
        used = (size_t)snprintf(out, size, "%s", all->title);
        what &= ~all->what;
    }
    for (size_t i = 0; i < WHAT_WORDS - 1 && used < size; i++)
        if (what & what_words[i].what)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", what_words[i].title);
    if ((what & WHAT_STATISTICS) && used < size)
        snprintf(out + used, size - used, "%sStatistics", used ? ", " : "");
    return out;
}
