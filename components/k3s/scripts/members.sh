# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Taking a node out of the cluster, so that nothing of it is left.

signs_of_life() {
  kube -n kube-node-lease get lease "$1" -o 'jsonpath={.spec.renewTime}' 2>/dev/null || true
  kube get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].lastHeartbeatTime}' 2>/dev/null || true
}

# living NODE…: those that are heard of within 25 seconds, as kubelets say every 10 that they live.
living() {
  local name until=$((SECONDS + 25))
  local -A before=()
  for name in "$@"; do before[$name]=$(signs_of_life "$name"); done
  while [ "${#before[@]}" -gt 0 ] && [ "$SECONDS" -lt "$until" ]; do
    for name in "${!before[@]}"; do
      if [ "$(node_condition "$name" Ready)" != True ]; then
        unset "before[$name]"
      elif [ "$(signs_of_life "$name")" != "${before[$name]}" ]; then
        printf '%s\n' "$name"
        unset "before[$name]"
      fi
    done
    [ "${#before[@]}" -eq 0 ] || sleep 1
  done
}

# The voters that stay and are well must be a majority of those that stay.
guard_votes() {
  count_votes "$1"
  [ "$OTHERS" -lt "$VOTERS" ] || return 0
  take_lease "$1"
  # Another one may have gone before that.
  count_votes "$1"
  [ "$OTHERS" -ge 1 ] || fail "$1 is the only etcd voter" 'add another server first'
  [ "$WELL_OTHERS" -ge $((OTHERS / 2 + 1)) ] ||
    fail "without $1, $WELL_OTHERS of $OTHERS etcd voters would be well: no majority, and the API would stop" \
      'bring a server back that is not well, or remove that one first; if it is lost for good, restore a snapshot'
}

# What died lately is Ready for a while yet, and nobody ends its pods. Then they are gone with it.
refuse_left_pods() {
  [ -z "$(living "$1")" ] ||
    fail "the pods on $1 did not move away in $2 seconds" 'see what a PodDisruptionBudget holds: kubectl get pdb -A'
  say "$1 has died: its pods are gone with it"
}

# remove_node NODE DRAIN_SECONDS: drain, delete. k3s holds the Node by a finalizer until its etcd member is gone.
remove_node() {
  local node=$1
  guard_votes "$node"
  if [ "$2" -gt 0 ] && [ -n "$IS_READY" ]; then
    step "drain $node"
    kube cordon "$node" >/dev/null
    kube drain "$node" --ignore-daemonsets --delete-emptydir-data --force --timeout="${2}s" 2>&1 | relay || refuse_left_pods "$node" "$2"
  fi
  step "remove $node"
  ISTHMUS_UNIT=k3s
  kube delete node "$node" --ignore-not-found --wait=false >/dev/null
  retry 120 node_gone "$node" ||
    fail "etcd did not let go of $node within 2 minutes" "see: kubectl get node $node -o yaml, and the k3s journal of the servers"
  kube -n kube-system delete secret "$node.node-password.k3s" --ignore-not-found >/dev/null
  [ -z "$LEASE_TAKEN" ] || free_lease "$node" || true
  say "$node is out of the cluster"
}

# An API that does not answer says nothing of who is gone.
node_gone() {
  local left
  left=$(kube get node "$1" --ignore-not-found -o name 2>/dev/null) && [ -z "$left" ]
}
