#!/bin/sh
# Made the certificates beside it. Run it in this folder to make them anew; tests need nothing but the files.
set -e

authority() { # FILE NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" \
    -days 36500 -subj "/CN=$2" -addext basicConstraints=critical,CA:TRUE
}

issue() { # FILE AUTHORITY SUBJECT ALTERNATIVE_NAMES KEY_OPTIONS DAYS
  # shellcheck disable=SC2086
  openssl req -new -newkey $5 -nodes -keyout "$1.key" -out "$1.csr" -subj "$3"
  printf 'subjectAltName=%s\n' "$4" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -days "$6" -out "$1.pem" -extfile "$1.ext"
  rm -f "$1.csr" "$1.ext"
}

ec='ec -pkeyopt ec_paramgen_curve:P-256'
rsa='rsa:2048'

authority authority 'Tidegate test authority'
authority other-authority 'Another authority'

issue one authority /CN=one.test DNS:one.test,DNS:www.one.test "$ec" 36500
issue one-renewed authority /CN=one.test DNS:one.test,DNS:www.one.test "$ec" 36500
issue one-rsa authority /CN=one.test DNS:one.test "$rsa" 36500
issue two authority /CN=two.test DNS:two.test "$ec" 36500
issue local authority /CN=localhost DNS:localhost,IP:127.0.0.1 "$ec" 36500
issue wild authority '/CN=*.wild.test' 'DNS:*.wild.test' "$ec" 36500
issue expired authority /CN=expired.test DNS:expired.test "$ec" 0
issue client authority '/O=Tide, Inc./CN=client' DNS:client.test "$ec" 36500
issue stranger other-authority /CN=client DNS:client.test "$ec" 36500
rm -f ./*.srl
