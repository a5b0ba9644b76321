# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# What is decided when the cluster begins: a server that is started with another value does not come up again, or splits the
# cluster. Asked for by the preflight of every server, so that nothing is changed anywhere, and again right before a change.

# told_before KEY: what config.yaml says here, as k3s was last told; nothing where it says nothing.
told_before() { sed -n "s/^$1: *//p" "$K3S_ETC/config.yaml" 2>/dev/null | tr -d "\"'" | head -n 1 || true; }

# Where etcd's own list has this server, as k3s noted it when it ran: the configuration may be newer than that.
member_address() {
  kube get node "$NODE" -o 'jsonpath={.metadata.annotations.etcd\.k3s\.cattle\.io/node-address}' 2>/dev/null || true
}

# fixed_changes REFUSE: calls REFUSE "what is wrong" "how it is fixed" for each.
fixed_changes() {
  [ -d "$K3S_DATA/server/db/etcd" ] || return 0
  fixed_networks "$1"
  fixed_address "$1"
  fixed_flannel "$1"
  fixed_encryption "$1"
}

fixed_networks() {
  local running key
  local -A declared=([cluster-cidr]=$CLUSTER_CIDR [service-cidr]=$SERVICE_CIDR)
  for key in cluster-cidr service-cidr; do
    running=$(told_before "$key")
    [ -z "$running" ] || [ "$running" = "${declared[$key]}" ] ||
      "$1" "$key is $running in this cluster, and ${declared[$key]} is declared" "declare $running again: it cannot be changed while the cluster lives. Another network is another cluster: back up what it keeps, destroy and make it anew"
  done
}

# k3s looks for its own name and address in etcd's list, and waits without end where the address is another one (Test in
# pkg/etcd/etcd.go): etcd has the one that it joined with.
fixed_address() {
  local member
  member=$(member_address)
  [ -n "$member" ] || member=$(told_before node-ip)
  [ -z "$member" ] || [ "$member" = "$ADDRESS" ] ||
    "$1" "this server is a member of etcd at $member, and $ADDRESS is declared" \
      "declare $member again. A server moves by leaving: take it out of the stack file and run up, k3s-uninstall.sh here, then put it back with $ADDRESS and run up. A single server cannot leave: restore a snapshot of it on a machine at $ADDRESS (docs/guide/restore.md)"
}

# Between k3s' own backends it is carried through, node by node. To or from another CNI every pod would have to begin anew.
fixed_flannel() {
  local running
  running=$(told_before flannel-backend)
  [ -n "$running" ] && [ "$running" != "$FLANNEL" ] || return 0
  if [ "$running" != none ] && [ "$FLANNEL" != none ]; then return 0; fi
  "$1" "flannel is $running in this cluster, and $FLANNEL is declared" "declare $running again: whether pods get their network from flannel or from another CNI is decided when the cluster begins"
}

# A server that starts without encryption cannot read what is encrypted; one that starts with it where nothing was makes a
# key that the others have not got.
fixed_encryption() {
  local encrypted=false
  if secrets_encrypted; then encrypted=true; fi
  [ "$encrypted" != "$SECRETS_ENCRYPTION" ] || return 0
  if [ "$encrypted" = true ]; then
    "$1" 'Secrets are encrypted in this cluster, and secretsEncryption is declared false' \
      'take secretsEncryption out of the stack file: even k3s secrets-encrypt disable needs it to stay'
  else
    "$1" 'Secrets are not encrypted in this cluster, and secretsEncryption is declared (by default, too)' \
      'declare secretsEncryption: false. To encrypt them (k3s from January 2026 on): k3s secrets-encrypt enable on this server, then declare it and run up; then k3s secrets-encrypt rotate-keys here, and restart the other servers at once, one by one: until then they cannot read Secrets'
  fi
}
