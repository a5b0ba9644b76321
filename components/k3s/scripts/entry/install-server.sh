#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Makes this host a k3s server, or brings the server that it is to what is declared. Prints the fingerprint of the cluster's
# certificate authority, by which others check whom they join.
lock
UNIT=k3s
ROLE=server
PERMIT="$RECORD/k3s.may-start-cluster"

# The long form of a token makes k3s check whom it joins.
join_token() {
  # Who was a member knows whom to trust: so does a first server, and one that joins again after a restore.
  [ -n "$CA" ] || CA=$(fingerprint_on_disk)
  if [ -n "$CA" ]; then printf '%s::server:%s' "$CA" "$SERVER_TOKEN"; else printf %s "$SERVER_TOKEN"; fi
}

# Who answers at the API address before there is a cluster is somebody else.
refuse_taken_address() {
  local address=${API_ADDRESS//[\[\]]/} mac='' other=''
  if is_ours "$address"; then return 0; fi
  [ "$API_KIND" != kube-vip ] || mac=$(holder "$address")
  if [ -n "$(live_server '' "$API_ADDRESS")" ]; then other='another k3s cluster'; fi
  [ -n "$other$mac" ] || return 0
  fail "${other:-another machine} answers at the API address $API_ADDRESS${mac:+ ($mac)}, and this cluster is still to begin" \
    'give it an address of its own: a free one outside of every DHCP range, or a load balancer that leads to its servers'
}

# members_at SERVER TOKEN: etcd's members, as a server that joins asks for them; nothing where it cannot be told. Who was
# given a fingerprint tells its token to nobody else.
members_at() {
  local authority="$RECORD/authority.crt"
  curl -sk --noproxy '*' --max-time 5 -o "$authority" "https://$1:6443/cacerts" || return 0
  if [ -n "$CA" ] && [ "$CA" != "K10$(sha256sum <"$authority" | cut -d' ' -f1)" ]; then return 0; fi
  printf 'user = "server:%s"\n' "$(escaped "$2")" |
    curl -sf --noproxy '*' --max-time 10 --cacert "$authority" -K - "https://$1:6443/db/info" || true
}

# k3s makes another member of a server whose etcd is gone, and etcd takes none of a name that it has. A learner that never
# came to its vote k3s takes out by itself.
refuse_lost_disk() {
  [ ! -d "$K3S_DATA/server/db/etcd" ] || return 0
  members_at "$1" "$SERVER_TOKEN" | member_rows | grep -E "\\|${NODE//./\\.}-[0-9a-f]{8}\\|[^|]*\\|voter\$" >/dev/null || return 0
  fail "etcd has a member $NODE, and its data is not on this disk: it was wiped, or it is another disk in the same machine" \
    "let the cluster forget it, on another server: k3s kubectl delete node $NODE; then run the same command again. What only that disk held is lost"
}

# admits SERVER TOKEN: whether it lets a server in with it.
admits() { [ -n "$(members_at "$1" "$2")" ]; }

# admitting_server CANDIDATE…: the first that admits this one; nothing where none does.
admitting_server() {
  local candidate
  for candidate in "$@"; do
    if [ "$candidate" != "$ADDRESS" ] && admits "$candidate" "$SERVER_TOKEN"; then
      printf %s "$candidate"
      return 0
    fi
  done
}

# After a rotation, a server admits with the token of before until it starts again.
refuse_token_of_before() {
  local older
  while IFS= read -r older; do
    ! admits "$1" "$older" ||
      fail 'the servers let in with the token of before yet: none was started since the token was rotated' \
        'start k3s again on one of them, which takes the new token by itself: systemctl restart k3s (where only two are left, the API is away for some seconds); then run again'
  done <<<"$OLDER_TOKENS"
}

# How this server finds its cluster. One that has been a member asks nobody: its etcd knows the others.
choose_cluster() {
  local member admitting closed='' port
  if [ -d "$K3S_DATA/server/db/etcd" ] && { [ -e "$RECORD/k3s.joined" ] || api_ready; }; then return 0; fi
  rm -f "$RECORD/k3s.joined"
  member=$(live_server "$ADDRESS" "${CANDIDATES[@]}")
  if [ -e "$PERMIT" ] && [ ! -d "$K3S_DATA/server/db/etcd" ] && [ "${member:-$API_ADDRESS}" = "$API_ADDRESS" ]; then refuse_taken_address; fi
  if [ -n "$member" ] && [ -n "$OLDER_TOKENS" ] && [ ! -d "$K3S_DATA/server/db/etcd" ]; then
    admitting=$(admitting_server "$member" "${CANDIDATES[@]}")
    [ -n "$admitting" ] || refuse_token_of_before "$member"
    member=${admitting:-$member}
  fi
  if [ -n "$member" ]; then
    refuse_other_time "$member"
    for port in 2379 2380; do
      port_open "$member" "$port" || [ "$member" = "$API_ADDRESS" ] || closed+=" $port"
    done
    [ -z "$closed" ] || fail "$member answers on port 6443, but not on$closed" 'open TCP 2379-2380 between the servers'
    refuse_lost_disk "$member"
    say "joins at $member"
    put "$JOIN" 0600 "server: https://$member:6443"$'\n'
  elif [ -e "$PERMIT" ]; then
    say 'no server answers and none ever did: starts the cluster'
    put "$JOIN" 0600 $'cluster-init: true\n'
  elif [ -d "$K3S_DATA/server/db/etcd" ]; then
    say 'no other server answers: starts with what etcd has on this disk'
  else
    fail "this cluster existed before, and none of its servers answers on TCP 6443 ($(how_they_answer "${CANDIDATES[@]}"))" \
      "a new one is not started beside it, and $WHAT_ANSWERS_MEAN. Either wait until a server is back and run again, or restore a snapshot. Only if there never was a cluster: touch $PERMIT here"
  fi
}

# A member that is started with a token that etcd does not know on its disk does not come up again.
refuse_other_token() {
  local known
  [ -d "$K3S_DATA/server/db/etcd" ] && [ -f "$K3S_DATA/server/token" ] || return 0
  known=$(token_here)
  if [ -z "$known" ] || [ "$known" = "$SERVER_TOKEN" ]; then return 0; fi
  is_older_token "$known" ||
    fail 'the token is not the one of this cluster' 'give the token that the cluster has: it is not changed by declaring another one, but by raising tokens.generation'
  # It was rotated on another server; one that was off meanwhile hears of it when its etcd runs.
  if etcd_has_token "$SERVER_TOKEN"; then return 0; fi
  step 'wait until etcd has the new token here'
  unit_active || systemctl restart --no-block "$UNIT" 9>&-
  retry "$WAIT_SECONDS" etcd_has_token "$SERVER_TOKEN" ||
    fail 'etcd on this server has not heard of the new token' 'see in its journal why it does not reach the others: journalctl -u k3s'
}

# k3s cannot go back to an older version but by a snapshot. The first server of an upgrade takes one, and says so on its Node.
keep_way_back() {
  local name="before-${VERSION//+/-}"
  [ -n "$RUNNING_VERSION" ] && [ "$RUNNING_VERSION" != "$VERSION" ] && api_ready || return 0
  ! said_by_servers isthmus/way-back | grep -Fx -- "$VERSION" >/dev/null || return 0
  step 'take a snapshot before the upgrade'
  logged snapshot k3s etcd-snapshot save --name "$name" ||
    fail "k3s took no snapshot $name" 'see that there is room below /var/lib/rancher, and that the object store (if one is declared) runs and takes the keys'
  kube annotate node --overwrite -- "$NODE" "isthmus/way-back=$VERSION" >/dev/null
}

refuse_during_restore
fixed_changes fail
refuse_other_token
WANTED=$(digest "$SERVER_TOKEN" "$AGENT_TOKEN" "$SNAPSHOT_STORE")
begin
refuse_unsafe_restart "$WANTED"
write_configuration "$WANTED"
put "$K3S_ETC/token" 0600 "$(join_token)"
clear_next_token
put "$K3S_ETC/agent-token" 0600 "$AGENT_TOKEN"
put_or_remove "$K3S_ETC/config.yaml.d/20-snapshots.yaml" "$SNAPSHOT_STORE"
step 'find the cluster'
choose_cluster
RESTART=''
if restart_needed "$WANTED"; then
  RESTART=1
  guard_quorum
  keep_way_back
  make_way
fi
step 'install k3s'
install_binary
install_unit
if [ -n "$RESTART" ]; then
  # Draining takes minutes: another server may have gone since.
  [ -z "$RUNNING_VERSION" ] || guard_quorum
  renew_lease
  step 'start k3s'
  restart_unit "$WANTED"
fi
step 'wait until the node is Ready and an etcd voter'
await "$WAIT_SECONDS" "$NODE did not become Ready and an etcd voter within $WAIT_SECONDS seconds" joined
if [ -n "$RUNNING_VERSION" ] && [ "$RUNNING_VERSION" != "$VERSION" ]; then prune_ways_back; fi
rm -f "$PERMIT"
finish "$WANTED"
# Read only where etcd is not on this disk any more. With `cluster-init`, such a server would start a cluster of its own.
put "$JOIN" 0600 "server: https://$API_ADDRESS:6443"$'\n'
rm -f "$RESTORING"
# A cluster that was restored remembers networks of nodes that are still to be started again.
[ -n "${RESTORE:-}" ] || check_pod_network
free_own_lease
fingerprint_here
say 'is a voter of the cluster'
