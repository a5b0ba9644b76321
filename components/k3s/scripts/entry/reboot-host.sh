#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Reboots this host where that is asked for, once: a run that goes on after a kill finds it done or begun.
lock
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent
# Gone with the boot: /run is empty then.
BEGUN=/run/isthmus.reboots

# A host that is still up minutes later never began: the run was killed just before.
if [ -n "$(find "$BEGUN" -mmin -3 2>/dev/null || true)" ]; then exit 0; fi
[ "$(cat /proc/sys/kernel/random/boot_id)" = "$BOOT_ID" ] || { say 'was rebooted meanwhile'; exit 0; }
if [ "$REBOOT" != always ]; then
  reboot_required || exit 0
  if [ "$REBOOT" = never ]; then
    say 'a reboot is due, and left to you'
    exit 0
  fi
fi
if [ "$ROLE" = server ]; then
  retry 60 api_ready || give_up 'nobody can say whether etcd keeps its majority without this server: its API does not answer'
  guard_quorum
fi
step 'reboot'
KEEP_LEASE=1
: >"$BEGUN"
systemctl reboot 9>&- || { rm -f "$BEGUN"; fail 'this host could not be rebooted' 'reboot it yourself, then run again'; }
