#include "algorithms.h"

#include <stdio.h>
#include <string.h>

/* Never the -cert- host keys: libssh2 does not check them against an authority. group16 and 18 cost 20 and 200 ms of the loop.
 * 1.10 has neither gcm, chacha20 nor etm. */
static const char *const ours[] = {
    [ALG_HOSTKEY] = "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521",
    [ALG_KEX] = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group14-sha256",
    [ALG_CIPHER] = "aes128-ctr,aes256-ctr",
    [ALG_MAC] = "hmac-sha2-256,hmac-sha2-512",
};

const char *algorithms_ours(enum algorithm which)
{
    return ours[which];
}

bool algorithms_has(const char *list, const char *name, size_t len)
{
    while (*list) {
        size_t item = strcspn(list, ",");
        if (item == len && strncmp(list, name, len) == 0)
            return true;
        list += item + (list[item] == ',');
    }
    return false;
}

bool algorithms_pick(enum algorithm which, const char *list, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (const char *at = ours[which]; *at;) {
        size_t item = strcspn(at, ",");
        if ((!list || algorithms_has(list, at, item)) && used + item + 2 < size)
            used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? "," : "", (int)item, at);
        at += item + (at[item] == ',');
    }
    return used > 0;
}

bool algorithms_common(enum algorithm which, const char *list)
{
    char picked[512];
    return algorithms_pick(which, list, picked, sizeof(picked));
}
