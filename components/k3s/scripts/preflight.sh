#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Looks at a host before anything is changed on it. Everything that stands in the way is said at once, with its mend.
FINDINGS=()
finding() { FINDINGS+=("$1|$2"); }
UNIT=k3s
[ "$ROLE" = server ] || UNIT=k3s-agent
if systemctl is-active --quiet "$UNIT" 2>/dev/null; then RUNS=1; else RUNS=''; fi

check_system() {
  [ "$(id -u)" -eq 0 ] || finding 'this is not root' 'connect as root, or as somebody who may call sudo without a password'
  local program
  for program in systemctl journalctl curl flock sha256sum base64 ip ss awk sed; do
    command -v "$program" >/dev/null || finding "there is no program $program" "install it: apt-get install $(package_of "$program")"
  done
  case $(uname -m) in
  x86_64 | aarch64) ;;
  *) finding "k3s is not declared for $(uname -m)" 'use a 64-bit system (amd64 or arm64)' ;;
  esac
  [ "$(getconf PAGESIZE)" = 4096 ] ||
    finding "the kernel has pages of $(getconf PAGESIZE) bytes, and many images need 4096" 'on a Raspberry Pi 5: kernel=kernel8.img in /boot/firmware/config.txt, then reboot'
  printf '%s\n' 4.19 "$(uname -r | sed 's/[^0-9.].*//')" | sort -VC || finding "the kernel $(uname -r) is too old" 'use a kernel from 4.19 on'
}

package_of() {
  case $1 in
  ip | ss) echo iproute2 ;;
  flock) echo util-linux ;;
  sha256sum | base64) echo coreutils ;;
  systemctl | journalctl) echo systemd ;;
  *) echo "$1" ;;
  esac
}

check_cgroups() {
  local controllers
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    controllers=" $(cat /sys/fs/cgroup/cgroup.controllers) "
  else
    controllers=" $(awk '$4 == 1 { print $1 }' /proc/cgroups | xargs) "
  fi
  local one
  for one in memory cpu cpuset; do
    [[ $controllers == *" $one "* ]] ||
      finding "the kernel has no $one cgroup controller" 'add cgroup_memory=1 cgroup_enable=memory to the one line of /boot/firmware/cmdline.txt (elsewhere: to the kernel command line) and reboot'
  done
}

check_clock() {
  command -v timedatectl >/dev/null || return 0
  [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null || echo yes)" = yes ] ||
    finding "the clock is not synchronised (it says $(date -u +%FT%TZ))" 'timedatectl set-ntp true, and see that UDP 123 leaves the network'
}

check_name() {
  local name
  name=$(uname -n)
  [ "${name,,}" = "$NODE" ] || finding "this host calls itself $name, and is declared as $NODE" "hostnamectl set-hostname $NODE, or correct its address in the stack file"
}

# At most 300 MiB less than a server needs by k3s' own requirements: what the firmware keeps does not count.
check_size() {
  local memory least=1748 free
  [ "$ROLE" = server ] || least=212
  memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  [ "$memory" -ge "$least" ] || finding "there are $memory MiB of memory, and a k3s $ROLE needs $((least + 300))" 'give it more memory, or another role'
  free=$(df -Pm /var/lib | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$DISK_MIB" ] || finding "$free MiB are free below /var/lib, and $DISK_MIB are needed" 'make room or give it a larger disk'
}

check_ports() {
  local port ports='10250'
  [ "$ROLE" = agent ] || ports='6443 2379 2380 10250'
  for port in $ports; do
    [ -z "$(ss -Hltn "sport = :$port" 2>/dev/null)" ] || finding "TCP port $port is taken" "see who has it: ss -ltnp 'sport = :$port'; stop it"
  done
  if [ "$BACKEND_PORT" -gt 0 ] && [ -n "$(ss -Hlun "sport = :$BACKEND_PORT" 2>/dev/null)" ]; then
    finding "UDP port $BACKEND_PORT is taken" "see who has it: ss -lunp 'sport = :$BACKEND_PORT'; stop it"
  fi
}

check_addresses() {
  ip -o addr show | grep -F " $ADDRESS/" >/dev/null || finding "no interface has the address $ADDRESS" 'correct its address in the stack file, or on the host'
  ip route show default | grep . >/dev/null || finding 'there is no default route, which k3s needs to find its address and for services' \
    'add one, were it to nowhere, and keep it over reboots: ip link add dummy0 type dummy; ip addr add 203.0.113.254/31 dev dummy0; ip link set dummy0 up; ip route add default via 203.0.113.255 dev dummy0 metric 1000'
}

check_networks() {
  local network route
  for network in "$CLUSTER_CIDR" "$SERVICE_CIDR"; do
    route=$(ip -o route show root "$network" 2>/dev/null; ip -o route show match "$network" 2>/dev/null | grep -v '^default' || true)
    [ -z "$route" ] || finding "this host already routes $network: ${route%%$'\n'*}" 'choose another cluster or service CIDR, or remove that route'
  done
}

check_system
check_cgroups
check_clock
check_name
check_addresses
# Where k3s runs, its ports and networks are taken by itself.
if [ -z "$RUNS" ]; then
  check_size
  check_ports
  check_networks
fi
[ "${#FINDINGS[@]}" -gt 0 ] || exit 0
trap - ERR
say "${#FINDINGS[@]} finding(s) before anything was changed:"
for one in "${FINDINGS[@]}"; do
  say "- ${one%%|*}"
  say "  mend: ${one#*|}"
done
exit 1
