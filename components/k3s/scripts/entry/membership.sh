#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# The desired list of nodes, and what they carry. Nodes of ours that are not in it leave: drained, deleted, their etcd member
# gone. Runs on a server that stays, before the machines of those that leave are deleted; works when those are dead.
lock
require_api
free_lease_of_the_gone 9>&- &
FREEING=$!
read_nodes
# What moves away from those that leave goes by the taints of those that stay.
keep_labels
wait "$FREEING"
for name in "${JOINED[@]}"; do [ "${CORDONED_AS[$name]}" != leaving ] || keep_node "$name"; done
step 'compare members with those declared'
LIVING=() DEAD=()
declared() { local one; for one in "${NODES[@]}"; do [ "$one" != "$1" ] || return 0; done; return 1; }
for name in $(printf '%s\n' "${!READY[@]}" | sort); do
  if declared "$name"; then continue; fi
  if ! came_from_here "$name"; then
    say "$name is not declared, and did not come from here: it is left alone"
  elif [ "${READY[$name]}" = True ]; then
    LIVING+=("$name")
  else
    DEAD+=("$name")
  fi
done
# The dead go first: each that is gone makes the majority easier to keep.
for name in ${DEAD[@]+"${DEAD[@]}"} ${LIVING[@]+"${LIVING[@]}"}; do
  remove_node "$name" "$DRAIN_SECONDS"
  say "if that machine stays on, take k3s off it: k3s-uninstall.sh there, or k3s-agent-uninstall.sh. At its next start it would come back"
done
