#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Looks at a host before anything is changed on it, the first time and each time after. Everything that stands in the way is
# said at once, with its fix. Then the files of the release are got, so that no node is changed before all have them.
UNIT=k3s OTHER_UNIT=k3s-agent
[ "$ROLE" = server ] || UNIT=k3s-agent OTHER_UNIT=k3s
# Also while systemd starts it again and again: its ports are its own.
unit_runs() { case $(systemctl is-active "$1" 2>/dev/null || true) in active | activating | deactivating | reloading) ;; *) return 1 ;; esac; }
RUNS='' OTHER_RUNS=''
if unit_runs "$OTHER_UNIT"; then OTHER_RUNS=1; fi
if [ -n "$OTHER_RUNS" ] || unit_runs "$UNIT"; then RUNS=1; fi

check_system() {
  [ "$(id -u)" -eq 0 ] || finding 'this is not root' 'connect as root, or as somebody who may call sudo without a password'
  case $(uname -m) in
  x86_64 | aarch64) ;;
  *) finding "k3s is not declared for $(uname -m)" 'use a 64-bit system (amd64 or arm64)' ;;
  esac
  [ "$(getconf PAGESIZE)" = 4096 ] ||
    finding "the kernel has pages of $(getconf PAGESIZE) bytes, and many images need 4096" 'on a Raspberry Pi 5: kernel=kernel8.img in /boot/firmware/config.txt, then reboot'
  printf '%s\n' 4.19 "$(uname -r | sed 's/[^0-9.].*//')" | sort -VC || finding "the kernel $(uname -r) is too old" 'use a kernel from 4.19 on'
}

# What joined as one does not become the other by another unit beside it.
check_role() {
  local runs=server
  [ "$OTHER_UNIT" = k3s ] || runs=agent
  if [ -n "$OTHER_RUNS" ]; then
    finding "k3s runs here as $runs, and this node is declared as $ROLE" \
      "declare it as $runs; or take it out of the stack file, run up, and $OTHER_UNIT-uninstall.sh here, before it comes back as $ROLE"
  fi
}

# Nobody's cluster is taken over unasked. Whatever we start is installed by us first.
check_origin() {
  if [ -z "$RUNS" ] || [ -n "$OTHER_RUNS" ] || [ "$ADOPT" = true ] || [ -e "$RECORD/k3s.installer" ]; then return 0; fi
  finding 'a k3s runs here that did not come from here' \
    "to take its cluster over as it runs, declare adopt (docs/guide/adopt-a-cluster.md); or take it off this host, with all that it keeps: $UNIT-uninstall.sh"
}

check_cgroups() {
  local controllers line=/boot/firmware/cmdline.txt
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    controllers=" $(cat /sys/fs/cgroup/cgroup.controllers) "
  else
    controllers=" $(awk '$4 == 1 { print $1 }' /proc/cgroups | xargs) "
  fi
  [ -e "$line" ] || [ ! -e /boot/cmdline.txt ] || line=/boot/cmdline.txt
  local one
  for one in memory cpu cpuset; do
    [[ $controllers == *" $one "* ]] ||
      finding "the kernel has no $one cgroup controller" "on a Raspberry Pi: add cgroup_memory=1 cgroup_enable=memory to the one line of $line (elsewhere: to the kernel command line), then reboot"
  done
}

# From 1.35 on the kubelet ends on cgroup v1 unless it is told otherwise (failCgroupV1; KEP 5573 of kubernetes/enhancements).
check_cgroup_version() {
  local minor
  minor=$(cut -d. -f2 <<<"$VERSION")
  [ "$minor" -ge 35 ] && [ "$CGROUP_V1" = false ] && [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ] || return 0
  finding "this host has cgroup v1, and the kubelet of $VERSION does not start on it" \
    "systems from 2021 on have v2 (Debian 11, Ubuntu 21.10, Raspberry Pi OS 11); where yours has both, add systemd.unified_cgroup_hierarchy=1 to the kernel command line, take cgroup_no_v1 and systemd.unified_cgroup_hierarchy=0 out of it, and reboot. Until then stay at v1.34, or declare kubeletArguments: [fail-cgroupv1=false], which a later version will not take"
}

# shellcheck disable=SC2317 # called by retry
clock_synchronised() {
  command -v timedatectl >/dev/null || return 0
  [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null || echo yes)" = yes ]
}

# Clocks of servers that run, and of where the files come from. Of several the one that is nearest to half of them counts:
# one that is wrong itself is outvoted.
check_clock() {
  local ahead name synchronised=yes
  # A machine that has just booted takes a while.
  retry 30 clock_synchronised || synchronised=no
  read -r _ ahead name < <(other_clocks | sort -n | awk '{ line[NR] = $0 } END { if (NR) print line[int((NR + 1) / 2)] }') || true
  if [ -n "$ahead" ] && too_far "$ahead"; then
    finding "this clock says $(date -u +%FT%TZ): it is $(behind_or_ahead "$ahead") that of $name" "$CLOCK_FIX"
  elif [ "$synchronised" != yes ]; then
    finding "the clock is not synchronised (it says $(date -u +%FT%TZ))" "$CLOCK_FIX"
  fi
}

# One a line: how far it is off, by how much it is ahead, whose it is.
other_clocks() {
  local server
  for server in ${RUNNING[@]+"${RUNNING[@]}"}; do
    clock_line "${server%%|*}" "$(server_ahead "${server##*|}")" &
  done
  [ -z "$TIME_SOURCE" ] || clock_line "$TIME_SOURCE" "$(clock_ahead "$TIME_SOURCE")" &
  wait
}

clock_line() { [ -z "$2" ] || echo "${2#-} $2 $1"; }

check_name() {
  local name
  check_identity
  name=$(uname -n)
  # The nodes' own name is given to k3s: a domain behind this one does no harm.
  name=${name%%.*}
  if [ -n "$OTHER_NAME" ]; then
    finding "$OTHER_NAME" "$OTHER_NAME_FIX"
  elif [ "${name,,}" != "$NODE" ]; then
    finding "this host calls itself $name, and is declared as $NODE" "hostnamectl set-hostname $NODE, or correct its address in the stack file"
  fi
  # systemd derives hardware addresses from it, those of the pods' network too.
  grep -Eqx '[0-9a-f]{32}' /etc/machine-id 2>/dev/null || finding 'this host has no machine id' 'systemd-machine-id-setup, then reboot; a template of machines has none, and each clone makes its own'
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

# Who listens is asked once: it takes a look at every process of this host.
check_ports() {
  local kind here users port by wanted=' tcp/10250 '
  [ "$ROLE" = agent ] || wanted+='tcp/6443 tcp/2379 tcp/2380 '
  [ "$REGISTRY_PORT" = 0 ] || wanted+="tcp/$REGISTRY_PORT "
  [ "$BACKEND_PORT" = 0 ] || wanted+="udp/$BACKEND_PORT "
  while read -r kind _ _ _ here _ users; do
    port=${here##*:}
    if [[ $wanted != *" $kind/$port "* ]]; then continue; fi
    wanted=${wanted/" $kind/$port "/ }
    # What a k3s that was stopped left is its own.
    if [ "$kind" = udp ] && compgen -G '/sys/class/net/flannel*' >/dev/null; then continue; fi
    by='the kernel or another network namespace'
    if [[ $users =~ \"([^\"]*)\",pid=([0-9]+) ]]; then by="${BASH_REMATCH[1]} (process ${BASH_REMATCH[2]})"; fi
    finding "${kind^^} port $port is taken by $by" "stop it, or keep it off this host; who it is: ss -lntup 'sport = :$port'"
  done < <(ss -Hlntup 2>/dev/null)
}

check_addresses() {
  ip -o addr show | grep -F " $ADDRESS/" >/dev/null || finding "no interface has the address $ADDRESS" 'correct its address in the stack file, or on the host'
  ip route show default | grep . >/dev/null || finding 'there is no default route, which k3s needs to find its address and for services' \
    'add one, were it to nowhere, and keep it over reboots: ip link add dummy0 type dummy; ip addr add 203.0.113.254/31 dev dummy0; ip link set dummy0 up; ip route add default via 203.0.113.255 dev dummy0 metric 1000'
}

# Routes of all tables, as those that a VPN brings; what an earlier k3s left is its own.
check_networks() {
  local network route
  for network in "$CLUSTER_CIDR" "$SERVICE_CIDR"; do
    route=$({
      ip -o route show table all root "$network"
      ip -o route show table all match "$network"
    } 2>/dev/null | grep -Ev '^(unreachable |throw )?default|dev (cni0|flannel|kube-ipvs0)' || true)
    [ -z "$route" ] || finding "this host already routes $network: $(sed -n '1s/ *$//p' <<<"${route//\\/ }")" 'choose another cluster or service CIDR, or remove that route'
  done
}

# Only where the kernel's modules can be looked through.
check_modules() {
  local module modules='overlay br_netfilter'
  command -v modprobe >/dev/null && [ -d "/lib/modules/$(uname -r)" ] || return 0
  [ "$BACKEND_PORT" != 8472 ] || modules+=' vxlan'
  [ "$BACKEND_PORT" != 51820 ] || modules+=' wireguard'
  for module in $modules; do
    [ -d "/sys/module/$module" ] || modprobe -qn "$module" ||
      finding "the kernel has no module $module" 'install the rest of its modules (Ubuntu on a Raspberry Pi: apt-get install linux-modules-extra-raspi), then reboot'
  done
}

check_programs
[ -n "$RUNS" ] || ask_for_own_address
check_system
check_role
check_origin
check_adoption
check_modules
# Of a cluster that is to be adopted adopt.sh tells.
if [ "$ROLE" = server ] && [ -e "$RECORD/k3s.running" ]; then fixed_changes finding; fi
check_cgroups
check_cgroup_version
check_name
check_addresses
check_mounts
# Where k3s runs, its ports and networks are taken by itself, and the others have been reached.
if [ -z "$RUNS" ]; then
  check_size
  check_ports
  check_networks
  check_peers
  check_own_address
  check_api_address
fi
check_clock
end_with_findings

lock
step 'get the release'
stage_release
write_vip_interface
# Another word each time. Who changes this host next is told it, and so runs again after a change that failed and was taken back.
cat /proc/sys/kernel/random/uuid
