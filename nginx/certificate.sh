#!/bin/sh
# Puts the certificate that PORTICO_TLS asks for where nginx reads it, and follows it when it changes.
#
#   certificate.sh choose    once; a self-signed one stands in until the certificate authority has given ours
#   certificate.sh follow    again and again: nginx looks at the file by itself, so nothing is reloaded, nobody is cut off
set -eu
umask 077

now=/run/nginx/certificate.pem         # what nginx reads: the key and the chain
own=/certificates/own                  # PORTICO_TLS=files: fullchain.pem and privkey.pem, mounted there
acme=/certificates/acme/live/site      # PORTICO_TLS=acme: the same, written by the service `acme`
self_signed=/certificates/self-signed

choose() {
    case $PORTICO_TLS in
        files) take $own ;;
        acme)
            # certbot removes the old name for a moment when it renews: what serves goes on serving then
            if [ -e $acme/privkey.pem ] || { [ -d $acme ] && [ -e $now ]; }; then
                take $acme
            else
                make_self_signed && take $self_signed
            fi
            ;;
        self-signed) make_self_signed && take $self_signed ;;
    esac
}

# The pair in folder $1, in one step, unless it is there already or is no pair (yet).
take() {
    cat "$1/privkey.pem" "$1/fullchain.pem" >$now.new 2>/dev/null && cmp -s $now.new $now && return
    key=$(openssl pkey -pubout -in $now.new 2>/dev/null) || key=none
    if [ "$(openssl x509 -pubkey -noout -in $now.new 2>/dev/null)" != "$key" ]; then
        echo "nginx: needs $1/fullchain.pem and its key $1/privkey.pem, readable by user $(id -u)" >&2
        return 1
    fi
    mv $now.new $now
    echo "nginx: the certificate in $1 serves, $(openssl x509 -enddate -noout -in $now)" >&2
}

# Makes a certificate for PORTICO_NAMES unless there is one for these names that is good for another week.
make_self_signed() {
    if [ "$(cat $self_signed/names 2>/dev/null)" = "$PORTICO_NAMES" ] &&
        openssl x509 -checkend 604800 -noout -in $self_signed/fullchain.pem >/dev/null 2>&1; then
        return
    fi
    mkdir -p $self_signed
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 \
        -subj "/CN=Portico, self-signed" -addext "subjectAltName=$(alternative_names)" \
        -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth \
        -keyout $self_signed/privkey.pem -out $self_signed/fullchain.pem 2>/dev/null
    echo "$PORTICO_NAMES" >$self_signed/names
}

alternative_names() {
    comma=
    for name in $PORTICO_NAMES; do
        case $name in
            \[*\]) kind=IP name=${name#\[} name=${name%\]} ;;
            *[!0-9.]*) kind=DNS ;;
            *) kind=IP ;;
        esac
        printf '%s%s:%s' "$comma" $kind "$name"
        comma=,
    done
}

case $1 in
    choose) choose || [ -e $now ] ;;
    # A key and a certificate that do not belong together (yet) are no reason to end: the old ones stay, and it looks again.
    follow) while sleep "${PORTICO_TLS_POLL:-10}"; do choose || true; done ;;
esac
