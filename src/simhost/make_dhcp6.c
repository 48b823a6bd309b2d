/* make_dhcp6.c - IPv6 scopes: on some DHCP servers, far fewer than IPv4 ones. */
#include "make.h"

void make_dhcp6(struct making *m, int scopes)
{
    struct random *r = &m->random;
    int count = scopes > 0 && m->place % 3 == 0 ? MIN(scopes / 5 + 1, 200) : 0;

    for (int i = 0; i < count; i++) {
        bool longer = random_percent(r, 20);
        make_object(m, "DhcpServerv6Scope", "Prefix", make_text(m, "2001:db8:%x:%x::", m->place + 1, i + 1),
                    "Name", make_text(m, "%s v6 LAN %d", m->region, i + 1), "Description", "", "Preference",
                    "0", "PreferredLifetime", longer ? "P30D" : "P8D", "PrefixLength", "64", "State",
                    random_percent(r, 10) ? "InActive" : "Active", "T1", longer ? "P15D" : "P4D", "T2",
                    longer ? "P24D" : "P6DT9H36M", "ValidLifetime", longer ? "P45D" : "P12D", "InUse",
                    make_text(m, "%d", random_below(r, 400)), "Reserved",
                    make_text(m, "%d", random_below(r, 3)), NULL);
    }
}
