# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# What has to be installed on a host: what these scripts call, and what pods call that may run on it (PROGRAMS).
OURS=(systemctl journalctl curl flock sha256sum base64 ip ss awk sed sysctl xargs findmnt unshare)

missing_programs() {
  local program
  for program in "${OURS[@]}" ${PROGRAMS[@]+"${PROGRAMS[@]}"}; do
    command -v "$program" >/dev/null || echo "$program"
  done
}

check_programs() {
  local program missing why
  missing=$(missing_programs)
  # A new machine may be at its installation still.
  if [ -n "$missing" ] && command -v cloud-init >/dev/null; then
    step 'wait until cloud-init has ended'
    timeout 600 cloud-init status --wait >/dev/null 2>&1 || true
    missing=$(missing_programs)
  fi
  for program in $missing; do
    why=''
    [[ " ${OURS[*]} " == *" $program "* ]] || why=', which pods need that may run here'
    finding "there is no program $program$why" "install it: apt-get install $(package_of "$program")"
  done
}

package_of() {
  case $1 in
  ip | ss) echo iproute2 ;;
  flock | findmnt | unshare) echo util-linux ;;
  sha256sum | base64) echo coreutils ;;
  systemctl | journalctl) echo systemd ;;
  sysctl) echo procps ;;
  xargs) echo findutils ;;
  iscsiadm) echo 'open-iscsi, then systemctl enable --now iscsid' ;;
  *) echo "$1" ;;
  esac
}
