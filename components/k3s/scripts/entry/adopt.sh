#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Runs once, in place of bootstrap.sh, where a cluster is adopted: looks at it on its first server, changes nothing, and says
# everything at once that would keep it from going on as it is.
UNIT=k3s

# One line a node: name, version, server or agent, network of its pods.
# shellcheck disable=SC2016 # what stands there is Go's
running_nodes() {
  local template="$FIELD"'{{range .items}}{{template "field" .metadata.name}}{{with .status}}{{with .nodeInfo}}{{template "field" .kubeletVersion}}{{end}}{{end}}'
  template+='{{if .metadata.labels}}{{template "field" (index .metadata.labels "node-role.kubernetes.io/etcd")}}{{else}}{{template "field" ""}}{{end}}'
  template+='{{with .spec}}{{template "field" .podCIDR}}{{end}}{{"\n"}}{{end}}'
  kube get nodes -o "go-template=$template" | rows "$NAME_FORM" 'v[-0-9A-Za-z.+]+' 'true' '[0-9a-f.:/]+' |
    awk -F'|' 'NF { print $1 "|" $2 "|" ($3 == "" ? "agent" : "server") "|" $4 }'
}

require_cluster() {
  systemctl is-active --quiet k3s 2>/dev/null ||
    fail "a cluster is to be adopted, and no k3s server runs on $NODE" 'see that the address of this node in the stack file is right; for a new cluster take adopt out of the stack file'
  [ -e "$K3S_ETC/k3s.yaml" ] || fail "k3s writes no kubeconfig to $K3S_ETC/k3s.yaml" 'take write-kubeconfig out of its configuration, and restart it'
  [ -d "$K3S_DATA/server" ] ||
    fail "k3s keeps nothing in $K3S_DATA/server here" 'it was started with another data-dir: one host after the other, stop k3s, move its data there, take data-dir out, start it'
  api_ready || fail 'the API server here does not answer, or etcd has no majority' 'bring the cluster back first: kubectl get --raw /readyz?verbose'
  [ -d "$K3S_DATA/server/db/etcd" ] ||
    fail 'this cluster does not keep its data in embedded etcd' 'restart k3s once with cluster-init, which takes SQLite over: https://docs.k3s.io/datastore/ha-embedded'
}

check_tokens() {
  local known
  known=$(token_on_disk token server)
  [ -z "$known" ] || [ "$known" = "$SERVER_TOKEN" ] ||
    finding 'the server token is not the one of this cluster' "set that secret to what $K3S_DATA/server/token says here"
  known=$(token_on_disk agent-token node)
  [ -z "$known" ] || [ "$known" = "$AGENT_TOKEN" ] ||
    finding 'the agent token is not the one of this cluster' "set that secret to what $K3S_DATA/server/agent-token says here"
}

check_nodes() {
  local index name line version role
  for index in "${!NODES[@]}"; do
    name=${NODES[index]}
    line=$(grep "^$name|" <<<"$TABLE" || true)
    if [ -z "$line" ]; then
      finding "$name is declared, and no node of this cluster" "declare the nodes that it has ($(cut -d'|' -f1 <<<"$TABLE" | xargs)); add others after the adoption"
      continue
    fi
    IFS='|' read -r _ version role _ <<<"$line"
    [ "$version" = "$VERSION" ] || finding "$name runs $version, and $VERSION is declared" 'declare what runs, and upgrade after the adoption'
    [ "$role" = "${ROLES[index]}" ] || finding "$name is declared as ${ROLES[index]}, and runs as $role" "declare it as $role"
  done
}

# What cannot be changed while the cluster lives.
check_networks() {
  local pods service
  pods=$(grep "^$NODE|" <<<"$TABLE" | cut -d'|' -f4)
  [ -z "$pods" ] || within "$pods" "$CLUSTER_CIDR" || finding "the pods of $NODE have addresses of $pods, and clusterCidr is declared as $CLUSTER_CIDR" 'declare the network that the cluster has'
  service=$(kube get service -n default -o 'jsonpath={.spec.clusterIP}' -- kubernetes 2>/dev/null || true)
  [ -z "$service" ] || within "$service" "$SERVICE_CIDR" || finding "the API has the service address $service, and serviceCidr is declared as $SERVICE_CIDR" 'declare the network that the cluster has'
}

number_of() { local a b c d; IFS='../' read -r a b c d _ <<<"$1"; echo $(((a << 24) + (b << 16) + (c << 8) + d)); }
within() { local shift=$((32 - ${2#*/})); [ $(($(number_of "$1") >> shift)) = $(($(number_of "$2") >> shift)) ]; }

# A member that stands under another name would be taken along when that Node goes, and a server that joined would find its name taken.
check_members() {
  local list name address index node
  list=$(members_here) || fail 'etcd here does not tell who its members are' 'see that a majority of the servers runs; then run again'
  for index in "${!NODES[@]}"; do
    while IFS='|' read -r _ name address _; do
      node=$(node_of_member "$name")
      if [ "$address" != "${ADDRESSES[index]}" ] || [ "$name" = - ] || [ "$node" = "${NODES[index]}" ]; then continue; fi
      finding "the etcd member at $address is $name: that host was renamed in place, and is declared as ${NODES[index]}" \
        "give it its name back: node-name: $node on that host, and restart k3s there; or let it join anew under the new name: k3s-uninstall.sh there, k3s kubectl delete node of both names on another server, and install it again"
    done <<<"$list"
  done
}

# Nothing restarts, so the certificate stays as it is: who asks at the declared address has to be content with it.
check_address() {
  local status=0
  curl -s -o /dev/null --connect-timeout 5 --noproxy '*' --cacert "$K3S_DATA/server/tls/server-ca.crt" \
    --connect-to "$API_ADDRESS:6443:127.0.0.1:6443" "https://$API_ADDRESS:6443/ping" || status=$?
  [ "$status" != 60 ] || finding "the certificate of the API is not valid for $API_ADDRESS, which api.address declares" \
    "declare an address that it is valid for, or add $API_ADDRESS to tls-san and restart its servers first"
}

check_encryption() {
  local encrypted=false
  if secrets_encrypted; then encrypted=true; fi
  [ "$encrypted" = "$SECRETS_ENCRYPTION" ] || finding "secretsEncryption is declared $SECRETS_ENCRYPTION, and is $encrypted in this cluster" "declare secretsEncryption: $encrypted"
}

step 'look at the cluster that is to be adopted'
require_cluster
TABLE=$(running_nodes)
check_tokens
check_nodes
check_members
check_networks
check_address
check_encryption
end_with_findings
