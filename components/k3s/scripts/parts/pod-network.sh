# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# The network of the pods: flannel takes the interface of the default route unless it is told which one (LookupExtInterface
# in k3s' pkg/agent/flannel/flannel.go), whatever address the node has. And whether it reaches the other nodes.

# Lies here from a start by us until the pods' network was seen to work after it: a run that comes later looks, too.
PODS_UNCHECKED="$RECORD/k3s.pods-unchecked"

# Sets INTERFACE: where this host has the node's address.
require_interface() {
  INTERFACE=$(ip -o -4 addr show | awk -v address="$ADDRESS" 'index($4, address "/") == 1 { print $2; exit }')
  [ -n "$INTERFACE" ] || fail "no interface has the address $ADDRESS" 'correct its address in the stack file, or on the host'
}

write_interface() {
  local told=''
  [ "$FLANNEL" = none ] || told="flannel-iface: $INTERFACE"$'\n'
  put_or_remove "$K3S_ETC/config.yaml.d/06-interface.yaml" "$told"
}

# What k3s takes at its start beside its own files: the backend and the mirror of images an agent learns from a server.
started_with() { printf '%s' "$FLANNEL $EMBEDDED_REGISTRY $INTERFACE"; }

# Whether the k3s that runs was started so. Of one that was started before this was noted, flannel itself tells.
runs_as_started() {
  local type public
  [ "$FLANNEL" != none ] || return 0
  if [ -f "$RECORD/k3s.started-with" ]; then
    [ "$(cat "$RECORD/k3s.started-with")" = "$(started_with)" ]
    return
  fi
  type=$(sed -n 's/.*"Type": *"\([a-z-]*\)".*/\1/p' "$K3S_DATA/agent/etc/flannel/net-conf.json" 2>/dev/null || true)
  [ -z "$type" ] || [ "$type" = "${FLANNEL%-native}" ] || return 1
  public=$(flannel_address)
  [ -z "$public" ] || is_on_interface "$public"
}

# An annotation of its own, which any of its pods that may write Nodes could have set: nothing but an address is one.
flannel_address() {
  kube get node "$NODE" -o 'jsonpath={.metadata.annotations.flannel\.alpha\.coreos\.com/public-ip}' 2>/dev/null | grep -Ex '[0-9.]+' || true
}

is_on_interface() { [ -n "$(ip -o -4 addr show dev "$INTERFACE" | awk -v address="$1" 'index($4, address "/") == 1')" ]; }

# What another backend left: its routes are narrower than those of wireguard, or lead nowhere.
clear_other_backends() {
  local route
  [ "$FLANNEL" != none ] || return 0
  [ "$FLANNEL" = vxlan ] || ip link del flannel.1 2>/dev/null || true
  [ "$FLANNEL" = wireguard-native ] || ip link del flannel-wg 2>/dev/null || true
  [ "$FLANNEL" != host-gw ] || return 0
  while read -r route _; do
    ip route del "$route" dev "$INTERFACE" 2>/dev/null || true
  done < <(ip -o -4 route show root "$CLUSTER_CIDR" dev "$INTERFACE" 2>/dev/null | grep ' via ' || true)
}

# One line a node: name, address, network of its pods, backend and address of its flannel. Asked as flannel asks: a kubelet
# may read its own node only.
# shellcheck disable=SC2016 # what stands there is Go's
nodes_of_flannel() {
  local config="$K3S_DATA/agent/k3scontroller.kubeconfig" template="$FIELD"
  template+='{{range .items}}{{$address := ""}}{{$ready := ""}}{{$backend := ""}}{{$public := ""}}{{template "field" .metadata.name}}'
  template+='{{with .status}}{{range .addresses}}{{if and (eq .type "InternalIP") (not $address)}}{{$address = .address}}{{end}}{{end}}'
  template+='{{range .conditions}}{{if eq .type "Ready"}}{{$ready = .status}}{{end}}{{end}}{{end}}'
  template+='{{with .metadata.annotations}}{{$backend = index . "flannel.alpha.coreos.com/backend-type"}}{{$public = index . "flannel.alpha.coreos.com/public-ip"}}{{end}}'
  template+='{{template "field" $address}}{{template "field" .spec.podCIDR}}{{template "field" $backend}}{{template "field" $public}}{{template "field" $ready}}{{"\n"}}{{end}}'
  [ ! -e "$K3S_ETC/k3s.yaml" ] || config="$K3S_ETC/k3s.yaml"
  k3s kubectl --kubeconfig "$config" --request-timeout=15s get nodes -o "go-template=$template" 9>&- |
    rows "$NAME_FORM" '[0-9.]+' '[0-9.]+/[0-9]+' '[-a-z]+' '[0-9.]+' 'True'
}

list_nodes() { NODES_TABLE=$(nodes_of_flannel 2>&1); }

# Sets PODS: others that are Ready and have the same kind of network, as NAME|ADDRESS|FIRST ADDRESS OF ITS PODS; eight at
# most, as each of a hundred is asked by others, too. Who has another backend, or takes another interface yet, is a node
# whose turn comes.
find_others() {
  local name address cidr backend public ready
  PODS=()
  retry 30 list_nodes || fail "the cluster does not tell its nodes to this one: ${NODES_TABLE##*$'\n'}" 'see that the API server answers, then run again'
  while IFS='|' read -r name address cidr backend public ready; do
    if [ "${#PODS[@]}" -eq 8 ] || [ "$name" = "$NODE" ] || [ "$ready" != True ] || [ -z "$cidr" ]; then continue; fi
    # A Node of this machine under another name has no pods: what it is called today has them.
    if [ "$address" = "$ADDRESS" ] || [ "$public" != "$address" ] || [ "$backend" != "$(backend_type)" ]; then continue; fi
    PODS+=("$name|$address|${cidr%/*}")
  done < <(sort -R <<<"$NODES_TABLE")
}

backend_type() { case $FLANNEL in wireguard-native) echo wireguard ;; *) echo "$FLANNEL" ;; esac; }

# The kubelet of another node answers at its address in the pods' network, too: the first one is that of flannel's own
# interface. With host-gw there is none: the route says it.
reaches_pods() {
  [ "$FLANNEL" != host-gw ] || { [[ $(ip -o route get "${2%.*}.1" 2>/dev/null || true) == *" via $1 "* ]]; return; }
  [[ ${ANSWERS["tcp/$2/10250"]:-} =~ ^(open|closed)$ ]]
}

# Before flannel has made its route, the way is the default one, and who answers there is somebody else.
leads_to_flannel() { [[ $(ip -o route get "$1" 2>/dev/null || true) == *' dev flannel'* ]]; }

# Sets UNREACHED: nodes of PODS that answer here, and whose pods do not. A machine that was renamed has two Nodes for a while,
# and pods under one of them.
find_unreached() {
  local one name address pods targets=()
  UNREACHED=()
  for one in ${PODS[@]+"${PODS[@]}"}; do
    IFS='|' read -r _ address pods <<<"$one"
    unset "ANSWERS[tcp/$pods/10250]"
    targets+=("tcp/$address/10250")
    if leads_to_flannel "$pods"; then targets+=("tcp/$pods/10250"); fi
  done
  [ "${#targets[@]}" -gt 0 ] || return 0
  ask "${targets[@]}"
  for one in "${PODS[@]}"; do
    IFS='|' read -r name address pods <<<"$one"
    if ! reaches_pods "$address" "$pods"; then UNREACHED+=("$one"); else REACHED[$address]=1; fi
  done
  for one in "${!UNREACHED[@]}"; do
    IFS='|' read -r name address pods <<<"${UNREACHED[$one]}"
    # Who does not answer at all is away, and no matter of the pods' network.
    if [ "${ANSWERS["tcp/$address/10250"]:-}" != open ] || [ -n "${REACHED[$address]:-}" ]; then unset "UNREACHED[$one]"; fi
  done
}

flannel_is_here() {
  local public
  public=$(flannel_address)
  [ -n "$public" ] && is_on_interface "$public"
}

# The end of a join, and of each start by us.
check_pod_network() {
  local until=$((SECONDS + 30)) PODS=() UNREACHED=() names
  local -A REACHED=()
  [ "$FLANNEL" != none ] && [ -e "$PODS_UNCHECKED" ] || return 0
  step 'reach the pods of other nodes'
  retry 30 flannel_is_here ||
    fail "flannel runs at $(flannel_address | grep . || echo 'no address yet'), and this node is $ADDRESS on $INTERFACE" \
      "see in k3s' journal what flannel says; flannel-iface in $K3S_ETC/config.yaml.d must not be set otherwise by a later file"
  clear_other_backends
  find_others
  # Others learn of this node by and by.
  while find_unreached && [ "${#UNREACHED[@]}" -gt 0 ]; do
    [ "$SECONDS" -lt "$until" ] || refuse_unreached
    sleep 1
    mapfile -t PODS < <(printf '%s\n' "${UNREACHED[@]}")
  done
  rm -f "$PODS_UNCHECKED"
}

refuse_unreached() {
  local one name address names=''
  for one in "${UNREACHED[@]}"; do
    IFS='|' read -r name address _ <<<"$one"
    names+=", $name ($address)"
  done
  case $FLANNEL in
  host-gw) fail "there is no route to the pods of ${names#, }" \
    'with host-gw all nodes have to be on one network without a router between them: declare flannel: vxlan, or move them there' ;;
  esac
  fail "the pods of ${names#, } cannot be reached from here, and these nodes can: UDP $BACKEND_PORT is closed in one direction, or what comes out of it from $CLUSTER_CIDR is" \
    "on both sides let the nodes, and the network of the pods, through: ufw allow from ADDRESS and ufw allow from $CLUSTER_CIDR, or firewall-cmd --permanent --zone=trusted --add-source= with each (and --reload); then run again"
}
