#!/bin/sh
# Makes the certificates of the in-process API server anew. They protect nothing: the private keys are public.
# Valid from 2020 to 2120, so no clock that runs the tests is too early or too late for them.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
touch "$work/index"
cat > "$work/openssl.cnf" <<CONFIG
[ca]
default_ca = test
[test]
database = $work/index
new_certs_dir = $work
rand_serial = yes
unique_subject = no
default_md = sha256
policy = policy
[policy]
organizationName = optional
commonName = supplied
[authority]
basicConstraints = critical,CA:true
[server]
subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1
[client]
extendedKeyUsage = clientAuth
CONFIG

certificate() { # file, subject, extensions, end, how it is signed
  name=$1 subject=$2 extensions=$3 end=$4
  shift 4
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config /dev/null \
    -keyout "$name.key" -out "$work/request" -subj "$subject"
  openssl ca -batch -notext -config "$work/openssl.cnf" -extensions "$extensions" \
    -startdate 20200101000000Z -enddate "$end" -in "$work/request" -out "$name.crt" "$@"
}

certificate ca /CN=test-ca authority 21200101000000Z -selfsign -keyfile ca.key
certificate unrelated-ca /CN=unrelated-ca authority 21200101000000Z -selfsign -keyfile unrelated-ca.key
certificate server /CN=api-server server 21200101000000Z -cert ca.crt -keyfile ca.key
certificate expired /CN=api-server server 20200102000000Z -cert ca.crt -keyfile ca.key
certificate alice /O=system:masters/CN=alice client 21200101000000Z -cert ca.crt -keyfile ca.key
certificate bob /O=system:masters/CN=bob client 21200101000000Z -cert ca.crt -keyfile ca.key
rm ca.key unrelated-ca.key
chmod 644 ./*.key
