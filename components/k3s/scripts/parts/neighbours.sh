# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# What a host can tell of the network before anything is installed: which ports of the other nodes a firewall closes, and
# who holds the address of the API. PEERS are all servers and a few others, each NAME|ROLE|ADDRESS.

# Servers on which k3s runs, those that are up without it, and those that are not up.
RUNNING=() IDLE=() AWAY=()
declare -A CLOSED_TO=()

# targets_of ROLE ADDRESS: what this node will use of such a one.
targets_of() {
  local port ports=10250
  if [ "$1" = server ] && [ "$ROLE" = server ]; then ports='6443 2379 2380 10250'; elif [ "$1" = server ]; then ports='6443 10250'; fi
  [ "$REGISTRY_PORT" = 0 ] || ports+=" $REGISTRY_PORT"
  for port in $ports; do echo "tcp/$2/$port"; done
  [ "$BACKEND_PORT" = 0 ] || echo "udp/$2/$BACKEND_PORT"
}

# A host is up if any port answers, or if it was found on this network just now.
is_up() {
  local target
  for target in "tcp/$2/22" $(targets_of "$1" "$2"); do
    case ${ANSWERS[$target]:-} in open | closed) return 0 ;; esac
  done
  [ -n "$(hardware_address "$2")" ]
}

# What of it is closed to us, in words. Who listens on UDP is silent, too: only where no kubelet runs is silence a firewall's.
closed_ports() {
  local target port found=''
  for target in $(targets_of "$1" "$2"); do
    port="${target##*/}"
    case $target:${ANSWERS[$target]:-} in
    *:open | *:closed) ;;
    tcp/*) found+=", TCP $port" ;;
    udp/*:barred) found+=", UDP $port" ;;
    udp/*) [ "${ANSWERS["tcp/$2/10250"]:-}" != closed ] || found+=", UDP $port" ;;
    esac
  done
  printf %s "${found#, }"
}

# What gave no answer at hosts of AWAY that are up.
silent_targets() {
  local peer name role address target
  for peer in "${AWAY[@]}"; do
    IFS='|' read -r name role address <<<"$peer"
    if ! is_up "$role" "$address"; then continue; fi
    for target in $(targets_of "$role" "$address"); do
      [ -n "${ANSWERS[$target]:-}" ] || echo "$target"
    done
  done
}

# Those of AWAY that are up are judged; the rest stays there.
look_at_peers() {
  local peer name role address closed still=() targets=()
  for peer in "${AWAY[@]}"; do
    IFS='|' read -r name role address <<<"$peer"
    forget "$address"
    mapfile -t -O "${#targets[@]}" targets < <(echo "tcp/$address/22"; targets_of "$role" "$address")
  done
  ask "${targets[@]}"
  # A packet that was lost, or a host that is busy, is no firewall: what was silent is asked once more.
  mapfile -t targets < <(silent_targets)
  [ "${#targets[@]}" -eq 0 ] || ask "${targets[@]}"
  for peer in "${AWAY[@]}"; do
    IFS='|' read -r name role address <<<"$peer"
    if ! is_up "$role" "$address"; then
      still+=("$peer")
      continue
    fi
    closed=$(closed_ports "$role" "$address")
    [ -z "$closed" ] || CLOSED_TO[$closed]+="${CLOSED_TO[$closed]:+, }$name ($address)"
    [ "$role" = server ] || continue
    if [ "${ANSWERS["tcp/$address/6443"]:-}" = open ]; then RUNNING+=("$peer"); else IDLE+=("$peer"); fi
  done
  AWAY=(${still[@]+"${still[@]}"})
}

a_server_is_away() { [[ " ${AWAY[*]} " == *'|server|'* ]]; }

# Machines of a new cluster come up at about the same time: servers are waited for while none runs. Who stays away is not
# held against this host, and looks at it in turn.
check_peers() {
  local until=$((SECONDS + PEER_SECONDS)) closed
  AWAY=(${PEERS[@]+"${PEERS[@]}"})
  while [ "${#AWAY[@]}" -gt 0 ]; do
    look_at_peers
    if [ "${#RUNNING[@]}" -gt 0 ] || ! a_server_is_away || [ "$SECONDS" -ge "$until" ]; then break; fi
    sleep 2
  done
  [ "${#AWAY[@]}" -eq 0 ] || say "not checked, as they do not answer: ${AWAY[*]%%|*}"
  for closed in "${!CLOSED_TO[@]}"; do
    finding "$closed of ${CLOSED_TO[$closed]} cannot be reached from here, and the host is up: a firewall is between" \
      "on both sides let the nodes of the cluster through: ufw allow from ADDRESS, or firewall-cmd --permanent --zone=trusted --add-source=ADDRESS (and --reload). It needs $(needed_ports)"
  done
}

needed_ports() {
  local text='TCP 10250 between all nodes, 6443 to servers, 2379 and 2380 between servers'
  [ "$REGISTRY_PORT" = 0 ] || text+=", $REGISTRY_PORT between all"
  [ "$BACKEND_PORT" = 0 ] || text+=", UDP $BACKEND_PORT between all"
  printf %s "$text"
}

# kube-vip answers ARP for the address on the network of the servers; before there is a cluster nobody may have it.
check_api_address() {
  local mac
  [ "$API_KIND" = kube-vip ] && [ "$ROLE" = server ] || return 0
  if [ -n "$API_INTERFACE" ] && [ ! -e "/sys/class/net/$API_INTERFACE" ]; then
    finding "there is no interface $API_INTERFACE, which the API address is to be on" 'correct api.interface in the stack file, or leave it out'
  fi
  if is_ours "$API_ADDRESS"; then return 0; fi
  if [[ $(ip -o route get "$API_ADDRESS" 2>/dev/null || echo via) == *via* ]]; then
    finding "the API address $API_ADDRESS is on no network of this host: kube-vip cannot hold it" 'choose a free address of the network that the servers share'
    return 0
  fi
  mac=$(holder "$API_ADDRESS")
  if [ -z "$mac" ] || is_of_the_cluster "$mac"; then return 0; fi
  finding "another machine ($mac) answers at the API address $API_ADDRESS" 'choose an address that is free, outside of every DHCP range, or take it from that machine'
}

# One of ours has it, or at least a k3s that our servers agree with. Where none of ours is up, nobody can tell: a server that
# would start the cluster asks once more (install-server.sh).
is_of_the_cluster() {
  local server authority
  for server in ${RUNNING[@]+"${RUNNING[@]}"} ${IDLE[@]+"${IDLE[@]}"}; do
    [ "$(hardware_address "${server##*|}")" != "$1" ] || return 0
  done
  authority=$(authority_at "$API_ADDRESS")
  [ -n "$authority" ] || return 1
  for server in ${RUNNING[@]+"${RUNNING[@]}"}; do
    [ "$(authority_at "${server##*|}")" != "$authority" ] || return 0
  done
  [ "${#RUNNING[@]}" -eq 0 ] && { [ "${#IDLE[@]}" -eq 0 ] || a_server_is_away; }
}
