#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# After the work on this host, and its reboot: it is back when its node is Ready, by a heartbeat since then.
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent
[ ! -e /run/isthmus.reboots ] || pass 'has not gone down yet'
lock
step 'wait until the node is well'
retry "$WAIT_SECONDS" in_service || give_up "$NODE did not become well within $WAIT_SECONDS seconds"
uncordon "$NODE" true
free_own_lease
if reboot_required; then say 'is back in service; a reboot is due'; else say 'is back in service'; fi
