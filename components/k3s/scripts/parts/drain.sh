# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# A node that is to be away for a while: nothing new comes to it, and what it runs moves, if the policy says so.

cordon_and_drain() {
  local lone
  if [ "$DRAIN" = true ]; then
    lone=$(pods_here | awk -F'|' '$3 == "" { printf "%s%s/%s", sep, $1, $2; sep = ", " }')
    [ -z "$lone" ] || fail "pods on $NODE have no controller, and moving them away would end them for good: $lone" \
      'delete them, or set the drain policy to none'
  fi
  step 'cordon'
  cordon "$NODE" true
  [ "$DRAIN" = true ] || return 0
  step 'drain'
  drain || fail "the pods on $NODE did not move away in $DRAIN_SECONDS seconds" \
    'see what a PodDisruptionBudget holds: kubectl get pdb -A; or set the drain policy to none. The node stays cordoned until a run gets through'
}

# An agent may evict the pods on itself, and no others: kubectl drain needs rights that a kubelet has not.
drain() {
  if [ "$ROLE" = agent ]; then
    retry "$DRAIN_SECONDS" evict_own_pods
  else
    kube drain --ignore-daemonsets --delete-emptydir-data --timeout="${DRAIN_SECONDS}s" -- "$NODE" 2>&1 | relay
  fi
}

evict_own_pods() {
  local namespace name pods left=0
  pods=$(movable_pods) || return 1
  while IFS='|' read -r namespace name; do
    [ -n "$name" ] || continue
    left=1
    printf '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"namespace":"%s","name":"%s"}}' "$namespace" "$name" |
      kube create --raw "/api/v1/namespaces/$namespace/pods/$name/eviction" -f - >/dev/null 2>&1 || true
  done <<<"$pods"
  [ "$left" = 0 ]
}

# One a line: namespace, name, and what kind of owner makes it again. What has ended is not told of.
# shellcheck disable=SC2016 # what stands there is Go's
pods_here() {
  local template="$FIELD"'{{range .items}}{{$owner := ""}}{{with .metadata.ownerReferences}}{{$owner = (index . 0).kind}}{{end}}'
  template+='{{template "field" .metadata.namespace}}{{template "field" .metadata.name}}{{template "field" $owner}}{{with .status}}{{template "field" .phase}}{{end}}{{"\n"}}{{end}}'
  kube get pods -A --field-selector "spec.nodeName=$NODE" -o "go-template=$template" | rows "$NAME_FORM" "$NAME_FORM" '[A-Za-z]+' '[A-Za-z]+' |
    awk -F'|' '$2 != "" && $4 != "Succeeded" && $4 != "Failed" { print $1 "|" $2 "|" $3 }'
}

movable_pods() { pods_here | awk -F'|' '$3 != "DaemonSet" && $3 != "Node" { print $1 "|" $2 }'; }
