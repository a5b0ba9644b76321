# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Whether this node does its work, as heard since its service started: what the API holds of before does not count.

unit_pid() { systemctl show -p MainPID --value "$UNIT" 9>&-; }

# process_started PID: when, in seconds since the epoch, rounded up.
process_started() {
  local ticks up
  ticks=$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20)
  read -r up _ </proc/uptime
  awk -v now="$(date +%s.%N)" -v up="$up" -v ticks="$ticks" -v rate="$(getconf CLK_TCK)" \
    'BEGIN { at = now - up + ticks / rate; print int(at) + (at > int(at)) }'
}

# Ready; a server is a voter besides, by etcd's own list, too, and its API answers.
in_service() {
  local pid heard
  unit_active || return 1
  pid=$(unit_pid)
  [ "$pid" != 0 ] || return 1
  heard=$(kube get node "$NODE" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].lastHeartbeatTime}' 2>/dev/null) || return 1
  [ -n "$heard" ] && [ "$(date -d "$heard" +%s)" -ge "$(process_started "$pid")" ] || return 1
  [ "$(node_condition "$NODE" Ready)" = True ] || return 1
  [ "$ROLE" = agent ] || { [ "$(node_condition "$NODE" EtcdIsVoter)" = True ] && api_ready && member_votes; }
}
