# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Whether a k3s that others set up can be taken over as it runs: what it is told and the stack file cannot say would be gone at
# its next start, without a word. DECLARED is the config.yaml that we would write. Changes nothing.

# Where these stand does not matter: nothing of ours reaches a k3s that is told them.
NOT_KNOWN_HERE=' https-listen-port supervisor-port apiserver-port bind-address advertise-port write-kubeconfig datastore-endpoint disable-etcd disable-apiserver disable-controller-manager disable-scheduler disable-agent with-node-id node-name-from-cloud-provider-metadata rootless etcd-snapshot-dir config cluster-reset '

declare -A LOST=() OTHERWISE=()

# will_be KEY ITEM: whether k3s is told it after our installation, too. What says false is said by leaving it out.
will_be() {
  holds_item "${DECLARED_ITEMS[$1]:-}" "$2" || holds_item "${KEPT_ITEMS[$1]:-}" "$2" ||
    { [ "$2" = false ] && [ -z "${DECLARED_ITEMS[$1]:-}${KEPT_ITEMS[$1]:-}" ]; }
}

check_data_dir() {
  [ "${2%/}" != "$K3S_DATA" ] || return 0
  finding "k3s keeps its data in ${2%/} here (data-dir in $3), and nothing of ours looks anywhere but in $K3S_DATA" \
    "one host after the other: systemctl stop $UNIT, mv ${2%/} $K3S_DATA, take data-dir out of $3 (systemctl daemon-reload), systemctl start $UNIT; then run again. Its etcd is well as it is: do not start it with cluster-init"
}

tls_names() { awk -F'\t' -v name="$1" '$2 == "tls-san" && $3 == name { found = 1 } END { exit !found }' <<<"$SETTINGS"; }

# fate_of KEY ITEM WHERE: of a setting that is written over and will not be.
fate_of() {
  local stack
  stack=$(stack_key "$1")
  case $1 in
  # Seen on the running cluster itself, by its first server.
  cluster-cidr | service-cidr | secrets-encryption) return 0 ;;
  flannel-backend) other_backend "$2" "$3" ;;
  node-ip) finding "node-ip is $2 here ($3), and $ADDRESS is declared" "declare $2 as the address of $NODE" ;;
  node-name) [ "$2" = "$NODE" ] || finding "this node is called $2 by $3, and is declared as $NODE" "declare it as $2" ;;
  # Where the address of the API is another one, the running cluster is asked about that (adopt.sh).
  tls-san) if tls_names "$API_ADDRESS"; then LOST["tls-san $2"]=$3; fi ;;
  *)
    if [ "$stack" = - ]; then return 0; fi
    if [ -n "$stack" ]; then OTHERWISE["$(shown "$1" "$2")"]=$stack; else LOST[$(shown "$1" "$2")]=$3; fi
    ;;
  esac
}

other_backend() {
  finding "flannel-backend is $1 here ($2), and another is declared: nodes with the old one and the new one do not reach each other" "declare kubernetes.flannel: $1"
}

# Nobody says it, and it is k3s' own default.
check_default_backend() {
  local declared=${DECLARED_ITEMS[flannel-backend]:-}
  if [ "$UNIT" != k3s ] || [ -z "$declared" ] || [ "$declared" = $'vxlan\n' ] || grep -q $'\tflannel-backend\t' <<<"$SETTINGS"; then return 0; fi
  other_backend vxlan "k3s' default"
}

# All that would be gone, in one finding a place: what to do is the same.
tell_lost() {
  local name where
  local -A by_place=()
  for name in "${!LOST[@]}"; do by_place[${LOST[$name]}]+="${by_place[${LOST[$name]}]:+, }$name"; done
  for where in "${!by_place[@]}"; do
    case $where in
    *.env) finding "k3s is told by $where what the stack file cannot say, and it would be gone at its next start: $(sorted "${by_place[$where]}")" \
      "keep what you need of it where it stays and holds, and nothing has to restart for it: variables, a proxy among them, in /etc/default/$UNIT, which the unit reads, too; then run again" ;;
    *) finding "k3s is told by $where what the stack file cannot say, and it would be gone at its next start: $(sorted "${by_place[$where]}")" \
      "keep what you need of it where it stays and holds, and nothing has to restart for it: flags as keys of $K3S_ETC/config.yaml.d/50-own.yaml (a list such as kube-apiserver-arg with a plus: kube-apiserver-arg+), variables in /etc/default/$UNIT; then run again" ;;
    esac
  done
}

sorted() { printf '%s\n' "${1//, /$'\n'}" | sort | paste -sd, - | sed 's/,/, /g'; }

# Only while it is others' still: what we wrote is ours.
check_adoption() {
  local fate key item where name
  if [ "$ADOPT" != true ] || [ -z "$RUNS" ] || [ -n "$OTHER_RUNS" ] || [ -e "$RECORD/k3s.installer" ]; then return 0; fi
  SETTINGS=$(settings_here)
  read_settings
  while IFS=$'\t' read -r fate key item where; do
    if [ -z "$key" ]; then continue; fi
    if [ "$key" = data-dir ]; then
      check_data_dir "$key" "$item" "$where"
    elif [[ $NOT_KNOWN_HERE == *" $key "* ]]; then
      is_as_known "$key" "$item" ||
        finding "$key is set here ($where), and nothing of ours reaches such a k3s" "take it out there, and restart k3s on this host first; or do not adopt this cluster"
    elif [ "$fate" = gone ] && ! will_be "$key" "$item"; then
      fate_of "$key" "$item" "$where"
    fi
  done <<<"$SETTINGS"
  check_default_backend
  tell_lost
  [ "${#OTHERWISE[@]}" -eq 0 ] || say "declared otherwise than it runs, and as declared from its next start on: $(for name in "${!OTHERWISE[@]}"; do printf '%s (%s)\n' "$name" "${OTHERWISE[$name]}"; done | sort | paste -sd, - | sed 's/,/, /g')"
}

# is_as_known KEY ITEM: set, and to what it is without.
is_as_known() {
  case "$1=$2" in
  write-kubeconfig=/etc/rancher/k3s/k3s.yaml | https-listen-port=6443 | apiserver-port=6443 | supervisor-port=6443 | config=/etc/rancher/k3s/config.yaml | \
    *=false | bind-address=0.0.0.0 | etcd-snapshot-dir="$K3S_DATA/server/db/snapshots") ;;
  *) return 1 ;;
  esac
}
