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

# logged NAME COMMAND…: what it says is told when it has ended. A pipe would break with the connection, and end it midway.
logged() {
  local log="$RECORD/$1.log" status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  relay <"$log"
  return "$status"
}

# Asked often, and kubectl takes ten times as long to start. Of a server only.
api_ready() {
  local tls="$K3S_DATA/server/tls" said
  said=$(curl -s --noproxy '*' --max-time 15 --cacert "$tls/server-ca.crt" --cert "$tls/client-admin.crt" --key "$tls/client-admin.key" \
    https://127.0.0.1:6443/readyz 2>/dev/null || true)
  [ "$said" = ok ]
}

# This host is a member of a working cluster, or it is not the one to ask.
require_api() {
  [ -e "$K3S_ETC/k3s.yaml" ] || pass 'no k3s server runs here'
  api_ready || pass 'the API server here does not answer, or etcd has no majority'
}

# node_condition NODE TYPE: prints True, False or Unknown; nothing if there is no such node or condition.
node_condition() {
  kube get node "$1" -o "jsonpath={.status.conditions[?(@.type==\"$2\")].status}" 2>/dev/null || true
}

# said_by_servers ANNOTATION: what the Nodes of servers have in it, one a line. An agent may write what it likes of itself.
# shellcheck disable=SC2016 # what stands there is Go's
said_by_servers() {
  local template="$FIELD"'{{range .items}}{{if .metadata.labels}}{{if index .metadata.labels "node-role.kubernetes.io/control-plane"}}'
  template+="{{with .metadata.annotations}}{{template \"field\" (index . \"$1\")}}{{\"\\n\"}}{{end}}{{end}}{{end}}{{end}}"
  kube get nodes -o "go-template=$template" 2>/dev/null | rows '.*' | grep . || true
}

# Whether k3s keeps a configuration of encryption, here or, as other servers tell, in the cluster.
secrets_encrypted() {
  [ -f "$K3S_DATA/server/cred/encryption-config.json" ] || [ -n "$(said_by_servers k3s.io/encryption-config-hash)" ]
}

# token_on_disk FILE USER: the short form of a token that this server runs with; nothing where there is none.
token_on_disk() { sed -n "s/^K10[0-9a-f]*::$2://p" "$K3S_DATA/server/$1" 2>/dev/null || true; }

# What that token's long form begins with: the fingerprint of the cluster's certificate authority; nothing where there is none.
fingerprint_on_disk() { sed -n 's/^\(K10[0-9a-f]*\)::.*/\1/p' "$K3S_DATA/server/token" 2>/dev/null || true; }

fingerprint_here() {
  fingerprint_on_disk | grep . ||
    fail "no fingerprint in $K3S_DATA/server/token" 'see that the k3s service on this server is well'
}

# How the member on this disk is called, whatever it is doing; nothing where there is none.
member_on_disk() { if [ -d "$K3S_DATA/server/db/etcd" ]; then head -n 1 "$K3S_DATA/server/db/etcd/name" 2>/dev/null || true; fi; }

# node_of_member NAME: k3s calls a member by its Node, and eight digits of its own (`setName` in pkg/etcd/etcd.go of
# k3s-io/k3s). That name stays as it was on the disk, however the Node is called later.
node_of_member() { if [[ $1 =~ ^(.+)-[0-9a-f]{8}$ ]]; then printf %s "${BASH_REMATCH[1]}"; else printf %s "$1"; fi; }

# Which process of a unit runs, in words that no other one ever has.
running_process() {
  local pid
  pid=$(systemctl show -p MainPID --value "$1" 9>&-)
  printf '%s %s %s' "$(cat /proc/sys/kernel/random/boot_id)" "$pid" "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)"
}

port_open() { timeout 3 bash -c "exec 3<>/dev/tcp/${1//[\[\]]/}/$2" 2>/dev/null 9>&-; }
