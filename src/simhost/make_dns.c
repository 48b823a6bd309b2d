/* make_dns.c - zones of a DNS server. */
#include "make.h"

void make_dns(struct making *m)
{
    (void)m;
}
