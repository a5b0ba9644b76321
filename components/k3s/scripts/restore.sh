#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Makes this host the first server of the cluster that a snapshot holds. All other servers have stopped before (leave.sh)
# and join afterwards. Works on a machine that is new, too.
lock
UNIT=k3s
ROLE=server
DONE="$RECORD/k3s.restored"

joined() { ready_now && [ "$(node_condition "$NODE" EtcdIsVoter)" = True ] && api_ready; }

begin
put "$K3S_ETC/token" 0600 "$SERVER_TOKEN"
put "$K3S_ETC/agent-token" 0600 "$AGENT_TOKEN"
put_or_remove "$K3S_ETC/config.yaml.d/20-snapshots.yaml" "$SNAPSHOT_STORE"
put "$K3S_ETC/config.yaml.d/10-join.yaml" 0600 $'cluster-init: true\n'
step 'install k3s'
install_binary
install_unit
if [ "$(cat "$DONE" 2>/dev/null || true)" != "$OCCASION" ]; then
  step 'find the snapshot'
  from=$SNAPSHOT
  if [ -z "$S3_BUCKET" ]; then
    from="$K3S_DATA/server/db/snapshots/$SNAPSHOT"
    [ -f "$from" ] || fail "there is no snapshot $from on this host" "choose one of: $(find "$K3S_DATA/server/db/snapshots" -maxdepth 1 -type f -printf '%f ' 2>/dev/null || true)"
  fi
  step 'stop k3s'
  systemctl stop k3s 9>&-
  step "restore $SNAPSHOT"
  rm -f "$K3S_DATA/server/db/reset-flag"
  k3s server --cluster-reset --cluster-reset-restore-path="$from" 9>&- 2>&1 | relay ||
    fail "k3s could not restore $SNAPSHOT" 'if it says that the token is wrong: give the token that was used when the snapshot was taken'
  printf %s "$OCCASION" >"$DONE"
fi
step 'start k3s'
WANTED=$(digest "$SERVER_TOKEN" "$AGENT_TOKEN" "$SNAPSHOT_STORE")
if ! unit_active; then restart_unit "$WANTED"; fi
step 'wait until the node is Ready and an etcd voter'
retry "$WAIT_SECONDS" joined || give_up "$NODE did not become Ready and an etcd voter within $WAIT_SECONDS seconds"
finish "$WANTED"
printf '%s\n' "$SNAPSHOT"
