#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Keeps labels and taints of the nodes as declared, removal included. What is ours is written on the node as annotations,
# so that what others set stays.
lock
require_api

declare -A known_labels known_taints labels_now taints_now
read_nodes() {
  local table columns name labels taints taints_here labels_here
  columns='{.metadata.name}{"|"}{.metadata.annotations.isthmus/labels}{"|"}{.metadata.annotations.isthmus/taints}{"|"}'
  columns+='{range .spec.taints[*]}{.key}={.value}:{.effect},{end}{"|"}{.metadata.labels}{"\n"}'
  table=$(kube get nodes -o "jsonpath={range .items[*]}$columns{end}")
  while IFS='|' read -r name labels taints taints_here labels_here; do
    [ -n "$name" ] || continue
    known_labels[$name]=$labels known_taints[$name]=$taints
    taints_now[$name]=",$taints_here" labels_now[$name]=$labels_here
  done <<<"$table"
}

# changes_of LABELS: what kubectl label has to be told for one node.
label_changes() {
  local name=$1 pair key
  CHANGES=()
  for pair in $2; do
    [[ ${labels_now[$name]} == *"\"${pair%%=*}\":\"${pair#*=}\""* ]] || CHANGES+=("$pair")
  done
  for key in ${known_labels[$name]//,/ }; do
    [[ " $2" == *" $key="* ]] || CHANGES+=("$key-")
  done
}

# A taint is key=value:effect; what identifies it is key and effect.
taint_changes() {
  local name=$1 taint id
  CHANGES=()
  for taint in $2; do
    [[ ${taints_now[$name]} == *",$taint,"* ]] || CHANGES+=("$taint")
  done
  for id in ${known_taints[$name]//,/ }; do
    taint_declared "$id" "$2" || [[ ${taints_now[$name]} != *",${id%%:*}="*":${id#*:},"* ]] || CHANGES+=("$id-")
  done
}

taint_declared() {
  local taint
  for taint in $2; do [ "${taint%%=*}:${taint##*:}" != "$1" ] || return 0; done
  return 1
}

keys_of() { local pair out=''; for pair in $1; do out+=",${pair%%=*}"; done; printf %s "${out#,}"; }
ids_of() { local taint out=''; for taint in $1; do out+=",${taint%%=*}:${taint##*:}"; done; printf %s "${out#,}"; }

# both LIST LIST: what is in either, once.
both() {
  local one out=$1
  for one in ${2//,/ }; do [[ ",$out," == *",$one,"* ]] || out+=",$one"; done
  printf %s "${out#,}"
}

# noted NODE LABELS TAINTS: which of them are ours.
noted() {
  [ "$2" != "${known_labels[$1]}" ] || [ "$3" != "${known_taints[$1]}" ] || return 0
  kube annotate node "$1" --overwrite "isthmus/labels=$2" "isthmus/taints=$3" >/dev/null
  known_labels[$1]=$2 known_taints[$1]=$3
}

step 'compare labels and taints with those declared'
read_nodes
for index in "${!NODES[@]}"; do
  name=${NODES[index]}
  if [ -z "${labels_now[$name]+known}" ]; then
    say "$name has not joined: its labels wait"
    continue
  fi
  wanted=${LABELS[index]}
  # A node that others installed is known by its machine from now on.
  [[ ${labels_now[$name]} == *'"isthmus/machine":'* ]] || wanted+=" isthmus/machine=${MACHINES[index]}"
  keys=$(keys_of "${LABELS[index]}") ids=$(ids_of "${TAINTS[index]}")
  # What is to be ours is noted before it is there, and what was ours until it is gone: a run may end in between.
  noted "$name" "$(both "${known_labels[$name]}" "$keys")" "$(both "${known_taints[$name]}" "$ids")"
  label_changes "$name" "$wanted"
  if [ "${#CHANGES[@]}" -gt 0 ]; then
    say "labels of $name: ${CHANGES[*]}"
    kube label node "$name" --overwrite "${CHANGES[@]}" >/dev/null
  fi
  taint_changes "$name" "${TAINTS[index]}"
  if [ "${#CHANGES[@]}" -gt 0 ]; then
    say "taints of $name: ${CHANGES[*]}"
    kube taint node "$name" --overwrite "${CHANGES[@]}" >/dev/null
  fi
  noted "$name" "$keys" "$ids"
done
