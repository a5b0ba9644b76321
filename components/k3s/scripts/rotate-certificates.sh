#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Renews this host's certificates: k3s does so by itself, at a start, in the last 120 days of their year.
lock
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent
if [ "$ROLE" = server ]; then guard_quorum; fi
step 'renew certificates'
systemctl stop "$UNIT" 9>&-
k3s certificate rotate 9>&- 2>&1 | relay
systemctl start --no-block "$UNIT" 9>&-
well() { [ "$(node_condition "$NODE" Ready)" = True ] && { [ "$ROLE" = agent ] || [ "$(node_condition "$NODE" EtcdIsVoter)" = True ]; }; }
step 'wait until the node is well'
retry "$WAIT_SECONDS" well || give_up "$NODE did not become well within $WAIT_SECONDS seconds"
