# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# The packages of this host's system, and whether they ask for a reboot. Only apt is known.

# Why this host's packages are not updated from here; nothing where they are.
unknown_packages() {
  local other
  ! command -v apt-get >/dev/null || return 0
  for other in transactional-update rpm-ostree dnf zypper apk pacman; do
    if command -v "$other" >/dev/null; then
      echo "its packages are kept by $other, and only apt-get is known here"
      return 0
    fi
  done
  echo 'it has no apt-get'
}

# What an upgrade would install, one a line, and what an upgrade that was cut off left half done. Held packages stay.
pending_packages() {
  dpkg-query -W -f='${db:Status-Status} ${Package}\n' | awk '/^(half-|unpacked|triggers-)/ { print $2 }'
  apt-get -s --with-new-pkgs upgrade 9>&- | awk '/^Inst / { print $2 }'
}

# kernel_kind RELEASE: amd64 of 6.1.0-18-amd64, rpi-v8 of 6.6.31+rpt-rpi-v8; kernels of one kind follow one another.
kernel_kind() { printf '%s\n' "$1" | sed 's/^[0-9.]*\(+[a-z]*[0-9]*\)\?\(-[0-9]*\)\?-//'; }

reboot_required() {
  local running kind file release
  [ ! -e /run/reboot-required ] || return 0
  # Not every system says so: is a newer kernel of this kind installed?
  running=$(uname -r)
  kind=$(kernel_kind "$running")
  for file in /boot/vmlinuz-*-"$kind"; do
    release=${file#/boot/vmlinuz-}
    if [ ! -e "$file" ] || [ "$(kernel_kind "$release")" != "$kind" ]; then continue; fi
    printf '%s\n%s\n' "$release" "$running" | sort -VC || return 0
  done
  return 1
}
