# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Taking a node out of the cluster, so that nothing of it is left.

# What is heard of a node: whether it is Ready, and when it last said that it lives. Fails where the API does not answer.
# shellcheck disable=SC2016 # what stands there is Go's
signs_of_life() {
  local template="$FIELD"'{{with .status}}{{range .conditions}}{{if eq .type "Ready"}}{{template "field" .status}}{{template "field" .lastHeartbeatTime}}{{"\n"}}{{end}}{{end}}{{end}}'
  kube get node --ignore-not-found -o "go-template=$template" -- "$1" 2>/dev/null | rows 'True|False|Unknown' "$TIME_FORM" &&
    kube -n kube-node-lease get lease --ignore-not-found -o "go-template=$FIELD"'{{template "field" .spec.renewTime}}{{"\n"}}' -- "$1" 2>/dev/null | rows "$TIME_FORM"
}

# living NODE…: those that are heard of again within 25 seconds, as kubelets say every 10 that they live. An API that does not
# answer says nothing of who is dead.
living() {
  local name signs patience=$((SECONDS + 90))
  local -A before=() since=()
  for name in "$@"; do before[$name]=''; done
  while [ "${#before[@]}" -gt 0 ]; do
    for name in "${!before[@]}"; do
      if ! signs=$(signs_of_life "$name"); then
        [ "$SECONDS" -lt "$patience" ] || fail "the API does not answer: nobody can say whether $name lives" \
          'see why: kubectl get --raw /readyz?verbose; then run again'
      elif [[ $signs != True* ]]; then
        unset "before[$name]"
      elif [ -z "${before[$name]}" ]; then
        before[$name]=$signs since[$name]=$SECONDS
      elif [ "$signs" != "${before[$name]}" ]; then
        printf '%s\n' "$name"
        unset "before[$name]"
      elif [ $((SECONDS - since[$name])) -ge 25 ]; then
        unset "before[$name]"
      fi
    done
    [ "${#before[@]}" -eq 0 ] || sleep 1
  done
}

majority_without() { count_votes "$1" && [ "$WELL_OTHERS" -ge $((OTHERS / 2 + 1)) ]; }

# The voters that stay and are well must be a majority of those that stay. One that has just come back is well soon.
guard_votes() {
  retry 20 count_votes "$1" ||
    fail 'nobody can say how many etcd voters there are: the API does not answer' 'see why: kubectl get --raw /readyz?verbose; then run again'
  [ "$OTHERS" -lt "$VOTERS" ] && [ -z "$STANDS_FOR" ] || return 0
  [ "$OTHERS" -ge 1 ] || fail "$1 is the only etcd voter" 'add another server first'
  take_lease "$1"
  # Another one may have gone before that.
  retry 20 majority_without "$1" ||
    fail "without $1, $WELL_OTHERS of $OTHERS etcd voters would be well: no majority, and the API would stop" \
      "bring back what is not well, or remove that one first; if it is lost for good, restore a snapshot. Not well: $UNWELL"
}

# What died lately is Ready for a while yet, and nobody ends its pods. Then they are gone with it.
refuse_left_pods() {
  local alive
  alive=$(living "$1")
  [ -z "$alive" ] ||
    fail "the pods on $1 did not move away in $2 seconds" 'see what a PodDisruptionBudget holds: kubectl get pdb -A'
  say "$1 has died: its pods are gone with it"
}

# Where two Nodes stand for one member, the one that goes must be nobody's name any more: k3s would label it again as it is deleted.
refuse_living_twin() {
  [ -n "$STANDS_FOR" ] && [ -n "$(living "$1")" ] || return 0
  fail "$1 lives, and its etcd member $MEMBER is that of $STANDS_FOR, too: k3s on that machine was given another name by hand" \
    "let it have its own again, which starts it anew: pulumi up --replace '**::SITE-k3s-$STANDS_FOR'; then run again"
}

# keep_member NODE: k3s takes the member of a server out of etcd with its Node, also where a Node of another name stands for
# the same one, as after a host was renamed and renamed back. It leaves alone what is no etcd node (`onRemove` in
# pkg/etcd/member_controller.go of k3s-io/k3s).
keep_member() {
  [ -n "$STANDS_FOR" ] || return 0
  say "the etcd member of $1, $MEMBER, is that of $STANDS_FOR, too: it stays"
  kube label node --overwrite -- "$1" node-role.kubernetes.io/etcd- >/dev/null
}

# remove_node NODE DRAIN_SECONDS: drain, delete. k3s holds the Node by a finalizer until its etcd member is gone.
remove_node() {
  local node=$1
  guard_votes "$node"
  refuse_living_twin "$node"
  if [ "$2" -gt 0 ] && [ -n "$IS_READY" ]; then
    step "drain $node"
    cordon "$node" leaving
    kube drain --ignore-daemonsets --delete-emptydir-data --force --timeout="${2}s" -- "$node" 2>&1 | relay || refuse_left_pods "$node" "$2"
  fi
  step "remove $node"
  ISTHMUS_UNIT=k3s
  keep_member "$node"
  kube delete node --ignore-not-found --wait=false -- "$node" >/dev/null
  retry 120 node_gone "$node" ||
    fail "etcd did not let go of $node within 2 minutes" "see: kubectl get node $node -o yaml, and the k3s journal of the servers"
  kube -n kube-system delete secret --ignore-not-found -- "$node.node-password.k3s" >/dev/null
  [ -z "$LEASE_TAKEN" ] || free_lease "$node" || true
  say "$node is out of the cluster"
}

# keep_node NODE: it was to leave, by a run that did not end, and is declared again.
keep_node() {
  say "$1 was to leave, and stays"
  uncordon "$1" leaving
  free_lease "$1" || true
}

# An API that does not answer says nothing of who is gone.
node_gone() {
  local left
  left=$(kube get node --ignore-not-found -o name -- "$1" 2>/dev/null) && [ -z "$left" ]
}
