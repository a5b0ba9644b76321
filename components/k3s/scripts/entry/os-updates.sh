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

# What apt says, as it stands between double quotes: it quotes what mirrors say.
in_words() { tr -d '\001-\037\177' | sed 's/\\/\\\\/g; s/"/\\"/g'; }

mkdir -p "$RECORD"
refusal=$(unknown_packages)
packages='' failure=''
if [ -z "$refusal" ]; then
  step 'look for updates'
  # Another apt may be at work for a moment. Whether this host votes is another question, and is told all the same.
  if ! retry 60 refresh; then
    failure="its lists of packages could not be refreshed, as apt-get update has to ($({ grep -E '^[EW]:' "$RECORD/apt-lists.log" || true; } | head -n 1 | in_words))"
  elif ! packages=$(pending_packages 2>"$RECORD/apt-pending.log" | sort -u | { grep -E '^[A-Za-z0-9.+:~-]+$' || true; } | sed 's/.*/"&"/' | paste -sd, -); then
    packages='' failure="apt cannot tell what it would upgrade ($({ grep -E '^(E|dpkg)' "$RECORD/apt-pending.log" || true; } | head -n 1 | in_words))"
  fi
fi
printf '{"refusal": "%s", "failure": "%s", "packages": [%s], "rebootRequired": %s, "bootId": "%s", "bootedAt": %s, "cordonedByUs": %s, "well": %s}\n' \
  "$refusal" "$failure" "$packages" "$(yes_or_no reboot_required)" "$(cat /proc/sys/kernel/random/boot_id)" "$(process_started 1)" \
  "$(cordoned)" "$(yes_or_no in_service)"
