#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Renews this host's certificates: k3s does so by itself, at a start, in the last 120 days of their year.
lock
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent
mkdir -p "$RECORD"
if [ "$(cat "$ROTATING" 2>/dev/null || true)" != renewed ]; then
  if [ "$ROLE" = server ]; then guard_quorum; fi
  printf begun >"$ROTATING"
  step 'stop k3s'
  systemctl stop "$UNIT" 9>&-
  step 'renew certificates'
  k3s certificate rotate 9>&- 2>&1 | relay
  printf renewed >"$ROTATING"
fi
step 'start k3s'
unit_active || systemctl start --no-block "$UNIT" 9>&-
step 'wait until the node is well'
retry "$WAIT_SECONDS" in_service || give_up "$NODE did not become well within $WAIT_SECONDS seconds"
rm -f "$ROTATING"
say 'has new certificates'
