# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Why k3s does not come up, from its journal. What it writes is taken from its source: tests/hosts/README.md says where.

# journal_since SECONDS: what k3s wrote from then on, the newest line first; all that is recent without SECONDS.
journal_since() {
  local from=()
  [ -z "$1" ] || from=(--since "@$1")
  journalctl -u "$UNIT" -n 400 -r --no-pager -o cat ${from[@]+"${from[@]}"} 2>/dev/null 9>&- || true
}

# Where this node joins, as it stands in a URL; nothing if it joins nobody.
join_target() { sed -n 's,^server: https://\(.*\):6443$,\1,p' "$K3S_ETC/config.yaml.d/10-join.yaml" 2>/dev/null || true; }

TAKE_OUT='take the node out of the stack file and run up, put it back and run up again'

# explain LINE: sets CAUSE and FIX if we know what it means, and LASTING if waiting does not help.
explain() {
  CAUSE='' FIX='' LASTING=''
  # What ends the process, or is all that an agent does: the rest may be about others, or pass.
  case $1 in *level=fatal* | *'Shutdown request received'* | *'Waiting to retrieve agent configuration'*) LASTING=1 ;; esac
  case $1 in
  *'token CA hash does not match'*) another_cluster ;;
  *'encrypted with different token'* | *'failed to normalize server token'* | *'invalid token format'*) wrong_token ;;
  # A registry of images says 401, too.
  *'bootstrap cluster data'*'401 Unauthorized'* | *'bootstrap cluster data'*'not authorized'* | \
    *'agent configuration'*'401 Unauthorized'* | *'agent configuration'*'not authorized'* | \
    *'join failed'*'401 Unauthorized'* | *'join failed'*'not authorized'*) wrong_token ;;
  *'critical configuration value mismatch'*)
    CAUSE="this server was given other flags than those that run$(mismatched)"
    FIX='give all servers the same cluster and service CIDR, disable list and secrets encryption' ;;
  *'duplicate node name found'*) CAUSE='etcd still has a member of this name' FIX=$TAKE_OUT ;;
  *'Node password rejected'*)
    CAUSE='the cluster remembers another machine by this name, or two machines have it' FIX=$TAKE_OUT ;;
  *'too many learner members'*)
    CAUSE='another server is joining at the same time, or began to and never ended'
    FIX='wait until it has joined, or take it out of etcd (kubectl delete node), then run again' ;;
  *'etcdserver: unhealthy cluster'*)
    CAUSE='etcd takes no new member while one of its members is unhealthy' FIX='fix or remove the unhealthy server first' ;;
  *'certificate has expired or is not yet valid'*) wrong_time ;;
  *'certificate is valid for'* | *'agent configuration'*'unknown authority'* | *'bootstrap cluster data'*'unknown authority'*)
    another_cluster ;;
  *'address already in use'*)
    # What ran before may not have ended yet.
    LASTING='' CAUSE='a port that k3s needs is taken' FIX='see who has it: ss -ltnp; stop it, then run again' ;;
  *'failed to find memory cgroup'* | *'cgroup mountpoint does not exist'*)
    CAUSE='the kernel has no memory cgroup' FIX='add cgroup_memory=1 cgroup_enable=memory to the kernel command line and reboot' ;;
  # k3s waits without end, and says so each time, in one or the other word of its versions.
  *'this server is '*'not a member of the etcd cluster'*)
    LASTING=1 CAUSE="etcd does not know this server by its name and address$(known_members "$1")"
    FIX='give it back the address that it joined with; or let it leave (take it out of the stack file, up, k3s-uninstall.sh here) and join anew' ;;
  *'unable to find interface'*)
    CAUSE='the interface of the pods'"'"' network is not on this host any more'
    FIX='see how it is called now (ip -br addr); run up again with --replace of this node'"'"'s resource, which tells k3s its name' ;;
  *'configured to not run on a host using cgroup v1'*)
    CAUSE='this host has cgroup v1, and the kubelet of this version does not start on it'
    FIX='boot it with systemd.unified_cgroup_hierarchy=1 on the kernel command line, or with a newer system' ;;
  *'failed to get CA certs'* | *'CA cert validation failed'* | *'failed to retrieve configuration'* | *'server-bootstrap:'* | *'member list'*)
    unreachable ;;
  esac
}

# Whom etcd knows, and whom this server takes itself for, from k3s' own words.
known_members() { sed -n 's/.*Found \(\[[^]]*\]\), expect: \([^ "\\]*\).*/: it has \1, and this one is \2/p' <<<"$1"; }

wrong_token() {
  CAUSE='the token is not the one of this cluster'
  FIX='compare the token in the state with the one of the cluster (see: rotate a token), then run again'
}

# Which flags differ: k3s warns of each before it gives up. Networks it names by a byte in them: ClusterIPRange.IP.slice[13].
# Where its DNS is follows from the network of the services.
mismatched() {
  local flags
  flags=$(journal_since "${STARTED:-}" | sed -n 's/.*critical configuration mismatched: \([A-Za-z0-9.-]*\).*/\1/p' |
    sed 's/^ClusterIPRange.*/cluster-cidr/; s/^ServiceIPRange.*/service-cidr/; s/^ClusterDNS.*/service-cidr/' | sort -u | xargs)
  [ -z "$flags" ] || printf ': %s' "${flags// /, }"
}

another_cluster() {
  local where mac
  where=$(join_target)
  mac=$(hardware_address "${where//[\[\]]/}")
  CAUSE="what answers at ${where:-the address of the API}${mac:+ ($mac)} is another cluster, or was made anew"
  FIX='see who has that address (ip neigh; the leases of the DHCP server): it must belong to this cluster alone'
}

# The clock there may be the one that is wrong; and either may be set right at any moment.
wrong_time() {
  local where ahead=''
  where=$(join_target)
  [ -z "$where" ] || ahead=$(server_ahead "$where")
  LASTING='' CAUSE='a certificate is not valid at the time that this clock shows' FIX=$CLOCK_FIX
  if [ -n "$ahead" ] && too_far "$ahead"; then CAUSE+=": it is $(behind_or_ahead "$ahead") that of $where"; fi
}

# A server that starts says much before it answers: only what cannot be reached now is a cause.
unreachable() {
  local where
  LASTING=''
  [ -z "$REACHED" ] || return 0
  where=$(join_target)
  if [ -z "$where" ] || port_open "$where" 6443; then
    REACHED=1
    return 0
  fi
  CAUSE="the server that it joins at, $where, does not answer on TCP 6443"
  FIX='see that it runs (systemctl status k3s there) and that TCP 6443 is open between here and there, then run again'
}

# find_cause SECONDS: what the newest line from then on means that we understand.
find_cause() {
  local line
  CAUSE='' FIX='' LASTING='' REACHED=''
  while IFS= read -r line; do
    explain "$line"
    [ -z "$CAUSE" ] || return 0
  done < <(journal_since "$1")
  LASTING=''
}

# give_up "what was waited for": fails with the cause from the journal.
give_up() {
  ISTHMUS_UNIT=$UNIT
  find_cause "${STARTED:-}"
  if [ -n "$CAUSE" ]; then fail "$CAUSE ($1)" "$FIX"; fi
  fail "$1" 'the journal below names the cause; fix it and run the same command again'
}

# What passes by itself: others start, restart or are being fixed, and k3s ends fatally as long as it lasts.
PASSING='connection refused|connection reset|i/o timeout|timed out|no route to host|network is unreachable|deadline exceeded|'
PASSING+='Service Unavailable|EOF|no leader|server-bootstrap:|CA certs|address already in use|not yet valid|learner|unhealthy cluster'

# restarts_in_vain: whether k3s has ended three times since its start with the same words; sets them as CAUSE where
# we know no better. Numbers may differ: ports, times, processes.
restarts_in_vain() {
  local line
  [ -n "${STARTED:-}" ] || return 1
  line=$(journalctl -u "$UNIT" --since "@$STARTED" --no-pager -o cat 2>/dev/null 9>&- |
    { grep -E 'level=fatal|^panic: ' || true; } | { grep -Ev "$PASSING" || true; } | sed -E 's/^time="[^"]*" //' |
    awk '{ line = $0; gsub(/[0-9]+/, "#"); if (++seen[$0] == 3) found = line } END { print found }')
  [ -n "$line" ] || return 1
  explain "$line"
  [ -n "$CAUSE" ] || { CAUSE="k3s ends as soon as it starts: ${line:0:400}" FIX='fix what it names, then run the same command again'; }
}

# A cause is believed when k3s has named it for so long, in seconds, and goes on: it tries again every 5 to 10.
BELIEVED_AFTER=10

# await SECONDS "what was waited for" COMMAND…: until it succeeds; fails then, or as soon as waiting cannot help.
await() {
  local until=$((SECONDS + $1)) what=$2 look=$((SECONDS + 5)) now since=$SECONDS before=''
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || give_up "$what"
    if [ "$SECONDS" -ge "$look" ]; then
      look=$((SECONDS + 5)) now=$(date +%s)
      find_cause $((now - 12 > ${STARTED:-0} ? now - 12 : ${STARTED:-0}))
      if [ -z "$LASTING" ] || [ "$CAUSE" != "$before" ]; then before=$CAUSE since=$SECONDS; fi
      if restarts_in_vain; then ISTHMUS_UNIT=$UNIT; fail "$CAUSE (it ended so three times)" "$FIX"; fi
      [ -z "$LASTING" ] || [ $((SECONDS - since)) -lt "$BELIEVED_AFTER" ] || give_up 'k3s says so again and again'
    fi
    sleep 0.25
  done
}
