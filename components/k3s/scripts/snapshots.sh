#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Prints the snapshots that this host could be restored from, one a line: when it was made, and its name. Changes nothing.
in_the_object_store() {
  printf 'user = "%s:%s"\n' "$S3_ACCESS_KEY" "$S3_SECRET_KEY" |
    curl -fsS -K - --connect-timeout 10 --aws-sigv4 "aws:amz:$S3_REGION:s3" "https://$S3_ENDPOINT/$S3_BUCKET?list-type=2&prefix=$S3_FOLDER/" |
    tr -d '\n' | sed 's/<Contents>/\n/g' |
    sed -n 's#.*<Key>\([^<]*\)</Key>.*<LastModified>\([^<]*\)<.*#\2 \1#p' | { grep -v '/\.metadata/' || true; } | sed 's# .*/# #'
}

on_this_disk() {
  TZ=UTC find "$K3S_DATA/server/db/snapshots" -maxdepth 1 -type f -printf '%TY-%Tm-%TdT%TTZ %f\n' 2>/dev/null || true
}

if [ -n "$S3_BUCKET" ]; then in_the_object_store; else on_this_disk; fi
