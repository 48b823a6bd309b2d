/* hub.h - what the streams of one loop share. */
#ifndef IPAM_TRANSPORT_HUB_H
#define IPAM_TRANSPORT_HUB_H

#include "stream.h"

struct transport_hub {
    struct loop *loop;
    struct transport *streams;
    int64_t connect_ms, kex_ms, login_ms;
    int max_handshakes, max_handshakes_per_host;
    char *ssh_config; /* NULL: the operator's */
};

#endif
