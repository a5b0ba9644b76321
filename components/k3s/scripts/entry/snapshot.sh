#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Takes a snapshot of etcd now, where snapshots are kept, and prints its name.
lock
require_api
step "take snapshot $SNAPSHOT"
logged snapshot k3s etcd-snapshot save --name "$SNAPSHOT" ||
  fail "k3s took no snapshot $SNAPSHOT" 'see that there is room below /var/lib/rancher, and that the object store (if one is declared) runs and takes the keys'
# k3s adds node and time to the name.
found=$(find "$K3S_DATA/server/db/snapshots" -maxdepth 1 -type f -name "$SNAPSHOT-*" ! -name '*.part' -printf '%T@ %f\n' 2>/dev/null | sort -n | tail -n 1 | cut -d' ' -f2)
[ -n "$found" ] || fail "k3s wrote no snapshot $SNAPSHOT" 'see that there is room below /var/lib/rancher'
# k3s calls one saved that it could not upload.
if [ -n "$S3_BUCKET" ]; then
  step 'see that the object store has it'
  object_store "/$S3_FOLDER/$found" >/dev/null || store_failed
fi
printf '%s\n' "$found"
