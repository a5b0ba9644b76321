# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Server tokens: k3s encrypts with them what servers share, and keeps that in etcd under a key named by the token's hash.
# https://github.com/k3s-io/k3s/blob/master/pkg/cluster/storage.go

ETCD_FILE="$K3S_DATA/server/db/etcd/member/snap/db"
# What lies ready while tokens are rotated: see next-token.sh.
NEXT_TOKEN="$K3S_ETC/token.next"
NEXT_TOKEN_UNIT=/etc/systemd/system/k3s.service.d/isthmus-next-token.conf

token_key() { printf '/bootstrap/%s' "$(printf %s "$1" | sha256sum | cut -c 1-12)"; }

# Tokens only go up, and what was deleted may linger in the file: that a key is there means that the token was in use.
etcd_has_token() { grep -qaF "$(token_key "$1")" "$ETCD_FILE" 2>/dev/null; }

# The token that k3s on this host has, without its long form's beginning.
token_here() { token_on_disk token server; }

# rotate_token NEW: what `k3s token rotate` asks of the server here. It takes the new token as an argument alone, and everybody on
# a host reads what programs are given; curl reads it from its input.
# https://github.com/k3s-io/k3s/blob/master/pkg/cli/token/token.go
rotate_token() {
  local code log="$RECORD/token-rotation.log"
  mkdir -p "$RECORD"
  rm -f "$log" "$log.body"
  code=$(rotation_request "$(token_here)" "$1" |
    curl -sS --noproxy '*' --max-time 60 --cacert "$K3S_DATA/server/tls/server-ca.crt" -o "$log.body" -w '%{http_code}' -K - 2>"$log") || true
  [ "$code" != 200 ] || return 0
  [ ! -s "$log.body" ] || cat "$log.body" >>"$log"
  relay <"$log"
  return 1
}

# rotation_request OLD NEW: as curl's configuration.
rotation_request() {
  printf 'url = "https://127.0.0.1:6443/v1-k3s/token"\nrequest = "PUT"\nheader = "Content-Type: application/json"\n'
  printf 'user = "server:%s"\n' "$(escaped "$1")"
  printf 'data = "%s"\n' "$(escaped "{\"newToken\":\"$(escaped "$2")\"}")"
}

clear_next_token() {
  [ -e "$NEXT_TOKEN" ] || [ -e "$NEXT_TOKEN_UNIT" ] || return 0
  rm -f "$NEXT_TOKEN" "$NEXT_TOKEN_UNIT"
  systemctl daemon-reload 9>&-
}

# Not by grep: everybody on a host reads what programs are given.
is_older_token() {
  local one
  while IFS= read -r one; do
    if [ -n "$1" ] && [ "$one" = "$1" ]; then return 0; fi
  done <<<"$OLDER_TOKENS"
  return 1
}
