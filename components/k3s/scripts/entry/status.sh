#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Prints what this host is, as JSON, beside what was declared. Changes nothing, waits for nobody.
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent

text() {
  local value=$1
  value=${value//\\/\\\\}
  value=${value//\"/\\\"}
  value=${value//[$'\x01'-$'\x1f']/ }
  printf '"%s"' "$value"
}

# Keys of config.yaml that k3s has not read yet, as it was adopted while it ran. Names alone: values may be secret.
waiting_keys() {
  local old="$RECORD/before-adoption/config.yaml" key known separator=''
  [ "$(cat "$RECORD/k3s.adopted" 2>/dev/null || true)" = "$(running_process "$UNIT")" ] || return 0
  [ -f "$old" ] || old=/dev/null
  while IFS= read -r key; do
    [ -n "$key" ] || continue
    known=$(stack_key "$key")
    if [ "$known" = - ]; then known=''; fi
    printf '%s%s' "$separator" "$(text "$key${known:+ ($known)}")"
    separator=', '
  done < <(awk '
    { file = (FILENAME == ARGV[1]) ? 1 : 2 }
    /^[a-z][a-z0-9-]*\+?:/ { key = $0; sub(/\+?:.*/, "", key); keys[key] }
    /^ *#/ || /^---/ || /^ *$/ { next }
    key != "" { said[file, key] = said[file, key] "\n" $0 }
    END { for (key in keys) if (said[1, key] != said[2, key]) print key }' "$old" "$K3S_ETC/config.yaml" | sort)
}

# Declared files whose content on this host is another, or that are not there.
drifted_files() {
  local index path separator=''
  for index in "${!FILE_PATHS[@]}"; do
    path=${FILE_PATHS[index]}
    if [ ! -f "$path" ] || ! printf %s "${FILE_CONTENTS[index]}" | cmp -s - "$path"; then
      printf '%s%s' "$separator" "$(text "$path")"
      separator=', '
    fi
  done
}

# What k3s is told beside our files, and otherwise than they have it: by the unit, its environment, or a file of somebody's own
# that says another thing. What such a file adds is no drift.
told_otherwise() {
  local DECLARED='' SETTINGS index fate key item where separator=''
  for index in "${!FILE_PATHS[@]}"; do
    [ "${FILE_PATHS[index]}" != "$K3S_ETC/config.yaml" ] || DECLARED=${FILE_CONTENTS[index]}
  done
  SETTINGS=$(settings_here)
  read_settings
  while IFS=$'\t' read -r fate key item where; do
    if [ -z "$key" ] || [ "$where" = "$K3S_ETC/config.yaml" ] || holds_item "${DECLARED_ITEMS[$key]:-}" "$item"; then continue; fi
    if [ "$fate" = kept ] && { [ -z "${DECLARED_ITEMS[$key]:-}" ] || [[ $key == *-arg || $key == disable || $key == tls-san ]]; }; then continue; fi
    printf '%s%s' "$separator" "$(text "$(shown "$key" "$item") ($where)")"
    separator=', '
  done <<<"$SETTINGS"
}

# What runs that did not end left as it is now.
unfinished() {
  local separator='' mark
  mark=$(kube get node "$NODE" -o 'jsonpath={.metadata.annotations.isthmus/cordoned}' 2>/dev/null || true)
  if [ -n "$mark" ]; then
    printf '"cordon"'
    separator=', '
  fi
  [ ! -e "$ROTATING" ] || printf '%s"certificates"' "$separator"
}

# etcd's members, as JSON; null where etcd does not tell, as on every agent.
members_json() {
  local list separator='' name address kind
  if [ "$ROLE" != server ] || ! list=$(members_here); then
    printf null
    return 0
  fi
  printf '['
  while IFS='|' read -r _ name address kind; do
    printf '%s{"name": %s, "address": %s, "voter": %s}' "$separator" "$(text "$name")" "$(text "$address")" "$(if [ "$kind" = voter ]; then printf true; else printf false; fi)"
    separator=', '
  done <<<"$list"
  printf ']'
}

# A part of this node, as JSON of the cluster's; null where the cluster does not answer.
from_cluster() {
  local value
  value=$(kube get node "$NODE" -o "jsonpath=$1" 2>/dev/null) || value=null
  printf %s "${value:-[]}"
}

# For how many seconds k3s has run; null where it does not.
running_seconds() {
  local pid begun
  pid=$(systemctl show -p MainPID --value "$UNIT" 2>/dev/null || true)
  begun=$(sed 's/.*) //' "/proc/${pid:-0}/stat" 2>/dev/null | cut -d' ' -f20 || true)
  [ -n "$begun" ] || { printf null; return 0; }
  printf %s "$(($(cut -d. -f1 /proc/uptime) - begun / $(getconf CLK_TCK)))"
}

# What this server and k3s know of snapshots, as JSON; null on an agent. k3s keeps a record of each in the cluster, failed ones for
# a day (`errorTTL` in pkg/etcd/snapshot.go of k3s-io/k3s).
snapshots_json() {
  local newest records template='{range .items[*]}{"{\"spec\": "}{.spec}{", \"status\": "}{.status}{"}, "}{end}'
  [ "$ROLE" = server ] || { printf null; return 0; }
  newest=$(find "$K3S_DATA/server/db/snapshots" -maxdepth 1 -type f ! -name '*.part' -printf '%T@\n' 2>/dev/null | sort -n | tail -n 1 | cut -d. -f1 || true)
  records=$(kube get etcdsnapshotfiles.k3s.cattle.io -o "jsonpath=$template" 2>/dev/null) && records="[${records}null]" || records=null
  printf '{"now": %s, "running": %s, "local": %s, "records": %s}' "$(date +%s)" "$(running_seconds)" "${newest:-null}" "$records"
}

version=''
if command -v k3s >/dev/null; then version=$(k3s --version | sed -n 's/^k3s version \(v[^ ]*\).*/\1/p'); fi
printf '{"node": %s, "role": %s, "unit": %s, "version": %s, "declaredVersion": %s, "ready": %s, "etcdVoter": %s, "certificateDays": %s, "driftedFiles": [%s], "waitsForStart": [%s], "toldOtherwise": [%s], "unfinished": [%s], "labels": %s, "taints": %s, "members": %s, "snapshots": %s, "nodes": %s}\n' \
  "$(text "$NODE")" "$(text "$ROLE")" "$(text "$(systemctl is-active "$UNIT" 2>/dev/null || true)")" \
  "$(text "$version")" "$(text "$VERSION")" "$(text "$(node_condition "$NODE" Ready)")" "$(text "$(node_condition "$NODE" EtcdIsVoter)")" \
  "$(certificate_days)" "$(drifted_files)" "$(waiting_keys)" "$(told_otherwise)" "$(unfinished)" \
  "$(from_cluster '{.metadata.labels}')" "$(from_cluster '{.spec.taints}')" "$(members_json)" "$(snapshots_json)" \
  "$(text "$(kube get nodes -o 'jsonpath={.items[*].metadata.name}' 2>/dev/null || true)")"
