#!/bin/sh
# 500 servers watched: 250 with DHCP and 40,000 scopes together, 250 with DNS and 350 zones each, every zone on 4 of them. Rounds of
# everything and of each kind over warm sessions, and the same with a fifth of the hosts hanging.
exec "${BUILD:-build}/bench/retrieve" --servers 250 --scopes 160 --dns 250 --zones 350 --rounds 3 --kinds 3 --hang 20
