/* rights.h - what the groups of a login allow on a Windows host, read from the lines of `whoami /groups /fo csv /nh`.
 *
 * Well-known groups are told by their SID, which no language of Windows changes; those of DHCP and DNS have none that is
 * the same everywhere. DnsAdmins is called so in every language; the local groups of DHCP are named in that of the Windows which made
 * them, so on one that is not English (its Users, Everyone and Administrators tell) their absence proves nothing. Nothing here
 * talks to a host. */
#ifndef IPAM_RIGHTS_H
#define IPAM_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

struct rights {
    size_t groups;      /* lines understood; 0 = nothing is known */
    bool administrator; /* of the host or the domain */
    bool elevated;      /* with a high mandatory level: without it an administrator's group only denies */
    bool foreign;       /* groups are named in another language than English */
    bool dhcp_administrator, dhcp_user, dns_administrator;
};
enum rights_may { RIGHTS_UNKNOWN, RIGHTS_NO, RIGHTS_YES };

/* Takes one line: "BUILTIN\Administrators","Alias","S-1-5-32-544","...". Others are ignored. */
void rights_take(struct rights *rights, const char *line);
enum rights_may rights_change_dhcp(const struct rights *rights);
enum rights_may rights_change_dns(const struct rights *rights);

#endif
