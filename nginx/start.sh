#!/bin/sh
# The last step before nginx starts.
set -eu

# Where the kernel has no IPv6, nginx must not listen on it.
[ -e /proc/net/if_inet6 ] || sed -i '/listen \[::\]/d' /run/nginx/*.conf

[ "$PORTICO_TLS" = off ] && exit
certificate.sh choose
certificate.sh follow &
