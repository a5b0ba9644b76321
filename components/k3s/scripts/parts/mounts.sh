# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Disks that are mounted where k3s or Longhorn keeps data. One that comes late, or not at all, must not leave them the empty folder
# below it: a server would find no etcd there, and Longhorn would fill the disk of the system.

# Where k3s keeps what it cannot do without: it does not start before these are mounted, if they are disks of their own.
K3S_PLACES="/var/lib/rancher /var/lib/kubelet $RECORD"

# mounts_of FOLDER…: what /etc/fstab mounts there or below, and by itself.
mounts_of() {
  folders="$*" awk '
    BEGIN { count = split(ENVIRON["folders"], folders, " ") }
    $1 ~ /^#/ || $4 ~ /(^|,)noauto(,|$)/ { next }
    { for (i = 1; i <= count; i++) if ($2 == folders[i] || index($2, folders[i] "/") == 1) { print $2; next } }' /etc/fstab 2>/dev/null || true
}

# What would be written below a disk that is away is gone from sight when it comes back.
check_mounts() {
  local path
  for path in $(mounts_of "$K3S_PLACES" /var/lib/longhorn); do
    findmnt -n --mountpoint "$path" >/dev/null 2>&1 ||
      finding "nothing is mounted on $path, which /etc/fstab has a disk for" "see why (mount $path; journalctl -b -u '*.mount'), or take its line out of /etc/fstab, where that disk is gone for good"
  done
}

# In its own place in the tree, where nothing is mounted: found from the folder above it, in a tree of this command alone. What lies
# there already stays.
seal_below() {
  # shellcheck disable=SC2016 # expanded there
  unshare -m bash -c 'mkdir -p /run/isthmus.below && mount --bind "${1%/*}" /run/isthmus.below && cd "/run/isthmus.below/${1##*/}" &&
    { [ -n "$(ls -A .)" ] || chattr +i .; }' seal "$1" >/dev/null 2>&1 9>&- || true
}

# mount_unit PATH: its name for systemd (systemd-escape --path).
mount_unit() {
  local name=${1#/}
  if [[ $name =~ ^[A-Za-z0-9_./]+$ ]]; then printf '%s.mount' "${name//\//-}"; else systemd-escape --path --suffix=mount "$1"; fi
}

# Longhorn's disks are waited for, and k3s starts without one that does not come: the node is well but for it, and Longhorn writes
# nothing to what is sealed.
guard_mounts() {
  local path unit wanted='' file="/etc/systemd/system/$UNIT.service.d/isthmus-mounts.conf" before
  for path in $(mounts_of /var/lib/longhorn); do
    unit=$(mount_unit "$path")
    wanted+="Wants=$unit"$'\n'"After=$unit"$'\n'
    seal_below "$path"
  done
  before=$(cat "$file" 2>/dev/null || true)
  put "$file" 0644 "[Unit]"$'\n'"RequiresMountsFor=$K3S_PLACES"$'\n'"$wanted"
  [ "$before" = "$(cat "$file")" ] || systemctl daemon-reload 9>&-
}
