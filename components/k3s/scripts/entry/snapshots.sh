#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Prints the snapshots that this host could be restored from, one a line: when it was made, and its name. Changes nothing.

# A store tells a thousand at a time, in the order of their names.
in_the_object_store() {
  local folder after='' page
  # As a signature has it: curl signs what it is given.
  folder=${S3_FOLDER//\//%2F}
  while :; do
    page=$(object_store "?list-type=2&prefix=$folder%2F${after:+&start-after=$after}") || store_failed
    page=$(tr -d '\n' <<<"$page" | sed 's/<Contents>/\n/g')
    sed -n 's#^<Key>\([^<]*\)</Key>.*<LastModified>\([^<]*\)<.*#\2 \1#p' <<<"$page" | { grep -v '/\.metadata/' || true; } | sed 's# .*/# #'
    [[ $page == *'<IsTruncated>true<'* ]] || break
    after=$(sed -n 's#^<Key>\([^<]*\)</Key>.*#\1#p' <<<"$page" | tail -n 1 | sed 's#/#%2F#g')
  done
}

# While etcd writes one, and for good where it was cut off, its name ends in `.part`.
on_this_disk() {
  TZ=UTC find "$K3S_DATA/server/db/snapshots" -maxdepth 1 -type f ! -name '*.part' -printf '%TY-%Tm-%TdT%TTZ %f\n' 2>/dev/null || true
}

step 'list snapshots'
if [ -n "$S3_BUCKET" ]; then in_the_object_store; else on_this_disk; fi
