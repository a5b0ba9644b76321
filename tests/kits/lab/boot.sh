#!/usr/bin/env bash
# Runs as PID 1 of a test host's namespaces: builds its root file system and becomes its init. boot.sh LAB NAME HOSTNAME
set -euo pipefail
lab=$1 name=$2
hostname "$3"
# /proc is still the machine's: there this process has the id by which the machine can kill it.
read -r pid _ </proc/self/stat
echo "$pid" >"$lab/hosts/$name/pid"

root="$lab/hosts/$name/root"
mount -t overlay overlay \
  -o "lowerdir=$lab/base:/,upperdir=$lab/hosts/$name/disk/upper,workdir=$lab/hosts/$name/disk/work" "$root"
cd "$root"
mkdir -p .machine
pivot_root . .machine
cd /

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount --rbind /.machine/sys/fs/cgroup /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /dev
for device in null zero full random urandom tty fuse kmsg; do
  if [[ -e /.machine/dev/$device ]]; then
    : >"/dev/$device"
    mount --bind "/.machine/dev/$device" "/dev/$device"
  fi
done
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr

# Kernel settings that no namespace holds apart would be the machine's: they are read-only here, but for those of the
# network, and those that the CIS profile sets, of which each host gets its own file.
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind /.machine/proc/sys/net /proc/sys/net 2>/dev/null || true
mkdir -p /run/sysctl
for key in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxbytes kernel/keys/root_maxkeys; do
  [[ -e /proc/sys/$key ]] || continue
  file="/run/sysctl/${key//\//.}"
  cat "/proc/sys/$key" >"$file"
  mount --bind "$file" "/proc/sys/$key"
done
# Another one at every boot, as a machine has it.
cat /proc/sys/kernel/random/uuid >/run/sysctl/boot_id
mount --bind /run/sysctl/boot_id /proc/sys/kernel/random/boot_id
if [[ -e /proc/sysrq-trigger ]]; then
  mount --bind /proc/sysrq-trigger /proc/sysrq-trigger
  mount -o remount,bind,ro /proc/sysrq-trigger
fi

umount -l /.machine
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root \
  setpriv --bounding-set=-sys_time,-sys_boot,-sys_module \
  /usr/bin/python3 -I /usr/lib/test-host-init/start
