#!/bin/sh
# Makes the secrets of compose.yaml, one file for each: random passwords, the addresses that contain them, and the key that
# signs checkpoints of the audit trail. Existing files stay, so that you can add the secrets of a newer version.
#     sh deploy/secrets.sh [FOLDER]
set -eu

folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"

password() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
    echo
}

# An Ed25519 key as `singlewindow audit keygen` makes it: 32 random bytes behind the fixed bytes of PKCS #8.
signing_key() {
    echo "-----BEGIN PRIVATE KEY-----"
    { printf '\060\056\002\001\000\060\005\006\003\053\145\160\004\042\004\040'; head -c 32 /dev/urandom; } | base64
    echo "-----END PRIVATE KEY-----"
}

# Writes the output of the command to the file NAME, unless the file exists. The account inside a container is not the one
# that made the file; the folder keeps everybody else out.
keep() {
    name=$1
    shift
    [ -e "$folder/$name" ] && return
    "$@" > "$folder/$name.new"
    chmod 444 "$folder/$name.new"
    mv "$folder/$name.new" "$folder/$name"
    echo "made $folder/$name"
}

keep database-password password
keep database-url printf 'postgresql+psycopg://singlewindow:%s@postgres/singlewindow\n' "$(cat "$folder/database-password")"
keep valkey-settings printf 'requirepass %s\n' "$(password)"
keep redis-url printf 'redis://:%s@valkey:6379/0\n' "$(sed -n 's/^requirepass //p' "$folder/valkey-settings")"
keep audit-key signing_key
echo "All secrets are in $folder"
