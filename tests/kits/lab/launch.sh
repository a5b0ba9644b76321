#!/usr/bin/env bash
# Keeps one test host running until it is switched off: launch.sh LAB NAME NETNS HOSTNAME
# Enters the network by nsenter: `ip netns exec` would mount /sys anew and lose the cgroups, which a real k3s needs.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$1 name=$2 netns=$3 hostname=$4
while :; do
  nsenter --net="/run/netns/$netns" \
    unshare --mount --pid --uts --ipc --fork --propagation private \
    bash "$here/boot.sh" "$lab" "$name" "$hostname"
  # 133 is what the host's PID 1 ends with when it was asked to reboot.
  [[ $? -eq 133 ]] || break
done
