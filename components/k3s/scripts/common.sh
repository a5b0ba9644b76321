# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# What all scripts of k3s share: where things are, how the cluster is asked, what its journal means.
K3S_DATA=/var/lib/rancher/k3s
K3S_ETC=/etc/rancher/k3s
# What we know of this host from one run to the next.
RECORD=/var/lib/isthmus

# A server asks as administrator, an agent with the rights of its own kubelet.
kube() {
  if [ -e "$K3S_ETC/k3s.yaml" ]; then
    k3s kubectl --kubeconfig "$K3S_ETC/k3s.yaml" --request-timeout=15s "$@" 9>&-
  else
    k3s kubectl --kubeconfig "$K3S_DATA/agent/kubelet.kubeconfig" --request-timeout=15s "$@" 9>&-
  fi
}

# pass "why": this host cannot do it, another one may (see AnyHostScript).
pass() {
  say "$1"
  trap - ERR
  exit 75
}

api_ready() { [ "$(kube get --raw /readyz 2>/dev/null || true)" = ok ]; }

# This host is a member of a working cluster, or it is not the one to ask.
require_api() {
  [ -e "$K3S_ETC/k3s.yaml" ] || pass 'no k3s server runs here'
  api_ready || pass 'the API server here does not answer, or etcd has no majority'
}

# node_condition NODE TYPE: prints True, False or Unknown; nothing if there is no such node or condition.
node_condition() {
  kube get node "$1" -o "jsonpath={.status.conditions[?(@.type==\"$2\")].status}" 2>/dev/null || true
}

# One line a node: name, Ready, etcd, machine, address. A dash stands for nothing. `etcd` is `voter` for a voter that is
# well, `unwell` for one that is not, and a dash for what has no vote: agents, learners, those that never joined.
node_table() {
  local columns='{.metadata.name}{"|"}{.status.conditions[?(@.type=="Ready")].status}{"|"}'
  columns+='{.metadata.labels.node-role\.kubernetes\.io/etcd}{"|"}{.status.conditions[?(@.type=="EtcdIsVoter")].status}{"|"}'
  columns+='{.status.conditions[?(@.type=="EtcdIsVoter")].reason}{"|"}{.metadata.labels.isthmus/machine}{"|"}'
  columns+='{.status.addresses[?(@.type=="InternalIP")].address}{"\n"}'
  kube get nodes -o "jsonpath={range .items[*]}$columns{end}" | awk -F'|' '
    NF {
      etcd = "-"
      if ($3 != "" && $5 != "NotAMember" && $5 != "MemberIsLearner") etcd = ($4 == "True") ? "voter" : "unwell"
      split($7, addresses, " ")
      print $1 "|" ($2 == "" ? "-" : $2) "|" etcd "|" ($6 == "" ? "-" : $6) "|" addresses[1]
    }'
}

# Whether k3s keeps a configuration of encryption, here or, as other servers tell, in the cluster.
secrets_encrypted() {
  [ -f "$K3S_DATA/server/cred/encryption-config.json" ] ||
    [ -n "$(kube get nodes -o 'jsonpath={.items[*].metadata.annotations.k3s\.io/encryption-config-hash}' 2>/dev/null | tr -d ' ' || true)" ]
}

# token_on_disk FILE USER: the short form of a token that this server runs with; nothing where there is none.
token_on_disk() { sed -n "s/^K10[0-9a-f]*::$2://p" "$K3S_DATA/server/$1" 2>/dev/null || true; }

# Which process of a unit runs, in words that no other one ever has.
running_process() {
  local pid
  pid=$(systemctl show -p MainPID --value "$1" 9>&-)
  printf '%s %s %s' "$(cat /proc/sys/kernel/random/boot_id)" "$pid" "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)"
}

port_open() { timeout 3 bash -c "exec 3<>/dev/tcp/${1//[\[\]]/}/$2" 2>/dev/null 9>&-; }

# count_votes NODE: sets VOTERS and WELL, how many there are in all and how many are well and can be reached now; OTHERS
# and WELL_OTHERS without NODE; IS_READY, if NODE is. What the API says of a server that just died is old: so etcd is dialled.
count_votes() {
  local table name ready etcd address well
  VOTERS=0 WELL=0 OTHERS=0 WELL_OTHERS=0 IS_READY=''
  table=$(node_table)
  while IFS='|' read -r name ready etcd _ address; do
    if [ "$name" = "$1" ] && [ "$ready" = True ]; then IS_READY=1; fi
    if [ -z "$name" ] || [ "$etcd" = - ]; then continue; fi
    well=0
    if [ "$etcd" = voter ] && [ "$ready" = True ] && port_open "$address" 2379; then well=1; fi
    VOTERS=$((VOTERS + 1)) WELL=$((WELL + well))
    if [ "$name" != "$1" ]; then OTHERS=$((OTHERS + 1)) WELL_OTHERS=$((WELL_OTHERS + well)); fi
  done <<<"$table"
}

# What the journal says, in words, with the mend; nothing if it says nothing that we know.
diagnose() {
  local journal
  journal=$(journalctl -u "$UNIT" -n 200 --no-pager -o cat 2>/dev/null || true)
  case $journal in
  *'bootstrap data already found and encrypted with different token'* | *'token CA hash does not match'* | *'failed to validate token'* | *'not authorized'*)
    echo 'the token is not the one of this cluster|compare the token in the state with the one of the cluster (see: rotate a token), then run again' ;;
  *'critical configuration value mismatch'* | *'critical configuration mismatched'*)
    echo 'this server was given other flags than those that run|give all servers the same cluster and service CIDR, disable list and secrets encryption' ;;
  *'duplicate node name found'*)
    echo 'etcd still has a member of this name|take the node out of the stack file and run up, put it back and run up again' ;;
  *'Node password rejected'*)
    echo 'the cluster remembers another machine by this name|take the node out of the stack file and run up, put it back and run up again' ;;
  *'too many learner members'*)
    echo 'another server is joining at the same time|wait until it has joined, then run again' ;;
  *'etcdserver: unhealthy cluster'*)
    echo 'etcd takes no new member while one of its members is unhealthy|mend or remove the unhealthy server first' ;;
  *'certificate has expired or is not yet valid'*)
    echo 'a certificate is not valid at the time that this clock shows|set the clock (timedatectl set-ntp true), then run again' ;;
  *'certificate is valid for'*)
    echo 'what answers at the API address has a certificate for other addresses|see who else has that address: ip neigh; it must belong to this cluster alone' ;;
  *'address already in use'*)
    echo 'a port that k3s needs is taken|see who has it: ss -ltnp; stop it, then run again' ;;
  *'failed to find memory cgroup'* | *'cgroups: cgroup mountpoint does not exist'*)
    echo 'the kernel has no memory cgroup|add cgroup_memory=1 cgroup_enable=memory to the kernel command line and reboot' ;;
  esac
}

# give_up "what was waited for": fails with the cause from the journal.
give_up() {
  local cause
  ISTHMUS_UNIT=$UNIT
  cause=$(diagnose)
  if [ -n "$cause" ]; then fail "${cause%%|*} ($1)" "${cause#*|}"; fi
  fail "$1" 'the journal below names the cause; mend it and run the same command again'
}
