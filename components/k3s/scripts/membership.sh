#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# The desired list of nodes, and what they carry. Nodes of ours that are not in it leave: drained, deleted, their etcd member
# gone. Runs on a server that stays, before the machines of those that leave are deleted; works when those are dead.
lock
require_api
free_lease_of_the_gone
# What moves away from those that leave goes by the taints of those that stay.
keep_labels
step 'compare members with those declared'
declared() { local one; for one in "${NODES[@]}"; do [ "$one" != "$1" ] || return 0; done; return 1; }
table=$(node_table)
# The dead go first: each that is gone makes the majority easier to keep.
for wanted in False True; do
  while IFS='|' read -r name ready _ machine _; do
    [ -n "$name" ] || continue
    if declared "$name"; then continue; fi
    if [ "$machine" = - ]; then
      [ "$wanted" = True ] || say "$name is not declared, and did not come from here: it is left alone"
      continue
    fi
    if [ "$ready" = True ]; then [ "$wanted" = True ] || continue; else [ "$wanted" = False ] || continue; fi
    remove_node "$name" "$DRAIN_SECONDS"
    say "if that machine stays on, take k3s off it: k3s-uninstall.sh there, or k3s-agent-uninstall.sh. At its next start it would come back"
  done <<<"$table"
done
