#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Before nodes join: where a machine was replaced by another of the same name, what the cluster remembers of the old one
# goes, or it would refuse the new one (etcd: duplicate node name; agents: node password rejected). Prints the fingerprint by
# which a first server that was replaced checks whom it joins, after another word each time: who keeps members and labels is
# told that one, and so runs again after a change that failed and was taken back.
lock
cat /proc/sys/kernel/random/uuid
# Copies of one disk have one machine id; systemd derives hardware addresses from it, those of the pods' network too.
for index in "${!NODES[@]}"; do
  for other in "${!NODES[@]}"; do
    # A restore knows no machine of a node that is declared and not there yet.
    if [ "$index" -ge "$other" ] || [ -z "${MACHINES[index]}" ] || [ "${MACHINES[index]}" != "${MACHINES[other]}" ]; then continue; fi
    fail "${NODES[index]} and ${NODES[other]} have the same machine id" \
      'on one of them: rm /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup; reboot'
  done
done
# A machine whose Node has another name than declared, and an address that is a member's of another server: whatever joined there
# would take that member's place, and the old Node would take it along.
find_other_names() {
  local index name machine known other member address
  local -A machine_of=()
  while IFS='|' read -r name _ _ machine _; do machine_of[$name]=$machine; done <<<"$table"
  for index in "${!NODES[@]}"; do
    name=${NODES[index]} other=''
    for known in "${!machine_of[@]}"; do
      [ -z "${MACHINES[index]}" ] || [ "$known" = "$name" ] || [ "${machine_of[$known]}" != "${MACHINES[index]}" ] || other=$known
    done
    if [ -n "$other" ] && [ "${machine_of[$name]:-}" != "${MACHINES[index]}" ]; then
      finding "the machine that is declared as $name is $other in the cluster: nodes are not renamed in place" \
        "declare it as $other again; or, one step each: take $other out of the stack file and run up, then take k3s off that machine (k3s-uninstall.sh, or k3s-agent-uninstall.sh), then add it as $name and run up"
      continue
    fi
    while IFS='|' read -r _ member address _; do
      other=$(node_of_member "$member")
      if [ "$address" != "${ADDRESSES[index]}" ] || [ "$member" = - ] || [ "$other" = "$name" ]; then continue; fi
      finding "$address, which is declared for $name, is the address of the etcd member $member" \
        "is it the same machine: declare it as $other again. Has another one taken that address over: first let the cluster forget $other, which is to be in the stack file no more (run up without $name), then add $name and run up"
    done <<<"$members"
  done
}

# The cluster has not begun: there is nothing to forget.
if [ -e "$RECORD/k3s.may-start-cluster" ] && ! api_ready; then exit 0; fi
require_api
fingerprint_here
step 'compare names with those of the cluster'
table=$(node_table)
members=$(members_here) || pass 'etcd here does not tell who its members are'
find_other_names
end_with_findings
free_lease_of_the_gone
step 'compare machines with those that joined'
OTHER_MACHINES=()
declare -A WANTED_MACHINE=() WANTED_ADDRESS=() FOUND_ADDRESS=()
for index in "${!NODES[@]}"; do
  WANTED_MACHINE[${NODES[index]}]=${MACHINES[index]}
  WANTED_ADDRESS[${NODES[index]}]=${ADDRESSES[index]}
done
while IFS='|' read -r name _ _ machine address _; do
  if [ -z "$machine" ] || [ "${WANTED_MACHINE[$name]:-$machine}" = "$machine" ]; then continue; fi
  OTHER_MACHINES+=("$name")
  FOUND_ADDRESS[$name]=$address
done <<<"$table"
if [ "${#OTHER_MACHINES[@]}" -eq 0 ]; then exit 0; fi
say "another machine is declared for ${OTHER_MACHINES[*]}: see which of them still live"
alive=$(living "${OTHER_MACHINES[@]}")
# Who lives says where, also after a restore, when the cluster remembers the machine before.
while IFS='|' read -r name _ _ _ address _; do FOUND_ADDRESS[$name]=$address; done < <(node_table)
for name in "${OTHER_MACHINES[@]}"; do
  if [[ $'\n'"$alive"$'\n' != *$'\n'"$name"$'\n'* ]]; then
    say "$name is another machine now"
    remove_node "$name" 0
  elif [ "${FOUND_ADDRESS[$name]}" = "${WANTED_ADDRESS[$name]}" ]; then
    # The same machine under another name of its own, such as a new host key: it lives, and need not join again.
    say "$name lives on at ${FOUND_ADDRESS[$name]}: it is the machine that is declared"
    kube label node --overwrite -- "$name" "isthmus/machine=${WANTED_MACHINE[$name]}" >/dev/null
    # Its password may be another than the cluster remembers: then the one counts that it says at its next start.
    kube -n kube-system delete secret --ignore-not-found -- "$name.node-password.k3s" >/dev/null
  else
    fail "the machine that was $name still runs, at ${FOUND_ADDRESS[$name]}, and another one is declared" \
      'switch it off, or take k3s off it (k3s-uninstall.sh, or k3s-agent-uninstall.sh): then run again'
  fi
done
