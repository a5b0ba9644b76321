# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Taking a node out of the cluster, so that nothing of it is left.

# vote_table: how many voters there are, how many are Ready; for NODE, whether it is one, and is Ready.
count_votes() {
  local table name ready voter _
  VOTERS=0 READY_VOTERS=0 IS_VOTER='' IS_READY=''
  table=$(node_table)
  while IFS='|' read -r name ready voter _; do
    if [ "$name" = "$1" ] && [ "$ready" = True ]; then IS_READY=1; fi
    [ "$voter" = True ] || continue
    VOTERS=$((VOTERS + 1))
    if [ "$name" = "$1" ]; then IS_VOTER=1; fi
    if [ "$ready" = True ]; then READY_VOTERS=$((READY_VOTERS + 1)); fi
  done <<<"$table"
}

# The voters that stay and are Ready must be a majority of those that stay, and there must be a majority now.
guard_votes() {
  local node=$1 stay ready_stay
  count_votes "$node"
  [ -n "$IS_VOTER" ] || return 0
  stay=$((VOTERS - 1)) ready_stay=$READY_VOTERS
  [ -z "$IS_READY" ] || ready_stay=$((READY_VOTERS - 1))
  [ "$stay" -ge 1 ] || fail "$node is the only etcd voter" 'add another server first'
  [ "$ready_stay" -ge $((stay / 2 + 1)) ] ||
    fail "without $node, $ready_stay of $stay etcd voters would be Ready: no majority, and the API would stop" \
      'bring a server back that is not Ready, or remove that one first; if it is lost for good, restore a snapshot'
}

# remove_node NODE DRAIN_SECONDS: drain, delete. k3s holds the Node by a finalizer until its etcd member is gone.
remove_node() {
  local node=$1
  guard_votes "$node"
  if [ "$2" -gt 0 ] && [ -n "$IS_READY" ]; then
    step "drain $node"
    kube cordon "$node" >/dev/null
    kube drain "$node" --ignore-daemonsets --delete-emptydir-data --force --timeout="${2}s" 2>&1 | relay ||
      fail "the pods on $node did not move away in $2 seconds" 'see what a PodDisruptionBudget holds: kubectl get pdb -A'
  fi
  step "remove $node"
  kube delete node "$node" --ignore-not-found --wait=false >/dev/null
  retry 120 node_gone "$node" ||
    fail "etcd did not let go of $node within 2 minutes" "see: kubectl get node $node -o yaml, and the k3s journal of the servers"
  kube -n kube-system delete secret "$node.node-password.k3s" --ignore-not-found >/dev/null
  say "$node is out of the cluster"
}

node_gone() { [ -z "$(kube get node "$1" --ignore-not-found -o name)" ]; }
