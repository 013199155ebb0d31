#!/bin/sh
# Asks the certificate authority for the site's certificate, and again in time before it ends, for ever: certbot looks
# twice a day and renews 30 days before. nginx sees the new files by itself.
set -u

case ${PORTICO_URL:-} in
    https://?*) ;;
    *) echo "acme: needs an https address in PORTICO_URL, not '${PORTICO_URL:-}'" >&2 && exit 1 ;;
esac
host=${PORTICO_URL#https://}
host=${host%%[:/]*}
set -- --domain "$host"
for name in $(echo "${PORTICO_TLS_NAMES:-}" | tr ',' ' '); do
    set -- "$@" --domain "$name"
done
if [ -n "${PORTICO_ACME_EMAIL:-}" ]; then
    set -- "$@" --email "$PORTICO_ACME_EMAIL"
else
    set -- "$@" --register-unsafely-without-email
fi

trap 'exit 0' TERM INT
while :; do
    # A failure waits too: authorities allow few of them in an hour.
    wait=${PORTICO_ACME_RETRY:-30m}
    certbot certonly --webroot --webroot-path /challenges --cert-name site "$@" \
        --non-interactive --agree-tos --keep-until-expiring --renew-with-new-domains \
        --server "${PORTICO_ACME_SERVER:-https://acme-v02.api.letsencrypt.org/directory}" \
        --config-dir /certificates/acme --work-dir /tmp/certbot --logs-dir /tmp/certbot &&
        wait=${PORTICO_ACME_PERIOD:-12h}
    sleep "$wait" &
    wait $!
done
