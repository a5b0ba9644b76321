#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Before nodes join: where a machine was replaced by another of the same name, what the cluster remembers of the old one
# goes, or it would refuse the new one (etcd: duplicate node name; agents: node password rejected).
lock
# The cluster has not begun: there is nothing to forget.
if [ -e "$RECORD/k3s.may-start-cluster" ] && ! api_ready; then exit 0; fi
require_api
step 'compare machines with those that joined'
table=$(node_table)
while IFS='|' read -r name _ _ machine _; do
  [ "$machine" != - ] || continue
  for index in "${!NODES[@]}"; do
    if [ "${NODES[index]}" = "$name" ] && [ "${MACHINES[index]}" != "$machine" ]; then
      say "$name is another machine now"
      remove_node "$name" 0
    fi
  done
done <<<"$table"
