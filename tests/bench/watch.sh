#!/bin/sh
# 500 servers watched: rounds of everything and of service state over warm sessions, and the same with a fifth of the hosts hanging.
exec "${BUILD:-build}/bench/retrieve" --servers 500 --scopes 80 --rounds 2 --service 3 --hang 20
