#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Before a restore: this server stops and forgets its etcd, so that it joins the restored cluster as a new member. Its
# snapshots stay.
lock
UNIT=k3s
mkdir -p "$RECORD"
# A run that goes on after a kill finds servers that have joined again already.
if [ "$(cat "$RECORD/k3s.left" 2>/dev/null || true)" = "$ATTEMPT" ]; then exit 0; fi
# From here on nothing else starts it: not a reboot, not an up, not other maintenance.
put "$RECORD/k3s.restoring" 0600 "$ATTEMPT"
step 'stop k3s'
# A reboot before it joins again must not start it: without its etcd it could start a cluster of its own.
if [ -f /etc/systemd/system/k3s.service ]; then
  systemctl disable --quiet k3s 9>&-
  systemctl stop k3s 9>&-
fi
rm -f "$K3S_ETC/config.yaml.d/10-join.yaml"
step 'set the old etcd aside'
rm -f "$RECORD/k3s.joined" "$RECORD/k3s.applied" "$RECORD/k3s.pending" "$RECORD/k3s.may-start-cluster" "$RECORD/k3s.lease"
if [ -d "$K3S_DATA/server/db/etcd" ]; then
  rm -rf "$K3S_DATA/server/db/etcd-before-restore"
  mv "$K3S_DATA/server/db/etcd" "$K3S_DATA/server/db/etcd-before-restore"
  on_disk "$K3S_DATA/server/db"
fi
put "$RECORD/k3s.left" 0600 "$ATTEMPT"
