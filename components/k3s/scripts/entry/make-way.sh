#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Before this host is worked on: nobody loses more than this node, and what it runs moves away.
lock
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent
step 'see that the node is well'
retry 60 in_service || give_up "$NODE is not well, before anything was changed on it"
if [ "$ROLE" = server ]; then guard_quorum; fi
cordon_and_drain
# Until it is back in service, or did not come back in time.
KEEP_LEASE=1
