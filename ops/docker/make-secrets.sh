#!/usr/bin/env bash
# Make the secrets that compose.yaml mounts: random passwords, and the URLs and files that contain them.
# A secret that exists is kept, so running this again never locks anyone out.
#
#   ops/docker/make-secrets.sh [folder]      default: .secrets at the root of the checkout
#
# The folder is closed to everyone else (0700). The files inside are readable (0444) because each container reads its
# own through a bind mount, as a user of its own. Git ignores the folder, whatever else it is told.
set -euo pipefail

folder="${1:-$(dirname "$0")/../../.secrets}"
mkdir -p "$folder"
chmod 0700 "$folder"
echo '*' >"$folder/.gitignore"

keep() { # name, content: write the secret unless it exists
  if [[ ! -e "$folder/$1" ]]; then
    printf '%s\n' "$2" >"$folder/$1.new"
    chmod 0444 "$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
    echo "made $folder/$1"
  fi
}

password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; } # 192 bits; hexadecimal, so nothing needs escaping

keep postgres_superuser_password "$(password)"
for role in owner writer reader reactor opener projector operator asker; do
  keep "postgres_${role}_password" "$(password)"
  keep "${role}_database_url" "postgresql://bursar_${role}:$(<"$folder/postgres_${role}_password")@postgres:5432/bursar?sslmode=disable"
done

nats="$(password)"
keep nats_auth "authorization { user: bursar, password: \"$nats\" }"
keep nats_url "nats://bursar:$(sed 's/.*password: "\([0-9a-f]*\)".*/\1/' "$folder/nats_auth")@nats:4222"

keep redis_auth "requirepass $(password)"
keep redis_url "redis://:$(sed 's/^requirepass //' "$folder/redis_auth")@redis:6379/0"

# The ring that seals personal data. Keep a copy where neither the database nor its backups are.
key() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }
keep vault_keys "k1:$(key)
index:$(key)"

# What rails sign their messages with, and the processor's API key: put theirs in place of these. Until then nobody knows
# the secrets, so no message is taken, and no key is sent.
keep sct_inst_secret "whsec_$(key)"
keep card_psp_secret "whsec_$(key)"
keep card_psp_key ""
