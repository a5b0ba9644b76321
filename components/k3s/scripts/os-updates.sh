#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Prints, as JSON, what this host's system waits for. Refreshes the lists of packages, and changes nothing else.
lock
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent

yes_or_no() { if "$@"; then printf true; else printf false; fi; }

# Null where the API does not answer.
cordoned() {
  local mark
  mark=$(kube get node "$NODE" -o 'jsonpath={.metadata.annotations.isthmus/cordoned}' 2>/dev/null) || { printf null; return; }
  yes_or_no [ "$mark" = true ]
}

refresh() { apt-get -q update >"$RECORD/apt-lists.log" 2>&1 9>&-; }

mkdir -p "$RECORD"
refusal=$(unknown_packages)
packages=''
if [ -z "$refusal" ]; then
  step 'look for updates'
  # Another apt may be at work for a moment.
  retry 60 refresh || {
    tail -n 5 "$RECORD/apt-lists.log" | relay
    fail 'the lists of packages could not be refreshed' 'mend the sources of apt on this host: apt-get update must succeed'
  }
  packages=$(pending_packages | sort -u | sed 's/.*/"&"/' | paste -sd, -)
fi
printf '{"refusal": "%s", "packages": [%s], "rebootRequired": %s, "bootId": "%s", "bootedAt": %s, "cordonedByUs": %s, "well": %s}\n' \
  "$refusal" "$packages" "$(yes_or_no reboot_required)" "$(cat /proc/sys/kernel/random/boot_id)" "$(process_started 1)" \
  "$(cordoned)" "$(yes_or_no in_service)"
