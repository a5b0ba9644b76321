#!/usr/bin/env bash
# The plainest way to the same cluster, to compare with: no check, no second run, no message. FOLDER holds `nodes` (name,
# role and address of each, in the order in which they join), `key`, `known_hosts`, and the files of each node.
set -euo pipefail
FOLDER=$1 SOURCE=$2

# join NAME ROLE ADDRESS: returns when the node is Ready and, a server, an etcd voter.
join() {
  local began unit=k3s wanted=TrueTrue kubeconfig=/etc/rancher/k3s/k3s.yaml
  began=$(date +%s%N)
  if [ "$2" = agent ]; then unit=k3s-agent wanted=True kubeconfig=/var/lib/rancher/k3s/agent/kubelet.kubeconfig; fi
  # shellcheck disable=SC2087 # expands here on purpose
  tar -C "$FOLDER/$1" -c . | ssh -F none -o BatchMode=yes -o UserKnownHostsFile="$FOLDER/known_hosts" -i "$FOLDER/key" "root@$3" "
    tar -x --no-overwrite-dir -C / && sysctl -q -p /etc/sysctl.d/90-kubelet.conf &&
    install -m 755 $SOURCE/k3s /usr/local/bin/k3s &&
    INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_SKIP_START=true INSTALL_K3S_EXEC=$2 $SOURCE/install.sh >/dev/null &&
    systemctl restart --no-block $unit &&
    until [ \"\$(k3s kubectl --kubeconfig $kubeconfig get node $1 -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}{.status.conditions[?(@.type==\"EtcdIsVoter\")].status}' 2>/dev/null)\" = $wanted ]; do sleep 1; done"
  echo "$1 $((($(date +%s%N) - began) / 1000000))"
}

while read -r name role address; do
  if [ "$role" = server ]; then join "$name" "$role" "$address" </dev/null; fi
done <"$FOLDER/nodes"
agents=()
while read -r name role address; do
  if [ "$role" = agent ]; then
    join "$name" "$role" "$address" </dev/null &
    agents+=("$!")
  fi
done <"$FOLDER/nodes"
for agent in "${agents[@]}"; do wait "$agent"; done
