#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Makes this host the first server of the cluster that a snapshot holds. All other servers have stopped before (leave.sh)
# and join afterwards. Works on a machine that is new, too.
lock
UNIT=k3s
ROLE=server
DONE="$RECORD/k3s.restored"

wait_until_joined() {
  await "$WAIT_SECONDS" "$NODE did not become Ready and an etcd voter within $WAIT_SECONDS seconds" joined
}

mkdir -p "$RECORD"
put "$RESTORING" 0600 "$ATTEMPT"
WANTED=$(digest "$SERVER_TOKEN" "$AGENT_TOKEN" "$SNAPSHOT_STORE")
begin
write_configuration "$WANTED"
put "$K3S_ETC/agent-token" 0600 "$AGENT_TOKEN"
clear_next_token
put_or_remove "$K3S_ETC/config.yaml.d/20-snapshots.yaml" "$SNAPSHOT_STORE"
put "$JOIN" 0600 $'cluster-init: true\n'
step 'install k3s'
install_binary
install_unit
RESTART=''
if [ "$(cat "$DONE" 2>/dev/null || true)" != "$ATTEMPT" ]; then
  step 'find the snapshot'
  from=$SNAPSHOT
  if [ -z "$S3_BUCKET" ]; then
    from="$K3S_DATA/server/db/snapshots/$SNAPSHOT"
    [ -f "$from" ] || fail "there is no snapshot $from on this host" "choose one of: $(find "$K3S_DATA/server/db/snapshots" -maxdepth 1 -type f ! -name '*.part' -printf '%f ' 2>/dev/null || true)"
  fi
  step 'stop k3s'
  # A reboot before the snapshot is back must not start an empty cluster.
  systemctl disable --quiet k3s 9>&-
  systemctl stop k3s 9>&-
  step "restore $SNAPSHOT"
  put "$K3S_ETC/token" 0600 "$SNAPSHOT_TOKEN"
  rm -f "$K3S_DATA/server/db/reset-flag"
  # It keeps the lock: a run that dies leaves it at work.
  logged reset k3s server --cluster-reset --cluster-reset-restore-path="$from" ||
    fail "k3s could not restore $SNAPSHOT" 'the lines above name the cause; if it says that the token is wrong: none that the state keeps opens this snapshot'
  put "$DONE" 0600 "$ATTEMPT"
else
  say "$SNAPSHOT was put back here by this restore at $(date -u -r "$DONE" '+%F %T UTC'): not done again, what was written since stays"
  if [ "$(cat "$K3S_ETC/token")" = "$SNAPSHOT_TOKEN" ] && etcd_has_token "$SERVER_TOKEN"; then
    # A run that did not end got as far as to rotate it, or it never was another one.
    put "$K3S_ETC/token" 0600 "$SERVER_TOKEN"
    [ "$SNAPSHOT_TOKEN" = "$SERVER_TOKEN" ] || RESTART=1
  fi
fi
step 'start k3s'
if [ -n "$RESTART" ] || ! unit_active; then restart_unit "$WANTED"; fi
step 'wait until the node is Ready and an etcd voter'
wait_until_joined
if [ "$SNAPSHOT_TOKEN" != "$SERVER_TOKEN" ] && [ "$(cat "$K3S_ETC/token")" = "$SNAPSHOT_TOKEN" ]; then
  step 'rotate the token of the snapshot to that of today'
  rotate_token "$SERVER_TOKEN" ||
    fail 'k3s could not rotate the token' 'the lines above name the cause; fix it and go on with this restore'
  retry 30 etcd_has_token "$SERVER_TOKEN" || fail 'etcd does not have the new token' "see why: journalctl -u $UNIT"
  put "$K3S_ETC/token" 0600 "$SERVER_TOKEN"
  restart_unit "$WANTED"
  wait_until_joined
fi
finish "$WANTED"
# As after any start: with `cluster-init`, a server that loses its disk would start a cluster of its own.
put "$JOIN" 0600 "server: https://$API_ADDRESS:6443"$'\n'
# The snapshot may remember who was worked on when it was taken.
kube -n kube-system delete lease "$LEASE" --ignore-not-found >/dev/null
rm -f "$LEASE_NOTE" "$RESTORING"
printf '%s\n' "$SNAPSHOT"
