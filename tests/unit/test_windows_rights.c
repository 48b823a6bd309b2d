/* What groups allow: lines as whoami.exe writes them, in other languages too, and lines that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipamtui/mem.h"
#include "ipamtui/rights.h"

#define USERS "\"BUILTIN\\Users\",\"Alias\",\"S-1-5-32-545\",\"Mandatory group\""
#define ADMINS "\"VORDEFINIERT\\Administratoren\",\"Alias\",\"S-1-5-32-544\",\"Verbindliche Gruppe\""
#define HIGH "\"Mandatory Label\\High Mandatory Level\",\"Label\",\"S-1-16-12288\",\"\""
#define MEDIUM "\"Mandatory Label\\Medium Mandatory Level\",\"Label\",\"S-1-16-8192\",\"\""
#define DOMAIN_ADMINS "\"CORP\\Domain Admins\",\"Group\",\"S-1-5-21-1-2-3-512\",\"\""
#define DHCP "\"CORP\\DHCP Administrators\",\"Alias\",\"S-1-5-21-1-2-3-1105\",\"\""
#define EVERYONE_DE "\"Jeder\",\"Bekannte Gruppe\",\"S-1-1-0\",\"Verbindliche Gruppe\""
#define DHCP_DE "\"HOST\\DHCP-Administratoren\",\"Alias\",\"S-1-5-21-1-2-3-1004\",\"\""
#define DHCP_USERS "\"CORP\\DHCP Users\",\"Alias\",\"S-1-5-21-1-2-3-1104\",\"\""
#define DNS "\"CORP\\DnsAdmins\",\"Alias\",\"S-1-5-21-1-2-3-1101\",\"\""

static const struct {
    const char *lines[4];
    enum rights_may dhcp, dns;
} cases[] = {
    { { "" }, RIGHTS_UNKNOWN, RIGHTS_UNKNOWN },
    { { "whoami: extra operand '/groups'", "\"half", "\"a\",\"b\"" }, RIGHTS_UNKNOWN, RIGHTS_UNKNOWN },
    { { USERS, MEDIUM }, RIGHTS_NO, RIGHTS_NO },
    { { USERS, ADMINS, HIGH }, RIGHTS_YES, RIGHTS_YES },
    /* Another language: no group by its English name proves nothing, one by it does. */
    { { ADMINS, MEDIUM }, RIGHTS_UNKNOWN, RIGHTS_NO },
    { { EVERYONE_DE, DHCP_DE, MEDIUM }, RIGHTS_UNKNOWN, RIGHTS_NO },
    { { EVERYONE_DE, DHCP, MEDIUM }, RIGHTS_YES, RIGHTS_NO },
    { { DOMAIN_ADMINS, HIGH }, RIGHTS_YES, RIGHTS_YES },
    { { USERS, DHCP, MEDIUM }, RIGHTS_YES, RIGHTS_NO },
    { { USERS, DHCP_USERS, MEDIUM }, RIGHTS_NO, RIGHTS_NO },
    { { DNS, MEDIUM }, RIGHTS_NO, RIGHTS_YES },
};

static void test_groups(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rights rights = { 0 };

        for (size_t j = 0; j < COUNT(cases[i].lines) && cases[i].lines[j]; j++)
            rights_take(&rights, cases[i].lines[j]);
        assert_int_equal(rights_change_dhcp(&rights), cases[i].dhcp);
        assert_int_equal(rights_change_dns(&rights), cases[i].dns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_groups) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
