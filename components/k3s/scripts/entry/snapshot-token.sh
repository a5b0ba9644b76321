#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Prints what a restore has to know of a snapshot, a line each: `bytes N`, `free N` of the disk that it would be restored on, the k3s of
# each node that it holds, and the fingerprints of the tokens that it knows: the newest of them opens it. Changes nothing.

# A node's versions of kubelet and kube-proxy stand side by side in its object, as fields 7 and 8:
# https://github.com/kubernetes/api/blob/v0.34.0/core/v1/generated.proto (NodeSystemInfo).
known_facts() {
  { grep -aoP '/bootstrap/[0-9a-f]{12}|\x3a.v[0-9.]+[+-]k3s[0-9]+\x42' || true; } |
    sed 's#^/bootstrap/##; s#^:.v\(.*\)B$#k3s v\1#' | sort -u
}

step "look into $SNAPSHOT"
if [ -n "$S3_BUCKET" ]; then
  head=$(object_store "/$S3_FOLDER/$SNAPSHOT" -I) || store_failed
  bytes=$(tr -d '\r' <<<"$head" | sed -n 's/^[Cc]ontent-[Ll]ength: *//p' | tail -n 1)
else
  from="$K3S_DATA/server/db/snapshots/$SNAPSHOT"
  bytes=$(stat -c %s "$from")
fi
[ -z "$bytes" ] || printf 'bytes %s\n' "$bytes"
# The folder may not be there yet.
on=$K3S_DATA
while [ ! -d "$on" ]; do on=$(dirname "$on"); done
printf 'free %s\n' "$(df -B1 --output=avail "$on" | tail -n 1 | tr -d ' ')"

# A compressed one does not tell before it is unpacked.
if [[ $SNAPSHOT == *.zip ]]; then exit 0; fi
if [ -n "$S3_BUCKET" ]; then
  if ! object_store "/$S3_FOLDER/$SNAPSHOT" | known_facts; then store_failed; fi
else
  known_facts <"$from"
fi
