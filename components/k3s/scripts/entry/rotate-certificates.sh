#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Renews this host's certificates: k3s does so by itself, at a start, in the last 120 days of their year.
lock
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent
mkdir -p "$RECORD"
refuse_during_restore
# A run that was killed may have gone on here.
days=$(certificate_days)
if [ ! -e "$ROTATING" ] && [ "$days" != null ] && [ "$days" -ge "$RENEW_BELOW_DAYS" ]; then exit 0; fi
if [ "$(cat "$ROTATING" 2>/dev/null || true)" != renewed ]; then
  if [ "$ROLE" = server ]; then guard_quorum; fi
  step 'renew certificates'
  put "$ROTATING" 0600 begun
  status=0
  # Says nothing before k3s runs again: who listens may be gone, and the script would end with k3s stopped.
  systemctl stop "$UNIT" 9>&-
  k3s certificate rotate >"$RECORD/rotate.log" 2>&1 9>&- || status=$?
  [ "$status" -ne 0 ] || put "$ROTATING" 0600 renewed
  systemctl start --no-block "$UNIT" 9>&-
  relay <"$RECORD/rotate.log"
  [ "$status" -eq 0 ] || fail 'k3s could not renew its certificates' 'the lines above name the cause; k3s was started again as it was'
fi
# A run that died may have left it stopped.
unit_active || systemctl start --no-block "$UNIT" 9>&-
step 'wait until the node is well'
retry "$WAIT_SECONDS" in_service || give_up "$NODE did not become well within $WAIT_SECONDS seconds"
rm -f "$ROTATING"
free_own_lease
say 'has new certificates'
