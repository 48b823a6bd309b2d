#include "ipamtui/rights.h"

#include <stddef.h>
#include <string.h>

#include "ipamtui/mem.h"
#include "ipamtui/text.h"

/* A row fits by SID ('*' for a domain's numbers) or by the name after the backslash. */
static const struct group {
    const char *sid, *name;
    size_t at;
} groups[] = {
    { .sid = "S-1-5-32-544", .at = offsetof(struct rights, administrator) },   /* Administrators */
    { .sid = "S-1-5-21-*-512", .at = offsetof(struct rights, administrator) }, /* Domain Admins */
    { .sid = "S-1-16-12288", .at = offsetof(struct rights, elevated) },        /* High Mandatory Level */
    { .sid = "S-1-16-16384", .at = offsetof(struct rights, elevated) },        /* System Mandatory Level */
    { .name = "DHCP Administrators", .at = offsetof(struct rights, dhcp_administrator) },
    { .name = "DHCP Users", .at = offsetof(struct rights, dhcp_user) },
    { .name = "DnsAdmins", .at = offsetof(struct rights, dns_administrator) },
};

/* What these are called in English. */
static const struct { const char *sid, *name; } english[] = {
    { "S-1-1-0", "Everyone" }, { "S-1-5-32-545", "Users" }, { "S-1-5-32-544", "Administrators" },
};

/* The next quoted field of *at; moves past it. false: there is none. */
static bool next_field(const char **at, char *out, size_t size)
{
    const char *start = strchr(*at, '"');
    const char *end = start ? strchr(start + 1, '"') : NULL;
    size_t len;

    if (!end)
        return false;
    len = MIN((size_t)(end - start - 1), size - 1);
    memcpy(out, start + 1, len);
    out[len] = '\0';
    *at = end + 1;
    return true;
}

void rights_take(struct rights *rights, const char *line)
{
    char name[256], type[64], sid[192];
    const char *last;

    if (!next_field(&line, name, sizeof(name)) || !next_field(&line, type, sizeof(type)) ||
        !next_field(&line, sid, sizeof(sid)) || strncmp(sid, "S-1-", 4) != 0)
        return;
    rights->groups++;
    last = strrchr(name, '\\');
    last = last ? last + 1 : name;
    for (size_t i = 0; i < COUNT(english); i++)
        rights->foreign |= strcmp(english[i].sid, sid) == 0 && text_casecmp(english[i].name, last) != 0;
    for (size_t i = 0; i < COUNT(groups); i++)
        if (groups[i].sid ? text_glob(groups[i].sid, sid) : text_casecmp(groups[i].name, last) == 0)
            *(bool *)((char *)rights + groups[i].at) = true;
}

static enum rights_may may(const struct rights *rights, bool group)
{
    if (rights->groups == 0)
        return RIGHTS_UNKNOWN;
    return group || (rights->administrator && rights->elevated) ? RIGHTS_YES : RIGHTS_NO;
}

enum rights_may rights_change_dhcp(const struct rights *rights)
{
    enum rights_may answer = may(rights, rights->dhcp_administrator);
    return answer == RIGHTS_NO && rights->foreign ? RIGHTS_UNKNOWN : answer;
}

enum rights_may rights_change_dns(const struct rights *rights)
{
    return may(rights, rights->dns_administrator);
}
