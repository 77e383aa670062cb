#!/bin/sh
# Makes the secrets of compose.yaml, each a file: random passwords, the addresses with them, and the key that signs
# checkpoints of the audit trail. Never overwrites one.
#     sh deploy/secrets.sh [FOLDER]
set -eu

folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"

password() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

# An Ed25519 key as `singlewindow audit keygen` makes it: 32 random bytes behind the fixed bytes of PKCS #8.
signing_key() {
    echo "-----BEGIN PRIVATE KEY-----"
    { printf '\060\056\002\001\000\060\005\006\003\053\145\160\004\042\004\040'; head -c 32 /dev/urandom; } | base64
    echo "-----END PRIVATE KEY-----"
}

# The account inside a container is not the one that made the file; the folder keeps everybody else out.
keep() {
    printf '%s\n' "$2" > "$folder/$1"
    chmod 444 "$folder/$1"
}

if [ -e "$folder/database-password" ]; then
    echo "$folder holds secrets already; nothing was changed" >&2
    exit 1
fi
database=$(password)
queue=$(password)
keep database-password "$database"
keep database-url "postgresql+psycopg://singlewindow:$database@postgres/singlewindow"
keep redis-url "redis://:$queue@valkey:6379/0"
keep valkey-settings "requirepass $queue"
keep audit-key "$(signing_key)"
echo "The secrets are in $folder"
