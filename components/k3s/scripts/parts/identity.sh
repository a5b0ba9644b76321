# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# As which node this machine stands in its cluster already. A server that k3s starts under another name keeps its etcd member,
# which the old Node takes along when it goes; Longhorn knows the disks of a node by the node's name.

# The name of the node that this machine has been; nothing where it was none, or that is not known.
node_here() {
  local member
  member=$(member_on_disk)
  if [ -n "$member" ]; then
    node_of_member "$member"
  elif [ -e "$K3S_DATA/agent/client-kubelet.crt" ]; then
    sed -n 's/^node-name: *//p' "$K3S_ETC/config.yaml" 2>/dev/null | tr -d "'\"" || true
  fi
}

OTHER_NAME='' OTHER_NAME_FIX=''
# Sets what is wrong, and how it is fixed, where this machine is declared under another name than it has.
check_identity() {
  local known member uninstall=k3s-uninstall.sh
  known=$(node_here)
  if [ -z "$known" ] || [ "$known" = "$NODE" ]; then return 0; fi
  [ "$ROLE" = server ] || uninstall=k3s-agent-uninstall.sh
  member=$(member_on_disk)
  OTHER_NAME="this machine is the node $known of its cluster${member:+ (its etcd member is $member)}, and is declared as $NODE: nodes are not renamed in place"
  OTHER_NAME_FIX="declare it as $known again (hostnamectl set-hostname $known, if it was changed); or, one step each: take $known out of the stack file and run up, then $uninstall here, then add it as $NODE and run up"
}

refuse_other_name() {
  check_identity
  [ -z "$OTHER_NAME" ] || fail "$OTHER_NAME" "$OTHER_NAME_FIX"
}
