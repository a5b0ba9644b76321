#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# After a restore: an agent registers its node only when it starts, and what it watches is from after the snapshot.
lock
UNIT=k3s-agent
DONE="$RECORD/k3s.restarted"
mkdir -p "$RECORD"
if [ ! -f "/etc/systemd/system/$UNIT.service" ]; then
  say 'no k3s agent is installed here yet: pulumi up does that'
  exit 0
fi
if [ "$(cat "$DONE" 2>/dev/null || true)" != "$ATTEMPT" ]; then
  step 'restart k3s'
  systemctl stop "$UNIT" 9>&-
  # Not waited for: systemd would wait until it has joined.
  systemctl start --no-block "$UNIT" 9>&-
  put "$DONE" 0600 "$ATTEMPT"
fi
step 'wait until the node is Ready'
retry "$WAIT_SECONDS" in_service || give_up "$NODE did not become Ready within $WAIT_SECONDS seconds"
